// SPDX-License-Identifier: Apache-2.0
/// Log tails of a store: what is read back, what is refused, what is noticed.
#include <yore/store/tail.h>

#include <set>

#include "../format/golden.h"
#include "store/tail_piece.h"
#include "store_fixture.h"

using namespace yore;
using namespace yore::store;
using namespace yore::test;

namespace {

constexpr TailId tail_of_three{3, 1};

Bytes text(std::string_view value) {
    return to_bytes(as_bytes(value));
}

std::string read_from(const Store& store, TailId id, std::uint64_t from = 0) {
    std::string seen;
    store.read_tail(id, from, [&](std::uint64_t position, ByteView plain) {
        seen += fmt::format("{}={} ", position, as_text(plain));
        return true;
    });
    return seen;
}

void append_words(Store& store, TailId id, std::uint64_t position,
                  std::initializer_list<std::string_view> words) {
    Tail tail = store.open_tail(id);
    for (const std::string_view word : words) {
        tail.append(position, as_bytes(word));
        position += word.size();
    }
}

/// The pieces as the backend has them.
std::map<TailKey, Bytes> stored_pieces(const Backend& backend) {
    std::map<TailKey, Bytes> pieces;
    backend.scan_tails({}, [&](const TailKey& key, ByteView sealed) {
        pieces[key] = to_bytes(sealed);
        return true;
    });
    return pieces;
}

std::string message_of_reading(const Store& store, TailId id) {
    const Error error = error_of([&] { read_from(store, id); });
    CHECK(error.code() == Errc::corrupt);
    return error.what();
}

}  // namespace

TEST_CASE("A tail is read back as it was appended, by this process and the next") {
    const MemoryRepository repository(GENERATE(Encryption::aes_256_gcm, Encryption::none));
    SeededRandom random(1);
    const Bytes wal = text_bytes(random, 200'000), noise = random_bytes(random, 100'000);
    auto store = repository.open();
    {
        Tail tail = store->open_tail(tail_of_three);
        CHECK_FALSE(tail.end().has_value());
        tail.append(1'000, wal);
        tail.append(201'000, noise);
        tail.append(301'000, text("x"));
        CHECK(tail.end() == 301'001);
    }
    for (int round = 0; round < 2; ++round) {
        CHECK(store->open_tail(tail_of_three).end() == 301'001);
        std::uint64_t end = 1'000;
        Bytes all;
        store->read_tail(tail_of_three, 0, [&](std::uint64_t position, ByteView plain) {
            CHECK(position == end);
            end += plain.size();
            all.insert(all.end(), plain.begin(), plain.end());
            return true;
        });
        CHECK(end == 301'001);
        CHECK(equal(ByteView(all).first(200'000), wal));
        CHECK(equal(ByteView(all).subspan(200'000, 100'000), noise));
        store = repository.open();
    }
    append_words(*store, tail_of_three, 301'001, {"and on"});
    CHECK(read_from(*store, tail_of_three, 301'000) == "301000=x 301001=and on ");
    CHECK(store->tails() == std::vector{tail_of_three});
    const StoreStats stats = store->stats();
    CHECK(stats.tail_pieces == 4);
    CHECK(stats.tail_stored_bytes < 100'000 + 200'000 / 2);  // text is compressed
    CHECK(store->check_tables().empty());
}

TEST_CASE("Reading begins with the piece that holds the position") {
    const MemoryRepository repository;
    const auto store = repository.open();
    append_words(*store, {1, 1}, 10, {"abc", "de"});
    append_words(*store, {1, 2}, 10, {"other"});
    CHECK(read_from(*store, {1, 1}, 0) == "10=abc 13=de ");
    CHECK(read_from(*store, {1, 1}, 10) == "10=abc 13=de ");
    CHECK(read_from(*store, {1, 1}, 12) == "10=abc 13=de ");
    CHECK(read_from(*store, {1, 1}, 13) == "13=de ");
    CHECK(read_from(*store, {1, 1}, 14) == "13=de ");
    CHECK(read_from(*store, {1, 1}, 15).empty());
    CHECK(read_from(*store, {9, 9}).empty());
    CHECK(store->tails() == std::vector<TailId>{{1, 1}, {1, 2}});
}

TEST_CASE("A piece must follow the one before it, have bytes, and not too many") {
    const MemoryRepository repository;
    const auto store = repository.open();
    Tail tail = store->open_tail({1, 1});
    const auto refused = [&](std::uint64_t position, ByteView plain) {
        return error_of([&] { tail.append(position, plain); }).code() == Errc::invalid;
    };
    CHECK(refused(0, {}));
    CHECK(refused(0, Bytes(tail_piece_bytes_max + 1)));
    CHECK(refused(TailDrop::everything - 1, text("x")));
    tail.append(5, Bytes(tail_piece_bytes_max));
    const std::uint64_t end = 5 + tail_piece_bytes_max;
    CHECK(refused(end - 1, text("x")));
    CHECK(refused(end + 1, text("x")));
    tail.append(end, text("x"));
    CHECK(error_of([&] { store->open_tail({1, 1}); }).code() == Errc::busy);
    CHECK_FALSE(store->open_tail({1, 2}).end().has_value());
    const auto read_only = repository.open({.read_only = true});
    CHECK(error_of([&] { read_only->open_tail({1, 1}); }).code() == Errc::read_only);
    CHECK(read_from(*read_only, {1, 1}, end) == fmt::format("{}=x ", end));
}

TEST_CASE("A commit takes the pieces away that its segment has taken in, whole ones only") {
    const MemoryRepository repository;
    const auto store = repository.open();
    Tail tail = store->open_tail({1, 1});
    tail.append(10, text("abc"));
    tail.append(13, text("de"));
    tail.append(15, text("f"));
    const RecordChange segment = put_record("segment", "10 to 15");
    const TailDrop cut{{1, 1}, 14}, whole{{1, 1}, 15};
    CHECK(error_of([&] { store->commit({&segment, 1}, {&cut, 1}); }).code() == Errc::invalid);
    auto writer = store->write();
    CHECK(error_of([&] { writer->commit({&segment, 1}, {&cut, 1}); }).code() == Errc::invalid);
    CHECK_FALSE(store->record(as_bytes("segment")).has_value());
    put_chunk(*writer, text("abcde"));
    writer->commit({&segment, 1}, {&whole, 1});
    CHECK(store->record(as_bytes("segment")) == text("10 to 15"));
    CHECK(read_from(*store, {1, 1}) == "15=f ");
    const TailDrop rest{{1, 1}};
    store->commit({}, {&rest, 1});
    CHECK(store->tails().empty());
    CHECK(store->stats().tail_pieces == 0);
    // Who appends goes on where it was.
    CHECK(error_of([&] { tail.append(99, text("gap")); }).code() == Errc::invalid);
    tail.append(16, text("gh"));
    CHECK(read_from(*repository.open(), {1, 1}) == "16=gh ");
    CHECK(store->check_tables().empty());
}

TEST_CASE("Damage, a hole and a piece of another history are named") {
    const MemoryRepository repository(GENERATE(Encryption::aes_256_gcm, Encryption::none));
    const auto store = repository.open();
    append_words(*store, {1, 1}, 0, {"aa", "bb", "cc", "dd"});
    append_words(*store, {1, 2}, 0, {"aa"});
    append_words(*store, {1, 2}, 2, {"bb", "cc"});
    append_words(*store, {7, 2}, 6, {"x"});
    const auto pieces = stored_pieces(*repository.backend);
    const auto expect = [&](TailId id, const std::string& start, std::size_t findings) {
        CHECK(message_of_reading(*store, id).starts_with(start));
        const auto found = store->check_tables();
        REQUIRE(found.size() == findings);
        CHECK(found[0].starts_with(start));
    };
    SECTION("a flipped bit") {
        Bytes damaged = pieces.at({{1, 1}, 2});
        damaged[60] ^= std::byte{1};
        repository.backend->append_tail({{1, 1}, 2}, damaged);
        expect({1, 1}, "tail of source 1, incarnation 1, piece at 2: it is damaged", 1);
        CHECK(store->open_tail({1, 1}).end() == 8);
        const TailDrop past_it{{1, 1}, 4};
        store->commit({}, {&past_it, 1});
        CHECK(read_from(*store, {1, 1}) == "4=cc 6=dd ");
    }
    SECTION("the last piece cut short") {
        repository.backend->append_tail({{1, 2}, 4}, Bytes(40));
        expect({1, 2}, "tail of source 1, incarnation 2, piece at 4: it is cut short", 1);
        CHECK(error_of([&] { store->open_tail({1, 2}); }).code() == Errc::corrupt);
    }
    SECTION("a piece under another position") {
        repository.backend->append_tail({{7, 2}, 7}, pieces.at({{7, 2}, 6}));
        expect({7, 2}, "tail of source 7, incarnation 2, piece at 7: it is damaged", 1);
    }
    SECTION("a piece at a position that nothing reaches") {
        append_words(*store, {1, 3}, 0, {"aa"});
        const auto first = stored_pieces(*repository.backend).at({{1, 3}, 0});
        const TailDrop all{{1, 3}};
        store->commit({}, {&all, 1});
        append_words(*store, {1, 3}, 3, {"bb"});
        repository.backend->append_tail({{1, 3}, 0}, first);
        expect({1, 3}, "tail of source 1, incarnation 3, piece at 3: it does not follow", 1);
    }
    SECTION("a piece from another course of events") {
        const TailDrop all{{1, 1}};
        store->commit({}, {&all, 1});
        append_words(*store, {1, 1}, 0, {"AA", "BB", "CC"});
        repository.backend->append_tail({{1, 1}, 2}, pieces.at({{1, 1}, 2}));
        expect({1, 1}, "tail of source 1, incarnation 1, piece at 2: it does not follow", 2);
    }
}

TEST_CASE("No nonce comes twice under one key, whoever appends when") {
    const MemoryRepository repository;
    std::set<Bytes> salts_and_counters, salts;
    constexpr std::size_t header = sizeof(PieceTag);
    std::uint64_t position = 0;
    const auto append = [&](Tail& tail, std::uint64_t pieces) {
        for (; pieces > 0; --pieces) tail.append(position++, text("x"));
    };
    {
        const auto store = repository.open();
        Tail tail = store->open_tail({1, 1});
        append(tail, pieces_per_salt + 3);
    }
    for (int session = 0; session < 3; ++session) {
        const auto store = repository.open();
        Tail tail = store->open_tail({1, 1});
        append(tail, 2);
    }
    repository.backend->scan_tails({}, [&](const TailKey&, ByteView stored) {
        salts_and_counters.insert(to_bytes(stored.subspan(header + 8, 16 + 8)));
        salts.insert(to_bytes(stored.subspan(header + 8, 16)));
        return true;
    });
    CHECK(salts_and_counters.size() == position);
    CHECK(salts.size() == 2 + 3);
}

TEST_CASE("A piece has its golden bytes") {
    const PieceTag predecessor{std::byte{0xaa}, std::byte{0xbb}};
    const TailKey key{{3, 1}, 0x3000060};
    struct Golden {
        Encryption encryption;
        std::string seal_start, tagged_body;
    };
    const auto [encryption, seal_start, tagged_body] =
        GENERATE(values<Golden>({{Encryption::aes_256_gcm,
                                  "0101000600000000"
                                  "69cf54ca7851d549dc24264d5a11229a",
                                  "9123bb0be7e47c880dd8d5364a"
                                  "2a78667fea39e34b9debaff4a4cf7ea9"},
                                 {Encryption::none,
                                  "0102000600000000"
                                  "00000000000000000000000000000000",
                                  "612073686f7274207069656365"
                                  "7e24867247e90ca9f71520ef3d9c7e4e"}}));
    const std::string golden = "aabb0000000000000000000000000000" + seal_start +
                               "0000000000000000" + "0d000000" + tagged_body;
    const Keys keys = keys_from(7, encryption);
    const SealKeys seal_keys(keys);
    const Codec codec(seal_keys);
    SeededRandom random(5);
    const Sealer sealer(seal_keys, SealKind::tail, random);
    const Buffer stored = seal_piece(codec, sealer, key, predecessor, text("a short piece"));
    CHECK(to_hex(stored) == golden);
    const OpenedPiece opened = open_piece(codec, key, from_hex(golden));
    CHECK(as_text(opened.plain) == "a short piece");
    CHECK(opened.predecessor == predecessor);
    CHECK(equal(opened.tag, stored.view().last(16)));
}
