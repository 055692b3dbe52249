/* tests/sim/run_faults.c -- what goes wrong in one life of the server. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/run.h"

#define ROOM_BYTES (UINT64_C(64) << 20)
#define FAILING_US UINT64_C(3000000)

static uint32_t pick(uint32_t limit)
{
    return (uint32_t)sim_random_below(limit);
}

static bool chance(uint32_t percent)
{
    return sim_random_below(100) < percent;
}

/* What the disk and the network do at any time, and may. */
static void usual(struct run *r)
{
    memset(&sim_disk, 0, sizeof(sim_disk));
    sim_disk.free_bytes = ROOM_BYTES;
    sim_disk.delay_us = 20 + pick(100);
    sim_disk.delay_spread_us = pick(400);
    if (chance(30)) {
        sim_disk.slow = 50000;
        sim_disk.slow_us = 5000;
    }
    sim_net.delay_us = 5 + pick(40);
    sim_net.delay_spread_us = pick(200);
    sim_net.piece_max = chance(20) ? 1 + pick(100) : 4096;
    sim_net.cut = r->last || chance(50) ? 0 : chance(50) ? 2000 : 20000;
    sim_crash_at(0, 0, SIM_KILL);
    sim_fail_at(0, 0, 0, false);
    r->clients.faults = false;
    r->terminate = false;
    r->crash_us = 0;
    r->crash_how = SIM_KILL;
}

/* In the middle of something: a moment of time, or of one kind of call. */
static void crash(struct run *r)
{
    static const uint32_t calls[] = {SIM_CALL_WRITE, SIM_CALL_WRITE, SIM_CALL_SYNC, SIM_CALL_READ,
                                     SIM_CALL_NAME,  SIM_CALLS_DISK, SIM_CALLS_FILE};
    r->crash_how = chance(30) ? SIM_KILL : SIM_POWER;
    sim_disk.crash_keeps_all = chance(5);
    sim_disk.crash_any_names = chance(30);
    r->crash_us = sim_now_us() + 1000 + pick(chance(50) ? 20000 : 100000);
    if (r->is_long) r->crash_us += pick(200000);
    if (chance(10)) {
        r->terminate = true;
        r->crash_how = SIM_POWER;
    } else if (chance(50)) {
        sim_crash_at(calls[pick(sizeof(calls) / sizeof(calls[0]))], 1 + pick(r->is_long ? 400 : 60),
                     r->crash_how);
    }
}

static void failing_disk(struct run *r)
{
    static const int errors[] = {EIO, EIO, ENOSPC, ENOMEM, EMFILE};
    static const uint32_t calls[] = {SIM_CALL_WRITE, SIM_CALL_SYNC, SIM_CALL_READ,
                                     SIM_CALL_OPEN,  SIM_CALL_NAME, SIM_CALL_ROOM,
                                     SIM_CALL_LOOK,  SIM_CALL_LOCK, SIM_CALLS_FILE};
    r->clients.faults = true;
    switch (pick(10)) {
    case 0: sim_disk.write_error = 2000 + pick(200000); break;
    case 1: sim_disk.sync_error = 10000 + pick(500000); break;
    case 2: sim_disk.read_error = 2000 + pick(200000); break;
    case 3: sim_disk.no_space = 2000 + pick(200000); break;
    case 4: sim_disk.short_write = 2000 + pick(200000); break;
    case 5: sim_disk.short_read = 2000 + pick(200000); break;
    case 6: sim_disk.free_bytes = pick(8u << 20); break;
    case 7: sim_disk.hangs = chance(30); break;
    default:
        sim_fail_at(calls[pick(sizeof(calls) / sizeof(calls[0]))], 1 + pick(80),
                    errors[pick(sizeof(errors) / sizeof(errors[0]))], chance(50));
        break;
    }
    sim_disk.error_for_ever = chance(30);
    /* Mostly it shall come to an end by itself: that takes a server about a second. */
    if (chance(70)) r->crash_us += FAILING_US;
}

static void dishonest_disk(struct run *r)
{
    r->clients.faults = true;
    switch (pick(6)) {
    case 0: sim_disk.lying = 10000 + pick(500000); break;
    case 1: sim_disk.misdirect = 1000 + pick(50000); break;
    case 2: sim_disk.lost = 1000 + pick(50000); break;
    case 3: sim_disk.flip = 1000 + pick(50000); break;
    case 4: sim_disk.zeroed = 1000 + pick(50000); break;
    default: break;
    }
}

void run_faults(struct run *r)
{
    usual(r);
    if (r->profile == PROFILE_DAMAGE) r->clients.faults = true; /* what is damaged stays so */
    if (r->last) return;
    crash(r);
    if (r->profile == PROFILE_DISK && chance(70)) failing_disk(r);
    if (r->profile == PROFILE_DAMAGE && chance(50)) dishonest_disk(r);
}

/* A place in the log that was confirmed. */
static void change(struct run *r, uint64_t position)
{
    uint8_t block[LOG_BLOCK_SIZE];
    char name[32];
    uint64_t offset = position % LOG_BYTES_SEGMENT / LOG_BLOCK_SIZE * LOG_BLOCK_SIZE;
    snprintf(name, sizeof(name), "log-%016llx.seg",
             (unsigned long long)(position / LOG_BYTES_SEGMENT));
    if (sim_file_size(name) == UINT64_MAX) return;
    sim_file_read(name, offset, block, sizeof(block));
    switch (pick(3)) {
    case 0: block[pick(sizeof(block))] ^= (uint8_t)(1u << pick(8)); break;
    case 1: memset(block, 0, sizeof(block)); break;
    default:
        sim_file_read(name, offset >= LOG_BLOCK_SIZE ? offset - LOG_BLOCK_SIZE : 0, block,
                      sizeof(block));
    }
    sim_file_write(name, offset, block, sizeof(block));
    r->stats.damages++;
    run_note(r, "damage at position", position, 0);
}

void run_damage(struct run *r)
{
    uint64_t end = log_bytes_end(&r->confirmed.log);
    if (end == 0 || !chance(50)) return;
    for (unsigned i = 0; i <= pick(2); i++) change(r, sim_random_below(end));
}
