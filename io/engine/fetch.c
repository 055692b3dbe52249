/* io/engine/fetch.c -- sets of old records, filled read by read. */
#include "io/engine/fetch.h"

#include <string.h>

#include "io/net/server.h"
#include "io/os/report.h"

/* The one alarm for a disk that gives back other bytes than were written; STATS counts them. */
static void report_damage(struct server *s)
{
    if (s->damaged_ms != 0 && s->now_ms - s->damaged_ms < 1000) return;
    s->damaged_ms = s->now_ms;
    report(REPORT_ERROR,
           "an old record could not be read back as it was written; the request that needs it was "
           "answered OUTCOME_UNKNOWN. Check the disk, and the log with `gongji log verify`");
}

static void park(struct conn *c)
{
    c->waiting_fetch = true;
    c->blocked = BLOCK_FETCH;
}

static void set_give(struct fetch_pool *pool, struct fetch_set *set, struct conn *c)
{
    set->owner = c;
    set->awaited = 0;
    set->failed = false;
    memset(set->positions, 0, sizeof set->positions);
    pool->used++;
    c->fetched = set;
}

static struct fetch_set *set_take(struct server *s, struct conn *c)
{
    struct fetch_pool *pool = &s->fetched;
    for (uint32_t i = 0; i < FETCH_SETS && pool->used < FETCH_SETS; i++) {
        if (pool->sets[i].owner != NULL) continue;
        ASSERT(pool->first == NULL);
        set_give(pool, &pool->sets[i], c);
        return c->fetched;
    }
    c->fetch_next = NULL;
    if (pool->first == NULL)
        pool->first = c;
    else
        pool->last->fetch_next = c;
    pool->last = c;
    park(c);
    return NULL;
}

/* False if it ended while it waited, or the log failed. */
static bool still_wanted(const struct conn *c)
{
    return c->state == CONN_OPEN && c->frame.active && c->frame.refuse == 0;
}

void fetch_drop(struct server *s, struct conn *c)
{
    struct fetch_pool *pool = &s->fetched;
    struct fetch_set *set = c->fetched;
    if (set == NULL) return;
    set->owner = NULL;
    c->fetched = NULL;
    pool->used--;
    while (set->owner == NULL && pool->first != NULL) {
        struct conn *next = pool->first;
        pool->first = next->fetch_next;
        if (still_wanted(next)) set_give(pool, set, next);
        conn_fetched(next);
    }
}

static bool is_needed(const struct needs *n, uint64_t position)
{
    for (uint32_t i = 0; i < n->count; i++) {
        if (n->positions[i] == position) return true;
    }
    return false;
}

static const uint8_t *set_find(const struct fetch_set *set, uint64_t position)
{
    for (uint32_t i = 0; i < NEEDS_MAX; i++) {
        if (set->positions[i] == position) return set->records[i];
    }
    return NULL;
}

/* Makes room for everything `n` names. If what is needed changed while waiting there may be records
 * that are not needed any more; but as long as they are in nobody's way they stay: they may be what
 * the next round names. */
static void set_make_room(struct fetch_set *set, const struct needs *n)
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

static const uint8_t *set_put(struct fetch_set *set, uint64_t position, const void *record)
{
    uint32_t at = 0;
    while (at < NEEDS_MAX && set->positions[at] != 0) at++;
    ASSERT(at < NEEDS_MAX); /* set_make_room() */
    set->positions[at] = position;
    return record_copy(set->records[at], record);
}

static const uint8_t *set_fetch(struct server *s, struct conn *c, uint64_t position)
{
    struct fetch_set *set = c->fetched;
    const void *record = log_fetch(s->log, position, &c->waiter);
    if (record != NULL) return set_put(set, position, record);
    set->failed = c->waiter.failed;
    if (set->failed) return NULL;
    set->awaited = position;
    park(c);
    return NULL;
}

/* What the log has in memory, without a set; stops at the first record that must be read. */
static enum fetch_result take_at_hand(struct server *s, struct conn *c, const struct needs *n,
                                      struct decide_input *in)
{
    for (uint32_t i = in->fetched_count; i < n->count; i++) {
        if (!log_at_hand(s->log, n->positions[i])) return FETCH_WAITING;
        const void *record = log_fetch(s->log, n->positions[i], &c->waiter);
        if (record == NULL) return FETCH_FAILED;
        in->fetched[i] = (struct fetched_record){
            .position = n->positions[i],
            .record = record_copy(s->fetched.at_hand[i], record),
        };
    }
    return FETCH_READY;
}

/* Into the connection's set, read by read. */
static enum fetch_result take_gathered(struct server *s, struct conn *c, const struct needs *n,
                                       struct decide_input *in)
{
    struct fetch_set *set = c->fetched;
    set_make_room(set, n);
    for (uint32_t i = in->fetched_count; i < n->count; i++) {
        const uint8_t *record = set_find(set, n->positions[i]);
        if (record == NULL && !set->failed) record = set_fetch(s, c, n->positions[i]);
        if (set->failed) return FETCH_FAILED;
        if (record == NULL) return FETCH_WAITING;
        in->fetched[i] = (struct fetched_record){.position = n->positions[i], .record = record};
    }
    return FETCH_READY;
}

enum fetch_result fetch_take(struct server *s, struct conn *c, const struct needs *n,
                             struct decide_input *in)
{
    ASSERT(n->count <= NEEDS_MAX && n->count >= in->fetched_count);
    enum fetch_result got = FETCH_WAITING;
    if (c->fetched == NULL) got = take_at_hand(s, c, n, in);
    if (got == FETCH_WAITING && (c->fetched != NULL || set_take(s, c) != NULL)) {
        got = take_gathered(s, c, n, in);
    }
    if (got == FETCH_READY) in->fetched_count = n->count;
    if (got == FETCH_FAILED) {
        fetch_drop(s, c);
        report_damage(s);
    }
    return got;
}

bool fetch_arrived(struct server *s, struct conn *c)
{
    struct fetch_set *set = c->fetched;
    if (set == NULL) return true; /* it ended */
    uint64_t position = set->awaited;
    set->awaited = 0;
    set->failed = c->waiter.failed;
    return set->failed || set_fetch(s, c, position) != NULL || set->failed;
}
