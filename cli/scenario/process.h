/* cli/scenario/process.h -- a gongjid of a scenario's own: its directory, its start, its end. */
#ifndef CLI_SCENARIO_PROCESS_H
#define CLI_SCENARIO_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cli/scenario/target.h"

#define SCENARIO_DIRECTORY_SIZE 256

struct scenario_process {
    struct scenario_limits limits;
    char directory[SCENARIO_DIRECTORY_SIZE]; /* temporary; empty = none */
    char address[320];                       /* unix:PATH */
    pid_t pid;                               /* 0 = not running */
};

/* Makes a temporary directory below $TMPDIR, or /var/tmp (a real file system on most machines). */
bool scenario_directory_create(char ret[SCENARIO_DIRECTORY_SIZE], char *error, size_t error_size);
/* With all that is in it. */
void scenario_directory_remove(const char *directory);

/* Makes the server's directory. */
bool scenario_process_create(struct scenario_process *process, const struct scenario_limits *limits,
                             char *error, size_t error_size);
/* Starts gongjid on it and waits for its ready line. */
bool scenario_process_run(struct scenario_process *process, char *error, size_t error_size);
/* SIGKILL, and waits for it. */
void scenario_process_kill(struct scenario_process *process);
/* Kills it if it runs and removes the directory. */
void scenario_process_end(struct scenario_process *process);

#endif
