/* tests/sim/confirmed.c -- confirmed groups in order. */
#include "tests/sim/confirmed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void confirmed_init(struct confirmed *c)
{
    memset(c, 0, sizeof(*c));
    for (unsigned i = 0; i < CONFIRMED_EARLY_MAX; i++) c->early[i].position = UINT64_MAX;
}

void confirmed_crash(struct confirmed *c)
{
    for (unsigned i = 0; i < CONFIRMED_EARLY_MAX; i++) {
        free(c->early[i].bytes);
        c->early[i] = (struct confirmed_early){.position = UINT64_MAX};
    }
}

void confirmed_free(struct confirmed *c)
{
    confirmed_crash(c);
    log_bytes_free(&c->log);
}

static bool keep(struct confirmed *c, uint64_t position, const void *bytes, uint32_t size)
{
    for (unsigned i = 0; i < CONFIRMED_EARLY_MAX; i++) {
        struct confirmed_early *early = &c->early[i];
        if (early->position != UINT64_MAX) continue;
        early->bytes = malloc(size);
        if (early->bytes == NULL) abort();
        memcpy(early->bytes, bytes, size);
        early->position = position;
        early->size = size;
        return true;
    }
    snprintf(c->log.fault, sizeof(c->log.fault), "more groups in flight than there may be");
    return false;
}

/* The one that comes next, if it was confirmed early. */
static struct confirmed_early *next_early(struct confirmed *c)
{
    uint64_t end = log_bytes_end(&c->log);
    for (unsigned i = 0; i < CONFIRMED_EARLY_MAX; i++) {
        if (c->early[i].position == end) return &c->early[i];
    }
    return NULL;
}

bool confirmed_write(struct confirmed *c, uint64_t position, const void *bytes, uint32_t size)
{
    if (!log_bytes_begins(bytes, size)) return true;
    if (position != log_bytes_end(&c->log)) return keep(c, position, bytes, size);
    if (!log_bytes_add(&c->log, bytes, size)) return false;
    for (;;) {
        struct confirmed_early *early = next_early(c);
        if (early == NULL) return true;
        bool good = log_bytes_add(&c->log, early->bytes, early->size);
        free(early->bytes);
        *early = (struct confirmed_early){.position = UINT64_MAX};
        if (!good) return false;
    }
}
