/* io/os/log_clock.c -- log time from the wall clock at start and CLOCK_BOOTTIME. */
#include "io/os/log_clock.h"

enum log_clock_start log_clock_judge(uint64_t wall_ms, uint64_t last_ms, uint64_t gap_max_ms)
{
    if (last_ms == 0) return LOG_CLOCK_WALL;
    if (wall_ms < last_ms) return LOG_CLOCK_BEHIND;
    if (wall_ms - last_ms > gap_max_ms) return LOG_CLOCK_AHEAD;
    return LOG_CLOCK_WALL;
}

static uint64_t distance(int64_t offset)
{
    return (uint64_t)(offset < 0 ? -offset : offset);
}

uint32_t log_clock_slew_ppm(int64_t offset_ms)
{
    uint64_t far_ms = distance(offset_ms);
    if (offset_ms > 0 && offset_ms <= LOG_CLOCK_QUICK_MS) return LOG_CLOCK_SLEW_MAX_PPM;
    if (far_ms >= LOG_CLOCK_CATCH_UP_MS / 2) return LOG_CLOCK_SLEW_MAX_PPM;
    uint32_t ppm = (uint32_t)(far_ms * 1000000 / LOG_CLOCK_CATCH_UP_MS);
    return ppm > LOG_CLOCK_SLEW_MIN_PPM ? ppm : LOG_CLOCK_SLEW_MIN_PPM;
}

uint64_t log_clock_catch_up_ms(int64_t offset_ms)
{
    return distance(offset_ms) * 1000000 / log_clock_slew_ppm(offset_ms);
}

/* Wall minus log time. */
static int64_t offset_ms(const struct log_clock *self, uint64_t wall_ms)
{
    return (int64_t)wall_ms - (int64_t)(self->now_us / 1000);
}

void log_clock_init(struct log_clock *self, struct clock *clock, uint64_t start_ms)
{
    *self = (struct log_clock){.clock = clock, .now_us = start_ms * 1000};
    self->elapsed_us = clock->elapsed_us(clock);
    self->offset_ms = offset_ms(self, clock->wall_ms(clock));
    self->slew_ppm = log_clock_slew_ppm(self->offset_ms);
}

/* What log time gains or loses on real time while `passed` goes by. */
static uint64_t slew_us(struct log_clock *self, uint64_t passed, int64_t offset)
{
    self->owed_us += passed % 1000000 * self->slew_ppm;
    uint64_t slew = passed / 1000000 * self->slew_ppm + self->owed_us / 1000000;
    self->owed_us %= 1000000;
    uint64_t most = distance(offset) * 1000; /* there, and no further */
    return slew < most ? slew : most;
}

uint64_t log_clock_now_ms(struct log_clock *self)
{
    uint64_t elapsed = self->clock->elapsed_us(self->clock);
    uint64_t wall_ms = self->clock->wall_ms(self->clock);
    uint64_t passed = elapsed > self->elapsed_us ? elapsed - self->elapsed_us : 0;
    self->elapsed_us += passed;
    self->now_us += passed;

    int64_t offset = offset_ms(self, wall_ms);
    if (distance(offset - self->offset_ms) > LOG_CLOCK_STEP_MS) {
        self->stepped = true;
        self->slew_ppm = log_clock_slew_ppm(offset);
    }
    /* Less than 2 ms apart is agreement: both clocks are read in milliseconds. Slowing takes at
     * most what passed, so time does not fall. */
    uint64_t slew = slew_us(self, passed, offset);
    if (offset > 2) self->now_us += slew;
    if (offset < -2) self->now_us -= slew < passed ? slew : passed;
    self->offset_ms = offset_ms(self, wall_ms); /* what was made up for is no step */
    return self->now_us / 1000;
}

bool log_clock_stepped(struct log_clock *self, int64_t *offset)
{
    bool stepped = self->stepped;
    self->stepped = false;
    *offset = self->offset_ms;
    return stepped;
}
