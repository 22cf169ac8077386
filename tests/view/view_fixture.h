// SPDX-License-Identifier: Apache-2.0
/// A repository in memory with sources and snapshots of given trees, and a View of it.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/store/object_cache.h>
#include <yore/tree/content.h>
#include <yore/tree/directory.h>
#include <yore/view/view.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "../store/store_fixture.h"
#include "folder.h"

namespace yore::test {

inline constexpr std::int64_t first_second = 1'795'226'400;  // 2026-11-21T02:00:00Z
inline constexpr std::uint32_t minute = 60;

struct ViewFixture {
    MemoryRepository repository;
    std::unique_ptr<store::Store> store = repository.open();
    catalog::Catalog catalog{*store};
    store::ObjectCache cache{*store, 256u << 20};
    tree::NodeBounds bounds{store->keys().gear};
    std::unique_ptr<store::Writer> writer = store->write();
    VirtualClock clock{Timestamp::from_seconds(first_second + 30 * 24 * 3600)};
    view::View view{catalog, cache, clock};

    catalog::Source add(const std::string& name) {
        catalog::Source source;
        source.name = name;
        source.created = Timestamp::from_seconds(first_second - 1000);
        source.directory.path = "/srv/" + name;
        return catalog.add_source(source);
    }

    tree::Entry file(std::string_view bytes, std::uint64_t inode = 1) {
        tree::Entry entry;
        entry.attributes.permissions = 0644;
        entry.attributes.size = entry.content.size = bytes.size();
        entry.attributes.inode = inode;
        entry.attributes.modified = entry.attributes.changed = Timestamp::from_seconds(1'000, 7);
        if (!bytes.empty())
            entry.content.extents.push_back({bytes.size(), put_chunk(*writer, as_bytes(bytes)), 0});
        return entry;
    }
    tree::Entry build(const std::string& name, const Folder& folder) {
        return build_folder(*writer, bounds, name, folder);
    }

    /// Taken at `second` after the first one, and done a minute later.
    catalog::Snapshot take(const catalog::Source& source, std::int64_t second,
                           const Folder& folder) {
        const tree::Entry top = build("root", folder);
        tree::DirectoryBuilder builder(*writer, bounds);
        builder.add(top);
        catalog::Snapshot snapshot;
        SystemRandom().fill(snapshot.id.bytes);
        snapshot.source = source.id;
        const auto started = Timestamp::from_seconds(first_second + second);
        const auto reservation = catalog.reserve_name(source.id, started);
        snapshot.name = reservation.name();
        snapshot.started = started;
        snapshot.ended = started + seconds(minute);
        snapshot.root = builder.finish().top;
        snapshot.path = source.directory.path;
        snapshot.counts.files = top.totals.files;
        const store::RecordChange change = catalog::Catalog::put(snapshot);
        writer->commit({&change, 1});
        return snapshot;
    }
    void remove(const catalog::Snapshot& snapshot) {
        const store::RecordChange change = catalog::Catalog::remove(snapshot);
        store->commit({&change, 1});
    }

    view::Node at(std::string_view path) const {
        const std::optional<view::Node> node = view.resolve(path);
        INFO(path);
        REQUIRE(node);
        return *node;
    }
    bool is_there(std::string_view path) const { return view.resolve(path).has_value(); }
    /// Without following the view's own links at the end.
    std::optional<view::Node> name_in(std::string_view directory, std::string_view name) const {
        return view.lookup(at(directory), name);
    }
    std::string target(std::string_view directory, std::string_view name) const {
        const auto node = name_in(directory, name);
        INFO(directory << "/" << name);
        REQUIRE(node);
        return view.link_target(*node);
    }
    std::string bytes(const view::Node& node) const {
        const auto opened = view.open(node);
        if (const auto* text = std::get_if<std::string>(&opened)) return *text;
        const auto& content = std::get<tree::ContentReader>(opened);
        std::string read(content.size(), '?');
        const auto count =
            content.read(0, {reinterpret_cast<std::byte*>(read.data()), read.size()});
        REQUIRE(count == read.size());
        return read;
    }
    std::string bytes(std::string_view path) const { return bytes(at(path)); }
    std::vector<std::string> names(std::string_view path, std::uint64_t after = 0) const {
        std::vector<std::string> all;
        view.list(at(path), after, [&](const view::Listing& listing) {
            all.emplace_back(listing.name);
            return true;
        });
        return all;
    }
    std::optional<std::string> xattr(const view::Node& node, std::string_view name) const {
        const auto value = view.xattr(node, name);
        return value ? std::optional(std::string(as_text(*value))) : std::nullopt;
    }
};

}  // namespace yore::test
