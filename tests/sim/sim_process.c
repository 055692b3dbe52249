/* tests/sim/sim_process.c -- the process: its beginning, its memory, what it prints, and every way
 * in which it ends. It is io/gongjid/main.c as it is, in this file, so that what main() keeps can
 * be cleared between two lives. */
#define main gongjid_main
int gongjid_main(int argc, char **argv);
#include "io/gongjid/main.c"
#undef main

#include <getopt.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "tests/sim/sim_parts.h"

#define BLOCKS    64u /* allocated at once */
#define MAPPINGS  64u
#define ARGUMENTS 32
/* The pages of a mapping that were touched are zeroed by hand: for the processor that is a fraction
 * of taking them from the kernel again. One time of so many they go back, with all that earlier
 * lives touched. */
#define FRESH_EVERY 32u
#define PAGES_MAX   (1u << 16)

const char *const sim_arguments[] = {"--data",
                                     SIM_DATA,
                                     "--persons-max",
                                     "64",
                                     "--rids-max",
                                     "4096",
                                     "--institutions-max",
                                     "16",
                                     "--holds-max",
                                     "64",
                                     "--connections-max",
                                     "8",
                                     "--buffers-max",
                                     "16M",
                                     "--log-prealloc",
                                     "1M",
                                     "--log-low-water",
                                     "1M",
                                     "--test-segment",
                                     "1M",
                                     NULL};
const char *const sim_arguments_test_clock[] = {
    "--data",          SIM_DATA, "--persons-max",      "64",
    "--rids-max",      "4096",   "--institutions-max", "16",
    "--holds-max",     "64",     "--connections-max",  "8",
    "--buffers-max",   "16M",    "--log-prealloc",     "1M",
    "--log-low-water", "1M",     "--test-segment",     "1M",
    "--test-clock",    NULL};

bool process_inside;

static struct process process;
static struct {
    bool runs;
    jmp_buf end;
    struct sim_run *ret;
    bool crash_wanted;
    enum sim_crash crash;
    void *blocks[BLOCKS];
    struct {
        void *memory;
        size_t size;
        bool used;
        uint32_t lives;
    } mappings[MAPPINGS];
    uint32_t mapping_count;
    char console[1u << 15];
    size_t console_size;
} machine;

/* ---- the owner's side ---- */

void sim_reset(uint64_t seed)
{
    ASSERT(!machine.runs);
    machine.console_size = 0;
    world_reset(seed);
    call_reset();
    drive_reset();
    disk_reset();
    net_reset();
    ring_reset();
    sim_on_confirmed(NULL, NULL);
}

void sim_free(void)
{
    for (uint32_t i = 0; i < machine.mapping_count; i++) {
        (void)munmap(machine.mappings[i].memory, machine.mappings[i].size);
    }
    machine.mapping_count = 0;
    disk_free();
    net_free();
    world_free();
}

struct net *sim_server(void)
{
    return machine.runs && process.engine.state != NULL ? &process.net : NULL;
}

struct state *sim_state(void)
{
    return machine.runs ? process.engine.state : NULL;
}

const char *sim_console(void)
{
    machine.console[machine.console_size] = 0;
    return machine.console;
}

void sim_crash(enum sim_crash how)
{
    if (!machine.runs) {
        if (how == SIM_POWER) disk_power_cut();
        return;
    }
    machine.crash_wanted = true;
    machine.crash = how;
}

/* ---- ends ---- */

_Noreturn void process_end(enum sim_end end, int exit_code, const char *text)
{
    ASSERT(machine.runs);
    process_inside = false;
    /* Before its stack is gone, where bytes in flight may lie. */
    drive_crash(end == SIM_CRASHED ? machine.crash : SIM_KILL);
    machine.ret->end = end;
    machine.ret->exit_code = exit_code;
    (void)snprintf(machine.ret->text, sizeof(machine.ret->text), "%s", text);
    longjmp(machine.end, 1);
}

void process_check(void)
{
    if (machine.runs && machine.crash_wanted) process_end(SIM_CRASHED, 0, "");
}

void process_print(const char *text, size_t size)
{
    size_t room = sizeof(machine.console) - 1 - machine.console_size;
    if (size > room) size = room;
    memcpy(machine.console + machine.console_size, text, size);
    machine.console_size += size;
    world_trace_bytes(text, size);
}

/* ---- memory ---- */

void *process_map(size_t size)
{
    uint32_t i = 0;
    if (call_begin(SIM_CALL_MEMORY, "mmap") != 0) return MAP_FAILED;
    while (i < machine.mapping_count &&
           (machine.mappings[i].used || machine.mappings[i].size != size))
        i++;
    if (i == MAPPINGS) return MAP_FAILED;
    if (i == machine.mapping_count) {
        void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) abort();
        machine.mappings[i].memory = memory;
        machine.mappings[i].size = size;
        machine.mappings[i].lives = 0;
        machine.mapping_count++;
    }
    machine.mappings[i].used = true;
    return machine.mappings[i].memory;
}

static void zero_touched(uint8_t *memory, size_t size)
{
    static unsigned char touched[PAGES_MAX];
    size_t pages = (size + SIM_PAGE - 1) / SIM_PAGE;
    if (mincore(memory, size, touched) != 0) abort();
    for (size_t first = 0; first < pages; first++) {
        size_t end = first;
        while (end < pages && (touched[end] & 1) != 0) end++;
        size_t to = end * SIM_PAGE < size ? end * SIM_PAGE : size;
        if (end > first) memset(memory + first * SIM_PAGE, 0, to - first * SIM_PAGE);
        first = end;
    }
}

/* Zeros again for the next one. */
static void unmap(uint32_t i)
{
    void *memory = machine.mappings[i].memory;
    size_t size = machine.mappings[i].size;
    machine.mappings[i].used = false;
    bool fresh = ++machine.mappings[i].lives % FRESH_EVERY == 0 || size / SIM_PAGE >= PAGES_MAX;
    if (!fresh)
        zero_touched(memory, size);
    else if (madvise(memory, size, MADV_DONTNEED) != 0)
        abort();
}

long process_unmap(void *memory)
{
    for (uint32_t i = 0; i < machine.mapping_count; i++) {
        if (machine.mappings[i].memory != memory || !machine.mappings[i].used) continue;
        unmap(i);
        return 0;
    }
    process_end(SIM_BROKEN, 0, "munmap of what is not mapped");
}

void *process_calloc(size_t count, size_t size)
{
    if (call_begin(SIM_CALL_MEMORY, "calloc") != 0) return NULL;
    for (uint32_t i = 0; i < BLOCKS; i++) {
        if (machine.blocks[i] != NULL) continue;
        machine.blocks[i] = calloc(count, size);
        return machine.blocks[i];
    }
    process_end(SIM_BROKEN, 0, "more memory taken and not given back than expected");
}

void process_free(void *memory)
{
    if (memory == NULL) return;
    for (uint32_t i = 0; i < BLOCKS; i++) {
        if (machine.blocks[i] != memory) continue;
        free(memory);
        machine.blocks[i] = NULL;
        return;
    }
    process_end(SIM_BROKEN, 0, "free of what was not taken");
}

/* ---- a life ---- */

static void live(const char *const *arguments)
{
    static char name[] = "gongjid";
    static char copies[ARGUMENTS][64];
    char *argv[ARGUMENTS + 2] = {name};
    int argc = 1;
    for (; arguments[argc - 1] != NULL; argc++) {
        ASSERT(argc <= ARGUMENTS);
        (void)snprintf(copies[argc - 1], sizeof(copies[0]), "%s", arguments[argc - 1]);
        argv[argc] = copies[argc - 1];
    }
    optind = 0; /* getopt begins anew */
    process_inside = true;
    int code = 0;
    switch (config_parse(&process.config, argc, argv)) {
    case CONFIG_SHOWN: break;
    case CONFIG_USAGE: code = EXIT_USAGE; break;
    case CONFIG_RUN: code = run(&process); break;
    }
    process_end(SIM_EXITED, code, "");
}

/* What the system takes back from a process that is gone. */
static void clean_up(void)
{
    ring_reset();
    fd_close_all();
    net_listening(false);
    for (uint32_t i = 0; i < machine.mapping_count; i++) {
        if (machine.mappings[i].used) unmap(i);
    }
    for (uint32_t i = 0; i < BLOCKS; i++) {
        free(machine.blocks[i]);
        machine.blocks[i] = NULL;
    }
    memset(&process, 0, sizeof(process));
}

void sim_boot(const char *const *arguments, struct sim_run *ret)
{
    ASSERT(!machine.runs);
    uint64_t begun_us = sim_now_us();
    memset(ret, 0, sizeof(*ret));
    machine.ret = ret;
    machine.runs = true;
    machine.crash_wanted = false;
    machine.console_size = 0;
    call_run_begins();
    if (setjmp(machine.end) == 0) live(arguments == NULL ? sim_arguments : arguments);
    machine.ret->us = sim_now_us() - begun_us;
    clean_up();
    machine.runs = false;
    world_trace((uint64_t)ret->end, (uint64_t)ret->exit_code);
}
