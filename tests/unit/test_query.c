/* tests/unit/test_query.c -- every read: what it answers, and how a wrong request is refused. */
#include <stdlib.h>

#include "core/state/tables.h"
#include "io/engine/shard_memory.h"
#include "tests/test.h"

#define NOW_MS UINT64_C(1763600400000) /* 2025-11-20T09:00:00+08:00 */

struct fixture {
    struct shard_memory *shard;
    struct state *s;
    uint64_t minted;
    uint64_t record_position; /* of the last record */
    uint32_t cost;            /* of the last query() */
    _Alignas(8) uint8_t answer[GJ_READ_ANSWER_MAX];
};

static struct gj_rid rid_number(uint64_t n)
{
    struct gj_rid rid = {.bytes = {0}};
    for (unsigned i = 0; i < 6; i++) rid.bytes[i] = (uint8_t)(NOW_MS >> (40 - 8 * i));
    rid.bytes[14] = (uint8_t)(n >> 8);
    rid.bytes[15] = (uint8_t)n;
    return rid;
}

static uint8_t run(struct fixture *f, struct gj_op *op)
{
    struct gj_reply reply;
    struct gj_reply_sources sources;
    uint64_t position;
    op->rid = rid_number(++f->minted);
    (void)shard_memory_execute(f->shard, op, &reply, &sources, &position);
    if (position != 0) f->record_position = position;
    return reply.code;
}

static void put_region(struct fixture *f, uint16_t id, const char *province, const char *name)
{
    struct {
        struct gj_op op;
        struct gj_region_ext ext;
    } set = {.op = {.type = GJ_OP_SET_REGION, .ext_count = 6, .amount = 1, .arg = id}};
    memcpy(set.ext.province, province, strlen(province));
    memcpy(set.ext.name, name, strlen(name));
    gj_policy_default(&set.ext.policy);
    set.ext.policy.wallet_open = 1;
    CHECK_EQ(run(f, &set.op), GJ_OK);
}

static void put_institution(struct fixture *f, uint64_t id, uint16_t region)
{
    struct {
        struct gj_op op;
        struct gj_institution_ext ext;
    } set = {.op = {.type = GJ_OP_SET_INSTITUTION,
                    .ext_count = 1,
                    .other = id,
                    .arg = region,
                    .kind = GJ_HOSPITAL,
                    .detail = GJ_SCENARIO_MASK_ALL,
                    .flags = GJ_FLAG_WALLET},
             .ext = {.code = "H37010000001"}};
    CHECK_EQ(run(f, &set.op), GJ_OK);
}

/* Regions 1 and 2; 100 insured in 1 with 1000.00, who gave 101 in region 2 200.00. */
static struct fixture *build(void)
{
    struct state_config config = {.persons_max = 10,
                                  .families_max = 10,
                                  .institutions_max = 10,
                                  .holds_max = 10,
                                  .rids_max = 1000,
                                  .rids_ahead_max = 64,
                                  .hash_seed = 1};
    struct fixture *f = calloc(1, sizeof(*f));
    f->shard = shard_memory_new(&config, 1000);
    f->shard->time_ms = NOW_MS;
    f->s = f->shard->s;
    put_region(f, 1, "A", "one");
    put_region(f, 2, "A", "two");
    put_institution(f, 10, 1);
    put_institution(f, 11, 2);
    put_institution(f, 12, 1);
    for (uint64_t id = 100; id <= 101; id++) {
        struct gj_op open = {.type = GJ_OP_OPEN_PERSON,
                             .person = id,
                             .arg = (uint16_t)(id - 99),
                             .kind = GJ_INSURANCE_EMPLOYEE,
                             .detail = GJ_STATUS_ACTIVE};
        CHECK_EQ(run(f, &open), GJ_OK);
    }
    struct gj_op wallet = {
        .type = GJ_OP_CONFIRM_WALLET, .person = 101, .arg = 2, .auth = GJ_AUTH_FACE};
    CHECK_EQ(run(f, &wallet), GJ_OK);
    struct gj_op bind = {.type = GJ_OP_BIND,
                         .person = 100,
                         .other = 101,
                         .amount = 5000,
                         .kind = GJ_PARENT,
                         .auth = GJ_AUTH_FACE};
    CHECK_EQ(run(f, &bind), GJ_OK);
    struct gj_op deposit = {.type = GJ_OP_DEPOSIT, .person = 100, .amount = 100000};
    CHECK_EQ(run(f, &deposit), GJ_OK);
    struct gj_op transfer = {.type = GJ_OP_TRANSFER,
                             .person = 100,
                             .other = 101,
                             .amount = 20000,
                             .kind = GJ_SOURCE_PERSONAL,
                             .auth = GJ_AUTH_FACE};
    CHECK_EQ(run(f, &transfer), GJ_OK);
    return f;
}

static void drop(struct fixture *f)
{
    shard_memory_free(f->shard);
    free(f);
}

static const struct gj_answer *ask(struct fixture *f, const struct gj_read *read)
{
    uint32_t size = shard_memory_query(f->shard, read, f->answer, sizeof(f->answer));
    const struct gj_answer *answer = (const struct gj_answer *)f->answer;
    CHECK_EQ(size, sizeof(*answer) + answer->size);
    CHECK_EQ(answer->type, read->type);
    CHECK_EQ(answer->seq, state_seq(f->s));
    CHECK_EQ(answer->time_ms, NOW_MS);
    return answer;
}

static const void *payload(const struct fixture *f)
{
    return f->answer + sizeof(struct gj_answer);
}

TEST(person_in_one_snapshot)
{
    struct fixture *f = build();
    struct gj_read read = {.type = GJ_READ_GET_PERSON, .id = 100};
    CHECK_EQ(ask(f, &read)->code, GJ_OK);
    const struct gj_person_view *view = payload(f);
    CHECK_EQ(view->id, 100);
    CHECK_EQ(view->personal, 80000);
    CHECK_EQ(view->credits, 100000);
    CHECK_EQ(view->used, 20000);
    CHECK_EQ(view->quota, 70000);
    CHECK_EQ(view->quota_left, 50000);
    CHECK_EQ(view->year, 2025);
    CHECK_EQ(view->insured_region, 1);
    CHECK_EQ(view->use_region, 0);
    CHECK_EQ(view->insurance, GJ_INSURANCE_EMPLOYEE);
    CHECK_EQ(view->status, GJ_STATUS_ACTIVE);
    CHECK_EQ(view->flags, GJ_PERSON_ACCOUNT);
    CHECK_EQ(view->member_count, 1);
    CHECK_EQ(view->members[0].id, 101);
    CHECK_EQ(view->members[0].kind, GJ_PARENT);
    CHECK_EQ(view->members[0].cap, 5000);
    CHECK_EQ(view->last_position, f->record_position);
    read.id = 101;
    CHECK_EQ(ask(f, &read)->code, GJ_OK);
    CHECK_EQ(view->wallet, 20000);
    CHECK_EQ(view->flags, GJ_PERSON_ACCOUNT | GJ_PERSON_WALLET);
    read.id = 102;
    CHECK_EQ(ask(f, &read)->code, GJ_PERSON_NOT_FOUND);
    struct gj_op stop = {.type = GJ_OP_UPDATE_PERSON,
                         .person = 101,
                         .arg = 20000,
                         .kind = GJ_INSURANCE_RESIDENT,
                         .detail = GJ_STATUS_STOPPED,
                         .flags = GJ_FLAG_SPECIAL_SET | GJ_FLAG_SPECIAL};
    CHECK_EQ(run(f, &stop), GJ_OK);
    read.id = 101;
    CHECK_EQ(ask(f, &read)->code, GJ_OK);
    CHECK_EQ(view->insurance, GJ_INSURANCE_RESIDENT);
    CHECK_EQ(view->status, GJ_STATUS_STOPPED);
    CHECK_EQ(view->changed_on, 20000);
    CHECK_EQ(view->flags,
             GJ_PERSON_ACCOUNT | GJ_PERSON_WALLET | GJ_PERSON_SPECIAL | GJ_PERSON_OVERDUE);
    drop(f);
}

TEST(operation_executed_unknown_or_expired)
{
    struct fixture *f = build();
    struct gj_read read = {.type = GJ_READ_GET_OP, .id = 100, .rid = rid_number(f->minted)};
    CHECK_EQ(ask(f, &read)->code, GJ_OK);
    const struct gj_op_view *view = payload(f);
    CHECK_EQ(view->state, GJ_OP_STATE_EXECUTED);
    CHECK_EQ(view->position, f->record_position);
    CHECK_EQ(view->reply.amount, 20000);
    CHECK_EQ(view->op.other, 101);
    read.id = 101; /* another person's rid is another request */
    CHECK_EQ(ask(f, &read)->code, GJ_OK);
    CHECK_EQ(view->state, GJ_OP_STATE_NOT_EXECUTED);
    CHECK_EQ(view->position, 0);
    state_raise_rid_low_water(f->s, NOW_MS + 1);
    CHECK_EQ(ask(f, &read)->code, GJ_OK);
    CHECK_EQ(view->state, GJ_OP_STATE_EXPIRED);
    read.id = 100; /* below the floor, but still remembered */
    CHECK_EQ(ask(f, &read)->code, GJ_OK);
    CHECK_EQ(view->state, GJ_OP_STATE_EXECUTED);
    memset(&read.rid, 0, sizeof(read.rid));
    CHECK_EQ(ask(f, &read)->code, GJ_RID_ZERO);
    drop(f);
}

TEST(refused_operation)
{
    struct fixture *f = build();
    struct gj_op deposit = {.type = GJ_OP_DEPOSIT, .person = 999, .amount = 1};
    CHECK_EQ(run(f, &deposit), GJ_PERSON_NOT_FOUND);
    struct gj_read read = {.type = GJ_READ_GET_OP, .id = 999, .rid = rid_number(f->minted)};
    CHECK_EQ(ask(f, &read)->code, GJ_OK);
    const struct gj_op_view *view = payload(f);
    CHECK_EQ(view->state, GJ_OP_STATE_REFUSED);
    CHECK_EQ(view->reply.code, GJ_PERSON_NOT_FOUND);
    drop(f);
}

TEST(region_by_id_and_by_name)
{
    struct fixture *f = build();
    struct {
        struct gj_read read;
        struct gj_region_key key;
    } ask_by = {.read = {.type = GJ_READ_GET_REGION, .region = 2}};
    const struct gj_region_view *view = payload(f);
    CHECK_EQ(ask(f, &ask_by.read)->code, GJ_OK);
    CHECK_EQ(view->id, 2);
    CHECK_EQ(view->version, 1);
    CHECK_STR(view->current.name, "two");
    CHECK_EQ(view->current.policy.wallet_open, 1);
    CHECK_EQ(view->scheduled, 0);
    ask_by.read.region = 3;
    CHECK_EQ(ask(f, &ask_by.read)->code, GJ_REGION_NOT_FOUND);
    ask_by.read.region = UINT16_MAX;
    CHECK_EQ(ask(f, &ask_by.read)->code, GJ_REGION_NOT_FOUND);
    ask_by.read.region = 0;
    CHECK_EQ(ask(f, &ask_by.read)->code, GJ_BAD_FIELD);
    ask_by.read.ext_count = 2;
    memcpy(ask_by.key.province, "A", 1);
    memcpy(ask_by.key.name, "one", 3);
    CHECK_EQ(ask(f, &ask_by.read)->code, GJ_OK);
    CHECK_EQ(view->id, 1);
    memcpy(ask_by.key.province, "B", 1);
    CHECK_EQ(ask(f, &ask_by.read)->code, GJ_REGION_NOT_FOUND);
    ask_by.key.reserved[3] = 1;
    CHECK_EQ(ask(f, &ask_by.read)->code, GJ_RESERVED_NONZERO);
    drop(f);
}

TEST(totals_and_netting_of_a_region)
{
    struct fixture *f = build();
    struct gj_read read = {.type = GJ_READ_REGION_TOTALS, .region = 2};
    CHECK_EQ(ask(f, &read)->code, GJ_OK);
    const struct gj_totals_view *totals = payload(f);
    CHECK_EQ(totals->wallet.low, 20000);
    CHECK_EQ(totals->clearing.low, (uint64_t)-20000);
    CHECK_EQ(totals->clearing.high, -1);
    CHECK_EQ(totals->fund.low, 0);
    CHECK_EQ(totals->persons, 1);
    CHECK_EQ(totals->wallets, 1);
    read.type = GJ_READ_NETTING_ROW;
    CHECK_EQ(ask(f, &read)->count, 1);
    const struct gj_netting_entry *entry = payload(f);
    CHECK_EQ(entry->region, 1);
    CHECK_EQ(entry->in.low, 20000);
    CHECK_EQ(entry->out.low, 0);
    read.region = 9;
    CHECK_EQ(ask(f, &read)->code, GJ_REGION_NOT_FOUND);
    drop(f);
}

TEST(institutions_in_order_and_after_one)
{
    struct fixture *f = build();
    struct gj_read read = {.type = GJ_READ_GET_INSTITUTION, .id = 11};
    const struct gj_institution_view *views = payload(f);
    CHECK_EQ(ask(f, &read)->code, GJ_OK);
    CHECK_EQ(views[0].region, 2);
    CHECK_STR(views[0].code, "H37010000001");
    read.id = 99;
    CHECK_EQ(ask(f, &read)->code, GJ_INST_NOT_FOUND);
    read = (struct gj_read){.type = GJ_READ_REGION_INSTITUTIONS, .region = 1};
    CHECK_EQ(ask(f, &read)->count, 2);
    CHECK_EQ(views[0].id, 10);
    CHECK_EQ(views[1].id, 12);
    read.id = 10;
    CHECK_EQ(ask(f, &read)->count, 1);
    CHECK_EQ(views[0].id, 12);
    read.id = 11; /* of region 2 */
    CHECK_EQ(ask(f, &read)->code, GJ_INST_NOT_FOUND);
    read.id = 99;
    CHECK_EQ(ask(f, &read)->code, GJ_INST_NOT_FOUND);
    read.region = 9;
    CHECK_EQ(ask(f, &read)->code, GJ_REGION_NOT_FOUND);
    drop(f);
}

TEST(stats_digest_audit_ping)
{
    struct fixture *f = build();
    struct gj_read read = {.type = GJ_READ_STATS};
    CHECK_EQ(ask(f, &read)->size, sizeof(struct gj_stats_view));
    const struct gj_stats_view *stats = payload(f);
    CHECK_EQ(stats->persons, 2);
    CHECK_EQ(stats->persons_max, 10);
    CHECK_EQ(stats->regions, 2);
    CHECK_EQ(stats->rids, f->minted);
    CHECK_EQ(stats->holds, 0);
    CHECK_EQ(stats->holds_max, 10);
    CHECK_EQ(stats->uptime_ms, 0);
    read.type = GJ_READ_STATE_DIGEST;
    CHECK_EQ(ask(f, &read)->code, GJ_OK);
    uint64_t digest[2];
    state_digest(f->s, digest);
    CHECK_EQ(((const struct gj_digest_view *)payload(f))->low, digest[0]);
    CHECK_EQ(((const struct gj_digest_view *)payload(f))->high, digest[1]);
    read.type = GJ_READ_AUDIT;
    CHECK_EQ(ask(f, &read)->code, GJ_OK);
    CHECK_STR(((const struct gj_audit_view *)payload(f))->broken, "");
    f->s->books[1].fund++;
    CHECK_EQ(ask(f, &read)->code, GJ_OK);
    CHECK_STR(((const struct gj_audit_view *)payload(f))->broken, "the region's book balances");
    read.type = GJ_READ_PING;
    CHECK_EQ(ask(f, &read)->size, 0);
    drop(f);
}

TEST(dry_run_changes_nothing)
{
    struct fixture *f = build();
    struct {
        struct gj_read read;
        struct gj_op op;
    } dry = {.read = {.type = GJ_READ_DRY_RUN, .ext_count = 1},
             .op = {.rid = rid_number(500),
                    .type = GJ_OP_TRANSFER,
                    .person = 100,
                    .other = 101,
                    .amount = 20000,
                    .kind = GJ_SOURCE_PERSONAL,
                    .auth = GJ_AUTH_FACE}};
    uint64_t before[2], after[2], seq = state_seq(f->s);
    state_digest(f->s, before);
    CHECK_EQ(ask(f, &dry.read)->code, GJ_OK);
    const struct gj_dry_run_view *view = payload(f);
    CHECK_EQ(view->reply.code, GJ_OK);
    CHECK_EQ(view->reply.balance, 60000);
    CHECK_EQ(view->reply.seq, 0);
    dry.op.amount = 50001;
    CHECK_EQ(ask(f, &dry.read)->code, GJ_OK);
    CHECK_EQ(view->reply.code, GJ_ANNUAL_QUOTA_EXCEEDED);
    state_digest(f->s, after);
    CHECK(before[0] == after[0] && before[1] == after[1]);
    CHECK_EQ(state_seq(f->s), seq);
    dry.op.ext_count = 1; /* a line that is not there */
    CHECK_EQ(ask(f, &dry.read)->code, GJ_BAD_FIELD);
    drop(f);
}

/* A dry run of a payment shows each source; one of a rid that was used shows what it got. */
TEST(dry_run_of_a_payment_and_of_a_replay)
{
    struct fixture *f = build();
    struct {
        struct gj_read read;
        struct gj_op op;
    } dry = {.read = {.type = GJ_READ_DRY_RUN, .ext_count = 1},
             .op = {.rid = rid_number(500),
                    .type = GJ_OP_PAY,
                    .person = 101,
                    .other = 11,
                    .amount = 20001,
                    .flags = GJ_FLAG_PARTIAL,
                    .kind = GJ_SOURCE_PERSONAL | GJ_SOURCE_WALLET << 2,
                    .detail = GJ_OUTPATIENT,
                    .auth = GJ_AUTH_FACE}};
    const struct gj_dry_run_view *view = payload(f);
    CHECK_EQ(ask(f, &dry.read)->code, GJ_OK);
    CHECK_EQ(view->reply.code, GJ_OK_PARTIAL);
    CHECK_EQ(view->reply.flags, GJ_REPLY_SOURCES);
    CHECK_EQ(view->reply.amount, 20000);
    CHECK_EQ(view->sources.taken[0], 0);
    CHECK_EQ(view->sources.taken[1], 20000);
    CHECK_EQ(view->sources.remainder, 1);

    CHECK_EQ(run(f, &dry.op), GJ_OK_PARTIAL);
    CHECK_EQ(ask(f, &dry.read)->code, GJ_OK);
    CHECK_EQ(view->reply.code, GJ_OK_PARTIAL);
    CHECK_EQ(view->reply.flags, GJ_REPLY_SOURCES | GJ_REPLY_REPLAYED);
    CHECK_EQ(view->reply.seq, state_seq(f->s));
    CHECK_EQ(view->sources.taken[1], 20000);
    dry.op.amount--;
    CHECK_EQ(ask(f, &dry.read)->code, GJ_OK);
    CHECK_EQ(view->reply.code, GJ_RID_REUSED);
    CHECK_EQ(view->reply.seq, 0);
    drop(f);
}

/* Fetched records of another request, which only has an equal fingerprint, is not this one's. */
TEST(record_of_another_request)
{
    struct fixture *f = build();
    const void *record = f->shard->log + f->record_position * GJ_RECORD_UNIT;
    struct decide_input in = {.time_ms = NOW_MS,
                              .fetched_count = 1,
                              .fetched = {{.position = f->record_position, .record = record}}};
    const struct gj_op_view *view = payload(f);
    struct gj_read read = {.type = GJ_READ_GET_OP, .id = 101, .rid = rid_number(f->minted)};
    CHECK(query(f->s, &read, &in, f->answer, sizeof(f->answer), &f->cost) > 0);
    CHECK_EQ(view->state, GJ_OP_STATE_NOT_EXECUTED);
    read = (struct gj_read){.type = GJ_READ_GET_OP, .id = 100, .rid = rid_number(f->minted + 1)};
    CHECK(query(f->s, &read, &in, f->answer, sizeof(f->answer), &f->cost) > 0);
    CHECK_EQ(view->state, GJ_OP_STATE_NOT_EXECUTED);
    read.rid = rid_number(f->minted);
    CHECK(query(f->s, &read, &in, f->answer, sizeof(f->answer), &f->cost) > 0);
    CHECK_EQ(view->state, GJ_OP_STATE_EXECUTED);
    drop(f);
}

/* The scheduled policy is shown beside the one in force, and as the one in force from its instant
 * on, although nothing was committed in between. */
TEST(region_with_a_scheduled_policy)
{
    struct fixture *f = build();
    struct {
        struct gj_op op;
        struct gj_region_ext ext;
    } set = {.op = {.type = GJ_OP_SET_REGION,
                    .ext_count = 6,
                    .amount = 2,
                    .arg = 1,
                    .other = NOW_MS + 1000}};
    memcpy(set.ext.name, "one", 3);
    gj_policy_default(&set.ext.policy);
    CHECK_EQ(run(f, &set.op), GJ_OK);
    struct gj_read read = {.type = GJ_READ_GET_REGION, .region = 1};
    const struct gj_region_view *view = payload(f);
    CHECK_EQ(ask(f, &read)->code, GJ_OK);
    CHECK_EQ(view->version, 1);
    CHECK_EQ(view->current.policy.wallet_open, 1);
    CHECK_EQ(view->scheduled, 1);
    CHECK_EQ(view->scheduled_version, 2);
    CHECK_EQ(view->scheduled_from_ms, NOW_MS + 1000);
    CHECK_EQ(view->next.quota_bp, 7000);
    struct decide_input in = {.time_ms = NOW_MS + 1000};
    CHECK(query(f->s, &read, &in, f->answer, sizeof(f->answer), &f->cost) > 0);
    CHECK_EQ(view->version, 2);
    CHECK_EQ(view->current.policy.wallet_open, 0);
    CHECK_EQ(view->scheduled, 0);
    CHECK_EQ(view->scheduled_version, 0);
    CHECK_EQ(view->next.quota_bp, 0);
    drop(f);
}

static uint32_t cost_of(struct fixture *f, const struct gj_read *read)
{
    struct decide_input in = {.time_ms = NOW_MS, .seq = state_seq(f->s) + 1};
    CHECK(query(f->s, read, &in, f->answer, sizeof(f->answer), &f->cost) > 0);
    uint32_t known = query_cost(read);
    CHECK(known == QUERY_COST_OPEN || known == f->cost);
    return f->cost;
}

/* A page of institutions costs what it shows, wherever in the table they are. */
TEST(institutions_cost_what_is_shown)
{
    struct fixture *f = build();
    struct gj_read one = {.type = GJ_READ_REGION_INSTITUTIONS, .region = 1};
    struct gj_read two = {.type = GJ_READ_REGION_INSTITUTIONS, .region = 2};
    uint32_t before = cost_of(f, &two), each = cost_of(f, &one) - before; /* two and one */
    CHECK(each > 0);
    for (uint64_t id = 13; id < 19; id++) put_institution(f, id, 1);
    CHECK_EQ(cost_of(f, &two), before);
    CHECK_EQ(cost_of(f, &one), before + 7 * each);
    one.id = 17;
    CHECK_EQ(cost_of(f, &one), before);
    drop(f);
}

/* Reads of one object cost the same whatever is in it, and say so before. */
TEST(cost_is_known_before)
{
    struct fixture *f = build();
    static const struct gj_read closed[] = {
        {.type = GJ_READ_PING},
        {.type = GJ_READ_STATS},
        {.type = GJ_READ_GET_REGION, .region = 1},
        {.type = GJ_READ_REGION_TOTALS, .region = 1},
        {.type = GJ_READ_NETTING_ROW, .region = 1},
        {.type = GJ_READ_GET_INSTITUTION, .id = 10},
        {.type = GJ_READ_INSTITUTION_DAY, .id = 10, .day = 20412},
        {.type = GJ_READ_GET_PERSON, .id = 100, .region = 1}, /* refused */
    };
    for (size_t i = 0; i < ARRAY_COUNT(closed); i++) {
        CHECK(query_cost(&closed[i]) < 20000);
        CHECK_EQ(cost_of(f, &closed[i]), query_cost(&closed[i]));
    }
    const struct gj_read person = {.type = GJ_READ_GET_PERSON, .id = 100};
    CHECK_EQ(query_cost(&person), QUERY_COST_OPEN);
    const struct gj_read audit = {.type = GJ_READ_AUDIT};
    CHECK_EQ(query_cost(&audit), QUERY_COST_OPEN);
    drop(f);
}

TEST(wrong_requests)
{
    struct fixture *f = build();
    for (unsigned type = 0; type < 256; type++) {
        struct gj_read read = {.type = (uint8_t)type, .reserved0 = 1};
        bool known = type >= GJ_READ_PING && type <= GJ_READ_INSTITUTION_DAY;
        if (known) read.ext_count = type == GJ_READ_DRY_RUN ? 1 : 0;
        CHECK_EQ(ask(f, &read)->code, known ? GJ_RESERVED_NONZERO : GJ_UNKNOWN_OP);
    }
    struct gj_read read = {.type = GJ_READ_PING, .ext_count = 1};
    CHECK_EQ(ask(f, &read)->code, GJ_BAD_FIELD);
    read = (struct gj_read){.type = GJ_READ_PING, .id = 1};
    CHECK_EQ(ask(f, &read)->code, GJ_RESERVED_NONZERO);
    read = (struct gj_read){.type = GJ_READ_PING, .region = 1};
    CHECK_EQ(ask(f, &read)->code, GJ_RESERVED_NONZERO);
    read = (struct gj_read){.type = GJ_READ_GET_PERSON, .id = 100, .rid = rid_number(1)};
    CHECK_EQ(ask(f, &read)->code, GJ_RESERVED_NONZERO);
    read = (struct gj_read){.type = GJ_READ_GET_PERSON, .id = 100, .reserved = {[15] = 1}};
    CHECK_EQ(ask(f, &read)->code, GJ_RESERVED_NONZERO);
    for (uint8_t type = GJ_READ_PING; type <= GJ_READ_INSTITUTION_DAY; type++) {
        bool lists = type == GJ_READ_LIST_HOLDS || type == GJ_READ_LIST_PENDING;
        read = (struct gj_read){.type = type, .after_due = 1};
        if (type == GJ_READ_DRY_RUN) read.ext_count = 1;
        CHECK_EQ(ask(f, &read)->code == GJ_RESERVED_NONZERO, !lists);
        read.after_due = 0;
        read.after_seq = 1;
        CHECK_EQ(ask(f, &read)->code == GJ_RESERVED_NONZERO, !lists);
        read.after_seq = 0;
        read.day = 1;
        CHECK_EQ(ask(f, &read)->code == GJ_RESERVED_NONZERO, type != GJ_READ_INSTITUTION_DAY);
    }
    drop(f);
}

TEST_MAIN(T(person_in_one_snapshot), T(operation_executed_unknown_or_expired), T(refused_operation),
          T(region_by_id_and_by_name), T(totals_and_netting_of_a_region),
          T(institutions_in_order_and_after_one), T(institutions_cost_what_is_shown),
          T(cost_is_known_before), T(stats_digest_audit_ping), T(dry_run_changes_nothing),
          T(dry_run_of_a_payment_and_of_a_replay), T(record_of_another_request),
          T(region_with_a_scheduled_policy), T(wrong_requests))
