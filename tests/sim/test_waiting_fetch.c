/* tests/sim/test_waiting_fetch.c -- connections that end while they are waiting for records: an old
 * record is read for them from a slow disk, or they queue for a set to keep such records in. More
 * of them than there are sets; who ends, and when, is drawn from the seed. The server's books must
 * add up all the while, who stays is answered, and in the end nothing is left of those who went.
 *
 *   test_waiting_fetch [--seed N]      that seed only */
#include <stdlib.h>

#include "core/format/codes.h"
#include "core/format/wire.h"
#include "io/net/net.h"
#include "tests/sim/server_books.h"
#include "tests/sim/short_load.h"
#include "tests/test.h"

#define SEEDS     200u
#define PEERS     48u
#define FIRST_OLD (1u + SHORT_PERSONS) /* the first deposit of a short load */
#define PINGS     16u                  /* their answers are more than the window takes */
#define WINDOW    200u
#define TAG_PINGS 7u
#define TAG_OLD   8u

#define TRY_US    500u
#define LOOK_US   150u
#define SLOW_US   20000u  /* the disk is slow for so long: the one read of all begins then */
#define READ_US   400000u /* ... and takes so long */
#define FIRST_US  10000u  /* the first who goes: all have asked */
#define LAST_US   450000u
#define LISTEN_US 700000u  /* those who stay read their answers */
#define END_US    2000000u /* nothing is left of anybody */
#define LATE_US   5000000u /* a stop takes no longer */

_Static_assert(PEERS >= FETCH_SETS + 16, "some queue for a set");

static const char *const arguments[] = {"--data",
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
                                        "64",
                                        "--buffers-max",
                                        "64M",
                                        "--log-prealloc",
                                        "1M",
                                        "--log-low-water",
                                        "1M",
                                        "--test-segment",
                                        "1M",
                                        NULL};

/* What else goes wrong. */
enum how { PLAIN, READ_FAILS, STOPPED, LOG_FAILS, HOWS };

struct waiting_fetch {
    struct sim_peer peer;
    uint32_t number;
    bool asked, answered, over;
    uint8_t in[4096];
    uint32_t in_size;
};

static struct {
    enum how how;
    struct waiting_fetch peers[PEERS];
    uint64_t begun_us; /* the first is greeted; 0 = nobody yet */
    uint32_t waiting_fetch,
        gone_waiting; /* most at a time; waiting for records when somebody went */
    bool left;        /* nothing is left of anybody */
    char fault[160];
} world;

static struct short_load load;

static void fault(const char *what, uint32_t which)
{
    if (world.fault[0] != 0) return;
    (void)snprintf(world.fault, sizeof(world.fault), "%s (%u) at %" PRIu64 " us", what, which,
                   sim_now_us() - world.begun_us);
}

static void send_frame(struct waiting_fetch *p, uint8_t type, uint16_t count, uint64_t tag,
                       const void *body, uint32_t size)
{
    struct wire_header header = {.size = size, .type = type, .count = count, .tag = tag};
    (void)sim_send(&p->peer, &header, sizeof(header));
    (void)sim_send(&p->peer, body, size);
}

/* Reads whose answers are more than the window takes, and behind them a deposit of the life before:
 * its record is read from the disk while the answers cannot be sent. */
static void ask(struct waiting_fetch *p)
{
    struct gj_read pings[PINGS];
    struct gj_op old;
    struct gj_region_ext unused;
    memset(pings, 0, sizeof(pings));
    for (uint32_t i = 0; i < PINGS; i++) pings[i].type = GJ_READ_PING;
    short_load_operation(FIRST_OLD + p->number % SHORT_DEPOSITS, &old, &unused);
    p->asked = p->peer.deaf = true;
    send_frame(p, WIRE_READS, PINGS, TAG_PINGS, pings, sizeof(pings));
    send_frame(p, WIRE_OPS, 1, TAG_OLD, &old, sizeof(old));
}

static void begin(void);

static void told(struct waiting_fetch *p, const struct wire_header *header, const void *body)
{
    struct gj_reply reply;
    if (header->type == WIRE_ERROR) {
        if (world.how != STOPPED && world.how != LOG_FAILS) fault("an ERROR frame", p->number);
    } else if (header->tag == TAG_OLD) {
        memcpy(&reply, body, sizeof(reply));
        p->answered = true;
        bool replayed = (reply.flags & GJ_REPLY_REPLAYED) != 0;
        bool known = reply.code == GJ_OK && replayed;
        bool unknown = reply.code == GJ_OUTCOME_UNKNOWN;
        bool late = reply.code == GJ_SHUTTING_DOWN && world.how == STOPPED;
        bool failed = world.how == READ_FAILS || world.how == LOG_FAILS;
        if (failed ? !unknown : !known && !late) {
            fault("another answer to an old request", reply.code);
        }
    } else if (header->tag != TAG_PINGS) {
        if (world.begun_us == 0) begin();
        ask(p);
    }
}

static void received(struct sim_peer *peer, const void *bytes, size_t size)
{
    struct waiting_fetch *p = peer->owner;
    struct wire_header header;
    if (p->in_size + size > sizeof(p->in)) abort();
    memcpy(p->in + p->in_size, bytes, size);
    p->in_size += (uint32_t)size;
    while (p->in_size >= sizeof(header)) {
        memcpy(&header, p->in, sizeof(header));
        uint32_t whole = (uint32_t)sizeof(header) + header.size;
        if (whole > p->in_size) return;
        told(p, &header, p->in + sizeof(header));
        p->in_size -= whole;
        memmove(p->in, p->in + whole, p->in_size);
    }
}

static void opened(struct sim_peer *peer)
{
    struct wire_hello hello = {.version_min = 1, .version_max = 1, .window = 64};
    memcpy(hello.magic, WIRE_MAGIC, sizeof(hello.magic));
    send_frame(peer->owner, WIRE_HELLO, 0, 0, &hello, sizeof(hello));
}

static void come(void *owner)
{
    struct waiting_fetch *p = owner;
    if (!p->over) sim_connect(&p->peer);
}

static void closed(struct sim_peer *peer, bool reset)
{
    struct waiting_fetch *p = peer->owner;
    if (!p->asked && world.begun_us == 0) {
        sim_after(TRY_US, come, p); /* nobody listens yet */
        return;
    }
    p->over = true;
    if (reset && world.how != STOPPED && world.how != LOG_FAILS) fault("cut", p->number);
}

/* ---- what happens ---- */

static void go(struct waiting_fetch *p)
{
    sim_reset_peer(&p->peer);
    p->over = true;
}

static void go_away(void *owner)
{
    struct waiting_fetch *p = owner;
    if (sim_server() == NULL || p->over) return;
    world.gone_waiting += server_waiting_fetch(sim_server()) > 0 && !p->answered;
    go(p);
}

static void listen_all(void *owner)
{
    (void)owner;
    for (uint32_t i = 0; i < PEERS; i++) {
        if (!world.peers[i].over) sim_listen(&world.peers[i].peer);
    }
}

static void look(void *owner)
{
    struct net *s = sim_server();
    if (s == NULL || world.left) return;
    sim_after(LOOK_US, look, owner);
    for (uint32_t i = 0; i < PEERS; i++) {
        if (world.peers[i].answered && !world.peers[i].over) go(&world.peers[i]);
    }
    if (!sim_resting()) return;
    const char *wrong = server_books(s);
    if (wrong != NULL) fault(wrong, s->connections);
    if (server_waiting_fetch(s) > world.waiting_fetch)
        world.waiting_fetch = server_waiting_fetch(s);
    if (sim_now_us() < world.begun_us + END_US || world.how == STOPPED) return;
    world.left = true;
    wrong = server_books_of_nobody(s);
    if (wrong != NULL) fault(wrong, s->connections);
    sim_terminate();
}

static void stop(void *owner)
{
    (void)owner;
    sim_terminate();
}

/* The reads are on their way. */
static void fast_again(void *owner)
{
    (void)owner;
    sim_disk.delay_us = 100;
    if (world.how == READ_FAILS) sim_disk.read_error = 1000000;
    if (world.how == LOG_FAILS) sim_disk.write_error = 1000000; /* of the SEAL */
}

static void begin(void)
{
    world.begun_us = sim_now_us();
    sim_disk.delay_us = READ_US;
    sim_after(SLOW_US, fast_again, NULL);
    sim_after(LISTEN_US, listen_all, NULL);
    sim_after(LOOK_US, look, NULL);
    if (world.how == STOPPED) sim_after(FIRST_US + sim_random_below(LAST_US), stop, NULL);
    uint64_t going = 1 + sim_random_below(4); /* of four */
    for (uint32_t i = 0; i < PEERS; i++) {
        uint64_t us = FIRST_US + sim_random_below(LAST_US - FIRST_US);
        if (sim_random_below(4) < going) sim_after(us, go_away, &world.peers[i]);
    }
}

/* ---- the tests ---- */

/* A disk with old records, made by a short load. */
static void old_disk(uint64_t seed)
{
    struct sim_run run;
    sim_reset(seed);
    short_load_init(&load);
    short_load_boot(&load, false);
    sim_boot(sim_arguments, &run);
    CHECK_EQ(run.exit_code, 0);
    CHECK(load.done);
    short_load_leave(&load);
}

static void run_seed(uint64_t seed)
{
    struct sim_run run;
    unsigned failures = test_failures_;
    old_disk(seed);
    memset(&world, 0, sizeof(world));
    world.how = (enum how)(seed % HOWS);
    sim_net.window = WINDOW;
    for (uint32_t i = 0; i < PEERS; i++) {
        struct waiting_fetch *p = &world.peers[i];
        p->number = i;
        p->peer =
            (struct sim_peer){.opened = opened, .received = received, .closed = closed, .owner = p};
        sim_after(TRY_US, come, p);
    }
    sim_boot(arguments, &run);
    CHECK_EQ(run.end, SIM_EXITED);
    CHECK_EQ(run.exit_code, world.how == LOG_FAILS ? 74 : 0);
    CHECK(sim_now_us() < world.begun_us + LATE_US);
    CHECK_STR(world.fault, "");
    CHECK_EQ(world.waiting_fetch, PEERS);
    CHECK(world.gone_waiting > 0 || world.how == STOPPED || world.how == LOG_FAILS);
    for (uint32_t i = 0; i < PEERS; i++) sim_reset_peer(&world.peers[i].peer);
    if (test_failures_ != failures) {
        printf("    %s\n    repeat with test_waiting_fetch --seed %" PRIu64 "\n", sim_console(),
               seed);
    }
}

static uint64_t first_seed, seeds = SEEDS;

TEST(who_ends_while_waiting_leaves_nothing)
{
    for (uint64_t i = 0; i < seeds && test_failures_ == 0; i++) run_seed(first_seed + i);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {T(who_ends_while_waiting_leaves_nothing)};
    if (argc == 3 && strcmp(argv[1], "--seed") == 0) {
        first_seed = strtoull(argv[2], NULL, 10);
        seeds = 1;
        argc = 1;
    }
    int rc = test_main_(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
    sim_free();
    return rc;
}
