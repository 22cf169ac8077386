// SPDX-License-Identifier: Apache-2.0
/// A command that runs here for somebody at the other end of a connection.
#pragma once

#include <yore/base/fd.h>
#include <yore/base/guarded.h>
#include <yore/base/random.h>
#include <yore/command/command.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "server/pipe.h"

namespace yore::server {

/// The inputs that running commands wait for, by the name under which their senders find them.
class Inputs {
  public:
    explicit Inputs(Random& random) : random_(random) {}
    std::string open(std::shared_ptr<Pipe>);
    /// Each is taken once. No such input: nullptr.
    std::shared_ptr<Pipe> take(const std::string& name);
    void forget(const std::string& name);

  private:
    Random& random_;
    Guarded<std::map<std::string, std::shared_ptr<Pipe>>> waiting_;
};

/// Requests a stop when the peer hangs up.
class PeerWatch {
  public:
    PeerWatch(int fd, std::stop_source stop);
    ~PeerWatch();

  private:
    Fd wake_;
    std::thread thread_;
};

/// Sends lines and bytes to the peer: docs/api.md. Any thread. When the peer is gone, what is
/// handed out is dropped and a stop is requested.
class RemoteOutput final : public command::Output {
  public:
    using Send = std::function<bool(const char*, std::size_t)>;
    RemoteOutput(Send send, std::stop_source stop)
        : send_(std::move(send)), stop_(std::move(stop)) {}
    void event(const nlohmann::json& event) override { record(event); }
    void bytes(ByteView) override;
    void record(const nlohmann::json&);

  private:
    void send(const std::string&);
    const Send send_;
    std::stop_source stop_;
    std::mutex mutex_;
    bool gone_ = false;
};

/// Asks the peer for the input when the command first reads it.
class RemoteInput final : public command::Input {
  public:
    RemoteInput(Inputs& inputs, RemoteOutput& output) : inputs_(inputs), output_(output) {}
    ~RemoteInput() override;
    std::size_t read(MutableBytes into, const std::stop_token&) override;

  private:
    Inputs& inputs_;
    RemoteOutput& output_;
    std::string name_;
    std::shared_ptr<Pipe> pipe_;
};

}  // namespace yore::server
