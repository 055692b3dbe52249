/* tests/tables/test_request.c -- codes 10 to 37 and the system codes, for every operation. */
#include <string.h>

#include "core/format/op_traits.h"
#include "tests/tables/fixture.h"

#define SAMPLES 24

/* What the samples refer to: a hold, a pending transfer of 100 to be accepted and one of 101 to be
 * returned, two payments, a deposit, a person to be closed; and a region that can be left. */
enum { HELD = 101, HELD_TOO, COMING, GOING, PAID, DEPOSITED };

static void prepare(struct fixture *w)
{
    DO(as(hold_msg(101, 10, 5, WALLET), HELD));
    DO(as(hold_msg(101, 10, 5, WALLET), HELD_TOO));
    POLICY(1, receive_mode = GJ_RECEIVE_ACCEPT);
    DO(as(transfer_msg(100, 101, 5, PERSONAL), COMING));
    DO(as(transfer_msg(101, 100, 5, WALLET), GOING));
    POLICY(1, receive_mode = GJ_RECEIVE_INSTANT);
    DO(as(pay_msg(101, 10, 5, WALLET), PAID));
    DO(as(deposit_msg(103, 5), DEPOSITED));
    DO(open_msg(111, 1, GJ_INSURANCE_EMPLOYEE));
    POLICY(2, region_change_enabled = 1);
}

/* One accepted message of every operation, in the world as it begins. */
static unsigned samples(struct fixture *w, struct msg list[SAMPLES])
{
    prepare(w);
    unsigned n = 0;
    list[n++] = region_again(w, 1);
    list[n++] = inst_msg(20, 1, GJ_HOSPITAL, 0x1F, 0);
    list[n++] = open_msg(110, 1, GJ_INSURANCE_EMPLOYEE);
    list[n++] = phone_msg(100, 77);
    list[n++] = wallet_msg(104, 1);
    list[n++] = bind_msg(104, 105, GJ_CHILD, -1);
    list[n++] = unbind_msg(100, 102);
    list[n++] = cap_msg(100, 101, 5);
    list[n++] = deposit_msg(100, 5);
    list[n++] = transfer_msg(100, 101, 5, PERSONAL);
    list[n++] = pay_msg(101, 10, 5, WALLET);
    list[n++] = premium_msg(100, 101, 2026, PERSONAL);
    list[n++] = accept_msg(100, COMING, 101);
    list[n++] = return_msg(101, GOING, 100);
    list[n++] = hold_msg(101, 10, 5, WALLET);
    list[n++] = capture_msg(101, HELD, 3);
    list[n++] = release_msg(101, HELD_TOO);
    list[n++] = refund_msg(101, PAID, 2);
    list[n++] = reverse_msg(103, DEPOSITED);
    list[n++] = region_change_msg(103, 3);
    list[n++] = close_msg(111, GJ_PAYOUT_NONE);
    list[n++] = suspend_msg(100, 0);
    list[n++] = resume_msg(100, 0);
    return n;
}

#define EACH(want, change, ...)                                                                    \
    for (unsigned i = 0, count = 1; i < count; i++) {                                              \
        struct fixture *w = fixture_new();                                                         \
        struct msg list[SAMPLES];                                                                  \
        count = samples(w, list);                                                                  \
        struct msg m = list[i];                                                                    \
        __VA_ARGS__;                                                                               \
        change;                                                                                    \
        fixture_row(w, (want), m, __FILE__, __LINE__);                                             \
        fixture_close(w);                                                                          \
    }

static void rid_at(struct msg *m, uint64_t ms)
{
    memset(&m->op.rid, 0, sizeof(m->op.rid));
    for (unsigned i = 0; i < 6; i++) m->op.rid.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    m->op.rid.bytes[15] = 9;
}

static bool has_person(const struct msg *m)
{
    return op_is(m->op.type, GJ_OP_PERSON);
}

void rows_fields(void)
{
    EACH(m.op.type == GJ_OP_RESUME ? GJ_OK_NOOP : GJ_OK, (void)0);
    EACH(GJ_MALFORMED, m.op.ext_count = (uint8_t)(m.op.type == GJ_OP_SET_REGION ? 5 : 2));
    EACH(GJ_BAD_FIELD, if (has_person(&m)) m.op.person = 0; else m.op.arg = 0);
    EACH(GJ_RESERVED_NONZERO, m.op.flags |= 0x80);
    struct msg m = deposit_msg(100, 1);
    m.op.type = 0;
    ROW(UNKNOWN_OP, m);
    m = release_msg(100, HELD);
    m.op.type = GJ_OP_EXPIRE; /* the server's own */
    ROW(UNKNOWN_OP, m);
    m.op.type = 25;
    ROW(UNKNOWN_OP, m);
    m.op.type = 255;
    ROW(UNKNOWN_OP, m);

    /* 13: each field's range. */
    ROW(BAD_FIELD, with_amount(region_again(w, 1), 0));
    ROW(BAD_FIELD, with_amount(region_again(w, 1), INT64_C(1) << 32));
    for (unsigned line = 0; line < 6; line++) { /* a header of the log among what it logs */
        ROW(BAD_FIELD, m, m = region_again(w, 1);
            memcpy(m.ext + line * GJ_RECORD_UNIT, "gnjilog1", 8));
    }
    ROW(BAD_FIELD, inst_msg(0, 1, GJ_HOSPITAL, 1, 0));
    ROW(BAD_FIELD, inst_msg(20, GJ_REGIONS_MAX, GJ_HOSPITAL, 1, 0));
    ROW(BAD_FIELD, inst_msg(20, 1, 3, 1, 0));
    ROW(BAD_FIELD, inst_msg(20, 1, GJ_HOSPITAL, 0x20, 0));
    ROW(BAD_FIELD, inst_msg(20, 1, GJ_HOSPITAL, 0, 0));
    m = inst_msg(20, 1, GJ_HOSPITAL, 1, 0);
    m.ext[3] = 0;
    ROW(BAD_FIELD, m);
    m.ext[3] = 0xE6;
    ROW(BAD_FIELD, m);
    ROW(BAD_FIELD, open_msg(110, 0, GJ_INSURANCE_EMPLOYEE));
    ROW(BAD_FIELD, open_msg(110, 1, 0));
    ROW(BAD_FIELD, open_msg(110, 1, 3));
    ROW(BAD_FIELD, with_detail(open_msg(110, 1, 1), 3));
    ROW(BAD_FIELD, update_msg(100, 3, 0));
    ROW(BAD_FIELD, update_msg(100, 0, 3));
    ROW(BAD_FIELD, with_amount(update_msg(100, 0, 0), 2));
    ROW(BAD_FIELD, phone_msg(100, 0));
    ROW(BAD_FIELD, wallet_msg(104, 0));
    ROW(BAD_FIELD, with_auth(wallet_msg(104, 1), 4));
    ROW(BAD_FIELD, bind_msg(104, 0, GJ_CHILD, -1));
    ROW(BAD_FIELD, bind_msg(104, 105, 0, -1));
    ROW(BAD_FIELD, bind_msg(104, 105, 9, -1));
    ROW(BAD_FIELD, bind_msg(104, 105, GJ_CHILD, -2));
    ROW(BAD_FIELD, bind_msg(104, 105, GJ_CHILD, GJ_AMOUNT_MAX + 1));
    ROW(BAD_FIELD, unbind_msg(100, 0));
    ROW(BAD_FIELD, cap_msg(100, 101, -2));
    ROW(BAD_FIELD, with_auth(cap_msg(100, 101, 5), 4));
    ROW(BAD_FIELD, transfer_msg(100, 101, 5, 0));
    ROW(BAD_FIELD, transfer_msg(100, 101, 5, RELATIVE));
    ROW(BAD_FIELD, transfer_msg(100, 0, 5, PERSONAL));
    ROW(BAD_FIELD, pay_msg(100, 0, 5, WALLET));
    ROW(BAD_FIELD, pay_msg(100, 10, 5, 0));
    ROW(BAD_FIELD, pay_msg(100, 10, 5, 0x40 | WALLET));
    ROW(BAD_FIELD, pay_msg(100, 10, 5, gj_sources(WALLET, WALLET, 0)));
    ROW(BAD_FIELD, pay_msg(100, 10, 5, gj_sources(WALLET, 0, PERSONAL)));
    ROW(BAD_FIELD, pay_msg(100, 10, 5, RELATIVE));
    ROW(BAD_FIELD, relative_msg(100, 10, 5, RELATIVE, 0));
    ROW(BAD_FIELD, with_detail(pay_msg(100, 10, 5, WALLET), 6));
    ROW(BAD_FIELD, with_detail(pay_msg(100, 10, 5, WALLET), 0));
    ROW(BAD_FIELD, with_part(pay_msg(100, 10, 5, WALLET), -1));
    ROW(BAD_FIELD, with_part(pay_msg(100, 10, 5, WALLET), GJ_AMOUNT_MAX + 1));
    ROW(BAD_FIELD, premium_msg(100, 101, 1999, PERSONAL));
    ROW(BAD_FIELD, premium_msg(100, 101, 2201, PERSONAL));
    ROW(BAD_FIELD, premium_msg(100, 101, 2026, RELATIVE));
    ROW(BAD_FIELD, with_detail(premium_msg(100, 101, 2026, WALLET), 9));
    ROW(BAD_FIELD, with_detail(premium_msg(100, 101, 2026, WALLET), 0));
    ROW(BAD_FIELD, suspend_msg(100, 0x10));
    ROW(BAD_FIELD, resume_msg(100, 0x10));
    ROW(BAD_FIELD, accept_msg(100, 1, 0));
    ROW(BAD_FIELD, return_msg(100, 1, 0));
    ROW(BAD_FIELD, hold_msg(101, 0, 5, WALLET));
    ROW(BAD_FIELD, hold_msg(101, 10, 5, 0));
    ROW(BAD_FIELD, hold_msg(101, 10, 5, RELATIVE));
    ROW(BAD_FIELD, with_detail(hold_msg(101, 10, 5, WALLET), 6));
    ROW(BAD_FIELD, with_part(hold_msg(101, 10, 5, WALLET), -1));
    ROW(BAD_FIELD, region_change_msg(100, 0));
    ROW(BAD_FIELD, region_change_msg(100, GJ_REGIONS_MAX));
    ROW(BAD_FIELD, with_auth(region_change_msg(100, 2), 4));
    ROW(BAD_FIELD, close_msg(100, 2));
    const struct msg amending[] = {accept_msg(100, 1, 101), return_msg(100, 1, 101),
                                   capture_msg(101, 1, 5),  release_msg(101, 1),
                                   refund_msg(101, 1, 5),   reverse_msg(101, 1)};
    for (size_t i = 0; i < ARRAY_COUNT(amending); i++) {
        m = amending[i];
        memset(m.ext, 0, 16);
        ROW(BAD_FIELD, m);                  /* no original */
        ROW(BAD_FIELD, as(amending[i], 1)); /* itself */
        m = amending[i];
        m.ext[16] = 1;
        ROW(RESERVED_NONZERO, m);
        m.ext[63] = 1;
        ROW(RESERVED_NONZERO, m);
        m = amending[i];
        m.op.arg = 1;
        ROW(RESERVED_NONZERO, m);
        m.op.ext_count = 0;
        ROW(MALFORMED, m);
        ROW(RESERVED_NONZERO, with_auth(amending[i], GJ_AUTH_FACE));
        ROW(RESERVED_NONZERO, with_detail(amending[i], 1));
        ROW(RESERVED_NONZERO, with_flags(amending[i], GJ_FLAG_PARTIAL));
    }
    ROW(RESERVED_NONZERO, with_amount(release_msg(101, 1), 1));
    ROW(RESERVED_NONZERO, with_amount(reverse_msg(101, 1), 1));
    ROW(RESERVED_NONZERO, with_amount(accept_msg(100, 1, 101), 1));
    ROW(RESERVED_NONZERO, with_amount(close_msg(100, 0), 1));
    ROW(RESERVED_NONZERO, with_amount(region_change_msg(100, 2), 1));
    ROW(RESERVED_NONZERO, with_flags(refund_msg(101, 1, 5), GJ_FLAG_FINAL));
    ROW(RESERVED_NONZERO, with_flags(hold_msg(101, 10, 5, WALLET), GJ_FLAG_FINAL));
    ROW(RESERVED_NONZERO, with_timeout(pay_msg(101, 10, 5, WALLET), 60)); /* of HOLD only */
    m = capture_msg(101, 1, 5);
    m.op.other = 10;
    ROW(RESERVED_NONZERO, m);
    m = reverse_msg(101, 1);
    m.op.other = 10;
    ROW(RESERVED_NONZERO, m);

    /* 14: what an operation does not use. */
    ROW(RESERVED_NONZERO, with_amount(inst_msg(20, 1, 1, 1, 0), 1));
    ROW(RESERVED_NONZERO, with_detail(region_again(w, 1), 1));
    ROW(RESERVED_NONZERO, with_auth(deposit_msg(100, 1), 1));
    ROW(RESERVED_NONZERO, with_auth(premium_msg(100, 101, 2026, WALLET), 1));
    ROW(RESERVED_NONZERO, with_flags(update_msg(100, 0, 0), GJ_FLAG_SPECIAL));
    ROW(RESERVED_NONZERO, with_flags(phone_msg(100, 7), 0));
    ROW(RESERVED_NONZERO, with_flags(transfer_msg(100, 101, 5, PERSONAL), GJ_FLAG_PARTIAL));
    ROW(RESERVED_NONZERO, relative_msg(100, 10, 5, WALLET, 101));
    m = region_msg(1, 2, "山东省", "济南市");
    m.op.person = 1;
    ROW(RESERVED_NONZERO, m);
    m = region_msg(1, 2, "山东省", "济南市");
    m.ext[116] = 1;
    ROW(RESERVED_NONZERO, m);
    m.ext[116] = 0;
    m.ext[128 + 127] = 1;
    ROW(RESERVED_NONZERO, m);
    m.ext[128 + 127] = 0;
    m.ext[256 + 11] = 1;
    ROW(RESERVED_NONZERO, m);
    m = relative_msg(100, 10, 5, RELATIVE, 103);
    m.ext[63] = 1;
    ROW(RESERVED_NONZERO, m);
    m = inst_msg(20, 1, 1, 1, 0);
    m.ext[16] = 1;
    ROW(RESERVED_NONZERO, m);
    m = suspend_msg(100, 1);
    m.op.other = 3;
    ROW(RESERVED_NONZERO, m);
}

/* A zero rid is what fixture_send() replaces, so these go around it. */
static void zero_rid(void)
{
    struct fixture *w = fixture_new();
    struct msg list[SAMPLES];
    unsigned count = samples(w, list);
    for (unsigned i = 0; i < count; i++) {
        struct decide_input in = {.time_ms = w->time_ms, .seq = state_seq(w->s) + 1};
        uint64_t record[GJ_RECORD_SIZE_MAX / 8];
        struct decision decision;
        decide(w->s, &list[i].op, &in, record, &decision);
        OK(decision.kind == DECISION_REJECT && decision.reply.code == GJ_RID_ZERO);
        fixture_reached[list[i].op.type][decision.reply.code] = 1;
    }
    fixture_close(w);
}

/* The same bytes again give the same reply; the same rid with another body gives 31. */
static void replays(void)
{
    struct fixture *w = fixture_new();
    struct msg list[SAMPLES];
    unsigned count = samples(w, list);
    for (unsigned i = 0; i < count; i++) {
        struct msg m = list[i];
        rid_at(&m, w->time_ms + i);
        fixture_do(w, m);
        struct gj_reply first = w->last.reply;
        struct gj_reply_sources sources = w->last.sources;
        m.op.deadline_ms = 1; /* no part of the body */
        w->time_ms += HOUR_MS;
        fixture_row(w, first.code, m, __FILE__, __LINE__);
        OK(w->last.kind == DECISION_REPLAY);
        OK(w->last.reply.flags == (first.flags | GJ_REPLY_REPLAYED));
        OK(w->last.reply.seq == first.seq && w->last.reply.balance == first.balance);
        OK(w->last.reply.amount == first.amount);
        OK(memcmp(&sources, &w->last.sources, sizeof(sources)) == 0);
        m.op.ref++;
        fixture_row(w, GJ_RID_REUSED, m, __FILE__, __LINE__);
    }
    /* A refusal is remembered as well, even when the reason is gone. */
    struct msg m = transfer_msg(101, 100, 30000, WALLET);
    rid_at(&m, w->time_ms + 99);
    POLICY(1, quota_bp = 10000);
    fixture_row(w, GJ_INSUFFICIENT_BALANCE, m, __FILE__, __LINE__);
    fixture_do(w, transfer_msg(100, 101, 30000, PERSONAL));
    fixture_row(w, GJ_INSUFFICIENT_BALANCE, m, __FILE__, __LINE__);
    OK(w->last.kind == DECISION_REPLAY);
    /* Another person's equal rid is another request. */
    m.op.person = 100;
    m.op.other = 101;
    m.op.kind = PERSONAL;
    m.op.amount = 5;
    fixture_row(w, GJ_OK, m, __FILE__, __LINE__);
    fixture_close(w);
}

/* What was reversed before it arrived is never executed, whatever it is. */
static void tombstoned(void)
{
    EACH(GJ_RID_TOMBSTONED, {
        if (!has_person(&m)) { /* a reversal has a first person, so these cannot be */
            fixture_close(w);
            continue;
        }
        m = as(m, 1);
        fixture_row(w, GJ_OK_TOMBSTONED, reverse_msg(m.op.person, 1), __FILE__, __LINE__);
    })
}

/* The table of requests ahead of their time is full: 34, until the time of one of them has come.
 * What is not ahead, and what is remembered, is answered as ever. */
static void crowded(void)
{
    const unsigned most = 64; /* tests/tables/fixture.c */
    struct fixture *w = fixture_new();
    uint64_t near = w->time_ms + GJ_RID_NEAR_MS;
    for (unsigned i = 0; i < most - 1; i++) {
        struct msg m = deposit_msg(100, 1);
        m.op.rid = fixture_rid(near + 1000 * i, 1000 + i);
        fixture_do(w, m);
    }
    struct msg m = as(deposit_msg(103, 5), 1), first = deposit_msg(100, 1), both;
    fixture_row(w, GJ_OK, m, __FILE__, __LINE__);
    struct gj_rid unseen = fixture_rid(near, 5000);
    both = reverse_msg(103, 1);
    memcpy(both.ext, &unseen, sizeof(unseen));
    both.op.rid = fixture_rid(near, 5001);
    fixture_row(w, GJ_RID_IN_FUTURE, both, __FILE__, __LINE__); /* it would take two places */
    both.op.rid = fixture_rid(w->time_ms, 5001);
    fixture_row(w, GJ_OK_TOMBSTONED, both, __FILE__, __LINE__);
    m.op.rid = unseen;
    fixture_row(w, GJ_RID_TOMBSTONED, m, __FILE__, __LINE__);
    m.op.rid = fixture_rid(near, 5002);
    fixture_row(w, GJ_RID_IN_FUTURE, m, __FILE__, __LINE__);
    m.op.rid = fixture_rid(near - 1, 5003);
    fixture_row(w, GJ_OK, m, __FILE__, __LINE__);
    first.op.rid = fixture_rid(near, 1000);
    fixture_row(w, GJ_OK, first, __FILE__, __LINE__);
    OK(w->last.kind == DECISION_REPLAY);
    struct msg undo = reverse_msg(100, 1);
    memcpy(undo.ext, &first.op.rid, sizeof(first.op.rid)); /* ahead and known: no tombstone */
    fixture_row(w, GJ_OK, undo, __FILE__, __LINE__);
    w->time_ms = near;
    fixture_row(w, GJ_OK, first, __FILE__, __LINE__);
    OK(w->last.kind == DECISION_REPLAY);
    m.op.rid = fixture_rid(near + GJ_RID_NEAR_MS, 5004);
    fixture_row(w, GJ_OK, m, __FILE__, __LINE__);
    OK(state_rid_low_water_ms(w->s) == 0);
    fixture_close(w);
}

void rows_request(void)
{
    crowded();
    zero_rid();
    replays();
    tombstoned();
    EACH(GJ_RID_EXPIRED, rid_at(&m, w->time_ms - 1), fixture_forget(w, w->time_ms));
    /* No time: before 2020, or seconds, alone or in the first 32 bits. */
    EACH(GJ_BAD_FIELD, rid_at(&m, GJ_RID_FIRST_MS - 1));
    EACH(m.op.type == GJ_OP_RESUME ? GJ_OK_NOOP : GJ_OK, rid_at(&m, GJ_RID_FIRST_MS));
    EACH(GJ_BAD_FIELD, rid_at(&m, w->time_ms / 1000));
    EACH(GJ_BAD_FIELD, rid_at(&m, w->time_ms / 1000 << 16 | 0x1234));
    EACH(GJ_RID_IN_FUTURE, rid_at(&m, (GJ_RID_SECONDS_FIRST << 16) - 1));
    EACH(GJ_BAD_FIELD, rid_at(&m, GJ_RID_SECONDS_FIRST << 16));
    EACH(GJ_BAD_FIELD, rid_at(&m, GJ_RID_SECONDS_LAST << 16 | 0xFFFF));
    EACH(GJ_RID_IN_FUTURE, rid_at(&m, (GJ_RID_SECONDS_LAST + 1) << 16));
    EACH(GJ_BAD_FIELD, rid_at(&m, 7), fixture_forget(w, w->time_ms)); /* not 32 */
    EACH(GJ_RID_IN_FUTURE, rid_at(&m, w->time_ms + GJ_RID_AHEAD_MS + 1));
    EACH(m.op.type == GJ_OP_RESUME ? GJ_OK_NOOP : GJ_OK, rid_at(&m, w->time_ms + GJ_RID_AHEAD_MS));
    EACH(GJ_DEADLINE_EXCEEDED, rid_at(&m, w->time_ms - 11); m.op.deadline_ms = 10);
    EACH(m.op.type == GJ_OP_RESUME ? GJ_OK_NOOP : GJ_OK, rid_at(&m, w->time_ms - 10);
         m.op.deadline_ms = 10);
    EACH(GJ_READ_ONLY, w->read_only = true);

    ROW(AMOUNT_NOT_POSITIVE, deposit_msg(100, 0));
    ROW(AMOUNT_NOT_POSITIVE, transfer_msg(100, 101, -1, PERSONAL));
    ROW(AMOUNT_NOT_POSITIVE, pay_msg(100, 10, 0, WALLET));
    ROW(AMOUNT_NOT_POSITIVE, with_amount(premium_msg(100, 101, 2026, WALLET), 0));
    ROW(AMOUNT_OVER_MAX, deposit_msg(100, GJ_AMOUNT_MAX + 1));
    ROW(AMOUNT_OVER_MAX, transfer_msg(100, 100, INT64_MAX, PERSONAL));
    ROW(AMOUNT_OVER_MAX, pay_msg(100, 10, GJ_AMOUNT_MAX + 1, WALLET));
    ROW(AMOUNT_OVER_MAX, with_amount(premium_msg(100, 101, 2026, WALLET), INT64_MAX));
    ROW(AMOUNT_NOT_POSITIVE, hold_msg(101, 10, 0, WALLET));
    ROW(AMOUNT_OVER_MAX, hold_msg(101, 10, GJ_AMOUNT_MAX + 1, WALLET));
    ROW(AMOUNT_NOT_POSITIVE, capture_msg(101, 1, 0));
    ROW(AMOUNT_OVER_MAX, capture_msg(101, 1, GJ_AMOUNT_MAX + 1));
    ROW(AMOUNT_NOT_POSITIVE, refund_msg(101, 1, -1));
    ROW(AMOUNT_OVER_MAX, refund_msg(101, 1, INT64_MAX));
    ROW(SELF_TRANSFER, transfer_msg(100, 100, 5, PERSONAL));
    ROW(SELF_TRANSFER, transfer_msg(999, 999, 5, PERSONAL));

    ROW(CAPACITY_PERSONS, open_msg(110, 1, 1), w->s->config.persons_max = w->s->persons_count);
    ROW(REGION_NOT_FOUND, open_msg(110, 9, 1), w->s->config.persons_max = w->s->persons_count);
    ROW(OK_NOOP, open_msg(100, 1, 1), w->s->config.persons_max = w->s->persons_count);
    ROW(CAPACITY_RECORDS, inst_msg(20, 1, 1, 1, 0),
        w->s->config.institutions_max = w->s->institutions_count);
    ROW(CAPACITY_RECORDS, bind_msg(104, 105, GJ_CHILD, -1),
        w->s->config.families_max = w->s->families_count);
    ROW(OK, bind_msg(100, 105, GJ_CHILD, -1), w->s->config.families_max = w->s->families_count);
}
