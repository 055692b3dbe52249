/* tests/model/generator.c -- random operations at the edges of the rules. */
#include "generator.h"

#include <inttypes.h>
#include <string.h>

#define DAY_MS    UINT64_C(86400000)
#define MINUTE_MS UINT64_C(60000)
#define SETUP     70u /* the first operations build a world */

uint64_t generator_random(struct generator *g)
{
    uint64_t x = g->random += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static uint32_t below(struct generator *g, uint32_t limit)
{
    return (uint32_t)(generator_random(g) >> 32) % limit;
}

static bool chance(struct generator *g, unsigned percent)
{
    return below(g, 100) < percent;
}

static bool rarely(struct generator *g, unsigned in_a_thousand)
{
    return below(g, 1000) < in_a_thousand;
}

void generator_init(struct generator *g, uint64_t seed)
{
    memset(g, 0, sizeof(*g));
    g->random = seed;
    /* 2024-01-01 .. about 2027, with some sequences that begin just before a new year. */
    g->time_ms = UINT64_C(1704038400000) + below(g, 1000) * DAY_MS + below(g, 86400) * 1000;
    if (chance(g, 30)) g->time_ms = UINT64_C(1735660800000) - below(g, 3600) * 1000;
    g->strictness = below(g, 4) * 4;
    g->rich = chance(g, 20);
}

/* To the instant a scheduled policy begins, or just before it. */
static void step_to_schedule(struct generator *g, const struct model *m)
{
    const struct model_region *r = &m->regions[1 + below(g, WORLD_REGIONS)];
    if (r->scheduled && r->next_from_ms > g->time_ms) g->time_ms = r->next_from_ms - below(g, 2);
}

static void step_time(struct generator *g, const struct model *m)
{
    uint64_t local = g->time_ms + 8 * 60 * MINUTE_MS;
    switch (below(g, 40)) {
    case 0: g->time_ms += below(g, 12 * 60) * MINUTE_MS; break;
    case 1:
        g->time_ms += DAY_MS - local % DAY_MS - below(g, 2);
        break; /* midnight, or just before */
    case 2:
        if (rarely(g, 100)) g->time_ms += below(g, 500) * DAY_MS;
        break;
    case 3: g->time_ms += MINUTE_MS - local % MINUTE_MS; break;
    case 4:
        if (rarely(g, 300)) g->time_ms += below(g, 20) * DAY_MS;
        break;
    case 5: break;
    case 6: step_to_schedule(g, m); break;
    default: g->time_ms += below(g, 3000); break;
    }
}

static uint16_t today(const struct generator *g)
{
    return (uint16_t)((g->time_ms + 8 * 60 * MINUTE_MS) / DAY_MS);
}

static uint64_t any_person(struct generator *g)
{
    return rarely(g, 10) ? 99 : 100 + below(g, WORLD_PERSONS);
}

static uint64_t known_person(struct generator *g, const struct model *m)
{
    if (m->person_count == 0 || rarely(g, 15)) return any_person(g);
    return m->persons[below(g, m->person_count)].id;
}

static uint64_t known_institution(struct generator *g, const struct model *m)
{
    if (m->institution_count == 0 || rarely(g, 15)) return 9 + below(g, WORLD_INSTITUTIONS + 1);
    return m->institutions[below(g, m->institution_count)].id;
}

static uint16_t any_region(struct generator *g)
{
    return (uint16_t)(rarely(g, 20) ? 7 : 1 + below(g, WORLD_REGIONS));
}

static uint8_t any_auth(struct generator *g)
{
    return (uint8_t)(chance(g, 90) ? GJ_AUTH_FACE : below(g, 4));
}

static int64_t any_amount(struct generator *g)
{
    if (g->rich && chance(g, 40)) return GJ_AMOUNT_MAX - (int64_t)below(g, 100000);
    if (rarely(g, 10)) return GJ_AMOUNT_MAX;
    return 1 + (int64_t)below(g, chance(g, 50) ? 1000 : 100000);
}

/* Around an edge: exactly, one less, one more. */
static int64_t near(struct generator *g, int64_t edge)
{
    int64_t off = (int64_t)below(g, 3) - 1, sum;
    return __builtin_add_overflow(edge, off, &sum) ? edge : sum;
}

/* The same of an amount, where 0 and less would only be refused. */
static int64_t near_amount(struct generator *g, int64_t edge)
{
    return edge > 1 || rarely(g, 100) ? near(g, edge) : any_amount(g);
}

static const struct model_person *look_up(const struct model *m, uint64_t id)
{
    for (uint32_t i = 0; i < m->person_count; i++) {
        if (m->persons[i].id == id) return &m->persons[i];
    }
    return NULL;
}

static const struct model_relation *any_relation(struct generator *g, const struct model *m)
{
    return m->relation_count == 0 ? NULL : &m->relations[below(g, m->relation_count)];
}

/* A person who can use this source, if a few tries find one. */
static uint64_t able_person(struct generator *g, const struct model *m, uint8_t source)
{
    uint64_t id = known_person(g, m);
    for (unsigned i = 0; i < 6 && !rarely(g, 30); i++) {
        const struct model_person *p = look_up(m, id);
        bool wallet = source == GJ_SOURCE_WALLET;
        if (p != NULL && (wallet ? p->confirmed && p->wallet > 0
                                 : p->insurance == GJ_INSURANCE_EMPLOYEE && p->personal > 0)) {
            break;
        }
        id = known_person(g, m);
    }
    return id;
}

/* A relation whose payer can use the source and whose member is what `resident` says, likewise. */
static const struct model_relation *able_relation(struct generator *g, const struct model *m,
                                                  bool resident)
{
    const struct model_relation *r = any_relation(g, m);
    for (unsigned i = 0; i < 8 && r != NULL && !rarely(g, 30); i++) {
        const struct model_person *payer = look_up(m, r->payer), *member = look_up(m, r->member);
        bool able = payer->insurance == GJ_INSURANCE_EMPLOYEE && payer->personal > 0;
        if (able && (resident ? member->insurance == GJ_INSURANCE_RESIDENT : member->confirmed)) {
            break;
        }
        r = any_relation(g, m);
    }
    return r;
}

/* Often exactly what a limit of this payer's allows. */
static int64_t edge_amount(struct generator *g, const struct model *m, uint64_t payer,
                           uint8_t source, const struct model_relation *relation)
{
    const struct model_person *p = look_up(m, payer);
    if (p == NULL || chance(g, 30)) return any_amount(g);
    const struct gj_policy *policy = model_policy(m, p->region);
    int64_t balance = source == GJ_SOURCE_WALLET ? p->wallet : p->personal;
    switch (below(g, 8)) {
    case 0: return near_amount(g, balance);
    case 1:
        if (relation == NULL || relation->cap < 0) return any_amount(g);
        return near_amount(g, relation->cap - relation->used);
    case 2: return near_amount(g, policy->outpatient_single_fen);
    case 3: return near_amount(g, policy->special_single_fen);
    case 4: return near_amount(g, policy->transfer_single_fen);
    case 5: return near_amount(g, model_quota(m, p, policy) - p->used);
    case 6: /* leaves just about a premium */
        return near_amount(g, balance - 100 * (1 + (int64_t)below(g, 3)));
    default: return 1 + (int64_t)(generator_random(g) % (uint64_t)(balance / 4 + 2));
    }
}

static int64_t odd_amount(struct generator *g, int64_t amount)
{
    if (rarely(g, 985)) return amount;
    static const int64_t odd[] = {0, -1, INT64_MIN, INT64_MAX, GJ_AMOUNT_MAX + 1, GJ_AMOUNT_MAX};
    return odd[below(g, 6)];
}

static void premium_rows(struct generator *g, const struct model *m, struct gj_policy *p)
{
    unsigned count = below(g, 6);
    for (unsigned i = 0; i < count; i++) {
        struct gj_premium_row *row = &p->premiums[i];
        row->amount = 100 + (int64_t)below(g, 3) * 100;
        row->year = (uint16_t)(m->year + (chance(g, 85) ? below(g, 3) - 1 : below(g, 5) - 2));
        row->product = (uint8_t)(1 + i + (rarely(g, 20) ? 1 : 0));
        row->from_day = (uint16_t)(today(g) + 1 - below(g, chance(g, 80) ? 2 : 4));
        row->to_day = (uint16_t)(row->from_day + below(g, 40));
    }
}

static void policy_strictly(struct generator *g, struct gj_policy *p)
{
    unsigned s = g->strictness;
    if (chance(g, s)) p->wallet_open = 0;
    if (chance(g, s)) p->local_sharing_enabled = 0;
    if (chance(g, s)) p->relation_mask = (uint8_t)below(g, 256);
    if (chance(g, s)) p->payer_mask_personal = (uint8_t)below(g, 4);
    if (chance(g, s)) p->payer_mask_wallet = (uint8_t)below(g, 4);
    if (chance(g, s)) p->beneficiary_mask = (uint8_t)below(g, 4);
    if (chance(g, 3 * s)) p->max_members = (uint8_t)(1 + below(g, 7));
    if (chance(g, 2 * s)) p->outpatient_single_fen = (int64_t)below(g, 3000) - 1;
    if (chance(g, 2 * s)) p->special_single_fen = (int64_t)below(g, 3000) - 1;
    if (chance(g, s)) p->transfer_single_fen = 1000 + (int64_t)below(g, 10000);
    if (chance(g, s)) p->transfer_daily_count = (uint16_t)(1 + below(g, 3));
    if (chance(g, s / 2)) {
        p->service_from_minute = (uint16_t)below(g, 720);
        p->service_to_minute = (uint16_t)(p->service_from_minute + 1 + below(g, 720));
    }
    if (chance(g, s)) p->purpose_mask_wallet = (uint8_t)below(g, 32);
    if (chance(g, s)) p->purpose_mask_personal = (uint8_t)below(g, 32);
    if (chance(g, s)) p->purpose_mask_relative = (uint8_t)below(g, 32);
    if (chance(g, 3 * s)) p->place_rule = (uint8_t)below(g, 3);
    if (chance(g, 3 * s)) p->cross_region_pay = (uint8_t)below(g, 3);
    if (chance(g, s)) p->cross_region_transfer = 0;
    if (chance(g, s)) p->auth_mask_transfer = (uint8_t)below(g, 16);
    if (chance(g, s)) p->auth_mask_pay = (uint8_t)below(g, 16);
    if (chance(g, s)) p->auth_mask_bind = (uint8_t)below(g, 16);
    if (chance(g, 2 * s)) p->profile_overdue = GJ_OVERDUE_BLOCK;
}

/* A field at the end of its range, or text at the edge of UTF-8 (some of it beyond). */
static void policy_edges(struct generator *g, struct gj_region_ext *ext)
{
    static const char *const texts[] = {"\x1F",
                                        "\x20",
                                        "\x7E",
                                        "\x7F",
                                        "\xC1\xBF",
                                        "\xC2\xA0",
                                        "\xDF\xBF",
                                        "\xE0\x9F\xBF",
                                        "\xE0\xA0\x80",
                                        "\xED\x9F\xBF",
                                        "\xED\xA0\x80",
                                        "\xEE\x80\x80",
                                        "\xEF\xBF\xBF",
                                        "\xC2\x80",
                                        "\xC2\x9F",
                                        "\xF0\x8F\xBF\xBF",
                                        "\x80",
                                        "\xE4\xB8",
                                        "\xF0\x90\x80\x80",
                                        "\xF4\x8F\xBF\xBF",
                                        "\xC2",
                                        "\xE4",
                                        "\xF4\x90\x80\x80",
                                        "\xF5\x80\x80\x80"};
    struct gj_policy *p = &ext->policy;
    switch (below(g, 22)) {
    case 10: p->region_change_enabled = 1; break;
    case 0: p->outpatient_single_fen = below(g, 2) ? -1 : GJ_AMOUNT_MAX; break;
    case 1: p->special_single_fen = below(g, 2) ? -1 : GJ_AMOUNT_MAX; break;
    case 2: p->transfer_single_fen = below(g, 2) ? 1 : GJ_AMOUNT_MAX; break;
    case 3: p->premiums[7] = (struct gj_premium_row){GJ_AMOUNT_MAX, 2200, 8, 0, 0, 65535}; break;
    case 4: p->premiums[7] = (struct gj_premium_row){1, 2000, 1, 0, 9, 9}; break;
    case 5: p->premiums[7] = (struct gj_premium_row){GJ_AMOUNT_MAX + 1, 2200, 8, 0, 0, 1}; break;
    case 6: p->premiums[7] = (struct gj_premium_row){1, 2201, 8, 0, 0, 1}; break;
    case 7: p->pending_expiry_minute = 1439; break;
    case 8: p->service_from_minute = 1439; break;
    case 9: p->service_to_minute = 1; break;
    default: {
        char *at = below(g, 2) ? ext->name + below(g, 3) : ext->province;
        memset(at, 0, 16);
        snprintf(at, 6, "%s", texts[below(g, sizeof(texts) / sizeof(*texts))]);
        break;
    }
    }
}

/* A field out of its range, or two that contradict each other: 68. */
static void policy_invalidly(struct generator *g, struct gj_region_ext *ext)
{
    struct gj_policy *p = &ext->policy;
    switch (below(g, 36)) {
    case 0: p->wallet_open = 2; break;
    case 1: p->region_change_enabled = 2; break;
    case 2: p->local_sharing_enabled = 255; break;
    case 3: p->payer_mask_personal = 4; break;
    case 4: p->payer_mask_wallet = 4; break;
    case 5: p->beneficiary_mask = 128; break;
    case 6: p->max_members = 0; break;
    case 7: p->max_members = 8; break;
    case 8: p->quota_bp = 10001; break;
    case 9: p->quota_base = 3; break;
    case 10: p->outpatient_single_fen = -2; break;
    case 11: p->special_single_fen = GJ_AMOUNT_MAX + 1; break;
    case 12: p->transfer_single_fen = -1; break;
    case 13: p->one_outstanding = 1; break;
    case 14: p->receive_mode = GJ_RECEIVE_ACCEPT; break;
    case 15: p->service_from_minute = p->service_to_minute; break;
    case 16: p->service_to_minute = 1441; break;
    case 17: p->pending_expiry_minute = 1440; break;
    case 18: p->purpose_mask_wallet = 32; break;
    case 19: p->purpose_mask_personal = 64; break;
    case 20: p->purpose_mask_relative = 255; break;
    case 21: p->place_rule = 3; break;
    case 22: p->cross_region_pay = 3; break;
    case 23: p->cross_region_transfer = 2; break;
    case 24: p->auth_mask_transfer = 16; break;
    case 25: p->auth_mask_pay = 16; break;
    case 26: p->auth_mask_bind = 16; break;
    case 27: p->profile_overdue = 2; break;
    case 28: p->premiums[7] = (struct gj_premium_row){.year = 2025}; break;
    case 29: p->premiums[7] = (struct gj_premium_row){-1, 2025, 1, 0, 1, 2}; break;
    case 30: p->premiums[7] = (struct gj_premium_row){1, 1999, 1, 0, 1, 2}; break;
    case 31: p->premiums[7] = (struct gj_premium_row){1, 2025, 9, 0, 1, 2}; break;
    case 32: p->premiums[7] = (struct gj_premium_row){1, 2025, 8, 0, 3, 2}; break;
    case 33: ext->name[0] = below(g, 2) ? 0 : (char)0x1F; break;
    case 34: memcpy(ext->name, "\xC0\x80", 2); break;
    default: ext->province[47] = 'x'; break;
    }
}

static void make_region(struct generator *g, const struct model *m, struct generated *ret)
{
    struct gj_region_ext *ext = (struct gj_region_ext *)ret->ext;
    struct gj_op *op = &ret->op;
    op->type = GJ_OP_SET_REGION;
    op->ext_count = 6;
    op->arg = (uint16_t)(g->made < WORLD_REGIONS ? g->made + 1 : 1 + below(g, WORLD_REGIONS));
    const struct model_region *r = &m->regions[op->arg];
    uint32_t last = r->scheduled ? r->next_version : r->version;
    op->amount = (int64_t)last + (chance(g, 95) ? 1 + below(g, 3) : 0);
    if (op->amount == 0) op->amount = 1;
    unsigned province = op->arg == 6 ? 3 : (op->arg - 1u) / 2;
    if (rarely(g, 30)) province = below(g, 4);
    snprintf(ext->province, sizeof(ext->province), "%s",
             (const char *[]){"\xE5\xB1\xB1\xE4\xB8\x9C", "Hebei", "Beijing", ""}[province]);
    snprintf(ext->name, sizeof(ext->name), "city %u",
             rarely(g, 20) ? op->arg / 2u : (unsigned)op->arg);
    ext->public_code = 110000u + op->arg;
    struct gj_policy *p = &ext->policy;
    p->hold_timeout_max_s = 86400;
    p->quota_bp = 7000;
    p->service_to_minute = 1440;
    p->pending_expiry_minute = 360;
    p->profile_grace_days = (uint16_t)below(g, 16);
    p->wallet_open = p->local_sharing_enabled = p->cross_region_transfer = 1;
    p->relation_mask = 255;
    p->payer_mask_personal = 1;
    p->payer_mask_wallet = p->beneficiary_mask = 3;
    p->max_members = 7;
    p->purpose_mask_wallet = p->purpose_mask_personal = p->purpose_mask_relative = 31;
    p->place_rule = GJ_PLACE_EITHER;
    p->cross_region_pay = chance(g, 70) ? GJ_CROSS_ANY : GJ_CROSS_PROVINCE;
    p->auth_mask_transfer = 6;
    p->auth_mask_pay = 14;
    p->auth_mask_bind = 15;
    p->quota_base = (uint8_t)below(g, 3);
    if (chance(g, 40)) {
        static const uint16_t quotas[] = {0, 1, 3333, 6000, 9999, 10000};
        p->quota_bp = quotas[below(g, 6)];
    }
    premium_rows(g, m, p);
    policy_strictly(g, p);
    if (g->made >= WORLD_REGIONS) {
        if (chance(g, 40)) op->other = g->time_ms + below(g, 600000);
        if (rarely(g, 60)) op->other = g->time_ms - below(g, 2);
        if (chance(g, 8)) policy_invalidly(g, ext);
        if (chance(g, 20)) policy_edges(g, ext);
    } else if (rarely(g, 30)) {
        op->other = g->time_ms + 1; /* a first policy that does not begin now */
    }
}

static void make_institution(struct generator *g, const struct model *m, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    op->type = GJ_OP_SET_INSTITUTION;
    op->ext_count = 1;
    op->other = 10 + below(g, WORLD_INSTITUTIONS);
    bool usual = g->made < SETUP || chance(g, 80);
    op->arg = (uint16_t)(1 + op->other % WORLD_REGIONS);
    if (rarely(g, 30)) op->arg = any_region(g);
    op->kind = (uint8_t)(rarely(g, 30) ? 1 + below(g, 2) : GJ_HOSPITAL);
    op->detail = usual ? GJ_SCENARIO_MASK_ALL : (uint8_t)(1 + below(g, 31));
    op->flags = GJ_FLAG_WALLET;
    if (!usual && chance(g, 30)) op->flags = 0;
    if (!usual && chance(g, 20)) op->flags |= GJ_FLAG_SUSPENDED;
    struct gj_institution_ext *ext = (struct gj_institution_ext *)ret->ext;
    static const char edges[] = {0x1F, 0x20, 0x21, 0x7E, 0x7F, (char)0x80};
    if (!rarely(g, 20)) snprintf(ext->code, sizeof(ext->code), "H%u", (unsigned)op->other);
    if (rarely(g, 60)) ext->code[below(g, 4)] = edges[below(g, sizeof(edges))];
    if (rarely(g, 20)) memcpy(ext->code, "0123456789abcdef", sizeof(ext->code));
}

static void make_person(struct generator *g, const struct model *m, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    op->type = GJ_OP_OPEN_PERSON;
    op->person = 100 + below(g, WORLD_PERSONS);
    op->arg = any_region(g);
    op->kind = chance(g, 65) ? GJ_INSURANCE_EMPLOYEE : GJ_INSURANCE_RESIDENT;
    op->detail = rarely(g, 50) ? GJ_STATUS_STOPPED : GJ_STATUS_ACTIVE;
    if (chance(g, 20)) op->flags = GJ_FLAG_SPECIAL;
    const struct model_person *p = look_up(m, op->person);
    if (p == NULL || chance(g, 40)) return;
    op->arg = p->region;
    op->kind = p->insurance;
    op->detail = p->status;
    op->flags = p->special ? GJ_FLAG_SPECIAL : 0;
}

static void make_update(struct generator *g, const struct model *m, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    op->type = GJ_OP_UPDATE_PERSON;
    op->person = known_person(g, m);
    if (chance(g, 12)) op->kind = chance(g, 60) ? GJ_INSURANCE_EMPLOYEE : GJ_INSURANCE_RESIDENT;
    if (chance(g, 50)) op->detail = chance(g, 92) ? GJ_STATUS_ACTIVE : GJ_STATUS_STOPPED;
    if (chance(g, 20)) op->flags |= GJ_FLAG_SPECIAL_SET | (chance(g, 50) ? GJ_FLAG_SPECIAL : 0);
    if (chance(g, 30)) {
        op->flags |= GJ_FLAG_PHONE;
        op->other = 1 + below(g, 3);
    }
    if (chance(g, 15)) op->arg = (uint16_t)(today(g) + 1 - below(g, 20));
    if (rarely(g, 3)) op->arg = UINT16_MAX;
}

static void make_wallet(struct generator *g, const struct model *m, struct generated *ret)
{
    ret->op.type = GJ_OP_CONFIRM_WALLET;
    ret->op.person = known_person(g, m);
    ret->op.other = below(g, 3);
    ret->op.arg = any_region(g);
    ret->op.auth = any_auth(g);
}

static int64_t any_cap(struct generator *g)
{
    return chance(g, 50) ? -1 : (int64_t)below(g, chance(g, 50) ? 3000 : 60000);
}

static void make_bind(struct generator *g, const struct model *m, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    op->type = GJ_OP_BIND;
    op->person = known_person(g, m);
    op->other = known_person(g, m);
    op->kind = (uint8_t)(1 + below(g, 8));
    op->amount = any_cap(g);
    op->auth = any_auth(g);
    const struct model_relation *r = any_relation(g, m);
    if (r == NULL || chance(g, 80)) return;
    op->person = r->payer;
    op->other = r->member;
    op->kind = chance(g, 80) ? r->kind : op->kind;
    op->amount = chance(g, 80) ? r->cap : op->amount;
}

static void make_unbind_or_cap(struct generator *g, const struct model *m, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    op->type = chance(g, 40) ? GJ_OP_UNBIND : GJ_OP_SET_CAP;
    op->person = known_person(g, m);
    op->other = known_person(g, m);
    if (op->type == GJ_OP_SET_CAP) {
        op->amount = any_cap(g);
        if (chance(g, 20)) op->other = 0;
    }
    const struct model_relation *r = any_relation(g, m);
    if (r == NULL || chance(g, 20)) return;
    op->person = r->payer;
    if (op->other != 0) op->other = r->member;
    if (op->type == GJ_OP_SET_CAP && chance(g, 30)) op->amount = near(g, r->used);
    if (op->type == GJ_OP_SET_CAP && chance(g, 20)) op->amount = r->cap;
    if (op->amount < -1) op->amount = -1;
}

static void make_deposit(struct generator *g, const struct model *m, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    op->type = GJ_OP_DEPOSIT;
    op->person = known_person(g, m);
    op->amount = any_amount(g);
    const struct model_person *p = look_up(m, op->person);
    if (p != NULL && rarely(g, 30)) op->amount = near(g, GJ_AMOUNT_MAX - p->personal);
    op->amount = odd_amount(g, op->amount);
}

static void make_transfer(struct generator *g, const struct model *m, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    op->type = GJ_OP_TRANSFER;
    op->kind = chance(g, 60) ? GJ_SOURCE_PERSONAL : GJ_SOURCE_WALLET;
    op->auth = any_auth(g);
    op->person = able_person(g, m, op->kind);
    op->other = known_person(g, m);
    const struct model_relation *r = able_relation(g, m, false);
    if (r != NULL && chance(g, 93)) {
        bool back = op->kind == GJ_SOURCE_WALLET && chance(g, 40);
        op->person = back ? r->member : r->payer;
        op->other = back ? r->payer : r->member;
    }
    op->amount = edge_amount(g, m, op->person, op->kind, NULL);
    const struct model_person *payee = look_up(m, op->other);
    if (g->rich && payee != NULL && chance(g, 20)) {
        op->amount = near(g, GJ_AMOUNT_MAX - payee->wallet);
    }
    op->amount = odd_amount(g, op->amount);
}

static void make_pay(struct generator *g, const struct model *m, struct generated *ret)
{
    static const uint8_t lists[] = {1, 2, 3, 6, 9, 7, 11, 13, 14, 57, 54, 27, 45, 30, 39, 3, 14};
    struct gj_op *op = &ret->op;
    op->type = GJ_OP_PAY;
    op->kind = lists[below(g, sizeof(lists))];
    op->person = able_person(g, m, (uint8_t)gj_sources_at(op->kind, 0));
    op->other = known_institution(g, m);
    op->detail = (uint8_t)(1 + below(g, 5));
    op->auth = any_auth(g);
    if (chance(g, 40)) op->flags = GJ_FLAG_PARTIAL;
    bool relative = false;
    for (unsigned i = 0; i < 3; i++) {
        relative |= gj_sources_at(op->kind, i) == GJ_SOURCE_RELATIVE;
    }
    const struct model_relation *r = able_relation(g, m, false);
    struct gj_pay_ext *ext = (struct gj_pay_ext *)ret->ext;
    uint64_t owner = op->person;
    uint8_t source = (uint8_t)gj_sources_at(op->kind, 0);
    if (relative) {
        op->ext_count = 1;
        ext->relative = known_person(g, m);
        if (r != NULL && chance(g, 95)) {
            ext->relative = r->payer;
            op->person = r->member;
        }
        owner = source == GJ_SOURCE_RELATIVE ? ext->relative : op->person;
    }
    const struct model_person *patient = look_up(m, op->person);
    if (relative && patient != NULL && !patient->account && chance(g, 90)) {
        static const uint8_t without_personal[] = {3, 14, 11};
        op->kind = without_personal[below(g, patient->confirmed ? 3 : 1)];
        source = (uint8_t)gj_sources_at(op->kind, 0);
        owner = source == GJ_SOURCE_RELATIVE ? ext->relative : op->person;
    }
    /* The institution in a region the sources can reach: the patient's, or the relative's. */
    const struct model_person *near_whom = look_up(m, chance(g, 60) ? owner : op->person);
    if (near_whom != NULL && chance(g, 80)) {
        uint16_t wanted = chance(g, 60) ? near_whom->region : near_whom->use_region;
        for (uint32_t i = 0; i < m->institution_count; i++) {
            if (m->institutions[i].region == wanted) op->other = m->institutions[i].id;
        }
    }
    op->amount = odd_amount(g, edge_amount(g, m, owner, source, r));
    const struct gj_policy *policy = patient == NULL ? NULL : model_policy(m, patient->region);
    if (policy != NULL && chance(g, 15)) {
        /* The limit of one visit, and a few fen around it. */
        op->detail = chance(g, 50) ? GJ_OUTPATIENT : GJ_SPECIAL_DISEASE;
        bool special = op->detail == GJ_SPECIAL_DISEASE && patient->special;
        int64_t limit = special ? policy->special_single_fen : policy->outpatient_single_fen;
        op->amount = near_amount(g, limit);
        if (chance(g, 20)) op->amount += op->amount / 2;
    }
    if (chance(g, 20)) {
        op->ext_count = 1;
        ext->personal_part = chance(g, 60) ? INT64_C(1) << 40 : near(g, op->amount);
        if (g->rich) ext->personal_part = GJ_AMOUNT_MAX;
        if (rarely(g, 980)) return;
        ext->personal_part = (int64_t[]){0, -1, INT64_MIN, GJ_AMOUNT_MAX + 1}[below(g, 4)];
    }
}

static void make_premium(struct generator *g, const struct model *m, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    op->type = GJ_OP_PAY_PREMIUM;
    op->kind = chance(g, 60) ? GJ_SOURCE_PERSONAL : GJ_SOURCE_WALLET;
    op->person = able_person(g, m, op->kind);
    op->other = known_person(g, m);
    const struct model_relation *r = able_relation(g, m, true);
    if (r != NULL && chance(g, 80)) {
        bool back = op->kind == GJ_SOURCE_WALLET && chance(g, 40);
        op->person = back ? r->member : r->payer;
        op->other = back ? r->payer : r->member;
    } else if (chance(g, 60)) {
        op->other = op->person;
    }
    op->arg = (uint16_t)(m->year - 2 + below(g, 5));
    op->detail = (uint8_t)(1 + below(g, 8));
    op->amount = 100 + (int64_t)below(g, 3) * 100;
    const struct model_person *beneficiary = look_up(m, op->other);
    const struct gj_policy *policy =
        beneficiary == NULL ? NULL : model_policy(m, beneficiary->region);
    for (unsigned i = 0; i < 4 && policy != NULL && !rarely(g, 50); i++) {
        const struct gj_premium_row *row = &policy->premiums[below(g, 4)];
        if (row->amount != 0) {
            op->arg = row->year;
            op->detail = row->product;
            op->amount = chance(g, 95) ? row->amount : near(g, row->amount);
            i = 4;
        }
    }
    op->amount = odd_amount(g, op->amount);
}

static void make_suspend(struct generator *g, const struct model *m, struct generated *ret)
{
    ret->op.type = chance(g, 12) ? GJ_OP_SUSPEND : GJ_OP_RESUME;
    ret->op.person = known_person(g, m);
    if (ret->op.type == GJ_OP_RESUME && chance(g, 60)) {
        ret->op.detail = GJ_USE_ALL;
    } else {
        ret->op.detail = (uint8_t)(chance(g, 70) ? 1u << below(g, 4) : below(g, 16));
    }
}

static void make_any(struct generator *g, const struct model *m, struct generated *ret)
{
    static void (*const makers[])(struct generator *, const struct model *, struct generated *) = {
        make_region,   make_institution, make_person,        make_update,
        make_wallet,   make_bind,        make_unbind_or_cap, make_deposit,
        make_transfer, make_pay,         make_premium,       make_suspend};
    static const unsigned weights[2][12] = {{5, 12, 30, 2, 20, 20, 0, 15, 3, 3, 2, 0},
                                            {25, 20, 20, 35, 20, 45, 40, 90, 260, 300, 140, 25}};
    const unsigned *weight = weights[g->made < SETUP ? 0 : 1];
    if (g->made < WORLD_REGIONS) {
        make_region(g, m, ret);
        return;
    }
    unsigned sum = 0;
    for (unsigned i = 0; i < 12; i++) sum += weight[i];
    unsigned at = below(g, sum), i = 0;
    while (at >= weight[i]) at -= weight[i++];
    makers[i](g, m, ret);
}

/* One field of any operation set to something it may not be, or merely unusual. */
static void spoil(struct generator *g, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    uint8_t low = (uint8_t)(chance(g, 50) ? below(g, 16) : below(g, 256));
    switch (below(g, 13)) {
    case 0: op->person = below(g, 2) ? 0 : 99; break;
    case 1: op->other = below(g, 2) ? 0 : 99; break;
    case 2: op->amount = (int64_t[]){0, -1, -2, 1, GJ_AMOUNT_MAX + 1}[below(g, 5)]; break;
    case 3: op->arg = (uint16_t[]){0, 1, 1024, 2201, 1999, UINT16_MAX}[below(g, 6)]; break;
    case 4: op->kind = low; break;
    case 5: op->detail = low; break;
    case 6: op->flags = low; break;
    case 7: op->auth = low; break;
    case 8: op->ext_count = (uint8_t)below(g, GJ_EXT_MAX + 1); break;
    case 9: op->flags ^= (uint8_t)(1u << below(g, 8)); break;
    case 10: op->type = rarely(g, 200) ? low : op->type; break;
    default: {
        /* A byte of the extension; names with odd bytes above 0x7F stay out of range anyway. */
        if (op->ext_count == 0) break;
        uint32_t at = below(g, op->ext_count * GJ_RECORD_UNIT);
        ret->ext[at] = (uint8_t)(ret->ext[at] + 1 + below(g, 3));
        break;
    }
    }
}

static void make_rid(struct generator *g, struct gj_op *op)
{
    uint64_t ms = g->time_ms - below(g, 2000);
    if (rarely(g, 20)) ms = g->time_ms + 5 * MINUTE_MS + below(g, 3) - 1;
    if (rarely(g, 5)) ms = below(g, 2) ? 0 : (UINT64_C(1) << 48) - 1;
    for (unsigned i = 0; i < 6; i++) op->rid.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    uint64_t unique = ++g->rid_next;
    memcpy(op->rid.bytes + 8, &unique, sizeof(unique));
    if (rarely(g, 2)) memset(&op->rid, 0, sizeof(op->rid));
    if (rarely(g, 50)) {
        op->deadline_ms = (uint32_t)(g->time_ms - ms) + 1 - below(g, 3);
        if (ms == 0 || ms > g->time_ms) op->deadline_ms = below(g, 3);
    }
}

/* An earlier request again: as it was, or with one thing changed. */
static void make_retry(struct generator *g, const struct model *m, struct generated *ret)
{
    uint32_t back = chance(g, 80) && m->request_count > 20 ? 20 : m->request_count;
    const struct model_request *r = &m->requests[m->request_count - 1 - below(g, back)];
    ret->op = r->op;
    memcpy(ret->ext, r->ext, sizeof(ret->ext));
    switch (below(g, 8)) {
    case 0: ret->op.ref++; break;
    case 1: ret->op.actor++; break;
    case 2: ret->op.deadline_ms = below(g, 5); break;
    case 3: spoil(g, ret); break;
    case 4: ret->op.amount++; break;
    default: break;
    }
}

void generator_next(struct generator *g, const struct model *m, struct generated *ret)
{
    memset(ret, 0, sizeof(*ret));
    if (g->made >= WORLD_REGIONS) step_time(g, m);
    if (m->request_count > 0 && chance(g, 4)) {
        make_retry(g, m, ret);
    } else {
        make_any(g, m, ret);
        make_rid(g, &ret->op);
        if (chance(g, 30)) ret->op.ref = below(g, 5);
        if (chance(g, 30)) ret->op.actor = below(g, 5);
        if (g->made >= WORLD_REGIONS && rarely(g, 15)) spoil(g, ret);
    }
    ret->read_only = rarely(g, 4);
    /* Regions the model has no room for answer 60 or 13 in both; SET_REGION must not make them. */
    if (ret->op.type == GJ_OP_SET_REGION && ret->op.arg >= MODEL_REGIONS_MAX &&
        ret->op.arg < GJ_REGIONS_MAX) {
        ret->op.arg = 1;
    }
    g->made++;
}

void generated_print(FILE *out, const struct gj_op *op, uint64_t time_ms)
{
    static const char *const verbs[] = {
#define X(name, number, verb, min, max, flags) [number] = verb,
        GJ_OP_MAP(X)
#undef X
    };
    const char *verb = op->type < sizeof(verbs) / sizeof(*verbs) ? verbs[op->type] : NULL;
    fprintf(out, "at %" PRIu64 " ms: %s person=%" PRIu64 " other=%" PRIu64 " amount=%" PRId64,
            time_ms, verb != NULL ? verb : "?", op->person, op->other, op->amount);
    fprintf(out, " arg=%u kind=%u detail=%u flags=%#x auth=%u", op->arg, op->kind, op->detail,
            op->flags, op->auth);
    fprintf(out, " type=%u ext=%u deadline=%u ref=%" PRIu64 " actor=%u rid=", op->type,
            op->ext_count, op->deadline_ms, op->ref, op->actor);
    for (unsigned i = 0; i < 16; i++) fprintf(out, "%02x", op->rid.bytes[i]);
    for (unsigned i = 0; i < op->ext_count * GJ_RECORD_UNIT && i < GJ_EXT_MAX * GJ_RECORD_UNIT;
         i++) {
        if (i % 32 == 0) fprintf(out, "\n    ext %3u:", i);
        fprintf(out, " %02x", ((const uint8_t *)(op + 1))[i]);
    }
    fprintf(out, "\n");
}
