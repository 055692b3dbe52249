/* tests/unit/test_log_clock.c -- log time beside clocks that jump: it never falls, never runs ahead
 * of real time by more than the slew, and counts days and years to the millisecond. */
#include "core/base/calendar.h"
#include "io/os/log_clock.h"
#include "tests/test.h"

#define SECOND_MS UINT64_C(1000)
#define HOUR_MS   (3600 * SECOND_MS)
#define DAY_MS    (24 * HOUR_MS)

/* Both doors: the wall clock, which anybody may set, and the time since boot. */
struct fake_clock {
    struct clock door;
    uint64_t wall_ms, elapsed_us;
};

static uint64_t get_wall(struct clock *self)
{
    return ((struct fake_clock *)self)->wall_ms;
}
static uint64_t get_elapsed(struct clock *self)
{
    return ((struct fake_clock *)self)->elapsed_us;
}

static void begin(struct fake_clock *fake, struct log_clock *time, uint64_t at_ms)
{
    *fake = (struct fake_clock){
        .door = {.wall_ms = get_wall, .elapsed_us = get_elapsed},
        .wall_ms = at_ms,
        .elapsed_us = UINT64_C(123456789),
    };
    log_clock_init(time, &fake->door, at_ms);
}

/* Real time goes by; the wall clock with it. */
static void pass(struct fake_clock *fake, uint64_t ms)
{
    fake->wall_ms += ms;
    fake->elapsed_us += ms * 1000;
}

/* Lets `real_ms` of real time go by in steps and checks after each that log time did not fall, and
 * is within the slew of the real time since `from_ms`. */
static uint64_t follow(struct fake_clock *fake, struct log_clock *time, uint64_t from_ms,
                       uint64_t real_ms, uint64_t step_ms)
{
    uint64_t last = from_ms, ppm = 0;
    for (uint64_t done = 0; done < real_ms;) {
        uint64_t step = real_ms - done < step_ms ? real_ms - done : step_ms;
        pass(fake, step);
        done += step;
        uint64_t now = log_clock_now_ms(time);
        if (ppm == 0) ppm = time->slew_ppm; /* of the step before, if there was one */
        uint64_t slew = done * ppm / 1000000 + 1;
        if (now < last || now > from_ms + done + slew || now + slew < from_ms + done) {
            CHECK_EQ(now, from_ms + done); /* shows both */
            return now;
        }
        last = now;
    }
    return last;
}

TEST(an_hour_back)
{
    struct fake_clock fake;
    struct log_clock time;
    int64_t offset;
    const uint64_t start = UINT64_C(1790000000000), due = start + 2 * HOUR_MS;
    begin(&fake, &time, start);
    uint64_t now = follow(&fake, &time, start, HOUR_MS, 250);
    CHECK_EQ(now, start + HOUR_MS);
    fake.wall_ms -= HOUR_MS;
    CHECK_EQ(log_clock_now_ms(&time), now); /* does not fall */
    CHECK(log_clock_stepped(&time, &offset));
    CHECK_EQ(offset, -(int64_t)HOUR_MS);
    /* A hold that is due in an hour expires in an hour of real time, not in two; at most 38 s late,
     * never early: an hour is made up for in four days. */
    CHECK_EQ(time.slew_ppm, 10416);
    now = follow(&fake, &time, now, HOUR_MS - 1, 999);
    CHECK(now < due);
    now = follow(&fake, &time, now, 38000, 1);
    CHECK(now >= due);
    CHECK(!log_clock_stepped(&time, &offset));
}

TEST(a_day_forward)
{
    struct fake_clock fake;
    struct log_clock time;
    int64_t offset;
    const uint64_t start = UINT64_C(1790000000000);
    begin(&fake, &time, start);
    uint64_t now = follow(&fake, &time, start, 10 * SECOND_MS, 7);
    fake.wall_ms += DAY_MS;
    CHECK_EQ(log_clock_now_ms(&time), now);
    CHECK(log_clock_stepped(&time, &offset));
    CHECK_EQ(offset, (int64_t)DAY_MS);
    /* Nothing of tomorrow happens today: after an hour log time is 15 minutes ahead of real time.
     */
    uint64_t later = follow(&fake, &time, now, HOUR_MS, 333);
    CHECK(later >= now + HOUR_MS && later <= now + HOUR_MS + HOUR_MS / 4);
    /* And back again: the offset is what is left. */
    fake.wall_ms -= DAY_MS;
    (void)log_clock_now_ms(&time);
    CHECK(log_clock_stepped(&time, &offset));
    CHECK(offset <= 0 && offset >= -(int64_t)HOUR_MS / 4);
}

/* A log that began in a wrong future: its time waits, never stands still, and has waited long
 * enough in days. Then it keeps the pace of the clock. */
static void wait_out(uint64_t ahead_ms, uint64_t days_max)
{
    struct fake_clock fake;
    struct log_clock time;
    const uint64_t wall = UINT64_C(1790000000000);
    begin(&fake, &time, wall + ahead_ms);
    fake.wall_ms = wall;
    log_clock_init(&time, &fake.door, wall + ahead_ms);
    CHECK(log_clock_catch_up_ms(-(int64_t)ahead_ms) <= days_max * DAY_MS);
    uint64_t last = wall + ahead_ms, stood = 0;
    for (uint64_t minute = 0; minute < days_max * 24 * 60; minute++) {
        pass(&fake, 60 * SECOND_MS);
        uint64_t now = log_clock_now_ms(&time);
        stood += now < last + 30 * SECOND_MS - 1;
        last = now;
    }
    CHECK_EQ(stood, 0);
    CHECK(last >= fake.wall_ms);
    CHECK_EQ(last - fake.wall_ms <= 2 ? 0 : last - fake.wall_ms, 0);
    pass(&fake, DAY_MS);
    CHECK(log_clock_now_ms(&time) <= fake.wall_ms + 2);
}

/* The clients have the right time: log time is with them in twice the step, or honest requests
 * would count as ahead of their time for hours. */
TEST(a_small_step_forward_is_made_up_at_once)
{
    struct fake_clock fake;
    struct log_clock time;
    begin(&fake, &time, UINT64_C(1790000000000));
    fake.wall_ms += 3 * SECOND_MS;
    (void)log_clock_now_ms(&time);
    for (int i = 0; i < 61; i++) {
        pass(&fake, 100);
        (void)log_clock_now_ms(&time);
    }
    uint64_t now = log_clock_now_ms(&time);
    CHECK(now <= fake.wall_ms && now + 2 >= fake.wall_ms);
}

TEST(a_wrong_future_is_waited_for)
{
    wait_out(5 * SECOND_MS, 1);
    wait_out(HOUR_MS, 5);
    wait_out(71 * HOUR_MS, 6);
    wait_out(10 * DAY_MS, 21);
}

/* Steps to and fro in the middle of everything: order stays, and so does the pace. */
TEST(jumps_of_all_sizes)
{
    static const int64_t jumps[] = {1,
                                    -1,
                                    999,
                                    -999,
                                    1001,
                                    -1001,
                                    60000,
                                    -60000,
                                    (int64_t)HOUR_MS,
                                    -(int64_t)HOUR_MS,
                                    (int64_t)DAY_MS,
                                    -(int64_t)(3 * DAY_MS),
                                    (int64_t)(400 * DAY_MS)};
    struct fake_clock fake;
    struct log_clock time;
    const uint64_t start = UINT64_C(1790000000000);
    begin(&fake, &time, start);
    uint64_t now = start;
    for (size_t i = 0; i < ARRAY_COUNT(jumps); i++) {
        fake.wall_ms += (uint64_t)jumps[i];
        now = follow(&fake, &time, now, 90 * SECOND_MS, 41);
    }
    uint64_t real = ARRAY_COUNT(jumps) * 90 * SECOND_MS;
    CHECK(now >= start + real / 2 && now <= start + real + real / 2);
}

/* The counter since boot that does not move, or would fall, moves nothing. */
TEST(time_that_stands_still)
{
    struct fake_clock fake;
    struct log_clock time;
    begin(&fake, &time, 5000);
    pass(&fake, 10);
    uint64_t now = log_clock_now_ms(&time);
    fake.elapsed_us -= 4000;
    CHECK_EQ(log_clock_now_ms(&time), now);
    fake.elapsed_us += 4000;
    CHECK_EQ(log_clock_now_ms(&time), now);
    /* A machine that slept for a day: the time since boot counts on, and so does the log. */
    pass(&fake, DAY_MS);
    CHECK_EQ(log_clock_now_ms(&time), now + DAY_MS);
}

/* Passes an instant millisecond by millisecond: each side of it has its own day and year. */
static void cross(uint64_t instant_ms, uint16_t year_before, uint16_t year_after)
{
    struct fake_clock fake;
    struct log_clock time;
    begin(&fake, &time, instant_ms - 3);
    uint16_t day = calendar_day(instant_ms - 3);
    for (uint64_t ms = instant_ms - 3; ms < instant_ms + 3; ms++) {
        uint64_t now = log_clock_now_ms(&time);
        CHECK_EQ(now, ms);
        CHECK_EQ(calendar_day(now), ms < instant_ms ? day : day + 1);
        CHECK_EQ(calendar_year(calendar_day(now)), ms < instant_ms ? year_before : year_after);
        CHECK_EQ(calendar_minute(now), ms < instant_ms ? 1439 : 0);
        pass(&fake, 1);
    }
}

/* Midnight in Asia/Shanghai that begins the date. */
static uint64_t midnight(unsigned year, unsigned month, unsigned day)
{
    return calendar_ms(calendar_day_of(year, month, day));
}

TEST(days_and_years_to_the_millisecond)
{
    cross(midnight(2027, 1, 1), 2026, 2027);
    cross(midnight(2028, 2, 29), 2028, 2028);
    cross(midnight(2028, 3, 1), 2028, 2028);
    cross(midnight(2038, 1, 1), 2037, 2038);
    cross(midnight(2038, 1, 20), 2038, 2038); /* the first midnight beyond 2^31 seconds */
    cross(midnight(2100, 2, 28), 2100, 2100);
    cross(midnight(2100, 3, 1), 2100, 2100); /* no leap day */
}

TEST(beyond_2038_01_19)
{
    struct fake_clock fake;
    struct log_clock time;
    const uint64_t last_s = INT32_MAX; /* 2038-01-19 03:14:07 UTC */
    begin(&fake, &time, last_s * 1000 - 5000);
    uint64_t now = follow(&fake, &time, last_s * 1000 - 5000, 10 * SECOND_MS, 1);
    CHECK_EQ(now, last_s * 1000 + 5000);
    CHECK_EQ(calendar_day(now), calendar_day(last_s * 1000 - 5000));
    CHECK_EQ(calendar_year(calendar_day(now)), 2038);
    /* A wall clock that wraps there like 32 bits would, to 1901 or 1970, takes nothing back. */
    fake.wall_ms = 0;
    CHECK_EQ(log_clock_now_ms(&time), now);
    (void)follow(&fake, &time, now, 5 * SECOND_MS, 10);
}

TEST(the_start)
{
    const uint64_t last = UINT64_C(1790000000000), gap = 3 * DAY_MS;
    CHECK_EQ(log_clock_judge(last, 0, gap), LOG_CLOCK_WALL); /* a new log takes any time */
    CHECK_EQ(log_clock_judge(last, last, gap), LOG_CLOCK_WALL);
    CHECK_EQ(log_clock_judge(last - 1, last, gap), LOG_CLOCK_BEHIND);
    CHECK_EQ(log_clock_judge(last - HOUR_MS, last, gap), LOG_CLOCK_BEHIND);
    CHECK_EQ(log_clock_judge(last + DAY_MS, last, gap), LOG_CLOCK_WALL);
    CHECK_EQ(log_clock_judge(last + gap, last, gap), LOG_CLOCK_WALL);
    CHECK_EQ(log_clock_judge(last + gap + 1, last, gap), LOG_CLOCK_AHEAD);
    CHECK_EQ(log_clock_judge(0, last, gap), LOG_CLOCK_BEHIND);
}

TEST_MAIN(T(an_hour_back), T(a_day_forward), T(a_small_step_forward_is_made_up_at_once),
          T(a_wrong_future_is_waited_for), T(jumps_of_all_sizes), T(time_that_stands_still),
          T(days_and_years_to_the_millisecond), T(beyond_2038_01_19), T(the_start))
