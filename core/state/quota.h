/* core/state/quota.h -- the yearly figures and the yearly quota of a personal account. Private to
 * core/. */
#ifndef CORE_STATE_QUOTA_H
#define CORE_STATE_QUOTA_H

#include "core/state/tables.h"

/* Yearly figures of a personal account as they read in `year`. */
struct year_view {
    int64_t opening, credits, used;
};
static inline struct year_view person_year(const struct state *s, uint32_t slot, uint16_t year)
{
    const struct person_cold *cold = &s->persons_cold[slot];
    if (cold->year == year) {
        return (struct year_view){cold->opening, cold->credits, cold->used};
    }
    return (struct year_view){s->persons[slot].personal, 0, 0};
}

/* Quota of the personal account in fen for `year` by `policy`, -1 = off (quota_bp 10000). What is
 * due and not written down yet changes nothing in it. */
int64_t person_quota(const struct state *s, uint32_t slot, uint16_t year,
                     const struct gj_policy *policy);

#endif
