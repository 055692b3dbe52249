/* core/state/holds.h -- money set aside: open holds and pending transfers, the only operations that
 * the state remembers one by one. An entry lives from the HOLD or TRANSFER to the record that ends
 * it.
 *
 * Found three ways: by (first person, rid) through a hash; by person through a chain that begins in
 * person_cold.holds (an entry is in the chain of its first person, of its payee, and of the
 * relative of whom it holds something, in the order in which they fall due); and by due time
 * through a binary heap, ties in the order of seq. Private to core/; the chains are kept by
 * core/commit/hold.c, everything else here.
 *
 * Numbers of entries are given out in an order that depends on the commits alone, so redo with
 * another capacity gives the same ones. */
#ifndef CORE_STATE_HOLDS_H
#define CORE_STATE_HOLDS_H

#include "core/base/base.h"
#include "core/format/limits.h"
#include "core/format/op.h"

struct hold {
    struct gj_rid rid;            /*  0 of the HOLD or TRANSFER */
    int64_t left[GJ_SOURCES_MAX]; /* 16 fen still held of each listed source */
    uint64_t due_ms;              /* 40 expired from this instant on */
    uint64_t seq;                 /* 48 of its record */
    uint32_t first;               /* 56 slot of patient or payer */
    uint32_t other;               /* 60 slot of payee or of the relative listed, else SLOT_NONE */
    int64_t amount;               /* 64 held at the beginning */
    uint32_t institution;         /* 72 slot; SLOT_NONE for a transfer */
    uint32_t heap_at;             /* 76 place in the heap */
    uint32_t next_bucket;         /* 80 entry + 1 of the hash chain or of the free list, 0 = end */
    uint32_t next[2];             /* 84 entry + 1 in the chain of `first` and of `other`, 0 = end */
    uint16_t quota_year;          /* 92 calendar year in which it counted to quota and cap */
    uint16_t refund_days;         /* 94 of the policy it began under, for its captures */
    uint16_t reversal_days;       /* 96 */
    uint8_t sources;              /* 98 as listed (gj_sources) */
    uint8_t type;                 /* 99 GJ_OP_HOLD, GJ_OP_TRANSFER; 0 = free */
    uint8_t scenario;             /* 100 */
    uint8_t quota;        /* 101: 1 = the relative's part (transfer: all) counts to a quota */
    uint8_t reserved0[2]; /* 102 */
    uint64_t person;      /* 104 id behind `first`: with the rid the key of the hash */
    uint32_t prev[2];     /* 112 entry + 1, as next; 0 = it is the first */
    uint8_t reserved[8];  /* 120 */
};
static_assert(sizeof(struct hold) == 128, "two lines");

struct holds {
    struct hold *entries;
    uint32_t *buckets; /* power of two, entry + 1 */
    uint32_t *heap;    /* entries, earliest (due_ms, seq) first */
    uint64_t bucket_count, seed;
    uint32_t max, count;
    uint32_t high; /* entries from here on were never used */
    uint32_t free; /* entry + 1, first of the free list */
    /* Of heap[0], UINT64_MAX if there is none: one load tells that nothing is due. */
    uint64_t due_ms;
};

#define HOLD_NONE UINT32_MAX

/* Bytes for `max` (1 .. 2^31) entries; the memory is 64-byte aligned and all zero at init. */
NODISCARD uint64_t holds_size(uint32_t max);
void holds_init(struct holds *h, void *memory, uint32_t max, uint64_t seed);
/* The number holds_add() will give the next entry; HOLD_NONE if the table is full. */
uint32_t holds_next(const struct holds *h);
/* The open entry of (first person's id, rid), or HOLD_NONE. */
NODISCARD uint32_t holds_find(const struct holds *h, uint64_t person, const struct gj_rid *rid);
/* Takes the entry holds_next() named, fills it from `hold` (next_bucket, next, heap_at and person
 * are set here; `person` is the id behind hold->first). The table must not be full and must not
 * have the key yet (the first is asserted). */
uint32_t holds_add(struct holds *h, const struct hold *hold, uint64_t person);
/* Frees an open entry that is in no person's chain any more. */
void holds_remove(struct holds *h, uint32_t entry);
/* Earliest in the order of (due_ms, seq), HOLD_NONE if there is none. */
static inline uint32_t holds_first(const struct holds *h)
{
    return h->count == 0 ? HOLD_NONE : h->heap[0];
}
/* True if `a` falls due before `b`. */
static inline bool hold_before(const struct hold *a, const struct hold *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->seq < b->seq;
}
/* The entry is in the chain of its `other` too: the payee of a transfer, or a relative as long as
 * something of the relative's is held. Who is only listed could be listed a thousand times. */
static inline bool hold_chains_other(const struct hold *hold)
{
    if (hold->type == GJ_OP_TRANSFER) return true;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        if (gj_sources_at(hold->sources, i) == GJ_SOURCE_RELATIVE) return hold->left[i] > 0;
    }
    return false;
}
/* Next entry of the person's chain after `entry` (HOLD_NONE = end). */
static inline uint32_t holds_chain_next(const struct holds *h, uint32_t entry, uint32_t person_slot)
{
    const struct hold *hold = &h->entries[entry];
    return hold->next[hold->first == person_slot ? 0 : 1] - 1u;
}

/* Fen an entry still holds of the account `source` of the person in `slot`: of the first person its
 * own wallet or personal account, of the relative the personal account. */
int64_t hold_of(const struct hold *hold, uint32_t slot, enum gj_source source);

/* Index of the RELATIVE source among those listed, GJ_SOURCES_MAX if there is none. */
unsigned hold_relative_index(const struct hold *hold);

/* Fen the entry holds that count to the yearly quota of the person in `slot`. */
int64_t hold_quota(const struct hold *hold, uint32_t slot);

/* NULL, or what is wrong with the table by itself: heap order, hash chains, free list, counts.
 * (The chains of persons and the sums are audited with the persons.) */
const char *holds_audit(const struct holds *h);
/* The same in pieces, for a walk in steps: the numbers; one open entry, its place in the heap and
 * that it is found; one chain of the hash. */
const char *holds_audit_counts(const struct holds *h);
const char *holds_audit_entry(const struct holds *h, uint32_t entry);
const char *holds_audit_bucket(const struct holds *h, uint64_t bucket);

#endif
