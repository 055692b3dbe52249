/* cli/scenario/impact.c -- the ids that operations name, each asked for once. */
#include "cli/scenario/impact.h"

#include <stdlib.h>

#include "cli/scenario/check.h"

static bool note_operation(struct scenario_ids *ids, const struct statement *s)
{
    const struct gj_op *op = &s->op;
    if (s->kind != STATEMENT_OPERATION) return true;
    switch (op->type) {
    case GJ_OP_SET_REGION: return id_list_add(&ids->regions, op->arg);
    case GJ_OP_SET_INSTITUTION: return id_list_add(&ids->institutions, op->other);
    case GJ_OP_BIND:
    case GJ_OP_UNBIND:
    case GJ_OP_TRANSFER:
    case GJ_OP_PAY_PREMIUM:
        if (!id_list_add(&ids->persons, op->other)) return false;
        break;
    default: break;
    }
    /* What goes on with an earlier line names its person only there. */
    return op->person == 0 || id_list_add(&ids->persons, op->person);
}

static int ask(struct gj_client *client, enum gj_read_type type, uint64_t id,
               struct impact_count *count)
{
    _Alignas(8) static unsigned char payload[GJ_READ_ANSWER_MAX];
    struct gj_read read = {.type = (uint8_t)type, .id = id};
    struct gj_answer answer;
    if (type == GJ_READ_GET_REGION)
        read = (struct gj_read){.type = (uint8_t)type, .region = (uint16_t)id};
    int error = gj_query(client, &read, NULL, &answer, payload, sizeof(payload));
    count->named++;
    if (error == 0 && answer.code == GJ_OK) count->there++;
    return error;
}

static int ask_all(struct gj_client *client, enum gj_read_type type, const struct id_list *list,
                   struct impact_count *count)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < list->count; i++)
        error = ask(client, type, list->ids[i], count);
    return error;
}

int impact_of(const struct scenario *scenario, struct gj_client *client, struct impact *ret)
{
    struct scenario_ids ids = {.persons = {.count = 0}};
    *ret = (struct impact){.regions = {0}};
    int error = 0;
    for (size_t i = 0; i < scenario->count; i++)
        if (!note_operation(&ids, &scenario->statements[i])) error = GJ_E_MEMORY;
    if (error == 0) error = ask_all(client, GJ_READ_GET_REGION, &ids.regions, &ret->regions);
    if (error == 0)
        error = ask_all(client, GJ_READ_GET_INSTITUTION, &ids.institutions, &ret->institutions);
    if (error == 0) error = ask_all(client, GJ_READ_GET_PERSON, &ids.persons, &ret->persons);
    free(ids.persons.ids);
    free(ids.institutions.ids);
    free(ids.regions.ids);
    return error;
}
