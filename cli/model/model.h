/* cli/model/model.h -- a second opinion on the money rules: a deliberately naive model of
 * docs/OPERATIONS.md, compared with core/ operation by operation (tests/model/test_model.c).
 *
 * It shares only public definitions with the core (codes, operations, policies, replies, answers)
 * and nothing of how the core works: persons, relations, requests and open holds are plain arrays
 * searched from the front, a new year or day resets everybody, a policy that becomes due is moved
 * into place, and before every operation whatever is due is simply gone. What an account holds is
 * the sum over the open holds, asked anew each time.
 * What both say is therefore what the contract says, or a misunderstanding of two authors.
 *
 * What only the world can know is handed in: log time, the rid low-water mark, which old requests
 * were forgotten below it, and the sequence numbers (expiries use some of them up). */
#ifndef CLI_MODEL_MODEL_H
#define CLI_MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/format/op.h"
#include "core/format/policy.h"
#include "core/format/read.h"
#include "core/format/reply.h"

#define MODEL_PERSONS_MAX      64u
#define MODEL_INSTITUTIONS_MAX 32u
#define MODEL_REGIONS_MAX      32u /* region ids below this */
#define MODEL_RELATIONS_MAX    512u
#define MODEL_OPEN_MAX         4096u
#define MODEL_NONE             UINT32_MAX

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
    bool special, closed;
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
    bool ever_bound;      /* takes one of the family records */
    unsigned new_members; /* bound this year, but for those that had kept their place */
};

struct model_institution {
    uint64_t id;
    char code[16];
    uint16_t region;
    uint8_t type, scenarios, flags;
    __int128 payable;
};

struct model_institution_day {
    uint64_t id;
    uint16_t day;
    uint64_t credit_count, debit_count;
    __int128 credits, debits;
};

struct model_relation {
    uint64_t payer, member;
    uint64_t number; /* no other relation has it, also not of the same two bound again */
    uint8_t kind;
    int64_t cap, used;
};

struct model_premium {
    uint64_t beneficiary;
    uint16_t year;
    uint8_t product;
};

/* What became of a HOLD or TRANSFER. */
enum model_phase {
    PHASE_SETTLED, /* a transfer that moved at once; whatever else is not a hold */
    PHASE_OPEN,
    PHASE_ENDED, /* hold: all captured; transfer: accepted */
    PHASE_FREED, /* hold: released; transfer: returned */
    PHASE_EXPIRED
};

/* One remembered request, and what was done about it since. */
struct model_request {
    struct gj_op op;
    uint8_t ext[GJ_EXT_MAX * GJ_RECORD_UNIT];
    struct gj_reply reply;
    struct gj_reply_sources sources;
    bool forgotten; /* below the floor, and a retry is not recognised any more */
    bool early;     /* two seconds or more ahead of log time when it came */
    /* Only if it was executed: */
    uint16_t day;                        /* undoing counts from it: of an acceptance, that day */
    uint16_t refund_days, reversal_days; /* by the policy it began under */
    uint16_t quota_year;                 /* in which it counted to quota and cap */
    uint64_t relation;                   /* number of the relation a relative's draw went over */
    int64_t moved[GJ_SOURCES_MAX];       /* of each source; REFUND: to each */
    int64_t refunded[GJ_SOURCES_MAX];    /* since, and not reversed */
    bool reversed;
    uint32_t root; /* CAPTURE: its HOLD; REFUND: its PAY or CAPTURE; index into requests */
    /* HOLD, TRANSFER */
    enum model_phase phase;
    int64_t left[GJ_SOURCES_MAX]; /* still held of each source */
    uint64_t due_ms;
};

struct model_key {
    uint64_t person;
    struct gj_rid rid;
};

struct model_tombstone {
    struct model_key key;
    uint32_t by; /* the REVERSE that made it: index into requests */
    bool forgotten;
    bool early; /* as of a request */
};

struct model {
    uint32_t persons_max, families_max, institutions_max; /* capacities, as the core was given */
    uint32_t holds_max;
    uint32_t ahead_max; /* requests ahead of their time at once */
    uint64_t time_ms, rid_low_water_ms;
    uint16_t year, day;
    uint64_t outcomes, expired; /* records there are, and records there will be at the latest when
                                 * everything that is due is written down */
    struct model_region regions[MODEL_REGIONS_MAX];
    __int128 gross[MODEL_REGIONS_MAX][MODEL_REGIONS_MAX]; /* [from][to] */
    struct model_person persons[MODEL_PERSONS_MAX];
    uint32_t person_count;
    struct model_institution institutions[MODEL_INSTITUTIONS_MAX];
    uint32_t institution_count;
    struct model_relation relations[MODEL_RELATIONS_MAX];
    uint32_t relation_count;
    uint64_t relations_ever;
    /* Ended by UNBIND this year. With something drawn the member has its place still; with nothing
     * it is only remembered, as long as the payer has no more than six of both. */
    struct model_relation kept[MODEL_RELATIONS_MAX];
    uint32_t kept_count;
    uint32_t open[MODEL_OPEN_MAX]; /* holds and pending transfers, indexes into requests */
    uint32_t open_count;
    /* Room for `requests_max` of each. */
    struct model_institution_day *days;
    uint32_t day_count;
    struct model_premium *premiums;
    uint32_t premium_count;
    struct model_tombstone *tombstones;
    uint32_t tombstone_count;
    struct model_request *requests;
    struct model_key *keys; /* keys[i] is that of requests[i] */
    uint32_t request_count, requests_max;
    struct model_request *now; /* the next of requests, being filled */
    uint32_t answered;         /* index of the request the last reply is of, MODEL_NONE = of none */
    unsigned lowest;           /* code >= 40 found so far in this operation, 255 = none */
};

struct model_limits {
    uint32_t persons, families, institutions, holds;
    uint32_t ahead;    /* requests ahead of their time at once; 0 = more than there can be */
    uint32_t requests; /* more than that stop the test */
};

/* An empty world; model_free() it. */
struct model *model_new(const struct model_limits *limits);
/* Back to an empty world, with room for as many requests as at first; costs what was used. */
void model_clear(struct model *m, const struct model_limits *limits);
void model_free(struct model *m);

/* What the operation (its extension lines behind it) answers at `time_ms`, which never falls, and
 * its effects. Every byte of `reply` and `sources` is set but for reply.seq: m->answered says whose
 * it is; a new outcome's is to be put into requests[answered].reply.seq once it is known. */
void model_apply(struct model *m, const struct gj_op *op, uint64_t time_ms, bool read_only,
                 struct gj_reply *reply, struct gj_reply_sources *sources);
/* Moves the clock without an operation: new years and days, policies that become due, expiry. */
void model_advance(struct model *m, uint64_t time_ms);
/* A request or tombstone that a retry does not find any more. False if that is not allowed: it is
 * not below the floor. */
bool model_forget(struct model *m, uint64_t person, const struct gj_rid *rid);
/* True if there is a request or tombstone that a retry would find. */
bool model_remembers(const struct model *m, uint64_t person, const struct gj_rid *rid);

/* Answers to reads (model_views.c). What GET_PERSON should answer now, but for last_position;
 * members in the order they were bound, premium_year = the current year. False if there is no such
 * person. */
bool model_person_view(const struct model *m, uint64_t id, struct gj_person_view *ret);
/* REGION_TOTALS. */
void model_totals_view(const struct model *m, uint16_t region, struct gj_totals_view *ret);
/* GET_REGION. False if the region is not set. */
bool model_region_view(const struct model *m, uint16_t region, struct gj_region_view *ret);
/* INSTITUTION_DAY: its code; the view is set if it is OK. */
unsigned model_day_view(const struct model *m, uint64_t id, uint16_t day,
                        struct gj_institution_day_view *ret);
/* LIST_HOLDS (type GJ_OP_HOLD) or LIST_PENDING (GJ_OP_TRANSFER): all pages in one, in their order;
 * `ret` has room for MODEL_OPEN_MAX. Returns how many. */
uint32_t model_list(const struct model *m, uint64_t person, uint8_t type, struct gj_hold_view *ret);
/* GET_OP, but for the position. */
void model_op_view(const struct model *m, uint64_t person, const struct gj_rid *rid,
                   struct gj_op_view *ret);
struct gj_fen128 model_fen(__int128 fen);

/* ---- Between the files of the model. ---- */

/* 0, or the lowest of 10, 11, 13, 14 by the bytes alone (model_bytes.c). */
unsigned model_check_bytes(const struct gj_op *op);
/* Names and policy of SET_REGION by themselves: 68 or not (model_policy.c). */
bool model_region_ext_valid(const struct gj_region_ext *ext);

/* The rules: each sets m->lowest, and changes the world only if it is 255. The success code is the
 * result; 24 or 25 mean that a table is full. */
unsigned model_register(struct model *m, const struct gj_op *op, struct gj_reply *reply);
unsigned model_transfer(struct model *m, const struct gj_op *op, struct gj_reply *reply);
unsigned model_pay(struct model *m, const struct gj_op *op, struct gj_reply *reply,
                   struct gj_reply_sources *sources);
unsigned model_hold(struct model *m, const struct gj_op *op, struct gj_reply *reply,
                    struct gj_reply_sources *sources);
unsigned model_undo(struct model *m, const struct gj_op *op, struct gj_reply *reply,
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
uint64_t model_rid_ms(const struct gj_rid *rid);
/* The first six bytes may be milliseconds: from 2020 on, and no count of seconds of 2020 to 2100 in
 * the first four. */
bool model_rid_is_time(const struct gj_rid *rid);
/* Two seconds or more ahead of log time. */
bool model_early(const struct model *m, const struct gj_rid *rid);
bool model_same_rid(const struct gj_rid *a, const struct gj_rid *b);
/* MODEL_NONE: no such request. Those that retries do not find any more are found. */
uint32_t model_find_request(const struct model *m, uint64_t person, const struct gj_rid *rid);
bool model_tombstoned(const struct model *m, uint64_t person, const struct gj_rid *rid);
/* The lines of an operation on an original. */
const struct gj_rid *model_original_rid(const struct gj_op *op);

/* Books (model_book.c): rule X; posting into and out of accounts and their books. */
void model_across(struct model *m, uint16_t from, uint16_t to, int64_t amount);
/* The source of this number in the list: enum gj_source, 0 = none. DEPOSIT has the personal one. */
uint8_t model_source(const struct model *m, const struct model_request *r, unsigned i);
/* The request that listed the sources: itself, the HOLD of a CAPTURE, the payment of a REFUND. */
const struct model_request *model_listing(const struct model *m, const struct model_request *r);
/* Whose it is; NULL: nobody's. */
struct model_person *model_owner(struct model *m, const struct model_request *r, unsigned i);
int64_t model_posted(const struct model_person *p, uint8_t source);
int64_t model_held(const struct model *m, const struct model_person *p, uint8_t source);
int64_t model_available(const struct model *m, const struct model_person *p, uint8_t source);
/* The region of the account's book. */
uint16_t model_book(const struct model_person *p, uint8_t source);
/* Adds to an account (below 0: takes from it) and to its book. */
void model_post(struct model *m, struct model_person *p, uint8_t source, int64_t amount);
/* Likewise to an institution, with the day's totals. `first`: this is a new credit or debit of the
 * day, not another line of the same. */
void model_post_institution(struct model *m, struct model_institution *i, int64_t amount);
void model_count_institution(struct model *m, const struct model_institution *i, int64_t total);
/* Grows (below 0: shrinks) what counts to quota and cap by what source i gave, if it is still the
 * year in which it counted, and the relation the same. */
void model_count_used(struct model *m, const struct model_request *r, unsigned i, int64_t amount);

/* Open holds and pending transfers (model_open.c). */
bool model_takes_part(const struct model_request *r, uint64_t person);
/* False: 25, for one more in which `givers` give and `payee` waits (0 = nobody). */
bool model_room(const struct model *m, const uint64_t givers[2], uint64_t payee);
/* m->now becomes open; its `left`, `due_ms` and `quota_year` are set. */
void model_open(struct model *m);
/* It ends as `phase`; what is left is freed. */
void model_end(struct model *m, struct model_request *r, enum model_phase phase);

/* Checks that several operations share (model_checks.c). */
bool model_overdue(const struct model *m, const struct model_person *p);
bool model_out_of_hours(const struct model *m, const struct gj_policy *policy);
/* The owner has this source: 41, 45, 48. The result is its region, 0 if it has none. */
uint16_t model_has_source(struct model *m, const struct model_person *owner, uint8_t source);
/* Gives to, or receives from, somebody else: 47. */
void model_gives(struct model *m, const struct model_person *p, uint8_t source,
                 const struct gj_policy *payer_side);
void model_receives(struct model *m, const struct model_person *p,
                    const struct gj_policy *payee_side);
/* cross_region_pay: 69. */
void model_crosses(struct model *m, uint16_t payer, uint16_t payee);
/* 80 and 82; `either` direction of a relation will do. */
void model_related(struct model *m, uint64_t payer, uint64_t payee, bool either,
                   const struct gj_policy *payer_side);
bool model_above_quota(const struct model *m, const struct model_person *p,
                       const struct gj_policy *policy, int64_t amount);

#endif
