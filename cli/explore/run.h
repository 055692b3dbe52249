/* cli/explore/run.h -- carries out steps on a target and on the model (tests/model) at once and
 * says where the two differ: every field of every reply, the user's `always` rules after every
 * step, and at the end every read and the target's own recount. Owns: the model and what it knows
 * of names. The target is the caller's. */
#ifndef CLI_EXPLORE_RUN_H
#define CLI_EXPLORE_RUN_H

#include "cli/explore/step.h"
#include "cli/model/compare.h"
#include "cli/scenario/check.h"
#include "cli/scenario/names.h"
#include "cli/scenario/parse.h"
#include "core/format/op_traits.h"

#define FUZZ_RULES_MAX 64u
#define FUZZ_TEXT_SIZE 1600u

enum fuzz_failure_kind {
    FUZZ_GOOD,
    FUZZ_REPLY,  /* a reply is not what the model says */
    FUZZ_STATE,  /* a read is not, or the recount found something */
    FUZZ_REDO,   /* the state after a crash is not the state before it */
    FUZZ_BROKEN, /* a rule of the user's does not hold */
    FUZZ_DIED,   /* the process ended: an assertion of the core, most likely */
    FUZZ_TARGET, /* the server is gone */
};

struct fuzz_failure {
    enum fuzz_failure_kind kind;
    size_t step;               /* index; the count of steps: at the end */
    uint32_t rule;             /* FUZZ_BROKEN */
    char what[64];             /* the first field that differs */
    char text[FUZZ_TEXT_SIZE]; /* one line for people */
};

/* `always` lines, in the memory of the scenario they were read from. */
struct fuzz_rules {
    const struct statement *of[FUZZ_RULES_MAX];
    uint32_t count;
};

/* Which (operation, code) were answered. */
struct fuzz_pairs {
    uint8_t seen[GJ_OP_TYPES][256];
};

struct fuzz_run {
    struct comparison c; /* with the model and the generator */
    struct compare_reads reads;
    struct scenario_target *target; /* NULL: the model alone */
    const struct fuzz_rules *rules;
    struct fuzz_pairs *pairs; /* NULL: not counted */
    uint64_t time_ms;
    struct fuzz_failure failure;
    /* The last operation: as it was sent, and what was answered. */
    struct scenario_request request;
    struct gj_reply core, reply;
    struct gj_reply_sources core_sources, sources;
    /* Private. */
    struct names mint;
    struct gj_rid *rids; /* by name */
    bool *minted;        /* by name */
    uint32_t *name_of;   /* by number of minting */
    uint32_t names_max, requests_max;
    bool armed[FUZZ_RULES_MAX], active[FUZZ_RULES_MAX];
    struct scenario_ids ids;
    _Alignas(8) uint8_t payload[GJ_READ_ANSWER_MAX];
};

/* With room for sequences of so many steps. NULL: out of memory. */
struct fuzz_run *fuzz_run_new(size_t steps_max);
void fuzz_run_free(struct fuzz_run *run);

/* An empty world at limits->start_ms. The generator is as
 * generator_init() makes it. False: run->failure says why (FUZZ_TARGET). */
bool fuzz_run_begin(struct fuzz_run *run, const struct scenario_limits *limits, uint64_t seed);
/* One step; `index` is only noted. False: run->failure says what is not as it should be. */
bool fuzz_run_step(struct fuzz_run *run, const struct fuzz_step *step, size_t index);
/* All reads and the recount, netting rows only if asked. False as above. */
bool fuzz_run_look(struct fuzz_run *run, bool netting, size_t index);
/* Ends what fuzz_run_begin() began. */
void fuzz_run_end(struct fuzz_run *run);

/* Begin, all steps and end; a look behind the last step, with netting rows or without, if that is
 * how it is thought to fail. */
enum fuzz_look { FUZZ_NO_LOOK, FUZZ_LOOK, FUZZ_LOOK_NETTING };
bool fuzz_run_all(struct fuzz_run *run, const struct fuzz_sequence *sequence, enum fuzz_look look);

/* The name of a rid that a step of this run minted, 0 if none did. */
uint32_t fuzz_run_name(const struct fuzz_run *run, const struct gj_rid *rid);

/* A target in this process whose start() costs only what was used before. NULL: out of memory. */
struct scenario_target *fuzz_local_new(size_t steps_max);
void fuzz_local_free(struct scenario_target *target);

#endif
