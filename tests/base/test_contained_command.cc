// SPDX-License-Identifier: Apache-2.0
/// Check commands are run for real. With namespaces and as another user:
/// tests/system/test_verify_command.py.
#include <yore/base/contained_command.h>

#include <thread>

#include <catch2/catch.hpp>

#include "../support.h"

using namespace yore;
using namespace yore::test;

namespace {

CommandEnd run(const std::string& text, Duration limit = seconds(60)) {
    return run_contained({.shell_text = text,
                          .directory = "/",
                          .user = {},
                          .time_limit = limit,
                          .variables = {{"YORE_SOURCE", "home"}}},
                         {});
}

}  // namespace

TEST_CASE("a check command's status and output are told, of both its streams in their order") {
    const CommandEnd end = run("echo one; echo two >&2; echo three; exit 7");
    CHECK(end.how == CommandEnd::How::exited);
    CHECK(end.status == 7);
    CHECK(end.output == "one\ntwo\nthree\n");
    CHECK_FALSE(end.cut);
    CHECK(run("kill -9 $$").status == 128 + 9);
    CHECK(run("no-such-program").status == 127);
}

TEST_CASE("a check command has its directory, its variables, no others, and nothing to read") {
    ::setenv("YORE_PASSPHRASE", "secret", 1);
    CHECK(run("pwd").output == "/\n");
    CHECK(run("cat; echo $YORE_SOURCE").output == "home\n");
    CHECK(run("env").output.find("secret") == std::string::npos);
    ::unsetenv("YORE_PASSPHRASE");
    CHECK(run("command -v ls >/dev/null").status == 0);
}

TEST_CASE("of long output the last lines are kept") {
    const CommandEnd end = run("i=0; while [ $i -lt 9000 ]; do echo line $i; i=$((i+1)); done");
    CHECK(end.cut);
    CHECK(end.output.size() <= command_output_bytes_max);
    CHECK(end.output.starts_with("line "));
    CHECK(end.output.ends_with("line 8999\n"));
}

TEST_CASE("what takes too long is ended, and what it started with it") {
    const CommandEnd end = run("echo begun; sleep 1000 & sleep 1000", seconds(1));
    CHECK(end.how == CommandEnd::How::timed_out);
    CHECK(end.output == "begun\n");
}

TEST_CASE("a program that holds the output open does not outlive the command that left it") {
    CHECK(run("sleep 1000 & echo left").output == "left\n");
}

TEST_CASE("a stop ends a check command") {
    std::stop_source stop;
    stop.request_stop();
    CHECK(code_thrown_by([&] {
              run_contained({"sleep 1000", "/", "", seconds(1000), {}}, stop.get_token());
          }) == Errc::cancelled);
}

TEST_CASE("several check commands at once do not wait for each other's") {
    std::vector<std::jthread> threads;
    std::atomic<int> passed = 0;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] {
            for (int j = 0; j < 5; ++j) passed += run("exec true").status == 0;
        });
    threads.clear();
    CHECK(passed == 40);
}

TEST_CASE("where a check command cannot begin, it is told why") {
    CHECK(code_thrown_by([] {
              run_contained({"true", "/no/such", "", seconds(9), {}}, {});
          }) == Errc::not_found);
    CHECK(code_thrown_by([] { check_command_user("nobody-of-that-name"); }) == Errc::invalid);
    CHECK(code_thrown_by([] { check_command_user(""); }) == std::nullopt);
}
