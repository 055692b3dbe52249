/* tests/unit/test_audit.c -- the audit names whatever is broken in a state put together by hand. */
#include "core/base/calendar.h"
#include "core/state/walk.h"
#include "tests/unit/by_hand.h"

TEST(audit_accepts_a_sound_world)
{
    struct state_config config = small();
    struct state *s = world(&config, false);
    CHECK(state_audit(s) == NULL);
    free(s);
}

static void check_audit(const char *got, const char *want, int line)
{
    if (got == want || (got != NULL && want != NULL && strcmp(got, want) == 0)) return;
    printf("    line %d: audit says \"%s\"\n", line, got == NULL ? "sound" : got);
    CHECK(false);
}

/* What a walk in small steps says. */
static const char *walked(struct state *s)
{
    walk_begin(s, WALK_AUDIT);
    while (walk_running(s)) (void)walk_step(s, 7);
    return walk_audit(s);
}

/* Breaks one thing, expects the audit to name it, at once and in steps; NULL: it is sound. */
#define BROKEN_AS(change, name, name_in_steps)                                                     \
    do {                                                                                           \
        struct state *s = world(&config, false);                                                   \
        change;                                                                                    \
        check_audit(state_audit(s), name, __LINE__);                                               \
        check_audit(walked(s), name_in_steps, __LINE__);                                           \
        free(s);                                                                                   \
    } while (0)
#define BROKEN(change, name) BROKEN_AS(change, name, name)

TEST(audit_names_what_is_broken_in_the_books)
{
    struct state_config config = small();
    BROKEN(s->books[1].fund++, "the region's book balances");
    BROKEN(s->persons[0].personal++, "personal accounts add up to the book");
    BROKEN(s->persons[0].personal--, "personal accounts add up to the book");
    BROKEN(s->persons[1].wallet++, "wallets add up to the book");
    BROKEN(s->books[1].institution++, "institutions add up to the book");
    BROKEN(s->books[1].premium++, "premiums add up to the book");
    BROKEN(s->premium_payable[1 * PREMIUM_YEARS] = -1, "premium payable below zero");
    BROKEN(s->gross[2 * GJ_REGIONS_MAX + 1] = 5, "clearing equals gross out minus gross in");
    BROKEN(s->gross[2 * GJ_REGIONS_MAX + 1] = -5, "gross below zero");
    BROKEN(s->gross[2 * GJ_REGIONS_MAX + 2] = 5, "gross of a region with itself");
    BROKEN(s->books[2].persons++, "number of persons");
    BROKEN(s->books[2].wallets--, "number of wallets");
    BROKEN(s->regions_count++, "number of regions");
    BROKEN(s->books[7].fund = 5; s->books[7].premium = 5, "premiums add up to the book");
    BROKEN(s->books[7].fund = 5, "the region's book balances");
    BROKEN(s->regions[2].province = 1, "one number for each province");
    BROKEN(s->regions[1].data.province[0] = s->regions[2].data.province[0] = 'x',
           "one number for each province");
    BROKEN(s->regions[2].province = 0, "one number for each province");
    BROKEN(s->regions[1].next_version = 1, "scheduled policy is newer");
    BROKEN(s->regions[0].version = 1, "region 0 is set");
    BROKEN(s->institutions_count = 1, "institution index");
    BROKEN(put_institution(s, 5, 2); s->institutions[0].id = 6, "institution index");
    BROKEN(put_institution(s, 5, 3), "institution's region not set");
    BROKEN(put_institution(s, 5, 2);
           s->institutions[0].payable = 1, "institutions add up to the book");
}

#define CHAIN "chain of a region's institutions"

static void put_three(struct state *s)
{
    put_institution(s, 5, 2);
    put_institution(s, 6, 1);
    put_institution(s, 7, 2);
}

TEST(audit_names_what_is_broken_in_the_chains_of_institutions)
{
    struct state_config config = small();
    BROKEN(put_three(s), NULL);
    BROKEN(put_three(s); s->regions[2].institution_first = 3, CHAIN);
    BROKEN(put_three(s); s->regions[2].institution_first = 0, CHAIN);
    BROKEN(put_three(s); s->regions[2].institution_last = 1, CHAIN);
    BROKEN(put_three(s); s->institutions[0].next = 0, CHAIN);
    BROKEN(put_three(s); s->institutions[0].next = 2, CHAIN);
    BROKEN(put_three(s); s->institutions[2].prev = 0, CHAIN);
    BROKEN(put_three(s); s->institutions[2].prev = 3, CHAIN);
    BROKEN(put_three(s); s->institutions[2].next = 1, CHAIN);
}

TEST(audit_names_what_is_broken_in_the_holds)
{
    struct state_config config = small();
    BROKEN(put_hold(s), NULL);
    BROKEN(put_hold(s); s->holds.entries[0].type = GJ_OP_PAY, "type of a hold");
    BROKEN(put_hold(s); s->holds.entries[0].first = 2, "first person of a hold");
    BROKEN(put_hold(s); s->holds.entries[0].first = 0, "hold of another person");
    BROKEN(put_hold(s); s->holds.entries[0].prev[1] = 0, "chain of a person's holds");
    BROKEN(put_hold(s); s->persons_cold[1].holds_last = 2, "chain of a person's holds");
    BROKEN(put_hold(s);
           s->holds.entries[0].due_ms = s->holds.due_ms = s->holds.entries[1].due_ms - 1;
           s->holds.heap[0] = 0; s->holds.heap[1] = 1; s->holds.entries[0].heap_at = 0;
           s->holds.entries[1].heap_at = 1, "order of a person's holds");
    BROKEN(put_hold(s); s->persons[1].flags |= PERSON_CLOSED, "closed person holds nothing");
    BROKEN(put_hold(s); s->holds.entries[1].other = 1, "hold with oneself");
    BROKEN(put_hold(s); s->holds.entries[1].other = 2, "payee of a pending transfer");
    BROKEN(put_hold(s); s->holds.entries[1].institution = 0, "payee of a pending transfer");
    BROKEN(put_hold(s); s->holds.entries[0].institution = 1, "institution of a hold");
    BROKEN(put_hold(s); s->holds.entries[0].other = SLOT_NONE, "relative of a hold");
    BROKEN(put_hold(s); s->holds.entries[0].sources = GJ_SOURCE_WALLET, "relative of a hold");
    BROKEN(put_hold(s); s->holds.entries[0].left[0] = -1, "held of a source below zero");
    BROKEN(put_hold(s); s->holds.entries[0].left[2] = 1, "held of a source not listed");
    BROKEN(put_hold(s); s->holds.entries[1].left[0] = 0, "open hold holds something");
    BROKEN(put_hold(s); s->holds.entries[0].amount = 99, "hold grew after it began");
    BROKEN(put_hold(s); s->holds.entries[0].amount = GJ_AMOUNT_MAX + 1, "hold grew after it began");
    BROKEN(put_hold(s); s->holds.entries[0].seq = 0, "hold of a record to come");
    BROKEN(put_hold(s); s->holds.entries[0].seq = 2, "hold of a record to come");
    BROKEN(put_hold(s); s->holds.entries[0].quota_year = 2026, "quota year of a hold");
    BROKEN(put_hold(s); s->holds.entries[0].quota = 2, "quota year of a hold");
    BROKEN(put_hold(s); s->holds.entries[1].due_ms = s->holds.due_ms = 0, "due time of a hold");
    BROKEN(put_hold(s); s->holds.due_ms--, "earliest due hold");
    BROKEN(put_hold(s); s->persons_cold[0].holds = 0, "number of holds");
    BROKEN(put_hold(s); s->persons_cold[0].holds = 9, "chain of a person's holds");
    BROKEN(put_hold(s); s->persons_cold[0].holds_count = 1, "chain of a person's holds");
    BROKEN(put_hold(s); s->persons_cold[0].holds_count = 3, "number of holds");
    BROKEN(put_hold(s); s->holds.entries[0].next[0] = 1, "chain of a person's holds");
    BROKEN(put_person(s, 300, 1, 0); put_hold(s);
           chain_in(s, 0, 1, 2), "hold of another in a person's chain");
    BROKEN(put_hold(s); s->persons_cold[0].holds = 1; s->holds.entries[0].prev[1] = 0;
           s->persons_cold[0].incoming_count = 0;
           s->persons_cold[0].holds_count = 1, "every hold is in its persons' chains");
    BROKEN(put_hold(s); s->persons_cold[0].incoming_count = 0, "number of transfers to a person");
    BROKEN(put_hold(s); s->persons_cold[1].incoming_count = 1, "number of transfers to a person");
    BROKEN(put_hold(s);
           s->persons[0].personal_held--, "holds add up to what a personal account holds");
    BROKEN(put_hold(s); s->persons[1].wallet_held++, "holds add up to what a wallet holds");
    BROKEN(s->persons[0].personal_held = 1, "holds add up to what a personal account holds");
    BROKEN(s->persons[1].wallet_held = 1, "holds add up to what a wallet holds");
    BROKEN(put_hold(s); s->persons_cold[0].used = 99, "holds count to the quota they draw on");
    BROKEN(put_hold(s); s->families[0].used[0] = 99, "held draws count to the member's");
}

TEST(audit_names_what_is_broken_in_a_day)
{
    struct state_config config = small();
    const uint16_t day = calendar_day(UINT64_C(1763600400000));
    struct institution_day sound = {.credits = 5, .credit_count = 2, .day = day};
    BROKEN(put_institution(s, 5, 2); s->days[day % 8] = sound, NULL);
    BROKEN(put_institution(s, 5, 2); s->days[day % 8 ^ 1] = sound, "place of an institution's day");
    BROKEN(put_institution(s, 5, 2); s->days[(day + 1) % 8] = sound;
           s->days[(day + 1) % 8].day++, "place of an institution's day");
    BROKEN(put_institution(s, 5, 2); s->days[day % 8] = sound;
           s->days[day % 8].credit_count = 6, "lines of an institution's day");
    BROKEN(put_institution(s, 5, 2); s->days[day % 8] = sound;
           s->days[day % 8].debits = -1, "lines of an institution's day");
}

TEST(audit_names_what_is_broken_in_the_accounts)
{
    struct state_config config = small();
    BROKEN(s->persons[0].personal = -1, "personal account out of bounds");
    BROKEN(s->persons[0].personal = GJ_AMOUNT_MAX + 1, "personal account out of bounds");
    BROKEN(s->persons[1].wallet = -1, "wallet out of bounds");
    BROKEN(put_hold(s); s->persons_cold[0].used = s->holds.entries[0].left[1] =
                            s->holds.entries[0].amount = s->persons[0].personal_held = 1001,
                        "held within personal account");
    BROKEN(put_hold(s); s->holds.entries[1].left[0] = s->holds.entries[1].amount =
                            s->persons[1].wallet_held = 31,
                        "held within wallet");
    BROKEN(s->persons[1].flags &= ~PERSON_WALLET, "money in a wallet not confirmed");
    BROKEN(s->persons[0].flags &= ~PERSON_ACCOUNT, "money without an account");
    BROKEN(s->persons[0].insured_region = 3, "insured region not set");
    BROKEN(s->persons[1].use_region = 0, "region of use");
    BROKEN(s->persons[0].id = 101, "person index");
    BROKEN(s->persons_cold[0].used = -1, "yearly figures below zero");
    BROKEN(s->persons_cold[0].opening = -1, "yearly figures below zero");
    BROKEN(s->persons_cold[0].credits = -1, "yearly figures below zero");
    BROKEN(s->persons_cold[0].year++, "figures of a time to come");
    BROKEN(s->persons_cold[0].premium_year = 2026, "figures of a time to come");
    BROKEN(s->persons[0].transfer_day = UINT16_MAX, "figures of a time to come");
    BROKEN(s->persons_cold[0].premium_paid[2] = 1, "premium marks without a year");
    BROKEN(s->persons[0].flags |= PERSON_CLOSED, "money of a closed person");
    BROKEN(s->persons[1].flags |= PERSON_CLOSED, "money of a closed person");
    BROKEN(s->persons[1].wallet = GJ_AMOUNT_MAX + 1, "wallet out of bounds");
    BROKEN(s->persons[1].flags &= ~PERSON_ACCOUNT, "employee without an account");
    BROKEN(s->persons[1].id = 0, "person index");
    BROKEN(s->persons_count--; s->books[2].persons--, "person index");
    BROKEN(s->persons[1].family = 0, "family of another payer");
    BROKEN(s->persons[1].family = 1, "family out of range");
}

TEST(audit_names_what_is_broken_in_a_family)
{
    struct state_config config = small();
    BROKEN(s->families[0].count = 7, "more members than a family may have");
    BROKEN(s->families[0].member[0] = 2, "member out of range");
    BROKEN(s->families[0].member[0] = 0, "member to oneself");
    BROKEN(s->families[0].count = 2; s->families[0].member[1] = 1;
           s->families[0].kind[1] = 1, "member bound twice");
    BROKEN(s->families[0].kind[0] = 9, "relation kind");
    BROKEN(s->families[0].used[0] = -1, "shared amount below zero");
    BROKEN(s->families[0].cap[0] = -2, "shared amount below zero");
    BROKEN(s->families[0].kind[0] = 0, "relation kind");
    /* A walk comes to a family by its payer: that one is missing is all it sees. */
    BROKEN_AS(s->persons[0].family = SLOT_NONE;
              s->families[0].payer = 2, "payer out of range", "payer of another family");
    BROKEN(s->persons[0].family = SLOT_NONE, "payer of another family");
    BROKEN(s->families[0].since[0] = 0, "relation of a time to come");
    BROKEN(s->families[0].since[0] = 2, "relation of a time to come");
    BROKEN(s->families[0].year = 2026, "figures of a time to come");
    BROKEN(s->families[0].changes_year = 2026, "figures of a time to come");
    BROKEN(s->families[0].kept = 6, "more members than a family may have");
    BROKEN(s->families[0].count = 0; s->families[0].kept = 1; s->families[0].kind[0] = 0, NULL);
    BROKEN(s->families[0].kept = 1; s->families[0].member[1] = 1; s->families[0].since[1] = 1;
           s->families[0].used[1] = 1, "member bound twice");
    BROKEN(s->families[0].used[0] = 701, "members drew no more than their payer used");
}

TEST_MAIN(T(audit_accepts_a_sound_world), T(audit_names_what_is_broken_in_the_books),
          T(audit_names_what_is_broken_in_the_chains_of_institutions),
          T(audit_names_what_is_broken_in_the_holds), T(audit_names_what_is_broken_in_a_day),
          T(audit_names_what_is_broken_in_the_accounts), T(audit_names_what_is_broken_in_a_family))
