/*
 * What a file is by its content (libmagic; its only includer), and the names
 * by which the filter language knows types: fingerprints such as "exe",
 * groups such as "Compressed".
 */
#ifndef POLICY_FILE_TYPE_H
#define POLICY_FILE_TYPE_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/text.h"

#define FILE_TYPES_MAX 8
#define FILE_TYPE_SIZE 96	/* of a MIME type, with its NUL */

/* One file may be several things at once: a picture and an archive. */
struct file_types {
	char mime[FILE_TYPES_MAX][FILE_TYPE_SIZE];
	size_t count;
};

/* Read the database: before the jail.  Else the first question does it. */
void file_type_prepare(void);
/*
 * Add what these bytes are, each type once; "text/plain" or
 * "application/octet-stream" where nothing better is known.  Looks at the
 * beginning, at the end for an archive behind something else, and for the
 * names of members that tell one kind of container from another.
 */
void file_type_add(struct text bytes, struct file_types *types);

/* Whether the language knows that fingerprint or group, in any case. */
bool file_type_is_name(struct text name);
/* One of the types has that fingerprint, or one of that group. */
bool file_types_have_name(const struct file_types *types, struct text name);
/* One of the types is that MIME type; its first word alone is all of it. */
bool file_types_have_mime(const struct file_types *types, struct text wanted);
bool file_type_matches(struct text mime, struct text wanted);

/*
 * Whether a file of these types is something else than it is said to be: of
 * another group of the language.  Types that tell nothing never differ.
 */
bool file_types_differ(const struct file_types *types, struct text declared);

#endif
