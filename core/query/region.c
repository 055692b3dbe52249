/* core/query/region.c -- reads about regions and institutions. */
#include <string.h>

#include "core/base/calendar.h"
#include "core/query/answer.h"

/* The region whose names are those of the key, or 0. Names are zero-padded, so they compare as
 * bytes. */
static uint16_t region_by_name(const struct state *s, const struct gj_region_key *key)
{
    for (uint16_t r = 1; r < GJ_REGIONS_MAX; r++) {
        const struct region *region = &s->regions[r];
        if (region->version != 0 && memcmp(region->data.name, key->name, sizeof(key->name)) == 0 &&
            memcmp(region->data.province, key->province, sizeof(key->province)) == 0) {
            return r;
        }
    }
    return 0;
}

static bool region_known(const struct state *s, uint16_t region)
{
    return region < GJ_REGIONS_MAX && s->regions[region].version != 0;
}

struct query_result query_region(const struct query_call *call)
{
    static const uint8_t zero[16];
    const struct state *s = call->s;
    uint16_t id = call->read->region;
    /* Either an id or a key, not both and not half a key. */
    if (id != 0 ? call->read->ext_count != 0 : call->read->ext_count != 2) {
        return query_refused(GJ_BAD_FIELD);
    }
    if (id == 0) {
        const struct gj_region_key *key = (const void *)(call->read + 1);
        if (memcmp(key->reserved, zero, sizeof(key->reserved)) != 0) {
            return query_refused(GJ_RESERVED_NONZERO);
        }
        id = region_by_name(s, key);
        *call->cost += GJ_REGIONS_MAX * 2 * COST_NEAR;
    }
    if (id == 0 || !region_known(s, id)) return query_refused(GJ_REGION_NOT_FOUND);

    const struct region *region = &s->regions[id];
    const struct gj_policy *policy = region_policy(s, id, call->in->time_ms);
    struct gj_region_view *view = call->payload;
    view->id = id;
    view->version = region_policy_version(s, id, call->in->time_ms);
    view->current = region->data;
    view->current.policy = *policy;
    if (region->next_version != 0 && policy != &region->next) {
        view->scheduled = 1;
        view->scheduled_version = region->next_version;
        view->scheduled_from_ms = region->next_from_ms;
        view->next = region->next;
    }
    return query_done(sizeof(*view));
}

struct query_result query_totals(const struct query_call *call)
{
    if (!region_known(call->s, call->read->region)) return query_refused(GJ_REGION_NOT_FOUND);
    const struct book *book = &call->s->books[call->read->region];
    struct gj_totals_view *view = call->payload;
    *view = (struct gj_totals_view){
        .fund = query_fen128(book->fund),
        .personal = query_fen128(book->personal),
        .wallet = query_fen128(book->wallet),
        .institution = query_fen128(book->institution),
        .premium = query_fen128(book->premium),
        .clearing = query_fen128(book->clearing),
        .persons = book->persons,
        .wallets = book->wallets,
    };
    return query_done(sizeof(*view));
}

struct query_result query_netting(const struct query_call *call)
{
    static_assert(GJ_READ_ANSWER_MAX >=
                      sizeof(struct gj_answer) + GJ_REGIONS_MAX * sizeof(struct gj_netting_entry),
                  "a full row fits");
    uint32_t row = call->read->region;
    if (!region_known(call->s, call->read->region)) return query_refused(GJ_REGION_NOT_FOUND);
    const i128 *gross = call->s->gross;
    struct gj_netting_entry *entries = call->payload;
    uint16_t count = 0;
    for (uint32_t other = 1; other < GJ_REGIONS_MAX; other++) {
        i128 out = gross[row * GJ_REGIONS_MAX + other];
        i128 in = gross[other * GJ_REGIONS_MAX + row];
        if (out == 0 && in == 0) continue;
        entries[count++] = (struct gj_netting_entry){
            .region = (uint16_t)other,
            .out = query_fen128(out),
            .in = query_fen128(in),
        };
    }
    call->answer->count = count;
    return query_done(count * sizeof(*entries));
}

static struct gj_institution_view view_institution(const struct institution *institution)
{
    struct gj_institution_view view = {
        .id = institution->id,
        .payable = query_fen128(institution->payable),
        .region = institution->region,
        .type = institution->type,
        .scenarios = institution->scenarios,
        .flags = institution->flags,
    };
    memcpy(view.code, institution->code, sizeof(view.code));
    return view;
}

struct query_result query_institution(const struct query_call *call)
{
    uint32_t slot = institution_find(call->s, call->read->id);
    if (slot == SLOT_NONE) return query_refused(GJ_INST_NOT_FOUND);
    struct gj_institution_view view = view_institution(&call->s->institutions[slot]);
    memcpy(call->payload, &view, sizeof(view));
    return query_done(sizeof(view));
}

struct query_result query_institutions(const struct query_call *call)
{
    const struct state *s = call->s;
    if (!region_known(s, call->read->region)) return query_refused(GJ_REGION_NOT_FOUND);
    uint32_t next = s->regions[call->read->region].institution_first;
    if (call->read->id != 0) {
        uint32_t slot = institution_find(s, call->read->id);
        if (slot == SLOT_NONE || s->institutions[slot].region != call->read->region) {
            return query_refused(GJ_INST_NOT_FOUND);
        }
        next = s->institutions[slot].next;
    }
    struct gj_institution_view *views = call->payload;
    const uint32_t room =
        (GJ_READ_ANSWER_MAX - (uint32_t)sizeof(struct gj_answer)) / sizeof(*views);
    uint32_t count = 0;
    for (; next != 0 && count < room; next = s->institutions[next - 1].next) {
        views[count++] = view_institution(&s->institutions[next - 1]);
        *call->cost += COST_LINE + COST_NEAR;
    }
    call->answer->count = (uint16_t)count;
    return query_done(count * sizeof(*views));
}

struct query_result query_institution_day(const struct query_call *call)
{
    const struct state *s = call->s;
    uint32_t day = call->read->day, today = calendar_day(call->in->time_ms);
    if (day > today || today - day >= GJ_INSTITUTION_DAYS) return query_refused(GJ_BAD_FIELD);
    uint32_t slot = institution_find(s, call->read->id);
    if (slot == SLOT_NONE) return query_refused(GJ_INST_NOT_FOUND);

    const struct institution_day *sums =
        &s->days[slot * (uint64_t)GJ_INSTITUTION_DAYS + day % GJ_INSTITUTION_DAYS];
    struct gj_institution_day_view *view = call->payload;
    *view = (struct gj_institution_day_view){.id = call->read->id, .day = call->read->day};
    /* Else it is still of eight or more days before: nothing was posted on this one. */
    if (sums->day == day) {
        view->credit_count = sums->credit_count;
        view->debit_count = sums->debit_count;
        view->credits = query_fen128(sums->credits);
        view->debits = query_fen128(sums->debits);
    }
    return query_done(sizeof(*view));
}
