/* tests/model/test_model_server.c -- a real gongjid beside the model: the same random operations
 * and the same comparison as test_model, through libgongji and a socket. A server of the test's own
 * is killed at random points, also with operations on the way, which are then sent again.
 *
 *   test_model_server (--spawn GONGJID | --connect ADDRESS)
 *                     [--seed N] [--sequences N] [--operations N]
 *
 * --connect: an empty server started with --test-clock; one sequence and no kills. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/model/compare.h"
#include "clients/c/gongji.h"
#include "tests/model/spawn.h"

#define BATCH_MAX      16u
#define COMPARE_EVERY  500u /* operations */
#define KILL_EVERY     120u /* batches, about */
#define OPERATIONS_MAX 100000u

/* One operation of a batch and what the model answers. */
struct expected {
    struct generated generated;
    struct gj_reply reply;
    struct gj_reply_sources sources;
    uint32_t answered;
};

struct run {
    struct comparison c;
    struct compare_reads reads;
    struct spawn spawn; /* program NULL: the server is not ours */
    const char *address;
    struct gj_client *client;
    struct expected batch[BATCH_MAX];
    unsigned count;
    uint64_t kills;
    uint64_t payload[GJ_READ_ANSWER_MAX / 8];
    uint64_t frame[GJ_FRAME_SIZE(BATCH_MAX, BATCH_MAX *GJ_EXT_MAX) / 8];
};

/* The server is gone, or answers what makes no sense: nothing more can be compared. */
__attribute__((noreturn)) static void stop(struct run *r, const char *what, const char *why)
{
    printf("difference: seed %" PRIu64 ", operation %u\n%s: %s\n", r->c.seed, r->c.operation, what,
           why);
    spawn_explain(&r->spawn);
    spawn_end(&r->spawn);
    exit(1);
}

static void start_server(struct run *r)
{
    if (spawn_run(&r->spawn)) return;
    spawn_end(&r->spawn);
    exit(1);
}

static const void *ask_server(struct compare_reads *reads, const void *lines, struct gj_answer *ret)
{
    struct run *r = (struct run *)((char *)reads - offsetof(struct run, reads));
    const struct gj_read *read = lines;
    if (gj_query(r->client, read, read + 1, ret, r->payload, sizeof(r->payload)) < 0) {
        stop(r, "read", gj_client_error(r->client));
    }
    return r->payload;
}

static void dial(struct run *r)
{
    char why[192] = "";
    struct gj_options options = {.why = why, .why_size = sizeof(why)};
    if (gj_connect(r->address, &options, &r->client) < 0) stop(r, r->address, why);
}

static void set_clock(struct run *r)
{
    uint64_t time_ms = r->c.generator.time_ms;
    if (gj_set_clock(r->client, &time_ms) < 0) stop(r, "clock", gj_client_error(r->client));
    if (time_ms != r->c.generator.time_ms) stop(r, "clock", "the server's is ahead");
}

/* Starts the server, or dials the one that runs; the model gets its limits. */
static void start(struct run *r, uint64_t seed, uint32_t operations)
{
    compare_begin(&r->c, seed);
    r->reads.ask = ask_server;
    r->c.reads = &r->reads;
    if (r->spawn.program != NULL) {
        r->spawn.persons_max = WORLD_PERSONS_MAX;
        r->spawn.families_max = WORLD_FAMILIES_MAX;
        r->spawn.institutions_max = WORLD_INSTITUTIONS_MAX;
        r->spawn.holds_max = r->c.generator.holds_max;
        r->spawn.rids_max = 4 * operations + 1024;
        start_server(r);
        r->address = r->spawn.address;
    }
    dial(r);
    struct gj_stats_view stats;
    if (gj_get_stats(r->client, &stats) < 0) stop(r, "stats", gj_client_error(r->client));
    if (stats.persons != 0 || stats.regions != 0) stop(r, r->address, "not an empty server");
    const struct model_limits limits = {.persons = (uint32_t)stats.persons_max,
                                        .families = (uint32_t)stats.families_max,
                                        .institutions = (uint32_t)stats.institutions_max,
                                        .holds = (uint32_t)stats.holds_max,
                                        .requests = operations + BATCH_MAX};
    r->c.model = model_new(&limits);
    uint64_t now = gj_server(r->client)->time_ms;
    if (r->c.generator.time_ms < now) r->c.generator.time_ms = now;
    set_clock(r);
}

static void crash(struct run *r)
{
    spawn_kill(&r->spawn);
    gj_close(r->client);
    r->client = NULL;
    start_server(r);
    dial(r);
    set_clock(r);
    r->kills++;
}

/* True if it can be sent twice: what was not remembered the first time is decided again, and then
 * room that was missing may be there. */
static bool make_batch(struct run *r)
{
    struct comparison *c = &r->c;
    bool repeatable = true;
    unsigned wanted = 1 + (unsigned)(generator_random(&c->generator) % BATCH_MAX);
    generator_step(&c->generator, c->model);
    for (r->count = 0; r->count < wanted; r->count++) {
        struct expected *e = &r->batch[r->count];
        generator_next(&c->generator, c->model, &e->generated);
        model_apply(c->model, &e->generated.op, c->generator.time_ms, false, &e->reply,
                    &e->sources);
        e->answered = c->model->answered;
        repeatable &= e->reply.code != GJ_CAPACITY_PERSONS && e->reply.code != GJ_CAPACITY_RECORDS;
        if ((e->reply.flags & GJ_REPLY_REPLAYED) == 0) {
            coverage_count(e->generated.op.type, e->reply.code);
        }
    }
    return repeatable;
}

static void make_frame(struct run *r, struct gj_frame *ret)
{
    gj_frame_init(ret, GJ_FRAME_OPS, r->frame, sizeof(r->frame));
    for (unsigned i = 0; i < r->count; i++) {
        const struct generated *g = &r->batch[i].generated;
        if (!gj_frame_add(ret, &g->op, g->ext)) stop(r, "frame", "too small");
    }
}

/* Sends the batch, kills the server while it works on it, and sends it again. */
static void send_and_crash(struct run *r, struct gj_frame *frame)
{
    const struct timespec soon = {.tv_nsec =
                                      (long)(generator_random(&r->c.generator) % 4000) * 1000};
    if (gj_send(r->client, frame, 1) < 0) stop(r, "send", gj_client_error(r->client));
    while (nanosleep(&soon, NULL) < 0 && errno == EINTR) continue;
    crash(r);
}

static void run_batch(struct run *r)
{
    static const struct gj_reply_sources no_sources;
    struct comparison *c = &r->c;
    struct gj_frame frame;
    struct gj_answers answers;
    struct gj_dry_run_view dry;
    bool repeatable = make_batch(r), again = false;
    set_clock(r);
    c->op = &r->batch[0].generated.op;
    bool dry_run = generator_random(&c->generator) % 4 == 0;
    if (dry_run) compare_dry_run(c, c->op, &dry);
    make_frame(r, &frame);
    if (r->spawn.program != NULL && generator_random(&c->generator) % KILL_EVERY == 0) {
        again = repeatable;
        if (again) send_and_crash(r, &frame);
    }
    if (gj_exchange(r->client, &frame, &answers) < 0) stop(r, "send", gj_client_error(r->client));
    for (unsigned i = 0; i < r->count && !c->different; i++) {
        struct expected *e = &r->batch[i];
        const struct gj_reply *core;
        const struct gj_reply_sources *sources;
        c->operation++;
        c->op = &e->generated.op;
        if (!gj_next_reply(&answers, &core, &sources)) stop(r, "answer", "too few replies");
        struct gj_reply first = *core;
        /* What was executed before the server was killed is now a retry. */
        if (again && e->answered != MODEL_NONE) {
            first.flags &= (uint8_t)~GJ_REPLY_REPLAYED;
            first.flags |= e->reply.flags & GJ_REPLY_REPLAYED;
        }
        compare_reply(c, &first, sources != NULL ? sources : &no_sources, &e->reply, &e->sources,
                      e->answered);
        if (dry_run && i == 0) compare_dry_reply(c, &dry, &e->reply, &e->sources);
    }
}

/* One sequence; false if core and model differ. */
static bool run_sequence(struct run *r, uint64_t seed, uint32_t operations)
{
    struct comparison *c = &r->c;
    uint32_t next = COMPARE_EVERY;
    start(r, seed, operations);
    while (c->operation < operations && !c->different) {
        run_batch(r);
        bool kill = r->spawn.program != NULL && generator_random(&c->generator) % KILL_EVERY == 0;
        if (kill && !c->different) crash(r);
        if ((kill || c->operation >= next) && !c->different) {
            compare_state(c);
            next = c->operation + COMPARE_EVERY;
        }
    }
    if (!c->different && r->spawn.program != NULL) crash(r);
    if (!c->different) compare_state(c);
    gj_close(r->client);
    r->client = NULL;
    if (r->spawn.program != NULL) spawn_end(&r->spawn);
    model_free(c->model);
    return !c->different;
}

struct options {
    const char *spawn, *connect;
    uint64_t seed, sequences, operations;
};

static bool read_options(int argc, char **argv, struct options *ret)
{
    *ret = (struct options){.seed = 1, .sequences = 6, .operations = 5000};
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--spawn") == 0) ret->spawn = argv[i + 1];
        if (strcmp(argv[i], "--connect") == 0) ret->connect = argv[i + 1];
        if (strcmp(argv[i], "--seed") == 0) ret->seed = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--sequences") == 0) ret->sequences = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--operations") == 0) {
            ret->operations = strtoull(argv[i + 1], NULL, 10);
        }
    }
    if (ret->connect != NULL) ret->sequences = 1;
    bool one_server = (ret->spawn != NULL) != (ret->connect != NULL);
    if (one_server && argc % 2 == 1 && ret->operations >= 1 && ret->operations <= OPERATIONS_MAX) {
        return true;
    }
    fprintf(stderr,
            "test_model_server: use (--spawn GONGJID | --connect ADDRESS) [--seed N] "
            "[--sequences N] [--operations 1..%u]\n",
            OPERATIONS_MAX);
    return false;
}

int main(int argc, char **argv)
{
    static struct run run;
    struct options o;
    uint64_t kills = 0;
    if (!read_options(argc, argv, &o)) return 64;
    for (uint64_t i = 0; i < o.sequences; i++) {
        memset(&run, 0, sizeof(run));
        run.spawn.program = o.spawn;
        run.address = o.connect;
        bool same = run_sequence(&run, o.seed + i, (uint32_t)o.operations);
        kills += run.kills;
        if (same) continue;
        printf("not ok model_server: repeat with --seed %" PRIu64 " --sequences 1 --operations "
               "%" PRIu64 "\n",
               o.seed + i, o.operations);
        return 1;
    }
    coverage_print(false);
    printf("ok model_server: %" PRIu64 " operations in %" PRIu64 " sequences from seed %" PRIu64
           ", %" PRIu64 " kills\n",
           o.sequences * o.operations, o.sequences, o.seed, kills);
    return 0;
}
