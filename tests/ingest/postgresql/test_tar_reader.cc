// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>

#include <algorithm>
#include <vector>

#include <catch2/catch.hpp>

#include "ingest/postgresql/tar_reader.h"
#include "tar_bytes.h"

using namespace yore;
using namespace yore::ingest;
using namespace yore::test;

namespace {

/// Gives so many bytes at a time.
TarReader::Source pieces_of(std::string_view bytes, std::size_t piece) {
    return [bytes, piece, at = std::size_t{0}](MutableBytes into) mutable {
        const std::size_t size = std::min({into.size(), piece, bytes.size() - at});
        std::memcpy(into.data(), bytes.data() + at, size);
        at += size;
        return size;
    };
}

std::string rest_of(TarReader& tar) {
    std::string text;
    std::array<std::byte, 100> part;
    for (std::size_t got; (got = tar.read(part)) > 0;) text += as_text(ByteView(part).first(got));
    return text;
}

struct Found {
    TarEntry entry;
    std::string content;
};
std::vector<Found> all_of(std::string_view bytes, std::size_t piece = 1u << 20) {
    TarReader tar("base.tar", pieces_of(bytes, piece));
    std::vector<Found> found;
    while (auto entry = tar.next()) found.push_back({std::move(*entry), rest_of(tar)});
    return found;
}

bool is_corrupt(const std::string& bytes) {
    try {
        all_of(bytes);
        return false;
    } catch (const Error& error) {
        CHECK(std::string(error.what()).starts_with("base.tar: "));
        return error.code() == Errc::corrupt;
    }
}

std::string example() {
    return TarHeader{.name = "base/", .type = '5'}.bytes() + tar_file("base/1", "one") +
           tar_file("base/empty", "") + tar_file("./base/512", std::string(512, 'x')) +
           TarHeader{.name = "pg_tblspc/16384", .type = '2', .target = "/srv/space"}.bytes() +
           TarHeader{.name = "file", .size = 0, .prefix = "long"}.bytes();
}

}  // namespace

TEST_CASE("files, directories and links come out as they went in, however the bytes come") {
    const std::size_t piece = GENERATE(1u, 7u, 511u, 1u << 20);
    const std::string end = GENERATE(std::string(), std::string(1024, '\0'));
    const auto found = all_of(example() + end, piece);
    REQUIRE(found.size() == 6);
    CHECK(found[0].entry.path == "base");
    CHECK(found[0].entry.kind == tree::FileKind::directory);
    CHECK(found[1].entry.path == "base/1");
    CHECK(found[1].entry.permissions == 0600);
    CHECK(found[1].entry.uid == 0101);
    CHECK(found[1].entry.gid == 0102);
    CHECK(found[1].entry.modified == Timestamp::from_seconds(014000000000));
    CHECK(found[1].content == "one");
    CHECK(found[2].content.empty());
    CHECK(found[3].entry.path == "base/512");
    CHECK(found[3].content == std::string(512, 'x'));
    CHECK(found[4].entry.kind == tree::FileKind::symlink);
    CHECK(found[4].entry.target == "/srv/space");
    CHECK(found[5].entry.path == "long/file");
}

TEST_CASE("what is not read of a file is passed over") {
    const std::string bytes = example();
    TarReader tar("base.tar", pieces_of(bytes, 100));
    std::vector<std::string> paths;
    while (const auto entry = tar.next()) paths.push_back(entry->path);
    CHECK(paths.size() == 6);
}

TEST_CASE("sizes above 8 GiB are in base 256") {
    const std::string header =
        TarHeader{.name = "large", .size = std::uint64_t{1} << 40, .binary_size = true}.bytes();
    TarReader tar("base.tar", pieces_of(header, 512));
    CHECK(tar.next()->size == std::uint64_t{1} << 40);
}

TEST_CASE("damaged and hostile archives are corrupt") {
    std::string flipped = tar_file("base/1", "one");
    flipped[3] = 'X';
    CHECK(is_corrupt(flipped));
    CHECK(is_corrupt(tar_file("base/1", "one").substr(0, 600)));
    CHECK(is_corrupt(example().substr(0, 700)));
    CHECK(is_corrupt(TarHeader{.name = "device", .type = '3'}.bytes()));
    CHECK(is_corrupt(example() + std::string(512, '\0') + example()));
    for (const char* path : {"", "/", "/etc/passwd", "..", "a/../b", "a//b", "a/./b", "../a", "."})
        CHECK(is_corrupt(tar_file(path, "x")));
}
