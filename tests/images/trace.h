/* tests/images/trace.h -- reads the traces of io/os/disk_trace.h: one file for each life of a
 * server, in order. */
#ifndef TESTS_IMAGES_TRACE_H
#define TESTS_IMAGES_TRACE_H

#include "tests/images/crash_disk.h"

struct trace {
    struct event *events;
    uint32_t count;
};

/* False, with a line on stderr, if a file cannot be read or is no trace of a small log. */
NODISCARD bool trace_read(struct trace *trace, char *const paths[], uint32_t count);
/* What an event says, for people. */
void event_print(const struct event *event);

#endif
