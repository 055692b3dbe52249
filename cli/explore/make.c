/* cli/explore/make.c -- random steps, and the user's own with changes. */
#include "cli/explore/make.h"

#include <stdlib.h>
#include <string.h>

#define MUTATIONS_MAX 4u
#define TIME_END_MS   UINT64_C(4102444800000) /* 2100: days are numbered up to 2149 */
#define SETUP         60u                     /* operations that build a world */
#define NETTING_EVERY 128u /* sequences: reading it takes long, and the books show most of it */
#define CRASH_EVERY   16u  /* sequences that end with a crash, whatever --crashes says */
#define DAY_MS        UINT64_C(86400000)

size_t fuzz_mix_steps(const struct fuzz_mix *mix)
{
    size_t own = mix->corpus == NULL ? 0 : fuzz_corpus_steps(mix->corpus) + MUTATIONS_MAX;
    /* Each operation may have a time before it and a crash behind it. */
    return 3 * (size_t)mix->operations + own + 4;
}

static uint32_t below(struct generator *g, uint32_t limit)
{
    return (uint32_t)(generator_random(g) >> 32) % limit;
}

/* Puts the step at the end and carries it out. */
static bool take(struct fuzz_run *run, struct fuzz_sequence *sequence, const struct fuzz_step *step)
{
    if (!fuzz_sequence_add(sequence, step)) abort();
    return fuzz_run_step(run, step, sequence->count - 1);
}

static void tune(struct generator *g, const struct fuzz_mix *mix)
{
    g->plain = true;
    g->setup = SETUP;
    g->retries = mix->retries;
    g->hot = mix->hot;
    if (mix->weighted) g->weights = mix->weights;
    if (g->hoard) g->holds_max = 24;
    g->hoard = false;
    g->rids_max = 0;
}

static bool is_operation(const struct fuzz_step *step)
{
    return step->kind == FUZZ_OPERATION;
}

static void change_amount(struct generator *g, struct fuzz_step *step)
{
    int64_t *amount = &step->op.amount;
    if ((fuzz_op_flags(step->op.type) & GJ_OP_MONEY) == 0) return;
    switch (below(g, 5)) {
    case 0: *amount += 1; break;
    case 1: *amount -= 1; break;
    case 2: *amount *= 2; break;
    case 3: *amount /= 2; break;
    default: *amount = 1 + (int64_t)below(g, 100000); break;
    }
    if (*amount > GJ_AMOUNT_MAX + 1) *amount = GJ_AMOUNT_MAX;
}

/* Somebody else of those in the file. */
static void change_person(struct generator *g, const struct fuzz_sequence *from,
                          struct fuzz_step *step)
{
    const struct fuzz_step *other = &from->steps[below(g, (uint32_t)from->count)];
    unsigned flags = fuzz_op_flags(step->op.type);
    bool both = is_operation(other) && (flags & GJ_OP_PERSON) != 0 && other->op.person != 0;
    if (!both || (flags & GJ_OP_ORIGINAL) != 0) return;
    bool second = (flags & GJ_OP_SECOND) != 0 && (flags & GJ_OP_OTHER) != 0;
    if (second && below(g, 2) == 0) {
        step->op.other = other->op.person;
    } else {
        step->op.person = other->op.person;
    }
}

static void insert(struct fuzz_sequence *sequence, size_t at, const struct fuzz_step *step)
{
    struct fuzz_step copy = *step;
    if (!fuzz_sequence_add(sequence, &copy)) abort();
    memmove(&sequence->steps[at + 1], &sequence->steps[at],
            (sequence->count - 1 - at) * sizeof(*sequence->steps));
    sequence->steps[at] = copy;
}

/* One statement dropped, repeated, sent again, moved, or with another amount or person. */
static void mutate(struct generator *g, struct fuzz_sequence *sequence)
{
    size_t at = below(g, (uint32_t)sequence->count);
    struct fuzz_step *step = &sequence->steps[at], copy = *step;
    if (!is_operation(step)) return;
    switch (below(g, 6)) {
    case 0:
        memmove(step, step + 1, (sequence->count - at - 1) * sizeof(*step));
        sequence->count--;
        break;
    case 1:
        copy.rid = sequence->names + 1;
        insert(sequence, at + 1, &copy);
        break;
    case 2: insert(sequence, below(g, (uint32_t)(sequence->count - at)) + at + 1, &copy); break;
    case 3:
        if (at + 1 == sequence->count || !is_operation(step + 1)) break;
        *step = step[1];
        step[1] = copy;
        break;
    case 4: change_amount(g, step); break;
    default: change_person(g, sequence, step); break;
    }
}

/* The user's own statements, most often with some changes. */
static bool begin_with_corpus(struct fuzz_run *run, const struct fuzz_sequence *file,
                              struct fuzz_sequence *ret)
{
    struct generator *g = &run->c.generator;
    struct fuzz_sequence changed = {.count = 0};
    if (!fuzz_sequence_copy(&changed, file)) abort();
    uint32_t mutations = below(g, 4) == 0 ? 0 : 1 + below(g, MUTATIONS_MAX);
    while (mutations-- > 0 && changed.count > 0) mutate(g, &changed);
    bool good = true;
    for (size_t i = 0; i < changed.count && good; i++) good = take(run, ret, &changed.steps[i]);
    ret->names = changed.names > ret->names ? changed.names : ret->names;
    fuzz_sequence_free(&changed);
    for (uint16_t id = 1; id < MODEL_REGIONS_MAX && g->region_count < 8; id++) {
        if (run->c.model->regions[id].set) g->region_ids[g->region_count++] = id;
    }
    /* The world is there: no more building, unless there is nothing to build on. */
    g->made = g->region_count > 0 ? g->setup : 0;
    return good;
}

/* To the time at which the seed's world begins. */
static bool begin_empty(struct fuzz_run *run, uint64_t first_ms, struct fuzz_sequence *ret)
{
    struct generator *g = &run->c.generator;
    uint64_t span = first_ms > run->time_ms ? first_ms - run->time_ms
                                            : below(g, 400) * DAY_MS + below(g, 86400) * 1000;
    return take(run, ret, &(struct fuzz_step){.kind = FUZZ_ADVANCE, .advance_ms = span});
}

static bool step_time(struct fuzz_run *run, struct fuzz_sequence *ret)
{
    struct generator *g = &run->c.generator;
    if (below(g, 3) != 0 || run->time_ms > TIME_END_MS) return true;
    generator_step(g, run->c.model);
    uint64_t span = g->time_ms - run->time_ms;
    if (span == 0) return true;
    return take(run, ret, &(struct fuzz_step){.kind = FUZZ_ADVANCE, .advance_ms = span});
}

/* Its rids become names: those of this run have one, others get a new one. */
static void name_rids(const struct fuzz_run *run, const struct generated *generated,
                      const struct fuzz_sequence *sequence, struct fuzz_step *step)
{
    uint32_t next = sequence->names + 1;
    step->rid = fuzz_run_name(run, &step->op.rid);
    if (step->rid == 0) {
        step->rid = next++;
        step->rid_offset_ms = (int64_t)(model_rid_ms(&step->op.rid) - run->time_ms);
    }
    if ((fuzz_op_flags(step->op.type) & GJ_OP_ORIGINAL) == 0) return;
    struct gj_rid original;
    memcpy(&original, generated->ext, sizeof(original));
    if (gj_rid_equal(&original, &step->op.rid)) {
        step->original = step->rid;
        return;
    }
    step->original = fuzz_run_name(run, &original);
    if (step->original == 0) step->original = next;
}

static bool make_operation(struct fuzz_run *run, struct fuzz_sequence *ret)
{
    struct generated generated;
    struct fuzz_step step;
    generator_next(&run->c.generator, run->c.model, &generated);
    memset(&step, 0, offsetof(struct fuzz_step, op));
    step.kind = FUZZ_OPERATION;
    step.op = generated.op;
    memcpy(step.ext, generated.ext, step.op.ext_count * GJ_RECORD_UNIT);
    name_rids(run, &generated, ret, &step);
    return take(run, ret, &step);
}

static bool make_steps(struct fuzz_run *run, const struct fuzz_mix *mix, struct fuzz_sequence *ret)
{
    const struct fuzz_step crash = {.kind = FUZZ_CRASH};
    for (uint32_t i = 0; i < mix->operations; i++) {
        if (!step_time(run, ret) || !make_operation(run, ret)) return false;
        bool crashes = mix->crashes != 0 && below(&run->c.generator, 100) < mix->crashes;
        if (crashes && !take(run, ret, &crash)) return false;
    }
    return true;
}

bool fuzz_make(struct fuzz_run *run, const struct fuzz_mix *mix, uint64_t seed,
               struct fuzz_sequence *ret)
{
    const struct fuzz_step crash = {.kind = FUZZ_CRASH};
    const struct fuzz_sequence *file = NULL;
    struct generator world;
    generator_init(&world, seed);
    tune(&world, mix);
    if (mix->corpus != NULL && mix->corpus->count > 0) {
        file = &mix->corpus->sequences[seed % mix->corpus->count];
    }
    ret->count = 0;
    ret->names = 0;
    ret->limits = file != NULL ? file->limits
                               : (struct scenario_limits){WORLD_PERSONS_MAX, SCENARIO_RIDS_MAX,
                                                          world.holds_max, SCENARIO_AHEAD_MAX,
                                                          SCENARIO_START_MS};
    uint64_t rids = 4 * (uint64_t)fuzz_mix_steps(mix);
    if (rids > ret->limits.rids_max) ret->limits.rids_max = rids;
    if (!fuzz_run_begin(run, &ret->limits, seed)) return false;
    uint64_t first_ms = world.time_ms;
    world.time_ms = run->time_ms;
    run->c.generator = world;
    bool good = file == NULL ? begin_empty(run, first_ms, ret) : begin_with_corpus(run, file, ret);
    good = good && make_steps(run, mix, ret);
    bool crashes = run->target->fresh && seed % CRASH_EVERY == 0;
    if (good && crashes) good = take(run, ret, &crash);
    good = good && fuzz_run_look(run, seed % NETTING_EVERY == 0, ret->count);
    fuzz_run_end(run);
    return good;
}
