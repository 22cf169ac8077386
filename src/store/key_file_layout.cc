// SPDX-License-Identifier: Apache-2.0
#include "store/key_file_layout.h"

#include <yore/base/error.h>

#include <algorithm>
#include <bit>

namespace yore::store {
namespace {

constexpr std::string_view magic = "YOREREPO";
constexpr std::size_t header_bytes = 104;
constexpr std::size_t slot_bytes = 184;
constexpr std::size_t digest_bytes = 32;
constexpr std::size_t trailer_bytes = 2 * digest_bytes;

static_assert(std::endian::native == std::endian::little, "numbers are copied as they are");

[[noreturn]] void damaged(std::string_view what) {
    throw Error(Errc::corrupt, fmt::format("the repository's key file is damaged: {}", what),
                {"put back a copy of the file `repository`: without it nothing can be opened"});
}

template <typename Number>
void put(Bytes& to, Number value) {
    auto bytes = std::as_bytes(std::span(&value, 1));
    to.insert(to.end(), bytes.begin(), bytes.end());
}
void put_bytes(Bytes& to, ByteView bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}
void put_zeros(Bytes& to, std::size_t count) {
    to.resize(to.size() + count);
}

/// Reads fields one after the other. The caller has checked that all of them are there.
class Fields {
  public:
    explicit Fields(ByteView bytes) : rest_(bytes) {}
    ByteView bytes(std::size_t count) {
        ByteView taken = rest_.first(count);
        rest_ = rest_.subspan(count);
        return taken;
    }
    template <typename Number>
    Number number() {
        Number value;
        std::memcpy(&value, bytes(sizeof value).data(), sizeof value);
        return value;
    }
    template <std::size_t Size>
    void fill(std::array<std::byte, Size>& into) {
        std::memcpy(into.data(), bytes(Size).data(), Size);
    }
    void zeros(std::size_t count) {
        auto is_zero = [](std::byte byte) { return byte == std::byte{0}; };
        auto taken = bytes(count);
        if (!std::all_of(taken.begin(), taken.end(), is_zero)) damaged("bytes that must be zero");
    }

  private:
    ByteView rest_;
};

SlotKind to_slot_kind(std::uint8_t value) {
    if (value == 1) return SlotKind::passphrase;
    if (value == 2) return SlotKind::key_file;
    damaged("unknown kind of key slot");
}

KeySlot decode_slot(ByteView bytes) {
    Fields fields(bytes);
    KeySlot slot;
    fields.fill(slot.id.bytes);
    slot.kind = to_slot_kind(fields.number<std::uint8_t>());
    slot.cost.log2_n = fields.number<std::uint8_t>();
    slot.cost.r = fields.number<std::uint8_t>();
    slot.cost.p = fields.number<std::uint8_t>();
    bool cost_fits = slot.kind == SlotKind::passphrase ? crypto::within_bounds(slot.cost)
                                                       : slot.cost == crypto::ScryptParameters{};
    if (!cost_fits) damaged("scrypt parameters out of bounds");
    std::size_t label_bytes = fields.number<std::uint8_t>();
    if (label_bytes > label_bytes_max) damaged("label too long");
    fields.zeros(3);
    slot.created.ns = fields.number<std::int64_t>();
    slot.label = as_text(fields.bytes(label_bytes));
    if (!valid_label(slot.label)) damaged("label is no text");
    fields.zeros(label_bytes_max - label_bytes);
    fields.fill(slot.salt);
    fields.fill(slot.nonce);
    fields.fill(slot.wrapped);
    fields.zeros(4);
    return slot;
}

/// What every version of this file keeps: magic, version, length, checksum.
void check_envelope(ByteView bytes) {
    if (bytes.size() < magic.size() || as_text(bytes.first(magic.size())) != magic) {
        damaged("it does not start as a key file of yore does");
    }
    if (bytes.size() < header_bytes + trailer_bytes) damaged("too short");
    Fields fields(bytes.subspan(magic.size()));
    auto version = fields.number<std::uint32_t>();
    if (fields.number<std::uint32_t>() != bytes.size()) damaged("wrong length");
    auto checksum = crypto::sha256(bytes.first(bytes.size() - digest_bytes));
    if (!equal(checksum, bytes.last(digest_bytes))) damaged("wrong checksum");
    if (version == 0) damaged("version 0");
    if (version > format_version) {
        throw Error(Errc::unsupported,
                    fmt::format("made by a newer version of yore (format {}, this is {})", version,
                                format_version),
                    {"install a newer version of yore"});
    }
}

void check_incompatible(const FeatureBits& features) {
    if (features.incompatible == 0) return;
    throw Error(Errc::unsupported,
                fmt::format("made by a newer version of yore (incompatible features {:#x})",
                            features.incompatible),
                {"install a newer version of yore"});
}

bool is_zero(const crypto::SecretKey& key) {
    return crypto::equal_secret(key.view(), crypto::SecretKey().view());
}

bool ids_differ(const std::vector<KeySlot>& slots) {
    for (std::size_t i = 0; i < slots.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (slots[i].id == slots[j].id) return false;
        }
    }
    return true;
}

/// Length of the UTF-8 sequence at the start of `text`; malformed, overlong, surrogate: 0.
std::size_t sequence_length(std::string_view text) {
    auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    unsigned first = byte(0);
    std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (length == 1) return 1;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0u) != 0x80u) return 0;
    }
    unsigned second = byte(1);
    bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
    bool outside = (first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f);
    return overlong || outside ? 0 : length;
}

bool is_control(std::string_view sequence) {
    auto first = static_cast<unsigned char>(sequence[0]);
    bool c1 = first == 0xc2 && static_cast<unsigned char>(sequence[1]) < 0xa0;
    return first < 0x20 || first == 0x7f || c1;
}

}  // namespace

bool valid_label(std::string_view label) {
    if (label.size() > label_bytes_max) return false;
    while (!label.empty()) {
        std::size_t length = sequence_length(label);
        if (length == 0 || is_control(label.substr(0, length))) return false;
        label.remove_prefix(length);
    }
    return true;
}

std::array<std::byte, slot_plain_bytes> plain_part(const KeySlot& slot) {
    Bytes bytes;
    put_bytes(bytes, slot.id.view());
    put(bytes, static_cast<std::uint8_t>(slot.kind));
    put(bytes, slot.cost.log2_n);
    put(bytes, slot.cost.r);
    put(bytes, slot.cost.p);
    put(bytes, static_cast<std::uint8_t>(slot.label.size()));
    put_zeros(bytes, 3);
    put(bytes, slot.created.ns);
    put_bytes(bytes, as_bytes(slot.label));
    put_zeros(bytes, label_bytes_max - slot.label.size());
    put_bytes(bytes, slot.salt);
    std::array<std::byte, slot_plain_bytes> part;
    YORE_ENSURE(bytes.size() == part.size());
    std::copy(bytes.begin(), bytes.end(), part.begin());
    return part;
}

Bytes KeyFile::encode_before_mac() const {
    Bytes bytes;
    put_bytes(bytes, as_bytes(magic));
    put(bytes, format_version);
    std::size_t length = header_bytes + slots_.size() * slot_bytes + trailer_bytes;
    put(bytes, static_cast<std::uint32_t>(length));
    put_bytes(bytes, repository_.view());
    put(bytes, created_.ns);
    put(bytes, features_.compatible);
    put(bytes, features_.read_only_compatible);
    put(bytes, features_.incompatible);
    put(bytes, static_cast<std::uint8_t>(encryption_));
    put(bytes, static_cast<std::uint8_t>(slots_.size()));
    put_zeros(bytes, 6);
    put_bytes(bytes, clear_master_.view());
    for (const KeySlot& slot : slots_) {
        put_bytes(bytes, plain_part(slot));
        put_bytes(bytes, slot.nonce);
        put_bytes(bytes, slot.wrapped);
        put_zeros(bytes, 4);
    }
    YORE_ENSURE(bytes.size() + trailer_bytes == length);
    return bytes;
}

Bytes KeyFile::encode() const {
    Bytes bytes = encode_before_mac();
    put_bytes(bytes, mac_);
    put_bytes(bytes, crypto::sha256(bytes));
    return bytes;
}

KeyFile KeyFile::decode(ByteView bytes) {
    check_envelope(bytes);
    Fields fields(bytes.subspan(magic.size() + 8));
    KeyFile file;
    fields.fill(file.repository_.bytes);
    file.created_.ns = fields.number<std::int64_t>();
    file.features_.compatible = fields.number<std::uint64_t>();
    file.features_.read_only_compatible = fields.number<std::uint64_t>();
    file.features_.incompatible = fields.number<std::uint64_t>();
    check_incompatible(file.features_);
    auto encryption = fields.number<std::uint8_t>();
    if (encryption > 1) damaged("unknown encryption");
    file.encryption_ = static_cast<Encryption>(encryption);
    std::size_t slot_count = fields.number<std::uint8_t>();
    fields.zeros(6);
    file.clear_master_ = crypto::SecretKey::copy_of(fields.bytes(crypto::SecretKey::size));
    bool encrypted = file.encryption_ != Encryption::none;
    if (encrypted != (slot_count > 0) || slot_count > key_slots_max) damaged("wrong slot count");
    if (encrypted != is_zero(file.clear_master_)) damaged("encryption and keys disagree");
    if (bytes.size() != header_bytes + slot_count * slot_bytes + trailer_bytes) {
        damaged("length and slot count disagree");
    }
    for (std::size_t i = 0; i < slot_count; ++i) {
        file.slots_.push_back(decode_slot(fields.bytes(slot_bytes)));
    }
    if (!ids_differ(file.slots_)) damaged("two key slots have one id");
    fields.fill(file.mac_);
    return file;
}

}  // namespace yore::store
