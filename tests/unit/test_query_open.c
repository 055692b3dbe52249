/* tests/unit/test_query_open.c -- reads of what is open, due, undone, and of an institution's days.
 * What is due reads as if it had been written down. */
#include "tests/unit/fixture.h"

/* 101 held 100.00 of the wallet and 200.00 of the relative; 100 sends 101 50.00 of the wallet. */
static void hold_and_send(struct fixture *t, uint32_t timeout_s)
{
    CHECK_EQ(fixture_run(t, fixture_pay(GJ_OP_HOLD, 50000, SOURCES(WALLET, RELATIVE), timeout_s)),
             GJ_OK);
    CHECK_EQ(t->reply.amount, 50000);
    CHECK_EQ(fixture_run(t, fixture_transfer(100, 101, 5000, GJ_SOURCE_WALLET)), GJ_OK);
    CHECK_EQ(t->reply.flags, GJ_REPLY_PENDING);
}

TEST(person_shows_what_is_held)
{
    struct fixture *t = fixture_new(100);
    hold_and_send(t, 3600);
    struct gj_person_view view = fixture_person(t, 101);
    CHECK_EQ(view.wallet, 30000);
    CHECK_EQ(view.wallet_held, 30000);
    CHECK_EQ(view.holds, 1);
    CHECK_EQ(view.pendings_out, 0);
    CHECK_EQ(view.pendings_in, 1);
    view = fixture_person(t, 100);
    CHECK_EQ(view.personal, 100000);
    CHECK_EQ(view.personal_held, 20000);
    CHECK_EQ(view.wallet_held, 5000);
    CHECK_EQ(view.used, 20000);
    CHECK_EQ(view.quota_left, 50000);
    CHECK_EQ(view.members[0].used, 20000);
    CHECK_EQ(view.holds, 1);
    CHECK_EQ(view.pendings_out, 1);
    CHECK_EQ(view.pendings_in, 0);
    fixture_free(t);
}

/* Whoever has many open holds costs more: to be read, and to be part of an operation. */
TEST(holds_cost)
{
    struct fixture *t = fixture_new(100);
    struct decide_input in = {.time_ms = FIXTURE_MS};
    const struct gj_read reads[] = {{.type = GJ_READ_GET_PERSON, .id = 100},
                                    {.type = GJ_READ_LIST_HOLDS, .id = 100},
                                    {.type = GJ_READ_LIST_PENDING, .id = 100}};
    uint32_t cost[2][4];
    for (unsigned round = 0; round < 2; round++) {
        struct fixture_op deposit = {.op = {.type = GJ_OP_DEPOSIT, .person = 100, .amount = 1}};
        deposit.op.rid = fixture_rid(FIXTURE_MS, ++t->minted);
        _Alignas(8) uint8_t record[GJ_RECORD_SIZE_MAX];
        struct decision d;
        in.seq = state_seq(t->shard->s) + 1;
        decide(t->shard->s, &deposit.op, &in, record, &d);
        cost[round][3] = d.cost;
        for (unsigned i = 0; i < ARRAY_COUNT(reads); i++) {
            CHECK(query(t->shard->s, &reads[i], &in, t->answer, sizeof(t->answer),
                        &cost[round][i]) > 0);
        }
        for (unsigned i = 0; round == 0 && i < 50; i++) {
            struct fixture_op hold = fixture_pay(GJ_OP_HOLD, 10, SOURCES(RELATIVE, NONE), 3600);
            CHECK_EQ(fixture_run(t, hold), GJ_OK);
        }
    }
    for (unsigned i = 0; i < 4; i++) CHECK(cost[1][i] >= cost[0][i] + 50 * 10);
    fixture_free(t);
}

/* The instant before it is held, at the instant it is not; writing it down changes no view. */
TEST(what_is_due_is_not_held)
{
    struct fixture *t = fixture_new(100);
    hold_and_send(t, 3600);
    t->shard->time_ms = FIXTURE_MS + HOUR_MS - 1;
    CHECK_EQ(fixture_person(t, 101).holds, 1);
    CHECK_EQ(fixture_person(t, 100).personal_held, 20000);
    t->shard->time_ms++;
    uint64_t seq = state_seq(t->shard->s);
    struct gj_person_view views[2] = {fixture_person(t, 100), fixture_person(t, 101)};
    CHECK_EQ(views[0].personal_held, 0);
    CHECK_EQ(views[0].wallet_held, 5000);
    CHECK_EQ(views[0].used, 0);
    CHECK_EQ(views[0].quota_left, 70000);
    CHECK_EQ(views[0].members[0].used, 0);
    CHECK_EQ(views[0].holds, 0);
    CHECK_EQ(views[0].pendings_out, 1);
    CHECK_EQ(views[1].wallet_held, 0);
    CHECK_EQ(views[1].holds, 0);
    CHECK_EQ(views[1].pendings_in, 1);
    CHECK_EQ(state_seq(t->shard->s), seq);

    CHECK_EQ(shard_memory_expire(t->shard, 100), 1);
    CHECK_EQ(state_seq(t->shard->s), seq + 1);
    for (unsigned i = 0; i < 2; i++) {
        struct gj_person_view after = fixture_person(t, 100 + i);
        after.last_position = views[i].last_position;
        CHECK(memcmp(&after, &views[i], sizeof(after)) == 0);
    }
    fixture_free(t);
}

/* Held on 31 December, due on 1 January: the new year's figures never had it. */
TEST(due_of_the_year_before)
{
    struct fixture *t = fixture_new(100);
    CHECK_EQ(fixture_run(t, fixture_pay(GJ_OP_HOLD, 10000, SOURCES(RELATIVE, NONE), 8 * 3600)),
             GJ_OK);
    CHECK_EQ(fixture_person(t, 100).used, 10000);
    t->shard->time_ms = FIXTURE_MS + 7 * HOUR_MS; /* 01:00 */
    struct gj_person_view view = fixture_person(t, 100);
    CHECK_EQ(view.year, 2026);
    CHECK_EQ(view.used, 0);
    CHECK_EQ(view.opening, 100000);
    CHECK_EQ(view.personal_held, 10000);
    CHECK_EQ(view.members[0].used, 0);
    CHECK_EQ(fixture_run(t, fixture_pay(GJ_OP_HOLD, 3000, SOURCES(RELATIVE, NONE), 3600)), GJ_OK);
    t->shard->time_ms += HOUR_MS;
    view = fixture_person(t, 100);
    CHECK_EQ(view.personal_held, 0);
    CHECK_EQ(view.used, 0);
    CHECK_EQ(view.members[0].used, 0);
    CHECK_EQ(shard_memory_expire(t->shard, 100), 2);
    view = fixture_person(t, 100);
    CHECK_EQ(view.used, 0);
    CHECK_EQ(view.members[0].used, 0);
    fixture_free(t);
}

/* The base CURRENT is what is posted and was used; what is held is posted still. */
TEST(quota_of_the_current_base_does_not_see_what_is_due)
{
    struct fixture *t = fixture_new(100);
    struct fixture_op region = {
        .op = {.type = GJ_OP_SET_REGION, .ext_count = 6, .amount = 2, .arg = 1}};
    memcpy(region.region.name, "town", 4);
    gj_policy_default(&region.region.policy);
    region.region.policy.wallet_open = 1;
    region.region.policy.quota_base = GJ_QUOTA_CURRENT;
    CHECK_EQ(fixture_run(t, region), GJ_OK);
    CHECK_EQ(fixture_run(t, fixture_pay(GJ_OP_HOLD, 20000, SOURCES(RELATIVE, NONE), 3600)), GJ_OK);
    t->shard->time_ms += HOUR_MS;
    struct gj_person_view due = fixture_person(t, 100);
    CHECK_EQ(due.quota, 70000);
    CHECK_EQ(due.quota_left, 70000);
    CHECK_EQ(shard_memory_expire(t->shard, 100), 1);
    CHECK_EQ(fixture_person(t, 100).quota, 70000);
    fixture_free(t);
}

static const struct gj_hold_view *list(struct fixture *t, uint8_t type, uint64_t id, uint64_t due,
                                       uint64_t seq, uint32_t *ret_count)
{
    struct gj_read read = {.type = type, .id = id, .after_due = due, .after_seq = seq};
    const struct gj_answer *answer = fixture_ask(t, &read);
    CHECK_EQ(answer->code, GJ_OK);
    CHECK_EQ(answer->size, answer->count * sizeof(struct gj_hold_view));
    *ret_count = answer->count;
    return fixture_payload(t);
}

TEST(list_of_one_hold)
{
    struct fixture *t = fixture_new(100);
    CHECK_EQ(fixture_run(t, fixture_pay(GJ_OP_HOLD, 35000, SOURCES(WALLET, RELATIVE), 3600)),
             GJ_OK);
    struct gj_rid rid = t->rid;
    uint64_t seq = t->reply.seq;
    CHECK_EQ(fixture_run(t, fixture_amend(GJ_OP_CAPTURE, 101, rid, 0, 31000)), GJ_OK);
    for (uint64_t id = 100; id <= 101; id++) { /* as the relative and as the patient */
        uint32_t count;
        const struct gj_hold_view *view = list(t, GJ_READ_LIST_HOLDS, id, 0, 0, &count);
        CHECK_EQ(count, 1);
        CHECK(memcmp(&view->rid, &rid, sizeof(rid)) == 0);
        CHECK_EQ(view->person, 101);
        CHECK_EQ(view->other, 10);
        CHECK_EQ(view->relative, 100);
        CHECK_EQ(view->left[0], 0);
        CHECK_EQ(view->left[1], 4000);
        CHECK_EQ(view->left[2], 0);
        CHECK_EQ(view->amount, 35000);
        CHECK_EQ(view->due_ms, FIXTURE_MS + HOUR_MS);
        CHECK_EQ(view->seq, seq);
        CHECK_EQ(view->type, GJ_OP_HOLD);
        CHECK_EQ(view->sources, SOURCES(WALLET, RELATIVE));
        CHECK_EQ(view->scenario, GJ_OUTPATIENT);
        (void)list(t, GJ_READ_LIST_PENDING, id, 0, 0, &count);
        CHECK_EQ(count, 0);
    }
    uint32_t count;
    (void)list(t, GJ_READ_LIST_HOLDS, 99, 0, 0, &count);
    CHECK_EQ(count, 0);
    t->shard->time_ms += HOUR_MS; /* due, written down or not */
    (void)list(t, GJ_READ_LIST_HOLDS, 101, 0, 0, &count);
    CHECK_EQ(count, 0);
    struct gj_read read = {.type = GJ_READ_LIST_HOLDS, .id = 555};
    CHECK_EQ(fixture_ask(t, &read)->code, GJ_PERSON_NOT_FOUND);
    read.type = GJ_READ_LIST_PENDING;
    CHECK_EQ(fixture_ask(t, &read)->code, GJ_PERSON_NOT_FOUND);
    fixture_free(t);
}

TEST(list_of_pending_transfers_from_and_to)
{
    struct fixture *t = fixture_new(100);
    CHECK_EQ(fixture_run(t, fixture_transfer(100, 101, 5000, GJ_SOURCE_WALLET)), GJ_OK);
    struct gj_rid out = t->rid;
    CHECK_EQ(fixture_run(t, fixture_transfer(101, 100, 700, GJ_SOURCE_WALLET)), GJ_OK);
    uint32_t count;
    for (uint64_t id = 100; id <= 101; id++) {
        const struct gj_hold_view *views = list(t, GJ_READ_LIST_PENDING, id, 0, 0, &count);
        CHECK_EQ(count, 2);
        CHECK(memcmp(&views[0].rid, &out, sizeof(out)) == 0);
        CHECK_EQ(views[0].person, 100);
        CHECK_EQ(views[0].other, 101);
        CHECK_EQ(views[0].relative, 0);
        CHECK_EQ(views[0].left[0], 5000);
        CHECK_EQ(views[0].amount, 5000);
        CHECK_EQ(views[0].type, GJ_OP_TRANSFER);
        CHECK_EQ(views[0].sources, GJ_SOURCE_WALLET);
        CHECK_EQ(views[0].scenario, 0);
        CHECK_EQ(views[1].person, 101);
        CHECK(views[0].due_ms == views[1].due_ms && views[0].seq < views[1].seq);
        (void)list(t, GJ_READ_LIST_HOLDS, id, 0, 0, &count);
        CHECK_EQ(count, 0);
    }
    CHECK_EQ(fixture_run(t, fixture_amend(GJ_OP_RETURN, 100, out, 101, 0)), GJ_OK);
    CHECK_EQ(list(t, GJ_READ_LIST_PENDING, 100, 0, 0, &count)->person, 101);
    CHECK_EQ(count, 1);
    fixture_free(t);
}

/* 1024 of one person, due times in any order and often equal: the pages are all of them, once,
 * in order; what fell due since is left out. */
TEST(pages_of_a_full_list)
{
    struct fixture *t = fixture_new(GJ_PERSON_HOLDS_MAX + 5);
    uint64_t random = 88172645463325252u, due_soon = 0;
    for (unsigned i = 0; i < GJ_PERSON_HOLDS_MAX; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        uint32_t timeout_s = 1000 + (uint32_t)(random % 200) * 10;
        due_soon += timeout_s <= 1500;
        CHECK_EQ(fixture_run(t, fixture_pay(GJ_OP_HOLD, 1, SOURCES(WALLET, NONE), timeout_s)),
                 GJ_OK);
    }
    CHECK_EQ(fixture_run(t, fixture_pay(GJ_OP_HOLD, 1, SOURCES(WALLET, NONE), 9)),
             GJ_CAPACITY_RECORDS);
    for (unsigned later = 0; later < 2; later++) {
        uint64_t due = 0, seq = 0, total = 0;
        uint32_t count, wrong = 0, pages = 0;
        t->shard->time_ms = FIXTURE_MS + later * 1500000;
        do {
            const struct gj_hold_view *views = list(t, GJ_READ_LIST_HOLDS, 101, due, seq, &count);
            for (uint32_t i = 0; i < count; i++) {
                wrong += views[i].due_ms < due || (views[i].due_ms == due && views[i].seq <= seq);
                due = views[i].due_ms;
                seq = views[i].seq;
            }
            total += count;
        } while (++pages < 10 && count == GJ_HOLDS_PAGE);
        CHECK_EQ(wrong, 0);
        CHECK_EQ(total, GJ_PERSON_HOLDS_MAX - (later ? due_soon : 0));
        CHECK_EQ(fixture_person(t, 101).holds, total);
    }
    /* A due one makes room; the table counts what is written down. */
    struct gj_read read = {.type = GJ_READ_STATS};
    CHECK_EQ(fixture_ask(t, &read)->code, GJ_OK);
    const struct gj_stats_view *stats = fixture_payload(t);
    CHECK_EQ(stats->holds, GJ_PERSON_HOLDS_MAX);
    CHECK_EQ(stats->holds_max, GJ_PERSON_HOLDS_MAX + 5);
    CHECK_EQ(fixture_run(t, fixture_pay(GJ_OP_HOLD, 1, SOURCES(WALLET, NONE), 9)), GJ_OK);
    fixture_free(t);
}

static struct gj_institution_day_view day_of(struct fixture *t, uint16_t day, uint8_t code)
{
    struct gj_institution_day_view view = {.id = 0};
    struct gj_read read = {.type = GJ_READ_INSTITUTION_DAY, .id = 10, .day = day};
    const struct gj_answer *answer = fixture_ask(t, &read);
    CHECK_EQ(answer->code, code);
    CHECK_EQ(answer->size, code == GJ_OK ? sizeof(view) : 0);
    if (code == GJ_OK) memcpy(&view, fixture_payload(t), sizeof(view));
    return view;
}

TEST(days_of_an_institution)
{
    struct fixture *t = fixture_new(100);
    CHECK_EQ(fixture_run(t, fixture_pay(GJ_OP_PAY, 5000, SOURCES(WALLET, NONE), 0)), GJ_OK);
    CHECK_EQ(fixture_run(t, fixture_pay(GJ_OP_PAY, 300, SOURCES(WALLET, NONE), 0)), GJ_OK);
    CHECK_EQ(fixture_run(t, fixture_amend(GJ_OP_REFUND, 101, t->rid, 0, 100)), GJ_OK);
    struct gj_rid refund = t->rid;
    struct gj_institution_day_view view = day_of(t, FIXTURE_DAY, GJ_OK);
    CHECK_EQ(view.id, 10);
    CHECK_EQ(view.day, FIXTURE_DAY);
    CHECK_EQ(view.credit_count, 2);
    CHECK_EQ(view.credits.low, 5300);
    CHECK_EQ(view.debit_count, 1);
    CHECK_EQ(view.debits.low, 100);
    CHECK_EQ(fixture_run(t, fixture_amend(GJ_OP_REVERSE, 101, refund, 0, 0)), GJ_OK);
    CHECK_EQ(day_of(t, FIXTURE_DAY, GJ_OK).credits.low, 5400);

    struct gj_read other = {.type = GJ_READ_INSTITUTION_DAY, .id = 11, .day = FIXTURE_DAY};
    CHECK_EQ(fixture_ask(t, &other)->code, GJ_OK);
    CHECK_EQ(((const struct gj_institution_day_view *)fixture_payload(t))->credit_count, 0);
    other.id = 12;
    CHECK_EQ(fixture_ask(t, &other)->code, GJ_INST_NOT_FOUND);

    t->shard->time_ms += 7 * 24 * HOUR_MS; /* the last day that knows it, and one without lines */
    CHECK_EQ(day_of(t, FIXTURE_DAY, GJ_OK).credit_count, 3);
    CHECK_EQ(day_of(t, FIXTURE_DAY + 7, GJ_OK).credit_count, 0);
    (void)day_of(t, FIXTURE_DAY + 8, GJ_BAD_FIELD);
    (void)day_of(t, FIXTURE_DAY - 1, GJ_BAD_FIELD);
    (void)day_of(t, 0, GJ_BAD_FIELD);
    t->shard->time_ms += 24 * HOUR_MS; /* the day that takes its place, before it has lines */
    (void)day_of(t, FIXTURE_DAY, GJ_BAD_FIELD);
    CHECK_EQ(day_of(t, FIXTURE_DAY + 8, GJ_OK).credit_count, 0);
    CHECK_EQ(fixture_run(t, fixture_pay(GJ_OP_PAY, 7, SOURCES(WALLET, NONE), 0)), GJ_OK);
    CHECK_EQ(day_of(t, FIXTURE_DAY + 8, GJ_OK).credits.low, 7);
    fixture_free(t);
}

static struct gj_op_view op_of(struct fixture *t, uint64_t person, struct gj_rid rid)
{
    struct gj_op_view view;
    struct gj_read read = {.type = GJ_READ_GET_OP, .id = person, .rid = rid};
    CHECK_EQ(fixture_ask(t, &read)->code, GJ_OK);
    memcpy(&view, fixture_payload(t), sizeof(view));
    return view;
}

TEST(operation_that_was_reversed_before_it_arrived)
{
    struct fixture *t = fixture_new(100);
    struct gj_rid never = fixture_rid(FIXTURE_MS, 5000);
    CHECK_EQ(op_of(t, 101, never).state, GJ_OP_STATE_NOT_EXECUTED);
    CHECK_EQ(fixture_run(t, fixture_amend(GJ_OP_REVERSE, 101, never, 0, 0)), GJ_OK_TOMBSTONED);
    uint64_t position = t->position;
    struct gj_rid reverse = t->rid;
    for (unsigned round = 0; round < 2; round++) {
        struct gj_op_view view = op_of(t, 101, never);
        CHECK_EQ(view.state, GJ_OP_STATE_TOMBSTONED);
        CHECK_EQ(view.position, position);
        CHECK_EQ(view.reply.code, 0);
        CHECK_EQ(view.op.type, 0);
        /* It arrives at last. */
        struct fixture_op deposit = {.op = {.type = GJ_OP_DEPOSIT, .person = 101, .amount = 1}};
        deposit.op.rid = never;
        (void)shard_memory_execute(t->shard, &deposit.op, &t->reply, &t->sources, &t->position);
        CHECK_EQ(t->reply.code, GJ_RID_TOMBSTONED);
    }
    CHECK_EQ(op_of(t, 100, never).state, GJ_OP_STATE_NOT_EXECUTED); /* somebody else's rid */
    struct gj_op_view view = op_of(t, 101, reverse);
    CHECK_EQ(view.state, GJ_OP_STATE_EXECUTED);
    CHECK_EQ(view.reply.code, GJ_OK_TOMBSTONED);
    state_raise_rid_low_water(t->shard->s, FIXTURE_MS + 1); /* still remembered, so still known */
    CHECK_EQ(op_of(t, 101, never).state, GJ_OP_STATE_TOMBSTONED);
    CHECK_EQ(op_of(t, 100, never).state, GJ_OP_STATE_EXPIRED);
    shard_memory_free(t->shard); /* the raised floor is in no record */
    free(t);
}

/* What amended it is found under another key, and does not answer in its place. */
TEST(operation_that_was_reversed_or_refunded_reads_as_executed)
{
    struct fixture *t = fixture_new(100);
    CHECK_EQ(fixture_run(t, fixture_pay(GJ_OP_PAY, 5000, SOURCES(WALLET, NONE), 0)), GJ_OK);
    struct gj_rid pay = t->rid;
    uint64_t position = t->position;
    CHECK_EQ(fixture_run(t, fixture_amend(GJ_OP_REFUND, 101, pay, 0, 100)), GJ_OK);
    CHECK_EQ(fixture_run(t, fixture_amend(GJ_OP_REVERSE, 101, t->rid, 0, 0)), GJ_OK);
    CHECK_EQ(fixture_run(t, fixture_amend(GJ_OP_REVERSE, 101, pay, 0, 0)), GJ_OK);
    struct gj_op_view view = op_of(t, 101, pay);
    CHECK_EQ(view.state, GJ_OP_STATE_EXECUTED);
    CHECK_EQ(view.position, position);
    CHECK_EQ(view.reply.amount, 5000);
    fixture_free(t);
}

/* A dry run shows what the operation then answers, whatever is due, and writes nothing. */
static void dry_then_real(struct fixture *t, struct fixture_op m, uint8_t code)
{
    struct {
        struct gj_read read;
        struct fixture_op m;
    } dry = {.read = {.type = GJ_READ_DRY_RUN, .ext_count = (uint8_t)(1 + m.op.ext_count)}, .m = m};
    dry.m.op.rid = fixture_rid(t->shard->time_ms, t->minted + 1);
    uint64_t lines = t->shard->lines;
    CHECK_EQ(fixture_ask(t, &dry.read)->code, GJ_OK);
    CHECK_EQ(t->shard->lines, lines);
    struct gj_dry_run_view view;
    memcpy(&view, fixture_payload(t), sizeof(view));
    CHECK_EQ(view.reply.code, code);
    CHECK_EQ(fixture_run(t, m), code);
    view.reply.seq = t->reply.seq;
    CHECK(memcmp(&view.reply, &t->reply, sizeof(t->reply)) == 0);
    CHECK(memcmp(&view.sources, &t->sources, sizeof(t->sources)) == 0);
}

TEST(dry_run_of_undoing_sees_its_evidence)
{
    struct fixture *t = fixture_new(100);
    dry_then_real(t, fixture_pay(GJ_OP_PAY, 35000, SOURCES(WALLET, RELATIVE), 0), GJ_OK);
    struct gj_rid pay = t->rid;
    dry_then_real(t, fixture_amend(GJ_OP_REFUND, 101, pay, 0, 6000), GJ_OK);
    struct gj_rid refund = t->rid;
    dry_then_real(t, fixture_amend(GJ_OP_REVERSE, 101, pay, 0, 0), GJ_NOT_REVERSIBLE);
    dry_then_real(t, fixture_amend(GJ_OP_REVERSE, 101, refund, 0, 0), GJ_OK);
    dry_then_real(t, fixture_amend(GJ_OP_REVERSE, 101, refund, 0, 0), GJ_ALREADY_REVERSED);
    dry_then_real(t, fixture_amend(GJ_OP_REFUND, 101, pay, 0, 35001), GJ_REFUND_EXCEEDS_CAPTURED);
    dry_then_real(t, fixture_amend(GJ_OP_REVERSE, 101, pay, 0, 0), GJ_OK);
    dry_then_real(t, fixture_amend(GJ_OP_REVERSE, 101, fixture_rid(FIXTURE_MS, 9000), 0, 0),
                  GJ_OK_TOMBSTONED);
    fixture_free(t);
}

TEST(dry_run_takes_what_is_due_for_expired)
{
    struct fixture *t = fixture_new(2);
    CHECK_EQ(fixture_run(t, fixture_pay(GJ_OP_HOLD, 50000, SOURCES(WALLET, RELATIVE), 3600)),
             GJ_OK);
    struct gj_rid hold = t->rid;
    dry_then_real(t, fixture_pay(GJ_OP_PAY, 1, SOURCES(WALLET, NONE), 0), GJ_INSUFFICIENT_BALANCE);
    dry_then_real(t, fixture_pay(GJ_OP_HOLD, 10, SOURCES(RELATIVE, NONE), 3600), GJ_OK);
    dry_then_real(t, fixture_pay(GJ_OP_HOLD, 10, SOURCES(RELATIVE, NONE), 0), GJ_CAPACITY_RECORDS);
    t->shard->time_ms += HOUR_MS;
    struct {
        struct gj_read read;
        struct fixture_op m;
    } dry = {.read = {.type = GJ_READ_DRY_RUN, .ext_count = 2},
             .m = fixture_amend(GJ_OP_CAPTURE, 101, hold, 0, 1)};
    dry.m.op.rid = fixture_rid(t->shard->time_ms, 7777);
    const struct gj_dry_run_view *view = fixture_payload(t);
    CHECK_EQ(fixture_ask(t, &dry.read)->code, GJ_OK);
    CHECK_EQ(view->reply.code, GJ_HOLD_EXPIRED);
    CHECK_EQ(state_due_ms(t->shard->s), t->shard->time_ms);
    /* Account, cap and quota are free again, and the table has room. */
    dry_then_real(t, fixture_pay(GJ_OP_PAY, 70000, SOURCES(WALLET, RELATIVE), 0), GJ_OK);
    dry_then_real(t, fixture_amend(GJ_OP_CAPTURE, 101, hold, 0, 1), GJ_HOLD_EXPIRED);
    fixture_free(t);
}

TEST_MAIN(T(person_shows_what_is_held), T(holds_cost), T(what_is_due_is_not_held),
          T(due_of_the_year_before), T(quota_of_the_current_base_does_not_see_what_is_due),
          T(list_of_one_hold), T(list_of_pending_transfers_from_and_to), T(pages_of_a_full_list),
          T(days_of_an_institution), T(operation_that_was_reversed_before_it_arrived),
          T(operation_that_was_reversed_or_refunded_reads_as_executed),
          T(dry_run_of_undoing_sees_its_evidence), T(dry_run_takes_what_is_due_for_expired))
