/* core/decide/originals.c -- which earlier records an operation depends on, and which of those
 * handed in is which. */
#include "core/decide/originals.h"

#include "core/format/op_traits.h"

static bool is_original(const void *record, uint64_t person, const struct gj_rid *rid)
{
    const struct gj_op *op = record_op(record);
    return !op_is(op->type, GJ_OP_INTERNAL) && op->person == person && gj_rid_equal(&op->rid, rid);
}

static bool is_tombstone(const void *record, uint64_t person, const struct gj_rid *rid)
{
    const struct gj_op *op = record_op(record);
    return op->type == GJ_OP_REVERSE && record_effect(record)->code == GJ_OK_TOMBSTONED &&
           op->person == person && gj_rid_equal(record_original_rid(record), rid);
}

static bool amends(const void *record, uint64_t person, const struct gj_rid *rid)
{
    const struct gj_op *op = record_op(record);
    if (op->person != person || !record_executed(record)) return false;
    if (!op_is(op->type, GJ_OP_ORIGINAL)) return false;
    if (op_is(op->type, GJ_OP_UNDOES)) {
        return gj_rid_equal(record_original_rid(record), rid) ||
               gj_rid_equal(&record_original(record)->root, rid);
    }
    return (record_effect(record)->flags & EFFECT_ENDS) != 0 &&
           gj_rid_equal(record_original_rid(record), rid);
}

/* The newest that fits: positions only grow. */
static const struct fetched_record *find(const struct fetched_record *fetched, uint32_t count,
                                         bool (*fits)(const void *, uint64_t,
                                                      const struct gj_rid *),
                                         uint64_t person, const struct gj_rid *rid)
{
    const struct fetched_record *found = NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (!fits(fetched[i].record, person, rid)) continue;
        if (found == NULL || fetched[i].position > found->position) found = &fetched[i];
    }
    return found;
}

const struct fetched_record *original_find(const struct decide_input *in, uint64_t person,
                                           const struct gj_rid *rid)
{
    return find(in->fetched, in->fetched_count, is_original, person, rid);
}

const struct fetched_record *tombstone_find(const struct decide_input *in, uint64_t person,
                                            const struct gj_rid *rid)
{
    return find(in->fetched, in->fetched_count, is_tombstone, person, rid);
}

const struct fetched_record *amended_find(const struct decide_input *in, uint64_t person,
                                          const struct gj_rid *rid)
{
    return find(in->fetched, in->fetched_count, amends, person, rid);
}

/* Names the candidates of one key that are not named yet. */
static void add(const uint64_t *positions, uint32_t count, struct needs *ret)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = 0;
        while (at < ret->count && ret->positions[at] != positions[i]) at++;
        if (at < ret->count) continue;
        ASSERT(ret->count < NEEDS_MAX);
        ret->positions[ret->count++] = positions[i];
    }
}

static void add_original(const struct state *s, uint64_t person, const struct gj_rid *rid,
                         struct needs *ret)
{
    uint64_t positions[RID_CANDIDATES_MAX];
    add(positions, rid_window_find(&s->rids, person, rid, positions), ret);
}

static void add_amended(const struct state *s, uint64_t person, const struct gj_rid *rid,
                        struct needs *ret)
{
    uint64_t positions[RID_CANDIDATES_MAX];
    add(positions, rid_window_find_amended(&s->rids, person, rid, positions), ret);
}

/* A hold or pending transfer that is open is in memory: no record of it is needed. */
static bool is_open(const struct state *s, const struct gj_op *op, const struct gj_rid *rid)
{
    if (op_is(op->type, GJ_OP_UNDOES)) return false;
    return holds_find(&s->holds, op->person, rid) != HOLD_NONE;
}

static void needs_of_original(const struct state *s, const struct gj_op *op,
                              const struct gj_rid *rid, const struct fetched_record *known,
                              uint32_t known_count, struct needs *ret)
{
    if (is_open(s, op, rid)) return;
    add_original(s, op->person, rid, ret);
    add_amended(s, op->person, rid, ret);
    if (op->type != GJ_OP_REVERSE) return;
    /* What a refund gave back, the payment's next refund may take: it is amended too. */
    const struct fetched_record *refund = find(known, known_count, is_original, op->person, rid);
    if (refund != NULL && record_op(refund->record)->type == GJ_OP_REFUND) {
        add_amended(s, op->person, record_original_rid(refund->record), ret);
    }
}

void needs(const struct state *s, const struct gj_op *op, const struct fetched_record *known,
           uint32_t known_count, struct needs *ret)
{
    static_assert(NEEDS_MAX >= 4 * RID_CANDIDATES_MAX, "room for every candidate of four keys");
    ret->count = rid_window_find(&s->rids, op->person, &op->rid, ret->positions);
    /* Fields are not checked yet: an operation without its line is refused later. */
    const struct gj_rid *original = op_original(op);
    if (LIKELY(original == NULL) || op_is(op->type, GJ_OP_INTERNAL)) return;
    needs_of_original(s, op, original, known, known_count, ret);
}
