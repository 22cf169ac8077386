// SPDX-License-Identifier: Apache-2.0
//
// Objects are checked in batches, so that all cores have work also while packs are small. A pack
// is noted once the batch with its last object is done.
#include "upkeep/read_packs.h"

#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/catalog/verified.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <type_traits>
#include <vector>

#include <tbb/blocked_range.h>
#include <tbb/parallel_reduce.h>

namespace yore::upkeep {
namespace {

using Listed = store::Store::Listed;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t batch_objects = 2048;
/// A kill costs no more than that to be read once more; each time is a commit.
constexpr auto note_interval = std::chrono::seconds(10);

std::string text_of(const Listed& listed) {
    return (listed.domain == Domain::chunk ? "chunk " : "node ") + to_hex(listed.id);
}

/// The id decides, so that a seed always takes the same part and other seeds take others.
bool in_sample(const Listed& listed, const VerifyOptions& options) {
    if (options.sample >= 1.0) return true;
    std::uint64_t word = 0;
    std::memcpy(&word, listed.id.data(), sizeof word);
    word ^= options.seed * 0x9e3779b97f4a7c15u;
    word *= 0xff51afd7ed558ccdu;
    word ^= word >> 33;
    return static_cast<double>(word) < options.sample * std::ldexp(1.0, 64);
}

struct Damaged {
    std::string object, text;
    std::uint64_t pack = 0;
};
struct Checked {
    std::vector<Damaged> damage;
    std::uint64_t bytes = 0;
};

/// What nothing needs may have lost its base to a collect, or its place in the index; level 1 tells
/// when something needs it.
bool is_forgotten(const store::Store& store, const Listed& listed) {
    if (listed.domain == Domain::node) return !store.find(NodeId{listed.id});
    if (!store.find(ChunkId{listed.id})) return true;
    if (!listed.info.base) return false;
    const auto base = store.find(*listed.info.base);
    return !base || base->base;
}

template <typename Id>
void check_object(const store::ObjectCache& cache, const Listed& listed, Checked& checked) {
    const Id id = Id::from_bytes(listed.id).value();
    const auto found = [&](const std::string& text) {
        checked.damage.push_back({text_of(listed), text, listed.info.location.pack_number()});
    };
    try {
        const store::Store& store = cache.store();
        if (is_forgotten(store, listed)) return;
        if constexpr (std::is_same_v<Id, ChunkId>) {
            const Buffer plain =
                store.get(id, [&](const ChunkId& base) { return cache.chunk(base); });
            checked.bytes += plain.size();
            if (store.chunk_id(plain) != id) found("its bytes hash to another id");
        } else {
            const Buffer plain = store.get(id);
            checked.bytes += plain.size();
            if (store.node_id(plain) != id) found("its bytes hash to another id");
        }
    } catch (const Error& error) {
        found(error.what());
    }
}

/// On all cores.
Checked check_batch(const store::ObjectCache& cache, const std::vector<Listed>& batch) {
    using Range = tbb::blocked_range<std::size_t>;
    return tbb::parallel_reduce(
        Range(0, batch.size()), Checked{},
        [&](const Range& range, Checked checked) {
            for (std::size_t i = range.begin(); i != range.end(); ++i) {
                if (batch[i].domain == Domain::chunk)
                    check_object<ChunkId>(cache, batch[i], checked);
                else
                    check_object<NodeId>(cache, batch[i], checked);
            }
            return checked;
        },
        [](Checked left, const Checked& right) {
            left.damage.insert(left.damage.end(), right.damage.begin(), right.damage.end());
            left.bytes += right.bytes;
            return left;
        });
}

/// A pack with the numbers before it that no pack has: so that what is read in one go is noted as
/// one range.
struct Due {
    store::PackInfo pack;
    catalog::PackNumbers numbers;
    std::optional<Timestamp> read_at;
};

class PackReader {
  public:
    PackReader(store::Store& store, const store::ObjectCache& cache, const VerifyOptions& options,
               Report& report, const std::stop_token& stop)
        : store_(store), cache_(cache), options_(options), report_(report), stop_(stop) {}

    PacksRead run() {
        const std::vector<Due> due = in_order();
        for (const Due& next : due) {
            if (stop_.stop_requested() || (read_.packs_read > 0 && is_late())) break;
            read(next);
        }
        check();
        note();
        if (stop_.stop_requested()) throw Error(Errc::cancelled, "verify stopped");
        read_.out_of_time = read_.packs_read < due.size();
        return read_;
    }

  private:
    std::vector<Due> in_order();
    bool is_recent(const std::optional<Timestamp>& read_at) const {
        return options_.older_than && read_at && options_.now - *read_at < *options_.older_than;
    }
    bool is_late() const {
        return options_.max_time &&
               SteadyClock::now() - began_ >= std::chrono::nanoseconds(options_.max_time->ns);
    }
    void read(const Due&);
    void check();
    void note();

    store::Store& store_;
    const store::ObjectCache& cache_;
    const VerifyOptions& options_;
    Report& report_;
    const std::stop_token& stop_;
    const SteadyClock::time_point began_ = SteadyClock::now();
    const catalog::PackReading reading_{options_.now, store_.last_commit()};
    catalog::VerifiedPacks verified_ = catalog::VerifiedPacks::load(store_);
    PacksRead read_;
    std::vector<Listed> batch_;
    std::vector<Due> whole_;           ///< whose last object is in the batch
    std::set<std::uint64_t> damaged_;  ///< packs
    SteadyClock::time_point noted_ = began_;
};

/// Never read first, then longest ago; of one run by number, as they lie on the disk.
std::vector<Due> PackReader::in_order() {
    const std::vector<store::PackInfo> packs = store_.packs();
    verified_.forget_gone(packs);
    std::vector<Due> due;
    std::uint64_t after = 0;
    for (const store::PackInfo& pack : packs) {
        ++read_.packs;
        read_.stored_bytes += pack.stored_bytes;
        const auto read_at = verified_.read_at(pack);
        if (!is_recent(read_at)) due.push_back({pack, {after, pack.number}, read_at});
        after = pack.number + 1;
    }
    std::ranges::stable_sort(due, {}, &Due::read_at);
    return due;
}

void PackReader::read(const Due& next) {
    try {
        store_.list_objects(next.pack.number, [&](const Listed& listed) {
            if (stop_.stop_requested() || !in_sample(listed, options_)) return;
            batch_.push_back(listed);
            if (batch_.size() == batch_objects) check();
        });
    } catch (const Error& error) {
        report_.damage(fmt::format("pack {}", next.pack.number), error.what());
        damaged_.insert(next.pack.number);
    }
    if (stop_.stop_requested()) return;
    whole_.push_back(next);
    ++read_.packs_read;
    read_.stored_bytes_read += next.pack.stored_bytes;
}

void PackReader::check() {
    const Checked checked = check_batch(cache_, batch_);
    for (const Damaged& found : checked.damage) {
        report_.damage(found.object, found.text);
        damaged_.insert(found.pack);
    }
    report_.counts.bytes_read += checked.bytes;
    report_.counts.objects_read += batch_.size();
    report_.progress();
    batch_.clear();
    for (const Due& done : whole_)
        if (options_.sample >= 1.0 && !damaged_.contains(done.pack.number))
            verified_.note(done.numbers, reading_);
    whole_.clear();
    if (SteadyClock::now() - noted_ >= note_interval) note();
}

/// What cannot be noted is read once more, some day; that is no reason to stop reading.
void PackReader::note() {
    noted_ = SteadyClock::now();
    if (store_.read_only()) return;
    try {
        store_.commit(verified_.changes());
        verified_.were_committed();
    } catch (const Error& error) {
        log_warning("what was verified is not noted: {}", error.what());
    }
}

}  // namespace

PacksRead read_packs(store::Store& store, const store::ObjectCache& cache,
                     const VerifyOptions& options, Report& report, const std::stop_token& stop) {
    return PackReader(store, cache, options, report, stop).run();
}

}  // namespace yore::upkeep
