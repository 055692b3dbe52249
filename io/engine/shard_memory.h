/* io/engine/shard_memory.h -- one shard with its log in memory: the state, every record it ever
 * wrote, and a clock that stands still until it is told. The whole life of operations without disk,
 * sockets or time: scenarios in process, the model's comparison, fuzzing, tests.
 *
 * It does what the server does around core/: rounds of needs(), records in front
 * (DECISION_EXPIRE_FIRST), append and commit, redo. Threading: one owner. Nothing is durable. */
#ifndef IO_ENGINE_SHARD_MEMORY_H
#define IO_ENGINE_SHARD_MEMORY_H

#include "core/core.h"

struct shard_memory {
    struct state *s;
    struct state_config config;
    uint64_t time_ms; /* log time of the next operation or read; only ever raise it */
    bool read_only;
    uint8_t *log;    /* the record at position p begins at log + 64 p; position 0 is not used */
    uint64_t *times; /* log time of the record that begins at each position */
    uint64_t lines;  /* positions used, 1 at first */
    uint64_t lines_max;
    uint64_t state_bytes; /* of memory at s */
};

/* An empty shard; `lines_max` 64-byte lines is the room its log has (a transfer takes 2, nothing
 * more than 9). NULL: out of memory, or the configuration is out of range. */
struct shard_memory *shard_memory_new(const struct state_config *config, uint64_t lines_max);
void shard_memory_free(struct shard_memory *shard);

/* Back to an empty shard of the same or another configuration, at a cost of what may have been
 * used: region ids up to `region_max`, and all else. False: the configuration needs more memory
 * than the shard was made with; then nothing changed. */
NODISCARD bool shard_memory_clear(struct shard_memory *shard, const struct state_config *config,
                                  uint32_t region_max);

/* True while the log has room for one more operation of any kind, and for the expiries of all that
 * is open (5 lines each). */
bool shard_memory_room(const struct shard_memory *shard);

/* Executes `op` (its extension lines behind it) at shard->time_ms and returns what was decided;
 * `sources` is all zero unless the reply has them. Asserts that there is room. The position of its
 * record, 0 if it wrote none, goes to `ret_position` unless NULL. */
enum decision_kind shard_memory_execute(struct shard_memory *shard, const struct gj_op *op,
                                        struct gj_reply *reply, struct gj_reply_sources *sources,
                                        uint64_t *ret_position);
/* Answers a read (its lines behind it) at shard->time_ms; as query(). */
uint32_t shard_memory_query(struct shard_memory *shard, const struct gj_read *read, void *out,
                            uint32_t capacity);
/* Writes down what is due at shard->time_ms, at most `max` of it; returns how many. What that
 * changes: see expire_due(). */
uint32_t shard_memory_expire(struct shard_memory *shard, uint32_t max);

/* Commits every record of the shard to `fresh`, an empty state of the same configuration. False if
 * a record cannot be read back, or digest, seq or floor are then not the shard's. */
NODISCARD bool shard_memory_replay(const struct shard_memory *shard, struct state *fresh);
/* Builds an empty state from the records alone and takes it in place of the old one: what a crash
 * and recovery do. False if a record cannot be read back or digest, seq or floor differ (the old
 * state is kept), or out of memory. */
bool shard_memory_redo(struct shard_memory *shard);

#endif
