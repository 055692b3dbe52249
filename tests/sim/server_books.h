/* tests/sim/server_books.h -- what a running server keeps of its connections, recounted: slots,
 * buffers, sets of old records and who waits for them. A connection may end at any moment, also
 * while records are read for it; whatever it had must be free again, or somebody holds it. */
#ifndef TESTS_SIM_SERVER_BOOKS_H
#define TESTS_SIM_SERVER_BOOKS_H

#include <stdint.h>

struct net;

/* Between two turns of the server (sim_resting()). NULL = all of it adds up, else what does not. */
const char *server_books(const struct net *net);
/* When nobody has been connected for a while: NULL = nothing is left of anybody. */
const char *server_books_of_nobody(const struct net *net);
/* Connections for which a record is awaited or a set, also if they have ended. */
uint32_t server_waiting_fetch(const struct net *net);

#endif
