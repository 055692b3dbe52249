/* core/format/op_check.c -- the field table of core/format/op.h as data, and its check. */
#include "core/format/op_check.h"

#include <string.h>

#include "core/format/log_format.h"

enum other_rule { OTHER_UNUSED = 0, OTHER_ANY, OTHER_ID, OTHER_PHONE };
enum amount_rule { AMOUNT_UNUSED = 0, AMOUNT_FEN, AMOUNT_CAP, AMOUNT_VERSION, AMOUNT_FIXED };

/* What was found so far; the lower code wins at the end. */
struct findings {
    bool bad;      /* 13 */
    bool reserved; /* 14 */
};

static void check_region(struct findings *found, const struct gj_op *op);
static void check_institution(struct findings *found, const struct gj_op *op);
static void check_update(struct findings *found, const struct gj_op *op);
static void check_pay(struct findings *found, const struct gj_op *op);
static void check_original(struct findings *found, const struct gj_op *op);

/* A field whose maximum is 0 is unused and must be zero. */
struct op_fields {
    void (*check)(struct findings *found, const struct gj_op *op); /* its lines, and the like */
    uint8_t known;
    uint8_t ext_min, ext_max;
    uint8_t map_flags; /* GJ_OP_* */
    uint8_t flags;     /* accepted GJ_FLAG_* */
    uint8_t other;     /* enum other_rule */
    uint8_t amount;    /* enum amount_rule */
    uint8_t kind_min, kind_max;
    uint8_t detail_min, detail_max;
    uint16_t arg_min, arg_max;
};

#define REGION_MIN 1
#define REGION_MAX (GJ_REGIONS_MAX - 1)
#define OP_TYPES   32u

#define X(name, number, verb, min, max, op_flags)                                                  \
    enum { EXT_MIN_##name = (min), EXT_MAX_##name = (max), MAP_##name = (op_flags) };
GJ_OP_MAP(X)
#undef X

#define OP(name)                                                                                   \
    .known = 1, .ext_min = EXT_MIN_##name, .ext_max = EXT_MAX_##name, .map_flags = MAP_##name
/* clang-format off */
static const struct op_fields fields[OP_TYPES] = {
    [GJ_OP_SET_REGION] = {OP(SET_REGION), .check = check_region,
                          .other = OTHER_ANY, .amount = AMOUNT_VERSION,
                          .arg_min = REGION_MIN, .arg_max = REGION_MAX},
    [GJ_OP_SET_INSTITUTION] = {OP(SET_INSTITUTION), .check = check_institution,
                               .flags = GJ_FLAG_WALLET | GJ_FLAG_SUSPENDED,
                               .other = OTHER_ID, .arg_min = REGION_MIN, .arg_max = REGION_MAX,
                               .kind_min = GJ_HOSPITAL, .kind_max = GJ_PHARMACY,
                               .detail_min = 1, .detail_max = GJ_SCENARIO_MASK_ALL},
    [GJ_OP_OPEN_PERSON] = {OP(OPEN_PERSON), .flags = GJ_FLAG_SPECIAL,
                           .arg_min = REGION_MIN, .arg_max = REGION_MAX,
                           .kind_min = GJ_INSURANCE_EMPLOYEE, .kind_max = GJ_INSURANCE_RESIDENT,
                           .detail_min = GJ_STATUS_ACTIVE, .detail_max = GJ_STATUS_STOPPED},
    [GJ_OP_UPDATE_PERSON] = {OP(UPDATE_PERSON), .check = check_update,
                             .flags = GJ_FLAG_PHONE | GJ_FLAG_SPECIAL_SET | GJ_FLAG_SPECIAL,
                             .other = OTHER_PHONE, .amount = AMOUNT_FIXED, .arg_max = UINT16_MAX,
                             .kind_max = GJ_INSURANCE_RESIDENT, .detail_max = GJ_STATUS_STOPPED},
    [GJ_OP_CONFIRM_WALLET] = {OP(CONFIRM_WALLET), .other = OTHER_ANY,
                              .arg_min = REGION_MIN, .arg_max = REGION_MAX},
    [GJ_OP_BIND] = {OP(BIND), .other = OTHER_ID, .amount = AMOUNT_CAP,
                    .kind_min = GJ_SPOUSE, .kind_max = GJ_MATERNAL_GRANDCHILD},
    [GJ_OP_UNBIND] = {OP(UNBIND), .other = OTHER_ID},
    [GJ_OP_SET_CAP] = {OP(SET_CAP), .other = OTHER_ANY, .amount = AMOUNT_CAP},
    [GJ_OP_DEPOSIT] = {OP(DEPOSIT), .amount = AMOUNT_FEN},
    [GJ_OP_TRANSFER] = {OP(TRANSFER), .other = OTHER_ID, .amount = AMOUNT_FEN,
                        .kind_min = GJ_SOURCE_PERSONAL, .kind_max = GJ_SOURCE_WALLET},
    [GJ_OP_PAY] = {OP(PAY), .check = check_pay,
                   .flags = GJ_FLAG_PARTIAL, .other = OTHER_ID, .amount = AMOUNT_FEN,
                   .kind_min = GJ_SOURCE_PERSONAL, .kind_max = 0x3F,
                   .detail_min = GJ_OUTPATIENT, .detail_max = GJ_DRUG},
    [GJ_OP_PAY_PREMIUM] = {OP(PAY_PREMIUM), .other = OTHER_ID, .amount = AMOUNT_FEN,
                           .arg_min = 2000, .arg_max = 2200,
                           .kind_min = GJ_SOURCE_PERSONAL, .kind_max = GJ_SOURCE_WALLET,
                           .detail_min = 1, .detail_max = GJ_PRODUCTS_MAX},
    [GJ_OP_SUSPEND] = {OP(SUSPEND), .detail_max = GJ_USE_ALL},
    [GJ_OP_RESUME] = {OP(RESUME), .detail_max = GJ_USE_ALL},
    [GJ_OP_ACCEPT] = {OP(ACCEPT), .check = check_original,
                      .other = OTHER_ID},
    [GJ_OP_RETURN] = {OP(RETURN), .check = check_original,
                      .other = OTHER_ID},
    [GJ_OP_HOLD] = {OP(HOLD), .check = check_pay,
                    .flags = GJ_FLAG_PARTIAL, .other = OTHER_ID, .amount = AMOUNT_FEN,
                    .kind_min = GJ_SOURCE_PERSONAL, .kind_max = 0x3F,
                    .detail_min = GJ_OUTPATIENT, .detail_max = GJ_DRUG},
    [GJ_OP_CAPTURE] = {OP(CAPTURE), .check = check_original,
                       .flags = GJ_FLAG_FINAL, .amount = AMOUNT_FEN},
    [GJ_OP_RELEASE] = {OP(RELEASE), .check = check_original},
    [GJ_OP_REFUND] = {OP(REFUND), .check = check_original,
                      .amount = AMOUNT_FEN},
    [GJ_OP_REVERSE] = {OP(REVERSE), .check = check_original},
    [GJ_OP_CHANGE_REGION] = {OP(CHANGE_REGION), .arg_min = REGION_MIN, .arg_max = REGION_MAX},
    [GJ_OP_CLOSE_PERSON] = {OP(CLOSE_PERSON), .detail_max = GJ_PAYOUT_CASH},
    /* EXPIRE is the server's own: unknown to everybody else. */
};
/* clang-format on */

/* An unused field has no range but zero: min and max are 0. */
static inline void check_range(struct findings *found, unsigned value, unsigned min, unsigned max)
{
    if (LIKELY(value >= min && value <= max)) return;
    if (max == 0)
        found->reserved = true;
    else
        found->bad = true;
}

static void check_zero(struct findings *found, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) found->reserved |= bytes[i] != 0;
}

static inline void check_other(struct findings *found, const struct gj_op *op, uint8_t rule)
{
    if (LIKELY(rule == OTHER_ID && op->other != 0)) return;
    switch (rule) {
    case OTHER_UNUSED: found->reserved |= op->other != 0; break;
    case OTHER_ANY: break;
    case OTHER_ID: found->bad |= op->other == 0; break;
    case OTHER_PHONE: /* zero would clear the mark of an overdue profile without any data */
        if (op->flags & GJ_FLAG_PHONE)
            found->bad |= op->other == 0;
        else
            found->reserved |= op->other != 0;
        break;
    default: UNREACHABLE("rule of other");
    }
}

static inline void check_amount(struct findings *found, int64_t amount, uint8_t rule)
{
    if (LIKELY(rule == AMOUNT_FEN)) return; /* 35 and 36 */
    switch (rule) {
    case AMOUNT_UNUSED: found->reserved |= amount != 0; break;
    case AMOUNT_FEN: break;
    case AMOUNT_CAP: found->bad |= amount < -1 || amount > GJ_AMOUNT_MAX; break;
    case AMOUNT_VERSION: found->bad |= amount < 1 || amount > (int64_t)UINT32_MAX; break;
    case AMOUNT_FIXED: found->bad |= amount != 0; break; /* the insured region is fixed */
    default: UNREACHABLE("rule of amount");
    }
}

/* PAY and HOLD: sources in order, none twice, no gap; the extension line says whose the third one
 * is. */
static void check_pay(struct findings *found, const struct gj_op *op)
{
    unsigned seen = 0;
    bool ended = false;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        unsigned source = gj_sources_at(op->kind, i);
        if (source == GJ_SOURCE_NONE) {
            ended = true;
            continue;
        }
        found->bad |= ended || (seen & 1u << source) != 0;
        seen |= 1u << source;
    }
    bool relative_listed = (seen & 1u << GJ_SOURCE_RELATIVE) != 0;
    if (op->ext_count == 0) {
        found->bad |= relative_listed;
        return;
    }
    const struct gj_pay_ext *ext = (const struct gj_pay_ext *)(op + 1);
    if (relative_listed)
        found->bad |= ext->relative == 0;
    else
        found->reserved |= ext->relative != 0;
    found->bad |= ext->personal_part < 0 || ext->personal_part > GJ_AMOUNT_MAX;
    found->reserved |= op->type == GJ_OP_PAY && ext->timeout_s != 0;
    check_zero(found, ext->reserved, sizeof(ext->reserved));
}

/* An original is another operation, and has a rid. */
static void check_original(struct findings *found, const struct gj_op *op)
{
    static const struct gj_rid zero;
    const struct gj_original_ext *ext = (const struct gj_original_ext *)(op + 1);
    found->bad |= memcmp(&ext->rid, &zero, sizeof(zero)) == 0 ||
                  memcmp(&ext->rid, &op->rid, sizeof(op->rid)) == 0;
    check_zero(found, ext->reserved, sizeof(ext->reserved));
}

/* Printable ASCII, then zeros; all zero = the code is not known. */
static void check_institution(struct findings *found, const struct gj_op *op)
{
    const struct gj_institution_ext *ext = (const struct gj_institution_ext *)(op + 1);
    bool ended = false;
    for (size_t i = 0; i < sizeof(ext->code); i++) {
        char c = ext->code[i];
        if (c == 0)
            ended = true;
        else
            found->bad |= ended || c <= 0x20 || c >= 0x7F;
    }
    check_zero(found, ext->reserved, sizeof(ext->reserved));
}

/* No line of these may begin like a group of the log. They are logged whatever they hold (68 is an
 * outcome), could spell the rest of a header too, and recovery finds headers by their first bytes
 * wherever a block begins: behind a torn group that would be one of another log. No other line a
 * client sends has room for all that a header needs. */
static void check_region_lines(struct findings *found, const struct gj_op *op)
{
    const uint8_t *lines = (const uint8_t *)(op + 1);
    const uint64_t magic = LOG_GROUP_MAGIC;
    for (size_t i = 0; i < sizeof(struct gj_region_ext); i += GJ_RECORD_UNIT) {
        found->bad |= memcmp(lines + i, &magic, sizeof(magic)) == 0;
    }
}

static void check_region(struct findings *found, const struct gj_op *op)
{
    const struct gj_region_ext *ext = (const struct gj_region_ext *)(op + 1);
    check_region_lines(found, op);
    check_zero(found, ext->reserved, sizeof(ext->reserved));
    check_zero(found, ext->policy.reserved, sizeof(ext->policy.reserved));
    for (size_t i = 0; i < GJ_PREMIUM_ROWS_MAX; i++) {
        found->reserved |= ext->policy.premiums[i].reserved != 0;
    }
}

static void check_update(struct findings *found, const struct gj_op *op)
{
    found->reserved |= (op->flags & (GJ_FLAG_SPECIAL | GJ_FLAG_SPECIAL_SET)) == GJ_FLAG_SPECIAL;
}

uint8_t op_check_fields(const struct gj_op *op)
{
    if (op->type >= OP_TYPES || !fields[op->type].known) return GJ_UNKNOWN_OP;
    const struct op_fields *f = &fields[op->type];
    if (op->ext_count < f->ext_min || op->ext_count > f->ext_max) return GJ_MALFORMED;

    struct findings found = {false, false};
    if (f->map_flags & GJ_OP_PERSON)
        found.bad = op->person == 0;
    else
        found.reserved = op->person != 0;
    check_other(&found, op, f->other);
    check_amount(&found, op->amount, f->amount);
    check_range(&found, op->arg, f->arg_min, f->arg_max);
    check_range(&found, op->kind, f->kind_min, f->kind_max);
    check_range(&found, op->detail, f->detail_min, f->detail_max);
    check_range(&found, op->auth, 0, f->map_flags & GJ_OP_AUTH ? GJ_AUTH_CARD : 0);
    found.reserved |= (op->flags & ~(unsigned)f->flags) != 0;

    if (f->check != NULL) f->check(&found, op);
    if (found.bad) return GJ_BAD_FIELD;
    return found.reserved ? GJ_RESERVED_NONZERO : 0;
}

uint8_t op_check_request(const struct gj_op *op)
{
    if (fields[op->type].amount == AMOUNT_FEN) {
        if (op->amount < 1) return GJ_AMOUNT_NOT_POSITIVE;
        if (op->amount > GJ_AMOUNT_MAX) return GJ_AMOUNT_OVER_MAX;
    }
    if (op->type == GJ_OP_TRANSFER && op->person == op->other) return GJ_SELF_TRANSFER;
    return 0;
}
