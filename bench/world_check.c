/* bench/world_check.c -- looking at persons before a load begins. */
#include "bench/world_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/generator.h"
#include "bench/progress.h"

#define LOOKS     64u   /* persons looked at */
#define READS_MAX 1024u /* in a frame */

static int ask(struct gj_client *client, uint64_t person, struct gj_person_view *view,
               uint8_t *code, char why[WORLD_CHECK_WHY_SIZE])
{
    int error = gj_get_person(client, person, view, code);
    if (error < 0) (void)snprintf(why, WORLD_CHECK_WHY_SIZE, "%s", gj_client_error(client));
    return error;
}

/* The view of a payer shows the family that world_open_family makes. */
static bool made_here(const struct gj_person_view *payer)
{
    if (payer->insurance != GJ_INSURANCE_EMPLOYEE || payer->member_count != WORLD_FAMILY - 1)
        return false;
    for (uint32_t role = 1; role < WORLD_FAMILY; role++) {
        const struct gj_member_view *member = &payer->members[role - 1];
        if (member->id != payer->id + role || member->kind != world_kinds[role]) return false;
    }
    return true;
}

static int complain_missing(uint64_t person, char why[WORLD_CHECK_WHY_SIZE])
{
    (void)snprintf(why, WORLD_CHECK_WHY_SIZE,
                   "person %" PRIu64 " is not on the server: make the persons with --populate, or "
                   "say how many there are with --persons",
                   person);
    return 1;
}

static int check_region(const struct world *world, const struct gj_person_view *view,
                        char why[WORLD_CHECK_WHY_SIZE])
{
    uint16_t wanted = world_region(world, view->id);
    if (view->insured_region == wanted) return 0;
    (void)snprintf(
        why, WORLD_CHECK_WHY_SIZE,
        "person %" PRIu64 " lives in region %u, by --seed %" PRIu64
        " it would be %u: the persons were made with another seed, or when other regions "
        "had opened the wallet; use that seed, or --force",
        view->id, view->insured_region, world->seed, wanted);
    return 1;
}

/* One of those that should be there, and its family. 0, an error, or 1. */
static int check_one(const struct world *world, struct gj_client *client, uint64_t person,
                     char why[WORLD_CHECK_WHY_SIZE])
{
    struct gj_person_view payer, view;
    uint8_t code = GJ_MALFORMED;
    int error = ask(client, world_payer(person), &payer, &code, why);
    if (error < 0) return error;
    if (code != GJ_OK) return complain_missing(world_payer(person), why);
    if (!made_here(&payer)) {
        (void)snprintf(why, WORLD_CHECK_WHY_SIZE,
                       "person %" PRIu64 " was not made by gongji bench --populate: the load would "
                       "move that person's money; --force does it all the same",
                       payer.id);
        return 1;
    }
    error = ask(client, person, &view, &code, why);
    if (error < 0) return error;
    return code != GJ_OK ? complain_missing(person, why) : check_region(world, &view, why);
}

/* Some of the first `count` persons: the first and the last one, and those between at equal steps.
 */
static int check_some(const struct world *world, struct gj_client *client, uint64_t count,
                      char why[WORLD_CHECK_WHY_SIZE])
{
    uint64_t looks = count < LOOKS ? count : LOOKS;
    for (uint64_t i = 0; i < looks; i++) {
        uint64_t person = looks == 1 ? 1 : 1 + i * (count - 1) / (looks - 1);
        int result = check_one(world, client, person, why);
        if (result != 0) return result;
    }
    return 0;
}

int world_check_load(const struct world *world, struct gj_client *client,
                     char why[WORLD_CHECK_WHY_SIZE])
{
    return check_some(world, client, world->persons, why);
}

int world_check_populate(const struct world *world, struct gj_client *client,
                         char why[WORLD_CHECK_WHY_SIZE])
{
    struct gj_stats_view stats;
    int error = gj_get_stats(client, &stats);
    if (error < 0) {
        (void)snprintf(why, WORLD_CHECK_WHY_SIZE, "%s", gj_client_error(client));
        return error;
    }
    if (stats.persons == 0) return 0;
    /* Those of an earlier populate are 1 to N without a gap; the last family may be half made. */
    uint64_t whole = stats.persons - stats.persons % WORLD_FAMILY;
    char first[WORLD_CHECK_WHY_SIZE];
    int result =
        whole == 0 || world->region_count == 0 ? 1 : check_some(world, client, whole, first);
    if (result <= 0) return result;
    (void)snprintf(why, WORLD_CHECK_WHY_SIZE,
                   "the server holds %" PRIu64 " persons that --populate with this seed did not "
                   "make. It would open persons 1 to %" PRIu64 ", give them money, and set new "
                   "policies without limits in %u regions; use an empty server, or --force",
                   stats.persons, world->persons, world->region_count);
    return 1;
}

/* ---- Premiums -------------------------------------------------------------------------------- */

/* Residents are the third and fourth of each family. */
static uint64_t resident_id(uint64_t resident)
{
    return resident / 2 * WORLD_FAMILY + 3 + resident % 2;
}

static void note_paid(const struct world *world, struct premiums *p, uint64_t resident,
                      const struct gj_person_view *view)
{
    int which = 1 + (int)world->premium_year - (int)view->premium_year;
    if (view->premium_year == 0 || which < 0 || which > 2) return;
    for (unsigned product = 0; product < WORLD_PRODUCTS; product++) {
        if ((view->premium_paid[which] >> product & 1) == 0) continue;
        uint64_t at = resident * WORLD_PRODUCTS + product;
        p->paid[at / 8] |= (uint8_t)(1u << at % 8);
        p->left--;
    }
}

/* A frame of residents from `from` on; the one behind them, or a negative error. */
static int64_t ask_residents(const struct world *world, struct gj_client *client, uint64_t from,
                             struct premiums *p)
{
    static _Alignas(8) unsigned char memory[GJ_FRAME_SIZE(READS_MAX, 0)];
    const struct gj_hello_answer *server = gj_server(client);
    uint32_t most = server->window < READS_MAX ? server->window : READS_MAX;
    struct gj_frame frame;
    struct gj_answers answers;
    gj_frame_init(&frame, GJ_FRAME_READS, memory, sizeof(memory));
    for (uint64_t i = from; i < world->persons / 2 && frame.count < most; i++) {
        const struct gj_read read = {.type = GJ_READ_GET_PERSON, .id = resident_id(i)};
        (void)gj_frame_add_read(&frame, &read, NULL);
    }
    int error = gj_exchange(client, &frame, &answers);
    if (error < 0) return error;
    const struct gj_answer *answer;
    const void *payload;
    for (; gj_next_answer(&answers, &answer, &payload); from++) {
        struct gj_person_view view;
        if (answer->code != GJ_OK || answer->size != sizeof(view)) continue;
        memcpy(&view, payload, sizeof(view));
        note_paid(world, p, from, &view);
    }
    return (int64_t)from;
}

int world_premiums(const struct world *world, const struct mix *mix, struct gj_client *client,
                   bool progress, struct premiums *ret)
{
    struct progress shown = {.on = progress, .shown_ns = bench_now_ns()};
    uint64_t residents = world->persons / 2;
    ret->left = ret->count = residents * WORLD_PRODUCTS;
    if (!mix_pays_premiums(mix)) return 0;
    ret->paid = calloc(ret->count / 8 + 1, 1);
    if (ret->paid == NULL) return GJ_E_MEMORY;
    for (int64_t next = 0; (uint64_t)next < residents;) {
        next = ask_residents(world, client, (uint64_t)next, ret);
        if (next < 0) return (int)next;
        if (progress_due(&shown, bench_now_ns()))
            fprintf(stderr, "premiums: %" PRIu64 " of %" PRIu64 " residents looked at\n",
                    (uint64_t)next, residents);
    }
    return 0;
}
