/* tests/images/groups.c -- what was written, replayed. */
#include <stdlib.h>
#include <string.h>

#include "core/state/tables.h"
#include "tests/images/groups.h"

#define GROUPS_MAX 8192u
#define SLOTS      (2u * GROUPS_MAX)

static struct group groups[GROUPS_MAX];
static uint32_t count;
static uint32_t slots[SLOTS]; /* index + 1 by digest; 0 = free */

/* ---- the state ---- */

static const struct state_config config = {.persons_max = 64,
                                           .families_max = 64,
                                           .institutions_max = 16,
                                           .holds_max = 256,
                                           .rids_max = 1 << 12,
                                           .rids_ahead_max = 64,
                                           .hash_seed = 1};
static uint8_t *memory;
static uint64_t memory_size;
static struct state *state;

/* Recovery builds a state from nothing for every image. Most of its memory are the figures of a
 * thousand regions: only those that were used are cleared. */
void groups_state_clear(void)
{
    if (state == NULL) return;
    uint8_t *regions = (uint8_t *)state->regions;
    uint8_t *behind = (uint8_t *)(state->premium_payable + GJ_REGIONS_MAX * PREMIUM_YEARS);
    for (size_t i = 0; i < GJ_REGIONS_MAX; i++) {
        if (state->regions[i].version == 0) continue;
        memset(&state->regions[i], 0, sizeof(state->regions[i]));
        memset(&state->books[i], 0, sizeof(state->books[i]));
        memset(&state->gross[i * GJ_REGIONS_MAX], 0, GJ_REGIONS_MAX * sizeof(i128));
        memset(&state->premium_payable[i * PREMIUM_YEARS], 0, PREMIUM_YEARS * sizeof(i128));
    }
    memset(behind, 0, (size_t)(memory + memory_size - behind));
    memset(memory, 0, (size_t)(regions - memory));
    state = NULL;
}

bool groups_state_is_clear(void)
{
    for (uint64_t i = 0; i < memory_size; i++) {
        if (memory[i] != 0) return false;
    }
    return true;
}

struct state *groups_state(void *owner, uint64_t hash_seed)
{
    struct state_memory parts;
    struct state_config with_seed = config;
    with_seed.hash_seed = hash_seed;
    if (memory == NULL) {
        memory_size = state_size(&config, &parts);
        memory = aligned_alloc(64, memory_size);
        if (memory == NULL) return NULL;
        memset(memory, 0, memory_size);
    }
    groups_state_clear();
    state = state_init(&with_seed, memory);
    return state;
}

/* ---- replay ---- */

/* The state of plain replay, and the group it stands behind. */
static struct state *replay;
static void *replay_memory;
static const struct group *replay_at;

static const char *replay_group(const struct group *group)
{
    const struct log_group *header = (const struct log_group *)group->bytes;
    uint32_t at = sizeof(*header);
    for (uint32_t i = 0; i < header->count; i++) {
        const uint8_t *record = group->bytes + at;
        uint32_t size = record_size(record, (uint32_t)group->size - at);
        if (size == 0) return "a record cannot be read";
        if (record_fits(replay, record) != RECORD_FITS) return "a record does not fit the state";
        commit(replay, record, (group->position + at) / GJ_RECORD_UNIT, header->time_ms);
        at += size;
    }
    if (at != group->size) return "a group is longer than its records";
    state_raise_rid_low_water(replay, header->rid_low_water_ms);
    return NULL;
}

static const char *replay_reset(void)
{
    struct state_memory parts;
    uint64_t size = state_size(&config, &parts);
    if (replay_memory == NULL) replay_memory = aligned_alloc(64, size);
    if (replay_memory == NULL) return "no memory";
    memset(replay_memory, 0, size);
    replay = state_init(&config, replay_memory);
    replay_at = NULL;
    return NULL;
}

/* Brings the state behind `group`; its chain is replayed from where the state stands, or from the
 * begin if that is on another branch. */
static const char *replay_to(const struct group *group)
{
    if (group == NULL) return replay == NULL || replay_at != NULL ? replay_reset() : NULL;
    if (replay != NULL && group == replay_at) return NULL;
    const char *wrong = replay_to(group->parent);
    if (wrong == NULL) wrong = replay_group(group);
    if (wrong == NULL) replay_at = group;
    return wrong;
}

/* ---- what is known ---- */

static uint32_t slot_of(const uint8_t own[16])
{
    uint64_t begin;
    memcpy(&begin, own, sizeof(begin));
    return (uint32_t)(begin % SLOTS);
}

const struct group *groups_find(const uint8_t own[16])
{
    for (uint32_t i = slot_of(own); slots[i] != 0; i = (i + 1) % SLOTS) {
        const struct group *group = &groups[slots[i] - 1];
        if (memcmp(group->own, own, sizeof(group->own)) == 0) return group;
    }
    return NULL;
}

static const char *group_fill(struct group *group, const struct log_group *header)
{
    static const uint8_t none[16];
    group->number = header->number;
    group->position = header->position;
    group->size = header->size;
    group->end = header->position + log_padded(header->size);
    memcpy(group->own, header->checksum, sizeof(group->own));
    group->parent = groups_find(header->prev_checksum);
    bool first = memcmp(header->prev_checksum, none, sizeof(none)) == 0;
    if (group->parent == NULL && !first) return "a group follows one that was never written";
    if (header->number != (first ? 1 : group->parent->number + 1)) return "a group's number";
    if (header->count == 0 && !first) { /* START and SEAL change nothing */
        group->seq = group->parent->seq;
        memcpy(group->digest, group->parent->digest, sizeof(group->digest));
        return NULL;
    }
    const char *wrong = replay_to(group);
    if (wrong == NULL) wrong = state_audit(replay);
    if (wrong != NULL) return wrong;
    group->seq = state_seq(replay);
    state_digest(replay, group->digest);
    return NULL;
}

bool event_group(const struct event *event, struct log_group *header)
{
    uint64_t size = event->head.data_size; /* without the zeros that a digest may end with */
    memset(header, 0, sizeof(*header));
    if (event->head.kind != DISK_TRACE_WRITE) return false;
    memcpy(header, event->data, size < sizeof(*header) ? size : sizeof(*header));
    return header->magic == LOG_GROUP_MAGIC;
}

const char *groups_add(const struct event *event)
{
    struct log_group header;
    const uint64_t size = event->head.data_size;
    if (!event_group(event, &header)) return NULL;
    if (header.size < sizeof(header) || log_padded(header.size) != event->head.size ||
        header.size < size) {
        return "a group of another size than its write";
    }
    if (count == GROUPS_MAX) return "more groups than expected";
    if (groups_find(header.checksum) != NULL) return NULL; /* another start at the same place */
    struct group *group = &groups[count];
    uint8_t *bytes = stack_take(header.size);
    memcpy(bytes, event->data, size);
    memset(bytes + size, 0, header.size - size);
    *group = (struct group){.bytes = bytes};
    const char *wrong = group_fill(group, &header);
    if (wrong != NULL) return wrong;
    uint32_t slot = slot_of(header.checksum);
    while (slots[slot] != 0) slot = (slot + 1) % SLOTS;
    slots[slot] = ++count;
    return NULL;
}

const struct group *groups_latest(uint64_t number)
{
    for (uint32_t i = count; i-- > 0;) {
        if (groups[i].number == number) return &groups[i];
    }
    return NULL;
}

uint32_t groups_mark(void)
{
    return count;
}

void groups_cut(uint32_t mark)
{
    while (count > mark) {
        const struct group *group = &groups[--count];
        /* The last that came is the last of its run of slots. */
        uint32_t slot = slot_of(group->own);
        while (slots[slot] != count + 1) slot = (slot + 1) % SLOTS;
        slots[slot] = 0;
        if (replay_at == group) {
            replay = NULL;
            replay_at = NULL;
        }
    }
}

/* ---- in a content ---- */

bool group_is_there(const struct content *c, const struct group *group)
{
    const struct file *file = content_segment(c, group->position / SEGMENT);
    if (file == NULL) return false;
    uint64_t block = group->position % SEGMENT / LOG_BLOCK_SIZE;
    for (uint64_t at = 0; at < group->size; at += LOG_BLOCK_SIZE, block++) {
        uint64_t size = group->size - at < LOG_BLOCK_SIZE ? group->size - at : LOG_BLOCK_SIZE;
        if (memcmp(block_bytes(file->blocks[block]), group->bytes + at, size) != 0) return false;
    }
    return true;
}

const struct group *groups_walk(const struct content *c, const struct group *from)
{
    const struct log_meta meta = {.segment_size_mib = SEGMENT_MIB};
    const struct log_sizes sizes = log_sizes_of(&meta);
    for (;;) {
        struct log_group header;
        uint64_t position = log_next_open(&sizes, from == NULL ? 0 : from->end);
        const struct file *file = content_segment(c, position / SEGMENT);
        if (file == NULL) return from;
        content_read(file, &header, position % SEGMENT, sizeof(header));
        const struct group *next = groups_find(header.checksum);
        if (next == NULL || next->parent != from || next->position != position) return from;
        if (!group_is_there(c, next)) return from;
        from = next;
    }
}

bool group_has_behind(const struct group *group, const struct group *earlier)
{
    if (earlier == NULL) return true;
    while (group != NULL && group->number > earlier->number) group = group->parent;
    return group == earlier;
}
