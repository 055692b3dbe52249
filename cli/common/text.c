/* cli/common/text.c -- strict readers and writers of the values in scenario files. */
#include "cli/common/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/common/similar.h"
#include "core/base/calendar.h"
#include "core/format/op.h"

const struct scenario_word scenario_relations[] = {
    {"spouse", GJ_SPOUSE},
    {"parent", GJ_PARENT},
    {"child", GJ_CHILD},
    {"sibling", GJ_SIBLING},
    {"grandparent", GJ_GRANDPARENT},
    {"maternal_grandparent", GJ_MATERNAL_GRANDPARENT},
    {"grandchild", GJ_GRANDCHILD},
    {"maternal_grandchild", GJ_MATERNAL_GRANDCHILD},
    {NULL, 0},
};
const struct scenario_word scenario_care[] = {
    {"outpatient", GJ_OUTPATIENT}, {"inpatient", GJ_INPATIENT}, {"special", GJ_SPECIAL_DISEASE},
    {"maternity", GJ_MATERNITY},   {"drug", GJ_DRUG},           {NULL, 0},
};
const struct scenario_word scenario_auths[] = {
    {"none", GJ_AUTH_NONE},
    {"face", GJ_AUTH_FACE},
    {"code", GJ_AUTH_CODE},
    {"card", GJ_AUTH_CARD},
    {NULL, 0},
};
const struct scenario_word scenario_insurances[] = {
    {"employee", GJ_INSURANCE_EMPLOYEE}, {"resident", GJ_INSURANCE_RESIDENT}, {NULL, 0}};
const struct scenario_word scenario_statuses[] = {
    {"active", GJ_STATUS_ACTIVE}, {"stopped", GJ_STATUS_STOPPED}, {NULL, 0}};
const struct scenario_word scenario_types[] = {
    {"hospital", GJ_HOSPITAL}, {"pharmacy", GJ_PHARMACY}, {NULL, 0}};
const struct scenario_word scenario_sources[] = {
    {"personal", GJ_SOURCE_PERSONAL}, {"wallet", GJ_SOURCE_WALLET}, {NULL, 0}};
const struct scenario_word scenario_uses[] = {
    {"pay", GJ_USE_PAY},
    {"transfer_out", GJ_USE_TRANSFER_OUT},
    {"transfer_in", GJ_USE_TRANSFER_IN},
    {"premium", GJ_USE_PREMIUM},
    {NULL, 0},
};

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

bool scenario_number(const char *text, uint64_t max, uint64_t *ret)
{
    if (!digit(text[0]) || (text[0] == '0' && text[1] != 0)) return false;
    uint64_t value = 0;
    for (const char *c = text; *c != 0; c++) {
        if (!digit(*c)) return false;
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*c - '0'), &value)) {
            return false;
        }
    }
    if (value > max) return false;
    *ret = value;
    return true;
}

bool scenario_signed(const char *text, int64_t *ret)
{
    bool negative = text[0] == '-';
    uint64_t value;
    if (!scenario_number(text + negative, INT64_MAX, &value)) return false;
    if (negative && value == 0) return false;
    *ret = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

bool scenario_yuan(const char *text, int64_t *ret)
{
    size_t length = strlen(text);
    if (length < 4 || length > 24 || text[length - 3] != '.') return false;
    char digits[32];
    bool negative = text[0] == '-';
    const char *whole = text + negative;
    size_t whole_length = length - 3 - negative;
    if (whole_length == 0 || (whole[0] == '0' && whole_length > 1)) return false;
    memcpy(digits, whole, whole_length);
    memcpy(digits + whole_length, text + length - 2, 3);
    /* "0.05" became "005": the zeros in front are those of the amount, not of the writer. */
    const char *significant = digits;
    while (*significant == '0' && significant[1] != 0) significant++;
    uint64_t fen;
    if (!scenario_number(significant, INT64_MAX, &fen)) return false;
    if (negative && fen == 0) return false;
    *ret = negative ? -(int64_t)fen : (int64_t)fen;
    return true;
}

/* `form` holds '0' where a digit must be and every other character as itself. */
static bool has_form(const char *text, const char *form)
{
    for (; *form != 0; text++, form++) {
        if (*form == '0' ? !digit(*text) : *text != *form) return false;
    }
    return *text == 0;
}

static unsigned digits_at(const char *text, unsigned count)
{
    unsigned value = 0;
    for (unsigned i = 0; i < count; i++) value = value * 10 + (unsigned)(text[i] - '0');
    return value;
}

static uint16_t day_at(const char *text)
{
    return calendar_day_of(digits_at(text, 4), digits_at(text + 5, 2), digits_at(text + 8, 2));
}

bool scenario_day(const char *text, uint16_t *ret)
{
    if (!has_form(text, "0000-00-00")) return false;
    uint16_t day = day_at(text);
    if (day == 0) return false;
    *ret = day;
    return true;
}

bool scenario_time(const char *text, uint64_t *ret)
{
    bool with_ms = has_form(text, "0000-00-00T00:00:00.000");
    if (!with_ms && !has_form(text, "0000-00-00T00:00:00")) return false;
    uint16_t day = day_at(text);
    unsigned hour = digits_at(text + 11, 2), minute = digits_at(text + 14, 2);
    unsigned second = digits_at(text + 17, 2);
    if (day == 0 || hour > 23 || minute > 59 || second > 59) return false;
    uint64_t in_day = ((hour * 60u + minute) * 60u + second) * UINT64_C(1000);
    *ret = calendar_ms(day) + in_day + (with_ms ? digits_at(text + 20, 3) : 0);
    return true;
}

bool scenario_minute(const char *text, uint16_t *ret)
{
    if (!has_form(text, "00:00")) return false;
    unsigned hour = digits_at(text, 2), minute = digits_at(text + 3, 2);
    if (minute > 59 || hour * 60 + minute > 24 * 60) return false;
    *ret = (uint16_t)(hour * 60 + minute);
    return true;
}

bool scenario_duration(const char *text, uint64_t *ret)
{
    static const struct {
        const char *unit;
        uint64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    const uint64_t longest = UINT64_C(100) * 366 * 86400000;
    size_t length = strspn(text, "0123456789");
    char number[24];
    uint64_t value;
    if (length == 0 || length >= sizeof(number)) return false;
    memcpy(number, text, length);
    number[length] = 0;
    if (!scenario_number(number, longest, &value)) return false;
    for (unsigned i = 0; i < ARRAY_COUNT(units); i++) {
        if (strcmp(text + length, units[i].unit) != 0) continue;
        if (value > longest / units[i].ms) return false;
        *ret = value * units[i].ms;
        return true;
    }
    return false;
}

bool scenario_word(const char *text, const struct scenario_word *words, uint8_t *ret)
{
    for (; words->word != NULL; words++) {
        if (strcmp(text, words->word) != 0) continue;
        *ret = words->value;
        return true;
    }
    return false;
}

static bool word_list(const char *text, const struct scenario_word *words, uint8_t base, bool bits,
                      uint8_t *ret)
{
    unsigned mask = 0;
    for (;;) {
        char word[32];
        size_t length = strcspn(text, ",");
        uint8_t value;
        if (length >= sizeof(word)) return false;
        memcpy(word, text, length);
        word[length] = 0;
        if (!scenario_word(word, words, &value)) return false;
        unsigned bit = bits ? value : 1u << (value - base);
        if (mask & bit) return false;
        mask |= bit;
        if (text[length] == 0) break;
        text += length + 1;
    }
    *ret = (uint8_t)mask;
    return true;
}

bool scenario_mask(const char *text, const struct scenario_word *words, uint8_t base, uint8_t *ret)
{
    if (strcmp(text, "all") == 0) {
        unsigned mask = 0;
        for (; words->word != NULL; words++) mask |= 1u << (words->value - base);
        *ret = (uint8_t)mask;
        return true;
    }
    if (base == 1 && strcmp(text, "none") == 0) {
        *ret = 0;
        return true;
    }
    return word_list(text, words, base, false, ret);
}

bool scenario_bits(const char *text, const struct scenario_word *words, uint8_t *ret)
{
    return word_list(text, words, 0, true, ret);
}

void scenario_words_text(const struct scenario_word *words, char *ret, size_t size)
{
    size_t at = 0;
    ret[0] = 0;
    for (; words->word != NULL && at < size; words++) {
        int n = snprintf(ret + at, size - at, "%s%s", at == 0 ? "" : "|", words->word);
        at += (size_t)n;
    }
}

void scenario_flag_error(const char *key, const char *value, char *ret, size_t size)
{
    int meant = similar_flag(value);
    int n = snprintf(ret, size, "%s= needs 0 or 1, not '%.40s'", key, value);
    if (meant >= 0 && n > 0 && (size_t)n < size)
        snprintf(ret + n, size - (size_t)n, "; did you mean %s=%d?", key, meant);
}

void scenario_yuan_text(i128 fen, char ret[SCENARIO_YUAN_SIZE])
{
    u128 rest = fen < 0 ? -(u128)fen : (u128)fen;
    char digits[SCENARIO_YUAN_SIZE];
    size_t at = sizeof(digits);
    digits[--at] = 0;
    for (unsigned place = 0; place < 3 || rest != 0; place++) {
        if (place == 2) digits[--at] = '.';
        digits[--at] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    }
    if (fen < 0) digits[--at] = '-';
    memcpy(ret, digits + at, sizeof(digits) - at);
}

void scenario_time_text(uint64_t ms, char ret[SCENARIO_TIME_SIZE])
{
    struct calendar_date date = calendar_date(calendar_day(ms));
    uint64_t in_day = (ms + CALENDAR_ZONE_MS) % CALENDAR_DAY_MS;
    snprintf(ret, SCENARIO_TIME_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%03u", (unsigned)date.year,
             (unsigned)date.month, (unsigned)date.day, (unsigned)(in_day / 3600000),
             (unsigned)(in_day / 60000 % 60), (unsigned)(in_day / 1000 % 60),
             (unsigned)(in_day % 1000));
}

void scenario_day_text(uint16_t day, char ret[SCENARIO_DAY_SIZE])
{
    struct calendar_date date = calendar_date(day);
    snprintf(ret, SCENARIO_DAY_SIZE, "%04u-%02u-%02u", (unsigned)date.year, (unsigned)date.month,
             (unsigned)date.day);
}

const char *scenario_word_of(const struct scenario_word *words, uint8_t value)
{
    for (; words->word != NULL; words++) {
        if (words->value == value) return words->word;
    }
    return NULL;
}

bool scenario_mask_text(uint8_t mask, const struct scenario_word *words, uint8_t base, char *ret,
                        size_t size)
{
    size_t at = 0;
    uint8_t all = 0;
    (void)scenario_mask("all", words, base, &all);
    if (mask == all) {
        snprintf(ret, size, "all");
        return true;
    }
    ret[0] = 0;
    for (const struct scenario_word *w = words; w->word != NULL; w++) {
        unsigned bit = 1u << (w->value - base);
        if ((mask & bit) == 0) continue;
        int n = snprintf(ret + at, size - at, "%s%s", at == 0 ? "" : ",", w->word);
        if (n < 0 || (size_t)n >= size - at) return false;
        at += (size_t)n;
        mask = (uint8_t)(mask & ~bit);
    }
    if (at == 0 && base == 1) snprintf(ret, size, "none");
    return mask == 0 && ret[0] != 0;
}
