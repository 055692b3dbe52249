/* tests/sim/test_auditor.c -- the auditor finds what it is there for: a true history passes, and
 * each way of falsifying it is named. */
#include <stdlib.h>

#include "io/engine/shard_memory.h"
#include "tests/sim/history.h"
#include "tests/test.h"

#define OPERATIONS 260u
#define LINES      16u

/* A history made by the core in memory, written as a log of one group for each operation. */
struct made {
    struct generator g;
    struct model *ahead; /* what the generator looks at */
    struct shard_memory *shard;
    struct log_bytes log;
    struct history history;
    struct auditor auditor;
    uint64_t line_of[OPERATIONS * LINES]; /* place in the log of what the shard has at a position */
    uint64_t written;                     /* lines of the shard that are in the log */
    _Alignas(64) uint8_t answer[GJ_READ_ANSWER_MAX];
    _Alignas(64) uint8_t block[LOG_BYTES_GROUP];
};

static const struct model_limits limits = {.persons = WORLD_PERSONS_MAX,
                                           .families = WORLD_FAMILIES_MAX,
                                           .institutions = WORLD_INSTITUTIONS_MAX,
                                           .holds = 64,
                                           .requests = OPERATIONS + 1};

/* An empty group that continues the log, in made.block. */
static struct log_group *begin_group(struct made *made, enum log_group_kind kind, uint64_t time_ms)
{
    struct log_group *group = (struct log_group *)made->block;
    uint64_t count = made->log.group_count;
    memset(made->block, 0, sizeof(made->block));
    *group = (struct log_group){.magic = LOG_GROUP_MAGIC,
                                .format_version = LOG_FORMAT_VERSION,
                                .kind = kind,
                                .generation = 1,
                                .number = count + 1,
                                .position = log_bytes_end(&made->log),
                                .first_seq = made->log.record_count + 1,
                                .size = sizeof(*group),
                                .time_ms = time_ms,
                                .durable_through = count};
    if (count > 0) {
        memcpy(group->prev_checksum, made->log.groups[count - 1].header.checksum, 16);
    }
    memcpy(group->checksum, &group->number, sizeof(group->number));
    return group;
}

static void end_group(struct made *made)
{
    CHECK(log_bytes_add(&made->log, made->block, sizeof(made->block)));
}

/* The records before this one, by where they stand in the log. */
static void move_chains(const struct made *made, void *record)
{
    struct gj_effect *effect = (struct gj_effect *)(uintptr_t)record_effect(record);
    effect->prev_first = made->line_of[effect->prev_first];
    effect->prev_other = made->line_of[effect->prev_other];
    if ((effect->flags & EFFECT_SOURCES) == 0) return;
    struct gj_effect_sources *sources = (struct gj_effect_sources *)(effect + 1);
    sources->prev_relative = made->line_of[sources->prev_relative];
}

/* What the shard has written since, as one group. */
static void write_group(struct made *made)
{
    struct log_group *group = begin_group(made, LOG_GROUP_DATA, made->shard->time_ms);
    while (made->written < made->shard->lines) {
        const uint8_t *record = made->shard->log + made->written * GJ_RECORD_UNIT;
        uint32_t size = record_size(record, sizeof(made->block));
        memcpy(made->block + group->size, record, size);
        move_chains(made, made->block + group->size);
        made->line_of[made->written] = (group->position + group->size) / GJ_RECORD_UNIT;
        made->written += size / GJ_RECORD_UNIT;
        group->size += size;
        group->count++;
    }
    if (group->count != 0) end_group(made);
}

static void ask_person(struct made *made, uint64_t id)
{
    struct gj_read read = {.type = GJ_READ_GET_PERSON, .id = id};
    struct gj_answer answer;
    (void)shard_memory_query(made->shard, &read, made->answer, sizeof(made->answer));
    memcpy(&answer, made->answer, sizeof(answer));
    struct gj_person_view *view = (struct gj_person_view *)(made->answer + sizeof(answer));
    if (answer.code == GJ_OK) view->last_position = made->line_of[view->last_position];
    CHECK(history_answer(&made->history, &read, made->history.shown_seq, &answer, view));
}

static void play(struct made *made)
{
    struct generated generated;
    struct gj_reply reply;
    struct gj_reply_sources sources;
    generator_step(&made->g, made->ahead);
    generator_next(&made->g, made->ahead, &generated);
    const struct audit_refusal about = {.time_low = made->g.time_ms, .time_high = made->g.time_ms};
    made->shard->time_ms = made->g.time_ms;
    (void)shard_memory_execute(made->shard, &generated.op, &reply, &sources, NULL);
    write_group(made);
    struct gj_reply copy = reply;
    model_apply(made->ahead, &generated.op, made->g.time_ms, false, &reply, &sources);
    uint32_t request = history_request(&made->history, &generated);
    uint64_t since = made->log.record_count - (copy.seq == made->log.record_count);
    CHECK(history_reply(&made->history, request, since, &copy, &sources, &about));
    if (made->history.request_count % 3 == 0) ask_person(made, 100 + made->g.made % 16);
}

static struct made *make(uint64_t seed, unsigned operations)
{
    struct made *made = calloc(1, sizeof(*made));
    if (made == NULL) abort();
    const struct state_config config = {.persons_max = limits.persons,
                                        .families_max = limits.families,
                                        .institutions_max = limits.institutions,
                                        .holds_max = limits.holds,
                                        .rids_max = 4 * OPERATIONS,
                                        .rids_ahead_max = OPERATIONS,
                                        .hash_seed = seed};
    generator_init(&made->g, seed);
    made->ahead = model_new(&limits);
    made->shard = shard_memory_new(&config, OPERATIONS * LINES);
    if (made->shard == NULL) abort();
    made->written = 1;
    history_begin(&made->history, &made->log);
    auditor_begin(&made->auditor, &limits, &made->log);
    (void)begin_group(made, LOG_GROUP_START, made->g.time_ms);
    ((struct log_group *)made->block)->generation = 1;
    end_group(made);
    for (unsigned i = 0; i < operations; i++) play(made);
    return made;
}

static void drop(struct made *made)
{
    model_free(made->ahead);
    shard_memory_free(made->shard);
    history_free(&made->history);
    auditor_free(&made->auditor);
    log_bytes_free(&made->log);
    free(made);
}

static bool audit(struct made *made)
{
    return history_audit(&made->history, &made->auditor) &&
           history_covers(&made->history, &made->auditor, 0);
}

static void check_fault(struct made *made, const char *words)
{
    CHECK(!audit(made));
    if (strstr(made->auditor.fault, words) == NULL) CHECK_STR(made->auditor.fault, words);
    drop(made);
}

/* The last told outcome that was executed with an amount. */
static struct history_told *last_outcome(struct made *made)
{
    for (uint64_t i = made->history.told_count; i-- > 0;) {
        struct history_told *told = &made->history.told[i];
        if (told->kind == TOLD_OUTCOME && told->reply.code == GJ_OK && told->reply.amount > 0) {
            return told;
        }
    }
    abort();
}

static struct gj_effect *effect_of(struct made *made, uint64_t index)
{
    return (struct gj_effect *)(uintptr_t)log_bytes_effect(&made->log, index);
}

TEST(true_histories_pass)
{
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct made *made = make(seed, 220);
        if (!audit(made)) {
            CHECK_STR(made->auditor.fault, "");
            printf("    seed %" PRIu64 "\n", seed);
        }
        CHECK_EQ(made->auditor.records, made->log.record_count);
        CHECK(made->auditor.checked > 200);
        drop(made);
    }
}

TEST(lost_record_is_found)
{
    struct made *made = make(1, 150);
    uint64_t seq = made->history.shown_seq;
    log_bytes_cut(&made->log, made->log.records[seq - 1].group);
    check_fault(made, "was shown and is gone");
}

TEST(doubled_record_is_found)
{
    struct made *made = make(2, 150);
    uint64_t last = made->log.record_count - 1;
    const struct log_bytes_record *record = &made->log.records[last];
    struct log_group *group = begin_group(made, LOG_GROUP_DATA, made->g.time_ms);
    memcpy(made->block + group->size, made->log.bytes + record->at, record->size);
    struct gj_op *op = (struct gj_op *)(made->block + group->size);
    ((struct gj_effect *)(op + 1 + op->ext_count))->seq = last + 2;
    group->size += record->size;
    group->count = 1;
    end_group(made);
    check_fault(made, "executes again");
}

TEST(changed_reply_is_found)
{
    struct made *made = make(3, 150);
    last_outcome(made)->reply.balance++;
    check_fault(made, "the reply of record");
}

TEST(changed_record_is_found)
{
    struct made *made = make(3, 150);
    effect_of(made, last_outcome(made)->seq - 1)->balance++;
    check_fault(made, "has balance");
    made = make(3, 150);
    effect_of(made, last_outcome(made)->seq - 1)->code = GJ_PERSON_NOT_FOUND;
    check_fault(made, "has code 40");
}

static uint32_t *source_version(struct gj_effect *effect)
{
    return effect->policy_source == 0 ? NULL : &effect->policy_source;
}
static uint32_t *target_version(struct gj_effect *effect)
{
    return effect->policy_target == 0 ? NULL : &effect->policy_target;
}
static uint64_t *prev_first(struct gj_effect *effect)
{
    return effect->prev_first == 0 ? NULL : &effect->prev_first;
}
static uint64_t *prev_other(struct gj_effect *effect)
{
    return effect->prev_other == 0 ? NULL : &effect->prev_other;
}
static uint64_t *prev_relative(struct gj_effect *effect)
{
    struct gj_effect_sources *sources = (struct gj_effect_sources *)(effect + 1);
    bool set = (effect->flags & EFFECT_SOURCES) != 0 && sources->prev_relative != 0;
    return set ? &sources->prev_relative : NULL;
}

/* Changes it in the last record that has it, to nothing or to something else. */
static bool falsify(struct made *made, unsigned field, bool nothing)
{
    static uint32_t *(*const versions[])(struct gj_effect *) = {source_version, target_version};
    static uint64_t *(*const chains[])(struct gj_effect *) = {prev_first, prev_other,
                                                              prev_relative};
    for (uint64_t at = made->log.record_count; at-- > 0;) {
        struct gj_effect *effect = effect_of(made, at);
        uint32_t *version = field < 2 ? versions[field](effect) : NULL;
        uint64_t *prev = field >= 2 ? chains[field - 2](effect) : NULL;
        if (version != NULL) *version = nothing ? 0 : *version + 1;
        if (prev != NULL) *prev = nothing ? 0 : *prev + 1;
        if (version != NULL || prev != NULL) return true;
    }
    return false;
}

TEST(fields_that_no_reply_shows_are_found)
{
    for (unsigned i = 0; i < 10; i++) {
        struct made *made = make(12, 220);
        for (uint64_t seed = 13; !falsify(made, i / 2, i % 2 == 0); seed++) {
            drop(made);
            made = make(seed, 220);
        }
        check_fault(made, i < 4 ? "names policies" : "whose last record is");
    }
}

TEST(reply_to_another_request_is_found)
{
    struct made *made = make(4, 150);
    last_outcome(made)->request ^= 1;
    check_fault(made, "holds another operation");
}

TEST(told_twice_is_found)
{
    struct made *made = make(5, 150);
    const struct history_told told = *last_outcome(made);
    const struct audit_refusal about = {.time_low = 0};
    CHECK(history_reply(&made->history, told.request, 0, &told.reply, &told.sources, &about));
    check_fault(made, "told twice");
}

TEST(record_that_nobody_sent_is_found)
{
    struct made *made = make(6, 150);
    struct history_told *told = last_outcome(made);
    made->history.requests[told->request].what.op.deadline_ms ^= 1;
    check_fault(made, "nobody sent");
}

TEST(impossible_refusals_are_found)
{
    static const uint8_t codes[] = {GJ_BAD_FIELD,      GJ_DEADLINE_EXCEEDED, GJ_READ_ONLY,
                                    GJ_SHUTTING_DOWN,  GJ_RID_EXPIRED,       GJ_RID_IN_FUTURE,
                                    GJ_RID_TOMBSTONED, GJ_AMOUNT_OVER_MAX,   GJ_OUTCOME_UNKNOWN};
    for (size_t i = 0; i < sizeof(codes); i++) {
        struct made *made = make(7, 150);
        struct history_told *told = last_outcome(made);
        told->kind = TOLD_REFUSAL;
        told->reply = (struct gj_reply){.code = codes[i]};
        check_fault(made, "which cannot be");
    }
}

TEST(old_and_wrong_answers_are_found)
{
    struct made *made = make(8, 150);
    struct history_told *told = NULL;
    for (uint64_t i = 0; i < made->history.told_count; i++) {
        struct history_told *at = &made->history.told[i];
        if (at->kind == TOLD_ANSWER && at->answer.code == GJ_OK) told = at;
    }
    CHECK(told != NULL);
    if (told != NULL) {
        struct gj_person_view *view =
            (struct gj_person_view *)(made->history.payload + told->payload);
        view->wallet++;
    }
    check_fault(made, "shown personal");
    made = make(8, 150);
    const struct gj_read read = {.type = GJ_READ_PING};
    const struct gj_answer old = {.type = GJ_READ_PING, .seq = made->history.shown_seq - 1};
    CHECK(!history_answer(&made->history, &read, made->history.shown_seq, &old, NULL));
    CHECK(strstr(made->history.fault, "was known when the question was sent") != NULL);
    const struct gj_answer early = {.type = GJ_READ_PING, .seq = made->log.record_count + 1};
    made->history.fault[0] = '\0';
    CHECK(!history_answer(&made->history, &read, 0, &early, NULL));
    CHECK(strstr(made->history.fault, "the disk has confirmed only") != NULL);
    drop(made);
}

/* A hold or pending transfer that is open and not due, or NULL. */
static const struct model_request *open_request(const struct made *made)
{
    for (uint32_t i = 0; i < made->ahead->open_count; i++) {
        const struct model_request *r = &made->ahead->requests[made->ahead->open[i]];
        if (r->due_ms > made->g.time_ms) return r;
    }
    return NULL;
}

TEST(expiry_that_is_not_due_is_found)
{
    struct made *made = make(9, 200);
    for (uint64_t seed = 10; open_request(made) == NULL; seed++) {
        drop(made);
        made = make(seed, 200);
    }
    const struct model_request *r = open_request(made);
    struct log_group *group = begin_group(made, LOG_GROUP_DATA, made->g.time_ms);
    struct gj_op *op = (struct gj_op *)(made->block + group->size);
    *op = (struct gj_op){.type = GJ_OP_EXPIRE, .person = r->op.person, .ext_count = 1};
    memcpy(op + 1, &r->op.rid, sizeof(r->op.rid));
    ((struct gj_effect *)(op + 2))->seq = made->log.record_count + 1;
    group->size += 3 * GJ_RECORD_UNIT;
    group->count = 1;
    end_group(made);
    check_fault(made, "something expired that did not");
}

TEST(broken_invariants_are_found)
{
    struct made *made = make(10, 200);
    CHECK(audit(made));
    struct model *m = made->auditor.model;
    struct model_region *region = m->regions;
    while (!region->set) region++;
    __int128 fund = made->auditor.fund;
    CHECK(audit_invariants(m, fund) == NULL);
    CHECK_STR(audit_invariants(m, fund + 1), "the sum of all funds: money appeared or is gone");
    m->persons[0].personal++;
    CHECK_STR(audit_invariants(m, fund), "the personal accounts of a region");
    m->persons[0].personal--;
    region->clearing++;
    CHECK_STR(audit_invariants(m, fund), "clearing is not gross out less gross in");
    region->clearing--;
    region->fund++;
    CHECK_STR(audit_invariants(m, fund), "the book of a region");
    region->fund--;
    m->relations[m->relation_count++] = (struct model_relation){.payer = 100, .member = 100};
    CHECK_STR(audit_invariants(m, fund), "a person is a member to itself");
    drop(made);
}

/* Each falsified header is refused with the reason. */
TEST(groups_that_do_not_continue_are_found)
{
    static const struct {
        size_t offset;
        int64_t add;
        const char *words;
    } rows[] = {
        {offsetof(struct log_group, number), 1, "a number is missing"},
        {offsetof(struct log_group, position), 4096, "it stands in another place"},
        {offsetof(struct log_group, generation), 1, "a wrong generation"},
        {offsetof(struct log_group, first_seq), 1, "a wrong first sequence number"},
        {offsetof(struct log_group, time_ms), -1000000000, "log time falls"},
        {offsetof(struct log_group, durable_through), 1, "it says that it is durable itself"},
        {offsetof(struct log_group, durable_through), -4, "durable_through falls"},
        {offsetof(struct log_group, prev_checksum), 1, "the digest of the group before"},
        {offsetof(struct log_group, magic), 1, "no group where the next one belongs"},
    };
    struct made *made = make(11, 60);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t field;
        (void)begin_group(made, LOG_GROUP_DATA, made->g.time_ms);
        memcpy(&field, made->block + rows[i].offset, sizeof(field));
        field += (uint64_t)rows[i].add;
        memcpy(made->block + rows[i].offset, &field, sizeof(field));
        CHECK(!log_bytes_add(&made->log, made->block, sizeof(made->block)));
        if (strstr(made->log.fault, rows[i].words) == NULL) {
            CHECK_STR(made->log.fault, rows[i].words);
        }
        made->log.fault[0] = '\0';
    }
    struct log_group *group = begin_group(made, LOG_GROUP_SEAL, made->g.time_ms);
    group->durable_through--;
    CHECK(!log_bytes_add(&made->log, made->block, sizeof(made->block)));
    CHECK(strstr(made->log.fault, "a SEAL before") != NULL);
    made->log.fault[0] = '\0';
    (void)begin_group(made, LOG_GROUP_SEAL, made->g.time_ms);
    CHECK(!log_bytes_add(&made->log, made->block, 2048));
    CHECK(strstr(made->log.fault, "not written as a whole") != NULL);
    made->log.fault[0] = '\0';
    (void)begin_group(made, LOG_GROUP_SEAL, made->g.time_ms);
    made->block[200] = 1;
    CHECK(!log_bytes_add(&made->log, made->block, sizeof(made->block)));
    CHECK(strstr(made->log.fault, "padding") != NULL);
    made->log.fault[0] = '\0';
    made->block[200] = 0;
    CHECK(log_bytes_add(&made->log, made->block, sizeof(made->block)));
    drop(made);
}

TEST_MAIN(T(true_histories_pass), T(lost_record_is_found), T(doubled_record_is_found),
          T(changed_reply_is_found), T(changed_record_is_found),
          T(fields_that_no_reply_shows_are_found), T(reply_to_another_request_is_found),
          T(told_twice_is_found), T(record_that_nobody_sent_is_found),
          T(impossible_refusals_are_found), T(old_and_wrong_answers_are_found),
          T(expiry_that_is_not_due_is_found), T(broken_invariants_are_found),
          T(groups_that_do_not_continue_are_found))
