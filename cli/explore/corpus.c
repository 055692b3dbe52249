/* cli/explore/corpus.c -- statements as steps: names become numbers, times become spans, and what a
 * line leaves to the runner of scenarios is filled in as that does. */
#include "cli/explore/corpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct fuzz_corpus *corpus;
    struct fuzz_sequence *sequence;
    void (*report)(void *context, unsigned line, const char *message);
    void *context;
    uint64_t time_ms;
    struct gj_region_ext regions[MODEL_REGIONS_MAX];
    bool known[MODEL_REGIONS_MAX];
    char (*names)[SCENARIO_NAME_SIZE]; /* of the numbers; those without one are empty */
    size_t *sent;                      /* by number: index of the step that sent it first, + 1 */
    struct scenario_ids ids;
    bool good;
};

static void refuse(struct reader *r, const struct statement *s, const char *why)
{
    r->report(r->context, s->line, why);
    r->good = false;
}

/* The number of a name, a new one at first use; an empty name is always new. */
static uint32_t number_of(struct reader *r, const char *name)
{
    for (uint32_t i = 1; name[0] != 0 && i <= r->sequence->names; i++) {
        if (strcmp(r->names[i], name) == 0) return i;
    }
    uint32_t number = ++r->sequence->names;
    snprintf(r->names[number], SCENARIO_NAME_SIZE, "%s", name);
    return number;
}

static void add(struct reader *r, const struct fuzz_step *step)
{
    if (!fuzz_sequence_add(r->sequence, step)) abort();
}

static void fill_region(struct reader *r, const struct statement *s, struct fuzz_step *step)
{
    if (s->op.arg == 0 || s->op.arg >= MODEL_REGIONS_MAX) {
        refuse(r, s, "gongji fuzz takes regions 1 to 31");
        return;
    }
    struct gj_region_ext *ext = &r->regions[s->op.arg];
    if (!r->known[s->op.arg]) {
        *ext = (struct gj_region_ext){.public_code = 0};
        gj_policy_default(&ext->policy);
        snprintf(ext->name, sizeof(ext->name), "region-%u", (unsigned)s->op.arg);
        r->known[s->op.arg] = true;
    }
    if (!region_change_apply(&s->region, ext)) {
        refuse(r, s, "a region has at most 8 premium rows; take some away with premium=none");
    }
    memcpy(step->ext, ext, sizeof(*ext));
    step->next_version = !s->version_given;
}

static void fill_original(struct reader *r, const struct statement *s, struct fuzz_step *step)
{
    step->original = number_of(r, s->original);
    size_t sent = r->sent[step->original];
    bool acts = s->op.type == GJ_OP_ACCEPT || s->op.type == GJ_OP_RETURN;
    if (sent == 0 && (!s->person_given || (acts && !s->by_given))) {
        refuse(r, s,
               acts ? "no line before this one sends it: give person= and by="
                    : "no line before this one sends it: give person=");
        return;
    }
    const struct gj_op *first = sent == 0 ? NULL : &r->sequence->steps[sent - 1].op;
    if (!s->person_given) step->op.person = first->person;
    if (acts && !s->by_given) step->op.other = first->other;
}

static void read_operation(struct reader *r, const struct statement *s)
{
    struct fuzz_step step = {.kind = FUZZ_OPERATION, .op = s->op};
    step.rid = number_of(r, s->rid);
    if (s->rid_at_given) step.rid_offset_ms = (int64_t)(s->rid_at_ms - r->time_ms);
    if (s->op.type == GJ_OP_SET_REGION) {
        fill_region(r, s, &step);
    } else if (s->original[0] != 0) {
        fill_original(r, s, &step);
    } else {
        memcpy(step.ext, s->ext.lines, s->op.ext_count * GJ_RECORD_UNIT);
    }
    bool noted = true;
    if (s->op.type == GJ_OP_OPEN_PERSON) noted = id_list_add(&r->ids.persons, s->op.person);
    if (s->op.type == GJ_OP_SET_INSTITUTION) {
        noted = id_list_add(&r->ids.institutions, s->op.other);
    }
    if (!noted) abort();
    if (r->ids.persons.count > FUZZ_PERSONS_MAX ||
        r->ids.institutions.count > FUZZ_INSTITUTIONS_MAX) {
        refuse(r, s, "gongji fuzz takes at most 40 persons and 20 institutions a file");
    }
    if (!r->good) return;
    add(r, &step);
    if (r->sent[step.rid] == 0) r->sent[step.rid] = r->sequence->count;
}

static void read_replay(struct reader *r, const struct statement *s)
{
    uint32_t name = number_of(r, s->rid);
    if (r->sent[name] == 0) {
        refuse(r, s, "no line before this one sends it");
        return;
    }
    struct fuzz_step step = r->sequence->steps[r->sent[name] - 1];
    add(r, &step);
}

static void read_time(struct reader *r, const struct statement *s)
{
    uint64_t to = s->kind == STATEMENT_AT ? s->time_ms : r->time_ms + s->time_ms;
    if (to < r->time_ms) {
        refuse(r, s,
               "time never goes back; a file that does not begin with `at` begins at "
               "2025-06-02T09:00:00");
        return;
    }
    add(r, &(struct fuzz_step){.kind = FUZZ_ADVANCE, .advance_ms = to - r->time_ms});
    r->time_ms = to;
}

static void read_rule(struct reader *r, const struct statement *s)
{
    struct fuzz_rules *rules = &r->corpus->rules;
    if (s->expect.subject == EXPECT_OP || s->expect.subject == EXPECT_DIGEST) {
        refuse(r, s, "gongji fuzz takes always person, institution, region or conserved");
    } else if (rules->count == FUZZ_RULES_MAX) {
        refuse(r, s, "gongji fuzz takes at most 64 always lines");
    } else {
        add(r, &(struct fuzz_step){.kind = FUZZ_RULE, .rule = rules->count});
        rules->of[rules->count++] = s;
    }
}

static void read_limits(struct reader *r, const struct statement *s)
{
    struct scenario_limits *limits = &r->sequence->limits;
    if (s->persons_max != 0) limits->persons_max = s->persons_max;
    if (s->rids_max != 0) {
        refuse(r, s, "gongji fuzz takes no limits rids=: its model does not forget requests");
    }
    if (s->holds_max > MODEL_OPEN_MAX) refuse(r, s, "gongji fuzz takes limits holds= up to 4096");
    if (s->holds_max != 0) limits->holds_max = s->holds_max;
    if (s->ahead_max != 0) limits->ahead_max = s->ahead_max;
}

static void read_statement(struct reader *r, const struct statement *s)
{
    switch (s->kind) {
    case STATEMENT_OPERATION: read_operation(r, s); break;
    case STATEMENT_REPLAY: read_replay(r, s); break;
    case STATEMENT_AT:
    case STATEMENT_ADVANCE: read_time(r, s); break;
    case STATEMENT_CRASH: add(r, &(struct fuzz_step){.kind = FUZZ_CRASH}); break;
    case STATEMENT_LIMITS: read_limits(r, s); break;
    case STATEMENT_ALWAYS: read_rule(r, s); break;
    case STATEMENT_DRY_RUN: /* changes nothing */
    case STATEMENT_EXPECT: break;
    }
}

bool fuzz_corpus_add(struct fuzz_corpus *corpus, const char *text,
                     void (*report)(void *context, unsigned line, const char *message),
                     void *context)
{
    struct scenario *scenario = &corpus->scenarios[corpus->count];
    struct reader r = {.corpus = corpus,
                       .sequence = &corpus->sequences[corpus->count],
                       .report = report,
                       .context = context,
                       .good = true};
    corpus->count++;
    if (!scenario_read(text, scenario, report, context)) return false;
    r.sequence->limits = SCENARIO_LIMITS;
    r.sequence->limits.start_ms = r.time_ms = scenario_start_ms(scenario);
    r.names = calloc(2 * scenario->count + 2, sizeof(*r.names));
    r.sent = calloc(2 * scenario->count + 2, sizeof(*r.sent));
    if (r.names == NULL || r.sent == NULL) abort();
    for (size_t i = 0; i < scenario->count; i++) read_statement(&r, &scenario->statements[i]);
    free(r.names);
    free(r.sent);
    free(r.ids.persons.ids);
    free(r.ids.institutions.ids);
    return r.good;
}

size_t fuzz_corpus_steps(const struct fuzz_corpus *corpus)
{
    size_t most = 0;
    for (uint32_t i = 0; i < corpus->count; i++) {
        if (corpus->sequences[i].count > most) most = corpus->sequences[i].count;
    }
    return most;
}

void fuzz_corpus_free(struct fuzz_corpus *corpus)
{
    for (uint32_t i = 0; i < corpus->count; i++) {
        scenario_free(&corpus->scenarios[i]);
        fuzz_sequence_free(&corpus->sequences[i]);
    }
    corpus->count = 0;
}
