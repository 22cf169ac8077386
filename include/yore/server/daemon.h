// SPDX-License-Identifier: Apache-2.0
/// Splits off a process that goes on in the background, and lets the other one wait for the news
/// whether that worked. Before any thread is started and before RocksDB is opened: neither would
/// be whole in the child.
#pragma once

#include <yore/base/fd.h>

#include <optional>
#include <string>

namespace yore::server {

class Daemon {
  public:
    /// The child is in a session of its own at `/`; its standard output and error go to the end of
    /// `log`, and an older log is kept beside it as `log.old`.
    static Daemon split(const std::string& log);

    bool is_child() const { return is_child_; }
    /// In the parent: the line that the child reported. It ended without one: nullopt.
    std::optional<std::string> wait_for_report();
    /// In the child, once. The parent is gone: false.
    bool report(const std::string& line);

  private:
    Daemon(bool is_child, Fd pipe) : is_child_(is_child), pipe_(std::move(pipe)) {}
    bool is_child_;
    Fd pipe_;
};

}  // namespace yore::server
