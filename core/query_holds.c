/* core/query_holds.c -- reads about one person's open holds and pending transfers: list_holds,
 * list_pending. */
#include "due.h"
#include "query.h"

static_assert(sizeof(struct gj_answer) + GJ_HOLDS_PAGE * sizeof(struct gj_hold_view) <=
                  GJ_READ_ANSWER_MAX,
              "a page fits");

/* The entries of one person that come after the cursor. */
struct selection {
    const struct hold *holds[GJ_PERSON_HOLDS_MAX];
    uint32_t count;
};

static bool after_cursor(const struct hold *hold, const struct gj_read *read)
{
    return hold->due_ms != read->after_due ? hold->due_ms > read->after_due
                                           : hold->seq > read->after_seq;
}

static void sift(struct selection *all, uint32_t at, uint32_t count)
{
    const struct hold *moved = all->holds[at];
    for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && hold_before(all->holds[child], all->holds[child + 1])) child++;
        if (!hold_before(moved, all->holds[child])) break;
        all->holds[at] = all->holds[child];
    }
    all->holds[at] = moved;
}

/* Heap sort: the order in the chain is that of arrival, and a client chooses the due times. */
static void sort(struct selection *all)
{
    for (uint32_t i = all->count / 2; i-- > 0;) sift(all, i, all->count);
    for (uint32_t end = all->count; end > 1; end--) {
        const struct hold *last = all->holds[0];
        all->holds[0] = all->holds[end - 1];
        all->holds[end - 1] = last;
        sift(all, 0, end - 1);
    }
}

static void select_type(const struct query_call *call, uint32_t slot, uint8_t type,
                        struct selection *all)
{
    all->count = 0;
    FOR_CHAIN(call->s, slot, entry)
    {
        const struct hold *hold = &call->s->holds.entries[entry];
        if (hold->type != type || hold->due_ms <= call->in->time_ms) continue;
        if (!after_cursor(hold, call->read)) continue;
        ASSERT(all->count < GJ_PERSON_HOLDS_MAX);
        all->holds[all->count++] = hold;
    }
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

static struct query_result list(const struct query_call *call, uint8_t type)
{
    uint32_t slot = person_find(call->s, call->read->id);
    if (slot == SLOT_NONE) return query_refused(GJ_PERSON_NOT_FOUND);
    struct selection all;
    select_type(call, slot, type, &all);
    sort(&all);

    uint32_t count = all.count < GJ_HOLDS_PAGE ? all.count : GJ_HOLDS_PAGE;
    struct gj_hold_view *views = call->payload;
    for (uint32_t i = 0; i < count; i++) views[i] = view_hold(call->s, all.holds[i]);
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
