/* tests/model/test_model.c -- the core beside the model: random operations, every field of every
 * reply compared, the whole state compared every so often. In between what is due is written down
 * or not, at random: nobody may notice. At random points, and at the end, the state is built anew
 * from the records alone.
 *
 *   test_model [--seed N] [--sequences N] [--operations N] [--compare EVERY]
 *
 * A difference is a bug in one of the two; docs/OPERATIONS.md says in which. The sequence's seed,
 * the operation's number, the operation and both answers are printed, and the first difference ends
 * the run: everything after it would differ too. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/model/compare.h"
#include "io/engine/shard_memory.h"

#define LINES_EACH     16u     /* of log for an operation with the expiries in front of it */
#define OPERATIONS_MAX 100000u /* of a sequence: its records are kept in memory */
#define FLOOR_PERCENT  95u     /* of the reachable pairs that a whole run has to reach */
#define FLOOR_NEEDS    200000u /* operations; a shorter run is not asked */

struct run {
    struct comparison c;
    struct compare_reads reads;
    struct shard_memory *shard;
    struct generated generated;
    uint8_t answer[GJ_READ_ANSWER_MAX + 64] __attribute__((aligned(64)));
};

static const void *ask_shard(struct compare_reads *reads, const void *lines, struct gj_answer *ret)
{
    struct run *r = (struct run *)((char *)reads - offsetof(struct run, reads));
    r->shard->time_ms = r->c.generator.time_ms;
    r->shard->read_only = false;
    uint32_t size = shard_memory_query(r->shard, lines, r->answer, sizeof(r->answer));
    if (size < sizeof(*ret)) abort();
    memcpy(ret, r->answer, sizeof(*ret));
    return r->answer + sizeof(*ret);
}

static void start(struct run *r, uint64_t seed, uint32_t operations)
{
    compare_begin(&r->c, seed);
    const struct generator *g = &r->c.generator;
    const struct state_config config = {
        .persons_max = WORLD_PERSONS_MAX,
        .families_max = WORLD_FAMILIES_MAX,
        .institutions_max = WORLD_INSTITUTIONS_MAX,
        .holds_max = g->holds_max,
        .rids_ahead_max = g->ahead_max,
        .rids_max = g->rids_max != 0 ? g->rids_max : 4 * (uint64_t)operations + 64,
        .hash_seed = seed};
    const struct model_limits limits = {.persons = WORLD_PERSONS_MAX,
                                        .families = WORLD_FAMILIES_MAX,
                                        .institutions = WORLD_INSTITUTIONS_MAX,
                                        .holds = g->holds_max,
                                        .ahead = g->ahead_max,
                                        .requests = operations + 1};
    r->shard = shard_memory_new(&config, (operations + 64u) * LINES_EACH);
    if (r->shard == NULL) abort();
    r->c.model = model_new(&limits);
    r->reads.ask = ask_shard;
    r->c.reads = &r->reads;
    r->c.op = &r->generated.op;
}

/* Some of what is due is written down, or all of it: then the number of records is known. In a
 * small window always all: an EXPIRE takes a place in it, so it may raise the floor. */
static void sweep(struct run *r)
{
    struct generator *g = &r->c.generator;
    uint64_t dice = g->rids_max != 0 ? 0 : generator_random(g) % 1000;
    if (dice >= 60) return;
    r->shard->time_ms = g->time_ms;
    r->shard->read_only = false;
    model_advance(r->c.model, g->time_ms);
    shard_memory_expire(r->shard, dice < 20 ? UINT32_MAX : (uint32_t)(dice % 3));
    uint64_t seq = state_seq(r->shard->s), all = r->c.model->outcomes + r->c.model->expired;
    if (dice < 20 ? seq != all : seq > all) {
        compare_differ(&r->c, "records", (int64_t)seq, (int64_t)all);
    }
    struct state_counts counts;
    state_counts(r->shard->s, &counts);
    if (dice < 20 && counts.holds != r->c.model->open_count) {
        compare_differ(&r->c, "open", (int64_t)counts.holds, r->c.model->open_count);
    }
}

static void compare(struct run *r)
{
    r->c.model->rid_low_water_ms = state_rid_low_water_ms(r->shard->s);
    compare_state(&r->c);
}

static void crash(struct run *r)
{
    if (shard_memory_redo(r->shard)) return;
    compare_differ(&r->c, "state redone from the records", 0, 1);
}

static void execute(struct run *r)
{
    struct comparison *c = &r->c;
    struct gj_reply core, reply;
    struct gj_reply_sources core_sources, sources;
    struct gj_dry_run_view dry;
    const struct gj_op *op = &r->generated.op;
    c->model->rid_low_water_ms = state_rid_low_water_ms(r->shard->s);
    compare_memory_of(c, op);
    bool dry_run = !r->generated.read_only && generator_random(&c->generator) % 8 == 0;
    if (dry_run) compare_dry_run(c, op, &dry);
    r->shard->time_ms = c->generator.time_ms;
    r->shard->read_only = r->generated.read_only;
    memset(&core_sources, 0, sizeof(core_sources));
    shard_memory_execute(r->shard, op, &core, &core_sources, NULL);
    model_apply(c->model, op, c->generator.time_ms, r->generated.read_only, &reply, &sources);
    if (state_rid_low_water_ms(r->shard->s) > c->generator.time_ms + GJ_RID_NEAR_MS) {
        compare_differ(c, "the rid low-water mark is ahead of time", 1, 0);
    }
    compare_reply(c, &core, &core_sources, &reply, &sources, c->model->answered);
    if (dry_run) compare_dry_reply(c, &dry, &reply, &sources);
    if ((reply.flags & GJ_REPLY_REPLAYED) == 0) coverage_count(op->type, reply.code);
}

/* One sequence; false if core and model differ. */
static bool run_sequence(uint64_t seed, uint32_t operations, uint32_t compare_every)
{
    static struct run run;
    struct run *r = &run;
    struct comparison *c = &r->c;
    start(r, seed, operations);
    while (c->operation < operations && !c->different && shard_memory_room(r->shard)) {
        c->operation++;
        generator_step(&c->generator, c->model);
        generator_next(&c->generator, c->model, &r->generated);
        sweep(r);
        if (!c->different) execute(r);
        if (c->operation % compare_every == 0 && !c->different) compare(r);
        if (generator_random(&c->generator) % 1500 == 0 && !c->different) crash(r);
    }
    if (!c->different) compare(r);
    if (!c->different) crash(r);
    if (!c->different) compare(r);
    shard_memory_free(r->shard);
    model_free(c->model);
    return !c->different;
}

struct options {
    uint64_t seed, sequences, operations, compare;
};

/* Every option takes a number. False, with what is wrong on stderr, if there is another one. */
static bool read_options(int argc, char **argv, struct options *ret)
{
    *ret = (struct options){.seed = 1, .sequences = 400, .operations = 2500, .compare = 250};
    for (int i = 1; i < argc; i += 2) {
        uint64_t *value = NULL;
        if (strcmp(argv[i], "--seed") == 0) value = &ret->seed;
        if (strcmp(argv[i], "--sequences") == 0) value = &ret->sequences;
        if (strcmp(argv[i], "--operations") == 0) value = &ret->operations;
        if (strcmp(argv[i], "--compare") == 0) value = &ret->compare;
        char *end = NULL;
        if (value != NULL && i + 1 < argc) *value = strtoull(argv[i + 1], &end, 10);
        if (end != NULL && end != argv[i + 1] && *end == 0) continue;
        fprintf(stderr,
                "test_model: %s: use [--seed N] [--sequences N] [--operations N] "
                "[--compare EVERY]\n",
                argv[i]);
        return false;
    }
    bool operations = ret->operations >= 1 && ret->operations <= OPERATIONS_MAX;
    if (operations && ret->sequences >= 1 && ret->compare >= 1) return true;
    fprintf(stderr, "test_model: at least one sequence, of 1 to %u operations\n", OPERATIONS_MAX);
    return false;
}

int main(int argc, char **argv)
{
    struct options o;
    if (!read_options(argc, argv, &o)) return 64;
    for (uint64_t i = 0; i < o.sequences; i++) {
        if (run_sequence(o.seed + i, (uint32_t)o.operations, (uint32_t)o.compare)) continue;
        printf("not ok model: repeat with --seed %" PRIu64 " --sequences 1 --operations %" PRIu64
               " --compare %" PRIu64 "\n",
               o.seed + i, o.operations, o.compare);
        return 1;
    }
    unsigned percent = coverage_print(true);
    uint64_t total = o.sequences * o.operations;
    bool enough = total < FLOOR_NEEDS || percent >= FLOOR_PERCENT;
    printf("%s model: %" PRIu64 " operations in %" PRIu64 " sequences from seed %" PRIu64 "\n",
           enough ? "ok" : "not ok", total, o.sequences, o.seed);
    return enough ? 0 : 1;
}
