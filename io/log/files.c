/* io/log/files.c -- the data directory: identity, lock, segment files. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "io/log/files.h"

#define META_NAME        "log.meta"
#define META_TMP_NAME    "log.meta.tmp"
#define SEGMENT_TMP_NAME "segment.tmp"
#define META_FILE_SIZE   4096u
#define ZERO_CHUNK       (4u << 20)
#define LOCK_WAIT_MS     2000u
#define LOCK_STEP_MS     20u
#define XFS_MAGIC        0x58465342L
#define MIB              (1u << 20)

void log_files_segment_name(char name[32], uint64_t number)
{
    (void)snprintf(name, 32, "log-%016" PRIx64 ".seg", number);
}

/* ---- the directory ---- */

static bool check_file_system(struct log_files *files, bool unsafe_dev, struct log_fault *fault)
{
    struct statfs fs;
    if (fstatfs(files->dir_fd, &fs) != 0) return log_fault_errno(fault, "examine", files->dir, "");
    const char *what = NULL;
    switch ((long)fs.f_type) {
    case EXT4_SUPER_MAGIC:
    case XFS_MAGIC: return true;
    case BTRFS_SUPER_MAGIC:
        (void)snprintf(files->warning, sizeof(files->warning),
                       "%s is on btrfs, which copies on write: durable writes are slow there; ext4 "
                       "or xfs is better",
                       files->dir);
        return true;
    case TMPFS_MAGIC: what = "tmpfs, which a restart empties"; break;
    case OVERLAYFS_SUPER_MAGIC: what = "an overlay, which may drop flushes"; break;
    case NFS_SUPER_MAGIC: what = "NFS, which cannot promise order or locks"; break;
    case FUSE_SUPER_MAGIC: what = "FUSE, which promises nothing about flushes"; break;
    default: what = "a file system whose promises are not known"; break;
    }
    if (!unsafe_dev) {
        return log_fault_set(fault, 78,
                             "%s is on %s; use a directory on ext4 or xfs (for trials only: "
                             "--unsafe-dev)",
                             files->dir, what);
    }
    (void)snprintf(files->warning, sizeof(files->warning),
                   "%s is on %s: nothing stored there is safe", files->dir, what);
    return true;
}

/* Whether files here can be opened with O_DIRECT. The directory may not be changed to find out, so
 * an unnamed file is used. */
bool log_files_check_direct(struct log_files *files, bool unsafe_dev, struct log_fault *fault)
{
    int fd = openat(files->dir_fd, ".", O_TMPFILE | O_RDWR | O_DIRECT | O_CLOEXEC, 0600);
    if (fd >= 0) {
        (void)close(fd);
        files->direct = true;
        return true;
    }
    files->direct = false;
    if (errno == EINVAL || errno == EOPNOTSUPP || errno == EISDIR) {
        if (unsafe_dev) return true;
        return log_fault_set(fault, 78,
                             "%s does not support O_DIRECT, which the log needs; use ext4 or xfs "
                             "(for trials only: --unsafe-dev)",
                             files->dir);
    }
    return log_fault_errno(fault, "write to", files->dir, "");
}

static void pause_ms(uint32_t ms)
{
    struct timespec pause = {.tv_sec = 0, .tv_nsec = (long)ms * 1000000L};
    (void)nanosleep(&pause, NULL);
}

static bool lock(const struct log_files *files, int fd, struct log_fault *fault)
{
    for (uint32_t waited = 0;; waited += LOCK_STEP_MS) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) return true;
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return log_fault_errno(fault, "lock", files->dir, "");
        }
        if (waited >= LOCK_WAIT_MS) break;
        pause_ms(LOCK_STEP_MS);
    }
    return log_fault_set(fault, 75,
                         "another server uses %s; stop it first, or give this one another --data",
                         files->dir);
}

static void files_reset(struct log_files *files, const char *dir)
{
    memset(files, 0, sizeof(*files));
    files->dir = dir;
    files->dir_fd = -1;
    for (uint32_t i = 0; i < LOG_SEGMENTS_MAX; i++) files->fds[i] = -1;
}

bool log_files_open(struct log_files *files, const char *dir, bool unsafe_dev,
                    struct log_fault *fault)
{
    files_reset(files, dir);
    if (mkdir(dir, 0700) == 0) {
        files->made_dir = true;
    } else if (errno != EEXIST) {
        return log_fault_errno(fault, "make the directory", dir, "");
    }
    files->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (files->dir_fd < 0) return log_fault_errno(fault, "open", dir, "");
    if (check_file_system(files, unsafe_dev, fault) && lock(files, files->dir_fd, fault)) {
        return true;
    }
    if (files->made_dir) (void)rmdir(dir);
    return false;
}

bool log_files_open_read_only(struct log_files *files, const char *dir, struct log_fault *fault)
{
    files_reset(files, dir);
    files->read_only = true;
    files->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return files->dir_fd >= 0 || log_fault_errno(fault, "open", dir, "");
}

/* ---- facts ---- */

static bool segment_number(const char *name, uint64_t *number)
{
    char again[32];
    if (strlen(name) != strlen("log-0000000000000000.seg")) return false;
    if (sscanf(name, "log-%16" SCNx64 ".seg", number) != 1) return false;
    log_files_segment_name(again, *number);
    return strcmp(name, again) == 0;
}

static bool segment_is_whole(const struct log_files *files, const char *name)
{
    struct stat st;
    if (fstatat(files->dir_fd, name, &st, 0) != 0 || !S_ISREG(st.st_mode)) return false;
    return (uint64_t)st.st_size == files->sizes.segment;
}

static void count_entry(const struct log_files *files, const char *name,
                        struct recover_directory *facts)
{
    uint64_t number;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, META_NAME) == 0) return;
    if (strcmp(name, META_TMP_NAME) == 0) {
        facts->meta_tmp = true;
    } else if (segment_number(name, &number)) {
        if (facts->segments == 0 || number < facts->segment_first) facts->segment_first = number;
        if (number > facts->segment_last) facts->segment_last = number;
        facts->segments++;
        if (files->sizes.segment == 0 || segment_is_whole(files, name)) return;
        if (!facts->odd_segment || number < facts->segment_odd) facts->segment_odd = number;
        facts->odd_segment = true;
    } else if (strcmp(name, SEGMENT_TMP_NAME) != 0 && strcmp(name, "lost+found") != 0) {
        facts->strangers++;
    }
}

static void know(struct log_files *files, const void *meta, const void *sealed)
{
    memcpy(&files->meta, meta, sizeof(files->meta));
    memcpy(&files->sealed, sealed, sizeof(files->sealed));
    files->sizes = log_sizes_of(&files->meta);
}

static enum log_meta_state check_meta(const uint8_t *bytes, uint64_t size)
{
    enum log_meta_state state = log_meta_check(bytes, size);
    struct log_meta meta;
    if (state != LOG_META_OK) return state;
    memcpy(&meta, bytes, sizeof(meta));
    bool good = log_sealed_check(bytes + LOG_SEALED_OFFSET, size - LOG_SEALED_OFFSET, meta.secret);
    return good ? LOG_META_OK : LOG_META_CORRUPT;
}

/* First of all: it says how large a segment is. */
static bool read_meta(struct log_files *files, struct recover_directory *facts,
                      struct log_fault *fault)
{
    uint8_t bytes[LOG_SEALED_OFFSET + sizeof(struct log_sealed)];
    int fd = openat(files->dir_fd, META_NAME, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return true;
    if (fd < 0) return log_fault_errno(fault, "open", files->dir, META_NAME);
    facts->meta = RECOVER_META_CHECKED;
    ssize_t got = pread(fd, bytes, sizeof(bytes), 0);
    if (got < 0) {
        (void)log_fault_errno(fault, "read", files->dir, META_NAME);
        (void)close(fd);
        return false;
    }
    (void)close(fd);
    facts->meta_state = check_meta(bytes, (uint64_t)got);
    if (facts->meta_state == LOG_META_OK) know(files, bytes, bytes + LOG_SEALED_OFFSET);
    return true;
}

/* True if nothing was ever written to the first segment, which is whole, of whatever size. */
static bool first_segment_zero(const struct log_files *files)
{
    static const uint8_t zeros[16 * LOG_BLOCK_SIZE];
    uint8_t part[sizeof(zeros)];
    char name[32];
    log_files_segment_name(name, files->first);
    int fd = openat(files->dir_fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    uint64_t at = 0;
    ssize_t got;
    for (;;) {
        got = pread(fd, part, sizeof(part), (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0 || memcmp(part, zeros, (size_t)got) != 0) break;
        at += (uint64_t)got;
    }
    (void)close(fd);
    return got == 0 && at % MIB == 0 && log_segment_mib_valid(at / MIB);
}

/* What looks like a log that was being made is read, whole: it will be made anew. */
static bool looks_unfinished(const struct recover_directory *facts)
{
    return facts->meta == RECOVER_META_ABSENT && facts->meta_tmp && facts->segments == 1;
}

bool log_files_facts(struct log_files *files, struct recover_directory *facts,
                     struct log_fault *fault)
{
    memset(facts, 0, sizeof(*facts));
    facts->first = files->first;
    if (!read_meta(files, facts, fault)) return false;
    int fd = openat(files->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return log_fault_errno(fault, "list", files->dir, "");
    DIR *listing = fdopendir(fd);
    if (listing == NULL) {
        (void)close(fd);
        return log_fault_errno(fault, "list", files->dir, "");
    }
    errno = 0;
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        count_entry(files, entry->d_name, facts);
        errno = 0;
    }
    bool listed = errno == 0;
    if (!listed) (void)log_fault_errno(fault, "list", files->dir, "");
    (void)closedir(listing);
    if (!listed) return false;
    if (looks_unfinished(facts)) facts->first_segment_zero = first_segment_zero(files);
    return true;
}

bool log_files_refuse(const struct log_files *files, enum recover_verdict verdict,
                      const struct recover_directory *facts, struct log_fault *fault)
{
    const char *dir = files->dir;
    int code = recover_exit_code(verdict);
    ASSERT(code != 0);
    switch (verdict) {
    case RECOVER_REFUSE_FOREIGN:
        return log_fault_set(fault, code,
                             "%s holds files that are not a gongji log; nothing was touched; give "
                             "an empty or new directory",
                             dir);
    case RECOVER_REFUSE_NEWER:
        return log_fault_set(fault, code,
                             "%s was written in a newer log format than %u; nothing was touched; "
                             "use the newer program",
                             dir, LOG_FORMAT_VERSION);
    case RECOVER_REFUSE_META_MISSING:
        return log_fault_set(fault, code,
                             "%s has log segments but no " META_NAME "; nothing was touched; "
                             "restore the whole directory from its backup",
                             dir);
    case RECOVER_REFUSE_META_CORRUPT:
        return log_fault_set(fault, code,
                             "%s/" META_NAME " is damaged; nothing was touched; restore this file "
                             "from a backup of this log, of any age",
                             dir);
    case RECOVER_REFUSE_SEGMENT_MISSING:
        return log_fault_set(fault, code,
                             "%s lacks a log segment between others or the first one; nothing was "
                             "touched; restore the missing log-*.seg",
                             dir);
    case RECOVER_REFUSE_SEGMENT_SIZE:
        return log_fault_set(fault, code,
                             "%s/log-%016" PRIx64 ".seg is not a file of %" PRIu64
                             " bytes, so part of the log is lost; nothing was touched; restore it "
                             "from a copy",
                             dir, facts->segment_odd, files->sizes.segment);
    default: return log_fault_set(fault, code, "%s: the log is damaged; nothing was touched", dir);
    }
}

/* ---- steps that are traced ---- */

static int flush(const struct log_files *files, int fd)
{
    if (fdatasync(fd) != 0) return -1;
    disk_trace_flushed(files->trace, fd);
    return 0;
}

/* Makes what was named, renamed and removed so far durable. */
static int flush_names(const struct log_files *files)
{
    if (fsync(files->dir_fd) != 0) return -1;
    disk_trace_flushed(files->trace, files->dir_fd);
    return 0;
}

static void remove_name(const struct log_files *files, const char *name)
{
    if (unlinkat(files->dir_fd, name, 0) == 0) disk_trace_removed(files->trace, name);
}

static ssize_t write_at(const struct log_files *files, int fd, const void *bytes, size_t size,
                        uint64_t offset)
{
    uint64_t op = disk_trace_write(files->trace, fd, bytes, offset, size);
    ssize_t done = pwrite(fd, bytes, size, (off_t)offset);
    int error = errno;
    disk_trace_done(files->trace, op, done < 0 ? -error : done);
    errno = error;
    return done;
}

/* ---- segments ---- */

static int open_segment(const struct log_files *files, const char *name)
{
    int flags = files->read_only ? O_RDONLY : O_RDWR | O_DSYNC;
    if (files->direct) flags |= O_DIRECT;
    int fd = openat(files->dir_fd, name, flags | O_CLOEXEC);
    if (fd >= 0) disk_trace_opened(files->trace, fd, name, DISK_TRACE_DSYNC);
    return fd;
}

bool log_files_open_segments(struct log_files *files, uint64_t count, struct log_fault *fault)
{
    if (count > LOG_SEGMENTS_MAX) {
        return log_fault_set(fault, 78, "%s has more than %u segments", files->dir,
                             LOG_SEGMENTS_MAX);
    }
    for (uint32_t i = 0; i < count; i++) {
        char name[32];
        log_files_segment_name(name, files->first + i);
        int fd = open_segment(files, name);
        if (fd < 0) {
            if (errno == EMFILE) {
                return log_fault_set(fault, 74,
                                     "%s has %" PRIu64 " segments: raise the limit of open files "
                                     "(ulimit -n) above that",
                                     files->dir, count);
            }
            return log_fault_errno(fault, "open", files->dir, name);
        }
        files->fds[i] = fd;
        files->segments = i + 1;
        if (files->read_only) continue;
        if (!lock(files, fd, fault)) return false;
        if (flush(files, fd) != 0) return log_fault_errno(fault, "flush", files->dir, name);
    }
    if (files->read_only || flush_names(files) == 0) return true;
    return log_fault_errno(fault, "flush", files->dir, "");
}

void log_files_sweep(struct log_files *files)
{
    remove_name(files, META_TMP_NAME);
    remove_name(files, SEGMENT_TMP_NAME);
}

int log_files_segment_begin(struct log_files *files)
{
    remove_name(files, SEGMENT_TMP_NAME);
    int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | (files->direct ? O_DIRECT : 0);
    int fd = openat(files->dir_fd, SEGMENT_TMP_NAME, flags, 0600);
    if (fd < 0) return -1;
    disk_trace_opened(files->trace, fd, SEGMENT_TMP_NAME, DISK_TRACE_MADE);
    int error = posix_fallocate(fd, 0, (off_t)files->sizes.segment);
    if (error != 0) {
        (void)close(fd);
        remove_name(files, SEGMENT_TMP_NAME);
        errno = error;
        return -1;
    }
    disk_trace_resized(files->trace, fd, files->sizes.segment);
    return fd;
}

bool log_files_segment_publish(struct log_files *files)
{
    char name[32];
    ASSERT(!log_files_full(files));
    log_files_segment_name(name, files->first + files->segments);
    /* Opened before it is named: without a descriptor there is no new segment. */
    int fd = open_segment(files, SEGMENT_TMP_NAME);
    if (fd < 0) return false;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 ||
        renameat2(files->dir_fd, SEGMENT_TMP_NAME, files->dir_fd, name, RENAME_NOREPLACE) != 0) {
        int error = errno;
        (void)close(fd);
        errno = error;
        return false;
    }
    disk_trace_renamed(files->trace, SEGMENT_TMP_NAME, name);
    files->fds[files->segments] = fd;
    files->segments++;
    return true;
}

static bool write_zeros(const struct log_files *files, int fd, uint64_t from, uint64_t to)
{
    const size_t chunk =
        files->sizes.segment / 8 < ZERO_CHUNK ? files->sizes.segment / 8 : ZERO_CHUNK;
    uint8_t *zeros = mmap(NULL, chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (zeros == MAP_FAILED) return false;
    bool good = true;
    while (good && from < to) {
        size_t size = to - from < chunk ? (size_t)(to - from) : chunk;
        ssize_t done = write_at(files, fd, zeros, size, from);
        if (done < 0 && errno == EINTR) continue;
        if (done > 0 && done % LOG_BLOCK_SIZE != 0) {
            errno = EIO;
            done = -1;
        }
        if (done == 0) errno = ENOSPC;
        good = done > 0;
        if (good) from += (uint64_t)done;
    }
    int error = errno;
    (void)munmap(zeros, chunk);
    errno = error;
    return good;
}

static bool fault_segment(const struct log_files *files, struct log_fault *fault)
{
    if (errno == ENOSPC || errno == EDQUOT) {
        fault->no_room = true;
        return log_fault_set(fault, 74,
                             "no room in %s for a log segment: %u MiB are needed, %" PRIu64
                             " MiB are free; free some space",
                             files->dir, files->meta.segment_size_mib, log_files_free(files) >> 20);
    }
    return log_fault_errno(fault, "make a log segment in", files->dir, "");
}

bool log_files_segment_make(struct log_files *files, struct log_fault *fault)
{
    int fd = log_files_segment_begin(files);
    if (fd < 0) return fault_segment(files, fault);
    bool good = write_zeros(files, fd, 0, files->sizes.segment) && flush(files, fd) == 0;
    if (!good) {
        (void)fault_segment(files, fault);
        (void)close(fd);
        remove_name(files, SEGMENT_TMP_NAME);
        return false;
    }
    (void)close(fd);
    if (!log_files_segment_publish(files) || flush_names(files) != 0) {
        return fault_segment(files, fault);
    }
    return true;
}

/* ---- a new log ---- */

static bool fill_random(void *bytes, size_t size)
{
    return getrandom(bytes, size, 0) == (ssize_t)size; /* up to 256 bytes come whole */
}

static bool write_meta(struct log_files *files, struct log_fault *fault)
{
    uint8_t bytes[META_FILE_SIZE] = {0};
    memcpy(bytes, &files->meta, sizeof(files->meta));
    memcpy(bytes + LOG_SEALED_OFFSET, &files->sealed, sizeof(files->sealed));
    int fd = openat(files->dir_fd, META_TMP_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return log_fault_errno(fault, "write", files->dir, META_TMP_NAME);
    disk_trace_opened(files->trace, fd, META_TMP_NAME, DISK_TRACE_MADE);
    ssize_t done = write_at(files, fd, bytes, sizeof(bytes), 0);
    bool good = done == (ssize_t)sizeof(bytes) && flush(files, fd) == 0;
    if (!good) (void)log_fault_errno(fault, "write", files->dir, META_TMP_NAME);
    (void)close(fd);
    return good;
}

/* A directory made just now is durable only with its parent. */
static bool flush_parent(const struct log_files *files, struct log_fault *fault)
{
    int fd = openat(files->dir_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return log_fault_errno(fault, "open the parent of", files->dir, "");
    bool good = fsync(fd) == 0;
    if (!good) (void)log_fault_errno(fault, "flush the parent of", files->dir, "");
    (void)close(fd);
    return good;
}

/* What an interrupted start left; recover_directory() saw that nothing is in it. The segment's name
 * goes first and for good: without log.meta.tmp beside it, it would pass for the rest of a log. */
static bool remove_unfinished(struct log_files *files)
{
    char first[32];
    log_files_segment_name(first, files->first);
    remove_name(files, first);
    if (flush_names(files) != 0) return false;
    log_files_sweep(files);
    return true;
}

/* For the same reason log.meta.tmp is durable before the segment has its name. */
static bool make_files(struct log_files *files, struct log_fault *fault)
{
    if (!remove_unfinished(files)) return log_fault_errno(fault, "flush", files->dir, "");
    if (!write_meta(files, fault)) return false;
    if (flush_names(files) != 0) return log_fault_errno(fault, "flush", files->dir, "");
    if (!log_files_segment_make(files, fault)) return false;
    if (renameat(files->dir_fd, META_TMP_NAME, files->dir_fd, META_NAME) == 0) return true;
    return log_fault_errno(fault, "name", files->dir, META_NAME);
}

bool log_files_create(struct log_files *files, uint64_t wall_ms, uint32_t segment_mib,
                      struct log_fault *fault)
{
    struct log_meta meta = {.magic = LOG_META_MAGIC,
                            .format_version = LOG_FORMAT_VERSION,
                            .segment_size_mib = segment_mib,
                            .created_ms = wall_ms};
    if (!fill_random(meta.log_id, sizeof(meta.log_id)) ||
        !fill_random(&meta.hash_seed, sizeof(meta.hash_seed)) ||
        !fill_random(meta.secret, sizeof(meta.secret))) {
        return log_fault_set(fault, 74, "the system gives no random bytes (getrandom)");
    }
    log_meta_sign(&meta);
    const struct log_sealed none = {.number = 0};
    know(files, &meta, &none);
    if (!make_files(files, fault)) {
        (void)remove_unfinished(files);
        if (files->made_dir) (void)rmdir(files->dir);
        return false;
    }
    disk_trace_renamed(files->trace, META_TMP_NAME, META_NAME);
    if (flush_names(files) != 0) return log_fault_errno(fault, "flush", files->dir, "");
    return flush_parent(files, fault);
}

/* ---- a clean stop ---- */

bool log_files_note_seal(struct log_files *files, const struct log_sealed *sealed,
                         struct log_fault *fault)
{
    files->sealed = *sealed;
    log_sealed_sign(&files->sealed, files->meta.secret);
    if (!write_meta(files, fault)) {
        remove_name(files, META_TMP_NAME);
        return false;
    }
    if (renameat(files->dir_fd, META_TMP_NAME, files->dir_fd, META_NAME) != 0) {
        (void)log_fault_errno(fault, "replace", files->dir, META_NAME);
        remove_name(files, META_TMP_NAME);
        return false;
    }
    disk_trace_renamed(files->trace, META_TMP_NAME, META_NAME);
    return flush_names(files) == 0 || log_fault_errno(fault, "flush", files->dir, "");
}

/* ---- repair ---- */

bool log_files_zero(struct log_files *files, uint64_t from, uint64_t to, struct log_fault *fault)
{
    for (uint32_t i = 0; i < files->segments; i++) {
        uint64_t base = (files->first + i) * files->sizes.segment;
        uint64_t begin = from > base ? from - base : 0;
        uint64_t end = to > base ? to - base : 0;
        if (end > files->sizes.segment) end = files->sizes.segment;
        bool good = begin >= end || write_zeros(files, files->fds[i], begin, end);
        if (!good || flush(files, files->fds[i]) != 0) {
            return log_fault_errno(fault, "cut the log in", files->dir, "");
        }
    }
    return true;
}

uint64_t log_files_free(const struct log_files *files)
{
    struct statvfs fs;
    if (fstatvfs(files->dir_fd, &fs) != 0) return 0;
    return (uint64_t)fs.f_bavail * (uint64_t)fs.f_frsize;
}

void log_files_close(struct log_files *files)
{
    for (uint32_t i = 0; i < files->segments; i++) {
        if (files->fds[i] >= 0) (void)close(files->fds[i]);
        files->fds[i] = -1;
    }
    if (files->dir_fd >= 0) (void)close(files->dir_fd);
    files->dir_fd = -1;
    files->segments = 0;
}
