// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>

#include <cerrno>
#include <csignal>
#include <set>

#include <catch2/catch.hpp>
#include <sys/wait.h>
#include <unistd.h>

using namespace yore;

namespace {

const std::vector<Errc> all_codes = {Errc::invalid,     Errc::not_found, Errc::exists,
                                     Errc::corrupt,     Errc::wrong_key, Errc::busy,
                                     Errc::unsupported, Errc::read_only, Errc::no_space,
                                     Errc::denied,      Errc::io,        Errc::cancelled};

}  // namespace

TEST_CASE("every code has a name of its own and an errno") {
    std::set<std::string_view> names;
    for (Errc code : all_codes) {
        names.insert(name_of(code));
        CHECK(errno_of(code) > 0);
    }
    CHECK(names.size() == all_codes.size());
    CHECK(names.count("unknown") == 0);
    CHECK(errno_of(Errc::corrupt) == EIO);
    CHECK(errno_of(Errc::read_only) == EROFS);
}

TEST_CASE("an errno becomes the code that callers react to") {
    CHECK(code_of(ENOENT) == Errc::not_found);
    CHECK(code_of(ENOTDIR) == Errc::not_found);
    CHECK(code_of(EEXIST) == Errc::exists);
    CHECK(code_of(ENOSPC) == Errc::no_space);
    CHECK(code_of(EDQUOT) == Errc::no_space);
    CHECK(code_of(EROFS) == Errc::read_only);
    CHECK(code_of(EACCES) == Errc::denied);
    CHECK(code_of(EPERM) == Errc::denied);
    CHECK(code_of(EBUSY) == Errc::busy);
    CHECK(code_of(EWOULDBLOCK) == Errc::busy);
    CHECK(code_of(ENAMETOOLONG) == Errc::invalid);
    CHECK(code_of(ENOTSUP) == Errc::unsupported);
    CHECK(code_of(ECANCELED) == Errc::cancelled);
    CHECK(code_of(EIO) == Errc::io);
    CHECK(code_of(EMFILE) == Errc::io);
    CHECK(code_of(99999) == Errc::io);
}

TEST_CASE("a system error says what failed on what, in lower case") {
    Error error = system_error("open", "/x/y", ENOENT);
    CHECK(error.what() == std::string("open /x/y: no such file or directory"));
    CHECK(error.code() == Errc::not_found);
    CHECK(system_error("send", "x", EDOTDOT).what() == std::string("send x: RFS specific error"));
    CHECK(system_error("read", "x", 99999).what() == std::string("read x: error 99999"));
}

TEST_CASE("steps are put before the message, hints stay behind it") {
    auto load = [] {
        throw Error(Errc::corrupt, "checksum mismatch", {"run yore verify", "look at the disk"});
    };
    auto mount = [&] { doing([] { return "load tree 91bc"; }, load); };
    try {
        doing([] { return std::string("mount home"); }, mount);
        FAIL("nothing was thrown");
    } catch (const Error& error) {
        CHECK(error.code() == Errc::corrupt);
        CHECK(error.full_text() ==
              "mount home: load tree 91bc: checksum mismatch\n"
              "hint: run yore verify\nhint: look at the disk");
    }
}

TEST_CASE("a step that succeeds hands its value through, by reference too") {
    int value = 3;
    int& same = doing([] { return "never made"; }, [&]() -> int& { return value; });
    CHECK(&same == &value);
    CHECK_THROWS_AS(doing([] { return "x"; }, [] { throw std::bad_alloc(); }), std::bad_alloc);
}

TEST_CASE("a broken invariant stops the process") {
    YORE_ENSURE(1 + 1 == 2);
    pid_t child = ::fork();
    if (child == 0) {
        ::signal(SIGABRT, SIG_DFL);  // the test program reports aborts otherwise
        ::close(2);
        YORE_ENSURE(1 + 1 == 3);
        ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGABRT);
}
