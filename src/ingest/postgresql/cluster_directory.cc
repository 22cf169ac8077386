// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/cluster_directory.h"

#include <yore/base/error.h>
#include <yore/base/file.h>
#include <yore/base/log.h>
#include <yore/base/number.h>
#include <yore/base/path.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <utility>

#include <fcntl.h>

#include "ingest/file_status.h"

namespace yore::ingest {
namespace {

constexpr std::size_t names_bytes = 64u << 10;

/// Of these directories a server keeps nothing but themselves.
constexpr std::array emptied{"pg_dynshmem",  "pg_notify",   "pg_replslot", "pg_serial",
                             "pg_snapshots", "pg_stat_tmp", "pg_subtrans"};
/// The manifest is read by itself.
constexpr std::array left_out{"backup_manifest", "current_logfiles.tmp", "postgresql.auto.conf.tmp",
                              "postmaster.opts", "postmaster.pid"};

std::string_view name_in(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

std::optional<std::uint32_t> oid_in(std::string_view text) {
    const auto oid = parse_number<std::uint32_t>(text);
    return oid == 0u ? std::nullopt : oid;
}

/// The OIDs that begin the lines of a tablespace_map.
void check_tablespace_map(const std::string& data_directory) {
    const auto map = read_file(join_path(data_directory, "tablespace_map"));
    if (!map) return;
    std::string_view rest = as_text(*map);
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        const std::string oid(line.substr(0, line.find(' ')));
        std::error_code failed;
        if (!oid.empty() &&
            !std::filesystem::exists(join_path(data_directory, "pg_tblspc/" + oid), failed))
            throw Error(Errc::invalid,
                        fmt::format("{}: tablespace_map names tablespace {}, but there is no "
                                    "pg_tblspc/{}",
                                    data_directory, oid, oid),
                        {"unpack the tablespace's archive, and make a link to it there"});
    }
}

}  // namespace

ClusterDirectory::ClusterDirectory(std::string root, Wanted wanted)
    : root_(std::move(root)), wanted_(std::move(wanted)), names_(names_bytes) {
    enter("");
}

std::string ClusterDirectory::place_of(std::string_view path) const {
    return path.empty() ? root_ : join_path(root_, path);
}

void ClusterDirectory::enter(const std::string& path) {
    const Fd directory = open_file(place_of(path), O_RDONLY | O_DIRECTORY);
    Level level{path, {}, 0};
    const int error = level.names.read(directory.get(), names_.span());
    if (error != 0) throw system_error("list", place_of(path), error);
    levels_.push_back(std::move(level));
}

std::optional<TarEntry> ClusterDirectory::next() {
    file_ = Fd();
    while (!levels_.empty()) {
        Level& level = levels_.back();
        if (level.next == level.names.size()) {
            levels_.pop_back();
            continue;
        }
        const std::string path = join_path(level.path, level.names.name(level.next++));
        if (!wanted_(path)) continue;
        if (auto entry = look_at(path)) return entry;
    }
    return std::nullopt;
}

/// As a server does: links are to tablespaces, or `pg_wal` itself, or left out.
std::optional<TarEntry> ClusterDirectory::look_at(const std::string& path) {
    FileStatus status;
    const std::string place = place_of(path);
    if (const int error = status_at(AT_FDCWD, place.c_str(), status); error != 0)
        throw system_error("stat", place, error);
    const tree::Attributes& attributes = status.attributes;
    TarEntry entry{.path = path,
                   .kind = attributes.kind,
                   .permissions = attributes.permissions,
                   .uid = attributes.uid,
                   .gid = attributes.gid,
                   .size = 0,
                   .modified = attributes.modified,
                   .target = {}};
    const bool is_link = attributes.kind == tree::FileKind::symlink;
    if (attributes.kind == tree::FileKind::regular) {
        file_ = open_file(place, O_RDONLY | O_NOFOLLOW);
        path_ = path;
        offset_ = 0;
        entry.size = size_ = status.size;
    } else if (attributes.kind == tree::FileKind::directory || (is_link && path == "pg_wal")) {
        if (is_link) entry.permissions = 0700;
        entry.kind = tree::FileKind::directory;
        enter(path);
    } else if (is_link && directory_of(path) == "pg_tblspc") {
        entry.target = std::filesystem::read_symlink(place).string();
    } else {
        log_warning("{}: neither a file nor a directory, and left out, as PostgreSQL does", place);
        return std::nullopt;
    }
    return entry;
}

std::size_t ClusterDirectory::read(MutableBytes into) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size_ - offset_));
    if (read_at(file_.get(), offset_, into.first(wanted)) != wanted)
        throw Error(Errc::busy, fmt::format("{} became shorter while it was read", place_of(path_)),
                    {"does a server run on it?"});
    offset_ += wanted;
    return wanted;
}

bool belongs_into_backup(std::string_view path,
                         const std::function<bool(std::string_view name)>& wal_wanted) {
    const std::string_view name = name_in(path), directory = directory_of(path);
    if (name.starts_with("pgsql_tmp") || name.starts_with("pg_internal.init")) return false;
    if (directory.empty()) return std::ranges::find(left_out, path) == left_out.end();
    if (directory == "pg_wal")
        return name == "archive_status" || name == "summaries" || wal_wanted(name);
    if (is_below(directory, "pg_wal")) return false;
    return std::ranges::none_of(emptied, [&](std::string_view top) { return directory == top; });
}

std::vector<BaseBackup::Tablespace> linked_tablespaces(const std::string& data_directory) {
    check_tablespace_map(data_directory);
    std::vector<BaseBackup::Tablespace> tablespaces;
    for (const auto& link :
         std::filesystem::directory_iterator(join_path(data_directory, "pg_tblspc"))) {
        const auto oid = oid_in(link.path().filename().string());
        if (!oid || !link.is_symlink()) continue;
        tablespaces.push_back({*oid, std::filesystem::canonical(link.path()).string(), 0});
    }
    std::ranges::sort(tablespaces, {}, &BaseBackup::Tablespace::oid);
    return tablespaces;
}

std::string tablespace_version_directory(const postgresql::ControlFile& control) {
    return fmt::format("PG_{}_{}", control.major_version, control.catalog_version);
}

void check_stopped(const std::string& data_directory) {
    const auto file = read_file(join_path(data_directory, "postmaster.pid"));
    if (!file) return;
    const std::string_view text = as_text(*file);
    const auto pid = oid_in(text.substr(0, text.find('\n')));
    if (!pid) return;
    if (::kill(static_cast<pid_t>(*pid), 0) != 0 && errno == ESRCH) return;
    throw Error(Errc::busy,
                fmt::format("{}: a server runs on it (process {})", data_directory, *pid),
                {"`yore snapshot` without --from-directory takes a base backup of a running server",
                 "if that process is something else, remove postmaster.pid"});
}

}  // namespace yore::ingest
