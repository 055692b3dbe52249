/* cli/model/model_policy.c -- the model's reading of a region's names and policy by themselves:
 * 68. */
#include "cli/model/model.h"

/* Padded with zeros behind the text, at least one of them. */
static bool text_ends(const char *text, uint32_t size)
{
    bool ended = false;
    for (uint32_t i = 0; i < size; i++) {
        if (ended && text[i] != 0) return false;
        if (text[i] == 0) ended = true;
    }
    return ended;
}

static bool utf8_without_controls(const char *text)
{
    const uint8_t *at = (const uint8_t *)text;
    while (*at != 0) {
        uint32_t character, more;
        if (*at < 0x80) {
            character = *at;
            more = 0;
        } else if (*at >= 0xC0 && *at < 0xE0) {
            character = *at & 0x1Fu;
            more = 1;
        } else if (*at >= 0xE0 && *at < 0xF0) {
            character = *at & 0x0Fu;
            more = 2;
        } else if (*at >= 0xF0 && *at < 0xF8) {
            character = *at & 0x07u;
            more = 3;
        } else {
            return false;
        }
        for (uint32_t i = 1; i <= more; i++) {
            if ((at[i] & 0xC0) != 0x80) return false;
            character = character << 6 | (at[i] & 0x3Fu);
        }
        static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
        if (character < smallest[more] || character > 0x10FFFF) return false;
        if (character >= 0xD800 && character <= 0xDFFF) return false;
        if (character < 0x20 || character == 0x7F) return false;
        at += 1 + more;
    }
    return true;
}

static bool premium_rows_valid(const struct gj_policy *p)
{
    for (unsigned i = 0; i < GJ_PREMIUM_ROWS_MAX; i++) {
        const struct gj_premium_row *row = &p->premiums[i];
        if (row->amount == 0) {
            if (row->year != 0 || row->product != 0 || row->from_day != 0 || row->to_day != 0) {
                return false;
            }
            continue;
        }
        if (row->amount < 0 || row->amount > GJ_AMOUNT_MAX) return false;
        if (row->year < 2000 || row->year > 2200) return false;
        if (row->product < 1 || row->product > 8) return false;
        if (row->from_day > row->to_day) return false;
        for (unsigned j = 0; j < i; j++) {
            const struct gj_premium_row *before = &p->premiums[j];
            if (before->amount != 0 && before->year == row->year &&
                before->product == row->product) {
                return false;
            }
        }
    }
    return true;
}

static bool policy_valid_by_itself(const struct gj_policy *p)
{
    if (p->wallet_open > 1 || p->region_change_enabled > 1) return false;
    if (p->local_sharing_enabled > 1) return false;
    if (p->payer_mask_personal > 3 || p->payer_mask_wallet > 3 || p->beneficiary_mask > 3) {
        return false;
    }
    if (p->max_members < 1 || p->max_members > 7) return false;
    if (p->quota_bp > 10000 || p->quota_base > 2) return false;
    if (p->outpatient_single_fen < -1 || p->outpatient_single_fen > GJ_AMOUNT_MAX) return false;
    if (p->special_single_fen < -1 || p->special_single_fen > GJ_AMOUNT_MAX) return false;
    if (p->transfer_single_fen < 0 || p->transfer_single_fen > GJ_AMOUNT_MAX) return false;
    if (p->one_outstanding > 1 || p->receive_mode > 1) return false;
    if (p->service_from_minute >= p->service_to_minute) return false;
    if (p->service_to_minute > 1440 || p->pending_expiry_minute >= 1440) return false;
    if (p->purpose_mask_wallet > 31 || p->purpose_mask_personal > 31) return false;
    if (p->purpose_mask_relative > 31) return false;
    if (p->place_rule > 2 || p->cross_region_pay > 2 || p->cross_region_transfer > 1) return false;
    if (p->auth_mask_transfer > 15 || p->auth_mask_pay > 15 || p->auth_mask_bind > 15) return false;
    if (p->profile_overdue > 1 || p->unbind_forgets_draws > 1) return false;
    return premium_rows_valid(p);
}

bool model_region_ext_valid(const struct gj_region_ext *ext)
{
    if (!text_ends(ext->province, sizeof(ext->province))) return false;
    if (!text_ends(ext->name, sizeof(ext->name))) return false;
    if (ext->name[0] == 0) return false;
    if (!utf8_without_controls(ext->province) || !utf8_without_controls(ext->name)) return false;
    return policy_valid_by_itself(&ext->policy);
}
