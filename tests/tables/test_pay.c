/* tests/tables/test_pay.c -- payments out of one to three sources, and holds, whose conditions are
 * the same. */
#include "tests/tables/fixture.h"

#define ALL3 gj_sources(GJ_SOURCE_WALLET, GJ_SOURCE_PERSONAL, GJ_SOURCE_RELATIVE)

/* 101 pays with the account of 100, whose parent 101 is. */
static struct msg draw(int64_t amount)
{
    return relative_msg(101, 10, amount, RELATIVE, 100);
}

static struct msg partial(struct msg m)
{
    return with_flags(m, GJ_FLAG_PARTIAL);
}

/* The row for PAY and for HOLD. */
static struct msg held(struct msg m)
{
    m.op.type = GJ_OP_HOLD;
    return m;
}
#define BOTH(want, message, ...)                                                                   \
    do {                                                                                           \
        ROW(want, message, __VA_ARGS__);                                                           \
        ROW(want, held(message), __VA_ARGS__);                                                     \
    } while (0)

static void person_and_source_rows(void)
{
    BOTH(OK, pay_msg(101, 10, 20000, WALLET));
    BOTH(OK, pay_msg(100, 10, 80000, PERSONAL)); /* own care counts to no quota */
    BOTH(OK, draw(50000));
    BOTH(PERSON_NOT_FOUND, pay_msg(999, 10, 5, WALLET));
    BOTH(PERSON_NOT_FOUND, relative_msg(101, 10, 5, RELATIVE, 999));
    BOTH(ACCOUNT_NOT_FOUND, pay_msg(101, 10, 5, PERSONAL));
    BOTH(ACCOUNT_NOT_FOUND, relative_msg(101, 10, 5, RELATIVE, 105));
    BOTH(ACCOUNT_SUSPENDED, pay_msg(101, 10, 5, WALLET), fixture_do(w, suspend_msg(101, 0)));
    BOTH(ACCOUNT_SUSPENDED, draw(5), fixture_do(w, suspend_msg(100, 0)));
    BOTH(OK, draw(5), fixture_do(w, suspend_msg(100, 0xE)));
    BOTH(WALLET_NOT_CONFIRMED, pay_msg(104, 10, 5, WALLET));
    BOTH(NOT_INSURED, draw(5), fixture_do(w, update_msg(100, 0, 2)));
    BOTH(NOT_INSURED, draw(5), fixture_do(w, update_msg(101, 0, 2)));
    BOTH(NOT_INSURED, relative_msg(101, 99, 5, RELATIVE, 100),
         fixture_do(w, update_msg(101, 0, 2))); /* asked although the institution is not known */
    BOTH(NOT_INSURED, draw(5), POLICY(1, payer_mask_personal = 2));
    BOTH(NOT_INSURED, draw(5), POLICY(1, beneficiary_mask = 1));
    BOTH(OK, pay_msg(100, 10, 5, PERSONAL), fixture_do(w, update_msg(100, 0, 2)));
    BOTH(NOT_EMPLOYEE_INSURED, draw(5), fixture_do(w, update_msg(100, 2, 0)));
    BOTH(NOT_EMPLOYEE_INSURED, pay_msg(100, 10, 5, PERSONAL), fixture_do(w, update_msg(100, 2, 0)));
    BOTH(PROFILE_OVERDUE, pay_msg(101, 10, 5, WALLET), POLICY(1, profile_overdue = 1);
         fixture_do(w, overdue_msg(101, 20000)));
    BOTH(PROFILE_OVERDUE, draw(5), POLICY(1, profile_overdue = 1);
         fixture_do(w, overdue_msg(100, 20000)));
}

static void place_rows(void)
{
    BOTH(REGION_NOT_OPEN_PAYER, pay_msg(101, 10, 5, WALLET), POLICY(1, wallet_open = 0));
    BOTH(OK, pay_msg(100, 10, 5, PERSONAL), POLICY(1, wallet_open = 0));
    BOTH(REGION_NOT_OPEN_PAYER, draw(5), POLICY(1, local_sharing_enabled = 0));
    BOTH(OK, pay_msg(101, 10, 5, WALLET), POLICY(1, local_sharing_enabled = 0));
    BOTH(REGION_NOT_OPEN_PAYEE, pay_msg(101, 14, 5, WALLET), POLICY(2, wallet_open = 0));
    BOTH(WRONG_PLACE_OF_USE, pay_msg(101, 14, 5, WALLET));
    BOTH(WRONG_PLACE_OF_USE, pay_msg(104, 10, 5, WALLET), fixture_do(w, wallet_msg(104, 3));
         POLICY(1, place_rule = GJ_PLACE_USE));
    BOTH(WRONG_PLACE_OF_USE, pay_msg(104, 13, 5, WALLET), fixture_do(w, wallet_msg(104, 3));
         POLICY(1, place_rule = GJ_PLACE_INSURED));
    BOTH(INSUFFICIENT_BALANCE, pay_msg(104, 13, 5, WALLET), fixture_do(w, wallet_msg(104, 3)));
    BOTH(INSUFFICIENT_BALANCE, pay_msg(104, 10, 5, WALLET), fixture_do(w, wallet_msg(104, 3)));
    BOTH(OUTSIDE_SERVICE_HOURS, pay_msg(100, 14, 5, PERSONAL),
         POLICY(1, service_from_minute = 541));
    BOTH(OUTSIDE_SERVICE_HOURS, pay_msg(100, 14, 5, PERSONAL), POLICY(2, service_to_minute = 540));
    BOTH(OK, pay_msg(100, 14, 5, PERSONAL)); /* same province */
    BOTH(CROSS_REGION_DISABLED, pay_msg(100, 13, 5, PERSONAL));
    BOTH(CROSS_REGION_DISABLED, pay_msg(100, 13, 5, PERSONAL),
         POLICY(1, cross_region_pay = GJ_CROSS_ANY));
    BOTH(OK, pay_msg(100, 13, 5, PERSONAL), POLICY(1, cross_region_pay = GJ_CROSS_ANY);
         POLICY(3, cross_region_pay = GJ_CROSS_ANY));
    BOTH(CROSS_REGION_DISABLED, pay_msg(100, 14, 5, PERSONAL),
         POLICY(1, cross_region_pay = GJ_CROSS_SAME));
    BOTH(CROSS_REGION_DISABLED, relative_msg(102, 13, 5, RELATIVE, 100));
}

static void institution_rows(void)
{
    BOTH(INST_NOT_FOUND, pay_msg(101, 99, 5, WALLET));
    BOTH(INST_SUSPENDED, pay_msg(101, 10, 5, WALLET),
         fixture_do(w, inst_msg(10, 1, GJ_HOSPITAL, 0x1F, GJ_FLAG_WALLET | GJ_FLAG_SUSPENDED)));
    BOTH(INST_NOT_WALLET_ENABLED, pay_msg(101, 12, 5, WALLET));
    BOTH(OK, pay_msg(100, 12, 5, PERSONAL));
    BOTH(INST_SCENARIO_NOT_ALLOWED, pay_msg(101, 11, 5, WALLET));
    BOTH(OK, with_detail(pay_msg(101, 11, 5, WALLET), GJ_DRUG));
    BOTH(RELATION_NOT_FOUND, relative_msg(101, 10, 5, RELATIVE, 104));
    BOTH(RELATION_NOT_FOUND, relative_msg(100, 10, 5, RELATIVE, 100));
    BOTH(RELATION_NOT_FOUND, relative_msg(103, 14, 5, RELATIVE, 104)); /* payer to member only */
    BOTH(RELATION_KIND_NOT_ALLOWED, draw(5), POLICY(1, relation_mask = 0xFD));
}

static void amount_rows(void)
{
    BOTH(SPLIT_MISMATCH, with_part(pay_msg(101, 10, 6, WALLET), 5));
    BOTH(OK, with_part(pay_msg(101, 10, 5, WALLET), 5));
    BOTH(PURPOSE_NOT_ALLOWED, with_detail(pay_msg(101, 10, 5, WALLET), GJ_DRUG),
         POLICY(1, purpose_mask_wallet = 0x0F));
    BOTH(PURPOSE_NOT_ALLOWED, with_detail(pay_msg(100, 10, 5, PERSONAL), GJ_DRUG),
         POLICY(1, purpose_mask_personal = 0x0F));
    BOTH(PURPOSE_NOT_ALLOWED, with_detail(draw(5), GJ_DRUG),
         POLICY(1, purpose_mask_relative = 0x0F));
    BOTH(PURPOSE_NOT_ALLOWED, with_detail(pay_msg(101, 10, 5, WALLET), GJ_MATERNITY));
    BOTH(OK, with_detail(pay_msg(100, 10, 5, PERSONAL), GJ_MATERNITY));
    BOTH(AUTH_METHOD_REQUIRED, with_auth(pay_msg(101, 10, 5, WALLET), GJ_AUTH_NONE));
    BOTH(OK, with_auth(pay_msg(101, 10, 5, WALLET), GJ_AUTH_CARD));

    BOTH(OUTPATIENT_SINGLE_LIMIT, pay_msg(101, 10, 51, WALLET),
         POLICY(1, outpatient_single_fen = 50));
    BOTH(OK, pay_msg(101, 10, 50, WALLET), POLICY(1, outpatient_single_fen = 50));
    BOTH(OK, pay_msg(100, 10, 51, PERSONAL), POLICY(1, outpatient_single_fen = 50));
    BOTH(OUTPATIENT_SINGLE_LIMIT, draw(51), POLICY(1, outpatient_single_fen = 50));
    BOTH(OUTPATIENT_SINGLE_LIMIT, draw(99999), POLICY(1, outpatient_single_fen = 50));
    BOTH(OK, with_detail(pay_msg(101, 10, 51, WALLET), GJ_INPATIENT),
         POLICY(1, outpatient_single_fen = 50));
    BOTH(OUTPATIENT_SINGLE_LIMIT, with_detail(pay_msg(101, 10, 51, WALLET), GJ_SPECIAL_DISEASE),
         POLICY(1, outpatient_single_fen = 50)); /* without the person's flag */
    BOTH(OK, with_detail(pay_msg(101, 10, 51, WALLET), GJ_SPECIAL_DISEASE),
         POLICY(1, outpatient_single_fen = 50);
         POLICY(1, special_single_fen = -1);
         fixture_do(w, with_flags(update_msg(101, 0, 0), 0x06)));
    BOTH(OUTPATIENT_SINGLE_LIMIT, with_detail(pay_msg(101, 10, 71, WALLET), GJ_SPECIAL_DISEASE),
         POLICY(1, outpatient_single_fen = 50);
         POLICY(1, special_single_fen = 70);
         fixture_do(w, with_flags(update_msg(101, 0, 0), 0x06)));
    BOTH(OK_PARTIAL, partial(pay_msg(101, 10, 51, WALLET)), POLICY(1, outpatient_single_fen = 50));

    BOTH(SHARED_CAP_EXCEEDED, draw(11), fixture_do(w, cap_msg(100, 101, 10)));
    BOTH(SHARED_CAP_EXCEEDED, draw(6), fixture_do(w, cap_msg(100, 101, 10));
         fixture_do(w, draw(5)));
    BOTH(OK, draw(10), fixture_do(w, cap_msg(100, 101, 10)); fixture_do(w, draw(10));
         w->time_ms = fixture_ms(2026, 1, 1, 0)); /* a new year */
    BOTH(SHARED_CAP_EXCEEDED, draw(1), fixture_do(w, draw(10));
         fixture_do(w, cap_msg(100, 101, 5)));
    BOTH(OK_PARTIAL, partial(draw(11)), fixture_do(w, cap_msg(100, 101, 10)));
    BOTH(SHARED_CAP_EXCEEDED, partial(draw(11)), fixture_do(w, cap_msg(100, 101, 0)));
    BOTH(ANNUAL_QUOTA_EXCEEDED, draw(50001));
    BOTH(OK_PARTIAL, partial(draw(50001)));
    BOTH(ANNUAL_QUOTA_EXCEEDED, partial(draw(1)), fixture_do(w, draw(50000)));
    BOTH(INSUFFICIENT_BALANCE, draw(80001), POLICY(1, quota_bp = 10000));
    BOTH(INSUFFICIENT_BALANCE, pay_msg(101, 10, 20001, WALLET));
    BOTH(INSUFFICIENT_BALANCE, partial(pay_msg(102, 13, 5, WALLET))); /* nothing taken */
    BOTH(OK_PARTIAL, partial(pay_msg(101, 10, 20001, WALLET)));
}

/* Something is left over: every bound that the rest asked of a source exceeded is a candidate for
 * the answer, the limit of one visit too, and the lowest wins. What is covered in the end is OK. */
static void bound_rows(void)
{
    const uint8_t relative_own = gj_sources(RELATIVE, PERSONAL, 0);
    const uint8_t wallet_relative = gj_sources(WALLET, RELATIVE, 0);
    BOTH(OUTPATIENT_SINGLE_LIMIT, draw(50001), POLICY(1, outpatient_single_fen = 50000);
         DO(cap_msg(100, 101, 10000)));
    BOTH(OUTPATIENT_SINGLE_LIMIT, draw(50001), POLICY(1, outpatient_single_fen = 50000));
    BOTH(SHARED_CAP_EXCEEDED, draw(50000), POLICY(1, outpatient_single_fen = 50000);
         DO(cap_msg(100, 101, 10000)));
    BOTH(OUTPATIENT_SINGLE_LIMIT, pay_msg(101, 10, 20001, WALLET),
         POLICY(1, outpatient_single_fen = 20000));
    BOTH(INSUFFICIENT_BALANCE, pay_msg(101, 10, 20001, WALLET),
         POLICY(1, outpatient_single_fen = 20001));
    /* Nothing taken: the same, although the empty wallet alone explains it. */
    BOTH(OUTPATIENT_SINGLE_LIMIT, partial(pay_msg(100, 10, 51, WALLET)),
         POLICY(1, outpatient_single_fen = 50));
    BOTH(INSUFFICIENT_BALANCE, partial(pay_msg(100, 10, 50, WALLET)),
         POLICY(1, outpatient_single_fen = 50));
    /* What the wallet gave is no longer of the limit that the relative meets. */
    BOTH(OUTPATIENT_SINGLE_LIMIT, relative_msg(101, 10, 20300, wallet_relative, 100),
         POLICY(1, outpatient_single_fen = 20299);
         DO(cap_msg(100, 101, 50)));
    BOTH(SHARED_CAP_EXCEEDED, relative_msg(101, 10, 20300, wallet_relative, 100),
         POLICY(1, outpatient_single_fen = 20300);
         DO(cap_msg(100, 101, 50)));
    /* 600.00, of which the cap leaves 100.00 and the own account pays the rest. */
    BOTH(OK, relative_msg(100, 10, 60000, relative_own, 103),
         POLICY(1, outpatient_single_fen = 50000);
         DO(bind_msg(103, 100, GJ_SIBLING, 10000)));
    BOTH(OUTPATIENT_SINGLE_LIMIT, relative_msg(100, 10, 30000, relative_own, 103),
         POLICY(1, outpatient_single_fen = 29999); /* the relative could give it all */
         DO(bind_msg(103, 100, GJ_SIBLING, -1)));
    BOTH(OUTPATIENT_SINGLE_LIMIT, relative_msg(100, 10, 90001, relative_own, 103),
         POLICY(1, outpatient_single_fen = 50000);
         DO(bind_msg(103, 100, GJ_SIBLING, 10000)));
}

/* Three sources in their order; cash for the rest. */
static void several_sources(void)
{
    struct fixture *w = fixture_new();
    fixture_do(w, bind_msg(103, 100, GJ_SIBLING, 700));
    fixture_do(w, transfer_msg(101, 100, 300, WALLET));
    struct msg m = relative_msg(100, 10, 81200, ALL3, 103);
    fixture_row(w, GJ_SHARED_CAP_EXCEEDED, m, __FILE__, __LINE__);
    fixture_row(w, GJ_OK_PARTIAL, partial(m), __FILE__, __LINE__);
    OK(w->last.reply.flags == GJ_REPLY_SOURCES && w->last.reply.balance == 0);
    OK(w->last.reply.amount == 81000 && w->last.sources.remainder == 200);
    OK(w->last.sources.taken[0] == 300 && w->last.sources.taken[1] == 80000);
    OK(w->last.sources.taken[2] == 700);
    OK(w->s->books[1].clearing == -700 && w->s->gross[2 * GJ_REGIONS_MAX + 1] == 700);
    OK(w->s->books[1].institution == 81000);
    const struct person *relative = fixture_person(w, 103);
    OK(w->s->persons_cold[relative - w->s->persons].used == 700);
    OK(w->s->families[relative->family].used[1] == 700);
    fixture_close(w);

    /* The limit of a visit is cut from wallet and relative, not from the own account. */
    w = fixture_new();
    POLICY(1, outpatient_single_fen = 100);
    fixture_do(w, transfer_msg(101, 100, 80, WALLET));
    fixture_do(w, bind_msg(103, 100, GJ_SIBLING, -1));
    m = relative_msg(100, 10, 90000,
                     gj_sources(GJ_SOURCE_RELATIVE, GJ_SOURCE_WALLET, GJ_SOURCE_PERSONAL), 103);
    fixture_row(w, GJ_OUTPATIENT_SINGLE_LIMIT, m, __FILE__, __LINE__);
    fixture_row(w, GJ_OK_PARTIAL, partial(m), __FILE__, __LINE__);
    OK(w->last.sources.taken[0] == 100 && w->last.sources.taken[1] == 0);
    OK(w->last.sources.taken[2] == 80000 && w->last.sources.remainder == 9900);
    fixture_close(w);

    /* What bounds one source does not matter once the others cover the rest. */
    w = fixture_new();
    fixture_do(w, transfer_msg(101, 100, 300, WALLET));
    m = pay_msg(100, 10, 400, gj_sources(GJ_SOURCE_WALLET, GJ_SOURCE_PERSONAL, GJ_SOURCE_NONE));
    fixture_row(w, GJ_OK, m, __FILE__, __LINE__);
    OK(w->last.sources.taken[0] == 300 && w->last.sources.taken[1] == 100);
    OK(w->last.sources.remainder == 0 && w->last.reply.amount == 400);
    fixture_close(w);

    /* Covered in full: the sources are in the reply because several were listed. */
    w = fixture_new();
    m = pay_msg(100, 10, 500, gj_sources(GJ_SOURCE_PERSONAL, GJ_SOURCE_WALLET, GJ_SOURCE_NONE));
    fixture_row(w, GJ_OK, m, __FILE__, __LINE__);
    OK(w->last.reply.flags == GJ_REPLY_SOURCES && w->last.sources.taken[0] == 500);
    OK(w->last.reply.balance == 79500 && w->last.sources.remainder == 0);
    fixture_row(w, GJ_OK, pay_msg(100, 10, 500, PERSONAL), __FILE__, __LINE__);
    OK(w->last.reply.flags == 0);
    fixture_close(w);
}

/* Money set aside is not there to be spent, by whatever operation. */
static void held_money(void)
{
    struct fixture *w = fixture_new();
    POLICY(1, quota_bp = 10000);
    fixture_do(w, transfer_msg(100, 101, 20000, PERSONAL));
    const struct person *member = fixture_person(w, 101);
    fixture_do(w, hold_msg(100, 10, 60000 - 50, PERSONAL));
    fixture_do(w, hold_msg(101, 10, 40000 - 50, WALLET));
    fixture_row(w, GJ_INSUFFICIENT_BALANCE, transfer_msg(100, 101, 51, PERSONAL), __FILE__,
                __LINE__);
    fixture_row(w, GJ_INSUFFICIENT_BALANCE, transfer_msg(101, 100, 51, WALLET), __FILE__, __LINE__);
    fixture_row(w, GJ_INSUFFICIENT_BALANCE, pay_msg(100, 10, 51, PERSONAL), __FILE__, __LINE__);
    fixture_row(w, GJ_INSUFFICIENT_BALANCE, pay_msg(101, 10, 51, WALLET), __FILE__, __LINE__);
    fixture_row(w, GJ_INSUFFICIENT_BALANCE, draw(51), __FILE__, __LINE__);
    fixture_row(w, GJ_INSUFFICIENT_BALANCE, held(draw(51)), __FILE__, __LINE__);
    fixture_row(w, GJ_INSUFFICIENT_BALANCE, hold_msg(100, 10, 51, PERSONAL), __FILE__, __LINE__);
    fixture_row(w, GJ_INSUFFICIENT_BALANCE, hold_msg(101, 10, 51, WALLET), __FILE__, __LINE__);
    struct msg premium = premium_msg(100, 101, 2026, PERSONAL);
    fixture_row(w, GJ_INSUFFICIENT_BALANCE, premium, __FILE__, __LINE__);
    premium = premium_msg(101, 101, 2026, WALLET);
    fixture_row(w, GJ_INSUFFICIENT_BALANCE, premium, __FILE__, __LINE__);
    fixture_row(w, GJ_OK_PARTIAL, partial(draw(51)), __FILE__, __LINE__);
    OK(w->last.reply.amount == 50 && w->last.sources.remainder == 1);
    OK(w->last.reply.balance == 60000 - 50);
    fixture_row(w, GJ_OK, transfer_msg(101, 100, 50, WALLET), __FILE__, __LINE__);
    OK(member->wallet == member->wallet_held);
    fixture_close(w);
}

void rows_pay(void)
{
    person_and_source_rows();
    place_rows();
    institution_rows();
    amount_rows();
    bound_rows();
    several_sources();
    held_money();
}
