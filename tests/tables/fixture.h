/* tests/tables/fixture.h -- a small fixed world in which the tables of rules are tried out.
 *
 *   regions       1, 2 of one province, 3 of another; wallet open, defaults otherwise;
 *                 premium product 1 of 2026: 400.00 yuan, sold until the end of 2025
 *   institutions  10 hospital of region 1; 11 pharmacy of 1, drugs only; 12 hospital of 1 without
 *                 the wallet; 13 hospital of 3; 14 hospital of 2
 *   persons       100 employee of 1, wallet in 1, personal 800.00 (opened with 1000.00)
 *                 101 resident of 1, wallet in 1: 200.00      parent of 100, no cap
 *                 102 resident of 3, wallet in 3: empty       child of 100, cap 50.00
 *                 103 employee of 2, wallet in 2, personal 500.00; nobody's relative
 *                 104 employee of 1, nothing confirmed or deposited; spouse of 103
 *                 105 resident of 1, neither account nor wallet
 *   time          2025-11-20 09:00 in Shanghai
 *
 * Every row has the world to itself. After it the books are audited, a refused row must have
 * changed nothing, and all records committed alone into an empty state must give the same digest.
 * A row with something due is tried twice: as it is, and in a copy where what is due was written
 * down before; every read and the answer must be the same.
 */
#ifndef TESTS_TABLES_FIXTURE_H
#define TESTS_TABLES_FIXTURE_H

#include "core/decide/decider.h"
#include "io/engine/shard_memory.h"
#include "tests/tables/messages.h"

struct fixture {
    struct shard_memory *shard;
    struct state *s;  /* of the shard */
    uint64_t time_ms; /* of the next operation or read */
    uint64_t rids;
    bool read_only;
    struct {
        enum decision_kind kind;
        struct gj_reply reply;
        struct gj_reply_sources sources;
    } last;
    unsigned expired; /* records in front of the last one */
    bool forgot;      /* fixture_forget() */
};

#define NOW_MS  fixture_ms(2025, 11, 20, 9 * 60)
#define HOUR_MS UINT64_C(3600000)

uint64_t fixture_ms(unsigned year, unsigned month, unsigned day, unsigned minute);
struct state_config fixture_config(void);
struct fixture *fixture_new(void); /* with everything above in it */
struct fixture *fixture_new_empty(const struct state_config *config, uint64_t log_lines_max);
/* Audits, redoes the log into an empty state, compares; frees. */
void fixture_close(struct fixture *w);
/* The same without the redo, for many worlds. */
void fixture_end(struct fixture *w);
/* Rids older than this are not known any more. */
void fixture_forget(struct fixture *w, uint64_t low_water_ms);
/* Sends with a new rid unless the message has one; commits what decide() recorded. */
uint8_t fixture_send(struct fixture *w, struct msg m);
/* As above; must answer 0..2. */
void fixture_do(struct fixture *w, struct msg m);
/* Sends `m` as the row under test: the answer must be `want`, and a refusal changes nothing. */
void fixture_row(struct fixture *w, uint8_t want, struct msg m, const char *file, int line);
void fixture_check(bool cond, const char *text, const char *file, int line);
void fixture_equal(int64_t got, int64_t want, const char *text, const char *file, int line);
unsigned fixture_failures(void); /* since the last call */
extern uint8_t fixture_reached[32][256];

/* What an object is now, straight from the tables: what is due may not be written down yet. */
const struct person *fixture_person(const struct fixture *w, uint64_t id);
const struct person_cold *fixture_cold(const struct fixture *w, uint64_t id);
const struct institution *fixture_institution(const struct fixture *w, uint64_t id);
/* Fen the member drew this year, as stored; -1 if it is not bound. */
int64_t fixture_draws(const struct fixture *w, uint64_t payer, uint64_t member);
void fixture_digest(const struct fixture *w, uint64_t digest[2]);

/* What reads say at w->time_ms. */
uint8_t fixture_read(const struct fixture *w, const struct gj_read *read, const void **ret_payload,
                     unsigned *ret_count);
struct gj_person_view fixture_view(const struct fixture *w, uint64_t id);
struct gj_institution_day_view fixture_day(const struct fixture *w, uint64_t inst, uint16_t day);
struct gj_op_view fixture_op(const struct fixture *w, uint64_t person, unsigned number);

#define ROW(want, message, ...)                                                                    \
    do {                                                                                           \
        struct fixture *w = fixture_new();                                                         \
        __VA_ARGS__;                                                                               \
        fixture_row(w, GJ_##want, message, __FILE__, __LINE__);                                    \
        fixture_close(w);                                                                          \
    } while (0)
/* One more operation in the world `w`. */
#define STEP(want, message) fixture_row(w, GJ_##want, message, __FILE__, __LINE__)
#define DO(message)         fixture_do(w, message)
#define OK(cond)            fixture_check((cond), #cond, __FILE__, __LINE__)
/* Two numbers that must be equal. */
#define EQ(got, want) fixture_equal((int64_t)(got), (int64_t)(want), #got, __FILE__, __LINE__)

/* Sets one field of a region's policy by a new version. */
#define POLICY(region, assignment)                                                                 \
    do {                                                                                           \
        struct msg policy_msg = region_again(w, region);                                           \
        struct gj_policy *p = &((struct gj_region_ext *)(void *)policy_msg.ext)->policy;           \
        p->assignment;                                                                             \
        fixture_do(w, policy_msg);                                                                 \
    } while (0)

void rows_fields(void);
void rows_request(void);
void rows_register(void);
void rows_family(void);
void rows_transfer(void);
void rows_pay(void);
void rows_premium(void);
void rows_hold(void);
void rows_pending(void);
void rows_refund(void);
void rows_reverse(void);
void rows_account(void);
void rows_expiry(void);
void rows_money_bugs(void);

#endif
