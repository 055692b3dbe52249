/* bench/verify.c -- checking acknowledgements against the server, in the order of the log. */
#include "bench/generator.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/interrupt.h"
#include "bench/progress.h"

#define VERIFY_BATCH    1024u
#define VERIFY_INFLIGHT 8u
#define NOT_THERE       UINT32_MAX

struct verify {
    const struct ack *acks;
    uint32_t *order; /* record numbers by seq */
    uint64_t count;
    bool progress;
    int interrupt;
    struct acks_verdict *verdict;
};

static uint64_t now_ms(void)
{
    return bench_now_ns() / 1000000;
}

__attribute__((format(printf, 3, 4))) static void complain(struct verify *v, const struct ack *ack,
                                                           const char *format, ...)
{
    if (v->verdict->first[0] != 0) return;
    char rid[GJ_RID_TEXT_SIZE], what[64];
    gj_rid_format(&ack->rid, rid);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    (void)snprintf(v->verdict->first, sizeof(v->verdict->first),
                   "person %" PRIu64 " rid %s seq %" PRIu64 ": %s", ack->person, rid, ack->seq,
                   what);
}

static int compare_seq(const void *a, const void *b, void *context)
{
    const struct ack *acks = context;
    uint64_t x = acks[*(const uint32_t *)a].seq, y = acks[*(const uint32_t *)b].seq;
    return x < y ? -1 : x > y;
}

/* Sequence numbers are nearly dense: put every record at its place. Else sort. */
static int sort_by_seq(struct verify *v)
{
    uint64_t least = UINT64_MAX, most = 0;
    for (uint64_t i = 0; i < v->count; i++) {
        if (v->acks[i].seq < least) least = v->acks[i].seq;
        if (v->acks[i].seq > most) most = v->acks[i].seq;
    }
    /* A damaged file may hold any numbers, also 0 and 2^64-1. */
    bool dense = most - least < UINT32_MAX && (most - least) / 4 <= v->count;
    uint64_t range = dense ? most - least + 1 : v->count;
    v->order = malloc(range * sizeof(v->order[0]));
    if (v->order == NULL) return GJ_E_MEMORY;
    uint64_t kept = 0;
    if (dense) {
        memset(v->order, 0xFF, range * sizeof(v->order[0]));
        for (uint64_t i = 0; i < v->count; i++) {
            uint32_t *place = &v->order[v->acks[i].seq - least];
            if (*place != NOT_THERE) {
                v->verdict->repeated++;
                complain(v, &v->acks[i], "acknowledged twice");
            } else {
                *place = (uint32_t)i;
            }
        }
        for (uint64_t at = 0; at < range; at++)
            if (v->order[at] != NOT_THERE) v->order[kept++] = v->order[at];
    } else {
        for (uint64_t i = 0; i < v->count; i++) v->order[i] = (uint32_t)i;
        qsort_r(v->order, v->count, sizeof(v->order[0]), compare_seq, (void *)(uintptr_t)v->acks);
        for (uint64_t i = 0; i < v->count; i++) {
            if (kept > 0 && v->acks[v->order[i]].seq == v->acks[v->order[kept - 1]].seq) {
                v->verdict->repeated++;
                complain(v, &v->acks[v->order[i]], "acknowledged twice");
            } else {
                v->order[kept++] = v->order[i];
            }
        }
    }
    v->count = kept;
    return 0;
}

enum ack_state ack_compare(const struct ack *ack, const struct gj_answer *answer,
                           const struct gj_op_view *view)
{
    if (answer->code != GJ_OK || answer->size != sizeof(*view)) return ACK_MISSING;
    if (view->state != GJ_OP_STATE_EXECUTED && view->state != GJ_OP_STATE_REFUSED)
        return ACK_MISSING;
    bool same = view->reply.code == ack->code && view->reply.seq == ack->seq &&
                view->reply.amount == ack->amount &&
                (uint32_t)view->reply.balance == ack->balance && view->op.type == ack->type &&
                view->op.person == ack->person &&
                memcmp(&view->op.rid, &ack->rid, sizeof(ack->rid)) == 0 &&
                (view->state == GJ_OP_STATE_EXECUTED) == gj_code_ok(ack->code);
    return same ? ACK_VERIFIED : ACK_DIFFERENT;
}

static void complain_missing(struct verify *v, const struct ack *ack,
                             const struct gj_answer *answer, const struct gj_op_view *view)
{
    const char *name = gj_code_name(answer->code);
    if (answer->code == GJ_OK)
        complain(v, ack, "not there (state %u)", view == NULL ? 0u : view->state);
    else
        complain(v, ack, "get_op answers %s", name == NULL ? "?" : name);
}

static void check_one(struct verify *v, const struct ack *ack, const struct gj_answer *answer,
                      const struct gj_op_view *view)
{
    switch (ack_compare(ack, answer, view)) {
    case ACK_VERIFIED: v->verdict->verified++; return;
    case ACK_MISSING:
        v->verdict->missing++;
        complain_missing(v, ack, answer, view);
        return;
    case ACK_DIFFERENT:
        v->verdict->different++;
        complain(v, ack, "there as seq %" PRIu64 " code %u amount %" PRId64, view->reply.seq,
                 view->reply.code, view->reply.amount);
        return;
    }
}

/* Sends record numbers [at, at + VERIFY_BATCH) and returns how many. */
static int send_batch(struct verify *v, struct gj_client *client, struct gj_frame *frame,
                      uint64_t at, uint32_t batch)
{
    gj_frame_clear(frame);
    uint64_t end = at + batch < v->count ? at + batch : v->count;
    for (uint64_t i = at; i < end; i++) {
        const struct ack *ack = &v->acks[v->order[i]];
        struct gj_read read = {.type = GJ_READ_GET_OP, .id = ack->person, .rid = ack->rid};
        (void)gj_frame_add_read(frame, &read, NULL);
    }
    int error = gj_send(client, frame, at);
    return error < 0 ? error : (int)frame->count;
}

static int receive_batch(struct verify *v, struct gj_client *client)
{
    struct gj_answers answers;
    int error = gj_receive(client, &answers);
    if (error < 0) return error;
    const struct gj_answer *answer;
    const void *payload;
    for (uint64_t i = answers.tag; gj_next_answer(&answers, &answer, &payload); i++)
        check_one(v, &v->acks[v->order[i]], answer, payload);
    return 0;
}

static int ask_all(struct verify *v, struct gj_client *client)
{
    static _Alignas(8) unsigned char memory[GJ_FRAME_SIZE(VERIFY_BATCH, 0)];
    struct gj_frame frame;
    gj_frame_init(&frame, GJ_FRAME_READS, memory, sizeof(memory));
    const struct gj_hello_answer *server = gj_server(client);
    uint32_t batch = server->batch_max < VERIFY_BATCH ? server->batch_max : VERIFY_BATCH;
    if (server->window < batch) batch = server->window;
    uint32_t room = VERIFY_INFLIGHT * batch;
    if (server->window < room) room = server->window;
    struct progress shown = {.on = v->progress};
    uint64_t sent = 0, begin = now_ms();
    while ((sent < v->count && v->verdict->signal == 0) || gj_unanswered(client) > 0) {
        int result;
        bool more = sent < v->count && v->verdict->signal == 0;
        if (more && gj_unanswered(client) + batch <= room) {
            v->verdict->signal = interrupt_seen(v->interrupt);
            result = send_batch(v, client, &frame, sent, batch);
            if (result > 0) sent += (uint64_t)result;
        } else {
            result = receive_batch(v, client);
        }
        if (result < 0) return result;
        if (progress_due(&shown, bench_now_ns())) {
            uint64_t checked = sent - gj_unanswered(client);
            fprintf(stderr, "verify: %" PRIu64 " of %" PRIu64 " checked, %" PRIu64 "/s\n", checked,
                    v->count, checked * 1000 / (now_ms() - begin + 1));
        }
    }
    v->verdict->milliseconds = now_ms() - begin;
    return 0;
}

static int verify_mapped(struct verify *v, const char *address, char why[ACKS_WHY_SIZE])
{
    int error = sort_by_seq(v);
    if (error < 0) {
        (void)snprintf(why, ACKS_WHY_SIZE, "%s", gj_error_text(error));
        return error;
    }
    struct gj_client *client;
    char text[128];
    struct gj_options options = {
        .window = VERIFY_INFLIGHT * VERIFY_BATCH, .why = text, .why_size = sizeof(text)};
    error = gj_connect(address, &options, &client);
    if (error < 0) {
        (void)snprintf(why, ACKS_WHY_SIZE, "%.60s: %s", address, text);
        return error;
    }
    error = ask_all(v, client);
    if (error < 0) (void)snprintf(why, ACKS_WHY_SIZE, "%s", gj_client_error(client));
    gj_close(client);
    return error;
}

int acks_verify(int fd, const char *address, bool progress, int interrupt,
                struct acks_verdict *verdict, char why[ACKS_WHY_SIZE])
{
    *verdict = (struct acks_verdict){.acknowledged = 0};
    why[0] = 0;
    struct stat status;
    if (fstat(fd, &status) != 0) {
        (void)snprintf(why, ACKS_WHY_SIZE, "acks: %s", strerror(errno));
        return GJ_E_ARGUMENT;
    }
    struct acks_head head;
    if (pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) || !acks_head_good(&head)) {
        (void)snprintf(why, ACKS_WHY_SIZE,
                       "no file of acknowledgements: `gongji bench --acks FILE` writes one");
        return ACKS_FOREIGN;
    }
    uint64_t lines = (uint64_t)status.st_size / sizeof(struct ack); /* the head is one too */
    struct verify v = {
        .count = lines - 1, .progress = progress, .interrupt = interrupt, .verdict = verdict};
    verdict->acknowledged = v.count;
    if (v.count == 0) return 0;
    if (v.count >= NOT_THERE) {
        (void)snprintf(why, ACKS_WHY_SIZE, "acks: more than 2^32 records in one file");
        return GJ_E_ARGUMENT;
    }
    size_t size = lines * sizeof(struct ack);
    void *mapped = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) {
        (void)snprintf(why, ACKS_WHY_SIZE, "acks: %s", strerror(errno));
        return GJ_E_ARGUMENT;
    }
    v.acks = (const struct ack *)mapped + 1;
    int error = verify_mapped(&v, address, why);
    free(v.order);
    (void)munmap(mapped, size);
    return error;
}
