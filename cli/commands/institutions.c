/* cli/commands/institutions.c -- `gongji institutions REGION`: where may I pay? */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/common/text.h"
#include "cli/common/tool.h"

static const char help[] =
    "usage: gongji institutions REGION [--wallet] [--connect ADDR]\n"
    "\n"
    "Lists the designated institutions of a region in the order they were registered: type, "
    "whether\n"
    "they take the wallet, scenarios, public code, and what they are owed, in yuan. REGION is its\n"
    "number: `gongji regions NAME` finds it. Exit 1 if there is no such region, or nothing to "
    "list.\n"
    "\n" ADDRESS_HELP "  --wallet         only those that take the wallet\n"
    "\n"
    "example: gongji institutions 12 --wallet\n";

struct listing {
    bool wallet_only;
    uint32_t shown, wallets;
};

static void show(struct listing *l, const struct gj_institution_view *v)
{
    bool wallet = (v->flags & GJ_FLAG_WALLET) != 0;
    char text[YUAN_SIZE];
    if (l->wallet_only && !wallet) return;
    if (l->shown++ == 0)
        printf("%20s  %-8s  %-6s  %-16s  %19s  %s\n", "ID", "TYPE", "WALLET", "CODE", "PAYABLE",
               "SCENARIOS");
    if (wallet) l->wallets++;
    printf("%20" PRIu64 "  %-8s  %-6s  %-16.16s  %19s ", v->id,
           v->type == GJ_HOSPITAL ? "hospital" : "pharmacy", wallet ? "yes" : "no",
           v->code[0] == 0 ? "-" : v->code, yuan128(v->payable, text));
    for (const struct scenario_word *word = scenario_care; word->word != NULL; word++)
        if ((v->scenarios >> (word->value - 1) & 1) != 0) printf(" %s", word->word);
    puts((v->flags & GJ_FLAG_SUSPENDED) != 0 ? "  (suspended)" : "");
}

/* Page after page, until one is empty. */
static int list(struct listing *l, struct gj_client *client, uint16_t region,
                struct gj_institution_view page[GJ_INSTITUTIONS_PAGE])
{
    uint64_t after = 0;
    for (;;) {
        uint32_t count = 0;
        uint8_t code = GJ_MALFORMED;
        if (gj_list_institutions(client, region, after, page, &count, &code) < 0)
            return command_error(&command_institutions, EXIT_SERVER, "%s", gj_client_error(client));
        if (code == GJ_INST_NOT_FOUND)
            return command_error(&command_institutions, EXIT_RETRY,
                                 "institution %" PRIu64 " has moved to another region meanwhile; "
                                 "ask again",
                                 after);
        if (code != GJ_OK)
            return command_error(&command_institutions, EXIT_NOT_SO, "region %u: %s", region,
                                 code_line(code));
        for (uint32_t i = 0; i < count; i++) show(l, &page[i]);
        if (count == 0) return EXIT_OK;
        after = page[count - 1].id;
    }
}

static int list_region(struct listing *l, const char *address, uint16_t region)
{
    struct gj_client *client = connect_for(&command_institutions, address);
    if (client == NULL) return EXIT_SERVER;
    struct gj_institution_view *page = calloc(GJ_INSTITUTIONS_PAGE, sizeof(page[0]));
    int result = page == NULL ? command_error(&command_institutions, EXIT_IO, "out of memory")
                              : list(l, client, region, page);
    free(page);
    gj_close(client);
    return result;
}

static int run(int argc, char **argv)
{
    const char *address = ADDRESS_STANDARD, *argument = NULL;
    struct listing l = {.shown = 0};
    const struct option_spec specs[] = {
        {"connect", &address, NULL}, {"wallet", NULL, &l.wallet_only}, {NULL, NULL, NULL}};
    int count,
        result = read_options(&command_institutions, argc, argv, specs, &argument, 1, &count);
    if (result >= 0) return result;
    uint64_t region;
    if (count != 1 || !read_number(argument, GJ_REGIONS_MAX - 1, &region) || region == 0)
        return usage_error(&command_institutions,
                           "give the region's number, 1 to 1023; gongji regions shows them");
    result = list_region(&l, address, (uint16_t)region);
    if (result != EXIT_OK) return result;
    if (l.shown == 0)
        return command_error(&command_institutions, EXIT_NOT_SO, "region %u has no institution%s",
                             (unsigned)region, l.wallet_only ? " that takes the wallet" : "");
    printf("%u institutions, %u take the wallet\n", l.shown, l.wallets);
    return EXIT_OK;
}

const struct command command_institutions = {
    "institutions", "where the wallet can be used: the institutions of a region", help, run};
