/* cli/scenario/verbs.c -- the table of verbs, and those that are about the run itself. */
#include "cli/scenario/verbs.h"

#include <string.h>

#include "cli/common/policy_text.h"
#include "cli/common/similar.h"
#include "cli/scenario/expect.h"

static void read_replay(struct args *a, struct statement *s)
{
    args_name(a, args_place(a, "RID"), s->rid);
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
    s->holds_max = args_key_number(a, "holds", 1000000, 0);
    s->ahead_max = args_key_number(a, "ahead", 1000000, 0);
    if (s->persons_max == 0 && s->rids_max == 0 && s->holds_max == 0 && s->ahead_max == 0) {
        args_fail(a, "persons=, rids=, holds= or ahead= is missing");
    }
}

static void read_expect(struct args *a, struct statement *s)
{
    expectation_read(a, &s->expect);
}

static const struct verb verbs[] = {
    {"region", STATEMENT_OPERATION, GJ_OP_SET_REGION, false, verb_region,
     "region ID [FIELD=VALUE...] [premium=YEAR/PRODUCT/YUAN/FROM/TO] [version=] [from=TIME]"},
    {"institution", STATEMENT_OPERATION, GJ_OP_SET_INSTITUTION, false, verb_institution,
     "institution ID region=R type=hospital|pharmacy [wallet=0|1] [scenarios=a,b] "
     "[status=active|suspended] [code=]"},
    {"person", STATEMENT_OPERATION, GJ_OP_OPEN_PERSON, false, verb_person,
     "person ID region=R insurance=employee|resident [status=active|stopped] [special=0|1]"},
    {"update", STATEMENT_OPERATION, GJ_OP_UPDATE_PERSON, false, verb_update,
     "update ID [insurance=] [status=] [special=0|1] [phone=N] [changed_on=DAY]"},
    {"wallet", STATEMENT_OPERATION, GJ_OP_CONFIRM_WALLET, true, verb_wallet,
     "wallet ID region=R [auth=] [phone=N]"},
    {"bind", STATEMENT_OPERATION, GJ_OP_BIND, true, verb_bind,
     "bind PAYER MEMBER kind=K [cap=YUAN|none] [auth=]"},
    {"unbind", STATEMENT_OPERATION, GJ_OP_UNBIND, false, verb_unbind, "unbind PAYER MEMBER"},
    {"cap", STATEMENT_OPERATION, GJ_OP_SET_CAP, true, verb_set_cap,
     "cap PAYER MEMBER|all YUAN|none [auth=]"},
    {"deposit", STATEMENT_OPERATION, GJ_OP_DEPOSIT, false, verb_deposit, "deposit ID YUAN"},
    {"transfer", STATEMENT_OPERATION, GJ_OP_TRANSFER, true, verb_transfer,
     "transfer PAYER PAYEE YUAN source=personal|wallet [auth=]"},
    {"pay", STATEMENT_OPERATION, GJ_OP_PAY, true, verb_pay,
     "pay PATIENT INSTITUTION YUAN scenario=S source=wallet,personal,relative:ID [partial=0|1] "
     "[personal_part=YUAN] [auth=]"},
    {"hold", STATEMENT_OPERATION, GJ_OP_HOLD, true, verb_hold,
     "hold PATIENT INSTITUTION YUAN scenario=S source=wallet,personal,relative:ID [timeout=90m] "
     "[partial=0|1] [personal_part=YUAN] [auth=]"},
    {"capture", STATEMENT_OPERATION, GJ_OP_CAPTURE, false, verb_capture,
     "capture RID YUAN [final=0|1] [person=ID]"},
    {"release", STATEMENT_OPERATION, GJ_OP_RELEASE, false, verb_release_reverse,
     "release RID [person=ID]"},
    {"accept", STATEMENT_OPERATION, GJ_OP_ACCEPT, false, verb_accept_return,
     "accept RID [by=PAYEE] [person=PAYER]"},
    {"return", STATEMENT_OPERATION, GJ_OP_RETURN, false, verb_accept_return,
     "return RID [by=PAYEE|PAYER] [person=PAYER]"},
    {"refund", STATEMENT_OPERATION, GJ_OP_REFUND, false, verb_refund,
     "refund RID YUAN [person=ID]"},
    {"reverse", STATEMENT_OPERATION, GJ_OP_REVERSE, false, verb_release_reverse,
     "reverse RID [person=ID]"},
    {"premium", STATEMENT_OPERATION, GJ_OP_PAY_PREMIUM, false, verb_premium,
     "premium PAYER BENEFICIARY YUAN year=Y source=personal|wallet [product=1]"},
    {"suspend", STATEMENT_OPERATION, GJ_OP_SUSPEND, false, verb_suspend,
     "suspend ID [bits=pay,transfer_out,transfer_in,premium]"},
    {"resume", STATEMENT_OPERATION, GJ_OP_RESUME, false, verb_suspend,
     "resume ID [bits=pay,transfer_out,transfer_in,premium]"},
    {"change_region", STATEMENT_OPERATION, GJ_OP_CHANGE_REGION, true, verb_change_region,
     "change_region ID REGION [auth=]"},
    {"close", STATEMENT_OPERATION, GJ_OP_CLOSE_PERSON, false, verb_close,
     "close ID [payout=none|cash]"},
    {"replay", STATEMENT_REPLAY, 0, false, read_replay, "replay RID [=> CODE]"},
    {"at", STATEMENT_AT, 0, false, read_at, "at YYYY-MM-DDTHH:MM:SS[.mmm]"},
    {"advance", STATEMENT_ADVANCE, 0, false, read_advance, "advance 90m"},
    {"crash", STATEMENT_CRASH, 0, false, read_crash, "crash"},
    {"limits", STATEMENT_LIMITS, 0, false, read_limits,
     "limits [persons=N] [rids=N] [holds=N] "
     "[ahead=N]"},
    {"expect", STATEMENT_EXPECT, 0, false, read_expect,
     "expect person|institution|region ID FIELD=VALUE... | op RID CODE | digest HEX | conserved"},
    {"always", STATEMENT_ALWAYS, 0, false, read_expect,
     "always person|institution|region ID|* FIELD=|<|<=|>|>=VALUE... | conserved"},
};

const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_COUNT(verbs); i++) {
        if (strcmp(verbs[i].name, name) == 0) return &verbs[i];
    }
    return NULL;
}

void verbs_similar(struct similar *similar)
{
    for (size_t i = 0; i < ARRAY_COUNT(verbs); i++) similar_try(similar, verbs[i].name);
    similar_try(similar, "dry_run");
}

void verbs_print(FILE *out)
{
    for (size_t i = 0; i < ARRAY_COUNT(verbs); i++) fprintf(out, "%s\n", verbs[i].usage);
    fprintf(out, "dry_run OPERATION\n\nFIELDs of a region:");
    for (unsigned i = 0; i < region_fields_count(); i++)
        fprintf(out, "%s%s", i % 4 == 0 ? "\n  " : " ", region_field_name(i));
    fprintf(out, "\n");
}
