// SPDX-License-Identifier: Apache-2.0
/// What a clone is, as it lies beside the repository: REPO/clones/NAME/clone.json, an object of
/// JSON that is replaced whole. Clones are of one machine: they are in no commit.
#pragma once

#include <yore/command/clones.h>

#include <map>
#include <optional>
#include <string>

namespace yore::command {

/// REPO/clones/NAME
std::string clone_directory(const std::string& repository, std::string_view name);
/// REPO/clones/NAME/changes
std::string default_changes(const std::string& repository, std::string_view name);
/// DIR/yore-clone-NAME
std::string scratch_changes(const std::string& scratch, std::string_view name);

/// What its server logs, and which process it is: REPO/clones/NAME/server.log, server.pid
std::string server_log(const std::string& repository, std::string_view name);
std::string server_process_file(const std::string& repository, std::string_view name);

/// Makes the clone's directory, too; durable when it returns.
void save(const std::string& repository, const CloneRecord&);
/// Removes the record, its server's log, and the directory unless something else is in it. Not
/// there: nothing.
void remove_record(const std::string& repository, std::string_view name);

/// A clone that is there, by name; damaged: a failure instead of the record.
struct FoundClone {
    CloneRecord record;
    std::string failure;  ///< empty: the record was read
};
/// A directory without a record is of a clone that was not made: it is named, with `making`.
std::map<std::string, FoundClone> find_clones(const std::string& repository);

}  // namespace yore::command
