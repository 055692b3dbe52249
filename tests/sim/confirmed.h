/* tests/sim/confirmed.h -- the log as the disk has confirmed it: groups may be confirmed in any
 * order, and count from the moment all before them are. */
#ifndef TESTS_SIM_CONFIRMED_H
#define TESTS_SIM_CONFIRMED_H

#include "tests/sim/log_bytes.h"

#define CONFIRMED_EARLY_MAX 8u /* more than the server may have in flight */

struct confirmed_early {
    uint64_t position; /* UINT64_MAX = none */
    uint8_t *bytes;
    uint32_t size;
};

struct confirmed {
    struct log_bytes log;
    struct confirmed_early early[CONFIRMED_EARLY_MAX];
};

void confirmed_init(struct confirmed *c);
void confirmed_free(struct confirmed *c);
/* A crash: what was not confirmed in order is not confirmed. */
void confirmed_crash(struct confirmed *c);
/* A write of `size` bytes at `position` of the log is confirmed. What does not begin a group is
 * room being made. False: a fault, in log.fault. */
bool confirmed_write(struct confirmed *c, uint64_t position, const void *bytes, uint32_t size);

#endif
