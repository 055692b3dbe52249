/* cli/commands/scenario.c -- `gongji scenario FILE...`: runs scenario files in process or against a
 * server.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common/tool.h"
#include "cli/scenario/impact.h"
#include "cli/scenario/run.h"
#include "cli/scenario/spawn_guard.h"
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

/* The server that files are not run on, because somebody lives there; NULL client: they are run. */
struct guarded {
    struct gj_client *client;
    uint64_t persons;
};

/* Says what a file would change, instead of running it. */
static int refuse(const char *path, const struct scenario *scenario, const struct guarded *guarded)
{
    struct impact i;
    int error = impact_of(scenario, guarded->client, &i);
    if (error < 0)
        return command_error(&command_scenario, EXIT_SERVER, "%s",
                             error == GJ_E_MEMORY ? gj_error_text(error)
                                                  : gj_client_error(guarded->client));
    printf("%s: not run: this server holds %" PRIu64
           " persons that no file here made. It would set "
           "%u regions (%u are there: new policy versions), %u institutions (%u are there), and "
           "open persons or act on them: %u (%u are there). Use --spawn, or --force\n",
           path, guarded->persons, i.regions.named, i.regions.there, i.institutions.named,
           i.institutions.there, i.persons.named, i.persons.there);
    return EXIT_NOT_SO;
}

static int run_text(const char *path, const char *text, struct scenario_target *target,
                    bool crash_each, const struct guarded *guarded)
{
    struct scenario scenario;
    char name[1024];
    snprintf(name, sizeof(name), "%s", path);
    if (!scenario_read(text, &scenario, report, name)) {
        printf("%s: not run\n", path);
        scenario_free(&scenario);
        return EXIT_DATA;
    }
    if (guarded->client != NULL) {
        int refused = refuse(path, &scenario, guarded);
        scenario_free(&scenario);
        return refused;
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

static int run_files(const char **files, int count, struct scenario_target *target, bool crash_each,
                     const struct guarded *guarded)
{
    int result = EXIT_OK;
    for (int i = 0; i < count; i++) {
        char *text = read_file(files[i]);
        int one =
            text == NULL ? EXIT_NOINPUT : run_text(files[i], text, target, crash_each, guarded);
        if (result == EXIT_OK) result = one;
        free(text);
        fflush(stdout);
    }
    return result;
}

/* EXIT_OK; the client stays open if somebody lives on the server. */
static int look_at_server(const char *address, struct guarded *ret)
{
    struct gj_stats_view stats;
    ret->client = connect_for(&command_scenario, address);
    if (ret->client == NULL) return EXIT_SERVER;
    int result = EXIT_OK;
    if (gj_get_stats(ret->client, &stats) < 0)
        result = command_error(&command_scenario, EXIT_SERVER, "%s", gj_client_error(ret->client));
    else
        ret->persons = stats.persons;
    if (result == EXIT_OK && ret->persons > 0) return EXIT_OK;
    gj_close(ret->client);
    ret->client = NULL;
    return result;
}

static int run(int argc, char **argv)
{
    const char *address = NULL;
    bool spawn = false, crash_each = false, verbs = false, force = false;
    struct guarded guarded = {.client = NULL};
    const char *files[FILES_MAX];
    int count = 0;
    const struct option_spec specs[] = {
        {.name = "connect", .value = &address},      {.name = "spawn", .flag = &spawn},
        {.name = "crash-each", .flag = &crash_each}, {.name = "force", .flag = &force},
        {.name = "verbs", .flag = &verbs},           {.name = NULL}};
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
    result = address == NULL || force ? EXIT_OK : look_at_server(address, &guarded);
    if (result == EXIT_OK) result = run_files(files, count, target, crash_each, &guarded);
    gj_close(guarded.client);
    scenario_target_free(target);
    return result;
}

const struct command command_scenario = {
    .name = "scenario",
    .summary = "run scenario files and say which lines are not as written",
    .help =
        "usage: gongji scenario FILE... [--connect ADDR [--force] | --spawn] [--crash-each]\n"
        "\n"
        "Runs each file (docs/SCENARIOS.md says how to write one) and prints every line that\n"
        "did not do what it says, as FILE:LINE: statement: wanted ..., got ...; a file with a\n"
        "line that cannot be read is not run, and each such line is FILE:LINE: why.\n"
        "Without an option the files run in this process, each on an empty state.\n"
        "\n"
        "  --connect ADDR   against this server: HOST:PORT or unix:PATH; `at` and `advance`\n"
        "                   need gongjid --test-clock there, `crash` and `limits` do not work.\n"
        "                   A server that holds persons is left alone: the files are not run,\n"
        "                   and what they would change is said\n"
        "  --force          run them on such a server all the same\n"
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
