/* cli/common/text.h -- the values of a scenario file: yuan, times, durations, words and masks.
 * Every function reads the whole of `text` strictly (no sign, space or digit too many) and returns
 * false, leaving *ret alone, if it is anything else. No floating point. */
#ifndef CLI_COMMON_TEXT_H
#define CLI_COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/base.h"

/* A word and its number; a table ends with a NULL word. */
struct scenario_word {
    const char *word;
    uint8_t value;
};

extern const struct scenario_word scenario_relations[]; /* enum gj_relation */
extern const struct scenario_word scenario_care[];      /* enum gj_scenario */
extern const struct scenario_word scenario_auths[];     /* enum gj_auth */
extern const struct scenario_word scenario_insurances[];
extern const struct scenario_word scenario_statuses[];
extern const struct scenario_word scenario_types[];   /* of institutions */
extern const struct scenario_word scenario_sources[]; /* personal, wallet */
extern const struct scenario_word scenario_uses[];    /* enum gj_use bits */

/* Decimal without leading zeros, at most `max`. */
bool scenario_number(const char *text, uint64_t max, uint64_t *ret);
/* Like scenario_number, with an optional minus. */
bool scenario_signed(const char *text, int64_t *ret);
/* Yuan with exactly two decimals ("-12.30"), in fen. */
bool scenario_yuan(const char *text, int64_t *ret);
/* YYYY-MM-DD, as a day number since 1970-01-01. */
bool scenario_day(const char *text, uint16_t *ret);
/* YYYY-MM-DDTHH:MM:SS[.mmm] of Asia/Shanghai, as Unix milliseconds. */
bool scenario_time(const char *text, uint64_t *ret);
/* HH:MM, 00:00 to 24:00, as a minute of the day. */
bool scenario_minute(const char *text, uint16_t *ret);
/* A number and ms, s, m, h or d, in milliseconds; at most 100 years. */
bool scenario_duration(const char *text, uint64_t *ret);
bool scenario_word(const char *text, const struct scenario_word *words, uint8_t *ret);

/* A comma list of words, none twice; bit (value - base) for each. `all` = every word. With base 1
 * `none` = no bit; in a table that has the word itself (auth) it is that word. */
bool scenario_mask(const char *text, const struct scenario_word *words, uint8_t base, uint8_t *ret);
/* A comma list of words whose values are bits already. */
bool scenario_bits(const char *text, const struct scenario_word *words, uint8_t *ret);
/* "wallet= needs 0 or 1, not 'yes'; did you mean wallet=1?" */
void scenario_flag_error(const char *key, const char *value, char *ret, size_t size);
/* "a|b|c" of a table, for messages. */
void scenario_words_text(const struct scenario_word *words, char *ret, size_t size);

/* The other way, for messages. */
#define SCENARIO_YUAN_SIZE 48
void scenario_yuan_text(i128 fen, char ret[SCENARIO_YUAN_SIZE]);
#define SCENARIO_TIME_SIZE 32
void scenario_time_text(uint64_t ms, char ret[SCENARIO_TIME_SIZE]);
#define SCENARIO_DAY_SIZE 16
void scenario_day_text(uint16_t day, char ret[SCENARIO_DAY_SIZE]);
/* NULL if the table has no word for it. */
const char *scenario_word_of(const struct scenario_word *words, uint8_t value);
/* What scenario_mask() reads as `mask`. False: a bit has no word. */
bool scenario_mask_text(uint8_t mask, const struct scenario_word *words, uint8_t base, char *ret,
                        size_t size);

#endif
