/* core/format/op_check.h -- what is wrong with an operation by its own bytes alone, before any
 * state is looked at. docs/OPERATIONS.md is the contract; the field table is in core/format/op.h.
 */
#ifndef CORE_FORMAT_OP_CHECK_H
#define CORE_FORMAT_OP_CHECK_H

#include "core/base/base.h"
#include "core/format/codes.h"
#include "core/format/op.h"
#include "core/format/policy.h"

/* 0, or the lowest of MALFORMED (wrong number of extension lines), UNKNOWN_OP, BAD_FIELD and
 * RESERVED_NONZERO. `op->ext_count` extension lines follow the operation in memory. What SET_REGION
 * says in its policy is judged by core/format/policy_check.h instead, as an outcome. */
NODISCARD uint8_t op_check_fields(const struct gj_op *op);

/* False for a rid whose first 48 bits cannot be Unix milliseconds: BAD_FIELD. Asked of a request
 * that is not remembered only: older logs may hold such rids. */
NODISCARD bool op_check_rid(const struct gj_rid *rid);

/* 0, or the lowest of AMOUNT_NOT_POSITIVE, AMOUNT_OVER_MAX and SELF_TRANSFER. Only for an operation
 * whose fields were accepted. */
NODISCARD uint8_t op_check_request(const struct gj_op *op);

#endif
