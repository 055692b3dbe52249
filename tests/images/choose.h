/* tests/images/choose.h -- which of the steps that a crash may undo are there in the k-th image of
 * a point: first every subset (while they are few), then torn ones. */
#ifndef TESTS_IMAGES_CHOOSE_H
#define TESTS_IMAGES_CHOOSE_H

#include "tests/images/crash_disk.h"

enum image_kind {
    IMAGE_SUBSET,    /* each step as a whole or not at all */
    IMAGE_TORN,      /* one write has only its first or its last sectors */
    IMAGE_SCATTERED, /* any sectors of any writes */
    IMAGE_BYTES,     /* the last write ends at a byte: more than a disk does */
    IMAGE_KINDS
};
extern const char *const image_kind_names[IMAGE_KINDS];

/* The choice for image `k` of at most `quota`; false if the point has no more different ones. */
NODISCARD bool choose(const struct crash_disk *disk, uint64_t k, uint64_t quota, uint64_t *random,
                      struct choice *ret, enum image_kind *kind);
/* Any of the steps on their way, as a whole: what a killed process leaves. */
void choose_landed(const struct crash_disk *disk, uint64_t *random, struct choice *ret);

#endif
