// SPDX-License-Identifier: Apache-2.0
/// Steps beside kills of the server of one side: what was acknowledged is there when it is back.
///
/// What a step that was in progress has left is that step, or nothing; of the bytes of one file
/// that it wrote, perhaps some.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include <sys/types.h>

#include "model/side.h"

namespace yore::test {

class Revival {
  public:
    /// `command`: for a shell, brings the server of `tried` back, and prints the number of its
    /// process. What is open there is lost with it, so it is closed on both sides.
    Revival(Side& model, Side& tried, std::string command, std::uint64_t seed)
        : model_(model), tried_(tried), command_(std::move(command)), random_(seed) {}

    /// On both sides; now and then the server is killed meanwhile. nullopt: no difference.
    std::optional<std::string> run(const Step&);

    /// What had come of the steps while which it was killed.
    struct Counts {
        unsigned acknowledged = 0, nothing = 0, all = 0, a_part = 0;
    };
    const Counts& counts() const { return counts_; }

  private:
    Outcome perform_and_kill(const Step&);
    std::optional<std::string> settle(const Step&, const Outcome& tried);
    bool revive();

    Side& model_;
    Side& tried_;
    std::string command_;
    std::mt19937_64 random_;
    pid_t server_ = 0;
    Counts counts_;
};

}  // namespace yore::test
