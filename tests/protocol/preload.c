/* tests/protocol/preload.c -- loaded before the libraries of a gongjid under test: memory that is
 * refused, and a wall clock that somebody sets.
 *
 *   REFUSE_MEMORY=N     the N-th request for memory of the process is refused, all others are not;
 *                       a line on stderr says when
 *   WALL_CLOCK=FILE     the first 8 bytes of FILE, a signed number of milliseconds, are added to
 *                       the wall clock whenever it is asked; the other clocks are as they are */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The C library's own, under the names that are not replaced here. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

static uint64_t refused_request;
static atomic_uint_fast64_t requests;
static const volatile int64_t *clock_offset_ms;

static bool is_refused(void)
{
    static const char said[] = "preload: refused\n";
    if (refused_request == 0 || atomic_fetch_add(&requests, 1) + 1 != refused_request) return false;
    (void)!write(STDERR_FILENO, said, sizeof(said) - 1);
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return is_refused() ? NULL : __libc_malloc(size);
}
void *calloc(size_t count, size_t size)
{
    return is_refused() ? NULL : __libc_calloc(count, size);
}
void *realloc(void *memory, size_t size)
{
    return is_refused() ? NULL : __libc_realloc(memory, size);
}
void *aligned_alloc(size_t alignment, size_t size)
{
    return is_refused() ? NULL : __libc_memalign(alignment, size);
}
int posix_memalign(void **memory, size_t alignment, size_t size)
{
    *memory = is_refused() ? NULL : __libc_memalign(alignment, size);
    return *memory == NULL ? ENOMEM : 0;
}

/* Whoever gave it, it came from here: also where the program is linked to another allocator. */
void free(void *memory)
{
    __libc_free(memory);
}

static void *map(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    long got = syscall(SYS_mmap, at, size, protection, flags, fd, offset);
    return (void *)got;
}
void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (is_refused()) return MAP_FAILED;
    return map(at, size, protection, flags, fd, offset);
}

int clock_gettime(clockid_t id, struct timespec *now)
{
    if (syscall(SYS_clock_gettime, id, now) != 0) return -1;
    if (id != CLOCK_REALTIME || clock_offset_ms == NULL) return 0;
    int64_t ms = now->tv_sec * 1000 + now->tv_nsec / 1000000 + *clock_offset_ms;
    now->tv_sec = ms / 1000;
    now->tv_nsec = ms % 1000 * 1000000;
    return 0;
}

__attribute__((constructor)) static void preload_begin(void)
{
    const char *file = getenv("WALL_CLOCK"), *number = getenv("REFUSE_MEMORY");
    if (file != NULL) {
        int fd = open(file, O_RDONLY);
        void *bytes = fd < 0 ? MAP_FAILED : map(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
        if (bytes == MAP_FAILED) abort();
        clock_offset_ms = bytes;
    }
    if (number != NULL) refused_request = strtoull(number, NULL, 10);
}
