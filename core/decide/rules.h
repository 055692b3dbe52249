/* core/decide/rules.h -- the rules of each operation: one function each, decide_FUNCTION() of its
 * row of GJ_OP_MAP, called by decide(). Private to core/decide/. */
#ifndef CORE_DECIDE_RULES_H
#define CORE_DECIDE_RULES_H

#include "core/format/op.h"

struct decider;

#define X(NAME, number, verb, min, max, is, function, ...)                                         \
    void decide_##function(struct decider *d);
GJ_OP_MAP(X)
#undef X

#endif
