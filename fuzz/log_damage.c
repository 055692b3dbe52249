/* fuzz/log_damage.c -- bytes changed, sectors zeroed, groups misplaced, headers and records changed
 * and signed again, files missing. */
#include "fuzz/log_damage.h"

#include <string.h>

/* Of damage_run(), while it runs. */
static struct log_image *image;
static struct damage *damage;

static uint32_t group_of(const struct step *s)
{
    return image->count - 1u - s->back % image->count;
}

static bool changed(uint32_t group)
{
    const struct image_group *g = &image->groups[group];
    return memcmp(image->bytes + g->position, image->written + g->position, g->size) != 0;
}

/* Bytes up to here may not be zero any more. */
static void note(uint64_t to)
{
    if (to > image->dirty_end) image->dirty_end = log_padded(to);
}

/* One byte, anywhere in a group or its padding. */
static void change_byte(const struct step *s)
{
    const struct image_group *g = &image->groups[group_of(s)];
    uint64_t at =
        s->flags % 2 ? s->arg % sizeof(struct log_group) : (uint64_t)s->arg % log_padded(g->size);
    if (s->detail == 0) return;
    image->bytes[g->position + at] ^= s->detail;
    note(g->position + at + 1);
    if (at < 56) damage->header = true; /* magic, version, log, ..., position */
}

/* Zeros over a part of a group, in sectors: torn, or never written. */
static void tear(const struct step *s)
{
    const struct image_group *g = &image->groups[group_of(s)];
    uint64_t sectors = log_padded(g->size) / 512, from = s->kind % sectors, to = sectors;
    if (s->flags % 4 == 1) {
        to = from;
        from = 0;
    } else if (s->flags % 4 == 2) {
        to = from + 1;
    } else if (s->flags % 4 == 3) {
        from = 0;
    }
    memset(image->bytes + g->position + from * 512, 0, (to - from) * 512);
}

/* A group, or the beginning of it, also at the place of another. */
static void misplace(const struct step *s)
{
    const struct image_group *from = &image->groups[group_of(s)];
    const struct image_group *to = &image->groups[s->kind % image->count];
    uint64_t size = log_padded(from->size), room = IMAGE_BYTES - to->position;
    if (s->flags % 2) size = LOG_BLOCK_SIZE;
    if (from == to || size > room) return;
    memmove(image->bytes + to->position, image->bytes + from->position, size);
    note(to->position + size);
}

/* A field of a header, which then is signed again; with `flags` 1 all groups behind it are chained
 * and signed again as well. */
static void change_header(const struct step *s)
{
    uint32_t n = group_of(s);
    struct log_group *g = image_at(image, n);
    const uint64_t amount = (uint64_t)(int64_t)s->amount;
    if (changed(n) || damage->records) return;
    switch (s->kind % 10) {
    case 0: g->generation += amount; break;
    case 1: g->number += amount; break;
    case 2: g->first_seq += amount; break;
    case 3: g->count += (uint32_t)amount; break;
    case 4: g->durable_through = amount; break;
    case 5: g->kind = s->detail; break;
    case 6: g->prev_checksum[s->detail % 16] ^= 1; break;
    case 7: g->format_version = s->detail; break;
    case 8: g->log_id[s->detail % 16] ^= 1; break;
    default: /* fewer lines */
        if (g->size > sizeof(*g)) g->size -= GJ_RECORD_UNIT;
        break;
    }
    log_group_sign(g, image->meta.secret);
    damage->signed_ = true;
    for (; s->flags % 2 && n + 1 < image->count; n++) {
        struct log_group *next = image_at(image, n + 1);
        if (changed(n + 1)) break;
        memcpy(next->prev_checksum, image_at(image, n)->checksum, sizeof(next->prev_checksum));
        log_group_sign(next, image->meta.secret);
    }
}

/* A byte of a record, signed again: for the reader. */
static void change_record(const struct step *s)
{
    uint32_t n = group_of(s);
    struct log_group *g = image_at(image, n);
    if (changed(n) || g->size == sizeof(*g)) return;
    uint64_t at = sizeof(*g) + s->arg % (g->size - sizeof(*g));
    image->bytes[image->groups[n].position + at] ^= s->detail;
    log_group_sign(g, image->meta.secret);
    damage->signed_ = damage->records = true;
}

/* Nothing is asked of the time of a group but that it does not fall; what it decides is in its
 * records, so changing it alone is for the reader too. */
static void change_time(const struct step *s)
{
    struct log_group *g = image_at(image, group_of(s));
    if (changed(group_of(s))) return;
    if (s->flags % 2)
        g->time_ms += (uint64_t)(int64_t)s->amount;
    else
        g->rid_low_water_ms += (uint64_t)(int64_t)s->amount;
    log_group_sign(g, image->meta.secret);
    damage->signed_ = damage->records = true;
}

static void change_meta(const struct step *s)
{
    uint8_t *bytes = (uint8_t *)&image->meta;
    bytes[s->arg % sizeof(image->meta)] ^= s->detail;
    if (s->flags % 2) log_meta_sign(&image->meta);
    damage->files = true;
}

/* What happened to the files as files. */
static void change_files(const struct step *s)
{
    switch (s->kind % 3) {
    case 0: image->segments = s->detail % (IMAGE_SEGMENTS_MAX + 1u); break;
    case 1: image->meta.magic = 0; break; /* no log.meta: see write_files() */
    default: image->meta.segment_size_mib = 0; break;
    }
    damage->files = true;
}

enum verb {
    MARK = 0,
    CHANGE_BYTE = 5,
    TEAR = 7,
    MISPLACE = 9,
    CHANGE_HEADER = 10,
    CHANGE_RECORD = 12,
    CHANGE_TIME = 13,
    CHANGE_META = 14,
    CHANGE_FILES = 15
};

static void damage_log(const struct step *s, unsigned verb)
{
    if (image->count == 0) return;
    if (verb < TEAR)
        change_byte(s);
    else if (verb < MISPLACE)
        tear(s);
    else if (verb < CHANGE_HEADER)
        misplace(s);
    else if (verb < CHANGE_RECORD)
        change_header(s);
    else if (verb < CHANGE_TIME)
        change_record(s);
    else if (verb < CHANGE_META)
        change_time(s);
    else if (verb < CHANGE_FILES)
        change_meta(s);
    else
        change_files(s);
}

/* `edge` many marks take a block each: so the end of a segment is near when it is wanted. */
static void write_log(const struct step *s, unsigned verb)
{
    unsigned behind = s->kind % 4;
    if (verb != MARK) {
        (void)image_data(image, 1u + s->detail, behind, s->arg);
        return;
    }
    for (unsigned i = 0; i <= s->edge; i++) {
        (void)image_mark(image, s->flags % 2 ? LOG_GROUP_START : LOG_GROUP_SEAL, behind);
    }
}

static void note_changed(void)
{
    for (uint32_t i = 0; i < image->count; i++) image->groups[i].changed = changed(i);
}

/* First everything that is written, then everything that happens to it. */
void damage_run(struct log_image *to, const uint8_t *data, size_t steps, struct damage *ret)
{
    image = to;
    damage = ret;
    *ret = (struct damage){.header = false};
    image_clear(image);
    (void)image_mark(image, LOG_GROUP_START, 0);
    for (unsigned pass = 0; pass < 2; pass++) {
        if (pass == 1) memcpy(image->written, image->bytes, image->end);
        for (size_t i = 0; i < steps; i++) {
            struct step s;
            memcpy(&s, data + i * sizeof(s), sizeof(s));
            unsigned verb = s.verb % 16;
            if (pass == 0 && verb < CHANGE_BYTE) write_log(&s, verb);
            if (pass == 1 && verb >= CHANGE_BYTE) damage_log(&s, verb);
        }
    }
    note_changed();
}
