/* cli/explore/jobs.c -- processes that fuzz, and what they share. */
#include "cli/explore/jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/interrupt.h"
#include "cli/scenario/spawn_guard.h"
#include "core/format/op_traits.h"

#define LOOK_NS     INT64_C(20000000) /* between two looks at the processes */
#define PROGRESS_S  0.5
#define TRY_SECONDS 60u /* longer: the sequence hangs */

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct fuzz_shared *fuzz_shared_new(const struct fuzz_plan *plan)
{
    size_t steps = fuzz_mix_steps(&plan->mix);
    size_t size = sizeof(struct fuzz_shared) + steps * sizeof(struct fuzz_step);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return NULL;
    struct fuzz_shared *shared = memory;
    shared->lowest_failed = UINT64_MAX;
    shared->said = memfd_create("gongji fuzz", MFD_CLOEXEC);
    if (shared->said < 0) return NULL;
    shared->sequence.steps = (struct fuzz_step *)(shared + 1);
    shared->sequence.capacity = steps; /* all that a sequence can have: it never grows */
    return shared;
}

static struct scenario_target *new_target(const struct fuzz_plan *plan, enum fuzz_place place)
{
    switch (place) {
    case FUZZ_SPAWN: return scenario_spawn_new();
    case FUZZ_CONNECT: return scenario_remote_new(plan->address);
    case FUZZ_IN_PROCESS: return fuzz_local_new(fuzz_mix_steps(&plan->mix));
    }
    UNREACHABLE("place");
}

static struct fuzz_run *new_run(const struct fuzz_plan *plan, enum fuzz_place place)
{
    struct fuzz_run *run = fuzz_run_new(fuzz_mix_steps(&plan->mix));
    if (run == NULL) return NULL;
    run->target = new_target(plan, place);
    if (plan->mix.corpus != NULL) run->rules = &plan->mix.corpus->rules;
    return run->target == NULL ? NULL : run;
}

/* Everything the process has ends with it. */
__attribute__((noreturn)) static void leave(int code)
{
    fflush(NULL);
    _exit(code);
}

static void note_failed(struct fuzz_shared *shared, uint64_t index)
{
    uint64_t lowest = shared->lowest_failed;
    while (index < lowest &&
           !atomic_compare_exchange_weak(&shared->lowest_failed, &lowest, index)) {
        continue;
    }
}

/* Every jobs-th sequence; those behind one that failed are not needed. */
static void work(const struct fuzz_plan *plan, struct fuzz_shared *shared, uint32_t number,
                 double end_s)
{
    struct fuzz_job *job = &shared->jobs[number];
    struct fuzz_run *run = new_run(plan, plan->place);
    struct fuzz_sequence own = {.count = 0};
    struct fuzz_sequence *sequence = plan->place == FUZZ_CONNECT ? &shared->sequence : &own;
    if (run == NULL) leave(2);
    run->pairs = &job->pairs;
    for (uint64_t i = number; i < plan->sequences && i < shared->lowest_failed; i += plan->jobs) {
        if (plan->seconds != 0 && now_s() > end_s) break;
        job->current = i + 1;
        bool good = fuzz_make(run, &plan->mix, plan->seed + i, sequence);
        job->sequences++;
        job->operations += run->c.operation;
        if (good) continue;
        job->failure = run->failure;
        note_failed(shared, i);
        break;
    }
    leave(0);
}

/* A process that says nothing, or, if a file is given, says it there. */
static pid_t start(int said)
{
    fflush(NULL);
    pid_t self = getpid(), pid = fork();
    if (pid != 0) return pid;
    end_with_parent(self);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0) leave(2);
    dup2(nowhere, STDOUT_FILENO);
    dup2(said >= 0 ? said : nowhere, STDERR_FILENO);
    return 0;
}

/* One whose words are kept, those of the last such one forgotten. */
static pid_t start_quoted(const struct fuzz_shared *shared)
{
    if (ftruncate(shared->said, 0) != 0 || lseek(shared->said, 0, SEEK_SET) != 0) return -1;
    return start(shared->said);
}

/* Not asked for: bytes that no line of a scenario can say, a full disk, and forgotten requests. */
static bool asked_for(uint8_t type, uint8_t code)
{
    static const uint8_t never[] = {GJ_MALFORMED, GJ_RESERVED_NONZERO, GJ_RID_ZERO, GJ_RID_EXPIRED,
                                    GJ_READ_ONLY};
    return memchr(never, code, sizeof(never)) == NULL && coverage_reachable(type, code);
}

static unsigned count_pairs(const struct fuzz_shared *shared, uint32_t jobs, unsigned *ret_max)
{
    unsigned count = 0;
    *ret_max = 0;
    for (unsigned type = 1; type < GJ_OP_TYPES; type++) {
        for (unsigned code = 0; code < 256; code++) {
            bool seen = false;
            if (!asked_for((uint8_t)type, (uint8_t)code)) continue;
            for (uint32_t i = 0; i < jobs; i++) seen |= shared->jobs[i].pairs.seen[type][code] != 0;
            count += seen;
            ++*ret_max;
        }
    }
    return count;
}

static void sum_up(const struct fuzz_plan *plan, const struct fuzz_shared *shared, double since_s,
                   struct fuzz_result *ret)
{
    ret->sequences = ret->operations = 0;
    for (uint32_t i = 0; i < plan->jobs; i++) {
        ret->sequences += shared->jobs[i].sequences;
        ret->operations += shared->jobs[i].operations;
    }
    ret->pairs = count_pairs(shared, plan->jobs, &ret->pairs_max);
    ret->seconds = now_s() - since_s;
}

static void put_progress(const struct fuzz_result *r)
{
    double seconds = r->seconds > 0 ? r->seconds : 1e-9;
    fprintf(stderr,
            "\r%" PRIu64 " sequences, %.0f/s; %" PRIu64 " operations, %.0f/s; %u of %u pairs "
            "(operation, code) ",
            r->sequences, (double)r->sequences / seconds, r->operations,
            (double)r->operations / seconds, r->pairs, r->pairs_max);
    fflush(stderr);
}

/* What a process died of, if it said nothing about it. */
static void explain_death(int status, struct fuzz_failure *ret)
{
    char how[32];
    if (WIFSIGNALED(status)) {
        const char *name = sigabbrev_np(WTERMSIG(status));
        snprintf(how, sizeof(how), "SIG%s", name == NULL ? "?" : name);
    } else {
        snprintf(how, sizeof(how), "exit code %d", WEXITSTATUS(status));
    }
    ret->kind = FUZZ_DIED;
    ret->step = SIZE_MAX;
    snprintf(ret->what, sizeof(ret->what), "%s", how);
    snprintf(ret->text, sizeof(ret->text), "the process ended with %s", how);
}

/* What it said: the line about an error, if there is one. */
static void quote(const struct fuzz_shared *shared, struct fuzz_failure *ret)
{
    char text[8192];
    ssize_t size = pread(shared->said, text, sizeof(text) - 1, 0);
    text[size < 0 ? 0 : size] = 0;
    char *rest = text, *line;
    while ((line = strsep(&rest, "\n")) != NULL) {
        bool says = strstr(line, "assertion failed") != NULL || strstr(line, "ERROR: ") != NULL ||
                    strstr(line, "runtime error: ") != NULL;
        if (!says) continue;
        snprintf(ret->text, sizeof(ret->text), "%.*s", (int)sizeof(ret->text) - 1, line);
        snprintf(ret->what, sizeof(ret->what), "%.*s", (int)sizeof(ret->what) - 1, line);
        return;
    }
}

static void reap(struct fuzz_shared *shared, uint32_t number, int status)
{
    struct fuzz_job *job = &shared->jobs[number];
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    explain_death(status, &job->failure);
    if (job->current > 0) note_failed(shared, job->current - 1);
}

/* A signal asked for it: what was counted so far is the result. */
static void stop_early(const struct fuzz_plan *plan, const pid_t *pids, struct fuzz_result *ret)
{
    ret->signal = interrupt_seen(plan->interrupt);
    for (uint32_t i = 0; ret->signal != 0 && i < plan->jobs; i++) {
        if (pids[i] != 0) kill(pids[i], SIGKILL);
    }
}

/* Until all of them ended. */
static void wait_for(const struct fuzz_plan *plan, struct fuzz_shared *shared, pid_t *pids,
                     double since_s, struct fuzz_result *ret)
{
    double shown_s = since_s;
    for (uint32_t running = plan->jobs; running > 0;) {
        const struct timespec soon = {.tv_nsec = LOOK_NS};
        nanosleep(&soon, NULL);
        if (ret->signal == 0) stop_early(plan, pids, ret);
        for (uint32_t i = 0; i < plan->jobs; i++) {
            int status;
            if (pids[i] == 0 || waitpid(pids[i], &status, WNOHANG) != pids[i]) continue;
            if (ret->signal == 0) reap(shared, i, status);
            pids[i] = 0;
            running--;
        }
        if (!plan->progress || now_s() - shown_s < PROGRESS_S) continue;
        shown_s = now_s();
        sum_up(plan, shared, since_s, ret);
        put_progress(ret);
    }
    if (plan->progress) fputs("\r\033[K", stderr);
}

bool fuzz_jobs_run(const struct fuzz_plan *plan, struct fuzz_shared *shared,
                   struct fuzz_result *ret)
{
    pid_t pids[FUZZ_JOBS_MAX];
    double since_s = now_s(), end_s = since_s + (double)plan->seconds;
    *ret = (struct fuzz_result){.failed = false};
    for (uint32_t i = 0; i < plan->jobs; i++) {
        pids[i] = start(-1);
        if (pids[i] == 0) work(plan, shared, i, end_s);
        if (pids[i] > 0) continue;
        while (i-- > 0) kill(pids[i], SIGKILL);
        return false;
    }
    wait_for(plan, shared, pids, since_s, ret);
    sum_up(plan, shared, since_s, ret);
    ret->failed = shared->lowest_failed != UINT64_MAX;
    if (!ret->failed) return true;
    ret->index = shared->lowest_failed;
    ret->failure = shared->jobs[ret->index % plan->jobs].failure;
    return true;
}

static void wait_for_one(struct fuzz_shared *shared, pid_t pid)
{
    int status = 0;
    if (pid < 0) {
        explain_death(0, &shared->failure);
        return;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    explain_death(status, &shared->failure);
    quote(shared, &shared->failure);
}

void fuzz_make_again(const struct fuzz_plan *plan, struct fuzz_shared *shared, uint64_t index)
{
    shared->failure.kind = FUZZ_GOOD;
    pid_t pid = start_quoted(shared);
    if (pid == 0) {
        struct fuzz_run *run = new_run(plan, plan->place);
        if (run == NULL) leave(2);
        alarm(TRY_SECONDS * 10);
        (void)fuzz_make(run, &plan->mix, plan->seed + index, &shared->sequence);
        shared->failure = run->failure;
        leave(0);
    }
    wait_for_one(shared, pid);
}

void fuzz_try(const struct fuzz_plan *plan, enum fuzz_place place, struct fuzz_shared *shared,
              const struct fuzz_sequence *sequence, enum fuzz_look look)
{
    shared->failure.kind = FUZZ_GOOD;
    pid_t pid = start_quoted(shared);
    if (pid == 0) {
        struct fuzz_run *run = new_run(plan, place);
        if (run == NULL) leave(2);
        alarm(TRY_SECONDS);
        (void)fuzz_run_all(run, sequence, look);
        shared->failure = run->failure;
        leave(0);
    }
    wait_for_one(shared, pid);
}
