/* cli/explore/shrink.c -- delta debugging: first whole stretches of steps, then what is in them;
 * again and again until nothing more helps. */
#include "cli/explore/shrink.h"

#include <stdlib.h>
#include <string.h>

#include "cli/common/policy_text.h"
#include "core/format/op_traits.h"
#include "core/format/policy.h"

#define ROUNDS_MAX 8u

struct shrinker {
    struct fuzz_shrink *shrink;
    struct fuzz_sequence *best;
    struct fuzz_sequence trial;
    bool better; /* in this round */
};

/* Takes the trial if it fails too. */
static bool try(struct shrinker *s)
{
    struct fuzz_shrink *shrink = s->shrink;
    if (shrink->tries == shrink->tries_max) return false;
    shrink->tries++;
    if (!shrink->fails(shrink->context, &s->trial)) return false;
    if (!fuzz_sequence_copy(s->best, &s->trial)) abort();
    s->better = true;
    return true;
}

static void restart_trial(struct shrinker *s)
{
    if (!fuzz_sequence_copy(&s->trial, s->best)) abort();
}

static bool try_without(struct shrinker *s, size_t from, size_t count)
{
    restart_trial(s);
    struct fuzz_step *steps = s->trial.steps;
    memmove(&steps[from], &steps[from + count], (s->trial.count - from - count) * sizeof(*steps));
    s->trial.count -= count;
    return try(s);
}

/* From the end: what comes last depends on what comes first. */
static void drop_steps(struct shrinker *s)
{
    for (size_t size = s->best->count / 2; size > 0; size /= 2) {
        size_t at = s->best->count;
        while (at >= size) {
            at -= size;
            (void)try_without(s, at, size);
            if (at > s->best->count) at = s->best->count;
        }
    }
}

/* Two that need each other: a suspension and its end, somebody who comes and goes. */
static void drop_pairs(struct shrinker *s)
{
    if (s->best->count > 40) return;
    for (size_t i = s->best->count; i-- > 0;) {
        for (size_t j = i; j-- > 0 && i < s->best->count;) {
            restart_trial(s);
            struct fuzz_step *steps = s->trial.steps;
            memmove(&steps[i], &steps[i + 1], (s->trial.count - i - 1) * sizeof(*steps));
            memmove(&steps[j], &steps[j + 1], (s->trial.count - j - 2) * sizeof(*steps));
            s->trial.count -= 2;
            if (try(s)) break;
        }
    }
}

static bool other_is_person(const struct gj_op *op)
{
    return op_is(op->type, GJ_OP_SECOND);
}

static bool pays(const struct gj_op *op)
{
    return op_is(op->type, GJ_OP_SOURCES) && op->ext_count > 0;
}

enum { IDS_MAX = 128 };

struct ids {
    uint64_t of[IDS_MAX];
    unsigned count;
};

static void note(struct ids *ids, uint64_t id)
{
    for (unsigned i = 0; i < ids->count; i++) {
        if (ids->of[i] == id) return;
    }
    if (id != 0 && ids->count < IDS_MAX) ids->of[ids->count++] = id;
}

static void replace(uint64_t *at, uint64_t from, uint64_t to)
{
    if (*at == from) *at = to;
}

static void replace_person(struct fuzz_sequence *sequence, uint64_t from, uint64_t to)
{
    for (size_t i = 0; i < sequence->count; i++) {
        struct fuzz_step *step = &sequence->steps[i];
        if (step->kind != FUZZ_OPERATION) continue;
        replace(&step->op.person, from, to);
        if (other_is_person(&step->op)) replace(&step->op.other, from, to);
        if (!pays(&step->op)) continue;
        struct gj_pay_ext ext;
        memcpy(&ext, step->ext, sizeof(ext));
        replace(&ext.relative, from, to);
        memcpy(step->ext, &ext, sizeof(ext));
    }
}

static bool other_is_institution(const struct gj_op *op)
{
    return op_is(op->type, GJ_OP_INSTITUTION | GJ_OP_OTHER);
}

static void replace_institution(struct fuzz_sequence *sequence, uint64_t from, uint64_t to)
{
    for (size_t i = 0; i < sequence->count; i++) {
        struct gj_op *op = &sequence->steps[i].op;
        if (sequence->steps[i].kind != FUZZ_OPERATION) continue;
        if (other_is_institution(op)) replace(&op->other, from, to);
    }
}

static bool arg_is_region(const struct gj_op *op)
{
    return op->type == GJ_OP_SET_REGION || op->type == GJ_OP_SET_INSTITUTION ||
           op->type == GJ_OP_OPEN_PERSON || op->type == GJ_OP_CONFIRM_WALLET ||
           op->type == GJ_OP_CHANGE_REGION;
}

static void replace_region(struct fuzz_sequence *sequence, uint64_t from, uint64_t to)
{
    for (size_t i = 0; i < sequence->count; i++) {
        struct gj_op *op = &sequence->steps[i].op;
        if (sequence->steps[i].kind != FUZZ_OPERATION || !arg_is_region(op)) continue;
        if (op->arg == from) op->arg = (uint16_t)to;
    }
}

static void merge(struct shrinker *s, const struct ids *ids,
                  void (*change)(struct fuzz_sequence *, uint64_t from, uint64_t to))
{
    for (unsigned from = ids->count; from-- > 1;) {
        for (unsigned to = 0; to < from; to++) {
            restart_trial(s);
            change(&s->trial, ids->of[from], ids->of[to]);
            if (try(s)) break;
        }
    }
}

static void merge_all(struct shrinker *s)
{
    struct ids persons = {.count = 0}, institutions = {.count = 0}, regions = {.count = 0};
    for (size_t i = 0; i < s->best->count; i++) {
        const struct gj_op *op = &s->best->steps[i].op;
        if (s->best->steps[i].kind != FUZZ_OPERATION) continue;
        note(&persons, op->person);
        if (other_is_person(op)) note(&persons, op->other);
        if (other_is_institution(op)) note(&institutions, op->other);
        if (arg_is_region(op)) note(&regions, op->arg);
    }
    merge(s, &persons, replace_person);
    merge(s, &institutions, replace_institution);
    merge(s, &regions, replace_region);
}

/* The trial's step `at` set to `to`, if that is anything else. */
static bool try_step(struct shrinker *s, size_t at, const struct fuzz_step *to)
{
    if (memcmp(&s->best->steps[at], to, offsetof(struct fuzz_step, ext)) == 0 &&
        memcmp(s->best->steps[at].ext, to->ext, to->op.ext_count * GJ_RECORD_UNIT) == 0) {
        return false;
    }
    restart_trial(s);
    s->trial.steps[at] = *to;
    return try(s);
}

static void plain_amount(struct shrinker *s, size_t at)
{
    static const int64_t round[] = {1, 100, 1000, 10000, 100000};
    struct fuzz_step step = s->best->steps[at];
    if ((fuzz_op_flags(step.op.type) & GJ_OP_MONEY) == 0) return;
    for (unsigned i = 0; i < sizeof(round) / sizeof(*round) && round[i] < step.op.amount; i++) {
        step.op.amount = round[i];
        if (try_step(s, at, &step)) return;
        step = s->best->steps[at];
    }
    for (int64_t cut = step.op.amount / 2; cut > 0; cut /= 2) {
        step = s->best->steps[at];
        step.op.amount -= cut;
        (void)try_step(s, at, &step);
    }
}

/* An amount that comes several times, all of it that is there: changed everywhere at once. */
static void plain_equal_amounts(struct shrinker *s)
{
    static const int64_t round[] = {1, 100, 10000};
    for (size_t at = 0; at < s->best->count; at++) {
        for (unsigned i = 0; i < sizeof(round) / sizeof(*round); i++) {
            int64_t amount = s->best->steps[at].op.amount;
            bool moves = s->best->steps[at].kind == FUZZ_OPERATION &&
                         (fuzz_op_flags(s->best->steps[at].op.type) & GJ_OP_MONEY) != 0;
            unsigned changed = 0;
            if (!moves || amount <= round[i]) break;
            restart_trial(s);
            for (size_t j = 0; j < s->trial.count; j++) {
                struct fuzz_step *step = &s->trial.steps[j];
                if (step->kind != FUZZ_OPERATION || step->op.amount != amount) continue;
                if ((fuzz_op_flags(step->op.type) & GJ_OP_MONEY) == 0) continue;
                step->op.amount = round[i];
                changed++;
            }
            if (changed > 1 && try(s)) break;
        }
    }
}

/* Binary search of the shortest wait that still does. */
static void plain_time(struct shrinker *s, size_t at)
{
    struct fuzz_step step = s->best->steps[at];
    if (step.kind != FUZZ_ADVANCE) return;
    uint64_t cut = step.advance_ms / 2;
    for (unsigned i = 0; i < 40 && cut > 0; i++, cut /= 2) {
        step = s->best->steps[at];
        if (step.advance_ms <= cut) continue;
        step.advance_ms -= cut;
        (void)try_step(s, at, &step);
    }
}

/* The place of the wait before or behind `at`; SIZE_MAX if there is none. */
static size_t other_wait(const struct fuzz_sequence *sequence, size_t at, bool before)
{
    for (size_t i = at; before ? i-- > 0 : ++i < sequence->count;) {
        if (sequence->steps[i].kind == FUZZ_ADVANCE) return i;
    }
    return SIZE_MAX;
}

/* Two waits become one, at the place of either: times behind both of them stay. */
static void join_times(struct shrinker *s)
{
    for (size_t i = s->best->count; i-- > 0;) {
        for (unsigned before = 0; before < 2; before++) {
            if (i >= s->best->count || s->best->steps[i].kind != FUZZ_ADVANCE) break;
            size_t to = other_wait(s->best, i, before);
            if (to == SIZE_MAX) continue;
            restart_trial(s);
            struct fuzz_step *trial = s->trial.steps;
            trial[to].advance_ms += trial[i].advance_ms;
            memmove(&trial[i], &trial[i + 1], (s->trial.count - i - 1) * sizeof(*trial));
            s->trial.count--;
            (void)try(s);
        }
    }
}

static void plain_common(struct shrinker *s, size_t at)
{
    struct fuzz_step step = s->best->steps[at];
    if (step.kind != FUZZ_OPERATION) return;
    step.rid_offset_ms = 0;
    step.op.ref = 0;
    step.op.actor = 0;
    step.op.deadline_ms = 0;
    if (try_step(s, at, &step)) return;
    for (unsigned i = 0; i < 4; i++) {
        step = s->best->steps[at];
        if (i == 0) step.rid_offset_ms = 0;
        if (i == 1) step.op.ref = 0;
        if (i == 2) step.op.actor = 0;
        if (i == 3) step.op.deadline_ms = 0;
        (void)try_step(s, at, &step);
    }
}

static void plain_details(struct shrinker *s, size_t at)
{
    struct fuzz_step step = s->best->steps[at];
    if (step.kind != FUZZ_OPERATION) return;
    if ((fuzz_op_flags(step.op.type) & GJ_OP_AUTH) && step.op.auth != GJ_AUTH_FACE) {
        step.op.auth = GJ_AUTH_FACE;
        (void)try_step(s, at, &step);
    }
    step = s->best->steps[at];
    if (step.op.type == GJ_OP_BIND) step.op.amount = -1;
    if (step.op.type == GJ_OP_CONFIRM_WALLET) step.op.other = 0;
    if (step.op.type == GJ_OP_OPEN_PERSON) step.op.flags = 0;
    if (step.op.type == GJ_OP_PAY || step.op.type == GJ_OP_HOLD) step.op.flags = 0;
    if (step.op.type == GJ_OP_SET_INSTITUTION) {
        step.op.detail = GJ_SCENARIO_MASK_ALL;
        memset(step.ext[0], 0, sizeof(step.ext[0]));
    }
    (void)try_step(s, at, &step);
    step = s->best->steps[at];
    if (!pays(&step.op)) return;
    struct gj_pay_ext ext;
    memcpy(&ext, step.ext, sizeof(ext));
    ext.timeout_s = 0;
    ext.personal_part = 0;
    memcpy(step.ext, &ext, sizeof(ext));
    if (ext.relative == 0) step.op.ext_count = 0;
    (void)try_step(s, at, &step);
}

/* A region's fields one by one as they are if no line names them. */
static void plain_region(struct shrinker *s, size_t at)
{
    struct fuzz_step step = s->best->steps[at];
    if (step.kind != FUZZ_OPERATION || step.op.type != GJ_OP_SET_REGION) return;
    struct gj_region_ext usual = {.public_code = 0}, ext;
    gj_policy_default(&usual.policy);
    memcpy(usual.name, "region-", 7);
    unsigned id = step.op.arg, length = 7;
    for (unsigned place = 10000; place > 0; place /= 10) {
        if (id >= place) usual.name[length++] = (char)('0' + id / place % 10);
    }
    step.next_version = true;
    (void)try_step(s, at, &step);
    step = s->best->steps[at];
    memcpy(step.ext, &usual, sizeof(usual));
    if (try_step(s, at, &step)) return;
    for (unsigned field = 0; field < region_fields_count(); field++) {
        step = s->best->steps[at];
        memcpy(&ext, step.ext, sizeof(ext));
        region_field_copy(field, &ext, &usual);
        memcpy(step.ext, &ext, sizeof(ext));
        (void)try_step(s, at, &step);
    }
    for (unsigned row = GJ_PREMIUM_ROWS_MAX; row-- > 0;) {
        step = s->best->steps[at];
        memcpy(&ext, step.ext, sizeof(ext));
        memset(&ext.policy.premiums[row], 0, sizeof(ext.policy.premiums[row]));
        memcpy(step.ext, &ext, sizeof(ext));
        (void)try_step(s, at, &step);
    }
    step = s->best->steps[at];
    step.op.other = 0;
    (void)try_step(s, at, &step);
}

static void plain_limits(struct shrinker *s)
{
    restart_trial(s);
    s->trial.limits = SCENARIO_LIMITS;
    s->trial.limits.start_ms = s->best->limits.start_ms;
    if (memcmp(&s->trial.limits, &s->best->limits, sizeof(s->trial.limits)) != 0) (void)try(s);
}

void fuzz_shrink(struct fuzz_shrink *shrink, struct fuzz_sequence *sequence)
{
    struct shrinker s = {.shrink = shrink, .best = sequence, .better = true};
    for (unsigned round = 0; round < ROUNDS_MAX && s.better; round++) {
        s.better = false;
        drop_steps(&s);
        if (round == 0) plain_limits(&s);
        join_times(&s);
        merge_all(&s);
        plain_equal_amounts(&s);
        for (size_t i = s.best->count; i-- > 0;) {
            plain_common(&s, i);
            plain_amount(&s, i);
            plain_time(&s, i);
            plain_details(&s, i);
            plain_region(&s, i);
        }
        if (!s.better) drop_pairs(&s);
    }
    fuzz_sequence_free(&s.trial);
}
