/* core/format/policy_check.h -- whether the names and the policy of a SET_REGION make sense by
 * themselves (else 68 POLICY_INVALID; docs/OPERATIONS.md lists every condition). */
#ifndef CORE_FORMAT_POLICY_CHECK_H
#define CORE_FORMAT_POLICY_CHECK_H

#include "core/base/base.h"
#include "core/format/policy.h"

/* True if every field is in range and no two premium rows sell the same product of the same year.
 * op_check_fields() checks the reserved bytes. */
NODISCARD bool policy_valid(const struct gj_policy *policy);

/* True if name and province are zero-padded UTF-8 without control characters, each with at least
 * one zero byte at the end. The name must not be empty; an empty province means "not known". */
NODISCARD bool region_names_valid(const struct gj_region_ext *ext);

#endif
