/* cli/scenario/reply.h -- a reply beside what a line wants of it, compared and as text. */
#ifndef CLI_SCENARIO_REPLY_H
#define CLI_SCENARIO_REPLY_H

#include "cli/scenario/statement.h"
#include "core/format/reply.h"

#define SCENARIO_REPLY_SIZE 400u
#define SCENARIO_TAKEN_SIZE 96u

bool reply_is_wanted(const struct wanted_reply *wanted, const struct gj_reply *reply,
                     const struct gj_reply_sources *sources);
/* "OK moved=1.00 balance=2.00 remainder=0.00"; of what is wanted only what was written. */
void reply_describe(const struct gj_reply *reply, const struct gj_reply_sources *sources,
                    char ret[SCENARIO_REPLY_SIZE]);
/* " taken=1.00,0.50,0.00", of so many sources. */
void taken_describe(const int64_t *taken, unsigned count, char ret[SCENARIO_TAKEN_SIZE]);
void wanted_describe(const struct wanted_reply *wanted, char ret[SCENARIO_REPLY_SIZE]);

#endif
