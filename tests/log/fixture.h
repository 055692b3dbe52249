/* tests/log/fixture.h -- a log in a real directory with a state under it, driven through a disk
 * door that can fail, shorten and reorder. */
#ifndef TESTS_LOG_FIXTURE_H
#define TESTS_LOG_FIXTURE_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/core.h"
#include "io/engine/apply.h"
#include "io/log/internal.h"
#include "io/os/disk_sync.h"
#include "tests/test.h"

#define FIXTURE_QUEUE 256u
/* Small enough to be made often; groups are as large as they can be. */
#define FIXTURE_SEGMENT_MIB 128u
#define FIXTURE_SEGMENT     (FIXTURE_SEGMENT_MIB << 20)
#define FIXTURE_TIME        UINT64_C(1763800000000)

struct fixture {
    struct disk disk; /* first: the door hands back its own address */
    struct disk_op *queue[FIXTURE_QUEUE];
    uint32_t count;
    uint64_t log_writes; /* writes of groups performed so far */
    uint64_t fail_at;    /* the n-th of them gives fail_res; 0 = never */
    int32_t fail_res;
    bool newest_first;
    bool deep_only_if_large;   /* as a server does; else any group is written beside others */
    uint64_t prealloc_ops;     /* operations of zero-writing ahead performed so far */
    uint64_t prealloc_fail_at; /* the n-th of them gives prealloc_fail_res; 0 = never */
    int32_t prealloc_fail_res;

    char dir[64];
    struct log_options options;
    uint32_t persons_max, rids_max;
    struct log_recovered rec;
    struct log *log;
    struct state *state;
    void *memory;
    uint64_t time_ms;
};

static inline void fixture_submit(struct disk *disk, struct disk_op *op)
{
    struct fixture *w = (struct fixture *)disk;
    ASSERT(w->count < FIXTURE_QUEUE);
    w->queue[w->count++] = op;
}
static inline void fixture_kick(struct disk *disk)
{
    (void)disk;
}

/* Performs the queued operation at `i`. */
static inline void fixture_run(struct fixture *w, uint32_t i)
{
    struct disk_op *op = w->queue[i];
    memmove(&w->queue[i], &w->queue[i + 1], (w->count - i - 1) * sizeof(w->queue[0]));
    w->count--;
    bool group = op->kind == DISK_WRITE && op->buf != w->log->prealloc.zeros;
    bool prealloc = op == &w->log->prealloc.op;
    if (group) w->log_writes++;
    if (prealloc) w->prealloc_ops++;
    if (group && w->log_writes == w->fail_at) {
        op->res = w->fail_res;
    } else if (prealloc && w->prealloc_ops == w->prealloc_fail_at) {
        op->res = w->prealloc_fail_res;
    } else {
        op->res = disk_sync_perform(op);
    }
    op->done(op);
}

/* Performs all that is queued and what follows from it, except zero-writing ahead. */
static inline void fixture_poll(struct fixture *w)
{
    for (bool any = true; any;) {
        any = false;
        for (uint32_t n = 0; n < w->count && !any; n++) {
            uint32_t i = w->newest_first ? w->count - 1 - n : n;
            if (w->queue[i] == &w->log->prealloc.op) continue;
            fixture_run(w, i);
            any = true;
        }
    }
}

static inline struct state *fixture_state(void *owner, uint64_t hash_seed)
{
    struct fixture *w = owner;
    struct state_config config = {.persons_max = w->persons_max,
                                  .families_max = 16,
                                  .institutions_max = 16,
                                  .holds_max = 16,
                                  .rids_max = w->rids_max,
                                  .rids_ahead_max = 64,
                                  .hash_seed = hash_seed};
    struct state_memory parts;
    uint64_t size = state_size(&config, &parts);
    ASSERT(size != 0);
    size = (size + 63) / 64 * 64;
    w->memory = aligned_alloc(64, size);
    ASSERT(w->memory != NULL);
    memset(w->memory, 0, size);
    return state_init(&config, w->memory);
}

/* A new directory beside the build (a real disk; /tmp may be memory). */
static inline void fixture_init(struct fixture *w)
{
    *w = (struct fixture){.disk = {.submit = fixture_submit, .kick = fixture_kick}};
    w->persons_max = 1000;
    w->rids_max = 1 << 16;
    w->time_ms = FIXTURE_TIME;
    (void)snprintf(w->dir, sizeof(w->dir), "/var/tmp/gongji-test-log-XXXXXX");
    ASSERT(mkdtemp(w->dir) != NULL);
    w->options = (struct log_options){.dir = w->dir,
                                      .clock_gap_max_ms = UINT64_C(3) * 24 * 3600 * 1000,
                                      .segment_mib = FIXTURE_SEGMENT_MIB};
}

/* Phase 1 only; the exit code. */
static inline int fixture_recover(struct fixture *w)
{
    w->count = 0;
    w->log = NULL;
    w->memory = NULL;
    struct apply apply = {.make_state = fixture_state, .owner = w};
    const struct log_redo redo = apply_redo(&apply);
    if (!log_recover(&w->options, &redo, &w->rec)) {
        free(w->memory);
        w->memory = NULL;
        return w->rec.exit_code;
    }
    w->log = w->rec.log;
    w->state = apply.state;
    if (!w->deep_only_if_large) w->log->deep_from = 0;
    return 0;
}

static inline int fixture_start(struct fixture *w)
{
    int code = fixture_recover(w);
    if (code != 0) return code;
    if (!log_start(w->log, &w->disk, w->time_ms, state_rid_low_water_ms(w->state), &w->rec)) {
        log_close(w->log);
        free(w->memory);
        return w->rec.exit_code;
    }
    return 0;
}

/* As if the process had died here: what was not performed never happens. */
static inline void fixture_die(struct fixture *w)
{
    if (w->log == NULL) return;
    w->log->flying = 0;
    log_close(w->log);
    free(w->memory);
    w->log = NULL;
    w->count = 0;
}

static inline void fixture_remove(struct fixture *w)
{
    DIR *listing = opendir(w->dir);
    if (listing != NULL) {
        for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
            (void)unlinkat(dirfd(listing), entry->d_name, 0);
        }
        (void)closedir(listing);
    }
    (void)rmdir(w->dir);
}

/* A deposit to a person nobody opened: the smallest record there is (a refusal, 128 bytes). */
static inline struct gj_op fixture_op(uint64_t n)
{
    struct gj_op op = {.person = 1 + n % 7, .amount = 100, .type = GJ_OP_DEPOSIT};
    for (unsigned i = 0; i < 6; i++) op.rid.bytes[i] = (uint8_t)(FIXTURE_TIME >> (40 - 8 * i));
    for (unsigned i = 0; i < 8; i++) op.rid.bytes[8 + i] = (uint8_t)(n >> (8 * i));
    return op;
}

/* An operation of two lines, refused: its records of 192 bytes cross the chunks of the cache. */
struct fixture_long_op {
    struct gj_op op;
    struct gj_institution_ext ext;
};
static inline struct fixture_long_op fixture_long_op(uint64_t n)
{
    struct fixture_long_op ret = {.op = fixture_op(n)};
    ret.op.type = GJ_OP_SET_INSTITUTION;
    ret.op.ext_count = 1;
    ret.op.person = 0;
    ret.op.amount = 0;
    ret.op.other = 77;
    ret.op.kind = 1;
    ret.op.arg = 9;
    ret.op.detail = 1;
    memcpy(ret.ext.code, "H31010100001", 12);
    return ret;
}

/* Decides, appends and commits one operation; its position, 0 if there is no room now. `in` has the
 * fetched records. */
static inline uint64_t fixture_append_with(struct fixture *w, const struct gj_op *op,
                                           struct decide_input *in)
{
    struct decision decision;
    void *record = log_reserve(w->log, w->time_ms);
    if (record == NULL) return 0;
    uint64_t position = log_reserved_position(w->log);
    in->time_ms = log_reserved_time_ms(w->log);
    in->seq = state_seq(w->state) + 1;
    decide(w->state, op, in, record, &decision);
    CHECK_EQ(decision.kind, DECISION_RECORD);
    if (decision.kind != DECISION_RECORD) return 0;
    commit(w->state, record, position, in->time_ms);
    log_append(w->log, decision.record_size, in->seq, state_rid_low_water_ms(w->state));
    return position;
}
/* Without fetched records: what was there before is executed again. */
static inline uint64_t fixture_append_op(struct fixture *w, const struct gj_op *op)
{
    struct decide_input in = {.fetched_count = 0};
    return fixture_append_with(w, op, &in);
}
static inline uint64_t fixture_append(struct fixture *w, uint64_t n)
{
    struct gj_op op = fixture_op(n);
    return fixture_append_op(w, &op);
}

/* One group of `records` records, durable. */
static inline void fixture_group(struct fixture *w, uint64_t first, uint64_t records)
{
    for (uint64_t i = 0; i < records; i++) CHECK(fixture_append(w, first + i) != 0);
    log_flush(w->log);
    fixture_poll(w);
}

static inline void fixture_seal(struct fixture *w)
{
    log_seal(w->log);
    fixture_poll(w);
    CHECK(log_quiet(w->log));
}

/* A clean stop, up to where the log is closed. */
static inline void fixture_stop(struct fixture *w)
{
    struct log_fault fault;
    log_stop(w->log);
    while (w->count > 0) fixture_run(w, 0);
    CHECK(log_quiet(w->log));
    CHECK(log_note_seal(w->log, &fault));
}

static inline void fixture_path(const struct fixture *w, const char *name, char path[128])
{
    (void)snprintf(path, 128, "%s/%s", w->dir, name);
}

/* Bytes of segment 0 read and written behind the server's back. */
static inline void fixture_peek(const struct fixture *w, uint64_t offset, void *bytes, size_t size)
{
    char path[128];
    fixture_path(w, "log-0000000000000000.seg", path);
    int fd = open(path, O_RDONLY);
    ASSERT(fd >= 0 && pread(fd, bytes, size, (off_t)offset) == (ssize_t)size);
    (void)close(fd);
}
static inline void fixture_poke(const struct fixture *w, uint64_t offset, const void *bytes,
                                size_t size)
{
    char path[128];
    fixture_path(w, "log-0000000000000000.seg", path);
    int fd = open(path, O_WRONLY);
    ASSERT(fd >= 0 && pwrite(fd, bytes, size, (off_t)offset) == (ssize_t)size && fsync(fd) == 0);
    (void)close(fd);
}

/* Makes the unwritten rest of segment 0 a hole: many scans of it cost nothing. */
static inline void fixture_sparse(const struct fixture *w, uint64_t from)
{
    char path[128];
    fixture_path(w, "log-0000000000000000.seg", path);
    int fd = open(path, O_WRONLY);
    ASSERT(fd >= 0 && fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from,
                                (off_t)(FIXTURE_SEGMENT - from)) == 0);
    (void)close(fd);
}

#endif
