/* cli/explore/write.h -- a sequence as a scenario file. */
#ifndef CLI_EXPLORE_WRITE_H
#define CLI_EXPLORE_WRITE_H

#include <stdio.h>

#include "cli/explore/run.h"

/* Writes the lines of the steps up to the failure, each with what the model answers; behind the
 * last, if a state was wrong, what the model holds of everything. `run` is used with the model
 * alone, and `failure` is not its own. False: a step cannot be said in the language, or writing
 * failed. */
bool fuzz_write(FILE *out, struct fuzz_run *run, const struct fuzz_sequence *sequence,
                const struct fuzz_failure *failure);

#endif
