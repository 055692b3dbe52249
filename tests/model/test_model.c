/* tests/model/test_model.c -- the core beside the model: random operations, every field of every
 * reply compared, the whole state compared every so often, and redone from its records at the end.
 *
 *   test_model [--seed N] [--sequences N] [--operations N]
 *
 * A difference is a bug in one of the two; docs/OPERATIONS.md says in which. The sequence's seed,
 * the operation's number, the operation and both answers are printed, and the first difference ends
 * the run: everything after it would differ too. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../tables/reachable.h"
#include "generator.h"
#include "model.h"
#include "state.h"

#define COMPARE_EVERY  250u
#define OPERATIONS_MAX 100000u /* of a sequence: its records are kept in memory */
#define FLOOR_PERCENT  95u     /* of the reachable pairs that a whole run has to reach */
#define FLOOR_NEEDS    200000u /* operations; a shorter run is not asked */

/* The core with its records in memory. */
struct core {
    struct state_config config;
    struct state *s;
    void *block;  /* it is in */
    uint8_t *log; /* record at position p: log + 64 p */
    uint64_t *times;
    uint64_t lines; /* positions used, the first is 1 */
};

struct run {
    uint64_t seed;
    uint32_t operation;
    struct core core;
    struct model *model;
    struct generator generator;
    struct generated generated;
    bool different;
};

static uint64_t reached[256][256];

static void *allocate(uint64_t size)
{
    void *memory = NULL;
    if (posix_memalign(&memory, 64, size) != 0) abort();
    memset(memory, 0, size);
    return memory;
}

/* Memory of the kernel's zero pages: most of the region tables is never touched. The block is to be
 * freed, the state in it is aligned. */
static struct state *new_state(const struct state_config *config, void **ret_block)
{
    struct state_memory parts;
    uint64_t size = state_size(config, &parts);
    *ret_block = calloc(1, size + 64);
    if (size == 0 || *ret_block == NULL) abort();
    return state_init(config, (void *)(((uintptr_t)*ret_block + 63) & ~(uintptr_t)63));
}

static void differ(struct run *r, const char *what, int64_t core, int64_t model)
{
    if (!r->different) {
        printf("difference: seed %" PRIu64 ", operation %u\n", r->seed, r->operation);
        generated_print(stdout, &r->generated.op, r->generator.time_ms);
    }
    r->different = true;
    printf("  %s: core %" PRId64 ", model %" PRId64 "\n", what, core, model);
}

#define SAME(core, model)                                                                          \
    do {                                                                                           \
        if ((core) != (model)) differ(r, #model, (int64_t)(core), (int64_t)(model));               \
    } while (0)

static void same_fen(struct run *r, const char *what, uint64_t id, struct gj_fen128 core,
                     struct gj_fen128 model)
{
    if (core.low == model.low && core.high == model.high) return;
    printf("  of %" PRIu64 ":\n", id);
    differ(r, what, (int64_t)core.low, (int64_t)model.low);
}

static struct decide_input input_for(const struct core *c, const struct needs *n, uint64_t time_ms)
{
    struct decide_input in = {.time_ms = time_ms, .seq = state_seq(c->s) + 1};
    in.evidence_count = n->count;
    for (uint32_t i = 0; i < n->count; i++) {
        in.evidence[i].position = n->positions[i];
        in.evidence[i].record = c->log + n->positions[i] * GJ_RECORD_UNIT;
    }
    return in;
}

static void core_apply(struct core *c, const struct generated *g, uint64_t time_ms,
                       struct decision *ret)
{
    struct needs n = {0};
    needs(c->s, &g->op, &n);
    struct decide_input in = input_for(c, &n, time_ms);
    in.read_only = g->read_only;
    uint64_t position = c->lines + 1;
    void *record = c->log + position * GJ_RECORD_UNIT;
    memset(ret, 0, sizeof(*ret));
    decide(c->s, &g->op, &in, record, ret);
    if (ret->kind != DECISION_RECORD) return;
    c->times[position] = time_ms;
    c->lines += ret->record_size / GJ_RECORD_UNIT;
    commit(c->s, record, position, time_ms);
}

static const void *ask(struct run *r, struct gj_read read, const struct gj_answer **ret_answer)
{
    static uint8_t out[GJ_READ_ANSWER_MAX + 64] __attribute__((aligned(64)));
    struct needs n = {0};
    struct decide_input in = {0};
    query_needs(r->core.s, &read, &n);
    in = input_for(&r->core, &n, r->generator.time_ms);
    if (query(r->core.s, &read, &in, out, sizeof(out)) < sizeof(struct gj_answer)) abort();
    *ret_answer = (const struct gj_answer *)out;
    return out + sizeof(struct gj_answer);
}

static void compare_reply(struct run *r, const struct decision *d, const struct gj_reply *reply,
                          const struct gj_reply_sources *sources)
{
    SAME(d->reply.code, reply->code);
    SAME(d->reply.flags, reply->flags);
    SAME(d->reply.seq, reply->seq);
    SAME(d->reply.balance, reply->balance);
    SAME(d->reply.amount, reply->amount);
    for (unsigned i = 0; i < sizeof(reply->reserved); i++) SAME(d->reply.reserved[i], 0);
    if ((reply->flags & GJ_REPLY_SOURCES) == 0) return;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) SAME(d->sources.taken[i], sources->taken[i]);
    SAME(d->sources.remainder, sources->remainder);
}

static void compare_members(struct run *r, const struct gj_person_view *core,
                            const struct gj_person_view *model)
{
    SAME(core->member_count, model->member_count);
    for (unsigned i = 0; i < model->member_count && i < GJ_FAMILY_MEMBERS_MAX; i++) {
        const struct gj_member_view *found = NULL, *want = &model->members[i];
        for (unsigned j = 0; j < core->member_count; j++) {
            if (core->members[j].id == want->id) found = &core->members[j];
        }
        if (found == NULL) {
            differ(r, "member", 0, (int64_t)want->id);
            continue;
        }
        SAME(found->kind, want->kind);
        SAME(found->cap, want->cap);
        SAME(found->used, want->used);
    }
}

/* The marks as the answer names them: a product mask of one year. */
static uint8_t paid_in(const struct gj_person_view *v, int year)
{
    int at = year - v->premium_year + 1;
    return v->premium_year != 0 && at >= 0 && at < 3 ? v->premium_paid[at] : 0;
}

static void compare_person(struct run *r, uint64_t id)
{
    const struct gj_answer *answer;
    const struct gj_person_view *core =
        ask(r, (struct gj_read){.type = GJ_READ_GET_PERSON, .id = id}, &answer);
    struct gj_person_view want, *model = &want;
    if (!model_person_view(r->model, id, model)) {
        SAME(answer->code, (uint8_t)GJ_PERSON_NOT_FOUND);
        return;
    }
    SAME(answer->code, (uint8_t)GJ_OK);
    if (answer->code != GJ_OK) return;
    bool before = r->different;
    SAME(core->id, model->id);
    SAME(core->personal, model->personal);
    SAME(core->personal_held, model->personal_held);
    SAME(core->wallet, model->wallet);
    SAME(core->wallet_held, model->wallet_held);
    SAME(core->quota, model->quota);
    SAME(core->quota_left, model->quota_left);
    SAME(core->used, model->used);
    SAME(core->opening, model->opening);
    SAME(core->credits, model->credits);
    SAME(core->phone_hash, model->phone_hash);
    SAME(core->insured_region, model->insured_region);
    SAME(core->use_region, model->use_region);
    SAME(core->insurance, model->insurance);
    SAME(core->status, model->status);
    SAME(core->flags, model->flags);
    SAME(core->suspended, model->suspended);
    SAME(core->year, model->year);
    SAME(core->changed_on, model->changed_on);
    for (int year = model->year - 1; year <= model->year + 1; year++) {
        SAME(paid_in(core, year), paid_in(model, year));
    }
    compare_members(r, core, model);
    if (r->different && !before) printf("  of person %" PRIu64 "\n", id);
}

static void compare_institution(struct run *r, uint64_t id)
{
    const struct gj_answer *answer;
    const struct gj_institution_view *core =
        ask(r, (struct gj_read){.type = GJ_READ_GET_INSTITUTION, .id = id}, &answer);
    const struct model_institution *model = model_find_institution(r->model, id);
    SAME(answer->code, (uint8_t)(model == NULL ? GJ_INST_NOT_FOUND : GJ_OK));
    if (model == NULL || answer->code != GJ_OK) return;
    same_fen(r, "payable", id, core->payable, model_fen(model->payable));
    SAME(core->region, model->region);
    SAME(core->type, model->type);
    SAME(core->scenarios, model->scenarios);
    SAME(core->flags, model->flags);
    SAME(memcmp(core->code, model->code, sizeof(core->code)), 0);
}

static void compare_netting(struct run *r, uint16_t region)
{
    const struct gj_answer *answer;
    const struct gj_netting_entry *core =
        ask(r, (struct gj_read){.type = GJ_READ_NETTING_ROW, .region = region}, &answer);
    uint32_t count = answer->code == GJ_OK ? answer->count : 0, found = 0;
    for (uint16_t other = 1; other < MODEL_REGIONS_MAX; other++) {
        __int128 out = r->model->gross[region][other], in = r->model->gross[other][region];
        if (out == 0 && in == 0) continue;
        found++;
        bool there = false;
        for (uint32_t i = 0; i < count; i++) {
            if (core[i].region != other) continue;
            there = true;
            same_fen(r, "gross out", other, core[i].out, model_fen(out));
            same_fen(r, "gross in", other, core[i].in, model_fen(in));
        }
        SAME(there, true);
    }
    SAME(count, found);
}

static void compare_region(struct run *r, uint16_t region)
{
    const struct gj_answer *answer;
    const struct gj_region_view *core =
        ask(r, (struct gj_read){.type = GJ_READ_GET_REGION, .region = region}, &answer);
    struct gj_region_view view, *model = &view;
    bool set = model_region_view(r->model, region, model);
    SAME(answer->code, (uint8_t)(set ? GJ_OK : GJ_REGION_NOT_FOUND));
    if (!set || answer->code != GJ_OK) return;
    SAME(core->id, model->id);
    SAME(core->scheduled, model->scheduled);
    SAME(core->version, model->version);
    SAME(core->scheduled_version, model->scheduled_version);
    SAME(core->scheduled_from_ms, model->scheduled_from_ms);
    SAME(memcmp(&core->current, &model->current, sizeof(core->current)), 0);
    SAME(memcmp(&core->next, &model->next, sizeof(core->next)), 0);
    const struct gj_totals_view *totals =
        ask(r, (struct gj_read){.type = GJ_READ_REGION_TOTALS, .region = region}, &answer);
    SAME(answer->code, (uint8_t)GJ_OK);
    struct gj_totals_view want;
    model_totals_view(r->model, region, &want);
    same_fen(r, "fund", region, totals->fund, want.fund);
    same_fen(r, "personal", region, totals->personal, want.personal);
    same_fen(r, "wallet", region, totals->wallet, want.wallet);
    same_fen(r, "institution", region, totals->institution, want.institution);
    same_fen(r, "premium", region, totals->premium, want.premium);
    same_fen(r, "clearing", region, totals->clearing, want.clearing);
    SAME(totals->persons, want.persons);
    SAME(totals->wallets, want.wallets);
    compare_netting(r, region);
}

/* Any request remembered so far: what it answered then. */
static void compare_request(struct run *r)
{
    if (r->model->request_count == 0) return;
    uint32_t which = (uint32_t)(generator_random(&r->generator) % r->model->request_count);
    const struct model_request *model = &r->model->requests[which];
    const struct gj_answer *answer;
    const struct gj_op_view *core = ask(
        r, (struct gj_read){.type = GJ_READ_GET_OP, .id = model->op.person, .rid = model->op.rid},
        &answer);
    SAME(answer->code, (uint8_t)GJ_OK);
    SAME(core->state, gj_code_ok(model->reply.code) ? GJ_OP_STATE_EXECUTED : GJ_OP_STATE_REFUSED);
    SAME(memcmp(&core->reply, &model->reply, sizeof(core->reply)), 0);
    SAME(memcmp(&core->sources, &model->sources, sizeof(core->sources)), 0);
    SAME(memcmp(&core->op, &model->op, sizeof(core->op)), 0);
}

static void compare_state(struct run *r)
{
    model_advance(r->model, r->generator.time_ms);
    for (uint64_t id = 99; id < 100 + WORLD_PERSONS; id++) compare_person(r, id);
    for (uint64_t id = 9; id < 10 + WORLD_INSTITUTIONS; id++) compare_institution(r, id);
    for (uint16_t id = 1; id <= WORLD_REGIONS + 1; id++) compare_region(r, id);
    compare_request(r);
    SAME(state_seq(r->core.s), r->model->seq);
    const char *broken = state_audit(r->core.s);
    if (broken != NULL) {
        differ(r, "audit", 1, 0);
        printf("  broken: %s\n", broken);
    }
}

/* The records committed alone into an empty state must give the same digest. */
static void compare_redo(struct run *r)
{
    struct core *c = &r->core;
    void *block;
    struct state *again = new_state(&c->config, &block);
    for (uint64_t at = 1; at <= c->lines;) {
        const void *record = c->log + at * GJ_RECORD_UNIT;
        uint32_t size = record_size(record, (c->lines + 1 - at) * GJ_RECORD_UNIT);
        if (size == 0) {
            differ(r, "record size", 0, (int64_t)at);
            break;
        }
        commit(again, record, at, c->times[at]);
        at += size / GJ_RECORD_UNIT;
    }
    uint64_t first[2], second[2];
    state_digest(c->s, first);
    state_digest(again, second);
    SAME(first[0], second[0]);
    SAME(first[1], second[1]);
    SAME(state_seq(c->s), state_seq(again));
    free(block);
}

static void start(struct run *r, uint64_t seed, uint32_t operations)
{
    memset(r, 0, sizeof(*r));
    r->seed = seed;
    generator_init(&r->generator, seed);
    struct core *c = &r->core;
    c->config = (struct state_config){.persons_max = WORLD_PERSONS_MAX,
                                      .families_max = WORLD_FAMILIES_MAX,
                                      .institutions_max = WORLD_INSTITUTIONS_MAX,
                                      .rids_max = 4 * (uint64_t)operations + 64,
                                      .hash_seed = seed};
    c->s = new_state(&c->config, &c->block);
    uint64_t lines = (uint64_t)(operations + 2) * (GJ_RECORD_SIZE_MAX / GJ_RECORD_UNIT);
    c->log = allocate(lines * GJ_RECORD_UNIT);
    c->times = allocate(lines * sizeof(*c->times));
    r->model = model_new(WORLD_PERSONS_MAX, WORLD_FAMILIES_MAX, WORLD_INSTITUTIONS_MAX, operations);
}

/* One sequence; false if core and model differ. */
static bool run_sequence(uint64_t seed, uint32_t operations)
{
    struct run run, *r = &run;
    start(r, seed, operations);
    while (r->operation < operations && !r->different) {
        r->operation++;
        generator_next(&r->generator, r->model, &r->generated);
        struct gj_reply reply;
        struct gj_reply_sources sources;
        struct decision d;
        core_apply(&r->core, &r->generated, r->generator.time_ms, &d);
        model_apply(r->model, &r->generated.op, r->generator.time_ms, r->generated.read_only,
                    &reply, &sources);
        compare_reply(r, &d, &reply, &sources);
        if ((reply.flags & GJ_REPLY_REPLAYED) == 0) reached[r->generated.op.type][reply.code]++;
        if (r->operation % COMPARE_EVERY == 0 && !r->different) compare_state(r);
    }
    if (!r->different) compare_state(r);
    if (!r->different) compare_redo(r);
    bool same = !r->different;
    free(r->core.block);
    free(r->core.log);
    free(r->core.times);
    model_free(r->model);
    return same;
}

static bool is_reachable(uint8_t type, uint8_t code)
{
    for (size_t i = 0; i < sizeof(reachable_by_all); i++) {
        if (reachable_by_all[i] == code) return true;
    }
    for (size_t i = 0; i < sizeof(reachable) / sizeof(*reachable); i++) {
        if (reachable[i].type != type) continue;
        for (unsigned j = 0; j < PAIRS_MAX && reachable[i].codes[j] != 0; j++) {
            if (reachable[i].codes[j] == code) return true;
        }
    }
    return false;
}

/* One line per operation: how often it answered what, replays left out. */
static void print_reached(void)
{
    for (unsigned type = GJ_OP_SET_REGION; type <= GJ_OP_RESUME; type++) {
        printf("%s:", gj_op_verb((uint8_t)type));
        for (unsigned code = 0; code < 256; code++) {
            if (reached[type][code] == 0) continue;
            printf(" %s %" PRIu64, gj_code_name((uint8_t)code), reached[type][code]);
        }
        printf("\n");
    }
}

/* Prints what was missed; the percentage of reachable pairs that were reached. RID_EXPIRED is left
 * to the tables: the window here is larger than any sequence. */
static unsigned coverage(void)
{
    unsigned pairs = 0, hit = 0;
    for (unsigned type = GJ_OP_SET_REGION; type <= GJ_OP_RESUME; type++) {
        for (unsigned code = 0; code < 256; code++) {
            bool expected = code != GJ_RID_EXPIRED && is_reachable((uint8_t)type, (uint8_t)code);
            pairs += expected;
            hit += expected && reached[type][code] != 0;
            if (expected && reached[type][code] == 0) {
                printf("not reached: %s %s\n", gj_op_verb((uint8_t)type),
                       gj_code_name((uint8_t)code));
            } else if (!expected && reached[type][code] != 0) {
                printf("not in the list of reachable pairs: %s %s\n", gj_op_verb((uint8_t)type),
                       gj_code_name((uint8_t)code));
            }
        }
    }
    printf("%u of %u pairs of operation and code reached\n", hit, pairs);
    return hit * 100 / pairs;
}

/* Every option takes a number. False, with what is wrong on stderr, if there is another one. */
static bool read_options(int argc, char **argv, uint64_t *seed, uint64_t *sequences,
                         uint64_t *operations)
{
    for (int i = 1; i < argc; i += 2) {
        uint64_t *value = NULL;
        if (strcmp(argv[i], "--seed") == 0) value = seed;
        if (strcmp(argv[i], "--sequences") == 0) value = sequences;
        if (strcmp(argv[i], "--operations") == 0) value = operations;
        char *end = NULL;
        if (value != NULL && i + 1 < argc) *value = strtoull(argv[i + 1], &end, 10);
        if (end != NULL && end != argv[i + 1] && *end == 0) continue;
        fprintf(stderr, "test_model: %s: use [--seed N] [--sequences N] [--operations N]\n",
                argv[i]);
        return false;
    }
    if (*operations >= 1 && *operations <= OPERATIONS_MAX && *sequences >= 1) return true;
    fprintf(stderr, "test_model: at least one sequence, of 1 to %u operations\n", OPERATIONS_MAX);
    return false;
}

int main(int argc, char **argv)
{
    uint64_t seed = 1, sequences = 400, operations = 2500;
    if (!read_options(argc, argv, &seed, &sequences, &operations)) return 64;
    for (uint64_t i = 0; i < sequences; i++) {
        if (run_sequence(seed + i, (uint32_t)operations)) continue;
        printf("not ok model: repeat with --seed %" PRIu64 " --sequences 1 --operations %" PRIu64
               "\n",
               seed + i, operations);
        return 1;
    }
    print_reached();
    unsigned percent = coverage();
    uint64_t total = sequences * operations;
    bool enough = total < FLOOR_NEEDS || percent >= FLOOR_PERCENT;
    printf("%s model: %" PRIu64 " operations in %" PRIu64 " sequences from seed %" PRIu64 "\n",
           enough ? "ok" : "not ok", total, sequences, seed);
    return enough ? 0 : 1;
}
