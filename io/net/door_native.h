/* io/net/door_native.h -- the door for frames of the binary protocol (docs/PROTOCOL.md): HELLO,
 * OPS, READS and CLOCK. A frame is checked whole, then its entries are executed in order, stopping
 * and going on again where room, log or fetched records are missing. */
#ifndef IO_NET_DOOR_NATIVE_H
#define IO_NET_DOOR_NATIVE_H

#include "io/net/door.h"

extern const struct door door_native;

#endif
