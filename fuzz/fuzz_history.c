/* fuzz/fuzz_history.c -- any bytes as a whole history of a small world, from empty: the core beside
 * the model of the rules (tests/model). Every field of every reply is compared, and of many dry
 * runs; at the end the books are counted again and the state is built from the records alone, as a
 * crash in between does too, and the answers to every read of everything are compared.
 *
 * Recounting everything costs as much as hundreds of operations: a history crashes twice at most
 * before its end, is compared as a whole once before it, and one in four is at its end (one in
 * sixteen with the netting rows).
 *
 * Input: a program (fuzz/program.h, fuzz/history.h). A difference is printed with both answers;
 * with GONGJI_FUZZ_PRINT in the environment every operation is. */
#include <stdlib.h>
#include <string.h>

#include "cli/model/compare.h"
#include "core/format/codes.h"
#include "fuzz/fixture.h"
#include "fuzz/fuzz.h"
#include "fuzz/history.h"

#define HOLDS_MAX   12u
#define AHEAD_MAX   4u
#define CRASHES_MAX 2u /* and one comparison of everything, before the end of a history */
#define LOG_LINES   ((STEPS_MAX + 64u) * 16u) /* of an operation with the expiries in front of it */

static const struct state_config config = {.persons_max = WORLD_PERSONS_MAX,
                                           .families_max = WORLD_FAMILIES_MAX,
                                           .institutions_max = WORLD_INSTITUTIONS_MAX,
                                           .holds_max = HOLDS_MAX,
                                           .rids_max = 8 * STEPS_MAX,
                                           .rids_ahead_max = AHEAD_MAX,
                                           .hash_seed = 42};
static const struct model_limits limits = {.persons = WORLD_PERSONS_MAX,
                                           .families = WORLD_FAMILIES_MAX,
                                           .institutions = WORLD_INSTITUTIONS_MAX,
                                           .holds = HOLDS_MAX,
                                           .ahead = AHEAD_MAX,
                                           .requests = STEPS_MAX + 1};

static struct fixture world;
static struct model *model;
static struct comparison comparison;
static unsigned crashes, compared; /* in this history */
static bool print;                 /* every operation */

static const void *ask(struct compare_reads *reads, const void *lines, struct gj_answer *ret)
{
    static _Alignas(64) uint8_t answer[GJ_READ_ANSWER_MAX + 64];
    world.shard->time_ms = comparison.generator.time_ms;
    world.shard->read_only = false;
    uint32_t size = shard_memory_query(world.shard, lines, answer, sizeof(answer));
    if (size < sizeof(*ret)) abort();
    memcpy(ret, answer, sizeof(*ret));
    return answer + sizeof(*ret);
}

static struct compare_reads reads = {.ask = ask};

/* The first difference is the finding: what follows would differ too. */
static void stop_if_different(void)
{
    if (!comparison.different) return;
    fflush(stdout);
    abort();
}

static void execute(const struct generated *generated, bool dry_run)
{
    struct comparison *c = &comparison;
    struct gj_reply core, reply;
    struct gj_reply_sources core_sources, sources;
    struct gj_dry_run_view dry;
    const struct gj_op *op = &generated->op;
    dry_run = dry_run && !generated->read_only;
    if (print) generated_print(stdout, op, c->generator.time_ms);
    c->operation++;
    c->op = op;
    compare_memory_of(c, op);
    if (dry_run) compare_dry_run(c, op, &dry);
    world.shard->time_ms = c->generator.time_ms;
    world.shard->read_only = generated->read_only;
    shard_memory_execute(world.shard, op, &core, &core_sources, NULL);
    if (print) printf("    answers %s\n", gj_code_name(core.code));
    model_apply(c->model, op, c->generator.time_ms, generated->read_only, &reply, &sources);
    compare_reply(c, &core, &core_sources, &reply, &sources, c->model->answered);
    if (dry_run) compare_dry_reply(c, &dry, &reply, &sources);
    stop_if_different();
}

/* Writes down what is due, or some of it: nobody may notice. */
static void sweep(uint32_t max)
{
    struct comparison *c = &comparison;
    world.shard->time_ms = c->generator.time_ms;
    world.shard->read_only = false;
    model_advance(c->model, c->generator.time_ms);
    uint32_t written = shard_memory_expire(world.shard, max);
    uint64_t seq = state_seq(world.shard->s), all = c->model->outcomes + c->model->expired;
    if (written < max ? seq != all : seq > all) {
        compare_differ(c, "records", (int64_t)seq, (int64_t)all);
    }
    stop_if_different();
}

static void crash(void)
{
    if (state_audit(world.shard->s) != NULL) {
        compare_differ(&comparison, "audit", 1, 0);
    } else if (!fixture_redo(&world)) {
        compare_differ(&comparison, "state redone from the records", 0, 1);
    }
    stop_if_different();
}

static void compare_everything(void)
{
    compare_state(&comparison);
    stop_if_different();
}

static void run_step(const struct step *s)
{
    struct comparison *c = &comparison;
    static struct generated generated;
    c->model->rid_low_water_ms = state_rid_low_water_ms(world.shard->s);
    switch (history_verb(s)) {
    case HISTORY_ADVANCE:
        c->generator.time_ms = history_advance(c->model, c->generator.time_ms, s);
        break;
    case HISTORY_CRASH:
        if (crashes++ < CRASHES_MAX) crash();
        break;
    case HISTORY_SWEEP: sweep((uint32_t)s->amount % HOLDS_MAX); break;
    case HISTORY_COMPARE:
        if (compared++ == 0) compare_everything();
        break;
    default:
        if (history_operation(c->model, c->generator.time_ms, s, &generated)) {
            execute(&generated, s->auth % 4 == 1);
        }
    }
}

static void begin(void)
{
    if (world.shard == NULL) {
        fixture_begin(&world, &config, LOG_LINES, HISTORY_BEGINS_MS);
        fixture_keep(&world);
        model = model_new(&limits);
        print = getenv("GONGJI_FUZZ_PRINT") != NULL;
    }
    fixture_back(&world);
    crashes = compared = 0;
    compare_begin(&comparison, 0);
    comparison.generator.time_ms = HISTORY_BEGINS_MS;
    comparison.reads = &reads;
    model_clear(model, &limits);
    comparison.model = model;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t steps = program_steps(size);
    if (steps == 0) return 0;
    uint8_t mixed = 0;
    begin();
    for (size_t i = 0; i < steps && shard_memory_room(world.shard); i++) {
        struct step s;
        memcpy(&s, data + i * sizeof(s), sizeof(s));
        mixed = (uint8_t)(mixed * 31u + s.verb + s.person + (uint8_t)s.amount);
        run_step(&s);
    }
    comparison.model->rid_low_water_ms = state_rid_low_water_ms(world.shard->s);
    crash();
    if (mixed % 16 == 0)
        compare_everything();
    else if (mixed % 4 == 0)
        compare_known(&comparison, false);
    stop_if_different();
    return 0;
}
