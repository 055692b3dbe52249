/* core/state/tables.h -- the objects the state is made of, and where they are.
 *
 * decide() and query() read these; commit() alone writes them. Every record is one or two cache
 * lines and never moves; a slot is its number in its array.
 *
 * For core/ only. Three others know the tables because they stand in for the memory itself:
 * io/engine/shard_memory.c and fuzz/fixture.c, which set a state back to what it was, and tests
 * that build states by hand or look at what a record left behind. */
#ifndef CORE_STATE_TABLES_H
#define CORE_STATE_TABLES_H

#include "core/base/base.h"
#include "core/base/calendar.h"
#include "core/format/limits.h"
#include "core/format/op.h"
#include "core/format/policy.h"
#include "core/format/record.h"
#include "core/state/holds.h"
#include "core/state/index.h"
#include "core/state/rid_window.h"
#include "core/state/state.h"

/* person.flags */
#define PERSON_ACCOUNT       0x0001u /* has a personal account (opened as or became 310) */
#define PERSON_WALLET        0x0002u /* confirmed the wallet */
#define PERSON_SPECIAL       0x0004u /* special-disease holder */
#define PERSON_CLOSED        0x0008u /* closed for good */
#define PERSON_OVERDUE       0x0010u /* changed on person_cold.changed_on, data missing */
#define PERSON_RESIDENT      0x0020u /* insurance 390; clear = 310 */
#define PERSON_STOPPED       0x0040u /* insurance status stopped; clear = active */
#define PERSON_SUSPEND_SHIFT 8       /* four bits, enum gj_use */

/* Hot line of a person: what a transfer or payment reads and writes. */
struct person {
    uint64_t id;             /*  0: 0 = free slot */
    int64_t personal;        /*  8 posted, fen; 0 <= personal_held <= personal */
    int64_t personal_held;   /* 16 */
    int64_t wallet;          /* 24 posted, fen; 0 <= wallet_held <= wallet */
    int64_t wallet_held;     /* 32 */
    uint64_t last_position;  /* 40 of the last record that touched this person */
    uint16_t insured_region; /* 48 */
    uint16_t use_region;     /* 50: 0 = no wallet */
    uint32_t flags;          /* 52 PERSON_* */
    uint32_t family;         /* 56 slot of the family record, SLOT_NONE = binds nobody */
    uint16_t transfer_day;   /* 60 day transfer_count is of; another day = none yet */
    uint16_t transfer_count; /* 62 transfers out on that day, both sources; stays at 65535 */
};
static_assert(sizeof(struct person) == 64, "one line");

/* Second line, same slot number: the calendar year's quota, premium marks, profile. */
struct person_cold {
    int64_t opening;            /*  0 posted personal at the first instant of `year` */
    int64_t credits;            /*  8 deposits of `year` */
    int64_t used;               /* 16 left the personal account for others in `year` */
    uint64_t phone_hash;        /* 24 of the profile */
    uint64_t wallet_phone_hash; /* 32 given when the wallet was confirmed */
    uint16_t year;              /* 40 of opening, credits, used; 0 = never touched. If it is not the
                                 *    year of the log time, read them as (personal, 0, 0) */
    uint16_t changed_on;        /* 42 day the profile changed without data, 0 = none */
    uint16_t premium_year;      /* 44 year of premium_paid[1]; 0 = no marks */
    uint8_t premium_paid[3];    /* 46 product masks of the year before, the year, the year after */
    uint8_t reserved0;          /* 49 */
    uint16_t holds_count;       /* 50 entries of its chain: open holds and pending transfers */
    uint32_t holds;             /* 52 first entry of its chain + 1 (core/state/holds.h), 0 = none */
    uint32_t holds_last;        /* 56 last entry of it + 1 */
    uint16_t incoming_count;    /* 60 of them pending transfers to it */
    uint8_t reserved[2];        /* 62 */
};
static_assert(sizeof(struct person_cold) == 64, "one line");

/* The members a payer bound: entries 0 .. count - 1. Behind them `kept` entries of members that
 * were unbound in `year`, the first unbound first, of which member, used and since are set. Whoever
 * drew has the place until the year ends; one with nothing drawn gives way when room is needed.
 * First line: who; the others: how much. */
struct family {
    uint32_t member[GJ_FAMILY_MEMBERS_MAX]; /*  0 slots of persons */
    uint8_t kind[GJ_FAMILY_MEMBERS_MAX]; /* 24 enum gj_relation: what the member is to the payer */
    uint8_t count;                       /* 30 */
    uint8_t kept;                        /* 31 */
    uint32_t payer;                      /* 32 slot */
    uint16_t year;                       /* 36 of used[] and kept; another year = all zero, none */
    uint16_t changes_year;               /* 38 of new_members; another year = none */
    int64_t cap[GJ_FAMILY_MEMBERS_MAX];  /* 40 fen, -1 = none */
    int64_t used[GJ_FAMILY_MEMBERS_MAX]; /* 88 fen the member drew in `year` */
    uint64_t since[GJ_FAMILY_MEMBERS_MAX]; /* 136 seq of the BIND: earlier draws are not of it */
    uint8_t new_members;                   /* 184 bound in `changes_year`, stays at 255 */
    uint8_t reserved0[7];                  /* 185 */
};
static_assert(sizeof(struct family) == 192, "three lines");

struct institution {
    uint64_t id;          /*  0 */
    char code[16];        /*  8 */
    uint32_t next;        /* 24 slot + 1 of the region's next one in order of slots, 0 = last */
    uint32_t prev;        /* 28 likewise the one before, 0 = first */
    i128 payable;         /* 32 fen; may go below 0 after late refunds */
    uint16_t region;      /* 48 */
    uint8_t type;         /* 50 enum gj_institution_type */
    uint8_t scenarios;    /* 51 mask */
    uint8_t flags;        /* 52 GJ_FLAG_WALLET, GJ_FLAG_SUSPENDED */
    uint8_t reserved[11]; /* 53 */
};
static_assert(sizeof(struct institution) == 64, "one line");

/* Lines posted to one institution's account on one day. */
struct institution_day {
    i128 credits, debits;               /*  0, 16 fen */
    uint64_t credit_count, debit_count; /* 32, 40 operations */
    uint16_t day;                       /* 48: 0 = never used */
    uint8_t reserved[14];               /* 50 */
};
static_assert(sizeof(struct institution_day) == 64, "one line");

/* One region: names, the policy in force and the scheduled one. version 0 = the region is not set.
 */
struct region {
    struct gj_region_ext data; /* names and the current policy */
    struct gj_policy next;     /* scheduled; valid if next_version != 0 */
    uint64_t next_from_ms;
    uint64_t current_from_ms;
    uint32_t version;
    uint32_t next_version;
    uint32_t province; /* number shared by all regions of one province name */
    /* Chain of its institutions, slot + 1, 0 = none: from the commits alone, so not in the digest.
     */
    uint32_t institution_first, institution_last;
};

/* A region's book, in fen. All 128-bit: they never refuse. */
struct book {
    i128 fund;        /* debit side: cash */
    i128 personal;    /* sum of posted personal accounts insured here */
    i128 wallet;      /* sum of posted wallets used here */
    i128 institution; /* sum of institution payables here */
    i128 premium;     /* sum of premium payables here, all years */
    i128 clearing;    /* > 0: owes other regions */
    uint64_t persons, wallets;
};

#define PREMIUM_YEAR_FIRST 2000u
#define PREMIUM_YEARS      201u

struct walk;

struct state {
    struct state_config config;
    uint64_t seq;
    uint64_t time_ms;
    struct calendar_now now; /* of time_ms: a group's operations share it */
    uint32_t persons_count;
    uint32_t families_count; /* families are not freed: an emptied one stays with its payer */
    uint32_t institutions_count;
    uint32_t regions_count;
    struct person *persons;
    struct person_cold *persons_cold;
    struct index persons_index;
    struct family *families;
    struct institution *institutions;
    struct index institutions_index;
    struct institution_day *days; /* [slot * GJ_INSTITUTION_DAYS + day % GJ_INSTITUTION_DAYS] */
    struct holds holds;
    u128 amended; /* for the digest: what became of finished operations (core/commit/amend.h) */
    struct region *regions; /* GJ_REGIONS_MAX */
    struct book *books;     /* GJ_REGIONS_MAX */
    i128 *gross;            /* GJ_REGIONS_MAX x GJ_REGIONS_MAX: [A * GJ_REGIONS_MAX + B] */
    i128 *premium_payable;  /* GJ_REGIONS_MAX x PREMIUM_YEARS */
    struct rid_window rids;
    /* A reader's place in all of this (core/state/walk.h), no part of the state. */
    struct walk *walk;
    bool walking; /* it is under way: commit() says what it is about to change */
};

/* Bytes of a walk (core/state/walk.h), and an idle one in so many zero bytes: s->walk. */
uint64_t walk_size(const struct state_config *config);
void walk_init(struct state *s, void *memory);

/* Slot of a person by id, SLOT_NONE if there is none. */
static inline uint32_t person_find(const struct state *s, uint64_t id)
{
    return index_find(&s->persons_index, id);
}
/* The same when the look-ahead has a guess. */
static inline uint32_t person_slot(const struct state *s, uint64_t id, uint32_t guess)
{
    if (guess < s->persons_count && s->persons[guess].id == id) return guess;
    return person_find(s, id);
}
static inline uint32_t institution_find(const struct state *s, uint64_t id)
{
    return index_find(&s->institutions_index, id);
}
/* The newest institution, in `slot`, becomes the last one of its region's chain. */
static inline void institution_chain(struct state *s, uint32_t slot)
{
    struct institution *inst = &s->institutions[slot];
    struct region *region = &s->regions[inst->region];
    inst->prev = region->institution_last;
    if (inst->prev == 0)
        region->institution_first = slot + 1;
    else
        s->institutions[inst->prev - 1].next = slot + 1;
    region->institution_last = slot + 1;
}
/* The policy of `region` in force at `time_ms`, or NULL if the region is not set. */
static inline const struct gj_policy *region_policy(const struct state *s, uint16_t region,
                                                    uint64_t time_ms)
{
    if (region >= GJ_REGIONS_MAX || s->regions[region].version == 0) return NULL;
    const struct region *r = &s->regions[region];
    if (r->next_version != 0 && r->next_from_ms <= time_ms) return &r->next;
    return &r->data.policy;
}
static inline uint32_t region_policy_version(const struct state *s, uint16_t region,
                                             uint64_t time_ms)
{
    const struct region *r = &s->regions[region];
    return r->next_version != 0 && r->next_from_ms <= time_ms ? r->next_version : r->version;
}

#endif
