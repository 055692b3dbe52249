/* cli/common/policy_file.c -- reading a policy set; field names and values are those of scenario
 * files. */
#include "cli/common/policy_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/common/policy_text.h"
#include "cli/common/tool.h"

#define BASES_MAX 4u /* sets may stand on one another this deep */

struct reading {
    struct gj_policy *policy;
    const char *directory;
    unsigned depth;
    char *error;
};

static bool read_set(struct reading *r, const char *name);

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL) text[--length] = 0;
    return text;
}

static bool apply_field(struct reading *r, const char *field, const char *value, char *wrong,
                        size_t size)
{
    struct region_change change;
    memset(&change, 0, sizeof(change));
    if (!region_change_read(&change, field, value, wrong, size)) return false;
    struct gj_region_ext ext = {.policy = *r->policy};
    if (!region_change_apply(&change, &ext)) {
        (void)snprintf(wrong, size, "more than %u premium rows", GJ_PREMIUM_ROWS_MAX);
        return false;
    }
    *r->policy = ext.policy;
    return true;
}

/* A set's name is a file name: nothing that leaves the directory. */
static bool plain_name(const char *name)
{
    return name[0] != 0 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

static bool read_assignment(struct reading *r, char *line, const char *name, char *wrong,
                            size_t size)
{
    line = trim(line);
    if (line[0] == 0) return true;
    char *equals = strchr(line, '=');
    if (equals == NULL) {
        (void)snprintf(wrong, size, "expected field = value");
        return false;
    }
    *equals = 0;
    const char *field = trim(line), *value = trim(equals + 1);
    if (strcmp(field, "name") == 0) {
        if (strcmp(value, name) == 0) return true;
        (void)snprintf(wrong, size, "the file is %s.policy but names itself %s", name, value);
        return false;
    }
    if (strcmp(field, "base") == 0) {
        if (!plain_name(value)) {
            (void)snprintf(wrong, size, "base must be the name of a policy set");
            return false;
        }
        return read_set(r, value); /* its error already names its own place */
    }
    return apply_field(r, field, value, wrong, size);
}

static bool read_set(struct reading *r, const char *name)
{
    char path[PATH_SIZE], line[512], wrong[192];
    if (r->depth++ == BASES_MAX) {
        (void)snprintf(r->error, POLICY_ERROR_SIZE, "policy set %s: its bases never end", name);
        return false;
    }
    (void)snprintf(path, sizeof(path), "%s/policies/%s.policy", r->directory, name);
    FILE *file = plain_name(name) ? fopen(path, "re") : NULL;
    if (file == NULL) {
        (void)snprintf(r->error, POLICY_ERROR_SIZE,
                       "no policy set %.40s: cannot read %.300s; shipped are seed and guide-2025",
                       name, path);
        return false;
    }
    bool good = true;
    for (unsigned number = 1; good && fgets(line, sizeof(line), file) != NULL; number++) {
        line[strcspn(line, "#")] = 0;
        wrong[0] = 0;
        good = read_assignment(r, line, name, wrong, sizeof(wrong));
        if (!good && wrong[0] != 0)
            (void)snprintf(r->error, POLICY_ERROR_SIZE, "%.300s:%u: %.180s", path, number, wrong);
    }
    (void)fclose(file);
    return good;
}

bool policy_set_read(const char *directory, const char *name, struct gj_policy *ret,
                     char error[POLICY_ERROR_SIZE])
{
    struct reading r = {.policy = ret, .directory = directory, .error = error};
    error[0] = 0;
    gj_policy_default(ret);
    memset(ret->premiums, 0, sizeof(ret->premiums));
    return read_set(&r, name);
}
