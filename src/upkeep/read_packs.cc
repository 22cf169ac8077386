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
#include <vector>

#include <tbb/blocked_range.h>
#include <tbb/parallel_reduce.h>

#include "upkeep/check_object.h"

namespace yore::upkeep {
namespace {

using Listed = store::Store::Listed;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t batch_objects = 2048;
/// A kill costs no more than that to be read once more; each time is a commit.
constexpr auto note_interval = std::chrono::seconds(10);

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
    std::string object;
    CheckedObject found;
};
struct Checked {
    std::vector<Damaged> damage;
    std::uint64_t bytes = 0;
};

/// On all cores.
Checked check_batch(const store::ObjectCache& cache, const std::vector<Listed>& batch) {
    using Range = tbb::blocked_range<std::size_t>;
    return tbb::parallel_reduce(
        Range(0, batch.size()), Checked{},
        [&](const Range& range, Checked checked) {
            for (std::size_t i = range.begin(); i != range.end(); ++i) {
                CheckedObject one = check_object(cache, batch[i]);
                checked.bytes += one.bytes;
                if (!one.text.empty())
                    checked.damage.push_back(
                        {text_of(batch[i].domain, batch[i].id), std::move(one)});
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
        read_.out_of_time = read_.packs_read + unreadable_ < due.size();
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
    std::vector<Due> whole_;  ///< whose last object is in the batch
    std::vector<store::DamageMarks::Found> to_mark_;
    std::uint64_t unreadable_ = 0;  ///< packs whose index is damaged
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
        ++unreadable_;
        return;
    }
    if (stop_.stop_requested()) return;
    whole_.push_back(next);
    ++read_.packs_read;
    read_.stored_bytes_read += next.pack.stored_bytes;
}

void PackReader::check() {
    const Checked checked = check_batch(cache_, batch_);
    for (const Damaged& damaged : checked.damage) {
        report_.damage(damaged.object, damaged.found.text);
        if (damaged.found.to_blame) to_mark_.push_back(*damaged.found.to_blame);
    }
    report_.counts.bytes_read += checked.bytes;
    report_.counts.objects_read += batch_.size();
    report_.progress();
    batch_.clear();
    for (const Due& done : whole_)
        if (options_.sample >= 1.0) verified_.note(done.numbers, reading_);
    whole_.clear();
    if (SteadyClock::now() - noted_ >= note_interval) note();
}

/// Damage first: a pack counts as read, as from then on it is told of without reading the pack.
/// What cannot be noted is read once more, some day; that is no reason to stop reading.
void PackReader::note() {
    noted_ = SteadyClock::now();
    if (store_.read_only()) return;
    try {
        store::DamageMarks::mark(store_, to_mark_);
        to_mark_.clear();
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
