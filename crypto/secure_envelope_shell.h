/*
 * The sources of securedoc.html, as packaging/embed puts them into the
 * program: webui/portal/envelope.  Lines end in LF.
 */
#ifndef CRYPTO_SECURE_ENVELOPE_SHELL_H
#define CRYPTO_SECURE_ENVELOPE_SHELL_H

#include "gateway/base/text.h"

extern const struct text secure_envelope_shell_page;
extern const struct text secure_envelope_shell_style;
extern const struct text secure_envelope_shell_script;

#endif
