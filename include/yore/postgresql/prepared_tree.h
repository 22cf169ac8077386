// SPDX-License-Identifier: Apache-2.0
/// What must be different in the tree of a base backup so that a plain start of a server on a copy
/// of it recovers to a moment, by itself and away from the original. Pure: files are read by
/// whoever has them.
#pragma once

#include <yore/postgresql/config_rewrite.h>
#include <yore/postgresql/recovery_settings.h>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace yore::postgresql {

/// Of the tree as it was stored; paths are below the data directory.
struct StoredFiles {
    /// A regular file's bytes. Not there, or no regular file: nullopt.
    std::function<std::optional<std::string>(std::string_view path)> read;
    /// The names in a directory, in any order. Not there: empty.
    std::function<std::vector<std::string>(std::string_view path)> list;
};

struct Preparation {
    RecoveryTarget target;
    std::optional<CloneAddress> clone;
    /// What the log up to the target was written with, if more than `pg_control` says: from its
    /// records of changed parameters.
    RecoveryLimits limits = {};
};

struct PreparedTree {
    struct File {
        std::string path, text;
    };
    std::vector<File> files;  ///< there with this text, instead of or besides the stored ones
    std::vector<std::string> removed;  ///< not there; some may not have been there before
    std::vector<std::string> notes;    ///< for a person: what was left out or made up, and why
};

/// What makes a copy safe, as two closed lists.
struct Isolation {
    std::vector<Setting> settings;
    std::vector<ConfigRule> rules;
};
Isolation isolation(int major_version, const RecoveryTarget&,
                    const std::optional<CloneAddress>& clone = {});

/// The segments and history files that recovery needs are put into `pg_wal` by the caller;
/// `pg_verifybackup --no-parse-wal` passes on the prepared tree when it passed on the stored one.
/// Errors as of parse_control_file and edit_backup_manifest; no pg_control: Errc::corrupt.
PreparedTree prepare_tree(const StoredFiles&, const Preparation&);
/// With lists of one's own, such as one with an entry less.
PreparedTree prepare_tree(const StoredFiles&, const Preparation&, Isolation);

}  // namespace yore::postgresql
