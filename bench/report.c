/* bench/report.c -- the result of a load test, for people and for programs. */
#include "bench/generator.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static uint64_t per_second(const struct bench_result *r)
{
    uint64_t ms = r->elapsed_ns / 1000000;
    return ms == 0 ? 0 : r->operations * 1000 / ms;
}

void bench_print(const struct bench_options *options, const struct bench_result *r)
{
    if (r->populated > 0)
        fprintf(stderr, "populated with %" PRIu64 " operations in %" PRIu64 " ms\n", r->populated,
                r->populate_ms);
    const struct histogram *h = &r->latency;
    if (r->operations + r->errors == 0) return;
    fprintf(stderr,
            "%s, %s loop: %" PRIu64 " operations/s, %" PRIu64 " operations, %" PRIu64
            " refused, %" PRIu64 " errors\n"
            "latency: p50 %" PRIu64 " us, p90 %" PRIu64 " us, p99 %" PRIu64 " us, p99.9 %" PRIu64
            " us, max %" PRIu64 " us\n",
            options->mix, options->rate > 0 ? "open" : "closed", per_second(r), r->operations,
            r->refused, r->errors, histogram_at(h, 500000) / 1000, histogram_at(h, 900000) / 1000,
            histogram_at(h, 990000) / 1000, histogram_at(h, 999000) / 1000, h->max / 1000);
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
    put_us(out, "max", h->max, "}, ");
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
