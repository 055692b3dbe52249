/* io/net/conn.c -- slots, buffers, receiving, releasing and sending of one connection. */
#include "io/net/conn.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/net/server.h"
#include "io/os/memory.h"

#define PAGE 4096u
/* Answer of the most asked read, a person: a whole batch of them always fits. */
#define READ_USUAL ((uint32_t)(sizeof(struct gj_answer) + sizeof(struct gj_person_view)))
#define REPLY_MAX  ((uint32_t)(sizeof(struct gj_reply) + sizeof(struct gj_reply_sources)))

static void conn_fetched(struct fetch_owner *owner);

struct conn *conn_open(struct server *s, int fd)
{
    if (s->free_count == 0) return NULL;
    struct conn *c = &s->conns[s->free_slots[--s->free_count]];
    ASSERT(c->state == CONN_FREE);
    uint32_t slot = c->slot, generation = c->generation;
    memset(c, 0, sizeof *c);
    c->slot = slot;
    c->generation = generation;
    c->fd = fd;
    c->state = CONN_HELLO;
    c->server = s;
    c->waiting_index = UINT32_MAX;
    fetch_owner_init(&c->fetch, &s->engine, conn_fetched);
    c->in = c->small_in;
    c->in_capacity = sizeof(struct wire_header) + sizeof(struct wire_hello);
    c->out = c->small_out;
    c->out_capacity = sizeof c->small_out;
    c->opened_ms = s->engine.now_ms;
    s->deadlines = true;
    s->connections++;
    if (slot >= s->slot_end) s->slot_end = slot + 1;
    conn_recv(c);
    return c;
}

/* The slot is free again; a completion that names its old generation finds nobody. */
static void conn_free(struct conn *c)
{
    struct server *s = c->server;
    ASSERT(!c->recv_pending && !c->send_pending && !c->waiting_fetch);
    ASSERT(c->waiting_index == UINT32_MAX);
    if (c->ready || c->stalled) return; /* the list it is in frees it */
    close(c->fd);
    if (c->buffer_size != 0) {
        memory_give(c->in, c->buffer_size);
        s->buffers_used -= c->buffer_size;
    }
    c->state = CONN_FREE;
    c->generation++;
    s->free_slots[s->free_count++] = c->slot;
    s->connections--;
}

static void conn_free_if_idle(struct conn *c)
{
    if (c->state == CONN_CLOSED && !c->recv_pending && !c->send_pending && !c->waiting_fetch)
        conn_free(c);
}

void conn_close(struct conn *c)
{
    if (c->state != CONN_CLOSED) {
        c->state = CONN_CLOSED;
        fetch_drop(&c->server->engine, &c->fetch);
        server_wait_remove(c->server, c);
        if (c->recv_pending || c->send_pending) shutdown(c->fd, SHUT_RDWR);
    }
    conn_free_if_idle(c);
}

static uint32_t pages(uint64_t size)
{
    return (uint32_t)((size + PAGE - 1) / PAGE * PAGE);
}

static uint32_t window_batch(uint32_t window)
{
    return window < GJ_BATCH_OPS_MAX ? window : GJ_BATCH_OPS_MAX;
}

static uint32_t in_size(uint32_t window)
{
    return pages(2 * (sizeof(struct wire_header) + (uint64_t)wire_body_max(window_batch(window))));
}

static uint32_t out_size(uint32_t window)
{
    uint64_t replies = (uint64_t)window * (REPLY_MAX + sizeof(struct wire_header));
    uint64_t reads = (uint64_t)window_batch(window) * READ_USUAL;
    return pages(replies + reads + GJ_READ_ANSWER_MAX + CONN_ERROR_ROOM);
}

uint64_t conn_buffers_size(uint32_t window)
{
    return (uint64_t)in_size(window) + out_size(window);
}

bool conn_grant(struct conn *c, uint32_t wanted)
{
    struct server *s = c->server;
    uint64_t left = s->config->buffers_max - s->buffers_used;
    uint32_t window = wanted == 0 ? CONN_WINDOW_MIN : wanted;
    if (window > CONN_WINDOW_MAX) window = CONN_WINDOW_MAX;
    /* Half is kept for those who get the smallest window; of the other half no connection takes
     * more than a quarter of what is left. So some large clients never keep many small ones out. */
    uint64_t kept = s->config->buffers_max / 2;
    uint64_t large = left > kept ? left - kept : 0;
    while (window > CONN_WINDOW_MIN && conn_buffers_size(window) > large / 4) {
        window = window / 2 > CONN_WINDOW_MIN ? window / 2 : CONN_WINDOW_MIN;
    }
    uint64_t size = conn_buffers_size(window);
    if (size > left) return false;
    uint8_t *memory = memory_take(size, false);
    if (memory == NULL) return false;
    c->buffer_size = size;
    s->buffers_used += size;
    c->window = window;
    c->batch_max = window_batch(window);
    c->in = memory;
    c->in_capacity = in_size(window);
    c->in_start = c->in_end = 0;
    c->out = memory + c->in_capacity;
    c->out_capacity = out_size(window);
    c->head = c->sending = c->released = c->tail = 0;
    return true;
}

/* ---- output ---- */

bool conn_room(struct conn *c, uint32_t size)
{
    uint32_t limit = c->out_capacity - CONN_ERROR_ROOM;
    if (c->tail + size <= limit) return true;
    uint32_t shift = c->head;
    if (c->send_pending || shift == 0 || c->tail - shift + size > limit) return false;
    memmove(c->out, c->out + shift, c->tail - shift);
    c->head = c->sending = 0;
    c->released -= shift;
    c->tail -= shift;
    if (c->frame.active) c->frame.out_start -= shift;
    for (uint32_t i = 0; i < c->wait_count; i++) {
        c->waits[(c->wait_first + i) % CONN_WAITS_MAX].end -= shift;
    }
    return true;
}

void conn_answered(struct conn *c, struct wait_point point, uint32_t ops)
{
    struct server *s = c->server;
    if (c->wait_count == 0 && wait_point_passed(point, s->durable)) {
        c->released = c->tail;
        c->outstanding -= ops;
        return;
    }
    struct conn_wait *last =
        &c->waits[(c->wait_first + c->wait_count + CONN_WAITS_MAX - 1) % CONN_WAITS_MAX];
    if (c->wait_count != 0 &&
        (wait_point_passed(point, last->point) || c->wait_count == CONN_WAITS_MAX)) {
        /* Answers leave in order, so this one waits for what the last one waits for, at least. */
        last->point = wait_point_later(last->point, point);
        last->end = c->tail;
        last->ops += ops;
        return;
    }
    c->waits[(c->wait_first + c->wait_count++) % CONN_WAITS_MAX] =
        (struct conn_wait){.end = c->tail, .ops = ops, .point = point};
    server_wait_add(s, c);
}

void conn_release(struct conn *c, struct wait_point durable)
{
    while (c->wait_count != 0 && wait_point_passed(c->waits[c->wait_first].point, durable)) {
        const struct conn_wait *w = &c->waits[c->wait_first];
        c->released = w->end;
        c->outstanding -= w->ops;
        c->wait_first = (c->wait_first + 1) % CONN_WAITS_MAX;
        c->wait_count--;
    }
    if (c->wait_count == 0) server_wait_remove(c->server, c);
    conn_send(c);
}

/* Everything due is sent: shut our side, and let the peer read it before the socket goes. */
static void conn_ended(struct conn *c)
{
    struct server *s = c->server;
    if (c->eof) {
        conn_close(c);
        return;
    }
    shutdown(c->fd, SHUT_WR);
    c->state = CONN_LINGER;
    c->linger_ms = s->engine.now_ms;
    s->deadlines = true;
    conn_recv(c);
}

void conn_send(struct conn *c)
{
    struct server *s = c->server;
    if (c->send_pending || c->state == CONN_CLOSED || c->state == CONN_LINGER) return;
    if (c->head == c->released) {
        if (c->head == c->tail && !c->frame.active) {
            c->head = c->sending = c->released = c->tail = 0;
            if (c->state == CONN_ENDING) conn_ended(c);
        }
        return;
    }
    struct io_uring_sqe *sqe = uring_sqe(s->ring);
    io_uring_prep_send(sqe, c->fd, c->out + c->head, c->released - c->head, MSG_NOSIGNAL);
    io_uring_sqe_set_data64(sqe, uring_tag(URING_SEND, c->slot, c->generation));
    c->sending = c->released;
    c->send_pending = true;
    if (c->send_ms == 0) c->send_ms = s->engine.now_ms;
    s->deadlines = true;
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
        ASSERT(c->head <= c->sending);
        c->send_ms = 0; /* it moves */
    }
    conn_send(c);
    if (c->blocked == BLOCK_ROOM && c->state == CONN_OPEN) server_ready(c->server, c);
}

void conn_error(struct conn *c, uint64_t tag, uint8_t code, const char *text)
{
    struct server *s = c->server;
    /* conn_room() keeps this much free; two errors are never sent. */
    ASSERT(c->tail + CONN_ERROR_ROOM <= c->out_capacity);
    c->tail += wire_error_encode(c->out + c->tail, tag, code, text);
    conn_answered(c, s->durable, 0); /* behind the answers that are due */
    conn_end(c);
}

void conn_end(struct conn *c)
{
    if (c->state == CONN_CLOSED || c->state == CONN_LINGER) return;
    c->state = CONN_ENDING;
    fetch_drop(&c->server->engine, &c->fetch);
    if (c->frame.active && c->frame.type != WIRE_CLOCK) c->tail = c->frame.out_start;
    c->frame.active = false;
    c->partial_ms = 0;
    c->opened_ms = 0;
    conn_send(c);
}

/* ---- input ---- */

/* Bytes the frame at in_start has in all, as far as is known. */
static uint64_t frame_size(const struct conn *c)
{
    struct wire_header header;
    if (c->in_end - c->in_start < sizeof header) return sizeof header;
    memcpy(&header, c->in + c->in_start, sizeof header);
    return sizeof header + (uint64_t)header.size;
}

void conn_recv(struct conn *c)
{
    struct server *s = c->server;
    if (c->recv_pending || c->eof) return;
    uint8_t *to = s->discard;
    uint32_t size = sizeof s->discard;
    if (c->state == CONN_HELLO || c->state == CONN_OPEN) {
        if (c->in_start == c->in_end) {
            c->in_start = c->in_end = 0;
        } else if (c->in_end == c->in_capacity ||
                   frame_size(c) > (uint64_t)c->in_capacity - c->in_start) {
            memmove(c->in, c->in + c->in_start, c->in_end - c->in_start);
            c->in_end -= c->in_start;
            c->in_start = 0;
        }
        to = c->in + c->in_end;
        size = c->in_capacity - c->in_end;
        ASSERT(size > 0);
    } else if (c->state != CONN_LINGER) {
        return;
    }
    struct io_uring_sqe *sqe = uring_sqe(s->ring);
    io_uring_prep_recv(sqe, c->fd, to, size, 0);
    /* The socket was empty a moment ago: don't try, wait. */
    if (!c->sock_more) sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
    io_uring_sqe_set_data64(sqe, uring_tag(URING_RECV, c->slot, c->generation));
    c->recv_pending = true;
}

void conn_recv_done(struct conn *c, int32_t res, uint32_t cqe_flags)
{
    struct server *s = c->server;
    c->recv_pending = false;
    c->sock_more = (cqe_flags & IORING_CQE_F_SOCK_NONEMPTY) != 0;
    if (c->state == CONN_CLOSED) {
        conn_free_if_idle(c);
        return;
    }
    if (c->state == CONN_LINGER) {
        c->linger_bytes += res > 0 ? (uint32_t)res : 0;
        if (res <= 0 || c->linger_bytes > CONN_LINGER_SIZE)
            conn_close(c);
        else
            conn_recv(c);
        return;
    }
    if (res == -EAGAIN || res == -EINTR) {
        conn_recv(c);
        return;
    }
    if (res < 0) {
        conn_close(c);
        return;
    }
    if (res == 0) c->eof = true;
    if (c->state == CONN_ENDING) {
        conn_send(c);
        return;
    }
    c->in_end += (uint32_t)res;
    ASSERT(c->in_end <= c->in_capacity);
    server_ready(s, c);
}

/* ---- deadlines ---- */

bool conn_deadline(struct conn *c, uint64_t now_ms)
{
    switch (c->state) {
    case CONN_FREE:
    case CONN_CLOSED: return false;
    case CONN_LINGER:
        if (now_ms - c->linger_ms <= SERVER_LINGER_MS) return true;
        conn_close(c);
        return false;
    default: break;
    }
    if (c->send_ms != 0 && now_ms - c->send_ms > SERVER_SEND_MS) {
        conn_close(c);
        return false;
    }
    if (c->opened_ms != 0 && now_ms - c->opened_ms > SERVER_HELLO_MS) {
        conn_error(c, 0, GJ_UNAUTHENTICATED, "no HELLO within 5 seconds");
        return true;
    }
    if (c->partial_ms != 0 && now_ms - c->partial_ms > SERVER_FRAME_MS) {
        conn_error(c, 0, GJ_MALFORMED, "the frame was not complete within 10 seconds");
        return true;
    }
    return c->send_ms != 0 || c->opened_ms != 0 || c->partial_ms != 0 || c->state == CONN_ENDING;
}

/* ---- fetched records ---- */

/* What it waited for is there, or it waits for nothing any more. */
static void conn_fetched(struct fetch_owner *owner)
{
    struct conn *c = container_of(owner, struct conn, fetch);
    c->waiting_fetch = false;
    if (c->state == CONN_CLOSED) {
        conn_free_if_idle(c);
        return;
    }
    server_ready(c->server, c);
}

/* ---- the log failed ---- */

/* Rewrites one answer frame in place as OUTCOME_UNKNOWN; `to` is at or before `from`. Returns the
 * bytes written, which are never more than the bytes read. */
static uint32_t answer_unknown(uint8_t *to, const uint8_t *from, uint32_t *ret_read)
{
    struct wire_header header;
    memcpy(&header, from, sizeof header);
    *ret_read = (uint32_t)sizeof header + header.size;
    uint32_t written = sizeof header;
    if (header.type == (WIRE_OPS | WIRE_ANSWER)) {
        struct gj_reply unknown = {.code = GJ_OUTCOME_UNKNOWN};
        for (uint32_t i = 0; i < header.count; i++, written += sizeof unknown)
            memcpy(to + written, &unknown, sizeof unknown);
    } else if (header.type == (WIRE_READS | WIRE_ANSWER)) {
        uint32_t at = sizeof header;
        for (uint32_t i = 0; i < header.count; i++, written += sizeof(struct gj_answer)) {
            struct gj_answer answer;
            memcpy(&answer, from + at, sizeof answer);
            at += (uint32_t)sizeof answer + answer.size;
            answer = (struct gj_answer){.code = GJ_OUTCOME_UNKNOWN, .type = answer.type};
            memcpy(to + written, &answer, sizeof answer);
        }
    } else {
        memmove(to, from, *ret_read);
        return *ret_read;
    }
    header.size = written - (uint32_t)sizeof header;
    memcpy(to, &header, sizeof header);
    return written;
}

/* The answer to HELLO names a state that waits for the log, and nothing was answered before it: the
 * connection ends with an error in its place, which is as long. */
static void hello_unknown(struct conn *c)
{
    struct wire_header header;
    memcpy(&header, c->out + c->released, sizeof header);
    c->tail = c->released + wire_error_encode(c->out + c->released, header.tag, GJ_OUTCOME_UNKNOWN,
                                              "the log failed; ask get_op after the restart");
    c->released = c->tail;
    c->wait_count = 0;
    c->frame.active = false;
    server_wait_remove(c->server, c);
    conn_end(c);
}

void conn_log_failed(struct conn *c)
{
    /* A CLOCK frame has no answer in the output before it is done. */
    bool open = c->frame.active && c->frame.type != WIRE_CLOCK;
    uint32_t end = open ? c->frame.out_start : c->tail;
    uint32_t from = c->released, to = c->released;
    if (from < end &&
        c->out[from + offsetof(struct wire_header, type)] == (WIRE_HELLO | WIRE_ANSWER)) {
        hello_unknown(c);
        return;
    }
    while (from < end) {
        uint32_t read = 0;
        to += answer_unknown(c->out + to, c->out + from, &read);
        from += read;
    }
    c->tail = c->released = to;
    for (; c->wait_count != 0; c->wait_count--) {
        c->outstanding -= c->waits[c->wait_first].ops;
        c->wait_first = (c->wait_first + 1) % CONN_WAITS_MAX;
    }
    server_wait_remove(c->server, c);
    fetch_drop(&c->server->engine, &c->fetch);
    if (c->frame.active) {
        c->frame.refuse = GJ_OUTCOME_UNKNOWN;
        c->frame.out_start = to;
        if (open) c->tail = to + (uint32_t)sizeof(struct wire_header);
        c->frame.index = 0;
        c->frame.at = c->frame.start;
        c->frame.point = (struct wait_point){0};
        if (!c->waiting_fetch) server_ready(c->server, c);
    }
    conn_send(c);
}
