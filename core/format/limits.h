/* core/format/limits.h -- every fixed maximum of the product, and the relations between them.
 * What is sized by configuration (persons, institutions, rids) is no maximum of this kind. */
#ifndef CORE_FORMAT_LIMITS_H
#define CORE_FORMAT_LIMITS_H

#include <assert.h>
#include <stdint.h>

/* Largest amount of one operation and of one personal account or wallet, in fen (1/100 yuan). */
#define GJ_AMOUNT_MAX INT64_C(9999999999999999)

/* Most fen deposited into one account in one year: with the opening balance it can be counted. */
#define GJ_YEAR_CREDITS_MAX (INT64_MAX - GJ_AMOUNT_MAX)

#define GJ_RECORD_UNIT        64u   /* operations, extensions, effects: all are 64-byte lines */
#define GJ_EXT_MAX            6u    /* extension lines of one operation (set_region uses 6) */
#define GJ_BATCH_OPS_MAX      8192u /* operations (or reads) in one frame */
#define GJ_REGIONS_MAX        1024u /* region ids are 1 .. 1023; 0 means "no region" */
#define GJ_FAMILY_MEMBERS_MAX 6u    /* "at most 7 including the authoriser" (seed) */
#define GJ_SOURCES_MAX        3u    /* own wallet, own personal account, one relative's */
#define GJ_PREMIUM_ROWS_MAX   8u    /* premium products of one region's policy version */
#define GJ_PRODUCTS_MAX       8u    /* product numbers are 1 .. 8 */
/* Open holds and pending transfers in which one person gives, and as many pending transfers of
 * which it is the payee: who gives nothing cannot be kept from giving by others. */
#define GJ_PERSON_HOLDS_MAX 1024u
#define GJ_INSTITUTION_DAYS 8u /* days whose totals are kept for each institution */
/* A region's first policy version is at most so much, and each later one at most so much above the
 * last: one of 2^32 - 1 would be the region's last. */
#define GJ_POLICY_FIRST_MAX UINT32_C(1000000000)
#define GJ_POLICY_STEP_MAX  UINT32_C(100000)
/* A rid with an earlier time, of 2020-01-01 UTC, is no time. Nor is one whose first 32 bits read as
 * seconds from then up to 2100-01-01: it would be of a year after 5000. */
#define GJ_RID_FIRST_MS      UINT64_C(1577836800000)
#define GJ_RID_SECONDS_FIRST UINT64_C(1577836800)
#define GJ_RID_SECONDS_LAST  UINT64_C(4102444800)
/* A rid not so far ahead of log time is like any other; further ahead it is remembered apart. */
#define GJ_RID_NEAR_MS  (2u * 1000u)
#define GJ_RID_AHEAD_MS (5u * 60u * 1000u) /* further ahead of log time: RID_IN_FUTURE */

/* Longest record: operation, its extensions, effect, second effect line. */
#define GJ_RECORD_SIZE_MAX ((1u + GJ_EXT_MAX + 2u) * GJ_RECORD_UNIT)

static_assert(GJ_AMOUNT_MAX < INT64_MAX / 4, "sums of a few amounts cannot overflow int64");
static_assert(GJ_BATCH_OPS_MAX <= UINT16_MAX, "frame count is 16 bits");

#endif
