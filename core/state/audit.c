/* core/state/audit.c -- recounts the books from the accounts and checks what one state can show.
 *
 * The first broken check ends the audit. Not checked: used within quota and caps, because a policy
 * or cap set later may be below what was used under the one before. */
#include <string.h>

#include "core/base/calendar.h"
#include "core/state/audit.h"
#include "core/state/due.h"

static bool premium_marks_sound(const struct person_cold *cold)
{
    if (cold->premium_year != 0) return true;
    return (cold->premium_paid[0] | cold->premium_paid[1] | cold->premium_paid[2]) == 0;
}

static bool region_set(const struct state *s, uint16_t region)
{
    return region != 0 && region < GJ_REGIONS_MAX && s->regions[region].version != 0;
}

static bool year_ahead(const struct audit *a, uint16_t year)
{
    return year > calendar_year(calendar_day(a->time_ms));
}

static const char *audit_year(const struct audit *a, uint32_t slot)
{
    const struct person *p = &a->s->persons[slot];
    const struct person_cold *cold = &a->s->persons_cold[slot];
    if (cold->opening < 0 || cold->credits < 0 || cold->used < 0)
        return "yearly figures below zero";
    if (!premium_marks_sound(cold)) return "premium marks without a year";
    if (year_ahead(a, cold->year) || year_ahead(a, cold->premium_year) ||
        p->transfer_day > calendar_day(a->time_ms)) {
        return "figures of a time to come";
    }
    return NULL;
}

/* Adds the accounts to the books they belong to. */
static void count_person(struct audit *a, const struct person *p)
{
    a->sums[p->insured_region].personal += p->personal;
    a->sums[p->insured_region].persons++;
    if ((p->flags & PERSON_WALLET) == 0) return;
    a->sums[p->use_region].wallet += p->wallet;
    a->sums[p->use_region].wallets++;
}

const char *audit_person(struct audit *a, uint32_t slot)
{
    const struct state *s = a->s;
    const struct person *p = &s->persons[slot];
    if (p->id == 0 || person_find(s, p->id) != slot) return "person index";
    if (p->personal < 0 || p->personal > GJ_AMOUNT_MAX) return "personal account out of bounds";
    if (p->wallet < 0 || p->wallet > GJ_AMOUNT_MAX) return "wallet out of bounds";
    if (p->personal_held < 0 || p->personal_held > p->personal)
        return "held within personal account";
    if (p->wallet_held < 0 || p->wallet_held > p->wallet) return "held within wallet";
    if ((p->flags & PERSON_CLOSED) != 0 && (p->personal != 0 || p->wallet != 0)) {
        return "money of a closed person";
    }
    bool has_wallet = (p->flags & PERSON_WALLET) != 0;
    if (!has_wallet && p->wallet != 0) return "money in a wallet not confirmed";
    if ((p->flags & PERSON_ACCOUNT) == 0 && p->personal != 0) return "money without an account";
    if ((p->flags & (PERSON_ACCOUNT | PERSON_RESIDENT)) == 0) return "employee without an account";
    if (!region_set(s, p->insured_region)) return "insured region not set";
    if (has_wallet ? !region_set(s, p->use_region) : p->use_region != 0) return "region of use";
    const char *broken = audit_year(a, slot);
    if (broken != NULL) return broken;
    count_person(a, p);
    if (p->family == SLOT_NONE) return NULL;
    if (p->family >= s->families_count) return "family out of range";
    return s->families[p->family].payer == slot ? NULL : "family of another payer";
}

static bool listed_before(const struct family *family, unsigned i)
{
    for (unsigned j = 0; j < i; j++) {
        if (family->member[j] == family->member[i]) return true;
    }
    return false;
}

const char *audit_family(struct audit *a, uint32_t slot)
{
    const struct state *s = a->s;
    const struct family *f = &s->families[slot];
    a->families++;
    if (f->count + f->kept > GJ_FAMILY_MEMBERS_MAX) return "more members than a family may have";
    if (f->payer >= s->persons_count) return "payer out of range";
    if (s->persons[f->payer].family != slot) return "payer of another family";
    if (year_ahead(a, f->year) || year_ahead(a, f->changes_year))
        return "figures of a time to come";
    i128 drawn = 0;
    for (unsigned i = 0; i < f->count + f->kept; i++) {
        bool bound = i < f->count;
        if (f->member[i] >= s->persons_count) return "member out of range";
        if (f->member[i] == f->payer) return "member to oneself";
        if (listed_before(f, i)) return "member bound twice";
        if (bound && (f->kind[i] < GJ_SPOUSE || f->kind[i] > GJ_MATERNAL_GRANDCHILD)) {
            return "relation kind";
        }
        if (f->cap[i] < -1 || f->used[i] < 0) return "shared amount below zero";
        if (f->since[i] == 0 || f->since[i] > a->seq) return "relation of a time to come";
        if (due_draws(s, f->payer, f->member[i], f->year, UINT64_MAX) > f->used[i]) {
            return "held draws count to the member's";
        }
        drawn += f->used[i];
    }
    /* Every draw counts to the payer's quota too; what a member drew that was unbound and forgotten
     * counts only there. */
    const struct person_cold *payer = &s->persons_cold[f->payer];
    if (f->year == payer->year && drawn > payer->used) {
        return "members drew no more than their payer used";
    }
    return NULL;
}

static const char *audit_days(const struct audit *a, uint32_t slot)
{
    const struct institution_day *days = &a->s->days[slot * (uint64_t)GJ_INSTITUTION_DAYS];
    for (uint32_t i = 0; i < GJ_INSTITUTION_DAYS; i++) {
        const struct institution_day *day = &days[i];
        if (day->credits < (i128)day->credit_count || day->debits < (i128)day->debit_count) {
            return "lines of an institution's day";
        }
        if (day->day == 0) continue;
        if (day->day % GJ_INSTITUTION_DAYS != i || day->day > calendar_day(a->time_ms)) {
            return "place of an institution's day";
        }
    }
    return NULL;
}

/* Each one is where the one before it says, and they are in order of slots: so all are met from the
 * first. */
static bool chain_sound(const struct state *s, uint32_t slot)
{
    const struct institution *inst = &s->institutions[slot];
    const struct region *region = &s->regions[inst->region];
    if (inst->prev > slot || (inst->next != 0 && inst->next <= slot + 1)) return false;
    uint32_t here =
        inst->prev == 0 ? region->institution_first : s->institutions[inst->prev - 1].next;
    return here == slot + 1 && (inst->next != 0 || region->institution_last == slot + 1);
}

const char *audit_institution(struct audit *a, uint32_t slot)
{
    const struct institution *inst = &a->s->institutions[slot];
    if (institution_find(a->s, inst->id) != slot) return "institution index";
    if (!region_set(a->s, inst->region)) return "institution's region not set";
    if (!chain_sound(a->s, slot)) return "chain of a region's institutions";
    a->sums[inst->region].institution += inst->payable;
    return audit_days(a, slot);
}

const char *audit_premium(struct audit *a, uint32_t region, uint32_t year)
{
    i128 payable = a->s->premium_payable[region * (uint64_t)PREMIUM_YEARS + year];
    if (payable < 0) return "premium payable below zero";
    a->sums[region].premium += payable;
    return NULL;
}

/* CLR(r) = sum of gross[r][.] - sum of gross[.][r]. */
const char *audit_gross(struct audit *a, uint32_t from, uint32_t to)
{
    i128 gross = a->s->gross[from * (uint64_t)GJ_REGIONS_MAX + to];
    if (gross < 0) return "gross below zero";
    if (from == to && gross != 0) return "gross of a region with itself";
    a->sums[from].clearing += gross;
    a->sums[to].clearing -= gross;
    return NULL;
}

static const char *compare_book(const struct book *book, const struct book *sums)
{
    if (book->personal != sums->personal) return "personal accounts add up to the book";
    if (book->wallet != sums->wallet) return "wallets add up to the book";
    if (book->institution != sums->institution) return "institutions add up to the book";
    if (book->premium != sums->premium) return "premiums add up to the book";
    if (book->clearing != sums->clearing) return "clearing equals gross out minus gross in";
    if (book->persons != sums->persons) return "number of persons";
    if (book->wallets != sums->wallets) return "number of wallets";
    i128 credit =
        book->personal + book->wallet + book->institution + book->premium + book->clearing;
    return book->fund == credit ? NULL : "the region's book balances";
}

/* Whether cross_region_pay PROVINCE allows a payment hangs on these numbers alone. */
static bool province_sound(const struct state *s, uint32_t region)
{
    const struct region *a = &s->regions[region];
    for (uint32_t r = region + 1; r < GJ_REGIONS_MAX; r++) {
        const struct region *b = &s->regions[r];
        if (b->version == 0) continue;
        bool same = a->data.province[0] != 0 &&
                    memcmp(a->data.province, b->data.province, sizeof(a->data.province)) == 0;
        if (same != (a->province == b->province)) return false;
    }
    return a->province != 0;
}

const char *audit_region(struct audit *a, uint32_t r)
{
    const struct region *region = &a->s->regions[r];
    if (region->version == 0) return NULL;
    a->regions++;
    if (r == 0) return "region 0 is set";
    if (region->next_version != 0 && region->next_version <= region->version) {
        return "scheduled policy is newer";
    }
    return province_sound(a->s, r) ? NULL : "one number for each province";
}

const char *audit_totals(const struct audit *a, const struct book *books,
                         struct audit_counts counts)
{
    if (a->regions != counts.regions) return "number of regions";
    /* No chain has an entry twice and none has one of others: so if the numbers agree, every entry
     * is in the chains it belongs to. */
    if (a->links != 0) return "every hold is in its persons' chains";
    if (a->families != counts.families) return "payer of another family";
    i128 clearing = 0;
    for (uint32_t r = 0; r < GJ_REGIONS_MAX; r++) {
        const char *broken = compare_book(&books[r], &a->sums[r]);
        if (broken != NULL) return broken;
        clearing += books[r].clearing;
    }
    return clearing == 0 ? NULL : "clearing nets to zero";
}

static const char *audit_holds(struct audit *a)
{
    const char *broken = holds_audit(&a->s->holds);
    for (uint32_t i = 0; broken == NULL && i < a->s->holds.high; i++) broken = audit_hold(a, i);
    for (uint32_t i = 0; broken == NULL && i < a->s->persons_count; i++) {
        broken = audit_chain(a, i);
    }
    return broken;
}

static const char *audit_accounts(struct audit *a)
{
    const struct state *s = a->s;
    const char *broken = NULL;
    for (uint32_t i = 0; broken == NULL && i < s->persons_count; i++) broken = audit_person(a, i);
    for (uint32_t i = 0; broken == NULL && i < s->families_count; i++) broken = audit_family(a, i);
    for (uint32_t i = 0; broken == NULL && i < s->institutions_count; i++) {
        broken = audit_institution(a, i);
    }
    return broken;
}

/* Rows of regions that are not set are not read: 16 MiB; if one had money, some clearing would not
 * add up. */
static const char *audit_amounts_between(struct audit *a)
{
    const char *broken = NULL;
    for (uint32_t r = 0; r < GJ_REGIONS_MAX; r++) {
        if (!region_set(a->s, (uint16_t)r)) continue;
        for (uint32_t y = 0; broken == NULL && y < PREMIUM_YEARS; y++) {
            broken = audit_premium(a, r, y);
        }
        for (uint32_t to = 0; broken == NULL && to < GJ_REGIONS_MAX; to++) {
            broken = audit_gross(a, r, to);
        }
    }
    return broken;
}

const char *audit_indexes(const struct state *s)
{
    if (s->persons_index.count != s->persons_count) return "person index";
    return s->institutions_index.count == s->institutions_count ? NULL : "institution index";
}

const char *state_audit(const struct state *s)
{
    struct book sums[GJ_REGIONS_MAX];
    memset(sums, 0, sizeof(sums));
    struct audit a = {.s = s, .seq = s->seq, .time_ms = s->time_ms, .sums = sums};
    const char *broken = NULL;
    for (uint32_t r = 0; broken == NULL && r < GJ_REGIONS_MAX; r++) broken = audit_region(&a, r);
    if (broken == NULL) broken = audit_indexes(s);
    /* First the chains: what follows walks them. */
    if (broken == NULL) broken = audit_holds(&a);
    if (broken == NULL && !rid_ahead_sound(&s->rids.ahead)) broken = "requests ahead of their time";
    if (broken == NULL) broken = audit_accounts(&a);
    if (broken == NULL) broken = audit_amounts_between(&a);
    if (broken != NULL) return broken;
    const struct audit_counts counts = {s->regions_count, s->families_count};
    return audit_totals(&a, s->books, counts);
}
