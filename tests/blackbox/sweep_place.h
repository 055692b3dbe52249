/* tests/blackbox/sweep_place.h -- the directory of a sweep_log, damaged, recovered, judged, and put
 * back. What a recovery must say is worked out here from the damaged bytes alone: which groups are
 * still what they were, and what the others behind them prove. */
#ifndef TESTS_BLACKBOX_SWEEP_PLACE_H
#define TESTS_BLACKBOX_SWEEP_PLACE_H

#include <stdio.h>
#include <time.h>

#include "tests/blackbox/sweep_log.h"

struct sweep_place {
    const struct sweep_log *log;
    int fds[SWEEP_SEGMENTS];
    void *files[SWEEP_SEGMENTS]; /* mapped */
    uint8_t *now;                /* SWEEP_BYTES: what the segments must hold */
    uint64_t from, to;           /* bytes that may differ from the log's */
    uint64_t recoveries;
    FILE *nowhere; /* for what `gongji log verify` prints */
};

/* What a recovery says: an exit code, or the state it found. */
struct sweep_verdict {
    int code;
    uint64_t groups, cut_bytes;
    uint64_t damaged; /* groups; expected verdicts only */
    uint64_t digest[2];
};

void sweep_place_open(struct sweep_place *place, const struct sweep_log *log);
void sweep_place_close(struct sweep_place *place);

/* Overwrites `size` bytes at `at`; may cross from one segment into the next. */
void sweep_place_change(struct sweep_place *place, uint64_t at, const void *bytes, uint64_t size);
void sweep_place_restore(struct sweep_place *place);

/* What must come of the bytes that are there now, if no group verifies there but the log's own. */
void sweep_place_expect(const struct sweep_place *place, struct sweep_verdict *ret);

/* Recovers the directory as a server would; the code is VERIFY_DISAGREES if `gongji log verify`
 * said another one just before. */
#define VERIFY_DISAGREES 1000
void sweep_place_recover(struct sweep_place *place, struct sweep_verdict *ret);

/* Recovers, and compares with `want`: the verdict; that a refusal changed no byte and no time
 * stamp; that a cut zeroed what it cut and nothing else, and that a second recovery finds the same
 * and cuts nothing; that nothing anybody was told of is missing, unless more than one group is
 * damaged. Prints what is otherwise. */
bool sweep_place_check(struct sweep_place *place, const struct sweep_verdict *want);
/* The same with what sweep_place_expect() says. `ret` may be NULL. */
bool sweep_place_judge(struct sweep_place *place, struct sweep_verdict *ret);

/* Names, sizes and times of all there is in the directory, and of itself. */
struct sweep_stamp {
    char text[1024];
};
/* Sets all times back first, so that whatever is touched from now on shows. */
void sweep_place_stamp(const struct sweep_place *place, struct sweep_stamp *ret);
bool sweep_place_untouched(const struct sweep_place *place, const struct sweep_stamp *before);

#endif
