/* tests/tables/messages.h -- operations as messages: an operation and its extension lines behind
 * it, with what most rows want of the rest (authenticated by face, outpatient, active). */
#ifndef TESTS_TABLES_MESSAGES_H
#define TESTS_TABLES_MESSAGES_H

#include "core/format/op.h"

struct msg {
    struct gj_op op;
    uint8_t ext[GJ_EXT_MAX * GJ_RECORD_UNIT];
};

struct fixture;
/* The region's next version, with the same names and policy. */
struct msg region_again(const struct fixture *w, uint16_t id);
struct msg region_msg(uint16_t id, uint32_t version, const char *province, const char *name);
struct msg inst_msg(uint64_t id, uint16_t region, uint8_t type, uint8_t scenarios, uint8_t flags);
struct msg open_msg(uint64_t id, uint16_t region, uint8_t insurance);
struct msg update_msg(uint64_t id, uint8_t insurance, uint8_t status);
struct msg overdue_msg(uint64_t id, uint16_t day);
struct msg phone_msg(uint64_t id, uint64_t hash);
struct msg wallet_msg(uint64_t id, uint16_t region);
struct msg bind_msg(uint64_t payer, uint64_t member, uint8_t kind, int64_t cap);
struct msg unbind_msg(uint64_t payer, uint64_t member);
struct msg cap_msg(uint64_t payer, uint64_t member, int64_t cap);
struct msg deposit_msg(uint64_t id, int64_t amount);
struct msg transfer_msg(uint64_t payer, uint64_t payee, int64_t amount, uint8_t source);
struct msg pay_msg(uint64_t patient, uint64_t inst, int64_t amount, uint8_t sources);
struct msg relative_msg(uint64_t patient, uint64_t inst, int64_t amount, uint8_t sources,
                        uint64_t relative);
struct msg premium_msg(uint64_t payer, uint64_t beneficiary, uint16_t year, uint8_t source);
struct msg suspend_msg(uint64_t id, uint8_t bits);
struct msg resume_msg(uint64_t id, uint8_t bits);
struct msg hold_msg(uint64_t patient, uint64_t inst, int64_t amount, uint8_t sources);
struct msg region_change_msg(uint64_t id, uint16_t region);
struct msg close_msg(uint64_t id, uint8_t payout);
/* On an original: its first person, and the number as() gave it. */
struct msg accept_msg(uint64_t payer, unsigned original, uint64_t who);
struct msg return_msg(uint64_t payer, unsigned original, uint64_t who);
struct msg capture_msg(uint64_t patient, unsigned original, int64_t amount);
struct msg final_msg(uint64_t patient, unsigned original, int64_t amount); /* CAPTURE with FINAL */
struct msg release_msg(uint64_t patient, unsigned original);
struct msg refund_msg(uint64_t patient, unsigned original, int64_t amount);
struct msg reverse_msg(uint64_t person, unsigned original);
/* The same message with a rid that can be named later, minted at NOW_MS. Numbers from 1. */
struct msg as(struct msg m, unsigned number);
struct gj_rid fixture_rid(uint64_t ms, uint64_t number);
/* The same message with one thing changed. */
struct msg with_relative(struct msg m, uint64_t relative);
struct msg with_timeout(struct msg m, uint32_t seconds);
struct msg with_auth(struct msg m, uint8_t auth);
struct msg with_detail(struct msg m, uint8_t detail);
struct msg with_flags(struct msg m, uint8_t flags);
struct msg with_amount(struct msg m, int64_t amount);
struct msg with_part(struct msg m, int64_t personal_part);

#define PERSONAL ((uint8_t)GJ_SOURCE_PERSONAL)
#define WALLET   ((uint8_t)GJ_SOURCE_WALLET)
#define RELATIVE ((uint8_t)GJ_SOURCE_RELATIVE)

#endif
