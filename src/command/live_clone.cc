// SPDX-License-Identifier: Apache-2.0
#include "command/live_clone.h"

#include <yore/base/error.h>
#include <yore/base/log.h>

#include <optional>

#include "command/clone_plan.h"

namespace yore::command {
namespace {

mount::MountOptions options_of(Context& context, const CloneRecord& record,
                               const std::string& directory) {
    mount::MountOptions options;
    options.directory = directory;
    options.repository = context.directory();
    options.allow_other = record.allow_other;
    return options;
}

/// Log was applied to something that is stored.
bool is_made(const Moment& moment) {
    return !moment.snapshot && !moment.plan.value("log", nlohmann::json::array()).empty();
}

MomentBelow open_moment(Context& context, const CloneRecord& record) {
    const Moment moment = moment_of(context, record);
    if (moment.root.hex() != record.root)
        throw Error(
            Errc::corrupt,
            fmt::format("{} is not the state any more of which it was made", record.moment()),
            {"what was stored of that time since then is another state",
             fmt::format("its changes are kept in {}", record.changes)});
    auto made = context.keep_made(moment.root);
    if (!made && is_made(moment))
        throw Error(Errc::busy,
                    fmt::format("{}: so much else was opened that it is not in memory "
                                "any more",
                                record.moment()),
                    {"try again"});
    if (!made) made = std::make_shared<const view::MadeObjects>();
    return {moment.root, moment.in_use, std::move(made)};
}

}  // namespace

LiveClone::LiveClone(Context& context, const view::Identities& identities,
                     const CloneRecord& record, const std::string& directory,
                     std::function<void()> gone)
    : below_(open_moment(context, record)),
      clone_(context.cache(), identities, record.changes, below_.root, {record.bytes_max}),
      mount_(clone_, options_of(context, record, directory)),
      until_gone_([this, gone = std::move(gone)] {
          mount_.wait();
          gone();
      }) {}

LiveClone::~LiveClone() {
    detach();
    until_gone_.join();
    try {
        clone_.sync_all();
    } catch (const std::exception& error) {
        log_error("clone: what was changed may not be durable: {}", error.what());
    }
}

void LiveClone::unmount() {
    mount_.unmount();
}

void LiveClone::detach() {
    mount_.detach();
}

}  // namespace yore::command
