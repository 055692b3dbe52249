/* tests/sim/log_bytes.h -- the log as it was written, read from its bytes by docs/LOG_FORMAT.md
 * alone: nothing of io/ is used, so that a mistake there is not repeated here.
 *
 * Groups are kept in their order; what does not continue the group before it, or does not hold what
 * its header says, is a fault, and the text says which. Digests are not computed (that takes the
 * log's secret), but each group must name the digest of the one before. */
#ifndef TESTS_SIM_LOG_BYTES_H
#define TESTS_SIM_LOG_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/format/log_format.h"
#include "core/format/record.h"

/* Of the logs that are read: what --test-segment 1M makes of one. */
#define LOG_BYTES_SEGMENT (UINT64_C(1) << 20)
#define LOG_BYTES_GROUP   (64u << 10)

struct log_bytes_group {
    struct log_group header;
    size_t at;             /* of its header in `bytes` */
    uint64_t first_record; /* index */
};

struct log_bytes_record {
    size_t at; /* of its operation in `bytes` */
    uint32_t size;
    uint64_t line;  /* position in the log in 64-byte lines */
    uint64_t group; /* index */
};

struct log_bytes {
    uint8_t *bytes; /* groups one after the other, without padding */
    uint64_t size, room;
    struct log_bytes_group *groups;
    uint64_t group_count, group_room;
    struct log_bytes_record *records; /* that of sequence number n at n - 1 */
    uint64_t record_count, record_room;
    char fault[160]; /* the first one; empty = none */
};

void log_bytes_free(struct log_bytes *log);
/* Forgets all groups from index `groups` on, and the fault. */
void log_bytes_cut(struct log_bytes *log, uint64_t groups);
/* Position at which the next group opens. */
uint64_t log_bytes_end(const struct log_bytes *log);
/* True if a group of the log begins at `block`: what is not one is the end of the log. */
bool log_bytes_begins(const void *block, uint64_t available);
/* Takes the group that stands at log_bytes_end(); `available` bytes may be read. */
bool log_bytes_add(struct log_bytes *log, const void *block, uint64_t available);

/* The parts of record `index`; index < record_count. The pointers are good until the next add. */
const struct gj_op *log_bytes_op(const struct log_bytes *log, uint64_t index);
const struct gj_effect *log_bytes_effect(const struct log_bytes *log, uint64_t index);
/* NULL if the record has none. */
const struct gj_effect_sources *log_bytes_sources(const struct log_bytes *log, uint64_t index);
const struct log_group *log_bytes_header(const struct log_bytes *log, uint64_t index);

#endif
