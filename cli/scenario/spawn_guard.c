/* cli/scenario/spawn_guard.c -- a process that only waits, for the work, a signal, and the clearing
 * up. */
#include "cli/scenario/spawn_guard.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/scenario/process.h"
#include "core/base/base.h"

#define PATIENCE_S 10

void end_with_parent(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127); /* it ended before the line above */
}

/* What ends us from outside; what is ignored (nohup, a background job) stays so. */
static void block_ends(sigset_t *ret_waited, sigset_t *ret_before)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    signal(SIGCHLD, SIG_DFL);
    sigemptyset(ret_waited);
    sigaddset(ret_waited, SIGCHLD);
    for (size_t i = 0; i < ARRAY_COUNT(ends); i++) {
        struct sigaction now;
        if (sigaction(ends[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN) {
            sigaddset(ret_waited, ends[i]);
        }
    }
    sigprocmask(SIG_BLOCK, ret_waited, ret_before);
}

static int code_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Takes up all that ended; the child's number becomes 0 if it is among them. */
static void take_up(pid_t *child, int *result)
{
    pid_t ended;
    int status;
    while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
        if (ended != *child) continue;
        *result = code_of(status);
        *child = 0;
    }
}

/* Until the child ended. A signal is handed on to it, so that it can say what it has; a second one,
 * or ten seconds, end it. Then until all that it started ended too. */
static int wait_for_end(pid_t child, const sigset_t *waited)
{
    const struct timespec patience = {.tv_sec = PATIENCE_S};
    int result = -1, asked = 0;
    while (child != 0) {
        int number = asked == 0 ? sigwaitinfo(waited, NULL) : sigtimedwait(waited, NULL, &patience);
        bool late = number < 0 && errno == EAGAIN, signalled = number > 0 && number != SIGCHLD;
        take_up(&child, &result);
        if (child != 0 && asked != 0 && (late || signalled)) {
            result = EXIT_SIGNAL + asked;
            break;
        }
        if (child != 0 && signalled) kill(child, asked = number);
    }
    if (child != 0) kill(child, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) continue;
    return result;
}

int spawn_guard(const struct command *command)
{
    char directory[SCENARIO_DIRECTORY_SIZE], error[256];
    sigset_t waited, before;
    block_ends(&waited, &before);
    fflush(NULL);
    /* The grandchildren of a child that was killed become ours: they are waited for. */
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
        return command_error(command, EXIT_IO, "cannot wait for servers: %s", strerror(errno));
    }
    if (!scenario_directory_create(directory, error, sizeof(error))) {
        return command_error(command, EXIT_SERVER, "%s", error);
    }
    pid_t self = getpid(), child = fork();
    if (child == 0) {
        end_with_parent(self);
        setpgid(0, 0); /* the terminal's Ctrl-C comes from us, once */
        sigprocmask(SIG_SETMASK, &before, NULL);
        if (setenv("TMPDIR", directory, 1) == 0) return -1;
        _exit(command_error(command, EXIT_IO, "out of memory"));
    }
    int result =
        child > 0 ? wait_for_end(child, &waited)
                  : command_error(command, EXIT_IO, "cannot start a process: %s", strerror(errno));
    scenario_directory_remove(directory);
    return result;
}
