/* tests/tables/world.h -- a small fixed world in which the tables of rules are tried out.
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
 */
#ifndef TESTS_TABLES_WORLD_H
#define TESTS_TABLES_WORLD_H

#include "decide.h"

struct world {
    struct state *s;
    uint64_t time_ms;
    uint64_t rids;
    uint8_t *log;
    uint64_t log_lines, log_lines_max;
    uint64_t *times; /* of the record at each line */
    struct decision last;
    bool read_only;
};

struct msg {
    struct gj_op op;
    uint8_t ext[GJ_EXT_MAX * GJ_RECORD_UNIT];
};

#define NOW_MS  world_ms(2025, 11, 20, 9 * 60)
#define HOUR_MS UINT64_C(3600000)

uint64_t world_ms(unsigned year, unsigned month, unsigned day, unsigned minute);
struct state_config world_config(void);
struct world *world_new(void); /* with everything above in it */
struct world *world_new_empty(const struct state_config *config, uint64_t log_lines_max);
/* Audits, redoes the log into an empty state, compares; frees. */
void world_close(struct world *w);
/* What decide() is given with `op` now: time, number, evidence. */
struct decide_input world_input(const struct world *w, const struct gj_op *op);
/* Sends with a new rid unless the message has one; commits what decide() recorded. */
uint8_t world_send(struct world *w, struct msg m);
/* As above; must answer 0..2. */
void world_do(struct world *w, struct msg m);
/* Sends `m` as the row under test: the answer must be `want`, and a refusal changes nothing. */
void world_row(struct world *w, uint8_t want, struct msg m, const char *file, int line);
void world_check(bool cond, const char *text, const char *file, int line);
unsigned world_failures(void); /* since the last call */
extern uint8_t world_reached[16][256];

const struct person *world_person(const struct world *w, uint64_t id);
void world_digest(const struct world *w, uint64_t digest[2]);

#define ROW(want, message, ...)                                                                    \
    do {                                                                                           \
        struct world *w = world_new();                                                             \
        __VA_ARGS__;                                                                               \
        world_row(w, GJ_##want, message, __FILE__, __LINE__);                                      \
        world_close(w);                                                                            \
    } while (0)
#define OK(cond) world_check((cond), #cond, __FILE__, __LINE__)

/* Sets one field of a region's policy by a new version. */
#define POLICY(region, assignment)                                                                 \
    do {                                                                                           \
        struct msg policy_msg = region_again(w, region);                                           \
        struct gj_policy *p = &((struct gj_region_ext *)(void *)policy_msg.ext)->policy;           \
        p->assignment;                                                                             \
        world_do(w, policy_msg);                                                                   \
    } while (0)

/* Messages. */
struct msg region_msg(uint16_t id, uint32_t version, const char *province, const char *name);
struct msg region_again(const struct world *w, uint16_t id); /* next version, same policy */
struct msg inst_msg(uint64_t id, uint16_t region, uint8_t type, uint8_t scenarios, uint8_t flags);
struct msg open_msg(uint64_t id, uint16_t region, uint8_t insurance);
struct msg update_msg(uint64_t id, uint8_t insurance, uint8_t status);
struct msg overdue_msg(uint64_t id, uint16_t day);
struct msg phone_msg(uint64_t id, uint64_t hash);
struct msg wallet_msg(uint64_t id, uint16_t region);
struct msg bind_msg(uint64_t payer, uint64_t member, uint8_t kind, int64_t cap);
struct msg unbind_msg(uint64_t payer, uint64_t member);
struct msg cap_msg(uint64_t payer, uint64_t member, int64_t cap);
struct msg deposit_msg(uint64_t id, int64_t amount);
struct msg transfer_msg(uint64_t payer, uint64_t payee, int64_t amount, uint8_t source);
struct msg pay_msg(uint64_t patient, uint64_t inst, int64_t amount, uint8_t sources);
struct msg relative_msg(uint64_t patient, uint64_t inst, int64_t amount, uint8_t sources,
                        uint64_t relative);
struct msg premium_msg(uint64_t payer, uint64_t beneficiary, uint16_t year, uint8_t source);
struct msg suspend_msg(uint64_t id, uint8_t bits);
struct msg resume_msg(uint64_t id, uint8_t bits);
/* The same message with one thing changed. */
struct msg with_auth(struct msg m, uint8_t auth);
struct msg with_detail(struct msg m, uint8_t detail);
struct msg with_flags(struct msg m, uint8_t flags);
struct msg with_amount(struct msg m, int64_t amount);
struct msg with_part(struct msg m, int64_t personal_part);

#define PERSONAL ((uint8_t)GJ_SOURCE_PERSONAL)
#define WALLET   ((uint8_t)GJ_SOURCE_WALLET)
#define RELATIVE ((uint8_t)GJ_SOURCE_RELATIVE)

void rows_fields(void);
void rows_request(void);
void rows_register(void);
void rows_family(void);
void rows_transfer(void);
void rows_pay(void);
void rows_premium(void);

#endif
