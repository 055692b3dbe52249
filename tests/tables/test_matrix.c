/* tests/tables/test_matrix.c -- whatever comes in between, a reversal leaves the world as if the
 * reversed operation had never been made, or answers with the refusal its rules name.
 *
 * Each reversible operation is made, then each operation that can succeed is, then the first is
 * reversed. Beside it lives a world in which the first was never made. Afterwards both must agree
 * in everything but what is documented to differ: gross never falls (but its balance agrees, unless
 * a wallet moved in between: then only each region's clearing does), day counts never fall, and an
 * institution's day knows both lines (but their difference agrees). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tables/matrix_cases.h"
#include "tests/test.h"

/* Everything of a world that a reversal restores. */
struct restored {
    struct {
        int64_t personal, personal_held, wallet, wallet_held, opening, credits, used, quota;
        uint64_t phone;
        uint16_t use_region, holds, pendings_out, pendings_in;
        uint8_t insurance, status, flags, suspended, member_count;
        uint8_t premiums[3];
        struct gj_member_view members[GJ_FAMILY_MEMBERS_MAX];
    } people[PEOPLE];
    i128 payable[PLACES];
    struct book books[AREAS];
    i128 premium_2026[AREAS];
    i128 net[AREAS][AREAS];
};
/* And what only grows. */
struct picture {
    struct restored restored;
    i128 gross[AREAS][AREAS];
    uint16_t transfer_day[PEOPLE], transfer_count[PEOPLE];
    int64_t moved; /* by the operations in between */
    uint8_t code;  /* of the last of them */
    bool expired;
};

static i128 wide(struct gj_fen128 fen)
{
    return (i128)((u128)(uint64_t)fen.high << 64 | fen.low);
}

static void take_person(const struct fixture *w, unsigned i, struct picture *ret)
{
    struct gj_person_view v = fixture_view(w, 100 + i);
    ret->restored.people[i].personal = v.personal;
    ret->restored.people[i].personal_held = v.personal_held;
    ret->restored.people[i].wallet = v.wallet;
    ret->restored.people[i].wallet_held = v.wallet_held;
    ret->restored.people[i].opening = v.opening;
    ret->restored.people[i].credits = v.credits;
    ret->restored.people[i].used = v.used;
    ret->restored.people[i].quota = v.quota;
    ret->restored.people[i].phone = v.phone_hash;
    ret->restored.people[i].use_region = v.use_region;
    ret->restored.people[i].holds = v.holds;
    ret->restored.people[i].pendings_out = v.pendings_out;
    ret->restored.people[i].pendings_in = v.pendings_in;
    ret->restored.people[i].insurance = v.insurance;
    ret->restored.people[i].status = v.status;
    ret->restored.people[i].flags = v.flags;
    ret->restored.people[i].suspended = v.suspended;
    ret->restored.people[i].member_count = v.member_count;
    memcpy(ret->restored.people[i].premiums, v.premium_paid, sizeof(v.premium_paid));
    memcpy(ret->restored.people[i].members, v.members, sizeof(v.members));
    ret->transfer_day[i] = fixture_person(w, 100 + i)->transfer_day;
    ret->transfer_count[i] = fixture_person(w, 100 + i)->transfer_count;
}

static void take_picture(const struct fixture *w, struct picture *ret)
{
    for (unsigned i = 0; i < PEOPLE; i++) take_person(w, i, ret);
    for (unsigned i = 0; i < PLACES; i++) {
        ret->restored.payable[i] = fixture_institution(w, 10 + i)->payable;
        /* All of it came on these days: their totals are the payable. */
        i128 sum = 0;
        for (uint16_t day = calendar_day(NOW_MS); day <= calendar_day(w->time_ms); day++) {
            struct gj_institution_day_view v = fixture_day(w, 10 + i, day);
            sum += wide(v.credits) - wide(v.debits);
        }
        CHECK(sum == ret->restored.payable[i]);
    }
    for (unsigned r = 1; r < AREAS; r++) {
        ret->restored.books[r] = w->s->books[r];
        ret->restored.premium_2026[r] = w->s->premium_payable[r * PREMIUM_YEARS + 26];
        for (unsigned q = 1; q < AREAS; q++) {
            ret->gross[r][q] = w->s->gross[r * GJ_REGIONS_MAX + q];
            ret->restored.net[r][q] = ret->gross[r][q] - w->s->gross[q * GJ_REGIONS_MAX + r];
        }
    }
}

/* Which part of the picture differs; NULL if none does. */
static const char *difference(const struct picture *a, const struct picture *b)
{
    const struct restored *x = &a->restored, *y = &b->restored;
    static char text[32];
    for (unsigned i = 0; i < PEOPLE; i++) {
        if (memcmp(&x->people[i], &y->people[i], sizeof(x->people[i])) == 0) continue;
        snprintf(text, sizeof(text), "person %u", 100 + i);
        return text;
    }
    if (memcmp(x->payable, y->payable, sizeof(x->payable)) != 0) return "payable";
    if (memcmp(x->books, y->books, sizeof(x->books)) != 0) return "books";
    if (memcmp(x->premium_2026, y->premium_2026, sizeof(x->net[0])) != 0) return "premiums";
    if (memcmp(x->net, y->net, sizeof(x->net)) != 0) return "gross, netted";
    return NULL;
}

/* Gross and day counts never fall: the reversed transfer stays counted. */
static bool nothing_fell(const struct sample *f, const struct picture *with,
                         const struct picture *without)
{
    for (unsigned r = 1; r < AREAS; r++) {
        for (unsigned q = 1; q < AREAS; q++) {
            if (with->gross[r][q] < without->gross[r][q]) return false;
        }
    }
    for (unsigned i = 0; i < PEOPLE; i++) {
        bool today = with->transfer_day[i] == calendar_day(NOW_MS);
        unsigned more = today && f->person == 100 + i ? f->transfers : 0;
        if (with->transfer_count[i] != without->transfer_count[i] + more) return false;
    }
    return true;
}

/* Runs what comes in between; the answer of the last. */
static void run_second(struct fixture *w, unsigned number, struct picture *ret)
{
    memset(ret, 0, sizeof(*ret)); /* compared as bytes */
    w->time_ms += seconds[number].later_ms;
    for (unsigned i = 0; i < seconds[number].count; i++) {
        ret->code = fixture_send(w, seconds[number].list[i]);
        ret->moved += w->last.reply.amount;
        ret->expired |= w->expired != 0;
    }
}

/* The refusal the rules name for reversing `f` as the world is now; OK if none does. */
static uint8_t documented(const struct fixture *w, const struct sample *f)
{
    uint8_t code = GJ_OK;
    if (f->refund && calendar_day(w->time_ms) != calendar_day(NOW_MS)) {
        code = GJ_REVERSAL_WINDOW_CLOSED;
    }
    for (unsigned i = 0; i < f->moves_count; i++) {
        struct gj_person_view v = fixture_view(w, f->moves[i].person);
        if (v.flags & GJ_PERSON_CLOSED) return GJ_ACCOUNT_CLOSED; /* the lowest */
        int64_t available =
            f->moves[i].source == WALLET ? v.wallet - v.wallet_held : v.personal - v.personal_held;
        if (available < f->moves[i].debit && code == GJ_OK) code = GJ_PAYEE_FUNDS_SPENT;
    }
    return code;
}

static struct {
    unsigned compared, refused, apart;
    bool between[32]; /* operations that succeeded in between */
} seen;

/* The world without `f`. Those that differ by nothing else are made once. */
static const struct picture *without(const struct sample *f, unsigned number)
{
    static struct picture plain[SECONDS_MAX], other;
    static bool made[SECONDS_MAX];
    struct picture *ret = f->without_count == 0 ? &plain[number] : &other;
    if (f->without_count == 0 && made[number]) return ret;
    struct fixture *w = matrix_world();
    for (unsigned i = 0; i < f->without_count; i++) DO(f->without[i]);
    run_second(w, number, ret);
    take_picture(w, ret);
    fixture_end(w);
    if (f->without_count == 0) made[number] = true;
    return ret;
}

static bool reversed(const struct sample *f, unsigned number)
{
    const struct picture *never = without(f, number);
    struct picture with;
    struct fixture *w = matrix_world();
    for (unsigned i = 0; i < f->with_count; i++) DO(f->with[i]);
    run_second(w, number, &with);
    uint8_t type = seconds[number].list[0].op.type;
    uint8_t want = documented(w, f);
    struct msg reverse = reverse_msg(f->person, FIRST);
    fixture_row(w, want, reverse, __FILE__, __LINE__);
    bool good = w->last.reply.code == want;
    if (want == GJ_OK) {
        STEP(ALREADY_REVERSED, reverse);
        take_picture(w, &with);
        struct picture there = *never;
        if (type == GJ_OP_CHANGE_REGION) {
            memcpy(there.restored.net, with.restored.net, sizeof(there.restored.net));
        }
        if (with.code == never->code && (with.moved == never->moved || type != GJ_OP_PAY) &&
            (with.moved == never->moved || type != GJ_OP_HOLD)) {
            const char *what = difference(&with, &there);
            if (what != NULL) printf("    %s differs\n", what);
            good = good && what == NULL && nothing_fell(f, &with, never);
            seen.compared++;
            seen.between[type] |= with.code <= GJ_OK_NOOP;
            seen.between[GJ_OP_EXPIRE] |= with.expired;
        } else {
            seen.apart++; /* the operation in between went another way */
        }
    } else {
        seen.refused++;
    }
    if (number % 8 == 0)
        fixture_close(w);
    else
        fixture_end(w); /* the redo costs as much as the rest */
    if (!good) printf("    %s reversed after %s (%u)\n", f->name, gj_op_name(type), number);
    return good;
}

TEST(reverse_after_everything)
{
    if (samples_count == 0) make_samples();
    make_seconds();
    for (unsigned i = 0; i < samples_count; i++) {
        for (unsigned number = 0; number < seconds_count; number++) {
            CHECK(reversed(&samples[i], number));
        }
    }
    printf("    %u reversible operations, %u in between: %u restored, %u refused as documented, "
           "%u went another way\n",
           samples_count, seconds_count, seen.compared, seen.refused, seen.apart);
    for (uint8_t type = 1; type < ARRAY_COUNT(seen.between); type++) {
        if (gj_op_name(type) == NULL || seen.between[type]) continue;
        printf("    %s never came in between\n", gj_op_name(type));
        CHECK(seen.between[type]);
    }
    CHECK(seen.apart * 20 < seen.compared); /* else the world is too small for what is tried */
    CHECK(seen.refused * 5 < seen.compared);
    CHECK_EQ(fixture_failures(), 0);
}

/* Reversed in the next calendar year, with and without something in between: nothing of the new
 * year's quota, used or draws changes. */
static void next_year(const struct sample *f, bool between)
{
    struct fixture *w = matrix_world();
    for (uint16_t r = 1; r < AREAS; r++) POLICY(r, reversal_days = UNDO_UNLIMITED);
    w->time_ms = fixture_ms(2025, 12, 31, 23 * 60 + 59);
    for (unsigned i = 0; i < f->with_count; i++) DO(f->with[i]);
    w->time_ms = fixture_ms(2026, 1, 1, 0);
    if (between) {
        DO(relative_msg(101, 10, 80, RELATIVE, 100));
        DO(relative_msg(102, 13, 80, RELATIVE, 100));
        DO(deposit_msg(100, 70));
        DO(relative_msg(100, 10, 60, RELATIVE, 103));
    }
    struct gj_person_view before[PEOPLE];
    for (unsigned i = 0; i < PEOPLE; i++) before[i] = fixture_view(w, 100 + i);
    struct msg reverse = reverse_msg(f->person, FIRST);
    if (f->refund)
        STEP(REVERSAL_WINDOW_CLOSED, reverse);
    else
        STEP(OK, reverse);
    for (unsigned i = 0; i < PEOPLE; i++) {
        struct gj_person_view after = fixture_view(w, 100 + i);
        EQ(after.year, 2026);
        OK(after.opening == before[i].opening && after.credits == before[i].credits);
        OK(after.used == before[i].used && after.quota_left == before[i].quota_left);
        OK(memcmp(after.members, before[i].members, sizeof(after.members)) == 0);
    }
    unsigned failed = fixture_failures();
    if (failed != 0) printf("    %s reversed in the next year\n", f->name);
    CHECK_EQ(failed, 0);
    fixture_close(w);
}

TEST(reverse_in_the_next_year)
{
    if (samples_count == 0) make_samples();
    for (unsigned i = 0; i < samples_count; i++) {
        next_year(&samples[i], false);
        next_year(&samples[i], true);
    }
    CHECK_EQ(fixture_failures(), 0);
}

TEST_MAIN(T(reverse_after_everything), T(reverse_in_the_next_year))
