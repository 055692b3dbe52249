/* tests/sim/auditor.c -- records and outcomes beside the model. */
#include "tests/sim/auditor.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void auditor_begin(struct auditor *a, const struct model_limits *limits,
                   const struct log_bytes *log)
{
    if (a->model == NULL)
        a->model = model_new(limits);
    else
        model_clear(a->model, limits);
    if (a->written_off == NULL) a->written_off = malloc(limits->requests + 1u);
    if (a->written_off == NULL) abort();
    memset(a->written_off, 0, limits->requests + 1u);
    a->log = log;
    a->records = a->groups = a->checked = 0;
    a->chain_count = 0;
    a->fund = 0;
    a->fault[0] = '\0';
}

void auditor_free(struct auditor *a)
{
    if (a->model != NULL) model_free(a->model);
    free(a->expected);
    free(a->written_off);
    memset(a, 0, sizeof(*a));
}

bool audit_fault(struct auditor *a, const char *format, ...)
{
    if (a->fault[0] != '\0') return false;
    va_list args;
    va_start(args, format);
    vsnprintf(a->fault, sizeof(a->fault), format, args);
    va_end(args);
    return false;
}

/* ---- records ---- */

/* Only DEPOSIT brings money in; only closing with a payout, and undoing a deposit, takes it out. */
static __int128 brought_in(const struct log_bytes *log, uint64_t index)
{
    const struct gj_op *op = log_bytes_op(log, index);
    const struct gj_effect *effect = log_bytes_effect(log, index);
    const struct gj_effect_sources *sources = log_bytes_sources(log, index);
    if (effect->code > GJ_OK_PARTIAL) return 0;
    if (op->type == GJ_OP_DEPOSIT) return op->amount;
    if (sources == NULL) return 0;
    if (op->type == GJ_OP_CLOSE_PERSON) {
        return -((__int128)sources->taken[0] + sources->taken[1]);
    }
    if (op->type != GJ_OP_REVERSE) return 0;
    const struct gj_effect_original *original = (const struct gj_effect_original *)(sources + 1);
    return original->type == GJ_OP_DEPOSIT ? -(__int128)sources->taken[0] : 0;
}

/* The server's own: what it says has expired must be open no more by the model, and said once. */
static bool apply_expiry(struct auditor *a, const struct gj_op *op, uint64_t seq, uint64_t time_ms)
{
    struct model *m = a->model;
    model_advance(m, time_ms);
    uint32_t at = model_find_request(m, op->person, model_original_rid(op));
    if (at == MODEL_NONE) {
        return audit_fault(a, "record %" PRIu64 " ends what never was", seq);
    }
    if (m->requests[at].phase != PHASE_EXPIRED || a->written_off[at]) {
        return audit_fault(
            a, "record %" PRIu64 " says that something expired that did not, or twice", seq);
    }
    a->written_off[at] = 1;
    return true;
}

static bool same_record(struct auditor *a, uint64_t index, const struct audit_expected *want)
{
    const struct gj_effect *effect = log_bytes_effect(a->log, index);
    const struct gj_effect_sources *sources = log_bytes_sources(a->log, index);
    uint64_t seq = index + 1;
    if (want->reply.flags & GJ_REPLY_REPLAYED) {
        return audit_fault(a, "record %" PRIu64 " executes again what record %" PRIu64 " did", seq,
                           want->reply.seq);
    }
    if (effect->code != want->reply.code) {
        return audit_fault(a, "record %" PRIu64 " (%s) has code %u, the model %u", seq,
                           gj_op_name(log_bytes_op(a->log, index)->type), effect->code,
                           want->reply.code);
    }
    if (effect->balance != want->reply.balance) {
        return audit_fault(a, "record %" PRIu64 " has balance %" PRId64 ", the model %" PRId64, seq,
                           effect->balance, want->reply.balance);
    }
    if (sources == NULL || (want->reply.flags & GJ_REPLY_SOURCES) == 0) return true;
    bool same = memcmp(sources->taken, want->sources.taken, sizeof(sources->taken)) == 0 &&
                sources->remainder == want->sources.remainder;
    return same ? true : audit_fault(a, "record %" PRIu64 " has other sources than the model", seq);
}

static bool apply_record(struct auditor *a, uint64_t index)
{
    struct {
        struct gj_op op;
        uint8_t ext[GJ_EXT_MAX * GJ_RECORD_UNIT];
    } copy;
    const struct gj_op *op = log_bytes_op(a->log, index);
    const struct log_group *group = log_bytes_header(a->log, index);
    struct audit_expected *want = &a->expected[index];
    memset(want, 0, sizeof(*want));
    if (op->ext_count > GJ_EXT_MAX) return audit_fault(a, "too many lines in a record");
    a->fund += brought_in(a->log, index);
    if (op->type == GJ_OP_EXPIRE) {
        want->server = true;
        return apply_expiry(a, op, index + 1, group->time_ms) && audit_versions(a, index) &&
               audit_chains(a, index);
    }
    memset(&copy, 0, sizeof(copy));
    memcpy(&copy, op, (1u + op->ext_count) * sizeof(*op));
    model_advance(a->model, group->time_ms);
    if (!audit_versions(a, index)) return false;
    model_apply(a->model, &copy.op, group->time_ms, false, &want->reply, &want->sources);
    if (!same_record(a, index, want) || !audit_chains(a, index)) return false;
    if (a->model->answered == MODEL_NONE) {
        return audit_fault(a, "record %" PRIu64 " holds what is no outcome", index + 1);
    }
    want->reply.seq = index + 1;
    a->model->requests[a->model->answered].reply.seq = index + 1;
    return true;
}

/* The group that ends with the records audited so far, if one does. */
static bool end_group(struct auditor *a)
{
    const struct log_bytes *log = a->log;
    bool ended = false;
    while (a->groups < log->group_count) {
        const struct log_bytes_group *group = &log->groups[a->groups];
        if (group->first_record + group->header.count > a->records) break;
        a->model->rid_low_water_ms = group->header.rid_low_water_ms;
        ended |= group->header.count != 0;
        a->groups++;
    }
    if (!ended) return true;
    const char *broken = audit_invariants(a->model, a->fund);
    if (broken == NULL) return true;
    return audit_fault(a, "after record %" PRIu64 ": %s", a->records, broken);
}

bool auditor_apply(struct auditor *a, uint64_t count)
{
    if (count > a->log->record_count) {
        return audit_fault(a, "record %" PRIu64 " is not in the log, which has %" PRIu64, count,
                           a->log->record_count);
    }
    if (count > a->record_room) {
        a->record_room = 2 * count + 64;
        a->expected = realloc(a->expected, a->record_room * sizeof(*a->expected));
        if (a->expected == NULL) abort();
    }
    while (a->records < count) {
        if (a->fault[0] != '\0' || !apply_record(a, a->records)) return false;
        a->records++;
        if (!end_group(a)) return false;
    }
    return a->fault[0] == '\0';
}

/* ---- outcomes ---- */

static bool same_request(const struct gj_op *record, const struct gj_op *op)
{
    struct gj_op a = *record, b = *op;
    a.deadline_ms = b.deadline_ms = 0;
    if (memcmp(&a, &b, sizeof(a)) != 0) return false;
    return memcmp(record + 1, op + 1, op->ext_count * sizeof(*op)) == 0;
}

bool auditor_outcome(struct auditor *a, const struct gj_op *op, const struct gj_reply *reply,
                     const struct gj_reply_sources *sources)
{
    a->checked++;
    if (reply->seq == 0 || reply->seq > a->records) {
        return audit_fault(a, "acknowledged record %" PRIu64 " is missing: the log has %" PRIu64,
                           reply->seq, a->records);
    }
    struct audit_expected *want = &a->expected[reply->seq - 1];
    const struct gj_op *record = log_bytes_op(a->log, reply->seq - 1);
    bool replayed = (reply->flags & GJ_REPLY_REPLAYED) != 0;
    if (want->server || !same_request(record, op)) {
        return audit_fault(a, "acknowledged record %" PRIu64 " (%s) holds another operation",
                           reply->seq, gj_op_name(op->type));
    }
    struct gj_reply bare = *reply;
    bare.flags &= (uint8_t)~GJ_REPLY_REPLAYED;
    if (memcmp(&bare, &want->reply, sizeof(bare)) != 0) {
        return audit_fault(
            a,
            "the reply of record %" PRIu64 " (%s): told code %u flags %u balance "
            "%" PRId64 " amount %" PRId64 ", the model says %u %u %" PRId64 " %" PRId64,
            reply->seq, gj_op_name(op->type), bare.code, bare.flags, bare.balance, bare.amount,
            want->reply.code, want->reply.flags, want->reply.balance, want->reply.amount);
    }
    if ((bare.flags & GJ_REPLY_SOURCES) && memcmp(sources, &want->sources, sizeof(*sources)) != 0) {
        return audit_fault(a, "the sources in the reply of record %" PRIu64, reply->seq);
    }
    if (replayed) return true;
    if (want->told) {
        return audit_fault(a, "record %" PRIu64 " was told twice as if executed anew", reply->seq);
    }
    want->told = true;
    return true;
}

/* ---- refusals ---- */

static bool key_known(struct auditor *a, const struct gj_op *op)
{
    return model_find_request(a->model, op->person, &op->rid) != MODEL_NONE;
}

/* Whether a refusal of this code can be right: what it says of the request alone must be so, what
 * it says of the world must have been so at some time up to now. */
static bool refusal_possible(struct auditor *a, const struct gj_op *op, uint8_t code,
                             const struct audit_refusal *about)
{
    static const struct gj_rid zero;
    uint64_t rid_ms = model_rid_ms(&op->rid);
    const struct model *m = a->model;
    switch (code) {
    case GJ_OVERLOADED:
    case GJ_READ_ONLY:
    case GJ_OUTCOME_UNKNOWN: return about->faults;
    case GJ_SHUTTING_DOWN: return about->stopping || about->faults;
    case GJ_DEADLINE_EXCEEDED:
        return op->deadline_ms != 0 && about->time_high > rid_ms + op->deadline_ms;
    case GJ_CAPACITY_PERSONS: return m->person_count == m->persons_max;
    case GJ_CAPACITY_RECORDS:
        return op->type == GJ_OP_HOLD || op->type == GJ_OP_TRANSFER || op->type == GJ_OP_BIND ||
               op->type == GJ_OP_SET_INSTITUTION;
    case GJ_RID_ZERO: return gj_rid_equal(&op->rid, &zero);
    case GJ_RID_REUSED: return key_known(a, op);
    case GJ_BAD_FIELD: return !model_rid_is_time(&op->rid);
    case GJ_RID_EXPIRED: return rid_ms < m->rid_low_water_ms;
    case GJ_RID_TOMBSTONED: return model_tombstoned(m, op->person, &op->rid);
    case GJ_RID_IN_FUTURE:
        if (op->type == GJ_OP_REVERSE && model_rid_ms(model_original_rid(op)) > rid_ms) {
            rid_ms = model_rid_ms(model_original_rid(op));
        }
        return rid_ms > about->time_low + 5 * 60 * 1000;
    case GJ_AMOUNT_NOT_POSITIVE: return op->amount <= 0;
    case GJ_AMOUNT_OVER_MAX: return op->amount > GJ_AMOUNT_MAX;
    case GJ_SELF_TRANSFER: return op->type == GJ_OP_TRANSFER && op->person == op->other;
    default: return false;
    }
}

bool auditor_refusal(struct auditor *a, const struct gj_op *op, const struct gj_reply *reply,
                     const struct audit_refusal *about)
{
    a->checked++;
    struct gj_reply bare = {.code = reply->code};
    if (memcmp(reply, &bare, sizeof(bare)) != 0) {
        return audit_fault(a, "a refusal with code %u says more than that", reply->code);
    }
    bool any_time = reply->code == GJ_OVERLOADED || reply->code == GJ_SHUTTING_DOWN ||
                    reply->code == GJ_OUTCOME_UNKNOWN;
    unsigned bytes = any_time ? 0 : model_check_bytes(op);
    bool right = bytes != 0 ? reply->code == bytes : refusal_possible(a, op, reply->code, about);
    if (right) return true;
    return audit_fault(a, "%s person %" PRIu64 " was refused with %u (%s), which cannot be",
                       gj_op_name(op->type) != NULL ? gj_op_name(op->type) : "?", op->person,
                       reply->code, gj_code_name(reply->code));
}
