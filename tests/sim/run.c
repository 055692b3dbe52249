/* tests/sim/run.c -- the lives of one run, and how they may end. */
#include "tests/sim/run.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "io/net/net.h"
#include "tests/sim/server_books.h"

#define TICK_US        120u               /* between two things that clients do, about */
#define PATIENCE_US    UINT64_C(60000000) /* of the clients in the last life */
#define IDLE_US        UINT64_C(20000)    /* nothing new for so long: look less often */
#define LEAVING_US     UINT64_C(30000000) /* all clients are gone: so long for what they had */
#define REPLAY_LINES   64u
#define OPERATIONS_MAX 100u
#define LONG_MAX       960u /* ... of a run that sees the end of a segment */
#define LONG_EVERY     64u  /* seeds */

const char *const profile_names[PROFILES] = {"crash", "disk", "damage"};

/* As in sim_arguments. */
static const struct model_limits limits = {.persons = 64,
                                           .families = 33,
                                           .institutions = 16,
                                           .holds = RUN_HOLDS_MAX,
                                           .requests = 2 * LONG_MAX};

void run_note(struct run *r, const char *what, uint64_t a, uint64_t b)
{
    const struct run_event event = {.us = sim_now_us(), .what = what, .a = a, .b = b};
    r->events[r->event_count++ % RUN_EVENTS] = event;
    if (r->trace) {
        printf("%12" PRIu64 " us  %-44s %" PRIu64 " %" PRIu64 "\n", event.us, what, a, b);
    }
}

bool run_fault(struct run *r, const char *format, ...)
{
    va_list args;
    if (r->fault[0] != '\0') return false;
    va_start(args, format);
    vsnprintf(r->fault, sizeof(r->fault), format, args);
    va_end(args);
    run_note(r, "FAULT", 0, 0);
    return false;
}

void run_print_events(const struct run *r, FILE *out)
{
    uint64_t first = r->event_count > RUN_EVENTS ? r->event_count - RUN_EVENTS : 0;
    for (uint64_t i = first; i < r->event_count; i++) {
        const struct run_event *e = &r->events[i % RUN_EVENTS];
        fprintf(out, "%12" PRIu64 " us  %-44s %" PRIu64 " %" PRIu64 "\n", e->us, e->what, e->a,
                e->b);
    }
}

void run_init(struct run *r)
{
    const struct state_config config = {.persons_max = limits.persons,
                                        .families_max = limits.families,
                                        .institutions_max = limits.institutions,
                                        .holds_max = limits.holds,
                                        .rids_max = 4096,
                                        .rids_ahead_max = 4096,
                                        .hash_seed = 1};
    memset(r, 0, sizeof(*r));
    confirmed_init(&r->confirmed);
    r->replay = shard_memory_new(&config, REPLAY_LINES);
    if (r->replay == NULL) abort();
}

void run_free(struct run *r)
{
    confirmed_free(&r->confirmed);
    log_bytes_free(&r->recovered);
    history_free(&r->history);
    clients_free(&r->clients);
    auditor_free(&r->auditor);
    shard_memory_free(r->replay);
    sim_free();
}

/* ---- while the server runs ---- */

bool run_audit(struct run *r)
{
    const struct state *live = sim_state();
    if (live == NULL || state_seq(live) == r->audited_seq) return true;
    r->audited_seq = state_seq(live);
    r->stats.audits++;
    const char *broken = state_audit(live);
    return broken == NULL ? true : run_fault(r, "audit of the live state: %s", broken);
}

static void note_change(struct run *r)
{
    uint64_t seq = state_seq(sim_state());
    if (seq != r->seen_seq) r->quiet_us = sim_now_us();
    r->seen_seq = seq;
}

/* Everything was answered and is confirmed: compare all there is. */
static bool finish(struct run *r)
{
    const struct state *live = sim_state();
    if (state_seq(live) != r->confirmed.log.record_count) return true;
    r->finished = true;
    if (!history_audit(&r->history, &r->auditor) ||
        !history_covers(&r->history, &r->auditor, r->covered) ||
        !check_everything(&r->auditor, &r->history, live, engine_time_ms(sim_server()->engine))) {
        return run_fault(r, "%s", r->auditor.fault);
    }
    return true;
}

static void end_life(struct run *r)
{
    if (r->fault[0] != '\0' || r->limit || r->crash_how == SIM_KILL) {
        run_note(r, "kill", 0, 0);
        sim_crash(SIM_KILL);
    } else if (r->terminate) {
        if (!r->clients.stopping) sim_terminate();
        r->clients.stopping = true;
    } else {
        run_note(r, "power cut", 0, 0);
        sim_crash(SIM_POWER);
    }
}

static void last_life(struct run *r)
{
    bool late = sim_now_us() > r->life_us + PATIENCE_US;
    if (!late && !clients_done(&r->clients)) return;
    if (late && r->profile != PROFILE_DAMAGE) {
        run_fault(r, "clients wait for ever: %u of %" PRIu64 " requests are not answered",
                  clients_unanswered(&r->clients), r->history.request_count);
        return;
    }
    if (late)
        r->finished = true;
    else
        finish(r);
}

/* The clients go away; nothing of theirs may stay. */
static void leave(struct run *r)
{
    if (r->leave_us == 0) {
        run_note(r, "all clients leave", 0, 0);
        r->leave_us = sim_now_us();
        run_peers_drop(r);
    }
    if (!sim_resting()) return;
    const char *fault = server_books_of_nobody(sim_server());
    r->left = fault == NULL;
    if (fault != NULL && sim_now_us() > r->leave_us + LEAVING_US) run_fault(r, "%s", fault);
}

static void look(struct run *r)
{
    if (!r->adopted) run_adopt(r);
    note_change(r);
    if (r->fault[0] == '\0' && sim_resting()) {
        const char *fault = server_books(sim_server());
        if (fault != NULL) run_fault(r, "%s", fault);
    }
    if (r->last && !r->finished && r->fault[0] == '\0' && !r->limit) last_life(r);
    if (r->finished && r->fault[0] == '\0') leave(r);
    bool over = r->fault[0] != '\0' || r->limit || r->left;
    if (over || (r->crash_us != 0 && sim_now_us() >= r->crash_us)) {
        end_life(r);
    } else if (!r->finished) {
        run_peers_act(r);
    }
}

static void tick(void *owner)
{
    struct run *r = owner;
    if (sim_server() != NULL) look(r);
    bool idle = sim_now_us() > r->quiet_us + IDLE_US;
    uint64_t pause = r->adopted ? TICK_US + sim_random_below(TICK_US) : 5;
    sim_after(idle ? pause * 50 : pause, tick, r);
}

/* ---- between lives ---- */

static bool unexpected(struct run *r, const struct sim_run *end)
{
    const char *console = sim_console();
    size_t length = strlen(console);
    if (length > 200) console += length - 200;
    return run_fault(r, "life %u ended %d, exit code %d: %s; it said: ...%s", r->life, end->end,
                     end->exit_code, end->text, console);
}

/* A start that was refused, or a server that stopped by itself. */
static bool exit_allowed(const struct run *r, int code)
{
    bool refusal = code == 77 || code == 78;
    if (r->profile == PROFILE_DAMAGE) return refusal && !r->adopted;
    if (r->profile != PROFILE_DISK || r->last) return false;
    if (!r->adopted) return refusal || code == 74 || code == 75;
    return code == 74; /* a stop that was asked for, too */
}

static bool judge_end(struct run *r, const struct sim_run *end, uint64_t disk_before)
{
    run_note(r, "life ended, exit code", end->end, (uint64_t)(int64_t)end->exit_code);
    if (r->fault[0] != '\0') return false;
    if (end->end == SIM_CRASHED) {
        r->stats.crashes++;
        return true;
    }
    if (end->end != SIM_EXITED) return unexpected(r, end);
    if (end->exit_code == 0 && r->clients.stopping) {
        if (sim_disk.lying == 0) r->sealed = r->confirmed.log.group_count;
        return true;
    }
    if (!exit_allowed(r, end->exit_code)) return unexpected(r, end);
    if (r->adopted) {
        r->stats.failed_stops++;
    } else {
        r->stats.refused_starts++;
    }
    if (r->profile != PROFILE_DAMAGE) return true;
    r->limit = true; /* somebody has to repair this disk */
    if (run_disk_hash() == disk_before) return true;
    return run_fault(r, "a start was refused with %d and has changed the disk", end->exit_code);
}

static bool live(struct run *r)
{
    struct sim_run end;
    uint64_t disk_before = 0;
    r->adopted = false;
    r->life_us = r->quiet_us = sim_now_us();
    r->audited_seq = r->seen_seq = UINT64_MAX;
    r->clients.stopping = false;
    run_faults(r);
    if (r->profile == PROFILE_DAMAGE) {
        run_damage(r);
        run_look_for_proof(r);
        disk_before = run_disk_hash();
    }
    run_note(r, "boot: life, records confirmed", r->life, r->confirmed.log.record_count);
    r->stats.boots++;
    sim_boot(r->clients.test_clock ? sim_arguments_test_clock : sim_arguments, &end);
    if (!judge_end(r, &end, disk_before)) return false;
    sim_sleep(sim_random_below(3000));
    run_peers_drop(r);
    confirmed_crash(&r->confirmed);
    return r->fault[0] == '\0';
}

static void begin(struct run *r, uint64_t seed, enum profile profile)
{
    sim_reset(seed);
    r->seed = seed;
    r->profile = profile;
    r->covered = r->event_count = r->sealed = 0;
    r->finished = r->left = r->limit = false;
    r->leave_us = 0;
    r->fault[0] = '\0';
    confirmed_crash(&r->confirmed);
    log_bytes_cut(&r->confirmed.log, 0);
    history_begin(&r->history, &r->confirmed.log);
    auditor_begin(&r->auditor, &limits, &r->confirmed.log);
    uint32_t operations = 20 + (uint32_t)sim_random_below(OPERATIONS_MAX - 19);
    r->is_long = seed % LONG_EVERY == 0;
    if (r->is_long) operations = LONG_MAX - (uint32_t)sim_random_below(LONG_MAX / 4);
    clients_begin(&r->clients, seed, 1 + (uint32_t)sim_random_below(CLIENTS_MAX), operations,
                  &limits, &r->history);
    r->clients.test_clock = sim_random_below(4) != 0;
    if (!r->clients.test_clock) r->clients.generator.time_ms = sim_wall_ms();
    run_peers_init(r);
    sim_on_confirmed(run_confirmed, r);
    r->lives = 2 + (uint32_t)sim_random_below(3);
    sim_after(1, tick, r);
}

static void count(struct run *r)
{
    const struct sim_disk_stats *disk = sim_disk_stats();
    struct run_stats *f = &r->stats;
    f->runs++;
    f->operations += r->history.request_count;
    f->outcomes += r->history.outcomes;
    f->answers += r->history.answers;
    f->replays += r->history.replays;
    f->put_off += r->clients.put_off;
    f->segments += log_bytes_end(&r->confirmed.log) / LOG_BYTES_SEGMENT;
    f->torn += disk->torn_sectors;
    f->lost += disk->lost_sectors + disk->lost_names;
    f->errors += disk->errors + disk->shorts;
    f->damages += disk->damages;
    f->lies += disk->lies_lost;
}

bool run_seed(struct run *r, uint64_t seed, enum profile profile)
{
    begin(r, seed, profile);
    bool good = true;
    for (r->life = 1; good && r->life <= r->lives && !r->limit; r->life++) {
        r->last = r->life == r->lives;
        good = live(r);
    }
    if (good && !r->left && !r->limit) good = run_fault(r, "the last life saw no end");
    count(r);
    return good;
}
