/*
 * The filter language's compiler and what runs its programs.
 */
#include "policy/filter_program.h"

#include <stdlib.h>

#include "gateway/base/clock.h"
#include "gateway/base/memory.h"
#include "policy/filter_bind.h"
#include "policy/filter_search.h"
#include "policy/filter_trace.h"

struct instruction {
	enum filter_operation operation;
	size_t target;			/* of a jump */
	struct filter_call call;	/* RULE, ACTION */
};

struct filter_program {
	struct instruction *code;
	size_t count;
	size_t room;
	size_t calls;		/* among them */
};

struct compiler {
	struct filter_program *program;
	const struct filter_binder *binder;
};

struct filter_program *
filter_program_new(void)
{
	return memory_new(sizeof(struct filter_program));
}

void
filter_program_free(struct filter_program *program)
{
	size_t i;

	if (program == NULL)
		return;
	for (i = 0; i < program->count; i++)
		filter_call_clear(&program->code[i].call);
	free(program->code);
	free(program);
}

/* ---- compiling ---- */

static struct instruction *
emit(struct filter_program *program, enum filter_operation operation)
{
	struct instruction *instruction;

	if (program->count == program->room) {
		program->room = program->room == 0 ? 8 : 2 * program->room;
		program->code = memory_resize(program->code, program->room,
		    sizeof(program->code[0]));
	}
	instruction = &program->code[program->count++];
	*instruction = (struct instruction){ .operation = operation };
	return instruction;
}

size_t
filter_program_jump(struct filter_program *program,
	enum filter_operation operation)
{
	(void)emit(program, operation);
	return program->count - 1;
}

void
filter_program_land(struct filter_program *program, size_t jump)
{
	program->code[jump].target = program->count;
}

static int
compile_before(void *context, struct filter_node *node)
{
	struct compiler *compiler = context;

	/* An inactive filter is checked, and jumped over. */
	if (node->kind == FILTER_NODE_FILTER && !node->is_active)
		node->mark = filter_program_jump(compiler->program,
		    FILTER_JUMP);
	return 0;
}

/* Behind the left side, or behind a condition or the block of an IF. */
static int
compile_between(void *context, struct filter_node *node,
	const struct filter_node *following)
{
	struct compiler *compiler = context;
	struct filter_program *program = compiler->program;
	size_t over;

	if (node->kind == FILTER_NODE_AND) {
		node->mark = filter_program_jump(program, FILTER_JUMP_FALSE);
	} else if (node->kind == FILTER_NODE_OR) {
		node->mark = filter_program_jump(program, FILTER_JUMP_TRUE);
	} else if (node->kind == FILTER_NODE_IF &&
	    following == node->first->next) {
		node->mark = filter_program_jump(program, FILTER_JUMP_FALSE);
	} else if (node->kind == FILTER_NODE_IF) {
		over = filter_program_jump(program, FILTER_JUMP);
		filter_program_land(program, node->mark);
		node->mark = over;
	}
	return 0;
}

static int
compile_after(void *context, struct filter_node *node)
{
	struct compiler *compiler = context;
	struct filter_program *program = compiler->program;
	bool is_rule = node->kind == FILTER_NODE_RULE;

	if (is_rule || node->kind == FILTER_NODE_ACTION) {
		struct instruction *instruction = emit(program, is_rule ?
		    FILTER_RULE : FILTER_ACTION);

		int error = filter_call_bind(compiler->binder, node,
		    &instruction->call);

		instruction->call.number = ++program->calls;
		return error;
	}
	if (node->kind == FILTER_NODE_NOT)
		(void)emit(program, FILTER_NOT);
	else if (node->kind == FILTER_NODE_AND ||
	    node->kind == FILTER_NODE_OR || node->kind == FILTER_NODE_IF ||
	    (node->kind == FILTER_NODE_FILTER && !node->is_active))
		filter_program_land(program, node->mark);
	return 0;
}

int
filter_program_add(struct filter_program *program,
	const struct filter_binder *binder, struct filter_node *root)
{
	struct compiler compiler = { .program = program, .binder = binder };
	const struct filter_walk walk = { .before = compile_before,
		.between = compile_between, .after = compile_after,
		.context = &compiler };

	return filter_syntax_walk(root, &walk);
}

void
filter_program_number(struct filter_program *program, size_t *count)
{
	size_t i;

	for (i = 0; i < program->count; i++)
		if (program->code[i].operation == FILTER_RULE ||
		    program->code[i].operation == FILTER_ACTION)
			program->code[i].call.number = ++*count;
}

static void
accelerate(struct filter_call *call)
{
	size_t i;

	for (i = 0; i < call->argument_count; i++)
		if (call->arguments[i].pattern != NULL)
			pattern_accelerate(call->arguments[i].pattern);
	if (call->operand.pattern != NULL)
		pattern_accelerate(call->operand.pattern);
}

void
filter_program_accelerate(struct filter_program *program)
{
	size_t i;

	for (i = 0; i < program->count; i++)
		accelerate(&program->code[i].call);
}

void
filter_program_search(struct filter_program *program,
	struct filter_search *search)
{
	size_t i;

	for (i = 0; i < program->count; i++) {
		struct filter_call *call = &program->code[i].call;

		if (call->rule != NULL &&
		    call->rule->signature.searches_texts)
			filter_search_add(search, &call->arguments[0],
			    (size_t)filter_call_number(call, 1, 1));
	}
}

/* ---- facts ---- */

int
filter_program_ask(const struct filter_program *program,
	const struct envelope *envelope, struct fact_list *wanted)
{
	size_t i;
	int error = 0;

	for (i = 0; i < program->count && error == 0; i++) {
		const struct filter_call *call = &program->code[i].call;

		if (call->rule != NULL && call->rule->ask != NULL)
			error = call->rule->ask(call, envelope, wanted);
		if (call->action != NULL && call->action->ask != NULL)
			error = call->action->ask(call, envelope, wanted);
	}
	return error;
}

/* ---- running ---- */

#ifdef POSTERN_TEST
/*
 * What the environment says is broken: "NAME=true" and "NAME=false" make a
 * rule always that, "NAME=" makes an action do nothing.  The tests must
 * notice.
 */
static bool
is_broken(const struct filter_signature *signature, bool *truth)
{
	const char *said = getenv("POSTERN_BREAK");
	struct text words = said == NULL ? TEXT_EMPTY : text_from(said);
	struct text name = text_slice(words, 0, text_find_byte(words, '='));

	if (!text_equal(name, text_from(signature->name)))
		return false;
	*truth = text_equal(text_skip(words, name.len), TEXT("=true"));
	return true;
}
#else
static bool
is_broken(const struct filter_signature *signature, bool *truth)
{
	(void)signature;
	(void)truth;
	return false;
}
#endif

static int
evaluate(struct filter_judge *judge, const struct filter_call *call,
	bool *truth)
{
	return is_broken(&call->rule->signature, truth) ? 0 :
	    call->rule->evaluate(judge, call, truth);
}

static int
run_action(struct filter_judge *judge, const struct filter_call *call)
{
	const struct filter_trace *trace = judge->trace;
	bool is_skipped = false;
	int error = 0;

	judge->has_acted = true;
	if (!is_broken(&call->action->signature, &is_skipped)) {
		error = call->action->act(judge, call);
		judge->is_final = call->action->is_final;
		judge->is_list_over = judge->is_final ||
		    call->action->ends_list;
	}
	if (trace != NULL && trace->action != NULL)
		trace->action(trace->context, call);
	return error;
}

static int
run_rule(struct filter_judge *judge, const struct filter_call *call,
	bool *truth)
{
	const struct filter_trace *trace = judge->trace;
	struct text before = judge->matched;
	int64_t start;
	int error;

	if (trace == NULL || trace->rule == NULL)
		return evaluate(judge, call, truth);
	judge->matched = TEXT_EMPTY;
	start = clock_cpu_ns();
	error = evaluate(judge, call, truth);
	trace->rule(trace->context, call, error == 0 && *truth, error != 0,
	    judge->matched, clock_cpu_ns() - start);
	/* A trace changes nothing: what an earlier rule found stays. */
	if (text_is_empty(judge->matched))
		judge->matched = before;
	return error;
}

int
filter_program_run(const struct filter_program *program,
	struct filter_judge *judge)
{
	bool truth = true;
	size_t at = 0;
	int error = 0;

	while (at < program->count && error == 0 && !judge->is_list_over) {
		const struct instruction *step = &program->code[at++];

		switch (step->operation) {
		case FILTER_RULE:
			error = run_rule(judge, &step->call, &truth);
			break;
		case FILTER_NOT:
			truth = !truth;
			break;
		case FILTER_JUMP:
			at = step->target;
			break;
		case FILTER_JUMP_TRUE:
			at = truth ? step->target : at;
			break;
		case FILTER_JUMP_FALSE:
			at = truth ? at : step->target;
			break;
		case FILTER_ACTION:
			error = run_action(judge, &step->call);
			break;
		case FILTER_OPERATIONS:
			require(false);
		}
	}
	return error;
}
