// SPDX-License-Identifier: Apache-2.0
/// mount, umount, serve.
#include <yore/command/text.h>

#include <memory>

#include "cli/verbs.h"

namespace yore::cli {
namespace {

void add_serve(CLI::App& app, Invocation& invocation) {
    const auto config = std::make_shared<std::string>();
    auto* verb = add_verb(app, invocation, "serve", "Own a repository: mounts that stay, by a file",
                          [&invocation, config] { invocation.config = absolute_path(*config); });
    verb->add_option("--config", *config, "What to do, in TOML")->required()->type_name("FILE");
    auto* check = verb->add_flag("--check", invocation.check,
                                 "Only tell how the file is understood, or all that is wrong");
    auto* replace = verb->add_flag("--replace", invocation.replace,
                                   "Take over from the server that runs, once its commands ended");
    check->excludes(replace);
}

}  // namespace

void add_mount_verbs(CLI::App& app, Invocation& invocation) {
    struct Options {
        std::string directory;
        bool allow_other = false;
    };
    const auto options = std::make_shared<Options>();
    auto* mount = add_verb(
        app, invocation, "mount", "Show the repository as a directory", [&invocation, options] {
            command::put_bytes(invocation.request, "directory", absolute_path(options->directory));
            invocation.request["allow_other"] = options->allow_other;
        });
    auto* umount = add_verb(app, invocation, "umount", "End a mount", [&invocation, options] {
        command::put_bytes(invocation.request, "directory", absolute_path(options->directory));
    });
    mount->add_option("directory", options->directory, "An empty directory")
        ->required()
        ->type_name("DIR");
    umount->add_option("directory", options->directory, "Where it is mounted")
        ->required()
        ->type_name("DIR");
    mount->add_flag("--allow-other", options->allow_other,
                    "Other users may look, with the permissions that files had");
    mount->add_flag("--foreground", invocation.foreground, "Stay, and log to standard error");
    add_serve(app, invocation);
}

}  // namespace yore::cli
