/* clients/c/frame.c -- putting requests into frames, stepping through answers. */
#include "clients/c/client.h"

#include <string.h>

static_assert((int)GJ_FRAME_OPS == (int)WIRE_OPS, "protocol 1");
static_assert((int)GJ_FRAME_READS == (int)WIRE_READS, "protocol 1");
static_assert(GJ_FRAME_HEADER_SIZE == sizeof(struct wire_header), "protocol 1");

void gj_frame_init(struct gj_frame *frame, uint8_t type, void *memory, size_t capacity)
{
    const size_t most = sizeof(struct wire_header) + WIRE_BODY_MAX;
    *frame = (struct gj_frame){
        .bytes = memory,
        .capacity = (uint32_t)(capacity < most ? capacity : most),
        .size = sizeof(struct wire_header),
        .type = type,
    };
}

void gj_frame_clear(struct gj_frame *frame)
{
    frame->size = sizeof(struct wire_header);
    frame->count = 0;
}

static bool add(struct gj_frame *frame, const void *line, const void *ext, uint32_t ext_count)
{
    uint32_t ext_size = ext_count * GJ_RECORD_UNIT;
    if (frame->count >= GJ_BATCH_OPS_MAX || frame->size > frame->capacity ||
        frame->capacity - frame->size < GJ_RECORD_UNIT + ext_size)
        return false;
    memcpy(frame->bytes + frame->size, line, GJ_RECORD_UNIT);
    if (ext_size > 0) memcpy(frame->bytes + frame->size + GJ_RECORD_UNIT, ext, ext_size);
    frame->size += GJ_RECORD_UNIT + ext_size;
    frame->count++;
    return true;
}

bool gj_frame_add(struct gj_frame *frame, const struct gj_op *op, const void *ext)
{
    return frame->type == GJ_FRAME_OPS && add(frame, op, ext, op->ext_count);
}

bool gj_frame_add_read(struct gj_frame *frame, const struct gj_read *read, const void *ext)
{
    return frame->type == GJ_FRAME_READS && add(frame, read, ext, read->ext_count);
}

bool gj_next_reply(struct gj_answers *answers, const struct gj_reply **reply,
                   const struct gj_reply_sources **sources)
{
    uint32_t rest = answers->size - answers->at;
    if (rest < sizeof(**reply)) return false;
    const void *at = answers->body + answers->at;
    *reply = at;
    *sources = NULL;
    uint32_t size = sizeof(**reply);
    if (((*reply)->flags & GJ_REPLY_SOURCES) != 0) {
        size += (uint32_t)sizeof(**sources);
        if (rest < size) return false;
        at = answers->body + answers->at + sizeof(**reply);
        *sources = at;
    }
    answers->at += size;
    return true;
}

bool gj_next_answer(struct gj_answers *answers, const struct gj_answer **answer,
                    const void **payload)
{
    uint32_t rest = answers->size - answers->at;
    if (rest < sizeof(**answer)) return false;
    const void *at = answers->body + answers->at;
    *answer = at;
    uint32_t size = (*answer)->size;
    if (size % 8 != 0 || rest - sizeof(**answer) < size) return false;
    *payload = answers->body + answers->at + sizeof(**answer);
    answers->at += (uint32_t)sizeof(**answer) + size;
    return true;
}
