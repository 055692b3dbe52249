/* cli/scenario/expect.c -- reading expectations: subject, then FIELD, comparison and amount. */
#include "cli/scenario/expect.h"

#include <stdio.h>
#include <string.h>

#include "cli/common/similar.h"
#include "core/format/codes.h"

static const struct {
    const char *name;
    enum expect_subject subject;
    bool counts;
} fields[] = {
    [FIELD_PERSONAL] = {"personal", EXPECT_PERSON, false},
    [FIELD_WALLET] = {"wallet", EXPECT_PERSON, false},
    [FIELD_HELD] = {"held", EXPECT_PERSON, false},
    [FIELD_QUOTA_LEFT] = {"quota_left", EXPECT_PERSON, false},
    [FIELD_USED] = {"used", EXPECT_PERSON, false},
    [FIELD_HOLDS] = {"holds", EXPECT_PERSON, true},
    [FIELD_PENDING_OUT] = {"pending_out", EXPECT_PERSON, true},
    [FIELD_PENDING_IN] = {"pending_in", EXPECT_PERSON, true},
    [FIELD_PAYABLE] = {"payable", EXPECT_INSTITUTION, false},
    [FIELD_CREDITS] = {"credits", EXPECT_INSTITUTION, false},
    [FIELD_DEBITS] = {"debits", EXPECT_INSTITUTION, false},
    [FIELD_CREDIT_COUNT] = {"credit_count", EXPECT_INSTITUTION, true},
    [FIELD_DEBIT_COUNT] = {"debit_count", EXPECT_INSTITUTION, true},
    [FIELD_CLEARING] = {"clearing", EXPECT_REGION, false},
    [FIELD_PREMIUM] = {"premium", EXPECT_REGION, false},
    [FIELD_FUND] = {"fund", EXPECT_REGION, false},
};

const char *expect_field_name(enum expect_field field)
{
    return fields[field].name;
}

bool expect_field_counts(enum expect_field field)
{
    return fields[field].counts;
}

static bool read_field(const char *name, enum expect_subject subject, enum expect_field *ret)
{
    for (unsigned i = 0; i < ARRAY_COUNT(fields); i++) {
        if (fields[i].subject != subject || strcmp(fields[i].name, name) != 0) continue;
        *ret = (enum expect_field)i;
        return true;
    }
    return false;
}

static void fail_unknown_field(struct args *a, const char *name, enum expect_subject subject)
{
    struct similar similar;
    char hint[SIMILAR_TEXT_SIZE], all[160] = "";
    similar_begin(&similar, name);
    for (unsigned i = 0; i < ARRAY_COUNT(fields); i++) {
        if (fields[i].subject != subject) continue;
        similar_try(&similar, fields[i].name);
        size_t at = strlen(all);
        snprintf(all + at, sizeof(all) - at, "%s%s", at == 0 ? "" : ", ", fields[i].name);
    }
    similar_text(&similar, hint);
    args_fail(a, "unknown field '%s'%s; there are %s", name, hint, all);
}

static bool read_compare(const char *text, size_t length, enum compare *ret)
{
    static const struct {
        const char *text;
        enum compare compare;
    } compares[] = {{"=", COMPARE_EQ},
                    {"<", COMPARE_LT},
                    {"<=", COMPARE_LE},
                    {">", COMPARE_GT},
                    {">=", COMPARE_GE}};
    for (unsigned i = 0; i < ARRAY_COUNT(compares); i++) {
        if (strlen(compares[i].text) != length || strncmp(text, compares[i].text, length) != 0) {
            continue;
        }
        *ret = compares[i].compare;
        return true;
    }
    return false;
}

static bool read_count(const char *text, int64_t *ret)
{
    uint64_t number;
    if (!scenario_number(text, INT64_MAX, &number)) return false;
    *ret = (int64_t)number;
    return true;
}

/* personal=800.00, quota_left>=0.00, quota_left=off, holds=1 */
static void read_term(struct args *a, struct expectation *e, const char *word)
{
    struct expect_term term = {.off = false};
    char name[24];
    size_t length = strcspn(word, "=<>");
    size_t sign = strspn(word + length, "=<>");
    const char *value = word + length + sign;
    if (length >= sizeof(name)) length = sizeof(name) - 1;
    memcpy(name, word, length);
    name[length] = 0;
    if (!read_field(name, e->subject, &term.field)) {
        fail_unknown_field(a, name, e->subject);
    } else if (!read_compare(word + length, sign, &term.compare)) {
        args_fail(a, "'%s' needs one of = < <= > >= and a value", word);
    } else if (term.field == FIELD_QUOTA_LEFT && strcmp(value, "off") == 0) {
        term.off = true;
    } else if (expect_field_counts(term.field)) {
        if (!read_count(value, &term.value)) {
            args_fail(a, "%s needs a whole number, not '%s'", name, value);
        }
    } else if (!scenario_yuan(value, &term.value)) {
        args_fail(a, "%s needs yuan with two decimals like 200.00, not '%s'", name, value);
    }
    for (unsigned i = 0; i < e->terms_count; i++) {
        if (e->terms[i].field == term.field && e->terms[i].compare == term.compare) {
            args_fail(a, "%s is given twice", name);
        }
    }
    if (e->terms_count == SCENARIO_TERMS_MAX) {
        args_fail(a, "at most %u fields in a line", SCENARIO_TERMS_MAX);
    }
    if (!a->failed) e->terms[e->terms_count++] = term;
}

static void read_object(struct args *a, struct expectation *e)
{
    const char *id = args_place(a, "ID");
    if (id == NULL) return;
    e->every = strcmp(id, "*") == 0;
    if (!e->every && !scenario_number(id, UINT64_MAX, &e->id)) {
        args_fail(a, "ID needs a whole number or *, not '%s'", id);
    }
    const char *day = e->subject == EXPECT_INSTITUTION ? args_key(a, "day") : NULL;
    if (day != NULL && !scenario_day(day, &e->day)) {
        args_fail(a, "day= needs YYYY-MM-DD, not '%s'", day);
    }
    for (unsigned i = 0; i < a->count && !a->failed; i++) {
        if (a->taken[i]) continue;
        a->taken[i] = true;
        read_term(a, e, a->words[i]);
    }
    if (e->terms_count == 0) args_fail(a, "nothing is expected of it");
    bool of_day = false;
    for (unsigned i = 0; i < e->terms_count; i++) of_day |= e->terms[i].field != FIELD_PAYABLE;
    if (day != NULL && !of_day) args_fail(a, "day= needs credits, debits or one of their counts");
}

static void read_op(struct args *a, struct expectation *e)
{
    const char *name = args_place(a, "RID");
    const char *code = args_place(a, "CODE");
    if (name == NULL || code == NULL) return;
    args_name(a, name, e->rid);
    e->person_given = args_key(a, "person") != NULL;
    if (e->person_given) e->person = args_key_number(a, "person", UINT64_MAX, 0);
    if (strcmp(code, "NOT_EXECUTED") == 0) {
        e->code = EXPECT_NOT_EXECUTED;
    } else if (strcmp(code, "EXPIRED") == 0) {
        e->code = EXPECT_EXPIRED;
    } else if (strcmp(code, "TOMBSTONED") == 0) {
        e->code = EXPECT_TOMBSTONED;
    } else {
        e->code = gj_code_from_name(code);
    }
    if (e->code < 0) args_fail_code(a, code);
}

static bool read_hex(const char *text, uint64_t *ret)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < 16; i++) {
        const char *digits = "0123456789abcdef";
        const char *at = text[i] == 0 ? NULL : strchr(digits, text[i]);
        if (at == NULL) return false;
        value = value << 4 | (uint64_t)(at - digits);
    }
    *ret = value;
    return true;
}

static void read_digest(struct args *a, struct expectation *e)
{
    const char *hex = args_place(a, "HEX");
    if (hex == NULL) return;
    if (strlen(hex) != 32 || !read_hex(hex, &e->digest_high) ||
        !read_hex(hex + 16, &e->digest_low)) {
        args_fail(a, "a digest has 32 hexadecimal digits (lower case), not '%s'", hex);
    }
}

void expectation_read(struct args *a, struct expectation *ret)
{
    static const struct {
        const char *name;
        enum expect_subject subject;
        void (*read)(struct args *a, struct expectation *e);
    } subjects[] = {
        {"person", EXPECT_PERSON, read_object}, {"institution", EXPECT_INSTITUTION, read_object},
        {"region", EXPECT_REGION, read_object}, {"op", EXPECT_OP, read_op},
        {"digest", EXPECT_DIGEST, read_digest}, {"conserved", EXPECT_CONSERVED, NULL},
    };
    const char *word = args_place(a, "what is expected");
    if (word == NULL) return;
    for (unsigned i = 0; i < ARRAY_COUNT(subjects); i++) {
        if (strcmp(word, subjects[i].name) != 0) continue;
        ret->subject = subjects[i].subject;
        if (subjects[i].read != NULL) subjects[i].read(a, ret);
        return;
    }
    struct similar similar;
    char hint[SIMILAR_TEXT_SIZE];
    similar_begin(&similar, word);
    for (unsigned i = 0; i < ARRAY_COUNT(subjects); i++) similar_try(&similar, subjects[i].name);
    similar_text(&similar, hint);
    args_fail(a, "cannot expect '%s'%s", word, hint);
}
