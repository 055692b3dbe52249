/* io/os/log_clock.c -- log time from the wall clock at start and CLOCK_BOOTTIME. */
#include "io/os/log_clock.h"

enum log_clock_start log_clock_judge(uint64_t wall_ms, uint64_t last_ms, uint64_t gap_max_ms)
{
    if (last_ms == 0) return LOG_CLOCK_WALL;
    if (wall_ms < last_ms) return LOG_CLOCK_BEHIND;
    if (wall_ms - last_ms > gap_max_ms) return LOG_CLOCK_AHEAD;
    return LOG_CLOCK_WALL;
}

static int64_t offset_ms(struct log_clock *self)
{
    return (int64_t)self->clock->wall_ms(self->clock) - (int64_t)(self->now_us / 1000);
}

void log_clock_init(struct log_clock *self, struct clock *clock, uint64_t start_ms)
{
    *self = (struct log_clock){.clock = clock, .now_us = start_ms * 1000};
    self->elapsed_us = clock->elapsed_us(clock);
    self->offset_ms = offset_ms(self);
}

uint64_t log_clock_now_ms(struct log_clock *self)
{
    uint64_t elapsed = self->clock->elapsed_us(self->clock);
    uint64_t passed = elapsed > self->elapsed_us ? elapsed - self->elapsed_us : 0;
    self->elapsed_us += passed;
    self->now_us += passed;

    int64_t offset = offset_ms(self);
    int64_t change = offset - self->offset_ms;
    if (change > (int64_t)LOG_CLOCK_STEP_MS || change < -(int64_t)LOG_CLOCK_STEP_MS) {
        self->stepped = true;
    }
    self->offset_ms = offset;

    self->owed_us += passed * LOG_CLOCK_SLEW_PPM;
    uint64_t slew = self->owed_us / 1000000;
    self->owed_us %= 1000000;
    /* Less than 2 ms apart is agreement: both clocks are read in milliseconds. Slowing takes at
     * most what passed, so time does not fall. */
    if (offset > 2) self->now_us += slew;
    if (offset < -2) self->now_us -= slew < passed ? slew : passed;
    return self->now_us / 1000;
}

bool log_clock_stepped(struct log_clock *self, int64_t *offset)
{
    bool stepped = self->stepped;
    self->stepped = false;
    *offset = self->offset_ms;
    return stepped;
}
