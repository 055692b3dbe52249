/* tests/blackbox/sweep_log.h -- a log of two segments of 1 MiB with money in it, its bytes,
 * and where in them everything is: what the sweep of damages starts from, again and again.
 *
 * The layout is read from the bytes by this file's own walk over headers and records, not by the
 * reader that is under test. */
#ifndef TESTS_BLACKBOX_SWEEP_LOG_H
#define TESTS_BLACKBOX_SWEEP_LOG_H

#include "io/engine/apply.h"

#define SWEEP_SEGMENTS   2u
#define SWEEP_SEGMENT    (1u << 20)
#define SWEEP_BYTES      (SWEEP_SEGMENTS * (uint64_t)SWEEP_SEGMENT)
#define SWEEP_META_BYTES 4096u
#define SWEEP_GROUPS_MAX 512u

struct sweep_group {
    uint64_t position, size, durable_through;
    uint64_t digest[2]; /* of the state with this group and all before it */
};

struct sweep_log {
    char dir[64];
    struct log_options options;
    struct log_meta meta;
    struct log_sizes sizes;
    uint8_t meta_bytes[SWEEP_META_BYTES];
    uint8_t *bytes;  /* SWEEP_BYTES: the segments, one after the other */
    uint64_t groups; /* group[1 .. groups]; group[0] is the empty log */
    struct sweep_group group[SWEEP_GROUPS_MAX + 1];
    uint64_t end;        /* byte behind the last group, padded */
    uint64_t sealed;     /* the SEAL that log.meta names; 0 = none */
    uint64_t told;       /* last group of which somebody may have been told that it is durable */
    uint64_t early;      /* last group of an older copy, taken at rest in the first segment */
    uint8_t *old_bytes;  /* SWEEP_BYTES: that copy */
    uint8_t *fork_bytes; /* SWEEP_BYTES: what became of the copy when it went on by itself */
};

/* How the log ended: at rest with a SEAL; so and with a clean stop, which noted it; or with four
 * groups in flight, all of which reached the disk and none of which anybody was told of. */
enum sweep_end { SWEEP_SEALED, SWEEP_STOPPED, SWEEP_IN_FLIGHT };

/* Makes the log in a directory of its own, in memory where the system has such a place; asserts
 * that it could. Two logs of one seed have the same operations, not the same bytes. */
struct sweep_log *sweep_log_new(uint64_t seed, enum sweep_end how);
/* Removes the directory too. */
void sweep_log_free(struct sweep_log *log);

/* Writes `bytes` (SWEEP_BYTES) over the segments. */
void sweep_log_write(const struct sweep_log *log, const uint8_t *bytes);

/* "DIR/log.meta" for -1, else the segment's. */
void sweep_log_path(const struct sweep_log *log, int segment, char path[128]);

/* The group whose header, records or padding hold byte `at`; 0 = none. */
uint64_t sweep_log_group_at(const struct sweep_log *log, uint64_t at);

/* An empty state for apply_redo(); `owner` is a struct sweep_state. */
struct sweep_state {
    struct state *state;
    void *memory;
    uint64_t size;
};
struct state *sweep_state_new(void *owner, uint64_t hash_seed);
void sweep_state_free(struct sweep_state *memory);

#endif
