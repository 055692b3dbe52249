/* cli/scenario/remote.c -- scenario target behind a socket: a server that runs already, or one of
 * its own for each file, which `crash` kills with SIGKILL and starts again on the same directory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/scenario/process.h"
#include "cli/scenario/target.h"
#include "clients/c/gongji.h"

#define QUIET_TURNS 3u

struct remote {
    struct scenario_target target;
    const char *address; /* NULL = a server of its own */
    struct gj_client *client;
    struct scenario_process process;
};

static bool fail(struct remote *remote)
{
    snprintf(remote->target.error, sizeof(remote->target.error), "%s",
             gj_client_error(remote->client));
    return false;
}

static bool dial(struct remote *remote, const char *address)
{
    struct gj_options options = {.why = remote->target.error,
                                 .why_size = sizeof(remote->target.error)};
    return gj_connect(address, &options, &remote->client) == 0;
}

/* Waits until the server has written down what fell due: it does some of it in each turn of its
 * loop, so a turn without any is the end. What a state shows does not depend on this, its digest
 * does. */
static bool settle(struct remote *remote)
{
    const struct gj_read read = {.type = GJ_READ_PING};
    struct gj_answer answer;
    uint64_t seq = UINT64_MAX;
    for (unsigned quiet = 0; quiet < QUIET_TURNS;) {
        if (gj_query(remote->client, &read, NULL, &answer, NULL, 0) < 0) return fail(remote);
        quiet = answer.seq == seq ? quiet + 1 : 0;
        seq = answer.seq;
    }
    return true;
}

static bool remote_set_time(struct scenario_target *target, uint64_t time_ms)
{
    struct remote *remote = (struct remote *)target;
    uint64_t now = time_ms;
    if ((gj_server(remote->client)->flags & GJ_HELLO_CLOCK) == 0) {
        snprintf(target->error, sizeof(target->error),
                 "`at` and `advance` need a server started with --test-clock");
        return false;
    }
    int error = gj_set_clock(remote->client, &now);
    if (error < 0) return fail(remote);
    if (now == time_ms) return settle(remote);
    snprintf(target->error, sizeof(target->error),
             "the server did not take the time; its log is further ahead");
    return false;
}

static bool remote_start(struct scenario_target *target, const struct scenario_limits *limits)
{
    struct remote *remote = (struct remote *)target;
    if (remote->address != NULL) return dial(remote, remote->address);
    return scenario_process_create(&remote->process, limits, target->error,
                                   sizeof(target->error)) &&
           scenario_process_run(&remote->process, target->error, sizeof(target->error)) &&
           dial(remote, remote->process.address) && remote_set_time(target, limits->start_ms);
}

static void remote_stop(struct scenario_target *target)
{
    struct remote *remote = (struct remote *)target;
    gj_close(remote->client);
    remote->client = NULL;
    if (remote->address == NULL) scenario_process_end(&remote->process);
}

static bool remote_execute(struct scenario_target *target, const struct scenario_request *request,
                           struct gj_reply *reply, struct gj_reply_sources *sources)
{
    struct remote *remote = (struct remote *)target;
    int error = gj_execute(remote->client, &request->op, request->ext, reply, sources);
    return error >= 0 || fail(remote);
}

static bool remote_query(struct scenario_target *target, const struct scenario_request *request,
                         struct gj_answer *answer, void *payload)
{
    struct remote *remote = (struct remote *)target;
    int error = gj_query(remote->client, &request->read, request->ext, answer, payload,
                         GJ_READ_ANSWER_MAX - sizeof(*answer));
    return error >= 0 || fail(remote);
}

static bool same_digest(struct remote *remote, const struct gj_digest_view *before)
{
    struct gj_digest_view after;
    struct gj_audit_view audit;
    int error = gj_get_digest(remote->client, &after);
    if (error == 0) error = gj_audit(remote->client, &audit);
    if (error < 0) return fail(remote);
    if (audit.broken[0] != 0) {
        snprintf(remote->target.error, sizeof(remote->target.error), "after the restart: %.*s",
                 (int)sizeof(audit.broken), audit.broken);
        return false;
    }
    if (before->low == after.low && before->high == after.high) return true;
    snprintf(remote->target.error, sizeof(remote->target.error),
             "the state after the restart is not the state before SIGKILL");
    return false;
}

static bool remote_crash(struct scenario_target *target)
{
    struct remote *remote = (struct remote *)target;
    struct gj_digest_view before;
    if (remote->address != NULL) {
        snprintf(target->error, sizeof(target->error),
                 "`crash` needs a server of the file's own: use --spawn");
        return false;
    }
    int error = gj_get_digest(remote->client, &before);
    if (error < 0) return fail(remote);
    scenario_process_kill(&remote->process);
    gj_close(remote->client);
    remote->client = NULL;
    return scenario_process_run(&remote->process, target->error, sizeof(target->error)) &&
           dial(remote, remote->process.address) && same_digest(remote, &before);
}

static struct scenario_target *new_target(const char *address)
{
    struct remote *remote = calloc(1, sizeof(*remote));
    if (remote == NULL) return NULL;
    remote->address = address;
    remote->target = (struct scenario_target){
        .start = remote_start,
        .execute = remote_execute,
        .query = remote_query,
        .set_time = remote_set_time,
        .crash = remote_crash,
        .stop = remote_stop,
        .fresh = address == NULL,
    };
    /* On a server that lives on, the rids of an earlier run must not come back. */
    if (address != NULL && getentropy(&remote->target.rid_node, 4) != 0) {
        remote->target.rid_node = (uint64_t)getpid();
    }
    return &remote->target;
}

struct scenario_target *scenario_remote_new(const char *address)
{
    return new_target(address);
}

struct scenario_target *scenario_spawn_new(void)
{
    return new_target(NULL);
}
