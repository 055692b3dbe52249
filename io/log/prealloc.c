/* io/log/prealloc.c -- keeps zero-written segments ready ahead of the log, so that every log write
 * overwrites blocks that exist and needs no file-system metadata.
 *
 * One write of at most LOG_ZERO_CHUNK at a time, through the same disk door as the log, at a rate
 * that the log does not feel. As long as half of what should be ready is ready, only while the log
 * rests. Below that also beside a busy log, but then two bytes for each byte that the log wrote, so
 * it gets ahead again; below a quarter it no longer waits. */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "io/log/internal.h"
#include "io/log/place.h"

#define SPACE_CHECK_MS    1000u
#define SPACE_CHECK_TICKS 4096u /* with a test clock that stands still */

static void zeroing_done(struct disk_op *op);
static void flushed(struct disk_op *op);
static void named(struct disk_op *op);

static uint64_t ready_wanted(const struct log *log)
{
    uint64_t wanted = log->options.prealloc_bytes, least = log->files.sizes.segment / 4;
    if (least < 2 * log_kept_room(log)) least = 2 * log_kept_room(log); /* small segments */
    return wanted > least ? wanted : least;
}

static void look_at_space(struct log *log)
{
    struct log_prealloc *p = &log->prealloc;
    p->free_bytes = log_files_free(&log->files);
    p->no_space = p->state == LOG_PREALLOC_IDLE &&
                  p->free_bytes < log->options.low_water_bytes + log->files.sizes.segment;
}

/* Where groups go now and next; of the other segments one at a time. */
static bool is_in_place(struct log *log)
{
    struct log_prealloc *p = &log->prealloc;
    const struct log_files *files = &log->files;
    uint32_t now = (uint32_t)(log->end / files->sizes.segment - files->first);
    if (!log_place_directory(files, &log->failure)) return false;
    for (uint32_t i = now; i < files->segments && i <= now + 1; i++) {
        if (!log_place_segment(files, i, &log->failure)) return false;
    }
    p->looked = (p->looked + 1) % files->segments;
    return log_place_segment(files, p->looked, &log->failure);
}

void log_prealloc_check_space(struct log *log, uint64_t time_ms)
{
    struct log_prealloc *p = &log->prealloc;
    p->turns++;
    if (time_ms < p->checked_ms + SPACE_CHECK_MS && p->turns < SPACE_CHECK_TICKS) return;
    p->checked_ms = time_ms;
    p->turns = 0;
    if (!is_in_place(log)) {
        log_fail(log);
        return;
    }
    look_at_space(log);
    if (log->disk != NULL) log_prealloc_tick(log);
}

/* A log that was there goes on with what is ready; a new one is asked for what cannot be. */
static bool fits_the_disk(const struct log *log, uint64_t missing, struct log_fault *fault)
{
    uint64_t free_bytes = log_files_free(&log->files);
    if (log->last_number != 0 || missing <= free_bytes) return true;
    return log_fault_set(fault, 78,
                         "--log-prealloc of %" PRIu64 " MiB does not fit: %" PRIu64
                         " MiB are free in %s; lower it, or free some space",
                         log->options.prealloc_bytes >> 20, free_bytes >> 20, log->files.dir);
}

static bool go_on(const struct log *log, uint64_t missing, struct log_fault *fault)
{
    uint64_t left = log_ready_ahead(log) < log->options.prealloc_bytes
                        ? log->options.prealloc_bytes - log_ready_ahead(log)
                        : 0;
    if (left > missing) left = missing;
    if (log_progress_step(log->options.progress, "zero-writing log segments", missing - left,
                          missing)) {
        return true;
    }
    return log_fault_set(fault, 75,
                         "stopped by a signal while log segments were made in %s; those that are "
                         "whole stay",
                         log->files.dir);
}

bool log_prealloc_start(struct log *log, struct log_fault *fault)
{
    uint64_t wanted = log->options.prealloc_bytes, missing = 0;
    if (log_ready_ahead(log) < wanted) missing = wanted - log_ready_ahead(log);
    if (!fits_the_disk(log, missing, fault)) return false;
    for (;;) {
        look_at_space(log);
        bool fits = log_next_open(&log->files.sizes, log->end) < log_files_end(&log->files);
        bool more = log_ready_ahead(log) < wanted && !log_files_full(&log->files);
        if (fits && (!more || log->prealloc.no_space)) return true;
        if (log_files_full(&log->files)) {
            return log_fault_set(fault, 74, "%s: the log is at its largest size, %u segments",
                                 log->files.dir, log->files.segments);
        }
        if (log->prealloc.no_space) {
            return log_fault_set(
                fault, 74,
                "no room in %s for the log: %" PRIu64 " MiB are needed (a "
                "segment and the low-water mark), %" PRIu64 " MiB are free; free some space",
                log->files.dir, (log->options.low_water_bytes + log->files.sizes.segment) >> 20,
                log->prealloc.free_bytes >> 20);
        }
        if (!go_on(log, missing, fault)) return false;
        if (log_files_segment_make(&log->files, fault)) continue;
        /* Less room than the file system says: a quota. What is ready is used. */
        log->prealloc.no_space = fault->no_room;
        return fits && fault->no_room;
    }
}

static void submit(struct log *log, struct disk_op op)
{
    struct log_prealloc *p = &log->prealloc;
    op.owner = log;
    p->op = op;
    p->busy = true;
    log->disk->submit(log->disk, &p->op);
}

static void close_tmp(struct log_prealloc *p)
{
    if (p->fd >= 0) (void)close(p->fd);
    p->fd = -1;
}

/* What is missing now and may be there later: room, descriptors that clients use up, the directory
 * or the right to write to it. The open segments do not need any of these. */
static bool is_shortage(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOENT:
    case EACCES:
    case EPERM: return true;
    default: return false;
    }
}

/* A shortage is an answer (READ_ONLY when the ready bytes end), and is tried again at the next look
 * at the space; any other error is a failing disk. */
static void give_up(struct log *log, int error)
{
    struct log_prealloc *p = &log->prealloc;
    close_tmp(p);
    log_files_sweep(&log->files);
    p->state = LOG_PREALLOC_IDLE;
    if (is_shortage(error)) {
        p->no_space = true;
    } else {
        log_fail(log);
    }
}

static void begin(struct log *log)
{
    struct log_prealloc *p = &log->prealloc;
    if (p->no_space || log->stopping || log_files_full(&log->files)) return;
    if (log_ready_ahead(log) >= ready_wanted(log)) return;
    look_at_space(log);
    if (p->no_space) return;
    p->fd = log_files_segment_begin(&log->files);
    if (p->fd < 0) {
        give_up(log, errno);
        return;
    }
    p->offset = 0;
    p->credit = 0;
    p->state = LOG_PREALLOC_ZEROING;
}

/* Nothing is being written and nothing waits for that. */
static bool rests(const struct log *log)
{
    return log->flying == 0 && log_group_durable(log) == log_group_last(log);
}

static bool may_zero(const struct log *log)
{
    uint64_t ready = log_ready_ahead(log), wanted = ready_wanted(log);
    if (rests(log) || ready < wanted / 4) return true;
    return ready < wanted / 2 && log->prealloc.credit >= log->prealloc.chunk;
}

static void zero_next(struct log *log)
{
    struct log_prealloc *p = &log->prealloc;
    if (p->offset == log->files.sizes.segment) {
        submit(log, (struct disk_op){.kind = DISK_SYNC, .fd = p->fd, .done = flushed});
        return;
    }
    if (!may_zero(log)) return;
    p->credit -= p->credit < p->chunk ? p->credit : p->chunk;
    submit(log, (struct disk_op){.kind = DISK_WRITE,
                                 .fd = p->fd,
                                 .buf = p->zeros,
                                 .size = p->chunk,
                                 .offset = p->offset,
                                 .done = zeroing_done});
}

static void zeroing_done(struct disk_op *op)
{
    struct log *log = op->owner;
    struct log_prealloc *p = &log->prealloc;
    p->busy = false;
    if (op->res < 0 || (uint32_t)op->res != op->size) {
        give_up(log, op->res < 0 ? -op->res : EIO);
        return;
    }
    p->offset += op->size;
    log_prealloc_tick(log);
}

static void flushed(struct disk_op *op)
{
    struct log *log = op->owner;
    struct log_prealloc *p = &log->prealloc;
    p->busy = false;
    if (op->res < 0) {
        give_up(log, -op->res);
        return;
    }
    close_tmp(p);
    /* Its name counts once the directory is flushed; until then no group may go there. */
    if (!log_files_segment_publish(&log->files)) {
        give_up(log, errno);
        return;
    }
    log->files.segments--;
    p->state = LOG_PREALLOC_NAMING;
    submit(log, (struct disk_op){.kind = DISK_SYNC, .fd = log->files.dir_fd, .done = named});
    log->disk->kick(log->disk);
}

static void named(struct disk_op *op)
{
    struct log *log = op->owner;
    struct log_prealloc *p = &log->prealloc;
    p->busy = false;
    p->state = LOG_PREALLOC_IDLE;
    log->files.segments++;
    if (op->res < 0) {
        log_fail(log);
        return;
    }
    log_prealloc_tick(log);
}

void log_prealloc_tick(struct log *log)
{
    struct log_prealloc *p = &log->prealloc;
    if (p->busy || log->failed || log->stopping) return;
    if (p->state == LOG_PREALLOC_IDLE) begin(log);
    if (p->state == LOG_PREALLOC_ZEROING) {
        zero_next(log);
        if (p->busy) log->disk->kick(log->disk);
    }
}
