/* core/decide/decider.h -- one decision in the making, and the rules that several families of
 * operations share. Private to core/decide/.
 *
 * Every rule is one line `lower(d, CODE)`: a check never returns early, because the answer is the
 * LOWEST code that applies over all parties and sources. A check whose object does not exist is
 * skipped; the missing object has a code of its own. What a decision takes from the state it
 * writes into the effect, so that commit() looks nothing up. */
#ifndef CORE_DECIDE_DECIDER_H
#define CORE_DECIDE_DECIDER_H

#include "core/base/calendar.h"
#include "core/decide/decide.h"
#include "core/decide/originals.h"
#include "core/state/due.h"
#include "core/state/quota.h"
#include "core/state/tables.h"

#define CODE_NONE UINT8_MAX

struct decider {
    const struct state *s;
    const struct gj_op *op;
    const struct decide_input *in;
    struct gj_effect *effect;
    struct gj_effect_sources *sources; /* room for the lines that may follow the effect */
    uint16_t day, minute, year;
    uint8_t refusal;  /* lowest code >= 40 that applies, CODE_NONE = none */
    uint8_t capacity; /* 24 or 25 if a table would have to grow beyond its maximum, else 0 */
    uint8_t success;  /* the code if nothing refuses: OK, OK_PARTIAL, OK_NOOP, OK_TOMBSTONED */
    bool due;         /* some hold or pending transfer is due now */
    uint32_t expired; /* the earliest due one of the persons looked at, HOLD_NONE = none */
};

/* One rule applies: the lowest wins. */
static inline void lower(struct decider *d, uint8_t code)
{
    if (code < d->refusal) d->refusal = code;
}
static inline void lower_if(struct decider *d, bool applies, uint8_t code)
{
    if (UNLIKELY(applies)) lower(d, code);
}

/* A side of an operation: the region whose book it is in, and that region's policy. */
struct side {
    const struct gj_policy *policy; /* NULL: the person has no account here; another code says so */
    uint16_t region;
};
static inline struct side side_of(const struct decider *d, uint16_t region)
{
    return (struct side){region_policy(d->s, region, d->in->time_ms), region};
}

/* The decision depends on this person's accounts: what is due of them is written down first. */
void note_due(struct decider *d, uint32_t slot);
static inline const struct person *look_at(struct decider *d, uint32_t slot)
{
    if (UNLIKELY(d->due)) note_due(d, slot);
    return &d->s->persons[slot];
}

/* The person in the slot, or NULL; a missing one answers 40. */
static inline const struct person *find_person(struct decider *d, uint64_t id, uint32_t *ret_slot)
{
    *ret_slot = person_slot(d->s, id, d->in->hint != NULL ? d->in->hint->slot_second : SLOT_NONE);
    if (UNLIKELY(*ret_slot == SLOT_NONE)) {
        lower(d, GJ_PERSON_NOT_FOUND);
        return NULL;
    }
    return look_at(d, *ret_slot);
}

/* The second person: found, and remembered in the effect. */
static inline const struct person *find_other(struct decider *d, uint32_t *ret_slot)
{
    const struct person *other = find_person(d, d->op->other, ret_slot);
    if (other != NULL) {
        d->effect->slot_other = *ret_slot;
        d->effect->prev_other = other->last_position;
    }
    return other;
}
/* The first person, which decide() already looked up; NULL and 40 if there is none. */
static inline const struct person *first_person(struct decider *d)
{
    if (UNLIKELY(d->effect->slot_first == SLOT_NONE)) {
        lower(d, GJ_PERSON_NOT_FOUND);
        return NULL;
    }
    return &d->s->persons[d->effect->slot_first];
}

static inline bool suspended(const struct person *p, enum gj_use use)
{
    return (p->flags >> PERSON_SUSPEND_SHIFT & (uint32_t)use) != 0;
}
static inline unsigned insurance_bit(const struct person *p)
{
    return p->flags & PERSON_RESIDENT ? 1u << (GJ_INSURANCE_RESIDENT - 1)
                                      : 1u << (GJ_INSURANCE_EMPLOYEE - 1);
}
static inline uint32_t slot_of(const struct decider *d, const struct person *p)
{
    return (uint32_t)(p - d->s->persons);
}
/* What is due of the person's holds. Only the answer of a dry run shows it; live, a record that
 * they expired goes first and everything is decided anew. */
static inline struct due_sums due_sums(const struct decider *d, uint32_t slot)
{
    return due_of(d->s, slot, d->year, d->in->time_ms);
}
static inline int64_t personal_available(const struct decider *d, const struct person *p)
{
    int64_t available = p->personal - p->personal_held;
    return LIKELY(!d->due) ? available : available + due_sums(d, slot_of(d, p)).personal;
}
static inline int64_t wallet_available(const struct decider *d, const struct person *p)
{
    int64_t available = p->wallet - p->wallet_held;
    return LIKELY(!d->due) ? available : available + due_sums(d, slot_of(d, p)).wallet;
}
static inline int64_t available(const struct decider *d, const struct person *p,
                                enum gj_source source)
{
    return source == GJ_SOURCE_WALLET ? wallet_available(d, p) : personal_available(d, p);
}
static inline int64_t posted(const struct person *p, enum gj_source source)
{
    return source == GJ_SOURCE_WALLET ? p->wallet : p->personal;
}
/* 44 */
static inline void check_open(struct decider *d, const struct person *p)
{
    lower_if(d, (p->flags & PERSON_CLOSED) != 0, GJ_ACCOUNT_CLOSED);
}
/* The book an account is in now. */
static inline uint16_t source_region(const struct person *p, enum gj_source source)
{
    return source == GJ_SOURCE_WALLET ? p->use_region : p->insured_region;
}

/* Rules shared by transfer, pay and premium (core/decide/decider.c). */

/* The source exists: 41, 45, 48. Returns its side. */
struct side check_source(struct decider *d, const struct person *owner, enum gj_source source);
/* Gives to somebody else from `source`: 47 if not actively insured or not in the payer mask. */
void check_giver(struct decider *d, const struct person *owner, enum gj_source source,
                 const struct gj_policy *payer_side);
/* Receives from somebody else: 47. */
void check_receiver(struct decider *d, const struct person *person,
                    const struct gj_policy *payee_side);
/* 50, by the person's insured region. */
void check_profile(struct decider *d, const struct person *person);
/* 66, of one side. */
void check_hours(struct decider *d, const struct gj_policy *policy);
/* 69, by cross_region_pay of both sides. */
void check_cross_pay(struct decider *d, struct side payer, struct side payee);
/* 155, by the mask of one side. */
static inline void check_auth(struct decider *d, uint8_t mask)
{
    lower_if(d, (mask >> d->op->auth & 1) == 0, GJ_AUTH_METHOD_REQUIRED);
}
/* 80 and 82: the payer bound the member, or, if `either` way will do, the member the payer. The
 * index of the member in the payer's family is MEMBER_NONE if there is none. */
uint8_t check_relation(struct decider *d, uint32_t payer, uint32_t member, bool either,
                       const struct gj_policy *payer_side);
/* The person is first person of something open that is not due: of `type`, or 0 = of either. */
bool has_own(const struct decider *d, uint32_t slot, uint8_t type);
/* What the year's quota still leaves of the personal account; if it is off, what can be counted. */
int64_t quota_left(const struct decider *d, uint32_t slot, const struct gj_policy *payer_side);

/* Index of `member` in the family of `payer`, MEMBER_NONE if it is not bound. */
uint8_t member_index(const struct state *s, const struct person *payer, uint32_t member);
/* Index of the place that `member`, unbound in `year`, keeps; MEMBER_NONE: none. */
uint8_t kept_index(const struct state *s, const struct person *payer, uint32_t member,
                   uint16_t year);

#endif
