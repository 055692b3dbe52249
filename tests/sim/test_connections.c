/* tests/sim/test_connections.c -- what clients are told while the disk stands still, and when the
 * server must stop then: nothing before it is durable, whole frames only, and every one of them
 * hears what became of its request as far as anybody knows. */
#include <stdlib.h>
#include <string.h>

#include "core/format/codes.h"
#include "core/format/policy.h"
#include "core/format/wire.h"
#include "io/net/net.h"
#include "tests/sim/sim.h"
#include "tests/test.h"

#define CLIENTS   14u
#define FRAME     8192u /* operations of a full frame */
#define WINDOW    (2u * FRAME)
#define TAG_FIRST 1u
#define TAG_ONE   2u
#define TAG_FRAME 3u
#define IN_SIZE   (1u << 20)

#define COME_US   200000u  /* the server listens */
#define FREEZE_US 4000000u /* so long the disk stands still */
#define THAWED_US 100u     /* what a write takes otherwise */

static const char *const arguments[] = {"--data",
                                        SIM_DATA,
                                        "--persons-max",
                                        "64",
                                        "--rids-max",
                                        "512K",
                                        "--institutions-max",
                                        "16",
                                        "--holds-max",
                                        "64",
                                        "--connections-max",
                                        "32",
                                        "--buffers-max",
                                        "512M",
                                        "--log-prealloc",
                                        "1M",
                                        "--log-low-water",
                                        "1M",
                                        "--test-segment",
                                        "1M",
                                        "--disk-timeout",
                                        "26", /* after the last moment of a stop that is late */
                                        NULL};

struct client {
    struct sim_peer peer;
    uint32_t number;
    bool greeted, closed;
    uint8_t in[IN_SIZE];
    uint32_t size;
    uint64_t first_us; /* when the first code of the full frame came */
};

static struct {
    struct client clients[CLIENTS];
    uint64_t frozen_us; /* when the disk stood still */
    uint32_t sent;
    void (*greeted)(struct client *client);
} world;

/* ---- frames ---- */

static void send_frame(struct client *c, uint8_t type, uint32_t count, uint64_t tag,
                       const void *body, uint32_t size)
{
    struct wire_header header = {.size = size, .type = type, .count = (uint16_t)count, .tag = tag};
    (void)sim_send(&c->peer, &header, sizeof(header));
    (void)sim_send(&c->peer, body, size);
}

static struct gj_op operation(uint8_t type)
{
    struct gj_op op = {.type = type};
    uint64_t ms = sim_wall_ms(), serial = ++world.sent;
    for (unsigned i = 0; i < 6; i++) op.rid.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    memcpy(op.rid.bytes + 8, &serial, sizeof(serial));
    return op;
}

static struct gj_op deposit(void)
{
    struct gj_op op = operation(GJ_OP_DEPOSIT);
    op.person = 1;
    op.amount = 1;
    return op;
}

/* A region and a person. */
static void send_beginning(struct client *c)
{
    struct {
        struct gj_op region;
        struct gj_region_ext ext;
        struct gj_op person;
    } body = {.region = operation(GJ_OP_SET_REGION), .person = operation(GJ_OP_OPEN_PERSON)};
    body.region.amount = 1;
    body.region.arg = 1;
    body.region.ext_count = GJ_EXT_MAX;
    gj_policy_default(&body.ext.policy);
    strcpy(body.ext.province, "Shandong");
    strcpy(body.ext.name, "Jinan");
    body.person.person = 1;
    body.person.arg = 1;
    body.person.kind = GJ_INSURANCE_EMPLOYEE;
    body.person.detail = GJ_STATUS_ACTIVE;
    send_frame(c, WIRE_OPS, 2, TAG_FIRST, &body, sizeof(body));
}

static void send_one(struct client *c)
{
    struct gj_op op = deposit();
    send_frame(c, WIRE_OPS, 1, TAG_ONE, &op, sizeof(op));
}

static void send_full_frame(struct client *c)
{
    static struct gj_op body[FRAME];
    for (uint32_t i = 0; i < FRAME; i++) body[i] = deposit();
    send_frame(c, WIRE_OPS, FRAME, TAG_FRAME, body, sizeof(body));
}

/* The answer with this tag, NULL if it has not come as a whole. */
static const uint8_t *answer(const struct client *c, uint64_t tag, struct wire_header *header)
{
    uint32_t at = 0;
    while (c->size - at >= sizeof(*header)) {
        memcpy(header, c->in + at, sizeof(*header));
        if (header->tag == tag) {
            bool whole = c->size - at >= sizeof(*header) + header->size;
            return whole ? c->in + at + sizeof(*header) : NULL;
        }
        at += (uint32_t)sizeof(*header) + header->size;
        if (at > c->size) return NULL;
    }
    return NULL;
}

/* Frames that are known, one behind the other, and not a byte more. */
static bool only_whole_frames(const struct client *c)
{
    struct wire_header header;
    uint32_t at = 0;
    while (at < c->size) {
        if (c->size - at < sizeof(header)) return false;
        memcpy(&header, c->in + at, sizeof(header));
        bool known = header.type == (WIRE_HELLO | WIRE_ANSWER) ||
                     header.type == (WIRE_OPS | WIRE_ANSWER) || header.type == WIRE_ERROR;
        if (!known || c->size - at < sizeof(header) + header.size) return false;
        at += (uint32_t)sizeof(header) + header.size;
    }
    return true;
}

/* All codes of an answer if they are one and the same, else -1. */
static int one_code(const uint8_t *body, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        if (body[i * sizeof(struct gj_reply)] != body[0]) return -1;
    }
    return body[0];
}

/* ---- clients ---- */

static void opened(struct sim_peer *peer)
{
    struct wire_hello hello = {.version_min = 1, .version_max = 1, .window = WINDOW};
    memcpy(hello.magic, WIRE_MAGIC, sizeof(hello.magic));
    send_frame(peer->owner, WIRE_HELLO, 0, 0, &hello, sizeof(hello));
}

static void received(struct sim_peer *peer, const void *bytes, size_t size)
{
    struct client *c = peer->owner;
    uint32_t greeting = sizeof(struct wire_header) + sizeof(struct gj_hello_answer);
    if (size > sizeof(c->in) - c->size) abort();
    memcpy(c->in + c->size, bytes, size);
    c->size += (uint32_t)size;
    if (!c->greeted && c->size >= greeting) {
        c->greeted = true;
        world.greeted(c);
    }
    /* Behind the greeting comes the full frame, but for the first client. */
    if (c->number != 0 && c->first_us == 0 && c->size > greeting + sizeof(struct wire_header)) {
        c->first_us = sim_now_us();
    }
}

static void closed(struct sim_peer *peer, bool reset)
{
    (void)reset;
    ((struct client *)peer->owner)->closed = true;
}

static void come(void *owner)
{
    struct client *c = owner;
    sim_connect(&c->peer);
}

static void begin(uint64_t seed, void (*greeted)(struct client *client))
{
    sim_reset(seed);
    sim_net.piece_max = 1u << 16;
    sim_net.window = 1u << 20;
    memset(&world, 0, sizeof(world));
    world.greeted = greeted;
    for (uint32_t i = 0; i < CLIENTS; i++) {
        struct client *c = &world.clients[i];
        c->number = i;
        c->peer =
            (struct sim_peer){.opened = opened, .received = received, .closed = closed, .owner = c};
    }
}

static void terminate(void *owner)
{
    (void)owner;
    sim_terminate();
}

/* ---- nothing is told early ---- */

static void thaw(void *owner)
{
    (void)owner;
    sim_disk.delay_us = THAWED_US;
}

/* What is on its way to the disk from now on takes FREEZE_US. All clients send. */
static void freeze(void *owner)
{
    (void)owner;
    world.frozen_us = sim_now_us();
    sim_disk.delay_us = FREEZE_US;
    sim_after(FREEZE_US, thaw, NULL);
    for (uint32_t i = 0; i < CLIENTS; i++) send_full_frame(&world.clients[i]);
}

/* The first one lays the ground before the others come. */
static void ground_then_freeze(struct client *c)
{
    if (c->number != 0) return;
    send_beginning(c);
    for (uint32_t i = 1; i < CLIENTS; i++) sim_after(50000, come, &world.clients[i]);
    sim_after(100000, freeze, NULL);
}

/* More full frames than the groups in memory hold: one of them stops in its middle, and is tried
 * again when the others are refused for having waited too long. What it had executed by then must
 * not be told, and the rest of it is executed, too. */
TEST(what_was_executed_is_told_when_it_is_durable)
{
    struct sim_run end;
    struct wire_header header;
    uint32_t done = 0, refused = 0;
    begin(1, ground_then_freeze);
    sim_after(COME_US, come, &world.clients[0]);
    sim_after(COME_US + 100000 + 3 * FREEZE_US, terminate, NULL);
    sim_boot(arguments, &end);
    CHECK_EQ(end.end, SIM_EXITED);
    CHECK_EQ(end.exit_code, 0);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        struct client *c = &world.clients[i];
        const uint8_t *body = answer(c, TAG_FRAME, &header);
        CHECK(only_whole_frames(c));
        CHECK(body != NULL);
        if (body == NULL) continue;
        int code = one_code(body, header.count);
        CHECK(code == GJ_OK || code == GJ_OVERLOADED);
        bool early = i != 0 && c->first_us < world.frozen_us + FREEZE_US;
        CHECK(!early || body[0] != GJ_OK);
        done += code == GJ_OK;
        refused += code == GJ_OVERLOADED;
    }
    CHECK(done > 0 && refused > 0);
    sim_free();
}

/* ---- an end that is late ---- */

static void hang(void *owner)
{
    (void)owner;
    sim_disk.hangs = true;
    for (uint32_t i = 0; i < CLIENTS; i++) send_one(&world.clients[i]);
    for (uint32_t i = 0; i < CLIENTS; i++) send_full_frame(&world.clients[i]);
}

static void ground_then_hang(struct client *c)
{
    if (c->number != 0) return;
    send_beginning(c);
    for (uint32_t i = 1; i < CLIENTS; i++) sim_after(50000, come, &world.clients[i]);
    sim_after(100000, hang, NULL);
}

/* The disk never comes back; a stop is asked for, is late, and connections are being closed when
 * the log fails. Some answers wait, one is half written. */
TEST(only_whole_frames_leave_a_server_that_stops_late)
{
    struct sim_run end;
    struct wire_header header;
    uint32_t dropped = 0;
    begin(2, ground_then_hang);
    sim_after(COME_US, come, &world.clients[0]);
    sim_after(COME_US + 600000, terminate, NULL);
    sim_boot(arguments, &end);
    CHECK_EQ(end.end, SIM_EXITED);
    CHECK_EQ(end.exit_code, 74);
    CHECK(strstr(sim_console(), "disk-timeout") != NULL);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        struct client *c = &world.clients[i];
        const uint8_t *body = answer(c, TAG_ONE, &header);
        CHECK(c->closed);
        CHECK(only_whole_frames(c));
        CHECK(body != NULL);
        if (body != NULL) CHECK_EQ(body[0], GJ_OUTCOME_UNKNOWN);
        body = answer(c, TAG_FRAME, &header);
        dropped += body == NULL;
        if (body != NULL) CHECK_EQ(one_code(body, header.count), GJ_OUTCOME_UNKNOWN);
    }
    CHECK_EQ(dropped, 1);
    sim_free();
}

static void ask_and_finish(struct client *c)
{
    sim_disk.delay_us = 5000;
    sim_disk.write_error = 1000000;
    send_one(c);
    sim_finish(&c->peer);
}

/* It has said all it had to say, and still listens. */
TEST(who_only_listens_hears_that_nobody_knows)
{
    struct sim_run end;
    struct wire_header header;
    begin(3, ask_and_finish);
    sim_after(COME_US, come, &world.clients[0]);
    sim_boot(arguments, &end);
    CHECK_EQ(end.exit_code, 74);
    const uint8_t *body = answer(&world.clients[0], TAG_ONE, &header);
    CHECK(body != NULL);
    if (body != NULL) CHECK_EQ(body[0], GJ_OUTCOME_UNKNOWN);
    CHECK(only_whole_frames(&world.clients[0]));
    CHECK(world.clients[0].closed);
    sim_free();
}

/* ---- out of descriptors ---- */

#define STRANGERS 170u /* more than a process has descriptors here */
#define SOON_US   20000u

static struct {
    struct sim_peer peers[STRANGERS];
    uint32_t before, after; /* connections: all descriptors taken; soon after one went */
} crowd;

static void crowd_counts(void *owner)
{
    *(uint32_t *)owner = sim_server() == NULL ? 0 : sim_server()->connections;
}

static void one_goes(void *owner)
{
    (void)owner;
    sim_reset_peer(&crowd.peers[0]);
}

static void crowd_comes(void *owner)
{
    (void)owner;
    for (uint32_t i = 0; i < STRANGERS; i++) sim_connect(&crowd.peers[i]);
    uint64_t at_us = 1000000; /* looking four times a second is not enough to be there by chance */
    sim_after(at_us, crowd_counts, &crowd.before);
    sim_after(at_us + 10000, one_goes, NULL);
    sim_after(at_us + 10000 + SOON_US, crowd_counts, &crowd.after);
}

/* All descriptors are taken and others wait; the next one is accepted as soon as one goes. */
TEST(a_descriptor_that_comes_free_is_used_at_once)
{
    static const char *const many[] = {"--data",
                                       SIM_DATA,
                                       "--persons-max",
                                       "64",
                                       "--rids-max",
                                       "4096",
                                       "--institutions-max",
                                       "16",
                                       "--holds-max",
                                       "64",
                                       "--connections-max",
                                       "200",
                                       "--log-prealloc",
                                       "1M",
                                       "--log-low-water",
                                       "1M",
                                       "--test-segment",
                                       "1M",
                                       NULL};
    struct sim_run end;
    sim_reset(4);
    memset(&crowd, 0, sizeof(crowd));
    sim_after(COME_US, crowd_comes, NULL);
    sim_after(COME_US + 1500000, terminate, NULL);
    sim_boot(many, &end);
    CHECK_EQ(end.exit_code, 0);
    CHECK(crowd.before > 100 && crowd.before < STRANGERS);
    CHECK_EQ(crowd.after, crowd.before);
    sim_free();
}

TEST_MAIN(T(what_was_executed_is_told_when_it_is_durable),
          T(only_whole_frames_leave_a_server_that_stops_late),
          T(who_only_listens_hears_that_nobody_knows),
          T(a_descriptor_that_comes_free_is_used_at_once))
