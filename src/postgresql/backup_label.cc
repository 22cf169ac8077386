// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/postgresql/backup_label.h>

#include <charconv>
#include <map>

namespace yore::postgresql {
namespace {

[[noreturn]] void refuse(const std::string& why) {
    throw Error(Errc::corrupt, "backup_label: " + why);
}

/// The lines `NAME: value`, by name.
class Lines {
  public:
    explicit Lines(std::string_view text) {
        while (!text.empty()) {
            const auto end = text.find('\n');
            if (end == text.npos) refuse("its last line is cut off");
            add(text.substr(0, end));
            text.remove_prefix(end + 1);
        }
    }
    bool has(std::string_view name) const { return values_.contains(name); }
    std::string_view operator[](std::string_view name) const {
        const auto found = values_.find(name);
        if (found == values_.end()) refuse(fmt::format("it has no {}", name));
        return found->second;
    }

  private:
    void add(std::string_view line) {
        const auto colon = line.find(": ");
        if (colon == line.npos) refuse(fmt::format("not a line of one: `{}`", line));
        const auto name = line.substr(0, colon);
        if (!values_.emplace(name, line.substr(colon + 2)).second)
            refuse(fmt::format("it has {} twice", name));
    }

    std::map<std::string_view, std::string_view> values_;
};

Lsn lsn_in(std::string_view name, std::string_view text) {
    const auto lsn = parse_lsn(text);
    if (!lsn || !lsn->valid()) refuse(fmt::format("{} `{}` is no LSN", name, text));
    return *lsn;
}

Timeline timeline_in(std::string_view name, std::string_view text) {
    Timeline timeline;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, timeline.value);
    if (error != std::errc{} || stop != end || !timeline.valid())
        refuse(fmt::format("{} `{}` is no timeline", name, text));
    return timeline;
}

struct WalLocation {
    Lsn lsn;
    std::string file;
};
/// `0/2000028 (file 000000010000000000000002)`.
WalLocation location_in(std::string_view name, std::string_view text) {
    constexpr std::string_view before_file = " (file ";
    const auto middle = text.find(before_file);
    if (middle == text.npos || !text.ends_with(')'))
        refuse(fmt::format("{} `{}` names no file", name, text));
    auto file = text.substr(middle + before_file.size());
    file.remove_suffix(1);
    return {lsn_in(name, text.substr(0, middle)), std::string(file)};
}

/// `2026-11-21 02:10:57 UTC`.
LabelTime time_in(std::string_view text) {
    LabelTime time{std::string(text), std::nullopt};
    const auto zone = text.rfind(' ');
    if (zone != text.npos && (text.substr(zone) == " UTC" || text.substr(zone) == " GMT"))
        time.utc = parse_time(text.substr(0, zone), Timestamp{});
    return time;
}

BackupLabel::From from_in(std::string_view text) {
    if (text == "primary" || text == "master") return BackupLabel::From::primary;  // before 14
    if (text == "standby") return BackupLabel::From::standby;
    refuse(fmt::format("BACKUP FROM `{}` is not known", text));
}

std::optional<BackupLabel::Stop> stop_in(const Lines& lines) {
    constexpr std::string_view location = "STOP WAL LOCATION", timeline = "STOP TIMELINE";
    if (!lines.has(location)) return std::nullopt;
    return BackupLabel::Stop{location_in(location, lines[location]).lsn,
                             time_in(lines["STOP TIME"]), timeline_in(timeline, lines[timeline])};
}

}  // namespace

BackupLabel parse_backup_label(std::string_view text) {
    const Lines lines(text);
    if (lines.has("INCREMENTAL FROM LSN"))
        throw Error(Errc::unsupported, "backup_label: this is an incremental backup",
                    {"pg_combinebackup makes a full one of it and those before it"});
    auto start = location_in("START WAL LOCATION", lines["START WAL LOCATION"]);
    return {.start = start.lsn,
            .start_file = std::move(start.file),
            .checkpoint = lsn_in("CHECKPOINT LOCATION", lines["CHECKPOINT LOCATION"]),
            .method = std::string(lines["BACKUP METHOD"]),
            .from = from_in(lines["BACKUP FROM"]),
            .start_time = time_in(lines["START TIME"]),
            .label = std::string(lines["LABEL"]),
            .start_timeline = timeline_in("START TIMELINE", lines["START TIMELINE"]),
            .stop = stop_in(lines)};
}

}  // namespace yore::postgresql
