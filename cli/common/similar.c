/* cli/common/similar.c -- distances between short words: letters changed, left out, put in, or
 * exchanged with a neighbour. */
#include "cli/common/similar.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/base.h"

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* One row of the table of distances after the other; `two` is two rows up, for exchanges. */
static unsigned distance(const char *a, const char *b)
{
    unsigned rows[3][SIMILAR_WORD_MAX + 1];
    unsigned *two = rows[0], *one = rows[1], *now = rows[2];
    size_t width = strlen(b);
    for (unsigned j = 0; j <= width; j++) two[j] = one[j] = j;
    for (unsigned i = 1; a[i - 1] != 0; i++) {
        now[0] = i;
        for (unsigned j = 1; j <= width; j++) {
            unsigned change = one[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1);
            now[j] = least(change, 1 + least(one[j], now[j - 1]));
            bool exchanged = i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]);
            if (exchanged) now[j] = least(now[j], two[j - 2] + 1);
        }
        unsigned *free_row = two;
        two = one;
        one = now;
        now = free_row;
    }
    return one[width];
}

void similar_begin(struct similar *s, const char *wrong)
{
    *s = (struct similar){.wrong = wrong, .distance = UINT32_MAX};
}

void similar_try(struct similar *s, const char *word)
{
    size_t length = strlen(s->wrong), other = strlen(word);
    if (length == 0 || length > SIMILAR_WORD_MAX || other > SIMILAR_WORD_MAX) return;
    if (strcmp(s->wrong, word) == 0) return; /* right elsewhere */
    unsigned near = 1 + (unsigned)length / 4, got = distance(s->wrong, word);
    /* The beginning of a long word is near too: relation for relation_mask. */
    if (got > near && length >= 4 && strncasecmp(s->wrong, word, length) == 0) got = near;
    if (got > near || got >= length || got >= s->distance) return;
    s->distance = got;
    memcpy(s->best, word, other + 1);
}

void similar_try_keys(struct similar *s, const char *usage)
{
    while (usage != NULL && *usage != 0) {
        size_t length = strspn(usage, "abcdefghijklmnopqrstuvwxyz_");
        if (length > 0 && length <= SIMILAR_WORD_MAX && usage[length] == '=') {
            char key[SIMILAR_WORD_MAX + 1];
            memcpy(key, usage, length);
            key[length] = 0;
            similar_try(s, key);
        }
        usage += length > 0 ? length : 1;
    }
}

void similar_text(const struct similar *s, char ret[SIMILAR_TEXT_SIZE])
{
    ret[0] = 0;
    if (s->best[0] != 0) snprintf(ret, SIMILAR_TEXT_SIZE, "; did you mean %s?", s->best);
}

int similar_flag(const char *word)
{
    static const char *const words[][2] = {
        {"no", "yes"}, {"false", "true"}, {"off", "on"}, {"closed", "open"}, {"n", "y"}};
    for (unsigned i = 0; i < ARRAY_COUNT(words); i++) {
        if (strcasecmp(word, words[i][0]) == 0) return 0;
        if (strcasecmp(word, words[i][1]) == 0) return 1;
    }
    return -1;
}
