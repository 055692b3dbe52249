/* cli/model/model_book.c -- the model's accounts and books, and what counts to quota and cap. */
#include "cli/model/model.h"

void model_across(struct model *m, uint16_t from, uint16_t to, int64_t amount)
{
    if (from == to) return;
    m->regions[from].clearing += amount;
    m->regions[to].clearing -= amount;
    m->gross[from][to] += amount;
}

const struct model_request *model_listing(const struct model *m, const struct model_request *r)
{
    while (r->op.type == GJ_OP_CAPTURE || r->op.type == GJ_OP_REFUND) r = &m->requests[r->root];
    return r;
}

uint8_t model_source(const struct model *m, const struct model_request *r, unsigned i)
{
    r = model_listing(m, r);
    if (r->op.type == GJ_OP_DEPOSIT) return i == 0 ? GJ_SOURCE_PERSONAL : 0;
    if (i >= GJ_SOURCES_MAX) return 0;
    return (uint8_t)(r->op.kind >> (2 * i) & 3);
}

struct model_person *model_owner(struct model *m, const struct model_request *r, unsigned i)
{
    r = model_listing(m, r);
    uint8_t source = model_source(m, r, i);
    if (source == 0) return NULL;
    if (source != GJ_SOURCE_RELATIVE) return model_find_person(m, r->op.person);
    return model_find_person(m, ((const struct gj_pay_ext *)r->ext)->relative);
}

int64_t model_posted(const struct model_person *p, uint8_t source)
{
    return source == GJ_SOURCE_WALLET ? p->wallet : p->personal;
}

/* The account's own source: a relative's is that relative's personal account. */
static bool same_account(uint8_t a, uint8_t b)
{
    return (a == GJ_SOURCE_WALLET) == (b == GJ_SOURCE_WALLET);
}

int64_t model_held(const struct model *m, const struct model_person *p, uint8_t source)
{
    int64_t held = 0;
    for (uint32_t at = 0; at < m->open_count; at++) {
        const struct model_request *r = &m->requests[m->open[at]];
        for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
            if (r->left[i] == 0) continue;
            uint8_t listed = r->op.kind >> (2 * i) & 3;
            uint64_t owner = listed == GJ_SOURCE_RELATIVE
                                 ? ((const struct gj_pay_ext *)r->ext)->relative
                                 : r->op.person;
            if (owner == p->id && same_account(listed, source)) held += r->left[i];
        }
    }
    return held;
}

int64_t model_available(const struct model *m, const struct model_person *p, uint8_t source)
{
    return model_posted(p, source) - model_held(m, p, source);
}

uint16_t model_book(const struct model_person *p, uint8_t source)
{
    return source == GJ_SOURCE_WALLET ? p->use_region : p->region;
}

void model_post(struct model *m, struct model_person *p, uint8_t source, int64_t amount)
{
    if (source == GJ_SOURCE_WALLET) {
        p->wallet += amount;
        m->regions[p->use_region].wallet += amount;
    } else {
        p->personal += amount;
        m->regions[p->region].personal += amount;
    }
}

void model_post_institution(struct model *m, struct model_institution *i, int64_t amount)
{
    i->payable += amount;
    m->regions[i->region].institution += amount;
}

void model_count_institution(struct model *m, const struct model_institution *i, int64_t total)
{
    struct model_institution_day *day = NULL;
    for (uint32_t at = 0; at < m->day_count; at++) {
        if (m->days[at].id == i->id && m->days[at].day == m->day) day = &m->days[at];
    }
    if (day == NULL) {
        day = &m->days[m->day_count++];
        *day = (struct model_institution_day){.id = i->id, .day = m->day};
    }
    if (total > 0) {
        day->credit_count++;
        day->credits += total;
    } else {
        day->debit_count++;
        day->debits -= total;
    }
}

/* Own care and one's own premium never count, nor does wallet money. */
static bool counts(const struct model_request *listing, uint8_t source)
{
    if (source == GJ_SOURCE_RELATIVE) return true;
    if (source != GJ_SOURCE_PERSONAL) return false;
    if (listing->op.type == GJ_OP_TRANSFER) return true;
    return listing->op.type == GJ_OP_PAY_PREMIUM && listing->op.other != listing->op.person;
}

void model_count_used(struct model *m, const struct model_request *r, unsigned i, int64_t amount)
{
    const struct model_request *listing = model_listing(m, r);
    uint8_t source = model_source(m, listing, i);
    if (!counts(listing, source) || listing->quota_year != m->year) return;
    model_owner(m, listing, i)->used += amount;
    if (source != GJ_SOURCE_RELATIVE) return;
    for (uint32_t at = 0; at < m->relation_count; at++) {
        if (m->relations[at].number == listing->relation) m->relations[at].used += amount;
    }
    for (uint32_t at = 0; at < m->kept_count; at++) {
        if (m->kept[at].number == listing->relation) m->kept[at].used += amount;
    }
}
