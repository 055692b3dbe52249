/* core/format/hello.h -- what a server says of itself when a client connects: 64 bytes. */
#ifndef CORE_FORMAT_HELLO_H
#define CORE_FORMAT_HELLO_H

#include <assert.h>
#include <stdint.h>

#define GJ_HELLO_CLOCK 1u /* flags: the log time can be set (gongjid --test-clock) */

struct gj_hello_answer {
    uint16_t version;    /*  0 */
    uint16_t shards;     /*  2 */
    uint32_t window;     /*  4 granted: at most this many operations and reads unanswered at once */
    uint32_t batch_max;  /*  8 operations or reads in one frame, <= window */
    uint32_t flags;      /* 12 GJ_HELLO_* */
    uint8_t log_id[16];  /* 16 */
    uint64_t generation; /* 32 of this start of the server */
    uint64_t time_ms;    /* 40 log time now */
    uint64_t rid_low_water_ms; /* 48 rids older than this are refused */
    uint64_t seq;              /* 56 last sequence number in the log */
};
static_assert(sizeof(struct gj_hello_answer) == 64, "protocol 1");

#endif
