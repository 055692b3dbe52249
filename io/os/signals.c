/* io/os/signals.c -- turns the stop signals into a descriptor. */
#include "io/os/signals.h"

#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>

int signals_open(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) return -1;
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) return -1;
    if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR) return -1; /* a write over ulimit -f fails instead */
    return signalfd(-1, &set, SFD_CLOEXEC);
}

bool signals_pending(void)
{
    sigset_t set;
    return sigpending(&set) == 0 &&
           (sigismember(&set, SIGTERM) == 1 || sigismember(&set, SIGINT) == 1);
}
