/* clients/c/error.c -- the texts of libgongji's own errors. */
#include "clients/c/client.h"

#include <stdarg.h>
#include <stdio.h>

const char *gj_error_text(int error)
{
    switch (error) {
#define X(name, number, text)                                                                      \
    case number: return text;
        GJ_ERROR_MAP(X)
#undef X
    case 0: return "done";
    default: return "unknown error";
    }
}

int gj_internal_fail(struct gj_client *client, int error, const char *format, ...)
{
    int used = snprintf(client->error, sizeof(client->error), "%s", gj_error_text(error));
    if (format == NULL || used < 0 || (size_t)used + 3 > sizeof(client->error)) return error;
    size_t at = (size_t)used;
    client->error[at++] = ':';
    client->error[at++] = ' ';
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(client->error + at, sizeof(client->error) - at, format, arguments);
    va_end(arguments);
    return error;
}

const char *gj_client_error(const struct gj_client *client)
{
    return client->error;
}

uint8_t gj_client_server_code(const struct gj_client *client)
{
    return client->server_code;
}
