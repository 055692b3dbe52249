/* tests/sim/audit_answers.c -- answers to reads beside the model's views at the same point. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/auditor.h"

static bool other_code(struct auditor *a, const struct gj_read *read,
                       const struct gj_answer *answer, unsigned want)
{
    if (answer->code == want) return false;
    audit_fault(a, "a read of type %u of %" PRIu64 " answered %u, the model %u", read->type,
                read->id, answer->code, want);
    return true;
}

/* The product mask of one year, as the answer names it. */
static uint8_t paid_in(const struct gj_person_view *v, int year)
{
    int at = year - v->premium_year + 1;
    return v->premium_year != 0 && at >= 0 && at < 3 ? v->premium_paid[at] : 0;
}

static int by_id(const void *left, const void *right)
{
    const struct gj_member_view *a = left, *b = right;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* What may differ though it says the same: the order of members, the year the premiums are told
 * from; and the place of the last record, which the model does not know. */
static void normalize(struct gj_person_view *v, int year)
{
    uint8_t paid[3];
    for (int i = 0; i < 3; i++) paid[i] = paid_in(v, year - 1 + i);
    memcpy(v->premium_paid, paid, sizeof(paid));
    v->premium_year = (uint16_t)year;
    v->last_position = 0;
    if (v->member_count <= GJ_FAMILY_MEMBERS_MAX) {
        qsort(v->members, v->member_count, sizeof(v->members[0]), by_id);
    }
}

/* The first line of the record that last touched the person at this point: what names the version
 * that was shown. A refused record touches its first person only. */
static bool touches(const struct log_bytes *log, uint64_t index, uint64_t id)
{
    const struct gj_op *op = log_bytes_op(log, index);
    return op->person == id;
}

static bool same_position(struct auditor *a, uint64_t id, uint64_t position, uint64_t seq)
{
    uint64_t own = 0; /* the last record whose first person this is */
    for (uint64_t i = seq; i > 0 && own == 0; i--) {
        if (touches(a->log, i - 1, id)) own = a->log->records[i - 1].line;
    }
    bool known = position >= own;
    for (uint64_t i = seq; known && i > 0; i--) {
        if (a->log->records[i - 1].line == position) return true;
    }
    return audit_fault(a, "last_position of person %" PRIu64 " is no record up to %" PRIu64, id,
                       seq);
}

static bool person(struct auditor *a, const struct gj_read *read, const struct gj_answer *answer,
                   const void *payload)
{
    struct gj_person_view told, want;
    bool there = model_person_view(a->model, read->id, &want);
    if (other_code(a, read, answer, there ? GJ_OK : GJ_PERSON_NOT_FOUND)) return false;
    if (!there) return true;
    memset(&told, 0, sizeof(told));
    memcpy(&told, payload, answer->size < sizeof(told) ? answer->size : sizeof(told));
    uint64_t position = told.last_position;
    normalize(&told, a->model->year);
    normalize(&want, a->model->year);
    if (memcmp(&told, &want, sizeof(want)) == 0) {
        return same_position(a, read->id, position, answer->seq);
    }
    return audit_fault(a,
                       "person %" PRIu64 " at record %" PRIu64 ": shown personal %" PRId64
                       " held %" PRId64 " wallet %" PRId64 " held %" PRId64 " used %" PRId64
                       ", the model has %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64,
                       read->id, answer->seq, told.personal, told.personal_held, told.wallet,
                       told.wallet_held, told.used, want.personal, want.personal_held, want.wallet,
                       want.wallet_held, want.used);
}

static bool operation(struct auditor *a, const struct gj_read *read, const struct gj_answer *answer,
                      const void *payload)
{
    static const struct gj_rid zero;
    struct gj_op_view told, want;
    bool asked = !gj_rid_equal(&read->rid, &zero);
    if (other_code(a, read, answer, asked ? GJ_OK : GJ_RID_ZERO)) return false;
    if (!asked) return true;
    memcpy(&told, payload, sizeof(told));
    model_op_view(a->model, read->id, &read->rid, &want);
    uint64_t position = told.position;
    told.position = 0;
    if (memcmp(&told, &want, sizeof(want)) != 0) {
        return audit_fault(a,
                           "GET_OP of person %" PRIu64 " at record %" PRIu64
                           ": state %u code %u record %" PRIu64 ", the model has %u %u %" PRIu64,
                           read->id, answer->seq, told.state, told.reply.code, told.reply.seq,
                           want.state, want.reply.code, want.reply.seq);
    }
    uint64_t seq = want.reply.seq;
    if (seq == 0 || position == a->log->records[seq - 1].line) return true;
    return audit_fault(a, "GET_OP names another place than that of record %" PRIu64, seq);
}

static bool list(struct auditor *a, const struct gj_read *read, const struct gj_answer *answer,
                 const void *payload)
{
    static struct gj_hold_view want[MODEL_OPEN_MAX];
    struct gj_person_view view;
    bool there = model_person_view(a->model, read->id, &view);
    if (other_code(a, read, answer, there ? GJ_OK : GJ_PERSON_NOT_FOUND)) return false;
    if (!there) return true;
    uint8_t of = read->type == GJ_READ_LIST_HOLDS ? GJ_OP_HOLD : GJ_OP_TRANSFER;
    uint32_t count = model_list(a->model, read->id, of, want);
    if (count > GJ_HOLDS_PAGE) count = GJ_HOLDS_PAGE;
    if (answer->count == count && answer->size == count * sizeof(*want) &&
        memcmp(payload, want, answer->size) == 0) {
        return true;
    }
    return audit_fault(a, "what is open of person %" PRIu64 " at record %" PRIu64 ": %u, not %u",
                       read->id, answer->seq, answer->count, count);
}

static bool totals(struct auditor *a, const struct gj_read *read, const struct gj_answer *answer,
                   const void *payload)
{
    struct gj_totals_view want;
    bool set = read->region < MODEL_REGIONS_MAX && a->model->regions[read->region].set;
    if (other_code(a, read, answer, set ? GJ_OK : GJ_REGION_NOT_FOUND)) return false;
    if (!set) return true;
    model_totals_view(a->model, read->region, &want);
    if (memcmp(payload, &want, sizeof(want)) == 0) return true;
    return audit_fault(a, "the book of region %u at record %" PRIu64, read->region, answer->seq);
}

static bool day(struct auditor *a, const struct gj_read *read, const struct gj_answer *answer,
                const void *payload)
{
    struct gj_institution_day_view want;
    unsigned code = model_day_view(a->model, read->id, read->day, &want);
    if (other_code(a, read, answer, code)) return false;
    if (code != GJ_OK || memcmp(payload, &want, sizeof(want)) == 0) return true;
    return audit_fault(a, "day %u of institution %" PRIu64 " at record %" PRIu64, read->day,
                       read->id, answer->seq);
}

bool auditor_answer(struct auditor *a, const struct gj_read *read, const struct gj_answer *answer,
                    const void *payload)
{
    if (a->fault[0] != '\0') return false;
    a->checked++;
    if (answer->seq != a->records) {
        return audit_fault(a, "an answer shows record %" PRIu64 ", the log has %" PRIu64,
                           answer->seq, a->records);
    }
    if (answer->time_ms < a->model->time_ms) {
        return audit_fault(a, "an answer at record %" PRIu64 " shows a time before it",
                           answer->seq);
    }
    model_advance(a->model, answer->time_ms);
    switch (read->type) {
    case GJ_READ_PING: return !other_code(a, read, answer, GJ_OK);
    case GJ_READ_GET_PERSON: return person(a, read, answer, payload);
    case GJ_READ_GET_OP: return operation(a, read, answer, payload);
    case GJ_READ_LIST_HOLDS:
    case GJ_READ_LIST_PENDING: return list(a, read, answer, payload);
    case GJ_READ_REGION_TOTALS: return totals(a, read, answer, payload);
    case GJ_READ_INSTITUTION_DAY: return day(a, read, answer, payload);
    case GJ_READ_AUDIT:
        if (other_code(a, read, answer, GJ_OK)) return false;
        if (*(const char *)payload == '\0') return true;
        return audit_fault(a, "the server's own audit: %.64s", (const char *)payload);
    default: return audit_fault(a, "an answer to a read that nobody sent");
    }
}
