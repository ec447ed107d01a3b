/*
 * The configuration's section text_resources: texts that filters put into
 * mail.  Part of config.h.
 */
#ifndef GATEWAY_CONFIG_CONFIG_TEXT_RESOURCE_H
#define GATEWAY_CONFIG_CONFIG_TEXT_RESOURCE_H

#include <stdint.h>

#include "gateway/base/text.h"

#define CONFIG_TEXT_RESOURCES_MAX 1000
#define CONFIG_TEXT_RESOURCE_MAX 65536	/* bytes of one form */

enum config_text_resource_type {
	CONFIG_TEXT_RESOURCE_DISCLAIMER,	/* put into messages */
	CONFIG_TEXT_RESOURCE_NOTIFICATION,	/* messages of the gateway */
	CONFIG_TEXT_RESOURCE_TEMPLATE,		/* frames of both */
};

/*
 * text_resources: NAME: ...  Texts of any number of lines, which end in LF;
 * variables in them are those of policy/filter_variable.h.
 */
struct config_text_resource {
	struct text name;
	uint8_t type;		/* enum config_text_resource_type */
	struct text plain;
	struct text html;	/* empty: made from plain */
};

#endif
