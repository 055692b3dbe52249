/* core/audit.c -- recounts the books from the accounts and checks what one state can show.
 *
 * Each check returns NULL or the name of what is broken; the first broken one ends the audit. Not
 * checked: used within quota and caps, because a policy or cap set later may be below what was used
 * under the one before. */
#include <string.h>

#include "tables.h"

static bool premium_marks_sound(const struct person_cold *cold)
{
    if (cold->premium_year != 0) return true;
    return (cold->premium_paid[0] | cold->premium_paid[1] | cold->premium_paid[2]) == 0;
}

static bool region_set(const struct state *s, uint16_t region)
{
    return region != 0 && region < GJ_REGIONS_MAX && s->regions[region].version != 0;
}

static const char *audit_person(const struct state *s, uint32_t slot)
{
    const struct person *p = &s->persons[slot];
    const struct person_cold *cold = &s->persons_cold[slot];
    if (p->id == 0 || person_find(s, p->id) != slot) return "person index";
    if (p->personal < 0 || p->personal > GJ_AMOUNT_MAX) return "personal account out of bounds";
    if (p->wallet < 0 || p->wallet > GJ_AMOUNT_MAX) return "wallet out of bounds";
    if (p->personal_held < 0 || p->personal_held > p->personal)
        return "held within personal account";
    if (p->wallet_held < 0 || p->wallet_held > p->wallet) return "held within wallet";
    bool has_wallet = (p->flags & PERSON_WALLET) != 0;
    if (!has_wallet && p->wallet != 0) return "money in a wallet not confirmed";
    if ((p->flags & PERSON_ACCOUNT) == 0 && p->personal != 0) return "money without an account";
    if (!region_set(s, p->insured_region)) return "insured region not set";
    if (has_wallet ? !region_set(s, p->use_region) : p->use_region != 0) return "region of use";
    if (cold->opening < 0 || cold->credits < 0 || cold->used < 0)
        return "yearly figures below zero";
    if (!premium_marks_sound(cold)) return "premium marks without a year";
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
    if (f->count > GJ_FAMILY_MEMBERS_MAX) return "more members than a family may have";
    if (f->payer >= s->persons_count) return "payer out of range";
    if (s->persons[f->payer].family != slot) return "payer of another family";
    for (unsigned i = 0; i < f->count; i++) {
        if (f->member[i] >= s->persons_count) return "member out of range";
        if (f->member[i] == f->payer) return "member to oneself";
        if (listed_before(f, i)) return "member bound twice";
        if (f->kind[i] < GJ_SPOUSE || f->kind[i] > GJ_MATERNAL_GRANDCHILD) return "relation kind";
        if (f->cap[i] < -1 || f->used[i] < 0) return "shared amount below zero";
    }
    return NULL;
}

/* Adds every account to the book it belongs to. */
static const char *recount(const struct state *s, struct book sums[GJ_REGIONS_MAX])
{
    const char *broken;
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
        sums[institution->region].institution += institution->payable;
    }
    for (uint32_t r = 0; r < GJ_REGIONS_MAX; r++) {
        for (uint32_t y = 0; y < PREMIUM_YEARS; y++) {
            i128 payable = s->premium_payable[r * PREMIUM_YEARS + y];
            if (payable < 0) return "premium payable below zero";
            sums[r].premium += payable;
        }
    }
    return NULL;
}

/* CLR(r) = sum of gross[r][.] - sum of gross[.][r]. */
static const char *recount_clearing(const struct state *s, struct book sums[GJ_REGIONS_MAX])
{
    for (uint32_t a = 0; a < GJ_REGIONS_MAX; a++) {
        for (uint32_t b = 0; b < GJ_REGIONS_MAX; b++) {
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
    }
    return count == s->regions_count ? NULL : "number of regions";
}

const char *state_audit(const struct state *s)
{
    struct book sums[GJ_REGIONS_MAX];
    memset(sums, 0, sizeof(sums));
    const char *broken = audit_regions(s);
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
