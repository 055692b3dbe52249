/* fuzz/world.c -- private pages over an image, dropped to go back to it. */
#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096u
#define HEAD (8u * PAGE) /* copying it costs less than faulting it in again: persons are there */

static bool is_zero(const uint8_t *page)
{
    return page[0] == 0 && memcmp(page, page + 1, PAGE - 1) == 0;
}

/* Copies [from, from + size) into a file in memory and maps that, private, in its place. */
static void put_image_below(void *from, size_t size)
{
    int fd = memfd_create("world", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)size) != 0) abort();
    const uint8_t *bytes = from;
    for (size_t at = 0; at < size; at += PAGE) {
        size_t part = size - at < PAGE ? size - at : PAGE;
        if (part == PAGE && is_zero(bytes + at)) continue;
        if (pwrite(fd, bytes + at, part, (off_t)at) != (ssize_t)part) abort();
    }
    const int how = MAP_PRIVATE | MAP_FIXED;
    if (mmap(from, size, PROT_READ | PROT_WRITE, how, fd, 0) != from) abort();
    (void)close(fd);
}

static void go_back(const struct world_state *state)
{
    if (madvise(state->s, state->size, MADV_DONTNEED) != 0) abort();
}

/* An empty state on pages of its own. */
static struct world_state empty_state(const struct state_config *config, size_t size)
{
    const int how = MAP_PRIVATE | MAP_ANONYMOUS;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, how, -1, 0);
    if (memory == MAP_FAILED) abort();
    struct world_state empty = {.s = state_init(config, memory), .size = size};
    put_image_below(memory, size);
    return empty;
}

void world_begin(struct world *w, const struct state_config *config, uint64_t lines,
                 uint64_t time_ms)
{
    struct state_memory parts;
    memset(w, 0, sizeof(*w));
    w->shard = shard_memory_new(config, lines);
    if (w->shard == NULL) abort();
    w->shard->time_ms = time_ms;
    w->kept = (struct world_state){.s = w->shard->s, .size = state_size(config, &parts)};
    for (unsigned i = 0; i < 2; i++) w->empty[i] = empty_state(config, w->kept.size);
}

void world_keep(struct world *w)
{
    ASSERT(w->kept.size > HEAD);
    put_image_below(w->kept.s, w->kept.size);
    w->head = malloc(HEAD);
    if (w->head == NULL) abort();
    memcpy(w->head, w->kept.s, HEAD);
    w->lines = w->shard->lines;
    w->time_ms = w->shard->time_ms;
}

void world_back(struct world *w)
{
    uint8_t *bytes = (uint8_t *)w->kept.s;
    memcpy(bytes, w->head, HEAD);
    if (madvise(bytes + HEAD, w->kept.size - HEAD, MADV_DONTNEED) != 0) abort();
    w->shard->s = w->kept.s;
    w->shard->lines = w->lines;
    w->shard->time_ms = w->time_ms;
    w->shard->read_only = false;
}

bool world_redo(struct world *w)
{
    struct world_state *fresh = &w->empty[w->turn];
    go_back(fresh);
    if (!shard_memory_replay(w->shard, fresh->s)) return false;
    w->turn = 1 - w->turn;
    w->shard->s = fresh->s;
    return true;
}
