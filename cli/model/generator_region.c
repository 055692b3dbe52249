/* cli/model/generator_region.c -- policies with every field varied, and out of its range. */
#include <stdio.h>
#include <string.h>

#include "cli/model/generator_parts.h"

static void premium_rows(struct generator *g, const struct model *m, struct gj_policy *p)
{
    unsigned count = below(g, 6);
    for (unsigned i = 0; i < count; i++) {
        struct gj_premium_row *row = &p->premiums[i];
        row->amount = 100 + (int64_t)below(g, 3) * 100;
        row->year = (uint16_t)(m->year + (chance(g, 85) ? below(g, 3) - 1 : below(g, 5) - 2));
        row->product = (uint8_t)(1 + i + (rarely(g, 20) && !g->plain ? 1 : 0));
        row->from_day = (uint16_t)(generator_today(g) + 1 - below(g, chance(g, 80) ? 2 : 4));
        row->to_day = (uint16_t)(row->from_day + below(g, chance(g, 30) ? 3 : 300));
    }
}

static uint16_t some_days(struct generator *g)
{
    static const uint16_t days[] = {0, 0, 1, 2, 31, 365, 65534, 65535};
    return days[below(g, 8)];
}

/* How money is held and how long it can be given back. */
static void policy_of_holds(struct generator *g, struct gj_policy *p)
{
    static const uint32_t timeouts[] = {1,          3600,       86400,      86400,
                                        40 * 86400, 40 * 86400, 40 * 86400, UINT32_MAX};
    p->hold_timeout_max_s = timeouts[below(g, 8)];
    if (rarely(g, 5)) p->hold_timeout_max_s = 0;
    if (g->hoard) p->hold_timeout_max_s = UINT32_MAX;
    p->refund_days = some_days(g);
    p->reversal_days = some_days(g);
    p->receive_mode = chance(g, g->two_step) ? GJ_RECEIVE_ACCEPT : GJ_RECEIVE_INSTANT;
    p->region_change_enabled = 1;
    p->pending_expiry_minute = chance(g, 60) ? 360 : (uint16_t)(below(g, 4) * 479 + 2);
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
    if (chance(g, 3 * s)) p->unbind_forgets_draws = 1;
    if (chance(g, 2 * s)) p->member_changes_year = (uint8_t)(1 + below(g, 12));
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
    if (chance(g, 3 * s)) p->one_outstanding = 1;
    if (chance(g, s)) p->region_change_enabled = 0;
    if (chance(g, 3 * s)) p->pending_expiry_minute = (uint16_t)below(g, 1440);
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
    switch (below(g, 24)) {
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
    case 11: p->hold_timeout_max_s = 0; break;
    case 12: p->pending_expiry_minute = 0; break;
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
    switch (below(g, 37)) {
    case 35: p->unbind_forgets_draws = 2; break;
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
    case 13: p->one_outstanding = 2; break;
    case 14: p->receive_mode = 2; break;
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

/* The version at the edge of what may follow `last`, 0 = none yet. */
static int64_t furthest_version(uint32_t last)
{
    return last == 0 ? 1000000000 : (int64_t)last + 100000;
}

void generate_region(struct generator *g, const struct model *m, struct generated *ret)
{
    struct gj_region_ext *ext = (struct gj_region_ext *)ret->ext;
    struct gj_op *op = &ret->op;
    op->type = GJ_OP_SET_REGION;
    op->ext_count = 6;
    op->arg = (uint16_t)(g->made < WORLD_REGIONS ? g->made + 1 : generator_known_region(g));
    const struct model_region *r = &m->regions[op->arg];
    uint32_t last = r->scheduled ? r->next_version : r->version;
    op->amount = (int64_t)last + (chance(g, 95) ? 1 + below(g, 3) : 0);
    if (op->amount == 0) op->amount = 1;
    if (rarely(g, 30)) {
        op->amount = furthest_version(last) + below(g, 3) - (g->made < WORLD_REGIONS ? 2 : 1);
    }
    unsigned province = op->arg == 6 ? 3 : (op->arg - 1u) / 2;
    if (rarely(g, 30)) province = below(g, 4);
    snprintf(ext->province, sizeof(ext->province), "%s",
             (const char *[]){"\xE5\xB1\xB1\xE4\xB8\x9C", "Hebei", "Beijing", ""}[province]);
    snprintf(ext->name, sizeof(ext->name), g->plain ? "city-%u" : "city %u",
             rarely(g, 20) ? op->arg / 2u : (unsigned)op->arg);
    ext->public_code = 110000u + op->arg;
    struct gj_policy *p = &ext->policy;
    p->quota_bp = 7000;
    p->service_to_minute = 1440;
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
    if (g->rich && chance(g, 60)) p->quota_bp = 10000;
    premium_rows(g, m, p);
    policy_of_holds(g, p);
    policy_strictly(g, p);
    if (g->plain) {
        /* There is no word for "no way at all". */
        p->auth_mask_transfer |= p->auth_mask_transfer == 0;
        p->auth_mask_pay |= p->auth_mask_pay == 0;
        p->auth_mask_bind |= p->auth_mask_bind == 0;
    }
    if (g->made >= WORLD_REGIONS) {
        if (chance(g, 40)) op->other = g->time_ms + below(g, 600000);
        if (rarely(g, 60)) op->other = g->time_ms - below(g, 2);
        if (chance(g, 8) && !g->plain) policy_invalidly(g, ext);
        if (chance(g, 20) && !g->plain) policy_edges(g, ext);
    } else if (rarely(g, 30)) {
        op->other = g->time_ms + 1; /* a first policy that does not begin now */
    }
}
