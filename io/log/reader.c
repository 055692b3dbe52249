/* io/log/reader.c -- walks the groups of a log and judges where they end. */
#include <errno.h>
#include <string.h>

#include "io/log/reader.h"

#define TELL_EVERY (16u << 20)

bool log_reader_open(struct log_reader *reader, const struct log_files *files,
                     struct log_fault *fault)
{
    memset(reader, 0, sizeof(*reader));
    reader->files = files;
    reader->next_seq = 1;
    reader->end = log_files_begin(files);
    reader->told = reader->end;
    reader->scan = log_scan_open(files, reader->end);
    if (reader->scan != NULL) return true;
    return log_fault_set(fault, 75, "no memory or thread to read the log with: %s",
                         strerror(errno));
}

/* True if a group that verifies continues what was read so far. */
static bool continues(const struct log_reader *reader, const struct log_group *group)
{
    if (group->number != reader->number + 1) return false;
    if (memcmp(group->prev_checksum, reader->checksum, sizeof(reader->checksum)) != 0) return false;
    uint64_t generation = reader->generation + (group->kind == LOG_GROUP_START ? 1 : 0);
    if (group->generation != generation || generation == 0) return false;
    if (group->first_seq != reader->next_seq) return false;
    if (group->durable_through >= group->number) return false;
    return group->time_ms >= reader->time_ms && group->rid_low_water_ms >= reader->rid_low_water_ms;
}

/* Finds the records of a group; false if they are not `count` whole records in sequence. */
static bool find_records(struct log_reader *reader, const struct log_group *group)
{
    const uint8_t *bytes = (const uint8_t *)group;
    uint32_t at = sizeof(*group), count = 0;
    while (at < group->size) {
        uint32_t size = record_size(bytes + at, group->size - at);
        if (size == 0 || count == LOG_GROUP_RECORDS_MAX) return false;
        if (record_effect(bytes + at)->seq != reader->next_seq + count) return false;
        reader->offsets[count] = at;
        at += size;
        count++;
    }
    reader->count = count;
    return count == group->count && (count == 0 || group->kind == LOG_GROUP_DATA);
}

/* The verified group at `position`, or NULL. */
static const struct log_group *group_at(struct log_reader *reader, uint64_t position)
{
    const struct log_meta *meta = &reader->files->meta;
    struct log_group header;
    uint64_t available;
    const uint8_t *block = log_scan_peek(reader->scan, position, LOG_BLOCK_SIZE, &available);
    if (block == NULL || available < LOG_BLOCK_SIZE) return NULL;
    memcpy(&header, block, sizeof(header));
    if (header.magic != LOG_GROUP_MAGIC || header.size > reader->files->sizes.group_max) {
        return NULL;
    }
    if (header.size > LOG_BLOCK_SIZE) {
        block = log_scan_peek(reader->scan, position, header.size, &available);
        if (block == NULL) return NULL;
    }
    if (!log_group_verify(block, available, position, meta)) return NULL;
    return (const struct log_group *)block;
}

/* Every so many bytes; false if it shall stop. */
static bool tell(struct log_reader *reader, uint64_t at)
{
    const struct log_files *files = reader->files;
    if (reader->stopped) return false;
    if (at < reader->told + TELL_EVERY) return true;
    reader->told = at;
    uint64_t begin = log_files_begin(files);
    reader->stopped = !log_progress_step(reader->progress, "reading the log", at - begin,
                                         log_files_end(files) - begin);
    return !reader->stopped;
}

const struct log_group *log_reader_next(struct log_reader *reader)
{
    if (!tell(reader, reader->end)) return NULL;
    reader->position = log_next_open(&reader->files->sizes, reader->end);
    const struct log_group *group = group_at(reader, reader->position);
    if (group == NULL) return NULL;
    if (!continues(reader, group) || !find_records(reader, group)) {
        reader->malformed = true;
        return NULL;
    }
    reader->number = group->number;
    reader->next_seq += group->count;
    reader->records += group->count;
    reader->end = reader->position + log_padded(group->size);
    reader->generation = group->generation;
    reader->time_ms = group->time_ms;
    reader->rid_low_water_ms = group->rid_low_water_ms;
    reader->kind = group->kind;
    if (group->kind == LOG_GROUP_DATA) reader->data_behind = reader->position + 1;
    memcpy(reader->checksum, group->checksum, sizeof(reader->checksum));
    const struct log_sealed *sealed = &reader->files->sealed;
    if (group->number == sealed->number) {
        reader->seal_seen = memcmp(group->checksum, sealed->seal, sizeof(sealed->seal)) == 0;
    }
    return group;
}

static bool is_zero(const uint8_t *block)
{
    return block[0] == 0 && memcmp(block, block + 1, LOG_BLOCK_SIZE - 1) == 0;
}

void log_reader_tail(struct log_reader *reader, struct recover_tail *facts, uint64_t *end)
{
    const struct log_meta *meta = &reader->files->meta;
    uint64_t files_end = log_files_end(reader->files);
    *facts = (struct recover_tail){
        .bad_group = reader->number + 1,
        .newest_missing = reader->data_behind + reader->files->sizes.segment_last > files_end,
        .malformed = reader->malformed,
        .seal_missing = reader->files->sealed.number != 0 && !reader->seal_seen,
        .all_zero = true,
    };
    *end = reader->position;
    /* The gap a segment may end with belongs to no group and is not searched. */
    for (uint64_t at = reader->position; at < files_end && tell(reader, at); at += LOG_BLOCK_SIZE) {
        uint64_t available;
        const uint8_t *block = log_scan_peek(reader->scan, at, LOG_BLOCK_SIZE, &available);
        if (block == NULL || is_zero(block)) continue;
        facts->all_zero = false;
        *end = at + LOG_BLOCK_SIZE;
        if (log_group_newer(block, available, at, meta->log_id)) facts->newer = true;
        if (log_group_foreign(block, available, at, meta->log_id)) facts->foreign = true;
        const struct log_group *group = group_at(reader, at);
        if (group == NULL) continue;
        facts->valid_beyond = true;
        if (group->durable_through > facts->durable_through_max) {
            facts->durable_through_max = group->durable_through;
        }
    }
    facts->unreadable = log_scan_unreadable(reader->scan, &reader->unreadable);
}

void log_reader_close(struct log_reader *reader)
{
    if (reader->scan != NULL) log_scan_close(reader->scan);
    reader->scan = NULL;
}
