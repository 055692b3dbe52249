/* tests/unit/test_digest.c -- the digest sees every field of the domain and no place of it. */
#include "tests/unit/by_hand.h"

static bool same_digest(const struct state *a, const struct state *b)
{
    uint64_t x[2], y[2];
    state_digest(a, x);
    state_digest(b, y);
    return x[0] == y[0] && x[1] == y[1];
}

TEST(digest_sees_no_slots_positions_or_capacities)
{
    struct state_config config = small(), larger = small();
    larger.persons_max = 1000;
    larger.rids_max = 5000;
    larger.hash_seed = 6;
    struct state *a = world(&config, false), *b = world(&larger, true);
    CHECK(same_digest(a, b));
    a->persons[0].last_position = 77;
    a->seq = 9;
    a->time_ms = 1000;
    state_raise_rid_low_water(a, 500);
    CHECK(same_digest(a, b));
    free(a);
    free(b);
}

#define SEEN(change)                                                                               \
    do {                                                                                           \
        struct state *s = world(&config, false), *was = world(&config, false);                     \
        change;                                                                                    \
        CHECK(!same_digest(s, was));                                                               \
        free(s);                                                                                   \
        free(was);                                                                                 \
    } while (0)

/* Entry numbers, slots, chains, seq and the time a relation began are no part of the domain. */
TEST(digest_sees_holds_but_not_their_places)
{
    struct state_config config = small(), larger = small();
    larger.holds_max = 500;
    larger.hash_seed = 6;
    struct state *a = world(&config, false), *b = world(&larger, false);
    put_hold(a);
    put_hold(b);
    CHECK(same_digest(a, b));
    const struct hold moved = b->holds.entries[0];
    holds_remove(&b->holds, 0);
    CHECK(!same_digest(a, b));
    (void)holds_add(&b->holds, &(struct hold){.rid = {{9}}, .type = GJ_OP_HOLD}, 200);
    (void)holds_add(&b->holds, &moved, 200);
    holds_remove(&b->holds, 0);
    b->holds.entries[2].seq = 77;
    b->families[0].since[0] = 99;
    CHECK(same_digest(a, b));
    free(a);
    free(b);
}

#define SEEN_OF_HOLD(change)                                                                       \
    do {                                                                                           \
        struct state *s = world(&config, false), *was = world(&config, false);                     \
        put_hold(s);                                                                               \
        put_hold(was);                                                                             \
        s->holds.entries[0].change;                                                                \
        CHECK(!same_digest(s, was));                                                               \
        free(s);                                                                                   \
        free(was);                                                                                 \
    } while (0)

TEST(digest_sees_every_field_of_a_hold)
{
    struct state_config config = small();
    SEEN_OF_HOLD(rid.bytes[15]++);
    SEEN_OF_HOLD(person++);
    SEEN_OF_HOLD(other = SLOT_NONE);
    SEEN_OF_HOLD(institution = SLOT_NONE);
    SEEN_OF_HOLD(left[0]++);
    SEEN_OF_HOLD(left[2]++);
    SEEN_OF_HOLD(amount++);
    SEEN_OF_HOLD(due_ms++);
    SEEN_OF_HOLD(type = GJ_OP_TRANSFER);
    SEEN_OF_HOLD(sources++);
    SEEN_OF_HOLD(scenario++);
    SEEN_OF_HOLD(quota_year++);
    SEEN_OF_HOLD(refund_days++);
    SEEN_OF_HOLD(reversal_days++);
    SEEN_OF_HOLD(quota = 0);
}

/* The totals of a day, by what is in them; where there were no lines it does not matter. */
TEST(digest_sees_the_days_of_institutions)
{
    struct state_config config = small();
    const struct institution_day sound = {
        .credits = 5, .debits = 6, .credit_count = 1, .debit_count = 2, .day = 20000};
    for (unsigned i = 0; i < 7; i++) {
        struct state *s = world(&config, false), *was = world(&config, false);
        put_institution(s, 5, 2);
        put_institution(was, 5, 2);
        struct institution_day *day = &s->days[0];
        *day = was->days[0] = sound;
        if (i == 1) day->credits++;
        if (i == 2) day->debits++;
        if (i == 3) day->credit_count++;
        if (i == 4) day->debit_count++;
        if (i == 5) day->day++;
        if (i == 6) day->credit_count = day->debit_count = 0;
        CHECK_EQ(same_digest(s, was), i == 0);
        s->days[0] = (struct institution_day){.day = 20000};
        was->days[0] = (struct institution_day){.day = 0};
        CHECK(same_digest(s, was));
        free(s);
        free(was);
    }
}

TEST(digest_sees_every_domain_field)
{
    struct state_config config = small();
    SEEN(s->persons[0].personal++);
    SEEN(s->persons[0].personal_held++);
    SEEN(s->persons[1].wallet++);
    SEEN(s->persons[1].wallet_held++);
    SEEN(s->persons[0].insured_region++);
    SEEN(s->persons[0].use_region++);
    SEEN(s->persons[0].flags |= PERSON_SPECIAL);
    SEEN(s->persons_cold[0].opening++);
    SEEN(s->persons_cold[0].credits++);
    SEEN(s->persons_cold[0].used++);
    SEEN(s->persons_cold[0].year++);
    SEEN(s->persons_cold[0].phone_hash++);
    SEEN(s->persons_cold[0].wallet_phone_hash++);
    SEEN(s->persons_cold[0].changed_on++);
    SEEN(s->persons_cold[0].premium_year++);
    SEEN(s->persons_cold[0].premium_paid[2]++);
    SEEN(s->persons[0].transfer_day++);
    SEEN(s->persons[0].transfer_count++);
    SEEN(s->families[0].kind[0]++);
    SEEN(s->families[0].cap[0]++);
    SEEN(s->families[0].used[0]++);
    SEEN(s->families[0].year++);
    SEEN(s->families[0].count = 0);
    SEEN(s->families[0].count = 0; s->families[0].kept = 1);
    SEEN(s->families[0].new_members++);
    SEEN(s->regions[1].version++);
    SEEN(s->regions[1].data.policy.quota_bp++);
    SEEN(s->regions[1].data.name[0]++);
    SEEN(s->regions[1].data.province[0]++);
    SEEN(s->regions[1].data.public_code++);
    SEEN(s->regions[1].current_from_ms++);
    SEEN(s->regions[1].next_version = 2);
    SEEN(s->books[1].fund++);
    SEEN(s->books[2].clearing++);
    SEEN(s->gross[1 * GJ_REGIONS_MAX + 2]++);
    SEEN(s->premium_payable[2 * PREMIUM_YEARS + 26]++);
    SEEN(s->institutions[s->institutions_count++].id = 5);
    SEEN(s->books[1].persons++);
    SEEN(s->books[2].wallets++);
    SEEN(s->premium_payable[2 * PREMIUM_YEARS + 26]--);
    SEEN(s->amended++);
}

TEST_MAIN(T(digest_sees_no_slots_positions_or_capacities),
          T(digest_sees_holds_but_not_their_places), T(digest_sees_every_field_of_a_hold),
          T(digest_sees_the_days_of_institutions), T(digest_sees_every_domain_field))
