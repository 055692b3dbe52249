/* core/record.c -- the shape of a log record, its reply, and whether two bodies are the same. */
#include "record.h"

#include <string.h>

#define EFFECT_FLAGS_ALL (EFFECT_SOURCES | EFFECT_CREATED | EFFECT_FAMILY_CREATED | EFFECT_QUOTA)

static const struct {
    uint8_t known, ext_min, ext_max, flags;
} shapes[256] = {
#define X(name, number, verb, ext_min, ext_max, flags) [number] = {1, ext_min, ext_max, flags},
    GJ_OP_MAP(X)
#undef X
};

static bool executed(const struct gj_effect *effect)
{
    return effect->code == GJ_OK || effect->code == GJ_OK_PARTIAL;
}

uint32_t record_size(const void *record, uint64_t available)
{
    if (available < sizeof(struct gj_op)) return 0;
    const struct gj_op *op = record_op(record);
    if (!shapes[op->type].known) return 0;
    /* A refused operation may carry any number of lines its type allows, as it was received. */
    if (op->ext_count < shapes[op->type].ext_min || op->ext_count > shapes[op->type].ext_max) {
        return 0;
    }
    uint32_t size = (2u + op->ext_count) * GJ_RECORD_UNIT;
    if (available < size) return 0;

    const struct gj_effect *effect = record_effect(record);
    if (gj_code_name(effect->code) == NULL || !gj_code_is_outcome(effect->code)) return 0;
    if ((effect->flags & ~EFFECT_FLAGS_ALL) != 0 || effect->reserved != 0) return 0;
    bool paid = op->type == GJ_OP_PAY && executed(effect);
    if (((effect->flags & EFFECT_SOURCES) != 0) != paid) return 0;
    if (!paid) return size;

    size += GJ_RECORD_UNIT;
    return available < size ? 0 : size;
}

static void reply_of_payment(const void *record, struct gj_reply *reply,
                             struct gj_reply_sources *sources)
{
    const struct gj_effect_sources *paid = record_sources(record);
    reply->amount = 0;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) reply->amount += paid->taken[i];
    bool several = gj_sources_at(record_op(record)->kind, 1) != GJ_SOURCE_NONE;
    if (!several && reply->code != GJ_OK_PARTIAL) return;

    reply->flags |= GJ_REPLY_SOURCES;
    memcpy(sources->taken, paid->taken, sizeof(sources->taken));
    sources->remainder = paid->remainder;
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
    if ((effect->flags & EFFECT_SOURCES) != 0) {
        reply_of_payment(record, reply, sources);
    } else if (executed(effect) && (shapes[op->type].flags & GJ_OP_MONEY) != 0) {
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
