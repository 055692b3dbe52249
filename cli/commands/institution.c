/* cli/commands/institution.c -- `gongji institution ID`: what a server knows about one institution.
 */
#include <inttypes.h>

#include "cli/common/text.h"
#include "cli/common/tool.h"
#include "core/base/base.h"
#include "core/base/calendar.h"

static const char help[] =
    "usage: gongji institution ID [--day YYYY-MM-DD] [--connect ADDR]\n"
    "\n"
    "Shows a designated institution: region, type, scenarios, what it is owed (payable), and what\n"
    "was posted to it on one day: payments and captures, refunds and reversals. The last 8 days,\n"
    "today included, are kept. Amounts are yuan. Exit 1 if there is no such institution or day.\n"
    "\n" ADDRESS_HELP "  --day DAY        instead of today, in Asia/Shanghai\n"
    "\n"
    "example: gongji institution 10 --day 2025-06-02\n";

static void show(const struct gj_institution_view *v)
{
    char text[YUAN_SIZE];
    printf("%-11s %" PRIu64 "\n", "institution", v->id);
    printf("%-11s %.16s\n", "code", v->code[0] == 0 ? "unknown" : v->code);
    printf("%-11s %u\n", "region", v->region);
    printf("%-11s %s%s%s\n", "type", v->type == GJ_HOSPITAL ? "hospital" : "pharmacy",
           (v->flags & GJ_FLAG_WALLET) != 0 ? ", takes the wallet" : "",
           (v->flags & GJ_FLAG_SUSPENDED) != 0 ? ", suspended" : "");
    printf("%-11s", "scenarios");
    for (const struct scenario_word *word = scenario_care; word->word != NULL; word++)
        if ((v->scenarios >> (word->value - 1) & 1) != 0) printf(" %s", word->word);
    printf("\n%-11s %s\n", "payable", yuan128(v->payable, text));
}

static void show_day(const struct gj_institution_day_view *v)
{
    char text[YUAN_SIZE];
    struct calendar_date date = calendar_date(v->day);
    printf("%-11s %04u-%02u-%02u\n", "day", (unsigned)date.year, (unsigned)date.month,
           (unsigned)date.day);
    printf("%-11s %s in %" PRIu64 "\n", "credits", yuan128(v->credits, text), v->credit_count);
    printf("%-11s %s in %" PRIu64 "\n", "debits", yuan128(v->debits, text), v->debit_count);
}

static int ask(struct gj_client *client, uint64_t id, uint16_t day)
{
    struct gj_institution_view view;
    struct gj_institution_day_view totals;
    uint8_t code = GJ_MALFORMED;
    if (gj_get_institution(client, id, &view, &code) < 0)
        return command_error(&command_institution, EXIT_SERVER, "%s", gj_client_error(client));
    if (code != GJ_OK)
        return command_error(&command_institution, EXIT_NOT_SO, "%" PRIu64 ": %s", id,
                             code_line(code));
    if (gj_get_institution_day(client, id, day, &totals, &code) < 0)
        return command_error(&command_institution, EXIT_SERVER, "%s", gj_client_error(client));
    show(&view);
    if (code == GJ_BAD_FIELD)
        return command_error(&command_institution, EXIT_NOT_SO,
                             "the totals of that day are not kept; ask for one of the last %u days",
                             GJ_INSTITUTION_DAYS);
    if (code != GJ_OK)
        return command_error(&command_institution, EXIT_NOT_SO, "%s", code_line(code));
    show_day(&totals);
    return EXIT_OK;
}

static int run(int argc, char **argv)
{
    const char *address = ADDRESS_STANDARD, *argument = NULL, *day_text = NULL;
    const struct option_spec specs[] = {
        {"connect", &address, NULL}, {"day", &day_text, NULL}, {NULL, NULL, NULL}};
    int count, result = read_options(&command_institution, argc, argv, specs, &argument, 1, &count);
    if (result >= 0) return result;
    uint64_t id;
    uint16_t day = 0;
    if (count != 1 || !read_number(argument, UINT64_MAX, &id) || id == 0)
        return usage_error(&command_institution, "give the institution's number, 1 or more");
    if (day_text != NULL && !scenario_day(day_text, &day))
        return usage_error(&command_institution, "--day needs YYYY-MM-DD, not \"%s\"", day_text);
    struct gj_client *client = connect_for(&command_institution, address);
    if (client == NULL) return EXIT_SERVER;
    if (day_text == NULL) day = calendar_day(gj_server(client)->time_ms);
    result = ask(client, id, day);
    gj_close(client);
    return result;
}

const struct command command_institution = {
    "institution", "what an institution is owed, and its totals of a day", help, run};
