// SPDX-License-Identifier: Apache-2.0
/// windows: what can be opened, and when.
#include <yore/command/text.h>

#include <memory>

#include "cli/verbs.h"

namespace yore::cli {
namespace {

void add_windows(CLI::App& app, Invocation& invocation) {
    const auto source = std::make_shared<std::string>();
    auto* verb = add_verb(
        app, invocation, "windows", "Show which times can be opened, and why",
        [&invocation, source] { command::put_bytes(invocation.request, "source", *source); });
    verb->add_option("source", *source, "Of which source")->required()->type_name("SOURCE");
}

}  // namespace

void add_time_verbs(CLI::App& app, Invocation& invocation) {
    add_windows(app, invocation);
}

}  // namespace yore::cli
