/* io/net/stop.c -- the phases of a stop. */
#include "io/net/stop.h"

#include <unistd.h>

#include "core/base/exit_codes.h"
#include "io/net/conn.h"
#include "io/net/listener.h"
#include "io/net/net.h"
#include "io/os/report.h"

static void enter(struct stop *stop, enum stop_phase phase)
{
    ASSERT(phase > stop->phase || phase == STOP_FINISHING);
    stop->phase = phase;
    stop->phase_ms = stop->net->engine->now_ms;
}

static void for_each(struct net *net, void (*what)(struct conn *c))
{
    for (uint32_t i = 0; i < net->slot_end; i++) {
        if (net->conns[i].state != CONN_FREE) what(&net->conns[i]);
    }
}

static void begin(struct stop *stop)
{
    struct net *net = stop->net;
    enter(stop, STOP_FINISHING);
    stop->begun_ms = stop->phase_ms;
    net->stopping = true;
    net->stopping_ms = stop->begun_ms;
    net->engine->ending = true;
    listeners_close(stop->listeners);
}

void stop_signal(struct stop *stop, int signal)
{
    if (stop->signalled) {
        report(REPORT_WARNING, "second signal: stopping at once");
        report_end();
        _exit(128 + signal);
    }
    stop->signalled = true;
    if (stop->phase != STOP_SERVING) return; /* it failed, and stops already */
    report(REPORT_INFO, "stopping: finishing what was received");
    begin(stop);
    for_each(stop->net, conn_drain);
}

void stop_fail(struct stop *stop, const char *what)
{
    struct net *net = stop->net;
    if (net->failed) return;
    report(REPORT_ERROR,
           "%s; nothing more is acknowledged, stopping with exit code 74. Restart to "
           "recover; clients ask get_op what became of unanswered operations",
           what);
    net->failed = true;
    stop->exit_code = EXIT_IO;
    begin(stop);
    net_stalled_retry(net); /* what waits for the log waits no more */
    for_each(net, conn_log_failed);
}

/* True if everything received before the signal was executed and its answers are on their way. */
static bool finished(const struct net *net)
{
    if (net->failed) return true;
    const struct engine *e = net->engine;
    if (!wait_point_passed(engine_wait_point(e), engine_durable(e))) return false;
    for (uint32_t i = 0; i < net->slot_end; i++) {
        if (!conn_drained(&net->conns[i])) return false;
    }
    return true;
}

static void seal(struct stop *stop, bool overdue)
{
    struct log *log = stop->net->engine->log;
    log_stop(log);
    if (log_quiet(log)) {
        enter(stop, STOP_STOPPED);
    } else if (overdue) {
        report(REPORT_ERROR, "the log could not be sealed in time, stopping with exit code 74; the "
                             "next start recovers it");
        stop->exit_code = EXIT_IO;
        enter(stop, STOP_STOPPED);
    }
}

void stop_step(struct stop *stop)
{
    struct net *net = stop->net;
    uint64_t now_ms = net->engine->now_ms, here_ms = now_ms - stop->phase_ms;
    bool overdue = now_ms - stop->begun_ms > STOP_DRAIN_MS;
    if (stop->phase == STOP_SERVING) return;
    net->deadlines = true;
    switch (stop->phase) {
    case STOP_FINISHING:
        if (!overdue && (here_ms < STOP_GRACE_MS || !finished(net))) return;
        enter(stop, STOP_CLOSING);
        for_each(net, conn_end);
        return;
    case STOP_CLOSING:
        /* A peer gets as long to take its answers as a connection that ends otherwise. */
        if (net->connections != 0 && here_ms <= NET_LINGER_MS) return;
        for_each(net, conn_close);
        enter(stop, net->failed ? STOP_STOPPED : STOP_SEALING);
        return;
    case STOP_SEALING: seal(stop, here_ms > STOP_SEAL_MS); return;
    default: return;
    }
}
