/* io/os/disk_sync.c -- a disk door without a ring. */
#include <errno.h>
#include <unistd.h>

#include "io/os/disk_sync.h"

static void submit(struct disk *disk, struct disk_op *op)
{
    struct disk_sync *self = (struct disk_sync *)disk; /* its first member */
    ASSERT(self->count < DISK_SYNC_QUEUE);
    self->queue[(self->head + self->count) % DISK_SYNC_QUEUE] = op;
    self->count++;
}

static void kick(struct disk *disk)
{
    (void)disk; /* done() may not run inside: disk_sync_poll() does the work */
}

void disk_sync_init(struct disk_sync *self)
{
    *self = (struct disk_sync){.disk = {.submit = submit, .kick = kick}};
}

int32_t disk_sync_perform(const struct disk_op *op)
{
    ssize_t done = 0;
    do {
        switch (op->kind) {
        case DISK_WRITE: done = pwrite(op->fd, op->buf, op->size, (off_t)op->offset); break;
        case DISK_READ: done = pread(op->fd, op->buf, op->size, (off_t)op->offset); break;
        case DISK_SYNC: done = fdatasync(op->fd); break;
        }
    } while (done < 0 && errno == EINTR);
    return done < 0 ? -errno : (int32_t)done;
}

bool disk_sync_poll_one(struct disk_sync *self)
{
    if (self->count == 0) return false;
    struct disk_op *op = self->queue[self->head];
    self->head = (self->head + 1) % DISK_SYNC_QUEUE;
    self->count--;
    op->res = disk_sync_perform(op);
    op->done(op);
    return true;
}

uint32_t disk_sync_poll(struct disk_sync *self, uint32_t limit)
{
    uint32_t ran = 0;
    while (ran < limit && disk_sync_poll_one(self)) ran++;
    return ran;
}
