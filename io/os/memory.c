/* io/os/memory.c -- what the machine has left, and mappings. */
#include "io/os/memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE_PAGE (UINT64_C(2) << 20)

static uint64_t file_number(const char *path)
{
    char text[64];
    FILE *file = fopen(path, "re");
    if (file == NULL) return UINT64_MAX;
    bool got = fgets(text, sizeof text, file) != NULL;
    fclose(file);
    if (!got || text[0] < '0' || text[0] > '9') return UINT64_MAX; /* "max" */
    return strtoull(text, NULL, 10);
}

static uint64_t mem_available(void)
{
    char line[128];
    unsigned long long kib = 0;
    uint64_t ret = UINT64_MAX;
    FILE *file = fopen("/proc/meminfo", "re");
    if (file == NULL) return ret;
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1) ret = (uint64_t)kib * 1024;
    }
    fclose(file);
    return ret;
}

/* Room left between a limit file and a usage file; UINT64_MAX if there is no limit. */
static uint64_t group_room(const char *dir, const char *limit_name, const char *usage_name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, limit_name);
    uint64_t limit = file_number(path);
    if (limit == UINT64_MAX) return UINT64_MAX;
    snprintf(path, sizeof path, "%s/%s", dir, usage_name);
    uint64_t usage = file_number(path);
    if (usage == UINT64_MAX) return limit;
    return usage < limit ? limit - usage : 0;
}

/* The limit of a control group holds for all groups below it: look at every ancestor. */
static uint64_t group_walk(const char *root, const char *group, const char *limit_name,
                           const char *usage_name)
{
    char dir[384];
    uint64_t ret = UINT64_MAX;
    snprintf(dir, sizeof dir, "%s%s", root, group);
    for (;;) {
        uint64_t room = group_room(dir, limit_name, usage_name);
        if (room < ret) ret = room;
        char *slash = strrchr(dir, '/');
        if (slash == NULL || (size_t)(slash - dir) < strlen(root)) return ret;
        *slash = '\0';
    }
}

static uint64_t cgroup_available(void)
{
    char line[384];
    uint64_t ret = UINT64_MAX;
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (file == NULL) return ret;
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        uint64_t room = UINT64_MAX;
        char *group = strchr(line, ':');
        if (group == NULL) continue;
        group++;
        if (*group == ':') { /* version 2: "0::/path" */
            room = group_walk("/sys/fs/cgroup", group + 1, "memory.max", "memory.current");
        } else if (strncmp(group, "memory:", 7) == 0) {
            room = group_walk("/sys/fs/cgroup/memory", group + 7, "memory.limit_in_bytes",
                              "memory.usage_in_bytes");
        }
        if (room < ret) ret = room;
    }
    fclose(file);
    return ret;
}

uint64_t memory_available(void)
{
    uint64_t machine = mem_available();
    uint64_t group = cgroup_available();
    return machine < group ? machine : group;
}

void *memory_take(uint64_t size, bool populate)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return NULL;
    /* A hint: without huge pages everything works, a third slower. */
    if (size >= HUGE_PAGE) (void)madvise(memory, size, MADV_HUGEPAGE);
    if (populate && madvise(memory, size, MADV_POPULATE_WRITE) != 0) {
        munmap(memory, size);
        return NULL;
    }
    return memory;
}

void memory_give(void *memory, uint64_t size)
{
    if (memory != NULL) munmap(memory, size);
}

uint64_t memory_resident(void)
{
    char text[128];
    unsigned long long pages = 0;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    if (size <= 0) return 0;
    text[size] = '\0';
    if (sscanf(text, "%*u %llu", &pages) != 1) return 0;
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
