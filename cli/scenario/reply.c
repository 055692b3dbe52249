/* cli/scenario/reply.c -- comparing and describing replies. */
#include "cli/scenario/reply.h"

#include <stdio.h>
#include <string.h>

#include "cli/common/text.h"
#include "core/format/codes.h"

bool reply_is_wanted(const struct wanted_reply *wanted, const struct gj_reply *reply,
                     const struct gj_reply_sources *sources)
{
    bool pending = (reply->flags & GJ_REPLY_PENDING) != 0;
    return reply->code == wanted->code && (!wanted->pending_given || pending == wanted->pending) &&
           (!wanted->moved_given || reply->amount == wanted->moved) &&
           (!wanted->balance_given || reply->balance == wanted->balance) &&
           (!wanted->remainder_given || sources->remainder == wanted->remainder) &&
           memcmp(sources->taken, wanted->taken, wanted->taken_count * sizeof(*wanted->taken)) == 0;
}

void reply_describe(const struct gj_reply *reply, const struct gj_reply_sources *sources,
                    char ret[SCENARIO_REPLY_SIZE])
{
    char moved[SCENARIO_YUAN_SIZE], balance[SCENARIO_YUAN_SIZE], remainder[SCENARIO_YUAN_SIZE];
    const char *name = gj_code_name(reply->code);
    const char *replayed = reply->flags & GJ_REPLY_REPLAYED ? " (replayed)" : "";
    if (name != NULL && !gj_code_ok(reply->code)) {
        snprintf(ret, SCENARIO_REPLY_SIZE, "%s%s: %s", name, replayed, gj_code_text(reply->code));
        return;
    }
    scenario_yuan_text(reply->amount, moved);
    scenario_yuan_text(reply->balance, balance);
    scenario_yuan_text(sources->remainder, remainder);
    snprintf(ret, SCENARIO_REPLY_SIZE, "%s%s moved=%s balance=%s remainder=%s%s",
             name == NULL ? "an unknown code" : name, replayed, moved, balance, remainder,
             reply->flags & GJ_REPLY_PENDING ? " pending=1" : "");
}

void taken_describe(const int64_t *taken, unsigned count, char ret[SCENARIO_TAKEN_SIZE])
{
    char amount[SCENARIO_YUAN_SIZE];
    size_t at = 0;
    ret[0] = 0;
    for (unsigned i = 0; i < count && at < SCENARIO_TAKEN_SIZE; i++) {
        scenario_yuan_text(taken[i], amount);
        at += (size_t)snprintf(ret + at, SCENARIO_TAKEN_SIZE - at, "%s%s", i == 0 ? " taken=" : ",",
                               amount);
    }
}

void wanted_describe(const struct wanted_reply *wanted, char ret[SCENARIO_REPLY_SIZE])
{
    char amount[SCENARIO_YUAN_SIZE];
    const struct {
        const char *name;
        bool given;
        int64_t fen;
    } parts[] = {{"moved", wanted->moved_given, wanted->moved},
                 {"balance", wanted->balance_given, wanted->balance},
                 {"remainder", wanted->remainder_given, wanted->remainder}};
    const size_t size = SCENARIO_REPLY_SIZE;
    size_t at = (size_t)snprintf(ret, size, "%s", gj_code_name(wanted->code));
    for (unsigned i = 0; i < ARRAY_COUNT(parts); i++) {
        if (!parts[i].given) continue;
        scenario_yuan_text(parts[i].fen, amount);
        at += (size_t)snprintf(ret + at, size - at, " %s=%s", parts[i].name, amount);
    }
    char taken[SCENARIO_TAKEN_SIZE];
    taken_describe(wanted->taken, wanted->taken_count, taken);
    at += (size_t)snprintf(ret + at, size - at, "%s", taken);
    if (wanted->pending_given) snprintf(ret + at, size - at, " pending=%d", wanted->pending);
}
