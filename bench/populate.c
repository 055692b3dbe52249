/* bench/populate.c -- opening the world of a load test, pipelined over one connection. */
#include "bench/generator.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/interrupt.h"
#include "bench/progress.h"
#include "bench/world_check.h"

#define POPULATE_BATCH    4080u /* whole families: 240 of 17 operations */
#define POPULATE_INFLIGHT 4u

struct populate {
    struct gj_client *client;
    struct acks *acks;
    struct bench_result *result;
    uint32_t batch;
    uint32_t next; /* frame to fill; answers come in the same order */
    uint32_t busy;
    struct gj_frame frames[POPULATE_INFLIGHT];
    unsigned char *memory;
    struct progress progress;
    int interrupt;
    uint64_t begin_ns, total;
};

static int fail(struct populate *p, int how, const char *what)
{
    (void)snprintf(p->result->why, sizeof(p->result->why), "populate: %s", what);
    return how;
}

/* Opened before by an earlier run: fine. */
static bool acceptable(uint8_t code)
{
    return gj_code_ok(code) || code == GJ_WALLET_ALREADY_CONFIRMED;
}

/* Takes the answer to the oldest frame. */
static int take_answer(struct populate *p)
{
    struct gj_answers answers;
    if (gj_receive(p->client, &answers) < 0) return fail(p, BENCH_LOST, gj_client_error(p->client));
    const struct gj_frame *frame =
        &p->frames[(p->next + POPULATE_INFLIGHT - p->busy) % POPULATE_INFLIGHT];
    p->busy--;
    const unsigned char *at = frame->bytes + GJ_FRAME_HEADER_SIZE;
    const struct gj_reply *reply;
    const struct gj_reply_sources *sources;
    while (gj_next_reply(&answers, &reply, &sources)) {
        struct gj_op op;
        memcpy(&op, at, sizeof(op));
        at += (1u + op.ext_count) * GJ_RECORD_UNIT;
        if (!acceptable(reply->code)) {
            char what[150];
            const char *code = gj_code_name(reply->code);
            const char *text = gj_code_text(reply->code);
            (void)snprintf(what, sizeof(what), "%s of person %" PRIu64 " answered %s: %s",
                           gj_op_name(op.type), op.person, code == NULL ? "?" : code,
                           text == NULL ? "" : text);
            return fail(p, BENCH_REFUSED, what);
        }
        p->result->populated++;
        if (p->acks != NULL) acks_add(p->acks, &op, reply);
    }
    return 0;
}

static struct gj_frame *current(struct populate *p)
{
    return &p->frames[p->next];
}

/* A signal asked for it: what was sent is still answered. */
static int stopped(struct populate *p)
{
    int error = 0;
    while (error == 0 && p->busy > 0) error = take_answer(p);
    return error == 0 ? BENCH_STOPPED : error;
}

static int send_current(struct populate *p)
{
    if (current(p)->count == 0) return 0;
    if (gj_send(p->client, current(p), 0) < 0)
        return fail(p, BENCH_LOST, gj_client_error(p->client));
    p->next = (p->next + 1) % POPULATE_INFLIGHT;
    p->busy++;
    p->result->signal = interrupt_seen(p->interrupt);
    /* The next frame's bytes must be free before it is filled. */
    int error = p->busy == POPULATE_INFLIGHT ? take_answer(p) : 0;
    if (error != 0) return error;
    gj_frame_clear(current(p));
    if (p->result->signal != 0) return stopped(p);
    uint64_t now = bench_now_ns();
    if (progress_due(&p->progress, now)) {
        fprintf(stderr, "populate: %" PRIu64 " of %" PRIu64 " operations, %" PRIu64 "/s\n",
                p->result->populated, p->total,
                p->result->populated * 1000 / ((now - p->begin_ns) / 1000000 + 1));
    }
    return 0;
}

static int put(struct populate *p, const struct gj_op *op, const void *ext)
{
    if (current(p)->count >= p->batch || !gj_frame_add(current(p), op, ext)) {
        int error = send_current(p);
        if (error != 0) return error;
        if (!gj_frame_add(current(p), op, ext))
            return fail(p, BENCH_REFUSED, "an operation fits no frame");
    }
    return 0;
}

static int open_all(struct populate *p, const struct world *world)
{
    struct gj_rid_source rids;
    gj_rid_source_init(&rids, 0);
    uint64_t now = bench_wall_clock_ms();
    int error = 0;
    for (uint32_t i = 0; i < world->region_count; i++) {
        for (uint32_t which = 0; which < WORLD_REGION_INSTITUTIONS; which++) {
            struct gj_op op;
            struct gj_institution_ext ext;
            world_open_institution(world->regions[i], which, gj_rid_next(&rids, now), &op, &ext);
            error = put(p, &op, &ext);
            if (error != 0) return error;
        }
    }
    for (uint64_t payer = 1; payer <= world->persons; payer += WORLD_FAMILY) {
        struct gj_op ops[WORLD_FAMILY_OPS];
        if (current(p)->count == 0) now = bench_wall_clock_ms();
        world_open_family(world, payer, &rids, now, ops);
        for (uint32_t i = 0; error == 0 && i < WORLD_FAMILY_OPS; i++) error = put(p, &ops[i], NULL);
        if (error != 0) return error;
    }
    error = send_current(p);
    while (error == 0 && p->busy > 0) error = take_answer(p);
    return error;
}

/* Nobody else's persons are touched: looked at before the first policy is set. */
static int check_server(struct populate *p, struct world *world)
{
    char why[WORLD_CHECK_WHY_SIZE], none[WORLD_WHY_SIZE];
    int error = world_regions(world, p->client, false, none);
    if (error < 0) return fail(p, BENCH_LOST, none);
    error = world_check_populate(world, p->client, why);
    if (error == 0) return 0;
    return fail(p, error < 0 ? BENCH_LOST : BENCH_REFUSED, why);
}

static int populate_connected(struct populate *p, struct world *world, bool force)
{
    char why[WORLD_WHY_SIZE];
    int refused = force ? 0 : check_server(p, world);
    if (refused != 0) return refused;
    int found = world_regions(world, p->client, true, why);
    if (found != 0) return fail(p, found < 0 ? BENCH_LOST : BENCH_REFUSED, why);
    const struct gj_hello_answer *server = gj_server(p->client);
    uint32_t most = server->window / POPULATE_INFLIGHT;
    if (most > server->batch_max) most = server->batch_max;
    p->batch = most < POPULATE_BATCH ? (most > 0 ? most : 1) : POPULATE_BATCH;
    p->total = world->persons / WORLD_FAMILY * WORLD_FAMILY_OPS +
               world->region_count * WORLD_REGION_INSTITUTIONS;
    size_t size = GJ_FRAME_SIZE(POPULATE_BATCH, POPULATE_BATCH);
    p->memory = malloc(size * POPULATE_INFLIGHT);
    if (p->memory == NULL) return fail(p, BENCH_REFUSED, "out of memory");
    for (uint32_t i = 0; i < POPULATE_INFLIGHT; i++)
        gj_frame_init(&p->frames[i], GJ_FRAME_OPS, p->memory + i * size, size);
    int error = open_all(p, world);
    free(p->memory);
    return error;
}

int bench_populate(const struct bench_options *options, struct world *world, struct acks *acks,
                   struct bench_result *result)
{
    struct populate p = {.acks = acks,
                         .result = result,
                         .progress = {.on = options->progress},
                         .interrupt = options->interrupt};
    char why[128];
    struct gj_options client = {
        .window = POPULATE_INFLIGHT * POPULATE_BATCH, .why = why, .why_size = sizeof(why)};
    int error = gj_connect(options->address, &client, &p.client);
    if (error < 0) {
        (void)snprintf(result->why, sizeof(result->why), "%.60s: %s", options->address, why);
        return BENCH_LOST;
    }
    p.begin_ns = bench_now_ns();
    error = populate_connected(&p, world, options->force);
    result->populate_ms = (bench_now_ns() - p.begin_ns) / 1000000;
    gj_close(p.client);
    return error;
}
