/* cli/main.c -- `gongji`: finds the command and runs it. */
#include <string.h>

#include "cli/common/tool.h"
#include "core/base/base.h"

static const struct command *const commands[] = {
    &command_regions,      &command_load, &command_person, &command_institution,
    &command_institutions, &command_op,   &command_check,  &command_log,
    &command_scenario,     &command_fuzz, &command_bench,
};

static void put_help(FILE *out)
{
    fputs("gongji " GJ_VERSION " -- the tool beside gongjid, the settlement core of the "
          "medical-insurance wallet\n"
          "\n"
          "usage: gongji COMMAND [ARGUMENT...] [--option VALUE...]\n"
          "\n"
          "commands:\n",
          out);
    for (size_t i = 0; i < ARRAY_COUNT(commands); i++)
        fprintf(out, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n"
          "`gongji COMMAND --help` explains one; `gongji --version` prints the version.\n"
          "Start a server first: gongjid --data DIR. Commands find it with --connect ADDR\n"
          "(HOST:PORT or unix:PATH), " ADDRESS_STANDARD " if not given.\n"
          "\n"
          "exit codes: 0 done, 1 the answer is no, 64 wrong command line, 65 wrong file contents,\n"
          "66 file not readable, 69 no server, 74 reading or writing failed, 75 the server moved "
          "on:\n"
          "try again, 77 no gongji log, 78 log corrupt, 130 Ctrl-C, 143 SIGTERM.\n",
          out);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs("gongji: say what to do, for example: gongji regions; see gongji --help\n", stderr);
        return EXIT_USAGE;
    }
    bool help = strcmp(argv[1], "help") == 0;
    if (help && argc == 3) { /* `help COMMAND` is `COMMAND --help` */
        static char option[] = "--help";
        argv[1] = argv[2];
        argv[2] = option;
        help = false;
    }
    if (help || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        put_help(stdout);
        return EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("gongji " GJ_VERSION);
        return EXIT_OK;
    }
    for (size_t i = 0; i < ARRAY_COUNT(commands); i++) {
        if (strcmp(argv[1], commands[i]->name) != 0) continue;
        int result = commands[i]->run(argc - 1, argv + 1);
        if (fflush(stdout) == 0 || result != EXIT_OK) return result;
        return command_error(commands[i], EXIT_IO, "writing the output failed");
    }
    fprintf(stderr, "gongji: no command \"%s\"; see gongji --help\n", argv[1]);
    return EXIT_USAGE;
}
