/* tests/tables/messages.c -- the operations as messages, each with what most rows want of it. */
#include "tests/tables/messages.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/tables/fixture.h"

static struct msg msg_new(uint8_t type, uint64_t person, uint64_t other, int64_t amount)
{
    struct msg m;
    memset(&m, 0, sizeof(m));
    m.op.type = type;
    m.op.person = person;
    m.op.other = other;
    m.op.amount = amount;
    return m;
}

struct msg region_msg(uint16_t id, uint32_t version, const char *province, const char *name)
{
    struct msg m = msg_new(GJ_OP_SET_REGION, 0, 0, version);
    struct gj_region_ext ext;
    memset(&ext, 0, sizeof(ext));
    m.op.arg = id;
    m.op.ext_count = GJ_EXT_MAX;
    strncpy(ext.province, province, sizeof(ext.province) - 1);
    strncpy(ext.name, name, sizeof(ext.name) - 1);
    gj_policy_default(&ext.policy);
    ext.policy.wallet_open = 1;
    ext.policy.premiums[0] = (struct gj_premium_row){.amount = 40000,
                                                     .year = 2026,
                                                     .product = 1,
                                                     .from_day = calendar_day_of(2025, 9, 1),
                                                     .to_day = calendar_day_of(2025, 12, 31)};
    memcpy(m.ext, &ext, sizeof(ext));
    return m;
}

struct msg region_again(const struct fixture *w, uint16_t id)
{
    const struct region *r = &w->s->regions[id];
    uint32_t last = r->next_version != 0 ? r->next_version : r->version;
    struct msg m = msg_new(GJ_OP_SET_REGION, 0, 0, (int64_t)last + 1);
    m.op.arg = id;
    m.op.ext_count = GJ_EXT_MAX;
    memcpy(m.ext, &r->data, sizeof(r->data));
    return m;
}

struct msg inst_msg(uint64_t id, uint16_t region, uint8_t type, uint8_t scenarios, uint8_t flags)
{
    struct msg m = msg_new(GJ_OP_SET_INSTITUTION, 0, id, 0);
    m.op.arg = region;
    m.op.kind = type;
    m.op.detail = scenarios;
    m.op.flags = flags;
    m.op.ext_count = 1;
    snprintf((char *)m.ext, 16, "H%011" PRIu64, id);
    return m;
}

struct msg open_msg(uint64_t id, uint16_t region, uint8_t insurance)
{
    struct msg m = msg_new(GJ_OP_OPEN_PERSON, id, 0, 0);
    m.op.arg = region;
    m.op.kind = insurance;
    m.op.detail = GJ_STATUS_ACTIVE;
    return m;
}

struct msg update_msg(uint64_t id, uint8_t insurance, uint8_t status)
{
    struct msg m = msg_new(GJ_OP_UPDATE_PERSON, id, 0, 0);
    m.op.kind = insurance;
    m.op.detail = status;
    return m;
}

struct msg overdue_msg(uint64_t id, uint16_t day)
{
    struct msg m = msg_new(GJ_OP_UPDATE_PERSON, id, 0, 0);
    m.op.arg = day;
    return m;
}

struct msg phone_msg(uint64_t id, uint64_t hash)
{
    struct msg m = msg_new(GJ_OP_UPDATE_PERSON, id, hash, 0);
    m.op.flags = GJ_FLAG_PHONE;
    return m;
}

struct msg wallet_msg(uint64_t id, uint16_t region)
{
    struct msg m = msg_new(GJ_OP_CONFIRM_WALLET, id, 0, 0);
    m.op.arg = region;
    m.op.auth = GJ_AUTH_FACE;
    return m;
}

struct msg bind_msg(uint64_t payer, uint64_t member, uint8_t kind, int64_t cap)
{
    struct msg m = msg_new(GJ_OP_BIND, payer, member, cap);
    m.op.kind = kind;
    m.op.auth = GJ_AUTH_FACE;
    return m;
}

struct msg unbind_msg(uint64_t payer, uint64_t member)
{
    return msg_new(GJ_OP_UNBIND, payer, member, 0);
}

struct msg cap_msg(uint64_t payer, uint64_t member, int64_t cap)
{
    return msg_new(GJ_OP_SET_CAP, payer, member, cap);
}

struct msg deposit_msg(uint64_t id, int64_t amount)
{
    return msg_new(GJ_OP_DEPOSIT, id, 0, amount);
}

struct msg transfer_msg(uint64_t payer, uint64_t payee, int64_t amount, uint8_t source)
{
    struct msg m = msg_new(GJ_OP_TRANSFER, payer, payee, amount);
    m.op.kind = source;
    m.op.auth = GJ_AUTH_FACE;
    return m;
}

struct msg pay_msg(uint64_t patient, uint64_t inst, int64_t amount, uint8_t sources)
{
    struct msg m = msg_new(GJ_OP_PAY, patient, inst, amount);
    m.op.kind = sources;
    m.op.detail = GJ_OUTPATIENT;
    m.op.auth = GJ_AUTH_FACE;
    return m;
}

struct msg relative_msg(uint64_t patient, uint64_t inst, int64_t amount, uint8_t sources,
                        uint64_t relative)
{
    return with_relative(pay_msg(patient, inst, amount, sources), relative);
}

struct msg premium_msg(uint64_t payer, uint64_t beneficiary, uint16_t year, uint8_t source)
{
    struct msg m = msg_new(GJ_OP_PAY_PREMIUM, payer, beneficiary, 40000);
    m.op.arg = year;
    m.op.kind = source;
    m.op.detail = 1;
    return m;
}

struct msg suspend_msg(uint64_t id, uint8_t bits)
{
    return with_detail(msg_new(GJ_OP_SUSPEND, id, 0, 0), bits);
}

struct msg resume_msg(uint64_t id, uint8_t bits)
{
    return with_detail(msg_new(GJ_OP_RESUME, id, 0, 0), bits);
}

struct msg hold_msg(uint64_t patient, uint64_t inst, int64_t amount, uint8_t sources)
{
    struct msg m = pay_msg(patient, inst, amount, sources);
    m.op.type = GJ_OP_HOLD;
    return m;
}

struct msg region_change_msg(uint64_t id, uint16_t region)
{
    struct msg m = msg_new(GJ_OP_CHANGE_REGION, id, 0, 0);
    m.op.arg = region;
    m.op.auth = GJ_AUTH_FACE;
    return m;
}

struct msg close_msg(uint64_t id, uint8_t payout)
{
    return with_detail(msg_new(GJ_OP_CLOSE_PERSON, id, 0, 0), payout);
}

struct gj_rid fixture_rid(uint64_t ms, uint64_t number)
{
    struct gj_rid rid = {{0}};
    for (unsigned i = 0; i < 6; i++) rid.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    memcpy(rid.bytes + 8, &number, sizeof(number));
    return rid;
}

/* Numbered rids never meet those that fixture_send() mints. */
static struct gj_rid numbered_rid(unsigned number)
{
    return fixture_rid(NOW_MS, (UINT64_C(1) << 32) + number);
}

struct msg as(struct msg m, unsigned number)
{
    m.op.rid = numbered_rid(number);
    return m;
}

static struct msg original_msg(uint8_t type, uint64_t person, unsigned original)
{
    struct msg m = msg_new(type, person, 0, 0);
    struct gj_rid rid = numbered_rid(original);
    m.op.ext_count = 1;
    memcpy(m.ext, &rid, sizeof(rid));
    return m;
}

struct msg accept_msg(uint64_t payer, unsigned original, uint64_t who)
{
    struct msg m = original_msg(GJ_OP_ACCEPT, payer, original);
    m.op.other = who;
    return m;
}

struct msg return_msg(uint64_t payer, unsigned original, uint64_t who)
{
    struct msg m = original_msg(GJ_OP_RETURN, payer, original);
    m.op.other = who;
    return m;
}

struct msg capture_msg(uint64_t patient, unsigned original, int64_t amount)
{
    return with_amount(original_msg(GJ_OP_CAPTURE, patient, original), amount);
}

struct msg final_msg(uint64_t patient, unsigned original, int64_t amount)
{
    return with_flags(capture_msg(patient, original, amount), GJ_FLAG_FINAL);
}

struct msg release_msg(uint64_t patient, unsigned original)
{
    return original_msg(GJ_OP_RELEASE, patient, original);
}

struct msg refund_msg(uint64_t patient, unsigned original, int64_t amount)
{
    return with_amount(original_msg(GJ_OP_REFUND, patient, original), amount);
}

struct msg reverse_msg(uint64_t person, unsigned original)
{
    return original_msg(GJ_OP_REVERSE, person, original);
}

struct msg with_relative(struct msg m, uint64_t relative)
{
    m.op.ext_count = 1;
    memcpy(m.ext, &relative, sizeof(relative));
    return m;
}

struct msg with_timeout(struct msg m, uint32_t seconds)
{
    m.op.ext_count = 1;
    memcpy(m.ext + offsetof(struct gj_pay_ext, timeout_s), &seconds, sizeof(seconds));
    return m;
}

struct msg with_auth(struct msg m, uint8_t auth)
{
    m.op.auth = auth;
    return m;
}

struct msg with_detail(struct msg m, uint8_t detail)
{
    m.op.detail = detail;
    return m;
}

struct msg with_flags(struct msg m, uint8_t flags)
{
    m.op.flags = flags;
    return m;
}

struct msg with_amount(struct msg m, int64_t amount)
{
    m.op.amount = amount;
    return m;
}

struct msg with_part(struct msg m, int64_t personal_part)
{
    m.op.ext_count = 1;
    memcpy(m.ext + 8, &personal_part, sizeof(personal_part));
    return m;
}
