// SPDX-License-Identifier: Apache-2.0
/// `backup_label`: from where a base backup is recovered; and the history file that PostgreSQL adds
/// to the archive when one has ended, which has the same lines and three more.
///
/// Format: PostgreSQL's src/backend/access/transam/xlogbackup.c (build_backup_content).
#pragma once

#include <yore/base/time.h>
#include <yore/postgresql/lsn.h>

#include <optional>
#include <string>
#include <string_view>

namespace yore::postgresql {

/// A time as PostgreSQL wrote it, by the clock of its log_timezone. Only UTC and GMT have one
/// meaning; any other zone's name may stand for several: then there is no `utc`.
struct LabelTime {
    std::string text;
    std::optional<Timestamp> utc;
};

struct BackupLabel {
    enum class From { primary, standby };

    Lsn start;               ///< recovery starts here: the checkpoint's redo position
    std::string start_file;  ///< the name of the log segment that holds it
    Lsn checkpoint;          ///< its record
    std::string method;      ///< `streamed`
    From from = From::primary;
    LabelTime start_time;
    std::string label;
    Timeline start_timeline;

    /// What only a history file has.
    struct Stop {
        Lsn lsn;         ///< the state is consistent from here on
        LabelTime time;  ///< no earlier moment can be restored from this backup
        Timeline timeline;
    };
    std::optional<Stop> stop;
};

/// Of an incremental backup: Errc::unsupported. Lines missing or wrong: Errc::corrupt. Lines with
/// names that are not known are passed over, as PostgreSQL does.
BackupLabel parse_backup_label(std::string_view text);

}  // namespace yore::postgresql
