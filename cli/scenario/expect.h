/* cli/scenario/expect.h -- `expect` and `always`: what a state must show. Reading the words is
 * here, looking at a state is cli/scenario/check.h. */
#ifndef CLI_SCENARIO_EXPECT_H
#define CLI_SCENARIO_EXPECT_H

#include "cli/scenario/args.h"

/* Reads everything behind the verb. Errors go to `a`. */
void expectation_read(struct args *a, struct expectation *ret);

/* "quota_left", for messages. Static storage. */
const char *expect_field_name(enum expect_field field);
/* True if the field is a number of something, false if it is an amount in fen. */
bool expect_field_counts(enum expect_field field);

#endif
