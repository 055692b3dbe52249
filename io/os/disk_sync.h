/* io/os/disk_sync.h -- a disk door without a ring: operations run in order when it is polled, with
 * pread, pwrite and fdatasync. For tests and tools. */
#ifndef IO_OS_DISK_SYNC_H
#define IO_OS_DISK_SYNC_H

#include "io/os/port.h"

#define DISK_SYNC_QUEUE 256u

struct disk_sync {
    struct disk disk; /* hand out &x.disk */
    struct disk_op *queue[DISK_SYNC_QUEUE];
    uint32_t head, count;
};

void disk_sync_init(struct disk_sync *self);
/* Runs the oldest queued operation and its done(); false if there is none. */
bool disk_sync_poll_one(struct disk_sync *self);
/* Runs until nothing is queued, also what done() queues; returns how many ran, at most `limit`. */
uint32_t disk_sync_poll(struct disk_sync *self, uint32_t limit);
/* The system call behind `op`: bytes done or -errno. */
int32_t disk_sync_perform(const struct disk_op *op);

#endif
