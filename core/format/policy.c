/* core/format/policy.c -- the policy a region has when nothing else is said. */
#include "core/format/policy.h"

#include "core/format/op.h"

#define INSURANCE_BIT(insurance) (1u << ((insurance)-1))
#define AUTH_BIT(auth)           (1u << (auth))

void gj_policy_default(struct gj_policy *policy)
{
    const uint8_t both =
        INSURANCE_BIT(GJ_INSURANCE_EMPLOYEE) | INSURANCE_BIT(GJ_INSURANCE_RESIDENT);
    const uint8_t face_or_code = AUTH_BIT(GJ_AUTH_FACE) | AUTH_BIT(GJ_AUTH_CODE);

    *policy = (struct gj_policy){
        .hold_timeout_max_s = 86400,
        .quota_bp = 7000,
        .service_from_minute = 0,
        .service_to_minute = 1440,
        .pending_expiry_minute = 6 * 60,
        .profile_grace_days = 15,
        .refund_days = 365,
        .reversal_days = 31,
        .local_sharing_enabled = 1,
        .relation_mask = 0xFF,
        .payer_mask_personal = INSURANCE_BIT(GJ_INSURANCE_EMPLOYEE),
        .payer_mask_wallet = both,
        .beneficiary_mask = both,
        .max_members = 1 + GJ_FAMILY_MEMBERS_MAX,
        .quota_base = GJ_QUOTA_OPENING_PLUS_CREDITS,
        .receive_mode = GJ_RECEIVE_INSTANT,
        .purpose_mask_wallet = GJ_SCENARIO_MASK_ALL,
        .purpose_mask_personal = GJ_SCENARIO_MASK_ALL,
        .purpose_mask_relative = GJ_SCENARIO_MASK_ALL,
        .place_rule = GJ_PLACE_EITHER,
        .cross_region_pay = GJ_CROSS_PROVINCE,
        .cross_region_transfer = 1,
        .auth_mask_transfer = face_or_code,
        .auth_mask_pay = face_or_code | AUTH_BIT(GJ_AUTH_CARD),
        .auth_mask_bind = face_or_code | AUTH_BIT(GJ_AUTH_CARD) | AUTH_BIT(GJ_AUTH_NONE),
        .profile_overdue = GJ_OVERDUE_IGNORE,
    };
}
