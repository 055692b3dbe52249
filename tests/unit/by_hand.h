/* tests/unit/by_hand.h -- states put together by hand, for what no operation would do to them. */
#ifndef TESTS_UNIT_BY_HAND_H
#define TESTS_UNIT_BY_HAND_H

#include <stdlib.h>

#include "core/state/tables.h"
#include "tests/test.h"

static inline struct state_config small(void)
{
    return (struct state_config){.persons_max = 10,
                                 .families_max = 4,
                                 .institutions_max = 3,
                                 .holds_max = 5,
                                 .rids_max = 100,
                                 .rids_ahead_max = 8,
                                 .hash_seed = 5};
}

static inline struct state *build(const struct state_config *config)
{
    struct state_memory parts;
    uint64_t size = state_size(config, &parts);
    void *memory = aligned_alloc(64, size);
    memset(memory, 0, size);
    return state_init(config, memory);
}

static inline void put_region(struct state *s, uint16_t id)
{
    s->regions[id].version = 1;
    s->regions[id].province = id;
    gj_policy_default(&s->regions[id].data.policy);
    s->regions_count++;
}

static inline void put_person(struct state *s, uint64_t id, uint16_t region, int64_t personal)
{
    uint32_t slot = s->persons_count++;
    s->persons[slot] = (struct person){.id = id,
                                       .personal = personal,
                                       .insured_region = region,
                                       .flags = PERSON_ACCOUNT,
                                       .family = SLOT_NONE};
    s->persons_cold[slot] =
        (struct person_cold){.year = 2025, .opening = 700, .credits = personal, .used = 700};
    index_insert(&s->persons_index, id, slot);
    s->books[region].personal += personal;
    s->books[region].fund += personal;
    s->books[region].persons++;
}

static inline void put_wallet(struct state *s, uint32_t slot, uint16_t region, int64_t wallet)
{
    s->persons[slot].flags |= PERSON_WALLET;
    s->persons[slot].use_region = region;
    s->persons[slot].wallet = wallet;
    s->books[region].wallet += wallet;
    s->books[region].fund += wallet;
    s->books[region].wallets++;
}

static inline void put_institution(struct state *s, uint64_t id, uint16_t region)
{
    uint32_t slot = s->institutions_count++;
    s->institutions[slot] = (struct institution){.id = id, .region = region};
    institution_chain(s, slot);
    index_insert(&s->institutions_index, id, slot);
}

static inline void put_relation(struct state *s, uint32_t payer, uint32_t member)
{
    uint32_t slot = s->families_count++;
    s->families[slot] = (struct family){.payer = payer,
                                        .count = 1,
                                        .member = {member},
                                        .kind = {GJ_CHILD},
                                        .cap = {5000},
                                        .used = {100},
                                        .since = {1},
                                        .year = 2025};
    s->persons[payer].family = slot;
}

/* Two regions, two persons of one family, a wallet, and 30 fen owed from region 1 to 2. */
static inline struct state *world(const struct state_config *config, bool other_order)
{
    struct state *s = build(config);
    s->seq = 1;
    s->time_ms = UINT64_C(1763600400000); /* 2025-11-20 */
    put_region(s, 1);
    put_region(s, 2);
    uint32_t first = other_order ? 1 : 0;
    if (other_order) put_person(s, 200, 2, 0);
    put_person(s, 100, 1, 1000);
    if (!other_order) put_person(s, 200, 2, 0);
    put_wallet(s, 1 - first, 2, 30);
    put_relation(s, first, 1 - first);
    s->gross[1 * GJ_REGIONS_MAX + 2] = 30;
    s->books[1].clearing = 30;
    s->books[1].fund += 30;
    s->books[2].clearing = -30;
    s->books[2].fund -= 30;
    return s;
}

static inline void chain_in(struct state *s, uint32_t entry, unsigned role, uint32_t slot)
{
    struct person_cold *cold = &s->persons_cold[slot];
    struct hold *next = cold->holds == 0 ? NULL : &s->holds.entries[cold->holds - 1];
    s->holds.entries[entry].next[role] = cold->holds;
    if (next == NULL)
        cold->holds_last = entry + 1;
    else
        next->prev[next->first == slot ? 0 : 1] = entry + 1;
    cold->holds = entry + 1;
    cold->holds_count++;
    if (role == 1 && s->holds.entries[entry].type == GJ_OP_TRANSFER) cold->incoming_count++;
}

/* 0: the payer's personal account holds 300 for the member's hold at an institution (its relative),
 * of what the member drew 100 this year and 200 in the year before. 1: the member's wallet holds 20
 * for a transfer to the payer. */
static inline void put_hold(struct state *s)
{
    put_institution(s, 5, 2);
    struct hold hold = {.rid = {{1}},
                        .left = {0, 100},
                        .due_ms = s->time_ms + 1000,
                        .seq = 1,
                        .first = 1,
                        .other = 0,
                        .amount = 150,
                        .quota_year = 2025,
                        .sources = gj_sources(GJ_SOURCE_WALLET, GJ_SOURCE_RELATIVE, 0),
                        .type = GJ_OP_HOLD,
                        .quota = 1};
    (void)holds_add(&s->holds, &hold, 200);
    hold = (struct hold){.rid = {{2}},
                         .left = {20},
                         .due_ms = s->time_ms + 500,
                         .seq = 1,
                         .first = 1,
                         .other = 0,
                         .amount = 20,
                         .institution = SLOT_NONE,
                         .quota_year = 2025,
                         .sources = GJ_SOURCE_WALLET,
                         .type = GJ_OP_TRANSFER};
    (void)holds_add(&s->holds, &hold, 200);
    for (uint32_t entry = 0; entry < 2; entry++) {
        chain_in(s, entry, 0, 1);
        chain_in(s, entry, 1, 0);
    }
    s->persons[0].personal_held = 100;
    s->persons[1].wallet_held = 20;
}

#endif
