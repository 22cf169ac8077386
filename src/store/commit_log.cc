// SPDX-License-Identifier: Apache-2.0
#include "store/commit_log.h"

#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/crypto/hash.h>
#include <yore/format/tables.h>
#include <yore/format/wire.h>

#include <algorithm>

namespace yore::store {
namespace {

constexpr Effort entry_effort{3};

/// What the seal of an entry binds: the envelope before it and its number.
Bytes name_of_entry(ByteView envelope, CommitNumber number) {
    return format::Encoder(envelope.size() + 8).bytes(envelope).put(number.value).take();
}

void check_record(const RecordChange& record) {
    if (record.key.empty() || record.key.size() > format::record_key_bytes_max) {
        throw Error(Errc::invalid, fmt::format("a record key of {} bytes", record.key.size()));
    }
    if (record.value && record.value->size() > format::record_bytes_max) {
        throw Error(Errc::invalid, fmt::format("a record of {} bytes", record.value->size()));
    }
}

format::CommittedPack named(const FinishedPack& pack) {
    return {.id = pack.index.pack,
            .domain = pack.index.domain,
            .is_inline = pack.is_inline,
            .number = pack.number,
            .items = static_cast<std::uint32_t>(pack.index.items.size()),
            .plain_bytes = pack.plain_bytes,
            .stored_bytes = pack.stored_bytes};
}

}  // namespace

CommitLog::CommitLog(Backend& backend, const Keys& keys, const SealKeys& seal_keys,
                     const Codec& codec, const Clock& clock, const StoreOptions& options,
                     DamagedObjects& damaged)
    : backend_(backend),
      keys_(keys),
      seal_keys_(seal_keys),
      codec_(codec),
      clock_(clock),
      writer_(options.writer.substr(0, 255)),
      opened_read_only_(options.read_only),
      damaged_(damaged),
      entry_sealer_(seal_keys, SealKind::commit, random_),
      record_sealer_(seal_keys, SealKind::record, random_),
      rows_(backend, codec, record_sealer_, damaged),
      read_only_(options.read_only) {
    const CommitNumber newest = backend.last_commit();
    auto entry = read(newest);
    if (!entry) {
        throw Error(Errc::corrupt,
                    fmt::format("commit {} is not there, though it is the last", newest.value));
    }
    last_hash_ = entry->hash;
    last_ = newest.value;
}

void CommitLog::ensure_writable() const {
    if (opened_read_only_) throw Error(Errc::read_only, "the repository is opened read-only");
    if (!read_only()) return;
    throw Error(Errc::read_only, "the repository takes no more writes",
                {"a write or sync failed earlier; the log says which",
                 "what was acknowledged is safe; check the disk, then open the repository again"});
}

void found_repository(Backend& backend, const RepositoryId& repository) {
    CommitBatch batch;
    batch.number = format::founding_commit;
    batch.sealed_entry = format::encode_founding_commit(repository);
    if (backend.append(batch) == Backend::Append::number_taken) {
        throw Error(Errc::exists, "it has commits already");
    }
}

CommitNumber CommitLog::commit(CommitRequest& request) {
    for (const RecordChange& record : request.records) check_record(record);
    std::scoped_lock lock(mutex_);
    ensure_writable();
    request.forgotten = forgotten_.with([](auto& numbers) { return std::exchange(numbers, {}); });
    const CommitNumber number{last().value + 1};
    CommitBatch batch = batch_of(request, number, last_hash_);
    append(batch, request.packs);
    last_hash_ = crypto::sha256(batch.sealed_entry);
    note_marks(request);
    last_.store(number.value, std::memory_order_release);
    return number;
}

/// Records of other kinds may come with the marks that are removed.
void CommitLog::note_marks(const CommitRequest& request) {
    const Bytes prefix = format::damage_prefix();
    for (const auto& records : {request.records, std::span<const RecordChange>(request.marks)})
        for (const RecordChange& record : records)
            if (record.key[0] == prefix[0]) damaged_.apply(record.key, record.value);
}

void CommitLog::forget_with_next_commit(std::uint64_t pack_number) {
    forgotten_.with([&](auto& numbers) { numbers.push_back(pack_number); });
}

void CommitLog::append(const CommitBatch& batch, const std::vector<FinishedPack>& packs) {
    Backend::Append outcome;
    try {
        outcome = backend_.append(batch);
    } catch (const Error& error) {
        if (error.code() == Errc::no_space)
            give_back(packs);  // nothing was begun: there is room for another commit then
        else
            turn_read_only();
        throw;
    } catch (...) {
        turn_read_only();
        throw;
    }
    if (outcome == Backend::Append::number_taken) {
        turn_read_only();
        throw Error(
            Errc::busy,
            fmt::format("commit {} was made by another process meanwhile", batch.number.value),
            {"two processes have the repository open for writing: stop one of them"});
    }
}

void CommitLog::give_back(const std::vector<FinishedPack>& packs) noexcept {
    for (const FinishedPack& pack : packs) {
        if (pack.is_inline) continue;
        try {
            backend_.drop_pack(pack.index.domain, pack.number);
        } catch (const std::exception& error) {
            log_warning("pack {}: {}; it stays until the repository is opened again", pack.number,
                        error.what());
        }
    }
}

CommitBatch CommitLog::batch_of(CommitRequest& request, CommitNumber number,
                                const format::CommitHash& predecessor) {
    format::CommitEntry entry;
    entry.number = number;
    entry.time = clock_.now();
    entry.built_on = request.built_on;
    entry.predecessor = predecessor;
    entry.writer = writer_;
    for (const FinishedPack& pack : request.packs) entry.packs.push_back(named(pack));
    for (const KnownPack& pack : request.condemned) entry.condemned.push_back(pack.row.id);
    for (const KnownPack& pack : request.dropped) entry.dropped.push_back(pack.row.id);
    request.marks = rows_.marks_of(request, entry.time);
    for (const auto& records : {request.records, std::span<const RecordChange>(request.marks)})
        for (const RecordChange& record : records)
            entry.records.push_back({record.key, record.value});
    CommitBatch batch;
    batch.number = number;
    rows_.add(request, batch);
    batch.tail_drops.assign(request.tail_drops.begin(), request.tail_drops.end());
    batch.sealed_entry = seal_entry(entry);
    return batch;
}

Bytes CommitLog::seal_entry(const format::CommitEntry& entry) const {
    Bytes plain = format::encode_commit_entry(entry);
    if (plain.size() > format::commit_bytes_max) {
        throw Error(Errc::invalid, fmt::format("one commit of {} bytes of records", plain.size()));
    }
    Bytes stored = format::encode_commit_envelope(keys_.repository);
    Bytes name = name_of_entry(stored, entry.number);
    Buffer sealed = codec_.pack(entry_sealer_, {SealKind::commit, name}, plain, entry_effort);
    stored.insert(stored.end(), sealed.data(), sealed.data() + sealed.size());
    return stored;
}

std::optional<CommitLog::Entry> CommitLog::read(CommitNumber number) const {
    return doing([&] { return fmt::format("commit {}", number.value); },
                 [&]() -> std::optional<Entry> {
                     auto stored = backend_.read_commit(number);
                     if (!stored) return std::nullopt;
                     Entry result;
                     result.hash = crypto::sha256(*stored);
                     if (number == format::founding_commit) {
                         result.entry = format::decode_founding_commit(*stored, keys_.repository);
                         return result;
                     }
                     ByteView sealed = format::open_commit_envelope(*stored, keys_.repository);
                     Bytes name = name_of_entry(
                         ByteView(*stored).first(format::commit_envelope_bytes), number);
                     Bytes scratch = to_bytes(sealed);
                     Buffer plain = codec_.unpack(scratch, {SealKind::commit, name}, {},
                                                  format::commit_bytes_max);
                     result.entry = format::decode_commit_entry(plain, number);
                     return result;
                 });
}

Bytes CommitLog::open_record(ByteView key, ByteView sealed) const {
    return doing([&] { return fmt::format("record {}", to_hex(key)); },
                 [&] {
                     Bytes scratch = to_bytes(sealed);
                     return to_bytes(codec_.unpack(scratch, {SealKind::record, key}, {},
                                                   format::record_bytes_max));
                 });
}

}  // namespace yore::store
