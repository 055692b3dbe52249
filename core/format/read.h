/* core/format/read.h -- reading operations: 64-byte requests and their answers (docs/PROTOCOL.md).
 * A read changes nothing, takes no rid, and is answered from one committed state whose seq it
 * names; the answer is sent only when that state is durable, so no crash can take back what was
 * shown. */
#ifndef CORE_FORMAT_READ_H
#define CORE_FORMAT_READ_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "core/format/op.h"
#include "core/format/policy.h"
#include "core/format/reply.h"

/* X(NAME, number) */
#define GJ_READ_MAP(X)                                                                             \
    X(PING, 1)                                                                                     \
    X(STATS, 2)                                                                                    \
    X(GET_PERSON, 3)                                                                               \
    X(GET_OP, 4)                                                                                   \
    X(GET_REGION, 5)                                                                               \
    X(GET_INSTITUTION, 6)                                                                          \
    X(REGION_TOTALS, 7)                                                                            \
    X(NETTING_ROW, 8)                                                                              \
    X(STATE_DIGEST, 9)                                                                             \
    X(AUDIT, 10)                                                                                   \
    X(DRY_RUN, 11)                                                                                 \
    X(REGION_INSTITUTIONS, 12)                                                                     \
    X(LIST_HOLDS, 13)                                                                              \
    X(LIST_PENDING, 14)                                                                            \
    X(INSTITUTION_DAY, 15)

/* The reads. Numbers are stable for ever. */
enum gj_read_type {
#define X(name, number) GJ_READ_##name = (number),
    GJ_READ_MAP(X)
#undef X
};

/* One request. Extension lines follow it in the frame: GET_REGION by name has 2 (struct
 * gj_region_key), DRY_RUN has 1 + op.ext_count (the operation and its own lines). Unused fields 0.
 */
struct gj_read {
    uint8_t type;       /*  0 enum gj_read_type */
    uint8_t ext_count;  /*  1 */
    uint16_t region;    /*  2 GET_REGION, REGION_TOTALS, NETTING_ROW, REGION_INSTITUTIONS */
    uint16_t day;       /*  4 INSTITUTION_DAY: days since 1970-01-01 in Asia/Shanghai */
    uint16_t reserved0; /*  6 zero */
    uint64_t id;        /*  8 person or institution; REGION_INSTITUTIONS: list those after it */
    struct gj_rid rid;  /* 16 GET_OP */
    uint64_t after_due; /* 32 LIST_HOLDS, LIST_PENDING: list those that come after this due time */
    uint64_t after_seq; /* 40 ... and, of those that are due then, after this seq; 0, 0 = all */
    uint8_t reserved[16]; /* 48 zero */
};
static_assert(sizeof(struct gj_read) == 64, "protocol 1");

struct gj_region_key {
    char province[48]; /* UTF-8, zero-padded */
    char name[64];
    uint8_t reserved[16];
};
static_assert(sizeof(struct gj_region_key) == 128, "two lines");

/* Every answer: this header, then `size` bytes of payload (a multiple of 8). */
struct gj_answer {
    uint8_t code;     /* 0 enum gj_code: OK, or why there is no payload */
    uint8_t type;     /* 1 the read's type */
    uint16_t count;   /* 2 entries, for lists */
    uint32_t size;    /* 4 payload bytes */
    uint64_t seq;     /* 8 the state that answered */
    uint64_t time_ms; /* 16 log time of the answer */
};
static_assert(sizeof(struct gj_answer) == 24, "protocol 1");

/* A 128-bit two's complement amount of fen, low half first. */
struct gj_fen128 {
    uint64_t low;
    int64_t high;
};

struct gj_member_view {
    uint64_t id;
    uint8_t kind; /* enum gj_relation: what the member is to the person */
    uint8_t reserved[7];
    int64_t cap;  /* fen, -1 = none */
    int64_t used; /* fen drawn by this member this calendar year */
};
static_assert(sizeof(struct gj_member_view) == 32, "protocol 1");

#define GJ_PERSON_WALLET  0x01u /* has confirmed the wallet */
#define GJ_PERSON_SPECIAL 0x02u /* special-disease holder */
#define GJ_PERSON_CLOSED  0x04u
#define GJ_PERSON_ACCOUNT 0x08u /* has a personal account */
#define GJ_PERSON_OVERDUE 0x10u /* profile marked as changed, data not handed in */

/* GET_PERSON: everything in one snapshot. What is due at the time of the answer is not held any
 * more, whether the server has written that down yet or not. */
struct gj_person_view {
    uint64_t id;
    int64_t personal;        /* 8 posted, fen */
    int64_t personal_held;   /* 16 */
    int64_t wallet;          /* 24 */
    int64_t wallet_held;     /* 32 */
    int64_t quota;           /* 40 fen of this calendar year by today's policy; -1 = off */
    int64_t quota_left;      /* 48 fen; -1 = off */
    int64_t used;            /* 56 fen that counted to the quota this year */
    int64_t opening;         /* 64 posted balance at the year's first instant */
    int64_t credits;         /* 72 deposits of the year */
    uint64_t last_position;  /* 80 log position of the last record, 64-byte lines */
    uint64_t phone_hash;     /* 88 */
    uint16_t insured_region; /* 96 */
    uint16_t use_region;     /* 98: 0 = no wallet */
    uint8_t insurance;       /* 100 enum gj_insurance */
    uint8_t status;          /* 101 enum gj_status */
    uint8_t flags;           /* 102 GJ_PERSON_* */
    uint8_t suspended;       /* 103 enum gj_use bits */
    uint16_t year;           /* 104 calendar year of quota, used, opening, credits */
    uint16_t changed_on;     /* 106 day, 0 = none */
    uint16_t premium_year;   /* 108 year of premium_paid[1] */
    uint8_t premium_paid[3]; /* 110 product masks bit (product-1): last, this, next year */
    uint8_t member_count;    /* 113 */
    uint16_t holds;          /* 114 open holds as patient, or as relative who gives */
    uint16_t pendings_out;   /* 116 transfers that wait for their payee */
    uint16_t pendings_in;    /* 118 transfers that wait for this person */
    struct gj_member_view members[GJ_FAMILY_MEMBERS_MAX]; /* 120 the first member_count are set */
};
static_assert(sizeof(struct gj_person_view) == 312, "protocol 1");

enum gj_op_state {
    GJ_OP_STATE_EXECUTED = 1,     /* code 0..3: the reply and the operation follow */
    GJ_OP_STATE_REFUSED = 2,      /* code >= 40: likewise */
    GJ_OP_STATE_NOT_EXECUTED = 3, /* not up to `seq` of the answer; it may still arrive */
    GJ_OP_STATE_EXPIRED = 4,    /* the rid is below the low-water mark and forgotten: never executed
                                 * from now on, and what it did before is no longer known here */
    GJ_OP_STATE_TOMBSTONED = 5, /* reversed before it arrived: it never was executed and never will
                                 * be. The position is that of the REVERSE; no reply, no op */
};

/* GET_OP. */
struct gj_op_view {
    uint8_t state;                   /* 0 enum gj_op_state */
    uint8_t reserved[7];             /* 1 */
    uint64_t position;               /* 8 of its record, 0 if none */
    struct gj_reply reply;           /* 16 as first given */
    struct gj_reply_sources sources; /* 48 zero if the reply has none */
    struct gj_op op;                 /* 80 as received, without its extension lines; zero if none */
};
static_assert(sizeof(struct gj_op_view) == 144, "protocol 1");

/* GET_REGION: current policy, and the scheduled one if there is. */
struct gj_region_view {
    uint16_t id;
    uint8_t scheduled;   /* 2: 1 if a scheduled version follows the current one */
    uint8_t reserved[5]; /* 3 */
    uint32_t version;    /* 8 in force */
    uint32_t scheduled_version;
    uint64_t scheduled_from_ms;   /* 16 */
    struct gj_region_ext current; /* 24 */
    struct gj_policy next;        /* 408 zero unless scheduled */
};
static_assert(sizeof(struct gj_region_view) == 664, "protocol 1");

/* GET_INSTITUTION; REGION_INSTITUTIONS answers `count` of them in id order of registration. */
struct gj_institution_view {
    uint64_t id;
    char code[16];
    struct gj_fen128 payable; /* 24 */
    uint16_t region;          /* 40 */
    uint8_t type;             /* 42 enum gj_institution_type */
    uint8_t scenarios;        /* 43 mask */
    uint8_t flags;            /* 44 GJ_FLAG_WALLET, GJ_FLAG_SUSPENDED */
    uint8_t reserved[3];
};
static_assert(sizeof(struct gj_institution_view) == 48, "protocol 1");

/* At most so many come in one answer; to go on, ask again with the id of the last one. None = the
 * end. */
#define GJ_INSTITUTIONS_PAGE 853u

/* REGION_TOTALS: the region's book. fund = personal + wallet + institution + premium + clearing. */
struct gj_totals_view {
    struct gj_fen128 fund, personal, wallet, institution, premium, clearing;
    uint64_t persons; /* insured here */
    uint64_t wallets; /* region of use here */
};
static_assert(sizeof(struct gj_totals_view) == 112, "protocol 1");

/* LIST_HOLDS: open holds of a person as patient, or as relative of whom something is held;
 * LIST_PENDING: pending transfers from or to a person. `count` of them, earliest due first, of
 * equal ones the earlier seq first. To go on, ask again with after_due and after_seq of the last
 * one; fewer than GJ_HOLDS_PAGE = the last page. */
struct gj_hold_view {
    struct gj_rid rid;            /*  0 of the HOLD or TRANSFER: what to capture, release, accept */
    uint64_t person;              /* 16 its first person: patient or payer */
    uint64_t other;               /* 24 institution (hold) or payee (transfer) */
    uint64_t relative;            /* 32 hold: owner of the RELATIVE source, 0 = none */
    int64_t left[GJ_SOURCES_MAX]; /* 40 fen still held of each listed source */
    int64_t amount;               /* 64 fen held at the beginning */
    uint64_t due_ms;              /* 72 from this instant on it is expired */
    uint64_t seq;                 /* 80 of its record */
    uint8_t type;                 /* 88 GJ_OP_HOLD or GJ_OP_TRANSFER */
    uint8_t sources;              /* 89 as listed (gj_sources) */
    uint8_t scenario;             /* 90 hold: enum gj_scenario */
    uint8_t reserved[5];
};
static_assert(sizeof(struct gj_hold_view) == 96, "protocol 1");
#define GJ_HOLDS_PAGE 256u

/* INSTITUTION_DAY: what was posted to the institution's account on one day, one count an operation.
 * Only the last GJ_INSTITUTION_DAYS days, today included, are kept; any other day answers 13
 * BAD_FIELD. */
struct gj_institution_day_view {
    uint64_t id;
    uint16_t day;
    uint8_t reserved[6];
    uint64_t credit_count;    /* 16 payments, captures, reversed refunds */
    uint64_t debit_count;     /* 24 refunds, reversed payments and captures */
    struct gj_fen128 credits; /* 32 their sums: the payable changed by credits - debits */
    struct gj_fen128 debits;  /* 48 */
};
static_assert(sizeof(struct gj_institution_day_view) == 64, "protocol 1");

/* NETTING_ROW: one entry per other region with which anything was ever exchanged. */
struct gj_netting_entry {
    uint16_t region;
    uint8_t reserved[6];
    struct gj_fen128 out; /* gross owed by the row's region to this one, ever */
    struct gj_fen128 in;  /* gross owed by this one to the row's region, ever */
};
static_assert(sizeof(struct gj_netting_entry) == 40, "protocol 1");

/* STATE_DIGEST. */
struct gj_digest_view {
    uint64_t low, high;
};
/* AUDIT: text of the first broken invariant, zero-padded; empty = all hold. */
struct gj_audit_view {
    char broken[64];
};
/* DRY_RUN: the reply the operation would get now; nothing is remembered. */
struct gj_dry_run_view {
    struct gj_reply reply;
    struct gj_reply_sources sources;
};
/* STATS: the core's part is filled by query(); the server fills its own (zero in-process). */
struct gj_stats_view {
    uint64_t persons, persons_max, families, families_max, institutions, institutions_max;
    uint64_t regions, rids, rids_max, rid_low_water_ms;
    /* server */
    uint64_t uptime_ms, connections, operations, refusals, reads, replays, overloaded;
    uint64_t groups, log_bytes, log_position, log_free_bytes, durable_seq, generation, rss_bytes;
    uint64_t damaged_reads;    /* old records the disk gave back changed: each was refused */
    uint64_t holds, holds_max; /* open holds and pending transfers (the core's part) */
    uint64_t expired;          /* of those ended at their due time since the start */
};
static_assert(sizeof(struct gj_stats_view) == 224, "protocol 1");

/* Largest answer of any read, in bytes (a full netting row). */
#define GJ_READ_ANSWER_MAX (24u + 40u * GJ_REGIONS_MAX)
static_assert(GJ_INSTITUTIONS_PAGE * sizeof(struct gj_institution_view) <= GJ_READ_ANSWER_MAX - 24,
              "a page is an answer");

#endif
