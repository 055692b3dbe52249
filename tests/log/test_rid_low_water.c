/* tests/log/test_rid_low_water.c -- the rid low-water mark over restarts: what answered RID_EXPIRED
 * once does so for ever, whatever --rids-max the next starts are given. */
#include "tests/log/fixture.h"

#define FEW  16u
#define MANY (1u << 16)

/* A request a millisecond after the one before, so that every slice that goes moves the mark. */
static struct gj_op request(uint64_t n)
{
    struct gj_op op = fixture_op(n);
    for (unsigned i = 0; i < 6; i++) {
        op.rid.bytes[i] = (uint8_t)((FIXTURE_TIME + n) >> (40 - 8 * i));
    }
    return op;
}

/* Requests `first` to `end`, each at its own time, all in one group. */
static void send(struct fixture *w, uint64_t first, uint64_t end)
{
    for (uint64_t n = first; n < end; n++) {
        struct gj_op op = request(n);
        CHECK(fixture_append_op(w, &op) != 0);
    }
}

static void settle(struct fixture *w)
{
    log_flush(w->log);
    fixture_poll(w);
}

static uint64_t mark(const struct fixture *w)
{
    return state_rid_low_water_ms(w->state);
}

/* What request `n`, sent again, answers, with nothing fetched: 0 = it would be executed. */
static uint8_t again(const struct fixture *w, uint64_t n)
{
    static _Alignas(64) uint8_t record[GJ_RECORD_SIZE_MAX];
    struct gj_op op = request(n);
    struct decide_input in = {.time_ms = w->log->time_ms + 1000, .seq = state_seq(w->state) + 1};
    struct decision decision;
    struct needs needed;
    needs(w->state, &op, NULL, 0, &needed);
    if (needed.count != 0) return GJ_OK_NOOP; /* remembered: it answers what it did */
    decide(w->state, &op, &in, record, &decision);
    return decision.kind == DECISION_REJECT ? decision.reply.code : 0;
}

/* What one that never came answers, of the time of request `n`. */
static uint8_t late(const struct fixture *w, uint64_t n)
{
    static _Alignas(64) uint8_t record[GJ_RECORD_SIZE_MAX];
    struct gj_op op = request(n);
    struct decide_input in = {.time_ms = w->log->time_ms, .seq = state_seq(w->state) + 1};
    struct decision decision;
    op.rid.bytes[15] = 0xFF;
    decide(w->state, &op, &in, record, &decision);
    return decision.kind == DECISION_REJECT ? decision.reply.code : 0;
}

static void restart(struct fixture *w, uint32_t rids_max)
{
    fixture_die(w);
    w->rids_max = rids_max;
    CHECK_EQ(fixture_start(w), 0);
}

static void begin(struct fixture *w, uint32_t rids_max)
{
    fixture_init(w);
    w->rids_max = rids_max;
    CHECK_EQ(fixture_start(w), 0);
    fixture_poll(w);
}

static void end(struct fixture *w)
{
    fixture_die(w);
    fixture_remove(w);
}

/* A flood behind which the server is killed: the last group itself says how far the mark came. */
static void flood(uint64_t requests, uint64_t a_group)
{
    struct fixture w;
    begin(&w, FEW);
    for (uint64_t n = 0; n < requests; n += a_group) {
        send(&w, n, n + a_group);
        settle(&w);
    }
    uint64_t was = mark(&w);
    CHECK(was > FIXTURE_TIME);
    CHECK_EQ(again(&w, 0), GJ_RID_EXPIRED);
    CHECK_EQ(late(&w, 1), GJ_RID_EXPIRED);
    for (unsigned start = 0; start < 3; start++) {
        restart(&w, MANY);
        CHECK_EQ(late(&w, 1), GJ_RID_EXPIRED);
        CHECK_EQ(late(&w, requests + 100), 0);
        CHECK_EQ(mark(&w), was);
        CHECK_EQ(w.log->rid_low_water_ms, was);
        /* It is known again, if at all, only as what it was. */
        CHECK(again(&w, 0) != 0);
        fixture_poll(&w);
    }
    end(&w);
}

TEST(a_flood_and_a_kill_behind_it)
{
    flood(300, 1);
    flood(300, 10);
}

/* The mark rose while the only group was open: its header must say more than at its beginning. */
TEST(all_in_the_last_group)
{
    flood(300, 300);
}

/* Fewer requests are remembered than before: redo alone lifts the mark, and clients are refused by
 * it, without a record that could say so. */
TEST(redo_with_fewer_lifts_the_mark_for_ever)
{
    struct fixture w;
    begin(&w, MANY);
    send(&w, 0, 300);
    settle(&w);
    CHECK_EQ(mark(&w), 0);
    restart(&w, FEW);
    uint64_t was = mark(&w);
    CHECK(was > FIXTURE_TIME);
    CHECK_EQ(again(&w, 0), GJ_RID_EXPIRED);
    fixture_poll(&w); /* START is durable: the answer leaves */
    for (unsigned start = 0; start < 2; start++) {
        restart(&w, MANY);
        CHECK_EQ(mark(&w), was);
        CHECK_EQ(late(&w, 1), GJ_RID_EXPIRED);
        fixture_poll(&w);
    }
    end(&w);
}

/* Limits up and down over many starts, with a seal, a kill or nothing in between. */
TEST(limits_that_change_at_every_start)
{
    static const uint32_t limits[] = {MANY, FEW, 84, MANY, 200, FEW, MANY, FEW};
    struct fixture w;
    uint64_t n = 0, was = 0;
    begin(&w, FEW);
    for (unsigned i = 0; i < ARRAY_COUNT(limits); i++) {
        send(&w, n, n + 150);
        n += 150;
        if (i % 3 != 2) settle(&w);
        if (i % 3 == 1) fixture_seal(&w);
        uint64_t told = i % 3 != 2 ? mark(&w) : was; /* else nobody was told */
        restart(&w, limits[i]);
        if (i % 3 == 2) n -= 150;
        CHECK(mark(&w) >= told);
        CHECK(mark(&w) <= w.log->time_ms + GJ_RID_NEAR_MS);
        was = mark(&w);
        fixture_poll(&w);
        CHECK_EQ(w.log->rid_low_water_ms, was);
    }
    CHECK(was > FIXTURE_TIME + 500);
    end(&w);
}

TEST_MAIN(T(a_flood_and_a_kill_behind_it), T(all_in_the_last_group),
          T(redo_with_fewer_lifts_the_mark_for_ever), T(limits_that_change_at_every_start))
