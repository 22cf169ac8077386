// SPDX-License-Identifier: Apache-2.0
#include "command/clone_plan.h"

#include <yore/base/error.h>
#include <yore/base/path.h>

#include <filesystem>

#include <unistd.h>

#include "command/clone_record.h"
#include "command/no_output.h"

namespace yore::command {
namespace {

/// An absolute path of a directory that there is, without links.
std::string existing_directory(const std::string& what, const std::string& path) {
    std::error_code failed;
    if (!path.starts_with('/'))
        throw Error(Errc::invalid, fmt::format("{} {} is not an absolute path", what, path));
    const auto whole = std::filesystem::canonical(path, failed);
    if (failed || !std::filesystem::is_directory(whole, failed))
        throw Error(Errc::invalid, fmt::format("{} {} is not a directory", what, path),
                    {"the process that owns the repository must see it, too"});
    return whole;
}

std::string scratch_directory(const NewClone& wanted) {
    const auto scratch = existing_directory("scratch", *wanted.scratch);
    if (mount::is_on_mount_of_ours(scratch))
        throw Error(Errc::invalid, fmt::format("scratch {} lies in a mount of Yore", scratch),
                    {"name a directory of a file system on a disk"});
    auto changes = scratch_changes(scratch, wanted.name);
    std::error_code failed;
    if (std::filesystem::exists(std::filesystem::symlink_status(changes, failed)))
        throw Error(Errc::exists, fmt::format("{} is there already", changes),
                    {"it may be of a clone of another repository: take another name, or another "
                     "directory"});
    return changes;
}

}  // namespace

std::string clone_mountpoint(const Context& context, const CloneRecord& record) {
    if (!record.directory.empty()) return record.directory;
    return fmt::format("{}/clones/{}", context.options().runtime_directory, record.name);
}

/// On the base backup that it was made of: a newer one, made since by rolling forward, leads to the
/// same rows in other pages.
Moment moment_of(Context& context, const CloneRecord& record) {
    const auto source = context.catalog().source(record.source);
    if (!source)
        throw Error(Errc::not_found,
                    fmt::format("its source {} is not there any more", record.source_name));
    NoOutput nobody;
    const auto base = catalog::SnapshotName::parse(record.base);
    return resolve_moment(context, *source, record.state, nobody, base);
}

void check_clone_place(const Context& context, const NewClone& wanted) {
    if (wanted.directory && !wanted.directory->starts_with('/'))
        throw Error(Errc::invalid, fmt::format("{} is not an absolute path", *wanted.directory));
    if (!wanted.directory && context.options().runtime_directory.empty())
        throw Error(Errc::invalid, "there is no directory to mount clones in",
                    {"`--at DIR` names one"});
    if (wanted.ttl && wanted.ttl->ns <= 0)
        throw Error(Errc::invalid, "ttl: a clone cannot end before it begins");
    if (wanted.bytes_max == 0)
        throw Error(Errc::invalid, "max_bytes: nothing could be changed in it");
}

CloneRecord plan_clone(const Context& context, const NewClone& wanted, const Moment& moment) {
    if (wanted.server && moment.source.kind != catalog::SourceKind::postgresql)
        throw Error(Errc::invalid,
                    fmt::format("{} is no cluster: there is no server to start", moment.name()));
    CloneRecord record;
    record.name = wanted.name;
    record.source = moment.source.id;
    record.source_name = moment.source.name;
    record.state = moment.state;
    record.root = moment.root.hex();
    record.created = context.clock().now();
    if (wanted.ttl) record.until = record.created + *wanted.ttl;
    record.directory = wanted.directory ? mountpoint_name(*wanted.directory) : "";
    record.server = wanted.server;
    record.base = moment.plan.value("snapshot", "");
    // Root's server runs as another user.
    record.allow_other = wanted.allow_other || (wanted.server && ::geteuid() == 0);
    record.changes = wanted.scratch ? scratch_directory(wanted)
                                    : default_changes(context.directory(), wanted.name);
    record.bytes_max = wanted.bytes_max;
    if (is_at_or_below(record.directory, record.changes) ||
        is_at_or_below(record.changes, clone_mountpoint(context, record)))
        throw Error(Errc::invalid,
                    fmt::format("{}: its changes in {} and its mount would lie in each other",
                                clone_mountpoint(context, record), record.changes),
                    {"name another directory"});
    return record;
}

}  // namespace yore::command
