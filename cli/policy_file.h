/* cli/policy_file.h -- policy sets: data/policies/NAME.policy, `field = value` a line. */
#ifndef CLI_POLICY_FILE_H
#define CLI_POLICY_FILE_H

#include <stdbool.h>

#include "policy.h"

#define POLICY_LATER_MAX  8u
#define POLICY_ERROR_SIZE 512u

struct policy_set {
    struct gj_policy policy;
    unsigned later_count; /* lines `later FIELD = VALUE`: part of the set, not enforced */
    char later[POLICY_LATER_MAX][96];
};

/* Reads DIRECTORY/policies/NAME.policy and the set it is based on. False: `error` is one line
 * naming file and line. */
bool policy_set_read(const char *directory, const char *name, struct policy_set *set,
                     char error[POLICY_ERROR_SIZE]);

#endif
