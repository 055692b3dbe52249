/* tests/log/test_log_damage.c -- damaged, cut, misplaced, foreign and locked directories: each is
 * refused untouched, or cut where nobody was told of what is cut. */
#include <sys/syscall.h>
#include <sys/wait.h>

#include "io/log/tool.h"
#include "tests/log/fixture.h"

#define SAVED_MAX (128u << 10)

/* A small log at rest, its bytes, and what it holds. */
struct sample {
    struct fixture w;
    uint8_t bytes[SAVED_MAX];
    uint64_t size; /* of the log */
    uint64_t groups, records;
    uint64_t position[64], length[64], first_seq[64]; /* by group number */
    uint64_t digest[2];
};

static struct sample *make_sample(bool sealed)
{
    static const uint64_t records[] = {1, 70, 31, 2, 33, 64, 1};
    struct sample *s = calloc(1, sizeof(*s));
    uint64_t n = 0;
    fixture_init(&s->w);
    CHECK_EQ(fixture_start(&s->w), 0);
    fixture_poll(&s->w);
    for (size_t i = 0; i < ARRAY_COUNT(records); i++) {
        fixture_group(&s->w, n, records[i]);
        n += records[i];
    }
    if (sealed) fixture_seal(&s->w);
    s->size = s->w.log->end;
    s->records = n;
    s->groups = log_group_last(s->w.log);
    state_digest(s->w.state, s->digest);
    fixture_die(&s->w);
    ASSERT(s->size <= SAVED_MAX);
    fixture_sparse(&s->w, s->size);
    fixture_peek(&s->w, 0, s->bytes, SAVED_MAX);
    for (uint64_t at = 0; at < s->size;) {
        struct log_group group;
        memcpy(&group, s->bytes + at, sizeof(group));
        s->position[group.number] = at;
        s->length[group.number] = group.size;
        s->first_seq[group.number] = group.first_seq;
        at += log_padded(group.size);
    }
    return s;
}

static void restore(struct sample *s)
{
    fixture_poke(&s->w, 0, s->bytes, SAVED_MAX);
}
static void drop(struct sample *s)
{
    fixture_remove(&s->w);
    free(s);
}

struct stamp {
    struct timespec dir, segment;
    int64_t size;
};
static struct stamp stamp_of(const struct fixture *w)
{
    struct stat dir, segment;
    char path[128];
    fixture_path(w, "log-0000000000000000.seg", path);
    ASSERT(stat(w->dir, &dir) == 0 && stat(path, &segment) == 0);
    return (struct stamp){dir.st_mtim, segment.st_mtim, segment.st_size};
}
static bool same_stamp(struct stamp a, struct stamp b)
{
    return a.dir.tv_sec == b.dir.tv_sec && a.dir.tv_nsec == b.dir.tv_nsec &&
           a.segment.tv_sec == b.segment.tv_sec && a.segment.tv_nsec == b.segment.tv_nsec &&
           a.size == b.size;
}

/* What `gongji log verify` says. */
static int verify(const struct fixture *w)
{
    FILE *nowhere = fopen("/dev/null", "w");
    ASSERT(nowhere != NULL);
    int code = log_verify(w->dir, nowhere, NULL);
    (void)fclose(nowhere);
    return code;
}

/* Recovers and expects a refusal that leaves no trace. Of the log itself, `gongji log verify` says
 * the same; tables that are too small are the server's own business. */
static void expect_refusal(struct fixture *w, int code)
{
    struct stamp before = stamp_of(w);
    int verified = verify(w);
    int got = fixture_recover(w);
    CHECK_EQ(got, code);
    CHECK(w->rec.error[0] != 0);
    if (code != 74) CHECK_EQ(verified, strstr(w->rec.error, "with a larger --") ? 0 : code);
    CHECK(same_stamp(before, stamp_of(w)));
    fixture_die(w);
}

/* Recovers and expects that exactly the groups before `cut_group` are there. */
static void expect_cut(struct sample *s, uint64_t cut_group)
{
    uint64_t want = cut_group > s->groups ? s->records : s->first_seq[cut_group] - 1;
    CHECK_EQ(verify(&s->w), 0);
    int got = fixture_recover(&s->w);
    CHECK_EQ(got, 0);
    if (got != 0) {
        printf("    %s\n", s->w.rec.error);
        return;
    }
    CHECK_EQ(s->w.rec.groups, cut_group - 1);
    CHECK_EQ(state_seq(s->w.state), want);
    if (s->w.rec.cut_bytes > 0) CHECK_EQ(s->w.rec.cut_group, cut_group);
    if (want == s->records) {
        uint64_t digest[2];
        state_digest(s->w.state, digest);
        CHECK(digest[0] == s->digest[0] && digest[1] == s->digest[1]);
    }
    fixture_die(&s->w);
    /* What was cut is gone: a second start finds a clean end at the same place. */
    CHECK_EQ(fixture_recover(&s->w), 0);
    CHECK_EQ(s->w.rec.groups, cut_group - 1);
    CHECK_EQ(s->w.rec.cut_bytes, 0);
    fixture_die(&s->w);
}

static uint64_t group_with(const struct sample *s, uint64_t byte)
{
    for (uint64_t g = s->groups; g > 0; g--) {
        if (byte >= s->position[g]) return g;
    }
    return 0;
}

/* A byte of a sealed log was changed: every group but the SEAL itself is proven durable. */
static void expect_sealed_damage(struct sample *s, uint64_t byte)
{
    uint64_t g = group_with(s, byte);
    if (byte >= s->position[g] + s->length[g]) {
        expect_cut(s, s->groups + 1); /* padding belongs to nobody */
    } else if (g == s->groups && byte - s->position[g] >= 8 && byte - s->position[g] < 32) {
        /* Version or log id of the SEAL: may be the start of what is not ours to overwrite. */
        int code = fixture_recover(&s->w);
        CHECK(code == 0 || code == 77);
        if (code == 0) CHECK_EQ(state_seq(s->w.state), s->records);
        fixture_die(&s->w);
    } else if (g == s->groups) {
        expect_cut(s, g);
    } else {
        expect_refusal(&s->w, 78);
    }
}

TEST(flipped_bits_of_a_sealed_log)
{
    struct sample *s = make_sample(true);
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < 60; i++) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        uint64_t byte = random % s->size;
        if (i % 3 == 0) byte = s->position[1 + random % s->groups] + random / 64 % 128;
        uint8_t changed = s->bytes[byte] ^ (uint8_t)(1u << random / 4096 % 8);
        fixture_poke(&s->w, byte, &changed, 1);
        expect_sealed_damage(s, byte);
        restore(s);
    }
    drop(s);
}

TEST(zeroed_blocks_of_a_sealed_log)
{
    struct sample *s = make_sample(true);
    static const uint8_t zeros[LOG_BLOCK_SIZE];
    for (uint64_t at = 0; at < s->size; at += LOG_BLOCK_SIZE) {
        fixture_poke(&s->w, at, zeros, sizeof(zeros));
        expect_sealed_damage(s, at);
        restore(s);
    }
    drop(s);
}

TEST(damage_in_an_unsealed_log)
{
    struct sample *s = make_sample(false);
    for (uint64_t g = 1; g <= s->groups; g++) {
        uint64_t byte = s->position[g] + s->length[g] - 1;
        uint8_t changed = s->bytes[byte] ^ 1;
        fixture_poke(&s->w, byte, &changed, 1);
        if (g == s->groups) {
            expect_cut(s, g); /* the stated limit */
        } else {
            expect_refusal(&s->w, 78);
        }
        restore(s);
    }
    drop(s);
}

/* The log ends at every multiple of 1 KiB, as if nothing behind it had been written. */
TEST(cut_everywhere)
{
    struct sample *s = make_sample(true);
    static uint8_t cut[SAVED_MAX];
    for (uint64_t at = 0; at < s->size; at += 1024) {
        memcpy(cut, s->bytes, SAVED_MAX);
        memset(cut + at, 0, SAVED_MAX - at);
        fixture_poke(&s->w, 0, cut, SAVED_MAX);
        uint64_t g = group_with(s, at);
        expect_cut(s, at >= s->position[g] + s->length[g] ? g + 1 : g);
    }
    drop(s);
}

TEST(truncated_file)
{
    struct sample *s = make_sample(true);
    char path[128];
    fixture_path(&s->w, "log-0000000000000000.seg", path);
    uint64_t sizes[] = {0, s->position[3] + 700, s->position[5], s->size};
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        ASSERT(truncate(path, (off_t)sizes[i]) == 0);
        expect_refusal(&s->w, 78);
        CHECK(strstr(s->w.rec.error, "log-0000000000000000.seg") != NULL);
        ASSERT(truncate(path, FIXTURE_SEGMENT) == 0);
        restore(s);
    }
    expect_cut(s, s->groups + 1);
    drop(s);
}

/* What the tests below make the disk do. */
static uint64_t read_errors_from, read_errors_to; /* bytes of any file */
static int64_t write_room = -1;                   /* bytes until writing fails; -1 = it works */

static uint32_t calls, failing_call; /* of writing and flushing; the n-th fails, 0 = none */
static bool call_fails(void)
{
    errno = EIO;
    return ++calls == failing_call;
}
/* In place of the C library's: the log's own calls of these come here. */
ssize_t pread(int fd, void *bytes, size_t size, off_t offset)
{
    uint64_t from = (uint64_t)offset;
    if (size >= LOG_BLOCK_SIZE && from < read_errors_to && from + size > read_errors_from) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_pread64, fd, bytes, size, offset);
}
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    if (write_room >= 0 && (uint64_t)write_room < size) {
        (void)!syscall(SYS_pwrite64, fd, bytes, (size_t)write_room, offset);
        write_room = 0;
        errno = EIO;
        return -1;
    }
    if (call_fails()) return -1;
    if (write_room >= 0) write_room -= (int64_t)size;
    return syscall(SYS_pwrite64, fd, bytes, size, offset);
}

int fsync(int fd)
{
    return call_fails() ? -1 : (int)syscall(SYS_fsync, fd);
}
int fdatasync(int fd)
{
    return call_fails() ? -1 : (int)syscall(SYS_fdatasync, fd);
}

/* A write or flush of making a log fails: the next start makes one, or finds the one that was whole
 * already. */
TEST(every_call_of_making_fails)
{
    enum { ZEROS = FIXTURE_SEGMENT / (4u << 20) };
    /* What was removed; meta file, its flush and its name; first and last zeros and their flush;
     * names: segment, meta file, directory; none. */
    static const uint32_t which[] = {1,         2,         3,         4,         5, ZEROS + 4,
                                     ZEROS + 5, ZEROS + 6, ZEROS + 7, ZEROS + 8, 0};
    struct fixture w;
    fixture_init(&w);
    fixture_remove(&w);
    for (size_t i = 0; i < ARRAY_COUNT(which); i++) {
        calls = 0;
        failing_call = which[i];
        int code = fixture_recover(&w);
        failing_call = 0;
        CHECK_EQ(code, which[i] == 0 ? 0 : 74);
        if (which[i] == 0) CHECK_EQ(calls, which[i - 1]); /* the list is complete */
        if (code == 0) fixture_die(&w);
        CHECK_EQ(fixture_start(&w), 0);
        fixture_poll(&w);
        fixture_group(&w, 0, 1);
        fixture_die(&w);
        CHECK_EQ(fixture_recover(&w), 0);
        CHECK_EQ(w.rec.records, 1);
        fixture_die(&w);
        fixture_remove(&w);
    }
}

/* A flush that fails before reading: nothing is decided on what may not be there tomorrow. */
TEST(flush_before_reading_fails)
{
    struct sample *s = make_sample(false);
    for (uint32_t n = 1; n <= 2; n++) { /* the segment, the names */
        calls = 0;
        failing_call = n;
        expect_refusal(&s->w, 74);
        CHECK(strstr(s->w.rec.error, "flush") != NULL);
        CHECK_EQ(strstr(s->w.rec.error, ".seg:") != NULL, n == 1);
    }
    failing_call = 0;
    calls = 0;
    CHECK_EQ(fixture_recover(&s->w), 0);
    CHECK_EQ(calls, 2); /* the list is complete */
    fixture_die(&s->w);
    expect_cut(s, s->groups + 1);
    drop(s);
}

/* A read error is no end of the log: the last groups and their SEAL are there. */
TEST(read_errors)
{
    struct sample *s = make_sample(true);
    const uint64_t from[] = {0, s->position[4], s->position[s->groups - 1], s->size, 20u << 20};
    for (size_t i = 0; i < ARRAY_COUNT(from); i++) {
        read_errors_from = from[i];
        read_errors_to = from[i] + 4 * LOG_BLOCK_SIZE;
        expect_refusal(&s->w, 78);
        CHECK(strstr(s->w.rec.error, "read error") != NULL);
        read_errors_from = read_errors_to = 0;
    }
    expect_cut(s, s->groups + 1);
    drop(s);
}

/* The cut is interrupted again and again, anywhere: the next start goes on with it, and nothing of
 * what was cut ever verifies behind what comes after. */
TEST(crash_while_cutting)
{
    struct sample *s = calloc(1, sizeof(*s));
    static uint8_t crashed[SAVED_MAX];
    fixture_init(&s->w);
    CHECK_EQ(fixture_start(&s->w), 0);
    fixture_poll(&s->w);
    fixture_group(&s->w, 0, 5);
    for (uint64_t g = 0; g < LOG_IN_FLIGHT_MAX; g++) {
        for (uint64_t i = 0; i < 40; i++) CHECK(fixture_append(&s->w, 5 + g * 40 + i) != 0);
        log_flush(s->w.log);
    }
    fixture_poll(&s->w);
    uint64_t end = s->w.log->end, torn = s->w.log->slots[3 % LOG_SLOTS].position;
    fixture_die(&s->w);
    fixture_sparse(&s->w, SAVED_MAX);
    fixture_peek(&s->w, 0, s->bytes, SAVED_MAX);
    memcpy(crashed, s->bytes, SAVED_MAX);
    memset(crashed + torn + LOG_BLOCK_SIZE, 0, LOG_BLOCK_SIZE); /* the first of the four */
    for (uint64_t zeroed = 0; zeroed < end - torn; zeroed += LOG_BLOCK_SIZE) {
        fixture_poke(&s->w, 0, crashed, SAVED_MAX);
        for (uint64_t level = 0; level < 3; level++) {
            write_room =
                (int64_t)(level == 1 ? zeroed / LOG_BLOCK_SIZE / 2 * LOG_BLOCK_SIZE : zeroed);
            CHECK_EQ(fixture_recover(&s->w), 74);
        }
        write_room = -1;
        CHECK_EQ(fixture_start(&s->w), 0);
        CHECK_EQ(s->w.rec.records, 5);
        CHECK_EQ(s->w.rec.cut_group, 3);
        CHECK_EQ(s->w.rec.generation, 2);
        fixture_poll(&s->w);
        fixture_group(&s->w, 1000, 1);
        fixture_die(&s->w);
        CHECK_EQ(fixture_recover(&s->w), 0);
        CHECK_EQ(s->w.rec.records, 6);
        CHECK_EQ(s->w.rec.cut_bytes, 0);
        fixture_die(&s->w);
    }
    drop(s);
}

/* Starts that die before their START is durable take the same generation; what they wrote is cut.
 */
TEST(start_group_lost)
{
    struct sample *s = make_sample(true);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(fixture_start(&s->w), 0);
        CHECK_EQ(s->w.rec.generation, 2);
        CHECK_EQ(s->w.rec.records, s->records);
        for (uint64_t n = 0; n < 2; n++) {
            CHECK(fixture_append(&s->w, 2000 + (uint64_t)i * 2 + n) != 0);
            log_flush(s->w.log);
        }
        /* START, and two groups behind it: what is behind reaches the disk alone. */
        CHECK_EQ(s->w.log->flying, 3);
        for (uint32_t n = 0; n < s->w.count; n++) {
            struct disk_op *op = s->w.queue[n];
            if (op->kind == DISK_WRITE &&
                op->buf == s->w.log->slots[(s->groups + 2) % LOG_SLOTS].buf)
                (void)disk_sync_perform(op);
        }
        CHECK_EQ(log_group_durable(s->w.log), s->w.rec.groups);
        fixture_die(&s->w);
    }
    expect_cut(s, s->groups + 1);
    drop(s);
}

static void make_segment(const struct fixture *w, const char *name, uint64_t size)
{
    char path[128];
    fixture_path(w, name, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ASSERT(fd >= 0 && ftruncate(fd, (off_t)size) == 0);
    (void)close(fd);
}

/* The newest segment is gone, with what was acknowledged in it. */
TEST(newest_segment_missing)
{
    enum { RECORDS = 4096 };
    struct fixture w;
    char newest[128], kept[128];
    fixture_init(&w);
    w.rids_max = 4u << 20;
    w.options.prealloc_bytes = 2 * (uint64_t)FIXTURE_SEGMENT;
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    uint64_t n = 0;
    while (w.log->end < FIXTURE_SEGMENT && n < (3u << 20)) {
        for (uint32_t i = 0; i < RECORDS; i++) ASSERT(fixture_append(&w, n++) != 0);
        log_flush(w.log);
        fixture_poll(&w);
    }
    fixture_group(&w, n++, 1);
    CHECK(w.log->end > FIXTURE_SEGMENT);
    fixture_die(&w);
    fixture_path(&w, "log-0000000000000001.seg", newest);
    fixture_path(&w, "kept", kept);
    ASSERT(rename(newest, kept) == 0);
    char more[128];
    fixture_path(&w, "log-0000000000000002.seg", more);
    (void)unlink(more);
    expect_refusal(&w, 78);
    CHECK(strstr(w.rec.error, "newest log segments, from log-0000000000000001.seg") != NULL);
    ASSERT(rename(kept, newest) == 0);
    CHECK_EQ(fixture_recover(&w), 0);
    CHECK_EQ(w.rec.records, n);
    fixture_die(&w);
    fixture_remove(&w);
}

TEST(segments_missing_or_of_another_size)
{
    struct sample *s = make_sample(true);
    char middle[128];
    fixture_path(&s->w, "log-0000000000000001.seg", middle);
    make_segment(&s->w, "log-0000000000000002.seg", FIXTURE_SEGMENT);
    expect_refusal(&s->w, 78);
    CHECK(strstr(s->w.rec.error, "lacks a log segment") != NULL);
    make_segment(&s->w, "log-0000000000000001.seg", FIXTURE_SEGMENT - LOG_BLOCK_SIZE);
    expect_refusal(&s->w, 78);
    CHECK(strstr(s->w.rec.error, "log-0000000000000001.seg is not a file of") != NULL);
    make_segment(&s->w, "log-0000000000000001.seg", FIXTURE_SEGMENT + 1);
    expect_refusal(&s->w, 78);
    ASSERT(unlink(middle) == 0 && mkdir(middle, 0700) == 0);
    expect_refusal(&s->w, 78);
    ASSERT(rmdir(middle) == 0);
    make_segment(&s->w, "log-0000000000000001.seg", FIXTURE_SEGMENT);
    expect_cut(s, s->groups + 1);
    drop(s);
}

/* Four groups in flight at the crash, any of them on disk: never taken for corruption. */
TEST(every_subset_of_the_last_flight)
{
    struct sample *s = calloc(1, sizeof(*s));
    static uint8_t crashed[SAVED_MAX];
    fixture_init(&s->w);
    CHECK_EQ(fixture_start(&s->w), 0);
    fixture_poll(&s->w);
    for (uint64_t g = 0; g < LOG_IN_FLIGHT_MAX; g++) {
        for (uint64_t i = 0; i < 40; i++) CHECK(fixture_append(&s->w, g * 40 + i) != 0);
        log_flush(s->w.log);
    }
    fixture_poll(&s->w);
    fixture_die(&s->w);
    fixture_sparse(&s->w, SAVED_MAX);
    fixture_peek(&s->w, 0, s->bytes, SAVED_MAX);
    const uint64_t length = log_padded(sizeof(struct log_group) + 40 * 128);
    for (unsigned present = 0; present < 16; present++) {
        unsigned whole = 0;
        memcpy(crashed, s->bytes, SAVED_MAX);
        for (unsigned g = 0; g < 4; g++) {
            uint8_t *group = crashed + LOG_BLOCK_SIZE + g * length;
            if ((present >> g & 1) == 0) memset(group + (g % 2 == 0 ? 0 : 512), 0, 1024);
        }
        while (whole < 4 && (present >> whole & 1) != 0) whole++;
        fixture_poke(&s->w, 0, crashed, SAVED_MAX);
        CHECK_EQ(fixture_start(&s->w), 0);
        CHECK_EQ(s->w.rec.records, whole * 40);
        fixture_poll(&s->w);
        fixture_group(&s->w, 1000, 1);
        fixture_die(&s->w);
        CHECK_EQ(fixture_recover(&s->w), 0); /* the next start sees no trace of the old tail */
        CHECK_EQ(s->w.rec.records, whole * 40 + 1);
        CHECK_EQ(s->w.rec.cut_bytes, 0);
        fixture_die(&s->w);
    }
    drop(s);
}

TEST(misdirected_and_swapped_groups)
{
    struct sample *s = make_sample(true);
    /* The last data group's blocks also land on the first data group's, and the other way round. */
    uint64_t last = s->groups - 1;
    fixture_poke(&s->w, s->position[2], s->bytes + s->position[last], LOG_BLOCK_SIZE);
    expect_refusal(&s->w, 78);
    restore(s);
    fixture_poke(&s->w, s->size, s->bytes + s->position[2], LOG_BLOCK_SIZE);
    expect_cut(s, s->groups + 1); /* beyond the end it is rubbish: zeroed */
    restore(s);
    drop(s);
}

static void copy_file(const char *from, const char *to, uint64_t size)
{
    uint8_t *bytes = malloc(size);
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ASSERT(bytes != NULL && in >= 0 && out >= 0);
    ASSERT(pread(in, bytes, size, 0) == (ssize_t)size);
    ASSERT(pwrite(out, bytes, size, 0) == (ssize_t)size);
    (void)close(in);
    (void)close(out);
    free(bytes);
}

TEST(segments_of_another_log)
{
    struct sample *a = make_sample(true), *b = make_sample(true);
    fixture_poke(&a->w, 0, b->bytes, SAVED_MAX);
    expect_refusal(&a->w, 77);
    drop(a);
    drop(b);
}

static void set_meta(const struct fixture *w, uint64_t offset, uint8_t value)
{
    char path[128];
    fixture_path(w, "log.meta", path);
    int fd = open(path, O_WRONLY);
    ASSERT(fd >= 0 && pwrite(fd, &value, 1, (off_t)offset) == 1);
    (void)close(fd);
}

TEST(identity)
{
    struct sample *s = make_sample(true);
    struct fixture *w = &s->w;
    char meta[128], other[128], segment[128], moved[128];
    fixture_path(w, "log.meta", meta);
    fixture_path(w, "kept", other);
    copy_file(meta, other, 4096);
    set_meta(w, 8, LOG_FORMAT_VERSION + 1);
    expect_refusal(w, 77); /* newer */
    copy_file(other, meta, 4096);
    set_meta(w, 0, 'x');
    expect_refusal(w, 77); /* not ours */
    copy_file(other, meta, 4096);
    set_meta(w, 100, (uint8_t)~0u);
    set_meta(w, 101, 0);
    expect_refusal(w, 78); /* damaged */
    ASSERT(unlink(meta) == 0);
    expect_refusal(w, 78); /* missing */
    copy_file(other, meta, 4096);
    fixture_path(w, "log-0000000000000000.seg", segment);
    fixture_path(w, "log-0000000000000001.seg", moved);
    ASSERT(rename(segment, moved) == 0);
    CHECK_EQ(fixture_recover(w), 78); /* first segment missing */
    ASSERT(rename(moved, segment) == 0);
    CHECK_EQ(fixture_recover(w), 0);
    fixture_die(w);
    drop(s);
}

TEST(newer_group_is_not_cut)
{
    struct sample *s = make_sample(true);
    struct log_group group;
    memcpy(&group, s->bytes + s->position[s->groups], sizeof(group));
    group.position = s->size;
    group.number++;
    group.format_version++;
    fixture_poke(&s->w, s->size, &group, sizeof(group));
    expect_refusal(&s->w, 77);
    drop(s);
}

TEST(foreign_directory)
{
    struct fixture w;
    char path[128];
    struct stat before, after;
    fixture_init(&w);
    fixture_path(&w, "letter.txt", path);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    ASSERT(fd >= 0);
    (void)close(fd);
    ASSERT(stat(w.dir, &before) == 0);
    CHECK_EQ(fixture_recover(&w), 77);
    ASSERT(stat(w.dir, &after) == 0);
    CHECK(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
    fixture_remove(&w);
    CHECK_EQ(fixture_recover(&w), 0); /* not there: made */
    fixture_die(&w);
    fixture_remove(&w);
}

TEST(interrupted_making)
{
    struct fixture w;
    char meta[128], tmp[128];
    fixture_init(&w);
    CHECK_EQ(fixture_recover(&w), 0);
    fixture_die(&w);
    fixture_path(&w, "log.meta", meta);
    fixture_path(&w, "log.meta.tmp", tmp);
    ASSERT(rename(meta, tmp) == 0);
    CHECK_EQ(fixture_recover(&w), 0);
    CHECK(w.rec.fresh);
    fixture_die(&w);
    CHECK(access(tmp, F_OK) != 0);
    fixture_remove(&w);
}

/* The same two names, and the first block gone with the name of the meta file: whatever else was
 * written is no log that was only being made. */
TEST(first_block_and_a_name_lost)
{
    static const uint8_t zeros[LOG_BLOCK_SIZE];
    struct fixture w;
    char meta[128], tmp[128], segment[128], next[128];
    fixture_init(&w);
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    fixture_group(&w, 0, 1);
    fixture_die(&w);
    fixture_path(&w, "log.meta", meta);
    fixture_path(&w, "log.meta.tmp", tmp);
    fixture_path(&w, "log-0000000000000000.seg", segment);
    fixture_path(&w, "log-0000000000000001.seg", next);
    ASSERT(rename(meta, tmp) == 0);
    (void)unlink(next); /* one that was only made ahead */
    int fd = open(segment, O_WRONLY);
    ASSERT(fd >= 0 && pwrite(fd, zeros, sizeof(zeros), 0) == (ssize_t)sizeof(zeros));
    (void)close(fd);
    CHECK_EQ(fixture_recover(&w), 78);
    CHECK(strstr(w.rec.error, "no log.meta") != NULL);
    CHECK(access(tmp, F_OK) == 0 && access(segment, F_OK) == 0);
    fixture_remove(&w);
}

TEST(second_server)
{
    struct fixture w, second;
    fixture_init(&w);
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    second = w;
    second.log = NULL;
    CHECK_EQ(fixture_recover(&second), 75);
    CHECK(strstr(second.rec.error, "another server") != NULL);
    fixture_group(&w, 0, 1);
    fixture_die(&w);
    CHECK_EQ(fixture_recover(&second), 0);
    fixture_die(&second);
    fixture_remove(&w);
}

/* As an ordinary user, whom permissions bind. */
static int recover_as_nobody(struct fixture *w)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(1);
        _exit(fixture_recover(w));
    }
    int status = 0;
    ASSERT(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(directory_without_permission)
{
    struct fixture w;
    fixture_init(&w);
    ASSERT(chmod(w.dir, 0555) == 0);
    CHECK_EQ(recover_as_nobody(&w), 77);
    ASSERT(chmod(w.dir, 0700) == 0);
    fixture_remove(&w);
}

TEST(file_systems)
{
    struct fixture w;
    fixture_init(&w);
    fixture_remove(&w);
    struct stat st;
    if (stat("/dev/shm", &st) != 0) return;
    (void)snprintf(w.dir, sizeof(w.dir), "/dev/shm/gongji-test-%d", (int)getpid());
    CHECK_EQ(fixture_recover(&w), 78);
    CHECK(strstr(w.rec.error, "ext4") != NULL);
    CHECK(stat(w.dir, &st) != 0); /* not left behind */
}

/* As if a record had been left out: it verifies, so it was written as a whole and is no torn tail,
 * but does not continue what is before it. */
TEST(group_out_of_sequence)
{
    struct fixture w;
    fixture_init(&w);
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    fixture_group(&w, 0, 3);
    w.log->next_seq++;
    struct gj_op next = fixture_op(77);
    void *record = log_reserve(w.log, w.time_ms);
    struct decide_input in = {.time_ms = w.time_ms, .seq = state_seq(w.state) + 1};
    struct decision decision;
    decide(w.state, &next, &in, record, &decision);
    log_append(w.log, decision.record_size, in.seq + 1, 0);
    log_flush(w.log);
    fixture_poll(&w);
    fixture_die(&w);
    expect_refusal(&w, 78);
    CHECK(strstr(w.rec.error, "does not continue") != NULL);
    fixture_remove(&w);
}

/* One record changed in memory before its group is signed and written. */
static void start_with_record(struct fixture *w, uint8_t type, uint8_t ext_count, uint32_t slot,
                              uint32_t family)
{
    fixture_init(w);
    CHECK_EQ(fixture_start(w), 0);
    fixture_poll(w);
    uint64_t position = fixture_append(w, 0);
    struct log_waiter unused = {0};
    const void *fetched = log_fetch(w->log, position, &unused);
    uint8_t *record = w->log->slots[2 % LOG_SLOTS].buf + sizeof(struct log_group);
    CHECK(record == fetched);
    ((struct gj_effect *)(record + GJ_RECORD_UNIT))->slot_first = slot;
    ((struct gj_effect *)(record + GJ_RECORD_UNIT))->family = family;
    ((struct gj_op *)record)->ext_count = ext_count;
    ((struct gj_op *)record)->type = type;
    log_flush(w->log);
    fixture_poll(w);
    fixture_die(w);
}

TEST(capacity_too_small)
{
    struct fixture w;
    start_with_record(&w, GJ_OP_DEPOSIT, 0, 5000, SLOT_NONE);
    expect_refusal(&w, 78);
    CHECK(strstr(w.rec.error, "--persons-max") != NULL);
    fixture_remove(&w);
    start_with_record(&w, GJ_OP_BIND, 0, SLOT_NONE, 4000);
    expect_refusal(&w, 78);
    CHECK(strstr(w.rec.error, "--families-max") != NULL);
    fixture_remove(&w);
}

TEST(too_few_institutions)
{
    struct fixture w;
    fixture_init(&w);
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    struct fixture_long_op op = fixture_long_op(0);
    CHECK(fixture_append_op(&w, &op.op) != 0);
    uint8_t *record = w.log->slots[2 % LOG_SLOTS].buf + sizeof(struct log_group);
    ((struct gj_effect *)(record + 2 * GJ_RECORD_UNIT))->slot_other = 16;
    log_flush(w.log);
    fixture_poll(&w);
    fixture_die(&w);
    expect_refusal(&w, 78);
    CHECK(strstr(w.rec.error, "--institutions-max") != NULL);
    fixture_remove(&w);
}

TEST(record_that_cannot_be_read)
{
    struct fixture w;
    start_with_record(&w, GJ_OP_DEPOSIT, 6, SLOT_NONE, SLOT_NONE);
    expect_refusal(&w, 78);
    CHECK(strstr(w.rec.error, "cannot be read") != NULL);
    fixture_remove(&w);
}

TEST(tool_agrees)
{
    struct sample *s = make_sample(true);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    CHECK_EQ(log_dump(s->w.dir, out), 0);
    (void)fflush(out);
    CHECK(strstr(text, "group 1 START") != NULL);
    CHECK(strstr(text, "seq 202 DEPOSIT") != NULL);
    CHECK(strstr(text, "40 PERSON_NOT_FOUND") != NULL);
    CHECK(strstr(text, "9 groups, 202 records") != NULL);
    CHECK(strstr(text, "ends cleanly, sealed") != NULL);
    uint8_t changed = s->bytes[s->position[4] + 200] ^ 4;
    fixture_poke(&s->w, s->position[4] + 200, &changed, 1);
    rewind(out);
    struct stamp before = stamp_of(&s->w);
    CHECK_EQ(log_verify(s->w.dir, out, NULL), 78);
    (void)fflush(out);
    CHECK(strstr(text, "DAMAGED: group 4") != NULL);
    CHECK(same_stamp(before, stamp_of(&s->w)));
    (void)fclose(out);
    free(text);
    drop(s);
}

TEST_MAIN(T(flipped_bits_of_a_sealed_log), T(zeroed_blocks_of_a_sealed_log),
          T(damage_in_an_unsealed_log), T(cut_everywhere), T(truncated_file),
          T(every_subset_of_the_last_flight), T(misdirected_and_swapped_groups),
          T(segments_of_another_log), T(identity), T(newer_group_is_not_cut), T(foreign_directory),
          T(every_call_of_making_fails), T(flush_before_reading_fails), T(read_errors),
          T(crash_while_cutting), T(start_group_lost), T(segments_missing_or_of_another_size),
          T(too_few_institutions), T(newest_segment_missing), T(interrupted_making),
          T(first_block_and_a_name_lost), T(second_server), T(directory_without_permission),
          T(file_systems), T(group_out_of_sequence), T(capacity_too_small),
          T(record_that_cannot_be_read), T(tool_agrees))
