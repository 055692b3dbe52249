/* core/decide/expire.c -- the end of holds and pending transfers without a posting, and the record
 * the server writes by itself when one falls due. */
#include <string.h>

#include "core/decide/hold.h"

void end_hold(const struct state *s, const struct hold *hold, uint32_t entry,
              struct gj_effect *effect)
{
    struct gj_effect_sources *sources = (struct gj_effect_sources *)(effect + 1);
    int64_t freed = 0;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) freed += hold->left[i];
    if (hold->type == GJ_OP_HOLD) {
        hold_sources(s, hold, effect, sources);
        memcpy(sources->taken, hold->left, sizeof(sources->taken));
    } else {
        const struct person *payer = &s->persons[hold->first];
        enum gj_source source = (enum gj_source)hold->sources;
        effect->slot_other = hold->other;
        effect->prev_other = s->persons[hold->other].last_position;
        effect->region_source = source_region(payer, source);
        effect->balance = posted(payer, source);
    }
    amend_hold(effect, hold, entry, freed,
               (struct gj_effect_hold *)(effect + effect_last_line(effect)));
    effect->flags |= EFFECT_ENDS;
}

uint32_t write_expiry(const struct state *s, uint32_t entry, const struct decide_input *in,
                      void *record)
{
    const struct hold *hold = &s->holds.entries[entry];
    const struct person *first = &s->persons[hold->first];
    struct gj_op *op = record;
    struct gj_original_ext *ext = (struct gj_original_ext *)(void *)(op + 1);
    struct gj_effect *effect = (struct gj_effect *)(void *)(ext + 1);
    *op = (struct gj_op){.person = first->id, .type = GJ_OP_EXPIRE, .ext_count = 1};
    *ext = (struct gj_original_ext){.rid = hold->rid};
    uint16_t day = calendar_day(in->time_ms);
    *effect = (struct gj_effect){
        .seq = in->seq,
        .code = GJ_OK,
        .day = day,
        .year = calendar_year(day),
        .slot_first = hold->first,
        .slot_other = SLOT_NONE,
        .prev_first = first->last_position,
        .member_index = MEMBER_NONE,
    };
    end_hold(s, hold, entry, effect);
    return (2u + 1u + record_lines(effect)) * GJ_RECORD_UNIT;
}

uint32_t expire_due(const struct state *s, const struct decide_input *in, void *record)
{
    ASSERT(in->seq == s->seq + 1);
    if (!due_any(s, in->time_ms)) return 0;
    return write_expiry(s, holds_first(&s->holds), in, record);
}
