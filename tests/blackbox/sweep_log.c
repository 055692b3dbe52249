/* tests/blackbox/sweep_log.c -- makes the log that the sweep damages. */
#include "tests/blackbox/sweep_log.h"

#include <sys/mman.h>

#include "tests/log/fixture.h"

#define PERSONS     40u
#define INSTITUTION 7u
#define REGION      1u
/* Into the second segment, and far enough from its end that no third one is needed. */
#define LAST_BEGIN (SWEEP_SEGMENT + (160u << 10))
#define EARLY      (512u << 10)

struct message {
    struct gj_op op;
    uint8_t lines[GJ_EXT_MAX * GJ_RECORD_UNIT];
};

struct maker {
    struct fixture w;
    struct sweep_log *ret;
    uint64_t random, serial;
    int64_t more; /* fen, of every amount: what a fork does otherwise */
};

static uint64_t draw(struct maker *m, uint64_t below)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return m->random % below;
}

/* ---- operations ---- */

static struct message message_of(uint8_t type, uint64_t person, uint64_t other, int64_t amount)
{
    struct message ret = {.op = {.type = type, .person = person, .other = other, .amount = amount}};
    ret.op.auth = GJ_AUTH_FACE;
    return ret;
}

static struct message region_message(void)
{
    struct message ret = message_of(GJ_OP_SET_REGION, 0, 0, 1);
    struct gj_region_ext ext = {.name = "region"};
    gj_policy_default(&ext.policy);
    ext.policy.wallet_open = 1;
    ret.op.auth = 0;
    ret.op.arg = REGION;
    ret.op.ext_count = GJ_EXT_MAX;
    memcpy(ret.lines, &ext, sizeof(ext));
    return ret;
}

static struct message institution_message(void)
{
    struct message ret = message_of(GJ_OP_SET_INSTITUTION, 0, INSTITUTION, 0);
    ret.op.auth = 0;
    ret.op.arg = REGION;
    ret.op.kind = GJ_HOSPITAL;
    ret.op.detail = 31;
    ret.op.ext_count = 1;
    return ret;
}

static void append(struct maker *m, struct message message)
{
    uint64_t n = ++m->serial;
    message.op.rid = fixture_op(n).rid;
    CHECK(fixture_append_op(&m->w, &message.op) != 0);
}

static void append_random(struct maker *m)
{
    uint64_t payer = 1 + 2 * draw(m, PERSONS / 2);
    int64_t fen = 1 + m->more + (int64_t)draw(m, 5000);
    struct message message;
    switch (draw(m, 4)) {
    case 0: message = message_of(GJ_OP_TRANSFER, payer, payer + 1, fen); break;
    case 1:
        message = message_of(GJ_OP_PAY, payer, INSTITUTION, fen);
        message.op.ext_count = 1;
        message.op.detail = 1;
        break;
    default:
        message = message_of(GJ_OP_DEPOSIT, payer, 0, fen * 2);
        message.op.auth = 0;
        break;
    }
    if (message.op.type != GJ_OP_DEPOSIT) message.op.kind = GJ_SOURCE_PERSONAL;
    append(m, message);
}

static void populate(struct maker *m)
{
    append(m, region_message());
    append(m, institution_message());
    for (uint64_t person = 1; person <= PERSONS; person++) {
        struct message message = message_of(GJ_OP_OPEN_PERSON, person, 0, 0);
        message.op.auth = 0;
        message.op.arg = REGION;
        message.op.kind = GJ_INSURANCE_EMPLOYEE;
        message.op.detail = GJ_STATUS_ACTIVE;
        append(m, message);
        message = message_of(GJ_OP_CONFIRM_WALLET, person, 0, 0);
        message.op.arg = REGION;
        append(m, message);
        message = message_of(GJ_OP_DEPOSIT, person, 0, 1000000);
        message.op.auth = 0;
        append(m, message);
    }
    for (uint64_t payer = 1; payer < 16; payer += 2) {
        struct message message = message_of(GJ_OP_BIND, payer, payer + 1, -1);
        message.op.kind = 1;
        append(m, message);
    }
    log_flush(m->w.log);
    fixture_poll(&m->w);
}

/* ---- groups ---- */

/* One group of a few records or many; up to three wait for the disk together. */
static void next_group(struct maker *m)
{
    static const uint64_t records[] = {1, 2, 5, 20, 31, 60, 150, 480};
    uint64_t count = records[draw(m, ARRAY_COUNT(records))];
    for (uint64_t i = 0; i < count; i++) append_random(m);
    log_flush(m->w.log);
    if (m->w.log->flying >= 3 || draw(m, 2) == 0) fixture_poll(&m->w);
    m->w.time_ms += draw(m, 1000);
}

static void restart(struct maker *m)
{
    fixture_die(&m->w);
    CHECK_EQ(fixture_start(&m->w), 0);
    fixture_poll(&m->w);
}

static void read_segments(const struct sweep_log *log, uint8_t *bytes)
{
    char path[128];
    for (int i = 0; i < (int)SWEEP_SEGMENTS; i++) {
        sweep_log_path(log, i, path);
        int fd = open(path, O_RDONLY);
        uint64_t at = (uint64_t)i * SWEEP_SEGMENT;
        ASSERT(fd >= 0 && pread(fd, bytes + at, SWEEP_SEGMENT, 0) == SWEEP_SEGMENT);
        (void)close(fd);
    }
}

/* Groups, marks and starts until the log is `end` long. */
static void go_on(struct maker *m, uint64_t end)
{
    while (m->w.log->end < end) {
        next_group(m);
        uint64_t chance = draw(m, 12);
        if (chance < 2) {
            fixture_poll(&m->w);
            fixture_seal(&m->w);
        }
        if (chance == 1) restart(m);
    }
    fixture_poll(&m->w);
}

static void end_log(struct maker *m, enum sweep_end how)
{
    if (how != SWEEP_IN_FLIGHT) {
        fixture_seal(&m->w);
        m->ret->told = log_group_last(m->w.log);
        if (how == SWEEP_STOPPED && m->more == 0) { /* not the other history */
            fixture_stop(&m->w);
            m->ret->sealed = m->ret->told;
        }
        return;
    }
    m->ret->told = log_group_durable(m->w.log);
    for (uint32_t i = 0; i < LOG_IN_FLIGHT_MAX; i++) {
        for (uint64_t n = 0; n < 1 + i * 20; n++) append_random(m);
        log_flush(m->w.log);
    }
    CHECK_EQ(m->w.log->flying, LOG_IN_FLIGHT_MAX);
    fixture_poll(&m->w);
}

/* ---- layout ---- */

static void redo_group(struct state *s, const struct log_group *group)
{
    const uint8_t *bytes = (const uint8_t *)group;
    for (uint64_t at = sizeof(*group); at < group->size;) {
        uint32_t size = record_size(bytes + at, group->size - at);
        ASSERT(size != 0 && record_fits(s, bytes + at) == RECORD_FITS);
        commit(s, bytes + at, (group->position + at) / GJ_RECORD_UNIT, group->time_ms);
        at += size;
    }
    state_raise_rid_low_water(s, group->rid_low_water_ms);
}

static void lay_out(struct sweep_log *log)
{
    struct sweep_state memory;
    struct state *s = sweep_state_new(&memory, log->meta.hash_seed);
    ASSERT(s != NULL);
    state_digest(s, log->group[0].digest);
    for (uint64_t at = 0;;) {
        const struct log_group *group = (const struct log_group *)(log->bytes + at);
        if (group->magic != LOG_GROUP_MAGIC) break;
        const struct log_group *fork = (const struct log_group *)(log->fork_bytes + at);
        ASSERT(group->number == log->groups + 1 && log->groups < SWEEP_GROUPS_MAX);
        ASSERT(fork->number == group->number && fork->size == group->size &&
               fork->first_seq == group->first_seq && fork->time_ms == group->time_ms);
        redo_group(s, group);
        struct sweep_group *next = &log->group[++log->groups];
        *next = (struct sweep_group){
            .position = at, .size = group->size, .durable_through = group->durable_through};
        state_digest(s, next->digest);
        log->end = at + log_padded(group->size);
        at = log_next_open(&log->sizes, log->end);
    }
    sweep_state_free(&memory);
}

/* ---- the whole ---- */

static void make_directory(struct sweep_log *log)
{
    const char *places[] = {"/dev/shm", "/var/tmp"};
    for (size_t i = 0; i < ARRAY_COUNT(places); i++) {
        (void)snprintf(log->dir, sizeof(log->dir), "%s/gongji-sweep-XXXXXX", places[i]);
        if (mkdtemp(log->dir) != NULL) return;
    }
    perror("sweep: no directory can be made in /dev/shm or /var/tmp");
    exit(74);
}

static void read_meta_file(struct sweep_log *log)
{
    char path[128];
    sweep_log_path(log, -1, path);
    int fd = open(path, O_RDONLY);
    ASSERT(fd >= 0 && read(fd, log->meta_bytes, SWEEP_META_BYTES) == SWEEP_META_BYTES);
    (void)close(fd);
    memcpy(&log->meta, log->meta_bytes, sizeof(log->meta));
    log->sizes = log_sizes_of(&log->meta);
    ASSERT(log->sizes.segment == SWEEP_SEGMENT);
}

/* The log; then the older copy is put back and goes on by itself: two histories with one identity.
 * Both begin with a start and do the same, to other amounts, so that their groups have the same
 * places, numbers, times and sequence numbers, and only the chain of digests tells them apart. */
static void write_logs(struct maker *m, enum sweep_end how)
{
    struct sweep_log *log = m->ret;
    uint64_t digest[2];
    CHECK_EQ(fixture_start(&m->w), 0);
    m->w.options.prealloc_bytes = 0; /* later starts make no third segment */
    fixture_poll(&m->w);
    populate(m);
    go_on(m, EARLY);
    fixture_seal(&m->w);
    log->early = log_group_last(m->w.log);
    fixture_die(&m->w);
    read_segments(log, log->old_bytes);
    uint64_t random = m->random, serial = m->serial, time_ms = m->w.time_ms;
    for (int fork = 1; fork >= 0; fork--) {
        m->random = random;
        m->serial = serial;
        m->more = fork;
        m->w.time_ms = time_ms;
        sweep_log_write(log, log->old_bytes);
        CHECK_EQ(fixture_start(&m->w), 0);
        fixture_poll(&m->w);
        go_on(m, LAST_BEGIN);
        end_log(m, how);
        state_digest(m->w.state, digest);
        fixture_die(&m->w);
        read_segments(log, fork ? log->fork_bytes : log->bytes);
    }
    read_meta_file(log);
    lay_out(log);
    ASSERT(test_failures_ == 0);
    ASSERT(memcmp(digest, log->group[log->groups].digest, sizeof(digest)) == 0);
}

struct sweep_log *sweep_log_new(uint64_t seed, enum sweep_end how)
{
    struct maker m = {.random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1};
    struct sweep_log *log = calloc(1, sizeof(*log));
    ASSERT(log != NULL);
    log->bytes = calloc(3, SWEEP_BYTES);
    ASSERT(log->bytes != NULL);
    log->old_bytes = log->bytes + SWEEP_BYTES;
    log->fork_bytes = log->old_bytes + SWEEP_BYTES;
    make_directory(log);
    fixture_init(&m.w);
    fixture_remove(&m.w);
    memcpy(m.w.dir, log->dir, sizeof(m.w.dir));
    m.w.options.unsafe_dev = true;
    m.w.options.one_thread = true;
    m.w.options.prealloc_bytes = SWEEP_BYTES;
    m.w.options.segment_mib = SWEEP_SEGMENT >> 20;
    m.ret = log;
    write_logs(&m, how);
    log->options = m.w.options;
    log->options.dir = log->dir;
    return log;
}

void sweep_log_free(struct sweep_log *log)
{
    struct fixture w;
    memcpy(w.dir, log->dir, sizeof(w.dir));
    fixture_remove(&w);
    free(log->bytes);
    free(log);
}

void sweep_log_write(const struct sweep_log *log, const uint8_t *bytes)
{
    char path[128];
    for (int i = 0; i < (int)SWEEP_SEGMENTS; i++) {
        sweep_log_path(log, i, path);
        int fd = open(path, O_WRONLY);
        uint64_t at = (uint64_t)i * SWEEP_SEGMENT;
        ASSERT(fd >= 0 && pwrite(fd, bytes + at, SWEEP_SEGMENT, 0) == SWEEP_SEGMENT);
        (void)close(fd);
    }
}

void sweep_log_path(const struct sweep_log *log, int segment, char path[128])
{
    char name[32] = "log.meta";
    if (segment >= 0) log_files_segment_name(name, (uint64_t)segment);
    (void)snprintf(path, 128, "%s/%s", log->dir, name);
}

uint64_t sweep_log_group_at(const struct sweep_log *log, uint64_t at)
{
    uint64_t low = 0, high = log->groups; /* the last group that begins at or before it */
    while (low < high) {
        uint64_t middle = (low + high + 1) / 2;
        if (log->group[middle].position <= at) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low > 0 && at < log->group[low].position + log_padded(log->group[low].size) ? low : 0;
}

struct state *sweep_state_new(void *owner, uint64_t hash_seed)
{
    struct sweep_state *memory = owner;
    struct state_config config = {.persons_max = 1000,
                                  .families_max = 16,
                                  .institutions_max = 16,
                                  .holds_max = 16,
                                  .rids_max = 1 << 14,
                                  .rids_ahead_max = 64,
                                  .hash_seed = hash_seed};
    struct state_memory parts;
    memory->size = state_size(&config, &parts);
    memory->memory =
        mmap(NULL, memory->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory->memory == MAP_FAILED) return NULL;
    memory->state = state_init(&config, memory->memory);
    return memory->state;
}

void sweep_state_free(struct sweep_state *memory)
{
    (void)munmap(memory->memory, memory->size);
}
