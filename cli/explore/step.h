/* cli/explore/step.h -- a sequence of operations as the fuzzer keeps it: every request id is a
 * name, so steps can be dropped, repeated and exchanged and still refer to each other. A step says
 * what a line of a scenario file says, no more: what fails here fails there. Owns: the array of
 * steps. */
#ifndef CLI_EXPLORE_STEP_H
#define CLI_EXPLORE_STEP_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/scenario/target.h"

#define FUZZ_STEPS_MAX 100000u /* of a sequence */

enum fuzz_kind {
    FUZZ_OPERATION,
    FUZZ_ADVANCE, /* log time goes on */
    FUZZ_CRASH,   /* the state is dropped and built again from the log */
    FUZZ_RULE,    /* from here on the `always` line of this number holds */
};

struct fuzz_step {
    enum fuzz_kind kind;
    uint32_t rid, original; /* names of rids, numbers from 1; original 0 = has none */
    int64_t rid_offset_ms;  /* the rid's time less log time, when the name is new */
    bool next_version;      /* of a region: one more than the last, whatever that is */
    uint64_t advance_ms;
    uint32_t rule;
    struct gj_op op; /* all but the rid */
    uint8_t ext[GJ_EXT_MAX][GJ_RECORD_UNIT];
};

struct fuzz_sequence {
    struct scenario_limits limits;
    struct fuzz_step *steps;
    size_t count, capacity;
    uint32_t names; /* the largest number of a name */
};

/* Adds a copy at the end. False: out of memory. */
bool fuzz_sequence_add(struct fuzz_sequence *sequence, const struct fuzz_step *step);
/* `ret`, which has an array of its own or none, becomes a copy. False: out of memory. */
bool fuzz_sequence_copy(struct fuzz_sequence *ret, const struct fuzz_sequence *from);
void fuzz_sequence_free(struct fuzz_sequence *sequence);
/* Operations in it. */
size_t fuzz_sequence_operations(const struct fuzz_sequence *sequence);

/* GJ_OP_* flags of a type; 0 for one that does not exist. */
unsigned fuzz_op_flags(uint8_t type);

#endif
