/* tests/sim/test_sim.c -- the server on a simulated machine, run after run, each from its seed.
 *
 *   test_sim [--seed N] [--runs N] [--seconds S] [--profile NAME] [--trace]
 *
 * Seconds are those of the processor. A run is a short history of a few clients and a few lives of
 * one server: docs/TESTING.md. Without
 * --profile the seed says which: crash, disk, damage. The first fault ends the program: it prints
 * what broke, the last events, and the command that repeats the run. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/sim/run.h"

#define EXIT_BAD_USE 64
#define REPEAT_EVERY 100u

struct options {
    uint64_t seed, runs;
    double seconds; /* 0 = as many runs as asked for */
    int profile;    /* -1 = by seed */
    bool trace;
};

static bool number(const char *text, uint64_t *ret)
{
    char *end;
    *ret = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0';
}

static int profile_of(const char *name)
{
    for (int i = 0; i < PROFILES; i++) {
        if (strcmp(name, profile_names[i]) == 0) return i;
    }
    return -1;
}

static bool take(struct options *o, const char *name, const char *value)
{
    uint64_t n = 0;
    if (strcmp(name, "--profile") == 0) return (o->profile = profile_of(value)) >= 0;
    if (!number(value, &n)) return false;
    if (strcmp(name, "--seed") == 0) {
        o->seed = n;
    } else if (strcmp(name, "--runs") == 0) {
        o->runs = n;
    } else if (strcmp(name, "--seconds") == 0) {
        o->seconds = (double)n;
        o->runs = UINT64_MAX;
    } else {
        return false;
    }
    return true;
}

static bool read_options(int argc, char **argv, struct options *ret)
{
    *ret = (struct options){.seed = 1, .runs = 1000, .profile = -1};
    bool good = true;
    for (int i = 1; i < argc && good; i++) {
        if (strcmp(argv[i], "--trace") == 0) {
            ret->trace = true;
        } else {
            good = i + 1 < argc && take(ret, argv[i], argv[i + 1]);
            i++;
        }
    }
    if (good && ret->runs > 0) return true;
    fprintf(stderr, "test_sim: use [--seed N] [--runs N] [--seconds S] "
                    "[--profile crash|disk|damage] [--trace]\n");
    return false;
}

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static enum profile profile_by_seed(uint64_t seed)
{
    switch (seed % 5) {
    case 3: return PROFILE_DISK;
    case 4: return PROFILE_DAMAGE;
    default: return PROFILE_CRASH;
    }
}

/* Now and then the same seed once more: it must be the same run. */
static bool repeats(struct run *r, uint64_t seed, enum profile profile)
{
    const struct run_stats stats = r->stats;
    uint64_t trace = sim_trace();
    bool good = run_seed(r, seed, profile);
    bool same = trace == sim_trace();
    r->stats = stats;
    if (good && !same) run_fault(r, "the same seed gave another run");
    return good && same;
}

static bool one_run(struct run *r, uint64_t number, uint64_t seed, enum profile profile)
{
    if (!run_seed(r, seed, profile)) return false;
    return number % REPEAT_EVERY != 0 || repeats(r, seed, profile);
}

/* Of a core: in all, and of the short histories. */
struct times {
    double all, of_short;
    uint64_t short_runs;
};

static void report(const struct run_stats *f, const struct options *o, const struct times *t)
{
    double seconds = t->all;
    printf("ok sim: %" PRIu64 " runs from seed %" PRIu64
           " in %.1f s of a core (%.0f runs/s, %.0f short ones/s, %.0f recoveries/s): %" PRIu64
           " starts, %" PRIu64 " crashes, %" PRIu64 " recoveries, %" PRIu64 " operations, %" PRIu64
           " outcomes (%" PRIu64 " replayed, %" PRIu64 " put off), %" PRIu64 " answers, %" PRIu64
           " groups, %" PRIu64 " segments filled, %" PRIu64 " audits, %" PRIu64 " logs replayed",
           f->runs, o->seed, seconds, (double)f->runs / seconds,
           t->short_runs == 0 ? 0.0 : (double)t->short_runs / t->of_short,
           (double)f->recoveries / seconds, f->boots, f->crashes, f->recoveries, f->operations,
           f->outcomes, f->replays, f->put_off, f->answers, f->groups, f->segments, f->audits,
           f->replayed_logs);
    printf("; faults: %" PRIu64 " of %" PRIu64 " connections cut, %" PRIu64 " torn and %" PRIu64
           " lost sectors or names, %" PRIu64 " errors, %" PRIu64 " damages, %" PRIu64
           " sectors lied about; %" PRIu64 " starts refused, %" PRIu64 " stops by failure, %" PRIu64
           " stated limits\n",
           f->cuts, f->connections, f->torn, f->lost, f->errors, f->damages, f->lies,
           f->refused_starts, f->failed_stops, f->limits);
}

int main(int argc, char **argv)
{
    static struct run run;
    struct options o;
    if (!read_options(argc, argv, &o)) return EXIT_BAD_USE;
    run_init(&run);
    run.trace = o.trace;
    struct times times = {0};
    double begin = now(), end = begin;
    for (uint64_t i = 0; i < o.runs; i++) {
        uint64_t seed = o.seed + i;
        enum profile profile = o.profile >= 0 ? (enum profile)o.profile : profile_by_seed(seed);
        if (!one_run(&run, i, seed, profile)) {
            printf("broken in run %" PRIu64 " (%s): %s\n", i + 1, profile_names[profile],
                   run.fault);
            run_print_events(&run, stdout);
            printf("not ok sim: repeat with %s --seed %" PRIu64 " --runs 1 --profile %s\n", argv[0],
                   seed, profile_names[profile]);
            return 1;
        }
        double before = end;
        end = now();
        if (!run.is_long) {
            times.short_runs++;
            times.of_short += end - before;
        }
        if (o.seconds > 0 && end - begin >= o.seconds) break;
    }
    times.all = end - begin;
    report(&run.stats, &o, &times);
    run_free(&run);
    return 0;
}
