// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/fd.h>
#include <yore/command/jobs.h>
#include <yore/command/text.h>
#include <yore/server/client.h>

#include <exception>
#include <mutex>
#include <thread>

#include <fcntl.h>
#include <httplib.h>
#include <sys/socket.h>

#include "server/answer.h"

namespace yore::server {
namespace {

constexpr std::size_t piece_bytes = 256u << 10;
/// A command may be silent for as long as it works; what ends the wait is its owner's end.
constexpr time_t no_timeout_seconds = 1'000'000;

std::unique_ptr<httplib::Client> connect(const Place& place) {
    if (!is_there(place)) return nullptr;
    auto client = std::make_unique<httplib::Client>(place.socket(), 80);
    client->set_address_family(AF_UNIX);
    client->set_read_timeout(no_timeout_seconds);
    client->set_write_timeout(no_timeout_seconds);
    return client;
}

httplib::Request request(const std::string& method, const std::string& path) {
    httplib::Request request;
    request.method = method;
    request.path = path;
    request.headers = {{"Host", "localhost"}, {"Connection", "close"}};
    return request;
}

/// Sends a command's input on a connection of its own while the answer comes on the first.
class Upload {
  public:
    Upload(const Place& place, const std::string& name, const command::Call& call)
        : client_(connect(place)) {
        if (!client_) return;
        thread_ = std::jthread(
            [this, name, &call](const std::stop_token& stop) { send(name, call, stop); });
    }
    ~Upload() { end(); }
    /// Ends it. Why it had broken off, if that was on this side.
    std::exception_ptr end() {
        thread_.request_stop();
        if (client_) client_->stop();
        if (thread_.joinable()) thread_.join();
        return failure_;
    }

  private:
    void send(const std::string& name, const command::Call& call, const std::stop_token& stop) {
        Buffer piece(piece_bytes);
        const auto provide = [&](std::size_t, httplib::DataSink& sink) {
            try {
                const std::size_t count = call.input.read(piece.span(), stop);
                if (count == 0) {
                    sink.done();
                    return true;
                }
                return sink.write(reinterpret_cast<const char*>(piece.data()), count);
            } catch (...) {
                if (!stop.stop_requested()) failure_ = std::current_exception();
                return false;  // hangs up: the owner must not take this for the end
            }
        };
        client_->Put("/v1/inputs/" + name, {{"Host", "localhost"}}, provide,
                     "application/octet-stream");
    }

    std::unique_ptr<httplib::Client> client_;
    std::exception_ptr failure_;
    std::jthread thread_;
};

}  // namespace

namespace {

/// What the owner says of itself in answer to a request that it answers at once.
std::optional<nlohmann::json> facts_from(const Place& place, const httplib::Request& request) {
    const auto client = connect(place);
    if (!client) return std::nullopt;
    client->set_read_timeout(10);
    const auto answer = client->send(request);
    if (!answer || answer->status != 200) return std::nullopt;
    auto facts = nlohmann::json::parse(answer->body, nullptr, /*allow_exceptions=*/false);
    if (!facts.is_object()) return std::nullopt;
    return facts;
}

}  // namespace

std::optional<nlohmann::json> Client::owner() const {
    return facts_from(place_, request("GET", "/v1/owner"));
}

std::optional<nlohmann::json> Client::drain() const {
    return facts_from(place_, request("POST", "/v1/drain"));
}

namespace {

/// The end of what is said here, while what comes is still read: the owner stops the command, and
/// its result arrives.
class Goodbye {
  public:
    void connected(int socket) {
        std::scoped_lock lock(mutex_);
        socket_ = Fd(::fcntl(socket, F_DUPFD_CLOEXEC, 0));
        if (said_) shut_down();
    }
    void say() {
        std::scoped_lock lock(mutex_);
        said_ = true;
        shut_down();
    }

  private:
    void shut_down() {
        if (socket_) ::shutdown(socket_.get(), SHUT_WR);
    }
    std::mutex mutex_;
    Fd socket_;  ///< our own, whoever closes the connection
    bool said_ = false;
};

/// One command at the owner, from the request to the last record.
struct RemoteRun {
    const Place& place;
    const command::Call& call;
    std::optional<nlohmann::json> result;
    std::optional<Error> error;
    std::unique_ptr<Upload> upload;
    std::exception_ptr failure;  ///< of our own side: a closed standard output

    void take(const nlohmann::json& record) {
        if (record.contains("event")) {
            call.output.event(record);
        } else if (record.contains("result")) {
            result = record;
        } else if (record.contains("input")) {
            upload = std::make_unique<Upload>(place, record["input"].get<std::string>(), call);
        } else {
            error = command::error_of(record);
        }
    }

    /// Nobody answered, or the owner is about to end: false.
    bool run(std::string_view name) {
        const auto client = connect(place);
        if (!client) return false;
        AnswerReader reader({[this](const nlohmann::json& record) { take(record); },
                             [this](ByteView bytes) { call.output.bytes(bytes); }});
        auto post = request("POST", "/v1/commands/" + std::string(name));
        post.body = command::to_line(call.request);
        post.set_header("Content-Type", "application/json");
        int status = 0;
        const bool endless = command::is_endless(name);
        const auto goes_on = [&] { return endless || !call.stop.stop_requested(); };
        Goodbye goodbye;
        post.response_handler = [&](const httplib::Response& response) {
            status = response.status;
            if (endless) goodbye.connected(client->socket());
            return goes_on();
        };
        post.content_receiver = [&](const char* data, std::size_t size, std::uint64_t,
                                    std::uint64_t) {
            try {
                reader.take({data, size});
                return goes_on();
            } catch (...) {
                failure = std::current_exception();
                return false;
            }
        };
        const std::stop_callback hang_up(call.stop, [&] {
            if (endless)
                goodbye.say();
            else
                client->stop();
        });
        client->send(post);
        return status != 0 && status != 503;
    }
};

}  // namespace

std::optional<nlohmann::json> Client::run(std::string_view command,
                                          const command::Call& call) const {
    RemoteRun remote{place_, call, {}, {}, {}, {}};
    const bool answered = remote.run(command);
    if (remote.failure) std::rethrow_exception(remote.failure);
    if (call.stop.stop_requested() && !remote.result) throw Error(Errc::cancelled, "interrupted");
    if (!answered) return std::nullopt;
    if (remote.upload) {
        // When our own side failed to read, that is the cause, not what the owner made of it.
        const auto failure = remote.upload->end();
        if (failure && !remote.result) std::rethrow_exception(failure);
    }
    if (remote.error) throw *remote.error;
    if (remote.result) return remote.result;
    throw Error(Errc::io,
                fmt::format("{}: the process that owns the repository went away", command),
                {"run the command again: what was stored by then is reused"});
}

}  // namespace yore::server
