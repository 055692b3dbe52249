/* tests/unit/fixture.h -- a small place with open holds, on a shard in memory:
 *
 *   region 1        transfers wait for the payee; quota 70 %, relatives and wallets open
 *   institutions    10, 11: hospitals
 *   persons         100 employee, personal account 1000.00, wallet 500.00; 101 resident, wallet
 *                   300.00, child of 100 with a cap of 400.00
 *   time            2025-12-31 18:00 in Shanghai */
#ifndef TESTS_UNIT_FIXTURE_H
#define TESTS_UNIT_FIXTURE_H

#include <stdlib.h>

#include "core/format/policy.h"
#include "io/engine/shard_memory.h"
#include "tests/test.h"

#define FIXTURE_MS  UINT64_C(1767175200000) /* 2025-12-31T18:00:00+08:00 */
#define FIXTURE_DAY 20453u                  /* 2025-12-31 */
#define HOUR_MS     UINT64_C(3600000)

struct fixture {
    struct shard_memory *shard;
    uint64_t minted;
    /* Of the last operation. */
    enum decision_kind kind;
    struct gj_reply reply;
    struct gj_reply_sources sources;
    uint64_t position;
    struct gj_rid rid;
    _Alignas(8) uint8_t answer[GJ_READ_ANSWER_MAX]; /* of the last read */
};

/* An operation and the lines behind it. */
struct fixture_op {
    struct gj_op op;
    union {
        struct gj_pay_ext pay;
        struct gj_original_ext original;
        struct gj_institution_ext institution;
        struct gj_region_ext region;
    };
};

static inline struct gj_rid fixture_rid(uint64_t ms, uint64_t n)
{
    struct gj_rid rid = {.bytes = {0}};
    for (unsigned i = 0; i < 6; i++) rid.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    memcpy(rid.bytes + 8, &n, sizeof(n));
    return rid;
}

/* Executes with a new rid; returns the code. */
static inline uint8_t fixture_run(struct fixture *t, struct fixture_op m)
{
    m.op.rid = t->rid = fixture_rid(t->shard->time_ms, ++t->minted);
    t->kind = shard_memory_execute(t->shard, &m.op, &t->reply, &t->sources, &t->position);
    return t->reply.code;
}

static inline const struct gj_answer *fixture_ask(struct fixture *t, const struct gj_read *read)
{
    uint32_t size = shard_memory_query(t->shard, read, t->answer, sizeof(t->answer));
    const struct gj_answer *answer = (const struct gj_answer *)t->answer;
    CHECK_EQ(size, sizeof(*answer) + answer->size);
    CHECK_EQ(answer->time_ms, t->shard->time_ms);
    return answer;
}

static inline const void *fixture_payload(const struct fixture *t)
{
    return t->answer + sizeof(struct gj_answer);
}

#define SOURCES(a, b) gj_sources(GJ_SOURCE_##a, GJ_SOURCE_##b, GJ_SOURCE_NONE)

/* HOLD or PAY of 101 at institution 10; a relative is always 100. timeout_s 0 = a day. */
static inline struct fixture_op fixture_pay(uint8_t type, int64_t amount, uint8_t sources,
                                            uint32_t timeout_s)
{
    bool relative = false;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        relative |= gj_sources_at(sources, i) == GJ_SOURCE_RELATIVE;
    }
    return (struct fixture_op){.op = {.type = type,
                                      .person = 101,
                                      .other = 10,
                                      .amount = amount,
                                      .ext_count = relative || timeout_s != 0 ? 1 : 0,
                                      .auth = GJ_AUTH_FACE,
                                      .kind = sources,
                                      .detail = GJ_OUTPATIENT},
                               .pay = {.relative = relative ? 100 : 0, .timeout_s = timeout_s}};
}

static inline struct fixture_op fixture_transfer(uint64_t payer, uint64_t payee, int64_t amount,
                                                 uint8_t source)
{
    return (struct fixture_op){.op = {.type = GJ_OP_TRANSFER,
                                      .person = payer,
                                      .other = payee,
                                      .amount = amount,
                                      .auth = GJ_AUTH_FACE,
                                      .kind = source}};
}

/* ACCEPT (`other` = who acts), CAPTURE, RELEASE, REFUND, REVERSE of (person, rid). */
static inline struct fixture_op fixture_amend(uint8_t type, uint64_t person, struct gj_rid rid,
                                              uint64_t other, int64_t amount)
{
    return (struct fixture_op){
        .op = {.type = type, .person = person, .other = other, .amount = amount, .ext_count = 1},
        .original = {.rid = rid}};
}

static inline struct gj_person_view fixture_person(struct fixture *t, uint64_t id)
{
    struct gj_person_view view;
    struct gj_read read = {.type = GJ_READ_GET_PERSON, .id = id};
    CHECK_EQ(fixture_ask(t, &read)->code, GJ_OK);
    memcpy(&view, fixture_payload(t), sizeof(view));
    return view;
}

static inline void fixture_fill(struct fixture *t, uint64_t id, uint8_t insurance)
{
    struct fixture_op open = {.op = {.type = GJ_OP_OPEN_PERSON,
                                     .person = id,
                                     .arg = 1,
                                     .kind = insurance,
                                     .detail = GJ_STATUS_ACTIVE}};
    struct fixture_op wallet = {
        .op = {.type = GJ_OP_CONFIRM_WALLET, .person = id, .arg = 1, .auth = GJ_AUTH_FACE}};
    CHECK_EQ(fixture_run(t, open), GJ_OK);
    CHECK_EQ(fixture_run(t, wallet), GJ_OK);
}

/* Money into a wallet: from the personal account of a relative who binds it for the purpose. */
static inline void fixture_give(struct fixture *t, uint64_t payer, uint64_t payee, int64_t amount)
{
    CHECK_EQ(fixture_run(t, fixture_transfer(payer, payee, amount, GJ_SOURCE_PERSONAL)), GJ_OK);
    CHECK_EQ(t->reply.flags, GJ_REPLY_PENDING);
    CHECK_EQ(fixture_run(t, fixture_amend(GJ_OP_ACCEPT, payer, t->rid, payee, 0)), GJ_OK);
}

static inline struct fixture *fixture_new(uint32_t holds_max)
{
    struct state_config config = {.persons_max = 16,
                                  .families_max = 8,
                                  .institutions_max = 4,
                                  .holds_max = holds_max,
                                  .rids_max = 20000,
                                  .rids_ahead_max = 64,
                                  .hash_seed = 7};
    struct fixture *t = calloc(1, sizeof(*t));
    t->shard = shard_memory_new(&config, 200000);
    t->shard->time_ms = FIXTURE_MS;
    struct fixture_op region = {
        .op = {.type = GJ_OP_SET_REGION, .ext_count = 6, .amount = 1, .arg = 1}};
    memcpy(region.region.name, "town", 4);
    gj_policy_default(&region.region.policy);
    region.region.policy.wallet_open = 1;
    region.region.policy.receive_mode = GJ_RECEIVE_ACCEPT;
    CHECK_EQ(fixture_run(t, region), GJ_OK);
    for (uint64_t id = 10; id <= 11; id++) {
        struct fixture_op institution = {.op = {.type = GJ_OP_SET_INSTITUTION,
                                                .other = id,
                                                .ext_count = 1,
                                                .arg = 1,
                                                .kind = GJ_HOSPITAL,
                                                .detail = GJ_SCENARIO_MASK_ALL,
                                                .flags = GJ_FLAG_WALLET}};
        CHECK_EQ(fixture_run(t, institution), GJ_OK);
    }
    fixture_fill(t, 100, GJ_INSURANCE_EMPLOYEE);
    fixture_fill(t, 101, GJ_INSURANCE_RESIDENT);
    fixture_fill(t, 99, GJ_INSURANCE_EMPLOYEE); /* whom the others' wallets are from */
    for (uint64_t id = 99; id <= 100; id++) {
        struct fixture_op deposit = {
            .op = {.type = GJ_OP_DEPOSIT, .person = id, .amount = id == 99 ? 200000 : 100000}};
        CHECK_EQ(fixture_run(t, deposit), GJ_OK);
    }
    static const struct {
        uint64_t payer, member;
        int64_t cap;
    } bonds[] = {{99, 100, -1}, {99, 101, -1}, {100, 101, 40000}};
    for (size_t i = 0; i < ARRAY_COUNT(bonds); i++) {
        struct fixture_op bind = {.op = {.type = GJ_OP_BIND,
                                         .person = bonds[i].payer,
                                         .other = bonds[i].member,
                                         .amount = bonds[i].cap,
                                         .auth = GJ_AUTH_FACE,
                                         .kind = GJ_CHILD}};
        CHECK_EQ(fixture_run(t, bind), GJ_OK);
    }
    fixture_give(t, 99, 100, 50000);
    fixture_give(t, 99, 101, 30000);
    return t;
}

/* Audits, rebuilds from the records, frees. */
static inline void fixture_free(struct fixture *t)
{
    const char *broken = state_audit(t->shard->s);
    CHECK_STR(broken == NULL ? "sound" : broken, "sound");
    CHECK(shard_memory_redo(t->shard));
    broken = state_audit(t->shard->s);
    CHECK_STR(broken == NULL ? "sound" : broken, "sound");
    shard_memory_free(t->shard);
    free(t);
}

#endif
