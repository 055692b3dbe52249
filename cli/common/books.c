/* cli/common/books.c -- one frame of reads for all books, then the names. */
#include "cli/common/books.h"

#include <stdio.h>
#include <string.h>

const char *const book_columns[BOOK_COLUMNS] = {"fund",        "personal", "wallet",
                                                "institution", "premium",  "clearing"};

static i128 wide(struct gj_fen128 fen)
{
    return (i128)((u128)(uint64_t)fen.high << 64 | fen.low);
}

static void add_book(struct books *books, uint16_t region, const struct gj_totals_view *view)
{
    struct book *b = &books->of[books->count++];
    *b = (struct book){
        .region = region,
        .persons = view->persons,
        .wallets = view->wallets,
        .fen = {wide(view->fund), wide(view->personal), wide(view->wallet), wide(view->institution),
                wide(view->premium), wide(view->clearing)},
    };
    i128 parts = 0;
    for (unsigned i = BOOK_PERSONAL; i < BOOK_COLUMNS; i++) parts += b->fen[i];
    if (parts != b->fen[BOOK_FUND]) books->unbalanced++;
    for (unsigned i = 0; i < BOOK_COLUMNS; i++) books->sum.fen[i] += b->fen[i];
    books->sum.persons += b->persons;
    books->sum.wallets += b->wallets;
}

static void take_answer(struct books *books, uint16_t region, const struct gj_answer *answer,
                        const void *payload)
{
    struct gj_totals_view view;
    if (region == 1) books->seq = answer->seq;
    if (answer->seq != books->seq) books->moved = true;
    if (answer->code == GJ_REGION_NOT_FOUND) return;
    if (answer->code != GJ_OK || answer->size != sizeof(view)) {
        books->refused = answer->code == GJ_OK ? GJ_MALFORMED : answer->code;
        return;
    }
    memcpy(&view, payload, sizeof(view));
    add_book(books, region, &view);
}

/* The regions from `first` on, as many as the server takes in a frame: usually all. Returns the one
 * behind them, or a negative enum gj_error. */
static int ask_some(struct books *books, struct gj_client *client, uint16_t first)
{
    static _Alignas(8) unsigned char memory[GJ_FRAME_SIZE(GJ_REGIONS_MAX, 0)];
    const struct gj_hello_answer *server = gj_server(client);
    uint32_t most = server->window < server->batch_max ? server->window : server->batch_max;
    struct gj_frame frame;
    struct gj_answers answers;
    gj_frame_init(&frame, GJ_FRAME_READS, memory, sizeof(memory));
    for (uint16_t id = first; id < GJ_REGIONS_MAX && frame.count < most; id++) {
        const struct gj_read read = {.type = GJ_READ_REGION_TOTALS, .region = id};
        (void)gj_frame_add_read(&frame, &read, NULL);
    }
    int error = gj_exchange(client, &frame, &answers);
    if (error < 0) return error;
    const struct gj_answer *answer;
    const void *payload;
    while (gj_next_answer(&answers, &answer, &payload))
        take_answer(books, first++, answer, payload);
    return first;
}

static int read_totals(struct books *books, struct gj_client *client)
{
    do {
        *books = (struct books){.tries = books->tries + 1};
        int next = 1;
        while (next > 0 && next < (int)GJ_REGIONS_MAX && books->refused == 0)
            next = ask_some(books, client, (uint16_t)next);
        if (next < 0) return next;
        /* A book that does not balance is wrong at every moment. */
    } while (books->moved && books->unbalanced == 0 && books->refused == 0 &&
             books->tries < BOOKS_TRIES_MAX);
    return 0;
}

int books_read(struct books *books, struct gj_client *client)
{
    *books = (struct books){.tries = 0};
    int error = read_totals(books, client);
    for (uint32_t i = 0; error == 0 && books->refused == 0 && i < books->count; i++) {
        struct gj_region_view view;
        uint8_t code = GJ_MALFORMED;
        error = gj_get_region(client, books->of[i].region, &view, &code);
        if (error == 0 && code == GJ_OK)
            (void)snprintf(books->of[i].name, sizeof(books->of[i].name), "%.63s",
                           view.current.name);
    }
    return error;
}
