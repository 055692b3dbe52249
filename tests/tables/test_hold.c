/* tests/tables/test_hold.c -- hold, capture, release: what is set aside, used, and given back. The
 * conditions HOLD shares with PAY are in test_pay.c, its end by time in test_expiry.c. */
#include <string.h>

#include "tests/tables/fixture.h"

#define TODAY calendar_day(NOW_MS)

/* 101 has 7.00 of the wallet held. */
static void held(struct fixture *w)
{
    DO(as(hold_msg(101, 10, 700, WALLET), 1));
}

static void ended_rows(void)
{
    ROW(PERSON_NOT_FOUND, capture_msg(999, 1, 5));
    ROW(HOLD_NOT_FOUND, capture_msg(101, 1, 5));
    ROW(HOLD_NOT_FOUND, capture_msg(100, 1, 5), held(w)); /* another person's */
    ROW(HOLD_NOT_FOUND, capture_msg(101, 1, 5), DO(as(pay_msg(101, 10, 5, WALLET), 1)));
    ROW(HOLD_NOT_FOUND, capture_msg(101, 1, 5),
        STEP(INSUFFICIENT_BALANCE, as(hold_msg(101, 10, 20001, WALLET), 1)));
    ROW(HOLD_NOT_FOUND, capture_msg(100, 1, 5), POLICY(1, receive_mode = GJ_RECEIVE_ACCEPT);
        DO(as(transfer_msg(100, 101, 5, PERSONAL), 1)));
    ROW(HOLD_CAPTURED, capture_msg(101, 1, 1), held(w); DO(capture_msg(101, 1, 700)));
    ROW(HOLD_CAPTURED, capture_msg(101, 1, 1), held(w); DO(final_msg(101, 1, 1)));
    ROW(HOLD_RELEASED, capture_msg(101, 1, 1), held(w); DO(release_msg(101, 1)));
    ROW(HOLD_RELEASED, capture_msg(101, 1, 1), held(w); DO(capture_msg(101, 1, 1));
        DO(release_msg(101, 1)));
    ROW(CAPTURE_EXCEEDS_HOLD, capture_msg(101, 1, 701), held(w));
    ROW(CAPTURE_EXCEEDS_HOLD, final_msg(101, 1, 701), held(w));
    ROW(OK, final_msg(101, 1, 700), held(w));
    ROW(CAPTURE_EXCEEDS_HOLD, capture_msg(101, 1, 501), held(w); DO(capture_msg(101, 1, 200)));
    ROW(ACCOUNT_CLOSED, capture_msg(101, 1, 1), held(w); DO(release_msg(101, 1));
        DO(close_msg(101, GJ_PAYOUT_CASH)));

    ROW(ACCOUNT_CLOSED, capture_msg(104, 1, 1), DO(close_msg(104, 0))); /* lower than 100 */

    ROW(PERSON_NOT_FOUND, release_msg(999, 1));
    ROW(HOLD_NOT_FOUND, release_msg(101, 1));
    ROW(HOLD_NOT_FOUND, release_msg(101, 1), DO(as(pay_msg(101, 10, 5, WALLET), 1)));
    ROW(HOLD_NOT_FOUND, release_msg(101, 1),
        STEP(INSUFFICIENT_BALANCE, as(hold_msg(101, 10, 20001, WALLET), 1)));
    ROW(HOLD_CAPTURED, release_msg(101, 1), held(w); DO(final_msg(101, 1, 5)));
    ROW(HOLD_RELEASED, release_msg(101, 1), held(w); DO(release_msg(101, 1)));
    ROW(HOLD_RELEASED, release_msg(101, 1), held(w); DO(release_msg(101, 1));
        DO(close_msg(101, GJ_PAYOUT_CASH))); /* a closed person may release */
}

static void timeout_rows(void)
{
    struct msg m = hold_msg(101, 10, 5, WALLET);
    ROW(OK, with_timeout(m, 0));
    ROW(OK, with_timeout(m, 1));
    ROW(OK, with_timeout(m, 86400));
    ROW(HOLD_TIMEOUT_INVALID, with_timeout(m, 86401));
    ROW(HOLD_TIMEOUT_INVALID, with_timeout(m, UINT32_MAX));
    ROW(HOLD_TIMEOUT_INVALID, with_timeout(m, 1), POLICY(1, hold_timeout_max_s = 0));
    ROW(HOLD_TIMEOUT_INVALID, m, POLICY(1, hold_timeout_max_s = 0));
    ROW(OK, m, POLICY(1, hold_timeout_max_s = UINT32_MAX));
    ROW(OK, with_timeout(m, UINT32_MAX), POLICY(1, hold_timeout_max_s = UINT32_MAX));
    /* The institution's region says how long. */
    m = hold_msg(100, 14, 5, PERSONAL);
    ROW(HOLD_TIMEOUT_INVALID, with_timeout(m, 61), POLICY(2, hold_timeout_max_s = 60));
    ROW(OK, with_timeout(m, 61), POLICY(1, hold_timeout_max_s = 60));
    /* 105 is lower than 159 and higher than 74. */
    m = with_timeout(hold_msg(101, 10, 51, WALLET), 86401);
    ROW(HOLD_TIMEOUT_INVALID, m, POLICY(1, outpatient_single_fen = 50));
    m = with_timeout(hold_msg(101, 11, 5, WALLET), 86401);
    ROW(INST_SCENARIO_NOT_ALLOWED, m);
}

/* One person takes part in at most so many; the time moves because the window of rids is small. */
static void many_holds(struct fixture *w, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        w->time_ms++;
        DO(hold_msg(101, 10, 1, WALLET));
    }
}

/* 101 holds own money, listing 100, who is not needed. */
static void list_relative(struct fixture *w, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        w->time_ms++;
        DO(as(with_relative(hold_msg(101, 10, 1, gj_sources(WALLET, RELATIVE, 0)), 100), i + 1));
    }
}

/* Nobody can be kept from giving by those to whom nothing was given. */
static void others_cannot_fill_a_list(void)
{
    struct fixture *w = fixture_new();
    list_relative(w, GJ_PERSON_HOLDS_MAX);
    w->time_ms++;
    EQ(fixture_view(w, 100).holds, 0);
    EQ(fixture_view(w, 101).holds, GJ_PERSON_HOLDS_MAX);
    STEP(OK, hold_msg(100, 10, 1, PERSONAL));
    STEP(OK, unbind_msg(100, 101));
    STEP(OK, hold_msg(100, 10, 1, PERSONAL));
    STEP(CAPACITY_RECORDS, hold_msg(101, 10, 1, WALLET));
    STEP(OK, capture_msg(101, 7, 1));
    STEP(OK, release_msg(101, 8));
    fixture_close(w);

    /* As relative it has given one fen of each, and with the last one captured none any more. */
    w = fixture_new();
    for (unsigned i = 0; i < GJ_PERSON_HOLDS_MAX; i++) {
        w->time_ms++;
        struct msg m = hold_msg(101, 10, 2, gj_sources(RELATIVE, WALLET, 0));
        DO(as(with_relative(m, 100), i + 1));
        if (i == 0) DO(cap_msg(100, 101, 4));
    }
    w->time_ms++;
    EQ(fixture_view(w, 100).holds, 2);
    STEP(OK, capture_msg(101, 1, 1));
    EQ(fixture_view(w, 100).holds, 2);
    STEP(OK, capture_msg(101, 1, 1));
    EQ(fixture_view(w, 100).holds, 1);
    STEP(OK, release_msg(101, 2));
    EQ(fixture_view(w, 100).holds, 0);
    fixture_close(w);

    /* Transfers to a person, one by one and then expired: they are counted by themselves. */
    w = fixture_new();
    POLICY(1, receive_mode = GJ_RECEIVE_ACCEPT);
    DO(bind_msg(101, 100, GJ_CHILD, -1));
    for (unsigned i = 0; i < GJ_PERSON_HOLDS_MAX; i++) {
        w->time_ms++;
        DO(as(transfer_msg(101, 100, 1, WALLET), i + 1));
    }
    EQ(fixture_view(w, 100).pendings_in, GJ_PERSON_HOLDS_MAX);
    STEP(CAPACITY_RECORDS, transfer_msg(101, 100, 1, WALLET));
    DO(bind_msg(103, 100, GJ_SIBLING, -1));
    STEP(CAPACITY_RECORDS, transfer_msg(103, 100, 1, PERSONAL));
    STEP(OK, hold_msg(100, 10, 1, PERSONAL));
    STEP(OK, transfer_msg(100, 101, 1, PERSONAL));
    STEP(OK, return_msg(101, 1, 100));
    STEP(OK, transfer_msg(103, 100, 1, PERSONAL));
    STEP(CAPACITY_RECORDS, transfer_msg(103, 100, 1, PERSONAL));
    w->time_ms = fixture_ms(2025, 11, 21, 6 * 60); /* those are due, and make room */
    STEP(OK, transfer_msg(103, 100, 1, PERSONAL));
    EQ(fixture_view(w, 100).pendings_in, 1);
    fixture_close(w);
}

static void capacity_rows(void)
{
    ROW(CAPACITY_RECORDS, hold_msg(101, 10, 5, WALLET), w->s->holds.max = w->s->holds.count);
    ROW(INSUFFICIENT_BALANCE, hold_msg(101, 10, 20001, WALLET),
        w->s->holds.max = w->s->holds.count); /* asked only of what would succeed */
    ROW(OK, hold_msg(101, 10, 5, WALLET), many_holds(w, GJ_PERSON_HOLDS_MAX - 1));

    struct fixture *w = fixture_new();
    many_holds(w, GJ_PERSON_HOLDS_MAX);
    w->time_ms++;
    EQ(fixture_view(w, 101).holds, GJ_PERSON_HOLDS_MAX);
    STEP(CAPACITY_RECORDS, hold_msg(101, 10, 1, WALLET));
    STEP(CAPACITY_RECORDS, with_relative(hold_msg(101, 10, 1, RELATIVE), 100));
    STEP(OK, hold_msg(100, 10, 1, PERSONAL));
    STEP(OK, transfer_msg(100, 101, 1, PERSONAL)); /* settled at once */
    POLICY(1, receive_mode = GJ_RECEIVE_ACCEPT);
    STEP(CAPACITY_RECORDS, transfer_msg(101, 100, 1, WALLET));
    STEP(OK, transfer_msg(100, 101, 1, PERSONAL)); /* the payee gives nothing */
    STEP(OK, pay_msg(101, 10, 1, WALLET));
    fixture_close(w);

    /* As a relative, too. */
    w = fixture_new();
    for (unsigned i = 0; i < GJ_PERSON_HOLDS_MAX; i++) {
        w->time_ms++;
        DO(hold_msg(100, 10, 1, PERSONAL));
    }
    STEP(CAPACITY_RECORDS, with_relative(hold_msg(101, 10, 1, RELATIVE), 100));
    STEP(OK, hold_msg(101, 10, 1, WALLET));
    STEP(OK, with_relative(hold_msg(101, 10, 1, gj_sources(WALLET, RELATIVE, 0)), 100));
    fixture_close(w);
    others_cannot_fill_a_list();
}

/* One source: set aside, used in parts, the rest given back. */
static void one_source(void)
{
    struct fixture *w = fixture_new();
    STEP(OK, as(hold_msg(101, 10, 700, WALLET), 1));
    EQ(w->last.reply.balance, 20000);
    EQ(w->last.reply.amount, 700);
    EQ(w->last.reply.flags, 0);
    const struct person *p = fixture_person(w, 101);
    OK(p->wallet == 20000 && p->wallet_held == 700);
    EQ(w->s->books[1].institution, 0);
    STEP(OK, as(capture_msg(101, 1, 300), 2));
    EQ(w->last.reply.balance, 19700);
    EQ(w->last.reply.amount, 300);
    EQ(w->last.reply.flags, GJ_REPLY_SOURCES);
    EQ(w->last.sources.taken[0], 300);
    EQ(w->last.sources.remainder, 400);
    OK(p->wallet == 19700 && p->wallet_held == 400);
    EQ(fixture_institution(w, 10)->payable, 300);
    EQ(fixture_view(w, 101).holds, 1);
    STEP(CAPTURE_EXCEEDS_HOLD, capture_msg(101, 1, 401));
    STEP(OK, capture_msg(101, 1, 400)); /* nothing left: it ends without FINAL */
    EQ(w->last.sources.remainder, 0);
    OK(p->wallet == 19300 && p->wallet_held == 0);
    EQ(fixture_view(w, 101).holds, 0);
    STEP(HOLD_CAPTURED, capture_msg(101, 1, 1));
    STEP(HOLD_CAPTURED, release_msg(101, 1));
    struct gj_institution_day_view day = fixture_day(w, 10, TODAY);
    OK(day.id == 10 && day.day == TODAY && day.credit_count == 2 && day.debit_count == 0);
    OK(day.credits.low == 700 && day.credits.high == 0 && day.debits.low == 0);

    STEP(OK, as(hold_msg(101, 10, 700, WALLET), 3));
    STEP(OK, final_msg(101, 3, 300));
    EQ(w->last.reply.amount, 300);
    EQ(w->last.reply.balance, 19000);
    EQ(w->last.sources.remainder, 0);
    OK(p->wallet == 19000 && p->wallet_held == 0);

    STEP(OK, as(hold_msg(101, 10, 700, WALLET), 4));
    STEP(OK, capture_msg(101, 4, 200));
    STEP(OK, release_msg(101, 4));
    EQ(w->last.reply.amount, 500);
    EQ(w->last.reply.balance, 18800);
    EQ(w->last.reply.flags, 0);
    OK(p->wallet == 18800 && p->wallet_held == 0);
    EQ(fixture_institution(w, 10)->payable, 1200); /* what was captured stays */
    fixture_close(w);
}

/* Three sources in their order, across regions; quota and draws grow when it is held and shrink by
 * what is given back. */
static void three_sources(void)
{
    struct fixture *w = fixture_new();
    DO(bind_msg(103, 100, GJ_SIBLING, 700));
    DO(transfer_msg(101, 100, 300, WALLET));
    struct msg m =
        with_relative(hold_msg(100, 10, 81200, gj_sources(WALLET, PERSONAL, RELATIVE)), 103);
    STEP(SHARED_CAP_EXCEEDED, m);
    STEP(OK_PARTIAL, as(with_flags(m, GJ_FLAG_PARTIAL), 1));
    EQ(w->last.reply.amount, 81000);
    EQ(w->last.reply.balance, 300);
    EQ(w->last.reply.flags, GJ_REPLY_SOURCES);
    const int64_t *taken = w->last.sources.taken;
    OK(taken[0] == 300 && taken[1] == 80000 && taken[2] == 700);
    EQ(w->last.sources.remainder, 200);
    EQ(fixture_cold(w, 103)->used, 700);
    EQ(fixture_draws(w, 103, 100), 700);
    EQ(fixture_person(w, 103)->personal_held, 700);
    EQ(fixture_person(w, 100)->personal_held, 80000);
    EQ(fixture_person(w, 100)->wallet_held, 300);
    EQ(w->s->books[2].clearing, 0); /* nothing is posted */
    OK(fixture_view(w, 100).holds == 1 && fixture_view(w, 103).holds == 1);
    /* The cap is used up while it is held. */
    STEP(SHARED_CAP_EXCEEDED, relative_msg(100, 10, 1, RELATIVE, 103));

    STEP(OK, capture_msg(100, 1, 500));
    OK(taken[0] == 300 && taken[1] == 200 && taken[2] == 0);
    EQ(w->last.reply.balance, 0);
    EQ(w->last.sources.remainder, 80500);
    STEP(OK, capture_msg(100, 1, 79900));
    OK(taken[0] == 0 && taken[1] == 79800 && taken[2] == 100);
    EQ(w->last.sources.remainder, 600);
    EQ(w->s->books[2].clearing, 100);
    EQ(w->s->gross[2 * GJ_REGIONS_MAX + 1], 100);
    EQ(fixture_cold(w, 103)->used, 700); /* counted when it was held, not again */
    STEP(OK, release_msg(100, 1));
    OK(taken[0] == 0 && taken[1] == 0 && taken[2] == 600);
    EQ(w->last.reply.amount, 600);
    EQ(w->last.reply.flags, GJ_REPLY_SOURCES);
    EQ(fixture_cold(w, 103)->used, 100);
    EQ(fixture_draws(w, 103, 100), 100);
    EQ(fixture_person(w, 103)->personal, 49900);
    EQ(fixture_person(w, 103)->personal_held, 0);
    EQ(fixture_institution(w, 10)->payable, 80400);
    fixture_close(w);

    /* FINAL gives back the rest of every source. */
    w = fixture_new();
    m = with_relative(hold_msg(101, 10, 1000, gj_sources(RELATIVE, WALLET, 0)), 100);
    POLICY(1, quota_bp = 2050); /* 205.00, of which 5.00 are left */
    STEP(OK, as(m, 1));
    OK(w->last.sources.taken[0] == 500 && w->last.sources.taken[1] == 500);
    EQ(w->last.reply.balance, 80000); /* of the first listed source, whoever owns it */
    STEP(ANNUAL_QUOTA_EXCEEDED, relative_msg(101, 10, 1, RELATIVE, 100));
    STEP(OK, final_msg(101, 1, 200));
    OK(w->last.sources.taken[0] == 200 && w->last.sources.taken[1] == 0);
    EQ(fixture_cold(w, 100)->used, 20200);
    EQ(fixture_draws(w, 100, 101), 200);
    OK(fixture_person(w, 100)->personal_held == 0 && fixture_person(w, 101)->wallet_held == 0);
    OK(fixture_person(w, 100)->personal == 79800 && fixture_person(w, 101)->wallet == 20000);
    fixture_close(w);
}

/* By the CURRENT base a hold raises nobody's quota: what it holds counts once, as posted. */
static void current_base(void)
{
    struct msg m = as(with_relative(hold_msg(101, 10, 10000, RELATIVE), 100), 1);
    static const int64_t left[] = {20000, 20000, 30000, 27500};
    for (unsigned i = 0; i < ARRAY_COUNT(left); i++) {
        struct fixture *w = fixture_new();
        POLICY(1, quota_base = GJ_QUOTA_CURRENT);
        POLICY(1, quota_bp = 5000); /* half of 800.00 and of the 200.00 that were used */
        EQ(fixture_view(w, 100).quota_left, 30000);
        DO(m);
        if (i == 1) DO(capture_msg(101, 1, 10000));
        if (i == 2) DO(release_msg(101, 1));
        if (i == 3) DO(final_msg(101, 1, 2500));
        EQ(fixture_view(w, 100).quota, 50000);
        EQ(fixture_view(w, 100).quota_left, left[i]);
        STEP(ANNUAL_QUOTA_EXCEEDED, transfer_msg(100, 102, left[i] + 1, PERSONAL));
        STEP(OK, transfer_msg(100, 102, left[i], PERSONAL));
        fixture_close(w);
    }
}

/* What began goes on, whatever is set, suspended or changed meanwhile. */
static void goes_on(void)
{
    struct msg m = as(with_relative(hold_msg(101, 10, 50, RELATIVE), 100), 1);
    ROW(OK, capture_msg(101, 1, 50), DO(m); DO(suspend_msg(100, GJ_USE_ALL));
        DO(suspend_msg(101, GJ_USE_ALL)));
    ROW(OK, capture_msg(101, 1, 50), DO(m); DO(update_msg(100, GJ_INSURANCE_RESIDENT, 2));
        DO(update_msg(101, 0, GJ_STATUS_STOPPED)));
    ROW(OK, capture_msg(101, 1, 50), DO(m);
        DO(inst_msg(10, 1, GJ_HOSPITAL, 0x10, GJ_FLAG_SUSPENDED)));
    ROW(OK, capture_msg(101, 1, 50), DO(m); DO(cap_msg(100, 101, 0)); POLICY(1, wallet_open = 0);
        POLICY(1, local_sharing_enabled = 0); POLICY(1, quota_bp = 0);
        POLICY(1, hold_timeout_max_s = 0); POLICY(1, service_to_minute = 1);
        POLICY(1, relation_mask = 0); POLICY(1, purpose_mask_relative = 0));
    ROW(OK, release_msg(101, 1), DO(m); POLICY(1, wallet_open = 0);
        DO(suspend_msg(101, GJ_USE_ALL)));
}

/* What a list of open holds says. */
static void listed(void)
{
    struct fixture *w = fixture_new();
    struct msg m = with_relative(hold_msg(101, 10, 20050, gj_sources(WALLET, RELATIVE, 0)), 100);
    DO(as(m, 1));
    uint64_t seq = w->last.reply.seq;
    DO(capture_msg(101, 1, 50));
    DO(as(with_timeout(hold_msg(100, 14, 7, PERSONAL), 60), 2));
    const uint64_t who[] = {101, 100}; /* patient and relative */
    struct gj_rid rid = as(m, 1).op.rid;
    for (unsigned i = 0; i < ARRAY_COUNT(who); i++) {
        struct gj_read read = {.type = GJ_READ_LIST_HOLDS, .id = who[i]};
        const void *payload;
        unsigned count;
        EQ(fixture_read(w, &read, &payload, &count), GJ_OK);
        const struct gj_hold_view *view = payload;
        EQ(count, who[i] == 100 ? 2 : 1);
        unsigned at = who[i] == 100 ? 1 : 0; /* the earlier due first */
        OK(memcmp(&view[at].rid, &rid, sizeof(rid)) == 0);
        OK(view[at].person == 101 && view[at].other == 10 && view[at].relative == 100);
        OK(view[at].left[0] == 19950 && view[at].left[1] == 50 && view[at].left[2] == 0);
        OK(view[at].amount == 20050 && view[at].seq == seq);
        OK(view[at].due_ms == NOW_MS + 24 * HOUR_MS && view[at].type == GJ_OP_HOLD);
        OK(view[at].sources == m.op.kind && view[at].scenario == GJ_OUTPATIENT);
        if (i == 0) continue;
        OK(view[0].person == 100 && view[0].other == 14 && view[0].relative == 0);
        OK(view[0].due_ms == NOW_MS + 60000 && view[0].left[0] == 7);
        read.after_due = view[0].due_ms;
        read.after_seq = view[0].seq;
        EQ(fixture_read(w, &read, &payload, &count), GJ_OK);
        EQ(count, 1);
    }
    EQ(fixture_view(w, 100).holds, 2);
    fixture_close(w);
}

void rows_hold(void)
{
    ended_rows();
    timeout_rows();
    capacity_rows();
    one_source();
    three_sources();
    current_base();
    goes_on();
    listed();
}
