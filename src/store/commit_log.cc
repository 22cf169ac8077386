// SPDX-License-Identifier: Apache-2.0
#include "store/commit_log.h"

#include <yore/base/error.h>
#include <yore/crypto/hash.h>
#include <yore/format/tables.h>
#include <yore/format/wire.h>

#include <algorithm>

namespace yore::store {
namespace {

constexpr int entry_zstd_level = 3;

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
                     const Codec& codec, const Clock& clock, const StoreOptions& options)
    : backend_(backend),
      keys_(keys),
      seal_keys_(seal_keys),
      codec_(codec),
      clock_(clock),
      writer_(options.writer.substr(0, 255)),
      opened_read_only_(options.read_only),
      entry_sealer_(seal_keys, SealKind::commit, random_),
      record_sealer_(seal_keys, SealKind::record, random_),
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
    const CommitNumber number{last().value + 1};
    CommitBatch batch = batch_of(request, number, last_hash_);
    append(batch);
    last_hash_ = crypto::sha256(batch.sealed_entry);
    last_.store(number.value, std::memory_order_release);
    return number;
}

void CommitLog::append(const CommitBatch& batch) {
    Backend::Append outcome;
    try {
        outcome = backend_.append(batch);
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

CommitBatch CommitLog::batch_of(CommitRequest& request, CommitNumber number,
                                const format::CommitHash& predecessor) {
    format::CommitEntry entry;
    entry.number = number;
    entry.time = clock_.now();
    entry.built_on = request.built_on;
    entry.predecessor = predecessor;
    entry.writer = writer_;
    entry.condemned = std::move(request.condemned);
    entry.dropped = std::move(request.dropped);

    CommitBatch batch;
    batch.number = number;
    batch.changes = std::move(request.further_changes);
    for (FinishedPack& pack : request.packs) {
        entry.packs.push_back(named(pack));
        add_pack(pack, number, batch);
    }
    for (const RecordChange& record : request.records) {
        entry.records.push_back({record.key, record.value});
        add_record(record, batch);
    }
    batch.sealed_entry = seal_entry(entry);
    return batch;
}

void CommitLog::add_pack(FinishedPack& pack, CommitNumber number, CommitBatch& batch) const {
    const Domain domain = pack.index.domain;
    batch.changes.reserve(batch.changes.size() + pack.index.items.size() + 1);
    for (std::size_t place = 0; place < pack.index.items.size(); ++place) {
        const format::PackItem& item = pack.index.items[place];
        Bytes key = format::index_key(domain, item.id);
        // Another Writer stored it meanwhile. A whole object must not turn into a delta: it may
        // have become a base.
        if (item.base && backend_.get(Table::index, key)) continue;
        Bytes row = format::encode_index_row(
            key, {.location = Location::of(pack.number, static_cast<std::uint32_t>(place)),
                  .plain_bytes = item.plain_bytes,
                  .stored_bytes = item.stored_bytes,
                  .base = item.base});
        batch.changes.push_back({Table::index, std::move(key), std::move(row)});
    }
    Bytes key = format::pack_key(pack.number);
    Bytes row =
        format::encode_pack_row(key, {.id = pack.index.pack,
                                      .domain = domain,
                                      .is_inline = pack.is_inline,
                                      .items = static_cast<std::uint32_t>(pack.index.items.size()),
                                      .plain_bytes = pack.plain_bytes,
                                      .stored_bytes = pack.stored_bytes,
                                      .reachable_since = number});
    batch.changes.push_back({Table::packs, std::move(key), std::move(row)});
    if (!pack.is_inline) {
        batch.finished_packs.push_back(pack.number);
        return;
    }
    batch.inline_packs.push_back(
        {pack.number, domain, std::move(pack.inline_items), std::move(pack.sealed_index)});
}

void CommitLog::add_record(const RecordChange& record, CommitBatch& batch) const {
    std::optional<Bytes> sealed;
    if (record.value) {
        sealed = to_bytes(codec_.pack(record_sealer_, {SealKind::record, record.key}, *record.value,
                                      entry_zstd_level));
    }
    batch.changes.push_back({Table::catalog, record.key, std::move(sealed)});
}

Bytes CommitLog::seal_entry(const format::CommitEntry& entry) const {
    Bytes plain = format::encode_commit_entry(entry);
    if (plain.size() > format::commit_bytes_max) {
        throw Error(Errc::invalid, fmt::format("one commit of {} bytes of records", plain.size()));
    }
    Bytes stored = format::encode_commit_envelope(keys_.repository);
    Bytes name = name_of_entry(stored, entry.number);
    Buffer sealed = codec_.pack(entry_sealer_, {SealKind::commit, name}, plain, entry_zstd_level);
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
