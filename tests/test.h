/* tests/test.h -- the test runner of every C test: one process, one line per test.
 *
 *   TEST(name) { CHECK(cond); CHECK_EQ(got, want); CHECK_STR(got, want); }
 *   TEST_MAIN(T(name), T(other))
 *
 * Output: `ok NAME` or `not ok NAME` with the place and both values, then `N passed, N failed`.
 * Arguments, if any, select tests by exact name. Exit 0 if all passed, 1 if not. */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static unsigned test_failures_; /* of the running test */

struct test_case {
    const char *name;
    void (*run)(void);
};

#define TEST(name) static void test_##name(void)
#define T(name)                                                                                    \
    {                                                                                              \
#name, test_##name                                                                         \
    }

/* Failing checks are counted and the test goes on, so one run shows all of them. */
#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            test_failures_++;                                                                      \
            printf("    %s:%d: not so: %s\n", __FILE__, __LINE__, #cond);                          \
        }                                                                                          \
    } while (0)
#define CHECK_EQ(got, want)                                                                        \
    test_check_eq_((int64_t)(got), (int64_t)(want), #got, __FILE__, __LINE__)
#define CHECK_STR(got, want) test_check_str_((got), (want), #got, __FILE__, __LINE__)

static inline bool test_check_eq_(int64_t got, int64_t want, const char *what, const char *file,
                                  int line)
{
    if (got == want) return true;
    test_failures_++;
    printf("    %s:%d: %s is %" PRId64 ", want %" PRId64 "\n", file, line, what, got, want);
    return false;
}

static inline bool test_check_str_(const char *got, const char *want, const char *what,
                                   const char *file, int line)
{
    if (got != NULL && want != NULL && strcmp(got, want) == 0) return true;
    test_failures_++;
    printf("    %s:%d: %s is \"%s\", want \"%s\"\n", file, line, what, got ? got : "(null)",
           want ? want : "(null)");
    return false;
}

static inline int test_main_(const struct test_case *cases, size_t count, int argc, char **argv)
{
    unsigned passed = 0, failed = 0;
    for (size_t i = 0; i < count; i++) {
        bool wanted = argc < 2;
        for (int a = 1; a < argc; a++) wanted |= strcmp(argv[a], cases[i].name) == 0;
        if (!wanted) continue;
        test_failures_ = 0;
        cases[i].run();
        printf("%s %s\n", test_failures_ == 0 ? "ok" : "not ok", cases[i].name);
        fflush(stdout);
        if (test_failures_ == 0)
            passed++;
        else
            failed++;
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}

#define TEST_MAIN(...)                                                                             \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        static const struct test_case cases[] = {__VA_ARGS__};                                     \
        return test_main_(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);                    \
    }

#endif
