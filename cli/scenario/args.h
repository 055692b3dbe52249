/* cli/scenario/args.h -- the words of one scenario line, taken one by one: by place or by key.
 * A word asked for and missing, wrong or left over is an error text; the first one stays. */
#ifndef CLI_SCENARIO_ARGS_H
#define CLI_SCENARIO_ARGS_H

#include "cli/common/text.h"
#include "cli/scenario/statement.h"

#define SCENARIO_WORDS_MAX 64u

struct args {
    char copy[SCENARIO_LINE_MAX]; /* the line, cut into words */
    char *words[SCENARIO_WORDS_MAX];
    unsigned count;
    unsigned next;                  /* of the words by place */
    bool taken[SCENARIO_WORDS_MAX]; /* keys that were asked for */
    const char *usage;              /* of the verb, for messages */
    bool after_arrow;               /* the words of a wanted reply */
    bool failed;
    char *error; /* SCENARIO_ERROR_SIZE */
};

/* Cuts `line` at blanks and drops the comment. False: `error` is set. */
bool args_split(struct args *a, const char *line, char *error);

/* Notes an error, with the verb's usage behind it. Returns false. */
__attribute__((format(printf, 2, 3))) bool args_fail(struct args *a, const char *format, ...);

/* Notes that no result code has this name. */
void args_fail_code(struct args *a, const char *name);
/* Notes that key=value takes 0 or 1 only. */
void args_fail_flag(struct args *a, const char *key, const char *value);

/* The next word by place (one that is not key=value), NULL with an error if there is none. */
const char *args_place(struct args *a, const char *what);
/* Numbers, amounts and the rest by place. */
uint64_t args_place_number(struct args *a, const char *what, uint64_t max);
int64_t args_place_yuan(struct args *a, const char *what);

/* The value of key=, NULL if it is not there. */
const char *args_key(struct args *a, const char *key);
/* With an error if it is not there. */
const char *args_key_needed(struct args *a, const char *key);
/* Values of keys; `absent` without the key. */
uint64_t args_key_number(struct args *a, const char *key, uint64_t max, uint64_t absent);
uint8_t args_key_word(struct args *a, const char *key, const struct scenario_word *words,
                      uint8_t absent);
uint8_t args_key_word_needed(struct args *a, const char *key, const struct scenario_word *words);
bool args_key_yuan(struct args *a, const char *key, int64_t *ret);

/* The name of a rid; NULL is left to whoever took it. */
void args_name(struct args *a, const char *name, char ret[SCENARIO_NAME_SIZE]);

/* Error if a word by place is left, a key was never asked for or given twice. */
void args_finish(struct args *a);

#endif
