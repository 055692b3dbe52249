/* tests/tables/test_premium.c -- premiums of residents' insurance. */
#include "tests/tables/fixture.h"

/* 100 pays for 101, whose child it is. */
static struct msg paid(void)
{
    return premium_msg(100, 101, 2026, PERSONAL);
}

/* 101 gets enough in the wallet to pay for itself. */
static void fund_wallet(struct fixture *w)
{
    fixture_do(w, transfer_msg(100, 101, 30000, PERSONAL));
}

static void stop_sale(struct fixture *w, uint16_t region, unsigned month)
{
    POLICY(region, premiums[0].to_day = calendar_day_of(2025, month, 30));
}

void rows_premium(void)
{
    ROW(OK, paid());
    ROW(OK, premium_msg(101, 101, 2026, WALLET), fund_wallet(w));
    ROW(OK, paid(), fixture_do(w, update_msg(101, 0, GJ_STATUS_STOPPED))); /* any status */
    ROW(PERSON_NOT_FOUND, premium_msg(999, 101, 2026, PERSONAL));
    ROW(PERSON_NOT_FOUND, premium_msg(100, 999, 2026, PERSONAL));
    ROW(ACCOUNT_NOT_FOUND, premium_msg(101, 101, 2026, PERSONAL));
    ROW(ACCOUNT_SUSPENDED, paid(), fixture_do(w, suspend_msg(100, GJ_USE_PREMIUM)));
    ROW(OK, paid(), fixture_do(w, suspend_msg(100, 7)); fixture_do(w, suspend_msg(101, 15)));
    ROW(WALLET_NOT_CONFIRMED, premium_msg(105, 105, 2026, WALLET));
    ROW(NOT_INSURED, paid(), fixture_do(w, update_msg(100, 0, GJ_STATUS_STOPPED)));
    ROW(NOT_INSURED, paid(), POLICY(1, payer_mask_personal = 2));
    ROW(NOT_INSURED, premium_msg(101, 102, 2026, WALLET), POLICY(1, payer_mask_wallet = 1));
    ROW(OK, premium_msg(101, 101, 2026, WALLET), fund_wallet(w);
        fixture_do(w, update_msg(101, 0, GJ_STATUS_STOPPED)); POLICY(1, payer_mask_wallet = 1));
    ROW(NOT_EMPLOYEE_INSURED, paid(), fixture_do(w, update_msg(100, GJ_INSURANCE_RESIDENT, 0)));
    ROW(NOT_RESIDENT_INSURED, premium_msg(100, 100, 2026, PERSONAL));
    ROW(PROFILE_OVERDUE, paid(), POLICY(1, profile_overdue = 1);
        fixture_do(w, overdue_msg(100, 20000)));
    ROW(REGION_NOT_OPEN_PAYER, premium_msg(101, 101, 2026, WALLET), fund_wallet(w);
        POLICY(1, wallet_open = 0));
    ROW(REGION_NOT_OPEN_PAYER, paid(), POLICY(1, local_sharing_enabled = 0));
    ROW(OK, paid(), POLICY(1, wallet_open = 0)); /* no wallet involved */
    ROW(REGION_NOT_OPEN_PAYEE, premium_msg(100, 102, 2026, WALLET), POLICY(3, wallet_open = 0));
    ROW(OUTSIDE_SERVICE_HOURS, paid(), POLICY(1, service_to_minute = 540));
    ROW(OUTSIDE_SERVICE_HOURS, premium_msg(100, 102, 2026, WALLET),
        POLICY(3, service_from_minute = 541));
    ROW(CROSS_REGION_DISABLED, premium_msg(100, 102, 2026, PERSONAL));
    ROW(OK, premium_msg(100, 102, 2026, PERSONAL), POLICY(1, cross_region_pay = GJ_CROSS_ANY);
        POLICY(3, cross_region_pay = GJ_CROSS_ANY));
    ROW(RELATION_NOT_FOUND, premium_msg(100, 105, 2026, PERSONAL));
    ROW(RELATION_NOT_FOUND, premium_msg(101, 102, 2026, WALLET));
    ROW(RELATION_KIND_NOT_ALLOWED, paid(), POLICY(1, relation_mask = 0xFD));
    ROW(PREMIUM_PRODUCT_UNKNOWN, premium_msg(100, 101, 2025, PERSONAL));
    ROW(PREMIUM_PRODUCT_UNKNOWN, with_detail(paid(), 2));
    ROW(PREMIUM_PRODUCT_UNKNOWN, premium_msg(100, 101, 2027, PERSONAL),
        POLICY(1, premiums[0].year = 2027)); /* sold, but too far ahead to be marked */
    ROW(OK, premium_msg(100, 101, 2024, PERSONAL), POLICY(1, premiums[0].year = 2024));
    ROW(PREMIUM_PRODUCT_UNKNOWN, premium_msg(100, 101, 2023, PERSONAL),
        POLICY(1, premiums[0].year = 2023));
    ROW(ENROLLMENT_CLOSED, paid(), stop_sale(w, 1, 10));
    ROW(ENROLLMENT_CLOSED, paid(), POLICY(1, premiums[0].from_day = calendar_day_of(2025, 11, 21)));
    ROW(OK, paid(), POLICY(1, premiums[0].from_day = calendar_day_of(2025, 11, 20));
        POLICY(1, premiums[0].to_day = calendar_day_of(2025, 11, 20)));
    ROW(PREMIUM_ALREADY_PAID, paid(), fixture_do(w, paid()));
    ROW(PREMIUM_ALREADY_PAID, premium_msg(101, 101, 2026, WALLET), fixture_do(w, paid()));
    ROW(PREMIUM_AMOUNT_MISMATCH, with_amount(paid(), 39999));
    ROW(ANNUAL_QUOTA_EXCEEDED, paid(), fixture_do(w, transfer_msg(100, 101, 10001, PERSONAL)));
    ROW(OK, paid(), fixture_do(w, transfer_msg(100, 101, 10000, PERSONAL)));
    ROW(INSUFFICIENT_BALANCE, premium_msg(101, 101, 2026, WALLET));
    ROW(INSUFFICIENT_BALANCE, paid(), POLICY(1, quota_bp = 10000);
        fixture_do(w, pay_msg(100, 10, 40001, PERSONAL)));

    /* Marks move with the year; the same product of the next year is another one. */
    struct fixture *w = fixture_new();
    fixture_row(w, GJ_OK, paid(), __FILE__, __LINE__);
    OK(w->last.reply.balance == 40000 && w->last.reply.amount == 40000);
    OK(w->s->premium_payable[1 * PREMIUM_YEARS + 26] == 40000);
    const struct person_cold *cold = &w->s->persons_cold[fixture_person(w, 101) - w->s->persons];
    OK(cold->premium_year == 2025 && cold->premium_paid[2] == 1);
    POLICY(1, premiums[0].to_day = UINT16_MAX);
    POLICY(1, premiums[1] = (p->premiums[0]); p->premiums[1].year = 2027);
    w->time_ms = fixture_ms(2026, 9, 1, 600);
    fixture_do(w, deposit_msg(100, 500000));
    fixture_row(w, GJ_PREMIUM_ALREADY_PAID, paid(), __FILE__, __LINE__);
    fixture_row(w, GJ_OK, premium_msg(100, 101, 2027, PERSONAL), __FILE__, __LINE__);
    OK(cold->premium_year == 2026 && cold->premium_paid[1] == 1 && cold->premium_paid[2] == 1);
    w->time_ms = fixture_ms(2027, 9, 1, 600);
    fixture_row(w, GJ_PREMIUM_ALREADY_PAID, paid(), __FILE__, __LINE__); /* of the year before */
    fixture_close(w);
}
