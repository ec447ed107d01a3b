/*
 * Vectorscan, where there is one.
 */
#include "policy/pattern_vectorscan.h"

#include "config.h"

#include <stdlib.h>

#include "gateway/base/memory.h"

#ifdef HAVE_VECTORSCAN
#include <hs/hs.h>

struct pattern_vectorscan {
	hs_database_t *database;
	hs_scratch_t *scratch;
	const char **literals;
	unsigned int *flags, *ids;
	size_t *lengths;
	unsigned int count, size;
};

struct telling {
	pattern_literals_hit *hit;
	void *context;
};

bool
pattern_vectorscan_is_there(void)
{
	return hs_valid_platform() == HS_SUCCESS;
}

struct pattern_vectorscan *
pattern_vectorscan_new(void)
{
	return memory_new(sizeof(struct pattern_vectorscan));
}

static void
forget_source(struct pattern_vectorscan *vectorscan)
{
	free(vectorscan->literals);
	free(vectorscan->flags);
	free(vectorscan->ids);
	free(vectorscan->lengths);
	vectorscan->literals = NULL;
	vectorscan->flags = vectorscan->ids = NULL;
	vectorscan->lengths = NULL;
}

void
pattern_vectorscan_free(struct pattern_vectorscan *vectorscan)
{
	if (vectorscan == NULL)
		return;
	forget_source(vectorscan);
	(void)hs_free_scratch(vectorscan->scratch);
	(void)hs_free_database(vectorscan->database);
	free(vectorscan);
}

static void
grow(struct pattern_vectorscan *v)
{
	v->size = v->size == 0 ? 64 : v->size * 2;
	v->literals = memory_resize(v->literals, v->size,
	    sizeof(*v->literals));
	v->flags = memory_resize(v->flags, v->size, sizeof(*v->flags));
	v->ids = memory_resize(v->ids, v->size, sizeof(*v->ids));
	v->lengths = memory_resize(v->lengths, v->size,
	    sizeof(*v->lengths));
}

void
pattern_vectorscan_add(struct pattern_vectorscan *vectorscan,
	struct text literal, bool ignore_case)
{
	unsigned int at = vectorscan->count;

	if (at == vectorscan->size)
		grow(vectorscan);
	vectorscan->literals[at] = literal.data;
	vectorscan->lengths[at] = literal.len;
	vectorscan->flags[at] = ignore_case ? HS_FLAG_CASELESS : 0;
	vectorscan->ids[at] = at;
	vectorscan->count++;
}

int
pattern_vectorscan_compile(struct pattern_vectorscan *vectorscan)
{
	hs_compile_error_t *error = NULL;

	if (hs_compile_lit_multi(vectorscan->literals, vectorscan->flags,
	    vectorscan->ids, vectorscan->lengths, vectorscan->count,
	    HS_MODE_BLOCK, NULL, &vectorscan->database, &error) !=
	    HS_SUCCESS) {
		(void)hs_free_compile_error(error);
		return ERROR_REFUSED;
	}
	if (hs_alloc_scratch(vectorscan->database, &vectorscan->scratch) !=
	    HS_SUCCESS)
		fatal("no memory for Vectorscan");
	forget_source(vectorscan);
	return 0;
}

static int
tell(unsigned int id, unsigned long long from, unsigned long long to,
	unsigned int flags, void *context)
{
	const struct telling *telling = context;

	(void)from;
	(void)flags;
	telling->hit(telling->context, id, (size_t)to);
	return 0;
}

void
pattern_vectorscan_scan(const struct pattern_vectorscan *vectorscan,
	struct text subject, pattern_literals_hit *hit, void *context)
{
	struct telling telling = { hit, context };

	require(subject.len <= UINT32_MAX);
	/* Nothing that a text holds can make it fail. */
	require(hs_scan(vectorscan->database, subject.data,
	    (unsigned int)subject.len, 0, vectorscan->scratch, tell,
	    &telling) == HS_SUCCESS);
}

#else

bool
pattern_vectorscan_is_there(void)
{
	return false;
}

struct pattern_vectorscan *
pattern_vectorscan_new(void)
{
	require(false);
	return NULL;
}

void
pattern_vectorscan_free(struct pattern_vectorscan *vectorscan)
{
	require(vectorscan == NULL);
}

void
pattern_vectorscan_add(struct pattern_vectorscan *vectorscan,
	struct text literal, bool ignore_case)
{
	(void)vectorscan;
	(void)literal;
	(void)ignore_case;
	require(false);
}

int
pattern_vectorscan_compile(struct pattern_vectorscan *vectorscan)
{
	(void)vectorscan;
	require(false);
	return ERROR_STATE;
}

void
pattern_vectorscan_scan(const struct pattern_vectorscan *vectorscan,
	struct text subject, pattern_literals_hit *hit, void *context)
{
	(void)vectorscan;
	(void)subject;
	(void)hit;
	(void)context;
	require(false);
}

#endif
