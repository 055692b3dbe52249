/* bench/interrupt.c -- a signalfd for the signals that ask a command to stop. */
#include "bench/interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const int asks[] = {SIGINT, SIGTERM};

static void fill(sigset_t *set)
{
    sigemptyset(set);
    for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
        struct sigaction now;
        if (sigaction(asks[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            sigaddset(set, asks[i]);
    }
}

int interrupt_open(void)
{
    sigset_t set;
    fill(&set);
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd >= 0) sigprocmask(SIG_BLOCK, &set, NULL);
    return fd;
}

int interrupt_seen(int fd)
{
    struct signalfd_siginfo info;
    if (fd < 0 || read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info)) return 0;
    sigset_t set;
    fill(&set);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    return (int)info.ssi_signo;
}

void interrupt_close(int fd)
{
    sigset_t set;
    if (fd < 0) return;
    fill(&set);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    close(fd);
}
