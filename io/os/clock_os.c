/* io/os/clock_os.c -- the system's clocks behind the clock door. */
#include <time.h>

#include "io/os/clock_os.h"

static uint64_t read_us(clockid_t id)
{
    struct timespec now;
    int failed = clock_gettime(id, &now);
    ASSERT(failed == 0); /* both clocks exist on every supported kernel */
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t wall_ms(struct clock *self)
{
    (void)self;
    return read_us(CLOCK_REALTIME) / 1000;
}

static uint64_t elapsed_us(struct clock *self)
{
    (void)self;
    return read_us(CLOCK_BOOTTIME);
}

struct clock *clock_os(void)
{
    static struct clock clock = {.wall_ms = wall_ms, .elapsed_us = elapsed_us};
    return &clock;
}
