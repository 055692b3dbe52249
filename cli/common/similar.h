/* cli/common/similar.h -- "did you mean": of the words that would have been right, the one that
 * is nearest to a word that is wrong. Case does not count; a word too far from all of them gets
 * none. */
#ifndef CLI_COMMON_SIMILAR_H
#define CLI_COMMON_SIMILAR_H

#define SIMILAR_WORD_MAX  31u
#define SIMILAR_TEXT_SIZE 64u

struct similar {
    const char *wrong;
    char best[SIMILAR_WORD_MAX + 1]; /* so far; empty = none is near */
    unsigned distance;
};

/* `wrong` is borrowed until the text is made. */
void similar_begin(struct similar *s, const char *wrong);
/* One word that would have been right; longer ones than SIMILAR_WORD_MAX are left out. */
void similar_try(struct similar *s, const char *word);
/* All `key=` of a line of usage. */
void similar_try_keys(struct similar *s, const char *usage);
/* "; did you mean WORD?", or nothing. */
void similar_text(const struct similar *s, char ret[SIMILAR_TEXT_SIZE]);

/* What somebody means who writes yes or no where 0 or 1 belongs: 1, 0, or -1 for other words. */
int similar_flag(const char *word);

#endif
