/* io/log/place.c -- compares what is open with what its name leads to. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "io/log/place.h"

/* True if `fd` has no name any more, or `name` leads to something else or to nothing. */
static bool is_gone(int fd, int directory, const char *name)
{
    struct stat ours, named;
    if (fstatat(fd, "", &ours, AT_EMPTY_PATH) != 0) return false;
    if (ours.st_nlink == 0) return true;
    if (fstatat(directory, name, &named, 0) != 0) return errno == ENOENT || errno == ENOTDIR;
    return ours.st_ino != named.st_ino || ours.st_dev != named.st_dev;
}

bool log_place_directory(const struct log_files *files, struct log_fault *fault)
{
    if (!is_gone(files->dir_fd, AT_FDCWD, files->dir)) return true;
    return log_fault_set(fault, 74,
                         "the data directory %s was removed, moved or replaced while the server "
                         "used it",
                         files->dir);
}

bool log_place_segment(const struct log_files *files, uint32_t i, struct log_fault *fault)
{
    char name[32];
    log_files_segment_name(name, files->first + i);
    if (!is_gone(files->fds[i], files->dir_fd, name)) return true;
    return log_fault_set(fault, 74, "%s/%s was removed, moved or replaced while the server used it",
                         files->dir, name);
}

bool log_place_all(const struct log_files *files, struct log_fault *fault)
{
    bool good = log_place_directory(files, fault);
    for (uint32_t i = 0; good && i < files->segments; i++) {
        good = log_place_segment(files, i, fault);
    }
    return good;
}
