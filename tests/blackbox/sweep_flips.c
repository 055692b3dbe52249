/* tests/blackbox/sweep_flips.c -- puts every flipped bit to the questions recovery asks. */
#include "tests/blackbox/sweep_flips.h"

#include <stdlib.h>

#define HEADER sizeof(struct log_group)

enum where { IN_GROUP, IN_PADDING, ELSEWHERE };

/* Answers for a flip: flips of one group with the same answers come out the same. */
struct answers {
    enum where where;
    uint64_t group;
    bool verifies, newer, foreign;
};

struct sweep {
    struct sweep_flips *flips;
    struct sweep_place *place;
    int *known; /* code of each kind of answers, + 1; 0 = not recovered yet */
};

static struct answers ask(const struct sweep_place *place, uint64_t at)
{
    const struct sweep_log *log = place->log;
    const struct log_meta *meta = &log->meta;
    uint64_t block = at - at % LOG_BLOCK_SIZE;
    uint64_t segment_end = (at / SWEEP_SEGMENT + 1) * SWEEP_SEGMENT;
    struct answers ret = {.where = ELSEWHERE, .group = sweep_log_group_at(log, at)};
    uint64_t begin = block;
    if (ret.group != 0) {
        const struct sweep_group *group = &log->group[ret.group];
        begin = group->position;
        ret.where = at < begin + group->size ? IN_GROUP : IN_PADDING;
    }
    ret.verifies = log_group_verify(place->now + begin, segment_end - begin, begin, meta);
    if (begin != block && log_group_verify(place->now + block, segment_end - block, block, meta)) {
        ret.verifies = true; /* a group inside a group: wrong in any case */
        ret.where = ELSEWHERE;
    }
    ret.newer = log_group_newer(place->now + block, segment_end - block, block, meta->log_id);
    ret.foreign = log_group_foreign(place->now + block, segment_end - block, block, meta->log_id);
    return ret;
}

static bool answers_are_right(const struct answers *a)
{
    return a->verifies == (a->where == IN_PADDING);
}

static int *known_of(const struct sweep *sweep, const struct answers *a)
{
    uint64_t kind = (uint64_t)a->where * 4 + (a->newer ? 2u : 0u) + (a->foreign ? 1u : 0u);
    return &sweep->known[a->group * 12 + kind];
}

static void count(struct sweep_flips *flips, const struct answers *a, int code)
{
    flips->flips++;
    if (code != 0) {
        flips->refused++;
    } else if (a->where == IN_GROUP) {
        flips->cut++;
    } else {
        flips->harmless++;
    }
}

static void flip(struct sweep *sweep, uint64_t at, uint32_t bit)
{
    struct sweep_flips *flips = sweep->flips;
    struct sweep_place *place = sweep->place;
    place->now[at] ^= (uint8_t)(1u << bit);
    struct answers a = ask(place, at);
    place->now[at] ^= (uint8_t)(1u << bit);
    int *known = known_of(sweep, &a);
    bool good = answers_are_right(&a);
    if (good && (*known == 0 || flips->flips % flips->recover_every == 0)) {
        struct sweep_verdict verdict;
        uint8_t changed = place->now[at] ^ (uint8_t)(1u << bit);
        sweep_place_change(place, at, &changed, 1);
        good = sweep_place_judge(place, &verdict);
        sweep_place_restore(place);
        if (*known == 0) *known = verdict.code + 1;
        if (*known != verdict.code + 1) good = false;
    }
    count(flips, &a, *known - 1);
    if (good) return;
    if (flips->wrong++ == 0) {
        flips->wrong_at = at;
        flips->wrong_bit = bit;
    }
}

static bool in_header(const struct sweep_log *log, uint64_t at)
{
    uint64_t group = sweep_log_group_at(log, at);
    return group != 0 && at < log->group[group].position + HEADER;
}

/* A multiple of an odd number: the bits of one byte come in any order, each once. */
static uint32_t bit_of(const struct sweep_flips *flips, uint64_t at, uint64_t n)
{
    uint64_t mixed = (at + flips->seed) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)((mixed >> 40) + n * 3) % 8;
}

void sweep_flips_run(struct sweep_flips *flips, struct sweep_place *place)
{
    struct sweep sweep = {.flips = flips, .place = place};
    sweep.known = calloc((place->log->groups + 1) * 12, sizeof(*sweep.known));
    ASSERT(sweep.known != NULL);
    for (uint64_t at = 0; at < SWEEP_BYTES; at++) {
        bool wanted = (at + flips->seed) % flips->every == 0 || in_header(place->log, at);
        for (uint64_t n = 0; wanted && n < flips->bits; n++) flip(&sweep, at, bit_of(flips, at, n));
    }
    free(sweep.known);
}

bool sweep_flips_one(struct sweep_place *place, uint64_t at, uint32_t bit)
{
    uint8_t changed = place->now[at] ^ (uint8_t)(1u << bit);
    sweep_place_change(place, at, &changed, 1);
    struct answers a = ask(place, at);
    bool good = sweep_place_judge(place, NULL);
    sweep_place_restore(place);
    return good && answers_are_right(&a);
}
