/* io/os/port.h -- the doors to the outside that the log uses. Two kinds of implementation: the real
 * ones of io/ (io_uring, files, clocks) and simulated ones in tests.
 * Threading: everything here belongs to the one thread that runs the loop. */
#ifndef IO_OS_PORT_H
#define IO_OS_PORT_H

#include "core/base/base.h"

enum disk_op_kind { DISK_WRITE, DISK_READ, DISK_SYNC /* fdatasync */ };

/* One asynchronous disk operation. Embedded in its owner, so submitting never allocates. */
struct disk_op {
    enum disk_op_kind kind;
    int fd;
    void *buf;       /* borrowed until done(); LOG_BLOCK_SIZE-aligned */
    uint32_t size;   /* bytes, multiple of LOG_BLOCK_SIZE */
    uint64_t offset; /* bytes in the file */
    int32_t res; /* bytes done, 0 for sync, or -errno; valid inside done(). A short result is the
                  * owner's business */
    void (*done)(struct disk_op *op); /* runs on the loop's thread, never inside submit() */
    void *owner;
};

struct disk {
    /* Queues `op`; it starts at the latest when the loop next waits. Never fails: an operation that
     * cannot be queued now is kept in order by the implementation. */
    void (*submit)(struct disk *self, struct disk_op *op);
    /* Starts what is queued without waiting (the log calls it when a group must not wait). */
    void (*kick)(struct disk *self);
};

struct clock {
    uint64_t (*wall_ms)(struct clock *self);    /* Unix milliseconds; may jump */
    uint64_t (*elapsed_us)(struct clock *self); /* CLOCK_BOOTTIME microseconds; never falls */
};

#endif
