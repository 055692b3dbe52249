/* bench/bench_core.c -- what one core does without network and disk: wallet transfers between
 * random relatives through needs(), decide() and commit(), with the server's look-ahead.
 *
 *   bench_core [--persons N] [--seconds N]
 *
 * Persons live in families of four spread over 200 regions, every second family over two of them,
 * so about a third of the money crosses regions. Operations are made in batches outside the
 * measured time. At the end the books are audited: a fast wrong answer is no result. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "core/core.h"
#include "core/format/policy.h"

#define REGIONS       200u
#define FAMILY        4u
#define BATCH         8192u
#define AHEAD_INDEX   24u /* operations between a hint and the next stage that stands on it */
#define AHEAD_RECORDS 16u
#define AHEAD_FAMILY  8u
#define HINTS         32u /* more than AHEAD_INDEX */
#define FIRST_ID      UINT64_C(110000000000)
#define START_MS      UINT64_C(1763600400000)

struct bench {
    struct state *s;
    uint64_t persons;
    uint64_t random;
    uint64_t minted;
    uint64_t time_ms;
    uint64_t position;
    uint8_t *log; /* records go here as into a group of the log, round and round */
    uint64_t log_at;
    uint64_t refused;
};

#define LOG_RING (2u << 20)

static uint64_t draw(struct bench *b)
{
    b->random ^= b->random << 13;
    b->random ^= b->random >> 7;
    b->random ^= b->random << 17;
    return b->random;
}

/* Clients mint rids some milliseconds before they arrive. */
static void mint(struct bench *b, struct gj_rid *rid)
{
    uint64_t ms = b->time_ms - draw(b) % 16, n = ++b->minted;
    for (unsigned i = 0; i < 6; i++) rid->bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    rid->bytes[6] = 0x70;
    rid->bytes[7] = 0;
    for (unsigned i = 0; i < 8; i++) rid->bytes[8 + i] = (uint8_t)(n >> (56 - 8 * i));
}

static void run_one(struct bench *b, const struct gj_op *op, const struct op_hint *hint)
{
    struct decide_input in = {.time_ms = b->time_ms, .seq = state_seq(b->s) + 1, .hint = hint};
    struct needs seen;
    struct decision decision;
    needs(b->s, op, NULL, 0, &seen);
    if (seen.count != 0) { /* a chance fingerprint: its record is long gone from this ring */
        b->refused++;
        return;
    }
    uint8_t *record = b->log + b->log_at;
    decide(b->s, op, &in, record, &decision);
    if (decision.kind != DECISION_RECORD) {
        b->refused++;
        return;
    }
    commit(b->s, record, b->position, b->time_ms);
    b->refused += !gj_code_ok(decision.reply.code);
    b->position += decision.record_size / GJ_RECORD_UNIT;
    b->log_at += decision.record_size;
    if (b->log_at > LOG_RING - GJ_RECORD_SIZE_MAX) b->log_at = 0;
}

static void must(struct bench *b, struct gj_op *op)
{
    uint64_t refused = b->refused;
    mint(b, &op->rid);
    run_one(b, op, NULL);
    if (b->refused == refused) return;
    fprintf(stderr, "bench_core: setting up was refused at operation %s\n", gj_op_name(op->type));
    exit(1);
}

static uint16_t region_of(uint64_t person)
{
    uint64_t family = person / FAMILY;
    uint64_t shifted = family + (family % 2 == 0 && person % FAMILY >= 2 ? 7 : 0);
    return (uint16_t)(1 + shifted % REGIONS);
}

static void set_up_regions(struct bench *b)
{
    for (uint16_t r = 1; r <= REGIONS; r++) {
        struct {
            struct gj_op op;
            struct gj_region_ext ext;
        } set = {.op = {.type = GJ_OP_SET_REGION, .ext_count = 6, .amount = 1, .arg = r}};
        snprintf(set.ext.province, sizeof(set.ext.province), "province %u", r / 10);
        snprintf(set.ext.name, sizeof(set.ext.name), "region %u", r);
        gj_policy_default(&set.ext.policy);
        set.ext.policy.wallet_open = 1;
        must(b, &set.op);
    }
}

/* Everyone has an account, a wallet, the next two of the family as members, and money in both. */
static void set_up_persons(struct bench *b)
{
    for (uint64_t p = 0; p < b->persons; p++) {
        if (p % 4096 == 0) b->time_ms++;
        struct gj_op open = {.type = GJ_OP_OPEN_PERSON, .person = FIRST_ID + p};
        open.arg = region_of(p);
        open.kind = GJ_INSURANCE_EMPLOYEE;
        open.detail = GJ_STATUS_ACTIVE;
        must(b, &open);
        struct gj_op wallet = {.type = GJ_OP_CONFIRM_WALLET, .person = FIRST_ID + p};
        wallet.arg = region_of(p);
        wallet.auth = GJ_AUTH_FACE;
        must(b, &wallet);
        struct gj_op deposit = {.type = GJ_OP_DEPOSIT, .person = FIRST_ID + p};
        deposit.amount = 100000000;
        must(b, &deposit);
    }
    for (uint64_t p = 0; p < b->persons; p++) {
        if (p % 4096 == 0) b->time_ms++;
        uint64_t family = p / FAMILY * FAMILY;
        for (uint64_t k = 1; k <= 2; k++) {
            struct gj_op bind = {.type = GJ_OP_BIND, .person = FIRST_ID + p};
            bind.other = FIRST_ID + family + (p + k) % FAMILY;
            bind.amount = -1;
            bind.kind = GJ_CHILD;
            bind.auth = GJ_AUTH_FACE;
            must(b, &bind);
        }
        struct gj_op gift = {.type = GJ_OP_TRANSFER, .person = FIRST_ID + p};
        gift.other = FIRST_ID + family + (p + 1) % FAMILY;
        gift.amount = 50000000;
        gift.kind = GJ_SOURCE_PERSONAL;
        gift.auth = GJ_AUTH_FACE;
        must(b, &gift);
    }
}

static void make_batch(struct bench *b, struct gj_op *ops)
{
    b->time_ms += 2;
    for (unsigned i = 0; i < BATCH; i++) {
        uint64_t payer = draw(b) % b->persons;
        uint64_t payee = payer / FAMILY * FAMILY + (payer + 1 + draw(b) % 2) % FAMILY;
        ops[i] = (struct gj_op){.person = FIRST_ID + payer,
                                .other = FIRST_ID + payee,
                                .amount = (int64_t)(1 + draw(b) % 100),
                                .type = GJ_OP_TRANSFER,
                                .auth = GJ_AUTH_FACE,
                                .kind = GJ_SOURCE_WALLET};
        mint(b, &ops[i].rid);
    }
}

static void run_batch(struct bench *b, const struct gj_op *ops)
{
    struct op_hint hints[HINTS];
    for (unsigned i = 0; i < BATCH + AHEAD_INDEX; i++) {
        if (i < BATCH) prefetch_index(b->s, &ops[i], &hints[i % HINTS]);
        unsigned records = i - (AHEAD_INDEX - AHEAD_RECORDS);
        if (records < BATCH) prefetch_records(b->s, &ops[records], &hints[records % HINTS]);
        unsigned family = i - (AHEAD_INDEX - AHEAD_FAMILY);
        if (family < BATCH) prefetch_families(b->s, &ops[family], &hints[family % HINTS]);
        unsigned now = i - AHEAD_INDEX;
        if (now < BATCH) run_one(b, &ops[now], &hints[now % HINTS]);
    }
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static struct state *make_state(const struct state_config *config)
{
    struct state_memory parts;
    uint64_t size = state_size(config, &parts);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (size == 0 || memory == MAP_FAILED) {
        fprintf(stderr, "bench_core: no memory for the state (%llu MiB); use fewer --persons\n",
                (unsigned long long)size >> 20);
        exit(1);
    }
    (void)madvise(memory, size, MADV_HUGEPAGE);
    memset(memory, 0, size); /* page faults are not what is measured */
    printf("memory: %llu MiB, of it rids %llu MiB\n", (unsigned long long)size >> 20,
           (unsigned long long)parts.rids >> 20);
    return state_init(config, memory);
}

static uint64_t number_after(int argc, char **argv, const char *name, uint64_t fallback)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], name) == 0) return strtoull(argv[i + 1], NULL, 10);
    }
    return fallback;
}

int main(int argc, char **argv)
{
    uint64_t persons = number_after(argc, argv, "--persons", 1000000) / FAMILY * FAMILY;
    uint64_t seconds = number_after(argc, argv, "--seconds", 5);
    if (persons < FAMILY || persons > 1000000000 || seconds < 1) {
        fprintf(stderr, "usage: bench_core [--persons 4..1000000000] [--seconds 1..]\n");
        return 2;
    }
    struct state_config config = {.persons_max = (uint32_t)persons,
                                  .families_max = (uint32_t)persons,
                                  .institutions_max = 1,
                                  .holds_max = 1,
                                  .rids_max = 16000000,
                                  .rids_ahead_max = 1 << 16,
                                  .hash_seed = UINT64_C(0x9E3779B97F4A7C15)};
    struct bench b = {.s = make_state(&config),
                      .persons = persons,
                      .random = 88172645463325252u,
                      .time_ms = START_MS,
                      .position = 64,
                      .log = aligned_alloc(64, LOG_RING)};
    struct gj_op *ops = aligned_alloc(64, BATCH * sizeof(*ops));
    if (b.log == NULL || ops == NULL) return 1;
    set_up_regions(&b);
    set_up_persons(&b);

    uint64_t spent = 0, done = 0;
    while (spent < seconds * 1000000000u) {
        make_batch(&b, ops);
        uint64_t start = now_ns();
        run_batch(&b, ops);
        spent += now_ns() - start;
        done += BATCH;
    }
    printf("%llu persons: %.1f ns per transfer, %.2f M transfers/s, %llu refused\n",
           (unsigned long long)persons, (double)spent / (double)done,
           (double)done * 1e3 / (double)spent, (unsigned long long)b.refused);
    const char *broken = state_audit(b.s);
    if (broken != NULL) fprintf(stderr, "bench_core: audit failed: %s\n", broken);
    return broken != NULL || b.refused > done / 1000 ? 1 : 0;
}
