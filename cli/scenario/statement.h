/* cli/scenario/statement.h -- what a line of a scenario file says, read. */
#ifndef CLI_SCENARIO_STATEMENT_H
#define CLI_SCENARIO_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/common/policy_text.h"
#include "core/base/base.h"
#include "core/format/op.h"

#define SCENARIO_LINE_MAX       1024u /* bytes of a line */
#define SCENARIO_STATEMENTS_MAX 20000u
#define SCENARIO_FILE_MAX       (4u << 20) /* bytes */
#define SCENARIO_NAME_SIZE      32u        /* of a rid's name, with its zero */
#define SCENARIO_TERMS_MAX      8u
#define SCENARIO_ERROR_SIZE     400u

enum statement_kind {
    STATEMENT_OPERATION,
    STATEMENT_DRY_RUN,
    STATEMENT_REPLAY,
    STATEMENT_AT,
    STATEMENT_ADVANCE,
    STATEMENT_CRASH,
    STATEMENT_LIMITS,
    STATEMENT_EXPECT,
    STATEMENT_ALWAYS,
};

enum expect_subject {
    EXPECT_PERSON,
    EXPECT_INSTITUTION,
    EXPECT_REGION,
    EXPECT_OP,
    EXPECT_DIGEST,
    EXPECT_CONSERVED,
};

enum expect_field {
    FIELD_PERSONAL, /* of a person */
    FIELD_WALLET,
    FIELD_HELD,
    FIELD_QUOTA_LEFT,
    FIELD_USED,
    FIELD_HOLDS,
    FIELD_PENDING_OUT,
    FIELD_PENDING_IN,
    FIELD_PAYABLE, /* of an institution */
    FIELD_CREDITS, /* and of one of its days: these four, in this order */
    FIELD_DEBITS,
    FIELD_CREDIT_COUNT,
    FIELD_DEBIT_COUNT,
    FIELD_CLEARING, /* of a region */
    FIELD_PREMIUM,
    FIELD_FUND,
};

enum compare { COMPARE_EQ, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE };

struct expect_term {
    enum expect_field field;
    enum compare compare;
    bool off;      /* quota_left=off */
    int64_t value; /* else: fen, or a number of something (expect_field_counts) */
};

/* Values of `code` in an EXPECT_OP beside the result codes. */
#define EXPECT_NOT_EXECUTED 256
#define EXPECT_EXPIRED      257
#define EXPECT_TOMBSTONED   258

struct expectation {
    enum expect_subject subject;
    bool every; /* `*` */
    uint64_t id;
    unsigned terms_count;
    struct expect_term terms[SCENARIO_TERMS_MAX];
    uint16_t day; /* of FIELD_CREDITS and so on; 0 = today */
    char rid[SCENARIO_NAME_SIZE];
    bool person_given;
    uint64_t person;
    int code; /* EXPECT_OP: enum gj_code, or one of EXPECT_* above */
    uint64_t digest_low, digest_high;
};

/* What `=> CODE moved= balance= remainder= taken= pending=` asks for; OK without it. */
struct wanted_reply {
    bool given;
    uint8_t code;
    bool pending_given, pending;
    bool moved_given, balance_given, remainder_given;
    int64_t moved, balance, remainder;
    unsigned taken_count; /* of taken=; 0 = not given */
    int64_t taken[GJ_SOURCES_MAX];
};

struct statement {
    unsigned line;
    const char *text; /* as written, without comment; in the scenario's memory */
    enum statement_kind kind;
    struct wanted_reply wanted;
    char rid[SCENARIO_NAME_SIZE]; /* empty = a new one for this statement */
    bool rid_at_given;
    uint64_t rid_at_ms;
    /* STATEMENT_OPERATION, STATEMENT_DRY_RUN: everything but the rid; for `region` also without
     * version and policy, and what an original gives is not in it */
    struct gj_op op;
    union {
        uint8_t lines[GJ_EXT_MAX][GJ_RECORD_UNIT];
        struct gj_pay_ext pay; /* of HOLD too */
        struct gj_institution_ext institution;
    } ext;
    struct region_change region;
    bool version_given;
    char original[SCENARIO_NAME_SIZE]; /* name of the original's rid, empty = not on an original */
    bool person_given;                 /* person=: the original's first person is in op.person */
    bool by_given;                     /* by=: who accepts or returns is in op.other */
    /* STATEMENT_AT: Unix ms; STATEMENT_ADVANCE: ms; */
    uint64_t time_ms;
    /* STATEMENT_LIMITS: 0 = not given */
    uint64_t persons_max, rids_max, holds_max, ahead_max;
    /* STATEMENT_EXPECT, STATEMENT_ALWAYS */
    struct expectation expect;
};

/* A whole file. */
struct scenario {
    struct statement *statements;
    size_t count;
    char *text; /* what the statements' texts point into */
};

#endif
