/* core/record.h -- one log record: the operation as it was received, then its outcome.
 * decide() writes it, commit() applies it, and nothing else changes state; so redo after a crash
 * is commit() alone, without deciding anything again.
 *
 *   line 0            struct gj_op             as received
 *   lines 1..e        extension lines          e = op.ext_count
 *   line e+1          struct gj_effect
 *   line e+2          struct gj_effect_sources only if effect.flags has EFFECT_SOURCES
 *
 * Positions in the log are counted in 64-byte lines from the start of the log (u64); 0 = none. */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include <assert.h>
#include <stdint.h>

#include "base.h"
#include "op.h"
#include "reply.h"

#define SLOT_NONE UINT32_MAX

#define EFFECT_SOURCES        0x01u /* a struct gj_effect_sources follows */
#define EFFECT_CREATED        0x02u /* a person, institution or relation came into being */
#define EFFECT_FAMILY_CREATED 0x04u /* bind: the payer's family record as well */
#define EFFECT_QUOTA          0x08u /* the amount counts to the payer's yearly quota */

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
    uint32_t family;      /* 48 slot of the payer's family record (bind, unbind, cap); SLOT_NONE */
    uint8_t member_index; /* 52 which member of it; 0xFF = none or all */
    uint8_t reserved;     /* 53 zero */
    uint16_t year;        /* 54 calendar year of `day` */
    uint32_t policy_source; /* 56 version of the payer side's policy, 0 = none was read */
    uint32_t policy_target; /* 60 version of the payee side's policy */
};
static_assert(sizeof(struct gj_effect) == 64, "one line");

/* Second line of a payment. taken[i] and region[i] belong to the i-th listed source. */
struct gj_effect_sources {
    int64_t taken[GJ_SOURCES_MAX];   /*  0 */
    int64_t remainder;               /* 24 */
    uint64_t prev_relative;          /* 32 position of the relative's record before this one */
    uint32_t slot_relative;          /* 40 SLOT_NONE if no relative pays */
    uint32_t family_relative;        /* 44 the relative's family record */
    uint16_t region[GJ_SOURCES_MAX]; /* 48 book of each source */
    uint8_t member_index;            /* 54 the patient's index in it */
    uint8_t reserved[9];             /* 55 zero */
};
static_assert(sizeof(struct gj_effect_sources) == 64, "one line");

/* Any PAY whose outcome is OK or OK_PARTIAL has the second line; its reply has sources as
 * core/reply.h says. */

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

/* Size in bytes of the record at `record` of which `available` bytes can be read, or 0 if they do
 * not hold a whole well-formed record (bytes of a file: never trusted). */
NODISCARD uint32_t record_size(const void *record, uint64_t available);

/* The reply as first given, rebuilt from the record: nothing else stores replies. */
void record_reply(const void *record, struct gj_reply *reply, struct gj_reply_sources *sources);

/* True if `op` (with its extension lines behind it) has the body of the record's operation: all
 * fields but rid and deadline. */
NODISCARD bool record_same_body(const void *record, const struct gj_op *op);

#endif
