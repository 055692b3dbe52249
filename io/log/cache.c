/* io/log/cache.c -- block cache for reading old records back: LOG_CHUNKS chunks of LOG_CHUNK bytes
 * (and one block more, so that no record is split), filled by the disk door.
 *
 * A chunk is true only up to `valid_end`, the durable end of the log when its read was submitted:
 * groups written later into the same blocks make it read again. What was read is compared
 * with the sums of io/log/check.h: a damaged record fails like one that cannot be read.
 */
#include "io/log/internal.h"

static void read_done(struct disk_op *op);

static struct log_chunk *find(struct log_cache *cache, uint64_t index)
{
    for (uint32_t i = 0; i < LOG_CHUNKS; i++) {
        struct log_chunk *chunk = &cache->chunks[i];
        if ((chunk->filled || chunk->reading) && chunk->index == index) return chunk;
    }
    return NULL;
}

static struct log_chunk *victim(struct log_cache *cache)
{
    struct log_chunk *oldest = NULL;
    for (uint32_t i = 0; i < LOG_CHUNKS; i++) {
        struct log_chunk *chunk = &cache->chunks[i];
        if (chunk->reading) continue;
        if (!chunk->filled) return chunk;
        if (oldest == NULL || chunk->used < oldest->used) oldest = chunk;
    }
    return oldest;
}

static void start_read(struct log *log, struct log_chunk *chunk, uint64_t index)
{
    uint64_t begin = index * LOG_CHUNK;
    uint64_t offset = log_files_offset(&log->files, begin);
    uint64_t size = LOG_CHUNK + LOG_CHUNK_OVERLAP;
    if (offset + size > log->files.sizes.segment) size = log->files.sizes.segment - offset;
    chunk->index = index;
    chunk->valid_end = log->durable_end;
    chunk->check = log->durable_check;
    chunk->used = ++log->cache.tick;
    chunk->filled = false;
    chunk->reading = true;
    chunk->op = (struct disk_op){
        .kind = DISK_READ,
        .fd = log_files_fd(&log->files, begin),
        .buf = chunk->buf,
        .size = (uint32_t)size,
        .offset = offset,
        .done = read_done,
        .owner = log,
    };
    log->cache.reading++;
    log->disk->submit(log->disk, &chunk->op);
    log->disk->kick(log->disk);
}

static void wake(struct log_waiter *waiter, bool failed)
{
    while (waiter != NULL) {
        struct log_waiter *next = waiter->next;
        waiter->failed = failed;
        waiter->done(waiter);
        waiter = next;
    }
}

static void read_done(struct disk_op *op)
{
    struct log *log = op->owner;
    struct log_chunk *chunk = NULL;
    for (uint32_t i = 0; i < LOG_CHUNKS; i++) {
        if (op == &log->cache.chunks[i].op) chunk = &log->cache.chunks[i];
    }
    ASSERT(chunk != NULL && chunk->reading);
    bool failed = op->res < 0 || (uint32_t)op->res != op->size;
    if (!failed && !log_check_is_good(&log->check, chunk->index, chunk->buf, op->size,
                                      chunk->valid_end, chunk->check)) {
        log->cache.damaged++;
        failed = true;
    }
    chunk->reading = false;
    chunk->filled = !failed;
    log->cache.reading--;
    /* The lists are taken first: those who are woken may wait again at once. */
    struct log_waiter *waiters = chunk->waiters, *overflow = log->cache.overflow;
    chunk->waiters = NULL;
    log->cache.overflow = NULL;
    wake(waiters, failed);
    wake(overflow, false);
}

/* Two neighbouring chunks in a row look like reading in log order. */
static void read_ahead(struct log *log, uint64_t index)
{
    struct log_cache *cache = &log->cache;
    bool sequential = index == cache->last_index + 1;
    cache->last_index = index;
    if (!sequential || (index + 1) * LOG_CHUNK >= log->durable_end) return;
    if (find(cache, index + 1) != NULL) return;
    struct log_chunk *chunk = victim(cache);
    if (chunk != NULL && (!chunk->filled || chunk->index != index)) {
        start_read(log, chunk, index + 1);
    }
}

const void *log_cache_fetch(struct log *log, uint64_t byte, struct log_waiter *waiter)
{
    struct log_cache *cache = &log->cache;
    ASSERT(byte < log->durable_end); /* what is not durable is in a slot */
    uint64_t index = byte / LOG_CHUNK;
    struct log_chunk *chunk = find(cache, index);
    if (chunk != NULL && chunk->filled && byte < chunk->valid_end) {
        const uint8_t *record = chunk->buf + byte % LOG_CHUNK;
        uint64_t size = LOG_CHUNK + LOG_CHUNK_OVERLAP - byte % LOG_CHUNK;
        chunk->used = ++cache->tick;
        if (index != cache->last_index) read_ahead(log, index);
        if (record_size(record, size) != 0) return record;
        waiter->failed = true; /* no record begins there */
        return NULL;
    }
    if (chunk == NULL) chunk = victim(cache);
    struct log_waiter **list = chunk == NULL ? &cache->overflow : &chunk->waiters;
    waiter->next = *list;
    *list = waiter;
    if (chunk != NULL && !chunk->reading) start_read(log, chunk, index);
    return NULL;
}
