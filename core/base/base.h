/* core/base/base.h -- what every file of core/ starts from: fixed-width integers, assertions, hints
 * for the compiler and the cache, and 128-bit sums. */
#ifndef CORE_BASE_BASE_H
#define CORE_BASE_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/assert.h"

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
