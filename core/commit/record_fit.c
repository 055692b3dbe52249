/* core/commit/record_fit.c -- whether the tables of this state have room for what a record names.
 */
#include "core/commit/commit.h"
#include "core/format/op_traits.h"
#include "core/state/tables.h"

static enum record_fit sources_fit(const struct state *s, const struct gj_effect_sources *sources)
{
    if (sources->slot_relative == SLOT_NONE) return RECORD_FITS;
    if (sources->slot_relative >= s->config.persons_max) return RECORD_NEEDS_PERSONS;
    /* A draw of a relation that has ended needs no family. */
    bool family = sources->family_relative != SLOT_NONE || sources->member_index != MEMBER_NONE;
    if (family && sources->family_relative >= s->config.families_max) return RECORD_NEEDS_FAMILIES;
    return RECORD_FITS;
}

enum record_fit record_fits(const struct state *s, const void *record)
{
    const struct gj_op *op = record_op(record);
    const struct gj_effect *effect = record_effect(record);
    if (effect->slot_first != SLOT_NONE && effect->slot_first >= s->config.persons_max) {
        return RECORD_NEEDS_PERSONS;
    }
    enum record_other other = record_other(record);
    if (other == RECORD_OTHER_PERSON && effect->slot_other >= s->config.persons_max) {
        return RECORD_NEEDS_PERSONS;
    }
    if (other == RECORD_OTHER_INSTITUTION && effect->slot_other >= s->config.institutions_max) {
        return RECORD_NEEDS_INSTITUTIONS;
    }
    /* The others have days of undoing in place of a family. */
    if (op_is(op->type, GJ_OP_FAMILY) && effect->family != SLOT_NONE &&
        effect->family >= s->config.families_max) {
        return RECORD_NEEDS_FAMILIES;
    }
    if ((effect->flags & EFFECT_HOLD) && record_hold(record)->entry >= s->config.holds_max) {
        return RECORD_NEEDS_HOLDS;
    }
    return effect->flags & EFFECT_SOURCES ? sources_fit(s, record_sources(record)) : RECORD_FITS;
}
