/* io/log/recovery.c -- opens a data directory: lock, identity, scan and redo, verdict, cut, and the
 * first group of a new generation. Until the verdict nothing is written. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "io/log/internal.h"
#include "io/log/place.h"
#include "io/log/reader.h"
#include "io/log/recovery.h"
#include "io/os/clock_os.h"
#include "io/os/log_clock.h"

struct recovery {
    const struct log_options *options;
    const struct log_redo *redo;
    struct log *log;
    struct log_reader *reader;
    struct log_recovered *ret;
    struct log_fault fault;
};

/* Every segment stays open; the usual limit of 1024 would end at 256 GiB of log. */
static void raise_open_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* if not: the open that fails says what to do */
}

static bool redo_group(struct recovery *r, const struct log_group *group)
{
    const struct log_redo_group redo = {
        .group = group, .offsets = r->reader->offsets, .count = r->reader->count};
    return r->redo->group(r->redo->owner, &redo, &r->fault);
}

static bool refuse_tail(struct recovery *r, enum recover_verdict verdict,
                        const struct recover_tail *facts)
{
    const char *dir = r->options->dir;
    uint64_t at = r->reader->position;
    if (verdict == RECOVER_REFUSE_NEWER)
        return log_files_refuse(&r->log->files, verdict, NULL, &r->fault);
    if (verdict == RECOVER_REFUSE_FOREIGN) {
        return log_fault_set(&r->fault, 77,
                             "%s: where group %" PRIu64 " should be (byte %" PRIu64
                             "), the segment holds groups of another log; nothing was changed; put "
                             "back this log's own segments",
                             dir, facts->bad_group, at);
    }
    if (verdict == RECOVER_REFUSE_SEGMENT_MISSING) {
        return log_fault_set(&r->fault, 78,
                             "%s lacks its newest log segments, from log-%016" PRIx64
                             ".seg on; nothing was changed; put them back (after a repair of the "
                             "file system look in lost+found)",
                             dir, r->log->files.first + r->log->files.segments);
    }
    if (verdict == RECOVER_REFUSE_UNREADABLE) {
        uint64_t byte = r->reader->unreadable;
        return log_fault_set(
            &r->fault, 78,
            "%s: the disk gives a read error in log-%016" PRIx64 ".seg at byte %" PRIu64
            "; nothing was changed; copy the directory to a good disk and start "
            "there",
            dir, byte / r->log->files.sizes.segment, log_files_offset(&r->log->files, byte));
    }
    if (verdict == RECOVER_REFUSE_SEAL_MISSING) {
        return log_fault_set(&r->fault, 78,
                             "%s ends before its last clean stop, which sealed it with group "
                             "%" PRIu64 ": the log is whole up to group %" PRIu64
                             ", what was acknowledged behind it is lost; nothing was changed; put "
                             "back the newest copy of its segments",
                             dir, r->log->files.sealed.number, r->reader->number);
    }
    if (facts->malformed) {
        return log_fault_set(&r->fault, 78,
                             "%s: group %" PRIu64 " at byte %" PRIu64
                             " verifies but does not continue the log or its records cannot be "
                             "read; nothing was changed; it was written by a faulty program or "
                             "machine",
                             dir, facts->bad_group, at);
    }
    return log_fault_set(&r->fault, 78,
                         "%s: group %" PRIu64 " at byte %" PRIu64
                         " is damaged, and later groups prove that it was durable (through %" PRIu64
                         "); nothing was changed; restore the log from a good copy",
                         dir, facts->bad_group, at, facts->durable_through_max);
}

static bool judge_tail(struct recovery *r)
{
    struct recover_tail facts;
    uint64_t end;
    log_reader_tail(r->reader, &facts, &end);
    if (r->reader->stopped) {
        return log_fault_set(
            &r->fault, 75, "stopped by a signal while the log in %s was read; nothing was changed",
            r->options->dir);
    }
    enum recover_verdict verdict = recover_tail(&facts);
    if (recover_exit_code(verdict) != 0) return refuse_tail(r, verdict, &facts);
    if (verdict == RECOVER_CONTINUE) end = r->reader->position;
    disk_trace_recovered(r->log->files.trace, r->reader->number, r->reader->position, end);
    if (verdict == RECOVER_CONTINUE) return true;
    r->ret->cut_bytes = end - r->reader->position;
    r->ret->cut_group = facts.bad_group;
    return log_files_zero(&r->log->files, r->reader->position, end, &r->fault);
}

static bool redo_all(struct recovery *r)
{
    const struct log_group *group;
    struct clock *clock = clock_os();
    uint64_t started_us = clock->elapsed_us(clock);
    while ((group = log_reader_next(r->reader)) != NULL) {
        if (!redo_group(r, group)) return false;
        log_check_add(&r->log->check, group->position, group, log_padded(group->size));
    }
    r->ret->redo_us = clock->elapsed_us(clock) - started_us;
    return judge_tail(r);
}

/* Where the log goes on. */
static void take_over(struct recovery *r)
{
    const struct log_reader *reader = r->reader;
    struct log *log = r->log;
    log->last_number = log->submitted = log->durable = reader->number;
    log->end = log->durable_end = reader->end;
    log->durable_check = log_check_last(&log->check);
    log->last_kind = reader->kind;
    log->generation = reader->generation;
    log->next_seq = reader->next_seq;
    log->time_ms = reader->time_ms;
    log->rid_low_water_ms = reader->rid_low_water_ms;
    memcpy(log->prev_checksum, reader->checksum, sizeof(log->prev_checksum));
    r->ret->records = reader->records;
    r->ret->groups = reader->number;
    r->ret->bytes = reader->end - log_files_begin(&log->files);
    r->ret->time_ms = reader->time_ms;
    r->ret->generation = reader->generation;
}

/* What is in the directory, and what that means; nothing is changed. */
static bool identify(struct recovery *r, struct recover_directory *facts)
{
    const struct log_options *options = r->options;
    struct log_files *files = &r->log->files;
    if (!log_files_open(files, options->dir, options->unsafe_dev, &r->fault)) return false;
    files->one_thread = options->one_thread;
    files->trace = options->trace;
    files->first = options->first_segment;
    disk_trace_opened(files->trace, files->dir_fd, ".", 0);
    if (!log_files_facts(files, facts, &r->fault)) return false;
    enum recover_verdict verdict = recover_directory(facts);
    if (recover_exit_code(verdict) != 0) return log_files_refuse(files, verdict, facts, &r->fault);
    r->ret->fresh = verdict == RECOVER_FRESH;
    return log_files_check_direct(files, options->unsafe_dev, &r->fault);
}

static bool open_files(struct recovery *r, const struct recover_directory *facts)
{
    struct clock *clock = clock_os();
    uint32_t mib = r->options->segment_mib;
    if (!r->ret->fresh) return log_files_open_segments(&r->log->files, facts->segments, &r->fault);
    if (mib == 0) mib = LOG_SEGMENT_MIB_DEFAULT;
    return log_files_create(&r->log->files, clock->wall_ms(clock), mib, &r->fault);
}

static bool read_log(struct recovery *r)
{
    if (r->ret->fresh) {
        r->reader->next_seq = 1;
        r->reader->end = log_files_begin(&r->log->files);
        take_over(r);
        return true;
    }
    if (!log_reader_open(r->reader, &r->log->files, &r->fault)) return false;
    r->reader->progress = r->options->progress;
    bool good = redo_all(r);
    if (good) take_over(r);
    log_reader_close(r->reader);
    if (good) log_files_sweep(&r->log->files);
    return good;
}

static bool recover(struct recovery *r)
{
    static const char no_memory[] = "no memory for the log's buffers";
    struct recover_directory facts;
    if (r->log == NULL || r->reader == NULL) return log_fault_set(&r->fault, 75, no_memory);
    r->log->options = *r->options;
    if (!identify(r, &facts) || !open_files(r, &facts)) return false;
    /* How large the buffers are stands in the log. */
    if (!log_memory_init(r->log)) return log_fault_set(&r->fault, 75, no_memory);
    uint64_t segment = r->log->files.sizes.segment;
    uint64_t ahead = (r->options->prealloc_bytes + segment - 1) / segment * segment;
    r->log->options.prealloc_bytes = ahead;
    uint64_t hash_seed = r->log->files.meta.hash_seed;
    return r->redo->begin(r->redo->owner, hash_seed, &r->fault) && read_log(r);
}

bool log_recover(const struct log_options *options, const struct log_redo *redo,
                 struct log_recovered *ret)
{
    struct recovery r = {.options = options, .redo = redo, .ret = ret};
    memset(ret, 0, sizeof(*ret));
    raise_open_files();
    r.log = calloc(1, sizeof(*r.log));
    r.reader = calloc(1, sizeof(*r.reader));
    if (r.log != NULL) {
        r.log->files.dir_fd = -1;
        r.log->prealloc.fd = -1;
    }
    bool good = recover(&r);
    free(r.reader);
    if (r.log != NULL) memcpy(ret->warning, r.log->files.warning, sizeof(r.log->files.warning));
    if (good) {
        ret->log = r.log;
        return true;
    }
    if (r.log != NULL) log_close(r.log);
    ret->exit_code = r.fault.exit_code;
    memcpy(ret->error, r.fault.line, sizeof(ret->error));
    return false;
}

static bool start_fails(struct log_recovered *ret, const struct log_fault *fault)
{
    ret->exit_code = fault->exit_code;
    memcpy(ret->error, fault->line, sizeof(ret->error));
    return false;
}

static void warn_not_ready(const struct log *log, struct log_recovered *ret)
{
    uint64_t ready = log_ready_ahead(log), wanted = log->options.prealloc_bytes;
    if (ready >= wanted || log_files_full(&log->files)) return;
    size_t used = strlen(ret->warning);
    (void)snprintf(ret->warning + used, sizeof(ret->warning) - used,
                   "%sonly %" PRIu64 " of %" PRIu64
                   " MiB of --log-prealloc are ready, and there is no room for more",
                   used > 0 ? "; " : "", ready >> 20, wanted >> 20);
}

bool log_start(struct log *log, struct disk *disk, uint64_t time_ms, uint64_t rid_low_water_ms,
               struct log_recovered *ret)
{
    struct log_fault fault = {0};
    if (!log->options.test_clock &&
        log_clock_judge(time_ms, log->time_ms, log->options.clock_gap_max_ms) == LOG_CLOCK_AHEAD) {
        uint64_t gap_s = (time_ms - log->time_ms + 999) / 1000;
        (void)log_fault_set(&fault, 75,
                            "the clock is %" PRIu64 " s ahead of the last entry of the log; if the "
                            "clock is right, start once with --clock-gap-max %" PRIu64 "s",
                            gap_s, gap_s + 60);
        return start_fails(ret, &fault);
    }
    if (!log_prealloc_start(log, &fault)) return start_fails(ret, &fault);
    warn_not_ready(log, ret);
    log->disk = disk;
    log->generation++;
    if (rid_low_water_ms > log->rid_low_water_ms) log->rid_low_water_ms = rid_low_water_ms;
    bool written = log_write_mark(log, LOG_GROUP_START, time_ms);
    ASSERT(written); /* nothing is in flight yet, and log_prealloc_start() made room */
    ret->generation = log->generation;
    ret->time_ms = log->time_ms;
    log->options.progress = NULL; /* was for the start */
    return true;
}

bool log_in_place(const struct log *log, struct log_fault *fault)
{
    return log_place_all(&log->files, fault);
}

bool log_note_seal(struct log *log, struct log_fault *fault)
{
    ASSERT(log->stopping && log_quiet(log));
    struct log_sealed sealed = {
        .magic = LOG_SEALED_MAGIC,
        .number = log->durable, /* the last closed group; an empty one may be open behind it */
        .next_seq = log->next_seq,
        .position = log->slots[log->durable % LOG_SLOTS].position,
    };
    memcpy(sealed.seal, log->prev_checksum, sizeof(sealed.seal));
    return log_files_note_seal(&log->files, &sealed, fault);
}

void log_close(struct log *log)
{
    ASSERT(log->flying == 0);
    if (log->prealloc.fd >= 0) {
        (void)close(log->prealloc.fd);
        log_files_sweep(&log->files);
    }
    log_files_close(&log->files);
    log_check_free(&log->check);
    if (log->memory != NULL) (void)munmap(log->memory, log->memory_size);
    free(log);
}
