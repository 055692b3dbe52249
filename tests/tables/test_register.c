/* tests/tables/test_register.c -- regions, institutions, persons, wallet, suspension. */
#include <string.h>

#include "tests/tables/fixture.h"

/* SET_REGION with one field of policy or names set; 68 whatever it is. */
#define INVALID(assignment)                                                                        \
    do {                                                                                           \
        struct msg invalid = region_msg(9, 1, "江苏省", "南京市");                                 \
        struct gj_region_ext *ext = (struct gj_region_ext *)(void *)invalid.ext;                   \
        struct gj_policy *p = &ext->policy;                                                        \
        (void)p;                                                                                   \
        assignment;                                                                                \
        ROW(POLICY_INVALID, invalid);                                                              \
    } while (0)

static struct msg from_ms(struct msg m, uint64_t ms)
{
    m.op.other = ms;
    return m;
}

static void region_rows(void)
{
    ROW(OK, region_msg(9, 1, "江苏省", "南京市"));
    ROW(OK, region_msg(GJ_REGIONS_MAX - 1, 1000000000, "", "南京市"));
    ROW(POLICY_VERSION_STALE, with_amount(region_again(w, 1), 1));
    ROW(POLICY_VERSION_STALE, with_amount(region_again(w, 1), 4),
        fixture_do(w, from_ms(with_amount(region_again(w, 1), 5), NOW_MS + HOUR_MS)));
    ROW(POLICY_INVALID, from_ms(region_again(w, 1), NOW_MS - 1));
    ROW(POLICY_INVALID, from_ms(region_msg(9, 1, "江苏省", "南京市"), NOW_MS + 1));
    ROW(OK, from_ms(region_msg(9, 1, "江苏省", "南京市"), NOW_MS));
    ROW(POLICY_INVALID, region_msg(9, 1, "山东省", "济南市"));
    ROW(OK, region_msg(9, 1, "江苏省", "济南市"));
    INVALID(ext->name[0] = 0; ext->name[1] = 0; memset(ext->name, 0, 64));
    INVALID(memset(ext->name, 'x', sizeof(ext->name)));
    INVALID(ext->name[40] = 'x');
    INVALID(ext->name[0] = (char)0x80);
    INVALID(ext->name[0] = '\n');
    INVALID(memcpy(ext->name, "\xE0\x80\x80", 4));
    INVALID(memcpy(ext->name, "\xED\xA0\x80", 4));
    INVALID(memcpy(ext->name, "\xF4\x90\x80\x80", 5));
    INVALID(memcpy(ext->name, "\xC3", 2));
    INVALID(memset(ext->province, 'x', sizeof(ext->province)));
    INVALID(p->receive_mode = 2);
    INVALID(p->one_outstanding = 2);
    INVALID(p->outpatient_single_fen = -2);
    INVALID(p->special_single_fen = -2);
    INVALID(p->special_single_fen = GJ_AMOUNT_MAX + 1);
    INVALID(p->outpatient_single_fen = GJ_AMOUNT_MAX + 1);
    INVALID(p->transfer_single_fen = -1);
    INVALID(p->transfer_single_fen = GJ_AMOUNT_MAX + 1);
    INVALID(p->quota_bp = 10001);
    INVALID(p->service_from_minute = 1440);
    INVALID(p->service_from_minute = p->service_to_minute);
    INVALID(p->service_to_minute = 1441);
    INVALID(p->pending_expiry_minute = 1440);
    INVALID(p->wallet_open = 2);
    INVALID(p->region_change_enabled = 2);
    INVALID(p->local_sharing_enabled = 2);
    INVALID(p->payer_mask_personal = 4);
    INVALID(p->payer_mask_wallet = 4);
    INVALID(p->beneficiary_mask = 4);
    INVALID(p->max_members = 0);
    INVALID(p->max_members = 8);
    INVALID(p->quota_base = 3);
    INVALID(p->purpose_mask_wallet = 0x20);
    INVALID(p->purpose_mask_personal = 0x20);
    INVALID(p->purpose_mask_relative = 0x20);
    INVALID(p->place_rule = 3);
    INVALID(p->cross_region_pay = 3);
    INVALID(p->cross_region_transfer = 2);
    INVALID(p->auth_mask_transfer = 0x10);
    INVALID(p->auth_mask_pay = 0x10);
    INVALID(p->auth_mask_bind = 0x10);
    INVALID(p->profile_overdue = 2);
    INVALID(p->unbind_forgets_draws = 2);
    INVALID(p->premiums[1].year = 2026);
    INVALID(p->premiums[1] = p->premiums[0]);
    INVALID(p->premiums[0].amount = -1);
    INVALID(p->premiums[0].amount = GJ_AMOUNT_MAX + 1);
    INVALID(p->premiums[0].year = 1999);
    INVALID(p->premiums[0].year = 2201);
    INVALID(p->premiums[0].product = 0);
    INVALID(p->premiums[0].product = 9);
    INVALID(p->premiums[0].from_day = UINT16_MAX);
}

/* A version is at most a step above the last one given, in force or scheduled; the first is free.
 */
static void version_rows(void)
{
    struct msg m = region_msg(9, 1, "", "九市");
    ROW(OK, with_amount(m, 1000000000));
    ROW(POLICY_INVALID, with_amount(m, 1000000001));
    ROW(POLICY_INVALID, with_amount(m, UINT32_MAX));
    ROW(OK, with_amount(m, 1000100000), DO(with_amount(m, 1000000000)));
    ROW(POLICY_INVALID, with_amount(m, 1000100001), DO(with_amount(m, 1000000000)));
    ROW(POLICY_VERSION_STALE, with_amount(m, 1000000000), DO(with_amount(m, 1000000000)));
    ROW(OK, with_amount(m, 100001), DO(m));
    ROW(POLICY_INVALID, with_amount(m, 100002), DO(m));
    ROW(OK, with_amount(m, 100100), DO(m); DO(from_ms(with_amount(m, 100), NOW_MS + 1)));
    ROW(POLICY_INVALID, with_amount(m, 100101), DO(m);
        DO(from_ms(with_amount(m, 100), NOW_MS + 1)));
}

/* A scheduled policy governs from its instant on, and a newer one replaces it before that. */
static void schedule(void)
{
    struct fixture *w = fixture_new();
    struct msg closed = region_again(w, 1);
    ((struct gj_region_ext *)(void *)closed.ext)->policy.wallet_open = 0;
    fixture_do(w, from_ms(closed, NOW_MS + HOUR_MS));
    OK(region_policy(w->s, 1, NOW_MS)->wallet_open == 1);
    w->time_ms = NOW_MS + HOUR_MS - 1;
    fixture_row(w, GJ_OK, transfer_msg(100, 101, 5, PERSONAL), __FILE__, __LINE__);
    w->time_ms++;
    fixture_row(w, GJ_REGION_NOT_OPEN_PAYER, transfer_msg(100, 101, 5, PERSONAL), __FILE__,
                __LINE__);
    fixture_row(w, GJ_POLICY_VERSION_STALE, closed, __FILE__, __LINE__);
    /* It became the current one first; the next is scheduled behind it and then replaced. */
    struct msg open = region_msg(1, 3, "山东省", "济南");
    fixture_do(w, from_ms(open, w->time_ms + HOUR_MS));
    OK(w->s->regions[1].version == 2 && w->s->regions[1].next_version == 3);
    OK(strcmp(w->s->regions[1].data.name, "济南") == 0);
    fixture_do(w, with_amount(open, 4));
    OK(w->s->regions[1].version == 4 && w->s->regions[1].next_version == 0);
    fixture_row(w, GJ_OK, transfer_msg(100, 101, 5, PERSONAL), __FILE__, __LINE__);
    fixture_close(w);
}

/* Regions of one province share a number; an unknown province is nobody else's. */
static void provinces(void)
{
    struct fixture *w = fixture_new();
    const struct region *r = w->s->regions;
    OK(r[1].province == r[2].province && r[1].province != r[3].province);
    fixture_do(w, region_msg(4, 1, "", "甲市"));
    fixture_do(w, region_msg(5, 1, "", "乙市"));
    OK(r[4].province != r[5].province && r[4].province != r[1].province);
    fixture_do(w, region_msg(2, 2, "河北省", "青岛市"));
    OK(r[2].province == r[3].province);
    fixture_do(w, region_msg(1, 2, "江苏省", "济南市"));
    OK(r[1].province != r[2].province && r[1].province != r[4].province);
    fixture_close(w);
}

static void institution_rows(void)
{
    ROW(OK, inst_msg(20, 1, GJ_PHARMACY, 0x10, GJ_FLAG_SUSPENDED));
    ROW(OK_NOOP, inst_msg(10, 1, GJ_HOSPITAL, 0x1F, GJ_FLAG_WALLET));
    ROW(OK, inst_msg(10, 1, GJ_HOSPITAL, 0x1E, GJ_FLAG_WALLET));
    ROW(OK, inst_msg(10, 1, GJ_HOSPITAL, 0x1F, GJ_FLAG_SUSPENDED));
    ROW(REGION_NOT_FOUND, inst_msg(20, 9, GJ_HOSPITAL, 1, 0));
    ROW(REGION_NOT_FOUND, inst_msg(10, 9, GJ_HOSPITAL, 1, 0));
    ROW(INST_EXISTS_DIFFERENT, inst_msg(10, 2, GJ_HOSPITAL, 0x1F, GJ_FLAG_WALLET));
    ROW(INST_EXISTS_DIFFERENT, inst_msg(10, 1, GJ_PHARMACY, 0x1F, GJ_FLAG_WALLET));
    struct msg other = inst_msg(10, 1, GJ_HOSPITAL, 0x1F, GJ_FLAG_WALLET);
    other.ext[0] = 'X';
    ROW(INST_EXISTS_DIFFERENT, other);
}

static void person_rows(void)
{
    ROW(OK, open_msg(110, 3, GJ_INSURANCE_RESIDENT));
    ROW(OK_NOOP, open_msg(100, 1, GJ_INSURANCE_EMPLOYEE));
    ROW(ACCOUNT_EXISTS_DIFFERENT, open_msg(100, 2, GJ_INSURANCE_EMPLOYEE));
    ROW(ACCOUNT_EXISTS_DIFFERENT, open_msg(100, 9, GJ_INSURANCE_EMPLOYEE)); /* lower than 60 */
    ROW(ACCOUNT_EXISTS_DIFFERENT, open_msg(100, 1, GJ_INSURANCE_RESIDENT));
    ROW(ACCOUNT_EXISTS_DIFFERENT, with_detail(open_msg(100, 1, 1), GJ_STATUS_STOPPED));
    ROW(ACCOUNT_EXISTS_DIFFERENT, with_flags(open_msg(100, 1, 1), GJ_FLAG_SPECIAL));
    ROW(REGION_NOT_FOUND, open_msg(110, 9, GJ_INSURANCE_EMPLOYEE));

    ROW(PERSON_NOT_FOUND, update_msg(999, 1, 0));
    ROW(OK, update_msg(101, GJ_INSURANCE_EMPLOYEE, 0));
    ROW(OK, update_msg(101, 0, GJ_STATUS_STOPPED));
    ROW(OK, with_flags(update_msg(101, 0, 0), GJ_FLAG_SPECIAL_SET | GJ_FLAG_SPECIAL));
    ROW(OK, phone_msg(101, 5));
    ROW(OK_NOOP, phone_msg(101, 5), fixture_do(w, phone_msg(101, 5)));
    ROW(OK, phone_msg(101, 5), fixture_do(w, phone_msg(101, 5));
        fixture_do(w, overdue_msg(101, 9)));
    ROW(OK_NOOP, update_msg(101, 0, 0));
    ROW(OK_NOOP, update_msg(101, GJ_INSURANCE_RESIDENT, GJ_STATUS_ACTIVE));
    ROW(OK_NOOP, with_flags(update_msg(101, 0, 0), GJ_FLAG_SPECIAL_SET));
    ROW(OK, overdue_msg(101, 20000));
    ROW(OK_NOOP, overdue_msg(101, 20001), fixture_do(w, overdue_msg(101, 20000)));
    ROW(OK, overdue_msg(101, 19999), fixture_do(w, overdue_msg(101, 20000)));

    ROW(OK, wallet_msg(104, 3));
    ROW(OK, with_auth(wallet_msg(104, 1), GJ_AUTH_NONE));
    ROW(PERSON_NOT_FOUND, wallet_msg(999, 9));
    ROW(WALLET_ALREADY_CONFIRMED, wallet_msg(100, 1));
    ROW(WALLET_ALREADY_CONFIRMED, wallet_msg(100, 9));
    ROW(REGION_NOT_FOUND, wallet_msg(104, 9));
    ROW(REGION_NOT_OPEN_PAYER, wallet_msg(104, 3), POLICY(3, wallet_open = 0));

    ROW(PERSON_NOT_FOUND, suspend_msg(999, 0));
    ROW(OK, suspend_msg(100, 0));
    ROW(OK, suspend_msg(100, GJ_USE_ALL), fixture_do(w, suspend_msg(100, GJ_USE_PAY)));
    ROW(OK_NOOP, suspend_msg(100, GJ_USE_PAY), fixture_do(w, suspend_msg(100, 0)));
    ROW(PERSON_NOT_FOUND, resume_msg(999, 0));
    ROW(OK_NOOP, resume_msg(100, 0), fixture_do(w, suspend_msg(100, GJ_USE_PREMIUM)));
    ROW(OK, resume_msg(100, GJ_USE_ALL), fixture_do(w, suspend_msg(100, GJ_USE_PREMIUM)));
}

/* An account is opened with employees' insurance and kept when it ends. */
static void insurance_changes(void)
{
    struct fixture *w = fixture_new();
    fixture_row(w, GJ_ACCOUNT_NOT_FOUND, deposit_msg(101, 5), __FILE__, __LINE__);
    fixture_do(w, update_msg(101, GJ_INSURANCE_EMPLOYEE, 0));
    fixture_do(w, deposit_msg(101, 500));
    fixture_do(w, update_msg(101, GJ_INSURANCE_RESIDENT, 0));
    fixture_row(w, GJ_NOT_EMPLOYEE_INSURED, deposit_msg(101, 5), __FILE__, __LINE__);
    fixture_row(w, GJ_NOT_EMPLOYEE_INSURED, pay_msg(101, 10, 5, PERSONAL), __FILE__, __LINE__);
    OK(fixture_person(w, 101)->personal == 500);
    fixture_do(w, update_msg(101, GJ_INSURANCE_EMPLOYEE, 0));
    fixture_row(w, GJ_OK, pay_msg(101, 10, 500, PERSONAL), __FILE__, __LINE__);
    fixture_close(w);
}

void rows_register(void)
{
    region_rows();
    version_rows();
    schedule();
    provinces();
    institution_rows();
    person_rows();
    insurance_changes();
}
