/* tests/model/spawn.h -- a gongjid of the test's own, as small as the model's world: started,
 * killed, started again on the same directory, and cleared away. */
#ifndef TESTS_MODEL_SPAWN_H
#define TESTS_MODEL_SPAWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct spawn {
    const char *program; /* path of gongjid */
    uint32_t persons_max, families_max, institutions_max, holds_max, rids_max;
    char directory[64]; /* below /var/tmp; empty = none */
    char address[96];   /* unix:PATH, for gj_connect */
    pid_t pid;          /* 0 = not running */
};

/* Starts it, on a new directory the first time, and waits for its ready line. False, with what is
 * wrong on stdout, if it does not come. */
bool spawn_run(struct spawn *s);
/* Prints the last lines it wrote to stderr. */
void spawn_explain(const struct spawn *s);
/* SIGKILL, and waits for it. */
void spawn_kill(struct spawn *s);
/* Kills it and removes the directory. */
void spawn_end(struct spawn *s);

#endif
