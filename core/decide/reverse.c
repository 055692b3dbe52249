/* core/decide/reverse.c -- the whole of an operation is taken back, found by its rid; one that
 * never arrived is refused for ever. */
#include "core/decide/rules.h"
#include "core/decide/undo.h"

/* An original that is not in the log, or was refused: there is nothing to take back. */
static bool nothing_happened(struct decider *d, const struct original *o)
{
    if (o->record == NULL) {
        d->success = GJ_OK_TOMBSTONED;
        if (tombstone_find(d->in, d->op->person, o->rid) == NULL) {
            d->effect->flags |= EFFECT_CREATED;
        }
        return true;
    }
    if (gj_code_ok(o->effect->code)) return false;
    d->success = GJ_OK_NOOP;
    return true;
}

/* 112, or 111: what is left can be reversed. */
static bool check_reversible(struct decider *d, const struct original *o)
{
    uint8_t how = o->amended == NULL ? 0 : record_op(o->amended->record)->type;
    if (is_reversed(o)) {
        lower(d, GJ_ALREADY_REVERSED);
        return false;
    }
    bool reversible = false;
    switch (o->op->type) {
    case GJ_OP_DEPOSIT:
    case GJ_OP_REFUND:
    case GJ_OP_PAY_PREMIUM: reversible = true; break;
    case GJ_OP_TRANSFER:
        /* One that waited has moved money only once it was accepted. */
        reversible = (o->effect->flags & EFFECT_HOLD) == 0 || how == GJ_OP_ACCEPT;
        break;
    case GJ_OP_PAY:
    case GJ_OP_CAPTURE: {
        int64_t refunded[GJ_SOURCES_MAX];
        refunded_so_far(o->amended, refunded);
        reversible = refunded[0] + refunded[1] + refunded[2] == 0;
        break;
    }
    default: break;
    }
    lower_if(d, !reversible, GJ_NOT_REVERSIBLE);
    return reversible;
}

static void reverse_deposit(struct decider *d, const struct original *o)
{
    uint32_t slot = d->effect->slot_first;
    const struct person *p = &d->s->persons[slot];
    check_debit(d, slot, GJ_SOURCE_PERSONAL, o->op->amount);
    d->sources->taken[0] = o->op->amount;
    d->sources->region[0] = p->insured_region;
    d->effect->region_source = p->insured_region;
    d->effect->region_target = p->insured_region;
    d->effect->balance = p->personal - o->op->amount;
}

/* Transfer and premium: back to the account of the first person that gave it. */
static void give_back(struct decider *d, const struct original *o)
{
    uint32_t slot = d->effect->slot_first;
    const struct person *p = &d->s->persons[slot];
    const struct person *other = look_at(d, o->effect->slot_other);
    enum gj_source source = (enum gj_source)o->op->kind;
    check_credit(d, slot, source, o->op->amount);
    d->effect->slot_other = o->effect->slot_other;
    d->effect->prev_other = other->last_position;
    d->effect->flags |= o->effect->flags & EFFECT_QUOTA;
    d->effect->region_source = source_region(p, source);
    d->effect->region_target =
        o->op->type == GJ_OP_TRANSFER ? other->use_region : other->insured_region;
    d->sources->taken[0] = o->op->amount;
    d->sources->region[0] = d->effect->region_source;
    d->effect->balance = posted(p, source) + o->op->amount;
    if (o->op->type == GJ_OP_TRANSFER) {
        check_debit(d, d->effect->slot_other, GJ_SOURCE_WALLET, o->op->amount);
    }
}

/* The payment's sums fall again by what this refund had given back. */
static void reverse_refund(struct decider *d, const struct original *o,
                           struct gj_effect_original *line)
{
    const struct gj_rid *payment = record_original_rid(o->record);
    const struct gj_effect_sources *refunded = record_sources(o->record);
    const struct fetched_record *latest = amended_find(d->in, d->op->person, payment);
    if (rid_time_ms(payment) < state_rid_low_water_ms(d->s)) {
        lower(d, GJ_REVERSAL_WINDOW_CLOSED);
        return;
    }
    ASSERT(latest != NULL); /* at least the refund itself */
    line->root = *payment;
    line->root_amended = latest->position;
    refunded_so_far(latest, line->refunded);
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        line->refunded[i] -= refunded->taken[i];
        ASSERT(line->refunded[i] >= 0);
    }
    undo_payment(d, o, refunded->taken, false);
}

void decide_reverse(struct decider *d)
{
    struct original o;
    if (!take_original(d, &o) || nothing_happened(d, &o) || !check_reversible(d, &o)) return;
    /* The days are the transfer's, counted from when the money moved. */
    bool accepted = o.op->type == GJ_OP_TRANSFER && o.amended != NULL;
    check_window(d, accepted ? record_effect(o.amended->record)->day : o.effect->day,
                 o.effect->undo.reversal_days);

    struct gj_effect_original *line = begin_undo(d, &o);
    switch (o.op->type) {
    case GJ_OP_DEPOSIT: reverse_deposit(d, &o); break;
    case GJ_OP_REFUND: reverse_refund(d, &o, line); break;
    case GJ_OP_PAY:
    case GJ_OP_CAPTURE: undo_payment(d, &o, record_sources(o.record)->taken, true); break;
    default: give_back(d, &o); break;
    }
}
