/* core/commit/commit.c -- applies one record: the only way state ever changes. */
#include "core/commit/commit.h"

#include "core/commit/apply.h"
#include "core/format/op_traits.h"
#include "core/state/walk.h"

static void apply(struct state *s, const struct applied *a)
{
    switch ((enum gj_op_type)a->op->type) {
#define X(NAME, number, verb, min, max, is, function, ...)                                         \
    case GJ_OP_##NAME: commit_##function(s, a); return;
        GJ_OP_MAP(X)
#undef X
    }
    UNREACHABLE("operation type");
}

/* The second person, or NULL if the record touches none. */
static struct person *other_of(struct state *s, const struct applied *a)
{
    bool person = LIKELY(a->op->type == GJ_OP_TRANSFER)
                      ? a->effect->slot_other != SLOT_NONE
                      : record_other(a->record) == RECORD_OTHER_PERSON;
    if (!person) return NULL;
    struct person *other = &s->persons[a->effect->slot_other];
    /* Operations on an original find its second person by themselves. */
    ASSERT(op_is(a->op->type, GJ_OP_ORIGINAL) || other->id == a->op->other);
    return other;
}

/* The relative whose account is listed, or NULL. */
static struct person *relative_of(struct state *s, const struct applied *a, uint64_t *ret_prev)
{
    if ((a->effect->flags & EFFECT_SOURCES) == 0) return NULL;
    const struct gj_effect_sources *from = record_sources(a->record);
    *ret_prev = from->prev_relative;
    return from->slot_relative == SLOT_NONE ? NULL : &s->persons[from->slot_relative];
}

/* Chains the record to the persons it touches: the first one always, the others if it succeeded.
 * Two of them may be one person, so all chains are looked at before one is changed. */
static void touch(struct state *s, const struct applied *a)
{
    const struct gj_effect *effect = a->effect;
    uint64_t prev_relative = 0;
    struct person *first = effect->slot_first == SLOT_NONE ? NULL : &s->persons[effect->slot_first];
    struct person *other = other_of(s, a);
    struct person *relative = relative_of(s, a, &prev_relative);
    ASSERT(first == NULL || first->id == a->op->person);
    ASSERT(effect->prev_first == (first == NULL ? 0 : first->last_position));
    ASSERT(effect->prev_other == (other == NULL ? 0 : other->last_position));
    ASSERT(prev_relative == (relative == NULL ? 0 : relative->last_position));
    if (first != NULL) first->last_position = a->position;
    if (other != NULL) other->last_position = a->position;
    if (relative != NULL) relative->last_position = a->position;
}

static inline bool book_balances(const struct state *s, uint16_t region)
{
    const struct book *b = &s->books[region];
    return b->fund == b->personal + b->wallet + b->institution + b->premium + b->clearing;
}

/* Of all regions that the record names. */
static inline bool touched_books_balance(const struct state *s, const struct applied *a)
{
    const struct gj_effect *effect = a->effect;
    if (!book_balances(s, effect->region_source) || !book_balances(s, effect->region_target)) {
        return false;
    }
    if ((effect->flags & EFFECT_SOURCES) == 0) return true;
    const struct gj_effect_sources *from = record_sources(a->record);
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        if (!book_balances(s, from->region[i])) return false;
    }
    return true;
}

void commit(struct state *s, const void *record, uint64_t position, uint64_t time_ms)
{
    const struct gj_op *op = record_op(record);
    const struct gj_effect *effect = record_effect(record);
    ASSERT(effect->seq == s->seq + 1);
    ASSERT(time_ms >= s->time_ms);
    if (UNLIKELY(s->walking)) walk_before(s, record);
    if (UNLIKELY(time_ms != s->time_ms || s->seq == 0)) s->now = calendar_now(time_ms);
    s->seq = effect->seq;
    s->time_ms = time_ms;
    rid_window_advance(&s->rids, time_ms);
    const struct applied applied = {record, op, effect, position, time_ms};
    if (LIKELY(effect_executed(effect))) {
        apply(s, &applied);
    } else if (UNLIKELY(effect->code == GJ_OK_TOMBSTONED)) {
        commit_tombstone(s, &applied);
    }
    touch(s, &applied);
    VERIFY(touched_books_balance(s, &applied));
    /* The server's own records have no rid and are never asked for. */
    if (LIKELY(!op_is(op->type, GJ_OP_INTERNAL))) {
        rid_window_insert(&s->rids, op->person, &op->rid, position, time_ms);
    }
}
