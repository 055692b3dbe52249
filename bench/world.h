/* bench/world.h -- the made-up people of a load test: who they are follows from number and seed, so
 * a second run knows them without being told.
 *
 * Persons 1..N live in families of four: 0 payer (employee), 1 spouse (employee), 2 child
 * (resident), 3 parent of the payer (resident). The payer has bound the other three. A family has a
 * home region; the parent lives in another one. Everybody has a wallet. Every region with an open
 * wallet has a hospital and a pharmacy. */
#ifndef BENCH_WORLD_H
#define BENCH_WORLD_H

#include "clients/c/gongji.h"

#define WORLD_FAMILY   4u
#define WORLD_PRODUCTS GJ_PREMIUM_ROWS_MAX
#define WORLD_PREMIUM  INT64_C(40000) /* fen: 400 yuan, the personal part of the sources */

struct world {
    uint64_t persons; /* a multiple of WORLD_FAMILY */
    uint64_t seed;
    uint16_t premium_year;
    uint32_t region_count; /* regions with an open wallet */
    uint16_t regions[GJ_REGIONS_MAX];
};

/* A good 64-bit mixer: neighbours become strangers; numbers a step apart are a random sequence. */
#define WORLD_MIX_STEP UINT64_C(0x9E3779B97F4A7C15)
static inline uint64_t world_mix(uint64_t x)
{
    x += WORLD_MIX_STEP;
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

/* 0 .. bound-1 from 32 random bits. */
static inline uint32_t world_below(uint32_t random, uint32_t bound)
{
    return (uint32_t)((uint64_t)random * bound >> 32);
}

/* Role 0..3 of a person, and the payer of its family. */
static inline uint32_t world_role(uint64_t person)
{
    return (uint32_t)(person - 1) % WORLD_FAMILY;
}
static inline uint64_t world_payer(uint64_t person)
{
    return person - world_role(person);
}

/* Region where a person is insured and uses the wallet. */
static inline uint16_t world_region(const struct world *world, uint64_t person)
{
    uint64_t random = world_mix(world_payer(person) ^ world->seed);
    uint32_t bits = world_role(person) == 3 ? (uint32_t)random : (uint32_t)(random >> 32);
    return world->regions[world_below(bits, world->region_count)];
}

/* The two institutions of a region: 0 hospital, 1 pharmacy. */
static inline uint64_t world_institution(uint16_t region, uint32_t which)
{
    return (uint64_t)region * 10 + which + 1;
}

/* Reads which regions have an open wallet, and the server's year. With `create`, makes sure there
 * are regions: those of the server if any (lifting the limits of transfers and adding premium
 * products open today, as a new version), else 220 of its own. 0, or a negative enum gj_error, or a
 * positive enum gj_code the server answered; `why` then says what failed. */
#define WORLD_WHY_SIZE 160
int world_regions(struct world *world, struct gj_client *client, bool create,
                  char why[WORLD_WHY_SIZE]);

/* Operations that open one family, in the order they must be sent: WORLD_FAMILY_OPS of them into
 * ops[]; rids are minted from `rids` at now_ms. */
#define WORLD_FAMILY_OPS 17u
extern const uint8_t world_kinds[WORLD_FAMILY]; /* enum gj_relation of each role to the payer */
void world_open_family(const struct world *world, uint64_t payer, struct gj_rid_source *rids,
                       uint64_t now_ms, struct gj_op ops[WORLD_FAMILY_OPS]);

/* Operations that open the institutions of a region. */
#define WORLD_REGION_INSTITUTIONS 2u
void world_open_institution(uint16_t region, uint32_t which, struct gj_rid rid, struct gj_op *op,
                            struct gj_institution_ext *ext);

#endif
