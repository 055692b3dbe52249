/* tests/tables/test_tables.c -- runs every table, then asks whether every pair of operation and
 * code was reached. */
#include "cli/model/reachable.h"
#include "core/format/op_traits.h"
#include "tests/tables/fixture.h"
#include "tests/test.h"

TEST(fields)
{
    rows_fields();
    CHECK_EQ(fixture_failures(), 0);
}
TEST(request)
{
    rows_request();
    CHECK_EQ(fixture_failures(), 0);
}
TEST(register)
{
    rows_register();
    CHECK_EQ(fixture_failures(), 0);
}
TEST(family)
{
    rows_family();
    CHECK_EQ(fixture_failures(), 0);
}
TEST(transfer)
{
    rows_transfer();
    CHECK_EQ(fixture_failures(), 0);
}
TEST(pay)
{
    rows_pay();
    CHECK_EQ(fixture_failures(), 0);
}
TEST(premium)
{
    rows_premium();
    CHECK_EQ(fixture_failures(), 0);
}

TEST(hold)
{
    rows_hold();
    CHECK_EQ(fixture_failures(), 0);
}
TEST(pending)
{
    rows_pending();
    CHECK_EQ(fixture_failures(), 0);
}
TEST(refund)
{
    rows_refund();
    CHECK_EQ(fixture_failures(), 0);
}
TEST(reverse)
{
    rows_reverse();
    CHECK_EQ(fixture_failures(), 0);
}
TEST(account)
{
    rows_account();
    CHECK_EQ(fixture_failures(), 0);
}
TEST(expiry)
{
    rows_expiry();
    CHECK_EQ(fixture_failures(), 0);
}
TEST(money_bugs)
{
    rows_money_bugs();
    CHECK_EQ(fixture_failures(), 0);
}

TEST(every_pair_reached)
{
    static uint8_t expected[ARRAY_COUNT(fixture_reached)][256];
    expected[GJ_OP_EXPIRE][GJ_UNKNOWN_OP] = 1; /* written by the server only */
    for (size_t i = 0; i < ARRAY_COUNT(reachable); i++) {
        uint8_t type = reachable[i].type;
        for (size_t j = 0; j < ARRAY_COUNT(reachable_by_all); j++) {
            expected[type][reachable_by_all[j]] = 1;
        }
        bool person = op_is(type, GJ_OP_PERSON);
        for (size_t j = 0; person && j < ARRAY_COUNT(reachable_by_persons); j++) {
            expected[type][reachable_by_persons[j]] = 1;
        }
        for (size_t j = 0; reachable[i].codes[j] != 0; j++) {
            expected[type][reachable[i].codes[j]] = 1;
        }
    }
    unsigned pairs = 0;
    for (unsigned type = 1; type < ARRAY_COUNT(fixture_reached); type++) {
        for (unsigned code = 0; code < 256; code++) {
            if (gj_op_name((uint8_t)type) == NULL) continue;
            pairs += expected[type][code];
            if (expected[type][code] == fixture_reached[type][code]) continue;
            printf("    %s %s: %s\n", gj_op_name((uint8_t)type), gj_code_name((uint8_t)code),
                   expected[type][code] ? "no row reaches it" : "not in reachable.h");
            CHECK(expected[type][code] == fixture_reached[type][code]);
        }
    }
    printf("    %u pairs of operation and code\n", pairs);
}

TEST_MAIN(T(fields), T(request), T(register), T(family), T(transfer), T(pay), T(premium), T(hold),
          T(pending), T(refund), T(reverse), T(account), T(expiry), T(money_bugs),
          T(every_pair_reached))
