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
    /// From the thread that sets the pace, which may be made to wait here.
    void progress(nlohmann::json facts) {
        event("progress", std::move(facts));
        pause_point();
    }
    void pause_point() { output_.pause_point(); }

  private:
    std::mutex mutex_;
    Output& output_;
};

}  // namespace yore::command
