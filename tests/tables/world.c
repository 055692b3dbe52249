/* tests/tables/world.c -- builds the world, sends operations, checks what every row must keep. */
#include "world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint8_t world_reached[16][256];
static unsigned failures;

void world_check(bool cond, const char *text, const char *file, int line)
{
    if (cond) return;
    failures++;
    printf("    %s:%d: not so: %s\n", file, line, text);
}

unsigned world_failures(void)
{
    unsigned count = failures;
    failures = 0;
    return count;
}

uint64_t world_ms(unsigned year, unsigned month, unsigned day, unsigned minute)
{
    return calendar_ms(calendar_day_of(year, month, day)) + (uint64_t)minute * 60000u;
}

struct state_config world_config(void)
{
    return (struct state_config){.persons_max = 64,
                                 .families_max = 32,
                                 .institutions_max = 16,
                                 .rids_max = 1024,
                                 .hash_seed = 42};
}

/* Two states live at once; their memory is kept, because fresh pages cost more than all rows. */
static struct {
    void *memory;
    uint64_t size;
    bool used;
} blocks[2];

static struct state *state_new(const struct state_config *config)
{
    struct state_memory parts;
    uint64_t size = (state_size(config, &parts) + 63) / 64 * 64;
    unsigned i = blocks[0].used ? 1 : 0;
    if (blocks[i].used) abort();
    if (blocks[i].size < size) {
        free(blocks[i].memory);
        blocks[i].memory = aligned_alloc(64, size);
        blocks[i].size = size;
        if (blocks[i].memory == NULL) abort();
    }
    blocks[i].used = true;
    memset(blocks[i].memory, 0, size);
    return state_init(config, blocks[i].memory);
}

struct world *world_new_empty(const struct state_config *config, uint64_t log_lines_max)
{
    struct world *w = calloc(1, sizeof(*w));
    if (w == NULL) abort();
    w->s = state_new(config);
    w->time_ms = NOW_MS;
    w->log_lines_max = log_lines_max;
    w->log = calloc(log_lines_max, GJ_RECORD_UNIT);
    w->times = calloc(log_lines_max, sizeof(uint64_t));
    if (w->log == NULL || w->times == NULL) abort();
    w->log_lines = 1; /* position 0 means none */
    return w;
}

static struct msg msg_new(uint8_t type, uint64_t person, uint64_t other, int64_t amount)
{
    struct msg m;
    memset(&m, 0, sizeof(m));
    m.op.type = type;
    m.op.person = person;
    m.op.other = other;
    m.op.amount = amount;
    return m;
}

struct decide_input world_input(const struct world *w, const struct gj_op *op)
{
    struct needs need;
    needs(w->s, op, &need);
    struct decide_input in = {
        .time_ms = w->time_ms, .seq = state_seq(w->s) + 1, .read_only = w->read_only};
    in.evidence_count = need.count;
    for (uint32_t i = 0; i < need.count; i++) {
        in.evidence[i].position = need.positions[i];
        in.evidence[i].record = w->log + need.positions[i] * GJ_RECORD_UNIT;
    }
    return in;
}

/* The look-ahead may only save time: with its hint, and with the one of the operation before, the
 * decision is the same to the byte. */
static void decide_hinted(struct world *w, const struct gj_op *op, struct decide_input in,
                          const void *record)
{
    static struct op_hint hints[2];
    struct op_hint hint;
    prefetch_index(w->s, op, &hint);
    prefetch_records(w->s, op, &hint);
    prefetch_families(w->s, op, &hint);
    hints[1] = hint;
    for (unsigned i = 0; i < ARRAY_COUNT(hints); i++) {
        uint64_t again[GJ_RECORD_SIZE_MAX / 8];
        struct decision decision;
        in.hint = &hints[i];
        decide(w->s, op, &in, again, &decision);
        world_check(decision.kind == w->last.kind && decision.record_size == w->last.record_size &&
                        memcmp(&decision.reply, &w->last.reply, sizeof(decision.reply)) == 0 &&
                        memcmp(again, record, decision.record_size) == 0,
                    "a hint changes nothing", __FILE__, __LINE__);
    }
    if (w->last.kind == DECISION_RECORD) prefetch_redo(w->s, record);
    hints[0] = hint;
}

uint8_t world_send(struct world *w, struct msg m)
{
    static const struct gj_rid zero;
    if (memcmp(&m.op.rid, &zero, sizeof(zero)) == 0) {
        uint64_t ms = w->time_ms, number = ++w->rids;
        for (unsigned i = 0; i < 6; i++) m.op.rid.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
        memcpy(m.op.rid.bytes + 8, &number, sizeof(number));
    }
    struct decide_input in = world_input(w, &m.op);
    uint64_t record[GJ_RECORD_SIZE_MAX / 8];
    decide(w->s, &m.op, &in, record, &w->last);
    decide_hinted(w, &m.op, in, record);
    if (w->last.kind != DECISION_RECORD) return w->last.reply.code;

    world_check(record_size(record, w->last.record_size) == w->last.record_size, "record is whole",
                __FILE__, __LINE__);
    world_check(record_fits(w->s, record) == RECORD_FITS, "record fits", __FILE__, __LINE__);
    uint64_t lines = w->last.record_size / GJ_RECORD_UNIT;
    if (w->log_lines + lines > w->log_lines_max) abort();
    memcpy(w->log + w->log_lines * GJ_RECORD_UNIT, record, w->last.record_size);
    w->times[w->log_lines] = w->time_ms;
    commit(w->s, record, w->log_lines, w->time_ms);
    w->log_lines += lines;
    return w->last.reply.code;
}

void world_do(struct world *w, struct msg m)
{
    uint8_t code = world_send(w, m);
    if (code <= GJ_OK_NOOP) return;
    failures++;
    printf("    preparing: %s answers %s\n", gj_op_name(m.op.type), gj_code_name(code));
}

void world_digest(const struct world *w, uint64_t digest[2])
{
    state_digest(w->s, digest);
}

void world_row(struct world *w, uint8_t want, struct msg m, const char *file, int line)
{
    uint64_t before[2], after[2];
    world_digest(w, before);
    uint64_t seq = state_seq(w->s);
    uint8_t code = world_send(w, m);
    if (code != want) {
        failures++;
        printf("    %s:%d: %s answers %s, want %s\n", file, line, gj_op_name(m.op.type),
               gj_code_name(code), gj_code_name(want));
    }
    if (m.op.type < 16) world_reached[m.op.type][code] = 1;
    world_check(state_seq(w->s) == seq + (gj_code_is_outcome(code) ? 1 : 0) ||
                    w->last.kind == DECISION_REPLAY,
                "an outcome is logged, nothing else is", file, line);
    if (code == GJ_OK || code == GJ_OK_PARTIAL) return;
    world_digest(w, after);
    world_check(before[0] == after[0] && before[1] == after[1], "a refusal changes nothing", file,
                line);
    world_check(w->last.kind == DECISION_REPLAY ||
                    (w->last.reply.balance == 0 && w->last.reply.amount == 0),
                "a refusal moves nothing", file, line);
}

void world_close(struct world *w)
{
    uint64_t live[2], redone[2];
    const char *broken = state_audit(w->s);
    world_check(broken == NULL, broken == NULL ? "audit" : broken, __FILE__, __LINE__);
    world_digest(w, live);
    struct state *redo = state_new(&w->s->config);
    for (uint64_t at = 1; at < w->log_lines;) {
        const uint8_t *record = w->log + at * GJ_RECORD_UNIT;
        commit(redo, record, at, w->times[at]);
        at += record_size(record, (w->log_lines - at) * GJ_RECORD_UNIT) / GJ_RECORD_UNIT;
    }
    state_digest(redo, redone);
    world_check(live[0] == redone[0] && live[1] == redone[1], "commit alone gives the same state",
                __FILE__, __LINE__);
    blocks[0].used = blocks[1].used = false;
    free(w->log);
    free(w->times);
    free(w);
}

const struct person *world_person(const struct world *w, uint64_t id)
{
    uint32_t slot = person_find(w->s, id);
    return slot == SLOT_NONE ? NULL : &w->s->persons[slot];
}

struct msg region_msg(uint16_t id, uint32_t version, const char *province, const char *name)
{
    struct msg m = msg_new(GJ_OP_SET_REGION, 0, 0, version);
    struct gj_region_ext ext;
    memset(&ext, 0, sizeof(ext));
    m.op.arg = id;
    m.op.ext_count = GJ_EXT_MAX;
    strncpy(ext.province, province, sizeof(ext.province) - 1);
    strncpy(ext.name, name, sizeof(ext.name) - 1);
    gj_policy_default(&ext.policy);
    ext.policy.wallet_open = 1;
    ext.policy.premiums[0] = (struct gj_premium_row){.amount = 40000,
                                                     .year = 2026,
                                                     .product = 1,
                                                     .from_day = calendar_day_of(2025, 9, 1),
                                                     .to_day = calendar_day_of(2025, 12, 31)};
    memcpy(m.ext, &ext, sizeof(ext));
    return m;
}

struct msg region_again(const struct world *w, uint16_t id)
{
    const struct region *r = &w->s->regions[id];
    uint32_t last = r->next_version != 0 ? r->next_version : r->version;
    struct msg m = msg_new(GJ_OP_SET_REGION, 0, 0, (int64_t)last + 1);
    m.op.arg = id;
    m.op.ext_count = GJ_EXT_MAX;
    memcpy(m.ext, &r->data, sizeof(r->data));
    return m;
}

struct msg inst_msg(uint64_t id, uint16_t region, uint8_t type, uint8_t scenarios, uint8_t flags)
{
    struct msg m = msg_new(GJ_OP_SET_INSTITUTION, 0, id, 0);
    m.op.arg = region;
    m.op.kind = type;
    m.op.detail = scenarios;
    m.op.flags = flags;
    m.op.ext_count = 1;
    snprintf((char *)m.ext, 16, "H%011" PRIu64, id);
    return m;
}

struct msg open_msg(uint64_t id, uint16_t region, uint8_t insurance)
{
    struct msg m = msg_new(GJ_OP_OPEN_PERSON, id, 0, 0);
    m.op.arg = region;
    m.op.kind = insurance;
    m.op.detail = GJ_STATUS_ACTIVE;
    return m;
}

struct msg update_msg(uint64_t id, uint8_t insurance, uint8_t status)
{
    struct msg m = msg_new(GJ_OP_UPDATE_PERSON, id, 0, 0);
    m.op.kind = insurance;
    m.op.detail = status;
    return m;
}

struct msg overdue_msg(uint64_t id, uint16_t day)
{
    struct msg m = msg_new(GJ_OP_UPDATE_PERSON, id, 0, 0);
    m.op.arg = day;
    return m;
}

struct msg phone_msg(uint64_t id, uint64_t hash)
{
    struct msg m = msg_new(GJ_OP_UPDATE_PERSON, id, hash, 0);
    m.op.flags = GJ_FLAG_PHONE;
    return m;
}

struct msg wallet_msg(uint64_t id, uint16_t region)
{
    struct msg m = msg_new(GJ_OP_CONFIRM_WALLET, id, 0, 0);
    m.op.arg = region;
    m.op.auth = GJ_AUTH_FACE;
    return m;
}

struct msg bind_msg(uint64_t payer, uint64_t member, uint8_t kind, int64_t cap)
{
    struct msg m = msg_new(GJ_OP_BIND, payer, member, cap);
    m.op.kind = kind;
    m.op.auth = GJ_AUTH_FACE;
    return m;
}

struct msg unbind_msg(uint64_t payer, uint64_t member)
{
    return msg_new(GJ_OP_UNBIND, payer, member, 0);
}

struct msg cap_msg(uint64_t payer, uint64_t member, int64_t cap)
{
    return msg_new(GJ_OP_SET_CAP, payer, member, cap);
}

struct msg deposit_msg(uint64_t id, int64_t amount)
{
    return msg_new(GJ_OP_DEPOSIT, id, 0, amount);
}

struct msg transfer_msg(uint64_t payer, uint64_t payee, int64_t amount, uint8_t source)
{
    struct msg m = msg_new(GJ_OP_TRANSFER, payer, payee, amount);
    m.op.kind = source;
    m.op.auth = GJ_AUTH_FACE;
    return m;
}

struct msg pay_msg(uint64_t patient, uint64_t inst, int64_t amount, uint8_t sources)
{
    struct msg m = msg_new(GJ_OP_PAY, patient, inst, amount);
    m.op.kind = sources;
    m.op.detail = GJ_OUTPATIENT;
    m.op.auth = GJ_AUTH_FACE;
    return m;
}

struct msg relative_msg(uint64_t patient, uint64_t inst, int64_t amount, uint8_t sources,
                        uint64_t relative)
{
    struct msg m = pay_msg(patient, inst, amount, sources);
    m.op.ext_count = 1;
    memcpy(m.ext, &relative, sizeof(relative));
    return m;
}

struct msg premium_msg(uint64_t payer, uint64_t beneficiary, uint16_t year, uint8_t source)
{
    struct msg m = msg_new(GJ_OP_PAY_PREMIUM, payer, beneficiary, 40000);
    m.op.arg = year;
    m.op.kind = source;
    m.op.detail = 1;
    return m;
}

struct msg suspend_msg(uint64_t id, uint8_t bits)
{
    return with_detail(msg_new(GJ_OP_SUSPEND, id, 0, 0), bits);
}

struct msg resume_msg(uint64_t id, uint8_t bits)
{
    return with_detail(msg_new(GJ_OP_RESUME, id, 0, 0), bits);
}

struct msg with_auth(struct msg m, uint8_t auth)
{
    m.op.auth = auth;
    return m;
}

struct msg with_detail(struct msg m, uint8_t detail)
{
    m.op.detail = detail;
    return m;
}

struct msg with_flags(struct msg m, uint8_t flags)
{
    m.op.flags = flags;
    return m;
}

struct msg with_amount(struct msg m, int64_t amount)
{
    m.op.amount = amount;
    return m;
}

struct msg with_part(struct msg m, int64_t personal_part)
{
    m.op.ext_count = 1;
    memcpy(m.ext + 8, &personal_part, sizeof(personal_part));
    return m;
}

struct world *world_new(void)
{
    struct state_config config = world_config();
    struct world *w = world_new_empty(&config, 8192);
    world_do(w, region_msg(1, 1, "山东省", "济南市"));
    world_do(w, region_msg(2, 1, "山东省", "青岛市"));
    world_do(w, region_msg(3, 1, "河北省", "石家庄市"));
    world_do(w, inst_msg(10, 1, GJ_HOSPITAL, 0x1F, GJ_FLAG_WALLET));
    world_do(w, inst_msg(11, 1, GJ_PHARMACY, 0x10, GJ_FLAG_WALLET));
    world_do(w, inst_msg(12, 1, GJ_HOSPITAL, 0x1F, 0));
    world_do(w, inst_msg(13, 3, GJ_HOSPITAL, 0x1F, GJ_FLAG_WALLET));
    world_do(w, inst_msg(14, 2, GJ_HOSPITAL, 0x1F, GJ_FLAG_WALLET));
    world_do(w, open_msg(100, 1, GJ_INSURANCE_EMPLOYEE));
    world_do(w, open_msg(101, 1, GJ_INSURANCE_RESIDENT));
    world_do(w, open_msg(102, 3, GJ_INSURANCE_RESIDENT));
    world_do(w, open_msg(103, 2, GJ_INSURANCE_EMPLOYEE));
    world_do(w, open_msg(104, 1, GJ_INSURANCE_EMPLOYEE));
    world_do(w, open_msg(105, 1, GJ_INSURANCE_RESIDENT));
    world_do(w, wallet_msg(100, 1));
    world_do(w, wallet_msg(101, 1));
    world_do(w, wallet_msg(102, 3));
    world_do(w, wallet_msg(103, 2));
    world_do(w, bind_msg(100, 101, GJ_PARENT, -1));
    world_do(w, bind_msg(100, 102, GJ_CHILD, 5000));
    world_do(w, bind_msg(103, 104, GJ_SPOUSE, -1));
    world_do(w, deposit_msg(100, 100000));
    world_do(w, deposit_msg(103, 50000));
    world_do(w, transfer_msg(100, 101, 20000, PERSONAL));
    return w;
}
