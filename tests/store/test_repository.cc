// SPDX-License-Identifier: Apache-2.0
#include <yore/base/file.h>
#include <yore/store/repository.h>
#include <yore/store/rocks_backend.h>

#include <filesystem>

#include <sys/wait.h>
#include <unistd.h>

#include "store_fixture.h"

using namespace yore;
using namespace yore::store;
using namespace yore::test;
namespace fs = std::filesystem;

namespace {

const SystemClock system_clock;
const Owner self{.pid = 1, .command = "yore \"test\"", .since = Timestamp::from_seconds(1'000'000)};

struct OnDisk {
    OnDisk() : key_file(KeyFile::create_unencrypted(random, Timestamp{})) {}
    Keys keys() const { return derive(key_file, key_file.unlock(std::nullopt)); }
    void create() const { create_repository(path, key_file); }
    std::unique_ptr<Store> open(OpenMode mode = OpenMode::read_write) const {
        auto lock = RepositoryLock::try_take(path, self);
        REQUIRE(lock);
        return open_store(path, *lock, keys(), {.mode = mode}, system_clock);
    }
    TemporaryDirectory directory;
    std::string path = directory / "repo";
    SystemRandom random;
    KeyFile key_file;
};

void add_commit(Store& store) {
    auto record = put_record("key", "value");
    store.commit({&record, 1});
}

}  // namespace

TEST_CASE("A new repository opens, keeps what was committed, and opens read-only") {
    OnDisk disk;
    disk.create();
    ChunkId id;
    {
        auto store = disk.open();
        CHECK(store->last_commit() == CommitNumber{1});
        auto writer = store->write();
        id = put_chunk(*writer, as_bytes("bytes"));
        writer->commit({});
        add_commit(*store);
        CHECK(store->check_tables().empty());
    }
    auto store = disk.open(OpenMode::read_only);
    CHECK(store->last_commit() == CommitNumber{3});
    CHECK(equal(store->get(id), as_bytes("bytes")));
    CHECK(equal(*store->record(as_bytes("key")), as_bytes("value")));
    CHECK(store->read_only());
    CHECK(error_of([&] { add_commit(*store); }).code() == Errc::read_only);
    CHECK(error_of([&] { store->write(); }).code() == Errc::read_only);
}

TEST_CASE("What is not a repository is told from half of one") {
    OnDisk disk;
    const Error none = error_of([&] { RepositoryLock::try_take(disk.path, self); });
    CHECK(none.code() == Errc::not_found);
    CHECK_THAT(none.full_text(), Catch::Contains("no repository at " + disk.path));
    CHECK_THAT(none.full_text(), Catch::Contains("hint: make one: yore init --repo " + disk.path));
    CHECK(error_of([&] { RepositoryLock::try_take(disk.directory.path(), self); }).code() ==
          Errc::not_found);
    CHECK_FALSE(fs::exists(disk.directory / "lock"));

    disk.create();
    const auto missing = GENERATE("repository", "db", "head");
    fs::rename(disk.path + "/" + missing, disk.directory / "aside");
    const Error half = error_of([&] { disk.open(); });
    CHECK(half.code() == Errc::corrupt);
    CHECK_THAT(half.what(), Catch::Contains("half a repository") && Catch::Contains(missing));
    CHECK(half.hints().size() == 2);
}

TEST_CASE("Only an absent or empty directory becomes a repository") {
    OnDisk disk;
    fs::create_directory(disk.path);
    disk.create();
    CHECK(error_of([&] { disk.create(); }).code() == Errc::exists);
    OnDisk other;
    fs::create_directories(other.path + "/something");
    CHECK(error_of([&] { other.create(); }).code() == Errc::exists);
}

TEST_CASE("A database or key file of another repository is noticed") {
    OnDisk one, other;
    one.create();
    other.create();
    add_commit(*other.open());
    SECTION("database and head") {
        const bool with_commits = GENERATE(true, false);
        if (with_commits) add_commit(*one.open());
        for (const char* part : {"/db", "/head"}) {
            fs::remove_all(one.path + part);
            fs::rename(other.path + part, one.path + part);
        }
        const Error error = error_of([&] { one.open(); });
        CHECK(error.code() == Errc::corrupt);
        CHECK_THAT(error.what(), Catch::Contains(one.key_file.repository().hex()) &&
                                     Catch::Contains(other.key_file.repository().hex()));
    }
    SECTION("key file, opened with its own keys") {
        other.key_file.save(one.path + "/repository");
        auto lock = RepositoryLock::try_take(one.path, self);
        const Error error =
            error_of([&] { open_store(one.path, *lock, other.keys(), {}, system_clock); });
        CHECK(error.code() == Errc::corrupt);
    }
    SECTION("keys of another") {
        auto lock = RepositoryLock::try_take(one.path, self);
        const Error error =
            error_of([&] { open_store(one.path, *lock, other.keys(), {}, system_clock); });
        CHECK(error.code() == Errc::wrong_key);
    }
}

TEST_CASE("A repository that lost everything is not taken for a new one") {
    OnDisk disk;
    disk.create();
    add_commit(*disk.open());
    fs::remove_all(disk.path + "/db");
    fs::remove(disk.path + "/head");
    OnDisk empty;
    create_rocks_backend(empty.path);
    fs::rename(empty.path + "/db", disk.path + "/db");
    fs::rename(empty.path + "/head", disk.path + "/head");
    const Error error = error_of([&] { disk.open(); });
    CHECK(error.code() == Errc::corrupt);
    CHECK_THAT(error.what(), Catch::Contains("the first commit is gone"));
}

TEST_CASE("The lock is held by one, tells by whom, and goes with its holder") {
    OnDisk disk;
    disk.create();
    CHECK(RepositoryLock::owner_of(disk.path) == std::nullopt);
    {
        auto lock = RepositoryLock::try_take(disk.path, self);
        REQUIRE(lock);
        CHECK_FALSE(lock->shared());
        CHECK_FALSE(RepositoryLock::try_take(disk.path, self));
        auto owner = RepositoryLock::owner_of(disk.path);
        REQUIRE(owner);
        CHECK(owner->pid == 1);
        CHECK(owner->command == self.command);
        CHECK(owner->since == self.since);
        auto moved = std::move(*lock);
        lock.reset();
        CHECK_FALSE(RepositoryLock::try_take(disk.path, self));
    }
    CHECK(RepositoryLock::owner_of(disk.path) == std::nullopt);
    CHECK(RepositoryLock::try_take(disk.path, self));
}

TEST_CASE("The lock of a process that is killed is free, whatever its file says") {
    OnDisk disk;
    disk.create();
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        auto lock = RepositoryLock::try_take(disk.path, self);
        const char byte = lock ? 1 : 0;
        if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
        for (;;) ::pause();
    }
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    CHECK(byte == 1);
    CHECK(RepositoryLock::owner_of(disk.path));
    CHECK_FALSE(RepositoryLock::try_take(disk.path, self));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(ready[0]);
    ::close(ready[1]);
    CHECK(read_file(disk.path + "/lock")->size() > 0);
    CHECK(RepositoryLock::owner_of(disk.path) == std::nullopt);
    CHECK(RepositoryLock::try_take(disk.path, self));
}
