/* tests/sim/history.c -- requests and what was told about them. */
#include "tests/sim/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void history_begin(struct history *h, const struct log_bytes *log)
{
    h->log = log;
    h->request_count = h->told_count = h->payload_size = 0;
    h->order = h->shown_seq = h->shown_ms = 0;
    h->outcomes = h->refusals = h->answers = h->replays = 0;
    h->fault[0] = '\0';
}

void history_free(struct history *h)
{
    free(h->requests);
    free(h->told);
    free(h->payload);
    memset(h, 0, sizeof(*h));
}

static void *grown(void *memory, uint64_t *room, uint64_t needed, size_t each)
{
    if (needed <= *room) return memory;
    *room = 2 * needed + 64;
    memory = realloc(memory, *room * each);
    if (memory == NULL) abort();
    return memory;
}

uint32_t history_request(struct history *h, const struct generated *what)
{
    h->requests = grown(h->requests, &h->request_room, h->request_count + 1, sizeof(*h->requests));
    h->requests[h->request_count] = (struct history_request){.what = *what};
    return (uint32_t)h->request_count++;
}

bool history_same(const struct gj_op *a, const struct gj_op *b)
{
    if (memcmp(a, b, sizeof(*a)) != 0) return false;
    return memcmp(a + 1, b + 1, a->ext_count * sizeof(*a)) == 0;
}

/* A state that somebody is shown. */
static bool show(struct history *h, uint64_t seq, uint64_t time_ms)
{
    if (seq > h->log->record_count) {
        snprintf(h->fault, sizeof(h->fault),
                 "record %" PRIu64 " was shown, but the disk has confirmed only %" PRIu64, seq,
                 h->log->record_count);
        return false;
    }
    if (seq > h->shown_seq) h->shown_seq = seq;
    if (time_ms > h->shown_ms) h->shown_ms = time_ms;
    return true;
}

static struct history_told *tell(struct history *h, enum told_kind kind, uint64_t seq)
{
    h->told = grown(h->told, &h->told_room, h->told_count + 1, sizeof(*h->told));
    struct history_told *told = &h->told[h->told_count++];
    memset(told, 0, sizeof(*told));
    told->kind = kind;
    told->seq = seq;
    told->order = h->order++;
    return told;
}

bool history_reply(struct history *h, uint32_t request, uint64_t since,
                   const struct gj_reply *reply, const struct gj_reply_sources *sources,
                   const struct audit_refusal *about)
{
    bool outcome = gj_code_is_outcome(reply->code);
    bool replayed = (reply->flags & GJ_REPLY_REPLAYED) != 0;
    struct history_told *told =
        tell(h, outcome ? TOLD_OUTCOME : TOLD_REFUSAL, outcome ? reply->seq : UINT64_MAX);
    told->request = request;
    told->reply = *reply;
    if (sources != NULL) told->sources = *sources;
    told->about = *about;
    if (!outcome) {
        h->refusals++;
        return true;
    }
    h->outcomes++;
    h->replays += replayed;
    if (!replayed && reply->seq <= since) {
        snprintf(h->fault, sizeof(h->fault),
                 "record %" PRIu64 " was executed before it was sent, when record %" PRIu64
                 " was known",
                 reply->seq, since);
        return false;
    }
    return show(h, reply->seq, 0);
}

static bool not_before(struct history *h, uint64_t seq, uint64_t since)
{
    if (seq >= since) return true;
    snprintf(h->fault, sizeof(h->fault),
             "an answer shows record %" PRIu64 ", but record %" PRIu64
             " was known when the question was sent",
             seq, since);
    return false;
}

bool history_hello(struct history *h, uint64_t since, uint64_t seq)
{
    return not_before(h, seq, since) && show(h, seq, 0);
}

bool history_answer(struct history *h, const struct gj_read *read, uint64_t since,
                    const struct gj_answer *answer, const void *payload)
{
    struct history_told *told = tell(h, TOLD_ANSWER, answer->seq);
    told->time_ms = answer->time_ms;
    told->read = *read;
    told->answer = *answer;
    h->payload = grown(h->payload, &h->payload_room,
                       h->payload_size + answer->size + HISTORY_PAYLOAD_MIN, 1);
    told->payload = h->payload_size;
    memset(h->payload + h->payload_size, 0, answer->size + HISTORY_PAYLOAD_MIN);
    if (answer->size != 0) memcpy(h->payload + h->payload_size, payload, answer->size);
    h->payload_size += answer->size + HISTORY_PAYLOAD_MIN;
    h->answers++;
    return not_before(h, answer->seq, since) && show(h, answer->seq, answer->time_ms);
}

/* By the state that is shown; what was shown by an outcome before what a read shows of it. */
static int by_state(const void *left, const void *right)
{
    const struct history_told *a = left, *b = right;
    if (a->seq != b->seq) return a->seq < b->seq ? -1 : 1;
    if (a->time_ms != b->time_ms) return a->time_ms < b->time_ms ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static bool audit_one(struct history *h, struct auditor *a, const struct history_told *told)
{
    const struct gj_op *op = &h->requests[told->request].what.op;
    switch (told->kind) {
    case TOLD_OUTCOME: return auditor_outcome(a, op, &told->reply, &told->sources);
    case TOLD_REFUSAL: return auditor_refusal(a, op, &told->reply, &told->about);
    default: return auditor_answer(a, &told->read, &told->answer, h->payload + told->payload);
    }
}

bool history_audit(struct history *h, struct auditor *a)
{
    if (h->shown_seq > a->log->record_count) {
        return audit_fault(a, "record %" PRIu64 " was shown and is gone: the log has %" PRIu64,
                           h->shown_seq, a->log->record_count);
    }
    if (h->told_count != 0) qsort(h->told, h->told_count, sizeof(*h->told), by_state);
    for (uint64_t i = 0; i < h->told_count; i++) {
        const struct history_told *told = &h->told[i];
        uint64_t upto = told->seq == UINT64_MAX ? a->log->record_count : told->seq;
        if (upto > a->records && !auditor_apply(a, upto)) return false;
        if (!audit_one(h, a, told)) return false;
    }
    h->told_count = 0;
    h->payload_size = 0;
    return auditor_apply(a, a->log->record_count);
}

bool history_covers(const struct history *h, struct auditor *a, uint64_t from)
{
    for (uint64_t i = from; i < a->log->record_count; i++) {
        const struct gj_op *op = log_bytes_op(a->log, i);
        bool asked = op->type == GJ_OP_EXPIRE;
        for (uint64_t j = 0; j < h->request_count && !asked; j++) {
            asked = history_same(&h->requests[j].what.op, op);
        }
        if (!asked) {
            return audit_fault(a, "record %" PRIu64 " (%s) is what nobody sent", i + 1,
                               gj_op_name(op->type));
        }
    }
    return true;
}
