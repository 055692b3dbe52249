/* io/log/writer.c -- open group, group commit, pipeline of writes, contiguous durable position. */
#include <string.h>
#include <sys/mman.h>

#include "io/log/internal.h"

static struct log_slot *slot_of(struct log *log, uint64_t number)
{
    return &log->slots[number % LOG_SLOTS];
}
static struct log_group *group_of(const struct log_slot *slot)
{
    return (struct log_group *)slot->buf;
}
static const struct log_slot *open_slot(const struct log *log)
{
    ASSERT(log->open);
    return &log->slots[log->last_number % LOG_SLOTS];
}
static uint64_t last_closed(const struct log *log)
{
    return log->open ? log->last_number - 1 : log->last_number;
}
static bool open_has_records(const struct log *log)
{
    return log->open && group_of(open_slot(log))->count > 0;
}

static bool check_init(struct log *log)
{
    const struct log_files *files = &log->files;
    uint64_t begin = log_files_begin(files), bytes = LOG_SEGMENTS_MAX * files->sizes.segment;
    uint64_t left = begin < LOG_BYTES_MAX ? LOG_BYTES_MAX - begin : files->sizes.segment;
    return log_check_init(&log->check, begin, bytes < left ? bytes : left);
}

static void share_memory(struct log *log, uint8_t *memory)
{
    for (uint32_t i = 0; i < LOG_SLOTS; i++, memory += log->group_max) log->slots[i].buf = memory;
    log->prealloc.zeros = memory;
    memory += log->prealloc.chunk;
    for (uint32_t i = 0; i < LOG_CHUNKS; i++, memory += LOG_CHUNK + LOG_CHUNK_OVERLAP) {
        log->cache.chunks[i].buf = memory;
    }
}

bool log_memory_init(struct log *log)
{
    const size_t chunk = LOG_CHUNK + LOG_CHUNK_OVERLAP, huge = 2u << 20;
    uint64_t eighth = log->files.sizes.segment / 8;
    log->group_max = log->files.sizes.group_max;
    log->deep_from = log->group_max / LOG_DEEP_SHARE;
    log->prealloc.chunk = (uint32_t)(eighth < LOG_ZERO_CHUNK ? eighth : LOG_ZERO_CHUNK);
    size_t size = LOG_SLOTS * (size_t)log->group_max + log->prealloc.chunk + LOG_CHUNKS * chunk;
    size = (size + huge - 1) / huge * huge;
    uint8_t *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return false;
    if (!check_init(log)) {
        (void)munmap(memory, size);
        return false;
    }
    (void)madvise(memory, size, MADV_HUGEPAGE); /* a hint */
    log->memory = memory;
    log->memory_size = size;
    share_memory(log, memory);
    return true;
}

void log_fail(struct log *log)
{
    log->failed = true;
}

/* ---- groups ---- */

static bool open_group(struct log *log, enum log_group_kind kind, uint64_t time_ms)
{
    struct log_slot *slot = slot_of(log, log->last_number + 1);
    if (slot->state != LOG_SLOT_EMPTY && slot->state != LOG_SLOT_DURABLE) return false;
    uint64_t position = log_next_open(&log->files.sizes, log->end);
    if (position >= log_files_end(&log->files)) return false;
    if (time_ms > log->time_ms) log->time_ms = time_ms;
    struct log_group *group = group_of(slot);
    *group = (struct log_group){
        .magic = LOG_GROUP_MAGIC,
        .format_version = LOG_FORMAT_VERSION,
        .kind = kind,
        .generation = log->generation,
        .number = log->last_number + 1,
        .position = position,
        .first_seq = log->next_seq,
        .size = sizeof(struct log_group),
        .time_ms = log->time_ms,
        .rid_low_water_ms = log->rid_low_water_ms,
    };
    memcpy(group->log_id, log->files.meta.log_id, sizeof(group->log_id));
    slot->number = group->number;
    slot->position = position;
    slot->state = LOG_SLOT_OPEN;
    log->last_number++;
    log->open = true;
    return true;
}

static void close_group(struct log *log)
{
    struct log_slot *slot = slot_of(log, log->last_number);
    struct log_group *group = group_of(slot);
    ASSERT(slot->state == LOG_SLOT_OPEN);
    uint64_t padded = log_padded(group->size);
    memset(slot->buf + group->size, 0, padded - group->size);
    group->rid_low_water_ms = log->rid_low_water_ms;
    slot->state = LOG_SLOT_CLOSED;
    log->end = slot->position + padded;
    log->last_kind = group->kind;
    log->open = false;
}

static void write_done(struct disk_op *op);

/* What is signed is known only now: the checksum before and what is durable at this moment. */
static void submit_group(struct log *log, struct log_slot *slot)
{
    struct log_group *group = group_of(slot);
    ASSERT(slot->state == LOG_SLOT_CLOSED && slot->number == log->submitted + 1);
    group->durable_through = log->durable;
    memcpy(group->prev_checksum, log->prev_checksum, sizeof(group->prev_checksum));
    log_group_sign(group, log->files.meta.secret);
    memcpy(log->prev_checksum, group->checksum, sizeof(group->checksum));
    uint64_t padded = log_padded(group->size);
    log_check_add(&log->check, slot->position, slot->buf, padded);
    slot->check = log_check_last(&log->check);
    slot->op = (struct disk_op){
        .kind = DISK_WRITE,
        .fd = log_files_fd(&log->files, slot->position),
        .buf = slot->buf,
        .size = (uint32_t)padded,
        .offset = log_files_offset(&log->files, slot->position),
        .done = write_done,
        .owner = log,
    };
    slot->state = LOG_SLOT_FLYING;
    log->submitted++;
    log->flying++;
    log->bytes_written += padded;
    uint64_t credit = log->prealloc.credit + 2 * padded, most = 2 * log->prealloc.chunk;
    log->prealloc.credit = credit < most ? credit : most; /* a pause saves up no burst */
    log->disk->submit(log->disk, &slot->op);
}

static void submit_closed(struct log *log)
{
    bool any = false;
    while (!log->failed && log->flying < LOG_IN_FLIGHT_MAX && log->submitted < last_closed(log)) {
        submit_group(log, slot_of(log, log->submitted + 1));
        any = true;
    }
    if (any) log->disk->kick(log->disk);
}

bool log_write_mark(struct log *log, enum log_group_kind kind, uint64_t time_ms)
{
    ASSERT(!open_has_records(log));
    if (log->open) {
        group_of(slot_of(log, log->last_number))->kind = kind;
    } else if (!open_group(log, kind, time_ms)) {
        return false;
    }
    close_group(log);
    submit_closed(log);
    return true;
}

/* A SEAL says that everything before it is durable, so it is written when that is so. */
static void seal_if_due(struct log *log)
{
    if (!log->seal_wanted || log->failed || open_has_records(log)) return;
    if (log->durable != last_closed(log)) return;
    if (log->last_kind == LOG_GROUP_SEAL || log_write_mark(log, LOG_GROUP_SEAL, log->time_ms)) {
        log->seal_wanted = false;
    }
}

static void write_done(struct disk_op *op)
{
    struct log *log = op->owner;
    log->flying--;
    if (op->res < 0 || (uint32_t)op->res != op->size) log_fail(log);
    if (log->failed) return;
    for (uint32_t i = 0; i < LOG_SLOTS; i++) {
        if (op == &log->slots[i].op) log->slots[i].state = LOG_SLOT_WRITTEN;
    }
    for (;;) {
        struct log_slot *slot = slot_of(log, log->durable + 1);
        if (slot->state != LOG_SLOT_WRITTEN || slot->number != log->durable + 1) break;
        slot->state = LOG_SLOT_DURABLE;
        log->durable++;
        log->durable_end = slot->position + log_padded(group_of(slot)->size);
        log->durable_check = slot->check;
    }
    submit_closed(log);
    seal_if_due(log);
    log_prealloc_tick(log);
}

/* ---- appending ---- */

/* True if the first record of a group at `position` may be kept: see segment_last of log_sizes. */
static bool takes_records(const struct log *log, uint64_t position)
{
    return position + log->files.sizes.segment_last < log_files_end(&log->files);
}

void *log_reserve(struct log *log, uint64_t time_ms)
{
    if (log->failed) return NULL;
    bool read_only = log_read_only(log); /* as the caller decides: nothing will be kept */
    log_prealloc_check_space(log, time_ms);
    if (log->failed) return NULL;
    if (log->open) {
        struct log_group *group = group_of(slot_of(log, log->last_number));
        if (group->count == 0 && time_ms > log->time_ms) {
            /* Nobody used its time yet. */
            log->time_ms = time_ms;
            group->time_ms = time_ms;
        }
        if (group->size + GJ_RECORD_SIZE_MAX > log->group_max) {
            close_group(log);
            submit_closed(log);
        }
    }
    if (!log->open && !open_group(log, LOG_GROUP_DATA, time_ms)) return NULL;
    const struct log_slot *slot = open_slot(log);
    if (!open_has_records(log) && !read_only && !takes_records(log, slot->position)) return NULL;
    return slot_of(log, log->last_number)->buf + group_of(open_slot(log))->size;
}

uint64_t log_next_time_ms(const struct log *log, uint64_t time_ms)
{
    return open_has_records(log) || time_ms < log->time_ms ? log->time_ms : time_ms;
}

uint64_t log_reserved_time_ms(const struct log *log)
{
    return group_of(open_slot(log))->time_ms;
}

uint64_t log_reserved_position(const struct log *log)
{
    const struct log_slot *slot = open_slot(log);
    return (slot->position + group_of(slot)->size) / GJ_RECORD_UNIT;
}

void log_append(struct log *log, uint32_t size, uint64_t seq, uint64_t rid_low_water_ms)
{
    struct log_group *group = group_of(slot_of(log, log->last_number));
    ASSERT(log->open && seq == log->next_seq);
    ASSERT(group->count > 0 || takes_records(log, group->position));
    ASSERT(size > 0 && size <= GJ_RECORD_SIZE_MAX && size % GJ_RECORD_UNIT == 0);
    ASSERT(group->size + size <= log->group_max);
    group->size += size;
    group->count++;
    log->next_seq++;
    if (rid_low_water_ms > log->rid_low_water_ms) log->rid_low_water_ms = rid_low_water_ms;
    log->seal_wanted = false;
}

/* Alone or beside a mark any group; beside others one of some size (LOG_DEEP_SHARE). */
static bool is_worth_a_write(const struct log *log)
{
    if (!open_has_records(log)) return false;
    bool only_a_mark = log->flying == 1 && log->last_kind != LOG_GROUP_DATA;
    return log->flying == 0 || only_a_mark || group_of(open_slot(log))->size >= log->deep_from;
}

void log_flush(struct log *log)
{
    if (log->failed) return;
    bool slot_free = log->flying < LOG_IN_FLIGHT_MAX && log->submitted == last_closed(log);
    if (slot_free && is_worth_a_write(log)) close_group(log);
    submit_closed(log);
    seal_if_due(log);
    log_prealloc_tick(log);
}

void log_seal(struct log *log)
{
    log->seal_wanted = true;
    log_flush(log);
}

void log_stop(struct log *log)
{
    log->stopping = true;
    log_seal(log);
}

/* ---- state ---- */

uint64_t log_group_last(const struct log *log)
{
    return open_has_records(log) ? log->last_number : last_closed(log);
}
uint64_t log_group_durable(const struct log *log)
{
    return log->durable;
}
bool log_failed(const struct log *log)
{
    return log->failed;
}
const char *log_failure(const struct log *log)
{
    return log->failure.line[0] != 0 ? log->failure.line : "a write of the log failed";
}

bool log_read_only(const struct log *log)
{
    bool no_more = log->prealloc.no_space || log_files_full(&log->files);
    return no_more && log_ready_ahead(log) < log_kept_room(log);
}

bool log_quiet(const struct log *log)
{
    if (log->stopping && (log->prealloc.busy || log->cache.reading > 0)) return false;
    return !open_has_records(log) && log->flying == 0 && log->submitted == last_closed(log) &&
           log->last_kind == LOG_GROUP_SEAL;
}

/* ---- fetched records ---- */

static const struct log_slot *slot_with(const struct log *log, uint64_t byte)
{
    for (uint32_t i = 0; i < LOG_SLOTS; i++) {
        const struct log_slot *slot = &log->slots[i];
        if (slot->state == LOG_SLOT_EMPTY) continue;
        if (byte >= slot->position && byte < slot->position + group_of(slot)->size) return slot;
    }
    return NULL;
}

const void *log_fetch(struct log *log, uint64_t position, struct log_waiter *waiter)
{
    uint64_t byte = position * GJ_RECORD_UNIT;
    waiter->failed = false;
    const struct log_slot *slot = slot_with(log, byte);
    if (slot != NULL) return slot->buf + (byte - slot->position);
    return log_cache_fetch(log, byte, waiter);
}

bool log_at_hand(const struct log *log, uint64_t position)
{
    uint64_t byte = position * GJ_RECORD_UNIT;
    if (slot_with(log, byte) != NULL) return true;
    for (uint32_t i = 0; i < LOG_CHUNKS; i++) {
        const struct log_chunk *chunk = &log->cache.chunks[i];
        if (chunk->filled && chunk->index == byte / LOG_CHUNK) return byte < chunk->valid_end;
    }
    return false;
}

/* ---- figures ---- */

void log_stats(const struct log *log, struct log_stats *ret)
{
    *ret = (struct log_stats){
        .groups = last_closed(log),
        .bytes = log->bytes_written,
        .position = log->end,
        .generation = log->generation,
        .free_bytes = log->prealloc.free_bytes,
        .prealloc_bytes = log_ready_ahead(log),
        .damaged_reads = log->cache.damaged,
    };
}

const uint8_t *log_id(const struct log *log)
{
    return log->files.meta.log_id;
}

void log_memory(const struct log *log, void **base, size_t *size)
{
    *base = log->memory;
    *size = log->memory_size;
}
