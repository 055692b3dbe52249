/* fuzz/history.c -- from the fields of a step to an operation: whom, how much, on what. */
#include "fuzz/history.h"
#include "core/format/op_traits.h"

#include <string.h>

#define MINUTE_MS UINT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)
#define ZONE_MS   (8 * HOUR_MS)
#define NOBODY    0xFFu /* as person or other: id 0 */
#define STRANGER  0xFEu /* an id that is never opened */

/* ---- time ---- */

static uint64_t year_end_ms(unsigned year)
{
    uint64_t days = 0;
    for (unsigned y = 1970; y <= year; y++) {
        days += (y % 4 == 0 && y % 100 != 0) || y % 400 == 0 ? 366 : 365;
    }
    return days * DAY_MS - ZONE_MS;
}

static uint64_t due_ms(const struct model *m, unsigned which)
{
    if (m->open_count == 0) return 0;
    return m->requests[m->open[which % m->open_count]].due_ms;
}

uint64_t history_advance(const struct model *m, uint64_t time_ms, const struct step *s)
{
    static const uint64_t units[] = {1, 1000, MINUTE_MS, HOUR_MS, DAY_MS};
    const uint64_t local = time_ms + ZONE_MS, beside = s->detail % 3; /* 1: the instant itself */
    uint64_t to = time_ms;
    switch (s->kind % 8) {
    case 5: to = time_ms + DAY_MS - local % DAY_MS + beside - 1; break;
    case 6: to = year_end_ms(m->year) + beside - 1; break;
    case 7: to = due_ms(m, s->back) + beside - 1; break;
    default: to = time_ms + units[s->kind % 8] * ((uint32_t)s->amount % 1000); break;
    }
    if (to < time_ms || to > HISTORY_ENDS_MS) return time_ms;
    return to;
}

/* ---- who, where ---- */

static uint64_t person_of(uint8_t byte)
{
    if (byte == NOBODY) return 0;
    return byte == STRANGER ? 99 : 100u + byte % WORLD_PERSONS;
}

static uint64_t institution_of(uint8_t byte)
{
    if (byte == NOBODY) return 0;
    return byte == STRANGER ? 9 : 10u + byte % WORLD_INSTITUTIONS;
}

static uint16_t region_of(uint16_t arg)
{
    return arg >= 0x100 ? arg : (uint16_t)(1 + arg % (WORLD_REGIONS + 1));
}

static struct model_person *person(const struct model *m, uint64_t id)
{
    for (uint32_t i = 0; i < m->person_count; i++) {
        if (m->persons[i].id == id) return (struct model_person *)(uintptr_t)&m->persons[i];
    }
    return NULL;
}

/* The request `back` before the last one; NULL if there are not so many. */
static const struct model_request *earlier(const struct model *m, uint8_t back)
{
    return back >= m->request_count ? NULL : &m->requests[m->request_count - 1u - back];
}

/* ---- how much ---- */

static int64_t quota_left(const struct model *m, const struct model_person *p)
{
    const struct gj_policy *policy = model_policy(m, p->region);
    int64_t quota = policy == NULL ? -1 : model_quota(m, p, policy);
    return quota < 0 ? 0 : quota - p->used;
}

static int64_t cap_left(const struct model *m, uint64_t payer, uint64_t member)
{
    for (uint32_t i = 0; i < m->relation_count; i++) {
        const struct model_relation *r = &m->relations[i];
        if (r->payer == payer && r->member == member) return r->cap - r->used;
    }
    return 0;
}

/* The limit that step.edge names: `amount` is counted from it. */
static int64_t limit_of(const struct model *m, const struct step *s, const struct gj_op *op)
{
    const struct model_person *p = person(m, op->person);
    const struct model_request *on = earlier(m, s->back);
    switch (s->edge % 16) {
    case 1: return p == NULL ? 0 : model_available(m, p, GJ_SOURCE_PERSONAL);
    case 2: return p == NULL ? 0 : model_available(m, p, GJ_SOURCE_WALLET);
    case 3: return p == NULL ? 0 : quota_left(m, p);
    case 4: return p == NULL ? 0 : cap_left(m, op->person, op->other);
    case 5: return on == NULL ? 0 : on->op.amount;
    case 6: return on == NULL ? 0 : on->left[0];
    case 7: return on == NULL ? 0 : on->moved[0] - on->refunded[0];
    case 8: return GJ_AMOUNT_MAX;
    default: return 0;
    }
}

static int64_t amount_of(const struct model *m, const struct step *s, const struct gj_op *op)
{
    switch (s->edge % 16) {
    case 0: return s->amount < 0 ? -(int64_t)s->amount : s->amount;
    case 9: return (int64_t)s->amount * 10000000;
    case 10: return (int64_t)((uint64_t)(uint32_t)s->amount << 32 | (uint32_t)s->amount);
    case 11: return s->amount;
    default: break;
    }
    int64_t sum, small = s->amount % 8;
    return __builtin_add_overflow(limit_of(m, s, op), small, &sum) ? INT64_MAX : sum;
}

/* ---- which request ---- */

/* Each request of a history has a number of its own, and the same one at the same time the same
 * rid: so one that is still to come can be named. */
static struct gj_rid rid_of(uint64_t ms, uint64_t number)
{
    struct gj_rid rid = {.bytes = {0}};
    for (unsigned i = 0; i < 6; i++) rid.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    for (unsigned i = 0; i < 8; i++) rid.bytes[8 + i] = (uint8_t)(number >> (56 - 8 * i));
    return rid;
}

/* step.age: nearly always a fresh rid of now; else older, at the edge of the future, late. */
static void identify(const struct model *m, uint64_t time_ms, const struct step *s,
                     struct generated *ret)
{
    const uint64_t number = 1 + (uint64_t)m->request_count, low = s->age & 15;
    uint64_t ms = time_ms;
    switch (s->age >> 4) {
    case 12: ret->op.deadline_ms = (uint32_t)low; break;
    case 13: ms -= low * HOUR_MS; break;
    case 11: ms += GJ_RID_NEAR_MS + low - 8; break;
    case 14: ms += GJ_RID_AHEAD_MS + low - 8; break;
    case 15: ret->read_only = low < 8; break;
    default: break;
    }
    ret->op.rid = rid_of(ms, number);
    if (s->age == 0xFF) memset(&ret->op.rid, 0, sizeof(ret->op.rid));
    if (s->age != 0xFE || m->tombstone_count == 0) return;
    const struct model_key *key = &m->tombstones[s->back % m->tombstone_count].key;
    ret->op.person = key->person;
    ret->op.rid = key->rid;
}

/* On an earlier request of the history, or on the `back`-th that is still to come. */
static void name_original(const struct model *m, uint64_t time_ms, const struct step *s,
                          struct generated *ret)
{
    struct gj_original_ext *ext = (struct gj_original_ext *)ret->ext;
    const struct model_request *r = earlier(m, s->back % 128);
    ret->op.ext_count = 1;
    if (s->back < 128 && r != NULL) {
        ext->rid = r->op.rid;
        if (s->person % 8 != 7) ret->op.person = r->op.person;
        return;
    }
    ext->rid = rid_of(time_ms, 1 + (uint64_t)m->request_count + s->back % 128);
}

/* ---- each kind ---- */

/* Everything is allowed that a policy can allow. */
static void lenient(struct gj_policy *p)
{
    gj_policy_default(p);
    p->wallet_open = p->local_sharing_enabled = p->cross_region_transfer = 1;
    p->region_change_enabled = 1;
    p->relation_mask = 255;
    p->payer_mask_personal = 1;
    p->payer_mask_wallet = p->beneficiary_mask = 3;
    p->purpose_mask_wallet = p->purpose_mask_personal = p->purpose_mask_relative =
        GJ_SCENARIO_MASK_ALL;
    p->place_rule = GJ_PLACE_EITHER;
    p->cross_region_pay = GJ_CROSS_ANY;
    p->auth_mask_transfer = p->auth_mask_pay = p->auth_mask_bind = 15;
}

/* One field of it, chosen by kind, set to detail, amount or arg. */
static void change_policy(const struct step *s, uint16_t today, struct gj_policy *p)
{
    struct gj_premium_row *row = &p->premiums[s->back % GJ_PREMIUM_ROWS_MAX];
    uint8_t *const bytes = (uint8_t *)p;
    int64_t *const amounts[] = {&p->outpatient_single_fen, &p->special_single_fen,
                                &p->transfer_single_fen};
    uint16_t *const halves[] = {&p->quota_bp,          &p->service_from_minute,
                                &p->service_to_minute, &p->profile_grace_days,
                                &p->refund_days,       &p->pending_expiry_minute,
                                &p->reversal_days,     &p->transfer_daily_count};
    unsigned field = s->kind % 64;
    if (field < 3) {
        *amounts[field] = s->amount;
    } else if (field < 11) {
        *halves[field - 3] = s->arg;
    } else if (field == 11) {
        p->hold_timeout_max_s = (uint32_t)s->amount;
    } else if (field < 33) {
        bytes[offsetof(struct gj_policy, wallet_open) + field - 12] = s->detail;
    } else if (field < 40) {
        *row = (struct gj_premium_row){.amount = s->amount,
                                       .year = (uint16_t)(2026 + field - 36),
                                       .product = s->detail,
                                       .from_day = (uint16_t)(today - s->flags % 4),
                                       .to_day = (uint16_t)(today + s->edge)};
    } else {
        bytes[s->arg % sizeof(*p)] = s->detail;
    }
}

/* Version: the next one, or what amount says. In force now, or from later on. */
static void set_region(const struct model *m, uint64_t time_ms, const struct step *s,
                       struct generated *ret)
{
    struct gj_region_ext *ext = (struct gj_region_ext *)ret->ext;
    struct gj_op *op = &ret->op;
    uint16_t id = region_of(s->arg % 0x100);
    const struct model_region *r = &m->regions[id];
    if (history_verb(s) == HISTORY_POLICY) id = (uint16_t)(1 + s->person % WORLD_REGIONS);
    r = &m->regions[id];
    *op = (struct gj_op){.type = GJ_OP_SET_REGION, .ext_count = GJ_EXT_MAX, .arg = id};
    op->amount = 1 + (int64_t)(r->scheduled ? r->next_version : r->version);
    if (s->edge % 16 == 15) op->amount = s->amount;
    if (s->auth % 4 == 3) op->other = time_ms + (uint32_t)s->amount % (3 * HOUR_MS);
    if (r->set) {
        *ext = r->ext;
        if (r->scheduled) ext->policy = r->next;
    } else {
        ext->province[0] = (char)('A' + id / 3);
        ext->name[0] = (char)('A' + id);
        lenient(&ext->policy);
    }
    uint16_t today = (uint16_t)((time_ms + ZONE_MS) / DAY_MS);
    if (history_verb(s) == HISTORY_POLICY) change_policy(s, today, &ext->policy);
    if (s->detail == 0xFF) ext->name[1] = (char)s->flags;
}

static void name_other(const struct step *s, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    const struct op_traits *traits = &op_traits[op->type];
    if (op_is(op->type, GJ_OP_INSTITUTION | GJ_OP_OTHER))
        op->other = institution_of(s->other);
    else if (op_is(op->type, GJ_OP_SECOND))
        op->other = person_of(s->other);
    else if (traits->other != OP_OTHER_UNUSED)
        op->other = s->other;
}

static void fill_arg(const struct model *m, const struct step *s, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    switch (op->type) {
    case GJ_OP_SET_INSTITUTION:
    case GJ_OP_OPEN_PERSON:
    case GJ_OP_CONFIRM_WALLET:
    case GJ_OP_CHANGE_REGION: op->arg = region_of(s->arg); break;
    case GJ_OP_PAY_PREMIUM: op->arg = (uint16_t)(m->year + s->arg - 1u); break;
    case GJ_OP_UPDATE_PERSON: op->arg = s->arg == 0 ? 0 : (uint16_t)(m->day + 1u - s->arg); break;
    default: break;
    }
}

/* Who else pays, the patient's own share, how long it is held. */
static void add_pay_line(const struct step *s, struct generated *ret)
{
    if ((s->back & 0x80) == 0) return;
    struct gj_pay_ext *ext = (struct gj_pay_ext *)ret->ext;
    ret->op.ext_count = 1;
    if (s->back & 0x40) ext->relative = person_of(s->back & 15);
    if (s->back & 0x20) ext->personal_part = s->arg;
    if (s->back & 0x10) ext->timeout_s = s->arg;
}

static bool has_amount(uint8_t type)
{
    return op_is(type, GJ_OP_MONEY) || op_traits[type].amount == OP_AMOUNT_CAP;
}

static void add_code(const struct step *s, struct generated *ret)
{
    struct gj_institution_ext *ext = (struct gj_institution_ext *)ret->ext;
    ret->op.ext_count = 1;
    memset(ext->code, 'H', sizeof(ext->code) - 1);
    ext->code[0] = (char)('A' + s->other % 26);
    if (s->age % 16 == 1) ext->code[1] = (char)s->auth;
}

static void ordinary(const struct model *m, uint64_t time_ms, const struct step *s,
                     struct generated *ret)
{
    struct gj_op *op = &ret->op;
    op->type = (uint8_t)history_verb(s);
    op->kind = s->kind;
    op->detail = s->detail;
    op->flags = s->flags;
    op->auth = s->auth;
    if (op->type != GJ_OP_SET_INSTITUTION) op->person = person_of(s->person);
    name_other(s, ret);
    fill_arg(m, s, ret);
    if (op_is(op->type, GJ_OP_SOURCES)) add_pay_line(s, ret);
    if (op->type == GJ_OP_SET_INSTITUTION) add_code(s, ret);
    if (op_is(op->type, GJ_OP_ORIGINAL)) name_original(m, time_ms, s, ret);
    if (has_amount(op->type)) op->amount = amount_of(m, s, op);
}

/* An earlier request as it was, or with one field changed that may or may not matter. */
static void retry(const struct model_request *r, const struct step *s, struct generated *ret)
{
    ret->op = r->op;
    memcpy(ret->ext, r->ext, sizeof(ret->ext));
    switch (s->kind % 8) {
    case 1: ret->op.ref ^= s->detail; break;
    case 2: ret->op.actor ^= s->detail; break;
    case 3: ret->op.deadline_ms = (uint32_t)s->amount; break;
    case 4: ret->op.amount ^= s->detail; break;
    case 5: ret->ext[s->arg % sizeof(ret->ext)] ^= s->detail; break;
    default: break;
    }
}

/* One byte changed, of the operation or of its lines; the rid is new. */
static void spoil(const struct model_request *r, const struct step *s, struct generated *ret)
{
    ret->op = r->op;
    memcpy(ret->ext, r->ext, sizeof(ret->ext));
    size_t at = s->arg % (sizeof(ret->op) + sizeof(ret->ext));
    uint8_t *byte =
        at < sizeof(ret->op) ? (uint8_t *)&ret->op + at : ret->ext + (at - sizeof(ret->op));
    *byte = (uint8_t)(*byte + s->detail);
    if (ret->op.ext_count > GJ_EXT_MAX) ret->op.ext_count = GJ_EXT_MAX;
}

bool history_operation(const struct model *m, uint64_t time_ms, const struct step *s,
                       struct generated *ret)
{
    const struct model_request *r = earlier(m, s->back);
    unsigned verb = history_verb(s);
    memset(ret, 0, sizeof(*ret));
    if ((verb == HISTORY_RETRY || verb == HISTORY_SPOIL) && r == NULL) return false;
    if (verb == HISTORY_RETRY) {
        retry(r, s, ret);
    } else {
        if (verb == HISTORY_SPOIL)
            spoil(r, s, ret);
        else if (verb == HISTORY_POLICY || verb == GJ_OP_SET_REGION)
            set_region(m, time_ms, s, ret);
        else
            ordinary(m, time_ms, s, ret);
        identify(m, time_ms, s, ret);
    }
    /* The model has no room for more; the core answers such ids like any that is not set. */
    if (ret->op.type == GJ_OP_SET_REGION && ret->op.arg >= MODEL_REGIONS_MAX) ret->op.arg = 1;
    return true;
}
