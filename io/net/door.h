/* io/net/door.h -- what a protocol is to a connection: a table of functions.
 *
 * The connection (io/net/conn.h) owns bytes, waits and deadlines. A door turns the bytes of its
 * input into operations and reads, lets the engine run them, and writes the answers behind
 * conn.tail. It decides nothing about money, order or durability: answers leave in the order they
 * were written, each when its wait point has passed.
 *
 * What a door keeps for a connection lies in conn.door_state, all zero when the connection opens.
 * Threading: the thread of the connection. */
#ifndef IO_NET_DOOR_H
#define IO_NET_DOOR_H

#include "io/engine/engine.h"

struct conn;

/* What a connection waits for before its door runs again: one thing at a time. */
enum conn_pause {
    PAUSE_INPUT,   /* bytes of the peer. Only then is anything received */
    PAUSE_TURN,    /* it is in the list of those that run in the next tick */
    PAUSE_ROOM,    /* room for an answer: a send that completes */
    PAUSE_LOG,     /* the log takes no record now: it is in the list of those that try again */
    PAUSE_FETCH,   /* old records: the engine calls */
    PAUSE_BUFFERS, /* its own buffers, which it lent: not for doors */
};

struct door {
    const char *name;
    const char *no_greeting; /* to a peer that asked for nothing in time */
    uint32_t first_size;     /* of the input until run() takes buffers, at most CONN_SMALL_SIZE */

    /* Bytes that what begins at `bytes` has in all, as far as these `size` bytes tell. A connection
     * makes room for so many behind one another before it receives. */
    uint64_t (*wanted)(const uint8_t *bytes, uint32_t size);
    /* Runs what is in the input until something is missing, and says what. Each entry costs one of
     * `budget`; at 0 it stops with PAUSE_TURN. */
    enum conn_pause (*run)(struct conn *c, uint32_t *budget);
    /* Prefetches what a ready connection will touch, if it asks for little; called for all of them,
     * stage by stage, before the first runs. Changes nothing. */
    void (*prefetch)(const struct conn *c, enum prefetch_stage stage);
    /* Writes a last word of at most CONN_ERROR_ROOM bytes to `to`; returns its size. */
    uint32_t (*refuse)(void *to, uint64_t tag, uint8_t code, const char *text);
    /* The log failed: nobody learns what became of the answers in [conn.released, conn.open), which
     * are overwritten in place by as many that say OUTCOME_UNKNOWN, and handed over with
     * conn_answers_replaced(). What was asked and not answered yet is answered so, too. */
    void (*outcome_unknown)(struct conn *c);
};

#endif
