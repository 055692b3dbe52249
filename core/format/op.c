/* core/format/op.c -- names of the operations. */
#include "core/format/op.h"

static const struct {
    const char *name;
    const char *verb;
} ops[256] = {
#define X(name, number, verb, ...) [number] = {#name, verb},
    GJ_OP_MAP(X)
#undef X
};

const char *gj_op_name(uint8_t type)
{
    return ops[type].name;
}

const char *gj_op_verb(uint8_t type)
{
    return ops[type].verb;
}
