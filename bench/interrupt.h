/* bench/interrupt.h -- Ctrl-C and SIGTERM as something to look at, so that a long run can print and
 * write what it has. The first one only asks to stop; from then on a second one ends the process.
 */
#ifndef BENCH_INTERRUPT_H
#define BENCH_INTERRUPT_H

/* Blocks SIGINT and SIGTERM, unless they are ignored, and returns a descriptor that becomes
 * readable when one comes. -1: not possible, and they end the process as usual. Children inherit
 * the blocking.
 */
int interrupt_open(void);
/* The number of the signal that came, and the blocking ends; 0 = none came. -1 is a fine fd. */
int interrupt_seen(int fd);
void interrupt_close(int fd);

#endif
