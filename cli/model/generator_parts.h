/* cli/model/generator_parts.h -- between the files of the generator. */
#ifndef CLI_MODEL_GENERATOR_PARTS_H
#define CLI_MODEL_GENERATOR_PARTS_H

#include "cli/model/generator.h"

#define DAY_MS    UINT64_C(86400000)
#define MINUTE_MS UINT64_C(60000)
#define ZONE_MS   (8 * 60 * MINUTE_MS)

static inline uint32_t below(struct generator *g, uint32_t limit)
{
    return (uint32_t)(generator_random(g) >> 32) % limit;
}

static inline bool chance(struct generator *g, unsigned percent)
{
    return below(g, 100) < percent;
}

static inline bool rarely(struct generator *g, unsigned in_a_thousand)
{
    return below(g, 1000) < in_a_thousand;
}

/* Whom and what (generator_world.c). */
uint16_t generator_today(const struct generator *g);
uint64_t generator_known_person(struct generator *g, const struct model *m);
uint64_t generator_known_institution(struct generator *g, const struct model *m);
uint16_t generator_region(struct generator *g);
/* One of those that there are. */
uint16_t generator_known_region(struct generator *g);
uint8_t generator_auth(struct generator *g);
const struct model_person *generator_look_up(const struct model *m, uint64_t id);
const struct model_relation *generator_relation(struct generator *g, const struct model *m);
/* A person who can use this source, if a few tries find one. */
uint64_t generator_able_person(struct generator *g, const struct model *m, uint8_t source);
/* A relation whose payer can use the source and whose member is what `resident` says, likewise. */
const struct model_relation *generator_able_relation(struct generator *g, const struct model *m,
                                                     bool resident);

/* How much. */
int64_t generator_amount(struct generator *g);
/* Around an edge: exactly, one less, one more. */
int64_t generator_near(struct generator *g, int64_t edge);
/* The same of an amount, where 0 and less would only be refused. */
int64_t generator_near_amount(struct generator *g, int64_t edge);
/* Hardly ever something else: 0, below 0, above the maximum. */
int64_t generator_odd_amount(struct generator *g, int64_t amount);

/* One kind of operation each: sets all fields but the rid's. */
void generate_region(struct generator *g, const struct model *m, struct generated *ret);
void generate_institution(struct generator *g, const struct model *m, struct generated *ret);
void generate_person(struct generator *g, const struct model *m, struct generated *ret);
void generate_update(struct generator *g, const struct model *m, struct generated *ret);
void generate_wallet(struct generator *g, const struct model *m, struct generated *ret);
void generate_bind(struct generator *g, const struct model *m, struct generated *ret);
void generate_unbind_or_cap(struct generator *g, const struct model *m, struct generated *ret);
void generate_suspend(struct generator *g, const struct model *m, struct generated *ret);
void generate_change_region(struct generator *g, const struct model *m, struct generated *ret);
void generate_close(struct generator *g, const struct model *m, struct generated *ret);
void generate_deposit(struct generator *g, const struct model *m, struct generated *ret);
void generate_transfer(struct generator *g, const struct model *m, struct generated *ret);
void generate_pay(struct generator *g, const struct model *m, struct generated *ret);
void generate_hold(struct generator *g, const struct model *m, struct generated *ret);
void generate_premium(struct generator *g, const struct model *m, struct generated *ret);
void generate_accept_or_return(struct generator *g, const struct model *m, struct generated *ret);
void generate_capture_or_release(struct generator *g, const struct model *m, struct generated *ret);
void generate_refund(struct generator *g, const struct model *m, struct generated *ret);
void generate_reverse(struct generator *g, const struct model *m, struct generated *ret);

/* A fresh rid of about now, at times of the edges of what is allowed. */
void generator_rid(struct generator *g, struct gj_rid *ret);

#endif
