/* tests/sim/short_load.h -- the shortest load that says something: one client that opens persons
 * and brings them money, notes what it is told, and later asks for it again. For tests of the
 * machine and of single failures; long histories are those of test_sim. */
#ifndef TESTS_SIM_SHORT_LOAD_H
#define TESTS_SIM_SHORT_LOAD_H

#include "core/format/op.h"
#include "core/format/policy.h"
#include "core/format/reply.h"
#include "tests/sim/sim.h"

#define SHORT_PERSONS    3u
#define SHORT_DEPOSITS   9u
#define SHORT_OPERATIONS (1u + SHORT_PERSONS + SHORT_DEPOSITS)

struct short_load {
    struct sim_peer peer;
    bool verifies;
    uint32_t sent, answered;                 /* operations of this connection */
    bool told[SHORT_OPERATIONS];             /* ... ever: an outcome, in */
    struct gj_reply reply[SHORT_OPERATIONS]; /* this */
    bool turned_away; /* READ_ONLY, OVERLOADED, OUTCOME_UNKNOWN ... was an answer */
    bool asked;       /* for the persons */
    bool done;        /* every operation has its outcome and was, if it verifies, compared */
    uint8_t in[2048];
    uint32_t in_size;
    uint64_t serial; /* of the life: timers of an earlier one do nothing */
    char fault[200]; /* what it was told that cannot be, empty = nothing */
};

/* The operation `i`, as every short load sends it. */
void short_load_operation(uint32_t i, struct gj_op *op, struct gj_region_ext *ext);

void short_load_init(struct short_load *load);
/* Call before sim_boot(): connects as soon as somebody listens, sends what has no outcome yet, and
 * terminates the server when all is answered or after 100 s. Verifying, it sends everything once
 * more, expects the same outcomes, and then balances that say that each was executed once. */
void short_load_boot(struct short_load *load, bool verifies);
/* It ends its connection, if it has one, and does not come again. */
void short_load_leave(struct short_load *load);

#endif
