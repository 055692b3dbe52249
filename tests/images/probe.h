/* tests/images/probe.h -- recovers one image with the real io/log/recovery.c and judges what came
 * out. */
#ifndef TESTS_IMAGES_PROBE_H
#define TESTS_IMAGES_PROBE_H

#include "tests/images/content.h"
#include "tests/images/files.h"
#include "tests/images/groups.h"

/* What is known about an image before it is recovered. */
struct expectation {
    const struct group *acknowledged; /* and all before it: NULL = nothing */
    const struct group *certain;      /* stands in the image: where to begin to look */
};

enum depth {
    DEPTH_ONCE,  /* recover */
    DEPTH_TWICE, /* once more: it changes nothing and finds the same */
    DEPTH_GO_ON, /* then begin the next generation, seal it, and recover that */
};

/* Changes `c` as recovery does. NULL, or what is wrong (valid until the next call). */
const char *probe(struct content *c, const struct expectation *expect, enum depth depth);
/* Recovers and begins the next generation; every step goes to `events`, with a DISK_TRACE_RELEASED
 * (op = index of the event that wrote the group, 0 = what was recovered) where a server would
 * answer. The group that was recovered goes to `ret`. */
const char *probe_life(struct content *c, const struct expectation *expect, struct events *events,
                       const struct group **ret);
/* Recoveries so far. */
uint64_t probe_count(void);
/* Of them, those that cut a torn tail. */
uint64_t probe_cuts(void);

#endif
