/*
 * How the structs of the configuration travel as records; config_shape
 * itself is in config.h.  Tags are never used again.
 */
#ifndef GATEWAY_CONFIG_CONFIG_SHAPE_H
#define GATEWAY_CONFIG_CONFIG_SHAPE_H

#include "gateway/base/record.h"

/* Most bytes of the files whose content a snapshot carries. */
#define CONFIG_CERTIFICATE_MAX (64u * 1024u)
#define CONFIG_TRUST_MAX (8u * 1024u * 1024u)
#define CONFIG_TRUST_ANCHOR_MAX (64u * 1024u)

extern const struct record_shape config_listener_shape;
extern const struct record_shape config_sender_group_shape;
extern const struct record_shape config_flow_policy_shape;
extern const struct record_shape config_recipient_access_shape;
extern const struct record_shape config_destination_shape;
extern const struct record_shape config_route_shape;
extern const struct record_shape config_bounce_profile_shape;
extern const struct record_shape config_content_filter_shape;
extern const struct record_shape config_content_filters_shape;
extern const struct record_shape config_dictionary_shape;
extern const struct record_shape config_mail_policy_shape;
extern const struct record_shape config_mail_policies_shape;
extern const struct record_shape config_quarantine_shape;
extern const struct record_shape config_directory_shape;
extern const struct record_shape config_directory_query_shape;
extern const struct record_shape config_text_resource_shape;
extern const struct record_shape config_encryption_profile_shape;
extern const struct record_shape config_encryption_shape;
extern const struct record_shape config_service_listener_shape;
extern const struct record_shape config_portal_shape;
extern const struct record_shape config_key_service_shape;
extern const struct record_shape config_certificate_shape;
extern const struct record_shape config_tls_shape;
extern const struct record_shape config_dns_shape;
extern const struct record_shape config_users_shape;
extern const struct record_shape config_processes_shape;
extern const struct record_shape config_logs_shape;
extern const struct record_shape config_limits_shape;
extern const struct record_shape config_management_shape;
extern const struct record_shape config_retention_shape;

#endif
