/* cli/scenario/originals.c -- the names of a file from its first line to its last. */
#include "cli/scenario/originals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_A_STATEMENT 2u /* its own and that of an original */

/* What the lines so far say about a name. */
struct named {
    const char *name;  /* NULL: a free slot */
    bool sent;         /* an operation with rid= */
    bool person_known; /* because of that, or of person= */
};

struct table {
    struct named *slots;
    size_t mask; /* a power of two - 1; at least half of the slots stay free */
};

static struct named *find(struct table *table, const char *name)
{
    size_t at = 0;
    for (const char *c = name; *c != 0; c++) at = at * 31 + (unsigned char)*c;
    for (at &= table->mask; table->slots[at].name != NULL; at = (at + 1) & table->mask) {
        if (strcmp(table->slots[at].name, name) == 0) return &table->slots[at];
    }
    table->slots[at].name = name;
    return &table->slots[at];
}

/* The name of an earlier request; NULL: the statement asks for none. */
static const char *asked_for(const struct statement *s)
{
    if (s->original[0] != 0) return s->original;
    if (s->kind == STATEMENT_REPLAY) return s->rid;
    return s->expect.subject == EXPECT_OP ? s->expect.rid : NULL;
}

/* What else the line could say; NULL: it needs nothing. */
static const char *missing(const struct statement *s, struct named *original)
{
    if (s->kind == STATEMENT_REPLAY) return original->sent ? NULL : "";
    bool operation = s->original[0] != 0;
    bool acts = operation && (s->op.type == GJ_OP_ACCEPT || s->op.type == GJ_OP_RETURN);
    bool by = acts && !s->by_given && !original->sent;
    if (operation && s->person_given) original->person_known = true;
    if (original->person_known || (!operation && s->expect.person_given)) {
        return by ? "; else say who acts with by=ID" : NULL;
    }
    return by ? "; else say whose it is with person=ID and who acts with by=ID"
              : "; else say whose it is with person=ID";
}

static bool check(struct table *table, const struct statement *s,
                  void (*report)(void *context, unsigned line, const char *message), void *context)
{
    const char *name = asked_for(s);
    const char *else_say = name == NULL ? NULL : missing(s, find(table, name));
    if (s->kind == STATEMENT_OPERATION && s->rid[0] != 0) {
        struct named *own = find(table, s->rid);
        own->sent = own->person_known = true;
    }
    if (else_say == NULL) return true;
    char message[SCENARIO_ERROR_SIZE];
    snprintf(message, sizeof(message), "no line before this one sends '%s'; is the name right?%s",
             name, else_say);
    report(context, s->line, message);
    return false;
}

bool scenario_originals_check(const struct scenario *scenario,
                              void (*report)(void *context, unsigned line, const char *message),
                              void *context)
{
    size_t size = 2;
    while (size < 2 * NAMES_A_STATEMENT * scenario->count) size *= 2;
    struct table table = {.slots = calloc(size, sizeof(*table.slots)), .mask = size - 1};
    if (table.slots == NULL) {
        report(context, 1, "out of memory");
        return false;
    }
    bool good = true;
    for (size_t i = 0; i < scenario->count; i++) {
        if (!check(&table, &scenario->statements[i], report, context)) good = false;
    }
    free(table.slots);
    return good;
}
