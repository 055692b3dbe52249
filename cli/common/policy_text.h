/* cli/common/policy_text.h -- the fields of a region by name: `quota_bp=6000`,
 * `auth_mask_pay=face,code`. One table: names and units are those of docs/OPERATIONS.md, values are
 * read strictly. */
#ifndef CLI_COMMON_POLICY_TEXT_H
#define CLI_COMMON_POLICY_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/format/policy.h"

#define SCENARIO_REGION_FIELDS_MAX 48u

/* What one `region` statement names; everything else stays as it is in the region. */
struct region_change {
    struct gj_region_ext values; /* of the named fields */
    unsigned long long named;    /* bit: index in the table of fields */
    bool premiums_cleared;       /* `premium=none`: all rows go before the new ones come */
    unsigned premiums_count;     /* rows in values.policy.premiums */
};

/* Reads `name=value` into `change`. False: `error` says what is wrong, in one line. */
bool region_change_read(struct region_change *change, const char *name, const char *value,
                        char *error, size_t error_size);

/* Puts the named fields into `ext`. False if a ninth premium row would be needed. A row replaces
 * the one of the same year and product. */
bool region_change_apply(const struct region_change *change, struct gj_region_ext *ext);

/* The other way, field by field: the table's fields have numbers from 0, the premium rows are none
 * of them. */
unsigned region_fields_count(void);
const char *region_field_name(unsigned field);
bool region_field_same(unsigned field, const struct gj_region_ext *a,
                       const struct gj_region_ext *b);
void region_field_copy(unsigned field, struct gj_region_ext *to, const struct gj_region_ext *from);
/* "quota_bp=6000". False: no line can say it (a blank in a name, a bit without a word). */
bool region_field_text(unsigned field, const struct gj_region_ext *ext, char *ret, size_t size);
/* "premium=2026/1/400.00/2025-09-01/2025-12-31" */
void premium_text(const struct gj_premium_row *row, char *ret, size_t size);

#endif
