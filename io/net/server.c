/* io/net/server.c -- the loop and the stop. */
#include "io/net/server.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "io/os/report.h"

#define STOOD_STILL_MS 1000u /* no tick waits that long while deadlines run */

/* ---- set-up ---- */

static uint64_t align64(uint64_t size)
{
    return (size + 63) / 64 * 64;
}

uint64_t server_memory_size(const struct config *config)
{
    uint64_t n = config->connections_max;
    return align64(n * sizeof(struct conn)) + 3 * align64(n * sizeof(struct conn *)) +
           align64(n * sizeof(uint32_t));
}

void server_init(struct server *s, const struct config *config, struct uring *ring, void *memory)
{
    uint32_t n = config->connections_max;
    uint8_t *at = memory;
    memset(s, 0, sizeof *s);
    s->config = config;
    s->ring = ring;
    s->signal_fd = -1;
    s->conns = (struct conn *)at;
    at += align64(n * sizeof(struct conn));
    s->ready = (struct conn **)at;
    at += align64(n * sizeof(struct conn *));
    s->waiting = (struct conn **)at;
    at += align64(n * sizeof(struct conn *));
    s->stalled = (struct conn **)at;
    at += align64(n * sizeof(struct conn *));
    s->free_slots = (uint32_t *)at;
    for (uint32_t i = 0; i < n; i++) {
        s->conns[i].slot = i;
        s->free_slots[i] = n - 1 - i;
    }
    s->free_count = n;
}

void server_start_time(struct server *s)
{
    s->start_ms = s->busy_ms = s->tick_ms = s->engine.now_ms;
}

/* ---- lists ---- */

void server_ready(struct server *s, struct conn *c)
{
    if (c->ready) return;
    ASSERT(s->ready_count < s->config->connections_max);
    c->ready = true;
    s->ready[(s->ready_first + s->ready_count++) % s->config->connections_max] = c;
}

void server_wait_add(struct server *s, struct conn *c)
{
    if (c->waiting_index != UINT32_MAX) return;
    c->waiting_index = s->waiting_count;
    s->waiting[s->waiting_count++] = c;
}

void server_wait_remove(struct server *s, struct conn *c)
{
    uint32_t index = c->waiting_index;
    if (index == UINT32_MAX) return;
    struct conn *last = s->waiting[--s->waiting_count];
    s->waiting[index] = last;
    last->waiting_index = index;
    c->waiting_index = UINT32_MAX;
}

void server_stall(struct server *s, struct conn *c)
{
    c->blocked = BLOCK_STALL;
    if (c->stalled) return;
    c->stalled = true;
    s->stalled[s->stalled_count++] = c;
}

/* Those that wait for room in the log try again; a frame not yet begun that waited too long is
 * answered OVERLOADED. */
static void stalled_retry(struct server *s)
{
    bool overdue = engine_overdue(&s->engine);
    s->retry_ms = s->engine.now_ms;
    for (uint32_t i = 0; i < s->stalled_count; i++) {
        struct conn *c = s->stalled[i];
        c->stalled = false;
        if (c->state == CONN_CLOSED) {
            conn_close(c);
            continue;
        }
        if (overdue && c->frame.active && c->frame.index == 0 && c->frame.refuse == 0) {
            c->frame.refuse = GJ_OVERLOADED;
            s->overloaded += c->frame.count;
        }
        server_ready(s, c);
    }
    s->stalled_count = 0;
}

static void release_durable(struct server *s)
{
    struct wait_point durable = engine_durable(&s->engine);
    if (durable.group == s->durable.group) return;
    s->durable = durable;
    disk_trace_released(s->trace, durable.group);
    for (uint32_t i = s->waiting_count; i-- > 0;) {
        /* Removal swaps the last one in, which was already visited. */
        conn_release(s->waiting[i], durable);
    }
}

/* ---- completions ---- */

static struct conn *tagged_conn(struct server *s, uint64_t tag)
{
    uint32_t slot = uring_tag_slot(tag);
    ASSERT(slot < s->config->connections_max);
    struct conn *c = &s->conns[slot];
    return c->state != CONN_FREE && c->generation == uring_tag_generation(tag) ? c : NULL;
}

static void signal_arm(struct server *s)
{
    struct io_uring_sqe *sqe = uring_sqe(s->ring);
    io_uring_prep_read(sqe, s->signal_fd, &s->signal_info, sizeof s->signal_info, 0);
    io_uring_sqe_set_data64(sqe, uring_tag(URING_SIGNAL, 0, 0));
}

static void completion(struct server *s, const struct io_uring_cqe *cqe)
{
    struct conn *c;
    switch (uring_tag_kind(cqe->user_data)) {
    case URING_DISK: {
        struct disk_op *op = uring_tag_disk(cqe->user_data);
        op->res = cqe->res;
        s->disk_event = true;
        op->done(op);
        break;
    }
    case URING_ACCEPT:
        listener_accepted(s, uring_tag_slot(cqe->user_data), cqe->res,
                          (cqe->flags & IORING_CQE_F_MORE) != 0);
        break;
    case URING_RECV:
        c = tagged_conn(s, cqe->user_data);
        if (c != NULL) conn_recv_done(c, cqe->res, cqe->flags);
        break;
    case URING_SEND:
        c = tagged_conn(s, cqe->user_data);
        if (c != NULL) conn_send_done(c, cqe->res);
        break;
    case URING_SIGNAL:
        if (cqe->res == (int32_t)sizeof s->signal_info) {
            server_signal(s, (int)s->signal_info.ssi_signo);
        }
        signal_arm(s);
        break;
    default: UNREACHABLE("completion tag");
    }
}

static void reap(struct server *s)
{
    struct io_uring_cqe *cqes[256];
    for (;;) {
        unsigned count = io_uring_peek_batch_cqe(&s->ring->ring, cqes, ARRAY_COUNT(cqes));
        if (count == 0) return;
        for (unsigned i = 0; i < count; i++) {
            struct io_uring_cqe cqe = *cqes[i];
            completion(s, &cqe);
        }
        io_uring_cq_advance(&s->ring->ring, count);
        if (count < ARRAY_COUNT(cqes)) return;
    }
}

/* ---- work ---- */

static void run_ready(struct server *s)
{
    uint32_t n = s->config->connections_max, count = s->ready_count;
    for (enum prefetch_stage stage = 0; stage < PREFETCH_STAGES && !s->failed; stage++) {
        for (uint32_t i = 0; i < count; i++) {
            frames_prefetch(s, s->ready[(s->ready_first + i) % n], stage);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        struct conn *c = s->ready[s->ready_first];
        s->ready_first = (s->ready_first + 1) % n;
        s->ready_count--;
        c->ready = false;
        if (c->state == CONN_CLOSED)
            conn_close(c);
        else
            frames_run(s, c);
    }
}

/* Nobody is judged in the first tick after the process or the whole machine stood still: what came
 * meanwhile may be there and not read yet. */
static void scan_deadlines(struct server *s, uint64_t tick_took_ms)
{
    if (!s->deadlines || s->engine.now_ms - s->scan_ms < SERVER_DEADLINE_MS) return;
    s->scan_ms = s->engine.now_ms;
    if (tick_took_ms > STOOD_STILL_MS) return;
    s->deadlines = false;
    bool running = false;
    for (uint32_t i = 0; i < s->slot_end; i++) {
        if (s->conns[i].state != CONN_FREE)
            running |= conn_deadline(&s->conns[i], s->engine.now_ms);
    }
    s->deadlines |= running;
    if (s->accept_paused && s->phase == SERVER_SERVING) {
        s->accept_paused = false;
        for (uint32_t i = 0; i < s->listener_count; i++) {
            if (!s->listeners[i].armed) listener_arm(s, i);
        }
    }
}

static uint64_t at_most(uint64_t wait, uint64_t limit)
{
    return wait < limit ? wait : limit;
}

/* How long the next wait may take, in milliseconds; -1 = until something happens. */
static int wait_ms(const struct server *s)
{
    if (s->ready_count != 0) return 0;
    if (s->phase != SERVER_SERVING) return 10;
    uint64_t wait = expire_wait_ms(&s->engine);
    if (s->stalled_count != 0)
        wait = at_most(wait, ENGINE_RETRY_MS);
    else if (!log_quiet(s->engine.log))
        wait = at_most(wait, SERVER_SEAL_MS);
    else if (s->deadlines)
        wait = at_most(wait, SERVER_DEADLINE_MS);
    return wait == UINT64_MAX ? -1 : (int)wait;
}

/* ---- stopping ---- */

void server_signal(struct server *s, int signal)
{
    if (s->signalled) {
        report(REPORT_WARNING, "second signal: stopping at once");
        _exit(128 + signal);
    }
    s->signalled = true;
    if (s->phase != SERVER_SERVING) return; /* it failed, and stops already */
    report(REPORT_INFO, "stopping: finishing what was received");
    s->phase = SERVER_FINISHING;
    s->engine.ending = true;
    s->phase_ms = s->stop_ms = s->engine.now_ms;
    listeners_close(s);
    for (uint32_t i = 0; i < s->slot_end; i++) {
        struct conn *c = &s->conns[i];
        if (c->state == CONN_OPEN) c->drain_bytes = c->in_end - c->in_start;
        if (c->state == CONN_OPEN && c->frame.active) {
            uint32_t active = c->frame.end - c->in_start;
            c->drain_bytes -= active < c->drain_bytes ? active : c->drain_bytes;
        }
    }
}

void server_fail(struct server *s, const char *what)
{
    if (s->failed) return;
    report(REPORT_ERROR,
           "%s; nothing more is acknowledged, stopping with exit code 74. Restart to "
           "recover; clients ask get_op what became of unanswered operations",
           what);
    s->failed = true;
    s->exit_code = EXIT_IO;
    s->phase = SERVER_FINISHING;
    s->engine.ending = true;
    s->phase_ms = s->stop_ms = s->engine.now_ms;
    listeners_close(s);
    for (uint32_t i = 0; i < s->slot_end; i++) {
        struct conn *c = &s->conns[i];
        if (c->state == CONN_OPEN || c->state == CONN_ENDING) conn_log_failed(c);
    }
}

/* True if everything received before the signal was executed and its answers are on their way. */
static bool finished(const struct server *s)
{
    if (s->failed) return true;
    if (log_group_durable(s->engine.log) < log_group_last(s->engine.log)) return false;
    for (uint32_t i = 0; i < s->slot_end; i++) {
        const struct conn *c = &s->conns[i];
        if (c->state == CONN_OPEN && (c->drain_bytes != 0 || c->frame.active)) return false;
    }
    return true;
}

static void close_all(struct server *s, void (*how)(struct conn *c))
{
    for (uint32_t i = 0; i < s->slot_end; i++) {
        if (s->conns[i].state != CONN_FREE) how(&s->conns[i]);
    }
}

static void enter(struct server *s, enum server_phase phase)
{
    s->phase = phase;
    s->phase_ms = s->engine.now_ms;
}

static void stop_step(struct server *s)
{
    bool overdue = s->engine.now_ms - s->stop_ms > SERVER_DRAIN_MS;
    uint64_t here_ms = s->engine.now_ms - s->phase_ms;
    s->deadlines = true;
    switch (s->phase) {
    case SERVER_SERVING: return;
    case SERVER_FINISHING:
        if (!overdue && (here_ms < SERVER_GRACE_MS || !finished(s))) return;
        enter(s, SERVER_CLOSING);
        close_all(s, conn_end);
        return;
    case SERVER_CLOSING:
        /* A peer gets as long to take its answers as a connection that ends otherwise. */
        if (s->connections != 0 && here_ms <= SERVER_LINGER_MS) return;
        close_all(s, conn_close);
        enter(s, s->failed ? SERVER_STOPPED : SERVER_SEALING);
        return;
    case SERVER_SEALING:
        log_stop(s->engine.log);
        if (log_quiet(s->engine.log)) {
            enter(s, SERVER_STOPPED);
        } else if (overdue) {
            report(REPORT_ERROR,
                   "the log could not be sealed in time, stopping with exit code 74; the "
                   "next start recovers it");
            s->exit_code = EXIT_IO;
            enter(s, SERVER_STOPPED);
        }
        return;
    case SERVER_STOPPED: return;
    }
}

/* ---- the loop ---- */

/* A disk that takes writes and never finishes them ends like one that fails: clients learn that the
 * outcome is unknown instead of waiting for ever. A tick counts for a second at most, so that a
 * process or machine that was stopped and goes on is not taken for a disk that hangs. */
static void watch_disk(struct server *s)
{
    uint64_t durable = log_group_durable(s->engine.log);
    uint64_t here_ms = s->engine.now_ms - s->tick_ms;
    s->tick_ms = s->engine.now_ms;
    if (durable != s->stuck_group || durable >= log_group_last(s->engine.log)) {
        s->stuck_group = durable;
        s->stuck_ms = 0;
        return;
    }
    s->stuck_ms += here_ms < 1000 ? here_ms : 1000;
    if (s->stuck_ms > s->config->disk_timeout_s * 1000) {
        server_fail(s, "a write of the log took longer than --disk-timeout");
    }
}

static void tick(struct server *s, int timeout_ms)
{
    int error = 0;
    if (!uring_wait(s->ring, timeout_ms, &error)) {
        report(REPORT_ERROR, "io_uring failed: %s", strerror(error));
        server_fail(s, "the ring failed");
        s->phase = SERVER_STOPPED;
        return;
    }
    engine_tick(&s->engine);
    uint64_t took_ms = s->engine.now_ms - s->tick_ms;
    s->disk_event = false;
    reap(s);
    if (log_failed(s->engine.log)) server_fail(s, "a write of the log failed");
    watch_disk(s);
    if (!s->failed) release_durable(s);
    if (s->stalled_count != 0 &&
        (s->disk_event || s->engine.now_ms - s->retry_ms >= ENGINE_RETRY_MS)) {
        stalled_retry(s);
    }
    expire_run(&s->engine);
    run_ready(s);
    if (!s->failed) {
        log_flush(s->engine.log);
        if (state_seq(s->engine.state) != s->busy_seq) {
            s->busy_seq = state_seq(s->engine.state);
            s->busy_ms = s->engine.now_ms;
        }
        if (s->engine.now_ms - s->busy_ms >= SERVER_SEAL_MS && !log_quiet(s->engine.log))
            log_seal(s->engine.log);
    }
    scan_deadlines(s, took_ms);
    if (s->phase != SERVER_SERVING) stop_step(s);
}

int server_run(struct server *s)
{
    signal_arm(s);
    for (uint32_t i = 0; i < s->listener_count; i++) listener_arm(s, i);
    s->durable = engine_durable(&s->engine);
    disk_trace_released(s->trace, s->durable.group);
    while (s->phase != SERVER_STOPPED) tick(s, wait_ms(s));
    return s->exit_code;
}
