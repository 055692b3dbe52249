/* tests/unit/test_calendar.c -- days, minutes and years of Asia/Shanghai. */
#include "core/base/calendar.h"
#include "tests/test.h"

/* Unix milliseconds of a Shanghai wall time. */
static uint64_t at(unsigned y, unsigned m, unsigned d, unsigned hh, unsigned mm, unsigned ms)
{
    return calendar_ms(calendar_day_of(y, m, d)) + (hh * 60u + mm) * UINT64_C(60000) + ms;
}

static bool leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Counts the calendar day by day, independently of the formulas. */
TEST(every_day_to_2149)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year = 1970, month = 1, day = 1, wrong = 0;
    for (uint32_t n = 0; n <= CALENDAR_DAY_MAX; n++) {
        struct calendar_date date = calendar_date((uint16_t)n);
        wrong += date.year != year || date.month != month || date.day != day;
        wrong += calendar_year((uint16_t)n) != year;
        wrong += calendar_day_of(year, month, day) != n;
        wrong += n > 0 && calendar_day(calendar_ms((uint16_t)n)) != n;
        wrong += n > 0 && calendar_day(calendar_ms((uint16_t)n) - 1) != n - 1;
        unsigned length = lengths[month - 1] + (month == 2 && leap(year) ? 1u : 0u);
        if (++day > length) {
            day = 1;
            if (++month > 12) {
                month = 1;
                year++;
            }
        }
    }
    CHECK_EQ(wrong, 0);
    CHECK_EQ(year, 2149);
    CHECK_EQ(month, 6);
    CHECK_EQ(day, 7);
}

TEST(known_instants)
{
    /* 2025-11-20T09:00:00+08:00 and 2038-01-19T03:14:08Z, from `date -u -d ... +%s`. */
    CHECK_EQ(at(2025, 11, 20, 9, 0, 0), UINT64_C(1763600400000));
    CHECK_EQ(calendar_day(UINT64_C(2147483648000)), calendar_day_of(2038, 1, 19));
    CHECK_EQ(calendar_minute(UINT64_C(2147483648000)), 11 * 60 + 14);
    CHECK_EQ(calendar_day_of(2000, 3, 1), 11017);
}

TEST(unix_epoch_is_eight_in_the_morning)
{
    CHECK_EQ(calendar_day(0), 0);
    CHECK_EQ(calendar_minute(0), 8 * 60);
    CHECK_EQ(calendar_ms(0), 0);
    CHECK_EQ(calendar_ms(1), 16 * 3600000);
}

TEST(year_ends_at_midnight_in_shanghai)
{
    uint64_t last = at(2025, 12, 31, 23, 59, 59999);
    CHECK_EQ(calendar_year(calendar_day(last)), 2025);
    CHECK_EQ(calendar_minute(last), 1439);
    CHECK_EQ(calendar_year(calendar_day(last + 1)), 2026);
    CHECK_EQ(calendar_minute(last + 1), 0);
    CHECK_EQ(calendar_day(last + 1), calendar_day_of(2026, 1, 1));
}

TEST(leap_days)
{
    CHECK(calendar_day_of(2024, 2, 29) != 0);
    CHECK(calendar_day_of(2000, 2, 29) != 0);
    CHECK_EQ(calendar_day_of(2025, 2, 29), 0);
    CHECK_EQ(calendar_day_of(2100, 2, 29), 0);
    CHECK_EQ(calendar_day_of(2024, 3, 1) - calendar_day_of(2024, 2, 28), 2);
    CHECK_EQ(calendar_day_of(2100, 3, 1) - calendar_day_of(2100, 2, 28), 1);
}

TEST(no_such_date)
{
    CHECK_EQ(calendar_day_of(1969, 12, 31), 0);
    CHECK_EQ(calendar_day_of(2025, 0, 1), 0);
    CHECK_EQ(calendar_day_of(2025, 13, 1), 0);
    CHECK_EQ(calendar_day_of(2025, 1, 0), 0);
    CHECK_EQ(calendar_day_of(2025, 1, 32), 0);
    CHECK_EQ(calendar_day_of(2025, 4, 31), 0);
    CHECK_EQ(calendar_day_of(2149, 6, 6), CALENDAR_DAY_MAX);
    CHECK_EQ(calendar_day_of(2149, 6, 7), 0);
    CHECK_EQ(calendar_day_of(2150, 1, 1), 0);
    CHECK_EQ(calendar_day_of(UINT32_MAX, 1, 1), 0);
}

TEST(time_past_the_last_day_stays_on_it)
{
    CHECK_EQ(calendar_day(CALENDAR_MS_MAX), CALENDAR_DAY_MAX);
    CHECK_EQ(calendar_day(CALENDAR_MS_MAX + 1), CALENDAR_DAY_MAX);
    CHECK_EQ(calendar_day(UINT64_MAX), CALENDAR_DAY_MAX);
    CHECK_EQ(calendar_minute(UINT64_MAX), 1439);
    CHECK_EQ(at(2149, 6, 6, 23, 59, 59999), CALENDAR_MS_MAX);
}

TEST_MAIN(T(every_day_to_2149), T(known_instants), T(unix_epoch_is_eight_in_the_morning),
          T(year_ends_at_midnight_in_shanghai), T(leap_days), T(no_such_date),
          T(time_past_the_last_day_stays_on_it))
