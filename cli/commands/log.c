/* cli/commands/log.c -- `gongji log dump|verify DIR`: looks into a server's data directory. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/generator.h"
#include "bench/progress.h"
#include "cli/common/tool.h"
#include "io/log/options.h"
#include "io/log/tool.h"

static const char help[] =
    "usage: gongji log verify DIR\n"
    "       gongji log dump DIR\n"
    "\n"
    "verify checks every group of the log in a server's data directory: digests, chain, sequence\n"
    "numbers, record sizes, times. It prints a summary and where the first damage is.\n"
    "dump prints one line per group and record.\n"
    "\n"
    "Both only read, need no server and may run beside one. Exit 0 if the log is sound, else the\n"
    "code gongjid would refuse to start with: 74 unreadable, 77 foreign or newer format, 78 "
    "corrupt.\n"
    "\n"
    "example: gongji log verify gongji-data\n";

static bool show(void *owner, const char *doing, uint64_t done, uint64_t of)
{
    if (progress_due(owner, bench_now_ns())) {
        fprintf(stderr, "%s: %" PRIu64 " of %" PRIu64 " MiB\n", doing, done >> 20, of >> 20);
    }
    return true;
}

static int verify(const char *dir)
{
    struct progress progress = {.on = isatty(STDERR_FILENO) == 1};
    const struct log_progress shown = {.step = show, .owner = &progress};
    return log_verify(dir, stdout, &shown);
}

static int run(int argc, char **argv)
{
    const char *arguments[2];
    const struct option_spec specs[] = {{NULL, NULL, NULL}};
    int count, result = read_options(&command_log, argc, argv, specs, arguments, 2, &count);
    if (result >= 0) return result;
    if (count != 2) return usage_error(&command_log, "give verify or dump, and a directory");
    if (strcmp(arguments[0], "verify") == 0) return verify(arguments[1]);
    if (strcmp(arguments[0], "dump") == 0) return log_dump(arguments[1], stdout);
    return usage_error(&command_log, "\"%s\" is neither verify nor dump", arguments[0]);
}

const struct command command_log = {"log", "verify or dump the log of a data directory", help, run};
