/* io/net/net.c -- the table of connections and its lists. */
#include "io/net/net.h"

#include "io/net/conn.h"

static uint64_t align64(uint64_t size)
{
    return (size + 63) / 64 * 64;
}

uint64_t net_memory_size(uint32_t connections_max)
{
    uint64_t n = connections_max;
    return align64(n * sizeof(struct conn)) + 4 * align64(n * sizeof(struct conn *)) +
           align64(n * sizeof(uint32_t));
}

void net_init(struct net *net, const struct net_options *options, struct uring *ring,
              struct engine *engine, void *memory)
{
    uint32_t n = options->connections_max;
    uint8_t *at = memory;
    ASSERT(net->conns == NULL);
    net->options = *options;
    net->ring = ring;
    net->engine = engine;
    net->conns = (struct conn *)at;
    at += align64(n * sizeof(struct conn));
    net->ready = (struct conn **)at;
    at += align64(n * sizeof(struct conn *));
    net->waiting = (struct conn **)at;
    at += align64(n * sizeof(struct conn *));
    net->stalled = (struct conn **)at;
    at += align64(n * sizeof(struct conn *));
    net->hungry = (struct conn **)at;
    at += align64(n * sizeof(struct conn *));
    net->free_slots = (uint32_t *)at;
    for (uint32_t i = 0; i < n; i++) {
        net->conns[i].slot = i;
        net->free_slots[i] = n - 1 - i;
    }
    net->free_count = n;
}

/* ---- lists ---- */

void net_ready(struct net *net, struct conn *c)
{
    uint32_t n = net->options.connections_max;
    if (c->pause == PAUSE_TURN) return;
    ASSERT(c->pause == PAUSE_INPUT || c->pause == PAUSE_ROOM);
    ASSERT(net->ready_count < n);
    c->pause = PAUSE_TURN;
    net->ready[(net->ready_first + net->ready_count++) % n] = c;
}

struct conn *net_ready_next(struct net *net)
{
    ASSERT(net->ready_count != 0);
    struct conn *c = net->ready[net->ready_first];
    net->ready_first = (net->ready_first + 1) % net->options.connections_max;
    net->ready_count--;
    ASSERT(c->pause == PAUSE_TURN);
    c->pause = PAUSE_INPUT;
    return c;
}

void net_ready_first(struct net *net, const struct conn *c)
{
    ASSERT(c->pause == PAUSE_TURN);
    for (uint32_t i = 0; net->ready[net->ready_first] != c; i++) {
        ASSERT(i < net->ready_count);
        net_ready(net, net_ready_next(net));
    }
}

void net_stall(struct net *net, struct conn *c)
{
    ASSERT(c->pause == PAUSE_INPUT);
    ASSERT(net->stalled_count < net->options.connections_max);
    c->pause = PAUSE_LOG;
    net->stalled[net->stalled_count++] = c;
}

void net_stalled_retry(struct net *net)
{
    for (uint32_t i = 0; i < net->stalled_count; i++) {
        struct conn *c = net->stalled[i];
        ASSERT(c->pause == PAUSE_LOG);
        c->pause = PAUSE_INPUT;
        net_ready(net, c);
    }
    net->stalled_count = 0;
}

void net_hungry(struct net *net, struct conn *c)
{
    uint32_t n = net->options.connections_max;
    ASSERT(c->pause == PAUSE_INPUT);
    ASSERT(net->hungry_count < n);
    c->pause = PAUSE_BUFFERS;
    net->hungry[(net->hungry_first + net->hungry_count++) % n] = c;
}

void net_feed(struct net *net)
{
    while (net->hungry_count != 0) {
        struct conn *c = net->hungry[net->hungry_first];
        ASSERT(c->pause == PAUSE_BUFFERS);
        if (!conn_buffers_back(c)) return;
        net->hungry_first = (net->hungry_first + 1) % net->options.connections_max;
        net->hungry_count--;
        c->pause = PAUSE_INPUT;
        net_ready(net, c); /* also if it ended meanwhile: then it is freed there */
    }
}

void net_wait_add(struct net *net, struct conn *c)
{
    if (c->waiting_index != UINT32_MAX) return;
    c->waiting_index = net->waiting_count;
    net->waiting[net->waiting_count++] = c;
}

void net_wait_remove(struct net *net, struct conn *c)
{
    uint32_t index = c->waiting_index;
    if (index == UINT32_MAX) return;
    struct conn *last = net->waiting[--net->waiting_count];
    net->waiting[index] = last;
    last->waiting_index = index;
    c->waiting_index = UINT32_MAX;
}

/* ---- buffers, tags ---- */

bool net_buffers_for(const struct net *net, uint64_t size)
{
    uint64_t kept = size > NET_SMALL ? net->options.buffers_max / 4 : 0;
    return size + kept <= net->options.buffers_max - net->buffers_used;
}

uint64_t net_buffers_share(const struct net *net)
{
    uint64_t left = net->options.buffers_max - net->buffers_used;
    uint64_t kept = net->options.buffers_max / 2;
    return left > kept ? (left - kept) / 4 : 0;
}

struct conn *net_tagged(struct net *net, uint64_t tag)
{
    uint32_t slot = uring_tag_slot(tag);
    ASSERT(slot < net->options.connections_max);
    struct conn *c = &net->conns[slot];
    return c->state != CONN_FREE && c->generation == uring_tag_generation(tag) ? c : NULL;
}
