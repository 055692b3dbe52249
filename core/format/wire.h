/* core/format/wire.h -- frames of the binary protocol, version 1 (docs/PROTOCOL.md is the
 * contract). Encodes and checks bytes; never trusts a length. Owns nothing, keeps nothing.
 *
 * A frame is a 16-byte header and `size` bytes of body. Requests are answered in the order they
 * were sent, one answer frame each, with the request's tag. */
#ifndef CORE_FORMAT_WIRE_H
#define CORE_FORMAT_WIRE_H

#include "core/base/base.h"
#include "core/format/hello.h"
#include "core/format/op.h"
#include "core/format/read.h"
#include "core/format/reply.h"

#define WIRE_VERSION 1u

enum wire_type {
    WIRE_HELLO = 1,     /* body struct wire_hello, answered with struct gj_hello_answer; must be the
                         * first frame */
    WIRE_OPS = 2,       /* body: `count` operations, each followed by its extension lines */
    WIRE_READS = 3,     /* body: `count` reads, each followed by its extension lines */
    WIRE_CLOCK = 4,     /* body struct wire_clock; only with gongjid --test-clock, else FORBIDDEN */
    WIRE_ANSWER = 0x80, /* set in the type of every answer */
    WIRE_ERROR = 0xFF,  /* body struct wire_error; the server closes the connection after it */
};

struct wire_header {
    uint32_t size;  /* 0 body bytes that follow this header */
    uint8_t type;   /* 4 enum wire_type */
    uint8_t flags;  /* 5 zero */
    uint16_t count; /* 6 operations, reads, replies or answers in the body; 0 for HELLO, CLOCK */
    uint64_t tag;   /* 8 chosen by the client, given back unchanged */
};
static_assert(sizeof(struct wire_header) == 16, "protocol 1");

#define WIRE_MAGIC "gongji\r\n" /* 8 bytes: a text-mode or HTTP client fails at once */

struct wire_hello {
    char magic[8];        /*  0 WIRE_MAGIC */
    uint16_t version_min; /*  8 versions the client speaks, both included */
    uint16_t version_max; /* 10 */
    uint32_t window;      /* 12 operations the client wants to have unanswered at once */
    uint8_t reserved[16]; /* 16 zero */
};
static_assert(sizeof(struct wire_hello) == 32, "protocol 1");

struct wire_clock {
    uint64_t time_ms; /* new log time; never back (BAD_FIELD). Answer: the log time now in force */
};

struct wire_error {
    uint8_t code; /* 0 enum gj_code: 10, 11, 12, 13, 14, 15, 16, 17, 20, 23, 26 */
    uint8_t reserved[7];
    char text[56]; /* 8 ASCII, zero-padded: what was wrong, for a person */
};
static_assert(sizeof(struct wire_error) == 64, "protocol 1");

/* Largest body of a request: a full batch of operations with all their extension lines is not
 * promised; a frame may hold at most this many bytes (else BATCH_TOO_LARGE and the end). */
#define WIRE_BODY_MAX (GJ_BATCH_OPS_MAX * 2u * GJ_RECORD_UNIT)

/* Largest body of a request on a connection that was granted `batch_max`: a full batch of
 * operations or reads whatever their extension lines, but never more than WIRE_BODY_MAX. */
uint32_t wire_body_max(uint32_t batch_max);

/* Checks a header before its body has arrived: 0, or the code of the ERROR frame to send.
 *   batch_max  operations per frame granted to this connection; 0 before HELLO */
NODISCARD uint8_t wire_header_check(const struct wire_header *header, uint32_t batch_max);

/* Checks that `count` operations (reads) with their extension lines fill `size` bytes exactly.
 * True if so; nothing else about them is checked here. False = MALFORMED for the whole frame. */
NODISCARD bool wire_ops_check(const void *body, uint32_t size, uint32_t count);
NODISCARD bool wire_reads_check(const void *body, uint32_t size, uint32_t count);

/* 0, or the code of the ERROR frame. */
NODISCARD uint8_t wire_hello_check(const struct wire_hello *hello);

/* Writes a whole ERROR frame to `frame` and returns its size. `text` is cut to what fits. */
#define WIRE_ERROR_FRAME_SIZE ((uint32_t)(sizeof(struct wire_header) + sizeof(struct wire_error)))
uint32_t wire_error_encode(void *frame, uint64_t tag, uint8_t code, const char *text);

#endif
