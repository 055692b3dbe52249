/* tests/unit/test_report.c -- lines on stderr: nobody waits for a reader, no line is mixed with
 * another, and what was dropped is counted. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/os/report.h"
#include "tests/test.h"

#define LINES 2000u /* of 100 bytes and more: more than what waits and what a pipe holds */

/* A pipe takes the place of stderr; what comes out of it is read when the reader is let go. */
struct pipe_reader {
    int before, from;
    pthread_t thread;
    pthread_mutex_t gate;
    size_t size;
    char bytes[4u << 20];
};

static struct pipe_reader reader;

static void *read_all(void *unused)
{
    pthread_mutex_lock(&reader.gate);
    pthread_mutex_unlock(&reader.gate);
    for (;;) {
        ssize_t got =
            read(reader.from, reader.bytes + reader.size, sizeof reader.bytes - 1 - reader.size);
        if (got <= 0) return unused;
        reader.size += (size_t)got;
    }
}

static void reader_begin(void)
{
    int ends[2];
    memset(&reader, 0, sizeof reader);
    reader.before = dup(STDERR_FILENO);
    CHECK_EQ(pipe(ends), 0);
    CHECK(dup2(ends[1], STDERR_FILENO) >= 0);
    close(ends[1]);
    reader.from = ends[0];
    pthread_mutex_init(&reader.gate, NULL);
    pthread_mutex_lock(&reader.gate);
    CHECK_EQ(pthread_create(&reader.thread, NULL, read_all, NULL), 0);
}

static void reader_end(void)
{
    CHECK(dup2(reader.before, STDERR_FILENO) >= 0); /* the pipe's other end is closed */
    pthread_join(reader.thread, NULL);
    close(reader.from);
    close(reader.before);
}

TEST(a_line_before_the_thread)
{
    int year, at = 0;
    reader_begin();
    report(REPORT_INFO, "%s %d", "first", 1);
    pthread_mutex_unlock(&reader.gate);
    reader_end();
    CHECK_EQ(sscanf(reader.bytes, "%d-%*d-%*dT%*d:%*d:%*d.%*dZ INFO first 1%n", &year, &at), 1);
    CHECK(year >= 2024 && at > 0);
    CHECK_STR(reader.bytes + at, "\n");
}

TEST(a_reader_that_stands_still)
{
    unsigned lines = 0, dropped = 0;
    char text[101];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    reader_begin();
    report_begin();
    for (unsigned i = 0; i < LINES; i++) report(REPORT_WARNING, "%s", text); /* waits for nobody */
    pthread_mutex_unlock(&reader.gate);
    report_end();
    report(REPORT_ERROR, "last");
    report_end();
    reader_end();
    for (char *line = reader.bytes, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        lines += end - line > 100 && memcmp(end - 100, text, 100) == 0;
        if (strncmp(end + 1, "", 1) != 0) continue; /* not the last one */
        CHECK(strncmp(end - 4, "last", 4) == 0);
    }
    const char *said = strstr(reader.bytes, " lines were dropped");
    CHECK(said != NULL);
    while (said != NULL && said > reader.bytes && said[-1] != ' ') said--;
    if (said != NULL) CHECK_EQ(sscanf(said, "%u", &dropped), 1);
    CHECK(dropped > 0);
    CHECK_EQ(lines + dropped, LINES);
}

TEST_MAIN(T(a_line_before_the_thread), T(a_reader_that_stands_still))
