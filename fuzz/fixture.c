/* fuzz/fixture.c -- states over images, and back to them. */
#include "fuzz/fixture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/state/layout.h"

#define PAGE       4096u
#define DROP_EVERY 64u /* times back; more often costs more than it shows */

static bool is_zero(const uint8_t *page)
{
    return page[0] == 0 && memcmp(page, page + 1, PAGE - 1) == 0;
}

/* What the state is now becomes its image: a file in memory, mapped private in its place and once
 * more to be read. Once for each state. */
static void keep(struct fixture_state *state)
{
    int fd = memfd_create("world", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)state->size) != 0) abort();
    const uint8_t *bytes = (const uint8_t *)state->s;
    for (size_t at = 0; at < state->size; at += PAGE) {
        size_t part = state->size - at < PAGE ? state->size - at : PAGE;
        if (part == PAGE && is_zero(bytes + at)) continue;
        if (pwrite(fd, bytes + at, part, (off_t)at) != (ssize_t)part) abort();
    }
    const int how = MAP_PRIVATE | MAP_FIXED;
    if (mmap(state->s, state->size, PROT_READ | PROT_WRITE, how, fd, 0) != state->s) abort();
    state->image = mmap(NULL, state->size, PROT_READ, MAP_SHARED, fd, 0);
    if (state->image == MAP_FAILED) abort();
    (void)close(fd);
}

/* The numbers of the regions that are set; false if there are not as many as the state says. */
static bool set_regions(const struct state *s, uint16_t set[GJ_REGIONS_MAX])
{
    uint32_t found = 0;
    for (uint16_t r = 0; r < GJ_REGIONS_MAX && found < s->regions_count; r++) {
        if (s->regions[r].version != 0) set[found++] = r;
    }
    return found == s->regions_count;
}

/* Bytes of the state as they are in its image. */
static void copy_run(void *context, uint64_t offset, uint64_t size)
{
    const struct fixture_state *state = context;
    memcpy((uint8_t *)state->s + offset, state->image + offset, size);
}

static void go_back(struct fixture_state *state)
{
    uint16_t set[GJ_REGIONS_MAX];
    uint32_t count = state->s->regions_count;
    state->times++;
    if (state->times % DROP_EVERY != 0 && set_regions(state->s, set)) {
        const struct state_config config = state->s->config;
        layout_runs(&config, set, count, copy_run, state);
        return;
    }
    if (madvise(state->s, state->size, MADV_DONTNEED) != 0) abort();
}

/* An empty state on pages of its own. */
static struct fixture_state empty_state(const struct state_config *config, size_t size)
{
    const int how = MAP_PRIVATE | MAP_ANONYMOUS;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, how, -1, 0);
    if (memory == MAP_FAILED) abort();
    struct fixture_state empty = {.s = state_init(config, memory), .size = size};
    keep(&empty);
    return empty;
}

void fixture_begin(struct fixture *w, const struct state_config *config, uint64_t lines,
                   uint64_t time_ms)
{
    struct state_memory parts;
    memset(w, 0, sizeof(*w));
    w->shard = shard_memory_new(config, lines);
    if (w->shard == NULL) abort();
    w->shard->time_ms = time_ms;
    w->kept = (struct fixture_state){.s = w->shard->s, .size = state_size(config, &parts)};
    for (unsigned i = 0; i < 2; i++) w->empty[i] = empty_state(config, w->kept.size);
}

void fixture_keep(struct fixture *w)
{
    keep(&w->kept);
    w->lines = w->shard->lines;
    w->time_ms = w->shard->time_ms;
}

void fixture_back(struct fixture *w)
{
    go_back(&w->kept);
    w->shard->s = w->kept.s;
    w->shard->lines = w->lines;
    w->shard->time_ms = w->time_ms;
    w->shard->read_only = false;
}

bool fixture_redo(struct fixture *w)
{
    struct fixture_state *fresh = &w->empty[w->turn];
    go_back(fresh);
    if (!shard_memory_replay(w->shard, fresh->s)) return false;
    w->turn = 1 - w->turn;
    w->shard->s = fresh->s;
    return true;
}
