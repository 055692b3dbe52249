/* tests/sim/sim_world.c -- time, what happens in it, random numbers, and the trace of it all. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim_parts.h"

#define BOOT_US UINT64_C(5000000) /* the machine is on for so long */

struct event {
    uint64_t at, order;
    world_fn fn;
    void *owner;
    uint64_t word;
};

static struct {
    uint64_t now_us, order, random, trace;
    int64_t wall_ms; /* of moment 0 */
    struct event *heap;
    size_t count, room;
} world;

static uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

uint64_t sim_random(void)
{
    world.random += UINT64_C(0x9e3779b97f4a7c15);
    return mix(world.random);
}

uint64_t sim_random_below(uint64_t n)
{
    return n == 0 ? 0 : sim_random() % n;
}

bool world_chance(uint32_t rate)
{
    return rate != 0 && sim_random_below(1000000) < rate;
}

void world_trace(uint64_t a, uint64_t b)
{
    world.trace = mix(world.trace ^ a) + mix(b ^ world.now_us << 20);
}

void world_trace_bytes(const void *bytes, size_t size)
{
    uint64_t words = 0;
    const uint8_t *first = bytes;
    bool zeros = size > 0 && first[0] == 0 && memcmp(first, first + 1, size - 1) == 0;
    for (size_t i = 0; i < size && !zeros; i += sizeof(words)) {
        uint64_t word = 0;
        memcpy(&word, first + i, size - i < 8 ? size - i : 8);
        words = (words ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        words ^= words >> 29;
    }
    world_trace(words, size);
}

uint64_t sim_trace(void)
{
    return world.trace;
}

void world_reset(uint64_t seed)
{
    world.now_us = BOOT_US;
    world.order = world.count = 0;
    world.random = mix(seed + 1);
    world.trace = seed;
    world.wall_ms = (int64_t)SIM_WALL_MS - (int64_t)(BOOT_US / 1000);
}

void world_free(void)
{
    free(world.heap);
    world.heap = NULL;
    world.count = world.room = 0;
}

/* ---- the queue: a heap by moment and order ---- */

static bool earlier(const struct event *a, const struct event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void world_add(uint64_t us, world_fn fn, void *owner, uint64_t word)
{
    if (world.count == world.room) {
        world.room = world.room == 0 ? 256 : 2 * world.room;
        world.heap = realloc(world.heap, world.room * sizeof(world.heap[0]));
        if (world.heap == NULL) abort();
    }
    struct event e = {world.now_us + us, world.order++, fn, owner, word};
    size_t at = world.count++;
    for (; at > 0 && earlier(&e, &world.heap[(at - 1) / 2]); at = (at - 1) / 2) {
        world.heap[at] = world.heap[(at - 1) / 2];
    }
    world.heap[at] = e;
}

static struct event take_first(void)
{
    struct event first = world.heap[0], last = world.heap[--world.count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= world.count) break;
        if (child + 1 < world.count && earlier(&world.heap[child + 1], &world.heap[child])) child++;
        if (!earlier(&world.heap[child], &last)) break;
        world.heap[at] = world.heap[child];
        at = child;
    }
    world.heap[at] = last;
    return first;
}

uint64_t world_next_us(void)
{
    return world.count == 0 ? UINT64_MAX : world.heap[0].at;
}

void world_until(uint64_t us)
{
    while (world.count > 0 && world.heap[0].at <= us) {
        struct event e = take_first();
        if (e.at > world.now_us) world.now_us = e.at;
        world_trace(1, e.order);
        e.fn(e.owner, e.word);
        process_check();
    }
    if (us > world.now_us) world.now_us = us;
}

/* ---- for the owner ---- */

uint64_t sim_now_us(void)
{
    return world.now_us;
}

uint64_t sim_wall_ms(void)
{
    return (uint64_t)(world.wall_ms + (int64_t)(world.now_us / 1000));
}

void sim_wall_jump(int64_t ms)
{
    world.wall_ms += ms;
}

/* A function's address in a word: C keeps them apart from data, POSIX does not. */
static void timer_due(void *owner, uint64_t word)
{
    void (*fn)(void *) = (void (*)(void *))(uintptr_t)word;
    fn(owner);
}

void sim_after(uint64_t us, void (*fn)(void *owner), void *owner)
{
    world_add(us, timer_due, owner, (uint64_t)(uintptr_t)fn);
}

void sim_sleep(uint64_t us)
{
    world_until(world.now_us + us);
}
