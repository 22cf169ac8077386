// SPDX-License-Identifier: Apache-2.0
/// FUSE node ids and the files that they stand for.
///
/// A node id stands for one identity from the first lookup to the last forget and is never given
/// again: its upper bits count how often its place was taken. Records lie in slabs, found by
/// identity through open addressing: 300,000 inodes take some 48 MB.
#pragma once

#include <yore/base/guarded.h>
#include <yore/view/view.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yore::mount {

using NodeNumber = std::uint64_t;  ///< fuse_ino_t

inline constexpr NodeNumber root_number = 1;

/// Any thread.
class InodeTable {
  public:
    explicit InodeTable(const view::Node& root);

    /// What the kernel calls a node.
    struct Name {
        NodeNumber parent = 0;
        std::string_view generated = {};  ///< empty: that of its entry in a stored directory
    };
    /// The number of this node, one lookup more. The record takes over where the node lies now.
    NodeNumber look_up(const view::Node&, tree::FileKind, const Name&);
    /// The kernel drops `count` lookups; unknown numbers are ignored.
    void forget(NodeNumber, std::uint64_t count);
    std::optional<view::Node> find(NodeNumber) const;
    /// The number of a node that the kernel knows; nullopt when it does not.
    std::optional<NodeNumber> number_of(const view::Identity&) const;
    NodeNumber parent_of(NodeNumber) const;
    std::uint64_t size() const { return size_.load(std::memory_order_relaxed); }

    /// All of them but the root; `visit` runs under a lock.
    void each(const std::function<void(const view::Node&)>& visit) const;

    /// When there are more than `budget`, besides those that were taken before and are to be
    /// forgotten still: at most `count` that were not used since the hand passed them last,
    /// directories only when nothing else is left.
    struct Cold {
        NodeNumber parent;
        view::Node node;
        std::string name;  ///< empty: that of its entry
    };
    std::vector<Cold> take_cold(std::uint64_t budget, std::size_t count);
    /// The kernel did not forget one that was taken: it can be taken again.
    void keep(const view::Identity&);

  private:
    static constexpr unsigned shard_bits = 4;
    static constexpr std::size_t shard_count = 1u << shard_bits;
    enum class Use : std::uint8_t { warm, passed, taken };  ///< `passed`: by the hand
    struct Record {
        view::Node node;
        NodeNumber parent = 0;
        std::unique_ptr<const std::string> name;  ///< a generated one
        std::uint64_t lookups = 0;                ///< 0: the place is free
        std::uint32_t generation = 0;
        Use use = Use::warm;
        bool is_directory = false;
    };
    struct Shard {
        std::deque<Record> records;
        std::vector<std::uint32_t> free;
        std::vector<std::uint32_t> slots;  ///< hash -> place + 1; 0: empty
        std::size_t filled = 0;
        std::size_t hand = 0;
    };
    static std::size_t shard_of(const view::Identity& identity) {
        return identity.words[1] >> (64 - shard_bits);
    }
    static NodeNumber number(std::size_t shard, std::uint32_t place, std::uint32_t generation);
    static std::uint32_t* slot_of(Shard&, const view::Identity&);
    static void insert(Shard&, std::uint32_t place);
    static void erase(Shard&, const view::Identity&);
    static void grow(Shard&);
    static std::uint32_t take_place(Shard&);
    /// nullptr: not a live record.
    static Record* record_of(Shard&, NodeNumber);
    void set_use(Record&, Use) const;
    enum class Take { files, directories };
    void pass_hand(Shard&, Take, std::size_t count, std::vector<Cold>&);

    view::Node root_;
    mutable std::array<Guarded<Shard>, shard_count> shards_;
    std::atomic<std::uint64_t> size_{0};
    mutable std::atomic<std::uint64_t> taken_{0};  ///< records that are `taken`
    std::atomic<std::size_t> next_shard_{0};
};

/// What the kernel calls what it finds as `name` in `directory`.
inline InodeTable::Name name_in(const view::Node& directory, NodeNumber parent,
                                std::string_view name) {
    const bool is_stored = directory.kind == view::NodeKind::stored;
    return {parent, is_stored ? std::string_view() : name};
}

}  // namespace yore::mount
