/* tests/sim/sim.h -- a machine in one thread: disk, ring, network, clocks, memory and one process,
 * on which the real server runs (core/, log, recovery, connections, main.c). The program is linked
 * so that the system calls of the server end here (--wrap); nothing of the server is changed.
 *
 * The world moves only inside calls of the server: time passes when it waits, and then what is due
 * happens: completions of the disk, bytes that arrive, timers of the owner. A callback of the owner
 * therefore runs inside a call of the server; it may use everything here except sim_boot(),
 * sim_sleep() and sim_reset(). Same seed and same calls: the same bytes, always (sim_trace()).
 *
 * There is one machine, as there is one set of system calls. */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct net;
struct state;

/* ---- the machine ---- */

/* A new world: empty disk, no connection, clocks at SIM_WALL_MS and a little after boot, no fault
 * armed. Cheap: call it for every seed. */
void sim_reset(uint64_t seed);
/* Gives all memory back: the last call. */
void sim_free(void);
/* The machine's own stream of random numbers; the owner may draw from it. */
uint64_t sim_random(void);
/* 0 .. n - 1; 0 if n is 0. */
uint64_t sim_random_below(uint64_t n);
/* Grows with everything that happens: order, time, sizes and bytes. Equal hashes, equal runs. */
uint64_t sim_trace(void);

/* ---- clocks and timers ---- */

#define SIM_WALL_MS UINT64_C(1767225600000) /* 2026-01-01 00:00 UTC */

uint64_t sim_now_us(void);  /* since boot; never falls */
uint64_t sim_wall_ms(void); /* what the process is told */
void sim_wall_jump(int64_t ms);
/* Runs `fn` once after `us`. Timers go on while no process runs (sim_sleep()). */
void sim_after(uint64_t us, void (*fn)(void *owner), void *owner);
/* Lets time pass without a process. */
void sim_sleep(uint64_t us);

/* ---- the process ---- */

#define SIM_DATA "/data" /* exists and is empty after sim_reset() */

enum sim_end {
    SIM_EXITED,   /* main() returned or _exit(): exit_code */
    SIM_CRASHED,  /* as asked for: sim_crash() and its relatives */
    SIM_ASSERTED, /* a broken assertion: the text is in `console` */
    SIM_IDLE,     /* it waits for ever and nothing will ever happen */
    SIM_STUCK,    /* more than SIM_CALLS_MAX calls: it turns for ever */
    SIM_BROKEN,   /* it broke a rule of the system; the text says which */
};
#define SIM_CALLS_MAX 20000000u

struct sim_run {
    enum sim_end end;
    int exit_code; /* of SIM_EXITED */
    uint64_t us;   /* simulated time it ran */
    char text[160];
};

/* Runs gongjid with these arguments until it ends. `arguments` is without the program's name and
 * ends with NULL; NULL = sim_arguments. Afterwards nothing of the process is left but files. */
void sim_boot(const char *const *arguments, struct sim_run *ret);
/* --data SIM_DATA, small tables, room for 8 connections, 1 MiB of log ahead. */
extern const char *const sim_arguments[];
/* The same and --test-clock. */
extern const char *const sim_arguments_test_clock[];

/* SIGTERM, as soon as the server reads its signals. */
void sim_terminate(void);
/* Of the running process, for checks between its turns (from timers); NULL before it serves. */
struct net *sim_server(void);
struct state *sim_state(void);
/* True if it waits, with nothing to do: in a callback, what it keeps is then whole. */
bool sim_resting(void);
/* What the last process printed, errors and output in one. */
const char *sim_console(void);

enum sim_crash {
    SIM_KILL,  /* the process is gone, the system is not: written is written */
    SIM_POWER, /* all is gone that was not flushed, in the ways of sim_disk */
};
/* Now: inside a callback, as soon as it returns. If no process runs: what SIM_POWER does to the
 * disk. */
void sim_crash(enum sim_crash how);
/* At the nth from now (1 = the next) call that counts as one of `calls` (enum sim_calls), in its
 * middle: a write is then in flight. 0 disarms. Stays armed over boots until it happens. */
void sim_crash_at(uint32_t calls, uint64_t nth, enum sim_crash how);

/* ---- calls that fail ---- */

enum sim_calls {
    SIM_CALL_OPEN = 1u << 0,    /* open, openat */
    SIM_CALL_READ = 1u << 1,    /* pread, and reads of the ring */
    SIM_CALL_WRITE = 1u << 2,   /* pwrite, and writes of the ring */
    SIM_CALL_SYNC = 1u << 3,    /* fsync, fdatasync, and those of the ring */
    SIM_CALL_NAME = 1u << 4,    /* mkdir, rmdir, unlinkat, renameat, renameat2 */
    SIM_CALL_LOOK = 1u << 5,    /* fstatat, fstatfs, fstatvfs, fdopendir, readdir */
    SIM_CALL_ROOM = 1u << 6,    /* posix_fallocate */
    SIM_CALL_LOCK = 1u << 7,    /* flock */
    SIM_CALL_RANDOM = 1u << 8,  /* getrandom */
    SIM_CALL_MEMORY = 1u << 9,  /* calloc, mmap */
    SIM_CALL_RING = 1u << 10,   /* setting up the ring; waiting on it */
    SIM_CALL_SOCKET = 1u << 11, /* socket, bind, listen, signalfd and their like */
    SIM_CALLS_FILE = 0x1FFu,
    SIM_CALLS_DISK = SIM_CALL_READ | SIM_CALL_WRITE | SIM_CALL_SYNC,
    SIM_CALLS_ALL = 0xFFFu,
};

/* The nth from now (1 = the next) of `calls` fails with errno `error`; once, or it and all later
 * ones. 0 disarms. Stays armed over boots. */
void sim_fail_at(uint32_t calls, uint64_t nth, int error, bool from_then_on);
/* How many of `calls` were made since sim_reset(). */
uint64_t sim_calls(uint32_t calls);
/* Name of the call that the last sim_fail_at() made fail, "" = it has not yet. */
const char *sim_failed_call(void);

/* ---- the disk ---- */

/* How the disk behaves; sim_reset() makes it honest: all zero but the delays. Rates are chances in
 * a million, each time. Everything changes from the next operation on. */
struct sim_disk {
    uint32_t delay_us, delay_spread_us; /* of each operation of the ring: delay + [0, spread) */
    uint32_t slow, slow_us;             /* ... and now and then this much more */
    uint32_t read_error, write_error, sync_error; /* EIO */
    uint32_t no_space;                            /* a write that fails with ENOSPC */
    uint32_t short_read, short_write;             /* whole 512 B, less than asked for */
    bool error_for_ever; /* after the first EIO all writes and flushes fail */
    bool hangs;          /* operations of the ring never complete */
    /* Damage that nobody is told of. A disk that does this breaks its promise: records may be lost,
     * and must then be missed (exit 78), or never have counted. */
    uint32_t lying;     /* a confirmed write or flush is in truth not yet durable */
    uint32_t misdirect; /* a write lands at another block of the file */
    uint32_t lost;      /* a confirmed write never happened */
    uint32_t flip;      /* one bit of what is written is another */
    uint32_t zeroed;    /* one 4 KiB block of what is written is zeros */
    /* At SIM_POWER. An honest disk may do all of this with what was not flushed. */
    bool crash_keeps_all; /* nothing in flight is lost or torn */
    bool crash_any_names; /* any subset of directory changes not flushed, not only the first ones */
    uint64_t free_bytes;  /* what fstatvfs tells, and what posix_fallocate may take in all */
};
extern struct sim_disk sim_disk;

/* What the disk has done since sim_reset(). */
struct sim_disk_stats {
    uint64_t writes, reads, syncs, bytes_written;
    uint64_t torn_sectors, lost_sectors; /* at crashes: of writes in flight; of unflushed ones */
    uint64_t lost_names;
    uint64_t errors, shorts;
    uint64_t lies, damages; /* confirmed and not durable; misdirect, lost, flip and zeroed */
    uint64_t lies_lost;     /* sectors that a lie lost at a crash */
};
const struct sim_disk_stats *sim_disk_stats(void);

/* Called when the disk confirms a write as durable: an O_DSYNC write that completed without error.
 * `name` has no directory. Before the server learns it. NULL = none; sim_reset() removes it. */
void sim_on_confirmed(void (*fn)(void *owner, const char *name, uint64_t offset, const void *bytes,
                                 uint32_t size),
                      void *owner);

/* Looking and meddling from outside; names without directory. Size of a file in SIM_DATA as a
 * process sees it, or UINT64_MAX. */
uint64_t sim_file_size(const char *name);
/* What a process would read; zeros beyond the end. */
void sim_file_read(const char *name, uint64_t offset, void *bytes, size_t size);
/* Changes bytes on the medium and in what is read, durably: damage. The file exists. */
void sim_file_write(const char *name, uint64_t offset, const void *bytes, size_t size);
/* True if SIM_DATA has that name, also after a power cut now. */
bool sim_file_durable(const char *name);
/* Names in SIM_DATA, one after the other: index from 0; NULL = no more. */
const char *sim_file_name(uint32_t index);

/* ---- the network ---- */

/* What a connection does by itself; sim_reset() gives moderate delays and pieces, no cut. */
struct sim_net {
    uint32_t delay_us, delay_spread_us; /* of each piece; order within a connection is kept */
    uint32_t piece_max;                 /* bytes arrive in pieces of 1 .. piece_max */
    uint32_t cut;    /* chance in a million that a piece cuts the connection instead of arriving */
    uint32_t window; /* bytes a side takes that does not read */
};
extern struct sim_net sim_net;

/* One end of a connection, at a client. Owned and zeroed by the owner, who fills the callbacks; the
 * same struct may connect again after closed(). It must outlive its connection, or be closed and
 * never touched again before the next sim_reset(). */
struct sim_peer {
    /* Callbacks may be NULL. */
    void (*opened)(struct sim_peer *peer);
    void (*received)(struct sim_peer *peer, const void *bytes, size_t size);
    /* The connection is over: refused, ended by the server (reset = false: after all its bytes),
     * cut, or the process is gone. Never called for what the owner did itself. */
    void (*closed)(struct sim_peer *peer, bool reset);
    void *owner;
    bool deaf;               /* reads nothing for now: a slow reader; sim_listen() ends it */
    uint64_t cut_after_sent; /* the connection is cut when this many bytes arrived; 0 = never */
    uint64_t cut_after_received;
    bool cut_with_fin; /* ... as an end, not as a reset */
    uint32_t link;     /* the machine's; 0 = not connected */
};

/* Tries to connect; opened() or closed() follows. The peer must not be connected. */
void sim_connect(struct sim_peer *peer);
/* Queues bytes for the server; they are copied. False: not connected, or already ended. */
bool sim_send(struct sim_peer *peer, const void *bytes, size_t size);
/* No more bytes to the server (FIN, after what is queued); receiving goes on until closed(). */
void sim_finish(struct sim_peer *peer);
/* Ends the connection now, both ways (RST); the peer is free at once. */
void sim_reset_peer(struct sim_peer *peer);
/* Reads again after `deaf`. */
void sim_listen(struct sim_peer *peer);

#endif
