/*
 * The page that shows an opened message: HTML that works without script.
 * Whatever the message holds, it stays text, or HTML within a frame that
 * may neither run, load, send nor navigate.
 */
#ifndef CRYPTO_UNSEAL_UNSEAL_PAGE_H
#define CRYPTO_UNSEAL_UNSEAL_PAGE_H

#include "crypto/unseal/unseal_manifest.h"
#include "gateway/base/buffer.h"

#define UNSEAL_PAGE_MAX (32u * 1024 * 1024)

/*
 * Append the whole document.  parts_path, "/opened/TOKEN/", leads the links
 * to files (1, 2, ...) and to message.eml.  Long texts are cut, with words
 * that say so.  ERROR_LIMIT: even so it is over out's maximum.
 */
int unseal_page_write(const struct unseal_manifest *manifest,
	struct text parts_path, struct buffer *out) MUST_CHECK;

#endif
