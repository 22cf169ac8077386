// SPDX-License-Identifier: Apache-2.0
/// A store in memory to build trees in, and comparisons of what is read with what was built.
#pragma once

#include <yore/store/object_cache.h>
#include <yore/tree/content.h>
#include <yore/tree/directory.h>

#include <map>
#include <set>
#include <string>

#include "example_entries.h"

namespace yore::test {

/// Passes everything on to a real Writer and keeps the nodes' plain bytes.
class RecordingWriter final : public store::Writer {
  public:
    explicit RecordingWriter(std::unique_ptr<store::Writer> writer) : writer_(std::move(writer)) {}
    store::Prepared prepare_chunk(ByteView plain, const store::ChunkHints& hints) override {
        return writer_->prepare_chunk(plain, hints);
    }
    store::Prepared prepare_node(ByteView plain) override {
        store::Prepared prepared = writer_->prepare_node(plain);
        nodes_.emplace(prepared.node_id(), to_bytes(plain));
        return prepared;
    }
    void append(store::Prepared&& prepared) override { writer_->append(std::move(prepared)); }
    using Writer::commit;
    CommitNumber commit(std::span<const store::RecordChange> records,
                        std::span<const store::TailDrop> tail_drops) override {
        return writer_->commit(records, tail_drops);
    }
    /// Of every node that was put, new or not.
    const std::map<NodeId, Bytes>& nodes() const { return nodes_; }
    void forget() { nodes_.clear(); }

  private:
    std::unique_ptr<store::Writer> writer_;
    std::map<NodeId, Bytes> nodes_;
};

/// A repository whose keys are always the same: so are node ids.
struct TreeFixture {
    explicit TreeFixture(store::Encryption encryption = store::Encryption::aes_256_gcm)
        : repository(encryption) {}

    MemoryRepository repository;
    std::unique_ptr<store::Store> store = repository.open();
    RecordingWriter writer{store->write()};
    store::ObjectCache cache{*store, 256u << 20};
    tree::NodeBounds bounds{store->keys().gear};

    tree::DirectoryBuilder::Built build(const Entries& entries) {
        tree::DirectoryBuilder builder(writer, bounds);
        for (const auto& [name, entry] : entries) builder.add(entry);
        const auto built = builder.finish();
        writer.commit({});
        return built;
    }
    /// A directory that holds itself, as `again`, and a file `number`: no honest tree has one.
    NodeId build_loop(std::uint8_t number) {
        NodeId loop;
        loop.bytes[0] = std::byte{number};
        tree::Entry again;
        again.name = "again";
        again.attributes.kind = tree::FileKind::directory;
        again.child = loop;
        tree::Entry file;
        file.name = std::to_string(number);
        const NodeId honest = build({{"again", again}, {file.name, file}}).top;
        cache.add(loop, std::make_shared<const Buffer>(Buffer::copy_of(writer.nodes().at(honest))));
        return loop;
    }
    tree::Content build(const std::vector<tree::Extent>& extents) {
        tree::ContentBuilder builder(writer);
        for (const tree::Extent& extent : extents) builder.add(extent);
        tree::Content content = builder.finish();
        writer.commit({});
        return content;
    }
    Entries read(const NodeId& top) const {
        Entries entries;
        tree::Directory(cache, top).scan("", [&](const tree::EntryView& view) {
            entries.emplace(view.name(), view.copy());
            return true;
        });
        return entries;
    }
};

inline bool same(const tree::Content& a, const tree::Content& b) {
    return a.size == b.size && a.extents == b.extents && a.list == b.list &&
           a.hole_bytes == b.hole_bytes;
}

inline void check_equal(const tree::Entry& a, const tree::Entry& b) {
    REQUIRE(a.name == b.name);
    REQUIRE((a.attributes == b.attributes));
    REQUIRE(a.target == b.target);
    REQUIRE(same(a.content, b.content));
    REQUIRE((a.child == b.child));
    REQUIRE((a.totals == b.totals));
    REQUIRE(a.xattrs.size() == b.xattrs.size());
    for (std::size_t i = 0; i < a.xattrs.size(); ++i) {
        REQUIRE(a.xattrs[i].name == b.xattrs[i].name);
        REQUIRE((a.xattrs[i].value == b.xattrs[i].value));
        REQUIRE((a.xattrs[i].chunk == b.xattrs[i].chunk));
        REQUIRE(a.xattrs[i].size == b.xattrs[i].size);
    }
}

inline void check_equal(const Entries& a, const Entries& b) {
    REQUIRE(a.size() == b.size());
    for (auto i = a.begin(), j = b.begin(); i != a.end(); ++i, ++j)
        check_equal(i->second, j->second);
}

inline tree::Totals sum_of(const Entries& entries) {
    tree::Totals sum;
    for (const auto& [name, entry] : entries) {
        switch (entry.attributes.kind) {
            case tree::FileKind::regular:
                sum += {entry.attributes.size, 1, 0, 0};
                break;
            case tree::FileKind::directory:
                sum += {0, 0, 1, 0};
                sum += entry.totals;
                break;
            default:
                sum += {0, 0, 0, 1};
        }
    }
    return sum;
}

}  // namespace yore::test
