/* core/query/person.c -- reads about one person and one request: get_person, get_op, dry_run. */
#include <string.h>

#include "core/base/calendar.h"
#include "core/decide/originals.h"
#include "core/query/answer.h"
#include "core/state/due.h"
#include "core/state/quota.h"

static uint8_t view_flags(const struct person *person)
{
    unsigned flags = 0;
    if ((person->flags & PERSON_WALLET) != 0) flags |= GJ_PERSON_WALLET;
    if ((person->flags & PERSON_SPECIAL) != 0) flags |= GJ_PERSON_SPECIAL;
    if ((person->flags & PERSON_CLOSED) != 0) flags |= GJ_PERSON_CLOSED;
    if ((person->flags & PERSON_ACCOUNT) != 0) flags |= GJ_PERSON_ACCOUNT;
    if ((person->flags & PERSON_OVERDUE) != 0) flags |= GJ_PERSON_OVERDUE;
    return (uint8_t)flags;
}

static void view_year(const struct state *s, uint32_t slot, struct gj_person_view *view)
{
    struct year_view stats = person_year(s, slot, view->year);
    view->opening = stats.opening;
    view->credits = stats.credits;
    view->used = stats.used;
}

static void view_members(const struct state *s, const struct family *family,
                         struct gj_person_view *view)
{
    view->member_count = family->count;
    for (unsigned i = 0; i < family->count; i++) {
        view->members[i] = (struct gj_member_view){
            .id = s->persons[family->member[i]].id,
            .kind = family->kind[i],
            .cap = family->cap[i],
            .used = family->year == view->year ? family->used[i] : 0,
        };
    }
}

/* Takes a hold or transfer that is due out of what is held and counted. */
static void view_due(const struct hold *hold, uint32_t slot, struct gj_person_view *view)
{
    view->personal_held -= hold_of(hold, slot, GJ_SOURCE_PERSONAL);
    view->wallet_held -= hold_of(hold, slot, GJ_SOURCE_WALLET);
    int64_t counted = hold->quota_year == view->year ? hold_quota(hold, slot) : 0;
    view->used -= counted;
    if (hold->type != GJ_OP_HOLD) return;
    /* An open draw is always of the relation as it is: it cannot be unbound before. */
    for (unsigned i = 0; i < view->member_count; i++) {
        if (view->members[i].id == hold->person) view->members[i].used -= counted;
    }
}

/* One walk along the person's chain. */
static void view_holds(const struct query_call *call, uint32_t slot, struct gj_person_view *view)
{
    /* The quota goes along it once more. */
    *call->cost += call->s->persons_cold[slot].holds_count * COST_CHAIN;
    FOR_CHAIN(call->s, slot, entry)
    {
        const struct hold *hold = &call->s->holds.entries[entry];
        if (hold->due_ms <= call->in->time_ms)
            view_due(hold, slot, view);
        else if (hold->type == GJ_OP_HOLD)
            view->holds++;
        else if (hold->first == slot)
            view->pendings_out++;
        else
            view->pendings_in++;
    }
}

static void view_quota(const struct query_call *call, uint32_t slot, struct gj_person_view *view)
{
    const struct gj_policy *policy =
        region_policy(call->s, view->insured_region, call->in->time_ms);
    ASSERT(policy != NULL);
    view->quota = person_quota(call->s, slot, view->year, policy);
    view->quota_left = view->quota;
    /* A policy set later may be below what was used before. */
    if (view->quota >= 0) {
        view->quota_left = view->quota > view->used ? view->quota - view->used : 0;
    }
}

struct query_result query_person(const struct query_call *call)
{
    const struct state *s = call->s;
    uint32_t slot = person_find(s, call->read->id);
    if (slot == SLOT_NONE) return query_refused(GJ_PERSON_NOT_FOUND);
    const struct person *person = &s->persons[slot];
    const struct person_cold *cold = &s->persons_cold[slot];

    struct gj_person_view *view = call->payload;
    *view = (struct gj_person_view){
        .id = person->id,
        .personal = person->personal,
        .personal_held = person->personal_held,
        .wallet = person->wallet,
        .wallet_held = person->wallet_held,
        .last_position = person->last_position,
        .phone_hash = cold->phone_hash,
        .insured_region = person->insured_region,
        .use_region = person->use_region,
        .insurance =
            (person->flags & PERSON_RESIDENT) != 0 ? GJ_INSURANCE_RESIDENT : GJ_INSURANCE_EMPLOYEE,
        .status = (person->flags & PERSON_STOPPED) != 0 ? GJ_STATUS_STOPPED : GJ_STATUS_ACTIVE,
        .flags = view_flags(person),
        .suspended = (uint8_t)(person->flags >> PERSON_SUSPEND_SHIFT & GJ_USE_ALL),
        .year = calendar_year(calendar_day(call->in->time_ms)),
        .changed_on = cold->changed_on,
        .premium_year = cold->premium_year,
    };
    memcpy(view->premium_paid, cold->premium_paid, sizeof(view->premium_paid));
    view_year(s, slot, view);
    if (person->family != SLOT_NONE) view_members(s, &s->families[person->family], view);
    view_holds(call, slot, view);
    view_quota(call, slot, view);
    return query_done(sizeof(*view));
}

/* No record of (person, rid) itself: it was reversed before it arrived, is forgotten, or unknown.
 */
static void view_missing(const struct query_call *call, struct gj_op_view *view)
{
    const struct fetched_record *reverse =
        tombstone_find(call->in, call->read->id, &call->read->rid);
    if (reverse != NULL) {
        view->state = GJ_OP_STATE_TOMBSTONED;
        view->position = reverse->position;
    } else if (rid_time_ms(&call->read->rid) < state_rid_low_water_ms(call->s)) {
        view->state = GJ_OP_STATE_EXPIRED;
    } else {
        view->state = GJ_OP_STATE_NOT_EXECUTED;
    }
}

struct query_result query_op(const struct query_call *call)
{
    static const struct gj_rid zero;
    const struct gj_rid *rid = &call->read->rid;
    if (memcmp(rid, &zero, sizeof(zero)) == 0) return query_refused(GJ_RID_ZERO);

    struct gj_op_view *view = call->payload;
    const struct fetched_record *found = original_find(call->in, call->read->id, rid);
    if (found == NULL) {
        view_missing(call, view);
        return query_done(sizeof(*view));
    }
    record_reply(found->record, &view->reply, &view->sources);
    view->state = gj_code_ok(view->reply.code) ? GJ_OP_STATE_EXECUTED : GJ_OP_STATE_REFUSED;
    view->position = found->position;
    view->op = *record_op(found->record);
    return query_done(sizeof(*view));
}

const struct gj_op *query_dry_run_op(const struct gj_read *read)
{
    if (read->ext_count == 0) return NULL;
    const struct gj_op *op = (const struct gj_op *)(const void *)(read + 1);
    return read->ext_count == 1u + op->ext_count ? op : NULL;
}

struct query_result query_dry_run(const struct query_call *call)
{
    const struct gj_op *op = query_dry_run_op(call->read);
    if (op == NULL) return query_refused(GJ_BAD_FIELD);
    struct decide_input in = *call->in;
    in.seq = call->s->seq + 1;
    in.dry_run = true;

    _Alignas(64) uint8_t scratch[GJ_RECORD_SIZE_MAX];
    struct decision decision;
    decide(call->s, op, &in, scratch, &decision);
    *call->cost += decision.cost;
    struct gj_dry_run_view *view = call->payload;
    view->reply = decision.reply;
    if ((decision.reply.flags & GJ_REPLY_SOURCES) != 0) view->sources = decision.sources;
    /* Nothing will have this number on account of this read. */
    if (decision.kind == DECISION_RECORD) view->reply.seq = 0;
    return query_done(sizeof(*view));
}
