/*
 * Character references of HTML: &amp; &#65; &#x41;
 */
#ifndef GATEWAY_MAIL_HTML_ENTITY_H
#define GATEWAY_MAIL_HTML_ENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/text.h"

#define HTML_ENTITY_NAME_MAX 24

/*
 * The reference at the beginning of t, which is "&": its length in bytes and
 * its code point; 0 where it is none.  The semicolon may be missing.
 */
size_t html_entity_take(struct text t, uint32_t *point);

#endif
