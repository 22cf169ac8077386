// SPDX-License-Identifier: Apache-2.0
/// What opening finds out, and what damage does: an error that says what is wrong, or nothing.
#include <yore/base/random.h>

#include <algorithm>

#include <catch2/catch.hpp>
#include <rocksdb/db.h>

#include "../support.h"
#include "backend_script.h"
#include "machine.h"

using namespace yore;
using namespace yore::store;
using namespace yore::test;

namespace {

/// Two packs in files, one in a commit; the first commits in tables, the last in the log.
struct Repository {
    DiskPointer closed, crashed;  ///< after closing it; after the process went
    Expectation expected;
};

Repository small_repository() {
    const DiskPointer disk = disk_with_repository();
    Machine machine(disk);
    Repository made;
    ScriptRunner runner([&] { return machine.open(); });
    runner.run({{Action::Kind::commit, {{Domain::chunk, Form::file, {100, 300, 5'000}}}, 1},
                {Action::Kind::commit, {{Domain::node, Form::in_commit, {50, 60}}}, 2},
                {Action::Kind::reopen},
                {Action::Kind::commit, {{Domain::node, Form::file, {200}}}, 3},
                {Action::Kind::commit, {{Domain::chunk, Form::in_commit, {70}}}, 4}});
    made.crashed = disk->copy();
    runner.close();
    made.closed = disk->copy();
    made.expected = runner.expectation();
    return made;
}

Error error_when_opening(const DiskPointer& disk) {
    Machine machine(disk);
    try {
        machine.open();
    } catch (const Error& error) {
        return error;
    }
    FAIL("it opened");
    throw std::logic_error("unreachable");
}

std::string the_file(const VolatileDisk& disk, std::string_view start, std::string_view end) {
    for (const std::string& path : disk.files())
        if (path.starts_with(start) && path.ends_with(end) && !disk.content(path).empty())
            return path;
    FAIL("no file " << start << "…" << end);
    return {};
}

bool contains(const Error& error, std::string_view words) {
    return error.full_text().find(words) != std::string::npos;
}

/// Contents of all files.
std::map<std::string, std::string> everything_on(const VolatileDisk& disk) {
    std::map<std::string, std::string> contents;
    for (const std::string& path : disk.files()) contents[path] = disk.content(path);
    return contents;
}

void flip(VolatileDisk& disk, const std::string& path, std::size_t at, unsigned bit = 0) {
    std::string content = disk.content(path);
    content.at(at) = static_cast<char>(content.at(at) ^ (1 << bit));
    disk.set_content(path, std::move(content));
}

/// Reads all that should be there: right, or an error. The first thing that is neither.
std::string wrong_read(const Backend& backend, const Model& model) {
    Buffer into;
    for (const auto& [key, pack] : model.packs) {
        for (std::size_t item = 0; item < pack.item_bytes.size(); ++item) {
            const auto location = Location::of(key.second, static_cast<std::uint32_t>(item));
            const auto code = code_thrown_by([&] {
                if (!backend.read(key.first, location, into)) throw Error(Errc::corrupt, "absent");
            });
            if (!code && as_text(into) != item_content(key, item, pack.item_bytes[item]))
                return fmt::format("pack {} item {}", key.second, item);
        }
        code_thrown_by([&] { backend.read_pack_index(key.first, key.second); });
    }
    for (const auto& [number, entry] : model.commits)
        code_thrown_by([&] {
            const auto read = backend.read_commit({number});
            if (!read || as_text(*read) != entry) throw Error(Errc::corrupt, "another commit");
        });
    return {};
}

/// Opens it, reads all; nothing may crash or be wrong. Whether the damage was noticed.
bool is_noticed(const DiskPointer& disk, const Expectation& expected) {
    Machine machine(disk);
    std::unique_ptr<Backend> backend;
    const auto code = code_thrown_by([&] { backend = machine.open(); });
    if (code) {
        CHECK((*code == Errc::corrupt || *code == Errc::unsupported));
        return true;
    }
    CHECK(wrong_read(*backend, expected.acknowledged) == "");
    Expectation copy = expected;
    std::string text;
    return code_thrown_by([&] { text = copy.compare(*backend); }).has_value() || !text.empty();
}

}  // namespace

TEST_CASE("Read-only, a repository is read and not written to, also after a crash") {
    const Repository made = small_repository();
    for (const DiskPointer& pristine : {made.closed, made.crashed}) {
        const DiskPointer disk = pristine->copy();
        disk->set_judge([](const Step&) { return Outcome::fails; });
        Machine machine(disk);
        const auto backend = machine.open_read_only();
        Expectation expected = made.expected;
        CHECK(expected.compare(*backend) == "");
        CHECK(disk->steps() == 0);
        CHECK(code_thrown_by([&] { backend->create_pack(Domain::chunk, 9); }) == Errc::read_only);
        CHECK(code_thrown_by([&] { backend->append({}); }) == Errc::read_only);
        CHECK(code_thrown_by([&] { backend->drop_pack(Domain::chunk, 1); }) == Errc::read_only);
        CHECK(disk->steps() == 0);
    }
}

TEST_CASE("Nobody else opens what is open") {
    const DiskPointer disk = disk_with_repository();
    Machine machine(disk);
    const auto backend = machine.open();
    CHECK(code_thrown_by([&] { machine.open(); }) == Errc::busy);
    CHECK(code_thrown_by([&] { machine.create(); }) == Errc::exists);
}

TEST_CASE("Files that are missing are named") {
    const Repository made = small_repository();
    for (const auto& [start, end] : std::vector<std::pair<std::string, std::string>>{
             {"/r/db/CURRENT", ""}, {"/r/db/MANIFEST", ""}, {"/r/db/", ".sst"}, {"/r/head", ""}}) {
        const DiskPointer disk = made.closed->copy();
        const std::string path = the_file(*disk, start, end);
        CAPTURE(path);
        disk->DeleteFile(path, {}, nullptr);
        const Error error = error_when_opening(disk);
        CHECK(error.code() == Errc::corrupt);
        CHECK(contains(error, path.substr(path.rfind('/') + 1)));
        CHECK(contains(error, "hint"));
    }
    Machine empty(std::make_shared<VolatileDisk>());
    CHECK(code_thrown_by([&] { empty.open(); }) == Errc::corrupt);
}

TEST_CASE("A family that this version does not know is a newer version's") {
    const DiskPointer disk = disk_with_repository();
    {
        const auto env = NewCompositeEnv(disk);
        rocksdb::Options options;
        options.env = env.get();
        std::vector<std::string> names;
        REQUIRE(rocksdb::DB::ListColumnFamilies(options, "/r/db", &names).ok());
        std::vector<rocksdb::ColumnFamilyDescriptor> families;
        for (const std::string& name : names) families.emplace_back(name, options);
        std::vector<rocksdb::ColumnFamilyHandle*> handles;
        rocksdb::DB* opened = nullptr;
        REQUIRE(rocksdb::DB::Open(options, "/r/db", families, &handles, &opened).ok());
        const std::unique_ptr<rocksdb::DB> database(opened);
        rocksdb::ColumnFamilyHandle* added = nullptr;
        REQUIRE(database->CreateColumnFamily(options, "wings", &added).ok());
        handles.push_back(added);
        for (auto* handle : handles) database->DestroyColumnFamilyHandle(handle);
        REQUIRE(database->Close().ok());
    }
    const Error error = error_when_opening(disk);
    CHECK(error.code() == Errc::unsupported);
    CHECK(contains(error, "wings"));
}

TEST_CASE("An older database under a newer head is refused, and the loss is named") {
    const Repository made = small_repository();
    const DiskPointer disk = disk_with_repository();
    disk->set_content("/r/head", made.closed->content("/r/head"));
    const Error error = error_when_opening(disk);
    CHECK(error.code() == Errc::corrupt);
    CHECK(contains(error, "commits 1 to 4 acknowledged and gone"));
}

TEST_CASE("Another repository's database is refused") {
    const Repository made = small_repository();
    const DiskPointer disk = disk_with_repository();
    Machine machine(disk);
    ScriptRunner runner([&] { return machine.open(); });
    const Action other{Action::Kind::commit, {}, 77};
    runner.run({other, other, other, other, other});
    runner.close();
    disk->set_content("/r/head", made.closed->content("/r/head"));
    CHECK(contains(error_when_opening(disk), "commit 4 is not the one that was acknowledged"));
}

TEST_CASE("A damaged log is refused and left as it is") {
    const Repository made = small_repository();
    const std::string log = the_file(*made.crashed, "/r/db/", ".log");
    const std::size_t size = made.crashed->content(log).size();
    for (std::size_t at = 3; at < size; at += size / 9) {
        CAPTURE(at);
        const DiskPointer disk = made.crashed->copy();
        flip(*disk, log, at);
        const auto before = everything_on(*disk);
        const Error error = error_when_opening(disk);
        CHECK(error.code() == Errc::corrupt);
        CHECK(contains(error, "acknowledged and gone"));
        auto after = everything_on(*disk);
        after.erase("/r/db/LOCK");
        for (const auto& [path, content] : before)
            if (path != "/r/db/LOCK") CHECK(after[path] == content);
    }
}

TEST_CASE("A torn slot of head leaves the other") {
    const Repository made = small_repository();
    constexpr std::size_t slot_bytes = 4096;
    for (const std::size_t slot : {0, 1}) {
        const DiskPointer disk = made.closed->copy();
        for (std::size_t at = 0; at < 40; at += 5) {
            flip(*disk, "/r/head", slot * slot_bytes + at);
            Expectation expected = made.expected;
            {
                Machine machine(disk);
                CHECK(expected.compare(*machine.open()) == "");
            }
            // The open has mended it: the other slot may be torn next.
            const DiskPointer next = disk->copy();
            flip(*next, "/r/head", (1 - slot) * slot_bytes + at);
            Machine machine(next);
            CHECK(expected.compare(*machine.open()) == "");
        }
    }
    const DiskPointer disk = made.closed->copy();
    flip(*disk, "/r/head", 8);
    flip(*disk, "/r/head", slot_bytes + 8);
    CHECK(contains(error_when_opening(disk), "both slots are damaged"));
    for (const std::size_t size : {std::size_t{0}, std::size_t{39}, slot_bytes + 39}) {
        disk->set_content("/r/head", made.closed->content("/r/head").substr(0, size));
        code_thrown_by([&] { Machine(disk).open(); });
    }
}

TEST_CASE("Flipped bits are noticed or do no harm") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    const Repository made = small_repository();
    std::map<std::string, std::pair<int, int>> counts;  // of each kind: noticed, of so many
    for (const DiskPointer& pristine : {made.closed, made.crashed}) {
        for (const std::string& path : pristine->files()) {
            const std::size_t size = pristine->content(path).size();
            if (size == 0 || path.find("OPTIONS") != std::string::npos) continue;
            const std::size_t flips = path.ends_with(".sst") ? 40 : 15;
            for (std::size_t i = 0; i < flips; ++i) {
                const std::size_t at = random.below(size);
                CAPTURE(path, at);
                const DiskPointer disk = pristine->copy();
                flip(*disk, path, at, static_cast<unsigned>(random.below(8)));
                auto& [noticed, tried] = counts[path.substr(path.find_last_of("./"))];
                noticed += is_noticed(disk, made.expected);
                ++tried;
            }
        }
    }
    // Most bytes of a table are covered by a checksum that somebody looks at.
    const auto& [noticed, tried] = counts[".sst"];
    CHECK(noticed > tried / 2);
}

TEST_CASE("Each bit of a table's end, flipped in turn, is noticed or does no harm") {
    const Repository made = small_repository();
    const std::string path = the_file(*made.closed, "/r/db/", ".sst");
    const std::size_t size = made.closed->content(path).size();
    const std::size_t end_bytes = std::min<std::size_t>(size, 250);  // properties, and what follows
    for (std::size_t at = size - end_bytes; at < size; ++at) {
        CAPTURE(path, at);
        const DiskPointer disk = made.closed->copy();
        flip(*disk, path, at, 7);  // the top bit of a length is the worst one
        is_noticed(disk, made.expected);
    }
}

TEST_CASE("Files that were cut short or padded are noticed or do no harm") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    const Repository made = small_repository();
    for (const DiskPointer& pristine : {made.closed, made.crashed}) {
        for (const std::string& path : pristine->files()) {
            const std::string content = pristine->content(path);
            if (content.empty() || path.find("OPTIONS") != std::string::npos) continue;
            CAPTURE(path);
            for (const std::size_t size :
                 {std::size_t{0}, content.size() / 2, content.size() - 1,
                  static_cast<std::size_t>(random.below(content.size()))}) {
                CAPTURE(size);
                const DiskPointer disk = pristine->copy();
                disk->set_content(path, content.substr(0, size));
                const bool noticed = is_noticed(disk, made.expected);
                if (path.ends_with(".sst")) CHECK(noticed);
                std::string zeroed = content;
                std::fill(zeroed.begin() + static_cast<std::ptrdiff_t>(size), zeroed.end(), '\0');
                const DiskPointer other = pristine->copy();
                other->set_content(path, zeroed);
                is_noticed(other, made.expected);
            }
        }
    }
}

TEST_CASE("Packs and commits stop before the disk is full, and go on when there is room") {
    const DiskPointer disk = disk_with_repository();
    Machine machine(disk);
    ScriptRunner runner([&] { return machine.open(); });
    runner.run({{Action::Kind::commit, {}, 1}});
    Backend& backend = *runner.backend();
    disk->set_free_bytes(64u << 20);
    auto sink = backend.create_pack(Domain::chunk, 7);
    disk->set_free_bytes(30u << 20);
    CHECK(code_thrown_by([&] { backend.create_pack(Domain::chunk, 8); }) == Errc::no_space);
    const Bytes megabyte(1u << 20);
    CHECK(code_thrown_by([&] {
              for (int i = 0; i < 20; ++i) sink->append(megabyte);
          }) == Errc::no_space);
    sink.reset();
    for (const std::string& path : disk->files()) CHECK_FALSE(path.starts_with("/r/packs/"));

    const Action small{Action::Kind::commit, {{Domain::node, Form::in_commit, {100}}}, 2};
    runner.run({small});  // what packs leave free is for commits
    disk->set_free_bytes(1u << 20);
    const Expectation before = runner.expectation();
    CHECK(code_thrown_by([&] { runner.run({small}); }) == Errc::no_space);
    runner.expectation() = before;
    CHECK(runner.expectation().compare(backend) == "");
    disk->set_free_bytes(1u << 30);
    runner.run({small, {Action::Kind::reopen}});
    CHECK(runner.expectation().compare(*runner.backend()) == "");
}

TEST_CASE("Tails stop before the disk is full, and go on when there is room") {
    const DiskPointer disk = disk_with_repository();
    Machine machine(disk);
    const auto backend = machine.open();
    backend->append_tail({{1, 1}, 0}, as_bytes("one"));
    disk->set_free_bytes(1u << 20);
    const std::uint64_t steps = disk->steps();
    CHECK(code_thrown_by([&] {
              backend->append_tail({{1, 1}, 3}, as_bytes("two"));
          }) == Errc::no_space);
    CHECK(disk->steps() == steps);
    disk->set_free_bytes(1u << 30);
    backend->append_tail({{1, 1}, 3}, as_bytes("two"));
    CHECK(backend->last_piece({1, 1}, 10)->position == 3);
}

TEST_CASE("After a sync of a piece that failed nothing more is written") {
    const DiskPointer disk = disk_with_repository();
    Machine machine(disk);
    const auto backend = machine.open();
    backend->append_tail({{1, 1}, 0}, as_bytes("one"));
    disk->set_judge([](const Step& step) {
        return step.kind == StepKind::sync ? Outcome::fails : Outcome::happens;
    });
    CHECK(code_thrown_by([&] { backend->append_tail({{1, 1}, 3}, as_bytes("two")); }) == Errc::io);
    disk->set_judge({});
    const std::uint64_t steps = disk->steps();
    CHECK(code_thrown_by([&] {
              backend->append_tail({{1, 1}, 3}, as_bytes("two"));
          }) == Errc::read_only);
    CHECK(code_thrown_by([&] { backend->append({}); }) == Errc::read_only);
    CHECK(disk->steps() == steps);
    CHECK(backend->last_piece({1, 1}, 3)->sealed == to_bytes(as_bytes("one")));
}

namespace {

/// One commit, then pieces of a tail, in a log that was not replayed yet.
DiskPointer crashed_with_tail(std::uint64_t pieces) {
    const DiskPointer disk = disk_with_repository();
    Machine machine(disk);
    ScriptRunner runner([&] { return machine.open(); });
    runner.run({{Action::Kind::commit, {{Domain::node, Form::in_commit, {50}}}, 1}});
    for (std::uint64_t piece = 0; piece < pieces; ++piece)
        runner.backend()->append_tail({{1, 1}, piece}, as_bytes("a piece of a tail"));
    return disk->copy();
}

}  // namespace

TEST_CASE("Damage in the log that takes acknowledged pieces away is told") {
    constexpr std::uint64_t pieces = 5;
    const DiskPointer crashed = crashed_with_tail(pieces);
    const std::string log = the_file(*crashed, "/r/db/", ".log");
    const std::size_t size = crashed->content(log).size();
    for (std::size_t at = size - 200; at < size; at += 11) {
        CAPTURE(at, size);
        const DiskPointer disk = crashed->copy();
        flip(*disk, log, at);
        Machine machine(disk);
        for (int open = 0; open < 2; ++open) {
            const auto backend = open == 0 ? machine.open_read_only() : machine.open();
            CHECK(backend->last_commit().value == 1);
            const auto last = backend->last_piece({1, 1}, pieces);
            REQUIRE((!last || last->position < pieces - 1));
            CHECK(backend->lost_piece() == TailKey{{1, 1}, pieces - 1});
        }
    }
}

TEST_CASE("A loss is told by each open until a piece is appended, and is no reason to refuse") {
    const DiskPointer disk = crashed_with_tail(3);
    flip(*disk, the_file(*disk, "/r/db/", ".log"),
         disk->content(the_file(*disk, "/r/db/", ".log")).size() - 1);
    Machine machine(disk);
    for (std::uint64_t commit = 2; commit < 8; ++commit) {  // numbers of RocksDB are in use again
        const auto backend = machine.open();
        CHECK(backend->lost_piece() == TailKey{{1, 1}, 2});
        CommitBatch batch;
        batch.number = {commit};
        CHECK(backend->append(batch) == Backend::Append::done);
    }
    {
        const auto backend = machine.open();
        CHECK(backend->last_piece({1, 1}, 10)->position == 1);
        backend->append_tail({{1, 1}, 2}, as_bytes("sent again"));
        CHECK_FALSE(backend->lost_piece().has_value());
    }
    CHECK_FALSE(machine.open()->lost_piece().has_value());
}

TEST_CASE("What is told of the last piece may be torn, or missing in an older repository") {
    const DiskPointer crashed = crashed_with_tail(3);
    const std::string head = crashed->content("/r/head");
    const std::size_t block = 2 * 4096;
    for (std::size_t at = block; at < block + 40; at += 5) {
        const DiskPointer disk = crashed->copy();
        flip(*disk, "/r/head", at);
        CHECK_FALSE(Machine(disk).open()->lost_piece().has_value());
    }
    for (const std::size_t size : {block, block + 1, block + 39}) {
        const DiskPointer disk = crashed->copy();
        disk->set_content("/r/head", head.substr(0, size));
        Machine machine(disk);
        const auto backend = machine.open();
        CHECK_FALSE(backend->lost_piece().has_value());
        backend->append_tail({{1, 1}, 3}, as_bytes("goes on"));
        CHECK(disk->content("/r/head").size() >= block + 40);
    }
}

TEST_CASE("Tails that were folded in take no space and no time") {
    const DiskPointer disk = disk_with_repository();
    Machine machine(disk);
    const auto backend = machine.open();
    const Bytes piece(200'000, std::byte{7});
    std::uint64_t position = 0;
    for (std::uint64_t commit = 1; commit <= 60; ++commit) {
        for (int i = 0; i < 4; ++i) backend->append_tail({{1, 1}, position += piece.size()}, piece);
        CommitBatch batch;
        batch.number = {commit};
        batch.tail_drops = {{{1, 1}, position}};
        REQUIRE(backend->append(batch) == Backend::Append::done);
    }
    std::size_t pieces = 0;
    backend->scan_tails({}, [&](const TailKey&, ByteView) { return ++pieces != 0; });
    CHECK(pieces == 1);
    CHECK(backend->stored_bytes() < 60 * 4 * piece.size() / 2);  // of 48 MB
}

TEST_CASE("Short runs do not pile up files") {
    const DiskPointer disk = disk_with_repository();
    Machine machine(disk);
    ScriptRunner runner([&] { return machine.open(); });
    for (std::uint32_t run = 0; run < 60; ++run)
        runner.run({{Action::Kind::commit, {{Domain::node, Form::in_commit, {100, 200}}}, run},
                    {Action::Kind::reopen}});
    CHECK(runner.expectation().compare(*runner.backend()) == "");
    const auto files = disk->files();
    CHECK(std::ranges::count_if(files, [](const auto& path) { return path.ends_with(".sst"); }) <
          60);
}
