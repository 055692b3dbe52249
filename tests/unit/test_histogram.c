/* tests/unit/test_histogram.c -- percentiles of bench/histogram.h against exact ones. */
#include "bench/histogram.h"

#include "tests/test.h"

static struct histogram h, other;

TEST(empty)
{
    histogram_clear(&h);
    CHECK_EQ(histogram_at(&h, 500000), 0);
    CHECK_EQ(h.max, 0);
}

TEST(small_values_are_exact)
{
    histogram_clear(&h);
    for (uint64_t v = 1; v <= 2000; v++) histogram_record(&h, v, 1);
    CHECK_EQ(histogram_at(&h, 500000), 1000);
    CHECK_EQ(histogram_at(&h, 990000), 1980);
    CHECK_EQ(histogram_at(&h, 999000), 1998);
    CHECK_EQ(histogram_at(&h, 1000000), 2000);
    CHECK_EQ(histogram_at(&h, 0), 1);
}

TEST(three_digits_everywhere)
{
    for (uint64_t v = 1; v < (UINT64_C(1) << 41); v = v * 5 / 4 + 1) {
        histogram_clear(&h);
        histogram_record(&h, v, 1);
        histogram_record(&h, UINT64_C(1) << 42, 1); /* so that max does not hide the bucket's end */
        uint64_t got = histogram_at(&h, 500000);
        CHECK(got >= v);
        CHECK(got - v <= v / 1000);
    }
}

TEST(weights_and_order_do_not_matter)
{
    histogram_clear(&h);
    histogram_clear(&other);
    histogram_record(&h, 5000000, 10);
    histogram_record(&h, 1000, 990);
    for (int i = 0; i < 990; i++) histogram_record(&other, 1000, 1);
    for (int i = 0; i < 10; i++) histogram_record(&other, 5000000, 1);
    CHECK_EQ(h.total, 1000);
    for (uint32_t at = 0; at <= 1000000; at += 1000)
        CHECK_EQ(histogram_at(&h, at), histogram_at(&other, at));
    CHECK_EQ(histogram_at(&h, 990000), 1000);
    CHECK_EQ(histogram_at(&h, 991000), 5000000);
}

TEST(merge_adds)
{
    histogram_clear(&h);
    histogram_clear(&other);
    histogram_record(&h, 10, 3);
    histogram_record(&other, 70000, 1);
    histogram_merge(&h, &other);
    CHECK_EQ(h.total, 4);
    CHECK_EQ(h.max, 70000);
    CHECK_EQ(histogram_at(&h, 750000), 10);
    CHECK_EQ(histogram_at(&h, 750001), 70000);
}

TEST(huge_values_count_as_the_largest)
{
    histogram_clear(&h);
    histogram_record(&h, UINT64_MAX, 1);
    CHECK_EQ(h.total, 1);
    CHECK(h.max == UINT64_MAX);
    CHECK(histogram_at(&h, 500000) == UINT64_MAX);
}

TEST(zero_weight_changes_nothing)
{
    histogram_clear(&h);
    histogram_record(&h, 99, 0);
    CHECK_EQ(h.total, 0);
    CHECK_EQ(h.max, 0);
}

TEST_MAIN(T(empty), T(small_values_are_exact), T(three_digits_everywhere),
          T(weights_and_order_do_not_matter), T(merge_adds), T(huge_values_count_as_the_largest),
          T(zero_weight_changes_nothing))
