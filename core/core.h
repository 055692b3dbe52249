/* core/core.h -- all of the state machine, for everybody outside: one shard's state and the four
 * functions everything stands on:
 *
 *   needs(op)                       -> log positions of earlier records this operation depends on
 *   decide(state, op, time, ...)    -> a record: outcome and every effect. Changes nothing.
 *   commit(state, record)           -> the only function that changes state. Cannot fail.
 *   query(state, read)              -> an answer. Changes nothing.
 *
 * Live = needs, decide, commit. Redo after a crash = commit. dry_run = decide.
 *
 * Each header below is the manual of its part. Besides this one, others include core/format/ (the
 * bytes) and core/base/. Everything else in core/ is private; what may read the tables of the state
 * all the same is said in core/state/tables.h. */
#ifndef CORE_CORE_H
#define CORE_CORE_H

#include "core/commit/commit.h"  /* commit, record_fits */
#include "core/decide/decide.h"  /* needs, decide, expire_due */
#include "core/query/query.h"    /* query_needs, query */
#include "core/state/prefetch.h" /* the look-ahead of batches */
#include "core/state/state.h"    /* size, init, fill levels, digest, audit, walk */

#endif
