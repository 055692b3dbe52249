/* cli/explore/shrink.h -- makes a failing sequence small while it keeps failing: steps are dropped,
 * people and institutions merged, amounts, times and policies made plain.
 * Knows nothing of why it fails: that is asked of a function. */
#ifndef CLI_EXPLORE_SHRINK_H
#define CLI_EXPLORE_SHRINK_H

#include "cli/explore/step.h"

struct fuzz_shrink {
    /* True if the sequence still fails in the same way. */
    bool (*fails)(void *context, const struct fuzz_sequence *sequence);
    void *context;
    uint32_t tries, tries_max; /* times it was asked, and may be */
};

/* `sequence` fails; afterwards it still does, and as a rule nothing can be taken away from it. */
void fuzz_shrink(struct fuzz_shrink *shrink, struct fuzz_sequence *sequence);

#endif
