/* cli/scenario/originals.h -- whether each line that goes on with an earlier request has one: most
 * often a name without one was mistyped, and that is said before anything runs. */
#ifndef CLI_SCENARIO_ORIGINALS_H
#define CLI_SCENARIO_ORIGINALS_H

#include "cli/scenario/statement.h"

/* True: before each `replay` its request is sent; each operation on an original and each `op` of an
 * expectation knows whose that is, from a line before or from person=, and `accept` and `return`
 * who acts. Else each line where it is not so goes to `report`, as with scenario_read(). */
bool scenario_originals_check(const struct scenario *scenario,
                              void (*report)(void *context, unsigned line, const char *message),
                              void *context);

#endif
