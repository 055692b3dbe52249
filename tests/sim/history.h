/* tests/sim/history.h -- what the clients asked for and what they were told, in the order it
 * happened, until the auditor has looked at it.
 *
 * Two things are judged at once, because they must hold at every moment: an answer may not show a
 * record that the disk has not confirmed, and nobody may be shown less than somebody was before the
 * question was sent. The rest waits for history_audit(), which puts what was told in the order of
 * the states it shows. */
#ifndef TESTS_SIM_HISTORY_H
#define TESTS_SIM_HISTORY_H

#include "cli/model/generator.h"
#include "tests/sim/auditor.h"

#define HISTORY_PAYLOAD_MIN 512u /* bytes of every payload can be read, zero behind its end */

/* One request of a client, however often it is sent. */
struct history_request {
    struct generated what;
    uint32_t flying; /* frames with it that are not answered */
    bool answered;   /* an outcome, or a refusal that will not change */
};

enum told_kind { TOLD_OUTCOME, TOLD_REFUSAL, TOLD_ANSWER };

struct history_told {
    enum told_kind kind;
    uint64_t seq, time_ms, order; /* what it shows; when it came */
    uint32_t request;             /* OUTCOME, REFUSAL */
    struct gj_reply reply;
    struct gj_reply_sources sources;
    struct audit_refusal about;
    struct gj_read read; /* ANSWER */
    struct gj_answer answer;
    uint64_t payload; /* offset */
};

struct history {
    const struct log_bytes *log; /* what the disk has confirmed */
    struct history_request *requests;
    uint64_t request_count, request_room;
    struct history_told *told; /* not audited yet */
    uint64_t told_count, told_room;
    uint8_t *payload;
    uint64_t payload_size, payload_room;
    uint64_t order;
    uint64_t shown_seq, shown_ms; /* the latest state that anybody was shown */
    uint64_t outcomes, refusals, answers, replays;
    char fault[256];
};

/* A new history; `h` is zero or was used before. The log is borrowed. */
void history_begin(struct history *h, const struct log_bytes *log);
void history_free(struct history *h);

uint32_t history_request(struct history *h, const struct generated *what);
/* True if it is the same operation under the same request id. */
bool history_same(const struct gj_op *a, const struct gj_op *b);

/* `since` is history.shown_seq when the frame was sent. False: a fault. */
bool history_reply(struct history *h, uint32_t request, uint64_t since,
                   const struct gj_reply *reply, const struct gj_reply_sources *sources,
                   const struct audit_refusal *about);
/* The state that a HELLO answer names. */
bool history_hello(struct history *h, uint64_t since, uint64_t seq);
bool history_answer(struct history *h, const struct gj_read *read, uint64_t since,
                    const struct gj_answer *answer, const void *payload);

/* Gives everything told so far to the auditor, and every record of its log. Nothing that shows an
 * earlier state may come later: no answer is on the way. False: a fault of the auditor. */
bool history_audit(struct history *h, struct auditor *a);

/* Every record that clients asked for was asked for by one of them, byte for byte. */
bool history_covers(const struct history *h, struct auditor *a, uint64_t from);

#endif
