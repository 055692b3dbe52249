/* tests/images/crash_disk.h -- a directory as a crash may leave it: what is certainly on the disk,
 * and the steps that may or may not be. Follows the events of a trace (io/os/disk_trace.h).
 *
 * What a crash may do, and what not:
 *  - a write that has not ended, or that is not flushed and not O_DSYNC, is there as a whole, not
 *    at all, or any of its sectors are; whatever was submitted before or after it;
 *  - names change in the order in which they were changed, and a crash may undo the last of them
 *    that no flush of the directory covers (ext4 and xfs keep a journal of them);
 *  - what a flush covers that has ended is there. */
#ifndef TESTS_IMAGES_CRASH_DISK_H
#define TESTS_IMAGES_CRASH_DISK_H

#include "io/os/disk_trace.h"
#include "tests/images/content.h"

#define STEPS_MAX 48u
#define FDS_MAX   128u

struct event {
    struct disk_trace_event head;
    const uint8_t *data; /* head.data_size bytes */
};

enum step_kind { STEP_WRITE, STEP_RESIZE, STEP_MAKE, STEP_RENAME, STEP_REMOVE };
enum step_state {
    STEP_FLYING,  /* has not ended */
    STEP_LIMBO,   /* its process was killed before it ended */
    STEP_DONE,    /* every process sees it; a crash may undo it */
    STEP_DURABLE, /* waits for an earlier step at the same place */
};

struct step {
    enum step_kind kind;
    enum step_state state;
    bool dsync, flushed; /* flushed: while in limbo */
    uint64_t op;         /* while flying */
    uint64_t sync;       /* the flush on its way that covers it, 0 = none */
    int file;
    uint64_t offset, size;
    uint64_t bytes;              /* of `size`, without the zeros at the end */
    const struct block **blocks; /* size / LOG_BLOCK_SIZE; NULL = all zero */
    char name[NAME_SIZE], to[NAME_SIZE];
};

struct bound_fd {
    int fd, file; /* NO_FILE: the directory */
    bool dsync;
};

struct crash_disk {
    struct content durable;
    struct step steps[STEPS_MAX];
    uint32_t count;
    struct bound_fd fds[FDS_MAX];
    uint32_t fd_count;
};

/* How much of a step is there. */
enum how { HOW_NOT, HOW_WHOLE, HOW_SECTORS_FIRST, HOW_SECTORS_LAST, HOW_SECTORS_ANY, HOW_BYTES };

struct choice {
    enum how how[STEPS_MAX];
    uint64_t tear[STEPS_MAX]; /* sectors or bytes that are there, or a seed */
};

/* Applies one event; NULL, or what cannot be in the trace. */
const char *crash_disk_apply(struct crash_disk *disk, const struct event *event);
/* The file an event's descriptor means, NO_FILE if none. */
int crash_disk_file(const struct crash_disk *disk, int fd);
/* Indices of the steps a crash may undo. */
uint32_t crash_disk_open_steps(const struct crash_disk *disk, uint32_t ret[STEPS_MAX]);
bool crash_disk_has_writes(const struct crash_disk *disk); /* among them */
/* What a crash leaves; only the open steps are chosen. */
void crash_disk_image(const struct crash_disk *disk, const struct choice *choice,
                      struct content *ret);
/* What a kill leaves and the next process sees: steps that are done are all there, of those that
 * are not the chosen ones, as a whole; a crash may still undo any of them. */
void crash_disk_kill(const struct crash_disk *disk, const struct choice *choice,
                     struct crash_disk *ret, struct content *seen);

#endif
