/* io/os/report.h -- lines on stderr for the people who operate the server.
 *
 * One call gives one line: `2026-11-30T01:40:12.345Z WARNING the clock is 3 s behind the log`. The
 * time is the wall clock in UTC. The levels are INFO, WARNING and ERROR.
 * Between report_begin() and report_end() a thread of its own writes the lines, so nobody waits for
 * a pipe that is full, a terminal that was stopped, or a file on a disk that stands still. Up to
 * REPORT_QUEUE_SIZE bytes wait for it. Lines beyond that are dropped and counted, and the next line
 * that goes out says how many were dropped. Before and after, a line is written at once.
 * Threading: any thread. Lines do not mix. */
#ifndef IO_OS_REPORT_H
#define IO_OS_REPORT_H

enum report_level {
    REPORT_INFO,    /* what happens as it should: a start, a stop, progress */
    REPORT_WARNING, /* it goes on, but somebody should look */
    REPORT_ERROR,   /* something was refused or ended because of this */
};

#define REPORT_TEXT_MAX   2048u /* longer text is cut */
#define REPORT_QUEUE_SIZE 65536u
#define REPORT_END_MS     1000u /* what report_end() waits at most */

/* From now on lines are written by a thread. If there can be none they are written at once, as
 * before. Call once, before signals are blocked or not: the thread takes none. */
void report_begin(void);
/* Waits until the lines so far are written, but not longer than REPORT_END_MS: the program ends. */
void report_end(void);

/* The format gives one line without its end. */
__attribute__((format(printf, 2, 3))) void report(enum report_level level, const char *format, ...);

#endif
