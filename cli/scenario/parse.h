/* cli/scenario/parse.h -- a line of a scenario file as a statement (docs/SCENARIOS.md).
 * Knows the language, nothing of states, servers or what an operation answers.
 * Owns: nothing but the array scenario_read() returns. */
#ifndef CLI_SCENARIO_PARSE_H
#define CLI_SCENARIO_PARSE_H

#include "cli/scenario/statement.h"

/* Reads one line. 1 = `ret` is a statement (its text is the caller's to set), 0 = the line is empty
 * or a comment, -1 = it is wrong and `error` says how, in one line without the line number. */
int scenario_parse_line(const char *line, struct statement *ret, char error[SCENARIO_ERROR_SIZE]);

/* Reads a whole text (zero-terminated). False if any line is wrong; then every wrong line's number
 * was given to `report`, and what is wrong with it; if all can be read, the same for every line
 * that asks for a request of which none before it says enough (scenario_originals.h). The scenario
 * is the caller's, to be given to scenario_free(). */
bool scenario_read(const char *text, struct scenario *ret,
                   void (*report)(void *context, unsigned line, const char *message),
                   void *context);
void scenario_free(struct scenario *scenario);

/* When it begins: the time of an `at` in front of everything but `limits`, else 2025-06-02T09:00.
 */
uint64_t scenario_start_ms(const struct scenario *scenario);

#endif
