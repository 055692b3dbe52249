/* core/query/query.c -- checks a read, hands it to its own function, and writes the answer's
 * header. */
#include "core/query/query.h"

#include <string.h>

#include "core/query/answer.h"
#include "core/state/walk.h"

static_assert(QUERY_FIXED_MAX >= sizeof(struct gj_region_view), "largest payload but lists");
static_assert(sizeof(struct gj_answer) + QUERY_FIXED_MAX <= GJ_READ_ANSWER_MAX, "fits");

static struct query_result query_ping(const struct query_call *call)
{
    return query_done(0);
}

static struct query_result query_stats(const struct query_call *call)
{
    const struct state *s = call->s;
    struct gj_stats_view *view = call->payload;
    struct state_counts counts;
    state_counts(s, &counts);
    view->persons = counts.persons;
    view->persons_max = s->config.persons_max;
    view->families = counts.families;
    view->families_max = s->config.families_max;
    view->institutions = counts.institutions;
    view->institutions_max = s->config.institutions_max;
    view->regions = counts.regions;
    view->rids = counts.rids;
    view->rids_max = s->config.rids_max;
    view->rid_low_water_ms = state_rid_low_water_ms(s);
    view->holds = counts.holds;
    view->holds_max = s->config.holds_max;
    return query_done(sizeof(*view));
}

static struct query_result query_digest(const struct query_call *call)
{
    struct gj_digest_view *view = call->payload;
    uint64_t digest[2];
    if (call->in->walked)
        walk_digest(call->s, digest);
    else
        state_digest(call->s, digest);
    *view = (struct gj_digest_view){.low = digest[0], .high = digest[1]};
    return query_done(sizeof(*view));
}

static struct query_result query_audit(const struct query_call *call)
{
    struct gj_audit_view *view = call->payload;
    const char *broken = call->in->walked ? walk_audit(call->s) : state_audit(call->s);
    if (broken == NULL) return query_done(sizeof(*view));
    for (size_t i = 0; i + 1 < sizeof(view->broken) && broken[i] != '\0'; i++) {
        view->broken[i] = broken[i];
    }
    return query_done(sizeof(*view));
}

/* Which fields of the request a read uses; the others must be zero. */
#define USES_REGION 1u
#define USES_ID     2u
#define USES_RID    4u
#define USES_CURSOR 8u
#define USES_DAY    16u

/* What a read costs that looks at a few objects only: an index, the object's lines, the answer. */
#define COST_FIND   (2 * COST_LINE)
#define COST_PERSON (COST_FIND + 6 * COST_LINE) /* with family, members' ids and policy */
#define COST_DECIDE (8 * COST_LINE)

static const struct {
    struct query_result (*answer)(const struct query_call *call);
    uint8_t uses;
    uint8_t ext_min, ext_max;
    uint16_t cost; /* what it costs in any case */
    bool more;     /* and more, by what it finds */
} reads[256] = {
    [GJ_READ_PING] = {query_ping, 0, 0, 0, COST_NEAR, false},
    [GJ_READ_STATS] = {query_stats, 0, 0, 0, COST_LINE, false},
    [GJ_READ_GET_PERSON] = {query_person, USES_ID, 0, 0, COST_PERSON, true},
    [GJ_READ_GET_OP] = {query_op, USES_ID | USES_RID, 0, 0, 4 * COST_LINE, true},
    [GJ_READ_GET_REGION] = {query_region, USES_REGION, 0, 2, 2 * COST_LINE, true},
    [GJ_READ_GET_INSTITUTION] = {query_institution, USES_ID, 0, 0, COST_FIND + COST_LINE, false},
    [GJ_READ_REGION_TOTALS] = {query_totals, USES_REGION, 0, 0, 2 * COST_LINE, false},
    [GJ_READ_NETTING_ROW] = {query_netting, USES_REGION, 0, 0,
                             GJ_REGIONS_MAX *(COST_LINE + 2 * COST_NEAR), false},
    [GJ_READ_STATE_DIGEST] = {query_digest, 0, 0, 0, COST_LINE, true},
    [GJ_READ_AUDIT] = {query_audit, 0, 0, 0, COST_LINE, true},
    [GJ_READ_DRY_RUN] = {query_dry_run, 0, 1, 1 + GJ_EXT_MAX, COST_DECIDE, true},
    [GJ_READ_REGION_INSTITUTIONS] = {query_institutions, USES_REGION | USES_ID, 0, 0, COST_FIND,
                                     true},
    [GJ_READ_LIST_HOLDS] = {query_holds, USES_ID | USES_CURSOR, 0, 0, COST_FIND, true},
    [GJ_READ_LIST_PENDING] = {query_pending, USES_ID | USES_CURSOR, 0, 0, COST_FIND, true},
    [GJ_READ_INSTITUTION_DAY] = {query_institution_day, USES_ID | USES_DAY, 0, 0,
                                 COST_FIND + 2 * COST_LINE, false},
};

static bool all_zero(const uint8_t *bytes, size_t size)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < size; i++) sum |= bytes[i];
    return sum == 0;
}

static uint8_t read_check(const struct gj_read *read)
{
    if (reads[read->type].answer == NULL) return GJ_UNKNOWN_OP;
    if (read->ext_count < reads[read->type].ext_min ||
        read->ext_count > reads[read->type].ext_max) {
        return GJ_BAD_FIELD;
    }
    unsigned uses = reads[read->type].uses;
    if (read->reserved0 != 0 || !all_zero(read->reserved, sizeof(read->reserved)) ||
        ((uses & USES_REGION) == 0 && read->region != 0) ||
        ((uses & USES_ID) == 0 && read->id != 0) || ((uses & USES_DAY) == 0 && read->day != 0) ||
        ((uses & USES_CURSOR) == 0 && (read->after_due != 0 || read->after_seq != 0)) ||
        ((uses & USES_RID) == 0 && !all_zero(read->rid.bytes, sizeof(read->rid.bytes)))) {
        return GJ_RESERVED_NONZERO;
    }
    return GJ_OK;
}

unsigned query_walk(const struct gj_read *read)
{
    if (read_check(read) != GJ_OK) return 0;
    if (read->type == GJ_READ_STATE_DIGEST) return WALK_DIGEST;
    return read->type == GJ_READ_AUDIT ? WALK_AUDIT : 0;
}

void query_needs(const struct state *s, const struct gj_read *read,
                 const struct fetched_record *known, uint32_t known_count, struct needs *ret)
{
    ret->count = 0;
    if (read_check(read) != GJ_OK) return;
    if (read->type == GJ_READ_GET_OP) {
        ret->count = rid_window_find(&s->rids, read->id, &read->rid, ret->positions);
    } else if (read->type == GJ_READ_DRY_RUN && query_dry_run_op(read) != NULL) {
        needs(s, query_dry_run_op(read), known, known_count, ret);
    }
}

uint32_t query_cost(const struct gj_read *read)
{
    if (read_check(read) != GJ_OK) return COST_NEAR;
    bool by_name = read->type == GJ_READ_GET_REGION && read->ext_count != 0;
    bool more = by_name || (reads[read->type].more && read->type != GJ_READ_GET_REGION);
    return more ? QUERY_COST_OPEN : reads[read->type].cost;
}

/* Nothing was written behind what the answer counts: that part is zero as it was at first. Lists
 * are longer than it. */
static inline bool rest_is_zero(const struct query_call *call, uint32_t size)
{
    if (size >= QUERY_FIXED_MAX) return true;
    return all_zero((const uint8_t *)call->payload + size, QUERY_FIXED_MAX - size);
}

uint32_t query(const struct state *s, const struct gj_read *read, const struct decide_input *in,
               void *out, uint32_t capacity, uint32_t *ret_cost)
{
    ASSERT(capacity >= GJ_READ_ANSWER_MAX);
    struct gj_answer *answer = out;
    *answer = (struct gj_answer){
        .code = read_check(read),
        .type = read->type,
        .seq = s->seq,
        .time_ms = in->time_ms,
    };
    *ret_cost = COST_NEAR;
    if (answer->code != GJ_OK) return sizeof(*answer);
    *ret_cost = reads[read->type].cost;
    if (in->walked && query_walk(read) != 0) answer->seq = walk_seq(s);

    struct query_call call = {
        .s = s,
        .read = read,
        .in = in,
        .answer = answer,
        .payload = answer + 1,
        .capacity = capacity - (uint32_t)sizeof(*answer),
        .cost = ret_cost,
    };
    memset(call.payload, 0, QUERY_FIXED_MAX);
    struct query_result result = reads[read->type].answer(&call);
    ASSERT(result.size <= call.capacity && result.size % 8 == 0);
    VERIFY(rest_is_zero(&call, result.size));
    answer->code = result.code;
    answer->size = result.size;
    return (uint32_t)sizeof(*answer) + result.size;
}
