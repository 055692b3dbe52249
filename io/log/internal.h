/* io/log/internal.h -- what writer.c, prealloc.c, cache.c and recovery.c share. */
#ifndef IO_LOG_INTERNAL_H
#define IO_LOG_INTERNAL_H

#include "io/log/check.h"
#include "io/log/files.h"
#include "io/log/options.h"
#include "io/log/writer.h"

/* In flight, plus one open, plus one closed that waits for a write slot. */
#define LOG_SLOTS (LOG_IN_FLIGHT_MAX + 2u)

/* A write of zeros ahead has at most so many bytes: small enough that a group which comes while it
 * is under way hardly waits for it. */
#define LOG_ZERO_CHUNK (256u << 10)

/* Beside another write a group is written only when it holds this many bytes (of group_max, a 32nd:
 * 64 KiB of 2 MiB). Smaller ones would only queue behind each other at the disk; the operations
 * that come meanwhile go into the same group instead. */
#define LOG_DEEP_SHARE 32u

#define LOG_CHUNKS        64u
#define LOG_CHUNK         LOG_CHECK_CHUNK
#define LOG_CHUNK_OVERLAP LOG_CHECK_HEAD /* a record never ends further behind its chunk */

enum log_slot_state {
    LOG_SLOT_EMPTY,
    LOG_SLOT_OPEN,    /* takes records */
    LOG_SLOT_CLOSED,  /* waits for a write slot */
    LOG_SLOT_FLYING,  /* being written */
    LOG_SLOT_WRITTEN, /* on disk, but a group before it is not */
    LOG_SLOT_DURABLE, /* on disk with all before it; still readable until the buffer is reused */
};

/* Group number n lives in slot n % LOG_SLOTS. */
struct log_slot {
    struct disk_op op;
    uint8_t *buf; /* group_max bytes, starts with struct log_group */
    uint64_t number, position;
    uint64_t check; /* log_check_last() behind it */
    enum log_slot_state state;
};

enum log_prealloc_state { LOG_PREALLOC_IDLE, LOG_PREALLOC_ZEROING, LOG_PREALLOC_NAMING };

struct log_prealloc {
    struct disk_op op;
    enum log_prealloc_state state;
    bool busy; /* op is with the disk */
    bool no_space;
    int fd;          /* segment.tmp while zeroing */
    uint64_t offset; /* zeroed so far */
    uint64_t credit; /* bytes that may be zeroed beside a busy log */
    uint64_t checked_ms, turns;
    uint32_t looked; /* segment whose place is looked at next */
    uint64_t free_bytes;
    uint8_t *zeros; /* chunk bytes */
    uint32_t chunk; /* of one write */
};

struct log_chunk {
    struct disk_op op;
    uint8_t *buf;
    uint64_t index;     /* byte position / LOG_CHUNK */
    uint64_t valid_end; /* durable end of the log when it was read: nothing beyond may be used */
    uint64_t check;     /* log.durable_check at that moment */
    uint64_t used;      /* tick of the last use */
    bool filled, reading;
    struct log_waiter *waiters;
};

struct log_cache {
    struct log_chunk chunks[LOG_CHUNKS];
    struct log_waiter *overflow; /* every chunk was being read */
    uint64_t tick;
    uint32_t reading;
    uint64_t last_index; /* of the last fetch: two in a row start read-ahead */
    uint64_t damaged;    /* reads that gave other bytes than were written or verified */
};

struct log {
    struct log_options options;
    struct log_files files;
    struct disk *disk;
    uint8_t *memory; /* one region: slots, zeros, chunks */
    size_t memory_size;

    struct log_slot slots[LOG_SLOTS];
    bool open;            /* slots[last_number % LOG_SLOTS] takes records */
    uint64_t last_number; /* open group, or the last closed one */
    uint64_t submitted;   /* number */
    uint64_t durable;     /* number, contiguous */
    uint64_t end;         /* byte behind the last closed group, padded */
    uint64_t durable_end;
    uint64_t durable_check; /* log_check_last() at durable_end */
    uint32_t group_max;     /* files.sizes.group_max */
    uint32_t deep_from;     /* group_max / LOG_DEEP_SHARE */
    uint32_t flying;
    uint32_t last_kind; /* of the last closed group */
    bool failed, seal_wanted, stopping;
    struct log_fault failure; /* why it failed, if that is not a write or flush */

    uint64_t generation, next_seq, time_ms, rid_low_water_ms;
    uint8_t prev_checksum[16];
    uint64_t bytes_written;

    struct log_prealloc prealloc;
    struct log_check check;
    struct log_cache cache;
};

/* ---- writer.c ---- */
/* Memory and idle slots for a log of the sizes in `files`; false if memory is missing. The position
 * fields are log_recover()'s. */
NODISCARD bool log_memory_init(struct log *log);
/* Closes an empty group of `kind` at `time_ms` and submits it when a slot is free. */
NODISCARD bool log_write_mark(struct log *log, enum log_group_kind kind, uint64_t time_ms);
void log_fail(struct log *log);
/* Bytes of zero-written segments ahead of the last closed group. */
static inline uint64_t log_ready_ahead(const struct log *log)
{
    return log_files_end(&log->files) - log->end;
}
/* Ready bytes kept when nothing more may be preallocated: the open group, what is in flight, the
 * SEAL at the stop and START and SEAL of later starts always fit. */
static inline uint64_t log_kept_room(const struct log *log)
{
    return 8 * (uint64_t)log->group_max;
}

/* ---- prealloc.c ---- */
/* At start-up, at once; false with a fault if the log cannot even begin. */
NODISCARD bool log_prealloc_start(struct log *log, struct log_fault *fault);
/* Once per tick and after completions: submits at most one operation. */
void log_prealloc_tick(struct log *log);
/* Looks whether there is room again and whether the files are still in their places, at most once a
 * second of log time; the log may have failed then. */
void log_prealloc_check_space(struct log *log, uint64_t time_ms);

/* ---- cache.c ---- */
const void *log_cache_fetch(struct log *log, uint64_t byte, struct log_waiter *waiter);

#endif
