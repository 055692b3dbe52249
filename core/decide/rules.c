/* core/decide/rules.c -- precedence and dispatch: from the bytes of an operation to a whole record.
 */
#include "core/decide/rules.h"

#include <string.h>

#include "core/base/cost.h"
#include "core/decide/decider.h"
#include "core/decide/hold_effect.h"
#include "core/format/op_check.h"

static void reject(struct decision *ret, uint8_t code)
{
    ASSERT(!gj_code_is_outcome(code));
    ret->kind = DECISION_REJECT;
    ret->record_size = 0;
    ret->reply = (struct gj_reply){.code = code};
}

/* 34: too far ahead, or ahead of its time while no more such rids can be remembered. A REVERSE may
 * make a tombstone: if its original is not known, that rid counts like its own. */
static bool in_future(const struct state *s, const struct gj_op *op, const struct decide_input *in,
                      uint64_t rid_ms)
{
    const struct gj_original_ext *ext = (const struct gj_original_ext *)(const void *)(op + 1);
    bool reverses = op->type == GJ_OP_REVERSE && op->ext_count == 1; /* not checked yet */
    uint64_t original_ms = reverses ? rid_time_ms(&ext->rid) : 0;
    uint64_t near = in->time_ms + GJ_RID_NEAR_MS, last = in->time_ms + GJ_RID_AHEAD_MS;
    if (LIKELY(rid_ms < near && original_ms < near)) return false;
    if (rid_ms > last || original_ms > last) return true;
    uint32_t places = rid_ms >= near ? 1u : 0;
    bool known = original_ms < near || original_find(in, op->person, &ext->rid) != NULL ||
                 tombstone_find(in, op->person, &ext->rid) != NULL;
    if (!known) places++;
    return places != 0 && !rid_window_room(&s->rids, in->time_ms, places);
}

/* 30 to 37 and the stored reply; true if that was the answer. */
static bool answered_by_request(const struct state *s, const struct gj_op *op,
                                const struct decide_input *in, struct decision *ret)
{
    static const struct gj_rid zero;
    uint64_t rid_ms = rid_time_ms(&op->rid);
    const struct fetched_record *seen =
        UNLIKELY(in->fetched_count != 0) ? original_find(in, op->person, &op->rid) : NULL;
    uint8_t code;
    if (UNLIKELY(memcmp(&op->rid, &zero, sizeof(zero)) == 0)) {
        code = GJ_RID_ZERO;
    } else if (UNLIKELY(seen != NULL)) {
        code = GJ_RID_REUSED;
        if (record_same_body(seen->record, op)) {
            ret->kind = DECISION_REPLAY;
            ret->record_size = 0;
            record_reply(seen->record, &ret->reply, &ret->sources);
            ret->reply.flags |= GJ_REPLY_REPLAYED;
            return true;
        }
    } else if (UNLIKELY(in->fetched_count != 0) &&
               tombstone_find(in, op->person, &op->rid) != NULL) {
        code = GJ_RID_TOMBSTONED;
    } else if (UNLIKELY(!op_check_rid(&op->rid))) {
        code = GJ_BAD_FIELD;
    } else if (UNLIKELY(rid_ms < state_rid_low_water_ms(s))) {
        code = GJ_RID_EXPIRED;
    } else if (UNLIKELY(in_future(s, op, in, rid_ms))) {
        code = GJ_RID_IN_FUTURE;
    } else {
        code = op_check_request(op);
    }
    if (LIKELY(code == 0)) return false;
    reject(ret, code);
    return true;
}

static void dispatch(struct decider *d)
{
    switch ((enum gj_op_type)d->op->type) {
#define X(NAME, number, verb, min, max, is, function, ...)                                         \
    case GJ_OP_##NAME: decide_##function(d); return;
        GJ_OP_MAP(X)
#undef X
    }
    UNREACHABLE("operation type");
}

/* A refusal touches the first person only and moves nothing; who else was named and by which
 * policies it was judged stays readable in the operation and in the versions. */
static void refuse(struct gj_effect *effect, uint8_t code)
{
    effect->code = code;
    effect->flags = 0;
    effect->balance = 0;
    effect->slot_other = SLOT_NONE;
    effect->prev_other = 0;
    effect->family = SLOT_NONE;
    effect->member_index = MEMBER_NONE;
    effect->new_members = 0;
}

static uint32_t cost_of_chain(const struct decider *d, uint32_t slot)
{
    return slot >= d->s->persons_count ? 0 : d->s->persons_cold[slot].holds_count * COST_CHAIN;
}

/* An operation may look through the open holds of everybody it is about, and commit() look for a
 * place in them. What moves between wallets does not, and shall not fetch a line to count that. */
static uint32_t cost_of(const struct decider *d, const void *record)
{
    const struct gj_effect *effect = d->effect;
    bool looks = d->op->type != GJ_OP_TRANSFER || d->op->kind != GJ_SOURCE_WALLET ||
                 (effect->flags & EFFECT_HOLD) != 0 || d->due;
    if (LIKELY(!looks)) return COST_OPERATION;
    uint32_t cost = COST_OPERATION + cost_of_chain(d, effect->slot_first);
    if (record_other(record) == RECORD_OTHER_PERSON) cost += cost_of_chain(d, effect->slot_other);
    if (effect->flags & EFFECT_SOURCES) cost += cost_of_chain(d, d->sources->slot_relative);
    return cost;
}

void decide(const struct state *s, const struct gj_op *op, const struct decide_input *in,
            void *record, struct decision *ret)
{
    ASSERT(in->seq == s->seq + 1);
    ret->cost = COST_OPERATION;
    uint8_t code = op_check_fields(op);
    if (UNLIKELY(code != 0)) {
        reject(ret, code);
        return;
    }
    if (UNLIKELY(answered_by_request(s, op, in, ret))) return;
    if (UNLIKELY(op->deadline_ms != 0 &&
                 in->time_ms > rid_time_ms(&op->rid) + (uint64_t)op->deadline_ms)) {
        reject(ret, GJ_DEADLINE_EXCEEDED);
        return;
    }
    if (UNLIKELY(in->read_only)) {
        reject(ret, GJ_READ_ONLY);
        return;
    }

    uint32_t lines = 1u + op->ext_count;
    memcpy(record, op, lines * GJ_RECORD_UNIT);
    struct gj_effect *effect = (struct gj_effect *)((uint8_t *)record + lines * GJ_RECORD_UNIT);
    bool known = LIKELY(in->time_ms == s->time_ms && s->seq != 0);
    const struct calendar_now now = known ? s->now : calendar_now(in->time_ms);
    struct decider d = {
        .s = s,
        .op = op,
        .in = in,
        .effect = effect,
        .sources = (struct gj_effect_sources *)(effect + 1),
        .day = now.day,
        .minute = now.minute,
        .year = now.year,
        .refusal = CODE_NONE,
        .success = GJ_OK,
        .due = due_any(s, in->time_ms),
        .expired = HOLD_NONE,
    };
    *effect = (struct gj_effect){
        .seq = in->seq,
        .day = now.day,
        .year = now.year,
        .slot_first =
            op->person == 0
                ? SLOT_NONE
                : person_slot(s, op->person, in->hint != NULL ? in->hint->slot_first : SLOT_NONE),
        .slot_other = SLOT_NONE,
        .family = SLOT_NONE,
        .member_index = MEMBER_NONE,
    };
    if (effect->slot_first != SLOT_NONE) {
        effect->prev_first = look_at(&d, effect->slot_first)->last_position;
    }
    dispatch(&d);
    ret->cost = cost_of(&d, record);

    if (UNLIKELY(d.expired != HOLD_NONE) && !in->dry_run) {
        ret->kind = DECISION_EXPIRE_FIRST;
        ret->record_size = write_expiry(s, d.expired, in, record);
        return;
    }

    if (d.refusal != CODE_NONE) {
        refuse(effect, d.refusal);
    } else if (UNLIKELY(d.capacity != 0)) {
        reject(ret, d.capacity);
        return;
    } else {
        effect->code = d.success;
    }
    ret->kind = DECISION_RECORD;
    ret->record_size = (lines + 1u + record_lines(effect)) * GJ_RECORD_UNIT;
    record_reply(record, &ret->reply, &ret->sources);
}
