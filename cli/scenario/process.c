/* cli/scenario/process.c -- starting, killing and clearing up after a gongjid of one's own. */
#include "cli/scenario/process.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/scenario/spawn_guard.h"

#define READY_SECONDS 60

bool scenario_directory_create(char ret[SCENARIO_DIRECTORY_SIZE], char *error, size_t error_size)
{
    const char *base = getenv("TMPDIR");
    if (base == NULL || base[0] == 0) base = "/var/tmp";
    /* A Unix socket's path has 107 bytes; the one in here needs to fit. */
    int n = snprintf(ret, SCENARIO_DIRECTORY_SIZE, "%s/gongji-XXXXXX", base);
    if (n > 90) {
        ret[0] = 0;
        snprintf(error, error_size, "TMPDIR is too long for a socket's path; set a shorter one");
        return false;
    }
    if (mkdtemp(ret) == NULL) {
        ret[0] = 0;
        snprintf(error, error_size, "cannot make a directory in %s: %s", base, strerror(errno));
        return false;
    }
    return true;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat;
    (void)type;
    (void)ftw;
    return remove(path);
}

void scenario_directory_remove(const char *directory)
{
    nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

bool scenario_process_create(struct scenario_process *process, const struct scenario_limits *limits,
                             char *error, size_t error_size)
{
    *process = (struct scenario_process){.limits = *limits};
    if (!scenario_directory_create(process->directory, error, error_size)) return false;
    snprintf(process->address, sizeof(process->address), "unix:%s/socket", process->directory);
    return true;
}

/* gongjid beside this program. */
static bool find_server(char *ret, size_t size, char *error, size_t error_size)
{
    ssize_t n = readlink("/proc/self/exe", ret, size - sizeof("gongjid"));
    if (n > 0) {
        ret[n] = 0;
        memcpy(strrchr(ret, '/') + 1, "gongjid", sizeof("gongjid"));
        if (access(ret, X_OK) == 0) return true;
    }
    snprintf(error, error_size, "--spawn needs gongjid beside gongji; there is none");
    return false;
}

/* In the child: stdout is the pipe, stderr a file in the directory. Returns only on failure. */
static void become_server(const struct scenario_process *process, const char *program, int out)
{
    char persons[24], rids[24], holds[24], ahead[24], path[320], data[320], errors[320];
    snprintf(persons, sizeof(persons), "%" PRIu64, process->limits.persons_max);
    snprintf(rids, sizeof(rids), "%" PRIu64, process->limits.rids_max);
    snprintf(holds, sizeof(holds), "%" PRIu64, process->limits.holds_max);
    snprintf(ahead, sizeof(ahead), "%" PRIu64, process->limits.ahead_max);
    snprintf(path, sizeof(path), "%s", process->address + strlen("unix:"));
    snprintf(data, sizeof(data), "%s/data", process->directory);
    snprintf(errors, sizeof(errors), "%s/stderr", process->directory);
    int err = open(errors, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (err < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0) return;
    execl(program, program, "--data", data, "--listen", "127.0.0.1:0", "--unix", path,
          "--persons-max", persons, "--families-max", persons, "--institutions-max", "1024",
          "--rids-max", rids, "--rids-ahead-max", ahead, "--holds-max", holds, "--connections-max",
          "16", "--buffers-max", "64M", "--log-prealloc", "1", "--test-clock", (char *)NULL);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* Waits for "ready ..." on `fd`; false at the end of the pipe or of the time. */
static bool wait_ready(int fd)
{
    char text[1024];
    size_t size = 0;
    int64_t deadline = now_ms() + READY_SECONDS * 1000;
    while (size < sizeof(text) - 1) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int64_t left = deadline - now_ms();
        int ready = left <= 0 ? 0 : poll(&wait, 1, (int)left);
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return false;
        ssize_t n = read(fd, text + size, sizeof(text) - 1 - size);
        if (n <= 0) return false;
        size += (size_t)n;
        text[size] = 0;
        const char *line = strstr(text, "ready ");
        if (line != NULL && strchr(line, '\n') != NULL) return true;
    }
    return false;
}

/* The last line the server said, or that it said nothing. */
static void explain(const struct scenario_process *process, char *error, size_t error_size)
{
    char path[320], line[200], last[200] = "it said nothing";
    snprintf(path, sizeof(path), "%s/stderr", process->directory);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = 0;
        memcpy(last, line, sizeof(last));
    }
    if (file != NULL) fclose(file);
    snprintf(error, error_size, "gongjid did not start: %s", last);
}

bool scenario_process_run(struct scenario_process *process, char *error, size_t error_size)
{
    char program[PATH_SIZE];
    int fds[2];
    if (!find_server(program, sizeof(program), error, error_size)) return false;
    /* A killed server leaves its socket behind. */
    unlink(process->address + strlen("unix:"));
    if (pipe2(fds, O_CLOEXEC) != 0) {
        snprintf(error, error_size, "cannot make a pipe: %s", strerror(errno));
        return false;
    }
    pid_t self = getpid(), pid = fork();
    if (pid == 0) {
        end_with_parent(self); /* a server must not outlive a scenario that was interrupted */
        become_server(process, program, fds[1]);
        _exit(127);
    }
    close(fds[1]);
    if (pid > 0) process->pid = pid;
    bool ready = pid > 0 && wait_ready(fds[0]);
    close(fds[0]);
    if (ready) return true;
    scenario_process_kill(process);
    explain(process, error, error_size);
    return false;
}

void scenario_process_kill(struct scenario_process *process)
{
    if (process->pid == 0) return;
    kill(process->pid, SIGKILL);
    while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR) continue;
    process->pid = 0;
}

void scenario_process_end(struct scenario_process *process)
{
    scenario_process_kill(process);
    if (process->directory[0] != 0) scenario_directory_remove(process->directory);
    process->directory[0] = 0;
}
