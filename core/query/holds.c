/* core/query/holds.c -- reads about one person's open holds and pending transfers: list_holds,
 * list_pending. */
#include "core/query/answer.h"
#include "core/state/due.h"

static_assert(sizeof(struct gj_answer) + GJ_HOLDS_PAGE * sizeof(struct gj_hold_view) <=
                  GJ_READ_ANSWER_MAX,
              "a page fits");

static bool after_cursor(const struct hold *hold, const struct gj_read *read)
{
    return hold->due_ms != read->after_due ? hold->due_ms > read->after_due
                                           : hold->seq > read->after_seq;
}

static struct gj_hold_view view_hold(const struct state *s, const struct hold *hold)
{
    struct gj_hold_view view = {
        .rid = hold->rid,
        .person = hold->person,
        .amount = hold->amount,
        .due_ms = hold->due_ms,
        .seq = hold->seq,
        .type = hold->type,
        .sources = hold->sources,
        .scenario = hold->scenario,
    };
    uint64_t other = hold->other == SLOT_NONE ? 0 : s->persons[hold->other].id;
    if (hold->type == GJ_OP_HOLD) {
        view.other = s->institutions[hold->institution].id;
        view.relative = other;
    } else {
        view.other = other;
    }
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) view.left[i] = hold->left[i];
    return view;
}

/* Each entry comes after the one before it, and the first after where the reader was: else going on
 * from the last one would leave some out or show them twice. */
static inline bool cursor_moves_on(const struct gj_read *read, const struct gj_hold_view *views,
                                   uint32_t count)
{
    uint64_t due_ms = read->after_due, seq = read->after_seq;
    for (uint32_t i = 0; i < count; i++) {
        bool after = views[i].due_ms != due_ms ? views[i].due_ms > due_ms : views[i].seq > seq;
        if (!after) return false;
        due_ms = views[i].due_ms;
        seq = views[i].seq;
    }
    return true;
}

/* The chain is in the order of the answer. */
static struct query_result list(const struct query_call *call, uint8_t type)
{
    uint32_t slot = person_find(call->s, call->read->id);
    if (slot == SLOT_NONE) return query_refused(GJ_PERSON_NOT_FOUND);
    struct gj_hold_view *views = call->payload;
    uint32_t count = 0;
    FOR_CHAIN(call->s, slot, entry)
    {
        const struct hold *hold = &call->s->holds.entries[entry];
        *call->cost += COST_LINE + COST_NEAR;
        if (hold->type != type || hold->due_ms <= call->in->time_ms) continue;
        if (!after_cursor(hold, call->read)) continue;
        views[count++] = view_hold(call->s, hold);
        *call->cost += 2 * COST_LINE; /* the other person, the institution */
        if (count == GJ_HOLDS_PAGE) break;
    }
    VERIFY(cursor_moves_on(call->read, views, count));
    call->answer->count = (uint16_t)count;
    return query_done(count * sizeof(*views));
}

struct query_result query_holds(const struct query_call *call)
{
    return list(call, GJ_OP_HOLD);
}

struct query_result query_pending(const struct query_call *call)
{
    return list(call, GJ_OP_TRANSFER);
}
