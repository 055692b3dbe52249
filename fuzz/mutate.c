/* fuzz/mutate.c -- the changes, step by step. Stands alone: AFL++ loads it as a library. */
#include "fuzz/mutate.h"

#include <stdbool.h>
#include <string.h>

#include "fuzz/program.h"

#define STEP      sizeof(struct step)
#define RANGE_MAX 8u  /* steps changed together */
#define VERBS     32u /* more than any target has; targets take the remainder */
#define SMALL     16u /* most fields mean something below this */
#define CHANGES   4u
#define NEAR      3

struct program {
    struct step *steps;
    size_t count, max;
    uint64_t random;
};

static uint64_t draw(uint64_t *random)
{
    uint64_t x = *random += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static size_t below(struct program *p, size_t limit)
{
    return (size_t)(draw(&p->random) % limit);
}

static uint8_t small(struct program *p)
{
    return (uint8_t)(below(p, 8) == 0 ? below(p, 256) : below(p, SMALL));
}

static int32_t some_amount(struct program *p)
{
    static const int32_t amounts[] = {0, 1, 2, 100, 1000, 10000, 86400, 1000000, INT32_MAX, -1};
    if (below(p, 2) == 0) return amounts[below(p, sizeof(amounts) / sizeof(*amounts))];
    return (int32_t)below(p, 100000);
}

static struct step some_step(struct program *p)
{
    return (struct step){.verb = (uint8_t)below(p, VERBS),
                         .person = small(p),
                         .other = small(p),
                         .kind = small(p),
                         .detail = small(p),
                         .flags = (uint8_t)(below(p, 3) == 0 ? small(p) : 0),
                         .auth = (uint8_t)below(p, 4),
                         .back = small(p),
                         .amount = some_amount(p),
                         .edge = (uint8_t)(below(p, 3) == 0 ? small(p) : 0),
                         .age = (uint8_t)(below(p, 8) == 0 ? below(p, 256) : 0),
                         .arg = small(p)};
}

/* Makes room for `count` steps at `at`; false if there is none. */
static bool open_gap(struct program *p, size_t at, size_t count)
{
    if (count > p->max - p->count) return false;
    memmove(p->steps + at + count, p->steps + at, (p->count - at) * STEP);
    p->count += count;
    return true;
}

static void insert(struct program *p)
{
    size_t at = below(p, p->count + 1);
    if (open_gap(p, at, 1)) p->steps[at] = some_step(p);
}

/* A range of steps, of one to RANGE_MAX. */
static size_t range(struct program *p, size_t *ret_at)
{
    size_t count = 1 + below(p, below(p, 2) == 0 ? 1 : RANGE_MAX);
    if (count > p->count) count = p->count;
    *ret_at = below(p, p->count - count + 1);
    return count;
}

static void delete (struct program *p)
{
    size_t at, count = range(p, &at);
    memmove(p->steps + at, p->steps + at + count, (p->count - at - count) * STEP);
    p->count -= count;
}

static void repeat(struct program *p)
{
    struct step copy[RANGE_MAX];
    size_t from, count = range(p, &from);
    memcpy(copy, p->steps + from, count * STEP);
    size_t to = below(p, p->count + 1);
    if (open_gap(p, to, count)) memcpy(p->steps + to, copy, count * STEP);
}

static void swap(struct program *p)
{
    struct step *a = &p->steps[below(p, p->count)], *b = &p->steps[below(p, p->count)];
    struct step c = *a;
    *a = *b;
    *b = c;
}

static void change_amount(struct program *p)
{
    struct step *s = &p->steps[below(p, p->count)];
    const uint32_t amount = (uint32_t)s->amount;
    uint32_t changed = amount;
    switch (below(p, 6)) {
    case 0: changed = amount / 2; break;
    case 1: changed = amount * 2; break;
    case 2: changed = (uint32_t)p->steps[below(p, p->count)].amount; break;
    case 3: changed = (uint32_t)some_amount(p); break;
    case 4: changed = amount + 1; break;
    default: changed = amount - 1; break;
    }
    s->amount = (int32_t)changed;
}

/* Any byte of a step: a small value, a flipped bit, one more or less, or that of another step. */
static void change_field(struct program *p)
{
    size_t at = below(p, STEP);
    uint8_t *field = (uint8_t *)&p->steps[below(p, p->count)] + at;
    switch (below(p, 5)) {
    case 0: *field = small(p); break;
    case 1: *field = (uint8_t)(*field ^ 1u << below(p, 8)); break;
    case 2: *field = (uint8_t)(*field + 1 + below(p, NEAR)); break;
    case 3: *field = (uint8_t)(*field - 1 - below(p, NEAR)); break;
    default: *field = ((const uint8_t *)&p->steps[below(p, p->count)])[at]; break;
    }
}

/* Acts for another person everywhere in a range: histories of one become those of two. */
static void change_person(struct program *p)
{
    size_t at, count = range(p, &at);
    uint8_t person = small(p);
    for (size_t i = at; i < at + count; i++) p->steps[i].person = person;
}

static void change(struct program *p)
{
    static void (*const changes[])(struct program *) = {
        insert, insert,        repeat,       delete,       swap,
        repeat, change_amount, change_field, change_field, change_person};
    if (p->count == 0) {
        insert(p);
        return;
    }
    changes[below(p, sizeof(changes) / sizeof(*changes))](p);
}

size_t mutate_program(uint8_t *data, size_t size, size_t size_max, uint64_t seed)
{
    static struct step steps[STEPS_MAX];
    struct program p = {.steps = steps, .count = program_steps(size), .random = seed};
    p.max = program_steps(size_max);
    if (p.count > p.max) p.count = p.max;
    memcpy(steps, data, p.count * STEP);
    for (size_t n = 1 + below(&p, CHANGES); n > 0; n--) change(&p);
    memcpy(data, steps, p.count * STEP);
    return p.count * STEP;
}

size_t mutate_join(const uint8_t *a, size_t size_a, const uint8_t *b, size_t size_b, uint8_t *out,
                   size_t size_max, uint64_t seed)
{
    struct program p = {.max = program_steps(size_max), .random = seed};
    size_t first = below(&p, program_steps(size_a) + 1);
    if (first > p.max) first = p.max;
    size_t last = below(&p, program_steps(size_b) + 1);
    if (last > p.max - first) last = p.max - first;
    if (first > 0) memcpy(out, a, first * STEP);
    if (last > 0)
        memcpy(out + first * STEP, b + (program_steps(size_b) - last) * STEP, last * STEP);
    return (first + last) * STEP;
}
