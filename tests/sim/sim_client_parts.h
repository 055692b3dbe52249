/* tests/sim/sim_client_parts.h -- between the two files of the clients. */
#ifndef TESTS_SIM_SIM_CLIENT_PARTS_H
#define TESTS_SIM_SIM_CLIENT_PARTS_H

#include "cli/model/generator_parts.h"
#include "tests/sim/sim_client.h"

#define CLIENT_HEAD offsetof(struct client, out) /* what of a client is not a buffer */

/* Its answer will not come. */
void client_forget_frame(struct clients *all, const struct client_frame *frame);

#endif
