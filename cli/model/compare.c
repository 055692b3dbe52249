/* cli/model/compare.c -- replies and every read of the core beside what the model expects. */
#include "cli/model/compare.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "core/format/op_traits.h"

void compare_begin(struct comparison *c, uint64_t seed)
{
    memset(c, 0, sizeof(*c));
    c->seed = seed;
    generator_init(&c->generator, seed);
}

/* With the request it is on, if it is on one. */
static void print_operation(const struct comparison *c)
{
    generated_print(stdout, c->op, c->generator.time_ms);
    uint32_t at = MODEL_NONE;
    if (op_is(c->op->type, GJ_OP_ORIGINAL))
        at = model_find_request(c->model, c->op->person, model_original_rid(c->op));
    if (at == MODEL_NONE) return;
    const struct model_request *r = &c->model->requests[at];
    printf("on what answered %u, ", r->reply.code);
    generated_print(stdout, &r->op, c->generator.time_ms);
}

void compare_differ(struct comparison *c, const char *what, int64_t core, int64_t model)
{
    if (!c->different) c->first = (struct compare_difference){what, core, model};
    if (c->quiet) {
        c->different = true;
        return;
    }
    if (!c->different) {
        printf("difference: seed %" PRIu64 ", operation %u\n", c->seed, c->operation);
        if (c->op != NULL) print_operation(c);
    }
    c->different = true;
    printf("  %s: core %" PRId64 ", model %" PRId64 "\n", what, core, model);
}
/* More about the difference that was just printed. */
__attribute__((format(printf, 2, 3))) static void note(const struct comparison *c,
                                                       const char *format, ...)
{
    va_list list;
    if (c->quiet) return;
    va_start(list, format);
    vprintf(format, list);
    va_end(list);
}

#define SAME(core, model)                                                                          \
    do {                                                                                           \
        if ((core) != (model)) compare_differ(c, #model, (int64_t)(core), (int64_t)(model));       \
    } while (0)

/* Bytes; `what` says which. */
#define SAME_BYTES(what, core, model)                                                              \
    do {                                                                                           \
        if (memcmp(core, model, sizeof(*(core))) != 0) compare_differ(c, what, 1, 0);              \
    } while (0)

static void same_fen(struct comparison *c, const char *what, uint64_t id, struct gj_fen128 core,
                     struct gj_fen128 model)
{
    if (core.low == model.low && core.high == model.high) return;
    compare_differ(c, what, (int64_t)core.low, (int64_t)model.low);
    note(c, "  of %" PRIu64 "\n", id);
}

static const void *ask(struct comparison *c, struct gj_read read, struct gj_answer *ret)
{
    return c->reads->ask(c->reads, &read, ret);
}

void compare_dry_run(struct comparison *c, const struct gj_op *op, struct gj_dry_run_view *ret)
{
    struct gj_read lines[COMPARE_LINES_MAX];
    struct gj_answer answer;
    memset(lines, 0, sizeof(lines));
    lines[0].type = GJ_READ_DRY_RUN;
    lines[0].ext_count = (uint8_t)(1 + op->ext_count);
    memcpy(&lines[1], op, (1u + op->ext_count) * sizeof(*op));
    const void *payload = c->reads->ask(c->reads, lines, &answer);
    SAME(answer.code, GJ_OK);
    memcpy(ret, payload, sizeof(*ret));
}

static void same_reply(struct comparison *c, const struct gj_reply *core,
                       const struct gj_reply_sources *core_sources, const struct gj_reply *reply,
                       const struct gj_reply_sources *sources)
{
    SAME(core->code, reply->code);
    SAME(core->flags, reply->flags);
    SAME(core->balance, reply->balance);
    SAME(core->amount, reply->amount);
    for (unsigned i = 0; i < sizeof(reply->reserved); i++) SAME(core->reserved[i], 0);
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) SAME(core_sources->taken[i], sources->taken[i]);
    SAME(core_sources->remainder, sources->remainder);
}

void compare_dry_reply(struct comparison *c, const struct gj_dry_run_view *core,
                       const struct gj_reply *reply, const struct gj_reply_sources *sources)
{
    bool before = c->different;
    same_reply(c, &core->reply, &core->sources, reply, sources);
    if (c->different && !before) note(c, "  in the dry run\n");
}

void compare_reply(struct comparison *c, const struct gj_reply *core,
                   const struct gj_reply_sources *core_sources, const struct gj_reply *reply,
                   const struct gj_reply_sources *sources, uint32_t answered)
{
    same_reply(c, core, core_sources, reply, sources);
    if (answered == MODEL_NONE) {
        SAME(core->seq, 0u);
        return;
    }
    struct gj_reply *stored = &c->model->requests[answered].reply;
    if (stored->seq != 0) {
        SAME(core->seq, stored->seq);
        return;
    }
    /* Expiries may have been written down in between, but none that there was not. */
    if (core->seq <= c->last_seq || core->seq > c->model->outcomes + c->model->expired) {
        compare_differ(c, "seq", (int64_t)core->seq, (int64_t)c->last_seq + 1);
    }
    stored->seq = c->last_seq = core->seq;
}

static void same_members(struct comparison *c, const struct gj_person_view *core,
                         const struct gj_person_view *model)
{
    SAME(core->member_count, model->member_count);
    for (unsigned i = 0; i < model->member_count && i < GJ_FAMILY_MEMBERS_MAX; i++) {
        const struct gj_member_view *found = NULL, *want = &model->members[i];
        for (unsigned j = 0; j < core->member_count; j++) {
            if (core->members[j].id == want->id) found = &core->members[j];
        }
        if (found == NULL) {
            compare_differ(c, "member", 0, (int64_t)want->id);
            continue;
        }
        SAME(found->kind, want->kind);
        SAME(found->cap, want->cap);
        SAME(found->used, want->used);
    }
}

/* The marks as the answer names them: a product mask of one year. */
static uint8_t paid_in(const struct gj_person_view *v, int year)
{
    int at = year - v->premium_year + 1;
    return v->premium_year != 0 && at >= 0 && at < 3 ? v->premium_paid[at] : 0;
}

static void same_money(struct comparison *c, const struct gj_person_view *core,
                       const struct gj_person_view *model)
{
    SAME(core->personal, model->personal);
    SAME(core->personal_held, model->personal_held);
    SAME(core->wallet, model->wallet);
    SAME(core->wallet_held, model->wallet_held);
    SAME(core->quota, model->quota);
    SAME(core->quota_left, model->quota_left);
    SAME(core->used, model->used);
    SAME(core->opening, model->opening);
    SAME(core->credits, model->credits);
    SAME(core->holds, model->holds);
    SAME(core->pendings_out, model->pendings_out);
    SAME(core->pendings_in, model->pendings_in);
}

static void compare_person(struct comparison *c, uint64_t id)
{
    struct gj_answer answer;
    const struct gj_person_view *core =
        ask(c, (struct gj_read){.type = GJ_READ_GET_PERSON, .id = id}, &answer);
    struct gj_person_view want, *model = &want;
    bool there = model_person_view(c->model, id, model), before = c->different;
    SAME(answer.code, there ? GJ_OK : GJ_PERSON_NOT_FOUND);
    if (!there || answer.code != GJ_OK) return;
    same_money(c, core, model);
    SAME(core->id, model->id);
    SAME(core->phone_hash, model->phone_hash);
    SAME(core->insured_region, model->insured_region);
    SAME(core->use_region, model->use_region);
    SAME(core->insurance, model->insurance);
    SAME(core->status, model->status);
    SAME(core->flags, model->flags);
    SAME(core->suspended, model->suspended);
    SAME(core->year, model->year);
    SAME(core->changed_on, model->changed_on);
    for (int year = model->year - 1; year <= model->year + 1; year++) {
        SAME(paid_in(core, year), paid_in(model, year));
    }
    same_members(c, core, model);
    if (c->different && !before) note(c, "  of person %" PRIu64 "\n", id);
}

static void same_hold(struct comparison *c, const struct gj_hold_view *core,
                      const struct gj_hold_view *model)
{
    SAME_BYTES("rid", &core->rid, &model->rid);
    SAME(core->person, model->person);
    SAME(core->other, model->other);
    SAME(core->relative, model->relative);
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) SAME(core->left[i], model->left[i]);
    SAME(core->amount, model->amount);
    SAME(core->due_ms, model->due_ms);
    SAME(core->seq, model->seq);
    SAME(core->type, model->type);
    SAME(core->sources, model->sources);
    SAME(core->scenario, model->scenario);
}

/* All pages of one list, from its beginning or from somewhere in it. */
static void compare_list(struct comparison *c, uint64_t person, enum gj_read_type type)
{
    static struct gj_hold_view want[MODEL_OPEN_MAX];
    uint8_t of = type == GJ_READ_LIST_HOLDS ? GJ_OP_HOLD : GJ_OP_TRANSFER;
    bool there = model_find_person(c->model, person) != NULL, before = c->different;
    uint32_t count = model_list(c->model, person, of, want), at = 0;
    struct gj_read read = {.type = (uint8_t)type, .id = person};
    if (count > 0 && generator_random(&c->generator) % 4 == 0) {
        at = 1 + (uint32_t)(generator_random(&c->generator) % count);
        read.after_due = want[at - 1].due_ms;
        read.after_seq = want[at - 1].seq;
    }
    for (;;) {
        struct gj_answer answer;
        const struct gj_hold_view *core = ask(c, read, &answer);
        uint32_t page = count - at < GJ_HOLDS_PAGE ? count - at : GJ_HOLDS_PAGE;
        SAME(answer.code, there ? GJ_OK : GJ_PERSON_NOT_FOUND);
        if (!there || c->different) break;
        SAME(answer.count, page);
        if (answer.count != page) break;
        for (uint32_t i = 0; i < page && !c->different; i++) same_hold(c, &core[i], &want[at + i]);
        at += page;
        if (page < GJ_HOLDS_PAGE || c->different) break;
        read.after_due = want[at - 1].due_ms;
        read.after_seq = want[at - 1].seq;
    }
    if (c->different && !before) note(c, "  in list %d of person %" PRIu64 "\n", type, person);
}

static void compare_institution(struct comparison *c, uint64_t id)
{
    struct gj_answer answer;
    const struct gj_institution_view *core =
        ask(c, (struct gj_read){.type = GJ_READ_GET_INSTITUTION, .id = id}, &answer);
    const struct model_institution *model = model_find_institution(c->model, id);
    SAME(answer.code, model == NULL ? GJ_INST_NOT_FOUND : GJ_OK);
    if (model == NULL || answer.code != GJ_OK) return;
    same_fen(c, "payable", id, core->payable, model_fen(model->payable));
    SAME(core->region, model->region);
    SAME(core->type, model->type);
    SAME(core->scenarios, model->scenarios);
    SAME(core->flags, model->flags);
    SAME_BYTES("code of the institution", &core->code, &model->code);
}

/* One day's totals, of a day that is kept or just not kept any more. */
static void compare_institution_day(struct comparison *c, uint64_t id, uint16_t day)
{
    struct gj_answer answer;
    const struct gj_institution_day_view *core =
        ask(c, (struct gj_read){.type = GJ_READ_INSTITUTION_DAY, .id = id, .day = day}, &answer);
    struct gj_institution_day_view want, *model = &want;
    bool before = c->different;
    SAME(answer.code, model_day_view(c->model, id, day, model));
    if (answer.code == GJ_OK && !c->different) {
        SAME(core->id, model->id);
        SAME(core->day, model->day);
        SAME(core->credit_count, model->credit_count);
        SAME(core->debit_count, model->debit_count);
        same_fen(c, "credits of the day", id, core->credits, model->credits);
        same_fen(c, "debits of the day", id, core->debits, model->debits);
    }
    if (c->different && !before) note(c, "  of institution %" PRIu64 ", day %u\n", id, day);
}

static void compare_netting(struct comparison *c, uint16_t region)
{
    struct gj_answer answer;
    const struct gj_netting_entry *core =
        ask(c, (struct gj_read){.type = GJ_READ_NETTING_ROW, .region = region}, &answer);
    uint32_t count = answer.code == GJ_OK ? answer.count : 0, found = 0;
    for (uint16_t other = 1; other < MODEL_REGIONS_MAX; other++) {
        __int128 out = c->model->gross[region][other], in = c->model->gross[other][region];
        if (out == 0 && in == 0) continue;
        found++;
        bool there = false;
        for (uint32_t i = 0; i < count; i++) {
            if (core[i].region != other) continue;
            there = true;
            same_fen(c, "gross out", other, core[i].out, model_fen(out));
            same_fen(c, "gross in", other, core[i].in, model_fen(in));
        }
        SAME(there, true);
    }
    SAME(count, found);
}

static void compare_totals(struct comparison *c, uint16_t region)
{
    struct gj_answer answer;
    const struct gj_totals_view *totals =
        ask(c, (struct gj_read){.type = GJ_READ_REGION_TOTALS, .region = region}, &answer);
    SAME(answer.code, GJ_OK);
    struct gj_totals_view want;
    model_totals_view(c->model, region, &want);
    same_fen(c, "fund", region, totals->fund, want.fund);
    same_fen(c, "personal", region, totals->personal, want.personal);
    same_fen(c, "wallet", region, totals->wallet, want.wallet);
    same_fen(c, "institution", region, totals->institution, want.institution);
    same_fen(c, "premium", region, totals->premium, want.premium);
    same_fen(c, "clearing", region, totals->clearing, want.clearing);
    SAME(totals->persons, want.persons);
    SAME(totals->wallets, want.wallets);
}

static void compare_region(struct comparison *c, uint16_t region)
{
    struct gj_answer answer;
    const struct gj_region_view *core =
        ask(c, (struct gj_read){.type = GJ_READ_GET_REGION, .region = region}, &answer);
    struct gj_region_view view, *model = &view;
    bool set = model_region_view(c->model, region, model);
    SAME(answer.code, set ? GJ_OK : GJ_REGION_NOT_FOUND);
    if (!set || answer.code != GJ_OK) return;
    SAME(core->id, model->id);
    SAME(core->scheduled, model->scheduled);
    SAME(core->version, model->version);
    SAME(core->scheduled_version, model->scheduled_version);
    SAME(core->scheduled_from_ms, model->scheduled_from_ms);
    SAME_BYTES("current policy", &core->current, &model->current);
    SAME_BYTES("next policy", &core->next, &model->next);
    compare_totals(c, region);
}

/* GET_OP; what is below the floor may be remembered or not. Returns the position of its record. */
static uint64_t compare_op(struct comparison *c, uint64_t person, const struct gj_rid *rid)
{
    struct gj_answer answer;
    const struct gj_op_view *core =
        ask(c, (struct gj_read){.type = GJ_READ_GET_OP, .id = person, .rid = *rid}, &answer);
    struct gj_op_view want, *model = &want;
    bool before = c->different;
    SAME(answer.code, GJ_OK);
    if (core->state == GJ_OP_STATE_EXPIRED && model_remembers(c->model, person, rid)) {
        SAME(model_forget(c->model, person, rid), true);
    }
    model_op_view(c->model, person, rid, model);
    if (core->state != model->state) compare_differ(c, "op state", core->state, model->state);
    bool logged = model->state != GJ_OP_STATE_NOT_EXECUTED && model->state != GJ_OP_STATE_EXPIRED;
    SAME(core->position != 0, logged);
    SAME_BYTES("op reply", &core->reply, &model->reply);
    SAME_BYTES("op sources", &core->sources, &model->sources);
    SAME_BYTES("op op", &core->op, &model->op);
    if (c->different && !before) note(c, "  in GET_OP of person %" PRIu64 "\n", person);
    return core->position;
}

void compare_memory_of(struct comparison *c, const struct gj_op *op)
{
    if (model_rid_ms(&op->rid) >= c->model->rid_low_water_ms) return;
    if (model_remembers(c->model, op->person, &op->rid)) compare_op(c, op->person, &op->rid);
}

/* A few requests remembered so far, a tombstone, and a rid that never was. */
static void compare_ops(struct comparison *c)
{
    const struct model *m = c->model;
    for (unsigned i = 0; i < 4 && m->request_count > 0; i++) {
        const struct model_key *key = &m->keys[generator_random(&c->generator) % m->request_count];
        compare_op(c, key->person, &key->rid);
        compare_op(c, key->person + 1, &key->rid);
    }
    if (m->tombstone_count == 0) return;
    const struct model_tombstone *t =
        &m->tombstones[generator_random(&c->generator) % m->tombstone_count];
    const struct model_key *by = &m->keys[t->by];
    uint64_t position = compare_op(c, t->key.person, &t->key.rid);
    uint64_t reverse = compare_op(c, by->person, &by->rid);
    if (!t->forgotten && !m->requests[t->by].forgotten) SAME(position, reverse);
}

static void compare_audit(struct comparison *c)
{
    struct gj_answer answer;
    const struct gj_audit_view *audit = ask(c, (struct gj_read){.type = GJ_READ_AUDIT}, &answer);
    SAME(answer.code, GJ_OK);
    if (audit->broken[0] == 0) return;
    compare_differ(c, "audit", 1, 0);
    note(c, "  broken: %.*s\n", (int)sizeof(audit->broken), audit->broken);
}

void compare_state(struct comparison *c)
{
    model_advance(c->model, c->generator.time_ms);
    for (uint64_t id = 99; id < 100 + WORLD_PERSONS; id++) {
        compare_person(c, id);
        compare_list(c, id, GJ_READ_LIST_HOLDS);
        compare_list(c, id, GJ_READ_LIST_PENDING);
    }
    for (uint64_t id = 9; id < 10 + WORLD_INSTITUTIONS; id++) {
        compare_institution(c, id);
        for (uint16_t back = 0; back < GJ_INSTITUTION_DAYS + 2; back++) {
            compare_institution_day(c, id, (uint16_t)(c->model->day + 1 - back));
        }
    }
    for (uint16_t id = 1; id <= WORLD_REGIONS + 1; id++) {
        compare_region(c, id);
        if (c->model->regions[id].set) compare_netting(c, id);
    }
    compare_ops(c);
    compare_audit(c);
}

void compare_known(struct comparison *c, bool netting)
{
    const struct model *m = c->model;
    model_advance(c->model, c->generator.time_ms);
    for (uint32_t i = 0; i < m->person_count; i++) {
        compare_person(c, m->persons[i].id);
        compare_list(c, m->persons[i].id, GJ_READ_LIST_HOLDS);
        compare_list(c, m->persons[i].id, GJ_READ_LIST_PENDING);
    }
    for (uint32_t i = 0; i < m->institution_count; i++) {
        compare_institution(c, m->institutions[i].id);
        compare_institution_day(c, m->institutions[i].id, m->day);
        compare_institution_day(c, m->institutions[i].id, (uint16_t)(m->day - 1));
    }
    for (uint16_t id = 1; id < MODEL_REGIONS_MAX; id++) {
        if (!m->regions[id].set) continue;
        compare_region(c, id);
        if (netting) compare_netting(c, id);
    }
    compare_ops(c);
    compare_audit(c);
}
