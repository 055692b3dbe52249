/* io/net/loop.c -- the tick of the server. */
#include "io/net/loop.h"

#include <string.h>

#include "io/net/conn.h"
#include "io/os/report.h"

#define STOOD_STILL_MS 1000u /* no tick waits that long while deadlines run */

/* ---- completions ---- */

static void signal_arm(struct loop *loop)
{
    struct io_uring_sqe *sqe = uring_sqe(loop->net->ring);
    io_uring_prep_read(sqe, loop->signal_fd, &loop->signal_info, sizeof loop->signal_info, 0);
    io_uring_sqe_set_data64(sqe, uring_tag(URING_SIGNAL, 0, 0));
}

static void disk_done(struct loop *loop, const struct io_uring_cqe *cqe)
{
    struct disk_op *op = uring_tag_disk(cqe->user_data);
    op->res = cqe->res;
    loop->disk_event = true;
    op->done(op);
}

static void completion(struct loop *loop, const struct io_uring_cqe *cqe)
{
    struct conn *c;
    switch (uring_tag_kind(cqe->user_data)) {
    case URING_DISK: disk_done(loop, cqe); break;
    case URING_ACCEPT:
        listener_accepted(loop->listeners, uring_tag_slot(cqe->user_data), cqe->res,
                          (cqe->flags & IORING_CQE_F_MORE) != 0);
        break;
    case URING_RECV:
        c = net_tagged(loop->net, cqe->user_data);
        if (c != NULL) conn_recv_done(c, cqe->res, cqe->flags);
        break;
    case URING_SEND:
        c = net_tagged(loop->net, cqe->user_data);
        if (c != NULL) conn_send_done(c, cqe->res);
        break;
    case URING_SIGNAL:
        if (cqe->res == (int32_t)sizeof loop->signal_info) {
            stop_signal(loop->stop, (int)loop->signal_info.ssi_signo);
        }
        signal_arm(loop);
        break;
    case URING_CANCEL: break; /* what was cancelled says so itself */
    default: UNREACHABLE("completion tag");
    }
}

static void reap(struct loop *loop)
{
    struct io_uring *ring = &loop->net->ring->ring;
    struct io_uring_cqe *cqes[256];
    for (;;) {
        unsigned count = io_uring_peek_batch_cqe(ring, cqes, ARRAY_COUNT(cqes));
        if (count == 0) return;
        for (unsigned i = 0; i < count; i++) {
            struct io_uring_cqe cqe = *cqes[i];
            completion(loop, &cqe);
        }
        io_uring_cq_advance(ring, count);
        if (count < ARRAY_COUNT(cqes)) return;
    }
}

/* ---- work ---- */

static void release_durable(struct loop *loop)
{
    struct net *net = loop->net;
    struct wait_point durable = engine_durable(net->engine);
    if (durable.group == net->durable.group) return;
    net->durable = durable;
    disk_trace_released(loop->trace, durable.group);
    for (uint32_t i = net->waiting_count; i-- > 0;) {
        /* Removal swaps the last one in, which was already visited. */
        conn_release(net->waiting[i], durable);
    }
}

/* Those that wait for the log try again when the disk has done something, or after a while. */
static void retry_stalled(struct loop *loop)
{
    uint64_t now_ms = loop->net->engine->now_ms;
    if (loop->net->stalled_count == 0) return;
    if (!loop->disk_event && now_ms - loop->retry_ms < ENGINE_RETRY_MS) return;
    loop->retry_ms = now_ms;
    net_stalled_retry(loop->net);
}

/* What each of the ready ones may spend in a tick. */
struct share {
    uint32_t ops, reads;
};

/* Of `count` of them. Operations keep shares so large that few frames are cut. */
static struct share share_of(uint32_t count)
{
    uint32_t ops = count == 0 ? 0 : ENGINE_TICK_OPS / count;
    uint32_t reads = ENGINE_TICK_READS / (count + 1);
    return (struct share){
        .ops = ops < NET_OPS_SHARE ? NET_OPS_SHARE : ops,
        .reads = reads == 0 ? 1 : reads,
    };
}

static void run_ready(struct net *net)
{
    uint32_t n = net->options.connections_max, count = net->ready_count;
    for (enum prefetch_stage stage = 0; stage < PREFETCH_STAGES && !net->failed; stage++) {
        for (uint32_t i = 0; i < count; i++) {
            const struct conn *c = net->ready[(net->ready_first + i) % n];
            c->door->prefetch(c, stage);
        }
    }
    const struct share share = share_of(count);
    const struct conn *left_out = NULL;
    for (uint32_t i = 0; i < count; i++) {
        struct conn *c = net_ready_next(net);
        bool spent = engine_ops_spent(net->engine) || engine_reads_spent(net->engine);
        net->ops_end = net->engine->ops_spent + share.ops;
        net->reads_end = net->engine->reads_spent + share.reads;
        conn_run(c);
        if (spent && left_out == NULL && c->pause == PAUSE_TURN) left_out = c;
    }
    /* For whom nothing was left comes first next time. */
    if (left_out != NULL) net_ready_first(net, left_out);
    engine_walk(net->engine);
}

static void flush(struct loop *loop)
{
    struct engine *e = loop->net->engine;
    if (loop->net->failed) return;
    log_flush(e->log);
    if (state_seq(e->state) != loop->busy_seq) {
        loop->busy_seq = state_seq(e->state);
        loop->busy_ms = e->now_ms;
    }
    if (e->now_ms - loop->busy_ms >= LOOP_SEAL_MS && !log_quiet(e->log)) log_seal(e->log);
}

/* Whoever waits for what came free goes on at once. */
static void reuse(struct loop *loop)
{
    if (!loop->net->freed) return;
    loop->net->freed = false;
    listeners_resume(loop->listeners);
    net_feed(loop->net);
}

/* ---- deadlines ---- */

/* Nobody is judged in the first tick after the process or the whole machine stood still: what came
 * meanwhile may be there and not read yet. */
static void scan_deadlines(struct loop *loop, uint64_t tick_took_ms)
{
    struct net *net = loop->net;
    uint64_t now_ms = net->engine->now_ms;
    if (!net->deadlines || now_ms - loop->scan_ms < LOOP_DEADLINE_MS) return;
    loop->scan_ms = now_ms;
    if (tick_took_ms > STOOD_STILL_MS) return;
    net->deadlines = false;
    bool running = false;
    for (uint32_t i = 0; i < net->slot_end; i++) running |= conn_deadline(&net->conns[i], now_ms);
    net->deadlines |= running;
    listeners_resume(loop->listeners);
}

/* A disk that takes writes and never finishes them ends like one that fails: clients learn that the
 * outcome is unknown instead of waiting for ever. A tick counts for a second at most, so that a
 * process or machine that was stopped and goes on is not taken for a disk that hangs. */
static void watch_disk(struct loop *loop, uint64_t tick_took_ms)
{
    const struct log *log = loop->net->engine->log;
    uint64_t durable = log_group_durable(log);
    if (durable != loop->stuck_group || durable >= log_group_last(log)) {
        loop->stuck_group = durable;
        loop->stuck_ms = 0;
        return;
    }
    loop->stuck_ms += tick_took_ms < 1000 ? tick_took_ms : 1000;
    if (loop->stuck_ms > loop->disk_timeout_ms) {
        stop_fail(loop->stop, "a write of the log took longer than --disk-timeout");
    }
}

static uint64_t at_most(uint64_t wait, uint64_t limit)
{
    return wait < limit ? wait : limit;
}

/* How long the next wait may take, in milliseconds; -1 = until something happens. */
static int wait_ms(const struct loop *loop)
{
    const struct net *net = loop->net;
    if (net->ready_count != 0) return 0;
    if (loop->stop->phase != STOP_SERVING) return 10;
    uint64_t wait = at_most(expire_wait_ms(net->engine), watch_wait_ms(loop->watch));
    if (net->stalled_count != 0)
        wait = at_most(wait, ENGINE_RETRY_MS);
    else if (!log_quiet(net->engine->log))
        wait = at_most(wait, LOOP_SEAL_MS);
    else if (net->deadlines)
        wait = at_most(wait, LOOP_DEADLINE_MS);
    return wait == UINT64_MAX ? -1 : (int)wait;
}

/* ---- the loop ---- */

static void tick(struct loop *loop, int timeout_ms)
{
    struct net *net = loop->net;
    int error = 0;
    if (!uring_wait(net->ring, timeout_ms, &error)) {
        report(REPORT_ERROR, "io_uring failed: %s", strerror(error));
        stop_fail(loop->stop, "the ring failed");
        loop->stop->phase = STOP_STOPPED;
        return;
    }
    engine_tick(net->engine);
    uint64_t took_ms = net->engine->now_ms - loop->tick_ms;
    loop->tick_ms = net->engine->now_ms;
    loop->disk_event = false;
    reap(loop);
    if (log_failed(net->engine->log)) stop_fail(loop->stop, log_failure(net->engine->log));
    watch_disk(loop, took_ms);
    if (!net->failed) {
        release_durable(loop);
        watch_tick(loop->watch);
    }
    retry_stalled(loop);
    expire_run(net->engine);
    run_ready(net);
    flush(loop);
    scan_deadlines(loop, took_ms);
    reuse(loop);
    stop_step(loop->stop);
}

int loop_run(struct loop *loop)
{
    struct net *net = loop->net;
    loop->busy_ms = loop->tick_ms = net->engine->now_ms;
    signal_arm(loop);
    listeners_arm(loop->listeners);
    net->durable = engine_durable(net->engine);
    disk_trace_released(loop->trace, net->durable.group);
    while (loop->stop->phase != STOP_STOPPED) tick(loop, wait_ms(loop));
    return loop->stop->exit_code;
}
