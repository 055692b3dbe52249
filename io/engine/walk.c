/* io/engine/walk.c -- the walk that AUDIT and STATE_DIGEST wait for, a step in every tick. */
#include "io/engine/engine.h"

bool engine_walked(struct engine *e, struct fetch_owner *owner, unsigned wants)
{
    if (!owner->walk_waits) {
        owner->walk_waits = true;
        owner->walk_seq = state_seq(e->state);
    }
    if (walk_saw(e->state, wants, owner->walk_seq)) {
        owner->walk_waits = false;
        return true;
    }
    e->walk_wanted |= wants;
    return false;
}

void engine_walk(struct engine *e)
{
    unsigned wanted = e->walk_wanted;
    e->walk_wanted = 0;
    if (walk_running(e->state)) {
        if (wanted == 0) walk_drop(e->state);
    } else if (wanted != 0) {
        walk_begin(e->state, wanted);
    }
    if (walk_running(e->state)) (void)walk_step(e->state, ENGINE_TICK_WALK);
}
