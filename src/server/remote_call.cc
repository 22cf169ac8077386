// SPDX-License-Identifier: Apache-2.0
#include "server/remote_call.h"

#include <yore/base/error.h>
#include <yore/command/text.h>

#include <array>
#include <cerrno>

#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace yore::server {

std::string Inputs::open(std::shared_ptr<Pipe> pipe) {
    std::array<std::byte, 16> bytes{};
    random_.fill(bytes);
    auto name = to_hex(bytes);
    waiting_.with([&](auto& waiting) { waiting.emplace(name, std::move(pipe)); });
    return name;
}

std::shared_ptr<Pipe> Inputs::take(const std::string& name) {
    return waiting_.with([&](auto& waiting) -> std::shared_ptr<Pipe> {
        auto found = waiting.extract(name);
        return found.empty() ? nullptr : std::move(found.mapped());
    });
}

void Inputs::forget(const std::string& name) {
    take(name);
}

PeerWatch::PeerWatch(int fd, std::stop_source stop) : wake_(::eventfd(0, EFD_CLOEXEC)) {
    if (!wake_) throw system_error("make", "eventfd", errno);
    thread_ = std::thread([fd, wake = wake_.get(), stop]() mutable {
        pollfd waits[2] = {{fd, POLLRDHUP, 0}, {wake, POLLIN, 0}};
        while (::poll(waits, 2, -1) < 0) {
        }
        if (waits[1].revents == 0) stop.request_stop();
    });
}

PeerWatch::~PeerWatch() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
    thread_.join();
}

void RemoteOutput::send(const std::string& text) {
    if (gone_ || send_(text.data(), text.size())) return;
    gone_ = true;
    stop_.request_stop();
}

void RemoteOutput::record(const nlohmann::json& record) {
    const std::string line = command::to_line(record) + "\n";
    std::scoped_lock lock(mutex_);
    send(line);
}

void RemoteOutput::bytes(ByteView bytes) {
    // One piece, so that it is one chunk of HTTP: two would cost two system calls.
    std::string piece = fmt::format("{{\"bytes\":{}}}\n", bytes.size());
    piece += as_text(bytes);
    std::scoped_lock lock(mutex_);
    send(piece);
}

RemoteInput::~RemoteInput() {
    if (!pipe_) return;
    inputs_.forget(name_);
    pipe_->abandon();
}

std::size_t RemoteInput::read(MutableBytes into, const std::stop_token& stop) {
    if (!pipe_) {
        pipe_ = std::make_shared<Pipe>();
        name_ = inputs_.open(pipe_);
        output_.record({{"input", name_}});
    }
    return pipe_->read(into, stop);
}

}  // namespace yore::server
