/* tests/tables/test_family.c -- bind, unbind, set_cap. */
#include "world.h"

static void fill_family(struct world *w, unsigned until)
{
    for (uint64_t id = 200; id < 200 + until; id++) {
        world_do(w, open_msg(id, 1, GJ_INSURANCE_RESIDENT));
        world_do(w, bind_msg(104, id, GJ_SIBLING, -1));
    }
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
    ROW(NOT_INSURED, bind_msg(104, 105, GJ_CHILD, -1), world_do(w, update_msg(104, 0, 2)));
    ROW(OK, bind_msg(104, 105, GJ_CHILD, -1), world_do(w, update_msg(105, 0, 2)));
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
    ROW(RELATION_NOT_FOUND, unbind_msg(100, 101), world_do(w, unbind_msg(100, 101)));
    ROW(OK, bind_msg(100, 101, GJ_CHILD, -1), world_do(w, unbind_msg(100, 101)));

    ROW(OK, cap_msg(100, 102, 0));
    ROW(OK, cap_msg(100, 102, -1));
    ROW(OK_NOOP, cap_msg(100, 102, 5000));
    ROW(OK, cap_msg(100, 0, 5000));
    ROW(OK_NOOP, cap_msg(100, 0, 5000), world_do(w, cap_msg(100, 0, 5000)));
    ROW(PERSON_NOT_FOUND, cap_msg(999, 0, 5));
    ROW(PERSON_NOT_FOUND, cap_msg(100, 999, 5));
    ROW(RELATION_NOT_FOUND, cap_msg(100, 103, 5));
    ROW(RELATION_NOT_FOUND, cap_msg(105, 0, 5));
    ROW(RELATION_NOT_FOUND, cap_msg(103, 0, 5), world_do(w, unbind_msg(103, 104)));

    /* The place a member leaves is taken by the last; the others keep cap and use. */
    struct world *w = world_new();
    world_do(w, bind_msg(100, 105, GJ_SPOUSE, 300));
    world_do(w, unbind_msg(100, 101));
    const struct family *f = &w->s->families[world_person(w, 100)->family];
    OK(f->count == 2 && f->kind[0] == GJ_SPOUSE && f->cap[0] == 300 && f->cap[1] == 5000);
    world_do(w, cap_msg(100, 0, 9));
    OK(f->cap[0] == 9 && f->cap[1] == 9);
    world_close(w);
}
