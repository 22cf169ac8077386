// SPDX-License-Identifier: Apache-2.0
/// After fsx, which Avadis Tevanian wrote for the Mach kernel and the Linux Test Project keeps.
#include "model/fsx.h"

#include <yore/base/fd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/falloc.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/choices.h"

namespace yore::test {
namespace {

constexpr std::uint64_t page = 4096;
constexpr std::size_t told_max = 30;

class Fsx {
  public:
    explicit Fsx(const FsxOptions& options)
        : options_(options),
          choices_(options.seed),
          fd_(::open(options.path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {}

    std::optional<std::string> run() {
        if (!fd_) return failure("open");
        for (std::uint64_t i = 0; i < options_.steps && wrong_.empty(); ++i) step();
        if (wrong_.empty()) compare(0, content_.size());
        return wrong_.empty() ? std::nullopt : std::optional(failure(wrong_));
    }

  private:
    void step() {
        const std::uint64_t offset = choices_.below(options_.size_max);
        const std::uint64_t length = 1 + choices_.below(options_.size_max - offset);
        using Operation = void (Fsx::*)(std::uint64_t, std::uint64_t);
        static constexpr Operation operations[] = {&Fsx::write,    &Fsx::write, &Fsx::write_mapped,
                                                   &Fsx::read,     &Fsx::read,  &Fsx::read_mapped,
                                                   &Fsx::truncate, &Fsx::punch, &Fsx::zero,
                                                   &Fsx::reserve,  &Fsx::reopen};
        (this->*choices_.of(std::vector(std::begin(operations), std::end(operations))))(
            offset, choices_.one_in(2) ? std::min<std::uint64_t>(length, 3 * page) : length);
        struct stat stat {};
        ::fstat(fd_.get(), &stat);
        if (static_cast<std::uint64_t>(stat.st_size) != content_.size())
            wrong_ = fmt::format("size {} instead of {}", stat.st_size, content_.size());
    }

    void tell(const char* what, std::uint64_t offset, std::uint64_t length) {
        told_.push_back(fmt::format("{} {:#x} to {:#x}", what, offset, offset + length));
        if (told_.size() > told_max) told_.pop_front();
    }
    void expect(const char* what, bool succeeded) {
        if (!succeeded) wrong_ = fmt::format("{}: {}", what, ::strerror(errno));
    }
    void grow(std::uint64_t size) { content_.resize(std::max(content_.size(), size), '\0'); }

    void write(std::uint64_t offset, std::uint64_t length) {
        tell("write", offset, length);
        const std::string bytes = choices_.bytes(length);
        grow(offset + length);
        content_.replace(offset, length, bytes);
        expect("write", ::pwrite(fd_.get(), bytes.data(), length, static_cast<off_t>(offset)) ==
                            static_cast<ssize_t>(length));
    }
    void write_mapped(std::uint64_t offset, std::uint64_t length) {
        tell("write through a map", offset, length);
        if (content_.size() < offset + length) truncate_to(offset + length);
        const std::string bytes = choices_.bytes(length);
        content_.replace(offset, length, bytes);
        with_map(offset, length, PROT_READ | PROT_WRITE,
                 [&](char* at) { std::memcpy(at, bytes.data(), length); });
    }
    void read(std::uint64_t offset, std::uint64_t length) {
        tell("read", offset, length);
        compare(offset, length);
    }
    void read_mapped(std::uint64_t offset, std::uint64_t length) {
        tell("read through a map", offset, length);
        if (offset >= content_.size()) return;
        length = std::min(length, content_.size() - offset);
        with_map(offset, length, PROT_READ,
                 [&](const char* at) { check(offset, std::string_view(at, length)); });
    }
    void truncate(std::uint64_t offset, std::uint64_t) {
        tell("truncate", offset, 0);
        truncate_to(offset);
    }
    void truncate_to(std::uint64_t size) {
        content_.resize(size, '\0');
        expect("truncate", ::ftruncate(fd_.get(), static_cast<off_t>(size)) == 0);
    }
    void punch(std::uint64_t offset, std::uint64_t length) {
        tell("punch", offset, length);
        fill_zeros(offset, length);
        allocate("punch", FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
    }
    void zero(std::uint64_t offset, std::uint64_t length) {
        tell("zero", offset, length);
        const bool keeps_size = choices_.one_in(2);
        if (!keeps_size) grow(offset + length);
        fill_zeros(offset, length);
        allocate("zero", FALLOC_FL_ZERO_RANGE | (keeps_size ? FALLOC_FL_KEEP_SIZE : 0), offset,
                 length);
    }
    void reserve(std::uint64_t offset, std::uint64_t length) {
        tell("reserve", offset, length);
        const bool keeps_size = choices_.one_in(2);
        if (!keeps_size) grow(offset + length);
        allocate("reserve", keeps_size ? FALLOC_FL_KEEP_SIZE : 0, offset, length);
    }
    void reopen(std::uint64_t, std::uint64_t) {
        tell("reopen", 0, 0);
        fd_ = Fd(::open(options_.path.c_str(), O_RDWR | O_CLOEXEC));
        expect("reopen", static_cast<bool>(fd_));
    }

    void allocate(const char* what, int mode, std::uint64_t offset, std::uint64_t length) {
        expect(what, ::fallocate(fd_.get(), mode, static_cast<off_t>(offset),
                                 static_cast<off_t>(length)) == 0);
    }
    void fill_zeros(std::uint64_t offset, std::uint64_t length) {
        if (offset >= content_.size()) return;
        const std::uint64_t inside = std::min(length, content_.size() - offset);
        std::fill_n(content_.begin() + static_cast<std::ptrdiff_t>(offset), inside, '\0');
    }
    template <typename Use>
    void with_map(std::uint64_t offset, std::uint64_t length, int protection, Use&& use) {
        const std::uint64_t inside = offset % page, mapped = inside + length;
        void* at = ::mmap(nullptr, mapped, protection, MAP_SHARED, fd_.get(),
                          static_cast<off_t>(offset - inside));
        expect("mmap", at != MAP_FAILED);
        if (at == MAP_FAILED) return;
        use(static_cast<char*>(at) + inside);
        if (protection & PROT_WRITE) expect("msync", ::msync(at, mapped, MS_SYNC) == 0);
        ::munmap(at, mapped);
    }
    void compare(std::uint64_t offset, std::uint64_t length) {
        std::string bytes(length, '?');
        const ssize_t count = ::pread(fd_.get(), bytes.data(), length, static_cast<off_t>(offset));
        expect("read", count >= 0);
        if (count < 0) return;
        bytes.resize(static_cast<std::size_t>(count));
        const std::uint64_t there = offset < content_.size() ? content_.size() - offset : 0;
        if (bytes.size() != std::min(length, there))
            wrong_ = fmt::format("read {} bytes of {} at {:#x}", count, length, offset);
        else
            check(offset, bytes);
    }
    void check(std::uint64_t offset, std::string_view bytes) {
        for (std::size_t i = 0; i < bytes.size() && wrong_.empty(); ++i)
            if (bytes[i] != content_[offset + i])
                wrong_ = fmt::format("byte at {:#x} is {:#x} instead of {:#x}", offset + i,
                                     static_cast<unsigned char>(bytes[i]),
                                     static_cast<unsigned char>(content_[offset + i]));
    }
    std::string failure(const std::string& what) const {
        return fmt::format("seed {}: {}\nthe last steps:\n  {}\n", options_.seed, what,
                           fmt::join(told_, "\n  "));
    }

    FsxOptions options_;
    Choices choices_;
    Fd fd_;
    std::string content_;  ///< as it should be
    std::string wrong_;
    std::deque<std::string> told_;
};

}  // namespace

std::optional<std::string> fsx_difference(const FsxOptions& options) {
    return Fsx(options).run();
}

}  // namespace yore::test
