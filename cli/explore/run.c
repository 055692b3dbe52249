/* cli/explore/run.c -- a target beside the model, step by step. */
#include "cli/explore/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/scenario/reply.h"

struct fuzz_run *fuzz_run_new(size_t steps_max)
{
    struct fuzz_run *run = calloc(1, sizeof(*run));
    if (run == NULL) return NULL;
    const struct model_limits limits = {.requests = (uint32_t)steps_max + 1};
    run->requests_max = limits.requests;
    run->names_max = 2 * (uint32_t)steps_max + 2; /* an operation mints two rids at most */
    run->rids = calloc(run->names_max, sizeof(*run->rids));
    run->minted = calloc(run->names_max, sizeof(*run->minted));
    run->name_of = calloc(run->names_max, sizeof(*run->name_of));
    run->c.model = model_new(&limits);
    if (run->rids != NULL && run->minted != NULL && run->name_of != NULL) return run;
    fuzz_run_free(run);
    return NULL;
}

void fuzz_run_free(struct fuzz_run *run)
{
    if (run == NULL) return;
    model_free(run->c.model);
    free(run->rids);
    free(run->minted);
    free(run->name_of);
    free(run->ids.persons.ids);
    free(run->ids.institutions.ids);
    free(run->ids.regions.ids);
    free(run);
}

static bool fail(struct fuzz_run *run, enum fuzz_failure_kind kind, size_t index, const char *what,
                 const char *text)
{
    struct fuzz_failure *f = &run->failure;
    f->kind = kind;
    f->step = index;
    snprintf(f->what, sizeof(f->what), "%s", what);
    snprintf(f->text, sizeof(f->text), "%s", text);
    return false;
}

static const void *ask(struct compare_reads *reads, const void *lines, struct gj_answer *ret)
{
    struct fuzz_run *run = (struct fuzz_run *)((char *)reads - offsetof(struct fuzz_run, reads));
    const struct gj_read *read = lines;
    struct scenario_request request;
    memcpy(&request, read, (1u + read->ext_count) * sizeof(*read));
    if (run->target->query(run->target, &request, ret, run->payload)) return run->payload;
    /* Whatever it is compared with: the caller sees that the target failed. */
    if (run->failure.kind == FUZZ_GOOD) {
        fail(run, FUZZ_TARGET, run->c.operation, "target", run->target->error);
    }
    memset(run->payload, 0, sizeof(run->payload));
    memset(ret, 0, sizeof(*ret));
    return run->payload;
}

/* The server's time, and whether it is empty and its clock stands still. */
static bool join_server(struct fuzz_run *run, uint64_t start_ms, struct model_limits *limits)
{
    struct gj_answer answer;
    const struct gj_read read = {.type = GJ_READ_STATS};
    const struct gj_stats_view *stats = ask(&run->reads, &read, &answer);
    if (run->failure.kind != FUZZ_GOOD) return false;
    if (stats->persons != 0 || stats->regions != 0 || answer.time_ms > start_ms) {
        char why[256];
        snprintf(why, sizeof(why),
                 "needs an empty server started with --test-clock; this one holds %" PRIu64
                 " persons and %" PRIu64
                 " regions, all of which it would act on; nothing was sent: "
                 "start gongjid --test-clock on a new directory",
                 stats->persons, stats->regions);
        return fail(run, FUZZ_TARGET, 0, "start", why);
    }
    if (!run->target->set_time(run->target, start_ms)) {
        return fail(run, FUZZ_TARGET, 0, "start",
                    "needs an empty server started with --test-clock; this one's clock runs by "
                    "itself");
    }
    limits->persons = (uint32_t)stats->persons_max;
    limits->families = (uint32_t)stats->families_max;
    limits->institutions = (uint32_t)stats->institutions_max;
    limits->holds = (uint32_t)stats->holds_max;
    return true;
}

bool fuzz_run_begin(struct fuzz_run *run, const struct scenario_limits *limits, uint64_t seed)
{
    struct model *model = run->c.model;
    struct model_limits room = {.persons = (uint32_t)limits->persons_max,
                                .families = (uint32_t)limits->persons_max,
                                .institutions = MODEL_INSTITUTIONS_MAX,
                                .holds = (uint32_t)limits->holds_max,
                                .ahead = (uint32_t)limits->ahead_max,
                                .requests = run->requests_max};
    compare_begin(&run->c, seed);
    run->c.model = model;
    run->c.quiet = true;
    run->c.reads = &run->reads;
    run->reads.ask = ask;
    run->failure.kind = FUZZ_GOOD;
    run->time_ms = limits->start_ms;
    memset(run->minted, 0, run->names_max * sizeof(*run->minted));
    memset(run->armed, 0, sizeof(run->armed));
    memset(run->active, 0, sizeof(run->active));
    run->ids.persons.count = run->ids.institutions.count = run->ids.regions.count = 0;
    run->mint = (struct names){.node = 0};
    if (run->target != NULL) {
        run->mint.node = run->target->rid_node;
        if (!run->target->start(run->target, limits)) {
            return fail(run, FUZZ_TARGET, 0, "start", run->target->error);
        }
        if (!run->target->fresh && !join_server(run, limits->start_ms, &room)) return false;
    }
    model_clear(model, &room);
    run->c.generator.time_ms = run->time_ms;
    model_advance(model, run->time_ms);
    return true;
}

void fuzz_run_end(struct fuzz_run *run)
{
    if (run->target != NULL) run->target->stop(run->target);
}

uint32_t fuzz_run_name(const struct fuzz_run *run, const struct gj_rid *rid)
{
    uint64_t low = 0;
    for (unsigned i = 8; i < 16; i++) low = low << 8 | rid->bytes[i];
    uint64_t number = low >> 32 & 0x3FFFFFFF;
    if (rid->bytes[6] >> 4 != 7 || number == 0 || number > run->mint.minted) return 0;
    uint32_t name = run->name_of[number];
    return name != 0 && gj_rid_equal(&run->rids[name], rid) ? name : 0;
}

static struct gj_rid rid_of(struct fuzz_run *run, uint32_t name, uint64_t ms)
{
    ASSERT(name > 0 && name < run->names_max);
    if (!run->minted[name]) {
        run->rids[name] = names_mint(&run->mint, ms);
        ASSERT(run->mint.minted < run->names_max);
        run->name_of[run->mint.minted] = name;
        run->minted[name] = true;
    }
    return run->rids[name];
}

static void fill_request(struct fuzz_run *run, const struct fuzz_step *step)
{
    struct scenario_request *request = &run->request;
    request->op = step->op;
    request->op.rid = rid_of(run, step->rid, run->time_ms + (uint64_t)step->rid_offset_ms);
    memcpy(request->ext, step->ext, step->op.ext_count * GJ_RECORD_UNIT);
    if (step->original != 0) {
        struct gj_original_ext ext = {.rid = rid_of(run, step->original, run->time_ms)};
        memcpy(request->ext, &ext, sizeof(ext));
    }
    if (step->next_version && step->op.arg < MODEL_REGIONS_MAX) {
        const struct model_region *region = &run->c.model->regions[step->op.arg];
        uint32_t last = region->scheduled ? region->next_version : region->version;
        request->op.amount = (int64_t)last + 1;
    }
}

/* What the rule is about exists: else a line before it would have to open it. */
static bool rule_applies(const struct fuzz_run *run, const struct expectation *e)
{
    struct model *model = run->c.model;
    if (e->every) return true;
    switch (e->subject) {
    case EXPECT_PERSON: return model_find_person(model, e->id) != NULL;
    case EXPECT_INSTITUTION: return model_find_institution(model, e->id) != NULL;
    case EXPECT_REGION: return e->id < MODEL_REGIONS_MAX && model->regions[e->id].set;
    default: return true;
    }
}

static bool check_rules(struct fuzz_run *run, size_t index)
{
    for (uint32_t i = 0; run->rules != NULL && i < run->rules->count; i++) {
        if (!run->armed[i]) continue;
        const struct statement *s = run->rules->of[i];
        struct found found = {.got = ""};
        if (!run->active[i]) run->active[i] = rule_applies(run, &s->expect);
        if (!run->active[i] || run->target == NULL) continue;
        if (!expectation_check(run->target, &s->expect, &run->ids, &found)) {
            return fail(run, FUZZ_TARGET, index, "target", run->target->error);
        }
        if (found.got[0] == 0) continue;
        fail(run, FUZZ_BROKEN, index, "rule", "");
        run->failure.rule = i;
        snprintf(run->failure.text, sizeof(run->failure.text), "%s: got %s", s->text, found.got);
        return false;
    }
    return true;
}

static void note_id(struct fuzz_run *run)
{
    const struct gj_op *op = &run->request.op;
    if (run->rules == NULL || run->rules->count == 0 || !gj_code_ok(run->reply.code)) return;
    bool noted = true;
    switch (op->type) {
    case GJ_OP_SET_REGION: noted = id_list_add(&run->ids.regions, op->arg); break;
    case GJ_OP_SET_INSTITUTION: noted = id_list_add(&run->ids.institutions, op->other); break;
    case GJ_OP_OPEN_PERSON: noted = id_list_add(&run->ids.persons, op->person); break;
    default: break;
    }
    if (!noted) abort();
}

static void put_taken(const struct gj_reply *reply, const struct gj_reply_sources *sources,
                      char text[SCENARIO_REPLY_SIZE])
{
    char taken[SCENARIO_TAKEN_SIZE];
    if ((reply->flags & GJ_REPLY_SOURCES) == 0) return;
    taken_describe(sources->taken, GJ_SOURCES_MAX, taken);
    snprintf(text + strlen(text), SCENARIO_REPLY_SIZE - strlen(text), "%s", taken);
}

static bool reply_differs(struct fuzz_run *run, size_t index)
{
    char want[SCENARIO_REPLY_SIZE], got[SCENARIO_REPLY_SIZE];
    const struct compare_difference *first = &run->c.first;
    reply_describe(&run->reply, &run->sources, want);
    reply_describe(&run->core, &run->core_sources, got);
    put_taken(&run->reply, &run->sources, want);
    put_taken(&run->core, &run->core_sources, got);
    const char *arrow = strstr(first->what, "->");
    const char *field = arrow == NULL ? first->what : arrow + 2;
    fail(run, FUZZ_REPLY, index, field, "");
    if (strcmp(want, got) != 0) {
        snprintf(run->failure.text, sizeof(run->failure.text), "wanted %s, got %s", want, got);
    } else {
        snprintf(run->failure.text, sizeof(run->failure.text),
                 "%s of the reply: wanted %" PRId64 ", got %" PRId64, field, first->model,
                 first->core);
    }
    return false;
}

static bool run_operation(struct fuzz_run *run, const struct fuzz_step *step, size_t index)
{
    struct comparison *c = &run->c;
    const struct gj_op *op = &run->request.op;
    fill_request(run, step);
    c->operation++;
    c->op = op;
    if (run->target != NULL) {
        run->core_sources = (struct gj_reply_sources){.remainder = 0};
        if (!run->target->execute(run->target, &run->request, &run->core, &run->core_sources)) {
            return fail(run, FUZZ_TARGET, index, "target", run->target->error);
        }
    }
    model_apply(c->model, op, run->time_ms, false, &run->reply, &run->sources);
    if (run->pairs != NULL && op->type < GJ_OP_TYPES) {
        run->pairs->seen[op->type][run->reply.code] = 1;
    }
    note_id(run);
    if (run->target == NULL) return true;
    compare_reply(c, &run->core, &run->core_sources, &run->reply, &run->sources,
                  c->model->answered);
    return !c->different || reply_differs(run, index);
}

static bool run_advance(struct fuzz_run *run, const struct fuzz_step *step, size_t index)
{
    run->time_ms += step->advance_ms;
    run->c.generator.time_ms = run->time_ms;
    model_advance(run->c.model, run->time_ms);
    if (run->target == NULL || run->target->set_time(run->target, run->time_ms)) return true;
    return fail(run, FUZZ_TARGET, index, "target", run->target->error);
}

static bool run_crash(struct fuzz_run *run, size_t index)
{
    if (run->target == NULL) return true;
    if (run->target->crash(run->target) && run->target->set_time(run->target, run->time_ms)) {
        return true;
    }
    return fail(run, FUZZ_REDO, index, "redo", run->target->error);
}

bool fuzz_run_step(struct fuzz_run *run, const struct fuzz_step *step, size_t index)
{
    bool good = true;
    switch (step->kind) {
    case FUZZ_OPERATION: good = run_operation(run, step, index); break;
    case FUZZ_ADVANCE: good = run_advance(run, step, index); break;
    case FUZZ_CRASH: good = run_crash(run, index); break;
    case FUZZ_RULE: run->armed[step->rule] = true; break;
    }
    return good && check_rules(run, index);
}

bool fuzz_run_look(struct fuzz_run *run, bool netting, size_t index)
{
    struct comparison *c = &run->c;
    if (run->target == NULL) return true;
    compare_known(c, netting);
    if (run->failure.kind != FUZZ_GOOD) return false;
    if (!c->different) return true;
    const char *arrow = strstr(c->first.what, "->");
    const char *field = arrow == NULL ? c->first.what : arrow + 2;
    fail(run, FUZZ_STATE, index, field, "");
    if (strcmp(field, "audit") == 0) {
        snprintf(run->failure.text, sizeof(run->failure.text),
                 "the recount of the books finds a broken invariant");
    } else {
        snprintf(run->failure.text, sizeof(run->failure.text),
                 "%s, as it is read: wanted %" PRId64 ", got %" PRId64, field, c->first.model,
                 c->first.core);
    }
    return false;
}

bool fuzz_run_all(struct fuzz_run *run, const struct fuzz_sequence *sequence, enum fuzz_look look)
{
    bool good = fuzz_run_begin(run, &sequence->limits, 1);
    for (size_t i = 0; i < sequence->count && good; i++) {
        good = fuzz_run_step(run, &sequence->steps[i], i);
    }
    if (good && look != FUZZ_NO_LOOK) {
        good = fuzz_run_look(run, look == FUZZ_LOOK_NETTING, sequence->count);
    }
    fuzz_run_end(run);
    return good;
}
