/* bench/mix.c -- reading mixes, generating operations: some 20 ns each, no allocation, no text. */
#include "bench/mix.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEIGHT_MAX 1000000ul
#define FEN_A_YUAN 100

static const char *const words[MIX_KINDS] = {"transfer", "pay", "pay-personal", "premium",
                                             "deposit"};

static int set_weights(struct mix *mix, const uint32_t weights[MIX_KINDS])
{
    uint64_t total = 0, sum = 0;
    for (uint32_t i = 0; i < MIX_KINDS; i++) total += weights[i];
    if (total == 0) return -1;
    for (uint32_t i = 0; i < MIX_KINDS; i++) {
        sum += weights[i];
        uint64_t upto = (sum << 32) / total;
        mix->upto[i] = upto > UINT32_MAX ? UINT32_MAX : (uint32_t)upto;
    }
    return 0;
}

/* `seen`: bits of the kinds that were named. */
static int read_line(char *line, uint32_t weights[MIX_KINDS], uint32_t *seen)
{
    line[strcspn(line, "#\r\n")] = 0;
    char word[32], number[9], rest[2];
    int fields = sscanf(line, "%31s %8[0-9] %1s", word, number, rest);
    if (fields == EOF) return 0; /* nothing but blanks */
    if (fields != 2) return -1;
    unsigned long weight = strtoul(number, NULL, 10);
    if (weight > WEIGHT_MAX) return -1;
    for (uint32_t i = 0; i < MIX_KINDS; i++) {
        if (strcmp(word, words[i]) != 0) continue;
        if ((*seen >> i & 1) != 0) return -1;
        *seen |= 1u << i;
        weights[i] = (uint32_t)weight;
        return 0;
    }
    return -1;
}

static int read_file(struct mix *mix, const char *path, char why[MIX_WHY_SIZE])
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        (void)snprintf(why, MIX_WHY_SIZE,
                       "mix %s: %s; give transfer, premium-season or a file of weights", path,
                       strerror(errno));
        return -1;
    }
    uint32_t weights[MIX_KINDS] = {0}, seen = 0;
    char line[256];
    int result = 0;
    for (unsigned number = 1; result == 0 && fgets(line, sizeof(line), file) != NULL; number++) {
        bool whole = strlen(line) < sizeof(line) - 1 || line[sizeof(line) - 2] == '\n';
        if (whole && read_line(line, weights, &seen) == 0) continue;
        (void)snprintf(
            why, MIX_WHY_SIZE,
            "%.80s:%u: expected `transfer|pay|pay-personal|premium|deposit WEIGHT`, each "
            "once, weight 0..1000000",
            path, number);
        result = -2;
    }
    if (result == 0 && ferror(file)) {
        (void)snprintf(why, MIX_WHY_SIZE, "%.200s: reading failed: %s", path, strerror(errno));
        result = -1;
    }
    (void)fclose(file);
    if (result == 0 && set_weights(mix, weights) != 0) {
        (void)snprintf(why, MIX_WHY_SIZE, "%.200s: no weight above 0", path);
        result = -2;
    }
    return result;
}

int mix_load(struct mix *mix, const char *name, char why[MIX_WHY_SIZE])
{
    static const uint32_t transfer[MIX_KINDS] = {[MIX_TRANSFER] = 1};
    static const uint32_t season[MIX_KINDS] = {
        [MIX_TRANSFER] = 50, [MIX_PAY] = 30, [MIX_PAY_PERSONAL] = 10, [MIX_PREMIUM] = 10};
    if (strcmp(name, "transfer") == 0) return set_weights(mix, transfer);
    if (strcmp(name, "premium-season") == 0) return set_weights(mix, season);
    return read_file(mix, name, why);
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

bool mix_pays_premiums(const struct mix *mix)
{
    return mix->upto[MIX_PREMIUM] != mix->upto[MIX_PREMIUM - 1];
}

void mix_start(struct mix_stream *stream, const struct world *world, const struct mix *mix,
               const struct premiums *premiums, uint64_t seed)
{
    *stream = (struct mix_stream){
        .world = world, .mix = mix, .premiums = premiums, .state = world_mix(seed)};
    /* Two residents a family, every product: visited in an order of large coprime steps. */
    stream->premium_count = world->persons / WORLD_FAMILY * 2 * WORLD_PRODUCTS;
    stream->premium_step = (uint64_t)((double)stream->premium_count * 0.6180339887) | 1;
    while (gcd(stream->premium_step, stream->premium_count) != 1) stream->premium_step += 2;
    stream->premium_start = world_mix(seed ^ 1) % stream->premium_count;
    gj_rid_source_init(&stream->rids, 0);
}

static inline uint64_t next_random(struct mix_stream *stream)
{
    uint64_t random = world_mix(stream->state);
    stream->state += WORLD_MIX_STEP;
    return random;
}

static inline uint64_t random_person(const struct mix_stream *stream, uint64_t random)
{
    return 1 + world_below((uint32_t)random, (uint32_t)stream->world->persons);
}

/* A member pays the payer, the payer one of three members, three times as much: so that what leaves
 * a wallet comes back on average. */
static void transfer(struct mix_stream *stream, uint64_t random, struct gj_op *op)
{
    uint64_t person = random_person(stream, random);
    uint32_t bits = (uint32_t)(random >> 32);
    int64_t amount = FEN_A_YUAN + (bits & 1023);
    op->type = GJ_OP_TRANSFER;
    op->person = person;
    op->kind = GJ_SOURCE_WALLET;
    op->auth = GJ_AUTH_FACE;
    if (world_role(person) == 0) {
        op->other = person + 1 + world_below(bits, WORLD_FAMILY - 1);
        op->amount = 3 * amount;
    } else {
        op->other = world_payer(person);
        op->amount = amount;
    }
}

static void pay(struct mix_stream *stream, uint64_t random, bool personal, struct gj_op *op)
{
    uint64_t person = random_person(stream, random);
    uint32_t bits = (uint32_t)(random >> 32);
    if (personal) person = world_payer(person) + (bits >> 31); /* an employee */
    op->type = GJ_OP_PAY;
    op->person = person;
    op->other = world_institution(world_region(stream->world, person), bits >> 30 & 1);
    op->amount = FEN_A_YUAN + (bits & 2047);
    op->auth = GJ_AUTH_CODE;
    op->kind = gj_sources(GJ_SOURCE_WALLET, personal ? GJ_SOURCE_PERSONAL : GJ_SOURCE_NONE,
                          GJ_SOURCE_NONE);
    op->detail = bits >> 30 & 1 ? GJ_DRUG : GJ_OUTPATIENT;
}

static bool paid_before(const struct premiums *premiums, uint64_t at)
{
    return premiums != NULL && premiums->paid != NULL &&
           (premiums->paid[at / 8] >> at % 8 & 1) != 0;
}

/* The next one that nobody has paid, in the stream's order. */
static bool next_premium(struct mix_stream *stream, uint64_t *ret)
{
    while (stream->premium_at < stream->premium_count) {
        __extension__ unsigned __int128 product =
            (unsigned __int128)stream->premium_at * stream->premium_step + stream->premium_start;
        *ret = (uint64_t)(product % stream->premium_count);
        stream->premium_at++;
        if (!paid_before(stream->premiums, *ret)) return true;
    }
    return false;
}

static bool premium(struct mix_stream *stream, struct gj_op *op)
{
    uint64_t at;
    if (!next_premium(stream, &at)) return false;
    uint64_t resident = at / WORLD_PRODUCTS;
    op->type = GJ_OP_PAY_PREMIUM;
    op->person = resident / 2 * WORLD_FAMILY + 1;
    op->other = op->person + 2 + resident % 2;
    op->amount = WORLD_PREMIUM;
    op->arg = stream->world->premium_year;
    /* A personal account pays within the province only; the parent lives elsewhere. */
    op->kind = resident % 2 == 0 ? GJ_SOURCE_PERSONAL : GJ_SOURCE_WALLET;
    op->detail = (uint8_t)(at % WORLD_PRODUCTS + 1);
    return true;
}

void mix_next(struct mix_stream *stream, uint64_t now_ms, struct gj_op *op)
{
    uint64_t random = next_random(stream);
    *op = (struct gj_op){.rid = gj_rid_next(&stream->rids, now_ms)};
    uint32_t kind = MIX_TRANSFER;
    if (stream->mix->upto[MIX_TRANSFER] != UINT32_MAX) {
        uint32_t draw = (uint32_t)(next_random(stream) >> 32);
        while (kind < MIX_KINDS - 1 && draw >= stream->mix->upto[kind]) kind++;
    }
    switch ((enum mix_kind)kind) {
    case MIX_PAY: pay(stream, random, false, op); return;
    case MIX_PAY_PERSONAL: pay(stream, random, true, op); return;
    case MIX_DEPOSIT:
        op->type = GJ_OP_DEPOSIT;
        op->person = world_payer(random_person(stream, random)) + (random >> 63);
        op->amount = FEN_A_YUAN + (int64_t)(random >> 32 & 4095);
        return;
    case MIX_PREMIUM:
        if (premium(stream, op)) return;
        break;
    case MIX_TRANSFER:
    case MIX_KINDS: break;
    }
    transfer(stream, random, op);
}
