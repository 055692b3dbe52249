/* tests/model/model.c -- the model's order of answers, its clock, and its views. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

#define DAY_MS  UINT64_C(86400000)
#define ZONE_MS UINT64_C(28800000) /* Asia/Shanghai is 8 hours ahead, always */

struct model *model_new(uint32_t persons_max, uint32_t families_max, uint32_t institutions_max,
                        uint32_t requests_max)
{
    struct model *m = calloc(1, sizeof(*m));
    if (m == NULL) abort();
    m->requests = calloc(requests_max, sizeof(*m->requests));
    if (m->requests == NULL) abort();
    m->persons_max = persons_max;
    m->families_max = families_max;
    m->institutions_max = institutions_max;
    m->requests_max = requests_max;
    return m;
}

void model_free(struct model *m)
{
    free(m->requests);
    free(m);
}

struct model_person *model_find_person(struct model *m, uint64_t id)
{
    for (uint32_t i = 0; i < m->person_count; i++) {
        if (m->persons[i].id == id) return &m->persons[i];
    }
    return NULL;
}

struct model_institution *model_find_institution(struct model *m, uint64_t id)
{
    for (uint32_t i = 0; i < m->institution_count; i++) {
        if (m->institutions[i].id == id) return &m->institutions[i];
    }
    return NULL;
}

struct model_relation *model_find_relation(struct model *m, uint64_t payer, uint64_t member)
{
    for (uint32_t i = 0; i < m->relation_count; i++) {
        struct model_relation *r = &m->relations[i];
        if (r->payer == payer && r->member == member) return r;
    }
    return NULL;
}

const struct gj_policy *model_policy(const struct model *m, uint16_t region)
{
    if (region >= MODEL_REGIONS_MAX || !m->regions[region].set) return NULL;
    return &m->regions[region].ext.policy;
}

void model_refuse_if(struct model *m, bool applies, unsigned code)
{
    if (applies && code < m->lowest) m->lowest = code;
}

int64_t model_quota(const struct model *m, const struct model_person *p,
                    const struct gj_policy *policy)
{
    (void)m;
    if (policy->quota_bp == 10000) return -1;
    __int128 base = p->opening;
    if (policy->quota_base == GJ_QUOTA_OPENING_PLUS_CREDITS) base += p->credits;
    if (policy->quota_base == GJ_QUOTA_CURRENT) base = (__int128)p->personal + p->used;
    return (int64_t)(base * policy->quota_bp / 10000);
}

static uint16_t year_of_day(uint16_t day)
{
    uint16_t year = 1970;
    unsigned left = day;
    for (;;) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        unsigned days = leap ? 366 : 365;
        if (left < days) return year;
        left -= days;
        year++;
    }
}

void model_advance(struct model *m, uint64_t time_ms)
{
    m->time_ms = time_ms;
    uint16_t day = (uint16_t)((time_ms + ZONE_MS) / DAY_MS);
    if (day != m->day) {
        m->day = day;
        for (uint32_t i = 0; i < m->person_count; i++) m->persons[i].transfers_today = 0;
    }
    uint16_t year = year_of_day(day);
    if (year != m->year) {
        m->year = year;
        for (uint32_t i = 0; i < m->person_count; i++) {
            m->persons[i].opening = m->persons[i].personal;
            m->persons[i].credits = 0;
            m->persons[i].used = 0;
        }
        for (uint32_t i = 0; i < m->relation_count; i++) m->relations[i].used = 0;
    }
    for (unsigned i = 0; i < MODEL_REGIONS_MAX; i++) {
        struct model_region *r = &m->regions[i];
        if (!r->scheduled || r->next_from_ms > time_ms) continue;
        r->ext.policy = r->next;
        r->version = r->next_version;
        r->scheduled = false;
    }
}

static bool same_rid(const struct gj_rid *a, const struct gj_rid *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

/* Every field and extension line but rid and deadline. */
static bool same_body(const struct model_request *seen, const struct gj_op *op)
{
    struct gj_op a = seen->op, b = *op;
    memset(&a.rid, 0, sizeof(a.rid));
    memset(&b.rid, 0, sizeof(b.rid));
    a.deadline_ms = b.deadline_ms = 0;
    if (memcmp(&a, &b, sizeof(a)) != 0) return false;
    return memcmp(seen->ext, op + 1, op->ext_count * (size_t)GJ_RECORD_UNIT) == 0;
}

static uint64_t rid_ms(const struct gj_rid *rid)
{
    uint64_t ms = 0;
    for (unsigned i = 0; i < 6; i++) ms = ms * 256 + rid->bytes[i];
    return ms;
}

/* 0, or 30..37 and 21, 22 in the order of the contract; true if the stored reply is the answer. */
static bool answer_before_rules(struct model *m, const struct gj_op *op, bool read_only,
                                struct gj_reply *reply, struct gj_reply_sources *sources)
{
    static const struct gj_rid zero;
    if (same_rid(&op->rid, &zero)) {
        reply->code = GJ_RID_ZERO;
        return true;
    }
    for (uint32_t i = 0; i < m->request_count; i++) {
        const struct model_request *seen = &m->requests[i];
        if (seen->op.person != op->person || !same_rid(&seen->op.rid, &op->rid)) continue;
        if (!same_body(seen, op)) {
            reply->code = GJ_RID_REUSED;
            return true;
        }
        *reply = seen->reply;
        reply->flags |= GJ_REPLY_REPLAYED;
        *sources = seen->sources;
        return true;
    }
    bool money = op->type == GJ_OP_DEPOSIT || op->type == GJ_OP_TRANSFER || op->type == GJ_OP_PAY ||
                 op->type == GJ_OP_PAY_PREMIUM;
    uint64_t rid_time = rid_ms(&op->rid);
    if (rid_time > m->time_ms + 5 * 60 * 1000) {
        reply->code = GJ_RID_IN_FUTURE;
    } else if (money && op->amount <= 0) {
        reply->code = GJ_AMOUNT_NOT_POSITIVE;
    } else if (money && op->amount > GJ_AMOUNT_MAX) {
        reply->code = GJ_AMOUNT_OVER_MAX;
    } else if (op->type == GJ_OP_TRANSFER && op->person == op->other) {
        reply->code = GJ_SELF_TRANSFER;
    } else if (op->deadline_ms != 0 && m->time_ms > rid_time + op->deadline_ms) {
        reply->code = GJ_DEADLINE_EXCEEDED;
    } else if (read_only) {
        reply->code = GJ_READ_ONLY;
    }
    return reply->code != 0;
}

static void remember(struct model *m, const struct gj_op *op, const struct gj_reply *reply,
                     const struct gj_reply_sources *sources)
{
    if (m->request_count == m->requests_max) {
        fprintf(stderr, "model: more requests than model_new() was told\n");
        abort();
    }
    struct model_request *r = &m->requests[m->request_count++];
    r->op = *op;
    memcpy(r->ext, op + 1, op->ext_count * (size_t)GJ_RECORD_UNIT);
    r->reply = *reply;
    r->sources = *sources;
}

void model_apply(struct model *m, const struct gj_op *op, uint64_t time_ms, bool read_only,
                 struct gj_reply *reply, struct gj_reply_sources *sources)
{
    memset(reply, 0, sizeof(*reply));
    memset(sources, 0, sizeof(*sources));
    model_advance(m, time_ms);
    unsigned code = model_check_bytes(op);
    if (code != 0) {
        reply->code = (uint8_t)code;
        return;
    }
    if (answer_before_rules(m, op, read_only, reply, sources)) return;
    m->lowest = 255;
    if (op->type >= GJ_OP_DEPOSIT && op->type <= GJ_OP_PAY_PREMIUM) {
        code = model_money(m, op, reply, sources);
    } else {
        code = model_register(m, op);
    }
    if (m->lowest != 255) {
        code = m->lowest;
        memset(reply, 0, sizeof(*reply));
        memset(sources, 0, sizeof(*sources));
    }
    reply->code = (uint8_t)code;
    if (code == GJ_CAPACITY_PERSONS || code == GJ_CAPACITY_RECORDS) return;
    reply->seq = ++m->seq;
    remember(m, op, reply, sources);
}

struct gj_fen128 model_fen(__int128 fen)
{
    return (struct gj_fen128){(uint64_t)fen, (int64_t)(fen >> 64)};
}

static uint8_t products_paid(const struct model *m, uint64_t beneficiary, unsigned year)
{
    unsigned mask = 0;
    for (uint32_t i = 0; i < m->premium_count; i++) {
        const struct model_premium *paid = &m->premiums[i];
        if (paid->beneficiary != beneficiary || paid->year != year) continue;
        mask |= 1u << (paid->product - 1);
    }
    return (uint8_t)mask;
}

bool model_person_view(const struct model *m, uint64_t id, struct gj_person_view *ret)
{
    memset(ret, 0, sizeof(*ret));
    const struct model_person *p = NULL;
    for (uint32_t i = 0; i < m->person_count; i++) {
        if (m->persons[i].id == id) p = &m->persons[i];
    }
    if (p == NULL) return false;
    ret->id = id;
    ret->personal = p->personal;
    ret->wallet = p->wallet;
    ret->quota = model_quota(m, p, model_policy(m, p->region));
    ret->quota_left = ret->quota;
    if (ret->quota >= 0) ret->quota_left = ret->quota > p->used ? ret->quota - p->used : 0;
    ret->used = p->used;
    ret->opening = p->opening;
    ret->credits = p->credits;
    ret->phone_hash = p->phone_hash;
    ret->insured_region = p->region;
    ret->use_region = p->use_region;
    ret->insurance = p->insurance;
    ret->status = p->status;
    if (p->confirmed) ret->flags |= GJ_PERSON_WALLET;
    if (p->special) ret->flags |= GJ_PERSON_SPECIAL;
    if (p->account) ret->flags |= GJ_PERSON_ACCOUNT;
    if (p->marked) ret->flags |= GJ_PERSON_OVERDUE;
    ret->suspended = p->suspended;
    ret->year = m->year;
    ret->changed_on = p->changed_on;
    ret->premium_year = m->year;
    for (unsigned i = 0; i < 3; i++) {
        ret->premium_paid[i] = products_paid(m, id, m->year - 1u + i);
    }
    for (uint32_t i = 0; i < m->relation_count; i++) {
        const struct model_relation *r = &m->relations[i];
        if (r->payer != id) continue;
        struct gj_member_view *member = &ret->members[ret->member_count++];
        member->id = r->member;
        member->kind = r->kind;
        member->cap = r->cap;
        member->used = r->used;
    }
    return true;
}

void model_totals_view(const struct model *m, uint16_t region, struct gj_totals_view *ret)
{
    memset(ret, 0, sizeof(*ret));
    const struct model_region *r = &m->regions[region];
    ret->fund = model_fen(r->fund);
    ret->personal = model_fen(r->personal);
    ret->wallet = model_fen(r->wallet);
    ret->institution = model_fen(r->institution);
    ret->premium = model_fen(r->premium);
    ret->clearing = model_fen(r->clearing);
    for (uint32_t i = 0; i < m->person_count; i++) {
        if (m->persons[i].region == region) ret->persons++;
        if (m->persons[i].confirmed && m->persons[i].use_region == region) ret->wallets++;
    }
}

bool model_region_view(const struct model *m, uint16_t region, struct gj_region_view *ret)
{
    memset(ret, 0, sizeof(*ret));
    const struct model_region *r = &m->regions[region];
    if (!r->set) return false;
    ret->id = region;
    ret->version = r->version;
    ret->current = r->ext;
    if (r->scheduled) {
        ret->scheduled = 1;
        ret->scheduled_version = r->next_version;
        ret->scheduled_from_ms = r->next_from_ms;
        ret->next = r->next;
    }
    return true;
}
