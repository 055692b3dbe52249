/* cli/commands/regions.c -- `gongji regions`: is my city open? From the shipped list, or from a
 * server. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common/csv.h"
#include "cli/common/tool.h"

static const char help[] =
    "usage: gongji regions [NAME] [--province P] [--connect ADDR] [--data DIR]\n"
    "\n"
    "Lists pooling regions: whether their wallet is open, whether the region of use may be "
    "changed,\n"
    "and the yearly quota. NAME and P match any part of the name of the region and its province.\n"
    "With --connect the server's regions and its policies in force are shown, else the list in\n"
    "regions.csv. Exit 1 if nothing matches.\n"
    "\n"
    "  --province P     only regions whose province contains P\n"
    "  --connect ADDR   ask a server: HOST:PORT or unix:PATH\n"
    "  --data DIR       where regions.csv is (default: ./data, then the shipped one)\n"
    "\n"
    "examples: gongji regions 石家庄    gongji regions --province 山东\n";

struct listing {
    const char *name, *province; /* parts to match, or NULL */
    uint32_t shown, open;
};

#define WIDTH_PROVINCE 18u
#define WIDTH_NAME     30u

static void show(struct listing *l, const struct region_row *row)
{
    if (l->name != NULL && strstr(row->name, l->name) == NULL) return;
    if (l->province != NULL && strstr(row->province, l->province) == NULL) return;
    if (l->shown++ == 0) {
        fputs("  ID  ", stdout);
        put_padded(stdout, "PROVINCE", WIDTH_PROVINCE + 2);
        put_padded(stdout, "REGION", WIDTH_NAME + 2);
        puts("WALLET  CHANGE  QUOTA   CODE    NOTE");
    }
    if (row->wallet_open) l->open++;
    char quota[16] = "policy", code[16] = "-";
    if (row->quota_bp >= 0)
        (void)snprintf(quota, sizeof(quota), "%d.%02d%%", row->quota_bp / 100, row->quota_bp % 100);
    if (row->public_code != 0) (void)snprintf(code, sizeof(code), "%06u", row->public_code);
    printf("%4u  ", row->id);
    put_padded(stdout, row->province, WIDTH_PROVINCE);
    fputs("  ", stdout);
    put_padded(stdout, row->name, WIDTH_NAME);
    printf("  %-6s  %-6s  %-7s %s%s%s\n", row->wallet_open ? "open" : "closed",
           row->region_change_enabled ? "yes" : "no", quota, code, row->note[0] ? "  " : "",
           row->note);
}

static int from_file(struct listing *l, const char *data)
{
    char directory[PATH_SIZE], path[PATH_SIZE + 16], error[CSV_ERROR_SIZE];
    find_data(data, directory);
    (void)snprintf(path, sizeof(path), "%s/regions.csv", directory);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return command_error(&command_regions, EXIT_NOINPUT,
                             "%s: %s; say where it is with --data DIR", path, strerror(errno));
    struct region_rows *rows = malloc(sizeof(*rows));
    bool good = rows != NULL && csv_read_regions(file, path, rows, error);
    (void)fclose(file);
    for (uint32_t i = 0; good && i < rows->count; i++) show(l, &rows->row[i]);
    int result = EXIT_OK;
    if (rows == NULL)
        result = command_error(&command_regions, EXIT_IO, "out of memory");
    else if (!good)
        result = command_error(&command_regions, EXIT_DATA, "%s", error);
    free(rows);
    return result;
}

static int from_server(struct listing *l, const char *address)
{
    struct gj_client *client = connect_for(&command_regions, address);
    if (client == NULL) return EXIT_SERVER;
    int result = EXIT_OK;
    for (uint16_t id = 1; result == EXIT_OK && id < GJ_REGIONS_MAX; id++) {
        struct gj_region_view view;
        uint8_t code = GJ_MALFORMED;
        if (gj_get_region(client, id, &view, &code) < 0) {
            result = command_error(&command_regions, EXIT_SERVER, "%s", gj_client_error(client));
        } else if (code == GJ_OK) {
            struct region_row row = {
                .id = id,
                .wallet_open = view.current.policy.wallet_open != 0,
                .region_change_enabled = view.current.policy.region_change_enabled != 0,
                .quota_bp = view.current.policy.quota_bp,
                .public_code = view.current.public_code,
            };
            (void)snprintf(row.province, sizeof(row.province), "%.47s", view.current.province);
            (void)snprintf(row.name, sizeof(row.name), "%.63s", view.current.name);
            (void)snprintf(row.note, sizeof(row.note), "policy %u%s", view.version,
                           view.scheduled ? ", a new one is scheduled" : "");
            show(l, &row);
        }
    }
    gj_close(client);
    return result;
}

static int run(int argc, char **argv)
{
    const char *address = NULL, *data = NULL, *name = NULL;
    struct listing l = {.name = NULL};
    const struct option_spec specs[] = {{"connect", &address, NULL},
                                        {"data", &data, NULL},
                                        {"province", &l.province, NULL},
                                        {NULL, NULL, NULL}};
    int count, result = read_options(&command_regions, argc, argv, specs, &name, 1, &count);
    if (result >= 0) return result;
    if (count > 0) l.name = name;
    result = address == NULL ? from_file(&l, data) : from_server(&l, address);
    if (result != EXIT_OK) return result;
    if (l.shown > 0) {
        printf("%u regions, %u open\n", l.shown, l.open);
        return EXIT_OK;
    }
    if (l.name != NULL || l.province != NULL)
        return command_error(&command_regions, EXIT_NOT_SO,
                             "no region matches; try a part of the name, or gongji regions");
    return command_error(&command_regions, EXIT_NOT_SO,
                         "there are no regions yet; put them in with gongji load");
}

const struct command command_regions = {
    "regions", "which regions have opened the wallet: is my city open?", help, run};
