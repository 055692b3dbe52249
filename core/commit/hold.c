/* core/commit/hold.c -- holds and pending transfers: they begin, are captured or accepted, and end;
 * and the chains in which each person finds its own. */
#include <string.h>

#include "core/commit/amend.h"
#include "core/commit/apply.h"
#include "core/commit/posting.h"
#include "core/state/due.h"

/* The account of the i-th listed source; false behind the last one. */
static bool account_of(const struct hold *hold, unsigned i, uint32_t *ret_slot,
                       enum gj_source *ret_source)
{
    enum gj_source source = gj_sources_at(hold->sources, i);
    bool relative = source == GJ_SOURCE_RELATIVE;
    *ret_slot = relative ? hold->other : hold->first;
    *ret_source = relative ? GJ_SOURCE_PERSONAL : source;
    return source != GJ_SOURCE_NONE;
}

/* Raises (or, below zero, lowers) what is held of an account. */
static void raise_held(struct state *s, uint32_t slot, enum gj_source source, int64_t amount)
{
    struct person *p = &s->persons[slot];
    int64_t *held = source == GJ_SOURCE_WALLET ? &p->wallet_held : &p->personal_held;
    *held += amount;
    ASSERT(*held >= 0);
    ASSERT(*held <= (source == GJ_SOURCE_WALLET ? p->wallet : p->personal));
}

/* In whose chain the person finds the entry: as its first person or as the other. */
static unsigned role_of(const struct hold *hold, uint32_t slot)
{
    return hold->first == slot ? 0 : 1;
}

/* The link that leads to what comes after `prev` (entry + 1), and the one back from `next`. */
static uint32_t *link_after(struct state *s, uint32_t prev, uint32_t slot)
{
    if (prev == 0) return &s->persons_cold[slot].holds;
    struct hold *hold = &s->holds.entries[prev - 1];
    return &hold->next[role_of(hold, slot)];
}
static uint32_t *link_before(struct state *s, uint32_t next, uint32_t slot)
{
    if (next == 0) return &s->persons_cold[slot].holds_last;
    struct hold *hold = &s->holds.entries[next - 1];
    return &hold->prev[role_of(hold, slot)];
}

/* Due times mostly grow, so the place is looked for from the end. */
static void chain_in(struct state *s, uint32_t entry, unsigned role, uint32_t slot)
{
    struct person_cold *cold = &s->persons_cold[slot];
    struct hold *hold = &s->holds.entries[entry];
    uint32_t prev = cold->holds_last;
    while (prev != 0 && hold_before(hold, &s->holds.entries[prev - 1])) {
        const struct hold *at = &s->holds.entries[prev - 1];
        prev = at->prev[role_of(at, slot)];
    }
    uint32_t *after = link_after(s, prev, slot);
    hold->prev[role] = prev;
    hold->next[role] = *after;
    *link_before(s, *after, slot) = entry + 1;
    *after = entry + 1;
    cold->holds_count++;
    if (hold->type == GJ_OP_TRANSFER && role == 1) cold->incoming_count++;
    ASSERT(cold->incoming_count <= GJ_PERSON_HOLDS_MAX);
    ASSERT((uint32_t)cold->holds_count - cold->incoming_count <= GJ_PERSON_HOLDS_MAX);
}

static void chain_out(struct state *s, uint32_t entry, unsigned role, uint32_t slot)
{
    const struct hold *hold = &s->holds.entries[entry];
    uint32_t *after = link_after(s, hold->prev[role], slot);
    uint32_t *before = link_before(s, hold->next[role], slot);
    ASSERT(*after == entry + 1 && *before == entry + 1);
    *after = hold->next[role];
    *before = hold->prev[role];
    s->persons_cold[slot].holds_count--;
    if (hold->type == GJ_OP_TRANSFER && role == 1) s->persons_cold[slot].incoming_count--;
}

/* The person whose quota a hold counts to. */
static uint32_t quota_owner(const struct hold *hold)
{
    return hold->type == GJ_OP_TRANSFER ? hold->first : hold->other;
}

static struct hold hold_from(const void *record)
{
    const struct gj_op *op = record_op(record);
    const struct gj_effect *effect = record_effect(record);
    const struct gj_effect_hold *line = record_hold(record);
    struct hold hold = {
        .rid = op->rid,
        .due_ms = line->due_ms,
        .seq = effect->seq,
        .first = effect->slot_first,
        .other = effect->slot_other,
        .amount = line->amount,
        .institution = SLOT_NONE,
        .quota_year = line->quota_year,
        .refund_days = effect->undo.refund_days,
        .reversal_days = effect->undo.reversal_days,
        .sources = line->sources,
        .type = op->type,
        .quota = (effect->flags & EFFECT_QUOTA) != 0,
    };
    if (op->type == GJ_OP_TRANSFER) {
        hold.left[0] = op->amount;
        return hold;
    }
    const struct gj_effect_sources *from = record_sources(record);
    hold.other = from->slot_relative;
    hold.institution = effect->slot_other;
    hold.scenario = op->detail;
    memcpy(hold.left, from->taken, sizeof(hold.left));
    return hold;
}

static void begin(struct state *s, const struct applied *a)
{
    const struct gj_op *op = a->op;
    const void *record = a->record;
    const struct hold hold = hold_from(record);
    uint32_t entry = holds_add(&s->holds, &hold, op->person);
    ASSERT(entry == record_hold(record)->entry);
    chain_in(s, entry, 0, hold.first);
    if (hold_chains_other(&hold)) chain_in(s, entry, 1, hold.other);

    struct draw draw = NO_DRAW;
    if (op->type == GJ_OP_HOLD) {
        const struct gj_effect_sources *from = record_sources(record);
        draw = (struct draw){from->family_relative, from->member_index};
    } else {
        count_transfer(&s->persons[hold.first], a->effect->day);
    }
    uint32_t slot;
    enum gj_source source;
    for (unsigned i = 0; i < GJ_SOURCES_MAX && account_of(&hold, i, &slot, &source); i++) {
        if (hold.left[i] == 0) continue;
        raise_held(s, slot, source, hold.left[i]);
    }
    if (hold.quota == 0) return;
    uint32_t owner = quota_owner(&hold);
    used_grow(s, owner, draw, hold_quota(&hold, owner), a->effect->year);
}

void commit_hold(struct state *s, const struct applied *a)
{
    begin(s, a);
}

void commit_pending(struct state *s, const struct applied *a)
{
    begin(s, a);
}

/* What is still held is free again, and counts no more to the quota of its year. */
static void free_rest(struct state *s, struct hold *hold, struct draw draw, uint16_t year)
{
    uint32_t slot, owner = quota_owner(hold);
    enum gj_source source;
    int64_t quota = hold->quota == 0 ? 0 : hold_quota(hold, owner);
    if (quota != 0) used_shrink(s, owner, draw, quota, hold->quota_year, year);
    for (unsigned i = 0; i < GJ_SOURCES_MAX && account_of(hold, i, &slot, &source); i++) {
        if (hold->left[i] != 0) raise_held(s, slot, source, -hold->left[i]);
        hold->left[i] = 0;
    }
}

static void capture(struct state *s, const void *record, struct hold *hold)
{
    const struct gj_effect *effect = record_effect(record);
    const struct gj_effect_sources *from = record_sources(record);
    uint32_t slot;
    enum gj_source source;
    int64_t total = 0;
    for (unsigned i = 0; i < GJ_SOURCES_MAX && account_of(hold, i, &slot, &source); i++) {
        int64_t taken = from->taken[i];
        ASSERT(taken >= 0 && taken <= hold->left[i]);
        if (taken == 0) continue;
        hold->left[i] -= taken;
        raise_held(s, slot, source, -taken);
        int64_t balance = post_debit(s, slot, source, from->region[i], taken, effect->year);
        ASSERT(i != 0 || balance == effect->balance);
        post_between(s, from->region[i], effect->region_target, taken);
        total += taken;
    }
    ASSERT(total == record_op(record)->amount);
    post_institution(s, effect->slot_other, effect->day, total);
}

static void accept(struct state *s, const void *record, struct hold *hold)
{
    const struct gj_effect *effect = record_effect(record);
    enum gj_source source = (enum gj_source)hold->sources;
    int64_t amount = hold->left[0];
    ASSERT(amount == record_hold(record)->amount);
    hold->left[0] = 0;
    raise_held(s, hold->first, source, -amount);
    int64_t balance =
        post_debit(s, hold->first, source, effect->region_source, amount, effect->year);
    ASSERT(balance == effect->balance);
    (void)post_credit(s, hold->other, GJ_SOURCE_WALLET, effect->region_target, amount,
                      effect->year);
    post_between(s, effect->region_source, effect->region_target, amount);
}

/* `chained`: it is still in the chain of its `other`. */
static void end(struct state *s, const void *record, uint32_t entry, bool chained,
                uint64_t position)
{
    const struct gj_op *op = record_op(record);
    const struct hold *hold = &s->holds.entries[entry];
    const struct gj_rid rid = hold->rid;
    chain_out(s, entry, 0, hold->first);
    if (chained) chain_out(s, entry, 1, hold->other);
    holds_remove(&s->holds, entry);
    amended_by(s, op->person, &rid, 0, position);
    amended_digest(s, AMENDED_ENDED, op->person, &rid, NULL, true);
}

/* The entry the record is on. */
static struct hold *amended(struct state *s, const struct applied *a)
{
    uint32_t entry = record_hold(a->record)->entry;
    ASSERT(holds_find(&s->holds, a->op->person, record_original_rid(a->record)) == entry);
    return &s->holds.entries[entry];
}

/* If the record says that the entry ends. */
static void end_if(struct state *s, const struct applied *a, struct hold *hold)
{
    if ((a->effect->flags & EFFECT_ENDS) == 0) return;
    struct draw draw = NO_DRAW;
    if (a->effect->flags & EFFECT_SOURCES) {
        const struct gj_effect_sources *from = record_sources(a->record);
        draw = (struct draw){from->family_relative, from->member_index};
    }
    bool chained = hold_chains_other(hold); /* as long as something is left */
    free_rest(s, hold, draw, a->effect->year);
    end(s, a->record, record_hold(a->record)->entry, chained, a->position);
}

void commit_capture(struct state *s, const struct applied *a)
{
    struct hold *hold = amended(s, a);
    bool chained = hold_chains_other(hold);
    capture(s, a->record, hold);
    /* With the last fen of the relative's captured it is the patient's hold alone. */
    if (chained && !hold_chains_other(hold)) {
        chain_out(s, record_hold(a->record)->entry, 1, hold->other);
    }
    end_if(s, a, hold);
}

void commit_accept(struct state *s, const struct applied *a)
{
    struct hold *hold = amended(s, a);
    accept(s, a->record, hold);
    end_if(s, a, hold);
}

void commit_release(struct state *s, const struct applied *a)
{
    end_if(s, a, amended(s, a));
}

void commit_return(struct state *s, const struct applied *a)
{
    end_if(s, a, amended(s, a));
}

void commit_expire(struct state *s, const struct applied *a)
{
    end_if(s, a, amended(s, a));
}
