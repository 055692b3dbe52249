/* tests/scenario/test_scenario_parse.c -- the scenario language: what is read, and how each mistake
 * is named. */
#include "cli/scenario/parse.h"

#include <stdlib.h>

#include "cli/common/text.h"
#include "cli/scenario/target.h"
#include "core/format/codes.h"
#include "tests/test.h"

static char error[SCENARIO_ERROR_SIZE];
static struct statement statement;

static int parse(const char *line)
{
    error[0] = 0;
    return scenario_parse_line(line, &statement, error);
}

/* The line is wrong and the message begins so. */
static void refuse(const char *line, const char *begins)
{
    int kind = parse(line);
    bool good = kind == -1 && strncmp(error, begins, strlen(begins)) == 0;
    CHECK(good);
    if (!good) printf("    line: %s\n    error: %s\n    want:  %s\n", line, error, begins);
}

TEST(empty_lines)
{
    CHECK_EQ(parse(""), 0);
    CHECK_EQ(parse("   # a comment"), 0);
    CHECK_EQ(parse("crash # then what"), 1);
}

TEST(transfer)
{
    CHECK_EQ(parse("transfer 100 101 200.05 source=personal rid=t1 auth=code ref=9 deadline=30s"),
             1);
    CHECK_EQ(statement.op.type, GJ_OP_TRANSFER);
    CHECK_EQ(statement.op.person, 100);
    CHECK_EQ(statement.op.other, 101);
    CHECK_EQ(statement.op.amount, 20005);
    CHECK_EQ(statement.op.kind, GJ_SOURCE_PERSONAL);
    CHECK_EQ(statement.op.auth, GJ_AUTH_CODE);
    CHECK_EQ(statement.op.ref, 9);
    CHECK_EQ(statement.op.deadline_ms, 30000);
    CHECK_STR(statement.rid, "t1");
    CHECK_EQ(parse("transfer 100 101 1.00 source=wallet"), 1);
    CHECK_EQ(statement.op.auth, GJ_AUTH_FACE);
    CHECK_EQ(parse("deposit 100 1.00"), 1);
    CHECK_EQ(statement.op.auth, GJ_AUTH_NONE);
}

TEST(pay)
{
    CHECK_EQ(parse("pay 1 10 3.00 scenario=special source=wallet,relative:7,personal partial=1 "
                   "=> OK_PARTIAL moved=1.00 remainder=2.00"),
             1);
    CHECK_EQ(statement.op.kind,
             gj_sources(GJ_SOURCE_WALLET, GJ_SOURCE_RELATIVE, GJ_SOURCE_PERSONAL));
    CHECK_EQ(statement.op.detail, GJ_SPECIAL_DISEASE);
    CHECK_EQ(statement.op.flags, GJ_FLAG_PARTIAL);
    CHECK_EQ(statement.op.ext_count, 1);
    CHECK_EQ(statement.ext.pay.relative, 7);
    CHECK_EQ(statement.wanted.code, GJ_OK_PARTIAL);
    CHECK(statement.wanted.moved_given && statement.wanted.moved == 100);
    CHECK(statement.wanted.remainder_given && statement.wanted.remainder == 200);
    CHECK(!statement.wanted.balance_given);
    CHECK_EQ(statement.wanted.taken_count, 0);
    CHECK_EQ(parse("pay 1 10 3.00 scenario=drug source=wallet,personal => OK taken=1.00,2.00"), 1);
    CHECK_EQ(statement.wanted.taken_count, 2);
    CHECK(statement.wanted.taken[0] == 100 && statement.wanted.taken[1] == 200);
    refuse("pay 1 10 3.00 scenario=drug source=wallet => OK taken=1", "taken= needs yuan");
    refuse("pay 1 10 3.00 scenario=drug source=wallet => OK taken=1.00,", "taken= needs yuan");
    refuse("pay 1 10 3.00 scenario=drug source=wallet => OK taken=1.00,1.00,1.00,1.00",
           "taken= needs yuan");
    CHECK_EQ(parse("pay 1 10 3.00 scenario=drug source=wallet"), 1);
    CHECK_EQ(statement.op.ext_count, 0);
    refuse("pay 1 10 3.00 scenario=drug source=wallet,wallet", "source= takes wallet only once");
    refuse("pay 1 10 3.00 scenario=drug source=relative",
           "source= needs a comma list of wallet, personal, relative:ID, not 'relative'");
    refuse("pay 1 10 3.00 scenario=drug source=relative:0", "source= needs a comma list");
    refuse("pay 1 10 3.00 scenario=tooth source=wallet",
           "scenario= needs outpatient|inpatient|special|maternity|drug, not 'tooth'");
    refuse("pay 1 10 3.00 source=wallet", "scenario= is missing");
}

TEST(amounts)
{
    static const char *const bad[] = {"1",
                                      "1.0",
                                      "1.000",
                                      "01.00",
                                      "+1.00",
                                      "1,00",
                                      ".50",
                                      "-.50",
                                      "-0.00",
                                      "1e2",
                                      "1e309",
                                      "NaN",
                                      "inf",
                                      "1.0x",
                                      "0x1.00",
                                      "1 .00",
                                      "92233720368547758.08",
                                      "999999999999999999999.00"};
    int64_t fen;
    for (unsigned i = 0; i < ARRAY_COUNT(bad); i++) CHECK(!scenario_yuan(bad[i], &fen));
    CHECK(scenario_yuan("0.00", &fen) && fen == 0);
    CHECK(scenario_yuan("0.05", &fen) && fen == 5);
    CHECK(scenario_yuan("-12.30", &fen) && fen == -1230);
    CHECK(scenario_yuan("99999999999999.99", &fen) && fen == INT64_C(9999999999999999));
    CHECK(scenario_yuan("92233720368547758.07", &fen) && fen == INT64_MAX);
    refuse("deposit 100 5", "AMOUNT needs yuan with two decimals like 200.00, not '5'; usage: ");
    refuse("deposit 100", "AMOUNT is missing");
    refuse("deposit x 5.00", "ID needs a whole number");
    refuse("deposit 18446744073709551616 5.00", "ID needs a whole number");
    char text[SCENARIO_YUAN_SIZE];
    scenario_yuan_text(-5, text);
    CHECK_STR(text, "-0.05");
    scenario_yuan_text(123456, text);
    CHECK_STR(text, "1234.56");
}

TEST(hold)
{
    CHECK_EQ(parse("hold 1 10 3.00 scenario=inpatient source=personal,relative:7 timeout=90m "
                   "partial=1 personal_part=5.00 auth=card"),
             1);
    CHECK_EQ(statement.op.type, GJ_OP_HOLD);
    CHECK_EQ(statement.op.auth, GJ_AUTH_CARD);
    CHECK_EQ(statement.op.flags, GJ_FLAG_PARTIAL);
    CHECK_EQ(statement.op.ext_count, 1);
    CHECK_EQ(statement.ext.pay.timeout_s, 5400);
    CHECK_EQ(statement.ext.pay.personal_part, 500);
    CHECK_EQ(statement.ext.pay.relative, 7);
    CHECK_EQ(parse("hold 1 10 3.00 scenario=drug source=wallet"), 1);
    CHECK_EQ(statement.op.ext_count, 0);
    CHECK_EQ(parse("hold 1 10 3.00 scenario=drug source=wallet timeout=30"), 1);
    CHECK_EQ(statement.op.ext_count, 1);
    CHECK_EQ(statement.ext.pay.timeout_s, 30);
    CHECK_EQ(parse("hold 1 10 3.00 scenario=drug source=wallet timeout=4294967295"), 1);
    static const char *const bad[] = {"1500ms", "-1", "soon", "4294967296", "49711d"};
    for (unsigned i = 0; i < ARRAY_COUNT(bad); i++) {
        char line[128];
        snprintf(line, sizeof(line), "hold 1 10 3.00 scenario=drug source=wallet timeout=%s",
                 bad[i]);
        refuse(line, "timeout= needs whole seconds like 5400, or a span of them like 90m, not '");
    }
    refuse("pay 1 10 3.00 scenario=drug source=wallet timeout=30", "unknown key 'timeout'");
}

TEST(originals)
{
    CHECK_EQ(parse("accept t1"), 1);
    CHECK_EQ(statement.op.type, GJ_OP_ACCEPT);
    CHECK_STR(statement.original, "t1");
    CHECK_STR(statement.rid, "");
    CHECK_EQ(statement.op.ext_count, 1);
    CHECK(!statement.by_given && !statement.person_given);
    CHECK_EQ(parse("return t1 by=101 person=100 rid=r1"), 1);
    CHECK_EQ(statement.op.type, GJ_OP_RETURN);
    CHECK(statement.by_given && statement.op.other == 101);
    CHECK(statement.person_given && statement.op.person == 100);
    CHECK_STR(statement.rid, "r1");
    CHECK_EQ(parse("capture h1 2.50 final=1"), 1);
    CHECK_EQ(statement.op.type, GJ_OP_CAPTURE);
    CHECK_EQ(statement.op.amount, 250);
    CHECK_EQ(statement.op.flags, GJ_FLAG_FINAL);
    CHECK_EQ(parse("capture h1 2.50 final=0"), 1);
    CHECK_EQ(statement.op.flags, 0);
    CHECK_EQ(parse("release h1"), 1);
    CHECK_EQ(statement.op.type, GJ_OP_RELEASE);
    CHECK_EQ(parse("refund p1 0.01"), 1);
    CHECK_EQ(statement.op.type, GJ_OP_REFUND);
    CHECK_EQ(statement.op.amount, 1);
    CHECK_EQ(parse("reverse p1 rid=v1 => ALREADY_REVERSED"), 1);
    CHECK_EQ(statement.op.type, GJ_OP_REVERSE);
    CHECK_EQ(statement.wanted.code, GJ_ALREADY_REVERSED);
    CHECK_EQ(statement.op.auth, GJ_AUTH_NONE);
    refuse("accept", "RID is missing; usage: accept RID [by=PAYEE] [person=PAYER]");
    refuse("accept t/1", "'t/1' is no name of a rid");
    refuse("accept t1 5.00", "'5.00' is too much");
    refuse("return t1 by=me", "by= needs a whole number");
    refuse("capture h1", "AMOUNT is missing");
    refuse("capture h1 5", "AMOUNT needs yuan");
    refuse("capture h1 5.00 final=yes", "final= needs 0 or 1");
    refuse("release h1 by=1", "unknown key 'by'");
    refuse("refund p1 5.00 final=1", "unknown key 'final'");
    refuse("reverse p1 person=x", "person= needs a whole number");
}

TEST(leaving)
{
    CHECK_EQ(parse("change_region 100 2 auth=code"), 1);
    CHECK_EQ(statement.op.type, GJ_OP_CHANGE_REGION);
    CHECK(statement.op.person == 100 && statement.op.arg == 2);
    CHECK_EQ(statement.op.auth, GJ_AUTH_CODE);
    CHECK_EQ(parse("close 100"), 1);
    CHECK_EQ(statement.op.type, GJ_OP_CLOSE_PERSON);
    CHECK_EQ(statement.op.detail, GJ_PAYOUT_NONE);
    CHECK_EQ(parse("close 100 payout=cash"), 1);
    CHECK_EQ(statement.op.detail, GJ_PAYOUT_CASH);
    refuse("change_region 100", "REGION is missing");
    refuse("change_region 100 70000", "REGION needs a whole number up to 65535");
    refuse("close 100 payout=all", "payout= needs none|cash, not 'all'");
    refuse("close 100 auth=face", "unknown key 'auth'");
}

TEST(dry_run)
{
    CHECK_EQ(parse("dry_run transfer 100 101 2.00 source=wallet => OK moved=2.00 pending=1"), 1);
    CHECK_EQ(statement.kind, STATEMENT_DRY_RUN);
    CHECK_EQ(statement.op.type, GJ_OP_TRANSFER);
    CHECK_EQ(statement.op.amount, 200);
    CHECK(statement.wanted.pending_given && statement.wanted.pending);
    CHECK_EQ(parse("dry_run region 1 quota_bp=6000"), 1);
    CHECK_EQ(statement.kind, STATEMENT_DRY_RUN);
    CHECK_EQ(parse("dry_run refund p1 1.00"), 1);
    CHECK_STR(statement.original, "p1");
    refuse("dry_run", "the operation behind dry_run is missing");
    refuse("dry_run hello", "unknown verb 'hello'; gongji scenario --verbs lists them");
    refuse("dry_run crash", "dry_run needs an operation, not crash");
    refuse("dry_run replay t1", "dry_run needs an operation, not replay");
    refuse("dry_run dry_run deposit 1 1.00", "one dry_run is enough");
}

TEST(verbs)
{
    static const char *const none[] = {"expire", "withdraw", "keep"};
    for (unsigned i = 0; i < ARRAY_COUNT(none); i++) {
        char line[64], wanted[96];
        snprintf(line, sizeof(line), "%s 1 2 3.00", none[i]);
        snprintf(wanted, sizeof(wanted), "unknown verb '%s'; gongji scenario --verbs lists them",
                 none[i]);
        refuse(line, wanted);
    }
    refuse("crash now", "'now' is too much");
    refuse("crash => OK", "=> does not belong to crash");
    refuse("deposit 1 5.00=>OK", "'5.00=>OK': put blanks around =>; usage: deposit ID YUAN");
    refuse("deposit 1 5.00 =>OK", "'=>OK': put blanks around =>; usage: deposit ID YUAN");
    refuse("region 1 quota_bp=60%",
           "quota_bp= needs a whole number from 0 to 65535 (6000 is 60 %), not '60%'");
}

TEST(keys)
{
    refuse("deposit 1 5.00 amount=3", "unknown key 'amount'; usage: deposit ID YUAN");
    refuse("deposit 1 5.00 auth=face", "unknown key 'auth'");
    refuse("deposit 1 5.00 ref=1 ref=1", "ref= is given twice");
    refuse("deposit 1 5.00 rid=a/b", "'a/b' is no name of a rid");
    refuse("deposit 1 5.00 rid=", "'' is no name of a rid");
    refuse("deposit 1 5.00 => FINE", "no result code is called 'FINE'");
    refuse("deposit 1 5.00 =>", "the code after => is missing");
    refuse("deposit 1 5.00 => OK left=1.00", "unknown key 'left'");
    refuse("deposit 1 5.00 => OK moved=1", "moved= needs yuan");
    refuse("person 1 insurance=employee", "region= is missing");
    refuse("person 1 region=1 insurance=none", "insurance= needs employee|resident, not 'none'");
    refuse("bind 1 2 kind=uncle", "kind= needs spouse|parent|");
    refuse("bind 1 2 kind=child cap=5", "the cap needs yuan");
    refuse("suspend 1 bits=pay,pay", "bits= needs a comma list");
    refuse("cap 1 0 5.00", "MEMBER needs a person's number or all");
    refuse("deposit 1 5.00 => OK pending=2", "pending= needs 0 or 1");
    refuse("limits", "persons=, rids=, holds= or ahead= is missing");
    CHECK_EQ(parse("limits holds=2"), 1);
    CHECK_EQ(statement.holds_max, 2);
}

TEST(regions)
{
    CHECK_EQ(parse("region 1 name=济南市 wallet_open=1 quota_bp=6000 auth_mask_pay=none,card "
                   "relation_mask=spouse,child purpose_mask_wallet=none payer_mask_wallet=all "
                   "service_from=06:00 service_to=24:00 outpatient_single_fen=-1 "
                   "premium=2026/1/400.00/2025-09-01/2025-12-31 premium=2026/2/80.00/2025-09-01/"
                   "2025-09-30"),
             1);
    struct gj_region_ext ext = {.public_code = 370100};
    gj_policy_default(&ext.policy);
    CHECK(region_change_apply(&statement.region, &ext));
    CHECK_STR(ext.name, "济南市");
    CHECK_EQ(ext.public_code, 370100); /* not named: stays */
    CHECK_EQ(ext.policy.quota_bp, 6000);
    CHECK_EQ(ext.policy.auth_mask_pay, 1u << GJ_AUTH_NONE | 1u << GJ_AUTH_CARD);
    CHECK_EQ(ext.policy.relation_mask, 1u << (GJ_SPOUSE - 1) | 1u << (GJ_CHILD - 1));
    CHECK_EQ(ext.policy.purpose_mask_wallet, 0);
    CHECK_EQ(ext.policy.payer_mask_wallet, 3);
    CHECK_EQ(ext.policy.service_from_minute, 360);
    CHECK_EQ(ext.policy.service_to_minute, 1440);
    CHECK_EQ(ext.policy.outpatient_single_fen, -1);
    CHECK_EQ(ext.policy.premiums[0].amount, 40000);
    CHECK_EQ(ext.policy.premiums[1].product, 2);
    CHECK_EQ(parse("region 1 premium=2026/1/410.00/2025-09-01/2025-12-31"), 1);
    CHECK(region_change_apply(&statement.region, &ext));
    CHECK_EQ(ext.policy.premiums[0].amount, 41000); /* replaced, not added */
    CHECK_EQ(ext.policy.premiums[2].amount, 0);
    CHECK_EQ(parse("region 1 premium=none"), 1);
    CHECK(region_change_apply(&statement.region, &ext));
    CHECK_EQ(ext.policy.premiums[0].amount, 0);

    CHECK_EQ(parse("region 1 receive_mode=accept one_outstanding=1 pending_expiry=06:30 "
                   "hold_timeout_max_s=3600 refund_days=0 reversal_days=65535 "
                   "region_change_enabled=1"),
             1);
    CHECK(region_change_apply(&statement.region, &ext));
    CHECK_EQ(ext.policy.receive_mode, GJ_RECEIVE_ACCEPT);
    CHECK_EQ(ext.policy.one_outstanding, 1);
    CHECK_EQ(ext.policy.pending_expiry_minute, 390);
    CHECK_EQ(ext.policy.hold_timeout_max_s, 3600);
    CHECK_EQ(ext.policy.refund_days, 0);
    CHECK_EQ(ext.policy.reversal_days, 65535);
    CHECK_EQ(ext.policy.region_change_enabled, 1);
    refuse("region 1 receive_mode=later", "receive_mode= needs instant|accept, not 'later'");

    refuse("region 1 quota=6000", "unknown key 'quota'");
    refuse("region 1 quota_bp=6000 quota_bp=6000", "quota_bp= is given twice");
    refuse("region 1 quota_bp=70000", "quota_bp= needs a whole number from 0 to 65535");
    refuse("region 1 quota_bp=60%", "quota_bp= needs a whole number");
    refuse("region 1 relation_mask=spouse,uncle", "relation_mask= needs a comma list of spouse|");
    refuse("region 1 relation_mask=spouse,spouse", "relation_mask= needs a comma list");
    refuse("region 1 relation_mask=spouse,", "relation_mask= needs a comma list");
    refuse("region 1 service_from=6:00", "service_from= needs HH:MM from 00:00 to 24:00");
    refuse("region 1 service_to=24:01", "service_to= needs HH:MM");
    refuse("region 1 place_rule=here", "place_rule= needs insured|use|either, not 'here'");
    refuse("region 1 transfer_single_fen=1.00", "transfer_single_fen= needs whole fen");
    refuse("region 1 premium=2026/1/400/2025-09-01/2025-12-31", "premium= needs YEAR/PRODUCT/");
    refuse("region 1 premium=2026/1/400.00/2025-09-31/2025-12-31", "premium= needs YEAR/PRODUCT/");
    refuse("region 1 from=tomorrow", "from= needs YYYY-MM-DDTHH:MM:SS");
    refuse("region one", "ID needs a whole number");
}

TEST(times)
{
    uint64_t ms;
    CHECK(scenario_time("2025-06-02T09:00:00", &ms));
    CHECK_EQ(ms, INT64_C(1748826000000));
    CHECK(scenario_time("2025-12-31T23:59:59.999", &ms));
    CHECK_EQ(ms, INT64_C(1767196799999));
    static const char *const bad[] = {
        "2025-06-02",          "2025-06-02 09:00:00",   "2025-06-31T09:00:00",
        "2025-06-02T24:00:00", "2025-06-02T09:60:00",   "2025-06-02T09:00:60",
        "2025-6-2T09:00:00",   "2025-06-02T09:00:00.1", "2025-06-02T09:00:00Z"};
    for (unsigned i = 0; i < ARRAY_COUNT(bad); i++) CHECK(!scenario_time(bad[i], &ms));
    CHECK(scenario_duration("90m", &ms) && ms == 5400000);
    CHECK(scenario_duration("1ms", &ms) && ms == 1);
    CHECK(scenario_duration("2d", &ms) && ms == 172800000);
    CHECK(!scenario_duration("90", &ms) && !scenario_duration("m", &ms));
    CHECK(!scenario_duration("-1m", &ms) && !scenario_duration("1.5h", &ms));
    CHECK(!scenario_duration("40000d", &ms));
    refuse("at noon", "TIME needs YYYY-MM-DDTHH:MM:SS");
    refuse("advance soon", "SPAN needs a number and ms, s, m, h or d like 90m, not 'soon'");
}

TEST(expectations)
{
    CHECK_EQ(parse("always person * personal>=0.00 quota_left=off"), 1);
    CHECK_EQ(statement.kind, STATEMENT_ALWAYS);
    CHECK(statement.expect.every);
    CHECK_EQ(statement.expect.terms[0].compare, COMPARE_GE);
    CHECK(statement.expect.terms[1].off);
    CHECK_EQ(parse("expect region 2 clearing<-1.00 clearing>-9.00"), 1);
    CHECK_EQ(statement.expect.terms[0].value, -100);
    CHECK_EQ(parse("expect op t9 NOT_EXECUTED person=7"), 1);
    CHECK_EQ(statement.expect.person, 7);
    CHECK_EQ(parse("expect op t9 TOMBSTONED"), 1);
    CHECK_EQ(statement.expect.code, EXPECT_TOMBSTONED);
    CHECK_EQ(parse("expect person 1 holds=2 pending_out<1 pending_in>=0 used=1.00"), 1);
    CHECK_EQ(statement.expect.terms[0].field, FIELD_HOLDS);
    CHECK_EQ(statement.expect.terms[0].value, 2);
    CHECK_EQ(statement.expect.terms[3].value, 100);
    CHECK_EQ(parse("expect institution 10 day=2025-06-02 payable=1.00 credits=2.00 debits=1.00 "
                   "credit_count=2 debit_count=1"),
             1);
    CHECK_EQ(statement.expect.day, 20241);
    CHECK_EQ(statement.expect.terms_count, 5);
    CHECK_EQ(parse("expect institution 10 credits=2.00"), 1);
    CHECK_EQ(statement.expect.day, 0);
    refuse("expect person 1 holds=1.00", "holds needs a whole number, not '1.00'");
    refuse("expect person 1 day=2025-06-02 wallet=1.00", "unknown field 'day'");
    refuse("expect institution 10 day=2025-06-31 credits=1.00", "day= needs YYYY-MM-DD");
    refuse("expect institution 10 day=2025-06-02 payable=1.00", "day= needs credits, debits or");
    refuse("expect op t/1 OK", "'t/1' is no name of a rid");
    CHECK_EQ(parse("expect digest 000000000000000100000000000000ff"), 1);
    CHECK_EQ(statement.expect.digest_high, 1);
    CHECK_EQ(statement.expect.digest_low, 255);
    refuse("expect digest 12", "a digest has 32 hexadecimal digits");
    refuse("expect person 1", "nothing is expected of it");
    refuse("expect person 1 payable=1.00", "unknown field 'payable'");
    refuse("expect person 1 wallet=1.00 wallet=1.00", "wallet is given twice");
    refuse("expect person 1 wallet=>1.00", "'wallet=>1.00' needs one of = < <= > >=");
    refuse("expect person x wallet=1.00", "ID needs a whole number or *");
    refuse("expect weather", "cannot expect 'weather'");
    refuse("expect op t1 GREAT", "no result code is called 'GREAT'");
}

static char reported[1024];

static void report(void *context, unsigned line, const char *message)
{
    (void)context;
    size_t at = strlen(reported);
    snprintf(reported + at, sizeof(reported) - at, "%u: %s\n", line, message);
}

/* The word that was meant is named, if one is near; so is what else there is. */
TEST(did_you_mean)
{
    refuse("Deposit 1 5.00", "unknown verb 'Deposit'; did you mean deposit?");
    refuse("trasnfer 1 2 5.00 source=wallet", "unknown verb 'trasnfer'; did you mean transfer?");
    refuse("dryrun deposit 1 5.00", "unknown verb 'dryrun'; did you mean dry_run?");
    refuse("region 1 wallet_opn=1", "unknown key 'wallet_opn'; did you mean wallet_open?");
    refuse("region 1 relation=all", "unknown key 'relation'; did you mean relation_mask?");
    refuse("region 1 prenium=none", "unknown key 'prenium'; did you mean premium?");
    refuse("region 1 colour=red",
           "unknown key 'colour'; gongji scenario --verbs lists the fields of a region");
    refuse("region 1 wallet_open=yes",
           "wallet_open= needs 0 or 1, not 'yes'; did you mean wallet_open=1?");
    refuse("region 1 one_outstanding=off",
           "one_outstanding= needs 0 or 1, not 'off'; did you mean one_outstanding=0?");
    refuse("region 1 wallet_open=maybe", "wallet_open= needs 0 or 1, not 'maybe'; usage:");
    refuse("person 1 region=1 insurance=employee special=yes",
           "special= needs 0 or 1, not 'yes'; did you mean special=1?");
    refuse("pay 1 10 5.00 scenaro=drug scenario=drug source=wallet",
           "unknown key 'scenaro'; did you mean scenario?");
    refuse("deposit 1 5.00 rdi=a", "unknown key 'rdi'; did you mean rid?");
    refuse("deposit 1 5.00 => OK balanse=5.00", "unknown key 'balanse'; did you mean balance?");
    refuse("deposit 1 5.00 => PERSON_NOTFOUND",
           "no result code is called 'PERSON_NOTFOUND'; did you mean PERSON_NOT_FOUND?");
    refuse("expect op t1 ok", "no result code is called 'ok'; did you mean OK?");
    refuse("expect person 1 walet=1.00",
           "unknown field 'walet'; did you mean wallet?; there are personal, wallet, held,");
    refuse("expect region 1 wallet=1.00",
           "unknown field 'wallet'; there are clearing, premium, fund");
}

TEST(a_doubled_source_is_named_once)
{
    refuse("pay 1 10 5.00 scenario=drug source=relative:2,relative:3",
           "source= takes relative:ID only once; usage:");
    refuse("pay 1 10 5.00 scenario=drug source=relative:2,relative:2",
           "source= takes relative:ID only once; usage:");
}

/* Reads a file of these lines; when it begins. */
static uint64_t start_of(const char *text)
{
    struct scenario scenario;
    reported[0] = 0;
    bool good = scenario_read(text, &scenario, report, NULL);
    uint64_t start = good ? scenario_start_ms(&scenario) : 0;
    scenario_free(&scenario);
    return start;
}

TEST(a_file_begins_with_its_first_at)
{
    CHECK_EQ(start_of("crash\n"), SCENARIO_START_MS);
    CHECK_EQ(start_of("crash\nat 2027-01-01T00:00:00\n"), SCENARIO_START_MS);
    CHECK_EQ(start_of("at 2021-01-01T00:00:00\n"), SCENARIO_EARLIEST_MS);
    CHECK_EQ(start_of("limits persons=5\nat 2021-01-01T00:00:00.001\n"), SCENARIO_EARLIEST_MS + 1);
    CHECK_EQ(start_of("limits persons=5\ncrash\n"), SCENARIO_START_MS);
    CHECK_EQ(start_of("# late\n\nat 2020-12-31T23:59:59.999\n"), 0);
    CHECK_STR(reported, "3: a file begins at 2021-01-01T00:00:00 or later\n");
}

TEST(line_numbers)
{
    struct scenario scenario;
    reported[0] = 0;
    CHECK(!scenario_read("# first\n\ndeposit 1 1.00\nkeep 1 2\n  crash  # fine\nadvance x",
                         &scenario, report, NULL));
    CHECK(strstr(reported, "4: unknown verb 'keep'; gongji scenario --verbs lists them\n") ==
          reported);
    CHECK(strstr(reported, "\n6: SPAN needs") != NULL);
    scenario_free(&scenario);
    CHECK(scenario_read("deposit 1 1.00   # one yuan\r\n\n  crash\n", &scenario, report, NULL));
    CHECK_EQ(scenario.count, 2);
    CHECK_STR(scenario.statements[0].text, "deposit 1 1.00");
    CHECK_EQ(scenario.statements[1].line, 3);
    scenario_free(&scenario);
    CHECK(scenario_read("\xEF\xBB\xBF# as some editors save it\ncrash\n", &scenario, report, NULL));
    CHECK_EQ(scenario.count, 1);
    scenario_free(&scenario);
}

/* The file cannot be read, and all that is said of it is this. */
static void refuse_file(const char *text, const char *says)
{
    struct scenario scenario;
    reported[0] = 0;
    CHECK(!scenario_read(text, &scenario, report, NULL));
    CHECK_STR(reported, says);
    scenario_free(&scenario);
}

static void take_file(const char *text)
{
    struct scenario scenario;
    reported[0] = 0;
    CHECK(scenario_read(text, &scenario, report, NULL));
    CHECK_STR(reported, "");
    scenario_free(&scenario);
}

#define UNSENT(name) "no line before this one sends '" name "'; is the name right?"
#define WHOSE        "; else say whose it is with person=ID"

TEST(names_nobody_sent)
{
    refuse_file("deposit 100 1.00 rid=x1\nreplay x2\n", "2: " UNSENT("x2") "\n");
    refuse_file("replay x\ndeposit 100 1.00 rid=x\n", "1: " UNSENT("x") "\n");
    refuse_file("dry_run deposit 100 1.00 rid=x\nreplay x\n", "2: " UNSENT("x") "\n");
    refuse_file("reverse x person=100\nreplay x\n", "2: " UNSENT("x") "\n");
    refuse_file("expect op x OK\nalways op x OK\n",
                "1: " UNSENT("x") WHOSE "\n2: " UNSENT("x") WHOSE "\n");
    refuse_file("expect op x OK person=100\nexpect op x OK\n", "2: " UNSENT("x") WHOSE "\n");
    refuse_file("reverse x\n", "1: " UNSENT("x") WHOSE "\n");
    refuse_file("reverse x rid=x\n", "1: " UNSENT("x") WHOSE "\n");
    refuse_file("dry_run release x\n", "1: " UNSENT("x") WHOSE "\n");
    refuse_file("capture h 1.00 rid=c\nrefund c 1.00\nrefund d 1.00",
                "1: " UNSENT("h") WHOSE "\n3: " UNSENT("d") WHOSE "\n");
    refuse_file("transfer 1 2 1.00 source=wallet rid=t1\naccept t2\n",
                "2: " UNSENT("t2") WHOSE " and who acts with by=ID\n");
    refuse_file("return t by=2\n", "1: " UNSENT("t") WHOSE "\n");
    refuse_file("accept t person=1\n", "1: " UNSENT("t") "; else say who acts with by=ID\n");
    /* While a line cannot be read nobody knows what it sends. */
    refuse_file("deposit 100 rid=x\nreplay x\n", "1: AMOUNT is missing; usage: deposit ID YUAN\n");
}

TEST(names_somebody_knows)
{
    take_file(
        "transfer 1 2 1.00 source=wallet rid=t => PERSON_NOT_FOUND\naccept t rid=a\nreplay t\n"
        "return t\nexpect op t OK\nalways op a OK\nreverse a\n");
    take_file("reverse x person=1\nreverse x\nexpect op x TOMBSTONED\ndeposit 1 1.00 rid=x\n"
              "replay x\n");
    take_file("dry_run reverse x person=1\nexpect op x NOT_EXECUTED\n");
    take_file("accept t by=2 person=1\nreturn t by=2\n");
    take_file("expect op x NOT_EXECUTED person=1\n");
    take_file("deposit 1 1.00 rid=x\nreverse x rid=x => BAD_FIELD\n");
}

/* As many names as there can be: found at once, not by looking through all of them. */
TEST(many_names)
{
    const unsigned count = SCENARIO_STATEMENTS_MAX / 2;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    CHECK(out != NULL);
    if (out == NULL) return;
    for (unsigned i = 0; i < count; i++) {
        fprintf(out, "deposit 1 1.00 rid=%u\nreverse %u\n", i, i);
    }
    CHECK_EQ(fclose(out), 0);
    take_file(text);
    free(text);
}

TEST(long_lines)
{
    char line[SCENARIO_LINE_MAX + 8];
    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = 0;
    refuse(line, "the line is longer than 1023 bytes");
    for (unsigned i = 0; i < 200; i += 2) memcpy(line + i, "x ", 3);
    refuse(line, "more than 64 words");
}

TEST_MAIN(T(empty_lines), T(transfer), T(pay), T(hold), T(originals), T(leaving), T(dry_run),
          T(amounts), T(verbs), T(keys), T(regions), T(times), T(expectations), T(did_you_mean),
          T(a_doubled_source_is_named_once), T(a_file_begins_with_its_first_at), T(line_numbers),
          T(names_nobody_sent), T(names_somebody_knows), T(many_names), T(long_lines))
