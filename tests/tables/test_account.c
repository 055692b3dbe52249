/* tests/tables/test_account.c -- the region of use changes, an account is closed, and nothing moves
 * on it from then on. */
#include "tests/tables/fixture.h"

static void receive(struct fixture *w, uint16_t region, uint8_t mode)
{
    POLICY(region, receive_mode = mode);
}

static void movable(struct fixture *w)
{
    POLICY(1, region_change_enabled = 1);
}

static void region_rows(void)
{
    ROW(OK, region_change_msg(101, 2), movable(w));
    ROW(OK, with_auth(region_change_msg(101, 2), GJ_AUTH_NONE), movable(w)); /* only recorded */
    ROW(OK, region_change_msg(101, 3), movable(w)); /* the region left decides, not the new one */
    ROW(PERSON_NOT_FOUND, region_change_msg(999, 2));
    ROW(ACCOUNT_SUSPENDED, region_change_msg(101, 2), movable(w);
        DO(suspend_msg(101, GJ_USE_TRANSFER_OUT)));
    ROW(OK, region_change_msg(101, 2), movable(w); DO(suspend_msg(101, 0xD)));
    ROW(ACCOUNT_CLOSED, region_change_msg(102, 2), DO(close_msg(102, 0)));
    ROW(WALLET_NOT_CONFIRMED, region_change_msg(104, 2), movable(w));
    ROW(WALLET_NOT_CONFIRMED, region_change_msg(104, 9), movable(w)); /* lower than 60 */
    ROW(HOLDS_OUTSTANDING, region_change_msg(101, 2), movable(w); DO(hold_msg(101, 10, 5, WALLET)));
    ROW(HOLDS_OUTSTANDING, region_change_msg(101, 2), movable(w);
        DO(with_relative(hold_msg(101, 10, 5, RELATIVE), 100))); /* first person, not owner */
    ROW(OK, region_change_msg(100, 2), movable(w);
        DO(with_relative(hold_msg(101, 10, 5, RELATIVE), 100)));
    ROW(HOLDS_OUTSTANDING, region_change_msg(100, 2), movable(w); receive(w, 1, GJ_RECEIVE_ACCEPT);
        DO(transfer_msg(100, 101, 5, PERSONAL)));
    ROW(OK, region_change_msg(101, 2), movable(w); receive(w, 1, GJ_RECEIVE_ACCEPT);
        DO(transfer_msg(100, 101, 5, PERSONAL))); /* what comes does not matter */
    ROW(OK, region_change_msg(101, 2), movable(w); DO(as(hold_msg(101, 10, 5, WALLET), 1));
        DO(release_msg(101, 1)));
    ROW(OK, region_change_msg(101, 2), movable(w); DO(as(hold_msg(101, 10, 5, WALLET), 1));
        DO(final_msg(101, 1, 5)));
    ROW(REGION_NOT_FOUND, region_change_msg(101, 9), movable(w));
    ROW(REGION_NOT_OPEN_PAYER, region_change_msg(101, 2), movable(w); POLICY(1, wallet_open = 0));
    ROW(REGION_NOT_OPEN_PAYER, region_change_msg(101, 2), movable(w); POLICY(2, wallet_open = 0));
    ROW(REGION_NOT_OPEN_PAYER, region_change_msg(101, 2), POLICY(2, wallet_open = 0));
    ROW(REGION_CHANGE_DISABLED, region_change_msg(101, 2));
    ROW(REGION_CHANGE_DISABLED, region_change_msg(101, 2), POLICY(2, region_change_enabled = 1));
    ROW(REGION_CHANGE_DISABLED, region_change_msg(101, 1)); /* lower than 64 */
    ROW(REGION_SAME, region_change_msg(101, 1), movable(w));
    /* Neither status nor hours nor an overdue profile matter: no money is given to anybody. */
    ROW(OK, region_change_msg(101, 2), movable(w); DO(update_msg(101, 0, GJ_STATUS_STOPPED));
        POLICY(1, service_to_minute = 1); POLICY(1, profile_overdue = 1);
        DO(overdue_msg(101, 20000)));
}

/* The whole wallet moves between the books. */
static void moves(void)
{
    struct fixture *w = fixture_new();
    movable(w);
    POLICY(2, region_change_enabled = 1);
    uint64_t here = w->s->books[1].wallets, there = w->s->books[2].wallets;
    STEP(OK, region_change_msg(101, 2));
    OK(w->last.reply.balance == 20000 && w->last.reply.amount == 20000);
    EQ(w->last.reply.flags, 0);
    EQ(fixture_person(w, 101)->use_region, 2);
    OK(w->s->books[1].wallet == 0 && w->s->books[2].wallet == 20000);
    OK(w->s->books[1].clearing == 20000 && w->s->books[2].clearing == -20000);
    EQ(w->s->gross[1 * GJ_REGIONS_MAX + 2], 20000);
    OK(w->s->books[1].wallets == here - 1 && w->s->books[2].wallets == there + 1);
    STEP(REGION_SAME, region_change_msg(101, 2));
    STEP(OK, pay_msg(101, 14, 500, WALLET)); /* of region 2: the wallet is there now */
    EQ(w->s->books[2].institution, 500);
    EQ(w->s->gross[1 * GJ_REGIONS_MAX + 2], 20000);
    STEP(OK, region_change_msg(101, 1));
    EQ(w->last.reply.amount, 19500);
    EQ(w->s->gross[2 * GJ_REGIONS_MAX + 1], 19500);
    EQ(w->s->books[1].clearing, 500);
    /* An empty wallet moves, too. */
    POLICY(3, region_change_enabled = 1);
    STEP(OK, region_change_msg(102, 1));
    OK(w->last.reply.balance == 0 && w->last.reply.amount == 0);
    EQ(fixture_person(w, 102)->use_region, 1);
    fixture_close(w);
}

static void close_rows(void)
{
    ROW(OK, close_msg(104, GJ_PAYOUT_NONE));
    ROW(OK, close_msg(104, GJ_PAYOUT_CASH));
    ROW(OK, close_msg(101, GJ_PAYOUT_CASH));
    ROW(OK_NOOP, close_msg(104, GJ_PAYOUT_NONE), DO(close_msg(104, GJ_PAYOUT_CASH)));
    ROW(OK_NOOP, close_msg(101, GJ_PAYOUT_CASH), DO(close_msg(101, GJ_PAYOUT_CASH)));
    ROW(PERSON_NOT_FOUND, close_msg(999, GJ_PAYOUT_CASH));
    ROW(BALANCE_NOT_ZERO, close_msg(101, GJ_PAYOUT_NONE)); /* the wallet */
    ROW(BALANCE_NOT_ZERO, close_msg(103, GJ_PAYOUT_NONE)); /* the personal account */
    ROW(OK, close_msg(101, GJ_PAYOUT_NONE), DO(pay_msg(101, 10, 20000, WALLET)));
    ROW(HOLDS_OUTSTANDING, close_msg(101, GJ_PAYOUT_CASH), DO(hold_msg(101, 10, 5, WALLET)));
    ROW(BALANCE_NOT_ZERO, close_msg(101, GJ_PAYOUT_NONE), DO(hold_msg(101, 10, 5, WALLET)));
    ROW(HOLDS_OUTSTANDING, close_msg(100, GJ_PAYOUT_CASH), DO(hold_msg(100, 10, 5, PERSONAL)));
    ROW(HOLDS_OUTSTANDING, close_msg(100, GJ_PAYOUT_CASH),
        DO(with_relative(hold_msg(101, 10, 5, RELATIVE), 100))); /* held by a member */
    ROW(HOLDS_OUTSTANDING, close_msg(101, GJ_PAYOUT_CASH),
        DO(with_relative(hold_msg(101, 10, 5, RELATIVE), 100))); /* theirs as patient */
    ROW(OK, close_msg(100, GJ_PAYOUT_CASH),
        DO(with_relative(hold_msg(101, 10, 5, gj_sources(WALLET, RELATIVE, 0)), 100)));
    ROW(HOLDS_OUTSTANDING, close_msg(100, GJ_PAYOUT_CASH), receive(w, 1, GJ_RECEIVE_ACCEPT);
        DO(transfer_msg(100, 101, 5, PERSONAL)));
    ROW(HOLDS_OUTSTANDING, close_msg(101, GJ_PAYOUT_CASH), receive(w, 1, GJ_RECEIVE_ACCEPT);
        DO(transfer_msg(101, 100, 5, WALLET)));
    ROW(OK, close_msg(101, GJ_PAYOUT_CASH), receive(w, 1, GJ_RECEIVE_ACCEPT);
        DO(transfer_msg(100, 101, 5, PERSONAL)));
    ROW(OK, close_msg(101, GJ_PAYOUT_CASH), DO(as(hold_msg(101, 10, 5, WALLET), 1));
        DO(release_msg(101, 1)));
    ROW(OK, close_msg(101, GJ_PAYOUT_CASH), DO(suspend_msg(101, GJ_USE_ALL));
        DO(update_msg(101, 0, GJ_STATUS_STOPPED)); POLICY(1, wallet_open = 0);
        POLICY(1, service_to_minute = 1));
    /* A kept personal account is paid out as well. */
    ROW(OK, close_msg(100, GJ_PAYOUT_CASH), DO(update_msg(100, GJ_INSURANCE_RESIDENT, 0)));
}

/* Both accounts are paid out of the fund of the region each is in. */
static void payout(void)
{
    struct fixture *w = fixture_new();
    POLICY(2, region_change_enabled = 1);
    DO(wallet_msg(104, 2));
    DO(transfer_msg(103, 104, 700, PERSONAL));
    DO(transfer_msg(104, 103, 300, WALLET));
    DO(region_change_msg(103, 3));
    EQ(w->s->books[3].wallet, 300);
    STEP(OK, close_msg(103, GJ_PAYOUT_CASH));
    OK(w->last.reply.balance == 0 && w->last.reply.amount == 49600);
    EQ(w->last.reply.flags, 0);
    const struct person *p = fixture_person(w, 103);
    OK(p->personal == 0 && p->wallet == 0);
    OK(fixture_view(w, 103).flags & GJ_PERSON_CLOSED);
    EQ(w->s->books[2].fund, 50000 - 49300);
    EQ(w->s->books[3].fund, -300);
    OK(w->s->books[2].personal == 0 && w->s->books[3].wallet == 0);
    STEP(OK_NOOP, close_msg(103, GJ_PAYOUT_CASH));
    STEP(OK, unbind_msg(103, 104)); /* relations stay until then */
    fixture_close(w);
}

/* 44: nothing begins on a closed account, whichever part it has. */
#define CLOSED(message) ROW(ACCOUNT_CLOSED, message, DO(close_msg(104, 0)); DO(close_msg(102, 0)))

static void closed_rows(void)
{
    CLOSED(open_msg(104, 1, GJ_INSURANCE_EMPLOYEE));
    ROW(ACCOUNT_EXISTS_DIFFERENT, open_msg(104, 1, GJ_INSURANCE_RESIDENT),
        DO(close_msg(104, 0))); /* lower */
    CLOSED(update_msg(104, GJ_INSURANCE_RESIDENT, 0));
    CLOSED(update_msg(104, 0, 0)); /* also what would change nothing */
    CLOSED(phone_msg(104, 5));
    CLOSED(wallet_msg(104, 1));
    CLOSED(wallet_msg(102, 9));
    CLOSED(bind_msg(104, 105, GJ_CHILD, -1));
    CLOSED(bind_msg(105, 104, GJ_CHILD, -1));
    CLOSED(bind_msg(100, 102, GJ_CHILD, 5000)); /* the same again */
    CLOSED(cap_msg(104, 0, 5));
    ROW(OK, cap_msg(100, 102, 5), DO(close_msg(102, 0))); /* the payer's own business */
    ROW(OK, unbind_msg(100, 102), DO(close_msg(102, 0)));
    CLOSED(deposit_msg(104, 5));
    CLOSED(transfer_msg(104, 105, 5, PERSONAL));
    CLOSED(transfer_msg(100, 102, 5, PERSONAL));
    CLOSED(transfer_msg(102, 100, 5, WALLET));
    CLOSED(pay_msg(104, 10, 5, PERSONAL));
    CLOSED(hold_msg(104, 10, 5, PERSONAL));
    CLOSED(relative_msg(102, 13, 5, RELATIVE, 100));
    CLOSED(with_relative(hold_msg(102, 13, 5, RELATIVE), 100));
    ROW(ACCOUNT_CLOSED, relative_msg(101, 10, 5, RELATIVE, 100),
        DO(close_msg(100, GJ_PAYOUT_CASH)));
    ROW(ACCOUNT_CLOSED, with_relative(hold_msg(101, 10, 5, RELATIVE), 100),
        DO(close_msg(100, GJ_PAYOUT_CASH)));
    CLOSED(premium_msg(100, 102, 2026, PERSONAL));
    CLOSED(premium_msg(104, 105, 2026, PERSONAL));
    CLOSED(suspend_msg(104, 0));
    CLOSED(resume_msg(104, 0));
    CLOSED(region_change_msg(102, 1));
}

void rows_account(void)
{
    region_rows();
    moves();
    close_rows();
    payout();
    closed_rows();
}
