/* core/base/calendar.h -- log time to days, minutes and years of Asia/Shanghai, and back.
 *
 * Asia/Shanghai is UTC+8 without daylight saving for every day this covers, so it needs no zone
 * data. A day is the number of days since 1970-01-01 there, 16 bits: up to 2149-06-06. Later
 * times are read as the last instant of that day. */
#ifndef CORE_BASE_CALENDAR_H
#define CORE_BASE_CALENDAR_H

#include <stdint.h>

#define CALENDAR_DAY_MAX UINT16_MAX
#define CALENDAR_DAY_MS  UINT64_C(86400000)
#define CALENDAR_ZONE_MS UINT64_C(28800000) /* 8 hours ahead of UTC */

/* The last Unix millisecond that has a day of its own: 2149-06-06T23:59:59.999+08:00. */
#define CALENDAR_MS_MAX ((CALENDAR_DAY_MAX + UINT64_C(1)) * CALENDAR_DAY_MS - CALENDAR_ZONE_MS - 1)

struct calendar_date {
    uint16_t year;
    uint8_t month; /* 1..12 */
    uint8_t day;   /* 1..31 */
};

static inline uint64_t calendar_local_ms_(uint64_t ms)
{
    return (ms > CALENDAR_MS_MAX ? CALENDAR_MS_MAX : ms) + CALENDAR_ZONE_MS;
}

/* Day of a Unix time in milliseconds. */
static inline uint16_t calendar_day(uint64_t ms)
{
    return (uint16_t)(calendar_local_ms_(ms) / CALENDAR_DAY_MS);
}

/* Minute of its day, 0..1439. */
static inline uint16_t calendar_minute(uint64_t ms)
{
    return (uint16_t)(calendar_local_ms_(ms) % CALENDAR_DAY_MS / 60000u);
}

/* Unix milliseconds of a day's first instant. Day 0 began before 1970 in UTC: 0. */
static inline uint64_t calendar_ms(uint16_t day)
{
    return day == 0 ? 0 : day * CALENDAR_DAY_MS - CALENDAR_ZONE_MS;
}

#define CALENDAR_MARCH_2100 47541u

/* Calendar year of a day, 1970..2149. Every operation asks, so without calendar_date(): years of
 * 365.25 days, and the leap day that 2100 lacks put in. */
static inline uint16_t calendar_year(uint16_t day)
{
    uint32_t julian = day + (day >= CALENDAR_MARCH_2100 ? 1u : 0u);
    return (uint16_t)(1970u + (4 * julian + 2) / 1461);
}

/* All three of one instant. */
struct calendar_now {
    uint16_t day, minute, year;
};
static inline struct calendar_now calendar_now(uint64_t ms)
{
    uint16_t day = calendar_day(ms);
    return (struct calendar_now){day, calendar_minute(ms), calendar_year(day)};
}

struct calendar_date calendar_date(uint16_t day);

/* The day of a date, or 0 if there is no such date from 1970-01-02 to 2149-06-06 (day 0 itself
 * means "no day" wherever days are kept). */
uint16_t calendar_day_of(unsigned year, unsigned month, unsigned day);

#endif
