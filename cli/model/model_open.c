/* cli/model/model_open.c -- the model's open holds and pending transfers. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/model/model.h"

/* Of a hold: the patient, and the relative who is listed. Of a pending transfer: payer and payee.
 */
bool model_takes_part(const struct model_request *r, uint64_t person)
{
    if (r->op.person == person) return true;
    if (r->op.type == GJ_OP_TRANSFER) return r->op.other == person;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        if ((r->op.kind >> (2 * i) & 3) != GJ_SOURCE_RELATIVE) continue;
        return ((const struct gj_pay_ext *)r->ext)->relative == person;
    }
    return false;
}

bool model_room(const struct model *m, const uint64_t persons[3])
{
    if (m->open_count == m->holds_max) return false;
    for (unsigned i = 0; i < 3; i++) {
        uint32_t parts = 0;
        for (uint32_t at = 0; at < m->open_count && persons[i] != 0; at++) {
            if (model_takes_part(&m->requests[m->open[at]], persons[i])) parts++;
        }
        if (parts >= GJ_PERSON_HOLDS_MAX) return false;
    }
    return true;
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
