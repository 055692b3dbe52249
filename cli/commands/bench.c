/* cli/commands/bench.c -- `gongji bench`: reads the options, runs the load, verifies, reports. */
#include "bench/generator.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/common/tool.h"

static const char help[] =
    "usage: gongji bench [--connect ADDR] [--mix NAME|FILE] [--persons N] [--populate] ...\n"
    "       gongji bench verify --acks FILE [--connect ADDR] [--json FILE|-]\n"
    "\n"
    "Loads a server and measures it. One thread, so leave it a core of its own.\n"
    "\n" ADDRESS_HELP
    "  --mix NAME|FILE  transfer: wallets of random persons to a relative's (default)\n"
    "                   premium-season: premiums, transfers across regions, payments\n"
    "                   or a file of weights, `WORD WEIGHT` a line, words transfer, pay,\n"
    "                   pay-personal, premium, deposit\n"
    "  --persons N      made-up persons 1..N in families of four (1000000)\n"
    "  --connections N  (1)      --batch N  operations a frame (8192)\n"
    "  --inflight N     frames unanswered on each connection (4)\n"
    "  --duration S     seconds, decimals allowed (10); 0 with --populate: no load after it\n"
    "  --rate N         open loop: N operations a second at planned times, latency counted from\n"
    "                   them, as callers feel it. Without it a closed loop: a new frame for every\n"
    "                   answer; shows the most the server does, and hides who would have waited\n"
    "  --seed N         other random numbers; the persons follow from it too (1)\n"
    "  --populate       open regions, institutions, families, wallets and deposits first. Regions\n"
    "                   that are there get a policy without limits and with premiums on sale\n"
    "  --verify         ask the server for every acknowledged operation afterwards\n"
    "  --acks FILE      write every acknowledged operation to FILE while running, for\n"
    "                   `gongji bench verify`, also after the server was killed and restarted\n"
    "  --json FILE|-    the result as JSON\n"
    "  --progress       a line a second on stderr also if it is no terminal\n"
    "\n"
    "Latency: from sending (planning) a frame to its answer. Operations a second: all that came "
    "to\n"
    "an outcome, refusals by a rule too; how many were refused stands beside it.\n"
    "Exit 0 if the load ran to its end and what was verified is there, 1 if something "
    "acknowledged\n"
    "is missing or different or the server refused the set-up, 69 if the server went away.\n"
    "\n"
    "example: gongji bench --populate --persons 100000 --mix premium-season --duration 5\n";

struct texts {
    const char *persons, *connections, *batch, *inflight, *duration, *rate, *seed;
};

/* Seconds with up to three decimals, as milliseconds. 0 is a duration too. */
static bool read_seconds(const char *text, uint64_t *ms)
{
    char whole[16];
    const char *point = strchr(text, '.');
    size_t length = point == NULL ? strlen(text) : (size_t)(point - text);
    uint64_t seconds, thousandths = 0;
    if (length == 0 || length >= sizeof(whole)) return false;
    memcpy(whole, text, length);
    whole[length] = 0;
    if (!read_number(whole, 1000000, &seconds)) return false;
    if (point != NULL) {
        size_t digits = strlen(point + 1);
        if (digits > 3 || !read_number(point + 1, 999, &thousandths)) return false;
        for (size_t i = digits; i < 3; i++) thousandths *= 10;
    }
    *ms = seconds * 1000 + thousandths;
    return true;
}

static bool read_range(const char *text, uint64_t least, uint64_t most, uint64_t *value)
{
    return read_number(text, most, value) && *value >= least;
}

/* EXIT_OK or EXIT_USAGE. */
static int read_values(const struct texts *t, struct bench_options *o)
{
    uint64_t connections, batch, inflight;
    if (!read_range(t->persons, WORLD_FAMILY, BENCH_PERSONS_MAX, &o->persons))
        return usage_error(&command_bench, "--persons must be 4..%u", BENCH_PERSONS_MAX);
    if (!read_range(t->connections, 1, BENCH_CONNECTIONS_MAX, &connections))
        return usage_error(&command_bench, "--connections must be 1..%u", BENCH_CONNECTIONS_MAX);
    if (!read_range(t->batch, 1, GJ_BATCH_OPS_MAX, &batch))
        return usage_error(&command_bench, "--batch must be 1..%u", GJ_BATCH_OPS_MAX);
    if (!read_range(t->inflight, 1, BENCH_INFLIGHT_MAX, &inflight))
        return usage_error(&command_bench, "--inflight must be 1..%u", BENCH_INFLIGHT_MAX);
    if (!read_seconds(t->duration, &o->duration_ms) || (o->duration_ms == 0 && !o->populate))
        return usage_error(&command_bench,
                           "--duration must be 0.001..1000000 seconds (0 only with --populate)");
    if (!read_number(t->rate, UINT32_MAX, &o->rate))
        return usage_error(&command_bench, "--rate must be operations a second, 0 = closed loop");
    if (!read_number(t->seed, UINT64_MAX, &o->seed))
        return usage_error(&command_bench, "--seed must be a whole number");
    o->persons -= o->persons % WORLD_FAMILY;
    o->connections = (uint32_t)connections;
    o->batch = (uint32_t)batch;
    o->inflight = (uint32_t)inflight;
    return EXIT_OK;
}

/* Prints the verdict; EXIT_OK only if every acknowledgement holds. */
static int report_verdict(const struct acks_verdict *v)
{
    uint64_t ms = v->milliseconds > 0 ? v->milliseconds : 1;
    fprintf(stderr,
            "verified %" PRIu64 " of %" PRIu64 " acknowledged operations in log order, %" PRIu64
            "/s: %" PRIu64 " missing, %" PRIu64 " different, %" PRIu64 " acknowledged twice\n",
            v->verified, v->acknowledged, v->verified * 1000 / ms, v->missing, v->different,
            v->repeated);
    if (v->first[0] != 0) fprintf(stderr, "first: %s\n", v->first);
    return v->verified == v->acknowledged ? EXIT_OK : EXIT_NOT_SO;
}

static int verify(int fd, const struct bench_options *o, struct acks_verdict *verdict)
{
    char why[ACKS_WHY_SIZE];
    int error = acks_verify(fd, o->address, o->progress, verdict, why);
    if (error == ACKS_FOREIGN)
        return command_error(&command_bench, EXIT_DATA, "%s: %s", o->acks, why);
    if (error < 0)
        return command_error(&command_bench, error == GJ_E_ARGUMENT ? EXIT_NOINPUT : EXIT_SERVER,
                             "%s", why);
    if (verdict->acknowledged == 0)
        return command_error(&command_bench, EXIT_DATA,
                             "no operation was acknowledged: "
                             "there is nothing to verify");
    return report_verdict(verdict);
}

static int verify_file(const struct bench_options *o)
{
    if (o->acks == NULL) return usage_error(&command_bench, "verify needs --acks FILE");
    int fd = open(o->acks, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return command_error(&command_bench, EXIT_NOINPUT, "%s: %s", o->acks, strerror(errno));
    struct acks_verdict verdict;
    int result = verify(fd, o, &verdict);
    close(fd);
    if (bench_json_verdict(o->json, &verdict) != 0 && result == EXIT_OK) result = EXIT_IO;
    return result;
}

static int find_world(const struct bench_options *o, struct world *world)
{
    struct gj_client *client = connect_for(&command_bench, o->address);
    if (client == NULL) return EXIT_SERVER;
    char why[WORLD_WHY_SIZE];
    int error = world_regions(world, client, false, why);
    gj_close(client);
    if (error == 0) return EXIT_OK;
    return command_error(&command_bench, error < 0 ? EXIT_SERVER : EXIT_NOT_SO, "%s", why);
}

static int failed(int error, const struct bench_result *result)
{
    return command_error(&command_bench, error == BENCH_LOST ? EXIT_SERVER : EXIT_NOT_SO, "%s",
                         result->why);
}

static int load_server(const struct bench_options *o, const struct mix *mix, struct acks *acks,
                       struct bench_result *result)
{
    struct world world = {.persons = o->persons, .seed = o->seed};
    if (o->populate) {
        int error = bench_populate(o, &world, acks, result);
        if (error != 0) return failed(error, result);
    } else {
        int found = find_world(o, &world);
        if (found != EXIT_OK) return found;
    }
    int error = o->duration_ms == 0 ? 0 : bench_generate(o, &world, mix, acks, result);
    bench_print(o, result);
    return error == 0 ? EXIT_OK : failed(error, result);
}

/* Before the load, not after it. */
static bool can_write(const char *path)
{
    if (strcmp(path, "-") == 0) return true;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    return fd >= 0 && close(fd) == 0;
}

static int run_load(const struct bench_options *o)
{
    struct mix mix;
    char why[MIX_WHY_SIZE];
    int wrong = mix_load(&mix, o->mix, why);
    if (wrong != 0)
        return command_error(&command_bench, wrong == -1 ? EXIT_NOINPUT : EXIT_DATA, "%s", why);
    if (o->json != NULL && !can_write(o->json))
        return command_error(&command_bench, EXIT_IO, "%s: %s", o->json, strerror(errno));
    struct acks *acks = NULL;
    if (o->acks != NULL || o->verify) {
        acks = acks_create(o->acks);
        if (acks == NULL)
            return command_error(
                &command_bench, EXIT_IO, "%s: %s", o->acks == NULL ? "temporary file" : o->acks,
                errno == EEXIST ? "is there and no file of acknowledgements: not overwritten"
                                : strerror(errno));
    }
    struct bench_result *result = calloc(1, sizeof(*result));
    if (result == NULL) {
        acks_close(acks);
        return command_error(&command_bench, EXIT_IO, "out of memory");
    }
    struct acks_verdict verdict = {.acknowledged = 0};
    int code = load_server(o, &mix, acks, result);
    if (acks != NULL && acks_flush(acks) != 0)
        code = command_error(&command_bench, EXIT_IO, "acks: %s", strerror(errno));
    if (code == EXIT_OK && o->verify) code = verify(acks_fd(acks), o, &verdict);
    if (bench_json(o, result, &verdict) != 0 && code == EXIT_OK) code = EXIT_IO;
    acks_close(acks);
    free(result);
    return code;
}

static int run(int argc, char **argv)
{
    struct texts t = {"1000000", "1", "8192", "4", "10", "0", "1"};
    struct bench_options o = {.address = ADDRESS_STANDARD, .mix = "transfer"};
    o.progress = isatty(STDERR_FILENO) == 1;
    const struct option_spec specs[] = {
        {"connect", &o.address, NULL},
        {"mix", &o.mix, NULL},
        {"persons", &t.persons, NULL},
        {"connections", &t.connections, NULL},
        {"batch", &t.batch, NULL},
        {"inflight", &t.inflight, NULL},
        {"duration", &t.duration, NULL},
        {"rate", &t.rate, NULL},
        {"seed", &t.seed, NULL},
        {"json", &o.json, NULL},
        {"acks", &o.acks, NULL},
        {"populate", NULL, &o.populate},
        {"verify", NULL, &o.verify},
        {"progress", NULL, &o.progress},
        {NULL, NULL, NULL},
    };
    const char *action = NULL;
    int count, result = read_options(&command_bench, argc, argv, specs, &action, 1, &count);
    if (result >= 0) return result;
    if (count == 1) {
        if (strcmp(action, "verify") == 0) return verify_file(&o);
        return usage_error(&command_bench, "unexpected argument \"%s\"", action);
    }
    result = read_values(&t, &o);
    return result == EXIT_OK ? run_load(&o) : result;
}

const struct command command_bench = {"bench", "load a server, measure it, verify what it promised",
                                      help, run};
