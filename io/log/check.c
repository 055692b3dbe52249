/* io/log/check.c -- sums of every chunk of the log, in memory. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <sys/mman.h>

#include "io/log/check.h"

/* The state of the sum that grows stands in front of the sums, on its own page. */
#define STATE_SIZE LOG_BLOCK_SIZE

static_assert(sizeof(XXH3_state_t) <= STATE_SIZE, "fits in front");
static_assert((LOG_SEGMENT_MIB_MIN << 20) % LOG_CHECK_CHUNK == 0, "of one segment");

static XXH3_state_t *state_of(const struct log_check *check)
{
    return check->memory;
}

static size_t memory_size(uint64_t bytes)
{
    return STATE_SIZE + bytes / LOG_CHECK_CHUNK * sizeof(struct log_check_sums);
}

bool log_check_init(struct log_check *check, uint64_t begin, uint64_t bytes)
{
    ASSERT(begin % LOG_CHECK_CHUNK == 0);
    void *memory = mmap(NULL, memory_size(bytes), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return false;
    *check = (struct log_check){
        .memory = memory,
        .sums = (struct log_check_sums *)((uint8_t *)memory + STATE_SIZE),
        .first = begin / LOG_CHECK_CHUNK,
        .end = begin,
        .size = memory_size(bytes),
    };
    XXH3_64bits_reset(state_of(check));
    return true;
}

void log_check_free(struct log_check *check)
{
    if (check->memory != NULL) (void)munmap(check->memory, check->size);
    check->memory = NULL;
}

uint64_t log_check_last(const struct log_check *check)
{
    return XXH3_64bits_digest(state_of(check));
}

/* At most up to the next place where a sum is taken; returns how much. */
static uint64_t add_piece(struct log_check *check, const uint8_t *bytes, uint64_t size)
{
    uint64_t at = check->end % LOG_CHECK_CHUNK;
    uint64_t stop = at < LOG_CHECK_HEAD ? LOG_CHECK_HEAD : LOG_CHECK_CHUNK;
    if (size > stop - at) size = stop - at;
    XXH3_64bits_update(state_of(check), bytes, size);
    struct log_check_sums *sums = &check->sums[check->end / LOG_CHECK_CHUNK - check->first];
    if (at + size == LOG_CHECK_HEAD) sums->head = log_check_last(check);
    if (at + size == LOG_CHECK_CHUNK) {
        sums->whole = log_check_last(check);
        XXH3_64bits_reset(state_of(check));
    }
    check->end += size;
    return size;
}

void log_check_add(struct log_check *check, uint64_t position, const void *bytes, uint64_t size)
{
    static const uint8_t zeros[LOG_BLOCK_SIZE];
    const uint8_t *at = bytes;
    ASSERT(position >= check->end && position % LOG_BLOCK_SIZE == 0 && size % LOG_BLOCK_SIZE == 0);
    while (check->end < position) (void)add_piece(check, zeros, sizeof(zeros));
    while (size > 0) {
        uint64_t done = add_piece(check, at, size);
        at += done;
        size -= done;
    }
}

bool log_check_is_good(const struct log_check *check, uint64_t index, const void *bytes,
                       uint64_t size, uint64_t end, uint64_t last)
{
    const uint8_t *chunk = bytes;
    const struct log_check_sums *sums = &check->sums[index - check->first];
    uint64_t begin = index * LOG_CHECK_CHUNK;
    ASSERT(index >= check->first);
    ASSERT(end > begin && end <= check->end && size >= LOG_CHECK_CHUNK);
    if (end - begin < LOG_CHECK_CHUNK) return XXH3_64bits(chunk, end - begin) == last;
    if (XXH3_64bits(chunk, LOG_CHECK_CHUNK) != sums[0].whole) return false;
    if (size == LOG_CHECK_CHUNK || end - begin == LOG_CHECK_CHUNK) return true;
    ASSERT(size >= LOG_CHECK_CHUNK + LOG_CHECK_HEAD);
    uint64_t head = XXH3_64bits(chunk + LOG_CHECK_CHUNK, LOG_CHECK_HEAD);
    return head == sums[1].head;
}
