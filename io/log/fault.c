/* io/log/fault.c -- fills a fault. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "io/log/fault.h"

bool log_fault_set(struct log_fault *fault, int exit_code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(fault->line, sizeof(fault->line), format, args);
    va_end(args);
    fault->exit_code = exit_code;
    return false;
}

bool log_fault_errno(struct log_fault *fault, const char *doing, const char *dir, const char *name)
{
    int error = errno;
    const char *slash = name[0] != 0 ? "/" : "";
    if (error == EACCES || error == EPERM) {
        return log_fault_set(fault, 77, "cannot %s %s%s%s: %s; let the server's user own it", doing,
                             dir, slash, name, strerror(error));
    }
    return log_fault_set(fault, 74, "cannot %s %s%s%s: %s", doing, dir, slash, name,
                         strerror(error));
}
