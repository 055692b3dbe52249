/* cli/common/csv.h -- data/regions.csv, read strictly: every error names its line and what to do.
 */
#ifndef CLI_COMMON_CSV_H
#define CLI_COMMON_CSV_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/format/policy.h"

#define CSV_FIELDS_MAX 16u
#define CSV_LINE_MAX   1024u
#define CSV_ERROR_SIZE 256u

/* Splits one line (without its end) in place: fields at commas, a field may be quoted with `"`, and
 * `""` in it is one quote. Returns the number of fields, or -1: more than CSV_FIELDS_MAX, a quote
 * that does not end, or text after a closing quote. */
int csv_split(char *line, char *fields[CSV_FIELDS_MAX]);

/* One row of regions.csv. */
struct region_row {
    uint16_t id;
    bool wallet_open;
    bool full_province_open;
    bool region_change_enabled;
    int32_t quota_bp;     /* -1 = not given */
    uint32_t public_code; /* 0 = not given */
    char province[48];
    char name[64];
    char kind[24];
    char note[128];
};

/* Rows in the order of the file, at most GJ_REGIONS_MAX - 1 of them. */
struct region_rows {
    uint32_t count;
    struct region_row row[GJ_REGIONS_MAX];
};

/* Reads a whole file. False: `error` is one line naming file and line; rows->count is then of no
 * use. Checked: the header, the number of fields, every value, ids and (province, name) unique. */
bool csv_read_regions(FILE *file, const char *name, struct region_rows *rows,
                      char error[CSV_ERROR_SIZE]);

#endif
