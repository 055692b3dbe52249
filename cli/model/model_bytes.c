/* cli/model/model_bytes.c -- the model's reading of single fields: 10, 11, 13, 14. */
#include <string.h>

#include "cli/model/model.h"

static bool any_byte_set(const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (((const uint8_t *)bytes)[i] != 0) return true;
    }
    return false;
}

static bool region_reserved_set(const struct gj_region_ext *ext)
{
    if (any_byte_set(ext->reserved, sizeof(ext->reserved))) return true;
    if (any_byte_set(ext->policy.reserved, sizeof(ext->policy.reserved))) return true;
    for (unsigned i = 0; i < GJ_PREMIUM_ROWS_MAX; i++) {
        if (ext->policy.premiums[i].reserved != 0) return true;
    }
    return false;
}

static bool institution_code_bad(const char code[16])
{
    bool ended = false;
    for (unsigned i = 0; i < 16; i++) {
        if (code[i] == 0) {
            ended = true;
        } else if (ended || code[i] <= 0x20 || code[i] > 0x7E) {
            return true;
        }
    }
    return false;
}

static bool sources_bad(uint8_t kind)
{
    unsigned a = kind & 3u, b = kind >> 2 & 3u, c = kind >> 4 & 3u;
    if (kind >> 6 != 0) return true;
    if (a == 0 || (b == 0 && c != 0)) return true;
    if (a == b || a == c) return true;
    return b != 0 && b == c;
}

static bool lists_relative(uint8_t kind)
{
    for (unsigned i = 0; i < 3; i++) {
        if ((kind >> (2 * i) & 3) == GJ_SOURCE_RELATIVE) return true;
    }
    return false;
}

static bool in(int64_t value, int64_t from, int64_t to)
{
    return value >= from && value <= to;
}

/* `bad` is 13, `zero` 14. What an operation does not name must be zero. */
struct verdict {
    bool bad, reserved;
};

static void check_set_region(const struct gj_op *op, struct verdict *v)
{
    v->bad |= !in(op->arg, 1, 1023) || !in(op->amount, 1, UINT32_MAX);
    v->reserved |= op->person != 0 || op->kind != 0 || op->detail != 0 || op->flags != 0;
    v->reserved |= region_reserved_set((const struct gj_region_ext *)(op + 1));
    for (unsigned line = 1; line <= 6; line++) v->bad |= memcmp(op + line, "gnjilog1", 8) == 0;
}

static void check_set_institution(const struct gj_op *op, struct verdict *v)
{
    const struct gj_institution_ext *ext = (const struct gj_institution_ext *)(op + 1);
    v->bad |= op->other == 0 || !in(op->arg, 1, 1023) || !in(op->kind, 1, 2);
    v->bad |= !in(op->detail, 1, 31) || institution_code_bad(ext->code);
    v->reserved |= op->person != 0 || op->amount != 0;
    v->reserved |= (op->flags & ~(GJ_FLAG_WALLET | GJ_FLAG_SUSPENDED)) != 0;
    v->reserved |= any_byte_set(ext->reserved, sizeof(ext->reserved));
}

static void check_update(const struct gj_op *op, struct verdict *v)
{
    v->bad |= op->person == 0 || op->amount != 0 || op->kind > 2 || op->detail > 2;
    v->reserved |= (op->flags & ~(GJ_FLAG_PHONE | GJ_FLAG_SPECIAL_SET | GJ_FLAG_SPECIAL)) != 0;
    if (op->flags & GJ_FLAG_PHONE) {
        v->bad |= op->other == 0;
    } else {
        v->reserved |= op->other != 0;
    }
    v->reserved |= (op->flags & GJ_FLAG_SPECIAL) != 0 && (op->flags & GJ_FLAG_SPECIAL_SET) == 0;
}

static void check_pay(const struct gj_op *op, struct verdict *v)
{
    v->bad |= op->person == 0 || op->other == 0 || sources_bad(op->kind);
    v->bad |= !in(op->detail, 1, 5) || op->auth > GJ_AUTH_CARD;
    v->reserved |= op->arg != 0 || (op->flags & ~GJ_FLAG_PARTIAL) != 0;
    uint64_t relative = 0;
    if (op->ext_count == 1) {
        const struct gj_pay_ext *ext = (const struct gj_pay_ext *)(op + 1);
        relative = ext->relative;
        v->bad |= !in(ext->personal_part, 0, GJ_AMOUNT_MAX);
        v->reserved |= op->type == GJ_OP_PAY && ext->timeout_s != 0;
        v->reserved |= any_byte_set(ext->reserved, sizeof(ext->reserved));
    }
    if (lists_relative(op->kind)) {
        v->bad |= relative == 0;
    } else {
        v->reserved |= relative != 0;
    }
}

/* The extension line of what is on an original. */
static void check_original(const struct gj_op *op, struct verdict *v)
{
    const struct gj_original_ext *ext = (const struct gj_original_ext *)(op + 1);
    v->bad |= !any_byte_set(&ext->rid, sizeof(ext->rid));
    v->bad |= model_same_rid(&ext->rid, &op->rid);
    v->reserved |= any_byte_set(ext->reserved, sizeof(ext->reserved));
}

static void check_other_types(const struct gj_op *op, struct verdict *v)
{
    bool arg = false, amount = false, other = false, kind = false, detail = false, auth = false;
    uint8_t flags = 0;
    v->bad |= op->person == 0;
    switch (op->type) {
    case GJ_OP_OPEN_PERSON:
        v->bad |= !in(op->arg, 1, 1023) || !in(op->kind, 1, 2) || !in(op->detail, 1, 2);
        arg = kind = detail = true;
        flags = GJ_FLAG_SPECIAL;
        break;
    case GJ_OP_CONFIRM_WALLET:
        v->bad |= !in(op->arg, 1, 1023) || op->auth > GJ_AUTH_CARD;
        arg = other = auth = true;
        break;
    case GJ_OP_BIND:
        v->bad |= op->other == 0 || !in(op->kind, 1, 8) || !in(op->amount, -1, GJ_AMOUNT_MAX) ||
                  op->auth > GJ_AUTH_CARD;
        other = amount = kind = auth = true;
        break;
    case GJ_OP_UNBIND:
        v->bad |= op->other == 0;
        other = true;
        break;
    case GJ_OP_SET_CAP:
        v->bad |= !in(op->amount, -1, GJ_AMOUNT_MAX) || op->auth > GJ_AUTH_CARD;
        other = amount = auth = true;
        break;
    case GJ_OP_DEPOSIT: amount = true; break;
    case GJ_OP_TRANSFER:
        v->bad |= op->other == 0 || !in(op->kind, 1, 2) || op->auth > GJ_AUTH_CARD;
        other = amount = kind = auth = true;
        break;
    case GJ_OP_PAY_PREMIUM:
        v->bad |= op->other == 0 || !in(op->arg, 2000, 2200) || !in(op->kind, 1, 2) ||
                  !in(op->detail, 1, 8);
        other = amount = arg = kind = detail = true;
        break;
    case GJ_OP_ACCEPT:
    case GJ_OP_RETURN:
        v->bad |= op->other == 0;
        other = true;
        break;
    case GJ_OP_CAPTURE:
        amount = true;
        flags = GJ_FLAG_FINAL;
        break;
    case GJ_OP_REFUND: amount = true; break;
    case GJ_OP_RELEASE:
    case GJ_OP_REVERSE: break;
    case GJ_OP_CHANGE_REGION:
        v->bad |= !in(op->arg, 1, 1023) || op->auth > GJ_AUTH_CARD;
        arg = auth = true;
        break;
    case GJ_OP_CLOSE_PERSON:
        v->bad |= op->detail > GJ_PAYOUT_CASH;
        detail = true;
        break;
    default: /* SUSPEND, RESUME */
        v->bad |= op->detail > GJ_USE_ALL;
        detail = true;
        break;
    }
    v->reserved |= (!arg && op->arg != 0) || (!amount && op->amount != 0);
    v->reserved |= (!other && op->other != 0) || (!kind && op->kind != 0);
    v->reserved |= (!detail && op->detail != 0) || (!auth && op->auth != 0);
    v->reserved |= (op->flags & ~flags) != 0;
}

unsigned model_check_bytes(const struct gj_op *op)
{
    struct verdict v = {0};
    switch (op->type) {
    case GJ_OP_SET_REGION:
        if (op->ext_count != 6) return GJ_MALFORMED;
        v.reserved |= op->auth != 0;
        check_set_region(op, &v);
        break;
    case GJ_OP_SET_INSTITUTION:
        if (op->ext_count != 1) return GJ_MALFORMED;
        v.reserved |= op->auth != 0;
        check_set_institution(op, &v);
        break;
    case GJ_OP_PAY:
    case GJ_OP_HOLD:
        if (op->ext_count > 1) return GJ_MALFORMED;
        check_pay(op, &v);
        break;
    case GJ_OP_UPDATE_PERSON:
        if (op->ext_count != 0) return GJ_MALFORMED;
        v.reserved |= op->auth != 0;
        check_update(op, &v);
        break;
    case GJ_OP_OPEN_PERSON:
    case GJ_OP_CONFIRM_WALLET:
    case GJ_OP_BIND:
    case GJ_OP_UNBIND:
    case GJ_OP_SET_CAP:
    case GJ_OP_DEPOSIT:
    case GJ_OP_TRANSFER:
    case GJ_OP_PAY_PREMIUM:
    case GJ_OP_SUSPEND:
    case GJ_OP_RESUME:
    case GJ_OP_CHANGE_REGION:
    case GJ_OP_CLOSE_PERSON:
        if (op->ext_count != 0) return GJ_MALFORMED;
        check_other_types(op, &v);
        break;
    case GJ_OP_ACCEPT:
    case GJ_OP_RETURN:
    case GJ_OP_CAPTURE:
    case GJ_OP_RELEASE:
    case GJ_OP_REFUND:
    case GJ_OP_REVERSE:
        if (op->ext_count != 1) return GJ_MALFORMED;
        check_other_types(op, &v);
        check_original(op, &v);
        break;
    default: return GJ_UNKNOWN_OP;
    }
    if (v.bad) return GJ_BAD_FIELD;
    return v.reserved ? GJ_RESERVED_NONZERO : 0;
}
