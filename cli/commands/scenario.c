/* cli/commands/scenario.c -- `gongji scenario FILE...`: runs scenario files in process or against a
 * server.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common/spawn_guard.h"
#include "cli/common/tool.h"
#include "cli/scenario/run.h"
#include "cli/scenario/verbs.h"

#define FILES_MAX 256

static void report(void *file, unsigned line, const char *message)
{
    printf("%s:%u: %s\n", (const char *)file, line, message);
}

/* The text of a file, zero-terminated, to be freed; NULL after a complaint. */
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc(SCENARIO_FILE_MAX + 1);
    size_t size = 0;
    const char *why = NULL;
    if (file == NULL) {
        why = strerror(errno);
    } else if (text == NULL) {
        why = "out of memory";
    } else {
        size = fread(text, 1, SCENARIO_FILE_MAX + 1, file);
        if (ferror(file)) why = "reading failed";
        if (size > SCENARIO_FILE_MAX) why = "larger than 4 MiB";
        if (why == NULL && memchr(text, 0, size) != NULL) why = "not text";
    }
    if (file != NULL) fclose(file);
    if (why == NULL) {
        text[size] = 0;
        return text;
    }
    command_error(&command_scenario, EXIT_NOINPUT, "%s: %s", path, why);
    free(text);
    return NULL;
}

static int run_text(const char *path, const char *text, struct scenario_target *target,
                    bool crash_each)
{
    struct scenario scenario;
    char name[1024];
    snprintf(name, sizeof(name), "%s", path);
    if (!scenario_read(text, &scenario, report, name)) {
        printf("%s: not run\n", path);
        scenario_free(&scenario);
        return EXIT_DATA;
    }
    struct scenario_result result = scenario_run(path, &scenario, target, crash_each, stdout);
    bool good = result.failed == 0 && !result.broken;
    if (scenario.count == 0) {
        printf("%s: no statement in it: nothing to run\n", path);
        scenario_free(&scenario);
        return EXIT_DATA;
    }
    if (good) {
        printf("%s: %u statements%s, all as written\n", path, result.statements,
               crash_each ? " with a crash after each" : "");
    } else {
        printf("%s: %u statements of %zu run, %u not as written\n", path, result.statements,
               scenario.count, result.failed);
    }
    scenario_free(&scenario);
    if (result.unstarted) return EXIT_SERVER;
    return good ? EXIT_OK : EXIT_NOT_SO;
}

static int run_files(const char **files, int count, struct scenario_target *target, bool crash_each)
{
    int result = EXIT_OK;
    for (int i = 0; i < count; i++) {
        char *text = read_file(files[i]);
        int one = text == NULL ? EXIT_NOINPUT : run_text(files[i], text, target, crash_each);
        if (result == EXIT_OK) result = one;
        free(text);
        fflush(stdout);
    }
    return result;
}

static int run(int argc, char **argv)
{
    const char *address = NULL;
    bool spawn = false, crash_each = false, verbs = false;
    const char *files[FILES_MAX];
    int count = 0;
    const struct option_spec specs[] = {{.name = "connect", .value = &address},
                                        {.name = "spawn", .flag = &spawn},
                                        {.name = "crash-each", .flag = &crash_each},
                                        {.name = "verbs", .flag = &verbs},
                                        {.name = NULL}};
    int result = read_options(&command_scenario, argc, argv, specs, files, FILES_MAX, &count);
    if (result >= 0) return result;
    if (verbs) {
        verbs_print(stdout);
        return EXIT_OK;
    }
    if (count == 0) return usage_error(&command_scenario, "give at least one FILE");
    if (spawn && address != NULL) {
        return usage_error(&command_scenario, "--connect and --spawn exclude each other");
    }
    if (crash_each && address != NULL) {
        return usage_error(&command_scenario, "--crash-each needs a server of its own: --spawn");
    }
    if (spawn) {
        result = spawn_guard(&command_scenario);
        if (result >= 0) return result;
    }
    struct scenario_target *target = spawn             ? scenario_spawn_new()
                                     : address != NULL ? scenario_remote_new(address)
                                                       : scenario_local_new();
    if (target == NULL) return command_error(&command_scenario, EXIT_IO, "out of memory");
    result = run_files(files, count, target, crash_each);
    scenario_target_free(target);
    return result;
}

const struct command command_scenario = {
    .name = "scenario",
    .summary = "run scenario files and say which lines are not as written",
    .help = "usage: gongji scenario FILE... [--connect ADDR | --spawn] [--crash-each]\n"
            "\n"
            "Runs each file (docs/SCENARIOS.md says how to write one) and prints every line that\n"
            "did not do what it says, as FILE:LINE: statement: wanted ..., got ...; a file with a\n"
            "line that cannot be read is not run, and each such line is FILE:LINE: why.\n"
            "Without an option the files run in this process, each on an empty state.\n"
            "\n"
            "  --connect ADDR   against this server: HOST:PORT or unix:PATH; `at` and `advance`\n"
            "                   need gongjid --test-clock there, `crash` and `limits` do not work\n"
            "  --spawn          start gongjid (found beside gongji) for each file, on a new\n"
            "                   directory in $TMPDIR or /var/tmp; `crash` kills and restarts it\n"
            "  --crash-each     as if `crash` stood after every statement (not with --connect)\n"
            "  --verbs          print what a line may be, and end\n"
            "\n"
            "exit codes: 0 every line did what it says, 1 some line did not, 64 wrong command\n"
            "line, 65 a file has a wrong line, 66 a file cannot be read, 69 no server, 130\n"
            "Ctrl-C and 143 SIGTERM, with nothing left behind.\n",
    .run = run,
};
