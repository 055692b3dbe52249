/* tests/tables/test_hostile.c -- operations no honest client would send, on a state with next to no
 * room: whatever is sent, nothing may break that a client could break on purpose. And as many holds
 * as one may open, all due at once. */
#include <string.h>

#include "tests/tables/random_ops.h"
#include "tests/test.h"

#define HOSTILE_OPS 200000u
#define PEOPLE      9u
#define KEPT        64u

static uint64_t odd_id(void)
{
    static const uint64_t odd[] = {0, 1, 10, 11, 999, UINT64_MAX, UINT64_MAX - 1, 1u << 31};
    return rnd(12) == 0 ? odd[rnd(ARRAY_COUNT(odd))] : any_person();
}

static int64_t odd_amount(void)
{
    static const int64_t odd[] = {
        0, 1, -1, -2, GJ_AMOUNT_MAX, GJ_AMOUNT_MAX - 1, GJ_AMOUNT_MAX + 1, INT64_MAX, INT64_MIN};
    return rnd(8) == 0 ? odd[rnd(ARRAY_COUNT(odd))] : (int64_t)rnd(5000);
}

/* Rules under which money moves more often than not, and premiums of every year are sold. */
static struct msg open_policy(const struct fixture *w)
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
    p->receive_mode = (uint8_t)rnd(2);
    p->one_outstanding = rnd(8) == 0;
    p->pending_expiry_minute = (uint16_t)rnd(1440);
    p->hold_timeout_max_s = rnd(2) ? UINT32_MAX : (uint32_t)rnd(1000);
    p->refund_days = (uint16_t)(rnd(2) ? UINT16_MAX : rnd(40));
    p->reversal_days = (uint16_t)(rnd(2) ? UINT16_MAX : rnd(40));
    p->region_change_enabled = (uint8_t)rnd(2);
    p->unbind_forgets_draws = (uint8_t)(rnd(4) == 0);
    p->member_changes_year = (uint8_t)(rnd(4) ? 0 : rnd(30));
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
    case 3: m.op.type = (uint8_t)rnd(27); break;
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

static struct msg hostile_op(const struct fixture *w, bool last)
{
    struct msg m;
    if (rnd(3) == 0 && any_amendment(&m)) return rnd(6) == 0 ? spoiled(m) : m;
    if (last && rnd(500) == 0) return close_msg(odd_id(), GJ_PAYOUT_CASH);
    m = any_op(w);
    if (m.op.person != 0 && rnd(4) == 0) m.op.person = odd_id();
    switch (m.op.type) {
    case GJ_OP_SET_REGION:
        if (rnd(4) != 0) m = open_policy(w);
        break;
    case GJ_OP_SET_INSTITUTION:
    case GJ_OP_UPDATE_PERSON: break;
    case GJ_OP_PAY:
    case GJ_OP_HOLD:
        if (m.op.ext_count == 1 && gj_sources_at(m.op.kind, 0) == GJ_SOURCE_RELATIVE)
            m = with_relative(m, odd_id());
        break;
    case GJ_OP_PAY_PREMIUM:
        m.op.arg = (uint16_t)(calendar_year(calendar_day(w->time_ms)) - 2 + rnd(5));
        m.op.detail = (uint8_t)(1 + rnd(2));
        m.op.amount = 1 + (int64_t)rnd(3);
        if (rnd(2)) m.op.kind = WALLET;
        break;
    case GJ_OP_SUSPEND:
        if (rnd(4) != 0) m.op.type = GJ_OP_RESUME;
        break;
    case GJ_OP_CLOSE_PERSON: /* not before the end, or soon nobody is left */
        if (!last) return deposit_msg(m.op.person, 1000);
        break;
    default:
        if (m.op.other != 0 && rnd(4) == 0) m.op.other = odd_id();
    }
    return rnd(6) == 0 ? spoiled(m) : m;
}

/* A rid of its own: minted now, a little off, or absurd. */
static void mint(const struct fixture *w, struct msg *m, uint64_t number)
{
    uint64_t ms = w->time_ms;
    if (rnd(16) == 0) ms = ms - 6 * 60000u + rnd(12 * 60000u);
    if (rnd(64) == 0) ms = rnd(UINT64_C(1) << 48);
    for (unsigned i = 0; i < 6; i++) m->op.rid.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    memcpy(m->op.rid.bytes + 8, &number, sizeof(number));
}

/* A dry run answers what the operation then answers, but for the number it does not get. */
static struct gj_dry_run_view dry_run(const struct fixture *w, const struct msg *m)
{
    struct {
        struct gj_read read;
        struct msg m;
    } lines = {.read = {.type = GJ_READ_DRY_RUN, .ext_count = (uint8_t)(1 + m->op.ext_count)},
               .m = *m};
    const void *payload;
    unsigned count;
    CHECK_EQ(fixture_read(w, &lines.read, &payload, &count), GJ_OK);
    return *(const struct gj_dry_run_view *)payload;
}

static bool premiums[PEOPLE][PREMIUM_YEARS][GJ_PRODUCTS_MAX + 1];

/* Once per beneficiary, year and product, until it is reversed. */
static void premium_once(const struct fixture *w, const struct gj_op *op, bool paid)
{
    uint32_t beneficiary = person_find(w->s, op->other);
    bool *mark = &premiums[beneficiary][op->arg - PREMIUM_YEAR_FIRST][op->detail];
    CHECK(*mark != paid);
    *mark = paid;
}

/* Quota and cap at the moment something was drawn, whatever is set later. */
static void drawn_within_bounds(const struct fixture *w, const struct person *payer,
                                uint64_t member)
{
    uint16_t year = calendar_year(calendar_day(w->time_ms));
    const struct gj_policy *policy = region_policy(w->s, payer->insured_region, w->time_ms);
    uint32_t slot = (uint32_t)(payer - w->s->persons);
    int64_t quota = person_quota(w->s, slot, year, policy);
    CHECK(quota < 0 || person_year(w->s, slot, year).used <= quota);
    if (member == 0) return;
    const struct family *f = &w->s->families[payer->family];
    uint8_t i = member_index(w->s, payer, person_find(w->s, member));
    CHECK(i != MEMBER_NONE);
    CHECK(f->year == year && (f->cap[i] < 0 || f->used[i] <= f->cap[i]));
}

/* Bounds that hold at the moment an operation was accepted. */
static void accepted_within_bounds(const struct fixture *w, const struct msg *m)
{
    const struct person *p = fixture_person(w, m->op.person);
    if (m->op.type == GJ_OP_REVERSE) {
        const struct gj_op *undone = original_of(m);
        if (undone->type == GJ_OP_PAY_PREMIUM) premium_once(w, undone, false);
    }
    if (m->op.type == GJ_OP_PAY_PREMIUM) {
        premium_once(w, &m->op, true);
        if (m->op.kind == PERSONAL && m->op.person != m->op.other) drawn_within_bounds(w, p, 0);
    }
    bool bill = m->op.type == GJ_OP_PAY || m->op.type == GJ_OP_HOLD;
    if (bill && m->op.kind == RELATIVE) {
        uint64_t relative;
        memcpy(&relative, m->ext, sizeof(relative));
        drawn_within_bounds(w, fixture_person(w, relative), m->op.person);
    }
    if (m->op.type == GJ_OP_TRANSFER) {
        if (m->op.kind == PERSONAL) drawn_within_bounds(w, p, 0);
        uint16_t side = m->op.kind == WALLET ? p->use_region : p->insured_region;
        uint16_t most = region_policy(w->s, side, w->time_ms)->transfer_daily_count;
        CHECK(most == 0 || p->transfer_count <= most);
    }
}

static struct msg kept[KEPT]; /* sent before, to be sent again */

static void hostile_history(uint64_t rids_max)
{
    random_seed(HOSTILE_OPS, PEOPLE);
    memset(premiums, 0, sizeof(premiums));
    memset(kept, 0, sizeof(kept));
    struct state_config config = {.persons_max = PEOPLE - 2,
                                  .families_max = 4,
                                  .institutions_max = 3,
                                  .holds_max = 12,
                                  .rids_max = rids_max,
                                  .rids_ahead_max = 6,
                                  .hash_seed = 7};
    struct fixture *w = fixture_new_empty(&config, HOSTILE_OPS * 8u);
    static const char *const provinces[] = {"A", "A", ""};
    for (uint16_t r = 1; r <= 3; r++) {
        char name[8] = {'R', (char)('0' + r)};
        fixture_do(w, region_msg(r, 1, provinces[r - 1], name));
    }
    static __typeof__(((struct fixture *)0)->last) answers[KEPT];
    unsigned seen[256] = {0}, done[32] = {0}, replays = 0;
    for (unsigned i = 0; i < HOSTILE_OPS; i++) {
        w->time_ms += rnd(3) ? rnd(2) : rnd(8) ? rnd(1000) : rnd(30 * 24 * HOUR_MS) / 2;
        unsigned at = (unsigned)rnd(KEPT);
        bool again = rnd(8) == 0 && kept[at].op.type != 0;
        struct msg m = again ? kept[at] : hostile_op(w, i > HOSTILE_OPS / 4 * 3);
        if (!again && !(rnd(2) && take_shared(&m))) mint(w, &m, i + 1);
        if (again && rnd(4) == 0) m.op.ref ^= 1;
        struct gj_dry_run_view foretold = dry_run(w, &m);
        uint64_t low_water_ms = state_rid_low_water_ms(w->s);
        uint8_t code = fixture_send(w, m);
        const char *wrong = remember(w, &m);
        CHECK_STR(wrong == NULL ? "" : wrong, "");
        if (rnd(64) == 0) (void)shard_memory_expire(w->shard, 3);
        seen[code]++;
        done[GJ_OP_EXPIRE] += w->expired;
        if (w->last.kind == DECISION_RECORD) {
            done[m.op.type] += code <= GJ_OK_PARTIAL;
            /* Once executed, never again: only what was not an outcome may become one. */
            CHECK(!again || answers[at].kind == DECISION_REJECT);
            foretold.reply.seq = w->last.reply.seq;
            if (code <= GJ_OK_PARTIAL && w->last.reply.amount > 0) accepted_within_bounds(w, &m);
        }
        bool moved =
            w->expired != 0 && state_rid_low_water_ms(w->s) != low_water_ms; /* see fixture_send */
        CHECK(moved ||
              (memcmp(&foretold.reply, &w->last.reply, sizeof(foretold.reply)) == 0 &&
               memcmp(&foretold.sources, &w->last.sources, sizeof(foretold.sources)) == 0));
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
        wrong = books_wrong(w);
        if (wrong == NULL) wrong = person_wrong(w, m.op.person);
        CHECK_STR(wrong == NULL ? "" : wrong, "");
        if (i % 500 != 0) continue;
        const char *broken = state_audit(w->s);
        CHECK_STR(broken == NULL ? "" : broken, "");
    }
    CHECK(replays > 100);
    unsigned codes = 0;
    for (unsigned i = 0; i < 256; i++) codes += seen[i] != 0;
    printf("    %u codes, %u replays, %u premiums paid twice refused\n", codes, replays,
           seen[GJ_PREMIUM_ALREADY_PAID]);
    for (uint8_t type = 1; type < ARRAY_COUNT(done); type++) {
        if (gj_op_name(type) == NULL) continue;
        printf(" %s %u", gj_op_verb(type), done[type]);
        CHECK(done[type] > 0);
    }
    printf("\n");
    fixture_close(w);
    CHECK_EQ(fixture_failures(), 0);
}

/* One bucket a slice, as with any number below 84. */
TEST(hostile_with_the_smallest_window)
{
    hostile_history(1);
}

TEST(hostile_with_two_buckets_a_slice)
{
    hostile_history(84);
}

TEST(hostile_with_a_window_to_spare)
{
    hostile_history(2000);
}

#define STORM_PERSONS 3u
#define STORM_FEN     (3 * (int64_t)GJ_PERSON_HOLDS_MAX) /* of each person; a hold takes 2 */

static struct msg storm_hold(uint64_t id)
{
    return with_timeout(hold_msg(id, 10, 2, PERSONAL), 60);
}

static struct fixture *storm_world(void)
{
    struct state_config config = {.persons_max = STORM_PERSONS,
                                  .families_max = 1,
                                  .institutions_max = 1,
                                  .holds_max = STORM_PERSONS * GJ_PERSON_HOLDS_MAX + 1,
                                  .rids_max = 10000,
                                  .rids_ahead_max = 64,
                                  .hash_seed = 3};
    struct fixture *w = fixture_new_empty(&config, 16 * STORM_PERSONS * GJ_PERSON_HOLDS_MAX);
    fixture_do(w, region_msg(1, 1, "A", "R1"));
    fixture_do(w, inst_msg(10, 1, GJ_HOSPITAL, 0x1F, GJ_FLAG_WALLET));
    for (uint64_t id = 1; id <= STORM_PERSONS; id++) {
        fixture_do(w, open_msg(id, 1, 1));
        fixture_do(w, deposit_msg(id, STORM_FEN));
    }
    return w;
}

/* Nothing is held of the person, and the account is what it was, less `paid`. */
static void at_peace(const struct fixture *w, uint64_t id, int64_t paid)
{
    struct gj_person_view view = fixture_view(w, id);
    CHECK_EQ(view.holds, 0);
    CHECK_EQ(view.personal, STORM_FEN - paid);
    CHECK_EQ(view.personal_held, 0);
    CHECK_EQ(fixture_person(w, id)->personal_held, 0);
}

/* All that may be open falls due at one instant. Who touches one of its persons first writes down
 * what that person had open, all of it and nothing else, and is answered as if it had long been. */
TEST(all_due_at_once)
{
    struct fixture *w = storm_world();
    for (unsigned i = 0; i < GJ_PERSON_HOLDS_MAX; i++) {
        for (uint64_t id = 1; id <= STORM_PERSONS; id++) fixture_do(w, storm_hold(id));
    }
    w->time_ms += 60000 - 1;
    CHECK_EQ(fixture_send(w, storm_hold(1)), GJ_CAPACITY_RECORDS);
    CHECK_EQ(fixture_send(w, pay_msg(2, 10, STORM_FEN, PERSONAL)), GJ_INSUFFICIENT_BALANCE);
    CHECK_EQ(w->expired, 0);
    w->time_ms++;
    CHECK_EQ(fixture_view(w, 1).personal_held, 0); /* for a reader it is so already */
    CHECK_EQ(fixture_send(w, pay_msg(2, 10, STORM_FEN, PERSONAL)), GJ_OK);
    CHECK_EQ(w->expired, GJ_PERSON_HOLDS_MAX);
    CHECK_EQ(w->last.reply.balance, 0);
    at_peace(w, 2, STORM_FEN);
    const char *broken = state_audit(w->s);
    CHECK_STR(broken == NULL ? "" : broken, "");

    CHECK_EQ(fixture_person(w, 1)->personal_held, 2 * GJ_PERSON_HOLDS_MAX);
    CHECK_EQ(shard_memory_expire(w->shard, UINT32_MAX), (STORM_PERSONS - 1) * GJ_PERSON_HOLDS_MAX);
    at_peace(w, 1, 0);
    at_peace(w, 3, 0);
    CHECK(state_due_ms(w->s) == UINT64_MAX);
    CHECK_EQ(fixture_send(w, storm_hold(1)), GJ_OK);
    CHECK_EQ(w->expired, 0);
    fixture_close(w);
    CHECK_EQ(fixture_failures(), 0);
}

TEST_MAIN(T(hostile_with_the_smallest_window), T(hostile_with_two_buckets_a_slice),
          T(hostile_with_a_window_to_spare), T(all_due_at_once))
