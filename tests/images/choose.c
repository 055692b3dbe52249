/* tests/images/choose.c -- the images of a point. */
#include <stddef.h>
#include <string.h>

#include "tests/images/choose.h"
#include "tests/images/random.h"

#define SUBSETS_OF 6u /* so many steps: every subset */
/* A magic with less than the whole id behind it is a group of another log, which is not cut. Only a
 * cut at a byte can leave that: a sector is there or not. */
#define MAGIC_END offsetof(struct log_group, format_version)
#define ID_END    offsetof(struct log_group, generation)

const char *const image_kind_names[IMAGE_KINDS] = {"subsets", "torn", "scattered", "cut at a byte"};

struct steps {
    uint32_t open[STEPS_MAX], writes[STEPS_MAX];
    uint32_t open_count, write_count;
};

static void find_steps(const struct crash_disk *disk, struct steps *steps)
{
    steps->open_count = crash_disk_open_steps(disk, steps->open);
    steps->write_count = 0;
    for (uint32_t i = 0; i < steps->open_count; i++) {
        if (disk->steps[steps->open[i]].kind != STEP_WRITE) continue;
        steps->writes[steps->write_count++] = steps->open[i];
    }
}

static uint64_t subsets(const struct steps *steps)
{
    uint32_t n = steps->open_count;
    return n <= SUBSETS_OF ? UINT64_C(1) << n : 2 * (uint64_t)n + 2;
}

/* Subset k: of few steps all; of many none, all, each alone, each missing. */
static void choose_subset(const struct steps *steps, uint64_t k, struct choice *ret)
{
    uint32_t n = steps->open_count;
    for (uint32_t i = 0; i < n; i++) {
        bool there = n <= SUBSETS_OF ? (k >> i & 1) != 0
                     : k < 2         ? k == 1
                     : k < 2 + n     ? k - 2 == i
                                     : k - 2 - n != i;
        ret->how[steps->open[i]] = there ? HOW_WHOLE : HOW_NOT;
    }
}

static void choose_any(const struct steps *steps, uint64_t *random, struct choice *ret)
{
    for (uint32_t i = 0; i < steps->open_count; i++) {
        ret->how[steps->open[i]] = (random_next(random) & 1) != 0 ? HOW_WHOLE : HOW_NOT;
    }
}

/* Bytes in which a write changes anything: of zeros over something all. */
static uint64_t extent(const struct step *step)
{
    return step->blocks == NULL ? step->size : step->bytes;
}

/* The last write ends after each of its sectors in turn; the others are all there, none or any. */
static void choose_torn_last(const struct crash_disk *disk, const struct steps *steps, uint64_t k,
                             uint64_t *random, struct choice *ret)
{
    uint32_t last = steps->writes[steps->write_count - 1];
    uint64_t sectors = (extent(&disk->steps[last]) + SECTOR - 1) / SECTOR;
    uint64_t round = k / sectors % 3;
    choose_any(steps, random, ret);
    for (uint32_t i = 0; i < steps->open_count && round < 2; i++) {
        ret->how[steps->open[i]] = round == 0 ? HOW_WHOLE : HOW_NOT;
    }
    ret->how[last] = k % 2 == 0 ? HOW_SECTORS_FIRST : HOW_SECTORS_LAST;
    ret->tear[last] = k % sectors;
}

static void choose_torn_any(const struct crash_disk *disk, const struct steps *steps,
                            uint64_t *random, struct choice *ret)
{
    uint32_t torn = steps->writes[random_below(random, steps->write_count)];
    uint64_t sectors = (extent(&disk->steps[torn]) + SECTOR - 1) / SECTOR;
    choose_any(steps, random, ret);
    ret->how[torn] = (random_next(random) & 1) != 0 ? HOW_SECTORS_FIRST : HOW_SECTORS_LAST;
    ret->tear[torn] = random_below(random, sectors + 1);
}

static void choose_scattered(const struct steps *steps, uint64_t *random, struct choice *ret)
{
    choose_any(steps, random, ret);
    for (uint32_t i = 0; i < steps->write_count; i++) {
        if (random_below(random, 3) == 0) continue;
        ret->how[steps->writes[i]] = HOW_SECTORS_ANY;
        ret->tear[steps->writes[i]] = random_next(random);
    }
}

static void choose_bytes(const struct crash_disk *disk, const struct steps *steps, uint64_t *random,
                         struct choice *ret)
{
    uint32_t last = steps->writes[steps->write_count - 1];
    for (uint32_t i = 0; i < steps->open_count; i++) ret->how[steps->open[i]] = HOW_WHOLE;
    ret->how[last] = HOW_BYTES;
    ret->tear[last] = random_below(random, extent(&disk->steps[last]));
    if (ret->tear[last] >= MAGIC_END && ret->tear[last] < ID_END) ret->tear[last] = ID_END;
}

bool choose(const struct crash_disk *disk, uint64_t k, uint64_t quota, uint64_t *random,
            struct choice *ret, enum image_kind *kind)
{
    struct steps steps;
    memset(ret, 0, sizeof(*ret));
    find_steps(disk, &steps);
    uint64_t first = subsets(&steps);
    *kind = IMAGE_SUBSET;
    if (steps.write_count == 0 && k >= first) return false;
    if (steps.write_count > 0 && first > quota / 2) {
        first = quota / 2 + 1;
        choose_any(&steps, random, ret);
        if (k < first) return true;
    } else if (k < first) {
        choose_subset(&steps, k, ret);
        return true;
    }
    k -= first;
    switch (k % 4) {
    case 0:
        *kind = IMAGE_TORN;
        choose_torn_last(disk, &steps, k / 4, random, ret);
        break;
    case 1:
        *kind = IMAGE_TORN;
        choose_torn_any(disk, &steps, random, ret);
        break;
    case 2:
        *kind = IMAGE_SCATTERED;
        choose_scattered(&steps, random, ret);
        break;
    default:
        *kind = IMAGE_BYTES;
        choose_bytes(disk, &steps, random, ret);
        break;
    }
    return true;
}

void choose_landed(const struct crash_disk *disk, uint64_t *random, struct choice *ret)
{
    struct steps steps;
    memset(ret, 0, sizeof(*ret));
    find_steps(disk, &steps);
    choose_any(&steps, random, ret);
}
