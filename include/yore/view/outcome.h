// SPDX-License-Identifier: Apache-2.0
/// Results of calls that may be refused: expected refusals are values, not exceptions.
#pragma once

#include <system_error>
#include <utility>
#include <variant>

namespace yore::view {

/// What a call gives, or why it is refused.
template <typename T>
class Outcome {
  public:
    Outcome(T value) : value_(std::move(value)) {}
    Outcome(std::errc why) : value_(why) {}
    explicit operator bool() const { return std::holds_alternative<T>(value_); }
    T& operator*() { return std::get<T>(value_); }
    const T& operator*() const { return std::get<T>(value_); }
    T* operator->() { return &std::get<T>(value_); }
    const T* operator->() const { return &std::get<T>(value_); }
    /// Only of a refusal.
    std::errc why() const { return std::get<std::errc>(value_); }

  private:
    std::variant<T, std::errc> value_;
};

}  // namespace yore::view
