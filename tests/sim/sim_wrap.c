/* tests/sim/sim_wrap.c -- the doors of the process: each system call of the server ends in one of
 * the functions here (--wrap; the list is in tests/meson.build). What the process calls goes to the
 * machine, all else in this program where it always went. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "io/log/recovery.h"
#include "tests/sim/sim_parts.h"

/* Names as the objects ask for them: with 64-bit offsets some differ from the source. */
#define WRAP(type, name, ...)                                                                      \
    type __real_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__)

/* Comes back into the process with the result of the machine: 0 or more, or -errno. */
static long back(long result)
{
    process_inside = true;
    if (result >= 0) return result;
    errno = (int)-result;
    return -1;
}

/* For calls that the process makes and that need no machine behind them. */
static int simple(enum sim_calls kind, const char *name)
{
    process_inside = false;
    return (int)back(call_begin(kind, name));
}

/* ---- files ---- */

WRAP(int, open64, const char *path, int flags, int mode)
{
    if (!process_inside) return __real_open64(path, flags, mode);
    process_inside = false;
    return (int)back(files_open(AT_FDCWD, path, flags));
}

WRAP(int, openat64, int directory, const char *path, int flags, int mode)
{
    if (!process_inside) return __real_openat64(directory, path, flags, mode);
    process_inside = false;
    return (int)back(files_open(directory, path, flags));
}

WRAP(int, close, int fd)
{
    if (!process_inside) return __real_close(fd);
    process_inside = false;
    return (int)back(files_close(fd));
}

WRAP(ssize_t, pread64, int fd, void *bytes, size_t size, off_t offset)
{
    if (!process_inside) return __real_pread64(fd, bytes, size, offset);
    process_inside = false;
    return back(files_transfer(DRIVE_READ, fd, bytes, size, (uint64_t)offset));
}

WRAP(ssize_t, pwrite64, int fd, void *bytes, size_t size, off_t offset)
{
    if (!process_inside) return __real_pwrite64(fd, bytes, size, offset);
    process_inside = false;
    return back(files_transfer(DRIVE_WRITE, fd, bytes, size, (uint64_t)offset));
}

WRAP(int, fsync, int fd)
{
    if (!process_inside) return __real_fsync(fd);
    process_inside = false;
    return (int)back(files_sync(fd));
}

WRAP(int, fdatasync, int fd)
{
    if (!process_inside) return __real_fdatasync(fd);
    process_inside = false;
    return (int)back(files_sync(fd));
}

WRAP(int, fstatat64, int directory, const char *name, struct stat *st, int flags)
{
    if (!process_inside) return __real_fstatat64(directory, name, st, flags);
    process_inside = false;
    return (int)back(files_stat(directory, name, st));
}

WRAP(int, lstat64, const char *name, struct stat *st)
{
    if (!process_inside) return __real_lstat64(name, st);
    process_inside = false;
    return (int)back(files_stat(AT_FDCWD, name, st));
}

WRAP(int, fstatfs64, int fd, struct statfs *fs)
{
    if (!process_inside) return __real_fstatfs64(fd, fs);
    process_inside = false;
    return (int)back(files_statfs(fd, fs));
}

WRAP(int, fstatvfs64, int fd, struct statvfs *fs)
{
    if (!process_inside) return __real_fstatvfs64(fd, fs);
    process_inside = false;
    return (int)back(files_statvfs(fd, fs));
}

WRAP(int, flock, int fd, int operation)
{
    if (!process_inside) return __real_flock(fd, operation);
    process_inside = false;
    return (int)back(files_lock(fd));
}

WRAP(int, mkdir, const char *path, mode_t mode)
{
    if (!process_inside) return __real_mkdir(path, mode);
    process_inside = false;
    return (int)back(files_mkdir(path));
}

WRAP(int, rmdir, const char *path)
{
    if (!process_inside) return __real_rmdir(path);
    process_inside = false;
    return (int)back(files_rmdir(path));
}

WRAP(int, unlinkat, int directory, const char *name, int flags)
{
    if (!process_inside) return __real_unlinkat(directory, name, flags);
    process_inside = false;
    return (int)back(files_unlink(directory, name));
}

WRAP(int, unlink, const char *name)
{
    if (!process_inside) return __real_unlink(name);
    process_inside = false;
    return (int)back(files_unlink(AT_FDCWD, name));
}

WRAP(int, renameat, int from_directory, const char *from, int to_directory, const char *to)
{
    if (!process_inside) return __real_renameat(from_directory, from, to_directory, to);
    process_inside = false;
    if (from_directory != to_directory) process_end(SIM_BROKEN, 0, "a name leaves its directory");
    return (int)back(files_rename(from_directory, from, to, true));
}

WRAP(int, renameat2, int from_directory, const char *from, int to_directory, const char *to,
     unsigned flags)
{
    if (!process_inside) return __real_renameat2(from_directory, from, to_directory, to, flags);
    process_inside = false;
    if (from_directory != to_directory) process_end(SIM_BROKEN, 0, "a name leaves its directory");
    return (int)back(files_rename(from_directory, from, to, (flags & RENAME_NOREPLACE) == 0));
}

/* Returns its error, and leaves errno alone. */
WRAP(int, posix_fallocate64, int fd, off_t offset, off_t size)
{
    if (!process_inside) return __real_posix_fallocate64(fd, offset, size);
    process_inside = false;
    int result = files_allocate(fd, (uint64_t)(offset + size));
    process_inside = true;
    return -result;
}

WRAP(ssize_t, getrandom, void *bytes, size_t size, unsigned flags)
{
    if (!process_inside) return __real_getrandom(bytes, size, flags);
    process_inside = false;
    return back(files_random(bytes, size));
}

/* ---- lists of names: one at a time ---- */

static struct {
    int fd;
    uint32_t index;
} listing;

WRAP(DIR *, fdopendir, int fd)
{
    if (!process_inside) return __real_fdopendir(fd);
    if (simple(SIM_CALL_LOOK, "fdopendir") != 0) return NULL;
    listing.fd = fd;
    listing.index = 0;
    return (DIR *)&listing;
}

WRAP(struct dirent *, readdir64, DIR *list)
{
    if (!process_inside) return __real_readdir64(list);
    if (simple(SIM_CALL_LOOK, "readdir") != 0) return NULL;
    process_inside = false;
    struct dirent *entry = files_list(listing.fd, listing.index++);
    process_inside = true;
    return entry;
}

WRAP(int, closedir, DIR *list)
{
    if (!process_inside) return __real_closedir(list);
    process_inside = false;
    return (int)back(files_close(listing.fd));
}

/* Of /proc and /sys: there are none. */
WRAP(FILE *, fopen64, const char *path, const char *mode)
{
    if (!process_inside) return __real_fopen64(path, mode);
    errno = ENOENT;
    return NULL;
}

/* ---- memory ---- */

WRAP(void *, calloc, size_t count, size_t size)
{
    if (!process_inside) return __real_calloc(count, size);
    process_inside = false;
    void *memory = process_calloc(count, size);
    process_inside = true;
    if (memory == NULL) errno = ENOMEM;
    return memory;
}

WRAP(void, free, void *memory)
{
    if (!process_inside) {
        __real_free(memory);
        return;
    }
    process_inside = false;
    process_free(memory);
    process_inside = true;
}

WRAP(void *, mmap64, void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (!process_inside) return __real_mmap64(at, size, protection, flags, fd, offset);
    process_inside = false;
    void *memory = process_map(size);
    process_inside = true;
    if (memory == MAP_FAILED) errno = ENOMEM;
    return memory;
}

WRAP(int, munmap, void *memory, size_t size)
{
    if (!process_inside) return __real_munmap(memory, size);
    process_inside = false;
    return (int)back(process_unmap(memory));
}

/* Huge pages, and touching all of them now: nothing for a life of milliseconds. */
WRAP(int, madvise, void *memory, size_t size, int advice)
{
    return process_inside ? 0 : __real_madvise(memory, size, advice);
}

/* ---- time ---- */

WRAP(int, clock_gettime, clockid_t id, struct timespec *ret)
{
    if (!process_inside) return __real_clock_gettime(id, ret);
    uint64_t us = id == CLOCK_REALTIME ? sim_wall_ms() * 1000 : sim_now_us();
    ret->tv_sec = (time_t)(us / 1000000);
    ret->tv_nsec = (long)(us % 1000000) * 1000;
    return 0;
}

static void pause_us(uint64_t us)
{
    process_inside = false;
    sim_sleep(us);
    process_inside = true;
}

WRAP(int, nanosleep, const struct timespec *time, struct timespec *left)
{
    if (!process_inside) return __real_nanosleep(time, left);
    pause_us((uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_nsec / 1000);
    return 0;
}

WRAP(int, usleep, useconds_t us)
{
    if (!process_inside) return __real_usleep(us);
    pause_us(us);
    return 0;
}

/* ---- sockets and signals ---- */

static struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = 0x0100007F};
static struct addrinfo loopback_info = {.ai_family = AF_INET,
                                        .ai_socktype = SOCK_STREAM,
                                        .ai_addrlen = sizeof(loopback),
                                        .ai_addr = (struct sockaddr *)&loopback};

WRAP(int, getaddrinfo, const char *host, const char *port, const struct addrinfo *hints,
     struct addrinfo **ret)
{
    if (!process_inside) return __real_getaddrinfo(host, port, hints, ret);
    if (simple(SIM_CALL_MEMORY, "getaddrinfo") != 0) return EAI_MEMORY;
    *ret = &loopback_info;
    return 0;
}

WRAP(void, freeaddrinfo, struct addrinfo *info)
{
    if (!process_inside) __real_freeaddrinfo(info);
}

WRAP(int, getnameinfo, const struct sockaddr *address, socklen_t size, char *host,
     socklen_t host_size, char *port, socklen_t port_size, int flags)
{
    if (!process_inside) {
        return __real_getnameinfo(address, size, host, host_size, port, port_size, flags);
    }
    if (simple(SIM_CALL_SOCKET, "getnameinfo") != 0) return EAI_MEMORY;
    (void)snprintf(host, host_size, "127.0.0.1");
    (void)snprintf(port, port_size, "7272");
    return 0;
}

WRAP(int, getsockname, int fd, struct sockaddr *address, socklen_t *size)
{
    if (!process_inside) return __real_getsockname(fd, address, size);
    memcpy(address, &loopback, sizeof(loopback));
    *size = sizeof(loopback);
    return simple(SIM_CALL_SOCKET, "getsockname");
}

static int descriptor(enum fd_kind kind, const char *name)
{
    process_inside = false;
    int error = call_begin(SIM_CALL_SOCKET, name);
    return (int)back(error != 0 ? error : fd_take(kind));
}

WRAP(int, socket, int domain, int type, int protocol)
{
    if (!process_inside) return __real_socket(domain, type, protocol);
    return descriptor(FD_LISTENER, "socket");
}

WRAP(int, bind, int fd, const struct sockaddr *address, socklen_t size)
{
    return process_inside ? simple(SIM_CALL_SOCKET, "bind") : __real_bind(fd, address, size);
}

WRAP(int, listen, int fd, int backlog)
{
    if (!process_inside) return __real_listen(fd, backlog);
    process_inside = false;
    int error = call_begin(SIM_CALL_SOCKET, "listen");
    if (error == 0) net_listening(true);
    return (int)back(error);
}

/* There is no other server whose socket might be stale. */
WRAP(int, connect, int fd, const struct sockaddr *address, socklen_t size)
{
    if (!process_inside) return __real_connect(fd, address, size);
    errno = ENOENT;
    return -1;
}

WRAP(int, setsockopt, int fd, int level, int name, const void *value, socklen_t size)
{
    if (!process_inside) return __real_setsockopt(fd, level, name, value, size);
    process_inside = false;
    (void)fd_get(fd, "setsockopt");
    return (int)back(0);
}

WRAP(int, shutdown, int fd, int how)
{
    if (!process_inside) return __real_shutdown(fd, how);
    process_inside = false;
    const struct fd *f = fd_get(fd, "shutdown");
    if (f->kind == FD_LISTENER)
        ring_listener_shut(fd);
    else
        net_shutdown(f->link, how == SHUT_RDWR);
    return (int)back(0);
}

WRAP(ssize_t, recv, int fd, void *bytes, size_t size, int flags)
{
    bool more;
    if (!process_inside) return __real_recv(fd, bytes, size, flags);
    process_inside = false;
    return back(net_recv(fd_get(fd, "recv")->link, bytes, size, &more));
}

WRAP(ssize_t, send, int fd, const void *bytes, size_t size, int flags)
{
    if (!process_inside) return __real_send(fd, bytes, size, flags);
    process_inside = false;
    return back(net_send(fd_get(fd, "send")->link, bytes, size));
}

WRAP(int, signalfd, int fd, const sigset_t *set, int flags)
{
    if (!process_inside) return __real_signalfd(fd, set, flags);
    return descriptor(FD_SIGNAL, "signalfd");
}

WRAP(int, sigprocmask, int how, const sigset_t *set, sigset_t *old)
{
    return process_inside ? 0 : __real_sigprocmask(how, set, old);
}

typedef void (*handler)(int);
WRAP(handler, signal, int number, handler fn)
{
    return process_inside ? NULL : __real_signal(number, fn);
}

WRAP(mode_t, umask, mode_t mode)
{
    return process_inside ? 0 : __real_umask(mode);
}

WRAP(int, getrlimit64, __rlimit_resource_t what, struct rlimit *limit)
{
    if (!process_inside) return __real_getrlimit64(what, limit);
    limit->rlim_cur = limit->rlim_max = 1u << 20;
    return 0;
}

WRAP(int, setrlimit64, __rlimit_resource_t what, const struct rlimit *limit)
{
    return process_inside ? 0 : __real_setrlimit64(what, limit);
}

/* ---- output ---- */

static void print(const void *text, size_t size)
{
    process_inside = false;
    process_print(text, size);
    process_inside = true;
}

WRAP(int, vfprintf, FILE *file, const char *format, va_list args)
{
    char text[2048];
    if (!process_inside) return __real_vfprintf(file, format, args);
    int size = vsnprintf(text, sizeof(text), format, args);
    print(text, size < (int)sizeof(text) ? (size_t)size : sizeof(text) - 1);
    return size;
}

int __wrap_fprintf(FILE *file, const char *format, ...) __attribute__((format(printf, 2, 3)));
int __wrap_fprintf(FILE *file, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = __wrap_vfprintf(file, format, args);
    va_end(args);
    return size;
}

int __wrap_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int __wrap_printf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = __wrap_vfprintf(stdout, format, args);
    va_end(args);
    return size;
}

/* The process writes lines on stderr, and to nothing else this way. */
WRAP(ssize_t, write, int fd, const void *bytes, size_t size)
{
    if (!process_inside) return __real_write(fd, bytes, size);
    ASSERT(fd == STDERR_FILENO);
    print(bytes, size);
    return (ssize_t)size;
}

/* A process of the machine has one thread: it writes its lines itself. */
WRAP(int, pthread_create, pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
     void *owner)
{
    if (!process_inside) return __real_pthread_create(thread, attributes, run, owner);
    return EAGAIN;
}

/* Of a socket it asks whether the other end is there. */
WRAP(int, poll, struct pollfd *fds, nfds_t count, int timeout_ms)
{
    if (!process_inside) return __real_poll(fds, count, timeout_ms);
    ASSERT(count == 1 && timeout_ms == 0);
    process_inside = false;
    fds[0].revents = net_poll(fd_get(fds[0].fd, "poll")->link);
    process_inside = true;
    return fds[0].revents != 0;
}

WRAP(size_t, fwrite, const void *bytes, size_t size, size_t count, FILE *file)
{
    if (!process_inside) return __real_fwrite(bytes, size, count, file);
    print(bytes, size * count);
    return count;
}

WRAP(int, fputs, const char *text, FILE *file)
{
    if (!process_inside) return __real_fputs(text, file);
    print(text, strlen(text));
    return 1;
}

WRAP(int, puts, const char *text)
{
    if (!process_inside) return __real_puts(text);
    print(text, strlen(text));
    print("\n", 1);
    return 1;
}

WRAP(int, fputc, int c, FILE *file)
{
    char text = (char)c;
    if (!process_inside) return __real_fputc(c, file);
    print(&text, 1);
    return c;
}

WRAP(int, fflush, FILE *file)
{
    return process_inside ? 0 : __real_fflush(file);
}

/* ---- ends ---- */

_Noreturn void __real__exit(int code);
_Noreturn void __wrap__exit(int code);
_Noreturn void __wrap__exit(int code)
{
    if (process_inside) process_end(SIM_EXITED, code, "");
    __real__exit(code);
}

_Noreturn void __real_gj_assert_fail(const char *condition, const char *file, int line,
                                     const char *function);
_Noreturn void __wrap_gj_assert_fail(const char *condition, const char *file, int line,
                                     const char *function);
_Noreturn void __wrap_gj_assert_fail(const char *condition, const char *file, int line,
                                     const char *function)
{
    char text[160];
    if (!process_inside) __real_gj_assert_fail(condition, file, line, function);
    (void)snprintf(text, sizeof(text), "%s (%s:%d, %s)", condition, file, line, function);
    process_end(SIM_ASSERTED, 70, text);
}

/* Recovery reads in the one thread there is. */
bool __real_log_recover(const struct log_options *options, const struct log_redo *redo,
                        struct log_recovered *ret);
bool __wrap_log_recover(const struct log_options *options, const struct log_redo *redo,
                        struct log_recovered *ret);
bool __wrap_log_recover(const struct log_options *options, const struct log_redo *redo,
                        struct log_recovered *ret)
{
    struct log_options ours = *options;
    ours.one_thread = true;
    return __real_log_recover(&ours, redo, ret);
}
