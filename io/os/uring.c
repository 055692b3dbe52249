/* io/os/uring.c -- ring set-up, waiting, and the disk door. */
#include "io/os/uring.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SQ_ENTRIES 4096u
#define CQ_ENTRIES 32768u

static void disk_submit(struct disk *self, struct disk_op *op)
{
    struct uring *u = (struct uring *)self;
    struct io_uring_sqe *sqe = uring_sqe(u);
    bool fixed = op->kind != DISK_SYNC && (uintptr_t)op->buf >= u->fixed &&
                 (uintptr_t)op->buf + op->size <= u->fixed + u->fixed_size;
    switch (op->kind) {
    case DISK_WRITE:
        if (fixed)
            io_uring_prep_write_fixed(sqe, op->fd, op->buf, op->size, op->offset, 0);
        else
            io_uring_prep_write(sqe, op->fd, op->buf, op->size, op->offset);
        break;
    case DISK_READ:
        if (fixed)
            io_uring_prep_read_fixed(sqe, op->fd, op->buf, op->size, op->offset, 0);
        else
            io_uring_prep_read(sqe, op->fd, op->buf, op->size, op->offset);
        break;
    case DISK_SYNC: io_uring_prep_fsync(sqe, op->fd, IORING_FSYNC_DATASYNC); break;
    default: UNREACHABLE("disk operation");
    }
    io_uring_sqe_set_data64(sqe, (uint64_t)URING_DISK << 56 | (uint64_t)(uintptr_t)op);
}

static void submit_now(struct uring *u)
{
    /* A failed submission leaves the entries queued: the next wait submits them again and reports
     * an error that does not go away. */
    if (u->prepared != 0 && io_uring_submit(&u->ring) >= 0) u->prepared = 0;
}

static void disk_kick(struct disk *self)
{
    submit_now((struct uring *)self);
}

static bool probe(struct uring *u, char *error, size_t error_size)
{
    static const struct {
        int opcode;
        const char *name;
    } wanted[] = {
        {IORING_OP_READ, "read"},           {IORING_OP_WRITE, "write"},
        {IORING_OP_FSYNC, "fsync"},         {IORING_OP_SEND, "send"},
        {IORING_OP_RECV, "recv"},           {IORING_OP_ACCEPT, "accept"},
        {IORING_OP_ASYNC_CANCEL, "cancel"},
    };
    struct io_uring_probe *p = io_uring_get_probe_ring(&u->ring);
    if (p == NULL) {
        snprintf(error, error_size, "cannot probe io_uring: out of memory");
        return false;
    }
    bool ok = true;
    for (size_t i = 0; i < ARRAY_COUNT(wanted) && ok; i++) {
        if (io_uring_opcode_supported(p, wanted[i].opcode)) continue;
        snprintf(error, error_size, "this kernel's io_uring has no %s; use Linux 6.1 or newer",
                 wanted[i].name);
        ok = false;
    }
    io_uring_free_probe(p);
    return ok;
}

bool uring_init(struct uring *u, char *error, size_t error_size)
{
    struct io_uring_params params;
    memset(u, 0, sizeof *u);
    memset(&params, 0, sizeof params);
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                   IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE;
    params.cq_entries = CQ_ENTRIES;
    u->disk = (struct disk){.submit = disk_submit, .kick = disk_kick};
    int rc = io_uring_queue_init_params(SQ_ENTRIES, &u->ring, &params);
    if (rc < 0) {
        const char *hint = "";
        if (rc == -EINVAL) hint = ": it needs Linux 6.1 or newer";
        if (rc == -EPERM) hint = ": it is switched off here (kernel.io_uring_disabled or seccomp)";
        if (rc == -ENOSYS) hint = ": this kernel has none, or the container forbids it";
        if (rc == -ENOMEM) hint = ": raise the locked-memory limit (ulimit -l)";
        snprintf(error, error_size, "cannot set up io_uring (%s)%s", strerror(-rc), hint);
        return false;
    }
    if ((params.features & (IORING_FEAT_EXT_ARG | IORING_FEAT_NODROP)) !=
        (IORING_FEAT_EXT_ARG | IORING_FEAT_NODROP)) {
        snprintf(error, error_size, "this kernel's io_uring is too old; use Linux 6.1 or newer");
        io_uring_queue_exit(&u->ring);
        return false;
    }
    if (!probe(u, error, error_size)) {
        io_uring_queue_exit(&u->ring);
        return false;
    }
    (void)io_uring_register_ring_fd(&u->ring); /* saves a look-up per call; works without */
    return true;
}

void uring_close(struct uring *u)
{
    io_uring_queue_exit(&u->ring);
}

void uring_register_buffers(struct uring *u, void *base, size_t size)
{
    struct iovec buffer = {.iov_base = base, .iov_len = size};
    if (io_uring_register_buffers(&u->ring, &buffer, 1) != 0) return;
    u->fixed = (uintptr_t)base;
    u->fixed_size = size;
}

struct io_uring_sqe *uring_sqe(struct uring *u)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);
    while (sqe == NULL) {
        submit_now(u);
        sqe = io_uring_get_sqe(&u->ring);
    }
    u->prepared++;
    return sqe;
}

bool uring_wait(struct uring *u, int timeout_ms, int *ret_error)
{
    int rc;
    if (timeout_ms == 0) {
        rc = io_uring_submit_and_get_events(&u->ring);
    } else if (timeout_ms < 0) {
        rc = io_uring_submit_and_wait(&u->ring, 1);
    } else {
        struct __kernel_timespec ts = {
            .tv_sec = timeout_ms / 1000,
            .tv_nsec = (long long)(timeout_ms % 1000) * 1000000,
        };
        struct io_uring_cqe *cqe;
        rc = io_uring_submit_and_wait_timeout(&u->ring, &cqe, 1, &ts, NULL);
    }
    if (rc >= 0) u->prepared = 0;
    /* EBUSY: completions wait in the kernel's backlog; the caller reaps and comes again. */
    if (rc >= 0 || rc == -ETIME || rc == -EINTR || rc == -EAGAIN || rc == -EBUSY) return true;
    *ret_error = -rc;
    return false;
}
