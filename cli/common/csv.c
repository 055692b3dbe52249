/* cli/common/csv.c -- splitting lines, reading regions.csv. */
#include "cli/common/csv.h"

#include <string.h>

#include "cli/common/tool.h"

enum column {
    COLUMN_ID,
    COLUMN_PROVINCE,
    COLUMN_NAME,
    COLUMN_OPEN,
    COLUMN_FULL,
    COLUMN_CHANGE,
    COLUMN_QUOTA,
    COLUMN_CODE,
    COLUMN_KIND,
    COLUMN_NOTE,
    COLUMNS
};
#define HEADER                                                                                     \
    "region_id,province,region_name,wallet_open,full_province_open,region_change_enabled,"         \
    "quota_bp,gb2260_code,kind,note"

int csv_split(char *line, char *fields[CSV_FIELDS_MAX])
{
    unsigned count = 0;
    char *at = line;
    for (;;) {
        if (count == CSV_FIELDS_MAX) return -1;
        char *to = at;
        fields[count++] = to;
        if (*at == '"') {
            at++;
            for (; *at != '"' || at[1] == '"'; *to++ = *at++) {
                if (*at == 0) return -1;
                if (*at == '"') at++;
            }
            at++;
            if (*at != ',' && *at != 0) return -1;
        } else {
            while (*at != ',' && *at != 0) *to++ = *at++;
        }
        bool last = *at == 0;
        *to = 0;
        if (last) return (int)count;
        at++;
    }
}

static bool read_bit(const char *text, bool *value)
{
    if ((text[0] != '0' && text[0] != '1') || text[1] != 0) return false;
    *value = text[0] == '1';
    return true;
}

static bool copy_text(const char *text, char *to, size_t size)
{
    size_t length = strlen(text);
    if (length >= size) return false;
    memset(to, 0, size);
    memcpy(to, text, length);
    return true;
}

/* NULL, or what is wrong with the row. */
static const char *read_row(char *fields[COLUMNS], struct region_row *row)
{
    uint64_t number;
    if (!read_number(fields[COLUMN_ID], GJ_REGIONS_MAX - 1, &number) || number == 0)
        return "region_id must be 1..1023";
    row->id = (uint16_t)number;
    if (fields[COLUMN_NAME][0] == 0) return "region_name is empty";
    if (!copy_text(fields[COLUMN_NAME], row->name, sizeof(row->name)))
        return "region_name is longer than 63 bytes";
    if (!copy_text(fields[COLUMN_PROVINCE], row->province, sizeof(row->province)))
        return "province is longer than 47 bytes";
    if (!read_bit(fields[COLUMN_OPEN], &row->wallet_open)) return "wallet_open must be 0 or 1";
    if (!read_bit(fields[COLUMN_FULL], &row->full_province_open))
        return "full_province_open must be 0 or 1";
    if (!read_bit(fields[COLUMN_CHANGE], &row->region_change_enabled))
        return "region_change_enabled must be 0 or 1";
    row->quota_bp = -1;
    if (fields[COLUMN_QUOTA][0] != 0) {
        if (!read_number(fields[COLUMN_QUOTA], 10000, &number))
            return "quota_bp must be empty or 0..10000";
        row->quota_bp = (int32_t)number;
    }
    row->public_code = 0;
    if (fields[COLUMN_CODE][0] != 0) {
        if (!read_number(fields[COLUMN_CODE], 999999, &number) || number < 100000)
            return "gb2260_code must be empty or six digits";
        row->public_code = (uint32_t)number;
    }
    if (!copy_text(fields[COLUMN_KIND], row->kind, sizeof(row->kind)))
        return "kind is longer than 23 bytes";
    if (!copy_text(fields[COLUMN_NOTE], row->note, sizeof(row->note)))
        return "note is longer than 127 bytes";
    return NULL;
}

static const char *check_unique(const struct region_rows *rows, const struct region_row *row)
{
    for (uint32_t i = 0; i < rows->count; i++) {
        const struct region_row *other = &rows->row[i];
        if (other->id == row->id) return "region_id is there twice";
        if (strcmp(other->province, row->province) == 0 && strcmp(other->name, row->name) == 0)
            return "province and region_name are there twice";
    }
    return NULL;
}

/* NULL, or what is wrong with the line. */
static const char *read_line(char *line, struct region_rows *rows)
{
    char *fields[CSV_FIELDS_MAX];
    int count = csv_split(line, fields);
    if (count < 0) return "a quoted field does not end, or there are far too many fields";
    if (count != COLUMNS) return "expected 10 fields: " HEADER;
    if (rows->count == GJ_REGIONS_MAX - 1) return "more than 1023 regions";
    struct region_row row;
    const char *wrong = read_row(fields, &row);
    if (wrong == NULL) wrong = check_unique(rows, &row);
    if (wrong == NULL) rows->row[rows->count++] = row;
    return wrong;
}

bool csv_read_regions(FILE *file, const char *name, struct region_rows *rows,
                      char error[CSV_ERROR_SIZE])
{
    char line[CSV_LINE_MAX];
    const char *wrong = NULL;
    unsigned number = 0;
    rows->count = 0;
    while (wrong == NULL && fgets(line, sizeof(line), file) != NULL) {
        number++;
        size_t length = strlen(line);
        if (length == sizeof(line) - 1 && line[length - 1] != '\n') {
            wrong = "the line is longer than 1022 bytes, or holds a zero byte";
            break;
        }
        line[strcspn(line, "\r\n")] = 0;
        if (number == 1)
            wrong = strcmp(line, HEADER) == 0 ? NULL : "the header must be: " HEADER;
        else
            wrong = read_line(line, rows);
    }
    if (wrong == NULL && ferror(file)) wrong = "reading failed";
    if (wrong == NULL && number == 0) wrong = "the file is empty; the header must be: " HEADER;
    if (wrong == NULL) return true;
    (void)snprintf(error, CSV_ERROR_SIZE, "%s:%u: %s", name, number, wrong);
    return false;
}
