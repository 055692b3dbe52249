/* bench/report.c -- the result of a load test, for people and for programs. */
#include "bench/generator.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define UNSENT_MAX 1u /* of a hundred operations, or the load failed */

static uint64_t per_second(const struct bench_result *r)
{
    uint64_t ms = r->elapsed_ns / 1000000;
    return ms == 0 ? 0 : r->operations * 1000 / ms;
}

static void print_latency(const char *what, const struct histogram *h)
{
    if (h->total == 0) return;
    fprintf(stderr,
            "%s: p50 %" PRIu64 " us, p90 %" PRIu64 " us, p99 %" PRIu64 " us, p99.9 %" PRIu64
            " us, max %" PRIu64 " us\n",
            what, histogram_at(h, 500000) / 1000, histogram_at(h, 900000) / 1000,
            histogram_at(h, 990000) / 1000, histogram_at(h, 999000) / 1000, h->max / 1000);
}

/* More than so many of a hundred. */
static bool above(uint64_t part, uint64_t whole, uint32_t percent)
{
    return part > whole / 100 * percent + whole % 100 * percent / 100;
}

/* The line about a load that failed; `why` is empty if it did not. */
static void judge(const struct bench_options *options, const struct bench_result *r, char *why,
                  size_t size)
{
    uint64_t answered = r->operations + r->errors, planned = answered + r->unsent;
    uint64_t refused = r->refused + r->errors;
    if (r->codes[GJ_READ_ONLY] > 0)
        (void)snprintf(why, size,
                       "%" PRIu64 " of %" PRIu64 " operations met a read-only server: its disk is "
                       "nearly full",
                       r->codes[GJ_READ_ONLY], answered);
    else if (r->operations == r->refused)
        (void)snprintf(why, size, "none of %" PRIu64 " operations was executed", answered);
    else if (above(r->unsent, planned, UNSENT_MAX))
        (void)snprintf(why, size,
                       "%" PRIu64 " of %" PRIu64 " operations were never sent: the rate is more "
                       "than the server or this machine does",
                       r->unsent, planned);
    else if (above(refused, answered, options->refused_max))
        (void)snprintf(why, size,
                       "%" PRIu64 " of %" PRIu64 " operations were refused or not executed, more "
                       "than the %u %% that may be (--refused-max)",
                       refused, answered, options->refused_max);
}

int bench_judge(const struct bench_options *options, struct bench_result *r)
{
    judge(options, r, r->why, sizeof(r->why));
    return r->why[0] == 0 ? 0 : BENCH_FAILED;
}

void bench_print_populated(const struct bench_result *r)
{
    if (r->populated > 0)
        fprintf(stderr, "populated with %" PRIu64 " operations in %" PRIu64 " ms\n", r->populated,
                r->populate_ms);
}

void bench_print(const struct bench_options *options, const struct bench_result *r)
{
    if (r->operations + r->errors + r->unanswered == 0) return;
    fprintf(stderr,
            "%s, %s loop: %" PRIu64 " operations/s, %" PRIu64 " operations, %" PRIu64
            " refused, %" PRIu64 " errors\n",
            options->mix, options->rate > 0 ? "open" : "closed", per_second(r), r->operations,
            r->refused, r->errors);
    print_latency("latency", &r->latency);
    print_latency("latency of errors", &r->error_latency);
    if (r->unanswered > 0)
        fprintf(stderr,
                "%" PRIu64 " operations were unanswered when the connection ended: nobody was told "
                "whether they were executed\n",
                r->unanswered);
    if (r->premiums > 0)
        fprintf(stderr, "premiums: %" PRIu64 " of %" PRIu64 " were unpaid when the load began\n",
                r->premiums_left, r->premiums);
    if (r->lagged > 0 || r->unsent > 0)
        fprintf(stderr,
                "behind the rate: %" PRIu64 " operations sent late (latency counts from their "
                "time), %" PRIu64 " never sent\n",
                r->lagged, r->unsent);
    for (unsigned code = 0; code < 256; code++) {
        if (r->codes[code] == 0 || gj_code_ok((uint8_t)code)) continue;
        const char *name = gj_code_name((uint8_t)code);
        fprintf(stderr, "  %" PRIu64 " x %u %s\n", r->codes[code], code, name == NULL ? "?" : name);
    }
}

static void put_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (const char *at = text; *at != 0; at++) {
        unsigned char c = (unsigned char)*at;
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20)
            fprintf(out, "\\u%04x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

/* Nanoseconds as microseconds with one decimal, without floating point. */
static void put_us(FILE *out, const char *key, uint64_t ns, const char *after)
{
    uint64_t tenths = (ns + 50) / 100;
    fprintf(out, "\"%s\": %" PRIu64 ".%u%s", key, tenths / 10, (unsigned)(tenths % 10), after);
}

static void put_all(FILE *out, const struct bench_options *o, const struct bench_result *r,
                    const struct acks_verdict *verdict)
{
    const struct histogram *h = &r->latency;
    fprintf(out, "{\"operations_per_second\": %" PRIu64 ", \"latency_us\": {", per_second(r));
    put_us(out, "p50", histogram_at(h, 500000), ", ");
    put_us(out, "p90", histogram_at(h, 900000), ", ");
    put_us(out, "p99", histogram_at(h, 990000), ", ");
    put_us(out, "p999", histogram_at(h, 999000), ", ");
    put_us(out, "max", h->max, "}, \"error_latency_us\": {");
    put_us(out, "p50", histogram_at(&r->error_latency, 500000), ", ");
    put_us(out, "p99", histogram_at(&r->error_latency, 990000), ", ");
    put_us(out, "max", r->error_latency.max, "}, ");
    fprintf(out, "\"unanswered\": %" PRIu64 ", \"premiums_left\": %" PRIu64 ", \"signal\": %d, ",
            r->unanswered, r->premiums_left, r->signal);
    fprintf(out,
            "\"refused\": %" PRIu64 ", \"errors\": %" PRIu64 ", \"verified\": %" PRIu64
            ", \"lagged\": %" PRIu64 ", \"unsent\": %" PRIu64 ", \"server_rss_bytes\": %" PRIu64
            ", ",
            r->refused, r->errors, verdict == NULL ? 0 : verdict->verified, r->lagged, r->unsent,
            r->rss_bytes);
    fprintf(out, "\"operations\": %" PRIu64 ", \"ended_early\": ", r->operations);
    put_string(out, r->why);
    fprintf(out, ", \"connect\": ");
    put_string(out, o->address);
    fprintf(out, ", \"mix\": ");
    put_string(out, o->mix);
    fprintf(out,
            ", \"persons\": %" PRIu64 ", \"connections\": %u, \"batch\": %u, \"inflight\": %u, "
            "\"duration\": %" PRIu64 ".%03u, \"rate\": %" PRIu64 ", \"seed\": %" PRIu64
            ", \"populate\": %s, \"verify\": %s}\n",
            o->persons, o->connections, o->batch, o->inflight, o->duration_ms / 1000,
            (unsigned)(o->duration_ms % 1000), o->rate, o->seed, o->populate ? "true" : "false",
            o->verify ? "true" : "false");
}

static FILE *open_json(const char *path)
{
    FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    if (out == NULL) fprintf(stderr, "gongji bench: %s: %s\n", path, strerror(errno));
    return out;
}

static int close_json(const char *path, FILE *out)
{
    bool failed = ferror(out) != 0;
    if ((out == stdout ? fflush(out) : fclose(out)) != 0) failed = true;
    if (!failed) return 0;
    fprintf(stderr, "gongji bench: %s: %s\n", path, strerror(errno));
    return -1;
}

int bench_json(const struct bench_options *options, const struct bench_result *result,
               const struct acks_verdict *verdict)
{
    if (options->json == NULL) return 0;
    FILE *out = open_json(options->json);
    if (out == NULL) return -1;
    put_all(out, options, result, verdict);
    return close_json(options->json, out);
}

int bench_json_verdict(const char *path, const struct acks_verdict *v)
{
    if (path == NULL) return 0;
    FILE *out = open_json(path);
    if (out == NULL) return -1;
    fprintf(out,
            "{\"acknowledged\": %" PRIu64 ", \"verified\": %" PRIu64 ", \"missing\": %" PRIu64
            ", \"different\": %" PRIu64 ", \"repeated\": %" PRIu64 ", \"milliseconds\": %" PRIu64
            ", \"first\": ",
            v->acknowledged, v->verified, v->missing, v->different, v->repeated, v->milliseconds);
    put_string(out, v->first);
    fputs("}\n", out);
    return close_json(path, out);
}
