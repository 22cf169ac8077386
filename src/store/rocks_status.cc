// SPDX-License-Identifier: Apache-2.0
#include "store/rocks_status.h"

#include <string_view>
#include <vector>

namespace yore::store {
namespace {

using rocksdb::Status;

bool says(const Status& status, std::string_view words) {
    return std::string_view(status.getState() ? status.getState() : "").find(words) !=
           std::string_view::npos;
}

/// A Status carries no errno, but the end of its text is strerror's.
Errc code_of(const Status& status) {
    if (status.IsNoSpace()) return Errc::no_space;
    if (status.IsPathNotFound() || status.IsCorruption() || status.IsNotFound() ||
        status.IsInvalidArgument() || status.IsNotSupported())
        return Errc::corrupt;
    if (says(status, "Read-only file system")) return Errc::read_only;
    if (says(status, "Permission denied") || says(status, "Operation not permitted"))
        return Errc::denied;
    return Errc::io;
}

/// RocksDB names a table that it misses by its old suffix.
std::string text_of(const Status& status) {
    std::string text = status.ToString();
    for (auto at = text.find(".ldb"); at != std::string::npos; at = text.find(".ldb", at))
        text.replace(at, 4, ".sst");
    return text;
}

std::vector<std::string> hints_for(Errc code) {
    switch (code) {
        case Errc::no_space:
            return {"free some space; what was acknowledged is safe, and reading needs none"};
        case Errc::corrupt:
            return {"check the disk; `yore verify` says what else is damaged"};
        case Errc::io:
            return {"look into the system's log for errors of the disk"};
        default:
            return {};
    }
}

}  // namespace

Error rocks_error(const std::string& what, const Status& status) {
    const Errc code = code_of(status);
    return Error(code, fmt::format("{}: {}", what, text_of(status)), hints_for(code));
}

Error rocks_open_error(const std::string& path, const Status& status) {
    const std::string text = fmt::format("open {}: {}", path, text_of(status));
    if (status.IsIOError() && says(status, "/LOCK"))
        return Error(Errc::busy, text, {"another process has it open"});
    if (says(status, "Column families not opened"))
        return Error(Errc::unsupported, text, {"it was made by a newer version of yore"});
    if (says(status, "Column family not found"))
        return Error(Errc::corrupt, text, {"it is not a database of yore, or half of one"});
    const Error error = rocks_error("open " + path, status);
    if (error.code() != Errc::corrupt) return error;
    return Error(Errc::corrupt, text,
                 {"a file of the repository is missing or damaged; put it back from a copy"});
}

}  // namespace yore::store
