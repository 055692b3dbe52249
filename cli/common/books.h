/* cli/common/books.h -- the books of all regions as they were at one moment.
 *
 * All of them are asked for in one frame. A server answers a frame of this size from one state, so
 * every answer names the same sequence number. If they differ the frame was cut and the server went
 * on in between; then all is asked again, BOOKS_TRIES_MAX times at most. */
#ifndef CLI_COMMON_BOOKS_H
#define CLI_COMMON_BOOKS_H

#include "clients/c/gongji.h"
#include "core/base/base.h"

#define BOOKS_TRIES_MAX 100u

enum book_column {
    BOOK_FUND,
    BOOK_PERSONAL,
    BOOK_WALLET,
    BOOK_INSTITUTION,
    BOOK_PREMIUM,
    BOOK_CLEARING,
    BOOK_COLUMNS
};
extern const char *const book_columns[BOOK_COLUMNS];

struct book {
    uint16_t region;
    char name[64];
    uint64_t persons, wallets;
    i128 fen[BOOK_COLUMNS];
};

struct books {
    uint32_t count;
    uint32_t unbalanced; /* regions whose own book does not balance, whatever the moment */
    uint32_t tries;
    uint8_t refused; /* the code of an answer that was no book; 0 = all were */
    bool moved;      /* the answers are of different moments: `sum` says nothing */
    uint64_t seq;    /* of the moment */
    struct book sum;
    struct book of[GJ_REGIONS_MAX];
};

/* 0, or a negative enum gj_error. With `refused` set there is nothing to judge. */
int books_read(struct books *books, struct gj_client *client);

#endif
