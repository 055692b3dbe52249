/* tests/tables/test_family.c -- bind, unbind, set_cap. */
#include "tests/tables/fixture.h"

static void fill_family(struct fixture *w, unsigned until)
{
    for (uint64_t id = 200; id < 200 + until; id++) {
        fixture_do(w, open_msg(id, 1, GJ_INSURANCE_RESIDENT));
        fixture_do(w, bind_msg(104, id, GJ_SIBLING, -1));
    }
}

static void accepting(struct fixture *w, uint8_t mode)
{
    POLICY(1, receive_mode = mode);
}

/* 85: what is held over a relation keeps it. */
static void relations_in_use(void)
{
    struct msg draw = with_relative(hold_msg(101, 10, 50, RELATIVE), 100);
    ROW(RELATION_IN_USE, unbind_msg(100, 101), DO(draw));
    ROW(OK, unbind_msg(100, 102), DO(draw)); /* another's */
    ROW(OK, unbind_msg(100, 101), DO(as(draw, 1)); DO(release_msg(101, 1)));
    ROW(OK, unbind_msg(100, 101), DO(as(draw, 1)); DO(final_msg(101, 1, 20)));
    ROW(RELATION_IN_USE, unbind_msg(100, 101), DO(as(draw, 1)); DO(capture_msg(101, 1, 20)));
    struct msg last = with_relative(hold_msg(101, 10, 50, gj_sources(WALLET, RELATIVE, 0)), 100);
    ROW(OK, unbind_msg(100, 101), DO(last)); /* nothing of the relative's was taken */
    last.op.amount = 20050;
    ROW(RELATION_IN_USE, unbind_msg(100, 101), DO(last));
    last.op.kind = gj_sources(RELATIVE, WALLET, 0);
    last.op.amount = 50050;
    ROW(OK, unbind_msg(100, 101), DO(as(last, 1)); DO(capture_msg(101, 1, 50000))); /* used up */
    ROW(RELATION_IN_USE, unbind_msg(100, 101), accepting(w, GJ_RECEIVE_ACCEPT);
        DO(transfer_msg(100, 101, 5, PERSONAL)));
    ROW(RELATION_IN_USE, unbind_msg(100, 101), DO(transfer_msg(101, 100, 50, WALLET));
        accepting(w, GJ_RECEIVE_ACCEPT); DO(transfer_msg(100, 101, 5, WALLET)));
    ROW(OK, unbind_msg(100, 101), accepting(w, GJ_RECEIVE_ACCEPT);
        DO(transfer_msg(101, 100, 5, WALLET))); /* to the payer */
    ROW(OK, unbind_msg(100, 101), accepting(w, GJ_RECEIVE_ACCEPT);
        DO(as(transfer_msg(100, 101, 5, PERSONAL), 1)); DO(return_msg(100, 1, 101)));
    ROW(OK, unbind_msg(100, 101), accepting(w, GJ_RECEIVE_ACCEPT);
        DO(as(transfer_msg(100, 101, 5, PERSONAL), 1)); DO(accept_msg(100, 1, 101)));
    ROW(RELATION_NOT_FOUND, unbind_msg(101, 100), DO(draw)); /* directed */
}

static struct msg draw(int64_t amount)
{
    return relative_msg(101, 10, amount, RELATIVE, 100);
}

/* 101 draws 30 within a cap of 50 and is unbound. */
static void drew_and_left(struct fixture *w)
{
    DO(with_auth(cap_msg(100, 101, 50), GJ_AUTH_FACE));
    DO(as(draw(30), 1));
    DO(unbind_msg(100, 101));
}

/* What a member drew this year counts on after UNBIND and BIND. */
static void draws_count_on(void)
{
    struct msg again = bind_msg(100, 101, GJ_CHILD, 50);
    ROW(SHARED_CAP_EXCEEDED, draw(21), drew_and_left(w); DO(again));
    ROW(OK, draw(20), drew_and_left(w); DO(again));
    ROW(RELATION_NOT_FOUND, draw(1), drew_and_left(w));
    ROW(SHARED_CAP_EXCEEDED, draw(21), drew_and_left(w); DO(again); DO(unbind_msg(100, 101));
        DO(again));
    ROW(OK, draw(50), POLICY(1, unbind_forgets_draws = 1); drew_and_left(w); DO(again));
    /* The policy at UNBIND decides. */
    ROW(SHARED_CAP_EXCEEDED, draw(21), drew_and_left(w); POLICY(1, unbind_forgets_draws = 1);
        DO(again));
    ROW(OK, draw(50), POLICY(1, unbind_forgets_draws = 1); drew_and_left(w);
        POLICY(1, unbind_forgets_draws = 0); DO(again));
    ROW(SHARED_CAP_EXCEEDED, draw(21), POLICY(2, unbind_forgets_draws = 1); drew_and_left(w);
        DO(again)); /* the payer's region */
    ROW(OK, draw(50), drew_and_left(w); w->time_ms = fixture_ms(2026, 1, 1, 0); DO(again));
    ROW(OK, draw(50), drew_and_left(w); DO(again); w->time_ms = fixture_ms(2026, 1, 1, 0));
}

/* An unbound member who drew this year keeps its place in the family until the year ends. 100 has
 * two members; 105 is none. */
static void places_are_kept(void)
{
    struct msg other = bind_msg(100, 105, GJ_SPOUSE, -1);
    ROW(MEMBER_LIMIT, other, POLICY(1, max_members = 3));
    ROW(MEMBER_LIMIT, other, POLICY(1, max_members = 3); drew_and_left(w));
    ROW(OK, other, POLICY(1, max_members = 4); drew_and_left(w));
    ROW(OK, other, POLICY(1, max_members = 3); DO(unbind_msg(100, 101)));
    ROW(OK, other, POLICY(1, max_members = 3); POLICY(1, unbind_forgets_draws = 1);
        drew_and_left(w));
    ROW(OK, other, POLICY(1, max_members = 3); drew_and_left(w); DO(refund_msg(101, 1, 30)));
    ROW(MEMBER_LIMIT, other, POLICY(1, max_members = 3); drew_and_left(w);
        DO(refund_msg(101, 1, 29)));
    ROW(OK, bind_msg(100, 101, GJ_SPOUSE, -1), POLICY(1, max_members = 3); drew_and_left(w));
    ROW(MEMBER_LIMIT, bind_msg(100, 101, GJ_SPOUSE, -1), POLICY(1, max_members = 2);
        drew_and_left(w)); /* asked at BIND, as ever */
    ROW(MEMBER_LIMIT, other, POLICY(1, max_members = 3); drew_and_left(w);
        w->time_ms = fixture_ms(2026, 1, 1, 0) - 1);
    ROW(OK, other, POLICY(1, max_members = 3); drew_and_left(w);
        w->time_ms = fixture_ms(2026, 1, 1, 0));
    ROW(OK, bind_msg(100, 101, GJ_SPOUSE, -1), POLICY(1, max_members = 3); drew_and_left(w);
        w->time_ms = fixture_ms(2026, 1, 1, 0));
    ROW(OK, unbind_msg(100, 102), drew_and_left(w));
    ROW(RELATION_NOT_FOUND, unbind_msg(100, 101), drew_and_left(w));
    ROW(RELATION_NOT_FOUND, cap_msg(100, 101, 0), drew_and_left(w));
}

/* Six places, of which some are kept: each comes back to its own, with what it drew. */
static void several_places(void)
{
    struct fixture *w = fixture_new();
    DO(deposit_msg(104, 10000));
    fill_family(w, 6);
    for (uint64_t id = 200; id < 206; id++) {
        DO(relative_msg(id, 10, (int64_t)(id - 190), RELATIVE, 104));
    }
    DO(unbind_msg(104, 201));
    DO(unbind_msg(104, 205));
    DO(unbind_msg(104, 200));
    STEP(MEMBER_LIMIT, bind_msg(104, 105, GJ_CHILD, -1));
    STEP(OK, bind_msg(104, 205, GJ_PARENT, 7));
    STEP(OK, bind_msg(104, 201, GJ_PARENT, 8));
    EQ(fixture_draws(w, 104, 205), 15);
    EQ(fixture_draws(w, 104, 201), 11);
    EQ(fixture_draws(w, 104, 204), 14);
    EQ(fixture_view(w, 104).member_count, 5);
    STEP(MEMBER_LIMIT, bind_msg(104, 105, GJ_CHILD, -1));
    w->time_ms = fixture_ms(2026, 1, 1, 0);
    STEP(OK, bind_msg(104, 105, GJ_CHILD, -1));
    STEP(MEMBER_LIMIT, bind_msg(104, 200, GJ_SIBLING, -1));
    fixture_close(w);
}

/* New members of a year, counted under every policy: 100 bound two when its world was made. */
static void changes_of_a_year(void)
{
    struct msg other = bind_msg(100, 105, GJ_SPOUSE, -1), again = bind_msg(100, 101, GJ_CHILD, 50);
    ROW(OK, other, POLICY(1, member_changes_year = 3));
    ROW(MEMBER_LIMIT, other, POLICY(1, member_changes_year = 2));
    ROW(MEMBER_LIMIT, other, POLICY(1, member_changes_year = 1));
    ROW(OK, other, POLICY(2, member_changes_year = 1));
    ROW(OK_NOOP, bind_msg(100, 101, GJ_PARENT, -1), POLICY(1, member_changes_year = 1));
    ROW(MEMBER_LIMIT, other, POLICY(1, member_changes_year = 3); DO(unbind_msg(100, 101));
        DO(again)); /* who left without a draw is new again */
    ROW(OK, other, POLICY(1, member_changes_year = 3); drew_and_left(w); DO(again));
    ROW(OK, again, POLICY(1, member_changes_year = 2); drew_and_left(w));
    ROW(OK, bind_msg(104, 105, GJ_CHILD, -1), POLICY(1, member_changes_year = 1));
    ROW(MEMBER_LIMIT, bind_msg(104, 105, GJ_CHILD, -1), POLICY(1, member_changes_year = 1);
        DO(bind_msg(104, 101, GJ_CHILD, -1)); DO(unbind_msg(104, 101)));
    ROW(OK, other, POLICY(1, member_changes_year = 2); w->time_ms = fixture_ms(2026, 1, 1, 0));

    struct fixture *w = fixture_new(); /* the count stays at 255 */
    for (unsigned i = 0; i < 260; i++) {
        w->time_ms++;
        DO(bind_msg(104, 105, GJ_CHILD, -1));
        DO(unbind_msg(104, 105));
        if (i != 253) continue;
        POLICY(1, member_changes_year = 255);
        DO(bind_msg(104, 105, GJ_CHILD, -1));
        DO(unbind_msg(104, 105));
        STEP(MEMBER_LIMIT, bind_msg(104, 105, GJ_CHILD, -1));
        POLICY(1, member_changes_year = 0);
    }
    POLICY(1, member_changes_year = 255);
    STEP(MEMBER_LIMIT, bind_msg(104, 105, GJ_CHILD, -1));
    fixture_close(w);
}

static void by_face(struct fixture *w)
{
    POLICY(1, auth_mask_bind = 1 << GJ_AUTH_FACE);
}

/* Raising a cap or removing it is asked what BIND is asked; lowering is not. 101 has none,
 * 102 50.00 yuan. */
static void raised_caps(void)
{
    struct msg m = with_auth(cap_msg(100, 102, 5001), GJ_AUTH_NONE);
    ROW(OK, m);
    ROW(AUTH_METHOD_REQUIRED, m, by_face(w));
    ROW(AUTH_METHOD_REQUIRED, with_auth(m, GJ_AUTH_CODE), by_face(w));
    ROW(OK, with_auth(m, GJ_AUTH_FACE), by_face(w));
    m.op.amount = -1;
    ROW(AUTH_METHOD_REQUIRED, m, by_face(w));
    ROW(OK, with_auth(m, GJ_AUTH_FACE), by_face(w));
    m.op.amount = 5000;
    ROW(OK_NOOP, m, by_face(w));
    m.op.amount = 4999;
    ROW(OK, m, by_face(w));
    m.op.amount = 0;
    ROW(OK, m, by_face(w));
    m = with_auth(cap_msg(100, 101, GJ_AMOUNT_MAX), GJ_AUTH_NONE);
    ROW(OK, m, by_face(w)); /* it had none */
    m.op.amount = -1;
    ROW(OK_NOOP, m, by_face(w));
    m.op.other = 0; /* all: one of them is enough */
    ROW(AUTH_METHOD_REQUIRED, m, by_face(w));
    m.op.amount = 5001;
    ROW(AUTH_METHOD_REQUIRED, m, by_face(w));
    m.op.amount = 5000;
    ROW(OK, m, by_face(w));
    m.op.amount = 1;
    ROW(AUTH_METHOD_REQUIRED, m, by_face(w); DO(with_auth(cap_msg(100, 102, 0), GJ_AUTH_NONE)));
    m = with_auth(cap_msg(100, 102, -1), GJ_AUTH_NONE);
    ROW(OK, m, POLICY(2, auth_mask_bind = 1 << GJ_AUTH_FACE)); /* the payer's region decides */
    ROW(ACCOUNT_CLOSED, m, by_face(w); DO(close_msg(100, GJ_PAYOUT_CASH)));
    ROW(RELATION_NOT_FOUND, with_auth(cap_msg(100, 103, -1), GJ_AUTH_NONE), by_face(w));
}

void rows_family(void)
{
    ROW(OK, bind_msg(104, 105, GJ_CHILD, 0));
    ROW(OK, bind_msg(105, 104, GJ_PARENT, 100)); /* a resident may be payer */
    ROW(OK, bind_msg(102, 100, GJ_PARENT, -1));  /* both directions may exist */
    ROW(OK_NOOP, bind_msg(100, 101, GJ_PARENT, -1));
    ROW(OK_NOOP, bind_msg(100, 101, GJ_PARENT, -1), POLICY(1, max_members = 1));
    ROW(PERSON_NOT_FOUND, bind_msg(999, 101, GJ_CHILD, -1));
    ROW(PERSON_NOT_FOUND, bind_msg(100, 999, GJ_CHILD, -1));
    ROW(PERSON_NOT_FOUND, bind_msg(999, 999, GJ_CHILD, -1));
    ROW(NOT_INSURED, bind_msg(104, 105, GJ_CHILD, -1), fixture_do(w, update_msg(104, 0, 2)));
    ROW(OK, bind_msg(104, 105, GJ_CHILD, -1), fixture_do(w, update_msg(105, 0, 2)));
    ROW(RELATION_EXISTS_DIFFERENT, bind_msg(100, 101, GJ_CHILD, -1));
    ROW(RELATION_EXISTS_DIFFERENT, bind_msg(100, 101, GJ_PARENT, 7));
    ROW(RELATION_KIND_NOT_ALLOWED, bind_msg(104, 105, GJ_SIBLING, -1),
        POLICY(1, relation_mask = 0x07));
    ROW(OK, bind_msg(104, 105, GJ_CHILD, -1), POLICY(1, relation_mask = 0x04));
    ROW(OK, bind_msg(104, 105, GJ_CHILD, -1), fill_family(w, 5));
    ROW(MEMBER_LIMIT, bind_msg(104, 105, GJ_CHILD, -1), fill_family(w, 6));
    ROW(MEMBER_LIMIT, bind_msg(104, 105, GJ_CHILD, -1), POLICY(1, max_members = 1));
    ROW(OK, bind_msg(104, 105, GJ_CHILD, -1), POLICY(1, max_members = 2));
    ROW(SELF_RELATION, bind_msg(104, 104, GJ_CHILD, -1));
    ROW(AUTH_METHOD_REQUIRED, with_auth(bind_msg(104, 105, GJ_CHILD, -1), GJ_AUTH_NONE),
        POLICY(1, auth_mask_bind = 0x02));
    ROW(OK, with_auth(bind_msg(104, 105, GJ_CHILD, -1), GJ_AUTH_NONE));

    ROW(OK, unbind_msg(100, 101));
    ROW(PERSON_NOT_FOUND, unbind_msg(999, 101));
    ROW(PERSON_NOT_FOUND, unbind_msg(100, 999));
    ROW(RELATION_NOT_FOUND, unbind_msg(100, 103));
    ROW(RELATION_NOT_FOUND, unbind_msg(101, 100)); /* directed */
    ROW(RELATION_NOT_FOUND, unbind_msg(100, 100));
    ROW(RELATION_NOT_FOUND, unbind_msg(100, 101), fixture_do(w, unbind_msg(100, 101)));
    ROW(OK, bind_msg(100, 101, GJ_CHILD, -1), fixture_do(w, unbind_msg(100, 101)));

    ROW(OK, cap_msg(100, 102, 0));
    ROW(OK, cap_msg(100, 102, -1));
    ROW(OK_NOOP, cap_msg(100, 102, 5000));
    ROW(OK, cap_msg(100, 0, 5000));
    ROW(OK_NOOP, cap_msg(100, 0, 5000), fixture_do(w, cap_msg(100, 0, 5000)));
    ROW(PERSON_NOT_FOUND, cap_msg(999, 0, 5));
    ROW(PERSON_NOT_FOUND, cap_msg(100, 999, 5));
    ROW(RELATION_NOT_FOUND, cap_msg(100, 103, 5));
    ROW(RELATION_NOT_FOUND, cap_msg(105, 0, 5));
    ROW(RELATION_NOT_FOUND, cap_msg(103, 0, 5), fixture_do(w, unbind_msg(103, 104)));

    relations_in_use();
    raised_caps();
    draws_count_on();
    places_are_kept();
    several_places();
    changes_of_a_year();

    /* The place a member leaves is taken by the last; the others keep cap and use. */
    struct fixture *w = fixture_new();
    fixture_do(w, bind_msg(100, 105, GJ_SPOUSE, 300));
    fixture_do(w, unbind_msg(100, 101));
    const struct family *f = &w->s->families[fixture_person(w, 100)->family];
    OK(f->count == 2 && f->kind[0] == GJ_SPOUSE && f->cap[0] == 300 && f->cap[1] == 5000);
    fixture_do(w, cap_msg(100, 0, 9));
    OK(f->cap[0] == 9 && f->cap[1] == 9);
    fixture_close(w);
}
