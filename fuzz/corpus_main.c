/* fuzz/corpus_main.c -- runs a fuzz target over its corpus without a fuzzer, as an ordinary test:
 * each file as it is, cut, with bytes changed and, if inputs are programs, with steps changed.
 *
 *   fuzz_TARGET CHANGES FILE|DIRECTORY...
 *
 * CHANGES is how many of each kind are tried of each file; the same ones every time. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"

#define FILE_SIZE_MAX 65536u
#define FILES_MAX     4096u

#pragma weak LLVMFuzzerCustomMutator /* only targets whose inputs are programs have it */

static char *files[FILES_MAX];
static size_t file_count;
static unsigned long runs;

static void run(const uint8_t *data, size_t size)
{
    LLVMFuzzerTestOneInput(data, size);
    runs++;
}

static void run_changed(uint8_t *data, size_t size, size_t changes)
{
    size_t step = changes == 0 ? size + 1 : size / changes + 1;
    for (size_t at = 0; at < size && changes > 0; at += step) {
        run(data, at);
        data[at] ^= (uint8_t)(1u << (at % 8));
        run(data, size);
        data[at] ^= (uint8_t)(1u << (at % 8));
    }
    for (size_t i = 0; i < changes && LLVMFuzzerCustomMutator != NULL; i++) {
        static uint8_t program[FILE_SIZE_MAX];
        memcpy(program, data, size);
        run(program, LLVMFuzzerCustomMutator(program, size, sizeof(program), (unsigned)i));
    }
}

static int run_file(const char *path, size_t changes)
{
    static uint8_t data[FILE_SIZE_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    size_t size = fread(data, 1, sizeof(data), file);
    int failed = ferror(file);
    fclose(file);
    if (failed) {
        perror(path);
        return 1;
    }
    /* Whatever ends the process, this is what it was about. */
    printf("%s\n", path);
    fflush(stdout);
    run(data, size);
    run_changed(data, size, changes);
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add(const char *directory, const char *name)
{
    char path[4096];
    if (file_count == FILES_MAX) return;
    (void)snprintf(path, sizeof(path), "%s%s%s", directory, name[0] != 0 ? "/" : "", name);
    files[file_count] = strdup(path);
    if (files[file_count] == NULL) abort();
    file_count++;
}

/* The file, or those in the directory; false if there is no such thing. */
static int add_path(const char *path)
{
    struct stat what;
    if (stat(path, &what) != 0) return 0;
    if (!S_ISDIR(what.st_mode)) {
        add(path, "");
        return 1;
    }
    DIR *directory = opendir(path);
    if (directory == NULL) return 0;
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] != '.') add(path, entry->d_name);
    }
    closedir(directory);
    return 1;
}

int main(int argc, char **argv)
{
    char *end = NULL;
    unsigned long changes = argc > 2 ? strtoul(argv[1], &end, 10) : 0;
    if (end == NULL || *end != 0) {
        fprintf(stderr, "usage: %s CHANGES FILE|DIRECTORY...\n", argv[0]);
        return 64;
    }
    for (int i = 2; i < argc; i++) {
        if (add_path(argv[i])) continue;
        perror(argv[i]);
        return 66;
    }
    qsort(files, file_count, sizeof(files[0]), by_name);
    int failed = file_count == 0;
    for (size_t i = 0; i < file_count; i++) {
        failed |= run_file(files[i], changes);
        free(files[i]);
    }
    printf("%lu inputs\n%zu passed, %d failed\n", runs, file_count, failed);
    return failed;
}
