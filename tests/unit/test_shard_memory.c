/* tests/unit/test_shard_memory.c -- the shard without disk: records in front, the room of its log,
 * rebuilding from the records alone. */
#include "tests/unit/fixture.h"

TEST(configuration_out_of_range)
{
    struct state_config config = {.persons_max = 1,
                                  .families_max = 1,
                                  .institutions_max = 1,
                                  .holds_max = 1,
                                  .rids_max = 1,
                                  .rids_ahead_max = 1,
                                  .hash_seed = 1};
    struct shard_memory *shard = shard_memory_new(&config, 100);
    CHECK(shard != NULL);
    CHECK_EQ((uintptr_t)shard->s % 64, 0);
    CHECK_EQ(shard->lines, 1);
    shard_memory_free(shard);
    config.holds_max = 0;
    CHECK(shard_memory_new(&config, 100) == NULL);
    shard_memory_free(NULL);
}

TEST(outcomes_have_positions_and_others_none)
{
    struct fixture *t = fixture_new(4);
    struct fixture_op pay = fixture_pay(GJ_OP_PAY, 100, SOURCES(WALLET, PERSONAL), 0);
    CHECK_EQ(fixture_run(t, pay), GJ_ACCOUNT_NOT_FOUND);
    CHECK_EQ(t->kind, DECISION_RECORD);
    CHECK(t->position != 0);
    CHECK_EQ(t->sources.taken[0], 0);
    pay = fixture_pay(GJ_OP_PAY, 100, SOURCES(WALLET, RELATIVE), 0);
    uint64_t line = t->shard->lines;
    CHECK_EQ(fixture_run(t, pay), GJ_OK);
    CHECK_EQ(t->position, line);
    CHECK_EQ(t->shard->lines, line + 4); /* operation, its line, effect, sources */
    CHECK_EQ(t->shard->times[line], FIXTURE_MS);
    CHECK_EQ(t->sources.taken[0], 100);

    pay.op.rid = t->rid; /* the same again: the stored reply */
    uint64_t position = 7;
    struct gj_reply again;
    struct gj_reply_sources sources;
    CHECK_EQ(shard_memory_execute(t->shard, &pay.op, &again, &sources, &position), DECISION_REPLAY);
    CHECK_EQ(position, 0);
    CHECK_EQ(again.flags, GJ_REPLY_REPLAYED | GJ_REPLY_SOURCES);
    CHECK_EQ(again.seq, t->reply.seq);
    CHECK_EQ(sources.taken[0], 100);
    pay.op.amount++;
    CHECK_EQ(shard_memory_execute(t->shard, &pay.op, &again, &sources, NULL), DECISION_REJECT);
    CHECK_EQ(again.code, GJ_RID_REUSED);
    CHECK_EQ(sources.taken[0], 0);
    t->shard->read_only = true;
    CHECK_EQ(fixture_run(t, pay), GJ_READ_ONLY);
    CHECK_EQ(t->shard->lines, line + 4);
    fixture_free(t);
}

static uint8_t type_at(const struct fixture *t, uint64_t position)
{
    return record_op(t->shard->log + position * GJ_RECORD_UNIT)->type;
}

/* What is due of the persons an operation looks at is written down in front of it, and only that;
 * of several the earliest first. */
TEST(expiries_in_front)
{
    struct fixture *t = fixture_new(10);
    for (uint32_t i = 3; i >= 1; i--) {
        CHECK_EQ(fixture_run(t, fixture_pay(GJ_OP_HOLD, i, SOURCES(WALLET, NONE), i)), GJ_OK);
    }
    struct fixture_op of_100 = fixture_pay(GJ_OP_HOLD, 9, SOURCES(WALLET, NONE), 1);
    of_100.op.person = 100;
    CHECK_EQ(fixture_run(t, of_100), GJ_OK);
    t->shard->time_ms += 2000; /* two of 101 and that of 100 */
    uint64_t line = t->shard->lines;
    CHECK_EQ(fixture_run(t, fixture_pay(GJ_OP_PAY, 5, SOURCES(WALLET, NONE), 0)), GJ_OK);
    CHECK_EQ(t->position, line + 10);
    for (uint32_t i = 0; i < 2; i++) {
        const void *record = t->shard->log + (line + 5 * i) * GJ_RECORD_UNIT;
        CHECK_EQ(type_at(t, line + 5 * i), GJ_OP_EXPIRE);
        CHECK_EQ(record_hold(record)->amount, i + 1);
    }
    CHECK_EQ(shard_memory_expire(t->shard, 0), 0);
    CHECK_EQ(shard_memory_expire(t->shard, 10), 1);
    CHECK_EQ(shard_memory_expire(t->shard, 10), 0);
    CHECK_EQ(state_due_ms(t->shard->s), FIXTURE_MS + 3000);
    t->shard->time_ms += 1000;
    CHECK_EQ(shard_memory_expire(t->shard, 10), 1);
    CHECK(state_due_ms(t->shard->s) == UINT64_MAX);
    fixture_free(t);
}

/* All that is open can always be written down as expired, although nothing more is executed. */
TEST(room_is_kept_for_expiries)
{
    struct fixture *t = fixture_new(200);
    t->shard->lines_max = t->shard->lines + 400; /* of the room it really has */
    while (shard_memory_room(t->shard)) {
        CHECK_EQ(fixture_run(t, fixture_pay(GJ_OP_HOLD, 1, SOURCES(WALLET, RELATIVE), 60)), GJ_OK);
    }
    struct state_counts counts;
    state_counts(t->shard->s, &counts);
    CHECK(counts.holds >= 38);
    t->shard->time_ms += 60000;
    CHECK_EQ(shard_memory_expire(t->shard, 1), 1);
    CHECK_EQ(shard_memory_expire(t->shard, UINT32_MAX), counts.holds - 1);
    CHECK(t->shard->lines <= t->shard->lines_max);
    fixture_free(t);
}

TEST(rebuilt_from_its_records)
{
    struct fixture *t = fixture_new(10);
    CHECK_EQ(fixture_run(t, fixture_pay(GJ_OP_HOLD, 500, SOURCES(WALLET, RELATIVE), 60)), GJ_OK);
    struct gj_rid hold = t->rid;
    CHECK_EQ(fixture_run(t, fixture_amend(GJ_OP_REVERSE, 101, fixture_rid(FIXTURE_MS, 4000), 0, 0)),
             GJ_OK_TOMBSTONED);
    const struct state *before = t->shard->s;
    CHECK(shard_memory_redo(t->shard));
    CHECK(t->shard->s != before);
    CHECK_EQ(fixture_run(t, fixture_amend(GJ_OP_CAPTURE, 101, hold, 0, 500)), GJ_OK);
    fixture_free(t);
}

TEST(damaged_records_leave_the_state_as_it_was)
{
    struct fixture *t = fixture_new(10);
    CHECK_EQ(fixture_run(t, fixture_pay(GJ_OP_HOLD, 500, SOURCES(WALLET, RELATIVE), 60)), GJ_OK);
    const struct state *before = t->shard->s;
    struct gj_op *op = (struct gj_op *)(void *)(t->shard->log + t->position * GJ_RECORD_UNIT);
    op->type = 0; /* no record */
    CHECK(!shard_memory_redo(t->shard));
    op->type = GJ_OP_HOLD;
    op->detail = GJ_INPATIENT; /* a record, but of another hold */
    CHECK(!shard_memory_redo(t->shard));
    CHECK(t->shard->s == before);
    op->detail = GJ_OUTPATIENT;
    fixture_free(t);
}

/* What a larger shard wrote, a smaller one refuses to take. */
TEST(records_beyond_the_capacity)
{
    struct fixture *t = fixture_new(10);
    for (uint32_t i = 0; i < 2; i++) {
        CHECK_EQ(fixture_run(t, fixture_pay(GJ_OP_HOLD, 5, SOURCES(WALLET, NONE), 60)), GJ_OK);
    }
    t->shard->config.holds_max = 1;
    CHECK(!shard_memory_redo(t->shard));
    t->shard->config.holds_max = 2;
    CHECK(shard_memory_redo(t->shard));
    CHECK_EQ(fixture_run(t, fixture_pay(GJ_OP_HOLD, 5, SOURCES(WALLET, NONE), 60)),
             GJ_CAPACITY_RECORDS);
    fixture_free(t);
}

TEST_MAIN(T(configuration_out_of_range), T(outcomes_have_positions_and_others_none),
          T(expiries_in_front), T(room_is_kept_for_expiries), T(rebuilt_from_its_records),
          T(damaged_records_leave_the_state_as_it_was), T(records_beyond_the_capacity))
