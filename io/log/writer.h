/* io/log/writer.h -- the write-ahead log as the server sees it: open group, group commit, durable
 * position, fetched records. Format: core/format/log_format.h. Files: io/log/files.h. Start-up:
 * io/log/recovery.h.
 *
 * The life of a group:
 *   open     log_reserve() opens it at the place where the log ends; its time and place are fixed.
 *            Records are added by log_append().
 *   closed   when it is full; or by log_flush(), at the end of a tick, if nothing is being written,
 *            or if it is large and fewer than LOG_IN_FLIGHT_MAX groups are. There are no timers.
 *   flying   signed (the checksum of the group before and what is durable at this moment are known
 *            only now) and submitted: one write, never repeated.
 *   written  its write is done, but not that of a group before it.
 *   durable  it and all before it are on disk: log_group_durable() says so, and what waited for it
 *            may be answered. It is read back from its buffer until another group needs that.
 *
 * After the first write or flush error, or when a file of the log was removed under it, the log is
 * failed for good: nothing is acknowledged any more, nothing is retried, the server answers
 * OUTCOME_UNKNOWN and stops with exit 74.
 *
 * Owns: its files and buffers. Threading: the thread that runs the loop. */
#ifndef IO_LOG_WRITER_H
#define IO_LOG_WRITER_H

#include "core/base/base.h"
#include "core/format/log_format.h"
#include "core/format/record.h"
#include "io/os/port.h"

#define LOG_IN_FLIGHT_MAX 4u

struct log; /* made by log_recovery: see there */

/* ---- appending ---- */

/* Room for one record of at most GJ_RECORD_SIZE_MAX bytes at the end of the open group; opens a
 * group (taking its time from `time_ms`, never less than the group before) if none is open. NULL if
 * that is not possible now: every buffer is in flight or no preallocated segment is ready. Then
 * call again after a completion; nothing is lost. Pointer valid until the next call into the log.
 * Closes and submits a full group by itself. */
void *log_reserve(struct log *log, uint64_t time_ms);
/* The time log_reserve(log, time_ms) would give a record: that of the open group once it has
 * records, else `time_ms`, never less than the group before. */
uint64_t log_next_time_ms(const struct log *log, uint64_t time_ms);
/* Time and position (64-byte lines) of the reserved record. */
uint64_t log_reserved_time_ms(const struct log *log);
uint64_t log_reserved_position(const struct log *log);
/* Keeps `size` bytes of the reserved room as the next record, with sequence number `seq`. */
void log_append(struct log *log, uint32_t size, uint64_t seq, uint64_t rid_low_water_ms);

/* Closes and submits the open group if it has records and nothing is being written, or a write slot
 * is free and it is large enough to be worth one. Call once per tick of the loop, at its end: so a
 * completion in that tick takes along what waited for it. */
void log_flush(struct log *log);
/* Idle for 50 ms, or stopping: writes a SEAL group if the last group is not one. */
void log_seal(struct log *log);
/* Stopping: as log_seal(), and nothing is preallocated any more. log_close() may follow as soon as
 * log_quiet() is true. */
void log_stop(struct log *log);

/* Number of the group that holds everything appended so far: what a reply to something that saw
 * this state must wait for. */
uint64_t log_group_last(const struct log *log);
/* Last contiguous durable group: grows with the completions of the disk; ask once per tick. */
uint64_t log_group_durable(const struct log *log);
/* True once a write or flush failed, or a file of the log was found removed or replaced. */
bool log_failed(const struct log *log);
/* What happened then, for people: the begin of a sentence. */
const char *log_failure(const struct log *log);
/* True while less than the low-water mark of room is left: decide with read_only. */
bool log_read_only(const struct log *log);
/* True if nothing is open, in flight or unsealed (and, after log_stop(), no disk operation of any
 * kind is out). */
bool log_quiet(const struct log *log);

/* ---- fetched records: reading records back ---- */

/* The record at `position` (64-byte lines): from the open or in-flight groups, or the block cache.
 * If it is not in memory: NULL, and a read is started (or joined); `waiter->done` runs when it can
 * be asked for again. Returns NULL with waiter->failed set if the log cannot be read. The pointer
 * is valid until the next call into the log. */
struct log_waiter {
    void (*done)(struct log_waiter *waiter);
    void *owner;
    struct log_waiter *next; /* the log's while waiting */
    bool failed;
};
const void *log_fetch(struct log *log, uint64_t position, struct log_waiter *waiter);
/* True if log_fetch() of it would not wait now. */
bool log_at_hand(const struct log *log, uint64_t position);

/* ---- figures ---- */
struct log_stats {
    uint64_t groups, bytes, position, generation, free_bytes, prealloc_bytes;
    uint64_t damaged_reads; /* fetched records that the disk gave back changed: each was refused */
};
void log_stats(const struct log *log, struct log_stats *ret);
const uint8_t *log_id(const struct log *log);
/* The one region all disk operations of the log read from and write to, for registered buffers. */
void log_memory(const struct log *log, void **base, size_t *size);

#endif
