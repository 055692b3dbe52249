/* io/os/report.c -- formats a line and writes it if stderr takes it at once. */
#include "io/os/report.h"

#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define HEAD_MAX 64u /* time and level */

/* stderr belongs to the whole process, and so does this. */
static _Atomic unsigned lines_dropped;

static const char *const level_names[] = {
    [REPORT_INFO] = "INFO", [REPORT_WARNING] = "WARNING", [REPORT_ERROR] = "ERROR"};

static int head(char *to, size_t size, enum report_level level)
{
    struct timespec now;
    struct tm utc;
    char day[32];
    if (clock_gettime(CLOCK_REALTIME, &now) != 0 || gmtime_r(&now.tv_sec, &utc) == NULL) {
        return snprintf(to, size, "- %s ", level_names[level]);
    }
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &utc);
    return snprintf(to, size, "%s.%03ldZ %s ", day, now.tv_nsec / 1000000, level_names[level]);
}

/* A pipe that is writable takes PIPE_BUF bytes at once, and a line is never longer. */
static bool takes_a_line(void)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) != 0;
}

static bool put(const char *line, int size)
{
    return takes_a_line() && write(STDERR_FILENO, line, (size_t)size) == size;
}

/* What could not be said is at least counted. */
static void put_dropped(void)
{
    char line[HEAD_MAX + 64];
    unsigned dropped = atomic_exchange(&lines_dropped, 0);
    if (dropped == 0) return;
    int at = head(line, HEAD_MAX, REPORT_WARNING);
    int size = snprintf(line + at, sizeof line - (size_t)at,
                        "%u lines were dropped: stderr was full\n", dropped);
    if (!put(line, at + size)) atomic_fetch_add(&lines_dropped, dropped);
}

void report(enum report_level level, const char *format, ...)
{
    char line[HEAD_MAX + REPORT_TEXT_MAX + 2];
    va_list args;
    int at = head(line, HEAD_MAX, level);
    va_start(args, format);
    int size = vsnprintf(line + at, REPORT_TEXT_MAX, format, args);
    va_end(args);
    if (size < 0) return;
    at += size < (int)REPORT_TEXT_MAX ? size : (int)REPORT_TEXT_MAX - 1;
    line[at++] = '\n';
    put_dropped();
    if (!put(line, at)) atomic_fetch_add(&lines_dropped, 1);
}
