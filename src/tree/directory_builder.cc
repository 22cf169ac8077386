// SPDX-License-Identifier: Apache-2.0
#include <yore/crypto/hash.h>

#include <xxhash.h>

#include "tree/leaf_builder.h"
#include "tree/levels.h"

namespace yore::tree {

NodeBounds::NodeBounds(const crypto::SecretKey& gear_key) : secret_{} {
    static_assert(sizeof secret_ >= XXH3_SECRET_SIZE_MIN);
    const crypto::HmacSha256 hmac(gear_key.view());
    for (std::size_t block = 0; block * sizeof(crypto::Digest) < secret_.size(); ++block) {
        const std::array counter{static_cast<std::byte>(block)};
        const crypto::Digest digest =
            hmac.digest({as_bytes("yore directory bounds 1"), ByteView(counter)});
        std::copy(digest.begin(), digest.end(), secret_.begin() + block * digest.size());
    }
}

NodeBounds::~NodeBounds() {
    crypto::wipe(secret_);
}

std::uint64_t NodeBounds::hash(unsigned level, std::string_view name) const {
    std::uint64_t hash =
        XXH3_64bits_withSecret(name.data(), name.size(), secret_.data(), secret_.size());
    // Each level decides for itself: SplitMix64's finaliser, level 0 included.
    hash += (level + 1) * 0x9e3779b97f4a7c15;
    hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
    hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
    return hash ^ (hash >> 31);
}

namespace {

bool is_legal_name(std::string_view name) {
    return !name.empty() && name.size() <= name_bytes_max && name != "." && name != ".." &&
           name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

/// What a parent keeps of a node that was written.
struct Written {
    std::string first_name, last_name;
    fb::DirectoryChild child;
};

/// The children of one inner node.
class InnerBuilder {
  public:
    using Child = Written;

    void add(Written&& node) {
        names_ += node.first_name;
        name_ends_.push_back(names_.size());
        entry_count_ += node.child.entry_count();
        totals_ += totals_of(node.child.totals());
        if (children_.empty()) first_name_ = std::move(node.first_name);
        last_name_ = std::move(node.last_name);
        children_.push_back(node.child);
    }
    std::uint32_t count() const { return static_cast<std::uint32_t>(children_.size()); }
    const std::string& last_name() const { return last_name_; }
    NodeId only_child() const { return id_of<NodeId>(children_.front().node()); }

    Written write(NodeWriter& writer, unsigned level) {
        std::vector<std::uint8_t> deltas;
        const fb::Column name_ends = encode_column(name_ends_, deltas);
        const auto values = writer.vector(deltas.data(), deltas.size());
        const auto names = writer.bytes(names_);
        const auto children = writer.structs(children_);
        const NodeId id =
            writer.put(fb::CreateDirectoryInner(writer.buffer(), static_cast<std::uint8_t>(level),
                                                if_any(name_ends), values, names, children));
        Written written{std::move(first_name_),
                        std::move(last_name_),
                        {stored_id(id.view()), entry_count_, stored_totals(totals_)}};
        *this = {};
        return written;
    }

  private:
    std::string names_, first_name_, last_name_;
    std::vector<std::uint64_t> name_ends_;
    std::vector<fb::DirectoryChild> children_;
    std::uint64_t entry_count_ = 0;
    Totals totals_;
};

struct InnerHash {
    const NodeBounds& bounds;
    std::uint64_t operator()(unsigned level, const InnerBuilder& inner) const {
        return bounds.hash(level, inner.last_name());
    }
};

}  // namespace

struct DirectoryBuilder::State {
    State(store::NodeSink& sink, const NodeBounds& node_bounds)
        : writer(sink), bounds(node_bounds), levels(writer, {node_bounds}) {}

    void check_name(std::string_view name) const {
        if (!is_legal_name(name)) {
            throw Error(Errc::invalid, fmt::format("not a file name: {}", name));
        }
        YORE_ENSURE(name > last_name);
    }
    void added() {
        last_name = leaf.last_name();
        if (leaf.weight() >= leaf_weight_max ||
            leaf_sizes.ends(leaf.count(), bounds.hash(0, last_name))) {
            write_leaf();
        }
    }
    void write_leaf() {
        Written written{std::string(leaf.first_name()), std::string(leaf.last_name()), {}};
        const std::uint64_t count = leaf.count();
        const fb::Totals stored = stored_totals(leaf.totals());
        totals += leaf.totals();
        const NodeId id = leaf.write(writer);
        written.child = {stored_id(id.view()), count, stored};
        levels.add_leaf(std::move(written));
    }
    NodeId write_rest() {
        if (leaf.count() > 0) write_leaf();
        return levels.empty() ? leaf.write(writer) : levels.finish();
    }

    NodeWriter writer;
    const NodeBounds& bounds;
    LeafBuilder leaf;
    Levels<InnerBuilder, InnerHash> levels;
    std::string last_name;
    Totals totals;
};

DirectoryBuilder::DirectoryBuilder(store::NodeSink& sink, const NodeBounds& bounds)
    : state_(std::make_unique<State>(sink, bounds)) {}
DirectoryBuilder::DirectoryBuilder(DirectoryBuilder&&) noexcept = default;
DirectoryBuilder::~DirectoryBuilder() = default;

void DirectoryBuilder::add(const Entry& entry) {
    state_->check_name(entry.name);
    state_->leaf.add(entry);
    state_->added();
}

void DirectoryBuilder::add(const EntryView& entry) {
    YORE_ENSURE(entry.name() > state_->last_name);
    state_->leaf.add(*entry.leaf_, entry.place_);
    state_->added();
}

DirectoryBuilder::Built DirectoryBuilder::finish() {
    const NodeId top = state_->write_rest();
    return {top, state_->totals};
}

}  // namespace yore::tree
