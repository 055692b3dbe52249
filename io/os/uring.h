/* io/os/uring.h -- the server's ring: set-up with a clear refusal, tags, submission, and the disk
 * door over it. Threading: the ring belongs to the thread that calls uring_init(); completions
 * appear only inside uring_wait(). */
#ifndef IO_OS_URING_H
#define IO_OS_URING_H

#include <liburing.h>

#include "core/base/base.h"
#include "io/os/port.h"

/* Who a completion belongs to. In user_data: kind in the top byte; for connections the slot in the
 * next 24 bits and the slot's generation in the low 32, so that a late completion can never reach
 * the next user of the slot; for disk operations the address of the operation. */
enum uring_kind {
    URING_DISK = 1,
    URING_ACCEPT, /* low bits: listener index */
    URING_RECV,
    URING_SEND,
    URING_SIGNAL,
    URING_CANCEL,
};

struct uring {
    struct disk disk; /* first: the disk door finds its ring by it */
    struct io_uring ring;
    unsigned prepared;           /* entries since the last submission */
    uintptr_t fixed, fixed_size; /* registered buffer: writes from it need no page look-ups */
};

static inline uint64_t uring_tag(enum uring_kind kind, uint32_t slot, uint32_t generation)
{
    return (uint64_t)kind << 56 | (uint64_t)(slot & 0xFFFFFFu) << 32 | generation;
}
static inline enum uring_kind uring_tag_kind(uint64_t tag)
{
    return (enum uring_kind)(tag >> 56);
}
static inline uint32_t uring_tag_slot(uint64_t tag)
{
    return (uint32_t)(tag >> 32) & 0xFFFFFFu;
}
static inline uint32_t uring_tag_generation(uint64_t tag)
{
    return (uint32_t)tag;
}
static inline struct disk_op *uring_tag_disk(uint64_t tag)
{
    return (struct disk_op *)(uintptr_t)(tag & UINT64_C(0x00FFFFFFFFFFFFFF));
}

/* False with one line in `error` that says what the kernel lacks. */
NODISCARD bool uring_init(struct uring *u, char *error, size_t error_size);
void uring_close(struct uring *u);

/* Registers the memory disk operations use; without permission everything works unregistered. */
void uring_register_buffers(struct uring *u, void *base, size_t size);

/* A submission entry; submits what is queued if the ring is full. Never NULL. */
struct io_uring_sqe *uring_sqe(struct uring *u);

/* Submits and waits until a completion is there or `timeout_ms` passed (0: do not wait, -1: no
 * limit). False if the kernel failed in a way that cannot be retried; errno in `ret_error`. */
NODISCARD bool uring_wait(struct uring *u, int timeout_ms, int *ret_error);

#endif
