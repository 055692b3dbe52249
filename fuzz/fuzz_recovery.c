/* fuzz/fuzz_recovery.c -- a data directory as a start may find it: a log as a server wrote it
 * (fuzz/log_image.h), and what happened to it since. Recovery reads it from real files, and again
 * after it succeeded.
 *
 * What must hold is said without recovery's own reasoning, from what was written and what of that
 * is still there byte for byte:
 *   - a start that succeeds has every record of the groups that are whole from the beginning on;
 *   - and nothing else, unless a group was changed and signed again;
 *   - it does not succeed if a whole group says that a broken one was durable;
 *   - it does succeed if all that is broken is a tail nobody called durable;
 *   - `gongji log verify` says the same code as the start;
 *   - a start that is refused changes no byte; one that succeeds is followed by one that finds the
 *     same state and nothing to cut.
 * Records changed and signed again are read by the reader alone: what commit() asserts of a record
 * that verifies is not for bytes.
 *
 * Input: a program (fuzz/program.h). Its files are in $TMPDIR, else /dev/shm. With
 * GONGJI_FUZZ_PRINT in the environment each start says what it came to. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "fuzz/log_damage.h"
#include "fuzz/log_image.h"
#include "fuzz/program.h"
#include "io/engine/apply.h"
#include "io/log/reader.h"
#include "io/log/tool.h"

#define MUST(holds)                                                                                \
    do {                                                                                           \
        if (!(holds)) abort();                                                                     \
    } while (0)

#define PATH_SIZE      512u
#define STEPS_DONE_MAX 96u /* a segment is full after some thirty */

static struct log_image image;
static struct damage damage;
static char directory[256];
static FILE *nowhere; /* for what `gongji log verify` prints */
static void *memory;  /* of the recovered state */
static size_t memory_size;

/* ---- files ---- */

static void path_of(char path[PATH_SIZE], const char *name)
{
    (void)snprintf(path, PATH_SIZE, "%s/%s", directory, name);
}

static void remove_files(void)
{
    DIR *dir = opendir(directory);
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char path[PATH_SIZE];
        path_of(path, entry->d_name);
        if (entry->d_name[0] != '.') (void)unlink(path);
    }
    if (dir != NULL) closedir(dir);
}

static void remove_directory(void)
{
    remove_files();
    (void)rmdir(directory);
}

static void write_file(const char *name, const void *bytes, size_t size, size_t whole)
{
    char path[PATH_SIZE];
    path_of(path, name);
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
    bool good =
        fd >= 0 && ftruncate(fd, (off_t)whole) == 0 && pwrite(fd, bytes, size, 0) == (ssize_t)size;
    if (!good) {
        perror(path);
        exit(74);
    }
    (void)close(fd);
}

static void write_files(void)
{
    remove_files();
    if (image.meta.magic != 0) {
        uint8_t page[LOG_BLOCK_SIZE] = {0};
        memcpy(page, &image.meta, sizeof(image.meta));
        write_file("log.meta", page, sizeof(page), sizeof(page));
    }
    for (uint32_t i = 0; i < image.segments; i++) {
        char name[32];
        uint64_t from = (uint64_t)i * IMAGE_SEGMENT, used = 0;
        if (image.dirty_end > from) used = image.dirty_end - from;
        if (used > IMAGE_SEGMENT) used = IMAGE_SEGMENT;
        log_files_segment_name(name, i);
        write_file(name, image.bytes + from, used, IMAGE_SEGMENT);
    }
}

/* True if the segments still hold what was put there. */
static bool files_unchanged(void)
{
    for (uint32_t i = 0; i < image.segments; i++) {
        char name[32], path[PATH_SIZE];
        log_files_segment_name(name, i);
        path_of(path, name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) return false;
        const uint8_t *bytes = mmap(NULL, IMAGE_SEGMENT, PROT_READ, MAP_SHARED, fd, 0);
        (void)close(fd);
        if (bytes == MAP_FAILED) return false;
        uint64_t from = (uint64_t)i * IMAGE_SEGMENT;
        bool same = memcmp(bytes, image.bytes + from, IMAGE_SEGMENT) == 0;
        (void)munmap((void *)(uintptr_t)bytes, IMAGE_SEGMENT);
        if (!same) return false;
    }
    return true;
}

/* ---- starts ---- */

struct outcome {
    bool good;
    int exit_code;
    uint64_t records, groups, cut_bytes, digest[2], seq, low_water_ms;
};

static struct state *make_state(void *owner, uint64_t hash_seed)
{
    struct state_config config = image_config;
    config.hash_seed = hash_seed;
    if (madvise(memory, memory_size, MADV_DONTNEED) != 0) abort();
    return state_init(&config, memory);
}

static struct outcome start(void)
{
    const struct log_options options = {.dir = directory,
                                        .prealloc_bytes = IMAGE_SEGMENT,
                                        .unsafe_dev = true,
                                        .test_clock = true,
                                        .one_thread = true,
                                        .segment_mib = IMAGE_SEGMENT_MIB};
    struct log_recovered recovered;
    int verified = log_verify(directory, nowhere, NULL);
    struct apply apply = {.make_state = make_state};
    const struct log_redo redo = apply_redo(&apply);
    struct outcome out = {.good = log_recover(&options, &redo, &recovered)};
    out.exit_code = recovered.exit_code;
    MUST(verified == out.exit_code);
    if (getenv("GONGJI_FUZZ_PRINT") != NULL) {
        printf("%u groups written, %" PRIu64 " bytes; read %" PRIu64 ", cut %" PRIu64 ": %s\n",
               image.count, image.end, recovered.groups, recovered.cut_bytes,
               out.good ? "starts" : recovered.error);
    }
    if (!out.good) {
        MUST(out.exit_code == 77 || out.exit_code == 78);
        MUST(recovered.error[0] != 0 && memchr(recovered.error, 0, sizeof(recovered.error)));
        MUST(strchr(recovered.error, '\n') == NULL);
        return out;
    }
    out.records = recovered.records;
    out.groups = recovered.groups;
    out.cut_bytes = recovered.cut_bytes;
    out.seq = state_seq(apply.state);
    out.low_water_ms = state_rid_low_water_ms(apply.state);
    state_digest(apply.state, out.digest);
    MUST(state_audit(apply.state) == NULL);
    log_close(recovered.log);
    return out;
}

/* What was written and is whole, from the first group on. */
static uint32_t whole_groups(void)
{
    uint32_t n = 0;
    while (n < image.count && !image.groups[n].changed) n++;
    return n;
}

static bool called_durable(uint32_t group)
{
    for (uint32_t i = group; i < image.count; i++) {
        if (!image.groups[i].changed && image.groups[i].durable_through > group) return true;
    }
    return false;
}

static void judge_refusal(void)
{
    MUST(files_unchanged());
    if (!damage.files && !damage.signed_ && !damage.header) MUST(called_durable(whole_groups()));
}

static void judge_start(const struct outcome *out)
{
    uint32_t whole = whole_groups();
    MUST(out->seq == out->records);
    if (damage.files) return;
    MUST(out->groups >= whole);
    MUST(whole == 0 || out->records >= image.groups[whole - 1].last_seq);
    MUST(!called_durable(whole));
    if (!damage.signed_) MUST(out->groups == whole);
}

/* What was cut is gone, and everything else is as it was. */
static void judge_again(const struct outcome *first, const struct outcome *again)
{
    MUST(again->good && again->cut_bytes == 0);
    MUST(again->records == first->records && again->groups == first->groups);
    MUST(memcmp(again->digest, first->digest, sizeof(first->digest)) == 0);
    MUST(again->seq == first->seq && again->low_water_ms == first->low_water_ms);
}

static void read_records(const struct log_reader *reader, const struct log_group *group)
{
    for (uint32_t i = 0; i < reader->count; i++) {
        struct gj_reply reply;
        struct gj_reply_sources sources;
        const uint8_t *record = (const uint8_t *)group + reader->offsets[i];
        uint32_t size = record_size(record, group->size - reader->offsets[i]);
        MUST(size > 0 && reader->offsets[i] + size <= group->size);
        record_reply(record, &reply, &sources);
        MUST(record_same_body(record, record_op(record)));
    }
}

/* Whatever verifies can be walked to its end, record by record. */
static void read_groups(const struct log_files *files)
{
    static struct log_reader reader;
    struct log_fault fault;
    struct recover_tail tail;
    const struct log_group *group;
    uint64_t end;
    if (!log_reader_open(&reader, files, &fault)) return;
    while ((group = log_reader_next(&reader)) != NULL) read_records(&reader, group);
    log_reader_tail(&reader, &tail, &end);
    MUST(end >= reader.position && recover_exit_code(recover_tail(&tail)) >= 0);
    log_reader_close(&reader);
}

static void read_only(void)
{
    static struct log_files files;
    struct recover_directory facts;
    struct log_fault fault;
    memset(&files, 0, sizeof(files));
    if (!log_files_open_read_only(&files, directory, &fault)) return;
    files.one_thread = true;
    bool good = log_files_facts(&files, &facts, &fault) &&
                recover_directory(&facts) == RECOVER_SCAN &&
                log_files_open_segments(&files, facts.segments, &fault);
    if (good) read_groups(&files);
    log_files_close(&files);
}

static void begin(void)
{
    const char *place = getenv("TMPDIR");
    struct state_memory parts;
    if (place == NULL) place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(directory, sizeof(directory), "%s/gongji-recovery-XXXXXX", place);
    if (mkdtemp(directory) == NULL) {
        perror(directory);
        exit(74);
    }
    (void)atexit(remove_directory);
    nowhere = fopen("/dev/null", "w");
    if (nowhere == NULL) abort();
    image_begin(&image);
    memory_size = state_size(&image_config, &parts);
    memory = mmap(NULL, memory_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t steps = program_steps(size);
    if (directory[0] == 0) begin();
    if (steps > STEPS_DONE_MAX) steps = STEPS_DONE_MAX;
    damage_run(&image, data, steps, &damage);
    write_files();
    if (damage.records) {
        read_only();
        return 0;
    }
    struct outcome first = start();
    if (!first.good) {
        judge_refusal();
        return 0;
    }
    judge_start(&first);
    struct outcome again = start();
    judge_again(&first, &again);
    return 0;
}
