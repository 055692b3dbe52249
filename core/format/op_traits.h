/* core/format/op_traits.h -- what each operation is, as a table: the rows of GJ_OP_MAP
 * (core/format/op.h). Whoever has to know the kind of an operation asks here. */
#ifndef CORE_FORMAT_OP_TRAITS_H
#define CORE_FORMAT_OP_TRAITS_H

#include "core/base/base.h"
#include "core/format/op.h"

/* One more than the largest number: the size of a table by type. */
enum {
#define X(...) +1
    GJ_OP_TYPES = 1 GJ_OP_MAP(X)
#undef X
};

/* What `other` may be in an operation without GJ_OP_OTHER. */
enum op_other_rule { OP_OTHER_UNUSED = 0, OP_OTHER_ANY, OP_OTHER_PHONE };
/* What `amount` is in an operation without GJ_OP_MONEY. */
enum op_amount_rule {
    OP_AMOUNT_UNUSED = 0,
    OP_AMOUNT_CAP,
    OP_AMOUNT_VERSION,
    OP_AMOUNT_FIXED /* UPDATE_PERSON: would be the insured region, which is fixed */
};

struct op_traits {
    uint16_t is;   /* GJ_OP_* */
    uint8_t known; /* 0: no operation has this number */
    uint8_t ext_min, ext_max;
    uint8_t flags;     /* GJ_FLAG_* that it accepts */
    uint8_t other;     /* enum op_other_rule */
    uint8_t amount;    /* enum op_amount_rule */
    uint8_t lines;     /* EFFECT_* of the lines its record has if it was executed */
    uint8_t lines_may; /* and of those that it may have */
    /* Both included; {0, 0} = the field is unused and must be zero. */
    struct {
        uint8_t min, max;
    } kind, detail;
    struct {
        uint16_t min, max;
    } arg;
};

extern const struct op_traits op_traits[256];

/* True if the operation is all of `is` (GJ_OP_*). */
static inline bool op_is(uint8_t type, unsigned is)
{
    return (op_traits[type].is & is) == is;
}

/* The rid in the extension line of an operation on an original; NULL for all others, and for one
 * whose number of lines is wrong. The lines follow the operation in memory. */
static inline const struct gj_rid *op_original(const struct gj_op *op)
{
    if (LIKELY(!op_is(op->type, GJ_OP_ORIGINAL)) || op->ext_count != 1) return NULL;
    return &((const struct gj_original_ext *)(const void *)(op + 1))->rid;
}

#endif
