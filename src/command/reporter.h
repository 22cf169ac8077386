// SPDX-License-Identifier: Apache-2.0
/// Jobs report from any of their threads; an Output takes one call at a time.
#pragma once

#include <yore/command/command.h>

#include <mutex>

#include <nlohmann/json.hpp>

namespace yore::command {

class Reporter {
  public:
    explicit Reporter(Output& output) : output_(output) {}
    void event(std::string_view name, nlohmann::json facts) {
        facts["event"] = name;
        std::scoped_lock lock(mutex_);
        output_.event(facts);
    }

  private:
    std::mutex mutex_;
    Output& output_;
};

}  // namespace yore::command
