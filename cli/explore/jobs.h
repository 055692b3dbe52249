/* cli/explore/jobs.h -- sequences in processes of their own, so that an assertion of the core ends
 * one of those and is a finding like any other. */
#ifndef CLI_EXPLORE_JOBS_H
#define CLI_EXPLORE_JOBS_H

#include <stdatomic.h>

#include "cli/explore/make.h"

#define FUZZ_JOBS_MAX 64u

enum fuzz_place { FUZZ_IN_PROCESS, FUZZ_SPAWN, FUZZ_CONNECT };

struct fuzz_plan {
    struct fuzz_mix mix;
    enum fuzz_place place;
    const char *address; /* FUZZ_CONNECT */
    uint64_t seed;       /* of the first sequence */
    uint64_t sequences;  /* at most */
    uint64_t seconds;    /* at most; 0 = no end */
    uint32_t jobs;
    bool progress; /* a line on stderr */
    int interrupt; /* bench/interrupt.h, -1 = none */
};

struct fuzz_job {
    _Atomic uint64_t sequences, operations;
    _Atomic uint64_t current; /* index of the sequence it is at, + 1 */
    struct fuzz_pairs pairs;
    struct fuzz_failure failure; /* of its last sequence */
};

/* What the processes share. */
struct fuzz_shared {
    _Atomic uint64_t lowest_failed; /* index; UINT64_MAX: none */
    struct fuzz_job jobs[FUZZ_JOBS_MAX];
    struct fuzz_failure failure;   /* of fuzz_try() and fuzz_make_again() */
    int said;                      /* a file in memory: what those wrote to stderr */
    struct fuzz_sequence sequence; /* its steps are shared too */
};

struct fuzz_result {
    uint64_t sequences, operations;
    double seconds;
    unsigned pairs, pairs_max; /* reached, of those that can be */
    int signal;                /* ended it early; 0 = none did */
    bool failed;
    uint64_t index; /* of the first sequence that failed, whichever job was faster */
    struct fuzz_failure failure;
};

/* NULL: out of memory. */
struct fuzz_shared *fuzz_shared_new(const struct fuzz_plan *plan);

/* Runs the plan. False: a process could not be started. */
bool fuzz_jobs_run(const struct fuzz_plan *plan, struct fuzz_shared *shared,
                   struct fuzz_result *ret);

/* Makes a sequence of the plan once more, in a process, into shared->sequence; how it ended is in
 * shared->failure. */
void fuzz_make_again(const struct fuzz_plan *plan, struct fuzz_shared *shared, uint64_t index);

/* Carries out a sequence in a process; how it ended is in shared->failure. */
void fuzz_try(const struct fuzz_plan *plan, enum fuzz_place place, struct fuzz_shared *shared,
              const struct fuzz_sequence *sequence, enum fuzz_look look);

#endif
