/* tests/sim/sim_net.c -- connections: bytes both ways in pieces with delays, ends, resets, cuts.
 * Within one direction of one connection order is kept; between any two nothing is. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim_parts.h"

#define LINKS 256u /* 0 is none */

enum way { UP, DOWN, WAYS }; /* to the server; to the client */
enum happening { ARRIVES, CONNECTS, RESETS };

/* Bytes in a row: taken from the front, put at the end. */
struct row {
    uint8_t *bytes;
    size_t start, size, room;
};

struct stream {
    struct row transit; /* sent, not arrived */
    uint64_t arrived;   /* bytes, ever */
    bool moving;        /* a piece is on its way */
    bool fin;           /* nothing is sent after what is in transit */
    bool ended;         /* that arrived */
};

struct link {
    bool used, open, waits; /* connected; not accepted yet */
    uint32_t generation;
    uint64_t order;
    struct sim_peer *peer; /* NULL = the client is gone */
    struct stream way[WAYS];
    struct row inbox; /* arrived at the server, not received */
    bool server_gone, reset, shut;
};

static struct link links[LINKS];
static uint32_t link_end; /* links from here on were never used */
static uint64_t orders;
static bool listens;
struct sim_net sim_net;

/* ---- rows ---- */

static void row_put(struct row *row, const void *bytes, size_t size)
{
    if (row->start > 0 && row->start + row->size + size > row->room) {
        memmove(row->bytes, row->bytes + row->start, row->size);
        row->start = 0;
    }
    if (row->size + size > row->room) {
        row->room = 2 * (row->size + size);
        row->bytes = realloc(row->bytes, row->room);
        if (row->bytes == NULL) abort();
    }
    memcpy(row->bytes + row->start + row->size, bytes, size);
    row->size += size;
}

static void row_take(struct row *row, void *bytes, size_t size)
{
    memcpy(bytes, row->bytes + row->start, size);
    row->start += size;
    row->size -= size;
    if (row->size == 0) row->start = 0;
}

static void row_empty(struct row *row)
{
    row->start = row->size = 0;
}

/* ---- links ---- */

static void link_free(struct link *l)
{
    for (unsigned w = 0; w < WAYS; w++) {
        struct row row = l->way[w].transit;
        row_empty(&row);
        l->way[w] = (struct stream){.transit = row};
    }
    row_empty(&l->inbox);
    l->used = l->open = l->waits = l->server_gone = l->reset = l->shut = false;
    l->generation++;
    l->peer = NULL;
}

void net_reset(void)
{
    for (uint32_t i = 0; i < link_end; i++) {
        if (links[i].used) link_free(&links[i]);
        links[i].generation = 0;
    }
    link_end = 1;
    orders = 0;
    listens = false;
    sim_net = (struct sim_net){
        .delay_us = 20, .delay_spread_us = 100, .piece_max = 4096, .window = 65536};
}

void net_free(void)
{
    for (uint32_t i = 0; i < LINKS; i++) {
        free(links[i].way[UP].transit.bytes);
        free(links[i].way[DOWN].transit.bytes);
        free(links[i].inbox.bytes);
    }
    memset(links, 0, sizeof(links));
}

static void happens(void *owner, uint64_t word);

static void later(struct link *l, enum happening what, enum way way)
{
    uint64_t word = (uint64_t)what << 60 | (uint64_t)way << 56 |
                    (uint64_t)(l->generation & 0xFFFFFFu) << 32 | (uint64_t)(l - links);
    world_add(sim_net.delay_us + sim_random_below(sim_net.delay_spread_us), happens, NULL, word);
}

/* The client's end is over. */
static void detach(struct link *l, bool reset, bool tell)
{
    struct sim_peer *peer = l->peer;
    l->peer = NULL;
    if (peer != NULL) peer->link = 0;
    if (l->server_gone || !l->open) {
        link_free(l);
    } else if (reset) {
        l->reset = true;
        row_empty(&l->inbox);
        row_empty(&l->way[UP].transit);
        ring_look();
    }
    world_trace(2, reset);
    if (tell && peer != NULL && peer->closed != NULL) peer->closed(peer, reset);
}

static void move(struct link *l, enum way way)
{
    struct stream *s = &l->way[way];
    if (s->moving || s->ended || !l->open || (s->transit.size == 0 && !s->fin)) return;
    s->moving = true;
    later(l, ARRIVES, way);
}

static void cut(struct link *l)
{
    struct sim_peer *peer = l->peer;
    if (peer == NULL || !peer->cut_with_fin) {
        detach(l, true, true);
        return;
    }
    row_empty(&l->way[UP].transit);
    l->way[UP].fin = true;
    move(l, UP);
    detach(l, false, true);
}

/* How much of what is in transit arrives now; `*cuts` if the connection is cut behind it. */
static size_t piece(struct link *l, enum way way, size_t room, bool *cuts)
{
    const struct stream *s = &l->way[way];
    uint64_t limit = 0;
    size_t size = s->transit.size < sim_net.piece_max ? s->transit.size : sim_net.piece_max;
    size = 1 + (size_t)sim_random_below(size);
    if (size > room) size = room;
    if (l->peer != NULL) limit = way == UP ? l->peer->cut_after_sent : l->peer->cut_after_received;
    *cuts = limit != 0 && s->arrived + size >= limit;
    if (*cuts) size = limit > s->arrived ? (size_t)(limit - s->arrived) : 0;
    return size;
}

static void arrives_up(struct link *l)
{
    struct stream *s = &l->way[UP];
    static uint8_t bytes[1u << 16];
    bool cuts = false;
    if (l->reset) return;
    if (s->transit.size == 0) {
        s->ended = true;
        ring_look();
        return;
    }
    size_t room = l->inbox.size < sim_net.window ? sim_net.window - l->inbox.size : 0;
    if (room > sizeof(bytes)) room = sizeof(bytes);
    if (room == 0) return; /* goes on when something is received */
    size_t size = piece(l, UP, room, &cuts);
    row_take(&s->transit, bytes, size);
    s->arrived += size;
    world_trace_bytes(bytes, size);
    if (!l->server_gone) row_put(&l->inbox, bytes, size);
    ring_look();
    if (cuts || world_chance(sim_net.cut))
        cut(l);
    else
        move(l, UP);
}

static void arrives_down(struct link *l)
{
    struct stream *s = &l->way[DOWN];
    static uint8_t bytes[1u << 16];
    bool cuts = false;
    struct sim_peer *peer = l->peer;
    if (peer == NULL || peer->deaf) return; /* goes on when it listens */
    if (s->transit.size == 0) {
        s->ended = true;
        l->way[UP].fin = true;
        move(l, UP);
        detach(l, false, true);
        return;
    }
    size_t size = piece(l, DOWN, sizeof(bytes), &cuts);
    uint32_t generation = l->generation;
    row_take(&s->transit, bytes, size);
    s->arrived += size;
    world_trace_bytes(bytes, size);
    ring_look();
    if (size > 0 && peer->received != NULL) peer->received(peer, bytes, size);
    if (!l->used || l->generation != generation || l->peer != peer) return;
    if (cuts || world_chance(sim_net.cut))
        cut(l);
    else
        move(l, DOWN);
}

static void connects(struct link *l)
{
    struct sim_peer *peer = l->peer;
    if (!listens || peer == NULL) {
        detach(l, true, true);
        return;
    }
    uint32_t generation = l->generation;
    l->open = l->waits = true;
    ring_look();
    if (peer->opened != NULL) peer->opened(peer);
    if (l->used && l->generation == generation) move(l, UP);
}

static void happens(void *owner, uint64_t word)
{
    struct link *l = &links[word & 0xFFFFFFFFu];
    enum way way = (enum way)(word >> 56 & 0xF);
    if (!l->used || (l->generation & 0xFFFFFFu) != (word >> 32 & 0xFFFFFFu)) return;
    l->way[way].moving = false;
    switch ((enum happening)(word >> 60)) {
    case ARRIVES:
        if (way == UP)
            arrives_up(l);
        else
            arrives_down(l);
        return;
    case CONNECTS: connects(l); return;
    case RESETS: detach(l, true, true); return;
    }
}

/* ---- the server's side ---- */

static struct link *first_waiting(void)
{
    struct link *ret = NULL;
    for (uint32_t i = 1; i < link_end; i++) {
        if (links[i].used && links[i].waits && (ret == NULL || links[i].order < ret->order))
            ret = &links[i];
    }
    return ret;
}

bool net_waiting(void)
{
    return first_waiting() != NULL;
}

uint32_t net_accept(void)
{
    struct link *l = first_waiting();
    if (l == NULL) return 0;
    l->waits = false;
    return (uint32_t)(l - links);
}

long net_recv(uint32_t link, void *bytes, size_t size, bool *more)
{
    struct link *l = &links[link];
    *more = false;
    if (l->shut) return 0;
    if (l->inbox.size == 0) {
        if (l->reset) return -ECONNRESET;
        return l->way[UP].ended ? 0 : -EAGAIN;
    }
    if (size > l->inbox.size) size = l->inbox.size;
    row_take(&l->inbox, bytes, size);
    *more = l->inbox.size > 0;
    move(l, UP);
    return (long)size;
}

long net_send(uint32_t link, const void *bytes, size_t size)
{
    struct link *l = &links[link];
    struct stream *s = &l->way[DOWN];
    if (l->reset) return -ECONNRESET;
    if (s->fin || l->shut) return -EPIPE;
    if (l->peer == NULL) return -EPIPE;
    size_t room = s->transit.size < sim_net.window ? sim_net.window - s->transit.size : 0;
    if (room == 0) return -EAGAIN;
    if (size > room) size = room;
    row_put(&s->transit, bytes, size);
    move(l, DOWN);
    return (long)size;
}

short net_poll(uint32_t link)
{
    const struct link *l = &links[link];
    if (l->reset || l->shut) return POLLERR | POLLHUP;
    return l->way[UP].ended ? POLLRDHUP : 0;
}

void net_shutdown(uint32_t link, bool both)
{
    struct link *l = &links[link];
    l->way[DOWN].fin = true;
    if (both) l->shut = true;
    move(l, DOWN);
    ring_look();
}

void net_close(uint32_t link)
{
    struct link *l = &links[link];
    bool unread = l->inbox.size > 0 || l->way[UP].transit.size > 0;
    l->server_gone = true;
    if (l->peer == NULL) {
        link_free(l);
    } else if (unread) {
        row_empty(&l->way[DOWN].transit);
        later(l, RESETS, DOWN);
    } else {
        l->way[DOWN].fin = true;
        move(l, DOWN);
    }
}

void net_listening(bool now)
{
    listens = now;
    for (uint32_t i = 1; i < link_end && !now; i++) {
        if (!links[i].used || !links[i].waits) continue;
        links[i].waits = false;
        links[i].server_gone = true;
        later(&links[i], RESETS, DOWN);
    }
}

/* ---- the client's side ---- */

void sim_connect(struct sim_peer *peer)
{
    uint32_t i = 1;
    ASSERT(peer->link == 0);
    while (i < LINKS && links[i].used) i++;
    ASSERT(i < LINKS);
    if (i >= link_end) link_end = i + 1;
    links[i].used = true;
    links[i].order = ++orders;
    links[i].peer = peer;
    peer->link = i;
    later(&links[i], CONNECTS, UP);
}

bool sim_send(struct sim_peer *peer, const void *bytes, size_t size)
{
    struct link *l = &links[peer->link];
    if (peer->link == 0 || l->way[UP].fin) return false;
    row_put(&l->way[UP].transit, bytes, size);
    move(l, UP);
    return true;
}

void sim_finish(struct sim_peer *peer)
{
    if (peer->link == 0) return;
    links[peer->link].way[UP].fin = true;
    move(&links[peer->link], UP);
}

void sim_reset_peer(struct sim_peer *peer)
{
    if (peer->link != 0) detach(&links[peer->link], true, false);
}

void sim_listen(struct sim_peer *peer)
{
    peer->deaf = false;
    if (peer->link != 0) move(&links[peer->link], DOWN);
}
