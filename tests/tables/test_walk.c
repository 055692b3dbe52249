/* tests/tables/test_walk.c -- the state in steps: a walk begins at a random moment, goes on by
 * random steps with random operations of every kind between them, and must say in the end what
 * state_digest() and state_audit() said when it began. */
#include <string.h>

#include "core/state/walk.h"
#include "tests/tables/random_ops.h"
#include "tests/test.h"

#define OPS     120000u
#define PERSONS 300u
#define HOLDS   400u

/* What the walk that is under way must say. */
struct expected {
    uint64_t digest[2], seq;
    uint32_t steps;
};

static void begin(struct state *s, struct expected *e)
{
    static const unsigned wants[] = {WALK_DIGEST, WALK_AUDIT, WALK_DIGEST | WALK_AUDIT};
    state_digest(s, e->digest);
    const char *broken = state_audit(s);
    CHECK_STR(broken == NULL ? "" : broken, "");
    e->seq = state_seq(s);
    e->steps = 0;
    walk_begin(s, wants[rnd(3)]);
}

/* True if the walk is what the whole state was. */
static bool same(const struct state *s, const struct expected *e)
{
    uint64_t digest[2];
    CHECK_EQ(walk_seq(s), e->seq);
    CHECK(!walk_saw(s, WALK_DIGEST, e->seq + 1) && !walk_saw(s, WALK_AUDIT, e->seq + 1));
    if (walk_saw(s, WALK_AUDIT, e->seq)) {
        const char *broken = walk_audit(s);
        CHECK_STR(broken == NULL ? "" : broken, "");
        if (broken != NULL) return false;
    }
    if (!walk_saw(s, WALK_DIGEST, e->seq)) return true;
    walk_digest(s, digest);
    CHECK_EQ(digest[0], e->digest[0]);
    CHECK_EQ(digest[1], e->digest[1]);
    return digest[0] == e->digest[0] && digest[1] == e->digest[1];
}

static void random_op(struct fixture *w, unsigned number)
{
    w->time_ms += rnd(2) ? 0 : rnd(10 * 60000u);
    struct msg m = any_op(w);
    bool late = rnd(4) == 0 && take_tombstone(&m);
    if (!late) m.op.rid = fixture_rid(w->time_ms, number);
    (void)fixture_send(w, m);
    const char *wrong = remember(w, &m);
    CHECK_STR(wrong == NULL ? "" : wrong, "");
    if (rnd(100) != 0) return;
    w->shard->time_ms = w->time_ms;
    (void)shard_memory_expire(w->shard, (uint32_t)rnd(20));
}

static struct fixture *town(void)
{
    random_seed(OPS, PERSONS);
    struct state_config config = {.persons_max = PERSONS,
                                  .families_max = PERSONS,
                                  .institutions_max = 5,
                                  .holds_max = HOLDS,
                                  .rids_max = 1u << 19,
                                  .rids_ahead_max = 64,
                                  .hash_seed = 11};
    struct fixture *w = fixture_new_empty(&config, OPS * 6u);
    for (uint16_t r = 1; r <= 3; r++) {
        char name[8] = {'R', (char)('0' + r)};
        fixture_do(w, region_msg(r, 1, r == 3 ? "B" : "A", name));
    }
    return w;
}

TEST(walk_sees_the_state_it_began_at)
{
    struct fixture *w = town();
    struct expected expected = {.seq = 0};
    unsigned walks = 0, drops = 0, long_ones = 0;
    bool sound = true;
    for (unsigned number = 1; sound && number <= OPS; number++) {
        random_op(w, number);
        struct state *s = w->s;
        if (!walk_running(s) && rnd(20) != 0) continue;
        if (!walk_running(s)) begin(s, &expected);
        /* Steps of one object up to a quarter of everything. */
        (void)walk_step(s, 1u + (uint32_t)rnd(1u << rnd(13)));
        expected.steps++;
        if (walk_running(s) && rnd(500) == 0) {
            walk_drop(s);
            CHECK(!walk_saw(s, WALK_DIGEST, 0) && !walk_saw(s, WALK_AUDIT, 0));
            drops++;
        } else if (!walk_running(s)) {
            sound = same(s, &expected);
            walks++;
            long_ones += expected.steps > 10;
        }
    }
    printf("    %u walks, %u of them in more than 10 steps, %u dropped\n", walks, long_ones, drops);
    CHECK(walks > 1000 && long_ones > 200 && drops > 20);
    fixture_close(w);
    CHECK_EQ(fixture_failures(), 0);
}

/* The answer to a read that a walk was for names the walk's seq; others are of now. */
TEST(answers_name_the_seq_of_the_walk)
{
    struct fixture *w = town();
    for (unsigned number = 1; number <= 300; number++) random_op(w, number);
    struct expected expected;
    begin(w->s, &expected);
    walk_drop(w->s);
    walk_begin(w->s, WALK_DIGEST | WALK_AUDIT);
    for (unsigned number = 301; number <= 400; number++) random_op(w, number);
    uint32_t spent = walk_step(w->s, UINT32_MAX);
    CHECK(!walk_running(w->s) && spent > 1000);
    CHECK(state_seq(w->s) > expected.seq);

    static _Alignas(8) uint8_t out[GJ_READ_ANSWER_MAX];
    struct gj_answer *answer = (struct gj_answer *)out;
    struct decide_input in = {.time_ms = w->time_ms, .walked = true};
    uint32_t cost;
    struct gj_read read = {.type = GJ_READ_STATE_DIGEST};
    CHECK_EQ(query_walk(&read), WALK_DIGEST);
    CHECK(query(w->s, &read, &in, out, sizeof(out), &cost) == sizeof(*answer) + 16);
    CHECK_EQ(answer->seq, expected.seq);
    CHECK_EQ(((struct gj_digest_view *)(answer + 1))->low, expected.digest[0]);
    read.type = GJ_READ_AUDIT;
    CHECK_EQ(query_walk(&read), WALK_AUDIT);
    CHECK(query(w->s, &read, &in, out, sizeof(out), &cost) == sizeof(*answer) + 64);
    CHECK_EQ(answer->seq, expected.seq);
    CHECK_EQ(((struct gj_audit_view *)(answer + 1))->broken[0], 0);
    read.type = GJ_READ_PING;
    CHECK_EQ(query_walk(&read), 0);
    CHECK(query(w->s, &read, &in, out, sizeof(out), &cost) == sizeof(*answer));
    CHECK_EQ(answer->seq, state_seq(w->s));
    read = (struct gj_read){.type = GJ_READ_AUDIT, .id = 1}; /* refused: no walk for it */
    CHECK_EQ(query_walk(&read), 0);
    fixture_close(w);
}

TEST_MAIN(T(walk_sees_the_state_it_began_at), T(answers_name_the_seq_of_the_walk))
