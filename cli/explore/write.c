/* cli/explore/write.c -- steps as lines of the scenario language, expectations from the model. */
#include "cli/explore/write.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common/text.h"
#include "cli/scenario/reply.h"
#include "core/format/codes.h"

/* What the reader of the file will know of a name when it comes to a line. */
struct known {
    uint32_t used; /* how many lines name it */
    bool person_known, sent;
    uint64_t person, other;
};

struct writer {
    FILE *out;
    struct fuzz_run *run;
    struct known *names;
    char line[SCENARIO_LINE_MAX];
    size_t length;
    bool good;
    bool written[FUZZ_RULES_MAX];
    bool name_all; /* every rid gets its name: what became of it is asked at the end */
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *w, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int n = vsnprintf(w->line + w->length, sizeof(w->line) - w->length, format, list);
    va_end(list);
    if (n < 0 || (size_t)n >= sizeof(w->line) - w->length) {
        w->good = false; /* longer than a line may be */
        return;
    }
    w->length += (size_t)n;
}

static void end_line(struct writer *w)
{
    if (w->good && fprintf(w->out, "%s\n", w->line) < 0) w->good = false;
    w->length = 0;
    w->line[0] = 0;
}

static void put_yuan(struct writer *w, const char *before, int64_t fen)
{
    char text[SCENARIO_YUAN_SIZE];
    scenario_yuan_text(fen, text);
    put(w, "%s%s", before, text);
}

static void put_word(struct writer *w, const char *before, const struct scenario_word *words,
                     uint8_t value)
{
    const char *word = scenario_word_of(words, value);
    if (word == NULL) {
        w->good = false;
        return;
    }
    put(w, "%s%s", before, word);
}

static void put_time(struct writer *w, const char *before, uint64_t ms)
{
    char text[SCENARIO_TIME_SIZE];
    scenario_time_text(ms, text);
    if (ms % 1000 == 0) text[strlen(text) - 4] = 0;
    put(w, "%s%s", before, text);
}

/* The region as the file's reader has it before the line, and the version it would take. */
static uint32_t region_before(const struct model *m, uint16_t id, struct gj_region_ext *ret)
{
    const struct model_region *r = &m->regions[id < MODEL_REGIONS_MAX ? id : 0];
    if (!r->set) {
        *ret = (struct gj_region_ext){.public_code = 0};
        gj_policy_default(&ret->policy);
        snprintf(ret->name, sizeof(ret->name), "region-%u", (unsigned)id);
        return 1;
    }
    *ret = r->ext;
    if (!r->scheduled) return r->version + 1;
    ret->policy = r->next;
    return r->next_version + 1;
}

static void put_premiums(struct writer *w, const struct gj_policy *before,
                         const struct gj_policy *after)
{
    char text[96];
    if (memcmp(before->premiums, after->premiums, sizeof(before->premiums)) == 0) return;
    static const struct gj_premium_row none[GJ_PREMIUM_ROWS_MAX];
    if (memcmp(before->premiums, none, sizeof(none)) != 0) put(w, " premium=none");
    for (unsigned i = 0; i < GJ_PREMIUM_ROWS_MAX; i++) {
        if (after->premiums[i].amount == 0) continue;
        premium_text(&after->premiums[i], text, sizeof(text));
        put(w, " %s", text);
    }
}

static void put_region(struct writer *w, const struct gj_op *op, const void *lines)
{
    struct gj_region_ext before, after;
    char text[256];
    uint32_t next = region_before(w->run->c.model, op->arg, &before);
    memcpy(&after, lines, sizeof(after));
    put(w, "region %u", op->arg);
    for (unsigned i = 0; i < region_fields_count(); i++) {
        if (region_field_same(i, &before, &after)) continue;
        if (!region_field_text(i, &after, text, sizeof(text))) w->good = false;
        put(w, " %s", text);
    }
    put_premiums(w, &before.policy, &after.policy);
    if (op->amount != (int64_t)next) put(w, " version=%" PRId64, op->amount);
    if (op->other != 0) put_time(w, " from=", op->other);
}

static void put_institution(struct writer *w, const struct gj_op *op, const void *lines)
{
    struct gj_institution_ext ext;
    char text[160];
    memcpy(&ext, lines, sizeof(ext));
    put(w, "institution %" PRIu64 " region=%u", op->other, op->arg);
    put_word(w, " type=", scenario_types, op->kind);
    if (op->flags & GJ_FLAG_WALLET) put(w, " wallet=1");
    if (op->detail != GJ_SCENARIO_MASK_ALL) {
        if (!scenario_mask_text(op->detail, scenario_care, 1, text, sizeof(text))) w->good = false;
        put(w, " scenarios=%s", text);
    }
    if (op->flags & GJ_FLAG_SUSPENDED) put(w, " status=suspended");
    if (ext.code[0] != 0) put(w, " code=%.*s", (int)sizeof(ext.code), ext.code);
}

static void put_update(struct writer *w, const struct gj_op *op)
{
    char day[SCENARIO_DAY_SIZE];
    put(w, "update %" PRIu64, op->person);
    if (op->kind != 0) put_word(w, " insurance=", scenario_insurances, op->kind);
    if (op->detail != 0) put_word(w, " status=", scenario_statuses, op->detail);
    if (op->flags & GJ_FLAG_SPECIAL_SET) {
        put(w, " special=%d", (op->flags & GJ_FLAG_SPECIAL) != 0);
    }
    if (op->flags & GJ_FLAG_PHONE) put(w, " phone=%" PRIu64, op->other);
    if (op->arg == 0) return;
    scenario_day_text(op->arg, day);
    put(w, " changed_on=%s", day);
}

static void put_cap(struct writer *w, const char *before, int64_t cap)
{
    if (cap == -1) {
        put(w, "%snone", before);
    } else {
        put_yuan(w, before, cap);
    }
}

static void put_uses(struct writer *w, const struct gj_op *op)
{
    const char *before = " bits=";
    put(w, "%s %" PRIu64, gj_op_verb(op->type), op->person);
    for (const struct scenario_word *word = scenario_uses; word->word != NULL; word++) {
        if ((op->detail & word->value) == 0) continue;
        put(w, "%s%s", before, word->word);
        before = ",";
    }
}

/* What `pay` and `hold` have in common. */
static void put_bill(struct writer *w, const struct gj_op *op, const void *lines)
{
    struct gj_pay_ext ext = {.relative = 0};
    if (op->ext_count > 0) memcpy(&ext, lines, sizeof(ext));
    put(w, "%s %" PRIu64 " %" PRIu64, gj_op_verb(op->type), op->person, op->other);
    put_yuan(w, " ", op->amount);
    put_word(w, " scenario=", scenario_care, op->detail);
    const char *before = " source=";
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        uint8_t source = (uint8_t)gj_sources_at(op->kind, i);
        if (source == GJ_SOURCE_NONE) break;
        if (source == GJ_SOURCE_RELATIVE) {
            put(w, "%srelative:%" PRIu64, before, ext.relative);
        } else {
            put_word(w, before, scenario_sources, source);
        }
        before = ",";
    }
    if (op->flags & GJ_FLAG_PARTIAL) put(w, " partial=1");
    if (ext.personal_part != 0) put_yuan(w, " personal_part=", ext.personal_part);
    if (ext.timeout_s != 0) put(w, " timeout=%u", ext.timeout_s);
    if (ext.relative != 0 && strchr(w->line, ':') == NULL) w->good = false;
}

/* On an original: whose it is and who acts, where the reader does not know. */
static void put_original(struct writer *w, const struct fuzz_step *step)
{
    const struct gj_op *op = &w->run->request.op;
    struct known *known = &w->names[step->original];
    bool acts = op->type == GJ_OP_ACCEPT || op->type == GJ_OP_RETURN;
    put(w, "%s r%u", gj_op_verb(op->type), step->original);
    if (op->type == GJ_OP_CAPTURE || op->type == GJ_OP_REFUND) put_yuan(w, " ", op->amount);
    if (op->flags & GJ_FLAG_FINAL) put(w, " final=1");
    if (acts && (!known->sent || known->other != op->other)) put(w, " by=%" PRIu64, op->other);
    if (known->person_known && known->person == op->person) return;
    put(w, " person=%" PRIu64, op->person);
    if (known->person_known) return;
    known->person_known = true;
    known->person = op->person;
}

static void put_words(struct writer *w, const struct fuzz_step *step)
{
    const struct gj_op *op = &w->run->request.op;
    const void *lines = w->run->request.ext;
    switch (op->type) {
    case GJ_OP_SET_REGION: put_region(w, op, lines); break;
    case GJ_OP_SET_INSTITUTION: put_institution(w, op, lines); break;
    case GJ_OP_OPEN_PERSON:
        put(w, "person %" PRIu64 " region=%u", op->person, op->arg);
        put_word(w, " insurance=", scenario_insurances, op->kind);
        if (op->detail != GJ_STATUS_ACTIVE) put_word(w, " status=", scenario_statuses, op->detail);
        if (op->flags & GJ_FLAG_SPECIAL) put(w, " special=1");
        break;
    case GJ_OP_UPDATE_PERSON: put_update(w, op); break;
    case GJ_OP_CONFIRM_WALLET:
        put(w, "wallet %" PRIu64 " region=%u", op->person, op->arg);
        if (op->other != 0) put(w, " phone=%" PRIu64, op->other);
        break;
    case GJ_OP_BIND:
        put(w, "bind %" PRIu64 " %" PRIu64, op->person, op->other);
        put_word(w, " kind=", scenario_relations, op->kind);
        if (op->amount != -1) put_yuan(w, " cap=", op->amount);
        break;
    case GJ_OP_UNBIND: put(w, "unbind %" PRIu64 " %" PRIu64, op->person, op->other); break;
    case GJ_OP_SET_CAP:
        put(w, "cap %" PRIu64, op->person);
        if (op->other == 0) put(w, " all");
        if (op->other != 0) put(w, " %" PRIu64, op->other);
        put_cap(w, " ", op->amount);
        break;
    case GJ_OP_DEPOSIT:
        put(w, "deposit %" PRIu64, op->person);
        put_yuan(w, " ", op->amount);
        break;
    case GJ_OP_TRANSFER:
        put(w, "transfer %" PRIu64 " %" PRIu64, op->person, op->other);
        put_yuan(w, " ", op->amount);
        put_word(w, " source=", scenario_sources, op->kind);
        break;
    case GJ_OP_PAY:
    case GJ_OP_HOLD: put_bill(w, op, lines); break;
    case GJ_OP_PAY_PREMIUM:
        put(w, "premium %" PRIu64 " %" PRIu64, op->person, op->other);
        put_yuan(w, " ", op->amount);
        put(w, " year=%u", op->arg);
        put_word(w, " source=", scenario_sources, op->kind);
        if (op->detail != 1) put(w, " product=%u", op->detail);
        break;
    case GJ_OP_SUSPEND:
    case GJ_OP_RESUME: put_uses(w, op); break;
    case GJ_OP_CHANGE_REGION: put(w, "change_region %" PRIu64 " %u", op->person, op->arg); break;
    case GJ_OP_CLOSE_PERSON:
        put(w, "close %" PRIu64, op->person);
        if (op->detail == GJ_PAYOUT_CASH) put(w, " payout=cash");
        break;
    default: put_original(w, step); break;
    }
}

/* What every operation may carry. */
static void put_common(struct writer *w, const struct fuzz_step *step, bool new_rid)
{
    const struct gj_op *op = &w->run->request.op;
    if (w->names[step->rid].used > 1 || w->name_all) put(w, " rid=r%u", step->rid);
    if (new_rid && step->rid_offset_ms != 0) {
        put_time(w, " rid_at=", w->run->time_ms + (uint64_t)step->rid_offset_ms);
    }
    if (op->ref != 0) put(w, " ref=%" PRIu64, op->ref);
    if (op->actor != 0) put(w, " actor=%u", op->actor);
    if (op->deadline_ms != 0) put(w, " deadline=%ums", op->deadline_ms);
    if ((fuzz_op_flags(op->type) & GJ_OP_AUTH) && op->auth != GJ_AUTH_FACE) {
        put_word(w, " auth=", scenario_auths, op->auth);
    }
}

static void put_wanted(struct writer *w, bool fully)
{
    const struct gj_reply *reply = &w->run->reply;
    const struct gj_reply_sources *sources = &w->run->sources;
    if (reply->code == GJ_OK && !fully) return;
    put(w, " => %s", gj_code_name(reply->code));
    if (!fully || !gj_code_ok(reply->code)) return;
    put_yuan(w, " moved=", reply->amount);
    put_yuan(w, " balance=", reply->balance);
    put_yuan(w, " remainder=", sources->remainder);
    if (reply->flags & GJ_REPLY_SOURCES) {
        char taken[SCENARIO_TAKEN_SIZE];
        taken_describe(sources->taken, GJ_SOURCES_MAX, taken);
        put(w, "%s", taken);
    }
    put(w, " pending=%d", (reply->flags & GJ_REPLY_PENDING) != 0);
}

static void note_sent(struct writer *w, const struct fuzz_step *step)
{
    struct known *known = &w->names[step->rid];
    if (known->sent) return;
    known->sent = known->person_known = true;
    known->person = w->run->request.op.person;
    known->other = w->run->request.op.other;
}

/* The `always` lines that hold from here on. */
static void put_rules(struct writer *w)
{
    for (uint32_t i = 0; w->run->rules != NULL && i < w->run->rules->count; i++) {
        if (!w->run->active[i] || w->written[i]) continue;
        w->written[i] = true;
        put(w, "%s", w->run->rules->of[i]->text);
        end_line(w);
    }
}

static void write_operation(struct writer *w, const struct fuzz_step *step, size_t index,
                            bool fully)
{
    bool new_rid = !w->run->minted[step->rid];
    struct model_region before = {.set = false};
    uint16_t region = step->op.arg < MODEL_REGIONS_MAX ? step->op.arg : 0;
    before = w->run->c.model->regions[region];
    fuzz_run_step(w->run, step, index);
    /* A region's line says what changes: it is written beside what was there before. */
    struct model_region after = w->run->c.model->regions[region];
    w->run->c.model->regions[region] = before;
    put_words(w, step);
    w->run->c.model->regions[region] = after;
    put_common(w, step, new_rid);
    put_wanted(w, fully);
    note_sent(w, step);
    end_line(w);
}

static void expect_person(struct writer *w, uint64_t id)
{
    struct gj_person_view view;
    if (!model_person_view(w->run->c.model, id, &view)) return;
    put(w, "expect person %" PRIu64, id);
    put_yuan(w, " personal=", view.personal);
    put_yuan(w, " wallet=", view.wallet);
    put_yuan(w, " held=", view.personal_held + view.wallet_held);
    if (view.quota < 0) {
        put(w, " quota_left=off");
    } else {
        put_yuan(w, " quota_left=", view.quota_left);
    }
    put_yuan(w, " used=", view.used);
    put(w, " holds=%u pending_out=%u pending_in=%u", view.holds, view.pendings_out,
        view.pendings_in);
    end_line(w);
}

static i128 fen(struct gj_fen128 amount)
{
    return (i128)((u128)(uint64_t)amount.high << 64 | amount.low);
}

static void put_fen(struct writer *w, const char *before, i128 amount)
{
    char text[SCENARIO_YUAN_SIZE];
    if (amount > INT64_MAX || amount < -INT64_MAX) return; /* more than a line can say */
    scenario_yuan_text(amount, text);
    put(w, "%s%s", before, text);
}

static void expect_institution(struct writer *w, const struct model_institution *institution)
{
    struct gj_institution_day_view day;
    const struct model *m = w->run->c.model;
    if (model_day_view(m, institution->id, m->day, &day) != GJ_OK) return;
    put(w, "expect institution %" PRIu64, institution->id);
    put_fen(w, " payable=", institution->payable);
    put_fen(w, " credits=", fen(day.credits));
    put_fen(w, " debits=", fen(day.debits));
    put(w, " credit_count=%" PRIu64 " debit_count=%" PRIu64, day.credit_count, day.debit_count);
    end_line(w);
}

static void expect_region(struct writer *w, uint16_t id)
{
    const struct model_region *r = &w->run->c.model->regions[id];
    if (!r->set) return;
    put(w, "expect region %u", id);
    put_fen(w, " clearing=", r->clearing);
    put_fen(w, " premium=", r->premium);
    put_fen(w, " fund=", r->fund);
    end_line(w);
}

/* What became of every request that has a name. */
static void expect_requests(struct writer *w, uint32_t names)
{
    for (uint32_t i = 1; i <= names; i++) {
        struct gj_op_view view;
        const struct known *known = &w->names[i];
        if (known->used == 0 || !w->run->minted[i]) continue;
        model_op_view(w->run->c.model, known->person, &w->run->rids[i], &view);
        const char *code = view.state == GJ_OP_STATE_TOMBSTONED     ? "TOMBSTONED"
                           : view.state == GJ_OP_STATE_NOT_EXECUTED ? "NOT_EXECUTED"
                                                                    : gj_code_name(view.reply.code);
        put(w, "expect op r%u %s person=%" PRIu64, i, code, known->person);
        end_line(w);
    }
}

/* All that the language can say of the model's state. */
static void expect_all(struct writer *w, uint32_t names)
{
    if (w->name_all) expect_requests(w, names);
    const struct model *m = w->run->c.model;
    for (uint32_t i = 0; i < m->person_count; i++) expect_person(w, m->persons[i].id);
    for (uint32_t i = 0; i < m->institution_count; i++) expect_institution(w, &m->institutions[i]);
    for (uint16_t id = 1; id < MODEL_REGIONS_MAX; id++) expect_region(w, id);
    put(w, "expect conserved");
    end_line(w);
}

static void put_limits(struct writer *w, const struct scenario_limits *limits)
{
    bool usual = limits->persons_max == SCENARIO_PERSONS_MAX &&
                 limits->rids_max == SCENARIO_RIDS_MAX && limits->holds_max == SCENARIO_HOLDS_MAX &&
                 limits->ahead_max == SCENARIO_AHEAD_MAX;
    if (usual) return;
    put(w, "limits");
    if (limits->persons_max != SCENARIO_PERSONS_MAX)
        put(w, " persons=%" PRIu64, limits->persons_max);
    if (limits->rids_max != SCENARIO_RIDS_MAX) put(w, " rids=%" PRIu64, limits->rids_max);
    if (limits->holds_max != SCENARIO_HOLDS_MAX) put(w, " holds=%" PRIu64, limits->holds_max);
    if (limits->ahead_max != SCENARIO_AHEAD_MAX) put(w, " ahead=%" PRIu64, limits->ahead_max);
    end_line(w);
}

static void count_uses(const struct fuzz_sequence *sequence, size_t end, struct known *names)
{
    for (size_t i = 0; i < end; i++) {
        const struct fuzz_step *step = &sequence->steps[i];
        if (step->kind != FUZZ_OPERATION) continue;
        names[step->rid].used++;
        names[step->original].used++; /* number 0 is nobody's */
    }
}

static void write_step(struct writer *w, const struct fuzz_step *step, size_t index, bool fully)
{
    switch (step->kind) {
    case FUZZ_OPERATION: write_operation(w, step, index, fully); break;
    case FUZZ_ADVANCE:
        fuzz_run_step(w->run, step, index);
        put_time(w, "at ", w->run->time_ms);
        end_line(w);
        break;
    case FUZZ_CRASH:
        put(w, "crash");
        end_line(w);
        break;
    case FUZZ_RULE: fuzz_run_step(w->run, step, index); break;
    }
    put_rules(w);
}

bool fuzz_write(FILE *out, struct fuzz_run *run, const struct fuzz_sequence *sequence,
                const struct fuzz_failure *failure)
{
    struct writer w = {.out = out, .run = run, .good = true};
    w.name_all = failure->kind == FUZZ_STATE && strncmp(failure->what, "op ", 3) == 0;
    struct scenario_target *target = run->target;
    size_t end = failure->step < sequence->count ? failure->step + 1 : sequence->count;
    w.names = calloc(sequence->names + 1u, sizeof(*w.names));
    if (w.names == NULL) return false;
    run->target = NULL;
    count_uses(sequence, end, w.names);
    put_limits(&w, &sequence->limits);
    if (sequence->limits.start_ms != SCENARIO_START_MS) {
        put_time(&w, "at ", sequence->limits.start_ms);
        end_line(&w);
    }
    fuzz_run_begin(run, &sequence->limits, 1);
    for (size_t i = 0; i < end; i++) {
        bool fully = failure->kind == FUZZ_REPLY && i == failure->step;
        write_step(&w, &sequence->steps[i], i, fully);
    }
    if (failure->kind == FUZZ_STATE) expect_all(&w, sequence->names);
    run->target = target;
    free(w.names);
    return w.good && fflush(out) == 0;
}
