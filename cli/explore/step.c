/* cli/explore/step.c -- arrays of steps. */
#include "cli/explore/step.h"
#include "core/format/op_traits.h"

#include <stdlib.h>
#include <string.h>

static bool reserve(struct fuzz_sequence *sequence, size_t count)
{
    if (count <= sequence->capacity) return true;
    size_t more = sequence->capacity == 0 ? 256 : sequence->capacity;
    while (more < count) more *= 2;
    struct fuzz_step *grown = realloc(sequence->steps, more * sizeof(*grown));
    if (grown == NULL) return false;
    sequence->steps = grown;
    sequence->capacity = more;
    return true;
}

bool fuzz_sequence_add(struct fuzz_sequence *sequence, const struct fuzz_step *step)
{
    if (!reserve(sequence, sequence->count + 1)) return false;
    struct fuzz_step *to = &sequence->steps[sequence->count++];
    /* The lines behind the operation are hardly ever used. */
    memcpy(to, step, offsetof(struct fuzz_step, ext) + step->op.ext_count * GJ_RECORD_UNIT);
    if (step->rid > sequence->names) sequence->names = step->rid;
    if (step->original > sequence->names) sequence->names = step->original;
    return true;
}

bool fuzz_sequence_copy(struct fuzz_sequence *ret, const struct fuzz_sequence *from)
{
    if (!reserve(ret, from->count)) return false;
    ret->limits = from->limits;
    ret->count = from->count;
    ret->names = from->names;
    if (from->count > 0) memcpy(ret->steps, from->steps, from->count * sizeof(*from->steps));
    return true;
}

void fuzz_sequence_free(struct fuzz_sequence *sequence)
{
    free(sequence->steps);
    *sequence = (struct fuzz_sequence){.count = 0};
}

size_t fuzz_sequence_operations(const struct fuzz_sequence *sequence)
{
    size_t count = 0;
    for (size_t i = 0; i < sequence->count; i++) {
        count += sequence->steps[i].kind == FUZZ_OPERATION;
    }
    return count;
}

unsigned fuzz_op_flags(uint8_t type)
{
    return op_traits[type].is;
}
