/* core/decide/undo.c -- what refund and reverse share: the original, the time left to undo it, and
 * the accounts that money comes back to or leaves again. */
#include "core/decide/undo.h"

#include <string.h>

bool take_original(struct decider *d, struct original *ret)
{
    const struct gj_original_ext *ext = (const struct gj_original_ext *)(const void *)(d->op + 1);
    *ret = (struct original){.rid = &ext->rid};
    /* Below the low-water mark, what amended it may be forgotten: it could be undone twice. */
    if (rid_time_ms(&ext->rid) < state_rid_low_water_ms(d->s)) {
        lower(d, GJ_REVERSAL_WINDOW_CLOSED);
        return false;
    }
    const struct fetched_record *found = original_find(d->in, d->op->person, &ext->rid);
    if (found == NULL) return true;
    ret->record = found->record;
    ret->op = record_op(found->record);
    ret->effect = record_effect(found->record);
    ret->amended = amended_find(d->in, d->op->person, &ext->rid);
    return true;
}

bool is_reversed(const struct original *o)
{
    return o->amended != NULL && record_op(o->amended->record)->type == GJ_OP_REVERSE &&
           gj_rid_equal(record_original_rid(o->amended->record), o->rid);
}

/* As the original listed them; one source for what is not a payment. */
static uint8_t sources_of(const struct original *o)
{
    switch (o->op->type) {
    case GJ_OP_CAPTURE: return record_hold(o->record)->sources;
    case GJ_OP_REFUND: return record_original(o->record)->sources;
    case GJ_OP_DEPOSIT: return gj_sources(GJ_SOURCE_PERSONAL, GJ_SOURCE_NONE, GJ_SOURCE_NONE);
    default: return o->op->kind; /* payment: the list; transfer, premium: its one source */
    }
}

static uint16_t quota_year_of(const struct original *o)
{
    if (o->effect->flags & EFFECT_HOLD) return record_hold(o->record)->quota_year;
    if (o->effect->flags & EFFECT_ORIGINAL) return record_original(o->record)->quota_year;
    return o->effect->year;
}

struct gj_effect_original *begin_undo(struct decider *d, const struct original *o)
{
    bool premium = o->op->type == GJ_OP_PAY_PREMIUM;
    d->effect->flags |= EFFECT_SOURCES | EFFECT_ORIGINAL;
    struct gj_effect_original *line =
        (struct gj_effect_original *)(d->effect + effect_last_line(d->effect));
    *d->sources = (struct gj_effect_sources){
        .slot_relative = SLOT_NONE,
        .family_relative = SLOT_NONE,
        .member_index = MEMBER_NONE,
    };
    *line = (struct gj_effect_original){
        .amended = o->amended == NULL ? 0 : o->amended->position,
        .type = o->op->type,
        .sources = sources_of(o),
        .quota_year = quota_year_of(o),
        .premium_year = premium ? o->op->arg : 0,
        .product = premium ? o->op->detail : 0,
    };
    return line;
}

void check_window(struct decider *d, uint16_t day, uint16_t days)
{
    lower_if(d, days != UNDO_UNLIMITED && (uint32_t)d->day > (uint32_t)day + days,
             GJ_REVERSAL_WINDOW_CLOSED);
}

void check_credit(struct decider *d, uint32_t slot, enum gj_source source, int64_t fen)
{
    const struct person *p = look_at(d, slot);
    check_open(d, p);
    lower_if(d, posted(p, source) + fen > GJ_AMOUNT_MAX, GJ_AMOUNT_OVERFLOW);
}

void check_debit(struct decider *d, uint32_t slot, enum gj_source source, int64_t fen)
{
    const struct person *p = look_at(d, slot);
    check_open(d, p);
    lower_if(d, fen > available(d, p, source), GJ_PAYEE_FUNDS_SPENT);
}

/* The patient's place in the relative's family, bound or kept, if it is the one the draw was made
 * over: an UNBIND that kept none took the draws with it. */
static uint8_t same_relation(const struct decider *d, const struct original *o,
                             const struct gj_effect_sources *from)
{
    const struct person *relative = &d->s->persons[from->slot_relative];
    uint8_t index = member_index(d->s, relative, d->effect->slot_first);
    if (index == MEMBER_NONE) {
        index = kept_index(d->s, relative, d->effect->slot_first, d->year);
    }
    if (index == MEMBER_NONE || from->member_index == MEMBER_NONE) return MEMBER_NONE;
    uint64_t since = d->s->families[relative->family].since[index];
    return since < o->effect->seq ? index : MEMBER_NONE;
}

void undo_payment(struct decider *d, const struct original *o, const int64_t fen[GJ_SOURCES_MAX],
                  bool back)
{
    const struct gj_effect_sources *from = record_sources(o->record);
    uint8_t listed = sources_of(o);
    d->effect->slot_other = o->effect->slot_other;
    d->effect->region_target = o->effect->region_target;
    if (from->slot_relative != SLOT_NONE) {
        const struct person *relative = look_at(d, from->slot_relative);
        d->sources->slot_relative = from->slot_relative;
        d->sources->prev_relative = relative->last_position;
        d->sources->family_relative = relative->family;
        d->sources->member_index = same_relation(d, o, from);
    }
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        enum gj_source source = gj_sources_at(listed, i);
        if (source == GJ_SOURCE_NONE) break;
        bool relative = source == GJ_SOURCE_RELATIVE;
        uint32_t slot = relative ? from->slot_relative : d->effect->slot_first;
        const struct person *owner = &d->s->persons[slot];
        d->sources->taken[i] = fen[i];
        d->sources->region[i] = source_region(owner, source);
        if (i == 0) d->effect->balance = posted(owner, source) + (back ? fen[0] : -fen[0]);
        if (fen[i] == 0) continue;
        if (relative) d->effect->flags |= EFFECT_QUOTA;
        if (back)
            check_credit(d, slot, source, fen[i]);
        else
            check_debit(d, slot, source, fen[i]);
        if (relative && !back && quota_year_of(o) == d->year) {
            lower_if(d, person_year(d->s, slot, d->year).used > INT64_MAX - fen[i],
                     GJ_AMOUNT_OVERFLOW);
        }
    }
    d->effect->region_source = d->sources->region[0];
}

void refunded_so_far(const struct fetched_record *amended, int64_t ret[GJ_SOURCES_MAX])
{
    memset(ret, 0, GJ_SOURCES_MAX * sizeof(ret[0]));
    if (amended != NULL) {
        memcpy(ret, record_original(amended->record)->refunded, GJ_SOURCES_MAX * sizeof(ret[0]));
    }
}
