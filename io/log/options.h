/* io/log/options.h -- how a log is opened: what the owner of a data directory chooses. */
#ifndef IO_LOG_OPTIONS_H
#define IO_LOG_OPTIONS_H

#include "core/base/base.h"
#include "io/os/disk_trace.h"

/* Told now and then how far a start, or the tool, is with something that may take long: `doing` as
 * in "reading the log", then bytes. False: somebody wants it to stop. */
struct log_progress {
    bool (*step)(void *owner, const char *doing, uint64_t done, uint64_t of);
    void *owner;
};
/* True: go on. `progress` may be NULL. */
static inline bool log_progress_step(const struct log_progress *progress, const char *doing,
                                     uint64_t done, uint64_t of)
{
    return progress == NULL || progress->step(progress->owner, doing, done, of);
}

struct log_options {
    const char *dir;           /* created (mode 0700) if it does not exist */
    uint64_t prealloc_bytes;   /* kept zero-written ahead of the log; rounded up to segments */
    uint64_t low_water_bytes;  /* free disk space below which no more is preallocated */
    uint64_t clock_gap_max_ms; /* wall clock further ahead of the log than this: exit 75 */
    bool unsafe_dev; /* accept file systems that promise nothing (tmpfs, overlay, NFS, FUSE) */
    bool test_clock; /* log time comes from the client, not from the wall clock */
    bool one_thread; /* recovery reads without a second thread: slower, and the same every time */
    const struct log_progress *progress; /* NULL = nobody asks */
    uint32_t segment_mib;     /* segments of a log that is made here; 0 = LOG_SEGMENT_MIB_DEFAULT */
    uint64_t first_segment;   /* lower ones are not expected: what they held is known otherwise */
    struct disk_trace *trace; /* gets every step on the disk; NULL = none. log_start() wants the
                               * door of the same trace */
};

#endif
