/* cli/scenario/names.c -- rids and their names. */
#include "cli/scenario/names.h"

#include <stdlib.h>
#include <string.h>

/* 48 bits milliseconds, version, 12 bits and 30 bits of a counter, the node in the last 32. */
struct gj_rid names_mint(struct names *names, uint64_t ms)
{
    struct gj_rid rid;
    uint64_t counter = ++names->minted;
    uint64_t high = ms << 16 | 0x7000u | (counter >> 30 & 0xFFF);
    uint64_t low = UINT64_C(1) << 63 | (counter & 0x3FFFFFFF) << 32 | (names->node & UINT32_MAX);
    for (unsigned i = 0; i < 8; i++) {
        rid.bytes[i] = (uint8_t)(high >> (56 - 8 * i));
        rid.bytes[8 + i] = (uint8_t)(low >> (56 - 8 * i));
    }
    return rid;
}

struct named_rid *names_get(struct names *names, const char *name, uint64_t ms)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->entries[i].name, name) == 0) return &names->entries[i];
    }
    if (names->count == names->capacity) {
        size_t more = names->capacity == 0 ? 16 : names->capacity * 2;
        struct named_rid *grown = realloc(names->entries, more * sizeof(*grown));
        if (grown == NULL) return NULL;
        names->entries = grown;
        names->capacity = more;
    }
    struct named_rid *entry = &names->entries[names->count++];
    *entry = (struct named_rid){.sent = false};
    memcpy(entry->name, name, strlen(name) + 1);
    entry->rid = names_mint(names, ms);
    return entry;
}

void names_free(struct names *names)
{
    free(names->entries);
    *names = (struct names){.count = 0};
}
