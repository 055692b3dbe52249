/* tests/sim/run_log.c -- the log beside the disk: what was confirmed, what a recovery left. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "io/net/net.h"
#include "tests/sim/run.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

#define CONTEXT_MAX (RUN_FAULT_SIZE - 64)
#define LOOK_BEHIND 8u /* recoveries: one of so many is looked at whole */

static bool segment_of(const char *name, uint64_t *ret)
{
    char *end;
    if (strncmp(name, "log-", 4) != 0) return false;
    *ret = strtoull(name + 4, &end, 16);
    return strcmp(end, ".seg") == 0;
}

static void segment_name(uint64_t segment, char name[32])
{
    snprintf(name, 32, "log-%016" PRIx64 ".seg", segment);
}

/* Not one that was cut short: the server knows that, too. */
static bool whole_group(const void *bytes, uint32_t size)
{
    struct log_group header;
    if (!log_bytes_begins(bytes, size)) return false;
    memcpy(&header, bytes, sizeof(header));
    return size >= log_padded(header.size);
}

void run_confirmed(void *owner, const char *name, uint64_t offset, const void *bytes, uint32_t size)
{
    struct run *r = owner;
    uint64_t segment;
    if (!segment_of(name, &segment) || !whole_group(bytes, size)) return;
    if (r->fault[0] != '\0' || r->limit) return;
    if (!r->adopted && !run_adopt(r)) return;
    if (r->limit) return;
    uint64_t position = segment * LOG_BYTES_SEGMENT + offset;
    if (!confirmed_write(&r->confirmed, position, bytes, size)) {
        run_fault(r, "%s", r->confirmed.log.fault);
    }
    r->stats.groups++;
    run_note(r, "disk confirms a group", position, r->confirmed.log.record_count);
    if (r->fault[0] == '\0') run_audit(r);
}

/* The group at the end of `log`, if there is one; its padded size. */
static uint64_t read_group(const struct log_bytes *log, uint8_t *block)
{
    char name[32];
    struct log_group header;
    uint64_t position = log_bytes_end(log), offset = position % LOG_BYTES_SEGMENT;
    segment_name(position / LOG_BYTES_SEGMENT, name);
    if (sim_file_size(name) == UINT64_MAX) return 0;
    sim_file_read(name, offset, block, LOG_BLOCK_SIZE);
    if (!log_bytes_begins(block, LOG_BLOCK_SIZE)) return 0;
    memcpy(&header, block, sizeof(header));
    uint64_t padded = log_padded(header.size);
    if (padded > LOG_BYTES_GROUP) return LOG_BLOCK_SIZE;
    if (padded > LOG_BLOCK_SIZE) {
        sim_file_read(name, offset + LOG_BLOCK_SIZE, block + LOG_BLOCK_SIZE,
                      padded - LOG_BLOCK_SIZE);
    }
    return padded;
}

/* All groups of generations before `generation`. */
static bool read_log(struct run *r, uint64_t generation)
{
    static _Alignas(64) uint8_t block[LOG_BYTES_GROUP];
    struct log_bytes *log = &r->recovered;
    log_bytes_cut(log, 0);
    for (;;) {
        uint64_t size = read_group(log, block);
        const struct log_group *group = (struct log_group *)block;
        if (size == 0 || group->generation >= generation) return true;
        /* No digest covers the padding, so damage there is none. */
        if (r->profile == PROFILE_DAMAGE && group->size <= size) {
            memset(block + group->size, 0, size - group->size);
        }
        if (!log_bytes_add(log, block, size)) {
            if (r->profile == PROFILE_DAMAGE) return true; /* damaged since it was read */
            return run_fault(r, "after recovery %s", log->fault);
        }
    }
}

/* What was confirmed and is gone could not have been missed: nothing that is left proves it. A life
 * that was cut off before it was looked at may have cut the log there, and begun its own. */
static bool within_limit(struct run *r)
{
    const struct log_bytes *now = &r->recovered, *had = &r->confirmed.log;
    if (r->profile != PROFILE_DAMAGE || had->group_count == 0) return false;
    uint64_t newest = had->groups[had->group_count - 1].header.generation, kept = 0;
    while (kept < now->group_count && now->groups[kept].header.generation <= newest) kept++;
    size_t size = kept < now->group_count ? now->groups[kept].at : now->size;
    if (kept >= had->group_count || size > had->size || r->intact_proof > kept ||
        r->sealed > kept) {
        return false;
    }
    return size == 0 || memcmp(now->bytes, had->bytes, size) == 0;
}

/* The server found everything; what it wrote since was misdirected onto it. What a later start
 * makes of that depends on too much. */
static bool damaged_since(const struct run *r)
{
    const struct state *live = sim_state();
    return r->profile == PROFILE_DAMAGE && live != NULL &&
           state_seq(live) >= r->confirmed.log.record_count;
}

static bool compare_log(struct run *r)
{
    char why[CHECK_FAULT_SIZE];
    if (check_kept(&r->confirmed.log, &r->recovered, why)) return true;
    if (damaged_since(r)) {
        run_note(r, "damaged again while it was recovered", r->recovered.group_count, 0);
        r->limit = true;
        return true;
    }
    if (!within_limit(r)) return run_fault(r, "%s", why);
    run_note(r, "stated limit: groups lost that nothing proves", r->recovered.group_count,
             r->confirmed.log.group_count);
    r->stats.limits++;
    r->limit = true;
    return true;
}

static bool compare_state(struct run *r)
{
    char why[CHECK_FAULT_SIZE];
    const struct state *live = sim_state();
    if (live == NULL || state_seq(live) != r->recovered.record_count) return true;
    if (!check_replay(&r->recovered, r->replay, live, why)) return run_fault(r, "%s", why);
    r->stats.replayed_logs++;
    const char *broken = state_audit(live);
    return broken == NULL ? true : run_fault(r, "audit of the recovered state: %s", broken);
}

/* Behind the log there is nothing that could ever be taken for a part of it. The next group, which
 * begins this life, may be on its way. */
static bool nothing_behind(struct run *r)
{
    static const uint8_t zeros[1u << 16];
    static uint8_t block[sizeof(zeros)];
    char name[32];
    uint64_t at = log_bytes_end(&r->recovered) + LOG_BLOCK_SIZE;
    for (;;) {
        segment_name(at / LOG_BYTES_SEGMENT, name);
        if (sim_file_size(name) == UINT64_MAX) return true;
        uint64_t left = LOG_BYTES_SEGMENT - at % LOG_BYTES_SEGMENT;
        size_t part = left < sizeof(block) ? (size_t)left : sizeof(block);
        sim_file_read(name, at % LOG_BYTES_SEGMENT, block, part);
        if (memcmp(block, zeros, part) != 0) {
            return run_fault(r, "after recovery there are old bytes behind the log, near %" PRIu64,
                             at);
        }
        at += part;
    }
}

bool run_adopt(struct run *r)
{
    struct log_stats stats;
    const struct net *s = sim_server();
    if (s == NULL) return run_fault(r, "a group was written before the server served");
    log_stats(s->engine->log, &stats);
    r->adopted = true;
    r->stats.recoveries++;
    if (!read_log(r, stats.generation) || !compare_log(r) || r->limit) return r->fault[0] == '\0';
    if (!compare_state(r)) return false;
    if (r->profile != PROFILE_DAMAGE && (r->seed + r->life) % LOOK_BEHIND == 0 &&
        !nothing_behind(r)) {
        return false;
    }
    struct log_bytes before = r->confirmed.log;
    r->confirmed.log = r->recovered;
    r->recovered = before;
    const struct log_bytes *log = &r->confirmed.log;
    run_note(r, "recovered groups, records", log->group_count, log->record_count);
    if (!history_audit(&r->history, &r->auditor) ||
        !history_covers(&r->history, &r->auditor, r->covered)) {
        return run_fault(r, "%.*s", (int)CONTEXT_MAX, r->auditor.fault);
    }
    r->covered = log->record_count;
    return true;
}

void run_look_for_proof(struct run *r)
{
    static _Alignas(64) uint8_t block[LOG_BYTES_GROUP];
    const struct log_bytes *log = &r->confirmed.log;
    r->intact_proof = 0;
    for (uint64_t i = 0; i < log->group_count; i++) {
        const struct log_bytes_group *group = &log->groups[i];
        char name[32];
        segment_name(group->header.position / LOG_BYTES_SEGMENT, name);
        if (sim_file_size(name) == UINT64_MAX) continue;
        sim_file_read(name, group->header.position % LOG_BYTES_SEGMENT, block, group->header.size);
        if (memcmp(block, log->bytes + group->at, group->header.size) != 0) continue;
        if (group->header.durable_through > r->intact_proof) {
            r->intact_proof = group->header.durable_through;
        }
    }
}

uint64_t run_disk_hash(void)
{
    static uint8_t block[1u << 16];
    uint64_t sum = 0;
    const char *name;
    for (uint32_t i = 0; (name = sim_file_name(i)) != NULL; i++) {
        uint64_t size = sim_file_size(name), hash = XXH3_64bits(name, strlen(name)) ^ size;
        for (uint64_t at = 0; at < size; at += sizeof(block)) {
            size_t part = size - at < sizeof(block) ? (size_t)(size - at) : sizeof(block);
            sim_file_read(name, at, block, part);
            hash = hash * UINT64_C(0x9E3779B97F4A7C15) + XXH3_64bits(block, part);
        }
        sum += hash;
    }
    return sum;
}
