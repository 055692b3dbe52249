/* cli/model/model.c -- the model's order of answers, its memory of requests, its clock. */
#include "cli/model/model.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS  UINT64_C(86400000)
#define ZONE_MS UINT64_C(28800000) /* Asia/Shanghai is 8 hours ahead, always */

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL) abort();
    return memory;
}

static void set_limits(struct model *m, const struct model_limits *limits)
{
    m->persons_max = limits->persons;
    m->families_max = limits->families;
    m->institutions_max = limits->institutions;
    m->holds_max = limits->holds;
    m->ahead_max = limits->ahead != 0 ? limits->ahead : UINT32_MAX;
    m->requests_max = limits->requests;
}

struct model *model_new(const struct model_limits *limits)
{
    struct model *m = allocate(1, sizeof(*m));
    set_limits(m, limits);
    m->requests = allocate(limits->requests + 1u, sizeof(*m->requests));
    m->keys = allocate(limits->requests, sizeof(*m->keys));
    m->days = allocate(limits->requests, sizeof(*m->days));
    m->premiums = allocate(limits->requests, sizeof(*m->premiums));
    m->tombstones = allocate(limits->requests, sizeof(*m->tombstones));
    return m;
}

void model_clear(struct model *m, const struct model_limits *limits)
{
    if (limits->requests > m->requests_max) {
        fprintf(stderr, "model: cleared for more requests than it was made for\n");
        abort();
    }
    memset(m, 0, offsetof(struct model, open));
    m->open_count = m->request_count = m->day_count = 0;
    m->premium_count = m->tombstone_count = 0;
    m->now = NULL;
    set_limits(m, limits);
}

void model_free(struct model *m)
{
    free(m->requests);
    free(m->keys);
    free(m->days);
    free(m->premiums);
    free(m->tombstones);
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

/* What is held of the personal account and counts to this year's used. */
static int64_t counted_and_held(const struct model *m, const struct model_person *p)
{
    int64_t sum = 0;
    for (uint32_t at = 0; at < m->open_count; at++) {
        const struct model_request *r = &m->requests[m->open[at]];
        if (r->quota_year != m->year) continue;
        if (r->op.type == GJ_OP_TRANSFER) {
            if (r->op.kind == GJ_SOURCE_PERSONAL && r->op.person == p->id) sum += r->left[0];
            continue;
        }
        for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
            bool relative = (r->op.kind >> (2 * i) & 3) == GJ_SOURCE_RELATIVE &&
                            ((const struct gj_pay_ext *)r->ext)->relative == p->id;
            if (relative) sum += r->left[i];
        }
    }
    return sum;
}

int64_t model_quota(const struct model *m, const struct model_person *p,
                    const struct gj_policy *policy)
{
    if (policy->quota_bp == 10000) return -1;
    __int128 base = p->opening;
    if (policy->quota_base == GJ_QUOTA_OPENING_PLUS_CREDITS) base += p->credits;
    if (policy->quota_base == GJ_QUOTA_CURRENT)
        base = (__int128)p->personal + p->used - counted_and_held(m, p);
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

static void expire(struct model *m)
{
    uint32_t at = 0;
    while (at < m->open_count) {
        struct model_request *r = &m->requests[m->open[at]];
        if (r->due_ms > m->time_ms) {
            at++;
            continue;
        }
        model_end(m, r, PHASE_EXPIRED); /* leaves the list: the next one is at the same place */
        m->expired++;
    }
}

void model_advance(struct model *m, uint64_t time_ms)
{
    m->time_ms = time_ms;
    uint16_t day = (uint16_t)((time_ms + ZONE_MS) / DAY_MS);
    uint16_t year = m->year;
    if (day != m->day) {
        m->day = day;
        year = year_of_day(day);
        for (uint32_t i = 0; i < m->person_count; i++) m->persons[i].transfers_today = 0;
    }
    if (year != m->year) {
        m->year = year;
        for (uint32_t i = 0; i < m->person_count; i++) {
            m->persons[i].opening = m->persons[i].personal;
            m->persons[i].credits = 0;
            m->persons[i].used = 0;
            m->persons[i].new_members = 0;
        }
        m->kept_count = 0;
        for (uint32_t i = 0; i < m->relation_count; i++) m->relations[i].used = 0;
    }
    for (unsigned i = 0; i < MODEL_REGIONS_MAX; i++) {
        struct model_region *r = &m->regions[i];
        if (!r->scheduled || r->next_from_ms > time_ms) continue;
        r->ext.policy = r->next;
        r->version = r->next_version;
        r->scheduled = false;
    }
    expire(m);
}

bool model_same_rid(const struct gj_rid *a, const struct gj_rid *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

uint64_t model_rid_ms(const struct gj_rid *rid)
{
    uint64_t ms = 0;
    for (unsigned i = 0; i < 6; i++) ms = ms * 256 + rid->bytes[i];
    return ms;
}

/* As numbers, the one first that hardly two have in common: this is asked of every request there
 * is, most of all. */
static bool same_key(const struct model_key *key, uint64_t person, const struct gj_rid *rid)
{
    uint64_t a[2], b[2];
    memcpy(a, &key->rid, sizeof(a));
    memcpy(b, rid, sizeof(b));
    return a[1] == b[1] && a[0] == b[0] && key->person == person;
}

uint32_t model_find_request(const struct model *m, uint64_t person, const struct gj_rid *rid)
{
    for (uint32_t i = 0; i < m->request_count; i++) {
        if (same_key(&m->keys[i], person, rid)) return i;
    }
    return MODEL_NONE;
}

static struct model_tombstone *find_tombstone(const struct model *m, uint64_t person,
                                              const struct gj_rid *rid)
{
    for (uint32_t i = 0; i < m->tombstone_count; i++) {
        if (same_key(&m->tombstones[i].key, person, rid)) return &m->tombstones[i];
    }
    return NULL;
}

bool model_tombstoned(const struct model *m, uint64_t person, const struct gj_rid *rid)
{
    const struct model_tombstone *t = find_tombstone(m, person, rid);
    return t != NULL && !t->forgotten;
}

bool model_remembers(const struct model *m, uint64_t person, const struct gj_rid *rid)
{
    uint32_t at = model_find_request(m, person, rid);
    return (at != MODEL_NONE && !m->requests[at].forgotten) || model_tombstoned(m, person, rid);
}

bool model_forget(struct model *m, uint64_t person, const struct gj_rid *rid)
{
    if (model_rid_ms(rid) >= m->rid_low_water_ms) return false;
    uint32_t at = model_find_request(m, person, rid);
    if (at != MODEL_NONE) m->requests[at].forgotten = true;
    struct model_tombstone *t = find_tombstone(m, person, rid);
    if (t != NULL) t->forgotten = true;
    return true;
}

const struct gj_rid *model_original_rid(const struct gj_op *op)
{
    return &((const struct gj_original_ext *)(op + 1))->rid;
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

/* The stored reply, 31 or 33, if the key was seen. */
static bool answer_from_memory(struct model *m, const struct gj_op *op, struct gj_reply *reply,
                               struct gj_reply_sources *sources)
{
    uint32_t at = model_find_request(m, op->person, &op->rid);
    if (at != MODEL_NONE && !m->requests[at].forgotten) {
        const struct model_request *seen = &m->requests[at];
        if (!same_body(seen, op)) {
            reply->code = GJ_RID_REUSED;
            return true;
        }
        *reply = seen->reply;
        reply->flags |= GJ_REPLY_REPLAYED;
        *sources = seen->sources;
        m->answered = at;
        return true;
    }
    if (!model_tombstoned(m, op->person, &op->rid)) return false;
    reply->code = GJ_RID_TOMBSTONED;
    return true;
}

bool model_rid_is_time(const struct gj_rid *rid)
{
    const uint64_t year_2020 = 1577836800, year_2100 = 4102444800;
    uint64_t ms = model_rid_ms(rid), seconds = ms / 65536;
    if (ms < year_2020 * 1000) return false;
    return seconds < year_2020 || seconds > year_2100;
}

bool model_early(const struct model *m, const struct gj_rid *rid)
{
    return model_rid_ms(rid) >= m->time_ms + 2000;
}

/* Requests and tombstones that came early and whose time has not come yet. */
static uint32_t count_ahead(const struct model *m)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < m->request_count; i++) {
        count += m->requests[i].early && model_rid_ms(&m->keys[i].rid) > m->time_ms;
    }
    for (uint32_t i = 0; i < m->tombstone_count; i++) {
        const struct model_tombstone *t = &m->tombstones[i];
        count += t->early && model_rid_ms(&t->key.rid) > m->time_ms;
    }
    return count;
}

/* A reversal may put its original beside itself, if that is not there yet. */
static bool too_far_ahead(const struct model *m, const struct gj_op *op)
{
    const struct gj_rid *original = op->type == GJ_OP_REVERSE ? model_original_rid(op) : &op->rid;
    uint64_t last = m->time_ms + 5 * 60 * 1000;
    if (model_rid_ms(&op->rid) > last || model_rid_ms(original) > last) return true;
    uint32_t places = model_early(m, &op->rid);
    bool known = model_find_request(m, op->person, original) != MODEL_NONE ||
                 model_tombstoned(m, op->person, original);
    if (op->type == GJ_OP_REVERSE && !known) places += model_early(m, original);
    return places != 0 && (uint64_t)count_ahead(m) + places > m->ahead_max;
}

static bool moves_money(uint8_t type)
{
    static const uint8_t types[] = {GJ_OP_DEPOSIT, GJ_OP_TRANSFER, GJ_OP_PAY,   GJ_OP_PAY_PREMIUM,
                                    GJ_OP_HOLD,    GJ_OP_CAPTURE,  GJ_OP_REFUND};
    return memchr(types, type, sizeof(types)) != NULL;
}

/* 30..37 and 21, 22 in the order of the contract; true if that, or the stored reply, is it. */
static bool answer_before_rules(struct model *m, const struct gj_op *op, bool read_only,
                                struct gj_reply *reply, struct gj_reply_sources *sources)
{
    static const struct gj_rid zero;
    if (model_same_rid(&op->rid, &zero)) {
        reply->code = GJ_RID_ZERO;
        return true;
    }
    if (answer_from_memory(m, op, reply, sources)) return true;
    bool money = moves_money(op->type);
    uint64_t rid_time = model_rid_ms(&op->rid);
    if (!model_rid_is_time(&op->rid)) {
        reply->code = GJ_BAD_FIELD;
    } else if (rid_time < m->rid_low_water_ms) {
        reply->code = GJ_RID_EXPIRED;
    } else if (too_far_ahead(m, op)) {
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

static unsigned answer_by_rules(struct model *m, const struct gj_op *op, struct gj_reply *reply,
                                struct gj_reply_sources *sources)
{
    switch (op->type) {
    case GJ_OP_DEPOSIT:
    case GJ_OP_TRANSFER:
    case GJ_OP_PAY_PREMIUM:
    case GJ_OP_ACCEPT:
    case GJ_OP_RETURN: return model_transfer(m, op, reply);
    case GJ_OP_PAY: return model_pay(m, op, reply, sources);
    case GJ_OP_HOLD:
    case GJ_OP_CAPTURE:
    case GJ_OP_RELEASE: return model_hold(m, op, reply, sources);
    case GJ_OP_REFUND:
    case GJ_OP_REVERSE: return model_undo(m, op, reply, sources);
    default: return model_register(m, op, reply);
    }
}

/* m->now, filled with the operation; the rules put in what became of it. */
static void begin(struct model *m, const struct gj_op *op)
{
    if (m->request_count == m->requests_max) {
        fprintf(stderr, "model: more requests than model_new() was told\n");
        abort();
    }
    m->lowest = 255;
    m->now = &m->requests[m->request_count];
    memset(m->now, 0, sizeof(*m->now));
    m->now->op = *op;
    memcpy(m->now->ext, op + 1, op->ext_count * (size_t)GJ_RECORD_UNIT);
    m->now->root = MODEL_NONE;
    m->now->early = model_early(m, &op->rid);
    m->now->day = m->day;
    m->now->quota_year = m->year;
}

static void remember(struct model *m, const struct gj_reply *reply,
                     const struct gj_reply_sources *sources)
{
    m->now->reply = *reply;
    m->now->sources = *sources;
    m->keys[m->request_count] = (struct model_key){m->now->op.person, m->now->op.rid};
    m->answered = m->request_count++;
    m->outcomes++;
}

void model_apply(struct model *m, const struct gj_op *op, uint64_t time_ms, bool read_only,
                 struct gj_reply *reply, struct gj_reply_sources *sources)
{
    memset(reply, 0, sizeof(*reply));
    memset(sources, 0, sizeof(*sources));
    m->answered = MODEL_NONE;
    model_advance(m, time_ms);
    unsigned code = model_check_bytes(op);
    if (code != 0) {
        reply->code = (uint8_t)code;
        return;
    }
    if (answer_before_rules(m, op, read_only, reply, sources)) return;
    begin(m, op);
    code = answer_by_rules(m, op, reply, sources);
    if (m->lowest != 255) code = m->lowest;
    if (!gj_code_ok((uint8_t)code)) {
        memset(reply, 0, sizeof(*reply));
        memset(sources, 0, sizeof(*sources));
    }
    reply->code = (uint8_t)code;
    if (code == GJ_CAPACITY_PERSONS || code == GJ_CAPACITY_RECORDS) return;
    remember(m, reply, sources);
}
