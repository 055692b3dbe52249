/* io/net/conn.c -- slots, buffers, receiving, releasing and sending of one connection. */
#include "io/net/conn.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/net/net.h"
#include "io/os/memory.h"

static void conn_send(struct conn *c);
static void conn_recv(struct conn *c);
static void conn_fetched(struct fetch_owner *owner);

/* ---- slots ---- */

struct conn *conn_open(struct net *net, int fd, const struct door *door)
{
    if (net->free_count == 0) return NULL;
    struct conn *c = &net->conns[net->free_slots[--net->free_count]];
    ASSERT(c->state == CONN_FREE);
    ASSERT(door->first_size <= sizeof c->small_in);
    uint32_t slot = c->slot, generation = c->generation;
    memset(c, 0, sizeof *c);
    c->slot = slot;
    c->generation = generation;
    c->fd = fd;
    c->state = CONN_NEW;
    c->pause = PAUSE_INPUT;
    c->net = net;
    c->door = door;
    c->waiting_index = UINT32_MAX;
    fetch_owner_init(&c->fetch, net->engine, conn_fetched);
    c->in = c->small_in;
    c->in_capacity = door->first_size;
    c->out = c->small_out;
    c->out_capacity = sizeof c->small_out;
    c->opened_ms = net->engine->now_ms;
    net->deadlines = true;
    net->connections++;
    if (slot >= net->slot_end) net->slot_end = slot + 1;
    conn_recv(c);
    return c;
}

static bool conn_in_list(const struct conn *c)
{
    return c->pause == PAUSE_TURN || c->pause == PAUSE_LOG || c->pause == PAUSE_BUFFERS;
}

/* ---- buffers ---- */

static void buffers_give(struct conn *c)
{
    if (c->buffer_size == 0) return;
    memory_give(c->in, c->buffer_size);
    c->net->buffers_used -= c->buffer_size;
    c->net->freed = true;
    c->buffer_size = 0;
}

/* Buffers of its sizes, empty. False if the kernel has no memory. */
static bool buffers_map(struct conn *c)
{
    uint64_t size = (uint64_t)c->in_size + c->out_size;
    ASSERT(c->buffer_size == 0);
    ASSERT(c->head == c->tail);
    uint8_t *memory = memory_take(size, false);
    if (memory == NULL) return false;
    c->buffer_size = size;
    c->net->buffers_used += size;
    c->in = memory;
    c->in_capacity = c->in_size;
    c->in_start = c->in_end = 0;
    c->out = memory + c->in_size;
    c->out_capacity = c->out_size;
    c->head = c->sending = c->released = c->open = c->tail = 0;
    return true;
}

bool conn_buffers_take(struct conn *c, uint32_t in_size, uint32_t out_size)
{
    const struct net *net = c->net;
    ASSERT(c->state == CONN_NEW);
    if ((uint64_t)in_size + out_size > net->options.buffers_max - net->buffers_used) return false;
    c->in_size = in_size;
    c->out_size = out_size;
    if (!buffers_map(c)) return false;
    c->state = CONN_OPEN;
    c->opened_ms = c->partial_ms = 0;
    c->sock_more = true; /* more may wait in the socket already */
    return true;
}

/* Nothing of it is in its buffers, nor can get there but by the receive that waits. */
static bool is_idle(const struct conn *c)
{
    return c->state == CONN_OPEN && c->pause == PAUSE_INPUT && c->recv_pending &&
           !c->send_pending && c->in_start == c->in_end && c->head == c->tail && c->wait_count == 0;
}

/* Cancels the receive, so that the buffers can be given back. True if it will be idle long enough
 * later, perhaps. */
static bool lend(struct conn *c, uint64_t now_ms)
{
    if (c->buffer_size == 0 || c->lending || !net_buffers_tight(c->net)) return false;
    if (!is_idle(c) || now_ms - c->idle_ms <= NET_IDLE_MS) return true;
    struct io_uring_sqe *sqe = uring_sqe(c->net->ring);
    io_uring_prep_cancel64(sqe, uring_tag(URING_RECV, c->slot, c->generation), 0);
    io_uring_sqe_set_data64(sqe, uring_tag(URING_CANCEL, 0, 0));
    c->lending = true;
    return false;
}

/* The receive is cancelled: from now on what comes goes into a few bytes of its own. */
static void lent(struct conn *c)
{
    ASSERT(c->in_start == c->in_end);
    ASSERT(c->head == c->tail);
    buffers_give(c);
    c->in = c->small_in;
    c->in_capacity = sizeof c->small_in;
    c->in_start = c->in_end = 0;
    c->out = c->small_out;
    c->out_capacity = sizeof c->small_out;
    c->head = c->sending = c->released = c->open = c->tail = 0;
    conn_recv(c);
}

bool conn_buffers_back(struct conn *c)
{
    uint32_t size = c->in_end - c->in_start;
    if (c->state != CONN_OPEN) return true; /* it needs none any more */
    if (!net_buffers_for(c->net, (uint64_t)c->in_size + c->out_size)) return false;
    ASSERT(c->in == c->small_in && c->in_start == 0);
    if (!buffers_map(c)) return false;
    memcpy(c->in, c->small_in, size);
    c->in_end = size;
    return true;
}

/* ---- the end of a slot ---- */

/* The slot is free again; a completion that names its old generation finds nobody. */
static void conn_free(struct conn *c)
{
    struct net *net = c->net;
    ASSERT(!c->recv_pending && !c->send_pending && c->pause != PAUSE_FETCH);
    ASSERT(!conn_in_list(c)); /* the list it is in frees it */
    ASSERT(c->waiting_index == UINT32_MAX);
    close(c->fd);
    buffers_give(c);
    net->freed = true;
    c->state = CONN_FREE;
    c->generation++;
    net->free_slots[net->free_count++] = c->slot;
    net->connections--;
}

static void conn_free_if_idle(struct conn *c)
{
    if (c->recv_pending || c->send_pending || c->pause == PAUSE_FETCH) return;
    if (c->state == CONN_CLOSED && !conn_in_list(c)) conn_free(c);
}

void conn_close(struct conn *c)
{
    if (c->state != CONN_CLOSED) {
        c->state = CONN_CLOSED;
        fetch_drop(c->net->engine, &c->fetch);
        net_wait_remove(c->net, c);
        if (c->pause == PAUSE_BUFFERS) c->net->freed = true; /* it wants none: the list moves on */
        if (c->recv_pending || c->send_pending) shutdown(c->fd, SHUT_RDWR);
    }
    conn_free_if_idle(c);
}

/* ---- output ---- */

/* Call it wherever one of the five has changed. */
static void out_check(const struct conn *c)
{
    ASSERT(c->head <= c->sending);
    ASSERT(c->sending <= c->released);
    ASSERT(c->released <= c->open);
    ASSERT(c->open <= c->tail);
    ASSERT(c->tail <= c->out_capacity);
}

bool conn_room(struct conn *c, uint32_t size)
{
    uint32_t limit = c->out_capacity - CONN_ERROR_ROOM;
    if (c->tail + size <= limit) return true;
    uint32_t shift = c->head;
    if (c->send_pending || shift == 0 || c->tail - shift + size > limit) return false;
    memmove(c->out, c->out + shift, c->tail - shift);
    c->head = c->sending = 0;
    c->released -= shift;
    c->open -= shift;
    c->tail -= shift;
    for (uint32_t i = 0; i < c->wait_count; i++) {
        c->waits[(c->wait_first + i) % CONN_WAITS_MAX].end -= shift;
    }
    out_check(c);
    return true;
}

void conn_answered(struct conn *c, struct wait_point point, uint32_t entries)
{
    c->open = c->tail;
    if (c->wait_count == 0 && wait_point_passed(point, c->net->durable)) {
        c->released = c->tail;
        c->outstanding -= entries;
        out_check(c);
        return;
    }
    out_check(c);
    struct conn_answers *last =
        &c->waits[(c->wait_first + c->wait_count + CONN_WAITS_MAX - 1) % CONN_WAITS_MAX];
    if (c->wait_count != 0 &&
        (wait_point_passed(point, last->point) || c->wait_count == CONN_WAITS_MAX)) {
        /* Answers leave in order, so this one waits for what the last one waits for, at least. */
        last->point = wait_point_later(last->point, point);
        last->end = c->tail;
        last->entries += entries;
        return;
    }
    c->waits[(c->wait_first + c->wait_count++) % CONN_WAITS_MAX] =
        (struct conn_answers){.end = c->tail, .entries = entries, .point = point};
    net_wait_add(c->net, c);
}

static const struct conn_answers *wait_next(struct conn *c)
{
    const struct conn_answers *w = &c->waits[c->wait_first];
    ASSERT(c->wait_count != 0);
    c->wait_first = (c->wait_first + 1) % CONN_WAITS_MAX;
    c->wait_count--;
    c->outstanding -= w->entries;
    return w;
}

void conn_release(struct conn *c, struct wait_point durable)
{
    while (c->wait_count != 0 && wait_point_passed(c->waits[c->wait_first].point, durable)) {
        c->released = wait_next(c)->end;
    }
    out_check(c);
    if (c->wait_count == 0) net_wait_remove(c->net, c);
    conn_send(c);
}

/* Everything due is sent: shut our side, and let the peer read it before the socket goes. */
static void conn_ended(struct conn *c)
{
    struct net *net = c->net;
    if (c->eof) {
        conn_close(c);
        return;
    }
    shutdown(c->fd, SHUT_WR);
    c->state = CONN_LINGER;
    c->linger_ms = net->engine->now_ms;
    net->deadlines = true;
    conn_recv(c);
}

/* Sends what is released. If all is sent: begins the buffer anew, and ends if it is to end. */
static void conn_send(struct conn *c)
{
    struct net *net = c->net;
    if (c->send_pending) return;
    if (c->state != CONN_NEW && c->state != CONN_OPEN && c->state != CONN_ENDING) return;
    if (c->head == c->released) {
        if (c->head != c->tail) return;
        c->head = c->sending = c->released = c->open = c->tail = 0;
        if (c->state == CONN_ENDING) conn_ended(c);
        return;
    }
    struct io_uring_sqe *sqe = uring_sqe(net->ring);
    io_uring_prep_send(sqe, c->fd, c->out + c->head, c->released - c->head, MSG_NOSIGNAL);
    io_uring_sqe_set_data64(sqe, uring_tag(URING_SEND, c->slot, c->generation));
    c->sending = c->released;
    c->send_pending = true;
    out_check(c);
    if (c->send_ms == 0) c->send_ms = net->engine->now_ms;
    net->deadlines = true;
}

void conn_send_done(struct conn *c, int32_t res)
{
    c->send_pending = false;
    if (c->state == CONN_CLOSED) {
        conn_free_if_idle(c);
        return;
    }
    if (res < 0 && res != -EAGAIN && res != -EINTR) {
        conn_close(c);
        return;
    }
    if (res > 0) {
        c->head += (uint32_t)res;
        out_check(c);
        c->send_ms = 0; /* it moves */
    }
    conn_send(c);
    if (c->pause == PAUSE_ROOM && c->state == CONN_OPEN) net_ready(c->net, c);
}

void conn_error(struct conn *c, uint64_t tag, uint8_t code, const char *text)
{
    /* conn_room() keeps this much free; there is one last word. */
    ASSERT(c->open == c->tail);
    ASSERT(c->tail + CONN_ERROR_ROOM <= c->out_capacity);
    c->tail += c->door->refuse(c->out + c->tail, tag, code, text);
    conn_answered(c, c->net->durable, 0); /* behind the answers that are due */
    conn_end(c);
}

void conn_end(struct conn *c)
{
    if (c->state != CONN_NEW && c->state != CONN_OPEN && c->state != CONN_ENDING) return;
    c->state = CONN_ENDING;
    fetch_drop(c->net->engine, &c->fetch);
    c->tail = c->open; /* only whole answers leave */
    c->partial_ms = c->opened_ms = 0;
    out_check(c);
    conn_send(c);
}

/* ---- input ---- */

void conn_consume(struct conn *c, uint32_t size)
{
    c->in_start += size;
    ASSERT(c->in_start <= c->in_end);
    c->drain_bytes -= size < c->drain_bytes ? size : c->drain_bytes;
    c->partial_ms = 0;
}

/* Where the next bytes go, and how many. */
static uint8_t *in_space(struct conn *c, uint32_t *ret_size)
{
    if (c->in_start == c->in_end) {
        c->in_start = c->in_end = 0;
    } else if (c->in_end == c->in_capacity ||
               c->door->wanted(c->in + c->in_start, c->in_end - c->in_start) >
                   (uint64_t)c->in_capacity - c->in_start) {
        memmove(c->in, c->in + c->in_start, c->in_end - c->in_start);
        c->in_end -= c->in_start;
        c->in_start = 0;
    }
    *ret_size = c->in_capacity - c->in_end;
    ASSERT(*ret_size > 0);
    return c->in + c->in_end;
}

/* Receives again if the connection may be read. */
static void conn_recv(struct conn *c)
{
    struct net *net = c->net;
    uint8_t *to = net->discard;
    uint32_t size = sizeof net->discard;
    if (c->recv_pending || c->eof) return;
    if (c->state == CONN_NEW || c->state == CONN_OPEN)
        to = in_space(c, &size);
    else if (c->state != CONN_LINGER)
        return;
    struct io_uring_sqe *sqe = uring_sqe(net->ring);
    io_uring_prep_recv(sqe, c->fd, to, size, 0);
    /* The socket was empty a moment ago: don't try, wait. */
    if (!c->sock_more) sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
    io_uring_sqe_set_data64(sqe, uring_tag(URING_RECV, c->slot, c->generation));
    c->recv_pending = true;
}

/* Thrown away, up to a bound: then the peer has had its time to read the last word. */
static void linger_recv_done(struct conn *c, int32_t res)
{
    c->linger_bytes += res > 0 ? (uint32_t)res : 0;
    if (res <= 0 || c->linger_bytes > CONN_LINGER_SIZE)
        conn_close(c);
    else
        conn_recv(c);
}

/* Something came, or the end. Who lent its buffers needs them now; large ones wait in their order,
 * small ones for nobody. */
static void received(struct conn *c)
{
    struct net *net = c->net;
    bool has_buffers = c->in_size == 0 || c->buffer_size != 0 || c->in_start == c->in_end;
    bool at_once = net->hungry_count == 0 || (uint64_t)c->in_size + c->out_size <= NET_SMALL;
    if (has_buffers || (at_once && conn_buffers_back(c))) {
        net_ready(net, c);
        return;
    }
    c->idle_ms = net->engine->now_ms;
    net->deadlines = true;
    net_hungry(net, c);
}

void conn_recv_done(struct conn *c, int32_t res, uint32_t cqe_flags)
{
    bool is_lending = c->lending;
    c->recv_pending = c->lending = false;
    c->sock_more = (cqe_flags & IORING_CQE_F_SOCK_NONEMPTY) != 0;
    if (c->state == CONN_CLOSED) {
        conn_free_if_idle(c);
    } else if (res == -ECANCELED && c->state == CONN_OPEN && is_lending) {
        lent(c);
    } else if (res == -EAGAIN || res == -EINTR || res == -ECANCELED) {
        conn_recv(c);
    } else if (c->state == CONN_LINGER) {
        linger_recv_done(c, res);
    } else if (res < 0) {
        conn_close(c);
    } else {
        c->eof |= res == 0;
        if (c->state == CONN_ENDING) {
            conn_send(c);
            return;
        }
        c->in_end += (uint32_t)res;
        ASSERT(c->in_end <= c->in_capacity);
        received(c);
    }
}

/* ---- running ---- */

/* The door has run all there is: receive, or end. */
static void wait_for_input(struct conn *c)
{
    c->idle_ms = c->net->engine->now_ms;
    if (c->in_start == c->in_end) {
        c->partial_ms = 0;
    } else {
        if (c->partial_ms == 0) c->partial_ms = c->net->engine->now_ms;
        c->net->deadlines = true;
    }
    c->drain_bytes = 0; /* what is left is not a whole frame */
    if (c->eof)
        conn_end(c);
    else
        conn_recv(c);
}

void conn_run(struct conn *c)
{
    uint32_t budget = NET_TICK_OPS;
    if (c->state == CONN_CLOSED) {
        conn_free_if_idle(c);
        return;
    }
    if (c->state != CONN_NEW && c->state != CONN_OPEN) return;
    enum conn_pause pause = c->door->run(c, &budget);
    if (c->state != CONN_NEW && c->state != CONN_OPEN) return; /* it ended inside */
    if (pause != PAUSE_INPUT) c->partial_ms = 0;               /* something whole is there */
    switch (pause) {
    case PAUSE_INPUT: wait_for_input(c); break;
    case PAUSE_TURN: net_ready(c->net, c); break;
    case PAUSE_LOG: net_stall(c->net, c); break;
    case PAUSE_ROOM:
    case PAUSE_FETCH: c->pause = (uint8_t)pause; break;
    case PAUSE_BUFFERS: UNREACHABLE("a door has buffers");
    }
    conn_send(c);
}

enum conn_peer conn_peer(const struct conn *c)
{
    struct pollfd ask = {.fd = c->fd, .events = POLLRDHUP};
    if (poll(&ask, 1, 0) <= 0) return c->eof ? PEER_SILENT : PEER_THERE;
    return ask.revents & (POLLERR | POLLHUP) ? PEER_GONE : PEER_SILENT;
}

/* What it waited for is there, or it waits for nothing any more. */
static void conn_fetched(struct fetch_owner *owner)
{
    struct conn *c = container_of(owner, struct conn, fetch);
    ASSERT(c->pause == PAUSE_FETCH);
    c->pause = PAUSE_INPUT;
    if (c->state == CONN_CLOSED)
        conn_free_if_idle(c);
    else
        net_ready(c->net, c);
}

/* ---- deadlines ---- */

bool conn_deadline(struct conn *c, uint64_t now_ms)
{
    switch (c->state) {
    case CONN_FREE:
    case CONN_CLOSED: return false;
    case CONN_LINGER:
        if (now_ms - c->linger_ms <= NET_LINGER_MS) return true;
        conn_close(c);
        return false;
    default: break;
    }
    if (c->send_ms != 0 && now_ms - c->send_ms > NET_SEND_MS) {
        conn_close(c);
        return false;
    }
    if (c->opened_ms != 0 && now_ms - c->opened_ms > NET_HELLO_MS) {
        conn_error(c, 0, GJ_UNAUTHENTICATED, c->door->no_greeting);
        return true;
    }
    if (c->partial_ms != 0 && now_ms - c->partial_ms > NET_FRAME_MS) {
        conn_error(c, 0, GJ_MALFORMED, "the frame was not complete within 10 seconds");
        return true;
    }
    if (c->pause == PAUSE_BUFFERS && now_ms - c->idle_ms > NET_HUNGRY_MS) {
        conn_error(c, 0, GJ_OVERLOADED, "no buffers left; retry later");
        return true;
    }
    return lend(c, now_ms) || c->pause == PAUSE_BUFFERS || c->send_ms != 0 || c->opened_ms != 0 ||
           c->partial_ms != 0 || c->state == CONN_ENDING;
}

/* ---- stopping ---- */

void conn_drain(struct conn *c)
{
    if (c->state == CONN_OPEN) c->drain_bytes = c->in_end - c->in_start;
}

bool conn_drained(const struct conn *c)
{
    return c->state != CONN_OPEN || (c->drain_bytes == 0 && c->open == c->tail);
}

void conn_answers_replaced(struct conn *c, uint32_t tail)
{
    ASSERT(c->wait_count == 0);
    c->released = c->open = c->tail = tail;
    out_check(c);
}

void conn_log_failed(struct conn *c)
{
    if (c->state != CONN_OPEN && c->state != CONN_ENDING) return;
    while (c->wait_count != 0) (void)wait_next(c);
    net_wait_remove(c->net, c);
    fetch_drop(c->net->engine, &c->fetch);
    c->door->outcome_unknown(c);
    if (c->state == CONN_OPEN && c->pause == PAUSE_ROOM) net_ready(c->net, c);
    conn_send(c);
}
