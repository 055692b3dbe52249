/* cli/scenario/run.c -- statement after statement: mint rids, send, compare, look again. */
#include "cli/scenario/run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common/text.h"
#include "cli/scenario/check.h"
#include "cli/scenario/names.h"
#include "cli/scenario/reply.h"
#include "core/format/codes.h"

struct runner {
    const char *file;
    struct scenario_target *target;
    FILE *out;
    struct scenario_result result;
    uint64_t time_ms; /* of the target, before the statement */
    bool crash_each;
    struct names names;
    const struct statement **always;
    size_t always_count;
    struct scenario_ids ids;
    bool audit_failed; /* said once, not after every further statement */
    bool statement_failed;
};

/* The target itself failed. */
static bool broken(struct runner *r, const struct statement *s, const char *why)
{
    fprintf(r->out, "%s:%u: %s: %s; the rest of the file was not run\n", r->file, s->line, s->text,
            why);
    r->result.broken = true;
    r->statement_failed = true;
    return false;
}

static bool target_broken(struct runner *r, const struct statement *s)
{
    return broken(r, s, r->target->error);
}

static void differs(struct runner *r, const struct statement *s, const char *wanted,
                    const char *got)
{
    fprintf(r->out, "%s:%u: %s: wanted %s, got %s\n", r->file, s->line, s->text, wanted, got);
    r->statement_failed = true;
}

/* A region statement names some fields; the rest, and the number before the version, come from what
 * the target has. */
static bool fill_region(struct runner *r, const struct statement *s,
                        struct scenario_request *request)
{
    const struct gj_read read = {.type = GJ_READ_GET_REGION, .region = s->op.arg};
    struct gj_answer answer;
    const void *payload;
    struct gj_region_ext ext = {.public_code = 0};
    uint32_t version = 0;
    gj_policy_default(&ext.policy);
    snprintf(ext.name, sizeof(ext.name), "region-%u", (unsigned)s->op.arg);
    if (!scenario_ask(r->target, &read, &answer, &payload)) return target_broken(r, s);
    if (answer.code == GJ_OK) {
        const struct gj_region_view *view = payload;
        ext = view->current;
        version = view->version;
        if (view->scheduled) {
            ext.policy = view->next;
            version = view->scheduled_version;
        }
    }
    if (!region_change_apply(&s->region, &ext)) {
        return broken(r, s,
                      "a region has at most 8 premium rows; take some away with premium=none");
    }
    if (!s->version_given) request->op.amount = (int64_t)version + 1;
    memcpy(request->ext, &ext, sizeof(ext));
    return true;
}

/* The first person and the rid of the original, and who accepts or returns. That the file says so
 * was seen when it was read (scenario_originals.h). */
static bool fill_original(struct runner *r, const struct statement *s,
                          struct scenario_request *request)
{
    struct named_rid *original = names_get(&r->names, s->original, r->time_ms);
    if (original == NULL) return broken(r, s, "out of memory");
    bool acts = s->op.type == GJ_OP_ACCEPT || s->op.type == GJ_OP_RETURN;
    if (s->person_given && !original->person_known) {
        original->person_known = true;
        original->person = s->op.person;
    }
    ASSERT(original->person_known);
    ASSERT(original->sent || s->by_given || !acts);
    if (!s->person_given) request->op.person = original->person;
    if (acts && !s->by_given) request->op.other = original->request.op.other;
    struct gj_original_ext ext = {.rid = original->rid};
    memcpy(request->ext, &ext, sizeof(ext));
    return true;
}

static bool fill_request(struct runner *r, const struct statement *s, const struct gj_rid *rid,
                         struct scenario_request *request)
{
    *request = (struct scenario_request){.op = s->op};
    request->op.rid = *rid;
    if (s->original[0] != 0) return fill_original(r, s, request);
    if (s->op.type == GJ_OP_SET_REGION) return fill_region(r, s, request);
    memcpy(request->ext, s->ext.lines, s->op.ext_count * GJ_RECORD_UNIT);
    return true;
}

static bool note_id(struct runner *r, const struct statement *s)
{
    switch (s->op.type) {
    case GJ_OP_SET_REGION: return id_list_add(&r->ids.regions, s->op.arg);
    case GJ_OP_SET_INSTITUTION: return id_list_add(&r->ids.institutions, s->op.other);
    case GJ_OP_OPEN_PERSON: return id_list_add(&r->ids.persons, s->op.person);
    default: return true;
    }
}

static void compare_reply(struct runner *r, const struct statement *s, const struct gj_reply *reply,
                          const struct gj_reply_sources *sources)
{
    char want[SCENARIO_REPLY_SIZE], got[SCENARIO_REPLY_SIZE];
    if (reply_is_wanted(&s->wanted, reply, sources)) return;
    wanted_describe(&s->wanted, want);
    reply_describe(reply, sources, got);
    if (s->wanted.taken_count > 0 && gj_code_ok(reply->code)) {
        char taken[SCENARIO_TAKEN_SIZE];
        taken_describe(sources->taken, GJ_SOURCES_MAX, taken);
        snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s", taken);
    }
    differs(r, s, want, got);
}

/* The rid of an operation and what it is to send. */
static bool prepare(struct runner *r, const struct statement *s, struct scenario_request *request)
{
    uint64_t rid_ms = s->rid_at_given ? s->rid_at_ms : r->time_ms;
    struct gj_rid rid;
    if (s->rid[0] == 0) {
        rid = names_mint(&r->names, rid_ms);
    } else {
        const struct named_rid *entry = names_get(&r->names, s->rid, rid_ms);
        if (entry == NULL) return broken(r, s, "out of memory");
        rid = entry->rid;
    }
    return fill_request(r, s, &rid, request);
}

static void note_sent(struct runner *r, const struct statement *s,
                      const struct scenario_request *request, const struct gj_reply *reply,
                      const struct gj_reply_sources *sources)
{
    struct named_rid *entry = s->rid[0] == 0 ? NULL : names_get(&r->names, s->rid, r->time_ms);
    if (entry == NULL || entry->sent) return;
    entry->sent = entry->person_known = true;
    entry->person = request->op.person;
    entry->request = *request;
    entry->reply = *reply;
    entry->sources = *sources;
}

static bool run_operation(struct runner *r, const struct statement *s)
{
    struct scenario_request request;
    struct gj_reply reply;
    struct gj_reply_sources sources;
    if (!prepare(r, s, &request)) return false;
    if (!r->target->execute(r->target, &request, &reply, &sources)) return target_broken(r, s);
    note_sent(r, s, &request, &reply, &sources);
    compare_reply(r, s, &reply, &sources);
    if (gj_code_ok(reply.code) && !note_id(r, s)) return broken(r, s, "out of memory");
    return true;
}

/* What no read may change: two looks at an unchanged state are equal byte for byte. */
struct look {
    uint64_t seq;
    struct gj_digest_view digest;
};

static bool look_at_state(struct runner *r, const struct statement *s, struct look *ret)
{
    const struct gj_read read = {.type = GJ_READ_STATE_DIGEST};
    struct gj_answer answer;
    const void *payload;
    if (!scenario_ask(r->target, &read, &answer, &payload)) return target_broken(r, s);
    *ret = (struct look){.seq = answer.seq, .digest = *(const struct gj_digest_view *)payload};
    return true;
}

static bool run_dry(struct runner *r, const struct statement *s)
{
    struct scenario_request request, read;
    struct gj_answer answer;
    const void *payload;
    struct look before, after;
    if (!prepare(r, s, &request)) return false;
    uint8_t lines = (uint8_t)(1 + request.op.ext_count);
    read = (struct scenario_request){.read = {.type = GJ_READ_DRY_RUN, .ext_count = lines}};
    memcpy(read.ext, &request, (size_t)lines * GJ_RECORD_UNIT);
    if (!look_at_state(r, s, &before)) return false;
    if (!scenario_ask_with(r->target, &read, &answer, &payload)) return target_broken(r, s);
    if (answer.code == GJ_OK) {
        const struct gj_dry_run_view *view = payload;
        compare_reply(r, s, &view->reply, &view->sources);
    } else {
        differs(r, s, "an answer", gj_code_name(answer.code));
    }
    if (!look_at_state(r, s, &after)) return false;
    /* A server that others use may have changed meanwhile. */
    if (r->target->fresh && memcmp(&before, &after, sizeof(before)) != 0) {
        differs(r, s, "nothing to change", "another state");
    }
    return true;
}

static bool run_replay(struct runner *r, const struct statement *s)
{
    struct named_rid *entry = names_get(&r->names, s->rid, r->time_ms);
    struct gj_reply reply;
    struct gj_reply_sources sources;
    if (entry == NULL) return broken(r, s, "out of memory");
    ASSERT(entry->sent);
    if (!r->target->execute(r->target, &entry->request, &reply, &sources)) {
        return target_broken(r, s);
    }
    if (s->wanted.given) compare_reply(r, s, &reply, &sources);
    /* 10..37 say that the attempt did nothing. Asked for now, there is no stored reply to compare
     * with; answered then, this attempt is the first that may have done something. */
    if (s->wanted.given && !gj_code_is_outcome(s->wanted.code)) return true;
    if (s->wanted.given && !gj_code_is_outcome(entry->reply.code)) {
        entry->reply = reply;
        entry->sources = sources;
        return true;
    }
    struct gj_reply first = entry->reply;
    first.flags |= GJ_REPLY_REPLAYED;
    if (memcmp(&first, &reply, sizeof(reply)) == 0 &&
        memcmp(&entry->sources, &sources, sizeof(sources)) == 0) {
        return true;
    }
    char want[SCENARIO_REPLY_SIZE], got[SCENARIO_REPLY_SIZE];
    reply_describe(&first, &entry->sources, want);
    reply_describe(&reply, &sources, got);
    differs(r, s, want, got);
    return true;
}

static bool run_time(struct runner *r, const struct statement *s)
{
    uint64_t to = s->kind == STATEMENT_AT ? s->time_ms : r->time_ms + s->time_ms;
    char now[SCENARIO_TIME_SIZE];
    if (to < r->time_ms) {
        scenario_time_text(r->time_ms, now);
        differs(r, s, "a time not before now", now);
        return true;
    }
    return r->target->set_time(r->target, to) || target_broken(r, s);
}

static bool check(struct runner *r, const struct statement *now, const struct statement *s)
{
    const struct expectation *e = &s->expect;
    struct found found;
    if (e->subject == EXPECT_OP) {
        struct named_rid *entry = names_get(&r->names, e->rid, r->time_ms);
        if (entry == NULL) return broken(r, now, "out of memory");
        ASSERT(entry->person_known || e->person_given);
        uint64_t person = e->person_given ? e->person : entry->person;
        if (!expectation_check_op(r->target, e, person, &entry->rid, &found)) {
            return target_broken(r, now);
        }
    } else if (!expectation_check(r->target, e, &r->ids, &found)) {
        return target_broken(r, now);
    }
    if (found.got[0] == 0) return true;
    if (now == s) {
        differs(r, s, "that", found.got);
    } else {
        char wanted[SCENARIO_LINE_MAX + 32];
        snprintf(wanted, sizeof(wanted), "what line %u says (%s)", s->line, s->text);
        differs(r, now, wanted, found.got);
    }
    return true;
}

/* Time now, by the target. */
static bool look_at_clock(struct runner *r, const struct statement *s)
{
    const struct gj_read read = {.type = GJ_READ_PING};
    struct gj_answer answer;
    const void *payload;
    if (!scenario_ask(r->target, &read, &answer, &payload)) return target_broken(r, s);
    r->time_ms = answer.time_ms;
    return true;
}

/* A test clock comes back with the log's last time: a later `at` may have left no record. */
static bool crash(struct runner *r, const struct statement *s)
{
    return look_at_clock(r, s) &&
           ((r->target->crash(r->target) && r->target->set_time(r->target, r->time_ms)) ||
            target_broken(r, s));
}

static bool run_one(struct runner *r, const struct statement *s)
{
    switch (s->kind) {
    case STATEMENT_OPERATION: return run_operation(r, s);
    case STATEMENT_DRY_RUN: return run_dry(r, s);
    case STATEMENT_REPLAY: return run_replay(r, s);
    case STATEMENT_AT:
    case STATEMENT_ADVANCE: return run_time(r, s);
    case STATEMENT_CRASH: return crash(r, s);
    case STATEMENT_LIMITS: return true; /* in force since start() */
    case STATEMENT_ALWAYS: r->always[r->always_count++] = s; return check(r, s, s);
    case STATEMENT_EXPECT: return check(r, s, s);
    }
    UNREACHABLE("kind of statement");
}

static bool look_again(struct runner *r, const struct statement *s)
{
    struct found found = {.got = ""};
    if (!audit_check(r->target, &found)) return target_broken(r, s);
    if (found.got[0] != 0 && !r->audit_failed) {
        differs(r, s, "every invariant to hold after it", found.got);
        r->audit_failed = true;
    }
    for (size_t i = 0; i < r->always_count; i++) {
        if (r->always[i] != s && !check(r, s, r->always[i])) return false;
    }
    return true;
}

/* The one `limits` line, which must come first. */
static bool read_limits(struct runner *r, const struct scenario *scenario,
                        struct scenario_limits *ret)
{
    *ret = SCENARIO_LIMITS;
    ret->start_ms = scenario_start_ms(scenario);
    for (size_t i = 0; i < scenario->count; i++) {
        const struct statement *s = &scenario->statements[i];
        if (s->kind != STATEMENT_LIMITS) continue;
        if (i != 0) return broken(r, s, "limits must be the first statement of the file");
        if (!r->target->fresh)
            return broken(r, s, "limits need a target of the file's own (--spawn)");
        if (s->persons_max != 0) ret->persons_max = s->persons_max;
        if (s->rids_max != 0) ret->rids_max = s->rids_max;
        if (s->holds_max != 0) ret->holds_max = s->holds_max;
        if (s->ahead_max != 0) ret->ahead_max = s->ahead_max;
    }
    return true;
}

static void run_all(struct runner *r, const struct scenario *scenario)
{
    bool going = true;
    for (size_t i = 0; i < scenario->count && going; i++) {
        const struct statement *s = &scenario->statements[i];
        r->statement_failed = false;
        r->result.statements++;
        going = look_at_clock(r, s) && run_one(r, s) && (!r->crash_each || crash(r, s)) &&
                look_again(r, s);
        if (r->statement_failed) r->result.failed++;
    }
}

struct scenario_result scenario_run(const char *file, const struct scenario *scenario,
                                    struct scenario_target *target, bool crash_each, FILE *out)
{
    struct runner r = {.file = file,
                       .target = target,
                       .crash_each = crash_each,
                       .names = {.node = target->rid_node},
                       .out = out};
    struct scenario_limits limits;
    r.always = calloc(scenario->count + 1, sizeof(*r.always));
    if (r.always == NULL) {
        fprintf(out, "%s: out of memory\n", file);
        r.result.broken = true;
    } else if (!read_limits(&r, scenario, &limits)) {
        r.result.failed++;
    } else if (!target->start(target, &limits)) {
        fprintf(out, "%s: %s\n", file, target->error);
        r.result.broken = r.result.unstarted = true;
        target->stop(target);
    } else {
        run_all(&r, scenario);
        target->stop(target);
    }
    free(r.always);
    names_free(&r.names);
    free(r.ids.persons.ids);
    free(r.ids.institutions.ids);
    free(r.ids.regions.ids);
    return r.result;
}
