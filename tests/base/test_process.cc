// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/fd.h>
#include <yore/base/process.h>

#include <array>
#include <cstdlib>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support.h"

using namespace yore;

TEST_CASE("a program gets its words and streams, and is waited for") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const Fd read_end(ends[0]);
    Fd write_end(ends[1]);
    const pid_t child =
        spawn_program("/bin/sh", {"sh", "-c", "printf %s \"$1\"; exit 3", "sh", "a b"},
                      {.output = write_end.get()});
    write_end.close();
    std::array<char, 10> text{};
    CHECK(::read(read_end.get(), text.data(), text.size()) == 3);
    CHECK(std::string(text.data(), 3) == "a b");
    const int status = wait_for_program(child);
    CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 3));
}

TEST_CASE("a program that is not there cannot be run") {
    CHECK(test::code_thrown_by([] { spawn_program("/nowhere/program", {"program"}, {}); }) ==
          Errc::not_found);
}

TEST_CASE("the directories of PATH come in their order") {
    const std::string before = std::getenv("PATH");
    ::setenv("PATH", "/a:/b/c", 1);
    CHECK(path_directories() == std::vector<std::string>{"/a", "/b/c"});
    ::setenv("PATH", "", 1);
    CHECK(path_directories().empty());
    ::setenv("PATH", before.c_str(), 1);
}
