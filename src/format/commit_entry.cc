// SPDX-License-Identifier: Apache-2.0
#include <yore/format/commit_entry.h>
#include <yore/format/wire.h>

#include <algorithm>

#include <xxhash.h>

namespace yore::format {
namespace {

constexpr std::uint16_t entry_version = 1;
constexpr std::uint64_t pack_number_max = (std::uint64_t{1} << (64 - Location::item_bits)) - 1;
constexpr std::string_view magic = "YCMT";
constexpr std::size_t pack_bytes = 16 + 1 + 1 + 8 + 4 + 8 + 8;
constexpr std::size_t record_entry_bytes_min = 2 + 1;
constexpr std::uint32_t records_max = 1u << 20;

void encode_pack(Encoder& encoder, const CommittedPack& pack) {
    encoder.bytes(pack.id.view())
        .put(static_cast<std::uint8_t>(pack.domain))
        .put(static_cast<std::uint8_t>(pack.is_inline))
        .put(pack.number)
        .put(pack.items)
        .put(pack.plain_bytes)
        .put(pack.stored_bytes);
}

bool decode_bool(Decoder& decoder) {
    auto value = decoder.get<std::uint8_t>();
    if (value > 1) throw Error(Errc::corrupt, "a flag in it is neither 0 nor 1");
    return value == 1;
}

CommittedPack decode_pack(Decoder& decoder) {
    CommittedPack pack;
    pack.id = decoder.id<PackId>();
    pack.domain = decode_enum(decoder, Domain::chunk, Domain::node, "pack's domain");
    pack.is_inline = decode_bool(decoder);
    pack.number = decoder.get<std::uint64_t>();
    if (pack.number > pack_number_max) throw Error(Errc::corrupt, "a pack number is out of bounds");
    pack.items = decoder.get<std::uint32_t>();
    pack.plain_bytes = decoder.get<std::uint64_t>();
    pack.stored_bytes = decoder.get<std::uint64_t>();
    return pack;
}

std::vector<PackId> decode_pack_ids(Decoder& decoder) {
    std::vector<PackId> ids(decoder.count(PackId::size));
    for (PackId& id : ids) id = decoder.id<PackId>();
    return ids;
}

void encode_pack_ids(Encoder& encoder, const std::vector<PackId>& ids) {
    encoder.put(static_cast<std::uint32_t>(ids.size()));
    for (const PackId& id : ids) encoder.bytes(id.view());
}

void encode_record(Encoder& encoder, const CommittedRecord& record) {
    encoder.sized<std::uint16_t>(record.key).put(static_cast<std::uint8_t>(record.value ? 1 : 0));
    if (record.value) encoder.sized<std::uint32_t>(*record.value);
}

CommittedRecord decode_record(Decoder& decoder) {
    CommittedRecord record;
    record.key = to_bytes(decoder.sized<std::uint16_t>(record_key_bytes_max));
    if (decode_bool(decoder)) {
        record.value = to_bytes(decoder.sized<std::uint32_t>(record_bytes_max));
    }
    return record;
}

void decode_head(Decoder& decoder, CommitEntry& entry) {
    if (decoder.get<std::uint16_t>() != entry_version) {
        throw Error(Errc::corrupt, "its version is unknown");
    }
    if (decoder.get<std::uint16_t>() != 0) throw Error(Errc::corrupt, "it has unknown flags");
    entry.number = {decoder.get<std::uint64_t>()};
    entry.time = {static_cast<std::int64_t>(decoder.get<std::uint64_t>())};
    entry.built_on = {decoder.get<std::uint64_t>()};
    ByteView predecessor = decoder.bytes(entry.predecessor.size());
    std::copy(predecessor.begin(), predecessor.end(), entry.predecessor.begin());
    entry.writer = as_text(decoder.sized<std::uint8_t>(255));
}

}  // namespace

Bytes encode_commit_entry(const CommitEntry& entry) {
    Encoder encoder;
    encoder.put(entry_version)
        .put(std::uint16_t{0})
        .put(entry.number.value)
        .put(static_cast<std::uint64_t>(entry.time.ns))
        .put(entry.built_on.value)
        .bytes(entry.predecessor)
        .sized<std::uint8_t>(as_bytes(entry.writer));
    encoder.put(static_cast<std::uint32_t>(entry.packs.size()));
    for (const CommittedPack& pack : entry.packs) encode_pack(encoder, pack);
    encode_pack_ids(encoder, entry.condemned);
    encode_pack_ids(encoder, entry.dropped);
    encoder.put(static_cast<std::uint32_t>(entry.records.size()));
    for (const CommittedRecord& record : entry.records) encode_record(encoder, record);
    return encoder.take();
}

CommitEntry decode_commit_entry(ByteView bytes, CommitNumber number) {
    Decoder decoder(bytes);
    CommitEntry entry;
    decode_head(decoder, entry);
    if (entry.number != number) throw Error(Errc::corrupt, "it has the number of another");
    if (entry.built_on >= number) throw Error(Errc::corrupt, "it is built on a later one");
    entry.packs.resize(decoder.count(pack_bytes));
    for (CommittedPack& pack : entry.packs) pack = decode_pack(decoder);
    entry.condemned = decode_pack_ids(decoder);
    entry.dropped = decode_pack_ids(decoder);
    std::uint32_t records = decoder.count(record_entry_bytes_min);
    if (records > records_max) throw Error(Errc::corrupt, "it has too many records");
    for (std::uint32_t i = 0; i < records; ++i) entry.records.push_back(decode_record(decoder));
    decoder.expect_end();
    return entry;
}

Bytes encode_commit_envelope(const RepositoryId& repository) {
    return Encoder(commit_envelope_bytes)
        .bytes(as_bytes(magic))
        .put(commit_format_version)
        .bytes(repository.view())
        .take();
}

ByteView open_commit_envelope(ByteView stored, const RepositoryId& repository) {
    Decoder decoder(stored);
    if (as_text(decoder.bytes(magic.size())) != magic) {
        throw Error(Errc::corrupt, "it does not start like a commit");
    }
    auto version = decoder.get<std::uint32_t>();
    if (version != commit_format_version) {
        throw Error(Errc::unsupported,
                    fmt::format("it has format version {}, this program knows {}", version,
                                commit_format_version));
    }
    auto owner = decoder.id<RepositoryId>();
    if (owner != repository) {
        throw Error(Errc::corrupt, fmt::format("it belongs to repository {}, not to {}",
                                               owner.hex(), repository.hex()));
    }
    return decoder.bytes(decoder.left());
}

Bytes encode_founding_commit(const RepositoryId& repository) {
    Bytes envelope = encode_commit_envelope(repository);
    const std::uint64_t check = XXH3_64bits(envelope.data(), envelope.size());
    return Encoder().bytes(envelope).put(check).take();
}

CommitEntry decode_founding_commit(ByteView stored, const RepositoryId& repository) {
    Decoder decoder(open_commit_envelope(stored, repository));
    ByteView envelope = stored.first(commit_envelope_bytes);
    if (decoder.get<std::uint64_t>() != XXH3_64bits(envelope.data(), envelope.size())) {
        throw Error(Errc::corrupt, "its checksum is wrong");
    }
    decoder.expect_end();
    CommitEntry entry;
    entry.number = founding_commit;
    return entry;
}

}  // namespace yore::format
