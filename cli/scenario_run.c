/* cli/scenario_run.c -- statement after statement: mint rids, send, compare, look again. */
#include "scenario_run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "codes.h"
#include "scenario_check.h"
#include "scenario_text.h"

/* A rid with a name: the same name is the same rid for the whole file. */
struct named_rid {
    char name[SCENARIO_NAME_SIZE];
    struct gj_rid rid;
    bool sent;
    struct scenario_request request; /* as first sent */
    struct gj_reply reply;           /* as first answered */
    struct gj_reply_sources sources;
};

struct runner {
    const char *file;
    struct scenario_target *target;
    FILE *out;
    struct scenario_result result;
    uint64_t time_ms; /* of the target, before the statement */
    uint64_t minted;  /* rids so far */
    struct named_rid *rids;
    size_t rids_count, rids_capacity;
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

/* UUIDv7 layout: 48 bits milliseconds, version, 12 bits and 30 bits of a counter, the target's node
 * in the last 32. */
static struct gj_rid mint(struct runner *r, uint64_t ms)
{
    struct gj_rid rid;
    uint64_t counter = ++r->minted;
    uint64_t high = ms << 16 | 0x7000u | (counter >> 30 & 0xFFF);
    uint64_t low =
        UINT64_C(1) << 63 | (counter & 0x3FFFFFFF) << 32 | (r->target->rid_node & UINT32_MAX);
    for (unsigned i = 0; i < 8; i++) {
        rid.bytes[i] = (uint8_t)(high >> (56 - 8 * i));
        rid.bytes[8 + i] = (uint8_t)(low >> (56 - 8 * i));
    }
    return rid;
}

/* The entry of a name, made with a new rid at first use. NULL: out of memory. */
static struct named_rid *named(struct runner *r, const char *name, uint64_t rid_ms)
{
    for (size_t i = 0; i < r->rids_count; i++) {
        if (strcmp(r->rids[i].name, name) == 0) return &r->rids[i];
    }
    if (r->rids_count == r->rids_capacity) {
        size_t more = r->rids_capacity == 0 ? 16 : r->rids_capacity * 2;
        struct named_rid *grown = realloc(r->rids, more * sizeof(*grown));
        if (grown == NULL) return NULL;
        r->rids = grown;
        r->rids_capacity = more;
    }
    struct named_rid *entry = &r->rids[r->rids_count++];
    *entry = (struct named_rid){.sent = false};
    memcpy(entry->name, name, strlen(name) + 1);
    entry->rid = mint(r, rid_ms);
    return entry;
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

static bool fill_request(struct runner *r, const struct statement *s, const struct gj_rid *rid,
                         struct scenario_request *request)
{
    *request = (struct scenario_request){.op = s->op};
    request->op.rid = *rid;
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

static void describe(const struct gj_reply *reply, const struct gj_reply_sources *sources,
                     char *ret, size_t size)
{
    char moved[SCENARIO_YUAN_SIZE], balance[SCENARIO_YUAN_SIZE], remainder[SCENARIO_YUAN_SIZE];
    const char *name = gj_code_name(reply->code);
    scenario_yuan_text(reply->amount, moved);
    scenario_yuan_text(reply->balance, balance);
    scenario_yuan_text(sources->remainder, remainder);
    snprintf(ret, size, "%s%s moved=%s balance=%s remainder=%s",
             name == NULL ? "an unknown code" : name,
             reply->flags & GJ_REPLY_REPLAYED ? " (replayed)" : "", moved, balance, remainder);
}

static void describe_wanted(const struct wanted_reply *wanted, char *ret, size_t size)
{
    char amount[SCENARIO_YUAN_SIZE];
    const struct {
        const char *name;
        bool given;
        int64_t fen;
    } parts[] = {{"moved", wanted->moved_given, wanted->moved},
                 {"balance", wanted->balance_given, wanted->balance},
                 {"remainder", wanted->remainder_given, wanted->remainder}};
    size_t at = (size_t)snprintf(ret, size, "%s", gj_code_name(wanted->code));
    for (unsigned i = 0; i < ARRAY_COUNT(parts); i++) {
        if (!parts[i].given) continue;
        scenario_yuan_text(parts[i].fen, amount);
        at += (size_t)snprintf(ret + at, size - at, " %s=%s", parts[i].name, amount);
    }
}

static void compare_reply(struct runner *r, const struct statement *s, const struct gj_reply *reply,
                          const struct gj_reply_sources *sources)
{
    const struct wanted_reply *wanted = &s->wanted;
    if (reply->code == wanted->code && (!wanted->moved_given || reply->amount == wanted->moved) &&
        (!wanted->balance_given || reply->balance == wanted->balance) &&
        (!wanted->remainder_given || sources->remainder == wanted->remainder)) {
        return;
    }
    char want[256], got[256];
    describe_wanted(wanted, want, sizeof(want));
    describe(reply, sources, got, sizeof(got));
    differs(r, s, want, got);
}

static bool run_operation(struct runner *r, const struct statement *s)
{
    uint64_t rid_ms = s->rid_at_given ? s->rid_at_ms : r->time_ms;
    struct named_rid *entry = s->rid[0] == 0 ? NULL : named(r, s->rid, rid_ms);
    if (s->rid[0] != 0 && entry == NULL) return broken(r, s, "out of memory");
    struct gj_rid rid = entry != NULL ? entry->rid : mint(r, rid_ms);
    struct scenario_request request;
    struct gj_reply reply;
    struct gj_reply_sources sources;
    if (!fill_request(r, s, &rid, &request)) return false;
    if (!r->target->execute(r->target, &request, &reply, &sources)) return target_broken(r, s);
    if (entry != NULL && !entry->sent) {
        entry->sent = true;
        entry->request = request;
        entry->reply = reply;
        entry->sources = sources;
    }
    compare_reply(r, s, &reply, &sources);
    if (gj_code_ok(reply.code) && !note_id(r, s)) return broken(r, s, "out of memory");
    return true;
}

static bool run_replay(struct runner *r, const struct statement *s)
{
    struct named_rid *entry = named(r, s->rid, r->time_ms);
    struct gj_reply reply;
    struct gj_reply_sources sources;
    if (entry == NULL) return broken(r, s, "out of memory");
    if (!entry->sent) {
        differs(r, s, "a rid that was sent before", "a new name");
        return true;
    }
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
    char want[256], got[256];
    describe(&first, &entry->sources, want, sizeof(want));
    describe(&reply, &sources, got, sizeof(got));
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
        struct named_rid *entry = named(r, e->rid, r->time_ms);
        if (entry == NULL) return broken(r, now, "out of memory");
        if (!entry->sent && !e->person_given) {
            differs(r, now, "person= for a rid never sent", "none");
            return true;
        }
        uint64_t person = e->person_given ? e->person : entry->request.op.person;
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

static bool run_one(struct runner *r, const struct statement *s)
{
    switch (s->kind) {
    case STATEMENT_OPERATION: return run_operation(r, s);
    case STATEMENT_REPLAY: return run_replay(r, s);
    case STATEMENT_AT:
    case STATEMENT_ADVANCE: return run_time(r, s);
    case STATEMENT_CRASH:
        /* A test clock comes back with the log's last time: a later `at` may have left no record.
         */
        return (r->target->crash(r->target) && r->target->set_time(r->target, r->time_ms)) ||
               target_broken(r, s);
    case STATEMENT_LIMITS: return true; /* in force since start() */
    case STATEMENT_ALWAYS: r->always[r->always_count++] = s; return check(r, s, s);
    case STATEMENT_EXPECT: return check(r, s, s);
    }
    UNREACHABLE("kind of statement");
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
    *ret = (struct scenario_limits){SCENARIO_PERSONS_MAX, SCENARIO_RIDS_MAX};
    for (size_t i = 0; i < scenario->count; i++) {
        const struct statement *s = &scenario->statements[i];
        if (s->kind != STATEMENT_LIMITS) continue;
        if (i != 0) return broken(r, s, "limits must be the first statement of the file");
        if (!r->target->fresh)
            return broken(r, s, "limits need a target of the file's own (--spawn)");
        if (s->persons_max != 0) ret->persons_max = s->persons_max;
        if (s->rids_max != 0) ret->rids_max = s->rids_max;
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
        going = look_at_clock(r, s) && run_one(r, s) && look_again(r, s);
        if (r->statement_failed) r->result.failed++;
    }
}

struct scenario_result scenario_run(const char *file, const struct scenario *scenario,
                                    struct scenario_target *target, FILE *out)
{
    struct runner r = {.file = file, .target = target, .out = out};
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
    free(r.rids);
    free(r.ids.persons.ids);
    free(r.ids.institutions.ids);
    free(r.ids.regions.ids);
    return r.result;
}
