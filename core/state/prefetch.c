/* core/state/prefetch.c -- what an operation or a record will touch, fetched ahead of it. */
#include "core/state/prefetch.h"

#include "core/format/op_traits.h"
#include "core/state/tables.h"

#define LINE 64u

/* The person besides the first whose record the operation reads, 0 if there is none. */
static uint64_t second_person(const struct gj_op *op)
{
    if (op_is(op->type, GJ_OP_SECOND)) return op_is(op->type, GJ_OP_ORIGINAL) ? 0 : op->other;
    if (!op_is(op->type, GJ_OP_SOURCES) || op->ext_count != 1) return 0;
    return ((const struct gj_pay_ext *)(const void *)(op + 1))->relative;
}

/* Where the original is found, and what amended it. */
static void prefetch_original(const struct state *s, uint64_t person, const struct gj_rid *rid)
{
    rid_window_prefetch(&s->rids, person, rid);
    rid_window_prefetch(&s->rids, amended_key(person), rid);
}

void prefetch_index(const struct state *s, const struct gj_op *op, struct op_hint *hint)
{
    uint64_t second = second_person(op);
    hint->slot_first = hint->slot_second = SLOT_NONE;
    hint->hash_first = index_prefetch_bucket(&s->persons_index, op->person);
    if (second != 0) hint->hash_second = index_prefetch_bucket(&s->persons_index, second);
    rid_window_prefetch(&s->rids, op->person, &op->rid);
    const struct gj_rid *original = op_original(op);
    if (original != NULL) prefetch_original(s, op->person, original);
}

void prefetch_records(const struct state *s, const struct gj_op *op, struct op_hint *hint)
{
    /* Money that stays within wallets touches no yearly figures. */
    bool own_wallet = op->type == GJ_OP_TRANSFER && op->kind == GJ_SOURCE_WALLET;
    hint->slot_first = index_prefetch_record(&s->persons_index, hint->hash_first);
    if (!own_wallet && hint->slot_first != SLOT_NONE) {
        PREFETCH_WRITE(&s->persons_cold[hint->slot_first]);
    }
    if (second_person(op) != 0) {
        hint->slot_second = index_prefetch_record(&s->persons_index, hint->hash_second);
        if (op->type != GJ_OP_TRANSFER && hint->slot_second != SLOT_NONE) {
            PREFETCH_WRITE(&s->persons_cold[hint->slot_second]);
        }
    }
    if (op_is(op->type, GJ_OP_INSTITUTION | GJ_OP_OTHER)) {
        /* Few and often used: index and record are most often in cache, so one stage is enough. */
        uint64_t hash = index_prefetch_bucket(&s->institutions_index, op->other);
        (void)index_prefetch_record(&s->institutions_index, hash);
    }
}

/* The slot of the family record of the person in `slot`, SLOT_NONE if there is none. */
static uint32_t family_of(const struct state *s, uint32_t slot)
{
    return slot >= s->persons_count ? SLOT_NONE : s->persons[slot].family;
}

static void prefetch_family(const struct state *s, uint32_t slot, bool with_amounts)
{
    if (slot == SLOT_NONE) return;
    const uint8_t *family = (const uint8_t *)&s->families[slot];
    PREFETCH(family);
    if (!with_amounts) return;
    PREFETCH_WRITE(family + LINE);
    PREFETCH_WRITE(family + 2 * LINE);
}

/* What one region owes another is one line of 16 MiB: the miss of a transfer that crosses regions.
 */
static void prefetch_gross(const struct state *s, const struct gj_op *op,
                           const struct op_hint *hint)
{
    if (hint->slot_first >= s->persons_count || hint->slot_second >= s->persons_count) return;
    const struct person *payer = &s->persons[hint->slot_first];
    uint32_t from = op->kind == GJ_SOURCE_WALLET ? payer->use_region : payer->insured_region;
    uint32_t to = s->persons[hint->slot_second].use_region;
    PREFETCH_WRITE(&s->gross[from * GJ_REGIONS_MAX + to]);
}

void prefetch_families(const struct state *s, const struct gj_op *op, const struct op_hint *hint)
{
    if (LIKELY(op->type == GJ_OP_TRANSFER)) prefetch_gross(s, op, hint);
    bool binding = op_is(op->type, GJ_OP_FAMILY);
    if (op->type == GJ_OP_TRANSFER || op->type == GJ_OP_PAY_PREMIUM || binding) {
        uint32_t family = family_of(s, hint->slot_first);
        /* Somebody who bound nobody pays over the relation of the one who bound him. */
        if (family == SLOT_NONE && !binding) family = family_of(s, hint->slot_second);
        prefetch_family(s, family, binding);
    }
    if (op_is(op->type, GJ_OP_SOURCES)) prefetch_family(s, family_of(s, hint->slot_second), true);
}

void prefetch_redo(const struct state *s, const void *record)
{
    const struct gj_op *op = record_op(record);
    const struct gj_effect *effect = record_effect(record);
    rid_window_prefetch(&s->rids, op->person, &op->rid);
    const struct gj_rid *original = op_original(op);
    if (original != NULL) prefetch_original(s, op->person, original);
    /* A slot beyond the capacity is refused later; here it is only an address nobody reads. */
    if (effect->slot_first < s->config.persons_max) {
        PREFETCH_WRITE(&s->persons[effect->slot_first]);
        PREFETCH_WRITE(&s->persons_cold[effect->slot_first]);
    }
    if (record_other(record) == RECORD_OTHER_PERSON && effect->slot_other < s->config.persons_max) {
        PREFETCH_WRITE(&s->persons[effect->slot_other]);
    }
}
