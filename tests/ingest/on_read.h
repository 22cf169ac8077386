// SPDX-License-Identifier: Apache-2.0
/// Runs something at the moment in which a file is read, before the reader gets the bytes.
#pragma once

#include <yore/base/fd.h>

#include <functional>
#include <string>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/fanotify.h>
#include <unistd.h>

namespace yore::ingest::test {

/// Readers of `path` wait for `act`, at each read(2). What `act` does must not read that file.
class OnRead {
  public:
    OnRead(const std::string& path, std::function<void()> act) : act_(std::move(act)) {
        events_ = Fd(::fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK, O_RDONLY));
        if (!events_ || ::fanotify_mark(events_.get(), FAN_MARK_ADD, FAN_ACCESS_PERM, AT_FDCWD,
                                        path.c_str()) != 0) {
            events_.close();
            return;
        }
        thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
    }

    /// False: this kernel, or this user, cannot do it.
    explicit operator bool() const { return static_cast<bool>(events_); }

  private:
    void serve(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            pollfd ready{events_.get(), POLLIN, 0};
            if (::poll(&ready, 1, 10) <= 0) continue;
            fanotify_event_metadata event;
            if (::read(events_.get(), &event, sizeof event) != sizeof event) continue;
            const Fd file(event.fd);
            act_();
            const fanotify_response answer{event.fd, FAN_ALLOW};
            if (::write(events_.get(), &answer, sizeof answer) != sizeof answer) return;
        }
    }

    std::function<void()> act_;
    Fd events_;
    std::jthread thread_;
};

}  // namespace yore::ingest::test
