/* io/engine/engine.c -- start and time. */
#include "io/engine/engine.h"

#include <stdlib.h>

#include "io/os/report.h"

#define CLOCK_LOOK_MS 1000u /* between looks at the wall clock */

void engine_start(struct engine *e, struct state *state, struct log *log, struct clock *clock,
                  bool test_clock, uint64_t log_time_ms)
{
    ASSERT(e->state == NULL);
    e->state = state;
    e->log = log;
    e->clock = clock;
    e->test_clock = test_clock;
    log_clock_init(&e->log_clock, clock, log_time_ms);
    e->log_ms = log_time_ms;
    e->now_ms = e->clock_look_ms = clock->elapsed_us(clock) / 1000;
}

void engine_tick(struct engine *e)
{
    int64_t offset_ms = 0;
    ASSERT(e->ops_spent <= ENGINE_TICK_OPS + ENGINE_ONE_MAX);
    ASSERT(e->reads_spent <= ENGINE_TICK_READS + ENGINE_ONE_MAX);
    e->ops_spent = e->reads_spent = 0;
    e->now_ms = e->clock->elapsed_us(e->clock) / 1000;
    if (e->test_clock) return;
    e->log_ms = log_clock_now_ms(&e->log_clock);
    if (e->now_ms - e->clock_look_ms < CLOCK_LOOK_MS) return;
    e->clock_look_ms = e->now_ms;
    if (log_clock_stepped(&e->log_clock, &offset_ms)) {
        report(REPORT_WARNING,
               "the wall clock was stepped and is now %lld ms from log time; log time makes that "
               "up in %.1f days",
               (long long)offset_ms, (double)log_clock_catch_up_ms(offset_ms) / 86400000);
    }
}

bool engine_set_time(struct engine *e, uint64_t time_ms)
{
    ASSERT(e->test_clock);
    ASSERT(time_ms >= e->log_ms);
    e->log_ms = time_ms;
    log_flush(e->log);
    if (log_reserve(e->log, time_ms) == NULL || log_reserved_time_ms(e->log) != time_ms) {
        if (e->stall_ms == 0) e->stall_ms = e->now_ms;
        return false;
    }
    if (e->expire == EXPIRE_ROOM) e->expire = EXPIRE_DONE; /* there is room, and it is this time */
    return true;
}
