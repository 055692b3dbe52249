/* fuzz/log_damage.h -- what a program (fuzz/program.h) says of a log: what a server wrote, and what
 * happened to it since. */
#ifndef FUZZ_LOG_DAMAGE_H
#define FUZZ_LOG_DAMAGE_H

#include "fuzz/log_image.h"
#include "fuzz/program.h"

/* Damage after which the verdict is not predicted here: only that it is the same again. */
struct damage {
    bool header;  /* a byte of what a header is known by */
    bool signed_; /* a group says something else, and verifies */
    bool records; /* likewise its records */
    bool files;   /* missing, short, strange; or log.meta */
};

/* Fills the image, of image_begin(), with the log and the harm that the steps say, and notes which
 * groups are not what was written any more. */
void damage_run(struct log_image *image, const uint8_t *data, size_t steps, struct damage *ret);

#endif
