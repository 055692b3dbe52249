/* clients/c/rid.c -- request ids: minted, from public message ids, as text. */
#include "clients/c/gongji.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "core/base/base.h"

#define MS_MASK   ((UINT64_C(1) << 48) - 1)
#define NODE_MASK ((UINT64_C(1) << 42) - 1)

static void put_big_endian(uint8_t *bytes, uint64_t value)
{
    value = __builtin_bswap64(value);
    memcpy(bytes, &value, sizeof(value));
}

void gj_rid_source_init(struct gj_rid_source *source, uint64_t seed)
{
    *source = (struct gj_rid_source){.node = seed & NODE_MASK};
    if (seed != 0) return;
    uint64_t random = 0;
    if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        /* Only without a kernel that knows getrandom: the time and the process tell sources apart.
         */
        struct timespec now;
        (void)clock_gettime(CLOCK_REALTIME, &now);
        random = (uint64_t)now.tv_nsec * UINT64_C(0x9E3779B97F4A7C15) ^ (uint64_t)getpid() << 20;
    }
    source->node = random & NODE_MASK;
}

struct gj_rid gj_rid_next(struct gj_rid_source *source, uint64_t now_ms)
{
    now_ms &= MS_MASK;
    if (now_ms > source->milliseconds) {
        source->milliseconds = now_ms;
        source->counter = 0;
    } else if (++source->counter == 0) {
        source->milliseconds++; /* 2^32 in one millisecond: borrow from the next */
    }
    uint64_t high = source->milliseconds << 16 | UINT64_C(0x7000) | source->counter >> 20;
    uint64_t low = UINT64_C(2) << 62 | (uint64_t)(source->counter & 0xFFFFFu) << 42 | source->node;
    struct gj_rid rid;
    put_big_endian(rid.bytes, high);
    put_big_endian(rid.bytes + 8, low);
    return rid;
}

uint64_t gj_rid_milliseconds(const struct gj_rid *rid)
{
    uint64_t high;
    memcpy(&high, rid->bytes, sizeof(high));
    return __builtin_bswap64(high) >> 16;
}

/* ---- What is wrong with one ---- */

#define YEAR_2020 UINT64_C(1577836800) /* seconds */
#define YEAR_2100 UINT64_C(4102444800)
#define DAY_MS    UINT64_C(86400000)

static bool are_seconds(uint64_t value)
{
    return value >= YEAR_2020 && value <= YEAR_2100;
}

/* NULL, or why the first 48 bits are no Unix milliseconds at all. */
static const char *no_time(const struct gj_rid *rid, uint64_t ms)
{
    unsigned version = rid->bytes[6] >> 4;
    bool is_uuid = rid->bytes[8] >> 6 == 2;
    if (are_seconds(ms)) return "its first 48 bits are seconds, not milliseconds";
    if (is_uuid && version == 4) return "a random UUID (version 4) carries no time; use version 7";
    if (is_uuid && version == 1) return "a UUID of version 1 has its time elsewhere; use version 7";
    if (are_seconds(ms >> 12)) return "the old UUIDv7 layout: its first 36 bits are seconds";
    if (are_seconds(ms >> 16))
        return "its first 32 bits are seconds; 48 of milliseconds are wanted";
    return ms / 1000 < YEAR_2020 ? "its first 48 bits are a time before 2020" : NULL;
}

const char *gj_rid_cause(const struct gj_rid *rid, uint64_t now_ms, char text[GJ_RID_CAUSE_SIZE])
{
    uint64_t ms = gj_rid_milliseconds(rid), ahead = ms > now_ms ? ms - now_ms : 0;
    uint64_t behind = ms < now_ms ? now_ms - ms : 0;
    bool plausible = ms / 1000 >= YEAR_2020 && ahead <= DAY_MS;
    const char *cause = plausible ? NULL : no_time(rid, ms);
    text[0] = '\0';
    if (cause != NULL)
        (void)snprintf(text, GJ_RID_CAUSE_SIZE, "%s", cause);
    else if (ahead >= 2000)
        (void)snprintf(text, GJ_RID_CAUSE_SIZE, "its generator or clock is %" PRIu64 " s ahead",
                       ahead / 1000);
    else if (behind >= 2000)
        (void)snprintf(text, GJ_RID_CAUSE_SIZE, "it was made %" PRIu64 " s ago", behind / 1000);
    return text;
}

/* ---- Message ids ----------------------------------------------------------------------------- */

#define MESSAGE_ID_LENGTH  30u
#define INSTITUTION_LENGTH 12u

/* The number of `length` digits, or -1. */
static int digits(const char *text, unsigned length)
{
    int value = 0;
    for (unsigned i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Unix seconds of yyyyMMddHHmmss in Asia/Shanghai (UTC+8, no summer time), or -1. */
static int64_t shanghai_seconds(const char *text)
{
    static const int before_month[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    int year = digits(text, 4), month = digits(text + 4, 2), day = digits(text + 6, 2);
    int hour = digits(text + 8, 2), minute = digits(text + 10, 2), second = digits(text + 12, 2);
    if (year < 1971 || month < 1 || month > 12 || day < 1) return -1;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return -1;
    int leap_day = is_leap(year) ? 1 : 0;
    int length = before_month[month] - before_month[month - 1] + (month == 2 ? leap_day : 0);
    if (day > length) return -1;
    int before = year - 1;
    int64_t days = (int64_t)before * 365 + before / 4 - before / 100 + before / 400 - 719162;
    days += before_month[month - 1] + (month > 2 ? leap_day : 0) + day - 1;
    return days * 86400 + hour * 3600 + minute * 60 + second - 8 * 3600;
}

int gj_rid_from_message_id(const char *message_id, size_t length, struct gj_rid *rid)
{
    if (length != MESSAGE_ID_LENGTH) return GJ_E_ARGUMENT;
    u128 number = 0;
    for (unsigned i = 0; i < INSTITUTION_LENGTH; i++) {
        char c = message_id[i];
        unsigned digit;
        if (c >= '0' && c <= '9')
            digit = (unsigned)(c - '0');
        else if (c >= 'A' && c <= 'Z')
            digit = (unsigned)(c - 'A') + 10;
        else
            return GJ_E_ARGUMENT;
        number = number * 36 + digit;
    }
    int64_t seconds = shanghai_seconds(message_id + INSTITUTION_LENGTH);
    int serial = digits(message_id + MESSAGE_ID_LENGTH - 4, 4);
    if (seconds < 0 || serial < 0) return GJ_E_ARGUMENT;
    number = number * 10000 + (unsigned)serial;
    uint64_t ms = (uint64_t)seconds * 1000;
    put_big_endian(rid->bytes, ms << 16 | (uint64_t)(number >> 64));
    put_big_endian(rid->bytes + 8, (uint64_t)number);
    return 0;
}

/* ---- Text ------------------------------------------------------------------------------------ */

void gj_rid_format(const struct gj_rid *rid, char text[GJ_RID_TEXT_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    char *at = text;
    for (unsigned i = 0; i < sizeof(rid->bytes); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *at++ = '-';
        *at++ = hex[rid->bytes[i] >> 4];
        *at++ = hex[rid->bytes[i] & 15];
    }
    *at = 0;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

int gj_rid_parse(const char *text, struct gj_rid *rid)
{
    if (gj_rid_from_message_id(text, strlen(text), rid) == 0) return 0;
    struct gj_rid read = {{0}};
    unsigned count = 0;
    for (const char *at = text; *at != 0; at++) {
        if (*at == '-' && count > 0 && at[1] != 0) continue;
        int value = hex_value(*at);
        if (value < 0 || count == 2 * sizeof(read.bytes)) return GJ_E_ARGUMENT;
        read.bytes[count / 2] = (uint8_t)(read.bytes[count / 2] << 4 | value);
        count++;
    }
    if (count != 2 * sizeof(read.bytes)) return GJ_E_ARGUMENT;
    *rid = read;
    return 0;
}
