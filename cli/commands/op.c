/* cli/commands/op.c -- `gongji op PERSON RID`: what became of an operation. */
#include <inttypes.h>

#include "cli/common/tool.h"
#include "core/format/op_traits.h"

static const char help[] =
    "usage: gongji op PERSON RID [--connect ADDR]\n"
    "\n"
    "Shows whether an operation was executed, refused or tombstoned (reversed before it\n"
    "arrived), with the reply it was given. PERSON is the operation's first person (0 for\n"
    "set_region and set_institution). RID is 32 hexadecimal digits, hyphens allowed, or a\n"
    "30-character message id of the public interface. Amounts are yuan.\n"
    "Exit 0 if it was executed, 1 if not.\n"
    "\n" ADDRESS_HELP "\n"
    "example: gongji op 100 0192e4a1-5b3c-7000-8000-0123456789ab\n";

static void show_body(const struct gj_op *op)
{
    char text[YUAN_SIZE], when[TIME_SIZE];
    const char *name = gj_op_name(op->type);
    printf("%-10s %s\n", "operation", name == NULL ? "?" : name);
    printf("%-10s %" PRIu64 "\n", "person", op->person);
    if (op->other != 0) printf("%-10s %" PRIu64 "\n", "other", op->other);
    if (op_is(op->type, GJ_OP_MONEY)) printf("%-10s %s\n", "asked", yuan(op->amount, text));
    if (op->ref != 0) printf("%-10s %" PRIu64 "\n", "ref", op->ref);
    if (op->actor != 0) printf("%-10s %u\n", "actor", op->actor);
    printf("%-10s %s (Asia/Shanghai)\n", "rid time",
           shanghai_time(gj_rid_milliseconds(&op->rid), when));
}

static const char *amount_label(const struct gj_op_view *view)
{
    if ((view->reply.flags & GJ_REPLY_PENDING) != 0) return "held";
    switch (view->op.type) {
    case GJ_OP_HOLD: return "held";
    case GJ_OP_RELEASE:
    case GJ_OP_RETURN: return "freed";
    default: return "moved";
    }
}

static void show_reply(const struct gj_op_view *view)
{
    char text[YUAN_SIZE];
    printf("%-10s %s\n", "result", code_line(view->reply.code));
    printf("%-10s %" PRIu64 "\n", "seq", view->reply.seq);
    if ((view->reply.flags & GJ_REPLY_PENDING) != 0)
        printf("%-10s yes, when it was made; `gongji person %" PRIu64
               " --holds` lists what still waits\n",
               "pending", view->op.person);
    printf("%-10s %s\n", amount_label(view), yuan(view->reply.amount, text));
    printf("%-10s %s\n", "balance", yuan(view->reply.balance, text));
    if ((view->reply.flags & GJ_REPLY_SOURCES) == 0) return;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++)
        if (view->sources.taken[i] != 0)
            printf("source %u   %s\n", i + 1, yuan(view->sources.taken[i], text));
    printf("%-10s %s\n", "remainder", yuan(view->sources.remainder, text));
}

/* What the id alone says about a request that is not there. */
static void show_cause(const struct gj_rid *rid, uint64_t log_time_ms)
{
    char text[GJ_RID_CAUSE_SIZE];
    if (gj_rid_cause(rid, log_time_ms, text)[0] != '\0') printf("%-10s %s\n", "the rid", text);
}

static int show(const struct gj_op_view *view, uint64_t person)
{
    switch (view->state) {
    case GJ_OP_STATE_EXECUTED:
    case GJ_OP_STATE_REFUSED:
        printf("%-10s %s\n", "state", view->state == GJ_OP_STATE_EXECUTED ? "executed" : "refused");
        show_body(&view->op);
        show_reply(view);
        return view->state == GJ_OP_STATE_EXECUTED ? EXIT_OK : EXIT_NOT_SO;
    case GJ_OP_STATE_NOT_EXECUTED:
        printf("state      not known: person %" PRIu64 " has no operation with this rid\n"
               "           If the number is right, it has not arrived so far. The number is the "
               "first\n"
               "           person's: who pays, the patient, whoever a deposit, a suspension or a\n"
               "           wallet is about; the payer of an accept or return; 0 of set_region and\n"
               "           set_institution.\n",
               person);
        return EXIT_NOT_SO;
    case GJ_OP_STATE_EXPIRED:
        puts("state      older than the server remembers; it will never be executed from now on");
        return EXIT_NOT_SO;
    case GJ_OP_STATE_TOMBSTONED:
        puts(
            "state      tombstoned: reversed before it arrived; never executed, and never will be");
        return EXIT_NOT_SO;
    default: printf("state      %u, unknown to this version\n", view->state); return EXIT_NOT_SO;
    }
}

static int run(int argc, char **argv)
{
    const char *address = ADDRESS_STANDARD, *arguments[2];
    const struct option_spec specs[] = {{"connect", &address, NULL}, {NULL, NULL, NULL}};
    int count, result = read_options(&command_op, argc, argv, specs, arguments, 2, &count);
    if (result >= 0) return result;
    uint64_t person;
    struct gj_rid rid;
    if (count != 2 || !read_number(arguments[0], UINT64_MAX, &person))
        return usage_error(&command_op, "give the first person's number and the rid");
    if (gj_rid_parse(arguments[1], &rid) < 0)
        return usage_error(&command_op, "\"%s\" is neither 32 hexadecimal digits nor a message id",
                           arguments[1]);
    struct gj_client *client = connect_for(&command_op, address);
    if (client == NULL) return EXIT_SERVER;
    struct gj_op_view view;
    uint8_t code = GJ_MALFORMED;
    int error = gj_get_op(client, person, &rid, &view, &code);
    if (error < 0)
        result = command_error(&command_op, EXIT_SERVER, "%s", gj_client_error(client));
    else if (code != GJ_OK)
        result = command_error(&command_op, EXIT_NOT_SO, "%s", code_line(code));
    else
        result = show(&view, person);
    bool missing = view.state == GJ_OP_STATE_NOT_EXECUTED || view.state == GJ_OP_STATE_EXPIRED;
    if (error >= 0 && code == GJ_OK && missing) show_cause(&rid, gj_server(client)->time_ms);
    gj_close(client);
    return result;
}

const struct command command_op = {"op", "what became of an operation", help, run};
