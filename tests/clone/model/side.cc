// SPDX-License-Identifier: Apache-2.0
#include "model/side.h"

#include <cstring>

#include <fmt/format.h>
#include <sys/fsuid.h>
#include <unistd.h>

namespace yore::test {
namespace {

constexpr uid_t user = 1000;

/// This thread, and no other, is somebody else for files.
class Disguise {
  public:
    explicit Disguise(bool is_wanted) : is_worn_(is_wanted) {
        if (!is_worn_) return;
        ::setfsgid(user);
        ::setfsuid(user);
    }
    Disguise(const Disguise&) = delete;
    Disguise& operator=(const Disguise&) = delete;
    ~Disguise() {
        if (!is_worn_) return;
        ::setfsuid(0);
        ::setfsgid(0);
    }

  private:
    bool is_worn_;
};

}  // namespace

Outcome perform(Side& side, const Step& step) {
    const Disguise disguise(step.as_user);
    return step.run(side);
}

std::string text_of(const Outcome& outcome) {
    const std::string why =
        outcome.error_number != 0 ? fmt::format(" ({})", ::strerror(outcome.error_number)) : "";
    const std::string seen = outcome.seen.empty() ? "" : " saw " + outcome.seen;
    return fmt::format("{}{}{}", outcome.result, why, seen);
}

Outcome Side::keep(std::size_t which, int fd) {
    if (fd < 0) return outcome_of(fd);
    slots_[which] = Fd(fd);
    return {};
}

Outcome Side::close(std::size_t which) {
    if (slot(which) < 0) return {0, EBADF};
    return outcome_of(::close(slots_[which].release()));
}

void Side::close_all() {
    for (Fd& slot : slots_) slot = Fd();
}

}  // namespace yore::test
