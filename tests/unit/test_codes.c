/* tests/unit/test_codes.c -- names of codes and operations, and the default policy. */
#include "core/format/codes.h"
#include "core/format/op.h"
#include "core/format/policy.h"
#include "tests/test.h"

TEST(every_code_has_name_and_text)
{
#define X(name, number, text)                                                                      \
    CHECK_STR(gj_code_name(number), #name);                                                        \
    CHECK(gj_code_text(number) != NULL && gj_code_text(number)[0] != '\0');                        \
    CHECK_EQ(gj_code_from_name(#name), number);
    GJ_CODE_MAP(X)
#undef X
}

TEST(numbers_without_a_code)
{
    static const uint8_t none[] = {4, 9, 18, 27, 38, 53, 104, 114, 150, 166, 255};
    for (size_t i = 0; i < sizeof(none); i++) {
        CHECK(gj_code_name(none[i]) == NULL);
        CHECK(gj_code_text(none[i]) == NULL);
    }
    CHECK_EQ(gj_code_from_name("NO_SUCH_CODE"), -1);
    CHECK_EQ(gj_code_from_name(""), -1);
    CHECK_EQ(gj_code_from_name("ok"), -1);
}

TEST(outcomes)
{
    CHECK(gj_code_is_outcome(GJ_OK));
    CHECK(gj_code_is_outcome(GJ_OK_TOMBSTONED));
    CHECK(!gj_code_is_outcome(GJ_MALFORMED));
    CHECK(!gj_code_is_outcome(GJ_CAPACITY_RECORDS));
    CHECK(!gj_code_is_outcome(GJ_SELF_TRANSFER));
    CHECK(gj_code_is_outcome(GJ_PERSON_NOT_FOUND));
    CHECK(gj_code_is_outcome(GJ_AMOUNT_OVERFLOW));
    CHECK(!gj_code_ok(GJ_MALFORMED));
    CHECK(gj_code_ok(GJ_OK_TOMBSTONED));
}

TEST(operations_have_names_and_verbs)
{
    CHECK_STR(gj_op_name(GJ_OP_TRANSFER), "TRANSFER");
    CHECK_STR(gj_op_verb(GJ_OP_TRANSFER), "transfer");
    CHECK_STR(gj_op_verb(GJ_OP_PAY_PREMIUM), "premium");
    CHECK_STR(gj_op_name(GJ_OP_EXPIRE), "EXPIRE");
    CHECK_STR(gj_op_verb(GJ_OP_CHANGE_REGION), "change_region");
    CHECK(gj_op_name(0) == NULL);
    CHECK(gj_op_name(25) == NULL);
    CHECK(gj_op_verb(255) == NULL);
}

TEST(sources_are_two_bits_each)
{
    uint8_t sources = gj_sources(GJ_SOURCE_WALLET, GJ_SOURCE_PERSONAL, GJ_SOURCE_RELATIVE);
    CHECK_EQ(gj_sources_at(sources, 0), GJ_SOURCE_WALLET);
    CHECK_EQ(gj_sources_at(sources, 1), GJ_SOURCE_PERSONAL);
    CHECK_EQ(gj_sources_at(sources, 2), GJ_SOURCE_RELATIVE);
}

/* The table of defaults in docs/OPERATIONS.md, number by number. */
TEST(default_policy)
{
    struct gj_policy p;
    memset(&p, 0xFF, sizeof(p));
    gj_policy_default(&p);
    CHECK_EQ(p.wallet_open, 0);
    CHECK_EQ(p.region_change_enabled, 0);
    CHECK_EQ(p.local_sharing_enabled, 1);
    CHECK_EQ(p.relation_mask, 0xFF);
    CHECK_EQ(p.payer_mask_personal, 1);
    CHECK_EQ(p.payer_mask_wallet, 3);
    CHECK_EQ(p.beneficiary_mask, 3);
    CHECK_EQ(p.max_members, 7);
    CHECK_EQ(p.quota_bp, 7000);
    CHECK_EQ(p.quota_base, GJ_QUOTA_OPENING_PLUS_CREDITS);
    CHECK_EQ(p.outpatient_single_fen, 0);
    CHECK_EQ(p.special_single_fen, 0);
    CHECK_EQ(p.transfer_single_fen, 0);
    CHECK_EQ(p.transfer_daily_count, 0);
    CHECK_EQ(p.one_outstanding, 0);
    CHECK_EQ(p.service_from_minute, 0);
    CHECK_EQ(p.service_to_minute, 1440);
    CHECK_EQ(p.receive_mode, GJ_RECEIVE_INSTANT);
    CHECK_EQ(p.pending_expiry_minute, 360);
    CHECK_EQ(p.purpose_mask_wallet, 0x1F);
    CHECK_EQ(p.purpose_mask_personal, 0x1F);
    CHECK_EQ(p.purpose_mask_relative, 0x1F);
    CHECK_EQ(p.place_rule, GJ_PLACE_EITHER);
    CHECK_EQ(p.cross_region_pay, GJ_CROSS_PROVINCE);
    CHECK_EQ(p.cross_region_transfer, 1);
    CHECK_EQ(p.auth_mask_transfer, 0x06);
    CHECK_EQ(p.auth_mask_pay, 0x0E);
    CHECK_EQ(p.auth_mask_bind, 0x0F);
    CHECK_EQ(p.profile_grace_days, 15);
    CHECK_EQ(p.profile_overdue, GJ_OVERDUE_IGNORE);
    CHECK_EQ(p.hold_timeout_max_s, 86400);
    CHECK_EQ(p.refund_days, 365);
    CHECK_EQ(p.reversal_days, 31);
    for (size_t i = 0; i < GJ_PREMIUM_ROWS_MAX; i++) CHECK_EQ(p.premiums[i].amount, 0);
    for (size_t i = 0; i < sizeof(p.reserved); i++) CHECK_EQ(p.reserved[i], 0);
}

TEST_MAIN(T(every_code_has_name_and_text), T(numbers_without_a_code), T(outcomes),
          T(operations_have_names_and_verbs), T(sources_are_two_bits_each), T(default_policy))
