/* bench/generator.c -- the load loop: fill frames, send, count what comes back. */
#include "bench/generator.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "bench/interrupt.h"

#define DRAIN_NS       UINT64_C(10000000000) /* longest wait for the last answers */
#define FLUSH_SIZE     32768u                /* small frames of one turn share a system call */
#define LAG_NS         UINT64_C(1000000)
#define SECOND_NS      UINT64_C(1000000000)
#define EVENTS_AT_ONCE 64

struct slot {
    struct gj_frame frame;
    uint64_t since_ns; /* sent, or planned */
};

/* Frames of a connection are answered in order, so its slots are a ring. */
struct connection {
    struct gj_client *client;
    struct slot *slots;
    uint32_t next;      /* slot to fill */
    uint32_t busy;      /* sent and unanswered */
    uint32_t collected; /* bytes sent since the last flush */
    bool kept;          /* the last frame is not wholly sent: wait for EPOLLOUT */
    bool dead;
};

struct generator {
    const struct bench_options *options;
    struct acks *acks;
    struct bench_result *result;
    struct mix_stream stream;
    struct connection *connections;
    unsigned char *memory;
    struct slot *slots;
    int epoll;
    uint32_t turn; /* open loop: connection that gets the next frame */
    uint32_t alive;
    bool stopping;
    uint64_t wall_ms; /* for rids */
    uint64_t begin_ns, end_ns, last_answer_ns;
    uint64_t planned_ns; /* open loop: time of the next frame */
    uint64_t interval_ns;
    uint64_t shown_ns, shown_operations;
};

uint64_t bench_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

uint64_t bench_wall_clock_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void end_connection(struct generator *g, struct connection *c)
{
    if (c->dead) return;
    c->dead = true;
    g->alive--;
    g->result->unanswered += gj_unanswered(c->client);
    if (g->result->why[0] == 0)
        (void)snprintf(g->result->why, sizeof(g->result->why), "%s", gj_client_error(c->client));
    (void)epoll_ctl(g->epoll, EPOLL_CTL_DEL, gj_fd(c->client), NULL);
}

static void watch(struct generator *g, struct connection *c, bool kept)
{
    if (c->kept == kept) return;
    c->kept = kept;
    struct epoll_event event = {.events = kept ? EPOLLIN | EPOLLOUT : EPOLLIN, .data = {.ptr = c}};
    (void)epoll_ctl(g->epoll, EPOLL_CTL_MOD, gj_fd(c->client), &event);
}

/* ---- Sending --------------------------------------------------------------------------------- */

static void fill_frame(struct generator *g, struct gj_frame *frame)
{
    gj_frame_clear(frame);
    unsigned char *at = frame->bytes + frame->size;
    for (uint32_t i = 0; i < g->options->batch; i++) {
        struct gj_op op;
        mix_next(&g->stream, g->wall_ms, &op);
        memcpy(at, &op, sizeof(op));
        at += sizeof(op);
    }
    frame->count = g->options->batch;
    frame->size += g->options->batch * (uint32_t)sizeof(struct gj_op);
}

static bool can_send(const struct generator *g, const struct connection *c)
{
    return !c->dead && !c->kept && !g->stopping && c->busy < g->options->inflight;
}

static void flush(struct generator *g, struct connection *c)
{
    if (c->dead) return;
    c->collected = 0;
    int rest = gj_flush(c->client);
    if (rest < 0 && rest != GJ_E_AGAIN)
        end_connection(g, c);
    else
        watch(g, c, rest == GJ_E_AGAIN);
}

static void send_frame(struct generator *g, struct connection *c, uint64_t since_ns)
{
    struct slot *slot = &c->slots[c->next];
    fill_frame(g, &slot->frame);
    slot->since_ns = since_ns;
    if (gj_send(c->client, &slot->frame, c->next) < 0) {
        end_connection(g, c);
        return;
    }
    c->next = (c->next + 1) % g->options->inflight;
    c->busy++;
    c->collected += slot->frame.size;
    if (c->collected >= FLUSH_SIZE) flush(g, c);
}

static void send_closed_loop(struct generator *g, struct connection *c)
{
    while (can_send(g, c)) send_frame(g, c, bench_now_ns());
}

/* Sends every frame whose time has come, to the next connection that has room. */
static void send_open_loop(struct generator *g)
{
    for (;;) {
        uint64_t now = bench_now_ns();
        if (now < g->planned_ns || g->planned_ns >= g->end_ns || g->stopping) return;
        struct connection *c = NULL;
        for (uint32_t i = 0; i < g->options->connections && c == NULL; i++) {
            struct connection *each = &g->connections[g->turn];
            g->turn = (g->turn + 1) % g->options->connections;
            if (can_send(g, each)) c = each;
        }
        if (c == NULL) return; /* its time stays what was planned: the wait counts as latency */
        if (now - g->planned_ns > LAG_NS) g->result->lagged += g->options->batch;
        send_frame(g, c, g->planned_ns);
        flush(g, c);
        g->planned_ns += g->interval_ns;
    }
}

/* ---- Receiving ------------------------------------------------------------------------------- */

static void count_answers(struct generator *g, struct connection *c, struct gj_answers *answers)
{
    struct slot *slot = &c->slots[answers->tag];
    const unsigned char *at = slot->frame.bytes + GJ_FRAME_HEADER_SIZE;
    struct bench_result *r = g->result;
    uint64_t now = bench_now_ns(), outcomes = r->operations;
    g->last_answer_ns = now;
    const struct gj_reply *reply;
    const struct gj_reply_sources *sources;
    while (gj_next_reply(answers, &reply, &sources)) {
        r->codes[reply->code]++;
        if (gj_code_is_outcome(reply->code)) {
            r->operations++;
            if (!gj_code_ok(reply->code)) r->refused++;
            if (g->acks != NULL) {
                const void *op = at;
                acks_add(g->acks, op, reply);
            }
        } else {
            r->errors++;
        }
        at += sizeof(struct gj_op);
    }
    outcomes = r->operations - outcomes;
    histogram_record(&r->latency, now - slot->since_ns, outcomes);
    histogram_record(&r->error_latency, now - slot->since_ns, answers->count - outcomes);
    c->busy--;
}

static void receive(struct generator *g, struct connection *c)
{
    for (;;) {
        struct gj_answers answers;
        int error = gj_receive(c->client, &answers);
        if (error == GJ_E_AGAIN) {
            if (c->collected > 0) flush(g, c);
            return;
        }
        if (error < 0) {
            end_connection(g, c);
            return;
        }
        count_answers(g, c, &answers);
        if (g->options->rate == 0) send_closed_loop(g, c);
        if (c->dead) return;
    }
}

/* ---- The loop -------------------------------------------------------------------------------- */

static void show_progress(struct generator *g, uint64_t now)
{
    if (!g->options->progress || now - g->shown_ns < SECOND_NS) return;
    uint64_t done = g->result->operations - g->shown_operations;
    fprintf(stderr,
            "bench: %3" PRIu64 " s  %9" PRIu64 " operations/s  %" PRIu64 " refused  %" PRIu64
            " errors\n",
            (now - g->begin_ns) / SECOND_NS, done * 1000 / ((now - g->shown_ns) / 1000000),
            g->result->refused, g->result->errors);
    g->shown_ns = now;
    g->shown_operations = g->result->operations;
}

static bool all_answered(const struct generator *g)
{
    for (uint32_t i = 0; i < g->options->connections; i++)
        if (!g->connections[i].dead && g->connections[i].busy > 0) return false;
    return true;
}

/* A signal asked for it: what was sent is still answered. */
static void stop_early(struct generator *g)
{
    int signal = interrupt_seen(g->options->interrupt);
    if (signal == 0) return;
    g->result->signal = signal;
    g->stopping = true;
    uint64_t now = bench_now_ns();
    if (now < g->end_ns) g->end_ns = now;
}

static void wait_for_events(struct generator *g, uint64_t now)
{
    struct timespec longest = {.tv_nsec = 100000000};
    if (g->options->rate > 0 && !g->stopping) {
        uint64_t until = g->planned_ns > now ? g->planned_ns - now : 0;
        /* Behind schedule nothing can be sent before an answer makes room. */
        if (until > 0 && until < (uint64_t)longest.tv_nsec) longest.tv_nsec = (long)until;
    }
    struct epoll_event events[EVENTS_AT_ONCE];
    int count = epoll_pwait2(g->epoll, events, EVENTS_AT_ONCE, &longest, NULL);
    g->wall_ms = bench_wall_clock_ms();
    for (int i = 0; i < count; i++) {
        struct connection *c = events[i].data.ptr;
        if (c == NULL) stop_early(g);
        if (c == NULL || c->dead) continue;
        if ((events[i].events & EPOLLOUT) != 0) {
            int rest = gj_flush(c->client);
            if (rest == 0) {
                watch(g, c, false);
                if (g->options->rate == 0) {
                    send_closed_loop(g, c);
                    flush(g, c);
                }
            } else if (rest != GJ_E_AGAIN) {
                end_connection(g, c);
                continue;
            }
        }
        if ((events[i].events & ~(uint32_t)EPOLLOUT) != 0 && !c->dead) receive(g, c);
    }
}

static void run(struct generator *g)
{
    g->begin_ns = g->shown_ns = g->planned_ns = g->last_answer_ns = bench_now_ns();
    g->end_ns = g->begin_ns + g->options->duration_ms * 1000000;
    g->wall_ms = bench_wall_clock_ms();
    for (uint32_t i = 0; g->options->rate == 0 && i < g->options->connections; i++) {
        send_closed_loop(g, &g->connections[i]);
        flush(g, &g->connections[i]);
    }
    for (;;) {
        uint64_t now = bench_now_ns();
        if (g->options->rate > 0) send_open_loop(g);
        if (now >= g->end_ns) g->stopping = true;
        if (g->alive == 0 || (g->stopping && all_answered(g))) break;
        if (now >= g->end_ns + DRAIN_NS) {
            (void)snprintf(g->result->why, sizeof(g->result->why),
                           "the last answers did not come within 10 s");
            break;
        }
        wait_for_events(g, now);
        show_progress(g, bench_now_ns());
    }
    for (uint32_t i = 0; i < g->options->connections; i++)
        if (!g->connections[i].dead)
            g->result->unanswered += gj_unanswered(g->connections[i].client);
    uint64_t until = g->last_answer_ns;
    if (g->options->rate > 0 && g->result->why[0] == 0) {
        if (g->planned_ns < g->end_ns)
            g->result->unsent =
                ((g->end_ns - g->planned_ns - 1) / g->interval_ns + 1) * g->options->batch;
        if (until < g->end_ns) until = g->end_ns;
    }
    g->result->elapsed_ns = until - g->begin_ns;
}

/* ---- Set-up ---------------------------------------------------------------------------------- */

static int fail(struct generator *g, const char *what, const char *detail)
{
    (void)snprintf(g->result->why, sizeof(g->result->why), "%.60s: %s", what, detail);
    return BENCH_LOST;
}

static int connect_one(struct generator *g, struct connection *c)
{
    const struct bench_options *o = g->options;
    char why[128];
    struct gj_options options = {
        .window = o->batch * o->inflight, .nonblocking = true, .why = why, .why_size = sizeof(why)};
    if (gj_connect(o->address, &options, &c->client) < 0) return fail(g, o->address, why);
    const struct gj_hello_answer *server = gj_server(c->client);
    if (server->batch_max < o->batch || server->window < o->batch * o->inflight) {
        (void)snprintf(g->result->why, sizeof(g->result->why),
                       "the server takes %u operations a frame and %u unanswered on a connection: "
                       "lower --batch or --inflight",
                       server->batch_max, server->window);
        return BENCH_REFUSED;
    }
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = c}};
    if (epoll_ctl(g->epoll, EPOLL_CTL_ADD, gj_fd(c->client), &event) != 0)
        return fail(g, "epoll", strerror(errno));
    g->alive++;
    return 0;
}

static int set_up(struct generator *g)
{
    const struct bench_options *o = g->options;
    size_t frames = (size_t)o->connections * o->inflight, size = GJ_FRAME_SIZE(o->batch, 0);
    g->epoll = epoll_create1(EPOLL_CLOEXEC);
    g->connections = calloc(o->connections, sizeof(g->connections[0]));
    g->slots = calloc(frames, sizeof(g->slots[0]));
    g->memory = malloc(frames * size);
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = NULL}};
    if (g->epoll < 0) return fail(g, "epoll", strerror(errno));
    if (o->interrupt >= 0 && epoll_ctl(g->epoll, EPOLL_CTL_ADD, o->interrupt, &event) != 0)
        return fail(g, "epoll", strerror(errno));
    if (g->connections == NULL || g->slots == NULL || g->memory == NULL)
        return fail(g, "memory", "fewer connections, frames in flight or a smaller batch fit");
    for (size_t i = 0; i < frames; i++)
        gj_frame_init(&g->slots[i].frame, GJ_FRAME_OPS, g->memory + i * size, size);
    for (uint32_t i = 0; i < o->connections; i++) {
        g->connections[i].slots = g->slots + (size_t)i * o->inflight;
        int error = connect_one(g, &g->connections[i]);
        if (error != 0) return error;
    }
    return 0;
}

static void tear_down(struct generator *g)
{
    for (uint32_t i = 0; g->connections != NULL && i < g->options->connections; i++)
        gj_close(g->connections[i].client);
    if (g->epoll >= 0) close(g->epoll);
    free(g->connections);
    free(g->slots);
    free(g->memory);
}

static void ask_rss(const char *address, struct bench_result *result)
{
    struct gj_client *client;
    struct gj_options options = {.window = 1, .timeout_ms = 5000};
    if (gj_connect(address, &options, &client) < 0) return;
    struct gj_stats_view stats;
    if (gj_get_stats(client, &stats) == 0) result->rss_bytes = stats.rss_bytes;
    gj_close(client);
}

int bench_generate(const struct bench_options *options, const struct world *world,
                   const struct mix *mix, const struct premiums *premiums, struct acks *acks,
                   struct bench_result *result)
{
    struct generator g = {.options = options, .acks = acks, .result = result, .epoll = -1};
    mix_start(&g.stream, world, mix, premiums, options->seed);
    if (options->rate > 0) {
        uint64_t interval = (uint64_t)options->batch * SECOND_NS / options->rate;
        g.interval_ns = interval > 0 ? interval : 1;
    }
    int error = set_up(&g);
    if (error == 0) run(&g);
    tear_down(&g);
    if (result->why[0] == 0) ask_rss(options->address, result);
    if (error != 0) return error;
    if (result->why[0] != 0) return BENCH_LOST;
    return result->signal != 0 ? BENCH_STOPPED : 0;
}
