/* tests/images/content.c -- files and names of one directory in memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/hash.h"
#include "io/log/files.h"
#include "tests/images/content.h"
#include "tests/images/random.h"

#define STACK_SIZE ((size_t)256 << 20)

static uint8_t *stack;
static size_t stack_used;
static uint64_t versions;

void *stack_take(size_t size)
{
    if (stack == NULL) stack = aligned_alloc(64, STACK_SIZE);
    size = (size + 63) / 64 * 64;
    if (stack == NULL || STACK_SIZE - stack_used < size) {
        (void)fprintf(stderr, "images: the trace does not fit in %zu MiB; make a shorter one\n",
                      STACK_SIZE >> 20);
        exit(65);
    }
    void *taken = stack + stack_used;
    stack_used += size;
    return taken;
}

size_t stack_mark(void)
{
    return stack_used;
}

void stack_cut(size_t mark)
{
    ASSERT(mark <= stack_used);
    stack_used = mark;
}

const struct block *block_make(const void *bytes, uint64_t size)
{
    struct block *block = stack_take(sizeof(*block));
    block->version = ++versions;
    memcpy(block->bytes, bytes, size);
    memset(block->bytes + size, 0, LOG_BLOCK_SIZE - size);
    bool zero = memcmp(block->bytes, block_bytes(NULL), LOG_BLOCK_SIZE) == 0;
    block->hash = zero ? 0 : XXH3_64bits(block->bytes, LOG_BLOCK_SIZE);
    return block;
}

static uint64_t file_hash(const struct file *file)
{
    uint64_t hash = random_mix(file->size);
    for (uint32_t i = 0; i < FILE_BLOCKS; i++) {
        const struct block *block = file->blocks[i];
        if (block != NULL && block->hash != 0) hash = random_mix(hash ^ block->hash) + i;
    }
    return hash;
}

uint64_t content_hash(const struct content *c)
{
    uint64_t hash = 0;
    for (uint32_t i = 0; i < NAMES_MAX; i++) {
        const struct name *name = &c->names[i];
        if (name->text[0] == 0) continue;
        uint64_t text = XXH3_64bits(name->text, strlen(name->text));
        hash += random_mix(text ^ (name->file == NO_FILE ? 0 : file_hash(&c->files[name->file])));
    }
    return hash;
}

const uint8_t *block_bytes(const struct block *block)
{
    static const uint8_t zeros[LOG_BLOCK_SIZE];
    return block != NULL ? block->bytes : zeros;
}

static struct name *name_find(struct content *c, const char *text)
{
    for (unsigned i = 0; i < NAMES_MAX; i++) {
        if (strcmp(c->names[i].text, text) == 0) return &c->names[i];
    }
    return NULL;
}

int content_find(const struct content *c, const char *text)
{
    for (unsigned i = 0; i < NAMES_MAX; i++) {
        if (strcmp(c->names[i].text, text) == 0) return c->names[i].file;
    }
    return NO_FILE;
}

void content_name(struct content *c, const char *text, int file)
{
    struct name *name = name_find(c, text);
    if (name == NULL) name = name_find(c, "");
    ASSERT(name != NULL && strlen(text) < NAME_SIZE);
    memcpy(name->text, text, strlen(text) + 1);
    name->file = file;
}

void content_remove(struct content *c, const char *text)
{
    struct name *name = name_find(c, text);
    if (name != NULL) *name = (struct name){.file = NO_FILE};
}

bool content_rename(struct content *c, const char *from, const char *to)
{
    int file = content_find(c, from);
    if (file == NO_FILE) return false;
    content_remove(c, from);
    content_name(c, to, file);
    return true;
}

void content_write(struct file *file, const void *bytes, uint64_t offset, uint64_t size)
{
    const uint8_t *from = bytes;
    ASSERT(offset + size <= SEGMENT);
    if (offset + size > file->size) file->size = offset + size;
    while (size > 0) {
        uint64_t at = offset % LOG_BLOCK_SIZE;
        uint64_t piece = LOG_BLOCK_SIZE - at < size ? LOG_BLOCK_SIZE - at : size;
        const struct block **place = &file->blocks[offset / LOG_BLOCK_SIZE];
        if (piece == LOG_BLOCK_SIZE && memcmp(from, block_bytes(NULL), piece) == 0) {
            *place = NULL;
        } else {
            uint8_t whole[LOG_BLOCK_SIZE];
            memcpy(whole, block_bytes(*place), sizeof(whole));
            memcpy(whole + at, from, piece);
            *place = block_make(whole, sizeof(whole));
        }
        from += piece;
        offset += piece;
        size -= piece;
    }
}

void content_read(const struct file *file, void *bytes, uint64_t offset, uint64_t size)
{
    uint8_t *to = bytes;
    while (size > 0) {
        uint64_t at = offset % LOG_BLOCK_SIZE;
        uint64_t piece = LOG_BLOCK_SIZE - at < size ? LOG_BLOCK_SIZE - at : size;
        memcpy(to, block_bytes(file->blocks[offset / LOG_BLOCK_SIZE]) + at, piece);
        to += piece;
        offset += piece;
        size -= piece;
    }
}

const struct file *content_segment(const struct content *c, uint64_t number)
{
    char text[NAME_SIZE];
    log_files_segment_name(text, number);
    int file = content_find(c, text);
    return file == NO_FILE ? NULL : &c->files[file];
}
