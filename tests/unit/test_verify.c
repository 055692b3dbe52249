/* tests/unit/test_verify.c -- the checks that only builds with GJ_VERIFY make: each finds the state
 * that was broken for it, and none finds anything in one that is whole. */
#include <setjmp.h>

#include "core/core.h"
#include "tests/unit/by_hand.h"

static jmp_buf back;
static const char *failed; /* the condition; NULL = none */

void gj_assert_fail(const char *condition, const char *file, int line, const char *function)
{
    failed = condition;
    longjmp(back, 1);
}

/* Two employees of region 1, the first with five pending transfers to the second,
 * one due a second after the other. */
static struct state *with_holds(void)
{
    const struct state_config config = small();
    struct state *s = build(&config);
    put_region(s, 1);
    put_person(s, 100, 1, 70000);
    put_person(s, 101, 1, 0);
    s->time_ms = UINT64_C(1763600000000);
    s->now = calendar_now(s->time_ms);
    for (unsigned i = 0; i < 5; i++) {
        struct hold hold = {.due_ms = s->time_ms + 1000 * (i + 1),
                            .seq = i + 1,
                            .first = 0,
                            .other = 1,
                            .institution = SLOT_NONE,
                            .type = GJ_OP_TRANSFER};
        hold.rid.bytes[15] = (uint8_t)(i + 1);
        (void)holds_add(&s->holds, &hold, 100);
    }
    return s;
}

static void deposit(struct state *s)
{
    struct {
        struct gj_op op;
        struct gj_effect effect;
    } record = {.op = {.type = GJ_OP_DEPOSIT, .person = 100, .amount = 5},
                .effect = {.seq = s->seq + 1,
                           .region_source = 1,
                           .region_target = 1,
                           .slot_other = SLOT_NONE,
                           .family = SLOT_NONE,
                           .balance = s->persons[0].personal + 5,
                           .day = s->now.day,
                           .year = s->now.year}};
    commit(s, &record, 1, s->time_ms);
}

TEST(book_that_does_not_balance)
{
    struct state *s = with_holds();
    failed = NULL;
    if (setjmp(back) == 0) deposit(s);
    CHECK(failed == NULL);
    s->persons[0].last_position = 0;
    s->books[1].clearing++;
    if (setjmp(back) == 0) deposit(s);
    CHECK_STR(failed == NULL ? "" : failed, "touched_books_balance(s, &applied)");
    free(s);
}

TEST(heap_out_of_order)
{
    struct state *s = with_holds();
    failed = NULL;
    if (setjmp(back) == 0) holds_remove(&s->holds, 0);
    CHECK(failed == NULL);
    free(s);
    s = with_holds();
    /* The earliest is now due after the one below it; the entry that takes the place of another
     * further down does not meet it. */
    s->holds.entries[s->holds.heap[0]].due_ms += 1500;
    if (setjmp(back) == 0) holds_remove(&s->holds, s->holds.heap[3]);
    CHECK_STR(failed == NULL ? "" : failed, "heap_sound_at(h, h->entries[last].heap_at)");
    free(s);
}

static void list(const struct state *s)
{
    static _Alignas(64) uint8_t answer[GJ_READ_ANSWER_MAX];
    const struct gj_read read = {.type = GJ_READ_LIST_PENDING, .id = 100};
    const struct decide_input in = {.time_ms = s->time_ms, .seq = s->seq + 1};
    uint32_t cost, size = query(s, &read, &in, answer, sizeof(answer), &cost);
    CHECK(size <= sizeof(answer));
}

TEST(list_that_does_not_move_on)
{
    struct state *s = with_holds();
    /* The chain by hand, in the order in which they fall due. */
    s->persons_cold[0].holds = 1;
    s->holds.entries[0].next[0] = 2;
    s->holds.entries[1].next[0] = 3;
    failed = NULL;
    if (setjmp(back) == 0) list(s);
    CHECK(failed == NULL);
    s->holds.entries[0].due_ms = s->holds.entries[2].due_ms + 1;
    if (setjmp(back) == 0) list(s);
    CHECK_STR(failed == NULL ? "" : failed, "cursor_moves_on(call->read, views, count)");
    free(s);
}

TEST_MAIN(T(book_that_does_not_balance), T(heap_out_of_order), T(list_that_does_not_move_on))
