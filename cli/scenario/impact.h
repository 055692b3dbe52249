/* cli/scenario/impact.h -- what a scenario would change on a server that is not its own. */
#ifndef CLI_SCENARIO_IMPACT_H
#define CLI_SCENARIO_IMPACT_H

#include "cli/scenario/parse.h"
#include "clients/c/gongji.h"

/* Objects of one kind that the operations of a file name, and how many of them are there. */
struct impact_count {
    uint32_t named, there;
};

struct impact {
    struct impact_count regions; /* that it sets: those that are there get a new policy version */
    struct impact_count institutions; /* that it registers or changes */
    struct impact_count persons;      /* that an operation is about */
};

/* Asks the server for each. 0, or a negative enum gj_error (GJ_E_MEMORY too). */
int impact_of(const struct scenario *scenario, struct gj_client *client, struct impact *ret);

#endif
