/* core/format/log_format.h -- bytes of the write-ahead log (docs/LOG_FORMAT.md is the contract).
 *
 * The log is one run of bytes cut into segments of one size, which the log's meta file names;
 * position = byte offset from its start, never reused. A group starts on a fresh LOG_BLOCK_SIZE
 * block, never crosses a segment, is written once and never rewritten. If a segment has less left
 * than the largest group when a group opens, it opens at the start of the next: so a reader always
 * knows where to look.
 *
 * Sans-IO: encodes, signs and verifies; reads and writes no file. */
#ifndef CORE_FORMAT_LOG_FORMAT_H
#define CORE_FORMAT_LOG_FORMAT_H

#include "core/base/base.h"
#include "core/format/limits.h"

/* What is written. 2 has the records of operations from type 15 on, and lines behind the effect
 * that 1 did not know; all versions from LOG_FORMAT_OLDEST on are read, also in one log. */
#define LOG_FORMAT_VERSION 2u
#define LOG_FORMAT_OLDEST  1u
#define LOG_BLOCK_SIZE     4096u
/* Segments of a log: a power of two MiB, chosen when it is made. */
#define LOG_SEGMENT_MIB_MIN     1u
#define LOG_SEGMENT_MIB_MAX     1024u
#define LOG_SEGMENT_MIB_DEFAULT 256u
/* No group of any log is larger, header and padding included. */
#define LOG_GROUP_SIZE_MAX (2u << 20)
#define LOG_SECRET_SIZE    192u /* XXH3 wants at least 136 */

#define LOG_GROUP_MAGIC UINT64_C(0x31676f6c696a6e67) /* "gnjilog1" */

enum log_group_kind {
    LOG_GROUP_START = 1, /* first group of a generation; no records */
    LOG_GROUP_DATA = 2,
    LOG_GROUP_SEAL = 3, /* no records; makes everything before it provably durable */
};

struct log_group {
    uint64_t magic;            /*   0 */
    uint32_t format_version;   /*   8 */
    uint32_t kind;             /*  12 enum log_group_kind */
    uint8_t log_id[16];        /*  16 */
    uint64_t generation;       /*  32 one per start of the server, from 1 */
    uint64_t number;           /*  40 group number, from 1, gap-free over the whole log */
    uint64_t position;         /*  48 of this header, in bytes: a misplaced group cannot verify */
    uint64_t first_seq;        /*  56 seq of the first record; if count = 0, of the next one */
    uint32_t count;            /*  64 records */
    uint32_t size;             /*  68 bytes, header included, padding not */
    uint64_t time_ms;          /*  72 log time, fixed when the group opened; never falls */
    uint64_t durable_through;  /*  80 last contiguous durable group known when this was submitted */
    uint64_t rid_low_water_ms; /*  88 */
    uint8_t prev_checksum[16]; /*  96 checksum of the group before; zero for the first */
    uint8_t checksum[16]; /* 112 XXH3-128 with the log's secret over bytes 0..111 and the body */
};
static_assert(sizeof(struct log_group) == 128, "format 1");

/* The file `log.meta`: who this log is. Made before the first segment and the same for ever, but
 * for struct log_sealed behind it. 4096 bytes. */
#define LOG_META_MAGIC UINT64_C(0x6174656d696a6e67) /* "gnjimeta" */
struct log_meta {
    uint64_t magic;                  /*  0 */
    uint32_t format_version;         /*  8 */
    uint32_t segment_size_mib;       /* 12 */
    uint8_t log_id[16];              /* 16 random */
    uint64_t created_ms;             /* 32 */
    uint64_t hash_seed;              /* 40 random: state_config.hash_seed */
    uint8_t secret[LOG_SECRET_SIZE]; /* 48 random: keys every checksum of this log */
    uint8_t checksum[16];            /* 240 XXH3-128 over the bytes before */
};
static_assert(sizeof(struct log_meta) == 256, "format 1");

/* In `log.meta` from byte LOG_SEALED_OFFSET on: with which SEAL the last clean stop ended the log.
 * A log without that very group has lost its end. All zero until the first clean stop. */
#define LOG_SEALED_OFFSET 256u
#define LOG_SEALED_MAGIC  UINT64_C(0x6c616573696a6e67) /* "gnjiseal" */
struct log_sealed {
    uint64_t magic;       /*  0 */
    uint64_t number;      /*  8 of the SEAL; 0 = there is none */
    uint64_t next_seq;    /* 16 sequence number of the next record */
    uint64_t position;    /* 24 of the SEAL */
    uint8_t seal[16];     /* 32 checksum of the SEAL */
    uint8_t checksum[16]; /* 48 XXH3-128 with the log's secret over the bytes before */
};
static_assert(sizeof(struct log_sealed) == 64, "format 2");
static_assert(LOG_SEALED_OFFSET == sizeof(struct log_meta), "behind the identity");

/* Bytes a group of `size` takes on disk. */
static inline uint64_t log_padded(uint64_t size)
{
    return (size + LOG_BLOCK_SIZE - 1) / LOG_BLOCK_SIZE * LOG_BLOCK_SIZE;
}
/* What the size of its segments makes of a log. */
struct log_sizes {
    uint64_t segment;   /* bytes, a power of two */
    uint32_t group_max; /* largest group, header and padding included */
    /* No DATA group opens in this much at the end of the last segment: first the next one gets its
     * name. So a log with records there has lost its newest segments. Two groups: of those that
     * follow each other one always opens there before the log leaves a segment. */
    uint32_t segment_last;
};
static inline struct log_sizes log_sizes_of(const struct log_meta *meta)
{
    uint64_t segment = (uint64_t)meta->segment_size_mib << 20;
    uint64_t group = segment / 16 < LOG_GROUP_SIZE_MAX ? segment / 16 : LOG_GROUP_SIZE_MAX;
    return (struct log_sizes){segment, (uint32_t)group, (uint32_t)(2 * group)};
}
/* True for what a log may be made with. */
static inline bool log_segment_mib_valid(uint64_t mib)
{
    return mib >= LOG_SEGMENT_MIB_MIN && mib <= LOG_SEGMENT_MIB_MAX && (mib & (mib - 1)) == 0;
}
/* Where the group after one that ends (padded) at byte `end` opens. */
static inline uint64_t log_next_open(const struct log_sizes *sizes, uint64_t end)
{
    uint64_t left = sizes->segment - (end & (sizes->segment - 1));
    return left < sizes->group_max ? end + left : end;
}

/* Fills `group->checksum`. The body (group->size - 128 bytes) follows the header in memory. */
void log_group_sign(struct log_group *group, const uint8_t secret[LOG_SECRET_SIZE]);

/* True if the `available` bytes at `block` hold a whole group of the log of `meta` that belongs at
 * `position`: magic, version, log id, position, size and checksum. Bytes of a file: never trusted.
 */
NODISCARD bool log_group_verify(const void *block, uint64_t available, uint64_t position,
                                const struct log_meta *meta);

/* True if `block` starts a group of this log at `position` in a format newer than ours. Its
 * checksum cannot be checked; a downgraded program must refuse rather than cut it as a torn tail.
 */
NODISCARD bool log_group_newer(const void *block, uint64_t available, uint64_t position,
                               const uint8_t log_id[16]);

/* True if `block` starts a group of another log that belongs at `position`: this file was put here
 * by somebody, and nothing in it may be overwritten. (Clients cannot make one: a rid that begins
 * with the magic lies in the future.) */
NODISCARD bool log_group_foreign(const void *block, uint64_t available, uint64_t position,
                                 const uint8_t log_id[16]);

void log_meta_sign(struct log_meta *meta);
enum log_meta_state { LOG_META_OK, LOG_META_CORRUPT, LOG_META_FOREIGN, LOG_META_NEWER };
NODISCARD enum log_meta_state log_meta_check(const void *bytes, uint64_t size);

void log_sealed_sign(struct log_sealed *sealed, const uint8_t secret[LOG_SECRET_SIZE]);
/* True if the `size` bytes at `bytes` say something true or nothing at all (zeros). */
NODISCARD bool log_sealed_check(const void *bytes, uint64_t size,
                                const uint8_t secret[LOG_SECRET_SIZE]);

#endif
