/* tests/log/test_log_disk.c -- the log on small real disks that are full, fail, or are read-only:
 * ext4 images on loop devices. Skipped (exit 77) where nothing may be mounted. */
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "tests/log/fixture.h"

/* ext4: the disk is gone, every later call fails; nothing more reaches the image. */
#define FS_SHUTDOWN         _IOR('X', 125, uint32_t)
#define FS_SHUTDOWN_NOFLUSH 2u

struct image {
    char dir[40], file[48], mount[48];
};

static bool run(const char *format, const char *a, const char *b)
{
    char command[512];
    (void)snprintf(command, sizeof(command), format, a, b);
    return system(command) == 0;
}

static bool mount_image(const struct image *image, const char *options)
{
    char format[64];
    (void)snprintf(format, sizeof(format), "mount -o %s %%s %%s 2>/dev/null", options);
    return run(format, image->file, image->mount);
}

static bool make_image(struct image *image, uint64_t size)
{
    (void)snprintf(image->dir, sizeof(image->dir), "/var/tmp/gongji-test-disk-XXXXXX");
    ASSERT(mkdtemp(image->dir) != NULL);
    (void)snprintf(image->file, sizeof(image->file), "%s/image", image->dir);
    (void)snprintf(image->mount, sizeof(image->mount), "%s/mnt", image->dir);
    int fd = open(image->file, O_WRONLY | O_CREAT, 0600);
    ASSERT(fd >= 0 && ftruncate(fd, (off_t)size) == 0);
    (void)close(fd);
    return mkdir(image->mount, 0700) == 0 &&
           run("mkfs.ext4 -q -m 0 -E lazy_itable_init=0 %s%s >/dev/null 2>&1", image->file, "") &&
           mount_image(image, "loop");
}

static void drop_image(const struct image *image)
{
    (void)umount2(image->mount, 0);
    (void)unlink(image->file);
    (void)rmdir(image->mount);
    (void)rmdir(image->dir);
}

/* A world whose directory is on the image and is not there yet. */
static void fixture_on(struct fixture *w, const struct image *image)
{
    fixture_init(w);
    fixture_remove(w);
    (void)snprintf(w->dir, sizeof(w->dir), "%s/data", image->mount);
}

TEST(too_small_for_a_log)
{
    struct image image;
    struct fixture w;
    struct stat st;
    CHECK(make_image(&image, 128u << 20));
    fixture_on(&w, &image);
    w.options.segment_mib = 0; /* the default */
    CHECK_EQ(fixture_recover(&w), 74);
    CHECK(strstr(w.rec.error, "no room") != NULL && strstr(w.rec.error, "256 MiB") != NULL);
    CHECK(stat(w.dir, &st) != 0); /* not left behind */
    ASSERT(mkdir(w.dir, 0700) == 0);
    CHECK_EQ(fixture_recover(&w), 74);
    CHECK(rmdir(w.dir) == 0); /* nothing in it */
    drop_image(&image);
}

TEST(full_while_serving)
{
    struct image image;
    struct fixture w;
    char filler[128];
    CHECK(make_image(&image, 500u << 20));
    fixture_on(&w, &image);
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    (void)snprintf(filler, sizeof(filler), "%s/filler", image.mount);
    int fd = open(filler, O_WRONLY | O_CREAT, 0600);
    ASSERT(fd >= 0 &&
           posix_fallocate(fd, 0, (off_t)log_files_free(&w.log->files) - (8 << 20)) == 0);
    (void)close(fd);
    w.log->end = FIXTURE_SEGMENT - log_kept_room(w.log) - 3 * LOG_BLOCK_SIZE;
    w.time_ms += 2000;
    for (uint64_t n = 0; n < 8; n++) fixture_group(&w, n, 1);
    CHECK(!log_failed(w.log));
    CHECK(log_read_only(w.log));
    CHECK_EQ(w.log->files.segments, 1);
    fixture_seal(&w);
    ASSERT(unlink(filler) == 0);
    w.time_ms += 2000;
    CHECK(log_reserve(w.log, w.time_ms) != NULL);
    while (w.log->files.segments == 1 && w.count > 0) fixture_run(&w, 0);
    CHECK_EQ(w.log->files.segments, 2);
    CHECK(!log_read_only(w.log));
    fixture_group(&w, 100, 1);
    CHECK(!log_failed(w.log));
    fixture_die(&w);
    drop_image(&image);
}

TEST(disk_fails_while_serving)
{
    struct image image;
    struct fixture w;
    CHECK(make_image(&image, 200u << 20));
    fixture_on(&w, &image);
    w.options.low_water_bytes = 1u << 30; /* no second segment */
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    for (uint64_t n = 0; n < 5; n++) fixture_group(&w, n, 3);
    uint64_t durable = log_group_durable(w.log);
    CHECK_EQ(durable, 6);
    int fd = open(image.mount, O_RDONLY | O_DIRECTORY);
    uint32_t how = FS_SHUTDOWN_NOFLUSH;
    CHECK(fd >= 0 && ioctl(fd, FS_SHUTDOWN, &how) == 0);
    (void)close(fd);
    for (uint64_t n = 0; n < 4 && fixture_append(&w, 100 + n) != 0; n++) log_flush(w.log);
    fixture_poll(&w);
    CHECK(log_failed(w.log));
    CHECK_EQ(log_group_durable(w.log), durable);
    CHECK(log_reserve(w.log, w.time_ms) == NULL);
    fixture_die(&w);
    CHECK(umount2(image.mount, 0) == 0 && mount_image(&image, "loop"));
    CHECK_EQ(fixture_start(&w), 0);
    CHECK_EQ(w.rec.groups, durable);
    CHECK_EQ(w.rec.records, 15);
    fixture_die(&w);
    drop_image(&image);
}

TEST(read_only_disk_at_the_start)
{
    struct image image;
    struct fixture w;
    CHECK(make_image(&image, 200u << 20));
    fixture_on(&w, &image);
    w.options.low_water_bytes = 1u << 30;
    CHECK_EQ(fixture_start(&w), 0);
    fixture_poll(&w);
    fixture_group(&w, 0, 3);
    fixture_die(&w);
    CHECK(umount2(image.mount, 0) == 0 && mount_image(&image, "loop,ro"));
    CHECK_EQ(fixture_recover(&w), 74);
    CHECK(strstr(w.rec.error, "Read-only file system") != NULL);
    CHECK(umount2(image.mount, 0) == 0 && mount_image(&image, "loop"));
    CHECK_EQ(fixture_recover(&w), 0);
    CHECK_EQ(w.rec.records, 3);
    fixture_die(&w);
    drop_image(&image);
}

static bool may_mount(void)
{
    struct image image;
    bool good = make_image(&image, 16u << 20);
    drop_image(&image);
    return good;
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {T(too_small_for_a_log), T(full_while_serving),
                                             T(disk_fails_while_serving),
                                             T(read_only_disk_at_the_start)};
    if (!may_mount()) {
        printf("skipped: no image can be mounted here\n");
        return 77;
    }
    return test_main_(cases, ARRAY_COUNT(cases), argc, argv);
}
