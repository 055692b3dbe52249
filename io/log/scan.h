/* io/log/scan.h -- reads the log from its start to the end of its files, forwards only. A thread
 * reads ahead (two windows) while the caller works. For recovery and for tools.
 * Bytes that are missing or cannot be read appear as zeros: they never verify. */
#ifndef IO_LOG_SCAN_H
#define IO_LOG_SCAN_H

#include "io/log/files.h"

struct log_scan;

/* Starts at byte `position` (multiple of LOG_BLOCK_SIZE, in a segment that is there). NULL with
 * errno if memory or a thread is missing. */
NODISCARD struct log_scan *log_scan_open(const struct log_files *files, uint64_t position);
/* At least `size` bytes (at most a largest group) at `position`, or as many as the segment has:
 * their number in `available`; NULL and 0 behind the last segment. `position` never falls.
 * Valid until the next call. */
const uint8_t *log_scan_peek(struct log_scan *scan, uint64_t position, uint64_t size,
                             uint64_t *available);
/* True if something up to here could not be read (an I/O error, or a file became short); then
 * `first` is the first such byte. */
NODISCARD bool log_scan_unreadable(const struct log_scan *scan, uint64_t *first);
void log_scan_close(struct log_scan *scan);

#endif
