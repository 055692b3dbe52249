/* io/gongjid/config.c -- reads the command line of gongjid and answers --help and --version. */
#include "io/gongjid/config.h"

#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "core/format/log_format.h"

#define MIB (UINT64_C(1) << 20)

static const char help_text[] =
    "gongjid " GJ_VERSION " -- in-memory settlement core for medical-insurance wallets\n"
    "\n"
    "usage: gongjid --data DIR [options]\n"
    "\n"
    "  --data DIR              data directory (the log); made if it does not exist. One server at\n"
    "                          a time may use it\n"
    "  --listen HOST:PORT      TCP listener, default 127.0.0.1:7272; IPv6 as [::1]:7272; port 0\n"
    "                          takes a free one. Only loopback: there is no TLS or\n"
    "                          authentication yet\n"
    "  --unix PATH             also listen on this Unix socket\n"
    "  --shards N              only 1 in this version\n"
    "\n"
    "Limits; all memory is taken at start (numbers and bytes accept K, M, G = 1024-based):\n"
    "  --persons-max N         persons, default 2M\n"
    "  --families-max N        persons who ever bound a member, default persons-max / 2\n"
    "  --institutions-max N    institutions, default 64K\n"
    "  --holds-max N           open holds and pending transfers at once, default persons-max / 8\n"
    "  --rids-max N            request ids remembered in memory, default 32M; beyond it the "
    "oldest\n"
    "                          are forgotten and answered RID_EXPIRED\n"
    "  --rids-ahead-max N      request ids 2 s or more ahead of log time at once, default 256K;\n"
    "                          beyond it such an id is answered RID_IN_FUTURE\n"
    "  --connections-max N     connections at once, default 10000\n"
    "  --buffers-max BYTES     input and output buffers of all connections, default 1G\n"
    "\n"
    "Log and clock:\n"
    "  --log-prealloc BYTES    zero-written log kept ahead, default 512M; rounded up to segments "
    "of\n"
    "                          256M\n"
    "  --log-low-water BYTES   free disk space below which changes answer READ_ONLY, default 1G\n"
    "  --clock-gap-max SECONDS refuse to start if the wall clock is further ahead of the log,\n"
    "                          default 259200 (3 days); after a longer pause give a larger one\n"
    "  --disk-timeout SECONDS  stop with exit code 74 if a write of the log takes longer, default "
    "60\n"
    "  --test-clock            log time is set by clients (CLOCK frames); for tests only\n"
    "  --test-segment BYTES    segments of a log that is made now, a power of two, 1M to 1G,\n"
    "                          default 256M; for tests only\n"
    "  --io-trace FILE         write every operation on the log's disk to this new file, which "
    "must\n"
    "                          not be in the data directory; a diagnostic that holds all that the\n"
    "                          log holds, its secret too\n"
    "  --unsafe-dev            accept a data directory on a file system that promises nothing\n"
    "                          (tmpfs, overlay, NFS, FUSE); for development only\n"
    "\n"
    "  --help, --version       print and exit\n"
    "\n"
    "Prints one line `ready tcp=HOST:PORT unix=PATH shards=N recovered=N` on stdout once it "
    "serves;\n"
    "everything else goes to stderr. SIGTERM or SIGINT: finish what was received, then exit 0; a\n"
    "second one exits at once. Exit codes: 64 command line, 70 bug, 74 I/O error, 75 locked or "
    "try\n"
    "again later, 77 another log or a newer format, 78 does not fit, not allowed, or corrupt.\n";

__attribute__((format(printf, 1, 2))) static enum config_verdict usage(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("gongjid: ", stderr);
    vfprintf(stderr, format, args);
    fputs("; see gongjid --help\n", stderr);
    va_end(args);
    return CONFIG_USAGE;
}

/* A decimal number with an optional suffix K, M or G (1024-based). */
static bool number_parse(const char *text, uint64_t *ret)
{
    uint64_t value = 0;
    const char *p = text;
    if (!isdigit((unsigned char)*p)) return false;
    for (; isdigit((unsigned char)*p); p++) {
        if (__builtin_mul_overflow(value, 10u, &value)) return false;
        if (__builtin_add_overflow(value, (uint64_t)(*p - '0'), &value)) return false;
    }
    unsigned shift = 0;
    switch (*p) {
    case 'k':
    case 'K': shift = 10; break;
    case 'm':
    case 'M': shift = 20; break;
    case 'g':
    case 'G': shift = 30; break;
    default: break;
    }
    if (shift != 0) p++;
    if (*p != '\0' || value > UINT64_MAX >> shift) return false;
    *ret = value << shift;
    return true;
}

static bool listen_parse(const char *text, struct config *ret)
{
    const char *colon = strrchr(text, ':');
    uint64_t port = 0;
    if (colon == NULL || !number_parse(colon + 1, &port) || port > UINT16_MAX) return false;
    size_t size = (size_t)(colon - text);
    if (size >= 2 && text[0] == '[' && text[size - 1] == ']') {
        text++;
        size -= 2;
    }
    if (size == 0 || size >= sizeof ret->listen_host) return false;
    memcpy(ret->listen_host, text, size);
    ret->listen_host[size] = '\0';
    ret->listen_port = (uint16_t)port;
    return true;
}

enum option_id {
    OPTION_DATA = 256,
    OPTION_LISTEN,
    OPTION_UNIX,
    OPTION_SHARDS,
    OPTION_PERSONS,
    OPTION_FAMILIES,
    OPTION_INSTITUTIONS,
    OPTION_HOLDS,
    OPTION_RIDS,
    OPTION_RIDS_AHEAD,
    OPTION_CONNECTIONS,
    OPTION_BUFFERS,
    OPTION_PREALLOC,
    OPTION_LOW_WATER,
    OPTION_CLOCK_GAP,
    OPTION_DISK_TIMEOUT,
    OPTION_IO_TRACE,
    OPTION_TEST_CLOCK,
    OPTION_TEST_SEGMENT,
    OPTION_UNSAFE_DEV,
    OPTION_HELP,
    OPTION_VERSION,
};

static const struct option options[] = {
    {"data", required_argument, NULL, OPTION_DATA},
    {"listen", required_argument, NULL, OPTION_LISTEN},
    {"unix", required_argument, NULL, OPTION_UNIX},
    {"shards", required_argument, NULL, OPTION_SHARDS},
    {"persons-max", required_argument, NULL, OPTION_PERSONS},
    {"families-max", required_argument, NULL, OPTION_FAMILIES},
    {"institutions-max", required_argument, NULL, OPTION_INSTITUTIONS},
    {"holds-max", required_argument, NULL, OPTION_HOLDS},
    {"rids-max", required_argument, NULL, OPTION_RIDS},
    {"rids-ahead-max", required_argument, NULL, OPTION_RIDS_AHEAD},
    {"connections-max", required_argument, NULL, OPTION_CONNECTIONS},
    {"buffers-max", required_argument, NULL, OPTION_BUFFERS},
    {"log-prealloc", required_argument, NULL, OPTION_PREALLOC},
    {"log-low-water", required_argument, NULL, OPTION_LOW_WATER},
    {"clock-gap-max", required_argument, NULL, OPTION_CLOCK_GAP},
    {"disk-timeout", required_argument, NULL, OPTION_DISK_TIMEOUT},
    {"io-trace", required_argument, NULL, OPTION_IO_TRACE},
    {"test-clock", no_argument, NULL, OPTION_TEST_CLOCK},
    {"test-segment", required_argument, NULL, OPTION_TEST_SEGMENT},
    {"unsafe-dev", no_argument, NULL, OPTION_UNSAFE_DEV},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

/* Range of every flag that takes a number. */
static const struct {
    int id;
    uint64_t min, max;
} ranges[] = {
    {OPTION_SHARDS, 1, 1024},
    {OPTION_PERSONS, 1, UINT32_MAX - 1},
    {OPTION_FAMILIES, 1, UINT32_MAX - 1},
    {OPTION_INSTITUTIONS, 1, UINT32_MAX - 1},
    {OPTION_HOLDS, 1, UINT64_C(1) << 31},
    {OPTION_RIDS, 16, UINT64_C(1) << 34},
    {OPTION_RIDS_AHEAD, 1, UINT64_C(1) << 24},
    {OPTION_CONNECTIONS, 1, 100000},
    {OPTION_BUFFERS, MIB, UINT64_C(1) << 40},
    {OPTION_PREALLOC, 1, UINT64_C(1) << 42},
    {OPTION_LOW_WATER, 0, UINT64_C(1) << 50},
    {OPTION_CLOCK_GAP, 1, UINT64_C(1) << 32},
    {OPTION_DISK_TIMEOUT, 1, 86400},
    {OPTION_TEST_SEGMENT, LOG_SEGMENT_MIB_MIN *MIB, LOG_SEGMENT_MIB_MAX *MIB},
};

static const char *option_name(int id)
{
    for (const struct option *o = options; o->name != NULL; o++) {
        if (o->val == id) return o->name;
    }
    return "?";
}

static enum config_verdict number_option(struct config *c, int id, const char *text)
{
    uint64_t value = 0, min = 0, max = UINT64_MAX;
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (ranges[i].id != id) continue;
        min = ranges[i].min;
        max = ranges[i].max;
    }
    if (!number_parse(text, &value)) {
        return usage("--%s wants a number, optionally with K, M or G, not `%s`", option_name(id),
                     text);
    }
    if (value < min || value > max) {
        return usage("--%s must be %llu to %llu, not `%s`", option_name(id),
                     (unsigned long long)min, (unsigned long long)max, text);
    }
    switch (id) {
    case OPTION_SHARDS:
        if (value != 1)
            return usage("--shards: this version serves exactly 1 shard, not `%s`", text);
        break;
    case OPTION_PERSONS: c->persons_max = (uint32_t)value; break;
    case OPTION_FAMILIES: c->families_max = (uint32_t)value; break;
    case OPTION_INSTITUTIONS: c->institutions_max = (uint32_t)value; break;
    case OPTION_HOLDS: c->holds_max = (uint32_t)value; break;
    case OPTION_RIDS: c->rids_max = value; break;
    case OPTION_RIDS_AHEAD: c->rids_ahead_max = (uint32_t)value; break;
    case OPTION_CONNECTIONS: c->connections_max = (uint32_t)value; break;
    case OPTION_BUFFERS: c->buffers_max = value; break;
    case OPTION_PREALLOC: c->log_prealloc = value; break;
    case OPTION_LOW_WATER: c->log_low_water = value; break;
    case OPTION_DISK_TIMEOUT: c->disk_timeout_s = value; break;
    case OPTION_TEST_SEGMENT:
        if (value % MIB != 0 || !log_segment_mib_valid(value / MIB)) {
            return usage("--test-segment must be a power of two, not `%s`", text);
        }
        c->segment_mib = (uint32_t)(value / MIB);
        break;
    default: c->clock_gap_max_s = value; break;
    }
    return CONFIG_RUN;
}

static enum config_verdict option_apply(struct config *c, int id, const char *text)
{
    switch (id) {
    case OPTION_DATA: c->data_dir = text; return CONFIG_RUN;
    case OPTION_LISTEN:
        if (listen_parse(text, c)) return CONFIG_RUN;
        return usage("--listen wants HOST:PORT, not `%s`", text);
    case OPTION_UNIX:
        if (strlen(text) == 0 || strlen(text) >= sizeof((struct sockaddr_un *)0)->sun_path) {
            return usage("--unix wants a path of 1 to 107 bytes");
        }
        c->unix_path = text;
        return CONFIG_RUN;
    case OPTION_IO_TRACE:
        if (text[0] == '\0') return usage("--io-trace wants the name of a new file");
        c->io_trace = text;
        return CONFIG_RUN;
    case OPTION_TEST_CLOCK: c->test_clock = true; return CONFIG_RUN;
    case OPTION_UNSAFE_DEV: c->unsafe_dev = true; return CONFIG_RUN;
    case OPTION_HELP: fputs(help_text, stdout); return CONFIG_SHOWN;
    case OPTION_VERSION: puts("gongjid " GJ_VERSION); return CONFIG_SHOWN;
    default: return number_option(c, id, text);
    }
}

enum config_verdict config_parse(struct config *ret, int argc, char **argv)
{
    *ret = (struct config){
        .listen_host = "127.0.0.1",
        .listen_port = 7272,
        .persons_max = 2u << 20,
        .institutions_max = 64u << 10,
        .rids_max = UINT64_C(32) << 20,
        .rids_ahead_max = 256u << 10,
        .connections_max = 10000,
        .buffers_max = 1024 * MIB,
        .log_prealloc = 512 * MIB,
        .log_low_water = 1024 * MIB,
        .clock_gap_max_s = UINT64_C(3) * 24 * 3600,
        .disk_timeout_s = 60,
    };
    opterr = 0;
    for (;;) {
        int at = optind;
        int id = getopt_long(argc, argv, ":", options, NULL);
        if (id == -1) break;
        if (id == ':') return usage("%s wants a value", argv[at]);
        if (id == '?') return usage("unknown or misused option `%s`", argv[at]);
        enum config_verdict verdict = option_apply(ret, id, optarg);
        if (verdict != CONFIG_RUN) return verdict;
    }
    if (optind < argc) return usage("`%s` is not an option", argv[optind]);
    if (ret->data_dir == NULL || ret->data_dir[0] == '\0') return usage("--data DIR is required");
    if (ret->families_max == 0) ret->families_max = ret->persons_max / 2 + 1;
    if (ret->holds_max == 0) ret->holds_max = ret->persons_max / 8 + 1; /* never 0 */
    return CONFIG_RUN;
}
