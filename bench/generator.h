/* bench/generator.h -- the load generator: one thread, many connections, frames in flight.
 *
 * Closed loop (rate 0): every connection keeps `inflight` frames unanswered. While the server
 * stands still nothing new is sent, so its latencies say nothing about who would have waited
 * (coordinated omission). Open loop: frames are planned at a fixed rate over all connections, and
 * latency counts from the planned time, so a slow server cannot hide its queue; what could not be
 * sent by the end is counted as unsent. Latency of an operation = from sending (planning) its frame
 * to its frame's answer. */
#ifndef BENCH_GENERATOR_H
#define BENCH_GENERATOR_H

#include "bench/acks.h"
#include "bench/histogram.h"
#include "bench/mix.h"
#include "bench/world.h"

#define BENCH_CONNECTIONS_MAX 1024u
#define BENCH_INFLIGHT_MAX    1024u
#define BENCH_PERSONS_MAX     (1u << 31)

struct bench_options {
    const char *address;
    const char *mix;
    uint64_t persons;
    uint32_t connections;
    uint32_t batch;
    uint32_t inflight;
    uint64_t duration_ms;
    uint64_t rate; /* operations a second; 0 = closed loop */
    uint64_t seed;
    bool populate;
    bool verify;
    bool progress;
    bool force;           /* whoever made the persons */
    uint32_t refused_max; /* of a hundred operations may be refused, or the load failed */
    int interrupt;        /* bench/interrupt.h, -1 = none */
    const char *json;     /* file, "-" or NULL */
    const char *acks;     /* file or NULL */
};

struct bench_result {
    uint64_t populated; /* operations that opened the world */
    uint64_t populate_ms;
    uint64_t operations; /* answered with an outcome */
    uint64_t refused;    /* of them: code >= 40 */
    uint64_t errors;     /* not executed: other codes */
    uint64_t unanswered; /* when their connection ended: executed or not, nobody was told */
    uint64_t lagged;     /* open loop: operations sent more than 1 ms after their time */
    uint64_t unsent;     /* open loop: operations whose time came and that were never sent */
    uint64_t elapsed_ns; /* from the first frame to the last answer; open loop: at least the whole
                            planned time */
    uint64_t rss_bytes;  /* the server's, at the end; 0 if it could not be asked */
    uint64_t codes[256]; /* replies by code */
    struct histogram latency;         /* ns, one count an operation that came to an outcome */
    struct histogram error_latency;   /* of those that did not */
    uint64_t premiums, premiums_left; /* in the world, and unpaid when the load began */
    int signal;                       /* asked it to stop; 0 = none did */
    char why[400];                    /* why the run ended early; empty if it did not */
};

/* How populating or a load can fail; result->why says it in one line. */
enum bench_failure {
    BENCH_LOST = -1,    /* no server, or the connection was lost */
    BENCH_REFUSED = -2, /* the server answered and said no: retrying the same is of no use */
    BENCH_FAILED = -3,  /* it ran to its end, but what it measured is not what was asked for */
    BENCH_STOPPED = -4, /* a signal asked for it: result->signal */
};

/* Opens regions, institutions and families. Operations executed count in result->populated and
 * are remembered in `acks` (may be NULL). 0 or enum bench_failure. */
int bench_populate(const struct bench_options *options, struct world *world, struct acks *acks,
                   struct bench_result *result);

/* Runs the load. 0 or enum bench_failure; the counts are right either way. */
int bench_generate(const struct bench_options *options, const struct world *world,
                   const struct mix *mix, const struct premiums *premiums, struct acks *acks,
                   struct bench_result *result);

/* Whether a load that ran to its end did what it was meant to: 0, or BENCH_FAILED if next to
 * nothing was executed, more was refused than refused_max, operations were never sent, or the
 * server turned read-only. */
int bench_judge(const struct bench_options *options, struct bench_result *result);

/* bench/report.c: the result for people (stderr) and as one JSON object. verdict may be NULL. */
void bench_print_populated(const struct bench_result *result);
void bench_print(const struct bench_options *options, const struct bench_result *result);
int bench_json(const struct bench_options *options, const struct bench_result *result,
               const struct acks_verdict *verdict);
int bench_json_verdict(const char *path, const struct acks_verdict *verdict);

uint64_t bench_now_ns(void); /* monotonic */
uint64_t bench_wall_clock_ms(void);

#endif
