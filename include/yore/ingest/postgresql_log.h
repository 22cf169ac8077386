// SPDX-License-Identifier: Apache-2.0
/// PostgreSQL's log, file by file: what `archive_command` and `restore_command` hand over.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/catalog/log.h>
#include <yore/ingest/snapshot_job.h>

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>

namespace yore::ingest {

/// A file of `pg_wal`; all outlive the call.
struct LogFileOrder {
    catalog::Catalog& catalog;
    const store::ObjectCache& cache;
    const catalog::Source& source;
    const std::string& name;   ///< `000000010000000000000003`, `00000002.history`, …
    const StreamReader& read;  ///< its bytes
    const Clock& clock;
    /// What a receiver had of it, and nobody needs once it is stored: goes in the same commit.
    std::optional<store::TailDrop> drop = {};
    /// Whose a history file is, which does not tell it; none: the newest system's.
    std::optional<std::uint64_t> system_identifier = {};
};

struct LogFileTaken {
    enum class Outcome {
        stored,
        already,   ///< it was stored, with the same bytes
        not_kept,  ///< nothing that a recovery needs: a `.backup` file, a `.partial` without
                   ///< records
    } outcome = Outcome::stored;
    std::string incarnation;           ///< of what is kept
    std::uint64_t bytes = 0;           ///< of the log, plain
    std::uint32_t restore_points = 0;  ///< in a new segment
};

/// Durable when it returns. A segment is read as the server would before anything is stored: a
/// recycled file, a hole, damage are `corrupt`, a cluster that the source never was and another
/// size `invalid`, all of which name the file. Of a `.partial` what is valid is kept; the whole
/// segment takes its place. Other content than is stored under the name: Errc::exists. Stopped:
/// `cancelled`.
LogFileTaken store_log_file(const LogFileOrder&, const std::stop_token&);

/// A segment as the server wants it: its bytes, then zeros up to `bytes`.
struct StoredLogSegment {
    catalog::LogSegment segment;
    std::uint64_t bytes = 0;
};
/// A history file.
struct StoredTimelineHistory {
    std::string text;
};
/// What is asked for begins where everything that is known of its timeline has ended; or there is
/// no such timeline.
struct BehindEnd {
    std::string text;
};
/// A segment is found under its name, and under that of a segment whose `.partial` is all there is;
/// of an older system than the newest, behind `sys1-`.
/// Missing though the log is known to have gone on there: Errc::not_found. Not such a name:
/// invalid.
std::variant<StoredLogSegment, StoredTimelineHistory, BehindEnd> find_log_file(
    const catalog::Catalog&, const catalog::Source&, const std::string& name);

}  // namespace yore::ingest
