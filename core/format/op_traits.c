/* core/format/op_traits.c -- the rows of GJ_OP_MAP as a table. */
#include "core/format/op_traits.h"

#include "core/format/record.h"

const struct op_traits op_traits[256] = {
#define X(NAME, number, verb, min, max, what, function, ...)                                       \
    [number] = {.known = 1, .is = what, .ext_min = min, .ext_max = max, __VA_ARGS__},
    GJ_OP_MAP(X)
#undef X
};
