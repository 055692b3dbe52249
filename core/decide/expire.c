/* core/decide/expire.c -- the record the server writes by itself when a hold or pending transfer
 * falls due. */
#include "core/decide/hold_effect.h"
#include "core/decide/rules.h"

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

/* Fields are checked first: nobody but the server writes this one. */
void decide_expire(struct decider *d)
{
    UNREACHABLE("EXPIRE is received as an unknown operation");
}
