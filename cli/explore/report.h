/* cli/explore/report.h -- what becomes of a sequence that failed: it is made small and written as a
 * scenario file, and the file is replayed to see that it shows the same. */
#ifndef CLI_EXPLORE_REPORT_H
#define CLI_EXPLORE_REPORT_H

#include "cli/explore/jobs.h"

/* Prints what failed, where the file is and how to replay it. `again` is the command that makes
 * the sequence again. Returns the exit code: EXIT_NOT_SO, or EXIT_IO if there is no file. */
int fuzz_report(const struct fuzz_plan *plan, struct fuzz_shared *shared,
                const struct fuzz_result *result, const char *directory, const char *again);

#endif
