// SPDX-License-Identifier: Apache-2.0
#include "cli/serving.h"

#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/server/server.h>

#include "cli/interrupts.h"
#include "cli/repository_access.h"

namespace yore::cli {
namespace {

constexpr int ok = static_cast<int>(command::ExitCode::ok);
constexpr int failed = static_cast<int>(command::ExitCode::failed);

/// A server has nobody who waits for an answer: what there is to say goes to its log.
class LogRenderer final : public Renderer {
  public:
    void event(const nlohmann::json&) override {}
    void bytes(ByteView) override {}
    void result(const nlohmann::json&) override {}
    void error(const Error& error) override { log_error("{}", error.full_text()); }
    void remark(const std::string& text) override { log_info("{}", text); }
};

Error not_usable(const std::string& path, const std::vector<server::ConfigMistake>& mistakes) {
    return {Errc::invalid, fmt::format("{}: {} {}", path, mistakes.size(),
                                       mistakes.size() == 1 ? "mistake" : "mistakes")};
}

int check(const Invocation& invocation, Renderer& renderer) {
    const auto reading = server::load_config(invocation.config);
    for (const auto& mistake : reading.mistakes) {
        auto event = server::describe(mistake);
        event["file"] = invocation.config;
        renderer.event(event);
    }
    if (!reading.mistakes.empty()) throw not_usable(invocation.config, reading.mistakes);
    auto result = server::describe(reading.config);
    result["result"] = "serve";
    renderer.result(result);
    return ok;
}

/// What the file says outweighs what the environment does.
Invocation with(const server::Config& config, Invocation invocation) {
    invocation.repository = config.repository;
    if (config.secret.given()) invocation.secret = config.secret;
    invocation.cache_bytes = config.cache_bytes.value_or(invocation.cache_bytes);
    return invocation;
}

void serve(const Invocation& invocation, std::optional<crypto::SecretBytes> passphrase,
           Renderer& log) {
    auto notifier = server::Notifier::from_environment();
    auto reading = server::load_config(invocation.config);
    for (const auto& mistake : reading.mistakes)
        log_error("{}: {}", invocation.config, mistake.what());
    if (!reading.mistakes.empty()) throw not_usable(invocation.config, reading.mistakes);
    const Invocation whole = with(reading.config, invocation);
    server::Server server(std::move(reading.config), invocation.config, notifier);
    Interrupts interrupts([&server] { server.reload(); });
    interrupts.nothing_else_runs();
    RepositoryAccess access(whole, std::move(passphrase), log);
    access.life = command::OwnerLife::server;
    using Replace = RepositoryAccess::Replace;
    const auto owner =
        access.own(invocation.replace ? Replace::yes : Replace::no, interrupts.all());
    server.run(*owner, interrupts.all());
}

}  // namespace

int run_serve(const Invocation& invocation, std::optional<crypto::SecretBytes> passphrase,
              Renderer& renderer) {
    if (invocation.check) return check(invocation, renderer);
    configure_log(invocation.quiet ? LogLevel::warning : LogLevel::info,
                  log_format_of_standard_error());
    LogRenderer log;
    try {
        serve(invocation, std::move(passphrase), log);
        return ok;
    } catch (const Error& error) {
        if (error.code() == Errc::cancelled) return ok;  // asked to end while it waited
        log.error(error);
        return failed;
    }
}

}  // namespace yore::cli
