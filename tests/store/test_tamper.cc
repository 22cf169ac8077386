// SPDX-License-Identifier: Apache-2.0
//
// Each byte of each value that a small repository stores is changed in turn. Then everything is
// read: what is returned is right or it is an error that names the object, and the change is found.
#include <map>
#include <variant>

#include "store_fixture.h"

using namespace yore;
using namespace yore::store;
using namespace yore::test;

namespace {

struct ItemPlace {
    Domain domain;
    Location location;
    bool operator==(const ItemPlace&) const = default;
};
struct IndexPlace {
    Domain domain;
    std::uint64_t number;
    bool operator==(const IndexPlace&) const = default;
};
struct RowPlace {
    Table table;
    Bytes key;
    bool operator==(const RowPlace&) const = default;
};
using Place = std::variant<ItemPlace, IndexPlace, CommitNumber, RowPlace>;

/// Changes one byte of one value on the way from a sound backend.
class Tampering final : public SharedBackend {
  public:
    using SharedBackend::SharedBackend;
    Place place;
    std::size_t at = 0;
    std::byte change{};

    bool read(Domain domain, Location location, Buffer& into) const override {
        if (!SharedBackend::read(domain, location, into)) return false;
        if (place == Place(ItemPlace{domain, location})) into.data()[at] ^= change;
        return true;
    }
    std::optional<Bytes> read_pack_index(Domain domain, std::uint64_t number) const override {
        return changed(SharedBackend::read_pack_index(domain, number), IndexPlace{domain, number});
    }
    std::optional<Bytes> read_commit(CommitNumber number) const override {
        return changed(SharedBackend::read_commit(number), number);
    }
    std::optional<Bytes> get(Table table, ByteView key) const override {
        return changed(SharedBackend::get(table, key), RowPlace{table, to_bytes(key)});
    }
    void scan(Table table, ByteView prefix, ByteView first,
              const std::function<bool(ByteView, ByteView)>& visit) const override {
        SharedBackend::scan(table, prefix, first, [&](ByteView key, ByteView value) {
            auto bytes = changed(to_bytes(value), RowPlace{table, to_bytes(key)});
            return visit(key, *bytes);
        });
    }

  private:
    std::optional<Bytes> changed(std::optional<Bytes> value, const Place& of) const {
        if (value && place == of) (*value)[at] ^= change;
        return value;
    }
};

struct Small {
    explicit Small(Encryption encryption) : repository(encryption) {
        auto store = repository.open();
        auto writer = store->write();
        SeededRandom random(1);
        const Bytes before = text_bytes(random, 200);
        Bytes after = before;
        after[100] ^= std::byte{1};
        auto plain = std::make_shared<const Buffer>(Buffer::copy_of(before));
        const ChunkId base = put_chunk(*writer, before);
        chunks[base] = before;
        nodes[writer->put_node(as_bytes("node"))] = to_bytes(as_bytes("node"));
        auto record = put_record("key", "value");
        writer->commit({&record, 1});
        const ChunkHints hints{.base = [&] { return DeltaBase{base, plain}; }};
        const ChunkId delta = put_chunk(*writer, after, hints);
        chunks[delta] = after;
        writer->commit({});
        REQUIRE(store->find(delta)->base);
        REQUIRE(store->check_tables().empty());
        collect_places(*store);
    }

    void collect_places(const Store& store) {
        const Backend& backend = *repository.backend;
        for (const PackInfo& pack : store.packs())
            store.list_objects(pack.number, [&](const Store::Listed& listed) {
                places[name_of(listed.domain, listed.id)] = {
                    ItemPlace{listed.domain, listed.info.location}, listed.info.stored_bytes};
            });
        for (Table table : {Table::index, Table::catalog, Table::packs}) {
            backend.scan(table, {}, {}, [&](ByteView key, ByteView value) {
                places[fmt::format("row {}/{}", static_cast<int>(table), to_hex(key))] = {
                    RowPlace{table, to_bytes(key)}, value.size()};
                return true;
            });
        }
        for (std::uint64_t number = 1; number <= backend.last_commit().value; ++number) {
            places[fmt::format("commit {}", number)] = {CommitNumber{number},
                                                        backend.read_commit({number})->size()};
        }
        for (std::uint64_t number = 1; number < 10; ++number) {
            for (Domain domain : {Domain::chunk, Domain::node}) {
                auto index = backend.read_pack_index(domain, number);
                if (!index) continue;
                places[fmt::format("index of pack {}", number)] = {IndexPlace{domain, number},
                                                                   index->size()};
            }
        }
    }

    MemoryRepository repository;
    std::map<ChunkId, Bytes> chunks;
    std::map<NodeId, Bytes> nodes;
    struct Value {
        Place place;
        std::size_t size;
    };
    std::map<std::string, Value> places;
};

/// The errors that reading everything meets. A wrong byte fails the test.
class ReadAll {
  public:
    explicit ReadAll(const Small& small) : small_(small) {}
    std::vector<std::string> run(std::unique_ptr<Backend> backend) {
        attempt("", [&] {
            Store store(std::move(backend), keys_from(7, small_.repository.encryption),
                        {.writer = "host/1"}, small_.repository.clock);
            read_objects(store);
            attempt("record", [&] {
                if (!equal(*store.record(as_bytes("key")), as_bytes("value"))) FAIL("record");
            });
            attempt("pack", [&] { store.stats(); });
            attempt("pack", [&] {
                for (const PackInfo& pack : store.packs())
                    store.list_objects(pack.number, [](const auto&) {});
            });
            for (const std::string& finding : store.check_tables()) errors_.push_back(finding);
        });
        return std::move(errors_);
    }

  private:
    void read_objects(const Store& store) {
        for (const auto& [id, plain] : small_.chunks) {
            attempt(id.hex(), [&, &key = id, &bytes = plain] {
                if (!equal(store.get(key), bytes)) FAIL("wrong bytes of a chunk");
            });
        }
        for (const auto& [id, plain] : small_.nodes) {
            attempt(id.hex(), [&, &key = id, &bytes = plain] {
                if (!equal(store.get(key), bytes)) FAIL("wrong bytes of a node");
            });
        }
    }
    template <typename Step>
    void attempt(const std::string& object, Step&& step) {
        try {
            step();
        } catch (const Error& error) {
            errors_.emplace_back(error.what());
            const bool fitting = error.code() == Errc::corrupt || error.code() == Errc::unsupported;
            if (!fitting) FAIL("not damage: " << error.what());
            if (errors_.back().find(object) == std::string::npos) FAIL(error.what());
        }
    }

    const Small& small_;
    std::vector<std::string> errors_;
};

}  // namespace

TEST_CASE("A changed byte anywhere is found and never turns into a wrong byte") {
    const Small small(GENERATE(Encryption::aes_256_gcm, Encryption::none));
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    std::size_t changed = 0;
    for (const auto& [name, value] : small.places) {
        for (std::size_t at = 0; at < value.size; ++at) {
            auto backend = std::make_unique<Tampering>(small.repository.backend);
            backend->place = value.place;
            backend->at = at;
            backend->change = static_cast<std::byte>(1 + random.below(255));
            const auto errors = ReadAll(small).run(std::move(backend));
            if (errors.empty()) FAIL(name << ": byte " << at << " changed, and nobody noticed");
            ++changed;
        }
    }
    CHECK(small.places.size() >= 3 + 3 + 3 + 3 + 3 + 1);
    CHECK(changed > 1000);
}
