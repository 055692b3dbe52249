/* fuzz/log_image.h -- a log as a server would have written it, in memory: operations are decided
 * and committed at the very positions their records get. With segments of 1 MiB, so that an image
 * soon has several.
 *
 * The world in it is one region, one hospital and eight persons; the n-th operation of a log is
 * always the same, whatever groups it falls into. */
#ifndef FUZZ_LOG_IMAGE_H
#define FUZZ_LOG_IMAGE_H

#include "core/core.h"
#include "core/format/log_format.h"

#define IMAGE_SEGMENTS_MAX 3u
#define IMAGE_SEGMENT_MIB  1u
#define IMAGE_SEGMENT      (IMAGE_SEGMENT_MIB << 20)
#define IMAGE_BYTES        ((uint64_t)IMAGE_SEGMENTS_MAX * IMAGE_SEGMENT)
#define IMAGE_GROUPS_MAX   800u
#define IMAGE_PERSONS      8u

/* A group as it was written: what the file held before anything happened to it. */
struct image_group {
    uint64_t position, last_seq, durable_through;
    uint32_t size;
    bool changed; /* not what was written any more; for who does something to it */
};

struct log_image {
    uint8_t *bytes;   /* IMAGE_BYTES; beyond `end` zero at the beginning */
    uint8_t *written; /* likewise: for who does something to the bytes, what they were */
    struct log_meta meta;
    struct log_sizes sizes;
    uint32_t segments;
    struct image_group groups[IMAGE_GROUPS_MAX];
    uint32_t count;
    uint64_t end, dirty_end; /* behind the last group; behind the last byte that is not zero */
    uint64_t last_data;      /* where the last DATA group opened */
    uint64_t made;           /* operations */
    uint64_t generation, time_ms;
    uint8_t prev_checksum[16];
    struct state *s;
    void *memory; /* the state's */
};

extern const struct state_config image_config;

/* Once. Ends the process if there is no memory. */
void image_begin(struct log_image *image);
/* An empty log: no group. */
void image_clear(struct log_image *image);

/* One more group; false if there is no room. `behind`: how many groups before it are not known to
 * be durable (the disk has up to four at once). */
bool image_mark(struct log_image *image, enum log_group_kind kind, unsigned behind);
/* With `count` operations, or as many as fit, `later_ms` after the group before. */
bool image_data(struct log_image *image, unsigned count, unsigned behind, uint64_t later_ms);

static inline struct log_group *image_at(const struct log_image *image, uint32_t group)
{
    return (struct log_group *)(void *)(image->bytes + image->groups[group].position);
}

#endif
