/* tests/tables/test_transfer.c -- deposit and transfer, in the order of the codes. */
#include "tests/tables/fixture.h"

static void retire(struct fixture *w, uint64_t id)
{
    fixture_do(w, update_msg(id, GJ_INSURANCE_RESIDENT, 0));
}

/* Deposits as much as an account can hold and spends it, as long as a year's deposits can be
 * counted. */
static void fill_the_year(struct fixture *w, uint64_t id)
{
    for (int64_t left = GJ_YEAR_CREDITS_MAX; left > 0;) {
        int64_t amount = left < GJ_AMOUNT_MAX ? left : GJ_AMOUNT_MAX;
        fixture_do(w, deposit_msg(id, amount));
        fixture_do(w, pay_msg(id, 10, amount, PERSONAL));
        left -= amount;
        w->time_ms++; /* the window of rids is small */
    }
}

static void deposit_rows(void)
{
    ROW(OK, deposit_msg(104, GJ_AMOUNT_MAX));
    ROW(OK, deposit_msg(100, 5), fixture_do(w, suspend_msg(100, GJ_USE_ALL)));
    ROW(OK, deposit_msg(100, 5), fixture_do(w, update_msg(100, 0, GJ_STATUS_STOPPED)));
    ROW(PERSON_NOT_FOUND, deposit_msg(999, 5));
    ROW(ACCOUNT_NOT_FOUND, deposit_msg(101, 5));
    ROW(NOT_EMPLOYEE_INSURED, deposit_msg(100, 5), retire(w, 100));
    ROW(AMOUNT_OVERFLOW, deposit_msg(100, GJ_AMOUNT_MAX));
    ROW(AMOUNT_OVERFLOW, deposit_msg(104, 6), fixture_do(w, deposit_msg(104, GJ_AMOUNT_MAX - 5)));
    /* The maximum is the account's, not the year's: what went out makes room. */
    ROW(OK, deposit_msg(104, GJ_AMOUNT_MAX), fixture_do(w, deposit_msg(104, GJ_AMOUNT_MAX));
        fixture_do(w, pay_msg(104, 10, GJ_AMOUNT_MAX, PERSONAL)));
    /* Unless the year's deposits could not be counted any more. */
    ROW(AMOUNT_OVERFLOW, deposit_msg(104, 1), fill_the_year(w, 104));
    ROW(OK, deposit_msg(104, 1), fill_the_year(w, 104); w->time_ms = fixture_ms(2026, 1, 1, 0));
}

static void transfer_rows(void)
{
    ROW(OK, transfer_msg(100, 101, 5, PERSONAL));
    ROW(OK, transfer_msg(100, 102, 5, PERSONAL)); /* across provinces */
    ROW(OK, transfer_msg(101, 100, 5, WALLET));   /* a wallet passes on in either direction */
    ROW(PERSON_NOT_FOUND, transfer_msg(999, 101, 5, PERSONAL));
    ROW(PERSON_NOT_FOUND, transfer_msg(100, 999, 5, PERSONAL));
    ROW(PERSON_NOT_FOUND, transfer_msg(999, 998, 5, WALLET));
    ROW(PERSON_NOT_FOUND, transfer_msg(101, 999, 5, PERSONAL)); /* lower than 41 */
    ROW(ACCOUNT_NOT_FOUND, transfer_msg(101, 100, 5, PERSONAL));
    ROW(ACCOUNT_SUSPENDED, transfer_msg(100, 101, 5, PERSONAL),
        fixture_do(w, suspend_msg(100, GJ_USE_TRANSFER_OUT)));
    ROW(ACCOUNT_SUSPENDED, transfer_msg(100, 101, 5, PERSONAL),
        fixture_do(w, suspend_msg(101, GJ_USE_TRANSFER_IN)));
    ROW(OK, transfer_msg(100, 101, 5, PERSONAL), fixture_do(w, suspend_msg(100, 0xD));
        fixture_do(w, suspend_msg(101, 0xB)));
    ROW(WALLET_NOT_CONFIRMED, transfer_msg(104, 100, 5, WALLET));
    ROW(WALLET_NOT_CONFIRMED, transfer_msg(103, 104, 5, PERSONAL));
    ROW(NOT_INSURED, transfer_msg(100, 101, 5, PERSONAL), fixture_do(w, update_msg(100, 0, 2)));
    ROW(NOT_INSURED, transfer_msg(100, 101, 5, PERSONAL), fixture_do(w, update_msg(101, 0, 2)));
    ROW(NOT_INSURED, transfer_msg(100, 101, 5, PERSONAL), POLICY(1, payer_mask_personal = 2));
    ROW(NOT_INSURED, transfer_msg(101, 100, 5, WALLET), POLICY(1, payer_mask_wallet = 1));
    ROW(NOT_INSURED, transfer_msg(100, 102, 5, PERSONAL), POLICY(3, beneficiary_mask = 1));
    ROW(OK, transfer_msg(100, 102, 5, PERSONAL), POLICY(1, beneficiary_mask = 1));
    ROW(NOT_EMPLOYEE_INSURED, transfer_msg(100, 101, 5, PERSONAL), retire(w, 100));
    ROW(OK, transfer_msg(100, 101, 5, PERSONAL), fixture_do(w, overdue_msg(100, 20000)));
    ROW(PROFILE_OVERDUE, transfer_msg(100, 101, 5, PERSONAL), POLICY(1, profile_overdue = 1);
        fixture_do(w, overdue_msg(100, (uint16_t)(calendar_day(NOW_MS) - 15))));
    ROW(OK, transfer_msg(100, 101, 5, PERSONAL), POLICY(1, profile_overdue = 1);
        fixture_do(w, overdue_msg(100, (uint16_t)(calendar_day(NOW_MS) - 14))));
    ROW(OK, transfer_msg(100, 101, 5, PERSONAL), POLICY(1, profile_overdue = 1);
        fixture_do(w, overdue_msg(100, 20000)); fixture_do(w, phone_msg(100, 3)));
    ROW(OK, transfer_msg(100, 101, 5, PERSONAL), POLICY(1, profile_overdue = 1);
        fixture_do(w, overdue_msg(101, 20000))); /* receiving is not blocked */
    ROW(REGION_NOT_OPEN_PAYER, transfer_msg(100, 102, 5, PERSONAL), POLICY(1, wallet_open = 0));
    ROW(REGION_NOT_OPEN_PAYER, transfer_msg(100, 101, 5, PERSONAL), POLICY(1, wallet_open = 0));
    ROW(REGION_NOT_OPEN_PAYEE, transfer_msg(100, 102, 5, PERSONAL), POLICY(3, wallet_open = 0));
    ROW(OUTSIDE_SERVICE_HOURS, transfer_msg(100, 102, 5, PERSONAL),
        POLICY(1, service_from_minute = 9 * 60 + 1));
    ROW(OUTSIDE_SERVICE_HOURS, transfer_msg(100, 102, 5, PERSONAL),
        POLICY(3, service_to_minute = 9 * 60));
    ROW(OK, transfer_msg(100, 102, 5, PERSONAL), POLICY(3, service_to_minute = 9 * 60 + 1);
        POLICY(1, service_from_minute = 9 * 60));
    ROW(CROSS_REGION_DISABLED, transfer_msg(100, 102, 5, PERSONAL),
        POLICY(1, cross_region_transfer = 0));
    ROW(CROSS_REGION_DISABLED, transfer_msg(100, 102, 5, PERSONAL),
        POLICY(3, cross_region_transfer = 0));
    ROW(OK, transfer_msg(100, 101, 5, PERSONAL), POLICY(1, cross_region_transfer = 0));
    ROW(RELATION_NOT_FOUND, transfer_msg(100, 103, 5, PERSONAL));
    ROW(RELATION_NOT_FOUND, transfer_msg(103, 100, 5, PERSONAL),
        fixture_do(w, bind_msg(100, 103, GJ_SPOUSE, -1))); /* payer to payee only */
    ROW(RELATION_NOT_FOUND, transfer_msg(101, 102, 5, WALLET));
    ROW(RELATION_KIND_NOT_ALLOWED, transfer_msg(100, 101, 5, PERSONAL),
        POLICY(1, relation_mask = 0xFD));
    ROW(RELATION_KIND_NOT_ALLOWED, transfer_msg(101, 100, 5, WALLET),
        POLICY(1, relation_mask = 0xFD));
    ROW(OK, transfer_msg(101, 100, 5, WALLET), fixture_do(w, bind_msg(101, 100, GJ_CHILD, -1));
        POLICY(1, relation_mask = 0x04)); /* one of two relations suffices */
    ROW(AUTH_METHOD_REQUIRED, with_auth(transfer_msg(100, 101, 5, PERSONAL), GJ_AUTH_NONE));
    ROW(AUTH_METHOD_REQUIRED, with_auth(transfer_msg(100, 101, 5, PERSONAL), GJ_AUTH_CARD));
    ROW(OK, with_auth(transfer_msg(100, 101, 5, PERSONAL), GJ_AUTH_CODE));
    ROW(TRANSFER_SINGLE_LIMIT, transfer_msg(100, 102, 6, PERSONAL),
        POLICY(1, transfer_single_fen = 5));
    ROW(TRANSFER_SINGLE_LIMIT, transfer_msg(100, 102, 6, PERSONAL),
        POLICY(3, transfer_single_fen = 5));
    ROW(OK, transfer_msg(100, 102, 5, PERSONAL), POLICY(1, transfer_single_fen = 5));
    ROW(OK, transfer_msg(100, 102, 5, PERSONAL), POLICY(3, transfer_single_fen = 5));
    ROW(TRANSFER_DAILY_COUNT, transfer_msg(100, 101, 5, WALLET),
        fixture_do(w, transfer_msg(100, 102, 5, PERSONAL));
        POLICY(1, transfer_daily_count = 2));
    ROW(OK, transfer_msg(100, 102, 5, PERSONAL), POLICY(1, transfer_daily_count = 2));
    ROW(OK, transfer_msg(100, 102, 5, PERSONAL), POLICY(1, transfer_daily_count = 1);
        w->time_ms = fixture_ms(2025, 11, 21, 0));
    ROW(OK, transfer_msg(100, 101, 50000, PERSONAL)); /* 70 % of 1000.00, 200.00 used */
    ROW(ANNUAL_QUOTA_EXCEEDED, transfer_msg(100, 101, 50001, PERSONAL));
    ROW(ANNUAL_QUOTA_EXCEEDED, transfer_msg(100, 101, 90000, PERSONAL)); /* lower than 164 */
    ROW(INSUFFICIENT_BALANCE, transfer_msg(100, 101, 80001, PERSONAL), POLICY(1, quota_bp = 10000));
    ROW(OK, transfer_msg(100, 101, 80000, PERSONAL), POLICY(1, quota_bp = 10000));
    ROW(INSUFFICIENT_BALANCE, transfer_msg(101, 100, 20001, WALLET));
    ROW(OK, transfer_msg(101, 100, 20000, WALLET));
    ROW(AMOUNT_OVERFLOW, transfer_msg(104, 101, GJ_AMOUNT_MAX - 20000 + 1, PERSONAL),
        POLICY(1, quota_bp = 10000);
        fixture_do(w, deposit_msg(104, GJ_AMOUNT_MAX));
        fixture_do(w, bind_msg(104, 101, GJ_CHILD, -1)));
    ROW(OK, transfer_msg(104, 101, GJ_AMOUNT_MAX - 20000, PERSONAL), POLICY(1, quota_bp = 10000);
        fixture_do(w, deposit_msg(104, GJ_AMOUNT_MAX));
        fixture_do(w, bind_msg(104, 101, GJ_CHILD, -1)));
}

/* Where the money is after a transfer across regions: rule X. */
static void books(void)
{
    struct fixture *w = fixture_new();
    fixture_row(w, GJ_OK, transfer_msg(100, 102, 300, PERSONAL), __FILE__, __LINE__);
    OK(w->last.reply.balance == 79700 && w->last.reply.amount == 300);
    OK(fixture_person(w, 100)->personal == 79700 && fixture_person(w, 102)->wallet == 300);
    OK(w->s->books[1].clearing == 300 && w->s->books[3].clearing == -300);
    OK(w->s->gross[1 * GJ_REGIONS_MAX + 3] == 300);
    fixture_row(w, GJ_OK, transfer_msg(102, 100, 100, WALLET), __FILE__, __LINE__);
    OK(w->s->books[1].clearing == 200 && w->s->gross[3 * GJ_REGIONS_MAX + 1] == 100);
    OK(w->s->gross[1 * GJ_REGIONS_MAX + 3] == 300); /* gross never falls */
    OK(w->s->books[1].fund == 100000 && w->s->books[3].fund == 0);
    fixture_close(w);
}

/* A new calendar year: opening is what is there, and nothing of it is used. */
static void new_year(void)
{
    struct fixture *w = fixture_new();
    fixture_do(w, transfer_msg(100, 101, 50000, PERSONAL));
    w->time_ms = fixture_ms(2026, 1, 1, 0) - 1;
    fixture_row(w, GJ_ANNUAL_QUOTA_EXCEEDED, transfer_msg(100, 101, 1, PERSONAL), __FILE__,
                __LINE__);
    w->time_ms++;
    fixture_row(w, GJ_ANNUAL_QUOTA_EXCEEDED, transfer_msg(100, 101, 21001, PERSONAL), __FILE__,
                __LINE__);
    fixture_row(w, GJ_OK, transfer_msg(100, 101, 21000, PERSONAL), __FILE__, __LINE__);
    const struct person_cold *cold = &w->s->persons_cold[fixture_person(w, 100) - w->s->persons];
    OK(cold->year == 2026 && cold->opening == 30000 && cold->used == 21000);
    fixture_close(w);
}

/* The three bases of the quota. */
static void quota_bases(void)
{
    ROW(ANNUAL_QUOTA_EXCEEDED, transfer_msg(100, 101, 1, PERSONAL),
        POLICY(1, quota_base = GJ_QUOTA_OPENING)); /* opened this year with nothing */
    ROW(OK, transfer_msg(100, 101, 30000, PERSONAL), POLICY(1, quota_base = GJ_QUOTA_CURRENT);
        fixture_do(w,
                   pay_msg(100, 10, 20000, PERSONAL))); /* 70 % of 600.00 + 200.00, 200.00 used */
    ROW(ANNUAL_QUOTA_EXCEEDED, transfer_msg(100, 101, 36001, PERSONAL),
        POLICY(1, quota_base = GJ_QUOTA_CURRENT);
        fixture_do(w, pay_msg(100, 10, 20000, PERSONAL)));
    ROW(OK, transfer_msg(100, 101, 36000, PERSONAL), POLICY(1, quota_base = GJ_QUOTA_CURRENT);
        fixture_do(w, pay_msg(100, 10, 20000, PERSONAL)));
    ROW(ANNUAL_QUOTA_EXCEEDED, transfer_msg(100, 101, 1, PERSONAL), POLICY(1, quota_bp = 1000));
}

void rows_transfer(void)
{
    deposit_rows();
    transfer_rows();
    books();
    new_year();
    quota_bases();
}
