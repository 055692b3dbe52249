/* clients/c/gongji.h -- libgongji, the C client of gongjid: connect, send operations and reads,
 * decode the answers. C99 or later and C++11 or later; installed as <gongji/gongji.h>, built with
 * `cc app.c $(pkg-config --cflags --libs gongji)`.
 *
 *   struct gj_client *client;
 *   int error = gj_connect("127.0.0.1:7272", NULL, &client);
 *   if (error < 0) return fprintf(stderr, "%s\n", gj_error_text(error));
 *   struct gj_op op;
 *   struct gj_reply reply;
 *   gj_transfer(&op, gj_rid_new(client), 100, 101, 20000, GJ_SOURCE_PERSONAL, GJ_AUTH_FACE);
 *   error = gj_execute(client, &op, NULL, &reply, NULL);
 *   if (error < 0) fprintf(stderr, "%s\n", gj_client_error(client));
 *   else if (!gj_code_ok(reply.code)) fprintf(stderr, "%s\n", gj_code_text(reply.code));
 *   gj_close(client);
 *
 * Amounts are int64 fen (1/100 yuan). The structs of operations, replies and reads are those of the
 * protocol, byte for byte; little-endian machines only.
 *
 * Every function that talks to the server returns 0 or a negative enum gj_error. What the server
 * decided about an operation is in its reply: 0..3 executed; 26 OUTCOME_UNKNOWN: nobody
 * knows yet, see Retrying; everything else not (enum gj_code).
 *
 * Durability: a reply with an outcome (gj_code_is_outcome) is on the server's disk before it is
 * sent. Retrying: after a lost connection (GJ_E_CLOSED, GJ_E_TIMEOUT) or OUTCOME_UNKNOWN nobody
 * knows yet whether the operations without a reply were executed. Connect again and send the same
 * operations with THE SAME rids: what was executed answers with its stored reply and
 * GJ_REPLY_REPLAYED, what was not is executed now, nothing happens twice. Or ask without executing:
 * gj_get_op. Never mint a new rid for a retry. OVERLOADED and SHUTTING_DOWN: the same, a little
 * later.
 *
 * Threads: one client belongs to one thread at a time; different clients are independent. After a
 * fork only one of the two processes may go on with a client or a source of rids.
 * Signals: sending to a server that is gone raises no SIGPIPE. */
#ifndef GONGJI_H
#define GONGJI_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/format/codes.h"
#include "core/format/hello.h"
#include "core/format/limits.h"
#include "core/format/op.h"
#include "core/format/policy.h"
#include "core/format/read.h"
#include "core/format/reply.h"

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "gongji: the structs are those of the wire, which is little-endian"
#endif

/* ---- Errors ---------------------------------------------------------------------------------- */

/* X(NAME, number, "what happened and what to do") */
#define GJ_ERROR_MAP(X)                                                                            \
    X(ADDRESS, -1, "the address is neither HOST:PORT of a known host nor unix:PATH")               \
    X(CONNECT, -2, "cannot connect; is gongjid running there?")                                    \
    X(CLOSED, -3, "the connection is lost; connect again and retry with the same rids")            \
    X(PROTOCOL, -4, "the server's bytes make no sense; is this a gongjid?")                        \
    X(SERVER, -5, "the server answered with an error")                                             \
    X(TIMEOUT, -6, "no answer in time; connect again and retry with the same rids")                \
    X(ARGUMENT, -7, "an argument is outside its range")                                            \
    X(MEMORY, -8, "out of memory")                                                                 \
    X(AGAIN, -9, "not now: wait for the descriptor (non-blocking clients only)")                   \
    X(WINDOW, -10, "more unanswered than the server granted; receive some answers first")

enum gj_error {
#define X(name, number, text) GJ_E_##name = (number),
    GJ_ERROR_MAP(X)
#undef X
};

/* One line for people about a negative error (or "done" for 0). Static storage. */
const char *gj_error_text(int error);

/* ---- Connecting ------------------------------------------------------------------------------ */

struct gj_client;

struct gj_options {
    uint32_t window;     /* operations to have unanswered at once; 0 = 4 full batches */
    uint32_t timeout_ms; /* longest wait for connecting and for any byte of an answer; 0 = 30 s */
    bool nonblocking;    /* gj_send and gj_receive never wait (after the connection is made) */
    char *why;           /* where to say in one line why connecting failed; NULL = nowhere */
    size_t why_size;     /* of `why`, 192 are enough */
};

/* Connects to HOST:PORT or unix:PATH and says HELLO. `options` may be NULL. On success *client is
 * the caller's, to be ended with gj_close; on an error it is NULL, and options->why says what
 * happened with the system's or the server's own words. On GJ_E_SERVER the server refused the
 * HELLO. */
int gj_connect(const char *address, const struct gj_options *options, struct gj_client **client);

/* Like gj_connect over a connected stream socket, which the client then owns (also on errors). */
int gj_connect_fd(int fd, const struct gj_options *options, struct gj_client **client);

/* Closes the connection and frees the client; NULL is fine. Unanswered operations may or may not be
 * executed: see "Retrying". */
void gj_close(struct gj_client *client);

/* What the server said in its HELLO: granted window, largest batch, log time, rid low-water mark.
 */
const struct gj_hello_answer *gj_server(const struct gj_client *client);

/* One line about the last error of this client, with the system's or the server's own words. Valid
 * until the next call with this client. */
const char *gj_client_error(const struct gj_client *client);

/* What the server said, after GJ_E_SERVER: the code of its ERROR frame, or why it did not answer
 * gj_get_stats, gj_get_digest or gj_audit (that connection lives on). Else 0. */
uint8_t gj_client_server_code(const struct gj_client *client);

/* The socket, for poll or epoll. */
int gj_fd(const struct gj_client *client);

/* ---- Request ids ----------------------------------------------------------------------------- */

/* Mints rids in UUIDv7 layout, each greater than the one before it from the same source, also when
 * the clock is set back: 48 bits Unix milliseconds, 4 bits version 7, 12 high bits of a counter,
 * 2 bits variant, 20 low bits of the counter, 42 random bits of the source. Not thread-safe: one
 * source per thread; the random bits keep sources apart. Every client has a source of its own. */
struct gj_rid_source {
    uint64_t milliseconds; /* of the last rid */
    uint32_t counter;      /* of the last rid within its millisecond */
    uint64_t node;         /* 42 random bits */
};

/* seed = 0: random bits from the system; else exactly these (their low 42). */
void gj_rid_source_init(struct gj_rid_source *source, uint64_t seed);

/* The next rid. now_ms: Unix milliseconds by the caller's clock, below 2^48. */
struct gj_rid gj_rid_next(struct gj_rid_source *source, uint64_t now_ms);

/* The next rid of the client's own source, by the system's clock. */
struct gj_rid gj_rid_new(struct gj_client *client);

/* Unix milliseconds inside a rid. */
uint64_t gj_rid_milliseconds(const struct gj_rid *rid);

/* What is probably wrong with a rid that answered BAD_FIELD, RID_EXPIRED or RID_IN_FUTURE, from the
 * id alone: seconds instead of milliseconds, the layout of the old UUIDv7 drafts, a random UUID
 * (version 4), a generator or clock that is ahead or behind, and by how much. `now_ms` is the
 * caller's clock, Unix milliseconds. Writes one line to `text`, "" if nothing looks wrong; returns
 * it. */
#define GJ_RID_CAUSE_SIZE 128
const char *gj_rid_cause(const struct gj_rid *rid, uint64_t now_ms, char text[GJ_RID_CAUSE_SIZE]);

/* The rid of a message id of the public settlement interface: 30 characters, institution code 12
 * (0-9 A-Z), yyyyMMddHHmmss in Asia/Shanghai, serial number 4 (0-9). The same id always gives the
 * same rid and different ids different ones, so a resent message is recognised as such:
 *   bytes 0..5   Unix milliseconds of that second, big-endian
 *   bytes 6..15  (institution read as a base-36 number) * 10000 + serial, big-endian; always below
 *                2^76, so the place of a UUID's version is 0 and no minted rid can be the same
 * Returns GJ_E_ARGUMENT if the id has another form or names no existing second; `rid` is then
 * unchanged. `message_id` need not be zero-terminated. */
int gj_rid_from_message_id(const char *message_id, size_t length, struct gj_rid *rid);

/* "0192e4a1-5b3c-7000-8000-0123456789ab": 36 characters and a zero. */
#define GJ_RID_TEXT_SIZE 37
void gj_rid_format(const struct gj_rid *rid, char text[GJ_RID_TEXT_SIZE]);

/* Reads 32 hexadecimal digits, hyphens allowed anywhere between them, or a 30-character message id.
 * GJ_E_ARGUMENT if it is neither. */
int gj_rid_parse(const char *text, struct gj_rid *rid);

/* ---- Building operations --------------------------------------------------------------------- */
/* Each fills all 64 bytes of `op`, and of `ext` where it has one (the operation's extension line,
 * to be sent with it: gj_execute, gj_frame_add); set op->ref, op->actor or op->deadline_ms
 * afterwards if wanted. Nothing is checked here: the server answers BAD_FIELD or the rule's own
 * code. Which rules an operation has, in which order they are asked, whose policy decides and where
 * that rule comes from is in docs/OPERATIONS.md, section by section under the operation's name;
 * the fields are those of struct gj_op. Amounts are fen, regions their numbers, days those since
 * 1970-01-01 in Asia/Shanghai. */

/* ext: the region's names and policy (gj_policy_default fills the default policy); send it with the
 * operation. version 1..2^32-1 must grow; valid_from_ms 0 = now. */
void gj_set_region(struct gj_op *op, struct gj_rid rid, uint16_t region, uint32_t version,
                   uint64_t valid_from_ms);
/* Fills `ext` too, to be sent with the operation. code: at most 16 characters. flags:
 * GJ_FLAG_WALLET, GJ_FLAG_SUSPENDED. GJ_E_ARGUMENT if the code is too long. */
int gj_set_institution(struct gj_op *op, struct gj_institution_ext *ext, struct gj_rid rid,
                       uint64_t institution, uint16_t region, enum gj_institution_type type,
                       uint8_t scenario_mask, uint8_t flags, const char *code);
void gj_open_person(struct gj_op *op, struct gj_rid rid, uint64_t person, uint16_t region,
                    enum gj_insurance insurance, enum gj_status status, bool special);
/* The changes wanted; zero fields stay as they are. */
struct gj_person_update {
    uint8_t insurance;   /* enum gj_insurance or 0 */
    uint8_t status;      /* enum gj_status or 0 */
    bool special_given;  /* change the special-disease mark to `special` */
    bool special;        /* */
    bool phone_given;    /* hand in `phone_hash` */
    uint64_t phone_hash; /* */
    uint16_t changed_on; /* day the contact data changed, 0 = none */
};
void gj_update_person(struct gj_op *op, struct gj_rid rid, uint64_t person,
                      const struct gj_person_update *update);
void gj_confirm_wallet(struct gj_op *op, struct gj_rid rid, uint64_t person, uint16_t use_region,
                       uint64_t phone_hash, enum gj_auth auth);
/* cap: fen the member may draw a year, -1 = none. */
void gj_bind(struct gj_op *op, struct gj_rid rid, uint64_t payer, uint64_t member,
             enum gj_relation kind, int64_t cap, enum gj_auth auth);
void gj_unbind(struct gj_op *op, struct gj_rid rid, uint64_t payer, uint64_t member);
/* member 0 = all members of the payer. auth: asked as for gj_bind if the cap of any of them is
 * raised or removed; GJ_AUTH_NONE does for a lower one. */
void gj_set_cap(struct gj_op *op, struct gj_rid rid, uint64_t payer, uint64_t member, int64_t cap,
                enum gj_auth auth);
void gj_deposit(struct gj_op *op, struct gj_rid rid, uint64_t person, int64_t amount);
/* source: GJ_SOURCE_PERSONAL or GJ_SOURCE_WALLET. With GJ_REPLY_PENDING in the reply's flags
 * nothing has moved yet: the money is held until gj_accept, gj_return or its expiry
 * (gj_list_pending). */
void gj_transfer(struct gj_op *op, struct gj_rid rid, uint64_t payer, uint64_t payee,
                 int64_t amount, enum gj_source source, enum gj_auth auth);
/* sources: gj_sources(first, second, third). */
void gj_pay(struct gj_op *op, struct gj_rid rid, uint64_t patient, uint64_t institution,
            int64_t amount, enum gj_scenario scenario, uint8_t sources, bool partial,
            enum gj_auth auth);
/* Adds to a payment the owner of GJ_SOURCE_RELATIVE (0 = none) and the patient's own part of the
 * bill (0 = not given). Fills `ext`, to be sent with the operation. */
void gj_pay_details(struct gj_op *op, struct gj_pay_ext *ext, uint64_t relative,
                    int64_t personal_part);
/* 预结算: like gj_pay, but the money is only held: nothing is posted until it is captured, and what
 * is not captured or released in time is free again. */
void gj_hold(struct gj_op *op, struct gj_rid rid, uint64_t patient, uint64_t institution,
             int64_t amount, enum gj_scenario scenario, uint8_t sources, bool partial,
             enum gj_auth auth);
/* As gj_pay_details. timeout_s: seconds from log time until the hold expires; 0 = the longest that
 * the institution's region allows (hold_timeout_max_s), above it 105 HOLD_TIMEOUT_INVALID. */
void gj_hold_details(struct gj_op *op, struct gj_pay_ext *ext, uint64_t relative,
                     int64_t personal_part, uint32_t timeout_s);
void gj_pay_premium(struct gj_op *op, struct gj_rid rid, uint64_t payer, uint64_t beneficiary,
                    int64_t amount, uint16_t year, uint8_t product, enum gj_source source);
/* uses: enum gj_use bits, 0 = GJ_USE_PAY. */
void gj_suspend(struct gj_op *op, struct gj_rid rid, uint64_t person, uint8_t uses);
void gj_resume(struct gj_op *op, struct gj_rid rid, uint64_t person, uint8_t uses);
/* 使用地变更: the whole wallet moves to another region of use. */
void gj_change_region(struct gj_op *op, struct gj_rid rid, uint64_t person, uint16_t use_region,
                      enum gj_auth auth);
/* 销户. payout: GJ_PAYOUT_NONE is refused while there is money, GJ_PAYOUT_CASH pays it out.
 * (gj_close is another matter: it closes the connection.) */
void gj_close_person(struct gj_op *op, struct gj_rid rid, uint64_t person, enum gj_payout payout);

/* Operations on an earlier one, the original. It is named by its first person (here payer, patient
 * or person) and its rid (`original`); `rid` is the new operation's own and differs from it. An
 * original the server does not know is TRANSFER_NOT_FOUND, HOLD_NOT_FOUND or
 * ORIGINAL_NOT_FOUND; only gj_reverse takes it as well. Each of them can be retried like any other
 * operation, and a capture, a refund or an accepted transfer is an original in its turn. */

/* 接收: the payee takes a transfer that was answered with GJ_REPLY_PENDING. */
void gj_accept(struct gj_op *op, struct gj_original_ext *ext, struct gj_rid rid, uint64_t payer,
               struct gj_rid original, uint64_t payee);
/* 退回: a pending transfer goes back; by: the payee (declined) or the payer (cancelled). */
void gj_return(struct gj_op *op, struct gj_original_ext *ext, struct gj_rid rid, uint64_t payer,
               struct gj_rid original, uint64_t by);
/* 结算: pays `amount` out of a hold, again and again until it is used up, released, expired or
 * captured with `final`, which frees the rest. */
void gj_capture(struct gj_op *op, struct gj_original_ext *ext, struct gj_rid rid, uint64_t patient,
                struct gj_rid original, int64_t amount, bool final);
/* 撤销预结算: frees what is left of a hold. */
void gj_release(struct gj_op *op, struct gj_original_ext *ext, struct gj_rid rid, uint64_t patient,
                struct gj_rid original);
/* 退费: gives back part or all of a payment or capture, to the sources it came from, the last one
 * first; several refunds of one payment add up to at most what was paid. */
void gj_refund(struct gj_op *op, struct gj_original_ext *ext, struct gj_rid rid, uint64_t patient,
               struct gj_rid original, int64_t amount);
/* 冲正: undoes a deposit, transfer, payment, capture, refund or premium as a whole. For a request
 * whose fate the caller does not know: if it has not arrived, OK_TOMBSTONED, and should it still
 * arrive it is refused (RID_TOMBSTONED), so that afterwards it is certain not to be executed. */
void gj_reverse(struct gj_op *op, struct gj_original_ext *ext, struct gj_rid rid, uint64_t person,
                struct gj_rid original);

/* ---- One at a time, blocking ----------------------------------------------------------------- */
/* Only with a blocking client that has nothing unanswered (else GJ_E_ARGUMENT). */

/* Sends one operation with its op->ext_count extension lines at `ext` and waits for the reply.
 * sources (may be NULL) is zero if the reply has none. */
int gj_execute(struct gj_client *client, const struct gj_op *op, const void *ext,
               struct gj_reply *reply, struct gj_reply_sources *sources);

/* Sends one read with its extension lines and waits. The answer's payload goes to `payload`, zero
 * filled up to `capacity`; answer->code says whether there is one. A payload larger than `capacity`
 * is GJ_E_ARGUMENT. */
int gj_query(struct gj_client *client, const struct gj_read *read, const void *ext,
             struct gj_answer *answer, void *payload, size_t capacity);

/* Named reads. 0 = answered: *code is OK and `view` is filled, or says why not. */
int gj_get_person(struct gj_client *client, uint64_t person, struct gj_person_view *view,
                  uint8_t *code);
int gj_get_op(struct gj_client *client, uint64_t person, const struct gj_rid *rid,
              struct gj_op_view *view, uint8_t *code);
int gj_get_region(struct gj_client *client, uint16_t region, struct gj_region_view *view,
                  uint8_t *code);
/* GJ_E_ARGUMENT if a name does not fit. */
int gj_find_region(struct gj_client *client, const char *province, const char *name,
                   struct gj_region_view *view, uint8_t *code);
int gj_get_institution(struct gj_client *client, uint64_t institution,
                       struct gj_institution_view *view, uint8_t *code);
/* Lines posted to the institution's account on one day (days since 1970-01-01 in Asia/Shanghai):
 * today or one of the GJ_INSTITUTION_DAYS - 1 days before, else *code is 13 BAD_FIELD. */
int gj_get_institution_day(struct gj_client *client, uint64_t institution, uint16_t day,
                           struct gj_institution_day_view *view, uint8_t *code);
/* Open holds of a person, as patient or relative; and pending transfers from or to a person.
 * Earliest due first. `after` NULL = from the beginning, else the last entry of the page before (it
 * may lie in `page`). *count entries come to `page`, which has room for GJ_HOLDS_PAGE; fewer than
 * that were the last. Pages are separate reads: what ends or begins in between is not in the ones
 * already read. */
int gj_list_holds(struct gj_client *client, uint64_t person, const struct gj_hold_view *after,
                  struct gj_hold_view page[GJ_HOLDS_PAGE], uint32_t *count, uint8_t *code);
int gj_list_pending(struct gj_client *client, uint64_t person, const struct gj_hold_view *after,
                    struct gj_hold_view page[GJ_HOLDS_PAGE], uint32_t *count, uint8_t *code);
/* The institutions of a region in the order they were registered, a page at a time. after: the id
 * of the last one of the page before, 0 for the first page. *count entries come to `page`, which
 * has room for GJ_INSTITUTIONS_PAGE; 0 = there are no more. An institution that was moved to
 * another region between two pages cannot be gone on from: *code is then INST_NOT_FOUND. */
int gj_list_institutions(struct gj_client *client, uint16_t region, uint64_t after,
                         struct gj_institution_view page[GJ_INSTITUTIONS_PAGE], uint32_t *count,
                         uint8_t *code);
int gj_get_totals(struct gj_client *client, uint16_t region, struct gj_totals_view *view,
                  uint8_t *code);
int gj_get_stats(struct gj_client *client, struct gj_stats_view *view);
int gj_get_digest(struct gj_client *client, struct gj_digest_view *view);
/* view->broken is empty if every invariant holds. */
int gj_audit(struct gj_client *client, struct gj_audit_view *view);
/* What the operation would answer now; nothing is executed. */
int gj_dry_run(struct gj_client *client, const struct gj_op *op, const void *ext,
               struct gj_dry_run_view *view, uint8_t *code);
/* Sets the log time of a server started with --test-clock; *time_ms becomes the time in force. */
int gj_set_clock(struct gj_client *client, uint64_t *time_ms);

/* ---- Batches and pipelining ------------------------------------------------------------------ */

/* What a frame carries. */
enum gj_frame_type { GJ_FRAME_OPS = 2, GJ_FRAME_READS = 3 };

/* A request frame under construction, in the caller's memory. It may be sent again and again. */
struct gj_frame {
    unsigned char *bytes; /* header and body; the caller's */
    uint32_t capacity;    /* of bytes */
    uint32_t size;        /* used, with the header */
    uint32_t count;       /* operations or reads in it */
    uint8_t type;         /* enum gj_frame_type */
};

#define GJ_FRAME_HEADER_SIZE 16u
/* Memory for a frame of n operations (reads) and e extension lines in all. */
#define GJ_FRAME_SIZE(n, e) (GJ_FRAME_HEADER_SIZE + ((size_t)(n) + (e)) * GJ_RECORD_UNIT)

/* type: enum gj_frame_type. memory: 8-byte aligned, at least one header and one line. */
void gj_frame_init(struct gj_frame *frame, uint8_t type, void *memory, size_t capacity);
void gj_frame_clear(struct gj_frame *frame);
/* False if it does not fit (memory, GJ_BATCH_OPS_MAX) or the frame is of the other type. */
bool gj_frame_add(struct gj_frame *frame, const struct gj_op *op, const void *ext);
bool gj_frame_add_read(struct gj_frame *frame, const struct gj_read *read, const void *ext);

/* One answer frame. `body` lies in the client and is valid until the next gj_receive or gj_close.
 */
struct gj_answers {
    uint64_t tag;   /* of the request */
    uint8_t type;   /* enum gj_frame_type: what was asked */
    uint32_t count; /* replies or answers in it */
    uint32_t size;  /* bytes of body */
    const unsigned char *body;
    uint32_t at; /* cursor of gj_next_reply and gj_next_answer */
};

/* Sends a non-empty frame. Answers come in the order of sending, with the frame's tag. While a
 * blocking client waits for room to send, it takes in what the server answers, so two full pipes
 * cannot lock each other. A non-blocking client collects small frames (64 KiB of them) and
 * keeps what the socket did not take: call gj_flush after the last gj_send, and again when the
 * socket is writable; GJ_E_AGAIN means that the frame was not taken because too much waits.
 * GJ_E_WINDOW: the frame was not sent; GJ_E_ARGUMENT: empty, or above the server's batch_max. The
 * frame's memory is free again on return. After GJ_E_CLOSED answers that have already arrived can
 * still be received. */
int gj_send(struct gj_client *client, struct gj_frame *frame, uint64_t tag);

/* Non-blocking: writes what was collected or kept; 0 = all is out, GJ_E_AGAIN = not yet. */
int gj_flush(struct gj_client *client);

/* The next answer frame. Non-blocking: GJ_E_AGAIN if it is not complete yet. */
int gj_receive(struct gj_client *client, struct gj_answers *answers);

/* Operations and reads sent and not yet received. */
uint32_t gj_unanswered(const struct gj_client *client);

/* Steps through the replies to operations. False at the end. *sources is NULL if the reply has
 * none; both point into the answer. */
bool gj_next_reply(struct gj_answers *answers, const struct gj_reply **reply,
                   const struct gj_reply_sources **sources);
/* Steps through the answers to reads. *payload has (*answer)->size bytes. */
bool gj_next_answer(struct gj_answers *answers, const struct gj_answer **answer,
                    const void **payload);

/* Sends one frame and waits for its answer: gj_send and gj_receive in one. */
int gj_exchange(struct gj_client *client, struct gj_frame *frame, struct gj_answers *answers);

#endif
