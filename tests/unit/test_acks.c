/* tests/unit/test_acks.c -- bench/acks.h: each field of an acknowledgement, falsified alone, is
 * found; the file begins with its mark, and nothing else is overwritten. */
#include "bench/acks.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/test.h"

static struct gj_answer answer;
static struct gj_op_view view;
static struct ack ack;

static void make_true(uint8_t code)
{
    answer = (struct gj_answer){.code = GJ_OK, .size = sizeof(view)};
    view = (struct gj_op_view){
        .state = gj_code_ok(code) ? GJ_OP_STATE_EXECUTED : GJ_OP_STATE_REFUSED,
        .reply = {.code = code, .seq = 77, .amount = 500, .balance = (INT64_C(3) << 32) + 9},
        .op = {.person = 100, .type = GJ_OP_PAY, .rid = {.bytes = {1, 2, 3}}}};
    ack = (struct ack){.person = 100,
                       .rid = {.bytes = {1, 2, 3}},
                       .seq = 77,
                       .amount = 500,
                       .balance = 9,
                       .type = GJ_OP_PAY,
                       .code = code};
}

TEST(a_true_one_is_verified)
{
    make_true(GJ_OK);
    CHECK_EQ(ack_compare(&ack, &answer, &view), ACK_VERIFIED);
    make_true(GJ_OK_PARTIAL);
    CHECK_EQ(ack_compare(&ack, &answer, &view), ACK_VERIFIED);
    make_true(GJ_PERSON_NOT_FOUND);
    CHECK_EQ(ack_compare(&ack, &answer, &view), ACK_VERIFIED);
}

/* Of both kinds of outcome: one byte of the field is another one. */
#define FALSIFY(field)                                                                             \
    do {                                                                                           \
        for (unsigned refused = 0; refused < 2; refused++) {                                       \
            make_true(refused ? GJ_PERSON_NOT_FOUND : GJ_OK);                                      \
            ((uint8_t *)&ack.field)[0] ^= 1;                                                       \
            CHECK_EQ(ack_compare(&ack, &answer, &view), ACK_DIFFERENT);                            \
        }                                                                                          \
    } while (0)

TEST(each_falsified_field_is_found)
{
    FALSIFY(person);
    FALSIFY(rid);
    FALSIFY(seq);
    FALSIFY(amount);
    FALSIFY(balance);
    FALSIFY(type);
    FALSIFY(code);
}

TEST(every_byte_counts)
{
    static const uint8_t spare[] = {46, 47}; /* reserved */
    for (unsigned i = 0; i < sizeof(ack); i++) {
        make_true(GJ_OK);
        ((uint8_t *)&ack)[i] ^= 0x80;
        bool counts = memchr(spare, (int)i, sizeof(spare)) == NULL;
        CHECK_EQ(ack_compare(&ack, &answer, &view), counts ? ACK_DIFFERENT : ACK_VERIFIED);
    }
}

TEST(a_state_that_contradicts_the_code_is_found)
{
    make_true(GJ_OK);
    view.state = GJ_OP_STATE_REFUSED;
    CHECK_EQ(ack_compare(&ack, &answer, &view), ACK_DIFFERENT);
    make_true(GJ_PERSON_NOT_FOUND);
    view.state = GJ_OP_STATE_EXECUTED;
    CHECK_EQ(ack_compare(&ack, &answer, &view), ACK_DIFFERENT);
}

TEST(what_is_not_there_is_missing)
{
    static const uint8_t states[] = {0, GJ_OP_STATE_NOT_EXECUTED, GJ_OP_STATE_EXPIRED,
                                     GJ_OP_STATE_TOMBSTONED};
    for (unsigned i = 0; i < sizeof(states); i++) {
        make_true(GJ_OK);
        view.state = states[i];
        CHECK_EQ(ack_compare(&ack, &answer, &view), ACK_MISSING);
    }
    make_true(GJ_OK);
    answer.code = GJ_OVERLOADED;
    CHECK_EQ(ack_compare(&ack, &answer, NULL), ACK_MISSING);
    make_true(GJ_OK);
    answer.size = 0;
    CHECK_EQ(ack_compare(&ack, &answer, NULL), ACK_MISSING);
}

static void make_path(char path[64])
{
    snprintf(path, 64, "/tmp/gongji-test-acks-XXXXXX");
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    close(fd);
}

TEST(refusals_are_kept_like_the_rest)
{
    char path[64];
    make_path(path);
    struct acks *acks = acks_create(path);
    CHECK(acks != NULL);
    const struct gj_op op = {.person = 100, .type = GJ_OP_PAY};
    const struct gj_reply replies[] = {{.code = GJ_OK, .seq = 1},
                                       {.code = GJ_PERSON_NOT_FOUND, .seq = 2}};
    for (unsigned i = 0; i < 2; i++) acks_add(acks, &op, &replies[i]);
    CHECK_EQ(acks_count(acks), 2);
    CHECK_EQ(acks_flush(acks), 0);
    struct acks_head head;
    struct ack kept[2];
    CHECK_EQ(pread(acks_fd(acks), &head, sizeof(head), 0), sizeof(head));
    CHECK(acks_head_good(&head));
    CHECK_EQ(pread(acks_fd(acks), kept, sizeof(kept), sizeof(head)), sizeof(kept));
    CHECK_EQ(kept[1].code, GJ_PERSON_NOT_FOUND);
    CHECK_EQ(kept[1].seq, 2);
    acks_close(acks);
    acks = acks_create(path); /* an acks file is begun again */
    CHECK(acks != NULL);
    CHECK_EQ(lseek(acks_fd(acks), 0, SEEK_END), sizeof(head));
    acks_close(acks);
    unlink(path);
}

TEST(another_file_is_not_overwritten)
{
    char path[64], text[8];
    make_path(path);
    FILE *file = fopen(path, "w");
    fputs("precious", file);
    fclose(file);
    errno = 0;
    CHECK(acks_create(path) == NULL);
    CHECK_EQ(errno, EEXIST);
    file = fopen(path, "r");
    CHECK_EQ(fread(text, 1, sizeof(text), file), sizeof(text));
    fclose(file);
    CHECK(memcmp(text, "precious", sizeof(text)) == 0);
    unlink(path);
}

TEST_MAIN(T(a_true_one_is_verified), T(each_falsified_field_is_found), T(every_byte_counts),
          T(a_state_that_contradicts_the_code_is_found), T(what_is_not_there_is_missing),
          T(refusals_are_kept_like_the_rest), T(another_file_is_not_overwritten))
