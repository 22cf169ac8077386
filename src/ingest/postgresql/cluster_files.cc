// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/cluster_files.h"

#include <yore/base/crc32c.h>
#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/base/path.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "ingest/predecessor.h"

namespace yore::ingest {
namespace {

/// Larger files are no settings; and a cluster has not more of them.
constexpr std::uint64_t held_bytes_max = 1u << 20, held_bytes_sum_max = 64u << 20;

std::string_view name_in(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

tree::Entry entry_of(const TarEntry& from, const std::string& path) {
    tree::Entry entry;
    entry.name = path;
    entry.attributes.kind = from.kind;
    entry.attributes.permissions = from.permissions;
    entry.attributes.uid = from.uid;
    entry.attributes.gid = from.gid;
    entry.attributes.link_count = from.kind == tree::FileKind::directory ? 2 : 1;
    entry.attributes.modified = entry.attributes.changed = from.modified;
    return entry;
}

/// All that may be, or may be included by, a file of settings; and what tells of the backup.
bool is_wanted(const TarEntry& file, const std::string& path) {
    if (path == "global/pg_control") return true;
    const std::string_view top = std::string_view(path).substr(0, path.find('/'));
    const bool is_data = top == "base" || top == "global" || top == "tablespaces" ||
                         (top.size() < path.size() && top.starts_with("pg_"));
    return !is_data && file.size <= held_bytes_max;
}

}  // namespace

ClusterFiles::ClusterFiles(const Parts& parts) : parts_(parts), small_(parts.sizes.file_below) {}

/// Makes the directories above a tablespace's files. (Its archive comes before that of the data
/// directory, which then says what they are.)
ClusterFiles::Tops ClusterFiles::tops_of(const BaseBackup::Tablespace& tablespace) {
    if (tablespace.oid == 0) return {};
    const std::string linked = fmt::format("pg_tblspc/{}", tablespace.oid);
    // An "in-place" one is a directory there, not a link.
    if (!tablespace.location.starts_with('/')) return {linked, linked};
    return {fmt::format("tablespaces/{}", tablespace.oid), linked};
}

void ClusterFiles::add_archive(const BaseBackup::Tablespace& tablespace, const Archive& archive) {
    const Tops tops = tops_of(tablespace);
    for (bool first = true; const auto entry = archive.next(); first = false) {
        parts_.outbox.check_stop();
        if (first) {
            owner_ = {.permissions = 0700, .uid = entry->uid, .gid = entry->gid};
            if (!tops.stored.empty()) {
                add_directory(owner_, std::string(directory_of(tops.stored)));
                add_directory(owner_, tops.stored);
            }
        }
        const std::string path = join_path(tops.stored, entry->path);
        switch (entry->kind) {
            case tree::FileKind::directory:
                add_directory(*entry, path);
                break;
            case tree::FileKind::symlink:
                add_link(*entry, path);
                break;
            default:
                sums_[join_path(tops.linked, entry->path)] = add_regular(*entry, path, archive);
        }
    }
}

/// PostgreSQL sends links to tablespaces and no others.
void ClusterFiles::add_link(const TarEntry& link, const std::string& path) {
    AddEntry add{entry_of(link, path)};
    add.entry.target =
        is_below(path, "pg_tblspc") ? fmt::format("../tablespaces/{}", name_in(path)) : link.target;
    add.entry.attributes.size = add.entry.target.size();
    parts_.outbox.send(std::move(add));
}

void ClusterFiles::add_directory(const TarEntry& status, const std::string& path) {
    AddEntry add{entry_of(status, path)};
    add.entry.attributes.kind = tree::FileKind::directory;
    parts_.outbox.send(std::move(add));
    parts_.counters.directories.add(1);
}

void ClusterFiles::add_top(std::uint32_t permissions, Timestamp modified) {
    TarEntry status = owner_;
    status.permissions = permissions;
    status.modified = modified;
    add_directory(status, "");
}

ClusterFiles::Sum ClusterFiles::add_regular(const TarEntry& file, const std::string& path,
                                            const Archive& archive) {
    Crc32c sum;
    const auto read = [&](std::uint64_t, MutableBytes into) {
        const std::size_t got = archive.read(into);
        sum.add(into.first(got));
        parts_.counters.bytes_read.add(got);
        return got;
    };
    if (is_wanted(file, path) && held_bytes_ + file.size <= held_bytes_sum_max) {
        held_bytes_ += file.size;
        std::string bytes(file.size, '\0');
        read(0, {reinterpret_cast<std::byte*>(bytes.data()), bytes.size()});
        held_[path] = {file, std::move(bytes)};
    } else {
        store(file, path, read);
    }
    return {file.size, sum.value()};
}

void ClusterFiles::add_file(const TarEntry& status, std::string_view bytes) {
    TarEntry file = status;
    file.size = bytes.size();
    store(file, file.path, [&](std::uint64_t offset, MutableBytes into) {
        std::memcpy(into.data(), bytes.data() + offset, into.size());
        return into.size();
    });
}

void ClusterFiles::store(const TarEntry& file, const std::string& path,
                         const PieceCutter::Read& read) {
    AddEntry add{entry_of(file, path)};
    add.entry.attributes.size = add.entry.content.size = file.size;
    parts_.counters.files.add(1);
    parts_.counters.bytes.add(file.size);
    const std::string directory(directory_of(path));
    const auto cutting = chunker::choose_cutting({name_in(path), directory, file.size, {}});
    const auto before = find_before(path);
    if (file.size == 0) {
        parts_.outbox.send(std::move(add));
    } else if (file.size < parts_.sizes.file_below &&
               cutting == chunker::Cutting::content_defined) {
        store_small(std::move(add), before, read);
    } else {
        PieceCutter::HintsAt hints_at;
        if (cutting == chunker::Cutting::fixed && before)
            hints_at = [stored = std::make_shared<StoredContent>(parts_.cache, *before)](
                           std::uint64_t offset) {
                return store::ChunkHints{[stored, offset] { return stored->base_at(offset); }, {}};
            };
        parts_.outbox.send(BeginContent{});
        parts_.cutter.send({0, file.size}, cutting, read, hints_at);
        add.from = ContentFrom::pieces;
        parts_.outbox.send(std::move(add));
    }
}

void ClusterFiles::store_small(AddEntry&& add, const std::optional<tree::EntryView>& before,
                               const PieceCutter::Read& read) {
    const MutableBytes bytes = small_.span().first(add.entry.content.size);
    read(0, bytes);
    if (before && StoredContent(parts_.cache, *before).equals(bytes)) {
        add.entry.content = before->content();
        parts_.outbox.send(std::move(add));
        return;
    }
    add.entry.content.extents = {{bytes.size(), ChunkId{}, 0}};
    parts_.outbox.send_grouped(std::move(add), bytes);
}

/// Its regular file at this path in the previous snapshot. Damage there costs time, never the new
/// snapshot: it is logged, and then there is none.
std::optional<tree::EntryView> ClusterFiles::find_before(const std::string& path) {
    if (!parts_.before) return std::nullopt;
    try {
        const std::string_view directory = directory_of(path);
        if (known_directory_ != directory) {
            known_directory_ = directory;
            known_node_.reset();  // also when it cannot be read
            known_node_ = node_before(directory);
        }
        if (!known_node_) return std::nullopt;
        auto entry = tree::Directory(parts_.cache, *known_node_).find(name_in(path));
        if (!entry || entry->kind() != tree::FileKind::regular) return std::nullopt;
        return entry;
    } catch (const Error& error) {
        log_warning("{}: the previous snapshot's is not used: {}", path, error.what());
        return std::nullopt;
    }
}

/// Of a directory in the previous snapshot.
std::optional<NodeId> ClusterFiles::node_before(std::string_view directory) const {
    std::optional<NodeId> node = parts_.before->child();
    for (std::size_t at = 0; node && at < directory.size();) {
        const std::size_t end = std::min(directory.find('/', at), directory.size());
        const auto entry =
            tree::Directory(parts_.cache, *node).find(directory.substr(at, end - at));
        node = entry ? entry->child() : std::nullopt;
        at = end + 1;
    }
    return node;
}

}  // namespace yore::ingest
