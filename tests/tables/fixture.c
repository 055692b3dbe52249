/* tests/tables/fixture.c -- builds the world, sends operations, checks what every row must keep. */
#include "tests/tables/fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint8_t fixture_reached[32][256];
static unsigned failures;

void fixture_check(bool cond, const char *text, const char *file, int line)
{
    if (cond) return;
    failures++;
    printf("    %s:%d: not so: %s\n", file, line, text);
}

void fixture_equal(int64_t got, int64_t want, const char *text, const char *file, int line)
{
    if (got == want) return;
    failures++;
    printf("    %s:%d: %s is %" PRId64 ", want %" PRId64 "\n", file, line, text, got, want);
}

unsigned fixture_failures(void)
{
    unsigned count = failures;
    failures = 0;
    return count;
}

uint64_t fixture_ms(unsigned year, unsigned month, unsigned day, unsigned minute)
{
    return calendar_ms(calendar_day_of(year, month, day)) + (uint64_t)minute * 60000u;
}

struct state_config fixture_config(void)
{
    return (struct state_config){.persons_max = 64,
                                 .families_max = 32,
                                 .institutions_max = 16,
                                 .holds_max = 4096,
                                 .rids_max = 1024,
                                 .rids_ahead_max = 64,
                                 .hash_seed = 42};
}

struct fixture *fixture_new_empty(const struct state_config *config, uint64_t log_lines_max)
{
    struct fixture *w = calloc(1, sizeof(*w));
    if (w == NULL) abort();
    w->shard = shard_memory_new(config, log_lines_max);
    if (w->shard == NULL) abort();
    w->s = w->shard->s;
    w->time_ms = NOW_MS;
    return w;
}

/* What decide() is given with `op` now: time, number, fetched records. */
static struct decide_input input_of(const struct fixture *w, const struct gj_op *op)
{
    struct decide_input in = {
        .time_ms = w->time_ms, .seq = state_seq(w->s) + 1, .read_only = w->read_only};
    for (;;) {
        struct needs need;
        needs(w->s, op, in.fetched, in.fetched_count, &need);
        if (need.count == in.fetched_count) return in;
        for (; in.fetched_count < need.count; in.fetched_count++) {
            uint64_t position = need.positions[in.fetched_count];
            in.fetched[in.fetched_count].position = position;
            in.fetched[in.fetched_count].record = w->shard->log + position * GJ_RECORD_UNIT;
        }
    }
}

/* The look-ahead may only save time: with its hint, and with the one of the operation before, the
 * decision is the same to the byte. `dry` asks without what is due in front, and foretells the
 * answer. */
static struct decision foretell(const struct fixture *w, const struct gj_op *op, bool dry)
{
    static struct op_hint hints[2];
    struct decide_input in = input_of(w, op);
    in.dry_run = dry;
    uint64_t record[GJ_RECORD_SIZE_MAX / 8], again[GJ_RECORD_SIZE_MAX / 8];
    struct decision plain, hinted;
    decide(w->s, op, &in, record, &plain);
    prefetch_index(w->s, op, &hints[1]);
    prefetch_records(w->s, op, &hints[1]);
    prefetch_families(w->s, op, &hints[1]);
    for (unsigned i = 0; i < ARRAY_COUNT(hints); i++) {
        in.hint = &hints[i];
        decide(w->s, op, &in, again, &hinted);
        bool same = hinted.kind == plain.kind && hinted.record_size == plain.record_size;
        if (plain.kind != DECISION_EXPIRE_FIRST) {
            same = same && memcmp(&hinted.reply, &plain.reply, sizeof(plain.reply)) == 0;
        }
        if (plain.record_size != 0) same = same && memcmp(again, record, plain.record_size) == 0;
        fixture_check(same, "a hint changes nothing", __FILE__, __LINE__);
    }
    if (plain.kind == DECISION_RECORD && !dry) prefetch_redo(w->s, record);
    hints[0] = hints[1];
    return plain;
}

/* Records in front of the last one may only say what expired. */
static unsigned count_expired(const struct fixture *w, uint64_t at, uint64_t until)
{
    unsigned expired = 0;
    while (at < until) {
        const uint8_t *record = w->shard->log + at * GJ_RECORD_UNIT;
        uint32_t size = record_size(record, (w->shard->lines - at) * GJ_RECORD_UNIT);
        fixture_check(size != 0, "record is whole", __FILE__, __LINE__);
        fixture_check(record_fits(w->s, record) == RECORD_FITS, "record fits", __FILE__, __LINE__);
        fixture_check(w->shard->times[at] == w->time_ms, "its time", __FILE__, __LINE__);
        fixture_check(record_op(record)->type == GJ_OP_EXPIRE, "in front is what expired", __FILE__,
                      __LINE__);
        if (size == 0) abort();
        at += size / GJ_RECORD_UNIT;
        expired++;
    }
    return expired;
}

uint8_t fixture_send(struct fixture *w, struct msg m)
{
    static const struct gj_rid zero;
    bool none = memcmp(&m.op.rid, &zero, sizeof(zero)) == 0;
    if (none) m.op.rid = fixture_rid(w->time_ms, ++w->rids);
    (void)foretell(w, &m.op, false);
    struct decision foretold = foretell(w, &m.op, true);
    fixture_check(foretold.kind != DECISION_EXPIRE_FIRST, "a dry run writes nothing", __FILE__,
                  __LINE__);

    w->shard->time_ms = w->time_ms;
    w->shard->read_only = w->read_only;
    uint64_t lines = w->shard->lines, position = 0;
    uint64_t low_water_ms = state_rid_low_water_ms(w->s);
    if (!shard_memory_room(w->shard)) abort();
    w->last.kind =
        shard_memory_execute(w->shard, &m.op, &w->last.reply, &w->last.sources, &position);
    w->expired = count_expired(w, lines, position != 0 ? position : w->shard->lines);
    fixture_check((position != 0) == (w->last.kind == DECISION_RECORD), "a record or none",
                  __FILE__, __LINE__);
    /* What was written down in front took entries of a window that is small. */
    if (w->expired != 0 && state_rid_low_water_ms(w->s) != low_water_ms) return w->last.reply.code;
    if (foretold.kind == DECISION_RECORD) foretold.reply.seq += w->expired;
    bool same = foretold.kind == w->last.kind &&
                memcmp(&foretold.reply, &w->last.reply, sizeof(foretold.reply)) == 0;
    if (same && foretold.reply.flags & GJ_REPLY_SOURCES) {
        same = memcmp(&foretold.sources, &w->last.sources, sizeof(foretold.sources)) == 0;
    }
    fixture_check(same, "the dry run foretold the answer", __FILE__, __LINE__);
    if (!same) {
        printf("    %s: dry run %s, then %s\n", gj_op_name(m.op.type),
               gj_code_name(foretold.reply.code), gj_code_name(w->last.reply.code));
    }
    return w->last.reply.code;
}

void fixture_do(struct fixture *w, struct msg m)
{
    uint8_t code = fixture_send(w, m);
    if (code <= GJ_OK_NOOP) return;
    failures++;
    printf("    preparing: %s answers %s\n", gj_op_name(m.op.type), gj_code_name(code));
}

void fixture_digest(const struct fixture *w, uint64_t digest[2])
{
    state_digest(w->s, digest);
}

/* A second world with the same past. */
static struct fixture *twin_of(const struct fixture *w)
{
    const struct shard_memory *from = w->shard;
    struct fixture *twin = fixture_new_empty(&from->config, from->lines_max);
    struct shard_memory *to = twin->shard;
    memcpy(to->log, from->log, from->lines * GJ_RECORD_UNIT);
    memcpy(to->times, from->times, from->lines * sizeof(from->times[0]));
    for (uint64_t at = 1; at < from->lines;) {
        const uint8_t *record = to->log + at * GJ_RECORD_UNIT;
        commit(to->s, record, at, to->times[at]);
        at += record_size(record, (from->lines - at) * GJ_RECORD_UNIT) / GJ_RECORD_UNIT;
    }
    to->lines = from->lines;
    state_raise_rid_low_water(to->s, state_rid_low_water_ms(from->s));
    twin->time_ms = w->time_ms;
    twin->rids = w->rids;
    return twin;
}

static void expire_all(struct fixture *w)
{
    w->shard->time_ms = w->time_ms;
    while (shard_memory_expire(w->shard, 7) != 0) continue;
    fixture_check(state_due_ms(w->s) > w->time_ms, "all that was due is written down", __FILE__,
                  __LINE__);
}

/* Reads of both worlds about everybody; log positions differ. */
static bool same_reads(const struct fixture *a, const struct fixture *b)
{
    for (uint32_t i = 0; i < a->s->persons_count; i++) {
        uint64_t id = a->s->persons[i].id;
        struct gj_person_view one = fixture_view(a, id), other = fixture_view(b, id);
        one.last_position = other.last_position = 0;
        if (memcmp(&one, &other, sizeof(one)) != 0) return false;
        for (uint8_t type = GJ_READ_LIST_HOLDS; type <= GJ_READ_LIST_PENDING; type++) {
            struct gj_read read = {.type = type, .id = id};
            static uint8_t list[GJ_HOLDS_PAGE * sizeof(struct gj_hold_view)];
            const void *payload;
            unsigned count, again;
            if (fixture_read(a, &read, &payload, &count) != GJ_OK) return false;
            size_t size = count * sizeof(struct gj_hold_view);
            memcpy(list, payload, size);
            if (fixture_read(b, &read, &payload, &again) != GJ_OK || again != count) return false;
            if (memcmp(list, payload, size) != 0) return false;
        }
    }
    return true;
}

/* The row's operation where all that is due was written down before. */
static struct fixture *swept_twin(const struct fixture *w)
{
    struct fixture *twin = twin_of(w);
    expire_all(twin);
    fixture_check(same_reads(w, twin), "reads take what is due for expired", __FILE__, __LINE__);
    return twin;
}

void fixture_row(struct fixture *w, uint8_t want, struct msg m, const char *file, int line)
{
    uint64_t before[2], after[2];
    struct fixture *twin = state_due_ms(w->s) <= w->time_ms ? swept_twin(w) : NULL;
    fixture_digest(twin != NULL ? twin : w, before);
    uint64_t seq = state_seq(w->s);
    uint8_t code = fixture_send(w, m);
    if (code != want) {
        failures++;
        printf("    %s:%d: %s answers %s, want %s\n", file, line, gj_op_name(m.op.type),
               gj_code_name(code), gj_code_name(want));
    }
    if (m.op.type < 32) fixture_reached[m.op.type][code] = 1;
    bool outcome = w->last.kind == DECISION_RECORD;
    fixture_check(outcome == (gj_code_is_outcome(code) && w->last.kind != DECISION_REPLAY) &&
                      state_seq(w->s) == seq + w->expired + (outcome ? 1 : 0),
                  "an outcome is logged, nothing else is", file, line);
    if (twin != NULL) {
        fixture_check(fixture_send(twin, m) == code &&
                          memcmp(&twin->last.sources, &w->last.sources, sizeof(w->last.sources)) ==
                              0 &&
                          twin->last.reply.amount == w->last.reply.amount &&
                          twin->last.reply.balance == w->last.reply.balance,
                      "the answer is the same after a sweep", file, line);
        uint64_t swept[2];
        expire_all(w);
        fixture_digest(w, after);
        fixture_digest(twin, swept);
        fixture_check(memcmp(after, swept, sizeof(after)) == 0,
                      "the state is the same after a sweep", file, line);
        fixture_end(twin);
    }
    if (code == GJ_OK || code == GJ_OK_PARTIAL) return;
    fixture_check(w->last.kind == DECISION_REPLAY ||
                      (w->last.reply.balance == 0 && w->last.reply.amount == 0),
                  "a refusal moves nothing", file, line);
    if (code == GJ_OK_TOMBSTONED) return;
    fixture_digest(w, after);
    fixture_check(before[0] == after[0] && before[1] == after[1], "a refusal changes nothing", file,
                  line);
}

void fixture_end(struct fixture *w)
{
    const char *broken = state_audit(w->s);
    fixture_check(broken == NULL, broken == NULL ? "audit" : broken, __FILE__, __LINE__);
    shard_memory_free(w->shard);
    free(w);
}

void fixture_forget(struct fixture *w, uint64_t low_water_ms)
{
    state_raise_rid_low_water(w->s, low_water_ms);
    w->forgot = true;
}

void fixture_close(struct fixture *w)
{
    bool same;
    if (w->forgot) { /* the records do not say that */
        struct fixture *twin = twin_of(w);
        uint64_t live[2], redone[2];
        fixture_digest(w, live);
        fixture_digest(twin, redone);
        same = memcmp(live, redone, sizeof(live)) == 0;
        fixture_end(twin);
    } else {
        same = shard_memory_redo(w->shard);
        w->s = w->shard->s;
    }
    fixture_check(same, "commit alone gives the same state", __FILE__, __LINE__);
    fixture_end(w);
}

const struct person *fixture_person(const struct fixture *w, uint64_t id)
{
    uint32_t slot = person_find(w->s, id);
    return slot == SLOT_NONE ? NULL : &w->s->persons[slot];
}

const struct person_cold *fixture_cold(const struct fixture *w, uint64_t id)
{
    uint32_t slot = person_find(w->s, id);
    return slot == SLOT_NONE ? NULL : &w->s->persons_cold[slot];
}

const struct institution *fixture_institution(const struct fixture *w, uint64_t id)
{
    uint32_t slot = institution_find(w->s, id);
    return slot == SLOT_NONE ? NULL : &w->s->institutions[slot];
}

int64_t fixture_draws(const struct fixture *w, uint64_t payer, uint64_t member)
{
    const struct person *p = fixture_person(w, payer);
    uint32_t slot = person_find(w->s, member);
    uint8_t i = member_index(w->s, p, slot);
    return i == MEMBER_NONE ? -1 : w->s->families[p->family].used[i];
}

uint8_t fixture_read(const struct fixture *w, const struct gj_read *read, const void **ret_payload,
                     unsigned *ret_count)
{
    static _Alignas(8) uint8_t out[GJ_READ_ANSWER_MAX];
    w->shard->time_ms = w->time_ms;
    uint32_t size = shard_memory_query(w->shard, read, out, sizeof(out));
    const struct gj_answer *answer = (const void *)out;
    fixture_check(size == sizeof(*answer) + answer->size && answer->type == read->type &&
                      answer->time_ms == w->time_ms && answer->seq == state_seq(w->s),
                  "the answer's header", __FILE__, __LINE__);
    *ret_payload = answer + 1;
    *ret_count = answer->count;
    return answer->code;
}

struct gj_person_view fixture_view(const struct fixture *w, uint64_t id)
{
    struct gj_read read = {.type = GJ_READ_GET_PERSON, .id = id};
    struct gj_person_view view = {.id = 0};
    const void *payload;
    unsigned count;
    if (fixture_read(w, &read, &payload, &count) == GJ_OK) memcpy(&view, payload, sizeof(view));
    return view;
}

struct gj_institution_day_view fixture_day(const struct fixture *w, uint64_t inst, uint16_t day)
{
    struct gj_read read = {.type = GJ_READ_INSTITUTION_DAY, .id = inst, .day = day};
    struct gj_institution_day_view view = {.id = 0};
    const void *payload;
    unsigned count;
    if (fixture_read(w, &read, &payload, &count) == GJ_OK) memcpy(&view, payload, sizeof(view));
    return view;
}

struct gj_op_view fixture_op(const struct fixture *w, uint64_t person, unsigned number)
{
    struct gj_read read = {.type = GJ_READ_GET_OP,
                           .id = person,
                           .rid = as((struct msg){.op = {.type = 0}}, number).op.rid};
    struct gj_op_view view = {.state = 0};
    const void *payload;
    unsigned count;
    if (fixture_read(w, &read, &payload, &count) == GJ_OK) memcpy(&view, payload, sizeof(view));
    return view;
}

struct fixture *fixture_new(void)
{
    struct state_config config = fixture_config();
    struct fixture *w = fixture_new_empty(&config, 16384);
    fixture_do(w, region_msg(1, 1, "山东省", "济南市"));
    fixture_do(w, region_msg(2, 1, "山东省", "青岛市"));
    fixture_do(w, region_msg(3, 1, "河北省", "石家庄市"));
    fixture_do(w, inst_msg(10, 1, GJ_HOSPITAL, 0x1F, GJ_FLAG_WALLET));
    fixture_do(w, inst_msg(11, 1, GJ_PHARMACY, 0x10, GJ_FLAG_WALLET));
    fixture_do(w, inst_msg(12, 1, GJ_HOSPITAL, 0x1F, 0));
    fixture_do(w, inst_msg(13, 3, GJ_HOSPITAL, 0x1F, GJ_FLAG_WALLET));
    fixture_do(w, inst_msg(14, 2, GJ_HOSPITAL, 0x1F, GJ_FLAG_WALLET));
    fixture_do(w, open_msg(100, 1, GJ_INSURANCE_EMPLOYEE));
    fixture_do(w, open_msg(101, 1, GJ_INSURANCE_RESIDENT));
    fixture_do(w, open_msg(102, 3, GJ_INSURANCE_RESIDENT));
    fixture_do(w, open_msg(103, 2, GJ_INSURANCE_EMPLOYEE));
    fixture_do(w, open_msg(104, 1, GJ_INSURANCE_EMPLOYEE));
    fixture_do(w, open_msg(105, 1, GJ_INSURANCE_RESIDENT));
    fixture_do(w, wallet_msg(100, 1));
    fixture_do(w, wallet_msg(101, 1));
    fixture_do(w, wallet_msg(102, 3));
    fixture_do(w, wallet_msg(103, 2));
    fixture_do(w, bind_msg(100, 101, GJ_PARENT, -1));
    fixture_do(w, bind_msg(100, 102, GJ_CHILD, 5000));
    fixture_do(w, bind_msg(103, 104, GJ_SPOUSE, -1));
    fixture_do(w, deposit_msg(100, 100000));
    fixture_do(w, deposit_msg(103, 50000));
    fixture_do(w, transfer_msg(100, 101, 20000, PERSONAL));
    return w;
}
