/* io/os/assert_fail.c -- what a broken assertion does in the programs: says where, exits with 70.
 */
#include <stdio.h>
#include <unistd.h>

#include "core/base/base.h"
#include "core/base/exit_codes.h"

void gj_assert_fail(const char *condition, const char *file, int line, const char *function)
{
    fprintf(stderr,
            "gongji: assertion failed: %s (%s:%d, %s). This is a bug; nothing after it was "
            "acknowledged. Please report it with this line.\n",
            condition, file, line, function);
    fflush(stderr);
    _exit(EXIT_BUG);
}
