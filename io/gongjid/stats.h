/* io/gongjid/stats.h -- what STATS says of the process beside the state: counters of the engine, of
 * the network and of the log, and the memory it takes. */
#ifndef IO_GONGJID_STATS_H
#define IO_GONGJID_STATS_H

#include "io/net/net.h"

struct stats {
    const struct net *net;
    uint64_t start_ms;              /* when it began to serve */
    uint64_t resident, resident_ms; /* looked up once a second at most */
};

/* For net.stats: `owner` is a struct stats. */
void stats_fill(void *owner, struct gj_stats_view *view);

#endif
