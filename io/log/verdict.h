/* io/log/verdict.h -- the decision table of start-up: what a data directory and the tail of its log
 * look like -> what to do with them. Pure: the facts come from io/log/recovery.c, which also acts
 * on the verdict. docs/LOG_FORMAT.md shows the same rows with their reasons;
 * tests/unit/test_recover.c checks each of them. */
#ifndef IO_LOG_VERDICT_H
#define IO_LOG_VERDICT_H

#include "core/base/base.h"
#include "core/format/log_format.h"

enum recover_verdict {
    RECOVER_FRESH,    /* nothing of a log is here: make a new one */
    RECOVER_SCAN,     /* this is a log: verify and redo it */
    RECOVER_CONTINUE, /* the log ends cleanly: go on behind it */
    RECOVER_CUT,      /* a torn tail nobody was told about: zero it, go on at its place */

    RECOVER_REFUSE_FOREIGN,         /* exit 77: somebody else's files */
    RECOVER_REFUSE_NEWER,           /* exit 77: a newer format */
    RECOVER_REFUSE_META_MISSING,    /* exit 78 */
    RECOVER_REFUSE_META_CORRUPT,    /* exit 78 */
    RECOVER_REFUSE_SEGMENT_MISSING, /* exit 78 */
    RECOVER_REFUSE_SEGMENT_SIZE,    /* exit 78 */
    RECOVER_REFUSE_UNREADABLE,      /* exit 78: the disk does not give back what may be durable */
    RECOVER_REFUSE_CORRUPT,         /* exit 78: something durable is damaged */
    RECOVER_REFUSE_SEAL_MISSING,    /* exit 78: the log ends before its last clean stop */
};

enum recover_meta { RECOVER_META_ABSENT, RECOVER_META_CHECKED };

/* What listing the directory and reading `log.meta` showed. */
struct recover_directory {
    enum recover_meta meta;
    enum log_meta_state meta_state; /* if checked */
    bool meta_tmp;                  /* a new log was being made here */
    uint64_t segments;              /* files named like a segment */
    uint64_t first;                 /* number that the first segment must have */
    uint64_t segment_first;         /* lowest number among them */
    uint64_t segment_last;          /* highest */
    bool odd_segment;               /* one is not a file of the size that log.meta says */
    uint64_t segment_odd;           /* its number */
    bool first_segment_zero;        /* all of the first segment: no group was ever written */
    uint64_t strangers;             /* entries that are none of ours */
};
NODISCARD enum recover_verdict recover_directory(const struct recover_directory *facts);

/* What stands at and beyond the first place where the next group should be and is not. */
struct recover_tail {
    uint64_t bad_group;  /* number the missing group would have */
    bool unreadable;     /* some of the log gave read errors */
    bool newest_missing; /* records stand where there are none before the next segment is */
    bool malformed;      /* a group verified there, but does not continue the log or its
                          * records cannot be read */
    bool seal_missing;   /* log.meta names a SEAL that is not among the groups before */
    bool foreign;        /* a group of another log stands there or beyond */
    bool newer;          /* a group of a newer format stands there or beyond */
    bool all_zero;       /* nothing was ever written there or beyond */
    bool valid_beyond;   /* a group that verifies stands there or beyond */
    uint64_t durable_through_max; /* highest among those, if there are any */
};
NODISCARD enum recover_verdict recover_tail(const struct recover_tail *facts);

/* Exit code of a refusal: 77 or 78; 0 for the others. */
int recover_exit_code(enum recover_verdict verdict);

#endif
