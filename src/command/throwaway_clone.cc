// SPDX-License-Identifier: Apache-2.0
#include "command/throwaway_clone.h"

#include <yore/base/bytes.h>
#include <yore/base/log.h>

#include <array>

#include <fmt/format.h>

namespace yore::command {
namespace {

NewClone with_own_name(Context& context, NewClone wanted) {
    std::array<std::byte, 8> random{};
    context.random().fill(random);
    wanted.name += "-" + to_hex(random);
    wanted.throwaway = true;
    if (wanted.directory) *wanted.directory += "-" + to_hex(random);
    return wanted;
}

}  // namespace

ThrowawayClone::ThrowawayClone(Context& context, NewClone wanted, Output& output,
                               const std::stop_token& stop)
    : context_(context),
      status_(context.clones().create(with_own_name(context, std::move(wanted)), output, stop)) {}

ThrowawayClone::~ThrowawayClone() {
    try {
        context_.clones().remove(status_.record.name, Clones::InUse::detached, {});
    } catch (const std::exception& error) {
        log_error("clone {}: it stays until its time is over: {}", status_.record.name,
                  error.what());
    }
}

}  // namespace yore::command
