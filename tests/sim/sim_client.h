/* tests/sim/sim_client.h -- several clients of the binary protocol, without sockets: what they want
 * to send lies in `out`, what they receive is given to clients_input().
 *
 * They take their operations from the generator of the model and speak for each other: a request
 * whose answer was lost is sent again, with the same request id, by whoever comes first; now and
 * then one is sent on two connections at once, or again after it was answered. Everything they are
 * told goes into the history. */
#ifndef TESTS_SIM_SIM_CLIENT_H
#define TESTS_SIM_SIM_CLIENT_H

#include "core/format/wire.h"
#include "tests/sim/history.h"

#define CLIENTS_MAX       4u
#define CLIENT_FRAMES_MAX 6u /* sent and not answered, of one client */
#define CLIENT_FRAME_MAX  8u /* operations or reads in one frame */
#define CLIENT_WINDOW     64u
#define CLIENT_OUT_MAX    32768u
#define CLIENT_IN_MAX     (1u << 18)

enum client_state { CLIENT_CLOSED, CLIENT_GREETING, CLIENT_OPEN };

struct client_frame {
    uint8_t type; /* enum wire_type */
    uint16_t count;
    uint64_t tag;
    uint64_t since, time_low; /* what was known when it was sent */
    uint64_t clock_ms;        /* CLOCK */
    uint32_t requests[CLIENT_FRAME_MAX];
    struct gj_read reads[CLIENT_FRAME_MAX];
};

struct client {
    enum client_state state;
    uint32_t window;                               /* granted, less what is not answered */
    struct client_frame frames[CLIENT_FRAMES_MAX]; /* oldest first */
    uint32_t frame_count;
    uint32_t out_size, in_size;
    uint8_t out[CLIENT_OUT_MAX]; /* to be sent; the owner takes it from the front */
    _Alignas(8) uint8_t in[CLIENT_IN_MAX];
};

struct clients {
    struct history *history;
    struct generator generator;
    uint64_t random;
    uint32_t count;          /* clients */
    uint32_t operations_max; /* requests to make; then only what is unanswered is sent again */
    bool test_clock;         /* client 0 sets log time, the first thing after every start */
    bool clock_set;          /* log time is where the generator is; else nobody asks anything */
    bool clock_flying;
    bool faults, stopping; /* what the world does now: for judging refusals */
    uint64_t now_ms;       /* the wall clock, kept by the owner */
    struct model *ahead;   /* what the generator looks at: all that anybody was shown */
    uint64_t ahead_records;
    uint64_t tag;
    uint8_t log_id[16];
    bool log_known;
    uint64_t generation;
    uint64_t put_off; /* refusals that say: later, or ask again */
    char fault[256];  /* of the protocol itself; empty = none */
    struct client client[CLIENTS_MAX];
};

/* New clients; `all` is zero or was used before. */
void clients_begin(struct clients *all, uint64_t seed, uint32_t count, uint32_t operations,
                   const struct model_limits *limits, struct history *history);
void clients_free(struct clients *all);

/* The server is new: nobody is connected. */
void clients_server_gone(struct clients *all);
void client_opened(struct clients *all, uint32_t which);
void client_closed(struct clients *all, uint32_t which);
/* Takes what came. False: a fault, here or in the history. */
bool client_input(struct clients *all, uint32_t which, const void *bytes, uint32_t size);
/* Perhaps asks something: at most one frame more in `out`. */
void client_act(struct clients *all, uint32_t which);
/* `size` bytes of out were taken. */
void client_sent(struct clients *all, uint32_t which, uint32_t size);

/* Requests made that have no answer yet. */
uint32_t clients_unanswered(const struct clients *all);
/* Everything was asked and answered, and no question is open. */
bool clients_done(const struct clients *all);

#endif
