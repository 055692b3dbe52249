/* io/os/disk_trace.c -- writes the trace: one writev() per event, so that a process that is killed
 * has lost none but the last. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "io/os/disk_trace.h"
#include "io/os/report.h"

static void stop(struct disk_trace *trace, const char *why)
{
    report(REPORT_WARNING, "the trace of disk operations ends here: %s; the server is not affected",
           why);
    (void)close(trace->fd);
    trace->fd = -1;
}

static void put(struct disk_trace *trace, struct disk_trace_event event, const void *data,
                uint64_t data_size)
{
    if (trace == NULL || trace->fd < 0) return;
    event.data_size = data_size;
    union { /* writev() only reads */
        const void *read;
        void *base;
    } bytes = {.read = data};
    struct iovec parts[2] = {{.iov_base = &event, .iov_len = sizeof(event)},
                             {.iov_base = bytes.base, .iov_len = data_size}};
    ssize_t done;
    do {
        done = writev(trace->fd, parts, data_size > 0 ? 2 : 1);
    } while (done < 0 && errno == EINTR);
    if (done < 0) {
        stop(trace, strerror(errno));
    } else if ((uint64_t)done != sizeof(event) + data_size) {
        stop(trace, "no room for it");
    }
}

bool disk_trace_open(struct disk_trace *trace, const char *path)
{
    *trace = (struct disk_trace){.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (trace->fd < 0) return false;
    struct disk_trace_event event = {
        .kind = DISK_TRACE_BEGIN, .offset = DISK_TRACE_MAGIC, .flags = DISK_TRACE_VERSION};
    put(trace, event, NULL, 0);
    return true;
}

void disk_trace_close(struct disk_trace *trace)
{
    if (trace->fd >= 0) (void)close(trace->fd);
    trace->fd = -1;
}

/* ---- the door ---- */

static void done(struct disk_op *op)
{
    struct disk_trace_flight *flight = op->owner;
    struct disk_trace *trace = flight->trace;
    ASSERT(flight->op == op);
    op->done = flight->done;
    op->owner = flight->owner;
    flight->op = NULL;
    disk_trace_done(trace, flight->number, op->res);
    op->done(op);
}

static struct disk_trace_flight *take_off(struct disk_trace *trace, struct disk_op *op)
{
    uint32_t i = 0;
    while (i < DISK_TRACE_FLYING && trace->flying[i].op != NULL) i++;
    ASSERT(i < DISK_TRACE_FLYING);
    struct disk_trace_flight *flight = &trace->flying[i];
    *flight = (struct disk_trace_flight){
        .trace = trace, .op = op, .done = op->done, .owner = op->owner, .number = ++trace->ops};
    op->done = done;
    op->owner = flight;
    return flight;
}

/* Bytes up to the last that is not zero. */
static uint64_t without_zeros(const uint8_t *bytes, uint64_t size)
{
    static const uint8_t zeros[64];
    if (size > 0 && bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0) return 0;
    while (size >= sizeof(zeros) && memcmp(bytes + size - 64, zeros, 64) == 0) {
        size -= sizeof(zeros);
    }
    while (size > 0 && bytes[size - 1] == 0) size--;
    return size;
}

static void submit(struct disk *disk, struct disk_op *op)
{
    struct disk_trace *trace = (struct disk_trace *)disk; /* its first member */
    struct disk_trace_event event = {.fd = op->fd, .offset = op->offset, .size = op->size};
    event.op = take_off(trace, op)->number;
    switch (op->kind) {
    case DISK_WRITE:
        event.kind = DISK_TRACE_WRITE;
        put(trace, event, op->buf, without_zeros(op->buf, op->size));
        break;
    case DISK_READ:
        event.kind = DISK_TRACE_READ;
        put(trace, event, NULL, 0);
        break;
    case DISK_SYNC:
        event.kind = DISK_TRACE_SYNC;
        put(trace, event, NULL, 0);
        break;
    }
    trace->behind->submit(trace->behind, op);
}

static void kick(struct disk *disk)
{
    struct disk_trace *trace = (struct disk_trace *)disk;
    trace->behind->kick(trace->behind);
}

struct disk *disk_trace_door(struct disk_trace *trace, struct disk *behind)
{
    if (trace == NULL) return behind;
    trace->disk = (struct disk){.submit = submit, .kick = kick};
    trace->behind = behind;
    return &trace->disk;
}

/* ---- notes ---- */

void disk_trace_opened(struct disk_trace *trace, int fd, const char *name, uint32_t flags)
{
    struct disk_trace_event event = {.kind = DISK_TRACE_OPEN, .fd = fd, .flags = flags};
    put(trace, event, name, strlen(name));
}

void disk_trace_resized(struct disk_trace *trace, int fd, uint64_t size)
{
    put(trace, (struct disk_trace_event){.kind = DISK_TRACE_RESIZE, .fd = fd, .size = size}, NULL,
        0);
}

void disk_trace_renamed(struct disk_trace *trace, const char *from, const char *to)
{
    char names[128];
    int size = snprintf(names, sizeof(names), "%s%c%s", from, 0, to);
    ASSERT(size > 0 && (size_t)size < sizeof(names));
    put(trace, (struct disk_trace_event){.kind = DISK_TRACE_RENAME}, names, (uint64_t)size);
}

void disk_trace_removed(struct disk_trace *trace, const char *name)
{
    put(trace, (struct disk_trace_event){.kind = DISK_TRACE_REMOVE}, name, strlen(name));
}

void disk_trace_flushed(struct disk_trace *trace, int fd)
{
    put(trace, (struct disk_trace_event){.kind = DISK_TRACE_FLUSH, .fd = fd}, NULL, 0);
}

uint64_t disk_trace_write(struct disk_trace *trace, int fd, const void *bytes, uint64_t offset,
                          uint64_t size)
{
    if (trace == NULL) return 0;
    struct disk_trace_event event = {
        .kind = DISK_TRACE_WRITE, .fd = fd, .op = ++trace->ops, .offset = offset, .size = size};
    put(trace, event, bytes, without_zeros(bytes, size));
    return event.op;
}

void disk_trace_done(struct disk_trace *trace, uint64_t op, int64_t result)
{
    put(trace,
        (struct disk_trace_event){.kind = DISK_TRACE_DONE, .op = op, .result = (int32_t)result},
        NULL, 0);
}

void disk_trace_recovered(struct disk_trace *trace, uint64_t group, uint64_t from, uint64_t to)
{
    struct disk_trace_event event = {
        .kind = DISK_TRACE_RECOVERED, .op = group, .offset = from, .size = to - from};
    put(trace, event, NULL, 0);
}

void disk_trace_released(struct disk_trace *trace, uint64_t group)
{
    put(trace, (struct disk_trace_event){.kind = DISK_TRACE_RELEASED, .op = group}, NULL, 0);
}
