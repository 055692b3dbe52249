/* tests/images/probe.c -- recovers an image and judges. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "io/engine/apply.h"
#include "io/log/internal.h"
#include "io/os/disk_sync.h"
#include "tests/images/probe.h"

static const struct log_options options = {.dir = FILES_DIR,
                                           .clock_gap_max_ms = UINT64_MAX,
                                           .test_clock = true,
                                           .one_thread = true,
                                           .segment_mib = SEGMENT_MIB};
static struct apply apply = {.make_state = groups_state};
static uint64_t recoveries, cuts;
static char wrong[640];

uint64_t probe_count(void)
{
    return recoveries;
}

uint64_t probe_cuts(void)
{
    return cuts;
}

__attribute__((format(printf, 1, 2))) static const char *say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(wrong, sizeof(wrong), format, args);
    va_end(args);
    return wrong;
}

static uint64_t number_of(const struct group *group)
{
    return group == NULL ? 0 : group->number;
}

/* What a log of `group` and all before it must come to. */
static const char *compare(const struct log_recovered *r, const struct group *group)
{
    static const uint8_t none[16];
    uint64_t digest[2], no_digest[2] = {0, 0};
    if (r->log->durable != number_of(group)) {
        return say("the log ends with group %" PRIu64 ", but group %" PRIu64
                   " is the last whole one",
                   r->log->durable, number_of(group));
    }
    const uint8_t *own = group == NULL ? none : group->own;
    if (memcmp(r->log->prev_checksum, own, sizeof(none)) != 0) {
        return say("group %" PRIu64 " is not the one that was written", number_of(group));
    }
    uint64_t seq = group == NULL ? 0 : group->seq;
    if (state_seq(apply.state) != seq || r->records != seq) {
        return say("seq is %" PRIu64 " after %" PRIu64 " records, not %" PRIu64,
                   state_seq(apply.state), r->records, seq);
    }
    state_digest(apply.state, digest);
    if (memcmp(digest, group == NULL ? no_digest : group->digest, sizeof(digest)) != 0) {
        return say("the state behind group %" PRIu64 " is not that of plain replay",
                   number_of(group));
    }
    if (r->cut_bytes != 0 && r->cut_group != number_of(group) + 1) {
        return say("cut from group %" PRIu64 " on, behind group %" PRIu64, r->cut_group,
                   number_of(group));
    }
    return NULL;
}

static bool open_log(struct log_recovered *r)
{
    const struct log_redo redo = apply_redo(&apply);
    recoveries++;
    return log_recover(&options, &redo, r);
}

/* On success the log is open. */
static const char *recover(const struct group *group, bool fresh_allowed, struct log_recovered *r)
{
    if (!open_log(r)) {
        return say("refused with exit code %d: %s", r->exit_code, r->error);
    }
    if (r->cut_bytes != 0) cuts++;
    const char *bad = compare(r, group);
    if (bad == NULL && r->fresh && !fresh_allowed) bad = "a new log in place of the one that was";
    if (bad != NULL) log_close(r->log);
    return bad;
}

static const char *recover_and_close(const struct group *group, bool fresh_allowed)
{
    struct log_recovered r;
    const char *bad = recover(group, fresh_allowed, &r);
    if (bad == NULL) log_close(r.log);
    return bad;
}

/* The last whole group, if what was acknowledged is there. */
static const char *expected(const struct content *c, const struct expectation *expect,
                            const struct group **ret)
{
    *ret = groups_walk(c, expect->certain);
    if (group_has_behind(*ret, expect->acknowledged)) return NULL;
    return say("group %" PRIu64 " was acknowledged, but the whole groups end with %" PRIu64,
               number_of(expect->acknowledged), number_of(*ret));
}

static const char *run_queue(struct disk_sync *door)
{
    return disk_sync_poll(door, UINT32_MAX) == UINT32_MAX ? "the log never rests" : NULL;
}

/* START, durable, then SEAL; with notes of what may be told when. */
static const char *live(struct log_recovered *r, struct events *events)
{
    struct disk_sync door;
    disk_sync_init(&door);
    if (events != NULL) files_note(DISK_TRACE_RELEASED, 0);
    if (!log_start(r->log, &door.disk, r->time_ms, 0, r)) {
        return say("cannot begin a generation: %s", r->error);
    }
    const char *bad = run_queue(&door);
    if (bad == NULL && r->log->durable != r->groups + 1) bad = "START is not durable";
    if (bad == NULL && events != NULL) files_note(DISK_TRACE_RELEASED, 1);
    log_seal(r->log);
    if (bad == NULL) bad = run_queue(&door);
    if (bad == NULL && !log_quiet(r->log)) bad = "SEAL is not durable";
    if (bad == NULL && events != NULL) files_note(DISK_TRACE_RELEASED, 2);
    return bad;
}

static const char *go_on(const struct group *group, bool fresh_allowed)
{
    struct log_recovered r;
    const char *bad = recover(group, fresh_allowed, &r);
    if (bad != NULL) return bad;
    uint64_t digest[2];
    bad = live(&r, NULL);
    uint64_t seq = state_seq(apply.state);
    log_close(r.log);
    if (bad != NULL) return bad;
    if (!open_log(&r)) {
        return say("the next generation is refused with exit code %d: %s", r.exit_code, r.error);
    }
    state_digest(apply.state, digest);
    if (r.groups != number_of(group) + 2 || state_seq(apply.state) != seq || r.cut_bytes != 0) {
        bad = "the next generation is not what was written";
    } else if (group != NULL && memcmp(digest, group->digest, sizeof(digest)) != 0) {
        bad = "the state of the next generation is another";
    }
    log_close(r.log);
    return bad;
}

const char *probe(struct content *c, const struct expectation *expect, enum depth depth)
{
    const struct group *group;
    const char *bad = expected(c, expect, &group);
    if (bad != NULL) return bad;
    bool fresh_allowed = content_find(c, "log.meta") == NO_FILE;
    files_mount(c);
    bad = recover_and_close(group, fresh_allowed);
    if (bad == NULL && depth >= DEPTH_TWICE) {
        uint64_t changes = files_changes();
        bad = recover_and_close(group, false);
        if (bad == NULL && files_changes() != changes)
            bad = "recovery changed what it had repaired";
    }
    if (bad == NULL && depth == DEPTH_GO_ON) bad = go_on(group, false);
    files_mount(NULL);
    return bad;
}

const char *probe_life(struct content *c, const struct expectation *expect, struct events *events,
                       const struct group **ret)
{
    struct log_recovered r;
    const char *bad = expected(c, expect, ret);
    if (bad != NULL) return bad;
    bool fresh_allowed = content_find(c, "log.meta") == NO_FILE;
    files_mount(c);
    files_record(events);
    bad = recover(*ret, fresh_allowed, &r);
    if (bad == NULL) {
        bad = live(&r, events);
        log_close(r.log);
    }
    files_record(NULL);
    files_mount(NULL);
    return bad;
}
