/* core/reply.h -- what an operation answers: 32 bytes, plus 32 for payments with several sources.
 */
#ifndef CORE_REPLY_H
#define CORE_REPLY_H

#include <assert.h>
#include <stdint.h>

#include "codes.h"
#include "limits.h"

#define GJ_REPLY_REPLAYED 0x01u /* the stored reply of an earlier, identical request */
#define GJ_REPLY_SOURCES  0x02u /* a struct gj_reply_sources follows */

/* Durable when it is sent: code 0..3 and >= 40 are in the log, the rest changed nothing. */
struct gj_reply {
    uint8_t code;        /*  0 enum gj_code */
    uint8_t flags;       /*  1 GJ_REPLY_* */
    uint8_t reserved[6]; /*  2 zero */
    uint64_t seq;        /*  8 commit sequence number, 0 if the attempt is not in the log */
    int64_t balance;     /* 16 posted balance of the (first) source or credited account after it:
                          *    deposit PA; transfer, premium the source; pay the first source;
                          *    else 0. On a refusal 0. */
    int64_t amount;      /* 24 fen moved; 0 unless code is OK or OK_PARTIAL of a money operation */
};
static_assert(sizeof(struct gj_reply) == 32, "protocol 1");

/* Follows the reply of every PAY that ended OK and listed more than one source, or ended
 * OK_PARTIAL. */
struct gj_reply_sources {
    int64_t taken[GJ_SOURCES_MAX]; /* fen from each source, in the order they were listed */
    int64_t remainder;             /* fen left for the patient to pay otherwise */
};
static_assert(sizeof(struct gj_reply_sources) == 32, "protocol 1");

#endif
