/* tests/model/spawn.c -- starting and killing a gongjid. */
#include "tests/model/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static bool make_directory(struct spawn *s)
{
    if (s->directory[0] != 0) return true;
    snprintf(s->directory, sizeof(s->directory), "/var/tmp/gongji-model-XXXXXX");
    if (mkdtemp(s->directory) == NULL) {
        printf("cannot make %s: %s\n", s->directory, strerror(errno));
        s->directory[0] = 0;
        return false;
    }
    snprintf(s->address, sizeof(s->address), "unix:%s/socket", s->directory);
    return true;
}

/* In the child: stdout is the pipe, stderr a file in the directory. Returns only on failure. */
static void become_server(const struct spawn *s, int out)
{
    char numbers[5][16], data[80], errors[80];
    const uint32_t values[5] = {s->persons_max, s->families_max, s->institutions_max, s->holds_max,
                                s->rids_max};
    for (unsigned i = 0; i < 5; i++) {
        snprintf(numbers[i], sizeof(numbers[i]), "%" PRIu32, values[i]);
    }
    snprintf(data, sizeof(data), "%s/data", s->directory);
    snprintf(errors, sizeof(errors), "%s/stderr", s->directory);
    int err = open(errors, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (err < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* it must not outlive the test */
    execl(s->program, s->program, "--data", data, "--listen", "127.0.0.1:0", "--unix",
          s->address + strlen("unix:"), "--persons-max", numbers[0], "--families-max", numbers[1],
          "--institutions-max", numbers[2], "--holds-max", numbers[3], "--rids-max", numbers[4],
          "--connections-max", "16", "--buffers-max", "64M", "--log-prealloc", "1", "--test-clock",
          (char *)NULL);
}

/* Reads until the line that begins with "ready", or the end. The test has a time limit of its
 * own. */
static bool wait_ready(int fd)
{
    char text[2048];
    size_t size = 0;
    while (size < sizeof(text) - 1) {
        ssize_t n = read(fd, text + size, sizeof(text) - 1 - size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        size += (size_t)n;
        text[size] = 0;
        const char *line = strstr(text, "ready ");
        if (line != NULL && strchr(line, '\n') != NULL) return true;
    }
    return false;
}

void spawn_explain(const struct spawn *s)
{
    char path[80], line[256], last[4][256] = {"", "", "", ""};
    unsigned count = 0;
    snprintf(path, sizeof(path), "%s/stderr", s->directory);
    FILE *file = fopen(path, "r");
    if (file == NULL) return;
    while (fgets(line, sizeof(line), file) != NULL) memcpy(last[count++ % 4], line, sizeof(line));
    fclose(file);
    for (unsigned i = 0; i < 4; i++) printf("%s", last[(count + i) % 4]);
}

bool spawn_run(struct spawn *s)
{
    int fds[2];
    if (!make_directory(s)) return false;
    unlink(s->address + strlen("unix:")); /* a killed server leaves it behind */
    if (pipe2(fds, O_CLOEXEC) != 0) {
        printf("cannot make a pipe: %s\n", strerror(errno));
        return false;
    }
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        become_server(s, fds[1]);
        _exit(127);
    }
    close(fds[1]);
    if (pid > 0) s->pid = pid;
    bool ready = pid > 0 && wait_ready(fds[0]);
    close(fds[0]);
    if (ready) return true;
    printf("gongjid did not get ready:\n");
    spawn_kill(s);
    spawn_explain(s);
    return false;
}

void spawn_kill(struct spawn *s)
{
    if (s->pid == 0) return;
    kill(s->pid, SIGKILL);
    while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR) continue;
    s->pid = 0;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat;
    (void)type;
    (void)ftw;
    return remove(path);
}

void spawn_end(struct spawn *s)
{
    spawn_kill(s);
    if (s->directory[0] != 0) nftw(s->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    s->directory[0] = 0;
}
