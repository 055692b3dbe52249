/* core/base/calendar.c -- day numbers and civil dates. */
#include "core/base/calendar.h"

/* Years are counted from March, so the leap day is the last day of its year and the lengths of the
 * months follow one formula. Day 719468 before 1970-01-01 is 0000-03-01; every 400 years have
 * 146097 days. */
#define DAYS_TO_1970 719468u
#define ERA_DAYS     146097u
#define ERA_YEARS    400u

struct calendar_date calendar_date(uint16_t day)
{
    uint32_t shifted = day + DAYS_TO_1970;
    uint32_t era = shifted / ERA_DAYS;
    uint32_t of_era = shifted % ERA_DAYS;
    uint32_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint32_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t from_march = (5 * of_year + 2) / 153;
    uint32_t month = from_march < 10 ? from_march + 3 : from_march - 9;
    uint32_t year = year_of_era + era * ERA_YEARS + (month <= 2);
    return (struct calendar_date){
        .year = (uint16_t)year,
        .month = (uint8_t)month,
        .day = (uint8_t)(of_year - (153 * from_march + 2) / 5 + 1),
    };
}

uint16_t calendar_day_of(unsigned year, unsigned month, unsigned day)
{
    if (year < 1970 || year > 2149 || month < 1 || month > 12 || day < 1 || day > 31) return 0;
    uint32_t march_year = year - (month <= 2);
    uint32_t era = march_year / ERA_YEARS;
    uint32_t year_of_era = march_year % ERA_YEARS;
    uint32_t from_march = month > 2 ? month - 3 : month + 9;
    uint32_t of_year = (153 * from_march + 2) / 5 + day - 1;
    uint32_t of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    uint32_t number = era * ERA_DAYS + of_era - DAYS_TO_1970;
    if (number > CALENDAR_DAY_MAX) return 0;
    /* A day the month does not have counts on into the next month. */
    struct calendar_date back = calendar_date((uint16_t)number);
    if (back.month != month || back.day != day) return 0;
    return (uint16_t)number;
}
