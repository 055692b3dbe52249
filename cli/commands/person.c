/* cli/commands/person.c -- `gongji person ID`: everything a server knows about one person. */
#include <inttypes.h>

#include "cli/common/tool.h"

static const char help[] =
    "usage: gongji person ID [--holds] [--connect ADDR]\n"
    "\n"
    "Shows a person in one snapshot: accounts, what is held, the year's quota, open holds and\n"
    "pending transfers, family members, suspensions. Amounts are yuan. Exit 1 if there is no such\n"
    "person.\n"
    "\n" ADDRESS_HELP
    "  --holds          then list the open holds (as patient or relative) and the pending\n"
    "                   transfers (from or to the person), those due first at the top; the rid is\n"
    "                   what capture, release, accept and return take\n"
    "\n"
    "example: gongji person 100 --holds\n";

static void show_amount(const char *label, int64_t fen)
{
    char text[YUAN_SIZE];
    printf("%-16s %s\n", label, yuan(fen, text));
}

static void show_quota(const struct gj_person_view *p)
{
    if (p->quota < 0)
        printf("%-16s off\n", "quota");
    else
        show_amount("quota", p->quota);
    if (p->quota_left >= 0) show_amount("quota left", p->quota_left);
    show_amount("used", p->used);
    show_amount("opening", p->opening);
    show_amount("credits", p->credits);
}

static void show_suspended(uint8_t bits)
{
    static const char *const names[] = {"pay", "transfer_out", "transfer_in", "premium"};
    printf("%-16s", "suspended");
    if (bits == 0) fputs(" no", stdout);
    for (unsigned i = 0; i < 4; i++)
        if ((bits >> i & 1) != 0) printf(" %s", names[i]);
    fputc('\n', stdout);
}

static void show_members(const struct gj_person_view *p)
{
    for (unsigned i = 0; i < p->member_count && i < GJ_FAMILY_MEMBERS_MAX; i++) {
        const struct gj_member_view *m = &p->members[i];
        char used[YUAN_SIZE], cap[YUAN_SIZE];
        printf("%-16s %" PRIu64 " %s, used %s, cap %s\n", "member", m->id, relation_name(m->kind),
               yuan(m->used, used), m->cap < 0 ? "none" : yuan(m->cap, cap));
    }
}

static void show_premiums(const struct gj_person_view *p)
{
    static const char *const which[] = {"last", "this", "next"};
    if (p->premium_year == 0) return;
    for (unsigned i = 0; i < 3; i++) {
        if (p->premium_paid[i] == 0) continue;
        printf("%-16s %u (%s year) products", "premium paid", p->premium_year + i - 1, which[i]);
        for (unsigned product = 1; product <= GJ_PRODUCTS_MAX; product++)
            if ((p->premium_paid[i] >> (product - 1) & 1) != 0) printf(" %u", product);
        fputc('\n', stdout);
    }
}

static void show_hold(const struct gj_hold_view *h)
{
    char rid[GJ_RID_TEXT_SIZE], due[TIME_SIZE], left[YUAN_SIZE], amount[YUAN_SIZE];
    int64_t sum = 0;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) sum += h->left[i];
    gj_rid_format(&h->rid, rid);
    bool transfer = h->type == GJ_OP_TRANSFER;
    printf("%-16s %s %s of %s, %" PRIu64 " to %s%" PRIu64, transfer ? "pending transfer" : "hold",
           rid, yuan(sum, left), yuan(h->amount, amount), h->person, transfer ? "" : "institution ",
           h->other);
    if (h->relative != 0) printf(" with %" PRIu64, h->relative);
    printf(", due %s\n", shanghai_time(h->due_ms, due));
}

/* gj_list_holds or gj_list_pending, page after page. */
typedef int list_function(struct gj_client *client, uint64_t person,
                          const struct gj_hold_view *after, struct gj_hold_view *page,
                          uint32_t *count, uint8_t *code);

static int show_list(struct gj_client *client, uint64_t person, list_function *list)
{
    static struct gj_hold_view page[GJ_HOLDS_PAGE];
    uint32_t count = 0;
    uint8_t code;
    do {
        const struct gj_hold_view *after = count > 0 ? &page[count - 1] : NULL;
        if (list(client, person, after, page, &count, &code) < 0)
            return command_error(&command_person, EXIT_SERVER, "%s", gj_client_error(client));
        if (code != GJ_OK)
            return command_error(&command_person, EXIT_NOT_SO, "%s", code_line(code));
        for (uint32_t i = 0; i < count; i++) show_hold(&page[i]);
    } while (count == GJ_HOLDS_PAGE);
    return EXIT_OK;
}

static void show(const struct gj_person_view *p)
{
    printf("%-16s %" PRIu64 "\n", "person", p->id);
    printf("%-16s %s, %s%s%s%s\n", "insurance", insurance_name(p->insurance),
           p->status == GJ_STATUS_ACTIVE ? "active" : "stopped",
           (p->flags & GJ_PERSON_SPECIAL) != 0 ? ", special disease" : "",
           (p->flags & GJ_PERSON_OVERDUE) != 0 ? ", profile overdue" : "",
           (p->flags & GJ_PERSON_CLOSED) != 0 ? ", closed" : "");
    printf("%-16s %u\n", "insured region", p->insured_region);
    if ((p->flags & GJ_PERSON_ACCOUNT) != 0) {
        show_amount("personal", p->personal);
        show_amount("personal held", p->personal_held);
    } else {
        printf("%-16s none\n", "personal");
    }
    if ((p->flags & GJ_PERSON_WALLET) != 0) {
        printf("%-16s %u\n", "region of use", p->use_region);
        show_amount("wallet", p->wallet);
        show_amount("wallet held", p->wallet_held);
    } else {
        printf("%-16s not confirmed\n", "wallet");
    }
    printf("%-16s %u\n", "year", p->year);
    show_quota(p);
    printf("%-16s %u\n", "open holds", p->holds);
    printf("%-16s %u out, %u in\n", "pending", p->pendings_out, p->pendings_in);
    show_suspended(p->suspended);
    show_members(p);
    show_premiums(p);
}

static int run(int argc, char **argv)
{
    const char *address = ADDRESS_STANDARD, *argument = NULL;
    bool holds = false;
    const struct option_spec specs[] = {
        {"connect", &address, NULL}, {"holds", NULL, &holds}, {NULL, NULL, NULL}};
    int count, result = read_options(&command_person, argc, argv, specs, &argument, 1, &count);
    if (result >= 0) return result;
    uint64_t id;
    if (count != 1 || !read_number(argument, UINT64_MAX, &id) || id == 0)
        return usage_error(&command_person, "give the person's number, 1 or more");
    struct gj_client *client = connect_for(&command_person, address);
    if (client == NULL) return EXIT_SERVER;
    struct gj_person_view view;
    uint8_t code = GJ_MALFORMED;
    int error = gj_get_person(client, id, &view, &code);
    if (error < 0)
        result = command_error(&command_person, EXIT_SERVER, "%s", gj_client_error(client));
    else if (code != GJ_OK)
        result =
            command_error(&command_person, EXIT_NOT_SO, "%" PRIu64 ": %s", id, code_line(code));
    else
        result = EXIT_OK;
    if (result == EXIT_OK) show(&view);
    if (result == EXIT_OK && holds) result = show_list(client, id, gj_list_holds);
    if (result == EXIT_OK && holds) result = show_list(client, id, gj_list_pending);
    gj_close(client);
    return result;
}

const struct command command_person = {"person", "balances, quota and family of a person", help,
                                       run};
