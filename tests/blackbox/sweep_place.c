/* tests/blackbox/sweep_place.c -- damages a log's directory, recovers it, and judges the outcome.
 */
#include "tests/blackbox/sweep_place.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/log/tool.h"

/* Time stamps are set back to this second: whatever touches a file after that shows. */
#define LONG_AGO 1000000000

void sweep_place_open(struct sweep_place *place, const struct sweep_log *log)
{
    *place = (struct sweep_place){.log = log, .from = SWEEP_BYTES};
    place->now = malloc(SWEEP_BYTES);
    place->nowhere = fopen("/dev/null", "w");
    ASSERT(place->now != NULL && place->nowhere != NULL);
    memcpy(place->now, log->bytes, SWEEP_BYTES);
    for (int i = 0; i < (int)SWEEP_SEGMENTS; i++) {
        char path[128];
        sweep_log_path(log, i, path);
        place->fds[i] = open(path, O_RDWR | O_CLOEXEC);
        ASSERT(place->fds[i] >= 0);
        place->files[i] = mmap(NULL, SWEEP_SEGMENT, PROT_READ, MAP_SHARED, place->fds[i], 0);
        ASSERT(place->files[i] != MAP_FAILED);
    }
}

void sweep_place_close(struct sweep_place *place)
{
    for (uint32_t i = 0; i < SWEEP_SEGMENTS; i++) {
        (void)munmap(place->files[i], SWEEP_SEGMENT);
        (void)close(place->fds[i]);
    }
    (void)fclose(place->nowhere);
    free(place->now);
}

/* ---- bytes ---- */

static void write_bytes(const struct sweep_place *place, uint64_t from, uint64_t to)
{
    while (from < to) {
        uint64_t in = from % SWEEP_SEGMENT, part = SWEEP_SEGMENT - in;
        if (part > to - from) part = to - from;
        ssize_t done = pwrite(place->fds[from / SWEEP_SEGMENT], place->now + from, part, (off_t)in);
        ASSERT(done == (ssize_t)part);
        from += part;
    }
}

static bool is_now(const struct sweep_place *place)
{
    for (uint32_t i = 0; i < SWEEP_SEGMENTS; i++) {
        const uint8_t *now = place->now + (uint64_t)i * SWEEP_SEGMENT;
        if (memcmp(place->files[i], now, SWEEP_SEGMENT) != 0) return false;
    }
    return true;
}

static void note_range(struct sweep_place *place, uint64_t from, uint64_t to)
{
    if (from < place->from) place->from = from;
    if (to > place->to) place->to = to;
}

void sweep_place_change(struct sweep_place *place, uint64_t at, const void *bytes, uint64_t size)
{
    ASSERT(at + size <= SWEEP_BYTES);
    memmove(place->now + at, bytes, size);
    note_range(place, at, at + size);
    write_bytes(place, at, at + size);
}

void sweep_place_restore(struct sweep_place *place)
{
    if (place->to > place->from) {
        memcpy(place->now + place->from, place->log->bytes + place->from, place->to - place->from);
        write_bytes(place, place->from, place->to);
    }
    place->from = SWEEP_BYTES;
    place->to = 0;
}

/* ---- what is there ---- */

static void look(const struct sweep_place *place, bool set_back, struct sweep_stamp *ret)
{
    static const struct timespec times[2] = {{.tv_sec = LONG_AGO}, {.tv_sec = LONG_AGO}};
    DIR *listing = opendir(place->log->dir);
    ASSERT(listing != NULL);
    size_t used = 0;
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        struct stat st;
        if (strcmp(entry->d_name, "..") == 0) continue;
        if (set_back) ASSERT(utimensat(dirfd(listing), entry->d_name, times, 0) == 0);
        ASSERT(fstatat(dirfd(listing), entry->d_name, &st, 0) == 0);
        used += (size_t)snprintf(ret->text + used, sizeof(ret->text) - used, "%s %jd %jd.%09ld\n",
                                 entry->d_name, (intmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec,
                                 st.st_mtim.tv_nsec);
        ASSERT(used < sizeof(ret->text));
    }
    (void)closedir(listing);
}

void sweep_place_stamp(const struct sweep_place *place, struct sweep_stamp *ret)
{
    look(place, true, ret);
}

bool sweep_place_untouched(const struct sweep_place *place, const struct sweep_stamp *before)
{
    struct sweep_stamp now;
    look(place, false, &now);
    return strcmp(now.text, before->text) == 0;
}

/* ---- what must come of it ---- */

static bool is_whole(const struct sweep_place *place, const struct sweep_group *group)
{
    return memcmp(place->now + group->position, place->log->bytes + group->position, group->size) ==
           0;
}

static bool is_zero(const uint8_t *block)
{
    return block[0] == 0 && memcmp(block, block + 1, LOG_BLOCK_SIZE - 1) == 0;
}

/* Groups from `from` on that may be somebody else's: another log's, or a later format's. */
static bool has_strangers(const struct sweep_place *place, uint64_t from)
{
    for (uint64_t at = from; at < SWEEP_BYTES; at += LOG_BLOCK_SIZE) {
        const struct log_group *group = (const struct log_group *)(place->now + at);
        bool ours = memcmp(group->log_id, place->log->meta.log_id, 16) == 0;
        if (group->magic != LOG_GROUP_MAGIC || group->position != at) continue;
        if (!ours || group->format_version > LOG_FORMAT_VERSION) return true;
    }
    return false;
}

static uint64_t used_end(const struct sweep_place *place, uint64_t from)
{
    uint64_t end = SWEEP_BYTES;
    while (end > from && is_zero(place->now + end - LOG_BLOCK_SIZE)) end -= LOG_BLOCK_SIZE;
    return end;
}

void sweep_place_expect(const struct sweep_place *place, struct sweep_verdict *ret)
{
    const struct sweep_log *log = place->log;
    uint64_t bad = 1, proof = 0;
    while (bad <= log->groups && is_whole(place, &log->group[bad])) bad++;
    for (uint64_t g = bad + 1; g <= log->groups; g++) {
        uint64_t says = log->group[g].durable_through;
        if (says > proof && is_whole(place, &log->group[g])) proof = says;
    }
    uint64_t from =
        bad <= log->groups ? log->group[bad].position : log_next_open(&log->sizes, log->end);
    *ret = (struct sweep_verdict){.groups = bad - 1};
    for (uint64_t g = bad; g <= log->groups; g++) ret->damaged += !is_whole(place, &log->group[g]);
    if (proof >= bad) {
        ret->code = 78;
    } else if (has_strangers(place, from)) {
        ret->code = 77;
    } else if (log->sealed >= bad) {
        ret->code = 78;
    } else {
        ret->cut_bytes = used_end(place, from) - from;
        memcpy(ret->digest, log->group[bad - 1].digest, sizeof(ret->digest));
    }
}

/* ---- recovery ---- */

void sweep_place_recover(struct sweep_place *place, struct sweep_verdict *ret)
{
    struct log_recovered recovered;
    struct sweep_state memory = {.memory = NULL};
    memset(ret, 0, sizeof(*ret));
    place->recoveries++;
    int verified = log_verify(place->log->dir, place->nowhere, NULL);
    struct apply apply = {.make_state = sweep_state_new, .owner = &memory};
    const struct log_redo redo = apply_redo(&apply);
    if (log_recover(&place->log->options, &redo, &recovered)) {
        ret->groups = recovered.groups;
        ret->cut_bytes = recovered.cut_bytes;
        state_digest(apply.state, ret->digest);
        log_close(recovered.log);
    } else {
        ret->code = recovered.exit_code;
        ASSERT(recovered.error[0] != 0);
    }
    if (memory.memory != NULL) sweep_state_free(&memory);
    if (verified == ret->code) return;
    printf("    gongji log verify says %d, a start %d\n", verified, ret->code);
    ret->code = VERIFY_DISAGREES;
}

static bool same_digest(const uint64_t a[2], const uint64_t b[2])
{
    return a[0] == b[0] && a[1] == b[1];
}

static bool same_verdict(const struct sweep_verdict *got, const struct sweep_verdict *want)
{
    if (got->code != want->code) return false;
    return got->code != 0 || (got->groups == want->groups && got->cut_bytes == want->cut_bytes &&
                              same_digest(got->digest, want->digest));
}

static bool fault(const char *text)
{
    printf("    %s\n", text);
    return false;
}

/* The recovery cut: those bytes are zero now, and the next one finds the same. */
static bool cut_is_done(struct sweep_place *place, const struct sweep_verdict *want)
{
    uint64_t from = log_next_open(&place->log->sizes, place->log->end);
    struct sweep_verdict again, expected = *want;
    if (want->groups < place->log->groups) from = place->log->group[want->groups + 1].position;
    memset(place->now + from, 0, want->cut_bytes);
    note_range(place, from, from + want->cut_bytes);
    expected.cut_bytes = 0;
    sweep_place_recover(place, &again);
    return same_verdict(&again, &expected) || fault("a second recovery finds something else");
}

/* Nothing that somebody was told of is missing; records count, a SEAL alone says nothing. Stated
 * limit: the last group and the only one that proves it are damaged both. */
static bool all_told_is_there(const struct sweep_log *log, const struct sweep_verdict *got,
                              uint64_t damaged)
{
    return damaged > 1 || got->groups >= log->told ||
           same_digest(got->digest, log->group[log->told].digest);
}

static bool check(struct sweep_place *place, const struct sweep_verdict *want)
{
    struct sweep_stamp before;
    struct sweep_verdict got;
    sweep_place_stamp(place, &before);
    sweep_place_recover(place, &got);
    if (!same_verdict(&got, want)) {
        printf("    code %d, %" PRIu64 " groups, %" PRIu64 " bytes cut; must be code %d, %" PRIu64
               " groups, %" PRIu64 " bytes cut\n",
               got.code, got.groups, got.cut_bytes, want->code, want->groups, want->cut_bytes);
        return false;
    }
    if (got.code == 0 && !all_told_is_there(place->log, &got, want->damaged)) {
        return fault("an acknowledged group is gone");
    }
    if (got.cut_bytes == 0) {
        if (!sweep_place_untouched(place, &before)) return fault("the directory was touched");
    } else if (!cut_is_done(place, want)) {
        return false;
    }
    return is_now(place) || fault("other bytes were changed");
}

bool sweep_place_check(struct sweep_place *place, const struct sweep_verdict *want)
{
    bool good = check(place, want);
    if (!good) note_range(place, 0, SWEEP_BYTES); /* who knows what is there now */
    return good;
}

bool sweep_place_judge(struct sweep_place *place, struct sweep_verdict *ret)
{
    struct sweep_verdict want;
    sweep_place_expect(place, &want);
    if (ret != NULL) *ret = want;
    return sweep_place_check(place, &want);
}
