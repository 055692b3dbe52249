/* io/gongjid/memory_plan.c -- the formula of each part, and whether the sum fits. */
#include "io/gongjid/memory_plan.h"

#include <stdio.h>

#include "io/os/memory.h"
#include "io/os/report.h"

#define MIB (1u << 20)

static void part(const char *name, uint64_t bytes, const char *formula)
{
    report(REPORT_INFO, "memory: %-13s %9.1f MiB%s%s", name, (double)bytes / MIB,
           *formula ? "  " : "", formula);
}

struct state_config memory_state_config(const struct config *config)
{
    return (struct state_config){
        .persons_max = config->persons_max,
        .families_max = config->families_max,
        .institutions_max = config->institutions_max,
        .holds_max = config->holds_max,
        .rids_max = config->rids_max,
        .rids_ahead_max = config->rids_ahead_max,
    };
}

/* One line a part of the state. */
static void state_parts(const struct config *config, const struct state_memory *m)
{
    char formula[128];
    snprintf(formula, sizeof formula, "%u persons x %.0f B", config->persons_max,
             (double)m->persons / config->persons_max);
    part("persons", m->persons, formula);
    snprintf(formula, sizeof formula, "%.1f B a person",
             (double)m->person_index / config->persons_max);
    part("index", m->person_index, formula);
    snprintf(formula, sizeof formula, "%u families x %.0f B", config->families_max,
             (double)m->families / config->families_max);
    part("families", m->families, formula);
    snprintf(formula, sizeof formula, "%u institutions x %.0f B", config->institutions_max,
             (double)m->institutions / config->institutions_max);
    part("institutions", m->institutions, formula);
    snprintf(formula, sizeof formula, "%u open holds and transfers x %.0f B", config->holds_max,
             (double)m->holds / config->holds_max);
    part("holds", m->holds, formula);
    snprintf(formula, sizeof formula, "%u regions, gross between each two", GJ_REGIONS_MAX);
    part("regions", m->regions, formula);
    snprintf(formula, sizeof formula, "%llu request ids x %.1f B",
             (unsigned long long)config->rids_max, (double)m->rids / (double)config->rids_max);
    part("rids", m->rids, formula);
    snprintf(formula, sizeof formula, "%u request ids ahead of their time x %.0f B",
             config->rids_ahead_max, (double)m->rids_ahead / config->rids_ahead_max);
    part("rids ahead", m->rids_ahead, formula);
    part("other", m->other, "");
    part("state", m->total, "sum so far, resident from the start");
}

/* The sum of all of it beside what there is. */
static bool sum_fits(uint64_t sum)
{
    char formula[64];
    uint64_t available = memory_available();
    snprintf(formula, sizeof formula, "of %.1f MiB available",
             available == UINT64_MAX ? 0.0 : (double)available / MIB);
    part("sum", sum, available == UINT64_MAX ? "" : formula);
    if (sum <= available) return true;
    report(REPORT_ERROR,
           "needs %llu MiB of memory but only %llu MiB are available; lower "
           "--persons-max, --holds-max, --rids-max or --buffers-max, or give it more",
           (unsigned long long)(sum / MIB), (unsigned long long)(available / MIB));
    return false;
}

bool memory_plan(const struct config *config, uint64_t other)
{
    const struct state_config state = memory_state_config(config);
    struct state_memory m;
    if (state_size(&state, &m) == 0) {
        report(REPORT_ERROR, "these limits are out of range; lower --persons-max, --families-max, "
                             "--institutions-max, --holds-max or --rids-max");
        return false;
    }
    state_parts(config, &m);
    part("log, table", other, "log buffers and connection table");
    part("buffers", config->buffers_max, "--buffers-max, taken as connections need them");
    return sum_fits(m.total + config->buffers_max + other);
}
