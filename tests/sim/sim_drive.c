/* tests/sim/sim_drive.c -- transfers between memory and medium, and what may go wrong in them. */
#include <errno.h>
#include <string.h>

#include "tests/sim/sim_parts.h"

#define FLYING 512u

static struct drive_op *flying[FLYING];
static uint32_t flying_count;
static bool broken; /* by its first error, with error_for_ever */

void drive_reset(void)
{
    flying_count = 0;
    broken = false;
}

void drive_begin(struct drive_op *op)
{
    ASSERT(flying_count < FLYING);
    flying[flying_count++] = op;
    disk_hold(op->inode);
    op->stamp = disk_stamp();
    if (op->kind == DRIVE_WRITE) world_trace_bytes(op->bytes, op->size);
}

static void landed(const struct drive_op *op)
{
    uint32_t i = 0;
    while (flying[i] != op) i++;
    flying[i] = flying[--flying_count];
    disk_release(op->inode);
}

/* ---- what is confirmed ---- */

static void (*confirmed_fn)(void *owner, const char *name, uint64_t offset, const void *bytes,
                            uint32_t size);
static void *confirmed_owner;

void sim_on_confirmed(void (*fn)(void *owner, const char *name, uint64_t offset, const void *bytes,
                                 uint32_t size),
                      void *owner)
{
    confirmed_fn = fn;
    confirmed_owner = owner;
}

static void confirm(const struct drive_op *op)
{
    if (confirmed_fn == NULL) return;
    confirmed_fn(confirmed_owner, disk_name_of(op->inode), op->offset, op->bytes,
                 (uint32_t)op->size);
}

/* ---- damage nobody is told of ---- */

static uint8_t damaged[1u << 20];

/* True if the medium has something else than what was written. */
static bool damage(const struct drive_op *op, enum disk_how how)
{
    uint64_t offset = op->offset;
    if (op->size > sizeof(damaged)) return false;
    bool misdirect = world_chance(sim_disk.misdirect), lost = world_chance(sim_disk.lost);
    bool flip = world_chance(sim_disk.flip), zeroed = world_chance(sim_disk.zeroed);
    if (!misdirect && !lost && !flip && !zeroed) return false;
    disk_stats.damages++;
    if (lost) return true;
    memcpy(damaged, op->bytes, op->size);
    if (flip) damaged[sim_random_below(op->size)] ^= (uint8_t)(1u << sim_random_below(8));
    if (zeroed) {
        uint64_t at = sim_random_below((op->size + SIM_PAGE - 1) / SIM_PAGE) * SIM_PAGE;
        memset(damaged + at, 0, op->size - at < SIM_PAGE ? op->size - at : SIM_PAGE);
    }
    if (misdirect) {
        uint64_t end = disk_size(op->inode);
        uint64_t places = end > op->size ? (end - op->size) / SIM_PAGE + 1 : 1;
        offset = sim_random_below(places) * SIM_PAGE;
    }
    disk_write(op->inode, offset, damaged, op->size, how);
    return true;
}

/* ---- the end of an operation ---- */

static void write_down(const struct drive_op *op)
{
    bool lie = op->dsync && world_chance(sim_disk.lying);
    enum disk_how how = op->dsync && !lie ? DISK_DURABLE : DISK_VOLATILE;
    if (!damage(op, how)) disk_write(op->inode, op->offset, op->bytes, op->size, how);
    if (!lie) return;
    disk_stats.lies++;
    disk_lie(op->inode, op->offset, op->size);
}

/* It was repaired if it no longer fails for ever. */
static bool is_broken(void)
{
    return broken && sim_disk.error_for_ever;
}

static long write_end(struct drive_op *op, int error)
{
    if (error == 0 && world_chance(sim_disk.no_space)) error = -ENOSPC;
    if (error == 0 && (is_broken() || world_chance(sim_disk.write_error))) error = -EIO;
    if (error == -EIO && sim_disk.error_for_ever) broken = true;
    if (error != 0) {
        disk_stats.errors++;
        disk_write_torn(op->inode, op->offset, op->bytes, op->size, DISK_VOLATILE);
        return error;
    }
    disk_stats.writes++;
    if (op->size > SIM_SECTOR && world_chance(sim_disk.short_write)) {
        disk_stats.shorts++;
        op->size = SIM_SECTOR * (1 + sim_random_below(op->size / SIM_SECTOR - 1));
    }
    disk_stats.bytes_written += op->size;
    write_down(op);
    if (op->dsync) confirm(op);
    return (long)op->size;
}

static long read_end(struct drive_op *op, int error)
{
    if (error == 0 && world_chance(sim_disk.read_error)) error = -EIO;
    if (error != 0) {
        disk_stats.errors++;
        return error;
    }
    uint64_t end = disk_size(op->inode);
    disk_stats.reads++;
    if (op->offset >= end) return 0;
    if (op->size > end - op->offset) op->size = end - op->offset;
    if (op->size > SIM_SECTOR && world_chance(sim_disk.short_read)) {
        disk_stats.shorts++;
        op->size = SIM_SECTOR * (1 + sim_random_below(op->size / SIM_SECTOR - 1));
    }
    disk_read(op->inode, op->offset, op->bytes, op->size);
    return (long)op->size;
}

static long sync_end(struct drive_op *op, int error)
{
    if (error == 0 && (is_broken() || world_chance(sim_disk.sync_error))) error = -EIO;
    if (error == -EIO && sim_disk.error_for_ever) broken = true;
    if (error != 0) {
        disk_stats.errors++;
        return error;
    }
    disk_stats.syncs++;
    if (world_chance(sim_disk.lying))
        disk_stats.lies++;
    else
        disk_flush(op->inode, op->stamp);
    return 0;
}

long drive_end(struct drive_op *op, int error)
{
    long ret = 0;
    landed(op);
    switch (op->kind) {
    case DRIVE_WRITE: ret = write_end(op, error); break;
    case DRIVE_READ: ret = read_end(op, error); break;
    case DRIVE_SYNC: ret = sync_end(op, error); break;
    }
    world_trace((uint64_t)op->kind << 32 | (uint32_t)op->inode, (uint64_t)ret);
    return ret;
}

void drive_crash(enum sim_crash how)
{
    while (flying_count > 0) { /* in any order */
        struct drive_op *op = flying[sim_random_below(flying_count)];
        landed(op);
        if (op->kind != DRIVE_WRITE) continue;
        if (how == SIM_KILL) { /* the system may still do it, as a whole */
            if ((sim_random() & 1) != 0) {
                disk_write(op->inode, op->offset, op->bytes, op->size, DISK_VOLATILE);
            }
        } else if (sim_disk.crash_keeps_all) {
            disk_write(op->inode, op->offset, op->bytes, op->size, DISK_DURABLE);
        } else {
            disk_write_torn(op->inode, op->offset, op->bytes, op->size, DISK_DURABLE);
        }
    }
    if (how == SIM_POWER) disk_power_cut();
}
