/* io/engine/expire.c -- ends holds and pending transfers at their due time, a few in each tick, so
 * that thousands due at one instant do not hold up anybody. */
#include "io/net/server.h"

/* Ends the earliest if it is due. */
static enum expire_result expire_one(struct server *s)
{
    struct decide_input in = {.read_only = log_read_only(s->log)};
    bool serving = s->phase == SERVER_SERVING; /* else the log is about to end */
    void *record = serving ? log_reserve(s->log, server_time_ms(s)) : NULL; /* looks for room */
    if (in.read_only) return EXPIRE_NEVER;
    if (record == NULL) return EXPIRE_ROOM;
    in.time_ms = log_reserved_time_ms(s->log);
    in.seq = state_seq(s->state) + 1;
    /* A group that opened before the due instant takes it no more. */
    if (state_due_ms(s->state) > in.time_ms) return EXPIRE_ROOM;
    uint32_t size = expire_due(s->state, &in, record);
    ASSERT(size != 0);
    append_commit(s, record, size, &in);
    s->stats.expired++;
    return EXPIRE_MORE;
}

void expire_run(struct server *s)
{
    s->expire = EXPIRE_DONE;
    if (s->failed) return;
    for (uint32_t i = 0; i < SERVER_EXPIRE_TICK; i++) {
        s->expire = EXPIRE_DONE;
        if (state_due_ms(s->state) > server_time_ms(s)) return;
        s->expire = (uint8_t)expire_one(s);
        if (s->expire != EXPIRE_MORE) return;
    }
}

uint64_t expire_read_time_ms(const struct server *s)
{
    uint64_t time_ms = log_next_time_ms(s->log, server_time_ms(s));
    if (s->expire != EXPIRE_ROOM) return time_ms;
    uint64_t written_ms = state_time_ms(s->state), open_ms = state_due_ms(s->state) - 1;
    uint64_t limit_ms = written_ms > open_ms ? written_ms : open_ms;
    return time_ms < limit_ms ? time_ms : limit_ms;
}

uint64_t expire_wait_ms(const struct server *s)
{
    switch (s->expire) {
    case EXPIRE_MORE: return 0;
    case EXPIRE_ROOM: return SERVER_RETRY_MS;
    case EXPIRE_NEVER: return SERVER_ROOM_MS;
    default: break;
    }
    uint64_t due_ms = state_due_ms(s->state), now_ms = server_time_ms(s);
    if (due_ms <= now_ms) return 0; /* a client set the clock in this tick */
    if (due_ms == UINT64_MAX || s->config->test_clock) return UINT64_MAX;
    return due_ms - now_ms < SERVER_DUE_MS ? due_ms - now_ms : SERVER_DUE_MS;
}
