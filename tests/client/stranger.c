/* tests/client/stranger.c -- a program of somebody else's, built against the installed library as
 * C99 and as C++11: it has names of its own, sends money and reads it back. */
#include <limits.h>
#include <stdio.h>

#define ASSERT(x)      ((x) ? "mine" : "")
#define LIKELY         1
#define UNLIKELY       0
#define PREFETCH       2
#define ARRAY_COUNT    3
#define NODISCARD      4
#define X(a)           (a)
#define WIRE_MAGIC     5
#define UNREACHABLE(x) (x)

#include <gongji/gongji.h>

typedef int i128;
typedef int u128;

/* The library's own inside has other names. */
i128 client_fail(u128 error);
i128 client_fail(u128 error)
{
    return error + LIKELY + UNLIKELY + PREFETCH + ARRAY_COUNT + NODISCARD + X(WIRE_MAGIC);
}

static int fail(const char *what)
{
    fprintf(stderr, "not ok %s\n", what);
    return 1;
}

static int execute(struct gj_client *client, const struct gj_op *op, const void *ext)
{
    struct gj_reply reply;
    if (gj_execute(client, op, ext, &reply, NULL) < 0) return fail(gj_client_error(client));
    return gj_code_ok(reply.code) ? 0 : fail(gj_code_text(reply.code));
}

/* One deposit of one yuan to a new person of a new region. */
static int deposit(struct gj_client *client)
{
    struct gj_region_ext ext;
    struct gj_op op;
    memset(&ext, 0, sizeof(ext));
    memcpy(ext.province, "Shandong", 8);
    memcpy(ext.name, "Jinan", 5);
    gj_policy_default(&ext.policy);
    gj_set_region(&op, gj_rid_new(client), 1, 1, 0);
    if (execute(client, &op, &ext) != 0) return 1;
    gj_open_person(&op, gj_rid_new(client), 100, 1, GJ_INSURANCE_EMPLOYEE, GJ_STATUS_ACTIVE, false);
    if (execute(client, &op, NULL) != 0) return 1;
    gj_deposit(&op, gj_rid_new(client), 100, 100);
    return execute(client, &op, NULL);
}

int main(int count, char **words)
{
    struct gj_client *client;
    struct gj_person_view view;
    uint8_t code;
    if (count != 2) return fail("usage: stranger ADDRESS");
    if (gj_connect(words[1], NULL, &client) < 0) return fail("cannot connect");
    int failed = deposit(client);
    if (gj_get_person(client, 100, &view, &code) < 0 || code != GJ_OK) failed = fail("no person");
    if (failed == 0 && view.personal != 100) failed = fail("not the money that was deposited");
    printf("%s %d %ld fen\n", ASSERT(INT_MAX > 0), (int)client_fail(0), (long)view.personal);
    gj_close(client);
    return failed;
}
