/* io/log/fault.h -- what went wrong, for people: one line that says what to do, and the exit code.
 * The form in which everything below a start reports an error. */
#ifndef IO_LOG_FAULT_H
#define IO_LOG_FAULT_H

#include "core/base/base.h"

struct log_fault {
    int exit_code;
    bool no_room; /* ENOSPC or EDQUOT */
    char line[512];
};
/* Fills `fault`; always returns false, for `return log_fault_set(...)`. */
__attribute__((format(printf, 3, 4))) bool log_fault_set(struct log_fault *fault, int exit_code,
                                                         const char *format, ...);
/* The same for a failed system call: exit 77 for missing permission, else 74. */
bool log_fault_errno(struct log_fault *fault, const char *doing, const char *dir, const char *name);

#endif
