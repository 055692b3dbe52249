/* cli/explore/make.h -- random sequences: carried out while they are made, because what comes next
 * looks at what there is. The same seed and mix make the same sequence. */
#ifndef CLI_EXPLORE_MAKE_H
#define CLI_EXPLORE_MAKE_H

#include "cli/explore/corpus.h"

struct fuzz_mix {
    uint32_t operations; /* made at random, behind those of the corpus */
    uint16_t weights[256];
    bool weighted;                    /* else the usual mix */
    unsigned hot, retries, crashes;   /* persons; percent; percent */
    const struct fuzz_corpus *corpus; /* NULL, or without files: from nothing */
};

/* Steps that a sequence of this mix has at most. */
size_t fuzz_mix_steps(const struct fuzz_mix *mix);

/* Makes the sequence of `seed` in `ret` and carries it out. False: run->failure, of the last step
 * in `ret`. */
bool fuzz_make(struct fuzz_run *run, const struct fuzz_mix *mix, uint64_t seed,
               struct fuzz_sequence *ret);

#endif
