/* io/net/loop.h -- the loop: receive, decide, commit into the open group, flush, and release
 * answers when they are durable. One thread does all of it.
 *
 * One tick: wait; reap every completion; release what became durable; end some of what is due; let
 * the door of every ready connection run; flush the log. So one group carries what arrived during
 * the last write. */
#ifndef IO_NET_LOOP_H
#define IO_NET_LOOP_H

#include <sys/signalfd.h>

#include "io/engine/watch.h"
#include "io/net/listener.h"
#include "io/net/net.h"
#include "io/net/stop.h"
#include "io/os/disk_trace.h"

#define LOOP_SEAL_MS     50u  /* nothing logged for so long: seal the log */
#define LOOP_DEADLINE_MS 250u /* deadlines of connections */

struct loop {
    /* Given by the owner. */
    struct net *net;
    struct listeners *listeners;
    struct stop *stop;
    struct watch *watch;
    struct disk_trace *trace; /* --io-trace, or NULL */
    int signal_fd;
    uint64_t disk_timeout_ms; /* a write of the log that takes longer ends the server */

    struct signalfd_siginfo signal_info;
    uint64_t busy_ms;     /* last tick that logged something ... */
    uint64_t busy_seq;    /* ... up to this sequence number */
    uint64_t stuck_ms;    /* groups were waiting for the disk this long without one coming ... */
    uint64_t stuck_group; /* ... since this one became durable */
    uint64_t tick_ms;     /* time of the tick before */
    uint64_t retry_ms;    /* last time the stalled ones tried again */
    uint64_t scan_ms;     /* last look at deadlines */
    bool disk_event;      /* a disk operation completed in this tick */
};

/* Serves until a signal or a failure; the exit code. */
int loop_run(struct loop *loop);

#endif
