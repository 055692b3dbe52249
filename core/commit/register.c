/* core/commit/register.c -- regions, institutions, persons and relations as the record says. */
#include "core/commit/apply.h"
#include "core/commit/posting.h"

#include <string.h>

/* Regions of one province share a number; 0 belongs to no region. */
static uint32_t province_number(const struct state *s, uint16_t region, const char *province)
{
    uint8_t taken[GJ_REGIONS_MAX + 1] = {1};
    for (uint16_t i = 1; i < GJ_REGIONS_MAX; i++) {
        const struct region *r = &s->regions[i];
        if (i == region || r->version == 0) continue;
        /* An unknown province is nobody else's. */
        if (province[0] != 0 && memcmp(r->data.province, province, sizeof(r->data.province)) == 0) {
            return r->province;
        }
        taken[r->province] = 1;
    }
    for (uint32_t number = 1; number <= GJ_REGIONS_MAX; number++) {
        if (taken[number] == 0) return number;
    }
    UNREACHABLE("fewer provinces than regions");
}

void commit_set_region(struct state *s, const struct applied *a)
{
    const struct gj_op *op = a->op;
    const struct gj_region_ext *ext = record_ext(a->record);
    const uint64_t time_ms = a->time_ms;
    struct region *r = &s->regions[op->arg];
    /* A scheduled policy that came into force is the current one from here on. */
    if (r->next_version != 0 && r->next_from_ms <= time_ms) {
        r->data.policy = r->next;
        r->current_from_ms = r->next_from_ms;
        r->version = r->next_version;
    }
    if (r->version == 0) s->regions_count++;
    r->province = province_number(s, op->arg, ext->province);
    memcpy(r->data.province, ext->province, sizeof(ext->province));
    memcpy(r->data.name, ext->name, sizeof(ext->name));
    r->data.public_code = ext->public_code;
    memset(&r->next, 0, sizeof(r->next));
    r->next_version = 0;
    r->next_from_ms = 0;
    if (op->other > time_ms) {
        ASSERT(r->version != 0);
        r->next = ext->policy;
        r->next_from_ms = op->other;
        r->next_version = (uint32_t)op->amount;
    } else {
        r->data.policy = ext->policy;
        r->current_from_ms = time_ms;
        r->version = (uint32_t)op->amount;
    }
}

void commit_set_institution(struct state *s, const struct applied *a)
{
    const struct gj_op *op = a->op;
    const struct gj_institution_ext *ext = record_ext(a->record);
    const struct gj_effect *effect = a->effect;
    struct institution *inst = &s->institutions[effect->slot_other];
    if (effect->flags & EFFECT_CREATED) {
        ASSERT(effect->slot_other == s->institutions_count);
        ASSERT(s->institutions_count < s->config.institutions_max);
        inst->id = op->other;
        memcpy(inst->code, ext->code, sizeof(inst->code));
        inst->region = op->arg;
        inst->type = op->kind;
        s->institutions_count++;
        institution_chain(s, effect->slot_other);
        index_insert(&s->institutions_index, op->other, effect->slot_other);
    }
    inst->scenarios = op->detail;
    inst->flags = op->flags;
}

static void set_flag(struct person *p, uint32_t flag, bool on)
{
    p->flags = on ? p->flags | flag : p->flags & ~flag;
}

void commit_open_person(struct state *s, const struct applied *a)
{
    const struct gj_op *op = a->op;
    const struct gj_effect *effect = a->effect;
    ASSERT(effect->slot_first == s->persons_count);
    ASSERT(s->persons_count < s->config.persons_max);
    struct person *p = &s->persons[effect->slot_first];
    p->id = op->person;
    p->insured_region = op->arg;
    p->family = SLOT_NONE;
    set_flag(p, op->kind == GJ_INSURANCE_EMPLOYEE ? PERSON_ACCOUNT : PERSON_RESIDENT, true);
    set_flag(p, PERSON_STOPPED, op->detail == GJ_STATUS_STOPPED);
    set_flag(p, PERSON_SPECIAL, (op->flags & GJ_FLAG_SPECIAL) != 0);
    s->persons_count++;
    s->books[op->arg].persons++;
    index_insert(&s->persons_index, op->person, effect->slot_first);
}

void commit_update_person(struct state *s, const struct applied *a)
{
    const struct gj_op *op = a->op;
    const struct gj_effect *effect = a->effect;
    struct person *p = &s->persons[effect->slot_first];
    struct person_cold *cold = &s->persons_cold[effect->slot_first];
    if (op->kind != 0) {
        set_flag(p, PERSON_RESIDENT, op->kind == GJ_INSURANCE_RESIDENT);
        /* An account once opened is kept when its holder becomes a resident. */
        if (op->kind == GJ_INSURANCE_EMPLOYEE) set_flag(p, PERSON_ACCOUNT, true);
    }
    if (op->detail != 0) set_flag(p, PERSON_STOPPED, op->detail == GJ_STATUS_STOPPED);
    if (op->flags & GJ_FLAG_SPECIAL_SET) {
        set_flag(p, PERSON_SPECIAL, (op->flags & GJ_FLAG_SPECIAL) != 0);
    }
    if (op->flags & GJ_FLAG_PHONE) {
        cold->phone_hash = op->other;
        cold->changed_on = 0;
        set_flag(p, PERSON_OVERDUE, false);
    } else if (op->arg != 0) {
        /* Saying it again does not lengthen the grace: the earlier day stays. */
        bool earlier = (p->flags & PERSON_OVERDUE) == 0 || op->arg < cold->changed_on;
        if (earlier) cold->changed_on = op->arg;
        set_flag(p, PERSON_OVERDUE, true);
    }
}

void commit_confirm_wallet(struct state *s, const struct applied *a)
{
    const struct gj_op *op = a->op;
    const struct gj_effect *effect = a->effect;
    struct person *p = &s->persons[effect->slot_first];
    ASSERT((p->flags & PERSON_WALLET) == 0);
    set_flag(p, PERSON_WALLET, true);
    p->use_region = op->arg;
    s->persons_cold[effect->slot_first].wallet_phone_hash = op->other;
    s->books[op->arg].wallets++;
}

static void switch_uses(struct state *s, const struct applied *a, bool off)
{
    uint32_t bits = a->op->detail == 0 ? (uint32_t)GJ_USE_PAY : a->op->detail;
    set_flag(&s->persons[a->effect->slot_first], bits << PERSON_SUSPEND_SHIFT, off);
}

void commit_suspend(struct state *s, const struct applied *a)
{
    switch_uses(s, a, true);
}

void commit_resume(struct state *s, const struct applied *a)
{
    switch_uses(s, a, false);
}

/* Takes the entry out of the kept ones; the order of the others stays. */
static void drop_kept(struct family *f, uint8_t i)
{
    uint8_t end = (uint8_t)(f->count + f->kept - 1);
    for (; i < end; i++) family_move(f, i, (uint8_t)(i + 1));
    f->kept--;
}

/* Room for one more entry: the first of the kept ones that is kept for nothing drawn gives way. */
static void make_room(struct family *f)
{
    uint8_t i = f->count;
    if (f->count + f->kept < GJ_FAMILY_MEMBERS_MAX) return;
    while (i < f->count + f->kept && f->used[i] > 0) i++;
    ASSERT(i < f->count + f->kept);
    drop_kept(f, i);
}

/* The first place behind the members, in front of the kept ones. */
static uint8_t take_new_place(struct family *f, const struct gj_effect *effect)
{
    uint8_t i = effect->member_index;
    ASSERT(i == f->count && i < GJ_FAMILY_MEMBERS_MAX);
    make_room(f);
    for (uint8_t to = (uint8_t)(i + f->kept); to > i; to--) family_move(f, to, (uint8_t)(to - 1));
    f->member[i] = effect->slot_other;
    f->used[i] = 0;
    f->since[i] = effect->seq;
    return i;
}

/* The place the member kept, with what it drew: it becomes the last of the members. */
static uint8_t take_kept_place(struct family *f, const struct gj_effect *effect)
{
    uint8_t from = effect->member_index, i = f->count;
    ASSERT(from >= i && from < i + f->kept);
    ASSERT(f->member[from] == effect->slot_other);
    int64_t used = f->used[from];
    uint64_t since = f->since[from];
    for (uint8_t to = from; to > i; to--) family_move(f, to, (uint8_t)(to - 1));
    f->member[i] = effect->slot_other;
    f->used[i] = used;
    f->since[i] = since;
    f->kept--;
    return i;
}

void commit_bind(struct state *s, const struct applied *a)
{
    const struct gj_op *op = a->op;
    const struct gj_effect *effect = a->effect;
    struct family *f = &s->families[effect->family];
    if (effect->flags & EFFECT_FAMILY_CREATED) {
        ASSERT(effect->family == s->families_count);
        ASSERT(s->families_count < s->config.families_max);
        s->families_count++;
        f->payer = effect->slot_first;
        s->persons[effect->slot_first].family = effect->family;
    }
    ASSERT(f->payer == effect->slot_first);
    if (f->year != effect->year) f->kept = 0; /* the places kept last year are free */
    uint8_t i =
        effect->flags & EFFECT_KEPT ? take_kept_place(f, effect) : take_new_place(f, effect);
    f->kind[i] = op->kind;
    f->cap[i] = op->amount;
    f->count++;
    ASSERT(f->count + f->kept <= GJ_FAMILY_MEMBERS_MAX);
    if (effect->new_members == 0) return; /* a record from before */
    f->new_members = effect->new_members;
    f->changes_year = effect->year;
}

void commit_unbind(struct state *s, const struct applied *a)
{
    const struct gj_effect *effect = a->effect;
    struct family *f = &s->families[effect->family];
    uint8_t i = effect->member_index, last = (uint8_t)(f->count - 1);
    ASSERT(i < f->count);
    ASSERT(f->member[i] == effect->slot_other);
    ASSERT((effect->flags & EFFECT_KEPT) == 0 || f->year == effect->year);
    uint32_t member = f->member[i];
    int64_t used = f->used[i];
    uint64_t since = f->since[i];
    family_move(f, i, last);
    /* The kept ones move up behind the members; perhaps one more behind them. */
    for (uint8_t to = last; to < last + f->kept; to++) family_move(f, to, (uint8_t)(to + 1));
    f->count--;
    if ((effect->flags & EFFECT_KEPT) == 0) return;
    i = (uint8_t)(f->count + f->kept++);
    f->member[i] = member;
    f->used[i] = used;
    f->since[i] = since;
    f->kind[i] = 0;
    f->cap[i] = 0;
}

void commit_set_cap(struct state *s, const struct applied *a)
{
    const struct gj_op *op = a->op;
    const struct gj_effect *effect = a->effect;
    struct family *f = &s->families[effect->family];
    uint8_t i = effect->member_index;
    if (i != UINT8_MAX) {
        ASSERT(i < f->count);
        f->cap[i] = op->amount;
        return;
    }
    for (i = 0; i < f->count; i++) f->cap[i] = op->amount;
}
