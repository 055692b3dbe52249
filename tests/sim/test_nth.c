/* tests/sim/test_nth.c -- every single call fails once as the 1st, 2nd, 3rd ... until a run is
 * clean: a new log, a short load, a stop, a second start with the same. Then a start without
 * faults, which must serve and have all that was acknowledged, once. The same with a crash at the
 * m-th write.
 *
 *   test_nth [--full | --only CASE]
 *
 * Without --full, crashes are at some of the writes. A failure prints the CASE. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/sim/short_load.h"

#define SEED       7u
#define CALLS_MAX  2000u /* more than any run here makes */
#define CROSS_STEP 5u    /* without --full: each so manieth write */

static const struct sweep {
    const char *name;
    uint32_t calls;
    int error;
} sweeps[] = {
    {"eio", SIM_CALLS_FILE, EIO},
    {"enospc", SIM_CALL_WRITE | SIM_CALL_ROOM | SIM_CALL_OPEN | SIM_CALL_NAME, ENOSPC},
    {"emfile", SIM_CALL_OPEN | SIM_CALL_SOCKET, EMFILE},
    {"eacces", SIM_CALL_OPEN | SIM_CALL_NAME | SIM_CALL_LOCK, EACCES},
    {"enomem", SIM_CALL_MEMORY, ENOMEM},
    {"ring", SIM_CALL_RING | SIM_CALL_SOCKET, ENOMEM},
};
#define SWEEPS (sizeof(sweeps) / sizeof(sweeps[0]))

struct plan {
    unsigned sweep;
    bool from_then_on;
    uint64_t nth;
    uint64_t crash_write; /* 0 = none */
    enum sim_crash how;
};

static struct {
    uint64_t runs, clean_stops, refusals, crashes, failures;
    uint64_t codes[128];
} stats;

static bool complain(const struct plan *p, const char *when, const struct sim_run *end,
                     const char *what)
{
    printf("%s: %s (ended %d, exit code %d, %s; failed call: %s)\n", when, what, (int)end->end,
           end->exit_code, end->text, sim_failed_call());
    printf("it said: %s\n", sim_console());
    printf("repeat: test_nth --only %s,%d,%" PRIu64 ",%" PRIu64 ",%d\n", sweeps[p->sweep].name,
           p->from_then_on, p->nth, p->crash_write, (int)p->how);
    stats.failures++;
    return false;
}

static bool code_is_known(int code)
{
    return code == 0 || code == 74 || code == 75 || code == 77 || code == 78;
}

/* A start in which things fail. */
static bool faulty_life(const struct plan *p, struct short_load *load, const char *when)
{
    struct sim_run end;
    short_load_boot(load, false);
    sim_boot(sim_arguments, &end);
    if (load->fault[0] != 0) return complain(p, when, &end, load->fault);
    if (end.end == SIM_CRASHED) {
        stats.crashes++;
        return true;
    }
    if (end.end != SIM_EXITED) return complain(p, when, &end, "no clean end");
    if (!code_is_known(end.exit_code)) return complain(p, when, &end, "an unknown exit code");
    stats.codes[end.exit_code]++;
    if (end.exit_code != 0) {
        stats.refusals++;
        if (strstr(sim_console(), "Z ERROR ") == NULL)
            return complain(p, when, &end, "nothing said why");
        if (sim_failed_call()[0] == 0) return complain(p, when, &end, "stopped without a fault");
        return true;
    }
    stats.clean_stops++;
    if (!load->done && !load->turned_away)
        return complain(p, when, &end, "stopped cleanly without having served");
    return true;
}

static bool last_life(const struct plan *p, struct short_load *load)
{
    struct sim_run end;
    sim_fail_at(0, 0, 0, false);
    sim_crash_at(0, 0, SIM_KILL);
    short_load_boot(load, true);
    sim_boot(sim_arguments, &end);
    if (load->fault[0] != 0) return complain(p, "last start", &end, load->fault);
    if (end.end != SIM_EXITED || end.exit_code != 0)
        return complain(p, "last start", &end, "no clean stop of a server without faults");
    if (!load->done) return complain(p, "last start", &end, "it did not serve");
    return true;
}

/* *ret_clean: neither the failure nor the crash was reached. */
static bool run_plan(const struct plan *p, bool *ret_clean)
{
    static struct short_load load;
    const struct sweep *sweep = &sweeps[p->sweep];
    stats.runs++;
    sim_reset(SEED + p->nth);
    short_load_init(&load);
    sim_fail_at(sweep->calls, p->nth, sweep->error, p->from_then_on);
    sim_crash_at(SIM_CALL_WRITE, p->crash_write, p->how);
    if (!faulty_life(p, &load, "first start")) return false;
    if (p->how == SIM_POWER && p->crash_write != 0) sim_crash(SIM_POWER);
    if (!faulty_life(p, &load, "second start")) return false;
    *ret_clean = sim_failed_call()[0] == 0;
    return last_life(p, &load);
}

/* Until a run is clean. */
static bool sweep_up(struct plan p)
{
    bool clean = false;
    for (p.nth = 1; !clean; p.nth++) {
        if (p.nth > CALLS_MAX) {
            printf("%s: more than %u calls fail and no run is clean\n", sweeps[p.sweep].name,
                   CALLS_MAX);
            stats.failures++;
            return false;
        }
        if (!run_plan(&p, &clean)) return false;
    }
    return true;
}

/* Writes of a run in which nothing fails. */
static uint64_t count_writes(void)
{
    const struct plan plain = {.sweep = 0};
    bool clean = false;
    if (!run_plan(&plain, &clean)) return 0;
    return sim_calls(SIM_CALL_WRITE);
}

static bool all(bool full)
{
    for (unsigned s = 0; s < SWEEPS; s++) {
        for (int forever = 0; forever < 2; forever++) {
            if (!sweep_up((struct plan){.sweep = s, .from_then_on = forever != 0})) return false;
        }
    }
    uint64_t writes = count_writes(), step = full ? 1 : CROSS_STEP;
    if (writes == 0) return false;
    for (uint64_t m = 1; m <= writes; m += step) {
        for (int how = SIM_KILL; how <= SIM_POWER; how++) {
            struct plan p = {.sweep = 0, .crash_write = m, .how = (enum sim_crash)how};
            if (!sweep_up(p)) return false;
        }
    }
    return true;
}

static bool only(const char *text)
{
    struct plan p = {0};
    char name[16];
    int forever, how;
    bool clean;
    if (sscanf(text, "%15[a-z],%d,%" SCNu64 ",%" SCNu64 ",%d", name, &forever, &p.nth,
               &p.crash_write, &how) != 5) {
        fputs("test_nth: --only wants a CASE as a failure prints it\n", stderr);
        exit(64);
    }
    while (p.sweep < SWEEPS && strcmp(sweeps[p.sweep].name, name) != 0) p.sweep++;
    if (p.sweep == SWEEPS) {
        fprintf(stderr, "test_nth: there is no sweep `%s`\n", name);
        exit(64);
    }
    p.from_then_on = forever != 0;
    p.how = (enum sim_crash)how;
    return run_plan(&p, &clean);
}

int main(int argc, char **argv)
{
    bool full = argc == 2 && strcmp(argv[1], "--full") == 0;
    bool one = argc == 3 && strcmp(argv[1], "--only") == 0;
    if (argc > 1 && !full && !one) {
        fputs("usage: test_nth [--full | --only CASE]\n", stderr);
        return 64;
    }
    clock_t begun = clock();
    bool good = one ? only(argv[2]) : all(full);
    double seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
    sim_free();
    printf("%" PRIu64 " runs (%.0f/s): %" PRIu64 " clean stops, %" PRIu64
           " stops with a code (74: %" PRIu64 ", 75: %" PRIu64 ", 77: %" PRIu64 ", 78: %" PRIu64
           "), %" PRIu64 " crashes\n",
           stats.runs, (double)stats.runs / seconds, stats.clean_stops, stats.refusals,
           stats.codes[74], stats.codes[75], stats.codes[77], stats.codes[78], stats.crashes);
    return good ? 0 : 1;
}
