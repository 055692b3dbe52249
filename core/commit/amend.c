/* core/commit/amend.c -- refund and reverse as postings, and who remembers that they happened. */
#include "core/commit/amend.h"

#include "core/base/hash.h"
#include "core/commit/apply.h"
#include "core/commit/posting.h"

struct amended_image {
    uint64_t tag, person;
    struct gj_rid rid;
    int64_t refunded[GJ_SOURCES_MAX];
    uint64_t zero;
};
static_assert(sizeof(struct amended_image) == 64, "no padding, else its bytes would be hashed");
#define AMENDED_TAG 256u /* apart from the tags of core/state/digest.c */

void amended_digest(struct state *s, enum amended_kind what, uint64_t person,
                    const struct gj_rid *rid, const int64_t refunded[GJ_SOURCES_MAX], bool add)
{
    struct amended_image image = {
        .tag = AMENDED_TAG + (uint64_t)what,
        .person = person,
        .rid = *rid,
    };
    int64_t total = 0;
    for (unsigned i = 0; refunded != NULL && i < GJ_SOURCES_MAX; i++) {
        image.refunded[i] = refunded[i];
        total += refunded[i];
    }
    /* If the refunds were all reversed, the digest is as if there had been none. */
    if (refunded != NULL && total == 0) return;
    u128 value = hash_128(&image, sizeof(image));
    s->amended = add ? s->amended + value : s->amended - value;
}

void amended_by(struct state *s, uint64_t person, const struct gj_rid *rid, uint64_t from,
                uint64_t to)
{
    rid_window_amend(&s->rids, person, rid, from, to);
}

/* One source of a payment: money comes back to it from the institution, or leaves it again. */
static void post_source_undone(struct state *s, const void *record, unsigned i, bool back)
{
    const struct gj_effect *effect = record_effect(record);
    const struct gj_effect_sources *from = record_sources(record);
    const struct gj_effect_original *original = record_original(record);
    enum gj_source source = gj_sources_at(original->sources, i);
    bool relative = source == GJ_SOURCE_RELATIVE;
    uint32_t slot = relative ? from->slot_relative : effect->slot_first;
    const struct draw draw = {from->family_relative, from->member_index};
    int64_t fen = from->taken[i], balance;
    if (back) {
        balance = post_credit(s, slot, source, from->region[i], fen, effect->year);
        post_between(s, effect->region_target, from->region[i], fen);
        if (relative) used_shrink(s, slot, draw, fen, original->quota_year, effect->year);
    } else {
        balance = post_debit(s, slot, source, from->region[i], fen, effect->year);
        post_between(s, from->region[i], effect->region_target, fen);
        /* Only if what came back is still of this year's figures. */
        if (relative && original->quota_year == effect->year) {
            used_grow(s, slot, draw, fen, effect->year);
        }
    }
    ASSERT(i != 0 || balance == effect->balance);
}

static void post_payment_undone(struct state *s, const void *record, bool back)
{
    const struct gj_effect *effect = record_effect(record);
    const struct gj_effect_sources *from = record_sources(record);
    int64_t total = 0;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        if (from->taken[i] == 0) continue;
        post_source_undone(s, record, i, back);
        total += from->taken[i];
    }
    ASSERT(total > 0);
    post_institution(s, effect->slot_other, effect->day, back ? -total : total);
}

static void post_deposit_reversed(struct state *s, const void *record)
{
    const struct gj_effect *effect = record_effect(record);
    int64_t fen = record_sources(record)->taken[0];
    struct person_cold *cold = &s->persons_cold[effect->slot_first];
    int64_t balance = post_debit(s, effect->slot_first, GJ_SOURCE_PERSONAL, effect->region_source,
                                 fen, effect->year);
    ASSERT(balance == effect->balance);
    if (record_original(record)->quota_year == cold->year) {
        ASSERT(fen <= cold->credits);
        cold->credits -= fen;
    }
    s->books[effect->region_source].fund -= fen;
}

/* Back to the account of the first person: of a transfer, or of a premium. */
static void post_given_back(struct state *s, const void *record)
{
    const struct gj_effect *effect = record_effect(record);
    const struct gj_effect_original *original = record_original(record);
    int64_t fen = record_sources(record)->taken[0];
    if (original->type == GJ_OP_TRANSFER) {
        (void)post_debit(s, effect->slot_other, GJ_SOURCE_WALLET, effect->region_target, fen,
                         effect->year);
    } else {
        uint64_t year = original->premium_year - PREMIUM_YEAR_FIRST;
        i128 *payable = &s->premium_payable[effect->region_target * (uint64_t)PREMIUM_YEARS + year];
        *payable -= fen;
        ASSERT(*payable >= 0);
        s->books[effect->region_target].premium -= fen;
        mark_premium(s, effect->slot_other, original->premium_year, original->product, false,
                     effect->year);
    }
    int64_t balance = post_credit(s, effect->slot_first, (enum gj_source)original->sources,
                                  effect->region_source, fen, effect->year);
    ASSERT(balance == effect->balance);
    post_between(s, effect->region_target, effect->region_source, fen);
    if (effect->flags & EFFECT_QUOTA) {
        used_shrink(s, effect->slot_first, NO_DRAW, fen, original->quota_year, effect->year);
    }
}

/* The payment's refunded sums are now those of this record. */
static void refunded(struct state *s, const void *record, uint64_t from, uint64_t to, bool back)
{
    const struct gj_op *op = record_op(record);
    const struct gj_effect_original *original = record_original(record);
    const int64_t *taken = record_sources(record)->taken;
    int64_t before[GJ_SOURCES_MAX];
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        before[i] = original->refunded[i] + (back ? -taken[i] : taken[i]);
    }
    amended_digest(s, AMENDED_REFUNDED, op->person, &original->root, before, false);
    amended_digest(s, AMENDED_REFUNDED, op->person, &original->root, original->refunded, true);
    amended_by(s, op->person, &original->root, from, to);
}

void commit_refund(struct state *s, const struct applied *a)
{
    post_payment_undone(s, a->record, true);
    refunded(s, a->record, record_original(a->record)->amended, a->position, true);
}

void commit_reverse(struct state *s, const struct applied *a)
{
    const struct gj_effect_original *original = record_original(a->record);
    const struct gj_rid *rid = record_original_rid(a->record);
    switch (original->type) {
    case GJ_OP_DEPOSIT: post_deposit_reversed(s, a->record); break;
    case GJ_OP_PAY:
    case GJ_OP_CAPTURE: post_payment_undone(s, a->record, true); break;
    case GJ_OP_REFUND:
        post_payment_undone(s, a->record, false);
        refunded(s, a->record, original->root_amended, a->position, false);
        break;
    default: post_given_back(s, a->record); break;
    }
    amended_by(s, a->op->person, rid, original->amended, a->position);
    amended_digest(s, AMENDED_REVERSED, a->op->person, rid, NULL, true);
}

void commit_tombstone(struct state *s, const struct applied *a)
{
    const struct gj_rid *rid = record_original_rid(a->record);
    if ((a->effect->flags & EFFECT_CREATED) == 0) return; /* there already */
    rid_window_insert(&s->rids, a->op->person, rid, a->position, s->time_ms);
    amended_digest(s, AMENDED_TOMBSTONE, a->op->person, rid, NULL, true);
}
