/* cli/scenario/args.c -- cutting a scenario line into words and handing them out. */
#include "cli/scenario/args.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/common/similar.h"
#include "core/format/codes.h"

/* Every operation takes these. */
#define COMMON_KEYS "rid= rid_at= ref= actor= deadline="
/* And a wanted reply these. */
#define WANTED_KEYS "moved= balance= remainder= taken= pending="

bool args_fail(struct args *a, const char *format, ...)
{
    if (a->failed) return false;
    a->failed = true;
    va_list list;
    va_start(list, format);
    int n = vsnprintf(a->error, SCENARIO_ERROR_SIZE, format, list);
    va_end(list);
    if (a->usage != NULL && n >= 0 && n < (int)SCENARIO_ERROR_SIZE) {
        snprintf(a->error + n, SCENARIO_ERROR_SIZE - (size_t)n, "; usage: %s", a->usage);
    }
    return false;
}

bool args_split(struct args *a, const char *line, char *error)
{
    *a = (struct args){.error = error};
    if (strlen(line) >= sizeof(a->copy)) {
        return args_fail(a, "the line is longer than %u bytes", SCENARIO_LINE_MAX - 1);
    }
    memcpy(a->copy, line, strlen(line) + 1);
    char *rest = a->copy;
    char *word;
    while ((word = strsep(&rest, " \t\r")) != NULL) {
        if (word[0] == 0) continue;
        if (word[0] == '#') break;
        if (a->count == SCENARIO_WORDS_MAX) {
            return args_fail(a, "more than %u words", SCENARIO_WORDS_MAX);
        }
        a->words[a->count++] = word;
    }
    return true;
}

static bool is_key(const char *word)
{
    return strchr(word, '=') != NULL;
}

const char *args_place(struct args *a, const char *what)
{
    while (a->next < a->count && is_key(a->words[a->next])) a->next++;
    if (a->next == a->count) {
        args_fail(a, "%s is missing", what);
        return NULL;
    }
    a->taken[a->next] = true;
    return a->words[a->next++];
}

uint64_t args_place_number(struct args *a, const char *what, uint64_t max)
{
    uint64_t number = 0;
    const char *word = args_place(a, what);
    if (word != NULL && !scenario_number(word, max, &number)) {
        args_fail(a, "%s needs a whole number up to %llu, not '%s'", what, (unsigned long long)max,
                  word);
    }
    return number;
}

int64_t args_place_yuan(struct args *a, const char *what)
{
    int64_t fen = 0;
    const char *word = args_place(a, what);
    if (word != NULL && !scenario_yuan(word, &fen)) {
        args_fail(a, "%s needs yuan with two decimals like 200.00, not '%s'", what, word);
    }
    return fen;
}

const char *args_key(struct args *a, const char *key)
{
    ASSERT(key != NULL);
    size_t length = strlen(key);
    const char *value = NULL;
    for (unsigned i = 0; i < a->count; i++) {
        if (strncmp(a->words[i], key, length) != 0 || a->words[i][length] != '=') continue;
        if (value != NULL) args_fail(a, "%s= is given twice", key);
        a->taken[i] = true;
        value = a->words[i] + length + 1;
    }
    return value;
}

const char *args_key_needed(struct args *a, const char *key)
{
    const char *value = args_key(a, key);
    if (value == NULL) args_fail(a, "%s= is missing", key);
    return value;
}

uint64_t args_key_number(struct args *a, const char *key, uint64_t max, uint64_t absent)
{
    uint64_t number = absent;
    const char *value = args_key(a, key);
    if (value == NULL || scenario_number(value, max, &number)) return number;
    if (max == 1) {
        args_fail_flag(a, key, value);
    } else {
        args_fail(a, "%s= needs a whole number up to %llu, not '%s'", key, (unsigned long long)max,
                  value);
    }
    return number;
}

void args_fail_code(struct args *a, const char *name)
{
    struct similar similar;
    char hint[SIMILAR_TEXT_SIZE];
    similar_begin(&similar, name);
    for (unsigned code = 0; code < 256; code++) {
        const char *right = gj_code_name((uint8_t)code);
        if (right != NULL) similar_try(&similar, right);
    }
    similar_text(&similar, hint);
    args_fail(a, "no result code is called '%s'%s", name, hint);
}

void args_fail_flag(struct args *a, const char *key, const char *value)
{
    char text[128];
    scenario_flag_error(key, value, text, sizeof(text));
    args_fail(a, "%s", text);
}

static uint8_t read_word(struct args *a, const char *key, const char *value,
                         const struct scenario_word *words)
{
    uint8_t number = 0;
    if (!scenario_word(value, words, &number)) {
        char text[200];
        scenario_words_text(words, text, sizeof(text));
        args_fail(a, "%s= needs %s, not '%s'", key, text, value);
    }
    return number;
}

uint8_t args_key_word(struct args *a, const char *key, const struct scenario_word *words,
                      uint8_t absent)
{
    const char *value = args_key(a, key);
    return value == NULL ? absent : read_word(a, key, value, words);
}

uint8_t args_key_word_needed(struct args *a, const char *key, const struct scenario_word *words)
{
    const char *value = args_key_needed(a, key);
    return value == NULL ? 0 : read_word(a, key, value, words);
}

bool args_key_yuan(struct args *a, const char *key, int64_t *ret)
{
    const char *value = args_key(a, key);
    if (value == NULL) return false;
    if (!scenario_yuan(value, ret)) {
        return args_fail(a, "%s= needs yuan with two decimals like 200.00, not '%s'", key, value);
    }
    return true;
}

void args_name(struct args *a, const char *name, char ret[SCENARIO_NAME_SIZE])
{
    if (name == NULL) return;
    size_t length =
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    if (length == 0 || name[length] != 0 || length >= SCENARIO_NAME_SIZE) {
        args_fail(a, "'%s' is no name of a rid: 1 to %u letters, digits, _ and -", name,
                  SCENARIO_NAME_SIZE - 1);
        return;
    }
    memcpy(ret, name, length + 1);
}

static void fail_unknown_key(struct args *a, char *word)
{
    struct similar similar;
    char hint[SIMILAR_TEXT_SIZE];
    word[strcspn(word, "=")] = 0;
    similar_begin(&similar, word);
    similar_try_keys(&similar, a->usage);
    similar_try_keys(&similar, a->after_arrow ? WANTED_KEYS : COMMON_KEYS);
    similar_text(&similar, hint);
    args_fail(a, "unknown key '%s'%s", word, hint);
}

void args_finish(struct args *a)
{
    for (unsigned i = 0; i < a->count && !a->failed; i++) {
        if (a->taken[i]) continue;
        if (is_key(a->words[i])) {
            fail_unknown_key(a, a->words[i]);
        } else {
            args_fail(a, "'%s' is too much", a->words[i]);
        }
    }
}
