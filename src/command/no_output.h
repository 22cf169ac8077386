// SPDX-License-Identifier: Apache-2.0
/// For what a command does on the way to its own end.
#pragma once

#include <yore/command/command.h>

#include <nlohmann/json.hpp>

namespace yore::command {

class NoOutput final : public Output {
  public:
    void event(const nlohmann::json&) override {}
    void bytes(ByteView) override {}
};

}  // namespace yore::command
