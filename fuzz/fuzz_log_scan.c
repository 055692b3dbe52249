/* fuzz/fuzz_log_scan.c -- any bytes as a log: identity file, group headers, records. Nothing that
 * comes from a disk may be trusted, and a group that verifies must be walkable record by record.
 *
 * Input: first byte chooses. 0: the bytes are log.meta. 1: they are a group as found on disk. 2:
 * the bytes are a group's body, to be signed first: so the fuzzer gets behind the digest. */
#include <stdlib.h>
#include <string.h>

#include "core/format/log_format.h"
#include "core/format/record.h"
#include "fuzz/fuzz.h"

static const struct log_meta meta = {
    .segment_size_mib = LOG_SEGMENT_MIB_DEFAULT, .log_id = {7}, .secret = {1, 2, 3}};

/* Walks the records of a body; true if they fill it exactly. */
static bool walk(const uint8_t *body, uint64_t size)
{
    while (size > 0) {
        uint32_t step = record_size(body, size);
        if (step == 0) return false;
        if (step > size || step % GJ_RECORD_UNIT != 0 || step > GJ_RECORD_SIZE_MAX) abort();
        struct gj_reply reply;
        struct gj_reply_sources sources;
        record_reply(body, &reply, &sources);
        if (!record_same_body(body, record_op(body))) abort();
        body += step;
        size -= step;
    }
    return true;
}

static void scan(uint8_t *block, uint64_t size)
{
    if (!log_group_verify(block, size, 0, &meta)) return;
    const struct log_group *group = (const struct log_group *)block;
    if (group->size > size) abort();
    walk(block + sizeof *group, group->size - sizeof *group);
    /* Any other place, log or length, and any flipped bit: no longer valid. */
    if (log_group_verify(block, size, LOG_BLOCK_SIZE, &meta)) abort();
    if (log_group_verify(block, group->size - 1u, 0, &meta)) abort();
    block[group->size - 1] ^= 1;
    if (log_group_verify(block, size, 0, &meta)) abort();
}

static void scan_signed(const uint8_t *body, size_t size, uint8_t *block)
{
    struct log_group *group = (struct log_group *)block;
    uint64_t whole = size / GJ_RECORD_UNIT * GJ_RECORD_UNIT;
    if (whole > LOG_GROUP_SIZE_MAX - sizeof *group) whole = LOG_GROUP_SIZE_MAX - sizeof *group;
    memset(group, 0, sizeof *group);
    memcpy(block + sizeof *group, body, whole);
    group->magic = LOG_GROUP_MAGIC;
    group->format_version = LOG_FORMAT_VERSION;
    group->kind = whole > 0 ? LOG_GROUP_DATA : LOG_GROUP_SEAL;
    memcpy(group->log_id, meta.log_id, sizeof meta.log_id);
    group->generation = 1;
    group->number = 1;
    group->first_seq = 1;
    group->count = (uint32_t)(whole / (2u * GJ_RECORD_UNIT));
    group->size = (uint32_t)(sizeof *group + whole);
    log_group_sign(group, meta.secret);
    scan(block, log_padded(group->size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    const uint8_t choice = *data++;
    size--;
    uint64_t room = log_padded(size + sizeof(struct log_group) + 1);
    uint8_t *block = aligned_alloc(LOG_BLOCK_SIZE, room);
    if (block == NULL) abort();
    memset(block, 0, room);
    if (choice == 2) {
        scan_signed(data, size, block);
    } else {
        memcpy(block, data, size);
        if (choice == 0)
            (void)!log_meta_check(block, size);
        else
            scan(block, size);
    }
    free(block);
    return 0;
}
