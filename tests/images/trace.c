/* tests/images/trace.c -- reads traces. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/images/groups.h"
#include "tests/images/trace.h"

#define TRACE_SIZE_MAX ((long)64 << 20)
#define TRACES_MAX     64u

static bool refuse(const char *path, const char *what)
{
    (void)fprintf(stderr, "images: %s: %s\n", path, what);
    return false;
}

/* The bytes of a file, on the stack of content.h; NULL if it cannot be read. */
static uint8_t *file_read(const char *path, uint64_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    if (file == NULL) return NULL;
    long end = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (end > TRACE_SIZE_MAX) errno = EFBIG;
    if (end >= 0 && end <= TRACE_SIZE_MAX && fseek(file, 0, SEEK_SET) == 0) {
        bytes = stack_take((size_t)end);
        if (fread(bytes, 1, (size_t)end, file) != (size_t)end) bytes = NULL;
        *size = (uint64_t)end;
    }
    (void)fclose(file);
    return bytes;
}

/* Counts the events; fills them in if `to` is not NULL. One that is cut short at the end is none:
 * the server was killed. */
static uint32_t split(const uint8_t *bytes, uint64_t size, struct event *to)
{
    uint32_t count = 0;
    for (uint64_t at = 0; size - at >= sizeof(struct disk_trace_event);) {
        struct event event;
        memcpy(&event.head, bytes + at, sizeof(event.head));
        at += sizeof(event.head);
        if (size - at < event.head.data_size) break;
        event.data = bytes + at;
        at += event.head.data_size;
        if (to != NULL) to[count] = event;
        count++;
    }
    return count;
}

static bool begins_well(const char *path, const uint8_t *bytes, uint64_t size)
{
    struct disk_trace_event begin;
    if (size < sizeof(begin)) return refuse(path, "is no trace: too short");
    memcpy(&begin, bytes, sizeof(begin));
    if (begin.kind != DISK_TRACE_BEGIN || begin.offset != DISK_TRACE_MAGIC) {
        return refuse(path, "is no trace of gongjid --io-trace");
    }
    if (begin.flags != DISK_TRACE_VERSION) return refuse(path, "is of another version");
    return true;
}

bool trace_read(struct trace *trace, char *const paths[], uint32_t count)
{
    struct {
        uint8_t *bytes;
        uint64_t size;
    } files[TRACES_MAX];
    trace->count = 0;
    if (count > TRACES_MAX) return refuse(paths[TRACES_MAX], "is one trace too many");
    for (uint32_t i = 0; i < count; i++) {
        files[i].bytes = file_read(paths[i], &files[i].size);
        if (files[i].bytes == NULL) return refuse(paths[i], strerror(errno));
        if (!begins_well(paths[i], files[i].bytes, files[i].size)) return false;
        trace->count += split(files[i].bytes, files[i].size, NULL);
    }
    trace->events = stack_take(trace->count * sizeof(struct event));
    struct event *next = trace->events;
    for (uint32_t i = 0; i < count; i++) next += split(files[i].bytes, files[i].size, next);
    return true;
}

static void print_group(const struct event *event)
{
    struct log_group group;
    if (event_group(event, &group)) printf(", group %" PRIu64, group.number);
}

void event_print(const struct event *event)
{
    static const char *const kinds[] = {"?",      "begin",     "open",    "resize", "rename",
                                        "remove", "flush",     "write",   "read",   "sync",
                                        "done",   "recovered", "released"};
    const struct disk_trace_event *h = &event->head;
    printf("%s", h->kind < ARRAY_COUNT(kinds) ? kinds[h->kind] : "?");
    switch ((enum disk_trace_kind)h->kind) {
    case DISK_TRACE_OPEN:
    case DISK_TRACE_REMOVE: printf(" %.*s", (int)h->data_size, (const char *)event->data); break;
    case DISK_TRACE_RENAME: printf(" %s", (const char *)event->data); break;
    case DISK_TRACE_WRITE:
        printf(" %" PRIu64 " bytes at %" PRIu64 " of fd %d", h->size, h->offset, h->fd);
        print_group(event);
        break;
    case DISK_TRACE_RECOVERED:
    case DISK_TRACE_RELEASED: printf(" through group %" PRIu64, h->op); break;
    default: break;
    }
}
