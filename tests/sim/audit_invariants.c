/* tests/sim/audit_invariants.c -- the invariants of docs/OPERATIONS.md, recounted on the model. */
#include "tests/sim/auditor.h"

static const char *books(struct model *m, __int128 fund)
{
    __int128 total = 0, clearing = 0;
    for (uint16_t id = 0; id < MODEL_REGIONS_MAX; id++) {
        const struct model_region *r = &m->regions[id];
        if (!r->set) continue;
        __int128 personal = 0, wallet = 0, institution = 0, gross = 0;
        for (uint32_t i = 0; i < m->person_count; i++) {
            const struct model_person *p = &m->persons[i];
            if (p->region == id) personal += p->personal;
            if (p->use_region == id) wallet += p->wallet;
        }
        for (uint32_t i = 0; i < m->institution_count; i++) {
            if (m->institutions[i].region == id) institution += m->institutions[i].payable;
        }
        for (uint16_t other = 0; other < MODEL_REGIONS_MAX; other++) {
            if (m->gross[id][other] < 0) return "a gross amount between regions is negative";
            gross += m->gross[id][other] - m->gross[other][id];
        }
        if (personal != r->personal) return "the personal accounts of a region";
        if (wallet != r->wallet) return "the wallets of a region";
        if (institution != r->institution) return "the institutions of a region";
        if (gross != r->clearing) return "clearing is not gross out less gross in";
        if (r->fund != r->personal + r->wallet + r->institution + r->premium + r->clearing) {
            return "the book of a region";
        }
        total += r->fund;
        clearing += r->clearing;
    }
    if (clearing != 0) return "clearing does not net to zero";
    return total == fund ? NULL : "the sum of all funds: money appeared or is gone";
}

static const char *accounts(struct model *m)
{
    for (uint32_t i = 0; i < m->person_count; i++) {
        const struct model_person *p = &m->persons[i];
        int64_t held_personal = model_held(m, p, GJ_SOURCE_PERSONAL);
        int64_t held_wallet = model_held(m, p, GJ_SOURCE_WALLET);
        if (held_personal < 0 || held_personal > p->personal) return "held of a personal account";
        if (held_wallet < 0 || held_wallet > p->wallet) return "held of a wallet";
        if (p->personal > GJ_AMOUNT_MAX || p->wallet > GJ_AMOUNT_MAX) return "a balance's maximum";
        if (!p->account && p->personal != 0) return "money without a personal account";
        if (!p->confirmed && p->wallet != 0) return "money without a wallet";
        if (p->used < 0) return "used of the year is negative";
    }
    return NULL;
}

static const char *relations(const struct model *m)
{
    for (uint32_t i = 0; i < m->relation_count; i++) {
        const struct model_relation *r = &m->relations[i];
        unsigned members = 0;
        if (r->payer == r->member) return "a person is a member to itself";
        if (r->used < 0) return "used of a relation is negative";
        for (uint32_t j = 0; j < m->relation_count; j++) {
            if (m->relations[j].payer != r->payer) continue;
            members++;
            if (j != i && m->relations[j].member == r->member) return "a member twice";
        }
        if (members > GJ_FAMILY_MEMBERS_MAX) return "too many members";
    }
    return NULL;
}

static const char *requests(struct model *m)
{
    for (uint32_t i = 0; i < m->open_count; i++) {
        const struct model_request *r = &m->requests[m->open[i]];
        if (r->phase != PHASE_OPEN) return "something open that has ended";
        for (unsigned j = 0; j < GJ_SOURCES_MAX; j++) {
            if (r->left[j] < 0) return "less than nothing is held";
        }
    }
    for (uint32_t i = 0; i < m->request_count; i++) {
        const struct model_request *r = &m->requests[i];
        for (unsigned j = 0; j < GJ_SOURCES_MAX; j++) {
            if (r->refunded[j] < 0 || (r->refunded[j] != 0 && r->refunded[j] > r->moved[j])) {
                return "refunded more than was paid";
            }
        }
    }
    for (uint32_t i = 0; i < m->premium_count; i++) {
        for (uint32_t j = i + 1; j < m->premium_count; j++) {
            const struct model_premium *a = &m->premiums[i], *b = &m->premiums[j];
            if (a->beneficiary == b->beneficiary && a->year == b->year &&
                a->product == b->product) {
                return "a premium paid twice";
            }
        }
    }
    return NULL;
}

const char *audit_invariants(struct model *m, __int128 fund)
{
    const char *broken = books(m, fund);
    if (broken == NULL) broken = accounts(m);
    if (broken == NULL) broken = relations(m);
    if (broken == NULL) broken = requests(m);
    return broken;
}
