/* cli/scenario/money.c -- the verbs that move money, hold it, and undo that. */
#include <string.h>

#include "cli/scenario/verbs.h"

void verb_deposit(struct args *a, struct statement *s)
{
    s->op.person = args_place_number(a, "ID", UINT64_MAX);
    s->op.amount = args_place_yuan(a, "AMOUNT");
}

void verb_transfer(struct args *a, struct statement *s)
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
            args_fail(a, "source= takes %s only once",
                      kind == GJ_SOURCE_RELATIVE ? "relative:ID" : source);
        }
        if (a->failed) return;
        seen |= 1u << kind;
        s->op.kind = (uint8_t)(s->op.kind | kind << (2 * count++));
        list = list[length] == ',' ? list + length + 1 : NULL;
    }
}

/* What `pay` and `hold` have in common. */
static void read_bill(struct args *a, struct statement *s)
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

void verb_pay(struct args *a, struct statement *s)
{
    read_bill(a, s);
}

void verb_hold(struct args *a, struct statement *s)
{
    read_bill(a, s);
    const char *timeout = args_key(a, "timeout");
    uint64_t seconds = 0, ms;
    if (timeout == NULL) return;
    bool good = scenario_number(timeout, UINT32_MAX, &seconds);
    if (!good && scenario_duration(timeout, &ms) && ms % 1000 == 0 && ms / 1000 <= UINT32_MAX) {
        seconds = ms / 1000;
        good = true;
    }
    if (!good) {
        args_fail(a, "timeout= needs whole seconds like 5400, or a span of them like 90m, not '%s'",
                  timeout);
    }
    s->ext.pay.timeout_s = (uint32_t)seconds;
    s->op.ext_count = 1;
}

void verb_premium(struct args *a, struct statement *s)
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

/* The original by its name, and who its first person is if nothing in the file says so. */
static void read_original(struct args *a, struct statement *s)
{
    s->op.ext_count = 1;
    args_name(a, args_place(a, "RID"), s->original);
    s->person_given = args_key(a, "person") != NULL;
    s->op.person = args_key_number(a, "person", UINT64_MAX, 0);
}

void verb_accept_return(struct args *a, struct statement *s)
{
    read_original(a, s);
    s->by_given = args_key(a, "by") != NULL;
    s->op.other = args_key_number(a, "by", UINT64_MAX, 0);
}

void verb_capture(struct args *a, struct statement *s)
{
    read_original(a, s);
    s->op.amount = args_place_yuan(a, "AMOUNT");
    if (args_key_number(a, "final", 1, 0) == 1) s->op.flags |= GJ_FLAG_FINAL;
}

void verb_release_reverse(struct args *a, struct statement *s)
{
    read_original(a, s);
}

void verb_refund(struct args *a, struct statement *s)
{
    read_original(a, s);
    s->op.amount = args_place_yuan(a, "AMOUNT");
}
