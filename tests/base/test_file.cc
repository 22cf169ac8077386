// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/file.h>
#include <yore/base/random.h>

#include <cerrno>
#include <csignal>
#include <filesystem>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support.h"

using namespace yore;
using yore::test::code_thrown_by, yore::test::TemporaryDirectory;

namespace {

mode_t mode_of(const std::string& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

std::size_t entries_in(const std::string& path) {
    std::filesystem::directory_iterator entries(path);
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

/// No file may grow beyond `bytes` while this lives: a disk that is full.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t bytes) {
        ::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

  private:
    rlimit before_{};
};

}  // namespace

TEST_CASE("a file comes back as it was replaced, with its mode") {
    TemporaryDirectory directory;
    std::string path = directory / "file";
    CHECK_FALSE(read_file(path));
    replace_file(path, as_bytes("first"));
    CHECK(mode_of(path) == 0600);
    replace_file(path, as_bytes("second, longer"), 0644);
    CHECK(mode_of(path) == 0644);
    CHECK(as_text(*read_file(path)) == "second, longer");
    replace_file(path, {});
    CHECK(read_file(path)->empty());
    CHECK(entries_in(directory.path()) == 1);
}

TEST_CASE("a replacement that fails leaves the old content and no litter") {
    TemporaryDirectory directory;
    std::string path = directory / "file";
    replace_file(path, as_bytes("old"));
    Bytes large(100'000);
    {
        FileSizeLimit limit(50'000);
        CHECK_THROWS_AS(replace_file(path, large), Error);
    }
    CHECK(as_text(*read_file(path)) == "old");
    CHECK(entries_in(directory.path()) == 1);

    make_directories(directory / "taken/by a directory");
    CHECK(code_thrown_by([&] { replace_file(directory / "taken", large); }) == Errc::invalid);
    CHECK(entries_in(directory.path()) == 2);
    CHECK(code_thrown_by([&] { replace_file(directory / "none/file", {}); }) == Errc::not_found);
}

TEST_CASE("a file is replaced in the working directory too") {
    TemporaryDirectory directory;
    auto before = std::filesystem::current_path();
    std::filesystem::current_path(directory.path());
    replace_file("bare name", as_bytes("here"));
    CHECK(make_directories("a/b"));
    std::filesystem::current_path(before);
    CHECK(as_text(*read_file(directory / "bare name")) == "here");
    CHECK(std::filesystem::is_directory(directory / "a/b"));
}

TEST_CASE("reading stops at the limit of the caller") {
    TemporaryDirectory directory;
    std::string path = directory / "file";
    Bytes content(200'000);
    SeededRandom(1).fill(content);
    replace_file(path, content);
    CHECK(equal(*read_file(path), content));
    CHECK(equal(*read_file(path, 200'000), content));
    CHECK(code_thrown_by([&] { read_file(path, 199'999); }) == Errc::corrupt);
    CHECK(code_thrown_by([&] { read_file(directory.path()); }) == Errc::invalid);
    CHECK_FALSE(read_file("/proc/self/status")->empty());  // says that it has 0 bytes
}

TEST_CASE("reads and writes at an offset are whole, and end where the file does") {
    TemporaryDirectory directory;
    Fd fd = open_file(directory / "file", O_RDWR | O_CREAT);
    write_at(fd.get(), 5, as_bytes("world"));
    write_at(fd.get(), 0, as_bytes("hello"));
    Bytes into(20);
    CHECK(read_at(fd.get(), 0, into) == 10);
    CHECK(as_text(ByteView(into).first(10)) == "helloworld");
    CHECK(read_at(fd.get(), 10, into) == 0);
    CHECK(read_at(fd.get(), 8, MutableBytes(into).first(2)) == 2);
    sync_file(fd.get(), "file");
    sync_directory(directory.path());
    CHECK((::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("what interrupted replacements left is removed, and nothing else") {
    TemporaryDirectory directory;
    const std::string others[] = {"repository", ".yore-partial-00", ".yore-short", ".yore-aB3-E9",
                                  "x.yore-aB3dE9"};
    for (const auto& name : others) replace_file(directory / name, as_bytes("x"));
    make_directories(directory / ".yore-aaaaaa");
    replace_file(directory / ".yore-aB3dE9", {});
    replace_file(directory / ".yore-000000", {});
    CHECK(remove_interrupted_replacements(directory.path()) == 2);
    CHECK(remove_interrupted_replacements(directory.path()) == 0);
    for (const auto& name : others) CHECK(read_file(directory / name));
    CHECK_FALSE(read_file(directory / ".yore-aB3dE9"));
    CHECK_FALSE(make_directories(directory / ".yore-aaaaaa"));
}

TEST_CASE("a failed write names its file") {
    TemporaryDirectory directory;
    std::string path = directory / "file";
    replace_file(path, as_bytes("x"));
    Fd fd = open_file(path, O_RDONLY);
    CHECK_THROWS_WITH(write_all(fd.get(), as_bytes("y")), Catch::Contains(path));
    CHECK_THROWS_WITH(write_at(fd.get(), 0, as_bytes("y")), Catch::Contains(path));
    CHECK(code_thrown_by([&] { open_file(path + "/x", O_RDONLY); }) == Errc::not_found);
    Fd full = open_file("/dev/full", O_WRONLY);
    CHECK(code_thrown_by([&] { write_all(full.get(), as_bytes("y")); }) == Errc::no_space);
}

TEST_CASE("large writes through a pipe are not cut short") {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    Fd reading(ends[0]), writing(ends[1]);
    Bytes content(300'000);
    SeededRandom(2).fill(content);
    if (::fork() == 0) {
        write_all(writing.get(), content);
        ::_exit(0);
    }
    writing.close();
    auto received = read_file(fmt::format("/proc/self/fd/{}", reading.get()));
    CHECK(equal(*received, content));
}

TEST_CASE("directories are made with their parents, once") {
    TemporaryDirectory directory;
    std::string path = directory / "a//b/c/";
    CHECK(make_directories(path));
    CHECK_FALSE(make_directories(path));
    CHECK_FALSE(make_directories("/"));
    CHECK(mode_of(path) == 0700);
    replace_file(directory / "file", {});
    CHECK(code_thrown_by([&] { make_directories(directory / "file"); }) == Errc::exists);
    CHECK(code_thrown_by([&] { make_directories(directory / "file/x"); }) == Errc::exists);
    CHECK(code_thrown_by([&] { make_directories(""); }) == Errc::not_found);
}

TEST_CASE("a descriptor has one owner and is closed with it") {
    Fd fd = open_file("/dev/null", O_RDONLY);
    int number = fd.get();
    Fd moved = std::move(fd);
    CHECK_FALSE(fd);
    CHECK(moved.get() == number);
    errno = ENOENT;
    moved.close();
    CHECK(errno == ENOENT);
    CHECK(::fcntl(number, F_GETFD) == -1);
    moved.close();
    Fd other = open_file("/dev/null", O_RDONLY);
    other = open_file("/dev/zero", O_RDONLY);
    int released = other.release();
    CHECK(::fcntl(released, F_GETFD) >= 0);
    ::close(released);
}
