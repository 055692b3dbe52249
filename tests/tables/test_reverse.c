/* tests/tables/test_reverse.c -- reversals and tombstones. That a reversal restores everything
 * after whatever came in between is in test_matrix.c. */
#include <string.h>

#include "tests/tables/fixture.h"

#define TODAY calendar_day(NOW_MS)
#define DAY   (24 * HOUR_MS)

static void receive(struct fixture *w, uint16_t region, uint8_t mode)
{
    POLICY(region, receive_mode = mode);
}

static struct msg sent(void)
{
    return as(transfer_msg(100, 101, 500, PERSONAL), 1);
}

static struct msg paid(void)
{
    return as(pay_msg(101, 10, 700, WALLET), 1);
}

static void state_rows(void)
{
    ROW(OK_TOMBSTONED, reverse_msg(100, 1));
    ROW(OK_TOMBSTONED, reverse_msg(999, 1)); /* the person need not exist */
    ROW(OK_TOMBSTONED, reverse_msg(100, 1), STEP(OK_TOMBSTONED, reverse_msg(100, 1)));
    ROW(RID_TOMBSTONED, sent(), STEP(OK_TOMBSTONED, reverse_msg(100, 1)));
    ROW(OK, paid(), STEP(OK_TOMBSTONED, reverse_msg(100, 1))); /* another person's rid */
    ROW(OK_NOOP, reverse_msg(101, 1),
        STEP(INSUFFICIENT_BALANCE, as(pay_msg(101, 10, 20001, WALLET), 1)));
    ROW(ALREADY_REVERSED, reverse_msg(100, 1), DO(sent()); DO(reverse_msg(100, 1)));
    ROW(ALREADY_REVERSED, reverse_msg(100, 1), DO(sent()); DO(reverse_msg(100, 1));
        w->time_ms += 60 * DAY); /* lower than 113 */

    ROW(NOT_REVERSIBLE, reverse_msg(104, 1), DO(as(bind_msg(104, 105, GJ_CHILD, -1), 1)));
    ROW(NOT_REVERSIBLE, reverse_msg(100, 1), DO(as(cap_msg(100, 0, 5), 1)));
    ROW(NOT_REVERSIBLE, reverse_msg(100, 1), DO(as(suspend_msg(100, 0), 1)));
    ROW(NOT_REVERSIBLE, reverse_msg(100, 1), DO(as(resume_msg(100, 0), 1))); /* an OK_NOOP */
    ROW(NOT_REVERSIBLE, reverse_msg(110, 1), DO(as(open_msg(110, 1, GJ_INSURANCE_RESIDENT), 1)));
    ROW(NOT_REVERSIBLE, reverse_msg(104, 1), DO(as(close_msg(104, 0), 1)));
    ROW(NOT_REVERSIBLE, reverse_msg(101, 1), DO(as(hold_msg(101, 10, 5, WALLET), 1)));
    ROW(NOT_REVERSIBLE, reverse_msg(101, 1), DO(as(hold_msg(101, 10, 5, WALLET), 1));
        DO(final_msg(101, 1, 5)));
    ROW(NOT_REVERSIBLE, reverse_msg(101, 1), DO(as(hold_msg(101, 10, 5, WALLET), 1));
        DO(release_msg(101, 1)));
    ROW(NOT_REVERSIBLE, reverse_msg(101, 2), DO(as(hold_msg(101, 10, 5, WALLET), 1));
        DO(as(release_msg(101, 1), 2)));
    ROW(NOT_REVERSIBLE, reverse_msg(100, 2), DO(sent()); DO(as(reverse_msg(100, 1), 2)));
    ROW(NOT_REVERSIBLE, reverse_msg(100, 2), STEP(OK_TOMBSTONED, as(reverse_msg(100, 1), 2)));
    ROW(NOT_REVERSIBLE, reverse_msg(101, 1), DO(paid()); DO(refund_msg(101, 1, 1)));
    ROW(OK, reverse_msg(101, 1), DO(paid()); DO(as(refund_msg(101, 1, 1), 2));
        DO(reverse_msg(101, 2)));
    ROW(NOT_REVERSIBLE, reverse_msg(101, 1), DO(paid()); DO(as(refund_msg(101, 1, 1), 2));
        DO(refund_msg(101, 1, 1)); DO(reverse_msg(101, 2))); /* another refund stands */

    struct msg wait = sent();
    ROW(NOT_REVERSIBLE, reverse_msg(100, 1), receive(w, 1, GJ_RECEIVE_ACCEPT); DO(wait));
    ROW(NOT_REVERSIBLE, reverse_msg(100, 1), receive(w, 1, GJ_RECEIVE_ACCEPT); DO(wait);
        DO(return_msg(100, 1, 101)));
    ROW(NOT_REVERSIBLE, reverse_msg(100, 1), receive(w, 1, GJ_RECEIVE_ACCEPT); DO(wait);
        w->time_ms += DAY); /* expired, whether that is written down or not */
    ROW(NOT_REVERSIBLE, reverse_msg(100, 2), receive(w, 1, GJ_RECEIVE_ACCEPT); DO(wait);
        DO(as(accept_msg(100, 1, 101), 2))); /* the transfer is reversed, not the acceptance */
    ROW(OK, reverse_msg(100, 1), receive(w, 1, GJ_RECEIVE_ACCEPT); DO(wait);
        DO(accept_msg(100, 1, 101)));
    ROW(ALREADY_REVERSED, reverse_msg(100, 1), receive(w, 1, GJ_RECEIVE_ACCEPT); DO(wait);
        DO(accept_msg(100, 1, 101)); DO(reverse_msg(100, 1)));
    ROW(TRANSFER_NOT_PENDING, accept_msg(100, 1, 101), receive(w, 1, GJ_RECEIVE_ACCEPT); DO(wait);
        DO(accept_msg(100, 1, 101)); DO(reverse_msg(100, 1))); /* never executed again */
}

static void window_rows(void)
{
    ROW(OK, reverse_msg(100, 1), DO(sent()); w->time_ms += 31 * DAY + 15 * HOUR_MS - 1);
    ROW(REVERSAL_WINDOW_CLOSED, reverse_msg(100, 1), DO(sent());
        w->time_ms += 31 * DAY + 15 * HOUR_MS);
    ROW(OK, reverse_msg(100, 1), POLICY(1, reversal_days = 0); DO(sent());
        w->time_ms += 15 * HOUR_MS - 1);
    ROW(REVERSAL_WINDOW_CLOSED, reverse_msg(100, 1), POLICY(1, reversal_days = 0); DO(sent());
        w->time_ms += 15 * HOUR_MS);
    ROW(OK, reverse_msg(100, 1), POLICY(1, reversal_days = UINT16_MAX); DO(sent());
        w->time_ms = fixture_ms(2090, 1, 1, 0));
    /* By the version under which the money moved, of the payee's side. */
    ROW(OK, reverse_msg(100, 1), DO(sent()); POLICY(1, reversal_days = 0); w->time_ms += DAY);
    ROW(REVERSAL_WINDOW_CLOSED, reverse_msg(100, 1), POLICY(3, reversal_days = 0);
        DO(as(transfer_msg(100, 102, 5, PERSONAL), 1)); POLICY(3, reversal_days = 31);
        w->time_ms += DAY);
    ROW(OK, reverse_msg(100, 1), POLICY(1, reversal_days = 0);
        DO(as(transfer_msg(100, 102, 5, PERSONAL), 1)); w->time_ms += DAY);
    ROW(REVERSAL_WINDOW_CLOSED, reverse_msg(103, 1), POLICY(2, reversal_days = 0);
        DO(as(deposit_msg(103, 5), 1)); w->time_ms += DAY); /* the insured region */
    ROW(REVERSAL_WINDOW_CLOSED, reverse_msg(100, 1), POLICY(1, reversal_days = 0);
        DO(as(premium_msg(100, 101, 2026, PERSONAL), 1)); w->time_ms += DAY);
    ROW(REVERSAL_WINDOW_CLOSED, reverse_msg(100, 1), POLICY(2, reversal_days = 1);
        DO(as(pay_msg(100, 14, 5, PERSONAL), 1)); w->time_ms += 2 * DAY);
    /* A refund only on its own day, whatever the policy says. */
    ROW(OK, reverse_msg(101, 2), DO(paid()); DO(as(refund_msg(101, 1, 5), 2));
        w->time_ms += 15 * HOUR_MS - 1);
    ROW(REVERSAL_WINDOW_CLOSED, reverse_msg(101, 2), DO(paid()); DO(as(refund_msg(101, 1, 5), 2));
        w->time_ms += 15 * HOUR_MS);
    ROW(OK, reverse_msg(101, 2), POLICY(1, reversal_days = 0); DO(paid()); w->time_ms += 3 * DAY;
        DO(as(refund_msg(101, 1, 5), 2)));
    /* A transfer that was accepted: from the acceptance on, under the version it began with. */
    ROW(OK, reverse_msg(100, 1), POLICY(1, reversal_days = 0); receive(w, 1, GJ_RECEIVE_ACCEPT);
        DO(sent()); POLICY(1, reversal_days = 9); w->time_ms += 16 * HOUR_MS;
        DO(accept_msg(100, 1, 101)); w->time_ms += 22 * HOUR_MS);
    ROW(REVERSAL_WINDOW_CLOSED, reverse_msg(100, 1), POLICY(1, reversal_days = 0);
        receive(w, 1, GJ_RECEIVE_ACCEPT); DO(sent()); POLICY(1, reversal_days = 9);
        w->time_ms += 16 * HOUR_MS; DO(accept_msg(100, 1, 101)); w->time_ms += 23 * HOUR_MS);
    ROW(REVERSAL_WINDOW_CLOSED, reverse_msg(101, 2), POLICY(1, reversal_days = 0);
        DO(as(hold_msg(101, 10, 5, WALLET), 1)); POLICY(1, reversal_days = 9);
        DO(as(capture_msg(101, 1, 5), 2)); w->time_ms += DAY);
    /* Below the floor nothing is known, be it an original or one that never came. */
    ROW(REVERSAL_WINDOW_CLOSED, reverse_msg(100, 1), DO(sent()); w->time_ms += HOUR_MS;
        fixture_forget(w, NOW_MS + 1));
    ROW(REVERSAL_WINDOW_CLOSED, reverse_msg(100, 1), w->time_ms += HOUR_MS;
        fixture_forget(w, NOW_MS + 1));
    ROW(OK_TOMBSTONED, reverse_msg(100, 1), w->time_ms += HOUR_MS; fixture_forget(w, NOW_MS));
    struct msg late = reverse_msg(101, 2);
    struct gj_rid rid = fixture_rid(NOW_MS + HOUR_MS, 77);
    memcpy(late.ext, &rid, sizeof(rid));
    struct msg refund = refund_msg(101, 1, 5);
    refund.op.rid = rid;
    ROW(OK, late, DO(paid()); w->time_ms += HOUR_MS; DO(refund));
    ROW(REVERSAL_WINDOW_CLOSED, late, DO(paid()); w->time_ms += HOUR_MS; DO(refund);
        fixture_forget(w, NOW_MS + 1)); /* the refund is known, its payment is not */
    /* An original from the future. */
    rid = fixture_rid(NOW_MS + GJ_RID_AHEAD_MS + 1, 77);
    memcpy(late.ext, &rid, sizeof(rid));
    ROW(RID_IN_FUTURE, late);
    rid = fixture_rid(NOW_MS + GJ_RID_AHEAD_MS, 77);
    memcpy(late.ext, &rid, sizeof(rid));
    ROW(OK_TOMBSTONED, late);
}

/* 44, 115 and 165: the accounts that move. */
static void account_rows(void)
{
    struct msg deposit = as(deposit_msg(104, 500), 1);
    ROW(OK, reverse_msg(104, 1), DO(deposit));
    ROW(PAYEE_FUNDS_SPENT, reverse_msg(104, 1), DO(deposit); DO(pay_msg(104, 10, 1, PERSONAL)));
    ROW(PAYEE_FUNDS_SPENT, reverse_msg(104, 1), DO(deposit); DO(hold_msg(104, 10, 1, PERSONAL)));
    ROW(ACCOUNT_CLOSED, reverse_msg(104, 1), DO(deposit); DO(close_msg(104, GJ_PAYOUT_CASH)));
    ROW(OK, reverse_msg(100, 1), DO(sent()));
    ROW(PAYEE_FUNDS_SPENT, reverse_msg(100, 1), DO(sent()); DO(pay_msg(101, 10, 20001, WALLET)));
    ROW(PAYEE_FUNDS_SPENT, reverse_msg(100, 1), DO(sent()); DO(hold_msg(101, 10, 20001, WALLET)));
    ROW(OK, reverse_msg(100, 1), DO(sent()); DO(hold_msg(101, 10, 20000, WALLET)));
    ROW(ACCOUNT_CLOSED, reverse_msg(100, 1), DO(sent()); DO(close_msg(101, GJ_PAYOUT_CASH)));
    ROW(ACCOUNT_CLOSED, reverse_msg(100, 1), DO(sent()); DO(close_msg(100, GJ_PAYOUT_CASH)));
    ROW(ACCOUNT_CLOSED, reverse_msg(101, 1), DO(paid()); DO(close_msg(101, GJ_PAYOUT_CASH)));
    struct msg premium = as(premium_msg(100, 101, 2026, PERSONAL), 1);
    ROW(ACCOUNT_CLOSED, reverse_msg(100, 1), DO(premium); DO(close_msg(100, GJ_PAYOUT_CASH)));
    ROW(OK, reverse_msg(100, 1), DO(premium); DO(close_msg(101, GJ_PAYOUT_CASH)));
    /* Only those of the payment that gave something. */
    struct msg both = as(relative_msg(101, 10, 200, gj_sources(WALLET, RELATIVE, 0), 100), 1);
    ROW(OK, reverse_msg(101, 1), DO(both); DO(close_msg(100, GJ_PAYOUT_CASH)));
    both.op.amount = 20200;
    ROW(ACCOUNT_CLOSED, reverse_msg(101, 1), DO(both); DO(close_msg(100, GJ_PAYOUT_CASH)));
    ROW(PAYEE_FUNDS_SPENT, reverse_msg(101, 2), DO(paid()); DO(as(refund_msg(101, 1, 5), 2));
        DO(pay_msg(101, 10, 19301, WALLET)));
    ROW(ACCOUNT_CLOSED, reverse_msg(101, 2), DO(paid()); DO(as(refund_msg(101, 1, 5), 2));
        DO(close_msg(101, GJ_PAYOUT_CASH)));
    ROW(PAYEE_FUNDS_SPENT, reverse_msg(101, 2), DO(both); DO(as(refund_msg(101, 1, 201), 2));
        DO(pay_msg(101, 10, 1, WALLET))); /* one of two is short by a fen */
    ROW(AMOUNT_OVERFLOW, reverse_msg(104, 1), DO(deposit_msg(104, GJ_AMOUNT_MAX));
        DO(as(pay_msg(104, 10, 10, PERSONAL), 1)); DO(deposit_msg(104, 1)));
    ROW(OK, reverse_msg(104, 1), DO(deposit_msg(104, GJ_AMOUNT_MAX));
        DO(as(pay_msg(104, 10, 10, PERSONAL), 1)));
    /* A kept account takes and gives back, and nothing else is asked again. */
    ROW(OK, reverse_msg(104, 1), DO(deposit); DO(update_msg(104, GJ_INSURANCE_RESIDENT, 2));
        DO(suspend_msg(104, GJ_USE_ALL)));
    ROW(OK, reverse_msg(101, 1), DO(both); DO(update_msg(100, GJ_INSURANCE_RESIDENT, 2));
        DO(unbind_msg(100, 101)); DO(suspend_msg(100, GJ_USE_ALL)); POLICY(1, wallet_open = 0);
        POLICY(1, reversal_days = 0); POLICY(1, service_to_minute = 1);
        DO(inst_msg(10, 1, GJ_HOSPITAL, 0x10, GJ_FLAG_SUSPENDED)));
}

/* What moves back, and what the answer says of it. */
static void amounts(void)
{
    struct fixture *w = fixture_new();
    DO(as(deposit_msg(100, 500), 1));
    STEP(OK, reverse_msg(100, 1));
    OK(w->last.reply.amount == 500 && w->last.reply.balance == 80000 && w->last.reply.flags == 0);
    EQ(fixture_cold(w, 100)->credits, 100000);
    EQ(w->s->books[1].fund, 100000);

    DO(as(transfer_msg(100, 102, 500, PERSONAL), 2));
    STEP(OK, reverse_msg(100, 2));
    OK(w->last.reply.amount == 500 && w->last.reply.balance == 80000 && w->last.reply.flags == 0);
    EQ(fixture_cold(w, 100)->used, 20000);
    EQ(fixture_person(w, 102)->wallet, 0);
    EQ(fixture_person(w, 100)->transfer_count, 2); /* never falls */
    EQ(w->s->books[1].clearing, 0);
    EQ(w->s->gross[1 * GJ_REGIONS_MAX + 3], 500);
    EQ(w->s->gross[3 * GJ_REGIONS_MAX + 1], 500);

    DO(as(transfer_msg(101, 100, 300, WALLET), 3));
    STEP(OK, reverse_msg(101, 3));
    OK(w->last.reply.amount == 300 && w->last.reply.balance == 20000);

    DO(as(pay_msg(101, 10, 700, WALLET), 4));
    STEP(OK, reverse_msg(101, 4));
    OK(w->last.reply.amount == 700 && w->last.reply.balance == 20000 && w->last.reply.flags == 0);
    struct gj_institution_day_view day = fixture_day(w, 10, TODAY);
    OK(day.credit_count == 1 && day.debit_count == 1 && day.debits.low == 700);

    DO(as(relative_msg(101, 10, 20200, gj_sources(WALLET, RELATIVE, 0), 100), 5));
    STEP(OK, reverse_msg(101, 5));
    OK(w->last.reply.amount == 20200 && w->last.reply.balance == 20000);
    EQ(w->last.reply.flags, GJ_REPLY_SOURCES);
    OK(w->last.sources.taken[0] == 20000 && w->last.sources.taken[1] == 200);
    EQ(w->last.sources.remainder, 0);
    EQ(fixture_cold(w, 100)->used, 20000);
    EQ(fixture_draws(w, 100, 101), 0);

    DO(as(hold_msg(101, 10, 700, WALLET), 6));
    DO(as(capture_msg(101, 6, 200), 7));
    DO(as(capture_msg(101, 6, 100), 8));
    STEP(OK, reverse_msg(101, 7));
    OK(w->last.reply.amount == 200 && w->last.reply.balance == 19900 && w->last.reply.flags == 0);
    EQ(fixture_person(w, 101)->wallet_held, 400); /* it reopens nothing of the hold */
    STEP(CAPTURE_EXCEEDS_HOLD, capture_msg(101, 6, 401));
    STEP(OK, as(final_msg(101, 6, 400), 9));
    STEP(OK, reverse_msg(101, 9));
    STEP(HOLD_CAPTURED, capture_msg(101, 6, 1));
    EQ(fixture_person(w, 101)->wallet, 19900);

    DO(as(premium_msg(100, 101, 2026, PERSONAL), 10));
    STEP(PREMIUM_ALREADY_PAID, premium_msg(100, 101, 2026, PERSONAL));
    STEP(OK, reverse_msg(100, 10));
    OK(w->last.reply.amount == 40000 && w->last.reply.balance == 80000 && w->last.reply.flags == 0);
    EQ(fixture_cold(w, 100)->used, 20000);
    EQ(w->s->premium_payable[1 * PREMIUM_YEARS + 26], 0);
    EQ(fixture_view(w, 101).premium_paid[2], 0);
    STEP(OK, premium_msg(100, 101, 2026, PERSONAL)); /* it can be paid again */
    fixture_close(w);
}

/* Refunds one after another, taken back and made again. */
static void refunds_of_one_payment(void)
{
    struct fixture *w = fixture_new();
    DO(bind_msg(103, 100, GJ_SIBLING, 700));
    DO(transfer_msg(101, 100, 300, WALLET));
    DO(as(relative_msg(100, 10, 81000, gj_sources(WALLET, PERSONAL, RELATIVE), 103), 1));
    const int64_t *moved = w->last.sources.taken;
    STEP(OK, as(refund_msg(100, 1, 900), 2));
    OK(moved[0] == 0 && moved[1] == 200 && moved[2] == 700);
    STEP(OK, as(refund_msg(100, 1, 300), 3));
    OK(moved[0] == 0 && moved[1] == 300 && moved[2] == 0);
    EQ(w->last.sources.remainder, 79800);
    EQ(fixture_cold(w, 103)->used, 0);
    STEP(OK, reverse_msg(100, 2));
    OK(moved[0] == 0 && moved[1] == 200 && moved[2] == 700);
    EQ(w->last.reply.amount, 900);
    EQ(w->last.reply.flags, GJ_REPLY_SOURCES);
    EQ(fixture_cold(w, 103)->used, 700); /* they grow again */
    EQ(fixture_draws(w, 103, 100), 700);
    EQ(fixture_institution(w, 10)->payable, 80700);
    struct gj_institution_day_view day = fixture_day(w, 10, TODAY);
    OK(day.credit_count == 2 && day.credits.low == 81900);
    OK(day.debit_count == 2 && day.debits.low == 1200);
    STEP(ALREADY_REVERSED, reverse_msg(100, 2));
    STEP(OK, as(refund_msg(100, 1, 701), 4)); /* the relative first, again */
    OK(moved[0] == 0 && moved[1] == 1 && moved[2] == 700);
    EQ(w->last.sources.remainder, 79999);
    STEP(NOT_REVERSIBLE, reverse_msg(100, 1));
    STEP(REFUND_EXCEEDS_CAPTURED, refund_msg(100, 1, 80000));
    STEP(OK, as(refund_msg(100, 1, 79999), 5));
    OK(moved[0] == 300 && moved[1] == 79699 && moved[2] == 0);
    STEP(REFUND_EXCEEDS_CAPTURED, refund_msg(100, 1, 1));
    STEP(OK, reverse_msg(100, 5));
    STEP(OK, reverse_msg(100, 3));
    STEP(NOT_REVERSIBLE, reverse_msg(100, 1));
    STEP(OK, reverse_msg(100, 4));
    EQ(fixture_institution(w, 10)->payable, 81000);
    STEP(OK, reverse_msg(100, 1));
    OK(moved[0] == 300 && moved[1] == 80000 && moved[2] == 700);
    EQ(w->last.reply.balance, 300);
    EQ(fixture_institution(w, 10)->payable, 0);
    OK(fixture_cold(w, 103)->used == 0 && fixture_draws(w, 103, 100) == 0);
    STEP(ALREADY_REVERSED, refund_msg(100, 1, 1));
    STEP(ALREADY_REVERSED, reverse_msg(100, 1));
    fixture_close(w);
}

/* A retry of either gets the stored answer, and the original is never executed again. */
static void retries(void)
{
    struct fixture *w = fixture_new();
    DO(sent());
    struct msg reverse = as(reverse_msg(100, 1), 2);
    STEP(OK, reverse);
    w->time_ms += HOUR_MS;
    STEP(OK, sent());
    OK(w->last.kind == DECISION_REPLAY && w->last.reply.flags == GJ_REPLY_REPLAYED);
    STEP(OK, reverse);
    OK(w->last.kind == DECISION_REPLAY && w->last.reply.amount == 500);
    EQ(fixture_person(w, 101)->wallet, 20000);
    EQ(fixture_op(w, 100, 1).state, GJ_OP_STATE_EXECUTED);

    struct msg tombstone = as(reverse_msg(100, 3), 4);
    EQ(fixture_op(w, 100, 3).state, GJ_OP_STATE_NOT_EXECUTED);
    STEP(OK_TOMBSTONED, tombstone);
    struct gj_op_view view = fixture_op(w, 100, 3);
    EQ(view.state, GJ_OP_STATE_TOMBSTONED);
    EQ(view.position, fixture_op(w, 100, 4).position);
    OK(view.reply.code == 0 && view.reply.seq == 0 && view.op.type == 0);
    STEP(OK_TOMBSTONED, tombstone);
    OK(w->last.kind == DECISION_REPLAY);
    STEP(OK_TOMBSTONED, as(reverse_msg(100, 3), 5));
    struct msg late = as(transfer_msg(100, 101, 5, PERSONAL), 3);
    STEP(RID_TOMBSTONED, late);
    late.op.amount = 6; /* whatever its body */
    STEP(RID_TOMBSTONED, late);
    STEP(RID_TOMBSTONED, as(deposit_msg(100, 5), 3));
    EQ(fixture_op(w, 100, 3).state, GJ_OP_STATE_TOMBSTONED);
    fixture_close(w);
}

/* Undone in the next year, nothing of the new year's quota changes. */
static void over_the_year(void)
{
    struct fixture *w = fixture_new();
    w->time_ms = fixture_ms(2026, 1, 1, 0) - 1;
    DO(as(deposit_msg(100, 500), 1));
    DO(as(transfer_msg(100, 101, 600, PERSONAL), 2));
    DO(as(relative_msg(101, 10, 700, RELATIVE, 100), 3));
    DO(as(premium_msg(100, 101, 2026, PERSONAL), 4));
    w->time_ms++;
    STEP(OK, reverse_msg(100, 1));
    struct gj_person_view view = fixture_view(w, 100);
    OK(view.opening == 39200 && view.credits == 0 && view.used == 0 && view.personal == 38700);
    DO(relative_msg(101, 10, 50, RELATIVE, 100));
    STEP(OK, reverse_msg(100, 2));
    STEP(OK, reverse_msg(101, 3));
    STEP(OK, reverse_msg(100, 4));
    view = fixture_view(w, 100);
    OK(view.opening == 39200 && view.credits == 0 && view.used == 50 && view.personal == 79950);
    EQ(view.quota, 27440); /* 70 % of 392.00 */
    EQ(fixture_draws(w, 100, 101), 50);
    EQ(fixture_view(w, 101).premium_paid[1] | fixture_view(w, 101).premium_paid[2], 0);

    /* A refund of last year's payment, taken back in this one. */
    w->time_ms = fixture_ms(2027, 1, 1, 0) - 1;
    DO(as(relative_msg(101, 10, 700, RELATIVE, 100), 5));
    EQ(fixture_view(w, 100).used, 750);
    w->time_ms++;
    DO(as(refund_msg(101, 5, 300), 6));
    STEP(OK, reverse_msg(101, 6));
    view = fixture_view(w, 100);
    OK(view.used == 0 && view.opening == 79250 && view.personal == 79250);
    /* Again and again: what is over stays as it was, whichever of both years' figures is stored. */
    DO(as(refund_msg(101, 5, 700), 7));
    DO(reverse_msg(101, 7));
    DO(as(refund_msg(101, 5, 700), 8));
    DO(reverse_msg(101, 8));
    STEP(OK, reverse_msg(101, 5));
    OK(fixture_view(w, 100).used == 0 && fixture_view(w, 100).members[0].used == 0);
    fixture_close(w);

    /* A mark that is out of reach is gone with its year. */
    for (uint16_t year = 2026; year <= 2030; year++) {
        w = fixture_new();
        POLICY(1, reversal_days = UINT16_MAX);
        POLICY(1, quota_bp = 10000);
        DO(as(premium_msg(100, 101, 2026, PERSONAL), 1));
        w->time_ms = fixture_ms(year, 6, 1, 0);
        POLICY(1, premiums[1] = (p->premiums[0]); p->premiums[1].year = year;
               p->premiums[1].product = 2; p->premiums[1].to_day = UINT16_MAX);
        DO(with_detail(premium_msg(100, 101, year, PERSONAL), 2));
        STEP(OK, reverse_msg(100, 1));
        EQ(fixture_view(w, 101).premium_paid[1], 2); /* the other product's stays */
        EQ(fixture_view(w, 101).premium_paid[0], 0);
        EQ(w->s->premium_payable[1 * PREMIUM_YEARS + 26], year == 2026 ? 40000 : 0);
        fixture_close(w);
    }
}

/* Lines post in the regions of now. */
static void moved_wallets(void)
{
    struct fixture *w = fixture_new();
    DO(sent());
    POLICY(1, region_change_enabled = 1);
    DO(region_change_msg(101, 3));
    STEP(OK, reverse_msg(100, 1));
    EQ(w->s->books[3].wallet, 20000);
    EQ(w->s->gross[1 * GJ_REGIONS_MAX + 3], 20500);
    EQ(w->s->gross[3 * GJ_REGIONS_MAX + 1], 500);
    EQ(w->s->books[1].clearing, 20000);
    fixture_close(w);
}

/* Draws are of the relation they were drawn over. */
static void another_relation(void)
{
    struct fixture *w = fixture_new();
    POLICY(1, unbind_forgets_draws = 1);
    DO(as(relative_msg(101, 10, 50, RELATIVE, 100), 1));
    DO(as(refund_msg(101, 1, 20), 2));
    DO(unbind_msg(100, 101));
    STEP(OK, reverse_msg(101, 2));
    EQ(fixture_cold(w, 100)->used, 20050);
    DO(bind_msg(100, 101, GJ_PARENT, 100));
    DO(relative_msg(101, 10, 30, RELATIVE, 100));
    STEP(OK, reverse_msg(101, 1));
    EQ(fixture_cold(w, 100)->used, 20030);
    EQ(fixture_draws(w, 100, 101), 30);
    fixture_close(w);
}

/* A draw made before UNBIND is undone in the place that was kept. */
static void the_same_place(void)
{
    struct fixture *w = fixture_new();
    DO(as(relative_msg(101, 10, 50, RELATIVE, 100), 1));
    DO(as(refund_msg(101, 1, 20), 2));
    DO(unbind_msg(100, 101));
    STEP(OK, reverse_msg(101, 2));
    EQ(fixture_cold(w, 100)->used, 20050);
    DO(bind_msg(100, 101, GJ_PARENT, 100));
    EQ(fixture_draws(w, 100, 101), 50);
    DO(relative_msg(101, 10, 30, RELATIVE, 100));
    STEP(OK, reverse_msg(101, 1));
    EQ(fixture_cold(w, 100)->used, 20030);
    EQ(fixture_draws(w, 100, 101), 30);
    fixture_close(w);
}

void rows_reverse(void)
{
    state_rows();
    window_rows();
    account_rows();
    amounts();
    refunds_of_one_payment();
    retries();
    over_the_year();
    moved_wallets();
    another_relation();
    the_same_place();
}
