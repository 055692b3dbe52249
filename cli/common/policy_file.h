/* cli/common/policy_file.h -- policy sets: data/policies/NAME.policy, `field = value` a line. */
#ifndef CLI_COMMON_POLICY_FILE_H
#define CLI_COMMON_POLICY_FILE_H

#include <stdbool.h>

#include "core/format/policy.h"

#define POLICY_ERROR_SIZE 512u

/* Reads DIRECTORY/policies/NAME.policy and the set it is based on. False: `error` is one line
 * naming file and line. */
bool policy_set_read(const char *directory, const char *name, struct gj_policy *ret,
                     char error[POLICY_ERROR_SIZE]);

#endif
