/* core/format/policy_check.c -- ranges of every policy field, and UTF-8 of the names. */
#include "core/format/policy_check.h"

#include "core/format/op.h"

#define INSURANCE_MASK_ALL 0x03u
#define AUTH_MASK_ALL      0x0Fu
#define MINUTES_PER_DAY    1440u
#define YEAR_FIRST         2000u
#define YEAR_LAST          2200u

static bool limits_valid(const struct gj_policy *p)
{
    return p->outpatient_single_fen >= -1 && p->outpatient_single_fen <= GJ_AMOUNT_MAX &&
           p->special_single_fen >= -1 && p->special_single_fen <= GJ_AMOUNT_MAX &&
           p->transfer_single_fen >= 0 && p->transfer_single_fen <= GJ_AMOUNT_MAX &&
           p->quota_bp <= 10000 && p->max_members >= 1 &&
           p->max_members <= GJ_FAMILY_MEMBERS_MAX + 1;
}

static bool times_valid(const struct gj_policy *p)
{
    return p->service_from_minute < p->service_to_minute &&
           p->service_to_minute <= MINUTES_PER_DAY && p->pending_expiry_minute < MINUTES_PER_DAY;
}

static bool choices_valid(const struct gj_policy *p)
{
    return p->wallet_open <= 1 && p->region_change_enabled <= 1 && p->local_sharing_enabled <= 1 &&
           p->receive_mode <= GJ_RECEIVE_ACCEPT && p->one_outstanding <= 1 &&
           p->quota_base <= GJ_QUOTA_CURRENT && p->place_rule <= GJ_PLACE_EITHER &&
           p->cross_region_pay <= GJ_CROSS_ANY && p->cross_region_transfer <= 1 &&
           p->profile_overdue <= GJ_OVERDUE_BLOCK && p->unbind_forgets_draws <= 1;
}

static bool masks_valid(const struct gj_policy *p)
{
    unsigned insurances = p->payer_mask_personal | p->payer_mask_wallet | p->beneficiary_mask;
    unsigned scenarios =
        p->purpose_mask_wallet | p->purpose_mask_personal | p->purpose_mask_relative;
    unsigned auths = p->auth_mask_transfer | p->auth_mask_pay | p->auth_mask_bind;
    return (insurances & ~INSURANCE_MASK_ALL) == 0 && (scenarios & ~GJ_SCENARIO_MASK_ALL) == 0 &&
           (auths & ~AUTH_MASK_ALL) == 0;
}

static bool premium_row_valid(const struct gj_premium_row *row)
{
    if (row->amount == 0) {
        return row->year == 0 && row->product == 0 && row->from_day == 0 && row->to_day == 0;
    }
    return row->amount >= 1 && row->amount <= GJ_AMOUNT_MAX && row->year >= YEAR_FIRST &&
           row->year <= YEAR_LAST && row->product >= 1 && row->product <= GJ_PRODUCTS_MAX &&
           row->from_day <= row->to_day;
}

static bool premiums_valid(const struct gj_policy *p)
{
    for (unsigned i = 0; i < GJ_PREMIUM_ROWS_MAX; i++) {
        const struct gj_premium_row *row = &p->premiums[i];
        if (!premium_row_valid(row)) return false;
        for (unsigned j = 0; row->amount != 0 && j < i; j++) {
            if (p->premiums[j].year == row->year && p->premiums[j].product == row->product) {
                return false;
            }
        }
    }
    return true;
}

bool policy_valid(const struct gj_policy *p)
{
    return limits_valid(p) && times_valid(p) && choices_valid(p) && masks_valid(p) &&
           premiums_valid(p);
}

/* Bytes of the UTF-8 character at `s`, of which `left` can be read, or 0 if it is none. */
static size_t utf8_length(const uint8_t *s, size_t left)
{
    if (s[0] < 0x80) return s[0] >= 0x20 && s[0] != 0x7F ? 1 : 0;
    size_t length = s[0] >= 0xC2 && s[0] <= 0xDF   ? 2
                    : s[0] >= 0xE0 && s[0] <= 0xEF ? 3
                    : s[0] >= 0xF0 && s[0] <= 0xF4 ? 4
                                                   : 0;
    if (length == 0 || length > left) return 0;
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80) return 0;
    }
    /* Overlong forms, surrogates, beyond U+10FFFF. */
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
        (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F)) {
        return 0;
    }
    return length;
}

static bool name_valid(const char *name, size_t size)
{
    const uint8_t *bytes = (const uint8_t *)name;
    size_t at = 0;
    while (at < size && bytes[at] != 0) {
        size_t length = utf8_length(bytes + at, size - at);
        if (length == 0) return false;
        at += length;
    }
    if (at == size) return false; /* no zero byte at the end */
    for (; at < size; at++) {
        if (bytes[at] != 0) return false;
    }
    return true;
}

bool region_names_valid(const struct gj_region_ext *ext)
{
    return name_valid(ext->province, sizeof(ext->province)) &&
           name_valid(ext->name, sizeof(ext->name)) && ext->name[0] != 0;
}
