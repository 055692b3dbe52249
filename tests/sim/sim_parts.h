/* tests/sim/sim_parts.h -- what the parts of the machine know of each other. Results of calls are
 * numbers as in the kernel: 0 or more, or -errno. */
#ifndef TESTS_SIM_SIM_PARTS_H
#define TESTS_SIM_SIM_PARTS_H

#include <dirent.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "core/base/base.h"
#include "tests/sim/sim.h"

#define SIM_SECTOR 512u
#define SIM_PAGE   4096u
#define SIM_FDS    160u

/* ---- world: time, events, random, trace ---- */

typedef void (*world_fn)(void *owner, uint64_t word);

void world_reset(uint64_t seed);
void world_free(void);
/* Makes `fn` happen after `us`; events of the same moment happen in the order they were made. */
void world_add(uint64_t us, world_fn fn, void *owner, uint64_t word);
/* The moment of the next event; UINT64_MAX = none. */
uint64_t world_next_us(void);
/* Everything up to this moment happens, and it is then that moment. */
void world_until(uint64_t us);
/* A chance in a million. */
bool world_chance(uint32_t rate);
void world_trace(uint64_t a, uint64_t b);
void world_trace_bytes(const void *bytes, size_t size);

/* ---- process ---- */

/* True while code of the process runs: then its system calls are ours. */
extern bool process_inside;

/* Ends the run: does not return. */
_Noreturn void process_end(enum sim_end end, int exit_code, const char *text);
/* Ends it if a crash was asked for. */
void process_check(void);
void process_print(const char *text, size_t size);
void *process_map(size_t size);
long process_unmap(void *memory);
void *process_calloc(size_t count, size_t size);
void process_free(void *memory);

/* One call of the process: it is counted, time passes, it may crash; 0 or -errno if it shall fail.
 * A crash in a write comes with call_middle(), when the write is known; others at once. */
int call_begin(enum sim_calls kind, const char *name);
void call_middle(void);
void call_reset(void);
void call_run_begins(void);

/* ---- disk: what is in files, and what of it is durable ---- */

#define DISK_ROOT 0 /* inode of "/" */

void disk_reset(void);
void disk_free(void);
/* The inode of a path or of a name in a directory; -ENOENT. */
int disk_find(int directory, const char *name);
int disk_make(int directory, const char *name, bool is_directory);
int disk_make_unnamed(void);
int disk_remove(int directory, const char *name);
int disk_rename(int directory, const char *from, const char *to, bool replace);
const char *disk_name(int directory, uint32_t index);
/* A name of the inode, "" = none any more. */
const char *disk_name_of(int inode);
bool disk_is_directory(int inode);
uint64_t disk_size(int inode);
void disk_truncate(int inode);
int disk_allocate(int inode, uint64_t size);
uint64_t disk_free_bytes(void);
/* An inode in use by a descriptor or an operation is not given away. */
void disk_hold(int inode);
void disk_release(int inode);
void disk_read(int inode, uint64_t offset, void *bytes, uint64_t size);
enum disk_how { DISK_VOLATILE, DISK_DURABLE };
void disk_write(int inode, uint64_t offset, const void *bytes, uint64_t size, enum disk_how how);
/* As a failed, interrupted or cut write leaves it. */
void disk_write_torn(int inode, uint64_t offset, const void *bytes, uint64_t size,
                     enum disk_how how);
/* What was written volatile there was confirmed as durable. */
void disk_lie(int inode, uint64_t offset, uint64_t size);
/* Everything up to `stamp` becomes durable: writes of a file, names of a directory. */
uint64_t disk_stamp(void);
void disk_flush(int inode, uint64_t stamp);
/* Power is cut: what was not flushed may be gone. */
void disk_power_cut(void);

extern struct sim_disk_stats disk_stats;

/* ---- drive: transfers with what may go wrong in them, for files and ring ---- */

enum drive_kind { DRIVE_READ, DRIVE_WRITE, DRIVE_SYNC };
struct drive_op {
    enum drive_kind kind;
    int inode;
    bool dsync, direct;
    void *bytes; /* the process's memory */
    uint64_t size, offset;
    uint64_t stamp; /* SYNC: of its begin */
};
/* From here to drive_end() it is in flight. */
void drive_begin(struct drive_op *op);
/* What it comes to; `error` is 0 or what was decided at its begin. */
long drive_end(struct drive_op *op, int error);
/* All that are in flight end as the crash leaves them. */
void drive_crash(enum sim_crash how);
void drive_reset(void);

/* ---- descriptors and calls on files ---- */

enum fd_kind { FD_FREE, FD_FILE, FD_DIRECTORY, FD_LISTENER, FD_SOCKET, FD_SIGNAL };
struct fd {
    enum fd_kind kind;
    int inode;     /* FILE, DIRECTORY */
    uint32_t link; /* SOCKET */
    bool direct, dsync, writes;
};
/* The process named it: one that is not open is a fault of the process. */
struct fd *fd_get(int fd, const char *call);
int fd_take(enum fd_kind kind);
void fd_close(int fd);
void fd_close_all(void);

int files_open(int directory_fd, const char *path, int flags);
int files_close(int fd);
long files_transfer(enum drive_kind kind, int fd, void *bytes, size_t size, uint64_t offset);
int files_sync(int fd);
int files_unlink(int directory_fd, const char *name);
int files_rename(int directory_fd, const char *from, const char *to, bool replace);
int files_mkdir(const char *path);
int files_rmdir(const char *path);
int files_stat(int directory_fd, const char *name, struct stat *st);
int files_statfs(int fd, struct statfs *fs);
int files_statvfs(int fd, struct statvfs *fs);
int files_lock(int fd);
int files_allocate(int fd, uint64_t size);
int files_random(void *bytes, size_t size);
struct dirent *files_list(int fd, uint32_t index);

/* ---- network ---- */

void net_reset(void);
void net_free(void);
bool net_waiting(void); /* for being accepted */
/* The next connection that waits: its link, or 0. */
uint32_t net_accept(void);
long net_recv(uint32_t link, void *bytes, size_t size, bool *more);
long net_send(uint32_t link, const void *bytes, size_t size);
void net_shutdown(uint32_t link, bool both);
short net_poll(uint32_t link); /* POLL* of what happened */
void net_close(uint32_t link);
void net_listening(bool listens);

/* ---- ring ---- */

void ring_reset(void);
/* Something happened that an operation on a link, the listener or the signals may wait for. */
void ring_look(void);
/* The listener was shut. */
void ring_listener_shut(int fd);

#endif
