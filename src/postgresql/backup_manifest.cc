// SPDX-License-Identifier: Apache-2.0
//
// A manifest has a line for each file, so one of a million files is 150 MB. It is read once, as it
// comes: the bytes go through SHA-256 and, one by one, through a JSON parser that calls a handler;
// nothing is kept but the line at hand.
#include <yore/base/error.h>
#include <yore/crypto/hash.h>
#include <yore/postgresql/backup_manifest.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include <nlohmann/json.hpp>

#include "postgresql/checksum_algorithm.h"

namespace yore::postgresql {
namespace {

[[noreturn]] void refuse(const std::string& why) {
    throw Error(Errc::corrupt, "backup_manifest: " + why);
}

/// The SHA-256 of all lines but the last, which says what it should be.
class ManifestSum {
  public:
    void add(ByteView piece) {
        const std::string_view text = as_text(piece);
        if (text.empty()) return;
        if (held_.ends_with('\n')) pass_held();
        const auto newline = text.substr(0, text.size() - 1).rfind('\n');
        if (newline != text.npos) {
            pass_held();
            sum_.add(piece.first(newline + 1));
        }
        held_ += newline == text.npos ? text : text.substr(newline + 1);
        if (held_.size() > longest_line) refuse("a line without an end");
    }
    /// The last line is the checksum's alone: what else were in it, nothing would protect.
    std::string finish() {
        if (!held_.starts_with("\"Manifest-Checksum\"") || !held_.ends_with("}\n"))
            refuse("its last line is not its checksum");
        return to_hex(sum_.finish());
    }

  private:
    /// Paths are below 1 KiB in PostgreSQL; each byte takes up to six in JSON.
    static constexpr std::size_t longest_line = 64 << 10;

    void pass_held() {
        sum_.add(as_bytes(held_));
        held_.clear();
    }

    crypto::Sha256 sum_;
    std::string held_;  ///< begins after the last newline but one
};

/// The manifest as characters: an input iterator over pieces, for the parser.
class Characters {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    struct Source {
        const NextPiece& next;
        ManifestSum sum;
        std::string_view piece;

        void fetch() {
            piece = as_text(next());
            sum.add(as_bytes(piece));
        }
    };

    Characters() = default;  ///< the end
    explicit Characters(Source& source) : source_(&source) { source.fetch(); }

    reference operator*() const { return source_->piece.front(); }
    Characters& operator++() {
        source_->piece.remove_prefix(1);
        if (source_->piece.empty()) source_->fetch();
        return *this;
    }
    bool operator==(const Characters& other) const { return at_end() == other.at_end(); }
    bool operator!=(const Characters& other) const { return !(*this == other); }

  private:
    bool at_end() const { return source_ == nullptr || source_->piece.empty(); }

    Source* source_ = nullptr;
};

std::string from_hex_path(std::string_view digits) {
    std::string path;
    for (; digits.size() >= 2; digits.remove_prefix(2)) {
        unsigned char byte = 0;
        const char* end = digits.data() + 2;
        const auto [stop, error] = std::from_chars(digits.data(), end, byte, 16);
        if (error != std::errc{} || stop != end) break;
        path += static_cast<char>(byte);
    }
    if (!digits.empty()) refuse("an Encoded-Path is not hexadecimal");
    return path;
}

/// Relative, and each of its names leads down.
bool is_good_path(std::string_view path) {
    if (path.find('\0') != path.npos) return false;
    for (std::size_t start = 0; start <= path.size();) {
        const auto end = std::min(path.find('/', start), path.size());
        const auto name = path.substr(start, end - start);
        if (name.empty() || name == "." || name == "..") return false;
        start = end + 1;
    }
    return true;
}

Lsn lsn_in(std::string_view text) {
    const auto lsn = parse_lsn(text);
    if (!lsn) refuse(fmt::format("`{}` is no LSN", text));
    return *lsn;
}

ChecksumAlgorithm algorithm_in(std::string_view name) {
    const auto kind = std::ranges::find(checksum_kinds, name, &ChecksumKind::name);
    if (kind == checksum_kinds.end())
        throw Error(Errc::unsupported,
                    fmt::format("backup_manifest: checksums by {} are not known", name));
    return kind->algorithm;
}

bool is_checksum(const ManifestFile& file) {
    if (file.algorithm == ChecksumAlgorithm::none) return file.checksum.empty();
    const auto kind = std::ranges::find(checksum_kinds, file.algorithm, &ChecksumKind::algorithm);
    return file.checksum.size() == 2 * kind->bytes &&
           file.checksum.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// Takes the parser's events. As PostgreSQL's own reader does, it knows each key and where it may
/// stand, and refuses all others.
class Handler {
  public:
    using number_integer_t = nlohmann::json::number_integer_t;
    using number_unsigned_t = nlohmann::json::number_unsigned_t;
    using number_float_t = nlohmann::json::number_float_t;
    using string_t = std::string;
    using binary_t = nlohmann::json::binary_t;

    explicit Handler(const OnFile& on_file) : on_file_(on_file) {}

    bool null() { unexpected(); }
    bool boolean(bool) { unexpected(); }
    bool number_integer(number_integer_t) { unexpected(); }
    bool number_float(number_float_t, const string_t&) { unexpected(); }
    bool binary(binary_t&) { unexpected(); }

    bool number_unsigned(number_unsigned_t value) {
        if (is(Place::top, "PostgreSQL-Backup-Manifest-Version"))
            take_version(value);
        else if (is(Place::top, "System-Identifier") && manifest_.version >= 2)
            manifest_.system_identifier = value;
        else if (is(Place::file, "Size"))
            file_size_ = value;
        else if (is(Place::range, "Timeline") && value > 0 && value <= UINT32_MAX)
            range_.timeline = {static_cast<std::uint32_t>(value)};
        else
            unexpected();
        return true;
    }

    bool string(string_t& text) {
        if (is(Place::top, "Manifest-Checksum"))
            checksum_ = text;
        else if (is(Place::file, "Path"))
            take_path(std::move(text));
        else if (is(Place::file, "Encoded-Path"))
            take_path(from_hex_path(text));
        else if (is(Place::file, "Last-Modified"))
            file_.last_modified = text;
        else if (is(Place::file, "Checksum-Algorithm"))
            file_.algorithm = algorithm_in(text);
        else if (is(Place::file, "Checksum"))
            file_.checksum = text;
        else if (is(Place::range, "Start-LSN"))
            range_.start = lsn_in(text);
        else if (is(Place::range, "End-LSN"))
            range_.end = lsn_in(text);
        else
            unexpected();
        return true;
    }

    bool start_object(std::size_t) {
        switch (place_) {
            case Place::outside:
                place_ = Place::top;
                break;
            case Place::files:
                file_ = {}, file_size_.reset(), place_ = Place::file;
                break;
            case Place::ranges:
                range_ = {}, place_ = Place::range;
                break;
            default:
                unexpected();
        }
        key_.clear();
        return true;
    }
    bool end_object() {
        if (place_ == Place::file) {
            take_file();
            place_ = Place::files;
        } else if (place_ == Place::range) {
            take_range();
            place_ = Place::ranges;
        } else {
            place_ = Place::outside;
        }
        return true;
    }
    bool start_array(std::size_t) {
        if (is(Place::top, "Files") && !has_files_)
            has_files_ = true, place_ = Place::files;
        else if (is(Place::top, "WAL-Ranges") && manifest_.wal_ranges.empty())
            place_ = Place::ranges;
        else
            unexpected();
        return true;
    }
    bool end_array() {
        place_ = Place::top;
        return true;
    }
    bool key(string_t& name) {
        if (place_ == Place::top && manifest_.version == 0 &&
            name != "PostgreSQL-Backup-Manifest-Version")
            refuse("it does not begin with its version");
        key_ = std::move(name);
        return true;
    }
    bool parse_error(std::size_t position, const std::string&, const std::exception&) {
        refuse(fmt::format("not JSON at byte {}", position));
    }

    /// Of a whole manifest; `sum` is that of its bytes.
    BackupManifest finish(const std::string& sum) && {
        if (!has_files_ || manifest_.wal_ranges.empty()) refuse("it lacks files or WAL ranges");
        if (manifest_.version >= 2 && !manifest_.system_identifier)
            refuse("it has no system identifier");
        if (checksum_ != sum) refuse("its checksum is wrong");
        return std::move(manifest_);
    }

  private:
    enum class Place { outside, top, files, file, ranges, range };

    bool is(Place place, std::string_view key) const { return place_ == place && key_ == key; }
    [[noreturn]] void unexpected() const {
        refuse(fmt::format("unexpected value after {}", key_.empty() ? "its beginning" : key_));
    }
    void take_version(std::uint64_t version) {
        if (version != 1 && version != 2)
            throw Error(Errc::unsupported,
                        fmt::format("backup_manifest: version {} is not known", version));
        manifest_.version = static_cast<int>(version);
    }
    void take_path(std::string path) {
        if (!file_.path.empty()) refuse("a file has two paths");
        if (!is_good_path(path)) refuse(fmt::format("`{}` is no path in a data directory", path));
        file_.path = std::move(path);
    }
    void take_file() {
        if (file_.path.empty() || !file_size_) refuse("a file without a path or a size");
        if (!is_checksum(file_)) refuse(file_.path + ": not a checksum of its algorithm");
        file_.size = *file_size_;
        ++manifest_.file_count;
        on_file_(file_);
    }
    void take_range() {
        if (!range_.timeline.valid() || !range_.start.valid() || range_.end < range_.start)
            refuse("a WAL range without a timeline, a start or an end behind it");
        manifest_.wal_ranges.push_back(range_);
    }

    const OnFile& on_file_;
    Place place_ = Place::outside;
    std::string key_;
    bool has_files_ = false;
    ManifestFile file_;
    std::optional<std::uint64_t> file_size_;
    WalRange range_;
    std::string checksum_;
    BackupManifest manifest_;
};

}  // namespace

BackupManifest read_backup_manifest(const NextPiece& next, const OnFile& on_file) {
    Handler handler(on_file);
    Characters::Source source{next, {}, {}};
    nlohmann::json::sax_parse(Characters(source), Characters(), &handler);
    return std::move(handler).finish(source.sum.finish());
}

BackupManifest read_backup_manifest(std::string_view text, const OnFile& on_file) {
    const NextPiece whole_then_nothing = [&] {
        return as_bytes(std::exchange(text, std::string_view{}));
    };
    return read_backup_manifest(whole_then_nothing, on_file);
}

}  // namespace yore::postgresql
