/* tests/unit/test_recover.c -- the decision table of start-up, row by row. */
#include "io/log/verdict.h"
#include "tests/test.h"

#define OK_META .meta = RECOVER_META_CHECKED, .meta_state = LOG_META_OK

struct directory_row {
    const char *what;
    struct recover_directory facts;
    enum recover_verdict verdict;
    int exit_code;
};

static const struct directory_row DIRECTORY_ROWS[] = {
    {"empty", {0}, RECOVER_FRESH, 0},
    {"only an unfinished meta file", {.meta_tmp = true}, RECOVER_FRESH, 0},
    {"making was interrupted between the two names",
     {.meta_tmp = true, .segments = 1, .first_segment_zero = true},
     RECOVER_FRESH,
     0},
    {"as before, but something was written",
     {.meta_tmp = true, .segments = 1},
     RECOVER_REFUSE_META_MISSING,
     78},
    {"as before, but more segments",
     {.meta_tmp = true, .segments = 2, .segment_last = 1, .first_segment_zero = true},
     RECOVER_REFUSE_META_MISSING,
     78},
    {"as before, but not segment 0",
     {.meta_tmp = true, .segments = 1, .segment_last = 1, .first_segment_zero = true},
     RECOVER_REFUSE_META_MISSING,
     78},
    {"meta file lost, segment unused",
     {.segments = 1, .first_segment_zero = true},
     RECOVER_REFUSE_META_MISSING,
     78},
    {"meta file lost", {.segments = 3, .segment_last = 2}, RECOVER_REFUSE_META_MISSING, 78},
    {"somebody else's directory", {.strangers = 1}, RECOVER_REFUSE_FOREIGN, 77},
    {"somebody else's with an unfinished meta",
     {.strangers = 1, .meta_tmp = true},
     RECOVER_REFUSE_FOREIGN,
     77},
    {"another magic",
     {.meta = RECOVER_META_CHECKED, .meta_state = LOG_META_FOREIGN, .segments = 1},
     RECOVER_REFUSE_FOREIGN,
     77},
    {"newer",
     {.meta = RECOVER_META_CHECKED, .meta_state = LOG_META_NEWER, .segments = 1},
     RECOVER_REFUSE_NEWER,
     77},
    {"meta damaged",
     {.meta = RECOVER_META_CHECKED, .meta_state = LOG_META_CORRUPT, .segments = 1},
     RECOVER_REFUSE_META_CORRUPT,
     78},
    {"meta damaged, no segment",
     {.meta = RECOVER_META_CHECKED, .meta_state = LOG_META_CORRUPT},
     RECOVER_REFUSE_META_CORRUPT,
     78},
    {"all segments lost", {OK_META}, RECOVER_REFUSE_SEGMENT_MISSING, 78},
    {"first segment lost",
     {OK_META, .segments = 1, .segment_first = 1, .segment_last = 1},
     RECOVER_REFUSE_SEGMENT_MISSING,
     78},
    {"all but the newest lost",
     {OK_META, .segments = 2, .segment_first = 7, .segment_last = 8},
     RECOVER_REFUSE_SEGMENT_MISSING,
     78},
    {"a log that begins later",
     {OK_META, .first = 7, .segments = 2, .segment_first = 7, .segment_last = 8},
     RECOVER_SCAN,
     0},
    {"a log that begins later, and an older segment",
     {OK_META, .first = 7, .segments = 2, .segment_first = 6, .segment_last = 7},
     RECOVER_REFUSE_SEGMENT_MISSING,
     78},
    {"begins as late as a number can",
     {OK_META, .first = UINT64_MAX - 1, .segments = 2, .segment_first = UINT64_MAX - 1,
      .segment_last = UINT64_MAX},
     RECOVER_SCAN,
     0},
    {"middle segment lost",
     {OK_META, .segments = 3, .segment_last = 3},
     RECOVER_REFUSE_SEGMENT_MISSING,
     78},
    {"a segment of another size",
     {OK_META, .segments = 3, .segment_last = 2, .odd_segment = true, .segment_odd = 1},
     RECOVER_REFUSE_SEGMENT_SIZE,
     78},
    {"one lost and one of another size",
     {OK_META, .segments = 2, .segment_last = 2, .odd_segment = true, .segment_odd = 2},
     RECOVER_REFUSE_SEGMENT_MISSING,
     78},
    {"a log", {OK_META, .segments = 1}, RECOVER_SCAN, 0},
    {"a longer log with a file of the operator's",
     {OK_META, .segments = 3, .segment_last = 2, .strangers = 1},
     RECOVER_SCAN,
     0},
};

TEST(directory_rows)
{
    for (size_t i = 0; i < ARRAY_COUNT(DIRECTORY_ROWS); i++) {
        const struct directory_row *row = &DIRECTORY_ROWS[i];
        enum recover_verdict verdict = recover_directory(&row->facts);
        if (verdict != row->verdict) printf("    row: %s\n", row->what);
        CHECK_EQ(verdict, row->verdict);
        CHECK_EQ(recover_exit_code(verdict), row->exit_code);
    }
}

struct tail_row {
    const char *what;
    struct recover_tail facts;
    enum recover_verdict verdict;
    int exit_code;
};

static const struct tail_row TAIL_ROWS[] = {
    {"ends cleanly", {.bad_group = 5, .all_zero = true}, RECOVER_CONTINUE, 0},
    {"never began", {.bad_group = 1, .all_zero = true}, RECOVER_CONTINUE, 0},
    {"torn last group", {.bad_group = 5}, RECOVER_CUT, 0},
    {"torn first group", {.bad_group = 1}, RECOVER_CUT, 0},
    {"torn, later ones of the same flight arrived",
     {.bad_group = 5, .valid_beyond = true, .durable_through_max = 4},
     RECOVER_CUT,
     0},
    {"torn first group, later ones arrived",
     {.bad_group = 1, .valid_beyond = true, .durable_through_max = 0},
     RECOVER_CUT,
     0},
    {"a later group knew it durable",
     {.bad_group = 5, .valid_beyond = true, .durable_through_max = 5},
     RECOVER_REFUSE_CORRUPT,
     78},
    {"a much later group knew it durable",
     {.bad_group = 5, .valid_beyond = true, .durable_through_max = 99},
     RECOVER_REFUSE_CORRUPT,
     78},
    {"verifies, but the records are nonsense",
     {.bad_group = 5, .malformed = true, .valid_beyond = true, .durable_through_max = 4},
     RECOVER_REFUSE_CORRUPT,
     78},
    {"ends before its last clean stop",
     {.bad_group = 5, .seal_missing = true, .all_zero = true},
     RECOVER_REFUSE_SEAL_MISSING,
     78},
    {"a torn end before its last clean stop",
     {.bad_group = 5, .seal_missing = true},
     RECOVER_REFUSE_SEAL_MISSING,
     78},
    {"groups of another log where the last clean stop was",
     {.bad_group = 5, .seal_missing = true, .foreign = true},
     RECOVER_REFUSE_FOREIGN,
     77},
    {"fills the last segment, and the next is not there",
     {.bad_group = 5, .newest_missing = true, .all_zero = true},
     RECOVER_REFUSE_SEGMENT_MISSING,
     78},
    {"ends cleanly as far as it can be read",
     {.bad_group = 5, .unreadable = true, .all_zero = true},
     RECOVER_REFUSE_UNREADABLE,
     78},
    {"torn as far as it can be read",
     {.bad_group = 5, .unreadable = true},
     RECOVER_REFUSE_UNREADABLE,
     78},
    {"newer format", {.bad_group = 5, .newer = true}, RECOVER_REFUSE_NEWER, 77},
    {"damage is worse than a newer format beyond it",
     {.bad_group = 5, .newer = true, .valid_beyond = true, .durable_through_max = 9},
     RECOVER_REFUSE_CORRUPT,
     78},
    {"groups of another log", {.bad_group = 5, .foreign = true}, RECOVER_REFUSE_FOREIGN, 77},
    {"damage, then groups of another log",
     {.bad_group = 5, .foreign = true, .valid_beyond = true, .durable_through_max = 5},
     RECOVER_REFUSE_CORRUPT,
     78},
    {"newer format, then groups of another log",
     {.bad_group = 5, .foreign = true, .newer = true},
     RECOVER_REFUSE_NEWER,
     77},
};

TEST(tail_rows)
{
    for (size_t i = 0; i < ARRAY_COUNT(TAIL_ROWS); i++) {
        const struct tail_row *row = &TAIL_ROWS[i];
        enum recover_verdict verdict = recover_tail(&row->facts);
        if (verdict != row->verdict) printf("    row: %s\n", row->what);
        CHECK_EQ(verdict, row->verdict);
        CHECK_EQ(recover_exit_code(verdict), row->exit_code);
    }
}

TEST_MAIN(T(directory_rows), T(tail_rows))
