/* cli/scenario/names.h -- the request ids of a scenario: minting them, and what is known of those
 * that have a name. Owns its entries; an entry's address is valid until the next name is made. */
#ifndef CLI_SCENARIO_NAMES_H
#define CLI_SCENARIO_NAMES_H

#include "cli/scenario/statement.h"
#include "cli/scenario/target.h"

/* A rid with a name: the same name is the same rid for the whole file. */
struct named_rid {
    char name[SCENARIO_NAME_SIZE];
    struct gj_rid rid;
    bool person_known; /* its first person, because it was sent or because a line said so */
    uint64_t person;
    bool sent;
    struct scenario_request request; /* as first sent */
    struct gj_reply reply;           /* as first answered */
    struct gj_reply_sources sources;
};

struct names {
    uint64_t node;   /* 32 bits that go into every rid */
    uint64_t minted; /* so far */
    struct named_rid *entries;
    size_t count, capacity;
};

/* A new rid in UUIDv7 layout with the time `ms`. */
struct gj_rid names_mint(struct names *names, uint64_t ms);

/* The entry of a name, made with a new rid of the time `ms` at first use. NULL: out of memory. */
struct named_rid *names_get(struct names *names, const char *name, uint64_t ms);

/* Frees the entries. */
void names_free(struct names *names);

#endif
