// SPDX-License-Identifier: Apache-2.0
/// Random operations on two directories at once, which must show no difference.
///
/// The first one is the model: a plain directory of a file system that is known to be right.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace yore::test {

struct ModelOptions {
    std::string model, tried;  ///< equal at the beginning, and for this alone
    std::uint64_t seed = 0;
    std::uint64_t steps = 1000;
    std::uint64_t batch = 50;  ///< after so many, everything is compared
    /// For a shell: brings the server of `tried` back and prints its process' number. It is killed
    /// now and then. Empty: it is not.
    std::string revive = {};
};

/// What differed first, with the seed and the steps before it; nullopt: nothing.
std::optional<std::string> difference_after(const ModelOptions&);

/// What differs in two trees, as lines; empty: nothing.
std::string tree_difference(const std::string& model, const std::string& tried);

}  // namespace yore::test
