/* tests/sim/sim_files.c -- descriptors, and the calls of a process on files and names. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/sim_parts.h"

#define FIRST_FD 3
#define OPEN_FLAGS                                                                                 \
    (O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_DIRECT | O_DSYNC | O_DIRECTORY | O_CLOEXEC |       \
     O_TMPFILE | O_LARGEFILE)

static struct fd fds[SIM_FDS];

/* ---- descriptors ---- */

struct fd *fd_get(int fd, const char *call)
{
    if (fd >= FIRST_FD && fd < (int)SIM_FDS && fds[fd].kind != FD_FREE) return &fds[fd];
    char text[96];
    (void)snprintf(text, sizeof(text), "%s of descriptor %d, which is not open", call, fd);
    process_end(SIM_BROKEN, 0, text);
}

int fd_take(enum fd_kind kind)
{
    for (int fd = FIRST_FD; fd < (int)SIM_FDS; fd++) {
        if (fds[fd].kind != FD_FREE) continue;
        fds[fd] = (struct fd){.kind = kind};
        return fd;
    }
    return -EMFILE;
}

void fd_close(int fd)
{
    struct fd *f = &fds[fd];
    if (f->kind == FD_FILE || f->kind == FD_DIRECTORY) disk_release(f->inode);
    if (f->kind == FD_SOCKET) net_close(f->link);
    if (f->kind == FD_LISTENER) ring_listener_shut(fd);
    f->kind = FD_FREE;
}

void fd_close_all(void)
{
    for (int fd = FIRST_FD; fd < (int)SIM_FDS; fd++) {
        if (fds[fd].kind != FD_FREE) fd_close(fd);
    }
}

/* ---- open and close ---- */

static int directory_of(int fd)
{
    if (fd == AT_FDCWD) return DISK_ROOT;
    const struct fd *f = fd_get(fd, "a call on a name");
    return f->kind == FD_DIRECTORY ? f->inode : -ENOTDIR;
}

static int find_or_make(int directory, const char *path, int flags)
{
    if ((flags & O_TMPFILE) == O_TMPFILE) return disk_make_unnamed();
    int inode = disk_find(directory, path);
    if (inode == -ENOENT && (flags & O_CREAT) != 0) return disk_make(directory, path, false);
    if (inode >= 0 && (flags & O_CREAT) != 0 && (flags & O_EXCL) != 0) return -EEXIST;
    return inode;
}

int files_open(int directory_fd, const char *path, int flags)
{
    int error = call_begin(SIM_CALL_OPEN, "open");
    if (error != 0) return error;
    if ((flags & ~OPEN_FLAGS) != 0) process_end(SIM_BROKEN, 0, "open with a flag nobody knows");
    int directory = directory_of(directory_fd);
    if (directory < 0) return directory;
    int inode = find_or_make(directory, path, flags);
    if (inode < 0) return inode;
    bool is_directory = disk_is_directory(inode);
    if ((flags & O_TMPFILE) != O_TMPFILE && (flags & O_DIRECTORY) != 0 && !is_directory)
        return -ENOTDIR;
    if (is_directory && (flags & O_ACCMODE) != O_RDONLY) return -EISDIR;
    int fd = fd_take(is_directory ? FD_DIRECTORY : FD_FILE);
    if (fd < 0) return fd;
    fds[fd].inode = inode;
    fds[fd].direct = (flags & O_DIRECT) != 0;
    fds[fd].dsync = (flags & O_DSYNC) != 0;
    fds[fd].writes = (flags & O_ACCMODE) != O_RDONLY;
    disk_hold(inode);
    if ((flags & O_TRUNC) != 0) disk_truncate(inode);
    return fd;
}

int files_close(int fd)
{
    (void)fd_get(fd, "close");
    fd_close(fd);
    return 0;
}

/* ---- transfers that wait ---- */

static long transfer(struct drive_op *op, int error)
{
    uint64_t us = sim_disk.delay_us + sim_random_below(sim_disk.delay_spread_us);
    drive_begin(op);
    call_middle();
    world_until(sim_now_us() + us);
    return drive_end(op, error);
}

static bool is_aligned(const struct drive_op *op)
{
    return ((uintptr_t)op->bytes | op->size | op->offset) % SIM_SECTOR == 0;
}

long files_transfer(enum drive_kind kind, int fd, void *bytes, size_t size, uint64_t offset)
{
    /* In flight when the process ends: not on its stack. */
    static struct drive_op op;
    bool writes = kind == DRIVE_WRITE;
    int error = call_begin(writes ? SIM_CALL_WRITE : SIM_CALL_READ, writes ? "pwrite" : "pread");
    const struct fd *f = fd_get(fd, writes ? "pwrite" : "pread");
    if (f->kind != FD_FILE || (writes && !f->writes)) return -EBADF;
    op = (struct drive_op){.kind = kind,
                           .inode = f->inode,
                           .dsync = f->dsync,
                           .direct = f->direct,
                           .bytes = bytes,
                           .size = size,
                           .offset = offset};
    if (op.direct && !is_aligned(&op)) return -EINVAL;
    if (writes && error == 0) error = disk_allocate(f->inode, offset + size);
    return transfer(&op, error);
}

int files_sync(int fd)
{
    static struct drive_op op;
    int error = call_begin(SIM_CALL_SYNC, "fsync");
    const struct fd *f = fd_get(fd, "fsync");
    if (f->kind != FD_FILE && f->kind != FD_DIRECTORY) return -EINVAL;
    op = (struct drive_op){.kind = DRIVE_SYNC, .inode = f->inode};
    return (int)transfer(&op, error);
}

int files_allocate(int fd, uint64_t size)
{
    int error = call_begin(SIM_CALL_ROOM, "posix_fallocate");
    const struct fd *f = fd_get(fd, "posix_fallocate");
    return error != 0 ? error : disk_allocate(f->inode, size);
}

/* ---- names ---- */

int files_unlink(int directory_fd, const char *name)
{
    int error = call_begin(SIM_CALL_NAME, "unlinkat");
    int directory = directory_of(directory_fd);
    if (error != 0 || directory < 0) return error != 0 ? error : directory;
    return disk_remove(directory, name);
}

int files_rename(int directory_fd, const char *from, const char *to, bool replace)
{
    int error = call_begin(SIM_CALL_NAME, "renameat");
    int directory = directory_of(directory_fd);
    if (error != 0 || directory < 0) return error != 0 ? error : directory;
    return disk_rename(directory, from, to, replace);
}

int files_mkdir(const char *path)
{
    int error = call_begin(SIM_CALL_NAME, "mkdir");
    if (error != 0) return error;
    if (disk_find(DISK_ROOT, path) >= 0) return -EEXIST;
    int inode = disk_make(DISK_ROOT, path[0] == '/' ? path + 1 : path, true);
    return inode < 0 ? inode : 0;
}

int files_rmdir(const char *path)
{
    int error = call_begin(SIM_CALL_NAME, "rmdir");
    int inode = disk_find(DISK_ROOT, path);
    if (error != 0 || inode < 0) return error != 0 ? error : inode;
    if (!disk_is_directory(inode)) return -ENOTDIR;
    if (disk_name(inode, 0) != NULL) return -ENOTEMPTY;
    return disk_remove(DISK_ROOT, path[0] == '/' ? path + 1 : path);
}

struct dirent *files_list(int fd, uint32_t index)
{
    static struct dirent entry;
    const struct fd *f = fd_get(fd, "readdir");
    const char *name = index < 2 ? &".."[1 - index] : disk_name(f->inode, index - 2);
    if (name == NULL) return NULL;
    memset(&entry, 0, sizeof(entry));
    (void)snprintf(entry.d_name, sizeof(entry.d_name), "%s", name);
    return &entry;
}

/* ---- facts ---- */

int files_stat(int directory_fd, const char *name, struct stat *st)
{
    int error = call_begin(SIM_CALL_LOOK, "fstatat");
    int directory = name[0] == 0 ? 0 : directory_of(directory_fd);
    if (error != 0 || directory < 0) return error != 0 ? error : directory;
    int inode = name[0] == 0 ? fd_get(directory_fd, "fstatat")->inode : disk_find(directory, name);
    if (inode < 0) return inode;
    memset(st, 0, sizeof(*st));
    st->st_ino = (ino_t)inode;
    st->st_nlink = disk_name_of(inode)[0] != 0;
    st->st_mode = disk_is_directory(inode) ? S_IFDIR | 0700 : S_IFREG | 0600;
    st->st_size = (off_t)disk_size(inode);
    return 0;
}

int files_statfs(int fd, struct statfs *fs)
{
    int error = call_begin(SIM_CALL_LOOK, "fstatfs");
    (void)fd_get(fd, "fstatfs");
    memset(fs, 0, sizeof(*fs));
    fs->f_type = EXT4_SUPER_MAGIC;
    return error;
}

int files_statvfs(int fd, struct statvfs *fs)
{
    int error = call_begin(SIM_CALL_LOOK, "fstatvfs");
    (void)fd_get(fd, "fstatvfs");
    memset(fs, 0, sizeof(*fs));
    fs->f_frsize = fs->f_bsize = SIM_PAGE;
    fs->f_bavail = fs->f_bfree = disk_free_bytes() / SIM_PAGE;
    return error;
}

int files_lock(int fd)
{
    int error = call_begin(SIM_CALL_LOCK, "flock");
    (void)fd_get(fd, "flock");
    return error;
}

int files_random(void *bytes, size_t size)
{
    int error = call_begin(SIM_CALL_RANDOM, "getrandom");
    if (error != 0) return error;
    for (size_t i = 0; i < size; i++) ((uint8_t *)bytes)[i] = (uint8_t)sim_random();
    return (int)size;
}
