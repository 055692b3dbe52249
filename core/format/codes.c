/* core/format/codes.c -- names and texts of the result codes. */
#include "core/format/codes.h"

#include <stddef.h>

static const struct {
    const char *name;
    const char *text;
} codes[256] = {
#define X(name, number, text) [number] = {#name, text},
    GJ_CODE_MAP(X)
#undef X
};

const char *gj_code_name(uint8_t code)
{
    return codes[code].name;
}

const char *gj_code_text(uint8_t code)
{
    return codes[code].text;
}

static bool same_text(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) a++, b++;
    return *a == *b;
}

int gj_code_from_name(const char *name)
{
    for (int i = 0; i < 256; i++) {
        if (codes[i].name != NULL && same_text(codes[i].name, name)) return i;
    }
    return -1;
}
