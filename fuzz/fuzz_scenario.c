/* fuzz/fuzz_scenario.c -- any bytes as a scenario file: read, and if every line is right and there
 * are not many, run in process. Lines need not do what they say, but the books must balance after
 * each and a crash must find the same state again.
 *
 * Input: the text of a file; it ends at the first zero byte. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/scenario/parse.h"
#include "cli/scenario/run.h"
#include "fuzz/fuzz.h"

#define RUN_MAX    48u     /* statements; each is followed by a count of everything */
#define TABLES_MAX 100000u /* `limits` beyond that only costs memory; later ones end the run */

#define MUST(holds)                                                                                \
    do {                                                                                           \
        if (!(holds)) abort();                                                                     \
    } while (0)

static unsigned complaints;

/* One line for people, of a line there is. */
static void report(void *lines, unsigned line, const char *message)
{
    size_t length = strnlen(message, SCENARIO_ERROR_SIZE);
    MUST(length > 0 && length < SCENARIO_ERROR_SIZE);
    MUST(strchr(message, '\n') == NULL);
    MUST(line >= 1 && line <= *(const unsigned *)lines);
    complaints++;
}

static bool ends(const char *name)
{
    return memchr(name, 0, SCENARIO_NAME_SIZE) != NULL;
}

/* The fields are within what the rest of the tool takes for granted. */
static void check_statement(const struct statement *s)
{
    MUST(s->kind <= STATEMENT_ALWAYS);
    MUST(ends(s->rid) && ends(s->original) && ends(s->expect.rid));
    MUST(s->expect.terms_count <= SCENARIO_TERMS_MAX);
    if (s->kind != STATEMENT_OPERATION && s->kind != STATEMENT_DRY_RUN) return;
    MUST(gj_op_name(s->op.type) != NULL && s->op.type != GJ_OP_EXPIRE);
    MUST(s->op.ext_count <= GJ_EXT_MAX);
}

/* The same line with its words one blank apart is the same statement. */
static void check_spaced(const struct statement *s)
{
    char line[SCENARIO_LINE_MAX + 1], error[SCENARIO_ERROR_SIZE];
    static struct statement again;
    size_t at = 0;
    for (const char *c = s->text; *c != 0 && at < SCENARIO_LINE_MAX; c++) {
        bool blank = *c == ' ' || *c == '\t';
        if (blank && (at == 0 || line[at - 1] == ' ')) continue;
        line[at++] = blank ? ' ' : *c;
    }
    line[at] = 0;
    MUST(scenario_parse_line(line, &again, error) == 1);
    MUST(again.kind == s->kind && memcmp(&again.op, &s->op, sizeof(s->op)) == 0);
    MUST(strcmp(again.rid, s->rid) == 0 && again.time_ms == s->time_ms);
    MUST(again.wanted.given == s->wanted.given && again.wanted.code == s->wanted.code);
    MUST(again.expect.terms_count == s->expect.terms_count);
}

static bool worth_running(const struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->count; i++) {
        const struct statement *s = &scenario->statements[i];
        if (s->kind != STATEMENT_LIMITS) continue;
        bool large = s->persons_max > TABLES_MAX || s->rids_max > TABLES_MAX;
        if (i > 0 || large || s->holds_max > TABLES_MAX) return false;
    }
    return scenario->count > 0 && scenario->count <= RUN_MAX;
}

static void run(const struct scenario *scenario)
{
    static struct scenario_target *target;
    static FILE *nowhere;
    if (target == NULL) {
        target = scenario_local_new();
        nowhere = fopen("/dev/null", "w");
    }
    MUST(target != NULL && nowhere != NULL);
    struct scenario_result result = scenario_run("input", scenario, target, false, nowhere);
    MUST(result.statements <= scenario->count);
    MUST(!result.broken && !result.unstarted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scenario scenario;
    unsigned lines = 1;
    char *text = malloc(size + 1);
    MUST(text != NULL);
    if (size > 0) memcpy(text, data, size);
    text[size] = 0;
    for (const char *c = text; *c != 0; c++) lines += *c == '\n';
    complaints = 0;
    bool good = scenario_read(text, &scenario, report, &lines);
    MUST(good == (complaints == 0));
    for (size_t i = 0; i < scenario.count; i++) {
        check_statement(&scenario.statements[i]);
        check_spaced(&scenario.statements[i]);
    }
    if (good && worth_running(&scenario)) run(&scenario);
    scenario_free(&scenario);
    free(text);
    return 0;
}
