/* clients/c/call.c -- one request, one answer: the blocking calls. */
#include "clients/c/client.h"

#include <string.h>

static int idle(struct gj_client *client)
{
    if (client->nonblocking)
        return gj_internal_fail(client, GJ_E_ARGUMENT, "the client is non-blocking");
    if (client->unanswered > 0)
        return gj_internal_fail(client, GJ_E_ARGUMENT, "%u are unanswered", client->unanswered);
    return 0;
}

int gj_exchange(struct gj_client *client, struct gj_frame *frame, struct gj_answers *answers)
{
    int error = idle(client);
    if (error < 0) return error;
    error = gj_send(client, frame, 0);
    return error < 0 ? gj_internal_last_words(client, error) : gj_receive(client, answers);
}

int gj_execute(struct gj_client *client, const struct gj_op *op, const void *ext,
               struct gj_reply *reply, struct gj_reply_sources *sources)
{
    _Alignas(8) unsigned char memory[GJ_FRAME_SIZE(1, GJ_EXT_MAX)];
    struct gj_frame frame;
    gj_frame_init(&frame, GJ_FRAME_OPS, memory, sizeof(memory));
    if (!gj_frame_add(&frame, op, ext))
        return gj_internal_fail(client, GJ_E_ARGUMENT, "too many extension lines");
    struct gj_answers answers;
    int error = gj_exchange(client, &frame, &answers);
    if (error < 0) return error;
    const struct gj_reply *got;
    const struct gj_reply_sources *got_sources;
    if (!gj_next_reply(&answers, &got, &got_sources)) return GJ_E_PROTOCOL;
    *reply = *got;
    if (sources == NULL) return 0;
    if (got_sources != NULL)
        *sources = *got_sources;
    else
        *sources = (struct gj_reply_sources){.remainder = 0};
    return 0;
}

int gj_query(struct gj_client *client, const struct gj_read *read, const void *ext,
             struct gj_answer *answer, void *payload, size_t capacity)
{
    _Alignas(8) unsigned char memory[GJ_FRAME_SIZE(1, GJ_EXT_MAX + 1)];
    struct gj_frame frame;
    gj_frame_init(&frame, GJ_FRAME_READS, memory, sizeof(memory));
    if (!gj_frame_add_read(&frame, read, ext))
        return gj_internal_fail(client, GJ_E_ARGUMENT, "too many extension lines");
    struct gj_answers answers;
    int error = gj_exchange(client, &frame, &answers);
    if (error < 0) return error;
    const struct gj_answer *got;
    const void *got_payload;
    if (!gj_next_answer(&answers, &got, &got_payload)) return GJ_E_PROTOCOL;
    if (got->size > capacity)
        return gj_internal_fail(client, GJ_E_ARGUMENT, "the answer has %u bytes", got->size);
    *answer = *got;
    if (capacity > 0) memset(payload, 0, capacity);
    if (got->size > 0) memcpy(payload, got_payload, got->size);
    return 0;
}

/* A read whose payload, if it has one, is exactly `size` bytes. */
static int query_view(struct gj_client *client, const struct gj_read *read, const void *ext,
                      void *view, size_t size, uint8_t *code)
{
    struct gj_answer answer;
    int error = gj_query(client, read, ext, &answer, view, size);
    if (error < 0) return error;
    if (answer.code == GJ_OK && answer.size != size)
        return gj_internal_fail(client, GJ_E_PROTOCOL, "an answer of %u bytes", answer.size);
    *code = answer.code;
    return 0;
}

/* A read that only a server in trouble (OVERLOADED, SHUTTING_DOWN) refuses. */
static int query_certain(struct gj_client *client, enum gj_read_type type, void *view, size_t size)
{
    struct gj_read read = {.type = (uint8_t)type};
    uint8_t code = GJ_MALFORMED;
    int error = query_view(client, &read, NULL, view, size, &code);
    if (error < 0 || code == GJ_OK) return error;
    const char *name = gj_code_name(code), *text = gj_code_text(code);
    client->server_code = code;
    return gj_internal_fail(client, GJ_E_SERVER, "%u %s: %s", code, name == NULL ? "?" : name,
                            text == NULL ? "" : text);
}

int gj_get_person(struct gj_client *client, uint64_t person, struct gj_person_view *view,
                  uint8_t *code)
{
    struct gj_read read = {.type = GJ_READ_GET_PERSON, .id = person};
    return query_view(client, &read, NULL, view, sizeof(*view), code);
}

int gj_get_op(struct gj_client *client, uint64_t person, const struct gj_rid *rid,
              struct gj_op_view *view, uint8_t *code)
{
    struct gj_read read = {.type = GJ_READ_GET_OP, .id = person, .rid = *rid};
    return query_view(client, &read, NULL, view, sizeof(*view), code);
}

int gj_get_region(struct gj_client *client, uint16_t region, struct gj_region_view *view,
                  uint8_t *code)
{
    struct gj_read read = {.type = GJ_READ_GET_REGION, .region = region};
    return query_view(client, &read, NULL, view, sizeof(*view), code);
}

int gj_find_region(struct gj_client *client, const char *province, const char *name,
                   struct gj_region_view *view, uint8_t *code)
{
    struct gj_region_key key = {.province = {0}};
    size_t province_length = strlen(province), name_length = strlen(name);
    if (province_length >= sizeof(key.province) || name_length >= sizeof(key.name))
        return gj_internal_fail(client, GJ_E_ARGUMENT, "the name is too long");
    memcpy(key.province, province, province_length);
    memcpy(key.name, name, name_length);
    struct gj_read read = {.type = GJ_READ_GET_REGION, .ext_count = 2};
    return query_view(client, &read, &key, view, sizeof(*view), code);
}

int gj_get_institution(struct gj_client *client, uint64_t institution,
                       struct gj_institution_view *view, uint8_t *code)
{
    struct gj_read read = {.type = GJ_READ_GET_INSTITUTION, .id = institution};
    return query_view(client, &read, NULL, view, sizeof(*view), code);
}

int gj_get_institution_day(struct gj_client *client, uint64_t institution, uint16_t day,
                           struct gj_institution_day_view *view, uint8_t *code)
{
    struct gj_read read = {.type = GJ_READ_INSTITUTION_DAY, .id = institution, .day = day};
    return query_view(client, &read, NULL, view, sizeof(*view), code);
}

/* One page of a list: at most `most` entries of `size` bytes. */
static int query_page(struct gj_client *client, const struct gj_read *read, void *page,
                      uint32_t most, size_t size, uint32_t *count, uint8_t *code)
{
    struct gj_answer answer;
    int error = gj_query(client, read, NULL, &answer, page, most * size);
    if (error < 0) return error;
    if (answer.code == GJ_OK && answer.size != answer.count * size)
        return gj_internal_fail(client, GJ_E_PROTOCOL, "an answer of %u bytes", answer.size);
    *count = answer.code == GJ_OK ? answer.count : 0;
    *code = answer.code;
    return 0;
}

/* Open holds or pending transfers. */
static int list(struct gj_client *client, enum gj_read_type type, uint64_t person,
                const struct gj_hold_view *after, struct gj_hold_view page[GJ_HOLDS_PAGE],
                uint32_t *count, uint8_t *code)
{
    struct gj_read read = {.type = (uint8_t)type, .id = person};
    if (after != NULL) {
        read.after_due = after->due_ms;
        read.after_seq = after->seq;
    }
    return query_page(client, &read, page, GJ_HOLDS_PAGE, sizeof(page[0]), count, code);
}

int gj_list_institutions(struct gj_client *client, uint16_t region, uint64_t after,
                         struct gj_institution_view page[GJ_INSTITUTIONS_PAGE], uint32_t *count,
                         uint8_t *code)
{
    struct gj_read read = {.type = GJ_READ_REGION_INSTITUTIONS, .region = region, .id = after};
    return query_page(client, &read, page, GJ_INSTITUTIONS_PAGE, sizeof(page[0]), count, code);
}

int gj_list_holds(struct gj_client *client, uint64_t person, const struct gj_hold_view *after,
                  struct gj_hold_view page[GJ_HOLDS_PAGE], uint32_t *count, uint8_t *code)
{
    return list(client, GJ_READ_LIST_HOLDS, person, after, page, count, code);
}

int gj_list_pending(struct gj_client *client, uint64_t person, const struct gj_hold_view *after,
                    struct gj_hold_view page[GJ_HOLDS_PAGE], uint32_t *count, uint8_t *code)
{
    return list(client, GJ_READ_LIST_PENDING, person, after, page, count, code);
}

int gj_get_totals(struct gj_client *client, uint16_t region, struct gj_totals_view *view,
                  uint8_t *code)
{
    struct gj_read read = {.type = GJ_READ_REGION_TOTALS, .region = region};
    return query_view(client, &read, NULL, view, sizeof(*view), code);
}

int gj_get_stats(struct gj_client *client, struct gj_stats_view *view)
{
    return query_certain(client, GJ_READ_STATS, view, sizeof(*view));
}

int gj_get_digest(struct gj_client *client, struct gj_digest_view *view)
{
    return query_certain(client, GJ_READ_STATE_DIGEST, view, sizeof(*view));
}

int gj_audit(struct gj_client *client, struct gj_audit_view *view)
{
    return query_certain(client, GJ_READ_AUDIT, view, sizeof(*view));
}

int gj_dry_run(struct gj_client *client, const struct gj_op *op, const void *ext,
               struct gj_dry_run_view *view, uint8_t *code)
{
    struct gj_op lines[1 + GJ_EXT_MAX];
    if (op->ext_count > GJ_EXT_MAX)
        return gj_internal_fail(client, GJ_E_ARGUMENT, "too many extension lines");
    lines[0] = *op;
    if (op->ext_count > 0) memcpy(&lines[1], ext, op->ext_count * (size_t)GJ_RECORD_UNIT);
    struct gj_read read = {.type = GJ_READ_DRY_RUN, .ext_count = (uint8_t)(1 + op->ext_count)};
    return query_view(client, &read, lines, view, sizeof(*view), code);
}

int gj_set_clock(struct gj_client *client, uint64_t *time_ms)
{
    int error = idle(client);
    if (error < 0) return error;
    struct {
        struct wire_header header;
        struct wire_clock clock;
    } request = {
        .header = {.size = sizeof(struct wire_clock), .type = WIRE_CLOCK},
        .clock = {.time_ms = *time_ms},
    };
    error = gj_internal_send_all(client, &request, sizeof(request));
    if (error < 0) return error;
    struct wire_header header;
    error = gj_internal_receive_frame(client, true, &header);
    if (error < 0) return error;
    if (header.type == WIRE_ERROR) return gj_internal_server_error(client, &header);
    if (header.type != (WIRE_CLOCK | WIRE_ANSWER) || header.size != sizeof(request.clock))
        return gj_internal_fail(client, GJ_E_PROTOCOL, "no answer to CLOCK");
    memcpy(&request.clock, client->in + client->in_at + sizeof(header), sizeof(request.clock));
    client->in_held = sizeof(header) + header.size;
    *time_ms = request.clock.time_ms;
    return 0;
}
