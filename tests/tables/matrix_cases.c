/* tests/tables/matrix_cases.c -- what is reversed, and what comes in between. */
#include "tests/tables/matrix_cases.h"

#define THREE gj_sources(GJ_SOURCE_RELATIVE, GJ_SOURCE_WALLET, GJ_SOURCE_PERSONAL)
#define TWO   gj_sources(GJ_SOURCE_WALLET, GJ_SOURCE_RELATIVE, GJ_SOURCE_NONE)

struct fixture *matrix_world(void)
{
    struct fixture *w = fixture_new();
    for (uint16_t r = 1; r < AREAS; r++) {
        POLICY(r, cross_region_pay = GJ_CROSS_ANY);
        POLICY(r, region_change_enabled = 1);
    }
    POLICY(1, premiums[1] = (p->premiums[0]); p->premiums[1].product = 2);
    DO(open_msg(106, 1, GJ_INSURANCE_EMPLOYEE));
    DO(open_msg(107, 1, GJ_INSURANCE_RESIDENT));
    DO(open_msg(108, 2, GJ_INSURANCE_RESIDENT));
    DO(open_msg(109, 2, GJ_INSURANCE_EMPLOYEE));
    DO(wallet_msg(107, 1));
    DO(wallet_msg(104, 1));
    DO(bind_msg(100, 107, GJ_CHILD, -1));
    DO(bind_msg(101, 107, GJ_GRANDCHILD, -1));
    DO(bind_msg(103, 100, GJ_SIBLING, 700));
    DO(deposit_msg(100, 1000000));
    DO(deposit_msg(109, 30000));
    DO(transfer_msg(100, 101, 200000, PERSONAL));
    DO(transfer_msg(100, 107, 40000, PERSONAL));
    DO(transfer_msg(100, 102, 400, PERSONAL));
    DO(transfer_msg(101, 100, 300, WALLET));
    DO(relative_msg(101, 10, 90, RELATIVE, 100));
    DO(as(hold_msg(107, 10, 60, WALLET), HOLD_1));
    DO(as(hold_msg(107, 10, 70, WALLET), HOLD_2));
    POLICY(2, receive_mode = GJ_RECEIVE_ACCEPT);
    DO(as(transfer_msg(103, 104, 50, PERSONAL), COMING_1));
    DO(as(transfer_msg(103, 104, 40, PERSONAL), COMING_2));
    POLICY(2, receive_mode = GJ_RECEIVE_INSTANT);
    DO(as(pay_msg(103, 14, 500, PERSONAL), PAID_1));
    DO(as(pay_msg(103, 14, 500, PERSONAL), PAID_2));
    DO(as(deposit_msg(109, 800), DEPOSITED));
    return w;
}

struct sample samples[SAMPLES_MAX];
unsigned samples_count;
struct second seconds[SECONDS_MAX];
unsigned seconds_count;

static void begin(const char *name, uint64_t person)
{
    samples[samples_count++] = (struct sample){.name = name, .person = person};
}
static struct sample *sample(void)
{
    return &samples[samples_count - 1];
}
/* In the world with it, in the one without it, in both. */
static void only(struct msg m)
{
    sample()->with[sample()->with_count++] = m;
    sample()->transfers += m.op.type == GJ_OP_TRANSFER;
    sample()->refund |= m.op.type == GJ_OP_REFUND;
}
static void instead(struct msg m)
{
    sample()->without[sample()->without_count++] = m;
}
static void both(struct msg m)
{
    sample()->with[sample()->with_count++] = m;
    instead(m);
}
static void moves(uint64_t person, uint8_t source, int64_t debit)
{
    unsigned i = sample()->moves_count++;
    sample()->moves[i].person = person;
    sample()->moves[i].source = source;
    sample()->moves[i].debit = debit;
}

static struct msg mode_msg(uint16_t region, uint32_t version, uint8_t mode)
{
    struct fixture *w = matrix_world();
    struct msg m = with_amount(region_again(w, region), version);
    ((struct gj_region_ext *)(void *)m.ext)->policy.receive_mode = mode;
    fixture_end(w);
    return m;
}

static void transfer_samples(void)
{
    begin("deposit", 100);
    only(as(deposit_msg(100, 500), FIRST));
    moves(100, PERSONAL, 500);
    begin("transfer PA", 100);
    only(as(transfer_msg(100, 101, 500, PERSONAL), FIRST));
    moves(101, WALLET, 500);
    moves(100, PERSONAL, 0);
    begin("transfer PA across", 100);
    only(as(transfer_msg(100, 102, 500, PERSONAL), FIRST));
    moves(102, WALLET, 500);
    moves(100, PERSONAL, 0);
    begin("transfer W", 101);
    only(as(transfer_msg(101, 100, 500, WALLET), FIRST));
    moves(100, WALLET, 500);
    moves(101, WALLET, 0);
    begin("accepted PA", 100);
    both(mode_msg(3, 90, GJ_RECEIVE_ACCEPT));
    only(as(transfer_msg(100, 102, 500, PERSONAL), FIRST));
    only(accept_msg(100, FIRST, 102));
    both(mode_msg(3, 91, GJ_RECEIVE_INSTANT));
    moves(102, WALLET, 500);
    moves(100, PERSONAL, 0);
    begin("accepted W", 101);
    both(mode_msg(1, 90, GJ_RECEIVE_ACCEPT));
    only(as(transfer_msg(101, 100, 500, WALLET), FIRST));
    only(accept_msg(101, FIRST, 100));
    both(mode_msg(1, 91, GJ_RECEIVE_INSTANT));
    moves(100, WALLET, 500);
    moves(101, WALLET, 0);
    begin("premium PA", 100);
    only(as(premium_msg(100, 101, 2026, PERSONAL), FIRST));
    moves(100, PERSONAL, 0);
    begin("premium W", 101);
    only(as(premium_msg(101, 107, 2026, WALLET), FIRST));
    moves(101, WALLET, 0);
    begin("premium for oneself", 101);
    only(as(premium_msg(101, 101, 2026, WALLET), FIRST));
    moves(101, WALLET, 0);
}

static void pay_samples(void)
{
    begin("pay W", 101);
    only(as(pay_msg(101, 10, 700, WALLET), FIRST));
    moves(101, WALLET, 0);
    begin("pay PA across", 100);
    only(as(pay_msg(100, 14, 700, PERSONAL), FIRST));
    moves(100, PERSONAL, 0);
    begin("pay relative", 101);
    only(as(relative_msg(101, 10, 700, RELATIVE, 100), FIRST));
    moves(100, PERSONAL, 0);
    begin("pay of three", 100); /* 7.00, 3.00 and 5.00 */
    only(as(relative_msg(100, 10, 1500, THREE, 103), FIRST));
    moves(103, PERSONAL, 0);
    moves(100, WALLET, 0);
    moves(100, PERSONAL, 0);
    begin("pay in part", 102); /* 4.00 */
    only(as(with_flags(pay_msg(102, 13, 1000, WALLET), GJ_FLAG_PARTIAL), FIRST));
    moves(102, WALLET, 0);
    begin("capture", 101);
    both(as(hold_msg(101, 10, 1000, WALLET), SECOND));
    only(as(final_msg(101, SECOND, 700), FIRST));
    instead(release_msg(101, SECOND));
    moves(101, WALLET, 0);
    begin("capture of two", 102); /* 4.00 of the wallet and 3.00 of 6.00 of the relative's */
    both(as(with_relative(hold_msg(102, 13, 1000, TWO), 100), SECOND));
    only(as(final_msg(102, SECOND, 700), FIRST));
    instead(release_msg(102, SECOND));
    moves(102, WALLET, 0);
    moves(100, PERSONAL, 0);
    begin("refund", 101);
    both(as(pay_msg(101, 10, 900, WALLET), SECOND));
    only(as(refund_msg(101, SECOND, 500), FIRST));
    moves(101, WALLET, 500);
    begin("refund of two", 102); /* 6.00 of the relative's, 2.00 of the wallet */
    both(as(relative_msg(102, 13, 1000, TWO, 100), SECOND));
    only(as(refund_msg(102, SECOND, 800), FIRST));
    moves(102, WALLET, 200);
    moves(100, PERSONAL, 600);
    begin("second refund", 102); /* 5.30 and 2.70 */
    both(as(relative_msg(102, 13, 1000, TWO, 100), SECOND));
    both(as(refund_msg(102, SECOND, 70), THIRD));
    only(as(refund_msg(102, SECOND, 800), FIRST));
    moves(102, WALLET, 270);
    moves(100, PERSONAL, 530);
}

static void second(struct msg m)
{
    seconds[seconds_count].list[0] = m;
    seconds[seconds_count++].count = 1;
}
/* One more operation after the last one. */
static void then(struct msg m)
{
    seconds[seconds_count - 1].list[seconds[seconds_count - 1].count++] = m;
}

void make_seconds(void)
{
    struct fixture *w = matrix_world();
    struct msg policy = with_amount(region_again(w, 1), 99);
    struct gj_policy *p = &((struct gj_region_ext *)(void *)policy.ext)->policy;
    p->quota_bp = 0;
    p->wallet_open = 0;
    p->reversal_days = p->refund_days = 0;
    second(policy);
    fixture_end(w);
    second(inst_msg(10, 1, GJ_HOSPITAL, 0x1F, GJ_FLAG_SUSPENDED));
    second(open_msg(120, 1, GJ_INSURANCE_EMPLOYEE));
    for (uint64_t id = 100; id <= 103; id++) {
        second(update_msg(id, GJ_INSURANCE_EMPLOYEE, GJ_STATUS_STOPPED));
        second(update_msg(id, GJ_INSURANCE_RESIDENT, GJ_STATUS_ACTIVE));
        second(suspend_msg(id, GJ_USE_ALL));
        second(resume_msg(id, GJ_USE_ALL));
    }
    second(phone_msg(100, 7));
    second(wallet_msg(106, 2));
    second(bind_msg(106, 101, GJ_PARENT, -1));
    second(bind_msg(100, 106, GJ_SPOUSE, 3));
    second(unbind_msg(100, 101));
    second(unbind_msg(100, 101));
    then(bind_msg(100, 101, GJ_PARENT, 50));
    second(unbind_msg(100, 102));
    second(unbind_msg(100, 102));
    then(bind_msg(100, 102, GJ_CHILD, 5000));
    second(unbind_msg(103, 100));
    second(cap_msg(100, 0, 0));
    second(cap_msg(103, 100, 0));
    second(deposit_msg(100, 333));
    second(deposit_msg(103, 333));
    second(transfer_msg(100, 101, 333, PERSONAL));
    second(transfer_msg(100, 102, 333, PERSONAL));
    second(transfer_msg(101, 100, 100, WALLET));
    second(transfer_msg(103, 104, 333, PERSONAL));
    second(pay_msg(100, 10, 700000, PERSONAL));
    second(pay_msg(107, 10, 100, WALLET));
    second(relative_msg(101, 10, 80, RELATIVE, 100));
    second(relative_msg(102, 13, 80, RELATIVE, 100));
    second(with_detail(premium_msg(100, 101, 2026, PERSONAL), 2));
    second(with_detail(premium_msg(100, 107, 2026, PERSONAL), 2));
    second(accept_msg(103, COMING_1, 104));
    second(return_msg(103, COMING_1, 103));
    second(hold_msg(100, 14, 500000, PERSONAL));
    second(with_relative(hold_msg(101, 10, 80, RELATIVE), 100));
    second(with_timeout(hold_msg(100, 10, 80, PERSONAL), 60));
    second(capture_msg(107, HOLD_1, 20));
    second(final_msg(107, HOLD_1, 20));
    second(release_msg(107, HOLD_2));
    second(refund_msg(103, PAID_1, 70));
    second(reverse_msg(103, PAID_2));
    second(reverse_msg(109, DEPOSITED));
    second(region_change_msg(100, 2));
    second(region_change_msg(101, 3));
    second(region_change_msg(102, 2));
    second(close_msg(106, GJ_PAYOUT_NONE));
    second(close_msg(104, GJ_PAYOUT_CASH));
    second(close_msg(109, GJ_PAYOUT_CASH));
    for (uint64_t id = 100; id <= 102; id++) second(close_msg(id, GJ_PAYOUT_CASH));
    /* All there is, whatever that is. */
    second(with_flags(pay_msg(101, 10, 999999, WALLET), GJ_FLAG_PARTIAL));
    second(with_flags(pay_msg(102, 13, 999999, WALLET), GJ_FLAG_PARTIAL));
    second(with_flags(pay_msg(100, 10, 9999999, PERSONAL), GJ_FLAG_PARTIAL));
    second(with_flags(hold_msg(100, 10, 9999999, WALLET), GJ_FLAG_PARTIAL));
    second(transfer_msg(100, 101, 10000, PERSONAL));
    seconds[seconds_count - 1].later_ms = 22 * HOUR_MS; /* all that was open has expired */
    second(deposit_msg(104, 5));
    seconds[seconds_count - 1].later_ms = 25 * HOUR_MS;
}

void make_samples(void)
{
    transfer_samples();
    pay_samples();
}
