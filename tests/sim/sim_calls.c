/* tests/sim/sim_calls.c -- counts the calls of the process: which one fails, which one is the last.
 */
#include <errno.h>
#include <string.h>

#include "tests/sim/sim_parts.h"

#define KINDS   12u
#define CALL_US 1u

static struct {
    uint64_t count[KINDS];
    uint32_t fail_calls, crash_calls;
    uint64_t fail_in, crash_in; /* 0 = disarmed */
    int fail_error;
    bool from_then_on;
    enum sim_crash crash_how;
    bool crash_in_middle;
    char failed[32];
    uint64_t in_run;
} calls;

void call_reset(void)
{
    memset(&calls, 0, sizeof(calls));
}

void call_run_begins(void)
{
    calls.in_run = 0;
    calls.crash_in_middle = false;
}

void sim_fail_at(uint32_t which, uint64_t nth, int error, bool from_then_on)
{
    calls.fail_calls = which;
    calls.fail_in = nth;
    calls.fail_error = error;
    calls.from_then_on = from_then_on;
    calls.failed[0] = 0;
}

void sim_crash_at(uint32_t which, uint64_t nth, enum sim_crash how)
{
    calls.crash_calls = which;
    calls.crash_in = nth;
    calls.crash_how = how;
}

uint64_t sim_calls(uint32_t which)
{
    uint64_t ret = 0;
    for (unsigned i = 0; i < KINDS; i++) {
        if ((which >> i & 1) != 0) ret += calls.count[i];
    }
    return ret;
}

const char *sim_failed_call(void)
{
    return calls.failed;
}

static bool crash_is_due(enum sim_calls kind)
{
    if ((calls.crash_calls & kind) == 0 || calls.crash_in == 0) return false;
    return --calls.crash_in == 0;
}

static int failure(enum sim_calls kind, const char *name)
{
    if ((calls.fail_calls & kind) == 0 || calls.fail_in == 0) return 0;
    if (calls.fail_in > 1) {
        calls.fail_in--;
        return 0;
    }
    if (!calls.from_then_on) calls.fail_in = 0;
    if (calls.failed[0] == 0) strncpy(calls.failed, name, sizeof(calls.failed) - 1);
    return -calls.fail_error;
}

int call_begin(enum sim_calls kind, const char *name)
{
    calls.count[__builtin_ctz(kind)]++;
    world_trace(kind, sim_calls(SIM_CALLS_ALL));
    if (++calls.in_run > SIM_CALLS_MAX) process_end(SIM_STUCK, 0, "it turns for ever");
    if (crash_is_due(kind)) {
        calls.crash_in_middle = true;
        if ((kind & SIM_CALL_WRITE) == 0) call_middle();
    }
    world_until(sim_now_us() + CALL_US);
    return failure(kind, name);
}

void call_middle(void)
{
    if (!calls.crash_in_middle) return;
    sim_crash(calls.crash_how);
    process_check();
}
