/* io/os/signals.h -- SIGTERM and SIGINT as bytes to read: the ring waits for them like for a
 * socket.
 */
#ifndef IO_OS_SIGNALS_H
#define IO_OS_SIGNALS_H

#include <stdbool.h>

/* Blocks both signals for the process and ignores SIGPIPE; the descriptor to read struct
 * signalfd_siginfo from, or -1 with errno set. */
int signals_open(void);
/* True if one of them came and nobody has read it yet: for work that waits for nothing. */
bool signals_pending(void);

#endif
