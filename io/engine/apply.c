/* io/engine/apply.c -- commits the records of groups that were read back. */
#include <inttypes.h>

#include "io/engine/apply.h"

/* Commit finds its lines in cache when they were asked for this many records earlier. */
#define AHEAD 16u

static bool refuse_capacity(const struct apply *apply, enum record_fit fit, struct log_fault *fault)
{
    const char *flag = "--persons-max";
    if (fit == RECORD_NEEDS_FAMILIES) flag = "--families-max";
    if (fit == RECORD_NEEDS_INSTITUTIONS) flag = "--institutions-max";
    if (fit == RECORD_NEEDS_HOLDS) flag = "--holds-max";
    return log_fault_set(fault, 78,
                         "the log was written with a larger %s; start with at least that (first "
                         "record that does not fit: seq %" PRIu64 ")",
                         flag, state_seq(apply->state) + 1);
}

static bool begin(void *owner, uint64_t hash_seed, struct log_fault *fault)
{
    struct apply *apply = owner;
    apply->state = apply->make_state(apply->owner, hash_seed);
    if (apply->state != NULL) return true;
    return log_fault_set(fault, 78, "the tables do not fit in memory");
}

static bool group(void *owner, const struct log_redo_group *redo, struct log_fault *fault)
{
    struct apply *apply = owner;
    const struct log_group *header = redo->group;
    const uint8_t *bytes = (const uint8_t *)header;
    for (uint32_t i = 0; i < redo->count; i++) {
        if (i + AHEAD < redo->count) {
            prefetch_redo(apply->state, bytes + redo->offsets[i + AHEAD]);
        }
        const void *record = bytes + redo->offsets[i];
        enum record_fit fit = record_fits(apply->state, record);
        if (fit != RECORD_FITS) return refuse_capacity(apply, fit, fault);
        commit(apply->state, record, (header->position + redo->offsets[i]) / GJ_RECORD_UNIT,
               header->time_ms);
    }
    state_raise_rid_low_water(apply->state, header->rid_low_water_ms);
    return true;
}

struct log_redo apply_redo(struct apply *apply)
{
    apply->state = NULL;
    return (struct log_redo){.begin = begin, .group = group, .owner = apply};
}
