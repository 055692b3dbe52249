/* tests/sim/test_log_failed.c -- the log fails while answers wait for it: what each of them
 * becomes. One client's operation is being written when another says HELLO, whose answer would name
 * a state that nobody will ever see again. */
#include <stdlib.h>

#include "core/format/wire.h"
#include "tests/sim/sim.h"
#include "tests/test.h"

#define WRITE_US  5000u /* so long a group is on its way */
#define SECOND_US 1000u /* the second client comes when the group is */

struct talk {
    struct sim_peer peer;
    uint8_t bytes[512];
    size_t size;
    bool closed;
};

static struct talk first, second;

static void say_hello(struct sim_peer *peer)
{
    struct {
        struct wire_header header;
        struct wire_hello hello;
    } frame = {.header = {.size = sizeof(frame.hello), .type = WIRE_HELLO, .tag = 7},
               .hello = {.version_min = 1, .version_max = 1}};
    memcpy(frame.hello.magic, WIRE_MAGIC, sizeof(frame.hello.magic));
    CHECK(sim_send(peer, &frame, sizeof(frame)));
}

static void say_operation(struct sim_peer *peer)
{
    struct {
        struct wire_header header;
        struct gj_op op;
    } frame = {.header = {.size = sizeof(frame.op), .type = WIRE_OPS, .count = 1, .tag = 8},
               .op = {.person = 1, .type = GJ_OP_OPEN_PERSON, .arg = 1, .kind = 1, .detail = 1}};
    uint64_t ms = sim_wall_ms();
    for (unsigned i = 0; i < 6; i++) frame.op.rid.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    frame.op.rid.bytes[15] = 1;
    CHECK(sim_send(peer, &frame, sizeof(frame)));
}

static void second_comes(void *owner)
{
    (void)owner;
    sim_connect(&second.peer);
}

/* Once greeted, the first client asks for something, and the disk fails. */
static void received(struct sim_peer *peer, const void *bytes, size_t size)
{
    struct talk *talk = (struct talk *)peer;
    size_t before = talk->size, greeting = sizeof(struct wire_header) + 64;
    if (size > sizeof(talk->bytes) - talk->size) abort();
    memcpy(talk->bytes + talk->size, bytes, size);
    talk->size += size;
    if (talk != &first || before >= greeting || talk->size < greeting) return;
    sim_disk.write_error = 1000000;
    say_operation(peer);
    sim_after(SECOND_US, second_comes, NULL);
}

static void closed(struct sim_peer *peer, bool reset)
{
    (void)reset;
    ((struct talk *)peer)->closed = true;
}

static void first_comes(void *owner)
{
    (void)owner;
    sim_connect(&first.peer);
}

static struct talk new_talk(void)
{
    return (struct talk){.peer = {.opened = say_hello, .received = received, .closed = closed}};
}

TEST(an_answer_to_hello_is_not_taken_back)
{
    struct sim_run end;
    struct wire_header header;
    struct wire_error error;
    sim_reset(1);
    sim_disk.delay_us = WRITE_US;
    first = new_talk();
    second = new_talk();
    sim_after(200000, first_comes, NULL);
    sim_boot(sim_arguments, &end);
    CHECK_EQ(end.end, SIM_EXITED);
    CHECK_EQ(end.exit_code, 74);

    /* The operation: nobody knows. */
    size_t greeting = sizeof(header) + sizeof(struct gj_hello_answer);
    CHECK_EQ(first.size, greeting + sizeof(header) + sizeof(struct gj_reply));
    CHECK_EQ(first.bytes[greeting + sizeof(header)], GJ_OUTCOME_UNKNOWN);

    /* The greeting: an error in its place, and the end. */
    CHECK_EQ(second.size, sizeof(header) + sizeof(error));
    memcpy(&header, second.bytes, sizeof(header));
    memcpy(&error, second.bytes + sizeof(header), sizeof(error));
    CHECK_EQ(header.type, WIRE_ERROR);
    CHECK_EQ(header.tag, 7);
    CHECK_EQ(error.code, GJ_OUTCOME_UNKNOWN);
    CHECK(second.closed);
    sim_free();
}

TEST_MAIN(T(an_answer_to_hello_is_not_taken_back))
