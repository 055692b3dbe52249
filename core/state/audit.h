/* core/state/audit.h -- the checks of state_audit(), one object at a time, so that a walk in steps
 * (core/state/walk.h) can make the same ones. Private to core/state/.
 *
 * Each check returns NULL or the name of what is broken, and adds what the object holds to the
 * sums. audit_totals() compares the sums at the end, when every object was looked at once. */
#ifndef CORE_STATE_AUDIT_H
#define CORE_STATE_AUDIT_H

#include "core/state/tables.h"

struct audit {
    const struct state *s;
    uint64_t seq, time_ms; /* of the state that is looked at */
    struct book *sums;     /* GJ_REGIONS_MAX: what the objects add up to, all zero at first */
    int64_t links;         /* chains that the open holds are in, less those found in chains */
    uint32_t regions, families;
};

const char *audit_region(struct audit *a, uint32_t region);
/* What one region owes another, and what a region holds of the premiums of a year: of a region that
 * is set. */
const char *audit_gross(struct audit *a, uint32_t from, uint32_t to);
const char *audit_premium(struct audit *a, uint32_t region, uint32_t year);
/* The institution, its place in its region's chain, and its days. */
const char *audit_institution(struct audit *a, uint32_t slot);
/* An open hold or pending transfer; nothing if the entry is free. */
const char *audit_hold(struct audit *a, uint32_t entry);
/* A person's chain of holds, then what needs a chain that is sound: the person and its family. */
const char *audit_chain(struct audit *a, uint32_t slot);
const char *audit_person(struct audit *a, uint32_t slot);
const char *audit_family(struct audit *a, uint32_t slot);

/* Persons and institutions are found as often as there are any. */
const char *audit_indexes(const struct state *s);

/* How many of everything there should be. */
struct audit_counts {
    uint32_t regions, families;
};
/* The books, GJ_REGIONS_MAX of them, and the counts against the sums. */
const char *audit_totals(const struct audit *a, const struct book *books,
                         struct audit_counts counts);

#endif
