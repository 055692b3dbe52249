/* cli/common/tool.h -- what the commands of `gongji` share: their table, their options, how they
 * talk. */
#ifndef CLI_COMMON_TOOL_H
#define CLI_COMMON_TOOL_H

#include <stdint.h>
#include <stdio.h>

#include "clients/c/gongji.h"
#include "core/base/exit_codes.h"

struct command {
    const char *name;
    const char *summary; /* one line of `gongji --help` */
    const char *help;    /* all of `gongji NAME --help` */
    int (*run)(int argc, char **argv);
};

extern const struct command command_bench, command_check, command_fuzz, command_institution,
    command_institutions, command_load, command_log, command_op, command_person, command_regions,
    command_scenario;

#define ADDRESS_STANDARD "127.0.0.1:7272"
#define ADDRESS_HELP                                                                               \
    "  --connect ADDR   the server: HOST:PORT or unix:PATH (" ADDRESS_STANDARD ")\n"

/* One line `gongji COMMAND: TEXT` and how to get help, to stderr. Returns EXIT_USAGE. */
__attribute__((format(printf, 2, 3))) int usage_error(const struct command *command,
                                                      const char *format, ...);
/* One line `gongji COMMAND: TEXT` to stderr. Returns `code`. */
__attribute__((format(printf, 3, 4))) int command_error(const struct command *command, int code,
                                                        const char *format, ...);

/* Options of a command: long only, `--name VALUE` or `--name=VALUE`, flags without a value, in any
 * order with the arguments. */
struct option_spec {
    const char *name;   /* without the dashes; the table ends with NULL */
    const char **value; /* --name VALUE; NULL for a flag */
    bool *flag;
};
/* Collects the other arguments in `arguments` (at most `most`). -1 to go on; else the exit code:
 * EXIT_OK after --help, EXIT_USAGE after a complaint. */
int read_options(const struct command *command, int argc, char **argv,
                 const struct option_spec *specs, const char **arguments, int most, int *count);

/* Reads a whole decimal number. */
bool read_number(const char *text, uint64_t most, uint64_t *value);

/* Connects for a command, or says why not and returns NULL. */
struct gj_client *connect_for(const struct command *command, const char *address);

/* The text of a code for people: "60 REGION_NOT_FOUND: no such region". Static storage, overwritten
 * by the next call. */
const char *code_line(uint8_t code);

/* Amounts as yuan with two decimals: "-12.30". */
#define YUAN_SIZE 44
const char *yuan(int64_t fen, char text[YUAN_SIZE]);
const char *yuan128(struct gj_fen128 fen, char text[YUAN_SIZE]);

/* Terminal columns of UTF-8 text: most Chinese characters take two. */
unsigned text_width(const char *text);
/* Prints text and spaces up to `width` columns. */
void put_padded(FILE *out, const char *text, unsigned width);

/* Unix milliseconds as "2025-11-20 09:00:00.000" of Asia/Shanghai; days as "2025-11-20". */
#define TIME_SIZE 32
const char *shanghai_time(uint64_t ms, char text[TIME_SIZE]);

/* The directory that holds regions.csv and policies/: `given`, or ./data, ../data beside the
 * program, or where it is installed. `path` is set even if none exists. */
#define PATH_SIZE 4096
void find_data(const char *given, char path[PATH_SIZE]);

/* Names of numbers; "?" if unknown. */
const char *relation_name(uint8_t kind);
const char *insurance_name(uint8_t insurance);

#endif
