/* tests/unit/test_record.c -- the shape of records: bytes are never trusted, replies come back. */
#include "core/format/op_traits.h"
#include "core/format/record.h"
#include "tests/test.h"

struct buffer {
    _Alignas(64) uint8_t bytes[GJ_RECORD_SIZE_MAX];
};

/* Flags of the lines that a record of `type` has behind the effect when it was executed. */
static uint8_t lines_of(uint8_t type)
{
    switch (type) {
    case GJ_OP_PAY:
    case GJ_OP_CLOSE_PERSON: return EFFECT_SOURCES;
    case GJ_OP_HOLD:
    case GJ_OP_CAPTURE:
    case GJ_OP_RELEASE: return EFFECT_SOURCES | EFFECT_HOLD;
    case GJ_OP_ACCEPT:
    case GJ_OP_RETURN:
    case GJ_OP_EXPIRE: return EFFECT_HOLD;
    case GJ_OP_REFUND:
    case GJ_OP_REVERSE: return EFFECT_SOURCES | EFFECT_ORIGINAL;
    default: return 0;
    }
}

/* A record of `type` with `ext` lines and `code`, and where its effect is. */
static struct gj_effect *make(struct buffer *b, uint8_t type, uint8_t ext, uint8_t code)
{
    memset(b, 0, sizeof(*b));
    struct gj_op *op = (struct gj_op *)b->bytes;
    op->type = type;
    op->ext_count = ext;
    op->person = 7;
    struct gj_effect *effect = (struct gj_effect *)(b->bytes + (1u + ext) * GJ_RECORD_UNIT);
    effect->code = code;
    effect->seq = 42;
    if (code <= GJ_OK_PARTIAL) effect->flags = lines_of(type);
    return effect;
}

/* Accepted at its full size and more, refused at every length below. */
static void check_lengths(const struct buffer *b, uint32_t size)
{
    unsigned wrong = 0;
    for (uint32_t n = 0; n < size; n++) wrong += record_size(b->bytes, n) != 0;
    CHECK_EQ(wrong, 0);
    CHECK_EQ(record_size(b->bytes, size), size);
    CHECK_EQ(record_size(b->bytes, UINT64_MAX), size);
}

TEST(truncated_at_every_length)
{
    struct buffer b;
    make(&b, GJ_OP_TRANSFER, 0, GJ_OK);
    check_lengths(&b, 128);
    make(&b, GJ_OP_SET_REGION, 6, GJ_OK);
    check_lengths(&b, 512);
    make(&b, GJ_OP_SET_INSTITUTION, 1, GJ_REGION_NOT_FOUND);
    check_lengths(&b, 192);
    make(&b, GJ_OP_PAY, 0, GJ_OK);
    check_lengths(&b, 192);
    make(&b, GJ_OP_PAY, 1, GJ_OK_PARTIAL);
    check_lengths(&b, 256);
    make(&b, GJ_OP_PAY, 1, GJ_INSUFFICIENT_BALANCE);
    check_lengths(&b, 192);
    make(&b, GJ_OP_HOLD, 1, GJ_OK);
    check_lengths(&b, 320);
    make(&b, GJ_OP_ACCEPT, 1, GJ_OK);
    check_lengths(&b, 256);
    make(&b, GJ_OP_REVERSE, 1, GJ_OK);
    check_lengths(&b, 320);
    make(&b, GJ_OP_REVERSE, 1, GJ_OK_TOMBSTONED);
    check_lengths(&b, 192);
    make(&b, GJ_OP_REFUND, 1, GJ_REFUND_EXCEEDS_CAPTURED);
    check_lengths(&b, 192);
}

TEST(unknown_operations_are_refused)
{
    struct buffer b;
    unsigned known = 0;
    for (unsigned type = 0; type < 256; type++) {
        for (uint8_t ext = 0; ext <= GJ_EXT_MAX; ext++) {
            make(&b, (uint8_t)type, ext, GJ_PERSON_NOT_FOUND);
            bool accepted = record_size(b.bytes, sizeof(b.bytes)) != 0;
            if (accepted) CHECK(gj_op_name((uint8_t)type) != NULL);
            known += accepted;
        }
    }
    CHECK_EQ(known, 26); /* 24 operations, two of them with 0 or 1 lines */
}

TEST(lines_the_operation_cannot_have_are_refused)
{
    struct buffer b;
    make(&b, GJ_OP_TRANSFER, 1, GJ_OK);
    CHECK_EQ(record_size(b.bytes, sizeof(b.bytes)), 0);
    make(&b, GJ_OP_SET_REGION, 5, GJ_OK);
    CHECK_EQ(record_size(b.bytes, sizeof(b.bytes)), 0);
    make(&b, GJ_OP_TRANSFER, 0, GJ_OK);
    ((struct gj_op *)b.bytes)->ext_count = 255;
    CHECK_EQ(record_size(b.bytes, sizeof(b.bytes)), 0);
}

TEST(only_outcomes_are_records)
{
    struct buffer b;
    for (unsigned code = 0; code < 256; code++) {
        make(&b, GJ_OP_DEPOSIT, 0, (uint8_t)code);
        bool outcome = gj_code_name((uint8_t)code) != NULL && gj_code_is_outcome((uint8_t)code);
        CHECK_EQ(record_size(b.bytes, 128) != 0, outcome);
    }
}

TEST(effect_must_be_well_formed)
{
    struct buffer b;
    make(&b, GJ_OP_DEPOSIT, 0, GJ_OK)->flags = 0x80;
    CHECK_EQ(record_size(b.bytes, sizeof(b.bytes)), 0);
    make(&b, GJ_OP_DEPOSIT, 0, GJ_OK)->new_members = 1;
    CHECK_EQ(record_size(b.bytes, sizeof(b.bytes)), 0);
    make(&b, GJ_OP_UNBIND, 0, GJ_OK)->new_members = 1;
    CHECK_EQ(record_size(b.bytes, sizeof(b.bytes)), 0);
    make(&b, GJ_OP_BIND, 0, GJ_MEMBER_LIMIT)->new_members = 1;
    CHECK_EQ(record_size(b.bytes, sizeof(b.bytes)), 0);
    make(&b, GJ_OP_UNBIND, 0, GJ_RELATION_IN_USE)->flags = EFFECT_KEPT;
    CHECK_EQ(record_size(b.bytes, sizeof(b.bytes)), 0);
    make(&b, GJ_OP_UNBIND, 0, GJ_OK)->flags = EFFECT_KEPT;
    CHECK_EQ(record_size(b.bytes, sizeof(b.bytes)), 128);
    make(&b, GJ_OP_BIND, 0, GJ_OK)->new_members = 255;
    CHECK_EQ(record_size(b.bytes, sizeof(b.bytes)), 128);
    make(&b, GJ_OP_DEPOSIT, 0, GJ_OK)->flags = EFFECT_SOURCES;
    CHECK_EQ(record_size(b.bytes, sizeof(b.bytes)), 0);
    make(&b, GJ_OP_PAY, 0, GJ_OK)->flags = 0;
    CHECK_EQ(record_size(b.bytes, sizeof(b.bytes)), 0);
    make(&b, GJ_OP_PAY, 0, GJ_INSUFFICIENT_BALANCE)->flags = EFFECT_SOURCES;
    CHECK_EQ(record_size(b.bytes, sizeof(b.bytes)), 0);
}

/* Of all combinations of lines each operation has the one or two of its kind, and none if nothing
 * was executed. */
TEST(lines_behind_the_effect_must_belong)
{
    struct buffer b;
    for (uint8_t type = 1; type < GJ_OP_TYPES; type++) {
        uint8_t ext = 0;
        make(&b, type, ext, GJ_PERSON_NOT_FOUND);
        while (record_size(b.bytes, sizeof(b.bytes)) == 0) {
            make(&b, type, ++ext, GJ_PERSON_NOT_FOUND);
        }
        for (unsigned i = 0; i < 8; i++) {
            uint8_t lines = (uint8_t)((i & 1 ? EFFECT_SOURCES : 0u) | (i & 2 ? EFFECT_HOLD : 0u) |
                                      (i & 4 ? EFFECT_ORIGINAL : 0u));
            make(&b, type, ext, GJ_OK)->flags = lines;
            bool belongs = lines == lines_of(type) ||
                           (type == GJ_OP_TRANSFER && lines == EFFECT_HOLD) ||
                           (type == GJ_OP_EXPIRE && lines == (EFFECT_SOURCES | EFFECT_HOLD));
            CHECK_EQ(record_size(b.bytes, sizeof(b.bytes)) != 0, belongs);
            make(&b, type, ext, GJ_OK_NOOP)->flags = lines;
            CHECK_EQ(record_size(b.bytes, sizeof(b.bytes)) != 0, lines == 0);
            make(&b, type, ext, GJ_PERSON_NOT_FOUND)->flags = lines;
            CHECK_EQ(record_size(b.bytes, sizeof(b.bytes)) != 0, lines == 0);
        }
    }
}

TEST(zero_bytes_are_no_record)
{
    struct buffer b;
    memset(&b, 0, sizeof(b));
    CHECK_EQ(record_size(b.bytes, sizeof(b.bytes)), 0);
}

TEST(reply_of_a_transfer)
{
    struct buffer b;
    struct gj_effect *effect = make(&b, GJ_OP_TRANSFER, 0, GJ_OK);
    ((struct gj_op *)b.bytes)->amount = 500;
    effect->balance = 1500;
    struct gj_reply reply;
    struct gj_reply_sources sources;
    record_reply(b.bytes, &reply, &sources);
    CHECK_EQ(reply.code, GJ_OK);
    CHECK_EQ(reply.flags, 0);
    CHECK_EQ(reply.seq, 42);
    CHECK_EQ(reply.balance, 1500);
    CHECK_EQ(reply.amount, 500);
}

TEST(reply_of_a_refusal_moves_nothing)
{
    struct buffer b;
    make(&b, GJ_OP_TRANSFER, 0, GJ_INSUFFICIENT_BALANCE);
    ((struct gj_op *)b.bytes)->amount = 500;
    struct gj_reply reply;
    struct gj_reply_sources sources;
    record_reply(b.bytes, &reply, &sources);
    CHECK_EQ(reply.code, GJ_INSUFFICIENT_BALANCE);
    CHECK_EQ(reply.amount, 0);
}

/* A cap is carried in `amount` but is no money that moved. */
TEST(reply_of_a_bind_moves_nothing)
{
    struct buffer b;
    make(&b, GJ_OP_BIND, 0, GJ_OK);
    ((struct gj_op *)b.bytes)->amount = 500;
    struct gj_reply reply;
    struct gj_reply_sources sources;
    record_reply(b.bytes, &reply, &sources);
    CHECK_EQ(reply.amount, 0);
}

static struct gj_reply pay_reply(uint8_t code, uint8_t listed, struct gj_reply_sources *sources)
{
    struct buffer b;
    struct gj_effect *effect = make(&b, GJ_OP_PAY, 0, code);
    ((struct gj_op *)b.bytes)->kind = listed;
    struct gj_effect_sources *paid = (struct gj_effect_sources *)(effect + 1);
    paid->taken[0] = 30;
    paid->taken[1] = gj_sources_at(listed, 1) != GJ_SOURCE_NONE ? 12 : 0;
    paid->remainder = code == GJ_OK_PARTIAL ? 8 : 0;
    struct gj_reply reply;
    record_reply(b.bytes, &reply, sources);
    return reply;
}

TEST(reply_of_a_payment)
{
    struct gj_reply_sources sources;
    uint8_t wallet = gj_sources(GJ_SOURCE_WALLET, GJ_SOURCE_NONE, GJ_SOURCE_NONE);
    uint8_t both = gj_sources(GJ_SOURCE_WALLET, GJ_SOURCE_PERSONAL, GJ_SOURCE_NONE);

    struct gj_reply reply = pay_reply(GJ_OK, wallet, &sources);
    CHECK_EQ(reply.flags, 0);
    CHECK_EQ(reply.amount, 30);

    reply = pay_reply(GJ_OK_PARTIAL, wallet, &sources);
    CHECK_EQ(reply.flags, GJ_REPLY_SOURCES);
    CHECK_EQ(reply.amount, 30);
    CHECK_EQ(sources.remainder, 8);

    reply = pay_reply(GJ_OK, both, &sources);
    CHECK_EQ(reply.flags, GJ_REPLY_SOURCES);
    CHECK_EQ(reply.amount, 42);
    CHECK_EQ(sources.taken[0], 30);
    CHECK_EQ(sources.taken[1], 12);
    CHECK_EQ(sources.taken[2], 0);
    CHECK_EQ(sources.remainder, 0);
}

/* The lines behind the effect of the record in `b`, all three if it has them. */
static struct gj_effect_hold *hold_line(struct buffer *b)
{
    return (struct gj_effect_hold *)(b->bytes +
                                     ((const uint8_t *)record_hold(b->bytes) - b->bytes));
}
static struct gj_effect_sources *sources_line(struct buffer *b)
{
    return (struct gj_effect_sources *)(b->bytes +
                                        ((const uint8_t *)record_sources(b->bytes) - b->bytes));
}
static struct gj_effect_original *original_line(struct buffer *b)
{
    return (struct gj_effect_original *)(b->bytes +
                                         ((const uint8_t *)record_original(b->bytes) - b->bytes));
}

TEST(reply_of_a_transfer_that_waits)
{
    struct buffer b;
    struct gj_reply reply;
    struct gj_reply_sources sources;
    make(&b, GJ_OP_TRANSFER, 0, GJ_OK)->flags = EFFECT_HOLD;
    ((struct gj_op *)b.bytes)->amount = 500;
    hold_line(&b)->amount = 500;
    record_reply(b.bytes, &reply, &sources);
    CHECK_EQ(reply.flags, GJ_REPLY_PENDING);
    CHECK_EQ(reply.amount, 500);
    make(&b, GJ_OP_RETURN, 1, GJ_OK)->balance = 70;
    hold_line(&b)->amount = 500;
    record_reply(b.bytes, &reply, &sources);
    CHECK_EQ(reply.flags, 0);
    CHECK_EQ(reply.amount, 500);
    CHECK_EQ(reply.balance, 70);
}

/* Capture and refund always tell their sources, hold and release if several were listed, reverse by
 * what the original listed, close never. */
TEST(replies_that_tell_their_sources)
{
    const uint8_t one = gj_sources(GJ_SOURCE_WALLET, GJ_SOURCE_NONE, GJ_SOURCE_NONE);
    const uint8_t two = gj_sources(GJ_SOURCE_WALLET, GJ_SOURCE_PERSONAL, GJ_SOURCE_NONE);
    static const struct {
        uint8_t type, ext;
        bool told_of_one;
    } cases[] = {{GJ_OP_HOLD, 0, false},
                 {GJ_OP_CAPTURE, 1, true},
                 {GJ_OP_RELEASE, 1, false},
                 {GJ_OP_REFUND, 1, true},
                 {GJ_OP_REVERSE, 1, false}};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        for (unsigned several = 0; several < 2; several++) {
            struct buffer b;
            struct gj_reply reply;
            struct gj_reply_sources sources;
            uint8_t listed = several ? two : one;
            struct gj_effect *effect = make(&b, cases[i].type, cases[i].ext, GJ_OK);
            if (cases[i].type == GJ_OP_HOLD) ((struct gj_op *)b.bytes)->kind = listed;
            if (effect->flags & EFFECT_HOLD) hold_line(&b)->sources = listed;
            if (effect->flags & EFFECT_ORIGINAL) original_line(&b)->sources = listed;
            sources_line(&b)->taken[0] = 30;
            sources_line(&b)->taken[1] = several ? 12 : 0;
            sources_line(&b)->remainder = 5;
            record_reply(b.bytes, &reply, &sources);
            bool told = several || cases[i].told_of_one;
            CHECK_EQ(reply.flags, told ? GJ_REPLY_SOURCES : 0);
            CHECK_EQ(reply.amount, several ? 42 : 30);
            CHECK_EQ(sources.taken[0], told ? 30 : 0);
            CHECK_EQ(sources.remainder, told ? 5 : 0);
        }
    }
    struct buffer b;
    struct gj_reply reply;
    struct gj_reply_sources sources;
    make(&b, GJ_OP_CLOSE_PERSON, 0, GJ_OK);
    sources_line(&b)->taken[0] = 30;
    sources_line(&b)->taken[1] = 12;
    record_reply(b.bytes, &reply, &sources);
    CHECK_EQ(reply.flags, 0);
    CHECK_EQ(reply.amount, 42);
    make(&b, GJ_OP_CHANGE_REGION, 0, GJ_OK)->balance = 99;
    record_reply(b.bytes, &reply, &sources);
    CHECK_EQ(reply.amount, 99);
}

/* Who the second slot is, also of what undoes something. */
TEST(second_slot_is_a_person_or_an_institution)
{
    struct buffer b;
    make(&b, GJ_OP_TRANSFER, 0, GJ_OK)->slot_other = SLOT_NONE;
    CHECK_EQ(record_other(b.bytes), RECORD_OTHER_NONE);
    make(&b, GJ_OP_TRANSFER, 0, GJ_OK);
    CHECK_EQ(record_other(b.bytes), RECORD_OTHER_PERSON);
    make(&b, GJ_OP_HOLD, 0, GJ_OK);
    CHECK_EQ(record_other(b.bytes), RECORD_OTHER_INSTITUTION);
    make(&b, GJ_OP_REVERSE, 1, GJ_OK);
    original_line(&b)->type = GJ_OP_PAY_PREMIUM;
    CHECK_EQ(record_other(b.bytes), RECORD_OTHER_PERSON);
    original_line(&b)->type = GJ_OP_REFUND;
    CHECK_EQ(record_other(b.bytes), RECORD_OTHER_INSTITUTION);
    make(&b, GJ_OP_EXPIRE, 1, GJ_OK);
    CHECK_EQ(record_other(b.bytes), RECORD_OTHER_PERSON);
    make(&b, GJ_OP_EXPIRE, 1, GJ_OK)->flags = EFFECT_SOURCES | EFFECT_HOLD;
    CHECK_EQ(record_other(b.bytes), RECORD_OTHER_INSTITUTION);
}

TEST(rid_and_deadline_are_not_the_body)
{
    struct buffer b;
    make(&b, GJ_OP_PAY, 1, GJ_OK);
    uint8_t again[128];
    memcpy(again, b.bytes, sizeof(again));
    struct gj_op *op = (struct gj_op *)again;
    CHECK(record_same_body(b.bytes, op));
    op->rid.bytes[15] ^= 1;
    op->deadline_ms = 9;
    CHECK(record_same_body(b.bytes, op));
}

TEST(every_other_byte_is_the_body)
{
    struct buffer b;
    make(&b, GJ_OP_PAY, 1, GJ_OK);
    unsigned wrong = 0;
    for (unsigned i = 16; i < 128; i++) {
        if (i >= 48 && i < 52) continue; /* deadline */
        _Alignas(64) uint8_t again[128 + 254 * 64];
        memset(again, 0, sizeof(again));
        memcpy(again, b.bytes, 128);
        again[i] ^= 1;
        wrong += record_same_body(b.bytes, (const struct gj_op *)again);
    }
    CHECK_EQ(wrong, 0);
}

TEST_MAIN(T(truncated_at_every_length), T(unknown_operations_are_refused),
          T(lines_the_operation_cannot_have_are_refused), T(only_outcomes_are_records),
          T(effect_must_be_well_formed), T(lines_behind_the_effect_must_belong),
          T(zero_bytes_are_no_record), T(reply_of_a_transfer), T(reply_of_a_refusal_moves_nothing),
          T(reply_of_a_bind_moves_nothing), T(reply_of_a_payment),
          T(reply_of_a_transfer_that_waits), T(replies_that_tell_their_sources),
          T(second_slot_is_a_person_or_an_institution), T(rid_and_deadline_are_not_the_body),
          T(every_other_byte_is_the_body))
