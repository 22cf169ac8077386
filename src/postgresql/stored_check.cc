// SPDX-License-Identifier: Apache-2.0
/// Findings about what is stored of a cluster, beside what its server says.
#include <yore/base/size.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "postgresql/findings.h"

namespace yore::postgresql {
namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;
/// A log that comes segment by segment lacks the one that is being written, and for a moment the
/// one before it.
constexpr std::uint64_t segments_behind_max = 2;
constexpr std::int64_t silence_max_s = 3600;

std::uint64_t segment_bytes(const ServerFacts& server) {
    const auto found = server.settings.find("wal_segment_size");
    if (found == server.settings.end()) return SegmentSize().bytes();
    std::string text = found->second;  // 16MB, which here is a power of two
    if (text.ends_with('B')) text.pop_back();
    return parse_size(text).value_or(SegmentSize().bytes());
}

std::string rolled_text(const StoredFacts& stored, const StoredFacts::Backup& backup) {
    if (backup.rolled_from.empty()) return {};
    const std::string sent = backup.sent ? fmt::format("the server sent the last one {} ago",
                                                       age_text(stored.now - *backup.sent))
                                         : "none that the server sent is there any more";
    return fmt::format(", rolled forward from {}; {}", backup.rolled_from, sent);
}

void judge_backup(const StoredFacts& stored, Findings& findings) {
    const std::string take_one = fmt::format("`yore snapshot {}` takes one", stored.source);
    if (!stored.backup) return findings.warning("backup", "there is no base backup yet", take_one);
    const auto& backup = *stored.backup;
    const std::string text =
        fmt::format("the newest base backup is {}, {} old{}", backup.name,
                    age_text(stored.now - backup.ended), rolled_text(stored, backup));
    if (backup.damaged_pages > 0)
        return findings.warning(
            "backup",
            fmt::format("{}; the server found {} damaged pages in it", text, backup.damaged_pages),
            "the snapshot's problems name them; restore these tables from an older backup");
    if (!backup.rolled_from.empty() && !backup.sent)
        return findings.warning("backup", text,
                                take_one +
                                    ": it reads what was damaged at the server meanwhile, "
                                    "and rolled ones can be compared with it");
    findings.ok("backup", text);
}

/// The end of the stored log beside the end of the server's, on the same timeline.
void judge_distance(const ServerFacts& server, const StoredFacts& stored, Findings& findings) {
    const auto& log = *stored.log;
    const std::uint64_t flushed = server.identity->flushed.value;
    const std::uint64_t behind = flushed > log.end.value ? flushed - log.end.value : 0;
    const Duration age = stored.now - log.last_time;
    const std::string text =
        fmt::format("the stored log ends at {}, {} behind the server; its last time is {} ago",
                    to_text(log.end), size_text(behind), age_text(age));
    if (behind >= segments_behind_max * segment_bytes(server))
        return findings.warning("log", text,
                                "what feeds it is down or too slow: look at archive_command or "
                                "`yore log status`, and into the server's log");
    if (behind > 0 && age.ns > silence_max_s * ns_per_s)
        return findings.warning("log", text,
                                "a segment is handed over when it is full: archive_timeout bounds "
                                "how long that takes");
    findings.ok("log", text);
}

void judge_log(const ServerFacts& server, const StoredFacts& stored, Findings& findings) {
    if (!stored.log)
        return findings.warning(
            "log", "no log is stored: only snapshots can be opened, not the moments between them",
            fmt::format("`yore log follow {0}` takes it, or archive_command = 'yore log push {0} "
                        "%p' hands it over",
                        stored.source));
    if (!server.identity) return;
    const Timeline here = server.identity->timeline, there = stored.log->timeline;
    if (here == there) return judge_distance(server, stored, findings);
    const std::string text =
        fmt::format("the server is on timeline {}, the stored log on {}", here.value, there.value);
    if (here < there)
        return findings.problem("log", text,
                                "is it a server from before a promotion? Only one line of "
                                "timelines can feed a source");
    findings.warning("log", text,
                     fmt::format("after a promotion the history file comes first: `yore log push "
                                 "{} pg_wal/{:08X}.history`",
                                 stored.source, here.value));
}

void judge_window(const StoredFacts& stored, Findings& findings) {
    if (!stored.log) return;
    const std::string snapshot =
        fmt::format("`yore snapshot {}`: the log counts from there on", stored.source);
    if (!stored.window)
        return findings.warning("window",
                                "no base backup leads into the stored log: no commit can be opened",
                                snapshot);
    const auto& window = *stored.window;
    const std::string text = fmt::format("every commit from {} to {} can be opened",
                                         to_rfc3339(window.first), to_rfc3339(window.last));
    if (!window.reaches_end)
        return findings.warning("window", text + ", but not what is stored of the log behind it",
                                "`yore windows " + stored.source + "` says why; " + snapshot);
    findings.ok("window", stored.windows > 1
                              ? fmt::format("{}; {} windows before it are apart from it", text,
                                            stored.windows - 1)
                              : text);
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
    constexpr std::array units{"bytes", "KiB", "MiB", "GiB", "TiB"};
    double amount = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; amount >= 1024 && unit + 1 < units.size(); ++unit) amount /= 1024;
    return unit == 0 ? fmt::format("{} bytes", bytes)
                     : fmt::format("{:.1f} {}", amount, units[unit]);
}

std::string age_text(Duration age) {
    struct Unit {
        std::int64_t seconds;
        std::string_view name;
    };
    const std::int64_t age_s = std::max<std::int64_t>(age.ns / ns_per_s, 0);
    for (const Unit unit : {Unit{86400, "d"}, Unit{3600, "h"}, Unit{60, "min"}})
        if (age_s >= 2 * unit.seconds) return fmt::format("{} {}", age_s / unit.seconds, unit.name);
    return fmt::format("{} s", age_s);
}

void judge_stored(const ServerFacts& server, const StoredFacts& stored, Findings& findings) {
    judge_backup(stored, findings);
    judge_log(server, stored, findings);
    judge_window(stored, findings);
}

}  // namespace yore::postgresql
