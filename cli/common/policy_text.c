/* cli/common/policy_text.c -- the table of region fields, and how each kind of value is read. */
#include "cli/common/policy_text.h"

#include <stdio.h>
#include <string.h>

#include "cli/common/similar.h"
#include "cli/common/text.h"
#include "core/base/base.h"

enum field_kind {
    FIELD_NUMBER,
    FIELD_FLAG,
    FIELD_FEN,
    FIELD_MINUTE,
    FIELD_WORD,
    FIELD_MASK,
    FIELD_NAME
};

struct field {
    const char *name;
    enum field_kind kind;
    uint8_t mask_base; /* FIELD_MASK: value of the word with bit 0 */
    uint16_t offset, size;
    const struct scenario_word *words;
};

static const struct scenario_word quota_bases[] = {
    {"opening_plus_credits", GJ_QUOTA_OPENING_PLUS_CREDITS},
    {"opening", GJ_QUOTA_OPENING},
    {"current", GJ_QUOTA_CURRENT},
    {NULL, 0},
};
static const struct scenario_word receive_modes[] = {
    {"instant", GJ_RECEIVE_INSTANT}, {"accept", GJ_RECEIVE_ACCEPT}, {NULL, 0}};
static const struct scenario_word place_rules[] = {
    {"insured", GJ_PLACE_INSURED}, {"use", GJ_PLACE_USE}, {"either", GJ_PLACE_EITHER}, {NULL, 0}};
static const struct scenario_word cross_pays[] = {
    {"same", GJ_CROSS_SAME}, {"province", GJ_CROSS_PROVINCE}, {"any", GJ_CROSS_ANY}, {NULL, 0}};
static const struct scenario_word overdues[] = {
    {"ignore", GJ_OVERDUE_IGNORE}, {"block", GJ_OVERDUE_BLOCK}, {NULL, 0}};

#define AT(member)                                                                                 \
    offsetof(struct gj_region_ext, member), sizeof(((struct gj_region_ext *)0)->member)
#define NUMBER(n)                                                                                  \
    {                                                                                              \
#n, FIELD_NUMBER, 0, AT(policy.n), NULL                                                    \
    }
/* 0 or 1; other numbers are written all the same, so that their refusal can be shown. */
#define FLAG(n)                                                                                    \
    {                                                                                              \
#n, FIELD_FLAG, 0, AT(policy.n), NULL                                                      \
    }
#define FEN(n)                                                                                     \
    {                                                                                              \
#n, FIELD_FEN, 0, AT(policy.n), NULL                                                       \
    }
#define MINUTE(n, member)                                                                          \
    {                                                                                              \
#n, FIELD_MINUTE, 0, AT(policy.member), NULL                                               \
    }
#define WORD(n, words)                                                                             \
    {                                                                                              \
#n, FIELD_WORD, 0, AT(policy.n), words                                                     \
    }
#define MASK(n, base, words)                                                                       \
    {                                                                                              \
#n, FIELD_MASK, base, AT(policy.n), words                                                  \
    }

/* clang-format off */
static const struct field fields[] = {
    {"name", FIELD_NAME, 0, AT(name), NULL},
    {"province", FIELD_NAME, 0, AT(province), NULL},
    {"public_code", FIELD_NUMBER, 0, AT(public_code), NULL},
    FLAG(wallet_open),
    FLAG(region_change_enabled),
    FLAG(local_sharing_enabled),
    MASK(relation_mask, 1, scenario_relations),
    NUMBER(max_members),
    NUMBER(member_changes_year),
    NUMBER(unbind_forgets_draws),
    MASK(payer_mask_personal, 1, scenario_insurances),
    MASK(payer_mask_wallet, 1, scenario_insurances),
    MASK(beneficiary_mask, 1, scenario_insurances),
    NUMBER(quota_bp),
    WORD(quota_base, quota_bases),
    FEN(outpatient_single_fen),
    FEN(special_single_fen),
    FEN(transfer_single_fen),
    NUMBER(transfer_daily_count),
    FLAG(one_outstanding),
    MINUTE(service_from, service_from_minute),
    MINUTE(service_to, service_to_minute),
    WORD(receive_mode, receive_modes),
    MINUTE(pending_expiry, pending_expiry_minute),
    MASK(purpose_mask_wallet, 1, scenario_care),
    MASK(purpose_mask_personal, 1, scenario_care),
    MASK(purpose_mask_relative, 1, scenario_care),
    WORD(place_rule, place_rules),
    WORD(cross_region_pay, cross_pays),
    FLAG(cross_region_transfer),
    MASK(auth_mask_transfer, 0, scenario_auths),
    MASK(auth_mask_pay, 0, scenario_auths),
    MASK(auth_mask_bind, 0, scenario_auths),
    NUMBER(profile_grace_days),
    WORD(profile_overdue, overdues),
    NUMBER(hold_timeout_max_s),
    NUMBER(refund_days),
    NUMBER(reversal_days),
};
/* clang-format on */
static_assert(ARRAY_COUNT(fields) <= SCENARIO_REGION_FIELDS_MAX, "a bit for each field");

static bool read_value(const struct field *field, const char *value, void *ret, char *error,
                       size_t error_size)
{
    uint64_t number;
    uint64_t max = field->size >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * field->size)) - 1;
    char words[256];
    switch (field->kind) {
    case FIELD_NUMBER:
    case FIELD_FLAG:
        if (scenario_number(value, max, &number)) {
            memcpy(ret, &number, field->size); /* little-endian */
            return true;
        }
        if (field->kind == FIELD_FLAG) {
            scenario_flag_error(field->name, value, error, error_size);
            return false;
        }
        snprintf(error, error_size, "%s= needs a whole number from 0 to %llu%s, not '%s'",
                 field->name, (unsigned long long)max,
                 strstr(field->name, "_bp") != NULL ? " (6000 is 60 %)" : "", value);
        return false;
    case FIELD_FEN:
        if (scenario_signed(value, ret)) return true;
        snprintf(error, error_size, "%s= needs whole fen (1/100 yuan), not '%s'", field->name,
                 value);
        return false;
    case FIELD_MINUTE:
        if (scenario_minute(value, ret)) return true;
        snprintf(error, error_size, "%s= needs HH:MM from 00:00 to 24:00, not '%s'", field->name,
                 value);
        return false;
    case FIELD_NAME:
        if (strlen(value) < field->size) {
            memcpy(ret, value, strlen(value));
            return true;
        }
        snprintf(error, error_size, "%s= takes at most %u bytes", field->name, field->size - 1u);
        return false;
    case FIELD_WORD:
        if (scenario_word(value, field->words, ret)) return true;
        scenario_words_text(field->words, words, sizeof(words));
        snprintf(error, error_size, "%s= needs %s, not '%s'", field->name, words, value);
        return false;
    case FIELD_MASK:
        if (scenario_mask(value, field->words, field->mask_base, ret)) return true;
        scenario_words_text(field->words, words, sizeof(words));
        snprintf(error, error_size, "%s= needs a comma list of %s (none twice), not '%s'",
                 field->name, words, value);
        return false;
    }
    UNREACHABLE("field kind");
}

/* YEAR/PRODUCT/AMOUNT/FROM/TO */
static bool read_premium(const char *value, struct gj_premium_row *ret)
{
    char copy[64];
    char *parts[5];
    if (strlen(value) >= sizeof(copy)) return false;
    memcpy(copy, value, strlen(value) + 1);
    char *rest = copy;
    for (unsigned i = 0; i < ARRAY_COUNT(parts); i++) {
        parts[i] = strsep(&rest, "/");
        if (parts[i] == NULL) return false;
    }
    uint64_t year, product;
    if (rest != NULL || !scenario_number(parts[0], UINT16_MAX, &year) ||
        !scenario_number(parts[1], UINT8_MAX, &product) || !scenario_yuan(parts[2], &ret->amount) ||
        !scenario_day(parts[3], &ret->from_day) || !scenario_day(parts[4], &ret->to_day)) {
        return false;
    }
    ret->year = (uint16_t)year;
    ret->product = (uint8_t)product;
    return true;
}

static bool premium_read(struct region_change *change, const char *value, char *error,
                         size_t error_size)
{
    if (strcmp(value, "none") == 0) {
        change->premiums_cleared = true;
        change->premiums_count = 0;
        return true;
    }
    struct gj_premium_row row = {.amount = 0};
    if (!read_premium(value, &row)) {
        snprintf(error, error_size,
                 "premium= needs YEAR/PRODUCT/YUAN/FROM/TO "
                 "(2026/1/400.00/2025-09-01/2025-12-31) or none, not '%s'",
                 value);
        return false;
    }
    if (change->premiums_count == GJ_PREMIUM_ROWS_MAX) {
        snprintf(error, error_size, "a region has at most %u premium rows", GJ_PREMIUM_ROWS_MAX);
        return false;
    }
    change->values.policy.premiums[change->premiums_count++] = row;
    return true;
}

bool region_change_read(struct region_change *change, const char *name, const char *value,
                        char *error, size_t error_size)
{
    if (strcmp(name, "premium") == 0) return premium_read(change, value, error, error_size);
    for (unsigned i = 0; i < ARRAY_COUNT(fields); i++) {
        if (strcmp(name, fields[i].name) != 0) continue;
        change->named |= 1ull << i;
        return read_value(&fields[i], value, (uint8_t *)&change->values + fields[i].offset, error,
                          error_size);
    }
    struct similar similar;
    char hint[SIMILAR_TEXT_SIZE];
    similar_begin(&similar, name);
    for (unsigned i = 0; i < ARRAY_COUNT(fields); i++) similar_try(&similar, fields[i].name);
    similar_try_keys(&similar, "premium= version= from=");
    similar_text(&similar, hint);
    snprintf(error, error_size, "unknown key '%.60s'%s", name,
             hint[0] != 0 ? hint : "; gongji scenario --verbs lists the fields of a region");
    return false;
}

static bool premium_put(struct gj_policy *policy, const struct gj_premium_row *row)
{
    struct gj_premium_row *free_row = NULL;
    for (unsigned i = 0; i < GJ_PREMIUM_ROWS_MAX; i++) {
        struct gj_premium_row *have = &policy->premiums[i];
        if (have->amount != 0 && have->year == row->year && have->product == row->product) {
            *have = *row;
            return true;
        }
        if (have->amount == 0 && free_row == NULL) free_row = have;
    }
    if (free_row == NULL) return false;
    *free_row = *row;
    return true;
}

bool region_change_apply(const struct region_change *change, struct gj_region_ext *ext)
{
    for (unsigned i = 0; i < ARRAY_COUNT(fields); i++) {
        if ((change->named >> i & 1) == 0) continue;
        memcpy((uint8_t *)ext + fields[i].offset,
               (const uint8_t *)&change->values + fields[i].offset, fields[i].size);
    }
    struct gj_policy *policy = &ext->policy;
    if (change->premiums_cleared) memset(policy->premiums, 0, sizeof(policy->premiums));
    for (unsigned i = 0; i < change->premiums_count; i++) {
        if (!premium_put(policy, &change->values.policy.premiums[i])) return false;
    }
    return true;
}

const char *region_field_name(unsigned field)
{
    return fields[field].name;
}

unsigned region_fields_count(void)
{
    return ARRAY_COUNT(fields);
}

bool region_field_same(unsigned field, const struct gj_region_ext *a, const struct gj_region_ext *b)
{
    const struct field *f = &fields[field];
    return memcmp((const uint8_t *)a + f->offset, (const uint8_t *)b + f->offset, f->size) == 0;
}

void region_field_copy(unsigned field, struct gj_region_ext *to, const struct gj_region_ext *from)
{
    const struct field *f = &fields[field];
    memcpy((uint8_t *)to + f->offset, (const uint8_t *)from + f->offset, f->size);
}

bool region_field_text(unsigned field, const struct gj_region_ext *ext, char *ret, size_t size)
{
    const struct field *f = &fields[field];
    const void *at = (const uint8_t *)ext + f->offset;
    uint64_t number = 0;
    if (f->size <= sizeof(number)) memcpy(&number, at, f->size); /* little-endian */
    switch (f->kind) {
    case FIELD_NUMBER:
    case FIELD_FLAG: snprintf(ret, size, "%s=%llu", f->name, (unsigned long long)number); break;
    case FIELD_FEN: snprintf(ret, size, "%s=%lld", f->name, (long long)number); break;
    case FIELD_MINUTE:
        if (number > 1440) return false;
        snprintf(ret, size, "%s=%02u:%02u", f->name, (unsigned)number / 60, (unsigned)number % 60);
        break;
    case FIELD_NAME: {
        const char *text = at;
        if (strpbrk(text, " \t\r\n") != NULL) return false;
        snprintf(ret, size, "%s=%s", f->name, text);
        break;
    }
    case FIELD_WORD:
        if (scenario_word_of(f->words, (uint8_t)number) == NULL) return false;
        snprintf(ret, size, "%s=%s", f->name, scenario_word_of(f->words, (uint8_t)number));
        break;
    case FIELD_MASK: {
        char words[160];
        if (!scenario_mask_text((uint8_t)number, f->words, f->mask_base, words, sizeof(words))) {
            return false;
        }
        snprintf(ret, size, "%s=%s", f->name, words);
        break;
    }
    }
    return true;
}

void premium_text(const struct gj_premium_row *row, char *ret, size_t size)
{
    char amount[SCENARIO_YUAN_SIZE], from[SCENARIO_DAY_SIZE], to[SCENARIO_DAY_SIZE];
    scenario_yuan_text(row->amount, amount);
    scenario_day_text(row->from_day, from);
    scenario_day_text(row->to_day, to);
    snprintf(ret, size, "premium=%u/%u/%s/%s/%s", row->year, row->product, amount, from, to);
}
