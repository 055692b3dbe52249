/* io/engine/fetch.c -- sets of old records, filled read by read. */
#include "io/engine/fetch.h"

#include <stdio.h>
#include <string.h>

#include "io/net/server.h"

/* The one alarm for a disk that gives back other bytes than were written; STATS counts them. */
static void report_damage(struct server *s)
{
    if (s->damaged_ms != 0 && s->now_ms - s->damaged_ms < 1000) return;
    s->damaged_ms = s->now_ms;
    fputs("gongjid: an old record could not be read back as it was written; the request that needs "
          "it was answered OUTCOME_UNKNOWN. Check the disk, and the log with `gongji log verify`\n",
          stderr);
}

static void park(struct conn *c)
{
    c->parked = true;
    c->blocked = BLOCK_PARK;
}

static void set_give(struct evidence_pool *pool, struct evidence_set *set, struct conn *c)
{
    set->owner = c;
    set->awaited = 0;
    set->failed = false;
    memset(set->positions, 0, sizeof set->positions);
    pool->used++;
    c->evidence = set;
}

static struct evidence_set *set_take(struct server *s, struct conn *c)
{
    struct evidence_pool *pool = &s->evidence;
    for (uint32_t i = 0; i < EVIDENCE_SETS && pool->used < EVIDENCE_SETS; i++) {
        if (pool->sets[i].owner != NULL) continue;
        ASSERT(pool->first == NULL);
        set_give(pool, &pool->sets[i], c);
        return c->evidence;
    }
    c->evidence_next = NULL;
    if (pool->first == NULL)
        pool->first = c;
    else
        pool->last->evidence_next = c;
    pool->last = c;
    park(c);
    return NULL;
}

/* False if it ended while it waited, or the log failed. */
static bool still_wanted(const struct conn *c)
{
    return c->state == CONN_OPEN && c->frame.active && c->frame.refuse == 0;
}

void evidence_drop(struct server *s, struct conn *c)
{
    struct evidence_pool *pool = &s->evidence;
    struct evidence_set *set = c->evidence;
    if (set == NULL) return;
    set->owner = NULL;
    c->evidence = NULL;
    pool->used--;
    while (set->owner == NULL && pool->first != NULL) {
        struct conn *next = pool->first;
        pool->first = next->evidence_next;
        if (still_wanted(next)) set_give(pool, set, next);
        conn_unpark(next);
    }
}

static bool is_needed(const struct needs *n, uint64_t position)
{
    for (uint32_t i = 0; i < n->count; i++) {
        if (n->positions[i] == position) return true;
    }
    return false;
}

static const uint8_t *set_find(const struct evidence_set *set, uint64_t position)
{
    for (uint32_t i = 0; i < NEEDS_MAX; i++) {
        if (set->positions[i] == position) return set->records[i];
    }
    return NULL;
}

/* Makes room for everything `n` names. If what is needed changed while waiting there may be records
 * that are not needed any more; but as long as they are in nobody's way they stay: they may be what
 * the next round names. */
static void set_make_room(struct evidence_set *set, const struct needs *n)
{
    uint32_t free = 0, missing = 0;
    for (uint32_t i = 0; i < NEEDS_MAX; i++) free += set->positions[i] == 0;
    for (uint32_t i = 0; i < n->count; i++) missing += set_find(set, n->positions[i]) == NULL;
    if (missing <= free) return;
    for (uint32_t i = 0; i < NEEDS_MAX; i++) {
        if (!is_needed(n, set->positions[i])) set->positions[i] = 0;
    }
}

static const uint8_t *record_copy(uint8_t *to, const void *record)
{
    uint32_t size = record_size(record, GJ_RECORD_SIZE_MAX);
    ASSERT(size != 0);
    return memcpy(to, record, size);
}

static const uint8_t *set_put(struct evidence_set *set, uint64_t position, const void *record)
{
    uint32_t at = 0;
    while (at < NEEDS_MAX && set->positions[at] != 0) at++;
    ASSERT(at < NEEDS_MAX); /* set_make_room() */
    set->positions[at] = position;
    return record_copy(set->records[at], record);
}

static const uint8_t *set_fetch(struct server *s, struct conn *c, uint64_t position)
{
    struct evidence_set *set = c->evidence;
    const void *record = log_fetch(s->log, position, &c->waiter);
    if (record != NULL) return set_put(set, position, record);
    set->failed = c->waiter.failed;
    if (set->failed) return NULL;
    set->awaited = position;
    park(c);
    return NULL;
}

/* What the log has in memory, without a set; stops at the first record that must be read. */
static enum evidence_result take_at_hand(struct server *s, struct conn *c, const struct needs *n,
                                         struct decide_input *in)
{
    for (uint32_t i = in->evidence_count; i < n->count; i++) {
        if (!log_at_hand(s->log, n->positions[i])) return EVIDENCE_PARKED;
        const void *record = log_fetch(s->log, n->positions[i], &c->waiter);
        if (record == NULL) return EVIDENCE_FAILED;
        in->evidence[i] = (struct evidence){
            .position = n->positions[i],
            .record = record_copy(s->evidence.at_hand[i], record),
        };
    }
    return EVIDENCE_READY;
}

/* Into the connection's set, read by read. */
static enum evidence_result take_gathered(struct server *s, struct conn *c, const struct needs *n,
                                          struct decide_input *in)
{
    struct evidence_set *set = c->evidence;
    set_make_room(set, n);
    for (uint32_t i = in->evidence_count; i < n->count; i++) {
        const uint8_t *record = set_find(set, n->positions[i]);
        if (record == NULL && !set->failed) record = set_fetch(s, c, n->positions[i]);
        if (set->failed) return EVIDENCE_FAILED;
        if (record == NULL) return EVIDENCE_PARKED;
        in->evidence[i] = (struct evidence){.position = n->positions[i], .record = record};
    }
    return EVIDENCE_READY;
}

enum evidence_result evidence_take(struct server *s, struct conn *c, const struct needs *n,
                                   struct decide_input *in)
{
    ASSERT(n->count <= NEEDS_MAX && n->count >= in->evidence_count);
    enum evidence_result got = EVIDENCE_PARKED;
    if (c->evidence == NULL) got = take_at_hand(s, c, n, in);
    if (got == EVIDENCE_PARKED && (c->evidence != NULL || set_take(s, c) != NULL)) {
        got = take_gathered(s, c, n, in);
    }
    if (got == EVIDENCE_READY) in->evidence_count = n->count;
    if (got == EVIDENCE_FAILED) {
        evidence_drop(s, c);
        report_damage(s);
    }
    return got;
}

bool evidence_arrived(struct server *s, struct conn *c)
{
    struct evidence_set *set = c->evidence;
    if (set == NULL) return true; /* it ended */
    uint64_t position = set->awaited;
    set->awaited = 0;
    set->failed = c->waiter.failed;
    return set->failed || set_fetch(s, c, position) != NULL || set->failed;
}
