/* core/commit/posting.c -- the operations that move money, as postings. */
#include "core/commit/posting.h"

#include "core/commit/apply.h"

void year_roll(struct state *s, uint32_t slot, uint16_t year)
{
    struct person_cold *cold = &s->persons_cold[slot];
    if (LIKELY(cold->year == year)) return;
    ASSERT(cold->year < year);
    cold->opening = s->persons[slot].personal;
    cold->credits = 0;
    cold->used = 0;
    cold->year = year;
}

/* Inline: a plain transfer is the hot path, and its source and target are known where it is posted.
 */
static inline int64_t debit(struct state *s, uint32_t slot, enum gj_source source, uint16_t region,
                            int64_t amount, uint16_t year)
{
    struct person *p = &s->persons[slot];
    ASSERT(amount >= 0);
    if (source == GJ_SOURCE_WALLET) {
        ASSERT(region == p->use_region);
        ASSERT(amount <= p->wallet - p->wallet_held);
        p->wallet -= amount;
        s->books[region].wallet -= amount;
        return p->wallet;
    }
    ASSERT(region == p->insured_region);
    ASSERT(amount <= p->personal - p->personal_held);
    year_roll(s, slot, year);
    p->personal -= amount;
    s->books[region].personal -= amount;
    return p->personal;
}

static inline int64_t credit(struct state *s, uint32_t slot, enum gj_source source, uint16_t region,
                             int64_t amount, uint16_t year)
{
    struct person *p = &s->persons[slot];
    ASSERT(amount >= 0);
    if (source == GJ_SOURCE_WALLET) {
        ASSERT(region == p->use_region);
        ASSERT(amount <= GJ_AMOUNT_MAX - p->wallet);
        p->wallet += amount;
        s->books[region].wallet += amount;
        return p->wallet;
    }
    ASSERT(region == p->insured_region);
    ASSERT(amount <= GJ_AMOUNT_MAX - p->personal);
    year_roll(s, slot, year);
    p->personal += amount;
    s->books[region].personal += amount;
    return p->personal;
}

int64_t post_debit(struct state *s, uint32_t slot, enum gj_source source, uint16_t region,
                   int64_t amount, uint16_t year)
{
    return debit(s, slot, source, region, amount, year);
}

int64_t post_credit(struct state *s, uint32_t slot, enum gj_source source, uint16_t region,
                    int64_t amount, uint16_t year)
{
    return credit(s, slot, source, region, amount, year);
}

void post_between(struct state *s, uint16_t source, uint16_t target, int64_t amount)
{
    ASSERT(source != 0 && source < GJ_REGIONS_MAX);
    ASSERT(target != 0 && target < GJ_REGIONS_MAX);
    if (source == target) return;
    s->books[source].clearing += amount;
    s->books[target].clearing -= amount;
    s->gross[(uint64_t)source * GJ_REGIONS_MAX + target] += amount;
}

void commit_deposit(struct state *s, const struct applied *a)
{
    const struct gj_op *op = a->op;
    const struct gj_effect *effect = a->effect;
    int64_t balance = post_credit(s, effect->slot_first, GJ_SOURCE_PERSONAL, effect->region_target,
                                  op->amount, effect->year);
    ASSERT(balance == effect->balance);
    s->persons_cold[effect->slot_first].credits += op->amount;
    s->books[effect->region_target].fund += op->amount;
}

void count_transfer(struct person *p, uint16_t day)
{
    if (p->transfer_day != day) {
        p->transfer_day = day;
        p->transfer_count = 0;
    }
    if (p->transfer_count < UINT16_MAX) p->transfer_count++;
}

void commit_transfer(struct state *s, const struct applied *a)
{
    const struct gj_op *op = a->op;
    const struct gj_effect *effect = a->effect;
    if (UNLIKELY(effect->flags & EFFECT_HOLD)) {
        commit_pending(s, a);
        return;
    }
    int64_t balance = debit(s, effect->slot_first, (enum gj_source)op->kind, effect->region_source,
                            op->amount, effect->year);
    ASSERT(balance == effect->balance);
    if (effect->flags & EFFECT_QUOTA) s->persons_cold[effect->slot_first].used += op->amount;
    count_transfer(&s->persons[effect->slot_first], effect->day);
    (void)credit(s, effect->slot_other, GJ_SOURCE_WALLET, effect->region_target, op->amount,
                 effect->year);
    post_between(s, effect->region_source, effect->region_target, op->amount);
}

void post_institution(struct state *s, uint32_t slot, uint16_t day, int64_t amount)
{
    struct institution *inst = &s->institutions[slot];
    struct institution_day *of =
        &s->days[(uint64_t)slot * GJ_INSTITUTION_DAYS + day % GJ_INSTITUTION_DAYS];
    if (of->day != day) *of = (struct institution_day){.day = day};
    if (amount >= 0) {
        of->credits += amount;
        of->credit_count++;
    } else {
        of->debits -= amount;
        of->debit_count++;
    }
    inst->payable += amount;
    s->books[inst->region].institution += amount;
}

void family_move(struct family *f, uint8_t to, uint8_t from)
{
    f->member[to] = f->member[from];
    f->kind[to] = f->kind[from];
    f->cap[to] = f->cap[from];
    f->used[to] = f->used[from];
    f->since[to] = f->since[from];
}

/* Draws begin anew with the year. */
static void family_roll(struct family *family, uint16_t year)
{
    if (LIKELY(family->year == year)) return;
    ASSERT(family->year < year);
    for (unsigned i = 0; i < GJ_FAMILY_MEMBERS_MAX; i++) family->used[i] = 0;
    family->kept = 0;
    family->year = year;
}

void used_grow(struct state *s, uint32_t slot, struct draw draw, int64_t amount, uint16_t year)
{
    year_roll(s, slot, year);
    s->persons_cold[slot].used += amount;
    if (draw.family == SLOT_NONE || draw.member == MEMBER_NONE) return;
    struct family *family = &s->families[draw.family];
    family_roll(family, year);
    ASSERT(draw.member < family->count + family->kept);
    family->used[draw.member] += amount;
}

void used_shrink(struct state *s, uint32_t slot, struct draw draw, int64_t amount, uint16_t grown,
                 uint16_t year)
{
    if (grown != year) return;
    struct person_cold *cold = &s->persons_cold[slot];
    ASSERT(cold->year == year && amount <= cold->used);
    cold->used -= amount;
    if (draw.family == SLOT_NONE || draw.member == MEMBER_NONE) return;
    struct family *family = &s->families[draw.family];
    ASSERT(draw.member < family->count + family->kept);
    ASSERT(family->year == year && amount <= family->used[draw.member]);
    family->used[draw.member] -= amount;
}

void commit_pay(struct state *s, const struct applied *a)
{
    const struct gj_op *op = a->op;
    const struct gj_effect *effect = a->effect;
    const struct gj_effect_sources *from = record_sources(a->record);
    ASSERT(s->institutions[effect->slot_other].region == effect->region_target);
    const struct draw draw = {from->family_relative, from->member_index};
    int64_t total = 0;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        enum gj_source source = gj_sources_at(op->kind, i);
        if (source == GJ_SOURCE_NONE) break;
        int64_t taken = from->taken[i];
        bool relative = source == GJ_SOURCE_RELATIVE;
        uint32_t slot = relative ? from->slot_relative : effect->slot_first;
        int64_t balance = taken == 0
                              ? effect->balance
                              : post_debit(s, slot, source, from->region[i], taken, effect->year);
        ASSERT(i != 0 || balance == effect->balance);
        if (taken == 0) continue;
        if (relative) {
            ASSERT(effect->flags & EFFECT_QUOTA);
            used_grow(s, slot, draw, taken, effect->year);
        }
        post_between(s, from->region[i], effect->region_target, taken);
        total += taken;
    }
    ASSERT(total > 0 && total + from->remainder == op->amount);
    post_institution(s, effect->slot_other, effect->day, total);
}

/* Shifts the marks so that the middle one is of `year`. */
static void marks_roll(struct person_cold *cold, uint16_t year)
{
    if (LIKELY(cold->premium_year == year)) return;
    unsigned by = cold->premium_year == 0 ? 3u : (unsigned)(year - cold->premium_year);
    for (unsigned i = 0; i < 3; i++) {
        cold->premium_paid[i] = by <= 2 && i + by <= 2 ? cold->premium_paid[i + by] : 0;
    }
    cold->premium_year = year;
}

void mark_premium(struct state *s, uint32_t slot, uint16_t insurance_year, uint8_t product,
                  bool paid, uint16_t year)
{
    struct person_cold *cold = &s->persons_cold[slot];
    ASSERT(cold->premium_year <= year);
    marks_roll(cold, year);
    int index = (int)insurance_year + 1 - (int)year;
    uint8_t mark = (uint8_t)(1u << (product - 1));
    /* The mark of a premium reversed years later is gone by itself. */
    if (!paid && index < 0) return;
    ASSERT(index >= 0 && index < 3);
    ASSERT(((cold->premium_paid[index] & mark) != 0) != paid);
    cold->premium_paid[index] ^= mark;
}

void commit_pay_premium(struct state *s, const struct applied *a)
{
    const struct gj_op *op = a->op;
    const struct gj_effect *effect = a->effect;
    int64_t balance = post_debit(s, effect->slot_first, (enum gj_source)op->kind,
                                 effect->region_source, op->amount, effect->year);
    ASSERT(balance == effect->balance);
    if (effect->flags & EFFECT_QUOTA) s->persons_cold[effect->slot_first].used += op->amount;
    mark_premium(s, effect->slot_other, op->arg, op->detail, true, effect->year);
    uint64_t year = op->arg - PREMIUM_YEAR_FIRST;
    s->premium_payable[effect->region_target * (uint64_t)PREMIUM_YEARS + year] += op->amount;
    s->books[effect->region_target].premium += op->amount;
    post_between(s, effect->region_source, effect->region_target, op->amount);
}
