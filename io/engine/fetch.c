/* io/engine/fetch.c -- sets of old records, filled read by read. */
#include "io/engine/fetch.h"

#include <string.h>

#include "io/engine/engine.h"
#include "io/os/report.h"

/* The one alarm for a disk that gives back other bytes than were written; STATS counts them. */
static void report_damage(struct engine *e)
{
    if (e->damaged_ms != 0 && e->now_ms - e->damaged_ms < 1000) return;
    e->damaged_ms = e->now_ms;
    report(REPORT_ERROR,
           "an old record could not be read back as it was written; the request that needs it was "
           "answered OUTCOME_UNKNOWN. Check the disk, and the log with `gongji log verify`");
}

static void set_give(struct fetch_pool *pool, struct fetch_set *set, struct fetch_owner *owner)
{
    set->owner = owner;
    set->awaited = 0;
    set->failed = false;
    memset(set->positions, 0, sizeof set->positions);
    pool->used++;
    owner->set = set;
}

static struct fetch_set *set_take(struct fetch_pool *pool, struct fetch_owner *owner)
{
    for (uint32_t i = 0; i < FETCH_SETS && pool->used < FETCH_SETS; i++) {
        if (pool->sets[i].owner != NULL) continue;
        ASSERT(pool->first == NULL);
        set_give(pool, &pool->sets[i], owner);
        return owner->set;
    }
    owner->next = NULL;
    owner->given_up = false;
    if (pool->first == NULL)
        pool->first = owner;
    else
        pool->last->next = owner;
    pool->last = owner;
    return NULL;
}

void fetch_drop(struct engine *e, struct fetch_owner *owner)
{
    struct fetch_pool *pool = &e->fetched;
    struct fetch_set *set = owner->set;
    owner->given_up = true;
    if (set == NULL) return;
    set->owner = NULL;
    owner->set = NULL;
    pool->used--;
    while (set->owner == NULL && pool->first != NULL) {
        struct fetch_owner *next = pool->first;
        pool->first = next->next;
        if (!next->given_up) set_give(pool, set, next);
        next->ready(next);
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

static const uint8_t *set_fetch(struct engine *e, struct fetch_owner *owner, uint64_t position)
{
    struct fetch_set *set = owner->set;
    const void *record = log_fetch(e->log, position, &owner->waiter);
    if (record != NULL) return set_put(set, position, record);
    set->failed = owner->waiter.failed;
    if (!set->failed) set->awaited = position;
    return NULL;
}

/* What the log has in memory, without a set; stops at the first record that must be read. */
static enum fetch_result take_at_hand(struct engine *e, struct fetch_owner *owner,
                                      const struct needs *n, struct decide_input *in)
{
    for (uint32_t i = in->fetched_count; i < n->count; i++) {
        if (!log_at_hand(e->log, n->positions[i])) return FETCH_WAITING;
        const void *record = log_fetch(e->log, n->positions[i], &owner->waiter);
        if (record == NULL) return FETCH_FAILED;
        in->fetched[i] = (struct fetched_record){
            .position = n->positions[i],
            .record = record_copy(e->fetched.at_hand[i], record),
        };
    }
    return FETCH_READY;
}

/* Into the owner's set, read by read. */
static enum fetch_result take_gathered(struct engine *e, struct fetch_owner *owner,
                                       const struct needs *n, struct decide_input *in)
{
    struct fetch_set *set = owner->set;
    set_make_room(set, n);
    for (uint32_t i = in->fetched_count; i < n->count; i++) {
        const uint8_t *record = set_find(set, n->positions[i]);
        if (record == NULL && !set->failed) record = set_fetch(e, owner, n->positions[i]);
        if (set->failed) return FETCH_FAILED;
        if (record == NULL) return FETCH_WAITING;
        in->fetched[i] = (struct fetched_record){.position = n->positions[i], .record = record};
    }
    return FETCH_READY;
}

enum fetch_result fetch_take(struct engine *e, struct fetch_owner *owner, const struct needs *n,
                             struct decide_input *in)
{
    ASSERT(n->count <= NEEDS_MAX && n->count >= in->fetched_count);
    enum fetch_result got = FETCH_WAITING;
    if (owner->set == NULL) got = take_at_hand(e, owner, n, in);
    if (got == FETCH_WAITING && (owner->set != NULL || set_take(&e->fetched, owner) != NULL)) {
        got = take_gathered(e, owner, n, in);
    }
    if (got == FETCH_READY) in->fetched_count = n->count;
    if (got == FETCH_FAILED) {
        fetch_drop(e, owner);
        report_damage(e);
    }
    return got;
}

/* A read it waited for has ended. False if it must wait for another. */
static bool arrived(struct engine *e, struct fetch_owner *owner)
{
    struct fetch_set *set = owner->set;
    if (set == NULL) return true; /* it gave up */
    uint64_t position = set->awaited;
    set->awaited = 0;
    set->failed = owner->waiter.failed;
    return set->failed || set_fetch(e, owner, position) != NULL || set->failed;
}

static void waiter_done(struct log_waiter *waiter)
{
    struct fetch_owner *owner = waiter->owner;
    if (arrived(owner->engine, owner)) owner->ready(owner);
}

void fetch_owner_init(struct fetch_owner *owner, struct engine *e,
                      void (*ready)(struct fetch_owner *owner))
{
    *owner = (struct fetch_owner){.ready = ready, .engine = e};
    owner->waiter = (struct log_waiter){.done = waiter_done, .owner = owner};
}
