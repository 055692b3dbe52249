/* clients/c/gongji.c -- the connection: HELLO, sending frames, receiving answers in order. */
#include "clients/c/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define IN_CAPACITY_FIRST   (512u << 10)
#define OUT_COLLECT         (64u << 10) /* small frames of non-blocking clients share a send */
#define WINDOW_MAX          (1u << 20)
#define TIMEOUT_MS_STANDARD 30000u

/* ---- Receiving ------------------------------------------------------------------------------- */

/* Makes room for `more` bytes behind in_end. */
static int in_reserve(struct gj_client *client, size_t more)
{
    if (client->in_at == client->in_end) client->in_at = client->in_end = 0;
    if (client->in_capacity - client->in_end >= more) return 0;
    size_t used = client->in_end - client->in_at;
    if (client->in_at > 0) {
        memmove(client->in, client->in + client->in_at, used);
        client->in_at = 0;
        client->in_end = used;
        if (client->in_capacity - used >= more) return 0;
    }
    size_t capacity = client->in_capacity == 0 ? IN_CAPACITY_FIRST : client->in_capacity;
    while (capacity - used < more) capacity *= 2;
    unsigned char *grown = realloc(client->in, capacity);
    if (grown == NULL) return gj_internal_fail(client, GJ_E_MEMORY, NULL);
    client->in = grown;
    client->in_capacity = capacity;
    return 0;
}

/* The last answer's bytes are the caller's until now. */
static void in_release(struct gj_client *client)
{
    client->in_at += client->in_held;
    client->in_held = 0;
}

static int in_fail(struct gj_client *client, int error, const char *why)
{
    client->failed = gj_internal_fail(client, error, "%s", why);
    return client->failed;
}

/* Takes in what is there; with `wait` at least one byte, within the timeout. */
static int in_take(struct gj_client *client, bool wait)
{
    int error = in_reserve(client, IN_CAPACITY_FIRST / 4);
    if (error < 0) return error;
    for (;;) {
        ssize_t got = recv(client->fd, client->in + client->in_end,
                           client->in_capacity - client->in_end, wait ? 0 : MSG_DONTWAIT);
        if (got > 0) {
            client->in_end += (size_t)got;
            return 0;
        }
        if (got == 0) return in_fail(client, GJ_E_CLOSED, "the server closed it");
        if (errno == EINTR) continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            return in_fail(client, GJ_E_CLOSED, strerror(errno));
        return wait ? in_fail(client, GJ_E_TIMEOUT, "receiving") : GJ_E_AGAIN;
    }
}

int gj_internal_receive_frame(struct gj_client *client, bool wait, struct wire_header *header)
{
    in_release(client);
    for (;;) {
        size_t have = client->in_end - client->in_at;
        size_t want = sizeof(*header);
        if (have >= want) {
            memcpy(header, client->in + client->in_at, sizeof(*header));
            /* No answer is larger; a stranger's bytes must not make us wait for gigabytes. */
            uint64_t most = header->type == WIRE_ERROR
                                ? sizeof(struct wire_error)
                                : ((uint64_t)header->count + 1) * GJ_READ_ANSWER_MAX;
            if (header->size % 8 != 0 || header->size > most)
                return in_fail(client, GJ_E_PROTOCOL, "an answer of an impossible size");
            want += header->size;
            if (have >= want) return 0;
        }
        if (client->failed < 0) return client->failed;
        int error = in_reserve(client, want - have);
        if (error < 0) return error;
        error = in_take(client, wait);
        if (error < 0) return error;
    }
}

int gj_internal_server_error(struct gj_client *client, const struct wire_header *header)
{
    struct wire_error error;
    if (header->size != sizeof(error))
        return in_fail(client, GJ_E_PROTOCOL, "an error frame of the wrong size");
    memcpy(&error, client->in + client->in_at + sizeof(*header), sizeof(error));
    client->in_held = sizeof(*header) + header->size;
    client->server_code = error.code;
    error.text[sizeof(error.text) - 1] = 0;
    for (char *at = error.text; *at != 0; at++)
        if (*at < ' ' || *at > '~') *at = '?';
    const char *name = gj_code_name(error.code);
    client->failed = gj_internal_fail(client, GJ_E_SERVER, "%u %s: %s", error.code,
                                      name == NULL ? "?" : name, error.text);
    return client->failed;
}

int gj_internal_last_words(struct gj_client *client, int error)
{
    struct wire_header header;
    if (error != GJ_E_CLOSED || client->failed < 0) return error;
    char before[sizeof(client->error)];
    memcpy(before, client->error, sizeof(before));
    if (gj_internal_receive_frame(client, true, &header) == 0 && header.type == WIRE_ERROR)
        return gj_internal_server_error(client, &header);
    memcpy(client->error, before, sizeof(before));
    return error;
}

int gj_receive(struct gj_client *client, struct gj_answers *answers)
{
    struct wire_header header;
    if (client->pending_count == 0 && !client->nonblocking)
        return gj_internal_fail(client, GJ_E_ARGUMENT, "nothing is unanswered");
    int error = gj_internal_receive_frame(client, !client->nonblocking, &header);
    if (error < 0) return error;
    if (header.type == WIRE_ERROR) return gj_internal_server_error(client, &header);
    if (client->pending_count == 0) return in_fail(client, GJ_E_PROTOCOL, "an answer to nothing");
    const struct client_pending *asked = &client->pending[client->pending_first];
    if (header.type != (asked->type | WIRE_ANSWER) || header.tag != asked->tag ||
        header.count != asked->count)
        return in_fail(client, GJ_E_PROTOCOL, "an answer to another request");
    client->in_held = sizeof(header) + header.size;
    client->unanswered -= asked->count;
    *answers = (struct gj_answers){
        .tag = header.tag,
        .type = asked->type,
        .count = header.count,
        .size = header.size,
        .body = client->in + client->in_at + sizeof(header),
    };
    client->pending_first = (client->pending_first + 1) % client->pending_capacity;
    client->pending_count--;

    /* Walk it once, so that stepping through it later needs no checks. */
    struct gj_answers walk = *answers;
    uint32_t seen = 0;
    if (walk.type == GJ_FRAME_OPS) {
        const struct gj_reply *reply;
        const struct gj_reply_sources *sources;
        while (gj_next_reply(&walk, &reply, &sources)) seen++;
    } else {
        const struct gj_answer *answer;
        const void *payload;
        while (gj_next_answer(&walk, &answer, &payload)) seen++;
    }
    if (seen != answers->count || walk.at != answers->size)
        return in_fail(client, GJ_E_PROTOCOL, "an answer that does not fill its frame");
    return 0;
}

/* ---- Sending --------------------------------------------------------------------------------- */

/* Bytes sent, GJ_E_AGAIN or GJ_E_CLOSED. */
static ssize_t send_some(struct gj_client *client, const void *bytes, size_t size)
{
    for (;;) {
        ssize_t sent = send(client->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0) return sent;
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) return GJ_E_AGAIN;
        client->send_failed = true;
        return gj_internal_fail(client, GJ_E_CLOSED, "%s", strerror(errno));
    }
}

int gj_internal_send_all(struct gj_client *client, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    while (size > 0) {
        ssize_t sent = send_some(client, at, size);
        if (sent >= 0) {
            at += sent;
            size -= (size_t)sent;
            continue;
        }
        if (sent != GJ_E_AGAIN) return (int)sent;
        struct pollfd wait = {.fd = client->fd, .events = POLLOUT};
        if (client->failed == 0) wait.events |= POLLIN;
        int ready = poll(&wait, 1, (int)client->timeout_ms);
        if (ready < 0 && errno != EINTR)
            return gj_internal_fail(client, GJ_E_CLOSED, "poll failed");
        if (ready == 0) {
            client->send_failed = true; /* the frame is cut: nothing more may follow it */
            return gj_internal_fail(client, GJ_E_TIMEOUT, "sending");
        }
        if (ready > 0 && (wait.revents & POLLIN) != 0) {
            int error = in_take(client, false);
            if (error < 0 && error != GJ_E_AGAIN) {
                client->send_failed = true;
                return error;
            }
        }
    }
    return 0;
}

/* Keeps a copy of what the socket did not take. */
static int out_keep(struct gj_client *client, const unsigned char *bytes, size_t size)
{
    if (client->out_capacity < size) {
        unsigned char *grown = realloc(client->out, size);
        if (grown == NULL) {
            client->send_failed = true;
            return gj_internal_fail(client, GJ_E_MEMORY, NULL);
        }
        client->out = grown;
        client->out_capacity = size;
    }
    memcpy(client->out, bytes, size);
    client->out_at = 0;
    client->out_end = size;
    return 0;
}

/* Appends a frame to what waits for gj_flush, if both are small. */
static bool out_collect(struct gj_client *client, const unsigned char *bytes, size_t size)
{
    size_t rest = client->out_end - client->out_at;
    if (rest + size > OUT_COLLECT) return false;
    if (client->out_capacity < OUT_COLLECT) {
        unsigned char *grown = realloc(client->out, OUT_COLLECT);
        if (grown == NULL) return false;
        client->out = grown;
        client->out_capacity = OUT_COLLECT;
    }
    if (client->out_capacity - client->out_end < size) {
        memmove(client->out, client->out + client->out_at, rest);
        client->out_at = 0;
        client->out_end = rest;
    }
    memcpy(client->out + client->out_end, bytes, size);
    client->out_end += size;
    return true;
}

static int send_or_keep(struct gj_client *client, const unsigned char *bytes, size_t size)
{
    if (out_collect(client, bytes, size)) return 0;
    int error = gj_flush(client);
    if (error < 0) return error;
    ssize_t sent = send_some(client, bytes, size);
    if (sent < 0 && sent != GJ_E_AGAIN) return (int)sent;
    if (sent < 0) sent = 0;
    if ((size_t)sent == size) return 0;
    return out_keep(client, bytes + sent, size - (size_t)sent);
}

int gj_flush(struct gj_client *client)
{
    while (client->out_at < client->out_end) {
        ssize_t sent =
            send_some(client, client->out + client->out_at, client->out_end - client->out_at);
        if (sent < 0) return (int)sent;
        client->out_at += (size_t)sent;
    }
    client->out_at = client->out_end = 0;
    return 0;
}

int gj_send(struct gj_client *client, struct gj_frame *frame, uint64_t tag)
{
    if (client->send_failed) return gj_internal_fail(client, GJ_E_CLOSED, "sending failed before");
    if (client->failed < 0) return client->failed;
    if (frame->count == 0) return gj_internal_fail(client, GJ_E_ARGUMENT, "the frame is empty");
    if (frame->count > client->server.batch_max)
        return gj_internal_fail(client, GJ_E_ARGUMENT, "the server takes %u operations in a frame",
                                client->server.batch_max);
    if (frame->count > client->window - client->unanswered)
        return gj_internal_fail(client, GJ_E_WINDOW, NULL);
    in_release(client);
    struct wire_header header = {
        .size = frame->size - (uint32_t)sizeof(header),
        .type = frame->type,
        .count = (uint16_t)frame->count,
        .tag = tag,
    };
    memcpy(frame->bytes, &header, sizeof(header));
    int error = client->nonblocking ? send_or_keep(client, frame->bytes, frame->size)
                                    : gj_internal_send_all(client, frame->bytes, frame->size);
    if (error < 0) return error;
    uint32_t last = (client->pending_first + client->pending_count) % client->pending_capacity;
    client->pending[last] =
        (struct client_pending){.tag = tag, .count = (uint16_t)frame->count, .type = frame->type};
    client->pending_count++;
    client->unanswered += frame->count;
    return 0;
}

/* ---- Connecting ------------------------------------------------------------------------------ */

static int hello(struct gj_client *client, uint32_t window)
{
    struct {
        struct wire_header header;
        struct wire_hello hello;
    } request = {
        .header = {.size = sizeof(struct wire_hello), .type = WIRE_HELLO},
        .hello = {.version_min = WIRE_VERSION, .version_max = WIRE_VERSION, .window = window},
    };
    memcpy(request.hello.magic, WIRE_MAGIC, sizeof(request.hello.magic));
    int error = gj_internal_send_all(client, &request, sizeof(request));
    if (error < 0) return gj_internal_last_words(client, error);
    struct wire_header header;
    error = gj_internal_receive_frame(client, true, &header);
    if (error < 0) return error;
    if (header.type == WIRE_ERROR) return gj_internal_server_error(client, &header);
    if (header.type != (WIRE_HELLO | WIRE_ANSWER) || header.size != sizeof(client->server))
        return gj_internal_fail(client, GJ_E_PROTOCOL, "no answer to HELLO");
    memcpy(&client->server, client->in + client->in_at + sizeof(header), sizeof(client->server));
    client->in_held = sizeof(header) + header.size;
    if (client->server.version != WIRE_VERSION)
        return gj_internal_fail(client, GJ_E_PROTOCOL, "protocol version %u",
                                client->server.version);
    if (client->server.window == 0 || client->server.batch_max == 0 ||
        client->server.batch_max > GJ_BATCH_OPS_MAX)
        return gj_internal_fail(client, GJ_E_PROTOCOL, "no usable window");
    client->window = client->server.window < window ? client->server.window : window;
    client->pending_capacity = client->window;
    client->pending = calloc(client->pending_capacity, sizeof(client->pending[0]));
    return client->pending == NULL ? gj_internal_fail(client, GJ_E_MEMORY, NULL) : 0;
}

static int open_client(struct gj_client *client, const struct gj_options *options)
{
    struct timeval timeout = {.tv_sec = client->timeout_ms / 1000,
                              .tv_usec = (suseconds_t)(client->timeout_ms % 1000) * 1000};
    (void)setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    gj_rid_source_init(&client->rids, 0);
    uint32_t window = options->window == 0 ? 4 * GJ_BATCH_OPS_MAX : options->window;
    int error = hello(client, window < WINDOW_MAX ? window : WINDOW_MAX);
    client->nonblocking = options->nonblocking;
    return error;
}

/* Says why connecting failed, where the caller wants to know it. */
static int connect_fail(const struct gj_options *options, int error, const char *text)
{
    if (options == NULL || options->why == NULL || options->why_size == 0) return error;
    (void)snprintf(options->why, options->why_size, "%s", text);
    return error;
}

int gj_connect_fd(int fd, const struct gj_options *options, struct gj_client **client)
{
    const struct gj_options standard = {0};
    if (options == NULL) options = &standard;
    *client = NULL;
    struct gj_client *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        close(fd);
        return connect_fail(options, GJ_E_MEMORY, gj_error_text(GJ_E_MEMORY));
    }
    made->fd = fd;
    made->timeout_ms = options->timeout_ms == 0 ? TIMEOUT_MS_STANDARD : options->timeout_ms;
    if (made->timeout_ms > INT32_MAX) made->timeout_ms = INT32_MAX;
    int error = open_client(made, options);
    if (error < 0) {
        (void)connect_fail(options, error, made->error);
        gj_close(made);
        return error;
    }
    *client = made;
    return 0;
}

int gj_connect(const char *address, const struct gj_options *options, struct gj_client **client)
{
    uint32_t timeout_ms =
        options == NULL || options->timeout_ms == 0 ? TIMEOUT_MS_STANDARD : options->timeout_ms;
    *client = NULL;
    errno = 0;
    int fd = gj_internal_dial(address, timeout_ms > INT32_MAX ? INT32_MAX : timeout_ms);
    if (fd >= 0) return gj_connect_fd(fd, options, client);
    char text[192];
    bool system = fd == GJ_E_CONNECT && errno != 0;
    (void)snprintf(text, sizeof(text), "%s%s%s%s", gj_error_text(fd), system ? " (" : "",
                   system ? strerror(errno) : "", system ? ")" : "");
    return connect_fail(options, fd, text);
}

void gj_close(struct gj_client *client)
{
    if (client == NULL) return;
    close(client->fd);
    free(client->in);
    free(client->out);
    free(client->pending);
    free(client);
}

const struct gj_hello_answer *gj_server(const struct gj_client *client)
{
    return &client->server;
}

int gj_fd(const struct gj_client *client)
{
    return client->fd;
}

uint32_t gj_unanswered(const struct gj_client *client)
{
    return client->unanswered;
}

struct gj_rid gj_rid_new(struct gj_client *client)
{
    struct timeval now;
    (void)gettimeofday(&now, NULL);
    uint64_t ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_usec / 1000;
    return gj_rid_next(&client->rids, ms);
}
