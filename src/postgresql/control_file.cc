// SPDX-License-Identifier: Apache-2.0
#include <yore/base/crc32c.h>
#include <yore/base/error.h>
#include <yore/postgresql/control_file.h>

#include <algorithm>
#include <array>
#include <bit>
#include <type_traits>

namespace yore::postgresql {
namespace {

static_assert(std::endian::native == std::endian::little);

/// Of these versions, only the place of the CRC differs: 18 has one more flag before it.
/// 17 put wal_level where the checkpoint's copy had padding.
struct Version {
    int major;
    std::uint32_t control;
    std::uint32_t catalog;
    std::size_t crc_offset;
};
constexpr std::array<Version, 6> versions{{{13, 1300, 202007201, 288},
                                           {14, 1300, 202107181, 288},
                                           {15, 1300, 202209061, 288},
                                           {16, 1300, 202307071, 288},
                                           {17, 1700, 202406281, 288},
                                           {18, 1800, 202506291, 292}}};
constexpr std::size_t longest = 296;

[[noreturn]] void refuse(const std::string& why) {
    throw Error(Errc::corrupt, "pg_control: " + why);
}

/// What lies at an offset of the file; `bytes` is long enough for every offset that is asked for.
class Fields {
  public:
    explicit Fields(ByteView bytes) : bytes_(bytes) {}

    std::uint32_t u32(std::size_t offset) const { return at<std::uint32_t>(offset); }
    std::uint64_t u64(std::size_t offset) const { return at<std::uint64_t>(offset); }
    Lsn lsn(std::size_t offset) const { return {u64(offset)}; }
    Timeline timeline(std::size_t offset) const { return {u32(offset)}; }
    bool flag(std::size_t offset) const { return bytes_[offset] != std::byte{0}; }
    Timestamp timestamp(std::size_t offset) const {
        return Timestamp::from_seconds(at<std::int64_t>(offset));
    }
    /// Below `end`.
    template <typename Enum>
    Enum one_of(std::size_t offset, std::uint32_t end, std::string_view name) const {
        const std::uint32_t value = u32(offset);
        if (value >= end) refuse(fmt::format("{} {} is not known", name, value));
        return static_cast<Enum>(value);
    }
    std::int32_t limit(std::size_t offset, std::string_view name) const {
        const auto value = at<std::int32_t>(offset);
        if (value < 0) refuse(fmt::format("{} is {}", name, value));
        return value;
    }
    /// PostgreSQL is built with blocks of 1 to 64 KiB.
    std::uint32_t block_size(std::size_t offset, std::string_view name) const {
        const std::uint32_t size = u32(offset);
        if (!std::has_single_bit(size) || size < 1024 || size > 65536)
            refuse(fmt::format("{} of {} bytes", name, size));
        return size;
    }

  private:
    template <typename Value>
    Value at(std::size_t offset) const {
        Value value;
        std::memcpy(&value, bytes_.data() + offset, sizeof value);
        return value;
    }

    ByteView bytes_;
};

const Version& version_of(const Fields& fields) {
    const std::uint32_t control = fields.u32(8), catalog = fields.u32(12);
    const auto version = std::ranges::find_if(versions, [&](const Version& known) {
        return known.control == control && known.catalog == catalog;
    });
    if (version == versions.end())
        throw Error(Errc::unsupported,
                    fmt::format("pg_control: version {} with catalog version {} is not known",
                                control, catalog),
                    {"PostgreSQL 13 to 18 are known: no others, no betas and no forks of them"});
    return *version;
}

void read_recovery(const Fields& fields, ControlFile& file) {
    file.checkpoint = fields.lsn(32);
    file.redo = fields.lsn(40);
    file.timeline = fields.timeline(48);
    file.previous_timeline = fields.timeline(52);
    file.checkpoint_time = fields.timestamp(104);
    file.min_recovery_point = fields.lsn(136);
    file.min_recovery_point_timeline = fields.timeline(144);
    file.backup_start = fields.lsn(152);
    file.backup_end = fields.lsn(160);
    file.backup_end_required = fields.flag(168);
    if (!file.checkpoint.valid() || !file.redo.valid() || !file.timeline.valid())
        refuse("it names no checkpoint");
}

void read_parameters(const Fields& fields, ControlFile& file) {
    file.wal_level = fields.one_of<WalLevel>(172, 3, "wal_level");
    file.wal_log_hints = fields.flag(176);
    file.limits = {fields.limit(180, "max_connections"), fields.limit(184, "max_worker_processes"),
                   fields.limit(188, "max_wal_senders"), fields.limit(192, "max_prepared_xacts"),
                   fields.limit(196, "max_locks_per_xact")};
    file.track_commit_timestamp = fields.flag(200);
}

void read_build(const Fields& fields, ControlFile& file) {
    file.block_size = fields.block_size(216, "blocks");
    file.relation_segment_blocks = fields.u32(220);
    file.wal_block_size = fields.block_size(224, "WAL blocks");
    const auto segment_size = SegmentSize::of(fields.u32(228));
    if (!segment_size) refuse(fmt::format("WAL segments of {} bytes", fields.u32(228)));
    file.wal_segment_size = *segment_size;
    file.data_checksum_version = fields.u32(252);
}

}  // namespace

std::string_view name_of(ClusterState state) {
    constexpr std::array names{"starting up",   "shut down",         "shut down in recovery",
                               "shutting down", "in crash recovery", "in archive recovery",
                               "in production"};
    return names[static_cast<std::size_t>(state)];
}

ControlFile parse_control_file(ByteView bytes) {
    if (bytes.size() < longest) refuse(fmt::format("{} bytes are too few", bytes.size()));
    const Fields fields(bytes);
    const Version& version = version_of(fields);
    if (crc32c(bytes.first(version.crc_offset)) != fields.u32(version.crc_offset))
        refuse("its CRC is wrong");

    ControlFile file;
    file.system_identifier = fields.u64(0);
    file.control_version = version.control;
    file.catalog_version = version.catalog;
    file.major_version = version.major;
    file.state = fields.one_of<ClusterState>(16, 7, "state");
    file.time = fields.timestamp(24);
    read_recovery(fields, file);
    read_parameters(fields, file);
    read_build(fields, file);
    return file;
}

}  // namespace yore::postgresql
