/* tests/sim/run.h -- one run: a machine, its clients, and everybody who watches them.
 *
 * A run is a few lives of one server on one disk. All but the last end in the middle of something:
 * a crash of the process or of the power, also during recovery, or what the profile makes the disk
 * do. In the last one the world is good again, the clients finish, and everything is compared. */
#ifndef TESTS_SIM_RUN_H
#define TESTS_SIM_RUN_H

#include <stdio.h>

#include "io/engine/shard_memory.h"
#include "tests/sim/checks.h"
#include "tests/sim/confirmed.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_client.h"

#define RUN_EVENTS     48u
#define RUN_HOLDS_MAX  64u
#define RUN_FAULT_SIZE 512u

enum profile {
    PROFILE_CRASH,  /* crashes and cut connections: everything must hold */
    PROFILE_DISK,   /* the disk fails, is full, slow or hangs, and says so */
    PROFILE_DAMAGE, /* the disk changes or loses what it confirmed */
    PROFILES
};
extern const char *const profile_names[PROFILES];

struct run_stats {
    uint64_t runs, boots, crashes, recoveries, refused_starts, failed_stops;
    uint64_t operations, outcomes, answers, replays, put_off, groups, segments;
    uint64_t connections, cuts;
    uint64_t torn, lost, errors, damages, lies, limits, audits, replayed_logs;
};

struct run_event {
    uint64_t us;
    const char *what;
    uint64_t a, b;
};

struct run {
    uint64_t seed;
    enum profile profile;
    bool trace;
    bool is_long; /* longer than the first segment */
    struct confirmed confirmed;
    struct log_bytes recovered; /* scratch */
    struct history history;
    struct clients clients;
    struct auditor auditor;
    struct shard_memory *replay; /* a state to build logs again in */
    struct sim_peer peers[CLIENTS_MAX];
    bool connected[CLIENTS_MAX]; /* or trying to be */
    uint32_t life, lives;
    bool last;      /* this life: the world is good */
    bool adopted;   /* of this life: what recovery left was looked at */
    bool finished;  /* the last life has seen everything; the clients leave */
    bool left;      /* ... and nothing is left of them */
    bool terminate; /* this life ends in a stop */
    bool limit;     /* a stated limit was met: nothing can be compared any more */
    uint64_t covered, audited_seq, seen_seq, life_us, quiet_us, crash_us, leave_us;
    enum sim_crash crash_how;
    uint64_t sealed;       /* groups at the last clean stop on a disk that does not lie */
    uint64_t intact_proof; /* largest durable_through of the intact groups before this start */
    struct run_event events[RUN_EVENTS];
    uint64_t event_count;
    struct run_stats stats;
    char fault[RUN_FAULT_SIZE];
};

void run_init(struct run *r);
void run_free(struct run *r);
/* One run. False: r->fault says what broke. */
bool run_seed(struct run *r, uint64_t seed, enum profile profile);
/* The last events of the run, oldest first. */
void run_print_events(const struct run *r, FILE *out);

/* Between the files of the world. */
void run_note(struct run *r, const char *what, uint64_t a, uint64_t b);
bool run_fault(struct run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Recounts the books of the live state, if it has changed. */
bool run_audit(struct run *r);
/* run_log.c: what the disk has confirmed, and what a recovery left of it. */
void run_confirmed(void *owner, const char *name, uint64_t offset, const void *bytes,
                   uint32_t size);
bool run_adopt(struct run *r);
/* What of the confirmed log is intact on the disk, before a start that may judge damage. */
void run_look_for_proof(struct run *r);
uint64_t run_disk_hash(void);
/* run_peers.c: the clients on the machine's network. */
void run_peers_init(struct run *r);
void run_peers_act(struct run *r);
void run_peers_drop(struct run *r);
/* run_faults.c: what goes wrong in this life. */
void run_faults(struct run *r);
void run_damage(struct run *r);

#endif
