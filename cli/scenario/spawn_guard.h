/* cli/scenario/spawn_guard.h -- for commands that start servers of their own: whatever ends them,
 * Ctrl-C, SIGTERM or a bug, no process and no directory of theirs is left behind. */
#ifndef CLI_SCENARIO_SPAWN_GUARD_H
#define CLI_SCENARIO_SPAWN_GUARD_H

#include <sys/types.h>

#include "cli/common/tool.h"

/* Goes on in a child process, with a temporary directory as its TMPDIR: there it returns -1. The
 * process that called waits for the child, ends what still runs below it, removes the directory and
 * returns the exit code: the child's, 128 + the signal that ended it or us, or another after a
 * complaint. A signal to the caller is handed on to the child, which has ten seconds to end. Only
 * SIGKILL to the caller leaves the directory. To be called before anything is allocated; no other
 * child of the caller may run. */
int spawn_guard(const struct command *command);

/* In a child just forked by `parent`: ends with it. */
void end_with_parent(pid_t parent);

#endif
