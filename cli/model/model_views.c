/* cli/model/model_views.c -- what the model expects of the reads. */
#include <stdlib.h>
#include <string.h>

#include "cli/model/model.h"

struct gj_fen128 model_fen(__int128 fen)
{
    return (struct gj_fen128){(uint64_t)fen, (int64_t)(fen >> 64)};
}

static uint8_t products_paid(const struct model *m, uint64_t beneficiary, unsigned year)
{
    unsigned mask = 0;
    for (uint32_t i = 0; i < m->premium_count; i++) {
        const struct model_premium *paid = &m->premiums[i];
        if (paid->beneficiary != beneficiary || paid->year != year) continue;
        mask |= 1u << (paid->product - 1);
    }
    return (uint8_t)mask;
}

static void view_relations(const struct model *m, uint64_t id, struct gj_person_view *ret)
{
    for (uint32_t i = 0; i < m->relation_count; i++) {
        const struct model_relation *r = &m->relations[i];
        if (r->payer != id) continue;
        struct gj_member_view *member = &ret->members[ret->member_count++];
        member->id = r->member;
        member->kind = r->kind;
        member->cap = r->cap;
        member->used = r->used;
    }
}

static void view_open(const struct model *m, uint64_t id, struct gj_person_view *ret)
{
    for (uint32_t at = 0; at < m->open_count; at++) {
        const struct model_request *r = &m->requests[m->open[at]];
        if (!model_takes_part(r, id)) continue;
        if (r->op.type == GJ_OP_HOLD) {
            ret->holds++;
        } else if (r->op.person == id) {
            ret->pendings_out++;
        } else {
            ret->pendings_in++;
        }
    }
}

bool model_person_view(const struct model *m, uint64_t id, struct gj_person_view *ret)
{
    memset(ret, 0, sizeof(*ret));
    const struct model_person *p = NULL;
    for (uint32_t i = 0; i < m->person_count; i++) {
        if (m->persons[i].id == id) p = &m->persons[i];
    }
    if (p == NULL) return false;
    ret->id = id;
    ret->personal = p->personal;
    ret->personal_held = model_held(m, p, GJ_SOURCE_PERSONAL);
    ret->wallet = p->wallet;
    ret->wallet_held = model_held(m, p, GJ_SOURCE_WALLET);
    ret->quota = model_quota(m, p, model_policy(m, p->region));
    ret->quota_left = ret->quota;
    if (ret->quota >= 0) ret->quota_left = ret->quota > p->used ? ret->quota - p->used : 0;
    ret->used = p->used;
    ret->opening = p->opening;
    ret->credits = p->credits;
    ret->phone_hash = p->phone_hash;
    ret->insured_region = p->region;
    ret->use_region = p->use_region;
    ret->insurance = p->insurance;
    ret->status = p->status;
    if (p->confirmed) ret->flags |= GJ_PERSON_WALLET;
    if (p->special) ret->flags |= GJ_PERSON_SPECIAL;
    if (p->closed) ret->flags |= GJ_PERSON_CLOSED;
    if (p->account) ret->flags |= GJ_PERSON_ACCOUNT;
    if (p->marked) ret->flags |= GJ_PERSON_OVERDUE;
    ret->suspended = p->suspended;
    ret->year = m->year;
    ret->changed_on = p->changed_on;
    ret->premium_year = m->year;
    for (unsigned i = 0; i < 3; i++) {
        ret->premium_paid[i] = products_paid(m, id, m->year - 1u + i);
    }
    view_relations(m, id, ret);
    view_open(m, id, ret);
    return true;
}

void model_totals_view(const struct model *m, uint16_t region, struct gj_totals_view *ret)
{
    memset(ret, 0, sizeof(*ret));
    const struct model_region *r = &m->regions[region];
    ret->fund = model_fen(r->fund);
    ret->personal = model_fen(r->personal);
    ret->wallet = model_fen(r->wallet);
    ret->institution = model_fen(r->institution);
    ret->premium = model_fen(r->premium);
    ret->clearing = model_fen(r->clearing);
    for (uint32_t i = 0; i < m->person_count; i++) {
        if (m->persons[i].region == region) ret->persons++;
        if (m->persons[i].confirmed && m->persons[i].use_region == region) ret->wallets++;
    }
}

bool model_region_view(const struct model *m, uint16_t region, struct gj_region_view *ret)
{
    memset(ret, 0, sizeof(*ret));
    const struct model_region *r = &m->regions[region];
    if (!r->set) return false;
    ret->id = region;
    ret->version = r->version;
    ret->current = r->ext;
    if (r->scheduled) {
        ret->scheduled = 1;
        ret->scheduled_version = r->next_version;
        ret->scheduled_from_ms = r->next_from_ms;
        ret->next = r->next;
    }
    return true;
}

unsigned model_day_view(const struct model *m, uint64_t id, uint16_t day,
                        struct gj_institution_day_view *ret)
{
    memset(ret, 0, sizeof(*ret));
    if (day > m->day || day + GJ_INSTITUTION_DAYS <= m->day) return GJ_BAD_FIELD;
    bool known = false;
    for (uint32_t i = 0; i < m->institution_count; i++) known |= m->institutions[i].id == id;
    if (!known) return GJ_INST_NOT_FOUND;
    ret->id = id;
    ret->day = day;
    for (uint32_t i = 0; i < m->day_count; i++) {
        const struct model_institution_day *d = &m->days[i];
        if (d->id != id || d->day != day) continue;
        ret->credit_count = d->credit_count;
        ret->debit_count = d->debit_count;
        ret->credits = model_fen(d->credits);
        ret->debits = model_fen(d->debits);
    }
    return GJ_OK;
}

static void view_hold(const struct model_request *r, struct gj_hold_view *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->rid = r->op.rid;
    ret->person = r->op.person;
    ret->other = r->op.other;
    ret->amount = r->reply.amount;
    memcpy(ret->left, r->left, sizeof(ret->left));
    ret->due_ms = r->due_ms;
    ret->seq = r->reply.seq;
    ret->type = r->op.type;
    ret->sources = r->op.kind;
    if (r->op.type != GJ_OP_HOLD) return;
    ret->scenario = r->op.detail;
    ret->relative = ((const struct gj_pay_ext *)r->ext)->relative;
}

static int earlier_first(const void *left, const void *right)
{
    const struct gj_hold_view *a = left, *b = right;
    if (a->due_ms != b->due_ms) return a->due_ms < b->due_ms ? -1 : 1;
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

uint32_t model_list(const struct model *m, uint64_t person, uint8_t type, struct gj_hold_view *ret)
{
    uint32_t count = 0;
    for (uint32_t at = 0; at < m->open_count; at++) {
        const struct model_request *r = &m->requests[m->open[at]];
        if (r->op.type != type || !model_takes_part(r, person)) continue;
        view_hold(r, &ret[count++]);
    }
    qsort(ret, count, sizeof(*ret), earlier_first);
    return count;
}

void model_op_view(const struct model *m, uint64_t person, const struct gj_rid *rid,
                   struct gj_op_view *ret)
{
    memset(ret, 0, sizeof(*ret));
    uint32_t at = model_find_request(m, person, rid);
    if (at != MODEL_NONE && !m->requests[at].forgotten) {
        const struct model_request *r = &m->requests[at];
        ret->state = gj_code_ok(r->reply.code) ? GJ_OP_STATE_EXECUTED : GJ_OP_STATE_REFUSED;
        ret->reply = r->reply;
        ret->sources = r->sources;
        ret->op = r->op;
    } else if (model_tombstoned(m, person, rid)) {
        ret->state = GJ_OP_STATE_TOMBSTONED;
    } else {
        bool below = model_rid_ms(rid) < m->rid_low_water_ms;
        ret->state = below ? GJ_OP_STATE_EXPIRED : GJ_OP_STATE_NOT_EXECUTED;
    }
}
