/* core/format/policy.h -- one region's policy: every number of the rules is data here, none is in
 * code. The wire, the log and the state keep the same 256 bytes plus names (docs/OPERATIONS.md says
 * what each field decides and where it comes from). */
#ifndef CORE_FORMAT_POLICY_H
#define CORE_FORMAT_POLICY_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "core/format/limits.h"

enum gj_quota_base {
    GJ_QUOTA_OPENING_PLUS_CREDITS = 0,
    GJ_QUOTA_OPENING = 1,
    GJ_QUOTA_CURRENT = 2
};
enum gj_receive_mode { GJ_RECEIVE_INSTANT = 0, GJ_RECEIVE_ACCEPT = 1 };
enum gj_place_rule { GJ_PLACE_INSURED = 0, GJ_PLACE_USE = 1, GJ_PLACE_EITHER = 2 };
enum gj_cross_pay { GJ_CROSS_SAME = 0, GJ_CROSS_PROVINCE = 1, GJ_CROSS_ANY = 2 };
enum gj_profile_overdue { GJ_OVERDUE_IGNORE = 0, GJ_OVERDUE_BLOCK = 1 };

/* One premium product of residents' insurance. Days are whole, both included (Asia/Shanghai). */
struct gj_premium_row {
    int64_t amount;    /* 0 fen; 0 = empty row, all else zero */
    uint16_t year;     /* 8 insurance year, 2000..2200 */
    uint8_t product;   /* 10: 1..8 */
    uint8_t reserved;  /* 11 zero */
    uint16_t from_day; /* 12 first day of the enrolment window, days since 1970-01-01 */
    uint16_t to_day;   /* 14 last day */
};
static_assert(sizeof(struct gj_premium_row) == 16, "protocol 1");

/* Masks: relation kinds bit (kind-1); insurances bit (insurance-1); scenarios bit (scenario-1);
 * auth methods bit `enum gj_auth` (bit 0 = none is enough). */
struct gj_policy {
    int64_t outpatient_single_fen;  /*  0: 0 = none, -1 = lifted */
    int64_t special_single_fen;     /*  8: 0 = none, -1 = lifted */
    int64_t transfer_single_fen;    /* 16: 0 = none */
    uint32_t hold_timeout_max_s;    /* 24 */
    uint16_t quota_bp;              /* 28: basis points, 0..10000; 10000 = off */
    uint16_t service_from_minute;   /* 30: minute of day, inclusive */
    uint16_t service_to_minute;     /* 32: minute of day, exclusive; 1440 = end of day */
    uint16_t pending_expiry_minute; /* 34: minute of day */
    uint16_t profile_grace_days;    /* 36 */
    uint16_t refund_days;           /* 38 */
    uint16_t reversal_days;         /* 40 */
    uint16_t transfer_daily_count;  /* 42: 0 = off */
    uint8_t wallet_open;            /* 44: 0|1 */
    uint8_t region_change_enabled;  /* 45: 0|1 */
    uint8_t local_sharing_enabled;  /* 46: 0|1 */
    uint8_t relation_mask;          /* 47 */
    uint8_t payer_mask_personal;    /* 48 insurances of the payer, source personal account */
    uint8_t payer_mask_wallet;      /* 49 insurances of the payer, source wallet */
    uint8_t beneficiary_mask;       /* 50 insurances of the receiver */
    uint8_t max_members;            /* 51: including self, 1..7 */
    uint8_t quota_base;             /* 52 enum gj_quota_base */
    uint8_t one_outstanding;        /* 53: 0|1 */
    uint8_t receive_mode;           /* 54 enum gj_receive_mode */
    uint8_t purpose_mask_wallet;    /* 55 scenarios */
    uint8_t purpose_mask_personal;  /* 56 scenarios */
    uint8_t purpose_mask_relative;  /* 57 scenarios */
    uint8_t place_rule;             /* 58 enum gj_place_rule */
    uint8_t cross_region_pay;       /* 59 enum gj_cross_pay */
    uint8_t cross_region_transfer;  /* 60: 0|1 */
    uint8_t auth_mask_transfer;     /* 61 */
    uint8_t auth_mask_pay;          /* 62 */
    uint8_t auth_mask_bind;         /* 63 */
    uint8_t profile_overdue;        /* 64 enum gj_profile_overdue */
    uint8_t unbind_forgets_draws;   /* 65: 0|1; 0 = what a member drew counts on all year */
    uint8_t member_changes_year;    /* 66: new members a year; 0 = off */
    uint8_t reserved[61];           /* 67 zero */
    struct gj_premium_row premiums[GJ_PREMIUM_ROWS_MAX]; /* 128 */
};
static_assert(sizeof(struct gj_policy) == 256, "four lines");
static_assert(offsetof(struct gj_policy, wallet_open) == 44, "protocol 1");
static_assert(offsetof(struct gj_policy, premiums) == 128, "protocol 1");

/* The extension of SET_REGION: names UTF-8, zero-padded, at least one zero byte at the end. */
struct gj_region_ext {
    char province[48];       /*   0 */
    char name[64];           /*  48 */
    uint32_t public_code;    /* 112 GB/T 2260 code, 0 = not certain */
    uint8_t reserved[12];    /* 116 zero */
    struct gj_policy policy; /* 128 */
};
static_assert(sizeof(struct gj_region_ext) == GJ_EXT_MAX * GJ_RECORD_UNIT, "six lines");

/* The "seed" policy: the defaults of docs/OPERATIONS.md, no premium products, wallet closed. */
void gj_policy_default(struct gj_policy *policy);

#endif
