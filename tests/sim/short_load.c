/* tests/sim/short_load.c -- one client, one operation or question a frame. */
#include "tests/sim/short_load.h"

#include <stdio.h>
#include <string.h>

#include "core/format/codes.h"
#include "core/format/wire.h"

#define FIRST_PERSON 100u
#define TRY_US       200u
#define PATIENCE_US  UINT64_C(100000000)
#define IN_FLIGHT    4u

/* Tags of questions lie behind those of operations. */
#define TAG_HELLO   0u
#define TAG_PERSONS 1000u

static void fault(struct short_load *load, const char *what, uint32_t which)
{
    if (load->fault[0] != 0) return;
    (void)snprintf(load->fault, sizeof(load->fault), "%s (%u)", what, which);
}

/* ---- what it sends ---- */

static int64_t deposit_amount(uint32_t i)
{
    return 100 + 7 * (int64_t)i;
}

void short_load_operation(uint32_t i, struct gj_op *op, struct gj_region_ext *ext)
{
    memset(op, 0, sizeof(*op));
    for (unsigned b = 0; b < 6; b++) op->rid.bytes[b] = (uint8_t)(SIM_WALL_MS >> (40 - 8 * b));
    op->rid.bytes[15] = (uint8_t)(i + 1);
    if (i == 0) {
        op->type = GJ_OP_SET_REGION;
        op->amount = 1;
        op->arg = 1;
        op->ext_count = GJ_EXT_MAX;
        memset(ext, 0, sizeof(*ext));
        (void)snprintf(ext->province, sizeof(ext->province), "Shandong");
        (void)snprintf(ext->name, sizeof(ext->name), "Jinan");
        gj_policy_default(&ext->policy);
    } else if (i <= SHORT_PERSONS) {
        op->type = GJ_OP_OPEN_PERSON;
        op->person = FIRST_PERSON + i - 1;
        op->arg = 1;
        op->kind = GJ_INSURANCE_EMPLOYEE;
        op->detail = GJ_STATUS_ACTIVE;
    } else {
        op->type = GJ_OP_DEPOSIT;
        op->person = FIRST_PERSON + i % SHORT_PERSONS;
        op->amount = deposit_amount(i);
    }
}

static int64_t balance_of(uint64_t person)
{
    int64_t ret = 0;
    for (uint32_t i = SHORT_PERSONS + 1; i < SHORT_OPERATIONS; i++) {
        if (FIRST_PERSON + i % SHORT_PERSONS == person) ret += deposit_amount(i);
    }
    return ret;
}

static void send_frame(struct short_load *load, uint8_t type, uint16_t count, uint64_t tag,
                       const void *body, uint32_t size)
{
    uint8_t frame[1024];
    struct wire_header header = {.size = size, .type = type, .count = count, .tag = tag};
    memcpy(frame, &header, sizeof(header));
    memcpy(frame + sizeof(header), body, size);
    (void)sim_send(&load->peer, frame, sizeof(header) + size);
}

static void send_operation(struct short_load *load, uint32_t i)
{
    struct {
        struct gj_op op;
        struct gj_region_ext ext;
    } body;
    short_load_operation(i, &body.op, &body.ext);
    uint32_t size = (uint32_t)sizeof(body.op) + body.op.ext_count * GJ_RECORD_UNIT;
    send_frame(load, WIRE_OPS, 1, i + 1, &body, size);
}

static void ask_for_persons(struct short_load *load)
{
    load->asked = true;
    for (uint32_t i = 0; i < SHORT_PERSONS; i++) {
        struct gj_read read = {.type = GJ_READ_GET_PERSON, .id = FIRST_PERSON + i};
        send_frame(load, WIRE_READS, 1, TAG_PERSONS + i, &read, sizeof(read));
    }
}

static void finish(struct short_load *load)
{
    load->done = true;
    for (uint32_t i = 0; i < SHORT_OPERATIONS; i++) load->done &= load->told[i];
    sim_terminate();
}

static void go_on(struct short_load *load)
{
    while (load->sent < SHORT_OPERATIONS && load->sent - load->answered < IN_FLIGHT) {
        send_operation(load, load->sent++);
    }
    if (load->answered < SHORT_OPERATIONS || load->asked) return;
    if (load->verifies)
        ask_for_persons(load);
    else
        finish(load);
}

/* ---- what it is told ---- */

static void told_operation(struct short_load *load, uint32_t i, const struct gj_reply *reply)
{
    if (i != load->answered) fault(load, "answers in another order", i);
    load->answered = i + 1;
    if (!gj_code_is_outcome(reply->code)) {
        load->turned_away = true;
        if (load->verifies) fault(load, "no outcome from a server without faults", reply->code);
        return;
    }
    struct gj_reply plain = *reply;
    plain.flags &= (uint8_t)~GJ_REPLY_REPLAYED;
    if (!load->told[i]) {
        load->told[i] = true;
        load->reply[i] = plain;
    } else if (memcmp(&plain, &load->reply[i], sizeof(plain)) != 0) {
        fault(load, "another outcome than before", i);
    } else if ((reply->flags & GJ_REPLY_REPLAYED) == 0) {
        fault(load, "executed a second time", i);
    }
    if (reply->code != GJ_OK) fault(load, "refused", reply->code);
}

static void told_person(struct short_load *load, uint32_t i, const void *body, uint32_t size)
{
    struct gj_answer answer;
    struct gj_person_view view;
    if (size != sizeof(answer) + sizeof(view)) {
        fault(load, "a person is missing", i);
        return;
    }
    memcpy(&view, (const uint8_t *)body + sizeof(answer), sizeof(view));
    if (view.personal != balance_of(FIRST_PERSON + i)) fault(load, "a balance is wrong", i);
    if (i == SHORT_PERSONS - 1) finish(load);
}

static void told(struct short_load *load, const struct wire_header *header, const void *body)
{
    struct gj_reply reply;
    if (header->type == WIRE_ERROR) { /* the end follows */
        load->turned_away |= *(const uint8_t *)body == GJ_OVERLOADED;
    } else if (header->tag == TAG_HELLO) {
        go_on(load);
    } else if (header->tag >= TAG_PERSONS) {
        told_person(load, (uint32_t)(header->tag - TAG_PERSONS), body, header->size);
    } else if (header->size != sizeof(reply)) {
        fault(load, "an answer of another size", header->size);
    } else {
        memcpy(&reply, body, sizeof(reply));
        told_operation(load, (uint32_t)header->tag - 1, &reply);
        go_on(load);
    }
}

static void received(struct sim_peer *peer, const void *bytes, size_t size)
{
    struct short_load *load = peer->owner;
    if (load->in_size + size > sizeof(load->in)) {
        fault(load, "more bytes than answers have", (uint32_t)size);
        return;
    }
    memcpy(load->in + load->in_size, bytes, size);
    load->in_size += (uint32_t)size;
    struct wire_header header;
    while (load->in_size >= sizeof(header)) {
        memcpy(&header, load->in, sizeof(header));
        uint32_t whole = (uint32_t)sizeof(header) + header.size;
        if (whole > load->in_size) return;
        told(load, &header, load->in + sizeof(header));
        load->in_size -= whole;
        memmove(load->in, load->in + whole, load->in_size);
    }
}

/* ---- connecting ---- */

static void opened(struct sim_peer *peer)
{
    struct wire_hello hello = {.version_min = 1, .version_max = 1, .window = 16};
    memcpy(hello.magic, WIRE_MAGIC, sizeof(hello.magic));
    send_frame(peer->owner, WIRE_HELLO, 0, TAG_HELLO, &hello, sizeof(hello));
}

/* A timer knows of its life by the serial number in its owner, which outlives every boot. */
struct life {
    struct short_load *load;
    uint64_t serial;
};
static struct life lives[4];

static void try_again(void *owner)
{
    const struct life *life = owner;
    struct short_load *load = life->load;
    if (life->serial == load->serial && load->peer.link == 0) sim_connect(&load->peer);
}

static void closed(struct sim_peer *peer, bool reset)
{
    struct short_load *load = peer->owner;
    load->sent = load->answered = load->in_size = 0;
    load->asked = false;
    sim_after(reset ? TRY_US : 10 * TRY_US, try_again, &lives[load->serial % 4]);
}

static void out_of_patience(void *owner)
{
    const struct life *life = owner;
    if (life->serial == life->load->serial) sim_terminate();
}

void short_load_init(struct short_load *load)
{
    uint64_t serial = load->serial;
    memset(load, 0, sizeof(*load));
    load->serial = serial;
    load->peer =
        (struct sim_peer){.opened = opened, .received = received, .closed = closed, .owner = load};
}

void short_load_boot(struct short_load *load, bool verifies)
{
    load->serial++;
    struct life *life = &lives[load->serial % 4];
    *life = (struct life){.load = load, .serial = load->serial};
    sim_reset_peer(&load->peer);
    load->verifies = verifies;
    load->done = load->asked = false;
    load->sent = load->answered = load->in_size = 0;
    sim_after(TRY_US, try_again, life);
    sim_after(PATIENCE_US, out_of_patience, life);
}

void short_load_leave(struct short_load *load)
{
    load->serial++;
    lives[load->serial % 4] = (struct life){.load = load}; /* of no life */
    sim_reset_peer(&load->peer);
}
