/* cli/scenario/target.h -- what scenario statements are run against: a state in this process
 * (cli/scenario/local.c) or a server (cli/scenario/remote.c).
 * Every function returns false when the target itself failed (not when an operation was refused);
 * then `error` says in one line what to do, and only stop() may be called. */
#ifndef CLI_SCENARIO_TARGET_H
#define CLI_SCENARIO_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "core/format/op.h"
#include "core/format/read.h"
#include "core/format/reply.h"

/* Log time of a scenario that does not begin with `at`: 2025-06-02T09:00:00 in Shanghai. */
#define SCENARIO_START_MS UINT64_C(1748826000000)
/* No scenario begins before this: 2021-01-01T00:00:00. */
#define SCENARIO_EARLIEST_MS UINT64_C(1609430400000)

/* An operation or a read with its extension lines behind it, as they are on the wire. A dry_run has
 * one line more than any operation: the operation itself. */
struct scenario_request {
    union {
        struct gj_op op;
        struct gj_read read;
    };
    uint8_t ext[GJ_EXT_MAX + 1][GJ_RECORD_UNIT];
};

/* What a file begins with: room, and the time. */
struct scenario_limits {
    uint64_t persons_max, rids_max, holds_max, ahead_max;
    uint64_t start_ms;
};
#define SCENARIO_PERSONS_MAX 4096u
#define SCENARIO_RIDS_MAX    16384u
#define SCENARIO_HOLDS_MAX   4096u
#define SCENARIO_AHEAD_MAX   1024u
#define SCENARIO_LIMITS                                                                            \
    ((struct scenario_limits){SCENARIO_PERSONS_MAX, SCENARIO_RIDS_MAX, SCENARIO_HOLDS_MAX,         \
                              SCENARIO_AHEAD_MAX, SCENARIO_START_MS})

struct scenario_target {
    /* Begins a file. In this process and with a server of one's own: an empty state at
     * limits->start_ms. A server that runs keeps its time. */
    bool (*start)(struct scenario_target *target, const struct scenario_limits *limits);
    bool (*execute)(struct scenario_target *target, const struct scenario_request *request,
                    struct gj_reply *reply, struct gj_reply_sources *sources);
    /* `payload` has room for any answer (GJ_READ_ANSWER_MAX). */
    bool (*query)(struct scenario_target *target, const struct scenario_request *request,
                  struct gj_answer *answer, void *payload);
    /* Log time goes to `time_ms`, which is not before the time now, and what is due then is written
     * down. */
    bool (*set_time)(struct scenario_target *target, uint64_t time_ms);
    /* Kills and recovers. */
    bool (*crash)(struct scenario_target *target);
    /* Ends a file and frees what start() took. */
    void (*stop)(struct scenario_target *target);

    bool fresh;        /* every file begins with an empty state */
    uint64_t rid_node; /* 32 bits that go into minted rids: 0 where runs cannot meet */
    char error[256];
};

/* A state in this process. NULL: out of memory. */
struct scenario_target *scenario_local_new(void);
/* The server at `address` (HOST:PORT or unix:PATH). */
struct scenario_target *scenario_remote_new(const char *address);
/* A server of its own for each file: gongjid, found beside this program. */
struct scenario_target *scenario_spawn_new(void);
/* Frees a stopped target; NULL is fine. */
void scenario_target_free(struct scenario_target *target);

#endif
