// SPDX-License-Identifier: Apache-2.0
#include "command/throwaway_server.h"

#include <yore/base/error.h>

#include "command/no_output.h"

namespace yore::command {

ThrowawayServer::ThrowawayServer(Context& context, const Moment& moment,
                                 const CloneServerOptions& options, Reuse reuse,
                                 const std::stop_token& stop)
    : context_(context) {
    if (reuse == Reuse::untouched)
        if (auto running = context.clones().find_untouched(moment.source.id, moment.state, stop)) {
            clone_ = std::move(*running);
            return;
        }
    NewClone wanted;
    wanted.moment = moment.name();
    wanted.server = options;
    NoOutput nobody;  // the moment is known already, and was told of
    own_.emplace(context, std::move(wanted), nobody, stop);
    clone_ = own_->status();
}

void ThrowawayServer::end_server(const std::stop_token& stop) {
    if (!own_)
        throw Error(Errc::busy, fmt::format("clone {} is of somebody else", clone_.record.name));
    context_.clones().end_server(clone_.record.name, stop);
}

}  // namespace yore::command
