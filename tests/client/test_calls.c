/* tests/client/test_calls.c -- every builder and every reader of libgongji once, against a gongjid
 * of its own: what a program written with the header alone would do.
 *
 * Environment: GONGJID (the server's path), TEST_DIR (a directory on a real disk). */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients/c/gongji.h"

#include "tests/test.h"

#define TIME_MS UINT64_C(1748826000000) /* 2025-06-02T09:00:00 in Asia/Shanghai */
#define DAY     20241u

enum {
    JINAN = 1,
    QINGDAO = 2,
    HOSPITAL = 10,
    PAYER = 100,
    MEMBER = 101,
    LEAVER = 102,
    PATIENT = 103,
};

static char directory[192], address[256];
static pid_t server;
static struct gj_client *client;
static struct gj_rid_source rids;
static uint64_t now_ms;
static bool executed[256]; /* operation types that ended 0..3 */

/* ---- The server ------------------------------------------------------------------------------ */

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void stop_server(void)
{
    if (server > 0) {
        kill(server, SIGKILL);
        while (waitpid(server, NULL, 0) < 0 && errno == EINTR) continue;
    }
    server = 0;
    if (directory[0] != 0) nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    directory[0] = 0;
}

static void become_server(const char *program, int out)
{
    char data[256];
    (void)snprintf(data, sizeof(data), "%s/data", directory);
    int quiet = open("/dev/null", O_WRONLY);
    if (quiet < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(quiet, STDERR_FILENO) < 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execl(program, program, "--data", data, "--listen", "127.0.0.1:0", "--unix",
          address + strlen("unix:"), "--persons-max", "1000", "--holds-max", "1000", "--rids-max",
          "16384", "--connections-max", "16", "--buffers-max", "64M", "--log-prealloc", "1",
          "--test-clock", (char *)NULL);
}

/* Starts gongjid and waits for its ready line. */
static bool start_server(void)
{
    const char *program = getenv("GONGJID"), *base = getenv("TEST_DIR");
    int fds[2];
    char ready[64] = "";
    if (program == NULL || base == NULL) return false;
    (void)snprintf(directory, sizeof(directory), "%s/gongji-calls-XXXXXX", base);
    if (mkdtemp(directory) == NULL || pipe2(fds, O_CLOEXEC) != 0) return false;
    (void)snprintf(address, sizeof(address), "unix:%s/socket", directory);
    server = fork();
    if (server == 0) {
        become_server(program, fds[1]);
        _exit(127);
    }
    close(fds[1]);
    ssize_t got = read(fds[0], ready, sizeof(ready) - 1);
    close(fds[0]);
    return got > 0 && strncmp(ready, "ready ", 6) == 0;
}

/* ---- Shorthands ------------------------------------------------------------------------------ */

static struct gj_rid rid(void)
{
    return gj_rid_next(&rids, now_ms);
}

/* Executes and checks the code; the reply and its sources stay here. */
static struct gj_reply reply;
static struct gj_reply_sources sources;

static void run(const struct gj_op *op, const void *ext, uint8_t code)
{
    int error = gj_execute(client, op, ext, &reply, &sources);
    CHECK_EQ(error, 0);
    if (error < 0) printf("    %s: %s\n", gj_op_name(op->type), gj_client_error(client));
    CHECK_EQ(reply.code, code);
    if (reply.code != code) {
        printf("    %s: %s\n", gj_op_name(op->type), gj_code_name(reply.code));
    }
    executed[op->type] |= error == 0 && gj_code_ok(reply.code);
}

static void set_clock(uint64_t ms)
{
    uint64_t time_ms = ms;
    CHECK_EQ(gj_set_clock(client, &time_ms), 0);
    CHECK_EQ(time_ms, ms);
    now_ms = ms;
}

static struct gj_person_view person(uint64_t id)
{
    struct gj_person_view view = {.id = 0};
    uint8_t code = GJ_MALFORMED;
    CHECK_EQ(gj_get_person(client, id, &view, &code), 0);
    CHECK_EQ(code, GJ_OK);
    return view;
}

/* ---- Setting the stage ----------------------------------------------------------------------- */

static void open_regions(void)
{
    struct gj_op op;
    struct gj_region_ext ext = {.public_code = 370100};
    gj_policy_default(&ext.policy);
    ext.policy.wallet_open = 1;
    ext.policy.region_change_enabled = 1;
    memcpy(ext.province, "Shandong", 8);
    memcpy(ext.name, "Jinan", 5);
    uint16_t year = 2025;
    ext.policy.premiums[0] = (struct gj_premium_row){
        .amount = 40000, .year = year, .product = 1, .from_day = DAY - 9, .to_day = DAY + 9};
    gj_set_region(&op, rid(), JINAN, 1, 0);
    run(&op, &ext, GJ_OK);
    memcpy(ext.name, "Qingdao", 7);
    gj_set_region(&op, rid(), QINGDAO, 1, 0);
    run(&op, &ext, GJ_OK);
}

static void open_person(uint64_t id, enum gj_insurance insurance)
{
    struct gj_op op;
    gj_open_person(&op, rid(), id, JINAN, insurance, GJ_STATUS_ACTIVE, false);
    run(&op, NULL, GJ_OK);
    gj_confirm_wallet(&op, rid(), id, JINAN, 7, GJ_AUTH_FACE);
    run(&op, NULL, GJ_OK);
}

TEST(setting_the_stage)
{
    struct gj_op op;
    struct gj_institution_ext code;
    open_regions();
    CHECK_EQ(gj_set_institution(&op, &code, rid(), HOSPITAL, JINAN, GJ_HOSPITAL,
                                GJ_SCENARIO_MASK_ALL, GJ_FLAG_WALLET, "H37010000001"),
             0);
    run(&op, &code, GJ_OK);
    open_person(PAYER, GJ_INSURANCE_EMPLOYEE);
    open_person(MEMBER, GJ_INSURANCE_RESIDENT);
    open_person(LEAVER, GJ_INSURANCE_EMPLOYEE);
    open_person(PATIENT, GJ_INSURANCE_EMPLOYEE);
    const struct gj_person_update update = {.phone_given = true, .phone_hash = 77};
    gj_update_person(&op, rid(), PAYER, &update);
    run(&op, NULL, GJ_OK);
    gj_bind(&op, rid(), PAYER, MEMBER, GJ_PARENT, -1, GJ_AUTH_FACE);
    run(&op, NULL, GJ_OK);
    gj_bind(&op, rid(), PAYER, LEAVER, GJ_SIBLING, -1, GJ_AUTH_FACE);
    run(&op, NULL, GJ_OK);
    gj_set_cap(&op, rid(), PAYER, MEMBER, 50000, GJ_AUTH_NONE);
    run(&op, NULL, GJ_OK);
    gj_deposit(&op, rid(), PAYER, 1000000);
    run(&op, NULL, GJ_OK);
    CHECK_EQ(reply.balance, 1000000);
    gj_deposit(&op, rid(), PATIENT, 500000);
    run(&op, NULL, GJ_OK);
    struct gj_person_view view = person(PAYER);
    CHECK(view.phone_hash == 77 && view.personal == 1000000 && view.member_count == 2);
    CHECK_EQ(view.members[0].cap, 50000);
}

/* ---- Reads ----------------------------------------------------------------------------------- */

TEST(regions_and_institutions)
{
    struct gj_region_view region;
    struct gj_institution_view institution;
    struct gj_totals_view totals;
    uint8_t code = GJ_MALFORMED;
    CHECK_EQ(gj_get_region(client, JINAN, &region, &code), 0);
    CHECK(code == GJ_OK && region.version == 1 && strcmp(region.current.name, "Jinan") == 0);
    CHECK_EQ(gj_get_region(client, 3, &region, &code), 0);
    CHECK_EQ(code, GJ_REGION_NOT_FOUND);
    CHECK_EQ(gj_find_region(client, "Shandong", "Qingdao", &region, &code), 0);
    CHECK(code == GJ_OK && region.id == QINGDAO);
    CHECK_EQ(gj_find_region(client, "Hebei", "Qingdao", &region, &code), 0);
    CHECK_EQ(code, GJ_REGION_NOT_FOUND);
    char name[65];
    memset(name, 'x', 64);
    name[64] = 0;
    CHECK_EQ(gj_find_region(client, "Hebei", name, &region, &code), GJ_E_ARGUMENT);
    CHECK_EQ(gj_find_region(client, name, "Qingdao", &region, &code), GJ_E_ARGUMENT);
    CHECK_EQ(gj_get_institution(client, HOSPITAL, &institution, &code), 0);
    CHECK(code == GJ_OK && institution.region == JINAN && institution.type == GJ_HOSPITAL &&
          institution.flags == GJ_FLAG_WALLET && institution.payable.low == 0 &&
          memcmp(institution.code, "H37010000001", 13) == 0);
    CHECK_EQ(gj_get_institution(client, 11, &institution, &code), 0);
    CHECK_EQ(code, GJ_INST_NOT_FOUND);
    CHECK_EQ(gj_get_totals(client, JINAN, &totals, &code), 0);
    CHECK(code == GJ_OK && totals.fund.low == 1500000 && totals.persons == 4);
    CHECK_EQ(gj_get_totals(client, 3, &totals, &code), 0);
    CHECK_EQ(code, GJ_REGION_NOT_FOUND);
}

TEST(whole_state)
{
    struct gj_stats_view stats;
    struct gj_digest_view digest, again;
    struct gj_audit_view audit;
    CHECK_EQ(gj_get_stats(client, &stats), 0);
    CHECK(stats.persons == 4 && stats.persons_max == 1000 && stats.holds == 0 &&
          stats.holds_max == 1000);
    CHECK_EQ(gj_get_digest(client, &digest), 0);
    CHECK_EQ(gj_get_digest(client, &again), 0);
    CHECK(memcmp(&digest, &again, sizeof(digest)) == 0);
    CHECK_EQ(gj_audit(client, &audit), 0);
    CHECK_STR(audit.broken, "");
    struct gj_read ping = {.type = GJ_READ_PING};
    struct gj_answer answer;
    CHECK_EQ(gj_query(client, &ping, NULL, &answer, NULL, 0), 0);
    CHECK(answer.code == GJ_OK && answer.time_ms == now_ms && answer.seq > 0);
    CHECK_EQ(gj_client_server_code(client), 0);
    CHECK(gj_fd(client) >= 0);
}

TEST(dry_run_changes_nothing)
{
    struct gj_op op;
    struct gj_pay_ext ext;
    struct gj_dry_run_view view;
    struct gj_digest_view before, after;
    uint8_t code = GJ_MALFORMED;
    CHECK_EQ(gj_get_digest(client, &before), 0);
    gj_deposit(&op, rid(), PAYER, 500);
    CHECK_EQ(gj_dry_run(client, &op, NULL, &view, &code), 0);
    CHECK(code == GJ_OK && view.reply.code == GJ_OK && view.reply.balance == 1000500);
    uint8_t both = gj_sources(GJ_SOURCE_WALLET, GJ_SOURCE_RELATIVE, GJ_SOURCE_NONE);
    gj_pay(&op, rid(), MEMBER, HOSPITAL, 60000, GJ_OUTPATIENT, both, true, GJ_AUTH_FACE);
    gj_pay_details(&op, &ext, PAYER, 0);
    CHECK_EQ(gj_dry_run(client, &op, &ext, &view, &code), 0);
    CHECK(code == GJ_OK && view.reply.code == GJ_OK_PARTIAL && view.sources.taken[1] == 50000 &&
          view.sources.remainder == 10000);
    CHECK_EQ(gj_get_digest(client, &after), 0);
    CHECK(memcmp(&before, &after, sizeof(before)) == 0);
    op.ext_count = GJ_EXT_MAX + 1;
    CHECK_EQ(gj_dry_run(client, &op, &ext, &view, &code), GJ_E_ARGUMENT);
}

/* ---- Money ----------------------------------------------------------------------------------- */

TEST(paying_and_undoing)
{
    struct gj_op op;
    struct gj_pay_ext pay_ext;
    struct gj_original_ext ext;
    struct gj_rid pay = rid(), refund = rid(), premium = rid(), lost = rid();
    uint8_t own = gj_sources(GJ_SOURCE_PERSONAL, GJ_SOURCE_NONE, GJ_SOURCE_NONE);
    gj_pay(&op, pay, PAYER, HOSPITAL, 3000, GJ_OUTPATIENT, own, false, GJ_AUTH_CARD);
    gj_pay_details(&op, &pay_ext, 0, 5000);
    run(&op, &pay_ext, GJ_OK);
    gj_refund(&op, &ext, refund, PAYER, pay, 1000);
    run(&op, &ext, GJ_OK);
    CHECK(reply.amount == 1000 && sources.taken[0] == 1000 && sources.remainder == 2000);
    gj_reverse(&op, &ext, rid(), PAYER, refund);
    run(&op, &ext, GJ_OK);
    gj_reverse(&op, &ext, rid(), PAYER, pay);
    run(&op, &ext, GJ_OK);
    CHECK_EQ(person(PAYER).personal, 1000000);
    gj_pay_premium(&op, premium, PAYER, MEMBER, 40000, 2025, 1, GJ_SOURCE_PERSONAL);
    run(&op, NULL, GJ_OK);
    gj_reverse(&op, &ext, rid(), PAYER, premium);
    run(&op, &ext, GJ_OK);

    gj_reverse(&op, &ext, rid(), PAYER, lost);
    run(&op, &ext, GJ_OK_TOMBSTONED);
    gj_deposit(&op, lost, PAYER, 1);
    run(&op, NULL, GJ_RID_TOMBSTONED);
    struct gj_op_view view;
    uint8_t code = GJ_MALFORMED;
    CHECK_EQ(gj_get_op(client, PAYER, &lost, &view, &code), 0);
    CHECK(code == GJ_OK && view.state == GJ_OP_STATE_TOMBSTONED && view.position > 0);
    CHECK_EQ(gj_get_op(client, PAYER, &pay, &view, &code), 0);
    CHECK(view.state == GJ_OP_STATE_EXECUTED && view.op.type == GJ_OP_PAY);
}

TEST(institution_days)
{
    struct gj_institution_day_view view;
    uint8_t code = GJ_MALFORMED;
    CHECK_EQ(gj_get_institution_day(client, HOSPITAL, DAY, &view, &code), 0);
    /* The payment and the reversed refund; the refund and the reversed payment. */
    CHECK(code == GJ_OK && view.id == HOSPITAL && view.day == DAY && view.credit_count == 2 &&
          view.debit_count == 2 && view.credits.low == 4000 && view.debits.low == 4000);
    CHECK_EQ(gj_get_institution_day(client, HOSPITAL, DAY - 8, &view, &code), 0);
    CHECK_EQ(code, GJ_BAD_FIELD);
    CHECK_EQ(gj_get_institution_day(client, HOSPITAL, DAY + 1, &view, &code), 0);
    CHECK_EQ(code, GJ_BAD_FIELD);
    CHECK_EQ(gj_get_institution_day(client, 11, DAY, &view, &code), 0);
    CHECK_EQ(code, GJ_INST_NOT_FOUND);
}

TEST(holding)
{
    struct gj_op op;
    struct gj_pay_ext pay_ext;
    struct gj_original_ext ext;
    struct gj_rid hold = rid(), other = rid();
    uint8_t own = gj_sources(GJ_SOURCE_PERSONAL, GJ_SOURCE_NONE, GJ_SOURCE_NONE);
    gj_hold(&op, hold, PATIENT, HOSPITAL, 3000, GJ_INPATIENT, own, false, GJ_AUTH_CARD);
    gj_hold_details(&op, &pay_ext, 0, 0, 5400);
    run(&op, &pay_ext, GJ_OK);
    CHECK_EQ(person(PATIENT).personal_held, 3000);
    gj_capture(&op, &ext, rid(), PATIENT, hold, 1000, false);
    run(&op, &ext, GJ_OK);
    CHECK_EQ(sources.remainder, 2000);
    gj_capture(&op, &ext, rid(), PATIENT, hold, 500, true);
    run(&op, &ext, GJ_OK);
    CHECK_EQ(sources.remainder, 0);
    gj_hold(&op, other, PATIENT, HOSPITAL, 3000, GJ_INPATIENT, own, false, GJ_AUTH_CARD);
    run(&op, NULL, GJ_OK);
    gj_release(&op, &ext, rid(), PATIENT, other);
    run(&op, &ext, GJ_OK);
    CHECK_EQ(reply.amount, 3000);
    struct gj_person_view view = person(PATIENT);
    CHECK(view.personal_held == 0 && view.personal == 498500 && view.holds == 0);
}

/* More holds than a page has: both pages, in the order in which they fall due, and what is on the
 * last one. */
TEST(lists_of_holds)
{
    enum { HOLDS = GJ_HOLDS_PAGE + 44 };
    static _Alignas(8) unsigned char memory[GJ_FRAME_SIZE(HOLDS, HOLDS)];
    static struct gj_hold_view page[GJ_HOLDS_PAGE];
    struct gj_frame frame;
    struct gj_answers answers;
    uint8_t own = gj_sources(GJ_SOURCE_PERSONAL, GJ_SOURCE_NONE, GJ_SOURCE_NONE);
    gj_frame_init(&frame, GJ_FRAME_OPS, memory, sizeof(memory));
    for (uint32_t i = 0; i < HOLDS; i++) {
        struct gj_op op;
        struct gj_pay_ext ext;
        gj_hold(&op, rid(), PATIENT, HOSPITAL, 1 + i, GJ_DRUG, own, false, GJ_AUTH_CARD);
        gj_hold_details(&op, &ext, 0, 0, 60 + (HOLDS - i) / 2); /* pairs due at one instant */
        CHECK(gj_frame_add(&frame, &op, &ext));
    }
    CHECK_EQ(gj_exchange(client, &frame, &answers), 0);
    const struct gj_reply *got;
    const struct gj_reply_sources *got_sources;
    while (gj_next_reply(&answers, &got, &got_sources)) CHECK_EQ(got->code, GJ_OK);
    CHECK_EQ(person(PATIENT).holds, HOLDS);

    uint32_t count = 0, seen = 0;
    uint64_t due_ms = 0, seq = 0;
    int64_t sum = 0;
    uint8_t code = GJ_MALFORMED;
    for (uint32_t want = GJ_HOLDS_PAGE; want > 0; want = want == GJ_HOLDS_PAGE ? 44 : 0) {
        const struct gj_hold_view *after = count > 0 ? &page[count - 1] : NULL;
        CHECK_EQ(gj_list_holds(client, PATIENT, after, page, &count, &code), 0);
        CHECK_EQ(code, GJ_OK);
        CHECK_EQ(count, want);
        for (uint32_t i = 0; i < count; i++) {
            const struct gj_hold_view *hold = &page[i];
            CHECK(hold->due_ms > due_ms || (hold->due_ms == due_ms && hold->seq > seq));
            CHECK(hold->person == PATIENT && hold->other == HOSPITAL && hold->type == GJ_OP_HOLD);
            due_ms = hold->due_ms;
            seq = hold->seq;
            sum += hold->left[0];
            seen++;
        }
    }
    CHECK_EQ(seen, HOLDS);
    CHECK_EQ(sum, (int64_t)HOLDS * (HOLDS + 1) / 2);
    CHECK_EQ(gj_list_holds(client, 999, NULL, page, &count, &code), 0);
    CHECK(code == GJ_PERSON_NOT_FOUND && count == 0);
    set_clock(now_ms + 3600000);
    CHECK_EQ(gj_list_holds(client, PATIENT, NULL, page, &count, &code), 0);
    CHECK(code == GJ_OK && count == 0);
    CHECK_EQ(person(PATIENT).personal_held, 0);
}

/* More institutions than fit in a page, of two regions in turn. */
TEST(lists_of_institutions)
{
    enum { EACH = GJ_INSTITUTIONS_PAGE + 5, FIRST = 100000 };
    static struct gj_institution_view page[GJ_INSTITUTIONS_PAGE];
    struct gj_op op;
    struct gj_institution_ext ext;
    static unsigned char memory[GJ_FRAME_SIZE(2 * EACH, 2 * EACH)];
    struct gj_frame frame;
    struct gj_answers answers;
    gj_frame_init(&frame, GJ_FRAME_OPS, memory, sizeof(memory));
    for (uint32_t i = 0; i < 2 * EACH; i++) {
        (void)gj_set_institution(&op, &ext, rid(), FIRST + i, i % 2 == 0 ? QINGDAO : JINAN,
                                 GJ_PHARMACY, 1, 0, "P");
        CHECK(gj_frame_add(&frame, &op, &ext));
    }
    CHECK_EQ(gj_exchange(client, &frame, &answers), 0);
    uint32_t count = 1, seen = 0;
    uint64_t after = 0;
    uint8_t code = GJ_MALFORMED;
    while (count > 0) {
        CHECK_EQ(gj_list_institutions(client, QINGDAO, after, page, &count, &code), 0);
        CHECK_EQ(code, GJ_OK);
        for (uint32_t i = 0; i < count; i++) {
            CHECK_EQ(page[i].id, FIRST + 2 * seen);
            seen++;
        }
        if (count > 0) after = page[count - 1].id;
    }
    CHECK_EQ(seen, EACH);
    CHECK_EQ(gj_list_institutions(client, 999, 0, page, &count, &code), 0);
    CHECK(code == GJ_REGION_NOT_FOUND && count == 0);
    CHECK_EQ(gj_list_institutions(client, QINGDAO, HOSPITAL + 12345, page, &count, &code), 0);
    CHECK(code == GJ_INST_NOT_FOUND && count == 0);
}

TEST(sending_and_receiving)
{
    struct gj_op op;
    struct gj_original_ext ext;
    struct gj_rid first = rid(), second = rid();
    static struct gj_hold_view page[GJ_HOLDS_PAGE];
    uint32_t count = 0;
    uint8_t code = GJ_MALFORMED;
    gj_transfer(&op, rid(), PAYER, MEMBER, 2000, GJ_SOURCE_PERSONAL, GJ_AUTH_FACE);
    run(&op, NULL, GJ_OK);
    CHECK_EQ(reply.flags & GJ_REPLY_PENDING, 0);

    struct gj_region_view region;
    CHECK_EQ(gj_get_region(client, JINAN, &region, &code), 0);
    region.current.policy.receive_mode = GJ_RECEIVE_ACCEPT;
    gj_set_region(&op, rid(), JINAN, region.version + 1, 0);
    run(&op, &region.current, GJ_OK);
    gj_transfer(&op, first, PAYER, MEMBER, 3000, GJ_SOURCE_PERSONAL, GJ_AUTH_FACE);
    run(&op, NULL, GJ_OK);
    CHECK_EQ(reply.flags & GJ_REPLY_PENDING, GJ_REPLY_PENDING);
    gj_transfer(&op, second, PAYER, MEMBER, 4000, GJ_SOURCE_PERSONAL, GJ_AUTH_FACE);
    run(&op, NULL, GJ_OK);
    for (unsigned i = 0; i < 2; i++) { /* the same for both of them */
        CHECK_EQ(gj_list_pending(client, i == 0 ? PAYER : MEMBER, NULL, page, &count, &code), 0);
        CHECK(code == GJ_OK && count == 2 && page[0].type == GJ_OP_TRANSFER);
        CHECK(memcmp(&page[0].rid, &first, sizeof(first)) == 0 && page[0].left[0] == 3000);
        CHECK(page[0].person == PAYER && page[0].other == MEMBER);
    }
    CHECK_EQ(gj_list_pending(client, PAYER, &page[0], page, &count, &code), 0);
    CHECK(count == 1 && memcmp(&page[0].rid, &second, sizeof(second)) == 0);
    gj_accept(&op, &ext, rid(), PAYER, first, MEMBER);
    run(&op, &ext, GJ_OK);
    gj_return(&op, &ext, rid(), PAYER, second, PAYER);
    run(&op, &ext, GJ_OK);
    CHECK_EQ(person(MEMBER).wallet, 5000);
    CHECK_EQ(gj_list_pending(client, MEMBER, NULL, page, &count, &code), 0);
    CHECK(code == GJ_OK && count == 0);
}

TEST(suspending_and_leaving)
{
    struct gj_op op;
    gj_suspend(&op, rid(), MEMBER, GJ_USE_TRANSFER_OUT);
    run(&op, NULL, GJ_OK);
    CHECK_EQ(person(MEMBER).suspended, GJ_USE_TRANSFER_OUT);
    gj_change_region(&op, rid(), MEMBER, QINGDAO, GJ_AUTH_FACE);
    run(&op, NULL, GJ_ACCOUNT_SUSPENDED);
    gj_resume(&op, rid(), MEMBER, GJ_USE_TRANSFER_OUT);
    run(&op, NULL, GJ_OK);
    gj_change_region(&op, rid(), MEMBER, QINGDAO, GJ_AUTH_FACE);
    run(&op, NULL, GJ_OK);
    CHECK_EQ(reply.amount, 5000);
    CHECK_EQ(person(MEMBER).use_region, QINGDAO);
    gj_unbind(&op, rid(), PAYER, LEAVER);
    run(&op, NULL, GJ_OK);
    CHECK_EQ(person(PAYER).member_count, 1);
    gj_close_person(&op, rid(), MEMBER, GJ_PAYOUT_NONE);
    run(&op, NULL, GJ_BALANCE_NOT_ZERO);
    gj_close_person(&op, rid(), MEMBER, GJ_PAYOUT_CASH);
    run(&op, NULL, GJ_OK);
    CHECK(reply.amount == 5000 && (person(MEMBER).flags & GJ_PERSON_CLOSED) != 0);
}

TEST(every_operation_was_executed)
{
#define X(name, number, verb, ext_min, ext_max, flags, ...)                                        \
    CHECK_EQ(executed[number], ((flags)&GJ_OP_INTERNAL) == 0);
    GJ_OP_MAP(X)
#undef X
    struct gj_audit_view audit;
    CHECK_EQ(gj_audit(client, &audit), 0);
    CHECK_STR(audit.broken, "");
}

/* ---- Other ways to connect and to send ------------------------------------------------------- */

TEST(frames_without_waiting)
{
    static _Alignas(8) unsigned char memory[GJ_FRAME_SIZE(2, 0)];
    const struct gj_options options = {.nonblocking = true, .window = 4};
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    struct gj_client *other;
    struct gj_frame frame;
    struct gj_answers answers;
    struct gj_read read = {.type = GJ_READ_GET_PERSON, .id = PAYER};
    memcpy(path.sun_path, address + strlen("unix:"), sizeof(path.sun_path) - 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_EQ(connect(fd, (struct sockaddr *)&path, sizeof(path)), 0);
    CHECK_EQ(gj_connect_fd(fd, &options, &other), 0);
    if (other == NULL) return;
    CHECK_EQ(gj_server(other)->flags & GJ_HELLO_CLOCK, GJ_HELLO_CLOCK);
    gj_frame_init(&frame, GJ_FRAME_READS, memory, sizeof(memory));
    CHECK(gj_frame_add_read(&frame, &read, NULL));
    gj_frame_clear(&frame);
    CHECK(gj_frame_add_read(&frame, &read, NULL) && gj_frame_add_read(&frame, &read, NULL));
    CHECK_EQ(gj_send(other, &frame, 41), 0);
    CHECK_EQ(gj_send(other, &frame, 42), 0);
    CHECK_EQ(gj_send(other, &frame, 43), GJ_E_WINDOW);
    CHECK_EQ(gj_unanswered(other), 4);
    while (gj_flush(other) == GJ_E_AGAIN) continue;
    for (uint64_t tag = 41; tag <= 42; tag++) {
        int error;
        while ((error = gj_receive(other, &answers)) == GJ_E_AGAIN) usleep(1000);
        CHECK_EQ(error, 0);
        CHECK(answers.tag == tag && answers.count == 2);
        const struct gj_answer *answer;
        const void *payload;
        while (gj_next_answer(&answers, &answer, &payload)) {
            CHECK_EQ(((const struct gj_person_view *)payload)->id, PAYER);
        }
    }
    CHECK_EQ(gj_unanswered(other), 0);
    gj_close(other);
}

int main(int argc, char **argv)
{
    const struct test_case cases[] = {
        T(setting_the_stage),
        T(regions_and_institutions),
        T(whole_state),
        T(dry_run_changes_nothing),
        T(paying_and_undoing),
        T(institution_days),
        T(holding),
        T(lists_of_holds),
        T(lists_of_institutions),
        T(sending_and_receiving),
        T(suspending_and_leaving),
        T(every_operation_was_executed),
        T(frames_without_waiting),
    };
    (void)argc; /* one builds on the other: no selection */
    char why[192] = "no gongjid: set GONGJID and TEST_DIR";
    const struct gj_options options = {.why = why, .why_size = sizeof(why)};
    int failed = 1;
    if (start_server() && gj_connect(address, &options, &client) == 0) {
        gj_rid_source_init(&rids, 0);
        set_clock(TIME_MS);
        failed = test_main_(cases, sizeof(cases) / sizeof(cases[0]), 1, argv);
        gj_close(client);
    } else {
        printf("not ok start\n    %s\n0 passed, 1 failed\n", why);
    }
    stop_server();
    return failed;
}
