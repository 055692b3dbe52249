/* clients/c/build.c -- one function per operation, filling its 64 bytes and extension lines. */
#include "clients/c/gongji.h"

#include <string.h>

void gj_set_region(struct gj_op *op, struct gj_rid rid, uint16_t region, uint32_t version,
                   uint64_t valid_from_ms)
{
    *op = (struct gj_op){
        .rid = rid,
        .type = GJ_OP_SET_REGION,
        .ext_count = sizeof(struct gj_region_ext) / GJ_RECORD_UNIT,
        .other = valid_from_ms,
        .amount = version,
        .arg = region,
    };
}

int gj_set_institution(struct gj_op *op, struct gj_institution_ext *ext, struct gj_rid rid,
                       uint64_t institution, uint16_t region, enum gj_institution_type type,
                       uint8_t scenario_mask, uint8_t flags, const char *code)
{
    size_t length = strlen(code);
    if (length > sizeof(ext->code)) return GJ_E_ARGUMENT;
    *op = (struct gj_op){
        .rid = rid,
        .type = GJ_OP_SET_INSTITUTION,
        .ext_count = 1,
        .other = institution,
        .flags = flags,
        .arg = region,
        .kind = (uint8_t)type,
        .detail = scenario_mask,
    };
    *ext = (struct gj_institution_ext){.code = {0}};
    memcpy(ext->code, code, length);
    return 0;
}

void gj_open_person(struct gj_op *op, struct gj_rid rid, uint64_t person, uint16_t region,
                    enum gj_insurance insurance, enum gj_status status, bool special)
{
    *op = (struct gj_op){
        .rid = rid,
        .person = person,
        .type = GJ_OP_OPEN_PERSON,
        .flags = special ? GJ_FLAG_SPECIAL : 0,
        .arg = region,
        .kind = (uint8_t)insurance,
        .detail = (uint8_t)status,
    };
}

void gj_update_person(struct gj_op *op, struct gj_rid rid, uint64_t person,
                      const struct gj_person_update *update)
{
    *op = (struct gj_op){
        .rid = rid,
        .person = person,
        .type = GJ_OP_UPDATE_PERSON,
        .arg = update->changed_on,
        .kind = update->insurance,
        .detail = update->status,
    };
    if (update->special_given) op->flags |= GJ_FLAG_SPECIAL_SET;
    if (update->special_given && update->special) op->flags |= GJ_FLAG_SPECIAL;
    if (update->phone_given) {
        op->flags |= GJ_FLAG_PHONE;
        op->other = update->phone_hash;
    }
}

void gj_confirm_wallet(struct gj_op *op, struct gj_rid rid, uint64_t person, uint16_t use_region,
                       uint64_t phone_hash, enum gj_auth auth)
{
    *op = (struct gj_op){
        .rid = rid,
        .person = person,
        .other = phone_hash,
        .type = GJ_OP_CONFIRM_WALLET,
        .auth = (uint8_t)auth,
        .arg = use_region,
    };
}

void gj_bind(struct gj_op *op, struct gj_rid rid, uint64_t payer, uint64_t member,
             enum gj_relation kind, int64_t cap, enum gj_auth auth)
{
    *op = (struct gj_op){
        .rid = rid,
        .person = payer,
        .other = member,
        .amount = cap,
        .type = GJ_OP_BIND,
        .auth = (uint8_t)auth,
        .kind = (uint8_t)kind,
    };
}

void gj_unbind(struct gj_op *op, struct gj_rid rid, uint64_t payer, uint64_t member)
{
    *op = (struct gj_op){.rid = rid, .person = payer, .other = member, .type = GJ_OP_UNBIND};
}

void gj_set_cap(struct gj_op *op, struct gj_rid rid, uint64_t payer, uint64_t member, int64_t cap,
                enum gj_auth auth)
{
    *op = (struct gj_op){
        .rid = rid,
        .person = payer,
        .other = member,
        .amount = cap,
        .type = GJ_OP_SET_CAP,
        .auth = (uint8_t)auth,
    };
}

void gj_deposit(struct gj_op *op, struct gj_rid rid, uint64_t person, int64_t amount)
{
    *op = (struct gj_op){.rid = rid, .person = person, .amount = amount, .type = GJ_OP_DEPOSIT};
}

void gj_transfer(struct gj_op *op, struct gj_rid rid, uint64_t payer, uint64_t payee,
                 int64_t amount, enum gj_source source, enum gj_auth auth)
{
    *op = (struct gj_op){
        .rid = rid,
        .person = payer,
        .other = payee,
        .amount = amount,
        .type = GJ_OP_TRANSFER,
        .auth = (uint8_t)auth,
        .kind = (uint8_t)source,
    };
}

void gj_pay(struct gj_op *op, struct gj_rid rid, uint64_t patient, uint64_t institution,
            int64_t amount, enum gj_scenario scenario, uint8_t sources, bool partial,
            enum gj_auth auth)
{
    *op = (struct gj_op){
        .rid = rid,
        .person = patient,
        .other = institution,
        .amount = amount,
        .type = GJ_OP_PAY,
        .flags = partial ? GJ_FLAG_PARTIAL : 0,
        .auth = (uint8_t)auth,
        .kind = sources,
        .detail = (uint8_t)scenario,
    };
}

void gj_pay_details(struct gj_op *op, struct gj_pay_ext *ext, uint64_t relative,
                    int64_t personal_part)
{
    op->ext_count = 1;
    *ext = (struct gj_pay_ext){.relative = relative, .personal_part = personal_part};
}

void gj_hold(struct gj_op *op, struct gj_rid rid, uint64_t patient, uint64_t institution,
             int64_t amount, enum gj_scenario scenario, uint8_t sources, bool partial,
             enum gj_auth auth)
{
    gj_pay(op, rid, patient, institution, amount, scenario, sources, partial, auth);
    op->type = GJ_OP_HOLD;
}

void gj_hold_details(struct gj_op *op, struct gj_pay_ext *ext, uint64_t relative,
                     int64_t personal_part, uint32_t timeout_s)
{
    gj_pay_details(op, ext, relative, personal_part);
    ext->timeout_s = timeout_s;
}

void gj_pay_premium(struct gj_op *op, struct gj_rid rid, uint64_t payer, uint64_t beneficiary,
                    int64_t amount, uint16_t year, uint8_t product, enum gj_source source)
{
    *op = (struct gj_op){
        .rid = rid,
        .person = payer,
        .other = beneficiary,
        .amount = amount,
        .type = GJ_OP_PAY_PREMIUM,
        .arg = year,
        .kind = (uint8_t)source,
        .detail = product,
    };
}

void gj_suspend(struct gj_op *op, struct gj_rid rid, uint64_t person, uint8_t uses)
{
    *op = (struct gj_op){.rid = rid, .person = person, .type = GJ_OP_SUSPEND, .detail = uses};
}

void gj_resume(struct gj_op *op, struct gj_rid rid, uint64_t person, uint8_t uses)
{
    *op = (struct gj_op){.rid = rid, .person = person, .type = GJ_OP_RESUME, .detail = uses};
}

/* An operation on an original: the first person and the rid of both, nothing else yet. */
static void amend(struct gj_op *op, struct gj_original_ext *ext, enum gj_op_type type,
                  struct gj_rid rid, uint64_t person, struct gj_rid original)
{
    *op = (struct gj_op){.rid = rid, .person = person, .type = (uint8_t)type, .ext_count = 1};
    *ext = (struct gj_original_ext){.rid = original};
}

void gj_accept(struct gj_op *op, struct gj_original_ext *ext, struct gj_rid rid, uint64_t payer,
               struct gj_rid original, uint64_t payee)
{
    amend(op, ext, GJ_OP_ACCEPT, rid, payer, original);
    op->other = payee;
}

void gj_return(struct gj_op *op, struct gj_original_ext *ext, struct gj_rid rid, uint64_t payer,
               struct gj_rid original, uint64_t by)
{
    amend(op, ext, GJ_OP_RETURN, rid, payer, original);
    op->other = by;
}

void gj_capture(struct gj_op *op, struct gj_original_ext *ext, struct gj_rid rid, uint64_t patient,
                struct gj_rid original, int64_t amount, bool final)
{
    amend(op, ext, GJ_OP_CAPTURE, rid, patient, original);
    op->amount = amount;
    op->flags = final ? GJ_FLAG_FINAL : 0;
}

void gj_release(struct gj_op *op, struct gj_original_ext *ext, struct gj_rid rid, uint64_t patient,
                struct gj_rid original)
{
    amend(op, ext, GJ_OP_RELEASE, rid, patient, original);
}

void gj_refund(struct gj_op *op, struct gj_original_ext *ext, struct gj_rid rid, uint64_t patient,
               struct gj_rid original, int64_t amount)
{
    amend(op, ext, GJ_OP_REFUND, rid, patient, original);
    op->amount = amount;
}

void gj_reverse(struct gj_op *op, struct gj_original_ext *ext, struct gj_rid rid, uint64_t person,
                struct gj_rid original)
{
    amend(op, ext, GJ_OP_REVERSE, rid, person, original);
}

void gj_change_region(struct gj_op *op, struct gj_rid rid, uint64_t person, uint16_t use_region,
                      enum gj_auth auth)
{
    *op = (struct gj_op){
        .rid = rid,
        .person = person,
        .type = GJ_OP_CHANGE_REGION,
        .auth = (uint8_t)auth,
        .arg = use_region,
    };
}

void gj_close_person(struct gj_op *op, struct gj_rid rid, uint64_t person, enum gj_payout payout)
{
    *op = (struct gj_op){
        .rid = rid, .person = person, .type = GJ_OP_CLOSE_PERSON, .detail = (uint8_t)payout};
}
