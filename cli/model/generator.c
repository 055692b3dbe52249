/* cli/model/generator.c -- random operations at the edges of the rules: when, which, and what is
 * wrong with them. */
#include <inttypes.h>
#include <string.h>

#include "cli/model/generator_parts.h"
#include "core/format/op_traits.h"

uint64_t generator_random(struct generator *g)
{
    uint64_t x = g->random += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static uint64_t first_time(struct generator *g)
{
    switch (below(g, 10)) {
    case 0:
    case 1: return UINT64_C(1735660800000) - below(g, 3600) * 1000; /* 2025-01-01 */
    case 2: return UINT64_C(1835366399999) - below(g, 2);           /* 2028-02-29 */
    case 3: return UINT64_C(2147483647000) - below(g, 3600) * 1000; /* 2^31 seconds: 2038 */
    default:                                                        /* 2024-01-01 .. about 2027 */
        return UINT64_C(1704038400000) + below(g, 1000) * DAY_MS + below(g, 86400) * 1000;
    }
}

void generator_init(struct generator *g, uint64_t seed)
{
    static const uint32_t holds[] = {4, 12, 24, 24, 60, 60};
    static const uint32_t windows[] = {100, 150, 300, 600};
    static const unsigned closing[] = {0, 0, 1, 3};
    memset(g, 0, sizeof(*g));
    g->random = seed;
    g->setup = 90;
    g->retries = 4;
    g->time_ms = first_time(g);
    g->strictness = below(g, 4) * 4;
    g->two_step = below(g, 4) * 30;
    g->closing = closing[below(g, 4)];
    g->holds_max = holds[below(g, 6)];
    g->hoard = rarely(g, 20);
    if (g->hoard) {
        g->holds_max = 1500;
        g->strictness = 0;
        g->closing = 0;
    }
    g->rich = !g->hoard && chance(g, 20);
    g->rids_max = chance(g, 20) ? windows[below(g, 4)] : 0;
    g->ahead_max = chance(g, 50) ? 1 + below(g, 6) : 256;
    g->early = chance(g, 30) ? 5 + below(g, 30) : 0;
}

/* To the instant a scheduled policy begins, or just before it. */
static void step_to_schedule(struct generator *g, const struct model *m)
{
    const struct model_region *r = &m->regions[generator_known_region(g)];
    if (r->scheduled && r->next_from_ms > g->time_ms) g->time_ms = r->next_from_ms - below(g, 2);
}

/* To the instant something is due, or a millisecond beside it. */
static void step_to_due(struct generator *g, const struct model *m)
{
    if (m->open_count == 0) return;
    uint64_t due = m->requests[m->open[below(g, m->open_count)]].due_ms + below(g, 3) - 1;
    if (due > g->time_ms && due < g->time_ms + 40 * DAY_MS) g->time_ms = due;
}

/* To the last or the first millisecond of a year. */
static void step_to_new_year(struct generator *g, const struct model *m)
{
    uint64_t days = 0;
    for (unsigned year = 1970; year <= m->year; year++) {
        days += (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 366 : 365;
    }
    uint64_t end = days * DAY_MS - ZONE_MS - below(g, 2);
    if (end > g->time_ms) g->time_ms = end;
}

void generator_step(struct generator *g, const struct model *m)
{
    if (g->made < WORLD_REGIONS) return;
    uint64_t local = g->time_ms + ZONE_MS;
    switch (below(g, g->hoard ? 4000 : 40)) {
    case 0: g->time_ms += below(g, 12 * 60) * MINUTE_MS; break;
    case 1:
        g->time_ms += DAY_MS - local % DAY_MS - below(g, 2);
        break; /* midnight, or just before */
    case 2:
        if (rarely(g, 70)) g->time_ms += below(g, 500) * DAY_MS;
        break;
    case 3: g->time_ms += MINUTE_MS - local % MINUTE_MS; break;
    case 4:
        if (rarely(g, 300)) g->time_ms += below(g, 20) * DAY_MS;
        break;
    case 5: break;
    case 6: step_to_schedule(g, m); break;
    case 7: step_to_due(g, m); break;
    case 8:
        if (rarely(g, 60)) step_to_new_year(g, m);
        break;
    default: g->time_ms += below(g, 3000); break;
    }
}

typedef void make_operation(struct generator *, const struct model *, struct generated *);

struct kind_of_operation {
    make_operation *make;
    unsigned while_building, later;
};

static void make_usual(struct generator *g, const struct model *m, struct generated *ret)
{
    static const struct kind_of_operation kinds[] = {
        {generate_region, 5, 22},
        {generate_institution, 12, 15},
        {generate_person, 30, 20},
        {generate_update, 2, 35},
        {generate_wallet, 20, 20},
        {generate_bind, 20, 45},
        {generate_unbind_or_cap, 0, 40},
        {generate_deposit, 15, 80},
        {generate_transfer, 3, 200},
        {generate_pay, 3, 140},
        {generate_premium, 2, 100},
        {generate_suspend, 0, 25},
        {generate_hold, 2, 120},
        {generate_capture_or_release, 0, 110},
        {generate_accept_or_return, 0, 90},
        {generate_refund, 0, 90},
        {generate_reverse, 0, 110},
        {generate_change_region, 0, 25},
        {generate_close, 0, 0},
    };
    const unsigned count = sizeof(kinds) / sizeof(*kinds);
    bool building = g->made < g->setup;
    unsigned sum = 0, i = 0;
    for (i = 0; i < count; i++) sum += building ? kinds[i].while_building : kinds[i].later;
    unsigned at = below(g, sum);
    for (i = 0;; i++) {
        unsigned weight = building ? kinds[i].while_building : kinds[i].later;
        if (at < weight) break;
        at -= weight;
    }
    kinds[i].make(g, m, ret);
}

static bool no_weights(const uint16_t *weights)
{
    for (unsigned type = 1; type < GJ_OP_TYPES; type++) {
        if (weights[type] != 0) return false;
    }
    return true;
}

/* One of the type that the weights draw; what has to come before it, if nothing has yet. */
static void make_weighted(struct generator *g, const struct model *m, struct generated *ret)
{
    static make_operation *const makers[GJ_OP_TYPES] = {
        [GJ_OP_SET_REGION] = generate_region,
        [GJ_OP_SET_INSTITUTION] = generate_institution,
        [GJ_OP_OPEN_PERSON] = generate_person,
        [GJ_OP_UPDATE_PERSON] = generate_update,
        [GJ_OP_CONFIRM_WALLET] = generate_wallet,
        [GJ_OP_BIND] = generate_bind,
        [GJ_OP_UNBIND] = generate_unbind_or_cap,
        [GJ_OP_SET_CAP] = generate_unbind_or_cap,
        [GJ_OP_DEPOSIT] = generate_deposit,
        [GJ_OP_TRANSFER] = generate_transfer,
        [GJ_OP_PAY] = generate_pay,
        [GJ_OP_PAY_PREMIUM] = generate_premium,
        [GJ_OP_SUSPEND] = generate_suspend,
        [GJ_OP_RESUME] = generate_suspend,
        [GJ_OP_ACCEPT] = generate_accept_or_return,
        [GJ_OP_RETURN] = generate_accept_or_return,
        [GJ_OP_HOLD] = generate_hold,
        [GJ_OP_CAPTURE] = generate_capture_or_release,
        [GJ_OP_RELEASE] = generate_capture_or_release,
        [GJ_OP_REFUND] = generate_refund,
        [GJ_OP_REVERSE] = generate_reverse,
        [GJ_OP_CHANGE_REGION] = generate_change_region,
        [GJ_OP_CLOSE_PERSON] = generate_close,
    };
    uint32_t sum = 0, type = GJ_OP_SET_REGION;
    for (unsigned i = 1; i < GJ_OP_TYPES; i++) sum += g->weights[i];
    uint32_t at = below(g, sum);
    for (; at >= g->weights[type]; type++) at -= g->weights[type];
    for (unsigned tries = 0; tries < 32; tries++) {
        memset(ret, 0, sizeof(*ret));
        makers[type](g, m, ret);
        if (ret->op.type == type) return;
    }
}

static void make_any(struct generator *g, const struct model *m, struct generated *ret)
{
    if (g->made < WORLD_REGIONS) {
        generate_region(g, m, ret);
    } else if (g->weights != NULL && g->made >= g->setup && !no_weights(g->weights)) {
        make_weighted(g, m, ret);
    } else if (g->made >= g->setup && rarely(g, g->closing)) {
        generate_close(g, m, ret);
    } else if (g->hoard && g->made >= g->setup && chance(g, 70)) {
        generate_hold(g, m, ret);
    } else {
        make_usual(g, m, ret);
    }
}

/* What the extension lines say, as far as a line of a scenario can say it. */
static void spoil_lines_plainly(struct generator *g, struct generated *ret)
{
    if (ret->op.ext_count == 0) return;
    switch (ret->op.type) {
    case GJ_OP_SET_REGION:
        ((struct gj_region_ext *)ret->ext)->policy.quota_bp = (uint16_t)below(g, 10002);
        break;
    case GJ_OP_SET_INSTITUTION: ((struct gj_institution_ext *)ret->ext)->code[0] = 'X'; break;
    case GJ_OP_PAY:
    case GJ_OP_HOLD:
        ((struct gj_pay_ext *)ret->ext)->personal_part = 1 + (int64_t)below(g, 1000);
        break;
    default: break;
    }
}

/* One argument out of place, as far as a line can say it. */
static void spoil_plainly(struct generator *g, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    unsigned flags = op_traits[op->type].is;
    switch (below(g, 5)) {
    case 0:
        if (flags & GJ_OP_PERSON) op->person = below(g, 4) ? 99 : 0;
        break;
    case 1:
        if (flags & GJ_OP_OTHER) op->other = below(g, 4) ? 99 : 0;
        break;
    case 2:
        if (flags & GJ_OP_MONEY) op->amount = (int64_t[]){0, -1, 1, GJ_AMOUNT_MAX + 1}[below(g, 4)];
        break;
    case 3:
        if (flags & GJ_OP_AUTH) op->auth = (uint8_t)below(g, 4);
        break;
    default: spoil_lines_plainly(g, ret); break;
    }
}

/* One field of any operation set to something it may not be, or merely unusual. */
static void spoil(struct generator *g, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    if (g->plain) {
        spoil_plainly(g, ret);
        return;
    }
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

/* Of a clock that is ahead: by a little, by what is remembered apart, or by the most there may be.
 */
static uint64_t early(struct generator *g)
{
    switch (below(g, 4)) {
    case 0: return below(g, 2000);
    case 1: return 1999 + below(g, 3);
    case 2: return 2000 + below(g, 10000);
    default: return below(g, 5 * MINUTE_MS + 1);
    }
}

/* Times at the edges of what a rid may say, and what is none. */
static uint64_t no_time(struct generator *g)
{
    const uint64_t first = UINT64_C(1577836800), last = UINT64_C(4102444800);
    switch (below(g, 5)) {
    case 0: return 0;
    case 1: return (UINT64_C(1) << 48) - 1;
    case 2: return first * 1000 - below(g, 2);
    case 3: return (below(g, 2) ? first : last + 1) * 65536 - below(g, 2);
    default: return g->time_ms / 1000 * (below(g, 2) ? 1 : 65536);
    }
}

void generator_rid(struct generator *g, struct gj_rid *ret)
{
    uint64_t ms = g->time_ms - (g->plain && !rarely(g, 40) ? 0 : below(g, 2000));
    if (chance(g, g->early)) ms = g->time_ms + early(g);
    if (rarely(g, 10)) ms = g->time_ms + 5 * MINUTE_MS + below(g, 3) - 1;
    if (rarely(g, 3) && !g->plain) ms = no_time(g);
    memset(ret, 0, sizeof(*ret));
    for (unsigned i = 0; i < 6; i++) ret->bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    uint64_t unique = ++g->rid_next;
    memcpy(ret->bytes + 8, &unique, sizeof(unique));
}

static void identify(struct generator *g, const struct model *m, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    generator_rid(g, &op->rid);
    if (rarely(g, 2) && !g->plain) memset(&op->rid, 0, sizeof(op->rid));
    if (rarely(g, 2) && (op->type == GJ_OP_REVERSE || op->type == GJ_OP_CAPTURE)) {
        memcpy(ret->ext, &op->rid, sizeof(op->rid));
    }
    if (rarely(g, 20) && m->tombstone_count > 0 && op->person != 0) {
        /* What was reversed before it arrived arrives. */
        const struct model_key *key = &m->tombstones[below(g, m->tombstone_count)].key;
        op->person = key->person;
        op->rid = key->rid;
    }
    if (rarely(g, 50)) {
        uint64_t ms = model_rid_ms(&op->rid);
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
    case 4:
        if (!g->plain || r->op.amount > 0) ret->op.amount++;
        break;
    default: break;
    }
}

void generator_next(struct generator *g, const struct model *m, struct generated *ret)
{
    memset(ret, 0, sizeof(*ret));
    if (m->request_count > 0 && chance(g, g->retries)) {
        make_retry(g, m, ret);
    } else {
        make_any(g, m, ret);
        identify(g, m, ret);
        if (chance(g, 30)) ret->op.ref = below(g, 5);
        if (chance(g, 30)) ret->op.actor = below(g, 5);
        if (g->made >= WORLD_REGIONS && rarely(g, 15)) spoil(g, ret);
    }
    ret->read_only = rarely(g, 4) && !g->plain;
    /* Regions the model has no room for answer 60 or 13 in both; SET_REGION must not make them. */
    if (ret->op.type == GJ_OP_SET_REGION && ret->op.arg >= MODEL_REGIONS_MAX &&
        ret->op.arg < GJ_REGIONS_MAX) {
        ret->op.arg = 1;
    }
    g->made++;
}

void generated_print(FILE *out, const struct gj_op *op, uint64_t time_ms)
{
    const char *verb = gj_op_verb(op->type);
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
