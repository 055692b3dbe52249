/* io/net/door_native.c -- frames: checks each whole, then executes its operations or reads in
 * order.
 */
#include "io/net/door_native.h"

#include <string.h>

#include "io/net/conn.h"
#include "io/net/net.h"

#define WINDOW_MAX (8u * GJ_BATCH_OPS_MAX)
#define WINDOW_MIN 16u /* what a client gets that asks for nothing */
#define PAGE       4096u
/* Answer of the most asked read, a person: a whole batch of them always fits. */
#define READ_USUAL ((uint32_t)(sizeof(struct gj_answer) + sizeof(struct gj_person_view)))
#define REPLY_MAX  ((uint32_t)(sizeof(struct gj_reply) + sizeof(struct gj_reply_sources)))
/* Operations between prefetching something and executing: each stage reads what the one before it
 * brought into cache. */
#define AHEAD_INDEX    32u
#define AHEAD_RECORDS  20u
#define AHEAD_FAMILIES 10u
#define HINTS_APART    37u /* lines between the hints of two connections */
#define SMALL_FRAME    16u /* frames up to this are prefetched across frames */
#define SMALL_OPS      64u /* of one connection in one tick */
/* A frame of reads that costs no more than this is answered at one seq; else reads are cut off
 * where the tick's share ends. */
#define WHOLE_MAX (ENGINE_TICK_READS / 2)
#define PROBE_MS  10u /* between looks whether the peer of a long frame of reads is there */
/* What reads of a peer that sends no more may still cost, 10 ms: it may be gone. */
#define SILENT_MAX 1000000u
/* Largest answer of a read whose cost is known before, but for NETTING_ROW. */
#define WHOLE_ANSWER ((uint32_t)(sizeof(struct gj_answer) + sizeof(struct gj_region_view)))
/* The log's days are 16 bits from 1970: a test clock ends here, 2149-01-01. */
#define CLOCK_MS_MAX UINT64_C(5648832000000)

/* The frame being executed. Offsets are into conn.in. */
struct frame {
    bool active;
    bool stalled; /* the log took no record for it */
    uint8_t type;
    bool whole;     /* reads: all in one tick, at one seq */
    uint8_t refuse; /* not 0: every entry is answered with this code, none executed */
    uint32_t count; /* entries */
    uint32_t index; /* next entry; once one is executed `refuse` stays 0 */
    uint32_t start; /* of its body */
    uint32_t at;    /* next entry */
    uint32_t end;   /* of its body */
    uint32_t ahead[PREFETCH_STAGES]; /* prefetch cursors */
    uint32_t cost;                   /* reads: what a whole one will cost */
    uint64_t tag;
    struct wait_point point; /* its answer waits for this */
};

/* What the door keeps for a connection. */
struct native {
    uint32_t window, batch_max; /* granted; 0 before HELLO */
    bool silent;                /* the peer sends no more ... */
    uint32_t silent_cost;       /* ... and reads cost so much since */
    uint64_t probe_ms;          /* last look at the peer */
    struct frame frame;
};
static_assert(sizeof(struct native) <= CONN_DOOR_SIZE, "fits into a connection");

static struct native *native_of(struct conn *c)
{
    return (struct native *)c->door_state;
}

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
    ASSERT(c->open == c->tail);
    c->tail += (uint32_t)sizeof(struct wire_header);
}

static void answer_close(struct conn *c, const struct frame *f)
{
    struct wire_header header = {
        .size = c->tail - c->open - (uint32_t)sizeof header,
        .type = f->type | WIRE_ANSWER,
        .count = (uint16_t)f->count,
        .tag = f->tag,
    };
    memcpy(c->out + c->open, &header, sizeof header);
    conn_answered(c, f->point, f->count);
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
static struct op_hint *hint_of(struct engine *e, const struct conn *c, const uint8_t *line)
{
    uint64_t at = (uint64_t)(line - c->in) / GJ_RECORD_UNIT + (uint64_t)c->slot * HINTS_APART;
    return engine_hint(e, at);
}

/* What the connection waits for when the engine did not answer. */
static enum conn_pause pause_of(enum engine_result got)
{
    switch (got) {
    case ENGINE_FETCH: return PAUSE_FETCH;
    case ENGINE_STALLED: return PAUSE_LOG;
    case ENGINE_SPENT: return PAUSE_TURN;
    default: UNREACHABLE("nothing to wait for");
    }
}

static inline void ops_prefetch_step(struct engine *e, struct conn *c, struct frame *f,
                                     enum prefetch_stage stage)
{
    uint32_t *at = &f->ahead[stage];
    if (*at >= f->end) return;
    const uint8_t *line = c->in + *at;
    engine_prefetch(e, (const struct gj_op *)line, hint_of(e, c, line), stage);
    *at += op_size(line);
}

/* Brings every prefetch cursor its distance ahead of the first operation. */
static void ops_prefetch_start(struct engine *e, struct conn *c, struct frame *f)
{
    static const uint32_t distance[PREFETCH_STAGES] = {AHEAD_INDEX, AHEAD_RECORDS, AHEAD_FAMILIES};
    bool wanted = f->count > SMALL_FRAME && f->refuse == 0;
    for (enum prefetch_stage stage = 0; stage < PREFETCH_STAGES; stage++) {
        f->ahead[stage] = wanted ? f->start : f->end;
        for (uint32_t i = 0; i < distance[stage]; i++) ops_prefetch_step(e, c, f, stage);
    }
}

/* Executes the next operations of the frame, as many as there are slots for, and returns how many
 * replies are in their slots then; `ret` says what the frame waits for if it is not done. */
static inline uint32_t slots_fill(struct conn *c, struct frame *f, uint32_t *budget, uint32_t most,
                                  enum conn_pause *ret)
{
    struct engine *e = c->net->engine;
    uint32_t filled = 0;
    for (; filled < most; filled++) {
        const uint8_t *line = c->in + f->at;
        *ret = PAUSE_TURN;
        if (*budget == 0 || UNLIKELY(e->ops_spent >= c->net->ops_end)) break;
        ops_prefetch_step(e, c, f, PREFETCH_INDEX);
        ops_prefetch_step(e, c, f, PREFETCH_RECORDS);
        ops_prefetch_step(e, c, f, PREFETCH_FAMILIES);
        enum engine_result got =
            engine_execute(e, &c->fetch, (const struct gj_op *)line, hint_of(e, c, line), budget,
                           &c->net->slots[filled]);
        if (UNLIKELY(got != ENGINE_DONE)) {
            *ret = pause_of(got);
            break;
        }
        f->index++;
        f->at += op_size(line);
        (*budget)--;
        *ret = PAUSE_INPUT;
    }
    return filled;
}

/* Packs the replies of as many slots behind one another. There is room. */
static inline void slots_pack(struct conn *c, uint32_t filled)
{
    for (uint32_t i = 0; i < filled; i++) {
        const struct decision *d = &c->net->slots[i];
        reply_put(c, &d->reply, &d->sources);
    }
}

static enum conn_pause ops_refuse(struct conn *c, struct frame *f, uint32_t *budget)
{
    for (; f->index < f->count; f->index++) {
        if (*budget == 0) return PAUSE_TURN;
        if (!conn_room(c, REPLY_MAX)) return PAUSE_ROOM;
        reply_code(c, f->refuse);
        f->at += op_size(c->in + f->at);
        (*budget)--;
    }
    return PAUSE_INPUT;
}

/* An answer, whatever it says, is sent when everything logged before it is durable: also a refusal
 * that is not logged itself rests on a state, say a low-water mark of request ids that rose, which
 * a crash must not take back. */
static enum conn_pause ops_run(struct conn *c, struct frame *f, uint32_t *budget)
{
    if (UNLIKELY(f->refuse != 0)) return ops_refuse(c, f, budget);
    while (f->index < f->count) {
        uint32_t left = f->count - f->index, most = left < NET_SLOTS ? left : NET_SLOTS;
        enum conn_pause pause = PAUSE_INPUT;
        if (!conn_room(c, most * REPLY_MAX)) most = 1;
        if (!conn_room(c, most * REPLY_MAX)) return PAUSE_ROOM;
        slots_pack(c, slots_fill(c, f, budget, most, &pause));
        if (pause != PAUSE_INPUT) return pause;
    }
    f->point = engine_wait_point(c->net->engine);
    return PAUSE_INPUT;
}

/* ---- reads ---- */

/* The server's own part of STATS. */
static void stats_fill(const struct net *net, uint8_t *answer)
{
    struct gj_stats_view view;
    uint8_t *payload = answer + sizeof(struct gj_answer);
    memcpy(&view, payload, sizeof view);
    net->stats(net->stats_owner, &view);
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
static bool read_room(struct conn *c, const struct frame *f, bool *ret_full)
{
    *ret_full = false;
    if (conn_room(c, (f->count - f->index) * (uint32_t)sizeof(struct gj_answer) +
                         GJ_READ_ANSWER_MAX)) {
        return true;
    }
    if (c->open != c->head || c->send_pending) return false;
    *ret_full = true;
    return true;
}

/* One read: PAUSE_INPUT if it is answered. */
static enum conn_pause read_run(struct conn *c, const struct frame *f, const struct gj_read *read)
{
    struct net *net = c->net;
    uint32_t size = 0;
    bool full = false;
    if (!read_room(c, f, &full)) return PAUSE_ROOM;
    if (full) {
        answer_code(c, read, GJ_OVERLOADED);
        net->overloaded++;
        return PAUSE_INPUT;
    }
    uint8_t *out = c->out + c->tail;
    uint32_t capacity = c->out_capacity - CONN_ERROR_ROOM - c->tail;
    enum engine_result got = engine_query(net->engine, &c->fetch, read, out, capacity, &size);
    if (got != ENGINE_DONE) return pause_of(got);
    if (read->type == GJ_READ_STATS && out[offsetof(struct gj_answer, code)] == GJ_OK) {
        stats_fill(net, out);
    }
    c->tail += size;
    return PAUSE_INPUT;
}

/* Reads change nothing: those of a peer that is gone are dropped, and of one that may be gone what
 * costs much. False if the connection is closed. */
static bool reads_probe(struct conn *c, struct frame *f)
{
    struct native *native = native_of(c);
    uint64_t now_ms = c->net->engine->now_ms;
    if (f->index == 0 && !c->fetch.walk_waits) return true; /* it begins */
    if (now_ms - native->probe_ms < PROBE_MS) return true;
    native->probe_ms = now_ms;
    enum conn_peer peer = conn_peer(c);
    native->silent = peer != PEER_THERE;
    if (peer == PEER_GONE) conn_close(c);
    return peer != PEER_GONE;
}

/* What a read is refused with now, 0 to answer it. A stop waits for no walk, and for no more reads
 * than can be answered in a moment. */
static uint8_t read_refuse(const struct conn *c, const struct native *native,
                           const struct gj_read *read)
{
    const struct net *net = c->net;
    if (native->frame.refuse != 0) return native->frame.refuse;
    if (net->stopping &&
        (query_walk(read) != 0 || net->engine->now_ms - net->stopping_ms > NET_LATE_READS_MS)) {
        return GJ_SHUTTING_DOWN;
    }
    return native->silent && native->silent_cost > SILENT_MAX ? GJ_OVERLOADED : 0;
}

/* A whole frame begins when the tick has enough left for all of it, and the output room. */
static enum conn_pause whole_begin(struct conn *c, const struct frame *f)
{
    const struct engine *e = c->net->engine;
    if (e->reads_spent != 0 && e->reads_spent + f->cost > ENGINE_TICK_READS) return PAUSE_TURN;
    uint64_t room = f->count * (uint64_t)WHOLE_ANSWER + 2 * GJ_READ_ANSWER_MAX;
    bool empty = c->open == c->head && !c->send_pending;
    return empty || (room < c->out_capacity && conn_room(c, (uint32_t)room)) ? PAUSE_INPUT
                                                                             : PAUSE_ROOM;
}

/* One read, answered or refused: PAUSE_INPUT. */
static enum conn_pause read_step(struct conn *c, struct frame *f, const struct gj_read *read)
{
    struct native *native = native_of(c);
    uint8_t refuse = read_refuse(c, native, read);
    if (refuse != 0) {
        if (!conn_room(c, sizeof(struct gj_answer))) return PAUSE_ROOM;
        c->fetch.walk_waits = false;
        answer_code(c, read, refuse);
        return PAUSE_INPUT;
    }
    uint32_t before = c->net->engine->reads_spent;
    enum conn_pause pause = read_run(c, f, read);
    if (pause != PAUSE_INPUT || !native->silent) return pause;
    native->silent_cost +=
        query_walk(read) != 0 ? SILENT_MAX / 4 : c->net->engine->reads_spent - before;
    return PAUSE_INPUT;
}

static enum conn_pause reads_run(struct conn *c, struct frame *f, uint32_t *budget)
{
    const struct engine *e = c->net->engine;
    if (!reads_probe(c, f)) return PAUSE_TURN; /* it is closed */
    if (f->whole && f->index == 0 && f->refuse == 0) {
        enum conn_pause pause = whole_begin(c, f);
        if (pause != PAUSE_INPUT) return pause;
    }
    for (; f->index < f->count; f->index++) {
        const uint8_t *line = c->in + f->at;
        if (*budget == 0) return PAUSE_TURN;
        if (!f->whole && e->reads_spent >= c->net->reads_end) return PAUSE_TURN;
        enum conn_pause pause = read_step(c, f, (const struct gj_read *)line);
        if (pause != PAUSE_INPUT) return pause;
        f->at += line_size(line, offsetof(struct gj_read, ext_count));
        (*budget)--;
    }
    if (f->refuse == 0) f->point = engine_wait_point(e);
    return PAUSE_INPUT;
}

/* ---- HELLO and CLOCK ---- */

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

/* Grants a window of at most `wanted` (0: the smallest) and takes its buffers; false if there are
 * none left. */
static bool window_grant(struct conn *c, uint32_t wanted)
{
    struct native *native = native_of(c);
    uint64_t share = net_buffers_share(c->net);
    uint32_t window = wanted == 0 ? WINDOW_MIN : wanted;
    if (window > WINDOW_MAX) window = WINDOW_MAX;
    while (window > WINDOW_MIN && (uint64_t)in_size(window) + out_size(window) > share) {
        window = window / 2 > WINDOW_MIN ? window / 2 : WINDOW_MIN;
    }
    if (!conn_buffers_take(c, in_size(window), out_size(window))) return false;
    native->window = window;
    native->batch_max = window_batch(window);
    return true;
}

static void hello_answer(struct conn *c, uint64_t tag)
{
    struct engine *e = c->net->engine;
    struct log_stats stats;
    log_stats(e->log, &stats);
    struct gj_hello_answer answer = {
        .version = WIRE_VERSION,
        .shards = 1,
        .window = native_of(c)->window,
        .batch_max = native_of(c)->batch_max,
        .flags = e->test_clock ? 1 : 0,
        .generation = stats.generation,
        .time_ms = engine_time_ms(e),
        .rid_low_water_ms = state_rid_low_water_ms(e->state),
        .seq = state_seq(e->state),
    };
    memcpy(answer.log_id, log_id(e->log), sizeof answer.log_id);
    struct frame f = {.type = WIRE_HELLO, .tag = tag, .point = engine_wait_point(e)};
    answer_open(c);
    memcpy(c->out + c->tail, &answer, sizeof answer);
    c->tail += (uint32_t)sizeof answer;
    answer_close(c, &f);
}

static void hello_run(struct conn *c, const struct wire_header *header)
{
    struct net *net = c->net;
    struct wire_hello hello;
    memcpy(&hello, c->in + c->in_start + sizeof *header, sizeof hello);
    uint8_t code = wire_hello_check(&hello);
    if (code == 0 && net->stopping) code = GJ_SHUTTING_DOWN;
    if (code != 0) {
        conn_error(c, header->tag, code,
                   code == GJ_MALFORMED ? "HELLO without the magic" : error_text(code));
        return;
    }
    if (!window_grant(c, hello.window)) {
        net->overloaded++;
        conn_error(c, header->tag, GJ_OVERLOADED, "no buffers left; retry later");
        return;
    }
    hello_answer(c, header->tag);
}

/* Sets log time. The frame waits until the group that is open closes: its time is fixed. */
static enum conn_pause clock_run(struct conn *c, struct frame *f)
{
    struct engine *e = c->net->engine;
    struct wire_clock clock;
    memcpy(&clock, c->in + f->start, sizeof clock);
    if (f->refuse != 0) {
        conn_error(c, f->tag, f->refuse, error_text(f->refuse));
        return PAUSE_INPUT;
    }
    if (clock.time_ms < engine_time_ms(e) || clock.time_ms > CLOCK_MS_MAX) {
        conn_error(c, f->tag, GJ_BAD_FIELD, "log time never goes back, and ends with 2148");
        return PAUSE_INPUT;
    }
    if (!conn_room(c, sizeof(struct wire_header) + sizeof clock)) return PAUSE_ROOM;
    if (!engine_set_time(e, clock.time_ms)) return PAUSE_LOG;
    answer_open(c);
    memcpy(c->out + c->tail, &clock, sizeof clock);
    c->tail += (uint32_t)sizeof clock;
    answer_close(c, f);
    return PAUSE_INPUT;
}

/* ---- frames ---- */

/* What every entry of a new frame is answered, or 0 to execute it. */
static uint8_t frame_refuse(struct conn *c, uint32_t total, uint32_t count)
{
    struct net *net = c->net;
    if (net->failed) return GJ_OUTCOME_UNKNOWN;
    if (net->stopping && c->drain_bytes < total) return GJ_SHUTTING_DOWN; /* it came after */
    if (c->outstanding + count > native_of(c)->window) return GJ_OVERLOADED;
    if (engine_overdue(net->engine)) return GJ_OVERLOADED;
    return 0;
}

/* 0, or the code of the error to end with. */
static uint8_t frame_check(struct conn *c, const struct wire_header *header)
{
    uint8_t code = wire_header_check(header, native_of(c)->batch_max);
    if (code != 0) return code;
    return header->type == WIRE_CLOCK && !c->net->engine->test_clock ? GJ_FORBIDDEN : 0;
}

static bool body_check(const struct wire_header *header, const uint8_t *body)
{
    switch (header->type) {
    case WIRE_OPS: return wire_ops_check(body, header->size, header->count);
    case WIRE_READS: return wire_reads_check(body, header->size, header->count);
    default: return true;
    }
}

/* Whether all that the frame asks for costs so little, and is known to, that it is answered at one
 * seq. */
static void reads_open(const struct conn *c, struct frame *f)
{
    for (uint32_t at = f->start, cost = 0; at < f->end && f->refuse == 0;) {
        const uint8_t *line = c->in + at;
        uint32_t one = query_cost((const struct gj_read *)line);
        if (one > WHOLE_MAX || cost + one > WHOLE_MAX) return;
        f->cost = cost += one;
        at += line_size(line, offsetof(struct gj_read, ext_count));
        f->whole = at >= f->end;
    }
}

static void frame_open(struct conn *c, const struct wire_header *header)
{
    struct frame *f = &native_of(c)->frame;
    uint32_t total = (uint32_t)sizeof *header + header->size;
    uint32_t start = c->in_start + (uint32_t)sizeof *header;
    *f = (struct frame){
        .active = true,
        .type = header->type,
        .refuse = frame_refuse(c, total, header->count),
        .count = header->count,
        .start = start,
        .at = start,
        .end = c->in_start + total,
        .tag = header->tag,
    };
    if (f->refuse == GJ_OVERLOADED) c->net->overloaded += header->count;
    c->outstanding += header->count;
    if (f->type != WIRE_CLOCK) answer_open(c);
    if (f->type == WIRE_OPS) ops_prefetch_start(c->net->engine, c, f);
    if (f->type == WIRE_READS) reads_open(c, f);
}

/* Looks at the frame at in_start. If it is whole it is active then; a HELLO is done. Else says what
 * is missing, unless the connection is ending. */
static enum conn_pause frame_begin(struct conn *c)
{
    struct wire_header header;
    uint32_t available = c->in_end - c->in_start;
    if (available < sizeof header) return PAUSE_INPUT;
    memcpy(&header, c->in + c->in_start, sizeof header);
    uint8_t code = frame_check(c, &header);
    if (code != 0) {
        conn_error(c, header.tag, code, error_text(code));
        return PAUSE_INPUT;
    }
    if (available < sizeof header + header.size) return PAUSE_INPUT;
    if (header.type == WIRE_HELLO) {
        hello_run(c, &header); /* its small input buffer is gone after it, and was all read */
        return PAUSE_INPUT;
    }
    if (!conn_room(c, sizeof header)) return PAUSE_ROOM;
    if (!body_check(&header, c->in + c->in_start + sizeof header)) {
        conn_error(c, header.tag, GJ_MALFORMED, "count and extension lines do not fill the body");
        return PAUSE_INPUT;
    }
    frame_open(c, &header);
    return PAUSE_INPUT;
}

/* Goes on with the active frame; PAUSE_INPUT if it is done. */
static enum conn_pause frame_continue(struct conn *c, uint32_t *budget)
{
    struct frame *f = &native_of(c)->frame;
    enum conn_pause pause;
    switch (f->type) {
    case WIRE_OPS: pause = ops_run(c, f, budget); break;
    case WIRE_READS: pause = reads_run(c, f, budget); break;
    default: pause = clock_run(c, f); break;
    }
    f->stalled = pause == PAUSE_LOG;
    if (pause != PAUSE_INPUT) return pause;
    ASSERT(c->fetch.set == NULL);
    f->active = false;
    conn_consume(c, f->end - c->in_start);
    if (f->type != WIRE_CLOCK) answer_close(c, f);
    return PAUSE_INPUT;
}

static enum conn_pause native_run(struct conn *c, uint32_t *budget)
{
    struct frame *f = &native_of(c)->frame;
    /* It waited too long for the log. What was executed of a frame stays executed. */
    if (f->active && f->stalled && f->index == 0 && f->refuse == 0 &&
        engine_overdue(c->net->engine)) {
        f->refuse = GJ_OVERLOADED;
        c->net->overloaded += f->count;
    }
    while (c->state == CONN_NEW || c->state == CONN_OPEN) {
        enum conn_pause pause = f->active ? PAUSE_INPUT : frame_begin(c);
        if (!f->active) return pause;
        pause = frame_continue(c, budget);
        if (pause != PAUSE_INPUT) return pause;
    }
    return PAUSE_INPUT;
}

static uint64_t native_wanted(const uint8_t *bytes, uint32_t size)
{
    struct wire_header header;
    if (size < sizeof header) return sizeof header;
    memcpy(&header, bytes, sizeof header);
    return sizeof header + (uint64_t)header.size;
}

static void native_prefetch(const struct conn *c, enum prefetch_stage stage)
{
    const struct native *native = (const struct native *)c->door_state;
    struct engine *e = c->net->engine;
    if (c->state != CONN_OPEN || native->frame.active) return;
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
            engine_prefetch(e, (const struct gj_op *)line, hint_of(e, c, line), stage);
            at += op_size(line);
            ops++;
            if (at > end) return;
        }
        at = end;
        if (end % 8 != 0) return; /* not a frame that will run */
    }
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
    native_of(c)->frame.active = false;
    conn_answers_replaced(c, c->released + wire_error_encode(c->out + c->released, header.tag,
                                                             GJ_OUTCOME_UNKNOWN,
                                                             error_text(GJ_OUTCOME_UNKNOWN)));
    conn_end(c);
}

static void native_outcome_unknown(struct conn *c)
{
    struct frame *f = &native_of(c)->frame;
    uint32_t from = c->released, to = c->released;
    if (from < c->open &&
        c->out[from + offsetof(struct wire_header, type)] == (WIRE_HELLO | WIRE_ANSWER)) {
        hello_unknown(c);
        return;
    }
    while (from < c->open) {
        uint32_t read = 0;
        to += answer_unknown(c->out + to, c->out + from, &read);
        from += read;
    }
    conn_answers_replaced(c, to);
    if (!f->active || c->state != CONN_OPEN) return;
    f->refuse = GJ_OUTCOME_UNKNOWN; /* from its first entry on */
    f->index = 0;
    f->at = f->start;
    f->point = (struct wait_point){0};
    if (f->type != WIRE_CLOCK) answer_open(c);
}

const struct door door_native = {
    .name = "native",
    .no_greeting = "no HELLO within 5 seconds",
    .first_size = sizeof(struct wire_header) + sizeof(struct wire_hello),
    .wanted = native_wanted,
    .run = native_run,
    .prefetch = native_prefetch,
    .refuse = wire_error_encode,
    .outcome_unknown = native_outcome_unknown,
};
