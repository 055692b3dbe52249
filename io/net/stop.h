/* io/net/stop.h -- how the server stops: on a signal it finishes what it received, when the log
 * fails it says so to everybody; then connections are closed and the log is sealed. */
#ifndef IO_NET_STOP_H
#define IO_NET_STOP_H

#include <stdbool.h>
#include <stdint.h>

struct listeners;
struct net;

#define STOP_GRACE_MS 200u   /* late frames are still answered SHUTTING_DOWN */
#define STOP_DRAIN_MS 25000u /* whatever happens, close after this ... */
#define STOP_SEAL_MS  5000u  /* ... and seal within this */

/* Phases follow one another in this order. */
enum stop_phase {
    STOP_SERVING,
    STOP_FINISHING, /* what was received before the signal is being answered */
    STOP_CLOSING,   /* connections are being closed */
    STOP_SEALING,   /* the log is being sealed */
    STOP_STOPPED,
};

struct stop {
    struct net *net;
    struct listeners *listeners;
    enum stop_phase phase;
    bool signalled;    /* a stop signal came; the next one stops at once */
    uint64_t phase_ms; /* when this phase began ... */
    uint64_t begun_ms; /* ... and the first after serving */
    int exit_code;
};

/* SIGTERM or SIGINT came. */
void stop_signal(struct stop *stop, int signal);
/* The log or the ring failed: stop with 74. */
void stop_fail(struct stop *stop, const char *what);
/* Once per tick: the next phase, if it is time. */
void stop_step(struct stop *stop);

#endif
