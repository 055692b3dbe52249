/* cli/model/compare.h -- the core's answers beside the model's, whatever stands between. */
#ifndef CLI_MODEL_COMPARE_H
#define CLI_MODEL_COMPARE_H

#include "cli/model/generator.h"
#include "cli/model/model.h"

#define COMPARE_LINES_MAX 8u /* of a read: itself and its extension lines */

/* Where the core's answers to reads come from. */
struct compare_reads {
    /* Asks at the model's time; `lines` is a read with its extension lines behind it. The payload
     * is valid until the next call, and at least GJ_READ_ANSWER_MAX bytes of it can be read. */
    const void *(*ask)(struct compare_reads *reads, const void *lines, struct gj_answer *ret);
};

struct comparison {
    uint64_t seed;
    uint32_t operation; /* number of the operation in its sequence, from 1 */
    struct compare_reads *reads;
    struct model *model;
    struct generator generator;
    const struct gj_op *op; /* the last one, with its lines; printed with the first difference */
    uint64_t last_seq;
    bool different;
    bool quiet; /* differences are not printed; the first one is kept: */
    struct compare_difference {
        const char *what; /* static storage */
        int64_t core, model;
    } first;
};

void compare_begin(struct comparison *c, uint64_t seed);
/* Prints it; the run is over for this sequence. */
void compare_differ(struct comparison *c, const char *what, int64_t core, int64_t model);

/* What the operation would answer now, to be compared with what it then answers. */
void compare_dry_run(struct comparison *c, const struct gj_op *op, struct gj_dry_run_view *ret);
/* All fields but seq. */
void compare_dry_reply(struct comparison *c, const struct gj_dry_run_view *core,
                       const struct gj_reply *reply, const struct gj_reply_sources *sources);
/* `answered` as model_apply() left it in model->answered. Its sequence number is learned, so this
 * has to be called for every reply in turn. */
void compare_reply(struct comparison *c, const struct gj_reply *core,
                   const struct gj_reply_sources *core_sources, const struct gj_reply *reply,
                   const struct gj_reply_sources *sources, uint32_t answered);
/* A request below the floor that the core does not remember is forgotten by the model too. */
void compare_memory_of(struct comparison *c, const struct gj_op *op);
/* Every read of everything there is, and the audit. */
void compare_state(struct comparison *c);
/* The same of what the model knows, whatever its ids; netting rows, which take long, if asked. */
void compare_known(struct comparison *c, bool netting);

/* Counting which pairs of operation and code were reached. */
void coverage_count(uint8_t type, uint8_t code);
/* The percentage of the reachable pairs (cli/model/reachable.h). Prints what was reached that
 * should not be and, of a run in process, how often which was reached and what was not. A run
 * against a server is shorter, and RID_EXPIRED and READ_ONLY are not asked of it. */
unsigned coverage_print(bool in_process);
/* True if the core can answer the code to the operation at all. */
bool coverage_reachable(uint8_t type, uint8_t code);

#endif
