/* io/log/recovery.h -- opening a data directory: lock, identity, scan, decision, redo, new
 * generation. What a scan found is judged by the pure decision table io/log/verdict.h, row by row;
 * this file reads, acts on the verdict, and reports in one line what was wrong and what to do. */
#ifndef IO_LOG_RECOVERY_H
#define IO_LOG_RECOVERY_H

#include "core/core.h"
#include "io/log/writer.h"
#include "io/os/port.h"

struct log_options {
    const char *dir;          /* created (mode 0700) if it does not exist */
    uint64_t prealloc_bytes;  /* kept zero-written ahead of the log; multiple of LOG_SEGMENT_SIZE */
    uint64_t low_water_bytes; /* free disk space below which no more is preallocated */
    uint64_t clock_gap_max_ms; /* wall clock further ahead of the log than this: exit 75 */
    bool unsafe_dev; /* accept file systems that promise nothing (tmpfs, overlay, NFS, FUSE) */
    bool test_clock; /* log time comes from the client, not from the wall clock */
    bool one_thread; /* recovery reads without a second thread: slower, and the same every time */
    struct disk_trace *trace; /* gets every step on the disk; NULL = none. log_start() wants the
                               * door of the same trace */
};

/* Builds the state once the log's hash seed is known: the caller owns the memory. */
typedef struct state *(*log_state_fn)(void *owner, uint64_t hash_seed);

struct log_recovered {
    struct log *log;
    struct state *state;
    bool fresh; /* the directory was empty: a new log was made */
    uint64_t records, groups, bytes, redo_us;
    uint64_t cut_bytes;  /* torn tail that was cut, 0 if none */
    uint64_t cut_group;  /* first group of it */
    uint64_t time_ms;    /* last log time */
    uint64_t generation; /* of this start */
    int exit_code;       /* 0, or 74, 75, 77, 78 */
    char error[512];     /* one line: what is wrong and what to do */
    char warning[384];   /* file system, clock: for the log of the server; empty if none */
};

/* Phase 1, synchronous, before any ring exists: lock, identity, scan, redo into the state, cut,
 * zero. On success the log is ready for log_start(). False: see exit_code and error; nothing was
 * changed. */
NODISCARD bool log_recover(const struct log_options *options, log_state_fn make_state,
                           void *state_owner, struct log_recovered *ret);

/* Phase 2: hands over the disk door; zero-writes what should be ready (at once, without the door),
 * submits the START group at `time_ms` (the wall clock; log time if that is later) and waits for
 * nothing: the START group is durable like any other. Sets ret->time_ms to the time it took, where
 * log time begins (io/engine/log_clock.h). False: ret->error, exit code 74 or 75. */
NODISCARD bool log_start(struct log *log, struct disk *disk, uint64_t time_ms,
                         struct log_recovered *ret);

/* Releases memory, files and the lock. No group may be in flight; after log_stop() and log_quiet()
 * nothing at all is, else the disk door must be gone first. */
void log_close(struct log *log);

#endif
