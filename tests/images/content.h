/* tests/images/content.h -- files and names of one directory in memory, as blocks that never change
 * once they are made: a copy is a copy of pointers, and an image differs from another in a few of
 * them. Memory is one stack: what a copy added goes when the stack is cut back. */
#ifndef TESTS_IMAGES_CONTENT_H
#define TESTS_IMAGES_CONTENT_H

#include "core/base/base.h"
#include "core/format/log_format.h"

#define SECTOR      512u
#define FILES_MAX   12u
#define SEGMENT_MIB 1u /* of the log */
#define SEGMENT     (SEGMENT_MIB << 20)
#define FILE_BLOCKS (SEGMENT / LOG_BLOCK_SIZE)
#define NAMES_MAX   12u
#define NAME_SIZE   32u
#define NO_FILE     (-1)

struct block {
    uint64_t version; /* no two blocks have the same */
    uint64_t hash;    /* of the bytes; 0 = all zero */
    _Alignas(64) uint8_t bytes[LOG_BLOCK_SIZE];
};

struct file {
    uint64_t size;
    const struct block *blocks[FILE_BLOCKS]; /* NULL = zeros */
};

struct name {
    char text[NAME_SIZE]; /* "" = free */
    int file;
};

struct content {
    struct name names[NAMES_MAX];
    struct file files[FILES_MAX];
};

/* The stack. Exits with a message if it is full. */
void *stack_take(size_t size);
size_t stack_mark(void);
void stack_cut(size_t mark);

/* A block with these bytes; at most LOG_BLOCK_SIZE, zeros behind them. */
const struct block *block_make(const void *bytes, uint64_t size);
const uint8_t *block_bytes(const struct block *block);

/* Of names, sizes and bytes: images with the same are the same. */
uint64_t content_hash(const struct content *c);

int content_find(const struct content *c, const char *name);
/* Gives `file` the name, in place of whoever has it. */
void content_name(struct content *c, const char *name, int file);
void content_remove(struct content *c, const char *name);
/* False if there is no `from`. */
bool content_rename(struct content *c, const char *from, const char *to);
/* `size` bytes at any offset; the file grows if it must. */
void content_write(struct file *file, const void *bytes, uint64_t offset, uint64_t size);
void content_read(const struct file *file, void *bytes, uint64_t offset, uint64_t size);
/* The file of segment `number`, NULL if there is none. */
const struct file *content_segment(const struct content *c, uint64_t number);

#endif
