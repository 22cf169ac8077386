// SPDX-License-Identifier: Apache-2.0
/// Errors: a closed list of codes, a text that names the object, hints on what to check next.
/// An expected outcome (no such name, already there) is a value, never one of these.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace yore {

/// A new value only when some caller reacts differently.
enum class Errc {
    invalid,      ///< the request is wrong: an argument, a name, a file of settings
    not_found,    ///< something that was named does not exist
    exists,       ///< something that should be new is there already
    corrupt,      ///< stored bytes are damaged or hostile
    wrong_key,    ///< no key slot opens with what was given
    busy,         ///< another process owns it
    unsupported,  ///< made by a newer version, or impossible on this platform
    read_only,    ///< the repository or file system does not take writes
    no_space,     ///< the disk is full
    denied,       ///< the system refused permission
    io,           ///< the system failed to read or write
    cancelled,    ///< stopped on request
};
std::string_view name_of(Errc);
/// The `errno` that a file system answers for this code.
int errno_of(Errc);

class Error : public std::runtime_error {
  public:
    Error(Errc code, const std::string& text, std::vector<std::string> hints = {})
        : std::runtime_error(text), code_(code), hints_(std::move(hints)) {}

    Errc code() const { return code_; }
    const std::vector<std::string>& hints() const { return hints_; }
    /// Message and `hint:` lines, as a person reads them.
    std::string full_text() const;
    /// A copy whose message starts with `step: `.
    Error within(std::string_view step) const;

  private:
    Errc code_;
    std::vector<std::string> hints_;
};

/// The code that fits an errno; `io` when none does better.
Errc code_of(int error_number);
/// `permission denied`.
std::string reason_of(int error_number);
/// `open /x/y: no such file or directory`, with the code that fits the errno.
Error system_error(std::string_view action, std::string_view object, int error_number);

/// Runs `body`; an Error that leaves it gets `step` (made by `describe()`) put before its message.
template <typename Describe, typename Body>
decltype(auto) doing(Describe&& describe, Body&& body) {
    try {
        return std::forward<Body>(body)();
    } catch (const Error& error) {
        throw error.within(std::forward<Describe>(describe)());
    }
}

[[noreturn]] void broken_invariant(const char* condition, const char* file, int line);

}  // namespace yore

/// Our own invariants, on in release: a broken one stops the process before it can write.
/// Never for bytes from disk, network or a database: those are `Errc::corrupt`.
#define YORE_ENSURE(condition) \
    ((condition) ? void(0) : ::yore::broken_invariant(#condition, __FILE__, __LINE__))
