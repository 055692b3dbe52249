/* tests/tables/matrix_cases.h -- the matrix of reversals: every operation that can be reversed, and
 * everything that can come before its reversal. */
#ifndef TESTS_TABLES_MATRIX_CASES_H
#define TESTS_TABLES_MATRIX_CASES_H

#include "tests/tables/fixture.h"

#define PEOPLE      10u /* 100 .. 109 */
#define PLACES      5u  /* institutions 10 .. 14 */
#define AREAS       4u  /* regions 1 .. 3 */
#define SAMPLES_MAX 24u
#define SECONDS_MAX 96u

/* Rids. */
enum { FIRST = 1, SECOND, THIRD, HOLD_1, HOLD_2, COMING_1, COMING_2, PAID_1, PAID_2, DEPOSITED };

/* The fixed world with more money, and something of everything to go on with:
 *   106, 107   employee and resident of 1; 107 has a wallet of 400.00 and is bound by 100 and 101
 *   108, 109   resident and employee of 2, 109 with 300.00
 *   open       two holds of 107, two transfers from 103 to 104; paid: two payments of 103 */
struct fixture *matrix_world(void);

/* One operation to be reversed. Both worlds run `with` and `without`; the reversed one has the rid
 * FIRST. `moves` are the accounts its reversal concerns, `debit` what it takes out of each. */
struct sample {
    const char *name;
    uint64_t person; /* its first */
    struct msg with[4], without[4];
    struct {
        uint64_t person;
        uint8_t source; /* PERSONAL or WALLET */
        int64_t debit;
    } moves[3];
    unsigned with_count, without_count, moves_count;
    unsigned transfers; /* by which its payer's count of the day grew */
    bool refund;        /* to be reversed on its own day only */
};
extern struct sample samples[SAMPLES_MAX];
extern unsigned samples_count;
void make_samples(void); /* once */

/* What comes in between, in both worlds: one operation or two, `later_ms` after the first. */
struct second {
    struct msg list[2];
    unsigned count;
    uint64_t later_ms;
};
extern struct second seconds[SECONDS_MAX];
extern unsigned seconds_count;
void make_seconds(void); /* once; at least one of every operation */

#endif
