/* io/evidence.c -- sets of old records, filled read by read. */
#include "evidence.h"

#include <stdio.h>
#include <string.h>

#include "server.h"

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

static struct evidence_set *set_take(struct server *s, struct conn *c)
{
    struct evidence_pool *pool = &s->evidence;
    for (uint32_t i = 0; i < EVIDENCE_SETS && pool->used < EVIDENCE_SETS; i++) {
        struct evidence_set *set = &pool->sets[i];
        if (set->owner != NULL) continue;
        set->owner = c;
        set->awaited = 0;
        set->failed = false;
        set->count = 0;
        pool->used++;
        c->evidence = set;
        return set;
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

void evidence_drop(struct server *s, struct conn *c)
{
    if (c->evidence == NULL) return;
    c->evidence->owner = NULL;
    c->evidence = NULL;
    s->evidence.used--;
}

void evidence_next(struct server *s)
{
    struct evidence_pool *pool = &s->evidence;
    for (uint32_t n = pool->used; n < EVIDENCE_SETS && pool->first != NULL; n++) {
        struct conn *c = pool->first;
        pool->first = c->evidence_next;
        conn_unpark(c);
    }
}

static const uint8_t *set_find(const struct evidence_set *set, uint64_t position)
{
    for (uint32_t i = 0; i < set->count; i++) {
        if (set->positions[i] == position) return set->records[i];
    }
    return NULL;
}

/* Its pointer does not outlive the next call into the log. */
static const uint8_t *set_put(struct evidence_set *set, uint32_t at, uint64_t position,
                              const void *record)
{
    uint32_t size = record_size(record, GJ_RECORD_SIZE_MAX);
    ASSERT(size != 0);
    memcpy(set->records[at], record, size);
    set->positions[at] = position;
    return set->records[at];
}

/* A place for one record more: behind the others, or, if what is needed changed while waiting,
 * that of one which is not needed any more. */
static uint32_t set_place(struct evidence_set *set, const struct needs *n)
{
    if (set->count < NEEDS_MAX) return set->count++;
    for (uint32_t i = 0; i < set->count; i++) {
        bool needed = false;
        for (uint32_t k = 0; k < n->count; k++) needed |= n->positions[k] == set->positions[i];
        if (!needed) return i;
    }
    UNREACHABLE("more evidence than NEEDS_MAX");
}

static const uint8_t *set_fetch(struct server *s, struct conn *c, const struct needs *n,
                                uint64_t position)
{
    struct evidence_set *set = c->evidence;
    const void *record = log_fetch(s->log, position, &c->waiter);
    if (record != NULL) return set_put(set, set_place(set, n), position, record);
    set->failed = c->waiter.failed;
    if (set->failed) return NULL;
    set->awaited = position;
    park(c);
    return NULL;
}

enum evidence_result evidence_take(struct server *s, struct conn *c, const struct needs *n,
                                   struct decide_input *in)
{
    ASSERT(n->count <= NEEDS_MAX && n->count >= in->evidence_count);
    struct evidence_set *set = c->evidence != NULL ? c->evidence : set_take(s, c);
    if (set == NULL) return EVIDENCE_PARKED;
    for (uint32_t i = in->evidence_count; i < n->count; i++) {
        const uint8_t *record = set_find(set, n->positions[i]);
        if (record == NULL && !set->failed) record = set_fetch(s, c, n, n->positions[i]);
        if (set->failed) {
            evidence_drop(s, c);
            report_damage(s);
            return EVIDENCE_FAILED;
        }
        if (record == NULL) return EVIDENCE_PARKED;
        in->evidence[i] = (struct evidence){.position = n->positions[i], .record = record};
    }
    in->evidence_count = n->count;
    return EVIDENCE_READY;
}

bool evidence_arrived(struct server *s, struct conn *c)
{
    struct evidence_set *set = c->evidence;
    if (set == NULL) return true; /* it ended, or waited for nothing but a set */
    uint64_t position = set->awaited;
    set->awaited = 0;
    set->failed = c->waiter.failed;
    if (set->failed) return true;
    const struct needs alone = {.count = 1, .positions = {position}};
    return set_fetch(s, c, &alone, position) != NULL || set->failed;
}
