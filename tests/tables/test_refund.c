/* tests/tables/test_refund.c -- refunds: what of a payment goes back, to whom, and until when. */
#include "tests/tables/fixture.h"

#define TODAY calendar_day(NOW_MS)
#define DAY   (24 * HOUR_MS)

static void paid(struct fixture *w)
{
    DO(as(pay_msg(101, 10, 700, WALLET), 1));
}

/* 101 draws 5.00 from the wallet and 2.00 from the account of 100. */
static struct msg two_sources(void)
{
    return as(relative_msg(101, 10, 20200, gj_sources(WALLET, RELATIVE, 0), 100), 1);
}

static void existence_rows(void)
{
    ROW(PERSON_NOT_FOUND, refund_msg(999, 1, 5));
    ROW(ORIGINAL_NOT_FOUND, refund_msg(101, 1, 5));
    ROW(ORIGINAL_NOT_FOUND, refund_msg(100, 1, 5), paid(w)); /* another first person's */
    ROW(ORIGINAL_NOT_FOUND, refund_msg(101, 1, 5),
        STEP(INSUFFICIENT_BALANCE, as(pay_msg(101, 10, 20001, WALLET), 1)));
    ROW(ORIGINAL_NOT_FOUND, refund_msg(101, 1, 5), STEP(OK_TOMBSTONED, reverse_msg(101, 1)));
    ROW(ALREADY_REVERSED, refund_msg(101, 1, 5), paid(w); DO(reverse_msg(101, 1)));
    ROW(NOT_REVERSIBLE, refund_msg(100, 1, 5), DO(as(transfer_msg(100, 101, 5, PERSONAL), 1)));
    ROW(NOT_REVERSIBLE, refund_msg(100, 1, 5), DO(as(deposit_msg(100, 5), 1)));
    ROW(NOT_REVERSIBLE, refund_msg(101, 1, 5), DO(as(hold_msg(101, 10, 5, WALLET), 1)));
    ROW(NOT_REVERSIBLE, refund_msg(101, 1, 5), DO(as(hold_msg(101, 10, 5, WALLET), 1));
        DO(final_msg(101, 1, 5))); /* the capture is refunded, not the hold */
    ROW(NOT_REVERSIBLE, refund_msg(101, 2, 5), paid(w); DO(as(refund_msg(101, 1, 5), 2)));
    ROW(NOT_REVERSIBLE, refund_msg(100, 1, 5), DO(as(premium_msg(100, 101, 2026, PERSONAL), 1)));
    ROW(NOT_REVERSIBLE, refund_msg(101, 2, 5), paid(w); DO(as(reverse_msg(101, 1), 2)));
    ROW(NOT_REVERSIBLE, refund_msg(101, 2, 5), STEP(OK_TOMBSTONED, as(reverse_msg(101, 1), 2)));
    ROW(NOT_REVERSIBLE, refund_msg(100, 1, 5), DO(as(resume_msg(100, 0), 1))); /* an OK_NOOP */
    ROW(ALREADY_REVERSED, refund_msg(100, 1, 5), DO(as(deposit_msg(100, 5), 1));
        DO(reverse_msg(100, 1))); /* lower than 112 */
    ROW(ALREADY_REVERSED, refund_msg(101, 2, 5), paid(w); DO(as(refund_msg(101, 1, 5), 2));
        DO(reverse_msg(101, 2)));
}

static void window_rows(void)
{
    struct msg m = refund_msg(101, 1, 5);
    ROW(OK, m, paid(w); w->time_ms += 365 * DAY + 15 * HOUR_MS - 1);
    ROW(REVERSAL_WINDOW_CLOSED, m, paid(w); w->time_ms += 365 * DAY + 15 * HOUR_MS);
    ROW(OK, m, POLICY(1, refund_days = 0); paid(w); w->time_ms += 15 * HOUR_MS - 1);
    ROW(REVERSAL_WINDOW_CLOSED, m, POLICY(1, refund_days = 0); paid(w); w->time_ms += 15 * HOUR_MS);
    ROW(OK, m, POLICY(1, refund_days = UINT16_MAX); paid(w);
        w->time_ms = fixture_ms(2090, 1, 1, 0));
    /* The policy in force when it was paid, on the institution's side. */
    ROW(OK, m, paid(w); POLICY(1, refund_days = 0); w->time_ms += DAY);
    ROW(REVERSAL_WINDOW_CLOSED, m, POLICY(1, refund_days = 0); paid(w);
        POLICY(1, refund_days = UINT16_MAX); w->time_ms += DAY);
    ROW(REVERSAL_WINDOW_CLOSED, refund_msg(100, 1, 5), POLICY(2, refund_days = 1);
        DO(as(pay_msg(100, 14, 5, PERSONAL), 1)); w->time_ms += 2 * DAY);
    ROW(OK, refund_msg(100, 1, 5), POLICY(1, refund_days = 1);
        DO(as(pay_msg(100, 14, 5, PERSONAL), 1)); w->time_ms += 2 * DAY);
    /* A capture: the version its hold began under, counted from the capture's day. */
    ROW(OK, refund_msg(101, 2, 5), POLICY(1, refund_days = 1);
        DO(as(hold_msg(101, 10, 5, WALLET), 1)); POLICY(1, refund_days = 0);
        w->time_ms += 16 * HOUR_MS; DO(as(capture_msg(101, 1, 5), 2)); w->time_ms += DAY);
    ROW(REVERSAL_WINDOW_CLOSED, refund_msg(101, 2, 5), POLICY(1, refund_days = 0);
        DO(as(hold_msg(101, 10, 5, WALLET), 1)); POLICY(1, refund_days = 9);
        DO(as(capture_msg(101, 1, 5), 2)); w->time_ms += DAY);
    /* Nothing is known any more below the floor. */
    ROW(REVERSAL_WINDOW_CLOSED, m, paid(w); w->time_ms += HOUR_MS; fixture_forget(w, NOW_MS + 1));
    ROW(REVERSAL_WINDOW_CLOSED, m, w->time_ms += HOUR_MS; fixture_forget(w, NOW_MS + 1));
    ROW(OK, m, paid(w); w->time_ms += HOUR_MS; fixture_forget(w, NOW_MS));
    /* 113 is lower than 163, and higher than 112. */
    ROW(REVERSAL_WINDOW_CLOSED, refund_msg(101, 1, 701), paid(w); w->time_ms += 400 * DAY);
    ROW(NOT_REVERSIBLE, refund_msg(100, 1, 5), POLICY(1, refund_days = 0);
        DO(as(transfer_msg(100, 101, 5, PERSONAL), 1)); w->time_ms += 2 * DAY);
}

static void owner_rows(void)
{
    ROW(REFUND_EXCEEDS_CAPTURED, refund_msg(101, 1, 701), paid(w));
    ROW(REFUND_EXCEEDS_CAPTURED, refund_msg(101, 1, 1), paid(w); DO(refund_msg(101, 1, 700)));
    ROW(REFUND_EXCEEDS_CAPTURED, refund_msg(102, 1, 51), DO(transfer_msg(100, 102, 50, PERSONAL));
        STEP(OK_PARTIAL, as(with_flags(pay_msg(102, 13, 80, WALLET), GJ_FLAG_PARTIAL), 1)));
    ROW(ACCOUNT_CLOSED, refund_msg(101, 1, 5), paid(w); DO(close_msg(101, GJ_PAYOUT_CASH)));
    ROW(ACCOUNT_CLOSED, refund_msg(101, 1, 701), paid(w); DO(close_msg(101, GJ_PAYOUT_CASH)));
    ROW(ACCOUNT_CLOSED, refund_msg(101, 1, 5), DO(two_sources());
        DO(close_msg(100, GJ_PAYOUT_CASH)));
    ROW(OK, refund_msg(101, 1, 200), DO(two_sources()); DO(close_msg(101, GJ_PAYOUT_CASH)));
    ROW(ACCOUNT_CLOSED, refund_msg(101, 1, 201), DO(two_sources());
        DO(close_msg(101, GJ_PAYOUT_CASH))); /* the wallet would move too */
    ROW(OK, refund_msg(101, 1, 5), DO(two_sources()); DO(refund_msg(101, 1, 200));
        DO(close_msg(100, GJ_PAYOUT_CASH))); /* the relative has it back already */
    ROW(AMOUNT_OVERFLOW, refund_msg(104, 1, 6), DO(deposit_msg(104, GJ_AMOUNT_MAX));
        DO(as(pay_msg(104, 10, 10, PERSONAL), 1)); DO(deposit_msg(104, 5)));
    ROW(OK, refund_msg(104, 1, 5), DO(deposit_msg(104, GJ_AMOUNT_MAX));
        DO(as(pay_msg(104, 10, 10, PERSONAL), 1)); DO(deposit_msg(104, 5)));
    /* Neither limits, suspension, hours, relation, insurance nor policies are asked again. */
    ROW(OK, refund_msg(101, 1, 20200), DO(two_sources()); DO(unbind_msg(100, 101));
        DO(suspend_msg(100, GJ_USE_ALL)); DO(suspend_msg(101, GJ_USE_ALL));
        DO(inst_msg(10, 1, GJ_HOSPITAL, 0x10, GJ_FLAG_SUSPENDED));
        DO(update_msg(100, GJ_INSURANCE_RESIDENT, 2)); DO(update_msg(101, 0, GJ_STATUS_STOPPED));
        POLICY(1, wallet_open = 0); POLICY(1, local_sharing_enabled = 0); POLICY(1, quota_bp = 0);
        POLICY(1, service_to_minute = 1); POLICY(1, refund_days = 0));
}

/* In parts, until nothing is left. */
static void in_parts(void)
{
    struct fixture *w = fixture_new();
    paid(w);
    STEP(OK, refund_msg(101, 1, 300));
    EQ(w->last.reply.amount, 300);
    EQ(w->last.reply.balance, 19600);
    EQ(w->last.reply.flags, GJ_REPLY_SOURCES);
    EQ(w->last.sources.taken[0], 300);
    EQ(w->last.sources.remainder, 400);
    EQ(fixture_institution(w, 10)->payable, 400);
    STEP(REFUND_EXCEEDS_CAPTURED, refund_msg(101, 1, 401));
    STEP(OK, refund_msg(101, 1, 400));
    EQ(w->last.sources.remainder, 0);
    EQ(w->last.reply.balance, 20000);
    struct gj_institution_day_view day = fixture_day(w, 10, TODAY);
    OK(day.credit_count == 1 && day.debit_count == 2);
    OK(day.credits.low == 700 && day.debits.low == 700);
    /* The next day's refund is the next day's line. */
    DO(as(pay_msg(101, 10, 50, WALLET), 2));
    w->time_ms += DAY;
    STEP(OK, refund_msg(101, 2, 50));
    day = fixture_day(w, 10, TODAY + 1);
    OK(day.credit_count == 0 && day.debit_count == 1 && day.debits.low == 50);
    OK(fixture_day(w, 10, TODAY).credits.low == 750);
    /* Each capture by itself. */
    DO(as(hold_msg(101, 10, 700, WALLET), 3));
    DO(as(capture_msg(101, 3, 300), 4));
    DO(as(final_msg(101, 3, 100), 5));
    STEP(REFUND_EXCEEDS_CAPTURED, refund_msg(101, 4, 301));
    STEP(OK, refund_msg(101, 4, 300));
    STEP(REFUND_EXCEEDS_CAPTURED, refund_msg(101, 5, 101));
    STEP(OK, refund_msg(101, 5, 100));
    EQ(fixture_person(w, 101)->wallet, 20000);
    EQ(fixture_institution(w, 10)->payable, 0);
    fixture_close(w);
}

/* The last listed source first, each up to what it gave; quota and draws come back with it. */
static void last_source_first(void)
{
    struct fixture *w = fixture_new();
    DO(bind_msg(103, 100, GJ_SIBLING, 700));
    DO(transfer_msg(101, 100, 300, WALLET));
    DO(as(relative_msg(100, 10, 81000, gj_sources(WALLET, PERSONAL, RELATIVE), 103), 1));
    EQ(w->s->books[2].clearing, 700);
    const int64_t *back = w->last.sources.taken;
    STEP(OK, refund_msg(100, 1, 900));
    OK(back[0] == 0 && back[1] == 200 && back[2] == 700);
    EQ(w->last.reply.balance, 0); /* the wallet, listed first */
    EQ(w->last.sources.remainder, 80100);
    EQ(fixture_cold(w, 103)->used, 0);
    EQ(fixture_draws(w, 103, 100), 0);
    EQ(fixture_person(w, 103)->personal, 50000);
    OK(w->s->books[1].clearing == 0 && w->s->books[2].clearing == 0);
    EQ(w->s->gross[1 * GJ_REGIONS_MAX + 2], 700); /* rule X in the other direction */
    EQ(w->s->gross[2 * GJ_REGIONS_MAX + 1], 700);
    STEP(OK, relative_msg(100, 10, 700, RELATIVE, 103)); /* the cap is free again */
    STEP(OK, refund_msg(100, 1, 80100));
    OK(back[0] == 300 && back[1] == 79800 && back[2] == 0);
    EQ(w->last.reply.balance, 300);
    EQ(fixture_cold(w, 103)->used, 700); /* the second draw's */
    EQ(fixture_cold(w, 100)->used, 20000);
    EQ(fixture_institution(w, 10)->payable, 700);
    fixture_close(w);
}

/* Draws are of the relation they were drawn over. */
static void another_relation(void)
{
    struct fixture *w = fixture_new();
    POLICY(1, unbind_forgets_draws = 1);
    DO(as(relative_msg(101, 10, 50, RELATIVE, 100), 1));
    DO(as(relative_msg(101, 10, 60, RELATIVE, 100), 2));
    DO(unbind_msg(100, 101));
    STEP(OK, refund_msg(101, 1, 20));
    EQ(fixture_cold(w, 100)->used, 20090);
    DO(bind_msg(100, 101, GJ_PARENT, 100));
    DO(relative_msg(101, 10, 30, RELATIVE, 100));
    STEP(OK, refund_msg(101, 2, 60));
    EQ(fixture_cold(w, 100)->used, 20060);
    EQ(fixture_draws(w, 100, 101), 30);
    fixture_close(w);
}

/* Draws count on over UNBIND and BIND, and so does what comes back of them. */
static void the_same_place(void)
{
    struct fixture *w = fixture_new();
    DO(as(relative_msg(101, 10, 50, RELATIVE, 100), 1));
    DO(as(relative_msg(101, 10, 60, RELATIVE, 100), 2));
    DO(unbind_msg(100, 101));
    STEP(OK, refund_msg(101, 1, 20));
    EQ(fixture_cold(w, 100)->used, 20090);
    DO(bind_msg(100, 101, GJ_PARENT, 100));
    EQ(fixture_draws(w, 100, 101), 90);
    STEP(SHARED_CAP_EXCEEDED, relative_msg(101, 10, 11, RELATIVE, 100));
    STEP(OK, relative_msg(101, 10, 10, RELATIVE, 100));
    STEP(OK, refund_msg(101, 2, 60));
    EQ(fixture_cold(w, 100)->used, 20040);
    EQ(fixture_draws(w, 100, 101), 40);
    fixture_close(w);

    /* With the last fen of it given back the place is free, until the refund is reversed. */
    w = fixture_new();
    POLICY(1, max_members = 3);
    DO(as(relative_msg(101, 10, 50, RELATIVE, 100), 1));
    DO(unbind_msg(100, 101));
    STEP(OK, as(refund_msg(101, 1, 49), 2));
    STEP(MEMBER_LIMIT, bind_msg(100, 105, GJ_SPOUSE, -1));
    STEP(OK, as(refund_msg(101, 1, 1), 3));
    STEP(OK, reverse_msg(101, 3));
    STEP(MEMBER_LIMIT, bind_msg(100, 105, GJ_SPOUSE, -1));
    STEP(OK, as(refund_msg(101, 1, 1), 4));
    STEP(OK, bind_msg(100, 105, GJ_SPOUSE, -1));
    STEP(OK, reverse_msg(101, 4)); /* the place is taken, the draw still its own */
    DO(unbind_msg(100, 105));
    STEP(OK, bind_msg(100, 101, GJ_PARENT, -1));
    STEP(OK, reverse_msg(101, 2));
    EQ(fixture_draws(w, 100, 101), 50);
    EQ(fixture_cold(w, 100)->used, 20050);
    fixture_close(w);
}

/* A refund in the next year changes no quota of it. */
static void over_the_year(void)
{
    struct fixture *w = fixture_new();
    w->time_ms = fixture_ms(2026, 1, 1, 0) - 1;
    DO(as(relative_msg(101, 10, 500, RELATIVE, 100), 1));
    w->time_ms++;
    STEP(OK, refund_msg(101, 1, 100));
    struct gj_person_view view = fixture_view(w, 100);
    OK(view.opening == 79500 && view.credits == 0 && view.used == 0 && view.personal == 79600);
    DO(relative_msg(101, 10, 50, RELATIVE, 100));
    STEP(OK, refund_msg(101, 1, 400));
    view = fixture_view(w, 100);
    OK(view.opening == 79500 && view.used == 50 && view.personal == 79950);
    EQ(view.quota, 55650); /* refunds never count */
    EQ(fixture_draws(w, 100, 101), 50);
    fixture_close(w);
}

/* Lines post in the regions of now. */
static void moved_wallet(void)
{
    struct fixture *w = fixture_new();
    paid(w);
    POLICY(1, region_change_enabled = 1);
    DO(region_change_msg(101, 2));
    EQ(w->s->gross[1 * GJ_REGIONS_MAX + 2], 19300);
    STEP(OK, refund_msg(101, 1, 700));
    EQ(w->last.reply.balance, 20000);
    EQ(w->s->gross[1 * GJ_REGIONS_MAX + 2], 20000);
    EQ(w->s->books[2].wallet, 20000);
    EQ(w->s->books[1].institution, 0);
    fixture_close(w);
}

void rows_refund(void)
{
    existence_rows();
    window_rows();
    owner_rows();
    in_parts();
    last_source_first();
    another_relation();
    the_same_place();
    over_the_year();
    moved_wallet();
}
