/*
 * Inside the jail: the tables of system calls.
 */
#ifndef GATEWAY_BASE_JAIL_PRIVATE_H
#define GATEWAY_BASE_JAIL_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

/*
 * A call that is allowed.  With mask it is allowed only where the argument
 * (counted from 0), masked, is value.  With refusal it is answered by that
 * errno instead: for calls that libraries try before an older one.
 */
struct jail_rule {
	int call;
	unsigned int argument;
	uint64_t mask;
	uint64_t value;
	int refusal;
};

struct jail_table {
	unsigned int group;	/* enum jail_group */
	const char *name;
	const struct jail_rule *rules;
	size_t count;
};

extern const struct jail_table jail_tables[];
extern const size_t jail_table_count;

/* What sanitizers need besides; empty in other builds. */
extern const struct jail_table jail_sanitizer;

#endif
