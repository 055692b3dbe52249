/* core/state/audit.c -- recounts the books from the accounts and checks what one state can show.
 *
 * Each check returns NULL or the name of what is broken; the first broken one ends the audit. Not
 * checked: used within quota and caps, because a policy or cap set later may be below what was used
 * under the one before. */
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

static bool year_ahead(const struct state *s, uint16_t year)
{
    return year > calendar_year(calendar_day(s->time_ms));
}

static const char *audit_year(const struct state *s, uint32_t slot)
{
    const struct person *p = &s->persons[slot];
    const struct person_cold *cold = &s->persons_cold[slot];
    if (cold->opening < 0 || cold->credits < 0 || cold->used < 0)
        return "yearly figures below zero";
    if (!premium_marks_sound(cold)) return "premium marks without a year";
    if (year_ahead(s, cold->year) || year_ahead(s, cold->premium_year) ||
        p->transfer_day > calendar_day(s->time_ms)) {
        return "figures of a time to come";
    }
    return NULL;
}

static const char *audit_person(const struct state *s, uint32_t slot)
{
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
    const char *broken = audit_year(s, slot);
    if (broken != NULL) return broken;
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

static const char *audit_family(const struct state *s, uint32_t slot)
{
    const struct family *f = &s->families[slot];
    if (f->count + f->kept > GJ_FAMILY_MEMBERS_MAX) return "more members than a family may have";
    if (f->payer >= s->persons_count) return "payer out of range";
    if (s->persons[f->payer].family != slot) return "payer of another family";
    if (year_ahead(s, f->year) || year_ahead(s, f->changes_year))
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
        if (f->since[i] == 0 || f->since[i] > s->seq) return "relation of a time to come";
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

static const char *audit_days(const struct state *s, uint32_t slot)
{
    const struct institution_day *days = &s->days[slot * (uint64_t)GJ_INSTITUTION_DAYS];
    for (uint32_t i = 0; i < GJ_INSTITUTION_DAYS; i++) {
        const struct institution_day *day = &days[i];
        if (day->credits < (i128)day->credit_count || day->debits < (i128)day->debit_count) {
            return "lines of an institution's day";
        }
        if (day->day == 0) continue;
        if (day->day % GJ_INSTITUTION_DAYS != i || day->day > calendar_day(s->time_ms)) {
            return "place of an institution's day";
        }
    }
    return NULL;
}

/* Adds every account to the book it belongs to. */
static const char *recount(const struct state *s, struct book sums[GJ_REGIONS_MAX])
{
    const char *broken;
    if (s->persons_index.count != s->persons_count) return "person index";
    if (s->institutions_index.count != s->institutions_count) return "institution index";
    for (uint32_t i = 0; i < s->persons_count; i++) {
        if ((broken = audit_person(s, i)) != NULL) return broken;
        const struct person *p = &s->persons[i];
        sums[p->insured_region].personal += p->personal;
        sums[p->insured_region].persons++;
        if ((p->flags & PERSON_WALLET) == 0) continue;
        sums[p->use_region].wallet += p->wallet;
        sums[p->use_region].wallets++;
    }
    for (uint32_t i = 0; i < s->families_count; i++) {
        if ((broken = audit_family(s, i)) != NULL) return broken;
    }
    for (uint32_t i = 0; i < s->institutions_count; i++) {
        const struct institution *institution = &s->institutions[i];
        if (institution_find(s, institution->id) != i) return "institution index";
        if (!region_set(s, institution->region)) return "institution's region not set";
        if ((broken = audit_days(s, i)) != NULL) return broken;
        sums[institution->region].institution += institution->payable;
    }
    for (uint32_t r = 0; r < GJ_REGIONS_MAX; r++) {
        for (uint32_t y = 0; y < PREMIUM_YEARS && region_set(s, (uint16_t)r); y++) {
            i128 payable = s->premium_payable[r * PREMIUM_YEARS + y];
            if (payable < 0) return "premium payable below zero";
            sums[r].premium += payable;
        }
    }
    return NULL;
}

/* CLR(r) = sum of gross[r][.] - sum of gross[.][r]. Rows of regions that are not set are not read:
 * 16 MiB; if one had money, some clearing would not add up. */
static const char *recount_clearing(const struct state *s, struct book sums[GJ_REGIONS_MAX])
{
    for (uint32_t a = 0; a < GJ_REGIONS_MAX; a++) {
        for (uint32_t b = 0; b < GJ_REGIONS_MAX && region_set(s, (uint16_t)a); b++) {
            i128 gross = s->gross[a * GJ_REGIONS_MAX + b];
            if (gross < 0) return "gross below zero";
            if (a == b && gross != 0) return "gross of a region with itself";
            sums[a].clearing += gross;
            sums[b].clearing -= gross;
        }
    }
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

static const char *audit_regions(const struct state *s)
{
    uint32_t count = 0;
    for (uint32_t r = 0; r < GJ_REGIONS_MAX; r++) {
        const struct region *region = &s->regions[r];
        if (region->version == 0) continue;
        count++;
        if (r == 0) return "region 0 is set";
        if (region->next_version != 0 && region->next_version <= region->version) {
            return "scheduled policy is newer";
        }
        if (!province_sound(s, r)) return "one number for each province";
    }
    return count == s->regions_count ? NULL : "number of regions";
}

const char *state_audit(const struct state *s)
{
    struct book sums[GJ_REGIONS_MAX];
    memset(sums, 0, sizeof(sums));
    const char *broken = audit_regions(s);
    /* First the chains: the recount walks them. */
    if (broken == NULL) broken = audit_holds(s);
    if (broken == NULL && !rid_ahead_sound(&s->rids.ahead)) broken = "requests ahead of their time";
    if (broken == NULL) broken = recount(s, sums);
    if (broken == NULL) broken = recount_clearing(s, sums);
    i128 clearing = 0;
    for (uint32_t r = 0; broken == NULL && r < GJ_REGIONS_MAX; r++) {
        broken = compare_book(&s->books[r], &sums[r]);
        clearing += s->books[r].clearing;
    }
    if (broken == NULL && clearing != 0) broken = "clearing nets to zero";
    return broken;
}
