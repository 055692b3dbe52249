/* fuzz/fuzz_wire.c -- any bytes as frames: header, hello, operations, reads and the test clock
 * through the checks, then through a small shard with its log in memory. After one in eight of the
 * inputs that wrote records the books must balance, after one in sixteen the log alone must give
 * the same state again: that costs more than all the rest, and which ones is the input's own.
 *
 * Input: frames as on a connection, one after the other. */
#include <stdlib.h>
#include <string.h>

#include "core/format/wire.h"
#include "fuzz/fixture.h"
#include "fuzz/fuzz.h"

#define TIME_MS     UINT64_C(1767225600000) /* 2026-01-01; rids of the corpus are around it */
#define TIME_MAX_MS UINT64_C(5648832000000) /* 2149-01-01: the server takes no later one */
#define FIRST_ID    1u
#define PEOPLE      8u
#define LOG_LINES   32768u

static const struct state_config config = {.persons_max = 64,
                                           .families_max = 16,
                                           .institutions_max = 16,
                                           .holds_max = 16,
                                           .rids_max = 4096,
                                           .rids_ahead_max = 64,
                                           .hash_seed = 42};
static struct fixture world;
static struct shard_memory *shard; /* the world's */

static uint64_t ops_size(const uint8_t *at)
{
    return (1u + ((const struct gj_op *)at)->ext_count) * GJ_RECORD_UNIT;
}

/* As a server would: outcomes go to the log. */
static void execute(const struct gj_op *op)
{
    struct gj_reply reply;
    struct gj_reply_sources sources;
    if (!shard_memory_room(shard)) return;
    uint64_t seq = state_seq(shard->s);
    enum decision_kind kind = shard_memory_execute(shard, op, &reply, &sources, NULL);
    if (kind == DECISION_EXPIRE_FIRST || gj_code_name(reply.code) == NULL) abort();
    if (kind == DECISION_RECORD && !gj_code_is_outcome(reply.code)) abort();
    if (kind == DECISION_RECORD && reply.seq <= seq) abort();
}

static void answer(const struct gj_read *read)
{
    static _Alignas(64) uint8_t out[GJ_READ_ANSWER_MAX];
    uint64_t seq = state_seq(shard->s);
    uint32_t size = shard_memory_query(shard, read, out, sizeof out);
    if (size < sizeof(struct gj_answer) || size > sizeof out || size % 8 != 0) abort();
    if (state_seq(shard->s) != seq) abort();
}

/* Time goes on, never back and not beyond what days can count. */
static void set_clock(const struct wire_clock *clock)
{
    if (clock->time_ms < shard->time_ms || clock->time_ms > TIME_MAX_MS) return;
    shard->time_ms = clock->time_ms;
    if (clock->time_ms % 2 == 0) return; /* due things stay for who touches them */
    while (shard_memory_room(shard) && shard_memory_expire(shard, config.holds_max) > 0) continue;
}

/* One frame; returns the bytes it took, 0 if the rest is no frame. The body is copied, so that a
 * read beyond it is found. */
static size_t frame(const uint8_t *data, size_t size)
{
    struct wire_header header;
    if (size < sizeof header) return 0;
    memcpy(&header, data, sizeof header);
    if (wire_header_check(&header, GJ_BATCH_OPS_MAX) != 0) return 0;
    if (header.size > size - sizeof header) return 0;
    uint8_t *body = aligned_alloc(64, header.size / 64u * 64u + 64u);
    if (body == NULL) abort();
    memcpy(body, data + sizeof header, header.size);
    uint64_t at = 0;
    if (header.type == WIRE_HELLO && header.size == sizeof(struct wire_hello)) {
        (void)!wire_hello_check((const struct wire_hello *)body);
    } else if (header.type == WIRE_CLOCK && header.size == sizeof(struct wire_clock)) {
        set_clock((const struct wire_clock *)body);
    } else if (header.type == WIRE_OPS && wire_ops_check(body, header.size, header.count)) {
        for (unsigned i = 0; i < header.count; i++) {
            execute((const struct gj_op *)(body + at));
            at += ops_size(body + at);
        }
        if (at != header.size) abort();
    } else if (header.type == WIRE_READS && wire_reads_check(body, header.size, header.count)) {
        for (unsigned i = 0; i < header.count; i++) {
            const struct gj_read *read = (const struct gj_read *)(body + at);
            answer(read);
            at += (1u + read->ext_count) * GJ_RECORD_UNIT;
        }
        if (at != header.size) abort();
    }
    free(body);
    return sizeof header + header.size;
}

static struct gj_rid rid_of(uint64_t number)
{
    struct gj_rid rid = {{0}};
    for (unsigned i = 0; i < 6; i++) rid.bytes[i] = (uint8_t)(TIME_MS >> (40 - 8 * i));
    for (unsigned i = 0; i < 8; i++) rid.bytes[8 + i] = (uint8_t)(number >> (56 - 8 * i));
    return rid;
}

/* Two open regions, a hospital, and people with wallets and money: ids 1..8. */
static void populate(void)
{
    struct {
        struct gj_op op;
        struct gj_region_ext ext;
    } region = {.op = {.type = GJ_OP_SET_REGION, .ext_count = GJ_EXT_MAX, .amount = 1}};
    gj_policy_default(&region.ext.policy);
    region.ext.policy.wallet_open = 1;
    memcpy(region.ext.province, "P", 1);
    uint64_t number = 1;
    for (uint16_t id = 1; id <= 2; id++) {
        region.op.arg = id;
        region.op.rid = rid_of(number++);
        region.ext.name[0] = (char)('0' + id);
        execute(&region.op);
    }
    struct {
        struct gj_op op;
        struct gj_institution_ext ext;
    } hospital = {.op = {.type = GJ_OP_SET_INSTITUTION,
                         .ext_count = 1,
                         .other = 10,
                         .arg = 1,
                         .kind = GJ_HOSPITAL,
                         .detail = GJ_SCENARIO_MASK_ALL,
                         .flags = GJ_FLAG_WALLET,
                         .rid = rid_of(number++)},
                  .ext = {.code = "H00000000010"}};
    execute(&hospital.op);
    for (uint64_t id = FIRST_ID; id < FIRST_ID + PEOPLE; id++) {
        uint16_t home = (uint16_t)(1 + id % 2);
        struct gj_op steps[] = {
            {.type = GJ_OP_OPEN_PERSON, .person = id, .arg = home, .kind = 1, .detail = 1},
            {.type = GJ_OP_CONFIRM_WALLET, .person = id, .arg = home, .auth = GJ_AUTH_FACE},
            {.type = GJ_OP_DEPOSIT, .person = id, .amount = 1000000},
            {.type = GJ_OP_BIND,
             .person = id,
             .other = id == FIRST_ID ? FIRST_ID + 1 : FIRST_ID,
             .amount = -1,
             .kind = GJ_SPOUSE,
             .auth = GJ_AUTH_FACE},
        };
        for (unsigned i = 0; i < ARRAY_COUNT(steps); i++) {
            steps[i].rid = rid_of(number++);
            execute(&steps[i]);
        }
    }
}

static void begin(void)
{
    fixture_begin(&world, &config, LOG_LINES, TIME_MS);
    shard = world.shard;
    populate();
    fixture_keep(&world);
}

/* A number from 0 to 15 that is the input's own, by its whole words: frames have no others. */
static unsigned lot(const uint8_t *data, size_t size)
{
    uint64_t mixed = size, word;
    for (size_t i = 0; i + sizeof word <= size; i += sizeof word) {
        memcpy(&word, data + i, sizeof word);
        mixed = (mixed ^ word) * UINT64_C(0x9E3779B97F4A7C15);
        mixed ^= mixed >> 32;
    }
    return (unsigned)(mixed & 15);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned mixed = lot(data, size);
    if (shard == NULL) begin();
    uint64_t seq = state_seq(shard->s);
    while (size > 0) {
        size_t used = frame(data, size);
        if (used == 0) break;
        data += used;
        size -= used;
    }
    if (state_seq(shard->s) == seq) { /* nothing changed but the clock */
        shard->time_ms = TIME_MS;
        return 0;
    }
    if (mixed % 8 == 0 && state_audit(shard->s) != NULL) abort();
    if (mixed == 0 && !fixture_redo(&world)) abort();
    fixture_back(&world);
    return 0;
}
