/* cli/commands/bench.c -- `gongji bench`: reads the options, runs the load, verifies, reports. */
#include "bench/generator.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/interrupt.h"
#include "bench/world_check.h"
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
    "                   answer; shows the most the server does, and hides who would have waited.\n"
    "                   A frame leaves at once, so choose a small --batch for a small rate\n"
    "  --seed N         other random numbers (1). The persons follow from it too: load them with\n"
    "                   the seed they were made with. The same seed makes the same choices again,\n"
    "                   under new request ids; premiums that are paid already are left out\n"
    "  --populate       open regions, institutions, families, wallets and deposits first. Regions\n"
    "                   that are there get a policy without limits and with premiums on sale\n"
    "  --force          do it on a server that holds persons --populate did not make\n"
    "  --refused-max P  percent of the operations that may be refused or not executed (1)\n"
    "  --verify         ask the server for every acknowledged operation afterwards\n"
    "  --acks FILE      write every acknowledged operation to FILE while running, for\n"
    "                   `gongji bench verify`, also after the server was killed and restarted\n"
    "  --json FILE|-    the result as JSON\n"
    "  --progress       a line a second on stderr also if it is no terminal\n"
    "\n"
    "Latency: from sending (planning) a frame to its answer, of operations that came to an "
    "outcome;\n"
    "that of errors (overloaded, read-only) is apart. Operations a second: all outcomes, refusals "
    "by\n"
    "a rule too; how many were refused stands beside it.\n"
    "Ctrl-C and SIGTERM end it early: what there is is printed and written.\n"
    "Exit 0 if the load ran to its end and did what was asked, and what was verified is there; 1 "
    "if\n"
    "something acknowledged is missing or different, the server refused the set-up or more "
    "operations\n"
    "than --refused-max, turned read-only, or operations were never sent; 69 if the server went "
    "away.\n"
    "\n"
    "example: gongji bench --populate --persons 100000 --mix premium-season --duration 5\n";

struct texts {
    const char *persons, *connections, *batch, *inflight, *duration, *rate, *seed, *refused_max;
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
    uint64_t connections, batch, inflight, refused_max;
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
    if (!read_number(t->refused_max, 100, &refused_max))
        return usage_error(&command_bench, "--refused-max must be percent, 0..100");
    o->refused_max = (uint32_t)refused_max;
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
    if (v->signal != 0)
        return command_error(&command_bench, EXIT_SIGNAL + v->signal,
                             "stopped by a signal; the rest was not asked for");
    return v->verified == v->acknowledged ? EXIT_OK : EXIT_NOT_SO;
}

static int verify(int fd, const struct bench_options *o, struct acks_verdict *verdict)
{
    char why[ACKS_WHY_SIZE];
    int error = acks_verify(fd, o->address, o->progress, o->interrupt, verdict, why);
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

static int error_code(int error)
{
    return error < 0 ? EXIT_SERVER : EXIT_NOT_SO;
}

/* What the load stands on: regions, persons that are ours, premiums that are unpaid. */
static int look_at_world(const struct bench_options *o, struct world *world, const struct mix *mix,
                         struct gj_client *client, struct premiums *premiums)
{
    char why[WORLD_CHECK_WHY_SIZE];
    int error = world_regions(world, client, false, why);
    if (error == 0 && !o->force) error = world_check_load(world, client, why);
    if (error != 0) return command_error(&command_bench, error_code(error), "%s", why);
    error = world_premiums(world, mix, client, o->progress, premiums);
    if (error == 0) return EXIT_OK;
    return command_error(&command_bench, EXIT_SERVER, "premiums: %s", gj_client_error(client));
}

static int find_world(const struct bench_options *o, struct world *world, const struct mix *mix,
                      struct premiums *premiums)
{
    struct gj_client *client = connect_for(&command_bench, o->address);
    if (client == NULL) return EXIT_SERVER;
    int result = look_at_world(o, world, mix, client, premiums);
    gj_close(client);
    return result;
}

static int failed(int error, const struct bench_result *result)
{
    if (error == BENCH_STOPPED)
        return command_error(&command_bench, EXIT_SIGNAL + result->signal,
                             "stopped by a signal; what there is was written");
    return command_error(&command_bench, error == BENCH_LOST ? EXIT_SERVER : EXIT_NOT_SO, "%s",
                         result->why);
}

static int generate(const struct bench_options *o, struct world *world, const struct mix *mix,
                    struct acks *acks, struct bench_result *result)
{
    struct premiums premiums = {.paid = NULL};
    int found = find_world(o, world, mix, &premiums);
    if (found != EXIT_OK) return found;
    if (mix_pays_premiums(mix)) {
        result->premiums = premiums.count;
        result->premiums_left = premiums.left;
    }
    int error = bench_generate(o, world, mix, &premiums, acks, result);
    if (error == 0) error = bench_judge(o, result);
    bench_print(o, result);
    free(premiums.paid);
    return error == 0 ? EXIT_OK : failed(error, result);
}

static int load_server(const struct bench_options *o, const struct mix *mix, struct acks *acks,
                       struct bench_result *result)
{
    struct world world = {.persons = o->persons, .seed = o->seed};
    int error = o->populate ? bench_populate(o, &world, acks, result) : 0;
    bench_print_populated(result);
    if (error != 0) return failed(error, result);
    return o->duration_ms == 0 ? EXIT_OK : generate(o, &world, mix, acks, result);
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

/* A frame is sent whole: a slow rate of large frames is bursts with pauses. */
static void warn_of_coarse_rate(const struct bench_options *o)
{
    if (o->rate == 0 || (uint64_t)o->batch * 10 <= o->rate) return;
    uint64_t even = o->rate / 100;
    fprintf(
        stderr,
        "gongji bench: note: at --rate %" PRIu64 " a frame of %u operations leaves every %" PRIu64
        ".%" PRIu64 " s only; for an even load use --batch %" PRIu64 "\n",
        o->rate, o->batch, o->batch / o->rate, o->batch * 10 / o->rate % 10, even > 0 ? even : 1);
}

static int run(int argc, char **argv)
{
    struct texts t = {"1000000", "1", "8192", "4", "10", "0", "1", "1"};
    struct bench_options o = {.address = ADDRESS_STANDARD, .mix = "transfer", .interrupt = -1};
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
        {"refused-max", &t.refused_max, NULL},
        {"json", &o.json, NULL},
        {"acks", &o.acks, NULL},
        {"populate", NULL, &o.populate},
        {"force", NULL, &o.force},
        {"verify", NULL, &o.verify},
        {"progress", NULL, &o.progress},
        {NULL, NULL, NULL},
    };
    const char *action = NULL;
    int count, result = read_options(&command_bench, argc, argv, specs, &action, 1, &count);
    if (result >= 0) return result;
    if (count == 1 && strcmp(action, "verify") != 0)
        return usage_error(&command_bench, "unexpected argument \"%s\"", action);
    if (count == 0) {
        result = read_values(&t, &o);
        if (result != EXIT_OK) return result;
        warn_of_coarse_rate(&o);
    }
    o.interrupt = interrupt_open();
    result = count == 1 ? verify_file(&o) : run_load(&o);
    interrupt_close(o.interrupt);
    return result;
}

const struct command command_bench = {"bench", "load a server, measure it, verify what it promised",
                                      help, run};
