/* core/commit_money.c -- the operations that move money, as postings. */
#include "commit.h"

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

int64_t post_debit(struct state *s, uint32_t slot, enum gj_source source, uint16_t region,
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

void post_between(struct state *s, uint16_t source, uint16_t target, int64_t amount)
{
    ASSERT(source != 0 && source < GJ_REGIONS_MAX);
    ASSERT(target != 0 && target < GJ_REGIONS_MAX);
    if (source == target) return;
    s->books[source].clearing += amount;
    s->books[target].clearing -= amount;
    s->gross[(uint64_t)source * GJ_REGIONS_MAX + target] += amount;
}

void commit_deposit(struct state *s, const struct gj_op *op, const struct gj_effect *effect)
{
    struct person *p = &s->persons[effect->slot_first];
    year_roll(s, effect->slot_first, effect->year);
    ASSERT(op->amount <= GJ_AMOUNT_MAX - p->personal);
    p->personal += op->amount;
    s->persons_cold[effect->slot_first].credits += op->amount;
    s->books[effect->region_target].fund += op->amount;
    s->books[effect->region_target].personal += op->amount;
    ASSERT(p->personal == effect->balance);
}

/* A transfer of the day, counted whatever the policy says: a limit may come later in the day. */
static void count_transfer(struct person *p, uint16_t day)
{
    if (p->transfer_day != day) {
        p->transfer_day = day;
        p->transfer_count = 0;
    }
    if (p->transfer_count < UINT16_MAX) p->transfer_count++;
}

void commit_transfer(struct state *s, const struct gj_op *op, const struct gj_effect *effect)
{
    struct person *payee = &s->persons[effect->slot_other];
    int64_t balance = post_debit(s, effect->slot_first, (enum gj_source)op->kind,
                                 effect->region_source, op->amount, effect->year);
    ASSERT(balance == effect->balance);
    if (effect->flags & EFFECT_QUOTA) s->persons_cold[effect->slot_first].used += op->amount;
    count_transfer(&s->persons[effect->slot_first], effect->day);
    ASSERT(payee->use_region == effect->region_target);
    ASSERT(op->amount <= GJ_AMOUNT_MAX - payee->wallet);
    payee->wallet += op->amount;
    s->books[effect->region_target].wallet += op->amount;
    post_between(s, effect->region_source, effect->region_target, op->amount);
}

/* The member's draws of the year, in the family of the relative who pays. */
static void count_draw(struct family *family, uint8_t member, int64_t amount, uint16_t year)
{
    ASSERT(member < family->count);
    if (family->year != year) {
        ASSERT(family->year < year);
        for (unsigned i = 0; i < GJ_FAMILY_MEMBERS_MAX; i++) family->used[i] = 0;
        family->year = year;
    }
    family->used[member] += amount;
}

void commit_pay(struct state *s, const void *record)
{
    const struct gj_op *op = record_op(record);
    const struct gj_effect *effect = record_effect(record);
    const struct gj_effect_sources *from = record_sources(record);
    struct institution *inst = &s->institutions[effect->slot_other];
    ASSERT(inst->region == effect->region_target);
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
            s->persons_cold[slot].used += taken;
            count_draw(&s->families[from->family_relative], from->member_index, taken,
                       effect->year);
        }
        post_between(s, from->region[i], effect->region_target, taken);
        total += taken;
    }
    ASSERT(total > 0 && total + from->remainder == op->amount);
    inst->payable += total;
    s->books[effect->region_target].institution += total;
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

void commit_premium(struct state *s, const struct gj_op *op, const struct gj_effect *effect)
{
    int64_t balance = post_debit(s, effect->slot_first, (enum gj_source)op->kind,
                                 effect->region_source, op->amount, effect->year);
    ASSERT(balance == effect->balance);
    if (effect->flags & EFFECT_QUOTA) s->persons_cold[effect->slot_first].used += op->amount;

    struct person_cold *cold = &s->persons_cold[effect->slot_other];
    ASSERT(cold->premium_year <= effect->year);
    marks_roll(cold, effect->year);
    unsigned index = (unsigned)(op->arg + 1 - effect->year);
    uint8_t mark = (uint8_t)(1u << (op->detail - 1));
    ASSERT(index < 3);
    ASSERT((cold->premium_paid[index] & mark) == 0);
    cold->premium_paid[index] |= mark;

    uint64_t year = op->arg - PREMIUM_YEAR_FIRST;
    s->premium_payable[effect->region_target * (uint64_t)PREMIUM_YEARS + year] += op->amount;
    s->books[effect->region_target].premium += op->amount;
    post_between(s, effect->region_source, effect->region_target, op->amount);
}
