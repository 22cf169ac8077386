// SPDX-License-Identifier: Apache-2.0
/// windows, versions, log: what can be opened, when it changed, and from what.
#include <yore/command/text.h>

#include <memory>

#include "cli/verbs.h"

namespace yore::cli {
namespace {

std::string name_of_file(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

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

/// What `archive_command` and `restore_command` call.
void add_log_files(CLI::App& log, Invocation& invocation) {
    struct Options {
        std::string source, file, name;
    };
    const auto options = std::make_shared<Options>();
    auto* push = add_verb(log, invocation, "push", "Store a file of PostgreSQL's log",
                          [&invocation, options] {
                              auto& request = invocation.request;
                              command::put_bytes(request, "source", options->source);
                              command::put_bytes(request, "name", name_of_file(options->file));
                              invocation.input = Invocation::Input::file;
                              invocation.input_file = options->file;
                          });
    auto* fetch = add_verb(log, invocation, "fetch", "Give a file of PostgreSQL's log back",
                           [&invocation, options] {
                               auto& request = invocation.request;
                               command::put_bytes(request, "source", options->source);
                               command::put_bytes(request, "name", options->name);
                           });
    for (CLI::App* verb : {push, fetch})
        verb->add_option("source", options->source, "Of which source")
            ->required()
            ->type_name("SOURCE");
    push->add_option("file", options->file, "The file: %p of archive_command")
        ->required()
        ->type_name("FILE");
    fetch->add_option("name", options->name, "Its name: %f of restore_command")
        ->required()
        ->type_name("NAME");
    fetch->add_option("destination", invocation.destination, "The file to make: %p")
        ->required()
        ->type_name("DEST");
}

void add_log(CLI::App& app, Invocation& invocation) {
    const auto source = std::make_shared<std::string>();
    auto* log = app.add_subcommand("log", "Keep every moment of a source");
    log->require_subcommand(1);
    log->fallthrough();
    const auto put = [&invocation, source] {
        if (!source->empty()) command::put_bytes(invocation.request, "source", *source);
    };
    for (CLI::App* verb :
         {add_verb(*log, invocation, "follow", "Follow a source until stopped", put),
          add_verb(*log, invocation, "pause", "Do not follow a source until it is resumed", put),
          add_verb(*log, invocation, "resume", "Let a paused source be followed again", put),
          add_verb(*log, invocation, "list", "List the stored segments", put)})
        verb->add_option("source", *source, "Of which source")->required()->type_name("SOURCE");
    add_verb(*log, invocation, "status", "Show who follows, and how far behind", put)
        ->add_option("source", *source, "Of which source; absent: all")
        ->type_name("SOURCE");
    add_log_files(*log, invocation);
}

}  // namespace

void add_time_verbs(CLI::App& app, Invocation& invocation) {
    add_windows(app, invocation);
    add_versions(app, invocation);
    add_log(app, invocation);
}

}  // namespace yore::cli
