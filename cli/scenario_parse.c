/* cli/scenario_parse.c -- the verbs of the scenario language, one reader each. */
#include "scenario_parse.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codes.h"
#include "scenario_args.h"
#include "scenario_expect.h"

static uint16_t key_region(struct args *a)
{
    uint64_t region = args_key_number(a, "region", UINT16_MAX, UINT64_MAX);
    if (region == UINT64_MAX) args_fail(a, "region= is missing");
    return (uint16_t)region;
}

static void read_region(struct args *a, struct statement *s)
{
    s->op.arg = (uint16_t)args_place_number(a, "ID", UINT16_MAX);
    s->op.ext_count = GJ_EXT_MAX;
    uint64_t version = args_key_number(a, "version", INT64_MAX, UINT64_MAX);
    s->version_given = version != UINT64_MAX;
    if (s->version_given) s->op.amount = (int64_t)version;
    const char *from = args_key(a, "from");
    if (from != NULL && !scenario_time(from, &s->op.other)) {
        args_fail(a, "from= needs YYYY-MM-DDTHH:MM:SS, not '%s'", from);
    }
    for (unsigned i = 0; i < a->count && !a->failed; i++) {
        char *equals = strchr(a->words[i], '=');
        if (a->taken[i] || equals == NULL) continue;
        *equals = 0;
        unsigned long long before = s->region.named;
        char error[SCENARIO_ERROR_SIZE / 2];
        if (!region_change_read(&s->region, a->words[i], equals + 1, error, sizeof(error))) {
            args_fail(a, "%s", error);
        } else if (before == s->region.named && strcmp(a->words[i], "premium") != 0) {
            args_fail(a, "%s= is given twice", a->words[i]);
        }
        a->taken[i] = true;
    }
}

static void read_institution(struct args *a, struct statement *s)
{
    s->op.other = args_place_number(a, "ID", UINT64_MAX);
    s->op.ext_count = 1;
    s->op.arg = key_region(a);
    s->op.kind = args_key_word_needed(a, "type", scenario_types);
    s->op.detail = GJ_SCENARIO_MASK_ALL;
    const char *care = args_key(a, "scenarios");
    if (care != NULL && !scenario_mask(care, scenario_care, 1, &s->op.detail)) {
        args_fail(a,
                  "scenarios= needs a comma list of outpatient, inpatient, special, maternity, "
                  "drug (none twice), not '%s'",
                  care);
    }
    if (args_key_number(a, "wallet", 1, 0) == 1) s->op.flags |= GJ_FLAG_WALLET;
    static const struct scenario_word statuses[] = {{"active", 0}, {"suspended", 1}, {NULL, 0}};
    if (args_key_word(a, "status", statuses, 0) == 1) s->op.flags |= GJ_FLAG_SUSPENDED;
    const char *code = args_key(a, "code");
    if (code == NULL) return;
    size_t size = sizeof(s->ext.institution.code);
    if (strlen(code) > size) args_fail(a, "code= takes at most %zu characters", size);
    memcpy(s->ext.institution.code, code, strnlen(code, size));
}

static void read_person(struct args *a, struct statement *s)
{
    s->op.person = args_place_number(a, "ID", UINT64_MAX);
    s->op.arg = key_region(a);
    s->op.kind = args_key_word_needed(a, "insurance", scenario_insurances);
    s->op.detail = args_key_word(a, "status", scenario_statuses, GJ_STATUS_ACTIVE);
    if (args_key_number(a, "special", 1, 0) == 1) s->op.flags |= GJ_FLAG_SPECIAL;
}

static void read_update(struct args *a, struct statement *s)
{
    s->op.person = args_place_number(a, "ID", UINT64_MAX);
    s->op.kind = args_key_word(a, "insurance", scenario_insurances, 0);
    s->op.detail = args_key_word(a, "status", scenario_statuses, 0);
    uint64_t special = args_key_number(a, "special", 1, 2);
    if (special != 2) s->op.flags |= GJ_FLAG_SPECIAL_SET;
    if (special == 1) s->op.flags |= GJ_FLAG_SPECIAL;
    if (args_key(a, "phone") != NULL) {
        s->op.flags |= GJ_FLAG_PHONE;
        s->op.other = args_key_number(a, "phone", UINT64_MAX, 0);
    }
    const char *day = args_key(a, "changed_on");
    if (day != NULL && !scenario_day(day, &s->op.arg)) {
        args_fail(a, "changed_on= needs YYYY-MM-DD, not '%s'", day);
    }
}

static void read_wallet(struct args *a, struct statement *s)
{
    s->op.person = args_place_number(a, "ID", UINT64_MAX);
    s->op.arg = key_region(a);
    s->op.other = args_key_number(a, "phone", UINT64_MAX, 0);
}

static int64_t read_cap(struct args *a, const char *value)
{
    int64_t cap = -1;
    if (value == NULL || strcmp(value, "none") == 0) return -1;
    if (!scenario_yuan(value, &cap)) {
        args_fail(a, "the cap needs yuan with two decimals like 200.00, or none, not '%s'", value);
    }
    return cap;
}

static void read_bind(struct args *a, struct statement *s)
{
    s->op.person = args_place_number(a, "PAYER", UINT64_MAX);
    s->op.other = args_place_number(a, "MEMBER", UINT64_MAX);
    s->op.kind = args_key_word_needed(a, "kind", scenario_relations);
    s->op.amount = read_cap(a, args_key(a, "cap"));
}

static void read_unbind(struct args *a, struct statement *s)
{
    s->op.person = args_place_number(a, "PAYER", UINT64_MAX);
    s->op.other = args_place_number(a, "MEMBER", UINT64_MAX);
}

static void read_set_cap(struct args *a, struct statement *s)
{
    s->op.person = args_place_number(a, "PAYER", UINT64_MAX);
    const char *member = args_place(a, "MEMBER");
    if (member != NULL && strcmp(member, "all") != 0 &&
        (!scenario_number(member, UINT64_MAX, &s->op.other) || s->op.other == 0)) {
        args_fail(a, "MEMBER needs a person's number or all, not '%s'", member);
    }
    s->op.amount = read_cap(a, args_place(a, "the cap"));
}

static void read_deposit(struct args *a, struct statement *s)
{
    s->op.person = args_place_number(a, "ID", UINT64_MAX);
    s->op.amount = args_place_yuan(a, "AMOUNT");
}

static void read_transfer(struct args *a, struct statement *s)
{
    s->op.person = args_place_number(a, "PAYER", UINT64_MAX);
    s->op.other = args_place_number(a, "PAYEE", UINT64_MAX);
    s->op.amount = args_place_yuan(a, "AMOUNT");
    s->op.kind = args_key_word_needed(a, "source", scenario_sources);
}

/* wallet,personal,relative:ID in the order they are drawn. */
static void read_pay_sources(struct args *a, struct statement *s, const char *list)
{
    unsigned count = 0;
    unsigned seen = 0;
    while (list != NULL && !a->failed) {
        char source[40];
        size_t length = strcspn(list, ",");
        if (length >= sizeof(source)) length = sizeof(source) - 1;
        memcpy(source, list, length);
        source[length] = 0;
        uint8_t kind = GJ_SOURCE_RELATIVE;
        bool good = strncmp(source, "relative:", 9) == 0
                        ? scenario_number(source + 9, UINT64_MAX, &s->ext.pay.relative) &&
                              s->ext.pay.relative != 0
                        : scenario_word(source, scenario_sources, &kind);
        if (!good) {
            args_fail(a, "source= needs a comma list of wallet, personal, relative:ID, not '%s'",
                      source);
        } else if (seen & 1u << kind) {
            args_fail(a, "source= names '%s' twice", source);
        }
        if (a->failed) return;
        seen |= 1u << kind;
        s->op.kind = (uint8_t)(s->op.kind | kind << (2 * count++));
        list = list[length] == ',' ? list + length + 1 : NULL;
    }
}

static void read_pay(struct args *a, struct statement *s)
{
    s->op.person = args_place_number(a, "PATIENT", UINT64_MAX);
    s->op.other = args_place_number(a, "INSTITUTION", UINT64_MAX);
    s->op.amount = args_place_yuan(a, "AMOUNT");
    s->op.detail = args_key_word_needed(a, "scenario", scenario_care);
    read_pay_sources(a, s, args_key_needed(a, "source"));
    if (args_key_number(a, "partial", 1, 0) == 1) s->op.flags |= GJ_FLAG_PARTIAL;
    bool part = args_key_yuan(a, "personal_part", &s->ext.pay.personal_part);
    if (part && s->ext.pay.personal_part <= 0) {
        args_fail(a, "personal_part= needs at least 0.01");
    }
    if (part || s->ext.pay.relative != 0) s->op.ext_count = 1;
}

static void read_premium(struct args *a, struct statement *s)
{
    s->op.person = args_place_number(a, "PAYER", UINT64_MAX);
    s->op.other = args_place_number(a, "BENEFICIARY", UINT64_MAX);
    s->op.amount = args_place_yuan(a, "AMOUNT");
    uint64_t year = args_key_number(a, "year", UINT16_MAX, UINT64_MAX);
    if (year == UINT64_MAX) args_fail(a, "year= is missing");
    s->op.arg = (uint16_t)year;
    s->op.kind = args_key_word_needed(a, "source", scenario_sources);
    s->op.detail = (uint8_t)args_key_number(a, "product", UINT8_MAX, 1);
}

static void read_suspend(struct args *a, struct statement *s)
{
    s->op.person = args_place_number(a, "ID", UINT64_MAX);
    const char *bits = args_key(a, "bits");
    if (bits != NULL && !scenario_bits(bits, scenario_uses, &s->op.detail)) {
        args_fail(a,
                  "bits= needs a comma list of pay, transfer_out, transfer_in, premium "
                  "(none twice), not '%s'",
                  bits);
    }
}

static void read_name(struct args *a, const char *name, char ret[SCENARIO_NAME_SIZE])
{
    if (name == NULL) return;
    size_t length =
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    if (length == 0 || name[length] != 0 || length >= SCENARIO_NAME_SIZE) {
        args_fail(a, "'%s' is no name of a rid: 1 to %u letters, digits, _ and -", name,
                  SCENARIO_NAME_SIZE - 1);
        return;
    }
    memcpy(ret, name, length + 1);
}

static void read_replay(struct args *a, struct statement *s)
{
    read_name(a, args_place(a, "RID"), s->rid);
}

static void read_at(struct args *a, struct statement *s)
{
    const char *time = args_place(a, "TIME");
    if (time != NULL && !scenario_time(time, &s->time_ms)) {
        args_fail(a, "TIME needs YYYY-MM-DDTHH:MM:SS or with .mmm, not '%s'", time);
    }
}

static void read_advance(struct args *a, struct statement *s)
{
    const char *span = args_place(a, "SPAN");
    if (span != NULL && !scenario_duration(span, &s->time_ms)) {
        args_fail(a, "SPAN needs a number and ms, s, m, h or d like 90m, not '%s'", span);
    }
}

static void read_crash(struct args *a, struct statement *s)
{
    (void)a;
    (void)s;
}

static void read_limits(struct args *a, struct statement *s)
{
    s->persons_max = args_key_number(a, "persons", 1000000, 0);
    s->rids_max = args_key_number(a, "rids", 1000000, 0);
    if (s->persons_max == 0 && s->rids_max == 0) args_fail(a, "persons= or rids= is missing");
}

static void read_expect(struct args *a, struct statement *s)
{
    expectation_read(a, &s->expect);
}

static const struct verb {
    const char *name;
    enum statement_kind kind;
    uint8_t op; /* enum gj_op_type, 0 = none */
    bool auth;
    void (*read)(struct args *a, struct statement *s);
    const char *usage;
} verbs[] = {
    {"region", STATEMENT_OPERATION, GJ_OP_SET_REGION, false, read_region,
     "region ID [FIELD=VALUE...] [premium=YEAR/PRODUCT/YUAN/FROM/TO] [version=] [from=TIME]"},
    {"institution", STATEMENT_OPERATION, GJ_OP_SET_INSTITUTION, false, read_institution,
     "institution ID region=R type=hospital|pharmacy [wallet=0|1] [scenarios=a,b] "
     "[status=active|suspended] [code=]"},
    {"person", STATEMENT_OPERATION, GJ_OP_OPEN_PERSON, false, read_person,
     "person ID region=R insurance=employee|resident [status=active|stopped] [special=0|1]"},
    {"update", STATEMENT_OPERATION, GJ_OP_UPDATE_PERSON, false, read_update,
     "update ID [insurance=] [status=] [special=0|1] [phone=N] [changed_on=DAY]"},
    {"wallet", STATEMENT_OPERATION, GJ_OP_CONFIRM_WALLET, true, read_wallet,
     "wallet ID region=R [auth=] [phone=N]"},
    {"bind", STATEMENT_OPERATION, GJ_OP_BIND, true, read_bind,
     "bind PAYER MEMBER kind=K [cap=YUAN|none] [auth=]"},
    {"unbind", STATEMENT_OPERATION, GJ_OP_UNBIND, false, read_unbind, "unbind PAYER MEMBER"},
    {"cap", STATEMENT_OPERATION, GJ_OP_SET_CAP, false, read_set_cap,
     "cap PAYER MEMBER|all YUAN|none"},
    {"deposit", STATEMENT_OPERATION, GJ_OP_DEPOSIT, false, read_deposit, "deposit ID YUAN"},
    {"transfer", STATEMENT_OPERATION, GJ_OP_TRANSFER, true, read_transfer,
     "transfer PAYER PAYEE YUAN source=personal|wallet [auth=]"},
    {"pay", STATEMENT_OPERATION, GJ_OP_PAY, true, read_pay,
     "pay PATIENT INSTITUTION YUAN scenario=S source=wallet,personal,relative:ID [partial=0|1] "
     "[personal_part=YUAN] [auth=]"},
    {"premium", STATEMENT_OPERATION, GJ_OP_PAY_PREMIUM, false, read_premium,
     "premium PAYER BENEFICIARY YUAN year=Y source=personal|wallet [product=1]"},
    {"suspend", STATEMENT_OPERATION, GJ_OP_SUSPEND, false, read_suspend,
     "suspend ID [bits=pay,transfer_out,transfer_in,premium]"},
    {"resume", STATEMENT_OPERATION, GJ_OP_RESUME, false, read_suspend,
     "resume ID [bits=pay,transfer_out,transfer_in,premium]"},
    {"replay", STATEMENT_REPLAY, 0, false, read_replay, "replay RID [=> CODE]"},
    {"at", STATEMENT_AT, 0, false, read_at, "at YYYY-MM-DDTHH:MM:SS[.mmm]"},
    {"advance", STATEMENT_ADVANCE, 0, false, read_advance, "advance 90m"},
    {"crash", STATEMENT_CRASH, 0, false, read_crash, "crash"},
    {"limits", STATEMENT_LIMITS, 0, false, read_limits, "limits [persons=N] [rids=N]"},
    {"expect", STATEMENT_EXPECT, 0, false, read_expect,
     "expect person|institution|region ID FIELD=YUAN... | op RID CODE | digest HEX | conserved"},
    {"always", STATEMENT_ALWAYS, 0, false, read_expect,
     "always person|institution|region ID|* FIELD=|<|<=|>|>=YUAN... | conserved"},
};

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < ARRAY_COUNT(verbs); i++) {
        if (strcmp(verbs[i].name, name) == 0) return &verbs[i];
    }
    return NULL;
}

/* Cuts the line at "=>" and reads what follows. */
static void read_wanted(struct args *a, struct statement *s)
{
    unsigned at = 0;
    while (at < a->count && strcmp(a->words[at], "=>") != 0) at++;
    if (at == a->count) return;
    struct args after = {.error = a->error, .usage = a->usage};
    for (unsigned i = at + 1; i < a->count; i++) after.words[after.count++] = a->words[i];
    a->count = at;

    struct wanted_reply *wanted = &s->wanted;
    wanted->given = true;
    const char *name = args_place(&after, "the code after =>");
    int code = name == NULL ? GJ_OK : gj_code_from_name(name);
    if (code < 0) args_fail(&after, "no result code is called '%s'", name);
    wanted->code = (uint8_t)code;
    wanted->moved_given = args_key_yuan(&after, "moved", &wanted->moved);
    wanted->balance_given = args_key_yuan(&after, "balance", &wanted->balance);
    wanted->remainder_given = args_key_yuan(&after, "remainder", &wanted->remainder);
    args_finish(&after);
    a->failed = after.failed;
}

/* What every operation may carry. */
static void read_common(struct args *a, struct statement *s, bool auth)
{
    read_name(a, args_key(a, "rid"), s->rid);
    const char *rid_at = args_key(a, "rid_at");
    if (rid_at != NULL) {
        s->rid_at_given = true;
        if (!scenario_time(rid_at, &s->rid_at_ms)) {
            args_fail(a, "rid_at= needs YYYY-MM-DDTHH:MM:SS, not '%s'", rid_at);
        }
    }
    s->op.ref = args_key_number(a, "ref", UINT64_MAX, 0);
    s->op.actor = (uint32_t)args_key_number(a, "actor", UINT32_MAX, 0);
    if (auth) s->op.auth = args_key_word(a, "auth", scenario_auths, GJ_AUTH_FACE);
    uint64_t deadline = 0;
    const char *span = args_key(a, "deadline");
    if (span != NULL && (!scenario_duration(span, &deadline) || deadline > UINT32_MAX)) {
        args_fail(a, "deadline= needs a span like 30s, at most 49 days, not '%s'", span);
    }
    s->op.deadline_ms = (uint32_t)deadline;
}

int scenario_parse_line(const char *line, struct statement *ret, char error[SCENARIO_ERROR_SIZE])
{
    struct args a;
    if (!args_split(&a, line, error)) return -1;
    if (a.count == 0) return 0;
    *ret = (struct statement){.line = 0};

    const struct verb *verb = find_verb(a.words[0]);
    if (verb == NULL) {
        args_fail(&a, "unknown verb '%s'", a.words[0]);
        return -1;
    }
    a.usage = verb->usage;
    a.next = 1;
    a.taken[0] = true;
    ret->kind = verb->kind;
    read_wanted(&a, ret);
    if (ret->wanted.given && verb->kind != STATEMENT_OPERATION && verb->kind != STATEMENT_REPLAY) {
        args_fail(&a, "=> does not belong to %s", verb->name);
    }
    if (verb->kind == STATEMENT_OPERATION) {
        ret->op.type = verb->op;
        read_common(&a, ret, verb->auth);
    }
    if (!a.failed) verb->read(&a, ret);
    args_finish(&a);
    return a.failed ? -1 : 1;
}

/* The next line of *rest without its end, NULL at the end of the text. */
static char *next_line(char **rest)
{
    return *rest == NULL || **rest == 0 ? NULL : strsep(rest, "\n");
}

/* Drops the comment and the blanks around a statement. */
static char *trim(char *line)
{
    while (isblank((unsigned char)*line)) line++;
    for (char *c = line; *c != 0; c++) {
        if (*c == '#' && (c == line || isblank((unsigned char)c[-1]))) *c = 0;
        if (*c == 0) break;
    }
    size_t length = strlen(line);
    while (length > 0 && isspace((unsigned char)line[length - 1])) line[--length] = 0;
    return line;
}

static bool append(struct scenario *scenario, const struct statement *statement, size_t *capacity)
{
    if (scenario->count == *capacity) {
        size_t more = *capacity == 0 ? 64 : *capacity * 2;
        struct statement *grown = realloc(scenario->statements, more * sizeof(*grown));
        if (grown == NULL) return false;
        scenario->statements = grown;
        *capacity = more;
    }
    scenario->statements[scenario->count++] = *statement;
    return true;
}

bool scenario_read(const char *text, struct scenario *ret,
                   void (*report)(void *context, const char *message), void *context)
{
    *ret = (struct scenario){.text = strdup(text)};
    size_t capacity = 0;
    bool good = true;
    unsigned number = 0;
    char *rest = ret->text;
    char *line;
    while (ret->text != NULL && (line = next_line(&rest)) != NULL) {
        char error[SCENARIO_ERROR_SIZE], message[SCENARIO_ERROR_SIZE + 32];
        struct statement statement;
        number++;
        line = trim(line);
        int kind = scenario_parse_line(line, &statement, error);
        if (kind < 0) {
            snprintf(message, sizeof(message), "line %u: %s", number, error);
            report(context, message);
            good = false;
        }
        if (kind <= 0) continue;
        statement.line = number;
        statement.text = line;
        if (ret->count == SCENARIO_STATEMENTS_MAX || !append(ret, &statement, &capacity)) {
            snprintf(message, sizeof(message), "line %u: more than %u statements", number,
                     SCENARIO_STATEMENTS_MAX);
            report(context, message);
            return false;
        }
    }
    if (ret->text == NULL) report(context, "line 1: out of memory");
    return good && ret->text != NULL;
}

void scenario_free(struct scenario *scenario)
{
    free(scenario->statements);
    free(scenario->text);
    *scenario = (struct scenario){.count = 0};
}
