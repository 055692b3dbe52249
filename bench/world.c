/* bench/world.c -- opening the regions, institutions and families of a load test. */
#include "bench/world.h"

#include <stdio.h>
#include <string.h>

#include "bench/clock_hint.h"
#include "core/base/calendar.h"

#define OWN_REGIONS  220u
#define WALLET_FEN   INT64_C(100000000) /* a million yuan in every wallet */
#define PERSONAL_FEN (8 * WALLET_FEN)   /* 70 % of it pays four wallets and the premiums */
#define PREMIUM_DAYS 60u                /* the window is open this long before and after today */

const uint8_t world_kinds[WORLD_FAMILY] = {0, GJ_SPOUSE, GJ_CHILD, GJ_PARENT};

static void sell_premiums(struct gj_policy *policy, uint16_t day, uint16_t year)
{
    memset(policy->premiums, 0, sizeof(policy->premiums));
    for (uint32_t i = 0; i < WORLD_PRODUCTS; i++)
        policy->premiums[i] = (struct gj_premium_row){
            .amount = WORLD_PREMIUM,
            .year = year,
            .product = (uint8_t)(i + 1),
            .from_day = (uint16_t)(day - PREMIUM_DAYS),
            .to_day = (uint16_t)(day + PREMIUM_DAYS),
        };
}

/* What would refuse most of a load test is lifted; the rest of the policy stays. */
static void lift_limits(struct gj_policy *policy)
{
    policy->transfer_single_fen = 0;
    policy->transfer_daily_count = 0;
    policy->one_outstanding = 0;
    policy->receive_mode = GJ_RECEIVE_INSTANT;
    policy->service_from_minute = 0;
    policy->service_to_minute = 1440;
    policy->cross_region_transfer = 1;
    policy->cross_region_pay = GJ_CROSS_ANY;
    if (policy->quota_bp < 7000) policy->quota_bp = 7000;
}

static int put_region(struct gj_client *client, uint16_t id, uint32_t version,
                      const struct gj_region_ext *ext, char why[WORLD_WHY_SIZE])
{
    struct gj_op op;
    struct gj_reply reply;
    gj_set_region(&op, gj_rid_new(client), id, version, 0);
    int error = gj_execute(client, &op, ext, &reply, NULL);
    if (error < 0) {
        (void)snprintf(why, WORLD_WHY_SIZE, "set_region %u: %s", id, gj_client_error(client));
        return error;
    }
    if (gj_code_ok(reply.code)) return 0;
    (void)snprintf(why, WORLD_WHY_SIZE, "set_region %u: %s%s", id, gj_code_name(reply.code),
                   clock_hint(reply.code));
    return reply.code;
}

static int own_regions(struct gj_client *client, uint16_t day, uint16_t year,
                       char why[WORLD_WHY_SIZE])
{
    for (uint16_t id = 1; id <= OWN_REGIONS; id++) {
        struct gj_region_ext ext = {.public_code = 0};
        gj_policy_default(&ext.policy);
        ext.policy.wallet_open = 1;
        lift_limits(&ext.policy);
        sell_premiums(&ext.policy, day, year);
        (void)snprintf(ext.province, sizeof(ext.province), "province %u", (id - 1u) / 10 + 1);
        (void)snprintf(ext.name, sizeof(ext.name), "region %u", id);
        int error = put_region(client, id, 1, &ext, why);
        if (error != 0) return error;
    }
    return 0;
}

int world_regions(struct world *world, struct gj_client *client, bool create,
                  char why[WORLD_WHY_SIZE])
{
    uint16_t day = calendar_day(gj_server(client)->time_ms);
    world->premium_year = (uint16_t)(calendar_year(day) + 1);
    for (int pass = 0; pass < 2; pass++) {
        world->region_count = 0;
        uint32_t found = 0;
        for (uint16_t id = 1; id < GJ_REGIONS_MAX; id++) {
            struct gj_region_view view;
            uint8_t code = GJ_MALFORMED;
            int error = gj_get_region(client, id, &view, &code);
            if (error < 0) {
                (void)snprintf(why, WORLD_WHY_SIZE, "get_region: %s", gj_client_error(client));
                return error;
            }
            if (code != GJ_OK) continue;
            found++;
            if (!view.current.policy.wallet_open) continue;
            world->regions[world->region_count++] = id;
            if (!create || pass > 0) continue;
            struct gj_region_ext ext = view.current;
            lift_limits(&ext.policy);
            sell_premiums(&ext.policy, day, world->premium_year);
            if (memcmp(&ext, &view.current, sizeof(ext)) == 0) continue;
            error = put_region(client, id, view.version + 1, &ext, why);
            if (error != 0) return error;
        }
        if (found > 0 || !create || pass > 0) break;
        int error = own_regions(client, day, world->premium_year, why);
        if (error != 0) return error;
    }
    if (world->region_count > 0) return 0;
    (void)snprintf(why, WORLD_WHY_SIZE,
                   "no region has opened the wallet: use --populate on an empty server, or gongji "
                   "load first");
    return GJ_REGION_NOT_FOUND;
}

void world_open_institution(uint16_t region, uint32_t which, struct gj_rid rid, struct gj_op *op,
                            struct gj_institution_ext *ext)
{
    char code[17];
    (void)snprintf(code, sizeof(code), "%c%011u", which == 0 ? 'H' : 'P', region);
    (void)gj_set_institution(op, ext, rid, world_institution(region, which), region,
                             which == 0 ? GJ_HOSPITAL : GJ_PHARMACY, GJ_SCENARIO_MASK_ALL,
                             GJ_FLAG_WALLET, code);
}

void world_open_family(const struct world *world, uint64_t payer, struct gj_rid_source *rids,
                       uint64_t now_ms, struct gj_op ops[WORLD_FAMILY_OPS])
{
    struct gj_op *op = ops;
    for (uint32_t role = 0; role < WORLD_FAMILY; role++) {
        uint64_t person = payer + role;
        uint16_t region = world_region(world, person);
        gj_open_person(op++, gj_rid_next(rids, now_ms), person, region,
                       role < 2 ? GJ_INSURANCE_EMPLOYEE : GJ_INSURANCE_RESIDENT, GJ_STATUS_ACTIVE,
                       false);
        gj_confirm_wallet(op++, gj_rid_next(rids, now_ms), person, region, world_mix(person),
                          GJ_AUTH_FACE);
        if (role > 0)
            gj_bind(op++, gj_rid_next(rids, now_ms), payer, person,
                    (enum gj_relation)world_kinds[role], -1, GJ_AUTH_FACE);
        if (role < 2) gj_deposit(op++, gj_rid_next(rids, now_ms), person, PERSONAL_FEN);
    }
    /* Nobody can transfer to oneself: the payer's own wallet is filled by the spouse. */
    for (uint32_t role = 1; role < WORLD_FAMILY; role++)
        gj_transfer(op++, gj_rid_next(rids, now_ms), payer, payer + role,
                    role == 1 ? 2 * WALLET_FEN : WALLET_FEN, GJ_SOURCE_PERSONAL, GJ_AUTH_FACE);
    gj_transfer(op, gj_rid_next(rids, now_ms), payer + 1, payer, WALLET_FEN, GJ_SOURCE_WALLET,
                GJ_AUTH_FACE);
}
