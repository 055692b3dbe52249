/* core/state/walk.h -- a look at the whole state in steps, while commits go on between them, that
 * sees every object exactly once and as it was when the walk began. What AUDIT and STATE_DIGEST
 * answer comes from it; core/state/state.h has what a caller needs.
 *
 * The walk goes through the tables in the order of their numbers. Before commit() applies a record
 * it names every object that the record may change (walk_before): one that the walk has not come to
 * is looked at there and then, still unchanged, and marked; where the walk comes by later it takes
 * the mark away instead of looking again. So nothing is copied but the books, 112 KiB; outside of a
 * walk every mark is 0; and an object changed a thousand times costs one look.
 *
 * Naming an object that the record does not change costs one early look and is never wrong; not
 * naming one that it changes is. What belongs to one owner goes with it: a person's object is both
 * its lines, its chain of holds and its family; an institution's its days.
 *
 * Not looked at: the rid window, also the requests ahead of their time, which only state_audit()
 * checks: no digest has them, and no money hangs on them.
 *
 * Private to core/. */
#ifndef CORE_STATE_WALK_H
#define CORE_STATE_WALK_H

#include "core/state/tables.h"

struct walk;

/* While s->walking: `record` is about to be applied. */
void walk_before(struct state *s, const void *record);

/* Of the walk that is over: the seq it saw, the digest, and what is broken or NULL. */
uint64_t walk_seq(const struct state *s);
void walk_digest(const struct state *s, uint64_t ret[2]);
const char *walk_audit(const struct state *s);

#endif
