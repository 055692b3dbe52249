/* tests/sim/server_books.c -- recounts the server's tables of connections. */
#include "tests/sim/server_books.h"

#include "io/net/conn.h"
#include "io/net/net.h"

static const char *slots(const struct net *net)
{
    uint32_t used = 0;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < net->slot_end; i++) {
        const struct conn *c = &net->conns[i];
        if (c->state == CONN_FREE) continue;
        used++;
        bytes += c->buffer_size;
        bool held =
            c->recv_pending || c->send_pending || c->pause > PAUSE_ROOM || c->pause == PAUSE_TURN;
        if (c->state == CONN_CLOSED && !held) return "a closed connection that nothing holds";
    }
    if (used != net->connections) return "the count of connections is not that of slots in use";
    if (used + net->free_count != net->options.connections_max) return "a slot is lost or doubled";
    if (bytes != net->buffers_used) return "the bytes of buffers in use are not those of slots";
    return NULL;
}

static const char *sets(const struct net *net)
{
    const struct fetch_pool *pool = &net->engine->fetched;
    uint32_t used = 0, named = 0;
    for (uint32_t i = 0; i < FETCH_SETS; i++) {
        const struct fetch_owner *owner = pool->sets[i].owner;
        if (owner == NULL) continue;
        used++;
        const struct conn *c = container_of(owner, struct conn, fetch);
        if (c->state != CONN_OPEN) return "a connection that has ended still has a set of records";
        if (owner->set != &pool->sets[i]) return "a set of records belongs to somebody else";
    }
    for (uint32_t i = 0; i < net->slot_end; i++) {
        named += net->conns[i].state != CONN_FREE && net->conns[i].fetch.set != NULL;
    }
    if (used != pool->used) return "the count of sets of records is not that of sets in use";
    return used == named ? NULL : "two connections have one set of records";
}

/* Whoever waits for a set is waiting for records; and while somebody does no set is free. */
static const char *queue(const struct net *net)
{
    const struct fetch_pool *pool = &net->engine->fetched;
    const struct fetch_owner *last = NULL;
    uint32_t count = 0;
    for (const struct fetch_owner *o = pool->first; o != NULL; o = o->next) {
        const struct conn *c = container_of(o, struct conn, fetch);
        if (c->pause != PAUSE_FETCH || o->set != NULL)
            return "who waits for a set does not, or has one";
        if (++count > net->connections) return "who waits for a set waits twice";
        last = o;
    }
    if (last == NULL) return NULL;
    if (last != pool->last) return "the last who waits for a set is not the last";
    return pool->used == FETCH_SETS ? NULL : "somebody waits for a set, and one is free";
}

const char *server_books(const struct net *net)
{
    const char *fault = slots(net);
    if (fault == NULL) fault = sets(net);
    return fault != NULL ? fault : queue(net);
}

const char *server_books_of_nobody(const struct net *net)
{
    if (net->connections != 0) return "connections that have ended are never let go";
    if (net->engine->fetched.used != 0 || net->engine->fetched.first != NULL)
        return "sets of records are kept";
    if (net->buffers_used != 0) return "buffers are kept";
    if (net->waiting_count != 0 || net->stalled_count != 0 || net->hungry_count != 0)
        return "somebody who is gone waits";
    return server_books(net);
}

uint32_t server_waiting_fetch(const struct net *net)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < net->slot_end; i++) {
        count += net->conns[i].state != CONN_FREE && net->conns[i].pause == PAUSE_FETCH;
    }
    return count;
}
