/* io/os/log_clock.h -- log time: the wall clock at start, then CLOCK_BOOTTIME, never falling. A
 * step of the wall clock is reported once and made up for slowly, so no step of an administrator or
 * of NTP makes a day of settlements look like another. */
#ifndef IO_OS_LOG_CLOCK_H
#define IO_OS_LOG_CLOCK_H

#include "io/os/port.h"

/* Log time runs at most this much faster or slower than real time while it makes up for a step. */
#define LOG_CLOCK_SLEW_PPM 500u
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
    int64_t offset_ms;   /* wall minus log time at the last look */
    bool stepped;        /* a step was seen and not yet reported */
};

/* Log time is `start_ms` now (what the START group says). */
void log_clock_init(struct log_clock *self, struct clock *clock, uint64_t start_ms);
/* Unix milliseconds. */
uint64_t log_clock_now_ms(struct log_clock *self);
/* If the wall clock was stepped since the last call: true, once, with how far it is now from log
 * time in milliseconds. */
bool log_clock_stepped(struct log_clock *self, int64_t *offset_ms);

#endif
