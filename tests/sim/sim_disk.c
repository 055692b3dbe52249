/* tests/sim/sim_disk.c -- what the medium holds. Every 4 KiB page of a file exists as processes see
 * it and as it is durable; while both are the same they are one buffer. What was written and not
 * flushed is dirty by sectors of 512 bytes, and a power cut decides about each of them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim_parts.h"

#define INODES      200u
#define NAMES       150u
#define NAME_SIZE   48u
#define CHANGES     128u
#define SECTORS     (SIM_PAGE / SIM_SECTOR)
#define FILE_PAGES  4096u /* 16 MiB, the largest file */
#define NO_INODE    (-1)
#define ALL_SECTORS 0xFFu

struct page {
    uint8_t *live, *durable; /* NULL = zeros */
    uint64_t stamp;          /* of the last write that is not flushed */
    uint8_t dirty;           /* sectors that are not flushed */
    bool lie;                /* ... and were confirmed */
};

struct entry {
    char name[NAME_SIZE]; /* "" = free */
    int inode;
};

/* A change of names that is not flushed: `from` goes (if named), `to` gets the inode (if named). */
struct change {
    char from[NAME_SIZE], to[NAME_SIZE];
    int inode;
    uint64_t stamp;
};

struct directory {
    struct entry live[NAMES], durable[NAMES];
    struct change changes[CHANGES];
    uint32_t change_count;
};

struct inode {
    bool used;
    uint32_t holders;
    uint64_t size, durable_size;
    struct page *pages;
    uint32_t page_count;
    struct directory *directory; /* NULL = a file */
};

static struct inode inodes[INODES];
static uint64_t stamp;
static uint8_t *spare; /* buffers of pages that are free, each with the address of the next */
struct sim_disk_stats disk_stats;
struct sim_disk sim_disk;

/* ---- buffers ---- */

static uint8_t *buffer_take(void)
{
    uint8_t *ret = spare;
    if (ret == NULL) {
        ret = malloc(SIM_PAGE);
        if (ret == NULL) abort();
        return ret;
    }
    memcpy(&spare, ret, sizeof(spare));
    return ret;
}

static void buffer_give(uint8_t *buffer)
{
    if (buffer == NULL) return;
    memcpy(buffer, &spare, sizeof(spare));
    spare = buffer;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

static void page_clear(struct page *page)
{
    if (page->durable != page->live) buffer_give(page->durable);
    buffer_give(page->live);
    memset(page, 0, sizeof(*page));
}

/* Both become what is live. */
static void page_settle(struct page *page)
{
    if (page->durable != page->live) buffer_give(page->durable);
    page->durable = page->live;
    page->dirty = 0;
    page->lie = false;
}

/* ---- inodes ---- */

static void inode_clear(struct inode *inode)
{
    for (uint32_t i = 0; i < inode->page_count; i++) page_clear(&inode->pages[i]);
    inode->page_count = 0;
    inode->size = inode->durable_size = 0;
    inode->holders = 0;
    inode->used = false;
    free(inode->directory);
    inode->directory = NULL;
}

static bool inode_is_named(int inode)
{
    for (uint32_t i = 0; i < INODES; i++) {
        const struct directory *d = inodes[i].directory;
        if (d == NULL) continue;
        for (uint32_t k = 0; k < NAMES; k++) {
            if (d->live[k].name[0] != 0 && d->live[k].inode == inode) return true;
            if (d->durable[k].name[0] != 0 && d->durable[k].inode == inode) return true;
        }
        for (uint32_t k = 0; k < d->change_count; k++) {
            if (d->changes[k].inode == inode) return true;
        }
    }
    return false;
}

static int inode_take(bool is_directory)
{
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < (int)INODES; i++) {
            struct inode *inode = &inodes[i];
            if (pass == 1 && inode->used && i != DISK_ROOT && inode->holders == 0 &&
                !inode_is_named(i)) {
                inode_clear(inode);
            }
            if (inode->used) continue;
            inode->used = true;
            if (is_directory) inode->directory = calloc(1, sizeof(*inode->directory));
            if (is_directory && inode->directory == NULL) abort();
            return i;
        }
    }
    return -ENOSPC;
}

void disk_reset(void)
{
    for (uint32_t i = 0; i < INODES; i++) {
        if (inodes[i].used) inode_clear(&inodes[i]);
    }
    stamp = 0;
    memset(&disk_stats, 0, sizeof(disk_stats));
    sim_disk = (struct sim_disk){
        .delay_us = 20, .delay_spread_us = 80, .slow_us = 20000, .free_bytes = UINT64_C(64) << 20};
    (void)inode_take(true);
    (void)disk_make(DISK_ROOT, &SIM_DATA[1], true);
    disk_flush(DISK_ROOT, UINT64_MAX);
}

void disk_free(void)
{
    for (uint32_t i = 0; i < INODES; i++) {
        inode_clear(&inodes[i]);
        free(inodes[i].pages);
        inodes[i].pages = NULL;
    }
    while (spare != NULL) free(buffer_take());
}

void disk_hold(int inode)
{
    inodes[inode].holders++;
}

void disk_release(int inode)
{
    ASSERT(inodes[inode].holders > 0);
    inodes[inode].holders--;
}

bool disk_is_directory(int inode)
{
    return inodes[inode].directory != NULL;
}

uint64_t disk_size(int inode)
{
    return inodes[inode].size;
}

/* ---- names ---- */

static struct entry *entry_find(struct entry *list, const char *name)
{
    for (uint32_t i = 0; i < NAMES; i++) {
        if (strcmp(list[i].name, name) == 0) return &list[i];
    }
    return NULL;
}

static void change_apply(struct entry *list, const struct change *c)
{
    struct entry *from = c->from[0] == 0 ? NULL : entry_find(list, c->from);
    if (c->from[0] != 0 && from == NULL) return; /* it never came to be */
    if (from != NULL) from->name[0] = 0;
    if (c->to[0] == 0) return;
    struct entry *to = entry_find(list, c->to);
    if (to == NULL) to = entry_find(list, "");
    if (to == NULL) return;
    memcpy(to->name, c->to, NAME_SIZE);
    to->inode = c->inode;
}

static void changes_drop(struct directory *d, uint32_t count)
{
    d->change_count -= count;
    memmove(d->changes, d->changes + count, d->change_count * sizeof(d->changes[0]));
}

static int change_make(int directory, const char *from, const char *to, int inode)
{
    struct directory *d = inodes[directory].directory;
    struct change c = {.inode = inode, .stamp = ++stamp};
    if (strlen(to) >= NAME_SIZE || strlen(from) >= NAME_SIZE) return -ENAMETOOLONG;
    if (to[0] != 0 && entry_find(d->live, to) == NULL && entry_find(d->live, "") == NULL)
        return -ENOSPC;
    (void)snprintf(c.from, sizeof(c.from), "%s", from);
    (void)snprintf(c.to, sizeof(c.to), "%s", to);
    if (d->change_count == CHANGES) { /* a journal comes to its end by itself */
        for (uint32_t i = 0; i < CHANGES / 2; i++) change_apply(d->durable, &d->changes[i]);
        changes_drop(d, CHANGES / 2);
    }
    change_apply(d->live, &c);
    d->changes[d->change_count++] = c;
    return 0;
}

int disk_find(int directory, const char *name)
{
    if (name[0] == '/') {
        directory = DISK_ROOT;
        name++;
    }
    const char *slash = strchr(name, '/');
    if (slash != NULL) {
        char first[NAME_SIZE];
        (void)snprintf(first, sizeof(first), "%.*s", (int)(slash - name), name);
        int inode = disk_find(directory, first);
        return inode < 0 ? inode : disk_find(inode, slash + 1);
    }
    if (strcmp(name, ".") == 0) return directory;
    if (strcmp(name, "..") == 0) return DISK_ROOT;
    if (inodes[directory].directory == NULL) return -ENOTDIR;
    const struct entry *e =
        name[0] == 0 ? NULL : entry_find(inodes[directory].directory->live, name);
    return e == NULL ? -ENOENT : e->inode;
}

int disk_make(int directory, const char *name, bool is_directory)
{
    int inode = inode_take(is_directory);
    if (inode < 0) return inode;
    int rc = change_make(directory, "", name, inode);
    if (rc != 0) inode_clear(&inodes[inode]);
    return rc != 0 ? rc : inode;
}

int disk_make_unnamed(void)
{
    return inode_take(false);
}

int disk_remove(int directory, const char *name)
{
    int inode = disk_find(directory, name);
    if (inode < 0) return inode;
    return change_make(directory, name, "", NO_INODE);
}

int disk_rename(int directory, const char *from, const char *to, bool replace)
{
    int inode = disk_find(directory, from);
    if (inode < 0) return inode;
    if (!replace && disk_find(directory, to) >= 0) return -EEXIST;
    return change_make(directory, from, to, inode);
}

const char *disk_name(int directory, uint32_t index)
{
    const struct directory *d = inodes[directory].directory;
    for (uint32_t i = 0; i < NAMES; i++) {
        if (d->live[i].name[0] != 0 && index-- == 0) return d->live[i].name;
    }
    return NULL;
}

const char *disk_name_of(int inode)
{
    for (uint32_t i = 0; i < INODES; i++) {
        const struct directory *d = inodes[i].directory;
        for (uint32_t k = 0; d != NULL && k < NAMES; k++) {
            if (d->live[k].name[0] != 0 && d->live[k].inode == inode) return d->live[k].name;
        }
    }
    return "";
}

/* ---- bytes ---- */

uint64_t disk_free_bytes(void)
{
    uint64_t used = 0;
    for (uint32_t i = 0; i < INODES; i++) used += inodes[i].size;
    return used < sim_disk.free_bytes ? sim_disk.free_bytes - used : 0;
}

static void pages_up_to(struct inode *inode, uint64_t size)
{
    uint32_t count = (uint32_t)((size + SIM_PAGE - 1) / SIM_PAGE);
    ASSERT(count <= FILE_PAGES);
    if (inode->pages == NULL) inode->pages = calloc(FILE_PAGES, sizeof(struct page));
    if (inode->pages == NULL) abort();
    if (inode->page_count < count) inode->page_count = count;
    if (inode->size < size) inode->size = size;
}

int disk_allocate(int inode, uint64_t size)
{
    uint64_t old = inodes[inode].size;
    if (size <= old) return 0;
    if (size > (uint64_t)FILE_PAGES * SIM_PAGE) return -EFBIG;
    if (size - old > disk_free_bytes()) return -ENOSPC;
    pages_up_to(&inodes[inode], size);
    return 0;
}

void disk_truncate(int inode)
{
    struct inode *i = &inodes[inode];
    for (uint32_t k = 0; k < i->page_count; k++) page_clear(&i->pages[k]);
    i->page_count = 0;
    i->size = i->durable_size = 0;
}

void disk_read(int inode, uint64_t offset, void *bytes, uint64_t size)
{
    const struct inode *i = &inodes[inode];
    for (uint64_t done = 0; done < size;) {
        uint64_t at = offset + done, in_page = at % SIM_PAGE;
        uint64_t piece = SIM_PAGE - in_page < size - done ? SIM_PAGE - in_page : size - done;
        const uint8_t *live = at / SIM_PAGE < i->page_count ? i->pages[at / SIM_PAGE].live : NULL;
        if (live == NULL)
            memset((uint8_t *)bytes + done, 0, piece);
        else
            memcpy((uint8_t *)bytes + done, live + in_page, piece);
        done += piece;
    }
}

static void copy_in(uint8_t **buffer, uint64_t in_page, const uint8_t *bytes, uint64_t size)
{
    if (*buffer == NULL) {
        if (is_zero(bytes, size)) return;
        *buffer = buffer_take();
        memset(*buffer, 0, SIM_PAGE);
    }
    memcpy(*buffer + in_page, bytes, size);
}

/* The live buffer becomes one of its own. */
static void page_part(struct page *page)
{
    if (page->live != page->durable || page->live == NULL) return;
    page->live = buffer_take();
    memcpy(page->live, page->durable, SIM_PAGE);
}

static uint8_t sectors_of(uint64_t in_page, uint64_t size)
{
    unsigned first = (unsigned)(in_page / SIM_SECTOR);
    unsigned end = (unsigned)((in_page + size + SIM_SECTOR - 1) / SIM_SECTOR);
    return (uint8_t)((ALL_SECTORS << first) & (ALL_SECTORS >> (SECTORS - end)));
}

static void page_write(struct page *page, uint64_t in_page, const uint8_t *bytes, uint64_t size,
                       enum disk_how how)
{
    if (page->live == NULL && page->durable == NULL && is_zero(bytes, size)) return;
    if (how == DISK_VOLATILE) {
        page_part(page);
        copy_in(&page->live, in_page, bytes, size);
        page->dirty |= sectors_of(in_page, size);
        page->stamp = ++stamp;
        return;
    }
    if (page->live == page->durable) {
        copy_in(&page->live, in_page, bytes, size);
        page->durable = page->live;
        return;
    }
    copy_in(&page->live, in_page, bytes, size);
    copy_in(&page->durable, in_page, bytes, size);
    page->dirty &= (uint8_t)~sectors_of(in_page, size);
    if (page->dirty == 0) page_settle(page);
}

void disk_write(int inode, uint64_t offset, const void *bytes, uint64_t size, enum disk_how how)
{
    struct inode *i = &inodes[inode];
    pages_up_to(i, offset + size);
    for (uint64_t done = 0; done < size;) {
        uint64_t in_page = (offset + done) % SIM_PAGE;
        uint64_t piece = SIM_PAGE - in_page < size - done ? SIM_PAGE - in_page : size - done;
        page_write(&i->pages[(offset + done) / SIM_PAGE], in_page, (const uint8_t *)bytes + done,
                   piece, how);
        done += piece;
    }
    if (how == DISK_DURABLE && i->durable_size < offset + size) i->durable_size = i->size;
}

void disk_write_torn(int inode, uint64_t offset, const void *bytes, uint64_t size,
                     enum disk_how how)
{
    uint64_t sectors = (size + SIM_SECTOR - 1) / SIM_SECTOR;
    uint64_t first = sim_random_below(sectors + 1);
    unsigned shape = (unsigned)sim_random_below(5); /* none, all, first, last, any */
    for (uint64_t s = 0; s < sectors; s++) {
        bool there = shape == 1 || (shape == 2 && s < first) || (shape == 3 && s >= first) ||
                     (shape == 4 && (sim_random() & 1) != 0);
        if (!there) {
            disk_stats.torn_sectors++;
            continue;
        }
        uint64_t at = s * SIM_SECTOR;
        disk_write(inode, offset + at, (const uint8_t *)bytes + at,
                   size - at < SIM_SECTOR ? size - at : SIM_SECTOR, how);
    }
}

void disk_lie(int inode, uint64_t offset, uint64_t size)
{
    struct inode *i = &inodes[inode];
    for (uint64_t at = offset / SIM_PAGE; at * SIM_PAGE < offset + size; at++) {
        if (i->pages[at].dirty != 0) i->pages[at].lie = true;
    }
}

/* ---- becoming durable, or not ---- */

uint64_t disk_stamp(void)
{
    return stamp;
}

void disk_flush(int inode, uint64_t up_to)
{
    struct inode *i = &inodes[inode];
    if (i->directory != NULL) {
        uint32_t count = 0;
        while (count < i->directory->change_count && i->directory->changes[count].stamp <= up_to) {
            change_apply(i->directory->durable, &i->directory->changes[count++]);
        }
        changes_drop(i->directory, count);
        return;
    }
    for (uint32_t k = 0; k < i->page_count; k++) {
        if (i->pages[k].dirty != 0 && i->pages[k].stamp <= up_to) page_settle(&i->pages[k]);
    }
    i->durable_size = i->size;
}

static void page_power_cut(struct page *page, unsigned shape)
{
    if (page->dirty == 0) return;
    for (unsigned s = 0; s < SECTORS; s++) {
        if ((page->dirty >> s & 1) == 0) continue;
        if (shape == 0 || (shape == 2 && (sim_random() & 1) != 0)) continue; /* it was there */
        static const uint8_t zeros[SIM_SECTOR];
        const uint8_t *old = page->durable == NULL ? zeros : page->durable + s * SIM_SECTOR;
        copy_in(&page->live, s * SIM_SECTOR, old, SIM_SECTOR);
        disk_stats.lost_sectors++;
        if (page->lie) disk_stats.lies_lost++;
    }
    page_settle(page);
}

static void file_power_cut(struct inode *inode)
{
    unsigned shape = sim_disk.crash_keeps_all ? 0 : (unsigned)sim_random_below(3);
    for (uint32_t k = 0; k < inode->page_count; k++) page_power_cut(&inode->pages[k], shape);
    if (inode->size != inode->durable_size && shape != 0 && (sim_random() & 1) != 0) {
        uint32_t keep = (uint32_t)((inode->durable_size + SIM_PAGE - 1) / SIM_PAGE);
        for (uint32_t k = keep; k < inode->page_count; k++) page_clear(&inode->pages[k]);
        if (inode->page_count > keep) inode->page_count = keep;
        inode->size = inode->durable_size;
    }
    inode->durable_size = inode->size;
}

static void directory_power_cut(struct directory *d)
{
    uint64_t first = sim_random_below(d->change_count + UINT64_C(1));
    if (sim_disk.crash_keeps_all) first = d->change_count;
    for (uint32_t k = 0; k < d->change_count; k++) {
        bool there = sim_disk.crash_any_names && !sim_disk.crash_keeps_all ? (sim_random() & 1) != 0
                                                                           : k < first;
        if (there)
            change_apply(d->durable, &d->changes[k]);
        else
            disk_stats.lost_names++;
    }
    d->change_count = 0;
    memcpy(d->live, d->durable, sizeof(d->live));
}

void disk_power_cut(void)
{
    for (uint32_t i = 0; i < INODES; i++) {
        if (!inodes[i].used) continue;
        if (inodes[i].directory != NULL)
            directory_power_cut(inodes[i].directory);
        else
            file_power_cut(&inodes[i]);
    }
}

/* ---- from outside ---- */

static int data_file(const char *name)
{
    int directory = disk_find(DISK_ROOT, SIM_DATA);
    return directory < 0 ? directory : disk_find(directory, name);
}

uint64_t sim_file_size(const char *name)
{
    int inode = data_file(name);
    return inode < 0 ? UINT64_MAX : inodes[inode].size;
}

void sim_file_read(const char *name, uint64_t offset, void *bytes, size_t size)
{
    int inode = data_file(name);
    ASSERT(inode >= 0);
    disk_read(inode, offset, bytes, size);
}

void sim_file_write(const char *name, uint64_t offset, const void *bytes, size_t size)
{
    int inode = data_file(name);
    ASSERT(inode >= 0);
    disk_write(inode, offset, bytes, size, DISK_DURABLE);
}

bool sim_file_durable(const char *name)
{
    int directory = disk_find(DISK_ROOT, SIM_DATA);
    return directory >= 0 && name[0] != 0 &&
           entry_find(inodes[directory].directory->durable, name) != NULL;
}

const char *sim_file_name(uint32_t index)
{
    int directory = disk_find(DISK_ROOT, SIM_DATA);
    return directory < 0 ? NULL : disk_name(directory, index);
}

const struct sim_disk_stats *sim_disk_stats(void)
{
    return &disk_stats;
}
