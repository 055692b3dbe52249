/* io/os/memory.h -- all memory of the server, taken once at start: one block for the state, one for
 * the connection table; buffers of connections are bounded by --buffers-max. Prints the formula
 * and the sum, and refuses what does not fit this machine or its control group. */
#ifndef IO_OS_MEMORY_H
#define IO_OS_MEMORY_H

#include "core/core.h"
#include "io/gongjid/config.h"

/* Bytes this process may still take: the least of MemAvailable and the room left in its control
 * groups. UINT64_MAX if nothing says. */
uint64_t memory_available(void);

/* Prints what each part takes to stderr; false, with a line that says what to lower, if the sum
 * does not fit. `other` is what the log and the connection table take, in bytes. */
NODISCARD bool memory_plan(const struct config *config, uint64_t other);

/* Zeroed pages, huge where the kernel gives them. `populate` touches every page now, so that no
 * request ever waits for one. NULL if the kernel refuses. */
void *memory_take(uint64_t size, bool populate);
void memory_give(void *memory, uint64_t size);

/* Resident bytes of this process. */
uint64_t memory_resident(void);

#endif
