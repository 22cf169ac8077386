// SPDX-License-Identifier: Apache-2.0
/// Shows what a command hands out: for people, or as JSON lines. One for both ways to run it.
#pragma once

#include <yore/base/time.h>
#include <yore/command/command.h>

#include <memory>

#include <nlohmann/json.hpp>

#include "cli/invocation.h"
#include "cli/screen.h"

namespace yore::cli {

class Renderer : public command::Output {
  public:
    virtual void result(const nlohmann::json&) = 0;
    virtual void error(const Error&) = 0;
    /// Something that is worth knowing while one waits.
    virtual void remark(const std::string&) = 0;
};

/// `invocation`, `screen` and `clock` outlive it.
std::unique_ptr<Renderer> make_renderer(const Invocation&, Screen&, const Clock&);

}  // namespace yore::cli
