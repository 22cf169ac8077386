// SPDX-License-Identifier: Apache-2.0
/// windows, versions: what can be opened, and when it changed.
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

void add_versions(CLI::App& app, Invocation& invocation) {
    struct Options {
        std::string source, path;
    };
    const auto options = std::make_shared<Options>();
    auto* verb = add_verb(app, invocation, "versions", "List the versions of one file",
                          [&invocation, options] {
                              auto& request = invocation.request;
                              command::put_bytes(request, "source", options->source);
                              command::put_bytes(request, "path", options->path);
                          });
    verb->add_option("source", options->source, "Of which source")->required()->type_name("SOURCE");
    verb->add_option("path", options->path, "A path in it")->required()->type_name("PATH");
    verb->add_flag("-b,--bytes", invocation.exact_sizes, "Sizes in bytes");
}

}  // namespace

void add_time_verbs(CLI::App& app, Invocation& invocation) {
    add_windows(app, invocation);
    add_versions(app, invocation);
}

}  // namespace yore::cli
