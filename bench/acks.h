/* bench/acks.h -- the file of acknowledged operations: what a server has promised to keep.
 *
 * The file begins with a struct acks_head. Behind it stands one struct ack per outcome received, in
 * the order of arrival, refusals too. Records are written out continuously (at most 1 MiB is in
 * memory), so they survive the server and outlive the generator. A partial record at the end (the
 * generator was killed) is ignored. Verifying asks get_op for each record in the order of the log.
 */
#ifndef BENCH_ACKS_H
#define BENCH_ACKS_H

#include <assert.h>

#include "clients/c/gongji.h"

#define ACKS_MAGIC "gongji acks 1\n"
struct acks_head {
    char magic[16]; /* ACKS_MAGIC, zero-padded */
    uint8_t reserved[32];
};
static_assert(sizeof(struct acks_head) == 48, "file format: as long as a record");

struct ack {
    uint64_t person;     /*  0 first person */
    struct gj_rid rid;   /*  8 */
    uint64_t seq;        /* 24 */
    int64_t amount;      /* 32 fen moved */
    uint32_t balance;    /* 40 low 32 bits of the reply's balance */
    uint8_t type;        /* 44 enum gj_op_type */
    uint8_t code;        /* 45 enum gj_code */
    uint8_t reserved[2]; /* 46 */
};
static_assert(sizeof(struct ack) == 48, "file format");

/* Whether a file that begins so is an acks file. */
bool acks_head_good(const struct acks_head *head);

struct acks;

/* Creates the file, or empties one that is an acks file already; NULL path = a file without a name
 * that goes with the process. NULL on failure, errno says why; EEXIST: a file that is something
 * else stands there, and it is left alone. */
struct acks *acks_create(const char *path);
/* Remembers an outcome. Write errors are kept for acks_flush. */
void acks_add(struct acks *acks, const struct gj_op *op, const struct gj_reply *reply);
/* Everything to the file system: 0, or -1 with errno of the first failure. */
int acks_flush(struct acks *acks);
uint64_t acks_count(const struct acks *acks);
/* The open file, for acks_verify. */
int acks_fd(const struct acks *acks);
void acks_close(struct acks *acks);

/* What the server's answer to get_op says about an acknowledgement. Every field is compared; of
 * the balance its low 32 bits, which is what the file keeps. `view` may be NULL without a payload.
 */
enum ack_state { ACK_VERIFIED, ACK_MISSING, ACK_DIFFERENT };
enum ack_state ack_compare(const struct ack *ack, const struct gj_answer *answer,
                           const struct gj_op_view *view);

struct acks_verdict {
    uint64_t acknowledged; /* records in the file */
    uint64_t verified;     /* there exactly once, with the same reply */
    uint64_t missing;      /* not there */
    uint64_t different;    /* there with another operation or reply */
    uint64_t repeated;     /* two acknowledgements claim one sequence number */
    uint64_t milliseconds; /* the check took */
    int signal;            /* ended it early; 0 = all were asked for */
    char first[160];       /* the first that is wrong, for a person; empty if none */
};

/* Asks the server for every record of the file, in the order of their sequence numbers. progress:
 * print a line a second to stderr. interrupt: bench/interrupt.h, -1 = none. 0 = all could be asked
 * (see the verdict), else a negative enum gj_error; `why` says what failed. Of the file:
 * GJ_E_ARGUMENT if it cannot be read, ACKS_FOREIGN if it is no acks file. */
#define ACKS_FOREIGN  (-100)
#define ACKS_WHY_SIZE 200
int acks_verify(int fd, const char *address, bool progress, int interrupt,
                struct acks_verdict *verdict, char why[ACKS_WHY_SIZE]);

#endif
