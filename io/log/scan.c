/* io/log/scan.c -- forward reader of the log with one window of read-ahead. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/log/scan.h"

#define WINDOW_MAX (8u << 20)
#define PIECE_MAX  (1u << 20)
#define SMALL      LOG_BLOCK_SIZE
#define NONE       UINT64_MAX

/* Every segment is a whole number of windows, eight or more, so a window belongs to one segment;
 * and the largest group is a sixteenth of it, so a group lies in two windows at most. */
struct window {
    uint8_t *data;       /* a window's bytes, headroom before them */
    uint64_t number;     /* covers bytes number * window .. */
    uint64_t unreadable; /* first byte of them that could not be read, or NONE */
    bool wanted, ready;
};

struct log_scan {
    const struct log_files *files;
    uint64_t window;   /* bytes */
    uint64_t headroom; /* a group that began in the window before is carried here */
    uint8_t *memory;
    uint64_t windows_end;
    struct window windows[2]; /* window n is in windows[n % 2] */
    uint64_t current;
    uint64_t carried;    /* bytes in front of the current window's data */
    uint64_t unreadable; /* first byte so far, or NONE */
    bool stop;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
};

/* Reads what can be read; a bad block costs its own bytes only. Returns the first of them, relative
 * to `offset`, or NONE. */
static uint64_t read_piece(int fd, uint8_t *to, uint64_t offset, uint64_t size, uint64_t step)
{
    uint64_t bad = NONE;
    for (uint64_t at = 0; at < size; at += step) {
        uint64_t got = 0;
        while (got < step) {
            ssize_t n = pread(fd, to + at + got, step - got, (off_t)(offset + at + got));
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) break;
            got += (uint64_t)n;
        }
        if (got == step) continue;
        if (step > SMALL) {
            uint64_t in_step = read_piece(fd, to + at, offset + at, step, SMALL);
            if (bad == NONE && in_step != NONE) bad = at + in_step;
            continue;
        }
        memset(to + at + got, 0, step - got);
        if (bad == NONE) bad = at;
    }
    return bad;
}

static void fill(struct log_scan *scan, struct window *window)
{
    uint64_t position = window->number * scan->window;
    uint64_t piece = scan->window < PIECE_MAX ? scan->window : PIECE_MAX;
    uint64_t bad = read_piece(log_files_fd(scan->files, position), window->data,
                              log_files_offset(scan->files, position), scan->window, piece);
    window->unreadable = bad == NONE ? NONE : position + bad;
}

static void *reader(void *arg)
{
    struct log_scan *scan = arg;
    (void)pthread_mutex_lock(&scan->mutex);
    while (!scan->stop) {
        struct window *next = NULL;
        for (unsigned i = 0; i < 2; i++) {
            struct window *w = &scan->windows[i];
            if (w->wanted && !w->ready && (next == NULL || w->number < next->number)) next = w;
        }
        if (next == NULL) {
            (void)pthread_cond_wait(&scan->changed, &scan->mutex);
            continue;
        }
        (void)pthread_mutex_unlock(&scan->mutex);
        fill(scan, next);
        (void)pthread_mutex_lock(&scan->mutex);
        next->ready = true;
        (void)pthread_cond_broadcast(&scan->changed);
    }
    (void)pthread_mutex_unlock(&scan->mutex);
    return NULL;
}

static void want(struct log_scan *scan, uint64_t number)
{
    struct window *window = &scan->windows[number % 2];
    if (scan->files->one_thread) {
        window->number = number;
        window->ready = false;
        return;
    }
    (void)pthread_mutex_lock(&scan->mutex);
    window->number = number;
    window->ready = false;
    window->wanted = number < scan->windows_end;
    (void)pthread_cond_broadcast(&scan->changed);
    (void)pthread_mutex_unlock(&scan->mutex);
}

static void wait_ready(struct log_scan *scan, struct window *window)
{
    if (scan->files->one_thread) {
        if (!window->ready) fill(scan, window);
        window->ready = true;
        if (scan->unreadable == NONE) scan->unreadable = window->unreadable;
        return;
    }
    (void)pthread_mutex_lock(&scan->mutex);
    while (!window->ready) (void)pthread_cond_wait(&scan->changed, &scan->mutex);
    (void)pthread_mutex_unlock(&scan->mutex);
    if (scan->unreadable == NONE) scan->unreadable = window->unreadable;
}

static size_t memory_size(const struct log_scan *scan)
{
    return 2 * (size_t)(scan->headroom + scan->window);
}

static bool take_memory(struct log_scan *scan)
{
    const size_t size = memory_size(scan);
    scan->memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (scan->memory == MAP_FAILED) return false;
    (void)madvise(scan->memory, size, MADV_HUGEPAGE);
    scan->windows[0].data = scan->memory + scan->headroom;
    scan->windows[1].data = scan->memory + 2 * scan->headroom + scan->window;
    return true;
}

struct log_scan *log_scan_open(const struct log_files *files, uint64_t position)
{
    struct log_scan *scan = calloc(1, sizeof(*scan));
    if (scan == NULL) return NULL;
    scan->files = files;
    scan->window = files->sizes.segment / 8 < WINDOW_MAX ? files->sizes.segment / 8 : WINDOW_MAX;
    scan->headroom = files->sizes.group_max;
    if (!take_memory(scan)) {
        free(scan);
        return NULL;
    }
    scan->unreadable = NONE;
    scan->windows_end = log_files_end(files) / scan->window;
    scan->current = position / scan->window;
    (void)pthread_mutex_init(&scan->mutex, NULL);
    (void)pthread_cond_init(&scan->changed, NULL);
    int error = files->one_thread ? 0 : pthread_create(&scan->thread, NULL, reader, scan);
    if (error != 0) {
        (void)munmap(scan->memory, memory_size(scan));
        free(scan);
        errno = error;
        return NULL;
    }
    want(scan, scan->current);
    want(scan, scan->current + 1);
    if (scan->current < scan->windows_end) wait_ready(scan, &scan->windows[scan->current % 2]);
    return scan;
}

/* Goes to the next window, keeping the bytes from `position` on if they may continue there. */
static void advance(struct log_scan *scan, uint64_t position)
{
    struct window *old = &scan->windows[scan->current % 2];
    struct window *next = &scan->windows[(scan->current + 1) % 2];
    uint64_t end = (scan->current + 1) * scan->window;
    uint64_t carry = position < end ? end - position : 0;
    ASSERT(carry <= scan->headroom);
    scan->current++;
    if (scan->current >= scan->windows_end) return;
    wait_ready(scan, next);
    memcpy(next->data - carry, old->data + scan->window - carry, carry);
    scan->carried = carry;
    want(scan, scan->current + 1);
}

const uint8_t *log_scan_peek(struct log_scan *scan, uint64_t position, uint64_t size,
                             uint64_t *available)
{
    uint64_t left = scan->files->sizes.segment - log_files_offset(scan->files, position);
    ASSERT(size <= scan->headroom);
    if (size > left) size = left;
    while (scan->current < scan->windows_end &&
           (scan->current + 1) * scan->window < position + size) {
        advance(scan, position);
    }
    *available = 0;
    if (scan->current >= scan->windows_end) return NULL;
    const struct window *window = &scan->windows[scan->current % 2];
    uint64_t begin = scan->current * scan->window;
    ASSERT(position + scan->carried >= begin);
    *available = begin + scan->window - position;
    return position >= begin ? window->data + (position - begin)
                             : window->data - (begin - position);
}

bool log_scan_unreadable(const struct log_scan *scan, uint64_t *first)
{
    *first = scan->unreadable;
    return scan->unreadable != NONE;
}

void log_scan_close(struct log_scan *scan)
{
    if (!scan->files->one_thread) {
        (void)pthread_mutex_lock(&scan->mutex);
        scan->stop = true;
        (void)pthread_cond_broadcast(&scan->changed);
        (void)pthread_mutex_unlock(&scan->mutex);
        (void)pthread_join(scan->thread, NULL);
    }
    (void)pthread_cond_destroy(&scan->changed);
    (void)pthread_mutex_destroy(&scan->mutex);
    (void)munmap(scan->memory, memory_size(scan));
    free(scan);
}
