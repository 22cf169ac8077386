// SPDX-License-Identifier: Apache-2.0
#include <yore/base/file.h>
#include <yore/server/daemon.h>

#include <cstdio>
#include <filesystem>

#include <unistd.h>

#include "../support.h"

using namespace yore;

TEST_CASE("the parent waits for what the child reports, and the child writes to the log") {
    const test::TemporaryDirectory scratch;
    const auto log = scratch / "log";
    auto daemon = server::Daemon::split(log);
    if (daemon.is_child()) {
        std::printf("%s %d\n", std::filesystem::current_path().c_str(), ::getsid(0) == ::getpid());
        std::fflush(stdout);
        daemon.report("mounted");
        ::_exit(0);
    }
    CHECK(daemon.wait_for_report() == "mounted\n");
    CHECK(as_text(*read_file(log)) == "/ 1\n");
    // The next one keeps the log of this one.
    auto next = server::Daemon::split(log);
    if (next.is_child()) ::_exit(0);
    CHECK_FALSE(next.wait_for_report());  // it ended without a word
    CHECK(as_text(*read_file(log + ".old")) == "/ 1\n");
}
