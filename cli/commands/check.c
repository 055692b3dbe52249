/* cli/commands/check.c -- `gongji check`: is every fen there? Invariants, digest, totals per
 * region. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common/tool.h"
#include "core/base/base.h"

static const char help[] =
    "usage: gongji check [--connect ADDR] [--top N] [--json]\n"
    "\n"
    "Lets the server check its invariants, then adds up the books of all regions again from here:\n"
    "fund = personal + wallet + institution + premium + clearing in every region, and the "
    "clearing\n"
    "of all regions is zero. Prints the N largest regions by fund (10) and the sum of all, in "
    "yuan,\n"
    "how many holds and transfers are open, the state's digest and a verdict. Under load the "
    "regions are read one after the other: the\n"
    "verdict is then about a moving state, so check when nothing runs.\n"
    "Exit 0 only if everything holds.\n"
    "\n" ADDRESS_HELP "  --top N          regions to print, 0..1023 (10)\n"
    "  --json           one JSON object instead; amounts are strings of yuan\n";

enum column { FUND, PERSONAL, WALLET, INSTITUTION, PREMIUM, CLEARING, COLUMNS };
static const char *const column_names[COLUMNS] = {"fund",        "personal", "wallet",
                                                  "institution", "premium",  "clearing"};

struct book {
    uint16_t region;
    char name[64];
    uint64_t persons, wallets;
    i128 fen[COLUMNS];
};

struct check {
    uint32_t count;
    uint32_t unbalanced; /* regions whose book does not balance */
    struct book sum;
    struct gj_audit_view audit;
    struct gj_digest_view digest;
    struct gj_stats_view stats;
    struct book books[GJ_REGIONS_MAX];
};

static i128 wide(struct gj_fen128 fen)
{
    return (i128)((u128)(uint64_t)fen.high << 64 | fen.low);
}

static const char *yuan_of(i128 fen, char text[YUAN_SIZE])
{
    struct gj_fen128 parts = {.low = (uint64_t)(u128)fen, .high = (int64_t)(fen >> 64)};
    return yuan128(parts, text);
}

static void add_book(struct check *c, uint16_t region, const char *name,
                     const struct gj_totals_view *view)
{
    struct book *b = &c->books[c->count++];
    *b = (struct book){
        .region = region,
        .persons = view->persons,
        .wallets = view->wallets,
        .fen = {wide(view->fund), wide(view->personal), wide(view->wallet), wide(view->institution),
                wide(view->premium), wide(view->clearing)},
    };
    (void)snprintf(b->name, sizeof(b->name), "%.63s", name);
    i128 parts = 0;
    for (unsigned i = PERSONAL; i < COLUMNS; i++) parts += b->fen[i];
    if (parts != b->fen[FUND]) c->unbalanced++;
    for (unsigned i = 0; i < COLUMNS; i++) c->sum.fen[i] += b->fen[i];
    c->sum.persons += b->persons;
    c->sum.wallets += b->wallets;
}

/* 0 or a negative enum gj_error. */
static int collect(struct check *c, struct gj_client *client)
{
    int error = gj_audit(client, &c->audit);
    if (error == 0) error = gj_get_digest(client, &c->digest);
    if (error == 0) error = gj_get_stats(client, &c->stats);
    for (uint16_t id = 1; error == 0 && id < GJ_REGIONS_MAX; id++) {
        struct gj_region_view region;
        struct gj_totals_view totals;
        uint8_t code = GJ_MALFORMED;
        error = gj_get_region(client, id, &region, &code);
        if (error != 0 || code != GJ_OK) continue;
        error = gj_get_totals(client, id, &totals, &code);
        if (error == 0 && code == GJ_OK) {
            region.current.name[sizeof(region.current.name) - 1] = 0;
            add_book(c, id, region.current.name, &totals);
        }
    }
    return error;
}

static int by_fund(const void *a, const void *b)
{
    i128 x = ((const struct book *)a)->fen[FUND], y = ((const struct book *)b)->fen[FUND];
    if (x != y) return x > y ? -1 : 1;
    return (int)((const struct book *)a)->region - (int)((const struct book *)b)->region;
}

static bool holds(const struct check *c)
{
    return c->audit.broken[0] == 0 && c->unbalanced == 0 && c->sum.fen[CLEARING] == 0;
}

static void put_row(const struct book *b, bool total)
{
    char text[YUAN_SIZE];
    if (total)
        printf("%4s  ", "");
    else
        printf("%4u  ", b->region);
    put_padded(stdout, total ? "all regions" : b->name, 22);
    printf(" %9" PRIu64, b->persons);
    for (unsigned i = 0; i < COLUMNS; i++) printf(" %19s", yuan_of(b->fen[i], text));
    fputc('\n', stdout);
}

static void print_text(const struct check *c, uint32_t top)
{
    printf("%4s  ", "ID");
    put_padded(stdout, "REGION", 22);
    printf(" %9s", "PERSONS");
    for (unsigned i = 0; i < COLUMNS; i++) printf(" %19s", column_names[i]);
    fputc('\n', stdout);
    for (uint32_t i = 0; i < c->count && i < top; i++) put_row(&c->books[i], false);
    if (c->count > top) printf("      ... and %u more regions\n", c->count - top);
    put_row(&c->sum, true);
    printf("open holds and pending transfers: %" PRIu64 " of at most %" PRIu64 "\n", c->stats.holds,
           c->stats.holds_max);
    printf("digest %016" PRIx64 "%016" PRIx64 "\n", c->digest.high, c->digest.low);
    char text[YUAN_SIZE];
    if (c->audit.broken[0] != 0)
        printf("invariant broken: %.63s\n", c->audit.broken);
    else
        puts("invariants: all hold");
    if (c->unbalanced > 0) printf("books: %u regions do not balance\n", c->unbalanced);
    if (c->sum.fen[CLEARING] != 0)
        printf("clearing: %s yuan over all regions, must be 0.00\n",
               yuan_of(c->sum.fen[CLEARING], text));
    puts(holds(c) ? "conserved: every fen is there" : "NOT CONSERVED");
}

static void put_json_text(const char *text)
{
    fputc('"', stdout);
    for (; *text != 0; text++) {
        if (*text == '"' || *text == '\\') fputc('\\', stdout);
        if ((unsigned char)*text >= 0x20) fputc(*text, stdout);
    }
    fputc('"', stdout);
}

static void put_json_book(const struct book *b)
{
    char text[YUAN_SIZE];
    printf("\"persons\": %" PRIu64 ", \"wallets\": %" PRIu64, b->persons, b->wallets);
    for (unsigned i = 0; i < COLUMNS; i++)
        printf(", \"%s\": \"%s\"", column_names[i], yuan_of(b->fen[i], text));
}

static void print_json(const struct check *c, uint32_t top)
{
    printf("{\"conserved\": %s, \"broken\": ", holds(c) ? "true" : "false");
    put_json_text(c->audit.broken);
    printf(", \"unbalanced_regions\": %u, \"digest\": \"%016" PRIx64 "%016" PRIx64
           "\", \"holds\": %" PRIu64 ", \"holds_max\": %" PRIu64 ", \"regions\": %u, \"total\": {",
           c->unbalanced, c->digest.high, c->digest.low, c->stats.holds, c->stats.holds_max,
           c->count);
    put_json_book(&c->sum);
    fputs("}, \"top\": [", stdout);
    for (uint32_t i = 0; i < c->count && i < top; i++) {
        printf("%s{\"region\": %u, \"name\": ", i == 0 ? "" : ", ", c->books[i].region);
        put_json_text(c->books[i].name);
        fputs(", ", stdout);
        put_json_book(&c->books[i]);
        fputc('}', stdout);
    }
    fputs("]}\n", stdout);
}

static int check_server(const char *address, uint32_t top, bool json)
{
    struct gj_client *client = connect_for(&command_check, address);
    if (client == NULL) return EXIT_SERVER;
    struct check *c = calloc(1, sizeof(*c));
    int result = EXIT_OK;
    if (c == NULL) {
        result = command_error(&command_check, EXIT_IO, "out of memory");
    } else if (collect(c, client) < 0) {
        result = command_error(&command_check, EXIT_SERVER, "%s", gj_client_error(client));
    } else {
        qsort(c->books, c->count, sizeof(c->books[0]), by_fund);
        c->audit.broken[sizeof(c->audit.broken) - 1] = 0;
        if (json)
            print_json(c, top);
        else
            print_text(c, top);
        if (!holds(c)) result = EXIT_NOT_SO;
    }
    free(c);
    gj_close(client);
    return result;
}

static int run(int argc, char **argv)
{
    const char *address = ADDRESS_STANDARD, *top_text = "10";
    bool json = false;
    const struct option_spec specs[] = {{"connect", &address, NULL},
                                        {"top", &top_text, NULL},
                                        {"json", NULL, &json},
                                        {NULL, NULL, NULL}};
    int count, result = read_options(&command_check, argc, argv, specs, NULL, 0, &count);
    if (result >= 0) return result;
    uint64_t top;
    if (!read_number(top_text, GJ_REGIONS_MAX - 1, &top))
        return usage_error(&command_check, "--top must be 0..1023");
    return check_server(address, (uint32_t)top, json);
}

const struct command command_check = {"check", "is every fen there? invariants and totals", help,
                                      run};
