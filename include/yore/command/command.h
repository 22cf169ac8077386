// SPDX-License-Identifier: Apache-2.0
/// Use cases: one file each in src/command. A request in, events, a result out.
///
/// A command knows neither terminal nor socket: the same implementation runs in the client's
/// process or in the owner's. Requests, events and results are JSON objects (docs/api.md); each
/// row of a listing is an event, so that a listing of any length is never held in memory.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/error.h>

#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace yore::command {

class Context;  // context.h: the open repository: catalog, cache, view, mounts, clock

/// The exit codes of the process; a result's `exit_code` is one of them. Stable.
enum class ExitCode : int {
    ok = 0,
    failed = 1,
    usage = 2,
    partial = 3,    ///< a snapshot or restore that had to leave something out
    damaged = 4,    ///< verify found damage
    attention = 5,  ///< status: something should be looked at
    interrupted = 130,
    /// Of `log fetch`, for anything but success and `failed`, which there means that the file lies
    /// behind the end of the log: PostgreSQL ends its recovery at 1 to 125, not above.
    unavailable = 200,
};

/// What a running command hands out, in order, one call at a time.
class Output {
  public:
    virtual ~Output() = default;
    /// An object with a field `event`: `progress`, `problem`, or what one row of a listing is.
    virtual void event(const nlohmann::json&) = 0;
    virtual void bytes(ByteView) = 0;  ///< file content (`cat`)
    /// Called now and then by the thread that sets the pace of the work, with no lock held that
    /// others wait for: a place to wait at. Returns when work may go on, or shall stop.
    virtual void pause_point() {}
};

/// What a running command takes in besides its request: a stream to store, a new secret.
class Input {
  public:
    virtual ~Input() = default;
    /// 0 bytes: the end. Stopped, or a sender that went away before the end: Errc::cancelled.
    virtual std::size_t read(MutableBytes into, const std::stop_token&) = 0;
};

/// Of a command that takes in nothing.
class NoInput final : public Input {
  public:
    std::size_t read(MutableBytes, const std::stop_token&) override { return 0; }
};

struct Call {
    const nlohmann::json& request;  ///< paths of the caller's file system in it are absolute
    Output& output;
    Input& input;
    std::stop_token stop;
    enum class Origin { request, schedule } origin = Origin::request;
    std::uint64_t job = 0;  ///< as which it runs; 0: it is none
};

struct Command {
    std::string_view name;  ///< `snapshot`, `key-add`
    /// Throws Error; `invalid` when the request has a field too many or one too few.
    nlohmann::json (*run)(Context&, const Call&);
};
/// All commands, sorted by name.
std::span<const Command> commands();
/// No such command: nullptr.
const Command* find_command(std::string_view name);
/// Runs it, as a job if it is one (jobs.h); the result has the command's name in `result`. No such
/// command: `unsupported`.
nlohmann::json run(Context&, std::string_view name, const Call&);

}  // namespace yore::command
