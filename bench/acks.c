/* bench/acks.c -- appending acknowledgements to their file. */
#include "bench/acks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFERED ((1u << 20) / sizeof(struct ack))

struct acks {
    int fd;
    int error; /* errno of the first failed write */
    uint32_t used;
    uint64_t count;
    struct ack buffer[BUFFERED];
};

static int open_unnamed(void)
{
    const char *directory = getenv("TMPDIR");
    char path[512];
    int length = snprintf(path, sizeof(path), "%s/gongji-acks-XXXXXX",
                          directory != NULL && directory[0] != 0 ? directory : "/tmp");
    if (length < 0 || (size_t)length >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) (void)unlink(path);
    return fd;
}

/* Empty, an acks file of an earlier run, or no regular file: may be written to. */
static bool may_empty(int fd)
{
    struct stat status;
    struct acks_head head;
    if (fstat(fd, &status) != 0) return false;
    if (!S_ISREG(status.st_mode) || status.st_size == 0) return true;
    ssize_t size = pread(fd, &head, sizeof(head), 0);
    if (size == (ssize_t)sizeof(head) && acks_head_good(&head)) return true;
    errno = EEXIST;
    return false;
}

static int open_named(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) return fd;
    if (may_empty(fd) && (ftruncate(fd, 0) == 0 || errno == EINVAL)) return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static void put_bytes(struct acks *acks, const void *bytes, size_t rest)
{
    const char *at = bytes;
    while (rest > 0 && acks->error == 0) {
        ssize_t done = write(acks->fd, at, rest);
        if (done < 0 && errno != EINTR) acks->error = errno;
        if (done <= 0) continue;
        at += done;
        rest -= (size_t)done;
    }
}

struct acks *acks_create(const char *path)
{
    const struct acks_head head = {.magic = ACKS_MAGIC};
    struct acks *acks = calloc(1, sizeof(*acks));
    if (acks == NULL) return NULL;
    acks->fd = path == NULL ? open_unnamed() : open_named(path);
    if (acks->fd >= 0) {
        put_bytes(acks, &head, sizeof(head));
        return acks;
    }
    int saved = errno;
    free(acks);
    errno = saved;
    return NULL;
}

bool acks_head_good(const struct acks_head *head)
{
    const struct acks_head good = {.magic = ACKS_MAGIC};
    return memcmp(head, &good, sizeof(good)) == 0;
}

static void write_out(struct acks *acks)
{
    put_bytes(acks, acks->buffer, acks->used * sizeof(struct ack));
    acks->used = 0;
}

void acks_add(struct acks *acks, const struct gj_op *op, const struct gj_reply *reply)
{
    acks->buffer[acks->used++] = (struct ack){
        .person = op->person,
        .rid = op->rid,
        .seq = reply->seq,
        .amount = reply->amount,
        .balance = (uint32_t)reply->balance,
        .type = op->type,
        .code = reply->code,
    };
    acks->count++;
    if (acks->used == BUFFERED) write_out(acks);
}

int acks_flush(struct acks *acks)
{
    write_out(acks);
    if (acks->error == 0) return 0;
    errno = acks->error;
    return -1;
}

uint64_t acks_count(const struct acks *acks)
{
    return acks->count;
}

int acks_fd(const struct acks *acks)
{
    return acks->fd;
}

void acks_close(struct acks *acks)
{
    if (acks == NULL) return;
    close(acks->fd);
    free(acks);
}
