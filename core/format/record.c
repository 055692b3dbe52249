/* core/format/record.c -- the shape of a log record, its reply, and whether two bodies are the
 * same. */
#include "core/format/record.h"

#include <string.h>

#include "core/format/op_traits.h"

#define EFFECT_FLAGS_ALL                                                                           \
    (EFFECT_SOURCES | EFFECT_CREATED | EFFECT_FAMILY_CREATED | EFFECT_QUOTA | EFFECT_HOLD |        \
     EFFECT_ORIGINAL | EFFECT_ENDS | EFFECT_KEPT)
#define EFFECT_LINES (EFFECT_SOURCES | EFFECT_HOLD | EFFECT_ORIGINAL)

/* The lines behind the effect are those its type and outcome call for. */
static bool lines_belong(const struct gj_op *op, const struct gj_effect *effect)
{
    unsigned lines = effect->flags & EFFECT_LINES;
    if (!effect_executed(effect)) return lines == 0;
    const struct op_traits *traits = &op_traits[op->type];
    unsigned may = traits->lines | (unsigned)traits->lines_may;
    return (lines & traits->lines) == traits->lines && (lines & ~may) == 0;
}

/* A kept place and the count of new members stand only where a relation begins or ends. */
static bool family_belongs(const struct gj_op *op, const struct gj_effect *effect)
{
    bool begins = op->type == GJ_OP_BIND && effect_executed(effect);
    bool ends = op->type == GJ_OP_UNBIND && effect_executed(effect);
    if (effect->new_members != 0 && !begins) return false;
    return (effect->flags & EFFECT_KEPT) == 0 || begins || ends;
}

uint32_t record_size(const void *record, uint64_t available)
{
    if (available < sizeof(struct gj_op)) return 0;
    const struct gj_op *op = record_op(record);
    const struct op_traits *traits = &op_traits[op->type];
    if (!traits->known) return 0;
    /* A refused operation may carry any number of lines its type allows, as it was received. */
    if (op->ext_count < traits->ext_min || op->ext_count > traits->ext_max) return 0;
    uint32_t size = (2u + op->ext_count) * GJ_RECORD_UNIT;
    if (available < size) return 0;

    const struct gj_effect *effect = record_effect(record);
    if (gj_code_name(effect->code) == NULL || !gj_code_is_outcome(effect->code)) return 0;
    if ((effect->flags & ~EFFECT_FLAGS_ALL) != 0) return 0;
    if (!family_belongs(op, effect)) return 0;
    if (!lines_belong(op, effect)) return 0;
    size += record_lines(effect) * GJ_RECORD_UNIT;
    return available < size ? 0 : size;
}

uint32_t record_lines(const struct gj_effect *effect)
{
    return (effect->flags & EFFECT_SOURCES ? 1u : 0u) + (effect->flags & EFFECT_HOLD ? 1u : 0u) +
           (effect->flags & EFFECT_ORIGINAL ? 1u : 0u);
}

enum record_other record_other(const void *record)
{
    uint8_t type = record_op(record)->type;
    const struct gj_effect *effect = record_effect(record);
    if (effect->slot_other == SLOT_NONE) return RECORD_OTHER_NONE;
    if (effect->flags & EFFECT_ORIGINAL) type = record_original(record)->type;
    /* What expires with sources is a hold; without, a transfer, whose other is the payee. */
    bool hold = op_is(type, GJ_OP_INTERNAL) && (effect->flags & EFFECT_SOURCES) != 0;
    bool institution = hold || op_is(type, GJ_OP_INSTITUTION);
    return institution ? RECORD_OTHER_INSTITUTION : RECORD_OTHER_PERSON;
}

/* The sources as listed by the operation or by its original. */
static uint8_t sources_of(const void *record)
{
    const struct gj_effect *effect = record_effect(record);
    if (effect->flags & EFFECT_HOLD) return record_hold(record)->sources;
    if (effect->flags & EFFECT_ORIGINAL) return record_original(record)->sources;
    return record_op(record)->kind;
}

/* CAPTURE and REFUND always; all else that moves listed sources if there were several, or less
 * than was asked. What was paid out at the end of a person is not by listed sources. */
static bool tells_sources(const void *record)
{
    uint8_t type = record_op(record)->type;
    if (op_is(type, GJ_OP_ORIGINAL | GJ_OP_MONEY)) return true;
    if (!op_is(type, GJ_OP_ORIGINAL) && !op_is(type, GJ_OP_SOURCES)) return false;
    return gj_sources_at(sources_of(record), 1) != GJ_SOURCE_NONE ||
           record_effect(record)->code == GJ_OK_PARTIAL;
}

static void reply_of_sources(const void *record, struct gj_reply *reply,
                             struct gj_reply_sources *sources)
{
    const struct gj_effect_sources *moved = record_sources(record);
    /* Readers of a log get here with whatever amounts stand in it: no overflow. */
    uint64_t sum = 0;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) sum += (uint64_t)moved->taken[i];
    reply->amount = (int64_t)sum;
    if (!tells_sources(record)) return;

    reply->flags |= GJ_REPLY_SOURCES;
    memcpy(sources->taken, moved->taken, sizeof(sources->taken));
    sources->remainder = moved->remainder;
}

void record_reply(const void *record, struct gj_reply *reply, struct gj_reply_sources *sources)
{
    const struct gj_op *op = record_op(record);
    const struct gj_effect *effect = record_effect(record);
    *reply = (struct gj_reply){
        .code = effect->code,
        .seq = effect->seq,
        .balance = effect->balance,
    };
    *sources = (struct gj_reply_sources){.remainder = 0};
    if (!effect_executed(effect)) return;
    if (effect->flags & EFFECT_SOURCES) {
        reply_of_sources(record, reply, sources);
    } else if (effect->flags & EFFECT_HOLD) {
        reply->amount = record_hold(record)->amount;
        if (op->type == GJ_OP_TRANSFER) reply->flags |= GJ_REPLY_PENDING;
    } else if (op->type == GJ_OP_CHANGE_REGION) {
        reply->amount = effect->balance; /* the whole wallet moves */
    } else if (op_is(op->type, GJ_OP_MONEY)) {
        reply->amount = op->amount;
    }
}

bool record_same_body(const void *record, const struct gj_op *op)
{
    struct gj_op first = *record_op(record);
    /* Neither is part of the body; all other bytes are. */
    first.rid = op->rid;
    first.deadline_ms = op->deadline_ms;
    if (memcmp(&first, op, sizeof(first)) != 0) return false;
    return memcmp(record_ext(record), op + 1, (size_t)op->ext_count * GJ_RECORD_UNIT) == 0;
}
