// SPDX-License-Identifier: Apache-2.0
#include <yore/base/fd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "../support.h"
#include "ingest/change_watch.h"

using namespace yore;
using namespace yore::ingest;
using namespace yore::test;
namespace fs = std::filesystem;

namespace {

void write(const fs::path& path, std::string_view text) {
    std::ofstream(path) << text;
}

struct Watched {
    Watched() {
        fs::create_directories(source);
        fs::create_directories(outside / "d" / "e");
        directory = Fd(::open(source.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        watch = watch_changes(directory.get(), {}, {.by = FollowBy::fanotify});
    }
    /// All that was told of until `wanted` was; others on the file system are heard, too.
    ChangeWatch::Paths until(const std::string& wanted) const {
        ChangeWatch::Paths told;
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!told.contains(wanted)) {
            REQUIRE(std::chrono::steady_clock::now() < deadline);
            if (watch->wait_until(deadline, {}).any) told.merge(watch->take().directories);
        }
        return told;
    }

    TemporaryDirectory scratch;
    const fs::path source = fs::path(scratch / "source"), outside = fs::path(scratch / "outside");
    Fd directory;
    std::unique_ptr<ChangeWatch> watch;
};

}  // namespace

TEST_CASE("a directory that was outside is watched once one above it is moved inside") {
    if (::geteuid() != 0) return;  // fanotify is not permitted
    const Watched watched;
    // Changes outside are told of as nothing, first as unknown, then as known to be outside.
    for (int round = 0; round < 3; ++round) {
        write(watched.outside / "d" / "e" / "f", "outside");
        write(watched.source / "mark", "inside");
        CHECK(watched.until("") == ChangeWatch::Paths{""});
    }
    fs::rename(watched.outside / "d", watched.source / "d");
    watched.until("");
    write(watched.source / "d" / "e" / "f", "inside");
    watched.until("d/e");
}
