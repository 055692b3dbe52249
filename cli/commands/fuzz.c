/* cli/commands/fuzz.c -- `gongji fuzz`: random sequences of operations beside the model. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/interrupt.h"
#include "cli/common/tool.h"
#include "cli/explore/report.h"
#include "cli/scenario/spawn_guard.h"
#include "core/format/op_traits.h"

#define OPERATIONS_MAX  5000u /* of a sequence: a scenario file has room for them */
#define SEQUENCES_USUAL 20000u
#define WEIGHT_MAX      1000u
#define WEIGHTS_MAX     65536 /* bytes of a file */
#define AGAIN_SIZE      4096

struct texts {
    const char *seed, *sequences, *operations, *seconds, *jobs, *weights, *hot, *retries, *crashes;
    const char *out;
};

static int type_of(const char *verb)
{
    for (int type = 1; type < GJ_OP_TYPES; type++) {
        if (op_is((uint8_t)type, GJ_OP_INTERNAL)) continue;
        if (strcmp(gj_op_verb((uint8_t)type), verb) == 0) return type;
    }
    return -1;
}

/* VERB=NUMBER. False: `why` says what is wrong. */
static bool read_weight(char *word, struct fuzz_mix *mix, char why[160])
{
    uint64_t weight = 0;
    char *value = strchr(word, '=');
    if (value != NULL) *value++ = 0;
    int type = type_of(word);
    if (type < 0) {
        snprintf(why, 160, "no operation is called '%.40s'; gongji scenario --verbs lists them",
                 word);
        return false;
    }
    if (value == NULL || !read_number(value, WEIGHT_MAX, &weight)) {
        snprintf(why, 160, "%s needs a whole number from 0 to %u: %s=5", word, WEIGHT_MAX, word);
        return false;
    }
    mix->weights[type] = (uint16_t)weight;
    mix->weighted = true;
    return true;
}

/* transfer=5,pay=3, or a file of such words. */
static int read_weights(const char *text, struct fuzz_mix *mix)
{
    char why[160], copy[WEIGHTS_MAX + 1];
    int wrong = EXIT_USAGE;
    size_t size = strlen(text);
    if (strchr(text, '=') == NULL) {
        FILE *file = fopen(text, "rb");
        size = file == NULL ? 0 : fread(copy, 1, WEIGHTS_MAX, file);
        bool bad = file == NULL || ferror(file);
        if (file != NULL) fclose(file);
        if (bad) {
            return command_error(&command_fuzz, EXIT_NOINPUT,
                                 "--weights %s: %s; give a file or a list like transfer=5,pay=3",
                                 text, strerror(errno));
        }
        wrong = EXIT_DATA;
    } else if (size <= WEIGHTS_MAX) {
        memcpy(copy, text, size);
    } else {
        return usage_error(&command_fuzz, "--weights is too long; put it in a file");
    }
    copy[size] = 0;
    char *rest = copy, *word;
    while ((word = strsep(&rest, ", \t\r\n")) != NULL) {
        if (word[0] == 0) continue;
        if (read_weight(word, mix, why)) continue;
        return command_error(&command_fuzz, wrong, "--weights: %s", why);
    }
    uint32_t sum = 0;
    for (unsigned i = 0; i < 256; i++) sum += mix->weights[i];
    if (sum > 0) return EXIT_OK;
    return command_error(&command_fuzz, wrong, "--weights: at least one must be above 0");
}

static int read_one(const char *name, const char *text, uint64_t least, uint64_t most,
                    uint64_t *ret)
{
    if (text == NULL) return EXIT_OK;
    if (read_number(text, most, ret) && *ret >= least) return EXIT_OK;
    return usage_error(&command_fuzz,
                       "--%s needs a whole number from %" PRIu64 " to %" PRIu64 ", not \"%s\"",
                       name, least, most, text);
}

static int read_values(const struct texts *t, struct fuzz_plan *plan)
{
    uint64_t operations = 200, jobs = 1, hot = 0, retries = 4, crashes = 0;
    bool remote = plan->place != FUZZ_IN_PROCESS;
    if (remote) operations = plan->place == FUZZ_CONNECT ? 1000 : 200;
    plan->sequences = t->seconds != NULL ? UINT64_MAX : remote ? 10 : SEQUENCES_USUAL;
    const struct {
        const char *name, *text;
        uint64_t least, most, *value;
    } values[] = {
        {"seed", t->seed, 0, UINT64_MAX / 2, &plan->seed},
        {"sequences", t->sequences, 1, UINT64_MAX / 2, &plan->sequences},
        {"operations", t->operations, 1, OPERATIONS_MAX, &operations},
        {"seconds", t->seconds, 1, UINT32_MAX, &plan->seconds},
        {"jobs", t->jobs, 1, FUZZ_JOBS_MAX, &jobs},
        {"hot", t->hot, 1, WORLD_PERSONS, &hot},
        {"retries", t->retries, 0, 100, &retries},
        {"crashes", t->crashes, 0, 100, &crashes},
    };
    for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
        int result = read_one(values[i].name, values[i].text, values[i].least, values[i].most,
                              values[i].value);
        if (result != EXIT_OK) return result;
    }
    plan->mix.operations = (uint32_t)operations;
    plan->jobs = (uint32_t)jobs;
    plan->mix.hot = (unsigned)hot;
    plan->mix.retries = (unsigned)retries;
    plan->mix.crashes = (unsigned)crashes;
    if (plan->place == FUZZ_CONNECT) {
        if (t->sequences != NULL || t->jobs != NULL || t->seconds != NULL) {
            return usage_error(&command_fuzz, "--connect is one sequence on one server: leave out "
                                              "--sequences, --seconds and --jobs");
        }
        if (crashes != 0) {
            return usage_error(&command_fuzz, "--crashes needs a server of its own: --spawn");
        }
        plan->sequences = 1;
    }
    return t->weights == NULL ? EXIT_OK : read_weights(t->weights, &plan->mix);
}

static void report_line(void *file, unsigned line, const char *message)
{
    fprintf(stderr, "%s:%u: %s\n", (const char *)file, line, message);
}

static int add_file(struct fuzz_corpus *corpus, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc(SCENARIO_FILE_MAX + 1), name[1024];
    size_t size = file == NULL || text == NULL ? 0 : fread(text, 1, SCENARIO_FILE_MAX + 1, file);
    int result = EXIT_OK;
    snprintf(name, sizeof(name), "%s", path);
    if (file == NULL || text == NULL || ferror(file)) {
        result = command_error(&command_fuzz, EXIT_NOINPUT, "%s: %s", path, strerror(errno));
    } else if (size > SCENARIO_FILE_MAX || memchr(text, 0, size) != NULL) {
        result = command_error(&command_fuzz, EXIT_DATA, "%s: not a text of at most 4 MiB", path);
    } else {
        text[size] = 0;
        if (!fuzz_corpus_add(corpus, text, report_line, name)) {
            result = command_error(&command_fuzz, EXIT_DATA, "%s: cannot begin with it", path);
        }
    }
    if (file != NULL) fclose(file);
    free(text);
    return result;
}

/* The command that makes one sequence again, whatever the run was limited by. */
static void put_again(const struct fuzz_plan *plan, const struct texts *t, const char **files,
                      int count, uint64_t index, char ret[AGAIN_SIZE])
{
    size_t at = 0;
    const struct {
        const char *name, *text;
    } given[] = {{"weights", t->weights},
                 {"hot", t->hot},
                 {"retries", t->retries},
                 {"crashes", t->crashes},
                 {"connect", plan->address}};
#define ADD(...)                                                                                   \
    do {                                                                                           \
        int n = snprintf(ret + at, AGAIN_SIZE - at, __VA_ARGS__);                                  \
        at = n < 0 || at + (size_t)n >= AGAIN_SIZE ? AGAIN_SIZE - 1 : at + (size_t)n;              \
    } while (0)
    ADD("gongji fuzz");
    for (int i = 0; i < count; i++) ADD(" %s", files[i]);
    ADD(" --seed %" PRIu64, plan->seed + index);
    if (plan->place != FUZZ_CONNECT) ADD(" --sequences 1");
    ADD(" --operations %u", plan->mix.operations);
    if (plan->place == FUZZ_SPAWN) ADD(" --spawn");
    for (size_t i = 0; i < ARRAY_COUNT(given); i++) {
        if (given[i].text != NULL) ADD(" --%s %s", given[i].name, given[i].text);
    }
#undef ADD
}

static void put_summary(const struct fuzz_plan *plan, const struct fuzz_result *r)
{
    double seconds = r->seconds > 0 ? r->seconds : 1e-9;
    printf("%" PRIu64 " sequences, %" PRIu64 " operations from seed %" PRIu64 " in %.1f s: "
           "%.0f sequences/s, %.0f operations/s, %u of %u pairs (operation, code) reached: %s\n",
           r->sequences, r->operations, plan->seed, r->seconds, (double)r->sequences / seconds,
           (double)r->operations / seconds, r->pairs, r->pairs_max,
           r->failed        ? "1 failure"
           : r->signal != 0 ? "no failure so far; stopped by a signal"
                            : "no failure");
}

static int fuzz(const struct fuzz_plan *plan, const struct texts *t, const char **files, int count)
{
    char again[AGAIN_SIZE];
    struct fuzz_result result;
    struct fuzz_shared *shared = fuzz_shared_new(plan);
    if (shared == NULL) return command_error(&command_fuzz, EXIT_IO, "out of memory");
    if (!fuzz_jobs_run(plan, shared, &result)) {
        return command_error(&command_fuzz, EXIT_IO, "cannot start a process: %s", strerror(errno));
    }
    if (result.failed && strcmp(result.failure.what, "start") == 0) {
        return command_error(&command_fuzz, EXIT_SERVER, "%s", result.failure.text);
    }
    put_summary(plan, &result);
    if (!result.failed) return result.signal == 0 ? EXIT_OK : EXIT_SIGNAL + result.signal;
    put_again(plan, t, files, count, result.index, again);
    return fuzz_report(plan, shared, &result, t->out, again);
}

static int run(int argc, char **argv)
{
    static struct fuzz_corpus corpus;
    static struct fuzz_plan plan = {.seed = 1, .interrupt = -1};
    struct texts t = {.out = "."};
    bool spawn = false;
    const char *files[FUZZ_FILES_MAX];
    int count = 0;
    const struct option_spec specs[] = {
        {"seed", &t.seed, NULL},
        {"sequences", &t.sequences, NULL},
        {"operations", &t.operations, NULL},
        {"seconds", &t.seconds, NULL},
        {"jobs", &t.jobs, NULL},
        {"weights", &t.weights, NULL},
        {"hot", &t.hot, NULL},
        {"retries", &t.retries, NULL},
        {"crashes", &t.crashes, NULL},
        {"out", &t.out, NULL},
        {"connect", &plan.address, NULL},
        {"spawn", NULL, &spawn},
        {NULL, NULL, NULL},
    };
    int result = read_options(&command_fuzz, argc, argv, specs, files, FUZZ_FILES_MAX, &count);
    if (result >= 0) return result;
    if (spawn && plan.address != NULL) {
        return usage_error(&command_fuzz, "--connect and --spawn exclude each other");
    }
    plan.place = spawn ? FUZZ_SPAWN : plan.address != NULL ? FUZZ_CONNECT : FUZZ_IN_PROCESS;
    plan.progress = isatty(STDERR_FILENO) == 1;
    result = read_values(&t, &plan);
    if (result != EXIT_OK) return result;
    struct stat out;
    if (stat(t.out, &out) != 0 || !S_ISDIR(out.st_mode) || access(t.out, W_OK) != 0) {
        return usage_error(&command_fuzz, "--out %s: give a directory that can be written to",
                           t.out);
    }
    if (spawn) {
        result = spawn_guard(&command_fuzz);
        if (result >= 0) return result;
        result = EXIT_OK;
    }
    for (int i = 0; i < count && result == EXIT_OK; i++) result = add_file(&corpus, files[i]);
    plan.mix.corpus = &corpus;
    plan.interrupt = interrupt_open();
    if (result == EXIT_OK) result = fuzz(&plan, &t, files, count);
    interrupt_close(plan.interrupt);
    fuzz_corpus_free(&corpus);
    return result;
}

const struct command command_fuzz = {
    .name = "fuzz",
    .summary = "try random sequences of operations, and shrink one that fails to a scenario",
    .help =
        "usage: gongji fuzz [FILE...] [--seed N] [--sequences N | --seconds S] [--option "
        "VALUE]...\n"
        "\n"
        "Makes random sequences of operations, each on an empty state, and compares every field "
        "of\n"
        "every reply with a model of the rules (docs/OPERATIONS.md) that shares no code with the\n"
        "core; at the end of a sequence also everything that can be read, and the recount of the\n"
        "books. The first sequence that fails is made small and written as a scenario file that\n"
        "`gongji scenario` replays. docs/FUZZING.md shows how to work with it.\n"
        "\n"
        "  FILE             begin with the statements of this scenario file (with one of them, if\n"
        "                   several are given), as they are or dropped, repeated, moved and\n"
        "                   changed; its `always` lines must hold after every operation\n"
        "  --seed N         of the first sequence; the next one has the next number (1)\n"
        "  --sequences N    so many (20000; 10 with --spawn)\n"
        "  --seconds S      as many as in that time, or until --sequences\n"
        "  --operations N   in each sequence, 1 to 5000 (200; 1000 with --connect)\n"
        "  --jobs N         processes (1); the result is the same\n"
        "  --weights LIST   how often which operation: transfer=5,pay=3; those not named do not\n"
        "                   occur but to build the world; or a file of such words\n"
        "  --hot N          most operations are about N persons only\n"
        "  --retries PCT    so many of a hundred operations are an earlier one again (4)\n"
        "  --crashes PCT    after so many of a hundred the state is dropped and built again from\n"
        "                   the log; with --spawn the server is killed (0)\n"
        "  --spawn          against gongjid (found beside gongji), a new one for each sequence\n"
        "  --connect ADDR   one sequence against this server (HOST:PORT or unix:PATH): it must be\n"
        "                   empty and started with --test-clock\n"
        "  --out DIR        where the scenario file goes (.)\n"
        "\n"
        "exit codes: 0 nothing found, 1 a failure was found and its scenario written, 64 wrong\n"
        "command line, 65 a file has a wrong line, 66 a file cannot be read, 69 no server, or not\n"
        "an empty one with --test-clock, 74 the scenario could not be written, 130\n"
        "Ctrl-C and 143 SIGTERM: what was done so far is printed, nothing is left behind.\n",
    .run = run,
};
