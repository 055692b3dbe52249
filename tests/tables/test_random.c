/* tests/tables/test_random.c -- long random histories of all operations. After each, the books and
 * the persons it named are compared with what the replies said (random_ops.h); now and then
 * everything is recounted and the state built anew from its records, with as much room or other
 * room, and goes on from there. One seed, printed, decides everything. */
#include <string.h>

#include "tests/tables/random_ops.h"
#include "tests/test.h"

#define OPS         200000u
#define AUDIT_EVERY 10000u
#define RIDS        (1u << 19)
#define HOLDS       400u

static void check(const char *wrong, const struct msg *m, unsigned number)
{
    if (wrong == NULL) return;
    printf("    operation %u, %s of %" PRIu64 ": %s\n", number, gj_op_name(m->op.type),
           m->op.person, wrong);
    CHECK(wrong == NULL);
}

/* Goes on in a state made of the records alone; every time but the first with windows and tables of
 * another size. A window of 1 is as small as one of 10: one bucket a slice; at 84 there are two. */
static void recount(struct fixture *w, unsigned times)
{
    static const uint64_t windows[] = {RIDS, 84, RIDS / 4, 1, 1000, 10, RIDS, 1};
    const char *wrong = state_audit(w->s);
    if (wrong == NULL && times == 0) {
        CHECK(shard_memory_redo(w->shard));
        w->s = w->shard->s;
    } else if (wrong == NULL) {
        struct state_config config = w->shard->config;
        config.rids_max = windows[times % ARRAY_COUNT(windows)];
        /* Entries have numbers, so what was open at one time must fit. */
        config.holds_max = w->s->holds.high + (uint32_t)(rnd(2) ? rnd(3) : HOLDS);
        config.hash_seed = rnd(UINT64_MAX);
        wrong = rebuild(w, &config);
    }
    CHECK_STR(wrong == NULL ? "" : wrong, "");
}

TEST(random_history)
{
    random_seed(OPS, 300);
    struct state_config config = {.persons_max = 300,
                                  .families_max = 280,
                                  .institutions_max = 5,
                                  .holds_max = HOLDS,
                                  .rids_max = RIDS,
                                  .rids_ahead_max = 12,
                                  .hash_seed = 11};
    struct fixture *w = fixture_new_empty(&config, OPS * 6u);
    for (uint16_t r = 1; r <= 3; r++) {
        char name[8] = {'R', (char)('0' + r)};
        fixture_do(w, region_msg(r, 1, r == 3 ? "B" : "A", name));
    }
    static unsigned done[32];
    unsigned moved = 0, buried = 0, shared = 0;
    memset(done, 0, sizeof(done));
    for (unsigned number = 1; number <= OPS; number++) {
        w->time_ms += rnd(2) ? 0 : rnd(10 * 60000u); /* about a year in all */
        struct msg m = any_op(w);
        bool late = rnd(4) == 0 && take_tombstone(&m);
        bool taken = !late && take_shared(&m);
        if (!late && !taken) m.op.rid = fixture_rid(w->time_ms, number);
        uint8_t code = fixture_send(w, m);
        if (late) {
            buried += code == GJ_RID_TOMBSTONED;
            CHECK(!gj_code_is_outcome(code)); /* it may also be malformed, or far ahead */
        }
        shared += taken && w->last.kind == DECISION_RECORD && gj_code_ok(code);
        done[m.op.type] += w->last.kind == DECISION_RECORD && gj_code_ok(code);
        done[GJ_OP_EXPIRE] += w->expired;
        moved += w->last.kind == DECISION_RECORD && gj_code_ok(code) && w->last.reply.amount > 0;
        check(remember(w, &m), &m, number);
        check(books_wrong(w), &m, number);
        check(person_wrong(w, m.op.person), &m, number);
        check(person_wrong(w, m.op.other), &m, number);
        if (rnd(100) == 0) {
            w->shard->time_ms = w->time_ms;
            done[GJ_OP_EXPIRE] += shard_memory_expire(w->shard, (uint32_t)rnd(20));
        }
        if (number % AUDIT_EVERY == 0) recount(w, number / AUDIT_EVERY - 1);
    }
    CHECK(moved > OPS / 20);
    CHECK(buried > 10);
    CHECK(shared > 100);
    printf("    %u of %u operations moved money, %u under a shared rid, %u buried\n   ", moved, OPS,
           shared, buried);
    for (uint8_t type = 1; type < ARRAY_COUNT(done); type++) {
        if (gj_op_name(type) == NULL) continue;
        printf(" %s %u", gj_op_verb(type), done[type]);
        CHECK(done[type] > 10);
    }
    printf("\n");
    fixture_close(w);
    CHECK_EQ(fixture_failures(), 0);
}

TEST_MAIN(T(random_history))
