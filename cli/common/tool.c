/* cli/common/tool.c -- options, errors, numbers and text that all commands share. */
#include "cli/common/tool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/base.h"

#ifndef GJ_DATA_DIR
#define GJ_DATA_DIR "/usr/share/gongji"
#endif

static void complain(const struct command *command, const char *format, va_list arguments)
{
    fprintf(stderr, "gongji %s: ", command->name);
    (void)vfprintf(stderr, format, arguments);
}

int usage_error(const struct command *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain(command, format, arguments);
    va_end(arguments);
    fprintf(stderr, "; see gongji %s --help\n", command->name);
    return EXIT_USAGE;
}

int command_error(const struct command *command, int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain(command, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return code;
}

/* Applies argv[*at], which starts with "--". -1 to go on, else the exit code. */
static int apply_option(const struct command *command, int argc, char **argv, int *at,
                        const struct option_spec *specs)
{
    const char *name = argv[*at] + 2, *equals = strchr(name, '=');
    size_t length = equals == NULL ? strlen(name) : (size_t)(equals - name);
    for (const struct option_spec *spec = specs; spec->name != NULL; spec++) {
        if (strlen(spec->name) != length || strncmp(spec->name, name, length) != 0) continue;
        if (spec->value == NULL) {
            if (equals != NULL) return usage_error(command, "--%s takes no value", spec->name);
            *spec->flag = true;
        } else if (equals != NULL) {
            *spec->value = equals + 1;
        } else if (*at + 1 < argc) {
            *spec->value = argv[++*at];
        } else {
            return usage_error(command, "--%s needs a value", spec->name);
        }
        return -1;
    }
    return usage_error(command, "unknown option --%.*s", (int)length, name);
}

int read_options(const struct command *command, int argc, char **argv,
                 const struct option_spec *specs, const char **arguments, int most, int *count)
{
    *count = 0;
    bool only_arguments = false;
    for (int i = 1; i < argc; i++) {
        if (!only_arguments && strcmp(argv[i], "--") == 0) {
            only_arguments = true;
        } else if (!only_arguments &&
                   (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
            fputs(command->help, stdout);
            return EXIT_OK;
        } else if (!only_arguments && strncmp(argv[i], "--", 2) == 0) {
            int result = apply_option(command, argc, argv, &i, specs);
            if (result >= 0) return result;
        } else if (*count == most) {
            return usage_error(command, "unexpected argument \"%s\"", argv[i]);
        } else {
            arguments[(*count)++] = argv[i];
        }
    }
    return -1;
}

bool read_number(const char *text, uint64_t most, uint64_t *value)
{
    uint64_t number = 0;
    if (*text == 0) return false;
    for (; *text != 0; text++) {
        if (*text < '0' || *text > '9') return false;
        uint64_t digit = (uint64_t)(*text - '0');
        if (number > (most - digit) / 10 || digit > most) return false;
        number = number * 10 + digit;
    }
    *value = number;
    return true;
}

struct gj_client *connect_for(const struct command *command, const char *address)
{
    struct gj_client *client;
    char why[192];
    struct gj_options options = {.why = why, .why_size = sizeof(why)};
    if (gj_connect(address, &options, &client) < 0)
        (void)command_error(command, 0, "%s: %s", address, why);
    return client;
}

const char *code_line(uint8_t code)
{
    static char line[160];
    const char *name = gj_code_name(code), *text = gj_code_text(code);
    (void)snprintf(line, sizeof(line), "%u %s: %s", code, name == NULL ? "?" : name,
                   text == NULL ? "unknown to this version" : text);
    return line;
}

static const char *yuan_wide(i128 fen, char text[YUAN_SIZE])
{
    bool negative = fen < 0;
    u128 rest = negative ? -(u128)fen : (u128)fen;
    char *at = text + YUAN_SIZE - 1;
    *at = 0;
    for (unsigned digit = 0; digit < 3 || rest > 0; digit++) {
        if (digit == 2) *--at = '.';
        *--at = (char)('0' + (unsigned)(rest % 10));
        rest /= 10;
    }
    if (negative) *--at = '-';
    return at;
}

const char *yuan(int64_t fen, char text[YUAN_SIZE])
{
    return yuan_wide(fen, text);
}

const char *yuan128(struct gj_fen128 fen, char text[YUAN_SIZE])
{
    return yuan_wide((i128)((u128)(uint64_t)fen.high << 64 | fen.low), text);
}

/* The next character and how far to step; broken bytes count one each. */
static uint32_t next_character(const char **text)
{
    const unsigned char *at = (const unsigned char *)*text;
    unsigned more = at[0] >= 0xF0 ? 3 : at[0] >= 0xE0 ? 2 : at[0] >= 0xC0 ? 1 : 0;
    uint32_t value = more == 0 ? at[0] : at[0] & (0x3Fu >> more);
    for (unsigned i = 1; i <= more; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            (*text)++;
            return at[0];
        }
        value = value << 6 | (at[i] & 0x3Fu);
    }
    *text += more + 1;
    return value;
}

unsigned text_width(const char *text)
{
    unsigned width = 0;
    while (*text != 0) {
        uint32_t c = next_character(&text);
        bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
                    (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
                    (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
                    (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x20000 && c <= 0x3FFFD);
        width += wide ? 2 : 1;
    }
    return width;
}

void put_padded(FILE *out, const char *text, unsigned width)
{
    fputs(text, out);
    for (unsigned used = text_width(text); used < width; used++) fputc(' ', out);
}

const char *shanghai_time(uint64_t ms, char text[TIME_SIZE])
{
    time_t seconds = (time_t)(ms / 1000) + 8 * 3600; /* UTC+8, no summer time */
    struct tm parts;
    char date[24];
    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &parts) == 0)
        return "?";
    (void)snprintf(text, TIME_SIZE, "%s.%03u", date, (unsigned)(ms % 1000));
    return text;
}

static bool holds_data(const char *directory)
{
    char path[PATH_SIZE + 16];
    (void)snprintf(path, sizeof(path), "%s/regions.csv", directory);
    return access(path, R_OK) == 0;
}

void find_data(const char *given, char path[PATH_SIZE])
{
    if (given != NULL) {
        (void)snprintf(path, PATH_SIZE, "%s", given);
        return;
    }
    (void)snprintf(path, PATH_SIZE, "data");
    if (holds_data(path)) return;
    char self[PATH_SIZE];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - sizeof("/../data"));
    if (length > 0) {
        self[length] = 0;
        char *slash = strrchr(self, '/');
        if (slash != NULL) {
            memcpy(slash, "/../data", sizeof("/../data"));
            memcpy(path, self, sizeof(self));
            if (holds_data(path)) return;
        }
    }
    (void)snprintf(path, PATH_SIZE, "%s", GJ_DATA_DIR);
}

const char *relation_name(uint8_t kind)
{
    static const char *const names[] = {
        "?",
        "spouse",
        "parent",
        "child",
        "sibling",
        "grandparent",
        "maternal_grandparent",
        "grandchild",
        "maternal_grandchild",
    };
    return kind < ARRAY_COUNT(names) ? names[kind] : "?";
}

const char *insurance_name(uint8_t insurance)
{
    return insurance == GJ_INSURANCE_EMPLOYEE   ? "employee"
           : insurance == GJ_INSURANCE_RESIDENT ? "resident"
                                                : "?";
}
