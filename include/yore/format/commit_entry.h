// SPDX-License-Identifier: Apache-2.0
/// One entry of the commit log. All else (tables, catalog) can be rebuilt from these and the packs.
///
/// As stored: an envelope in the clear, so that a stranger's database and a newer format are told
/// from damage, then the sealed entry. Envelope and number are associated data of the seal.
///
///     envelope   4 "YCMT"   4 format version = 1   16 repository id
///     entry      2 version = 1   1 flags, zero (1: checkpoint, reserved)   1 zero
///                8 number   8 time (ns since 1970)   8 built on   32 hash of the predecessor
///                1 length, writer
///                4 count, packs that become reachable:  16 id   1 domain   1 inline   8 pack
///                number
///                                                       4 items   8 plain bytes   8 stored bytes
///                4 count, packs condemned:  16 id       4 count, packs dropped:  16 id
///                4 count, records:  2 length, key   1 present   [4 length, value]
///
/// The hash is SHA-256 over a stored entry, envelope included. Pack numbers are those of the
/// repository that wrote the entry; a copy may number its packs otherwise.
///
/// Entry 1 founds the repository and is made without keys: the envelope and 8 bytes XXH3-64 of it.
/// What follows binds it by its hash.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/time.h>
#include <yore/format/ids.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace yore::format {

inline constexpr std::uint32_t commit_format_version = 1;
inline constexpr std::size_t commit_bytes_max = 64u << 20;
inline constexpr std::size_t record_key_bytes_max = 1024;
inline constexpr std::size_t record_bytes_max = 16u << 20;
inline constexpr std::size_t commit_envelope_bytes = 24;

using CommitHash = std::array<std::byte, 32>;

struct CommittedPack {
    PackId id;
    Domain domain = Domain::chunk;
    bool is_inline = false;
    std::uint64_t number = 0;
    std::uint32_t items = 0;
    std::uint64_t plain_bytes = 0, stored_bytes = 0;
    bool operator==(const CommittedPack&) const = default;
};
struct CommittedRecord {
    Bytes key;
    std::optional<Bytes> value;  ///< nullopt: removed
    bool operator==(const CommittedRecord&) const = default;
};
struct CommitEntry {
    CommitNumber number;
    Timestamp time;
    CommitNumber built_on;  ///< the newest entry that its writer knew when it began to reuse
    CommitHash predecessor{};
    std::string writer;  ///< at most 255 bytes
    std::vector<CommittedPack> packs;
    std::vector<PackId> condemned;
    std::vector<PackId> dropped;
    std::vector<CommittedRecord> records;
    bool operator==(const CommitEntry&) const = default;
};
Bytes encode_commit_entry(const CommitEntry&);
/// Damaged, or not number `number`: `corrupt`.
CommitEntry decode_commit_entry(ByteView, CommitNumber number);

Bytes encode_commit_envelope(const RepositoryId&);
/// What is behind the envelope: the sealed entry. Not a commit, or another repository's: `corrupt`;
/// a newer format: `unsupported`.
ByteView open_commit_envelope(ByteView stored, const RepositoryId&);

inline constexpr CommitNumber founding_commit{1};
Bytes encode_founding_commit(const RepositoryId&);
CommitEntry decode_founding_commit(ByteView stored, const RepositoryId&);

}  // namespace yore::format
