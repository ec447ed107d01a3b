/*
 * "Did you mean": the nearest of several names by edit distance.
 */
#ifndef GATEWAY_CONFIG_CONFIG_SUGGEST_H
#define GATEWAY_CONFIG_CONFIG_SUGGEST_H

#include <stddef.h>

#include "gateway/base/text.h"

/* Start with best empty; offer each name; best is the nearest, or empty. */
struct config_suggest {
	struct text wanted;
	struct text best;
	size_t distance;	/* of best */
};

void config_suggest_init(struct config_suggest *suggest, struct text wanted);
void config_suggest_offer(struct config_suggest *suggest, struct text name);

#endif
