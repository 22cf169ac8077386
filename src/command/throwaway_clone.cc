// SPDX-License-Identifier: Apache-2.0
#include "command/throwaway_clone.h"

#include <yore/base/bytes.h>
#include <yore/base/log.h>

#include <array>

#include <fmt/format.h>

namespace yore::command {
namespace {

/// Short, as it is part of a socket's path.
NewClone with_own_name(Context& context, NewClone wanted) {
    std::array<std::byte, 4> number{};
    context.random().fill(number);
    wanted.name = "tmp-" + to_hex(number);
    wanted.throwaway = true;
    if (wanted.directory) *wanted.directory += "-" + to_hex(number);
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
        log_error("clone {}: it is left to the next owner: {}", status_.record.name, error.what());
    }
}

}  // namespace yore::command
