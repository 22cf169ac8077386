// SPDX-License-Identifier: Apache-2.0
#include "server/service.h"

#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/command/command.h>
#include <yore/command/jobs.h>
#include <yore/command/metrics.h>
#include <yore/command/text.h>
#include <yore/server/owner.h>

#include <chrono>

#include "server/listener.h"
#include "server/router.h"

namespace yore::server {
namespace {

constexpr const char* lines_type = "application/x-ndjson";
constexpr std::size_t request_bytes_max = 16u << 20;
/// Of a request; no command has a field that is deeper.
constexpr int depth_max = 16;

void answer(httplib::Response& response, int status, const nlohmann::json& record) {
    response.status = status;
    response.set_content(command::to_line(record) + "\n", lines_type);
}

void refuse(httplib::Response& response, int status, const Error& error) {
    answer(response, status, command::error_record(error));
}

/// Not JSON, or too deep for one that a command could understand: Errc::invalid.
nlohmann::json parsed(const std::string& body) {
    const auto look = [](int depth, nlohmann::json::parse_event_t, const nlohmann::json&) {
        if (depth > depth_max)
            throw Error(Errc::invalid,
                        fmt::format("the request is nested deeper than {} levels", depth_max));
        return true;
    };
    auto request = nlohmann::json::parse(body, look, /*allow_exceptions=*/false);
    if (request.is_discarded()) throw Error(Errc::invalid, "the request is not JSON");
    return request;
}

/// What httplib refuses by itself.
Error refusal_of(const httplib::Request& request, int status) {
    switch (status) {
        case 404:
            return Error(Errc::not_found, fmt::format("{} {}", request.method, request.path));
        case 413:
            return Error(Errc::invalid,
                         fmt::format("the request is longer than {} bytes", request_bytes_max));
        default:
            return Error(Errc::invalid, "the request is not HTTP as this version understands it");
    }
}

/// Runs one command; the connection's thread calls it when the head of the answer is on its way.
struct CommandRun {
    std::string name;
    nlohmann::json request;
    int connection = -1;
    std::unique_ptr<Calls::Ticket> ticket;

    nlohmann::json run(std::shared_future<command::Context*>& opened, RemoteOutput& output,
                       command::Input& input) {
        try {
            const PeerWatch watch(connection, ticket->stop());
            command::Context& context = *opened.get();
            const command::Call call{request, output, input, ticket->stop().get_token()};
            auto result = command::run(context, name, call);
            if (ticket->drained()) throw taken_over();
            return result;
        } catch (const Error& error) {
            return command::error_record(error);
        } catch (const std::exception& error) {
            log_error("{}: {}", name, error.what());
            return command::error_record(
                Error(Errc::io, fmt::format("{}: {}", name, error.what())));
        }
    }
};

}  // namespace

struct Service::State {
    State(Calls& calls_in, nlohmann::json who_in, std::shared_future<command::Context*> opened_in,
          Random& random)
        : calls(calls_in), who(std::move(who_in)), opened(std::move(opened_in)), inputs(random) {}

    Calls& calls;
    const nlohmann::json who;
    std::shared_future<command::Context*> opened;
    Inputs inputs;
    Router router;
    std::unique_ptr<Listener> listener;

    void add_routes();
    nlohmann::json owner();
    void metrics(httplib::Response&);
    bool is_open() const;
    void begin_command(const httplib::Request&, httplib::Response&);
    void take_input(const httplib::Request&, httplib::Response&, const httplib::ContentReader&);
};

void Service::State::add_routes() {
    using httplib::Request, httplib::Response;
    router.set_payload_max_length(request_bytes_max);
    router.set_default_headers({{"Yore-Version", YORE_VERSION}});
    router.Get("/v1/owner",
               [this](const Request&, Response& response) { answer(response, 200, owner()); });
    router.Get("/metrics", [this](const Request&, Response& response) { metrics(response); });
    router.Post("/v1/drain", [this](const Request&, Response& response) {
        calls.drain();
        answer(response, 200, owner());
    });
    router.Post(R"(/v1/commands/([a-z-]+))", [this](const Request& request, Response& response) {
        begin_command(request, response);
    });
    router.Put(R"(/v1/inputs/([0-9a-f]+))", [this](const Request& request, Response& response,
                                                   const httplib::ContentReader& content) {
        take_input(request, response, content);
    });
    // Of a body in chunks httplib knows no limit.
    router.set_pre_routing_handler([](const Request& request, Response& response) {
        using Handled = httplib::Server::HandlerResponse;
        if (request.method != "POST" || !request.has_header("Transfer-Encoding"))
            return Handled::Unhandled;
        refuse(response, 411, Error(Errc::invalid, "the request has to say its length"));
        return Handled::Handled;
    });
    router.set_exception_handler(
        [](const Request& request, Response& response, const std::exception_ptr& thrown) {
            try {
                std::rethrow_exception(thrown);
            } catch (const Error& error) {
                refuse(response, 400, error);
            } catch (const std::exception& error) {
                log_error("{}: {}", request.path, error.what());
                refuse(response, 500, Error(Errc::io, error.what()));
            }
        });
    router.set_error_handler([](const Request& request, Response& response) {
        if (response.body.empty())
            refuse(response, response.status, refusal_of(request, response.status));
    });
}

nlohmann::json Service::State::owner() {
    auto facts = who;
    facts["mounts"] = nlohmann::json::array();
    if (is_open()) facts["mounts"] = command::list_of_bytes(opened.get()->mounts().directories());
    facts["calls"] = command::list_of_bytes(calls.in_progress());
    facts["draining"] = calls.draining();
    return facts;
}

bool Service::State::is_open() const {
    return opened.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

void Service::State::metrics(httplib::Response& response) {
    if (!is_open())
        return refuse(response, 503, Error(Errc::busy, "the repository is being opened"));
    response.set_content(command::metrics_text(*opened.get()), command::metrics_type);
}

void Service::State::begin_command(const httplib::Request& request, httplib::Response& response) {
    const auto run = std::make_shared<CommandRun>();
    run->name = request.matches[1];
    run->connection = request.remote_port;
    if (!request.body.empty()) {
        run->request = parsed(request.body);
    } else {
        run->request = nlohmann::json::object();
    }
    if (command::find_command(run->name) == nullptr)
        return refuse(response, 404,
                      Error(Errc::unsupported, fmt::format("there is no command {}", run->name)));
    run->ticket = calls.begin(run->name, command::is_endless(run->name) ? Calls::Ends::when_stopped
                                                                        : Calls::Ends::by_itself);
    if (!run->ticket)
        return refuse(response, 503, Error(Errc::busy, "this owner is about to end; try again"));
    response.set_chunked_content_provider(
        lines_type, [this, run](std::size_t, httplib::DataSink& sink) {
            RemoteOutput output(
                [&](const char* data, std::size_t size) { return sink.write(data, size); },
                run->ticket->stop());
            nlohmann::json last;
            {
                RemoteInput input(inputs, output);
                last = run->run(opened, output, input);
            }
            output.record(last);
            sink.done();
            run->ticket.reset();
            return true;
        });
}

void Service::State::take_input(const httplib::Request& request, httplib::Response& response,
                                const httplib::ContentReader& content) {
    const auto pipe = inputs.take(request.matches[1]);
    if (!pipe) return refuse(response, 404, Error(Errc::not_found, "nobody waits for this input"));
    bool taken = true;
    const bool whole = content([&](const char* data, std::size_t size) {
        taken = pipe->write(as_bytes({data, size}));
        return taken;
    });
    pipe->end(whole && taken ? Pipe::End::whole : Pipe::End::broken);
    if (whole && taken) {
        answer(response, 200, nlohmann::json::object());
    } else {
        refuse(response, 409, Error(Errc::cancelled, "the command took no more input"));
    }
}

Service::Service(const Place& place, Calls& calls, nlohmann::json who,
                 std::shared_future<command::Context*> opened, Random& random)
    : state_(std::make_unique<State>(calls, std::move(who), std::move(opened), random)) {
    state_->add_routes();
    state_->listener = std::make_unique<Listener>(
        place, [this](int fd, const Peer&) { state_->router.serve(fd); });
    state_->router.began(state_->listener->descriptor());
    state_->listener->start();
}

Service::~Service() {
    state_->listener.reset();
}

}  // namespace yore::server
