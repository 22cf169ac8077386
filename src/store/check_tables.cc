// SPDX-License-Identifier: Apache-2.0
//
// Everything in the tables follows from the commit log and the packs' own indexes. Here it is made
// to follow once more, and compared: first the log (chain of hashes, packs, records), then each
// pack against its row and each of its objects against the index, then the counts, which show rows
// that nothing accounts for. Memory: one pack's index, and a row each for packs and records.
#include <yore/base/error.h>
#include <yore/crypto/hash.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "store/inventory.h"

namespace yore::store {
namespace {

/// More would not help anybody.
constexpr std::size_t findings_max = 1000;

class TableCheck {
  public:
    explicit TableCheck(const StoreState& store) : store_(store) {}
    std::vector<std::string> run();

  private:
    struct Expected {
        std::uint64_t number;
        format::CommittedPack pack;
        CommitNumber since;
        bool condemned = false;
        bool seen = false;
    };

    void found(std::string text) {
        if (findings_.size() < findings_max) findings_.push_back(std::move(text));
    }
    template <typename Step>
    void guarded(Step&& step);

    void walk_log();
    void apply(const CommitLog::Entry&);
    void apply_pack(const format::CommittedPack&, CommitNumber);
    void compare_records();
    void compare_packs();
    void compare_pack(std::uint64_t number, const format::PackRow&);
    void compare_object(const format::PackItem&, Domain, Location);
    void count_index_rows();

    const StoreState& store_;
    std::vector<std::string> findings_;
    std::map<PackId, Expected> packs_;
    std::set<PackId> dropped_;
    std::set<std::uint64_t> live_numbers_;
    std::map<Bytes, crypto::Digest> records_;
    std::uint64_t index_rows_accounted_ = 0;
};

template <typename Step>
void TableCheck::guarded(Step&& step) {
    try {
        step();
    } catch (const Error& error) {
        if (error.code() == Errc::cancelled) throw;
        found(error.what());
    }
}

std::vector<std::string> TableCheck::run() {
    walk_log();
    guarded([&] { compare_records(); });
    guarded([&] { compare_packs(); });
    guarded([&] { count_index_rows(); });
    return std::move(findings_);
}

void TableCheck::walk_log() {
    format::CommitHash predecessor{};
    bool chained = true;
    for (std::uint64_t number = 1; number <= store_.log.last().value; ++number) {
        guarded([&] {
            auto entry = store_.log.read({number});
            if (!entry) {
                chained = false;
                throw Error(Errc::corrupt, fmt::format("commit {} is not there", number));
            }
            if (chained && entry->entry.predecessor != predecessor) {
                found(fmt::format("commit {} does not follow commit {}", number, number - 1));
            }
            predecessor = entry->hash;
            chained = true;
            apply(*entry);
        });
    }
}

void TableCheck::apply(const CommitLog::Entry& read) {
    const format::CommitEntry& entry = read.entry;
    for (const format::CommittedPack& pack : entry.packs) apply_pack(pack, entry.number);
    for (const PackId& id : entry.condemned) {
        if (auto pack = packs_.find(id); pack != packs_.end()) pack->second.condemned = true;
    }
    for (const PackId& id : entry.dropped) {
        packs_.erase(id);
        dropped_.insert(id);
    }
    for (const format::CommittedRecord& record : entry.records) {
        if (record.value) {
            records_[record.key] = crypto::sha256(*record.value);
        } else {
            records_.erase(record.key);
        }
    }
}

void TableCheck::apply_pack(const format::CommittedPack& pack, CommitNumber since) {
    Expected expected{.number = pack.number, .pack = pack, .since = since};
    if (!packs_.emplace(pack.id, expected).second) {
        found(fmt::format("commit {} names pack {} once more", since.value, pack.id.hex()));
    }
}

void TableCheck::compare_records() {
    std::uint64_t accounted = 0;
    store_.backend->scan(Table::catalog, {}, {}, [&](ByteView key, ByteView sealed) {
        guarded([&] {
            auto expected = records_.find(to_bytes(key));
            if (expected == records_.end()) {
                throw Error(Errc::corrupt, fmt::format("record {} is in no commit", to_hex(key)));
            }
            ++accounted;
            if (crypto::sha256(store_.log.open_record(key, sealed)) != expected->second) {
                found(fmt::format("record {} is not as it was committed", to_hex(key)));
            }
        });
        return true;
    });
    if (accounted != records_.size()) {
        found(fmt::format("{} records of the commit log are not in the catalog",
                          records_.size() - accounted));
    }
}

void TableCheck::compare_packs() {
    for (const auto& [id, expected] : packs_) live_numbers_.insert(expected.number);
    store_.backend->scan(Table::packs, {}, {}, [&](ByteView key, ByteView value) {
        guarded([&] {
            auto number = format::parse_pack_key(key);
            if (!number) throw Error(Errc::corrupt, "packs table: a key of another kind");
            compare_pack(*number, doing([&] { return fmt::format("row of pack {}", *number); },
                                        [&] { return format::decode_pack_row(key, value); }));
        });
        return true;
    });
    for (const auto& [id, expected] : packs_) {
        if (expected.seen) continue;
        found(fmt::format("pack {} ({}) has no sound row", expected.number, id.hex()));
    }
}

void TableCheck::compare_pack(std::uint64_t number, const format::PackRow& row) {
    if (row.state == format::PackState::dropped && dropped_.contains(row.id)) return;
    auto known = packs_.find(row.id);
    if (known == packs_.end()) {
        throw Error(Errc::corrupt,
                    fmt::format("pack {} ({}) is in no commit", number, row.id.hex()));
    }
    Expected& expected = known->second;
    expected.seen = true;
    const format::PackRow sound{
        .id = expected.pack.id,
        .domain = expected.pack.domain,
        .state = expected.condemned ? format::PackState::condemned : format::PackState::live,
        .is_inline = expected.pack.is_inline,
        .items = expected.pack.items,
        .plain_bytes = expected.pack.plain_bytes,
        .stored_bytes = expected.pack.stored_bytes,
        .reachable_since = expected.since,
        .condemned_by = row.condemned_by};
    if (row != sound || number != expected.number) {
        found(fmt::format("row of pack {} ({}) is not what its commit says", number, row.id.hex()));
    }
    const format::PackIndex index = read_pack_index(*store_.backend, store_.codec, {number, row});
    if (index.items.size() != row.items) {
        found(fmt::format("pack {} ({}) has {} objects, not {}", number, row.id.hex(),
                          index.items.size(), row.items));
    }
    std::uint32_t place = 0;
    for (const format::PackItem& item : index.items) {
        guarded([&] { compare_object(item, row.domain, Location::of(number, place)); });
        ++place;
    }
}

void TableCheck::compare_object(const format::PackItem& item, Domain domain, Location location) {
    auto info = store_.find(domain, item.id);
    if (!info) {
        // A second copy of what nobody needed, and so went from the index with the first.
        if (!dropped_.empty()) return;
        throw Error(Errc::corrupt, name_of(domain, item.id) + " is not in the index");
    }
    if (info->location != location) {
        // Stored twice, by two Writers at a time; the index names one of them.
        if (!live_numbers_.contains(info->location.pack_number())) {
            found(fmt::format("index entry of {}: no pack {}", name_of(domain, item.id),
                              info->location.pack_number()));
        }
        return;
    }
    ++index_rows_accounted_;
    if (info->plain_bytes != item.plain_bytes || info->stored_bytes != item.stored_bytes ||
        info->base != item.base) {
        found(fmt::format("index entry of {} is not what its pack says", name_of(domain, item.id)));
    }
    if (item.base) {
        auto base = store_.find(Domain::chunk, item.base->bytes);
        // Bases go when nothing that is needed builds on them.
        if (dropped_.empty() && (!base || base->base)) {
            found(fmt::format("{}: its base {} is {}", name_of(domain, item.id), item.base->hex(),
                              base ? "a delta" : "not there"));
        }
    }
}

void TableCheck::count_index_rows() {
    std::uint64_t rows = 0;
    store_.backend->scan(Table::index, {}, {}, [&](ByteView, ByteView) {
        ++rows;
        return true;
    });
    if (rows == index_rows_accounted_ || !findings_.empty()) return;
    found(fmt::format("the index has {} entries, the packs account for {}", rows,
                      index_rows_accounted_));
}

}  // namespace

/// Each table is read at another time: when a commit came between, what was found may be its work.
std::vector<std::string> Store::check_tables() const {
    constexpr int tries_max = 5;
    for (int tries = 1;; ++tries) {
        const CommitNumber before = last_commit();
        auto findings = TableCheck(*state_).run();
        std::ranges::move(state_->check_tails(), std::back_inserter(findings));
        if (findings.empty() || before == last_commit() || tries == tries_max) return findings;
    }
}

}  // namespace yore::store
