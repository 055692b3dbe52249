/* cli/model/model_register.c -- the model's rules for regions, institutions, persons, wallets,
 * relations and suspension, and for what ends or moves a person's accounts as a whole. */
#include <stdlib.h>
#include <string.h>

#include "cli/model/model.h"

static unsigned set_region(struct model *m, const struct gj_op *op)
{
    const struct gj_region_ext *ext = (const struct gj_region_ext *)(op + 1);
    if (op->arg >= MODEL_REGIONS_MAX) abort(); /* the generator stays below */
    struct model_region *r = &m->regions[op->arg];
    uint32_t last = r->scheduled ? r->next_version : r->version;
    bool now = op->other == 0 || op->other == m->time_ms;
    model_refuse_if(m, r->set && (uint64_t)op->amount <= last, GJ_POLICY_VERSION_STALE);
    uint64_t above = r->set ? last + UINT64_C(100000) : UINT64_C(1000000000);
    model_refuse_if(m, (uint64_t)op->amount > above, GJ_POLICY_INVALID);
    model_refuse_if(m, !now && op->other < m->time_ms, GJ_POLICY_INVALID);
    model_refuse_if(m, !now && !r->set, GJ_POLICY_INVALID);
    model_refuse_if(m, !model_region_ext_valid(ext), GJ_POLICY_INVALID);
    for (unsigned i = 0; i < MODEL_REGIONS_MAX; i++) {
        const struct model_region *another = &m->regions[i];
        if (i == op->arg || !another->set) continue;
        bool same = memcmp(another->ext.province, ext->province, sizeof(ext->province)) == 0 &&
                    memcmp(another->ext.name, ext->name, sizeof(ext->name)) == 0;
        model_refuse_if(m, same, GJ_POLICY_INVALID);
    }
    if (m->lowest != 255) return 0;
    r->set = true;
    memcpy(r->ext.province, ext->province, sizeof(ext->province));
    memcpy(r->ext.name, ext->name, sizeof(ext->name));
    r->ext.public_code = ext->public_code;
    r->scheduled = !now;
    if (now) {
        r->ext.policy = ext->policy;
        r->version = (uint32_t)op->amount;
    } else {
        r->next = ext->policy;
        r->next_version = (uint32_t)op->amount;
        r->next_from_ms = op->other;
    }
    return GJ_OK;
}

static unsigned set_institution(struct model *m, const struct gj_op *op)
{
    const struct gj_institution_ext *ext = (const struct gj_institution_ext *)(op + 1);
    struct model_institution *i = model_find_institution(m, op->other);
    model_refuse_if(m, model_policy(m, op->arg) == NULL, GJ_REGION_NOT_FOUND);
    if (i == NULL) {
        if (m->lowest != 255) return 0;
        if (m->institution_count == m->institutions_max) return GJ_CAPACITY_RECORDS;
        i = &m->institutions[m->institution_count++];
        i->id = op->other;
        i->region = op->arg;
        i->type = op->kind;
        i->scenarios = op->detail;
        i->flags = op->flags;
        memcpy(i->code, ext->code, sizeof(i->code));
        return GJ_OK;
    }
    bool different = i->region != op->arg || i->type != op->kind ||
                     memcmp(i->code, ext->code, sizeof(i->code)) != 0;
    model_refuse_if(m, different, GJ_INST_EXISTS_DIFFERENT);
    if (m->lowest != 255) return 0;
    if (i->scenarios == op->detail && i->flags == op->flags) return GJ_OK_NOOP;
    i->scenarios = op->detail;
    i->flags = op->flags;
    return GJ_OK;
}

static unsigned open_person(struct model *m, const struct gj_op *op)
{
    struct model_person *p = model_find_person(m, op->person);
    bool special = (op->flags & GJ_FLAG_SPECIAL) != 0;
    if (p != NULL) {
        bool different = p->region != op->arg || p->insurance != op->kind ||
                         p->status != op->detail || p->special != special;
        model_refuse_if(m, different, GJ_ACCOUNT_EXISTS_DIFFERENT);
        model_refuse_if(m, p->closed, GJ_ACCOUNT_CLOSED);
    }
    model_refuse_if(m, model_policy(m, op->arg) == NULL, GJ_REGION_NOT_FOUND);
    if (m->lowest != 255) return 0;
    if (p != NULL) return GJ_OK_NOOP;
    if (m->person_count == m->persons_max) return GJ_CAPACITY_PERSONS;
    p = &m->persons[m->person_count++];
    p->id = op->person;
    p->region = op->arg;
    p->insurance = op->kind;
    p->status = op->detail;
    p->special = special;
    p->account = op->kind == GJ_INSURANCE_EMPLOYEE;
    return GJ_OK;
}

static unsigned update_person(struct model *m, const struct gj_op *op)
{
    struct model_person *p = model_find_person(m, op->person);
    model_refuse_if(m, p == NULL, GJ_PERSON_NOT_FOUND);
    if (p == NULL) return 0;
    model_refuse_if(m, p->closed, GJ_ACCOUNT_CLOSED);
    if (m->lowest != 255) return 0;
    struct model_person before = *p;
    if (op->kind != 0) {
        p->insurance = op->kind;
        if (p->insurance == GJ_INSURANCE_EMPLOYEE) p->account = true;
    }
    if (op->detail != 0) p->status = op->detail;
    if (op->flags & GJ_FLAG_SPECIAL_SET) p->special = (op->flags & GJ_FLAG_SPECIAL) != 0;
    if (op->flags & GJ_FLAG_PHONE) {
        p->phone_hash = op->other;
        p->marked = false;
        p->changed_on = 0;
    } else if (op->arg != 0 && (!p->marked || op->arg < p->changed_on)) {
        p->marked = true;
        p->changed_on = op->arg;
    }
    bool same = before.insurance == p->insurance && before.status == p->status &&
                before.special == p->special && before.phone_hash == p->phone_hash &&
                before.marked == p->marked && before.changed_on == p->changed_on;
    return same ? GJ_OK_NOOP : GJ_OK;
}

static unsigned confirm_wallet(struct model *m, const struct gj_op *op)
{
    struct model_person *p = model_find_person(m, op->person);
    const struct gj_policy *use = model_policy(m, op->arg);
    model_refuse_if(m, p == NULL, GJ_PERSON_NOT_FOUND);
    model_refuse_if(m, p != NULL && p->closed, GJ_ACCOUNT_CLOSED);
    model_refuse_if(m, p != NULL && p->confirmed, GJ_WALLET_ALREADY_CONFIRMED);
    model_refuse_if(m, use == NULL, GJ_REGION_NOT_FOUND);
    model_refuse_if(m, use != NULL && use->wallet_open == 0, GJ_REGION_NOT_OPEN_PAYER);
    if (m->lowest != 255) return 0;
    p->confirmed = true;
    p->use_region = op->arg;
    return GJ_OK;
}

/* The relation that kept its member's place, NULL if there is none. */
static const struct model_relation *kept_place(const struct model *m, uint64_t payer,
                                               uint64_t member)
{
    for (uint32_t i = 0; i < m->kept_count; i++) {
        if (m->kept[i].payer == payer && m->kept[i].member == member) return &m->kept[i];
    }
    return NULL;
}

/* Places that others than `member` have: bound, or unbound and drawn this year. */
static unsigned places_of_others(const struct model *m, uint64_t payer, uint64_t member)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < m->relation_count; i++) {
        if (m->relations[i].payer == payer && m->relations[i].member != member) count++;
    }
    for (uint32_t i = 0; i < m->kept_count; i++) {
        const struct model_relation *kept = &m->kept[i];
        if (kept->payer == payer && kept->member != member && kept->used > 0) count++;
    }
    return count;
}

static void remove_kept(struct model *m, const struct model_relation *gone)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < m->kept_count; i++) {
        if (&m->kept[i] != gone) m->kept[left++] = m->kept[i];
    }
    m->kept_count = left;
}

/* Of those with nothing drawn the first unbound is forgotten if the payer has six already. */
static void make_room(struct model *m, uint64_t payer)
{
    const struct model_relation *gone = NULL;
    unsigned count = 0;
    for (uint32_t i = 0; i < m->relation_count; i++) count += m->relations[i].payer == payer;
    for (uint32_t i = 0; i < m->kept_count; i++) {
        if (m->kept[i].payer != payer) continue;
        count++;
        if (gone == NULL && m->kept[i].used == 0) gone = &m->kept[i];
    }
    if (count >= 6) remove_kept(m, gone);
}

static struct model_relation new_relation(struct model *m, const struct gj_op *op)
{
    struct model_relation r = {
        .payer = op->person, .member = op->other, .kind = op->kind, .cap = op->amount};
    const struct model_relation *kept = kept_place(m, op->person, op->other);
    if (kept != NULL) {
        r.number = kept->number;
        r.used = kept->used;
        remove_kept(m, kept);
    } else {
        r.number = ++m->relations_ever;
        make_room(m, op->person);
    }
    if (r.used == 0) model_find_person(m, op->person)->new_members++;
    return r;
}

static unsigned bind(struct model *m, const struct gj_op *op)
{
    struct model_person *payer = model_find_person(m, op->person);
    struct model_person *member = model_find_person(m, op->other);
    struct model_relation *bound = model_find_relation(m, op->person, op->other);
    model_refuse_if(m, payer == NULL || member == NULL, GJ_PERSON_NOT_FOUND);
    model_refuse_if(m, member != NULL && member->closed, GJ_ACCOUNT_CLOSED);
    if (payer == NULL) return 0;
    const struct gj_policy *policy = model_policy(m, payer->region);
    model_refuse_if(m, payer->closed, GJ_ACCOUNT_CLOSED);
    model_refuse_if(m, payer->status == GJ_STATUS_STOPPED, GJ_NOT_INSURED);
    if (bound != NULL) {
        model_refuse_if(m, bound->kind != op->kind || bound->cap != op->amount,
                        GJ_RELATION_EXISTS_DIFFERENT);
    } else {
        unsigned family = 1 + places_of_others(m, op->person, op->other);
        model_refuse_if(m, family >= policy->max_members, GJ_MEMBER_LIMIT);
        const struct model_relation *kept = kept_place(m, op->person, op->other);
        bool returns = kept != NULL && kept->used > 0;
        unsigned most = policy->member_changes_year;
        model_refuse_if(m, !returns && most != 0 && payer->new_members >= most, GJ_MEMBER_LIMIT);
    }
    model_refuse_if(m, (policy->relation_mask >> (op->kind - 1) & 1) == 0,
                    GJ_RELATION_KIND_NOT_ALLOWED);
    model_refuse_if(m, op->person == op->other, GJ_SELF_RELATION);
    model_refuse_if(m, (policy->auth_mask_bind >> op->auth & 1) == 0, GJ_AUTH_METHOD_REQUIRED);
    if (m->lowest != 255) return 0;
    if (bound != NULL) return GJ_OK_NOOP;
    unsigned families = 0;
    for (uint32_t i = 0; i < m->person_count; i++) families += m->persons[i].ever_bound;
    if (!payer->ever_bound && families == m->families_max) return GJ_CAPACITY_RECORDS;
    payer->ever_bound = true;
    m->relations[m->relation_count] = new_relation(m, op);
    m->relation_count++;
    return GJ_OK;
}

/* Money of the payer is held for the member. */
static bool relation_in_use(const struct model *m, uint64_t payer, uint64_t member)
{
    for (uint32_t at = 0; at < m->open_count; at++) {
        const struct model_request *r = &m->requests[m->open[at]];
        if (r->op.type == GJ_OP_TRANSFER) {
            if (r->op.person == payer && r->op.other == member) return true;
            continue;
        }
        if (r->op.person != member) continue;
        for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
            bool relative = (r->op.kind >> (2 * i) & 3) == GJ_SOURCE_RELATIVE &&
                            ((const struct gj_pay_ext *)r->ext)->relative == payer;
            if (relative && r->left[i] > 0) return true;
        }
    }
    return false;
}

static unsigned unbind(struct model *m, const struct gj_op *op)
{
    model_refuse_if(m, model_find_person(m, op->person) == NULL, GJ_PERSON_NOT_FOUND);
    model_refuse_if(m, model_find_person(m, op->other) == NULL, GJ_PERSON_NOT_FOUND);
    struct model_relation *bound = model_find_relation(m, op->person, op->other);
    model_refuse_if(m, bound == NULL, GJ_RELATION_NOT_FOUND);
    model_refuse_if(m, relation_in_use(m, op->person, op->other), GJ_RELATION_IN_USE);
    if (m->lowest != 255) return 0;
    const struct model_person *payer = model_find_person(m, op->person);
    bool forgets = model_policy(m, payer->region)->unbind_forgets_draws != 0;
    if (!forgets) m->kept[m->kept_count++] = *bound;
    uint32_t at = (uint32_t)(bound - m->relations);
    for (uint32_t i = at; i + 1 < m->relation_count; i++) m->relations[i] = m->relations[i + 1];
    m->relation_count--;
    return GJ_OK;
}

static int64_t cap_or_infinite(int64_t cap)
{
    return cap == -1 ? INT64_MAX : cap;
}

static unsigned set_cap(struct model *m, const struct gj_op *op)
{
    const struct model_person *payer = model_find_person(m, op->person);
    model_refuse_if(m, payer == NULL, GJ_PERSON_NOT_FOUND);
    model_refuse_if(m, payer != NULL && payer->closed, GJ_ACCOUNT_CLOSED);
    if (op->other != 0) {
        model_refuse_if(m, model_find_person(m, op->other) == NULL, GJ_PERSON_NOT_FOUND);
    }
    unsigned meant = 0, changed = 0, raised = 0;
    for (uint32_t i = 0; i < m->relation_count; i++) {
        struct model_relation *r = &m->relations[i];
        if (r->payer != op->person) continue;
        if (op->other != 0 && r->member != op->other) continue;
        meant++;
        if (r->cap != op->amount) changed++;
        if (cap_or_infinite(op->amount) > cap_or_infinite(r->cap)) raised++;
    }
    if (raised > 0 && payer != NULL) {
        uint8_t mask = model_policy(m, payer->region)->auth_mask_bind;
        model_refuse_if(m, (mask >> op->auth & 1) == 0, GJ_AUTH_METHOD_REQUIRED);
    }
    model_refuse_if(m, meant == 0, GJ_RELATION_NOT_FOUND);
    if (m->lowest != 255) return 0;
    for (uint32_t i = 0; i < m->relation_count; i++) {
        struct model_relation *r = &m->relations[i];
        if (r->payer != op->person) continue;
        if (op->other == 0 || r->member == op->other) r->cap = op->amount;
    }
    return changed == 0 ? GJ_OK_NOOP : GJ_OK;
}

static unsigned suspend_or_resume(struct model *m, const struct gj_op *op)
{
    struct model_person *p = model_find_person(m, op->person);
    model_refuse_if(m, p == NULL, GJ_PERSON_NOT_FOUND);
    if (p == NULL) return 0;
    model_refuse_if(m, p->closed, GJ_ACCOUNT_CLOSED);
    if (m->lowest != 255) return 0;
    uint8_t uses = op->detail == 0 ? GJ_USE_PAY : op->detail;
    uint8_t before = p->suspended;
    if (op->type == GJ_OP_SUSPEND) {
        p->suspended = (uint8_t)(before | uses);
    } else {
        p->suspended = (uint8_t)(before & ~uses);
    }
    return p->suspended == before ? GJ_OK_NOOP : GJ_OK;
}

/* Open holds and pending transfers of which this is the first person. */
static bool begun_by(const struct model *m, uint64_t person)
{
    for (uint32_t at = 0; at < m->open_count; at++) {
        if (m->requests[m->open[at]].op.person == person) return true;
    }
    return false;
}

static unsigned change_region(struct model *m, const struct gj_op *op, struct gj_reply *reply)
{
    struct model_person *p = model_find_person(m, op->person);
    const struct gj_policy *entered = model_policy(m, op->arg);
    model_refuse_if(m, p == NULL, GJ_PERSON_NOT_FOUND);
    model_refuse_if(m, entered == NULL, GJ_REGION_NOT_FOUND);
    model_refuse_if(m, entered != NULL && entered->wallet_open == 0, GJ_REGION_NOT_OPEN_PAYER);
    if (p == NULL) return 0;
    model_refuse_if(m, (p->suspended & GJ_USE_TRANSFER_OUT) != 0, GJ_ACCOUNT_SUSPENDED);
    model_refuse_if(m, p->closed, GJ_ACCOUNT_CLOSED);
    model_refuse_if(m, !p->confirmed, GJ_WALLET_NOT_CONFIRMED);
    model_refuse_if(m, begun_by(m, p->id), GJ_HOLDS_OUTSTANDING);
    if (!p->confirmed) return 0;
    const struct gj_policy *left = model_policy(m, p->use_region);
    model_refuse_if(m, left->wallet_open == 0, GJ_REGION_NOT_OPEN_PAYER);
    model_refuse_if(m, left->region_change_enabled == 0, GJ_REGION_CHANGE_DISABLED);
    model_refuse_if(m, op->arg == p->use_region, GJ_REGION_SAME);
    if (m->lowest != 255) return 0;
    m->regions[p->use_region].wallet -= p->wallet;
    m->regions[op->arg].wallet += p->wallet;
    model_across(m, p->use_region, op->arg, p->wallet);
    p->use_region = op->arg;
    reply->balance = p->wallet;
    reply->amount = p->wallet;
    return GJ_OK;
}

static unsigned close_person(struct model *m, const struct gj_op *op, struct gj_reply *reply)
{
    struct model_person *p = model_find_person(m, op->person);
    model_refuse_if(m, p == NULL, GJ_PERSON_NOT_FOUND);
    if (p == NULL) return 0;
    if (p->closed) return GJ_OK_NOOP;
    int64_t money = p->personal + p->wallet;
    bool held = model_held(m, p, GJ_SOURCE_PERSONAL) + model_held(m, p, GJ_SOURCE_WALLET) > 0;
    model_refuse_if(m, op->detail == GJ_PAYOUT_NONE && money > 0, GJ_BALANCE_NOT_ZERO);
    model_refuse_if(m, held || begun_by(m, p->id), GJ_HOLDS_OUTSTANDING);
    if (m->lowest != 255) return 0;
    m->regions[p->region].fund -= p->personal;
    model_post(m, p, GJ_SOURCE_PERSONAL, -p->personal);
    if (p->confirmed) {
        m->regions[p->use_region].fund -= p->wallet;
        model_post(m, p, GJ_SOURCE_WALLET, -p->wallet);
    }
    p->closed = true;
    reply->amount = money;
    return GJ_OK;
}

unsigned model_register(struct model *m, const struct gj_op *op, struct gj_reply *reply)
{
    switch (op->type) {
    case GJ_OP_SET_REGION: return set_region(m, op);
    case GJ_OP_SET_INSTITUTION: return set_institution(m, op);
    case GJ_OP_OPEN_PERSON: return open_person(m, op);
    case GJ_OP_UPDATE_PERSON: return update_person(m, op);
    case GJ_OP_CONFIRM_WALLET: return confirm_wallet(m, op);
    case GJ_OP_BIND: return bind(m, op);
    case GJ_OP_UNBIND: return unbind(m, op);
    case GJ_OP_SET_CAP: return set_cap(m, op);
    case GJ_OP_CHANGE_REGION: return change_region(m, op, reply);
    case GJ_OP_CLOSE_PERSON: return close_person(m, op, reply);
    default: return suspend_or_resume(m, op);
    }
}
