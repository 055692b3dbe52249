/* cli/scenario/verbs.h -- the verbs of the scenario language, one reader each. A reader takes its
 * words from `a` and fills `s`, which is zero but for its kind, operation type and what every
 * operation may carry; errors go to `a`. */
#ifndef CLI_SCENARIO_VERBS_H
#define CLI_SCENARIO_VERBS_H

#include <stdio.h>

#include "cli/common/similar.h"
#include "cli/scenario/args.h"

struct verb {
    const char *name;
    enum statement_kind kind;
    uint8_t op; /* enum gj_op_type, 0 = none */
    bool auth;  /* takes auth= */
    void (*read)(struct args *a, struct statement *s);
    const char *usage;
};

/* NULL if there is none of this name. */
const struct verb *verb_find(const char *name);
/* Tries all their names (cli/common/similar.h). */
void verbs_similar(struct similar *similar);
/* Prints the usage of each, a line each, and the fields of a region. */
void verbs_print(FILE *out);

/* Setting the stage: register.c. */
void verb_region(struct args *a, struct statement *s);
void verb_institution(struct args *a, struct statement *s);
void verb_person(struct args *a, struct statement *s);
void verb_update(struct args *a, struct statement *s);
void verb_wallet(struct args *a, struct statement *s);
void verb_bind(struct args *a, struct statement *s);
void verb_unbind(struct args *a, struct statement *s);
void verb_set_cap(struct args *a, struct statement *s);
void verb_suspend(struct args *a, struct statement *s); /* and resume */
void verb_change_region(struct args *a, struct statement *s);
void verb_close(struct args *a, struct statement *s);

/* Money: money.c. */
void verb_deposit(struct args *a, struct statement *s);
void verb_transfer(struct args *a, struct statement *s);
void verb_pay(struct args *a, struct statement *s);
void verb_hold(struct args *a, struct statement *s);
void verb_premium(struct args *a, struct statement *s);
void verb_accept_return(struct args *a, struct statement *s);
void verb_capture(struct args *a, struct statement *s);
void verb_release_reverse(struct args *a, struct statement *s);
void verb_refund(struct args *a, struct statement *s);

#endif
