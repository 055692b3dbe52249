/* tests/images/groups.h -- every group that was ever written, and what the state is behind it, by
 * plain replay from the first record: no code of recovery takes part. */
#ifndef TESTS_IMAGES_GROUPS_H
#define TESTS_IMAGES_GROUPS_H

#include "core/core.h"
#include "tests/images/crash_disk.h"

struct group {
    const struct group *parent; /* NULL: the first */
    uint64_t number, position, size, end;
    uint64_t seq;       /* of the last record so far */
    uint64_t digest[2]; /* of the state behind it */
    uint8_t own[16];    /* its own digest */
    const uint8_t *bytes;
};

/* The state that is used for replay and for recovery: one at a time. */
struct state *groups_state(void *owner, uint64_t hash_seed);
void groups_state_clear(void);
/* True if nothing is left in its memory after clearing. */
bool groups_state_is_clear(void);

/* True, with its header, if `event` writes a group. */
bool event_group(const struct event *event, struct log_group *header);
/* Notes the group that `event` writes, if it writes one; its records are replayed. NULL, or what is
 * wrong with it. */
const char *groups_add(const struct event *event);
/* The group of this digest, NULL if none was noted. */
const struct group *groups_find(const uint8_t own[16]);
/* The group that was noted last with this number, NULL if there is none. */
const struct group *groups_latest(uint64_t number);
/* What was noted since goes. */
uint32_t groups_mark(void);
void groups_cut(uint32_t mark);

/* The last group of the whole ones that follow each other in `c`; `from`, which is one of them, is
 * where to begin (NULL: the begin of the log). */
const struct group *groups_walk(const struct content *c, const struct group *from);
/* True if it stands in `c` as it was written. */
bool group_is_there(const struct content *c, const struct group *group);
/* True if `earlier` is `group` or one before it; NULL is before all. */
bool group_has_behind(const struct group *group, const struct group *earlier);

#endif
