/* io/os/clock_os.h -- the system's clocks behind the clock door. */
#ifndef IO_OS_CLOCK_OS_H
#define IO_OS_CLOCK_OS_H

#include "io/os/port.h"

/* CLOCK_REALTIME and CLOCK_BOOTTIME; no state, valid for ever. */
struct clock *clock_os(void);

#endif
