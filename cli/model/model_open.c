/* cli/model/model_open.c -- the model's open holds and pending transfers. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/model/model.h"

/* The first person; the relative while the hold still holds something of that account. */
static bool gives(const struct model_request *r, uint64_t person)
{
    if (r->op.person == person) return true;
    if (r->op.type == GJ_OP_TRANSFER) return false;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        if ((r->op.kind >> (2 * i) & 3) != GJ_SOURCE_RELATIVE) continue;
        return ((const struct gj_pay_ext *)r->ext)->relative == person && r->left[i] > 0;
    }
    return false;
}

static bool receives(const struct model_request *r, uint64_t person)
{
    return r->op.type == GJ_OP_TRANSFER && r->op.other == person;
}

bool model_takes_part(const struct model_request *r, uint64_t person)
{
    return gives(r, person) || receives(r, person);
}

bool model_room(const struct model *m, const uint64_t givers[2], uint64_t payee)
{
    uint32_t first = 0, second = 0, incoming = 0;
    if (m->open_count == m->holds_max) return false;
    for (uint32_t at = 0; at < m->open_count; at++) {
        const struct model_request *r = &m->requests[m->open[at]];
        if (gives(r, givers[0])) first++;
        if (givers[1] != 0 && gives(r, givers[1])) second++;
        if (payee != 0 && receives(r, payee)) incoming++;
    }
    return first < GJ_PERSON_HOLDS_MAX && second < GJ_PERSON_HOLDS_MAX &&
           incoming < GJ_PERSON_HOLDS_MAX;
}

void model_open(struct model *m)
{
    if (m->open_count == MODEL_OPEN_MAX) {
        fprintf(stderr, "model: more open holds than it has room for\n");
        abort();
    }
    m->now->phase = PHASE_OPEN;
    m->open[m->open_count++] = m->request_count;
}

void model_end(struct model *m, struct model_request *r, enum model_phase phase)
{
    uint32_t which = (uint32_t)(r - m->requests), kept = 0;
    for (uint32_t at = 0; at < m->open_count; at++) {
        if (m->open[at] != which) m->open[kept++] = m->open[at];
    }
    m->open_count = kept;
    r->phase = phase;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        if (r->left[i] != 0) model_count_used(m, r, i, -r->left[i]);
        r->left[i] = 0;
    }
}
