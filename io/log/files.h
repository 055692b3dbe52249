/* io/log/files.h -- the data directory: identity, lock, segment files. Everything here is
 * synchronous and used at start-up, by tools, and when a new segment gets its name.
 *
 *   log.meta              who this log is (struct log_meta), and the SEAL of its last clean stop
 *                         (struct log_sealed); replaced as a whole at each clean stop
 *   log-%016x.seg         segment by number; named only when it is whole and zero-written
 *   log.meta.tmp, segment.tmp   unfinished; removed at the next start
 *
 * The lock is flock on the directory and on every segment: operations the kernel still carries for
 * a dead server hold its segment, so a fast restart waits for them. */
#ifndef IO_LOG_FILES_H
#define IO_LOG_FILES_H

#include "core/base/base.h"
#include "core/format/log_format.h"
#include "io/log/fault.h"
#include "io/log/verdict.h"
#include "io/os/disk_trace.h"

#define LOG_SEGMENTS_MAX 16384u /* open at once */
/* 4 TiB: as far as a position of the rid window reaches. */
#define LOG_BYTES_MAX (UINT64_C(1) << 42)

struct log_files {
    const char *dir; /* borrowed */
    int dir_fd;
    bool direct;    /* O_DIRECT works here */
    bool read_only; /* a tool: no lock, nothing is written */
    bool made_dir;
    bool one_thread;          /* reading the log starts no thread to read ahead */
    struct disk_trace *trace; /* gets every step from here on; NULL = none */
    struct log_meta meta;
    struct log_sealed sealed;  /* number 0 = there was no clean stop yet */
    struct log_sizes sizes;    /* of `meta` */
    uint64_t first;            /* number of the first segment */
    uint32_t segments;         /* named files, from that number on */
    int fds[LOG_SEGMENTS_MAX]; /* of segment first + i: O_DIRECT | O_DSYNC; -1 = not open */
    char warning[256];         /* about the file system; empty if none */
};

/* First byte of the log, and the byte behind its last segment. */
static inline uint64_t log_files_begin(const struct log_files *files)
{
    return files->first * files->sizes.segment;
}
static inline uint64_t log_files_end(const struct log_files *files)
{
    return (files->first + files->segments) * files->sizes.segment;
}
/* Of the segment that holds byte `position`, and where in it. */
static inline int log_files_fd(const struct log_files *files, uint64_t position)
{
    return files->fds[position / files->sizes.segment - files->first];
}
static inline uint64_t log_files_offset(const struct log_files *files, uint64_t position)
{
    return position & (files->sizes.segment - 1);
}
/* True if no segment may follow. */
static inline bool log_files_full(const struct log_files *files)
{
    return files->segments == LOG_SEGMENTS_MAX || log_files_end(files) >= LOG_BYTES_MAX;
}

/* Opens (makes, if absent) the directory, checks its file system and takes the lock. */
NODISCARD bool log_files_open(struct log_files *files, const char *dir, bool unsafe_dev,
                              struct log_fault *fault);
/* Finds out whether O_DIRECT works; to be called before segments are opened or made, and only once
 * the directory is known to be ours. */
NODISCARD bool log_files_check_direct(struct log_files *files, bool unsafe_dev,
                                      struct log_fault *fault);
/* The same for a tool: the directory must be there; no lock, nothing is made. */
NODISCARD bool log_files_open_read_only(struct log_files *files, const char *dir,
                                        struct log_fault *fault);
/* Lists and reads what recover_directory() judges; fills `files->meta` and `files->sizes` if the
 * meta file is good. `files->first` says which segment must be the first. */
NODISCARD bool log_files_facts(struct log_files *files, struct recover_directory *facts,
                               struct log_fault *fault);
/* The line for a verdict of recover_directory() that refuses, or for RECOVER_REFUSE_NEWER. Returns
 * false. */
bool log_files_refuse(const struct log_files *files, enum recover_verdict verdict,
                      const struct recover_directory *facts, struct log_fault *fault);
/* Makes a new log: identity and first segment, of `segment_mib` MiB. */
NODISCARD bool log_files_create(struct log_files *files, uint64_t wall_ms, uint32_t segment_mib,
                                struct log_fault *fault);
/* At a clean stop, once the SEAL is durable: notes it in log.meta, which is replaced by a flushed
 * copy, so that no crash leaves it in pieces. */
NODISCARD bool log_files_note_seal(struct log_files *files, const struct log_sealed *sealed,
                                   struct log_fault *fault);
/* Opens, locks and flushes the first `count` segments, and the directory: nothing may be decided on
 * bytes that only sit in a device's cache, or on a name that only the kernel knows. */
NODISCARD bool log_files_open_segments(struct log_files *files, uint64_t count,
                                       struct log_fault *fault);
/* Removes unfinished files of an earlier start. */
void log_files_sweep(struct log_files *files);

/* A new segment in three steps: begin (returns the descriptor of segment.tmp, room reserved, or -1
 * with errno), the caller writes zeros and flushes, publish (gives it its name and opens it; then
 * the directory must be flushed before the segment is used). */
NODISCARD int log_files_segment_begin(struct log_files *files);
NODISCARD bool log_files_segment_publish(struct log_files *files);
/* All of it at once, for start-up. */
NODISCARD bool log_files_segment_make(struct log_files *files, struct log_fault *fault);

/* Overwrites [from, to) with zeros; flushes. */
NODISCARD bool log_files_zero(struct log_files *files, uint64_t from, uint64_t to,
                              struct log_fault *fault);
/* Bytes free on the file system for us. */
uint64_t log_files_free(const struct log_files *files);
void log_files_close(struct log_files *files);

/* "log-%016x.seg" */
void log_files_segment_name(char name[32], uint64_t number);

#endif
