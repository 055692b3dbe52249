/* tests/tables/test_pending.c -- two-step transfers: made, accepted, returned. Their end by time is
 * in test_expiry.c. */
#include <string.h>

#include "tests/tables/fixture.h"

static void receive(struct fixture *w, uint16_t region, uint8_t mode)
{
    POLICY(region, receive_mode = mode);
}

/* 100 sends 5.00 to 101, who has to accept it. */
static void pending(struct fixture *w)
{
    receive(w, 1, GJ_RECEIVE_ACCEPT);
    DO(as(transfer_msg(100, 101, 500, PERSONAL), 1));
}

/* 104 fills the wallet of `id` to the maximum. */
static void fill_wallet(struct fixture *w, uint64_t id)
{
    receive(w, 1, GJ_RECEIVE_INSTANT);
    POLICY(1, quota_bp = 10000);
    DO(deposit_msg(104, GJ_AMOUNT_MAX));
    DO(bind_msg(104, id, GJ_CHILD, -1));
    DO(transfer_msg(104, id, GJ_AMOUNT_MAX - fixture_person(w, id)->wallet, PERSONAL));
    receive(w, 1, GJ_RECEIVE_ACCEPT);
}

static void accept_rows(void)
{
    ROW(OK, accept_msg(100, 1, 101), pending(w));
    ROW(PERSON_NOT_FOUND, accept_msg(999, 1, 101));
    ROW(TRANSFER_NOT_FOUND, accept_msg(100, 1, 101));
    ROW(TRANSFER_NOT_FOUND, accept_msg(101, 1, 101), pending(w)); /* another first person's */
    ROW(TRANSFER_NOT_FOUND, accept_msg(100, 1, 101), DO(as(pay_msg(100, 10, 5, PERSONAL), 1)));
    ROW(TRANSFER_NOT_FOUND, accept_msg(100, 1, 101), DO(as(hold_msg(100, 10, 5, PERSONAL), 1)));
    ROW(TRANSFER_NOT_FOUND, accept_msg(100, 1, 101),
        STEP(ANNUAL_QUOTA_EXCEEDED, as(transfer_msg(100, 101, 50001, PERSONAL), 1)));
    ROW(TRANSFER_NOT_PENDING, accept_msg(100, 1, 101),
        DO(as(transfer_msg(100, 101, 5, PERSONAL), 1)));
    ROW(TRANSFER_NOT_PENDING, accept_msg(100, 1, 101), pending(w); DO(accept_msg(100, 1, 101)));
    ROW(TRANSFER_NOT_PENDING, accept_msg(100, 1, 101), pending(w); DO(return_msg(100, 1, 100)));
    ROW(TRANSFER_NOT_PENDING, accept_msg(100, 1, 999), pending(w); DO(return_msg(100, 1, 100)));
    ROW(NOT_PAYEE, accept_msg(100, 1, 100), pending(w));
    ROW(NOT_PAYEE, accept_msg(100, 1, 102), pending(w));
    ROW(NOT_PAYEE, accept_msg(100, 1, 999), pending(w));
    ROW(ACCOUNT_CLOSED, accept_msg(100, 1, 101), pending(w); DO(close_msg(101, GJ_PAYOUT_CASH)));
    ROW(ACCOUNT_CLOSED, accept_msg(104, 1, 101), DO(close_msg(104, 0))); /* lower than 90 */
    ROW(ACCOUNT_CLOSED, accept_msg(100, 1, 101), pending(w); DO(accept_msg(100, 1, 101));
        DO(close_msg(100, GJ_PAYOUT_CASH))); /* lower than 92 */
    ROW(TRANSFER_NOT_PENDING, accept_msg(100, 1, 101), pending(w); DO(accept_msg(100, 1, 101));
        DO(close_msg(101, GJ_PAYOUT_CASH))); /* the payee is not asked for any more */
    ROW(AMOUNT_OVERFLOW, accept_msg(100, 1, 101), pending(w); fill_wallet(w, 101));
    ROW(OK, accept_msg(100, 1, 101), pending(w); fill_wallet(w, 101);
        DO(pay_msg(101, 10, 500, WALLET)));
    ROW(OK, transfer_msg(100, 101, 5, PERSONAL), fill_wallet(w, 101)); /* asked when it arrives */
    /* What was promised goes on, whatever is set, suspended or changed meanwhile. */
    ROW(OK, accept_msg(100, 1, 101), pending(w); DO(suspend_msg(100, GJ_USE_ALL));
        DO(suspend_msg(101, GJ_USE_ALL)); DO(update_msg(100, GJ_INSURANCE_RESIDENT, 2));
        DO(update_msg(101, 0, GJ_STATUS_STOPPED)));
    ROW(OK, accept_msg(100, 1, 101), pending(w); POLICY(1, wallet_open = 0);
        POLICY(1, transfer_single_fen = 1); POLICY(1, transfer_daily_count = 1);
        POLICY(1, quota_bp = 0); POLICY(1, service_to_minute = 1); POLICY(1, relation_mask = 0);
        POLICY(1, one_outstanding = 1); POLICY(1, beneficiary_mask = 0));
}

static void return_rows(void)
{
    ROW(OK, return_msg(100, 1, 100), pending(w));
    ROW(OK, return_msg(100, 1, 101), pending(w));
    ROW(OK, return_msg(100, 1, 101), pending(w); DO(close_msg(101, GJ_PAYOUT_CASH)));
    ROW(OK, return_msg(100, 1, 100), pending(w); DO(close_msg(101, GJ_PAYOUT_CASH)));
    ROW(OK, return_msg(100, 1, 100), pending(w); POLICY(1, wallet_open = 0);
        DO(suspend_msg(100, GJ_USE_ALL)));
    ROW(PERSON_NOT_FOUND, return_msg(999, 1, 999));
    ROW(TRANSFER_NOT_FOUND, return_msg(100, 1, 101));
    ROW(TRANSFER_NOT_FOUND, return_msg(100, 1, 101), DO(as(deposit_msg(100, 5), 1)));
    ROW(TRANSFER_NOT_FOUND, return_msg(100, 1, 101),
        STEP(ANNUAL_QUOTA_EXCEEDED, as(transfer_msg(100, 101, 50001, PERSONAL), 1)));
    ROW(TRANSFER_NOT_PENDING, return_msg(100, 1, 101),
        DO(as(transfer_msg(100, 101, 5, PERSONAL), 1)));
    ROW(TRANSFER_NOT_PENDING, return_msg(100, 1, 101), pending(w); DO(accept_msg(100, 1, 101)));
    ROW(TRANSFER_NOT_PENDING, return_msg(100, 1, 101), pending(w); DO(return_msg(100, 1, 101)));
    ROW(TRANSFER_NOT_PENDING, return_msg(100, 1, 100), pending(w); DO(return_msg(100, 1, 101));
        DO(close_msg(100, GJ_PAYOUT_CASH)));
    ROW(NOT_PAYEE, return_msg(100, 1, 102), pending(w));
    ROW(NOT_PAYEE, return_msg(100, 1, 999), pending(w));
}

/* What a pending transfer counts to while it waits. */
static void limit_rows(void)
{
    ROW(TRANSFER_PENDING_EXISTS, transfer_msg(100, 102, 5, PERSONAL), pending(w);
        POLICY(1, one_outstanding = 1));
    ROW(TRANSFER_PENDING_EXISTS, transfer_msg(100, 102, 5, WALLET), pending(w);
        POLICY(1, one_outstanding = 1)); /* from either source; lower than 164 */
    ROW(TRANSFER_PENDING_EXISTS, transfer_msg(100, 102, 5, PERSONAL), pending(w);
        POLICY(1, one_outstanding = 1); receive(w, 1, GJ_RECEIVE_INSTANT));
    ROW(OK, transfer_msg(100, 102, 5, PERSONAL), pending(w);
        POLICY(3, one_outstanding = 1)); /* the payer's side decides */
    ROW(OK, transfer_msg(101, 100, 5, WALLET), pending(w);
        POLICY(1, one_outstanding = 1)); /* one that waits for it does not matter */
    ROW(OK, transfer_msg(100, 102, 5, PERSONAL), pending(w); POLICY(1, one_outstanding = 1);
        DO(accept_msg(100, 1, 101)));
    ROW(OK, transfer_msg(100, 102, 5, PERSONAL), pending(w); POLICY(1, one_outstanding = 1);
        DO(return_msg(100, 1, 101)));
    ROW(OK, transfer_msg(100, 102, 5, PERSONAL), DO(hold_msg(100, 10, 5, PERSONAL));
        POLICY(1, one_outstanding = 1)); /* a hold is no transfer */
    ROW(TRANSFER_DAILY_COUNT, transfer_msg(100, 102, 5, PERSONAL), pending(w);
        POLICY(1, transfer_daily_count = 2));
    ROW(TRANSFER_DAILY_COUNT, transfer_msg(100, 102, 5, PERSONAL), pending(w);
        DO(return_msg(100, 1, 100)); POLICY(1, transfer_daily_count = 2)); /* never falls */
    ROW(ANNUAL_QUOTA_EXCEEDED, transfer_msg(100, 101, 49501, PERSONAL), pending(w));
    ROW(OK, transfer_msg(100, 101, 49500, PERSONAL), pending(w));
    ROW(OK, transfer_msg(100, 101, 50000, PERSONAL), pending(w); DO(return_msg(100, 1, 100)));
    ROW(INSUFFICIENT_BALANCE, transfer_msg(100, 101, 79501, PERSONAL), pending(w);
        POLICY(1, quota_bp = 10000));
    ROW(OK, transfer_msg(100, 101, 79500, PERSONAL), pending(w); POLICY(1, quota_bp = 10000));
    ROW(INSUFFICIENT_BALANCE, transfer_msg(100, 101, 1, WALLET), pending(w));
    ROW(CAPACITY_RECORDS, transfer_msg(100, 101, 5, PERSONAL), pending(w);
        w->s->holds.max = w->s->holds.count);
    ROW(OK, transfer_msg(100, 101, 5, PERSONAL), pending(w); receive(w, 1, GJ_RECEIVE_INSTANT);
        w->s->holds.max = w->s->holds.count);
}

static void accepted(void)
{
    struct fixture *w = fixture_new();
    const struct person *payer = fixture_person(w, 100), *payee = fixture_person(w, 101);
    receive(w, 1, GJ_RECEIVE_ACCEPT);
    STEP(OK, as(transfer_msg(100, 101, 500, PERSONAL), 1));
    EQ(w->last.reply.flags, GJ_REPLY_PENDING);
    EQ(w->last.reply.balance, 80000);
    EQ(w->last.reply.amount, 500);
    OK(payer->personal == 80000 && payer->personal_held == 500 && payee->wallet == 20000);
    EQ(payer->transfer_count, 2);
    EQ(fixture_cold(w, 100)->used, 20500);
    OK(fixture_view(w, 100).pendings_out == 1 && fixture_view(w, 100).pendings_in == 0);
    OK(fixture_view(w, 101).pendings_in == 1 && fixture_view(w, 101).pendings_out == 0);
    STEP(OK, accept_msg(100, 1, 101));
    EQ(w->last.reply.flags, 0);
    EQ(w->last.reply.balance, 79500);
    EQ(w->last.reply.amount, 500);
    OK(payer->personal == 79500 && payer->personal_held == 0 && payee->wallet == 20500);
    EQ(payer->transfer_count, 2);
    EQ(fixture_cold(w, 100)->used, 20500); /* once, when it was made */
    EQ(fixture_view(w, 101).pendings_in, 0);

    STEP(OK, as(transfer_msg(101, 100, 300, WALLET), 2));
    OK(payee->wallet == 20500 && payee->wallet_held == 300);
    EQ(w->last.reply.balance, 20500);
    STEP(OK, return_msg(101, 2, 100));
    EQ(w->last.reply.balance, 20500);
    EQ(w->last.reply.amount, 300);
    EQ(w->last.reply.flags, 0);
    OK(payee->wallet_held == 0 && payer->wallet == 0 && payee->transfer_count == 1);

    STEP(OK, as(transfer_msg(100, 101, 700, PERSONAL), 3));
    EQ(fixture_cold(w, 100)->used, 21200);
    STEP(OK, return_msg(100, 3, 100));
    EQ(w->last.reply.balance, 79500);
    EQ(w->last.reply.amount, 700);
    EQ(fixture_cold(w, 100)->used, 20500);
    EQ(payer->transfer_count, 3);
    EQ(payer->personal_held, 0);
    fixture_close(w);
}

/* Across regions: nothing is posted before it is accepted, and then where the wallet is. */
static void across(void)
{
    struct fixture *w = fixture_new();
    receive(w, 3, GJ_RECEIVE_ACCEPT); /* the payee's side */
    STEP(OK, as(transfer_msg(100, 102, 500, PERSONAL), 1));
    EQ(w->last.reply.flags, GJ_REPLY_PENDING);
    EQ(w->s->books[1].clearing, 0);
    EQ(w->s->gross[1 * GJ_REGIONS_MAX + 3], 0);
    STEP(OK, accept_msg(100, 1, 102));
    OK(w->s->books[1].clearing == 500 && w->s->books[3].clearing == -500);
    EQ(w->s->gross[1 * GJ_REGIONS_MAX + 3], 500);
    EQ(w->s->books[3].wallet, 500);

    POLICY(3, region_change_enabled = 1);
    STEP(OK, as(transfer_msg(100, 102, 40, PERSONAL), 2));
    DO(region_change_msg(102, 2)); /* on its way to the person, not to the region */
    EQ(w->s->books[2].wallet, 500);
    STEP(OK, accept_msg(100, 2, 102));
    EQ(w->s->books[2].wallet, 540);
    EQ(w->s->gross[1 * GJ_REGIONS_MAX + 2], 40);
    EQ(w->s->gross[1 * GJ_REGIONS_MAX + 3], 500);
    EQ(w->s->gross[3 * GJ_REGIONS_MAX + 2], 500);
    fixture_close(w);
}

/* Both ends see what waits, the earliest due first. */
static void listed(void)
{
    struct fixture *w = fixture_new();
    receive(w, 1, GJ_RECEIVE_ACCEPT);
    DO(as(transfer_msg(100, 101, 500, PERSONAL), 1));
    uint64_t seq = w->last.reply.seq;
    POLICY(1, pending_expiry_minute = 5);
    DO(as(transfer_msg(101, 100, 30, WALLET), 2));
    DO(hold_msg(101, 10, 5, WALLET)); /* not in this list */
    for (uint64_t id = 100; id <= 101; id++) {
        struct gj_read read = {.type = GJ_READ_LIST_PENDING, .id = id};
        const void *payload;
        unsigned count;
        EQ(fixture_read(w, &read, &payload, &count), GJ_OK);
        const struct gj_hold_view *view = payload;
        EQ(count, 2);
        struct gj_rid rid = as(transfer_msg(100, 101, 500, PERSONAL), 1).op.rid;
        OK(memcmp(&view[1].rid, &rid, sizeof(rid)) == 0);
        OK(view[0].person == 101 && view[0].other == 100 && view[0].left[0] == 30);
        OK(view[0].due_ms == fixture_ms(2025, 11, 21, 5) && view[0].sources == WALLET);
        OK(view[1].person == 100 && view[1].other == 101 && view[1].relative == 0);
        OK(view[1].due_ms == fixture_ms(2025, 11, 21, 6 * 60) && view[1].seq == seq);
        OK(view[1].type == GJ_OP_TRANSFER && view[1].sources == PERSONAL);
        OK(view[1].amount == 500 && view[1].left[0] == 500 && view[1].scenario == 0);
    }
    fixture_close(w);
}

/* Made in one year and returned in the next: the new year's quota knows nothing of it. */
static void over_the_year(void)
{
    struct fixture *w = fixture_new();
    receive(w, 1, GJ_RECEIVE_ACCEPT);
    w->time_ms = fixture_ms(2026, 1, 1, 0) - 1;
    DO(as(transfer_msg(100, 101, 500, PERSONAL), 1));
    DO(as(transfer_msg(100, 101, 600, PERSONAL), 2));
    EQ(fixture_cold(w, 100)->used, 21100);
    w->time_ms++;
    STEP(OK, return_msg(100, 1, 100));
    struct gj_person_view view = fixture_view(w, 100);
    OK(view.year == 2026 && view.used == 0 && view.opening == 80000);
    EQ(view.personal_held, 600);
    STEP(OK, accept_msg(100, 2, 101)); /* counted in the year in which it was made */
    view = fixture_view(w, 100);
    OK(view.used == 0 && view.opening == 80000 && view.personal == 79400);
    EQ(view.quota_left, 56000); /* 70 % of 800.00 */
    fixture_close(w);
}

void rows_pending(void)
{
    accept_rows();
    return_rows();
    limit_rows();
    accepted();
    across();
    listed();
    over_the_year();
}
