/* core/format/log_format.c -- signs and verifies groups and the meta file of the write-ahead log.
 */
#include "core/format/log_format.h"

#include <string.h>

#include "core/base/hash.h"

#define DIGEST_OFFSET offsetof(struct log_group, checksum)

static_assert(LOG_SECRET_SIZE >= XXH3_SECRET_SIZE_MIN, "XXH3 accepts this secret");
static_assert((LOG_SEGMENT_MIB_MIN << 20) / 16 % LOG_BLOCK_SIZE == 0, "groups are whole blocks");
static_assert(LOG_GROUP_SIZE_MAX % LOG_BLOCK_SIZE == 0, "groups are whole blocks");
static_assert(sizeof(struct log_group) % GJ_RECORD_UNIT == 0, "records stay on 64-byte lines");

static void store_checksum(XXH128_hash_t hash, uint8_t checksum[16])
{
    memcpy(checksum, &hash.low64, 8);
    memcpy(checksum + 8, &hash.high64, 8);
}

/* The checksum sits inside the header, so it covers what is before and what is behind it. */
static void group_checksum(const void *group, uint64_t size, const uint8_t *secret,
                           uint8_t checksum[16])
{
    const uint8_t *bytes = group;
    XXH3_state_t state;
    XXH3_128bits_reset_withSecret(&state, secret, LOG_SECRET_SIZE);
    XXH3_128bits_update(&state, bytes, DIGEST_OFFSET);
    XXH3_128bits_update(&state, bytes + sizeof(struct log_group), size - sizeof(struct log_group));
    store_checksum(XXH3_128bits_digest(&state), checksum);
}

void log_group_sign(struct log_group *group, const uint8_t secret[LOG_SECRET_SIZE])
{
    ASSERT(group->size >= sizeof(*group) && group->size <= LOG_GROUP_SIZE_MAX);
    group_checksum(group, group->size, secret, group->checksum);
}

/* Magic, log id and position agree: what every format version of this log has in its first bytes.
 */
static bool group_is_ours(const struct log_group *group, uint64_t position,
                          const uint8_t log_id[16])
{
    return group->magic == LOG_GROUP_MAGIC && memcmp(group->log_id, log_id, 16) == 0 &&
           group->position == position;
}

static bool version_known(uint32_t version)
{
    return version >= LOG_FORMAT_OLDEST && version <= LOG_FORMAT_VERSION;
}

bool log_group_verify(const void *block, uint64_t available, uint64_t position,
                      const struct log_meta *meta)
{
    const struct log_sizes sizes = log_sizes_of(meta);
    struct log_group group;
    if (available < sizeof(group) || position % LOG_BLOCK_SIZE != 0) return false;
    memcpy(&group, block, sizeof(group));
    if (!group_is_ours(&group, position, meta->log_id)) return false;
    if (!version_known(group.format_version)) return false;
    if (group.kind < LOG_GROUP_START || group.kind > LOG_GROUP_SEAL) return false;
    if (group.size < sizeof(group) || group.size > sizes.group_max) return false;
    if (group.size > available) return false;
    uint64_t offset = position & (sizes.segment - 1);
    if (offset + log_padded(group.size) > sizes.segment) return false;
    uint8_t checksum[16];
    group_checksum(block, group.size, meta->secret, checksum);
    return memcmp(checksum, group.checksum, 16) == 0;
}

bool log_group_newer(const void *block, uint64_t available, uint64_t position,
                     const uint8_t log_id[16])
{
    struct log_group group;
    if (available < sizeof(group)) return false;
    memcpy(&group, block, sizeof(group));
    return group_is_ours(&group, position, log_id) && group.format_version > LOG_FORMAT_VERSION;
}

bool log_group_foreign(const void *block, uint64_t available, uint64_t position,
                       const uint8_t log_id[16])
{
    struct log_group group;
    if (available < sizeof(group)) return false;
    memcpy(&group, block, sizeof(group));
    return group.magic == LOG_GROUP_MAGIC && group.position == position &&
           memcmp(group.log_id, log_id, 16) != 0;
}

static void meta_checksum(const struct log_meta *meta, uint8_t checksum[16])
{
    store_checksum(XXH3_128bits(meta, offsetof(struct log_meta, checksum)), checksum);
}

void log_meta_sign(struct log_meta *meta)
{
    meta_checksum(meta, meta->checksum);
}

enum log_meta_state log_meta_check(const void *bytes, uint64_t size)
{
    struct log_meta meta;
    if (size < sizeof(meta)) return LOG_META_CORRUPT;
    memcpy(&meta, bytes, sizeof(meta));
    if (meta.magic != LOG_META_MAGIC) return LOG_META_FOREIGN;
    /* Before the checksum: a newer format may sign other bytes. */
    if (meta.format_version > LOG_FORMAT_VERSION) return LOG_META_NEWER;
    uint8_t checksum[16];
    meta_checksum(&meta, checksum);
    if (memcmp(checksum, meta.checksum, 16) != 0) return LOG_META_CORRUPT;
    if (!version_known(meta.format_version)) return LOG_META_CORRUPT;
    if (!log_segment_mib_valid(meta.segment_size_mib)) return LOG_META_NEWER;
    return LOG_META_OK;
}

static void sealed_checksum(const struct log_sealed *sealed, const uint8_t *secret,
                            uint8_t checksum[16])
{
    const size_t size = offsetof(struct log_sealed, checksum);
    store_checksum(XXH3_128bits_withSecret(sealed, size, secret, LOG_SECRET_SIZE), checksum);
}

void log_sealed_sign(struct log_sealed *sealed, const uint8_t secret[LOG_SECRET_SIZE])
{
    sealed_checksum(sealed, secret, sealed->checksum);
}

bool log_sealed_check(const void *bytes, uint64_t size, const uint8_t secret[LOG_SECRET_SIZE])
{
    static const struct log_sealed none;
    struct log_sealed sealed;
    uint8_t checksum[16];
    if (size < sizeof(sealed)) return false;
    memcpy(&sealed, bytes, sizeof(sealed));
    if (memcmp(&sealed, &none, sizeof(none)) == 0) return true;
    sealed_checksum(&sealed, secret, checksum);
    return sealed.magic == LOG_SEALED_MAGIC && sealed.number != 0 &&
           memcmp(checksum, sealed.checksum, sizeof(checksum)) == 0;
}
