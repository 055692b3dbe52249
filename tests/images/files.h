/* tests/images/files.h -- the system calls of io/log_*.c, redirected at link time to a content in
 * memory while one is mounted, and to the system otherwise. What is done to the content can be kept
 * as events, like those of a trace. */
#ifndef TESTS_IMAGES_FILES_H
#define TESTS_IMAGES_FILES_H

#include "tests/images/crash_disk.h"

#define FILES_DIR "/image" /* where the content is mounted */

/* From now on the directory FILES_DIR is `content`, and the calls change it. NULL: unmounts. */
void files_mount(struct content *content);
/* Changes made to the content since it was mounted. */
uint64_t files_changes(void);

/* What is done from now on is kept, on the stack of content.h; NULL: no more. */
struct events {
    struct event *list;
    uint32_t count, max;
};
void files_record(struct events *events);
/* Adds an event that no system call shows. */
void files_note(enum disk_trace_kind kind, uint64_t op);

#endif
