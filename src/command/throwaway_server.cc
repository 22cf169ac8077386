// SPDX-License-Identifier: Apache-2.0
#include "command/throwaway_server.h"

#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/base/random.h>

#include <array>

namespace yore::command {
namespace {

/// The moment is known already, and was told of.
class Quiet final : public Output {
  public:
    void event(const nlohmann::json&) override {}
    void bytes(ByteView) override {}
};

std::string free_name(Context& context) {
    std::array<std::byte, 4> number{};
    context.random().fill(number);
    return "throwaway-" + to_hex(number);
}

}  // namespace

ThrowawayServer::ThrowawayServer(Context& context, const Moment& moment,
                                 const CloneServerOptions& options, Reuse reuse,
                                 const std::stop_token& stop)
    : context_(context) {
    if (reuse == Reuse::untouched)
        if (auto running = context.clones().find_untouched(moment.source.id, moment.state, stop)) {
            clone_ = std::move(*running);
            is_own_ = false;
            return;
        }
    NewClone wanted;
    wanted.name = free_name(context);
    wanted.moment = moment.name();
    wanted.server = options;
    wanted.throwaway = true;
    Quiet quiet;
    clone_ = context.clones().create(wanted, quiet, stop);
}

ThrowawayServer::~ThrowawayServer() {
    if (!is_own_) return;
    const std::string& name = clone_.record.name;
    try {
        context_.clones().remove(name, Clones::InUse::detached, {});
    } catch (const std::exception& error) {
        log_error("clone {}: it is left to the next owner: {}", name, error.what());
    }
}

void ThrowawayServer::end_server(const std::stop_token& stop) {
    if (!is_own_)
        throw Error(Errc::busy, fmt::format("clone {} is of somebody else", clone_.record.name));
    context_.clones().end_server(clone_.record.name, stop);
}

}  // namespace yore::command
