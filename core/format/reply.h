/* core/format/reply.h -- what an operation answers: 32 bytes, plus 32 where money of several
 * sources moved.
 */
#ifndef CORE_FORMAT_REPLY_H
#define CORE_FORMAT_REPLY_H

#include <assert.h>
#include <stdint.h>

#include "core/format/codes.h"
#include "core/format/limits.h"

#define GJ_REPLY_REPLAYED 0x01u /* the stored reply of an earlier, identical request */
#define GJ_REPLY_SOURCES  0x02u /* a struct gj_reply_sources follows */
#define GJ_REPLY_PENDING  0x04u /* TRANSFER: the money is held until it is accepted or returned */

/* Durable when it is sent: code 0..3 and >= 40 are in the log, the rest changed nothing. */
struct gj_reply {
    uint8_t code;        /*  0 enum gj_code */
    uint8_t flags;       /*  1 GJ_REPLY_* */
    uint8_t reserved[6]; /*  2 zero */
    uint64_t seq;        /*  8 commit sequence number, 0 if the attempt is not in the log */
    int64_t balance;     /* 16 posted balance after it of the account of the first person that gave
                          *    or got the money: deposit PA; transfer, premium, accept, return the
                          *    source; pay, hold, capture, release, refund the first listed source
                          *    (whoever owns it); reverse that of the original; change_region the
                          *    wallet; else 0. On a refusal 0. */
    int64_t amount;      /* 24 fen moved (by a hold or a pending transfer: held; by release and
                          *    return: given back); 0 unless code is OK or OK_PARTIAL */
};
static_assert(sizeof(struct gj_reply) == 32, "protocol 1");

/* Follows the reply of an operation that ended OK or OK_PARTIAL and is a CAPTURE, a REFUND, a PAY
 * or HOLD that listed several sources or ended OK_PARTIAL, or a RELEASE or REVERSE of what listed
 * several sources. Sources are in the order in which the PAY or HOLD listed them. */
struct gj_reply_sources {
    int64_t
        taken[GJ_SOURCES_MAX]; /* fen that left each source, came back to it, or is held of it */
    int64_t remainder;         /* fen. PAY, HOLD: for the patient to pay otherwise; CAPTURE: still
                                * held; REFUND: still refundable; else 0 */
};
static_assert(sizeof(struct gj_reply_sources) == 32, "protocol 1");

#endif
