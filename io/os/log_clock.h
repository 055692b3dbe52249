/* io/os/log_clock.h -- log time: the wall clock at start, then CLOCK_BOOTTIME, never falling. A
 * step of the wall clock is reported once and made up for slowly, so no step of an administrator or
 * of NTP makes a day of settlements look like another. */
#ifndef IO_OS_LOG_CLOCK_H
#define IO_OS_LOG_CLOCK_H

#include "io/os/port.h"

/* How much faster or slower than real time log time runs while it makes up for a step, in
 * millionths. A clock that is up to LOG_CLOCK_QUICK_MS ahead of log time is caught up with at
 * SLEW_MAX, three seconds in six: the clients have the right time, and what they send would count
 * as ahead of its own. Any other step is made up for in LOG_CLOCK_CATCH_UP_MS, but never slower
 * than SLEW_MIN (a second in half an hour) and never faster than SLEW_MAX (log time at half or one
 * and a half of real time). So an hour takes four days at 1 %, and three days take six. */
#define LOG_CLOCK_QUICK_MS     INT64_C(600000)
#define LOG_CLOCK_SLEW_MIN_PPM 500u
#define LOG_CLOCK_SLEW_MAX_PPM 500000u
#define LOG_CLOCK_CATCH_UP_MS  UINT64_C(345600000)
/* A wall clock that leaves log time by more than this between two looks was stepped. */
#define LOG_CLOCK_STEP_MS 1000u

enum log_clock_start {
    LOG_CLOCK_WALL,   /* log time starts at the wall clock */
    LOG_CLOCK_BEHIND, /* the wall clock is behind the log: go on from the log's last time */
    LOG_CLOCK_AHEAD,  /* the wall clock is too far ahead: refuse until somebody accepts it */
};
/* The rule of the start. `last_ms` is the log's last time, 0 if it has no group. */
enum log_clock_start log_clock_judge(uint64_t wall_ms, uint64_t last_ms, uint64_t gap_max_ms);

struct log_clock {
    struct clock *clock;
    uint64_t now_us;     /* log time */
    uint64_t elapsed_us; /* CLOCK_BOOTTIME at that moment */
    uint64_t owed_us;    /* slew not applied yet, in millionths of a microsecond */
    uint32_t slew_ppm;   /* the pace for the last step */
    int64_t offset_ms;   /* wall minus log time at the last look */
    bool stepped;        /* a step was seen and not yet reported */
};

/* Log time is `start_ms` now (what the START group says). */
void log_clock_init(struct log_clock *self, struct clock *clock, uint64_t start_ms);
/* The pace at which an offset of so many milliseconds, wall minus log time, is made up for. */
uint32_t log_clock_slew_ppm(int64_t offset_ms);
/* How long that takes, in milliseconds of real time. */
uint64_t log_clock_catch_up_ms(int64_t offset_ms);
/* Unix milliseconds. */
uint64_t log_clock_now_ms(struct log_clock *self);
/* If the wall clock was stepped since the last call: true, once, with how far it is now from log
 * time in milliseconds. */
bool log_clock_stepped(struct log_clock *self, int64_t *offset_ms);

#endif
