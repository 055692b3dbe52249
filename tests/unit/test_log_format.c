/* tests/unit/test_log_format.c -- signing and verifying groups and the meta file. */
#include "core/format/log_format.h"
#include "tests/test.h"

#define BODY     1000u
#define SIZE     (sizeof(struct log_group) + BODY / 64 * 64)
#define POSITION (7u * LOG_BLOCK_SIZE)

static const uint8_t LOG_ID[16] = {1, 2, 3};
static struct log_meta log_meta = {.segment_size_mib = 256, .log_id = {1, 2, 3}};
static _Alignas(64) uint8_t block[LOG_BLOCK_SIZE];

static struct log_group *make_group(void)
{
    struct log_group *group = (struct log_group *)block;
    for (unsigned i = 0; i < sizeof(log_meta.secret); i++)
        log_meta.secret[i] = (uint8_t)(i * 37 + 5);
    memset(block, 0, sizeof(block));
    for (unsigned i = sizeof(*group); i < SIZE; i++) block[i] = (uint8_t)i;
    *group = (struct log_group){.magic = LOG_GROUP_MAGIC,
                                .format_version = LOG_FORMAT_VERSION,
                                .kind = LOG_GROUP_DATA,
                                .generation = 3,
                                .number = 9,
                                .position = POSITION,
                                .first_seq = 100,
                                .count = 5,
                                .size = SIZE,
                                .time_ms = 1,
                                .durable_through = 8};
    memcpy(group->log_id, LOG_ID, sizeof(LOG_ID));
    log_group_sign(group, log_meta.secret);
    return group;
}

static bool verifies(void)
{
    return log_group_verify(block, sizeof(block), POSITION, &log_meta);
}

TEST(good_group_verifies)
{
    make_group();
    CHECK(verifies());
}

TEST(every_flipped_bit_is_seen)
{
    make_group();
    for (unsigned bit = 0; bit < SIZE * 8; bit++) {
        block[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (verifies()) CHECK_EQ(bit, -1);
        block[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CHECK(verifies());
}

TEST(every_cut_is_seen)
{
    make_group();
    for (uint64_t available = 0; available < SIZE; available++) {
        if (log_group_verify(block, available, POSITION, &log_meta)) CHECK_EQ(available, -1);
    }
    CHECK(log_group_verify(block, SIZE, POSITION, &log_meta));
}

TEST(misplaced_foreign_and_forged_groups)
{
    make_group();
    struct log_meta other_id = log_meta, other_secret = log_meta;
    other_id.log_id[0] ^= 1;
    other_secret.secret[0] ^= 1;
    CHECK(!log_group_verify(block, sizeof(block), POSITION + LOG_BLOCK_SIZE, &log_meta));
    CHECK(!log_group_verify(block, sizeof(block), POSITION + 64, &log_meta));
    CHECK(!log_group_verify(block, sizeof(block), POSITION, &other_id));
    CHECK(!log_group_verify(block, sizeof(block), POSITION, &other_secret));
}

TEST(signed_nonsense_is_refused)
{
    struct log_group *group = make_group();
    group->kind = 4;
    log_group_sign(group, log_meta.secret);
    CHECK(!verifies());
    group = make_group();
    group->kind = 0;
    log_group_sign(group, log_meta.secret);
    CHECK(!verifies());
}

TEST(newer_group)
{
    struct log_group *group = make_group();
    CHECK(!log_group_newer(block, sizeof(block), POSITION, LOG_ID));
    group->format_version = LOG_FORMAT_VERSION + 1;
    CHECK(!verifies());
    CHECK(log_group_newer(block, sizeof(block), POSITION, LOG_ID));
    CHECK(!log_group_newer(block, sizeof(block), POSITION + LOG_BLOCK_SIZE, LOG_ID));
    CHECK(!log_group_newer(block, sizeof(*group) - 1, POSITION, LOG_ID));
}

/* A log begun by the version before is read on, and goes on in today's format. */
TEST(older_formats_are_read)
{
    CHECK_EQ(LOG_FORMAT_VERSION, 2);
    struct log_group *group = make_group();
    group->format_version = 1;
    CHECK(!verifies());
    log_group_sign(group, log_meta.secret);
    CHECK(verifies());
    CHECK(!log_group_newer(block, sizeof(block), POSITION, LOG_ID));
    group->format_version = 0;
    log_group_sign(group, log_meta.secret);
    CHECK(!verifies());
    CHECK(!log_group_newer(block, sizeof(block), POSITION, LOG_ID));
}

TEST(group_of_another_log)
{
    uint8_t other_id[16] = {9};
    make_group();
    CHECK(!log_group_foreign(block, sizeof(block), POSITION, LOG_ID));
    CHECK(log_group_foreign(block, sizeof(block), POSITION, other_id));
    CHECK(!log_group_foreign(block, sizeof(block), POSITION + LOG_BLOCK_SIZE, other_id));
    CHECK(!log_group_foreign(block, sizeof(struct log_group) - 1, POSITION, other_id));
    block[0] ^= 1;
    CHECK(!log_group_foreign(block, sizeof(block), POSITION, other_id));
}

TEST(where_groups_open)
{
    CHECK_EQ(log_padded(1), LOG_BLOCK_SIZE);
    CHECK_EQ(log_padded(LOG_BLOCK_SIZE), LOG_BLOCK_SIZE);
    CHECK_EQ(log_padded(LOG_BLOCK_SIZE + 1), 2 * LOG_BLOCK_SIZE);
}

/* The largest group is a sixteenth of a segment, and never more than 2 MiB. */
TEST(sizes_of_a_log)
{
    static const uint32_t rows[][3] = {
        /* MiB, KiB of the largest group, and of what takes no records at the end of the log */
        {1, 64, 128},     {2, 128, 256},     {16, 1024, 2048},
        {32, 2048, 4096}, {256, 2048, 4096}, {1024, 2048, 4096},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct log_meta meta = {.segment_size_mib = rows[i][0]};
        struct log_sizes sizes = log_sizes_of(&meta);
        CHECK_EQ(sizes.segment, (uint64_t)rows[i][0] << 20);
        CHECK_EQ(sizes.group_max, rows[i][1] << 10);
        CHECK_EQ(sizes.segment_last, rows[i][2] << 10);
        for (uint64_t base = 0; base < UINT64_C(1) << 63; base += UINT64_C(1) << 61) {
            uint64_t last = base + sizes.segment - sizes.group_max, next = base + sizes.segment;
            CHECK_EQ(log_next_open(&sizes, base), base);
            CHECK_EQ(log_next_open(&sizes, last), last);
            CHECK_EQ(log_next_open(&sizes, last + LOG_BLOCK_SIZE), next);
            CHECK_EQ(log_next_open(&sizes, next), next);
        }
    }
}

/* A group that only a log with larger segments may have. */
TEST(group_too_large_for_its_log)
{
    static _Alignas(64) uint8_t large[128u << 10];
    struct log_group *group = (struct log_group *)large;
    *group = *make_group();
    group->position = 0;
    group->size = (64u << 10) + 64;
    log_group_sign(group, log_meta.secret);
    CHECK(log_group_verify(large, sizeof(large), 0, &log_meta));
    log_meta.segment_size_mib = 1;
    CHECK(!log_group_verify(large, sizeof(large), 0, &log_meta));
    group->size = 64u << 10;
    log_group_sign(group, log_meta.secret);
    CHECK(log_group_verify(large, sizeof(large), 0, &log_meta));
    group->position = (1u << 20) - LOG_BLOCK_SIZE; /* it would cross into the next segment */
    log_group_sign(group, log_meta.secret);
    CHECK(!log_group_verify(large, sizeof(large), group->position, &log_meta));
    log_meta.segment_size_mib = 256;
}

static struct log_meta make_meta(void)
{
    struct log_meta meta = {.magic = LOG_META_MAGIC,
                            .format_version = LOG_FORMAT_VERSION,
                            .segment_size_mib = LOG_SEGMENT_MIB_DEFAULT,
                            .created_ms = 5,
                            .hash_seed = 6};
    log_meta_sign(&meta);
    return meta;
}

TEST(meta_states)
{
    struct log_meta meta = make_meta();
    CHECK_EQ(log_meta_check(&meta, sizeof(meta)), LOG_META_OK);
    CHECK_EQ(log_meta_check(&meta, sizeof(meta) - 1), LOG_META_CORRUPT);
    meta.magic++;
    CHECK_EQ(log_meta_check(&meta, sizeof(meta)), LOG_META_FOREIGN);
    meta = make_meta();
    meta.format_version++;
    CHECK_EQ(log_meta_check(&meta, sizeof(meta)), LOG_META_NEWER);
    meta.format_version = 1;
    log_meta_sign(&meta);
    CHECK_EQ(log_meta_check(&meta, sizeof(meta)), LOG_META_OK);
    meta.format_version = 0;
    log_meta_sign(&meta);
    CHECK_EQ(log_meta_check(&meta, sizeof(meta)), LOG_META_CORRUPT);
    for (uint32_t mib = 0; mib < 5000; mib++) {
        bool good = mib == 1 || mib == 2 || mib == 4 || mib == 8 || mib == 16 || mib == 32 ||
                    mib == 64 || mib == 128 || mib == 256 || mib == 512 || mib == 1024;
        meta = make_meta();
        meta.segment_size_mib = mib;
        log_meta_sign(&meta);
        CHECK_EQ(log_meta_check(&meta, sizeof(meta)), good ? LOG_META_OK : LOG_META_NEWER);
    }
}

TEST(meta_bits)
{
    struct log_meta meta = make_meta();
    uint8_t *bytes = (uint8_t *)&meta;
    for (unsigned bit = 0; bit < sizeof(meta) * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (log_meta_check(&meta, sizeof(meta)) == LOG_META_OK) CHECK_EQ(bit, -1);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

TEST(sealed_slot)
{
    struct log_sealed sealed = {.magic = LOG_SEALED_MAGIC, .number = 7, .next_seq = 9};
    struct log_meta other = log_meta;
    uint8_t *bytes = (uint8_t *)&sealed, none[sizeof(sealed)] = {0};
    CHECK(log_sealed_check(none, sizeof(none), log_meta.secret)); /* no clean stop yet */
    CHECK(!log_sealed_check(none, sizeof(none) - 1, log_meta.secret));
    log_sealed_sign(&sealed, log_meta.secret);
    CHECK(log_sealed_check(&sealed, sizeof(sealed), log_meta.secret));
    CHECK(!log_sealed_check(&sealed, sizeof(sealed) - 1, log_meta.secret));
    other.secret[0] ^= 1;
    CHECK(!log_sealed_check(&sealed, sizeof(sealed), other.secret));
    for (unsigned bit = 0; bit < sizeof(sealed) * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (log_sealed_check(&sealed, sizeof(sealed), log_meta.secret)) CHECK_EQ(bit, -1);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        none[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (log_sealed_check(none, sizeof(none), log_meta.secret)) CHECK_EQ(bit, -2);
        none[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

TEST_MAIN(T(good_group_verifies), T(every_flipped_bit_is_seen), T(every_cut_is_seen),
          T(misplaced_foreign_and_forged_groups), T(signed_nonsense_is_refused), T(newer_group),
          T(older_formats_are_read), T(group_of_another_log), T(where_groups_open),
          T(sizes_of_a_log), T(group_too_large_for_its_log), T(meta_states), T(meta_bits),
          T(sealed_slot))
