/* cli/scenario/register.c -- the verbs that set the stage: regions, institutions, people, families.
 */
#include <string.h>

#include "cli/scenario/verbs.h"

static uint16_t key_region(struct args *a)
{
    uint64_t region = args_key_number(a, "region", UINT16_MAX, UINT64_MAX);
    if (region == UINT64_MAX) args_fail(a, "region= is missing");
    return (uint16_t)region;
}

void verb_region(struct args *a, struct statement *s)
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

void verb_institution(struct args *a, struct statement *s)
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

void verb_person(struct args *a, struct statement *s)
{
    s->op.person = args_place_number(a, "ID", UINT64_MAX);
    s->op.arg = key_region(a);
    s->op.kind = args_key_word_needed(a, "insurance", scenario_insurances);
    s->op.detail = args_key_word(a, "status", scenario_statuses, GJ_STATUS_ACTIVE);
    if (args_key_number(a, "special", 1, 0) == 1) s->op.flags |= GJ_FLAG_SPECIAL;
}

void verb_update(struct args *a, struct statement *s)
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

void verb_wallet(struct args *a, struct statement *s)
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

void verb_bind(struct args *a, struct statement *s)
{
    s->op.person = args_place_number(a, "PAYER", UINT64_MAX);
    s->op.other = args_place_number(a, "MEMBER", UINT64_MAX);
    s->op.kind = args_key_word_needed(a, "kind", scenario_relations);
    s->op.amount = read_cap(a, args_key(a, "cap"));
}

void verb_unbind(struct args *a, struct statement *s)
{
    s->op.person = args_place_number(a, "PAYER", UINT64_MAX);
    s->op.other = args_place_number(a, "MEMBER", UINT64_MAX);
}

void verb_set_cap(struct args *a, struct statement *s)
{
    s->op.person = args_place_number(a, "PAYER", UINT64_MAX);
    const char *member = args_place(a, "MEMBER");
    if (member != NULL && strcmp(member, "all") != 0 &&
        (!scenario_number(member, UINT64_MAX, &s->op.other) || s->op.other == 0)) {
        args_fail(a, "MEMBER needs a person's number or all, not '%s'", member);
    }
    s->op.amount = read_cap(a, args_place(a, "the cap"));
}

void verb_suspend(struct args *a, struct statement *s)
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

void verb_change_region(struct args *a, struct statement *s)
{
    s->op.person = args_place_number(a, "ID", UINT64_MAX);
    s->op.arg = (uint16_t)args_place_number(a, "REGION", UINT16_MAX);
}

void verb_close(struct args *a, struct statement *s)
{
    static const struct scenario_word payouts[] = {
        {"none", GJ_PAYOUT_NONE}, {"cash", GJ_PAYOUT_CASH}, {NULL, 0}};
    s->op.person = args_place_number(a, "ID", UINT64_MAX);
    s->op.detail = args_key_word(a, "payout", payouts, GJ_PAYOUT_NONE);
}
