/* cli/scenario/parse.c -- a line as a statement: the verb, what every operation may carry, the
 * wanted reply; and a file as lines. */
#include "cli/scenario/parse.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common/similar.h"
#include "cli/scenario/args.h"
#include "cli/scenario/originals.h"
#include "cli/scenario/target.h"
#include "cli/scenario/verbs.h"
#include "core/format/codes.h"

/* taken=1.00,0.50: of each source in the order they were listed. */
static void read_taken(struct args *a, struct wanted_reply *wanted)
{
    char copy[96];
    const char *value = args_key(a, "taken");
    if (value == NULL) return;
    snprintf(copy, sizeof(copy), "%s", value);
    char *rest = copy, *word;
    bool good = strlen(value) < sizeof(copy);
    while (good && (word = strsep(&rest, ",")) != NULL) {
        good = wanted->taken_count < GJ_SOURCES_MAX &&
               scenario_yuan(word, &wanted->taken[wanted->taken_count]);
        wanted->taken_count++;
    }
    if (good) return;
    args_fail(a, "taken= needs yuan with two decimals for each source, like 1.00,0.50, not '%s'",
              value);
}

/* Cuts the line at "=>" and reads what follows. */
static void read_wanted(struct args *a, struct statement *s)
{
    bool operation = s->kind == STATEMENT_OPERATION || s->kind == STATEMENT_REPLAY;
    unsigned at = 0;
    for (; at < a->count && strcmp(a->words[at], "=>") != 0; at++) {
        if (!operation || strstr(a->words[at], "=>") == NULL) continue;
        args_fail(a, "'%s': put blanks around =>", a->words[at]);
        return;
    }
    if (at == a->count) return;
    struct args after = {.error = a->error, .usage = a->usage, .after_arrow = true};
    for (unsigned i = at + 1; i < a->count; i++) after.words[after.count++] = a->words[i];
    a->count = at;

    struct wanted_reply *wanted = &s->wanted;
    wanted->given = true;
    const char *name = args_place(&after, "the code after =>");
    int code = name == NULL ? GJ_OK : gj_code_from_name(name);
    if (code < 0) args_fail_code(&after, name);
    wanted->code = (uint8_t)code;
    wanted->moved_given = args_key_yuan(&after, "moved", &wanted->moved);
    wanted->balance_given = args_key_yuan(&after, "balance", &wanted->balance);
    wanted->remainder_given = args_key_yuan(&after, "remainder", &wanted->remainder);
    read_taken(&after, wanted);
    uint64_t pending = args_key_number(&after, "pending", 1, 2);
    wanted->pending_given = pending != 2;
    wanted->pending = pending == 1;
    args_finish(&after);
    a->failed = after.failed;
}

/* What every operation may carry. */
static void read_common(struct args *a, struct statement *s, bool auth)
{
    args_name(a, args_key(a, "rid"), s->rid);
    const char *rid_at = args_key(a, "rid_at");
    if (rid_at != NULL) {
        s->rid_at_given = true;
        if (!scenario_time(rid_at, &s->rid_at_ms)) {
            args_fail(a, "rid_at= needs YYYY-MM-DDTHH:MM:SS, not '%s'", rid_at);
        }
    }
    s->op.ref = args_key_number(a, "ref", UINT64_MAX, 0);
    s->op.actor = (uint32_t)args_key_number(a, "actor", UINT32_MAX, 0);
    if (auth) s->op.auth = args_key_word(a, "auth", scenario_auths, GJ_AUTH_FACE);
    uint64_t deadline = 0;
    const char *span = args_key(a, "deadline");
    if (span != NULL && (!scenario_duration(span, &deadline) || deadline > UINT32_MAX)) {
        args_fail(a, "deadline= needs a span like 30s, at most 49 days, not '%s'", span);
    }
    s->op.deadline_ms = (uint32_t)deadline;
}

static void fail_unknown_verb(struct args *a, const char *word, bool dry_run)
{
    struct similar similar;
    char hint[SIMILAR_TEXT_SIZE];
    if (dry_run && strcmp(word, "dry_run") == 0) {
        args_fail(a, "one %s is enough", word);
        return;
    }
    similar_begin(&similar, word);
    verbs_similar(&similar);
    similar_text(&similar, hint);
    args_fail(a, "unknown verb '%s'%s%s", word, hint,
              hint[0] == 0 ? "; gongji scenario --verbs lists them" : "");
}

int scenario_parse_line(const char *line, struct statement *ret, char error[SCENARIO_ERROR_SIZE])
{
    struct args a;
    if (!args_split(&a, line, error)) return -1;
    if (a.count == 0) return 0;
    *ret = (struct statement){.line = 0};

    bool dry_run = strcmp(a.words[0], "dry_run") == 0;
    unsigned first = dry_run ? 1 : 0;
    if (first == a.count) {
        args_fail(&a, "the operation behind dry_run is missing");
        return -1;
    }
    const struct verb *verb = verb_find(a.words[first]);
    if (verb == NULL) {
        fail_unknown_verb(&a, a.words[first], dry_run);
        return -1;
    }
    a.usage = verb->usage;
    a.next = first + 1;
    a.taken[0] = a.taken[first] = true;
    ret->kind = verb->kind;
    read_wanted(&a, ret);
    bool operation = verb->kind == STATEMENT_OPERATION;
    if (ret->wanted.given && !operation && verb->kind != STATEMENT_REPLAY) {
        args_fail(&a, "=> does not belong to %s", verb->name);
    }
    if (dry_run && !operation) args_fail(&a, "dry_run needs an operation, not %s", verb->name);
    if (operation) {
        if (dry_run) ret->kind = STATEMENT_DRY_RUN;
        ret->op.type = verb->op;
        read_common(&a, ret, verb->auth);
    }
    if (!a.failed) verb->read(&a, ret);
    args_finish(&a);
    return a.failed ? -1 : 1;
}

/* The next line of *rest without its end, NULL at the end of the text. */
static char *next_line(char **rest)
{
    return *rest == NULL || **rest == 0 ? NULL : strsep(rest, "\n");
}

/* Drops the comment and the blanks around a statement. */
static char *trim(char *line)
{
    while (isblank((unsigned char)*line)) line++;
    for (char *c = line; *c != 0; c++) {
        if (*c == '#' && (c == line || isblank((unsigned char)c[-1]))) *c = 0;
        if (*c == 0) break;
    }
    size_t length = strlen(line);
    while (length > 0 && isspace((unsigned char)line[length - 1])) line[--length] = 0;
    return line;
}

static bool append(struct scenario *scenario, const struct statement *statement, size_t *capacity)
{
    if (scenario->count == *capacity) {
        size_t more = *capacity == 0 ? 64 : *capacity * 2;
        struct statement *grown = realloc(scenario->statements, more * sizeof(*grown));
        if (grown == NULL) return false;
        scenario->statements = grown;
        *capacity = more;
    }
    scenario->statements[scenario->count++] = *statement;
    return true;
}

/* The `at` that a file begins with; NULL: it begins with something else. */
static const struct statement *start_statement(const struct scenario *scenario)
{
    size_t at = scenario->count > 0 && scenario->statements[0].kind == STATEMENT_LIMITS ? 1 : 0;
    if (at >= scenario->count || scenario->statements[at].kind != STATEMENT_AT) return NULL;
    return &scenario->statements[at];
}

uint64_t scenario_start_ms(const struct scenario *scenario)
{
    const struct statement *first = start_statement(scenario);
    return first == NULL ? SCENARIO_START_MS : first->time_ms;
}

bool scenario_read(const char *text, struct scenario *ret,
                   void (*report)(void *context, unsigned line, const char *message), void *context)
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF"; /* some editors begin files with it */
    if (strncmp(text, byte_order_mark, strlen(byte_order_mark)) == 0) {
        text += strlen(byte_order_mark);
    }
    *ret = (struct scenario){.text = strdup(text)};
    size_t capacity = 0;
    bool good = true;
    unsigned number = 0;
    char *rest = ret->text;
    char *line;
    while (ret->text != NULL && (line = next_line(&rest)) != NULL) {
        char error[SCENARIO_ERROR_SIZE];
        struct statement statement;
        number++;
        line = trim(line);
        int kind = scenario_parse_line(line, &statement, error);
        if (kind < 0) {
            report(context, number, error);
            good = false;
        }
        if (kind <= 0) continue;
        statement.line = number;
        statement.text = line;
        if (ret->count == SCENARIO_STATEMENTS_MAX || !append(ret, &statement, &capacity)) {
            snprintf(error, sizeof(error), "more than %u statements", SCENARIO_STATEMENTS_MAX);
            report(context, number, error);
            return false;
        }
    }
    if (ret->text == NULL) {
        report(context, 1, "out of memory");
        return false;
    }
    const struct statement *first = start_statement(ret);
    if (first != NULL && first->time_ms < SCENARIO_EARLIEST_MS) {
        report(context, first->line, "a file begins at 2021-01-01T00:00:00 or later");
        good = false;
    }
    /* A line that cannot be read may be the one that sends it. */
    return good && scenario_originals_check(ret, report, context);
}

void scenario_free(struct scenario *scenario)
{
    free(scenario->statements);
    free(scenario->text);
    *scenario = (struct scenario){.count = 0};
}
