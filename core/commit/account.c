/* core/commit/account.c -- a wallet moves between books; a person's accounts are paid out and end.
 */
#include "core/commit/apply.h"
#include "core/commit/posting.h"

void commit_change_region(struct state *s, const struct applied *a)
{
    const struct gj_effect *effect = a->effect;
    struct person *p = &s->persons[effect->slot_first];
    struct book *from = &s->books[effect->region_source], *to = &s->books[effect->region_target];
    ASSERT(p->use_region == effect->region_source && p->wallet_held == 0);
    ASSERT(p->wallet == effect->balance);
    from->wallet -= p->wallet;
    to->wallet += p->wallet;
    from->wallets--;
    to->wallets++;
    p->use_region = effect->region_target;
    post_between(s, effect->region_source, effect->region_target, p->wallet);
}

void commit_close_person(struct state *s, const struct applied *a)
{
    const struct gj_effect *effect = a->effect;
    const struct gj_effect_sources *paid = record_sources(a->record);
    struct person *p = &s->persons[effect->slot_first];
    ASSERT(p->personal_held == 0 && p->wallet_held == 0);
    ASSERT(p->personal == paid->taken[0] && p->wallet == paid->taken[1]);
    if (p->personal != 0) {
        (void)post_debit(s, effect->slot_first, GJ_SOURCE_PERSONAL, paid->region[0], p->personal,
                         effect->year);
        s->books[paid->region[0]].fund -= paid->taken[0];
    }
    if (p->wallet != 0) {
        (void)post_debit(s, effect->slot_first, GJ_SOURCE_WALLET, paid->region[1], p->wallet,
                         effect->year);
        s->books[paid->region[1]].fund -= paid->taken[1];
    }
    p->flags |= PERSON_CLOSED;
}
