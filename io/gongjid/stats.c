/* io/gongjid/stats.c -- fills in the server's part of STATS. */
#include "io/gongjid/stats.h"

#include "io/os/memory.h"

void stats_fill(void *owner, struct gj_stats_view *view)
{
    struct stats *self = owner;
    const struct engine *e = self->net->engine;
    struct log_stats log;
    log_stats(e->log, &log);
    if (self->resident == 0 || e->now_ms - self->resident_ms >= 1000) {
        self->resident = memory_resident();
        self->resident_ms = e->now_ms;
    }
    view->uptime_ms = e->now_ms - self->start_ms;
    view->connections = self->net->connections;
    view->operations = e->stats.operations;
    view->refusals = e->stats.refusals;
    view->reads = e->stats.reads;
    view->replays = e->stats.replays;
    view->overloaded = self->net->overloaded;
    view->groups = log.groups;
    view->log_bytes = log.bytes;
    view->log_position = log.position;
    view->log_free_bytes = log.free_bytes;
    view->durable_seq = state_seq(e->state); /* the answer is sent when this is durable */
    view->generation = log.generation;
    view->rss_bytes = self->resident;
    view->damaged_reads = log.damaged_reads;
    view->expired = e->stats.expired;
}
