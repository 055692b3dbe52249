/* tests/images/write_image.c -- an image as a directory. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/images/write_image.h"

static bool write_file(const struct file *file, const char *path)
{
    uint8_t bytes[LOG_BLOCK_SIZE];
    FILE *to = fopen(path, "wb");
    bool good = to != NULL;
    for (uint64_t at = 0; good && at < file->size; at += sizeof(bytes)) {
        uint64_t size = file->size - at < sizeof(bytes) ? file->size - at : sizeof(bytes);
        content_read(file, bytes, at, size);
        good = fwrite(bytes, 1, size, to) == size;
    }
    if (to != NULL && fclose(to) != 0) good = false;
    return good;
}

bool write_image(const struct content *c, const char *dir)
{
    char path[512];
    bool good = mkdir(dir, 0700) == 0;
    for (unsigned i = 0; good && i < NAMES_MAX; i++) {
        if (c->names[i].text[0] == 0) continue;
        int size = snprintf(path, sizeof(path), "%s/%s", dir, c->names[i].text);
        good = size > 0 && (size_t)size < sizeof(path) &&
               write_file(&c->files[c->names[i].file], path);
    }
    if (!good) (void)fprintf(stderr, "images: cannot write to %s: %s\n", dir, strerror(errno));
    return good;
}
