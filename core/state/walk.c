/* core/state/walk.c -- the whole state in steps, as it was at one seq. */
#include "core/state/walk.h"

#include <string.h>

#include "core/base/cost.h"
#include "core/state/audit.h"
#include "core/state/digest.h"

#define LINE 64u

enum table {
    REGIONS,
    GROSS,
    PREMIUMS,
    INSTITUTIONS,
    HOLDS,
    HOLD_BUCKETS, /* audit only, no marks: sound between any two records */
    HOLD_FREE,    /* audit only, no marks: the free list, followed from its first entry */
    PERSONS,
    TABLES
};

struct walk {
    unsigned wants; /* WALK_*, of this walk or the last one; 0 = none, or dropped */
    enum table table;
    uint64_t at;            /* next object of it */
    uint64_t count[TABLES]; /* objects there were at the beginning */
    uint64_t *marks[TABLES];
    uint64_t seq;
    uint32_t free_next; /* entry + 1: where it is in the free list */
    uint32_t cost;      /* spent and not reported yet */
    u128 digest;
    const char *broken;
    struct audit audit;
    struct audit_counts counts;
    struct book *books, *sums;
};

/* ---- memory ---- */

static uint64_t lines(uint64_t bytes)
{
    return (bytes + LINE - 1) / LINE * LINE;
}

/* Objects a table can have that has marks, else 0. */
static uint64_t marked_max(const struct state_config *config, enum table table)
{
    switch (table) {
    case REGIONS: return GJ_REGIONS_MAX;
    case GROSS: return (uint64_t)GJ_REGIONS_MAX * GJ_REGIONS_MAX;
    case PREMIUMS: return (uint64_t)GJ_REGIONS_MAX * PREMIUM_YEARS;
    case INSTITUTIONS: return config->institutions_max;
    case HOLDS: return config->holds_max;
    case PERSONS: return config->persons_max;
    default: return 0;
    }
}

static uint64_t marks_size(uint64_t objects)
{
    return lines((objects + 63) / 64 * sizeof(uint64_t));
}

#define BOOKS_SIZE (GJ_REGIONS_MAX * (uint64_t)sizeof(struct book))

uint64_t walk_size(const struct state_config *config)
{
    uint64_t size = lines(sizeof(struct walk)) + 2 * lines(BOOKS_SIZE);
    for (enum table t = 0; t < TABLES; t++) size += marks_size(marked_max(config, t));
    return size;
}

void walk_init(struct state *s, void *memory)
{
    uint8_t *next = memory;
    struct walk *w = memory;
    next += lines(sizeof(*w));
    w->books = (struct book *)(void *)next;
    next += lines(BOOKS_SIZE);
    w->sums = (struct book *)(void *)next;
    next += lines(BOOKS_SIZE);
    for (enum table t = 0; t < TABLES; t++) {
        w->marks[t] = (uint64_t *)(void *)next;
        next += marks_size(marked_max(&s->config, t));
    }
    s->walk = w;
}

/* ---- one object ---- */

static void see(struct walk *w, const char *broken)
{
    if (w->broken == NULL) w->broken = broken;
}

static void visit_region(struct state *s, uint32_t region)
{
    struct walk *w = s->walk;
    if (s->regions[region].version == 0) return;
    w->cost += 20 * COST_NEAR;
    if (w->wants & WALK_AUDIT) {
        w->cost += GJ_REGIONS_MAX * COST_NEAR; /* the others of its province */
        see(w, audit_region(&w->audit, region));
    }
    if (w->wants & WALK_DIGEST) digest_region(s, region, &w->books[region], &w->digest);
}

static void visit_gross(struct state *s, uint64_t cell)
{
    struct walk *w = s->walk;
    if (w->wants & WALK_AUDIT) {
        see(w, audit_gross(&w->audit, (uint32_t)(cell / GJ_REGIONS_MAX),
                           (uint32_t)(cell % GJ_REGIONS_MAX)));
    }
    if (s->gross[cell] == 0) return;
    w->cost += COST_HASH;
    if (w->wants & WALK_DIGEST) digest_gross(s, cell, &w->digest);
}

static void visit_premium(struct state *s, uint64_t cell)
{
    struct walk *w = s->walk;
    if (w->wants & WALK_AUDIT) {
        see(w, audit_premium(&w->audit, (uint32_t)(cell / PREMIUM_YEARS),
                             (uint32_t)(cell % PREMIUM_YEARS)));
    }
    if (s->premium_payable[cell] == 0) return;
    w->cost += COST_HASH;
    if (w->wants & WALK_DIGEST) digest_premium(s, cell, &w->digest);
}

static void visit_institution(struct state *s, uint32_t slot)
{
    struct walk *w = s->walk;
    w->cost += COST_LINE + GJ_INSTITUTION_DAYS * (COST_NEAR + COST_HASH);
    if (w->wants & WALK_AUDIT) see(w, audit_institution(&w->audit, slot));
    if (w->wants & WALK_DIGEST) digest_institution(s, slot, &w->digest);
}

static void visit_hold(struct state *s, uint32_t entry)
{
    struct walk *w = s->walk;
    if (s->holds.entries[entry].type == 0) return;
    w->cost += COST_LINE + COST_HASH;
    if (w->wants & WALK_AUDIT) {
        w->cost += 4 * COST_LINE; /* its places in heap and hash */
        see(w, holds_audit_entry(&s->holds, entry));
        see(w, audit_hold(&w->audit, entry));
    }
    if (w->wants & WALK_DIGEST) digest_hold(s, entry, &w->digest);
}

static void audit_owner(struct state *s, uint32_t slot)
{
    struct walk *w = s->walk;
    w->cost += COST_LINE + s->persons_cold[slot].holds_count * COST_CHAIN;
    const char *broken = audit_chain(&w->audit, slot);
    if (broken == NULL) broken = audit_person(&w->audit, slot);
    if (broken == NULL && s->persons[slot].family != SLOT_NONE) {
        broken = audit_family(&w->audit, s->persons[slot].family);
    }
    see(w, broken);
}

static void visit_person(struct state *s, uint32_t slot)
{
    struct walk *w = s->walk;
    uint32_t family = s->persons[slot].family;
    w->cost += 2 * COST_NEAR + COST_HASH;
    if (family < s->families_count) w->cost += COST_LINE + s->families[family].count * COST_LINE;
    if (w->wants & WALK_AUDIT) audit_owner(s, slot);
    if ((w->wants & WALK_DIGEST) == 0) return;
    digest_person(s, slot, &w->digest);
    if (family < s->families_count) digest_family(s, family, &w->digest);
}

static void visit(struct state *s, enum table table, uint64_t i)
{
    switch (table) {
    case REGIONS: visit_region(s, (uint32_t)i); return;
    case GROSS: visit_gross(s, i); return;
    case PREMIUMS: visit_premium(s, i); return;
    case INSTITUTIONS: visit_institution(s, (uint32_t)i); return;
    case HOLDS: visit_hold(s, (uint32_t)i); return;
    case PERSONS: visit_person(s, (uint32_t)i); return;
    default: UNREACHABLE("table of a walk");
    }
}

/* ---- before a record is applied ---- */

/* An object is about to change, perhaps. SLOT_NONE is none. */
static void touch(struct state *s, enum table table, uint64_t i)
{
    struct walk *w = s->walk;
    if (i >= w->count[table]) return; /* it was not there */
    if (table < w->table || (table == w->table && i < w->at)) return;
    uint64_t *word = &w->marks[table][i / 64], mark = UINT64_C(1) << (i % 64);
    if (*word & mark) return;
    *word |= mark;
    visit(s, table, i);
}

/* The walk passes by the rows of regions that are not set: 0 says that there is no region. */
static bool row_set(const struct state *s, uint32_t region)
{
    return region < GJ_REGIONS_MAX && s->regions[region].version != 0;
}

static void touch_between(struct state *s, uint32_t a, uint32_t b)
{
    if (a == b || !row_set(s, a) || !row_set(s, b)) return;
    touch(s, GROSS, a * (uint64_t)GJ_REGIONS_MAX + b);
    touch(s, GROSS, b * (uint64_t)GJ_REGIONS_MAX + a);
}

/* Whatever moves goes between the book of a source and the target's, one way or the other. */
static void touch_amounts(struct state *s, const void *record)
{
    const struct gj_op *op = record_op(record);
    const struct gj_effect *effect = record_effect(record);
    uint32_t to = effect->region_target;
    touch_between(s, effect->region_source, to);
    if (effect->flags & EFFECT_SOURCES) {
        const struct gj_effect_sources *from = record_sources(record);
        for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) touch_between(s, from->region[i], to);
    }
    uint32_t year = op->arg;
    if (op->type != GJ_OP_PAY_PREMIUM) {
        bool back = (effect->flags & EFFECT_ORIGINAL) != 0 &&
                    record_original(record)->type == GJ_OP_PAY_PREMIUM;
        if (!back) return;
        year = record_original(record)->premium_year;
    }
    ASSERT(row_set(s, to));
    touch(s, PREMIUMS, to * (uint64_t)PREMIUM_YEARS + (year - PREMIUM_YEAR_FIRST));
}

/* Its parties first: what a person's chain holds is looked at as a whole. */
static void touch_hold(struct state *s, uint32_t entry)
{
    struct walk *w = s->walk;
    const struct hold *hold = &s->holds.entries[entry];
    if (hold->type != 0) {
        touch(s, PERSONS, hold->first);
        touch(s, PERSONS, hold->other);
    } else if (w->table <= HOLD_FREE && entry + 1 == w->free_next) {
        /* The walk had come to the entry that is taken now, which is the first of the list. */
        w->free_next = hold->next_bucket;
        w->count[HOLD_FREE]--;
    }
    touch(s, HOLDS, entry);
}

void walk_before(struct state *s, const void *record)
{
    const struct gj_op *op = record_op(record);
    const struct gj_effect *effect = record_effect(record);
    /* Refusals change nothing that is looked at. Nor do tombstones: their sum was taken at the
     * beginning. */
    if (effect->code != GJ_OK && effect->code != GJ_OK_PARTIAL) return;
    touch(s, PERSONS, effect->slot_first);
    enum record_other other = record_other(record);
    if (other == RECORD_OTHER_PERSON) touch(s, PERSONS, effect->slot_other);
    if (other == RECORD_OTHER_INSTITUTION) touch(s, INSTITUTIONS, effect->slot_other);
    if (effect->flags & EFFECT_SOURCES) touch(s, PERSONS, record_sources(record)->slot_relative);
    if (effect->flags & EFFECT_HOLD) touch_hold(s, record_hold(record)->entry);
    if (op->type == GJ_OP_SET_REGION) touch(s, REGIONS, op->arg);
    touch_amounts(s, record);
}

/* ---- steps ---- */

static void count_objects(const struct state *s, struct walk *w)
{
    const struct holds *h = &s->holds;
    bool audit = (w->wants & WALK_AUDIT) != 0;
    for (enum table t = 0; t < TABLES; t++) w->count[t] = marked_max(&s->config, t);
    w->count[INSTITUTIONS] = s->institutions_count;
    w->count[HOLDS] = h->high;
    w->count[HOLD_BUCKETS] = audit ? h->bucket_count : 0;
    w->count[HOLD_FREE] = audit ? h->high - h->count : 0;
    w->count[PERSONS] = s->persons_count;
}

void walk_begin(struct state *s, unsigned wants)
{
    struct walk *w = s->walk;
    ASSERT(!s->walking);
    ASSERT(wants != 0 && (wants & ~(WALK_DIGEST | WALK_AUDIT)) == 0);
    w->wants = wants;
    w->table = 0;
    w->at = 0;
    w->seq = s->seq;
    w->free_next = s->holds.free;
    w->cost = 0;
    w->digest = s->amended; /* is such a sum already */
    w->audit = (struct audit){.s = s, .seq = s->seq, .time_ms = s->time_ms, .sums = w->sums};
    w->counts = (struct audit_counts){s->regions_count, s->families_count};
    memcpy(w->books, s->books, BOOKS_SIZE);
    memset(w->sums, 0, BOOKS_SIZE);
    count_objects(s, w);
    w->broken = audit_indexes(s);
    if (w->broken == NULL) w->broken = holds_audit_counts(&s->holds);
    s->walking = true;
}

/* The next of the free entries. */
static void step_free(struct state *s)
{
    struct walk *w = s->walk;
    const struct holds *h = &s->holds;
    w->cost += COST_LINE;
    if (w->free_next == 0 || w->free_next > h->high || h->entries[w->free_next - 1].type != 0) {
        see(w, "free list of holds");
        w->at = w->count[HOLD_FREE];
        w->free_next = 0;
        return;
    }
    w->free_next = h->entries[w->free_next - 1].next_bucket;
    w->at++;
}

/* Rows of regions that are not set are all 0, marks too. */
static bool skip_row(const struct state *s, struct walk *w)
{
    uint32_t width = w->table == GROSS ? GJ_REGIONS_MAX : PREMIUM_YEARS;
    if (w->at % width != 0 || s->regions[w->at / width].version != 0) return false;
    w->cost += COST_NEAR;
    w->at += width;
    return true;
}

static void step_marked(struct state *s)
{
    struct walk *w = s->walk;
    uint64_t i = w->at++;
    uint64_t *word = &w->marks[w->table][i / 64], mark = UINT64_C(1) << (i % 64);
    /* Four amounts are a line, eight marks a byte of one. */
    bool amount = w->table == GROSS || w->table == PREMIUMS;
    if (!amount || i % 8 == 0) w->cost += COST_NEAR;
    if (*word & mark)
        *word &= ~mark;
    else
        visit(s, w->table, i);
}

static void step(struct state *s)
{
    struct walk *w = s->walk;
    if (w->at >= w->count[w->table]) {
        if (w->table == HOLD_FREE && (w->wants & WALK_AUDIT) != 0 && w->free_next != 0) {
            see(w, "free list of holds");
        }
        w->table++;
        w->at = 0;
    } else if (w->table == HOLD_FREE) {
        step_free(s);
    } else if (w->table == HOLD_BUCKETS) {
        /* Sixteen of them are a line, and most are empty. */
        w->cost += s->holds.buckets[w->at] != 0 ? COST_LINE : w->at % 8 == 0;
        see(w, holds_audit_bucket(&s->holds, w->at++));
    } else if ((w->table != GROSS && w->table != PREMIUMS) || !skip_row(s, w)) {
        step_marked(s);
    }
}

uint32_t walk_step(struct state *s, uint32_t budget)
{
    struct walk *w = s->walk;
    w->cost = 0;
    while (s->walking && w->cost < budget) {
        step(s);
        if (w->table != TABLES) continue;
        s->walking = false;
        if (w->wants & WALK_AUDIT) see(w, audit_totals(&w->audit, w->books, w->counts));
    }
    uint32_t cost = w->cost;
    w->cost = 0;
    return cost;
}

uint32_t walk_paid(struct state *s)
{
    uint32_t cost = s->walk->cost;
    s->walk->cost = 0;
    return cost;
}

void walk_drop(struct state *s)
{
    struct walk *w = s->walk;
    for (enum table t = w->table; s->walking && t < TABLES; t++) {
        memset(w->marks[t], 0, marks_size(marked_max(&s->config, t)));
    }
    s->walking = false;
    w->wants = 0;
}

bool walk_running(const struct state *s)
{
    return s->walking;
}

bool walk_saw(const struct state *s, unsigned wants, uint64_t seq)
{
    const struct walk *w = s->walk;
    return !s->walking && (w->wants & wants) == wants && w->seq >= seq;
}

uint64_t walk_seq(const struct state *s)
{
    return s->walk->seq;
}

void walk_digest(const struct state *s, uint64_t ret[2])
{
    ASSERT(walk_saw(s, WALK_DIGEST, 0));
    ret[0] = (uint64_t)s->walk->digest;
    ret[1] = (uint64_t)(s->walk->digest >> 64);
}

const char *walk_audit(const struct state *s)
{
    ASSERT(walk_saw(s, WALK_AUDIT, 0));
    return s->walk->broken;
}
