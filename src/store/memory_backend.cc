// SPDX-License-Identifier: Apache-2.0
/// A backend in memory, for tests: the same promises but durability.
#include <yore/base/error.h>
#include <yore/base/guarded.h>
#include <yore/store/backend.h>

#include <algorithm>
#include <map>
#include <utility>

namespace yore::store {
namespace {

struct Pack {
    Domain domain = Domain::chunk;
    std::vector<Bytes> items;
    Bytes sealed_index;
    std::uint64_t bytes = 0;
    bool readable = false;  ///< a commit named it
};

struct Contents {
    std::map<std::uint64_t, Pack> packs;
    std::map<std::uint64_t, Bytes> commits;
    std::map<Table, std::map<Bytes, Bytes>> tables;
    std::map<TailKey, Bytes> tails;
};
using Shared = std::shared_ptr<Guarded<Contents>>;

class MemorySink final : public PackSink {
  public:
    MemorySink(Shared contents, Domain domain, std::uint64_t number)
        : contents_(std::move(contents)), number_(number) {
        pack_.domain = domain;
    }

    void append(ByteView sealed) override {
        YORE_ENSURE(!finished_ && pack_.items.size() < Location::items_max - 1);
        pack_.items.push_back(to_bytes(sealed));
        pack_.bytes += sealed.size();
    }
    void finish(ByteView sealed_index) override {
        YORE_ENSURE(!finished_);
        finished_ = true;
        pack_.sealed_index = to_bytes(sealed_index);
        contents_->with([&](Contents& contents) { contents.packs[number_] = std::move(pack_); });
    }
    std::uint64_t bytes() const override { return pack_.bytes; }

  private:
    Shared contents_;
    std::uint64_t number_;
    Pack pack_;
    bool finished_ = false;
};

void apply(Contents& contents, const CommitBatch& batch) {
    for (const std::uint64_t number : batch.finished_packs) {
        const auto found = contents.packs.find(number);
        YORE_ENSURE(found != contents.packs.end());
        found->second.readable = true;
    }
    for (const InlinePack& inlined : batch.inline_packs) {
        Pack& pack = contents.packs[inlined.number];
        pack = {.domain = inlined.domain,
                .items = inlined.items,
                .sealed_index = inlined.sealed_index,
                .bytes = 0,
                .readable = true};
        for (const Bytes& item : pack.items) pack.bytes += item.size();
    }
    for (const TableChange& change : batch.changes) {
        auto& table = contents.tables[change.table];
        if (change.value)
            table[change.key] = *change.value;
        else
            table.erase(change.key);
    }
    for (const TailDrop& drop : batch.tail_drops)
        contents.tails.erase(contents.tails.lower_bound({drop.tail, 0}),
                             contents.tails.lower_bound({drop.tail, drop.below}));
    contents.commits[batch.number.value] = batch.sealed_entry;
}

class MemoryBackend final : public Backend {
  public:
    std::unique_ptr<PackSink> create_pack(Domain domain, std::uint64_t number) override {
        return std::make_unique<MemorySink>(contents_, domain, number);
    }

    bool read(Domain domain, Location location, Buffer& into) const override {
        return contents_->with([&](const Contents& contents) {
            const Pack* pack = readable(contents, domain, location.pack_number());
            if (pack == nullptr || location.item() >= pack->items.size()) return false;
            const Bytes& item = pack->items[location.item()];
            if (into.capacity() < item.size()) into = Buffer(item.size());
            into.resize_within(item.size());
            std::ranges::copy(item, into.span().begin());
            return true;
        });
    }

    std::optional<Bytes> read_pack_index(Domain domain, std::uint64_t number) const override {
        return contents_->with([&](const Contents& contents) -> std::optional<Bytes> {
            const Pack* pack = readable(contents, domain, number);
            return pack ? std::optional(pack->sealed_index) : std::nullopt;
        });
    }

    void drop_pack(Domain domain, std::uint64_t number) override {
        contents_->with([&](Contents& contents) {
            const auto found = contents.packs.find(number);
            if (found != contents.packs.end() && found->second.domain == domain)
                contents.packs.erase(found);
        });
    }

    Append append(const CommitBatch& batch) override {
        return contents_->with([&](Contents& contents) {
            const std::uint64_t last =
                contents.commits.empty() ? 0 : contents.commits.rbegin()->first;
            if (batch.number.value <= last) return Append::number_taken;
            YORE_ENSURE(batch.number.value == last + 1);
            apply(contents, batch);
            return Append::done;
        });
    }

    std::optional<Bytes> read_commit(CommitNumber number) const override {
        return contents_->with([&](const Contents& contents) -> std::optional<Bytes> {
            const auto found = contents.commits.find(number.value);
            return found == contents.commits.end() ? std::nullopt : std::optional(found->second);
        });
    }

    CommitNumber last_commit() const override {
        return contents_->with([](const Contents& contents) {
            return CommitNumber{contents.commits.empty() ? 0 : contents.commits.rbegin()->first};
        });
    }

    std::optional<Bytes> get(Table table, ByteView key) const override {
        return contents_->with([&](const Contents& contents) -> std::optional<Bytes> {
            const auto rows = contents.tables.find(table);
            if (rows == contents.tables.end()) return std::nullopt;
            const auto found = rows->second.find(to_bytes(key));
            return found == rows->second.end() ? std::nullopt : std::optional(found->second);
        });
    }

    void scan(Table table, ByteView prefix, ByteView first,
              const std::function<bool(ByteView, ByteView)>& visit) const override {
        // A copy of what matches: `visit` may call the backend again.
        const auto rows = contents_->with([&](const Contents& contents) {
            std::vector<std::pair<Bytes, Bytes>> matching;
            const auto found = contents.tables.find(table);
            if (found == contents.tables.end()) return matching;
            const Bytes start = std::max(to_bytes(prefix), to_bytes(first));
            for (auto row = found->second.lower_bound(start); row != found->second.end(); ++row) {
                if (row->first.size() < prefix.size() ||
                    !equal(ByteView(row->first).first(prefix.size()), prefix))
                    break;
                matching.emplace_back(*row);
            }
            return matching;
        });
        for (const auto& [key, value] : rows)
            if (!visit(key, value)) return;
    }

    void append_tail(const TailKey& key, ByteView sealed) override {
        contents_->with([&](Contents& contents) { contents.tails[key] = to_bytes(sealed); });
    }

    void scan_tails(const TailKey& first, const TailVisitor& visit) const override {
        const auto pieces = contents_->with([&](const Contents& contents) {
            return std::map(contents.tails.lower_bound(first), contents.tails.end());
        });
        for (const auto& [key, sealed] : pieces)
            if (!visit(key, sealed)) return;
    }

    std::optional<StoredPiece> last_piece(TailId tail, std::uint64_t below) const override {
        return contents_->with([&](const Contents& contents) -> std::optional<StoredPiece> {
            auto piece = contents.tails.lower_bound({tail, below});
            if (piece == contents.tails.begin() || (--piece)->first.tail != tail)
                return std::nullopt;
            return StoredPiece{piece->first.position, piece->second};
        });
    }
    std::optional<TailKey> lost_piece() const override { return std::nullopt; }

    std::uint64_t stored_bytes() const override {
        return contents_->with([](const Contents& contents) {
            std::uint64_t sum = 0;
            for (const auto& [key, pack] : contents.packs) sum += pack.bytes;
            for (const auto& [number, entry] : contents.commits) sum += entry.size();
            for (const auto& [key, piece] : contents.tails) sum += piece.size();
            return sum;
        });
    }

  private:
    static const Pack* readable(const Contents& contents, Domain domain, std::uint64_t number) {
        const auto found = contents.packs.find(number);
        if (found == contents.packs.end()) return nullptr;
        const Pack& pack = found->second;
        return pack.readable && pack.domain == domain ? &pack : nullptr;
    }

    Shared contents_ = std::make_shared<Guarded<Contents>>();
};

}  // namespace

std::unique_ptr<Backend> make_memory_backend() {
    return std::make_unique<MemoryBackend>();
}

}  // namespace yore::store
