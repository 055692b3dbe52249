/* cli/scenario/check.h -- looking at a target's state: expectations and conservation.
 * Functions return false when the target failed; what was found instead of what was wanted goes to
 * `found->got`, which stays empty when all is as expected. */
#ifndef CLI_SCENARIO_CHECK_H
#define CLI_SCENARIO_CHECK_H

#include "cli/scenario/statement.h"
#include "cli/scenario/target.h"

struct found {
    char got[320]; /* empty = as expected */
};

/* The ids a scenario has opened so far: what `*` stands for. */
struct id_list {
    uint64_t *ids;
    size_t count, capacity;
};
/* Adds an id unless it is there. False: out of memory. */
bool id_list_add(struct id_list *list, uint64_t id);

struct scenario_ids {
    struct id_list persons, institutions, regions;
};

/* A read, and its payload (borrowed until the next call). */
bool scenario_ask_with(struct scenario_target *target, const struct scenario_request *request,
                       struct gj_answer *answer, const void **payload);
/* A read without extension lines. */
bool scenario_ask(struct scenario_target *target, const struct gj_read *read,
                  struct gj_answer *answer, const void **payload);

/* Any expectation but EXPECT_OP. */
bool expectation_check(struct scenario_target *target, const struct expectation *e,
                       const struct scenario_ids *ids, struct found *found);

/* EXPECT_OP, with the rid its name stands for. */
bool expectation_check_op(struct scenario_target *target, const struct expectation *e,
                          uint64_t person, const struct gj_rid *rid, struct found *found);

/* The target's own recount. */
bool audit_check(struct scenario_target *target, struct found *found);

#endif
