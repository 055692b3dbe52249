/* tests/unit/test_op_map.c -- a new operation needs its row of GJ_OP_MAP and its two functions: the
 * map is walked, and what the rows say is compared with what they must not contradict. */
#include "core/commit/apply.h"
#include "core/decide/rules.h"
#include "core/format/op_check.h"
#include "core/format/op_traits.h"
#include "core/format/record.h"
#include "tests/test.h"

struct row {
    uint8_t number;
    const char *name, *verb;
    void (*decide)(struct decider *d);
    void (*commit)(struct state *s, const struct applied *a);
};

/* Does not link if one of the functions is missing. */
static const struct row rows[] = {
#define X(NAME, number, verb, min, max, is, function, ...)                                         \
    {number, #NAME, verb, decide_##function, commit_##function},
    GJ_OP_MAP(X)
#undef X
};
enum { ROWS = sizeof(rows) / sizeof(*rows) };

TEST(numbers_follow_each_other)
{
    CHECK_EQ(ROWS + 1, GJ_OP_TYPES);
    for (unsigned i = 0; i < ROWS; i++) CHECK_EQ(rows[i].number, i + 1);
    CHECK_EQ(op_traits[0].known, 0);
    for (unsigned type = GJ_OP_TYPES; type < 256; type++) CHECK_EQ(op_traits[type].known, 0);
}

TEST(names_verbs_and_functions_are_one_operations_own)
{
    for (unsigned i = 0; i < ROWS; i++) {
        CHECK_STR(gj_op_name(rows[i].number), rows[i].name);
        CHECK_STR(gj_op_verb(rows[i].number), rows[i].verb);
        for (unsigned j = 0; j < i; j++) {
            CHECK(strcmp(rows[i].name, rows[j].name) != 0);
            CHECK(strcmp(rows[i].verb, rows[j].verb) != 0);
            CHECK(rows[i].decide != rows[j].decide);
            CHECK(rows[i].commit != rows[j].commit);
        }
    }
}

/* Whether some things a row says exclude or ask for others. */
static bool sound(uint8_t type)
{
    const struct op_traits *t = &op_traits[type];
    bool original = op_is(type, GJ_OP_ORIGINAL), sources = op_is(type, GJ_OP_SOURCES);
    bool family = op_is(type, GJ_OP_FAMILY);
    if (op_is(type, GJ_OP_SECOND | GJ_OP_INSTITUTION)) return false;
    if (op_is(type, GJ_OP_UNDOES) && !original) return false;
    if (original && (t->ext_min != 1 || t->ext_max != 1 || sources)) return false;
    if (sources && (t->ext_min != 0 || t->ext_max != 1)) return false;
    if (family && !op_is(type, GJ_OP_PERSON | GJ_OP_SECOND)) return false;
    /* A rule of a field beside the trait that rules it would never be asked. */
    if (op_is(type, GJ_OP_OTHER) && t->other != OP_OTHER_UNUSED) return false;
    if (op_is(type, GJ_OP_MONEY) && t->amount != OP_AMOUNT_UNUSED) return false;
    /* No record has both, effect_last_line() stands on it. */
    unsigned lines = t->lines | (unsigned)t->lines_may;
    unsigned both = EFFECT_HOLD | EFFECT_ORIGINAL;
    if ((lines & both) == both || (t->lines & t->lines_may) != 0) return false;
    if (((lines & EFFECT_ORIGINAL) != 0) != op_is(type, GJ_OP_UNDOES)) return false;
    if (original && (lines & both) == 0) return false;
    return !sources || (t->lines & EFFECT_SOURCES) != 0;
}

TEST(rows_do_not_contradict_themselves)
{
    for (unsigned i = 0; i < ROWS; i++) {
        CHECK(op_traits[rows[i].number].known);
        CHECK(sound(rows[i].number));
    }
}

/* An operation that says nothing but its type is refused for its fields, one that only the server
 * writes, or nobody, is unknown. */
TEST(bytes_are_checked_by_the_row)
{
    uint64_t bytes[(1 + GJ_EXT_MAX) * GJ_RECORD_UNIT / 8];
    struct gj_op *op = (struct gj_op *)(void *)bytes;
    for (unsigned type = 0; type < 256; type++) {
        memset(bytes, 0, sizeof(bytes));
        const struct op_traits *t = &op_traits[type];
        bool known = t->known && !op_is((uint8_t)type, GJ_OP_INTERNAL);
        op->type = (uint8_t)type;
        op->ext_count = t->ext_max;
        CHECK_EQ(op_check_fields(op), known ? GJ_BAD_FIELD : GJ_UNKNOWN_OP);
        CHECK((op_original(op) != NULL) == op_is((uint8_t)type, GJ_OP_ORIGINAL));
        op->ext_count = (uint8_t)(t->ext_max + 1);
        CHECK_EQ(op_check_fields(op), known ? GJ_MALFORMED : GJ_UNKNOWN_OP);
    }
}

TEST_MAIN(T(numbers_follow_each_other), T(names_verbs_and_functions_are_one_operations_own),
          T(rows_do_not_contradict_themselves), T(bytes_are_checked_by_the_row))
