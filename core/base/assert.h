/* core/base/assert.h -- assertions, which stay on in every build.
 *
 * ASSERT is for our own mistakes. What a client or the world can cause is answered with a code of
 * core/format/codes.h, never with an assertion. */
#ifndef CORE_BASE_ASSERT_H
#define CORE_BASE_ASSERT_H

/* Reports a broken assumption and ends the process with exit code 70. The one function core/ needs
 * from its host: io/os/assert_fail.c defines it for the programs, tests may define their own. */
__attribute__((noreturn, cold)) void gj_assert_fail(const char *condition, const char *file,
                                                    int line, const char *function);

#define ASSERT(cond)      ((cond) ? (void)0 : gj_assert_fail(#cond, __FILE__, __LINE__, __func__))
#define UNREACHABLE(what) gj_assert_fail("unreachable: " what, __FILE__, __LINE__, __func__)

/* Checks that cost about as much as what they check: only in builds with sanitizers (GJ_VERIFY),
 * where tests, fuzzing and simulation run. They look at what was just touched, never at everything:
 * that is what state_audit() is for. */
#ifdef GJ_VERIFY
#define VERIFY(cond) ASSERT(cond)
#else
#define VERIFY(cond) ((void)(0 && (cond))) /* compiled, never executed */
#endif

#endif
