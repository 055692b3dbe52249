/* io/engine/shard_memory.c -- the life of operations around core/ without disk, sockets or time. */
#include "io/engine/shard_memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/state/layout.h"

#define LINE 64u
/* Lines of the longest record, and of the longest one that says that something expired. */
#define RECORD_LINES (GJ_RECORD_SIZE_MAX / GJ_RECORD_UNIT)
#define EXPIRY_LINES 5u

/* Zero pages of the system, taken only where the state is touched: most of a small one never is,
 * and tests that make allocators fill their memory would fill all of it. */
static void *pages_new(uint64_t size)
{
    if (size == 0 || size > SIZE_MAX) return NULL;
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

static void pages_free(void *pages, uint64_t size)
{
    if (pages != NULL) (void)munmap(pages, size);
}

static uint64_t state_bytes(const struct state_config *config)
{
    struct state_memory parts;
    return state_size(config, &parts);
}

struct shard_memory *shard_memory_new(const struct state_config *config, uint64_t lines_max)
{
    struct shard_memory *shard = calloc(1, sizeof(*shard));
    if (shard == NULL) return NULL;
    shard->config = *config;
    shard->lines = 1; /* position 0 means none */
    shard->lines_max = lines_max;
    if (lines_max > SIZE_MAX / GJ_RECORD_UNIT) {
        free(shard);
        return NULL;
    }
    shard->log = pages_new(lines_max * GJ_RECORD_UNIT);
    shard->times = pages_new(lines_max * sizeof(*shard->times));
    shard->state_bytes = state_bytes(config);
    void *memory = pages_new(shard->state_bytes);
    if (memory != NULL) shard->s = state_init(config, memory);
    if (shard->log != NULL && shard->times != NULL && shard->s != NULL) return shard;
    shard_memory_free(shard);
    return NULL;
}

void shard_memory_free(struct shard_memory *shard)
{
    if (shard == NULL) return;
    pages_free(shard->s, shard->state_bytes);
    pages_free(shard->log, shard->lines_max * GJ_RECORD_UNIT);
    pages_free(shard->times, shard->lines_max * sizeof(*shard->times));
    free(shard);
}

static void clear_run(void *context, uint64_t offset, uint64_t size)
{
    memset((uint8_t *)context + offset, 0, size);
}

/* The regions' tables are nearly all of a small state, and nearly all of them is never touched. */
static void clear_state(struct state *s, const struct state_config *config, uint32_t region_max)
{
    uint16_t regions[GJ_REGIONS_MAX];
    uint32_t count = 0;
    for (uint16_t r = 0; r <= region_max && r < GJ_REGIONS_MAX; r++) {
        if (s->regions[r].version != 0) regions[count++] = r;
    }
    layout_runs(config, regions, count, clear_run, s);
}

bool shard_memory_clear(struct shard_memory *shard, const struct state_config *config,
                        uint32_t region_max)
{
    if (state_bytes(config) == 0 || state_bytes(config) > shard->state_bytes) return false;
    clear_state(shard->s, &shard->config, region_max);
    shard->s = state_init(config, shard->s);
    shard->config = *config;
    shard->lines = 1;
    shard->time_ms = 0;
    shard->read_only = false;
    return true;
}

bool shard_memory_room(const struct shard_memory *shard)
{
    struct state_counts counts;
    state_counts(shard->s, &counts);
    /* Whatever is open, also what this operation begins, can still be written down as expired. */
    uint64_t wanted = RECORD_LINES + EXPIRY_LINES * (counts.holds + 1);
    return shard->lines <= shard->lines_max && shard->lines_max - shard->lines >= wanted;
}

/* Appends and commits; returns the position. */
static uint64_t append(struct shard_memory *shard, const void *record, uint32_t size)
{
    uint64_t position = shard->lines;
    ASSERT(record_size(record, size) == size);
    ASSERT(record_fits(shard->s, record) == RECORD_FITS);
    ASSERT(size / GJ_RECORD_UNIT <= shard->lines_max - shard->lines);
    memcpy(shard->log + position * GJ_RECORD_UNIT, record, size);
    shard->times[position] = shard->time_ms;
    shard->lines += size / GJ_RECORD_UNIT;
    commit(shard->s, record, position, shard->time_ms);
    return position;
}

static struct decide_input input(const struct shard_memory *shard)
{
    return (struct decide_input){
        .time_ms = shard->time_ms,
        .seq = state_seq(shard->s) + 1,
        .read_only = shard->read_only,
    };
}

/* Adds the records of the positions that are new; false if there were none: the last round. */
static bool fetch(const struct shard_memory *shard, const struct needs *wanted,
                  struct decide_input *in)
{
    ASSERT(wanted->count >= in->fetched_count && wanted->count <= NEEDS_MAX);
    if (wanted->count == in->fetched_count) return false;
    for (uint32_t i = in->fetched_count; i < wanted->count; i++) {
        uint64_t position = wanted->positions[i];
        ASSERT(position >= 1 && position < shard->lines);
        in->fetched[i] = (struct fetched_record){position, shard->log + position * GJ_RECORD_UNIT};
    }
    in->fetched_count = wanted->count;
    return true;
}

static void decide_now(struct shard_memory *shard, const struct gj_op *op, void *record,
                       struct decision *ret)
{
    struct decide_input in = input(shard);
    struct needs wanted;
    do {
        needs(shard->s, op, in.fetched, in.fetched_count, &wanted);
    } while (fetch(shard, &wanted, &in));
    decide(shard->s, op, &in, record, ret);
}

enum decision_kind shard_memory_execute(struct shard_memory *shard, const struct gj_op *op,
                                        struct gj_reply *reply, struct gj_reply_sources *sources,
                                        uint64_t *ret_position)
{
    ASSERT(shard_memory_room(shard));
    _Alignas(LINE) uint8_t record[GJ_RECORD_SIZE_MAX];
    struct decision decision;
    decide_now(shard, op, record, &decision);
    while (decision.kind == DECISION_EXPIRE_FIRST) {
        append(shard, record, decision.record_size);
        decide_now(shard, op, record, &decision);
    }
    *reply = decision.reply;
    *sources = (struct gj_reply_sources){.remainder = 0};
    if (reply->flags & GJ_REPLY_SOURCES) *sources = decision.sources;
    uint64_t position = 0;
    if (decision.kind == DECISION_RECORD) position = append(shard, record, decision.record_size);
    if (ret_position != NULL) *ret_position = position;
    return decision.kind;
}

uint32_t shard_memory_query(struct shard_memory *shard, const struct gj_read *read, void *out,
                            uint32_t capacity)
{
    struct decide_input in = input(shard);
    struct needs wanted;
    do {
        query_needs(shard->s, read, in.fetched, in.fetched_count, &wanted);
    } while (fetch(shard, &wanted, &in));
    uint32_t cost;
    return query(shard->s, read, &in, out, capacity, &cost);
}

uint32_t shard_memory_expire(struct shard_memory *shard, uint32_t max)
{
    _Alignas(LINE) uint8_t record[GJ_RECORD_SIZE_MAX];
    uint32_t count = 0;
    for (; count < max; count++) {
        struct decide_input in = input(shard);
        uint32_t size = expire_due(shard->s, &in, record);
        if (size == 0) break;
        append(shard, record, size);
    }
    return count;
}

/* The requests ahead of their time, and how many are remembered in all. */
static bool same_requests(const struct state *a, const struct state *b)
{
    struct state_counts of_a, of_b;
    state_counts(a, &of_a);
    state_counts(b, &of_b);
    return of_a.rids == of_b.rids && a->rids.ahead.count == b->rids.ahead.count &&
           a->rids.ahead.first_ms == b->rids.ahead.first_ms &&
           state_rid_low_water_ms(a) == state_rid_low_water_ms(b);
}

bool shard_memory_replay(const struct shard_memory *shard, struct state *fresh)
{
    for (uint64_t at = 1; at < shard->lines;) {
        const uint8_t *record = shard->log + at * GJ_RECORD_UNIT;
        uint32_t size = record_size(record, (shard->lines - at) * GJ_RECORD_UNIT);
        if (size == 0 || record_fits(fresh, record) != RECORD_FITS) return false;
        prefetch_redo(fresh, record);
        commit(fresh, record, at, shard->times[at]);
        at += size / GJ_RECORD_UNIT;
    }
    uint64_t live[2], redone[2];
    state_digest(shard->s, live);
    state_digest(fresh, redone);
    return memcmp(live, redone, sizeof(live)) == 0 && state_seq(fresh) == state_seq(shard->s) &&
           same_requests(fresh, shard->s);
}

bool shard_memory_redo(struct shard_memory *shard)
{
    uint64_t size = shard->state_bytes;
    void *memory = pages_new(size);
    if (memory == NULL) return false;
    struct state *fresh = state_init(&shard->config, memory);
    if (!shard_memory_replay(shard, fresh)) {
        pages_free(fresh, size);
        return false;
    }
    pages_free(shard->s, size);
    shard->s = fresh;
    return true;
}
