/* io/log/place.h -- whether the files of a running log are still where they belong. A server goes
 * on writing to files that somebody removed or moved away, and everything it acknowledges is lost
 * with them: so it looks, now and then and at its stop.
 *
 * What cannot be looked at (no permission, an I/O error) counts as in its place. */
#ifndef IO_LOG_PLACE_H
#define IO_LOG_PLACE_H

#include "io/log/files.h"

/* The directory still has its name. False: a fault of exit code 74 says what is gone. */
NODISCARD bool log_place_directory(const struct log_files *files, struct log_fault *fault);
/* So has the i-th segment; i < files->segments. */
NODISCARD bool log_place_segment(const struct log_files *files, uint32_t i,
                                 struct log_fault *fault);
/* All of it: as many looks as there are segments. */
NODISCARD bool log_place_all(const struct log_files *files, struct log_fault *fault);

#endif
