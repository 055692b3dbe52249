/* io/os/report.h -- lines on stderr for the people who operate the server.
 *
 * One call writes one line: `2026-11-30T01:40:12.345Z WARNING the clock is 3 s behind the log`. The
 * time is the wall clock in UTC. The levels are INFO, WARNING and ERROR.
 * A line never waits for its reader. If stderr is a pipe or a terminal that takes nothing now, the
 * line is dropped and counted, and the next line that goes out says how many were dropped.
 * Threading: any thread. Each line leaves in one write, so lines of threads do not mix. */
#ifndef IO_OS_REPORT_H
#define IO_OS_REPORT_H

enum report_level {
    REPORT_INFO,    /* what happens as it should: a start, a stop, progress */
    REPORT_WARNING, /* it goes on, but somebody should look */
    REPORT_ERROR,   /* something was refused or ended because of this */
};

/* Text longer than this is cut. Whole, a line is written without interruption (PIPE_BUF). */
#define REPORT_TEXT_MAX 2048u

/* The format gives one line without its end. */
__attribute__((format(printf, 2, 3))) void report(enum report_level level, const char *format, ...);

#endif
