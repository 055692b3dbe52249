/* io/log/check.h -- sums of the log as it was written or verified at the start, so that a record
 * read back later is known to be what was read or written then. Digests of groups cannot tell that
 * of a piece of a group; these sums are kept in memory for every chunk of the log, 16 bytes for
 * LOG_CHECK_CHUNK. A damaged record must not be taken for another request's: its retry would be
 * executed a second time.
 *
 * Owns: one mapping, of which only what is used becomes memory. */
#ifndef IO_LOG_CHECK_H
#define IO_LOG_CHECK_H

#include "core/base/base.h"
#include "core/format/log_format.h"

#define LOG_CHECK_CHUNK (256u << 10)
#define LOG_CHECK_HEAD  LOG_BLOCK_SIZE /* has a sum of its own */

struct log_check_sums {
    uint64_t head, whole;
};

struct log_check {
    void *memory;
    struct log_check_sums *sums; /* by chunk, from the first one on */
    uint64_t first;              /* number of that chunk */
    uint64_t end;                /* byte behind what was added */
    size_t size;                 /* of the mapping */
};

/* For a log that begins at byte `begin`, of at most `bytes`; false if memory is missing. */
NODISCARD bool log_check_init(struct log_check *check, uint64_t begin, uint64_t bytes);
void log_check_free(struct log_check *check);
/* Adds a group with its padding, in order; what lies between it and the one before is zero. */
void log_check_add(struct log_check *check, uint64_t position, const void *bytes, uint64_t size);
/* Sum of the last chunk as far as it was added. */
NODISCARD uint64_t log_check_last(const struct log_check *check);
/* True if `size` bytes read from the begin of chunk `index` (and of the head of the next) are what
 * was added, as far as the log was durable through `end`; `last` is what log_check_last() said when
 * exactly that had been added. */
NODISCARD bool log_check_is_good(const struct log_check *check, uint64_t index, const void *bytes,
                                 uint64_t size, uint64_t end, uint64_t last);

#endif
