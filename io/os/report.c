/* io/os/report.c -- formats lines and queues them for the thread that writes them. */
#include "io/os/report.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HEAD_MAX  64u /* time and level */
#define LINE_SIZE (HEAD_MAX + REPORT_TEXT_MAX + 2)

/* stderr belongs to the whole process, and so does its queue. All of it is under `lock`. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t filled, drained;
    bool threaded; /* the thread is there */
    bool writing;  /* it has taken bytes and not come back */
    unsigned dropped;
    size_t size;
    char bytes[REPORT_QUEUE_SIZE];
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER,
           .filled = PTHREAD_COND_INITIALIZER,
           .drained = PTHREAD_COND_INITIALIZER};

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

static void put(const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t done = write(STDERR_FILENO, bytes, size);
        if (done <= 0) return; /* nobody is left to tell */
        bytes += done;
        size -= (size_t)done;
    }
}

/* ---- the thread ---- */

/* With the lock. The line about what was dropped stands where it was dropped: before what fits. */
static void append(const char *line, size_t size)
{
    char lost[HEAD_MAX + 64];
    size_t lost_size = 0;
    if (queue.dropped != 0) {
        int at = head(lost, HEAD_MAX, REPORT_WARNING);
        at += snprintf(lost + at, sizeof lost - (size_t)at,
                       "%u lines were dropped: stderr took none\n", queue.dropped);
        lost_size = (size_t)at;
    }
    if (size + lost_size > sizeof queue.bytes - queue.size) {
        queue.dropped++;
        return;
    }
    memcpy(queue.bytes + queue.size, lost, lost_size);
    memcpy(queue.bytes + queue.size + lost_size, line, size);
    queue.size += lost_size + size;
    queue.dropped = 0;
    pthread_cond_signal(&queue.filled);
}

static void *write_lines(void *unused)
{
    static char bytes[REPORT_QUEUE_SIZE]; /* of the one thread */
    pthread_mutex_lock(&queue.lock);
    for (;;) {
        while (queue.size == 0) pthread_cond_wait(&queue.filled, &queue.lock);
        size_t size = queue.size;
        memcpy(bytes, queue.bytes, size);
        queue.size = 0;
        queue.writing = true;
        pthread_mutex_unlock(&queue.lock);
        put(bytes, size);
        pthread_mutex_lock(&queue.lock);
        queue.writing = false;
        pthread_cond_signal(&queue.drained);
    }
    return unused;
}

void report_begin(void)
{
    sigset_t all, before;
    pthread_t thread;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* inherited: the thread takes no signal */
    pthread_mutex_lock(&queue.lock);
    queue.threaded = pthread_create(&thread, NULL, write_lines, NULL) == 0;
    if (queue.threaded) pthread_detach(thread);
    pthread_mutex_unlock(&queue.lock);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void report_end(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += REPORT_END_MS / 1000;
    pthread_mutex_lock(&queue.lock);
    while (queue.threaded && (queue.size != 0 || queue.writing)) {
        if (pthread_cond_timedwait(&queue.drained, &queue.lock, &until) != 0) break;
    }
    pthread_mutex_unlock(&queue.lock);
}

void report(enum report_level level, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list args;
    int at = head(line, HEAD_MAX, level);
    va_start(args, format);
    int size = vsnprintf(line + at, REPORT_TEXT_MAX, format, args);
    va_end(args);
    if (size < 0) return;
    at += size < (int)REPORT_TEXT_MAX ? size : (int)REPORT_TEXT_MAX - 1;
    line[at++] = '\n';
    pthread_mutex_lock(&queue.lock);
    bool threaded = queue.threaded;
    if (threaded) append(line, (size_t)at);
    pthread_mutex_unlock(&queue.lock);
    if (!threaded) put(line, (size_t)at);
}
