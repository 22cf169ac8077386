// SPDX-License-Identifier: Apache-2.0
/// One of the two directories, the files that are open in it, and what operations there gave.
#pragma once

#include <yore/base/fd.h>

#include <array>
#include <cerrno>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace yore::test {

/// What a program sees of a call.
struct Outcome {
    long result = 0;
    int error_number = 0;
    std::string seen = {};  ///< bytes, names, a digest of them
    bool operator==(const Outcome&) const = default;
};
std::string text_of(const Outcome&);
/// Of a call that sets errno when it gives -1; call it at once.
inline Outcome outcome_of(long result) {
    return {result, result < 0 ? errno : 0};
}

class Side {
  public:
    explicit Side(std::string top) : top_(std::move(top)) {}

    const std::string& top() const { return top_; }
    std::string at(const std::string& path) const { return top_ + "/" + path; }

    static constexpr std::size_t slot_count = 6;
    /// -1: nothing is open there.
    int slot(std::size_t which) const { return slots_[which].get(); }
    /// Takes the descriptor; a negative one leaves the slot as it is.
    Outcome keep(std::size_t which, int fd);
    Outcome close(std::size_t which);
    void close_all();

  private:
    std::string top_;
    std::array<Fd, slot_count> slots_;
};

/// One operation, the same on both sides.
struct Step {
    enum class Kind {
        call,     ///< there or not, also when its server is killed meanwhile; or bytes of one file
        mapping,  ///< the same, but touches mapped memory, and may die of it
        program   ///< many calls
    };
    std::string text;
    std::function<Outcome(Side&)> run;
    /// Files and directories whose times change alike on both sides.
    std::vector<std::string> timed = {};
    std::optional<std::size_t> timed_slot = std::nullopt;
    bool may_be_users = true;
    bool as_user = false;  ///< by somebody who is not root
    Kind kind = Kind::call;
};
Outcome perform(Side&, const Step&);

}  // namespace yore::test
