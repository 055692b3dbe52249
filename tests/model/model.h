/* tests/model/model.h -- a second opinion on the money rules: a deliberately naive model of
 * docs/OPERATIONS.md, compared with core/ operation by operation (tests/model/test_model.c).
 *
 * It shares only public definitions with the core (codes, operations, policies, replies, answers)
 * and nothing of how the core works: persons, relations and requests are plain arrays searched from
 * the front, a new year or day resets everybody, a policy that becomes due is moved into place.
 * What both say is therefore what the contract says, or a misunderstanding of two authors. */
#ifndef TESTS_MODEL_MODEL_H
#define TESTS_MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "op.h"
#include "policy.h"
#include "read.h"
#include "reply.h"

#define MODEL_PERSONS_MAX      64u
#define MODEL_INSTITUTIONS_MAX 32u
#define MODEL_REGIONS_MAX      32u /* region ids below this */
#define MODEL_RELATIONS_MAX    512u
#define MODEL_PREMIUMS_MAX     4096u
#define MODEL_YEARS_MAX        256u

struct model_region {
    bool set;
    struct gj_region_ext ext; /* names, and the policy in force */
    uint32_t version;
    bool scheduled;
    struct gj_policy next;
    uint32_t next_version;
    uint64_t next_from_ms;
    __int128 fund, personal, wallet, institution, premium, clearing;
};

struct model_person {
    uint64_t id;
    uint16_t region; /* insured */
    uint8_t insurance, status;
    bool special;
    bool account; /* has a personal account */
    int64_t personal;
    bool confirmed; /* the wallet */
    uint16_t use_region;
    int64_t wallet;
    uint64_t phone_hash;
    bool marked; /* contact data changed on changed_on and not handed in */
    uint16_t changed_on;
    uint8_t suspended; /* enum gj_use bits */
    int64_t opening, credits, used;
    uint16_t transfers_today;
    bool ever_bound; /* takes one of the family records */
};

struct model_institution {
    uint64_t id;
    char code[16];
    uint16_t region;
    uint8_t type, scenarios, flags;
    __int128 payable;
};

struct model_relation {
    uint64_t payer, member;
    uint8_t kind;
    int64_t cap, used;
};

struct model_premium {
    uint64_t beneficiary;
    uint16_t year;
    uint8_t product;
};

/* One remembered request. */
struct model_request {
    struct gj_op op;
    uint8_t ext[GJ_EXT_MAX * GJ_RECORD_UNIT];
    struct gj_reply reply;
    struct gj_reply_sources sources;
};

struct model {
    uint32_t persons_max, families_max, institutions_max; /* capacities, as the core was given */
    uint64_t time_ms, seq;
    uint16_t year, day;
    struct model_region regions[MODEL_REGIONS_MAX];
    __int128 gross[MODEL_REGIONS_MAX][MODEL_REGIONS_MAX]; /* [from][to] */
    struct model_person persons[MODEL_PERSONS_MAX];
    uint32_t person_count;
    struct model_institution institutions[MODEL_INSTITUTIONS_MAX];
    uint32_t institution_count;
    struct model_relation relations[MODEL_RELATIONS_MAX];
    uint32_t relation_count;
    struct model_premium premiums[MODEL_PREMIUMS_MAX];
    uint32_t premium_count;
    struct model_request *requests;
    uint32_t request_count, requests_max;
    unsigned lowest; /* code >= 40 found so far in this operation, 255 = none */
};

/* An empty world; model_free() it. Requests beyond `requests_max` stop the test. */
struct model *model_new(uint32_t persons_max, uint32_t families_max, uint32_t institutions_max,
                        uint32_t requests_max);
void model_free(struct model *m);

/* What the operation (its extension lines behind it) answers at `time_ms`, which never falls, and
 * its effects. Every byte of `reply` and `sources` is set. */
void model_apply(struct model *m, const struct gj_op *op, uint64_t time_ms, bool read_only,
                 struct gj_reply *reply, struct gj_reply_sources *sources);
/* Moves the clock without an operation: new years and days, policies that become due. */
void model_advance(struct model *m, uint64_t time_ms);

/* What GET_PERSON should answer now, but for last_position; members in the order they were bound,
 * premium_year = the current year. False if there is no such person. */
bool model_person_view(const struct model *m, uint64_t id, struct gj_person_view *ret);
/* What REGION_TOTALS should answer. */
void model_totals_view(const struct model *m, uint16_t region, struct gj_totals_view *ret);
/* What GET_REGION should answer. False if the region is not set. */
bool model_region_view(const struct model *m, uint16_t region, struct gj_region_view *ret);
struct gj_fen128 model_fen(__int128 fen);

/* Between the files of the model. */

/* 0, or the lowest of 10, 11, 13, 14 by the bytes alone (model_bytes.c). */
unsigned model_check_bytes(const struct gj_op *op);
/* Names and policy of SET_REGION by themselves: 68 or not (model_bytes.c). */
bool model_region_ext_valid(const struct gj_region_ext *ext);

/* The rules: each sets m->lowest, and changes the world only if it is 255. The success code is the
 * result; 24 or 25 mean that a table is full (model_register.c, model_money.c). */
unsigned model_register(struct model *m, const struct gj_op *op);
unsigned model_money(struct model *m, const struct gj_op *op, struct gj_reply *reply,
                     struct gj_reply_sources *sources);

struct model_person *model_find_person(struct model *m, uint64_t id);
struct model_institution *model_find_institution(struct model *m, uint64_t id);
struct model_relation *model_find_relation(struct model *m, uint64_t payer, uint64_t member);
/* The policy in force, NULL if the region is not set (or 0). */
const struct gj_policy *model_policy(const struct model *m, uint16_t region);
void model_refuse_if(struct model *m, bool applies, unsigned code);
/* The year's quota of a person's personal account, -1 = none. */
int64_t model_quota(const struct model *m, const struct model_person *p,
                    const struct gj_policy *policy);

#endif
