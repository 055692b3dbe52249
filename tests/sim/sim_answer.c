/* tests/sim/sim_answer.c -- what clients are told. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/sim_client_parts.h"

#define CLOCKS_APART_MS 1000u /* log time may be this far ahead of the wall clock */

__attribute__((format(printf, 2, 3))) static bool wrong(struct clients *all, const char *format,
                                                        ...)
{
    va_list args;
    if (all->fault[0] != '\0') return false;
    va_start(args, format);
    vsnprintf(all->fault, sizeof(all->fault), format, args);
    va_end(args);
    return false;
}

void client_forget_frame(struct clients *all, const struct client_frame *frame)
{
    if (frame->type == WIRE_CLOCK) all->clock_flying = false;
    if (frame->type != WIRE_OPS) return;
    for (uint32_t i = 0; i < frame->count; i++) {
        all->history->requests[frame->requests[i]].flying--;
    }
}

/* ---- HELLO and CLOCK ---- */

static bool take_hello(struct clients *all, struct client *c, const struct client_frame *f,
                       const uint8_t *body, uint32_t size)
{
    struct gj_hello_answer hello;
    if (size != sizeof(hello)) return wrong(all, "a HELLO answer of %u bytes", size);
    memcpy(&hello, body, sizeof(hello));
    if (hello.version != 1 || hello.window < 16) return wrong(all, "a HELLO answer out of range");
    if (all->log_known && memcmp(all->log_id, hello.log_id, sizeof(all->log_id)) != 0) {
        return wrong(all, "the log has another id");
    }
    if (hello.generation < all->generation) return wrong(all, "the generation falls");
    memcpy(all->log_id, hello.log_id, sizeof(all->log_id));
    all->log_known = true;
    all->generation = hello.generation;
    if (all->generator.time_ms < hello.time_ms) all->generator.time_ms = hello.time_ms;
    c->state = CLIENT_OPEN;
    c->window = hello.window < hello.batch_max ? hello.window : hello.batch_max;
    return history_hello(all->history, f->since, hello.seq);
}

static bool take_clock(struct clients *all, const struct client_frame *f, const uint8_t *body,
                       uint32_t size)
{
    struct wire_clock clock;
    if (size != sizeof(clock)) return wrong(all, "a CLOCK answer of %u bytes", size);
    memcpy(&clock, body, sizeof(clock));
    if (clock.time_ms != f->clock_ms) return wrong(all, "CLOCK answered another time");
    all->clock_flying = false;
    all->clock_set = true;
    if (clock.time_ms > all->history->shown_ms) all->history->shown_ms = clock.time_ms;
    return true;
}

/* ---- replies ---- */

static bool settles(uint8_t code)
{
    return code != GJ_OVERLOADED && code != GJ_SHUTTING_DOWN && code != GJ_OUTCOME_UNKNOWN &&
           code != GJ_READ_ONLY;
}

static bool take_replies(struct clients *all, const struct client_frame *f, const uint8_t *body,
                         uint32_t size)
{
    static const struct gj_reply_sources none;
    uint32_t at = 0;
    uint64_t latest = all->generator.time_ms;
    if (!all->test_clock && all->now_ms + CLOCKS_APART_MS > latest) {
        latest = all->now_ms + CLOCKS_APART_MS;
    }
    const struct audit_refusal about = {.time_low = f->time_low,
                                        .time_high = latest,
                                        .faults = all->faults,
                                        .stopping = all->stopping};
    for (uint32_t i = 0; i < f->count; i++) {
        struct gj_reply reply;
        struct gj_reply_sources sources = none;
        if (size - at < sizeof(reply)) return wrong(all, "a frame of replies is too short");
        memcpy(&reply, body + at, sizeof(reply));
        at += (uint32_t)sizeof(reply);
        if (reply.flags & GJ_REPLY_SOURCES) {
            if (size - at < sizeof(sources)) return wrong(all, "the sources of a reply are cut");
            memcpy(&sources, body + at, sizeof(sources));
            at += (uint32_t)sizeof(sources);
        }
        struct history_request *r = &all->history->requests[f->requests[i]];
        r->flying--;
        r->answered |= settles(reply.code);
        all->put_off += !settles(reply.code);
        if (!history_reply(all->history, f->requests[i], f->since, &reply, &sources, &about)) {
            return false;
        }
    }
    return at == size ? true : wrong(all, "a frame of replies is too long");
}

static bool take_answers(struct clients *all, const struct client_frame *f, const uint8_t *body,
                         uint32_t size)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < f->count; i++) {
        struct gj_answer answer;
        if (size - at < sizeof(answer)) return wrong(all, "a frame of answers is too short");
        memcpy(&answer, body + at, sizeof(answer));
        at += (uint32_t)sizeof(answer);
        if (answer.size > size - at) return wrong(all, "an answer is cut");
        if (answer.type != f->reads[i].type) return wrong(all, "an answer to another read");
        const uint8_t *payload = body + at;
        at += answer.size;
        if (!settles(answer.code)) {
            bool may = all->faults || (answer.code == GJ_SHUTTING_DOWN && all->stopping);
            if (!may) return wrong(all, "a read was refused with %u", answer.code);
            continue;
        }
        if (!history_answer(all->history, &f->reads[i], f->since, &answer, payload)) return false;
    }
    return at == size ? true : wrong(all, "a frame of answers is too long");
}

/* ---- frames ---- */

static bool take_error(struct clients *all, const uint8_t *body, uint32_t size)
{
    struct wire_error error;
    if (size != sizeof(error)) return wrong(all, "an ERROR frame of %u bytes", size);
    memcpy(&error, body, sizeof(error));
    bool may =
        (all->faults && !settles(error.code)) || (all->stopping && error.code == GJ_SHUTTING_DOWN);
    if (may) return true;
    return wrong(all, "an ERROR frame: %u, %.56s", error.code, error.text);
}

static bool take_frame(struct clients *all, struct client *c, const struct wire_header *header,
                       const uint8_t *body)
{
    if (header->type == WIRE_ERROR) return take_error(all, body, header->size);
    if (c->frame_count == 0) return wrong(all, "an answer to nothing");
    const struct client_frame f = c->frames[0];
    if (header->type != (f.type | WIRE_ANSWER) || header->tag != f.tag || header->flags != 0 ||
        header->count != f.count) {
        return wrong(all, "the answer is not that of the oldest frame: type %u count %u",
                     header->type, header->count);
    }
    c->frame_count--;
    memmove(&c->frames[0], &c->frames[1], c->frame_count * sizeof(c->frames[0]));
    if (f.type == WIRE_OPS || f.type == WIRE_READS) c->window += f.count;
    switch (f.type) {
    case WIRE_HELLO: return take_hello(all, c, &f, body, header->size);
    case WIRE_CLOCK: return take_clock(all, &f, body, header->size);
    case WIRE_OPS: return take_replies(all, &f, body, header->size);
    default: return take_answers(all, &f, body, header->size);
    }
}

bool client_input(struct clients *all, uint32_t which, const void *bytes, uint32_t size)
{
    struct client *c = &all->client[which];
    uint32_t at = 0;
    if (size > CLIENT_IN_MAX - c->in_size) return wrong(all, "more answers than were asked for");
    memcpy(c->in + c->in_size, bytes, size);
    c->in_size += size;
    while (c->in_size - at >= sizeof(struct wire_header)) {
        struct wire_header header;
        memcpy(&header, c->in + at, sizeof(header));
        if (header.size > CLIENT_IN_MAX - sizeof(header)) {
            return wrong(all, "an answer frame of %u bytes", header.size);
        }
        if (c->in_size - at - sizeof(header) < header.size) break;
        if (!take_frame(all, c, &header, c->in + at + sizeof(header))) return false;
        at += (uint32_t)sizeof(header) + header.size;
    }
    c->in_size -= at;
    memmove(c->in, c->in + at, c->in_size);
    return true;
}
