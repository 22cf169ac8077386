// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/base_backup.h"

#include <yore/base/number.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace yore::ingest {
namespace {

Error strange(std::string_view what) {
    return Error(Errc::io, fmt::format("the server broke the protocol of base backups: {}", what));
}

BaseBackup::Position position_in(const std::vector<Connection::Row>& rows) {
    if (rows.size() != 1 || rows[0].size() != 2 || !rows[0][0] || !rows[0][1])
        throw strange("no position");
    const auto lsn = postgresql::parse_lsn(*rows[0][0]);
    const auto timeline = parse_number<std::uint32_t>(*rows[0][1]);
    if (!lsn || !timeline || *timeline == 0) throw strange("no position");
    return {*lsn, {*timeline}};
}

BaseBackup::Tablespace tablespace_in(const Connection::Row& row) {
    if (row.size() != 3) throw strange("no list of tablespaces");
    BaseBackup::Tablespace tablespace{.oid = 0, .location = row[1].value_or("")};
    if (row[0]) {
        const auto oid = parse_number<std::uint32_t>(*row[0]);
        if (!oid || *oid == 0) throw strange("a tablespace without a number");
        tablespace.oid = *oid;
    }
    if (row[2]) tablespace.bytes = parse_number<std::uint64_t>(*row[2]).value_or(0) * 1024;
    return tablespace;
}

}  // namespace

BaseBackup::BaseBackup(Connection& connection, const BaseBackupOptions& options)
    : connection_(connection) {
    connection_.send(command(options));
    start_ = position_in(connection_.next_rows());
    for (const Connection::Row& row : connection_.next_rows())
        tablespaces_.push_back(tablespace_in(row));
    if (has_messages()) connection_.expect_copy();
}

/// Neither `tablespace_map`, which would have a restored server use the original's tablespaces, nor
/// incremental ones. The WAL comes along: a slot of the connection keeps it until then, and so the
/// backup waits for no archive, which may be out of order.
std::string BaseBackup::command(const BaseBackupOptions& options) const {
    const std::string label = quoted_literal("yore");
    if (has_messages())
        return fmt::format(
            "BASE_BACKUP (LABEL {}, PROGRESS true, CHECKPOINT '{}', WAL true, WAIT false, "
            "MANIFEST 'yes', TABLESPACE_MAP false{})",
            label, options.spread_checkpoint ? "spread" : "fast",
            options.max_rate_kib_s ? fmt::format(", MAX_RATE {}", *options.max_rate_kib_s) : "");
    return fmt::format(
        "BASE_BACKUP LABEL {} PROGRESS{} WAL NOWAIT{} MANIFEST 'yes'", label,
        options.spread_checkpoint ? "" : " FAST",
        options.max_rate_kib_s ? fmt::format(" MAX_RATE {}", *options.max_rate_kib_s) : "");
}

const BaseBackup::Tablespace& BaseBackup::tablespace_of(std::string_view archive) const {
    std::uint32_t oid = 0;
    if (archive != "base.tar") {
        if (!archive.ends_with(".tar")) throw strange("an archive of an unknown kind");
        archive.remove_suffix(4);
        oid = parse_number<std::uint32_t>(archive).value_or(0);
        if (oid == 0) throw strange("an archive of no tablespace");
    }
    const auto found = std::ranges::find(tablespaces_, oid, &Tablespace::oid);
    if (found == tablespaces_.end()) throw strange("an archive of an unknown tablespace");
    return *found;
}

/// Version 15 and later. What is not data is put aside in `waiting_` by who reads data.
BaseBackup::Next BaseBackup::next_message() {
    if (waiting_) return *std::exchange(waiting_, std::nullopt);
    for (;;) {
        const auto message = connection_.copy_data();
        if (!message) return Next::end;
        const ByteView body = message->subspan(1);
        switch (std::to_integer<char>(message->front())) {
            case 'n': {
                const std::string_view text = as_text(body);
                archive_name_ = text.substr(0, text.find('\0'));
                return Next::archive;
            }
            case 'm':
                return Next::manifest;
            case 'd':
                data_ = body;
                return Next::data;
            case 'p':
                continue;
            default:
                throw strange("an unknown message");
        }
    }
}

std::optional<BaseBackup::Tablespace> BaseBackup::next_archive() {
    if (archives_begun_ == tablespaces_.size()) return std::nullopt;
    const std::size_t place = archives_begun_++;
    if (!has_messages()) {
        connection_.expect_copy();
        return tablespaces_[place];
    }
    if (next_message() != Next::archive) throw strange("no archive where one belongs");
    return tablespace_of(archive_name_);
}

std::size_t BaseBackup::read(MutableBytes into) {
    while (data_.empty()) {
        if (has_messages()) {
            if (const Next next = next_message(); next != Next::data) {
                waiting_ = next;
                return 0;
            }
        } else {
            const auto message = connection_.copy_data();
            if (!message) return 0;
            data_ = *message;
        }
    }
    const std::size_t size = std::min(into.size(), data_.size());
    std::memcpy(into.data(), data_.data(), size);
    data_ = data_.subspan(size);
    return size;
}

std::string BaseBackup::read_manifest(std::size_t bytes_max) {
    if (!has_messages())
        connection_.expect_copy();
    else if (next_message() != Next::manifest)
        throw strange("no manifest");
    std::string manifest;
    std::array<std::byte, 1u << 16> part;
    for (std::size_t got; (got = read(part)) > 0;) {
        if (manifest.size() + got > bytes_max)
            throw Error(Errc::corrupt, "the manifest of the base backup is too long");
        manifest += as_text(ByteView(part).first(got));
    }
    return manifest;
}

BaseBackup::Position BaseBackup::finish(bool& checksum_failures) {
    constexpr std::string_view data_corrupted = "XX001";
    if (has_messages() && next_message() != Next::end) throw strange("more than a manifest");
    const Position stop = position_in(connection_.next_rows());
    connection_.finish([&](std::string_view sqlstate, const std::string& text) {
        const bool pages = sqlstate == data_corrupted && text.find("checksum") != std::string::npos;
        checksum_failures |= pages;
        return pages;
    });
    return stop;
}

}  // namespace yore::ingest
