/* core/format/record.h -- one log record: the operation as it was received, then its outcome.
 * decide() writes it, commit() applies it, and nothing else changes state; so redo after a crash
 * is commit() alone, without deciding anything again.
 *
 *   line 0            struct gj_op             as received
 *   lines 1..e        extension lines          e = op.ext_count
 *   line e+1          struct gj_effect
 *   then              struct gj_effect_sources   only if effect.flags has EFFECT_SOURCES
 *   then              struct gj_effect_hold      only if it has EFFECT_HOLD
 *   then              struct gj_effect_original  only if it has EFFECT_ORIGINAL
 *
 * Which of them a record has follows from its type and outcome: record_size() checks it.
 *
 * Positions in the log are counted in 64-byte lines from the start of the log (u64); 0 = none. */
#ifndef CORE_FORMAT_RECORD_H
#define CORE_FORMAT_RECORD_H

#include <assert.h>
#include <stdint.h>

#include "core/base/base.h"
#include "core/format/op.h"
#include "core/format/reply.h"

#define SLOT_NONE   UINT32_MAX
#define MEMBER_NONE UINT8_MAX

#define EFFECT_SOURCES        0x01u /* a struct gj_effect_sources follows */
#define EFFECT_CREATED        0x02u /* a person, institution, relation or tombstone is new */
#define EFFECT_FAMILY_CREATED 0x04u /* bind: the payer's family record as well */
#define EFFECT_QUOTA          0x08u /* the amount counts to the payer's yearly quota */
#define EFFECT_HOLD           0x10u /* a struct gj_effect_hold follows: hold, pending transfer */
#define EFFECT_ORIGINAL       0x20u /* a struct gj_effect_original follows: something is undone */
#define EFFECT_ENDS           0x40u /* the hold or pending transfer ends with this record */
/* UNBIND: the member's place is remembered until the year ends, with what it drew. BIND: it takes
 * that place again. No record of a log from before has it. */
#define EFFECT_KEPT 0x80u

struct gj_effect {
    uint64_t seq;  /*  0 commit sequence number, from 1, gap-free */
    uint8_t code;  /*  8 enum gj_code; always an outcome (0..3 or >= 40) */
    uint8_t flags; /*  9 EFFECT_* */
    uint16_t day;  /* 10 day of the log time, days since 1970-01-01 Asia/Shanghai; fixes the
                    *    quota year too */
    uint16_t region_source; /* 12 book debited: region of the source at this time */
    uint16_t region_target; /* 14 book credited */
    uint32_t slot_first;    /* 16 slot of the first person; SLOT_NONE if there is none */
    uint32_t slot_other;    /* 20 slot of the second person or the institution; SLOT_NONE */
    int64_t balance;        /* 24 as in the reply; commit asserts that it gets the same */
    uint64_t prev_first;    /* 32 position of the first person's record before this one, 0 = none */
    uint64_t prev_other;    /* 40 the second person's, if this record touches it */
    union {
        uint32_t family; /* 48 bind, unbind, cap: slot of the payer's family record, or SLOT_NONE */
        struct { /* all others: how long they can be undone, by the policy they were under */
            uint16_t refund_days;   /* 48 days after `day`; UNDO_UNLIMITED = no end */
            uint16_t reversal_days; /* 50 likewise */
        } undo;
    };
    uint8_t member_index;   /* 52 which member of it; 0xFF = none or all */
    uint8_t new_members;    /* 53 BIND: of the calendar year, this one included, at most 255; all
                             *    others, and records of a log from before: 0 */
    uint16_t year;          /* 54 calendar year of `day` */
    uint32_t policy_source; /* 56 version of the payer side's policy, 0 = none was read */
    uint32_t policy_target; /* 60 version of the payee side's policy */
};
static_assert(sizeof(struct gj_effect) == 64, "one line");
/* No end; also what records of log format 1 say, whose family was SLOT_NONE. */
#define UNDO_UNLIMITED UINT16_MAX

/* Money of up to three sources. taken[i] and region[i] belong to the i-th listed source; region is
 * the book it is in now. PAY, HOLD, CAPTURE, REFUND: fen taken, held, captured, given back.
 * RELEASE, EXPIRE of a hold: fen freed. REVERSE: fen moved back (of a REFUND: forward again); of
 * what has one source, the first. CLOSE: fen paid out, [0] of the personal account, [1] of the
 * wallet. */
struct gj_effect_sources {
    int64_t taken[GJ_SOURCES_MAX];   /*  0 */
    int64_t remainder;               /* 24 as in the reply */
    uint64_t prev_relative;          /* 32 position of the relative's record before this one */
    uint32_t slot_relative;          /* 40 SLOT_NONE if no relative pays */
    uint32_t family_relative;        /* 44 the relative's family record */
    uint16_t region[GJ_SOURCES_MAX]; /* 48 book of each source */
    uint8_t member_index;            /* 54 the patient's index in it; MEMBER_NONE: the draw is of a
                                      *    relation that has ended, only the quota is adjusted */
    uint8_t reserved[9];             /* 55 zero */
};
static_assert(sizeof(struct gj_effect_sources) == 64, "one line");

/* HOLD and a pending TRANSFER begin one; CAPTURE, RELEASE, ACCEPT, RETURN and EXPIRE change or end
 * it. */
struct gj_effect_hold {
    uint64_t due_ms;      /*  0 from this instant on it is expired */
    int64_t amount;       /*  8 fen held, moved or given back by this record, all sources */
    uint32_t entry;       /* 16 its number in the table of open holds */
    uint16_t quota_year;  /* 20 calendar year in which what it holds counted to quota and cap */
    uint8_t sources;      /* 22 as listed (gj_sources) */
    uint8_t reserved[41]; /* 23 zero */
};
static_assert(sizeof(struct gj_effect_hold) == 64, "one line");

/* REFUND and REVERSE, ended OK: what is undone, and what amended it before. */
struct gj_effect_original {
    uint64_t amended;      /*  0 position of the record that last amended the original, 0 = none */
    uint64_t root_amended; /*  8 REVERSE of a REFUND: likewise of the payment that was refunded */
    struct gj_rid root;    /* 16 REFUND, REVERSE of a REFUND: rid of that payment; else zero */
    /* 32 of that payment: fen refunded of each source, this record included */
    int64_t refunded[GJ_SOURCES_MAX];
    uint8_t type;          /* 56 of the original, enum gj_op_type */
    uint8_t sources;       /* 57 as the original listed them (gj_sources) */
    uint16_t quota_year;   /* 58 calendar year in which the original counted to quota and cap */
    uint16_t premium_year; /* 60 PAY_PREMIUM: insurance year */
    uint8_t product;       /* 62 PAY_PREMIUM */
    uint8_t reserved;      /* 63 zero */
};
static_assert(sizeof(struct gj_effect_original) == 64, "one line");

/* The parts of a record. The pointer must address a whole record that record_size() accepted. */
static inline const struct gj_op *record_op(const void *record)
{
    return (const struct gj_op *)record;
}
static inline const void *record_ext(const void *record)
{
    return (const uint8_t *)record + GJ_RECORD_UNIT;
}
static inline const struct gj_effect *record_effect(const void *record)
{
    const struct gj_op *op = record_op(record);
    return (const struct gj_effect *)((const uint8_t *)record +
                                      (1u + op->ext_count) * GJ_RECORD_UNIT);
}
static inline const struct gj_effect_sources *record_sources(const void *record)
{
    return (const struct gj_effect_sources *)(record_effect(record) + 1);
}
/* Where, in lines from the effect, its line of a hold or of an original is: it never has both. */
static inline unsigned effect_last_line(const struct gj_effect *effect)
{
    return effect->flags & EFFECT_SOURCES ? 2 : 1;
}
static inline const struct gj_effect_hold *record_hold(const void *record)
{
    const struct gj_effect *effect = record_effect(record);
    return (const struct gj_effect_hold *)(effect + effect_last_line(effect));
}
static inline const struct gj_effect_original *record_original(const void *record)
{
    const struct gj_effect *effect = record_effect(record);
    return (const struct gj_effect_original *)(effect + effect_last_line(effect));
}
/* True if the record says that an operation was executed: it has effects beyond the outcome. */
static inline bool effect_executed(const struct gj_effect *effect)
{
    return effect->code == GJ_OK || effect->code == GJ_OK_PARTIAL;
}
static inline bool record_executed(const void *record)
{
    return effect_executed(record_effect(record));
}
/* The rid in the extension line of an operation on an original. */
static inline const struct gj_rid *record_original_rid(const void *record)
{
    return &((const struct gj_original_ext *)record_ext(record))->rid;
}

/* What effect.slot_other is a slot of. */
enum record_other { RECORD_OTHER_NONE, RECORD_OTHER_PERSON, RECORD_OTHER_INSTITUTION };
enum record_other record_other(const void *record);

/* Size in bytes of the record at `record` of which `available` bytes can be read, or 0 if they do
 * not hold a whole well-formed record (bytes of a file: never trusted). */
NODISCARD uint32_t record_size(const void *record, uint64_t available);

/* Lines behind the effect, by its flags. */
uint32_t record_lines(const struct gj_effect *effect);

/* The reply as first given, rebuilt from the record: nothing else stores replies. */
void record_reply(const void *record, struct gj_reply *reply, struct gj_reply_sources *sources);

/* True if `op` (with its extension lines behind it) has the body of the record's operation: all
 * fields but rid and deadline. */
NODISCARD bool record_same_body(const void *record, const struct gj_op *op);

#endif
