/* tests/log/test_log.c -- appending, group commit, durability order, failure, fetched records,
 * restart. */
#include "io/log/tool.h"
#include "io/os/log_clock.h"
#include "tests/log/fixture.h"

#include <sys/resource.h>

static bool same_digest(const struct state *s, const uint64_t want[2])
{
    uint64_t got[2];
    state_digest(s, got);
    return got[0] == want[0] && got[1] == want[1];
}

TEST(restart_gives_the_same_state)
{
    struct fixture w;
    fixture_init(&w);
    CHECK_EQ(fixture_start(&w), 0);
    CHECK(w.rec.fresh);
    CHECK_EQ(w.rec.generation, 1);
    fixture_poll(&w);
    CHECK_EQ(log_group_durable(w.log), 1);
    for (uint64_t g = 0; g < 5; g++) fixture_group(&w, g * 100, 100);
    fixture_seal(&w);
    uint64_t digest[2], seq = state_seq(w.state), end = w.log->end;
    state_digest(w.state, digest);
    log_stop(w.log);
    while (!log_quiet(w.log)) fixture_run(&w, 0);
    log_close(w.log);
    free(w.memory);
    w.time_ms += 1000;
    CHECK_EQ(fixture_start(&w), 0);
    CHECK(!w.rec.fresh);
    CHECK_EQ(w.rec.records, 500);
    CHECK_EQ(w.rec.groups, 7); /* START, 5, SEAL */
    CHECK_EQ(w.rec.bytes, end);
    CHECK_EQ(w.rec.cut_bytes, 0);
    CHECK_EQ(w.rec.generation, 2);
    CHECK_EQ(state_seq(w.state), seq);
    CHECK(same_digest(w.state, digest));
    fixture_poll(&w);
    fixture_group(&w, 1000, 1);
    CHECK_EQ(state_seq(w.state), seq + 1);
    fixture_die(&w);
    FILE *nowhere = fopen("/dev/null", "w");
    CHECK_EQ(log_verify(w.dir, nowhere, NULL), 0);
    (void)fclose(nowhere);
    fixture_remove(&w);
}

TEST(idle_marks_are_written_once)
{
    struct fixture w;
    fixture_init(&w);
    CHECK_EQ(fixture_start(&w), 0);
    CHECK(!log_quiet(w.log));
    log_seal(w.log); /* before START is durable: waits for it */
    CHECK_EQ(log_group_last(w.log), 1);
    fixture_poll(&w);
    CHECK_EQ(log_group_durable(w.log), 2);
    for (int i = 0; i < 5; i++) fixture_seal(&w);
    CHECK_EQ(log_group_last(w.log), 2);
    log_flush(w.log);
    CHECK_EQ(w.count, w.log->prealloc.busy ? 1 : 0);
    fixture_die(&w);
    fixture_remove(&w);
}

TEST(groups_are_pipelined_and_bounded)
{
    struct fixture w;
    fixture_init(&w);
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    uint64_t n = 0;
    for (uint32_t g = 0; g < LOG_IN_FLIGHT_MAX; g++) {
        CHECK(fixture_append(&w, n++) != 0);
        log_flush(w.log);
        CHECK_EQ(w.log->flying, g + 1);
    }
    CHECK(fixture_append(&w, n++) != 0);
    log_flush(w.log); /* no slot: stays open and grows */
    CHECK(fixture_append(&w, n++) != 0);
    CHECK_EQ(w.log->flying, LOG_IN_FLIGHT_MAX);
    CHECK_EQ(log_group_last(w.log), 2 + LOG_IN_FLIGHT_MAX);
    while (fixture_append(&w, n) != 0) n++; /* until both spare buffers are full */
    CHECK_EQ(w.log->flying, LOG_IN_FLIGHT_MAX);
    CHECK_EQ(log_group_durable(w.log), 1);
    fixture_poll(&w);
    CHECK_EQ(log_group_durable(w.log), log_group_last(w.log));
    CHECK(fixture_append(&w, n++) != 0);
    fixture_die(&w);
    fixture_remove(&w);
}

/* Beside a write a small group waits, and grows, until it is worth another one or the write is
 * done. */
TEST(small_groups_wait_for_the_write_before)
{
    struct fixture w;
    fixture_init(&w);
    w.deep_only_if_large = true;
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    CHECK_EQ(w.log->deep_from, 64u << 10);
    uint64_t n = 0;
    CHECK(fixture_append(&w, n++) != 0);
    log_flush(w.log);
    CHECK_EQ(w.log->flying, 1);          /* alone: at once, however small */
    for (uint32_t i = 0; i < 500; i++) { /* 62.5 KiB */
        CHECK(fixture_append(&w, n++) != 0);
        log_flush(w.log);
    }
    CHECK_EQ(w.log->flying, 1);
    for (uint32_t i = 0; i < 20; i++) CHECK(fixture_append(&w, n++) != 0);
    log_flush(w.log);
    CHECK_EQ(w.log->flying, 2);
    CHECK(fixture_append(&w, n++) != 0);
    log_flush(w.log);
    CHECK_EQ(w.log->flying, 2);
    CHECK_EQ(log_group_durable(w.log), 1);
    fixture_poll(&w); /* both are done, and the tick in which that happens takes the third */
    CHECK_EQ(log_group_durable(w.log), 3);
    log_flush(w.log);
    fixture_poll(&w);
    CHECK_EQ(log_group_durable(w.log), 4);
    CHECK_EQ(log_group_last(w.log), 4);
    CHECK(fixture_append(&w, n++) != 0);
    log_flush(w.log);
    CHECK(fixture_append(&w, n++) != 0);
    log_stop(w.log); /* nothing small is left behind at a stop */
    for (uint32_t i = 0; i < 4 && !log_quiet(w.log); i++) {
        while (w.count > 0) fixture_run(&w, 0);
        log_stop(w.log);
    }
    CHECK(log_quiet(w.log));
    fixture_die(&w);
    CHECK_EQ(fixture_recover(&w), 0);
    CHECK_EQ(w.rec.records, n);
    fixture_die(&w);
    fixture_remove(&w);
}

/* All zeros that may be written now. */
static void run_zeros(struct fixture *w)
{
    for (bool any = true; any;) {
        any = false;
        for (uint32_t i = 0; i < w->count && !any; i++) {
            if (w->queue[i] != &w->log->prealloc.op) continue;
            fixture_run(w, i);
            any = true;
        }
    }
}

static uint64_t zeroed(const struct fixture *w)
{
    return w->log->files.segments * (uint64_t)FIXTURE_SEGMENT + w->log->prealloc.offset;
}

/* Bytes zeroed beside a log that has `ready` bytes ahead and never rests: a group of 64 KiB is
 * always under way. */
static uint64_t zeroed_beside_a_busy_log(uint64_t ready, uint32_t groups)
{
    struct fixture w;
    fixture_init(&w);
    w.options.prealloc_bytes = 2 * (uint64_t)FIXTURE_SEGMENT;
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    uint64_t n = 0;
    CHECK(fixture_append(&w, n++) != 0);
    log_flush(w.log);
    run_zeros(&w); /* what was begun while it rested */
    w.log->end = 2 * (uint64_t)FIXTURE_SEGMENT - ready;
    w.log->prealloc.credit = 0;
    uint64_t before = zeroed(&w);
    for (uint32_t g = 0; g < groups; g++) {
        for (uint32_t i = 0; i < 510; i++) CHECK(fixture_append(&w, n++) != 0);
        log_flush(w.log);
        run_zeros(&w);
        if (w.log->flying > 1) fixture_run(&w, 0);
    }
    uint64_t after = zeroed(&w);
    fixture_die(&w);
    fixture_remove(&w);
    return after - before;
}

TEST(segments_ahead_leave_the_disk_to_the_log)
{
    enum { GROUPS = 40, WROTE = GROUPS * 64 << 10 };
    const uint64_t wanted = 2 * (uint64_t)FIXTURE_SEGMENT;
    uint64_t many = zeroed_beside_a_busy_log(wanted / 2 + (8 << 20), GROUPS);
    uint64_t few = zeroed_beside_a_busy_log(wanted / 2 - (8 << 20), GROUPS);
    uint64_t none = zeroed_beside_a_busy_log(wanted / 4 - (8 << 20), GROUPS);
    CHECK_EQ(many, 0);
    CHECK(few > WROTE && few <= 2 * WROTE + LOG_ZERO_CHUNK);
    CHECK(none > FIXTURE_SEGMENT / 2); /* the rest of the segment, at once */
}

TEST(only_the_contiguous_prefix_is_released)
{
    struct fixture w;
    fixture_init(&w);
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    for (uint64_t g = 0; g < 4; g++) {
        CHECK(fixture_append(&w, g) != 0);
        log_flush(w.log);
    }
    uint32_t first = w.queue[0] == &w.log->prealloc.op ? 1 : 0;
    fixture_run(&w, first + 3); /* group 5 */
    CHECK_EQ(log_group_durable(w.log), 1);
    fixture_run(&w, first + 1); /* group 3 */
    CHECK_EQ(log_group_durable(w.log), 1);
    fixture_run(&w, first); /* group 2 */
    CHECK_EQ(log_group_durable(w.log), 3);
    CHECK_EQ(log_group_durable(w.log), 3);
    fixture_run(&w, first); /* group 4 */
    CHECK_EQ(log_group_durable(w.log), 5);
    fixture_die(&w);
    fixture_remove(&w);
}

static void failing_write(uint64_t nth, int32_t res)
{
    struct fixture w;
    fixture_init(&w);
    w.fail_at = nth;
    w.fail_res = res;
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    for (uint64_t g = 0; g < 6 && !log_failed(w.log); g++) {
        for (uint64_t i = 0; i < 2 && fixture_append(&w, g * 2 + i) != 0; i++) log_flush(w.log);
        fixture_poll(&w);
    }
    CHECK(log_failed(w.log));
    CHECK_EQ(log_group_durable(w.log), nth - 1);
    CHECK(log_reserve(w.log, w.time_ms) == NULL);
    uint64_t writes = w.log_writes;
    log_flush(w.log);
    log_seal(w.log);
    fixture_poll(&w);
    CHECK_EQ(w.log_writes, writes); /* nothing is retried */
    CHECK_EQ(log_group_durable(w.log), nth - 1);
    fixture_die(&w);
    w.fail_at = 0;
    CHECK_EQ(fixture_start(&w), 0);
    CHECK(w.rec.groups >= nth - 1);
    fixture_die(&w);
    fixture_remove(&w);
}

TEST(failing_writes)
{
    for (uint64_t nth = 1; nth <= 6; nth++) failing_write(nth, -EIO);
    failing_write(3, 512);
    failing_write(3, 0);
    failing_write(4, -ENOSPC);
}

static int woken, failed;
static void on_done(struct log_waiter *waiter)
{
    woken++;
    if (waiter->failed) failed++;
}

TEST(fetched)
{
    struct fixture w;
    uint64_t positions[40];
    fixture_init(&w);
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    struct log_waiter waiter = {.done = on_done}, other = {.done = on_done};
    positions[0] = fixture_append(&w, 0);
    const void *record = log_fetch(w.log, positions[0], &waiter);
    CHECK(record != NULL && record_effect(record)->seq == 1);
    log_flush(w.log);
    fixture_poll(&w);
    for (uint64_t g = 1; g < 40; g++) {
        positions[g] = fixture_append(&w, g);
        log_flush(w.log);
        fixture_poll(&w);
    }
    woken = failed = 0;
    CHECK(log_fetch(w.log, positions[0], &waiter) == NULL);
    CHECK(log_fetch(w.log, positions[1], &other) == NULL); /* joins the same read */
    CHECK(!waiter.failed && w.log->cache.reading == 1);
    fixture_poll(&w);
    CHECK_EQ(woken, 2);
    for (uint64_t g = 0; g < 40; g++) {
        record = log_fetch(w.log, positions[g], &waiter);
        CHECK(record != NULL && record_effect(record)->seq == g + 1);
    }
    /* Groups written behind a cached chunk's validity make it read again. */
    for (uint64_t g = 40; g < 60; g++) fixture_group(&w, g, 1);
    uint64_t late = positions[39] + LOG_BLOCK_SIZE / GJ_RECORD_UNIT;
    if (log_fetch(w.log, late, &waiter) == NULL) fixture_poll(&w);
    record = log_fetch(w.log, late, &waiter);
    CHECK(record != NULL && record_effect(record)->seq == 41);
    fixture_die(&w);
    fixture_remove(&w);
}

/* Fetches its record when it is woken, as those do who must not lose it again. */
struct collector {
    struct log_waiter waiter;
    struct fixture *world;
    uint64_t position, seq;
};

static void collect(struct log_waiter *waiter)
{
    struct collector *self = waiter->owner;
    const void *record = log_fetch(self->world->log, self->position, waiter);
    CHECK(record != NULL);
    if (record != NULL) self->seq = record_effect(record)->seq;
}

/* More at once than the cache has chunks: whoever is woken has its record at that moment, whatever
 * the others read before it runs, and in the end everybody had it. */
TEST(records_for_more_than_the_cache_holds)
{
    enum { WAITERS = LOG_CHUNKS + 20, PER_CHUNK = LOG_CHUNK / 192 };
    static struct collector collectors[WAITERS];
    struct fixture w;
    fixture_init(&w);
    w.rids_max = 1 << 18;
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    for (uint64_t n = 0, i = 0; i < WAITERS; n++) {
        struct fixture_long_op op = fixture_long_op(n);
        uint64_t position = fixture_append_op(&w, &op.op);
        CHECK(position != 0);
        if (n % 1000 == 0) { /* what is not in flight can take no more */
            log_flush(w.log);
            fixture_poll(&w);
        }
        if (n % (PER_CHUNK + 1) != 0) continue;
        collectors[i] = (struct collector){.world = &w, .position = position, .seq = 0};
        collectors[i].waiter = (struct log_waiter){.done = collect, .owner = &collectors[i]};
        i++;
    }
    log_flush(w.log);
    fixture_poll(&w);
    for (uint64_t g = 0; g < LOG_SLOTS; g++) fixture_group(&w, UINT64_C(1) << 40 | g, 1);
    /* One read for each, and for those beyond the cache a place in the queue. */
    for (uint32_t i = 0; i < LOG_CHUNKS; i++) {
        CHECK(log_fetch(w.log, collectors[i].position, &collectors[i].waiter) == NULL);
    }
    CHECK_EQ(w.log->cache.reading, LOG_CHUNKS);
    struct log_waiter late = {.done = on_done};
    woken = failed = 0;
    CHECK(log_fetch(w.log, collectors[LOG_CHUNKS].position, &late) == NULL);
    fixture_poll(&w);
    CHECK_EQ(woken, 1);
    for (uint32_t i = LOG_CHUNKS; i < WAITERS; i++) {
        const void *record = log_fetch(w.log, collectors[i].position, &collectors[i].waiter);
        if (record != NULL) collectors[i].seq = record_effect(record)->seq; /* read ahead */
    }
    fixture_poll(&w);
    for (uint32_t i = 0; i < WAITERS; i++) CHECK_EQ(collectors[i].seq, 1 + i * (PER_CHUNK + 1));
    fixture_die(&w);
    fixture_remove(&w);
}

TEST(record_that_cannot_be_read)
{
    struct fixture w;
    fixture_init(&w);
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    uint64_t position = fixture_append(&w, 0);
    for (uint64_t g = 0; g < 10; g++) fixture_group(&w, 1 + g, 1);
    struct log_waiter waiter = {.done = on_done};
    woken = failed = 0;
    struct log_stats stats;
    CHECK(log_fetch(w.log, position, &waiter) == NULL);
    int null = open("/dev/null", O_RDWR);
    for (uint32_t i = 0; i < w.count; i++) {
        if (w.queue[i]->kind == DISK_READ) w.queue[i]->fd = null; /* reads nothing */
    }
    fixture_poll(&w);
    CHECK_EQ(woken, 1);
    CHECK_EQ(failed, 1);
    CHECK(!log_failed(w.log));
    (void)close(null);
    uint8_t junk[128];
    memset(junk, 0xff, sizeof(junk));
    fixture_poke(&w, position * GJ_RECORD_UNIT, junk, sizeof(junk));
    CHECK(log_fetch(w.log, position, &waiter) == NULL);
    fixture_poll(&w);
    CHECK_EQ(failed, 2);
    log_stats(w.log, &stats);
    CHECK_EQ(stats.damaged_reads, 1);
    fixture_die(&w);
    fixture_remove(&w);
}

/* True if the record at `position` comes back from the disk. */
static bool comes_back(struct fixture *w, uint64_t position)
{
    struct log_waiter waiter = {.done = on_done};
    failed = 0;
    for (uint32_t i = 0; i < LOG_CHUNKS; i++) w->log->cache.chunks[i].filled = false;
    if (log_fetch(w->log, position, &waiter) != NULL) return true;
    fixture_poll(w);
    if (failed != 0) return false;
    return log_fetch(w->log, position, &waiter) != NULL;
}

/* One bit of one record changed on the disk: the rid would no longer match and its retry would be
 * executed again, or an answer would not be the one first given. Before and after a restart, in
 * the last chunk and in older ones, and in records that cross from one chunk to the next. */
TEST(damaged_record_is_not_used)
{
    enum { RECORDS = 3000, SIZE = 192 };
    static uint64_t positions[RECORDS];
    struct fixture w;
    fixture_init(&w);
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    for (uint64_t n = 0; n < RECORDS; n++) {
        struct fixture_long_op op = fixture_long_op(n);
        positions[n] = fixture_append_op(&w, &op.op);
        CHECK(positions[n] != 0);
    }
    log_flush(w.log);
    fixture_poll(&w);
    for (uint64_t g = 0; g < LOG_SLOTS; g++) fixture_group(&w, RECORDS + g, 1);
    for (int start = 0; start < 2; start++) {
        uint32_t crossing = 0;
        for (uint64_t n = 0; n < RECORDS; n++) {
            uint64_t byte = positions[n] * GJ_RECORD_UNIT;
            bool crosses = byte / LOG_CHUNK != (byte + SIZE - 1) / LOG_CHUNK;
            if (!crosses && n % 500 != 3) continue;
            crossing += crosses;
            CHECK(comes_back(&w, positions[n]));
            for (uint32_t at = 0; at < SIZE; at += 63) {
                uint8_t good, bad;
                fixture_peek(&w, byte + at, &good, 1);
                bad = good ^ 0x10;
                fixture_poke(&w, byte + at, &bad, 1);
                CHECK(!comes_back(&w, positions[n]));
                fixture_poke(&w, byte + at, &good, 1);
            }
            CHECK(comes_back(&w, positions[n])); /* not remembered against it */
        }
        CHECK(crossing > 0);
        CHECK(!log_failed(w.log));
        fixture_die(&w);
        if (start == 1) break;
        CHECK_EQ(fixture_start(&w), 0);
        fixture_poll(&w);
    }
    fixture_remove(&w);
}

/* Rewrites every group of segment 0 as one of format 1: same bytes, another number, signed anew. */
static void make_format_1(struct fixture *w, const struct log_meta *meta, uint64_t end)
{
    static _Alignas(64) uint8_t bytes[LOG_GROUP_SIZE_MAX];
    char path[128];
    uint8_t before[16] = {0};
    for (uint64_t at = 0; at < end;) {
        struct log_group *group = (struct log_group *)bytes;
        fixture_peek(w, at, bytes, LOG_BLOCK_SIZE);
        uint64_t size = log_padded(group->size);
        fixture_peek(w, at, bytes, size);
        group->format_version = 1;
        memcpy(group->prev_checksum, before, sizeof(before));
        log_group_sign(group, meta->secret);
        memcpy(before, group->checksum, sizeof(before));
        fixture_poke(w, at, bytes, size);
        at += size;
    }
    struct log_meta older = *meta;
    older.format_version = 1;
    log_meta_sign(&older);
    fixture_path(w, "log.meta", path);
    int fd = open(path, O_WRONLY);
    ASSERT(fd >= 0 && pwrite(fd, &older, sizeof(older), 0) == (ssize_t)sizeof(older));
    (void)close(fd);
}

/* A log of the first format is redone and goes on in the present one, over several starts. */
TEST(format_1_goes_on)
{
    struct fixture w;
    uint64_t before[2], after[2];
    fixture_init(&w);
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    for (uint64_t g = 0; g < 5; g++) fixture_group(&w, 10 * g, 10);
    fixture_seal(&w);
    state_digest(w.state, before);
    struct log_meta meta = w.log->files.meta;
    uint64_t end = w.log->end;
    fixture_die(&w);
    make_format_1(&w, &meta, end);
    for (uint64_t start = 0; start < 3; start++) {
        CHECK_EQ(fixture_start(&w), 0);
        fixture_poll(&w);
        CHECK_EQ(w.rec.records, 50 + 10 * start);
        CHECK_EQ(w.log->files.meta.format_version, 1);
        struct log_group group;
        fixture_peek(&w, 0, &group, sizeof(group));
        CHECK_EQ(group.format_version, 1);
        fixture_peek(&w, w.log->end - LOG_BLOCK_SIZE, &group, sizeof(group));
        CHECK_EQ(group.format_version, LOG_FORMAT_VERSION);
        state_digest(w.state, after);
        if (start == 0) CHECK(before[0] == after[0] && before[1] == after[1]);
        fixture_group(&w, 100 + 10 * start, 10);
        fixture_die(&w);
    }
    fixture_remove(&w);
}

/* The records it depends on; they are still in memory. */
static void find_fetched(struct fixture *w, const struct gj_op *op, struct decide_input *in)
{
    static _Alignas(64) uint8_t records[NEEDS_MAX][GJ_RECORD_SIZE_MAX];
    struct log_waiter waiter = {0};
    struct needs n;
    for (;;) {
        needs(w->state, op, in->fetched, in->fetched_count, &n);
        if (n.count == in->fetched_count) return;
        for (uint32_t i = in->fetched_count; i < n.count; i++) {
            const void *record = log_fetch(w->log, n.positions[i], &waiter);
            ASSERT(record != NULL);
            memcpy(records[i], record, record_size(record, GJ_RECORD_SIZE_MAX));
            in->fetched[i] =
                (struct fetched_record){.position = n.positions[i], .record = records[i]};
        }
        in->fetched_count = n.count;
    }
}

/* An operation and its extension line. */
struct fixture_undo {
    struct gj_op op;
    struct gj_original_ext ext;
};

static void dump_step(struct fixture *w, struct gj_op op, const struct gj_op *original, uint64_t n)
{
    struct fixture_undo undo = {.op = op};
    struct gj_op numbered = fixture_op(n);
    undo.op.rid = numbered.rid;
    undo.op.person = 5;
    undo.op.ext_count = original != NULL;
    if (original != NULL) undo.ext.rid = original->rid;
    struct decide_input in = {.fetched_count = 0};
    find_fetched(w, &undo.op, &in);
    CHECK(fixture_append_with(w, &undo.op, &in) != 0);
}

/* A person with money, an institution that takes it. */
static void dump_setup(struct fixture *w)
{
    struct {
        struct gj_op op;
        struct gj_region_ext ext;
    } region = {.op = fixture_op(1)};
    region.op.type = GJ_OP_SET_REGION;
    region.op.ext_count = 6;
    region.op.person = 0;
    region.op.amount = 1;
    region.op.arg = 9;
    memcpy(region.ext.name, "nine", 4);
    gj_policy_default(&region.ext.policy);
    CHECK(fixture_append_op(w, &region.op) != 0);
    struct fixture_long_op institution = fixture_long_op(2);
    CHECK(fixture_append_op(w, &institution.op) != 0);
    dump_step(w, (struct gj_op){.type = GJ_OP_OPEN_PERSON, .arg = 9, .kind = 1, .detail = 1}, NULL,
              3);
    dump_step(w, (struct gj_op){.type = GJ_OP_DEPOSIT, .amount = 1000}, NULL, 4);
}

/* What `gongji log dump` says about records with more lines than an operation and its effect. */
TEST(dump_of_holds_and_undoing)
{
    static const char *const expected[] = {
        " HOLD rid ",
        " other 77 amount 5.00 -> 0 OK balance 10.00 taken 5.00 0.00 0.00 remainder 0.00 hold 0 "
        "amount 5.00 due ",
        " CAPTURE rid ",
        " amount 3.00 -> 0 OK balance 7.00 taken 3.00 0.00 0.00 remainder 0.00 hold 0 amount "
        "3.00 due ",
        " ends\n",
        " REFUND rid ",
        " amount 1.00 -> 0 OK balance 8.00 taken 1.00 0.00 0.00 remainder 2.00 undoes "
        "CAPTURE amended 0 payment ",
        " refunded 1.00 0.00 0.00\n",
        " REVERSE rid ",
        " -> 0 OK balance 7.00 taken 1.00 0.00 0.00 remainder 0.00 undoes REFUND amended 0 "
        "payment ",
        " refunded 0.00 0.00 0.00\n",
        " -> 3 OK_TOMBSTONED balance 0.00\n"};
    struct fixture w;
    char *text = NULL;
    size_t size = 0;
    fixture_init(&w);
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    dump_setup(&w);
    struct gj_op hold = fixture_op(5), capture = fixture_op(6), refund = fixture_op(7),
                 unknown = fixture_op(99);
    dump_step(&w,
              (struct gj_op){.type = GJ_OP_HOLD,
                             .other = 77,
                             .amount = 500,
                             .kind = GJ_SOURCE_PERSONAL,
                             .detail = 1,
                             .auth = GJ_AUTH_FACE},
              NULL, 5);
    dump_step(&w, (struct gj_op){.type = GJ_OP_CAPTURE, .amount = 300, .flags = GJ_FLAG_FINAL},
              &hold, 6);
    dump_step(&w, (struct gj_op){.type = GJ_OP_REFUND, .amount = 100}, &capture, 7);
    dump_step(&w, (struct gj_op){.type = GJ_OP_REVERSE}, &refund, 8);
    dump_step(&w, (struct gj_op){.type = GJ_OP_REVERSE}, &unknown, 9);
    log_flush(w.log);
    fixture_poll(&w);
    fixture_die(&w);
    FILE *out = open_memstream(&text, &size);
    ASSERT(out != NULL);
    CHECK_EQ(log_dump(w.dir, out), 0);
    (void)fclose(out);
    const char *at = text;
    for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
        const char *found = strstr(at, expected[i]);
        if (found == NULL) CHECK_STR(expected[i], at);
        if (found != NULL) at = found + strlen(expected[i]);
    }
    CHECK(strstr(text, " original ") != NULL);
    free(text);
    fixture_remove(&w);
}

TEST(segments_are_made_ahead_and_crossed)
{
    struct fixture w;
    fixture_init(&w);
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    w.log->end = FIXTURE_SEGMENT - w.log->files.sizes.segment_last - 3 * LOG_BLOCK_SIZE;
    CHECK_EQ(w.log->files.segments, 1);
    uint64_t n = 0;
    while (n < 3) fixture_group(&w, n++, 1);
    CHECK_EQ(fixture_append(&w, n), 0); /* not before the next segment has its name */
    while (w.log->prealloc.state != LOG_PREALLOC_NAMING && w.count > 0) fixture_run(&w, 0);
    CHECK_EQ(fixture_append(&w, n), 0); /* nor before the directory is flushed */
    while (w.log->files.segments < 2 && w.count > 0) fixture_run(&w, 0);
    CHECK_EQ(w.log->files.segments, 2);
    CHECK_EQ(w.log->prealloc.busy, w.count > 0);
    log_seal(w.log); /* takes the group that waited */
    fixture_poll(&w);
    w.log->end = FIXTURE_SEGMENT - w.log->group_max - 8 * LOG_BLOCK_SIZE;
    while (w.log->end < FIXTURE_SEGMENT && n < 40) fixture_group(&w, n++, 1);
    CHECK(w.log->end > FIXTURE_SEGMENT);
    struct stat st;
    char path[128];
    fixture_path(&w, "log-0000000000000001.seg", path);
    CHECK(stat(path, &st) == 0 && (uint64_t)st.st_size == FIXTURE_SEGMENT);
    fixture_die(&w);
    fixture_remove(&w);
}

/* Positions that need 42 bits: the last three segments below 4 TiB. */
TEST(log_that_begins_far_out)
{
    struct fixture w;
    fixture_init(&w);
    w.rids_max = 4u << 20;
    w.options.first_segment = LOG_BYTES_MAX / FIXTURE_SEGMENT - 3;
    w.options.prealloc_bytes = 2 * FIXTURE_SEGMENT;
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    CHECK_EQ(log_files_end(&w.log->files), LOG_BYTES_MAX - FIXTURE_SEGMENT);
    uint64_t n = 1, first = fixture_append(&w, 0);
    CHECK(first * GJ_RECORD_UNIT > LOG_BYTES_MAX - 3 * FIXTURE_SEGMENT);
    while (w.log->end < LOG_BYTES_MAX - 2 * FIXTURE_SEGMENT + LOG_BLOCK_SIZE) {
        for (uint32_t i = 0; i < 8192; i++) ASSERT(fixture_append(&w, n++) != 0);
        log_flush(w.log);
        fixture_poll(&w);
    }
    uint64_t last = fixture_append(&w, n++);
    log_flush(w.log);
    fixture_poll(&w);
    for (uint64_t g = 0; g < LOG_SLOTS; g++) fixture_group(&w, n++, 1);
    CHECK(comes_back(&w, first) && comes_back(&w, last));
    fixture_die(&w);
    w.options.first_segment++;
    CHECK_EQ(fixture_recover(&w), 78);
    w.options.first_segment = 0;
    CHECK_EQ(fixture_recover(&w), 78);
    CHECK(strstr(w.rec.error, "lacks a log segment") != NULL);
    w.options.first_segment = LOG_BYTES_MAX / FIXTURE_SEGMENT - 3;
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    CHECK_EQ(w.rec.records, n);
    CHECK(comes_back(&w, first) && comes_back(&w, last));
    fixture_die(&w);
    fixture_remove(&w);
}

/* Nobody said how large: 256 MiB, and the log remembers it. */
TEST(segments_of_the_usual_size)
{
    struct fixture w;
    struct stat st;
    char path[128];
    fixture_init(&w);
    w.options.segment_mib = 0;
    w.options.prealloc_bytes = 1;
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    fixture_group(&w, 0, 3);
    CHECK_EQ(w.log->options.prealloc_bytes, 256u << 20);
    fixture_die(&w);
    fixture_path(&w, "log-0000000000000000.seg", path);
    CHECK(stat(path, &st) == 0 && st.st_size == 256 << 20);
    w.options.segment_mib = FIXTURE_SEGMENT_MIB; /* is for a new log only */
    CHECK_EQ(fixture_recover(&w), 0);
    CHECK_EQ(w.rec.records, 3);
    fixture_die(&w);
    fixture_remove(&w);
}

TEST(no_room_makes_read_only)
{
    struct fixture w;
    fixture_init(&w);
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    CHECK(!log_read_only(w.log));
    w.log->options.low_water_bytes = UINT64_MAX / 2;
    w.log->end = FIXTURE_SEGMENT - log_kept_room(w.log) - 3 * LOG_BLOCK_SIZE;
    w.time_ms += 2000;
    for (uint64_t n = 0; n < 3; n++) {
        CHECK(!log_read_only(w.log));
        fixture_group(&w, n, 1);
    }
    fixture_group(&w, 3, 1);
    CHECK(log_read_only(w.log));
    fixture_seal(&w); /* the reserve takes what was decided and the mark */
    w.log->options.low_water_bytes = 0;
    w.time_ms += 2000;
    CHECK(log_reserve(w.log, w.time_ms) != NULL);
    CHECK(!log_read_only(w.log));
    fixture_die(&w);
    fixture_remove(&w);
}

/* The n-th operation of zero-writing ahead fails. */
static void failing_prealloc(uint64_t nth, int32_t res, bool fatal)
{
    struct fixture w;
    fixture_init(&w);
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    w.log->end = FIXTURE_SEGMENT - log_kept_room(w.log) - 3 * LOG_BLOCK_SIZE;
    w.prealloc_fail_at = nth;
    w.prealloc_fail_res = res;
    CHECK(fixture_append(&w, 0) != 0);
    log_flush(w.log);
    for (uint32_t i = 0; w.prealloc_ops < nth && i < 600; i++) fixture_run(&w, 0);
    fixture_poll(&w);
    CHECK_EQ(log_failed(w.log), fatal);
    CHECK_EQ(w.log->files.segments, 1);
    CHECK_EQ(w.log->prealloc.no_space, !fatal);
    if (!fatal) {
        for (uint64_t n = 1; n < 6; n++) fixture_group(&w, n, 1);
        CHECK(log_read_only(w.log));
        w.time_ms += 2000; /* looks again, finds room, and begins anew */
        CHECK(log_reserve(w.log, w.time_ms) != NULL);
        while (w.log->files.segments == 1 && w.count > 0) fixture_run(&w, 0);
        CHECK_EQ(w.log->files.segments, 2);
        CHECK(!log_read_only(w.log));
    }
    fixture_die(&w);
    fixture_remove(&w);
}

TEST(failing_zero_writes)
{
    const uint64_t flush = FIXTURE_SEGMENT / LOG_ZERO_CHUNK + 1;
    failing_prealloc(2, -ENOSPC, false);
    failing_prealloc(flush, -EDQUOT, false);
    failing_prealloc(2, -EIO, true);
    failing_prealloc(2, 512, true);
    failing_prealloc(flush, -EIO, true);
}

/* Clients may use up the descriptors: that is no failing disk. */
TEST(no_descriptor_for_a_segment)
{
    struct fixture w;
    struct rlimit limit;
    fixture_init(&w);
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    rlim_t all = limit.rlim_cur;
    w.log->end = FIXTURE_SEGMENT - log_kept_room(w.log) - 3 * LOG_BLOCK_SIZE;
    limit.rlim_cur = 3;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    fixture_group(&w, 0, 1);
    CHECK(!log_failed(w.log) && w.log->prealloc.no_space);
    limit.rlim_cur = all;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    w.time_ms += 2000;
    CHECK(log_reserve(w.log, w.time_ms) != NULL);
    for (uint32_t i = 0; w.log->prealloc.offset < FIXTURE_SEGMENT && i < 600; i++) {
        fixture_run(&w, 0);
    }
    limit.rlim_cur = 3; /* now for the name */
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    while (w.log->prealloc.busy && w.log->prealloc.state == LOG_PREALLOC_ZEROING)
        fixture_run(&w, 0);
    CHECK(!log_failed(w.log) && w.log->prealloc.no_space);
    CHECK_EQ(w.log->files.segments, 1);
    limit.rlim_cur = all;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    w.time_ms += 2000;
    CHECK(log_reserve(w.log, w.time_ms) != NULL);
    while (w.log->files.segments == 1 && w.count > 0) fixture_run(&w, 0);
    CHECK_EQ(w.log->files.segments, 2);
    fixture_die(&w);
    CHECK_EQ(fixture_recover(&w), 0);
    fixture_die(&w);
    fixture_remove(&w);
}

/* Nothing more is acknowledged: it would be lost with the directory. */
TEST(directory_removed_while_serving)
{
    struct fixture w;
    struct log_fault fault;
    fixture_init(&w);
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    fixture_group(&w, 0, 1);
    CHECK(log_in_place(w.log, &fault));
    fixture_remove(&w);
    fixture_group(&w, 1, 1); /* within the second since the last look */
    CHECK(!log_failed(w.log));
    CHECK(!log_in_place(w.log, &fault));
    w.time_ms += 1000;
    CHECK_EQ(fixture_append(&w, 2), 0);
    CHECK(log_failed(w.log));
    CHECK(strstr(log_failure(w.log), "was removed") != NULL);
    fixture_die(&w);
    CHECK_EQ(fixture_recover(&w), 0); /* nothing there: a new log */
    CHECK(w.rec.fresh);
    fixture_die(&w);
    fixture_remove(&w);
}

/* Any segment, the first of three as well as the one that is written; removed, or a copy in its
 * place, which is what a backup put back does. */
static void meddle_with_segment(uint32_t number, bool replace)
{
    struct fixture w;
    struct log_fault fault;
    char path[128], other[128], name[32];
    fixture_init(&w);
    w.options.prealloc_bytes = 2 * (uint64_t)FIXTURE_SEGMENT + 1;
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    CHECK_EQ(w.log->files.segments, 3);
    w.log->end = FIXTURE_SEGMENT; /* the second is written */
    log_files_segment_name(name, number);
    fixture_path(&w, name, path);
    fixture_path(&w, "other", other);
    int fd = open(other, O_WRONLY | O_CREAT, 0600);
    ASSERT(fd >= 0 && ftruncate(fd, FIXTURE_SEGMENT) == 0);
    (void)close(fd);
    ASSERT((replace ? rename(other, path) : unlink(path)) == 0);
    for (uint32_t looks = 0; looks < 3 && !log_failed(w.log); looks++) {
        w.time_ms += 1000;
        (void)log_reserve(w.log, w.time_ms);
        CHECK(number == 0 || log_failed(w.log)); /* at once; a closed one in its turn */
    }
    CHECK(log_failed(w.log));
    CHECK(strstr(log_failure(w.log), name) != NULL);
    CHECK(!log_in_place(w.log, &fault) && fault.exit_code == 74);
    fixture_die(&w);
    fixture_remove(&w);
}

TEST(segments_removed_while_serving)
{
    for (uint32_t number = 0; number < 3; number++) {
        meddle_with_segment(number, false);
        meddle_with_segment(number, true);
    }
}

/* Full up to where no record may stand without a next segment: what keeps nothing is still
 * answered, and with the room the records come back, but only behind the segment's name. */
TEST(read_only_at_the_very_end)
{
    struct fixture w;
    fixture_init(&w);
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    w.log->options.low_water_bytes = UINT64_MAX / 2;
    w.log->end = FIXTURE_SEGMENT - w.log->group_max - 3 * LOG_BLOCK_SIZE;
    w.time_ms += 2000;
    CHECK(log_reserve(w.log, w.time_ms) == NULL); /* seen by nobody yet */
    CHECK(log_read_only(w.log));
    CHECK(log_reserve(w.log, w.time_ms) != NULL);
    w.log->options.low_water_bytes = 0;
    w.time_ms += 2000;
    CHECK(log_reserve(w.log, w.time_ms) != NULL); /* was decided as read-only */
    CHECK(!log_read_only(w.log));
    CHECK(log_reserve(w.log, w.time_ms) == NULL);
    while (w.log->files.segments == 1 && w.count > 0) fixture_run(&w, 0);
    CHECK(fixture_append(&w, 0) != 0);
    fixture_die(&w);
    fixture_remove(&w);
}

TEST(no_room_at_the_start)
{
    struct fixture w;
    fixture_init(&w);
    w.options.prealloc_bytes = FIXTURE_SEGMENT;
    w.options.low_water_bytes = UINT64_MAX / 2;
    CHECK_EQ(fixture_start(&w), 0); /* what is ready is used; changes are refused at its end */
    fixture_die(&w);
    fixture_remove(&w);
}

/* A new log is refused what the disk cannot hold; one that is there serves with what fits. */
TEST(more_ahead_than_the_disk_has)
{
    struct fixture w;
    fixture_init(&w);
    w.options.prealloc_bytes = UINT64_C(1) << 60;
    CHECK_EQ(fixture_start(&w), 78);
    CHECK(strstr(w.rec.error, "--log-prealloc") != NULL);
    CHECK(strstr(w.rec.error, "MiB are free") != NULL);
    w.options.prealloc_bytes = 0;
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    CHECK(w.rec.warning[0] == 0);
    fixture_die(&w);
    w.options.prealloc_bytes = UINT64_C(1) << 60;
    w.options.low_water_bytes = UINT64_MAX / 2; /* do not fill the disk to find out */
    CHECK_EQ(fixture_start(&w), 0);
    CHECK(strstr(w.rec.warning, "of --log-prealloc are ready") != NULL);
    fixture_die(&w);
    fixture_remove(&w);
}

struct told {
    uint32_t steps, stop_at; /* 0 = never */
    uint64_t done, of;
    bool fell;
    char doing[40];
};

static bool on_step(void *owner, const char *doing, uint64_t done, uint64_t of)
{
    struct told *told = owner;
    if (strcmp(told->doing, doing) == 0 && done < told->done) told->fell = true;
    (void)snprintf(told->doing, sizeof(told->doing), "%s", doing);
    told->done = done;
    told->of = of;
    return ++told->steps != told->stop_at;
}

TEST(a_start_tells_how_far_it_is)
{
    struct told told = {.stop_at = 3};
    const struct log_progress progress = {.step = on_step, .owner = &told};
    struct fixture w;
    fixture_init(&w);
    w.options.progress = &progress;
    w.options.prealloc_bytes = 4 * (uint64_t)FIXTURE_SEGMENT;
    CHECK_EQ(fixture_start(&w), 75); /* stopped after two of three segments were made */
    CHECK(strstr(w.rec.error, "stopped by a signal") != NULL);
    CHECK_EQ(told.done, 2 * (uint64_t)FIXTURE_SEGMENT);
    CHECK_EQ(told.of, 3 * (uint64_t)FIXTURE_SEGMENT);
    told = (struct told){.stop_at = 2}; /* and while it is read */
    CHECK_EQ(fixture_recover(&w), 75);
    CHECK(strstr(w.rec.error, "nothing was changed") != NULL);
    CHECK_STR(told.doing, "reading the log");
    CHECK_EQ(told.of, 3 * (uint64_t)FIXTURE_SEGMENT);
    told = (struct told){.stop_at = 0};
    CHECK_EQ(fixture_start(&w), 0);
    CHECK_STR(told.doing, "zero-writing log segments");
    CHECK(told.steps > 20 && !told.fell);
    CHECK_EQ(w.log->files.segments, 4);
    fixture_poll(&w);
    fixture_group(&w, 0, 1);
    fixture_die(&w);
    FILE *nowhere = fopen("/dev/null", "w");
    told = (struct told){.stop_at = 2};
    CHECK_EQ(log_verify(w.dir, nowhere, &progress), 75);
    told = (struct told){.stop_at = 0};
    CHECK_EQ(log_verify(w.dir, nowhere, &progress), 0);
    CHECK(told.done > 3 * (uint64_t)FIXTURE_SEGMENT && !told.fell);
    (void)fclose(nowhere);
    fixture_remove(&w);
}

TEST(time_rules)
{
    struct fixture w;
    fixture_init(&w);
    CHECK_EQ(fixture_start(&w), 0);
    CHECK_EQ(w.rec.time_ms, FIXTURE_TIME);
    fixture_poll(&w);
    w.time_ms += 5000;
    fixture_group(&w, 0, 1);
    w.time_ms -= 3000; /* falls: the group keeps the last time */
    CHECK_EQ(log_next_time_ms(w.log, w.time_ms), FIXTURE_TIME + 5000);
    CHECK_EQ(log_next_time_ms(w.log, FIXTURE_TIME + 7000), FIXTURE_TIME + 7000);
    CHECK(log_reserve(w.log, w.time_ms) != NULL);
    CHECK_EQ(log_reserved_time_ms(w.log), FIXTURE_TIME + 5000);
    CHECK_EQ(log_next_time_ms(w.log, FIXTURE_TIME + 7000), FIXTURE_TIME + 7000);
    CHECK(log_reserve(w.log, FIXTURE_TIME + 6000) != NULL); /* an unused group takes a later time */
    CHECK_EQ(log_reserved_time_ms(w.log), FIXTURE_TIME + 6000);
    w.time_ms = FIXTURE_TIME + 6000;
    CHECK(fixture_append(&w, 1) != 0); /* from now on the group's time is fixed */
    CHECK_EQ(log_next_time_ms(w.log, FIXTURE_TIME + 7000), FIXTURE_TIME + 6000);
    fixture_die(&w);
    w.time_ms = FIXTURE_TIME; /* behind the log: goes on from the log */
    CHECK_EQ(fixture_start(&w), 0);
    CHECK_EQ(w.rec.time_ms, FIXTURE_TIME + 5000);
    fixture_poll(&w);
    fixture_die(&w);
    w.time_ms = FIXTURE_TIME + 5500; /* START was written at + 5000 */
    CHECK_EQ(fixture_start(&w), 0);
    CHECK_EQ(w.rec.time_ms, FIXTURE_TIME + 5500);
    CHECK_STR(w.rec.warning, "");
    fixture_poll(&w);
    fixture_die(&w);
    w.time_ms = FIXTURE_TIME + w.options.clock_gap_max_ms + 5501;
    CHECK_EQ(fixture_start(&w), 75);
    CHECK(strstr(w.rec.error, "--clock-gap-max") != NULL);
    w.options.clock_gap_max_ms += 10000;
    CHECK_EQ(fixture_start(&w), 0);
    fixture_die(&w);
    fixture_remove(&w);
}

static uint64_t fake_wall, fake_elapsed;
static uint64_t get_wall(struct clock *self)
{
    (void)self;
    return fake_wall;
}
static uint64_t get_elapsed(struct clock *self)
{
    (void)self;
    return fake_elapsed;
}

TEST(log_clock_slews_and_never_falls)
{
    struct clock clock = {.wall_ms = get_wall, .elapsed_us = get_elapsed};
    struct log_clock time;
    int64_t offset;
    fake_wall = FIXTURE_TIME;
    fake_elapsed = 77;
    log_clock_init(&time, &clock, FIXTURE_TIME);
    fake_wall += 1000;
    fake_elapsed += 1000000;
    CHECK_EQ(log_clock_now_ms(&time), FIXTURE_TIME + 1000);
    CHECK(!log_clock_stepped(&time, &offset));
    fake_wall += 3600000; /* an hour ahead */
    fake_elapsed += 1000000;
    fake_wall += 1000;
    uint64_t now = log_clock_now_ms(&time);
    CHECK(now >= FIXTURE_TIME + 2000 && now <= FIXTURE_TIME + 2011);
    CHECK(log_clock_stepped(&time, &offset));
    CHECK(offset > 3599000 && offset <= 3600000);
    CHECK(!log_clock_stepped(&time, &offset));
    fake_wall -= 7200000; /* an hour behind */
    uint64_t last = log_clock_now_ms(&time);
    CHECK(log_clock_stepped(&time, &offset));
    for (int i = 0; i < 100000; i++) {
        fake_elapsed += 137;
        uint64_t next = log_clock_now_ms(&time);
        if (next < last) CHECK_EQ(next, last);
        last = next;
    }
    /* 13.7 s at 10416 ppm (an hour in four days): 143 ms slower than real time */
    CHECK(last >= now + 13700 - 144 && last <= now + 13700 - 141);
    fake_elapsed -= 1000;
    CHECK_EQ(log_clock_now_ms(&time), last);
}

TEST_MAIN(T(restart_gives_the_same_state), T(idle_marks_are_written_once),
          T(groups_are_pipelined_and_bounded), T(small_groups_wait_for_the_write_before),
          T(segments_ahead_leave_the_disk_to_the_log), T(only_the_contiguous_prefix_is_released),
          T(failing_writes), T(fetched), T(record_that_cannot_be_read),
          T(records_for_more_than_the_cache_holds), T(damaged_record_is_not_used),
          T(format_1_goes_on), T(dump_of_holds_and_undoing), T(failing_zero_writes),
          T(no_descriptor_for_a_segment), T(read_only_at_the_very_end),
          T(directory_removed_while_serving), T(segments_removed_while_serving),
          T(segments_are_made_ahead_and_crossed), T(log_that_begins_far_out),
          T(segments_of_the_usual_size), T(no_room_makes_read_only), T(no_room_at_the_start),
          T(more_ahead_than_the_disk_has), T(a_start_tells_how_far_it_is), T(time_rules),
          T(log_clock_slews_and_never_falls))
