/* io/log/tool.h -- looking at a log from outside, for `gongji log`. Both read only, take no lock
 * and change nothing; beside a running server they see what is on disk. */
#ifndef IO_LOG_TOOL_H
#define IO_LOG_TOOL_H

#include <stdio.h>

struct log_progress;

/* One line per group and record. Both return 0, or the exit code a server would refuse with (74,
 * 77, 78); what is wrong is the last line of `out`. */
int log_dump(const char *dir, FILE *out);
/* Checks checksums, chain, generations, sequence numbers, record sizes, time and floor; redoes
 * nothing. Prints a summary: groups, records, bytes, generations, torn tail, first damage.
 * `progress` (io/log/options.h) may be NULL; if it says stop, 75. */
int log_verify(const char *dir, FILE *out, const struct log_progress *progress);

#endif
