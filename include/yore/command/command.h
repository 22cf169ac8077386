// SPDX-License-Identifier: Apache-2.0
/// Use cases: one file each in src/command. A request in, progress events, a result out.
///
/// A command knows neither terminal nor socket: the same implementation runs in the client's
/// process or in the owner's.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/error.h>

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

namespace yore::command {

class Context;  // context.h: the open repository: catalog, cache, view, mounts, clock

/// What a running command hands out, in order, from one thread at a time.
class Output {
  public:
    virtual ~Output() = default;
    virtual void event(const nlohmann::json&) = 0;  ///< progress, problems, one row of a listing
    virtual void bytes(ByteView) = 0;               ///< file content (`cat`)
};
/// What a running command takes in: `--stdin`. 0 bytes: the end.
class Input {
  public:
    virtual ~Input() = default;
    virtual std::size_t read(MutableBytes into) = 0;
};

struct Call {
    const nlohmann::json& request;  ///< paths in it are absolute
    Output& output;
    Input& input;
    std::stop_token stop;
};

struct Command {
    std::string_view name;  ///< `snapshot`, `key-add`
    /// Throws Error. The result's `exit_code`, if there, is the process's (2: partial).
    nlohmann::json (*run)(Context&, const Call&);
};
/// All commands, sorted by name.
std::span<const Command> commands();
const Command* find_command(std::string_view name);

}  // namespace yore::command
