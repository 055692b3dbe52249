/* cli/scenario/check.c -- compares what a target shows with what a scenario expects. */
#include "cli/scenario/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common/text.h"
#include "cli/scenario/expect.h"
#include "core/base/calendar.h"
#include "core/format/codes.h"

bool id_list_add(struct id_list *list, uint64_t id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->ids[i] == id) return true;
    }
    if (list->count == list->capacity) {
        size_t more = list->capacity == 0 ? 64 : list->capacity * 2;
        uint64_t *grown = realloc(list->ids, more * sizeof(*grown));
        if (grown == NULL) return false;
        list->ids = grown;
        list->capacity = more;
    }
    list->ids[list->count++] = id;
    return true;
}

bool scenario_ask_with(struct scenario_target *target, const struct scenario_request *request,
                       struct gj_answer *answer, const void **payload)
{
    _Alignas(8) static uint8_t buffer[GJ_READ_ANSWER_MAX];
    *payload = buffer;
    return target->query(target, request, answer, buffer);
}

bool scenario_ask(struct scenario_target *target, const struct gj_read *read,
                  struct gj_answer *answer, const void **payload)
{
    struct scenario_request request = {.read = *read};
    return scenario_ask_with(target, &request, answer, payload);
}

static i128 fen128(const struct gj_fen128 *fen)
{
    return (i128)((u128)(uint64_t)fen->high << 64 | fen->low);
}

/* The fields of one object that were asked for: fen, or numbers. */
struct stats {
    i128 of[FIELD_FUND + 1];
    bool off; /* quota_left */
};

static void person_stats(const struct gj_person_view *view, struct stats *ret)
{
    ret->of[FIELD_PERSONAL] = view->personal;
    ret->of[FIELD_WALLET] = view->wallet;
    ret->of[FIELD_HELD] = (i128)view->personal_held + view->wallet_held;
    ret->of[FIELD_QUOTA_LEFT] = view->quota_left;
    ret->of[FIELD_USED] = view->used;
    ret->of[FIELD_HOLDS] = view->holds;
    ret->of[FIELD_PENDING_OUT] = view->pendings_out;
    ret->of[FIELD_PENDING_IN] = view->pendings_in;
    ret->off = view->quota < 0;
}

static bool asks_for_day(const struct expectation *e)
{
    for (unsigned i = 0; i < e->terms_count; i++) {
        if (e->terms[i].field != FIELD_PAYABLE) return true;
    }
    return false;
}

/* What was posted to an institution on one day; `now_ms` says which day today is. */
static bool day_stats(struct scenario_target *target, uint64_t id, uint16_t day, uint64_t now_ms,
                      struct stats *ret, uint8_t *code)
{
    const struct gj_read read = {
        .type = GJ_READ_INSTITUTION_DAY, .id = id, .day = day != 0 ? day : calendar_day(now_ms)};
    struct gj_answer answer;
    const void *payload;
    if (!scenario_ask(target, &read, &answer, &payload)) return false;
    *code = answer.code;
    if (answer.code != GJ_OK) return true;
    const struct gj_institution_day_view *view = payload;
    ret->of[FIELD_CREDITS] = fen128(&view->credits);
    ret->of[FIELD_DEBITS] = fen128(&view->debits);
    ret->of[FIELD_CREDIT_COUNT] = view->credit_count;
    ret->of[FIELD_DEBIT_COUNT] = view->debit_count;
    return true;
}

static bool read_stats(struct scenario_target *target, const struct expectation *e, uint64_t id,
                       struct stats *ret, uint8_t *code)
{
    enum expect_subject subject = e->subject;
    struct gj_read read = {.id = id};
    struct gj_answer answer;
    const void *payload;
    if (subject == EXPECT_PERSON) {
        read.type = GJ_READ_GET_PERSON;
    } else if (subject == EXPECT_INSTITUTION) {
        read.type = GJ_READ_GET_INSTITUTION;
    } else {
        read = (struct gj_read){.type = GJ_READ_REGION_TOTALS, .region = (uint16_t)id};
    }
    if (!scenario_ask(target, &read, &answer, &payload)) return false;
    *code = answer.code;
    if (answer.code != GJ_OK) return true;
    if (subject == EXPECT_PERSON) {
        person_stats(payload, ret);
    } else if (subject == EXPECT_INSTITUTION) {
        const struct gj_institution_view *view = payload;
        ret->of[FIELD_PAYABLE] = fen128(&view->payable);
        if (asks_for_day(e)) return day_stats(target, id, e->day, answer.time_ms, ret, code);
    } else {
        const struct gj_totals_view *view = payload;
        ret->of[FIELD_CLEARING] = fen128(&view->clearing);
        ret->of[FIELD_PREMIUM] = fen128(&view->premium);
        ret->of[FIELD_FUND] = fen128(&view->fund);
    }
    return true;
}

static bool compare(i128 got, enum compare how, i128 want)
{
    switch (how) {
    case COMPARE_EQ: return got == want;
    case COMPARE_LT: return got < want;
    case COMPARE_LE: return got <= want;
    case COMPARE_GT: return got > want;
    case COMPARE_GE: return got >= want;
    }
    UNREACHABLE("comparison");
}

/* A quota that is off is above every amount. */
static bool term_holds(const struct expect_term *term, const struct stats *stats)
{
    if (term->field != FIELD_QUOTA_LEFT) {
        return compare(stats->of[term->field], term->compare, term->value);
    }
    if (term->off) return compare(stats->off, term->compare, 1);
    if (stats->off) return term->compare == COMPARE_GT || term->compare == COMPARE_GE;
    return compare(stats->of[term->field], term->compare, term->value);
}

static void add(struct found *found, const char *text)
{
    size_t at = strlen(found->got);
    snprintf(found->got + at, sizeof(found->got) - at, "%s%s", at == 0 ? "" : " ", text);
}

static bool check_object(struct scenario_target *target, const struct expectation *e, uint64_t id,
                         struct found *found)
{
    struct stats stats = {.off = false};
    uint8_t code;
    char text[128], amount[SCENARIO_YUAN_SIZE];
    if (!read_stats(target, e, id, &stats, &code)) return false;
    if (code != GJ_OK) {
        add(found, gj_code_name(code));
        return true;
    }
    for (unsigned i = 0; i < e->terms_count; i++) {
        const struct expect_term *term = &e->terms[i];
        if (term_holds(term, &stats)) continue;
        if (expect_field_counts(term->field)) {
            snprintf(amount, sizeof(amount), "%" PRIu64, (uint64_t)stats.of[term->field]);
        } else {
            scenario_yuan_text(stats.of[term->field], amount);
        }
        bool off = term->field == FIELD_QUOTA_LEFT && stats.off;
        snprintf(text, sizeof(text), "%s=%s", expect_field_name(term->field), off ? "off" : amount);
        if (e->every) {
            char whom[64];
            snprintf(whom, sizeof(whom), "%" PRIu64 ":", id);
            add(found, whom);
        }
        add(found, text);
    }
    return true;
}

static bool check_objects(struct scenario_target *target, const struct expectation *e,
                          const struct scenario_ids *ids, struct found *found)
{
    if (!e->every) return check_object(target, e, e->id, found);
    const struct id_list *list = e->subject == EXPECT_PERSON        ? &ids->persons
                                 : e->subject == EXPECT_INSTITUTION ? &ids->institutions
                                                                    : &ids->regions;
    for (size_t i = 0; i < list->count && found->got[0] == 0; i++) {
        if (!check_object(target, e, list->ids[i], found)) return false;
    }
    return true;
}

static bool check_digest(struct scenario_target *target, const struct expectation *e,
                         struct found *found)
{
    const struct gj_read read = {.type = GJ_READ_STATE_DIGEST};
    struct gj_answer answer;
    const void *payload;
    if (!scenario_ask(target, &read, &answer, &payload)) return false;
    const struct gj_digest_view *view = payload;
    if (answer.code == GJ_OK && view->low == e->digest_low && view->high == e->digest_high) {
        return true;
    }
    snprintf(found->got, sizeof(found->got), "%016" PRIx64 "%016" PRIx64, view->high, view->low);
    return true;
}

/* Sum of what a region owes the others, ever, less what they owe it. */
static bool net_position(struct scenario_target *target, uint16_t region, i128 *ret)
{
    const struct gj_read read = {.type = GJ_READ_NETTING_ROW, .region = region};
    struct gj_answer answer;
    const void *payload;
    if (!scenario_ask(target, &read, &answer, &payload)) return false;
    const struct gj_netting_entry *entries = payload;
    *ret = 0;
    for (unsigned i = 0; answer.code == GJ_OK && i < answer.count; i++) {
        *ret += fen128(&entries[i].out) - fen128(&entries[i].in);
    }
    return true;
}

/* Counted here from the totals and the netting rows, beside the target's own recount. */
static bool check_conserved(struct scenario_target *target, struct found *found)
{
    i128 clearing = 0;
    for (uint16_t region = 1; region < GJ_REGIONS_MAX; region++) {
        const struct gj_read read = {.type = GJ_READ_REGION_TOTALS, .region = region};
        struct gj_answer answer;
        const void *payload;
        char text[128];
        i128 net;
        if (!scenario_ask(target, &read, &answer, &payload)) return false;
        if (answer.code == GJ_REGION_NOT_FOUND) continue;
        const struct gj_totals_view totals = *(const struct gj_totals_view *)payload;
        i128 sum = fen128(&totals.personal) + fen128(&totals.wallet) + fen128(&totals.institution) +
                   fen128(&totals.premium) + fen128(&totals.clearing);
        if (sum != fen128(&totals.fund)) {
            snprintf(text, sizeof(text), "the book of region %u does not balance", region);
            add(found, text);
        }
        if (!net_position(target, region, &net)) return false;
        if (net != fen128(&totals.clearing)) {
            snprintf(text, sizeof(text), "clearing of region %u is not its netting row", region);
            add(found, text);
        }
        clearing += fen128(&totals.clearing);
    }
    if (clearing != 0) add(found, "clearing does not net to zero");
    return true;
}

bool audit_check(struct scenario_target *target, struct found *found)
{
    const struct gj_read read = {.type = GJ_READ_AUDIT};
    struct gj_answer answer;
    const void *payload;
    if (!scenario_ask(target, &read, &answer, &payload)) return false;
    const struct gj_audit_view *view = payload;
    if (view->broken[0] != 0) {
        snprintf(found->got, sizeof(found->got), "%.*s", (int)sizeof(view->broken), view->broken);
    }
    return true;
}

bool expectation_check(struct scenario_target *target, const struct expectation *e,
                       const struct scenario_ids *ids, struct found *found)
{
    found->got[0] = 0;
    switch (e->subject) {
    case EXPECT_PERSON:
    case EXPECT_INSTITUTION:
    case EXPECT_REGION: return check_objects(target, e, ids, found);
    case EXPECT_DIGEST: return check_digest(target, e, found);
    case EXPECT_CONSERVED: return check_conserved(target, found) && audit_check(target, found);
    case EXPECT_OP: break;
    }
    UNREACHABLE("subject of an expectation");
}

bool expectation_check_op(struct scenario_target *target, const struct expectation *e,
                          uint64_t person, const struct gj_rid *rid, struct found *found)
{
    const struct gj_read read = {.type = GJ_READ_GET_OP, .id = person, .rid = *rid};
    struct gj_answer answer;
    const void *payload;
    found->got[0] = 0;
    if (!scenario_ask(target, &read, &answer, &payload)) return false;
    const struct gj_op_view *view = payload;
    int got = view->reply.code;
    const char *name = gj_code_name(view->reply.code);
    if (answer.code != GJ_OK) {
        got = -1;
        name = gj_code_name(answer.code);
    } else if (view->state == GJ_OP_STATE_NOT_EXECUTED) {
        got = EXPECT_NOT_EXECUTED;
        name = "NOT_EXECUTED";
    } else if (view->state == GJ_OP_STATE_EXPIRED) {
        got = EXPECT_EXPIRED;
        name = "EXPIRED";
    } else if (view->state == GJ_OP_STATE_TOMBSTONED) {
        got = EXPECT_TOMBSTONED;
        name = "TOMBSTONED";
    }
    if (got != e->code) add(found, name == NULL ? "an unknown code" : name);
    return true;
}
