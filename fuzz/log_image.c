/* fuzz/log_image.c -- decides, commits and lays out: a server's log without a server. */
#include "fuzz/log_image.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/format/record.h"

#define BEGINS_MS UINT64_C(1767225600000) /* 2026-01-01 */
#define SETUP     (2u + 3u * IMAGE_PERSONS)

const struct state_config image_config = {.persons_max = 16,
                                          .families_max = 8,
                                          .institutions_max = 4,
                                          .holds_max = 64,
                                          .rids_max = 4096,
                                          .rids_ahead_max = 64,
                                          .hash_seed = 42};

/* An operation with room for its lines. */
struct made {
    struct gj_op op;
    union {
        struct gj_region_ext region;
        struct gj_institution_ext institution;
        struct gj_original_ext original;
    } ext;
};

void image_begin(struct log_image *image)
{
    const int how = MAP_PRIVATE | MAP_ANONYMOUS;
    struct state_memory parts;
    memset(image, 0, sizeof(*image));
    image->bytes = mmap(NULL, IMAGE_BYTES, PROT_READ | PROT_WRITE, how, -1, 0);
    image->written = mmap(NULL, IMAGE_BYTES, PROT_READ | PROT_WRITE, how, -1, 0);
    image->memory =
        mmap(NULL, state_size(&image_config, &parts), PROT_READ | PROT_WRITE, how, -1, 0);
    bool failed = image->bytes == MAP_FAILED || image->written == MAP_FAILED;
    if (failed || image->memory == MAP_FAILED) abort();
}

void image_clear(struct log_image *image)
{
    struct state_memory parts;
    uint64_t size = state_size(&image_config, &parts);
    memset(image->bytes, 0, image->dirty_end);
    if (madvise(image->memory, size, MADV_DONTNEED) != 0) abort();
    image->s = state_init(&image_config, image->memory);
    image->meta = (struct log_meta){.magic = LOG_META_MAGIC,
                                    .format_version = LOG_FORMAT_VERSION,
                                    .segment_size_mib = IMAGE_SEGMENT_MIB,
                                    .log_id = {7, 7},
                                    .created_ms = BEGINS_MS,
                                    .hash_seed = image_config.hash_seed,
                                    .secret = {1, 2, 3}};
    log_meta_sign(&image->meta);
    image->sizes = log_sizes_of(&image->meta);
    image->segments = 1;
    image->count = 0;
    image->end = image->dirty_end = image->last_data = image->made = image->generation = 0;
    image->time_ms = BEGINS_MS;
    memset(image->prev_checksum, 0, sizeof(image->prev_checksum));
}

/* ---- operations ---- */

static struct gj_rid rid_of(uint64_t number)
{
    struct gj_rid rid = {.bytes = {0}};
    for (unsigned i = 0; i < 6; i++) rid.bytes[i] = (uint8_t)(BEGINS_MS >> (40 - 8 * i));
    for (unsigned i = 0; i < 8; i++) rid.bytes[8 + i] = (uint8_t)(number >> (56 - 8 * i));
    return rid;
}

static void make_region(struct made *m)
{
    struct gj_policy *p = &m->ext.region.policy;
    m->op.type = GJ_OP_SET_REGION;
    m->op.ext_count = GJ_EXT_MAX;
    m->op.person = 0;
    m->op.arg = 1;
    m->op.amount = 1;
    gj_policy_default(p);
    p->wallet_open = p->local_sharing_enabled = 1;
    m->ext.region.province[0] = m->ext.region.name[0] = 'P';
}

static void make_hospital(struct made *m)
{
    m->op = (struct gj_op){.type = GJ_OP_SET_INSTITUTION,
                           .ext_count = 1,
                           .other = 10,
                           .arg = 1,
                           .kind = GJ_HOSPITAL,
                           .detail = GJ_SCENARIO_MASK_ALL,
                           .flags = GJ_FLAG_WALLET,
                           .rid = m->op.rid};
    memcpy(m->ext.institution.code, "H00000000010", 12);
}

static void make_person(struct made *m, uint64_t number)
{
    switch (number % 3) {
    case 0:
        m->op.type = GJ_OP_OPEN_PERSON;
        m->op.arg = m->op.kind = m->op.detail = 1;
        break;
    case 1:
        m->op.type = GJ_OP_CONFIRM_WALLET;
        m->op.arg = 1;
        m->op.auth = GJ_AUTH_FACE;
        break;
    default:
        m->op.type = GJ_OP_BIND;
        m->op.other = m->op.person % IMAGE_PERSONS + 1;
        m->op.amount = -1;
        m->op.kind = GJ_SPOUSE;
        m->op.auth = GJ_AUTH_FACE;
        break;
    }
}

static void make_money(struct made *m, uint64_t number)
{
    struct gj_op *op = &m->op;
    op->amount = 100 + (int64_t)(number % 13);
    op->auth = GJ_AUTH_FACE;
    switch (number % 7) {
    case 0:
    case 1:
        op->type = GJ_OP_DEPOSIT;
        op->auth = GJ_AUTH_NONE;
        break;
    case 2:
        op->type = GJ_OP_TRANSFER;
        op->other = op->person % IMAGE_PERSONS + 1;
        op->kind = GJ_SOURCE_PERSONAL;
        break;
    case 3:
    case 4:
        op->type = number % 7 == 3 ? GJ_OP_PAY : GJ_OP_HOLD;
        op->other = 10;
        op->kind = number % 2 ? GJ_SOURCE_PERSONAL : GJ_SOURCE_WALLET;
        op->detail = GJ_OUTPATIENT;
        break;
    default: /* of the hold, or of the payment before it */
        op->type = number % 7 == 5 ? GJ_OP_CAPTURE : GJ_OP_REVERSE;
        op->person = 1 + (number - (number % 7 == 5 ? 1 : 3)) / 7 % IMAGE_PERSONS;
        op->auth = GJ_AUTH_NONE;
        op->ext_count = 1;
        if (op->type == GJ_OP_REVERSE) op->amount = 0;
        m->ext.original.rid = rid_of(number - (number % 7 == 5 ? 1 : 3));
        break;
    }
}

static void make(struct made *m, uint64_t number)
{
    *m = (struct made){.op = {.rid = rid_of(number)}};
    m->op.person = 1 + number / 7 % IMAGE_PERSONS;
    if (number == 0) {
        make_region(m);
    } else if (number == 1) {
        make_hospital(m);
    } else if (number < SETUP) {
        m->op.person = 1 + (number - 2) / 3;
        make_person(m, number - 2);
    } else {
        make_money(m, number);
    }
}

/* ---- groups ---- */

/* Header at the next place; NULL if there is no room for a group of any size. */
static struct log_group *open_group(struct log_image *image, enum log_group_kind kind,
                                    unsigned behind)
{
    uint64_t position = log_next_open(&image->sizes, image->end), number = image->count + 1u;
    if (kind == LOG_GROUP_DATA &&
        position + image->sizes.segment_last > (uint64_t)image->segments * IMAGE_SEGMENT) {
        if (image->segments == IMAGE_SEGMENTS_MAX) return NULL;
        image->segments++;
    }
    bool room = position + image->sizes.group_max <= (uint64_t)image->segments * IMAGE_SEGMENT;
    if (!room || image->count == IMAGE_GROUPS_MAX) return NULL;
    if (image->count == 0 && kind != LOG_GROUP_START) return NULL;
    if (kind == LOG_GROUP_START) image->generation++;
    struct log_group *group = (struct log_group *)(void *)(image->bytes + position);
    *group = (struct log_group){.magic = LOG_GROUP_MAGIC,
                                .format_version = LOG_FORMAT_VERSION,
                                .kind = kind,
                                .generation = image->generation,
                                .number = number,
                                .position = position,
                                .first_seq = state_seq(image->s) + 1,
                                .size = sizeof(*group),
                                .time_ms = image->time_ms,
                                .durable_through = number > behind + 1 ? number - behind - 1 : 0,
                                .rid_low_water_ms = state_rid_low_water_ms(image->s)};
    memcpy(group->log_id, image->meta.log_id, sizeof(group->log_id));
    memcpy(group->prev_checksum, image->prev_checksum, sizeof(group->prev_checksum));
    return group;
}

static void close_group(struct log_image *image, struct log_group *group)
{
    group->rid_low_water_ms = state_rid_low_water_ms(image->s);
    log_group_sign(group, image->meta.secret);
    memcpy(image->prev_checksum, group->checksum, sizeof(image->prev_checksum));
    image->end = image->dirty_end = group->position + log_padded(group->size);
    if (group->kind == LOG_GROUP_DATA) image->last_data = group->position;
    image->groups[image->count++] = (struct image_group){.position = group->position,
                                                         .last_seq = state_seq(image->s),
                                                         .durable_through = group->durable_through,
                                                         .size = group->size};
}

bool image_mark(struct log_image *image, enum log_group_kind kind, unsigned behind)
{
    struct log_group *group = open_group(image, kind, behind);
    if (group == NULL) return false;
    close_group(image, group);
    return true;
}

/* What the operation needs to be decided: records of the log so far. */
static struct decide_input gather(const struct log_image *image, const struct gj_op *op,
                                  uint64_t time_ms)
{
    struct decide_input in = {.time_ms = time_ms, .seq = state_seq(image->s) + 1};
    struct needs wanted;
    for (;;) {
        needs(image->s, op, in.fetched, in.fetched_count, &wanted);
        if (wanted.count == in.fetched_count) return in;
        for (uint32_t i = in.fetched_count; i < wanted.count; i++) {
            uint64_t at = wanted.positions[i];
            in.fetched[i] = (struct fetched_record){at, image->bytes + at * GJ_RECORD_UNIT};
        }
        in.fetched_count = wanted.count;
    }
}

/* Adds the record of one operation, with those that have to stand in front of it, while there is
 * room. */
static void append(struct log_image *image, struct log_group *group, const struct gj_op *op)
{
    _Alignas(64) uint8_t record[GJ_RECORD_SIZE_MAX];
    struct decision decision;
    do {
        if (group->size + GJ_RECORD_SIZE_MAX > image->sizes.group_max) return;
        struct decide_input in = gather(image, op, group->time_ms);
        decide(image->s, op, &in, record, &decision);
        if (decision.record_size == 0) return;
        memcpy((uint8_t *)group + group->size, record, decision.record_size);
        commit(image->s, record, (group->position + group->size) / GJ_RECORD_UNIT, group->time_ms);
        group->size += decision.record_size;
        group->count++;
    } while (decision.kind == DECISION_EXPIRE_FIRST);
}

bool image_data(struct log_image *image, unsigned count, unsigned behind, uint64_t later_ms)
{
    struct log_group *group = open_group(image, LOG_GROUP_DATA, behind);
    if (group == NULL) return false;
    image->time_ms += later_ms;
    group->time_ms = image->time_ms;
    for (unsigned i = 0; i < count; i++) {
        struct made made;
        make(&made, image->made++);
        append(image, group, &made.op);
    }
    close_group(image, group);
    return true;
}
