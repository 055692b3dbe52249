/* tests/images/write_image.h -- an image as a directory. */
#ifndef TESTS_IMAGES_WRITE_IMAGE_H
#define TESTS_IMAGES_WRITE_IMAGE_H

#include "tests/images/content.h"

/* Makes `dir`, which must not exist; false, with a line on stderr, if that cannot be done. */
NODISCARD bool write_image(const struct content *c, const char *dir);

#endif
