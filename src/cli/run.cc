// SPDX-License-Identifier: Apache-2.0
#include "cli/run.h"

#include <yore/base/error.h>
#include <yore/command/command.h>
#include <yore/command/init.h>
#include <yore/command/jobs.h>
#include <yore/command/text.h>

#include <unistd.h>

#include "cli/fetching.h"
#include "cli/input.h"
#include "cli/interrupts.h"
#include "cli/mounting.h"
#include "cli/repository_access.h"
#include "cli/secrets.h"
#include "cli/serving.h"

namespace yore::cli {
namespace {

/// The new secret is asked for when the command reads it: after the old one has opened the
/// repository.
class NewSecretInput final : public command::Input {
  public:
    explicit NewSecretInput(const SecretSource& source) : source_(source) {}
    std::size_t read(MutableBytes into, const std::stop_token& stop) override {
        if (!secret_) secret_ = std::make_unique<SecretInput>(obtain());
        return secret_->read(into, stop);
    }

  private:
    crypto::SecretBytes obtain() const {
        if (auto given = read_secret(source_)) return std::move(given->secret);
        return prompt_new("New passphrase: ", "--new-passphrase-file");
    }
    const SecretSource& source_;
    std::unique_ptr<SecretInput> secret_;
};

std::unique_ptr<command::Input> make_input(const Invocation& invocation) {
    switch (invocation.input) {
        case Invocation::Input::nothing:
            break;
        case Invocation::Input::standard_input:
            return std::make_unique<FdInput>(STDIN_FILENO);
        case Invocation::Input::file:
            return std::make_unique<FileInput>(invocation.input_file);
        case Invocation::Input::new_secret:
            return std::make_unique<NewSecretInput>(invocation.new_secret);
    }
    return std::make_unique<NoInput>();
}

void make_missing_key_file(const std::optional<std::string>& path) {
    if (!path || ::access(path->c_str(), F_OK) == 0) return;
    SystemRandom random;
    command::create_key_file(*path, random);
}

int exit_code_of(const nlohmann::json& result) {
    return result.value("exit_code", static_cast<int>(command::ExitCode::ok));
}

/// Calls of others may still run here when our own has ended.
void finish(server::Owner& owner, Interrupts& interrupts, Renderer& renderer) {
    interrupts.nothing_else_runs();
    if (const auto calls = owner.calls(); !calls.empty())
        renderer.remark(
            fmt::format("done; {} still runs here for another process (Ctrl-C stops it)",
                        fmt::join(calls, ", ")));
    owner.finish(interrupts.all());
}

/// One that would not end by itself ends for a successor.
nlohmann::json run_here(server::Owner& owner, const std::string& name, const command::Call& call) {
    if (!command::is_endless(name)) return command::run(owner.context(), name, call);
    std::stop_source stop;
    const auto ask = [&] { stop.request_stop(); };
    const std::stop_callback stopped(call.stop, ask);
    const std::stop_callback succeeded(owner.drain_asked(), ask);
    auto result = command::run(owner.context(), name,
                               {call.request, call.output, call.input, stop.get_token()});
    if (!call.stop.stop_requested() && owner.drain_asked().stop_requested())
        throw server::taken_over();
    return result;
}

/// Starts a server on what was restored, so that the result tells of both.
void add_server(cluster::ClusterStart start, nlohmann::json& result, Renderer& renderer,
                const std::stop_token& stop) {
    if (result.contains("exit_code")) {
        renderer.remark("not started: something was left out");
        return;
    }
    renderer.remark("the server recovers");
    if (result.contains("needs"))
        start.needs = {command::bytes_of_list(result["needs"]["libraries"]),
                       command::bytes_of_list(result["needs"]["collations"])};
    const auto started = cluster::start_cluster(start, stop);
    result["server"] = {
        {"port", start.port},           {"socket_directory", start.directory},
        {"log", started.log},           {"connect", started.connect_command},
        {"stop", started.stop_command}, {"warnings", command::list_of_bytes(started.warnings)}};
}

int run_command(const Invocation& invocation, std::optional<crypto::SecretBytes> passphrase,
                Renderer& renderer, command::Output& output) {
    if (invocation.start) cluster::check_cluster_start(*invocation.start);
    Interrupts interrupts;
    auto request = invocation.request;
    if (invocation.input == Invocation::Input::new_secret) {
        make_missing_key_file(invocation.new_secret.key_file);
        request["kind"] = invocation.new_secret.key_file ? "keyfile" : "passphrase";
    }
    const auto input = make_input(invocation);
    const command::Call call{request, output, *input, interrupts.first()};
    RepositoryAccess access(invocation, std::move(passphrase), renderer);
    bool shown = false;
    auto result = access.reach(call, [&](std::unique_ptr<server::Owner> owner) {
        try {
            auto own = run_here(*owner, invocation.command, call);
            shown = !invocation.start;
            if (shown) renderer.result(own);
            finish(*owner, interrupts, renderer);
            return own;
        } catch (const Error&) {
            finish(*owner, interrupts, renderer);
            throw;
        }
    });
    if (invocation.start) add_server(*invocation.start, result, renderer, interrupts.first());
    if (!shown) renderer.result(result);
    return exit_code_of(result);
}

/// PostgreSQL takes most failures of its restore_command for the end of the log, and then starts
/// with what it has. So only what is known to be behind the end may end like that.
int run_log_fetch(const Invocation& invocation, std::optional<crypto::SecretBytes> passphrase,
                  Renderer& renderer) {
    try {
        FetchedFile file(invocation.destination, renderer);
        const int code = run_command(invocation, std::move(passphrase), renderer, file);
        if (code == static_cast<int>(command::ExitCode::ok)) file.put_in_place();
        return code;
    } catch (const Error& error) {
        renderer.error(error);
    } catch (const std::exception& error) {
        renderer.error(Error(Errc::io, error.what()));
    }
    return static_cast<int>(command::ExitCode::unavailable);
}

/// The secret of the first key slot; none: not encrypted.
std::optional<store::Credentials> first_credentials(const Invocation& invocation,
                                                    std::optional<crypto::SecretBytes> passphrase) {
    const bool with_key_file =
        invocation.with_key_file.value_or(invocation.secret.key_file && !passphrase);
    if (with_key_file && !invocation.secret.key_file)
        throw Error(
            Errc::invalid, "a key file is to open it, but none is named",
            {"`--key-file FILE` or YORE_KEY_FILE names it; it is made when it is not there"});
    const bool given = invocation.secret.given() || passphrase;
    if (!invocation.encrypted.value_or(true)) {
        if (given)
            throw Error(Errc::invalid, "a secret is given, but nothing is to be encrypted",
                        {"leave one of them out"});
        return std::nullopt;
    }
    if (!with_key_file && invocation.secret.key_file)
        throw Error(Errc::invalid, "a key file is given, but a passphrase is to open it",
                    {"`--encryption keyfile` takes the key file"});
    if (with_key_file) make_missing_key_file(invocation.secret.key_file);
    if (auto secret = read_secret(invocation.secret)) return secret;
    store::Credentials credentials;
    credentials.secret =
        passphrase ? std::move(*passphrase) : prompt_new("New passphrase: ", "--passphrase-file");
    return credentials;
}

int run_init(const Invocation& invocation, std::optional<crypto::SecretBytes> passphrase,
             Renderer& renderer) {
    if (!invocation.repository)
        throw Error(Errc::invalid, "no directory is named", {"`--repo DIR` or YORE_REPO names it"});
    command::InitOptions options;
    options.directory = *invocation.repository;
    options.label = invocation.label;
    options.credentials = first_credentials(invocation, std::move(passphrase));
    SystemRandom random;
    auto result = command::init(options, SystemClock(), random);
    if (options.credentials && options.credentials->kind == store::SlotKind::key_file)
        command::put_bytes(result, "key_file", *invocation.secret.key_file);
    renderer.result(result);
    return exit_code_of(result);
}

bool mounts(const std::string& command) {
    return command == "mount" || command == "clone-create" || command == "clone-mount";
}

}  // namespace

int run(const Invocation& invocation, std::optional<crypto::SecretBytes> passphrase,
        Renderer& renderer) {
    try {
        if (invocation.command == "init")
            return run_init(invocation, std::move(passphrase), renderer);
        if (mounts(invocation.command))
            return run_mount(invocation, std::move(passphrase), renderer);
        if (invocation.command == "serve")
            return run_serve(invocation, std::move(passphrase), renderer);
        if (invocation.command == "umount") return run_umount(invocation, renderer);
        if (invocation.command == "log-fetch")
            return run_log_fetch(invocation, std::move(passphrase), renderer);
        return run_command(invocation, std::move(passphrase), renderer, renderer);
    } catch (const Error& error) {
        renderer.error(error);
        return static_cast<int>(error.code() == Errc::cancelled ? command::ExitCode::interrupted
                                                                : command::ExitCode::failed);
    }
}

}  // namespace yore::cli
