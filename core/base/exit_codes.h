/* core/base/exit_codes.h -- how the programs of this project end, for scripts: the numbers of
 * sysexits.h where there is one. Each ending but 0 comes with one line on standard error. A program
 * that a signal ended, or that ends because of one, has 128 + its number: 130 Ctrl-C, 143 SIGTERM.
 */
#ifndef CORE_BASE_EXIT_CODES_H
#define CORE_BASE_EXIT_CODES_H

enum {
    EXIT_OK = 0,
    EXIT_NOT_SO = 1,   /* gongji: the answer is no: not found, refused, not as expected */
    EXIT_USAGE = 64,   /* the command line is wrong */
    EXIT_DATA = 65,    /* gongji: a file's contents are wrong */
    EXIT_NOINPUT = 66, /* gongji: a file cannot be read */
    EXIT_SERVER = 69,  /* gongji: no server, or the connection is lost */
    EXIT_BUG = 70,     /* a broken assertion */
    EXIT_IO = 74,      /* a read, write or flush failed */
    EXIT_RETRY = 75,   /* try again: locked, address in use, clock; a server that moved on */
    EXIT_FOREIGN = 77, /* not this program's log, or of a newer format: untouched */
    EXIT_CONFIG = 78,  /* refused: does not fit, not allowed, a corrupt log */
    EXIT_SIGNAL = 128, /* + the number of the signal */
};

#endif
