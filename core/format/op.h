/* core/format/op.h -- the 64-byte operation: what a client sends, what the log keeps, byte for
 * byte. All integers little-endian, naturally aligned; every offset is pinned below and documented
 * in docs/PROTOCOL.md. A field an operation does not use must be zero (14 RESERVED_NONZERO). */
#ifndef CORE_FORMAT_OP_H
#define CORE_FORMAT_OP_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/format/limits.h"

/* Request id: 16 bytes, big-endian, UUIDv7/ULID layout: bytes 0..5 are Unix milliseconds.
 * (first person, rid) is the idempotency key. */
struct gj_rid {
    uint8_t bytes[16];
};

static inline bool gj_rid_equal(const struct gj_rid *a, const struct gj_rid *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

/* What kind of operation it is. */
#define GJ_OP_MONEY    0x001u /* moves or holds `amount` fen, checked by 35 and 36 */
#define GJ_OP_PERSON   0x002u /* has a first person (person != 0) */
#define GJ_OP_OTHER    0x004u /* `other` must not be 0 */
#define GJ_OP_AUTH     0x008u /* carries `auth` */
#define GJ_OP_ORIGINAL 0x010u /* on an earlier operation: one line, struct gj_original_ext */
#define GJ_OP_INTERNAL 0x020u /* written by the server only; received: 11 UNKNOWN_OP */
/* The second party is named by `other`; of an operation on an original it is the original's. */
#define GJ_OP_SECOND      0x040u /* the second party is a person */
#define GJ_OP_INSTITUTION 0x080u /* the second party is an institution */
#define GJ_OP_SOURCES     0x100u /* draws on the sources in `kind`; its line: struct gj_pay_ext */
#define GJ_OP_FAMILY      0x200u /* changes the first person's family */
#define GJ_OP_UNDOES      0x400u /* takes back what an original did; else the original is open */

/* A row says all that is said about an operation anywhere. `function` names decide_FUNCTION() and
 * commit_FUNCTION(); `fields` are members of struct op_traits (core/format/op_traits.h). Code asks
 * that table: it lists no types and compares none by size. */
/* clang-format off */
/* X(NAME, number, "scenario verb", extension lines min, max, what it is, function, fields...) */
#define GJ_OP_MAP(X)                                                                               \
    X(SET_REGION, 1, "region", 6, 6, 0u, set_region, .other = OP_OTHER_ANY,                        \
      .amount = OP_AMOUNT_VERSION, .arg = {1, GJ_REGIONS_MAX - 1})                                 \
    X(SET_INSTITUTION, 2, "institution", 1, 1, GJ_OP_OTHER | GJ_OP_INSTITUTION, set_institution,   \
      .flags = GJ_FLAG_WALLET | GJ_FLAG_SUSPENDED, .arg = {1, GJ_REGIONS_MAX - 1},                 \
      .kind = {GJ_HOSPITAL, GJ_PHARMACY}, .detail = {1, GJ_SCENARIO_MASK_ALL})                     \
    X(OPEN_PERSON, 3, "person", 0, 0, GJ_OP_PERSON, open_person, .flags = GJ_FLAG_SPECIAL,         \
      .arg = {1, GJ_REGIONS_MAX - 1}, .kind = {GJ_INSURANCE_EMPLOYEE, GJ_INSURANCE_RESIDENT},      \
      .detail = {GJ_STATUS_ACTIVE, GJ_STATUS_STOPPED})                                             \
    X(UPDATE_PERSON, 4, "update", 0, 0, GJ_OP_PERSON, update_person,                               \
      .flags = GJ_FLAG_PHONE | GJ_FLAG_SPECIAL_SET | GJ_FLAG_SPECIAL, .other = OP_OTHER_PHONE,     \
      .amount = OP_AMOUNT_FIXED, .arg = {0, UINT16_MAX}, .kind = {0, GJ_INSURANCE_RESIDENT},       \
      .detail = {0, GJ_STATUS_STOPPED})                                                            \
    X(CONFIRM_WALLET, 5, "wallet", 0, 0, GJ_OP_PERSON | GJ_OP_AUTH, confirm_wallet,                \
      .other = OP_OTHER_ANY, .arg = {1, GJ_REGIONS_MAX - 1})                                       \
    X(BIND, 6, "bind", 0, 0,                                                                       \
      GJ_OP_PERSON | GJ_OP_OTHER | GJ_OP_AUTH | GJ_OP_SECOND | GJ_OP_FAMILY, bind,                 \
      .amount = OP_AMOUNT_CAP, .kind = {GJ_SPOUSE, GJ_MATERNAL_GRANDCHILD})                        \
    X(UNBIND, 7, "unbind", 0, 0, GJ_OP_PERSON | GJ_OP_OTHER | GJ_OP_SECOND | GJ_OP_FAMILY,         \
      unbind, .amount = OP_AMOUNT_UNUSED)                                                          \
    X(SET_CAP, 8, "cap", 0, 0, GJ_OP_PERSON | GJ_OP_AUTH | GJ_OP_SECOND | GJ_OP_FAMILY, set_cap,   \
      .other = OP_OTHER_ANY, .amount = OP_AMOUNT_CAP)                                              \
    X(DEPOSIT, 9, "deposit", 0, 0, GJ_OP_PERSON | GJ_OP_MONEY, deposit, .other = OP_OTHER_UNUSED)  \
    X(TRANSFER, 10, "transfer", 0, 0,                                                              \
      GJ_OP_PERSON | GJ_OP_OTHER | GJ_OP_SECOND | GJ_OP_MONEY | GJ_OP_AUTH, transfer,              \
      .kind = {GJ_SOURCE_PERSONAL, GJ_SOURCE_WALLET}, .lines_may = EFFECT_HOLD)                    \
    X(PAY, 11, "pay", 0, 1, GJ_OP_PERSON | GJ_OP_OTHER | GJ_OP_INSTITUTION | GJ_OP_SOURCES |       \
      GJ_OP_MONEY | GJ_OP_AUTH, pay, .flags = GJ_FLAG_PARTIAL,                                     \
      .kind = {GJ_SOURCE_PERSONAL, 0x3F}, .detail = {GJ_OUTPATIENT, GJ_DRUG},                      \
      .lines = EFFECT_SOURCES)                                                                     \
    X(PAY_PREMIUM, 12, "premium", 0, 0, GJ_OP_PERSON | GJ_OP_OTHER | GJ_OP_SECOND | GJ_OP_MONEY,   \
      pay_premium, .arg = {2000, 2200}, .kind = {GJ_SOURCE_PERSONAL, GJ_SOURCE_WALLET},            \
      .detail = {1, GJ_PRODUCTS_MAX})                                                              \
    X(SUSPEND, 13, "suspend", 0, 0, GJ_OP_PERSON, suspend, .detail = {0, GJ_USE_ALL})              \
    X(RESUME, 14, "resume", 0, 0, GJ_OP_PERSON, resume, .detail = {0, GJ_USE_ALL})                 \
    X(ACCEPT, 15, "accept", 1, 1, GJ_OP_PERSON | GJ_OP_OTHER | GJ_OP_SECOND | GJ_OP_ORIGINAL,      \
      accept, .lines = EFFECT_HOLD)                                                                \
    X(RETURN, 16, "return", 1, 1, GJ_OP_PERSON | GJ_OP_OTHER | GJ_OP_SECOND | GJ_OP_ORIGINAL,      \
      return, .lines = EFFECT_HOLD)                                                                \
    X(HOLD, 17, "hold", 0, 1, GJ_OP_PERSON | GJ_OP_OTHER | GJ_OP_INSTITUTION | GJ_OP_SOURCES |     \
      GJ_OP_MONEY | GJ_OP_AUTH, hold, .flags = GJ_FLAG_PARTIAL,                                    \
      .kind = {GJ_SOURCE_PERSONAL, 0x3F}, .detail = {GJ_OUTPATIENT, GJ_DRUG},                      \
      .lines = EFFECT_SOURCES | EFFECT_HOLD)                                                       \
    X(CAPTURE, 18, "capture", 1, 1,                                                                \
      GJ_OP_PERSON | GJ_OP_INSTITUTION | GJ_OP_MONEY | GJ_OP_ORIGINAL, capture,                    \
      .flags = GJ_FLAG_FINAL, .lines = EFFECT_SOURCES | EFFECT_HOLD)                               \
    X(RELEASE, 19, "release", 1, 1, GJ_OP_PERSON | GJ_OP_INSTITUTION | GJ_OP_ORIGINAL, release,    \
      .lines = EFFECT_SOURCES | EFFECT_HOLD)                                                       \
    X(REFUND, 20, "refund", 1, 1, GJ_OP_PERSON | GJ_OP_INSTITUTION | GJ_OP_MONEY |                 \
      GJ_OP_ORIGINAL | GJ_OP_UNDOES, refund, .lines = EFFECT_SOURCES | EFFECT_ORIGINAL)            \
    X(REVERSE, 21, "reverse", 1, 1, GJ_OP_PERSON | GJ_OP_ORIGINAL | GJ_OP_UNDOES, reverse,         \
      .lines = EFFECT_SOURCES | EFFECT_ORIGINAL)                                                   \
    X(CHANGE_REGION, 22, "change_region", 0, 0, GJ_OP_PERSON | GJ_OP_AUTH, change_region,          \
      .arg = {1, GJ_REGIONS_MAX - 1})                                                              \
    X(CLOSE_PERSON, 23, "close", 0, 0, GJ_OP_PERSON, close_person, .detail = {0, GJ_PAYOUT_CASH},  \
      .lines = EFFECT_SOURCES)                                                                     \
    X(EXPIRE, 24, "expire", 1, 1, GJ_OP_PERSON | GJ_OP_ORIGINAL | GJ_OP_INTERNAL, expire,          \
      .lines = EFFECT_HOLD, .lines_may = EFFECT_SOURCES)
/* clang-format on */

/* The operations. Numbers are stable for ever. */
enum gj_op_type {
#define X(name, number, ...) GJ_OP_##name = (number),
    GJ_OP_MAP(X)
#undef X
};

/* Field use. "region" is a region id, "day" a day number since 1970-01-01 in Asia/Shanghai.
 *
 * type            other          amount           arg          kind         detail      flags
 * SET_REGION      valid_from ms  version 1..      region       0            0           0
 *                 (0 = now)      2^32-1           + 6 extension lines: struct gj_region_ext
 * SET_INSTITUTION institution    0                region       1 hospital   scenario    WALLET
 *                                                              2 pharmacy   mask        SUSPENDED
 *                                                 + 1 extension line: struct gj_institution_ext
 * OPEN_PERSON     0              0                insured      insurance    status      SPECIAL
 *                                                 region       1|2          1|2
 * UPDATE_PERSON   phone hash     0 (13 if not:    changed-on   insurance    status      PHONE
 *                 (if PHONE)     the region is    day or 0     0|1|2        0|1|2       SPECIAL_SET
 *                                fixed)                                                 SPECIAL
 * CONFIRM_WALLET  phone hash     0                region of    0            0           0
 *                                                 use
 * BIND            member         cap, -1 = none   0            relation     0           0
 *                                                              kind 1..8
 * UNBIND          member         0                0            0            0           0
 * SET_CAP         member, 0=all  cap, -1 = none   0            0            0           0
 * DEPOSIT         0              fen              0            0            0           0
 * TRANSFER        payee          fen              0            source 1|2   0           0
 * PAY             institution    fen              0            sources      scenario    PARTIAL
 *                                                 + 1 extension line struct gj_pay_ext if a
 *                                                 relative pays or personal_part is given
 * PAY_PREMIUM     beneficiary    fen              year         source 1|2   product     0
 * SUSPEND/RESUME  0              0                0            0            use bits    0
 *                                                                           (0 = pay)
 * HOLD            as PAY; its extension line may give the timeout
 * CHANGE_REGION   0              0                new region   0            0           0
 *                                                 of use
 * CLOSE_PERSON    0              0                0            0            payout 0|1  0
 *
 * Those on an original have its first person in `person` and its rid in an extension line, struct
 * gj_original_ext:
 * ACCEPT, RETURN  who acts:      0                0            0            0           0
 *                 a person
 * CAPTURE         0              fen              0            0            0           FINAL
 * REFUND          0              fen              0            0            0           0
 * RELEASE,        0              0                0            0            0           0
 * REVERSE
 * EXPIRE          likewise, with rid zero: the server's own record that a hold or pending transfer
 *                 ended at its due time; no client can send it
 */
struct gj_op {
    struct gj_rid rid;    /*  0 */
    uint64_t person;      /* 16 first person: payer, patient, holder; 0 if the operation has none */
    uint64_t other;       /* 24 second party, see the table */
    int64_t amount;       /* 32 fen, or a cap, or a version */
    uint64_t ref;         /* 40 the caller's own reference: opaque, logged, given back */
    uint32_t deadline_ms; /* 48 milliseconds after the rid's time; 0 = none. Not part of the body */
    uint32_t actor;       /* 52 who acts, in the caller's numbering: opaque, logged */
    uint8_t type;         /* 56 enum gj_op_type */
    uint8_t ext_count;    /* 57 extension lines that follow */
    uint8_t flags;        /* 58 GJ_FLAG_* */
    uint8_t auth;         /* 59 enum gj_auth */
    uint16_t arg;         /* 60 */
    uint8_t kind;         /* 62 */
    uint8_t detail;       /* 63 */
};
static_assert(sizeof(struct gj_op) == 64, "one operation per line");
static_assert(offsetof(struct gj_op, person) == 16, "protocol 1");
static_assert(offsetof(struct gj_op, amount) == 32, "protocol 1");
static_assert(offsetof(struct gj_op, deadline_ms) == 48, "protocol 1");
static_assert(offsetof(struct gj_op, type) == 56, "protocol 1");
static_assert(offsetof(struct gj_op, arg) == 60, "protocol 1");
static_assert(offsetof(struct gj_op, detail) == 63, "protocol 1");

/* Flags; each operation accepts only those the table above names for it. */
#define GJ_FLAG_PARTIAL     0x01u /* PAY: pay what the sources can give, cash for the rest */
#define GJ_FLAG_SPECIAL     0x02u /* OPEN_PERSON, UPDATE_PERSON: special-disease holder */
#define GJ_FLAG_SPECIAL_SET 0x04u /* UPDATE_PERSON: SPECIAL is given (else it stays) */
#define GJ_FLAG_PHONE       0x08u /* UPDATE_PERSON: phone hash is given (else it stays) */
#define GJ_FLAG_WALLET      0x10u /* SET_INSTITUTION: takes the wallet */
#define GJ_FLAG_SUSPENDED   0x20u /* SET_INSTITUTION: suspended */
#define GJ_FLAG_FINAL       0x40u /* CAPTURE: frees what stays held */

enum gj_auth { GJ_AUTH_NONE = 0, GJ_AUTH_FACE = 1, GJ_AUTH_CODE = 2, GJ_AUTH_CARD = 3 };
enum gj_insurance { GJ_INSURANCE_EMPLOYEE = 1, GJ_INSURANCE_RESIDENT = 2 }; /* 310, 390 */
enum gj_status { GJ_STATUS_ACTIVE = 1, GJ_STATUS_STOPPED = 2 };
enum gj_institution_type { GJ_HOSPITAL = 1, GJ_PHARMACY = 2 };
enum gj_source {
    GJ_SOURCE_NONE = 0,
    GJ_SOURCE_PERSONAL = 1,
    GJ_SOURCE_WALLET = 2,
    GJ_SOURCE_RELATIVE = 3
};
/* What the member is to the payer. A mask has bit (kind - 1). */
enum gj_relation {
    GJ_SPOUSE = 1,
    GJ_PARENT,
    GJ_CHILD,
    GJ_SIBLING,
    GJ_GRANDPARENT,
    GJ_MATERNAL_GRANDPARENT,
    GJ_GRANDCHILD,
    GJ_MATERNAL_GRANDCHILD,
};
/* A mask has bit (scenario - 1). */
enum gj_scenario { GJ_OUTPATIENT = 1, GJ_INPATIENT, GJ_SPECIAL_DISEASE, GJ_MATERNITY, GJ_DRUG };
#define GJ_SCENARIO_MASK_ALL 0x1Fu
/* Uses that SUSPEND switches off. */
enum gj_use { GJ_USE_PAY = 1, GJ_USE_TRANSFER_OUT = 2, GJ_USE_TRANSFER_IN = 4, GJ_USE_PREMIUM = 8 };
#define GJ_USE_ALL 0x0Fu

/* PAY.kind: up to three sources in the order they are drawn, two bits each from the low end;
 * none twice, no gap, at least one. */
static inline uint8_t gj_sources(enum gj_source a, enum gj_source b, enum gj_source c)
{
    return (uint8_t)((unsigned)a | (unsigned)b << 2 | (unsigned)c << 4);
}
static inline enum gj_source gj_sources_at(uint8_t sources, unsigned i)
{
    return (enum gj_source)(sources >> (2 * i) & 3);
}

/* Extension of PAY and HOLD. personal_part: the patient's own share of the bill in fen, 0 = not
 * given. */
struct gj_pay_ext {
    uint64_t relative;     /* 0; the owner of the RELATIVE source, 0 if there is none */
    int64_t personal_part; /* 8 */
    uint32_t timeout_s;    /* 16 HOLD: seconds; 0 = the longest the policy allows. PAY: 0 */
    uint8_t reserved[44];  /* 20 zero */
};
static_assert(sizeof(struct gj_pay_ext) == 64, "one line");

/* Extension of the operations on an original: its rid. Neither zero nor the operation's own. */
struct gj_original_ext {
    struct gj_rid rid;
    uint8_t reserved[48]; /* zero */
};
static_assert(sizeof(struct gj_original_ext) == 64, "one line");

/* CLOSE_PERSON.detail */
enum gj_payout { GJ_PAYOUT_NONE = 0, GJ_PAYOUT_CASH = 1 };

/* Extension of SET_INSTITUTION: the public institution code, ASCII, zero-padded. */
struct gj_institution_ext {
    char code[16];
    uint8_t reserved[48];
};
static_assert(sizeof(struct gj_institution_ext) == 64, "one line");

const char *gj_op_name(uint8_t type); /* "TRANSFER", or NULL. Static storage. */
const char *gj_op_verb(uint8_t type); /* "transfer", or NULL. Static storage. */

#endif
