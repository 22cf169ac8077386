// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/file.h>

#include <catch2/catch.hpp>
#include <fcntl.h>

#include "../../support.h"
#include "volatile_disk.h"

namespace {

using namespace yore;
using namespace yore::block_image;

constexpr std::size_t disk_sectors = 64;

struct Disk {
    explicit Disk(PowerCut cut) : disk(make_backing(), cut) {}
    Fd make_backing() {
        const Bytes zeros(disk_sectors * sector_bytes);
        replace_file(path, zeros);
        return open_file(path, O_RDWR);
    }
    /// The first byte of each sector that a machine finds after the power came back.
    std::string survivors() const {
        const Bytes content = read_file(path).value();
        std::string first;
        for (std::size_t at = 0; at < content.size(); at += sector_bytes) {
            first += content[at] == std::byte{0} ? '.' : static_cast<char>(content[at]);
        }
        return first.substr(0, first.find_last_not_of('.') + 1);
    }
    void write(std::size_t sector, char letter, std::size_t count = 1) {
        disk.write(sector * sector_bytes, Bytes(count * sector_bytes, std::byte(letter)));
    }

    test::TemporaryDirectory directory;
    std::string path = directory / "disk";
    VolatileDisk disk;
};

}  // namespace

TEST_CASE("what was flushed survives a power cut, what was not is lost") {
    Disk d({});
    d.write(0, 'a', 2);
    d.disk.flush();
    d.write(1, 'b', 2);
    d.disk.cut();
    CHECK(d.survivors() == "aa");
    CHECK(d.disk.counts().sectors_lost == 2);
}

TEST_CASE("reads see what was written, flushed or not, at any offset") {
    Disk d({});
    d.write(0, 'a');
    d.disk.flush();
    d.write(1, 'b');
    Bytes content(sector_bytes);
    CHECK(d.disk.read(sector_bytes / 2, content) == sector_bytes);
    CHECK(content.front() == std::byte{'a'});
    CHECK(content.back() == std::byte{'b'});
    CHECK(d.disk.read((disk_sectors - 1) * sector_bytes + 100, content) == sector_bytes - 100);
    CHECK(d.disk.read(disk_sectors * sector_bytes, content) == 0);
}

TEST_CASE("the planned write is the first to fail, and nothing is taken after it") {
    Disk d({});
    d.write(0, 'a');
    d.disk.cut_at_write(2);
    d.disk.flush();
    d.write(1, 'b');
    CHECK_THROWS_AS(d.write(2, 'c'), Error);
    CHECK_THROWS_AS(d.write(3, 'd'), Error);
    CHECK_THROWS_AS(d.disk.flush(), Error);
    CHECK(d.survivors() == "a");
    CHECK(d.disk.counts().writes == 2);
    CHECK(d.disk.counts().flushes == 1);
}

TEST_CASE("a seeded part of what was not flushed is kept when that is asked for") {
    auto kept = [](std::uint64_t seed) {
        Disk d({.unflushed = Unflushed::half_kept, .seed = seed});
        d.write(0, 'x', disk_sectors);
        d.disk.cut();
        return d.survivors();
    };
    const auto count = std::ranges::count(kept(1), 'x');
    CHECK(count > 10);
    CHECK(count < 54);
    CHECK(kept(1) == kept(1));
    CHECK(kept(1) != kept(2));
}

TEST_CASE("parts of sectors and writes behind the end are refused") {
    Disk d({});
    CHECK_THROWS_AS(d.disk.write(1, Bytes(sector_bytes)), Error);
    CHECK_THROWS_AS(d.disk.write(0, Bytes(sector_bytes - 1)), Error);
    CHECK_THROWS_AS(d.write(disk_sectors, 'z'), Error);
}
