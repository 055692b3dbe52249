/* tests/unit/test_wire.c -- frame checks: headers before their body, bodies before their first
 * operation, HELLO, ERROR. */
#include "core/format/wire.h"
#include "tests/test.h"

static uint8_t check(uint32_t size, uint8_t type, uint8_t flags, uint16_t count, uint32_t batch_max)
{
    struct wire_header header = {.size = size, .type = type, .flags = flags, .count = count};
    return wire_header_check(&header, batch_max);
}

TEST(before_hello)
{
    CHECK_EQ(check(32, WIRE_HELLO, 0, 0, 0), 0);
    CHECK_EQ(check(31, WIRE_HELLO, 0, 0, 0), GJ_MALFORMED);
    CHECK_EQ(check(33, WIRE_HELLO, 0, 0, 0), GJ_MALFORMED);
    CHECK_EQ(check(32, WIRE_HELLO, 0, 1, 0), GJ_MALFORMED);
    CHECK_EQ(check(32, WIRE_HELLO, 1, 0, 0), GJ_RESERVED_NONZERO);
    for (unsigned type = 0; type < 256; type++) {
        if (type != WIRE_HELLO) CHECK_EQ(check(64, (uint8_t)type, 0, 1, 0), GJ_UNAUTHENTICATED);
    }
}

TEST(types_and_flags)
{
    for (unsigned type = 0; type < 256; type++) {
        bool known = type >= WIRE_HELLO && type <= WIRE_CLOCK;
        uint8_t code = check(64, (uint8_t)type, 1, 1, 16);
        CHECK_EQ(code, known ? GJ_RESERVED_NONZERO : GJ_UNKNOWN_OP);
    }
    CHECK_EQ(check(32, WIRE_HELLO, 0, 0, 16), GJ_FORBIDDEN);
    CHECK_EQ(check(8, WIRE_CLOCK, 0, 0, 16), 0);
    CHECK_EQ(check(7, WIRE_CLOCK, 0, 0, 16), GJ_MALFORMED);
    CHECK_EQ(check(UINT32_MAX, WIRE_CLOCK, 0, 0, 16), GJ_MALFORMED);
    CHECK_EQ(check(8, WIRE_CLOCK, 0, 1, 16), GJ_MALFORMED);
}

TEST(sizes)
{
    for (uint8_t type = WIRE_OPS; type <= WIRE_READS; type++) {
        CHECK_EQ(check(64, type, 0, 1, 16), 0);
        CHECK_EQ(check(7 * 64, type, 0, 1, 16), 0);
        CHECK_EQ(check(0, type, 0, 0, 16), GJ_MALFORMED);
        CHECK_EQ(check(64, type, 0, 0, 16), GJ_MALFORMED);
        CHECK_EQ(check(63, type, 0, 1, 16), GJ_MALFORMED);
        CHECK_EQ(check(65, type, 0, 1, 16), GJ_MALFORMED);
        CHECK_EQ(check(64, type, 0, 2, 16), GJ_MALFORMED);
        CHECK_EQ(check(16 * 512, type, 0, 16, 16), 0);
        CHECK_EQ(check(16 * 512 + 64, type, 0, 16, 16), GJ_BATCH_TOO_LARGE);
        CHECK_EQ(check(17 * 64, type, 0, 17, 16), GJ_BATCH_TOO_LARGE);
        CHECK_EQ(check(64, type, 0, UINT16_MAX, 8192), GJ_BATCH_TOO_LARGE);
        CHECK_EQ(check(UINT32_MAX, type, 0, 1, 8192), GJ_BATCH_TOO_LARGE);
        CHECK_EQ(check(WIRE_BODY_MAX, type, 0, 8192, 8192), 0);
        CHECK_EQ(check(WIRE_BODY_MAX + 64, type, 0, 8192, 8192), GJ_BATCH_TOO_LARGE);
    }
    CHECK_EQ(wire_body_max(1), 512);
    CHECK_EQ(wire_body_max(UINT32_MAX), WIRE_BODY_MAX);
}

TEST(lines)
{
    static struct gj_op ops[9];
    static struct gj_read reads[9];
    CHECK(wire_ops_check(ops, 64, 1));
    CHECK(wire_ops_check(ops, 9 * 64, 9));
    CHECK(!wire_ops_check(ops, 9 * 64, 8));
    CHECK(!wire_ops_check(ops, 8 * 64, 9));
    ops[0].ext_count = 6;
    CHECK(wire_ops_check(ops, 7 * 64, 1));
    CHECK(wire_ops_check(ops, 9 * 64, 3));
    CHECK(!wire_ops_check(ops, 6 * 64, 1));
    CHECK(!wire_ops_check(ops, 7 * 64, 2));
    ops[0].ext_count = 255;
    CHECK(!wire_ops_check(ops, 9 * 64, 1));
    ops[0].ext_count = 0;
    ops[8].ext_count = 1;
    CHECK(!wire_ops_check(ops, 9 * 64, 9));
    reads[0].ext_count = 2;
    CHECK(wire_reads_check(reads, 9 * 64, 7));
    CHECK(!wire_reads_check(reads, 9 * 64, 9));
    reads[8].ext_count = 200;
    CHECK(!wire_reads_check(reads, 9 * 64, 7));
}

TEST(hello)
{
    struct wire_hello hello = {.version_min = 1, .version_max = 1};
    CHECK_EQ(wire_hello_check(&hello), GJ_MALFORMED);
    memcpy(hello.magic, WIRE_MAGIC, sizeof hello.magic);
    CHECK_EQ(wire_hello_check(&hello), 0);
    hello.version_min = 0;
    hello.version_max = UINT16_MAX;
    CHECK_EQ(wire_hello_check(&hello), 0);
    hello.version_min = 2;
    CHECK_EQ(wire_hello_check(&hello), GJ_UNSUPPORTED_VERSION);
    hello.version_min = hello.version_max = 0;
    CHECK_EQ(wire_hello_check(&hello), GJ_UNSUPPORTED_VERSION);
    hello.reserved[15] = 1;
    CHECK_EQ(wire_hello_check(&hello), GJ_RESERVED_NONZERO);
    hello.magic[7] = '\r';
    CHECK_EQ(wire_hello_check(&hello), GJ_MALFORMED);
}

TEST(error_frame)
{
    uint8_t frame[WIRE_ERROR_FRAME_SIZE + 1];
    memset(frame, 0xAA, sizeof frame);
    char text[80];
    memset(text, 'x', sizeof text);
    text[79] = '\0';
    CHECK_EQ(wire_error_encode(frame, 7, GJ_MALFORMED, text), 80);
    CHECK_EQ(frame[0], 64);
    CHECK_EQ(frame[4], WIRE_ERROR);
    CHECK_EQ(frame[8], 7);
    CHECK_EQ(frame[16], GJ_MALFORMED);
    CHECK_EQ(frame[78], 'x');
    CHECK_EQ(frame[79], 0); /* cut, and still terminated */
    CHECK_EQ(frame[80], 0xAA);
}

TEST_MAIN(T(before_hello), T(types_and_flags), T(sizes), T(lines), T(hello), T(error_frame))
