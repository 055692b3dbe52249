/* io/net/frames.c -- runs the frames in a connection's input: checks each whole, then executes its
 * operations or reads in order, stopping and going on again where room, log or fetched records is
 * missing.
 */
#include <stdio.h>
#include <string.h>

#include "io/net/server.h"
#include "io/os/memory.h"

/* Operations between prefetching something and executing: each stage reads what the one before it
 * brought into cache. */
#define AHEAD_INDEX    32u
#define AHEAD_RECORDS  20u
#define AHEAD_FAMILIES 10u
#define HINTS_APART    37u /* lines between the hints of two connections */
#define SMALL_FRAME    16u /* frames up to this are prefetched across frames */
#define SMALL_OPS      64u /* of one connection in one tick */
/* The log's days are 16 bits from 1970: a test clock ends here, 2149-01-01. */
#define CLOCK_MS_MAX UINT64_C(5648832000000)

static const char *error_text(uint8_t code)
{
    switch (code) {
    case GJ_MALFORMED: return "the frame cannot be read";
    case GJ_UNKNOWN_OP: return "unknown frame type";
    case GJ_UNSUPPORTED_VERSION: return "this server speaks protocol version 1";
    case GJ_BAD_FIELD: return "a field of the frame is out of range";
    case GJ_RESERVED_NONZERO: return "a reserved field or flag is not zero";
    case GJ_BATCH_TOO_LARGE: return "more in the frame than HELLO granted";
    case GJ_UNAUTHENTICATED: return "the first frame must be HELLO";
    case GJ_FORBIDDEN: return "not allowed on this connection";
    case GJ_SHUTTING_DOWN: return "the server is stopping";
    case GJ_OUTCOME_UNKNOWN: return "the log failed; ask get_op after the restart";
    default: return "too much outstanding; retry later";
    }
}

static uint32_t line_size(const uint8_t *line, size_t ext_at)
{
    return (1u + line[ext_at]) * GJ_RECORD_UNIT;
}

static uint32_t op_size(const uint8_t *line)
{
    return line_size(line, offsetof(struct gj_op, ext_count));
}

/* ---- answer frames ---- */

static void answer_open(struct conn *c)
{
    c->frame.out_start = c->tail;
    c->tail += (uint32_t)sizeof(struct wire_header);
}

static void answer_close(struct conn *c, struct wait_point point, uint32_t ops)
{
    const struct conn_frame *f = &c->frame;
    struct wire_header header = {
        .size = c->tail - f->out_start - (uint32_t)sizeof header,
        .type = f->type | WIRE_ANSWER,
        .count = (uint16_t)f->count,
        .tag = f->tag,
    };
    memcpy(c->out + f->out_start, &header, sizeof header);
    conn_answered(c, point, ops);
}

/* ---- operations ---- */

static void reply_put(struct conn *c, const struct gj_reply *reply,
                      const struct gj_reply_sources *sources)
{
    memcpy(c->out + c->tail, reply, sizeof *reply);
    c->tail += (uint32_t)sizeof *reply;
    if (reply->flags & GJ_REPLY_SOURCES) {
        memcpy(c->out + c->tail, sources, sizeof *sources);
        c->tail += (uint32_t)sizeof *sources;
    }
}

/* A reply that says only why nothing was done. */
static void reply_code(struct conn *c, uint8_t code)
{
    struct gj_reply reply = {.code = code};
    memcpy(c->out + c->tail, &reply, sizeof reply);
    c->tail += (uint32_t)sizeof reply;
}

/* Connections and lines share the ring: a hint that was overwritten is noticed and costs a look-up.
 */
static struct op_hint *hint_of(struct server *s, const struct conn *c, const uint8_t *line)
{
    uint64_t at = (uint64_t)(line - c->in) / GJ_RECORD_UNIT + (uint64_t)c->slot * HINTS_APART;
    return engine_hint(&s->engine, at);
}

/* Why the frame cannot go on, if the engine says so. */
static void wait_for(struct server *s, struct conn *c, enum engine_result why)
{
    if (why == ENGINE_STALLED) server_stall(s, c);
    if (why != ENGINE_FETCH) return; /* the budget is spent, too: it comes again next tick */
    c->waiting_fetch = true;
    c->blocked = BLOCK_FETCH;
}

/* One operation. False if it must wait (see conn.blocked), or if the tick was used up by writing
 * down what is due before it: then it begins again, and what was written stays. */
static inline bool op_run(struct server *s, struct conn *c, const struct gj_op *op,
                          uint32_t *budget)
{
    struct decision d;
    struct op_hint *hint = hint_of(s, c, (const uint8_t *)op);
    enum engine_result got = engine_execute(&s->engine, &c->fetch, op, hint, budget, &d);
    if (UNLIKELY(got != ENGINE_DONE)) {
        wait_for(s, c, got);
        return false;
    }
    reply_put(c, &d.reply, &d.sources);
    return true;
}

static void op_prefetch(struct server *s, const struct conn *c, const uint8_t *line,
                        enum prefetch_stage stage)
{
    engine_prefetch(&s->engine, (const struct gj_op *)line, hint_of(s, c, line), stage);
}

static inline void ops_prefetch_step(struct server *s, struct conn *c, enum prefetch_stage stage)
{
    uint32_t *at = &c->frame.ahead[stage];
    if (*at >= c->frame.end) return;
    const uint8_t *line = c->in + *at;
    op_prefetch(s, c, line, stage);
    *at += op_size(line);
}

/* Brings every prefetch cursor its distance ahead of the first operation. */
static void ops_prefetch_start(struct server *s, struct conn *c)
{
    static const uint32_t distance[PREFETCH_STAGES] = {AHEAD_INDEX, AHEAD_RECORDS, AHEAD_FAMILIES};
    struct conn_frame *f = &c->frame;
    bool wanted = f->count > SMALL_FRAME && f->refuse == 0;
    for (enum prefetch_stage stage = 0; stage < PREFETCH_STAGES; stage++) {
        f->ahead[stage] = wanted ? f->start : f->end;
        for (uint32_t i = 0; i < distance[stage]; i++) ops_prefetch_step(s, c, stage);
    }
}

/* An answer, whatever it says, is sent when everything logged before it is durable: also a refusal
 * that is not logged itself rests on a state, say a floor of request ids that rose, which a crash
 * must not take back. */
static bool ops_run(struct server *s, struct conn *c, uint32_t *budget)
{
    struct conn_frame *f = &c->frame;
    for (; f->index < f->count; f->index++) {
        const uint8_t *line = c->in + f->at;
        if (*budget == 0) return false;
        if (!conn_room(c, sizeof(struct gj_reply) + sizeof(struct gj_reply_sources))) {
            c->blocked = BLOCK_ROOM;
            return false;
        }
        if (UNLIKELY(f->refuse != 0)) {
            reply_code(c, f->refuse);
        } else {
            ops_prefetch_step(s, c, PREFETCH_INDEX);
            ops_prefetch_step(s, c, PREFETCH_RECORDS);
            ops_prefetch_step(s, c, PREFETCH_FAMILIES);
            if (!op_run(s, c, (const struct gj_op *)line, budget)) return false;
        }
        f->at += op_size(line);
        (*budget)--;
    }
    if (f->refuse == 0) f->point = engine_wait_point(&s->engine);
    return true;
}

/* ---- reads ---- */

/* The server's own part of STATS. */
static void stats_fill(struct server *s, uint8_t *answer)
{
    struct gj_stats_view view;
    struct log_stats stats;
    uint8_t *payload = answer + sizeof(struct gj_answer);
    memcpy(&view, payload, sizeof view);
    log_stats(s->engine.log, &stats);
    if (s->resident == 0 || s->engine.now_ms - s->resident_ms >= 1000) {
        s->resident = memory_resident();
        s->resident_ms = s->engine.now_ms;
    }
    view.uptime_ms = s->engine.now_ms - s->start_ms;
    view.connections = s->connections;
    view.operations = s->engine.stats.operations;
    view.refusals = s->engine.stats.refusals;
    view.reads = s->engine.stats.reads;
    view.replays = s->engine.stats.replays;
    view.overloaded = s->overloaded;
    view.groups = stats.groups;
    view.log_bytes = stats.bytes;
    view.log_position = stats.position;
    view.log_free_bytes = stats.free_bytes;
    view.durable_seq = state_seq(s->engine.state); /* the answer is sent when this is durable */
    view.generation = stats.generation;
    view.rss_bytes = s->resident;
    view.damaged_reads = stats.damaged_reads;
    view.expired = s->engine.stats.expired;
    memcpy(payload, &view, sizeof view);
}

static void answer_code(struct conn *c, const struct gj_read *read, uint8_t code)
{
    struct gj_answer answer = {.code = code, .type = read->type};
    memcpy(c->out + c->tail, &answer, sizeof answer);
    c->tail += (uint32_t)sizeof answer;
}

/* True if the largest answer fits. The frame's own answers cannot leave before it is complete: if
 * they fill the buffer alone, the rest of the frame is answered OVERLOADED without payload. */
static bool read_room(struct conn *c, bool *ret_full)
{
    const struct conn_frame *f = &c->frame;
    *ret_full = false;
    if (conn_room(c, (f->count - f->index) * (uint32_t)sizeof(struct gj_answer) +
                         GJ_READ_ANSWER_MAX)) {
        return true;
    }
    if (f->out_start != c->head || c->send_pending) return false;
    *ret_full = true;
    return true;
}

static bool read_run(struct server *s, struct conn *c, const struct gj_read *read)
{
    bool full = false;
    if (!read_room(c, &full)) {
        c->blocked = BLOCK_ROOM;
        return false;
    }
    if (full) {
        answer_code(c, read, GJ_OVERLOADED);
        s->overloaded++;
        return true;
    }
    uint8_t *out = c->out + c->tail;
    uint32_t capacity = c->out_capacity - CONN_ERROR_ROOM - c->tail, size = 0;
    enum engine_result got = engine_query(&s->engine, &c->fetch, read, out, capacity, &size);
    if (got != ENGINE_DONE) {
        wait_for(s, c, got);
        return false;
    }
    if (read->type == GJ_READ_STATS && out[offsetof(struct gj_answer, code)] == GJ_OK) {
        stats_fill(s, out);
    }
    c->tail += size;
    return true;
}

static bool reads_run(struct server *s, struct conn *c, uint32_t *budget)
{
    struct conn_frame *f = &c->frame;
    for (; f->index < f->count; f->index++) {
        const uint8_t *line = c->in + f->at;
        const struct gj_read *read = (const struct gj_read *)line;
        if (*budget == 0) return false;
        if (f->refuse != 0) {
            if (!conn_room(c, sizeof(struct gj_answer))) {
                c->blocked = BLOCK_ROOM;
                return false;
            }
            answer_code(c, read, f->refuse);
        } else if (!read_run(s, c, read)) {
            return false;
        }
        f->at += line_size(line, offsetof(struct gj_read, ext_count));
        (*budget)--;
        /* These look at everything: the others' turn. */
        if (read->type == GJ_READ_STATE_DIGEST || read->type == GJ_READ_AUDIT) *budget = 0;
    }
    if (f->refuse == 0) f->point = engine_wait_point(&s->engine);
    return true;
}

/* ---- HELLO and CLOCK ---- */

static void hello_run(struct server *s, struct conn *c, const struct wire_header *header)
{
    struct wire_hello hello;
    memcpy(&hello, c->in + c->in_start + sizeof *header, sizeof hello);
    uint8_t code = wire_hello_check(&hello);
    if (code == 0 && s->phase != SERVER_SERVING) code = GJ_SHUTTING_DOWN;
    if (code != 0) {
        conn_error(c, header->tag, code,
                   code == GJ_MALFORMED ? "HELLO without the magic" : error_text(code));
        return;
    }
    if (!conn_grant(c, hello.window)) {
        s->overloaded++;
        conn_error(c, header->tag, GJ_OVERLOADED, "no buffers left; retry later");
        return;
    }
    c->state = CONN_OPEN;
    c->opened_ms = 0;
    c->sock_more = true; /* frames may already wait behind the HELLO */
    c->frame = (struct conn_frame){.type = WIRE_HELLO, .tag = header->tag};
    struct wire_hello_answer answer = {
        .version = WIRE_VERSION,
        .shards = 1,
        .window = c->window,
        .batch_max = c->batch_max,
        .flags = s->config->test_clock ? 1 : 0,
        .generation = 0,
        .time_ms = engine_time_ms(&s->engine),
        .rid_low_water_ms = state_rid_low_water_ms(s->engine.state),
        .seq = state_seq(s->engine.state),
    };
    struct log_stats stats;
    log_stats(s->engine.log, &stats);
    answer.generation = stats.generation;
    memcpy(answer.log_id, log_id(s->engine.log), sizeof answer.log_id);
    answer_open(c);
    memcpy(c->out + c->tail, &answer, sizeof answer);
    c->tail += (uint32_t)sizeof answer;
    answer_close(c, engine_wait_point(&s->engine), 0);
}

/* Sets log time. The frame waits until the group that is open closes: its time is fixed. */
static bool clock_run(struct server *s, struct conn *c)
{
    struct conn_frame *f = &c->frame;
    struct wire_clock clock;
    memcpy(&clock, c->in + f->start, sizeof clock);
    if (f->refuse != 0) {
        conn_error(c, f->tag, f->refuse, error_text(f->refuse));
        return true;
    }
    if (clock.time_ms < engine_time_ms(&s->engine) || clock.time_ms > CLOCK_MS_MAX) {
        conn_error(c, f->tag, GJ_BAD_FIELD, "log time never goes back, and ends with 2148");
        return true;
    }
    if (!conn_room(c, sizeof(struct wire_header) + sizeof clock)) {
        c->blocked = BLOCK_ROOM;
        return false;
    }
    if (!engine_set_time(&s->engine, clock.time_ms)) {
        server_stall(s, c);
        return false;
    }
    answer_open(c);
    memcpy(c->out + c->tail, &clock, sizeof clock);
    c->tail += (uint32_t)sizeof clock;
    answer_close(c, (struct wait_point){0}, 0);
    return true;
}

/* ---- frames ---- */

/* What every entry of a new frame is answered, or 0 to execute it. */
static uint8_t frame_refuse(struct server *s, struct conn *c, uint32_t total, uint32_t count)
{
    bool before_stop = c->drain_bytes >= total;
    c->drain_bytes = before_stop ? c->drain_bytes - total : 0;
    if (s->failed) return GJ_OUTCOME_UNKNOWN;
    if (s->phase != SERVER_SERVING && !before_stop) return GJ_SHUTTING_DOWN;
    if (c->outstanding + count > c->window) return GJ_OVERLOADED;
    if (engine_overdue(&s->engine)) return GJ_OVERLOADED;
    return 0;
}

/* Looks at the frame at in_start. True if it is whole and now active (or was a HELLO and is done);
 * false if bytes are missing, room is missing, or the connection is ending. */
static bool frame_begin(struct server *s, struct conn *c)
{
    struct wire_header header;
    uint32_t available = c->in_end - c->in_start;
    if (available < sizeof header) return false;
    memcpy(&header, c->in + c->in_start, sizeof header);
    uint8_t code = wire_header_check(&header, c->batch_max);
    if (code == 0 && header.type == WIRE_CLOCK && !s->config->test_clock) code = GJ_FORBIDDEN;
    if (code != 0) {
        conn_error(c, header.tag, code, error_text(code));
        return false;
    }
    uint32_t total = (uint32_t)sizeof header + header.size;
    if (available < total) return false;
    if (header.type == WIRE_HELLO) {
        hello_run(s, c, &header); /* its small input buffer is gone after it, and was all read */
        return c->state == CONN_OPEN;
    }
    if (!conn_room(c, sizeof header)) {
        c->blocked = BLOCK_ROOM;
        return false;
    }
    uint32_t start = c->in_start + (uint32_t)sizeof header;
    const uint8_t *body = c->in + start;
    bool whole = header.type == WIRE_OPS     ? wire_ops_check(body, header.size, header.count)
                 : header.type == WIRE_READS ? wire_reads_check(body, header.size, header.count)
                                             : true;
    if (!whole) {
        conn_error(c, header.tag, GJ_MALFORMED, "count and extension lines do not fill the body");
        return false;
    }
    c->frame = (struct conn_frame){
        .active = true,
        .type = header.type,
        .refuse = frame_refuse(s, c, total, header.count),
        .count = header.count,
        .start = start,
        .at = start,
        .end = c->in_start + total,
        .tag = header.tag,
    };
    if (c->frame.refuse == GJ_OVERLOADED) s->overloaded += header.count;
    c->outstanding += header.count;
    c->partial_ms = 0;
    if (header.type != WIRE_CLOCK) answer_open(c);
    if (header.type == WIRE_OPS) ops_prefetch_start(s, c);
    return true;
}

/* Goes on with the active frame; true if it is done. */
static bool frame_continue(struct server *s, struct conn *c, uint32_t *budget)
{
    struct conn_frame *f = &c->frame;
    bool done;
    switch (f->type) {
    case WIRE_OPS: done = ops_run(s, c, budget); break;
    case WIRE_READS: done = reads_run(s, c, budget); break;
    default: done = clock_run(s, c); break;
    }
    if (!done) return false;
    ASSERT(c->fetch.set == NULL);
    f->active = false;
    c->in_start = f->end;
    if (f->type != WIRE_CLOCK) answer_close(c, f->point, f->count);
    return true;
}

/* Nothing more can be run now: receive, end, or come again next tick. */
static void frames_pause(struct server *s, struct conn *c, bool progress, bool again)
{
    if (c->blocked == BLOCK_NONE && again) {
        server_ready(s, c);
    } else if (c->blocked == BLOCK_NONE) {
        uint32_t left = c->in_end - c->in_start;
        if (left == 0)
            c->partial_ms = 0;
        else if (c->partial_ms == 0 || progress)
            c->partial_ms = s->engine.now_ms;
        if (left != 0) s->deadlines = true;
        c->drain_bytes = 0; /* what is left is not a whole frame */
        if (c->eof)
            conn_end(c);
        else
            conn_recv(c);
    }
    conn_send(c);
}

void frames_run(struct server *s, struct conn *c)
{
    uint32_t budget = SERVER_TICK_OPS;
    bool progress = false;
    if (c->waiting_fetch) return;
    c->blocked = BLOCK_NONE;
    while (c->state == CONN_HELLO || c->state == CONN_OPEN) {
        if (!c->frame.active && !frame_begin(s, c)) break;
        if (c->frame.active && !frame_continue(s, c, &budget)) break;
        progress = true;
    }
    if (c->state == CONN_HELLO || c->state == CONN_OPEN) {
        frames_pause(s, c, progress, budget == 0);
    }
}

void frames_prefetch(struct server *s, const struct conn *c, enum prefetch_stage stage)
{
    if (c->state != CONN_OPEN || c->frame.active) return;
    uint32_t at = c->in_start, ops = 0;
    while (ops < SMALL_OPS) {
        struct wire_header header;
        if (c->in_end - at < sizeof header) return;
        memcpy(&header, c->in + at, sizeof header);
        at += (uint32_t)sizeof header;
        if (header.type != WIRE_OPS || header.count > SMALL_FRAME) return;
        if (header.size > c->in_end - at) return;
        uint32_t end = at + header.size;
        for (uint32_t i = 0; i < header.count && end - at >= GJ_RECORD_UNIT && at < end; i++) {
            const uint8_t *line = c->in + at;
            op_prefetch(s, c, line, stage);
            at += op_size(line);
            ops++;
            if (at > end) return;
        }
        at = end;
        if (end % 8 != 0) return; /* not a frame that will run */
    }
}
