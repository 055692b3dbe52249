/* tests/sim/test_machine.c -- the simulated machine itself: that its disk tears and forgets what it
 * may and nothing else, that the failure asked for happens, that connections break where they
 * should, and that the same seed is the same run. */
#include <errno.h>
#include <stdlib.h>

#include "tests/sim/short_load.h"
#include "tests/sim/sim_parts.h"
#include "tests/test.h"

#define SEEDS 200u

/* ---- the medium ---- */

static int new_file(void)
{
    int inode = disk_make(disk_find(DISK_ROOT, SIM_DATA), "file", false);
    if (disk_allocate(inode, 4 * SIM_PAGE) != 0) abort();
    disk_flush(inode, UINT64_MAX);
    disk_flush(disk_find(DISK_ROOT, SIM_DATA), UINT64_MAX);
    return inode;
}

static void fill(int inode, uint8_t byte, enum disk_how how)
{
    uint8_t bytes[2 * SIM_PAGE];
    memset(bytes, byte, sizeof(bytes));
    disk_write(inode, SIM_PAGE, bytes, sizeof(bytes), how);
}

/* Counts sectors of the two pages by what is in them; anything else than a whole one is -1. */
static int sectors_with(int inode, uint8_t byte, uint8_t other)
{
    uint8_t bytes[2 * SIM_PAGE];
    int count = 0;
    disk_read(inode, SIM_PAGE, bytes, sizeof(bytes));
    for (unsigned s = 0; s < sizeof(bytes) / SIM_SECTOR; s++) {
        const uint8_t *at = bytes + s * SIM_SECTOR;
        if (memcmp(at, at + 1, SIM_SECTOR - 1) != 0 || (*at != byte && *at != other)) return -1;
        count += *at == byte;
    }
    return count;
}

TEST(flushed_survives)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        sim_reset(seed);
        int inode = new_file();
        fill(inode, 7, (seed & 1) != 0 ? DISK_DURABLE : DISK_VOLATILE);
        if ((seed & 1) == 0) disk_flush(inode, disk_stamp());
        disk_power_cut();
        CHECK_EQ(sectors_with(inode, 7, 0), 16);
    }
}

TEST(unflushed_is_torn_by_sectors)
{
    unsigned none = 0, some = 0, whole = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        sim_reset(seed);
        int inode = new_file();
        fill(inode, 1, DISK_DURABLE);
        fill(inode, 2, DISK_VOLATILE);
        CHECK_EQ(sectors_with(inode, 2, 1), 16); /* a process sees it */
        disk_power_cut();
        int count = sectors_with(inode, 2, 1);
        CHECK(count >= 0);
        none += count == 0;
        some += count > 0 && count < 16;
        whole += count == 16;
        disk_power_cut(); /* what is there stays */
        CHECK_EQ(sectors_with(inode, 2, 1), count);
    }
    CHECK(none > 0 && some > 0 && whole > 0);
}

TEST(a_flush_covers_what_was_before_it)
{
    unsigned lost = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        sim_reset(seed);
        int inode = new_file();
        fill(inode, 1, DISK_DURABLE);
        uint64_t begun = disk_stamp();
        fill(inode, 2, DISK_VOLATILE);
        disk_flush(inode, begun);
        disk_power_cut();
        lost += sectors_with(inode, 2, 1) != 16;
    }
    CHECK(lost > 0);
}

TEST(in_flight_is_torn)
{
    static uint8_t bytes[2 * SIM_PAGE];
    unsigned none = 0, some = 0, whole = 0;
    memset(bytes, 2, sizeof(bytes));
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        sim_reset(seed);
        int inode = new_file();
        fill(inode, 1, DISK_DURABLE);
        struct drive_op op = {.kind = DRIVE_WRITE,
                              .inode = inode,
                              .dsync = true,
                              .bytes = bytes,
                              .size = sizeof(bytes),
                              .offset = SIM_PAGE};
        drive_begin(&op);
        drive_crash(SIM_POWER);
        int count = sectors_with(inode, 2, 1);
        CHECK(count >= 0);
        none += count == 0;
        some += count > 0 && count < 16;
        whole += count == 16;
    }
    CHECK(none > 0 && some > 0 && whole > 0);
}

TEST(a_killed_process_loses_nothing_written)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        sim_reset(seed);
        int inode = new_file();
        fill(inode, 3, DISK_VOLATILE);
        drive_crash(SIM_KILL);
        CHECK_EQ(sectors_with(inode, 3, 0), 16);
    }
}

/* Which of three names are there after a power cut, as bits. */
static unsigned names_after_cut(uint64_t seed, bool any, bool flush)
{
    static const char *const names[] = {"a", "b", "c"};
    unsigned ret = 0;
    sim_reset(seed);
    sim_disk.crash_any_names = any;
    int directory = disk_find(DISK_ROOT, SIM_DATA);
    for (unsigned i = 0; i < 3; i++) CHECK(disk_make(directory, names[i], false) >= 0);
    if (flush) disk_flush(directory, disk_stamp());
    for (unsigned i = 0; i < 3; i++) CHECK_EQ(sim_file_durable(names[i]), flush);
    disk_power_cut();
    for (unsigned i = 0; i < 3; i++) ret |= (unsigned)(sim_file_size(names[i]) == 0) << i;
    return ret;
}

TEST(names_are_lost_unless_flushed)
{
    unsigned ordered = 0, any = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        ordered |= 1u << names_after_cut(seed, false, false);
        any |= 1u << names_after_cut(seed, true, false);
        CHECK_EQ(names_after_cut(seed, (seed & 1) != 0, true), 7);
    }
    CHECK_EQ(ordered, 1u << 0 | 1u << 1 | 1u << 3 | 1u << 7);
    CHECK_EQ(any, 0xFF);
}

TEST(renames_happen_wholly_or_not)
{
    unsigned seen = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        sim_reset(seed);
        int inode = new_file(), directory = disk_find(DISK_ROOT, SIM_DATA);
        fill(inode, 9, DISK_DURABLE);
        CHECK_EQ(disk_rename(directory, "file", "other", true), 0);
        disk_power_cut();
        bool before = sim_file_size("file") != UINT64_MAX;
        bool after = sim_file_size("other") != UINT64_MAX;
        CHECK(before != after);
        seen |= 1u << after;
        CHECK_EQ(sectors_with(inode, 9, 0), 16);
    }
    CHECK_EQ(seen, 3);
}

/* ---- a drive with faults ---- */

static long write_once(int inode, bool dsync, uint8_t byte)
{
    static uint8_t bytes[2 * SIM_PAGE];
    memset(bytes, byte, sizeof(bytes));
    struct drive_op op = {.kind = DRIVE_WRITE,
                          .inode = inode,
                          .dsync = dsync,
                          .bytes = bytes,
                          .size = sizeof(bytes),
                          .offset = SIM_PAGE};
    drive_begin(&op);
    return drive_end(&op, 0);
}

TEST(each_fault_of_the_drive_happens)
{
    sim_reset(1);
    int inode = new_file();
    CHECK_EQ(write_once(inode, true, 1), 2 * SIM_PAGE);
    CHECK_EQ(sectors_with(inode, 1, 0), 16);
    sim_disk.short_write = 1000000;
    long done = write_once(inode, true, 2);
    CHECK(done > 0 && done < 2 * (long)SIM_PAGE && done % SIM_SECTOR == 0);
    CHECK_EQ(sectors_with(inode, 2, 1), done / SIM_SECTOR);
    sim_disk.short_write = 0;
    sim_disk.no_space = 1000000;
    CHECK_EQ(write_once(inode, true, 3), -ENOSPC);
    sim_disk.no_space = 0;
    sim_disk.lost = 1000000;
    CHECK_EQ(write_once(inode, true, 4), 2 * SIM_PAGE);
    CHECK_EQ(sectors_with(inode, 4, 4), -1);
    sim_disk.lost = 0;
    sim_disk.zeroed = 1000000;
    CHECK_EQ(write_once(inode, true, 5), 2 * SIM_PAGE);
    CHECK_EQ(sectors_with(inode, 5, 0), 8);
    sim_disk.zeroed = 0;
    sim_disk.flip = 1000000;
    CHECK_EQ(write_once(inode, true, 6), 2 * SIM_PAGE);
    CHECK_EQ(sectors_with(inode, 6, 6), -1);
    sim_disk.flip = 0;
    CHECK_EQ(sim_disk_stats()->damages, 3);
    sim_disk.error_for_ever = true;
    sim_disk.write_error = 1000000;
    CHECK_EQ(write_once(inode, true, 7), -EIO);
    sim_disk.write_error = 0;
    CHECK_EQ(write_once(inode, true, 7), -EIO);
}

TEST(misdirected_writes_land_elsewhere)
{
    unsigned elsewhere = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        sim_reset(seed);
        int inode = new_file();
        sim_disk.misdirect = 1000000;
        CHECK_EQ(write_once(inode, true, 1), 2 * SIM_PAGE);
        elsewhere += sectors_with(inode, 1, 0) != 16;
    }
    CHECK(elsewhere > SEEDS / 4);
}

TEST(a_lie_is_found_out_at_the_next_power_cut_only)
{
    unsigned lost = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        sim_reset(seed);
        int inode = new_file();
        CHECK_EQ(write_once(inode, true, 1), 2 * SIM_PAGE);
        sim_disk.lying = 1000000;
        CHECK_EQ(write_once(inode, true, 2), 2 * SIM_PAGE);
        CHECK_EQ(sectors_with(inode, 2, 1), 16);
        sim_disk.lying = 0;
        disk_power_cut();
        lost += sectors_with(inode, 2, 1) != 16;
        CHECK_EQ(sim_disk_stats()->lies, 1);
        CHECK_EQ(sim_disk_stats()->lies_lost, 16 - sectors_with(inode, 2, 1));
    }
    CHECK(lost > 0);
}

/* ---- the process ---- */

static struct short_load load;

static void begin(uint64_t seed)
{
    sim_reset(seed);
    short_load_init(&load);
}

static struct sim_run boot(bool verifies)
{
    struct sim_run ret;
    short_load_boot(&load, verifies);
    sim_boot(sim_arguments, &ret);
    return ret;
}

TEST(a_load_is_served_and_found_again)
{
    begin(3);
    struct sim_run run = boot(false);
    CHECK_EQ(run.end, SIM_EXITED);
    CHECK_EQ(run.exit_code, 0);
    CHECK(load.done);
    sim_crash(SIM_POWER);
    run = boot(true);
    CHECK_EQ(run.exit_code, 0);
    CHECK(load.done);
    CHECK_STR(load.fault, "");
    CHECK(strstr(sim_console(), "recovered 13 records") != NULL);
    CHECK(strstr(sim_console(), "generation 2") != NULL);
}

static uint64_t trace_of(uint64_t seed)
{
    begin(seed);
    sim_disk.slow = 100000;
    sim_net.cut = 20000;
    sim_crash_at(SIM_CALL_WRITE, 8 + seed % 16, (enum sim_crash)(seed & 1));
    (void)boot(false);
    (void)boot(true);
    return sim_trace();
}

TEST(the_same_seed_is_the_same_run)
{
    for (uint64_t seed = 0; seed < 40; seed++) {
        uint64_t first = trace_of(seed);
        CHECK(trace_of(seed) == first);
        CHECK(trace_of(seed + 1) != first);
    }
}

TEST(the_nth_call_is_the_one_that_fails)
{
    static const struct {
        uint32_t calls;
        uint64_t nth;
        int error, exit_code;
        const char *name;
    } cases[] = {
        {SIM_CALL_RANDOM, 2, EIO, 74, "getrandom"},
        {SIM_CALL_ROOM, 1, ENOSPC, 74, "posix_fallocate"},
        {SIM_CALL_LOCK, 1, EIO, 74, "flock"},
        {SIM_CALL_OPEN, 1, EACCES, 77, "open"},
        {SIM_CALL_RING, 1, ENOSYS, 78, "io_uring_setup"},
        {SIM_CALL_MEMORY, 1, ENOMEM, 78, "mmap"},
        {SIM_CALL_WRITE, 1, EIO, 74, "pwrite"},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin(1);
        sim_fail_at(cases[i].calls, cases[i].nth, cases[i].error, false);
        struct sim_run run = boot(false);
        CHECK_EQ(run.end, SIM_EXITED);
        CHECK_EQ(run.exit_code, cases[i].exit_code);
        CHECK_STR(sim_failed_call(), cases[i].name);
        CHECK_EQ(sim_calls(cases[i].calls) >= cases[i].nth, true);
    }
}

TEST(a_write_that_crashes_is_the_last_call)
{
    for (uint64_t m = 1; m <= 20; m++) {
        begin(m);
        sim_crash_at(SIM_CALL_WRITE, m, SIM_POWER);
        struct sim_run run = boot(false);
        CHECK_EQ(run.end, SIM_CRASHED);
        CHECK_EQ(sim_calls(SIM_CALL_WRITE), m);
        CHECK(sim_server() == NULL);
        run = boot(true);
        CHECK_EQ(run.exit_code, 0);
        CHECK_STR(load.fault, "");
    }
}

/* The checks of every other test rest on this: what a disk loses is missed. */
TEST(what_a_lying_disk_loses_is_missed)
{
    unsigned missed = 0;
    for (uint64_t seed = 0; seed < 30; seed++) {
        begin(seed);
        sim_disk.lying = 1000000;
        sim_crash_at(SIM_CALL_WRITE, 24, SIM_POWER);
        (void)boot(false);
        sim_disk.lying = 0;
        struct sim_run run = boot(true);
        missed += run.exit_code != 0 || load.fault[0] != 0;
    }
    CHECK(missed > 0);
}

static void jump(void *owner)
{
    (void)owner;
    sim_wall_jump(-3600000);
}

TEST(the_wall_clock_jumps_and_the_other_does_not)
{
    begin(1);
    uint64_t wall_ms = sim_wall_ms(), now_us = sim_now_us();
    sim_after(1000, jump, NULL);
    struct sim_run run = boot(false);
    CHECK_EQ(run.exit_code, 0);
    CHECK(sim_wall_ms() < wall_ms);
    CHECK(sim_now_us() == now_us + run.us);
}

/* ---- the network ---- */

static struct {
    unsigned opened, closed, resets;
    size_t bytes;
} seen;

static void on_opened(struct sim_peer *peer)
{
    seen.opened++;
    (void)sim_send(peer, "GET / HTTP/1.1\r\n\r\n", 18);
}

static void on_received(struct sim_peer *peer, const void *bytes, size_t size)
{
    (void)peer;
    (void)bytes;
    seen.bytes += size;
}

static void on_closed(struct sim_peer *peer, bool reset)
{
    (void)peer;
    seen.closed++;
    seen.resets += reset;
}

static void stop(void *owner)
{
    (void)owner;
    sim_terminate();
}

static void go(void *owner)
{
    sim_connect(owner);
}

/* One stranger who says the wrong thing, in pieces of one byte. */
static struct sim_peer stranger(uint64_t cut_after_sent, bool fin)
{
    static struct sim_peer peer;
    struct sim_run run;
    memset(&seen, 0, sizeof(seen));
    begin(5);
    sim_net.piece_max = 1;
    peer = (struct sim_peer){.opened = on_opened,
                             .received = on_received,
                             .closed = on_closed,
                             .cut_after_sent = cut_after_sent,
                             .cut_with_fin = fin};
    sim_after(50000, go, &peer);
    sim_after(500000, stop, NULL);
    sim_boot(sim_arguments, &run);
    CHECK_EQ(run.exit_code, 0);
    sim_sleep(100000);
    return peer;
}

TEST(connections_end_and_are_cut)
{
    struct sim_peer peer = stranger(0, false);
    CHECK_EQ(seen.opened, 1);
    CHECK(seen.bytes > 0); /* an ERROR frame */
    CHECK_EQ(seen.closed, 1);
    CHECK_EQ(peer.link, 0);
    (void)stranger(7, false);
    CHECK_EQ(seen.bytes, 0);
    CHECK_EQ(seen.resets, 1);
    (void)stranger(7, true);
    CHECK_EQ(seen.closed, 1);
    CHECK_EQ(seen.resets, 0);
}

static void on_opened_and_gone(struct sim_peer *peer)
{
    seen.opened++;
    sim_finish(peer);
}

TEST(who_says_nothing_more_is_let_go)
{
    static struct sim_peer peer;
    struct sim_run run;
    memset(&seen, 0, sizeof(seen));
    begin(7);
    peer = (struct sim_peer){.opened = on_opened_and_gone, .closed = on_closed};
    sim_after(50000, go, &peer);
    sim_after(500000, stop, NULL);
    sim_boot(sim_arguments, &run);
    CHECK_EQ(run.exit_code, 0);
    CHECK_EQ(seen.opened, 1);
    CHECK_EQ(seen.closed, 1);
    CHECK_EQ(seen.resets, 0);
    CHECK(!sim_send(&peer, "x", 1));
}

TEST(nobody_listens_before_and_after)
{
    static struct sim_peer peer;
    memset(&seen, 0, sizeof(seen));
    begin(6);
    peer = (struct sim_peer){.opened = on_opened, .closed = on_closed};
    sim_connect(&peer);
    sim_sleep(10000);
    CHECK_EQ(seen.opened, 0);
    CHECK_EQ(seen.resets, 1);
}

/* Who reads nothing gets nothing, and a full window stops the server's sending. */
TEST(a_slow_reader_is_closed)
{
    begin(8);
    sim_net.window = 64;
    struct sim_run run;
    short_load_boot(&load, false);
    load.peer.deaf = true;
    sim_boot(sim_arguments, &run);
    CHECK_EQ(run.exit_code, 0);
    CHECK(!load.done);
    CHECK_EQ(load.in_size, 0);
}

TEST(a_hung_disk_ends_the_server)
{
    begin(9);
    sim_disk.hangs = true;
    struct sim_run run = boot(false);
    CHECK_EQ(run.end, SIM_EXITED);
    CHECK_EQ(run.exit_code, 74);
    CHECK(strstr(sim_console(), "disk-timeout") != NULL);
    sim_disk.hangs = false;
    run = boot(true);
    CHECK_EQ(run.exit_code, 0);
    CHECK_STR(load.fault, "");
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        T(flushed_survives),
        T(unflushed_is_torn_by_sectors),
        T(a_flush_covers_what_was_before_it),
        T(in_flight_is_torn),
        T(a_killed_process_loses_nothing_written),
        T(names_are_lost_unless_flushed),
        T(renames_happen_wholly_or_not),
        T(each_fault_of_the_drive_happens),
        T(misdirected_writes_land_elsewhere),
        T(a_lie_is_found_out_at_the_next_power_cut_only),
        T(a_load_is_served_and_found_again),
        T(the_same_seed_is_the_same_run),
        T(the_nth_call_is_the_one_that_fails),
        T(a_write_that_crashes_is_the_last_call),
        T(what_a_lying_disk_loses_is_missed),
        T(the_wall_clock_jumps_and_the_other_does_not),
        T(connections_end_and_are_cut),
        T(who_says_nothing_more_is_let_go),
        T(nobody_listens_before_and_after),
        T(a_slow_reader_is_closed),
        T(a_hung_disk_ends_the_server),
    };
    int rc = test_main_(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
    sim_free();
    return rc;
}
