/* core/commit/commit.c -- applies one record: the only way state ever changes. */
#include "core/commit/commit.h"

#include "core/commit/apply.h"
#include "core/format/op_traits.h"

static void apply(struct state *s, const struct applied *a)
{
    switch ((enum gj_op_type)a->op->type) {
#define X(NAME, number, verb, min, max, is, function, ...)                                         \
    case GJ_OP_##NAME: commit_##function(s, a); return;
        GJ_OP_MAP(X)
#undef X
    }
    UNREACHABLE("operation type");
}

/* Chains the record to the persons it touches: the first one always, the others if it succeeded. */
static void touch(struct state *s, const void *record, uint64_t position)
{
    const struct gj_op *op = record_op(record);
    const struct gj_effect *effect = record_effect(record);
    if (effect->slot_first != SLOT_NONE) {
        struct person *first = &s->persons[effect->slot_first];
        ASSERT(first->id == op->person);
        ASSERT(first->last_position == effect->prev_first);
        first->last_position = position;
    }
    if (LIKELY(op->type == GJ_OP_TRANSFER) ? effect->slot_other != SLOT_NONE
                                           : record_other(record) == RECORD_OTHER_PERSON) {
        struct person *other = &s->persons[effect->slot_other];
        /* Operations on an original find its second person by themselves. */
        ASSERT(op_is(op->type, GJ_OP_ORIGINAL) || other->id == op->other);
        other->last_position = position;
    }
    if (effect->flags & EFFECT_SOURCES) {
        const struct gj_effect_sources *from = record_sources(record);
        if (from->slot_relative != SLOT_NONE) {
            s->persons[from->slot_relative].last_position = position;
        }
    }
}

void commit(struct state *s, const void *record, uint64_t position, uint64_t time_ms)
{
    const struct gj_op *op = record_op(record);
    const struct gj_effect *effect = record_effect(record);
    ASSERT(effect->seq == s->seq + 1);
    ASSERT(time_ms >= s->time_ms);
    if (UNLIKELY(time_ms != s->time_ms || s->seq == 0)) s->now = calendar_now(time_ms);
    s->seq = effect->seq;
    s->time_ms = time_ms;
    rid_window_advance(&s->rids, time_ms);
    const struct applied applied = {record, op, effect, position, time_ms};
    if (LIKELY(effect_executed(effect))) {
        apply(s, &applied);
    } else if (UNLIKELY(effect->code == GJ_OK_TOMBSTONED)) {
        commit_tombstone(s, &applied);
    }
    touch(s, record, position);
    /* The server's own records have no rid and are never asked for. */
    if (LIKELY(!op_is(op->type, GJ_OP_INTERNAL))) {
        rid_window_insert(&s->rids, op->person, &op->rid, position, time_ms);
    }
}
