/* tests/unit/test_client.c -- libgongji without a server: rids, builders, frames, a lying server.
 */
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients/c/gongji.h"
#include "core/format/wire.h"

#include "tests/test.h"

static struct gj_rid rid_of(uint8_t last)
{
    return (struct gj_rid){{1, [15] = last}};
}

TEST(rids_are_uuids_and_grow)
{
    struct gj_rid_source source;
    gj_rid_source_init(&source, 0x123456789ABull);
    struct gj_rid before = gj_rid_next(&source, 1732000000000);
    CHECK_EQ(gj_rid_milliseconds(&before), 1732000000000);
    for (int i = 0; i < 3000000; i++) {
        /* The clock stands, is set back, and goes on. */
        uint64_t now = i > 2000000 ? 1732000000004u : i > 1000000 ? 1731999999999u : 1732000000000u;
        struct gj_rid rid = gj_rid_next(&source, now);
        if (memcmp(&rid, &before, sizeof(rid)) <= 0 || rid.bytes[6] >> 4 != 7 ||
            rid.bytes[8] >> 6 != 2) {
            CHECK_EQ(i, -1); /* it does not grow, or has another layout */
            return;
        }
        before = rid;
    }
    struct gj_rid_source a, b;
    gj_rid_source_init(&a, 0);
    gj_rid_source_init(&b, 0);
    CHECK(a.node != b.node);
}

TEST(rid_counter_borrows)
{
    struct gj_rid_source source;
    gj_rid_source_init(&source, 1);
    source.milliseconds = 1000;
    source.counter = UINT32_MAX;
    struct gj_rid rid = gj_rid_next(&source, 1000);
    CHECK_EQ(gj_rid_milliseconds(&rid), 1001);
}

TEST(rid_of_a_message_id)
{
    struct gj_rid rid, other;
    CHECK_EQ(gj_rid_from_message_id("H11010500123202511200900000001", 30, &rid), 0);
    CHECK_EQ(gj_rid_milliseconds(&rid), 1763600400000); /* 2025-11-20T01:00:00Z */
    CHECK_EQ(rid.bytes[6] >> 4, 0);
    CHECK_EQ(gj_rid_from_message_id("H11010500123202511200900000001", 30, &other), 0);
    CHECK(memcmp(&rid, &other, sizeof(rid)) == 0);
    CHECK_EQ(gj_rid_from_message_id("H11010500123202511200900000002", 30, &other), 0);
    CHECK(memcmp(&rid, &other, sizeof(rid)) != 0);
    /* The documented layout: 000000000001 is 1; 1 * 10000 + 7. */
    CHECK_EQ(gj_rid_from_message_id("000000000001197101010800000007", 30, &rid), 0);
    const uint8_t want[16] = {0x00, 0x07, 0x57, 0xb1, 0x2c, 0x00, [14] = 0x27, [15] = 0x17};
    CHECK(memcmp(rid.bytes, want, 16) == 0);
    CHECK_EQ(gj_rid_from_message_id("ZZZZZZZZZZZZ202402292359599999", 30, &rid), 0);
    CHECK_EQ(rid.bytes[6] >> 4, 0);
}

static void check_cause(uint64_t first_48, uint8_t version, uint64_t now_ms, const char *want)
{
    char text[GJ_RID_CAUSE_SIZE];
    struct gj_rid rid = {.bytes = {[6] = (uint8_t)(version << 4), [8] = 0x80}};
    for (unsigned i = 0; i < 6; i++) rid.bytes[i] = (uint8_t)(first_48 >> (40 - 8 * i));
    CHECK_STR(gj_rid_cause(&rid, now_ms, text), want);
}

/* What a stranger's ids get wrong, said from the id alone. */
TEST(likely_cause_of_a_refused_rid)
{
    const uint64_t now = 1764000000123, seconds = now / 1000;
    check_cause(now, 7, now, "");
    check_cause(now + 1999, 7, now, "");
    check_cause(now + 192000, 7, now, "its generator or clock is 192 s ahead");
    check_cause(now + 2000, 4, now, "its generator or clock is 2 s ahead"); /* a ULID may say 4 */
    check_cause(now - 86400000, 7, now, "it was made 86400 s ago");
    check_cause(seconds, 7, now, "its first 48 bits are seconds, not milliseconds");
    check_cause(seconds << 12 | 77, 7, now, "the old UUIDv7 layout: its first 36 bits are seconds");
    check_cause(seconds << 16 | 77, 0, now,
                "its first 32 bits are seconds; 48 of milliseconds are wanted");
    check_cause(0xA1B2C3D4E5F6, 4, now, "a random UUID (version 4) carries no time; use version 7");
    check_cause(77, 4, now, "a random UUID (version 4) carries no time; use version 7");
    check_cause(0xA1B2C3D4E5F6, 1, now,
                "a UUID of version 1 has its time elsewhere; use version 7");
    check_cause(5, 0, now, "its first 48 bits are a time before 2020");
    check_cause(UINT64_C(4102444801) << 16, 0, now,
                "its generator or clock is 267093822478 s ahead");
}

TEST(bad_message_ids)
{
    static const char *const bad[] = {
        "H1101050012320251120090000001",
        "H110105001232025112009000000011",
        "h11010500123202511200900000001",
        "H1101050012 202511200900000001",
        "H11010500123202513200900000001",
        "H11010500123202502290900000001",
        "H11010500123202511002400000001",
        "H11010500123202511202400000001",
        "H11010500123202511200960000001",
        "H11010500123202511200900600001",
        "H1101050012320251120090000000A",
        "H11010500123196911200900000001",
        "",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct gj_rid rid = rid_of(9), same = rid;
        CHECK_EQ(gj_rid_from_message_id(bad[i], strlen(bad[i]), &rid), GJ_E_ARGUMENT);
        CHECK(memcmp(&rid, &same, sizeof(rid)) == 0);
    }
}

TEST(rid_text)
{
    struct gj_rid rid, back;
    char text[GJ_RID_TEXT_SIZE];
    CHECK_EQ(gj_rid_parse("0192e4a1-5b3c-7000-8000-0123456789aB", &rid), 0);
    gj_rid_format(&rid, text);
    CHECK_STR(text, "0192e4a1-5b3c-7000-8000-0123456789ab");
    CHECK_EQ(gj_rid_parse("0192e4a15b3c700080000123456789ab", &back), 0);
    CHECK(memcmp(&rid, &back, sizeof(rid)) == 0);
    CHECK_EQ(gj_rid_parse("0192e4a15b3c700080000123456789a", &back), GJ_E_ARGUMENT);
    CHECK_EQ(gj_rid_parse("0192e4a15b3c700080000123456789abc", &back), GJ_E_ARGUMENT);
    CHECK_EQ(gj_rid_parse("0192e4a15b3c700080000123456789ax", &back), GJ_E_ARGUMENT);
    CHECK_EQ(gj_rid_parse("0192e4a15b3c700080000123456789ab-", &back), GJ_E_ARGUMENT);
    CHECK_EQ(gj_rid_parse("-0192e4a15b3c700080000123456789ab", &back), GJ_E_ARGUMENT);
    CHECK_EQ(gj_rid_parse("", &back), GJ_E_ARGUMENT);
}

TEST(builders_fill_the_documented_fields)
{
    struct gj_op op;
    struct gj_rid rid = rid_of(1);
    memset(&op, 0xFF, sizeof(op));
    gj_transfer(&op, rid, 100, 101, 20000, GJ_SOURCE_WALLET, GJ_AUTH_CODE);
    struct gj_op transfer = {
        .rid = rid, .person = 100, .other = 101, .amount = 20000, .type = 10, .auth = 2, .kind = 2};
    CHECK(memcmp(&op, &transfer, sizeof(op)) == 0);

    struct gj_pay_ext pay_ext;
    memset(&pay_ext, 0xFF, sizeof(pay_ext));
    gj_pay(&op, rid, 5, 10, 999, GJ_INPATIENT,
           gj_sources(GJ_SOURCE_WALLET, GJ_SOURCE_RELATIVE, GJ_SOURCE_NONE), true, GJ_AUTH_CARD);
    gj_pay_details(&op, &pay_ext, 6, 1200);
    CHECK_EQ(op.type, 11);
    CHECK_EQ(op.kind, 2 | 3 << 2);
    CHECK_EQ(op.detail, 2);
    CHECK_EQ(op.flags, GJ_FLAG_PARTIAL);
    CHECK_EQ(op.ext_count, 1);
    CHECK_EQ(pay_ext.relative, 6);
    CHECK_EQ(pay_ext.personal_part, 1200);
    CHECK_EQ(pay_ext.timeout_s, 0);
    CHECK_EQ(pay_ext.reserved[43], 0);

    gj_pay_premium(&op, rid, 7, 8, 40000, 2026, 3, GJ_SOURCE_PERSONAL);
    CHECK(op.type == 12 && op.arg == 2026 && op.detail == 3 && op.kind == 1 && op.other == 8);
    gj_open_person(&op, rid, 9, 31, GJ_INSURANCE_RESIDENT, GJ_STATUS_STOPPED, true);
    CHECK(op.type == 3 && op.arg == 31 && op.kind == 2 && op.detail == 2 &&
          op.flags == GJ_FLAG_SPECIAL);
    struct gj_person_update update = {.phone_given = true, .phone_hash = 77, .special = true};
    gj_update_person(&op, rid, 9, &update);
    CHECK(op.type == 4 && op.other == 77 && op.flags == GJ_FLAG_PHONE);
    gj_bind(&op, rid, 1, 2, GJ_PARENT, -1, GJ_AUTH_NONE);
    CHECK(op.type == 6 && op.amount == -1 && op.kind == 2 && op.other == 2);
    gj_set_cap(&op, rid, 1, 0, 500, GJ_AUTH_CODE);
    CHECK(op.type == 8 && op.other == 0 && op.amount == 500 && op.auth == 2);
    gj_set_region(&op, rid, 48, 4000000000u, 0);
    CHECK(op.type == 1 && op.ext_count == 6 && op.arg == 48 && op.amount == 4000000000);
    gj_suspend(&op, rid, 1, GJ_USE_PREMIUM);
    CHECK(op.type == 13 && op.detail == 8);
    struct gj_institution_ext ext;
    CHECK_EQ(gj_set_institution(&op, &ext, rid, 10, 2, GJ_PHARMACY, 16, GJ_FLAG_WALLET, "P1"), 0);
    CHECK(op.type == 2 && op.other == 10 && op.arg == 2 && op.kind == 2 && op.detail == 16);
    CHECK(memcmp(ext.code, "P1\0\0\0\0\0\0\0\0\0\0\0\0\0", 16) == 0);
    CHECK_EQ(gj_set_institution(&op, &ext, rid, 10, 2, GJ_PHARMACY, 16, 0, "12345678901234567"),
             GJ_E_ARGUMENT);
}

/* Holds, and what amends an earlier operation: its rid is in the line behind. */
TEST(builders_of_operations_on_an_original)
{
    struct gj_op op;
    struct gj_rid rid = rid_of(1), original = rid_of(2);
    struct gj_pay_ext pay_ext;
    gj_hold(&op, rid, 5, 10, 999, GJ_DRUG,
            gj_sources(GJ_SOURCE_RELATIVE, GJ_SOURCE_NONE, GJ_SOURCE_NONE), true, GJ_AUTH_CODE);
    gj_hold_details(&op, &pay_ext, 6, 1200, 3600);
    CHECK(op.type == 17 && op.person == 5 && op.other == 10 && op.amount == 999 && op.kind == 3 &&
          op.detail == 5 && op.flags == GJ_FLAG_PARTIAL && op.auth == 2 && op.ext_count == 1);
    CHECK(pay_ext.relative == 6 && pay_ext.personal_part == 1200 && pay_ext.timeout_s == 3600);

    struct gj_original_ext ext;
    const struct gj_original_ext line = {.rid = original};
    struct gj_op want = {.rid = rid, .person = 5, .other = 7, .type = 15, .ext_count = 1};
    memset(&ext, 0xFF, sizeof(ext));
    gj_accept(&op, &ext, rid, 5, original, 7);
    CHECK(memcmp(&op, &want, sizeof(op)) == 0 && memcmp(&ext, &line, sizeof(ext)) == 0);
    want.type = 16;
    memset(&ext, 0xFF, sizeof(ext));
    gj_return(&op, &ext, rid, 5, original, 7);
    CHECK(memcmp(&op, &want, sizeof(op)) == 0 && memcmp(&ext, &line, sizeof(ext)) == 0);
    want = (struct gj_op){
        .rid = rid, .person = 5, .amount = 400, .type = 18, .ext_count = 1, .flags = GJ_FLAG_FINAL};
    memset(&ext, 0xFF, sizeof(ext));
    gj_capture(&op, &ext, rid, 5, original, 400, true);
    CHECK(memcmp(&op, &want, sizeof(op)) == 0 && memcmp(&ext, &line, sizeof(ext)) == 0);
    want.flags = 0;
    gj_capture(&op, &ext, rid, 5, original, 400, false);
    CHECK(memcmp(&op, &want, sizeof(op)) == 0);
    want.type = 20;
    memset(&ext, 0xFF, sizeof(ext));
    gj_refund(&op, &ext, rid, 5, original, 400);
    CHECK(memcmp(&op, &want, sizeof(op)) == 0 && memcmp(&ext, &line, sizeof(ext)) == 0);
    want.type = 19;
    want.amount = 0;
    memset(&ext, 0xFF, sizeof(ext));
    gj_release(&op, &ext, rid, 5, original);
    CHECK(memcmp(&op, &want, sizeof(op)) == 0 && memcmp(&ext, &line, sizeof(ext)) == 0);
    want.type = 21;
    memset(&ext, 0xFF, sizeof(ext));
    gj_reverse(&op, &ext, rid, 5, original);
    CHECK(memcmp(&op, &want, sizeof(op)) == 0 && memcmp(&ext, &line, sizeof(ext)) == 0);

    want = (struct gj_op){.rid = rid, .person = 5, .type = 22, .auth = GJ_AUTH_FACE, .arg = 31};
    gj_change_region(&op, rid, 5, 31, GJ_AUTH_FACE);
    CHECK(memcmp(&op, &want, sizeof(op)) == 0);
    want = (struct gj_op){.rid = rid, .person = 5, .type = 23, .detail = GJ_PAYOUT_CASH};
    gj_close_person(&op, rid, 5, GJ_PAYOUT_CASH);
    CHECK(memcmp(&op, &want, sizeof(op)) == 0);
}

TEST(frames_refuse_what_does_not_fit)
{
    _Alignas(8) unsigned char memory[GJ_FRAME_SIZE(2, 0)];
    struct gj_frame frame;
    struct gj_op op;
    struct gj_read read = {.type = GJ_READ_PING};
    gj_frame_init(&frame, GJ_FRAME_OPS, memory, sizeof(memory));
    gj_deposit(&op, rid_of(1), 1, 1);
    CHECK(!gj_frame_add_read(&frame, &read, NULL));
    CHECK(gj_frame_add(&frame, &op, NULL));
    struct gj_pay_ext ext;
    struct gj_op pay = op;
    gj_pay_details(&pay, &ext, 1, 0);
    CHECK(!gj_frame_add(&frame, &pay, &ext));
    CHECK(gj_frame_add(&frame, &op, NULL));
    CHECK(!gj_frame_add(&frame, &op, NULL));
    CHECK_EQ(frame.count, 2);
    CHECK_EQ(frame.size, sizeof(memory));
}

/* ---- A server that answers with prepared bytes ----------------------------------------------- */

struct lie {
    int fd;
    const void *bytes;
    size_t size;
};

static void *tell(void *argument)
{
    const struct lie *lie = argument;
    unsigned char request[sizeof(struct wire_header) + sizeof(struct wire_hello)];
    size_t got = 0;
    while (got < sizeof(request)) {
        ssize_t more = read(lie->fd, request + got, sizeof(request) - got);
        if (more <= 0) break;
        got += (size_t)more;
    }
    ssize_t written = write(lie->fd, lie->bytes, lie->size);
    (void)written;
    close(lie->fd);
    return NULL;
}

static char why_text[192];

/* What gj_connect_fd says, also in why_text, to a server that answers HELLO with these bytes and
 * closes. */
static int hear(const void *bytes, size_t size, struct gj_client **client)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 1;
    struct lie lie = {.fd = ends[1], .bytes = bytes, .size = size};
    pthread_t thread;
    if (pthread_create(&thread, NULL, tell, &lie) != 0) return 1;
    struct gj_options options = {.why = why_text, .why_size = sizeof(why_text)};
    int error = gj_connect_fd(ends[0], &options, client);
    pthread_join(thread, NULL);
    return error;
}

struct good_hello {
    struct wire_header header;
    struct gj_hello_answer answer;
};

static struct good_hello good_hello(void)
{
    return (struct good_hello){
        .header = {.size = sizeof(struct gj_hello_answer), .type = WIRE_HELLO | WIRE_ANSWER},
        .answer = {.version = WIRE_VERSION, .shards = 1, .window = 16, .batch_max = 8},
    };
}

TEST(hello_cut_anywhere_is_a_lost_connection)
{
    struct good_hello hello = good_hello();
    struct gj_client *client;
    for (size_t size = 0; size < sizeof(hello); size++) {
        CHECK_EQ(hear(&hello, size, &client), GJ_E_CLOSED);
        CHECK(client == NULL);
    }
    CHECK_EQ(hear(&hello, sizeof(hello), &client), 0);
    CHECK_EQ(gj_server(client)->batch_max, 8);
    gj_close(client);
}

TEST(nonsense_is_a_protocol_error)
{
    struct gj_client *client;
    CHECK_EQ(hear("HTTP/1.1 400 Bad Request\r\n\r\n", 28, &client), GJ_E_PROTOCOL);
    struct good_hello hello = good_hello();
    hello.answer.version = 9;
    CHECK_EQ(hear(&hello, sizeof(hello), &client), GJ_E_PROTOCOL);
    hello = good_hello();
    hello.answer.window = 0;
    CHECK_EQ(hear(&hello, sizeof(hello), &client), GJ_E_PROTOCOL);
    hello = good_hello();
    hello.header.size = UINT32_MAX - 7;
    CHECK_EQ(hear(&hello, sizeof(hello), &client), GJ_E_PROTOCOL);
}

TEST(error_frames_and_wrong_answers)
{
    struct {
        struct good_hello hello;
        struct wire_header header;
        struct wire_error error;
    } refused = {
        .hello = good_hello(),
        .header = {.size = sizeof(struct wire_error), .type = WIRE_ERROR},
        .error = {.code = GJ_SHUTTING_DOWN, .text = "stopping\n"},
    };
    struct gj_client *client;
    CHECK_EQ(hear(&refused.header, sizeof(refused.header) + sizeof(refused.error), &client),
             GJ_E_SERVER);
    CHECK(strstr(why_text, "SHUTTING_DOWN: stopping?") != NULL);
    CHECK_EQ(hear(&refused, sizeof(refused), &client), 0);
    struct gj_op op;
    struct gj_reply reply;
    gj_deposit(&op, rid_of(1), 1, 1);
    CHECK_EQ(gj_execute(client, &op, NULL, &reply, NULL), GJ_E_SERVER);
    CHECK_EQ(gj_client_server_code(client), GJ_SHUTTING_DOWN);
    CHECK(strstr(gj_client_error(client), "SHUTTING_DOWN: stopping?") != NULL);
    gj_close(client);
}

TEST(a_refused_read_is_no_protocol_error)
{
    struct {
        struct good_hello hello;
        struct wire_header header;
        struct gj_answer answer;
    } busy = {
        .hello = good_hello(),
        .header = {.size = sizeof(struct gj_answer), .type = WIRE_READS | WIRE_ANSWER, .count = 1},
        .answer = {.code = GJ_OVERLOADED, .type = GJ_READ_STATS},
    };
    struct gj_client *client;
    struct gj_stats_view view;
    int ends[2];
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    CHECK_EQ(write(ends[1], &busy, sizeof(busy)), sizeof(busy));
    CHECK_EQ(gj_connect_fd(ends[0], NULL, &client), 0);
    CHECK_EQ(gj_get_stats(client, &view), GJ_E_SERVER);
    CHECK_EQ(gj_client_server_code(client), GJ_OVERLOADED);
    gj_close(client);
    close(ends[1]);
}

/* A server that is full says so and closes before it has read the HELLO. */
TEST(last_words_before_hello)
{
    struct {
        struct wire_header header;
        struct wire_error error;
    } refused = {
        .header = {.size = sizeof(struct wire_error), .type = WIRE_ERROR},
        .error = {.code = GJ_OVERLOADED, .text = "too many connections"},
    };
    int ends[2];
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    CHECK_EQ(write(ends[1], &refused, sizeof(refused)), sizeof(refused));
    close(ends[1]);
    struct gj_options options = {.why = why_text, .why_size = sizeof(why_text)};
    struct gj_client *client;
    CHECK_EQ(gj_connect_fd(ends[0], &options, &client), GJ_E_SERVER);
    CHECK(strstr(why_text, "OVERLOADED: too many connections") != NULL);
}

/* A frame larger than the socket takes at once goes out whole and in order. */
TEST(a_frame_in_pieces)
{
    enum { OPS = 4096, HELLO_SIZE = sizeof(struct wire_header) + sizeof(struct wire_hello) };
    static _Alignas(8) unsigned char sent[GJ_FRAME_SIZE(OPS, 0)], seen[HELLO_SIZE + sizeof(sent)];
    struct good_hello hello = good_hello();
    hello.answer.window = hello.answer.batch_max = OPS;
    int ends[2], room = 1;
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    CHECK_EQ(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)), 0);
    CHECK_EQ(write(ends[1], &hello, sizeof(hello)), sizeof(hello));
    struct gj_options options = {.nonblocking = true};
    struct gj_client *client;
    CHECK_EQ(gj_connect_fd(ends[0], &options, &client), 0);

    struct gj_frame frame;
    gj_frame_init(&frame, GJ_FRAME_OPS, sent, sizeof(sent));
    for (unsigned i = 0; i < OPS; i++) {
        struct gj_op op;
        gj_deposit(&op, rid_of(1), i + 1, 1);
        CHECK(gj_frame_add(&frame, &op, NULL));
    }
    CHECK_EQ(gj_send(client, &frame, 7), 0);
    unsigned pieces = 0;
    for (size_t at = 0; at < sizeof(seen); pieces++) {
        ssize_t got = recv(ends[1], seen + at, sizeof(seen) - at, MSG_DONTWAIT);
        if (got <= 0) {
            CHECK_EQ(at, sizeof(seen));
            break;
        }
        at += (size_t)got;
        int error = gj_flush(client);
        CHECK(error == 0 || error == GJ_E_AGAIN);
    }
    CHECK(pieces > 2);
    CHECK(memcmp(seen + HELLO_SIZE, sent, sizeof(sent)) == 0);
    gj_close(client);
    close(ends[1]);
}

TEST(addresses)
{
    static const char *const bad[] = {"",
                                      "localhost",
                                      ":7272",
                                      "localhost:",
                                      "unix:",
                                      "a:b",
                                      "[]:1",
                                      "localhost:http",
                                      "localhost:0",
                                      "localhost:65536",
                                      "localhost:99999999999"};
    struct gj_client *client;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_EQ(gj_connect(bad[i], NULL, &client), GJ_E_ADDRESS);
    struct gj_options options = {.why = why_text, .why_size = sizeof(why_text)};
    CHECK_EQ(gj_connect("unix:/nonexistent/socket", &options, &client), GJ_E_CONNECT);
    CHECK(client == NULL && strstr(why_text, "No such file") != NULL);
    options.why_size = 8; /* cut, not overrun */
    CHECK_EQ(gj_connect("nonsense", &options, &client), GJ_E_ADDRESS);
    CHECK_EQ(strlen(why_text), 7);
    CHECK_EQ(gj_connect("127.0.0.1:1", NULL, &client), GJ_E_CONNECT);
    for (int error = -10; error <= 0; error++)
        CHECK(strcmp(gj_error_text(error), "unknown error") != 0);
}

TEST_MAIN(T(rids_are_uuids_and_grow), T(rid_counter_borrows), T(rid_of_a_message_id),
          T(likely_cause_of_a_refused_rid), T(bad_message_ids), T(rid_text),
          T(builders_fill_the_documented_fields), T(builders_of_operations_on_an_original),
          T(frames_refuse_what_does_not_fit), T(hello_cut_anywhere_is_a_lost_connection),
          T(nonsense_is_a_protocol_error), T(error_frames_and_wrong_answers),
          T(a_refused_read_is_no_protocol_error), T(last_words_before_hello), T(a_frame_in_pieces),
          T(addresses))
