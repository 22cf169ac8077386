// SPDX-License-Identifier: Apache-2.0
/// Memory maps, direct I/O, and listings while names change.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <optional>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "model/digest.h"
#include "model/steps.h"

namespace yore::test {
namespace {

constexpr std::uint64_t page = 4096;

/// A mapping of pages that the file has, at most `pages` from `first` on. None: MAP_FAILED.
class Mapping {
  public:
    Mapping(int fd, std::uint64_t first, std::uint64_t pages, int protection, int kind) {
        struct stat stat {};
        const std::uint64_t begin = first * page;
        if (::fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode)) return;
        const auto size = static_cast<std::uint64_t>(stat.st_size);
        if (begin >= size) return;
        size_ = std::min(pages * page, size - begin);
        at_ = ::mmap(nullptr, size_, protection, kind, fd, static_cast<off_t>(begin));
        error_number_ = at_ == MAP_FAILED ? errno : 0;
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping() {
        if (at_ != MAP_FAILED) ::munmap(at_, size_);
    }
    explicit operator bool() const { return at_ != MAP_FAILED; }
    Outcome refusal() const { return {-1, error_number_}; }
    char* at() const { return static_cast<char*>(at_); }
    std::size_t size() const { return size_; }

  private:
    void* at_ = MAP_FAILED;
    std::size_t size_ = 0;
    int error_number_ = 0;
};

Step write_mapped(Choices& choices) {
    const std::size_t slot = choices.below(Side::slot_count);
    const std::uint64_t first = choices.below(20), pages = 1 + choices.below(4);
    const std::string bytes = choices.bytes(1 + choices.below(pages * page));
    const std::uint64_t begin = choices.below(page);
    return {
        fmt::format("write {} bytes through a map of slot {}, page {}", bytes.size(), slot, first),
        [=](Side& side) {
            const Mapping map(side.slot(slot), first, pages, PROT_READ | PROT_WRITE, MAP_SHARED);
            if (!map) return map.refusal();
            if (begin >= map.size()) return Outcome{};
            const std::size_t count = std::min(bytes.size(), map.size() - begin);
            std::memcpy(map.at() + begin, bytes.data(), count);
            return outcome_of(::msync(map.at(), map.size(), MS_SYNC));
        }};
}

Step read_mapped(Choices& choices) {
    const std::size_t slot = choices.below(Side::slot_count);
    const std::uint64_t first = choices.below(20), pages = 1 + choices.below(4);
    const bool is_private = choices.one_in(2);
    return {fmt::format("read {} pages through a {} map of slot {}, page {}", pages,
                        is_private ? "private" : "shared", slot, first),
            [=](Side& side) {
                const Mapping map(side.slot(slot), first, pages, PROT_READ,
                                  is_private ? MAP_PRIVATE : MAP_SHARED);
                if (!map) return map.refusal();
                return Outcome{0, 0, digest_of({map.at(), map.size()})};
            }};
}

struct Free {
    void operator()(void* memory) const { std::free(memory); }
};

/// Whole pages, past the page cache.
Step use_directly(Choices& choices) {
    const std::string path = choices.file();
    const std::uint64_t count = (1 + choices.below(4)) * page;
    const auto offset = static_cast<off_t>(choices.below(24) * page);
    const bool writes = choices.one_in(2);
    const std::string bytes = choices.bytes(count);
    return {fmt::format("{} {} directly, {} bytes at {}", writes ? "write" : "read", quoted(path),
                        count, offset),
            [=](Side& side) {
                struct stat stat {};
                const std::string at = side.at(path);
                if (::stat(at.c_str(), &stat) != 0 || !S_ISREG(stat.st_mode)) return Outcome{};
                const Fd fd(::open(at.c_str(), O_DIRECT | O_CLOEXEC | (writes ? O_WRONLY : 0)));
                if (!fd) return outcome_of(-1);
                const std::unique_ptr<void, Free> memory(std::aligned_alloc(page, count));
                std::memcpy(memory.get(), bytes.data(), count);
                if (writes) return outcome_of(::pwrite(fd.get(), memory.get(), count, offset));
                const long got = ::pread(fd.get(), memory.get(), count, offset);
                Outcome outcome = outcome_of(got);
                if (got > 0)
                    outcome.seen = digest_of(
                        {static_cast<const char*>(memory.get()), static_cast<std::size_t>(got)});
                return outcome;
            }};
}

/// Names seen so far, by a descriptor that is read in small pieces.
class SlowListing {
  public:
    explicit SlowListing(const std::string& directory)
        : fd_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}
    /// One piece more. False: that was all.
    bool go_on() {
        alignas(dirent64) char buffer[512];
        const long count = ::syscall(SYS_getdents64, fd_.get(), buffer, sizeof buffer);
        for (long at = 0; at < count;) {
            const auto* one = reinterpret_cast<const dirent64*>(buffer + at);
            ++times_seen[one->d_name];
            at += one->d_reclen;
        }
        return count > 0;
    }
    void rewind() {
        ::lseek(fd_.get(), 0, SEEK_SET);
        times_seen.clear();
    }
    std::map<std::string, int> times_seen;

  private:
    Fd fd_;
};

/// A directory of its own is filled, and read while files in it come and go: what stays is seen
/// once, and what is there in the end is all that a new reading sees.
class ChangingDirectory {
  public:
    ChangingDirectory(std::string directory, unsigned count)
        : directory_(std::move(directory)), count_(count) {}

    Outcome run() {
        if (::mkdir(directory_.c_str(), 0755) != 0) return outcome_of(-1);
        for (unsigned i = 0; i < count_; ++i) make("stays", i), make("goes", i);
        SlowListing listing(directory_);
        for (int pieces = 0; pieces < 3; ++pieces) listing.go_on();
        for (unsigned i = 0; i < count_; ++i) remove("goes", i), make("comes", i);
        while (listing.go_on()) {
        }
        std::string wrong = seen_once(listing, "stays") ? "" : "what stays was not seen once";
        listing.rewind();
        while (listing.go_on()) {
        }
        if (!seen_once(listing, "stays") || !seen_once(listing, "comes") ||
            listing.times_seen.size() != 2 * count_ + 2)
            wrong += "; a new reading sees something else";
        for (unsigned i = 0; i < count_; ++i) remove("stays", i), remove("comes", i);
        return {::rmdir(directory_.c_str()), 0, wrong};
    }

  private:
    std::string path(const char* what, unsigned i) const {
        return fmt::format("{}/{}-{}", directory_, what, i);
    }
    void make(const char* what, unsigned i) const {
        const Fd made(::open(path(what, i).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    }
    void remove(const char* what, unsigned i) const { ::unlink(path(what, i).c_str()); }
    bool seen_once(SlowListing& listing, const char* what) const {
        for (unsigned i = 0; i < count_; ++i)
            if (listing.times_seen[fmt::format("{}-{}", what, i)] != 1) return false;
        return true;
    }

    std::string directory_;
    unsigned count_;
};

Step list_while_changing(Choices& choices) {
    const auto count = static_cast<unsigned>(1 + choices.below(150));
    return {fmt::format("list {} files while they change", count), [=](Side& side) {
                ::umask(022);
                return ChangingDirectory(side.at("listed"), count).run();
            }};
}

}  // namespace

std::vector<StepKind> map_steps() {
    return {{12, write_mapped, Step::Kind::mapping},
            {8, read_mapped, Step::Kind::mapping},
            {12, use_directly},
            {1, list_while_changing, Step::Kind::program}};
}

}  // namespace yore::test
