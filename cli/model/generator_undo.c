/* cli/model/generator_undo.c -- what comes after a payment: the originals of accept, return,
 * capture, release, refund and reverse are recent, old, refused, amended before, unknown, somebody
 * else's or in the future. */
#include <string.h>

#include "cli/model/generator_parts.h"

static struct gj_rid *original(struct generated *ret)
{
    return &((struct gj_original_ext *)ret->ext)->rid;
}

static void on(struct generated *ret, const struct model_request *r)
{
    ret->op.person = r->op.person;
    *original(ret) = r->op.rid;
}

/* A request of one of these types, executed unless `any`; NULL if a few tries find none. */
static const struct model_request *pick(struct generator *g, const struct model *m,
                                        const uint8_t *types, size_t count, bool any)
{
    uint32_t back = m->request_count;
    if (chance(g, 60) && back > 60) back = 60;
    for (unsigned i = 0; i < 40 && m->request_count > 0; i++) {
        const struct model_request *r = &m->requests[m->request_count - 1 - below(g, back)];
        if (memchr(types, r->op.type, count) == NULL) continue;
        if (any || gj_code_ok(r->reply.code)) return r;
    }
    return NULL;
}

/* An open hold (GJ_OP_HOLD) or pending transfer (GJ_OP_TRANSFER), NULL if there is none. */
static const struct model_request *pick_open(struct generator *g, const struct model *m,
                                             uint8_t type)
{
    for (unsigned i = 0; i < 12 && m->open_count > 0; i++) {
        const struct model_request *r = &m->requests[m->open[below(g, m->open_count)]];
        if (r->op.type == type) return r;
    }
    return NULL;
}

/* Now and then another original than the one meant. */
static void stray(struct generator *g, const struct model *m, struct generated *ret)
{
    if (!rarely(g, 60)) return;
    switch (below(g, 6)) {
    case 0: ret->op.person = generator_known_person(g, m); break;
    case 1: generator_rid(g, original(ret)); break;
    case 2: {
        if (g->plain) break;
        uint64_t ms = g->time_ms + 5 * MINUTE_MS + below(g, 3) - 1;
        generator_rid(g, original(ret));
        for (unsigned i = 0; i < 6; i++) {
            original(ret)->bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
        }
        break;
    }
    case 3:
        if (m->request_count == 0) break;
        on(ret, &m->requests[below(g, m->request_count)]);
        break;
    case 4:
        if (m->tombstone_count == 0) break;
        ret->op.person = m->tombstones[m->tombstone_count - 1].key.person;
        *original(ret) = m->tombstones[m->tombstone_count - 1].key.rid;
        break;
    default:
        if (rarely(g, 200) && !g->plain) memset(original(ret), 0, sizeof(struct gj_rid));
        break;
    }
}

/* There is no original yet: mostly make one, else on one that is unknown. */
static void nothing_known(struct generator *g, const struct model *m, struct generated *ret,
                          void (*make)(struct generator *, const struct model *,
                                       struct generated *))
{
    if (chance(g, 90)) {
        memset(ret, 0, sizeof(*ret));
        make(g, m, ret);
        return;
    }
    ret->op.person = generator_known_person(g, m);
    generator_rid(g, original(ret));
}

void generate_accept_or_return(struct generator *g, const struct model *m, struct generated *ret)
{
    static const uint8_t types[] = {GJ_OP_TRANSFER};
    struct gj_op *op = &ret->op;
    op->type = chance(g, 60) ? GJ_OP_ACCEPT : GJ_OP_RETURN;
    op->ext_count = 1;
    op->other = generator_known_person(g, m);
    const struct model_request *r = pick_open(g, m, GJ_OP_TRANSFER);
    if (r == NULL || chance(g, 15)) r = pick(g, m, types, sizeof(types), chance(g, 10));
    if (r == NULL) {
        nothing_known(g, m, ret, generate_transfer);
        return;
    }
    on(ret, r);
    bool payer = op->type == GJ_OP_RETURN ? chance(g, 45) : rarely(g, 20);
    op->other = payer ? r->op.person : r->op.other;
    if (rarely(g, 30)) op->other = generator_known_person(g, m);
    stray(g, m, ret);
}

static int64_t sum_of(const int64_t fen[GJ_SOURCES_MAX])
{
    return fen[0] + fen[1] + fen[2];
}

/* A part, all, or one fen beside it. */
static int64_t part_of(struct generator *g, int64_t whole)
{
    if (whole <= 1 || chance(g, 30)) return generator_near_amount(g, whole > 0 ? whole : 1);
    return 1 + (int64_t)(generator_random(g) % (uint64_t)whole);
}

void generate_capture_or_release(struct generator *g, const struct model *m, struct generated *ret)
{
    static const uint8_t types[] = {GJ_OP_HOLD};
    struct gj_op *op = &ret->op;
    op->type = chance(g, 70) ? GJ_OP_CAPTURE : GJ_OP_RELEASE;
    op->ext_count = 1;
    const struct model_request *r = pick_open(g, m, GJ_OP_HOLD);
    if (r == NULL || chance(g, 15)) r = pick(g, m, types, sizeof(types), chance(g, 10));
    if (r == NULL) {
        op->amount = op->type == GJ_OP_CAPTURE;
        nothing_known(g, m, ret, generate_hold);
        return;
    }
    on(ret, r);
    stray(g, m, ret);
    if (op->type == GJ_OP_RELEASE) return;
    op->amount = generator_odd_amount(g, part_of(g, sum_of(r->left)));
    if (chance(g, 15)) op->flags = GJ_FLAG_FINAL;
}

void generate_refund(struct generator *g, const struct model *m, struct generated *ret)
{
    static const uint8_t types[] = {GJ_OP_PAY, GJ_OP_CAPTURE};
    static const uint8_t others[] = {GJ_OP_PAY,     GJ_OP_CAPTURE, GJ_OP_HOLD,       GJ_OP_TRANSFER,
                                     GJ_OP_DEPOSIT, GJ_OP_REFUND,  GJ_OP_PAY_PREMIUM};
    struct gj_op *op = &ret->op;
    op->type = GJ_OP_REFUND;
    op->ext_count = 1;
    const struct model_request *r = pick(g, m, types, sizeof(types), chance(g, 5));
    if (rarely(g, 40)) r = pick(g, m, others, sizeof(others), chance(g, 10));
    op->amount = 1;
    if (r == NULL) {
        nothing_known(g, m, ret, generate_pay);
        return;
    }
    on(ret, r);
    op->amount = generator_odd_amount(g, part_of(g, sum_of(r->moved) - sum_of(r->refunded)));
    stray(g, m, ret);
}

void generate_reverse(struct generator *g, const struct model *m, struct generated *ret)
{
    static const uint8_t types[] = {GJ_OP_DEPOSIT, GJ_OP_TRANSFER, GJ_OP_PAY,
                                    GJ_OP_CAPTURE, GJ_OP_REFUND,   GJ_OP_PAY_PREMIUM};
    static const uint8_t some[] = {GJ_OP_REFUND, GJ_OP_CAPTURE, GJ_OP_TRANSFER};
    ret->op.type = GJ_OP_REVERSE;
    ret->op.ext_count = 1;
    const struct model_request *r = pick(g, m, types, sizeof(types), chance(g, 8));
    if (chance(g, 50)) r = pick(g, m, &some[below(g, 3)], 1, false);
    if (rarely(g, 60) && m->request_count > 0) r = &m->requests[below(g, m->request_count)];
    if (r == NULL) {
        nothing_known(g, m, ret, generate_transfer);
        return;
    }
    on(ret, r);
    if (ret->op.person == 0) ret->op.person = generator_known_person(g, m);
    stray(g, m, ret);
}
