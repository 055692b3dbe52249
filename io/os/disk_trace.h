/* io/os/disk_trace.h -- a record of everything the log does to its disk, in order: a diagnostic
 * (gongjid --io-trace), and what tests/images builds crash images from.
 *
 * Two sources: a disk door in front of the real one, and notes of the steps that io/log/files.c
 * takes without a door. A step that only changes names or sizes is noted when it has succeeded; a
 * write is noted before it begins and once more when it ended, because a crash may fall between.
 *
 * The file: events one after the other, each followed by its data; every integer little-endian. An
 * event that is cut short at the end of the file (the process was killed) is none. What is written
 * to the log is in it, the log's secret too: keep it like the log.
 *
 * Tracing never stops a server: after a write error there is one warning and no more tracing.
 * Every function takes NULL for "no trace". Threading: the thread that runs the loop. */
#ifndef IO_OS_DISK_TRACE_H
#define IO_OS_DISK_TRACE_H

#include "io/os/port.h"

#define DISK_TRACE_MAGIC   UINT64_C(0x63617274696a6e67) /* "gnjitrac" */
#define DISK_TRACE_VERSION 2u
#define DISK_TRACE_FLYING  128u /* operations at once, at most */

/* With the fields that each kind uses; all others are zero. */
enum disk_trace_kind {
    DISK_TRACE_BEGIN = 1, /* of a process: offset = magic, flags = version */
    DISK_TRACE_OPEN,      /* fd, flags; data = name in the data directory, "." = itself */
    DISK_TRACE_RESIZE,    /* fd, size: room was reserved up to there */
    DISK_TRACE_RENAME,    /* data = old name, 0, new name */
    DISK_TRACE_REMOVE,    /* data = name */
    DISK_TRACE_FLUSH,     /* fd: was flushed */
    DISK_TRACE_WRITE, /* op, fd, offset, size: begins; data = its bytes, behind them only zeros */
    DISK_TRACE_READ,  /* op, fd, offset, size: begins */
    DISK_TRACE_SYNC,  /* op, fd: begins */
    DISK_TRACE_DONE,  /* op, result: bytes or -errno */
    DISK_TRACE_RECOVERED, /* op = last group of the log; [offset, offset + size) is now cut */
    DISK_TRACE_RELEASED,  /* op = group: answers that wait for it or for one before it may leave */
};

/* Flags of DISK_TRACE_OPEN. */
#define DISK_TRACE_MADE  1u /* the file is new */
#define DISK_TRACE_DSYNC 2u /* a write that is done is durable */

struct disk_trace_event {
    uint32_t kind; /* enum disk_trace_kind */
    int32_t fd;
    uint64_t op; /* number of the operation in this trace, from 1; or of a group */
    uint64_t offset;
    uint64_t size;
    uint32_t flags;
    int32_t result;
    uint64_t data_size; /* bytes that follow */
};
static_assert(sizeof(struct disk_trace_event) == 48, "the format of the file");

struct disk_trace;

/* An operation on its way, and what its owner wants to know at the end. */
struct disk_trace_flight {
    struct disk_trace *trace;
    struct disk_op *op; /* NULL = free */
    void (*done)(struct disk_op *op);
    void *owner;
    uint64_t number;
};

struct disk_trace {
    struct disk disk; /* first: the door that is handed out */
    struct disk *behind;
    int fd; /* -1: not tracing, or no more */
    uint64_t ops;
    struct disk_trace_flight flying[DISK_TRACE_FLYING];
};

/* Makes `path`, which must not exist, and notes that a process begins; false with errno. */
NODISCARD bool disk_trace_open(struct disk_trace *trace, const char *path);
void disk_trace_close(struct disk_trace *trace);
/* A door that notes and passes on to `behind`, which must outlive it. */
struct disk *disk_trace_door(struct disk_trace *trace, struct disk *behind);

void disk_trace_opened(struct disk_trace *trace, int fd, const char *name, uint32_t flags);
void disk_trace_resized(struct disk_trace *trace, int fd, uint64_t size);
void disk_trace_renamed(struct disk_trace *trace, const char *from, const char *to);
void disk_trace_removed(struct disk_trace *trace, const char *name);
void disk_trace_flushed(struct disk_trace *trace, int fd);
/* A write of `size` bytes without the door begins: the number to end it with. */
uint64_t disk_trace_write(struct disk_trace *trace, int fd, const void *bytes, uint64_t offset,
                          uint64_t size);
void disk_trace_done(struct disk_trace *trace, uint64_t op, int64_t result);
/* The log ends with `group`; what stood in [from, to) is now going to be cut. */
void disk_trace_recovered(struct disk_trace *trace, uint64_t group, uint64_t from, uint64_t to);
void disk_trace_released(struct disk_trace *trace, uint64_t group);

#endif
