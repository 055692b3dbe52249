/* tests/sim/audit_fields.c -- what a record says beside its outcome, and what no reply shows: by
 * which policies it was judged, and which record came before it of each person it touches. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/format/op_traits.h"
#include "tests/sim/auditor.h"

/* ---- versions of policies ---- */

struct versions {
    uint32_t source, target;
};

static uint32_t version_of(const struct model *m, uint16_t region)
{
    return region < MODEL_REGIONS_MAX && m->regions[region].set ? m->regions[region].version : 0;
}

/* Of the book of a person's account; 0 if there is no such person. */
static uint32_t version_at(const struct model *m, const struct model_person *p, uint8_t source)
{
    return p == NULL ? 0 : version_of(m, model_book(p, source));
}

/* Of the source listed first. */
static uint32_t version_of_payment(struct model *m, const struct gj_op *op)
{
    enum gj_source first = gj_sources_at(op->kind, 0);
    if (first != GJ_SOURCE_RELATIVE) {
        return version_at(m, model_find_person(m, op->person), (uint8_t)first);
    }
    const struct gj_pay_ext *ext = (const struct gj_pay_ext *)(const void *)(op + 1);
    return version_at(m, model_find_person(m, ext->relative), GJ_SOURCE_PERSONAL);
}

/* SET_CAP reads a policy only if it gives somebody more than before. */
static bool raises_a_cap(struct model *m, const struct gj_op *op)
{
    if (op->other != 0 && model_find_person(m, op->other) == NULL) return false;
    for (uint32_t i = 0; i < m->relation_count; i++) {
        const struct model_relation *r = &m->relations[i];
        bool meant = r->payer == op->person && (op->other == 0 || r->member == op->other);
        bool more = r->cap >= 0 && (op->amount < 0 || op->amount > r->cap);
        if (meant && more) return true;
    }
    return false;
}

/* Before the operation changes anything, at its time. */
static struct versions versions_of(struct model *m, const struct gj_op *op)
{
    const struct model_person *first = model_find_person(m, op->person);
    const struct model_person *other = model_find_person(m, op->other);
    switch (op->type) {
    case GJ_OP_TRANSFER:
        return (struct versions){version_at(m, first, op->kind),
                                 version_at(m, other, GJ_SOURCE_WALLET)};
    case GJ_OP_PAY:
    case GJ_OP_HOLD: {
        const struct model_institution *inst = model_find_institution(m, op->other);
        return (struct versions){version_of_payment(m, op),
                                 inst == NULL ? 0 : version_of(m, inst->region)};
    }
    case GJ_OP_PAY_PREMIUM:
        return (struct versions){version_at(m, first, op->kind),
                                 version_at(m, other, GJ_SOURCE_PERSONAL)};
    case GJ_OP_BIND:
    case GJ_OP_UNBIND: return (struct versions){version_at(m, first, GJ_SOURCE_PERSONAL), 0};
    case GJ_OP_SET_CAP:
        if (!raises_a_cap(m, op)) return (struct versions){0, 0};
        return (struct versions){version_at(m, first, GJ_SOURCE_PERSONAL), 0};
    case GJ_OP_CONFIRM_WALLET: return (struct versions){0, version_of(m, op->arg)};
    case GJ_OP_CHANGE_REGION:
        return (struct versions){version_at(m, first, GJ_SOURCE_WALLET), version_of(m, op->arg)};
    default: return (struct versions){0, 0};
    }
}

bool audit_versions(struct auditor *a, uint64_t index)
{
    const struct gj_effect *effect = log_bytes_effect(a->log, index);
    struct {
        struct gj_op op;
        uint8_t ext[GJ_EXT_MAX * GJ_RECORD_UNIT];
    } copy;
    const struct gj_op *op = log_bytes_op(a->log, index);
    memset(&copy, 0, sizeof(copy));
    memcpy(&copy, op, (1u + op->ext_count) * sizeof(*op));
    const struct versions want = versions_of(a->model, &copy.op);
    if (effect->policy_source == want.source && effect->policy_target == want.target) return true;
    return audit_fault(a,
                       "record %" PRIu64 " (%s) names policies %u and %u, in force are %u and %u",
                       index + 1, gj_op_name(op->type), effect->policy_source,
                       effect->policy_target, want.source, want.target);
}

/* ---- chains ---- */

static uint64_t *last_line(struct auditor *a, uint64_t id)
{
    uint32_t i = 0;
    while (i < a->chain_count && a->chains[i].person != id) i++;
    if (i == a->chain_count) {
        if (i == MODEL_PERSONS_MAX) abort();
        a->chains[a->chain_count++] = (struct audit_chain){.person = id};
    }
    return &a->chains[i].line;
}

/* The second person of a transfer or premium, or of what undoes or ends one; 0 = none. */
static uint64_t second_person(struct model *m, const struct gj_op *op, uint8_t code)
{
    if (code > GJ_OK_NOOP) return 0; /* a refusal touches the first person only */
    if (!op_is(op->type, GJ_OP_ORIGINAL)) return op_is(op->type, GJ_OP_SECOND) ? op->other : 0;
    if (code == GJ_OK_NOOP) return 0;
    uint32_t at = model_find_request(m, op->person, model_original_rid(op));
    if (at == MODEL_NONE) return 0;
    const struct gj_op *original = &m->requests[at].op;
    return op_is(original->type, GJ_OP_SECOND) ? original->other : 0;
}

/* The relative whose account is listed by a payment or hold, or by what a record is on; 0 = none.
 */
static uint64_t relative_of(struct model *m, const struct gj_op *op, uint8_t code)
{
    if (code > GJ_OK_PARTIAL) return 0;
    if (op_is(op->type, GJ_OP_ORIGINAL)) {
        uint32_t at = model_find_request(m, op->person, model_original_rid(op));
        if (at == MODEL_NONE) return 0;
        op = &model_listing(m, &m->requests[at])->op;
    }
    if (!op_is(op->type, GJ_OP_SOURCES) || op->ext_count == 0) return 0;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        if (gj_sources_at(op->kind, i) != GJ_SOURCE_RELATIVE) continue;
        return ((const struct gj_pay_ext *)(const void *)(op + 1))->relative;
    }
    return 0;
}

static bool follows(struct auditor *a, uint64_t index, const char *role, uint64_t id, uint64_t prev)
{
    uint64_t want = id == 0 ? 0 : *last_line(a, id);
    if (prev == want) return true;
    return audit_fault(a,
                       "record %" PRIu64 " (%s) follows %" PRIu64 " of its %s %" PRIu64
                       ", whose last record is %" PRIu64,
                       index + 1, gj_op_name(log_bytes_op(a->log, index)->type), prev, role, id,
                       want);
}

bool audit_chains(struct auditor *a, uint64_t index)
{
    const struct gj_op *op = log_bytes_op(a->log, index);
    const struct gj_effect *effect = log_bytes_effect(a->log, index);
    const struct gj_effect_sources *sources = log_bytes_sources(a->log, index);
    uint64_t second = second_person(a->model, op, effect->code);
    uint64_t relative = relative_of(a->model, op, effect->code);
    /* OPEN_PERSON makes its own; a stranger leaves no chain. */
    uint64_t first = model_find_person(a->model, op->person) == NULL ? 0 : op->person;
    if (!follows(a, index, "first person", first, effect->prev_first) ||
        !follows(a, index, "second person", second, effect->prev_other) ||
        !follows(a, index, "relative", relative, sources == NULL ? 0 : sources->prev_relative)) {
        return false;
    }
    const uint64_t touched[] = {first, second, relative};
    for (unsigned i = 0; i < 3; i++) {
        if (touched[i] != 0) *last_line(a, touched[i]) = a->log->records[index].line;
    }
    return true;
}
