// SPDX-License-Identifier: Apache-2.0
/// What every backend promises, run on each of them.
#include <yore/store/rocks_backend.h>

#include <catch2/catch.hpp>

#include "../support.h"

using namespace yore;
using namespace yore::store;

namespace {

Bytes text(std::string_view value) {
    return to_bytes(as_bytes(value));
}

/// A backend that can be closed and opened again; memory keeps its contents by staying open.
struct Subject {
    virtual ~Subject() = default;
    virtual Backend& backend() = 0;
    virtual void reopen() = 0;
};
struct MemorySubject final : Subject {
    std::unique_ptr<Backend> kept = make_memory_backend();
    Backend& backend() override { return *kept; }
    void reopen() override {}
};
struct RocksSubject final : Subject {
    test::TemporaryDirectory directory;
    std::unique_ptr<Backend> kept;
    RocksSubject() {
        create_rocks_backend(directory.path() + "/r");
        reopen();
    }
    Backend& backend() override { return *kept; }
    void reopen() override {
        kept.reset();
        kept = open_rocks_backend(directory.path() + "/r");
    }
};

std::unique_ptr<Subject> make(const std::string& kind) {
    if (kind == "memory") return std::make_unique<MemorySubject>();
    return std::make_unique<RocksSubject>();
}

Bytes pack_row_key(std::uint64_t number) {
    Bytes key(8);
    for (unsigned i = 0; i < 8; ++i) key[i] = static_cast<std::byte>(number >> (56 - 8 * i));
    return key;
}

CommitBatch commit(std::uint64_t number) {
    return {.number = {number},
            .sealed_entry = text("entry " + std::to_string(number)),
            .finished_packs = {},
            .inline_packs = {},
            .changes = {}};
}

std::string read_text(const Backend& backend, Domain domain, Location location) {
    Buffer into;
    return backend.read(domain, location, into) ? std::string(as_text(into)) : "(absent)";
}

}  // namespace

TEST_CASE("a pack is readable once a commit names it, and not before") {
    const auto subject = make(GENERATE(as<std::string>(), "memory", "rocksdb"));
    auto sink = subject->backend().create_pack(Domain::chunk, 7);
    sink->append(text("one"));
    sink->append(text("two"));
    CHECK(sink->bytes() == 6);
    sink->finish(text("index"));
    CHECK(read_text(subject->backend(), Domain::chunk, Location::of(7, 0)) == "(absent)");

    CommitBatch batch = commit(1);
    batch.finished_packs = {7};
    batch.changes.push_back({Table::packs, pack_row_key(7), text("row")});
    REQUIRE(subject->backend().append(batch) == Backend::Append::done);
    for (int round = 0; round < 2; ++round) {
        Backend& backend = subject->backend();
        CHECK(read_text(backend, Domain::chunk, Location::of(7, 0)) == "one");
        CHECK(read_text(backend, Domain::chunk, Location::of(7, 1)) == "two");
        CHECK(read_text(backend, Domain::chunk, Location::of(7, 2)) == "(absent)");
        CHECK(read_text(backend, Domain::node, Location::of(7, 0)) == "(absent)");
        CHECK(backend.read_pack_index(Domain::chunk, 7) == text("index"));
        subject->reopen();
    }
}

TEST_CASE("a pack that was never finished or never named leaves nothing behind") {
    const auto subject = make(GENERATE(as<std::string>(), "memory", "rocksdb"));
    subject->backend().create_pack(Domain::chunk, 1)->append(text("unfinished"));
    auto sink = subject->backend().create_pack(Domain::node, 2);
    sink->append(text("unnamed"));
    sink->finish(text("index"));
    sink.reset();
    REQUIRE(subject->backend().append(commit(1)) == Backend::Append::done);
    subject->reopen();
    CHECK(read_text(subject->backend(), Domain::chunk, Location::of(1, 0)) == "(absent)");
    CHECK(read_text(subject->backend(), Domain::node, Location::of(2, 0)) == "(absent)");
}

TEST_CASE("commits are numbered without gaps, and a number is taken once") {
    const auto subject = make(GENERATE(as<std::string>(), "memory", "rocksdb"));
    CHECK(subject->backend().last_commit() == CommitNumber{0});
    CHECK(subject->backend().append(commit(1)) == Backend::Append::done);
    CHECK(subject->backend().append(commit(1)) == Backend::Append::number_taken);
    CHECK(subject->backend().append(commit(2)) == Backend::Append::done);
    subject->reopen();
    CHECK(subject->backend().last_commit() == CommitNumber{2});
    CHECK(subject->backend().read_commit({1}) == text("entry 1"));
    CHECK(subject->backend().read_commit({3}) == std::nullopt);
    CHECK(subject->backend().append(commit(2)) == Backend::Append::number_taken);
}

TEST_CASE("small packs travel in the commit") {
    const auto subject = make(GENERATE(as<std::string>(), "memory", "rocksdb"));
    CommitBatch batch = commit(1);
    batch.inline_packs.push_back({.number = 3,
                                  .domain = Domain::node,
                                  .items = {text("a"), text("b")},
                                  .sealed_index = text("ab")});
    batch.changes.push_back({Table::packs, pack_row_key(3), text("row")});
    REQUIRE(subject->backend().append(batch) == Backend::Append::done);
    subject->reopen();
    CHECK(read_text(subject->backend(), Domain::node, Location::of(3, 1)) == "b");
    CHECK(subject->backend().read_pack_index(Domain::node, 3) == text("ab"));
}

TEST_CASE("tables are scanned in key order within a prefix") {
    const auto subject = make(GENERATE(as<std::string>(), "memory", "rocksdb"));
    CommitBatch batch = commit(1);
    for (const char* key : {"b2", "a1", "b1", "b3", "c1"})
        batch.changes.push_back({Table::catalog, text(key), text(std::string("v") + key)});
    REQUIRE(subject->backend().append(batch) == Backend::Append::done);
    CommitBatch removal = commit(2);
    removal.changes.push_back({Table::catalog, text("b3"), std::nullopt});
    REQUIRE(subject->backend().append(removal) == Backend::Append::done);
    subject->reopen();
    std::string seen;
    const auto collect = [&](ByteView key, ByteView value) {
        seen += std::string(as_text(key)) + "=" + std::string(as_text(value)) + " ";
        return true;
    };
    subject->backend().scan(Table::catalog, text("b"), {}, collect);
    CHECK(seen == "b1=vb1 b2=vb2 ");
    seen.clear();
    subject->backend().scan(Table::catalog, text("b"), text("b2"), collect);
    CHECK(seen == "b2=vb2 ");
    CHECK(subject->backend().get(Table::catalog, text("b3")) == std::nullopt);
    CHECK(subject->backend().get(Table::catalog, text("a1")) == text("va1"));
}

TEST_CASE("a scan stops when told to, sees one moment, and may be interrupted by other work") {
    const auto subject = make(GENERATE(as<std::string>(), "memory", "rocksdb"));
    Backend& backend = subject->backend();
    CommitBatch batch = commit(1);
    const std::string last_of_all = "\xff\xff";
    for (const std::string& key : {std::string("a"), std::string("b"), last_of_all + "x"})
        batch.changes.push_back({Table::catalog, text(key), text("1")});
    REQUIRE(backend.append(batch) == Backend::Append::done);

    std::string seen;
    backend.scan(Table::catalog, {}, {}, [&](ByteView key, ByteView value) {
        if (seen.empty()) {
            CommitBatch during = commit(2);
            during.changes.push_back({Table::catalog, text("aa"), text("2")});
            during.changes.push_back({Table::catalog, text("b"), text("2")});
            CHECK(backend.append(during) == Backend::Append::done);
        }
        seen += std::string(as_text(key)) + std::string(as_text(value)) + " ";
        return as_text(key) != "b";
    });
    CHECK(seen == "a1 b1 ");
    std::size_t rows = 0;
    const auto count = [&](ByteView, ByteView) { return ++rows != 0; };
    backend.scan(Table::catalog, text(last_of_all), {}, count);
    CHECK(rows == 1);
    backend.scan(Table::catalog, text("a"), text("b"), count);
    CHECK(rows == 1);
    backend.scan(Table::catalog, text("b"), text("a"), count);
    CHECK(rows == 2);
    backend.scan(Table::index, {}, {}, count);
    CHECK(rows == 2);
}

TEST_CASE("packs that are filled at once, of both domains, come with one commit in any order") {
    const auto subject = make(GENERATE(as<std::string>(), "memory", "rocksdb"));
    Backend& backend = subject->backend();
    auto first = backend.create_pack(Domain::chunk, 1);
    auto second = backend.create_pack(Domain::node, 2);
    auto third = backend.create_pack(Domain::chunk, 3);
    for (const char* item : {"0", "1", "2"}) {
        third->append(text(std::string("third ") + item));
        first->append(text(std::string("first ") + item));
        second->append(text(std::string("second ") + item));
    }
    third->finish(text("index 3"));
    second->finish(text("index 2"));
    CommitBatch batch = commit(1);
    batch.finished_packs = {3, 2};
    batch.inline_packs.push_back({4, Domain::chunk, {text("small"), {}}, text("index 4")});
    for (const std::uint64_t number : {2, 3, 4})
        batch.changes.push_back({Table::packs, pack_row_key(number), text("row")});
    REQUIRE(backend.append(batch) == Backend::Append::done);
    first->finish(text("index 1"));
    batch = commit(2);
    batch.finished_packs = {1};
    batch.changes.push_back({Table::packs, pack_row_key(1), text("row")});
    REQUIRE(backend.append(batch) == Backend::Append::done);
    first.reset(), second.reset(), third.reset();
    subject->reopen();
    CHECK(read_text(subject->backend(), Domain::chunk, Location::of(1, 2)) == "first 2");
    CHECK(read_text(subject->backend(), Domain::node, Location::of(2, 1)) == "second 1");
    CHECK(read_text(subject->backend(), Domain::chunk, Location::of(3, 0)) == "third 0");
    CHECK(read_text(subject->backend(), Domain::chunk, Location::of(4, 0)) == "small");
    CHECK(read_text(subject->backend(), Domain::chunk, Location::of(4, 1)) == "");
    CHECK(read_text(subject->backend(), Domain::chunk, Location::of(4, 2)) == "(absent)");
    CHECK(subject->backend().read_pack_index(Domain::chunk, 3) == text("index 3"));
}

TEST_CASE("the index of a pack is not one of its items") {
    const auto subject = make(GENERATE(as<std::string>(), "memory", "rocksdb"));
    CommitBatch batch = commit(1);
    batch.inline_packs.push_back({1, Domain::chunk, {text("item")}, text("index")});
    batch.changes.push_back({Table::packs, pack_row_key(1), text("row")});
    REQUIRE(subject->backend().append(batch) == Backend::Append::done);
    CHECK(read_text(subject->backend(), Domain::chunk, Location::of(1, Location::items_max - 1)) ==
          "(absent)");
}

TEST_CASE("reading into a buffer uses its memory again") {
    const auto subject = make(GENERATE(as<std::string>(), "memory", "rocksdb"));
    CommitBatch batch = commit(1);
    batch.inline_packs.push_back(
        {1, Domain::chunk, {text("a long item"), text("short"), Bytes(100)}, text("index")});
    batch.changes.push_back({Table::packs, pack_row_key(1), text("row")});
    REQUIRE(subject->backend().append(batch) == Backend::Append::done);
    Buffer into;
    REQUIRE(subject->backend().read(Domain::chunk, Location::of(1, 0), into));
    const std::byte* memory = into.data();
    REQUIRE(subject->backend().read(Domain::chunk, Location::of(1, 1), into));
    CHECK(into.data() == memory);
    CHECK(as_text(into) == "short");
    REQUIRE(subject->backend().read(Domain::chunk, Location::of(1, 2), into));
    CHECK(into.size() == 100);
}

TEST_CASE("small packs are dropped too, and so are those that no commit named") {
    const auto subject = make(GENERATE(as<std::string>(), "memory", "rocksdb"));
    CommitBatch batch = commit(1);
    for (const std::uint64_t number : {1, 2, 3}) {
        batch.inline_packs.push_back({number, Domain::node, {text("item")}, text("index")});
        batch.changes.push_back({Table::packs, pack_row_key(number), text("row")});
    }
    REQUIRE(subject->backend().append(batch) == Backend::Append::done);
    auto sink = subject->backend().create_pack(Domain::chunk, 4);
    sink->append(text("item"));
    sink->finish(text("index"));
    subject->backend().drop_pack(Domain::node, 2);
    subject->backend().drop_pack(Domain::node, 2);
    subject->backend().drop_pack(Domain::chunk, 1);  // the other domain's number: no such pack
    subject->backend().drop_pack(Domain::chunk, 4);
    subject->backend().drop_pack(Domain::chunk, 99);
    sink.reset();
    subject->reopen();
    CHECK(read_text(subject->backend(), Domain::node, Location::of(1, 0)) == "item");
    CHECK(read_text(subject->backend(), Domain::node, Location::of(2, 0)) == "(absent)");
    CHECK(subject->backend().read_pack_index(Domain::node, 2) == std::nullopt);
    CHECK(read_text(subject->backend(), Domain::node, Location::of(3, 0)) == "item");
    CHECK(read_text(subject->backend(), Domain::chunk, Location::of(4, 0)) == "(absent)");
}

namespace {

std::string pieces_from(const Backend& backend, const TailKey& first) {
    std::string seen;
    backend.scan_tails(first, [&](const TailKey& key, ByteView sealed) {
        seen += fmt::format("{}.{}.{}={} ", key.tail.source, key.tail.incarnation, key.position,
                            as_text(sealed));
        return true;
    });
    return seen;
}

}  // namespace

TEST_CASE("pieces of tails are there when their append returns, in the order of their keys") {
    const auto subject = make(GENERATE(as<std::string>(), "memory", "rocksdb"));
    const std::uint64_t far = std::uint64_t{1} << 40;
    subject->backend().append_tail({{2, 1}, 0}, text("d"));
    subject->backend().append_tail({{1, 2}, 5}, text("c"));
    subject->backend().append_tail({{1, 1}, far}, text("b"));
    subject->backend().append_tail({{1, 1}, 300}, text("old"));
    subject->backend().append_tail({{1, 1}, 300}, text("a"));
    for (int round = 0; round < 2; ++round) {
        const Backend& backend = subject->backend();
        CHECK(pieces_from(backend, {}) == fmt::format("1.1.300=a 1.1.{}=b 1.2.5=c 2.1.0=d ", far));
        CHECK(pieces_from(backend, {{1, 1}, 301}) == fmt::format("1.1.{}=b 1.2.5=c 2.1.0=d ", far));
        std::string seen;
        backend.scan_tails({}, [&](const TailKey&, ByteView sealed) {
            seen += as_text(sealed);
            return seen.size() < 2;
        });
        CHECK(seen == "ab");
        CHECK(backend.last_piece({1, 1}, TailDrop::everything)->position == far);
        CHECK(backend.last_piece({1, 1}, far)->sealed == text("a"));
        CHECK_FALSE(backend.last_piece({1, 1}, 300).has_value());
        CHECK(backend.last_piece({1, 2}, 6)->sealed == text("c"));
        CHECK_FALSE(backend.last_piece({1, 3}, TailDrop::everything).has_value());
        CHECK_FALSE(backend.lost_piece().has_value());
        subject->reopen();
    }
}

TEST_CASE("a commit takes away what of a tail begins below a position, and nothing else") {
    const auto subject = make(GENERATE(as<std::string>(), "memory", "rocksdb"));
    for (const std::uint64_t position : {10, 20, 30}) {
        subject->backend().append_tail({{1, 1}, position}, text("x"));
        subject->backend().append_tail({{1, 2}, position}, text("y"));
    }
    CommitBatch batch = commit(1);
    batch.tail_drops = {{{1, 1}, 30}, {{1, 2}, TailDrop::everything}, {{7, 7}, 5}};
    REQUIRE(subject->backend().append(batch) == Backend::Append::done);
    CHECK(pieces_from(subject->backend(), {}) == "1.1.30=x ");
    REQUIRE(subject->backend().append(batch) == Backend::Append::number_taken);
    subject->backend().append_tail({{1, 2}, 40}, text("z"));
    subject->reopen();
    CHECK(pieces_from(subject->backend(), {}) == "1.1.30=x 1.2.40=z ");
    CHECK(subject->backend().last_piece({1, 2}, 41)->sealed == text("z"));
    CHECK_FALSE(subject->backend().last_piece({1, 2}, 40).has_value());
}

TEST_CASE("several tails are appended to at once, beside commits that drop") {
    const auto subject = make(GENERATE(as<std::string>(), "memory", "rocksdb"));
    Backend& backend = subject->backend();
    std::atomic<std::uint32_t> appending = 0;
    std::jthread committer([&] {
        std::uint64_t number = 0;
        do {
            CommitBatch batch = commit(++number);
            batch.tail_drops = {{{9, 0}, number}};
            backend.append_tail({{9, 0}, number}, text("folded"));
            backend.append(batch);
        } while (appending < 3);
    });
    test::in_threads(3, [&](unsigned thread) {
        bool good = true;
        for (std::uint64_t piece = 0; piece < 50; ++piece) {
            const TailKey key{{thread, 1}, piece};
            backend.append_tail(key, text(fmt::format("{} {}", thread, piece)));
            good = good && backend.last_piece(key.tail, piece + 1)->position == piece;
        }
        ++appending;
        return good;
    });
    committer.join();
    subject->reopen();
    std::size_t pieces = 0;
    subject->backend().scan_tails({}, [&](const TailKey& key, ByteView) {
        pieces += key.tail.source == 9 ? 0 : 1;
        return true;
    });
    CHECK(pieces == 150);
    CHECK(subject->backend().last_piece({9, 0}, TailDrop::everything).has_value());
}

TEST_CASE("readers are not disturbed by commits and drops") {
    const auto subject = make(GENERATE(as<std::string>(), "memory", "rocksdb"));
    Backend& backend = subject->backend();
    std::atomic<std::uint64_t> committed = 0;
    std::atomic<bool> done = false;
    std::jthread committer([&] {
        for (std::uint64_t number = 1; number <= 40; ++number) {
            auto sink = backend.create_pack(Domain::chunk, number);
            for (int item = 0; item < 20; ++item)
                sink->append(text(fmt::format("{} {}", number, item)));
            sink->finish(text("index"));
            CommitBatch batch = commit(number);
            batch.finished_packs = {number};
            batch.changes.push_back({Table::packs, pack_row_key(number), text("row")});
            backend.append(batch);
            committed = number;
            if (number % 4 == 0) backend.drop_pack(Domain::chunk, number - 3);
        }
        done = true;
    });
    test::in_threads(3, [&](unsigned thread) {
        SeededRandom random(thread);
        Buffer into;
        bool good = true;
        do {
            const std::uint64_t number = 1 + random.below(committed + 1);
            const auto item = static_cast<std::uint32_t>(random.below(20));
            const std::uint64_t known = committed;
            const bool read = backend.read(Domain::chunk, Location::of(number, item), into);
            if (!read && number <= known && number % 4 != 1) good = false;
            if (read && as_text(into) != fmt::format("{} {}", number, item)) good = false;
        } while (!done);
        return good;
    });
    CHECK(committed == 40);
}

TEST_CASE("dropping a pack takes it away and gives its space back") {
    const auto subject = make(GENERATE(as<std::string>(), "memory", "rocksdb"));
    auto sink = subject->backend().create_pack(Domain::chunk, 5);
    const Bytes megabyte(1 << 20, std::byte{1});
    for (int i = 0; i < 8; ++i) sink->append(megabyte);
    sink->finish(text("index"));
    CommitBatch batch = commit(1);
    batch.finished_packs = {5};
    batch.changes.push_back({Table::packs, pack_row_key(5), text("row")});
    REQUIRE(subject->backend().append(batch) == Backend::Append::done);
    const std::uint64_t before = subject->backend().stored_bytes();
    CHECK(before >= 8u << 20);
    subject->backend().drop_pack(Domain::chunk, 5);
    subject->backend().drop_pack(Domain::chunk, 5);
    CHECK(read_text(subject->backend(), Domain::chunk, Location::of(5, 0)) == "(absent)");
    CHECK(subject->backend().stored_bytes() + (8u << 20) <= before);
}
