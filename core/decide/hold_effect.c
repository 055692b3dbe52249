/* core/decide/hold_effect.c -- what every entry of the table of open holds needs when it begins,
 * changes and ends. */
#include "core/decide/hold_effect.h"

#include <string.h>

/* The person gives in as many as it may, or is the payee of as many; what is due makes room. */
static bool is_full(const struct decider *d, uint32_t slot, bool incoming)
{
    const struct person_cold *cold = &d->s->persons_cold[slot];
    uint32_t giving = (uint32_t)cold->holds_count - cold->incoming_count;
    if (LIKELY((incoming ? cold->incoming_count : giving) < GJ_PERSON_HOLDS_MAX)) return false;
    FOR_CHAIN(d->s, slot, entry)
    {
        const struct hold *hold = &d->s->holds.entries[entry];
        if (hold->due_ms > d->in->time_ms) break;
        if ((hold->type == GJ_OP_TRANSFER && hold->other == slot) == incoming) return false;
    }
    return true;
}

void check_hold_room(struct decider *d, uint32_t relative, uint32_t payee)
{
    const struct holds *h = &d->s->holds;
    if (UNLIKELY(h->count == h->max)) {
        /* What is due makes room, whoever it belongs to. */
        if (d->due && d->expired == HOLD_NONE) d->expired = holds_first(h);
        if (!d->due) d->capacity = GJ_CAPACITY_RECORDS;
    }
    bool full = is_full(d, d->effect->slot_first, false);
    full |= relative != SLOT_NONE && is_full(d, relative, false);
    full |= payee != SLOT_NONE && is_full(d, payee, true);
    if (full) d->capacity = GJ_CAPACITY_RECORDS;
}

void begin_hold(struct decider *d, uint64_t due_ms, int64_t amount)
{
    d->effect->flags |= EFFECT_HOLD;
    *hold_line(d) = (struct gj_effect_hold){
        .due_ms = due_ms,
        .amount = amount,
        .entry = holds_next(&d->s->holds),
        .quota_year = d->year,
        .sources = d->op->kind,
    };
}

/* How a hold or transfer that is not open any more ended, by its records. */
static uint8_t ended_code(const struct decider *d, uint8_t type, const struct gj_rid *rid)
{
    bool hold = type == GJ_OP_HOLD;
    const struct fetched_record *begun = original_find(d->in, d->op->person, rid);
    if (rid_time_ms(rid) < state_rid_low_water_ms(d->s) || begun == NULL ||
        record_op(begun->record)->type != type || !record_executed(begun->record)) {
        return hold ? GJ_HOLD_NOT_FOUND : GJ_TRANSFER_NOT_FOUND;
    }
    const struct fetched_record *end = amended_find(d->in, d->op->person, rid);
    uint8_t how = end == NULL ? 0 : record_op(end->record)->type;
    switch (how) {
    case GJ_OP_EXPIRE: return hold ? GJ_HOLD_EXPIRED : GJ_TRANSFER_EXPIRED;
    case GJ_OP_CAPTURE: return GJ_HOLD_CAPTURED;
    case GJ_OP_RELEASE: return GJ_HOLD_RELEASED;
    default: break; /* settled at once, accepted, returned, reversed */
    }
    ASSERT(
        !hold); /* what is not open has ended; an end is forgotten only below the low-water mark */
    return GJ_TRANSFER_NOT_PENDING;
}

const struct hold *open_hold_of(struct decider *d, uint8_t type, uint32_t *ret_entry)
{
    const struct gj_original_ext *ext = (const struct gj_original_ext *)(const void *)(d->op + 1);
    *ret_entry = holds_find(&d->s->holds, d->op->person, &ext->rid);
    if (*ret_entry == HOLD_NONE) {
        lower(d, ended_code(d, type, &ext->rid));
        return NULL;
    }
    const struct hold *hold = &d->s->holds.entries[*ret_entry];
    bool is_hold = type == GJ_OP_HOLD, due = hold->due_ms <= d->in->time_ms;
    /* Below the low-water mark a rid is known only as long as its hold is open. */
    if (hold->type != type || (due && rid_time_ms(&ext->rid) < state_rid_low_water_ms(d->s))) {
        lower(d, is_hold ? GJ_HOLD_NOT_FOUND : GJ_TRANSFER_NOT_FOUND);
        return NULL;
    }
    if (due) {
        lower(d, is_hold ? GJ_HOLD_EXPIRED : GJ_TRANSFER_EXPIRED);
        return NULL;
    }
    if (hold->other != SLOT_NONE) (void)look_at(d, hold->other);
    return hold;
}

void amend_hold(struct gj_effect *effect, const struct hold *hold, uint32_t entry, int64_t amount,
                struct gj_effect_hold *line)
{
    effect->flags |= EFFECT_HOLD | (hold->quota != 0 ? EFFECT_QUOTA : 0u);
    effect->undo.refund_days = hold->refund_days;
    effect->undo.reversal_days = hold->reversal_days;
    *line = (struct gj_effect_hold){
        .due_ms = hold->due_ms,
        .amount = amount,
        .entry = entry,
        .quota_year = hold->quota_year,
        .sources = hold->sources,
    };
}

void hold_sources(const struct state *s, const struct hold *hold, struct gj_effect *effect,
                  struct gj_effect_sources *ret)
{
    const struct person *first = &s->persons[hold->first];
    effect->flags |= EFFECT_SOURCES;
    *ret = (struct gj_effect_sources){
        .slot_relative = hold->other,
        .family_relative = SLOT_NONE,
        .member_index = MEMBER_NONE,
    };
    if (hold->other != SLOT_NONE) {
        const struct person *relative = &s->persons[hold->other];
        ret->prev_relative = relative->last_position;
        ret->family_relative = relative->family;
        ret->member_index = member_index(s, relative, hold->first);
    }
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        enum gj_source source = gj_sources_at(hold->sources, i);
        if (source == GJ_SOURCE_NONE) break;
        const struct person *owner =
            source == GJ_SOURCE_RELATIVE ? &s->persons[hold->other] : first;
        ret->region[i] = source_region(owner, source);
        if (i == 0) effect->balance = posted(owner, source);
    }
    const struct institution *inst = &s->institutions[hold->institution];
    effect->slot_other = hold->institution;
    effect->region_source = ret->region[0];
    effect->region_target = inst->region;
}

void end_hold(const struct state *s, const struct hold *hold, uint32_t entry,
              struct gj_effect *effect)
{
    struct gj_effect_sources *sources = (struct gj_effect_sources *)(effect + 1);
    int64_t freed = 0;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) freed += hold->left[i];
    if (hold->type == GJ_OP_HOLD) {
        hold_sources(s, hold, effect, sources);
        memcpy(sources->taken, hold->left, sizeof(sources->taken));
    } else {
        const struct person *payer = &s->persons[hold->first];
        enum gj_source source = (enum gj_source)hold->sources;
        effect->slot_other = hold->other;
        effect->prev_other = s->persons[hold->other].last_position;
        effect->region_source = source_region(payer, source);
        effect->balance = posted(payer, source);
    }
    amend_hold(effect, hold, entry, freed,
               (struct gj_effect_hold *)(effect + effect_last_line(effect)));
    effect->flags |= EFFECT_ENDS;
}
