/* cli/scenario/run.h -- runs the statements of a scenario against a target and says which of them
 * were not as written. After every statement the target counts its books again (AUDIT). */
#ifndef CLI_SCENARIO_RUN_H
#define CLI_SCENARIO_RUN_H

#include <stdio.h>

#include "cli/scenario/parse.h"
#include "cli/scenario/target.h"

struct scenario_result {
    unsigned statements; /* that were run */
    unsigned failed;     /* that were not as written */
    bool broken;         /* the target failed: statements behind that line were not run */
    bool unstarted;      /* there was no target: broken, and nothing was run */
};

/* Prints each line that is not as written to `out` as "FILE:LINE: statement: wanted ..., got ...".
 * With `crash_each` every statement is followed by a crash and recovery. */
struct scenario_result scenario_run(const char *file, const struct scenario *scenario,
                                    struct scenario_target *target, bool crash_each, FILE *out);

#endif
