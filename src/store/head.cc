// SPDX-License-Identifier: Apache-2.0
#include "store/head.h"

#include <yore/base/error.h>
#include <yore/base/file.h>

#include <cstring>

#include <fcntl.h>
#include <xxhash.h>

namespace yore::store {
namespace {

constexpr std::size_t slot_bytes = 4096, used_bytes = 40;
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

std::optional<Head> decode(const Slot& slot) {
    if (std::memcmp(slot.data(), magic.data(), magic.size()) != 0 ||
        get64(&slot[32]) != XXH3_64bits(slot.data(), 32))
        return std::nullopt;
    Head head;
    head.number.value = get64(&slot[8]);
    std::memcpy(head.hash.data(), &slot[16], head.hash.size());
    return head;
}

class RealSteps final : public FileSteps {
  public:
    void write_at(int fd, std::uint64_t offset, ByteView content) override {
        yore::write_at(fd, offset, content);
    }
    void sync(int fd, const std::string& path) override { sync_file(fd, path); }
};

}  // namespace

FileSteps& real_file_steps() {
    static RealSteps steps;  // no state: the one object that stands for the system
    return steps;
}

std::array<std::byte, 16> hash_of_entry(ByteView sealed_entry) {
    const XXH128_hash_t hash = XXH3_128bits(sealed_entry.data(), sealed_entry.size());
    std::array<std::byte, 16> bytes{};
    put64(bytes.data(), hash.low64);
    put64(bytes.data() + 8, hash.high64);
    return bytes;
}

void HeadFile::create(const std::string& path, FileSteps& steps) {
    Fd fd = open_file(path, O_RDWR | O_CREAT | O_EXCL);
    const Bytes zeros(2 * slot_bytes);
    steps.write_at(fd.get(), 0, zeros);
    steps.write_at(fd.get(), 0, encode(Head{}));
    steps.sync(fd.get(), path);
}

HeadFile::HeadFile(std::string path, bool read_only, FileSteps& steps)
    : path_(std::move(path)), steps_(steps) {
    fd_ = doing([] { return "half a repository"; },
                [&] { return open_file(path_, read_only ? O_RDONLY : O_RDWR); });
    std::optional<Head> newest;
    for (unsigned i = 0; i < 2; ++i) {
        Slot slot{};
        if (read_at(fd_.get(), i * slot_bytes, slot) != slot.size()) continue;
        const std::optional<Head> head = decode(slot);
        if (!head || (newest && newest->number >= head->number)) continue;
        newest = head;
        next_slot_ = 1 - i;
    }
    if (!newest)
        throw Error(Errc::corrupt, path_ + ": both slots are damaged",
                    {"the last acknowledged commit is not known any more"});
    head_ = *newest;
}

void HeadFile::write(const Head& head) {
    steps_.write_at(fd_.get(), next_slot_ * slot_bytes, encode(head));
    steps_.sync(fd_.get(), path_);
    next_slot_ = 1 - next_slot_;
    head_ = head;
}

}  // namespace yore::store
