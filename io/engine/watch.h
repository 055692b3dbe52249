/* io/engine/watch.h -- says in one line on stderr, with numbers, when a state of the whole server
 * begins and when it ends: READ_ONLY, a disk that finishes nothing, a table that is full, request
 * ids that are remembered for too short a time.
 *
 * Owns: what was said last. A state that stays is not said again, so the lines do not grow with the
 * load. Changes nothing else.
 * Threading: the thread of the engine. */
#ifndef IO_ENGINE_WATCH_H
#define IO_ENGINE_WATCH_H

#include "io/engine/engine.h"

#define WATCH_LOOK_MS      1000u     /* tables and request ids are looked at this often */
#define WATCH_SLOW_DISK_MS 1000u     /* no write of the log was finished for so long: a slow disk */
#define WATCH_REPEATS_MS   86400000u /* request ids are remembered for less: worth a line */
#define WATCH_SHORT_MS     3600000u  /* ... and for less than this again */

struct watch {
    const struct engine *engine;
    struct state_config limits;
    uint64_t low_water_bytes; /* --log-low-water, for the text */
    uint64_t look_ms;         /* the last look at tables and request ids ... */
    uint64_t look_seq;        /* ... when the state was here */
    bool read_only;
    uint64_t read_only_ms;
    uint64_t disk_group, disk_ms; /* the disk finishes nothing since then, 0 = nothing is written */
    bool disk_slow;
    uint32_t full;           /* a bit for each table that is full */
    uint64_t repeats_max_ms; /* the limit below which it was said last, UINT64_MAX = none */
};

/* `limits` and `low_water_bytes` are what the flags say. */
void watch_start(struct watch *w, const struct engine *engine, const struct state_config *limits,
                 uint64_t low_water_bytes);
/* Once per tick, when the disk's completions have been taken. */
void watch_tick(struct watch *w);
/* How long the loop may sleep on its account, in milliseconds; UINT64_MAX = for ever. What happened
 * since the last look is looked at, also if nothing happens any more. */
uint64_t watch_wait_ms(const struct watch *w);

#endif
