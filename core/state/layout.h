/* core/state/layout.h -- what a state is made of, part by part: ONE table, from which its size, its
 * pointers and its digest are made, by which it is set back to what it was, and in which it is
 * found what a snapshot has to copy.
 *
 * A new part needs its row here, its pointer of the same name in struct state, and its line in
 * state_init(). */
#ifndef CORE_STATE_LAYOUT_H
#define CORE_STATE_LAYOUT_H

#include "core/state/tables.h"

enum layout_kind {
    LAYOUT_STORED,  /* nothing else says it: a snapshot copies it */
    LAYOUT_REBUILT, /* finds what is stored: it can be made anew from that */
    LAYOUT_SUMMED   /* sums over what is stored */
};

/* What changes together and is copied together. */
enum layout_unit {
    LAYOUT_WHOLE,  /* the part as one */
    LAYOUT_SLOT,   /* one element: of a person, family or institution */
    LAYOUT_REGION, /* one element: of a region */
    LAYOUT_PAIR    /* one element: of two regions, in a row for each region */
};

/* X(part, bytes of an element, elements, member of struct state_memory it is counted in, kind,
 *   unit, digest, guard, writer)
 *
 * In the order in which they lie in memory; `c` is the configuration.
 *   digest   the function of core/state/digest.c that counts it; `nothing`: another part's does, or
 *            it is left out (core/state/state.h says what)
 *   guard    the fields of a record that name the elements it changes: what commit() is about to
 *            write is known before it writes
 *   writer   the files that write it
 * Of the holds only the entries are stored; their hash and heap could be rebuilt. */
/* clang-format off */
#define LAYOUT_MAP(X)                                                                              \
    X(header, sizeof(struct state), 1, other, STORED, WHOLE, header,                               \
      "every record", "core/commit/commit.c")                                                      \
    X(persons, sizeof(struct person), c->persons_max, persons, STORED, SLOT, persons,              \
      "slot_first, slot_other, slot_relative",                                                     \
      "core/commit/: posting, hold, register, account, commit")                                    \
    X(persons_cold, sizeof(struct person_cold), c->persons_max, persons, STORED, SLOT, nothing,    \
      "as persons; hold: also the neighbours in a chain",                                          \
      "core/commit/: posting, hold, register, amend")                                              \
    X(families, sizeof(struct family), c->families_max, families, STORED, SLOT, families,          \
      "family, family_relative", "core/commit/: register, posting")                                \
    X(institutions, sizeof(struct institution), c->institutions_max,                               \
      institutions, STORED, SLOT, institutions,                                                    \
      "slot_other", "core/commit/: register, posting")                                             \
    X(days, GJ_INSTITUTION_DAYS * sizeof(struct institution_day), c->institutions_max,             \
      institutions, STORED, SLOT, days,                                                            \
      "slot_other", "core/commit/posting.c")                                                       \
    X(regions, sizeof(struct region), GJ_REGIONS_MAX, regions, STORED, REGION, regions,            \
      "arg of SET_REGION", "core/commit/register.c")                                               \
    X(books, sizeof(struct book), GJ_REGIONS_MAX, regions, SUMMED, REGION, nothing,                \
      "region_source, region_target, region[]",                                                    \
      "core/commit/: posting, register, account, amend")                                           \
    X(gross, sizeof(i128), GJ_REGIONS_MAX * GJ_REGIONS_MAX, regions, STORED, PAIR, nothing,        \
      "region_source or region[], region_target", "core/commit/posting.c")                         \
    X(premium_payable, PREMIUM_YEARS * sizeof(i128), GJ_REGIONS_MAX,                               \
      regions, STORED, REGION, nothing,                                                            \
      "region_target", "core/commit/: posting, amend")                                             \
    X(persons_index, 1, index_size(c->persons_max), person_index, REBUILT, WHOLE, nothing,         \
      "slot_first of OPEN_PERSON", "core/state/index.c")                                           \
    X(institutions_index, 1, index_size(c->institutions_max),                                      \
      institutions, REBUILT, WHOLE, nothing,                                                       \
      "slot_other of SET_INSTITUTION", "core/state/index.c")                                       \
    X(rids, 1, rid_window_size(c->rids_max, c->rids_ahead_max) - rid_ahead_size(c->rids_ahead_max),\
      rids, STORED, WHOLE, nothing,                                                                \
      "every record", "core/state/rid_window.c")                                                   \
    X(rids_ahead, 1, rid_ahead_size(c->rids_ahead_max), rids_ahead, STORED, WHOLE, nothing,        \
      "every record", "core/state/rid_ahead.c")                                                    \
    X(holds, 1, holds_size(c->holds_max), holds, STORED, WHOLE, holds,                             \
      "entry", "core/state/holds.c, core/commit/hold.c")                                           \
    X(walk, 1, walk_size(c), other, REBUILT, WHOLE, nothing,                                       \
      "none: a reader's place", "core/state/walk.c")
enum layout_index {
#define X(name, ...) LAYOUT_##name,
    LAYOUT_MAP(X)
#undef X
    LAYOUT_PARTS
};
/* clang-format on */

struct layout_part {
    const char *name;
    enum layout_kind kind;
    enum layout_unit unit;
    const char *guard, *writer;
    uint64_t element, count; /* bytes of one, and how many */
    uint64_t offset; /* of the first byte from the beginning of the state, 64-byte aligned */
};

/* Fills `ret` for a valid configuration; returns the bytes of all parts together. */
uint64_t layout_of(const struct state_config *config, struct layout_part ret[LAYOUT_PARTS]);

/* Calls `each` with every run of bytes of the state `s` that is about the regions named, or about
 * no region: all that can differ from an empty state if no other region was ever set. `offset` is
 * from the beginning of the state. */
void layout_runs(const struct state_config *config, const uint16_t *regions, uint32_t region_count,
                 void (*each)(void *context, uint64_t offset, uint64_t size), void *context);

#endif
