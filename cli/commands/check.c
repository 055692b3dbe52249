/* cli/commands/check.c -- `gongji check`: is every fen there? Invariants, digest, totals per
 * region. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common/books.h"
#include "cli/common/tool.h"

static const char help[] =
    "usage: gongji check [--connect ADDR] [--top N] [--json]\n"
    "\n"
    "Lets the server check its invariants, then adds up the books of all regions again from here:\n"
    "fund = personal + wallet + institution + premium + clearing in every region, and the "
    "clearing\n"
    "of all regions is zero. Prints the N largest regions by fund (10) and the sum of all, in "
    "yuan,\n"
    "how many holds and transfers are open, the state's digest and a verdict.\n"
    "Works beside a load: all books are read as they were at one moment. If that does not succeed\n"
    "the answer is \"the server moved\" and nothing is said about the sum of all regions.\n"
    "Exit 0 if everything holds, 1 if something does not, 75 if the server moved: ask again.\n"
    "\n" ADDRESS_HELP "  --top N          regions to print, 0..1023 (10)\n"
    "  --json           one JSON object instead; amounts are strings of yuan\n";

struct check {
    struct gj_audit_view audit;
    struct gj_digest_view digest;
    struct gj_stats_view stats;
    struct books books;
};

static const char *yuan_of(i128 fen, char text[YUAN_SIZE])
{
    struct gj_fen128 parts = {.low = (uint64_t)(u128)fen, .high = (int64_t)(fen >> 64)};
    return yuan128(parts, text);
}

/* 0 or a negative enum gj_error. */
static int collect(struct check *c, struct gj_client *client)
{
    int error = gj_audit(client, &c->audit);
    if (error == 0) error = gj_get_digest(client, &c->digest);
    if (error == 0) error = gj_get_stats(client, &c->stats);
    return error == 0 ? books_read(&c->books, client) : error;
}

static int by_fund(const void *a, const void *b)
{
    i128 x = ((const struct book *)a)->fen[BOOK_FUND], y = ((const struct book *)b)->fen[BOOK_FUND];
    if (x != y) return x > y ? -1 : 1;
    return (int)((const struct book *)a)->region - (int)((const struct book *)b)->region;
}

/* EXIT_OK, EXIT_NOT_SO, or EXIT_RETRY: what was seen holds, but not all of it at one moment. */
static int verdict(const struct check *c)
{
    if (c->audit.broken[0] != 0 || c->books.unbalanced != 0) return EXIT_NOT_SO;
    if (c->books.moved) return EXIT_RETRY;
    return c->books.sum.fen[BOOK_CLEARING] == 0 ? EXIT_OK : EXIT_NOT_SO;
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
    for (unsigned i = 0; i < BOOK_COLUMNS; i++) printf(" %19s", yuan_of(b->fen[i], text));
    fputc('\n', stdout);
}

static void print_books(const struct books *books, uint32_t top)
{
    printf("%4s  ", "ID");
    put_padded(stdout, "REGION", 22);
    printf(" %9s", "PERSONS");
    for (unsigned i = 0; i < BOOK_COLUMNS; i++) printf(" %19s", book_columns[i]);
    fputc('\n', stdout);
    for (uint32_t i = 0; i < books->count && i < top; i++) put_row(&books->of[i], false);
    if (books->count > top) printf("      ... and %u more regions\n", books->count - top);
    put_row(&books->sum, true);
}

static void print_verdict(const struct check *c)
{
    const struct books *books = &c->books;
    char text[YUAN_SIZE];
    if (c->audit.broken[0] != 0)
        printf("invariant broken: %.63s\n", c->audit.broken);
    else
        puts("invariants: all hold");
    if (books->unbalanced > 0) printf("books: %u regions do not balance\n", books->unbalanced);
    if (!books->moved && books->sum.fen[BOOK_CLEARING] != 0)
        printf("clearing: %s yuan over all regions, must be 0.00\n",
               yuan_of(books->sum.fen[BOOK_CLEARING], text));
    if (books->moved)
        printf(
            "the server moved: in %u tries the regions were never read at one moment, so the sum "
            "over\nall of them says nothing; ask again\n",
            books->tries);
    if (verdict(c) == EXIT_OK)
        printf("conserved: every fen is there (seq %" PRIu64 ")\n", books->seq);
    else if (verdict(c) == EXIT_NOT_SO)
        puts("NOT CONSERVED");
}

static void print_text(const struct check *c, uint32_t top)
{
    print_books(&c->books, top);
    printf("open holds and pending transfers: %" PRIu64 " of at most %" PRIu64 "\n", c->stats.holds,
           c->stats.holds_max);
    printf("digest %016" PRIx64 "%016" PRIx64 "\n", c->digest.high, c->digest.low);
    print_verdict(c);
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
    for (unsigned i = 0; i < BOOK_COLUMNS; i++)
        printf(", \"%s\": \"%s\"", book_columns[i], yuan_of(b->fen[i], text));
}

static void print_json(const struct check *c, uint32_t top)
{
    const struct books *books = &c->books;
    int code = verdict(c);
    printf("{\"conserved\": %s, \"moved\": %s, \"seq\": %" PRIu64 ", \"broken\": ",
           code == EXIT_OK      ? "true"
           : code == EXIT_RETRY ? "null"
                                : "false",
           books->moved ? "true" : "false", books->seq);
    put_json_text(c->audit.broken);
    printf(", \"unbalanced_regions\": %u, \"digest\": \"%016" PRIx64 "%016" PRIx64
           "\", \"holds\": %" PRIu64 ", \"holds_max\": %" PRIu64 ", \"regions\": %u, \"total\": {",
           books->unbalanced, c->digest.high, c->digest.low, c->stats.holds, c->stats.holds_max,
           books->count);
    put_json_book(&books->sum);
    fputs("}, \"top\": [", stdout);
    for (uint32_t i = 0; i < books->count && i < top; i++) {
        printf("%s{\"region\": %u, \"name\": ", i == 0 ? "" : ", ", books->of[i].region);
        put_json_text(books->of[i].name);
        fputs(", ", stdout);
        put_json_book(&books->of[i]);
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
    } else if (c->books.refused != 0) {
        result = command_error(&command_check, EXIT_SERVER, "the books could not be read: %s",
                               code_line(c->books.refused));
    } else {
        qsort(c->books.of, c->books.count, sizeof(c->books.of[0]), by_fund);
        c->audit.broken[sizeof(c->audit.broken) - 1] = 0;
        if (json)
            print_json(c, top);
        else
            print_text(c, top);
        result = verdict(c);
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
