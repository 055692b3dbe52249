/* tests/blackbox/sweep.c -- damages a log at rest in every place: flipped bits, zeroed, moved and
 * stale blocks, blocks and files of another log, missing, short and empty files. All of it is
 * detected and refused without a trace, or the state that is found is the one that was there.
 *
 *   sweep                     a sample: every header byte and one in 97 of the others, one bit of
 *                             each; one block in three; of the files everything
 *   sweep --every 1 --bits 8 --block-every 1   every bit of every byte, every block
 *   sweep --recover-every 1   a whole recovery for each flip
 *   sweep --seed N [--at BYTE --bit B [--in-flight]]   the same log again; one flip
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/blackbox/sweep_flips.h"
#include "tests/test.h"

#define META_SIGNED (sizeof(struct log_meta) + sizeof(struct log_sealed))
#define META_STEP   61u /* of what is behind it */

static struct {
    const char *program;
    uint64_t seed, every, bits, block_every, recover_every, at, bit;
    bool one, in_flight;
} options = {.every = 97, .bits = 1, .block_every = 3, .recover_every = 1000};

static struct sweep_log *sealed, *stopped, *in_flight;

static uint64_t draw(uint64_t *random, uint64_t below)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random % below;
}

/* ---- flipped bits ---- */

static void flip_all(const struct sweep_log *log, bool is_sealed)
{
    struct sweep_place place;
    struct sweep_flips flips = {.seed = options.seed,
                                .every = options.every,
                                .bits = options.bits,
                                .recover_every = options.recover_every};
    sweep_place_open(&place, log);
    sweep_flips_run(&flips, &place);
    printf("    %" PRIu64 " flips in %" PRIu64 " groups: %" PRIu64 " refused, %" PRIu64
           " harmless, %" PRIu64 " cut that nobody was told of, %" PRIu64 " undetected; %" PRIu64
           " whole recoveries\n",
           flips.flips, log->groups, flips.refused, flips.harmless, flips.cut, flips.wrong,
           place.recoveries);
    CHECK_EQ(flips.wrong, 0);
    CHECK(flips.refused > 0 && flips.harmless > 0 && flips.cut > 0);
    if (flips.wrong > 0) {
        printf("    repeat: %s --seed %" PRIu64 " --at %" PRIu64 " --bit %u%s\n", options.program,
               options.seed, flips.wrong_at, flips.wrong_bit, is_sealed ? "" : " --in-flight");
    }
    sweep_place_close(&place);
}

TEST(flipped_bits_of_a_log_at_rest)
{
    flip_all(sealed, true);
}

TEST(flipped_bits_of_a_log_that_died)
{
    flip_all(in_flight, false);
}

static int meta_code(const struct sweep_log *log, const uint8_t bytes[SWEEP_META_BYTES])
{
    struct log_meta meta;
    memcpy(&meta, bytes, sizeof(meta));
    if (meta.magic != LOG_META_MAGIC) return 77;
    if (meta.format_version > LOG_FORMAT_VERSION) return 77;
    return memcmp(bytes, log->meta_bytes, META_SIGNED) == 0 ? 0 : 78;
}

static void write_meta(const struct sweep_log *log, const uint8_t *bytes, uint64_t size)
{
    char path[128];
    sweep_log_path(log, -1, path);
    int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0600);
    ASSERT(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    (void)close(fd);
}

/* What comes of the files as they are now: `code`, or the whole state. */
static void check_code(struct sweep_place *place, int code, const char *what, uint64_t number)
{
    const struct sweep_log *log = place->log;
    struct sweep_stamp before;
    struct sweep_verdict got;
    sweep_place_stamp(place, &before);
    sweep_place_recover(place, &got);
    bool same = memcmp(got.digest, log->group[log->groups].digest, sizeof(got.digest)) == 0;
    bool good = got.code == code && (code != 0 || same) && sweep_place_untouched(place, &before);
    if (!good) printf("    %s %" PRIu64 ": code %d, must be %d\n", what, number, got.code, code);
    CHECK(good);
}

/* Of what is signed, and of what is behind it, which says nothing. */
static void flip_meta(const struct sweep_log *log)
{
    struct sweep_place place;
    uint8_t bytes[SWEEP_META_BYTES];
    sweep_place_open(&place, log);
    for (uint32_t i = 0; i < SWEEP_META_BYTES; i += i < META_SIGNED ? 1 : META_STEP) {
        for (uint32_t n = 0; n < options.bits; n++) {
            uint32_t bit = (uint32_t)((options.seed + i + n) % 8);
            memcpy(bytes, log->meta_bytes, sizeof(bytes));
            bytes[i] ^= (uint8_t)(1u << bit);
            write_meta(log, bytes, sizeof(bytes));
            int code = meta_code(log, bytes);
            CHECK((code == 0) == (i >= META_SIGNED));
            check_code(&place, code, "bit of log.meta", 8 * i + bit);
        }
    }
    write_meta(log, log->meta_bytes, SWEEP_META_BYTES);
    sweep_place_close(&place);
}

TEST(flipped_bits_of_the_meta_file)
{
    flip_meta(sealed);
    flip_meta(stopped);
}

/* ---- blocks ---- */

static bool judge(struct sweep_place *place, uint64_t *refused, const char *what, uint64_t a,
                  uint64_t b)
{
    struct sweep_verdict verdict;
    bool good = sweep_place_judge(place, &verdict);
    if (!good) printf("    %s, bytes %" PRIu64 " and %" PRIu64 "\n", what, a, b);
    CHECK(good);
    *refused += verdict.code != 0;
    sweep_place_restore(place);
    return good;
}

TEST(zeroed_blocks)
{
    static const uint8_t zeros[LOG_BLOCK_SIZE];
    struct sweep_log *logs[] = {sealed, stopped, in_flight};
    for (size_t i = 0; i < ARRAY_COUNT(logs); i++) {
        struct sweep_place place;
        uint64_t refused = 0;
        sweep_place_open(&place, logs[i]);
        for (uint64_t at = 0; at < logs[i]->end; at += options.block_every * LOG_BLOCK_SIZE) {
            sweep_place_change(&place, at, zeros, sizeof(zeros));
            if (!judge(&place, &refused, "zeroed", at, at)) break;
        }
        CHECK(refused > 0);
        sweep_place_close(&place);
    }
}

/* The end is gone, from any group on, as zeros or as rubbish: after a clean stop all of it was
 * told, and nothing behind it is left to prove that. */
TEST(lost_ends_of_a_stopped_log)
{
    static uint8_t rest[SWEEP_BYTES];
    struct sweep_place place;
    struct sweep_verdict verdict;
    sweep_place_open(&place, stopped);
    for (uint64_t g = 1; g <= stopped->groups; g++) {
        uint64_t at = stopped->group[g].position;
        memset(rest, g % 2 == 0 ? 0 : 0x55, stopped->end - at);
        sweep_place_change(&place, at, rest, stopped->end - at);
        bool good = sweep_place_judge(&place, &verdict) && verdict.code == 78;
        if (!good) printf("    the end from group %" PRIu64 " on\n", g);
        CHECK(good);
        sweep_place_restore(&place);
    }
    sweep_place_close(&place);
}

static void swap(struct sweep_place *place, uint64_t a, uint64_t b)
{
    const uint8_t *bytes = place->log->bytes;
    sweep_place_change(place, a, bytes + b, LOG_BLOCK_SIZE);
    sweep_place_change(place, b, bytes + a, LOG_BLOCK_SIZE);
}

/* Misdirected writes: blocks in each other's place, in another's, whole groups in another's. */
TEST(moved_blocks)
{
    struct sweep_place place;
    uint64_t refused = 0, random = options.seed | 1;
    sweep_place_open(&place, sealed);
    for (uint64_t at = 0; at < sealed->end; at += options.block_every * LOG_BLOCK_SIZE) {
        swap(&place, at, at + LOG_BLOCK_SIZE);
        if (!judge(&place, &refused, "swapped", at, at + LOG_BLOCK_SIZE)) break;
        uint64_t to = draw(&random, SWEEP_BYTES / LOG_BLOCK_SIZE) * LOG_BLOCK_SIZE;
        sweep_place_change(&place, to, sealed->bytes + at, LOG_BLOCK_SIZE);
        if (!judge(&place, &refused, "copied", at, to)) break;
    }
    for (uint64_t g = 1; g <= sealed->groups; g += options.block_every) {
        const struct sweep_group *from = &sealed->group[g];
        const struct sweep_group *to = &sealed->group[1 + draw(&random, sealed->groups)];
        sweep_place_change(&place, to->position, sealed->bytes + from->position, from->size);
        if (!judge(&place, &refused, "a group copied", from->position, to->position)) break;
        sweep_place_change(&place, log_next_open(&sealed->sizes, sealed->end),
                           sealed->bytes + from->position, from->size);
        if (!judge(&place, &refused, "a group copied behind the end", from->position, sealed->end))
            break;
    }
    CHECK(refused > 0);
    sweep_place_close(&place);
}

/* ---- older copies ---- */

static void expect_code(struct sweep_place *place, int code, const char *what)
{
    struct sweep_verdict want = {.code = code};
    bool good = sweep_place_check(place, &want);
    if (!good) printf("    %s\n", what);
    CHECK(good);
    sweep_place_restore(place);
}

static void change_segment(struct sweep_place *place, uint64_t segment, const uint8_t *bytes)
{
    uint64_t at = segment * SWEEP_SEGMENT;
    sweep_place_change(place, at, bytes + at, SWEEP_SEGMENT);
}

/* Segments of an older copy, and of what became of that copy, beside the log's own. */
TEST(stale_segments)
{
    struct sweep_place place;
    sweep_place_open(&place, sealed);
    change_segment(&place, 0, sealed->old_bytes);
    expect_code(&place, 78, "an old first segment");
    change_segment(&place, 0, sealed->fork_bytes);
    expect_code(&place, 78, "the first segment of another history");
    change_segment(&place, 1, sealed->fork_bytes);
    expect_code(&place, 78, "the second segment of another history");
    uint64_t begin = sealed->group[sealed->early + 1].position, random = options.seed | 1;
    uint64_t blocks = (SWEEP_SEGMENT - begin) / LOG_BLOCK_SIZE;
    for (int i = 0; i < 100; i++) { /* single blocks of it: lost writes over a forked log */
        uint64_t at = begin + draw(&random, blocks) * LOG_BLOCK_SIZE;
        uint64_t refused = 0;
        sweep_place_change(&place, at, sealed->fork_bytes + at, LOG_BLOCK_SIZE);
        if (!judge(&place, &refused, "a block of another history", at, at)) break;
    }
    sweep_place_close(&place);
}

/* The stated limit: an older copy as a whole is a log like any other. The state is what it was
 * then, and nothing says that it is old. */
TEST(older_copy_of_the_whole)
{
    struct sweep_place place;
    struct sweep_verdict got;
    sweep_place_open(&place, sealed);
    change_segment(&place, 0, sealed->old_bytes);
    change_segment(&place, 1, sealed->old_bytes);
    sweep_place_recover(&place, &got);
    CHECK_EQ(got.code, 0);
    CHECK_EQ(got.groups, sealed->early);
    CHECK_EQ(got.cut_bytes, 0);
    CHECK(memcmp(got.digest, sealed->group[sealed->early].digest, sizeof(got.digest)) == 0);
    sweep_place_restore(&place);
    sweep_place_close(&place);
    /* Beside the log.meta of a later clean stop it is none. */
    sweep_place_open(&place, stopped);
    change_segment(&place, 0, stopped->old_bytes);
    change_segment(&place, 1, stopped->old_bytes);
    expect_code(&place, 78, "older segments beside a newer log.meta");
    change_segment(&place, 0, stopped->fork_bytes);
    change_segment(&place, 1, stopped->fork_bytes);
    expect_code(&place, 78, "another history beside log.meta");
    sweep_place_close(&place);
}

/* ---- another log ---- */

TEST(another_log)
{
    struct sweep_place place;
    uint64_t refused = 0, random = options.seed | 1;
    sweep_place_open(&place, sealed);
    sweep_place_change(&place, 0, in_flight->bytes, SWEEP_BYTES);
    expect_code(&place, 77, "all segments of another log");
    change_segment(&place, 0, in_flight->bytes);
    expect_code(&place, 78, "the first segment of another log");
    change_segment(&place, 1, in_flight->bytes);
    expect_code(&place, 77, "the second segment of another log");
    write_meta(sealed, in_flight->meta_bytes, SWEEP_META_BYTES);
    expect_code(&place, 77, "log.meta of another log");
    write_meta(sealed, sealed->meta_bytes, SWEEP_META_BYTES);
    for (uint64_t g = 1; g <= in_flight->groups;
         g += options.block_every) { /* whole groups where they belong */
        const struct sweep_group *group = &in_flight->group[g];
        sweep_place_change(&place, group->position, in_flight->bytes + group->position,
                           group->size);
        if (!judge(&place, &refused, "a group of another log", group->position, group->position))
            break;
        uint64_t at = draw(&random, SWEEP_BYTES / LOG_BLOCK_SIZE) * LOG_BLOCK_SIZE;
        sweep_place_change(&place, at, in_flight->bytes + at, LOG_BLOCK_SIZE);
        if (!judge(&place, &refused, "a block of another log", at, at)) break;
    }
    CHECK(refused > 0);
    sweep_place_close(&place);
}

/* ---- files ---- */

static void put_back(const struct sweep_log *log, int segment)
{
    char path[128];
    if (segment < 0) {
        write_meta(log, log->meta_bytes, SWEEP_META_BYTES);
        return;
    }
    sweep_log_path(log, segment, path);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    ASSERT(fd >= 0 && ftruncate(fd, SWEEP_SEGMENT) == 0);
    uint64_t at = (uint64_t)segment * SWEEP_SEGMENT;
    ASSERT(pwrite(fd, log->bytes + at, SWEEP_SEGMENT, 0) == SWEEP_SEGMENT);
    (void)close(fd);
}

TEST(missing_files)
{
    struct sweep_place place;
    sweep_place_open(&place, sealed);
    for (int i = -1; i < (int)SWEEP_SEGMENTS; i++) {
        char path[128];
        sweep_log_path(sealed, i, path);
        ASSERT(unlink(path) == 0);
        check_code(&place, 78, "missing file", (uint64_t)(i + 1));
        put_back(sealed, i);
        check_code(&place, 0, "file put back", (uint64_t)(i + 1));
    }
    sweep_place_close(&place);
}

/* Cut off at every block, and a byte too short or too long. */
TEST(short_segments)
{
    struct sweep_place place;
    sweep_place_open(&place, sealed);
    for (int i = 0; i < (int)SWEEP_SEGMENTS; i++) {
        char path[128];
        sweep_log_path(sealed, i, path);
        ASSERT(truncate(path, SWEEP_SEGMENT + 1) == 0);
        check_code(&place, 78, "bytes of a segment", SWEEP_SEGMENT + 1);
        ASSERT(truncate(path, SWEEP_SEGMENT - 1) == 0);
        check_code(&place, 78, "bytes of a segment", SWEEP_SEGMENT - 1);
        for (uint64_t size = SWEEP_SEGMENT; size > 0;) {
            size -= LOG_BLOCK_SIZE;
            ASSERT(truncate(path, (off_t)size) == 0);
            check_code(&place, 78, "bytes of a segment", size);
        }
        put_back(sealed, i);
    }
    check_code(&place, 0, "as it was", 0);
    sweep_place_close(&place);
}

TEST(short_meta_file)
{
    struct sweep_place place;
    sweep_place_open(&place, sealed);
    for (uint64_t size = 0; size <= SWEEP_META_BYTES; size += size < META_SIGNED ? 1 : META_STEP) {
        write_meta(sealed, sealed->meta_bytes, size);
        check_code(&place, size < META_SIGNED ? 78 : 0, "bytes of log.meta", size);
    }
    put_back(sealed, -1);
    sweep_place_close(&place);
}

/* ---- the program ---- */

static bool parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *ret)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != 0 || errno != 0) return false;
    *ret = value;
    return value >= least && value <= most;
}

static bool parse(int argc, char **argv)
{
    const struct {
        const char *name;
        uint64_t *value;
        uint64_t least, most;
    } numbers[] = {
        {"--seed", &options.seed, 0, UINT32_MAX},
        {"--every", &options.every, 1, SWEEP_BYTES},
        {"--bits", &options.bits, 1, 8},
        {"--block-every", &options.block_every, 1, SWEEP_GROUPS_MAX},
        {"--recover-every", &options.recover_every, 1, UINT32_MAX},
        {"--at", &options.at, 0, SWEEP_BYTES - 1},
        {"--bit", &options.bit, 0, 7},
    };
    for (int i = 1; i < argc; i++) {
        bool known = strcmp(argv[i], "--in-flight") == 0;
        if (known) options.in_flight = true;
        for (size_t n = 0; n < ARRAY_COUNT(numbers) && !known; n++) {
            if (strcmp(argv[i], numbers[n].name) != 0 || i + 1 == argc) continue;
            known = parse_number(argv[++i], numbers[n].least, numbers[n].most, numbers[n].value);
            if (numbers[n].value == &options.at) options.one = true;
            break;
        }
        if (known) continue;
        fprintf(stderr, "sweep: %s is not understood; see the head of sweep.c\n", argv[i]);
        return false;
    }
    return true;
}

static int flip_one(void)
{
    struct sweep_place place;
    sweep_place_open(&place, options.in_flight ? in_flight : sealed);
    bool good = sweep_flips_one(&place, options.at, (uint32_t)options.bit);
    printf("%s byte %" PRIu64 " bit %" PRIu64 "\n", good ? "ok" : "not ok", options.at,
           options.bit);
    sweep_place_close(&place);
    return good ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {T(flipped_bits_of_a_log_at_rest),
                                             T(flipped_bits_of_a_log_that_died),
                                             T(flipped_bits_of_the_meta_file),
                                             T(zeroed_blocks),
                                             T(lost_ends_of_a_stopped_log),
                                             T(moved_blocks),
                                             T(stale_segments),
                                             T(older_copy_of_the_whole),
                                             T(another_log),
                                             T(missing_files),
                                             T(short_segments),
                                             T(short_meta_file)};
    options.program = argv[0];
    options.seed = (uint64_t)time(NULL) % 1000000;
    if (!parse(argc, argv)) return 64;
    printf("    seed %" PRIu64 "\n", options.seed);
    sealed = sweep_log_new(options.seed, SWEEP_SEALED);
    stopped = sweep_log_new(options.seed + 2, SWEEP_STOPPED);
    in_flight = sweep_log_new(options.seed + 1, SWEEP_IN_FLIGHT);
    int code = options.one ? flip_one() : test_main_(cases, ARRAY_COUNT(cases), 1, argv);
    if (code != 0 && !options.one) {
        printf("    repeat: %s --seed %" PRIu64 " --every %" PRIu64 " --block-every %" PRIu64 "\n",
               argv[0], options.seed, options.every, options.block_every);
    }
    sweep_log_free(sealed);
    sweep_log_free(stopped);
    sweep_log_free(in_flight);
    return code;
}
