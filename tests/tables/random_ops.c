/* tests/tables/random_ops.c -- random operations, and what became of them. */
#include "tests/tables/random_ops.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/format/op_traits.h"
#include "core/state/tables.h"

#define REGIONS     3u
#define PREMIUM_FEN 400
#define RECENT      400u /* originals are drawn from as many operations back */
#define SLOTS       512u
#define FIRST       UINT64_C(1000)

static uint64_t random_state, people;

/* What was executed; all zero if nothing was, or nothing that can be amended. */
struct past {
    struct gj_op op;
    int64_t amount;       /* moved or held */
    int64_t captured;     /* HOLD */
    int64_t refunded;     /* PAY, CAPTURE */
    struct past *payment; /* REFUND: what it refunds */
    uint64_t relative;    /* listed in the PAY or HOLD it is or comes from, as its */
    uint8_t sources;      /* sources; of others the one source */
    bool pending, ended, reversed;
};
static struct past *pasts; /* two of each number: the two persons share it */
static uint64_t pasts_max, newest;
static struct gj_rid tombstone, shared;
static uint64_t tombstone_person, shared_by, shared_number;
static bool tombstoned_twice;           /* by both who share rids */
static i128 fund, institution, premium; /* of all regions */
static int64_t accounts[SLOTS][2];      /* personal, wallet */

void random_seed(unsigned ops_max, unsigned persons)
{
    const char *given = getenv("GJ_SEED");
    random_state = given != NULL ? strtoull(given, NULL, 10) : 20251120;
    if (random_state == 0) random_state = 1;
    printf("    GJ_SEED=%" PRIu64 "\n", random_state);
    free(pasts);
    pasts_max = ops_max + UINT64_C(1);
    pasts = calloc(pasts_max, 2 * sizeof(*pasts));
    if (pasts == NULL) abort();
    newest = tombstone_person = shared_by = shared_number = 0;
    people = persons;
    fund = institution = premium = 0;
    memset(accounts, 0, sizeof(accounts));
}

uint64_t rnd(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

static uint64_t number_of(const struct gj_rid *rid)
{
    uint64_t number;
    memcpy(&number, rid->bytes + 8, sizeof(number));
    return number;
}

static struct past *place_of(const struct gj_rid *rid, uint64_t person)
{
    uint64_t number = number_of(rid);
    return number < pasts_max ? &pasts[2 * number + (person == amended_key(FIRST))] : NULL;
}

static struct past *past_of(const struct gj_rid *rid, uint64_t person)
{
    struct past *p = place_of(rid, person);
    if (p == NULL) return NULL;
    bool same = p->op.person == person && memcmp(&p->op.rid, rid, sizeof(*rid)) == 0;
    return same && p->op.type != 0 ? p : NULL;
}

static struct past *original(const struct msg *m)
{
    struct gj_rid rid;
    memcpy(&rid, m->ext, sizeof(rid));
    return past_of(&rid, m->op.person);
}

const struct gj_op *original_of(const struct msg *m)
{
    const struct past *p = original(m);
    return p == NULL ? NULL : &p->op;
}

uint64_t any_person(void)
{
    uint64_t n = rnd(6) ? rnd(people) : 0;
    return n == people - 1 || (n == 0 && rnd(2)) ? amended_key(FIRST) : FIRST + n;
}

static bool shares(uint64_t person)
{
    return person == FIRST || person == amended_key(FIRST);
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
        if (gj_sources_at(sources, i) == GJ_SOURCE_RELATIVE) m = with_relative(m, any_person());
    }
    if (rnd(3) != 0) return m;
    m.op.type = GJ_OP_HOLD;
    if (rnd(2)) m = with_timeout(m, (uint32_t)rnd(86402));
    return m;
}

static uint16_t this_year(const struct fixture *w)
{
    return calendar_year(calendar_day(w->time_ms));
}

static struct msg any_policy(const struct fixture *w)
{
    static const uint16_t days[] = {0, 1, 31, 365, UINT16_MAX};
    struct msg m = region_again(w, (uint16_t)(1 + rnd(REGIONS)));
    struct gj_policy *p = &((struct gj_region_ext *)(void *)m.ext)->policy;
    p->quota_bp = rnd(2) ? 10000 : (uint16_t)rnd(10001);
    p->cross_region_pay = (uint8_t)rnd(3);
    p->outpatient_single_fen = rnd(2) ? 0 : (int64_t)rnd(10000);
    p->max_members = (uint8_t)(1 + rnd(7));
    p->quota_base = (uint8_t)rnd(3);
    p->receive_mode = (uint8_t)rnd(2);
    p->one_outstanding = rnd(4) == 0;
    p->pending_expiry_minute = (uint16_t)rnd(1440);
    p->hold_timeout_max_s = rnd(2) ? 86400 : (uint32_t)rnd(3600);
    p->refund_days = days[rnd(ARRAY_COUNT(days))];
    p->reversal_days = days[rnd(ARRAY_COUNT(days))];
    p->region_change_enabled = (uint8_t)rnd(2);
    p->transfer_daily_count = (uint16_t)(rnd(2) ? 0 : 1 + rnd(5));
    p->premiums[0].amount = PREMIUM_FEN;
    p->premiums[0].year = (uint16_t)(this_year(w) + rnd(2));
    p->premiums[0].to_day = UINT16_MAX;
    if (rnd(2)) m.op.other = w->time_ms + rnd(100 * HOUR_MS);
    return m;
}

/* The rid of the original in the extension line. */
static struct msg amending(struct msg m, const struct gj_rid *rid)
{
    memcpy(m.ext, rid, sizeof(*rid));
    return m;
}

static struct msg amend_transfer(const struct past *p)
{
    uint64_t payer = p->op.person, payee = p->op.other;
    switch (rnd(p->pending ? 6 : 24)) {
    case 0: return accept_msg(payer, 1, rnd(8) ? payee : any_person());
    case 1: return return_msg(payer, 1, rnd(2) ? payee : payer);
    case 2:
    case 3: return p->pending ? accept_msg(payer, 1, payee) : refund_msg(payer, 1, 5);
    default: return reverse_msg(payer, 1);
    }
}

static struct msg amend(const struct past *p)
{
    uint64_t person = p->op.person;
    int64_t left = p->amount - p->captured - p->refunded;
    int64_t part = 1 + (left > 0 ? (int64_t)rnd((uint64_t)(left + left / 8 + 1)) : 0);
    switch (p->op.type) {
    case GJ_OP_TRANSFER: return amend_transfer(p);
    case GJ_OP_HOLD:
        if (rnd(8) == 0) return release_msg(person, 1);
        if (rnd(16) == 0) return reverse_msg(person, 1);
        return rnd(3) ? capture_msg(person, 1, part) : final_msg(person, 1, part);
    case GJ_OP_PAY:
    case GJ_OP_CAPTURE:
        return rnd(3) ? refund_msg(person, 1,
                                   rnd(4)     ? part
                                   : left > 0 ? left
                                              : 1)
                      : reverse_msg(person, 1);
    default: return rnd(16) ? reverse_msg(person, 1) : refund_msg(person, 1, part);
    }
}

bool any_amendment(struct msg *ret)
{
    if (shares(tombstone_person) && !tombstoned_twice) {
        tombstoned_twice = true;
        *ret = amending(reverse_msg(amended_key(tombstone_person), 1), &tombstone);
        return true;
    }
    for (unsigned tries = 0; tries < 30; tries++) {
        uint64_t back = rnd(RECENT);
        if (back >= newest) continue;
        const struct past *p = &pasts[2 * (newest - back) + rnd(2)];
        if (p->op.type == 0) p = &pasts[(uint64_t)(p - pasts) ^ 1];
        if (p->op.type == 0 || (p->op.type == GJ_OP_DEPOSIT && rnd(4) != 0)) continue;
        *ret = amending(amend(p), &p->op.rid);
        if (shares(p->op.person) && rnd(8) == 0) ret->op.person = amended_key(p->op.person);
        return true;
    }
    return false;
}

bool take_tombstone(struct msg *m)
{
    if (tombstone_person == 0 || m->op.person == 0) return false;
    m->op.rid = tombstone;
    m->op.person = tombstone_person;
    tombstone_person = 0;
    return true;
}

static bool may_be_amended(uint8_t type)
{
    return op_is(type, GJ_OP_MONEY) || op_is(type, GJ_OP_ORIGINAL) || type == GJ_OP_CHANGE_REGION ||
           type == GJ_OP_CLOSE_PERSON;
}

bool take_shared(struct msg *m)
{
    if (!may_be_amended(m->op.type) && rnd(8) != 0) return false;
    if (shared_by == 0 || m->op.person != amended_key(shared_by)) return false;
    m->op.rid = shared;
    shared_by = 0;
    return true;
}

static struct msg over_relation(const struct fixture *w)
{
    /* Mostly over relations that exist, or little would ever move. */
    uint64_t payer = any_person(), payee = any_person();
    const struct person *p = fixture_person(w, payer);
    if (p != NULL && p->family != SLOT_NONE && w->s->families[p->family].count != 0) {
        const struct family *f = &w->s->families[p->family];
        payee = w->s->persons[f->member[rnd(f->count)]].id;
    }
    if (rnd(32) == 0) return unbind_msg(payer, payee);
    if (rnd(4) == 0) {
        uint16_t year = (uint16_t)(this_year(w) + rnd(2));
        return with_amount(premium_msg(payer, payee, year, (uint8_t)(1 + rnd(2))), PREMIUM_FEN);
    }
    if (rnd(3) != 0)
        return transfer_msg(payer, payee, 1 + (int64_t)rnd(5000), (uint8_t)(1 + rnd(2)));
    struct msg m = any_pay();
    m.op.kind = RELATIVE;
    m.op.person = payee;
    return with_relative(m, payer);
}

static struct msg any_rare(const struct fixture *w)
{
    switch (rnd(16)) {
    case 0: /* not the two, or they would share no more */
        return close_msg(FIRST + 1 + rnd(people - 2),
                         (uint8_t)(rnd(8) ? GJ_PAYOUT_CASH : GJ_PAYOUT_NONE));
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6: return region_change_msg(any_person(), (uint16_t)(1 + rnd(REGIONS)));
    case 7: {
        struct gj_rid unknown = fixture_rid(rnd(2) ? w->time_ms : NOW_MS + rnd(UINT64_C(1) << 34),
                                            pasts_max + rnd(999));
        return amending(reverse_msg(rnd(2) ? FIRST : any_person(), 1), &unknown);
    }
    case 8: return refund_msg(any_person(), 1, 5); /* of nothing */
    case 9: return capture_msg(any_person(), 1, 5);
    case 10: return release_msg(any_person(), 1);
    case 11: return accept_msg(any_person(), 1, any_person());
    default:
        return with_auth(cap_msg(any_person(), rnd(2) ? 0 : any_person(), (int64_t)rnd(5000) - 1),
                         (uint8_t)rnd(4));
    }
}

struct msg any_op(const struct fixture *w)
{
    struct msg m;
    if (rnd(4) == 0 && any_amendment(&m)) return m;
    switch (rnd(64)) {
    case 0: return any_policy(w);
    case 1: return inst_msg(10 + rnd(6), (uint16_t)(1 + rnd(REGIONS)), GJ_HOSPITAL, 0x1F, 0x10);
    case 2:
    case 3:
    case 4:
    case 5: return open_msg(any_person(), (uint16_t)(1 + rnd(REGIONS)), (uint8_t)(1 + rnd(2)));
    case 6: return update_msg(any_person(), (uint8_t)rnd(3), rnd(8) ? 1 : 2);
    case 7:
    case 8:
    case 9: return wallet_msg(any_person(), (uint16_t)(1 + rnd(REGIONS)));
    case 10: return unbind_msg(any_person(), any_person());
    case 11: return rnd(2) ? any_rare(w) : over_relation(w);
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
    default: return rnd(4) == 0 ? any_pay() : over_relation(w);
    }
}

/* `fen` into the account, or out of it. */
static void post(const struct fixture *w, uint64_t person, enum gj_source source, int64_t fen)
{
    uint32_t slot = person_find(w->s, person);
    if (slot < SLOTS) accounts[slot][source == GJ_SOURCE_WALLET] += fen;
}

/* What the last reply says of each source that `p` listed, back to it or out of it. */
static void post_sources(const struct fixture *w, const struct past *p, bool back)
{
    bool several = (w->last.reply.flags & GJ_REPLY_SOURCES) != 0;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        enum gj_source source = gj_sources_at(p->sources, i);
        int64_t fen = several ? w->last.sources.taken[i] : i == 0 ? w->last.reply.amount : 0;
        uint64_t owner = source == GJ_SOURCE_RELATIVE ? p->relative : p->op.person;
        if (fen != 0) post(w, owner, source, back ? fen : -fen);
    }
}

static void post_transfer(const struct fixture *w, const struct past *p, bool back)
{
    post(w, p->op.person, (enum gj_source)p->sources, back ? p->amount : -p->amount);
    post(w, p->op.other, GJ_SOURCE_WALLET, back ? -p->amount : p->amount);
}

static const char *reversed(const struct fixture *w, struct past *p)
{
    int64_t moved = w->last.reply.amount;
    if (p->reversed || p->refunded != 0 || p->pending || p->op.type == GJ_OP_HOLD)
        return "reversed though it may not be";
    if (p->op.type == GJ_OP_TRANSFER && p->ended) return "reversed after the return";
    if (moved != p->amount) return "reversed amount";
    p->reversed = true;
    switch (p->op.type) {
    case GJ_OP_DEPOSIT:
        fund -= moved;
        post(w, p->op.person, GJ_SOURCE_PERSONAL, -moved);
        return NULL;
    case GJ_OP_TRANSFER: post_transfer(w, p, true); return NULL;
    case GJ_OP_PAY_PREMIUM:
        premium -= moved;
        post(w, p->op.person, (enum gj_source)p->sources, moved);
        return NULL;
    case GJ_OP_REFUND:
        institution += moved;
        post_sources(w, p, false);
        p->payment->refunded -= moved;
        return p->payment->refunded >= 0 ? NULL : "more refunds reversed than made";
    default:
        institution -= moved;
        post_sources(w, p, true);
        return NULL;
    }
}

/* What an amendment that ended OK says about its original, and what it did to it. */
static const char *amended(const struct fixture *w, const struct msg *m, struct past *p)
{
    int64_t moved = w->last.reply.amount, left = w->last.sources.remainder;
    switch (m->op.type) {
    case GJ_OP_ACCEPT:
    case GJ_OP_RETURN:
        if (!p->pending || moved != p->amount) return "accepted or returned";
        p->pending = false;
        p->ended = m->op.type == GJ_OP_RETURN;
        if (!p->ended) post_transfer(w, p, false);
        return NULL;
    case GJ_OP_CAPTURE:
        if (p->op.type != GJ_OP_HOLD || p->ended) return "captured after the end";
        p->captured += moved;
        if (p->captured > p->amount || moved != m->op.amount) return "captured above the hold";
        p->ended = p->captured == p->amount || m->op.flags & GJ_FLAG_FINAL;
        return left == (p->ended ? 0 : p->amount - p->captured) ? NULL : "left after a capture";
    case GJ_OP_RELEASE:
        if (p->op.type != GJ_OP_HOLD || p->ended) return "released after the end";
        p->ended = true;
        return moved == p->amount - p->captured ? NULL : "released amount";
    case GJ_OP_REFUND:
        if (p->op.type != GJ_OP_PAY && p->op.type != GJ_OP_CAPTURE) return "refund of what";
        if (p->reversed) return "refunded after the reversal";
        p->refunded += moved;
        if (p->refunded > p->amount || moved != m->op.amount) return "refunded above the payment";
        return left == p->amount - p->refunded ? NULL : "left after a refund";
    default: return reversed(w, p);
    }
}

/* What a new operation did, so that it can be amended. */
static void enter(const struct fixture *w, const struct msg *m)
{
    int64_t moved = w->last.reply.amount;
    struct past *p = place_of(&m->op.rid, m->op.person), *of = original(m);
    struct past now = {.op = m->op, .amount = moved, .sources = m->op.kind};
    if (m->op.ext_count == 1) memcpy(&now.relative, m->ext, sizeof(now.relative));
    if (of != NULL) {
        now.sources = of->sources;
        now.relative = of->relative;
    }
    switch (m->op.type) {
    case GJ_OP_DEPOSIT:
        fund += moved;
        post(w, m->op.person, GJ_SOURCE_PERSONAL, moved);
        break;
    case GJ_OP_TRANSFER:
        now.pending = (w->last.reply.flags & GJ_REPLY_PENDING) != 0;
        if (!now.pending) post_transfer(w, &now, false);
        break;
    case GJ_OP_PAY:
    case GJ_OP_CAPTURE:
        institution += moved;
        post_sources(w, &now, false);
        break;
    case GJ_OP_REFUND:
        institution -= moved;
        post_sources(w, &now, true);
        now.payment = of;
        break;
    case GJ_OP_PAY_PREMIUM:
        premium += moved;
        post(w, m->op.person, (enum gj_source)m->op.kind, -moved);
        break;
    case GJ_OP_CLOSE_PERSON:
        fund -= moved;
        memset(accounts[person_find(w->s, m->op.person)], 0, sizeof(accounts[0]));
        return;
    case GJ_OP_HOLD: break;
    default: return;
    }
    if (p != NULL) *p = now;
}

/* What one of the two did, the other may do under the same rid, once. */
static void share(const struct gj_op *op, bool done)
{
    uint64_t number = number_of(&op->rid);
    if (number <= shared_number || !done || !may_be_amended(op->type)) return;
    shared_by = op->person;
    shared_number = number;
    shared = op->rid;
}

const char *remember(const struct fixture *w, const struct msg *m)
{
    if (w->last.kind != DECISION_RECORD) return NULL;
    if (shares(m->op.person)) share(&m->op, gj_code_ok(w->last.reply.code));
    if (!gj_code_ok(w->last.reply.code)) return NULL;
    bool amends = op_is(m->op.type, GJ_OP_ORIGINAL);
    if (w->last.reply.code == GJ_OK_TOMBSTONED) {
        bool again = memcmp(&tombstone, m->ext, sizeof(tombstone)) == 0;
        memcpy(&tombstone, m->ext, sizeof(tombstone));
        tombstoned_twice = tombstoned_twice && again;
        tombstone_person = m->op.person;
        return original(m) == NULL ? NULL : "tombstone of what was executed";
    }
    if (w->last.reply.code == GJ_OK_NOOP) return NULL;
    uint64_t number = number_of(&m->op.rid);
    if (number > newest && number < pasts_max) newest = number;
    if (amends) {
        struct past *p = original(m);
        if (p == NULL) return "an original that never was";
        const char *wrong = amended(w, m, p);
        if (wrong != NULL) return wrong;
    }
    enter(w, m);
    return NULL;
}

static i128 fen_of(struct gj_fen128 fen)
{
    return (i128)fen.high * ((i128)1 << 64) + fen.low;
}

static const char *book_wrong(const struct fixture *w, uint16_t region, struct book *sum)
{
    struct gj_read read = {.type = GJ_READ_REGION_TOTALS, .region = region};
    const void *payload;
    unsigned count;
    if (fixture_read(w, &read, &payload, &count) != GJ_OK) return "a region that answers";
    const struct gj_totals_view *view = payload;
    i128 accounts_of = fen_of(view->personal) + fen_of(view->wallet);
    i128 clearing = fen_of(view->clearing), gross = 0;
    i128 owed = fen_of(view->institution) + fen_of(view->premium);
    if (fen_of(view->fund) != accounts_of + owed + clearing) return "a region's book balances";
    for (unsigned q = 1; q <= REGIONS; q++) {
        gross +=
            w->s->gross[region * GJ_REGIONS_MAX + q] - w->s->gross[q * GJ_REGIONS_MAX + region];
    }
    if (clearing != gross) return "clearing is gross, netted";
    sum->fund += fen_of(view->fund);
    sum->personal += accounts_of;
    sum->institution += fen_of(view->institution);
    sum->premium += fen_of(view->premium);
    sum->clearing += clearing;
    return NULL;
}

const char *books_wrong(const struct fixture *w)
{
    struct book sum = {.fund = 0};
    for (uint16_t r = 1; r <= REGIONS; r++) {
        const char *wrong = book_wrong(w, r, &sum);
        if (wrong != NULL) return wrong;
    }
    i128 all = 0;
    for (uint32_t i = 0; i < SLOTS; i++) all += accounts[i][0] + accounts[i][1];
    if (sum.clearing != 0) return "clearing nets to zero";
    if (sum.fund != fund) return "fund is what came in less what was paid out";
    if (sum.institution != institution) return "institutions have what was paid less refunds";
    if (sum.premium != premium) return "premiums are those paid";
    return sum.personal == all ? NULL : "accounts are what the replies moved";
}

/* Fen that open holds and pending transfers hold of the person, by account. */
static void held_of(const struct fixture *w, uint32_t slot, int64_t ret[2])
{
    const struct holds *h = &w->s->holds;
    ret[0] = ret[1] = 0;
    for (uint32_t i = 0; i < h->count; i++) {
        const struct hold *hold = &h->entries[h->heap[i]];
        for (unsigned j = 0; j < GJ_SOURCES_MAX; j++) {
            enum gj_source source = gj_sources_at(hold->sources, j);
            uint32_t owner = source == GJ_SOURCE_RELATIVE ? hold->other : hold->first;
            if (source == GJ_SOURCE_NONE || hold->left[j] == 0 || owner != slot) continue;
            ret[source == GJ_SOURCE_WALLET] += hold->left[j];
        }
    }
}

const char *person_wrong(const struct fixture *w, uint64_t id)
{
    uint32_t slot = person_find(w->s, id);
    if (slot == SLOT_NONE) return NULL;
    const struct person *p = &w->s->persons[slot];
    const struct person_cold *cold = &w->s->persons_cold[slot];
    if (slot < SLOTS && (p->personal != accounts[slot][0] || p->wallet != accounts[slot][1]))
        return "balances are what the replies moved";
    if (p->personal_held < 0 || p->personal_held > p->personal) return "personal held";
    if (p->wallet_held < 0 || p->wallet_held > p->wallet) return "wallet held";
    if (p->personal > GJ_AMOUNT_MAX || p->wallet > GJ_AMOUNT_MAX) return "maximum";
    if (cold->used < 0 || cold->credits < 0 || cold->opening < 0) return "yearly figures";
    int64_t held[2];
    held_of(w, slot, held);
    if (held[0] != p->personal_held || held[1] != p->wallet_held) return "held is what holds hold";
    if (p->family == SLOT_NONE) return NULL;
    const struct family *f = &w->s->families[p->family];
    int64_t drawn = 0;
    for (unsigned i = 0; i < f->count + f->kept; i++) {
        if (f->used[i] < 0) return "draws";
        drawn += f->used[i];
    }
    return f->year == cold->year && drawn > cold->used ? "draws above used" : NULL;
}

/* All records into `s`; false if one does not fit. */
static bool commit_all(struct state *s, const struct shard_memory *from)
{
    for (uint64_t at = 1; at < from->lines;) {
        const uint8_t *record = from->log + at * GJ_RECORD_UNIT;
        uint32_t size = record_size(record, (from->lines - at) * GJ_RECORD_UNIT);
        if (size == 0 || record_fits(s, record) != RECORD_FITS) return false;
        commit(s, record, at, from->times[at]);
        at += size / GJ_RECORD_UNIT;
    }
    return true;
}

const char *rebuild(struct fixture *w, const struct state_config *config)
{
    struct shard_memory *shard = w->shard, *other = shard_memory_new(config, 1);
    if (other == NULL) return "a shard of this configuration";
    if (!commit_all(other->s, shard)) {
        shard_memory_free(other);
        return "every record fits";
    }
    uint64_t was[2], is[2], low_water_ms = state_rid_low_water_ms(shard->s);
    state_digest(shard->s, was);
    state_digest(other->s, is);
    bool same = memcmp(was, is, sizeof(is)) == 0 && state_seq(other->s) == state_seq(shard->s);
    const char *broken = state_audit(other->s);
    w->s = other->s;
    other->s = shard->s;
    shard->s = w->s;
    uint64_t bytes = other->state_bytes;
    other->state_bytes = shard->state_bytes;
    shard->state_bytes = bytes;
    other->config = shard->config;
    shard->config = *config;
    shard_memory_free(other);
    fixture_forget(w, low_water_ms); /* as the log says: a larger window must not know again */
    return same ? broken : "the state is the same under another configuration";
}
