/* core/base/base.h -- assertions and checked arithmetic used by every file of core/.
 * Owns nothing. ASSERT is for our own mistakes and stays on in release builds; what a client or the
 * world can cause is answered with a code of core/format/codes.h, never with an assertion. */
#ifndef CORE_BASE_BASE_H
#define CORE_BASE_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reports a broken assumption and ends the process with exit code 70. The one function core/ needs
 * from its host: io/os/assert_fail.c defines it for the programs, tests may define their own. */
__attribute__((noreturn, cold)) void gj_assert_fail(const char *condition, const char *file,
                                                    int line, const char *function);

#define ASSERT(cond)      ((cond) ? (void)0 : gj_assert_fail(#cond, __FILE__, __LINE__, __func__))
#define UNREACHABLE(what) gj_assert_fail("unreachable: " what, __FILE__, __LINE__, __func__)

/* O(n) checks (whole-table sums): only in builds for tests, fuzzing and simulation. */
#ifdef GJ_VERIFY
#define VERIFY(cond) ASSERT(cond)
#else
#define VERIFY(cond) ((void)sizeof(!(cond)))
#endif

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
/* Fetches the cache line at `p` ahead of its use, the second one to change it. The empty asm costs
 * nothing and is needed: for gcc a prefetch has no effect, and calls of functions that do nothing
 * else are dropped. */
#define PREFETCH(p)       (__builtin_prefetch(p), ({ __asm__ volatile(""); }))
#define PREFETCH_WRITE(p) (__builtin_prefetch(p, 1), ({ __asm__ volatile(""); }))
#define ARRAY_COUNT(a)    (sizeof(a) / sizeof((a)[0]))
/* The struct of which `pointer` points to `member`. */
#define container_of(pointer, type, member) ((type *)((uintptr_t)(pointer)-offsetof(type, member)))
#define NODISCARD                           __attribute__((warn_unused_result))

/* 128-bit sums of fen: system accounts and gross positions never overflow and never refuse. */
__extension__ typedef __int128 i128;
__extension__ typedef unsigned __int128 u128;

#endif
