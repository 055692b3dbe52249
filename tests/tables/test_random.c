/* tests/tables/test_random.c -- long random histories: the books must hold at any moment, and the
 * records committed alone must give the same state. One seed, printed, decides everything. */
#include <stdlib.h>

#include "test.h"
#include "world.h"

#define OPS         200000u
#define AUDIT_EVERY 20000u

static uint64_t random_state;

static uint64_t rnd(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

static uint64_t any_person(void)
{
    return 1000 + rnd(300);
}

static uint8_t any_sources(void)
{
    static const uint8_t lists[] = {1, 2,          1 | 2 << 2,         2 | 1 << 2,
                                    3, 3 | 2 << 2, 2 | 1 << 2 | 3 << 4};
    return lists[rnd(sizeof(lists))];
}

static struct msg any_pay(void)
{
    uint8_t sources = any_sources();
    struct msg m = pay_msg(any_person(), 10 + rnd(6), 1 + (int64_t)rnd(20000), sources);
    m.op.flags = (uint8_t)rnd(2);
    m.op.detail = (uint8_t)(1 + rnd(5));
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        if (gj_sources_at(sources, i) != GJ_SOURCE_RELATIVE) continue;
        uint64_t relative = any_person();
        m.op.ext_count = 1;
        memcpy(m.ext, &relative, sizeof(relative));
    }
    return m;
}

static struct msg any_policy(const struct world *w)
{
    struct msg m = region_again(w, (uint16_t)(1 + rnd(3)));
    struct gj_policy *p = &((struct gj_region_ext *)(void *)m.ext)->policy;
    p->quota_bp = rnd(2) ? 10000 : (uint16_t)rnd(10001);
    p->cross_region_pay = (uint8_t)rnd(3);
    p->outpatient_single_fen = rnd(2) ? 0 : (int64_t)rnd(10000);
    p->max_members = (uint8_t)(1 + rnd(7));
    p->quota_base = (uint8_t)rnd(3);
    if (rnd(2)) m.op.other = w->time_ms + rnd(100 * HOUR_MS);
    return m;
}

static struct msg any_op(const struct world *w)
{
    switch (rnd(64)) {
    case 0: return any_policy(w);
    case 1: return inst_msg(10 + rnd(6), (uint16_t)(1 + rnd(3)), GJ_HOSPITAL, 0x1F, 0x10);
    case 2:
    case 3:
    case 4:
    case 5: return open_msg(any_person(), (uint16_t)(1 + rnd(3)), (uint8_t)(1 + rnd(2)));
    case 6: return update_msg(any_person(), (uint8_t)rnd(3), rnd(8) ? 1 : 2);
    case 7:
    case 8:
    case 9: return wallet_msg(any_person(), (uint16_t)(1 + rnd(3)));
    case 10: return unbind_msg(any_person(), any_person());
    case 11: return cap_msg(any_person(), rnd(2) ? 0 : any_person(), (int64_t)rnd(5000) - 1);
    case 12: return suspend_msg(any_person(), (uint8_t)rnd(16));
    case 13:
    case 14: return resume_msg(any_person(), GJ_USE_ALL);
    case 15:
    case 16:
    case 17:
    case 18:
    case 19:
    case 20:
    case 21:
    case 22:
        return bind_msg(any_person(), any_person(), (uint8_t)(1 + rnd(8)), (int64_t)rnd(9999) - 1);
    case 23:
    case 24:
    case 25:
    case 26: return deposit_msg(any_person(), 1 + (int64_t)rnd(100000));
    case 27: return deposit_msg(any_person(), GJ_AMOUNT_MAX - (int64_t)rnd(100000));
    default: break;
    }
    if (rnd(4) == 0) return any_pay();
    /* Mostly over relations that exist, or little would ever move. */
    uint64_t payer = any_person(), payee = any_person();
    const struct person *p = world_person(w, payer);
    if (p != NULL && p->family != SLOT_NONE && w->s->families[p->family].count != 0) {
        const struct family *f = &w->s->families[p->family];
        payee = w->s->persons[f->member[rnd(f->count)]].id;
    }
    if (rnd(4) == 0)
        return premium_msg(payer, payee, (uint16_t)(2025 + rnd(3)), (uint8_t)(1 + rnd(2)));
    if (rnd(3) == 0) {
        struct msg m = any_pay();
        m.op.kind = RELATIVE;
        m.op.ext_count = 1;
        m.op.person = payee;
        memcpy(m.ext, &payer, sizeof(payer));
        return m;
    }
    return transfer_msg(payer, payee, 1 + (int64_t)rnd(5000), (uint8_t)(1 + rnd(2)));
}

TEST(random_history)
{
    const char *given = getenv("GJ_SEED");
    random_state = given != NULL ? strtoull(given, NULL, 10) : 20251120;
    if (random_state == 0) random_state = 1;
    printf("    GJ_SEED=%" PRIu64 "\n", random_state);
    struct state_config config = {.persons_max = 300,
                                  .families_max = 280,
                                  .institutions_max = 5,
                                  .rids_max = 1u << 18,
                                  .hash_seed = random_state};
    struct world *w = world_new_empty(&config, OPS * 5u);
    for (uint16_t r = 1; r <= 3; r++) {
        char name[8] = {'R', (char)('0' + r)};
        world_do(w, region_msg(r, 1, r == 3 ? "B" : "A", name));
    }
    unsigned moved = 0;
    for (unsigned i = 0; i < OPS; i++) {
        w->time_ms += rnd(2) ? 0 : rnd(10 * 60000u); /* about a year in all */
        uint8_t code = world_send(w, any_op(w));
        moved += w->last.kind == DECISION_RECORD && gj_code_ok(code) && w->last.reply.amount > 0;
        if (i % AUDIT_EVERY != 0) continue;
        const char *broken = state_audit(w->s);
        CHECK_STR(broken == NULL ? "" : broken, "");
    }
    CHECK(moved > OPS / 20);
    printf("    %u of %u operations moved money\n", moved, OPS);
    world_close(w);
    CHECK_EQ(world_failures(), 0);
}

TEST_MAIN(T(random_history))
