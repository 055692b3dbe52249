/* io/os/memory.h -- memory from the kernel: what is left of it, taking and giving it.
 * Threading: any thread. */
#ifndef IO_OS_MEMORY_H
#define IO_OS_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes this process may still take: the least of MemAvailable and the room left in its control
 * groups. UINT64_MAX if nothing says. */
uint64_t memory_available(void);

/* Zeroed pages, huge where the kernel gives them. `populate` touches every page now, so that no
 * request ever waits for one. NULL if the kernel refuses. */
void *memory_take(uint64_t size, bool populate);
void memory_give(void *memory, uint64_t size);

/* Resident bytes of this process. */
uint64_t memory_resident(void);

#endif
