/* cli/model/model_checks.c -- checks that several operations of the model share. */
#include <string.h>

#include "cli/model/model.h"

bool model_overdue(const struct model *m, const struct model_person *p)
{
    const struct gj_policy *policy = model_policy(m, p->region);
    if (policy->profile_overdue != GJ_OVERDUE_BLOCK || !p->marked) return false;
    return (unsigned)m->day >= (unsigned)p->changed_on + policy->profile_grace_days;
}

bool model_out_of_hours(const struct model *m, const struct gj_policy *policy)
{
    uint64_t minute = (m->time_ms + UINT64_C(28800000)) / 60000 % 1440;
    return minute < policy->service_from_minute || minute >= policy->service_to_minute;
}

static bool insurance_in(const struct model_person *p, uint8_t mask)
{
    return (mask >> (p->insurance - 1) & 1) != 0;
}

uint16_t model_has_source(struct model *m, const struct model_person *owner, uint8_t source)
{
    if (source == GJ_SOURCE_WALLET) {
        model_refuse_if(m, !owner->confirmed, GJ_WALLET_NOT_CONFIRMED);
        return owner->use_region;
    }
    model_refuse_if(m, !owner->account, GJ_ACCOUNT_NOT_FOUND);
    model_refuse_if(m, owner->insurance != GJ_INSURANCE_EMPLOYEE, GJ_NOT_EMPLOYEE_INSURED);
    return owner->region;
}

/* The mask is not asked of a resident's kept personal account, which answers 48 instead; a stopped
 * status is. */
void model_gives(struct model *m, const struct model_person *p, uint8_t source,
                 const struct gj_policy *payer_side)
{
    bool personal = source != GJ_SOURCE_WALLET;
    model_refuse_if(m, p->status == GJ_STATUS_STOPPED, GJ_NOT_INSURED);
    if (personal && p->insurance == GJ_INSURANCE_RESIDENT) return;
    if (payer_side == NULL) return;
    uint8_t mask = personal ? payer_side->payer_mask_personal : payer_side->payer_mask_wallet;
    model_refuse_if(m, !insurance_in(p, mask), GJ_NOT_INSURED);
}

void model_receives(struct model *m, const struct model_person *p,
                    const struct gj_policy *payee_side)
{
    model_refuse_if(m, p->status == GJ_STATUS_STOPPED, GJ_NOT_INSURED);
    if (payee_side == NULL) return;
    model_refuse_if(m, !insurance_in(p, payee_side->beneficiary_mask), GJ_NOT_INSURED);
}

static bool crossing_allowed(const struct model *m, uint16_t a, uint16_t b, uint8_t rule)
{
    if (a == b || rule == GJ_CROSS_ANY) return true;
    if (rule == GJ_CROSS_SAME) return false;
    const char *of_a = m->regions[a].ext.province, *of_b = m->regions[b].ext.province;
    return of_a[0] != 0 && strcmp(of_a, of_b) == 0;
}

void model_crosses(struct model *m, uint16_t payer, uint16_t payee)
{
    const struct gj_policy *a = model_policy(m, payer), *b = model_policy(m, payee);
    if (a == NULL || b == NULL) return;
    bool allowed = crossing_allowed(m, payer, payee, a->cross_region_pay) &&
                   crossing_allowed(m, payer, payee, b->cross_region_pay);
    model_refuse_if(m, !allowed, GJ_CROSS_REGION_DISABLED);
}

void model_related(struct model *m, uint64_t payer, uint64_t payee, bool either,
                   const struct gj_policy *payer_side)
{
    const struct model_relation *there = model_find_relation(m, payer, payee);
    const struct model_relation *back = either ? model_find_relation(m, payee, payer) : NULL;
    model_refuse_if(m, there == NULL && back == NULL, GJ_RELATION_NOT_FOUND);
    if (there == NULL && back == NULL) return;
    if (payer_side == NULL) return;
    bool allowed = false;
    if (there != NULL && (payer_side->relation_mask >> (there->kind - 1) & 1) != 0) allowed = true;
    if (back != NULL && (payer_side->relation_mask >> (back->kind - 1) & 1) != 0) allowed = true;
    model_refuse_if(m, !allowed, GJ_RELATION_KIND_NOT_ALLOWED);
}

bool model_above_quota(const struct model *m, const struct model_person *p,
                       const struct gj_policy *policy, int64_t amount)
{
    int64_t quota = model_quota(m, p, policy);
    return quota >= 0 && p->used + amount > quota;
}
