/*
 * Record tables of the configuration: one field for each member that the
 * schema fills, and for the content of files.
 */
#include "gateway/config/config_shape.h"

#include "gateway/config/config.h"
#include "gateway/config/config_type.h"

#define NUMBER(tag, width, type, member) \
	RECORD_NUMBER(tag, RECORD_U##width, struct type, member)
#define TEXT_OF(tag, type, member, most) \
	RECORD_TEXT_FIELD(tag, struct type, member, most)
#define TEXTS_OF(tag, type, member, counter, most) \
	RECORD_TEXTS_FIELD(tag, struct type, member, counter, most)
#define LIST_OF(tag, member, counter, most, shape) \
	RECORD_LIST_FIELD(tag, struct config, member, counter, most, shape)
#define ONE_OF(tag, type, member, shape) \
	RECORD_ONE_FIELD(tag, struct type, member, shape)

static const struct record_field listener_fields[] = {
	TEXT_OF(1, config_listener, name, CONFIG_NAME_MAX),
	TEXT_OF(2, config_listener, address, CONFIG_ADDRESS_MAX),
	NUMBER(3, 16, config_listener, port),
	NUMBER(4, 8, config_listener, tls),
	TEXT_OF(5, config_listener, certificate, CONFIG_NAME_MAX),
	NUMBER(6, 32, config_listener, max_connections),
	NUMBER(7, 32, config_listener, max_connections_per_client),
	TEXT_OF(8, config_listener, banner, 200),
};
const struct record_shape config_listener_shape =
	RECORD_SHAPE(config_listener, listener_fields);

static const struct record_field sender_group_fields[] = {
	TEXT_OF(1, config_sender_group, name, CONFIG_NAME_MAX),
	TEXTS_OF(2, config_sender_group, listeners, listener_count, 64),
	TEXTS_OF(3, config_sender_group, addresses, address_count, 10000),
	TEXT_OF(4, config_sender_group, flow_policy, CONFIG_NAME_MAX),
};
const struct record_shape config_sender_group_shape =
	RECORD_SHAPE(config_sender_group, sender_group_fields);

static const struct record_field flow_policy_fields[] = {
	TEXT_OF(1, config_flow_policy, name, CONFIG_NAME_MAX),
	NUMBER(2, 8, config_flow_policy, action),
	NUMBER(3, 8, config_flow_policy, tls),
	NUMBER(4, 64, config_flow_policy, max_message_size),
	NUMBER(5, 32, config_flow_policy, max_recipients),
	NUMBER(6, 32, config_flow_policy, max_messages),
	NUMBER(7, 32, config_flow_policy, max_invalid_recipients),
	NUMBER(8, 32, config_flow_policy, max_errors),
	NUMBER(9, 64, config_flow_policy, messages_per_hour),
	NUMBER(10, 64, config_flow_policy, recipients_per_hour),
	TEXT_OF(11, config_flow_policy, reject_text, 400),
};
const struct record_shape config_flow_policy_shape =
	RECORD_SHAPE(config_flow_policy, flow_policy_fields);

static const struct record_field recipient_access_fields[] = {
	TEXTS_OF(1, config_recipient_access, patterns, pattern_count, 100000),
	NUMBER(2, 8, config_recipient_access, action),
	NUMBER(3, 16, config_recipient_access, reply),
	TEXT_OF(4, config_recipient_access, text, 400),
};
const struct record_shape config_recipient_access_shape =
	RECORD_SHAPE(config_recipient_access, recipient_access_fields);

static const struct record_field destination_fields[] = {
	TEXTS_OF(1, config_destination, domains, domain_count, 10000),
	NUMBER(2, 8, config_destination, tls),
	TEXTS_OF(3, config_destination, tls_names, tls_name_count, 100),
	NUMBER(4, 32, config_destination, concurrency),
	NUMBER(5, 32, config_destination, messages_per_connection),
	TEXT_OF(6, config_destination, bounce_profile, CONFIG_NAME_MAX),
};
const struct record_shape config_destination_shape =
	RECORD_SHAPE(config_destination, destination_fields);

static const struct record_field route_fields[] = {
	TEXTS_OF(1, config_route, domains, domain_count, 10000),
	TEXTS_OF(2, config_route, hosts, host_count, 20),
};
const struct record_shape config_route_shape =
	RECORD_SHAPE(config_route, route_fields);

static const struct record_field bounce_profile_fields[] = {
	TEXT_OF(1, config_bounce_profile, name, CONFIG_NAME_MAX),
	NUMBER(2, 64, config_bounce_profile, retry_initial_ms),
	NUMBER(3, 64, config_bounce_profile, retry_max_ms),
	NUMBER(4, 64, config_bounce_profile, lifetime_ms),
	NUMBER(5, 64, config_bounce_profile, delay_warning_ms),
	NUMBER(6, 8, config_bounce_profile, send_bounces),
};
const struct record_shape config_bounce_profile_shape =
	RECORD_SHAPE(config_bounce_profile, bounce_profile_fields);

static const struct record_field content_filter_fields[] = {
	TEXT_OF(1, config_content_filter, name, CONFIG_NAME_MAX),
	TEXT_OF(2, config_content_filter, description, CONFIG_TEXT_BYTES),
	NUMBER(3, 8, config_content_filter, active),
	NUMBER(4, 8, config_content_filter, match),
	TEXTS_OF(5, config_content_filter, conditions, condition_count,
	    CONFIG_FILTER_TEXTS_MAX),
	TEXTS_OF(6, config_content_filter, actions, action_count,
	    CONFIG_FILTER_TEXTS_MAX),
};
const struct record_shape config_content_filter_shape =
	RECORD_SHAPE(config_content_filter, content_filter_fields);

static const struct record_field content_filters_fields[] = {
	RECORD_LIST_FIELD(1, struct config_content_filters, incoming,
	    incoming_count, CONFIG_FILTERS_MAX,
	    &config_content_filter_shape),
	RECORD_LIST_FIELD(2, struct config_content_filters, outgoing,
	    outgoing_count, CONFIG_FILTERS_MAX,
	    &config_content_filter_shape),
};
const struct record_shape config_content_filters_shape =
	RECORD_SHAPE(config_content_filters, content_filters_fields);

static const struct record_field mail_policy_fields[] = {
	TEXT_OF(1, config_mail_policy, name, CONFIG_NAME_MAX),
	TEXT_OF(2, config_mail_policy, description, CONFIG_TEXT_BYTES),
	NUMBER(3, 8, config_mail_policy, active),
	NUMBER(4, 8, config_mail_policy, match),
	TEXTS_OF(5, config_mail_policy, sender_fields, sender_field_count, 4),
	TEXTS_OF(6, config_mail_policy, senders, sender_count,
	    CONFIG_POLICY_PATTERNS_MAX),
	TEXTS_OF(7, config_mail_policy, sender_groups, sender_group_count,
	    CONFIG_POLICY_GROUPS_MAX),
	TEXTS_OF(8, config_mail_policy, except_senders, except_sender_count,
	    CONFIG_POLICY_PATTERNS_MAX),
	TEXTS_OF(9, config_mail_policy, except_sender_groups,
	    except_sender_group_count, CONFIG_POLICY_GROUPS_MAX),
	TEXTS_OF(10, config_mail_policy, recipients, recipient_count,
	    CONFIG_POLICY_PATTERNS_MAX),
	TEXTS_OF(11, config_mail_policy, recipient_groups,
	    recipient_group_count, CONFIG_POLICY_GROUPS_MAX),
	TEXTS_OF(12, config_mail_policy, except_recipients,
	    except_recipient_count, CONFIG_POLICY_PATTERNS_MAX),
	TEXTS_OF(13, config_mail_policy, except_recipient_groups,
	    except_recipient_group_count, CONFIG_POLICY_GROUPS_MAX),
	TEXTS_OF(14, config_mail_policy, content_filters,
	    content_filter_count, CONFIG_FILTERS_MAX),
};
const struct record_shape config_mail_policy_shape =
	RECORD_SHAPE(config_mail_policy, mail_policy_fields);

static const struct record_field mail_policies_fields[] = {
	RECORD_LIST_FIELD(1, struct config_mail_policies, incoming,
	    incoming_count, CONFIG_POLICIES_MAX, &config_mail_policy_shape),
	RECORD_LIST_FIELD(2, struct config_mail_policies, outgoing,
	    outgoing_count, CONFIG_POLICIES_MAX, &config_mail_policy_shape),
};
const struct record_shape config_mail_policies_shape =
	RECORD_SHAPE(config_mail_policies, mail_policies_fields);

static const struct record_field dictionary_fields[] = {
	TEXT_OF(1, config_dictionary, name, CONFIG_NAME_MAX),
	TEXT_OF(2, config_dictionary, description, CONFIG_TEXT_BYTES),
	NUMBER(3, 8, config_dictionary, ignore_case),
	NUMBER(4, 8, config_dictionary, whole_words),
	TEXTS_OF(5, config_dictionary, terms, term_count,
	    CONFIG_DICTIONARY_TERMS_MAX),
	TEXT_OF(6, config_dictionary, file, CONFIG_FILE_MAX),
	TEXT_OF(7, config_dictionary, file_text, CONFIG_DICTIONARY_FILE_MAX),
};
const struct record_shape config_dictionary_shape =
	RECORD_SHAPE(config_dictionary, dictionary_fields);

static const struct record_field quarantine_fields[] = {
	TEXT_OF(1, config_quarantine, name, CONFIG_NAME_MAX),
	TEXT_OF(2, config_quarantine, description, CONFIG_TEXT_BYTES),
};
const struct record_shape config_quarantine_shape =
	RECORD_SHAPE(config_quarantine, quarantine_fields);

static const struct record_field directory_query_fields[] = {
	TEXT_OF(1, config_directory_query, name, CONFIG_NAME_MAX),
	TEXT_OF(2, config_directory_query, filter, CONFIG_DIRECTORY_TEXT_MAX),
	TEXT_OF(3, config_directory_query, base, CONFIG_DIRECTORY_TEXT_MAX),
	TEXT_OF(4, config_directory_query, group, CONFIG_DIRECTORY_TEXT_MAX),
	TEXT_OF(5, config_directory_query, attribute, CONFIG_NAME_MAX),
};
const struct record_shape config_directory_query_shape =
	RECORD_SHAPE(config_directory_query, directory_query_fields);

static const struct record_field directory_fields[] = {
	TEXT_OF(1, config_directory, name, CONFIG_NAME_MAX),
	TEXTS_OF(2, config_directory, servers, server_count,
	    CONFIG_DIRECTORY_SERVERS_MAX),
	NUMBER(3, 8, config_directory, start_tls),
	TEXT_OF(4, config_directory, trust_file, CONFIG_FILE_MAX),
	TEXT_OF(5, config_directory, trust_pem, CONFIG_CERTIFICATE_MAX),
	TEXT_OF(6, config_directory, bind_dn, CONFIG_DIRECTORY_TEXT_MAX),
	TEXT_OF(7, config_directory, password_file, CONFIG_FILE_MAX),
	TEXT_OF(8, config_directory, base, CONFIG_DIRECTORY_TEXT_MAX),
	NUMBER(9, 64, config_directory, timeout_ms),
	NUMBER(10, 8, config_directory, on_failure),
	RECORD_LIST_FIELD(11, struct config_directory, queries, query_count,
	    CONFIG_DIRECTORY_QUERIES_MAX, &config_directory_query_shape),
};
const struct record_shape config_directory_shape =
	RECORD_SHAPE(config_directory, directory_fields);

static const struct record_field text_resource_fields[] = {
	TEXT_OF(1, config_text_resource, name, CONFIG_NAME_MAX),
	NUMBER(2, 8, config_text_resource, type),
	TEXT_OF(3, config_text_resource, plain, CONFIG_TEXT_RESOURCE_MAX),
	TEXT_OF(4, config_text_resource, html, CONFIG_TEXT_RESOURCE_MAX),
};
const struct record_shape config_text_resource_shape =
	RECORD_SHAPE(config_text_resource, text_resource_fields);

static const struct record_field encryption_profile_fields[] = {
	TEXT_OF(1, config_encryption_profile, name, CONFIG_NAME_MAX),
	TEXT_OF(2, config_encryption_profile, key_service_url,
	    CONFIG_URL_MAX),
	TEXT_OF(3, config_encryption_profile, portal_url, CONFIG_URL_MAX),
	TEXT_OF(4, config_encryption_profile, organisation, 200),
	NUMBER(5, 8, config_encryption_profile, form),
	NUMBER(6, 8, config_encryption_profile, tls_verified),
	NUMBER(7, 64, config_encryption_profile, expires_ms),
	NUMBER(8, 64, config_encryption_profile, timeout_ms),
	TEXT_OF(9, config_encryption_profile, failure_subject, 200),
};
const struct record_shape config_encryption_profile_shape =
	RECORD_SHAPE(config_encryption_profile, encryption_profile_fields);

static const struct record_field encryption_fields[] = {
	NUMBER(1, 64, config_encryption, max_message_size),
	TEXT_OF(2, config_encryption, client_certificate, CONFIG_NAME_MAX),
	TEXT_OF(3, config_encryption, trust_file, CONFIG_FILE_MAX),
	TEXT_OF(4, config_encryption, trust_pem, CONFIG_CERTIFICATE_MAX),
	RECORD_LIST_FIELD(5, struct config_encryption, profiles,
	    profile_count, 100, &config_encryption_profile_shape),
};
const struct record_shape config_encryption_shape =
	RECORD_SHAPE(config_encryption, encryption_fields);

static const struct record_field service_listener_fields[] = {
	TEXT_OF(1, config_service_listener, address, CONFIG_ADDRESS_MAX),
	NUMBER(2, 16, config_service_listener, port),
	TEXT_OF(3, config_service_listener, certificate, CONFIG_NAME_MAX),
};
const struct record_shape config_service_listener_shape =
	RECORD_SHAPE(config_service_listener, service_listener_fields);

static const struct record_field portal_fields[] = {
	TEXT_OF(1, config_portal, address, CONFIG_ADDRESS_MAX),
	NUMBER(2, 16, config_portal, port),
	TEXT_OF(3, config_portal, certificate, CONFIG_NAME_MAX),
	TEXT_OF(4, config_portal, url, CONFIG_URL_MAX),
};
const struct record_shape config_portal_shape =
	RECORD_SHAPE(config_portal, portal_fields);

static const struct record_field key_service_fields[] = {
	NUMBER(1, 8, config_key_service, enabled),
	TEXT_OF(2, config_key_service, directory, CONFIG_FILE_MAX),
	TEXT_OF(3, config_key_service, master_key_file, CONFIG_FILE_MAX),
	ONE_OF(4, config_key_service, management,
	    &config_service_listener_shape),
	TEXT_OF(5, config_key_service, client_trust_file, CONFIG_FILE_MAX),
	TEXT_OF(6, config_key_service, client_trust_pem,
	    CONFIG_CERTIFICATE_MAX),
	ONE_OF(7, config_key_service, portal, &config_portal_shape),
	TEXT_OF(8, config_key_service, sender, CONFIG_MAIL_MAX),
	NUMBER(9, 64, config_key_service, code_lifetime_ms),
	NUMBER(10, 64, config_key_service, session_lifetime_ms),
	NUMBER(11, 64, config_key_service, upload_memory),
	NUMBER(12, 64, config_key_service, retention_ms),
};
const struct record_shape config_key_service_shape =
	RECORD_SHAPE(config_key_service, key_service_fields);

static const struct record_field certificate_fields[] = {
	TEXT_OF(1, config_certificate, name, CONFIG_NAME_MAX),
	TEXT_OF(2, config_certificate, certificate_file, CONFIG_FILE_MAX),
	TEXT_OF(3, config_certificate, key_file, CONFIG_FILE_MAX),
	TEXT_OF(4, config_certificate, certificate_pem,
	    CONFIG_CERTIFICATE_MAX),
};
const struct record_shape config_certificate_shape =
	RECORD_SHAPE(config_certificate, certificate_fields);

static const struct record_field tls_fields[] = {
	RECORD_LIST_FIELD(1, struct config_tls, certificates,
	    certificate_count, 500, &config_certificate_shape),
	NUMBER(2, 8, config_tls, trust_system),
	TEXTS_OF(3, config_tls, trust_files, trust_file_count, 50),
	TEXT_OF(4, config_tls, trust_pem, CONFIG_TRUST_MAX),
};
const struct record_shape config_tls_shape =
	RECORD_SHAPE(config_tls, tls_fields);

static const struct record_field dns_fields[] = {
	TEXTS_OF(1, config_dns, forwarders, forwarder_count, 16),
	NUMBER(2, 16, config_dns, port),
	TEXTS_OF(3, config_dns, root_hints, root_hint_count, 32),
	TEXT_OF(4, config_dns, trust_anchor_file, CONFIG_FILE_MAX),
	TEXT_OF(5, config_dns, trust_anchor, CONFIG_TRUST_ANCHOR_MAX),
	NUMBER(6, 64, config_dns, timeout_ms),
	NUMBER(7, 64, config_dns, list_timeout_ms),
	NUMBER(8, 8, config_dns, list_on_failure),
};
const struct record_shape config_dns_shape =
	RECORD_SHAPE(config_dns, dns_fields);

static const struct record_field users_fields[] = {
	TEXT_OF(1, config_users, smtp, CONFIG_USER_MAX),
	TEXT_OF(2, config_users, queue, CONFIG_USER_MAX),
	TEXT_OF(3, config_users, lookup, CONFIG_USER_MAX),
	TEXT_OF(4, config_users, deliver, CONFIG_USER_MAX),
	TEXT_OF(5, config_users, keys, CONFIG_USER_MAX),
	TEXT_OF(6, config_users, admin, CONFIG_USER_MAX),
	TEXT_OF(7, config_users, scan, CONFIG_USER_MAX),
	TEXT_OF(8, config_users, protect, CONFIG_USER_MAX),
	TEXT_OF(9, config_users, vault, CONFIG_USER_MAX),
	TEXT_OF(10, config_users, portal, CONFIG_USER_MAX),
	TEXT_OF(11, config_users, unseal, CONFIG_USER_MAX),
	TEXT_OF(12, config_users, inspect, CONFIG_USER_MAX),
};
const struct record_shape config_users_shape =
	RECORD_SHAPE(config_users, users_fields);

static const struct record_field processes_fields[] = {
	NUMBER(1, 32, config_processes, smtp),
	NUMBER(2, 32, config_processes, deliver),
	NUMBER(3, 32, config_processes, keys),
	TEXT_OF(4, config_processes, queue_directory, CONFIG_FILE_MAX),
	TEXT_OF(5, config_processes, run_directory, CONFIG_FILE_MAX),
	ONE_OF(6, config_processes, users, &config_users_shape),
	NUMBER(7, 32, config_processes, scan),
	NUMBER(8, 32, config_processes, inspect),
};
const struct record_shape config_processes_shape =
	RECORD_SHAPE(config_processes, processes_fields);

static const struct record_field logs_fields[] = {
	NUMBER(1, 8, config_logs, level),
	NUMBER(2, 8, config_logs, to_stderr),
	TEXT_OF(3, config_logs, file, CONFIG_FILE_MAX),
	NUMBER(4, 8, config_logs, syslog),
	TEXT_OF(5, config_logs, syslog_socket, CONFIG_FILE_MAX),
	NUMBER(6, 8, config_logs, syslog_facility),
};
const struct record_shape config_logs_shape =
	RECORD_SHAPE(config_logs, logs_fields);

static const struct record_field limits_fields[] = {
	NUMBER(1, 64, config_limits, message_size),
	NUMBER(2, 64, config_limits, in_flight),
	NUMBER(3, 64, config_limits, hot_bodies),
	NUMBER(4, 64, config_limits, segment_size),
	NUMBER(5, 32, config_limits, segment_pool),
	NUMBER(6, 64, config_limits, free_space_reserve),
	NUMBER(7, 64, config_limits, header_size),
	NUMBER(8, 32, config_limits, header_count),
	NUMBER(9, 64, config_limits, line_length),
	NUMBER(10, 32, config_limits, received_count),
	NUMBER(11, 8, config_limits, refuse_nul),
	NUMBER(12, 64, config_limits, command_timeout_ms),
	NUMBER(13, 64, config_limits, data_timeout_ms),
	NUMBER(14, 64, config_limits, data_rate),
	NUMBER(15, 64, config_limits, session_timeout_ms),
	NUMBER(16, 64, config_limits, connect_timeout_ms),
	NUMBER(17, 64, config_limits, reply_timeout_ms),
	NUMBER(18, 64, config_limits, final_reply_timeout_ms),
	NUMBER(19, 64, config_limits, idle_connection_ms),
};
const struct record_shape config_limits_shape =
	RECORD_SHAPE(config_limits, limits_fields);

static const struct record_field management_fields[] = {
	TEXT_OF(1, config_management, control_socket, CONFIG_FILE_MAX),
	TEXT_OF(2, config_management, policy_tests, CONFIG_FILE_MAX),
};
const struct record_shape config_management_shape =
	RECORD_SHAPE(config_management, management_fields);

static const struct record_field retention_fields[] = {
	NUMBER(1, 64, config_retention, event_log_ms),
};
const struct record_shape config_retention_shape =
	RECORD_SHAPE(config_retention, retention_fields);

static const struct record_field config_fields[] = {
	TEXT_OF(1, config, hostname, CONFIG_DOMAIN_MAX),
	LIST_OF(2, listeners, listener_count, 64, &config_listener_shape),
	LIST_OF(3, sender_groups, sender_group_count, 1000,
	    &config_sender_group_shape),
	LIST_OF(4, flow_policies, flow_policy_count, 200,
	    &config_flow_policy_shape),
	LIST_OF(5, recipient_access, recipient_access_count, 1000,
	    &config_recipient_access_shape),
	LIST_OF(6, destinations, destination_count, 5000,
	    &config_destination_shape),
	LIST_OF(7, routes, route_count, 5000, &config_route_shape),
	LIST_OF(8, bounce_profiles, bounce_profile_count, 100,
	    &config_bounce_profile_shape),
	ONE_OF(9, config, tls, &config_tls_shape),
	ONE_OF(10, config, dns, &config_dns_shape),
	ONE_OF(11, config, processes, &config_processes_shape),
	ONE_OF(12, config, logs, &config_logs_shape),
	ONE_OF(13, config, limits, &config_limits_shape),
	ONE_OF(14, config, management, &config_management_shape),
	ONE_OF(15, config, retention, &config_retention_shape),
	ONE_OF(16, config, content_filters, &config_content_filters_shape),
	LIST_OF(17, quarantines, quarantine_count, 100,
	    &config_quarantine_shape),
	ONE_OF(18, config, encryption, &config_encryption_shape),
	ONE_OF(19, config, key_service, &config_key_service_shape),
	TEXT_OF(20, config, message_filters_file, CONFIG_FILE_MAX),
	TEXT_OF(21, config, message_filters_text, CONFIG_MESSAGE_FILTERS_MAX),
	ONE_OF(22, config, mail_policies, &config_mail_policies_shape),
	LIST_OF(24, dictionaries, dictionary_count, CONFIG_DICTIONARIES_MAX,
	    &config_dictionary_shape),
	LIST_OF(25, text_resources, text_resource_count,
	    CONFIG_TEXT_RESOURCES_MAX, &config_text_resource_shape),
	LIST_OF(28, directories, directory_count, CONFIG_DIRECTORIES_MAX,
	    &config_directory_shape),
};
const struct record_shape config_shape = RECORD_SHAPE(config, config_fields);
