// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/backup_log.h"

#include <yore/base/error.h>
#include <yore/base/path.h>
#include <yore/postgresql/wal_header.h>

#include <algorithm>

namespace yore::ingest {

using namespace postgresql;
using Tablespace = view::ReplayDemands::Tablespace;

ClusterFiles::Archive BackupLog::heard(ClusterFiles::Archive archive) {
    return {[this, next = std::move(archive.next)] {
                auto entry = next();
                begin(entry);
                return entry;
            },
            [this, read = std::move(archive.read)](MutableBytes into) {
                const std::size_t got = read(into);
                take(into.first(got));
                return got;
            }};
}

void BackupLog::begin(const std::optional<TarEntry>& entry) {
    finish_segment();
    if (!entry || entry->kind != tree::FileKind::regular || directory_of(entry->path) != "pg_wal")
        return;
    const auto size = SegmentSize::of(entry->size);
    if (!size) return;
    std::string name = entry->path.substr(entry->path.rfind('/') + 1);
    const auto parsed = parse_log_file_name(name, *size);
    if (!parsed || parsed->kind != LogFileName::Kind::segment) return;
    size_ = *size;
    open_ = Open{{parsed->segment, parsed->timeline}, *size, std::move(name), 0, std::nullopt};
}

/// Behind the segment before it, of the newest timeline that this one may go on from: there are two
/// where one ends.
std::optional<WalReader> BackupLog::reader_of(const Open& segment, ByteView first_bytes) const {
    const auto& [number, timeline] = segment.place;
    const auto header = parse_segment_header(first_bytes, segment.name);
    const WalStream stream{.major_version = header.major_version,
                           .system_identifier = system_identifier_,
                           .segment_size = segment.size,
                           .block_bytes = header.block_bytes,
                           .timeline = timeline};
    if (number == segment.size.segment_of(start_.lsn)) return WalReader(stream, start_.lsn);
    if (number.value == 0) return std::nullopt;
    const auto* before = newest({{number.value - 1}, timeline});
    if (before == nullptr || before->first.first.value != number.value - 1 || !before->second.state)
        return std::nullopt;
    return WalReader(stream, *before->second.state);
}

void BackupLog::take(ByteView bytes) {
    if (!open_ || bytes.empty()) return;
    if (open_->offset == 0) open_->reader = reader_of(*open_, bytes);
    const Lsn at{open_->size.start_of(open_->place.first).value + open_->offset};
    open_->offset += bytes.size();
    if (!open_->reader) return;
    const Lsn wanted = std::max(at, open_->reader->position());  // later where the log begins
    if (const auto skipped = wanted.value - at.value; skipped < bytes.size())
        open_->reader->feed(bytes.subspan(skipped), *this);
}

void BackupLog::finish_segment() {
    if (open_ && open_->reader) {
        const WalReader& reader = *open_->reader;
        Read& read = read_[open_->place];
        if (reader.stop())
            read = {reader.stop()->end, std::nullopt, reader.stop()->text};
        else
            read = {reader.end(), reader.state(), ""};
    }
    open_.reset();
}

const std::pair<const BackupLog::Place, BackupLog::Read>* BackupLog::newest(
    const Place& at_most) const {
    const auto behind = read_.upper_bound(at_most);
    return behind == read_.begin() ? nullptr : &*std::prev(behind);
}

const std::pair<const BackupLog::Place, BackupLog::Read>* BackupLog::newest_before(
    BaseBackup::Position stop) const {
    return newest({size_.segment_of({stop.lsn.value - 1}), stop.timeline});
}

bool BackupLog::goes_on_behind(BaseBackup::Position stop) const {
    const auto* last = newest_before(stop);
    return last != nullptr && last->second.end > stop.lsn;
}

void BackupLog::on_record(const WalRecord& record, const WalFact* fact) {
    const auto* made = fact == nullptr ? nullptr : std::get_if<TablespaceCreate>(fact);
    // One "in place" is a directory of the data directory, and so of the copy.
    if (made != nullptr && made->path.starts_with('/'))
        tablespaces_.push_back({position_of(record.lsn), made->oid, made->path});
}

std::optional<Tablespace> BackupLog::new_tablespace(BaseBackup::Position stop) const {
    const auto* last = newest_before(stop);
    if (last == nullptr || last->second.end < stop.lsn)
        throw Error(
            Errc::corrupt,
            fmt::format(
                "the base backup's log is not whole from {} to {}{}", to_text(start_.lsn),
                to_text(stop.lsn),
                last == nullptr || last->second.problem.empty() ? "" : ": " + last->second.problem),
            {"a server does not start on it: take the backup again"});
    const auto found = std::ranges::find_if(
        tablespaces_, [&](const auto& each) { return lsn_of(each.made) < stop.lsn; });
    return found == tablespaces_.end() ? std::nullopt : std::optional(*found);
}

Error makes_tablespace(const Tablespace& tablespace) {
    return Error(Errc::busy,
                 fmt::format("tablespace {} was made while the base backup ran, or right before: a "
                             "copy that is started would use {}, as the original does",
                             tablespace.oid, tablespace.path),
                 {"take it again",
                  "from a standby: when the primary has made a checkpoint (`CHECKPOINT` there)"});
}

}  // namespace yore::ingest
