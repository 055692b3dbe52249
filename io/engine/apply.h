/* io/engine/apply.h -- redo: brings a state to where its log ends, by committing every record of
 * every group that is handed to it. Nothing is decided again.
 *
 * Owns: nothing; the state is the owner's. Threading: the thread that recovers. */
#ifndef IO_ENGINE_APPLY_H
#define IO_ENGINE_APPLY_H

#include "core/core.h"
#include "io/log/recovery.h"

/* An empty state for a log with this hash seed; NULL if memory is missing. */
typedef struct state *(*apply_state_fn)(void *owner, uint64_t hash_seed);

struct apply {
    apply_state_fn make_state;
    void *owner;
    struct state *state; /* NULL until the log's identity is known */
};

/* What log_recover() calls. `apply` must outlive the recovery. */
struct log_redo apply_redo(struct apply *apply);

#endif
