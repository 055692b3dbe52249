/* cli/explore/corpus.h -- the user's own scenario files as sequences to begin with, and the rules
 * in them. Owns: the scenarios and their steps. */
#ifndef CLI_EXPLORE_CORPUS_H
#define CLI_EXPLORE_CORPUS_H

#include "cli/explore/run.h"

#define FUZZ_FILES_MAX        64
#define FUZZ_PERSONS_MAX      40u /* of a file: the model leaves room for more */
#define FUZZ_INSTITUTIONS_MAX 20u

struct fuzz_corpus {
    struct scenario scenarios[FUZZ_FILES_MAX];
    struct fuzz_sequence sequences[FUZZ_FILES_MAX];
    uint32_t count;
    struct fuzz_rules rules;
};

/* Adds a file by its text. What does not fit goes to `report` line by line; false if anything
 * did. */
bool fuzz_corpus_add(struct fuzz_corpus *corpus, const char *text,
                     void (*report)(void *context, unsigned line, const char *message),
                     void *context);
/* The most steps of any of them. */
size_t fuzz_corpus_steps(const struct fuzz_corpus *corpus);
void fuzz_corpus_free(struct fuzz_corpus *corpus);

#endif
