/* tests/sim/sim_client.c -- what clients send. What they are told: sim_answer.c. */
#include "tests/sim/sim_client.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim_client_parts.h"

#define LOOK_BACK 24u /* requests that may be sent again: the latest */

static uint64_t next_random(struct clients *all)
{
    uint64_t x = all->random += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static uint32_t pick(struct clients *all, uint32_t limit)
{
    return (uint32_t)(next_random(all) >> 32) % limit;
}

void clients_begin(struct clients *all, uint64_t seed, uint32_t count, uint32_t operations,
                   const struct model_limits *limits, struct history *history)
{
    struct model *ahead = all->ahead;
    memset(all, 0, offsetof(struct clients, client)); /* the buffers need no zeros */
    for (uint32_t i = 0; i < CLIENTS_MAX; i++) memset(&all->client[i], 0, CLIENT_HEAD);
    if (ahead == NULL)
        ahead = model_new(limits);
    else
        model_clear(ahead, limits);
    all->ahead = ahead;
    all->history = history;
    all->random = seed ^ UINT64_C(0xD1B54A32D192ED03);
    all->count = count;
    all->operations_max = operations;
    generator_init(&all->generator, seed);
    all->generator.hoard = false;
    all->generator.setup = 30;
    all->generator.retries = 8;
}

void clients_free(struct clients *all)
{
    if (all->ahead != NULL) model_free(all->ahead);
    all->ahead = NULL;
}

void clients_server_gone(struct clients *all)
{
    for (uint32_t i = 0; i < all->count; i++) client_closed(all, i);
    all->clock_set = false;
}

void client_sent(struct clients *all, uint32_t which, uint32_t size)
{
    struct client *c = &all->client[which];
    c->out_size -= size;
    memmove(c->out, c->out + size, c->out_size);
}

void client_closed(struct clients *all, uint32_t which)
{
    struct client *c = &all->client[which];
    for (uint32_t i = 0; i < c->frame_count; i++) client_forget_frame(all, &c->frames[i]);
    c->state = CLIENT_CLOSED;
    c->frame_count = c->out_size = c->in_size = 0;
}

/* ---- frames ---- */

static void put(struct client *c, const void *bytes, uint32_t size)
{
    memcpy(c->out + c->out_size, bytes, size);
    c->out_size += size;
}

static struct client_frame *open_frame(struct clients *all, struct client *c, uint8_t type)
{
    struct client_frame *f = &c->frames[c->frame_count++];
    f->type = type;
    f->count = 0;
    f->tag = ++all->tag;
    f->since = all->history->shown_seq;
    f->time_low = all->history->shown_ms;
    f->clock_ms = 0;
    return f;
}

static void put_header(struct client *c, const struct client_frame *f, uint32_t size)
{
    const struct wire_header header = {
        .size = size, .type = f->type, .count = f->count, .tag = f->tag};
    put(c, &header, sizeof(header));
}

void client_opened(struct clients *all, uint32_t which)
{
    struct client *c = &all->client[which];
    struct wire_hello hello = {.version_min = 1, .version_max = 1, .window = CLIENT_WINDOW};
    memcpy(hello.magic, WIRE_MAGIC, sizeof(hello.magic));
    c->state = CLIENT_GREETING;
    c->window = 0;
    struct client_frame *f = open_frame(all, c, WIRE_HELLO);
    put_header(c, f, sizeof(hello));
    put(c, &hello, sizeof(hello));
}

static void send_clock(struct clients *all, struct client *c)
{
    struct client_frame *f = open_frame(all, c, WIRE_CLOCK);
    const struct wire_clock clock = {.time_ms = all->generator.time_ms};
    f->clock_ms = clock.time_ms;
    put_header(c, f, sizeof(clock));
    put(c, &clock, sizeof(clock));
    all->clock_flying = true;
    all->clock_set = false;
}

/* ---- operations ---- */

/* One of the latest requests that should be sent again, or MODEL_NONE. */
static uint32_t old_request(struct clients *all, bool only_lost)
{
    struct history *h = all->history;
    uint64_t first = h->request_count > LOOK_BACK ? h->request_count - LOOK_BACK : 0;
    if (only_lost) first = 0;
    for (uint64_t i = first; i < h->request_count; i++) {
        const struct history_request *r = &h->requests[i];
        if (only_lost ? !r->answered && r->flying == 0 : pick(all, LOOK_BACK) == 0) {
            return (uint32_t)i;
        }
    }
    return MODEL_NONE;
}

static uint32_t choose_request(struct clients *all)
{
    struct history *h = all->history;
    bool more = h->request_count < all->operations_max;
    if (!more || pick(all, 3) == 0) {
        uint32_t lost = old_request(all, true);
        if (lost != MODEL_NONE) return lost;
    }
    if (h->request_count > 0 && pick(all, 16) == 0) {
        uint32_t again = old_request(all, false);
        if (again != MODEL_NONE) return again;
    }
    if (!more) return MODEL_NONE;
    struct generated what;
    generator_next(&all->generator, all->ahead, &what);
    return history_request(h, &what);
}

static void send_operations(struct clients *all, struct client *c)
{
    struct client_frame *f = open_frame(all, c, WIRE_OPS);
    uint32_t wanted = 1 + pick(all, pick(all, 2) == 0 ? 1 : CLIENT_FRAME_MAX);
    uint32_t size = 0;
    for (; f->count < wanted && f->count < c->window; f->count++) {
        uint32_t request = choose_request(all);
        if (request == MODEL_NONE) break;
        struct history_request *r = &all->history->requests[request];
        r->flying++;
        f->requests[f->count] = request;
        size += (1u + r->what.op.ext_count) * GJ_RECORD_UNIT;
    }
    if (f->count == 0) {
        c->frame_count--;
        return;
    }
    c->window -= f->count;
    put_header(c, f, size);
    for (uint32_t i = 0; i < f->count; i++) {
        const struct gj_op *op = &all->history->requests[f->requests[i]].what.op;
        put(c, op, (1u + op->ext_count) * GJ_RECORD_UNIT);
    }
}

/* ---- reads ---- */

static void choose_read(struct clients *all, struct gj_read *ret)
{
    static const uint8_t types[] = {
        GJ_READ_GET_PERSON, GJ_READ_GET_PERSON, GJ_READ_GET_PERSON,     GJ_READ_GET_OP,
        GJ_READ_GET_OP,     GJ_READ_LIST_HOLDS, GJ_READ_LIST_PENDING,   GJ_READ_REGION_TOTALS,
        GJ_READ_PING,       GJ_READ_AUDIT,      GJ_READ_INSTITUTION_DAY};
    const struct history *h = all->history;
    *ret = (struct gj_read){.type = types[pick(all, sizeof(types))]};
    switch (ret->type) {
    case GJ_READ_GET_OP: {
        if (h->request_count == 0) {
            ret->type = GJ_READ_PING;
            break;
        }
        uint64_t back = h->request_count > LOOK_BACK ? LOOK_BACK : h->request_count;
        const struct gj_op *op =
            &h->requests[h->request_count - 1 - pick(all, (uint32_t)back)].what.op;
        ret->id = op->person;
        ret->rid = op->rid;
        break;
    }
    case GJ_READ_REGION_TOTALS: ret->region = (uint16_t)(1 + pick(all, WORLD_REGIONS)); break;
    case GJ_READ_INSTITUTION_DAY:
        ret->id = 9 + pick(all, WORLD_INSTITUTIONS);
        ret->day = (uint16_t)(generator_today(&all->generator) - pick(all, 3));
        break;
    case GJ_READ_PING:
    case GJ_READ_AUDIT: break;
    default: ret->id = 99 + pick(all, WORLD_PERSONS); break;
    }
}

static void send_reads(struct clients *all, struct client *c)
{
    struct client_frame *f = open_frame(all, c, WIRE_READS);
    uint32_t wanted = 1 + pick(all, 4);
    for (; f->count < wanted && f->count < c->window; f->count++) {
        choose_read(all, &f->reads[f->count]);
    }
    if (f->count == 0) {
        c->frame_count--;
        return;
    }
    c->window -= f->count;
    put_header(c, f, f->count * (uint32_t)sizeof(struct gj_read));
    put(c, f->reads, f->count * (uint32_t)sizeof(struct gj_read));
}

/* ---- what next ---- */

/* The generator looks at what was shown, never at what a crash may still take back. */
static void follow(struct clients *all)
{
    const struct log_bytes *log = all->history->log;
    for (; all->ahead_records < all->history->shown_seq; all->ahead_records++) {
        const struct gj_op *op = log_bytes_op(log, all->ahead_records);
        uint64_t time_ms = log_bytes_header(log, all->ahead_records)->time_ms;
        struct gj_reply reply;
        struct gj_reply_sources sources;
        if (time_ms < all->ahead->time_ms) time_ms = all->ahead->time_ms;
        if (op->type == GJ_OP_EXPIRE)
            model_advance(all->ahead, time_ms);
        else
            model_apply(all->ahead, op, time_ms, false, &reply, &sources);
    }
}

/* True if log time was, or now is being, set. */
static bool act_clock(struct clients *all, uint32_t which)
{
    struct client *c = &all->client[which];
    if (all->clock_flying) return true;
    if (all->clock_set && pick(all, 4) != 0) return false;
    if (which != 0) return !all->clock_set;
    if (all->clock_set) generator_step(&all->generator, all->ahead);
    send_clock(all, c);
    return true;
}

void client_act(struct clients *all, uint32_t which)
{
    struct client *c = &all->client[which];
    if (c->state != CLIENT_OPEN || c->frame_count == CLIENT_FRAMES_MAX) return;
    if (c->out_size > CLIENT_OUT_MAX / 2) return;
    follow(all);
    if (!all->test_clock && all->now_ms > all->generator.time_ms) {
        all->generator.time_ms = all->now_ms;
    }
    if (all->generator.time_ms > all->ahead->time_ms) {
        model_advance(all->ahead, all->generator.time_ms);
    }
    if (all->test_clock && act_clock(all, which)) return;
    if (pick(all, 3) == 0)
        send_reads(all, c);
    else
        send_operations(all, c);
}

uint32_t clients_unanswered(const struct clients *all)
{
    uint32_t count = 0;
    for (uint64_t i = 0; i < all->history->request_count; i++) {
        count += !all->history->requests[i].answered;
    }
    return count;
}

bool clients_done(const struct clients *all)
{
    for (uint32_t i = 0; i < all->count; i++) {
        if (all->client[i].frame_count != 0) return false;
    }
    return all->history->request_count >= all->operations_max && clients_unanswered(all) == 0;
}
