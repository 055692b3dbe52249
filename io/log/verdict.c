/* io/log/verdict.c -- the decision table of start-up. One `if` per row, in order of precedence. */
#include "io/log/verdict.h"

#include "core/base/exit_codes.h"

enum recover_verdict recover_directory(const struct recover_directory *facts)
{
    if (facts->meta == RECOVER_META_CHECKED) {
        if (facts->meta_state == LOG_META_FOREIGN) return RECOVER_REFUSE_FOREIGN;
        if (facts->meta_state == LOG_META_NEWER) return RECOVER_REFUSE_NEWER;
        if (facts->meta_state == LOG_META_CORRUPT) return RECOVER_REFUSE_META_CORRUPT;
        /* log.meta gets its name after the first segment is durable, so a log always has that one.
         */
        if (facts->segments == 0) return RECOVER_REFUSE_SEGMENT_MISSING;
        if (facts->segment_first != facts->first) return RECOVER_REFUSE_SEGMENT_MISSING;
        if (facts->segment_last - facts->first + 1 != facts->segments) {
            return RECOVER_REFUSE_SEGMENT_MISSING;
        }
        /* A segment gets its name when it is whole: no crash leaves a short one behind. */
        if (facts->odd_segment) return RECOVER_REFUSE_SEGMENT_SIZE;
        return RECOVER_SCAN;
    }
    if (facts->segments > 0) {
        /* The one moment of making a log in which the first segment has its name and the meta file
         * not. */
        if (facts->meta_tmp && facts->segments == 1 && facts->segment_last == facts->first &&
            facts->first_segment_zero) {
            return RECOVER_FRESH;
        }
        return RECOVER_REFUSE_META_MISSING;
    }
    if (facts->strangers > 0) return RECOVER_REFUSE_FOREIGN;
    return RECOVER_FRESH;
}

enum recover_verdict recover_tail(const struct recover_tail *facts)
{
    if (facts->newest_missing) return RECOVER_REFUSE_SEGMENT_MISSING;
    /* What cannot be read is not known to be absent, nor can it be cut. */
    if (facts->unreadable) return RECOVER_REFUSE_UNREADABLE;
    /* It was written as a whole, so it is no torn tail. */
    if (facts->malformed) return RECOVER_REFUSE_CORRUPT;
    /* Somebody knew the bad group to be durable: its effects may have been acknowledged. */
    if (facts->valid_beyond && facts->durable_through_max >= facts->bad_group) {
        return RECOVER_REFUSE_CORRUPT;
    }
    /* Not ours to overwrite. */
    if (facts->newer) return RECOVER_REFUSE_NEWER;
    if (facts->foreign) return RECOVER_REFUSE_FOREIGN;
    /* Everything up to that SEAL was durable, and nothing behind it proves it any more. */
    if (facts->seal_missing) return RECOVER_REFUSE_SEAL_MISSING;
    if (facts->all_zero) return RECOVER_CONTINUE;
    return RECOVER_CUT;
}

int recover_exit_code(enum recover_verdict verdict)
{
    switch (verdict) {
    case RECOVER_FRESH:
    case RECOVER_SCAN:
    case RECOVER_CONTINUE:
    case RECOVER_CUT: return 0;
    case RECOVER_REFUSE_FOREIGN:
    case RECOVER_REFUSE_NEWER: return EXIT_FOREIGN;
    case RECOVER_REFUSE_META_MISSING:
    case RECOVER_REFUSE_META_CORRUPT:
    case RECOVER_REFUSE_SEGMENT_MISSING:
    case RECOVER_REFUSE_SEGMENT_SIZE:
    case RECOVER_REFUSE_UNREADABLE:
    case RECOVER_REFUSE_CORRUPT:
    case RECOVER_REFUSE_SEAL_MISSING: return EXIT_CONFIG;
    }
    UNREACHABLE("verdict");
}
