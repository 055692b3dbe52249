/* core/decide/originals.h -- finding what an operation refers to. Nothing is kept in memory for a
 * finished payment. Its record is found by its rid, as for a retry. The latest record that amended
 * it (refunded, reversed, ended it) is found by a second entry of the rid window. So an operation
 * costs 8 bytes, and 8 more if it was amended. Private to core/decide/ and core/query/. */
#ifndef CORE_DECIDE_ORIGINALS_H
#define CORE_DECIDE_ORIGINALS_H

#include "core/decide/decide.h"
#include "core/state/tables.h"

/* Each looks through the fetched records at hand and returns NULL if it is not there. */

/* The record of (person, rid), whatever came of it. */
const struct fetched_record *original_find(const struct decide_input *in, uint64_t person,
                                           const struct gj_rid *rid);
/* The REVERSE that made a tombstone of (person, rid). */
const struct fetched_record *tombstone_find(const struct decide_input *in, uint64_t person,
                                            const struct gj_rid *rid);
/* The latest record that refunded, reversed, captured to the end, released, accepted, returned or
 * expired the original (person, rid). */
const struct fetched_record *amended_find(const struct decide_input *in, uint64_t person,
                                          const struct gj_rid *rid);

#endif
