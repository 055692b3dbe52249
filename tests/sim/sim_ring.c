/* tests/sim/sim_ring.c -- the server's ring, in place of io/os/uring.c: the arrays of a real ring
 * in plain memory, so that liburing's own functions work on them, and what the kernel would do. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#include "io/os/uring.h"
#include "tests/sim/sim_parts.h"

#define SQ_ENTRIES 256u
#define CQ_ENTRIES 2048u
#define OPERATIONS 256u

struct operation {
    bool used, waits; /* for the network or a signal */
    uint8_t opcode;
    uint32_t generation, link;
    int fd, error;
    void *bytes;
    uint32_t size;
    uint64_t user_data;
    struct drive_op drive;
};

static struct {
    struct uring *uring; /* the process's; NULL = none */
    bool resting;        /* the process waits for a completion */
    struct io_uring_sqe sqes[SQ_ENTRIES];
    struct io_uring_cqe cqes[CQ_ENTRIES];
    unsigned sq_head, sq_tail, sq_flags, cq_head, cq_tail, cq_flags;
    struct operation operations[OPERATIONS];
    uint32_t operation_end; /* from here on none was ever used */
    uint32_t generation;
    unsigned signals; /* sent and not read */
} ring;

void ring_reset(void)
{
    ring.uring = NULL;
    ring.resting = false;
    ring.sq_head = ring.sq_tail = ring.cq_head = ring.cq_tail = 0;
    ring.signals = 0;
    for (uint32_t i = 0; i < ring.operation_end; i++) ring.operations[i].used = false;
    ring.operation_end = 0;
}

/* ---- completions ---- */

static void post(struct operation *o, long res, uint32_t flags)
{
    if (ring.cq_tail - ring.cq_head >= CQ_ENTRIES)
        process_end(SIM_BROKEN, 0, "completions that nobody reaps");
    ring.cqes[ring.cq_tail % CQ_ENTRIES] =
        (struct io_uring_cqe){.user_data = o->user_data, .res = (int32_t)res, .flags = flags};
    ring.cq_tail++;
    world_trace(o->opcode, (uint64_t)res);
    if ((flags & IORING_CQE_F_MORE) == 0) o->used = false;
}

static void try_accept(struct operation *o)
{
    while (o->used && net_waiting()) {
        int fd = fd_take(FD_SOCKET);
        if (fd < 0) {
            post(o, fd, 0);
            return;
        }
        fd_get(fd, "accept")->link = net_accept();
        post(o, fd, IORING_CQE_F_MORE);
    }
}

static void try_signal(struct operation *o)
{
    struct signalfd_siginfo info;
    if (ring.signals == 0) return;
    ring.signals--;
    memset(&info, 0, sizeof(info));
    info.ssi_signo = SIGTERM;
    if (o->size != sizeof(info))
        process_end(SIM_BROKEN, 0, "a read of another size from the signals");
    memcpy(o->bytes, &info, sizeof(info));
    post(o, sizeof(info), 0);
}

static void try_operation(struct operation *o)
{
    bool more = false;
    long res;
    switch (o->opcode) {
    case IORING_OP_ACCEPT: try_accept(o); return;
    case IORING_OP_READ: try_signal(o); return;
    case IORING_OP_RECV:
        res = net_recv(o->link, o->bytes, o->size, &more);
        if (res != -EAGAIN) post(o, res, more ? IORING_CQE_F_SOCK_NONEMPTY : 0);
        return;
    default:
        res = net_send(o->link, o->bytes, o->size);
        if (res != -EAGAIN) post(o, res, 0);
        return;
    }
}

void ring_look(void)
{
    if (ring.uring == NULL) return;
    for (uint32_t i = 0; i < ring.operation_end; i++) {
        if (ring.operations[i].used && ring.operations[i].waits) try_operation(&ring.operations[i]);
    }
}

void ring_listener_shut(int fd)
{
    net_listening(false);
    for (uint32_t i = 0; i < ring.operation_end && ring.uring != NULL; i++) {
        struct operation *o = &ring.operations[i];
        if (o->used && o->opcode == IORING_OP_ACCEPT && o->fd == fd) post(o, -EINVAL, 0);
    }
}

void sim_terminate(void)
{
    ring.signals++;
    ring_look();
}

/* ---- submissions ---- */

static void disk_done(void *owner, uint64_t generation)
{
    struct operation *o = owner;
    if (!o->used || o->generation != generation) return;
    post(o, drive_end(&o->drive, o->error), 0);
}

static void disk_start(struct operation *o, const struct io_uring_sqe *sqe, enum drive_kind kind)
{
    static const struct {
        enum sim_calls call;
        const char *name;
    } calls[] = {[DRIVE_READ] = {SIM_CALL_READ, "ring read"},
                 [DRIVE_WRITE] = {SIM_CALL_WRITE, "ring write"},
                 [DRIVE_SYNC] = {SIM_CALL_SYNC, "ring sync"}};
    o->error = call_begin(calls[kind].call, calls[kind].name);
    const struct fd *f = fd_get(o->fd, calls[kind].name);
    if (f->kind == FD_DIRECTORY && kind != DRIVE_SYNC)
        process_end(SIM_BROKEN, 0, "a transfer on a directory");
    o->drive = (struct drive_op){.kind = kind,
                                 .inode = f->inode,
                                 .dsync = f->dsync,
                                 .direct = f->direct,
                                 .bytes = o->bytes,
                                 .size = kind == DRIVE_SYNC ? 0 : o->size,
                                 .offset = kind == DRIVE_SYNC ? 0 : sqe->off};
    if (((uintptr_t)o->drive.bytes | o->drive.size | o->drive.offset) % SIM_SECTOR != 0 &&
        f->direct && kind != DRIVE_SYNC)
        process_end(SIM_BROKEN, 0, "a direct transfer that is not aligned");
    if (kind == DRIVE_WRITE && o->error == 0)
        o->error = disk_allocate(f->inode, sqe->off + o->size);
    drive_begin(&o->drive);
    call_middle();
    if (sim_disk.hangs) return;
    uint64_t us = sim_disk.delay_us + sim_random_below(sim_disk.delay_spread_us);
    if (world_chance(sim_disk.slow)) us += sim_disk.slow_us;
    world_add(us, disk_done, o, o->generation);
}

static struct operation *operation_take(void)
{
    for (uint32_t i = 0; i < OPERATIONS; i++) {
        if (ring.operations[i].used) continue;
        if (i >= ring.operation_end) ring.operation_end = i + 1;
        return &ring.operations[i];
    }
    process_end(SIM_BROKEN, 0, "more operations on the ring than expected");
}

static void network_start(struct operation *o)
{
    const struct fd *f = fd_get(o->fd, "a call of the ring");
    bool fits = o->opcode == IORING_OP_ACCEPT ? f->kind == FD_LISTENER : f->kind == FD_SOCKET;
    if (o->opcode == IORING_OP_READ) fits = f->kind == FD_SIGNAL;
    if (!fits) process_end(SIM_BROKEN, 0, "a call of the ring on a descriptor of another kind");
    o->link = f->link;
    o->waits = true;
    try_operation(o);
}

static void cancel(struct operation *o, uint64_t user_data)
{
    long found = -ENOENT;
    for (uint32_t i = 0; i < ring.operation_end && found != 0; i++) {
        struct operation *other = &ring.operations[i];
        if (!other->used || !other->waits || other->user_data != user_data) continue;
        post(other, -ECANCELED, 0);
        found = 0;
    }
    post(o, found, 0);
}

static void start(const struct io_uring_sqe *sqe)
{
    struct operation *o = operation_take();
    if (sqe->flags != 0) process_end(SIM_BROKEN, 0, "an entry of the ring with flags");
    *o = (struct operation){.used = true,
                            .opcode = sqe->opcode,
                            .generation = ++ring.generation,
                            .fd = sqe->fd,
                            .bytes = (void *)(uintptr_t)sqe->addr,
                            .size = sqe->len,
                            .user_data = sqe->user_data};
    switch (sqe->opcode) {
    case IORING_OP_WRITE: disk_start(o, sqe, DRIVE_WRITE); return;
    case IORING_OP_FSYNC: disk_start(o, sqe, DRIVE_SYNC); return;
    case IORING_OP_READ:
        if (fd_get(sqe->fd, "ring read")->kind == FD_SIGNAL)
            network_start(o);
        else
            disk_start(o, sqe, DRIVE_READ);
        return;
    case IORING_OP_ACCEPT:
    case IORING_OP_RECV:
    case IORING_OP_SEND: network_start(o); return;
    case IORING_OP_ASYNC_CANCEL: cancel(o, sqe->addr); return;
    default: process_end(SIM_BROKEN, 0, "an operation of the ring that nobody knows");
    }
}

static void submit(void)
{
    struct io_uring_sq *sq = &ring.uring->ring.sq;
    while (sq->sqe_head != sq->sqe_tail) {
        struct io_uring_sqe sqe = sq->sqes[sq->sqe_head & sq->ring_mask];
        sq->sqe_head++;
        ring.sq_head = sq->sqe_head;
        start(&sqe);
    }
    ring.uring->prepared = 0;
}

/* ---- io/os/uring.h ---- */

static void disk_submit(struct disk *self, struct disk_op *op)
{
    struct io_uring_sqe *sqe = uring_sqe((struct uring *)self);
    switch (op->kind) {
    case DISK_WRITE: io_uring_prep_write(sqe, op->fd, op->buf, op->size, op->offset); break;
    case DISK_READ: io_uring_prep_read(sqe, op->fd, op->buf, op->size, op->offset); break;
    case DISK_SYNC: io_uring_prep_fsync(sqe, op->fd, IORING_FSYNC_DATASYNC); break;
    }
    io_uring_sqe_set_data64(sqe, (uint64_t)URING_DISK << 56 | (uint64_t)(uintptr_t)op);
}

static void submit_now(void)
{
    process_inside = false;
    submit();
    process_inside = true;
}

static void disk_kick(struct disk *self)
{
    (void)self; /* there is one ring */
    submit_now();
}

bool uring_init(struct uring *u, char *error, size_t error_size)
{
    process_inside = false;
    int rc = call_begin(SIM_CALL_RING, "io_uring_setup");
    process_inside = true;
    memset(u, 0, sizeof(*u));
    if (rc != 0) {
        (void)snprintf(error, error_size, "cannot set up io_uring (%s)", strerror(-rc));
        return false;
    }
    u->disk = (struct disk){.submit = disk_submit, .kick = disk_kick};
    struct io_uring_sq *sq = &u->ring.sq;
    struct io_uring_cq *cq = &u->ring.cq;
    sq->khead = &ring.sq_head;
    sq->ktail = &ring.sq_tail;
    sq->kflags = &ring.sq_flags;
    sq->sqes = ring.sqes;
    sq->ring_mask = SQ_ENTRIES - 1;
    sq->ring_entries = SQ_ENTRIES;
    cq->khead = &ring.cq_head;
    cq->ktail = &ring.cq_tail;
    cq->kflags = &ring.cq_flags;
    cq->cqes = ring.cqes;
    cq->ring_mask = CQ_ENTRIES - 1;
    cq->ring_entries = CQ_ENTRIES;
    ring.uring = u;
    return true;
}

void uring_close(struct uring *u)
{
    (void)u; /* what is in flight is taken back with the process */
    ring.uring = NULL;
}

void uring_register_buffers(struct uring *u, void *base, size_t size)
{
    u->fixed = (uintptr_t)base;
    u->fixed_size = size;
}

struct io_uring_sqe *uring_sqe(struct uring *u)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);
    if (sqe == NULL) submit_now();
    if (sqe == NULL) sqe = io_uring_get_sqe(&u->ring);
    ASSERT(sqe != NULL);
    u->prepared++;
    return sqe;
}

bool sim_resting(void)
{
    return ring.uring != NULL && ring.resting;
}

/* Lets the world go on until something completes. */
static void wait_for_completion(uint64_t until_us)
{
    while (ring.cq_head == ring.cq_tail) {
        uint64_t next = world_next_us();
        if (next == UINT64_MAX && until_us == UINT64_MAX)
            process_end(SIM_IDLE, 0, "it waits, and nothing will ever happen");
        if (next > until_us) {
            world_until(until_us);
            return;
        }
        world_until(next);
    }
}

bool uring_wait(struct uring *u, int timeout_ms, int *ret_error)
{
    process_inside = false;
    int rc = call_begin(SIM_CALL_RING, "io_uring_enter");
    if (rc == 0) {
        submit();
        uint64_t until_us =
            timeout_ms < 0 ? UINT64_MAX : sim_now_us() + (uint64_t)timeout_ms * 1000;
        ring.resting = true;
        wait_for_completion(until_us);
        ring.resting = false;
    }
    process_inside = true;
    *ret_error = -rc;
    return rc == 0;
}
