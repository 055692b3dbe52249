/* cli/explore/report.c -- shrinking in processes, writing, replaying. */
#include "cli/explore/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/interrupt.h"
#include "cli/common/tool.h"
#include "cli/explore/shrink.h"
#include "cli/explore/write.h"
#include "cli/scenario/run.h"
#include "cli/scenario/spawn_guard.h"

#define TRIES_MAX       6000u /* about a millisecond each */
#define TRIES_SPAWN_MAX 150u  /* a server each */
#define OUTPUT_MAX      4000u

struct finding {
    const struct fuzz_plan *plan;
    struct fuzz_shared *shared;
    enum fuzz_place place; /* where it is tried */
    struct fuzz_failure failure;
    bool stopped; /* a signal asked for it: nothing more is tried */
};

/* A server that died and a process that died are one. */
static bool same_failure(const struct fuzz_failure *a, const struct fuzz_failure *b)
{
    bool a_died = a->kind == FUZZ_DIED || a->kind == FUZZ_TARGET;
    bool b_died = b->kind == FUZZ_DIED || b->kind == FUZZ_TARGET;
    if (a->kind == FUZZ_DIED && b->kind == FUZZ_DIED) return strcmp(a->what, b->what) == 0;
    if (a_died || b_died) return a_died && b_died && strcmp(b->what, "start") != 0;
    return a->kind == b->kind && strcmp(a->what, b->what) == 0 &&
           (a->kind != FUZZ_BROKEN || a->rule == b->rule);
}

static bool fails(void *context, const struct fuzz_sequence *sequence)
{
    struct finding *f = context;
    if (interrupt_seen(f->plan->interrupt) != 0) f->stopped = true;
    if (f->stopped) return false;
    enum fuzz_look look = f->failure.kind == FUZZ_STATE  ? FUZZ_LOOK_NETTING
                          : f->failure.kind == FUZZ_DIED ? FUZZ_LOOK
                                                         : FUZZ_NO_LOOK;
    fuzz_try(f->plan, f->place, f->shared, sequence, look);
    if (!same_failure(&f->failure, &f->shared->failure)) return false;
    f->failure = f->shared->failure;
    return true;
}

/* True if it fails in this process too, or in a server of its own; false: it cannot be shrunk. */
static bool find_place(struct finding *f, const struct fuzz_sequence *sequence)
{
    f->place = FUZZ_IN_PROCESS;
    if (fails(f, sequence)) return true;
    f->place = FUZZ_SPAWN;
    return f->plan->place == FUZZ_SPAWN && fails(f, sequence);
}

static void cut_behind_failure(struct fuzz_sequence *sequence, const struct fuzz_failure *failure)
{
    if (failure->step < sequence->count) sequence->count = failure->step + 1;
}

/* Replays the file as `gongji scenario` does; its first complaint goes to `ret`. */
static bool replay(const char *path, char ret[OUTPUT_MAX])
{
    int fds[2];
    size_t size = 0;
    ret[0] = 0;
    if (pipe(fds) != 0) return false;
    fflush(NULL);
    pid_t self = getpid(), pid = fork();
    if (pid == 0) {
        end_with_parent(self);
        static char program[] = "gongji", verb[] = "scenario";
        char name[PATH_SIZE];
        char *argv[] = {program, verb, name, NULL};
        snprintf(name, sizeof(name), "%s", path);
        dup2(fds[1], STDOUT_FILENO);
        dup2(fds[1], STDERR_FILENO);
        close(fds[0]);
        close(fds[1]);
        execv("/proc/self/exe", argv);
        _exit(127);
    }
    close(fds[1]);
    for (ssize_t n = 1; pid > 0 && n > 0;) {
        char rest[512];
        bool full = size == OUTPUT_MAX - 1;
        n = read(fds[0], full ? rest : ret + size, full ? sizeof(rest) : OUTPUT_MAX - 1 - size);
        if (n > 0 && !full) size += (size_t)n;
    }
    ret[size] = 0;
    close(fds[0]);
    int status = 0;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    ret[strcspn(ret, "\n")] = 0;
    if (WIFSIGNALED(status)) return true;
    return WEXITSTATUS(status) == EXIT_NOT_SO || WEXITSTATUS(status) == EXIT_BUG;
}

static bool write_file(const struct finding *f, const struct fuzz_sequence *sequence,
                       const char *path, const char *again)
{
    FILE *file = fopen(path, "w");
    struct fuzz_run *run = fuzz_run_new(sequence->count + fuzz_mix_steps(&f->plan->mix));
    bool good = file != NULL && run != NULL;
    if (good && f->plan->mix.corpus != NULL) run->rules = &f->plan->mix.corpus->rules;
    if (good) {
        fprintf(file,
                "# Found by: %s\n# %s\n# What stands behind => and expect is what the rules "
                "of docs/OPERATIONS.md ask for.\n",
                again, f->failure.text);
        good = fuzz_write(file, run, sequence, &f->failure);
    }
    fuzz_run_free(run);
    if (file != NULL && fclose(file) != 0) good = false;
    return good;
}

static void say_how_to_replay(const struct finding *f, const char *path)
{
    char output[OUTPUT_MAX];
    const char *where = f->place == FUZZ_SPAWN ? " --spawn" : "";
    if (f->place == FUZZ_CONNECT) {
        printf("replay:  gongji scenario %s --connect ADDR   (an empty server, --test-clock)\n",
               path);
        return;
    }
    printf("replay:  gongji scenario %s%s\n", path, where);
    if (f->place == FUZZ_SPAWN) return;
    if (replay(path, output)) {
        printf("it says: %s\n", output);
    } else {
        printf("note:    the lines alone do not show it: %s is nothing a scenario can ask for; "
               "use the command under again\n",
               f->failure.what);
    }
}

int fuzz_report(const struct fuzz_plan *plan, struct fuzz_shared *shared,
                const struct fuzz_result *result, const char *directory, const char *again)
{
    struct finding f = {.plan = plan, .shared = shared, .failure = result->failure};
    f.stopped = result->signal != 0;
    struct fuzz_sequence small = {.count = 0};
    struct fuzz_shrink shrink = {.fails = fails, .context = &f, .tries_max = TRIES_MAX};
    char path[PATH_SIZE];
    if (plan->place != FUZZ_CONNECT) fuzz_make_again(plan, shared, result->index);
    /* Now with what it said. */
    if (f.failure.kind == FUZZ_DIED && shared->failure.kind == FUZZ_DIED) {
        f.failure = shared->failure;
    }
    printf("FAILED   sequence %" PRIu64 " (seed %" PRIu64 "): %s\n", result->index + 1,
           plan->seed + result->index, f.failure.text);
    fflush(stdout);
    cut_behind_failure(&shared->sequence, &f.failure);
    if (!fuzz_sequence_copy(&small, &shared->sequence)) abort();
    size_t before = fuzz_sequence_operations(&small);
    if (find_place(&f, &small)) {
        if (f.place == FUZZ_SPAWN) shrink.tries_max = TRIES_SPAWN_MAX;
        fuzz_shrink(&shrink, &small);
        printf("shrunk   from %zu operations to %zu in %u tries\n", before,
               fuzz_sequence_operations(&small), shrink.tries);
    } else {
        f.place = plan->place;
        printf("whole    all %zu operations: %s\n", before,
               f.stopped ? "stopped by a signal before it was made small"
                         : "in this process it does not fail");
    }
    snprintf(path, sizeof(path), "%s/fuzz-%" PRIu64 ".txt", directory, plan->seed + result->index);
    bool written = write_file(&f, &small, path, again);
    fuzz_sequence_free(&small);
    if (!written) {
        fprintf(stderr, "gongji fuzz: %s could not be written: %s\n", path, strerror(errno));
        printf("again:   %s\n", again);
        return EXIT_IO;
    }
    printf("why:     %s\nwritten: %s\n", f.failure.text, path);
    say_how_to_replay(&f, path);
    printf("again:   %s\n", again);
    return EXIT_NOT_SO;
}
