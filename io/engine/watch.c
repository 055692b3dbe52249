/* io/engine/watch.c -- compares what is with what was said last. */
#include "io/engine/watch.h"

#include "io/os/report.h"

#define MIB (1u << 20)

void watch_start(struct watch *w, const struct engine *engine, const struct state_config *limits,
                 uint64_t low_water_bytes)
{
    *w = (struct watch){
        .engine = engine,
        .limits = *limits,
        .low_water_bytes = low_water_bytes,
        .repeats_max_ms = UINT64_MAX,
    };
}

static double seconds(uint64_t ms)
{
    return (double)ms / 1000;
}

/* ---- READ_ONLY ---- */

static void look_at_room(struct watch *w)
{
    const struct engine *e = w->engine;
    bool read_only = log_read_only(e->log);
    if (LIKELY(read_only == w->read_only)) return;
    struct log_stats log;
    log_stats(e->log, &log);
    unsigned long long free_mib = log.free_bytes / MIB;
    w->read_only = read_only;
    if (read_only) {
        w->read_only_ms = e->now_ms;
        report(
            REPORT_WARNING,
            "READ_ONLY begins: %llu MiB of the disk are free and the log can have no new segment "
            "(--log-low-water is %llu MiB, and a segment comes on top); changes answer 22 until "
            "there is room",
            free_mib, (unsigned long long)(w->low_water_bytes / MIB));
    } else {
        report(REPORT_INFO, "READ_ONLY ended after %.1f s: %llu MiB of the disk are free",
               seconds(e->now_ms - w->read_only_ms), free_mib);
    }
}

/* ---- the disk ---- */

static void look_at_disk(struct watch *w)
{
    const struct engine *e = w->engine;
    uint64_t durable = log_group_durable(e->log), waiting = log_group_last(e->log) - durable;
    uint64_t here_ms = w->disk_ms == 0 ? 0 : e->now_ms - w->disk_ms;
    if (durable != w->disk_group || waiting == 0 || w->disk_ms == 0) {
        if (w->disk_slow) {
            report(REPORT_INFO, "the disk finishes writes again after %.1f s", seconds(here_ms));
        }
        w->disk_slow = false;
        w->disk_group = durable;
        w->disk_ms = waiting != 0 ? e->now_ms : 0;
        return;
    }
    if (w->disk_slow || here_ms < WATCH_SLOW_DISK_MS) return;
    w->disk_slow = true;
    report(REPORT_WARNING,
           "a slow disk: no write of the log was finished for %.1f s, %llu groups wait, and the "
           "answers with them",
           seconds(here_ms), (unsigned long long)waiting);
}

/* ---- tables ---- */

struct table {
    const char *name, *flag;
    uint64_t count, max;
};

static void look_at_table(struct watch *w, unsigned bit, const struct table *table)
{
    bool full = table->count >= table->max, was = (w->full >> bit & 1) != 0;
    if (full == was) return;
    w->full ^= 1u << bit;
    if (full) {
        report(REPORT_WARNING, "the table of %s is full: %llu (%s); more answer 24, 25 or 34",
               table->name, (unsigned long long)table->max, table->flag);
    } else {
        report(REPORT_INFO, "the table of %s has room again: %llu of %llu", table->name,
               (unsigned long long)table->count, (unsigned long long)table->max);
    }
}

static void look_at_tables(struct watch *w)
{
    struct state_counts counts;
    state_counts(w->engine->state, &counts);
    const struct table tables[] = {
        {"persons", "--persons-max", counts.persons, w->limits.persons_max},
        {"families", "--families-max", counts.families, w->limits.families_max},
        {"institutions", "--institutions-max", counts.institutions, w->limits.institutions_max},
        {"open holds and transfers", "--holds-max", counts.holds, w->limits.holds_max},
        {"requests ahead of their time", "--rids-ahead-max", counts.rids_ahead,
         w->limits.rids_ahead_max},
        {"regions", "a fixed limit", counts.regions, GJ_REGIONS_MAX},
    };
    for (unsigned i = 0; i < ARRAY_COUNT(tables); i++) look_at_table(w, i, &tables[i]);
}

/* ---- request ids ---- */

/* How long ago a request may have been made and still be known. The mark does not fall, so a span
 * only grows with time. */
static void look_at_rids(struct watch *w)
{
    const struct engine *e = w->engine;
    uint64_t mark = state_rid_low_water_ms(e->state), now = engine_time_ms(e);
    if (mark == 0) return; /* nothing was forgotten yet */
    uint64_t span = now > mark ? now - mark : 0, limit = UINT64_MAX;
    if (span < WATCH_REPEATS_MS) limit = WATCH_REPEATS_MS;
    if (span < WATCH_SHORT_MS) limit = WATCH_SHORT_MS;
    if (limit >= w->repeats_max_ms) {
        if (span > 2 * (uint64_t)WATCH_REPEATS_MS) w->repeats_max_ms = UINT64_MAX;
        return;
    }
    w->repeats_max_ms = limit;
    report(REPORT_WARNING,
           "requests are remembered for %.0f s only (--rids-max %llu): one that is repeated later "
           "answers 32, and what is older cannot be undone",
           seconds(span), (unsigned long long)w->limits.rids_max);
}

void watch_tick(struct watch *w)
{
    look_at_room(w);
    look_at_disk(w);
    if (w->engine->now_ms - w->look_ms < WATCH_LOOK_MS) return;
    w->look_ms = w->engine->now_ms;
    w->look_seq = state_seq(w->engine->state);
    look_at_tables(w);
    look_at_rids(w);
}

uint64_t watch_wait_ms(const struct watch *w)
{
    if (state_seq(w->engine->state) == w->look_seq) return UINT64_MAX;
    uint64_t ago_ms = w->engine->now_ms - w->look_ms;
    return ago_ms < WATCH_LOOK_MS ? WATCH_LOOK_MS - ago_ms : 0;
}
