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

static void seed(void)
{
    const char *given = getenv("GJ_SEED");
    random_state = given != NULL ? strtoull(given, NULL, 10) : 20251120;
    if (random_state == 0) random_state = 1;
    printf("    GJ_SEED=%" PRIu64 "\n", random_state);
}

TEST(random_history)
{
    seed();
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

/* Hostile operations on a state with next to no room: whatever is sent, nothing may break that a
 * client could break on purpose. */

#define HOSTILE_OPS 60000u
#define PEOPLE      9u
#define KEPT        64u

static uint64_t odd_id(void)
{
    static const uint64_t odd[] = {0, 1, 10, 11, 999, UINT64_MAX, UINT64_MAX - 1, 1u << 31};
    return rnd(12) == 0 ? odd[rnd(ARRAY_COUNT(odd))] : 1000 + rnd(PEOPLE);
}

static int64_t odd_amount(void)
{
    static const int64_t odd[] = {
        0, 1, -1, -2, GJ_AMOUNT_MAX, GJ_AMOUNT_MAX - 1, GJ_AMOUNT_MAX + 1, INT64_MAX, INT64_MIN};
    return rnd(8) == 0 ? odd[rnd(ARRAY_COUNT(odd))] : (int64_t)rnd(5000);
}

/* Rules under which money moves more often than not, and premiums of every year are sold. */
static struct msg open_policy(const struct world *w)
{
    struct msg m = region_again(w, (uint16_t)(1 + rnd(3)));
    struct gj_policy *p = &((struct gj_region_ext *)(void *)m.ext)->policy;
    uint16_t year = calendar_year(calendar_day(w->time_ms));
    p->quota_bp = (uint16_t)(rnd(4) ? 10000 : rnd(10001));
    p->quota_base = (uint8_t)rnd(3);
    p->cross_region_pay = (uint8_t)(rnd(4) ? GJ_CROSS_ANY : rnd(3));
    p->transfer_daily_count = (uint16_t)(rnd(2) ? 0 : rnd(4));
    p->outpatient_single_fen = rnd(2) ? -1 : (int64_t)rnd(3000);
    p->profile_overdue = (uint8_t)rnd(2);
    p->max_members = (uint8_t)(rnd(4) ? 7 : 1 + rnd(7));
    for (unsigned i = 0; i < GJ_PREMIUM_ROWS_MAX; i++) {
        p->premiums[i] = (struct gj_premium_row){.amount = 1 + (int64_t)rnd(3),
                                                 .year = (uint16_t)(year - 2 + i % 5),
                                                 .product = (uint8_t)(1 + i / 5),
                                                 .to_day = UINT16_MAX};
    }
    if (rnd(2)) m.op.other = w->time_ms + rnd(3000 * HOUR_MS);
    return m;
}

/* One field, or one byte of a line behind it, as no honest client would send it. The frame's check
 * has made sure of the lines' number: at most GJ_EXT_MAX. */
static struct msg spoiled(struct msg m)
{
    switch (rnd(12)) {
    case 0: m.op.person = odd_id(); break;
    case 1: m.op.other = odd_id(); break;
    case 2: m.op.amount = odd_amount(); break;
    case 3: m.op.type = (uint8_t)rnd(17); break;
    case 4: m.op.ext_count = (uint8_t)rnd(GJ_EXT_MAX + 1u); break;
    case 5: m.op.flags = (uint8_t)rnd(256); break;
    case 6: m.op.auth = (uint8_t)rnd(6); break;
    case 7: m.op.arg = (uint16_t)rnd(65536); break;
    case 8: m.op.kind = (uint8_t)rnd(256); break;
    case 9: m.op.detail = (uint8_t)rnd(256); break;
    case 10: m.op.deadline_ms = (uint32_t)rnd(2) + 1; break;
    default: m.ext[rnd(sizeof(m.ext))] = (uint8_t)rnd(256); break;
    }
    return m;
}

static struct msg hostile_op(const struct world *w)
{
    struct msg m = any_op(w);
    if (m.op.person != 0) m.op.person = odd_id();
    if (m.op.type != GJ_OP_SET_INSTITUTION && m.op.type != GJ_OP_PAY && m.op.other != 0 &&
        m.op.type != GJ_OP_UPDATE_PERSON && m.op.type != GJ_OP_SET_REGION) {
        m.op.other = odd_id();
    }
    if (m.op.type == GJ_OP_SET_REGION && rnd(4) != 0) m = open_policy(w);
    if (m.op.type == GJ_OP_PAY_PREMIUM) {
        m.op.arg = (uint16_t)(calendar_year(calendar_day(w->time_ms)) - 2 + rnd(5));
        m.op.detail = (uint8_t)(1 + rnd(2));
        m.op.amount = 1 + (int64_t)rnd(3);
        m.op.kind = WALLET;
    }
    if (m.op.type == GJ_OP_PAY && m.op.ext_count == 1) {
        uint64_t relative = odd_id();
        memcpy(m.ext, &relative, sizeof(relative));
    }
    if (m.op.type == GJ_OP_SUSPEND && rnd(4) != 0) m.op.type = GJ_OP_RESUME;
    return rnd(6) == 0 ? spoiled(m) : m;
}

/* A rid of its own: minted now, a little off, or absurd. */
static void mint(const struct world *w, struct msg *m, uint64_t number)
{
    uint64_t ms = w->time_ms;
    if (rnd(16) == 0) ms = ms - 6 * 60000u + rnd(12 * 60000u);
    if (rnd(64) == 0) ms = rnd(UINT64_C(1) << 48);
    for (unsigned i = 0; i < 6; i++) m->op.rid.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    memcpy(m->op.rid.bytes + 8, &number, sizeof(number));
}

/* A dry run answers what the operation then answers, but for the number it does not get. */
static void dry_run_foretells(const struct world *w, const struct msg *m, struct gj_reply *reply)
{
    struct {
        struct gj_read read;
        struct msg m;
    } lines = {.read = {.type = GJ_READ_DRY_RUN, .ext_count = (uint8_t)(1 + m->op.ext_count)},
               .m = *m};
    static _Alignas(8) uint8_t out[GJ_READ_ANSWER_MAX];
    struct decide_input in = world_input(w, &m->op);
    CHECK(query(w->s, &lines.read, &in, out, sizeof(out)) ==
          sizeof(struct gj_answer) + sizeof(struct gj_dry_run_view));
    const struct gj_answer *answer = (const void *)out;
    CHECK_EQ(answer->code, GJ_OK);
    *reply = ((const struct gj_dry_run_view *)(const void *)(answer + 1))->reply;
}

/* Bounds that hold at the moment an operation was accepted, whatever is set later. */
static void accepted_within_bounds(const struct world *w, const struct msg *m)
{
    static bool premium[PEOPLE][PREMIUM_YEARS][GJ_PRODUCTS_MAX + 1];
    const struct person *p = world_person(w, m->op.person);
    if (m->op.type == GJ_OP_PAY_PREMIUM) {
        uint32_t beneficiary = person_find(w->s, m->op.other);
        bool *paid = &premium[beneficiary][m->op.arg - PREMIUM_YEAR_FIRST][m->op.detail];
        CHECK(!*paid);
        *paid = true;
    }
    uint64_t relative = 0;
    if (m->op.type == GJ_OP_PAY && m->op.ext_count == 1) memcpy(&relative, m->ext, 8);
    const struct person *payer = relative != 0 ? world_person(w, relative) : p;
    bool counts =
        relative != 0
            ? w->last.sources.taken[0] + w->last.sources.taken[1] + w->last.sources.taken[2] > 0
            : m->op.type != GJ_OP_PAY && m->op.kind == PERSONAL;
    uint16_t year = calendar_year(calendar_day(w->time_ms));
    const struct gj_policy *policy = region_policy(w->s, payer->insured_region, w->time_ms);
    uint32_t slot = (uint32_t)(payer - w->s->persons);
    int64_t quota = person_quota(w->s, slot, year, policy);
    bool drew = relative == 0 || m->op.kind == RELATIVE;
    if (counts && drew && quota >= 0) CHECK(person_year(w->s, slot, year).used <= quota);
    if (m->op.type == GJ_OP_PAY && m->op.kind == RELATIVE) {
        const struct family *f = &w->s->families[payer->family];
        uint8_t i = member_index(w->s, payer, (uint32_t)(p - w->s->persons));
        CHECK(i != MEMBER_NONE);
        CHECK(f->year == year && (f->cap[i] < 0 || f->used[i] <= f->cap[i]));
    }
    if (m->op.type == GJ_OP_TRANSFER) {
        uint16_t side = m->op.kind == WALLET ? p->use_region : p->insured_region;
        uint16_t most = region_policy(w->s, side, w->time_ms)->transfer_daily_count;
        CHECK(most == 0 || p->transfer_count <= most);
    }
}

TEST(hostile_operations)
{
    seed();
    struct state_config config = {.persons_max = PEOPLE - 2,
                                  .families_max = 4,
                                  .institutions_max = 3,
                                  .rids_max = 40,
                                  .hash_seed = random_state};
    struct world *w = world_new_empty(&config, HOSTILE_OPS * 8u);
    static const char *const provinces[] = {"A", "A", ""};
    for (uint16_t r = 1; r <= 3; r++) {
        char name[8] = {'R', (char)('0' + r)};
        world_do(w, region_msg(r, 1, provinces[r - 1], name));
    }
    static struct msg kept[KEPT];
    static struct decision answers[KEPT];
    unsigned seen[256] = {0}, replays = 0;
    for (unsigned i = 0; i < HOSTILE_OPS; i++) {
        w->time_ms += rnd(3) ? rnd(2) : rnd(8) ? rnd(1000) : rnd(30 * 24 * HOUR_MS) / 2;
        unsigned at = (unsigned)rnd(KEPT);
        bool again = rnd(8) == 0 && kept[at].op.type != 0;
        struct msg m = again ? kept[at] : hostile_op(w);
        if (!again) mint(w, &m, i + 1);
        if (again && rnd(4) == 0) m.op.ref ^= 1;
        struct gj_reply foretold;
        dry_run_foretells(w, &m, &foretold);
        uint8_t code = world_send(w, m);
        seen[code]++;
        if (w->last.kind == DECISION_RECORD) {
            /* Once executed, never again: only what was not an outcome may become one. */
            CHECK(!again || answers[at].kind == DECISION_REJECT);
            foretold.seq = w->last.reply.seq;
            if (code <= GJ_OK_PARTIAL && w->last.reply.amount > 0 && m.op.type != GJ_OP_DEPOSIT) {
                accepted_within_bounds(w, &m);
            }
        }
        CHECK(memcmp(&foretold, &w->last.reply, sizeof(foretold)) == 0);
        if (w->last.kind == DECISION_REPLAY) {
            struct gj_reply first = answers[at].reply;
            first.flags |= GJ_REPLY_REPLAYED;
            CHECK(again && memcmp(&first, &w->last.reply, sizeof(first)) == 0);
            bool several = (first.flags & GJ_REPLY_SOURCES) != 0;
            CHECK(!several ||
                  memcmp(&answers[at].sources, &w->last.sources, sizeof(answers[at].sources)) == 0);
            replays++;
        }
        if (!again || w->last.kind == DECISION_RECORD) {
            kept[at] = m;
            answers[at] = w->last;
        }
        if (i % 500 != 0) continue;
        const char *broken = state_audit(w->s);
        CHECK_STR(broken == NULL ? "" : broken, "");
    }
    CHECK(replays > 100);
    unsigned codes = 0;
    for (unsigned i = 0; i < 256; i++) codes += seen[i] != 0;
    printf("    %u codes, %u replays, %u premiums paid twice refused\n", codes, replays,
           seen[GJ_PREMIUM_ALREADY_PAID]);
    world_close(w);
    CHECK_EQ(world_failures(), 0);
}

TEST_MAIN(T(random_history), T(hostile_operations))
