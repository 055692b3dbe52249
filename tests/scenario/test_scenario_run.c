/* tests/scenario/test_scenario_run.c -- the runner finds what is not as written: a scenario that
 * can only pass proves nothing. */
#include "scenario_run.h"

#include <stdlib.h>

#include "test.h"

static char *said;

static void report(void *context, const char *message)
{
    (void)context;
    printf("    %s\n", message);
}

static struct scenario_result run(const char *text)
{
    struct scenario scenario;
    struct scenario_result result = {.broken = true};
    struct scenario_target *target = scenario_local_new();
    size_t size;
    free(said);
    said = NULL;
    FILE *out = open_memstream(&said, &size);
    CHECK(scenario_read(text, &scenario, report, NULL));
    if (target != NULL && out != NULL) result = scenario_run("f", &scenario, target, out);
    if (out != NULL) fclose(out);
    scenario_target_free(target);
    scenario_free(&scenario);
    return result;
}

#define OPENED                                                                                     \
    "region 1 wallet_open=1 quota_bp=10000\nperson 100 region=1 insurance=employee\n"              \
    "person 101 region=1 insurance=resident\nwallet 101 region=1\nbind 100 101 kind=parent\n"

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
    one_failure(OPENED "expect region 1 fund=1.00\n", "got fund=0.00");
    one_failure(OPENED "expect institution 10 payable=0.00\n", "got INST_NOT_FOUND");
    one_failure(OPENED "expect digest 00000000000000000000000000000000\n", "wanted that, got ");
    one_failure(OPENED "deposit 100 5.00 rid=a\nexpect op a PERSON_NOT_FOUND\n", "got OK");
    one_failure(OPENED "expect op never OK person=100\n", "got NOT_EXECUTED");
    one_failure(OPENED "expect op never OK\n", "wanted person= for a rid never sent");
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
    one_failure(OPENED "replay a\n", "wanted a rid that was sent before");
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

TEST_MAIN(T(as_written), T(wrong_codes_and_amounts), T(wrong_expectations), T(always_goes_on),
          T(replays), T(time_never_back), T(limits_come_first), T(same_scenario_same_digest))
