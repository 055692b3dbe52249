/* io/gongjid/main.c -- gongjid: wiring and exit codes. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/engine/apply.h"
#include "io/gongjid/config.h"
#include "io/gongjid/memory_plan.h"
#include "io/gongjid/stats.h"
#include "io/net/door_native.h"
#include "io/net/loop.h"
#include "io/os/clock_os.h"
#include "io/os/memory.h"
#include "io/os/report.h"
#include "io/os/signals.h"

#define MIB           (1u << 20)
#define CLOCK_JUMP_MS 3600000u             /* a log that lay still for longer is worth a line */
#define LOG_MEMORY    (UINT64_C(32) << 20) /* its groups and read cache, rounded up */

struct process {
    struct config config;
    struct uring ring;
    struct engine engine;
    struct net net;
    struct listeners listeners;
    struct stop stop;
    struct watch watch;
    struct stats stats;
    struct disk_trace trace_memory, *trace; /* NULL = none */
    struct log_recovered recovered;
    struct apply apply;
    uint64_t told_us; /* last line of progress, since boot */
    struct state_config state_config;
    void *state_memory, *net_memory;
    uint64_t state_size;
    int signal_fd;
};

static int fail(int code, const char *text)
{
    report(REPORT_ERROR, "%s", text);
    return code;
}

/* Takes the memory; before anything on disk is looked at. */
static int memory_set_up(struct process *p)
{
    const struct config *c = &p->config;
    uint64_t table = net_memory_size(c->connections_max);
    struct state_memory parts;
    p->state_config = memory_state_config(c);
    if (!memory_plan(c, table + LOG_MEMORY)) return EXIT_CONFIG;
    p->state_size = state_size(&p->state_config, &parts);
    p->state_memory = memory_take(p->state_size, true);
    p->net_memory = memory_take(table, false);
    if (p->state_memory == NULL || p->net_memory == NULL) {
        return fail(EXIT_CONFIG, "the kernel gives no memory for the tables; lower --persons-max "
                                 "or --rids-max");
    }
    return 0;
}

static struct state *make_state(void *owner, uint64_t hash_seed)
{
    struct process *p = owner;
    p->state_config.hash_seed = hash_seed;
    return state_init(&p->state_config, p->state_memory);
}

/* The fastest that one server was seen to take, a second; and the time it should remember then:
 * twice what a rid may be ahead and count as one of now, and the way of a retry. */
#define PEAK_REQUESTS UINT64_C(5000000)
#define PEAK_SECONDS  5u

/* What --rids-max does, and what it cannot undo. */
static void report_rids(const struct process *p)
{
    uint64_t mark = state_rid_low_water_ms(p->apply.state), rids_max = p->config.rids_max;
    if (rids_max < PEAK_REQUESTS * PEAK_SECONDS) {
        report(
            REPORT_WARNING,
            "--rids-max %llu holds %.1f s of %llu requests a second, less than %u s: at that rate "
            "a retry, or a client whose clock is behind, gets RID_EXPIRED",
            (unsigned long long)rids_max, (double)rids_max / (double)PEAK_REQUESTS,
            (unsigned long long)PEAK_REQUESTS, PEAK_SECONDS);
    }
    if (mark == 0) return;
    report(REPORT_INFO,
           "requests made before Unix time %llu.%03llu that are not remembered are refused "
           "(RID_EXPIRED): this mark never falls, so a larger --rids-max brings nothing back",
           (unsigned long long)(mark / 1000), (unsigned long long)(mark % 1000));
}

static void report_start(const struct process *p)
{
    const struct log_recovered *r = &p->recovered;
    struct state_counts counts;
    const uint8_t *id = log_id(r->log);
    char hex[33];
    for (unsigned i = 0; i < 16; i++) snprintf(hex + 2 * i, 3, "%02x", id[i]);
    if (r->warning[0] != '\0') report(REPORT_WARNING, "%s", r->warning);
    report(REPORT_INFO, "data %s, log %s, generation %llu%s", p->config.data_dir, hex,
           (unsigned long long)r->generation, r->fresh ? ", new" : "");
    double seconds = (double)r->redo_us / 1e6;
    report(REPORT_INFO,
           "recovered %llu records in %llu groups, %.1f MiB, in %.3f s (%.0f records/s)",
           (unsigned long long)r->records, (unsigned long long)r->groups, (double)r->bytes / MIB,
           seconds, seconds > 0 ? (double)r->records / seconds : 0.0);
    state_counts(p->apply.state, &counts);
    report(REPORT_INFO,
           "%llu persons, %llu families, %llu institutions, %llu regions, %llu request "
           "ids, %llu open holds and transfers, seq %llu",
           (unsigned long long)counts.persons, (unsigned long long)counts.families,
           (unsigned long long)counts.institutions, (unsigned long long)counts.regions,
           (unsigned long long)counts.rids, (unsigned long long)counts.holds,
           (unsigned long long)state_seq(p->apply.state));
    report_rids(p);
}

/* Not refused, but somebody should know: log time and the calendar differ, or log time has made a
 * jump that cannot be taken back. */
static void report_clock(uint64_t wall_ms, uint64_t last_ms, uint64_t log_ms)
{
    if (last_ms != 0 && wall_ms > last_ms + CLOCK_JUMP_MS) {
        report(REPORT_WARNING,
               "the clock is %llu s ahead of the last entry of the log, and log time goes on from "
               "the clock; if the clock is wrong, stop, correct it, and expect log time to wait "
               "for it",
               (unsigned long long)((wall_ms - last_ms) / 1000));
    }
    if (log_ms < wall_ms + LOG_CLOCK_STEP_MS) return;
    int64_t behind_ms = (int64_t)(log_ms - wall_ms);
    report(REPORT_WARNING,
           "the clock is %lld s behind the log: log time goes on from the log, at %.2f %% of its "
           "pace, and has waited for the clock in %.1f days",
           (long long)(behind_ms / 1000), 100 - (double)log_clock_slew_ppm(-behind_ms) / 10000,
           (double)log_clock_catch_up_ms(-behind_ms) / 86400000);
}

/* As many descriptors as the connections need, if the system lets us. */
static void raise_descriptors(uint32_t connections_max)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)connections_max + 64;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted) {
        report(REPORT_WARNING, "only %llu descriptors for --connections-max %u; raise ulimit -n",
               (unsigned long long)limit.rlim_cur, connections_max);
    }
}

#define PROGRESS_US 2000000u

/* A line every two seconds, and none if it takes less. */
static bool progress(void *owner, const char *doing, uint64_t done, uint64_t of)
{
    struct process *p = owner;
    struct clock *clock = clock_os();
    uint64_t now_us = clock->elapsed_us(clock);
    if (now_us - p->told_us >= PROGRESS_US) {
        p->told_us = now_us;
        report(REPORT_INFO, "%s: %llu of %llu MiB", doing, (unsigned long long)done / MIB,
               (unsigned long long)of / MIB);
    }
    return !signals_pending();
}

/* Reads the directory and brings the state to where the log ends. */
static int log_set_up(struct process *p)
{
    const struct log_progress told = {.step = progress, .owner = p};
    struct log_options options = {
        .dir = p->config.data_dir,
        .prealloc_bytes = p->config.log_prealloc,
        .low_water_bytes = p->config.log_low_water,
        .clock_gap_max_ms = p->config.clock_gap_max_s * 1000,
        .unsafe_dev = p->config.unsafe_dev,
        .test_clock = p->config.test_clock,
        .segment_mib = p->config.segment_mib,
        .progress = &told,
        .trace = p->trace,
    };
    struct clock *clock = clock_os();
    p->told_us = clock->elapsed_us(clock);
    struct log_recovered *r = &p->recovered;
    p->apply = (struct apply){.make_state = make_state, .owner = p};
    const struct log_redo redo = apply_redo(&p->apply);
    if (!log_recover(&options, &redo, r)) return fail(r->exit_code, r->error);
    if (r->cut_bytes != 0) { /* said now: the start may still be refused, and the tail is cut */
        report(REPORT_WARNING,
               "cut a torn tail of %llu bytes from group %llu on; none of it was ever "
               "acknowledged",
               (unsigned long long)r->cut_bytes, (unsigned long long)r->cut_group);
    }
    /* A test clock goes on where the client left it; a new log's begins at 1970, so that a client
     * can set any time. */
    uint64_t time_ms = clock->wall_ms(clock), begun_us = clock->elapsed_us(clock);
    uint64_t last_ms = r->time_ms;
    if (p->config.test_clock) time_ms = last_ms;
    void *buffers;
    size_t buffers_size;
    log_memory(r->log, &buffers, &buffers_size);
    uring_register_buffers(&p->ring, buffers, buffers_size);
    struct disk *disk = disk_trace_door(p->trace, &p->ring.disk);
    uint64_t low_water_ms = state_rid_low_water_ms(p->apply.state);
    if (!log_start(r->log, disk, time_ms, low_water_ms, r)) return fail(r->exit_code, r->error);
    report_clock(time_ms, last_ms, r->time_ms);
    /* To make segments ready may have taken minutes, and log time went on. Else it would be behind
     * all clients, and their ids ahead of it. */
    if (!p->config.test_clock) r->time_ms += (clock->elapsed_us(clock) - begun_us) / 1000;
    return 0;
}

/* The exit code of a stop that went well so far. If the SEAL cannot be noted nothing is lost: the
 * proof of this stop is missing, no more. */
static int stopped(struct log *log)
{
    struct log_fault fault;
    if (!log_in_place(log, &fault)) {
        report(REPORT_ERROR,
               "%s: what was acknowledged is not in it; stopping with exit code %d. If it was "
               "moved, put it back before the next start",
               fault.line, fault.exit_code);
        return fault.exit_code;
    }
    if (!log_note_seal(log, &fault)) {
        report(REPORT_WARNING,
               "%s; so damage to the end of the log would not be noticed at the next start",
               fault.line);
    }
    report(REPORT_INFO, "stopped; everything acknowledged is on disk");
    return 0;
}

static int listen_set_up(struct process *p)
{
    char error[512];
    const struct listener_options options = {
        .host = p->config.listen_host,
        .port = p->config.listen_port,
        .unix_path = p->config.unix_path,
    };
    int rc = listeners_open(&p->listeners, &p->net, &door_native, &options, error, sizeof error);
    return rc == 0 ? 0 : fail(rc, error);
}

/* Everything is there: serves until it stops. */
static int loop(struct process *p)
{
    struct loop loop = {
        .net = &p->net,
        .listeners = &p->listeners,
        .stop = &p->stop,
        .watch = &p->watch,
        .trace = p->trace,
        .signal_fd = p->signal_fd,
        .disk_timeout_ms = p->config.disk_timeout_s * 1000,
    };
    p->stop = (struct stop){.net = &p->net, .listeners = &p->listeners};
    p->stats = (struct stats){.net = &p->net, .start_ms = p->engine.now_ms};
    watch_start(&p->watch, &p->engine, &p->state_config, p->config.log_low_water);
    p->net.stats = stats_fill;
    p->net.stats_owner = &p->stats;
    return loop_run(&loop);
}

static int serve(struct process *p)
{
    int rc = listen_set_up(p);
    if (rc == 0) rc = log_set_up(p);
    if (rc != 0) return rc;
    report_start(p);
    engine_start(&p->engine, p->apply.state, p->recovered.log, clock_os(), p->config.test_clock,
                 p->recovered.time_ms);
    printf("ready tcp=%s unix=%s shards=1 recovered=%llu\n", p->listeners.list[0].name,
           p->config.unix_path != NULL ? p->config.unix_path : "-",
           (unsigned long long)p->recovered.records);
    fflush(stdout);
    rc = loop(p);
    return rc != 0 ? rc : stopped(p->recovered.log);
}

/* Whether a file of this path would lie in the data directory, however both are written. */
static bool is_in_data_dir(const struct config *c, const char *path)
{
    char parent[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    size_t size = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    struct stat here, data;
    if (size >= sizeof parent) return false; /* too long to be made anywhere */
    if (size != 0) memcpy(parent, path, size);
    if (size != 0) parent[size] = '\0';
    return stat(parent, &here) == 0 && stat(c->data_dir, &data) == 0 &&
           here.st_dev == data.st_dev && here.st_ino == data.st_ino;
}

/* Of what is done to the disk, if --io-trace asks for it. */
static int trace_set_up(struct process *p)
{
    const char *path = p->config.io_trace;
    if (path == NULL) return 0;
    if (is_in_data_dir(&p->config, path)) {
        return fail(EXIT_CONFIG, "--io-trace lies in the data directory, where it could pass for a "
                                 "part of the log; nothing was touched; give a file elsewhere");
    }
    if (!disk_trace_open(&p->trace_memory, path)) {
        report(REPORT_ERROR,
               "cannot make %s for --io-trace: %s; give a new file in a directory "
               "that may be written",
               path, strerror(errno));
        return EXIT_CONFIG;
    }
    p->trace = &p->trace_memory;
    return 0;
}

static int run(struct process *p)
{
    char error[256];
    int rc = trace_set_up(p);
    if (rc == 0) rc = memory_set_up(p);
    if (rc != 0) return rc;
    raise_descriptors(p->config.connections_max);
    if (!uring_init(&p->ring, error, sizeof error)) return fail(EXIT_CONFIG, error);
    const struct net_options options = {
        .connections_max = p->config.connections_max,
        .buffers_max = p->config.buffers_max,
    };
    net_init(&p->net, &options, &p->ring, &p->engine, p->net_memory);
    p->signal_fd = signals_open();
    if (p->signal_fd < 0) return fail(EXIT_RETRY, "cannot watch signals");
    rc = serve(p);
    listeners_close(&p->listeners);
    uring_close(&p->ring);
    if (p->recovered.log != NULL && rc == 0) log_close(p->recovered.log);
    if (p->trace != NULL) disk_trace_close(p->trace);
    return rc;
}

int main(int argc, char **argv)
{
    static struct process process;
    switch (config_parse(&process.config, argc, argv)) {
    case CONFIG_SHOWN: return 0;
    case CONFIG_USAGE: return EXIT_USAGE;
    case CONFIG_RUN: break;
    }
    report_begin();
    int code = run(&process);
    report_end();
    return code;
}
