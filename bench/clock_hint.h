/* bench/clock_hint.h -- what a user is told when the server finds our request ids too early: they
 * carry the time of this machine, and gongjid --test-clock begins in 1970. */
#ifndef BENCH_CLOCK_HINT_H
#define BENCH_CLOCK_HINT_H

#include "clients/c/gongji.h"

/* To be put behind the code's own words; "" for the other codes. */
static inline const char *clock_hint(uint8_t code)
{
    if (code != GJ_RID_IN_FUTURE) return "";
    return ": the server's clock is behind ours (with --test-clock: set it first)";
}

#endif
