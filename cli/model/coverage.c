/* cli/model/coverage.c -- which pairs of operation and code a run reached. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/model/compare.h"
#include "cli/model/reachable.h"
#include "core/format/op_traits.h"

static uint64_t reached[256][256];

void coverage_count(uint8_t type, uint8_t code)
{
    reached[type][code]++;
}

bool coverage_reachable(uint8_t type, uint8_t code)
{
    if (op_is(type, GJ_OP_INTERNAL)) return false;
    for (size_t i = 0; i < sizeof(reachable_by_all); i++) {
        if (reachable_by_all[i] == code) return true;
    }
    if (memchr(reachable_by_persons, code, sizeof(reachable_by_persons)) != NULL &&
        op_is(type, GJ_OP_PERSON)) {
        return true;
    }
    for (size_t i = 0; i < sizeof(reachable) / sizeof(*reachable); i++) {
        if (reachable[i].type != type) continue;
        for (unsigned j = 0; j < PAIRS_MAX && reachable[i].codes[j] != 0; j++) {
            if (reachable[i].codes[j] == code) return true;
        }
    }
    return false;
}

/* One line per operation: how often it answered what, replays left out. */
static void print_reached(void)
{
    for (unsigned type = 1; type < GJ_OP_TYPES; type++) {
        if (op_is((uint8_t)type, GJ_OP_INTERNAL)) continue;
        printf("%s:", gj_op_verb((uint8_t)type));
        for (unsigned code = 0; code < 256; code++) {
            if (reached[type][code] == 0) continue;
            printf(" %s %" PRIu64, gj_code_name((uint8_t)code), reached[type][code]);
        }
        printf("\n");
    }
}

unsigned coverage_print(bool in_process)
{
    unsigned pairs = 0, hit = 0;
    if (in_process) print_reached();
    for (unsigned type = 1; type < GJ_OP_TYPES; type++) {
        for (unsigned code = 0; code < 256; code++) {
            bool expected = coverage_reachable((uint8_t)type, (uint8_t)code);
            bool hard = code == GJ_RID_EXPIRED || code == GJ_READ_ONLY;
            if (hard && !in_process) continue;
            pairs += expected;
            hit += expected && reached[type][code] != 0;
            bool missed = expected && reached[type][code] == 0;
            if ((missed && in_process) || (!expected && reached[type][code] != 0)) {
                printf("%s: %s %s\n",
                       expected ? "not reached" : "not in the list of reachable pairs",
                       gj_op_verb((uint8_t)type), gj_code_name((uint8_t)code));
            }
        }
    }
    printf("%u of %u pairs of operation and code reached\n", hit, pairs);
    return hit * 100 / pairs;
}
