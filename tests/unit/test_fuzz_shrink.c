/* tests/unit/test_fuzz_shrink.c -- `gongji fuzz` by its parts: what shrinking takes away, that a
 * written sequence is the sequence, and that a target that answers wrongly is found, made small and
 * found again in the scenario. */
#include "cli/explore/shrink.h"

#include <stdlib.h>

#include "cli/explore/make.h"
#include "cli/explore/write.h"
#include "cli/scenario/run.h"
#include "tests/test.h"

#define DAY_MS UINT64_C(86400000)

static struct fuzz_sequence sequence;

static void begin(void)
{
    sequence.count = sequence.names = 0;
    sequence.limits = SCENARIO_LIMITS;
}

static void add(const struct fuzz_step *step)
{
    CHECK(fuzz_sequence_add(&sequence, step));
}

static void deposit(uint64_t person, int64_t amount)
{
    struct fuzz_step step = {.kind = FUZZ_OPERATION, .rid = sequence.names + 1};
    step.op = (struct gj_op){.type = GJ_OP_DEPOSIT, .person = person, .amount = amount};
    add(&step);
}

static void transfer(uint64_t payer, uint64_t payee, int64_t amount)
{
    struct fuzz_step step = {.kind = FUZZ_OPERATION, .rid = sequence.names + 1};
    step.op = (struct gj_op){.type = GJ_OP_TRANSFER, .person = payer, .other = payee};
    step.op.amount = amount;
    step.op.kind = GJ_SOURCE_PERSONAL;
    step.op.auth = GJ_AUTH_CARD;
    step.op.ref = 7;
    add(&step);
}

static void advance(uint64_t ms)
{
    add(&(struct fuzz_step){.kind = FUZZ_ADVANCE, .advance_ms = ms});
}

static void shrink_by(bool (*fails)(void *, const struct fuzz_sequence *), uint32_t tries_max)
{
    struct fuzz_shrink shrink = {.fails = fails, .tries_max = tries_max};
    CHECK(fails(NULL, &sequence));
    fuzz_shrink(&shrink, &sequence);
    CHECK(fails(NULL, &sequence));
    CHECK(shrink.tries <= tries_max);
}

/* A deposit and, somewhere behind it, a transfer of more than 12.33. */
static bool two_in_order(void *context, const struct fuzz_sequence *s)
{
    (void)context;
    bool deposited = false;
    for (size_t i = 0; i < s->count; i++) {
        const struct gj_op *op = &s->steps[i].op;
        if (s->steps[i].kind != FUZZ_OPERATION) continue;
        if (op->type == GJ_OP_DEPOSIT) deposited = true;
        if (op->type == GJ_OP_TRANSFER && op->amount > 1233 && deposited) return true;
    }
    return false;
}

TEST(drops_and_makes_plain)
{
    begin();
    for (unsigned i = 0; i < 40; i++) {
        deposit(100 + i % 7, 100000 + i);
        transfer(100 + i % 7, 200 + i % 5, 50000 + i);
        advance(1000 + i);
        if (i % 9 == 0) add(&(struct fuzz_step){.kind = FUZZ_CRASH});
    }
    shrink_by(two_in_order, 5000);
    CHECK_EQ(sequence.count, 2);
    CHECK_EQ(sequence.steps[0].op.type, GJ_OP_DEPOSIT);
    CHECK_EQ(sequence.steps[0].op.amount, 1);
    CHECK_EQ(sequence.steps[1].op.amount, 1234);
    CHECK_EQ(sequence.steps[1].op.auth, GJ_AUTH_FACE);
    CHECK_EQ(sequence.steps[1].op.ref, 0);
    /* One person plays all parts. */
    CHECK_EQ(sequence.steps[1].op.person, sequence.steps[0].op.person);
    CHECK_EQ(sequence.steps[1].op.other, sequence.steps[0].op.person);
}

static bool a_day_goes_by(void *context, const struct fuzz_sequence *s)
{
    uint64_t sum = 0;
    (void)context;
    for (size_t i = 0; i < s->count; i++) {
        if (s->steps[i].kind == FUZZ_ADVANCE) sum += s->steps[i].advance_ms;
    }
    return sum >= DAY_MS;
}

TEST(times_are_joined_and_cut)
{
    begin();
    for (unsigned i = 0; i < 30; i++) {
        advance(DAY_MS / 8 + i);
        deposit(100, 100);
    }
    shrink_by(a_day_goes_by, 5000);
    CHECK_EQ(sequence.count, 1);
    CHECK_EQ(sequence.steps[0].advance_ms, DAY_MS);
}

/* Deposits come in pairs of equal amounts, and there is a transfer. */
static bool pairs_and_one(void *context, const struct fuzz_sequence *s)
{
    unsigned deposits = 0, transfers = 0;
    (void)context;
    for (size_t i = 0; i < s->count; i++) {
        deposits += s->steps[i].op.type == GJ_OP_DEPOSIT;
        transfers += s->steps[i].op.type == GJ_OP_TRANSFER;
    }
    return deposits % 2 == 0 && transfers == 1;
}

TEST(what_needs_each_other_goes_together)
{
    begin();
    deposit(100, 5);
    transfer(100, 101, 5);
    deposit(100, 6);
    shrink_by(pairs_and_one, 5000);
    CHECK_EQ(sequence.count, 1);
}

TEST(stops_when_told)
{
    begin();
    for (unsigned i = 0; i < 100; i++) transfer(100, 101, 5000);
    deposit(100, 5);
    transfer(100, 101, 5000);
    shrink_by(two_in_order, 5);
    CHECK(sequence.count > 2);
}

/* ---- Written and read back. ---- */

static const struct fuzz_mix mix = {.operations = 150, .retries = 6, .crashes = 3};

static void report(void *context, unsigned line, const char *message)
{
    (void)context;
    printf("    line %u: %s\n", line, message);
    test_failures_++;
}

static struct scenario_result replay(const char *text, struct scenario_target *target)
{
    struct scenario scenario;
    struct scenario_result result = {.broken = true};
    char *said = NULL;
    size_t size;
    FILE *out = open_memstream(&said, &size);
    if (scenario_read(text, &scenario, report, NULL) && out != NULL) {
        result = scenario_run("f", &scenario, target, false, out);
    }
    scenario_free(&scenario);
    if (out != NULL) fclose(out);
    free(said);
    return result;
}

static char *text_of(struct fuzz_run *run, const struct fuzz_failure *failure)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    CHECK(out != NULL && fuzz_write(out, run, &sequence, failure));
    if (out != NULL) fclose(out);
    return text;
}

/* Every line of a sequence that is as the model says must be so as a scenario too, with everything
 * the language can say of the state behind it. */
TEST(a_written_sequence_is_the_sequence)
{
    struct fuzz_run *run = fuzz_run_new(fuzz_mix_steps(&mix));
    struct scenario_target *scenario = scenario_local_new();
    run->target = fuzz_local_new(fuzz_mix_steps(&mix));
    for (uint64_t seed = 500; seed < 530; seed++) {
        CHECK(fuzz_make(run, &mix, seed, &sequence));
        const struct fuzz_failure at_the_end = {.kind = FUZZ_STATE, .step = sequence.count};
        char *text = text_of(run, &at_the_end);
        struct scenario_result result = replay(text, scenario);
        CHECK(result.statements > 100);
        CHECK_EQ(result.failed, 0);
        CHECK(!result.broken);
        if (result.failed != 0 || result.broken) printf("    seed %" PRIu64 "\n", seed);
        free(text);
    }
    scenario_target_free(scenario);
    fuzz_local_free(run->target);
    fuzz_run_free(run);
}

/* ---- A target that lies. ---- */

struct liar {
    struct scenario_target target;
    struct scenario_target *honest;
    uint64_t depositor; /* of the last deposit */
};

static bool liar_start(struct scenario_target *target, const struct scenario_limits *limits)
{
    struct liar *liar = (struct liar *)target;
    liar->depositor = 0;
    return liar->honest->start(liar->honest, limits);
}

/* The second of two deposits of a person in a row is said to be one fen more. */
static bool liar_execute(struct scenario_target *target, const struct scenario_request *request,
                         struct gj_reply *reply, struct gj_reply_sources *sources)
{
    struct liar *liar = (struct liar *)target;
    const struct gj_op *op = &request->op;
    bool good = liar->honest->execute(liar->honest, request, reply, sources);
    if (op->type != GJ_OP_DEPOSIT || reply->code != GJ_OK) return good;
    if (liar->depositor == op->person && (reply->flags & GJ_REPLY_REPLAYED) == 0) reply->balance++;
    liar->depositor = op->person;
    return good;
}

static bool liar_query(struct scenario_target *target, const struct scenario_request *request,
                       struct gj_answer *answer, void *payload)
{
    struct liar *liar = (struct liar *)target;
    return liar->honest->query(liar->honest, request, answer, payload);
}

static bool liar_set_time(struct scenario_target *target, uint64_t time_ms)
{
    struct liar *liar = (struct liar *)target;
    return liar->honest->set_time(liar->honest, time_ms);
}

static bool liar_crash(struct scenario_target *target)
{
    struct liar *liar = (struct liar *)target;
    return liar->honest->crash(liar->honest);
}

static void liar_stop(struct scenario_target *target)
{
    struct liar *liar = (struct liar *)target;
    liar->honest->stop(liar->honest);
}

static struct liar liar = {.target = {.start = liar_start,
                                      .execute = liar_execute,
                                      .query = liar_query,
                                      .set_time = liar_set_time,
                                      .crash = liar_crash,
                                      .stop = liar_stop,
                                      .fresh = true}};

static bool lies(void *context, const struct fuzz_sequence *s)
{
    struct fuzz_run *run = context;
    return !fuzz_run_all(run, s, FUZZ_NO_LOOK) && run->failure.kind == FUZZ_REPLY &&
           strcmp(run->failure.what, "balance") == 0;
}

TEST(a_lie_is_found_and_shown)
{
    struct fuzz_run *run = fuzz_run_new(fuzz_mix_steps(&mix));
    struct scenario_target *local = fuzz_local_new(fuzz_mix_steps(&mix));
    struct scenario_target *scenario = scenario_local_new();
    struct fuzz_shrink shrink = {.fails = lies, .context = run, .tries_max = 5000};
    bool good = true;
    liar.honest = local;
    run->target = &liar.target;
    for (uint64_t seed = 1; seed < 100 && good; seed++)
        good = fuzz_make(run, &mix, seed, &sequence);
    CHECK(!good);
    CHECK_STR(run->failure.what, "balance");
    fuzz_shrink(&shrink, &sequence);
    CHECK(lies(run, &sequence));
    /* A region, a person, two deposits. */
    CHECK_EQ(sequence.count, 4);
    const struct fuzz_failure failure = run->failure;
    char *text = text_of(run, &failure);
    liar.honest = scenario;
    CHECK_EQ(replay(text, &liar.target).failed, 1);
    CHECK_EQ(replay(text, scenario).failed, 0);
    free(text);
    scenario_target_free(scenario);
    fuzz_local_free(local);
    fuzz_run_free(run);
}

/* The same seed makes the same steps, also in a shard that others used before. */
TEST(a_seed_is_a_sequence)
{
    struct fuzz_run *run = fuzz_run_new(fuzz_mix_steps(&mix));
    struct fuzz_sequence again = {.count = 0};
    run->target = fuzz_local_new(fuzz_mix_steps(&mix));
    CHECK(fuzz_make(run, &mix, 77, &again));
    CHECK(fuzz_make(run, &mix, 78, &sequence));
    CHECK(fuzz_make(run, &mix, 77, &sequence));
    CHECK_EQ(again.count, sequence.count);
    for (size_t i = 0; i < again.count && i < sequence.count; i++) {
        CHECK(memcmp(&again.steps[i], &sequence.steps[i], offsetof(struct fuzz_step, ext)) == 0);
    }
    fuzz_sequence_free(&again);
    fuzz_local_free(run->target);
    fuzz_run_free(run);
}

TEST_MAIN(T(drops_and_makes_plain), T(times_are_joined_and_cut),
          T(what_needs_each_other_goes_together), T(stops_when_told),
          T(a_written_sequence_is_the_sequence), T(a_lie_is_found_and_shown),
          T(a_seed_is_a_sequence))
