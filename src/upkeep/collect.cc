// SPDX-License-Identifier: Apache-2.0
//
// Why nothing that is needed goes: what is live is what records reached at `since_` or were
// committed to reach afterwards, whether they are still there or not. A backup that began before
// its pack was condemned is waited for, so its record is among them; one that began later stores
// anew what it meets of the pack, and takes over only parts of a predecessor that was recorded when
// it began, which is among them too.
#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/store/reclaim.h>
#include <yore/tree/directory.h>
#include <yore/upkeep/collect.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <tuple>
#include <unordered_map>

#include "upkeep/marks.h"

namespace yore::upkeep {
namespace {

constexpr auto progress_interval = std::chrono::milliseconds(200);
/// A commit that drops packs looks up each object of theirs, and others wait for it.
constexpr std::uint64_t dropped_items_max = 1u << 14;
constexpr std::size_t step_packs_max = 256;

class Collector {
  public:
    Collector(store::Store& store, const store::ObjectCache& cache, const CollectOptions& options,
              const std::stop_token& stop)
        : store_(store), cache_(cache), options_(options), stop_(stop), reclaim_(store) {}

    CollectResult run() {
        since_ = store_.last_commit();
        const CommitNumber safe_until = std::min(since_, reclaim_.safe_until());
        mark_records();
        mark_changes();
        mark_in_use();
        choose(safe_until);
        while (!options_.dry_run && next_ < chosen_.size()) step(take_step());
        return result_;
    }

  private:
    struct Chosen {
        store::PackInfo pack;
        Marks::Live live;  ///< when it was chosen
    };
    using Step = std::span<const Chosen>;

    void mark_records() {
        store_.scan_records({}, {}, [&](ByteView key, ByteView value) {
            follow(key, value);
            return true;
        });
    }

    /// What was recorded since is needed, or was by a backup that is running.
    void mark_changes() {
        const CommitNumber now = store_.last_commit();
        store_.scan_changes(since_, {}, [&](ByteView key, const std::optional<Bytes>& value) {
            if (value) follow(key, *value);
        });
        since_ = now;
    }

    void follow(ByteView key, ByteView value) {
        doing([&] { return "record " + to_hex(key); },
              [&] { marker_.follow(catalog::references_of(key, value)); });
    }

    /// Best effort: who reads what is going gets an error when it is gone, never wrong bytes. In
    /// marks of its own, as it may end halfway below what a record will reach.
    void mark_in_use() {
        if (!options_.in_use) return;
        const InUse in_use = options_.in_use();
        for (const catalog::References& references : in_use.references)
            forgiving([&] { use_marker_.follow(references); });
        std::unordered_map<NodeId, bool> needs_marks;
        for (const InUse::Place& place : in_use.entries)
            forgiving([&] {
                const auto [leaf, is_new] = needs_marks.try_emplace(place.leaf, false);
                if (is_new) leaf->second = mark_alone(place.leaf);
                if (leaf->second) mark_entry(place);
            });
    }

    /// False: all that the leaf leads to is marked already, as a record reaches it. One that is not
    /// stored belongs to a moment, and is made in memory.
    bool mark_alone(const NodeId& leaf) {
        const auto info = store_.find(leaf);
        if (!info) return true;
        if (marks_.contains(info->location)) return false;
        alone_.add(*info);
        return true;
    }

    void mark_entry(const InUse::Place& place) {
        const tree::EntryView entry = tree::entry_at(cache_, place.leaf, place.place);
        catalog::References references;
        for (const tree::Xattr& xattr : entry.xattrs())
            if (xattr.chunk) references.chunks.push_back(*xattr.chunk);
        if (entry.kind() == tree::FileKind::regular) {
            const tree::Content content = entry.content();
            if (content.list) references.trees.push_back(*content.list);
            for (const tree::Extent& extent : content.extents)
                if (extent.chunk) references.chunks.push_back(*extent.chunk);
        }
        use_marker_.follow(references);
    }

    template <typename Body>
    void forgiving(Body&& body) {
        try {
            body();
        } catch (const Error& error) {
            if (error.code() == Errc::cancelled) throw;
            log_warning("something that is read though its backup was removed: {}", error.what());
        }
    }

    bool is_live(Location location) const {
        return marks_.contains(location) || used_.contains(location) || alone_.contains(location);
    }
    /// At most: what is also read otherwise counts twice, and its pack waits for another time.
    Marks::Live live_in(const store::PackInfo& pack) const {
        Marks::Live live;
        for (const Marks* marks : {&marks_, &used_, &alone_}) {
            live.objects += marks->live_in(pack.number).objects;
            live.bytes += marks->live_in(pack.number).bytes;
        }
        return {std::min<std::uint64_t>(live.objects, pack.items),
                std::min(live.bytes, pack.stored_bytes)};
    }

    /// What an earlier run condemned goes first, then where the least is to be copied.
    void choose(CommitNumber safe_until) {
        for (const store::PackInfo& pack : store_.packs()) {
            const Marks::Live live = live_in(pack);
            ++result_.packs;
            result_.stored_bytes += pack.stored_bytes;
            result_.live_bytes += marks_.live_in(pack.number).bytes;
            if (pack.condemned || (pack.reachable_since <= safe_until && is_sparse(pack, live)))
                chosen_.push_back({pack, live});
            else
                result_.bytes_unused += pack.stored_bytes - live.bytes;
        }
        std::ranges::sort(chosen_, {}, [](const Chosen& one) {
            return std::tuple(!one.pack.condemned, one.live.bytes, one.pack.number);
        });
        if (!options_.dry_run) return;
        for (const Chosen& one : chosen_) count(one.pack, one.live.objects, one.live.bytes);
    }

    bool is_sparse(const store::PackInfo& pack, const Marks::Live& live) const {
        return static_cast<double>(live.bytes) <
               options_.live_part_min * static_cast<double>(pack.stored_bytes);
    }

    void count(const store::PackInfo& pack, std::uint64_t objects, std::uint64_t bytes) {
        ++result_.packs_dropped;
        result_.bytes_dropped += pack.stored_bytes;
        result_.objects_copied += objects;
        result_.bytes_copied += bytes;
    }

    Step take_step() {
        const std::size_t first = next_;
        std::uint64_t bytes = 0;
        for (; next_ < chosen_.size() && next_ - first < step_packs_max; ++next_) {
            bytes += chosen_[next_].live.bytes;
            if (next_ > first && bytes > options_.step_bytes) break;
        }
        return Step(chosen_).subspan(first, next_ - first);
    }

    void step(Step packs) {
        condemn(packs);
        wait(numbers_of(packs));
        mark_changes();
        mark_in_use();
        while (!packs.empty()) {
            std::size_t taken = 0;
            for (std::uint64_t items = 0; taken < packs.size(); ++taken) {
                items += packs[taken].pack.items;
                if (taken > 0 && items > dropped_items_max) break;
            }
            reclaim(packs.first(taken));
            packs = packs.subspan(taken);
        }
    }

    static std::vector<std::uint64_t> numbers_of(Step packs) {
        std::vector<std::uint64_t> numbers;
        for (const Chosen& one : packs) numbers.push_back(one.pack.number);
        return numbers;
    }

    void condemn(Step packs) {
        std::vector<std::uint64_t> numbers;
        for (const Chosen& one : packs)
            if (!one.pack.condemned) numbers.push_back(one.pack.number);
        if (!numbers.empty()) reclaim_.condemn(numbers);
    }

    void wait(const std::vector<std::uint64_t>& numbers) {
        while (!reclaim_.wait_for_writers(numbers, progress_interval)) {
            check_stop();
            tell("waiting");
        }
    }

    void reclaim(Step packs) {
        std::vector<std::uint64_t> copied;
        for (const Chosen& one : packs) {
            check_stop();
            if (copy(one))
                copied.push_back(one.pack.number);
            else
                ++result_.packs_damaged;
            tell("copying");
        }
        reclaim_.drop(copied);
    }

    /// False: something in it that is live cannot be read. It stays, condemned, with that: what a
    /// backup meets of it is stored anew.
    bool copy(const Chosen& one) {
        try {
            const auto copied = reclaim_.copy(one.pack, [&](std::uint32_t item) {
                return is_live(Location::of(one.pack.number, item));
            });
            store::DamageMarks::mark(store_, copied.damaged);
            if (!copied.damaged.empty()) return false;
            count(one.pack, copied.objects, copied.bytes);
            return true;
        } catch (const Error& error) {
            if (error.code() != Errc::corrupt) throw;
            log_warning("{}; the pack stays", error.what());
            return false;
        }
    }

    void check_stop() const {
        if (stop_.stop_requested())
            throw Error(Errc::cancelled, "stopped; the next collect goes on from here");
    }

    void tell(std::string_view phase) {
        if (!options_.progress) return;
        const auto now = std::chrono::steady_clock::now();
        if (now - told_ < progress_interval) return;
        told_ = now;
        options_.progress(
            {phase, marked_.nodes, marked_.chunks, result_.packs_dropped, chosen_.size()});
    }

    store::Store& store_;
    const store::ObjectCache& cache_;
    const CollectOptions& options_;
    const std::stop_token& stop_;
    store::Reclaim reclaim_;
    CommitNumber since_;
    Marks marks_;
    Marks used_;   ///< by who reads what no record may reach any more
    Marks alone_;  ///< the same, without what they refer to
    Marker::Counts marked_;
    const std::function<void(const Marker::Counts&)> on_marked_ =
        [this](const Marker::Counts& counts) {
            marked_ = counts;
            tell("marking");
        };
    Marker marker_{store_, marks_, stop_, on_marked_};
    const std::function<void(const Marker::Counts&)> on_used_ = [](const Marker::Counts&) {};
    Marker use_marker_{store_, used_, stop_, on_used_};
    std::vector<Chosen> chosen_;
    std::size_t next_ = 0;
    CollectResult result_;
    std::chrono::steady_clock::time_point told_{};
};

}  // namespace

CollectResult collect(store::Store& store, const store::ObjectCache& cache,
                      const CollectOptions& options, std::stop_token stop) {
    return Collector(store, cache, options, stop).run();
}

}  // namespace yore::upkeep
