/* tests/tables/test_expiry.c -- the end by time: exact to the millisecond, for every check and
 * every read, whether the server has written it down or not. Each row with something due is also
 * tried in a copy where it was written down before (fixture_row). */
#include "tests/tables/fixture.h"

#define DAY (24 * HOUR_MS)

static void receive(struct fixture *w, uint16_t region, uint8_t mode)
{
    POLICY(region, receive_mode = mode);
}

/* A hold of one minute, on the wallet of 101. */
static void held(struct fixture *w)
{
    DO(as(with_timeout(hold_msg(101, 10, 700, WALLET), 60), 1));
}

/* 100 sends 5.00 to 101 at 09:00: due at 06:00 of the next day. */
static void pending(struct fixture *w)
{
    receive(w, 1, GJ_RECEIVE_ACCEPT);
    DO(as(transfer_msg(100, 101, 500, PERSONAL), 1));
}

#define AT(ms) (w->time_ms = (ms))

static void hold_rows(void)
{
    uint64_t due = NOW_MS + 60000;
    ROW(OK, capture_msg(101, 1, 700), held(w); AT(due - 1));
    ROW(HOLD_EXPIRED, capture_msg(101, 1, 700), held(w); AT(due));
    ROW(HOLD_EXPIRED, capture_msg(101, 1, 700), held(w); AT(due + 1));
    ROW(HOLD_EXPIRED, capture_msg(101, 1, 9999), held(w); AT(due)); /* nothing else is asked */
    ROW(OK, release_msg(101, 1), held(w); AT(due - 1));
    ROW(HOLD_EXPIRED, release_msg(101, 1), held(w); AT(due));
    ROW(HOLD_EXPIRED, release_msg(101, 1), held(w); AT(due + 400 * DAY));
    ROW(HOLD_EXPIRED, release_msg(101, 1), held(w); AT(due);
        STEP(HOLD_EXPIRED, release_msg(101, 1))); /* and again, once it is written down */
    ROW(HOLD_EXPIRED, capture_msg(101, 1, 1), held(w); DO(capture_msg(101, 1, 100)); AT(due));
    ROW(HOLD_CAPTURED, capture_msg(101, 1, 1), held(w); DO(final_msg(101, 1, 100)); AT(due));
    ROW(HOLD_RELEASED, capture_msg(101, 1, 1), held(w); DO(release_msg(101, 1)); AT(due));
    ROW(OK, refund_msg(101, 2, 100), held(w); DO(as(capture_msg(101, 1, 100), 2)); AT(due));

    /* The shortest and the longest. */
    struct msg m = as(with_timeout(hold_msg(101, 10, 5, WALLET), 1), 1);
    ROW(OK, capture_msg(101, 1, 5), DO(m); AT(NOW_MS + 999));
    ROW(HOLD_EXPIRED, capture_msg(101, 1, 5), DO(m); AT(NOW_MS + 1000));
    m = as(hold_msg(101, 10, 5, WALLET), 1); /* no timeout: the longest */
    ROW(OK, capture_msg(101, 1, 5), DO(m); AT(NOW_MS + DAY - 1));
    ROW(HOLD_EXPIRED, capture_msg(101, 1, 5), DO(m); AT(NOW_MS + DAY));
    m = as(with_timeout(m, UINT32_MAX), 1);
    uint64_t longest = NOW_MS + UINT32_MAX * UINT64_C(1000);
    ROW(OK, capture_msg(101, 1, 5), POLICY(1, hold_timeout_max_s = UINT32_MAX); DO(m);
        AT(longest - 1));
    ROW(HOLD_EXPIRED, capture_msg(101, 1, 5), POLICY(1, hold_timeout_max_s = UINT32_MAX); DO(m);
        AT(longest));
    /* A policy set later does not act backwards. */
    ROW(OK, capture_msg(101, 1, 700), held(w); POLICY(1, hold_timeout_max_s = 1); AT(due - 1));
    ROW(HOLD_EXPIRED, capture_msg(101, 1, 700), held(w); POLICY(1, hold_timeout_max_s = UINT32_MAX);
        AT(due));
}

static void pending_rows(void)
{
    uint64_t due = fixture_ms(2025, 11, 21, 6 * 60);
    ROW(OK, accept_msg(100, 1, 101), pending(w); AT(due - 1));
    ROW(TRANSFER_EXPIRED, accept_msg(100, 1, 101), pending(w); AT(due));
    ROW(TRANSFER_EXPIRED, accept_msg(100, 1, 101), pending(w); AT(due + 1));
    ROW(TRANSFER_EXPIRED, accept_msg(100, 1, 999), pending(w); AT(due)); /* nothing else asked */
    ROW(OK, return_msg(100, 1, 100), pending(w); AT(due - 1));
    ROW(TRANSFER_EXPIRED, return_msg(100, 1, 100), pending(w); AT(due));
    ROW(TRANSFER_EXPIRED, return_msg(100, 1, 101), pending(w); AT(due);
        STEP(TRANSFER_EXPIRED, accept_msg(100, 1, 101)));
    ROW(TRANSFER_EXPIRED, accept_msg(100, 1, 101), pending(w); DO(close_msg(101, GJ_PAYOUT_CASH));
        AT(due));
    ROW(TRANSFER_NOT_PENDING, accept_msg(100, 1, 101), pending(w); DO(accept_msg(100, 1, 101));
        AT(due));
    /* The next day even if 06:00 is still to come today, and from the last instant of a day. */
    ROW(OK, accept_msg(100, 1, 101), AT(fixture_ms(2025, 11, 21, 5 * 60)); pending(w);
        AT(fixture_ms(2025, 11, 22, 6 * 60) - 1));
    ROW(TRANSFER_EXPIRED, accept_msg(100, 1, 101), AT(fixture_ms(2025, 11, 21, 0) - 1); pending(w);
        AT(due));
    ROW(OK, accept_msg(100, 1, 101), AT(fixture_ms(2025, 11, 21, 0) - 1); pending(w); AT(due - 1));
    /* The earlier of both sides. */
    struct msg m = as(transfer_msg(100, 102, 5, PERSONAL), 1);
    uint64_t early = fixture_ms(2025, 11, 21, 30);
    for (uint16_t side = 1; side <= 3; side += 2) {
        ROW(OK, accept_msg(100, 1, 102), receive(w, side, GJ_RECEIVE_ACCEPT);
            POLICY(side, pending_expiry_minute = 30); DO(m); AT(early - 1));
        ROW(TRANSFER_EXPIRED, accept_msg(100, 1, 102), receive(w, 1, GJ_RECEIVE_ACCEPT);
            POLICY(side, pending_expiry_minute = 30); DO(m); AT(early));
    }
    ROW(TRANSFER_EXPIRED, accept_msg(100, 1, 102), receive(w, 3, GJ_RECEIVE_ACCEPT);
        POLICY(3, pending_expiry_minute = 0); DO(m); AT(fixture_ms(2025, 11, 21, 0)));
    ROW(OK, accept_msg(100, 1, 102), receive(w, 3, GJ_RECEIVE_ACCEPT);
        POLICY(3, pending_expiry_minute = 0); DO(m); AT(fixture_ms(2025, 11, 21, 0) - 1));
    /* A policy set later does not act backwards. */
    ROW(TRANSFER_EXPIRED, accept_msg(100, 1, 101), pending(w);
        POLICY(1, pending_expiry_minute = 1439); AT(due));
    ROW(OK, accept_msg(100, 1, 101), pending(w); POLICY(1, pending_expiry_minute = 0);
        receive(w, 1, GJ_RECEIVE_INSTANT); AT(due - 1));
}

/* What was held is free again, for whoever it was. */
static void freed_rows(void)
{
    uint64_t due = NOW_MS + 60000, morning = fixture_ms(2025, 11, 21, 6 * 60);
    struct msg all = with_timeout(hold_msg(101, 10, 20000, WALLET), 60);
    ROW(INSUFFICIENT_BALANCE, pay_msg(101, 10, 1, WALLET), DO(all); AT(due - 1));
    ROW(OK, pay_msg(101, 10, 20000, WALLET), DO(all); AT(due));
    ROW(OK, hold_msg(101, 10, 20000, WALLET), DO(all); AT(due));
    ROW(OK, transfer_msg(101, 100, 20000, WALLET), DO(all); AT(due));
    struct msg quota = with_relative(with_timeout(hold_msg(101, 10, 50000, RELATIVE), 60), 100);
    ROW(ANNUAL_QUOTA_EXCEEDED, transfer_msg(100, 102, 1, PERSONAL), DO(quota); AT(due - 1));
    ROW(OK, transfer_msg(100, 102, 50000, PERSONAL), DO(quota); AT(due)); /* the owner's touch */
    ROW(OK, premium_msg(100, 101, 2026, PERSONAL), DO(quota); AT(due));
    struct msg cap = with_relative(with_timeout(hold_msg(102, 13, 5000, RELATIVE), 60), 100);
    ROW(SHARED_CAP_EXCEEDED, relative_msg(102, 13, 1, RELATIVE, 100),
        POLICY(1, cross_region_pay = GJ_CROSS_ANY);
        POLICY(3, cross_region_pay = GJ_CROSS_ANY); DO(cap); AT(due - 1));
    ROW(OK, relative_msg(102, 13, 5000, RELATIVE, 100), POLICY(1, cross_region_pay = GJ_CROSS_ANY);
        POLICY(3, cross_region_pay = GJ_CROSS_ANY); DO(cap); AT(due));
    ROW(RELATION_IN_USE, unbind_msg(100, 101), DO(quota); AT(due - 1));
    ROW(OK, unbind_msg(100, 101), DO(quota); AT(due));
    ROW(HOLDS_OUTSTANDING, close_msg(100, GJ_PAYOUT_CASH), DO(quota); AT(due - 1));
    ROW(OK, close_msg(100, GJ_PAYOUT_CASH), DO(quota); AT(due));
    ROW(OK, close_msg(101, GJ_PAYOUT_CASH), DO(quota); AT(due));
    ROW(HOLDS_OUTSTANDING, region_change_msg(101, 2), POLICY(1, region_change_enabled = 1); DO(all);
        AT(due - 1));
    ROW(OK, region_change_msg(101, 2), POLICY(1, region_change_enabled = 1); DO(all); AT(due));
    ROW(TRANSFER_PENDING_EXISTS, transfer_msg(100, 101, 5, PERSONAL), pending(w);
        POLICY(1, one_outstanding = 1); AT(morning - 1));
    ROW(OK, transfer_msg(100, 101, 5, PERSONAL), pending(w); POLICY(1, one_outstanding = 1);
        AT(morning));
    ROW(RELATION_IN_USE, unbind_msg(100, 101), pending(w); AT(morning - 1));
    ROW(OK, unbind_msg(100, 101), pending(w); AT(morning));
    ROW(PAYEE_FUNDS_SPENT, reverse_msg(100, 1), DO(as(transfer_msg(100, 101, 500, PERSONAL), 1));
        all.op.amount = 20001; DO(all); AT(due - 1));
    ROW(OK, reverse_msg(100, 1), DO(as(transfer_msg(100, 101, 500, PERSONAL), 1)); DO(all);
        AT(due));
    ROW(OK, pay_msg(101, 10, 5, WALLET), DO(quota); AT(due)); /* the patient's touch */
}

/* What is due makes room before it is written down. */
static void capacity_rows(void)
{
    ROW(CAPACITY_RECORDS, hold_msg(101, 10, 5, WALLET), held(w);
        w->s->holds.max = w->s->holds.count; AT(NOW_MS + 59999));
    ROW(OK, hold_msg(101, 10, 5, WALLET), held(w); w->s->holds.max = w->s->holds.count;
        AT(NOW_MS + 60000));
    ROW(OK, hold_msg(100, 10, 5, PERSONAL), held(w); w->s->holds.max = w->s->holds.count;
        AT(NOW_MS + 60000)); /* somebody else's */

    struct fixture *w = fixture_new();
    for (unsigned i = 0; i < GJ_PERSON_HOLDS_MAX; i++) {
        w->time_ms++;
        DO(with_timeout(hold_msg(101, 10, 1, WALLET), 10));
    }
    uint64_t first = NOW_MS + 1 + 10000;
    w->time_ms = first - 1;
    STEP(CAPACITY_RECORDS, hold_msg(101, 10, 1, WALLET));
    w->time_ms = first;
    STEP(OK, hold_msg(101, 10, 1, WALLET));
    EQ(fixture_view(w, 101).holds, GJ_PERSON_HOLDS_MAX);
    w->time_ms = first + GJ_PERSON_HOLDS_MAX;
    EQ(fixture_view(w, 101).holds, 1);
    fixture_close(w);
}

/* Only those an operation looks at are written down by it, the earliest first; the rest waits for
 * its own turn, and no answer depends on it. */
static void touched(void)
{
    struct fixture *w = fixture_new();
    DO(with_timeout(hold_msg(100, 10, 1, PERSONAL), 60));
    DO(with_timeout(hold_msg(101, 10, 2, WALLET), 30));
    DO(with_timeout(hold_msg(103, 14, 3, PERSONAL), 10));
    w->time_ms += 60000;
    EQ(fixture_view(w, 100).personal_held, 0);
    EQ(fixture_view(w, 103).personal_held, 0);
    EQ(fixture_person(w, 103)->personal_held, 3); /* shown as free, not yet written down */
    EQ(fixture_send(w, deposit_msg(104, 5)), GJ_OK);
    EQ(w->expired, 0);
    EQ(fixture_send(w, transfer_msg(100, 101, 5, PERSONAL)), GJ_OK);
    EQ(w->expired, 2);
    EQ(fixture_person(w, 100)->personal_held, 0);
    EQ(fixture_person(w, 101)->wallet_held, 0);
    EQ(fixture_person(w, 103)->personal_held, 3);
    w->shard->time_ms = w->time_ms;
    EQ(shard_memory_expire(w->shard, 9), 1);
    EQ(fixture_person(w, 103)->personal_held, 0);
    EQ(shard_memory_expire(w->shard, 9), 0);
    OK(state_due_ms(w->s) == UINT64_MAX);

    /* In the order of their due times, of equal ones in that of their making. */
    for (unsigned i = 0; i < 5; i++) {
        DO(with_timeout(hold_msg(101, 10, 1 + i, WALLET), i % 2 ? 20 : 10));
    }
    w->time_ms += 20000;
    uint64_t at = w->shard->lines;
    w->shard->time_ms = w->time_ms;
    EQ(shard_memory_expire(w->shard, 9), 5);
    static const int64_t order[] = {1, 3, 5, 2, 4};
    for (unsigned i = 0; i < ARRAY_COUNT(order); i++) {
        const uint8_t *record = w->shard->log + at * GJ_RECORD_UNIT;
        EQ(record_op(record)->type, GJ_OP_EXPIRE);
        EQ(record_hold(record)->amount, order[i]);
        at += record_size(record, GJ_RECORD_SIZE_MAX) / GJ_RECORD_UNIT;
    }
    fixture_close(w);
}

/* A relative's part that ends by time gives quota and cap back, a transfer its place in the year.
 */
static void amounts(void)
{
    struct fixture *w = fixture_new();
    DO(as(with_timeout(
              with_relative(hold_msg(101, 10, 20300, gj_sources(WALLET, RELATIVE, 0)), 100), 60),
          1));
    DO(capture_msg(101, 1, 20100));
    EQ(fixture_cold(w, 100)->used, 20300);
    w->time_ms += 60000;
    struct gj_person_view view = fixture_view(w, 100);
    OK(view.used == 20100 && view.personal_held == 0 && view.holds == 0);
    EQ(view.members[0].used, 100);
    EQ(view.quota_left, 49900);
    STEP(HOLD_EXPIRED, release_msg(101, 1));
    EQ(fixture_cold(w, 100)->used, 20100);
    EQ(fixture_draws(w, 100, 101), 100);
    EQ(fixture_person(w, 100)->personal, 79900);
    EQ(fixture_institution(w, 10)->payable, 20100);
    pending(w);
    EQ(fixture_person(w, 100)->transfer_count, 1 + 1);
    w->time_ms = fixture_ms(2025, 11, 21, 6 * 60);
    view = fixture_view(w, 100);
    OK(view.used == 20100 && view.pendings_out == 0 && view.personal_held == 0);
    EQ(fixture_view(w, 101).pendings_in, 0);
    STEP(TRANSFER_EXPIRED, return_msg(100, 1, 100));
    EQ(fixture_cold(w, 100)->used, 20100);
    EQ(fixture_person(w, 100)->personal, 79900);
    fixture_close(w);
}

/* A dry run sees what is due as gone and writes nothing. */
static void dry_run(void)
{
    struct fixture *w = fixture_new();
    DO(with_timeout(hold_msg(101, 10, 20000, WALLET), 60));
    struct {
        struct gj_read read;
        struct msg m;
    } lines = {.read = {.type = GJ_READ_DRY_RUN, .ext_count = 1},
               .m = as(pay_msg(101, 10, 20000, WALLET), 2)};
    for (unsigned late = 0; late < 2; late++) {
        w->time_ms = NOW_MS + 59999 + late;
        uint64_t seq = state_seq(w->s);
        const void *payload;
        unsigned count;
        EQ(fixture_read(w, &lines.read, &payload, &count), GJ_OK);
        const struct gj_dry_run_view *view = payload;
        EQ(view->reply.code, late ? GJ_OK : GJ_INSUFFICIENT_BALANCE);
        EQ(view->reply.amount, late ? 20000 : 0);
        EQ(state_seq(w->s), seq);
        EQ(fixture_person(w, 101)->wallet_held, 20000);
    }
    fixture_close(w);
}

/* Money held in December and freed in January changes nothing of the new year; freed a millisecond
 * before, it is free in the old one. */
static void over_the_year(void)
{
    uint64_t year_end = fixture_ms(2026, 1, 1, 0);
    struct msg m = with_timeout(with_relative(hold_msg(101, 10, 500, RELATIVE), 100), 60);
    ROW(OK, transfer_msg(100, 101, 50000, PERSONAL), AT(year_end - 60001); DO(m); AT(year_end - 1));
    ROW(ANNUAL_QUOTA_EXCEEDED, transfer_msg(100, 101, 49501, PERSONAL), AT(year_end - 60000); DO(m);
        AT(year_end - 1));
    for (unsigned late = 0; late < 2; late++) {
        struct fixture *w = fixture_new();
        AT(year_end - 60001 + late);
        DO(m);
        EQ(fixture_cold(w, 100)->used, 20500);
        AT(year_end - 1);
        EQ(fixture_view(w, 100).used, late ? 20500 : 20000);
        EQ(fixture_view(w, 100).quota_left, late ? 49500 : 50000);
        AT(year_end);
        struct gj_person_view view = fixture_view(w, 100);
        OK(view.year == 2026 && view.used == 0 && view.opening == 80000);
        EQ(view.quota_left, 56000);
        STEP(OK, relative_msg(101, 10, 70, RELATIVE, 100));
        view = fixture_view(w, 100);
        OK(view.used == 70 && view.opening == 80000 && view.personal_held == 0);
        EQ(fixture_draws(w, 100, 101), 70);
        fixture_close(w);
    }
}

/* Leap days and the end of 32-bit seconds are days like others. */
static void far_days(void)
{
    static const struct {
        unsigned year, month, day;
        unsigned next_year, next_month, next_day;
    } days[] = {{2028, 2, 28, 2028, 2, 29},
                {2028, 2, 29, 2028, 3, 1},
                {2038, 1, 19, 2038, 1, 20},
                {2100, 2, 28, 2100, 3, 1},
                {2025, 12, 31, 2026, 1, 1}};
    for (size_t i = 0; i < ARRAY_COUNT(days); i++) {
        uint64_t due = fixture_ms(days[i].next_year, days[i].next_month, days[i].next_day, 6 * 60);
        for (unsigned late = 0; late < 2; late++) {
            struct fixture *w = fixture_new();
            AT(fixture_ms(days[i].year, days[i].month, days[i].day, 12 * 60));
            pending(w);
            AT(due - 1 + late);
            struct msg m = accept_msg(100, 1, 101);
            if (late)
                STEP(TRANSFER_EXPIRED, m);
            else
                STEP(OK, m);
            fixture_close(w);
        }
    }
}

void rows_expiry(void)
{
    hold_rows();
    pending_rows();
    freed_rows();
    capacity_rows();
    touched();
    amounts();
    dry_run();
    over_the_year();
    far_days();
}
