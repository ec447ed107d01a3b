# Postern.  The lists below are the architecture: which objects make a room,
# which rooms make a binary.  configure writes config.mk (libraries, flags).
#
#   make            build everything into $(BUILD)
#   make demo       run the main job on this machine     make demo-stop
#   make check      every test through prove
#   make help       all targets

BUILD ?= build
VARIANT ?=

all: programs

-include config.mk

include packaging/targets.mk

# ---- the rooms, floor by floor ------------------------------------------

# floor 0: nothing about mail
BASE = arena buffer calendar clock crc32c descriptor error hex https_fetch \
	https_hosts https_url ipc ipc_output jail jail_table log loop map memory \
	record stream text

# floor 1
MAIL = address address_list base64 charset data_encode data_stream \
	delivery_status delivery_status_original delivery_status_text display_name \
	envelope fold_writer header_scan html_entity html_escape html_text \
	mail_event mail_notice mime_boundary mime_decode mime_enclosure \
	mime_filename mime_header mime_header_write mime_message mime_parameter \
	mime_part mime_reading mime_section mime_view mime_write mime_write_finish \
	mime_write_html mime_write_part mime_write_stamp mime_write_stamp_text \
	quoted_printable received skeleton smtp_command smtp_extension \
	smtp_parameter smtp_reply tnef tnef_rtf utf8 uuencode xtext
CONFIG = config config_check config_check_access config_check_delivery \
	config_check_dictionary config_check_directory config_check_policy \
	config_check_protection config_directory config_directory_filter \
	config_files config_fill config_load config_node config_policy config_print \
	config_report config_schema config_schema_access config_schema_delivery \
	config_schema_dictionary config_schema_directory config_schema_json \
	config_schema_limits config_schema_listeners config_schema_manual \
	config_schema_policies config_schema_policy config_schema_protection \
	config_schema_service config_schema_text_resource config_schema_tls \
	config_shape config_snapshot config_suggest config_syntax config_type \
	config_unit config_verify config_writer config_yaml
STORE = segment_header segment_record segment_scan segment_directory \
	segment_file segment_pool segment_batch segment_list segment_log \
	segment_replay segment_read database database_schema database_statement

# floor 2
PROTOCOL = build_id command command_print frame frame_command \
	frame_deliver frame_fact frame_judge frame_lookup frame_protect \
	frame_queue_admin frame_submit frame_supervisor frame_unseal \
	frame_vault frame_vault_admin message_body process process_kind \
	process_user

# floor 3
CRYPTO = certificate digest json_bounds key_service_message \
	openssl_library remote_key remote_key_channel remote_key_keymgmt \
	remote_key_packet remote_key_signature \
	secure_envelope secure_envelope_cipher secure_envelope_facts \
	secure_envelope_file secure_envelope_hand_back \
	secure_envelope_header secure_envelope_mail \
	secure_envelope_manifest secure_envelope_named \
	secure_envelope_notice secure_envelope_outside \
	secure_envelope_package secure_envelope_reference \
	secure_envelope_shell secure_envelope_template \
	secure_envelope_words signature_scheme tls_context \
	tls_context_client tls_session

# floor 4
POLICY = destination_resolve dictionary dictionary_score dictionary_set \
	dictionary_term fact fact_answer fact_text file_type file_type_name \
	filter_action filter_action_attachment filter_action_body \
	filter_action_copy filter_action_fate filter_action_header \
	filter_action_note filter_action_notify filter_action_route \
	filter_action_sender filter_addressee filter_attachment filter_bind \
	filter_bind_fact filter_bind_file filter_bind_route filter_bind_value \
	filter_bodies filter_body filter_call filter_content filter_judge \
	filter_lexer filter_made filter_message filter_missing filter_mistake \
	filter_notice filter_program filter_protection filter_rule \
	filter_rule_attachment filter_rule_body filter_rule_dictionary \
	filter_rule_envelope filter_rule_fact filter_rule_header \
	filter_rule_structure filter_script filter_script_edit filter_search filter_set \
	filter_splinter filter_strip filter_syntax filter_syntax_print filter_text \
	filter_variable filter_variable_table forged_sender host_access \
	host_address host_network literal_search mail_flow mail_pattern mail_policy \
	pattern pattern_class pattern_cost pattern_factor pattern_hostile \
	pattern_lint pattern_literals pattern_run pattern_set pattern_shape \
	pattern_shape_measure pattern_spans pattern_vectorscan policy_case \
	policy_test recipient_access smart_identifier text_resource trace_record \
	trial

# floor 5: the processes, without their main files
LISTENERS = smtp_content smtp_counters smtp_greeting smtp_id_pool \
	smtp_listener smtp_process smtp_queue smtp_rate smtp_receive \
	smtp_service smtp_session smtp_session_input \
	smtp_session_time smtp_site smtp_transaction smtp_verb \
	smtp_verb_bdat smtp_verb_data smtp_verb_ehlo smtp_verb_mail \
	smtp_verb_noop smtp_verb_quit smtp_verb_rcpt smtp_verb_rset \
	smtp_verb_starttls smtp_wait
QUEUE = body_digest queue queue_accept queue_act queue_admin queue_answer \
	queue_body queue_bounce queue_budget queue_change queue_channel queue_child \
	queue_counters queue_destination queue_dispatch queue_dispose \
	queue_dispose_check queue_disposition queue_errand queue_facts queue_fate \
	queue_heap queue_hold queue_ids queue_index queue_judge queue_lease \
	queue_ledger queue_log queue_made queue_message queue_outcome queue_part \
	queue_process queue_protect queue_protection queue_record queue_recover \
	queue_recycle queue_rewrite queue_ruling queue_scan queue_schedule \
	queue_split queue_stream queue_table queue_time
DELIVERY = deliver_outbox deliver_process delivery delivery_body \
	delivery_command delivery_connection delivery_destination \
	delivery_health delivery_job delivery_protection \
	delivery_requirements delivery_resolve delivery_session \
	delivery_session_mail delivery_session_open \
	delivery_target delivery_tls delivery_transaction delivery_trouble
KEYS = keys_channel keys_file keys_policy keys_rate keys_service keys_store
LOOKUP = dns_answer lookup_address lookup_event lookup_fact \
	lookup_host_list lookup_hosts lookup_list lookup_name lookup_peer \
	lookup_pointer lookup_process lookup_rate lookup_resolver lookup_self
SUPERVISOR = supervisor_capability supervisor_child supervisor_config \
	supervisor_directory supervisor_frame supervisor_listener \
	supervisor_log supervisor_notify supervisor_start supervisor_stop \
	supervisor_wiring
SCAN = scan_process
INSPECT = inspect_directory inspect_process inspect_server ldap_session \
	ldap_transport ldap_trust
PROTECT = protect protect_build protect_job protect_process protect_register \
	protect_site
VAULT = vault vault_admin vault_ask vault_audit vault_challenge \
	vault_channel vault_delay vault_mail vault_management \
	vault_master_key vault_network vault_outbox vault_process \
	vault_random vault_rate vault_release vault_schema vault_session \
	vault_store vault_store_change
UNSEAL = unseal unseal_channel unseal_child unseal_manifest unseal_open \
	unseal_page unseal_process
HTTP = http_answer http_chunked http_client http_connection http_date \
	http_exchange http_form http_multipart http_percent http_request \
	http_request_target http_server http_status
PORTAL = portal portal_answer portal_client portal_cookie portal_file \
	portal_filename portal_intent portal_link portal_page \
	portal_page_message portal_page_open portal_page_site portal_process \
	portal_receive portal_route portal_secret portal_style \
	portal_upload portal_visit portal_visit_message portal_visit_open \
	portal_visit_site
ADMIN = admin_command_act admin_command_envelope admin_command_message \
	admin_command_queue admin_command_status admin_config admin_control \
	admin_history admin_peer admin_request admin_time
CLI = cli_dictionary cli_dictionary_test cli_envelope cli_file cli_filters \
	cli_filters_change cli_filters_coverage cli_filters_show cli_key_service \
	cli_local cli_policy_test cli_remote cli_text cli_trace cli_trace_json \
	cli_trace_print

ROOMS = gateway/base gateway/mail gateway/config gateway/store \
	gateway/protocol crypto policy listeners queue queue/delivery \
	crypto/keys gateway/lookup gateway/supervisor gateway/admin \
	gateway/cli policy/scan crypto/protect crypto/vault crypto/unseal \
	webui/http webui/server policy/inspect

gateway/base_LIST = $(BASE)
gateway/mail_LIST = $(MAIL)
gateway/config_LIST = $(CONFIG)
gateway/store_LIST = $(STORE)
gateway/protocol_LIST = $(PROTOCOL)
crypto_LIST = $(CRYPTO)
policy_LIST = $(POLICY)
listeners_LIST = $(LISTENERS)
queue_LIST = $(QUEUE)
queue/delivery_LIST = $(DELIVERY)
crypto/keys_LIST = $(KEYS)
gateway/lookup_LIST = $(LOOKUP)
gateway/supervisor_LIST = $(SUPERVISOR)
gateway/admin_LIST = $(ADMIN)
gateway/cli_LIST = $(CLI)
policy/scan_LIST = $(SCAN)
policy/inspect_LIST = $(INSPECT)
crypto/protect_LIST = $(PROTECT)
crypto/vault_LIST = $(VAULT)
crypto/unseal_LIST = $(UNSEAL)
webui/http_LIST = $(HTTP)
webui/server_LIST = $(PORTAL)

# ---- the binaries: main file, rooms from high to low, libraries ----------

PROGRAMS = postern-supervisor postern-smtp postern-queue postern-lookup \
	postern-deliver postern-keys postern-protect postern-scan \
	postern-vault postern-unseal postern-portal postern-admin postern \
	postern-inspect

COMMON_LIBS = $(EVENT_LIBS) $(SECCOMP_LIBS)

postern-supervisor_MAIN = gateway/supervisor/supervisor_main
postern-supervisor_ROOMS = gateway/supervisor gateway/protocol \
	gateway/config gateway/mail gateway/base
postern-supervisor_LIBS =

postern-smtp_MAIN = listeners/smtp_main
postern-smtp_ROOMS = listeners policy crypto gateway/protocol gateway/config \
	gateway/mail gateway/base
postern-smtp_LIBS = $(OPENSSL_LIBS)

postern-queue_MAIN = queue/queue_main
postern-queue_ROOMS = queue policy gateway/protocol gateway/store \
	gateway/config gateway/mail gateway/base
postern-queue_LIBS = $(SQLITE_LIBS)

postern-lookup_MAIN = gateway/lookup/lookup_main
postern-lookup_ROOMS = gateway/lookup gateway/protocol gateway/config \
	gateway/mail gateway/base
postern-lookup_LIBS = $(UNBOUND_LIBS) $(IDN2_LIBS)

postern-deliver_MAIN = queue/delivery/deliver_main
postern-deliver_ROOMS = queue/delivery policy crypto gateway/protocol \
	gateway/config gateway/mail gateway/base
postern-deliver_LIBS = $(OPENSSL_LIBS)

postern-keys_MAIN = crypto/keys/keys_main
postern-keys_ROOMS = crypto/keys crypto gateway/protocol gateway/config \
	gateway/mail gateway/base
postern-keys_LIBS = $(OPENSSL_LIBS)

postern-scan_MAIN = policy/scan/scan_main
postern-scan_ROOMS = policy/scan policy crypto gateway/protocol \
	gateway/config gateway/mail gateway/base
postern-scan_LIBS = $(OPENSSL_LIBS) $(PCRE2_LIBS) $(ICU_LIBS) \
	$(VECTORSCAN_LIBS) $(MAGIC_LIBS)

postern-inspect_MAIN = policy/inspect/inspect_main
postern-inspect_ROOMS = policy/inspect gateway/protocol gateway/config \
	gateway/mail gateway/base
postern-inspect_LIBS = $(LDAP_LIBS)

postern-protect_MAIN = crypto/protect/protect_main
postern-protect_ROOMS = crypto/protect crypto gateway/protocol \
	gateway/config gateway/mail gateway/base
postern-protect_LIBS = $(OPENSSL_LIBS) $(CURL_LIBS) $(JANSSON_LIBS) \
	$(ICU_LIBS)

postern-vault_MAIN = crypto/vault/vault_main
postern-vault_ROOMS = crypto/vault webui/http crypto gateway/protocol \
	gateway/store gateway/config gateway/mail gateway/base
postern-vault_LIBS = $(OPENSSL_LIBS) $(SQLITE_LIBS) $(JANSSON_LIBS) \
	$(ICU_LIBS)

postern-unseal_MAIN = crypto/unseal/unseal_main
postern-unseal_ROOMS = crypto/unseal crypto gateway/protocol gateway/config \
	gateway/mail gateway/base
postern-unseal_LIBS = $(OPENSSL_LIBS) $(JANSSON_LIBS) $(ICU_LIBS)

postern-portal_MAIN = webui/server/portal_main
postern-portal_ROOMS = webui/server webui/http crypto gateway/protocol \
	gateway/config gateway/mail gateway/base
postern-portal_LIBS = $(OPENSSL_LIBS)

postern-admin_MAIN = gateway/admin/admin_main
postern-admin_ROOMS = gateway/admin policy gateway/protocol gateway/config \
	gateway/mail gateway/base crypto
postern-admin_LIBS = $(YAML_LIBS) $(JANSSON_LIBS) $(PCRE2_LIBS) $(ICU_LIBS) \
	$(VECTORSCAN_LIBS) $(OPENSSL_LIBS) $(MAGIC_LIBS)

postern_MAIN = gateway/cli/cli_main
postern_ROOMS = gateway/cli policy crypto gateway/protocol gateway/config \
	gateway/mail gateway/base
postern_LIBS = $(YAML_LIBS) $(JANSSON_LIBS) $(OPENSSL_LIBS) $(PCRE2_LIBS) \
	$(ICU_LIBS) $(VECTORSCAN_LIBS) $(MAGIC_LIBS)

include packaging/rules.mk
