// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/prepared_files.h"

#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/base/path.h>
#include <yore/postgresql/backup_manifest.h>
#include <yore/postgresql/prepared_tree.h>

#include <set>
#include <utility>
#include <vector>

namespace yore::ingest {
namespace {

std::vector<std::string> names_in(const ClusterFiles::HeldFiles& held, std::string_view directory) {
    std::vector<std::string> names;
    for (const auto& [path, file] : held)
        if (directory_of(path) == directory) names.push_back(path.substr(path.rfind('/') + 1));
    return names;
}

/// Owned as the others are.
TarEntry new_file(const ClusterFiles& files, const std::string& path, std::uint32_t directory_mode,
                  Timestamp now) {
    TarEntry status = files.owner();
    status.path = path;
    status.permissions = directory_mode == 0750 ? 0640 : 0600;
    status.modified = now;
    return status;
}

/// Puts the files of settings with the others, and into the manifest.
void take_config(ClusterFiles& files, LastFiles& last, Timestamp now) {
    postgresql::ManifestEdits edits;
    std::set<std::string> directories;
    for (auto& [path, file] : last.config) {
        for (std::string_view above = directory_of(path); !above.empty();
             above = directory_of(above))
            directories.emplace(above);
        edits[path] = postgresql::manifest_file(path, as_bytes(file.bytes), file.status.modified);
        last.held[path] = std::move(file);
    }
    TarEntry status = files.owner();
    status.permissions = last.directory_mode;
    status.modified = now;
    for (const std::string& path : directories) files.add_directory(status, path);
    if (last.manifest && !edits.empty())
        last.manifest = postgresql::edit_backup_manifest(*last.manifest, edits);
}

}  // namespace

const ClusterFiles::Held& held_file(const ClusterFiles::HeldFiles& held, std::string_view path) {
    const auto found = held.find(path);
    if (found == held.end())
        throw Error(Errc::corrupt, fmt::format("the base backup has no {}", path));
    return found->second;
}

void add_last_files(ClusterFiles& files, LastFiles last, Timestamp now) {
    take_config(files, last, now);
    auto& held = last.held;
    const auto fresh = [&](const std::string& path) {
        return new_file(files, path, last.directory_mode, now);
    };
    if (last.manifest)
        held["backup_manifest"] = {fresh("backup_manifest"), std::move(*last.manifest)};
    const postgresql::StoredFiles stored{
        [&](std::string_view path) -> std::optional<std::string> {
            const auto file = held.find(path);
            if (file == held.end()) return std::nullopt;
            return file->second.bytes;
        },
        [&](std::string_view directory) { return names_in(held, directory); }};
    const auto prepared =
        postgresql::prepare_tree(stored, {.target = last.target, .clone = std::nullopt});
    for (const std::string& note : prepared.notes) log_debug("{}", note);
    for (const auto& [path, text] : prepared.files) {
        if (!held.contains(path)) held[path].status = fresh(path);
        held[path].status.modified = now;
        held[path].bytes = text;
    }
    for (const std::string& path : prepared.removed) held.erase(path);
    for (const auto& [path, file] : held) files.add_file(file.status, file.bytes);
    files.add_top(last.directory_mode, now);
}

}  // namespace yore::ingest
