/* io/log/recovery.h -- opening a data directory: lock, identity, scan, decision, redo, new
 * generation. What a scan found is judged by the pure decision table io/log/verdict.h, row by row;
 * this file reads, acts on the verdict, and reports in one line what was wrong and what to do.
 *
 * The log knows groups and where records begin in them, not what they mean: redo is the owner's
 * (io/engine/apply.h). */
#ifndef IO_LOG_RECOVERY_H
#define IO_LOG_RECOVERY_H

#include "io/log/fault.h"
#include "io/log/options.h"
#include "io/log/writer.h"
#include "io/os/port.h"

/* A group that verified and continues the log, and where in it each of its records begins. */
struct log_redo_group {
    const struct log_group *group;
    const uint32_t *offsets;
    uint32_t count;
};

/* What the owner does with a log that is read: both return false, with a fault, to refuse it. */
struct log_redo {
    /* Once, before any group, as soon as the log's hash seed is known. */
    bool (*begin)(void *owner, uint64_t hash_seed, struct log_fault *fault);
    /* Every group in its order; the pointers are valid until it returns. */
    bool (*group)(void *owner, const struct log_redo_group *group, struct log_fault *fault);
    void *owner;
};

struct log_recovered {
    struct log *log;
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

/* Phase 1, synchronous, before any ring exists: lock, identity, scan, redo, cut, zero. On success
 * the log is ready for log_start(). False: see exit_code and error; nothing was changed. */
NODISCARD bool log_recover(const struct log_options *options, const struct log_redo *redo,
                           struct log_recovered *ret);

/* Phase 2: hands over the disk door; zero-writes what should be ready (at once, without the door),
 * submits the START group at `time_ms` (the wall clock; log time if that is later) and waits for
 * nothing: the START group is durable like any other. `rid_low_water_ms` is the mark the state came
 * to by redo, which may be above the log's own if it remembers fewer requests than before: START
 * says it, so that what is refused from now on stays refused after the next start. Sets
 * ret->time_ms to the time it took, where log time begins (io/os/log_clock.h). False: ret->error,
 * exit code 74 or 75. */
NODISCARD bool log_start(struct log *log, struct disk *disk, uint64_t time_ms,
                         uint64_t rid_low_water_ms, struct log_recovered *ret);

/* After log_stop(): false, with a fault of exit code 74, if a file of the log was removed or
 * replaced meanwhile, so that what was acknowledged is not where the next start looks. */
NODISCARD bool log_in_place(const struct log *log, struct log_fault *fault);
/* After log_stop(), when log_quiet() is true: notes the SEAL in log.meta, so that a log that lost
 * its end is refused. If that fails nothing is lost but this proof. */
NODISCARD bool log_note_seal(struct log *log, struct log_fault *fault);

/* Releases memory, files and the lock. No group may be in flight; after log_stop() and log_quiet()
 * nothing at all is, else the disk door must be gone first. */
void log_close(struct log *log);

#endif
