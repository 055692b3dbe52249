/* bench/progress.h -- when a line of progress is due: at the beginning and then once a second, so
 * that somebody at a terminal sees at once that something is going on. */
#ifndef BENCH_PROGRESS_H
#define BENCH_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool on;
    uint64_t shown_ns; /* 0 = nothing so far */
};

static inline bool progress_due(struct progress *p, uint64_t now_ns)
{
    if (!p->on || (p->shown_ns != 0 && now_ns - p->shown_ns < UINT64_C(1000000000))) return false;
    p->shown_ns = now_ns;
    return true;
}

#endif
