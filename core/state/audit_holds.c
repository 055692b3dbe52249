/* core/state/audit_holds.c -- recounts what is held of every account from the open holds and
 * pending transfers. Every chain is walked once. */
#include "core/base/calendar.h"
#include "core/state/audit.h"
#include "core/state/due.h"

static const char *audit_parties(const struct state *s, const struct hold *hold)
{
    if (hold->first >= s->persons_count) return "first person of a hold";
    if (s->persons[hold->first].id != hold->person) return "hold of another person";
    if (s->persons[hold->first].flags & PERSON_CLOSED) return "closed person holds nothing";
    if (hold->other == hold->first) return "hold with oneself";
    if (hold->type == GJ_OP_TRANSFER) {
        bool known = hold->other < s->persons_count && hold->institution == SLOT_NONE;
        return known ? NULL : "payee of a pending transfer";
    }
    bool relative = hold_relative_index(hold) < GJ_SOURCES_MAX;
    if (hold->institution >= s->institutions_count) return "institution of a hold";
    if (relative ? hold->other >= s->persons_count : hold->other != SLOT_NONE) {
        return "relative of a hold";
    }
    return NULL;
}

static const char *audit_amounts(const struct hold *hold)
{
    i128 left = 0;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        bool listed = gj_sources_at(hold->sources, i) != GJ_SOURCE_NONE;
        if (hold->left[i] < 0) return "held of a source below zero";
        if (!listed && hold->left[i] != 0) return "held of a source not listed";
        left += hold->left[i];
    }
    if (left == 0) return "open hold holds something";
    return left <= hold->amount && hold->amount <= GJ_AMOUNT_MAX ? NULL
                                                                 : "hold grew after it began";
}

const char *audit_hold(struct audit *a, uint32_t entry)
{
    const struct hold *hold = &a->s->holds.entries[entry];
    if (hold->type == 0) return NULL;
    if (hold->type != GJ_OP_HOLD && hold->type != GJ_OP_TRANSFER) return "type of a hold";
    const char *broken = audit_parties(a->s, hold);
    if (broken == NULL) broken = audit_amounts(hold);
    if (broken != NULL) return broken;
    if (hold->seq == 0 || hold->seq > a->seq) return "hold of a record to come";
    if (hold->quota > 1 || hold->quota_year > calendar_year(calendar_day(a->time_ms))) {
        return "quota year of a hold";
    }
    a->links += hold_chains_other(hold) ? 2 : 1;
    return hold->due_ms == 0 || hold->due_ms == UINT64_MAX ? "due time of a hold" : NULL;
}

/* What one person's chain says; the entries are audited by themselves. */
const char *audit_chain(struct audit *a, uint32_t slot)
{
    const struct state *s = a->s;
    const struct person *p = &s->persons[slot];
    const struct person_cold *cold = &s->persons_cold[slot];
    i128 personal = 0, wallet = 0, used = 0;
    uint32_t count = 0, incoming = 0, last = 0;
    for (uint32_t next = cold->holds; next != 0;) {
        if (next > s->holds.high || count++ == cold->holds_count)
            return "chain of a person's holds";
        const struct hold *hold = &s->holds.entries[next - 1];
        bool other = hold->other == slot && hold_chains_other(hold);
        bool party = hold->type != 0 && (hold->first == slot || other);
        if (!party) return "hold of another in a person's chain";
        personal += hold_of(hold, slot, GJ_SOURCE_PERSONAL);
        wallet += hold_of(hold, slot, GJ_SOURCE_WALLET);
        if (hold->quota_year == cold->year) used += hold_quota(hold, slot);
        unsigned role = hold->first == slot ? 0 : 1;
        if (role == 1 && hold->type == GJ_OP_TRANSFER) incoming++;
        if (hold->prev[role] != last) return "chain of a person's holds";
        if (last != 0 && !hold_before(&s->holds.entries[last - 1], hold)) {
            return "order of a person's holds";
        }
        last = next;
        next = hold->next[role];
    }
    if (count != cold->holds_count || count - incoming > GJ_PERSON_HOLDS_MAX) {
        return "number of holds";
    }
    if (incoming != cold->incoming_count || incoming > GJ_PERSON_HOLDS_MAX) {
        return "number of transfers to a person";
    }
    if (last != cold->holds_last) return "chain of a person's holds";
    if (personal != p->personal_held) return "holds add up to what a personal account holds";
    if (wallet != p->wallet_held) return "holds add up to what a wallet holds";
    a->links -= count;
    if (used != 0 && used > cold->used) return "holds count to the quota they draw on";
    return NULL;
}
