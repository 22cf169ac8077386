// SPDX-License-Identifier: Apache-2.0
#include <yore/base/crc32c.h>
#include <yore/postgresql/control_file.h>

#include "real_files.h"

using namespace yore;
using namespace yore::postgresql;
using test::code_thrown_by, test::real_file;

namespace {

/// What the servers said of themselves (pg_control_system, pg_control_checkpoint) before the files
/// were copied.
struct Said {
    int major;
    std::uint64_t system_identifier;
    std::uint32_t control_version, catalog_version;
    Lsn checkpoint, redo;
    std::int64_t checkpoint_seconds;
};
constexpr Said said[] = {
    {13, 7710686747207720345, 1300, 202007201, {0x9E82B0}, {0x9E8248}, 1795284158},
    {14, 7710686750191037879, 1300, 202107181, {0xD72E10}, {0xD72DA8}, 1795284159},
    {15, 7710686753318874581, 1300, 202209061, {0x928620}, {0x9285B8}, 1795284160},
    {16, 7710686756399992306, 1300, 202307071, {0x907160}, {0x9070F8}, 1795284161},
    {17, 7710686759398768143, 1700, 202406281, {0x9019B0}, {0x901928}, 1795284161},
    {18, 7710686762208169516, 1800, 202506291, {0xB73C08}, {0xB73B80}, 1795284162},
};

std::string file_of(int major) {
    return real_file("pg_control-" + std::to_string(major));
}
std::size_t crc_offset(int major) {
    return major == 18 ? 292 : 288;
}
/// With a value put at an offset, and the CRC made right again.
std::string with_value(int major, std::size_t offset, std::uint32_t value) {
    std::string bytes = file_of(major);
    std::memcpy(bytes.data() + offset, &value, sizeof value);
    const std::uint32_t crc = crc32c(as_bytes(bytes).first(crc_offset(major)));
    std::memcpy(bytes.data() + crc_offset(major), &crc, sizeof crc);
    return bytes;
}

}  // namespace

TEST_CASE("The control file of each version says what its server said") {
    for (const Said& server : said) {
        CAPTURE(server.major);
        const ControlFile file = parse_control_file(as_bytes(file_of(server.major)));
        CHECK(file.major_version == server.major);
        CHECK(file.system_identifier == server.system_identifier);
        CHECK(file.control_version == server.control_version);
        CHECK(file.catalog_version == server.catalog_version);
        CHECK(file.checkpoint == server.checkpoint);
        CHECK(file.redo == server.redo);
        CHECK(file.timeline == Timeline{1});
        CHECK(file.previous_timeline == Timeline{1});
        CHECK(file.checkpoint_time == Timestamp::from_seconds(server.checkpoint_seconds));
    }
}

TEST_CASE("The control file of each version has the parameters that its server ran with") {
    for (const Said& server : said) {
        CAPTURE(server.major);
        const ControlFile file = parse_control_file(as_bytes(file_of(server.major)));
        CHECK(file.state == ClusterState::in_production);
        CHECK(file.limits == RecoveryLimits{101, 9, 11, 3, 65});
        CHECK(file.wal_level == WalLevel::logical);
        CHECK(file.wal_log_hints);
        CHECK(file.track_commit_timestamp);
        CHECK(file.block_size == 8192);
        CHECK(file.relation_segment_blocks == 131072);
        CHECK(file.wal_block_size == 8192);
        CHECK(file.wal_segment_size == SegmentSize::of(4 << 20));
        CHECK(file.data_checksum_version == (server.major == 14 || server.major == 18 ? 1 : 0));
        CHECK_FALSE(file.min_recovery_point.valid());
        CHECK_FALSE(file.backup_end_required);
    }
}

TEST_CASE("A changed or missing byte of a control file is noticed") {
    for (const Said& server : said) {
        const std::string sound = file_of(server.major);
        for (std::size_t i = 0; i < crc_offset(server.major) + 4; ++i) {
            CAPTURE(server.major, i);
            std::string damaged = sound;
            damaged[i] = static_cast<char>(damaged[i] ^ 4);
            const auto code = code_thrown_by([&] { parse_control_file(as_bytes(damaged)); });
            const bool of_version = i >= 8 && i < 16;
            CHECK(code == (of_version ? Errc::unsupported : Errc::corrupt));
        }
        CHECK(code_thrown_by([&] { parse_control_file(as_bytes(sound).first(295)); }) ==
              Errc::corrupt);
    }
}

TEST_CASE("A control file of an unknown version is refused by its number") {
    try {
        parse_control_file(as_bytes(with_value(18, 8, 1900)));
        FAIL("it was taken");
    } catch (const Error& error) {
        CHECK(error.code() == Errc::unsupported);
        CHECK_THAT(error.what(), Catch::Contains("1900") && Catch::Contains("202506291"));
    }
}

TEST_CASE("A control file whose CRC is right may still hold what no server writes") {
    struct Wrong {
        std::size_t offset;
        std::uint32_t value;
    };
    for (const Wrong& wrong : {Wrong{16, 7}, Wrong{48, 0}, Wrong{172, 3}, Wrong{180, 0x80000000},
                               Wrong{216, 8191}, Wrong{224, 512}, Wrong{228, 3 << 20}}) {
        CAPTURE(wrong.offset);
        const std::string bytes = with_value(15, wrong.offset, wrong.value);
        CHECK(code_thrown_by([&] { parse_control_file(as_bytes(bytes)); }) == Errc::corrupt);
    }
}
