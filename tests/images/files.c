/* tests/images/files.c -- the redirected system calls. Each __wrap_x() stands in front of x(). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "tests/images/files.h"

#define FD_FIRST    1000000
#define FD_COUNT    64
#define FILE_DIR    (-2) /* the directory, or its parent */
#define FILE_NONAME (-3) /* O_TMPFILE */
#define FREE_BYTES  (UINT64_C(1) << 40)

/* Every redirected call, and the system's. The names are those that the objects ask for: with
 * 64-bit file offsets some have another than in the source. */
#define WRAP(type, name, ...)                                                                      \
    type __real_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__)

static struct {
    struct content *content;
    struct events *events;
    uint64_t changes;
    uint64_t ops;
    struct {
        bool open;
        int file;
        uint32_t listed; /* names handed out */
    } fds[FD_COUNT];
    struct dirent entry;
} mounted;

static bool is_ours(int fd)
{
    return fd >= FD_FIRST && fd < FD_FIRST + FD_COUNT;
}

static int fail(int error)
{
    errno = error;
    return -1;
}

/* ---- events ---- */

static void record(struct disk_trace_event head, const void *data, uint64_t size)
{
    struct events *events = mounted.events;
    if (events == NULL) return;
    ASSERT(events->count < events->max);
    uint8_t *copy = stack_take(size);
    memcpy(copy, data, size);
    head.data_size = size;
    events->list[events->count++] = (struct event){.head = head, .data = copy};
}

static void record_plain(enum disk_trace_kind kind, int fd, uint64_t op, uint64_t size)
{
    record((struct disk_trace_event){.kind = kind, .fd = fd, .op = op, .size = size}, "", 0);
}

static void record_name(enum disk_trace_kind kind, const char *name)
{
    mounted.changes++;
    record((struct disk_trace_event){.kind = kind}, name, strlen(name));
}

void files_record(struct events *events)
{
    mounted.events = events;
}

void files_note(enum disk_trace_kind kind, uint64_t op)
{
    record_plain(kind, 0, op, 0);
}

void files_mount(struct content *content)
{
    mounted.content = content;
    mounted.changes = 0;
    memset(mounted.fds, 0, sizeof(mounted.fds));
}

uint64_t files_changes(void)
{
    return mounted.changes;
}

/* ---- names ---- */

static int open_fd(int file)
{
    for (int i = 0; i < FD_COUNT; i++) {
        if (mounted.fds[i].open) continue;
        mounted.fds[i].open = true;
        mounted.fds[i].file = file;
        mounted.fds[i].listed = 0;
        return FD_FIRST + i;
    }
    return fail(EMFILE);
}

static int file_free(void)
{
    const struct content *c = mounted.content;
    bool used[FILES_MAX] = {false};
    for (unsigned i = 0; i < NAMES_MAX; i++) {
        if (c->names[i].text[0] != 0) used[c->names[i].file] = true;
    }
    for (int i = 0; i < FD_COUNT; i++) {
        if (mounted.fds[i].open && mounted.fds[i].file >= 0) used[mounted.fds[i].file] = true;
    }
    for (int i = 0; i < (int)FILES_MAX; i++) {
        if (!used[i]) return i;
    }
    return NO_FILE;
}

static int open_file(const char *path, int flags)
{
    int file = content_find(mounted.content, path);
    uint32_t bits = (flags & O_DSYNC) != 0 ? DISK_TRACE_DSYNC : 0;
    if (file != NO_FILE && (flags & O_EXCL) != 0) return fail(EEXIST);
    if (file == NO_FILE) {
        if ((flags & O_CREAT) == 0) return fail(ENOENT);
        file = file_free();
        if (file == NO_FILE) return fail(ENOSPC);
        mounted.content->files[file] = (struct file){.size = 0};
        content_name(mounted.content, path, file);
        mounted.changes++;
        bits |= DISK_TRACE_MADE;
    }
    int fd = open_fd(file);
    record((struct disk_trace_event){.kind = DISK_TRACE_OPEN, .fd = fd, .flags = bits}, path,
           strlen(path));
    return fd;
}

static int open_dir(void)
{
    int fd = open_fd(FILE_DIR);
    record((struct disk_trace_event){.kind = DISK_TRACE_OPEN, .fd = fd}, ".", 1);
    return fd;
}

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    int mode = (flags & O_CREAT) != 0 ? va_arg(args, int) : 0;
    va_end(args);
    if (mounted.content == NULL || strcmp(path, FILES_DIR) != 0) {
        return __real_open64(path, flags, mode);
    }
    return open_dir();
}

int __real_openat64(int dir, const char *path, int flags, ...);
int __wrap_openat64(int dir, const char *path, int flags, ...);
int __wrap_openat64(int dir, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    int mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(args, int) : 0;
    va_end(args);
    if (!is_ours(dir)) return __real_openat64(dir, path, flags, mode);
    if ((flags & O_TMPFILE) == O_TMPFILE) return open_fd(FILE_NONAME);
    if (strcmp(path, "..") == 0) return open_fd(FILE_NONAME); /* the parent is no part of this */
    if (strcmp(path, ".") == 0) return open_dir();
    return open_file(path, flags);
}

WRAP(int, close, int fd)
{
    if (!is_ours(fd)) return __real_close(fd);
    mounted.fds[fd - FD_FIRST].open = false;
    return 0;
}

WRAP(int, mkdir, const char *path, mode_t mode)
{
    if (mounted.content == NULL || strcmp(path, FILES_DIR) != 0) return __real_mkdir(path, mode);
    return fail(EEXIST);
}

WRAP(int, unlinkat, int dir, const char *path, int flags)
{
    if (!is_ours(dir)) return __real_unlinkat(dir, path, flags);
    if (content_find(mounted.content, path) == NO_FILE) return fail(ENOENT);
    content_remove(mounted.content, path);
    record_name(DISK_TRACE_REMOVE, path);
    return 0;
}

static int rename_ours(const char *from, const char *to)
{
    char names[2 * NAME_SIZE];
    if (!content_rename(mounted.content, from, to)) return fail(ENOENT);
    int size = snprintf(names, sizeof(names), "%s%c%s", from, 0, to);
    mounted.changes++;
    record((struct disk_trace_event){.kind = DISK_TRACE_RENAME}, names, (uint64_t)size);
    return 0;
}

WRAP(int, renameat, int dir, const char *from, int dir_to, const char *to)
{
    if (!is_ours(dir)) return __real_renameat(dir, from, dir_to, to);
    return rename_ours(from, to);
}

WRAP(int, renameat2, int dir, const char *from, int dir_to, const char *to, unsigned flags)
{
    if (!is_ours(dir)) return __real_renameat2(dir, from, dir_to, to, flags);
    if (content_find(mounted.content, to) != NO_FILE) return fail(EEXIST);
    return rename_ours(from, to);
}

WRAP(DIR *, fdopendir, int fd)
{
    if (!is_ours(fd)) return __real_fdopendir(fd);
    mounted.fds[fd - FD_FIRST].listed = 0;
    return (DIR *)&mounted.fds[fd - FD_FIRST];
}

static int listing_of(const DIR *dir)
{
    for (int i = 0; i < FD_COUNT; i++) {
        if ((const void *)dir == (const void *)&mounted.fds[i]) return i;
    }
    return -1;
}

WRAP(struct dirent *, readdir64, DIR *dir)
{
    int i = listing_of(dir);
    if (i < 0) return __real_readdir64(dir);
    while (mounted.fds[i].listed < NAMES_MAX) {
        const struct name *name = &mounted.content->names[mounted.fds[i].listed++];
        if (name->text[0] == 0) continue;
        memcpy(mounted.entry.d_name, name->text, sizeof(name->text));
        return &mounted.entry;
    }
    return NULL;
}

WRAP(int, closedir, DIR *dir)
{
    int i = listing_of(dir);
    if (i < 0) return __real_closedir(dir);
    mounted.fds[i].open = false;
    return 0;
}

/* ---- facts ---- */

WRAP(int, fstatat64, int dir, const char *path, struct stat *st, int flags)
{
    if (!is_ours(dir)) return __real_fstatat64(dir, path, st, flags);
    int file = content_find(mounted.content, path);
    if (file == NO_FILE) return fail(ENOENT);
    *st = (struct stat){.st_mode = S_IFREG | 0600,
                        .st_size = (off_t)mounted.content->files[file].size};
    return 0;
}

WRAP(int, fstatfs64, int fd, struct statfs *fs)
{
    if (!is_ours(fd)) return __real_fstatfs64(fd, fs);
    *fs = (struct statfs){.f_type = EXT4_SUPER_MAGIC};
    return 0;
}

WRAP(int, fstatvfs64, int fd, struct statvfs *fs)
{
    if (!is_ours(fd)) return __real_fstatvfs64(fd, fs);
    *fs = (struct statvfs){.f_frsize = LOG_BLOCK_SIZE, .f_bavail = FREE_BYTES / LOG_BLOCK_SIZE};
    return 0;
}

WRAP(int, flock, int fd, int operation)
{
    return is_ours(fd) ? 0 : __real_flock(fd, operation);
}

/* A new log gets the same identity every time. */
WRAP(ssize_t, getrandom, void *bytes, size_t size, unsigned flags)
{
    if (mounted.content == NULL) return __real_getrandom(bytes, size, flags);
    memset(bytes, 0x5A, size);
    return (ssize_t)size;
}

/* ---- bytes ---- */

static struct file *file_of(int fd)
{
    int file = mounted.fds[fd - FD_FIRST].file;
    return file < 0 ? NULL : &mounted.content->files[file];
}

/* Recovery reads whole segments into the same memory again and again (below): what stands there
 * already is not copied once more. Not in the builds that look at every access: there the short cut
 * is checked by leaving it out. */
#ifdef GJ_VERIFY
static bool read_again(const struct file *file, void *bytes, size_t size, uint64_t offset)
{
    return false;
}
#else
#define WINDOWS 4u
static struct window {
    void *bytes;
    uint64_t versions[FILE_BLOCKS];
} windows[WINDOWS];

static bool read_again(const struct file *file, void *bytes, size_t size, uint64_t offset)
{
    struct window *window = windows;
    if (size != SEGMENT || offset != 0) return false;
    while (window < windows + WINDOWS && window->bytes != NULL && window->bytes != bytes) window++;
    if (window == windows + WINDOWS) return false;
    bool known = window->bytes == bytes;
    window->bytes = bytes;
    for (uint64_t i = 0; i < FILE_BLOCKS; i++) {
        uint64_t version = file->blocks[i] == NULL ? 0 : file->blocks[i]->version;
        if (known && window->versions[i] == version) continue;
        window->versions[i] = version;
        memcpy((uint8_t *)bytes + i * LOG_BLOCK_SIZE, block_bytes(file->blocks[i]), LOG_BLOCK_SIZE);
    }
    return true;
}
#endif

WRAP(ssize_t, pread64, int fd, void *bytes, size_t size, off_t offset)
{
    if (!is_ours(fd)) return __real_pread64(fd, bytes, size, offset);
    const struct file *file = file_of(fd);
    if (file == NULL) return fail(EISDIR);
    if ((uint64_t)offset >= file->size) return 0;
    if (size > file->size - (uint64_t)offset) size = file->size - (uint64_t)offset;
    if (!read_again(file, bytes, size, (uint64_t)offset)) {
        content_read(file, bytes, (uint64_t)offset, size);
    }
    return (ssize_t)size;
}

/* Bytes up to the last that is not zero. */
static uint64_t without_zeros(const uint8_t *bytes, uint64_t size)
{
    const uint64_t step = LOG_BLOCK_SIZE;
    while (size >= step && memcmp(bytes + size - step, block_bytes(NULL), step) == 0) size -= step;
    while (size > 0 && bytes[size - 1] == 0) size--;
    return size;
}

WRAP(ssize_t, pwrite64, int fd, const void *bytes, size_t size, off_t offset)
{
    if (!is_ours(fd)) return __real_pwrite64(fd, bytes, size, offset);
    struct file *file = file_of(fd);
    if (file == NULL || (uint64_t)offset + size > SEGMENT) return fail(EFBIG);
    uint64_t used = without_zeros(bytes, size);
    struct disk_trace_event head = {.kind = DISK_TRACE_WRITE,
                                    .fd = fd,
                                    .op = ++mounted.ops,
                                    .offset = (uint64_t)offset,
                                    .size = size};
    record(head, bytes, used);
    content_write(file, bytes, (uint64_t)offset, size);
    mounted.changes++;
    head = (struct disk_trace_event){
        .kind = DISK_TRACE_DONE, .op = mounted.ops, .result = (int32_t)size};
    record(head, "", 0);
    return (ssize_t)size;
}

WRAP(int, posix_fallocate64, int fd, off_t offset, off_t size)
{
    if (!is_ours(fd)) return __real_posix_fallocate64(fd, offset, size);
    struct file *file = file_of(fd);
    if (file == NULL || offset + size > (off_t)SEGMENT) return EFBIG;
    file->size = (uint64_t)(offset + size);
    mounted.changes++;
    record_plain(DISK_TRACE_RESIZE, fd, 0, file->size);
    return 0;
}

WRAP(int, fdatasync, int fd)
{
    if (!is_ours(fd)) return __real_fdatasync(fd);
    record_plain(DISK_TRACE_FLUSH, fd, 0, 0);
    return 0;
}

WRAP(int, fsync, int fd)
{
    if (!is_ours(fd)) return __real_fsync(fd);
    if (mounted.fds[fd - FD_FIRST].file != FILE_NONAME) record_plain(DISK_TRACE_FLUSH, fd, 0, 0);
    return 0;
}

/* ---- memory ---- */

/* The large mappings of a log are handed out again as they are: none of their users expects zeros
 * there but where nobody ever writes. */
#define KEPT       8u
#define KEPT_ABOVE ((size_t)1 << 20)
static struct {
    void *memory;
    size_t size;
    bool free;
} kept[KEPT];

WRAP(void *, mmap64, void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    for (unsigned i = 0; i < KEPT; i++) {
        if (!kept[i].free || kept[i].size != size || fd >= 0) continue;
        kept[i].free = false;
        return kept[i].memory;
    }
    return __real_mmap64(at, size, protection, flags, fd, offset);
}

WRAP(int, munmap, void *memory, size_t size)
{
    for (unsigned i = 0; i < KEPT && size > KEPT_ABOVE; i++) {
        if (kept[i].memory != NULL && kept[i].memory != memory) continue;
        kept[i].memory = memory;
        kept[i].size = size;
        kept[i].free = true;
        return 0;
    }
    return __real_munmap(memory, size);
}
