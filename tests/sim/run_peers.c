/* tests/sim/run_peers.c -- the clients on the machine's network. */
#include "tests/sim/run.h"

static uint32_t number_of(const struct run *r, const struct sim_peer *peer)
{
    return (uint32_t)(peer - r->peers);
}

static void send_out(struct run *r, uint32_t i)
{
    struct client *c = &r->clients.client[i];
    if (c->out_size == 0) return;
    if (sim_send(&r->peers[i], c->out, c->out_size)) client_sent(&r->clients, i, c->out_size);
}

static void opened(struct sim_peer *peer)
{
    struct run *r = peer->owner;
    uint32_t i = number_of(r, peer);
    r->stats.connections++;
    run_note(r, "client connected", i, 0);
    client_opened(&r->clients, i);
    send_out(r, i);
}

static void received(struct sim_peer *peer, const void *bytes, size_t size)
{
    struct run *r = peer->owner;
    uint32_t i = number_of(r, peer);
    uint64_t seen = r->history.shown_seq;
    r->clients.now_ms = sim_wall_ms();
    if (!client_input(&r->clients, i, bytes, (uint32_t)size)) {
        const char *why = r->clients.fault[0] != '\0' ? r->clients.fault : r->history.fault;
        run_fault(r, "client %u: %s", i, why);
    }
    if (r->history.shown_seq != seen) run_note(r, "client shown record", i, r->history.shown_seq);
}

static void closed(struct sim_peer *peer, bool reset)
{
    struct run *r = peer->owner;
    uint32_t i = number_of(r, peer);
    run_note(r, reset ? "client cut off" : "client closed", i, 0);
    r->stats.cuts += reset;
    r->connected[i] = false;
    client_closed(&r->clients, i);
}

void run_peers_init(struct run *r)
{
    for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
        r->peers[i] =
            (struct sim_peer){.opened = opened, .received = received, .closed = closed, .owner = r};
        r->connected[i] = false;
    }
}

void run_peers_drop(struct run *r)
{
    for (uint32_t i = 0; i < r->clients.count; i++) {
        if (r->connected[i]) sim_reset_peer(&r->peers[i]);
        r->connected[i] = false;
        r->peers[i].deaf = false;
    }
    clients_server_gone(&r->clients);
}

/* A client that has had enough, or reads slowly for a while. */
static void misbehave(struct run *r, uint32_t i)
{
    struct sim_peer *peer = &r->peers[i];
    uint64_t dice = sim_random_below(400);
    if (peer->deaf && (r->last || dice < 40)) {
        sim_listen(peer);
    } else if (r->last) {
        return;
    } else if (dice == 0) {
        run_note(r, "client goes away", i, 0);
        sim_reset_peer(peer);
        r->connected[i] = false;
        client_closed(&r->clients, i);
    } else if (dice < 6) {
        peer->deaf = true;
    }
}

void run_peers_act(struct run *r)
{
    uint32_t i = (uint32_t)sim_random_below(r->clients.count);
    if (!r->connected[i]) {
        r->connected[i] = true;
        r->peers[i].deaf = false;
        sim_connect(&r->peers[i]);
        return;
    }
    misbehave(r, i);
    if (!r->connected[i]) return;
    r->clients.now_ms = sim_wall_ms();
    client_act(&r->clients, i);
    send_out(r, i);
}
