/* fuzz/fixture.h -- a shard that every input finds in the same state, without building it again.
 *
 * The state lies on private pages over an image in memory. Going back copies from the image all
 * that operations may have changed; the tables of regions that are not set, nearly all of a state,
 * are no part of that. Now and then the pages are dropped as a whole, so that a wrong write there
 * does not stay for ever.
 * Threading: one owner. Whatever fails here (no memory) ends the process. */
#ifndef FUZZ_FIXTURE_H
#define FUZZ_FIXTURE_H

#include "io/engine/shard_memory.h"

/* A state and the image it goes back to. */
struct fixture_state {
    struct state *s;
    const uint8_t *image;
    size_t size;
    uint64_t times; /* that it went back */
};

struct fixture {
    struct shard_memory *shard;    /* for everything of shard_memory.h but redo and free */
    struct fixture_state kept;     /* where each input begins */
    struct fixture_state empty[2]; /* for redo, in turn: one may be the shard's */
    unsigned turn;
    uint64_t lines, time_ms; /* of the shard where each input begins */
};

/* An empty shard at `time_ms`; `lines` of log as for shard_memory_new(). */
void fixture_begin(struct fixture *w, const struct state_config *config, uint64_t lines,
                   uint64_t time_ms);
/* What the shard is now is what fixture_back() goes back to. Once. */
void fixture_keep(struct fixture *w);
void fixture_back(struct fixture *w);
/* Builds a state from the records alone and goes on with it, as after a crash. False if a record
 * cannot be read back or digest, number of records or floor differ; then nothing goes on. */
NODISCARD bool fixture_redo(struct fixture *w);

#endif
