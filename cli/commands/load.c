/* cli/commands/load.c -- `gongji load`: puts the regions of data/regions.csv with a policy set into
 * a server. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/clock_hint.h"
#include "bench/generator.h"
#include "bench/progress.h"
#include "cli/common/csv.h"
#include "cli/common/policy_file.h"
#include "cli/common/tool.h"

static const char help[] =
    "usage: gongji load [--connect ADDR] [--data DIR] [--policies seed|guide-2025]\n"
    "\n"
    "Puts every region of DIR/regions.csv into the server, with the policy set\n"
    "DIR/policies/NAME.policy. The columns wallet_open, region_change_enabled and quota_bp of a\n"
    "region override the set. A region that is there already gets a new policy version, from now\n"
    "on; one that is the same is left alone. Safe to run again.\n"
    "\n" ADDRESS_HELP
    "  --data DIR       where regions.csv and policies/ are (default: ./data, then the shipped)\n"
    "  --policies NAME  seed (the defaults) or guide-2025 (limits of three public guides)\n"
    "\n"
    "example: gongji load --policies guide-2025\n";

struct load {
    struct gj_client *client;
    const struct gj_policy *policy;
    uint32_t created, updated, same;
};

static bool same_region(const struct gj_region_view *view, const struct gj_region_ext *ext)
{
    return !view->scheduled && memcmp(&view->current, ext, sizeof(*ext)) == 0;
}

static int load_row(struct load *load, const struct region_row *row)
{
    struct gj_region_ext ext = {.public_code = row->public_code, .policy = *load->policy};
    memcpy(ext.province, row->province, sizeof(ext.province));
    memcpy(ext.name, row->name, sizeof(ext.name));
    ext.policy.wallet_open = row->wallet_open;
    ext.policy.region_change_enabled = row->region_change_enabled;
    if (row->quota_bp >= 0) ext.policy.quota_bp = (uint16_t)row->quota_bp;

    struct gj_region_view view;
    uint8_t code = GJ_MALFORMED;
    if (gj_get_region(load->client, row->id, &view, &code) < 0)
        return command_error(&command_load, EXIT_SERVER, "%s", gj_client_error(load->client));
    bool there = code == GJ_OK;
    if (there && same_region(&view, &ext)) {
        load->same++;
        return EXIT_OK;
    }
    uint32_t version = 1;
    if (there) version = (view.scheduled ? view.scheduled_version : view.version) + 1;
    struct gj_op op;
    struct gj_reply reply;
    gj_set_region(&op, gj_rid_new(load->client), row->id, version, 0);
    if (gj_execute(load->client, &op, &ext, &reply, NULL) < 0)
        return command_error(&command_load, EXIT_SERVER, "%s", gj_client_error(load->client));
    if (!gj_code_ok(reply.code))
        return command_error(&command_load, EXIT_NOT_SO, "region %u %s %s: %s%s", row->id,
                             row->province, row->name, code_line(reply.code),
                             clock_hint(reply.code));
    if (there)
        load->updated++;
    else
        load->created++;
    return EXIT_OK;
}

static int load_rows(const char *address, const struct region_rows *rows,
                     const struct gj_policy *policy)
{
    struct load load = {.client = connect_for(&command_load, address), .policy = policy};
    if (load.client == NULL) return EXIT_SERVER;
    int result = EXIT_OK;
    struct progress progress = {.on = isatty(STDERR_FILENO) == 1};
    for (uint32_t i = 0; result == EXIT_OK && i < rows->count; i++) {
        if (progress_due(&progress, bench_now_ns()))
            fprintf(stderr, "load: %u of %u regions\n", i, rows->count);
        result = load_row(&load, &rows->row[i]);
    }
    gj_close(load.client);
    if (result == EXIT_OK)
        printf("%u regions: %u new, %u updated, %u unchanged\n", rows->count, load.created,
               load.updated, load.same);
    return result;
}

static int read_files(const char *data, const char *policies, struct region_rows *rows,
                      struct gj_policy *policy)
{
    char directory[PATH_SIZE], path[PATH_SIZE + 16], error[POLICY_ERROR_SIZE];
    find_data(data, directory);
    (void)snprintf(path, sizeof(path), "%s/regions.csv", directory);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return command_error(&command_load, EXIT_NOINPUT, "%s: %s; say where it is with --data DIR",
                             path, strerror(errno));
    bool good = csv_read_regions(file, path, rows, error);
    (void)fclose(file);
    if (!good || !policy_set_read(directory, policies, policy, error))
        return command_error(&command_load, EXIT_DATA, "%s", error);
    return EXIT_OK;
}

static int run(int argc, char **argv)
{
    const char *address = ADDRESS_STANDARD, *data = NULL, *policies = "seed";
    const struct option_spec specs[] = {{"connect", &address, NULL},
                                        {"data", &data, NULL},
                                        {"policies", &policies, NULL},
                                        {NULL, NULL, NULL}};
    int count, result = read_options(&command_load, argc, argv, specs, NULL, 0, &count);
    if (result >= 0) return result;
    struct region_rows *rows = malloc(sizeof(*rows));
    struct gj_policy policy;
    if (rows == NULL) return command_error(&command_load, EXIT_IO, "out of memory");
    result = read_files(data, policies, rows, &policy);
    if (result == EXIT_OK) result = load_rows(address, rows, &policy);
    free(rows);
    return result;
}

const struct command command_load = {"load", "put the regions and a policy set into a server", help,
                                     run};
