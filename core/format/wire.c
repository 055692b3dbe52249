/* core/format/wire.c -- checks of frames and of the bodies whose shape the wire itself defines. */
#include "core/format/wire.h"

#include <string.h>

uint32_t wire_body_max(uint32_t batch_max)
{
    const uint32_t lines_max = 2u + GJ_EXT_MAX; /* DRY_RUN: a read around an operation */
    uint64_t size = (uint64_t)batch_max * lines_max * GJ_RECORD_UNIT;
    return size < WIRE_BODY_MAX ? (uint32_t)size : WIRE_BODY_MAX;
}

/* A frame of 64-byte lines: operations or reads. */
static uint8_t lines_check(const struct wire_header *header, uint32_t batch_max)
{
    if (header->count > batch_max) return GJ_BATCH_TOO_LARGE;
    if (header->size > wire_body_max(batch_max)) return GJ_BATCH_TOO_LARGE;
    if (header->count == 0 || header->size % GJ_RECORD_UNIT != 0) return GJ_MALFORMED;
    if (header->size < header->count * GJ_RECORD_UNIT) return GJ_MALFORMED;
    return 0;
}

static uint8_t fixed_check(const struct wire_header *header, size_t size)
{
    return header->size == size && header->count == 0 ? 0 : GJ_MALFORMED;
}

uint8_t wire_header_check(const struct wire_header *header, uint32_t batch_max)
{
    bool hello_done = batch_max != 0;
    if (!hello_done && header->type != WIRE_HELLO) return GJ_UNAUTHENTICATED;
    switch (header->type) {
    case WIRE_HELLO:
    case WIRE_OPS:
    case WIRE_READS:
    case WIRE_CLOCK: break;
    default: return GJ_UNKNOWN_OP;
    }
    if (header->flags != 0) return GJ_RESERVED_NONZERO;
    switch (header->type) {
    case WIRE_HELLO:
        return hello_done ? GJ_FORBIDDEN : fixed_check(header, sizeof(struct wire_hello));
    case WIRE_CLOCK: return fixed_check(header, sizeof(struct wire_clock));
    default: return lines_check(header, batch_max);
    }
}

/* Both requests are 64-byte lines with a count of further lines at a fixed byte. */
static bool lines_fill(const uint8_t *body, uint32_t size, uint32_t count, size_t ext_at)
{
    uint64_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (at + GJ_RECORD_UNIT > size) return false;
        at += (1u + (uint64_t)body[at + ext_at]) * GJ_RECORD_UNIT;
    }
    return at == size;
}

bool wire_ops_check(const void *body, uint32_t size, uint32_t count)
{
    return lines_fill((const uint8_t *)body, size, count, offsetof(struct gj_op, ext_count));
}

bool wire_reads_check(const void *body, uint32_t size, uint32_t count)
{
    return lines_fill((const uint8_t *)body, size, count, offsetof(struct gj_read, ext_count));
}

uint8_t wire_hello_check(const struct wire_hello *hello)
{
    if (memcmp(hello->magic, WIRE_MAGIC, sizeof hello->magic) != 0) return GJ_MALFORMED;
    for (size_t i = 0; i < sizeof hello->reserved; i++) {
        if (hello->reserved[i] != 0) return GJ_RESERVED_NONZERO;
    }
    if (hello->version_min > WIRE_VERSION || hello->version_max < WIRE_VERSION) {
        return GJ_UNSUPPORTED_VERSION;
    }
    return 0;
}

uint32_t wire_error_encode(void *frame, uint64_t tag, uint8_t code, const char *text)
{
    struct wire_header header = {
        .size = sizeof(struct wire_error),
        .type = WIRE_ERROR,
        .tag = tag,
    };
    struct wire_error error = {.code = code};
    for (size_t i = 0; i < sizeof error.text - 1 && text[i] != '\0'; i++) error.text[i] = text[i];
    memcpy(frame, &header, sizeof header);
    memcpy((uint8_t *)frame + sizeof header, &error, sizeof error);
    return WIRE_ERROR_FRAME_SIZE;
}
