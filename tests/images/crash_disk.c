/* tests/images/crash_disk.c -- follows the events, and builds what a crash may leave. */
#include <string.h>

#include "tests/images/crash_disk.h"
#include "tests/images/random.h"

/* ---- applying a step ---- */

static const struct block *step_block(const struct step *step, uint64_t i)
{
    return step->blocks == NULL ? NULL : step->blocks[i];
}

/* Whether the sector or byte `at` of the step is there. */
static bool sector_is_there(enum how how, uint64_t tear, uint64_t sector)
{
    switch (how) {
    case HOW_NOT: return false;
    case HOW_WHOLE: return true;
    case HOW_SECTORS_FIRST: return sector < tear;
    case HOW_SECTORS_LAST: return sector >= tear;
    case HOW_SECTORS_ANY: return (random_mix(tear + sector) & 1) != 0;
    case HOW_BYTES: return sector < tear / SECTOR;
    }
    UNREACHABLE("how");
}

static const struct block *torn_block(const struct step *step, uint64_t i,
                                      const struct block *before, enum how how, uint64_t tear)
{
    uint8_t bytes[LOG_BLOCK_SIZE];
    const uint8_t *after = block_bytes(step_block(step, i));
    const uint64_t sectors = LOG_BLOCK_SIZE / SECTOR;
    memcpy(bytes, block_bytes(before), sizeof(bytes));
    for (uint64_t s = 0; s < sectors; s++) {
        uint64_t size = SECTOR;
        if (how == HOW_BYTES && i * sectors + s == tear / SECTOR) {
            size = tear % SECTOR;
        } else if (!sector_is_there(how, tear, i * sectors + s)) {
            continue;
        }
        memcpy(bytes + s * SECTOR, after + s * SECTOR, size);
    }
    return block_make(bytes, sizeof(bytes));
}

static void apply_write(struct file *file, const struct step *step, enum how how, uint64_t tear)
{
    if (step->offset + step->size > file->size) file->size = step->offset + step->size;
    for (uint64_t i = 0; i < step->size / LOG_BLOCK_SIZE; i++) {
        const struct block **place = &file->blocks[step->offset / LOG_BLOCK_SIZE + i];
        *place = how == HOW_WHOLE ? step_block(step, i) : torn_block(step, i, *place, how, tear);
    }
}

static void apply_step(struct content *c, const struct step *step, enum how how, uint64_t tear)
{
    if (how == HOW_NOT) return;
    switch (step->kind) {
    case STEP_WRITE: apply_write(&c->files[step->file], step, how, tear); return;
    case STEP_RESIZE: c->files[step->file].size = step->size; return;
    case STEP_MAKE: content_name(c, step->name, step->file); return;
    case STEP_RENAME: (void)content_rename(c, step->name, step->to); return;
    case STEP_REMOVE: content_remove(c, step->name); return;
    }
}

static bool is_about_names(const struct step *step)
{
    return step->kind == STEP_MAKE || step->kind == STEP_RENAME || step->kind == STEP_REMOVE;
}

/* ---- becoming durable ---- */

static bool overlap(const struct step *a, const struct step *b)
{
    if (a->file != b->file || is_about_names(a) || is_about_names(b)) return false;
    if (a->kind != STEP_WRITE || b->kind != STEP_WRITE) return a->kind == b->kind;
    return a->offset < b->offset + b->size && b->offset < a->offset + a->size;
}

static bool covers(const struct step *later, const struct step *earlier)
{
    return overlap(later, earlier) && later->offset <= earlier->offset &&
           earlier->offset + earlier->size <= later->offset + later->size;
}

static void drop(struct crash_disk *disk, uint32_t i)
{
    disk->count--;
    memmove(&disk->steps[i], &disk->steps[i + 1], (disk->count - i) * sizeof(disk->steps[0]));
}

/* What is durable and not behind another step at its place becomes part of what is certain. */
static void settle(struct crash_disk *disk)
{
    for (uint32_t i = 0; i < disk->count;) {
        const struct step *step = &disk->steps[i];
        bool waits = step->state != STEP_DURABLE;
        for (uint32_t k = 0; k < i && !waits; k++) {
            waits = overlap(step, &disk->steps[k]) ||
                    (is_about_names(step) && is_about_names(&disk->steps[k]));
        }
        if (!waits) apply_step(&disk->durable, step, HOW_WHOLE, 0);
        if (waits)
            i++;
        else
            drop(disk, i);
    }
}

static void becomes_durable(struct crash_disk *disk, uint32_t i)
{
    disk->steps[i].state = STEP_DURABLE;
    if (disk->steps[i].kind != STEP_WRITE) return;
    for (uint32_t k = i; k-- > 0;) {
        if (!covers(&disk->steps[i], &disk->steps[k])) continue;
        drop(disk, k);
        i--;
    }
}

static void flushed(struct crash_disk *disk, int file, uint64_t sync)
{
    for (uint32_t i = 0; i < disk->count; i++) {
        struct step *step = &disk->steps[i];
        bool meant =
            file == NO_FILE ? is_about_names(step) : !is_about_names(step) && step->file == file;
        if (!meant || (sync != 0 && step->sync != sync)) continue;
        if (step->state == STEP_LIMBO) step->flushed = true;
        if (step->state != STEP_DONE) continue;
        uint32_t before = disk->count;
        becomes_durable(disk, i);
        i -= before - disk->count;
    }
    settle(disk);
}

/* ---- events ---- */

static const struct bound_fd *bound(const struct crash_disk *disk, int fd)
{
    for (uint32_t i = 0; i < disk->fd_count; i++) {
        if (disk->fds[i].fd == fd) return &disk->fds[i];
    }
    return NULL;
}

int crash_disk_file(const struct crash_disk *disk, int fd)
{
    const struct bound_fd *b = bound(disk, fd);
    return b == NULL ? NO_FILE : b->file;
}

static struct step *step_add(struct crash_disk *disk, enum step_kind kind, enum step_state state)
{
    if (disk->count == STEPS_MAX) return NULL;
    struct step *step = &disk->steps[disk->count++];
    *step = (struct step){.kind = kind, .state = state, .file = NO_FILE};
    return step;
}

static bool text_of(const uint8_t *data, uint64_t size, char text[NAME_SIZE])
{
    if (size == 0 || size >= NAME_SIZE) return false;
    memcpy(text, data, size);
    text[size] = 0;
    return true;
}

static int file_seen(const struct crash_disk *disk, const char *text)
{
    struct content names;
    memcpy(names.names, disk->durable.names, sizeof(names.names));
    for (uint32_t i = 0; i < disk->count; i++) {
        if (is_about_names(&disk->steps[i])) apply_step(&names, &disk->steps[i], HOW_WHOLE, 0);
    }
    return content_find(&names, text);
}

static int file_take(struct crash_disk *disk)
{
    bool used[FILES_MAX] = {false};
    for (unsigned i = 0; i < NAMES_MAX; i++) {
        const struct name *name = &disk->durable.names[i];
        if (name->text[0] != 0) used[name->file] = true;
    }
    for (uint32_t i = 0; i < disk->count; i++) {
        if (disk->steps[i].file != NO_FILE) used[disk->steps[i].file] = true;
    }
    for (int i = 0; i < (int)FILES_MAX; i++) {
        if (used[i]) continue;
        disk->durable.files[i] = (struct file){.size = 0};
        return i;
    }
    return NO_FILE;
}

static const char *event_open(struct crash_disk *disk, const struct event *e)
{
    char text[NAME_SIZE];
    if (!text_of(e->data, e->head.data_size, text)) return "a name is too long";
    int file = NO_FILE;
    if (strcmp(text, ".") != 0) {
        if ((e->head.flags & DISK_TRACE_MADE) != 0) {
            file = file_take(disk);
            struct step *step = file == NO_FILE ? NULL : step_add(disk, STEP_MAKE, STEP_DONE);
            if (step == NULL) return "more files than expected";
            memcpy(step->name, text, sizeof(text));
            step->file = file;
        } else {
            file = file_seen(disk, text);
            if (file == NO_FILE) {
                return "a file is opened that nobody made: the process before was killed between "
                       "that step and its note; make another trace";
            }
        }
    }
    struct bound_fd b = {
        .fd = e->head.fd, .file = file, .dsync = (e->head.flags & DISK_TRACE_DSYNC) != 0};
    for (uint32_t i = 0; i < disk->fd_count; i++) {
        if (disk->fds[i].fd != b.fd) continue;
        disk->fds[i] = b;
        return NULL;
    }
    if (disk->fd_count == FDS_MAX) return "more descriptors than expected";
    disk->fds[disk->fd_count++] = b;
    return NULL;
}

static const char *event_resize(struct crash_disk *disk, const struct event *e)
{
    int file = crash_disk_file(disk, e->head.fd);
    if (file == NO_FILE || e->head.size > SEGMENT) return "a file of unexpected size";
    struct step *step = step_add(disk, STEP_RESIZE, STEP_DONE);
    if (step == NULL) return "more steps at once than expected";
    step->file = file;
    step->size = e->head.size;
    return NULL;
}

static const char *event_name(struct crash_disk *disk, const struct event *e)
{
    bool rename = e->head.kind == DISK_TRACE_RENAME;
    const uint8_t *end = memchr(e->data, 0, e->head.data_size);
    uint64_t first = rename && end != NULL ? (uint64_t)(end - e->data) : e->head.data_size;
    struct step *step = step_add(disk, rename ? STEP_RENAME : STEP_REMOVE, STEP_DONE);
    if (step == NULL) return "more steps at once than expected";
    bool good = text_of(e->data, first, step->name);
    if (rename) {
        good = good && first < e->head.data_size &&
               text_of(e->data + first + 1, e->head.data_size - first - 1, step->to);
    }
    return good ? NULL : "a name is too long";
}

/* Zeros written where there is nothing else change nothing, whatever becomes of them. */
static bool changes_nothing(const struct crash_disk *disk, const struct step *step)
{
    if (step->blocks != NULL) return false;
    for (uint64_t i = 0; i < step->size / LOG_BLOCK_SIZE; i++) {
        const struct file *file = &disk->durable.files[step->file];
        if (file->blocks[step->offset / LOG_BLOCK_SIZE + i] != NULL) return false;
    }
    for (uint32_t i = 0; i < disk->count; i++) {
        const struct step *other = &disk->steps[i];
        if (other != step && other->kind == STEP_WRITE && overlap(step, other)) return false;
    }
    return true;
}

static const char *event_write(struct crash_disk *disk, const struct event *e)
{
    const struct disk_trace_event *h = &e->head;
    const struct bound_fd *b = bound(disk, h->fd);
    if (b == NULL || b->file == NO_FILE) return "a write to a file that was not opened";
    if (h->offset % LOG_BLOCK_SIZE != 0 || h->size % LOG_BLOCK_SIZE != 0 || h->size == 0 ||
        h->offset + h->size > SEGMENT || h->data_size > h->size) {
        return "a write that is not whole blocks";
    }
    struct step *step = step_add(disk, STEP_WRITE, STEP_FLYING);
    if (step == NULL) return "more steps at once than expected";
    step->file = b->file;
    step->dsync = b->dsync;
    step->op = h->op;
    step->offset = h->offset;
    step->size = h->size;
    step->bytes = h->data_size;
    uint64_t count = h->size / LOG_BLOCK_SIZE;
    if (h->data_size > 0) step->blocks = stack_take(count * sizeof(struct block *));
    for (uint64_t i = 0; h->data_size > 0 && i < count; i++) {
        uint64_t at = i * LOG_BLOCK_SIZE;
        uint64_t left = h->data_size > at ? h->data_size - at : 0;
        uint64_t size = left < LOG_BLOCK_SIZE ? left : LOG_BLOCK_SIZE;
        step->blocks[i] = size == 0 ? NULL : block_make(e->data + at, size);
    }
    if (changes_nothing(disk, step)) disk->count--;
    return NULL;
}

static void event_sync(struct crash_disk *disk, const struct event *e)
{
    int file = crash_disk_file(disk, e->head.fd);
    for (uint32_t i = 0; i < disk->count; i++) {
        struct step *step = &disk->steps[i];
        bool meant =
            file == NO_FILE ? is_about_names(step) : !is_about_names(step) && step->file == file;
        if (meant && step->state == STEP_DONE) step->sync = e->head.op;
    }
}

static const char *event_done(struct crash_disk *disk, const struct event *e)
{
    for (uint32_t i = 0; i < disk->count; i++) {
        struct step *step = &disk->steps[i];
        if (step->kind != STEP_WRITE || step->state != STEP_FLYING || step->op != e->head.op) {
            continue;
        }
        if (e->head.result < 0 || (uint64_t)e->head.result != step->size) {
            return "a write failed: what it left is not known";
        }
        step->state = STEP_DONE;
        if (step->dsync) becomes_durable(disk, i);
        settle(disk);
        return NULL;
    }
    for (uint32_t i = 0; i < disk->count; i++) {
        if (disk->steps[i].sync != e->head.op) continue;
        if (e->head.result != 0) return "a flush failed: what it left is not known";
        flushed(disk, is_about_names(&disk->steps[i]) ? NO_FILE : disk->steps[i].file, e->head.op);
        return NULL;
    }
    return NULL; /* a read, or zeros over zeros */
}

static void event_begin(struct crash_disk *disk)
{
    disk->fd_count = 0;
    for (uint32_t i = 0; i < disk->count; i++) {
        if (disk->steps[i].state == STEP_FLYING) disk->steps[i].state = STEP_LIMBO;
        disk->steps[i].sync = 0;
    }
}

/* The next process found out which of the writes in limbo were there. */
static const char *event_recovered(struct crash_disk *disk, const struct event *e)
{
    const struct disk_trace_event *h = &e->head;
    for (uint32_t i = 0; i < disk->count;) {
        struct step *step = &disk->steps[i];
        if (step->state != STEP_LIMBO) {
            i++;
            continue;
        }
        struct log_group group;
        memcpy(&group, block_bytes(step_block(step, 0)), sizeof(group));
        if (group.magic != LOG_GROUP_MAGIC) return "a process was killed in its recovery";
        if (group.number <= h->op) {
            uint32_t before = disk->count;
            step->state = STEP_DONE;
            if (step->flushed) becomes_durable(disk, i);
            i += 1 + disk->count - before; /* what it covered is gone */
        } else if (group.position < h->offset + h->size) {
            /* Some of it was there, and what there was is being cut. */
            uint64_t seen = h->offset + h->size - group.position;
            if (seen < step->size) step->size = seen;
            i++;
        } else {
            drop(disk, i);
        }
    }
    settle(disk);
    return NULL;
}

const char *crash_disk_apply(struct crash_disk *disk, const struct event *event)
{
    switch ((enum disk_trace_kind)event->head.kind) {
    case DISK_TRACE_BEGIN: event_begin(disk); return NULL;
    case DISK_TRACE_OPEN: return event_open(disk, event);
    case DISK_TRACE_RESIZE: return event_resize(disk, event);
    case DISK_TRACE_RENAME:
    case DISK_TRACE_REMOVE: return event_name(disk, event);
    case DISK_TRACE_FLUSH: flushed(disk, crash_disk_file(disk, event->head.fd), 0); return NULL;
    case DISK_TRACE_WRITE: return event_write(disk, event);
    case DISK_TRACE_SYNC: event_sync(disk, event); return NULL;
    case DISK_TRACE_DONE: return event_done(disk, event);
    case DISK_TRACE_RECOVERED: return event_recovered(disk, event);
    case DISK_TRACE_READ:
    case DISK_TRACE_RELEASED: return NULL;
    }
    return "an event of an unknown kind";
}

/* ---- images ---- */

uint32_t crash_disk_open_steps(const struct crash_disk *disk, uint32_t ret[STEPS_MAX])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < disk->count; i++) {
        if (disk->steps[i].state != STEP_DURABLE) ret[count++] = i;
    }
    return count;
}

bool crash_disk_has_writes(const struct crash_disk *disk)
{
    for (uint32_t i = 0; i < disk->count; i++) {
        const struct step *step = &disk->steps[i];
        if (step->state != STEP_DURABLE && step->kind == STEP_WRITE) return true;
    }
    return false;
}

void crash_disk_image(const struct crash_disk *disk, const struct choice *choice,
                      struct content *ret)
{
    bool names = true; /* those behind one that is undone are undone */
    *ret = disk->durable;
    for (uint32_t i = 0; i < disk->count; i++) {
        const struct step *step = &disk->steps[i];
        enum how how = step->state == STEP_DURABLE ? HOW_WHOLE : choice->how[i];
        if (is_about_names(step)) {
            names = names && how != HOW_NOT;
            how = names ? HOW_WHOLE : HOW_NOT;
        }
        apply_step(ret, step, how, choice->tear[i]);
    }
}

void crash_disk_kill(const struct crash_disk *disk, const struct choice *choice,
                     struct crash_disk *ret, struct content *seen)
{
    *ret = *disk;
    ret->count = 0;
    *seen = disk->durable;
    for (uint32_t i = 0; i < disk->count; i++) {
        struct step step = disk->steps[i];
        bool ended = step.state == STEP_DONE || step.state == STEP_DURABLE;
        if (!ended && choice->how[i] == HOW_NOT) continue;
        if (!ended) step.state = STEP_DONE;
        step.sync = 0;
        apply_step(seen, &step, HOW_WHOLE, 0);
        ret->steps[ret->count++] = step;
    }
    ret->fd_count = 0;
}
