/* tests/tables/test_money_bugs.c -- the money bugs other ledgers are known for, each tried here
 * under its own name. Those that need several clients at once are tried over sockets. */
#include "tests/tables/fixture.h"

/* All money there is: of the persons, of the institutions, of the premiums. */
static int64_t money(const struct fixture *w)
{
    i128 sum = 0;
    for (unsigned r = 1; r < GJ_REGIONS_MAX; r++) sum += w->s->books[r].fund;
    return (int64_t)sum;
}

/* Money and held of a person, all of it. */
static int64_t owned(const struct fixture *w, uint64_t id)
{
    const struct person *p = fixture_person(w, id);
    return p->personal + p->wallet;
}
static int64_t free_of(const struct fixture *w, uint64_t id)
{
    const struct person *p = fixture_person(w, id);
    return owned(w, id) - p->personal_held - p->wallet_held;
}

static void refund_accepted_twice(void)
{
    struct fixture *w = fixture_new();
    DO(as(pay_msg(101, 10, 700, WALLET), 1));
    struct msg refund = as(refund_msg(101, 1, 700), 2);
    STEP(OK, refund);
    STEP(OK, refund); /* the same request */
    OK(w->last.kind == DECISION_REPLAY);
    EQ(owned(w, 101), 20000);
    STEP(REFUND_EXCEEDS_CAPTURED, refund_msg(101, 1, 700)); /* another request for the same money */
    STEP(REFUND_EXCEEDS_CAPTURED, refund_msg(101, 1, 1));
    STEP(NOT_REVERSIBLE, reverse_msg(101, 1)); /* another way to the same money */
    EQ(owned(w, 101), 20000);
    EQ(fixture_institution(w, 10)->payable, 0);
    /* Captured twice, each capture refunded once. */
    DO(as(hold_msg(101, 10, 700, WALLET), 3));
    DO(as(capture_msg(101, 3, 300), 4));
    DO(as(capture_msg(101, 3, 400), 5));
    STEP(OK, refund_msg(101, 4, 300));
    STEP(REFUND_EXCEEDS_CAPTURED, refund_msg(101, 4, 300));
    STEP(NOT_REVERSIBLE, refund_msg(101, 3, 300)); /* not through the hold as well */
    EQ(owned(w, 101), 19600);
    EQ(money(w), 150000);
    fixture_close(w);
}

static void refund_refused_and_yet_applied(void)
{
    struct fixture *w = fixture_new();
    DO(as(pay_msg(101, 10, 700, WALLET), 1));
    struct msg refund = as(refund_msg(101, 1, 701), 2);
    STEP(REFUND_EXCEEDS_CAPTURED, refund);
    EQ(owned(w, 101), 19300);
    STEP(REFUND_EXCEEDS_CAPTURED, refund);
    OK(w->last.kind == DECISION_REPLAY);
    refund.op.amount = 700;
    STEP(RID_REUSED, refund);          /* a corrected amount is another request */
    STEP(OK, refund_msg(101, 1, 700)); /* nothing of the refused one was counted */
    EQ(owned(w, 101), 20000);
    fixture_close(w);
}

static void holds_left_out_of_the_balance_check(void)
{
    struct fixture *w = fixture_new();
    POLICY(1, quota_bp = 10000);
    POLICY(1, receive_mode = GJ_RECEIVE_ACCEPT);
    DO(hold_msg(100, 10, 50000, PERSONAL));
    DO(transfer_msg(100, 101, 29999, PERSONAL)); /* pending */
    EQ(free_of(w, 100), 1);
    STEP(INSUFFICIENT_BALANCE, pay_msg(100, 10, 2, PERSONAL));
    STEP(INSUFFICIENT_BALANCE, hold_msg(100, 10, 2, PERSONAL));
    STEP(INSUFFICIENT_BALANCE, transfer_msg(100, 101, 2, PERSONAL));
    STEP(INSUFFICIENT_BALANCE, relative_msg(101, 10, 2, RELATIVE, 100));
    STEP(INSUFFICIENT_BALANCE, with_relative(hold_msg(101, 10, 2, RELATIVE), 100));
    STEP(INSUFFICIENT_BALANCE, premium_msg(100, 101, 2026, PERSONAL));
    STEP(OK_PARTIAL, with_flags(pay_msg(100, 10, 2, PERSONAL), GJ_FLAG_PARTIAL));
    EQ(w->last.reply.amount, 1);
    EQ(free_of(w, 100), 0);
    STEP(HOLDS_OUTSTANDING, close_msg(100, GJ_PAYOUT_CASH));
    fixture_close(w);

    /* A reversal may not reach into held money either, nor may the reversal of a refund. */
    w = fixture_new();
    DO(as(deposit_msg(104, 500), 1));
    DO(hold_msg(104, 10, 1, PERSONAL));
    STEP(PAYEE_FUNDS_SPENT, reverse_msg(104, 1));
    DO(as(pay_msg(101, 10, 20000, WALLET), 2));
    DO(as(refund_msg(101, 2, 700), 3));
    DO(hold_msg(101, 10, 1, WALLET));
    STEP(PAYEE_FUNDS_SPENT, reverse_msg(101, 3));
    fixture_close(w);
}

static void ended_hold_captured_or_released_twice(void)
{
    struct fixture *w = fixture_new();
    /* Refused from the beginning. */
    STEP(INSUFFICIENT_BALANCE, as(hold_msg(101, 10, 20001, WALLET), 1));
    STEP(HOLD_NOT_FOUND, capture_msg(101, 1, 1));
    STEP(HOLD_NOT_FOUND, release_msg(101, 1));
    /* Released. */
    DO(as(hold_msg(101, 10, 700, WALLET), 2));
    struct msg release = as(release_msg(101, 2), 3);
    STEP(OK, release);
    EQ(free_of(w, 101), 20000);
    STEP(OK, release);
    OK(w->last.kind == DECISION_REPLAY);
    STEP(HOLD_RELEASED, release_msg(101, 2));
    STEP(HOLD_RELEASED, capture_msg(101, 2, 1));
    EQ(free_of(w, 101), 20000);
    /* Captured. */
    DO(as(hold_msg(101, 10, 700, WALLET), 4));
    DO(final_msg(101, 4, 100));
    STEP(HOLD_CAPTURED, release_msg(101, 4));
    STEP(HOLD_CAPTURED, capture_msg(101, 4, 1));
    EQ(free_of(w, 101), 19900);
    /* Expired: freed once, by whichever came first. */
    DO(as(with_timeout(hold_msg(101, 10, 700, WALLET), 1), 5));
    w->time_ms += 1000;
    STEP(HOLD_EXPIRED, capture_msg(101, 5, 1));
    STEP(HOLD_EXPIRED, release_msg(101, 5));
    EQ(free_of(w, 101), 19900);
    EQ(owned(w, 101), 19900);
    fixture_close(w);

    /* The same of a pending transfer. */
    w = fixture_new();
    POLICY(1, receive_mode = GJ_RECEIVE_ACCEPT);
    DO(as(transfer_msg(100, 101, 500, PERSONAL), 1));
    DO(return_msg(100, 1, 101));
    STEP(TRANSFER_NOT_PENDING, return_msg(100, 1, 100));
    STEP(TRANSFER_NOT_PENDING, accept_msg(100, 1, 101));
    OK(free_of(w, 100) == 80000 && owned(w, 101) == 20000);
    DO(as(transfer_msg(100, 101, 500, PERSONAL), 2));
    DO(accept_msg(100, 2, 101));
    STEP(TRANSFER_NOT_PENDING, accept_msg(100, 2, 101));
    STEP(TRANSFER_NOT_PENDING, return_msg(100, 2, 100));
    OK(free_of(w, 100) == 79500 && owned(w, 101) == 20500);
    fixture_close(w);
}

static void capture_above_the_hold(void)
{
    struct fixture *w = fixture_new();
    DO(as(hold_msg(101, 10, 700, WALLET), 1));
    STEP(CAPTURE_EXCEEDS_HOLD, capture_msg(101, 1, 701)); /* though the wallet has 200.00 */
    STEP(CAPTURE_EXCEEDS_HOLD, final_msg(101, 1, GJ_AMOUNT_MAX));
    DO(capture_msg(101, 1, 400));
    STEP(CAPTURE_EXCEEDS_HOLD, capture_msg(101, 1, 301)); /* in sum */
    DO(capture_msg(101, 1, 300));
    STEP(HOLD_CAPTURED, capture_msg(101, 1, 1));
    OK(owned(w, 101) == 19300 && fixture_institution(w, 10)->payable == 700);
    /* What PARTIAL could not hold cannot be captured. */
    STEP(OK_PARTIAL, as(with_flags(hold_msg(101, 10, 30000, WALLET), GJ_FLAG_PARTIAL), 2));
    EQ(w->last.reply.amount, 19300);
    STEP(CAPTURE_EXCEEDS_HOLD, capture_msg(101, 2, 19301));
    STEP(OK, capture_msg(101, 2, 19300));
    EQ(owned(w, 101), 0);
    fixture_close(w);
}

/* Every operation that moves money, sent twice: once it is done, once it is told again. */
static void retry_applied_twice(void)
{
    struct fixture *w = fixture_new();
    POLICY(1, receive_mode = GJ_RECEIVE_ACCEPT);
    POLICY(1, region_change_enabled = 1);
    DO(as(hold_msg(101, 10, 700, WALLET), 1));
    DO(as(hold_msg(101, 10, 700, WALLET), 2));
    DO(as(pay_msg(101, 10, 700, WALLET), 3));
    DO(as(deposit_msg(103, 700), 4));
    DO(as(transfer_msg(101, 100, 50, WALLET), 5));
    DO(as(transfer_msg(101, 100, 50, WALLET), 6));
    const struct msg list[] = {
        as(deposit_msg(100, 500), 11),
        as(transfer_msg(100, 101, 500, PERSONAL), 12),
        as(transfer_msg(103, 104, 500, PERSONAL), 13), /* refused: no wallet */
        as(pay_msg(101, 10, 500, WALLET), 14),
        as(premium_msg(100, 101, 2026, PERSONAL), 15),
        as(accept_msg(101, 5, 100), 16),
        as(return_msg(101, 6, 100), 17),
        as(hold_msg(101, 10, 500, WALLET), 18),
        as(capture_msg(101, 1, 100), 19),
        as(release_msg(101, 2), 20),
        as(refund_msg(101, 3, 100), 21),
        as(reverse_msg(103, 4), 22),
        as(close_msg(103, GJ_PAYOUT_CASH), 23),
        as(close_msg(103, GJ_PAYOUT_CASH), 24),
    };
    for (size_t i = 0; i < ARRAY_COUNT(list); i++) {
        uint64_t done[2], again[2];
        (void)fixture_send(w, list[i]);
        OK(w->last.kind == DECISION_RECORD);
        struct gj_reply first = w->last.reply;
        fixture_digest(w, done);
        for (unsigned retry = 0; retry < 3; retry++) {
            w->time_ms += retry * HOUR_MS / 4;
            (void)fixture_send(w, list[i]);
            OK(w->last.kind == DECISION_REPLAY && w->last.reply.seq == first.seq);
            OK(w->last.reply.code == first.code && w->last.reply.amount == first.amount);
        }
        fixture_digest(w, again);
        OK(done[0] == again[0] && done[1] == again[1]);
    }
    fixture_close(w);
}

/* No order of the operations that give money back brings an account below zero. */
static void balance_gone_negative(void)
{
    struct fixture *w = fixture_new();
    DO(as(deposit_msg(104, 500), 1));
    DO(as(pay_msg(104, 10, 300, PERSONAL), 2));
    STEP(PAYEE_FUNDS_SPENT, reverse_msg(104, 1));
    DO(as(refund_msg(104, 2, 300), 3));
    DO(reverse_msg(104, 1));
    EQ(owned(w, 104), 0);
    STEP(PAYEE_FUNDS_SPENT, reverse_msg(104, 3)); /* the refund is not there any more */
    STEP(NOT_REVERSIBLE, reverse_msg(104, 2));
    EQ(owned(w, 104), 0);

    /* Passed on: the first transfer can go back only when the second did. */
    DO(as(transfer_msg(100, 101, 500, PERSONAL), 4));
    DO(as(transfer_msg(101, 100, 20500, WALLET), 5));
    STEP(PAYEE_FUNDS_SPENT, reverse_msg(100, 4));
    DO(hold_msg(100, 10, 1, WALLET));
    STEP(PAYEE_FUNDS_SPENT, reverse_msg(101, 5));
    DO(transfer_msg(100, 101, 20499, WALLET));
    DO(reverse_msg(100, 4));
    OK(owned(w, 101) == 19999 && fixture_person(w, 101)->wallet_held == 0);
    EQ(free_of(w, 100), 80000);
    fixture_close(w);
}

void rows_money_bugs(void)
{
    refund_accepted_twice();
    refund_refused_and_yet_applied();
    holds_left_out_of_the_balance_check();
    ended_hold_captured_or_released_twice();
    capture_above_the_hold();
    retry_applied_twice();
    balance_gone_negative();
}
