/* fuzz/test_mutate.c -- changed programs are programs: whole steps, never too many, and most of
 * what stood there still stands. */
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"
#include "fuzz/program.h"
#include "tests/test.h"

#define ROUNDS 20000u

static struct step steps[STEPS_MAX];

/* Steps that all differ. */
static size_t fill(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        steps[i] = (struct step){.verb = (uint8_t)i, .amount = (int32_t)(1000 + i), .arg = 7};
    }
    return count * sizeof(struct step);
}

/* How many of the first `count` steps of fill() are still somewhere in the program. */
static size_t kept(size_t count, size_t size)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        struct step want = {.verb = (uint8_t)i, .amount = (int32_t)(1000 + i), .arg = 7};
        bool there = false;
        for (size_t at = 0; at < size / sizeof(want) && !there; at++) {
            there = memcmp(&steps[at], &want, sizeof(want)) == 0;
        }
        found += there;
    }
    return found;
}

TEST(changes_are_of_whole_steps)
{
    size_t longer = 0, shorter = 0, same = 0, torn = 0, lost = 0;
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        size_t size = fill(40);
        size_t changed = mutate_program((uint8_t *)steps, size, sizeof(steps), seed);
        longer += changed > size;
        shorter += changed < size;
        same += changed == size;
        torn += changed % sizeof(struct step) != 0 || changed > sizeof(steps);
        lost += kept(40, changed) < 8; /* four changes, each of eight steps at most */
    }
    CHECK_EQ(torn, 0);
    CHECK_EQ(lost, 0);
    CHECK(longer > ROUNDS / 5 && shorter > ROUNDS / 50 && same > ROUNDS / 5);
}

TEST(the_same_seed_is_the_same_change)
{
    static struct step first[STEPS_MAX];
    size_t size = mutate_program((uint8_t *)steps, fill(9), sizeof(steps), 5);
    memcpy(first, steps, sizeof(steps));
    CHECK_EQ(mutate_program((uint8_t *)steps, fill(9), sizeof(steps), 5), size);
    CHECK(memcmp(first, steps, size) == 0);
    size = LLVMFuzzerCustomMutator((uint8_t *)steps, fill(9), sizeof(steps), 5);
    CHECK(memcmp(first, steps, size) == 0);
}

TEST(from_nothing_and_with_no_room)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        CHECK(mutate_program((uint8_t *)steps, 0, sizeof(steps), seed) % sizeof(steps[0]) == 0);
        CHECK_EQ(mutate_program((uint8_t *)steps, fill(3), 15, seed), 0);
        CHECK(mutate_program((uint8_t *)steps, fill(3) + 5, sizeof(steps[0]), seed) <=
              sizeof(steps[0]));
        size_t full = mutate_program((uint8_t *)steps, fill(STEPS_MAX), sizeof(steps), seed);
        CHECK(full <= sizeof(steps));
    }
}

TEST(joined_programs_begin_and_end_as_theirs)
{
    static struct step a[8], b[8], out[STEPS_MAX];
    memset(a, 0xAA, sizeof(a));
    memset(b, 0xBB, sizeof(b));
    size_t both = 0, wrong = 0;
    for (unsigned seed = 0; seed < 1000; seed++) {
        size_t size = LLVMFuzzerCustomCrossOver((const uint8_t *)a, sizeof(a), (const uint8_t *)b,
                                                sizeof(b), (uint8_t *)out, 10 * sizeof(a[0]), seed);
        size_t count = size / sizeof(a[0]), at = 0;
        while (at < count && out[at].verb == 0xAA) at++;
        both += at > 0 && at < count;
        while (at < count && out[at].verb == 0xBB) at++;
        wrong += at < count || count > 10 || size % sizeof(a[0]) != 0;
    }
    CHECK_EQ(wrong, 0);
    CHECK(both > 500);
}

TEST(as_afl_calls_it)
{
    void *mutator = afl_custom_init(NULL, 1);
    CHECK(mutator != NULL);
    static struct step other[4];
    uint8_t *out = NULL;
    size_t changed = 0;
    for (unsigned i = 0; i < 1000 && mutator != NULL; i++) {
        size_t size = fill(6);
        size_t got = afl_custom_fuzz(mutator, (uint8_t *)steps, size, &out, (uint8_t *)other,
                                     sizeof(other), 7 * sizeof(other[0]));
        CHECK(got % sizeof(other[0]) == 0 && got <= 7 * sizeof(other[0]));
        changed += got != size || memcmp(out, steps, size) != 0;
    }
    CHECK(changed > 900);
    afl_custom_deinit(mutator);
}

TEST_MAIN(T(changes_are_of_whole_steps), T(the_same_seed_is_the_same_change),
          T(from_nothing_and_with_no_room), T(joined_programs_begin_and_end_as_theirs),
          T(as_afl_calls_it))
