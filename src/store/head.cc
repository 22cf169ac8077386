// SPDX-License-Identifier: Apache-2.0
#include "store/head.h"

#include <yore/base/error.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include <xxhash.h>

#include "store/rocks_status.h"

namespace yore::store {
namespace {

constexpr std::size_t used_bytes = 40;
constexpr std::string_view magic = "YOREHEAD";
using Slot = std::array<std::byte, used_bytes>;

void put64(std::byte* at, std::uint64_t value) {
    for (unsigned i = 0; i < 8; ++i) at[i] = static_cast<std::byte>(value >> (8 * i));
}
std::uint64_t get64(const std::byte* at) {
    std::uint64_t value = 0;
    for (unsigned i = 8; i-- > 0;) value = value << 8 | static_cast<std::uint64_t>(at[i]);
    return value;
}

Slot encode(const Head& head) {
    Slot slot{};
    std::memcpy(slot.data(), magic.data(), magic.size());
    put64(&slot[8], head.number.value);
    std::memcpy(&slot[16], head.hash.data(), head.hash.size());
    put64(&slot[32], XXH3_64bits(slot.data(), 32));
    return slot;
}

std::optional<Head> decode(ByteView slot) {
    if (slot.size() < used_bytes || std::memcmp(slot.data(), magic.data(), magic.size()) != 0 ||
        get64(&slot[32]) != XXH3_64bits(slot.data(), 32))
        return std::nullopt;
    Head head;
    head.number.value = get64(&slot[8]);
    std::memcpy(head.hash.data(), &slot[16], head.hash.size());
    return head;
}

}  // namespace

std::array<std::byte, 16> hash_of_entry(ByteView sealed_entry) {
    const XXH128_hash_t hash = XXH3_128bits(sealed_entry.data(), sealed_entry.size());
    std::array<std::byte, 16> bytes{};
    put64(bytes.data(), hash.low64);
    put64(bytes.data() + 8, hash.high64);
    return bytes;
}

void HeadFile::create(rocksdb::Env& env, const std::string& path) {
    Bytes content(3 * slot_bytes);  // the third is that of log tails
    const Slot first = encode(Head{});
    std::memcpy(content.data(), first.data(), first.size());
    constexpr bool synced = true;
    check(rocksdb::WriteStringToFile(&env, slice_of(content), path, synced),
          [&] { return "create " + path; });
}

HeadFile::HeadFile(rocksdb::Env& env, std::string path) : env_(env), path_(std::move(path)) {
    read_slots();
}

void HeadFile::read_slots() {
    std::unique_ptr<rocksdb::RandomAccessFile> file;
    check(env_.NewRandomAccessFile(path_, &file, {}), [&] { return "open " + path_; });
    Bytes scratch(2 * slot_bytes);
    rocksdb::Slice content;
    check(file->Read(0, scratch.size(), &content, reinterpret_cast<char*>(scratch.data())),
          [&] { return "read " + path_; });
    std::optional<Head> newest;
    for (unsigned i = 0; i < 2; ++i) {
        const ByteView bytes = view_of(content);
        const auto head = decode(bytes.subspan(std::min(bytes.size(), i * slot_bytes)));
        if (!head) has_damaged_slot_ = true;
        if (!head || (newest && newest->number >= head->number)) continue;
        newest = head;
        next_slot_ = 1 - i;
    }
    if (!newest)
        throw Error(Errc::corrupt, path_ + ": both slots are damaged",
                    {"which commit was the last that was acknowledged is not known any more; put "
                     "the file back from a copy"});
    head_ = *newest;
}

void HeadFile::write(const Head& head) {
    const auto what = [&] {
        return fmt::format("{}: acknowledge commit {}", path_, head.number.value);
    };
    if (!file_) check(env_.NewRandomRWFile(path_, &file_, {}), what);
    const Slot slot = encode(head);
    check(file_->Write(next_slot_ * slot_bytes, slice_of(slot)), what);
    check(file_->Sync(), what);  // the size stays: fdatasync has no journal to write
    next_slot_ = 1 - next_slot_;
    has_damaged_slot_ = false;
    head_ = head;
}

}  // namespace yore::store
