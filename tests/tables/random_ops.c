/* tests/tables/random_ops.c -- random operations, and what became of them. */
#include "random_ops.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REGIONS     3u
#define PREMIUM_FEN 400
#define RECENT      400u /* originals are drawn from as many operations back */

static uint64_t random_state, people;

/* What was executed; all zero if nothing was, or nothing that can be amended. */
struct past {
    struct gj_op op;
    int64_t amount;   /* moved or held */
    int64_t captured; /* HOLD */
    int64_t refunded; /* PAY, CAPTURE */
    uint64_t payment; /* REFUND: number of what it refunds */
    bool pending, ended, reversed;
};
static struct past *pasts;
static uint64_t pasts_max, newest;
static struct gj_rid tombstone;
static uint64_t tombstone_person;
static i128 fund, institution, premium; /* of all regions */

void random_seed(unsigned ops_max, unsigned persons)
{
    const char *given = getenv("GJ_SEED");
    random_state = given != NULL ? strtoull(given, NULL, 10) : 20251120;
    if (random_state == 0) random_state = 1;
    printf("    GJ_SEED=%" PRIu64 "\n", random_state);
    free(pasts);
    pasts_max = ops_max + UINT64_C(1);
    pasts = calloc(pasts_max, sizeof(*pasts));
    if (pasts == NULL) abort();
    newest = tombstone_person = 0;
    people = persons;
    fund = institution = premium = 0;
}

uint64_t rnd(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

static struct past *past_of(const struct gj_rid *rid, uint64_t person)
{
    uint64_t number;
    memcpy(&number, rid->bytes + 8, sizeof(number));
    if (number >= pasts_max) return NULL;
    struct past *p = &pasts[number];
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

static uint64_t any_person(void)
{
    return 1000 + rnd(people);
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

static uint16_t this_year(const struct world *w)
{
    return calendar_year(calendar_day(w->time_ms));
}

static struct msg any_policy(const struct world *w)
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
    for (unsigned tries = 0; tries < 30; tries++) {
        uint64_t back = rnd(RECENT);
        if (back >= newest) continue;
        const struct past *p = &pasts[newest - back];
        if (p->op.type == 0 || (p->op.type == GJ_OP_DEPOSIT && rnd(4) != 0)) continue;
        *ret = amending(amend(p), &p->op.rid);
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

static struct msg over_relation(const struct world *w)
{
    /* Mostly over relations that exist, or little would ever move. */
    uint64_t payer = any_person(), payee = any_person();
    const struct person *p = world_person(w, payer);
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

static struct msg any_rare(void)
{
    switch (rnd(16)) {
    case 0: return close_msg(any_person(), (uint8_t)(rnd(8) ? GJ_PAYOUT_CASH : GJ_PAYOUT_NONE));
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6: return region_change_msg(any_person(), (uint16_t)(1 + rnd(REGIONS)));
    case 7: {
        struct gj_rid unknown = world_rid(NOW_MS + rnd(UINT64_C(1) << 34), pasts_max + rnd(999));
        return amending(reverse_msg(any_person(), 1), &unknown);
    }
    case 8: return refund_msg(any_person(), 1, 5); /* of nothing */
    case 9: return capture_msg(any_person(), 1, 5);
    case 10: return release_msg(any_person(), 1);
    case 11: return accept_msg(any_person(), 1, any_person());
    default: return cap_msg(any_person(), rnd(2) ? 0 : any_person(), (int64_t)rnd(5000) - 1);
    }
}

struct msg any_op(const struct world *w)
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
    case 11: return rnd(2) ? any_rare() : over_relation(w);
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

/* What an amendment that ended OK says about its original, and what it did to it. */
static const char *amended(const struct world *w, const struct msg *m, struct past *p)
{
    int64_t moved = w->last.reply.amount, left = w->last.sources.remainder;
    switch (m->op.type) {
    case GJ_OP_ACCEPT:
    case GJ_OP_RETURN:
        if (!p->pending || moved != p->amount) return "accepted or returned";
        p->pending = false;
        p->ended = m->op.type == GJ_OP_RETURN;
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
        institution -= moved;
        return left == p->amount - p->refunded ? NULL : "left after a refund";
    default: break;
    }
    if (p->reversed || p->refunded != 0 || p->pending || p->op.type == GJ_OP_HOLD)
        return "reversed though it may not be";
    if (p->op.type == GJ_OP_TRANSFER && p->ended) return "reversed after the return";
    if (moved != p->amount) return "reversed amount";
    p->reversed = true;
    if (p->op.type == GJ_OP_DEPOSIT) fund -= moved;
    if (p->op.type == GJ_OP_PAY || p->op.type == GJ_OP_CAPTURE) institution -= moved;
    if (p->op.type == GJ_OP_PAY_PREMIUM) premium -= moved;
    if (p->op.type != GJ_OP_REFUND) return NULL;
    institution += moved;
    pasts[p->payment].refunded -= moved;
    return pasts[p->payment].refunded >= 0 ? NULL : "more refunds reversed than made";
}

/* What a new operation did, so that it can be amended. */
static void enter(const struct world *w, const struct msg *m, uint64_t number)
{
    int64_t moved = w->last.reply.amount;
    switch (m->op.type) {
    case GJ_OP_DEPOSIT: fund += moved; break;
    case GJ_OP_CAPTURE:
    case GJ_OP_PAY: institution += moved; break;
    case GJ_OP_PAY_PREMIUM: premium += moved; break;
    case GJ_OP_CLOSE_PERSON: fund -= moved; return;
    case GJ_OP_TRANSFER:
    case GJ_OP_HOLD:
    case GJ_OP_REFUND: break;
    default: return;
    }
    struct past *p = &pasts[number];
    *p = (struct past){.op = m->op, .amount = moved};
    p->pending = (w->last.reply.flags & GJ_REPLY_PENDING) != 0;
    const struct past *payment = m->op.type == GJ_OP_REFUND ? original(m) : NULL;
    if (payment != NULL) p->payment = (uint64_t)(payment - pasts);
}

const char *remember(const struct world *w, const struct msg *m)
{
    if (w->last.kind != DECISION_RECORD || !gj_code_ok(w->last.reply.code)) return NULL;
    bool amends =
        m->op.type >= GJ_OP_ACCEPT && m->op.type <= GJ_OP_REVERSE && m->op.type != GJ_OP_HOLD;
    if (w->last.reply.code == GJ_OK_TOMBSTONED) {
        memcpy(&tombstone, m->ext, sizeof(tombstone));
        tombstone_person = m->op.person;
        return original(m) == NULL ? NULL : "tombstone of what was executed";
    }
    if (w->last.reply.code == GJ_OK_NOOP) return NULL;
    uint64_t number;
    memcpy(&number, m->op.rid.bytes + 8, sizeof(number));
    if (number > newest && number < pasts_max) newest = number;
    if (amends) {
        struct past *p = original(m);
        if (p == NULL) return "an original that never was";
        const char *wrong = amended(w, m, p);
        if (wrong != NULL) return wrong;
    }
    if (number < pasts_max) enter(w, m, number);
    return NULL;
}

const char *books_wrong(const struct world *w)
{
    i128 funds = 0, institutions = 0, premiums = 0, clearings = 0;
    for (unsigned r = 1; r <= REGIONS; r++) {
        const struct book *b = &w->s->books[r];
        i128 rest = b->personal + b->wallet + b->institution + b->premium + b->clearing;
        if (b->fund != rest) return "a region's book balances";
        i128 gross = 0;
        for (unsigned q = 1; q <= REGIONS; q++) {
            gross += w->s->gross[r * GJ_REGIONS_MAX + q] - w->s->gross[q * GJ_REGIONS_MAX + r];
        }
        if (b->clearing != gross) return "clearing is gross, netted";
        funds += b->fund;
        institutions += b->institution;
        premiums += b->premium;
        clearings += b->clearing;
    }
    if (clearings != 0) return "clearing nets to zero";
    if (funds != fund) return "fund is what came in less what was paid out";
    if (institutions != institution) return "institutions have what was paid less refunds";
    return premiums == premium ? NULL : "premiums are those paid";
}

/* Fen that open holds and pending transfers hold of the person, by account. */
static void held_of(const struct world *w, uint32_t slot, int64_t ret[2])
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

const char *person_wrong(const struct world *w, uint64_t id)
{
    uint32_t slot = person_find(w->s, id);
    if (slot == SLOT_NONE) return NULL;
    const struct person *p = &w->s->persons[slot];
    const struct person_cold *cold = &w->s->persons_cold[slot];
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
    for (unsigned i = 0; i < f->count; i++) {
        if (f->used[i] < 0) return "draws";
        drawn += f->used[i];
    }
    return f->year == cold->year && drawn > cold->used ? "draws above used" : NULL;
}
