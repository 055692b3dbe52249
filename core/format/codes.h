/* core/format/codes.h -- the result codes. Numbers are stable for ever: they are logged and on the
 * wire. Order of precedence: 10..17 (frame and field), 30..37 or the stored reply (request), 20..25
 * (system), then the LOWEST code >= 40 that applies over all parties and sources. Remembered under
 * (first person, rid) and logged: 0..3 and >= 40. Not remembered: 10..26, 30..37. */
#ifndef CORE_FORMAT_CODES_H
#define CORE_FORMAT_CODES_H

#include <stdbool.h>
#include <stdint.h>

/* X(NAME, number, "what it means and what to do about it") */
#define GJ_CODE_MAP(X)                                                                             \
    X(OK, 0, "done")                                                                               \
    X(OK_PARTIAL, 1, "done in part; the remainder is in the reply")                                \
    X(OK_NOOP, 2, "already so; nothing changed")                                                   \
    X(OK_TOMBSTONED, 3, "the original never arrived and is now refused for ever")                  \
    X(MALFORMED, 10, "the frame or record cannot be read")                                         \
    X(UNKNOWN_OP, 11, "no operation has this number")                                              \
    X(UNSUPPORTED_VERSION, 12, "no common protocol version")                                       \
    X(BAD_FIELD, 13, "a field has a value outside its range")                                      \
    X(RESERVED_NONZERO, 14, "a reserved field or bit is not zero")                                 \
    X(BATCH_TOO_LARGE, 15, "more operations in a frame than the server announced")                 \
    X(UNAUTHENTICATED, 16, "say who you are first")                                                \
    X(FORBIDDEN, 17, "not allowed on this connection")                                             \
    X(OVERLOADED, 20, "too much outstanding; retry later with the same rid")                       \
    X(DEADLINE_EXCEEDED, 21, "log time is past the operation's deadline")                          \
    X(READ_ONLY, 22, "the log has no room left; reads and replays go on")                          \
    X(SHUTTING_DOWN, 23, "the server is stopping; retry with the same rid")                        \
    X(CAPACITY_PERSONS, 24, "the table of persons is full; restart with more --persons-max")       \
    X(CAPACITY_RECORDS, 25, "a table of records is full; restart with a larger limit")             \
    X(OUTCOME_UNKNOWN, 26, "the log failed; ask get_op after the restart")                         \
    X(RID_ZERO, 30, "the rid is zero")                                                             \
    X(RID_REUSED, 31, "the rid was used for another body")                                         \
    X(RID_EXPIRED, 32, "the rid is older than the window that can be checked")                     \
    X(RID_TOMBSTONED, 33, "reversed before it arrived")                                            \
    X(RID_IN_FUTURE, 34, "the rid is over 5 minutes ahead, or ahead with too many others")         \
    X(AMOUNT_NOT_POSITIVE, 35, "the amount must be at least 1 fen")                                \
    X(AMOUNT_OVER_MAX, 36, "the amount is above 9999999999999999 fen")                             \
    X(SELF_TRANSFER, 37, "payer and payee are the same person")                                    \
    X(PERSON_NOT_FOUND, 40, "no such person")                                                      \
    X(ACCOUNT_NOT_FOUND, 41, "the person has no personal account")                                 \
    X(ACCOUNT_EXISTS_DIFFERENT, 42, "the person exists with other data")                           \
    X(ACCOUNT_SUSPENDED, 43, "settlement is suspended for this use")                               \
    X(ACCOUNT_CLOSED, 44, "the account is closed")                                                 \
    X(WALLET_NOT_CONFIRMED, 45, "the person has not confirmed use of the wallet")                  \
    X(WALLET_ALREADY_CONFIRMED, 46, "the wallet is already confirmed")                             \
    X(NOT_INSURED, 47, "not insured, or not in a way this region accepts")                         \
    X(NOT_EMPLOYEE_INSURED, 48, "needs employees' insurance (310)")                                \
    X(NOT_RESIDENT_INSURED, 49, "needs residents' insurance (390)")                                \
    X(PROFILE_OVERDUE, 50, "changed contact data was not handed in within the grace days")         \
    X(BALANCE_NOT_ZERO, 51, "the balance is not zero")                                             \
    X(HOLDS_OUTSTANDING, 52, "holds or pending transfers are open")                                \
    X(REGION_NOT_FOUND, 60, "no such region")                                                      \
    X(REGION_NOT_OPEN_PAYER, 61, "the payer's region has not opened the wallet or sharing")        \
    X(REGION_NOT_OPEN_PAYEE, 62, "the payee's region has not opened the wallet")                   \
    X(REGION_CHANGE_DISABLED, 63, "the region does not let the region of use change")              \
    X(REGION_SAME, 64, "already that region")                                                      \
    X(WRONG_PLACE_OF_USE, 65, "the institution is outside the place of use")                       \
    X(OUTSIDE_SERVICE_HOURS, 66, "outside the region's service hours")                             \
    X(POLICY_VERSION_STALE, 67, "a policy of this or a later version is already set")              \
    X(POLICY_INVALID, 68, "the policy contradicts itself or reaches into the past")                \
    X(CROSS_REGION_DISABLED, 69, "the policy does not let this cross regions")                     \
    X(INST_NOT_FOUND, 70, "no such institution")                                                   \
    X(INST_EXISTS_DIFFERENT, 71, "the institution exists with another code, region or type")       \
    X(INST_SUSPENDED, 72, "the institution is suspended")                                          \
    X(INST_NOT_WALLET_ENABLED, 73, "the institution does not take the wallet")                     \
    X(INST_SCENARIO_NOT_ALLOWED, 74, "the institution does not settle this scenario")              \
    X(RELATION_NOT_FOUND, 80, "no registered relation")                                            \
    X(RELATION_EXISTS_DIFFERENT, 81, "the relation exists with another kind or cap")               \
    X(RELATION_KIND_NOT_ALLOWED, 82, "the policy does not allow this kind of relative")            \
    X(MEMBER_LIMIT, 83, "the family has as many members as the policy allows")                     \
    X(SELF_RELATION, 84, "a person cannot be a member to itself")                                  \
    X(RELATION_IN_USE, 85, "money is held over this relation")                                     \
    X(TRANSFER_NOT_FOUND, 90, "no such transfer")                                                  \
    X(TRANSFER_EXPIRED, 91, "the transfer expired")                                                \
    X(TRANSFER_NOT_PENDING, 92, "the transfer is not pending")                                     \
    X(NOT_PAYEE, 93, "only a party of the transfer may do this")                                   \
    X(HOLD_NOT_FOUND, 100, "no such hold")                                                         \
    X(HOLD_CAPTURED, 101, "the hold is fully captured")                                            \
    X(HOLD_RELEASED, 102, "the hold was released")                                                 \
    X(HOLD_EXPIRED, 103, "the hold expired")                                                       \
    X(HOLD_TIMEOUT_INVALID, 105, "the hold's timeout is outside the policy")                       \
    X(ORIGINAL_NOT_FOUND, 110, "no such original")                                                 \
    X(ALREADY_REVERSED, 111, "already reversed")                                                   \
    X(NOT_REVERSIBLE, 112, "this cannot be undone this way")                                       \
    X(REVERSAL_WINDOW_CLOSED, 113, "too late to undo")                                             \
    X(PAYEE_FUNDS_SPENT, 115, "the money is no longer there")                                      \
    X(PREMIUM_PRODUCT_UNKNOWN, 120, "no such product and year")                                    \
    X(ENROLLMENT_CLOSED, 121, "outside the enrolment window")                                      \
    X(PREMIUM_ALREADY_PAID, 122, "the premium is already paid")                                    \
    X(PREMIUM_AMOUNT_MISMATCH, 123, "not the product's amount")                                    \
    X(SPLIT_MISMATCH, 153, "the amount is above the patient's own part")                           \
    X(PURPOSE_NOT_ALLOWED, 154, "the source may not pay for this")                                 \
    X(AUTH_METHOD_REQUIRED, 155, "needs another way of authentication")                            \
    X(TRANSFER_SINGLE_LIMIT, 156, "above the limit of one transfer")                               \
    X(TRANSFER_DAILY_COUNT, 157, "no more transfers today")                                        \
    X(TRANSFER_PENDING_EXISTS, 158, "one transfer is already pending")                             \
    X(OUTPATIENT_SINGLE_LIMIT, 159, "above the limit of one visit")                                \
    X(SHARED_CAP_EXCEEDED, 160, "above the shared amount the authoriser set")                      \
    X(ANNUAL_QUOTA_EXCEEDED, 161, "above the year's quota")                                        \
    X(CAPTURE_EXCEEDS_HOLD, 162, "above what is held")                                             \
    X(REFUND_EXCEEDS_CAPTURED, 163, "above what was captured")                                     \
    X(INSUFFICIENT_BALANCE, 164, "not enough available")                                           \
    X(AMOUNT_OVERFLOW, 165, "the credited account would exceed its maximum")

enum gj_code {
#define X(name, number, text) GJ_##name = (number),
    GJ_CODE_MAP(X)
#undef X
};

/* Name without prefix ("OK_PARTIAL"), or NULL if no code has this number. Static storage. */
const char *gj_code_name(uint8_t code);
/* One line for people, or NULL. Static storage. */
const char *gj_code_text(uint8_t code);
/* The code of a name ("OK_PARTIAL"), or -1. */
int gj_code_from_name(const char *name);

/* Success: the operation was executed (0..3). */
static inline bool gj_code_ok(uint8_t code)
{
    return code <= GJ_OK_TOMBSTONED;
}

/* Outcomes are logged and remembered; everything else says only that this attempt did nothing. */
static inline bool gj_code_is_outcome(uint8_t code)
{
    return code <= GJ_OK_TOMBSTONED || code >= GJ_PERSON_NOT_FOUND;
}

#endif
