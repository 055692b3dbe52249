/* core/state/audit.h -- parts of state_audit(). Private to core/audit*.c. */
#ifndef CORE_STATE_AUDIT_H
#define CORE_STATE_AUDIT_H

#include "core/state/tables.h"

/* The table of open holds, the persons' chains, and what is held of every account. NULL, or the
 * name of what is broken. */
const char *audit_holds(const struct state *s);

#endif
