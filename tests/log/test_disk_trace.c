/* tests/log/test_disk_trace.c -- the trace of disk operations: what is in it, and that it harms
 * nobody. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/format/log_format.h"
#include "io/os/disk_sync.h"
#include "io/os/disk_trace.h"
#include "tests/test.h"

struct fixture {
    char dir[64], path[96];
    int fd; /* a file to write to */
    struct disk_trace trace;
    struct disk_sync behind;
    struct disk *door;
    uint8_t *buf;
    int done; /* operations */
};

static void fixture_init(struct fixture *w)
{
    *w = (struct fixture){.fd = -1};
    (void)snprintf(w->dir, sizeof(w->dir), "/var/tmp/gongji-test-trace-XXXXXX");
    ASSERT(mkdtemp(w->dir) != NULL);
    (void)snprintf(w->path, sizeof(w->path), "%s/file", w->dir);
    w->fd = open(w->path, O_RDWR | O_CREAT, 0600);
    ASSERT(w->fd >= 0);
    (void)snprintf(w->path, sizeof(w->path), "%s/trace", w->dir);
    CHECK(disk_trace_open(&w->trace, w->path));
    disk_sync_init(&w->behind);
    w->door = disk_trace_door(&w->trace, &w->behind.disk);
    w->buf = aligned_alloc(LOG_BLOCK_SIZE, LOG_BLOCK_SIZE);
    ASSERT(w->buf != NULL);
    memset(w->buf, 0, LOG_BLOCK_SIZE);
}

static void fixture_end(struct fixture *w)
{
    char path[96];
    disk_trace_close(&w->trace);
    (void)close(w->fd);
    (void)snprintf(path, sizeof(path), "%s/file", w->dir);
    (void)unlink(path);
    (void)unlink(w->path);
    (void)rmdir(w->dir);
    free(w->buf);
}

static void done(struct disk_op *op)
{
    struct fixture *w = op->owner; /* the trace gave it back */
    w->done++;
}

static void perform(struct fixture *w, struct disk_op *op, enum disk_op_kind kind)
{
    *op = (struct disk_op){.kind = kind,
                           .fd = w->fd,
                           .buf = kind == DISK_SYNC ? NULL : w->buf,
                           .size = kind == DISK_SYNC ? 0 : LOG_BLOCK_SIZE,
                           .done = done,
                           .owner = w};
    w->door->submit(w->door, op);
    w->door->kick(w->door);
}

/* The next event of the file; its data, if any, in `data`. */
static struct disk_trace_event next(int fd, char data[256])
{
    struct disk_trace_event event = {.kind = 0};
    if (read(fd, &event, sizeof(event)) != (ssize_t)sizeof(event)) return event;
    CHECK(event.data_size < 256);
    memset(data, 0, 256);
    CHECK_EQ(read(fd, data, event.data_size), event.data_size);
    return event;
}

static void expect(int fd, enum disk_trace_kind kind, uint64_t op, const char *want)
{
    char data[256];
    struct disk_trace_event event = next(fd, data);
    CHECK_EQ(event.kind, kind);
    CHECK_EQ(event.op, op);
    CHECK_STR(data, want);
}

TEST(every_step_is_noted_in_order)
{
    struct fixture w;
    struct disk_op first, second;
    char data[256];
    fixture_init(&w);
    memcpy(w.buf, "group", 5);
    disk_trace_opened(&w.trace, w.fd, "log-0", DISK_TRACE_DSYNC);
    perform(&w, &first, DISK_WRITE);
    perform(&w, &second, DISK_SYNC);
    CHECK_EQ(w.done, 0);
    CHECK_EQ(disk_sync_poll(&w.behind, 9), 2);
    CHECK_EQ(w.done, 2);
    CHECK_EQ(first.res, LOG_BLOCK_SIZE);
    disk_trace_renamed(&w.trace, "a", "b");
    disk_trace_recovered(&w.trace, 7, 4096, 12288);

    int fd = open(w.path, O_RDONLY);
    struct disk_trace_event event = next(fd, data);
    CHECK_EQ(event.kind, DISK_TRACE_BEGIN);
    CHECK_EQ(event.offset, DISK_TRACE_MAGIC);
    expect(fd, DISK_TRACE_OPEN, 0, "log-0");
    expect(fd, DISK_TRACE_WRITE, 1, "group"); /* the zeros behind it are not in the file */
    expect(fd, DISK_TRACE_SYNC, 2, "");
    event = next(fd, data);
    CHECK_EQ(event.kind, DISK_TRACE_DONE);
    CHECK_EQ(event.op, 1);
    CHECK_EQ(event.result, LOG_BLOCK_SIZE);
    expect(fd, DISK_TRACE_DONE, 2, "");
    event = next(fd, data);
    CHECK_EQ(event.kind, DISK_TRACE_RENAME);
    CHECK_EQ(memcmp(data, "a\0b", 3), 0);
    event = next(fd, data);
    CHECK_EQ(event.kind, DISK_TRACE_RECOVERED);
    CHECK_EQ(event.op, 7);
    CHECK_EQ(event.offset, 4096);
    CHECK_EQ(event.size, 8192);
    CHECK_EQ(next(fd, data).kind, 0);
    (void)close(fd);
    fixture_end(&w);
}

TEST(a_trace_that_cannot_be_written_stops_and_the_log_does_not)
{
    struct fixture w;
    struct disk_op op;
    fixture_init(&w);
    int full = open("/dev/full", O_WRONLY);
    ASSERT(full >= 0 && dup2(full, w.trace.fd) >= 0);
    (void)close(full);
    perform(&w, &op, DISK_WRITE);
    CHECK_EQ(w.trace.fd, -1);
    CHECK_EQ(disk_sync_poll(&w.behind, 9), 1);
    CHECK_EQ(w.done, 1);
    CHECK_EQ(op.res, LOG_BLOCK_SIZE);
    perform(&w, &op, DISK_SYNC);
    CHECK_EQ(disk_sync_poll(&w.behind, 9), 1);
    CHECK_EQ(w.done, 2);
    fixture_end(&w);
}

TEST(a_file_that_exists_is_not_overwritten)
{
    struct fixture w;
    struct disk_trace other;
    fixture_init(&w);
    errno = 0;
    CHECK(!disk_trace_open(&other, w.path));
    CHECK_EQ(errno, EEXIST);
    fixture_end(&w);
}

TEST(without_a_trace_the_door_is_the_one_behind)
{
    struct disk_sync behind;
    disk_sync_init(&behind);
    CHECK(disk_trace_door(NULL, &behind.disk) == &behind.disk);
    disk_trace_flushed(NULL, 1);
    CHECK_EQ(disk_trace_write(NULL, 1, "x", 0, 1), 0);
}

TEST_MAIN(T(every_step_is_noted_in_order),
          T(a_trace_that_cannot_be_written_stops_and_the_log_does_not),
          T(a_file_that_exists_is_not_overwritten), T(without_a_trace_the_door_is_the_one_behind))
