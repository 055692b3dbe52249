/* tests/tables/test_request.c -- codes 10 to 37 and the system codes, for every operation. */
#include <string.h>

#include "world.h"

/* One accepted message of every operation, in the world as it begins. */
static unsigned samples(const struct world *w, struct msg list[16])
{
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
    list[n++] = suspend_msg(100, 0);
    list[n++] = resume_msg(100, 0);
    return n;
}

#define EACH(want, change, ...)                                                                    \
    for (unsigned i = 0, count = 1; i < count; i++) {                                              \
        struct world *w = world_new();                                                             \
        struct msg list[16];                                                                       \
        count = samples(w, list);                                                                  \
        struct msg m = list[i];                                                                    \
        __VA_ARGS__;                                                                               \
        change;                                                                                    \
        world_row(w, (want), m, __FILE__, __LINE__);                                               \
        world_close(w);                                                                            \
    }

static void rid_at(struct msg *m, uint64_t ms)
{
    memset(&m->op.rid, 0, sizeof(m->op.rid));
    for (unsigned i = 0; i < 6; i++) m->op.rid.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    m->op.rid.bytes[15] = 9;
}

static bool has_person(const struct msg *m)
{
    return m->op.type > GJ_OP_SET_INSTITUTION;
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
    m.op.type = 15;
    ROW(UNKNOWN_OP, m);
    m.op.type = 255;
    ROW(UNKNOWN_OP, m);

    /* 13: each field's range. */
    ROW(BAD_FIELD, with_amount(region_again(w, 1), 0));
    ROW(BAD_FIELD, with_amount(region_again(w, 1), INT64_C(1) << 32));
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

/* A zero rid is what world_send() replaces, so these go around it. */
static void zero_rid(void)
{
    struct world *w = world_new();
    struct msg list[16];
    unsigned count = samples(w, list);
    for (unsigned i = 0; i < count; i++) {
        struct decide_input in = {.time_ms = w->time_ms, .seq = state_seq(w->s) + 1};
        uint64_t record[GJ_RECORD_SIZE_MAX / 8];
        decide(w->s, &list[i].op, &in, record, &w->last);
        OK(w->last.kind == DECISION_REJECT && w->last.reply.code == GJ_RID_ZERO);
        world_reached[list[i].op.type][w->last.reply.code] = 1;
    }
    world_close(w);
}

/* The same bytes again give the same reply; the same rid with another body gives 31. */
static void replays(void)
{
    struct world *w = world_new();
    struct msg list[16];
    unsigned count = samples(w, list);
    for (unsigned i = 0; i < count; i++) {
        struct msg m = list[i];
        rid_at(&m, w->time_ms + i);
        world_do(w, m);
        struct gj_reply first = w->last.reply;
        m.op.deadline_ms = 1; /* no part of the body */
        w->time_ms += HOUR_MS;
        world_row(w, first.code, m, __FILE__, __LINE__);
        OK(w->last.kind == DECISION_REPLAY);
        OK(w->last.reply.flags == (first.flags | GJ_REPLY_REPLAYED));
        OK(w->last.reply.seq == first.seq && w->last.reply.balance == first.balance);
        OK(w->last.reply.amount == first.amount);
        m.op.ref++;
        world_row(w, GJ_RID_REUSED, m, __FILE__, __LINE__);
    }
    /* A refusal is remembered as well, even when the reason is gone. */
    struct msg m = transfer_msg(101, 100, 30000, WALLET);
    rid_at(&m, w->time_ms + 99);
    POLICY(1, quota_bp = 10000);
    world_row(w, GJ_INSUFFICIENT_BALANCE, m, __FILE__, __LINE__);
    world_do(w, transfer_msg(100, 101, 30000, PERSONAL));
    world_row(w, GJ_INSUFFICIENT_BALANCE, m, __FILE__, __LINE__);
    OK(w->last.kind == DECISION_REPLAY);
    /* Another person's equal rid is another request. */
    m.op.person = 100;
    m.op.other = 101;
    m.op.kind = PERSONAL;
    m.op.amount = 5;
    world_row(w, GJ_OK, m, __FILE__, __LINE__);
    world_close(w);
}

void rows_request(void)
{
    zero_rid();
    replays();
    EACH(GJ_RID_EXPIRED, rid_at(&m, w->time_ms - 1), state_raise_rid_floor(w->s, w->time_ms));
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
