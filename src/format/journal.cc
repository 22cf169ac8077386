// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/format/journal.h>
#include <yore/format/wire.h>

#include <charconv>
#include <limits>

namespace yore::format {
namespace {

constexpr std::uint32_t magic = 0x314c4a59;  // "YJL1"
constexpr std::size_t record_bytes_min = 1 + 8 + 2;
constexpr std::size_t name_bytes_max = 255;

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= name_bytes_max && name != "." && name != "..";
}

bool is_path(std::string_view path) {
    if (path.size() > journal_path_bytes_max || path.find('\0') != path.npos) return false;
    for (std::size_t at = 0;;) {
        const std::size_t end = path.find('/', at);
        if (!is_name(path.substr(at, end - at))) return false;
        if (end == path.npos) return true;
        at = end + 1;
    }
}

/// What is wrong with it, or nullptr.
const char* problem_in(const JournalRecord& record) {
    const std::size_t count = record.paths.size();
    if (count == 0 || count > std::numeric_limits<std::uint16_t>::max())
        return "a record with a wrong number of paths";
    if (record.kind == JournalRecord::Kind::move && count != 2) return "a move without two paths";
    for (const std::string& path : record.paths)
        if (!is_path(path) && !(path.empty() && record.has_entry())) return "a path that cannot be";
    return nullptr;
}

const char* problem_in(const Journal& journal) {
    if (journal.records.empty() || journal.records.size() > journal_records_max)
        return "a wrong number of records";
    if (journal.begin.value > std::numeric_limits<std::uint64_t>::max() - journal_records_max)
        return "positions out of bounds";
    for (const JournalRecord& record : journal.records)
        if (const char* problem = problem_in(record)) return problem;
    return nullptr;
}

JournalRecord decode_record(Decoder& from) {
    JournalRecord record;
    record.kind = decode_enum(from, JournalRecord::Kind::put, JournalRecord::Kind::move, "kind");
    record.time.ns = static_cast<std::int64_t>(from.get<std::uint64_t>());
    for (auto left = from.get<std::uint16_t>(); left > 0; --left)
        record.paths.emplace_back(as_text(from.sized<std::uint16_t>(journal_path_bytes_max)));
    return record;
}

}  // namespace

std::size_t journal_bytes(const JournalRecord& record) {
    std::size_t bytes = record_bytes_min;
    for (const std::string& path : record.paths) bytes += 2 + path.size();
    return bytes;
}

Bytes encode(const Journal& journal) {
    if (const char* problem = problem_in(journal))
        throw Error(Errc::invalid, fmt::format("journal: {}", problem));
    Encoder to;
    to.put(magic)
        .put(std::uint32_t{0})
        .put(journal.begin.value)
        .put(static_cast<std::uint32_t>(journal.records.size()));
    for (const JournalRecord& record : journal.records) {
        to.put(static_cast<std::uint8_t>(record.kind))
            .put(static_cast<std::uint64_t>(record.time.ns))
            .put(static_cast<std::uint16_t>(record.paths.size()));
        for (const std::string& path : record.paths) to.sized<std::uint16_t>(as_bytes(path));
    }
    if (to.view().size() > journal_bytes_max)
        throw Error(Errc::invalid, "journal: too long for one segment");
    return to.take();
}

Journal decode_journal(ByteView bytes) {
    return doing([] { return "journal"; },
                 [&] {
                     Decoder from(bytes);
                     if (from.get<std::uint32_t>() != magic)
                         throw Error(Errc::corrupt, "it is none");
                     const auto flags = from.get<std::uint32_t>();
                     Journal journal;
                     journal.begin.value = from.get<std::uint64_t>();
                     const std::uint32_t count = from.count(record_bytes_min);
                     if (flags != 0)
                         throw Error(Errc::unsupported, "a feature of it is unknown",
                                     {"it was made by a newer version"});
                     for (std::uint32_t i = 0; i < count; ++i)
                         journal.records.push_back(decode_record(from));
                     from.expect_end();
                     if (const char* problem = problem_in(journal))
                         throw Error(Errc::corrupt, problem);
                     return journal;
                 });
}

std::string journal_name(LogPosition position) {
    return fmt::format("{:016x}", position.value);
}

std::optional<LogPosition> parse_journal_name(std::string_view name) {
    LogPosition position;
    const auto [end, error] =
        std::from_chars(name.data(), name.data() + name.size(), position.value, 16);
    if (error != std::errc() || journal_name(position) != name) return std::nullopt;
    return position;
}

}  // namespace yore::format
