/* tests/scenario/test_scenario_run.c -- the runner finds what is not as written: a scenario that
 * can only pass proves nothing. */
#include "cli/scenario/run.h"

#include <stdlib.h>

#include "tests/test.h"

static char *said;

static void report(void *context, unsigned line, const char *message)
{
    (void)context;
    printf("    %u: %s\n", line, message);
}

static struct scenario_result run_with(const char *text, bool crash_each)
{
    struct scenario scenario;
    struct scenario_result result = {.broken = true};
    struct scenario_target *target = scenario_local_new();
    size_t size;
    free(said);
    said = NULL;
    FILE *out = open_memstream(&said, &size);
    CHECK(scenario_read(text, &scenario, report, NULL));
    if (target != NULL && out != NULL)
        result = scenario_run("f", &scenario, target, crash_each, out);
    if (out != NULL) fclose(out);
    scenario_target_free(target);
    scenario_free(&scenario);
    return result;
}

static struct scenario_result run(const char *text)
{
    return run_with(text, false);
}

#define OPENED                                                                                     \
    "region 1 wallet_open=1 quota_bp=10000\nperson 100 region=1 insurance=employee\n"              \
    "person 101 region=1 insurance=resident\nwallet 101 region=1\nbind 100 101 kind=parent\n"

/* What follows `OPENED` and more: a hospital, money, and transfers that wait for their payee. */
#define READY                                                                                      \
    OPENED "region 1 receive_mode=accept\ninstitution 10 region=1 type=hospital wallet=1\n"        \
           "deposit 100 50.00\n"

/* All as written, also with a crash after each statement. */
static void all_good(const char *text)
{
    for (int crash_each = 0; crash_each < 2; crash_each++) {
        struct scenario_result result = run_with(text, crash_each == 1);
        CHECK_EQ(result.failed, 0);
        CHECK(!result.broken);
        CHECK_STR(said, "");
    }
}

static void one_failure(const char *text, const char *message)
{
    struct scenario_result result = run(text);
    CHECK_EQ(result.failed, 1);
    CHECK(said != NULL && strstr(said, message) != NULL);
    if (said != NULL && strstr(said, message) == NULL) printf("    said: %s\n", said);
}

TEST(as_written)
{
    struct scenario_result result =
        run(OPENED "deposit 100 5.00 rid=a\nreplay a\ncrash\nreplay a\n"
                   "expect person 100 personal=5.00\nexpect conserved\n");
    CHECK_EQ(result.failed, 0);
    CHECK(!result.broken);
    CHECK_EQ(result.statements, 11);
    CHECK_STR(said, "");
}

TEST(wrong_codes_and_amounts)
{
    one_failure(OPENED "deposit 100 5.00 => OK moved=5.01\n",
                "f:6: deposit 100 5.00 => OK moved=5.01: wanted OK moved=5.01, got OK moved=5.00 "
                "balance=5.00 remainder=0.00\n");
    one_failure(OPENED "deposit 100 5.00 => OK balance=1.00\n", "wanted OK balance=1.00");
    one_failure(OPENED "deposit 999 5.00\n", "wanted OK, got PERSON_NOT_FOUND");
    one_failure(OPENED "deposit 999 5.00 => ACCOUNT_NOT_FOUND\n", "got PERSON_NOT_FOUND");
    one_failure(OPENED "deposit 100 5.00 => PERSON_NOT_FOUND\n", "wanted PERSON_NOT_FOUND, got OK");
}

TEST(wrong_expectations)
{
    one_failure(OPENED "deposit 100 5.00\nexpect person 100 personal=5.01 wallet=0.00\n",
                "f:7: expect person 100 personal=5.01 wallet=0.00: wanted that, got personal=5.00");
    one_failure(OPENED "expect person 7 personal=5.01\n", "got PERSON_NOT_FOUND");
    one_failure(OPENED "deposit 7 5.00\n", "wanted OK, got PERSON_NOT_FOUND: no such person\n");
    one_failure(OPENED "expect region 1 fund=1.00\n", "got fund=0.00");
    one_failure(OPENED "expect institution 10 payable=0.00\n", "got INST_NOT_FOUND");
    one_failure(OPENED "expect digest 00000000000000000000000000000000\n", "wanted that, got ");
    one_failure(OPENED "deposit 100 5.00 rid=a\nexpect op a PERSON_NOT_FOUND\n", "got OK");
    one_failure(OPENED "expect op never OK person=100\n", "got NOT_EXECUTED");
    one_failure(OPENED "expect person 100 quota_left=1.00\n", "got quota_left=off");
}

TEST(always_goes_on)
{
    one_failure(OPENED "always person * personal<=4.00\ndeposit 100 4.00\ndeposit 100 0.01\n",
                "f:8: deposit 100 0.01: wanted what line 6 says (always person * personal<=4.00), "
                "got 100: personal=4.01");
}

TEST(replays)
{
    one_failure(OPENED "deposit 100 5.00 rid=a\nreplay a => RID_EXPIRED\n",
                "wanted RID_EXPIRED, got OK (replayed)");
}

TEST(time_never_back)
{
    one_failure("at 2025-06-03T00:00:00\nat 2025-06-02T23:59:59\n",
                "wanted a time not before now, got 2025-06-03T00:00:00.000");
}

TEST(limits_come_first)
{
    struct scenario_result result = run("crash\nlimits rids=16\n");
    CHECK(result.broken && result.failed == 1);
    CHECK(said != NULL && strstr(said, "limits must be the first statement") != NULL);
}

TEST(same_scenario_same_digest)
{
    char line[512];
    (void)run(OPENED "deposit 100 5.00\nexpect digest 00000000000000000000000000000000\n");
    const char *got = said == NULL ? NULL : strstr(said, "got ");
    CHECK(got != NULL);
    if (got == NULL) return;
    snprintf(line, sizeof(line), OPENED "deposit 100 5.00\ncrash\nexpect digest %.32s\n", got + 4);
    struct scenario_result result = run(line);
    CHECK_EQ(result.failed, 0);
}

TEST(two_step_transfers)
{
    all_good(READY "transfer 100 101 5.00 source=personal rid=t1 => OK moved=5.00 pending=1\n"
                   "expect person 100 personal=50.00 held=5.00 pending_out=1 pending_in=0 holds=0\n"
                   "expect person 101 wallet=0.00 pending_in=1\n"
                   "accept t1 by=100 => NOT_PAYEE\n"
                   "accept t1 rid=a1 => OK moved=5.00 balance=45.00 pending=0\n"
                   "accept t1 => TRANSFER_NOT_PENDING\n"
                   "replay a1\n"
                   "transfer 100 101 6.00 source=personal rid=t2 => OK pending=1\n"
                   "return t2 => OK moved=6.00\n"
                   "transfer 100 101 7.00 source=personal rid=t3\n"
                   "return t3 by=100\n"
                   "transfer 100 101 8.00 source=personal rid=t4\n"
                   "at 2025-06-03T05:59:59.999\n"
                   "expect person 100 held=8.00\n"
                   "advance 1ms\n"
                   "expect person 100 held=0.00 pending_out=0\n"
                   "accept t4 => TRANSFER_EXPIRED\n"
                   "accept t9 person=100 by=101 => TRANSFER_NOT_FOUND\n"
                   "reverse t1\n"
                   "expect person 101 wallet=0.00\n");
    one_failure(READY "transfer 100 101 5.00 source=personal => OK pending=0\n",
                "wanted OK pending=0, got OK moved=5.00 balance=50.00 remainder=0.00 pending=1");
    one_failure(READY "deposit 100 5.00 => OK pending=1\n", "wanted OK pending=1, got OK moved");
    one_failure(READY "expect person 100 pending_out=1\n", "got pending_out=0");
}

#define HELD READY "hold 100 10 20.00 scenario=outpatient source=personal timeout=90m rid=h\n"

TEST(holds)
{
    all_good(HELD "expect person 100 personal=50.00 held=20.00 holds=1\n"
                  "capture h 5.00 rid=c => OK moved=5.00 remainder=15.00\n"
                  "expect institution 10 payable=5.00 credits=5.00 credit_count=1 debits=0.00\n"
                  "refund c 2.00 rid=r => OK moved=2.00 remainder=3.00\n"
                  "reverse r => OK moved=2.00\n"
                  "refund c 5.00\n"
                  "expect institution 10 payable=0.00 day=2025-06-02 credits=7.00 debits=7.00\n"
                  "release h => OK moved=15.00\n"
                  "release h => HOLD_RELEASED\n"
                  "hold 100 10 20.00 scenario=outpatient source=personal timeout=60 rid=h2\n"
                  "advance 60s\n"
                  "capture h2 1.00 => HOLD_EXPIRED\n"
                  "hold 100 10 20.00 scenario=outpatient source=personal rid=h3\n"
                  "capture h3 1.00 final=1\n"
                  "expect person 100 personal=49.00 held=0.00 holds=0\n"
                  "at 2025-06-12T00:00:00\n"
                  "expect institution 10 credits=0.00 credit_count=0\n");
    one_failure(HELD "capture h 5.00 => OK remainder=20.00\n", "got OK moved=5.00");
    one_failure(HELD "expect person 100 holds=2\n", "got holds=1");
    one_failure(HELD "expect institution 10 credit_count=1\n", "got credit_count=0");
    one_failure(HELD "expect institution 10 day=2025-05-01 credits=0.00\n", "got BAD_FIELD");
}

TEST(reversals)
{
    all_good(READY "reverse early person=100 rid=v => OK_TOMBSTONED\n"
                   "deposit 100 5.00 rid=early => RID_TOMBSTONED\n"
                   "expect op early TOMBSTONED\n"
                   "expect op v OK_TOMBSTONED\n"
                   "reverse early => OK_TOMBSTONED\n"
                   "deposit 100 5.00 rid=d\n"
                   "reverse d => OK moved=5.00 balance=50.00\n"
                   "reverse d => ALREADY_REVERSED\n"
                   "replay d\n"
                   "reverse d rid=d => BAD_FIELD\n");
    one_failure(READY "deposit 100 5.00 rid=d\nexpect op d TOMBSTONED\n", "got OK");
    one_failure(READY "reverse d person=100 => OK_TOMBSTONED\nexpect op d NOT_EXECUTED\n",
                "got TOMBSTONED");
}

TEST(leaving)
{
    all_good("region 2 name=b wallet_open=1 region_change_enabled=1\n" OPENED
             "region 1 region_change_enabled=1\ndeposit 100 50.00\n"
             "transfer 100 101 5.00 source=personal\n"
             "change_region 101 2 => OK moved=5.00 balance=5.00\n"
             "change_region 101 2 => REGION_SAME\n"
             "close 101 => BALANCE_NOT_ZERO\n"
             "close 101 payout=cash => OK moved=5.00 balance=0.00\n"
             "close 101 => OK_NOOP\n"
             "transfer 100 101 5.00 source=personal => ACCOUNT_CLOSED\n");
}

TEST(dry_runs)
{
    all_good(READY "dry_run deposit 100 5.00 => OK moved=5.00 balance=55.00\n"
                   "dry_run transfer 100 101 5.00 source=personal => OK moved=5.00 pending=1\n"
                   "dry_run pay 100 10 60.00 scenario=outpatient source=personal partial=1 => "
                   "OK_PARTIAL moved=50.00 remainder=10.00 taken=50.00\n"
                   "dry_run pay 100 10 60.00 scenario=outpatient source=personal => "
                   "INSUFFICIENT_BALANCE\n"
                   "dry_run region 1 quota_bp=1\n"
                   "dry_run deposit 100 5.00 rid=d => OK\n"
                   "deposit 100 5.00 rid=d\n"
                   "dry_run refund d 1.00 => NOT_REVERSIBLE\n"
                   "dry_run reverse d => OK moved=5.00\n"
                   "expect person 100 personal=55.00 held=0.00\n");
    one_failure(READY "dry_run deposit 100 5.00 => OK moved=5.01\n", "got OK moved=5.00");
    one_failure(READY "dry_run pay 100 10 60.00 scenario=outpatient source=personal partial=1 => "
                      "OK_PARTIAL taken=49.00\n",
                "wanted OK_PARTIAL taken=49.00, got OK_PARTIAL moved=50.00 balance=0.00 "
                "remainder=10.00 taken=50.00,0.00,0.00\n");
}

/* What falls due at once is written down in time order, and a full table of holds is an answer. */
TEST(limits_of_holds)
{
    all_good("limits holds=2\n" HELD
             "hold 100 10 1.00 scenario=outpatient source=personal timeout=30\n"
             "hold 100 10 1.00 scenario=outpatient source=personal => CAPACITY_RECORDS\n"
             "transfer 100 101 1.00 source=personal => CAPACITY_RECORDS\n"
             "advance 30s\n"
             "transfer 100 101 1.00 source=personal rid=t => OK pending=1\n"
             "advance 90m\n"
             "hold 100 10 1.00 scenario=outpatient source=personal timeout=1d\n"
             "at 2026-01-01T00:00:00\n"
             "expect person 100 held=0.00 holds=0 pending_out=0\n"
             "accept t => TRANSFER_EXPIRED\n");
}

/* A target whose recovered state is another one: --crash-each finds it at the statement. */
static bool no_crash(struct scenario_target *target)
{
    snprintf(target->error, sizeof(target->error), "another state");
    return false;
}

TEST(crashes_are_compared)
{
    struct scenario scenario;
    struct scenario_target *target = scenario_local_new();
    char text[512];
    FILE *out = fmemopen(text, sizeof(text), "w");
    CHECK(target != NULL && out != NULL);
    CHECK(scenario_read("region 1\nregion 2 name=b\n", &scenario, report, NULL));
    if (target == NULL || out == NULL) return;
    target->crash = no_crash;
    struct scenario_result result = scenario_run("f", &scenario, target, true, out);
    fclose(out);
    CHECK(result.broken && result.failed == 1 && result.statements == 1);
    CHECK_STR(text, "f:1: region 1: another state; the rest of the file was not run\n");
    scenario_target_free(target);
    scenario_free(&scenario);
}

TEST(a_file_that_begins_in_another_year)
{
    all_good("at 2021-01-01T00:00:00\n" OPENED "deposit 100 5.00 rid=a\n"
             "at 2021-12-31T23:59:59\nreplay a\n");
    all_good("limits persons=9\nat 2030-02-28T12:00:00\n" OPENED "deposit 100 5.00\n"
             "advance 1d\nexpect conserved\n");
}

/* ---- A target that lies ---------------------------------------------------------------------- */

/* One answer of a local target is changed: `type` read, the byte at `at` of its payload. */
static struct {
    bool (*honest)(struct scenario_target *, const struct scenario_request *, struct gj_answer *,
                   void *);
    uint8_t type;
    uint16_t region; /* of the read; 0 = all */
    size_t at;
    unsigned changed;
} lie;

static bool lying_query(struct scenario_target *target, const struct scenario_request *request,
                        struct gj_answer *answer, void *payload)
{
    if (!lie.honest(target, request, answer, payload)) return false;
    const struct gj_read *read = &request->read;
    bool meant = read->type == lie.type && (lie.region == 0 || read->region == lie.region);
    if (!meant || answer->code != GJ_OK || answer->size <= lie.at) return true;
    ((uint8_t *)payload)[lie.at] ^= 1;
    lie.changed++;
    return true;
}

static struct scenario_result run_lying(const char *text)
{
    struct scenario scenario;
    struct scenario_result result = {.broken = true};
    struct scenario_target *target = scenario_local_new();
    size_t size;
    free(said);
    said = NULL;
    FILE *out = open_memstream(&said, &size);
    CHECK(scenario_read(text, &scenario, report, NULL));
    lie.honest = target->query;
    lie.changed = 0;
    target->query = lying_query;
    result = scenario_run("f", &scenario, target, false, out);
    fclose(out);
    scenario_target_free(target);
    scenario_free(&scenario);
    return result;
}

/* Money in every part of two books, some of it owed from one to the other. */
#define TWO_BOOKS                                                                                  \
    "region 1 wallet_open=1 quota_bp=9000 premium=2026/1/4.00/2025-01-01/2025-12-31\n"             \
    "region 2 wallet_open=1\ninstitution 10 region=1 type=hospital wallet=1\n"                     \
    "person 100 region=1 insurance=employee\nperson 101 region=2 insurance=resident\n"             \
    "person 102 region=1 insurance=resident\nwallet 101 region=2\nbind 100 101 kind=parent\n"      \
    "bind 100 102 kind=child\ndeposit 100 50.00\ntransfer 100 101 20.00 source=personal\n"         \
    "pay 100 10 3.00 scenario=outpatient source=personal\n"                                        \
    "premium 100 102 4.00 year=2026 source=personal\n"

static void caught(uint8_t type, uint16_t region, size_t at, const char *message)
{
    lie.type = type;
    lie.region = region;
    lie.at = at;
    struct scenario_result result = run_lying(TWO_BOOKS "expect conserved\n");
    CHECK(lie.changed > 0);
    CHECK_EQ(result.failed, 1);
    CHECK(said != NULL && strstr(said, message) != NULL);
    if (said != NULL && strstr(said, message) == NULL) printf("    said: %s\n", said);
}

TEST(conserved_finds_each_falsified_field)
{
    static const size_t parts[] = {
        offsetof(struct gj_totals_view, fund),    offsetof(struct gj_totals_view, personal),
        offsetof(struct gj_totals_view, wallet),  offsetof(struct gj_totals_view, institution),
        offsetof(struct gj_totals_view, premium), offsetof(struct gj_totals_view, clearing)};
    lie.type = 0;
    struct scenario_result result = run_lying(TWO_BOOKS "expect conserved\n");
    CHECK_EQ(result.failed, 0);
    CHECK_STR(said, "");
    for (unsigned i = 0; i < ARRAY_COUNT(parts); i++) {
        for (uint16_t region = 1; region <= 2; region++) {
            char message[64];
            snprintf(message, sizeof(message), "the book of region %u does not balance", region);
            caught(GJ_READ_REGION_TOTALS, region, parts[i], message);
            caught(GJ_READ_REGION_TOTALS, region, parts[i] + 8, message);
        }
    }
    caught(GJ_READ_REGION_TOTALS, 2, offsetof(struct gj_totals_view, clearing),
           "clearing does not net to zero");
    caught(GJ_READ_NETTING_ROW, 1, offsetof(struct gj_netting_entry, out),
           "clearing of region 1 is not its netting row");
    caught(GJ_READ_NETTING_ROW, 2, offsetof(struct gj_netting_entry, in),
           "clearing of region 2 is not its netting row");
}

/* What a line expects of one field, where the answer's field is another by one. */
static void field_caught(uint8_t type, size_t at, const char *expectation)
{
    char text[2048], message[160];
    lie.type = 0;
    lie.region = 0;
    lie.at = at;
    snprintf(text, sizeof(text), TWO_BOOKS "deposit 100 1.00 rid=d\n%s\n", expectation);
    struct scenario_result result = run_lying(text);
    CHECK_EQ(result.failed, 0);
    CHECK_STR(said, "");
    lie.type = type;
    result = run_lying(text);
    snprintf(message, sizeof(message), "%s: wanted that, got ", expectation);
    CHECK(lie.changed > 0);
    CHECK_EQ(result.failed, 1);
    CHECK(said != NULL && strstr(said, message) != NULL);
    if (said != NULL && strstr(said, message) == NULL) printf("    said: %s\n", said);
}

TEST(expect_finds_each_falsified_field)
{
#define PERSON(field, line)                                                                        \
    field_caught(GJ_READ_GET_PERSON, offsetof(struct gj_person_view, field), "expect person " line)
    PERSON(personal, "100 personal=24.00");
    PERSON(wallet, "101 wallet=20.00");
    PERSON(personal_held, "100 held=0.00");
    PERSON(wallet_held, "101 held=0.00");
    PERSON(quota_left, "100 quota_left=21.90");
    PERSON(used, "100 used=24.00");
    PERSON(holds, "100 holds=0");
    PERSON(pendings_out, "100 pending_out=0");
    PERSON(pendings_in, "101 pending_in=0");
#undef PERSON
    field_caught(GJ_READ_GET_INSTITUTION, offsetof(struct gj_institution_view, payable),
                 "expect institution 10 payable=3.00");
#define DAY(field, line)                                                                           \
    field_caught(GJ_READ_INSTITUTION_DAY, offsetof(struct gj_institution_day_view, field),         \
                 "expect institution 10 " line)
    DAY(credits, "credits=3.00");
    DAY(debits, "debits=0.00");
    DAY(credit_count, "credit_count=1");
    DAY(debit_count, "debit_count=0");
#undef DAY
#define REGION(field, line)                                                                        \
    field_caught(GJ_READ_REGION_TOTALS, offsetof(struct gj_totals_view, field),                    \
                 "expect region 1 " line)
    REGION(fund, "fund=51.00");
    REGION(premium, "premium=4.00");
    REGION(clearing, "clearing=20.00");
#undef REGION
    field_caught(GJ_READ_GET_OP, offsetof(struct gj_op_view, reply.code), "expect op d OK");
}

static size_t reply_byte;
static bool (*honest_execute)(struct scenario_target *, const struct scenario_request *,
                              struct gj_reply *, struct gj_reply_sources *);

static bool lying_execute(struct scenario_target *target, const struct scenario_request *request,
                          struct gj_reply *reply, struct gj_reply_sources *sources)
{
    if (!honest_execute(target, request, reply, sources)) return false;
    if ((reply->flags & GJ_REPLY_REPLAYED) == 0) return true;
    if (reply_byte < sizeof(*reply))
        ((uint8_t *)reply)[reply_byte] ^= 0x40;
    else
        ((uint8_t *)sources)[reply_byte - sizeof(*reply)] ^= 0x40;
    return true;
}

/* A stored reply that comes back with one byte changed is no replay. */
TEST(a_replay_is_compared_byte_by_byte)
{
    static const char text[] =
        TWO_BOOKS "pay 100 10 1.00 scenario=drug source=personal rid=p\nreplay p\n";
    for (reply_byte = 0; reply_byte < sizeof(struct gj_reply) + sizeof(struct gj_reply_sources);
         reply_byte++) {
        struct scenario scenario;
        struct scenario_target *target = scenario_local_new();
        size_t size;
        free(said);
        said = NULL;
        FILE *out = open_memstream(&said, &size);
        CHECK(scenario_read(text, &scenario, report, NULL));
        honest_execute = target->execute;
        target->execute = lying_execute;
        CHECK_EQ(scenario_run("f", &scenario, target, false, out).failed, 1);
        fclose(out);
        scenario_target_free(target);
        scenario_free(&scenario);
    }
}

TEST(a_broken_recount_is_said)
{
    lie.type = GJ_READ_AUDIT;
    lie.region = 0;
    lie.at = 0;
    struct scenario_result result = run_lying("region 1\n");
    CHECK_EQ(result.failed, 1);
    CHECK(said != NULL && strstr(said, "wanted every invariant to hold after it") != NULL);
}

TEST_MAIN(T(as_written), T(wrong_codes_and_amounts), T(wrong_expectations), T(always_goes_on),
          T(replays), T(time_never_back), T(limits_come_first), T(same_scenario_same_digest),
          T(two_step_transfers), T(holds), T(reversals), T(leaving), T(dry_runs),
          T(limits_of_holds), T(crashes_are_compared), T(a_file_that_begins_in_another_year),
          T(conserved_finds_each_falsified_field), T(expect_finds_each_falsified_field),
          T(a_replay_is_compared_byte_by_byte), T(a_broken_recount_is_said))
