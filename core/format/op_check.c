/* core/format/op_check.c -- checks the fields of an operation by its row of GJ_OP_MAP. */
#include "core/format/op_check.h"

#include <string.h>

#include "core/format/log_format.h"
#include "core/format/op_traits.h"

/* What was found so far; the lower code wins at the end. */
struct findings {
    bool bad;      /* 13 */
    bool reserved; /* 14 */
};

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

static inline void check_other(struct findings *found, const struct gj_op *op,
                               const struct op_traits *traits)
{
    if (LIKELY(traits->is & GJ_OP_OTHER)) {
        found->bad |= op->other == 0;
        return;
    }
    switch ((enum op_other_rule)traits->other) {
    case OP_OTHER_UNUSED: found->reserved |= op->other != 0; return;
    case OP_OTHER_ANY: return;
    case OP_OTHER_PHONE: /* zero would clear the mark of an overdue profile without any data */
        if (op->flags & GJ_FLAG_PHONE)
            found->bad |= op->other == 0;
        else
            found->reserved |= op->other != 0;
        return;
    }
    UNREACHABLE("rule of other");
}

static inline void check_amount(struct findings *found, int64_t amount,
                                const struct op_traits *traits)
{
    if (LIKELY(traits->is & GJ_OP_MONEY)) return; /* 35 and 36 */
    switch ((enum op_amount_rule)traits->amount) {
    case OP_AMOUNT_UNUSED: found->reserved |= amount != 0; return;
    case OP_AMOUNT_CAP: found->bad |= amount < -1 || amount > GJ_AMOUNT_MAX; return;
    case OP_AMOUNT_VERSION: found->bad |= amount < 1 || amount > (int64_t)UINT32_MAX; return;
    case OP_AMOUNT_FIXED: found->bad |= amount != 0; return;
    }
    UNREACHABLE("rule of amount");
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

/* The lines of operations that are neither payments nor on an original. */
static void check_lines(struct findings *found, const struct gj_op *op)
{
    if (op->type == GJ_OP_SET_REGION)
        check_region(found, op);
    else if (op->type == GJ_OP_SET_INSTITUTION)
        check_institution(found, op);
    else
        ASSERT(op->ext_count == 0);
}

uint8_t op_check_fields(const struct gj_op *op)
{
    const struct op_traits *traits = &op_traits[op->type];
    if (!traits->known || (traits->is & GJ_OP_INTERNAL)) return GJ_UNKNOWN_OP;
    if (op->ext_count < traits->ext_min || op->ext_count > traits->ext_max) return GJ_MALFORMED;

    struct findings found = {false, false};
    if (traits->is & GJ_OP_PERSON)
        found.bad = op->person == 0;
    else
        found.reserved = op->person != 0;
    check_other(&found, op, traits);
    check_amount(&found, op->amount, traits);
    check_range(&found, op->arg, traits->arg.min, traits->arg.max);
    check_range(&found, op->kind, traits->kind.min, traits->kind.max);
    check_range(&found, op->detail, traits->detail.min, traits->detail.max);
    check_range(&found, op->auth, 0, traits->is & GJ_OP_AUTH ? GJ_AUTH_CARD : 0);
    found.reserved |= (op->flags & ~(unsigned)traits->flags) != 0;
    /* Whether a person is special may only be said together with the flag that it is given. */
    found.reserved |= (traits->flags & GJ_FLAG_SPECIAL_SET) != 0 &&
                      (op->flags & (GJ_FLAG_SPECIAL | GJ_FLAG_SPECIAL_SET)) == GJ_FLAG_SPECIAL;

    if (traits->is & GJ_OP_SOURCES)
        check_pay(&found, op);
    else if (traits->is & GJ_OP_ORIGINAL)
        check_original(&found, op);
    else
        check_lines(&found, op);
    if (found.bad) return GJ_BAD_FIELD;
    return found.reserved ? GJ_RESERVED_NONZERO : 0;
}

bool op_check_rid(const struct gj_rid *rid)
{
    uint64_t ms = 0;
    for (unsigned i = 0; i < 6; i++) ms = ms << 8 | rid->bytes[i];
    uint64_t seconds = ms >> 16;
    return ms >= GJ_RID_FIRST_MS &&
           (seconds < GJ_RID_SECONDS_FIRST || seconds > GJ_RID_SECONDS_LAST);
}

uint8_t op_check_request(const struct gj_op *op)
{
    if (op_is(op->type, GJ_OP_MONEY)) {
        if (op->amount < 1) return GJ_AMOUNT_NOT_POSITIVE;
        if (op->amount > GJ_AMOUNT_MAX) return GJ_AMOUNT_OVER_MAX;
    }
    if (op->type == GJ_OP_TRANSFER && op->person == op->other) return GJ_SELF_TRANSFER;
    return 0;
}
