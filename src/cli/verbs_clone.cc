// SPDX-License-Identifier: Apache-2.0
/// clone create, list, show, mount, reset, snapshot, remove.
#include <yore/command/text.h>

#include <memory>

#include "cli/sizes.h"
#include "cli/verbs.h"

namespace yore::cli {
namespace {

struct Options {
    std::string moment, name, directory, scratch, max_bytes, ttl, as, programs, role;
    std::uint16_t port = 0;
    Tags tags;
    bool allow_other = false, force = false, start = false, durable = false;
};

void put_create(nlohmann::json& request, const Options& options) {
    command::put_bytes(request, "moment", options.moment);
    command::put_bytes(request, "name", options.name);
    if (!options.directory.empty())
        command::put_bytes(request, "directory", absolute_path(options.directory));
    if (!options.scratch.empty())
        command::put_bytes(request, "scratch", absolute_path(options.scratch));
    if (const auto size = parse_size(options.max_bytes)) request["max_bytes"] = *size;
    if (!options.ttl.empty()) request["ttl"] = options.ttl;
    if (options.allow_other) request["allow_other"] = true;
    if (options.start) request["start"] = true;
    if (options.durable) request["durable"] = true;
    if (options.port != 0) request["port"] = options.port;
    if (!options.programs.empty())
        command::put_bytes(request, "programs", absolute_path(options.programs));
    if (!options.role.empty()) command::put_bytes(request, "role", options.role);
}

void add_create(CLI::App& clone, Invocation& invocation) {
    const auto options = std::make_shared<Options>();
    auto* verb = add_verb(clone, invocation, "create",
                          "Make a writable directory of a moment, or of a clone as it is now",
                          [&invocation, options] { put_create(invocation.request, *options); });
    verb->add_option("moment", options->moment, "SOURCE@TIME, or a clone's name")
        ->required()
        ->type_name("MOMENT|CLONE");
    verb->add_option("name", options->name, "What to call it")->required()->type_name("NAME");
    verb->add_option("--at", options->directory,
                     "Where to mount it [a directory in the place of the owner]")
        ->type_name("DIR");
    verb->add_option("--scratch", options->scratch,
                     "Keep what is changed in this directory [the repository's]")
        ->type_name("DIR");
    verb->add_option("--max-bytes", options->max_bytes, "How much changed files may take")
        ->check(is_size())
        ->type_name("SIZE");
    verb->add_option("--ttl", options->ttl, "Remove it after this time, in use or not, such as 2h")
        ->check(is_duration())
        ->type_name("DURATION");
    verb->add_flag("--allow-other", options->allow_other,
                   "Other users may use it, with the permissions that files have");
    auto* start = verb->add_flag("--start", options->start,
                                 "Of a cluster: run a server on it, which recovers to the moment");
    verb->add_option("--port", options->port,
                     "The server's port, in its own socket directory [5432]")
        ->needs(start)
        ->type_name("PORT");
    verb->add_flag("--durable", options->durable,
                   "What the server commits survives a loss of power [fsync is off]")
        ->needs(start);
    verb->add_option("--bindir", options->programs,
                     "Where the programs of the server are [where packages have them]")
        ->needs(start)
        ->type_name("DIR");
    verb->add_option("--role", options->role, "A role of the cluster that may log in [postgres]")
        ->needs(start)
        ->type_name("NAME");
}

/// A verb of which clone.
CLI::App* add_named(CLI::App& clone, Invocation& invocation, const std::string& verb,
                    const std::string& what_it_does, const std::shared_ptr<Options>& options) {
    auto* added = add_verb(clone, invocation, verb, what_it_does, [&invocation, options] {
        command::put_bytes(invocation.request, "clone", options->name);
        if (options->force) invocation.request["force"] = true;
        if (!options->as.empty()) command::put_bytes(invocation.request, "as", options->as);
        fill_tags(invocation.request, options->tags);
    });
    added->add_option("name", options->name, "Its name")->required()->type_name("NAME");
    return added;
}

}  // namespace

void add_clone_verbs(CLI::App& app, Invocation& invocation) {
    auto* clone = app.add_subcommand("clone", "Writable directories of moments");
    clone->require_subcommand(1);
    clone->fallthrough();
    add_create(*clone, invocation);
    auto* list = add_verb(*clone, invocation, "list", "List the clones", [] {});
    list->add_flag("-b,--bytes", invocation.exact_sizes, "Sizes in bytes");
    const auto options = std::make_shared<Options>();
    auto* show = add_named(*clone, invocation, "show", "Show a clone", options);
    show->add_flag("-b,--bytes", invocation.exact_sizes, "Sizes in bytes");
    add_named(*clone, invocation, "mount", "Mount one that is not mounted any more", options);
    add_named(*clone, invocation, "reset", "Drop what was changed in one", options);
    auto* snapshot = add_named(*clone, invocation, "snapshot", "Store one as it is now", options);
    snapshot
        ->add_option("--as", options->as, "The source that it is a snapshot of [the clone's name]")
        ->type_name("SOURCE");
    add_tags(*snapshot, options->tags);
    auto* remove =
        add_named(*clone, invocation, "remove", "Remove one with what was changed in it", options);
    remove->add_flag("--force", options->force, "Though it is in use: its users get errors");
}

}  // namespace yore::cli
