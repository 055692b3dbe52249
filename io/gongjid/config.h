/* io/gongjid/config.h -- the command line of gongjid: every flag, its default, its range.
 * Owns nothing: strings point into argv. */
#ifndef IO_GONGJID_CONFIG_H
#define IO_GONGJID_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/exit_codes.h"

struct config {
    const char *data_dir;
    char listen_host[64];  /* numeric address or "localhost" */
    uint16_t listen_port;  /* 0 = any free port */
    const char *unix_path; /* NULL = none */
    uint32_t persons_max, families_max, institutions_max, holds_max;
    uint64_t rids_max;
    uint32_t rids_ahead_max;
    uint32_t connections_max;
    uint64_t buffers_max;     /* bytes of input and output buffers of all connections */
    uint64_t log_prealloc;    /* bytes */
    uint64_t log_low_water;   /* bytes */
    uint64_t clock_gap_max_s; /* seconds */
    uint64_t disk_timeout_s;  /* a write of the log that takes longer ends the server */
    const char *io_trace;     /* NULL = none */
    uint32_t segment_mib;     /* of a log that is made; 0 = the default */
    bool test_clock;
    bool unsafe_dev;
};

enum config_verdict {
    CONFIG_RUN,
    CONFIG_SHOWN, /* --help or --version was printed: exit 0 */
    CONFIG_USAGE  /* one line was printed on stderr: exit 64 */
};

enum config_verdict config_parse(struct config *ret, int argc, char **argv);

#endif
