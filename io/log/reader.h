/* io/log/reader.h -- walks the groups of a log in order, checking each against the one before:
 * checksum, number, checksum chain, generation, sequence numbers, time and floor. Recovery and the
 * tools read through it; it changes nothing. */
#ifndef IO_LOG_READER_H
#define IO_LOG_READER_H

#include "core/format/record.h"
#include "io/log/files.h"
#include "io/log/options.h"
#include "io/log/scan.h"
#include "io/log/verdict.h"

/* Shortest record: an operation and its effect. */
#define LOG_GROUP_RECORDS_MAX (LOG_GROUP_SIZE_MAX / (2u * GJ_RECORD_UNIT))

struct log_reader {
    const struct log_files *files;
    struct log_scan *scan;
    uint64_t position;   /* where the next group should be */
    uint64_t number;     /* of the last group, 0 = none */
    uint64_t next_seq;   /* from 1 */
    uint64_t end;        /* byte behind the last group, padded */
    uint64_t generation; /* of the last group */
    uint64_t time_ms, rid_low_water_ms;
    uint32_t kind;        /* of the last group */
    uint64_t data_behind; /* where the last DATA group opened, + 1; 0 = there was none */
    uint8_t checksum[16];
    uint64_t records;                    /* so far */
    bool seal_seen;                      /* the SEAL that log.meta names */
    const struct log_progress *progress; /* set after log_reader_open(); NULL = none */
    uint64_t told;                       /* position of the last step */
    bool stopped;                        /* ... and it said so: nothing may be judged */
    bool malformed;      /* the group at `position` verifies, but does not continue the log or its
                          * records      cannot be read */
    uint64_t unreadable; /* first byte that gave a read error, if log_reader_tail() says so */
    uint32_t count;      /* records of the last group, and where in it they are */
    uint32_t offsets[LOG_GROUP_RECORDS_MAX];
};

NODISCARD bool log_reader_open(struct log_reader *reader, const struct log_files *files,
                               struct log_fault *fault);
/* The next group, valid until the next call; NULL where the first bad or missing one should be, or
 * if it shall stop. */
const struct log_group *log_reader_next(struct log_reader *reader);
/* After NULL: looks at everything from there to the end of the files. `end` is the byte behind the
 * last block that is not zero. Judge nothing by it if it was stopped. */
void log_reader_tail(struct log_reader *reader, struct recover_tail *facts, uint64_t *end);
void log_reader_close(struct log_reader *reader);

#endif
