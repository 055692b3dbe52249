/* bench/report.c -- the result of a load test, for people and for programs. */
#include "generator.h"

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
    fprintf(stderr,
            "%s, %s loop: %" PRIu64 " operations/s, %" PRIu64 " operations, %" PRIu64
            " refused, %" PRIu64 " errors\n"
            "latency: p50 %" PRIu64 " us, p90 %" PRIu64 " us, p99 %" PRIu64 " us, p99.9 %" PRIu64
            " us, max %" PRIu64 " us\n",
            options->mix, options->rate > 0 ? "open" : "closed", per_second(r), r->operations,
            r->refused, r->errors, histogram_at(h, 500000) / 1000, histogram_at(h, 900000) / 1000,
            histogram_at(h, 990000) / 1000, histogram_at(h, 999000) / 1000, h->max / 1000);
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
            ", \"lagged\": %" PRIu64 ", \"server_rss_bytes\": %" PRIu64 ", ",
            r->refused, r->errors, verdict == NULL ? 0 : verdict->verified, r->lagged,
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

int bench_json(const struct bench_options *options, const struct bench_result *result,
               const struct acks_verdict *verdict)
{
    if (options->json == NULL) return 0;
    bool standard = strcmp(options->json, "-") == 0;
    FILE *out = standard ? stdout : fopen(options->json, "we");
    if (out == NULL) {
        fprintf(stderr, "gongji bench: %s: %s\n", options->json, strerror(errno));
        return -1;
    }
    put_all(out, options, result, verdict);
    int failed = standard ? fflush(out) : fclose(out);
    if (failed == 0) return 0;
    fprintf(stderr, "gongji bench: %s: %s\n", options->json, strerror(errno));
    return -1;
}
