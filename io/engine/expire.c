/* io/engine/expire.c -- ends holds and pending transfers at their due time, a few in each tick, so
 * that thousands due at one instant do not hold up anybody. */
#include "io/engine/engine.h"

#define ROOM_MS 1000u  /* read-only: what is due looks for room this often */
#define DUE_MS  60000u /* a longer sleep until something falls due is cut: clocks slew */

/* Ends the earliest if it is due. */
static enum expire_result expire_one(struct engine *e)
{
    struct decide_input in = {.read_only = log_read_only(e->log)};
    void *record = e->ending ? NULL : log_reserve(e->log, e->log_ms); /* looks for room */
    if (in.read_only) return EXPIRE_NEVER;
    if (record == NULL) return EXPIRE_ROOM;
    in.time_ms = log_reserved_time_ms(e->log);
    in.seq = state_seq(e->state) + 1;
    /* A group that opened before the due instant takes it no more. */
    if (state_due_ms(e->state) > in.time_ms) return EXPIRE_ROOM;
    uint32_t size = expire_due(e->state, &in, record);
    ASSERT(size != 0);
    append_commit(e, record, size, &in);
    e->stats.expired++;
    return EXPIRE_MORE;
}

void expire_run(struct engine *e)
{
    e->expire = EXPIRE_DONE;
    for (uint32_t i = 0; i < ENGINE_EXPIRE_TICK; i++) {
        e->expire = EXPIRE_DONE;
        if (state_due_ms(e->state) > engine_time_ms(e)) return;
        e->expire = (uint8_t)expire_one(e);
        if (e->expire != EXPIRE_MORE) return;
    }
}

uint64_t expire_read_time_ms(const struct engine *e)
{
    uint64_t time_ms = log_next_time_ms(e->log, engine_time_ms(e));
    if (e->expire != EXPIRE_ROOM) return time_ms;
    uint64_t written_ms = state_time_ms(e->state), open_ms = state_due_ms(e->state) - 1;
    uint64_t limit_ms = written_ms > open_ms ? written_ms : open_ms;
    return time_ms < limit_ms ? time_ms : limit_ms;
}

uint64_t expire_wait_ms(const struct engine *e)
{
    switch (e->expire) {
    case EXPIRE_MORE: return 0;
    case EXPIRE_ROOM: return ENGINE_RETRY_MS;
    case EXPIRE_NEVER: return ROOM_MS;
    default: break;
    }
    uint64_t due_ms = state_due_ms(e->state), now_ms = engine_time_ms(e);
    if (due_ms <= now_ms) return 0; /* a client set the clock in this tick */
    if (due_ms == UINT64_MAX || e->test_clock) return UINT64_MAX;
    return due_ms - now_ms < DUE_MS ? due_ms - now_ms : DUE_MS;
}
