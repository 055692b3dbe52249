/* cli/model/generator_world.c -- whom, what and how much the generator chooses. */
#include "cli/model/generator_parts.h"

uint16_t generator_today(const struct generator *g)
{
    return (uint16_t)((g->time_ms + 8 * 60 * MINUTE_MS) / DAY_MS);
}

static uint64_t any_person(struct generator *g)
{
    return rarely(g, 10) ? 99 : 100 + below(g, WORLD_PERSONS);
}

uint64_t generator_known_person(struct generator *g, const struct model *m)
{
    if (m->person_count == 0 || rarely(g, 15)) return any_person(g);
    if (g->hot != 0 && m->person_count > g->hot && chance(g, 90)) {
        return m->persons[below(g, g->hot)].id;
    }
    return m->persons[below(g, m->person_count)].id;
}

uint64_t generator_known_institution(struct generator *g, const struct model *m)
{
    if (m->institution_count == 0 || rarely(g, 15)) return 9 + below(g, WORLD_INSTITUTIONS + 1);
    return m->institutions[below(g, m->institution_count)].id;
}

uint16_t generator_known_region(struct generator *g)
{
    if (g->region_count != 0) return g->region_ids[below(g, g->region_count)];
    return (uint16_t)(1 + below(g, WORLD_REGIONS));
}

uint16_t generator_region(struct generator *g)
{
    if (g->region_count != 0 && !rarely(g, 20)) return generator_known_region(g);
    if (rarely(g, 20)) return WORLD_REGIONS + 1;
    return (uint16_t)(1 + below(g, chance(g, 70) ? WORLD_CENTRES : WORLD_REGIONS));
}

uint8_t generator_auth(struct generator *g)
{
    return (uint8_t)(chance(g, 90) ? GJ_AUTH_FACE : below(g, 4));
}

int64_t generator_amount(struct generator *g)
{
    if (g->rich && chance(g, 40)) return GJ_AMOUNT_MAX - (int64_t)below(g, 100000);
    if (rarely(g, 10)) return GJ_AMOUNT_MAX;
    return 1 + (int64_t)below(g, chance(g, 50) ? 1000 : 100000);
}

/* Around an edge: exactly, one less, one more. */
int64_t generator_near(struct generator *g, int64_t edge)
{
    int64_t off = (int64_t)below(g, 3) - 1, sum;
    return __builtin_add_overflow(edge, off, &sum) ? edge : sum;
}

/* The same of an amount, where 0 and less would only be refused. */
int64_t generator_near_amount(struct generator *g, int64_t edge)
{
    return edge > 1 || rarely(g, 100) ? generator_near(g, edge) : generator_amount(g);
}

const struct model_person *generator_look_up(const struct model *m, uint64_t id)
{
    for (uint32_t i = 0; i < m->person_count; i++) {
        if (m->persons[i].id == id) return &m->persons[i];
    }
    return NULL;
}

const struct model_relation *generator_relation(struct generator *g, const struct model *m)
{
    return m->relation_count == 0 ? NULL : &m->relations[below(g, m->relation_count)];
}

/* Nothing about the person itself stands in the way of paying from this source, or giving. */
static bool able(const struct model_person *p, uint8_t source, unsigned uses)
{
    if (p == NULL || p->closed || (p->suspended & uses) != 0) return false;
    if (p->status == GJ_STATUS_STOPPED) return false;
    if (source == GJ_SOURCE_WALLET) return p->confirmed && p->wallet > 0;
    return p->insurance == GJ_INSURANCE_EMPLOYEE && p->personal > 0;
}

/* A person who can use this source, if a few tries find one. */
uint64_t generator_able_person(struct generator *g, const struct model *m, uint8_t source)
{
    uint64_t id = generator_known_person(g, m);
    for (unsigned i = 0; i < 6 && !rarely(g, 30); i++) {
        if (able(generator_look_up(m, id), source, GJ_USE_PAY | GJ_USE_TRANSFER_OUT)) break;
        id = generator_known_person(g, m);
    }
    return id;
}

/* A relation whose payer can use the source and whose member is what `resident` says, likewise. */
const struct model_relation *generator_able_relation(struct generator *g, const struct model *m,
                                                     bool resident)
{
    const struct model_relation *r = generator_relation(g, m);
    for (unsigned i = 0; i < 8 && r != NULL && !rarely(g, 30); i++) {
        const struct model_person *payer = generator_look_up(m, r->payer),
                                  *member = generator_look_up(m, r->member);
        bool receives = !member->closed && (member->suspended & GJ_USE_TRANSFER_IN) == 0 &&
                        (resident ? member->insurance == GJ_INSURANCE_RESIDENT : member->confirmed);
        if (receives && able(payer, GJ_SOURCE_PERSONAL, GJ_USE_PAY | GJ_USE_TRANSFER_OUT)) break;
        r = generator_relation(g, m);
    }
    return r;
}

int64_t generator_odd_amount(struct generator *g, int64_t amount)
{
    if (rarely(g, 985)) return amount;
    static const int64_t odd[] = {0, -1, INT64_MIN, INT64_MAX, GJ_AMOUNT_MAX + 1, GJ_AMOUNT_MAX};
    int64_t drawn = odd[below(g, 6)];
    return g->plain && drawn == INT64_MIN ? -1 : drawn;
}
