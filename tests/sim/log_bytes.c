/* tests/sim/log_bytes.c -- groups and records from bytes. */
#include "tests/sim/log_bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE 64u

void log_bytes_free(struct log_bytes *log)
{
    free(log->bytes);
    free(log->groups);
    free(log->records);
    memset(log, 0, sizeof(*log));
}

void log_bytes_cut(struct log_bytes *log, uint64_t groups)
{
    log->fault[0] = '\0';
    if (groups >= log->group_count) return;
    log->size = log->groups[groups].at;
    log->record_count = log->groups[groups].first_record;
    log->group_count = groups;
}

static bool refuse(struct log_bytes *log, uint64_t number, const char *what)
{
    if (log->fault[0] == '\0') {
        snprintf(log->fault, sizeof(log->fault), "group %" PRIu64 " of the log: %s", number, what);
    }
    return false;
}

static void *grown(void *memory, uint64_t *room, uint64_t needed, size_t each)
{
    if (needed <= *room) return memory;
    *room = 2 * needed + 64;
    memory = realloc(memory, *room * each);
    if (memory == NULL) abort();
    return memory;
}

static uint64_t padded(uint64_t size)
{
    return (size + LOG_BLOCK_SIZE - 1) & ~(uint64_t)(LOG_BLOCK_SIZE - 1);
}

uint64_t log_bytes_end(const struct log_bytes *log)
{
    if (log->group_count == 0) return 0;
    const struct log_group *last = &log->groups[log->group_count - 1].header;
    uint64_t end = last->position + padded(last->size);
    uint64_t used = end % LOG_BYTES_SEGMENT;
    if (LOG_BYTES_SEGMENT - used < LOG_BYTES_GROUP) return end - used + LOG_BYTES_SEGMENT;
    return end;
}

bool log_bytes_begins(const void *block, uint64_t available)
{
    uint64_t magic;
    if (available < sizeof(struct log_group)) return false;
    memcpy(&magic, block, sizeof(magic));
    return magic == LOG_GROUP_MAGIC;
}

/* Bytes of the record at `at`, 0 if `left` bytes do not hold it. */
static uint32_t size_of(const uint8_t *at, uint64_t left)
{
    struct gj_op op;
    struct gj_effect effect;
    if (left < sizeof(op)) return 0;
    memcpy(&op, at, sizeof(op));
    uint64_t before = (1 + (uint64_t)op.ext_count) * LINE;
    if (left < before + sizeof(effect)) return 0;
    memcpy(&effect, at + before, sizeof(effect));
    unsigned lines = 0;
    lines += (effect.flags & EFFECT_SOURCES) != 0;
    lines += (effect.flags & EFFECT_HOLD) != 0;
    lines += (effect.flags & EFFECT_ORIGINAL) != 0;
    uint64_t size = before + sizeof(effect) + lines * LINE;
    return size <= left ? (uint32_t)size : 0;
}

static bool add_records(struct log_bytes *log, const struct log_group *group, const uint8_t *block)
{
    uint64_t at = sizeof(*group);
    for (uint32_t i = 0; i < group->count; i++) {
        uint32_t size = size_of(block + at, group->size - at);
        if (size == 0) return refuse(log, group->number, "a record does not end in it");
        uint64_t seq = log->record_count + 1;
        log->records = grown(log->records, &log->record_room, seq, sizeof(*log->records));
        log->records[log->record_count++] = (struct log_bytes_record){
            .at = log->size + at,
            .size = size,
            .line = (group->position + at) / LINE,
            .group = log->group_count,
        };
        const struct gj_op *op = (const struct gj_op *)(block + at);
        const struct gj_effect *effect = (const struct gj_effect *)(op + 1 + op->ext_count);
        if (effect->seq != seq) return refuse(log, group->number, "a sequence number is missing");
        at += size;
    }
    if (at != group->size) return refuse(log, group->number, "bytes behind its last record");
    return true;
}

/* What one header says about itself. */
static const char *wrong_alone(const struct log_group *group, uint64_t available)
{
    if (group->magic != LOG_GROUP_MAGIC) return "no group where the next one belongs";
    if (group->format_version != LOG_FORMAT_VERSION) return "another format version";
    if (group->kind < LOG_GROUP_START || group->kind > LOG_GROUP_SEAL) return "an unknown kind";
    if (group->size < sizeof(*group) || padded(group->size) > LOG_BYTES_GROUP) {
        return "a size out of range";
    }
    if (padded(group->size) > available) return "it was not written as a whole";
    if (group->kind != LOG_GROUP_DATA && group->count != 0) return "records in a mark";
    if (group->durable_through >= group->number) return "it says that it is durable itself";
    if (group->kind == LOG_GROUP_SEAL && group->durable_through + 1 != group->number) {
        return "a SEAL before everything in front of it was durable";
    }
    return NULL;
}

/* What it says about the groups before it. */
static const char *wrong_after(const struct log_bytes *log, const struct log_group *group)
{
    static const struct log_group none;
    const struct log_group *before =
        log->group_count == 0 ? &none : &log->groups[log->group_count - 1].header;
    uint64_t starts = group->kind == LOG_GROUP_START ? 1 : 0;
    if (group->number != log->group_count + 1) return "a number is missing before it";
    if (group->position != log_bytes_end(log)) return "it stands in another place than it says";
    if (group->generation != before->generation + starts) return "a wrong generation";
    if (group->first_seq != log->record_count + 1) return "a wrong first sequence number";
    if (group->time_ms < before->time_ms) return "log time falls";
    if (group->rid_low_water_ms < before->rid_low_water_ms) return "the floor of request ids falls";
    if (group->durable_through < before->durable_through) return "durable_through falls";
    if (memcmp(group->prev_checksum, before->checksum, sizeof(group->prev_checksum)) != 0) {
        return "it does not name the digest of the group before";
    }
    return NULL;
}

bool log_bytes_add(struct log_bytes *log, const void *block, uint64_t available)
{
    struct log_group group;
    uint64_t number = log->group_count + 1, records = log->record_count;
    if (available < sizeof(group)) return refuse(log, number, "it was not written as a whole");
    memcpy(&group, block, sizeof(group));
    const char *wrong = wrong_alone(&group, available);
    if (wrong == NULL) wrong = wrong_after(log, &group);
    if (wrong != NULL) return refuse(log, number, wrong);
    static const uint8_t zeros[LOG_BLOCK_SIZE];
    const uint8_t *padding = (const uint8_t *)block + group.size;
    if (memcmp(padding, zeros, padded(group.size) - group.size) != 0) {
        return refuse(log, number, "padding is not zero");
    }
    log->bytes = grown(log->bytes, &log->room, log->size + group.size, 1);
    log->groups = grown(log->groups, &log->group_room, number, sizeof(*log->groups));
    if (!add_records(log, &group, block)) {
        log->record_count = records;
        return false;
    }
    memcpy(log->bytes + log->size, block, group.size);
    log->groups[log->group_count++] =
        (struct log_bytes_group){.header = group, .at = log->size, .first_record = records};
    log->size += group.size;
    return true;
}

const struct gj_op *log_bytes_op(const struct log_bytes *log, uint64_t index)
{
    return (const struct gj_op *)(log->bytes + log->records[index].at);
}

const struct gj_effect *log_bytes_effect(const struct log_bytes *log, uint64_t index)
{
    const struct gj_op *op = log_bytes_op(log, index);
    return (const struct gj_effect *)(op + 1 + op->ext_count);
}

const struct gj_effect_sources *log_bytes_sources(const struct log_bytes *log, uint64_t index)
{
    const struct gj_effect *effect = log_bytes_effect(log, index);
    if ((effect->flags & EFFECT_SOURCES) == 0) return NULL;
    return (const struct gj_effect_sources *)(effect + 1);
}

const struct log_group *log_bytes_header(const struct log_bytes *log, uint64_t index)
{
    return &log->groups[log->records[index].group].header;
}
